//! Each thing that a plug-in does wrong is reported by its name, with plug-in and action.

use crate::fixture::{Call, ID, Pixels, Stage, effects, params, props, set_double, set_text, suite};
use ofx_sdk::{
    host::{HostOptions, ParamValue, RenderRequest, ViolationKind},
    sys,
};
use std::{
    ffi::{CStr, c_int},
    ptr::{null, null_mut},
    sync::{Arc, Mutex},
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
const END_CHANGED: &CStr = sys::kOfxActionEndInstanceChanged;
const FRAMES_NEEDED: &CStr = sys::kOfxImageEffectActionGetFramesNeeded;
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
fn images_of_inputs_outside_of_render_and_of_what_the_artist_changes() {
    for action in [
        CREATE,
        sys::kOfxImageEffectActionGetClipPreferences,
        sys::kOfxImageEffectActionGetRegionOfDefinition,
        sys::kOfxImageEffectActionGetRegionsOfInterest,
        sys::kOfxImageEffectActionIsIdentity,
        sys::kOfxImageEffectActionBeginSequenceRender,
        sys::kOfxActionBeginInstanceChanged,
        sys::kOfxActionDestroyInstance,
    ] {
        expect(ViolationKind::WrongAction, action, "image of Source", |call| {
            assert!(call.image_at(c"Source", 1.0).is_none(), "{:?}", call.action);
        });
    }
}

#[test]
fn images_of_inputs_where_the_plugin_itself_or_the_time_has_changed_something() {
    for (reason, told) in [("OfxChangePluginEdited", "gain"), ("OfxChangeTime", "int")] {
        let stage = Stage::harsh();
        let instance = stage.instance();
        instance.set_at("int", 2.0, &ParamValue::Int(1)).unwrap();
        stage.during(CHANGED, move |call| {
            let (what, why) = call.change();
            if what == "button" {
                call!(params(), paramSetValue(call.param(c"gain"), 1.0_f64));
            }
            let given = call.image_at(c"Source", call.time()).inspect(Pixels::release).is_some();
            assert_eq!(given, why != reason, "{what} {why}");
            assert!(given || what == told, "{what} {why}");
        });
        match reason {
            "OfxChangeTime" => instance.set_time(2.0).unwrap(),
            _ => instance.press("button").unwrap(),
        }
        assert_eq!(stage.violation().kind, ViolationKind::WrongAction, "{reason}");
    }
}

#[test]
fn images_of_inputs_are_given_in_render_and_where_the_artist_changes_something() {
    let stage = Stage::harsh();
    let fetched = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&fetched);
    let instance = stage.instance();
    stage.act(move |call| {
        if [CHANGED, END_CHANGED, RENDER].contains(&call.action) {
            call.image_at(c"Source", 1.0).expect("an image").release();
            seen.lock().unwrap().push(call.action);
        }
        None
    });
    instance.press("button").unwrap();
    instance.render(&RenderRequest::at(1.0)).unwrap();
    assert_eq!(*fetched.lock().unwrap(), [CHANGED, END_CHANGED, RENDER]);
    stage.assert_clean();
}

#[test]
fn another_frame_without_declared_temporal_access() {
    expect(ViolationKind::UndeclaredTemporalAccess, RENDER, "frame 5", |call| {
        call.image_at(c"Source", 5.0).unwrap().release();
    });
    expect(ViolationKind::UndeclaredTemporalAccess, CHANGED, "frame 5", |call| {
        call.image_at(c"Source", 5.0).unwrap().release();
    });
}

/// A plug-in that says of itself and of Source whether other frames are read, answers getFramesNeeded with `needed`, and
/// in render reads `time`.
fn reads(stage: &Stage, [plugin, clip]: [c_int; 2], needed: &'static [f64], time: f64) {
    stage.act(move |call| {
        if call.is(DESCRIBE) {
            let property = sys::kOfxImageEffectPropTemporalClipAccess.as_ptr();
            assert_eq!(call!(props(), propSetInt(call.effect_props(), property, 0, plugin)), 0);
        } else if call.is(IN_CONTEXT) {
            call.describe_in_context(clip);
            return Some(0);
        } else if call.is(FRAMES_NEEDED) && !needed.is_empty() {
            let (property, count) = (c"OfxImageClipPropFrameRange_Source".as_ptr(), needed.len() as c_int);
            return Some(call!(props(), propSetDoubleN(call.out_args, property, count, needed.as_ptr())));
        } else if call.is(RENDER) {
            let _ = call.image_at(c"Source", time).inspect(Pixels::release);
        }
        None
    });
    stage.instance().render(&RenderRequest::at(1.0)).unwrap();
}

#[test]
fn another_frame_that_plugin_and_clip_do_not_both_declare() {
    for declared in [[1, 0], [0, 1]] {
        let stage = Stage::harsh();
        reads(&stage, declared, &[1.0, 2.0], 2.0);
        assert_eq!(stage.violation().kind, ViolationKind::UndeclaredTemporalAccess, "{declared:?}");
    }
    let stage = Stage::harsh();
    reads(&stage, [1, 1], &[1.0, 2.0], 2.0);
    stage.assert_clean();
}

#[test]
fn frames_that_get_frames_needed_leaves_out() {
    // Without an answer it is the rendered frame alone.
    let left_out: [(&[f64], f64); 4] =
        [(&[], 2.0), (&[1.0, 2.0], 3.0), (&[1.0, 1.0, 3.0, 4.0], 2.0), (&[4.0, 5.0, 1.0, 1.0], 3.5)];
    for (needed, time) in left_out {
        let stage = Stage::harsh();
        reads(&stage, [1, 1], needed, time);
        let violation = stage.violation();
        assert_eq!(violation.kind, ViolationKind::FrameNotNeeded, "{violation}");
        assert!(violation.detail.contains(&format!("Source read at frame {time}")), "{violation}");
    }
    // Nor may the rendered frame be read by who has asked for others alone, as the fixture does here.
    let stage = Stage::harsh();
    reads(&stage, [1, 1], &[4.0, 5.0], 5.0);
    assert!(stage.violation().detail.contains("Source read at frame 1 "));
    drop(stage);
    let named: [(&[f64], f64); 3] = [(&[], 1.0), (&[1.0, 2.0], 1.5), (&[1.0, 1.0, 3.0, 4.0], 4.0)];
    for (needed, time) in named {
        let stage = Stage::harsh();
        reads(&stage, [1, 1], needed, time);
        stage.assert_clean();
    }
}

#[test]
fn another_frame_in_a_host_that_gives_no_other() {
    let stage = Stage::new(HostOptions { temporal: false, ..HostOptions::default() });
    reads(&stage, [1, 1], &[1.0, 2.0], 2.0);
    assert_eq!(stage.violation().kind, ViolationKind::UnofferedTemporalAccess);
    reads(&stage, [1, 1], &[1.0, 2.0], 1.0);
    stage.assert_clean();
    let instance = stage.instance();
    stage.during(CHANGED, |call| assert!(call.image_at(c"Source", 2.0).is_none()));
    instance.press("button").unwrap();
    assert_eq!(stage.violation().kind, ViolationKind::UnofferedTemporalAccess);
}

#[test]
fn values_without_a_time_in_a_render_are_those_of_where_the_artist_stands() {
    for action in
        [RENDER, sys::kOfxImageEffectActionBeginSequenceRender, sys::kOfxImageEffectActionGetRegionOfDefinition]
    {
        let stage = Stage::harsh();
        let instance = stage.instance();
        instance.set_at("gain", 1.0, &ParamValue::Double(1.0)).unwrap();
        instance.set_at("gain", 8.0, &ParamValue::Double(8.0)).unwrap();
        instance.set_time(2.0).unwrap();
        stage.during(action, |call| {
            let mut value = 0.0_f64;
            assert_eq!(call!(params(), paramGetValue(call.param(c"gain"), &raw mut value)), 0);
            assert_eq!(value, 2.0);
            assert_eq!(call!(params(), paramGetValueAtTime(call.param(c"gain"), 5.0, &raw mut value)), 0);
            assert_eq!(value, 5.0);
        });
        instance.render(&RenderRequest::at(5.0)).unwrap();
        let violation = stage.violation();
        assert_eq!((violation.kind, violation.action.as_str()), (ViolationKind::WrongAction, action.to_str().unwrap()));
        assert!(violation.detail.contains("paramGetValue of gain"), "{violation}");
        // Elsewhere there may be no time to ask for.
        stage.during(CREATE, |call| {
            let mut value = 0.0_f64;
            assert_eq!(call!(params(), paramGetValue(call.param(c"gain"), &raw mut value)), 0);
        });
        drop(stage.instance());
        stage.assert_clean();
    }
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
