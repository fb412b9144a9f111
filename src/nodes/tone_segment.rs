//! ToneSegment: five soft tonal mattes of a moving picture.

mod analysis;
mod around;
mod fill;
mod input;
mod looks;
mod mattes;
mod output;
mod settings;
mod smoothing;

use super::colorspace;
use super::kept::lock;
use super::meter;
use super::model::{self, Selection};
use super::model_choice::{self, ModelChoice, Usable};
use super::network_settings::{EncodingSettings, NetworkSettings};
use super::picture;
use super::stages;
use fill::{Prepared, Wanted, for_each_band};
use inference::{Engine, Extent, InstanceGuard, Model};
use input::Mask;
use ofx_sdk::plugin::*;
use ofx_sdk::{Components, Context, Depth, Error, RectD, Result};
pub use settings::{Output, ToneClass, ToneSegmentSettings};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The node's name in the manifest of models.
const NODE: &str = "ToneSegment";

/// The subject. Outside it everything is background.
const MASK: Clip = Clip::input(c"Mask").optional().mask().temporal().components(&[
    Components::Alpha,
    Components::Rgba,
    Components::Rgb,
]);

/// How the names of hosts begin that take planes of any name: Natron, and our own.
const HOSTS_WITH_NAMED_PLANES: [&str; 2] = ["fr.inria.Natron", "org.rotocel."];

/// See the module.
pub struct ToneSegment {
    /// Keeps sessions open while the node exists.
    _alive: Option<InstanceGuard>,
    /// Keeps analyses while any node exists.
    _keeps: analysis::Keeper,
    /// Keeps what smoothing needs while any node smooths.
    smooths: Mutex<Option<analysis::Keeper>>,
    /// What the artist was told.
    notices: around::Notices,
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
        clips: &[Clip::SOURCE.temporal().components(&[Components::Rgba, Components::Rgb]), MASK],
        output: &[Components::Rgba],
        depths: &[Depth::Float, Depth::Half, Depth::Short, Depth::Byte],
        temporal_access: true,
        planes: true,
        preference_params: &["output"],
        ..Descriptor::DEFAULT
    };

    fn declarations(host: &Host) -> Vec<Declaration> {
        colorspace::for_host(ToneSegmentSettings::declarations(), &host.name)
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
        let alive = model::engine().ok().map(|engine| engine.instance_guard());
        Ok(Self {
            _alive: alive,
            _keeps: analysis::NODES.join(),
            smooths: Mutex::default(),
            notices: around::Notices::default(),
        })
    }

    fn created(&self, args: &CreatedArgs<'_, Self>) -> Result<()> {
        args.params().get(NetworkSettings::custom_model)?.set_enabled(args.settings_at(0.0).model == model::CUSTOM)
    }

    fn region_of_definition(&self, args: &QueryArgs<'_, Self>) -> Result<Option<RectD>> {
        // Without a Source there is nothing to cover, and the host's own answer will do.
        Ok(source_region(args))
    }

    /// A tone depends on all of the picture.
    fn regions_of_interest(&self, args: &QueryArgs<'_, Self>, _region: RectD) -> Result<RegionsOfInterest> {
        let needed = RegionsOfInterest::default();
        let Some(whole) = source_region(args) else { return Ok(needed) };
        let needed = needed.need(&Clip::SOURCE, whole);
        Ok(if args.settings.use_mask { needed.need(&MASK, whole) } else { needed })
    }

    fn frames_needed(&self, args: &QueryArgs<'_, Self>) -> Result<FramesNeeded> {
        let reach = args.settings.temporal_smoothing;
        if reach == 0 || !args.host().supports_temporal_access {
            return Ok(FramesNeeded::default());
        }
        let range = args.clip(&Clip::SOURCE).ok().and_then(|clip| clip.frame_range());
        let frames = around::reachable(range, args.time, reach);
        let needed = FramesNeeded::default().need(&Clip::SOURCE, [frames]);
        // Natron renders every frame that is asked for.
        Ok(if args.settings.use_mask { needed.need(&MASK, [frames]) } else { needed })
    }

    fn clip_preferences(&self, args: &EditArgs<'_, Self>) -> Result<ClipPreferences> {
        Ok(ClipPreferences::default()
            .components(&Clip::OUTPUT, Components::Rgba)
            .premultiplication(args.settings().output.premultiplication()))
    }

    /// Natron takes planes of any name; Nuke's are fixed to color, motion and disparity.
    fn clip_components(&self, args: &QueryArgs<'_, Self>) -> Result<ClipComponents> {
        if !HOSTS_WITH_NAMED_PLANES.iter().any(|host| args.host().name.starts_with(host)) {
            return Ok(ClipComponents::default());
        }
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
        let accepted = args.is(NetworkSettings::accept_model);
        if accepted || args.is(ToneSegmentSettings::model) || args.is(NetworkSettings::custom_model) {
            return model_changed(args, accepted);
        }
        // A host that refuses it must not keep the artist from what was pressed.
        if let Err(error) = remember_model(args) {
            log::warn!("{NODE}: the project does not remember its model: {error}");
        }
        // A narrower window must not keep the room of a wider one.
        if args.is(ToneSegmentSettings::temporal_smoothing) {
            analysis::forget_neighbors();
        }
        if args.is(EncodingSettings::meter) {
            return meter::set_exposure(args, ToneSegmentSettings::status);
        }
        if args.is(NetworkSettings::check_device) {
            self.notices.device.again();
            let status = check_device(args).unwrap_or_else(|e| e.to_string());
            return args.params().set(ToneSegmentSettings::status, status);
        }
        if args.is(NetworkSettings::device) || args.is(NetworkSettings::device_index) {
            return args.params().set(ToneSegmentSettings::status, "not checked: press Check device");
        }
        Ok(())
    }

    fn purge_caches(&self) {
        analysis::forget();
        if let Some(engine) = Engine::existing() {
            engine.purge();
        }
        release_free_memory();
    }

    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        let mut targets = args
            .planes
            .iter()
            .filter_map(Wanted::of)
            .map(|wanted| Ok((wanted, args.output_plane(&wanted.plane())?)))
            .collect::<Result<Vec<_>>>()?;
        if targets.is_empty() {
            return Ok(());
        }
        let Some(source) = args.image(&Clip::SOURCE)?.filter(|image| !image.bounds().is_empty()) else {
            targets.iter_mut().for_each(|(_, image)| picture::clear(image));
            return Ok(());
        };
        self.count_smoothing(args.settings.temporal_smoothing > 0);
        let mask = Mask::at(args, args.time)?;
        // What came before is the host's own work: it makes its images when they are asked for.
        let start = Instant::now();
        let prepared = Prepared::new(args, &source, &mask, &targets, &self.notices)?;
        for_each_band(args, &mut targets, prepared.band_rows(), |rows| prepared.fill(rows, &source))?;
        stages::report(NODE, start);
        Ok(())
    }
}

impl ToneSegment {
    /// Notes whether this node smooths.
    fn count_smoothing(&self, smooths: bool) {
        let mut member = lock(&self.smooths);
        if smooths {
            member.get_or_insert_with(|| analysis::SMOOTHING_NODES.join());
        } else {
            *member = None;
        }
    }
}

/// The area that Source covers, if there is one.
fn source_region(args: &QueryArgs<'_, ToneSegment>) -> Option<RectD> {
    args.clip(&Clip::SOURCE).and_then(|clip| clip.region_of_definition(args.time)).ok()
}

fn selection<'a>(settings: &'a ToneSegmentSettings, saved_id: &'a str) -> Selection<'a> {
    Selection { node: NODE, choice: settings.model, custom: &settings.network.custom_model, saved_id }
}

fn selected_model(settings: &ToneSegmentSettings, saved_id: &str, engine: &Engine) -> Result<Arc<Model>> {
    let model = selection(settings, saved_id).resolve(engine, &ToneClass::ALL.map(ToneClass::id))?;
    if model.entry.output.extent != Extent::Picture {
        return Err(Error::node(format!(
            "model \"{}\" ({}) does not answer for each pixel; {NODE} needs an output of the extent \"picture\": choose another in Model",
            model.entry.name,
            model.path.display()
        )));
    }
    if let Some(size) = model.entry.inputs.iter().find_map(|input| input.size) {
        return Err(Error::node(format!(
            "model \"{}\" ({}) takes pictures of {size}x{size} pixels alone, and {NODE} shows it whole frames: export it with \
             dynamic height and width, and leave size out of its entry",
            model.entry.name,
            model.path.display()
        )));
    }
    Ok(model)
}

/// Remembers a newly chosen or `accepted` model by name and hash, and says whether it can be used.
fn model_changed(args: &ChangedArgs<'_, ToneSegment>, accepted: bool) -> Result<()> {
    let settings = args.settings();
    let choice = ModelChoice::new(&settings.network, NODE, selection(&settings, "").chosen_by(), accepted);
    let expected = choice.expected_id(&settings.network);
    let found = model::engine().and_then(|engine| selected_model(&settings, expected, &engine));
    let usable = found.map(|model| Usable { id: model.id(), label: model.entry.label.clone() });
    let params = args.params();
    choice.settle(&params, ToneSegmentSettings::status, usable, || {
        params.get(NetworkSettings::custom_model)?.set_enabled(settings.model == model::CUSTOM)
    })
}

/// Ties a project to the model that it was begun with, as soon as the artist changes anything.
fn remember_model(args: &ChangedArgs<'_, ToneSegment>) -> Result<()> {
    let settings = args.settings();
    if !settings.network.model_id.is_empty() {
        return Ok(());
    }
    let chosen_by = selection(&settings, "").chosen_by();
    // A model that cannot be found is told by the render that needs it.
    match model::engine().and_then(|engine| selected_model(&settings, "", &engine)) {
        Ok(model) => args.params().edit("Model", |params| model_choice::remember(params, model.id(), chosen_by)),
        Err(_) => Ok(()),
    }
}

fn check_device(args: &ChangedArgs<'_, ToneSegment>) -> Result<String> {
    let settings = args.settings();
    let engine = model::engine()?;
    let model = selected_model(&settings, &settings.network.model_id, &engine)?;
    let device = settings.network.engine_device();
    let report = engine.check_device(&model, device, &|| args.aborted()).map_err(model::to_node_error)?;
    Ok(report.to_string())
}
