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
use super::meter;
use super::model;
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
pub use settings::FeatureDetectSettings;
use settings::{AnalysisSettings, ExchangeSettings};
use std::sync::atomic::{AtomicBool, Ordering};

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
        })
    }

    fn created(&self, args: &CreatedArgs<'_, Self>) -> Result<()> {
        let settings = args.settings_at(0.0);
        appearance::dress(&args.params(), &settings, &appearance::likely_topology()?)
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
    /// Does what the artist's change of a parameter asks for.
    fn react(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        let Changed::Param(id) = &args.what else { return Ok(()) };
        let is = |other: &str| id == other;
        if self.analysing.load(Ordering::Acquire) && NOT_WHILE_ANALYSING.into_iter().any(is) {
            return Err(Error::node("an analysis goes on: wait for its end, or cancel it".to_owned()));
        }
        let accepted = is(NetworkSettings::accept_model.name());
        if accepted || is(AnalysisSettings::model.name()) || is(NetworkSettings::custom_model.name()) {
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
    let chosen_by = Networks::chosen_by(&settings.analysis);
    let network = &settings.analysis.network;
    let is_new = accepted || network.is_new_choice(&chosen_by);
    let found = Networks::chosen(&settings.analysis, if is_new { "" } else { &network.model_id });
    let (found_id, status) = match &found {
        Ok(networks) => (Some(networks.id()), format!("{} is ready", networks.label())),
        Err(error) => (None, error.to_string()),
    };
    let nothing_accepted = (accepted && found_id.is_none()).then(|| status.clone());
    let params = args.params();
    params.edit("Model", |params| {
        // Accepting what cannot be read would forget what the project was made with.
        if is_new && (found_id.is_some() || !accepted) {
            params.set(NetworkSettings::model_id, found_id.unwrap_or_default())?;
            params.set(NetworkSettings::model_chosen_by, chosen_by)?;
        }
        params.set(AnalysisSettings::status, status)
    })?;
    // Last, because a host may refuse it, and the choice must count all the same.
    match found {
        Ok(networks) => appearance::dress(&params, &settings, networks.topology()),
        Err(_) => appearance::dress(&params, &settings, &appearance::likely_topology()?),
    }?;
    nothing_accepted.map_or(Ok(()), |reason| Err(Error::node(reason)))
}
