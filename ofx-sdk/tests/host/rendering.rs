//! Rendering: tiles, threads, scale, abort, identity, and the bundles that are searched for.

use crate::fixture::{Call, Pixels, Stage, effects, props, ramp, suite};
use ofx_sdk::{
    Components, Context, Depth, Error, FrameRange, RectI, RenderScale,
    host::{Bundle, HostOptions, ImageLayout, ParamValue, Project, RenderRequest, StillSource},
    sys,
};
use std::{ops::ControlFlow, ptr::null_mut, sync::Arc};

fn color(planes: Vec<(String, ofx_sdk::host::HostImage)>) -> ofx_sdk::host::HostImage {
    assert_eq!(planes.len(), 1);
    planes.into_iter().next().unwrap().1
}

#[test]
fn a_frame_is_source_times_gain_in_every_layout() {
    for negative_rows in [false, true] {
        for (row_padding, canaries) in [(0, false), (20, false), (48, true)] {
            let layout = ImageLayout { negative_rows, row_padding, canaries, ..ImageLayout::default() };
            let stage = Stage::new(HostOptions { layout, ..HostOptions::default() });
            let instance = stage.instance();
            instance.set("gain", &ParamValue::Double(2.0)).unwrap();
            let image = color(instance.render(&RenderRequest::at(3.0)).unwrap());
            assert_eq!(image.bounds, ramp().bounds);
            let wanted: Vec<f32> = ramp().to_f32().iter().map(|v| v * 2.0).collect();
            assert_eq!(image.to_f32(), wanted, "{layout:?}");
            drop(instance);
            stage.assert_clean();
        }
    }
}

#[test]
fn tiles_are_equal_to_the_whole_frame() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let whole = color(instance.render(&RenderRequest::at(1.0)).unwrap());
    for side in [1, 4, 5, 100] {
        let tiled = color(instance.render(&RenderRequest { tile: Some(side), ..RenderRequest::at(1.0) }).unwrap());
        assert_eq!(tiled, whole, "tiles of {side}");
    }
    let window = RectI::new(0, 0, 5, 6);
    let part = color(instance.render(&RenderRequest { window: Some(window), ..RenderRequest::at(1.0) }).unwrap());
    assert_eq!(part, whole.cropped(RectI::new(0, 2, 5, 6)).unwrap());
    stage.assert_clean();
}

/// Answers where the output lies.
fn defines_region(call: &Call, corners: [f64; 4]) -> Option<i32> {
    let name = sys::kOfxImageEffectPropRegionOfDefinition.as_ptr();
    call.is(sys::kOfxImageEffectActionGetRegionOfDefinition)
        .then(|| call!(props(), propSetDoubleN(call.out_args, name, 4, corners.as_ptr())))
}

#[test]
fn an_output_without_end_is_rendered_as_far_as_the_project_goes() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let (low, high) = (f64::from(sys::kOfxFlagInfiniteMin), f64::from(sys::kOfxFlagInfiniteMax));
    stage.act(move |call| defines_region(call, [low, 3.0, high, high]));
    let region = instance.region_of_definition(1.0, RenderScale::FULL).unwrap();
    assert_eq!([region.x1, region.y1, region.x2, region.y2], [0.0, 3.0, 13.0, 9.0]);
    // As far as the source goes, which the plug-in wants everywhere.
    let window = Some(RectI::new(-4, 0, 9, 99));
    let image = color(instance.render(&RenderRequest { window, tile: Some(4), ..RenderRequest::at(1.0) }).unwrap());
    assert_eq!(image.bounds, RectI::new(0, 3, 9, 9));
    stage.assert_clean();
}

#[test]
fn an_output_larger_than_memory_is_an_error_and_no_end_of_tiles() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.act(|call| defines_region(call, [0.0, 0.0, 1e9, 1e9]));
    assert!(instance.render(&RenderRequest { tile: Some(8), ..RenderRequest::at(1.0) }).is_err());
    drop(instance);
    stage.assert_clean();
}

#[test]
fn whole_images_are_given_where_the_host_has_no_tiles() {
    let stage = Stage::new(HostOptions { tiles: false, ..HostOptions::default() });
    let instance = stage.instance();
    let bounds = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&bounds);
    stage.during(sys::kOfxImageEffectActionRender, move |call| {
        let image = call.image(c"Output").unwrap();
        seen.lock().unwrap().push(image.bounds);
        image.release();
    });
    let window = RectI::new(0, 4, 2, 5);
    let image = color(
        instance.render(&RenderRequest { window: Some(window), tile: Some(1), ..RenderRequest::at(1.0) }).unwrap(),
    );
    assert_eq!(*bounds.lock().unwrap(), [[-4, 2, 9, 11]]);
    assert_eq!(image.bounds, window);
}

#[test]
fn frames_come_in_order_whatever_the_threads() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    instance.set_at("gain", 1.0, &ParamValue::Double(1.0)).unwrap();
    instance.set_at("gain", 20.0, &ParamValue::Double(8.0)).unwrap();
    let frames: Vec<f64> = (1..=20).map(f64::from).collect();
    let render = |threads| {
        let mut found = Vec::new();
        let each = |time, image: ofx_sdk::Result<_>| {
            found.push((time, color(image.unwrap())));
            ControlFlow::Continue(())
        };
        instance.render_range(&frames, threads, &RenderRequest::default(), each).unwrap();
        found
    };
    let one = render(1);
    assert_eq!(one.iter().map(|(time, _)| *time).collect::<Vec<_>>(), frames);
    assert_eq!(render(4), one);
    let mut seen = 0;
    instance
        .render_range(&frames, 4, &RenderRequest::default(), |_, _| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, 3);
    drop(instance);
    stage.assert_clean();
}

#[test]
fn a_proxy_has_the_bounds_of_its_scale() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let request = RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(1.0) };
    let image = color(instance.render(&request).unwrap());
    assert_eq!(image.bounds, RectI::new(-2, 1, 5, 6));
    assert!(image.to_f32().iter().all(|v| v.is_finite()));
    stage.assert_clean();
}

#[test]
fn an_abort_stops_the_render_at_the_poll_asked_for() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.act(|call| {
        let polls = (0..10)
            .take_while(|_| call.is(sys::kOfxImageEffectActionRender))
            .find(|_| call!(effects(), abort(call.effect())) == 1);
        polls.map(|_| sys::kOfxStatFailed as i32)
    });
    let abort = instance.abort_handle();
    abort.abort_at_poll(4);
    assert!(matches!(instance.render(&RenderRequest::at(1.0)), Err(Error::Aborted)));
    assert_eq!(abort.polls(), 5);
    assert!(matches!(instance.render(&RenderRequest::at(1.0)), Err(Error::Aborted)), "it stays asked");
    abort.reset();
    assert!(instance.render(&RenderRequest::at(1.0)).is_ok());
}

#[test]
fn an_identity_is_copied_and_not_rendered() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.act(|call| {
        assert!(!call.is(sys::kOfxImageEffectActionRender));
        call.is(sys::kOfxImageEffectActionIsIdentity).then(|| {
            crate::fixture::set_text(call.out_args, sys::kOfxPropName, c"Source", 0);
            sys::kOfxStatOK as i32
        })
    });
    assert_eq!(color(instance.render(&RenderRequest::at(1.0)).unwrap()).to_f32(), ramp().to_f32());
}

#[test]
fn an_input_that_cannot_be_had_is_the_error_of_the_render() {
    struct Broken;
    impl ofx_sdk::host::Source for Broken {
        fn info(&self) -> ofx_sdk::host::ClipInfo {
            ofx_sdk::host::ClipInfo::default()
        }
        fn region_of_definition(&self, _: f64) -> ofx_sdk::RectD {
            ofx_sdk::RectD::new(0.0, 0.0, 4.0, 4.0)
        }
        fn frame(&self, time: f64, _: RenderScale, _: RectI) -> ofx_sdk::Result<ofx_sdk::host::HostImage> {
            Err(Error::File { path: format!("shot.{time}.png"), reason: "is cut off".into() })
        }
    }
    let stage = Stage::harsh();
    let instance = stage.instance();
    instance.connect("Source", Arc::new(Broken)).unwrap();
    let message = instance.render(&RenderRequest::at(7.0)).unwrap_err().to_string();
    assert!(message.contains("shot.7.png"), "{message}");
    instance.disconnect("Source").unwrap();
    assert!(instance.render(&RenderRequest::at(7.0)).is_err());
    assert!(instance.connect("Sauce", Arc::new(Broken)).unwrap_err().to_string().contains("Source"));
}

#[test]
fn clips_are_mapped_to_what_the_plugin_takes() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    let byte = ramp().converted(Components::Rgb, Depth::Byte).unwrap();
    instance.connect("Source", Arc::new(StillSource::new(byte, FrameRange { min: 1.0, max: 1.0 }))).unwrap();
    let preferences = instance.clip_preferences().unwrap();
    let source = preferences.clips["Source"];
    assert_eq!((source.components, source.depth), (Components::Rgba, Depth::Float));
    let image = color(instance.render(&RenderRequest { depth: Some(Depth::Short), ..RenderRequest::at(1.0) }).unwrap());
    assert_eq!((image.components, image.depth), (Components::Rgba, Depth::Short));
    assert_eq!(image.pixel(-4, 2).unwrap()[3], 1.0);
    stage.assert_clean();
}

#[test]
fn two_hosts_in_one_process_are_told_apart() {
    let stage = Stage::new(HostOptions { message_suite: 1, ..HostOptions::default() });
    let _plugin = stage.plugin();
    assert!(suite::<sys::OfxMessageSuiteV1>(sys::kOfxMessageSuite, 1).is_some());
    assert!(suite::<sys::OfxMessageSuiteV2>(sys::kOfxMessageSuite, 2).is_none());
    assert!(suite::<sys::OfxMessageSuiteV2>(c"NoSuchSuite", 1).is_none());
    let other = ofx_sdk::host::Host::new(HostOptions::default());
    // SAFETY: both hosts are alive.
    unsafe {
        let host = &*other.as_ptr();
        let fetch = host.fetchSuite.unwrap();
        assert!(!fetch(host.host, sys::kOfxMessageSuite.as_ptr(), 2).is_null());
        assert!(fetch(null_mut(), sys::kOfxMessageSuite.as_ptr(), 2).is_null());
    }
}

#[test]
fn a_plugin_describes_itself() {
    let stage = Stage::harsh();
    let plugin = stage.plugin();
    assert_eq!((plugin.identifier(), plugin.version()), (crate::fixture::ID, (2, 3)));
    assert_eq!(plugin.contexts(), [Context::Filter, Context::General]);
    let description = plugin.description(Context::General).unwrap();
    assert_eq!((description.label.as_str(), description.group.as_str()), ("Gain", "Test"));
    let gain = description.param("gain").unwrap();
    assert_eq!((gain.min[0], gain.max[0], gain.default.clone()), (0.0, 8.0, Some(ParamValue::Double(1.0))));
    assert_eq!(description.param("mode").unwrap().option_ids(), ["fast", "very_good"]);
    assert!(plugin.description(Context::Retimer).is_err());
    assert!(plugin.create(Context::Paint, Project::default()).is_err());
    stage.assert_clean();
}

#[test]
fn images_are_handed_out_twice_and_released_twice() {
    let stage = Stage::harsh();
    let instance = stage.instance();
    stage.during(sys::kOfxImageEffectActionRender, |call| {
        let (a, b): (Pixels, Pixels) = (call.image(c"Output").unwrap(), call.image(c"Output").unwrap());
        assert_ne!(a.handle, b.handle);
        assert_eq!(a.data, b.data, "both are the one output");
        a.release();
        assert_eq!(call!(effects(), clipReleaseImage(a.handle)), sys::kOfxStatErrBadHandle as i32);
        b.release();
    });
    instance.render(&RenderRequest::at(1.0)).unwrap();
    assert_eq!(stage.violation().kind, ofx_sdk::host::ViolationKind::BadHandle);
}

#[test]
fn bundles_are_found_in_subfolders_and_only_with_a_binary_for_this_platform() {
    let folder = tempfile::tempdir().unwrap();
    let binary = |path: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "not a library").unwrap();
        path
    };
    let platform = if cfg!(target_os = "windows") {
        "Win64"
    } else if cfg!(target_os = "macos") {
        "MacOS"
    } else {
        "Linux-x86-64"
    };
    let good = binary(&format!("deep/er/A.ofx.bundle/Contents/{platform}/A.ofx"));
    binary("B.ofx.bundle/Contents/Solaris/B.ofx");
    let found = Bundle::search([folder.path()]);
    let own: Vec<_> = found.iter().filter(|b| b.bundle.starts_with(folder.path())).collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].binary, good);
    for path in [good.as_path(), own[0].bundle.as_path(), folder.path()] {
        let message = Bundle::open(path).unwrap_err().to_string();
        assert!(message.contains(&folder.path().display().to_string()), "{message}");
    }
}
