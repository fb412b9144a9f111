//! ToneSegment: five soft tonal mattes of a moving picture.

mod analysis;
mod mattes;
mod output;
mod settings;

use super::model::{self, Selection};
use super::picture;
use analysis::{Analysis, Key};
use imaging::Window;
use imaging::color::NetworkEncoder;
use inference::{Engine, InstanceGuard, Model, Request, Role, tensor};
use mattes::{Frame, NetworkPicture, Shaping, Tones, network_size};
use ofx_sdk::plugin::*;
use ofx_sdk::{Components, Context, Depth, Error, RectD, RectI, Result};
use output::{CLASSES, Composer, Pixel};
pub use settings::{Output, ToneClass, ToneSegmentSettings};
use std::sync::{Arc, Mutex, PoisonError};

/// The node's name in the manifest of models.
const NODE: &str = "ToneSegment";

/// The subject. Outside it everything is background.
const MASK: Clip =
    Clip::input(c"Mask").optional().mask().components(&[Components::Alpha, Components::Rgba, Components::Rgb]);

/// Rows of output that one piece of work makes: enough that the margin of an ordinary edge softness costs little,
/// few enough that a 4K frame is never held as mattes in full.
const BAND_ROWS: i32 = 64;

/// See the module.
pub struct ToneSegment {
    /// Keeps sessions open while the node exists.
    _alive: Option<InstanceGuard>,
}

impl Effect for ToneSegment {
    type Settings = ToneSegmentSettings;

    const DESCRIPTOR: Descriptor = Descriptor {
        identifier: c"org.rotocel.ToneSegment",
        version: (1, 0),
        label: "ToneSegment",
        group: "Rotocel",
        description: "Finds the tones that an animator would draw: highlight, material, diffuse shadow, cast shadow \
                      and background, as five soft mattes that sum to one.",
        contexts: &[Context::Filter, Context::General],
        clips: &[Clip::SOURCE, MASK],
        output: &[Components::Rgba],
        depths: &[Depth::Float, Depth::Half, Depth::Short, Depth::Byte],
        planes: true,
        preference_params: &["output"],
        ..Descriptor::DEFAULT
    };

    fn declarations(host: &Host) -> Vec<Declaration> {
        settings::for_host(&host.name)
    }

    fn load(_host: &Host) -> Result<()> {
        log_to_stderr("ROTOCEL_LOG");
        Ok(())
    }

    fn unload() {
        analysis::forget();
        if let Some(engine) = Engine::existing() {
            engine.shutdown();
        }
    }

    fn create(_host: &Host) -> Result<Self> {
        // A farm's misspelled override is told at the first render, where the artist sees it.
        Ok(Self { _alive: model::engine().ok().map(|engine| engine.instance_guard()) })
    }

    fn created(&self, args: &CreatedArgs<'_, Self>) -> Result<()> {
        args.params().get(ToneSegmentSettings::custom_model)?.set_enabled(args.settings_at(0.0).model == model::CUSTOM)
    }

    fn region_of_definition(&self, args: &QueryArgs<'_, Self>) -> Result<Option<RectD>> {
        args.clip(&Clip::SOURCE)?.region_of_definition(args.time).map(Some)
    }

    /// A tone depends on all of the picture.
    fn regions_of_interest(&self, args: &QueryArgs<'_, Self>, _region: RectD) -> Result<RegionsOfInterest> {
        let whole = args.clip(&Clip::SOURCE)?.region_of_definition(args.time)?;
        Ok(RegionsOfInterest::default().need(&Clip::SOURCE, whole).need(&MASK, whole))
    }

    fn clip_preferences(&self, args: &EditArgs<'_, Self>) -> Result<ClipPreferences> {
        Ok(ClipPreferences::default()
            .components(&Clip::OUTPUT, Components::Rgba)
            .premultiplication(args.settings().output.premultiplication()))
    }

    fn clip_components(&self, _args: &QueryArgs<'_, Self>) -> Result<ClipComponents> {
        let tones = ToneClass::ALL.map(|class| Wanted::Matte(class as usize).plane());
        Ok(ClipComponents::default()
            .planes(&Clip::SOURCE, [Plane::Color])
            .planes(&Clip::OUTPUT, [Plane::Color].into_iter().chain(tones).chain([Wanted::Confidence.plane()]))
            .pass_through(&Clip::SOURCE))
    }

    fn changed(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        if args.reason != ChangeReason::UserEdited {
            return Ok(());
        }
        if args.is(ToneSegmentSettings::model) || args.is(ToneSegmentSettings::custom_model) {
            return model_changed(args);
        }
        remember_model(args)?;
        if args.is(ToneSegmentSettings::check_device) {
            let status = check_device(args).unwrap_or_else(|e| e.to_string());
            return args.params().set(ToneSegmentSettings::status, status);
        }
        if args.is(ToneSegmentSettings::device) || args.is(ToneSegmentSettings::device_index) {
            return args.params().set(ToneSegmentSettings::status, "not checked: press Check device");
        }
        Ok(())
    }

    fn purge_caches(&self) {
        analysis::forget();
        if let Some(engine) = Engine::existing() {
            engine.purge();
        }
    }

    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        let mut targets = args
            .planes
            .iter()
            .filter_map(Wanted::of)
            .map(|wanted| Ok((wanted, args.output_plane(&wanted.plane())?)))
            .collect::<Result<Vec<_>>>()?;
        let Some(source) = args.image(&Clip::SOURCE)?.filter(|image| !image.bounds().is_empty()) else {
            targets.iter_mut().for_each(|(_, image)| picture::clear(image));
            return Ok(());
        };
        let mask = if args.settings.use_mask { args.image(&MASK)? } else { None };
        let prepared = Prepared::new(args, &source, mask.as_ref())?;
        for_each_band(args, &mut targets, |rows| prepared.fill(rows, &source))
    }
}

/// Something that render can write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanted {
    /// What the parameter `output` says.
    Output,
    /// One matte alone, by class number.
    Matte(usize),
    /// The network's confidence alone.
    Confidence,
}

impl Wanted {
    fn plane(self) -> Plane {
        match self {
            Self::Output => Plane::Color,
            Self::Matte(class) => Plane::custom(&format!("tone.{}", ToneClass::ALL[class].id()), &["A"]),
            Self::Confidence => Plane::custom("tone.confidence", &["A"]),
        }
    }

    /// What stands for a plane that the host asks for; `None` for one that is not ours.
    fn of(plane: &Plane) -> Option<Self> {
        let tones = (0..CLASSES).map(Self::Matte);
        [Self::Output, Self::Confidence].into_iter().chain(tones).find(|wanted| wanted.plane().id() == plane.id())
    }
}

/// A frame whose tones are known, ready to fill any part of the output.
struct Prepared {
    analysis: Arc<Analysis>,
    tones: Arc<Tones>,
    /// Pixels of the source; row 0 of the analysis is its highest row.
    bounds: RectI,
    composer: Composer,
    needs_confidence: bool,
}

impl Prepared {
    fn new(args: &RenderArgs<'_, ToneSegment>, source: &Image<'_>, mask: Option<&Image<'_>>) -> Result<Self> {
        let settings = &args.settings;
        let analysis = analyse(args, source, mask)?;
        // A proxy has as many pixels less on both axes; where a host scales them apart, the mean is what an eye sees.
        let shaping = Shaping::new(settings, (args.scale.x * args.scale.y).abs().sqrt());
        Ok(Self {
            tones: analysis.tones(&shaping, args.thread_count()).map_err(Error::node)?,
            analysis,
            bounds: source.bounds(),
            composer: Composer::new(settings, source.premultiplication(), picture::code_value(source.depth())),
            needs_confidence: settings.output == Output::Confidence || args.planes.len() > 1,
        })
    }

    /// Fills some neighboring rows of every target.
    fn fill(&self, band: &mut Band<'_>, source: &Image<'_>) -> Result<()> {
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
        let mattes = self.tones.mattes(&self.analysis.frame, window, 1).map_err(Error::node)?;
        let confidence =
            self.needs_confidence.then(|| self.tones.confidence(window, 1)).transpose().map_err(Error::node)?;
        let mut line = Line { colors: vec![[0.0; 4]; inside.width()], pixels: Vec::with_capacity(inside.width()) };
        let mut read = None;
        for (wanted, row) in &mut band.rows {
            let y = row.y();
            if y < inside.y1 || y >= inside.y2 {
                picture::clear_row(row);
                continue;
            }
            if read.replace(y) != Some(y) {
                source.read_row(y, inside.x1, &mut line.colors);
                let at = (inside.y2 - 1 - y) as usize;
                line.pixels.clear();
                line.pixels.extend(line.colors.iter().enumerate().map(|(x, &source)| Pixel {
                    source,
                    mattes: std::array::from_fn(|k| mattes[[k, at, x]]),
                    confidence: confidence.as_ref().map_or(0.0, |plane| plane[[at, x]]),
                }));
            }
            if inside.width() < band.window.width() {
                picture::clear_row(row);
            }
            for (out, pixel) in line.colors.iter_mut().zip(&line.pixels) {
                *out = match wanted {
                    Wanted::Output => self.composer.compose(pixel),
                    Wanted::Matte(class) => [pixel.mattes[*class]; 4],
                    Wanted::Confidence => [pixel.confidence; 4],
                };
            }
            row.write(inside.x1, &line.colors);
        }
        Ok(())
    }
}

/// Buffers for one row.
struct Line {
    colors: Vec<[f32; 4]>,
    pixels: Vec<Pixel>,
}

/// The rows of all targets that lie between two heights.
struct Band<'a> {
    window: RectI,
    /// Rows of one height follow each other.
    rows: Vec<(Wanted, RowMut<'a>)>,
}

/// Fills the targets band by band, on the threads that the host lends, and stops when the host asks to.
fn for_each_band(
    args: &RenderArgs<'_, ToneSegment>,
    targets: &mut [(Wanted, ImageMut<'_>)],
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
        let y2 = y1.saturating_add(BAND_ROWS).min(window.y2);
        let first = rows.partition_point(|(_, row)| row.y() >= y2);
        bands.push(Mutex::new(Some(Band { window: RectI { y1, y2, ..window }, rows: rows.split_off(first) })));
        y1 = y2;
    }
    let failure = Mutex::new(None);
    args.for_each_piece(bands.len(), |i| {
        let band = bands[i].lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut band) = band else { return };
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

fn selected_model(settings: &ToneSegmentSettings, saved_id: &str, engine: &Engine) -> Result<Arc<Model>> {
    let selection = Selection { node: NODE, choice: settings.model, custom: &settings.custom_model, saved_id };
    selection.resolve(engine, &ToneClass::ALL.map(ToneClass::id))
}

/// Shows the network what it needs of a frame, unless that has been done.
fn analyse(args: &RenderArgs<'_, ToneSegment>, source: &Image<'_>, mask: Option<&Image<'_>>) -> Result<Arc<Analysis>> {
    let settings = &args.settings;
    let engine = model::engine()?;
    let model = selected_model(settings, &settings.model_id, &engine)?;
    let device = settings.device.with_index(settings.device_index);
    let (colorspace, exposure) = (settings.source_colorspace.0, settings.exposure as f32);
    let working_size = settings.working_size.max(1) as usize;
    let images: Vec<_> = [source].into_iter().chain(mask).collect();
    let rest = format!("{} {device} {colorspace:?} {exposure} {working_size}", model.id());
    let key = Key::of(args, &images, &rest);
    if let Some(analysis) = analysis::find(key) {
        return Ok(analysis);
    }
    args.check_abort()?;
    let frame = Frame {
        display: picture::display_colors(args, source, &NetworkEncoder::new(colorspace, exposure))?,
        subject: mask.map(|mask| picture::coverage(args, mask, source.bounds())).transpose()?,
    };
    args.check_abort()?;
    let size = network_size(frame.size(), working_size);
    let picture = NetworkPicture::new(&frame, size, args.thread_count()).map_err(Error::node)?;
    let stride = model.entry.stride;
    let mut inputs = vec![(Role::Image, tensor::pad_to_stride(picture.image.clone(), stride))];
    if let (Some(subject), Some(_)) = (&picture.subject, model.entry.input(Role::Subject)) {
        inputs.push((Role::Subject, tensor::pad_to_stride(subject.clone(), stride)));
    }
    let answer = engine.infer(Request { model, device, inputs }, &|| args.aborted()).map_err(model::to_node_error)?;
    if !answer.cached {
        log::info!("{NODE}: frame {}: {:.1} ms on {}", args.time, answer.milliseconds, answer.provider);
    }
    let analysis = Arc::new(Analysis::new(frame, picture, size, answer.logits));
    analysis::keep(key, &analysis);
    Ok(analysis)
}

/// Remembers the chosen model by name and hash, and says whether it can be used.
fn model_changed(args: &ChangedArgs<'_, ToneSegment>) -> Result<()> {
    let settings = args.settings();
    let found = model::engine().and_then(|engine| selected_model(&settings, "", &engine));
    let (id, status) = match found {
        Ok(model) => (model.id(), format!("{} is ready", model.entry.label)),
        Err(error) => (String::new(), error.to_string()),
    };
    let params = args.params();
    params.get(ToneSegmentSettings::custom_model)?.set_enabled(settings.model == model::CUSTOM)?;
    params.edit("Model", |params| {
        params.set(ToneSegmentSettings::model_id, id)?;
        params.set(ToneSegmentSettings::status, status)
    })
}

/// Ties a project to the model that it was begun with, as soon as the artist changes anything.
fn remember_model(args: &ChangedArgs<'_, ToneSegment>) -> Result<()> {
    let settings = args.settings();
    if !settings.model_id.is_empty() {
        return Ok(());
    }
    // A model that cannot be found is told by the render that needs it.
    match model::engine().and_then(|engine| selected_model(&settings, "", &engine)) {
        Ok(model) => args.params().set(ToneSegmentSettings::model_id, model.id()),
        Err(_) => Ok(()),
    }
}

fn check_device(args: &ChangedArgs<'_, ToneSegment>) -> Result<String> {
    let settings = args.settings();
    let engine = model::engine()?;
    let model = selected_model(&settings, &settings.model_id, &engine)?;
    let device = settings.device.with_index(settings.device_index);
    let report = engine.check_device(&model, device, &|| args.aborted()).map_err(model::to_node_error)?;
    Ok(report.to_string())
}
