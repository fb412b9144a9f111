//! What real hosts do to the built bundle, one test for each habit that has broken somebody's plug-in: each names the
//! host. Habits that every node shares are tried in the SDK's own tests, `host_rules`.

mod stage;

use ofx_sdk::{
    Components, Context, Depth, FrameRange, ParamKind, RectI, Status,
    host::{
        Curve, Host, HostOptions, ImageLayout, MessageKind, ParamValue, Plugin, Project, RenderRequest, SavedParams,
        StillSource,
        hostile::{Asked, Fault, Given, Mischief, PropertyLie, Sequence, Stage, Step, SuiteLie, Who},
    },
};
use stage::*;
use std::{
    ffi::CStr,
    sync::{Arc, Mutex},
    thread,
};

fn named(name: &str) -> HostOptions {
    HostOptions { name: name.into(), layout: ImageLayout::HARSH, ..HostOptions::default() }
}

#[test]
fn rule_2_mlt_loads_describes_and_creates_for_every_frame_on_several_threads() {
    let host = harsh_host();
    let source = frame(48, 32, scenery);
    let whole = output(&pointwise(&host, source.clone()), "matte");
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..4 {
                    let node = pointwise(&host, source.clone());
                    assert_eq!(output(&node, "matte"), whole);
                }
            });
        }
    });
    assert_well_behaved(&host);
}

#[test]
fn rule_2_mlt_unloads_while_another_frame_renders_and_no_frame_is_lost() {
    let unloads: Arc<Mutex<(usize, Option<Plugin>)>> = Arc::default();
    let watched = unloads.clone();
    let interceptor = move |function: &str| {
        if function == "abort" {
            let mut unloads = watched.lock().unwrap();
            unloads.0 = unloads.0.saturating_sub(1);
            let due = if unloads.0 == 0 { unloads.1.take() } else { None };
            drop(unloads);
            // The last of its kind to go: an unload, whose engine is also the one of the other node.
            drop(due);
        }
        None
    };
    let host = host(HostOptions { interceptor: Some(Arc::new(interceptor)), ..HostOptions::default() });
    let node = pointwise(&host, frame(256, 256, scenery));
    use_model(&node, &fixture("tiny_slow.onnx"));
    set(&node, "working_size", "256");
    let whole = output(&node, "matte");
    let mut within = 0;
    for polls in 1..9 {
        node.purge_caches().unwrap();
        *unloads.lock().unwrap() = (polls, Some(feature_detect(&host)));
        assert_eq!(output(&node, "matte"), whole, "an unload at poll {polls}");
        within += usize::from(unloads.lock().unwrap().1.is_none());
    }
    assert!(within > 3, "{within} unloads fell into a render");
    assert_well_behaved(&host);
}

#[test]
fn rule_6_nuke_17_sees_no_parameter_set_outside_of_a_change() {
    let host = host(named("uk.co.thefoundry.nuke"));
    let node = pointwise(&host, frame(32, 32, scenery));
    node.press("check_device").unwrap();
    for class in CLASSES {
        set(&node, "matte_class", class);
        render(&node, &RenderRequest::at(1.0)).unwrap();
    }
    drop(node);
    assert_well_behaved(&host);
}

#[test]
fn rule_7_nuke_resolve_and_mlt_animate_no_text_and_know_no_custom_parameters() {
    let host = harsh_host();
    for param in &tone_segment(&host).description(Context::General).unwrap().params {
        assert_ne!(param.kind, ParamKind::Custom, "{}", param.id);
        assert!(param.kind != ParamKind::String || !param.animates, "{}", param.id);
    }
}

#[test]
fn rule_9_natron_and_nuke_are_told_nothing_of_openfx_1_5() {
    for name in ["fr.inria.Natron", "uk.co.thefoundry.nuke"] {
        let host = host(named(name));
        let plugin = tone_segment(&host);
        assert!(plugin.contexts().contains(&Context::Filter));
        // A property or parameter type that 1.4 does not have would be one.
        assert_well_behaved(&host);
    }
}

#[test]
fn rule_10_the_node_is_whole_without_an_overlay() {
    for overlays in [false, true] {
        let host = host(HostOptions { overlays, ..named("com.blackmagicdesign.Fusion") });
        let node = pointwise(&host, frame(16, 16, scenery));
        assert!(node.overlay().unwrap().is_none());
        render(&node, &RenderRequest::at(1.0)).unwrap();
        assert_well_behaved(&host);
    }
}

/// Every image has the same identifier, as in Nuke.
struct SameIdentifier;

impl Mischief for SameIdentifier {
    fn property(&self, name: &CStr) -> Option<PropertyLie> {
        (name == c"OfxImagePropUniqueIdentifier").then_some(PropertyLie::ForeignText)
    }
}

#[test]
fn rule_12_the_image_identifier_of_nuke_never_changes_and_the_picture_does() {
    let options = HostOptions { mischief: Some(Arc::new(SameIdentifier)), ..named("uk.co.thefoundry.nuke") };
    let host = host(options);
    let node = pointwise(&host, frame(16, 16, |_, _| grey(0.95)));
    let bright = output(&node, "index");
    let range = FrameRange { min: 1.0, max: 10.0 };
    node.connect("Source", Arc::new(StillSource::new(frame(16, 16, |_, _| grey(0.15)), range))).unwrap();
    let dark = output(&node, "index");
    assert_eq!([bright.pixel(8, 8).unwrap()[0], dark.pixel(8, 8).unwrap()[0]], [1.0, 4.0]);
}

/// A node of three renders, smoothed over two frames each way, beside one that is not smoothed; and what it has told.
fn smoothed_in(host: &Host) -> Vec<(MessageKind, String)> {
    let source = frame(48, 32, scenery);
    let plain = output(&pointwise(host, source.clone()), "packed_light");
    let node = pointwise(host, source);
    set(&node, "temporal_smoothing", "2");
    for time in [4.0, 5.0, 6.0] {
        set(&node, "output", "packed_light");
        assert_eq!(render(&node, &RenderRequest::at(time)).unwrap(), plain, "as without smoothing");
    }
    assert_eq!(node.persistent_message(), None);
    host.messages().into_iter().map(|message| (message.kind, message.text)).collect()
}

#[test]
fn rule_13_mlt_gives_the_current_frame_for_any_time_and_smoothing_works_as_0_and_says_so_once() {
    let host = host(named("mlt"));
    let told = smoothed_in(&host);
    assert_eq!(told.len(), 1, "{told:?}");
    let (kind, text) = &told[0];
    assert_eq!(*kind, MessageKind::Log);
    assert!(text.contains("Temporal smoothing works as 0 at frame 4") && text.contains("stands still"), "{text}");
    assert_well_behaved(&host);
}

#[test]
fn rule_13_a_host_without_temporal_access_is_told_of_none_and_the_artist_once() {
    let host = host(HostOptions { temporal: false, ..named("org.example.still") });
    let plugin = tone_segment(&host);
    for context in plugin.contexts() {
        let description = plugin.description(context).unwrap();
        assert!(!description.temporal && description.clips.iter().all(|clip| !clip.temporal));
        assert!(description.param("temporal_smoothing").is_some(), "projects keep it");
    }
    let told = smoothed_in(&host);
    assert_eq!(told.len(), 1, "{told:?}");
    let (kind, text) = &told[0];
    assert_eq!(*kind, MessageKind::Warning);
    assert!(text.contains("org.example.still") && text.contains("works as 0"), "{text}");
    assert_well_behaved(&host);
}

#[test]
fn rule_15_nuke_gets_ids_once_and_every_number_a_range_and_a_range_to_show() {
    let host = host(named("uk.co.thefoundry.nuke"));
    let plugin = tone_segment(&host);
    let params = &plugin.description(Context::General).unwrap().params;
    let mut ids: Vec<&str> = params.iter().map(|param| param.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), params.len(), "an id stands twice");
    for param in params.iter().filter(|p| matches!(p.kind, ParamKind::Double | ParamKind::Integer)) {
        for (low, high) in [(&param.min, &param.max), (&param.display_min, &param.display_max)] {
            assert!(low[0] < high[0] && high[0].abs() < 1e9, "{}: {low:?} to {high:?}", param.id);
        }
    }
}

#[test]
fn rule_16_resolves_color_page_sees_the_matte_in_rgb() {
    let host = host(named("DaVinciResolve"));
    let node = pointwise(&host, frame(64, 32, scenery));
    let matte = output(&node, "matte");
    assert!(matte.to_f32().chunks(4).all(|p| p[..3].iter().all(|v| *v == p[3])));
    assert!(matte.to_f32().chunks(4).any(|p| p[3] > 0.0));
}

#[test]
fn rule_19_fusion_gives_rgba_only_and_nuke_floats_only() {
    let host = harsh_host();
    let plugin = tone_segment(&host);
    for context in plugin.contexts() {
        let description = plugin.description(context).unwrap();
        assert!(description.depths.contains(&Depth::Float));
        for name in ["Source", "Output"] {
            assert!(description.clip(name).unwrap().components.contains(&Components::Rgba), "{name}");
        }
    }
}

/// ToneSegment on the stage of a hostile host.
fn hostile_stage() -> Stage {
    let path = fixture("tiny_tone.onnx").to_str().unwrap().to_owned();
    let setup = [("custom_model", ParamValue::String(path)), ("model", ParamValue::Choice(0))];
    let setup: SavedParams = setup.map(|(id, value)| (id.to_owned(), Curve::constant(value))).into();
    let load = |host: &Host| host.load(bundle(), TONE_SEGMENT);
    Stage::new(load, Context::General, setup, |_| Ok(())).unwrap()
}

const RENDER: &CStr = c"OfxImageEffectActionRender";

fn lives(stage: &Stage, faults: Vec<Fault>, before: Vec<Step>) -> Vec<(&'static CStr, Status)> {
    let bounds = RectI::new(-2, 1, 5, 6);
    let asked = Asked {
        time: 1.0,
        scale: [1.0; 2],
        window: bounds,
        bounds,
        field: ofx_sdk::Field::None,
        planes: Vec::new(),
        param: 0,
    };
    let render = Step::Act(RENDER, Who::Live(0), Given::Proper, Given::Proper, asked);
    let steps = [Step::Create(0)].into_iter().chain(before).chain([render, Step::Destroy(Who::Live(0))]).collect();
    stage.play(&Sequence { seed: 0, faults, steps }).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    stage.answers()
}

#[test]
fn rule_19_resolve_renders_only_nodes_whose_creation_and_destruction_are_answered() {
    let _alone = harsh_host();
    let answers = lives(&hostile_stage(), vec![], vec![]);
    for action in [c"OfxActionCreateInstance", RENDER, c"OfxActionDestroyInstance"] {
        assert!(answers.contains(&(action, Status::OK)), "{answers:?}");
    }
}

#[test]
fn rule_3_and_14_any_property_may_be_missing_and_any_function_null() {
    let _alone = harsh_host();
    let stage = hostile_stage();
    for name in stage.cast().properties.clone() {
        for lie in [PropertyLie::Gone, PropertyLie::Unwritten] {
            lives(&stage, vec![Fault::Property(name.clone(), lie)], vec![]);
        }
    }
    for (name, version) in stage.cast().suites.clone() {
        for lie in (0..18).map(SuiteLie::Without).chain([SuiteLie::Hollow, SuiteLie::Absent]) {
            lives(&stage, vec![Fault::Suite(name.clone(), version, lie)], vec![]);
        }
    }
    stage.play_without_lies().unwrap();
}

#[test]
fn a_node_that_is_destroyed_at_any_call_of_its_render_leaves_the_next_one_whole() {
    let _alone = harsh_host();
    let stage = hostile_stage();
    let mut ended = 0;
    // More calls than creation and render make.
    for call in 0..260 {
        let destroy = Fault::Reenter(call, Box::new(Step::Destroy(Who::Live(0))));
        let answers = lives(&stage, vec![destroy], vec![]);
        ended += answers.iter().filter(|(name, status)| *name == RENDER && *status != Status::OK).count();
    }
    assert!(ended > 60, "{ended}");
    stage.play_without_lies().unwrap();
}

#[test]
fn a_model_is_unloaded_under_a_living_node_and_the_next_render_opens_it_again() {
    let _alone = harsh_host();
    let unload = Step::Plain(c"OfxActionUnload", Who::Null);
    let answers = lives(&hostile_stage(), vec![], vec![unload.clone(), unload.clone(), unload]);
    assert!(answers.contains(&(RENDER, Status::OK)), "{answers:?}");
}

#[test]
fn many_nodes_of_one_project_share_nothing_that_a_render_changes() {
    let host = harsh_host();
    let range = FrameRange { min: 1.0, max: 10.0 };
    let plugin = tone_segment(&host);
    let nodes: Vec<_> = [0.15, 0.95]
        .map(|value| {
            let node = plugin.create(Context::General, Project::new(16.0, 16.0, range)).unwrap();
            node.connect("Source", Arc::new(StillSource::new(frame(16, 16, |_, _| grey(value)), range))).unwrap();
            use_model(&node, &fixture("tiny_tone.onnx"));
            set(&node, "source_colorspace", "srgb");
            set(&node, "output", "index");
            node
        })
        .into();
    thread::scope(|scope| {
        for (node, class) in nodes.iter().zip([4.0, 1.0]) {
            scope.spawn(move || {
                for _ in 0..10 {
                    let image = render(node, &RenderRequest::at(1.0)).unwrap();
                    assert_eq!(image.pixel(8, 8).unwrap()[0], class);
                }
            });
        }
    });
    assert_well_behaved(&host);
}
