//! One instance of a plug-in.

use super::{
    answers::{ClipPlanes, FramesNeeded, Identity, Preferences, RegionsOfInterest},
    change::{self, Changed, Reason},
    curve::{Curve, Key},
    description::{Description, ParamDescription},
    effect::{Effect, Life},
    history::{self, History, Way},
    image::HostImage,
    interact::Overlay,
    param::Param,
    plugin::Plugin,
    preferences,
    project::Project,
    properties::SetKind,
    property_tables, queries, render,
    request::{AbortHandle, RenderRequest},
    source::Source,
    suites::memory,
    sync::{lock, write},
    value::ParamValue,
    violation::ViolationKind,
};
use crate::{Context, Depth, Error, Field, FrameRange, ParamKind, RectD, RectI, RenderScale, Result, sys};
use std::{
    collections::BTreeMap,
    fmt,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

/// The values of an instance by parameter id, with their keys.
pub type SavedParams = BTreeMap<String, Curve>;

/// One instance. Dropping it destroys it. Every call takes `&self`, and may come from any thread.
pub struct Instance {
    effect: Arc<Effect>,
    plugin: Plugin,
    context: Context,
    description: Arc<Description>,
    project: Project,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({} {:?})", self.plugin.identifier(), self.context)
    }
}

impl Instance {
    pub(crate) fn create(plugin: &Plugin, context: Context, project: Project, params: &SavedParams) -> Result<Self> {
        let (descriptor, description) = plugin.context(context)?;
        let core = plugin.core();
        let alone = descriptor.properties.flag(sys::kOfxImageEffectPluginPropSingleInstance);
        if alone && core.live.load(Ordering::SeqCst) > 0 {
            return Err(Error::Value {
                subject: format!("plug-in {}", plugin.identifier()),
                reason: "allows one instance at a time, and there is one".into(),
            });
        }
        let effect = body(plugin, context, &project)?;
        put_curves(&effect, params)?;
        let created = queries::plain(&effect, sys::kOfxActionCreateInstance);
        if let Err(error) = created {
            reclaim(&effect);
            return Err(error);
        }
        core.live.fetch_add(1, Ordering::SeqCst);
        Ok(Self { effect, plugin: plugin.clone(), context, description: Arc::clone(description), project })
    }

    /// Its plug-in.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// The context that it was made for.
    pub fn context(&self) -> Context {
        self.context
    }

    /// The description of its context, as it was before this instance was made.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The project that it lives in.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// What plug-ins are given as this instance. For tests that call a plug-in's functions themselves.
    pub fn as_ptr(&self) -> sys::OfxImageEffectHandle {
        self.effect.raw()
    }

    /// Connects a clip; the plug-in is told, and clip preferences are asked anew.
    ///
    /// # Errors
    /// When there is no such input clip, or the plug-in fails.
    pub fn connect(&self, clip: &str, source: Arc<dyn Source>) -> Result<()> {
        self.change_clip(clip, Some(source))
    }

    /// Wants Output in a depth of its own, as a host that writes files of it does. A plug-in whose clips may not differ in
    /// depth, or that does not take this one, is asked for the nearest that it gives.
    pub fn want_output_depth(&self, depth: Depth) {
        if let Some(life) = &self.effect.life {
            *lock(&life.output_depth) = Some(depth);
        }
        self.stale();
    }

    /// Disconnects a clip.
    ///
    /// # Errors
    /// As [`Instance::connect`].
    pub fn disconnect(&self, clip: &str) -> Result<()> {
        self.change_clip(clip, None)
    }

    fn change_clip(&self, name: &str, source: Option<Arc<dyn Source>>) -> Result<()> {
        let clip = self.effect.clip(name).filter(|clip| !clip.is_output()).ok_or_else(|| {
            let known: Vec<String> = self.effect.inputs().iter().map(|clip| clip.name.clone()).collect();
            Error::Value {
                subject: format!("clip {name}"),
                reason: format!("{} has the inputs {}", self.plugin.identifier(), known.join(", ")),
            }
        })?;
        clip.connect(source);
        self.stale();
        // Preferences first: what the plug-in fetches while it is told is mapped by them.
        preferences::ensure(&self.effect)?;
        change::tell(&self.effect, Reason::UserEdited, &[Changed::Clip(name.to_owned())])
    }

    fn stale(&self) {
        if let Some(life) = &self.effect.life {
            life.stale.store(true, Ordering::SeqCst);
        }
    }

    /// Sets a parameter at every time, as an artist does: keys go, and the plug-in is told.
    ///
    /// # Errors
    /// When there is no such parameter, the value does not fit, or the plug-in fails.
    pub fn set(&self, id: &str, value: &ParamValue) -> Result<()> {
        let param = change::find(&self.effect, id)?;
        param.description().check(value)?;
        self.change_param(&param, |curve| curve.set(value.clone()))
    }

    /// Sets a key, as an artist does, and the plug-in is told.
    ///
    /// # Errors
    /// As [`Instance::set`], and when the parameter cannot have keys.
    pub fn set_at(&self, id: &str, time: f64, value: &ParamValue) -> Result<()> {
        let param = change::find(&self.effect, id)?;
        param.description().check(value)?;
        if !param.animates(&self.effect.host) || !time.is_finite() {
            return Err(Error::Value {
                subject: format!("parameter {id}"),
                reason: format!("cannot have a key at frame {time}: it does not animate in this host"),
            });
        }
        self.change_param(&param, |curve| curve.set_key(time, value.clone()))
    }

    fn change_param(&self, param: &Param, change: impl FnOnce(&mut Curve)) -> Result<()> {
        let history = self.effect.life.as_ref().map(|life| &life.history);
        // What the plug-in changes in answer belongs to the same step.
        let _step = history.map(|history| history.open(&format!("Set {}", param.name)));
        if let Some(history) = history {
            history.record(param);
        }
        param.change(change).ok_or_else(|| no_value(param))?;
        change::mark(&self.effect, &param.name);
        change::tell(&self.effect, Reason::UserEdited, &[Changed::Param(param.name.clone())])
    }

    /// The value at the current time.
    ///
    /// # Errors
    /// When there is no such parameter, or it has no value.
    pub fn get(&self, id: &str) -> Result<ParamValue> {
        self.get_at(id, self.time())
    }

    /// The value at a time.
    ///
    /// # Errors
    /// As [`Instance::get`].
    pub fn get_at(&self, id: &str, time: f64) -> Result<ParamValue> {
        let param = change::find(&self.effect, id)?;
        param.value(time).ok_or_else(|| no_value(&param))
    }

    /// The keys of a parameter.
    ///
    /// # Errors
    /// As [`Instance::get`].
    pub fn keys(&self, id: &str) -> Result<Vec<Key>> {
        let param = change::find(&self.effect, id)?;
        param.curve.as_ref().map(|curve| lock(curve).keys.clone()).ok_or_else(|| no_value(&param))
    }

    /// A parameter as the plug-in describes it now: options, ranges, secrecy may have changed since it was described.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn param(&self, id: &str) -> Result<ParamDescription> {
        Ok(change::find(&self.effect, id)?.description())
    }

    /// Whether the artist does not see a parameter now.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn is_secret(&self, id: &str) -> Result<bool> {
        Ok(change::find(&self.effect, id)?.properties.flag(sys::kOfxParamPropSecret))
    }

    /// Whether the artist can change a parameter now.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn is_enabled(&self, id: &str) -> Result<bool> {
        Ok(change::find(&self.effect, id)?.properties.int(sys::kOfxParamPropEnabled) != Some(0))
    }

    /// Presses a button.
    ///
    /// # Errors
    /// When there is no such button, or the plug-in fails.
    pub fn press(&self, id: &str) -> Result<()> {
        let param = change::find(&self.effect, id)?;
        if param.kind != ParamKind::PushButton {
            return Err(Error::Value {
                subject: format!("parameter {id}"),
                reason: format!("is a {:?}, not a button", param.kind),
            });
        }
        change::tell(&self.effect, Reason::UserEdited, &[Changed::Param(id.to_owned())])
    }

    /// The current time: what `paramGetValue` and the timeline suite speak of.
    pub fn time(&self) -> f64 {
        self.effect.time()
    }

    /// Shows proxies from now on: outside of renders the plug-in is told this scale, and gets images at it.
    pub fn set_proxy(&self, scale: RenderScale) {
        if let Some(life) = &self.effect.life {
            *lock(&life.proxy) = scale;
        }
    }

    /// Moves the current time; the plug-in is told of every animated parameter.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn set_time(&self, time: f64) -> Result<()> {
        if let Some(life) = &self.effect.life {
            *lock(&life.time) = time;
        }
        let animated: Vec<Changed> = self
            .effect
            .all_params()
            .iter()
            .filter(|param| param.curve.as_ref().is_some_and(|curve| lock(curve).is_animated()))
            .map(|param| Changed::Param(param.name.clone()))
            .collect();
        if animated.is_empty() {
            return Ok(());
        }
        change::tell(&self.effect, Reason::Time, &animated)
    }

    /// How the plug-in wants its clips, asked again where something it depends on has changed.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn clip_preferences(&self) -> Result<Preferences> {
        preferences::ensure(&self.effect)
    }

    /// The canonical rectangle that the output fills.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn region_of_definition(&self, time: f64, scale: RenderScale) -> Result<RectD> {
        queries::region_of_definition(&self.effect, time, scale)
    }

    /// The part of each input needed for `region` (canonical) of the output.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn regions_of_interest(&self, time: f64, scale: RenderScale, region: RectD) -> Result<RegionsOfInterest> {
        queries::regions_of_interest(&self.effect, time, scale, region)
    }

    /// The frames of each input needed for the output at `time`.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn frames_needed(&self, time: f64) -> Result<FramesNeeded> {
        queries::frames_needed(&self.effect, time)
    }

    /// Whether the output equals an input.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn is_identity(&self, time: f64, scale: RenderScale, window: RectI, field: Field) -> Result<Option<Identity>> {
        queries::is_identity(&self.effect, time, scale, window, field)
    }

    /// The frames over which there is an output.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn time_domain(&self) -> Result<FrameRange> {
        queries::time_domain(&self.effect)
    }

    /// The planes of each clip. Empty where the plug-in or the host knows none.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn clip_components(&self, time: f64) -> Result<ClipPlanes> {
        queries::clip_components(&self.effect, time)
    }

    /// Renders one frame; one image for each plane asked for, under the name it was asked by (color is `""`).
    ///
    /// # Errors
    /// [`Error::Aborted`] when it was stopped; otherwise what the plug-in answered, with its message.
    pub fn render(&self, request: &RenderRequest) -> Result<Vec<(String, HostImage)>> {
        render::one(&self.effect, request)
    }

    /// Renders frames on up to `threads` threads, as far as the plug-in allows, in one sequence. `each` gets them in
    /// the order of `frames`, on the calling thread; `Break` stops.
    ///
    /// # Errors
    /// When the plug-in refuses to begin or to end the sequence; errors of single frames go to `each`.
    pub fn render_range(
        &self,
        frames: &[f64],
        threads: usize,
        request: &RenderRequest,
        each: impl FnMut(f64, Result<Vec<(String, HostImage)>>) -> ControlFlow<()>,
    ) -> Result<()> {
        render::range(&self.effect, frames, threads, request, each)
    }

    /// Stops renders of this instance.
    pub fn abort_handle(&self) -> AbortHandle {
        self.effect.life.as_ref().map(|life| life.abort.clone()).unwrap_or_default()
    }

    /// Every value that a project saves. The plug-in is asked to sync its private data first where it wants that.
    ///
    /// # Errors
    /// When the plug-in fails to sync.
    pub fn save_params(&self) -> Result<SavedParams> {
        if self.effect.properties.int(sys::kOfxPropParamSetNeedsSyncing) != Some(0) {
            self.sync_private_data()?;
            self.effect.properties.put_ints(sys::kOfxPropParamSetNeedsSyncing, &[0]);
        }
        Ok(self.effect.curves().collect())
    }

    /// Takes over saved values, as one change by the artist. Parameters not in `params` stay as they are.
    ///
    /// # Errors
    /// When a value belongs to no parameter or does not fit (then nothing is changed), or the plug-in fails.
    pub fn load_params(&self, params: &SavedParams) -> Result<()> {
        let history = self.effect.life.as_ref().map(|life| &life.history);
        let _step = history.map(|history| history.open("Load"));
        for param in self.effect.all_params().iter().filter(|param| params.contains_key(&param.name)) {
            if let Some(history) = history {
                history.record(param);
            }
        }
        put_curves(&self.effect, params)?;
        self.stale();
        let changes: Vec<Changed> = params.keys().map(|id| Changed::Param(id.clone())).collect();
        if changes.is_empty() { Ok(()) } else { change::tell(&self.effect, Reason::UserEdited, &changes) }
    }

    /// Tells the plug-in that its panel was opened.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn begin_edit(&self) -> Result<()> {
        queries::plain(&self.effect, sys::kOfxActionBeginInstanceEdit)
    }

    /// Tells the plug-in that its last panel was closed.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn end_edit(&self) -> Result<()> {
        queries::plain(&self.effect, sys::kOfxActionEndInstanceEdit)
    }

    /// Makes the plug-in's overlay; `None` when it has none, or this host offers none.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn overlay(&self) -> Result<Option<Overlay>> {
        Overlay::open(&self.effect, &self.plugin.context(self.context)?.0)
    }

    /// Asks the plug-in to write its private state into its parameters.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn sync_private_data(&self) -> Result<()> {
        queries::plain(&self.effect, sys::kOfxActionSyncPrivateData)
    }

    /// Asks the plug-in to give memory back.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn purge_caches(&self) -> Result<()> {
        queries::plain(&self.effect, sys::kOfxActionPurgeCaches)
    }

    /// The labels of the undo steps that the plug-in has made by paramEditBegin and paramEditEnd.
    pub fn undo_blocks(&self) -> Vec<String> {
        self.effect.life.as_ref().map(|life| life.history.blocks()).unwrap_or_default()
    }

    /// The labels of the steps that can be undone, the latest last. Changes by the artist are steps too; each is one with
    /// what the plug-in changed in answer.
    pub fn undo_steps(&self) -> Vec<String> {
        self.effect.life.as_ref().map(|life| life.history.steps()).unwrap_or_default()
    }

    /// Takes back the last step; its label, or `None` where there is none. Some hosts do not tell plug-ins of it, which
    /// is what `tell` being false plays.
    ///
    /// # Errors
    /// When the plug-in, being told, fails.
    pub fn undo(&self, tell: bool) -> Result<Option<String>> {
        history::travel(&self.effect, Way::Undo, tell)
    }

    /// Does again what was undone last.
    ///
    /// # Errors
    /// As [`Instance::undo`].
    pub fn redo(&self, tell: bool) -> Result<Option<String>> {
        history::travel(&self.effect, Way::Redo, tell)
    }

    /// The persistent message that stands now.
    pub fn persistent_message(&self) -> Option<String> {
        let life = self.effect.life.as_ref()?;
        lock(&life.persistent).as_ref().map(|message| message.text.clone())
    }
}

/// What an instance is to the suites, before the plug-in has seen it.
pub(crate) fn body(plugin: &Plugin, context: Context, project: &Project) -> Result<Arc<Effect>> {
    let (descriptor, description) = plugin.context(context)?;
    let core = plugin.core();
    let host = core.host.core();
    let planes: &[property_tables::Spec] = if host.options.multi_plane { property_tables::MULTI_PLANE } else { &[] };
    let set = descriptor.properties.copy_as(host, SetKind::EffectInstance, &[property_tables::EFFECT_INSTANCE, planes]);
    set.put_strings(sys::kOfxImageEffectPropContext, [context.ofx_name()]);
    set.put_pointer(sys::kOfxImageEffectPropPluginHandle, core.descriptor.raw().addr());
    set.put_doubles(sys::kOfxImageEffectPropProjectSize, &project.size);
    set.put_doubles(sys::kOfxImageEffectPropProjectOffset, &project.offset);
    set.put_doubles(sys::kOfxImageEffectPropProjectExtent, &project.extent);
    set.put_doubles(sys::kOfxImageEffectPropProjectPixelAspectRatio, &[project.pixel_aspect]);
    set.put_doubles(sys::kOfxImageEffectPropFrameRate, &[project.frame_rate]);
    let duration = (project.range.max - project.range.min + 1.0).max(0.0);
    set.put_doubles(sys::kOfxImageEffectInstancePropEffectDuration, &[duration]);
    set.put_ints(sys::kOfxPropIsInteractive, &[i32::from(!host.options.background)]);
    let several = descriptor.properties.flag(sys::kOfxImageEffectPropSupportsMultipleClipDepths);
    let life = Life {
        context,
        time: Mutex::new(project.range.min),
        proxy: Mutex::new(RenderScale::FULL),
        project: project.clone(),
        abort: AbortHandle::default(),
        preferences: Mutex::default(),
        stale: AtomicBool::new(true),
        preference_params: descriptor.properties.texts(sys::kOfxImageEffectPropClipPreferencesSlaveParam),
        depths: description.depths.clone(),
        multiple_depths: several && host.options.multiple_depths,
        output_depth: Mutex::default(),
        thread_safety: description.thread_safety,
        multi_plane: description.multi_plane,
        history: History::default(),
        progress: Mutex::default(),
        persistent: Mutex::default(),
        render_turn: Mutex::default(),
        temporal: description.temporal,
        nested_changes: AtomicU32::new(0),
    };
    let effect = Effect::new(host, &core.binary, set, Some(life));
    *write(&effect.params) = descriptor.all_params().iter().map(|p| p.instantiate(host, &effect)).collect();
    *write(&effect.clips) = descriptor.all_clips().iter().map(|c| c.instantiate(host, &effect)).collect();
    Ok(effect)
}

fn no_value(param: &Param) -> Error {
    Error::Value {
        subject: format!("parameter {}", param.name),
        reason: format!("is a {:?}: it has no value", param.kind),
    }
}

/// Sets curves without telling the plug-in: all, or none when one does not fit.
pub(crate) fn put_curves(effect: &Arc<Effect>, params: &SavedParams) -> Result<()> {
    let mut checked = Vec::new();
    for (id, curve) in params {
        let param = change::find(effect, id)?;
        let description = param.description();
        description.check(&curve.constant)?;
        for key in &curve.keys {
            description.check(&key.value)?;
        }
        if curve.is_animated() && !param.animates(&effect.host) {
            return Err(Error::Value {
                subject: format!("parameter {id}"),
                reason: "cannot have keys in this host".into(),
            });
        }
        checked.push((param, curve.clone()));
    }
    for (param, curve) in checked {
        param.change(|own| *own = curve);
    }
    Ok(())
}

/// Takes back the memory of an instance that goes.
pub(crate) fn reclaim(effect: &Arc<Effect>) {
    let own = effect.raw().addr();
    for bytes in memory::take_back(|owner| owner.instance == own) {
        let detail = format!("{bytes} bytes");
        let name = sys::kOfxActionDestroyInstance;
        effect.host.violation_of(&effect.binary.identifier, name, ViolationKind::MemoryNotFreed, detail);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let destroyed: Result<(), Error> = queries::plain(&self.effect, sys::kOfxActionDestroyInstance);
        if let Err(error) = destroyed {
            log::warn!("{error}");
        }
        reclaim(&self.effect);
        self.plugin.core().live.fetch_sub(1, Ordering::SeqCst);
    }
}
