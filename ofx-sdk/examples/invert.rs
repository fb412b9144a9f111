//! The smallest useful OpenFX plug-in: it inverts colors and keeps alpha.
//!
//! Build it with `cargo build -p ofx-sdk --example invert --features plugin`; the library in `target/debug/examples`
//! is the plug-in binary. In a bundle it is called `Invert.ofx` and lies in
//! `Invert.ofx.bundle/Contents/Linux-x86-64/`, from where every OpenFX host loads it.
#![forbid(unsafe_code)]

use ofx_sdk::{
    Premultiplication, Result,
    plugin::{Boolean, Clip, Descriptor, Effect, Host, Identity, QueryArgs, RenderArgs},
};

// Each field is a parameter: the name is the id that projects save, the comment is what the artist reads, and the
// expression says how it is shown. In `render` the struct holds plain values.
ofx_sdk::settings! {
    /// What the artist may adjust.
    pub struct InvertSettings {
        /// Leave the picture as it is.
        bypass: Boolean = Boolean::new("Bypass"),
        /// Divide colors by alpha before they are inverted, and multiply them again after. Without this, what is
        /// transparent turns white.
        unpremultiply: Boolean = Boolean::new("Unpremultiply").default(true),
    }
}

/// The node. It keeps nothing between frames, so it has no fields.
pub struct Invert;

impl Effect for Invert {
    type Settings = InvertSettings;

    const DESCRIPTOR: Descriptor = Descriptor {
        identifier: c"org.rotocel.example.Invert",
        label: "Invert",
        group: "Rotocel/Examples",
        description: "Inverts red, green and blue, and keeps alpha.",
        ..Descriptor::DEFAULT
    };

    fn create(_host: &Host) -> Result<Self> {
        Ok(Self)
    }

    // Where nothing would change, the host may skip rendering and show the source.
    fn identity(&self, args: &QueryArgs<'_, Self>, _window: ofx_sdk::RectI) -> Result<Option<Identity>> {
        Ok(args.settings.bypass.then_some(Identity { clip: Clip::SOURCE, time: args.time }))
    }

    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        // No source is a source that is black and transparent.
        let source = args.image(&Clip::SOURCE)?;
        let mut output = args.output()?;
        let divides = args.settings.unpremultiply
            && source.as_ref().is_some_and(|image| image.premultiplication() == Premultiplication::Premultiplied);

        let window = output.window();
        let mut pixels = vec![[0.0; 4]; window.width()];
        for mut row in output.rows_mut() {
            args.check_abort()?;
            match &source {
                Some(image) => image.read_row(row.y(), row.x1(), &mut pixels),
                None => pixels.fill([0.0; 4]),
            }
            if !args.settings.bypass {
                pixels.iter_mut().for_each(|pixel| *pixel = invert(*pixel, divides));
            }
            row.write(window.x1, &pixels);
        }
        Ok(())
    }
}

/// A color's opposite. A premultiplied color c at alpha a is c/a without alpha; a·(1 − c/a) = a − c.
fn invert([r, g, b, a]: [f32; 4], premultiplied: bool) -> [f32; 4] {
    let white = if premultiplied { a } else { 1.0 };
    [white - r, white - g, white - b, a]
}

// The two functions by which hosts find what a binary holds.
ofx_sdk::export_effects![Invert];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverting_twice_changes_nothing() {
        for premultiplied in [false, true] {
            let pixel = [0.25, 0.5, 0.0, 0.5];
            assert_eq!(invert(invert(pixel, premultiplied), premultiplied), pixel);
        }
    }

    #[test]
    fn what_is_transparent_stays_black_when_premultiplied() {
        assert_eq!(invert([0.0; 4], true), [0.0; 4]);
    }
}
