//! From a frame to five soft mattes: the pure core of the node.
//!
//! The network sees a small picture. Its answer becomes mattes at that size, which are carried to the full-resolution
//! edge by a guided filter (He, Sun and Tang 2013); borders are drawn between them, softened and clipped. All of it can
//! be asked for any window of the frame, and gives the same bits as the whole frame would.

use super::ToneClass;
use super::ToneSegmentSettings;
use super::looks::{Geometry, Looks};
use super::output::CLASSES;
use crate::nodes::stages::Stage;
use imaging::guided::{GuidedCoefficients, GuidedFilter, Mapping};
use imaging::matte::{self, BORDER_MARGIN_PX, Softening};
use imaging::resample::{Filter, Resampler};
use imaging::{Error, Extent, Region, Result, Size, Window};
use ndarray::{Array1, Array2, Array3, ArrayView3, ArrayViewMut3, Axis, Zip, s};

/// A variance of the guide above which an edge holds a matte back: steps of about two hundredths of the display range,
/// more than grain, less than the edges that an artist would trace.
const EDGE_VARIANCE: f64 = 4e-4;

/// The first class that may lie outside the subject, and the last of all.
const CAST_SHADOW: usize = ToneClass::CastShadow as usize;

/// The softness that every border has, in pixels of the frame at hand: what a pixel covers of a hard edge.
const ANTIALIASING_PX: f64 = 0.5;

/// A refinement that reaches less than this far, in pixels of the network's picture, changes nothing that can be seen.
const LEAST_REFINE_CELLS: f64 = 0.25;

/// How far the refinement reaches at most, in pixels of the network's picture. The network is seldom farther off; a wider
/// filter rounds what the network had right, small highlights first. (`rotocel score tone --set edge_refine_px=…`, on the
/// sample shot, 2026-11-22: boundary F 0.770 at 4.2 cells, 0.781 at 2.)
const MOST_REFINE_CELLS: f64 = 2.0;

/// How much of what the guided filter takes from a tone it gives back, from the highlight on. Highlights are narrower than
/// its windows, which would average them away; borders of large areas are better where the filter puts them.
const RECOVERED: [f32; CLASSES - 1] = [1.0, 0.0, 0.0, 0.0];

/// One frame as the network sees it, at its own size, top row first.
pub struct Frame {
    /// Straight (unpremultiplied) colors in display encoding, `[3, height, width]`, 0-1.
    pub display: Array3<f32>,
    /// The subject, `[height, width]`, 0-1, if the artist gave one.
    pub subject: Option<Array2<f32>>,
}

impl Frame {
    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        let (_, height, width) = self.display.dim();
        Size::new(width, height)
    }

    /// The window of the whole frame.
    fn window(&self) -> Window {
        Window::of_size(self.size())
    }
}

/// The parameters that weigh tones against each other at the network's size. Distances are pixels of the frame at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighing {
    /// Added to the logits, in class order.
    pub bias: [f32; CLASSES],
    /// How far a border may move to an edge.
    pub refine_px: f64,
}

/// The parameters that finish mattes at the frame's size, which cost nothing before.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    softening: Softening,
    clip: (f32, f32),
    /// Whether cast shadows may lie outside the subject.
    shadows_outside: bool,
}

impl Finish {
    /// The settings for a frame that may be a proxy, with distances brought to its pixels.
    ///
    /// # Errors
    /// When the softness lies outside the parameter's range.
    pub fn new(settings: &ToneSegmentSettings, scale: f64) -> Result<Self> {
        Ok(Self {
            softening: Softening::new((settings.edge_softness_px * scale - ANTIALIASING_PX).max(0.0))?,
            clip: (settings.clip_black as f32, settings.clip_white as f32),
            shadows_outside: settings.shadows_outside_mask,
        })
    }

    /// How far beyond a window its mattes depend on, in pixels.
    pub fn margin_px(&self) -> usize {
        BORDER_MARGIN_PX + self.softening.margin_px()
    }
}

impl Weighing {
    /// The settings for a frame that may be a proxy, with distances brought to its pixels.
    ///
    /// What the network sees of the frame at full resolution limits how far borders move, so that a proxy moves them alike.
    pub fn new(settings: &ToneSegmentSettings, geometry: &Geometry) -> Self {
        let whole = geometry.whole();
        let seen = Looks::new(settings, &whole).size;
        let cell = |side: usize, cells: usize| side as f64 / cells as f64;
        let cell_px = cell(whole.frame.width, seen.width).max(cell(whole.frame.height, seen.height));
        let refine_px = settings.edge_refine_px.min(MOST_REFINE_CELLS * cell_px);
        let bias = [
            settings.bias_background,
            settings.bias_highlight,
            settings.bias_material,
            settings.bias_diffuse_shadow,
            settings.bias_cast_shadow,
        ];
        Self { bias: bias.map(|b| b as f32), refine_px: refine_px * geometry.mean_scale() }
    }
}

/// The tones of one frame, ready to be asked for any window.
pub struct Tones {
    /// Mattes of the network's picture, `[CLASSES, height, width]`, then the confidence as one more plane.
    low: Array3<f32>,
    enlarge: Resampler,
    /// Coefficients of all tones but the first, the background, which is what they leave.
    refinement: Option<(GuidedCoefficients, Mapping)>,
}

impl Tones {
    /// Bytes held for each pixel of the network's picture: mattes, confidence, and four coefficients a tone.
    pub const PIXEL_BYTES: usize = (CLASSES + 1 + 4 * (CLASSES - 1)) * size_of::<f32>();

    /// Weighs up the network's `logits`, `[CLASSES, height, width]`, for a frame; `image` is the picture that it saw.
    ///
    /// # Errors
    /// When shapes do not fit each other.
    pub fn new(
        logits: ArrayView3<f32>,
        image: ArrayView3<f32>,
        frame: Size,
        weighing: &Weighing,
        threads: usize,
    ) -> Result<Self> {
        let (_, height, width) = logits.dim();
        let size = Size::new(width, height);
        let mut low = Array3::zeros((CLASSES + 1, height, width));
        low.slice_mut(s![..CLASSES, .., ..]).assign(&logits);
        Stage::Softmax.time(|| {
            matte::softmax(low.slice_mut(s![..CLASSES, .., ..]), &weighing.bias, threads)?;
            let confidence = matte::confidence(low.slice(s![..CLASSES, .., ..]), threads)?;
            low.index_axis_mut(Axis(0), CLASSES).assign(&confidence);
            Ok::<_, Error>(())
        })?;

        let mattes = low.slice(s![1..CLASSES, .., ..]);
        let refinement = Stage::Fit.time(|| refinement(image, mattes, frame, weighing.refine_px, threads))?;
        Ok(Self { low, enlarge: Resampler::whole(size, frame, Filter::Triangle)?, refinement })
    }

    /// The five mattes of a window of the frame, `[CLASSES, height, width]`, in buffers that the caller keeps for the next
    /// window. They sum to one everywhere.
    ///
    /// # Errors
    /// When the window does not lie in the frame.
    pub fn mattes<'b>(
        &self,
        frame: &Frame,
        window: Window,
        finish: &Finish,
        buffers: &'b mut Buffers,
        threads: usize,
    ) -> Result<ArrayViewMut3<'b, f32>> {
        let soften = Region::tile(frame.window(), window, finish.softening.margin_px());
        let draw = Region::tile(frame.window(), soften.input, BORDER_MARGIN_PX);
        let Buffers { enlarged, drawn, soft } = buffers;
        let enlarged = Stage::Upsample.time(|| {
            let mut mattes = planes(enlarged, draw.input);
            self.enlarge(frame, draw.input, mattes.slice_mut(s![1.., .., ..]), threads)?;
            matte::complete(mattes.view_mut(), threads)?;
            Ok::<_, Error>(mattes)
        })?;
        Stage::Edge.time(|| {
            let mut drawn = planes(drawn, draw.output);
            matte::draw_borders(enlarged.view(), &draw, drawn.view_mut(), threads)?;
            let mut mattes = if finish.softening.is_none() {
                drawn
            } else {
                let mut soft = planes(soft, soften.output);
                finish.softening.soften_into(drawn.view(), &soften, soft.view_mut(), threads)?;
                soft
            };
            matte::levels(mattes.view_mut(), finish.clip.0, finish.clip.1, threads)?;
            if let Some(subject) = &frame.subject {
                confine(&mut mattes, subject, soften.output, finish.shadows_outside);
            }
            Ok(mattes)
        })
    }

    /// The network's confidence in a window of the frame, `[height, width]`.
    ///
    /// # Errors
    /// When the window does not lie in the frame.
    pub fn confidence(&self, window: Window, threads: usize) -> Result<Array2<f32>> {
        let low = self.low.slice(s![CLASSES.., .., ..]);
        Ok(self.enlarge.resample_window(low, window, threads)?.index_axis_move(Axis(0), 0))
    }

    /// All tones but the background, which the others leave.
    fn enlarge(&self, frame: &Frame, window: Window, out: ArrayViewMut3<f32>, threads: usize) -> Result<()> {
        match &self.refinement {
            Some((coefficients, mapping)) => {
                let rows = window.y0 as usize..window.y1 as usize;
                let columns = window.x0 as usize..window.x1 as usize;
                let guide = frame.display.slice(s![.., rows, columns]);
                coefficients.upsample_into(guide, window, mapping, out, threads)
            }
            None => self.enlarge.resample_window_into(self.low.slice(s![1..CLASSES, .., ..]), window, out, threads),
        }
    }
}

/// Memory that one window leaves for the next: fresh memory costs more than the sums that go into it.
#[derive(Debug, Default)]
pub struct Buffers {
    enlarged: Vec<f32>,
    drawn: Vec<f32>,
    soft: Vec<f32>,
}

/// Planes `[CLASSES, window]` of a buffer, whatever they hold.
fn planes(buffer: &mut Vec<f32>, window: Window) -> ArrayViewMut3<'_, f32> {
    let shape = (CLASSES, window.height(), window.width());
    buffer.resize(shape.0 * shape.1 * shape.2, 0.0);
    ArrayViewMut3::from_shape(shape, buffer).expect("the buffer has been made with this length")
}

/// The guided filter's coefficients for mattes of the network's size, and where their grid lies on the frame.
fn refinement(
    image: ArrayView3<f32>,
    mattes: ArrayView3<f32>,
    frame: Size,
    refine_px: f64,
    threads: usize,
) -> Result<Option<(GuidedCoefficients, Mapping)>> {
    let (_, height, width) = mattes.dim();
    let mapping = Mapping::new(Extent::of_size(frame), Size::new(width, height))?;
    let radius = refine_px / f64::max(mapping.cell_px().0, mapping.cell_px().1);
    if radius.is_nan() || radius < LEAST_REFINE_CELLS {
        return Ok(None);
    }
    let mut fitted = GuidedFilter::new(radius, EDGE_VARIANCE)?.fit(image, mattes, threads)?;
    fitted.recover(image, mattes, &RECOVERED)?;
    Ok(Some((fitted, mapping)))
}

/// Outside the subject everything is background, or a cast shadow where these may lie there: a pixel's tones, without such a
/// shadow, are no more than what the subject covers of it.
///
/// They are limited, not multiplied: where the network's silhouette is the mask's, which it has seen, each has a half of a border
/// pixel already, and the product of both would be a dark rim.
fn confine(mattes: &mut ArrayViewMut3<f32>, subject: &Array2<f32>, window: Window, shadows_outside: bool) {
    let confined = if shadows_outside { CAST_SHADOW } else { CLASSES };
    let subject = subject.slice(s![window.y0 as usize..window.y1 as usize, window.x0 as usize..window.x1 as usize]);
    let mut scale = Array1::zeros(subject.ncols());
    // Row by row, so that a row of all planes stays in the processor's nearest memory.
    for (mut rows, inside) in mattes.axis_iter_mut(Axis(1)).zip(subject.rows()) {
        let (mut background, mut tones) = rows.view_mut().split_at(Axis(0), 1);
        let mut background = background.index_axis_mut(Axis(0), 0);
        scale.fill(0.0);
        tones.slice(s![..confined - 1, ..]).outer_iter().for_each(|matte| scale += &matte);
        Zip::from(&mut scale).and(&inside).for_each(|scale, &inside| {
            *scale = if *scale > inside { inside / *scale } else { 1.0 };
        });
        background.fill(0.0);
        for (class, mut matte) in tones.axis_iter_mut(Axis(0)).enumerate() {
            if class + 1 < confined {
                matte *= &scale;
            }
            background += &matte;
        }
        background.mapv_inplace(|tones| (1.0 - tones).max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::looks::NetworkPicture;
    use super::*;

    const WEIGHING: Weighing = Weighing { bias: [0.0; CLASSES], refine_px: 8.0 };

    fn finish(edge_softness_px: f64) -> Finish {
        let settings = ToneSegmentSettings { edge_softness_px, ..Default::default() };
        Finish::new(&settings, 1.0).unwrap()
    }

    /// A dark disk on a bright ground, and logits that call it cast shadow and the ground material.
    fn disk(frame: Size, low: Size) -> (Frame, Array3<f32>) {
        let inside = |x: f64, y: f64| (x - 0.5).hypot(y - 0.5) < 0.3;
        let at = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let display = Array3::from_shape_fn((3, frame.height, frame.width), |(c, y, x)| {
            let value = if inside(at(x, frame.width), at(y, frame.height)) { 0.2 } else { 0.8 };
            value + 0.01 * c as f32
        });
        let logits = Array3::from_shape_fn((CLASSES, low.height, low.width), |(k, y, x)| {
            let class = if inside(at(x, low.width), at(y, low.height)) { 4 } else { 2 };
            if k == class { 8.0 } else { 0.0 }
        });
        (Frame { display, subject: None }, logits)
    }

    fn tones(frame: &Frame, logits: &Array3<f32>, weighing: &Weighing) -> Tones {
        let (_, height, width) = logits.dim();
        let picture = NetworkPicture::new(frame, Size::new(width, height), 1).unwrap();
        Tones::new(logits.view(), picture.image.view(), frame.size(), weighing, 1).unwrap()
    }

    fn mattes(tones: &Tones, frame: &Frame, window: Window, finish: &Finish) -> Array3<f32> {
        // What a buffer holds from before must not matter.
        let mut buffers = Buffers { enlarged: vec![f32::NAN; 7], drawn: vec![9.0; 50_000], soft: vec![9.0; 50_000] };
        tones.mattes(frame, window, finish, &mut buffers, 1).unwrap().to_owned()
    }

    #[test]
    fn mattes_sum_to_one_and_any_window_equals_the_whole() {
        let (frame, logits) = disk(Size::new(101, 67), Size::new(26, 17));
        let tones = tones(&frame, &logits, &WEIGHING);
        let whole = mattes(&tones, &frame, frame.window(), &finish(1.0));
        for pixel in whole.lanes(Axis(0)) {
            assert!((pixel.sum() - 1.0).abs() < 1e-5, "{pixel}");
        }
        let window = Window::new(13, 5, 78, 41);
        assert_eq!(mattes(&tones, &frame, window, &finish(1.0)), whole.slice(s![.., 5..41, 13..78]));
        let confidence = tones.confidence(frame.window(), 1).unwrap();
        assert_eq!(tones.confidence(window, 1).unwrap(), confidence.slice(s![5..41, 13..78]));
    }

    #[test]
    fn a_border_lands_on_the_full_resolution_edge() {
        let (frame, logits) = disk(Size::new(256, 256), Size::new(64, 64));
        let hard = |mattes: &Array3<f32>| {
            let truth = frame.display.index_axis(Axis(0), 0).mapv(|v| v < 0.5);
            mattes.index_axis(Axis(0), 4).iter().zip(&truth).filter(|(m, t)| (**m > 0.5) != **t).count()
        };
        let with = |refine_px| {
            let tones = tones(&frame, &logits, &Weighing { refine_px, ..WEIGHING });
            mattes(&tones, &frame, frame.window(), &finish(0.0))
        };
        let (refined, plain) = (with(8.0), with(0.0));
        assert!(hard(&plain) > 100, "the network's own grid misses the edge: {}", hard(&plain));
        assert!(hard(&refined) * 10 < hard(&plain), "{} against {}", hard(&refined), hard(&plain));
    }

    #[test]
    fn a_border_moves_no_farther_than_the_network_may_be_off_and_as_far_in_a_proxy() {
        let settings = ToneSegmentSettings { edge_refine_px: 8.0, working_size: 1024, ..Default::default() };
        let geometry = |width, height, pixel_aspect, scale| Geometry {
            frame: Size::new(width, height),
            pixel_aspect,
            scale: [scale; 2],
            project: None,
        };
        let refine_px = |width, height, scale| Weighing::new(&settings, &geometry(width, height, 1.0, scale)).refine_px;
        assert_eq!(refine_px(1024, 576, 1.0), MOST_REFINE_CELLS);
        assert_eq!(refine_px(512, 288, 0.5), MOST_REFINE_CELLS / 2.0);
        assert_eq!(refine_px(64, 36, 1.0), MOST_REFINE_CELLS / 2.0, "twice enlarged");
        assert_eq!(refine_px(3840, 2160, 1.0), MOST_REFINE_CELLS * 3.75);
        assert_eq!(refine_px(12_288, 6480, 1.0), 8.0, "the parameter itself");
        assert_eq!(refine_px(1920, 1080, 0.5), MOST_REFINE_CELLS * 3.75 / 2.0);
        // Of a squeezed plate the network sees half of the rows.
        let squeezed = Weighing::new(&settings, &geometry(2048, 1536, 2.0, 1.0));
        assert_eq!(squeezed.refine_px, MOST_REFINE_CELLS * 4.0);
    }

    #[test]
    fn outside_the_subject_everything_is_background() {
        let (mut frame, logits) = disk(Size::new(64, 64), Size::new(32, 32));
        frame.subject = Some(Array2::from_shape_fn((64, 64), |(_, x)| if x < 32 { 1.0 } else { 0.0 }));
        let tones = tones(&frame, &logits, &WEIGHING);
        let confined = mattes(&tones, &frame, frame.window(), &finish(1.0));
        assert!(confined.slice(s![0, .., 32..]).iter().all(|&b| b == 1.0));
        assert!(confined.slice(s![1.., .., 32..]).iter().all(|&m| m == 0.0));
        assert!(confined[[4, 32, 24]] > 0.9, "inside, tones stay");
        let settings = ToneSegmentSettings { shadows_outside_mask: true, edge_softness_px: 1.0, ..Default::default() };
        let wide = Finish::new(&settings, 1.0).unwrap();
        let shadowed = mattes(&tones, &frame, frame.window(), &wide);
        assert!(shadowed[[4, 32, 40]] > 0.9, "the shadow stays outside, too");
        assert!(shadowed.slice(s![1..4, .., 32..]).iter().all(|&m| m == 0.0));
        assert!(shadowed.lanes(Axis(0)).into_iter().all(|pixel| (pixel.sum() - 1.0).abs() < 1e-5));
    }

    #[test]
    fn a_silhouette_that_is_the_masks_is_not_counted_twice() {
        // The subject covers a pixel of the row by this much; the tones cover as much, or less, or more of it.
        let subject = ndarray::array![[1.0, 0.5, 0.25, 0.5, 0.0]];
        let tones: Array3<f32> = ndarray::array![
            [[0.0, 0.5, 0.75, 0.0, 0.0]],
            [[0.0, 0.125, 0.0, 0.25, 0.5]],
            [[1.0, 0.375, 0.25, 0.75, 0.5]],
            [[0.0, 0.0, 0.0, 0.0, 0.0]],
            [[0.0, 0.0, 0.0, 0.0, 0.0]],
        ];
        let mut confined = tones.clone();
        confine(&mut confined.view_mut(), &subject, Window::new(0, 0, 5, 1), false);
        let row = |class: usize| confined.slice(s![class, 0, ..]).to_vec();
        assert_eq!(row(0), [0.0, 0.5, 0.75, 0.5, 1.0]);
        assert_eq!(row(1), [0.0, 0.125, 0.0, 0.125, 0.0]);
        assert_eq!(row(2), [1.0, 0.375, 0.25, 0.375, 0.0]);
    }

    #[test]
    fn doubt_inside_an_area_is_no_haze_and_a_border_is_as_wide_as_its_softness() {
        // Logits that prefer one tone by a little, on each side of a line.
        let frame = Frame { display: Array3::from_elem((3, 64, 64), 0.5), subject: None };
        let logits = Array3::from_shape_fn((CLASSES, 16, 16), |(k, _, x)| match (k, x < 8) {
            (2, true) | (3, false) => 1.0,
            (2 | 3, _) => 0.0,
            _ => -9.0,
        });
        let tones = tones(&frame, &logits, &WEIGHING);
        assert_eq!(finish(0.0), finish(0.5), "antialiased, no more");
        // The network's doubt reaches over its cells of four pixels; what is left of it is less.
        for (softness_px, between) in [(0.5, 1..=6), (2.0, 5..=9), (6.0, 10..=16)] {
            let mattes = mattes(&tones, &frame, frame.window(), &finish(softness_px));
            assert_eq!((mattes[[2, 32, 8]], mattes[[3, 32, 56]]), (1.0, 1.0));
            let found = mattes.slice(s![2, 32, ..]).iter().filter(|v| (0.02..0.98).contains(*v)).count();
            assert!(
                between.contains(&found),
                "{found} of 64 pixels of a row lie between at a softness of {softness_px}"
            );
        }
    }

    #[test]
    fn bias_moves_the_balance_between_tones() {
        let (frame, _) = disk(Size::new(16, 16), Size::new(16, 16));
        let logits = Array3::zeros((CLASSES, 16, 16));
        let highlight = |bias_highlight: f64| {
            let settings = ToneSegmentSettings {
                bias_highlight,
                edge_refine_px: 0.0,
                clip_black: 0.0,
                clip_white: 1.0,
                ..Default::default()
            };
            let geometry = Geometry { frame: frame.size(), pixel_aspect: 1.0, scale: [1.0; 2], project: None };
            let tones = tones(&frame, &logits, &Weighing::new(&settings, &geometry));
            mattes(&tones, &frame, frame.window(), &Finish::new(&settings, 1.0).unwrap())[[1, 8, 8]]
        };
        assert!((highlight(0.0) - 0.2).abs() < 1e-4, "all five share");
        let more = highlight(0.1);
        assert!((0.25..0.75).contains(&more), "{more}");
        assert_eq!((highlight(-1.0), highlight(1.0)), (0.0, 1.0));
    }
}
