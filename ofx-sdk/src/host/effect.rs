//! A plug-in's descriptor, the descriptor of one context, or an instance: all are effects to the standard.

use super::{
    action::{self, Action, Frame, MainEntry, SetHost},
    answers::Preferences,
    clip::Clip,
    curve::Curve,
    description::ThreadSafety,
    handles::{Handle, Object},
    history::History,
    message::Message,
    param::Param,
    plugin::HostCore,
    project::Project,
    properties::PropertySet,
    request::AbortHandle,
    sync::{lock, read},
    violation::ViolationKind,
};
use crate::{Context, Depth, RenderScale, Status, sys};
use libloading::Library;
use std::{
    ffi::{CStr, c_void},
    fmt,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU32},
    },
};

/// The code behind a plug-in.
pub(crate) struct Binary {
    pub identifier: String,
    pub version: (u32, u32),
    pub entry: MainEntry,
    pub set_host: Option<SetHost>,
    /// The bundle's path; empty for a table in this process.
    pub path: String,
    /// Held during render by plug-ins that stand one render at a time in the whole process.
    pub render_turn: Arc<Mutex<()>>,
    /// Keeps the code loaded.
    pub _library: Option<Arc<Library>>,
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.identifier, self.version)
    }
}

/// What only an instance has.
pub(crate) struct Life {
    pub context: Context,
    pub project: Project,
    pub time: Mutex<f64>,
    /// The scale of images outside of renders.
    pub proxy: Mutex<RenderScale>,
    pub abort: AbortHandle,
    pub preferences: Mutex<Option<Preferences>>,
    /// Whether clip preferences have to be asked for again.
    pub stale: AtomicBool,
    /// Parameters that clip preferences depend on.
    pub preference_params: Vec<String>,
    /// Depths that the plug-in takes.
    pub depths: Vec<Depth>,
    /// Whether its clips may differ in depth, in this host.
    pub multiple_depths: bool,
    /// The depth that the host wants Output in; that of the deepest input otherwise.
    pub output_depth: Mutex<Option<Depth>>,
    pub thread_safety: ThreadSafety,
    pub multi_plane: bool,
    /// What can be undone.
    pub history: History,
    pub progress: Mutex<Option<String>>,
    pub persistent: Mutex<Option<Message>>,
    /// Held during render by plug-ins that stand one render at a time in each instance.
    pub render_turn: Mutex<()>,
    /// Whether the described plug-in says that it reads other frames; which of its clips, these say themselves.
    pub temporal: bool,
    pub nested_changes: AtomicU32,
}

pub(crate) struct Effect {
    handle: Handle,
    params_handle: Handle,
    pub host: Arc<HostCore>,
    pub binary: Arc<Binary>,
    pub properties: Arc<PropertySet>,
    pub params: RwLock<Vec<Arc<Param>>>,
    pub clips: RwLock<Vec<Arc<Clip>>>,
    /// Actions of this effect that run, the latest last.
    pub active: Mutex<Vec<Arc<Action>>>,
    /// `None` for descriptors.
    pub life: Option<Life>,
}

impl Effect {
    pub fn new(
        host: &Arc<HostCore>,
        binary: &Arc<Binary>,
        properties: Arc<PropertySet>,
        life: Option<Life>,
    ) -> Arc<Self> {
        let effect = Arc::new(Self {
            handle: Handle::reserve(),
            params_handle: Handle::reserve(),
            host: Arc::clone(host),
            binary: Arc::clone(binary),
            properties,
            params: RwLock::default(),
            clips: RwLock::default(),
            active: Mutex::default(),
            life,
        });
        effect.handle.bind(Object::Effect(Arc::downgrade(&effect)));
        effect.params_handle.bind(Object::Params(Arc::downgrade(&effect)));
        effect
    }

    pub fn raw(&self) -> sys::OfxImageEffectHandle {
        self.handle.raw()
    }

    pub fn raw_params(&self) -> sys::OfxParamSetHandle {
        self.params_handle.raw()
    }

    pub fn param(&self, name: &str) -> Option<Arc<Param>> {
        read(&self.params).iter().find(|param| param.name == name).cloned()
    }

    pub fn clip(&self, name: &str) -> Option<Arc<Clip>> {
        read(&self.clips).iter().find(|clip| clip.name == name).cloned()
    }

    pub fn all_params(&self) -> Vec<Arc<Param>> {
        read(&self.params).clone()
    }

    pub fn all_clips(&self) -> Vec<Arc<Clip>> {
        read(&self.clips).clone()
    }

    pub fn inputs(&self) -> Vec<Arc<Clip>> {
        read(&self.clips).iter().filter(|clip| !clip.is_output()).cloned().collect()
    }

    /// Names a mistake of this plug-in in the action of this thread.
    pub fn violation(&self, kind: ViolationKind, detail: String) {
        let name = action::current().map_or(c"", |action| action.name);
        self.host.violation_of(&self.binary.identifier, name, kind, detail);
    }

    /// Runs one action of this effect.
    pub fn perform(
        self: &Arc<Self>,
        name: &'static CStr,
        frame: Frame,
        in_args: Option<&PropertySet>,
        out_args: Option<&PropertySet>,
    ) -> (Status, Arc<Action>) {
        let action = Action::new(&self.host, &self.binary.identifier, Some(self), name, frame);
        let raw = |set: Option<&PropertySet>| set.map_or(std::ptr::null_mut(), PropertySet::raw);
        let status =
            action.perform(self.binary.entry, self.raw().cast_const().cast::<c_void>(), raw(in_args), raw(out_args));
        (status, action)
    }

    /// The preferences last asked for; empty before.
    pub fn preferences(&self) -> Preferences {
        self.life
            .as_ref()
            .and_then(|life| lock(&life.preferences).clone())
            .unwrap_or_else(|| Preferences::of_project(self.life.as_ref().map(|life| &life.project)))
    }

    pub fn tiles(&self) -> bool {
        self.host.options.tiles && self.properties.int(sys::kOfxImageEffectPropSupportsTiles) != Some(0)
    }

    pub fn declares_temporal(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.temporal)
    }

    /// The values that a project saves.
    pub fn curves(&self) -> impl Iterator<Item = (String, Curve)> {
        self.all_params()
            .into_iter()
            .filter(|param| param.properties.int(sys::kOfxParamPropPersistant) != Some(0))
            .filter_map(|param| param.curve.as_ref().map(|curve| (param.name.clone(), lock(curve).clone())))
    }

    /// The scale of images that an instance fetches outside of renders.
    pub fn proxy(&self) -> RenderScale {
        self.life.as_ref().map_or(RenderScale::FULL, |life| *lock(&life.proxy))
    }

    /// The current time of an instance.
    pub fn time(&self) -> f64 {
        self.life.as_ref().map_or(0.0, |life| *lock(&life.time))
    }
}
