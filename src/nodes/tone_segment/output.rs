//! What a pixel of the Output holds, for each choice of `output`.

use super::{Output, ToneSegmentSettings};
use ofx_sdk::Premultiplication;

/// How many tones there are.
pub const CLASSES: usize = 5;

/// A row of pixels as it goes into the composition of an output.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Source as the host delivered it: red, green, blue, alpha; not touched in any way.
    pub source: &'a [[f32; 4]],
    /// The five mattes, in class order; they sum to one.
    pub mattes: [&'a [f32]; CLASSES],
    /// How sure the network is, 0-1; empty where nothing asks for it.
    pub confidence: &'a [f32],
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
    /// `index_unit` is 1/255 for an 8-bit Output, 1/65535 for 16 bits, 1 for half and float. A source without alpha is
    /// opaque, whatever alpha its host made up for it.
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

    /// Whether Source's own pixels go into the Output.
    pub fn shows_source(&self) -> bool {
        matches!(self.output, Output::SourceMatte | Output::Cutout)
    }

    /// The Output's red, green, blue and alpha. `row.source` may hold anything where [`Self::shows_source`] is false.
    pub fn compose(&self, row: &Row<'_>, out: &mut [[f32; 4]]) {
        let Row { source, mattes, confidence } = *row;
        let matte = mattes[self.class];
        match self.output {
            Output::SourceMatte => {
                let pixels = out.iter_mut().zip(source).zip(matte);
                pixels.for_each(|((out, source), matte)| *out = [source[0], source[1], source[2], *matte]);
            }
            Output::Matte => spread(matte, out),
            Output::Cutout => {
                let pixels = out.iter_mut().zip(source).zip(matte);
                pixels.for_each(|((out, source), matte)| *out = self.cutout(source, *matte));
            }
            Output::Flat => self.flat(&mattes, out),
            Output::PackedLight => {
                let [b, r, g, _, _] = mattes;
                opaque(out, |x| [r[x], g[x], b[x]]);
            }
            Output::PackedShadow => {
                let [_, _, _, diffuse, cast] = mattes;
                opaque(out, |x| [diffuse[x], cast[x], (diffuse[x] + cast[x]).min(1.0)]);
            }
            Output::Index => opaque(out, |x| [strongest(&mattes.map(|matte| matte[x])) as f32 * self.index_unit; 3]),
            Output::Confidence => spread(confidence, out),
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

    fn flat(&self, mattes: &[&[f32]; CLASSES], out: &mut [[f32; 4]]) {
        out.fill([0.0, 0.0, 0.0, 1.0]);
        for (mattes, &[r, g, b]) in mattes.iter().zip(&self.colors) {
            for (out, matte) in out.iter_mut().zip(*mattes) {
                // Four lanes, the last of them nothing, are what every processor has.
                for (channel, value) in out.iter_mut().zip([r, g, b, 0.0]) {
                    *channel += matte * value;
                }
            }
        }
    }
}

/// The color of each pixel by its place in the row, and alpha 1.
fn opaque(out: &mut [[f32; 4]], color: impl Fn(usize) -> [f32; 3]) {
    for (x, out) in out.iter_mut().enumerate() {
        let [r, g, b] = color(x);
        *out = [r, g, b, 1.0];
    }
}

/// One value in all four channels.
pub fn spread(values: &[f32], out: &mut [[f32; 4]]) {
    out.iter_mut().zip(values).for_each(|(out, value)| *out = [*value; 4]);
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

    const SOURCE: [f32; 4] = [0.5, 0.25, 2.0, 0.5];
    const MATTES: [f32; CLASSES] = [0.1, 0.2, 0.4, 0.25, 0.05];

    /// One pixel, as the second of a row whose first holds other values.
    fn compose_with(composer: &Composer, source: [f32; 4], mattes: [f32; CLASSES]) -> [f32; 4] {
        let source = [[0.125; 4], source];
        let mattes = mattes.map(|matte| [1.0 - matte, matte]);
        let row = Row { source: &source, mattes: mattes.each_ref().map(|m| &m[..]), confidence: &[0.5, 0.75] };
        let mut out = [[f32::NAN; 4]; 2];
        composer.compose(&row, &mut out);
        out[1]
    }

    fn compose(output: Output, premultiplication: Premultiplication) -> [f32; 4] {
        let settings = ToneSegmentSettings { output, matte_class: ToneClass::Material, ..Default::default() };
        compose_with(&Composer::new(&settings, premultiplication, 1.0), SOURCE, MATTES)
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
        let composer = Composer::new(&settings, Premultiplication::Opaque, 1.0);
        let cut = compose_with(&composer, [f32::INFINITY, f32::NAN, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(cut, [0.0; 4], "highlight is the default matte");
    }

    #[test]
    fn matte_and_confidence_fill_all_channels() {
        assert_eq!(compose(Output::Matte, Premultiplication::Opaque), [0.4; 4]);
        assert_eq!(compose(Output::Confidence, Premultiplication::Opaque), [0.75; 4]);
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
        let byte = compose_with(&Composer::new(&settings, Premultiplication::Opaque, 1.0 / 255.0), SOURCE, MATTES);
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
        let flat = compose_with(&Composer::new(&settings, Premultiplication::Opaque, 1.0), SOURCE, MATTES);
        assert_eq!(flat, [0.2, 0.4, 0.25, 1.0]);
    }
}
