//! A plug-in on the stage of a hostile host: its entry point is called without manners, and what it does is watched.
#![allow(unsafe_code)]

use super::{
    Asked, Cast, Given, HostGiven, Odd, Sequence, Step, Who,
    sequence::{ACTIONS, MOST_INSTANCES},
    weather::Sky,
};
use crate::{
    Components, Context, Depth, Error, FrameRange, RectD, RectI, RenderScale, Result, Status,
    host::{
        ClipInfo, Host, HostImage, HostOptions, ImageLayout, ParamValue, Plugin, Project, SavedParams, Source,
        Violation, ViolationKind,
        action::{Action, Frame},
        answers::{ClipPreference, Preferences},
        effect::Effect,
        handles::{self, Handle},
        instance,
        loan::corners,
        preferences,
        properties::{PropertySet, SetKind, Values},
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

struct Inner {
    plugin: Plugin,
    older: Host,
    sky: Arc<Sky>,
    context: Context,
    setup: SavedParams,
    judge: Judge,
    slots: Mutex<[Option<Arc<Effect>>; MOST_INSTANCES]>,
    /// Every instance that the plug-in may still know.
    born: Mutex<Vec<Arc<Effect>>>,
    /// Every instance that was destroyed in this sequence.
    gone: Mutex<Vec<Arc<Effect>>>,
    /// Whether loads and unloads may be out of balance.
    counted: AtomicBool,
    failures: Mutex<Vec<String>>,
    /// What the plug-in answered in this sequence, in the order in which it did.
    answers: Mutex<Vec<(&'static CStr, Status)>>,
    /// Renders asked for, and those that were answered with a picture.
    renders: [AtomicU64; 2],
    params: OnceLock<Vec<String>>,
    planes: OnceLock<Vec<String>>,
}

const BOUNDS: RectI = RectI::new(-2, 1, 5, 6);

/// What every pixel of a life without lies holds.
pub(super) const CALM: f32 = 0.5;

/// A picture of one value, of any size.
struct Plain {
    components: Components,
    depth: Depth,
    value: f32,
    sky: Arc<Sky>,
}

impl Source for Plain {
    fn info(&self) -> ClipInfo {
        let frame_range = FrameRange { min: 1.0, max: 3.0 };
        ClipInfo { components: self.components, depth: self.depth, frame_range, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        BOUNDS.to_canonical(RenderScale::FULL, 1.0)
    }

    fn frame(&self, time: f64, _scale: RenderScale, region: RectI) -> Result<HostImage> {
        if time != 1.0 && self.sky.has_only_this_frame() {
            return Err(Error::Missing(format!("frame {time}")));
        }
        let values = vec![self.value; region.width() * region.height() * self.components.count()];
        HostImage::from_f32(region, self.components, &values)?.converted(self.components, self.depth)
    }
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
            mischief: Some(sky.clone()),
            interceptor: Some(Arc::new(move |function: &str| caller.call(function))),
            ..HostOptions::default()
        };
        let older = HostOptions {
            name: "org.rotocel.older".into(),
            api_version: vec![1, 0],
            multi_plane: false,
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

/// Mistakes that no misbehaviour of the host excuses.
const NEVER: [ViolationKind; 6] = [
    ViolationKind::WroteOutsideImage,
    ViolationKind::WroteInput,
    ViolationKind::NotUtf8,
    ViolationKind::NullArgument,
    ViolationKind::UnescapedMessage,
    ViolationKind::SetOutsideChange,
];

impl Inner {
    fn fail(&self, what: String) {
        lock(&self.failures).push(what);
    }

    fn host(&self) -> &Host {
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

    fn set_host(&self, given: HostGiven) {
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

    fn live(&self, n: usize) -> Option<Arc<Effect>> {
        lock(&self.slots)[n % MOST_INSTANCES].clone()
    }

    /// The handle of an instance, and the instance behind it.
    fn handle(&self, who: Who) -> (*const c_void, Option<Arc<Effect>>) {
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
    fn call(
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
    fn tell(
        &self,
        name: &'static CStr,
        handle: *const c_void,
        effect: Option<&Arc<Effect>>,
        args: [sys::OfxPropertySetHandle; 2],
    ) {
        let (_any, _) = self.call(name, handle, effect, args, Frame::default());
    }

    fn plain(&self, name: &'static CStr, who: Who) {
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

    fn describe_in(&self, context: usize, given: Given) {
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

    fn given(&self, given: Given, proper: &PropertySet) -> sys::OfxPropertySetHandle {
        match given {
            Given::Proper => proper.raw(),
            Given::Null => std::ptr::null_mut(),
            Given::Stale => stale().cast_mut().cast(),
            Given::Foreign => self.plugin.core().descriptor.raw().cast(),
        }
    }

    fn create(&self, n: usize) {
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

    fn destroy(&self, who: Who) {
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
    fn act(&self, name: &'static CStr, who: Who, in_given: Given, out_given: Given, asked: &Asked) -> Arc<Action> {
        let (handle, effect) = self.handle(who);
        let (in_args, out_args) = (self.in_args(name, asked), self.out_args(name));
        let args = [self.given(in_given, &in_args), self.given(out_given, &out_args)];
        // The host itself works at a scale that is a number; what it says is another matter.
        let true_scale = |s: f64| if s.is_finite() { s.clamp(0.01, 4.0) } else { 1.0 };
        let scale = RenderScale { x: true_scale(asked.scale[0]), y: true_scale(asked.scale[1]) };
        let output = (name == sys::kOfxImageEffectActionRender).then_some(asked.bounds);
        let frame = Frame { field: asked.field, output, whole: asked.bounds, ..Frame::at(asked.time, scale) };
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

    fn in_args(&self, name: &CStr, asked: &Asked) -> Arc<PropertySet> {
        let names = [
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRenderScale,
            sys::kOfxImageEffectPropRenderWindow,
            sys::kOfxImageEffectPropFieldToRender,
            sys::kOfxImageEffectPropRegionOfInterest,
            sys::kOfxImageEffectPropFrameRange,
            sys::kOfxImageEffectPropFrameStep,
            sys::kOfxPropType,
            sys::kOfxPropName,
            sys::kOfxPropChangeReason,
            sys::planes::kOfxImageEffectPropRenderPlanes,
        ];
        let table = property_tables::arguments(&names, false);
        let set = PropertySet::new(self.host().core(), SetKind::InArgs, "of a hostile host", &[&table]);
        set.put_doubles(sys::kOfxPropTime, &[asked.time]);
        set.put_doubles(sys::kOfxImageEffectPropRenderScale, &asked.scale);
        set.put_ints(sys::kOfxImageEffectPropRenderWindow, &corners(asked.window));
        set.put_strings(sys::kOfxImageEffectPropFieldToRender, [asked.field.ofx_name()]);
        let region = asked.window;
        let region = [region.x1, region.y1, region.x2, region.y2].map(f64::from);
        set.put_doubles(sys::kOfxImageEffectPropRegionOfInterest, &region);
        set.put_doubles(sys::kOfxImageEffectPropFrameRange, &[asked.time, -asked.time]);
        set.put_doubles(sys::kOfxImageEffectPropFrameStep, &[asked.scale[0]]);
        if name == sys::kOfxActionInstanceChanged {
            let params = self.params.get().map_or(&[][..], Vec::as_slice);
            let reason = [sys::kOfxChangeUserEdited, sys::kOfxChangePluginEdited, c"OfxChangedTomorrow"];
            set.put_strings(sys::kOfxPropType, [sys::kOfxTypeParameter]);
            set.put_string(sys::kOfxPropName, params.get(asked.param).map_or("no such parameter", String::as_str));
            // Mostly the artist.
            set.put_strings(sys::kOfxPropChangeReason, [reason[asked.planes.len().saturating_sub(1) % 3]]);
        }
        let planes = self.planes.get().map_or(&[][..], Vec::as_slice);
        let wanted =
            asked.planes.iter().filter_map(|n| planes.get(*n)).filter_map(|p| std::ffi::CString::new(&**p).ok());
        set.put_strings(sys::planes::kOfxImageEffectPropRenderPlanes, wanted);
        set
    }

    fn out_args(&self, name: &CStr) -> Arc<PropertySet> {
        use sys::planes as ext;
        let names: &[&CStr] = &[
            sys::kOfxPropName,
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRegionOfDefinition,
            sys::kOfxImageEffectPropFrameRange,
            sys::kOfxImageEffectPropFrameRate,
            sys::kOfxImageEffectPropPreMultiplication,
            sys::kOfxImageClipPropFieldOrder,
            sys::kOfxImageClipPropContinuousSamples,
            sys::kOfxImageEffectFrameVarying,
            ext::kFnOfxImageEffectPropPassThroughClip,
            ext::kFnOfxImageEffectPropPassThroughTime,
        ];
        let answers = ACTIONS[1..8].contains(&name);
        let table = if answers { property_tables::arguments(names, true) } else { Vec::new() };
        let set = PropertySet::new(self.host().core(), SetKind::OutArgs, "of a hostile host", &[&table]);
        if name == ext::kFnOfxImageEffectActionGetClipComponents {
            let prefix = ext::kFnOfxImageEffectActionGetClipComponentsPropString.to_string_lossy();
            for clip in ["Source", "Output"] {
                set.add(&format!("{prefix}{clip}"), None, Values::Strings(Vec::new()), true);
            }
        }
        set
    }

    /// Lives through everything once, without lies, and notes what the plug-in uses.
    fn rehearse(&self) -> Result<Cast> {
        let description = self.plugin.description(self.context)?;
        let params: Vec<String> = description.params.iter().map(|param| param.id.clone()).collect();
        let _ = self.params.set(params.clone());
        self.sky.watch();
        self.calm_life(true);
        let mut cast = self.sky.seen().into_cast();
        cast.params = params;
        cast.planes = self.planes.get().cloned().unwrap_or_default();
        let failures = std::mem::take(&mut *lock(&self.failures));
        if failures.is_empty() { Ok(cast) } else { Err(Error::node(failures.join("\n"))) }
    }

    /// A life without lies: everything once where `all` is asked for, else only a render.
    fn calm_life(&self, all: bool) {
        self.set_host(HostGiven::Same);
        self.plain(sys::kOfxActionLoad, Who::Null);
        let asked = Asked {
            time: 1.0,
            scale: [1.0; 2],
            window: BOUNDS,
            bounds: BOUNDS,
            field: crate::Field::None,
            planes: Vec::new(),
            param: 0,
        };
        self.create(0);
        if all {
            self.plain(sys::kOfxActionDescribe, Who::Live(0));
            (0..Context::ALL.len()).for_each(|context| self.describe_in(context, Given::Proper));
            self.note_planes();
            for param in 0..self.params.get().map_or(0, Vec::len) {
                let changed = Asked { param, ..asked.clone() };
                self.act(sys::kOfxActionInstanceChanged, Who::Live(0), Given::Proper, Given::Proper, &changed);
            }
            for action in ACTIONS {
                let planes = (0..self.planes.get().map_or(0, Vec::len)).collect();
                let asked = Asked { planes, ..asked.clone() };
                self.act(action, Who::Live(0), Given::Proper, Given::Proper, &asked);
            }
            // A life that pressed every button does not show what a new one does.
            self.destroy(Who::Live(0));
            self.create(0);
        }
        let action = self.act(sys::kOfxImageEffectActionRender, Who::Live(0), Given::Proper, Given::Proper, &asked);
        let output = lock(&action.outputs).remove("");
        match output {
            Some(buffer) => {
                let judged = (self.judge)(&buffer.into_image());
                judged.unwrap_or_else(|wrong| self.fail(format!("a render without lies went wrong: {wrong}")));
            }
            None => self.fail(format!("a render without lies gave no picture: {}", action.error(Status::FAILED))),
        }
        self.sweep(&Sequence { seed: 0, faults: Vec::new(), steps: Vec::new() });
    }

    fn note_planes(&self) {
        let Some(effect) = self.live(0) else { return };
        let name = sys::planes::kFnOfxImageEffectActionGetClipComponents;
        let out = self.out_args(name);
        let in_args = PropertySet::new(
            self.host().core(),
            SetKind::InArgs,
            "",
            &[&property_tables::arguments(&[sys::kOfxPropTime], false)],
        );
        self.tell(name, effect.raw().cast_const().cast(), Some(&effect), [in_args.raw(), out.raw()]);
        let prefix = sys::planes::kFnOfxImageEffectActionGetClipComponentsPropString.to_string_lossy();
        let property = crate::host::properties::c_string(&format!("{prefix}Output"));
        let mut planes = out.texts(&property);
        planes.push("uk.co.thefoundry.OfxImagePlaneOfTomorrow".into());
        let _ = self.planes.set(planes);
    }

    /// Destroys all, and looks for what is left or was done wrong.
    fn sweep(&self, sequence: &Sequence) {
        self.set_host(HostGiven::Same);
        *lock(&self.slots) = Default::default();
        let null = std::ptr::null_mut();
        for effect in std::mem::take(&mut *lock(&self.born)) {
            let handle = effect.raw().cast_const().cast();
            self.tell(sys::kOfxActionDestroyInstance, handle, Some(&effect), [null; 2]);
            instance::reclaim(&effect);
        }
        // A render may have outlived these, and what it allocated had time until now.
        std::mem::take(&mut *lock(&self.gone)).iter().for_each(instance::reclaim);
        if self.counted.swap(false, Ordering::Relaxed) {
            // More than there can have been loads; one load stays, which is the host library's own.
            (0..MOST_LOADS).for_each(|_| self.plain(sys::kOfxActionUnload, Who::Null));
            self.plain(sys::kOfxActionLoad, Who::Null);
        } else {
            self.plain(sys::kOfxActionUnload, Who::Null);
        }
        let excused = sequence.may_leak();
        let violations: Vec<Violation> =
            [self.host(), &self.older].into_iter().flat_map(Host::take_violations).collect();
        for violation in violations {
            let leak = matches!(violation.kind, ViolationKind::ImageNotReleased | ViolationKind::MemoryNotFreed);
            // A thread that asks whether to stop may be in that very call when another one destroys its node.
            let asks = violation.detail.starts_with("abort ");
            // And a host that destroys what it creates for the second time has only itself to blame.
            let creates = violation.action == "OfxActionCreateInstance";
            let stale = violation.kind == ViolationKind::BadHandle && sequence.gives_good_handles();
            let stale = stale && !asks && !creates;
            if NEVER.contains(&violation.kind) || stale || (leak && !excused) {
                self.fail(violation.to_string());
            }
        }
        [self.host(), &self.older].into_iter().for_each(|host| drop(host.messages()));
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

/// Loads of one sequence at most.
const MOST_LOADS: usize = 30;

/// A handle that was never given.
fn stale() -> *const c_void {
    Handle::reserve().raw::<c_void>()
}
