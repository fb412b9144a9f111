//! What real hosts do, one test for each habit that has broken somebody's plug-in: each names the host.

#[path = "lifecycle/probe.rs"]
mod probe;

use ofx_sdk::{
    Components, Context, Depth, Error, Field, FrameRange, RectD, RectI, RenderScale, Result, Status,
    host::{
        ClipInfo, Host, HostImage, HostOptions, ImageLayout, Instance, ParamValue, Project, RenderRequest, SavedParams,
        Source, StillSource, ViolationKind,
        hostile::{
            Asked, Fault, Given, HostGiven, ImageLie, Mischief, PropertyLie, Sequence, Stage, Step, SuiteLie, TextLie,
            Who,
        },
    },
    plugin::PluginTable,
};
use probe::Probe;
use std::{
    ffi::CStr,
    sync::{Arc, Mutex},
    thread,
};

const RANGE: FrameRange = FrameRange { min: 1.0, max: 3.0 };
const BOUNDS: RectI = RectI::new(-2, 1, 5, 6);

/// A host of one lie.
#[derive(Default)]
struct Liar {
    image: Option<(&'static str, ImageLie)>,
    property: Option<(&'static CStr, PropertyLie)>,
    text: Option<TextLie>,
    /// What was asked for, by name and version.
    suites: Mutex<Vec<(String, i32)>>,
}

impl Mischief for Liar {
    fn suite(&self, name: &CStr, version: i32) -> Option<SuiteLie> {
        self.suites.lock().unwrap().push((name.to_string_lossy().into_owned(), version));
        None
    }

    fn property(&self, name: &CStr) -> Option<PropertyLie> {
        self.property.filter(|(lied, _)| *lied == name).map(|(_, lie)| lie)
    }

    fn image(&self, clip: &str) -> Option<ImageLie> {
        self.image.filter(|(lied, _)| *lied == clip).map(|(_, lie)| lie)
    }

    fn text(&self) -> Option<TextLie> {
        self.text
    }
}

fn harsh() -> HostOptions {
    HostOptions { layout: ImageLayout::HARSH, threads: 2, ..HostOptions::default() }
}

fn lying(liar: Liar) -> HostOptions {
    HostOptions { mischief: Some(Arc::new(liar)), ..harsh() }
}

fn grey(depth: Depth) -> Arc<StillSource> {
    let values = vec![0.5; BOUNDS.width() * BOUNDS.height() * 4];
    let image = HostImage::from_f32(BOUNDS, Components::Rgba, &values).unwrap();
    Arc::new(StillSource::new(image.converted(Components::Rgba, depth).unwrap(), RANGE))
}

fn node(host: &Host, table: &'static PluginTable, source: Arc<dyn Source>) -> Instance {
    // SAFETY: the table is a static of this program.
    let plugin = unsafe { host.load_table(table.as_ofx()) }.unwrap();
    let node = plugin.create(Context::General, Project::new(7.0, 5.0, RANGE)).unwrap();
    node.connect("Source", source).unwrap();
    node
}

fn picture(node: &Instance, request: &RenderRequest) -> Result<HostImage> {
    node.render(request).map(|mut planes| planes.remove(0).1)
}

/// Whether every pixel within the source is 0.5.
fn assert_grey(image: &HostImage) {
    let values = image.cropped(BOUNDS).unwrap().to_f32();
    assert!(values.iter().all(|v| (v - 0.5).abs() < 0.01), "{values:?}");
}

#[test]
fn rule_2_mlt_loads_describes_and_creates_for_every_frame_on_several_threads() {
    static TABLE: PluginTable = Probe::<300>::TABLE;
    let host = Host::new(harsh());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..15 {
                    let node = node(&host, &TABLE, grey(Depth::Float));
                    assert_grey(&picture(&node, &RenderRequest::at(2.0)).unwrap());
                }
            });
        }
    });
    assert!(host.violations().is_empty(), "{:#?}", host.violations());
}

/// A stage for the probe.
fn stage(table: &'static PluginTable) -> Stage {
    // SAFETY: the table is a static of this program.
    let load = |host: &Host| unsafe { host.load_table(table.as_ofx()) };
    Stage::new(load, Context::General, SavedParams::new(), |_| Ok(())).unwrap()
}

fn asked() -> Asked {
    Asked {
        time: 1.0,
        scale: [1.0; 2],
        window: BOUNDS,
        bounds: BOUNDS,
        field: Field::None,
        planes: Vec::new(),
        param: 0,
    }
}

const RENDER: &CStr = c"OfxImageEffectActionRender";

fn render() -> Step {
    Step::Act(RENDER, Who::Live(0), Given::Proper, Given::Proper, asked())
}

/// Plays a life and gives the answers to its renders.
fn renders(stage: &Stage, faults: Vec<Fault>, steps: Vec<Step>) -> Vec<Status> {
    stage.play(&Sequence { seed: 0, faults, steps }).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    stage.answers().into_iter().filter(|(name, _)| *name == RENDER).map(|(_, status)| status).collect()
}

#[test]
fn rule_2_mlt_unloads_out_of_balance_and_sets_itself_again_and_again() {
    use HostGiven::{Null, Older, Same};
    static TABLE: PluginTable = Probe::<301>::TABLE;
    let stage = stage(&TABLE);
    let unload = || Step::Plain(c"OfxActionUnload", Who::Null);
    let steps = vec![Step::Create(0), unload(), unload(), unload(), render(), Step::SetHost(Same), render()];
    assert_eq!(renders(&stage, vec![], steps), [Status::OK; 2]);
    let steps = vec![Step::Create(0), Step::SetHost(Older), render(), Step::SetHost(Null), render()];
    assert_eq!(renders(&stage, vec![], steps), [Status::OK, Status::MISSING_HOST_FEATURE]);
    stage.play_without_lies().unwrap();
}

#[test]
fn rule_3_in_any_host_a_get_may_fail_although_the_dimension_said_one() {
    static TABLE: PluginTable = Probe::<302>::TABLE;
    let stage = stage(&TABLE);
    let properties = stage.cast().properties.clone();
    assert!(properties.len() > 60, "{properties:?}");
    for name in properties {
        for lie in [PropertyLie::Unwritten, PropertyLie::WrongType, PropertyLie::Gone, PropertyLie::Longer(1 << 30)] {
            let fault = Fault::Property(name.clone(), lie);
            let steps = vec![Step::Plain(c"OfxActionDescribe", Who::Live(0)), Step::Create(0), render()];
            // Any answer will do; a picture beside its image or a crash will not.
            renders(&stage, vec![fault], steps);
        }
    }
    stage.play_without_lies().unwrap();
}

#[test]
fn rule_4_mlt_passes_rows_from_the_top_with_negative_row_bytes() {
    static TABLE: PluginTable = Probe::<303>::TABLE;
    for negative_rows in [false, true] {
        let layout = ImageLayout { negative_rows, ..ImageLayout::HARSH };
        let host = Host::new(HostOptions { layout, ..harsh() });
        let values: Vec<f32> = (0..BOUNDS.width() * BOUNDS.height() * 4).map(|n| n as f32).collect();
        let source = HostImage::from_f32(BOUNDS, Components::Rgba, &values).unwrap();
        let node = node(&host, &TABLE, Arc::new(StillSource::new(source, RANGE)));
        let image = picture(&node, &RenderRequest::at(1.0)).unwrap().cropped(BOUNDS).unwrap();
        assert_eq!(image.to_f32(), values, "negative: {negative_rows}");
    }
}

#[test]
fn rule_4_the_demo_host_of_hostsupport_calls_bytes_floats_and_nothing_is_written() {
    static TABLE: PluginTable = Probe::<304>::TABLE;
    for clip in ["Source", "Output"] {
        let host = Host::new(lying(Liar { image: Some((clip, ImageLie::FloatLabel)), ..Liar::default() }));
        let node = node(&host, &TABLE, grey(Depth::Byte));
        let error = picture(&node, &RenderRequest::at(1.0)).unwrap_err().to_string();
        assert!(error.contains(clip) && error.contains("bytes apart"), "{error}");
        assert!(host.violations().is_empty(), "{:#?}", host.violations());
    }
}

#[test]
fn rule_5_images_of_resolve_say_scale_1_and_those_of_fusion_another() {
    static TABLE: PluginTable = Probe::<305>::TABLE;
    let half = RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(1.0) };
    let truth = picture(&node(&Host::new(harsh()), &TABLE, grey(Depth::Float)), &half).unwrap();
    for scale in [1.0, 3.0] {
        for clip in ["Source", "Output"] {
            let host = Host::new(lying(Liar { image: Some((clip, ImageLie::Scale(scale))), ..Liar::default() }));
            let image = picture(&node(&host, &TABLE, grey(Depth::Float)), &half).unwrap();
            assert_eq!((image.bounds, image.to_f32()), (truth.bounds, truth.to_f32()));
        }
    }
}

#[test]
fn rule_5_tiles_of_natron_and_nuke_lie_anywhere() {
    static TABLE: PluginTable = Probe::<306>::TABLE;
    let host = Host::new(harsh());
    let node = node(&host, &TABLE, grey(Depth::Float));
    for window in [RectI::new(-2, 1, -1, 2), RectI::new(4, 5, 5, 6), RectI::new(-1, 2, 3, 4)] {
        let image = picture(&node, &RenderRequest { window: Some(window), ..RenderRequest::at(1.0) }).unwrap();
        assert_eq!(image.bounds, window);
        assert!(image.to_f32().iter().all(|v| (v - 0.5).abs() < 1e-6));
    }
    assert!(host.violations().is_empty(), "{:#?}", host.violations());
}

#[test]
fn rule_6_nuke_17_sees_no_parameter_set_outside_of_a_change() {
    static TABLE: PluginTable = Probe::<307>::TABLE;
    let host = Host::new(harsh());
    let node = node(&host, &TABLE, grey(Depth::Float));
    for button in ["reset", "work", "animate"] {
        node.press(button).unwrap();
    }
    picture(&node, &RenderRequest::at(1.0)).unwrap();
    drop(node);
    let set = host.violations().into_iter().filter(|v| v.kind == ViolationKind::SetOutsideChange).count();
    assert_eq!(set, 0);
}

#[test]
fn rule_7_mlt_gives_null_for_texts_and_others_bytes_that_are_no_text() {
    static TABLE: PluginTable = Probe::<308>::TABLE;
    for lie in [TextLie::Null, TextLie::Foreign] {
        let host = Host::new(lying(Liar { text: Some(lie), ..Liar::default() }));
        assert_grey(&picture(&node(&host, &TABLE, grey(Depth::Float)), &RenderRequest::at(1.0)).unwrap());
    }
}

#[test]
fn rule_8_natron_is_never_given_a_conversion_to_format() {
    static TABLE: PluginTable = Probe::<309>::TABLE;
    let host = Host::new(HostOptions { name: "fr.inria.Natron".into(), ..harsh() });
    let node = node(&host, &TABLE, grey(Depth::Float));
    node.press("speak").unwrap();
    let texts: Vec<String> = host.messages().into_iter().map(|message| message.text).collect();
    assert!(texts.iter().any(|text| text.contains("100% done, %s and %n")), "{texts:?}");
    let garbled = host.violations().into_iter().any(|v| v.kind == ViolationKind::UnescapedMessage);
    assert!(!garbled);
}

#[test]
fn rule_9_natron_and_nuke_get_no_parameter_type_that_the_host_did_not_announce() {
    static TABLE: PluginTable = Probe::<310>::TABLE;
    for name in ["fr.inria.Natron", "uk.co.thefoundry.nuke"] {
        let host = Host::new(HostOptions { name: name.into(), api_version: vec![1, 4], ..harsh() });
        drop(node(&host, &TABLE, grey(Depth::Float)));
        // An unknown type or property would be one.
        assert!(host.violations().is_empty(), "{:#?}", host.violations());
    }
}

/// A clip that gives the frame of now at any time.
struct Mlt(Arc<StillSource>);

impl Source for Mlt {
    fn info(&self) -> ClipInfo {
        self.0.info()
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.0.region_of_definition(time)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> Result<HostImage> {
        self.0.frame(time, scale, region)
    }
}

#[test]
fn rule_13_mlt_gives_the_current_frame_for_any_time_and_others_none() {
    static TABLE: PluginTable = Probe::<311>::TABLE;
    for temporal in [true, false] {
        let host = Host::new(HostOptions { temporal, ..harsh() });
        let node = node(&host, &TABLE, Arc::new(Mlt(grey(Depth::Float))));
        node.set("mode", &ParamValue::Choice(3)).unwrap();
        assert_grey(&picture(&node, &RenderRequest::at(2.0)).unwrap());
        assert!(host.violations().is_empty(), "{:#?}", host.violations());
    }
    let stage = stage(&TABLE);
    assert_eq!(renders(&stage, vec![Fault::OnlyThisFrame], vec![Step::Create(0), render()]), [Status::OK]);
}

#[test]
fn rule_14_openfx_runner_is_asked_for_no_second_version() {
    static TABLE: PluginTable = Probe::<312>::TABLE;
    for name in ["openfx-driver", "openfx-runner", "org.rotocel.host"] {
        let liar = Arc::new(Liar::default());
        let host =
            Host::new(HostOptions { name: name.into(), multi_plane: false, mischief: Some(liar.clone()), ..harsh() });
        drop(node(&host, &TABLE, grey(Depth::Float)));
        let asked_second = liar.suites.lock().unwrap().iter().any(|(_, version)| *version > 1);
        assert_eq!(asked_second, name == "org.rotocel.host", "{name}");
    }
}

#[test]
fn rule_14_any_function_of_any_suite_may_be_null() {
    static TABLE: PluginTable = Probe::<313>::TABLE;
    let stage = stage(&TABLE);
    for (name, version) in stage.cast().suites.clone() {
        for lie in (0..18).map(SuiteLie::Without).chain([SuiteLie::Hollow, SuiteLie::Absent]) {
            let changed = Asked { param: 13, ..asked() };
            let steps = vec![
                Step::Plain(c"OfxActionDescribe", Who::Live(0)),
                Step::Create(0),
                Step::Act(c"OfxActionInstanceChanged", Who::Live(0), Given::Proper, Given::Proper, changed),
                render(),
            ];
            renders(&stage, vec![Fault::Suite(name.clone(), version, lie)], steps);
        }
    }
    stage.play_without_lies().unwrap();
}

#[test]
fn rule_14_the_multithread_suite_of_resolve_does_nothing_and_the_picture_is_whole() {
    static TABLE: PluginTable = Probe::<314>::TABLE;
    let dummy = Arc::new(|function: &str| (function == "multiThread").then_some(Status::OK));
    let host = Host::new(HostOptions { interceptor: Some(dummy), ..harsh() });
    assert_grey(&picture(&node(&host, &TABLE, grey(Depth::Float)), &RenderRequest::at(1.0)).unwrap());
}

#[test]
fn rule_15_resolve_connects_every_clip_and_gives_null_images() {
    static TABLE: PluginTable = Probe::<315>::TABLE;
    let host = Host::new(lying(Liar { image: Some(("Mask", ImageLie::NullData)), ..Liar::default() }));
    let node = node(&host, &TABLE, grey(Depth::Float));
    node.connect("Mask", grey(Depth::Float)).unwrap();
    assert_grey(&picture(&node, &RenderRequest::at(1.0)).unwrap());
    let host = Host::new(lying(Liar { image: Some(("Source", ImageLie::NullData)), ..Liar::default() }));
    let blind = crate::node(&host, &TABLE, grey(Depth::Float));
    let error = picture(&blind, &RenderRequest::at(1.0)).unwrap_err();
    assert!(matches!(error, Error::Call { .. }) && error.to_string().contains("without pixels"), "{error}");
}

#[test]
fn rule_19_resolve_renders_only_nodes_whose_creation_and_destruction_are_answered() {
    static TABLE: PluginTable = Probe::<316>::TABLE;
    let stage = stage(&TABLE);
    renders(&stage, vec![], vec![Step::Create(0), Step::Destroy(Who::Live(0))]);
    let answered: Vec<_> = stage.answers();
    for action in [c"OfxActionCreateInstance", c"OfxActionDestroyInstance"] {
        assert!(answered.contains(&(action, Status::OK)), "{answered:?}");
    }
}

#[test]
fn a_node_that_is_destroyed_at_any_call_of_its_render_ends_with_an_error() {
    static TABLE: PluginTable = Probe::<317>::TABLE;
    let stage = stage(&TABLE);
    let destroy = |call| Fault::Reenter(call, Box::new(Step::Destroy(Who::Live(0))));
    // Calls before the render, which end the node before it begins, and calls within it.
    let ends: Vec<Status> = (0..180)
        .filter_map(|call| renders(&stage, vec![destroy(call)], vec![Step::Create(0), render()]).pop())
        .collect();
    let ended: Vec<usize> = (0..ends.len()).filter(|n| ends[*n] != Status::OK).collect();
    // Before the node is created there is none to destroy, and behind the last call it is too late: all between fail.
    assert!(ended.len() > 60 && ended.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ends:?}");
    stage.play_without_lies().unwrap();
}

#[test]
fn every_suite_function_may_call_the_plug_in_again() {
    static TABLE: PluginTable = Probe::<318>::TABLE;
    let stage = stage(&TABLE);
    let act = |action| Step::Act(action, Who::Live(0), Given::Proper, Given::Proper, asked());
    let again = [
        render(),
        act(c"OfxActionInstanceChanged"),
        act(c"OfxImageEffectActionGetClipPreferences"),
        act(c"OfxActionPurgeCaches"),
        Step::Create(0),
        Step::Create(1),
        Step::Plain(c"OfxActionUnload", Who::Null),
        Step::SetHost(HostGiven::Null),
    ];
    for step in again {
        for call in 0..150 {
            renders(&stage, vec![Fault::Reenter(call, Box::new(step.clone()))], vec![Step::Create(0), render()]);
        }
    }
    stage.play_without_lies().unwrap();
}

#[test]
fn a_host_that_asks_to_stop_at_any_poll_gets_its_images_back() {
    static TABLE: PluginTable = Probe::<319>::TABLE;
    let stage = stage(&TABLE);
    let ends: Vec<Status> =
        (0..20).flat_map(|poll| renders(&stage, vec![Fault::AbortAt(poll)], vec![Step::Create(0), render()])).collect();
    assert!(ends.contains(&Status::FAILED) && ends.contains(&Status::OK), "{ends:?}");
    stage.play_without_lies().unwrap();
}

#[test]
fn describes_renders_changes_and_destruction_come_at_once() {
    static TABLE: PluginTable = Probe::<320>::TABLE;
    let stage = stage(&TABLE);
    let changed = || {
        let asked = Asked { param: 13, ..asked() };
        Step::Act(c"OfxActionInstanceChanged", Who::Live(0), Given::Proper, Given::Proper, asked)
    };
    let describe = || Step::Plain(c"OfxActionDescribe", Who::Live(0));
    let together = [
        vec![describe(), describe(), Step::DescribeIn(0, Given::Proper), Step::DescribeIn(4, Given::Proper)],
        vec![render(), changed(), render()],
        vec![render(), Step::Destroy(Who::Live(0)), render()],
        vec![Step::Create(0), Step::Destroy(Who::Live(0)), Step::Create(1)],
        vec![render(), Step::SetHost(HostGiven::Null), Step::Plain(c"OfxActionUnload", Who::Null)],
    ];
    for steps in together {
        for _ in 0..60 {
            renders(&stage, vec![], vec![Step::Create(0), Step::AtOnce(steps.clone())]);
        }
        stage.play_without_lies().unwrap();
    }
}
