//! What a pixel of the Output holds.

use super::settings::{Combine, Output, OutputSettings};
use crate::nodes::picture::LEAST_ALPHA;
use ofx_sdk::Premultiplication;

/// The colors of the first shapes; those that follow take them again.
pub const SHAPE_COLORS: [[f32; 3]; 12] = [
    [0.95, 0.45, 0.10],
    [0.10, 0.60, 0.95],
    [0.95, 0.80, 0.10],
    [0.30, 0.80, 0.30],
    [0.75, 0.35, 0.90],
    [0.10, 0.80, 0.75],
    [0.95, 0.30, 0.45],
    [0.55, 0.55, 0.95],
    [0.70, 0.70, 0.25],
    [0.95, 0.55, 0.75],
    [0.40, 0.65, 0.65],
    [0.75, 0.50, 0.30],
];

/// Turns a matte into pixels.
#[derive(Clone, Copy, Debug)]
pub struct Composer {
    output: Output,
    combine: Combine,
    invert: bool,
    source: Premultiplication,
}

impl Composer {
    /// `source` says how alpha and colors of Source belong together.
    pub fn new(settings: &OutputSettings, source: Premultiplication) -> Self {
        Self { output: settings.output, combine: settings.combine, invert: settings.invert, source }
    }

    /// The Output's red, green, blue and alpha, where the matte of the shapes is `matte`.
    pub fn compose(&self, source: [f32; 4], matte: f32) -> [f32; 4] {
        let matte = if self.invert { 1.0 - matte } else { matte };
        let alpha = source[3];
        let combined = match self.combine {
            Combine::Replace => matte,
            Combine::Max => matte.max(alpha),
            Combine::Min => matte.min(alpha),
            // What is no number or nothing must not come out of nothing.
            Combine::Stencil if matte >= 1.0 => 0.0,
            Combine::Stencil => alpha * (1.0 - matte),
        };
        match self.output {
            Output::Matte => [combined; 4],
            Output::Cutout => self.cutout(source, matte, combined),
            Output::SourceMatte | Output::ShapeColors | Output::Overlay => [source[0], source[1], source[2], combined],
        }
    }

    fn cutout(&self, source: [f32; 4], matte: f32, combined: f32) -> [f32; 4] {
        let [r, g, b, a] = source;
        // Infinity times nothing is not a number; what is cut away must be nothing.
        let cut = |value: f32, by: f32| if by == 0.0 { 0.0 } else { value * by };
        // A combination other than Replace has the alpha of Source in it.
        let own = if self.combine == Combine::Replace { cut(a, matte) } else { combined };
        let (color, alpha) = match self.source {
            Premultiplication::Opaque => (combined, combined),
            Premultiplication::Unpremultiplied => (own, own),
            Premultiplication::Premultiplied => (self.gain(matte, a), own),
        };
        let [r, g, b] = [r, g, b].map(|light| cut(light, color));
        [r, g, b, alpha]
    }

    /// What premultiplied colors are multiplied by: the new alpha in shares of their own, `alpha`. Where that is next to nothing
    /// they are light beside what it covers, a glow or a plate with somebody's key in its alpha, and the matte cuts them as it is.
    fn gain(&self, matte: f32, alpha: f32) -> f32 {
        match self.combine {
            Combine::Replace => matte,
            Combine::Stencil => 1.0 - matte,
            Combine::Max if alpha < LEAST_ALPHA => matte,
            Combine::Max if alpha >= matte => 1.0,
            Combine::Max => matte / alpha,
            Combine::Min if alpha < LEAST_ALPHA => matte,
            Combine::Min if alpha > matte => matte / alpha,
            Combine::Min => 1.0,
        }
    }
}

/// A color laid over a pixel.
pub fn over(under: [f32; 4], color: [f32; 3], opacity: f32) -> [f32; 4] {
    // Infinity under what hides it wholly is gone.
    let keep = |value: f32| if opacity >= 1.0 { 0.0 } else { value * (1.0 - opacity) };
    let [r, g, b] = std::array::from_fn(|k| keep(under[k]) + color[k] * opacity);
    [r, g, b, 1.0]
}

impl Output {
    /// How the Output's alpha and colors belong together, which the host learns from the clip preferences.
    pub fn premultiplication(self) -> Premultiplication {
        match self {
            Self::SourceMatte => Premultiplication::Unpremultiplied,
            Self::Matte | Self::Cutout => Premultiplication::Premultiplied,
            Self::ShapeColors | Self::Overlay => Premultiplication::Opaque,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: [f32; 4] = [0.5, 0.25, 2.0, 0.5];

    fn composed(output: Output, combine: Combine, invert: bool, source: Premultiplication) -> [f32; 4] {
        let settings = OutputSettings { output, combine, invert, ..Default::default() };
        Composer::new(&settings, source).compose(SOURCE, 0.25)
    }

    #[test]
    fn source_matte_leaves_colors_untouched_and_combines_alphas() {
        let alpha = |combine, invert| {
            let [r, g, b, a] = composed(Output::SourceMatte, combine, invert, Premultiplication::Premultiplied);
            assert_eq!([r, g, b], [0.5, 0.25, 2.0]);
            a
        };
        assert_eq!(alpha(Combine::Replace, false), 0.25);
        assert_eq!(alpha(Combine::Replace, true), 0.75);
        assert_eq!((alpha(Combine::Max, false), alpha(Combine::Min, false)), (0.5, 0.25));
        assert_eq!((alpha(Combine::Stencil, false), alpha(Combine::Stencil, true)), (0.375, 0.125));
    }

    #[test]
    fn a_cutout_is_premultiplied_whatever_source_is() {
        let cut = |source| composed(Output::Cutout, Combine::Replace, false, source);
        assert_eq!(cut(Premultiplication::Opaque), [0.125, 0.0625, 0.5, 0.25]);
        assert_eq!(cut(Premultiplication::Premultiplied), [0.125, 0.0625, 0.5, 0.125]);
        assert_eq!(cut(Premultiplication::Unpremultiplied), [0.0625, 0.03125, 0.25, 0.125]);
    }

    #[test]
    fn light_without_alpha_is_cut_as_it_is_and_never_blown_up() {
        let within = |combine, alpha, matte| {
            let settings = OutputSettings { output: Output::Cutout, combine, ..Default::default() };
            Composer::new(&settings, Premultiplication::Premultiplied).compose([0.5, 0.5, 0.5, alpha], matte)
        };
        let cut = |combine, alpha| within(combine, alpha, 0.25);
        // Neither where the alpha ends nor where the matte begins.
        for (combine, outside, inside) in
            [(Combine::Max, 0.0, 0.5), (Combine::Min, 0.0, 0.5), (Combine::Stencil, 0.5, 0.0)]
        {
            for alpha in [0.0, 0.002] {
                let colors = [0.0, 0.003, 0.5, 1.0].map(|matte| within(combine, alpha, matte)[0]);
                assert_eq!((colors[0], colors[2], colors[3]), (outside, 0.25, inside), "{combine:?} {alpha}");
                assert!((colors[1] - colors[0]).abs() < 0.01, "{combine:?} {alpha}: {colors:?}");
            }
        }
        // A glow: its colors do not jump where its alpha ends.
        assert_eq!(cut(Combine::Replace, 0.0), [0.125, 0.125, 0.125, 0.0]);
        assert_eq!(cut(Combine::Replace, 0.002)[0], 0.125);
        // What a key leaves of its background.
        assert_eq!(cut(Combine::Max, 0.0), [0.125, 0.125, 0.125, 0.25]);
        assert_eq!(cut(Combine::Max, 0.002), [0.125, 0.125, 0.125, 0.25]);
        assert_eq!(cut(Combine::Max, 0.125), [1.0, 1.0, 1.0, 0.25]);
        assert_eq!(cut(Combine::Max, 0.5), [0.5; 4]);
        assert_eq!(cut(Combine::Min, 0.5), [0.25; 4]);
        assert_eq!(cut(Combine::Min, 0.125), [0.5, 0.5, 0.5, 0.125]);
        assert_eq!(cut(Combine::Stencil, 0.5), [0.375; 4]);
    }

    #[test]
    fn nothing_is_left_where_the_matte_is_black_whatever_source_holds() {
        let settings = OutputSettings { output: Output::Cutout, ..Default::default() };
        let composer = Composer::new(&settings, Premultiplication::Opaque);
        assert_eq!(composer.compose([f32::INFINITY, f32::NAN, 1.0, 1.0], 0.0), [0.0; 4]);
        let settings = OutputSettings { combine: Combine::Max, ..settings };
        let composer = Composer::new(&settings, Premultiplication::Premultiplied);
        assert_eq!(composer.compose([f32::INFINITY, f32::NAN, 1.0, 0.001], 0.0), [0.0, 0.0, 0.0, 0.001]);
        assert_eq!(over([f32::INFINITY; 4], [0.5, 0.0, 1.0], 1.0), [0.5, 0.0, 1.0, 1.0]);
    }
}
