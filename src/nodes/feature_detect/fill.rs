//! Fills the host's image.

use super::FeatureDetect;
use super::draw::{Scene, dots, view_of};
use super::input::proxy_text;
use super::networks::Networks;
use super::output::{Composer, SHAPE_COLORS, over};
use super::settings::{FeatureDetectSettings, Output};
use crate::nodes::analysis::holds_result;
use crate::nodes::picture;
use ndarray::Array2;
use ofx_sdk::plugin::{Clip, Image, ImageMut, RenderArgs};
use ofx_sdk::{Error, Premultiplication, RectI, RenderScale, Result};
use roto::{Plate, Presence, View};

/// Width of outlines and radius of landmarks that are burnt in, in pixels of the output.
const OUTLINE_PX: f64 = 1.5;
const LANDMARK_PX: f64 = 2.5;

/// The colors of landmarks: sure, unsure, hidden, set by hand.
const SURE: [f32; 3] = [0.2, 0.9, 0.3];
const UNSURE: [f32; 3] = [0.95, 0.2, 0.15];
const HIDDEN: [f32; 3] = [0.5, 0.5, 0.6];
const BY_HAND: [f32; 3] = [1.0, 1.0, 1.0];

/// What is laid over a picture, lowest first: a color and how much of each pixel it covers.
type Layers = Vec<([f32; 3], Array2<f32>)>;

/// What makes the output's pixels.
enum Paint {
    /// The matte of the shapes, `[height, width]`; `None` where there is nothing.
    Matte(Option<Array2<f32>>),
    /// Layers on black.
    OnBlack(Layers),
    /// Layers on Source.
    OnSource(Layers),
}

/// Renders a window.
///
/// # Errors
/// Damaged results, a model that cannot be used, an abort.
pub fn render(effect: &FeatureDetect, args: &RenderArgs<'_, FeatureDetect>) -> Result<()> {
    let mut output = args.output()?;
    let Some(source) = args.image(&Clip::SOURCE)?.filter(|image| !image.bounds().is_empty()) else {
        picture::clear(&mut output);
        return Ok(());
    };
    if effect.seen_pictures.are_wanted() && is_whole(args, &source) {
        let (hash, proxy) = (picture::pixel_hash(args, &source) as u64, proxy_text(args.scale));
        effect.seen_pictures.saw(args.time.round() as i64, hash, proxy, None);
    }
    let paint = paint(effect, args, output.window())?;
    args.check_abort()?;
    write(args, &source, &mut output, &paint)
}

/// Whether an image is all of a whole frame of Source: a tile says nothing of the picture that was analysed.
fn is_whole(args: &RenderArgs<'_, FeatureDetect>, source: &Image<'_>) -> bool {
    let region = args.clip(&Clip::SOURCE).and_then(|clip| clip.region_of_definition(args.time));
    let whole = region.map(|region| region.to_pixels_enclosing(args.scale, source.pixel_aspect()));
    args.time.fract() == 0.0 && whole.is_ok_and(|whole| source.bounds() == whole)
}

fn paint(effect: &FeatureDetect, args: &RenderArgs<'_, FeatureDetect>, window: RectI) -> Result<Paint> {
    let settings = &args.settings;
    let empty = || match settings.output.output {
        Output::ShapeColors => Paint::OnBlack(Vec::new()),
        Output::Overlay => Paint::OnSource(Vec::new()),
        Output::SourceMatte | Output::Matte | Output::Cutout => Paint::Matte(None),
    };
    // A new node passes its picture on, with nothing in the matte, whether there is a model or not.
    if !holds_result(&settings.analysis.analysis) && settings.analysis.edits.is_empty() {
        return Ok(empty());
    }
    let networks = Networks::open(&settings.analysis)?;
    let Some(results) = effect.store.results(settings, networks.topology())? else { return Ok(empty()) };
    let aborted = || args.aborted();
    let scene = Scene::new(&results, settings, &networks, args.time, &aborted)?;
    let view = view_of(window, args.scale, results.plate(), args.thread_count());
    Ok(match settings.output.output {
        Output::SourceMatte | Output::Matte | Output::Cutout => Paint::Matte(Some(scene.matte(settings, &view)?)),
        Output::ShapeColors => Paint::OnBlack(colored(&scene, settings, &view)?),
        Output::Overlay => Paint::OnSource(drawn(&scene, settings, results.plate(), args.scale, &view)?),
    })
}

/// Each shape in its color.
fn colored(scene: &Scene, settings: &FeatureDetectSettings, view: &View) -> Result<Layers> {
    scene.shapes.iter().map(|shape| Ok((color_of(shape.index), scene.shape_matte(shape, settings, view)?))).collect()
}

/// Outlines and landmarks.
fn drawn(
    scene: &Scene,
    settings: &FeatureDetectSettings,
    plate: &Plate,
    scale: RenderScale,
    view: &View,
) -> Result<Layers> {
    let mut layers = scene
        .shapes
        .iter()
        .map(|shape| Ok((color_of(shape.index), scene.outline(shape, OUTLINE_PX, scale, view)?)))
        .collect::<Result<Layers>>()?;
    let frame = &scene.frame;
    let color = |k: usize| {
        let landmark = &frame.landmarks[k];
        match landmark.presence {
            _ if frame.hand.landmarks.contains(&k) => BY_HAND,
            Presence::Occluded | Presence::Missing => HIDDEN,
            Presence::Visible if landmark.confidence < settings.analysis.confidence_threshold => UNSURE,
            Presence::Visible => SURE,
        }
    };
    for kind in [HIDDEN, SURE, UNSURE, BY_HAND] {
        let matte = dots(&frame.landmarks, |k| color(k) == kind, LANDMARK_PX, scale, plate.pixel_aspect, view)?;
        layers.push((kind, matte));
    }
    Ok(layers)
}

fn color_of(shape: usize) -> [f32; 3] {
    SHAPE_COLORS[shape % SHAPE_COLORS.len()]
}

/// Writes every row of the window, on the threads that the host lends.
fn write(
    args: &RenderArgs<'_, FeatureDetect>,
    source: &Image<'_>,
    output: &mut ImageMut<'_>,
    paint: &Paint,
) -> Result<()> {
    let window = output.window();
    let premultiplication = args.settings.analysis.encoding.source_alpha.of(source);
    let composer = Composer::new(&args.settings.output, premultiplication);
    args.for_each_item(output.rows_mut(), |mut row| {
        let mut pixels = vec![[0.0; 4]; row.width()];
        source.read_row(row.y(), row.x1(), &mut pixels);
        if !source.has_alpha() {
            let covered = source.bounds();
            // A picture without alpha is opaque, whatever alpha its host made up for it; around it is nothing.
            let in_rows = (covered.y1..covered.y2).contains(&row.y());
            for (x, pixel) in (row.x1()..).zip(&mut pixels) {
                pixel[3] = if in_rows && (covered.x1..covered.x2).contains(&x) { 1.0 } else { 0.0 };
            }
        }
        let at = (window.y2 - 1 - row.y()) as usize;
        let first = (row.x1() - window.x1) as usize;
        paint_row(paint, &composer, premultiplication, (at, first), &mut pixels);
        row.write(row.x1(), &pixels);
    });
    args.check_abort().map_err(|_| Error::Aborted)
}

/// Turns a row of Source's pixels into those of the output; `place` is its row and first column in the mattes.
fn paint_row(
    paint: &Paint,
    composer: &Composer,
    source: Premultiplication,
    (row, first): (usize, usize),
    pixels: &mut [[f32; 4]],
) {
    for (x, pixel) in pixels.iter_mut().enumerate() {
        let at = [row, first + x];
        let laid = |under: [f32; 4], layers: &Layers| {
            layers.iter().fold(under, |under, (color, matte)| match matte[at] {
                0.0 => under,
                opacity => over(under, *color, opacity),
            })
        };
        *pixel = match paint {
            Paint::Matte(matte) => composer.compose(*pixel, matte.as_ref().map_or(0.0, |matte| matte[at])),
            Paint::OnBlack(layers) => laid([0.0, 0.0, 0.0, 1.0], layers),
            Paint::OnSource(layers) => {
                let [r, g, b, a] = *pixel;
                let shown = if source == Premultiplication::Unpremultiplied { a } else { 1.0 };
                laid([r * shown, g * shown, b * shown, 1.0], layers)
            }
        };
    }
}
