//! The same effects in hosts that fail at everything, one thing after the other: nothing may crash, and a render
//! either fails or is right.

#[path = "lifecycle/probe.rs"]
mod probe;

use ofx_sdk::{
    Components, Context, FrameRange, RectI, Result, Status,
    host::{Host, HostImage, HostOptions, ImageLayout, ParamValue, Project, RenderRequest, StillSource},
    plugin::PluginTable,
};
use probe::Probe;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

const RANGE: FrameRange = FrameRange { min: 1.0, max: 3.0 };
const BOUNDS: RectI = RectI::new(-2, 1, 5, 6);

fn options() -> HostOptions {
    HostOptions { layout: ImageLayout::HARSH, threads: 2, ..HostOptions::default() }
}

/// A whole life: described, created, connected, set, pressed, asked, rendered, saved. The picture, if there is one.
fn live(options: HostOptions, table: &'static PluginTable) -> Result<HostImage> {
    let host = Host::new(options);
    // SAFETY: the table is a static of this program.
    let plugin = unsafe { host.load_table(table.as_ofx()) }?;
    let project = Project::new(7.0, 5.0, RANGE);
    let instance = plugin.create(Context::General, project)?;
    let values = vec![0.5; BOUNDS.width() * BOUNDS.height() * 4];
    let source = HostImage::from_f32(BOUNDS, Components::Rgba, &values)?;
    instance.connect("Source", Arc::new(StillSource::new(source, RANGE)))?;
    // What the effect cannot do in such a host is an error, and it goes on.
    for button in ["reset", "speak", "work", "animate"] {
        let _ = instance.press(button);
    }
    let _ = instance.set("gain", &ParamValue::Double(1.0));
    let _ = instance.clip_preferences();
    let _ = instance.frames_needed(2.0);
    let _ = instance.time_domain();
    let _ = instance.clip_components(2.0);
    let _ = instance.sync_private_data();
    let _ = instance.purge_caches();
    let _ = instance.set("mode", &ParamValue::Choice(3));
    let _ = instance.render(&RenderRequest::at(2.0));
    let _ = instance.set("mode", &ParamValue::Choice(0));
    let mut planes = instance.render(&RenderRequest { tile: Some(3), ..RenderRequest::at(2.0) })?;
    Ok(planes.remove(0).1)
}

fn assert_right(image: &HostImage, when: &str) {
    let picture = image.cropped(BOUNDS).expect("it is small").to_f32();
    assert!(picture.iter().all(|v| (v - 0.5).abs() < 1e-6), "{when}: {picture:?}");
}

/// Every function of every suite that a life calls.
fn functions(table: &'static PluginTable) -> BTreeSet<String> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let record = seen.clone();
    let interceptor = Arc::new(move |name: &str| {
        record.lock().unwrap().insert(name.to_owned());
        None
    });
    let image = live(HostOptions { interceptor: Some(interceptor), ..options() }, table).expect("it lives");
    assert_right(&image, "undisturbed");
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn any_function_of_any_suite_may_fail_always() {
    static TABLE: PluginTable = Probe::<100>::TABLE;
    let functions = functions(&TABLE);
    assert!(functions.len() > 25, "{functions:?}");
    for name in functions {
        for status in [Status::FAILED, Status::BAD_HANDLE, Status::MEMORY, Status::UNKNOWN, Status::REPLY_NO] {
            let failing = name.clone();
            let interceptor = Arc::new(move |called: &str| (called == failing).then_some(status));
            // An error is an answer; only a crash or a hang is not.
            let _ = live(HostOptions { interceptor: Some(interceptor), ..options() }, &TABLE);
        }
    }
    assert_right(&live(options(), &TABLE).expect("it lives"), "after all that");
}

#[test]
fn any_call_may_fail_once() {
    static TABLE: PluginTable = Probe::<101>::TABLE;
    let calls = Arc::new(Mutex::new(0usize));
    let count = calls.clone();
    let interceptor = Arc::new(move |_: &str| {
        *count.lock().unwrap() += 1;
        None
    });
    assert_right(
        &live(HostOptions { interceptor: Some(interceptor), ..options() }, &TABLE).expect("it lives"),
        "whole",
    );
    let total = *calls.lock().unwrap();
    // Every seventh call: neighbours fail alike.
    for nth in (0..total).step_by(7) {
        let left = Mutex::new(nth);
        let interceptor = Arc::new(move |_: &str| {
            let mut left = left.lock().unwrap();
            let fails = *left == 0;
            *left = left.wrapping_sub(1);
            fails.then_some(Status::FAILED)
        });
        let _ = live(HostOptions { interceptor: Some(interceptor), ..options() }, &TABLE);
    }
    assert_right(&live(options(), &TABLE).expect("it lives"), "after all that");
}

#[test]
fn any_suite_may_be_missing() {
    static TABLE: PluginTable = Probe::<102>::TABLE;
    let suites = [
        ("OfxPropertySuite", 1, false),
        ("OfxImageEffectSuite", 1, false),
        ("OfxParameterSuite", 1, false),
        ("OfxMemorySuite", 1, false), // the probe renders through it
        ("OfxMultiThreadSuite", 1, true),
        ("OfxMessageSuite", 1, true),
        ("OfxMessageSuite", 2, true),
        ("OfxProgressSuite", 1, true),
        ("OfxProgressSuite", 2, true),
        ("OfxTimeLineSuite", 1, true),
        ("uk.co.thefoundry.FnOfxImageEffectPlaneSuite", 1, true),
        ("uk.co.thefoundry.FnOfxImageEffectPlaneSuite", 2, true),
    ];
    for (name, version, lives) in suites {
        let lived = live(HostOptions { without_suites: vec![(name.to_owned(), version)], ..options() }, &TABLE);
        match lived {
            Ok(image) => assert_right(&image, name),
            Err(e) => assert!(!lives, "without {name} {version}: {e}"),
        }
    }
}

#[test]
fn any_property_may_be_missing() {
    static TABLE: PluginTable = Probe::<103>::TABLE;
    // Without these there is no telling where pixels lie or what is to be rendered.
    let essential = [
        "OfxImagePropBounds",
        "OfxImagePropData",
        "OfxImagePropRowBytes",
        "OfxImageEffectPropRenderWindow",
        "OfxImageEffectPropContext",
        "OfxImageEffectPropSupportedContexts",
        "OfxImageEffectPropSupportedComponents",
        "OfxParamPropChoiceOption",
        "OfxPropTime",
    ];
    let optional = [
        "OfxPropAPIVersion",
        "OfxPropName",
        "OfxPropLabel",
        "OfxPropType",
        "OfxPropVersion",
        "OfxPropIsInteractive",
        "OfxPropChangeReason",
        "OfxImageEffectHostPropIsBackground",
        "OfxImageEffectPropRenderScale",
        "OfxImageEffectPropFieldToRender",
        "OfxImageEffectPropPixelDepth",
        "OfxImageEffectPropPreMultiplication",
        "OfxImageEffectPropFrameRange",
        "OfxImageEffectPropProjectSize",
        "OfxImageEffectPropSupportedPixelDepths",
        "OfxImageClipPropConnected",
        "OfxImagePropField",
        "OfxImagePropPixelAspectRatio",
        "OfxParamPropAnimates",
        "OfxParamPropHint",
        "OfxParamPropSecret",
        "OfxParamPropDefault",
    ];
    for name in essential.into_iter().chain(optional) {
        let lived = live(HostOptions { without_properties: vec![name.to_owned()], ..options() }, &TABLE);
        if let Ok(image) = lived {
            // Defaults are lost with their property, and with them the gain.
            if name != "OfxParamPropDefault" {
                assert_right(&image, name);
            }
        }
    }
    assert_right(&live(options(), &TABLE).expect("it lives"), "after all that");
}

#[test]
fn renders_creations_and_buttons_at_once_do_not_disturb_each_other() {
    static TABLE: PluginTable = Probe::<104>::TABLE;
    let host = Host::new(options());
    // SAFETY: the table is a static of this program.
    let plugin = unsafe { host.load_table(TABLE.as_ofx()) }.expect("it loads");
    let values = vec![0.5; BOUNDS.width() * BOUNDS.height() * 4];
    let source = HostImage::from_f32(BOUNDS, Components::Rgba, &values).expect("as many values as pixels");
    let source = Arc::new(StillSource::new(source, RANGE));
    let shared = plugin.create(Context::General, Project::new(7.0, 5.0, RANGE)).expect("it is created");
    shared.connect("Source", source.clone()).expect("it takes it");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let image = shared.render(&RenderRequest::at(2.0)).expect("it renders").remove(0).1;
                    assert_right(&image, "beside others");
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..20 {
                shared.press("reset").expect("it is a button");
            }
        });
        scope.spawn(|| {
            for _ in 0..20 {
                let own = plugin.create(Context::General, Project::new(7.0, 5.0, RANGE)).expect("it is created");
                own.connect("Source", source.clone()).expect("it takes it");
                assert_right(&own.render(&RenderRequest::at(1.0)).expect("it renders").remove(0).1, "alone");
            }
        });
    });
    assert!(host.violations().is_empty(), "{:#?}", host.violations());
}
