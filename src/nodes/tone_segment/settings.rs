//! The parameters of ToneSegment, declared once: this is what the host's panel shows and what a project saves.

use crate::nodes::model;
use crate::nodes::network_settings::{EncodingSettings, NetworkSettings};
use crate::nodes::picture::Coverage;
use ofx_sdk::plugin::*;

ofx_sdk::settings! {
    /// What the artist may adjust.
    pub struct ToneSegmentSettings {
        /// The network and the device that runs it.
        model_group: Group = Group::new("Model"),
        /// The network that finds the tones. Custom runs the file given below.
        model: DynamicChoice = DynamicChoice::new("Model", models).default(TONE_FAST).parent("model_group"),
        /// The network beside the menu, and the device that runs it.
        network: NetworkSettings,
        /// What the last button, or change of the model, found.
        status: Text =
            Text::new("Status").disabled().without_undo().evaluate_on_change(false).parent("model_group"),

        /// What the network sees.
        input_group: Group = Group::new("Input"),
        /// How the network is shown Source.
        encoding: EncodingSettings,
        /// The long side, in pixels, of the picture that the network sees. Larger finds smaller forms, may lose large ones, and
        /// takes longer, in proportion to the square. A frame is shrunk to it, or enlarged, but not more than twice.
        working_size: Integer =
            Integer::new("Working size").range(128, 4096).default(640).not_animating().parent("input_group"),
        /// Show the network the frame a second time, at half the working size, and let both decide what both can see: large
        /// forms hold together, and little is lost of small ones. Takes about a quarter more time.
        second_look: Boolean = Boolean::new("Second look").default(true).not_animating().parent("input_group"),
        /// Show the network frames of at least four times the working size, as 4K is at its default, at twice that size too:
        /// finer forms and borders, for about four times the network's time. A frame counts as its project, unless it is longer
        /// by three tenths.
        closer_look: Boolean = Boolean::new("Closer look").default(true).not_animating().parent("input_group"),
        /// What the working size is the long side of. A bounding box that grows and shrinks, as that of rendered elements does,
        /// has the network see the forms larger and smaller from frame to frame; measured by the project they stay as they are.
        size_reference: Choice<SizeReference> =
            Choice::new("Size reference").not_animating().parent("input_group"),
        /// Use the Mask input as the subject: outside it everything is background, and the network is told where it lies.
        use_mask: Boolean = Boolean::new("Use mask").default(true).not_animating().parent("input_group"),
        /// Where the Mask input holds the subject.
        mask_channel: Choice<Coverage> = Choice::new("Mask channel").not_animating().parent("input_group"),
        /// Keep the cast shadows that fall outside Mask, on the floor or on a wall. Highlights, material and diffuse shadow stay
        /// inside it.
        shadows_outside_mask: Boolean = Boolean::new("Shadows outside mask").parent("input_group"),

        /// What comes out.
        output_group: Group = Group::new("Output"),
        /// What the node writes into RGB and alpha.
        output: Choice<Output> = Choice::new("Output").parent("output_group"),
        /// The tone whose matte goes into alpha, for Source + matte, Matte and Cutout.
        matte_class: Choice<ToneClass> = Choice::new("Matte").default(ToneClass::Highlight).parent("output_group"),
        /// Steadies the tones with this many frames before and after, brought along the motion of the picture. 0 is off. A
        /// drawing that is held counts as one picture, smoothed alike in all its frames: on twos take 2 or more, on threes 3.
        /// Each frame is still analysed once, unless Exposure is keyed or the bounding box changes: crop such footage to the
        /// project. Where the host gives no other frames it works as 0, and a message says so.
        temporal_smoothing: Integer = Integer::new("Temporal smoothing").range(0, 4).default(0).parent("output_group"),
        /// Softness of the borders between tones, in full-resolution pixels to either side. 0.5 is what a pixel covers of a hard
        /// edge; less changes nothing, so that borders are always antialiased.
        edge_softness_px: Double =
            Double::new("Edge softness").range(0.0, 100.0).display(0.0, 10.0).default(0.5).parent("output_group"),
        /// How far, in full-resolution pixels, a border may move to the nearest edge of the picture; at most two pixels of
        /// what the network sees. 0 keeps the network's own borders.
        edge_refine_px: Double =
            Double::new("Edge refine").range(0.0, 100.0).display(0.0, 32.0).default(8.0).parent("output_group"),
        /// Matte values up to here become 0; the other tones share the pixel. What is left of a pixel by a tone at Clip white
        /// counts as well: set this to 0 and Clip white to 1 to keep the faintest values of borders. Inside an area there are
        /// none: tones are decided there.
        clip_black: Double = Double::new("Clip black").range(0.0, 1.0).default(0.02).parent("output_group"),
        /// Matte values from here on become 1; the other tones give way. Lower it to harden borders, and where a tone is in
        /// doubt: at 0.6 all that is up to 0.4 becomes 0.
        clip_white: Double = Double::new("Clip white").range(0.0, 1.0).default(0.98).parent("output_group"),

        /// More or less of each tone.
        bias_group: Group = Group::new("Balance"),
        /// More (above 0) or less of this tone: added to the network's score before the tones are weighed up.
        bias_background: Double = Double::new("Background bias").range(-1.0, 1.0).parent("bias_group"),
        /// More (above 0) or less of this tone: added to the network's score before the tones are weighed up.
        bias_highlight: Double = Double::new("Highlight bias").range(-1.0, 1.0).parent("bias_group"),
        /// More (above 0) or less of this tone: added to the network's score before the tones are weighed up.
        bias_material: Double = Double::new("Material bias").range(-1.0, 1.0).parent("bias_group"),
        /// More (above 0) or less of this tone: added to the network's score before the tones are weighed up.
        bias_diffuse_shadow: Double = Double::new("Diffuse shadow bias").range(-1.0, 1.0).parent("bias_group"),
        /// More (above 0) or less of this tone: added to the network's score before the tones are weighed up.
        bias_cast_shadow: Double = Double::new("Cast shadow bias").range(-1.0, 1.0).parent("bias_group"),

        /// The colors of the output Flat.
        color_group: Group = Group::new("Flat colors").closed(),
        /// The color of this tone in the output Flat.
        color_background: Rgb = Rgb::new("Background color").default([0.05, 0.10, 0.12]).parent("color_group"),
        /// The color of this tone in the output Flat.
        color_highlight: Rgb = Rgb::new("Highlight color").default([1.0, 0.96, 0.84]).parent("color_group"),
        /// The color of this tone in the output Flat.
        color_material: Rgb = Rgb::new("Material color").default([0.86, 0.56, 0.34]).parent("color_group"),
        /// The color of this tone in the output Flat.
        color_diffuse_shadow: Rgb =
            Rgb::new("Diffuse shadow color").default([0.46, 0.22, 0.26]).parent("color_group"),
        /// The color of this tone in the output Flat.
        color_cast_shadow: Rgb = Rgb::new("Cast shadow color").default([0.18, 0.10, 0.22]).parent("color_group"),
    }
}

/// Position of *Tone Fast* in the menu of models, with which a new node begins: most artists and farms have no GPU.
const TONE_FAST: usize = 2;

fn models() -> Vec<ChoiceOption> {
    model::labels(super::NODE).into_iter().map(ChoiceOption::new).collect()
}

/// What the working size is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SizeReference {
    /// Source's bounding box, whatever its size.
    #[default]
    BoundingBox,
    /// The project's format, where the host says it.
    Project,
}

impl ChoiceValue for SizeReference {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::BoundingBox, "Bounding box", "Source's own: a small element is seen as large as a plate."),
        (Self::Project, "Project", "The project's format: forms are seen alike while the bounding box changes."),
    ];
}

/// What the Output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// RGB untouched, the chosen matte in alpha; unpremultiplied.
    #[default]
    SourceMatte,
    /// The chosen matte in RGB and alpha.
    Matte,
    /// Source, premultiplied by the chosen matte.
    Cutout,
    /// The five tones as flat colors.
    Flat,
    /// Highlight, material and background in red, green and blue.
    PackedLight,
    /// Diffuse shadow, cast shadow and both together in red, green and blue.
    PackedShadow,
    /// The number of the strongest tone.
    Index,
    /// How sure the network is.
    Confidence,
}

impl ChoiceValue for Output {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::SourceMatte, "Source matte", "RGB untouched, the chosen matte in alpha, unpremultiplied."),
        (Self::Matte, "Matte", "The chosen matte in RGB and alpha."),
        (Self::Cutout, "Cutout", "Source premultiplied by the chosen matte."),
        (Self::Flat, "Flat", "The five tones as flat colors; alpha 1."),
        (Self::PackedLight, "Packed light", "R highlight, G material, B background; alpha 1."),
        (Self::PackedShadow, "Packed shadow", "R diffuse shadow, G cast shadow, B both; alpha 1."),
        (Self::Index, "Index", "The strongest tone's number, 0-4; alpha 1."),
        (Self::Confidence, "Confidence", "How sure the network is, 0-1, in RGB and alpha."),
    ];
}

/// The five tones. Their numbers are those of the network's output and of label files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToneClass {
    /// What lies outside the subject.
    Background = 0,
    /// Mirror-like reflection of a light.
    #[default]
    Highlight = 1,
    /// Lit surface.
    Material = 2,
    /// Surface turned away from the key light.
    DiffuseShadow = 3,
    /// Surface that something else keeps the key light from.
    CastShadow = 4,
}

impl ToneClass {
    /// The tones in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Background, Self::Highlight, Self::Material, Self::DiffuseShadow, Self::CastShadow];

    /// The name in plane names, files and parameter ids.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Highlight => "highlight",
            Self::Material => "material",
            Self::DiffuseShadow => "diffuse_shadow",
            Self::CastShadow => "cast_shadow",
        }
    }
}

impl ChoiceValue for ToneClass {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Background, "Background", "What lies outside the subject."),
        (Self::Highlight, "Highlight", "The mirror-like reflection of a light."),
        (Self::Material, "Material", "Surface that the key light reaches."),
        (Self::DiffuseShadow, "Diffuse shadow", "Surface turned away from the key light."),
        (Self::CastShadow, "Cast shadow", "Surface in the shadow of something else."),
    ];
}
