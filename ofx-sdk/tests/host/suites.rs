//! Threads, mutexes, memory, properties, handles, planes, overlays.

use crate::fixture::{Pixels, Stage, effects, params, props, set_text, suite, text};
use ofx_sdk::{
    Status,
    host::{HostOptions, PenAction, RenderRequest, ViolationKind},
    sys,
};
use std::{
    ffi::{c_int, c_uint, c_void},
    ptr::{null, null_mut},
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicU32, Ordering},
    },
};

fn threads() -> &'static sys::OfxMultiThreadSuiteV1 {
    suite(sys::kOfxMultiThreadSuite, 1).unwrap()
}

#[derive(Default)]
struct Seen {
    indices: AtomicU32,
    recursive: AtomicI32,
    counted: AtomicU32,
    mutex: AtomicUsizeHandle,
}
type AtomicUsizeHandle = std::sync::atomic::AtomicUsize;

unsafe extern "C" fn work(index: c_uint, count: c_uint, argument: *mut c_void) {
    // SAFETY: the test passes this type, which outlives the call.
    let seen = unsafe { &*argument.cast::<Seen>() };
    let mut own = 99;
    assert_eq!(call!(threads(), multiThreadIndex(&mut own)), 0);
    assert_eq!((own, count), (index, 5));
    assert_eq!(call!(threads(), multiThreadIsSpawnedThread()), 1);
    seen.indices.fetch_or(1 << index, Ordering::SeqCst);
    seen.recursive.store(call!(threads(), multiThread(Some(work), 2, null_mut())), Ordering::SeqCst);
    let mutex: sys::OfxMutexHandle = std::ptr::without_provenance_mut(seen.mutex.load(Ordering::SeqCst));
    for _ in 0..1000 {
        assert_eq!(call!(threads(), mutexLock(mutex)), 0);
        assert_eq!(call!(threads(), mutexTryLock(mutex)), 0, "its owner may lock again");
        // Not atomic on purpose: only the mutex keeps the count right.
        seen.counted.store(seen.counted.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        assert_eq!(call!(threads(), mutexUnLock(mutex)), 0);
        assert_eq!(call!(threads(), mutexUnLock(mutex)), 0);
    }
}

#[test]
fn the_multithread_suite_runs_threads_that_cannot_start_more() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(sys::kOfxImageEffectActionRender, |_| {
        let (mut cpus, mut index, mut mutex) = (0, 7, null_mut());
        assert_eq!(call!(threads(), multiThreadNumCPUs(&mut cpus)), 0);
        assert_eq!(cpus, 3);
        assert_eq!(call!(threads(), multiThreadIndex(&mut index)), 0);
        assert_eq!((index, call!(threads(), multiThreadIsSpawnedThread())), (0, 0));
        assert_eq!(call!(threads(), mutexCreate(&mut mutex, 0)), 0);
        let seen = Seen::default();
        seen.mutex.store(mutex.addr(), Ordering::SeqCst);
        let argument = (&raw const seen).cast_mut().cast();
        assert_eq!(call!(threads(), multiThread(Some(work), 5, argument)), 0);
        assert_eq!(seen.indices.load(Ordering::SeqCst), 0b11111);
        assert_eq!(seen.recursive.load(Ordering::SeqCst), sys::kOfxStatErrExists as c_int);
        assert_eq!(seen.counted.load(Ordering::SeqCst), 5000);
        assert_eq!(call!(threads(), mutexUnLock(mutex)), sys::kOfxStatFailed as c_int);
        assert_eq!(call!(threads(), mutexDestroy(mutex)), 0);
    });
    instance.render(&RenderRequest::at(1.0)).unwrap();
    stage.assert_clean();
}

#[test]
fn images_can_be_fetched_on_threads_of_the_plugins_own() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(sys::kOfxImageEffectActionRender, |call| {
        let clip = call.clip(c"Source").addr();
        std::thread::spawn(move || {
            let mut image = null_mut();
            let clip = std::ptr::without_provenance_mut(clip);
            assert_eq!(call!(effects(), clipGetImage(clip, 1.0, null(), &mut image)), 0);
            Pixels::of(image).release();
        })
        .join()
        .unwrap();
    });
    instance.render(&RenderRequest::at(1.0)).unwrap();
    stage.assert_clean();
}

#[test]
fn null_stale_and_foreign_handles_are_bad_handles_everywhere() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let gone = {
        let other = stage.instance();
        other.as_ptr().addr()
    };
    stage.during(sys::kOfxImageEffectActionRender, move |call| {
        let bad = Status::BAD_HANDLE.0;
        let own = call.handle.addr();
        let clip = call.clip(c"Source").addr();
        for wrong in [0, 1, gone, clip, usize::MAX, (&raw const call.action).addr()] {
            let raw = |_: ()| std::ptr::without_provenance_mut::<c_void>(wrong);
            let mut set = null_mut();
            assert_eq!(call!(effects(), getPropertySet(raw(()).cast(), &mut set)), bad);
            assert_eq!(call!(effects(), abort(raw(()).cast())), 0);
            assert_eq!(call!(params(), paramSetGetPropertySet(raw(()).cast(), &mut set)), bad);
            assert_eq!(call!(params(), paramSetValue(raw(()).cast(), 1.0_f64)), bad);
            let mut value = 0.0_f64;
            assert_eq!(call!(params(), paramGetValue(raw(()).cast(), &raw mut value)), bad);
            assert_eq!(call!(props(), propGetDouble(raw(()).cast(), c"x".as_ptr(), 0, &mut value)), bad);
            assert_eq!(call!(effects(), clipReleaseImage(raw(()).cast())), bad);
            assert_eq!(call!(threads(), mutexLock(raw(()).cast())), bad);
            assert_eq!(call!(effects(), imageMemoryFree(raw(()).cast())), bad);
        }
        for wrong in [0, 1, gone, own] {
            let clip = std::ptr::without_provenance_mut(wrong);
            let mut image = std::ptr::without_provenance_mut(8);
            assert_eq!(call!(effects(), clipGetImage(clip, 1.0, null(), &mut image)), bad);
            assert!(image.is_null());
        }
    });
    instance.render(&RenderRequest::at(1.0)).unwrap();
    assert_eq!(stage.kinds(), [ViolationKind::BadHandle]);
}

#[test]
fn memory_is_aligned_locked_and_freed_once() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(sys::kOfxImageEffectActionRender, |call| {
        let memory: &sys::OfxMemorySuiteV1 = suite(sys::kOfxMemorySuite, 1).unwrap();
        let mut block = null_mut();
        assert_eq!(call!(memory, memoryAlloc(call.handle, 1000, &mut block)), 0);
        assert_eq!(block.addr() % 16, 0);
        // SAFETY: the block has 1000 bytes.
        unsafe { block.cast::<u8>().write_bytes(7, 1000) };
        assert_eq!(call!(memory, memoryFree(block)), 0);
        assert_eq!(call!(memory, memoryAlloc(null_mut(), usize::MAX, &mut block)), sys::kOfxStatErrMemory as c_int);
        let (mut handle, mut address) = (null_mut(), null_mut());
        assert_eq!(call!(effects(), imageMemoryAlloc(call.effect(), 64, &mut handle)), 0);
        assert_eq!(call!(effects(), imageMemoryLock(handle, &mut address)), 0);
        assert_eq!(address.addr() % 16, 0);
        assert_eq!(call!(effects(), imageMemoryUnlock(handle)), 0);
        assert_eq!(call!(effects(), imageMemoryFree(handle)), 0);
    });
    instance.render(&RenderRequest::at(1.0)).unwrap();
    drop(instance);
    stage.assert_clean();
}

#[test]
fn properties_keep_their_dimension_type_and_default() {
    let stage = Stage::harsh();
    stage.during(sys::kOfxActionDescribe, |call| {
        let set = call.effect_props();
        let contexts = sys::kOfxImageEffectPropSupportedContexts.as_ptr();
        let names = [c"a".as_ptr(), c"b".as_ptr(), c"c".as_ptr()];
        let mut count = 0;
        assert_eq!(call!(props(), propSetStringN(set, contexts, 3, names.as_ptr())), 0);
        assert_eq!(call!(props(), propSetStringN(set, contexts, 1, names.as_ptr())), 0);
        assert_eq!(call!(props(), propGetDimension(set, contexts, &mut count)), 0);
        assert_eq!(count, 1);
        assert_eq!(call!(props(), propReset(set, contexts)), 0);
        assert_eq!(call!(props(), propGetDimension(set, contexts, &mut count)), 0);
        assert_eq!(count, 0);
        let label = sys::kOfxPropLabel;
        set_text(set, label, c"first", 0);
        let mut text_pointer = null_mut();
        assert_eq!(call!(props(), propGetString(set, label.as_ptr(), 0, &mut text_pointer)), 0);
        set_text(set, sys::kOfxPropShortLabel, c"second", 0);
        // SAFETY: the text stays until this property is set again.
        assert_eq!(unsafe { std::ffi::CStr::from_ptr(text_pointer) }, c"first");
        assert_eq!(text(set, sys::kOfxPropShortLabel), "second");
    });
    let _plugin = stage.plugin();
    stage.assert_clean();
}

#[test]
fn any_suite_or_property_may_be_missing() {
    let stage = Stage::new(HostOptions {
        without_suites: vec![("OfxMemorySuite".into(), 1)],
        without_properties: vec!["OfxImageEffectPropProjectSize".into()],
        threads: 0,
        ..HostOptions::default()
    });
    let instance = stage.instance();
    assert!(suite::<sys::OfxMemorySuiteV1>(sys::kOfxMemorySuite, 1).is_none());
    assert!(suite::<sys::OfxMultiThreadSuiteV1>(sys::kOfxMultiThreadSuite, 1).is_none());
    stage.during(sys::kOfxImageEffectActionRender, |call| {
        let (mut value, name) = (0.0, sys::kOfxImageEffectPropProjectSize.as_ptr());
        assert_eq!(call!(props(), propGetDouble(call.effect_props(), name, 0, &mut value)), Status::UNKNOWN.0);
    });
    instance.render(&RenderRequest::at(1.0)).unwrap();
    stage.assert_clean();
}

#[test]
fn an_interceptor_answers_in_place_of_the_host() {
    let interceptor: ofx_sdk::host::Interceptor =
        Arc::new(|function: &str| (function == "clipGetImage").then_some(Status::MEMORY));
    let stage = Stage::new(HostOptions { interceptor: Some(interceptor), ..HostOptions::default() });
    let instance = stage.instance();
    let message = instance.render(&RenderRequest::at(1.0)).unwrap_err().to_string();
    assert!(message.contains("kOfxStatFailed"), "{message}");
}

const PLANE: &std::ffi::CStr = c"NatronOfxImageComponentsPlaneName_tone.sky_PlaneLabel_Sky_ChannelsLabel_A_Channel_A";

#[test]
fn a_named_plane_is_rendered_beside_color() {
    let stage = Stage::harsh();
    stage.act(|call| {
        if call.is(sys::kOfxActionDescribe) {
            let name = sys::planes::kFnOfxImageEffectPropMultiPlanar.as_ptr();
            assert_eq!(call!(props(), propSetInt(call.effect_props(), name, 0, 1)), 0);
        }
        if call.is(sys::planes::kFnOfxImageEffectActionGetClipComponents) {
            let name = c"uk.co.thefoundry.OfxNeededComp_Output";
            assert_eq!(set_text(call.out_args, name, PLANE, 1), 0);
            return Some(0);
        }
        if call.is(sys::kOfxImageEffectActionRender) {
            let mut count = 0;
            let name = sys::planes::kOfxImageEffectPropRenderPlanes.as_ptr();
            assert_eq!(call!(props(), propGetDimension(call.in_args, name, &mut count)), 0);
            if count == 2 {
                let planes: &sys::planes::FnOfxImageEffectPlaneSuiteV2 =
                    suite(sys::planes::kFnOfxImageEffectPlaneSuite, 2).unwrap();
                let mut image = null_mut();
                let clip = call.clip(c"Output");
                assert_eq!(call!(planes, clipGetImagePlane(clip, 1.0, 0, PLANE.as_ptr(), null(), &mut image)), 0);
                let pixels = Pixels::of(image);
                for y in pixels.bounds[1]..pixels.bounds[3] {
                    for x in pixels.bounds[0]..pixels.bounds[2] {
                        let row = (y - pixels.bounds[1]) as isize * pixels.row_bytes as isize;
                        let at = pixels.data.wrapping_byte_offset(row).cast::<f32>();
                        // SAFETY: one component a pixel, inside of the bounds.
                        unsafe { at.offset((x - pixels.bounds[0]) as isize).write(0.5) };
                    }
                }
                pixels.release();
            }
        }
        None
    });
    let instance = stage.instance();
    let planes = vec!["tone.sky".to_owned(), String::new()];
    for tile in [None, Some(4)] {
        let request = RenderRequest { planes: planes.clone(), tile, ..RenderRequest::at(1.0) };
        let images = instance.render(&request).unwrap();
        assert_eq!(images.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["tone.sky", ""]);
        assert!(images[0].1.to_f32().iter().all(|v| *v == 0.5));
        assert_eq!(images[1].1.to_f32(), crate::fixture::ramp().to_f32());
    }
    let unknown = RenderRequest { planes: vec!["tone.sea".into()], ..RenderRequest::at(1.0) };
    assert!(instance.render(&unknown).unwrap_err().to_string().contains("tone.sky"));
    stage.assert_clean();
}

static OVERLAY_PENS: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" fn overlay(
    action: *const std::ffi::c_char,
    handle: *const c_void,
    in_args: sys::OfxPropertySetHandle,
    _: sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    // SAFETY: the host gives a C string.
    let action = unsafe { std::ffi::CStr::from_ptr(action) };
    if action == sys::kOfxInteractActionPenDown {
        let mut at = [0.0; 2];
        call!(props(), propGetDoubleN(in_args, sys::kOfxInteractPropPenPosition.as_ptr(), 2, at.as_mut_ptr()));
        assert_eq!(at, [3.0, 4.0]);
        let interacts: &sys::OfxInteractSuiteV1 = suite(sys::kOfxInteractSuite, 1).unwrap();
        assert_eq!(call!(interacts, interactRedraw(handle.cast_mut().cast())), 0);
        OVERLAY_PENS.fetch_add(1, Ordering::SeqCst);
        return 0;
    }
    Status::REPLY_DEFAULT.0
}

#[test]
fn an_overlay_hears_the_pen_and_asks_for_a_redraw() {
    let stage = Stage::new(HostOptions { overlays: true, ..HostOptions::default() });
    stage.during(sys::kOfxActionDescribe, |call| {
        let name = sys::kOfxImageEffectPluginPropOverlayInteractV1.as_ptr();
        let entry = overlay as *mut c_void;
        assert_eq!(call!(props(), propSetPointer(call.effect_props(), name, 0, entry)), 0);
    });
    let instance = stage.instance();
    let overlay = instance.overlay().unwrap().unwrap();
    assert!(overlay.pen(PenAction::Down, [3.0, 4.0], 1.0).unwrap());
    assert!(!overlay.pen(PenAction::Motion, [3.0, 4.0], 1.0).unwrap());
    assert!(!overlay.draw().unwrap());
    assert_eq!((overlay.redraws(), OVERLAY_PENS.load(Ordering::SeqCst)), (1, 1));
    drop(overlay);
    stage.assert_clean();
}
