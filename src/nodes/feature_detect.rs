//! FeatureDetect: landmarks of a face over a shot, and editable Bézier shapes through them.

mod analyse;
mod appearance;
mod correct;
mod draw;
mod exchange;
mod face;
mod fill;
mod freshness;
mod import;
mod input;
mod locate;
mod mirrored;
mod networks;
mod output;
mod overlay;
mod results;
mod review;
mod settings;
mod shape_model;
mod steady;

use super::colorspace;
use super::kept::lock;
use super::meter;
use super::model;
use super::model_choice::{ModelChoice, Usable};
use super::network_settings::{EncodingSettings, NetworkSettings};
use super::picture;
use analyse::Wish;
use freshness::SeenPictures;
use inference::{Engine, InstanceGuard};
use networks::Networks;
use ofx_sdk::plugin::overlay::OverlayEntry;
use ofx_sdk::plugin::*;
use ofx_sdk::{Components, Context, Depth, Error, RectD, Result};
use results::Store;
use roto::Grip;
pub use settings::FeatureDetectSettings;
use settings::{AnalysisSettings, ExchangeSettings};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The node's name in the manifest of models.
const NODE: &str = "FeatureDetect";

/// A rough matte around the face.
const CROP: Clip = Clip::input(c"Crop").optional().mask().temporal().components(&[
    Components::Alpha,
    Components::Rgba,
    Components::Rgb,
]);

/// See the module.
pub struct FeatureDetect {
    /// Keeps sessions open while the node exists.
    _alive: Option<InstanceGuard>,
    /// The stored texts, decoded.
    store: Store,
    /// What frames of Source looked like last.
    seen_pictures: SeenPictures,
    /// Whether an analysis goes on. Natron's progress panel lets an artist press other buttons meanwhile.
    analysing: AtomicBool,
    /// What is selected in the viewer that was used last, for buttons of the panel.
    selection: Mutex<BTreeSet<Grip>>,
    /// Whether the panel shows the shapes of a custom model. It is opened when the artist first touches the node: not on
    /// opening a project, when every node would.
    shows_custom: AtomicBool,
}

/// What would be lost when an analysis that goes on is stored, or would undo it.
const NOT_WHILE_ANALYSING: [&str; 5] = [
    AnalysisSettings::analyse.name(),
    AnalysisSettings::analyse_frame.name(),
    AnalysisSettings::clear_analysis.name(),
    AnalysisSettings::load_analysis.name(),
    ExchangeSettings::import.name(),
];

impl Effect for FeatureDetect {
    type Settings = FeatureDetectSettings;

    const DESCRIPTOR: Descriptor = Descriptor {
        identifier: c"org.rotocel.FeatureDetect",
        version: (1, 0),
        label: "FeatureDetect",
        group: "Rotocel",
        description: "Finds the landmarks of a face over a shot, lets an artist correct them, makes Bézier shapes of them, and \
                      hands both over as mattes, roto nodes, trackers and files.",
        contexts: &[Context::Filter, Context::General],
        clips: &[Clip::SOURCE.temporal().components(&[Components::Rgba, Components::Rgb]), CROP],
        output: &[Components::Rgba],
        depths: &[Depth::Float, Depth::Half, Depth::Short, Depth::Byte],
        temporal_access: true,
        preference_params: &["output"],
        ..Descriptor::DEFAULT
    };

    const OVERLAY: Option<OverlayEntry<Self>> = Some(OverlayEntry::of::<overlay::FeatureOverlay>());

    fn declarations(host: &Host) -> Vec<Declaration> {
        colorspace::for_host(FeatureDetectSettings::declarations(), &host.name)
    }

    fn load(_host: &Host) -> Result<()> {
        log_to_stderr("ROTOCEL_LOG");
        Ok(())
    }

    fn unload() {
        results::forget();
        if let Some(engine) = Engine::existing() {
            engine.shutdown();
        }
    }

    fn create(_host: &Host) -> Result<Self> {
        // A farm's misspelled override is told at the first analysis, where the artist sees it.
        let alive = model::engine().ok().map(|engine| engine.instance_guard());
        Ok(Self {
            _alive: alive,
            store: Store::default(),
            seen_pictures: SeenPictures::default(),
            analysing: AtomicBool::new(false),
            selection: Mutex::default(),
            shows_custom: AtomicBool::new(false),
        })
    }

    fn created(&self, args: &CreatedArgs<'_, Self>) -> Result<()> {
        let settings = args.settings_at(0.0);
        // Numbers are better than the wrong names; those of a custom model come when the artist first touches the node.
        match settings.analysis.model {
            model::CUSTOM => appearance::number(&args.params(), &settings),
            _ => appearance::dress(&args.params(), &settings, &appearance::likely_topology()?),
        }
    }

    fn region_of_definition(&self, args: &QueryArgs<'_, Self>) -> Result<Option<RectD>> {
        // Without a Source there is nothing to cover, and the host's own answer will do.
        Ok(args.clip(&Clip::SOURCE).and_then(|clip| clip.region_of_definition(args.time)).ok())
    }

    fn clip_preferences(&self, args: &EditArgs<'_, Self>) -> Result<ClipPreferences> {
        Ok(ClipPreferences::default()
            .components(&Clip::OUTPUT, Components::Rgba)
            .premultiplication(args.settings().output.output.premultiplication())
            // Of a still, too: shapes move on it.
            .frame_varying(true))
    }

    fn changed(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        if matches!(args.what, Changed::Clip(_)) {
            self.seen_pictures.forget();
        }
        if args.reason != ChangeReason::UserEdited {
            return Ok(());
        }
        self.show_custom(args);
        match self.react(args) {
            Err(Error::Aborted) => Err(Error::Aborted),
            Err(error) => {
                // The message passes; the status stays to be read.
                args.params().set(AnalysisSettings::status, error.to_string())?;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    fn purge_caches(&self) {
        results::forget();
        picture::forget();
        if let Some(engine) = Engine::existing() {
            engine.purge();
        }
        release_free_memory();
    }

    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        fill::render(self, args)
    }
}

impl FeatureDetect {
    /// Names the shapes of a custom model in the panel, once. That it cannot be opened is told by what needs it.
    fn show_custom(&self, args: &ChangedArgs<'_, Self>) {
        let settings = args.settings();
        if settings.analysis.model != model::CUSTOM || self.shows_custom.load(Ordering::Acquire) {
            return;
        }
        if let Ok(networks) = Networks::open(&settings.analysis) {
            let shown = appearance::dress(&args.params(), &settings, networks.topology());
            self.shows_custom.store(true, Ordering::Release);
            if let Err(error) = shown {
                log::debug!("the panel keeps its looks: {error}");
            }
        }
    }

    /// Does what the artist's change of a parameter asks for.
    fn react(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        let Changed::Param(id) = &args.what else { return Ok(()) };
        let is = |other: &str| id == other;
        if self.analysing.load(Ordering::Acquire) && NOT_WHILE_ANALYSING.into_iter().any(is) {
            return Err(Error::node("an analysis goes on: wait for its end, or cancel it".to_owned()));
        }
        if is(AnalysisSettings::selected_point.name()) {
            // The last choice wins over what a viewer had selected.
            lock(&self.selection).clear();
        }
        let accepted = is(NetworkSettings::accept_model.name());
        if accepted || is(AnalysisSettings::model.name()) || is(NetworkSettings::custom_model.name()) {
            // Another model has other points.
            lock(&self.selection).clear();
            return model_changed(args, accepted);
        }
        if is(NetworkSettings::check_device.name()) {
            let status = Networks::open(&args.settings().analysis)?.check_device(&|| args.aborted())?;
            return args.params().set(AnalysisSettings::status, status);
        }
        if is(EncodingSettings::meter.name()) {
            return meter::set_exposure(args, AnalysisSettings::status);
        }
        if is(AnalysisSettings::analyse.name()) {
            return analyse::analyse(self, args, Wish::Range);
        }
        if is(AnalysisSettings::analyse_frame.name()) {
            return analyse::analyse(self, args, Wish::ThisFrame);
        }
        if is(AnalysisSettings::clear_analysis.name()) {
            return analyse::clear(args);
        }
        correct::react(self, args, id)
    }
}

/// Remembers a newly chosen or `accepted` model by name and hash, takes over the names of its shapes, and says whether it can be used.
fn model_changed(args: &ChangedArgs<'_, FeatureDetect>, accepted: bool) -> Result<()> {
    let settings = args.settings();
    let network = &settings.analysis.network;
    let choice = ModelChoice::new(network, NODE, Networks::chosen_by(&settings.analysis), accepted);
    let found = Networks::chosen(&settings.analysis, choice.expected_id(network));
    let topology = match &found {
        Ok(networks) => Arc::clone(networks.topology()),
        Err(_) => Arc::new(appearance::likely_topology()?),
    };
    let usable = found.map(|networks| Usable { id: networks.id(), label: networks.label().to_owned() });
    let params = args.params();
    choice.settle(&params, AnalysisSettings::status, usable, || appearance::dress(&params, &settings, &topology))
}
