//! What comes out.

use ofx_sdk::plugin::*;

ofx_sdk::settings! {
    /// What comes out.
    pub struct OutputSettings {
        /// What comes out.
        output_group: Group = Group::new("Output"),
        /// What the node writes into RGB and alpha.
        output: Choice<Output> = Choice::new("Output").parent("output_group"),
        /// How the matte and the alpha that comes in are combined.
        combine: Choice<Combine> = Choice::new("Combine").parent("output_group"),
        /// Turns the matte of the shapes inside out, before it is combined.
        invert: Boolean = Boolean::new("Invert").parent("output_group"),
        /// Make shapes from the landmarks. Switched off, only landmarks are drawn and exported.
        make_shapes: Boolean = Boolean::new("Make shapes").default(true).not_animating().parent("output_group"),
        /// What happens to a shape on the frames where the network does not see it.
        hidden_shapes: Choice<HiddenShapes> = Choice::new("Hidden shapes").parent("output_group"),
        /// Width of the lines that open shapes such as seams are drawn with, in full-resolution pixels. 0 draws none.
        seam_width_px: Double = Double::new("Seam width").range(0.0, 1e5).display(0.0, 20.0).default(4.0).parent("output_group"),
        /// Blur the shapes along their motion while the shutter is open.
        motion_blur: Boolean = Boolean::new("Motion blur").parent("output_group"),
        /// How long the shutter is open, in frames: 0.5 is 180 degrees.
        shutter: Double = Double::new("Shutter").range(0.0, 10.0).display(0.0, 2.0).default(0.5).parent("output_group"),
        /// When the shutter is open.
        shutter_offset: Choice<ShutterOffset> = Choice::new("Shutter offset").parent("output_group"),
        /// How many moments are looked at while the shutter is open. More make fast motion smoother.
        samples: Integer = Integer::new("Samples").range(1, 256).display(1, 64).default(16).parent("output_group"),
    }
}

/// What the Output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// RGB untouched, the matte in alpha; unpremultiplied.
    #[default]
    SourceMatte,
    /// The matte in RGB and alpha.
    Matte,
    /// Source, premultiplied by the matte.
    Cutout,
    /// Each shape in a color of its own.
    ShapeColors,
    /// Source with outlines and landmarks drawn into it.
    Overlay,
}

impl ChoiceValue for Output {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::SourceMatte, "Source matte", "RGB untouched, the matte in alpha, unpremultiplied."),
        (Self::Matte, "Matte", "The matte in RGB and alpha."),
        (Self::Cutout, "Cutout", "Source premultiplied by the matte."),
        (Self::ShapeColors, "Shape colors", "Each shape in a flat color of its own, on black; alpha 1."),
        (Self::Overlay, "Overlay", "Source with outlines and landmarks drawn into it; alpha 1."),
    ];
}

/// How the matte and the alpha that comes in are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// The matte alone.
    #[default]
    Replace,
    /// The larger of both.
    Max,
    /// The smaller of both.
    Min,
    /// What came in, without what the matte covers.
    Stencil,
}

impl ChoiceValue for Combine {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Replace, "Replace", "The matte alone."),
        (Self::Max, "Max", "The larger of the matte and the alpha of Source."),
        (Self::Min, "Min", "The smaller of the matte and the alpha of Source."),
        (Self::Stencil, "Stencil", "The alpha of Source, without what the matte covers."),
    ];
}

/// What happens to a shape that is not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HiddenShapes {
    /// It is not drawn.
    #[default]
    Drop,
    /// It is drawn where the network believes it to be.
    Hold,
}

impl ChoiceValue for HiddenShapes {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Drop, "Drop", "It is not drawn, and exported as hidden."),
        (Self::Hold, "Hold", "It is drawn where the network believes it to be."),
    ];
}

/// When the shutter is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShutterOffset {
    /// Around the frame.
    #[default]
    Centered,
    /// From the frame on.
    Start,
    /// Up to the frame.
    End,
}

impl ChoiceValue for ShutterOffset {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Centered, "Centered", "Half before the frame and half after it."),
        (Self::Start, "Start", "From the frame on."),
        (Self::End, "End", "Up to the frame."),
    ];
}
