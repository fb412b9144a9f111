//! A plug-in on the stage of a hostile host: its entry point is called without manners, and what it does is watched.
#![allow(unsafe_code)]

use super::{
    Asked, Cast, Given, HostGiven, Odd, Sequence, Step, Who,
    plain_source::{CALM, Plain},
    sequence::{ACTIONS, MOST_INSTANCES},
    viewers::Viewers,
    weather::Sky,
};
use crate::{
    Components, Context, Depth, FrameRange, RenderScale, Result, Status,
    host::{
        Host, HostImage, HostOptions, ImageLayout, ParamValue, Plugin, Project, SavedParams,
        action::{Action, Frame},
        answers::{ClipPreference, Preferences},
        effect::Effect,
        handles::{self, Handle},
        instance, preferences,
        properties::{PropertySet, SetKind},
        property_tables,
        sync::lock,
    },
    sys,
};
use std::{
    ffi::{CStr, c_void},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

/// Says what is wrong with the picture of a life without lies.
pub type Judge = fn(&HostImage) -> std::result::Result<(), String>;

/// One plug-in, and the hosts that lie to it.
pub struct Stage {
    inner: Arc<Inner>,
    cast: Cast,
}

pub(super) struct Inner {
    pub(super) plugin: Plugin,
    pub(super) older: Host,
    pub(super) sky: Arc<Sky>,
    pub(super) context: Context,
    pub(super) setup: SavedParams,
    pub(super) judge: Judge,
    pub(super) slots: Mutex<[Option<Arc<Effect>>; MOST_INSTANCES]>,
    /// Every instance that the plug-in may still know.
    pub(super) born: Mutex<Vec<Arc<Effect>>>,
    /// Every instance that was destroyed in this sequence.
    pub(super) gone: Mutex<Vec<Arc<Effect>>>,
    /// Whether loads and unloads may be out of balance.
    pub(super) counted: AtomicBool,
    pub(super) viewers: Viewers,
    pub(super) failures: Mutex<Vec<String>>,
    /// What the plug-in answered in this sequence, in the order in which it did.
    pub(super) answers: Mutex<Vec<(&'static CStr, Status)>>,
    /// Renders asked for, and those that were answered with a picture.
    pub(super) renders: [AtomicU64; 2],
    pub(super) params: OnceLock<Vec<String>>,
    pub(super) planes: OnceLock<Vec<String>>,
}

impl Stage {
    /// A stage for the plug-in that `load` loads. Instances live in `context` and begin with the parameters of `setup`;
    /// `judge` looks at the picture of every life without lies, whose source is 0.5 everywhere.
    ///
    /// # Errors
    /// When the plug-in cannot live a life without lies.
    pub fn new(
        load: impl FnOnce(&Host) -> Result<Plugin>,
        context: Context,
        setup: SavedParams,
        judge: Judge,
    ) -> Result<Self> {
        let sky = Arc::new(Sky::default());
        let caller = Arc::clone(&sky);
        let options = HostOptions {
            layout: ImageLayout::HARSH,
            threads: 2,
            overlays: true,
            draw_suite: true,
            mischief: Some(sky.clone()),
            interceptor: Some(Arc::new(move |function: &str| caller.call(function))),
            ..HostOptions::default()
        };
        let older = HostOptions {
            name: "org.rotocel.older".into(),
            api_version: vec![1, 0],
            multi_plane: false,
            draw_suite: false,
            message_suite: 1,
            progress_suite: 0,
            timeline: false,
            threads: 0,
            tiles: false,
            temporal: false,
            ..options.clone()
        };
        let plugin = load(&Host::new(options))?;
        let inner = Arc::new(Inner {
            plugin,
            older: Host::new(older),
            sky: Arc::clone(&sky),
            context,
            setup,
            judge,
            slots: Mutex::default(),
            born: Mutex::default(),
            gone: Mutex::default(),
            counted: AtomicBool::new(false),
            viewers: Viewers::default(),
            failures: Mutex::default(),
            answers: Mutex::default(),
            renders: Default::default(),
            params: OnceLock::new(),
            planes: OnceLock::new(),
        });
        let stage = Arc::downgrade(&inner);
        sky.on_reenter(move |step| {
            if let Some(stage) = stage.upgrade() {
                stage.play(step);
            }
        });
        let cast = inner.rehearse()?;
        Ok(Self { inner, cast })
    }

    /// What the plug-in uses.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Plays a sequence to its end, and puts everything back. The mistakes of the plug-in, if it made any.
    ///
    /// # Errors
    /// A line for each mistake.
    pub fn play(&self, sequence: &Sequence) -> std::result::Result<(), Vec<String>> {
        let inner = &self.inner;
        lock(&inner.answers).clear();
        inner.set_host(HostGiven::Same);
        inner.sky.set(sequence.faults.clone());
        // What the plug-in keeps of a host is fetched anew, in this weather.
        inner.plain(sys::kOfxActionLoad, Who::Null);
        sequence.steps.iter().for_each(|step| inner.play(step));
        inner.sky.set(Vec::new());
        let answers = lock(&inner.answers).len();
        inner.sweep(sequence);
        // What it answers while everything is put back is no part of it.
        lock(&inner.answers).truncate(answers);
        self.told()
    }

    /// What the plug-in answered to each action of the sequence that was played last, in the order of its answers.
    pub fn answers(&self) -> Vec<(&'static CStr, Status)> {
        lock(&self.inner.answers).clone()
    }

    /// Lives a life without lies and looks at its picture.
    ///
    /// # Errors
    /// A line for each mistake.
    pub fn play_without_lies(&self) -> std::result::Result<(), Vec<String>> {
        self.inner.calm_life(false);
        self.told()
    }

    /// How many renders were asked for, and how many of them gave a picture: a plug-in that refuses everything survives
    /// everything.
    pub fn renders(&self) -> [u64; 2] {
        self.inner.renders.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    fn told(&self) -> std::result::Result<(), Vec<String>> {
        let failures = std::mem::take(&mut *lock(&self.inner.failures));
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }
}

impl Inner {
    pub(super) fn fail(&self, what: String) {
        lock(&self.failures).push(what);
    }

    pub(super) fn host(&self) -> &Host {
        self.plugin.host()
    }

    fn play(&self, step: &Step) {
        match step {
            Step::SetHost(host) => self.set_host(*host),
            Step::Plain(action, who) => {
                self.counted.store(true, Ordering::Relaxed);
                self.plain(action, *who);
            }
            Step::DescribeIn(context, args) => self.describe_in(*context, *args),
            Step::Create(n) => self.create(*n),
            Step::Destroy(who) => self.destroy(*who),
            Step::Act(action, who, in_args, out_args, asked) => {
                self.act(action, *who, *in_args, *out_args, asked);
            }
            Step::View(glance) => self.glance(glance),
            Step::SetParam(n, param, odd) => self.set_param(*n, *param, *odd),
            Step::Connect(n, components, depth, value) => {
                if let Some(effect) = self.live(*n) {
                    self.connect(&effect, *components, *depth, *value);
                }
            }
            Step::AtOnce(steps) => thread::scope(|scope| {
                for step in steps {
                    scope.spawn(|| self.play(step));
                }
            }),
        }
    }

    pub(super) fn set_host(&self, given: HostGiven) {
        let host = match given {
            HostGiven::Same => self.host().as_ptr(),
            HostGiven::Older => self.older.as_ptr(),
            HostGiven::Null => std::ptr::null_mut(),
        };
        if let Some(set_host) = self.plugin.core().binary.set_host {
            // SAFETY: the plug-in's function; null, or a table that is never freed.
            unsafe { set_host(host) };
        }
    }

    pub(super) fn live(&self, n: usize) -> Option<Arc<Effect>> {
        lock(&self.slots)[n % MOST_INSTANCES].clone()
    }

    /// The handle of an instance, and the instance behind it.
    pub(super) fn handle(&self, who: Who) -> (*const c_void, Option<Arc<Effect>>) {
        match who {
            Who::Null => (std::ptr::null(), None),
            Who::Stale => (stale(), None),
            Who::Foreign => (self.plugin.core().descriptor.raw_params().cast_const().cast(), None),
            Who::Live(n) => match self.live(n) {
                Some(effect) => (effect.raw().cast_const().cast(), Some(effect)),
                None => (std::ptr::null(), None),
            },
        }
    }

    /// Calls the plug-in. Whatever the host does, the answer is a status of the standard.
    pub(super) fn call(
        &self,
        name: &'static CStr,
        handle: *const c_void,
        effect: Option<&Arc<Effect>>,
        args: [sys::OfxPropertySetHandle; 2],
        frame: Frame,
    ) -> (Status, Arc<Action>) {
        let binary = &self.plugin.core().binary;
        let action = Action::new(self.host().core(), &binary.identifier, effect, name, frame);
        let status = action.perform(binary.entry, handle, args[0], args[1]);
        lock(&self.answers).push((name, status));
        if status.name().is_none() {
            self.fail(format!("{name:?} answered {status}, which is no status"));
        }
        (status, action)
    }

    /// As [`call`](Self::call), where any answer will do.
    pub(super) fn tell(
        &self,
        name: &'static CStr,
        handle: *const c_void,
        effect: Option<&Arc<Effect>>,
        args: [sys::OfxPropertySetHandle; 2],
    ) {
        let (_any, _) = self.call(name, handle, effect, args, Frame::default());
    }

    pub(super) fn plain(&self, name: &'static CStr, who: Who) {
        let null = std::ptr::null_mut();
        if name == sys::kOfxActionDescribe && matches!(who, Who::Live(_)) {
            // A descriptor, not an instance, is what this action is for.
            let set = self.descriptor_properties();
            let effect = Effect::new(self.host().core(), &self.plugin.core().binary, set, None);
            self.tell(name, effect.raw().cast_const().cast(), Some(&effect), [null; 2]);
            return;
        }
        let (handle, effect) = self.handle(who);
        self.tell(name, handle, effect.as_ref(), [null; 2]);
    }

    fn descriptor_properties(&self) -> Arc<PropertySet> {
        let descriptor = &self.plugin.core().descriptor.properties;
        let tables = [property_tables::EFFECT_DESCRIPTOR, property_tables::MULTI_PLANE];
        descriptor.copy_as(self.host().core(), SetKind::EffectDescriptor, &tables)
    }

    pub(super) fn describe_in(&self, context: usize, given: Given) {
        let core = self.host().core();
        let effect = Effect::new(core, &self.plugin.core().binary, self.descriptor_properties(), None);
        let table = property_tables::arguments(&[sys::kOfxImageEffectPropContext], false);
        let args = PropertySet::new(core, SetKind::InArgs, "of describeInContext", &[&table]);
        let name = Context::ALL.get(context).map_or(c"OfxImageEffectContextOfTomorrow", |context| context.ofx_name());
        args.put_strings(sys::kOfxImageEffectPropContext, [name]);
        let args = [self.given(given, &args), std::ptr::null_mut()];
        let action = sys::kOfxImageEffectActionDescribeInContext;
        self.tell(action, effect.raw().cast_const().cast(), Some(&effect), args);
    }

    pub(super) fn create(&self, n: usize) {
        let null = std::ptr::null_mut();
        let action = sys::kOfxActionCreateInstance;
        if let Some(effect) = self.live(n) {
            let handle = effect.raw().cast_const().cast();
            let (status, _) = self.call(action, handle, Some(&effect), [null; 2], Frame::default());
            let mut born = lock(&self.born);
            // Where another thread has destroyed it meanwhile, it is there again.
            if status == Status::OK && !born.iter().any(|other| Arc::ptr_eq(other, &effect)) {
                born.push(Arc::clone(&effect));
            }
            return;
        }
        let project = Project::new(7.0, 5.0, FrameRange { min: 1.0, max: 3.0 });
        let made = instance::body(&self.plugin, self.context, &project)
            .and_then(|effect| instance::put_curves(&effect, &self.setup).map(|()| effect));
        let effect = match made {
            Ok(effect) => effect,
            Err(e) => return self.fail(format!("the host cannot make an instance: {e}")),
        };
        self.connect(&effect, Components::Rgba, Depth::Float, CALM);
        lock(&self.slots)[n % MOST_INSTANCES] = Some(Arc::clone(&effect));
        lock(&self.born).push(Arc::clone(&effect));
        let handle = effect.raw().cast_const().cast();
        let (status, _) = self.call(action, handle, Some(&effect), [null; 2], Frame::default());
        if status != Status::OK {
            lock(&self.slots)[n % MOST_INSTANCES] = None;
            // What could not be created is not destroyed.
            lock(&self.born).retain(|other| !Arc::ptr_eq(other, &effect));
            instance::reclaim(&effect);
        }
    }

    fn connect(&self, effect: &Arc<Effect>, components: Components, depth: Depth, value: f32) {
        let mut preferences = Preferences::of_project(effect.life.as_ref().map(|life| &life.project));
        for clip in effect.all_clips() {
            let preference = match clip.name.as_str() {
                "Source" => ClipPreference { components, depth, pixel_aspect: 1.0 },
                "Output" => ClipPreference { components: Components::Rgba, depth, pixel_aspect: 1.0 },
                _ => ClipPreference { components: Components::Alpha, depth: Depth::Float, pixel_aspect: 1.0 },
            };
            preferences.clips.insert(clip.name.clone(), preference);
            if clip.name == "Source" {
                let sky = Arc::clone(&self.sky);
                clip.connect(Some(Arc::new(Plain { components, depth, value, sky })));
            }
        }
        preferences::apply(effect, &preferences);
        if let Some(life) = &effect.life {
            *lock(&life.preferences) = Some(preferences);
            life.stale.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn destroy(&self, who: Who) {
        let (handle, effect) = self.handle(who);
        // The host forgets it first: whoever is called back in the middle finds no such instance.
        if let Some(gone) = &effect {
            for slot in lock(&self.slots).iter_mut() {
                if slot.as_ref().is_some_and(|live| Arc::ptr_eq(live, gone)) {
                    *slot = None;
                }
            }
        }
        let null = std::ptr::null_mut();
        let (status, _) =
            self.call(sys::kOfxActionDestroyInstance, handle, effect.as_ref(), [null; 2], Frame::default());
        match effect {
            Some(gone) if status == Status::OK => {
                lock(&self.born).retain(|other| !Arc::ptr_eq(other, &gone));
                forget(&gone);
                self.sky.note_destroyed();
                lock(&self.gone).push(gone);
            }
            Some(_) => {}
            None if status == Status::BAD_HANDLE => {}
            None => self.fail(format!("an instance that is not there was destroyed with {status}")),
        }
    }

    fn set_param(&self, n: usize, param: usize, odd: Odd) {
        let Some(effect) = self.live(n) else { return };
        let params = effect.all_params();
        let Some(param) = params.get(param % params.len().max(1)) else { return };
        let Some(zero) = ParamValue::zero(param.kind) else { return };
        let value = match (odd, zero) {
            (Odd::Number(v), ParamValue::Double(_)) => ParamValue::Double(v),
            (Odd::Number(v), ParamValue::Double2(_)) => ParamValue::Double2([v; 2]),
            (Odd::Number(v), ParamValue::Double3(_)) => ParamValue::Double3([v; 3]),
            (Odd::Number(v), ParamValue::Rgb(_)) => ParamValue::Rgb([v; 3]),
            (Odd::Number(v), ParamValue::Rgba(_)) => ParamValue::Rgba([v; 4]),
            (Odd::Whole(v), ParamValue::Int(_)) => ParamValue::Int(v),
            (Odd::Whole(v), ParamValue::Choice(_)) => ParamValue::Choice(v as usize),
            (Odd::Whole(v), ParamValue::Bool(_)) => ParamValue::Bool(v != 0),
            (Odd::Text(n), ParamValue::String(_)) => ParamValue::String("%s/ü".repeat(n)),
            _ => return,
        };
        param.change(|curve| curve.set(value));
    }

    /// Any action of an instance.
    pub(super) fn act(
        &self,
        name: &'static CStr,
        who: Who,
        in_given: Given,
        out_given: Given,
        asked: &Asked,
    ) -> Arc<Action> {
        let (handle, effect) = self.handle(who);
        let (in_args, out_args) = (self.in_args(name, asked), self.out_args(name));
        let args = [self.given(in_given, &in_args), self.given(out_given, &out_args)];
        // The host itself works at a scale that is a number; what it says is another matter.
        let true_scale = |s: f64| if s.is_finite() { s.clamp(0.01, 4.0) } else { 1.0 };
        let scale = RenderScale { x: true_scale(asked.scale[0]), y: true_scale(asked.scale[1]) };
        let output = (name == sys::kOfxImageEffectActionRender).then_some(asked.bounds);
        let by_artist = true;
        let frame =
            Frame { field: asked.field, by_artist, output, whole: asked.bounds, ..Frame::at(asked.time, scale) };
        let (status, action) = self.call(name, handle, effect.as_ref(), args, frame);
        let unknown = !ACTIONS[..15].contains(&name) && status == Status::REPLY_DEFAULT;
        // Without a host or its suites a plug-in says so first.
        let right = [Status::BAD_HANDLE, Status::MISSING_HOST_FEATURE].contains(&status) || unknown;
        if name == sys::kOfxImageEffectActionRender {
            self.renders[0].fetch_add(1, Ordering::Relaxed);
            let painted = status == Status::OK && !lock(&action.outputs).is_empty();
            self.renders[1].fetch_add(u64::from(painted), Ordering::Relaxed);
        }
        if effect.is_none() && !right {
            self.fail(format!("{name:?} of an instance that is not there ({who:?}) answered {status}"));
        }
        action
    }
}

/// Takes back every handle of an instance that was destroyed, though a call for it may still run.
fn forget(effect: &Effect) {
    let own = [effect.raw().cast::<c_void>(), effect.raw_params().cast(), effect.properties.raw().cast()];
    let clips = effect.all_clips().into_iter().flat_map(|c| [c.raw().cast::<c_void>(), c.properties.raw().cast()]);
    let params = effect.all_params().into_iter().flat_map(|p| [p.raw().cast::<c_void>(), p.properties.raw().cast()]);
    for handle in own.into_iter().chain(clips).chain(params) {
        handles::forget(handle);
    }
}

/// A handle that was never given.
pub(super) fn stale() -> *const c_void {
    Handle::reserve().raw::<c_void>()
}
