//! The gate and images against a host that lies, without the help of this crate's own host side.

use super::{
    PluginTable,
    mock_host::{self as mock, Value, ints, text},
};
use crate::{
    Error, Result, Status,
    plugin::{Boolean, Clip, CreatedArgs, Descriptor, Effect, Host, RenderArgs},
    sys,
};
use std::{
    ffi::{CStr, c_void},
    ptr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

crate::settings! {
    /// What the effects of these tests adjust.
    pub struct Switches {
        /// On or off.
        switch: Boolean = Boolean::new("Switch").default(true),
    }
}

/// Calls an action of an effect with plain numbers as handles.
fn call<E: Effect>(action: &CStr, handle: usize, in_args: usize, out_args: usize) -> Status {
    let main = PluginTable::of::<E>().as_ofx().mainEntry.expect("every table has it");
    // SAFETY: the action is a NUL-terminated string; handles are numbers that only the mock host looks up.
    Status(unsafe {
        main(action.as_ptr(), mock::handle::<c_void>(handle), mock::handle(in_args), mock::handle(out_args))
    })
}

fn set_host<E: Effect>(host: *mut sys::OfxHost) {
    let set = PluginTable::of::<E>().as_ofx().setHost.expect("every table has it");
    // SAFETY: null, or a host of the mock's, which lives for good.
    unsafe { set(host) };
}

/// An effect type of its own per test, because hosts and nodes are kept by type.
macro_rules! effect {
    ($name:ident, $render:expr) => {
        struct $name;

        impl Effect for $name {
            type Settings = Switches;
            const DESCRIPTOR: Descriptor =
                Descriptor { identifier: c"org.example.Test", label: stringify!($name), ..Descriptor::DEFAULT };

            fn create(_: &Host) -> Result<Self> {
                Ok(Self)
            }

            fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
                let render: fn(&RenderArgs<'_, Self>) -> Result<()> = $render;
                render(args)
            }
        }
    };
}

/// A created node with a source and an output over the same 4×3 bounds, float RGBA.
struct Scene {
    node: usize,
    args: usize,
    source: usize,
    output: usize,
    source_pixels: Vec<f32>,
    output_pixels: Vec<f32>,
}

const BOUNDS: [i32; 4] = [-1, 2, 3, 5];
const ROW: usize = 16;

impl Scene {
    fn new<E: Effect>() -> Self {
        set_host::<E>(mock::host());
        assert_eq!(call::<E>(sys::kOfxActionLoad, 0, 0, 0), Status::OK);
        let node = mock::object();
        let source_pixels: Vec<f32> = (0..3 * ROW).map(|i| i as f32).collect();
        let mut output_pixels = vec![-1.0; 3 * ROW];
        let source = Self::image(node, "Source", source_pixels.as_ptr());
        let output = Self::image(node, "Output", output_pixels.as_mut_ptr());
        let args = mock::object();
        mock::set(args, sys::kOfxPropTime, &[Value::Double(1.0)]);
        mock::set(args, sys::kOfxImageEffectPropRenderWindow, &ints(BOUNDS));
        assert_eq!(call::<E>(sys::kOfxActionCreateInstance, node, 0, 0), Status::OK);
        Self { node, args, source, output, source_pixels, output_pixels }
    }

    fn image(node: usize, clip: &str, pixels: *const f32) -> usize {
        let image = mock::child(mock::child(node, clip), "image");
        mock::set(image, sys::kOfxImagePropBounds, &ints(BOUNDS));
        mock::set(image, sys::kOfxImagePropRowBytes, &[Value::Int(4 * ROW as i32)]);
        mock::set(image, sys::kOfxImageEffectPropPixelDepth, &[text(sys::kOfxBitDepthFloat)]);
        mock::set(image, sys::kOfxImageEffectPropComponents, &[text(sys::kOfxImageComponentRGBA)]);
        mock::set(image, sys::kOfxImagePropData, &[Value::Pointer(pixels.expose_provenance())]);
        image
    }

    fn render<E: Effect>(&self) -> Status {
        call::<E>(sys::kOfxImageEffectActionRender, self.node, self.args, 0)
    }

    /// The output as it lies in memory, which the effect wrote behind the compiler's back.
    fn output(&self) -> Vec<f32> {
        std::hint::black_box(&self.output_pixels).clone()
    }
}

/// Copies the source to the output, as far as both have it.
fn copy<E: Effect>(args: &RenderArgs<'_, E>) -> Result<()> {
    let source = args.image(&Clip::SOURCE)?;
    let mut output = args.output()?;
    let mut pixels = vec![[0.0; 4]; output.window().width()];
    for mut row in output.rows_mut() {
        match &source {
            Some(image) => image.read_row(row.y(), row.x1(), &mut pixels),
            None => pixels.fill([0.0; 4]),
        }
        row.write(row.x1(), &pixels);
    }
    Ok(())
}

#[test]
fn without_a_host_every_action_fails_and_nothing_crashes() {
    effect!(Hostless, |_| Ok(()));
    let actions = [sys::kOfxActionLoad, sys::kOfxActionDescribe, sys::kOfxActionCreateInstance];
    for action in actions.into_iter().chain([sys::kOfxImageEffectActionRender]) {
        for handle in [0, 16] {
            assert_eq!(call::<Hostless>(action, handle, 0, 0), Status::MISSING_HOST_FEATURE);
        }
    }
    set_host::<Hostless>(mock::bare_host());
    assert_eq!(call::<Hostless>(sys::kOfxActionLoad, 0, 0, 0), Status::MISSING_HOST_FEATURE);
    let scene = Scene::new::<Hostless>();
    set_host::<Hostless>(ptr::null_mut());
    assert_eq!(scene.render::<Hostless>(), Status::MISSING_HOST_FEATURE);
    assert_eq!(call::<Hostless>(sys::kOfxActionDestroyInstance, scene.node, 0, 0), Status::OK);
}

#[test]
fn null_and_stale_handles_are_refused() {
    effect!(Handles, copy);
    let scene = Scene::new::<Handles>();
    let main = PluginTable::of::<Handles>().as_ofx().mainEntry.expect("every table has it");
    // SAFETY: null is what this is about.
    let status = unsafe { main(ptr::null(), ptr::null(), ptr::null_mut(), ptr::null_mut()) };
    assert_ne!(Status(status), Status::OK);
    for action in [
        sys::kOfxActionDescribe,
        sys::kOfxImageEffectActionDescribeInContext,
        sys::kOfxActionCreateInstance,
        sys::kOfxActionDestroyInstance,
        sys::kOfxImageEffectActionRender,
        sys::kOfxActionInstanceChanged,
        sys::kOfxImageEffectActionGetRegionOfDefinition,
    ] {
        assert_eq!(call::<Handles>(action, 0, 0, 0), Status::BAD_HANDLE, "{action:?}");
    }
    assert_eq!(call::<Handles>(sys::kOfxImageEffectActionRender, scene.node, 0, 0), Status::BAD_HANDLE);
    assert_eq!(call::<Handles>(sys::kOfxImageEffectActionIsIdentity, scene.node, scene.args, 0), Status::BAD_HANDLE);
    assert_eq!(call::<Handles>(sys::kOfxActionDestroyInstance, scene.node, 0, 0), Status::OK);
    assert_eq!(scene.render::<Handles>(), Status::BAD_HANDLE);
    assert_eq!(call::<Handles>(sys::kOfxActionDestroyInstance, scene.node, 0, 0), Status::BAD_HANDLE);
}

#[test]
fn an_action_that_is_unknown_or_not_text_is_left_to_the_host() {
    effect!(Unknown, copy);
    let scene = Scene::new::<Unknown>();
    for action in [c"OfxActionOfTomorrow", c"", c"\xff\xfe"] {
        assert_eq!(call::<Unknown>(action, scene.node, scene.args, 0), Status::REPLY_DEFAULT);
    }
}

#[test]
fn a_panic_is_a_failure_and_the_next_render_works() {
    static RENDERS: AtomicUsize = AtomicUsize::new(0);
    effect!(Panics, |args| {
        assert!(RENDERS.fetch_add(1, Ordering::Relaxed) > 0, "on purpose");
        copy(args)
    });
    let scene = Scene::new::<Panics>();
    assert_eq!(scene.render::<Panics>(), Status::FAILED);
    assert_eq!(scene.render::<Panics>(), Status::OK);
    assert_eq!(scene.output(), scene.source_pixels);
}

#[test]
fn a_node_that_panics_in_its_creation_is_not_left_behind() {
    static LIVING: AtomicUsize = AtomicUsize::new(0);
    struct Stillborn;
    impl Drop for Stillborn {
        fn drop(&mut self) {
            LIVING.fetch_sub(1, Ordering::Relaxed);
        }
    }
    impl Effect for Stillborn {
        type Settings = Switches;
        const DESCRIPTOR: Descriptor = Descriptor { identifier: c"org.example.Stillborn", ..Descriptor::DEFAULT };
        fn create(_: &Host) -> Result<Self> {
            LIVING.fetch_add(1, Ordering::Relaxed);
            Ok(Self)
        }
        fn created(&self, _: &CreatedArgs<'_, Self>) -> Result<()> {
            panic!("on purpose")
        }
        fn render(&self, _: &RenderArgs<'_, Self>) -> Result<()> {
            Ok(())
        }
    }
    set_host::<Stillborn>(mock::host());
    let node = mock::object();
    assert_eq!(call::<Stillborn>(sys::kOfxActionCreateInstance, node, 0, 0), Status::FAILED);
    assert_eq!(LIVING.load(Ordering::Relaxed), 0);
    assert_eq!(call::<Stillborn>(sys::kOfxActionPurgeCaches, node, 0, 0), Status::BAD_HANDLE);
}

#[test]
fn loads_and_unloads_may_be_unbalanced() {
    static LOADED: AtomicUsize = AtomicUsize::new(0);
    static UNLOADED: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Effect for Counted {
        type Settings = ();
        const DESCRIPTOR: Descriptor = Descriptor { identifier: c"org.example.Counted", ..Descriptor::DEFAULT };
        fn load(_: &Host) -> Result<()> {
            LOADED.fetch_add(1, Ordering::Relaxed);
            Err(Error::node("loading goes wrong, and that is only logged"))
        }
        fn unload() {
            UNLOADED.fetch_add(1, Ordering::Relaxed);
        }
        fn create(_: &Host) -> Result<Self> {
            Ok(Self)
        }
        fn render(&self, _: &RenderArgs<'_, Self>) -> Result<()> {
            Ok(())
        }
    }
    let counts = || (LOADED.load(Ordering::Relaxed), UNLOADED.load(Ordering::Relaxed));
    let all = |action, n| (0..n).for_each(|_| assert_eq!(call::<Counted>(action, 0, 0, 0), Status::OK));
    set_host::<Counted>(mock::host());
    all(sys::kOfxActionUnload, 3);
    assert_eq!(counts(), (0, 0));
    all(sys::kOfxActionLoad, 3);
    all(sys::kOfxActionUnload, 5);
    assert_eq!(counts(), (1, 1));
    all(sys::kOfxActionLoad, 1);
    assert_eq!(counts(), (2, 1));
}

#[test]
fn a_window_is_copied_and_nothing_outside_it_is_touched() {
    effect!(Copies, copy);
    let scene = Scene::new::<Copies>();
    // Larger than the image on the left, smaller on the right and above.
    mock::set(scene.args, sys::kOfxImageEffectPropRenderWindow, &ints([-50, -50, 2, 4]));
    assert_eq!(scene.render::<Copies>(), Status::OK);
    for (i, (got, source)) in scene.output().iter().zip(&scene.source_pixels).enumerate() {
        let inside = i % ROW < 12 && i / ROW < 2;
        assert_eq!(*got, if inside { *source } else { -1.0 }, "sample {i}");
    }
    assert_eq!((mock::released(scene.source), mock::released(scene.output)), (1, 1));
}

#[test]
fn an_empty_or_absurd_window_writes_nothing() {
    effect!(Windows, copy);
    let scene = Scene::new::<Windows>();
    for (window, status) in [
        ([0, 0, 0, 0], Status::OK),
        ([3, 3, 1, 1], Status::OK),
        ([i32::MAX, 0, i32::MIN, 1], Status::OK),
        ([100, 100, 200, 200], Status::OK),
        ([i32::MIN, i32::MIN, i32::MAX, i32::MAX], Status::VALUE),
    ] {
        mock::set(scene.args, sys::kOfxImageEffectPropRenderWindow, &ints(window));
        assert_eq!(scene.render::<Windows>(), status, "{window:?}");
    }
    assert!(scene.output().iter().all(|v| *v == -1.0));
}

#[test]
fn rows_may_run_downwards() {
    effect!(Downwards, copy);
    let scene = Scene::new::<Downwards>();
    // As MLT has it: row bytes below zero, data at the lowest row, which lies last in memory.
    let last = scene.source_pixels[2 * ROW..].as_ptr().expose_provenance();
    mock::set(scene.source, sys::kOfxImagePropRowBytes, &[Value::Int(-4 * ROW as i32)]);
    mock::set(scene.source, sys::kOfxImagePropData, &[Value::Pointer(last)]);
    assert_eq!(scene.render::<Downwards>(), Status::OK);
    let flipped: Vec<f32> = scene.source_pixels.chunks(ROW).rev().flatten().copied().collect();
    assert_eq!(scene.output(), flipped);
}

#[test]
fn an_image_that_cannot_be_true_is_refused_and_given_back() {
    effect!(Lies, copy);
    let lies: [(&CStr, Vec<Value>); 7] = [
        (sys::kOfxImagePropRowBytes, vec![Value::Int(4 * ROW as i32 - 1)]),
        (sys::kOfxImagePropRowBytes, vec![Value::Int(0)]),
        (sys::kOfxImagePropRowBytes, vec![Value::Double(64.0)]),
        (sys::kOfxImagePropBounds, ints([i32::MIN, i32::MIN, i32::MAX, i32::MAX])),
        (sys::kOfxImagePropBounds, vec![]),
        (sys::kOfxImageEffectPropPixelDepth, vec![text(c"OfxBitDepthOfTomorrow")]),
        (sys::kOfxImagePropData, vec![Value::Pointer(0)]),
    ];
    for (name, values) in lies {
        let scene = Scene::new::<Lies>();
        mock::set(scene.output, name, &values);
        assert_eq!(scene.render::<Lies>(), Status::IMAGE_FORMAT, "{name:?}");
        assert!(scene.output().iter().all(|v| *v == -1.0), "{name:?}");
        assert_eq!((mock::released(scene.source), mock::released(scene.output)), (1, 1), "{name:?}");
    }
}

#[test]
fn memory_is_never_lent_twice_for_writing() {
    effect!(InPlace, copy);
    let scene = Scene::new::<InPlace>();
    mock::set(scene.source, sys::kOfxImagePropData, &mock::get(scene.output, sys::kOfxImagePropData));
    assert_eq!(scene.render::<InPlace>(), Status::IMAGE_FORMAT);

    effect!(Twice, |args| {
        let first = args.output()?;
        assert!(matches!(args.output(), Err(Error::Image { .. })));
        drop(first);
        args.output().map(drop)
    });
    let scene = Scene::new::<Twice>();
    assert_eq!(scene.render::<Twice>(), Status::OK);
    assert_eq!(mock::released(scene.output), 3);
}

#[test]
fn an_image_at_an_odd_address_is_read_and_written_all_the_same() {
    effect!(Odd, |args| {
        let source = args.image(&Clip::SOURCE)?.expect("it is there");
        assert!(source.samples::<f32>(2).is_err());
        assert!(source.samples::<u8>(2).is_err());
        drop(source);
        copy(args)
    });
    let scene = Scene::new::<Odd>();
    let bytes: Vec<u8> = scene.source_pixels.iter().flat_map(|v| v.to_ne_bytes()).collect();
    let mut shifted = vec![0; bytes.len() + 1];
    let odd = usize::from((shifted.as_ptr() as usize).is_multiple_of(2));
    shifted[odd..odd + bytes.len()].copy_from_slice(&bytes);
    let start = shifted[odd..].as_ptr().expose_provenance();
    mock::set(scene.source, sys::kOfxImagePropData, &[Value::Pointer(start)]);
    assert_eq!(scene.render::<Odd>(), Status::OK);
    assert_eq!(scene.output(), scene.source_pixels);
}

#[test]
fn of_an_interlaced_output_only_the_rendered_field_is_written() {
    effect!(Fields, copy);
    let scene = Scene::new::<Fields>();
    mock::set(scene.output, sys::kOfxImagePropField, &[text(sys::kOfxImageFieldBoth)]);
    mock::set(scene.args, sys::kOfxImageEffectPropFieldToRender, &[text(sys::kOfxImageFieldUpper)]);
    assert_eq!(scene.render::<Fields>(), Status::OK);
    // Rows are 2, 3 and 4; the upper field has the odd lines.
    let written: Vec<bool> = scene.output().chunks(ROW).map(|row| row[0] != -1.0).collect();
    assert_eq!(written, [false, true, false]);
}

#[test]
fn times_and_scales_that_are_no_numbers_are_refused() {
    effect!(Numbers, copy);
    for (name, values) in [
        (sys::kOfxPropTime, vec![Value::Double(f64::NAN)]),
        (sys::kOfxPropTime, vec![Value::Double(f64::INFINITY)]),
        (sys::kOfxImageEffectPropRenderScale, vec![Value::Double(0.0), Value::Double(1.0)]),
        (sys::kOfxImageEffectPropRenderScale, vec![Value::Double(1.0), Value::Double(f64::NAN)]),
    ] {
        let scene = Scene::new::<Numbers>();
        mock::set(scene.args, name, &values);
        assert_eq!(scene.render::<Numbers>(), Status::VALUE, "{name:?}");
    }
}

#[test]
fn a_clip_without_an_image_is_no_error_but_an_output_without_one_is() {
    effect!(Unfed, |args| {
        assert!(args.image(&Clip::SOURCE)?.is_none());
        args.output().map(drop)
    });
    let scene = Scene::new::<Unfed>();
    let bare = mock::object();
    mock::child(bare, "Source");
    mock::child(bare, "Output");
    assert_eq!(call::<Unfed>(sys::kOfxActionCreateInstance, bare, 0, 0), Status::OK);
    assert_eq!(call::<Unfed>(sys::kOfxImageEffectActionRender, bare, scene.args, 0), Status::FAILED);
}

#[test]
fn destroying_a_node_in_mid_render_keeps_its_state_and_ends_its_calls() {
    static NODE: Mutex<usize> = Mutex::new(0);
    effect!(Destroyed, |args| {
        let source = args.image(&Clip::SOURCE)?.expect("it is there");
        let node = *NODE.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(call::<Destroyed>(sys::kOfxActionDestroyInstance, node, 0, 0), Status::OK);
        assert!(args.aborted());
        assert_eq!(source.samples::<f32>(2)?[1], 1.0);
        assert!(args.clip(&Clip::SOURCE).is_err());
        args.output().map(drop)
    });
    let scene = Scene::new::<Destroyed>();
    *NODE.lock().unwrap_or_else(PoisonError::into_inner) = scene.node;
    assert_eq!(scene.render::<Destroyed>(), Status::BAD_HANDLE);
    assert_eq!(mock::released(scene.source), 1);
}

#[test]
fn the_same_node_may_be_created_twice() {
    effect!(Again, copy);
    let scene = Scene::new::<Again>();
    assert_eq!(call::<Again>(sys::kOfxActionCreateInstance, scene.node, 0, 0), Status::OK);
    assert_eq!(scene.render::<Again>(), Status::OK);
    assert_eq!(call::<Again>(sys::kOfxActionDestroyInstance, scene.node, 0, 0), Status::OK);
}

#[test]
fn a_description_holds_clips_of_the_context_and_every_parameter() {
    struct Masked;
    const MASK: Clip = Clip::input(c"Mask").optional().mask();
    impl Effect for Masked {
        type Settings = Switches;
        const DESCRIPTOR: Descriptor =
            Descriptor { identifier: c"org.example.Masked", clips: &[Clip::SOURCE, MASK], ..Descriptor::DEFAULT };
        fn create(_: &Host) -> Result<Self> {
            Ok(Self)
        }
        fn render(&self, _: &RenderArgs<'_, Self>) -> Result<()> {
            Ok(())
        }
    }
    set_host::<Masked>(mock::host());
    let effect = mock::object();
    assert_eq!(call::<Masked>(sys::kOfxActionDescribe, effect, 0, 0), Status::OK);
    assert_eq!(mock::get(effect, sys::kOfxImageEffectPropSupportedContexts).len(), 2);
    assert_eq!(mock::get(effect, sys::kOfxImageEffectPropSupportedPixelDepths).len(), 4);
    for (context, status, has_mask) in [
        (sys::kOfxImageEffectContextFilter, Status::OK, false),
        (sys::kOfxImageEffectContextGeneral, Status::OK, true),
        (sys::kOfxImageEffectContextPaint, Status::MISSING_HOST_FEATURE, false),
    ] {
        let descriptor = mock::object();
        let args = mock::object();
        mock::set(args, sys::kOfxImageEffectPropContext, &[text(context)]);
        assert_eq!(call::<Masked>(sys::kOfxImageEffectActionDescribeInContext, descriptor, args, 0), status);
        assert_eq!(mock::has_child(descriptor, "Mask"), has_mask);
        for name in ["Source", "Output", "switch"] {
            assert_eq!(mock::has_child(descriptor, name), status == Status::OK, "{context:?} {name}");
        }
    }
}

#[test]
fn calls_from_many_threads_at_once_do_not_disturb_each_other() {
    effect!(Crowded, copy);
    let scene = Scene::new::<Crowded>();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for _ in 0..200 {
                    let node = mock::object();
                    assert_eq!(call::<Crowded>(sys::kOfxActionLoad, 0, 0, 0), Status::OK);
                    assert_eq!(call::<Crowded>(sys::kOfxActionCreateInstance, node, 0, 0), Status::OK);
                    if thread == 0 {
                        set_host::<Crowded>(mock::host());
                    }
                    assert_eq!(call::<Crowded>(sys::kOfxActionPurgeCaches, node, 0, 0), Status::OK);
                    assert_eq!(call::<Crowded>(sys::kOfxActionDestroyInstance, node, 0, 0), Status::OK);
                    assert_eq!(call::<Crowded>(sys::kOfxActionUnload, 0, 0, 0), Status::OK);
                }
            });
        }
    });
    assert_eq!(scene.render::<Crowded>(), Status::OK);
}
