//! What a pixel of the Output holds, for each choice of `output`.

use super::{Output, ToneSegmentSettings};
use ofx_sdk::Premultiplication;

/// How many tones there are.
pub const CLASSES: usize = 5;

const HIGHLIGHT: usize = 1;
const MATERIAL: usize = 2;
const BACKGROUND: usize = 0;
const DIFFUSE_SHADOW: usize = 3;
const CAST_SHADOW: usize = 4;

/// One pixel as it goes into the composition of an output.
#[derive(Clone, Copy, Debug)]
pub struct Pixel {
    /// Source as the host delivered it: red, green, blue, alpha; not touched in any way.
    pub source: [f32; 4],
    /// The five mattes, in class order; they sum to one.
    pub mattes: [f32; CLASSES],
    /// How sure the network is, 0-1.
    pub confidence: f32,
}

/// Turns mattes into pixels: everything that `output`, `matte_class` and the colors decide.
#[derive(Clone, Debug)]
pub struct Composer {
    output: Output,
    class: usize,
    colors: [[f32; 3]; CLASSES],
    source_premultiplication: Premultiplication,
    /// 1 / (largest code value), so that an integer image stores the class number itself; 1 for float images.
    index_unit: f32,
}

impl Composer {
    /// `index_unit` is 1/255 for an 8-bit Output, 1/65535 for 16 bits, 1 for half and float.
    pub fn new(settings: &ToneSegmentSettings, source_premultiplication: Premultiplication, index_unit: f32) -> Self {
        let color = |c: [f64; 3]| c.map(|v| v as f32);
        Self {
            output: settings.output,
            class: settings.matte_class as usize,
            colors: [
                color(settings.color_background),
                color(settings.color_highlight),
                color(settings.color_material),
                color(settings.color_diffuse_shadow),
                color(settings.color_cast_shadow),
            ],
            source_premultiplication,
            index_unit,
        }
    }

    /// The Output's red, green, blue and alpha.
    pub fn compose(&self, pixel: &Pixel) -> [f32; 4] {
        let Pixel { source, mattes, confidence } = pixel;
        let matte = mattes[self.class];
        match self.output {
            Output::SourceMatte => [source[0], source[1], source[2], matte],
            Output::Matte => [matte; 4],
            Output::Cutout => self.cutout(source, matte),
            Output::Flat => self.flat(mattes),
            Output::PackedLight => [mattes[HIGHLIGHT], mattes[MATERIAL], mattes[BACKGROUND], 1.0],
            Output::PackedShadow => {
                let (diffuse, cast) = (mattes[DIFFUSE_SHADOW], mattes[CAST_SHADOW]);
                [diffuse, cast, (diffuse + cast).min(1.0), 1.0]
            }
            Output::Index => {
                let index = strongest(mattes) as f32 * self.index_unit;
                [index, index, index, 1.0]
            }
            Output::Confidence => [*confidence; 4],
        }
    }

    fn cutout(&self, source: &[f32; 4], matte: f32) -> [f32; 4] {
        // Infinity times nothing is not a number; what is cut away must be nothing.
        if matte == 0.0 {
            return [0.0; 4];
        }
        let [r, g, b, a] = *source;
        let (color, alpha) = match self.source_premultiplication {
            Premultiplication::Opaque => (matte, matte),
            Premultiplication::Premultiplied => (matte, a * matte),
            Premultiplication::Unpremultiplied => (a * matte, a * matte),
        };
        [r * color, g * color, b * color, alpha]
    }

    fn flat(&self, mattes: &[f32; CLASSES]) -> [f32; 4] {
        let mut out = [0.0, 0.0, 0.0, 1.0];
        for (matte, color) in mattes.iter().zip(&self.colors) {
            for (channel, value) in out.iter_mut().zip(color) {
                *channel += matte * value;
            }
        }
        out
    }
}

/// The class of the largest matte; the first of equals.
fn strongest(mattes: &[f32; CLASSES]) -> usize {
    (1..CLASSES).fold(0, |best, k| if mattes[k] > mattes[best] { k } else { best })
}

impl Output {
    /// How the Output's alpha and colors belong together, which the host learns from the clip preferences.
    pub fn premultiplication(self) -> Premultiplication {
        match self {
            Self::SourceMatte => Premultiplication::Unpremultiplied,
            Self::Matte | Self::Cutout | Self::Confidence => Premultiplication::Premultiplied,
            Self::Flat | Self::PackedLight | Self::PackedShadow | Self::Index => Premultiplication::Opaque,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ToneClass;
    use super::*;

    const PIXEL: Pixel = Pixel { source: [0.5, 0.25, 2.0, 0.5], mattes: [0.1, 0.2, 0.4, 0.25, 0.05], confidence: 0.75 };

    fn compose(output: Output, premultiplication: Premultiplication) -> [f32; 4] {
        let settings = ToneSegmentSettings { output, matte_class: ToneClass::Material, ..Default::default() };
        Composer::new(&settings, premultiplication, 1.0).compose(&PIXEL)
    }

    #[test]
    fn source_matte_leaves_colors_untouched_whatever_their_premultiplication() {
        for p in Premultiplication::ALL {
            assert_eq!(compose(Output::SourceMatte, *p), [0.5, 0.25, 2.0, 0.4]);
        }
    }

    #[test]
    fn cutout_is_premultiplied_by_matte_and_source_alpha() {
        assert_eq!(compose(Output::Cutout, Premultiplication::Opaque), [0.2, 0.1, 0.8, 0.4]);
        assert_eq!(compose(Output::Cutout, Premultiplication::Premultiplied), [0.2, 0.1, 0.8, 0.2]);
        assert_eq!(compose(Output::Cutout, Premultiplication::Unpremultiplied), [0.1, 0.05, 0.4, 0.2]);
    }

    #[test]
    fn cutout_leaves_nothing_where_the_matte_is_black_whatever_the_source_holds() {
        let settings = ToneSegmentSettings { output: Output::Cutout, ..Default::default() };
        let pixel = Pixel { source: [f32::INFINITY, f32::NAN, 1.0, 1.0], mattes: [1.0, 0.0, 0.0, 0.0, 0.0], ..PIXEL };
        let cut = Composer::new(&settings, Premultiplication::Opaque, 1.0).compose(&pixel);
        assert_eq!(cut, [0.0; 4], "highlight is the default matte");
    }

    #[test]
    fn packed_outputs_hold_the_named_mattes() {
        assert_eq!(compose(Output::PackedLight, Premultiplication::Opaque), [0.2, 0.4, 0.1, 1.0]);
        assert_eq!(compose(Output::PackedShadow, Premultiplication::Opaque), [0.25, 0.05, 0.3, 1.0]);
    }

    #[test]
    fn index_is_the_strongest_class_and_a_code_value_in_integer_images() {
        assert_eq!(compose(Output::Index, Premultiplication::Opaque), [2.0, 2.0, 2.0, 1.0]);
        let settings = ToneSegmentSettings { output: Output::Index, ..Default::default() };
        let byte = Composer::new(&settings, Premultiplication::Opaque, 1.0 / 255.0).compose(&PIXEL);
        assert_eq!((byte[0] * 255.0).round(), 2.0);
    }

    #[test]
    fn flat_blends_the_five_colors_by_their_mattes() {
        let settings = ToneSegmentSettings {
            output: Output::Flat,
            color_background: [0.0; 3],
            color_highlight: [1.0, 0.0, 0.0],
            color_material: [0.0, 1.0, 0.0],
            color_diffuse_shadow: [0.0, 0.0, 1.0],
            color_cast_shadow: [0.0; 3],
            ..Default::default()
        };
        let flat = Composer::new(&settings, Premultiplication::Opaque, 1.0).compose(&PIXEL);
        assert_eq!(flat, [0.2, 0.4, 0.25, 1.0]);
    }
}
