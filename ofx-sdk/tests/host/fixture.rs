//! A plug-in in plain C calls: `output = source × gain`. A test may act in its place in any action.

use ofx_sdk::{
    Components, Context, FrameRange, RectI,
    host::{
        Host, HostImage, HostOptions, ImageLayout, Instance, Plugin, Project, StillSource, Violation, ViolationKind,
    },
    sys,
};
use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr::{null, null_mut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicPtr, Ordering},
    },
};

pub const ID: &str = "org.rotocel.test.Gain";

/// What a test does in place of, or before, the plug-in; an answer ends the action.
pub type Act = Arc<dyn Fn(&Call) -> Option<c_int> + Send + Sync>;

static HOST: AtomicPtr<sys::OfxHost> = AtomicPtr::new(null_mut());
static ACT: RwLock<Option<Act>> = RwLock::new(None);
static ONE: Mutex<()> = Mutex::new(());

struct Table(sys::OfxPlugin);
// SAFETY: the table is never changed.
unsafe impl Sync for Table {}

static TABLE: Table = Table(sys::OfxPlugin {
    pluginApi: sys::kOfxImageEffectPluginApi.as_ptr(),
    apiVersion: 1,
    pluginIdentifier: c"org.rotocel.test.Gain".as_ptr(),
    pluginVersionMajor: 2,
    pluginVersionMinor: 3,
    setHost: Some(set_host),
    mainEntry: Some(entry),
});

unsafe extern "C" fn set_host(host: *mut sys::OfxHost) {
    HOST.store(host, Ordering::SeqCst);
}

unsafe extern "C" fn entry(
    action: *const c_char,
    handle: *const c_void,
    in_args: sys::OfxPropertySetHandle,
    out_args: sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    // SAFETY: the host gives a C string.
    let call = Call { action: unsafe { CStr::from_ptr(action) }, handle: handle.cast_mut(), in_args, out_args };
    let act = ACT.read().unwrap_or_else(PoisonError::into_inner).clone();
    act.and_then(|act| act(&call)).unwrap_or_else(|| call.answer())
}

/// One action, and the suites as the plug-in has them.
pub struct Call {
    pub action: &'static CStr,
    pub handle: *mut c_void,
    pub in_args: sys::OfxPropertySetHandle,
    pub out_args: sys::OfxPropertySetHandle,
}

/// A suite of the host that was set last.
pub fn suite<T>(name: &CStr, version: c_int) -> Option<&'static T> {
    // SAFETY: the host pointer stays valid; suites are static.
    unsafe {
        let host = HOST.load(Ordering::SeqCst).as_ref()?;
        host.fetchSuite.and_then(|fetch| fetch(host.host, name.as_ptr(), version).cast::<T>().as_ref())
    }
}

/// Calls a function of a suite: unsafe in a name of its own, because the arguments are what a test is about.
macro_rules! call {
    ($suite:expr, $function:ident ( $($argument:expr),* $(,)? )) => {
        // SAFETY: arguments as the standard has them, or wrong on purpose where the host must notice.
        unsafe { $suite.$function.expect(stringify!($function))($($argument),*) }
    };
}

pub fn props() -> &'static sys::OfxPropertySuiteV1 {
    suite(sys::kOfxPropertySuite, 1).expect("a property suite")
}
pub fn effects() -> &'static sys::OfxImageEffectSuiteV1 {
    suite(sys::kOfxImageEffectSuite, 1).expect("an image-effect suite")
}
pub fn params() -> &'static sys::OfxParameterSuiteV1 {
    suite(sys::kOfxParameterSuite, 1).expect("a parameter suite")
}

impl Call {
    pub fn is(&self, action: &CStr) -> bool {
        self.action == action
    }

    pub fn effect(&self) -> sys::OfxImageEffectHandle {
        self.handle.cast()
    }

    pub fn effect_props(&self) -> sys::OfxPropertySetHandle {
        let mut set = null_mut();
        assert_eq!(call!(effects(), getPropertySet(self.effect(), &mut set)), 0);
        set
    }

    pub fn param_set(&self) -> sys::OfxParamSetHandle {
        let mut set = null_mut();
        assert_eq!(call!(effects(), getParamSet(self.effect(), &mut set)), 0);
        set
    }

    pub fn param(&self, name: &CStr) -> sys::OfxParamHandle {
        let mut param = null_mut();
        call!(params(), paramGetHandle(self.param_set(), name.as_ptr(), &mut param, null_mut()));
        param
    }

    pub fn clip(&self, name: &CStr) -> sys::OfxImageClipHandle {
        let mut clip = null_mut();
        call!(effects(), clipGetHandle(self.effect(), name.as_ptr(), &mut clip, null_mut()));
        clip
    }

    pub fn time(&self) -> f64 {
        let mut time = 0.0;
        call!(props(), propGetDouble(self.in_args, sys::kOfxPropTime.as_ptr(), 0, &mut time));
        time
    }

    /// The name of what has changed, and why.
    pub fn change(&self) -> (String, String) {
        (text(self.in_args, sys::kOfxPropName), text(self.in_args, sys::kOfxPropChangeReason))
    }

    pub fn define(&self, kind: &CStr, name: &CStr) -> sys::OfxPropertySetHandle {
        let mut set = null_mut();
        call!(params(), paramDefine(self.param_set(), kind.as_ptr(), name.as_ptr(), &mut set));
        set
    }

    fn answer(&self) -> c_int {
        if self.is(sys::kOfxActionDescribe) {
            self.describe();
        } else if self.is(sys::kOfxImageEffectActionDescribeInContext) {
            self.describe_in_context(0);
        } else if self.is(sys::kOfxImageEffectActionRender) {
            return self.render();
        } else if !self.is(sys::kOfxActionLoad) {
            return sys::kOfxStatReplyDefault as c_int;
        }
        sys::kOfxStatOK as c_int
    }

    fn describe(&self) {
        let set = self.effect_props();
        set_text(set, sys::kOfxPropLabel, c"Gain", 0);
        set_text(set, sys::kOfxImageEffectPluginPropGrouping, c"Test", 0);
        set_text(set, sys::kOfxImageEffectPropSupportedContexts, sys::kOfxImageEffectContextFilter, 0);
        set_text(set, sys::kOfxImageEffectPropSupportedContexts, sys::kOfxImageEffectContextGeneral, 1);
        set_text(set, sys::kOfxImageEffectPropSupportedPixelDepths, sys::kOfxBitDepthFloat, 0);
        set_text(set, sys::kOfxImageEffectPluginRenderThreadSafety, sys::kOfxImageEffectRenderFullySafe, 0);
    }

    /// Defines clips and parameters; `temporal` says of Source whether other frames of it are read.
    pub fn describe_in_context(&self, temporal: c_int) {
        for name in [c"Source", c"Output"] {
            let mut set = null_mut();
            call!(effects(), clipDefine(self.effect(), name.as_ptr(), &mut set));
            set_text(set, sys::kOfxImageEffectPropSupportedComponents, sys::kOfxImageComponentRGBA, 0);
            let source = c_int::from(name == c"Source");
            let property = sys::kOfxImageEffectPropTemporalClipAccess.as_ptr();
            assert_eq!(call!(props(), propSetInt(set, property, 0, temporal * source)), 0);
        }
        let gain = self.define(sys::kOfxParamTypeDouble, c"gain");
        set_double(gain, sys::kOfxParamPropDefault, 1.0);
        set_double(gain, sys::kOfxParamPropMin, 0.0);
        set_double(gain, sys::kOfxParamPropMax, 8.0);
        let mode = self.define(sys::kOfxParamTypeChoice, c"mode");
        set_text(mode, sys::kOfxParamPropChoiceOption, c"Fast", 0);
        set_text(mode, sys::kOfxParamPropChoiceOption, c"Very good", 1);
        for (kind, name) in [
            (sys::kOfxParamTypeDouble2D, c"double2"),
            (sys::kOfxParamTypeDouble3D, c"double3"),
            (sys::kOfxParamTypeInteger, c"int"),
            (sys::kOfxParamTypeInteger2D, c"int2"),
            (sys::kOfxParamTypeInteger3D, c"int3"),
            (sys::kOfxParamTypeBoolean, c"bool"),
            (sys::kOfxParamTypeString, c"string"),
            (sys::kOfxParamTypeRGB, c"rgb"),
            (sys::kOfxParamTypeRGBA, c"rgba"),
            (sys::kOfxParamTypePushButton, c"button"),
            (sys::kOfxParamTypeGroup, c"group"),
        ] {
            self.define(kind, name);
        }
    }

    fn render(&self) -> c_int {
        let mut window = [0; 4];
        let name = sys::kOfxImageEffectPropRenderWindow.as_ptr();
        assert_eq!(call!(props(), propGetIntN(self.in_args, name, 4, window.as_mut_ptr())), 0);
        let mut gain = 0.0_f64;
        call!(params(), paramGetValueAtTime(self.param(c"gain"), self.time(), &raw mut gain));
        let (Some(source), Some(output)) = (self.image(c"Source"), self.image(c"Output")) else {
            return sys::kOfxStatFailed as c_int;
        };
        let [x1, y1, x2, y2] = window;
        for y in y1..y2 {
            for x in x1..x2 {
                for c in 0..4 {
                    output.put(x, y, c, source.get(x, y, c) * gain as f32);
                }
            }
        }
        source.release();
        output.release();
        sys::kOfxStatOK as c_int
    }

    pub fn image(&self, clip: &CStr) -> Option<Pixels> {
        self.image_at(clip, self.time())
    }

    pub fn image_at(&self, clip: &CStr, time: f64) -> Option<Pixels> {
        let mut handle = null_mut();
        let status = call!(effects(), clipGetImage(self.clip(clip), time, null(), &mut handle));
        (status == 0).then(|| Pixels::of(handle))
    }
}

/// An image in the plug-in's hands.
pub struct Pixels {
    pub handle: sys::OfxPropertySetHandle,
    pub bounds: [c_int; 4],
    pub row_bytes: c_int,
    pub data: *mut c_void,
}

impl Pixels {
    pub fn of(handle: sys::OfxPropertySetHandle) -> Self {
        let (mut bounds, mut row_bytes, mut data) = ([0; 4], 0, null_mut());
        call!(props(), propGetIntN(handle, sys::kOfxImagePropBounds.as_ptr(), 4, bounds.as_mut_ptr()));
        call!(props(), propGetInt(handle, sys::kOfxImagePropRowBytes.as_ptr(), 0, &mut row_bytes));
        call!(props(), propGetPointer(handle, sys::kOfxImagePropData.as_ptr(), 0, &mut data));
        Self { handle, bounds, row_bytes, data }
    }

    /// The address of a component; not checked, so that tests can write outside.
    pub fn at(&self, x: c_int, y: c_int, c: usize) -> *mut f32 {
        let row = (y - self.bounds[1]) as isize * self.row_bytes as isize;
        self.data
            .wrapping_byte_offset(row)
            .cast::<f32>()
            .wrapping_offset((x - self.bounds[0]) as isize * 4 + c as isize)
    }

    pub fn get(&self, x: c_int, y: c_int, c: usize) -> f32 {
        let inside = (self.bounds[0]..self.bounds[2]).contains(&x) && (self.bounds[1]..self.bounds[3]).contains(&y);
        // SAFETY: inside of the image.
        if inside { unsafe { self.at(x, y, c).read() } } else { 0.0 }
    }

    pub fn put(&self, x: c_int, y: c_int, c: usize, value: f32) {
        // SAFETY: inside of the image, or of the known bytes that tests put around it.
        unsafe { self.at(x, y, c).write(value) }
    }

    pub fn release(&self) {
        assert_eq!(call!(effects(), clipReleaseImage(self.handle)), 0);
    }
}

pub fn text(set: sys::OfxPropertySetHandle, name: &CStr) -> String {
    let mut text = null_mut();
    if call!(props(), propGetString(set, name.as_ptr(), 0, &mut text)) != 0 {
        return String::new();
    }
    // SAFETY: the host gives a C string.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

pub fn set_text(set: sys::OfxPropertySetHandle, name: &CStr, value: &CStr, index: c_int) -> c_int {
    call!(props(), propSetString(set, name.as_ptr(), index, value.as_ptr()))
}

pub fn set_double(set: sys::OfxPropertySetHandle, name: &CStr, value: f64) -> c_int {
    call!(props(), propSetDouble(set, name.as_ptr(), 0, value))
}

/// One test with the fixture: no other runs at the same time, because the plug-in has one host and one act.
pub struct Stage {
    pub host: Host,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    pub fn new(options: HostOptions) -> Self {
        let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        act_none();
        Self { host: Host::new(options), _turn: turn }
    }

    pub fn harsh() -> Self {
        Self::new(HostOptions { layout: ImageLayout::HARSH, threads: 3, ..HostOptions::default() })
    }

    pub fn act(&self, act: impl Fn(&Call) -> Option<c_int> + Send + Sync + 'static) {
        *ACT.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(act));
    }

    /// Acts in one action only, before the plug-in does its own.
    pub fn during(&self, action: &'static CStr, act: impl Fn(&Call) + Send + Sync + 'static) {
        self.act(move |call| {
            if call.is(action) {
                act(call);
            }
            None
        });
    }

    pub fn plugin(&self) -> Plugin {
        // SAFETY: the table is static.
        unsafe { self.host.load_table(&raw const TABLE.0) }.expect("it loads")
    }

    /// An instance with a source of 13 × 9 pixels whose values tell where they are.
    pub fn instance(&self) -> Instance {
        let project = Project::new(13.0, 9.0, FrameRange { min: 1.0, max: 20.0 });
        let instance = self.plugin().create(Context::Filter, project).expect("an instance");
        instance.connect("Source", Arc::new(StillSource::new(ramp(), FrameRange { min: 1.0, max: 20.0 }))).unwrap();
        instance
    }

    pub fn kinds(&self) -> Vec<ViolationKind> {
        let mut kinds: Vec<_> = self.host.violations().into_iter().map(|v| v.kind).collect();
        kinds.dedup();
        kinds
    }

    /// The only violation.
    pub fn violation(&self) -> Violation {
        let all = self.host.take_violations();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.into_iter().next().unwrap()
    }

    pub fn assert_clean(&self) {
        assert_eq!(self.host.violations(), []);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        act_none();
    }
}

fn act_none() {
    *ACT.write().unwrap_or_else(PoisonError::into_inner) = None;
}

/// 13 × 9 pixels that do not start at the origin.
pub fn ramp() -> HostImage {
    let bounds = RectI::new(-4, 2, 9, 11);
    let values: Vec<f32> = (0..13 * 9 * 4).map(|n| n as f32 / 100.0).collect();
    HostImage::from_f32(bounds, Components::Rgba, &values).unwrap()
}
