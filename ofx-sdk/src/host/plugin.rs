//! Hosts and the plug-ins that they have loaded.
#![allow(unsafe_code)]

use super::{
    action::{Action, Frame},
    bundle::{self, Bundle, PluginInfo},
    describe,
    description::Description,
    effect::{Binary, Effect},
    handles,
    instance::{Instance, SavedParams},
    message::Message,
    options::HostOptions,
    project::Project,
    properties::{PropertySet, SetKind},
    property_tables,
    suites::{self, memory, variadic},
    sync::lock,
    violation::{Violation, ViolationKind},
};
use crate::{Components, Context, Depth, Error, Result, Status, sys};
use libloading::Library;
use std::{
    collections::HashMap,
    ffi::{CStr, c_char, c_int, c_void},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What a host is to the suites.
pub(crate) struct HostCore {
    pub options: HostOptions,
    properties: OnceLock<Arc<PropertySet>>,
    violations: Mutex<Vec<Violation>>,
    messages: Mutex<Vec<Message>>,
    /// Hosts that live, by the handle in their `OfxHost`.
    raw: OnceLock<RawHost>,
    /// Suites that lack functions, for plug-ins that this host lies to.
    pub doctored: suites::doctored::Doctored,
}

/// A plug-in keeps this pointer as long as its binary is loaded, which may be until the process ends: it is never freed.
struct RawHost(*mut sys::OfxHost);

// SAFETY: the table behind the pointer is never changed after it was made.
unsafe impl Send for RawHost {}
// SAFETY: as above.
unsafe impl Sync for RawHost {}

/// Violations and messages beyond this many are dropped: a plug-in in a loop must not fill the memory.
const LONGEST_LIST: usize = 10_000;

impl HostCore {
    pub fn violation_of(&self, plugin: &str, action: &CStr, kind: ViolationKind, detail: String) {
        let action = action.to_string_lossy().into_owned();
        let violation = Violation { kind, plugin: plugin.to_owned(), action, detail };
        log::debug!("{violation}");
        let mut violations = lock(&self.violations);
        if violations.len() < LONGEST_LIST {
            violations.push(violation);
        }
    }

    /// A violation in whatever runs on this thread.
    pub fn violation(&self, kind: ViolationKind, detail: String) {
        let action = super::action::current();
        let (plugin, name) = action.as_ref().map_or(("", c""), |a| (a.plugin.as_str(), a.name));
        self.violation_of(plugin, name, kind, detail);
    }

    pub fn keep_message(&self, message: Message) {
        let mut messages = lock(&self.messages);
        if messages.len() < LONGEST_LIST {
            messages.push(message);
        }
    }
}

/// A host. Clones are the same host; several different ones may live in one process.
#[derive(Clone)]
pub struct Host {
    core: Arc<HostCore>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.core.options.name).finish()
    }
}

/// Hosts by the handle of their property set.
static HOSTS: LazyLock<Mutex<HashMap<usize, std::sync::Weak<HostCore>>>> = LazyLock::new(Mutex::default);

unsafe extern "C" fn fetch_suite(
    host: sys::OfxPropertySetHandle,
    name: *const c_char,
    version: c_int,
) -> *const c_void {
    catch_unwind(AssertUnwindSafe(|| {
        let core = lock(&HOSTS).get(&host.addr()).and_then(std::sync::Weak::upgrade);
        let (Some(core), false) = (core, name.is_null()) else { return std::ptr::null() };
        // SAFETY: not null; a C string by the standard.
        suites::find(&core, unsafe { CStr::from_ptr(name) }, version)
    }))
    .unwrap_or(std::ptr::null())
}

impl Host {
    /// A host that presents itself as `options` say.
    pub fn new(options: HostOptions) -> Self {
        variadic::connect();
        let core = Arc::new(HostCore {
            options,
            properties: OnceLock::new(),
            violations: Mutex::default(),
            messages: Mutex::default(),
            raw: OnceLock::new(),
            doctored: suites::doctored::Doctored::default(),
        });
        let planes: &[property_tables::Spec] =
            if core.options.multi_plane { property_tables::MULTI_PLANE } else { &[] };
        let set = PropertySet::new(&core, SetKind::Host, &core.options.name, &[property_tables::HOST, planes]);
        fill(&set, &core.options);
        lock(&HOSTS).insert(set.raw().addr(), Arc::downgrade(&core));
        let raw = Box::leak(Box::new(sys::OfxHost { host: set.raw(), fetchSuite: Some(fetch_suite) }));
        // Both cells are empty: this is the only place that fills them.
        let _ = core.raw.set(RawHost(raw));
        let _ = core.properties.set(set);
        Self { core }
    }

    /// How this host presents itself.
    pub fn options(&self) -> &HostOptions {
        &self.core.options
    }

    pub(crate) fn core(&self) -> &Arc<HostCore> {
        &self.core
    }

    /// What plug-ins are given as their host. It stays valid until the process ends, but answers only while this host
    /// lives. For tests that call a plug-in's functions themselves.
    pub fn as_ptr(&self) -> *mut sys::OfxHost {
        self.core.raw.get().map_or(std::ptr::null_mut(), |raw| raw.0)
    }

    /// The plug-ins of a binary, asked as this host.
    pub fn plugins(&self, bundle: &Bundle) -> Vec<PluginInfo> {
        if bundle.offer_host(self.as_ptr()) { bundle.plugins() } else { Vec::new() }
    }

    /// Loads and describes the newest version of a plug-in in every context that both sides know.
    ///
    /// # Errors
    /// When the binary has no such plug-in, or the plug-in refuses to load or to be described.
    pub fn load(&self, bundle: &Bundle, identifier: &str) -> Result<Plugin> {
        let declined =
            || Error::Value { subject: format!("plug-in {identifier}"), reason: "declines this host".into() };
        if !bundle.offer_host(self.as_ptr()) {
            return Err(declined());
        }
        let tables = bundle.tables();
        let infos = || tables.iter().filter_map(|table| Some((*table, bundle::info(*table)?)));
        let newest = infos()
            .filter(|(_, info)| info.identifier == identifier && info.image_effect)
            .max_by_key(|(_, info)| info.version);
        let Some((table, _)) = newest else {
            let known: Vec<String> = infos().map(|(_, info)| info.identifier).collect();
            return Err(Error::Value {
                subject: format!("plug-in {identifier}"),
                reason: format!("{} holds only {}", bundle.path().binary.display(), known.join(", ")),
            });
        };
        let path = bundle.path().bundle.display().to_string();
        self.start(table, path, Some(bundle.library()))
    }

    /// As [`Host::load`], from a table in this process.
    ///
    /// # Errors
    /// As [`Host::load`].
    ///
    /// # Safety
    /// The table and all that it points to must be valid until the process ends.
    pub unsafe fn load_table(&self, table: *const sys::OfxPlugin) -> Result<Plugin> {
        self.start(table.cast_mut(), String::new(), None)
    }

    fn start(&self, table: *mut sys::OfxPlugin, path: String, library: Option<Arc<Library>>) -> Result<Plugin> {
        let wrong = |reason: &str| Error::Value { subject: format!("plug-in in {path}"), reason: reason.into() };
        let info = bundle::info(table).ok_or_else(|| wrong("has no identifier"))?;
        // SAFETY: `info` has just read it; it is valid as long as its binary is loaded.
        let table = unsafe { &*table };
        let entry = table.mainEntry.ok_or_else(|| wrong("has no main entry"))?;
        if let Some(set_host) = table.setHost {
            // SAFETY: the plug-in's function; the host pointer is never freed.
            unsafe { set_host(self.as_ptr()) };
        }
        let binary = Arc::new(Binary {
            render_turn: turn(&info.identifier),
            identifier: info.identifier,
            version: info.version,
            entry,
            set_host: table.setHost,
            path,
            _library: library,
        });
        let loaded = Loaded::load(&self.core, &binary)?;
        let (descriptor, contexts) = describe::describe(&self.core, &binary)?;
        Ok(Plugin {
            core: Arc::new(PluginCore {
                host: self.clone(),
                binary,
                descriptor,
                contexts,
                live: AtomicUsize::new(0),
                _loaded: loaded,
            }),
        })
    }

    /// Messages posted since the last call.
    pub fn messages(&self) -> Vec<Message> {
        std::mem::take(&mut lock(&self.core.messages))
    }

    /// Everything that plug-ins did wrong so far.
    pub fn violations(&self) -> Vec<Violation> {
        lock(&self.core.violations).clone()
    }

    /// As [`Host::violations`], and forgets them.
    pub fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut lock(&self.core.violations))
    }
}

fn fill(set: &PropertySet, options: &HostOptions) {
    set.put_ints(sys::kOfxPropAPIVersion, &options.api_version);
    set.put_string(sys::kOfxPropName, &options.name);
    set.put_string(sys::kOfxPropLabel, &options.label);
    set.put_ints(sys::kOfxPropVersion, &options.version);
    let version: Vec<String> = options.version.iter().map(i32::to_string).collect();
    set.put_string(sys::kOfxPropVersionLabel, &version.join("."));
    let flags = [
        (sys::kOfxImageEffectHostPropIsBackground, options.background),
        (sys::kOfxImageEffectPropSupportsOverlays, options.overlays),
        (sys::kOfxImageEffectPropSupportsTiles, options.tiles),
        (sys::kOfxImageEffectPropTemporalClipAccess, options.temporal),
        (sys::kOfxImageEffectPropSupportsMultipleClipDepths, options.multiple_depths),
        (sys::kOfxImageEffectPropSupportsMultipleClipPARs, options.multiple_pixel_aspects),
        (sys::kOfxParamHostPropSupportsStringAnimation, options.animated_strings),
        (sys::planes::kFnOfxImageEffectPropMultiPlanar, options.multi_plane),
    ];
    for (name, on) in flags {
        set.put_ints(name, &[i32::from(on)]);
    }
    set.put_strings(sys::kOfxImageEffectPropSupportedComponents, Components::ALL.iter().map(|c| c.ofx_name()));
    set.put_strings(sys::kOfxImageEffectPropSupportedPixelDepths, Depth::ALL.iter().map(|d| d.ofx_name()));
    set.put_strings(sys::kOfxImageEffectPropSupportedContexts, options.contexts.iter().map(|c| c.ofx_name()));
}

/// The lock of all plug-ins of one identifier in this process.
fn turn(identifier: &str) -> Arc<Mutex<()>> {
    static TURNS: LazyLock<Mutex<HashMap<String, Arc<Mutex<()>>>>> = LazyLock::new(Mutex::default);
    Arc::clone(lock(&TURNS).entry(identifier.to_owned()).or_default())
}

/// A plug-in between load and unload.
struct Loaded {
    host: Arc<HostCore>,
    binary: Arc<Binary>,
}

/// How often each plug-in is loaded now, by any host: what it holds is looked for when the last one unloads it.
static LOADED: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);

impl Loaded {
    fn load(host: &Arc<HostCore>, binary: &Arc<Binary>) -> Result<Self> {
        let action = Action::new(host, &binary.identifier, None, sys::kOfxActionLoad, Frame::default());
        let null = std::ptr::null_mut();
        let status = action.perform(binary.entry, std::ptr::null(), null, null);
        if !matches!(status, Status::OK | Status::REPLY_DEFAULT) {
            return Err(action.error(status));
        }
        *lock(&LOADED).entry(binary.identifier.clone()).or_default() += 1;
        Ok(Self { host: Arc::clone(host), binary: Arc::clone(binary) })
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let name = sys::kOfxActionUnload;
        let identifier = &self.binary.identifier;
        let action = Action::new(&self.host, identifier, None, name, Frame::default());
        let null = std::ptr::null_mut();
        let status = action.perform(self.binary.entry, std::ptr::null(), null, null);
        if !matches!(status, Status::OK | Status::REPLY_DEFAULT) {
            log::warn!("{}", action.error(status));
        }
        let last = {
            let mut loaded = lock(&LOADED);
            let count = loaded.entry(identifier.clone()).or_default();
            *count = count.saturating_sub(1);
            *count == 0
        };
        if !last {
            return;
        }
        for bytes in memory::take_back(|owner| owner.plugin == *identifier) {
            self.host.violation_of(identifier, name, ViolationKind::MemoryNotFreed, format!("{bytes} bytes"));
        }
        for (handle, mutex) in handles::mutexes() {
            if mutex.plugin == *identifier && handles::forget(std::ptr::without_provenance(handle)) {
                self.host.violation_of(identifier, name, ViolationKind::MutexNotDestroyed, "a mutex is left".into());
            }
        }
    }
}

/// What a plug-in is to its instances.
pub(crate) struct PluginCore {
    pub host: Host,
    pub binary: Arc<Binary>,
    pub descriptor: Arc<Effect>,
    pub contexts: Vec<(Arc<Effect>, Arc<Description>)>,
    /// Instances alive.
    pub live: AtomicUsize,
    /// Dropped last: nothing of a plug-in is used after unload.
    _loaded: Loaded,
}

/// A plug-in that was loaded and described. Clones are the same plug-in; the last one and its last instance unload it.
#[derive(Clone)]
pub struct Plugin {
    core: Arc<PluginCore>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plugin").field(&self.core.binary).finish()
    }
}

impl Plugin {
    /// Its identifier.
    pub fn identifier(&self) -> &str {
        &self.core.binary.identifier
    }

    /// Major and minor version.
    pub fn version(&self) -> (u32, u32) {
        self.core.binary.version
    }

    /// The host that loaded it.
    pub fn host(&self) -> &Host {
        &self.core.host
    }

    /// The contexts that it was described in.
    pub fn contexts(&self) -> Vec<Context> {
        self.core.contexts.iter().map(|(_, description)| description.context).collect()
    }

    /// What it said of itself in a context.
    ///
    /// # Errors
    /// When the plug-in does not support that context.
    pub fn description(&self, context: Context) -> Result<&Description> {
        Ok(&self.context(context)?.1)
    }

    pub(crate) fn context(&self, context: Context) -> Result<&(Arc<Effect>, Arc<Description>)> {
        self.core.contexts.iter().find(|(_, description)| description.context == context).ok_or_else(|| Error::Value {
            subject: format!("context {context:?}"),
            reason: format!("{} supports only {:?}", self.identifier(), self.contexts()),
        })
    }

    pub(crate) fn core(&self) -> &PluginCore {
        &self.core
    }

    /// A new instance with default values.
    ///
    /// # Errors
    /// When the plug-in does not support that context, or refuses.
    pub fn create(&self, context: Context, project: Project) -> Result<Instance> {
        self.create_with(context, project, &SavedParams::new())
    }

    /// A new instance with values loaded before the plug-in sees it, as from a saved project.
    ///
    /// # Errors
    /// As [`Plugin::create`], or a value does not fit.
    pub fn create_with(&self, context: Context, project: Project, params: &SavedParams) -> Result<Instance> {
        Instance::create(self, context, project, params)
    }

    /// Unloads and loads the plug-in's code once more under its living instances, as a host that has lost count does:
    /// a violation of the host's own making, for tests of plug-ins.
    ///
    /// # Errors
    /// When the plug-in refuses to load again.
    pub fn reload(&self) -> Result<()> {
        let core = &self.core;
        let live = core.live.load(Ordering::SeqCst);
        if live > 0 {
            let detail = format!("{live} instances");
            let name = sys::kOfxActionUnload;
            core.host.core.violation_of(self.identifier(), name, ViolationKind::LiveInstances, detail);
        }
        let null = std::ptr::null_mut();
        for name in [sys::kOfxActionUnload, sys::kOfxActionLoad] {
            let action = Action::new(&core.host.core, self.identifier(), None, name, Frame::default());
            let status = action.perform(core.binary.entry, std::ptr::null(), null, null);
            if !matches!(status, Status::OK | Status::REPLY_DEFAULT) {
                return Err(action.error(status));
            }
        }
        Ok(())
    }
}
