//! Each thing that a plug-in does wrong is reported by its name, with plug-in and action.

use crate::fixture::{Call, ID, Stage, effects, params, props, set_double, set_text, suite};
use ofx_sdk::{
    host::{RenderRequest, ViolationKind},
    sys,
};
use std::{
    ffi::CStr,
    ptr::{null, null_mut},
};

/// Does `act` in `action` of one life of an instance, and expects just this violation.
#[track_caller]
fn expect(kind: ViolationKind, action: &'static CStr, detail: &str, act: impl Fn(&Call) + Send + Sync + 'static) {
    let stage = Stage::harsh();
    let once = std::sync::atomic::AtomicBool::new(false);
    stage.during(action, move |call| {
        if !once.swap(true, std::sync::atomic::Ordering::SeqCst) {
            act(call);
        }
    });
    let instance = stage.instance();
    let _ = instance.press("button");
    let _ = instance.render(&RenderRequest::at(1.0));
    drop(instance);
    let violation = stage.violation();
    assert_eq!(violation.kind, kind, "{violation}");
    assert_eq!((violation.plugin.as_str(), violation.action.as_str()), (ID, action.to_str().unwrap()), "{violation}");
    assert!(violation.detail.contains(detail), "{violation}");
}

const DESCRIBE: &CStr = sys::kOfxActionDescribe;
const IN_CONTEXT: &CStr = sys::kOfxImageEffectActionDescribeInContext;
const CREATE: &CStr = sys::kOfxActionCreateInstance;
const CHANGED: &CStr = sys::kOfxActionInstanceChanged;
const RENDER: &CStr = sys::kOfxImageEffectActionRender;

#[test]
fn unknown_properties() {
    expect(ViolationKind::UnknownProperty, DESCRIBE, "NoSuchProperty", |call| {
        assert_eq!(set_text(call.effect_props(), c"NoSuchProperty", c"x", 0), 3);
    });
    expect(ViolationKind::UnknownProperty, RENDER, "Typo", |call| {
        let mut value = 0.0;
        assert_eq!(call!(props(), propGetDouble(call.in_args, c"Typo".as_ptr(), 0, &mut value)), 3);
    });
}

#[test]
fn properties_of_the_wrong_type() {
    expect(ViolationKind::WrongType, DESCRIBE, "OfxPropLabel", |call| {
        assert_eq!(set_double(call.effect_props(), sys::kOfxPropLabel, 1.0), 11);
    });
    expect(ViolationKind::WrongType, RENDER, "OfxPropTime", |call| {
        let mut value = 0;
        assert_eq!(call!(props(), propGetInt(call.in_args, sys::kOfxPropTime.as_ptr(), 0, &mut value)), 11);
    });
}

#[test]
fn properties_that_only_the_host_sets() {
    expect(ViolationKind::ReadOnlyProperty, CREATE, "OfxImageEffectPropContext", |call| {
        set_text(call.effect_props(), sys::kOfxImageEffectPropContext, c"x", 0);
    });
}

#[test]
fn indices_outside_of_the_dimension() {
    expect(ViolationKind::BadIndex, DESCRIBE, "OfxPropLabel", |call| {
        assert_eq!(set_text(call.effect_props(), sys::kOfxPropLabel, c"x", 1), 10);
    });
    expect(ViolationKind::BadIndex, RENDER, "OfxPropTime", |call| {
        let mut value = 0.0;
        assert_eq!(call!(props(), propGetDouble(call.in_args, sys::kOfxPropTime.as_ptr(), -1, &mut value)), 10);
    });
}

#[test]
fn null_arguments() {
    expect(ViolationKind::NullArgument, DESCRIBE, "name", |call| {
        assert_eq!(call!(props(), propSetInt(call.effect_props(), null(), 0, 1)), 11);
    });
}

#[test]
fn images_that_are_not_released() {
    expect(ViolationKind::ImageNotReleased, RENDER, "Source", |call| {
        let _kept = call.image(c"Source");
    });
}

#[test]
fn bytes_written_outside_of_the_output() {
    expect(ViolationKind::WroteOutsideImage, RENDER, "Output", |call| {
        let output = call.image(c"Output").unwrap();
        output.put(output.bounds[2], output.bounds[1], 0, 1.0);
        output.release();
    });
    expect(ViolationKind::WroteOutsideImage, RENDER, "Output", |call| {
        let output = call.image(c"Output").unwrap();
        output.put(output.bounds[0], output.bounds[3], 0, 1.0);
        output.release();
    });
}

#[test]
fn pixels_written_in_an_input() {
    expect(ViolationKind::WroteInput, RENDER, "Source", |call| {
        let source = call.image(c"Source").unwrap();
        source.put(0, 5, 2, -1.0);
        source.release();
    });
}

#[test]
fn values_out_of_range() {
    expect(ViolationKind::ValueOutOfRange, CHANGED, "0 to 8", |call| {
        if call.change().0 == "Source" {
            assert_eq!(call!(params(), paramSetValue(call.param(c"gain"), 9.0_f64)), 0);
        }
    });
    expect(ViolationKind::ChoiceOutOfRange, CHANGED, "2 options", |call| {
        assert_eq!(call!(params(), paramSetValue(call.param(c"mode"), 2_i32)), 11);
    });
    expect(ViolationKind::ChoiceOutOfRange, CHANGED, "-1", |call| {
        assert_eq!(call!(params(), paramSetValue(call.param(c"mode"), -1_i32)), 11);
    });
}

#[test]
fn parameters_set_where_nuke_crashes() {
    for action in [CREATE, RENDER] {
        expect(ViolationKind::SetOutsideChange, action, "gain", |call| {
            call!(params(), paramSetValue(call.param(c"gain"), 1.0_f64));
        });
    }
}

#[test]
fn definitions_outside_of_describe() {
    expect(ViolationKind::DefineOutsideDescribe, CREATE, "late", |call| {
        call.define(sys::kOfxParamTypeDouble, c"late");
    });
    expect(ViolationKind::DefineOutsideDescribe, DESCRIBE, "Early", |call| {
        call!(effects(), clipDefine(call.effect(), c"Early".as_ptr(), null_mut()));
    });
}

#[test]
fn parameter_types_that_no_host_announced() {
    expect(ViolationKind::UnknownParamType, IN_CONTEXT, "OfxParamTypeStrChoice", |call| {
        call.define(c"OfxParamTypeStrChoice", c"new");
    });
}

#[test]
fn names_used_twice_and_names_that_nothing_has() {
    expect(ViolationKind::DuplicateName, IN_CONTEXT, "twice", |call| {
        call.define(sys::kOfxParamTypeDouble, c"twice");
        call.define(sys::kOfxParamTypeInteger, c"twice");
    });
    expect(ViolationKind::UnknownName, CREATE, "nothing", |call| assert!(call.param(c"nothing").is_null()));
    expect(ViolationKind::UnknownName, CREATE, "Mask", |call| assert!(call.clip(c"Mask").is_null()));
}

#[test]
fn defaults_out_of_range() {
    let stage = Stage::harsh();
    stage.during(IN_CONTEXT, |call| {
        let set = call.define(sys::kOfxParamTypeDouble, c"steep");
        set_double(set, sys::kOfxParamPropMax, 1.0);
        set_double(set, sys::kOfxParamPropDefault, 2.0);
    });
    let _plugin = stage.plugin();
    assert_eq!(stage.kinds(), [ViolationKind::ValueOutOfRange]);
}

#[test]
fn messages_with_an_unescaped_percent() {
    expect(ViolationKind::UnescapedMessage, CHANGED, "%d", |call| {
        let messages: &sys::OfxMessageSuiteV2 = suite(sys::kOfxMessageSuite, 2).unwrap();
        let kind = sys::kOfxMessageLog.as_ptr();
        call!(messages, message(call.handle, kind, c"".as_ptr(), c"%d frames".as_ptr(), 5_i32));
    });
}

#[test]
fn memory_and_mutexes_that_are_left() {
    expect(ViolationKind::MemoryNotFreed, sys::kOfxActionDestroyInstance, "77 bytes", |call| {
        let memory: &sys::OfxMemorySuiteV1 = suite(sys::kOfxMemorySuite, 1).unwrap();
        let mut block = null_mut();
        call!(memory, memoryAlloc(call.handle, 77, &mut block));
    });
    let stage = Stage::harsh();
    stage.during(CREATE, |_| {
        let threads: &sys::OfxMultiThreadSuiteV1 = suite(sys::kOfxMultiThreadSuite, 1).unwrap();
        let mut mutex = null_mut();
        call!(threads, mutexCreate(&mut mutex, 0));
    });
    drop(stage.instance());
    let violation = stage.violation();
    assert_eq!((violation.kind, violation.action.as_str()), (ViolationKind::MutexNotDestroyed, "OfxActionUnload"));
}

#[test]
fn actions_that_must_be_answered() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.act(|call| call.is(RENDER).then_some(sys::kOfxStatReplyDefault as i32));
    assert!(instance.render(&RenderRequest::at(1.0)).is_err());
    assert_eq!(stage.violation().kind, ViolationKind::MissingReply);
    stage.act(|call| call.is(RENDER).then_some(0));
    assert!(instance.render(&RenderRequest::at(1.0)).unwrap_err().to_string().contains("Output"));
    assert_eq!(stage.violation().kind, ViolationKind::MissingReply);
    stage.act(|call| call.is(RENDER).then_some(4711));
    assert!(instance.render(&RenderRequest::at(1.0)).is_err());
    assert!(stage.violation().detail.contains("4711"));
}

#[test]
fn an_unload_under_living_instances() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    instance.plugin().reload().unwrap();
    assert_eq!(stage.violation().kind, ViolationKind::LiveInstances);
    instance.render(&RenderRequest::at(1.0)).unwrap();
}

#[test]
fn calls_outside_of_every_action() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let call = Call { action: c"", handle: instance.as_ptr().cast(), in_args: null_mut(), out_args: null_mut() };
    let mut image = null_mut();
    assert_ne!(call!(effects(), clipGetImage(call.clip(c"Source"), 1.0, null(), &mut image)), 0);
    assert_eq!(stage.violation().kind, ViolationKind::WrongAction);
    call!(params(), paramSetValue(call.param(c"gain"), 2.0_f64));
    assert_eq!(stage.violation().kind, ViolationKind::SetOutsideChange);
}

#[test]
fn another_frame_without_declared_temporal_access() {
    expect(ViolationKind::UndeclaredTemporalAccess, RENDER, "frame 5", |call| {
        let mut image = null_mut();
        call!(effects(), clipGetImage(call.clip(c"Source"), 5.0, null(), &mut image));
        call!(effects(), clipReleaseImage(image));
    });
}

#[test]
fn unbalanced_edits_and_progress() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(CHANGED, |call| {
        call!(params(), paramEditBegin(call.param_set(), c"open".as_ptr()));
    });
    instance.press("button").unwrap();
    assert_eq!(stage.violation().kind, ViolationKind::Unbalanced);
    drop(instance);
    drop(stage);
    expect(ViolationKind::Unbalanced, RENDER, "progressUpdate", |call| {
        let progress: &sys::OfxProgressSuiteV1 = suite(sys::kOfxProgressSuite, 1).unwrap();
        call!(progress, progressUpdate(call.handle, 0.5));
    });
}

#[test]
fn an_edit_within_an_edit_is_two_undo_steps_in_natron() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(CHANGED, |call| {
        for label in [c"outer", c"inner"] {
            call!(params(), paramEditBegin(call.param_set(), label.as_ptr()));
        }
        for _ in 0..2 {
            call!(params(), paramEditEnd(call.param_set()));
        }
    });
    instance.press("button").unwrap();
    let violation = stage.violation();
    assert_eq!(violation.kind, ViolationKind::NestedEdit);
    assert!(violation.detail.contains("inner"), "{violation}");
}

#[test]
fn preferences_that_the_plugin_did_not_declare() {
    let stage = Stage::harsh();
    stage.act(|call| {
        call.is(sys::kOfxImageEffectActionGetClipPreferences).then(|| {
            let name = c"OfxImageClipPropComponents_Output";
            set_text(call.out_args, name, sys::kOfxImageComponentAlpha, 0)
        })
    });
    let instance = stage.instance();
    let output = instance.clip_preferences().unwrap().clips["Output"];
    assert_eq!(output.components, ofx_sdk::Components::Rgba, "the host's default holds");
    let violation = stage.violation();
    assert_eq!(violation.kind, ViolationKind::IllegalValue);
    assert!(violation.detail.contains("Alpha"), "{violation}");
}

#[test]
fn a_loop_of_changes_ends() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(CHANGED, |call| {
        call!(params(), paramSetValue(call.param(c"int"), 1_i32));
    });
    instance.press("button").unwrap();
    assert!(stage.kinds().contains(&ViolationKind::IllegalValue));
}
