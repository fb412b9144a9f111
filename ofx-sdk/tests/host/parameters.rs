//! Parameters: variadic calls of every type, keys, changes and what the plug-in is told of them.

use crate::fixture::{Stage, effects, params, set_double, set_text, suite};
use ofx_sdk::{
    Context, FrameRange,
    host::{HostOptions, Observer, ParamValue, Project},
    sys,
};
use std::{
    ffi::{CStr, c_char, c_int, c_uint},
    ops::ControlFlow,
    ptr::null_mut,
    sync::{Arc, Mutex},
};

#[test]
fn every_type_goes_through_the_variadic_calls_and_back() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let p = params;
    stage.during(sys::kOfxActionInstanceChanged, move |call| {
        if call.change() != ("button".to_owned(), "OfxChangeUserEdited".to_owned()) {
            return;
        }
        let h = |name: &CStr| call.param(name);
        assert_eq!(call!(p(), paramSetValue(h(c"gain"), 1.25_f64)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"double2"), 1.5_f64, -2.5_f64)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"double3"), 1.5_f64, -2.5_f64, 1e300_f64)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"int"), -7_i32)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"int2"), 1_i32, c_int::MIN)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"int3"), 1_i32, 2_i32, c_int::MAX)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"bool"), 1_i32)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"mode"), 1_i32)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"string"), c"a, \xC3\xA9 %s".as_ptr())), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"rgb"), 0.1_f64, 0.2_f64, 0.3_f64)), 0);
        assert_eq!(call!(p(), paramSetValue(h(c"rgba"), 0.1_f64, 0.2_f64, 0.3_f64, 0.4_f64)), 0);
        let (mut d, mut i) = ([0.0_f64; 4], [0_i32; 3]);
        let [d0, d1, d2, d3] = &mut d;
        assert_eq!(call!(p(), paramGetValue(h(c"rgba"), &raw mut *d0, &raw mut *d1, &raw mut *d2, &raw mut *d3)), 0);
        assert_eq!(d, [0.1, 0.2, 0.3, 0.4]);
        let [i0, i1, i2] = &mut i;
        assert_eq!(call!(p(), paramGetValueAtTime(h(c"int3"), 9.0, &raw mut *i0, &raw mut *i1, &raw mut *i2)), 0);
        assert_eq!(i, [1, 2, c_int::MAX]);
        let mut text: *mut c_char = null_mut();
        assert_eq!(call!(p(), paramGetValue(h(c"string"), &raw mut text)), 0);
        // SAFETY: the host gives a C string.
        assert_eq!(unsafe { CStr::from_ptr(text) }, c"a, \xC3\xA9 %s");
        assert_eq!(call!(p(), paramGetValue(h(c"button"), &raw mut text)), sys::kOfxStatErrUnsupported as i32);
    });
    instance.press("button").unwrap();
    for (id, value) in [
        ("gain", ParamValue::Double(1.25)),
        ("double2", ParamValue::Double2([1.5, -2.5])),
        ("double3", ParamValue::Double3([1.5, -2.5, 1e300])),
        ("int", ParamValue::Int(-7)),
        ("int2", ParamValue::Int2([1, i32::MIN])),
        ("int3", ParamValue::Int3([1, 2, i32::MAX])),
        ("bool", ParamValue::Bool(true)),
        ("mode", ParamValue::Choice(1)),
        ("string", ParamValue::String("a, é %s".into())),
        ("rgb", ParamValue::Rgb([0.1, 0.2, 0.3])),
        ("rgba", ParamValue::Rgba([0.1, 0.2, 0.3, 0.4])),
    ] {
        assert_eq!(instance.get(id).unwrap(), value, "{id}");
    }
    stage.assert_clean();
}

#[test]
fn keys_are_set_found_copied_and_deleted() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let p = params;
    stage.during(sys::kOfxActionInstanceChanged, move |call| {
        if call.change().0 != "button" {
            return;
        }
        let gain = call.param(c"gain");
        assert_eq!(call!(p(), paramSetValueAtTime(gain, 10.0, 4.0_f64)), 0);
        assert_eq!(call!(p(), paramSetValueAtTime(gain, 2.0, 0.0_f64)), 0);
        let (mut count, mut time, mut index, mut value): (c_uint, f64, c_int, f64) = (0, 0.0, 0, 0.0);
        assert_eq!(call!(p(), paramGetNumKeys(gain, &mut count)), 0);
        assert_eq!(count, 2);
        assert_eq!(call!(p(), paramGetKeyTime(gain, 1, &mut time)), 0);
        assert_eq!(time, 10.0);
        assert_eq!(call!(p(), paramGetKeyTime(gain, 2, &mut time)), sys::kOfxStatErrBadIndex as i32);
        for (from, direction, status, found) in [(2.0, 0, 0, 0), (2.0, 1, 0, 1), (2.0, -1, 1, -1), (11.0, -1, 0, 1)] {
            assert_eq!(call!(p(), paramGetKeyIndex(gain, from, direction, &mut index)), status);
            assert_eq!(index, found);
        }
        assert_eq!(call!(p(), paramGetValueAtTime(gain, 4.0, &raw mut value)), 0);
        assert_eq!(value, 1.0);
        assert_eq!(call!(p(), paramGetDerivative(gain, 4.0, &raw mut value)), 0);
        assert!((value - 0.5).abs() < 1e-9);
        assert_eq!(call!(p(), paramGetIntegral(gain, 2.0, 10.0, &raw mut value)), 0);
        assert!((value - 16.0).abs() < 1e-9);
        assert_eq!(call!(p(), paramGetIntegral(call.param(c"int"), 2.0, 10.0, &raw mut value)), 5);
        assert_eq!(call!(p(), paramDeleteKey(gain, 5.0)), sys::kOfxStatErrBadIndex as i32);
        assert_eq!(call!(p(), paramDeleteKey(gain, 2.0)), 0);
        assert_eq!(call!(p(), paramCopy(call.param(c"gain"), gain, 3.0, std::ptr::null())), 0);
        assert_eq!(call!(p(), paramCopy(call.param(c"int"), gain, 0.0, std::ptr::null())), 11);
    });
    instance.press("button").unwrap();
    let keys = instance.keys("gain").unwrap();
    assert_eq!(keys.iter().map(|k| k.time).collect::<Vec<_>>(), [13.0]);
    stage.during(sys::kOfxActionInstanceChanged, move |call| {
        if call.change().0 == "button" {
            assert_eq!(call!(p(), paramDeleteAllKeys(call.param(c"gain"))), 0);
        }
    });
    instance.press("button").unwrap();
    assert_eq!(instance.keys("gain").unwrap(), []);
    assert_eq!(instance.get("gain").unwrap(), ParamValue::Double(4.0));
    stage.assert_clean();
}

#[test]
fn an_edit_of_the_plugin_is_one_undo_step_and_is_told_back_as_its_own() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    stage.act(move |call| {
        let name = call.action.to_string_lossy().into_owned();
        if name.contains("InstanceChanged") {
            let (what, why) = call.change();
            log.lock().unwrap().push(format!("{} {what} {why}", name.trim_start_matches("OfxAction")));
            if call.is(sys::kOfxActionInstanceChanged) && what == "button" {
                call!(params(), paramEditBegin(call.param_set(), c"Two at once".as_ptr()));
                call!(params(), paramSetValue(call.param(c"gain"), 2.0_f64));
                call!(params(), paramSetValue(call.param(c"int"), 3_i32));
                call!(params(), paramEditEnd(call.param_set()));
            }
        }
        None
    });
    instance.press("button").unwrap();
    assert_eq!(instance.undo_blocks(), ["Two at once"]);
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "BeginInstanceChanged  OfxChangeUserEdited",
            "InstanceChanged button OfxChangeUserEdited",
            "BeginInstanceChanged  OfxChangePluginEdited",
            "InstanceChanged gain OfxChangePluginEdited",
            "EndInstanceChanged  OfxChangePluginEdited",
            "BeginInstanceChanged  OfxChangePluginEdited",
            "InstanceChanged int OfxChangePluginEdited",
            "EndInstanceChanged  OfxChangePluginEdited",
            "EndInstanceChanged  OfxChangeUserEdited",
        ]
    );
}

#[test]
fn saved_values_come_back_with_their_keys() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    instance.set_at("gain", 2.0, &ParamValue::Double(3.0)).unwrap();
    instance.set("string", &ParamValue::String("x".into())).unwrap();
    let saved = instance.save_params().unwrap();
    let other = stage.instance();
    other.load_params(&saved).unwrap();
    assert_eq!(other.save_params().unwrap(), saved);
    let mut wrong = saved.clone();
    wrong.get_mut("gain").unwrap().keys[0].value = ParamValue::Double(9.0);
    wrong.get_mut("string").unwrap().constant = ParamValue::String("y".into());
    assert!(other.load_params(&wrong).unwrap_err().to_string().contains("0 to 8"));
    assert_eq!(other.save_params().unwrap(), saved, "nothing was changed");
    assert!(instance.set("gian", &ParamValue::Double(1.0)).unwrap_err().to_string().contains("gain"));
    assert!(instance.set("gain", &ParamValue::Int(1)).is_err());
    assert!(instance.press("gain").is_err());
    assert!(instance.set_at("string", 1.0, &ParamValue::String("x".into())).is_err(), "no animated strings here");
}

#[test]
fn messages_and_progress_reach_the_observer() {
    struct Watch(Mutex<Vec<String>>);
    impl Observer for Watch {
        fn message(&self, message: &ofx_sdk::host::Message) {
            self.0.lock().unwrap().push(format!("{:?} {} {}", message.kind, message.text, message.persistent));
        }
        fn question(&self, _: &ofx_sdk::host::Message) -> bool {
            false
        }
        fn progress(&self, label: &str, fraction: f64) -> ControlFlow<()> {
            self.0.lock().unwrap().push(format!("{label} {fraction}"));
            if fraction == 0.5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let watch = Arc::new(Watch(Mutex::default()));
    let observer: Arc<dyn Observer> = Arc::clone(&watch) as _;
    let stage = Stage::new(HostOptions { observer: Some(observer), ..HostOptions::default() });
    let instance = stage.instance();
    stage.during(sys::kOfxActionInstanceChanged, |call| {
        if call.change().0 != "button" {
            return;
        }
        let messages: &sys::OfxMessageSuiteV2 = suite(sys::kOfxMessageSuite, 2).unwrap();
        let (kind, id) = (sys::kOfxMessageError.as_ptr(), c"".as_ptr());
        assert_eq!(call!(messages, message(call.handle, kind, id, c"100 %% gone".as_ptr())), 0);
        assert_eq!(call!(messages, setPersistentMessage(call.handle, kind, id, c"stays".as_ptr())), 0);
        let question = sys::kOfxMessageQuestion.as_ptr();
        assert_eq!(call!(messages, message(call.handle, question, id, c"Really?".as_ptr())), 13);
        let progress: &sys::OfxProgressSuiteV2 = suite(sys::kOfxProgressSuite, 2).unwrap();
        assert_eq!(call!(progress, progressStart(call.handle, c"Work".as_ptr(), id)), 0);
        assert_eq!(call!(progress, progressUpdate(call.handle, 0.25)), 0);
        assert_eq!(call!(progress, progressUpdate(call.handle, 0.5)), sys::kOfxStatReplyNo as i32);
        assert_eq!(call!(progress, progressEnd(call.handle)), 0);
    });
    instance.press("button").unwrap();
    assert_eq!(
        *watch.0.lock().unwrap(),
        [
            "Error 100 % gone false",
            "Error stays true",
            "Question Really? false",
            "Work 0",
            "Work 0.25",
            "Work 0.5",
            "Work 1"
        ]
    );
    assert_eq!(instance.persistent_message().as_deref(), Some("stays"));
    stage.during(sys::kOfxActionInstanceChanged, |call| {
        if call.change().0 == "button" {
            let messages: &sys::OfxMessageSuiteV2 = suite(sys::kOfxMessageSuite, 2).unwrap();
            assert_eq!(call!(messages, clearPersistentMessage(call.handle)), 0);
        }
    });
    instance.press("button").unwrap();
    assert_eq!(instance.persistent_message(), None);
    assert_eq!(stage.host.messages().len(), 4);
    stage.assert_clean();
}

#[test]
fn a_refused_button_gives_the_plugins_own_words() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.act(|call| {
        (call.is(sys::kOfxActionInstanceChanged)).then(|| {
            let messages: &sys::OfxMessageSuiteV1 = suite(sys::kOfxMessageSuite, 1).unwrap();
            let (kind, id) = (sys::kOfxMessageError.as_ptr(), c"".as_ptr());
            call!(messages, message(call.handle, kind, id, c"no weights".as_ptr()));
            assert_eq!(call!(effects(), abort(call.effect())), 0);
            sys::kOfxStatFailed as i32
        })
    });
    let message = instance.press("button").unwrap_err().to_string();
    assert!(message.contains("no weights") && message.contains("kOfxStatFailed"), "{message}");
}

#[test]
fn a_default_given_as_a_share_of_the_project_becomes_a_place_or_a_length_in_it() {
    let stage = Stage::harsh();
    stage.during(sys::kOfxImageEffectActionDescribeInContext, |call| {
        for (name, kind, double_type) in [
            (c"place", sys::kOfxParamTypeDouble2D, sys::kOfxParamDoubleTypeXYAbsolute),
            (c"size", sys::kOfxParamTypeDouble2D, sys::kOfxParamDoubleTypeXY),
            (c"height", sys::kOfxParamTypeDouble, sys::kOfxParamDoubleTypeYAbsolute),
            (c"angle", sys::kOfxParamTypeDouble, sys::kOfxParamDoubleTypeAngle),
        ] {
            let set = call.define(kind, name);
            set_text(set, sys::kOfxParamPropDoubleType, double_type, 0);
            set_text(set, sys::kOfxParamPropDefaultCoordinateSystem, sys::kOfxParamCoordinatesNormalised, 0);
            set_double(set, sys::kOfxParamPropDefault, 0.5);
        }
    });
    let range = FrameRange { min: 1.0, max: 1.0 };
    let project = Project { offset: [10.0, 20.0], ..Project::new(200.0, 100.0, range) };
    let instance = stage.plugin().create(Context::Filter, project).unwrap();
    // Only the first number was given: the second is 0, which is the lower edge.
    assert_eq!(instance.get("place").unwrap(), ParamValue::Double2([110.0, 20.0]));
    assert_eq!(instance.get("size").unwrap(), ParamValue::Double2([100.0, 0.0]));
    assert_eq!(instance.get("height").unwrap(), ParamValue::Double(70.0));
    assert_eq!(instance.get("angle").unwrap(), ParamValue::Double(0.5), "an angle is no share of a project");
    stage.assert_clean();
}
