//! Fills the host's images, band by band.

use super::analysis::Analysis;
use super::around::Notices;
use super::input::{Mask, analyse, geometry};
use super::mattes::{Buffers, Finish, Tones, Weighing};
use super::output::{CLASSES, Composer, Row, spread};
use super::{Output, ToneClass, ToneSegment};
use crate::nodes::picture;
use crate::nodes::stages::Stage;
use imaging::Window;
use ndarray::{Array2, ArrayView1, ArrayView3, s};
use ofx_sdk::plugin::{Image, ImageMut, Plane, RenderArgs, RowMut};
use ofx_sdk::{Error, RectI, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows of output that one piece of work makes at least: enough that the margin of an ordinary edge softness costs little,
/// few enough that a 4K frame is never held as mattes in full.
const LEAST_BAND_ROWS: i32 = 32;

/// Rows of a band for each row of margin above and below it, so that wide borders at most double the work.
const BAND_ROWS_A_MARGIN: i32 = 2;

/// Something that render can write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// What the parameter `output` says.
    Output,
    /// One matte alone, by class number.
    Matte(usize),
    /// The network's confidence alone.
    Confidence,
}

impl Wanted {
    /// The plane that it goes into.
    pub fn plane(self) -> Plane {
        match self {
            Self::Output => Plane::Color,
            Self::Matte(class) => Plane::custom(&format!("tone.{}", ToneClass::ALL[class].id()), &["A"]),
            Self::Confidence => Plane::custom("tone.confidence", &["A"]),
        }
    }

    /// What stands for a plane that the host asks for; `None` for one that is not ours.
    pub fn of(plane: &Plane) -> Option<Self> {
        let tones = (0..CLASSES).map(Self::Matte);
        [Self::Output, Self::Confidence].into_iter().chain(tones).find(|wanted| wanted.plane().id() == plane.id())
    }
}

/// A frame whose tones are known, ready to fill any part of the output.
pub struct Prepared {
    analysis: Arc<Analysis>,
    tones: Arc<Tones>,
    finish: Finish,
    /// Of the bands that are done; there are never more than threads.
    buffers: Mutex<Vec<Buffers>>,
    /// Pixels of the source; row 0 of the analysis is its highest row.
    bounds: RectI,
    composer: Composer,
    needs_confidence: bool,
}

impl Prepared {
    /// Analyses a frame and weighs up its tones for these targets.
    ///
    /// # Errors
    /// As [`analyse`].
    pub fn new(
        args: &RenderArgs<'_, ToneSegment>,
        source: &Image<'_>,
        mask: &Mask<'_>,
        targets: &[(Wanted, ImageMut<'_>)],
        notices: &Notices,
    ) -> Result<Self> {
        let settings = &args.settings;
        let shows_confidence = settings.output == Output::Confidence;
        let needs_confidence = |wanted: Wanted| match wanted {
            Wanted::Confidence => true,
            Wanted::Output => shows_confidence,
            Wanted::Matte(_) => false,
        };
        let output = targets.iter().find(|(wanted, _)| *wanted == Wanted::Output);
        let code_value = output.map_or(1.0, |(_, image)| picture::code_value(image.depth()));
        let analysis = analyse(args, source, mask, notices)?;
        let geometry = geometry(args, source, source.bounds());
        let weighing = Weighing::new(settings, &geometry);
        Ok(Self {
            tones: analysis.tones(&weighing, args.thread_count()).map_err(Error::node)?,
            finish: Finish::new(settings, geometry.mean_scale()).map_err(Error::node)?,
            buffers: Mutex::default(),
            analysis,
            bounds: source.bounds(),
            composer: Composer::new(settings, settings.encoding.source_alpha.of(source), code_value),
            needs_confidence: targets.iter().any(|(wanted, _)| needs_confidence(*wanted)),
        })
    }

    /// How many rows [`for_each_band`] best gives at once.
    pub fn band_rows(&self) -> i32 {
        let margin = i32::try_from(self.finish.margin_px()).unwrap_or(i32::MAX);
        margin.saturating_mul(BAND_ROWS_A_MARGIN).max(LEAST_BAND_ROWS)
    }

    /// Fills some neighboring rows of every target.
    ///
    /// # Errors
    /// Shapes that do not fit, which would be a mistake of ours.
    pub fn fill(&self, band: &mut Band<'_>, source: &Image<'_>) -> Result<()> {
        let bounds = self.bounds;
        let inside = band.window.intersection(&bounds);
        let window = Window::new(
            i64::from(inside.x1) - i64::from(bounds.x1),
            i64::from(bounds.y2) - i64::from(inside.y2),
            i64::from(inside.x2) - i64::from(bounds.x1),
            i64::from(bounds.y2) - i64::from(inside.y1),
        );
        if window.is_empty() {
            band.rows.iter_mut().for_each(|(_, row)| picture::clear_row(row));
            return Ok(());
        }
        let mut buffers = self.lock_buffers().pop().unwrap_or_default();
        let frame = &self.analysis.frame;
        let mattes = self.tones.mattes(frame, window, &self.finish, &mut buffers, 1).map_err(Error::node)?;
        let confidence =
            self.needs_confidence.then(|| self.tones.confidence(window, 1)).transpose().map_err(Error::node)?;
        Stage::Output.time(|| self.write(band, source, inside, mattes.view(), confidence.as_ref()));
        self.lock_buffers().push(buffers);
        Ok(())
    }

    fn lock_buffers(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what the targets want of the mattes of `inside`, whose rows stand top first.
    fn write(
        &self,
        band: &mut Band<'_>,
        source: &Image<'_>,
        inside: RectI,
        mattes: ArrayView3<'_, f32>,
        confidence: Option<&Array2<f32>>,
    ) {
        let mut colors = vec![[0.0; 4]; inside.width()];
        let mut out = colors.clone();
        let mut read = None;
        for (wanted, row) in &mut band.rows {
            let y = row.y();
            if y < inside.y1 || y >= inside.y2 {
                picture::clear_row(row);
                continue;
            }
            let shows_source = *wanted == Wanted::Output && self.composer.shows_source();
            if shows_source && read.replace(y) != Some(y) {
                source.read_row(y, inside.x1, &mut colors);
            }
            if inside.width() < band.window.width() {
                picture::clear_row(row);
            }
            let at = (inside.y2 - 1 - y) as usize;
            let pixels = Row {
                source: &colors,
                mattes: std::array::from_fn(|k| slice_of(mattes.slice_move(s![k, at, ..]))),
                confidence: confidence.map_or(&[], |plane| slice_of(plane.slice(s![at, ..]))),
            };
            match wanted {
                Wanted::Output => self.composer.compose(&pixels, &mut out),
                Wanted::Matte(class) => spread(pixels.mattes[*class], &mut out),
                Wanted::Confidence => spread(pixels.confidence, &mut out),
            }
            row.write(inside.x1, &out);
        }
    }
}

/// The values of a row of an array in standard layout.
fn slice_of(row: ArrayView1<'_, f32>) -> &[f32] {
    row.to_slice().unwrap_or_default()
}

/// The rows of all targets that lie between two heights.
pub struct Band<'a> {
    window: RectI,
    /// Rows of one height follow each other.
    rows: Vec<(Wanted, RowMut<'a>)>,
}

/// Fills the targets band by band, of so many rows, on the threads that the host lends, and stops when the host asks to.
///
/// # Errors
/// The first of `fill`, or an abort.
pub fn for_each_band(
    args: &RenderArgs<'_, ToneSegment>,
    targets: &mut [(Wanted, ImageMut<'_>)],
    band_rows: i32,
    fill: impl Fn(&mut Band<'_>) -> Result<()> + Sync,
) -> Result<()> {
    // What the images hold of the render window; a host may ask for more.
    let Some(window) = targets.iter().map(|(_, image)| image.window()).reduce(enclosing) else { return Ok(()) };
    let mut rows: Vec<_> =
        targets.iter_mut().flat_map(|(wanted, image)| image.rows_mut().into_iter().map(|row| (*wanted, row))).collect();
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.y()));
    let mut bands = Vec::new();
    let mut y1 = window.y1;
    while y1 < window.y2 {
        let y2 = y1.saturating_add(band_rows.max(1)).min(window.y2);
        let first = rows.partition_point(|(_, row)| row.y() >= y2);
        bands.push(Band { window: RectI { y1, y2, ..window }, rows: rows.split_off(first) });
        y1 = y2;
    }
    let failure = Mutex::new(None);
    args.for_each_item(bands, |mut band| {
        if let Err(error) = args.check_abort().and_then(|()| fill(&mut band)) {
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The smallest rectangle that holds both.
fn enclosing(a: RectI, b: RectI) -> RectI {
    RectI { x1: a.x1.min(b.x1), y1: a.y1.min(b.y1), x2: a.x2.max(b.x2), y2: a.y2.max(b.y2) }
}
