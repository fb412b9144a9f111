//! Shapes as coverage: antialiased mattes in floating point, of any window, at any scale.
//!
//! Closed shapes are exact by area ([`sweep`]); feather, grow and strokes come from exact distances ([`field`]).
//! Every pixel is worked out from the shapes alone, so no tile, thread or order shows in it.

mod boundary;
mod field;
mod flatten;
mod profile;
mod scene;
mod segment_tree;
mod shutter;
mod sweep;

pub use shutter::Shutter;

use imaging::Window;
use kurbo::Affine;
use ndarray::Array2;
use scene::Scene;

use crate::{BezierShape, Error, Result, ShapeTrack};

/// The longest distance that a style may ask for, in pixels of the plate.
const FARTHEST_PX: f64 = 1e6;

/// The farthest a side of a window may lie from the origin, so that no sum of columns overflows.
const FARTHEST_WINDOW: u64 = 1 << 40;

/// The most pixels of a window: 8 GiB of coverage.
const MOST_PIXELS: usize = 1 << 31;

/// What of several closed shapes is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FillRule {
    /// What lies in any of them; within one, all that it winds around (the nonzero rule). Directions do not matter.
    #[default]
    Union,
    /// What lies in an odd number of their loops: a shape within another cuts a hole.
    EvenOdd,
}

/// The ramp across a feather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Falloff {
    /// The power of the ramp, 0.01 to 100: 1 is linear; with more, the feather is thinner outside.
    pub exponent: f64,
    /// Whether the ramp begins and ends level (3u² - 2u³) instead of with a crease.
    pub smooth: bool,
}

impl Falloff {
    /// A straight ramp.
    pub const LINEAR: Self = Self { exponent: 1.0, smooth: false };
    /// A ramp that begins and ends level.
    pub const SMOOTH: Self = Self { exponent: 1.0, smooth: true };
}

impl Default for Falloff {
    fn default() -> Self {
        Self::LINEAR
    }
}

/// How shapes are drawn. Lengths are in pixels of the plate, whatever the scale of the output.
///
/// Grow and feather follow one distance: that from the edge of the filled area, or from the middle of a stroke. So corners
/// that grow become round, and where shapes overlap no edge shows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Style {
    /// What of several closed shapes is filled. Strokes are always added to it.
    pub fill: FillRule,
    /// Width of open shapes, 0 to 1e6; ends and joins are round. With 0, they are not drawn.
    pub stroke_width_px: f64,
    /// How far edges move outwards, or inwards when negative: -1e6 to 1e6.
    pub grow_px: f64,
    /// Width of the soft edge, -1e6 to 1e6: positive, it lies outside of the edge, as in Nuke and Natron; negative, inside.
    pub feather_px: f64,
    /// The ramp across the feather.
    pub falloff: Falloff,
}

impl Style {
    /// Whether closed shapes are drawn as they are.
    fn is_exact(&self) -> bool {
        self.grow_px == 0.0 && self.feather_px == 0.0
    }

    fn check(&self) -> Result<()> {
        let within = |name, value: f64, low: f64, high: f64, range| {
            if value >= low && value <= high { Ok(()) } else { Err(Error::Parameter { name, value, range }) }
        };
        within("stroke width", self.stroke_width_px, 0.0, FARTHEST_PX, "0 to 1e6 px")?;
        within("grow", self.grow_px, -FARTHEST_PX, FARTHEST_PX, "-1e6 to 1e6 px")?;
        within("feather", self.feather_px, -FARTHEST_PX, FARTHEST_PX, "-1e6 to 1e6 px")?;
        within("exponent of the falloff", self.falloff.exponent, 0.01, 100.0, "0.01 to 100")
    }
}

/// Which pixels are wanted, and where the plate lies in them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// The pixels of the output that are wanted: a tile, or the whole.
    pub window: Window,
    /// From pixels of the plate to pixels of the output: the render scale, pixel aspect, the turned rows of a host.
    pub to_output: Affine,
    /// The most pieces of work that may run at once; with 1, all runs on the calling thread.
    pub threads: usize,
}

impl View {
    /// A window of the plate itself, on one thread.
    pub const fn of_plate(window: Window) -> Self {
        Self { window, to_output: Affine::IDENTITY, threads: 1 }
    }

    fn check(&self) -> Result<()> {
        let both_ways = [self.to_output, self.to_output.inverse()];
        let small = |by: Affine| by.as_coeffs()[..4].iter().all(|v| v.abs() <= 1e6);
        let near = self.to_output.as_coeffs()[4..].iter().all(|offset| offset.abs() <= 1e9);
        if !near || !both_ways.into_iter().all(small) {
            return Err(Error::Transform { coefficients: self.to_output.as_coeffs() });
        }
        let Window { x0, y0, x1, y1 } = self.window;
        if let Some(&far) = [x0, y0, x1, y1].iter().find(|v| v.unsigned_abs() > FARTHEST_WINDOW) {
            let range = "within 2^40 pixels of the origin";
            return Err(Error::Parameter { name: "side of the window", value: far as f64, range });
        }
        let (width, height) = (self.window.width(), self.window.height());
        if width.checked_mul(height).is_none_or(|pixels| pixels > MOST_PIXELS) {
            let value = width as f64 * height as f64;
            return Err(Error::Parameter { name: "number of pixels of the window", value, range: "up to 2147483648" });
        }
        Ok(())
    }
}

/// The coverage of the window's pixels by the shapes, `[height, width]`: the share of each pixel's area that is filled,
/// never anything but 0 to 1.
///
/// Closed shapes without feather and grow are exact to the chains of straight pieces that stand for their curves, which stray
/// by less than 1/256 pixel of the output. Across grown edges and strokes, what distances miss of the area is below 0.02; across
/// feathers of a pixel and more below 0.01, and 0.03 on the ridge where feathers of two sides meet; where a stroke crosses the
/// edge of an area, it is below 0.04.
///
/// Any window has the bits of the same cut of a larger one, for any number of threads. Coordinates beyond ± 4,194,304 pixels of
/// the output are drawn as if they lay there.
///
/// ```
/// use imaging::Window;
/// use kurbo::Point;
/// use roto::{BezierShape, Style, Vertex, View, coverage};
///
/// let corners = [(1.0, 1.0), (3.5, 1.0), (3.5, 3.0), (1.0, 3.0)].map(|at| Vertex::corner(Point::from(at)));
/// let square = BezierShape::new(corners.into(), true)?;
/// let matte = coverage(&[square], &Style::default(), &View::of_plate(Window::new(0, 0, 5, 4)))?;
/// assert!(matte.row(1).iter().eq(&[0.0, 1.0, 1.0, 0.5, 0.0]));
/// # Ok::<(), roto::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a style out of its range or a window of more than 2³¹ pixels, [`Error::Transform`].
pub fn coverage(shapes: &[BezierShape], style: &Style, view: &View) -> Result<Array2<f32>> {
    style.check()?;
    view.check()?;
    let mut sum = vec![0.0; view.window.width() * view.window.height()];
    add(&Scene::new(shapes, style, view), &mut sum, view);
    Ok(picture(sum, view))
}

/// The coverage of a frame by shapes that move while the shutter is open: the mean of [`coverage`] at the shutter's times,
/// with the shapes that the tracks have at those fractions of frames.
///
/// Which shapes are present is the caller's question, asked once for the frame: see [`Shot::present_tracks`].
///
/// ```
/// use imaging::Window;
/// use kurbo::{Affine, Point};
/// use roto::{BezierShape, KeyKind, ShapeKey, ShapeTrack, Shutter, Style, Vertex, View, motion_blurred};
///
/// let corners = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)].map(|at| Vertex::corner(Point::from(at)));
/// let square = BezierShape::new(corners.into(), true)?;
/// let moved = square.transformed(Affine::translate((2.0, 0.0)))?;
/// let key = |time, shape| ShapeKey { time, kind: KeyKind::Predicted, shape };
/// let track = ShapeTrack::new(vec![key(0.0, square), key(1.0, moved)])?;
/// let view = View::of_plate(Window::new(0, 0, 4, 1));
/// let matte = motion_blurred(&[&track], 0.0, &Shutter::from_start(1.0, 64), &Style::default(), &view)?;
/// assert!(matte.iter().zip([0.25, 0.75, 0.75, 0.25]).all(|(found, exact)| (found - exact).abs() < 1e-3));
/// # Ok::<(), roto::Error>(())
/// ```
///
/// [`Shot::present_tracks`]: crate::Shot::present_tracks
///
/// # Errors
/// As [`coverage`], and [`Error::Parameter`] for a shutter out of its range.
pub fn motion_blurred(
    tracks: &[&ShapeTrack],
    frame: f64,
    shutter: &Shutter,
    style: &Style,
    view: &View,
) -> Result<Array2<f32>> {
    shutter.check()?;
    style.check()?;
    view.check()?;
    let mut sum = vec![0.0; view.window.width() * view.window.height()];
    let mut samples = 0.0_f32;
    for time in shutter.times(frame) {
        let shapes: Vec<_> = tracks.iter().map(|track| track.at(time)).collect();
        add(&Scene::new(&shapes, style, view), &mut sum, view);
        samples += 1.0;
    }
    if samples > 1.0 {
        sum.iter_mut().for_each(|value| *value /= samples);
    }
    Ok(picture(sum, view))
}

fn picture(values: Vec<f32>, view: &View) -> Array2<f32> {
    Array2::from_shape_vec((view.window.height(), view.window.width()), values).expect("as many values as pixels")
}

/// Adds a scene's coverage, in bands of rows, at most `threads` of them at once.
fn add(scene: &Scene, sum: &mut [f32], view: &View) {
    if !sum.is_empty() {
        let bands = view.threads.clamp(1, view.window.height());
        add_bands(scene, sum, view.window, view.window.y0, bands);
    }
}

fn add_bands(scene: &Scene, sum: &mut [f32], window: Window, first: i64, bands: usize) {
    if bands == 1 {
        return scene.add_to(sum, window, first);
    }
    let rows = sum.len() / window.width();
    let (upper, half) = (rows * (bands / 2) / bands, bands / 2);
    let (before, after) = sum.split_at_mut(upper * window.width());
    rayon::join(
        || add_bands(scene, before, window, first, half),
        || add_bands(scene, after, window, first + upper as i64, bands - half),
    );
}
