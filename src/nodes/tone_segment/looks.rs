//! How the network is shown a frame: in which pictures, and how its answers to them are brought together.

use super::ToneSegmentSettings;
use super::mattes::Frame;
use super::settings::SizeReference;
use imaging::resample::{Filter, Resampler};
use imaging::{Error, Result, Size};
use inference::tensor;
use ndarray::{Array3, Axis};
use std::sync::Arc;

/// How many times larger than the frame the network's picture may be. The network answers in coarse cells, so that a small
/// frame or a proxy is better enlarged; beyond, there is nothing more to see.
const MOST_ENLARGED: f64 = 2.0;

/// A frame this many times as long as the working size is looked at more closely, too: what the working size leaves out of
/// it is worth the time. (`rotocel score tone DIR/stills4k` with and without `--set closer_look=false`, twelve stills, 2026-11-23:
/// boundary F .403 and .369, 145 and 154 thousandths in the band, mean over the stills .561 and .544, over all their pixels .644
/// and .659. On a shot in 1080p, at four times the time, it would change nothing.)
const CLOSER_FROM: f64 = 4.0;

/// A plate this many times as long as its project is a larger plate, and no longer a bounding box with overscan, which is seldom
/// more than a fifth.
const FAR_LARGER: f64 = 1.3;

/// Each look sees the picture of the one before at half the size.
const STEP: usize = 2;

/// How far apart two logits are of which one is as good as certain: beside its share the other's is less than a float can tell.
const CERTAIN: f32 = 80.0;

/// Where a frame lies: what its pixels are, and what they are part of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// The frame at hand, in its own pixels.
    pub frame: Size,
    /// Width of its pixels over their height.
    pub pixel_aspect: f64,
    /// How large a proxy it is, along x and y: 1 at full resolution.
    pub scale: [f64; 2],
    /// Width and height of the project at full resolution in canonical units, which are square, where the host says.
    pub project: Option<[f64; 2]>,
}

impl Geometry {
    /// What distances at full resolution are multiplied with. Where a host scales the axes apart, the mean is what an eye
    /// sees.
    pub fn mean_scale(&self) -> f64 {
        (self.scale[0] * self.scale[1]).sqrt()
    }

    /// Width and height of the frame's pixels in canonical units.
    fn pixel(&self) -> (f64, f64) {
        (self.pixel_aspect / self.scale[0], 1.0 / self.scale[1])
    }

    /// The side of a square pixel, in canonical units: no smaller than the frame's own are.
    fn square_pixel(&self) -> f64 {
        let (width, height) = self.pixel();
        width.max(height)
    }

    /// The frame's sides in square pixels: none larger than its own.
    fn square(&self) -> (f64, f64) {
        let (width, height) = self.pixel();
        let square = width.max(height);
        (self.frame.width as f64 * width / square, self.frame.height as f64 * height / square)
    }

    /// The same frame at full resolution.
    pub fn whole(&self) -> Self {
        let full = |side: usize, scale: f64| (side as f64 / scale).round() as usize;
        let frame = Size::new(full(self.frame.width, self.scale[0]), full(self.frame.height, self.scale[1]));
        Self { frame, scale: [1.0; 2], ..*self }
    }

    /// The long side of what the frame is part of, in square pixels at full resolution. A bounding box counts as its project,
    /// unless it is far larger: one that grows and shrinks, or has overscan, must not switch the closer look.
    fn whole_side(&self, by: SizeReference) -> f64 {
        let (side, project) = (self.reference(by), self.reference(SizeReference::Project));
        let side = if side >= FAR_LARGER * project { side } else { project };
        side * self.square_pixel() / Self { scale: [1.0; 2], ..*self }.square_pixel()
    }

    /// The long side, in square pixels of the frame at hand, that the working size stands for.
    fn reference(&self, by: SizeReference) -> f64 {
        let (width, height) = self.square();
        let project = self.project.filter(|sides| sides.iter().all(|side| side.is_finite() && *side >= 1.0));
        match (by, project) {
            // A project much smaller than the frame would ask for a picture without end.
            (SizeReference::Project, Some(sides)) => {
                let side = sides[0].max(sides[1]) / self.square_pixel();
                side.max(width.max(height) / MOST_ENLARGED)
            }
            _ => width.max(height),
        }
    }
}

/// The pictures of a frame that the network is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looks {
    /// The size of the first, and largest.
    pub size: Size,
    /// How many there are, each at half the size of the one before. At least 1.
    pub count: usize,
}

impl Looks {
    /// Those that the settings want of a frame.
    pub fn new(settings: &ToneSegmentSettings, geometry: &Geometry) -> Self {
        let working_size = f64::from(settings.working_size.max(1));
        let reference = geometry.reference(settings.size_reference);
        let closer = settings.closer_look && geometry.whole_side(settings.size_reference) >= CLOSER_FROM * working_size;
        let largest = if closer { working_size * STEP as f64 } else { working_size };
        let (width, height) = geometry.square();
        Self {
            size: scaled(width, height, (largest / reference).min(MOST_ENLARGED)),
            count: 1 + usize::from(closer) + usize::from(settings.second_look),
        }
    }
}

/// Sides in proportion, the longer one brought to `long_side` pixels without growing.
pub fn shrunk(size: Size, long_side: usize) -> Size {
    let (width, height) = (size.width as f64, size.height as f64);
    scaled(width, height, (long_side as f64 / width.max(height)).min(1.0))
}

fn scaled(width: f64, height: f64, scale: f64) -> Size {
    let side = |side: f64| (side * scale).round().max(1.0) as usize;
    Size::new(side(width), side(height))
}

/// What the network is shown.
pub struct NetworkPicture {
    /// `[3, height, width]`, display encoding, 0-1.
    pub image: Array3<f32>,
    /// `[1, height, width]`, 0-1.
    pub subject: Option<Array3<f32>>,
}

impl NetworkPicture {
    /// Brings a frame to `size`.
    ///
    /// # Errors
    /// When a size is zero.
    pub fn new(frame: &Frame, size: Size, threads: usize) -> Result<Self> {
        let subject = frame.subject.as_ref().map(|subject| subject.view().insert_axis(Axis(0)));
        if size == frame.size() {
            return Ok(Self { image: frame.display.clone(), subject: subject.map(|view| view.to_owned()) });
        }
        let resize = Resampler::whole(frame.size(), size, Filter::Triangle)?;
        Ok(Self {
            image: resize.resample(frame.display.view(), threads)?,
            subject: subject.map(|view| resize.resample(view, threads)).transpose()?,
        })
    }

    /// Its width and height.
    pub fn size(&self) -> Size {
        let (_, height, width) = self.image.dim();
        Size::new(width, height)
    }

    /// Itself at half the size, for the next look: what fills the picture is then as large as what the network knows best.
    ///
    /// # Errors
    /// When it has no pixels.
    pub fn halved(&self, threads: usize) -> Result<Self> {
        let resize = Resampler::whole(self.size(), half(self.size()), Filter::Triangle)?;
        let subject = self.subject.as_ref().map(|subject| resize.resample(subject.view(), threads)).transpose()?;
        Ok(Self { image: resize.resample(self.image.view(), threads)?, subject })
    }
}

/// The size of the next look at a picture.
fn half(size: Size) -> Size {
    Size::new(size.width.div_ceil(STEP), size.height.div_ceil(STEP))
}

/// The network's logits of a picture, then of that [halved](NetworkPicture::halved), and so on, brought together at the size
/// of the picture. All may be padded. There is at least one.
///
/// What a smaller look can show is the mean of all that show it, and what is finer comes from the larger one alone, as in the
/// bands of a pyramid (Burt and Adelson 1983): a mean of whole logits would blur the borders that only the larger look has.
///
/// # Errors
/// When a size is zero, or there is less than the pictures hold.
pub fn looks_together(looks: &[Arc<Array3<f32>>], picture: Size, threads: usize) -> Result<Arc<Array3<f32>>> {
    let (nearest, smaller) = looks.split_first().expect("the network has been shown something");
    if smaller.is_empty() {
        return Ok(nearest.clone());
    }
    let sizes: Vec<_> = std::iter::successors(Some(picture), |size| Some(half(*size))).take(looks.len()).collect();
    let mut together: Option<Array3<f32>> = None;
    for (done, (logits, size)) in looks.iter().zip(&sizes).rev().enumerate() {
        let mut look = tensor::crop(logits, size.width, size.height).to_owned();
        bring_infinities_near(&mut look);
        let (_, height, width) = look.dim();
        if (width, height) != (size.width, size.height) {
            let expected = vec![look.dim().0, size.height, size.width];
            return Err(Error::Shape { what: "logits of a look", expected, found: look.shape().to_vec() });
        }
        if let Some(mut missing) = together.take() {
            missing -= &Resampler::whole(*size, half(*size), Filter::Triangle)?.resample(look.view(), threads)?;
            let enlarge = Resampler::whole(half(*size), *size, Filter::Triangle)?;
            let share = done as f32 / (done + 1) as f32;
            look.scaled_add(share, &enlarge.resample(missing.view(), threads)?);
        }
        together = Some(look);
    }
    Ok(Arc::new(together.expect("every look has been brought in")))
}

/// Brings the logits of each pixel, `[classes, height, width]`, so near to its largest finite one that a class is still as good as
/// certain or impossible. Infinities, which networks that end in a logarithm have, are no numbers any more once they are taken
/// from each other, and would cover the pixels beside them once they are enlarged.
fn bring_infinities_near(look: &mut Array3<f32>) {
    if look.iter().all(|logit| logit.abs() <= CERTAIN) {
        return;
    }
    for mut pixel in look.lanes_mut(Axis(0)) {
        let largest = pixel.iter().copied().filter(|logit| logit.is_finite()).fold(f32::NEG_INFINITY, f32::max);
        let largest = if largest.is_finite() { largest } else { 0.0 };
        for logit in pixel.iter_mut().filter(|logit| !logit.is_nan()) {
            *logit = logit.clamp(largest - CERTAIN, largest + CERTAIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::tone_segment::output::CLASSES;

    fn settings(working_size: i32) -> ToneSegmentSettings {
        ToneSegmentSettings { working_size, ..Default::default() }
    }

    fn geometry(width: usize, height: usize, pixel_aspect: f64) -> Geometry {
        Geometry { frame: Size::new(width, height), pixel_aspect, scale: [1.0; 2], project: None }
    }

    fn seen(settings: &ToneSegmentSettings, geometry: &Geometry) -> (usize, usize, usize) {
        let Looks { size, count } = Looks::new(settings, geometry);
        (size.width, size.height, count)
    }

    #[test]
    fn the_network_sees_every_frame_at_the_working_size_and_tiny_ones_twice_enlarged() {
        let at_1024 = |width, height| seen(&settings(1024), &geometry(width, height, 1.0));
        assert_eq!(at_1024(640, 360), (1024, 576, 2));
        assert_eq!(at_1024(480, 270), (960, 540, 2));
        assert_eq!(at_1024(4095, 2160), (1024, 540, 2));
        assert_eq!(at_1024(1, 4000), (1, 1024, 2));
        assert_eq!(seen(&settings(128), &geometry(3, 2, 1.0)), (6, 4, 2));
    }

    #[test]
    fn the_network_sees_an_anamorphic_plate_unsqueezed() {
        assert_eq!(seen(&settings(1828), &geometry(1828, 1556, 2.0)), (1828, 778, 2));
        assert_eq!(seen(&settings(1024), &geometry(2048, 1556, 2.0)), (1024, 389, 2));
        assert_eq!(seen(&settings(576), &geometry(720, 576, 0.5)), (360, 576, 2));
    }

    #[test]
    fn a_proxy_scaled_more_along_one_axis_is_seen_in_its_own_proportions() {
        let by_project = ToneSegmentSettings { size_reference: SizeReference::Project, ..settings(640) };
        let whole = Geometry { project: Some([1920.0, 1080.0]), ..geometry(1920, 1080, 1.0) };
        for scale in [[0.5, 1.0], [1.0, 0.5], [0.5, 0.5]] {
            let frame = Size::new((1920.0 * scale[0]) as usize, (1080.0 * scale[1]) as usize);
            let proxy = Geometry { frame, scale, ..whole };
            assert_eq!(seen(&settings(640), &proxy), (640, 360, 2), "{scale:?}");
            assert_eq!(seen(&by_project, &proxy), (640, 360, 2), "{scale:?}");
            assert_eq!(proxy.whole(), whole);
        }
        // A squeezed plate of twice as wide pixels, and a proxy of it that has unsqueezed it.
        let squeezed = geometry(1024, 858, 2.0);
        let unsqueezed = Geometry { frame: Size::new(1024, 429), scale: [1.0, 0.5], ..squeezed };
        assert_eq!(seen(&settings(640), &unsqueezed), seen(&settings(640), &squeezed));
    }

    #[test]
    fn a_frame_of_four_times_the_working_size_is_seen_more_closely_and_in_a_proxy_too() {
        let (of_640, frame) = (settings(640), geometry(3840, 2160, 1.0));
        assert_eq!(seen(&of_640, &frame), (1280, 720, 3));
        assert_eq!(seen(&of_640, &geometry(2559, 1440, 1.0)), (640, 360, 2));
        let proxy = Geometry { frame: Size::new(1920, 1080), scale: [0.5; 2], ..frame };
        assert_eq!(seen(&of_640, &proxy), (1280, 720, 3));
        let off = ToneSegmentSettings { closer_look: false, ..settings(640) };
        assert_eq!(seen(&off, &frame), (640, 360, 2));
        let alone = ToneSegmentSettings { second_look: false, ..settings(640) };
        assert_eq!(seen(&alone, &frame), (1280, 720, 2));
        assert_eq!(seen(&alone, &geometry(1920, 1080, 1.0)), (640, 360, 1));
    }

    #[test]
    fn measured_by_the_project_a_form_is_as_large_whatever_the_bounding_box() {
        let by_project = ToneSegmentSettings { size_reference: SizeReference::Project, ..settings(640) };
        let of = |width, height| Geometry { project: Some([1920.0, 1080.0]), ..geometry(width, height, 1.0) };
        assert_eq!(seen(&by_project, &of(1920, 1080)), (640, 360, 2));
        assert_eq!(seen(&by_project, &of(600, 900)), (200, 300, 2));
        assert_eq!(seen(&by_project, &of(3, 3)), (1, 1, 2));
        assert_eq!(seen(&by_project, &of(2112, 1188)), (704, 396, 2), "overscan");
        assert_eq!(seen(&by_project, &of(96_000, 54_000)).0, 2560, "no picture without end");
        assert_eq!(seen(&settings(640), &of(600, 900)), (427, 640, 2), "the bounding box is the default");
        // In a proxy the network sees the same.
        let proxy = Geometry { scale: [0.5; 2], ..of(300, 450) };
        assert_eq!(seen(&by_project, &proxy), (200, 300, 2));
        // Whether it looks closer is the project's, too: a box that grows and shrinks must not switch it.
        let in_4k = Geometry { project: Some([3840.0, 2160.0]), ..geometry(600, 900, 1.0) };
        assert_eq!(seen(&by_project, &in_4k), (200, 300, 3));
        // Its width is told in square pixels: 2048 wide ones of a squeezed plate are 4096 of these.
        let squeezed = |frame| Geometry { project: Some([4096.0, 1716.0]), ..geometry(frame, 1716, 2.0) };
        assert_eq!(seen(&by_project, &squeezed(2048)), (640, 268, 2));
        assert_eq!(seen(&by_project, &squeezed(1024)), (320, 268, 2));
        let box_of = |width| Geometry { frame: Size::new(width, 1440), ..in_4k };
        assert_eq!([2400, 2559, 2561].map(|width| seen(&settings(640), &box_of(width)).2), [3; 3]);
        let overscan = |width| Geometry { project: Some([2048.0, 1152.0]), ..geometry(width, 1300, 1.0) };
        assert_eq!([2048, 2500, 2559, 2600].map(|width| seen(&settings(640), &overscan(width)).2), [2; 4]);
        // A plate that is far larger than its project is a large plate all the same.
        assert_eq!(seen(&settings(640), &of(3840, 2160)), (1280, 720, 3));
        // Hosts that do not say, or say nonsense.
        for project in [None, Some([0.0, 0.0]), Some([f64::NAN, 1.0]), Some([f64::INFINITY, 1.0])] {
            assert_eq!(seen(&by_project, &Geometry { project, ..of(1920, 1080) }), (640, 360, 2), "{project:?}");
        }
    }

    /// Logits of a picture of `size`, padded as the network wants it: what lies outside must not be seen.
    fn logits(size: Size, value: impl Fn(usize, f32, f32) -> f32) -> Arc<Array3<f32>> {
        let at = |i: usize, n: usize| (i as f32 + 0.5) / n as f32;
        Arc::new(Array3::from_shape_fn((CLASSES, 32, 64), |(k, y, x)| match (y < size.height, x < size.width) {
            (true, true) => value(k, at(x, size.width), at(y, size.height)),
            _ => 1e9,
        }))
    }

    #[test]
    fn in_what_all_looks_show_they_weigh_alike_and_lie_on_each_other() {
        let size = Size::new(38, 22);
        let ramp = |size, slope: f32| logits(size, move |k, x, y| k as f32 + slope * (x + 2.0 * y));
        let quarter = half(half(size));
        for (looks, expected) in [
            (vec![ramp(size, 2.0)], ramp(size, 2.0)),
            (vec![ramp(size, 2.0), ramp(half(size), 4.0)], ramp(size, 3.0)),
            (vec![ramp(size, 2.0), ramp(half(size), 4.0), ramp(quarter, 9.0)], ramp(size, 5.0)),
        ] {
            let together = looks_together(&looks, size, 2).unwrap();
            let together = tensor::crop(&together, size.width, size.height);
            // Beyond the outermost pixels of the smallest look there is nothing to go on with.
            let inside = |(_, y, x): (usize, usize, usize)| (8..14).contains(&y) && (8..30).contains(&x);
            for (at, value) in together.indexed_iter().filter(|(at, _)| inside(*at)) {
                assert!((value - expected[at]).abs() < 1e-3, "{} looks: {at:?}: {value}", looks.len());
            }
        }
        let short = Arc::new(Array3::zeros((CLASSES, 21, 64)));
        assert!(looks_together(&[short, ramp(half(size), 1.0)], size, 1).is_err());
        let small = Arc::new(Array3::zeros((CLASSES, 4, 64)));
        assert!(looks_together(&[ramp(size, 1.0), small], size, 1).is_err());
    }

    #[test]
    fn what_is_finer_than_a_smaller_look_comes_from_the_larger_one_whole() {
        let size = Size::new(64, 32);
        let fine = |_, x: f32, _| if ((x * 64.0) as usize).is_multiple_of(2) { 1.0 } else { -1.0 };
        let looks = [logits(size, fine), logits(half(size), |_, _, _| 3.0), logits(half(half(size)), |_, _, _| 6.0)];
        let together = looks_together(&looks, size, 1).unwrap();
        for x in 8..56 {
            let expected = 3.0 + looks[0][[2, 16, x]];
            assert!((together[[2, 16, x]] - expected).abs() < 1e-4, "{x}: {}", together[[2, 16, x]]);
        }
    }

    #[test]
    fn a_class_that_a_network_rules_out_stays_ruled_out_and_its_neighbors_know_nothing_of_it() {
        let size = Size::new(64, 32);
        let never = f32::NEG_INFINITY;
        // Material on the left, as a logarithm of its share tells it; on the right nothing is certain.
        let ruled_out = |k: usize, x: f32, _| match (x < 0.5, k) {
            (true, 2) => 0.0,
            (true, _) => never,
            (false, _) => {
                if k == 3 {
                    -0.1
                } else {
                    -3.0
                }
            }
        };
        let doubt = |k: usize, _, _| if k == 3 { -0.1 } else { -3.0 };
        for smaller in [logits(half(size), ruled_out), logits(half(size), doubt)] {
            let together = looks_together(&[logits(size, ruled_out), smaller], size, 1).unwrap();
            let best = |x: usize| (0..CLASSES).max_by(|&a, &b| together[[a, 16, x]].total_cmp(&together[[b, 16, x]]));
            assert!(tensor::crop(&together, size.width, size.height).iter().all(|logit| logit.is_finite()));
            assert_eq!([4, 20, 30].map(best), [Some(2); 3]);
            assert_eq!([36, 44, 60].map(best), [Some(3); 3]);
        }
        let mut sure = Array3::from_elem((2, 1, 1), f32::INFINITY);
        sure[[0, 0, 0]] = 1.0;
        bring_infinities_near(&mut sure);
        assert_eq!(sure[[1, 0, 0]] - sure[[0, 0, 0]], CERTAIN);
    }

    #[test]
    fn the_next_look_sees_the_whole_picture_and_its_subject_at_half_the_size() {
        let display = Array3::from_shape_fn((3, 30, 51), |(c, y, x)| (c + y + x) as f32);
        let subject = Array3::from_shape_fn((1, 30, 51), |(_, _, x)| if x < 25 { 1.0 } else { 0.0 });
        let picture = NetworkPicture { image: display, subject: Some(subject) };
        let small = picture.halved(1).unwrap();
        assert_eq!((small.size(), half(Size::new(1, 1))), (Size::new(26, 15), Size::new(1, 1)));
        let subject = small.subject.unwrap();
        assert!(subject[[0, 7, 0]] > 0.99 && subject[[0, 7, 25]] < 0.01);
        let middle = |planes: &Array3<f32>| planes.mean().unwrap();
        assert!((middle(&small.image) - middle(&picture.image)).abs() < 0.1);
    }

    #[test]
    fn a_picture_is_shrunk_and_never_enlarged() {
        assert_eq!(shrunk(Size::new(640, 360), 512), Size::new(512, 288));
        assert_eq!(shrunk(Size::new(64, 36), 512), Size::new(64, 36));
    }
}
