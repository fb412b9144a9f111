//! Whole life cycles of effects, through the real C tables and this crate's own host, in one process.

#[path = "../examples/invert.rs"]
mod invert;
#[path = "lifecycle/probe.rs"]
mod probe;

use ofx_sdk::{
    Components, Context, Depth, Error, Field, FrameRange, Premultiplication, RectD, RectI, RenderScale, Result,
    host::{
        ClipInfo, Host, HostImage, HostOptions, ImageLayout, Instance, MessageKind, ParamValue, Plugin, Project,
        RenderRequest, Source, StillSource,
    },
    plugin::PluginTable,
};
use probe::Probe;
use std::{ops::ControlFlow, sync::Arc};

const RANGE: FrameRange = FrameRange { min: 1.0, max: 25.0 };
const BOUNDS: RectI = RectI::new(-3, 2, 14, 13);

/// A host that lets nothing pass.
fn harsh() -> HostOptions {
    HostOptions { layout: ImageLayout::HARSH, threads: 3, ..HostOptions::default() }
}

fn load(options: HostOptions, table: &'static PluginTable) -> Plugin {
    // SAFETY: the table is a static of this program.
    unsafe { Host::new(options).load_table(table.as_ofx()) }.expect("it loads and describes itself")
}

fn project() -> Project {
    Project::new(17.0, 11.0, RANGE)
}

/// Values that differ from pixel to pixel and that every depth holds well.
fn picture() -> HostImage {
    let values: Vec<f32> = (0..BOUNDS.width() * BOUNDS.height())
        .flat_map(|i| [(i % 7) as f32 / 8.0, (i % 5) as f32 / 8.0, (i % 3) as f32 / 8.0, 1.0])
        .collect();
    HostImage::from_f32(BOUNDS, Components::Rgba, &values).expect("as many values as pixels")
}

fn source() -> Arc<dyn Source> {
    Arc::new(StillSource::new(picture(), RANGE))
}

fn instance(plugin: &Plugin, context: Context) -> Instance {
    let instance = plugin.create(context, project()).expect("it is created");
    instance.connect("Source", source()).expect("it has a source");
    instance
}

fn rendered(instance: &Instance, request: &RenderRequest) -> HostImage {
    let mut planes = instance.render(request).expect("it renders");
    assert_eq!(planes.len(), 1);
    planes.remove(0).1
}

/// Fails with every rule that the plug-in side broke.
fn assert_no_violations(host: &Host) {
    let violations = host.violations();
    assert!(violations.is_empty(), "{violations:#?}");
}

fn assert_close(got: &HostImage, want: impl Fn(i32, i32, usize) -> f32, tolerance: f32) {
    for y in got.bounds.y1..got.bounds.y2 {
        for x in got.bounds.x1..got.bounds.x2 {
            for (c, v) in got.pixel(x, y).expect("inside").iter().enumerate() {
                assert!((v - want(x, y, c)).abs() <= tolerance, "({x}, {y}) channel {c}: {v}, not {}", want(x, y, c));
            }
        }
    }
}

#[test]
fn invert_lives_a_whole_life_in_both_contexts() {
    static TABLE: PluginTable = PluginTable::of::<invert::Invert>();
    let plugin = load(harsh(), &TABLE);
    let source = picture();
    let inverted = |x, y, c: usize| {
        let v = source.pixel(x, y).expect("inside")[c];
        if c == 3 { v } else { 1.0 - v }
    };
    for context in [Context::Filter, Context::General] {
        let instance = instance(&plugin, context);
        let whole = rendered(&instance, &RenderRequest::at(1.0));
        assert_eq!(whole.bounds, BOUNDS);
        assert_close(&whole, inverted, 1e-6);
        let tiled = rendered(&instance, &RenderRequest { tile: Some(4), ..RenderRequest::at(1.0) });
        assert_eq!(tiled.to_f32(), whole.to_f32());
        instance.set("bypass", &ParamValue::Bool(true)).expect("it is a switch");
        let identity = instance.is_identity(1.0, RenderScale::FULL, BOUNDS, Field::None).expect("it answers");
        assert_eq!(identity.expect("it is one").clip, "Source");
    }
    assert_no_violations(plugin.host());
}

#[test]
fn invert_renders_every_depth_and_layout() {
    static TABLE: PluginTable = PluginTable::of::<invert::Invert>();
    let plugin = load(harsh(), &TABLE);
    let float = picture();
    for depth in Depth::ALL.iter().copied() {
        for components in Components::ALL.iter().copied() {
            let image = float.converted(components, depth).expect("it converts");
            let instance = plugin.create(Context::General, project()).expect("it is created");
            instance.connect("Source", Arc::new(StillSource::new(image.clone(), RANGE))).expect("it takes it");
            let output = rendered(&instance, &RenderRequest::at(1.0));
            let tolerance = if depth == Depth::Byte { 1.01 / 255.0 } else { 1e-3 };
            let keeps_alpha = |c| c == 3 || components == Components::Alpha;
            assert_close(
                &output,
                |x, y, c| {
                    let v = image.pixel(x, y).expect("inside")[c];
                    if keeps_alpha(c) { v } else { 1.0 - v }
                },
                tolerance,
            );
        }
    }
    assert_no_violations(plugin.host());
}

#[test]
fn a_description_says_everything_that_was_declared() {
    static TABLE: PluginTable = Probe::<0>::TABLE;
    let plugin = load(harsh(), &TABLE);
    assert_eq!((plugin.identifier(), plugin.version()), ("org.rotocel.test.Probe", (2, 1)));
    let general = plugin.description(Context::General).expect("it has the context");
    assert_eq!(general.label, "Probe");
    assert_eq!(general.clips.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Source", "Mask", "Output"]);
    let mask = general.clip("Mask").expect("just listed");
    assert!(mask.optional && mask.mask);
    assert_eq!(mask.components, [Components::Alpha, Components::Rgba]);
    assert_eq!(general.params.len(), 18);
    let gain = general.param("gain").expect("it was declared");
    assert_eq!(gain.hint, "Multiplied with the source, in two lines of hint.");
    assert_eq!(gain.label, "Gain");
    assert_eq!(gain.default, Some(ParamValue::Double(1.0)));
    let mode = general.param("mode").expect("it was declared");
    assert_eq!(mode.options.len(), 4);
    assert!(mode.hint.ends_with("\nGain: Multiplies."));

    let filter = plugin.description(Context::Filter).expect("it has the context");
    assert!(filter.clip("Mask").is_none());
    assert_eq!(filter.clip("Output").expect("always there").components, [Components::Rgba]);
    assert_no_violations(plugin.host());
}

#[test]
fn creation_shows_and_hides_parameters() {
    static TABLE: PluginTable = Probe::<1>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    assert!(instance.is_secret("count").expect("it exists"));
    assert!(!instance.is_enabled("name").expect("it exists"));
    assert!(!instance.is_secret("gain").expect("it exists"));
    assert_no_violations(plugin.host());
}

#[test]
fn regions_frames_and_preferences_reach_the_host() {
    static TABLE: PluginTable = Probe::<2>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    let source = RectD::new(-3.0, 2.0, 14.0, 13.0);
    let region = instance.region_of_definition(1.0, RenderScale::FULL).expect("it answers");
    assert_eq!(region, RectD { x2: 15.0, ..source });
    let tile = RectD::new(0.0, 4.0, 2.0, 6.0);
    let needed = instance.regions_of_interest(1.0, RenderScale::FULL, tile).expect("it answers");
    assert_eq!(needed["Source"], source);
    assert_eq!(instance.time_domain().expect("it answers"), RANGE);
    let preferences = instance.clip_preferences().expect("it answers");
    assert_eq!(preferences.premultiplication, Premultiplication::Unpremultiplied);
    assert!(preferences.frame_varying);

    instance.set("mode", &ParamValue::Choice(3)).expect("it has four options");
    let frames = instance.frames_needed(5.0).expect("it answers");
    assert_eq!(frames["Source"], [FrameRange { min: 4.0, max: 6.0 }]);
    let preferences = instance.clip_preferences().expect("it answers");
    assert_eq!(preferences.premultiplication, Premultiplication::Premultiplied);
    assert_no_violations(plugin.host());
}

#[test]
fn keyframes_masks_threads_and_tiles_give_the_same_picture() {
    static TABLE: PluginTable = Probe::<3>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    let values = vec![0.5; BOUNDS.width() * BOUNDS.height()];
    let mask = HostImage::from_f32(BOUNDS, Components::Alpha, &values).expect("one value a pixel");
    instance.connect("Mask", Arc::new(StillSource::new(mask, RANGE))).expect("it has a mask");
    instance.set_at("gain", 1.0, &ParamValue::Double(1.0)).expect("it animates");
    instance.set_at("gain", 11.0, &ParamValue::Double(3.0)).expect("it animates");
    let source = picture();
    let want = |x: i32, y: i32, c: usize| source.pixel(x, y).map_or(0.0, |p| p[c]);
    for (time, gain) in [(1.0, 0.5), (6.0, 1.0), (11.0, 1.5)] {
        let whole = rendered(&instance, &RenderRequest::at(time));
        assert_eq!(whole.bounds.x2, BOUNDS.x2 + 1);
        assert_close(&whole, |x, y, c| gain * want(x, y, c), 1e-6);
        let tiled = rendered(&instance, &RenderRequest { tile: Some(5), ..RenderRequest::at(time) });
        assert_eq!(tiled.to_f32(), whole.to_f32());
    }
    let mut frames = Vec::new();
    instance
        .render_range(&[1.0, 6.0, 11.0], 2, &RenderRequest::at(1.0), |time, result| {
            frames.push((time, result.expect("it renders").remove(0).1.pixel(1, 5).expect("inside")[0]));
            ControlFlow::Continue(())
        })
        .expect("the sequence begins and ends");
    let red = want(1, 5, 0);
    assert_eq!(frames, [(1.0, 0.5 * red), (6.0, red), (11.0, 1.5 * red)]);
    assert_no_violations(plugin.host());
}

#[test]
fn nuke_makes_up_an_alpha_of_0_for_red_green_and_blue_and_calls_it_premultiplied() {
    static TABLE: PluginTable = Probe::<12>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    let values = [0.5, 0.25, 0.25, 0.0].repeat(BOUNDS.width() * BOUNDS.height());
    let mask = HostImage::from_f32(BOUNDS, Components::Rgba, &values).expect("four values a pixel");
    let source = picture();
    for (unmapped, cover) in [(Components::Rgb, 0.5), (Components::Rgba, 0.0)] {
        let still = StillSource::new(mask.clone(), RANGE);
        let info = ClipInfo { components: unmapped, ..still.info() };
        assert_eq!(info.premultiplication, Premultiplication::Premultiplied);
        instance.connect("Mask", Arc::new(still.with_info(info))).expect("it has a mask");
        let image = rendered(&instance, &RenderRequest::at(1.0));
        assert_close(&image, |x, y, c| cover * source.pixel(x, y).map_or(0.0, |p| p[c]), 1e-6);
    }
    assert_no_violations(plugin.host());
}

/// A source whose frames are as bright as their number.
struct Counting;

impl Source for Counting {
    fn info(&self) -> ClipInfo {
        ClipInfo { frame_range: RANGE, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        RectD::new(0.0, 0.0, 4.0, 4.0)
    }

    fn frame(&self, time: f64, _scale: RenderScale, region: RectI) -> Result<HostImage> {
        if time < RANGE.min {
            return Err(Error::Value { subject: format!("frame {time}"), reason: "there is none".to_owned() });
        }
        HostImage::from_f32(region, Components::Rgba, &vec![time as f32; region.width() * region.height() * 4])
    }
}

#[test]
fn frames_around_the_current_one_can_be_fetched_and_missing_ones_are_black() {
    static TABLE: PluginTable = Probe::<4>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = plugin.create(Context::General, project()).expect("it is created");
    instance.connect("Source", Arc::new(Counting)).expect("it takes it");
    instance.set("mode", &ParamValue::Choice(3)).expect("it has four options");
    let middle = rendered(&instance, &RenderRequest::at(5.0));
    assert!((middle.pixel(2, 2).expect("inside")[0] - 5.0).abs() < 1e-5);
    assert_no_violations(plugin.host());
}

#[test]
fn buttons_set_parameters_in_one_step_for_undo() {
    static TABLE: PluginTable = Probe::<5>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    let status = || instance.get("status").expect("it exists");
    instance.set("gain", &ParamValue::Double(2.5)).expect("in range");
    assert_eq!(status(), ParamValue::String("gain is 2.5".to_owned()));
    instance.press("reset").expect("it is a button");
    assert_eq!(instance.get("gain").expect("it exists"), ParamValue::Double(1.0));
    assert_eq!(status(), ParamValue::String("reset".to_owned()));
    assert_eq!(instance.undo_blocks(), ["Reset probe"]);
    instance.press("animate").expect("it is a button");
    assert_eq!(status(), ParamValue::String("[1.0, 11.0] 0.6".to_owned()));
    instance.press("work").expect("it is a button");
    assert_eq!(status(), ParamValue::String("worked over 1-25".to_owned()));
    instance.sync_private_data().expect("it syncs");
    assert_eq!(instance.get("notes").expect("it exists"), ParamValue::String("0 renders".to_owned()));
    assert_no_violations(plugin.host());
}

#[test]
fn messages_arrive_as_they_were_meant_in_both_versions_of_the_suite() {
    fn texts(options: HostOptions, table: &'static PluginTable) -> Vec<(MessageKind, String, bool)> {
        let plugin = load(options, table);
        let instance = instance(&plugin, Context::General);
        plugin.host().messages();
        instance.press("speak").expect("it is a button");
        assert_eq!(instance.persistent_message(), None);
        assert_no_violations(plugin.host());
        let messages = plugin.host().messages();
        messages.into_iter().filter(|m| !m.cleared).map(|m| (m.kind, m.text, m.persistent)).collect()
    }
    static NEW: PluginTable = Probe::<6>::TABLE;
    static OLD: PluginTable = Probe::<7>::TABLE;
    let new = texts(harsh(), &NEW);
    let old = texts(HostOptions { message_suite: 1, progress_suite: 1, ..harsh() }, &OLD);
    let said = |messages: &[(MessageKind, String, bool)], text: &str| messages.iter().any(|(_, t, _)| t == text);
    for messages in [&new, &old] {
        assert!(said(messages, "100% done, %s and %n are only text"), "{messages:?}");
        assert!(said(messages, "stays at 50%"), "{messages:?}");
    }
    assert!(new.iter().any(|(_, _, persistent)| *persistent));
    assert!(!old.iter().any(|(_, _, persistent)| *persistent));
}

#[test]
fn errors_and_panics_reach_the_artist_and_the_next_render_works() {
    static TABLE: PluginTable = Probe::<8>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    for (mode, text) in [(1, "no more than 50% of it worked"), (2, "on purpose")] {
        instance.set("mode", &ParamValue::Choice(mode)).expect("it has four options");
        plugin.host().messages();
        assert!(instance.render(&RenderRequest::at(1.0)).is_err());
        let messages = plugin.host().messages();
        let shown = messages.iter().find(|m| m.text.contains(text)).unwrap_or_else(|| panic!("{messages:?}"));
        assert_eq!(shown.kind, MessageKind::Error);
    }
    instance.set("mode", &ParamValue::Choice(0)).expect("it has four options");
    rendered(&instance, &RenderRequest::at(1.0));
    assert_no_violations(plugin.host());
}

#[test]
fn a_render_stops_at_whichever_poll_the_host_asks() {
    static TABLE: PluginTable = Probe::<9>::TABLE;
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    let abort = instance.abort_handle();
    for poll in 0..6 {
        abort.abort_at_poll(poll);
        plugin.host().messages();
        assert!(matches!(instance.render(&RenderRequest::at(1.0)), Err(Error::Aborted)), "at poll {poll}");
        assert!(plugin.host().messages().is_empty());
        abort.reset();
    }
    rendered(&instance, &RenderRequest::at(1.0));
    assert_no_violations(plugin.host());
}

#[test]
fn planes_are_rendered_beside_color_where_the_host_knows_them() {
    static TABLE: PluginTable = Probe::<10>::TABLE;
    let plugin = load(HostOptions { multi_plane: true, ..harsh() }, &TABLE);
    let instance = instance(&plugin, Context::General);
    let planes = instance.clip_components(1.0).expect("it answers");
    assert_eq!(planes.clips["Output"].len(), 3);
    let request =
        RenderRequest { planes: vec!["probe.half".to_owned(), "probe.quarter".to_owned()], ..RenderRequest::at(1.0) };
    let images = instance.render(&request).expect("it renders");
    let values: Vec<f32> = images.iter().map(|(_, image)| image.to_f32()[0]).collect();
    assert_eq!(values, [0.5, 0.25]);
    assert_no_violations(plugin.host());
}

#[test]
fn a_host_that_lacks_every_optional_suite_still_gets_its_picture() {
    static TABLE: PluginTable = Probe::<11>::TABLE;
    let options = HostOptions {
        multi_plane: false,
        message_suite: 0,
        progress_suite: 0,
        timeline: false,
        threads: 0,
        api_version: vec![1, 0],
        ..harsh()
    };
    let plugin = load(options, &TABLE);
    let instance = instance(&plugin, Context::Filter);
    let source = picture();
    let output = rendered(&instance, &RenderRequest::at(1.0));
    assert_close(&output, |x, y, c| source.pixel(x, y).map_or(0.0, |p| p[c]), 1e-6);
    // No time line, no progress bar, nobody to ask: an error or a way around, but no crash.
    assert!(instance.press("work").is_err());
    assert!(instance.press("speak").is_err());
    assert!(instance.set("mode", &ParamValue::Choice(2)).is_ok());
    assert!(instance.render(&RenderRequest::at(1.0)).is_err());
    assert_no_violations(plugin.host());
}

#[test]
fn a_host_without_optional_properties_still_gets_its_picture() {
    static TABLE: PluginTable = PluginTable::of::<invert::Invert>();
    let missing = [
        "OfxPropAPIVersion",
        "OfxImageEffectPropProjectSize",
        "OfxImageEffectPropProjectExtent",
        "OfxImageEffectPropPixelAspectRatio",
        "OfxImagePropUniqueIdentifier",
        "OfxImagePropPixelAspectRatio",
        "OfxImageEffectPropPreMultiplication",
        "OfxImageEffectPropSupportedPixelDepths",
        "OfxImageClipPropConnected",
        "OfxPluginPropFilePath",
    ];
    for name in missing {
        let plugin = load(HostOptions { without_properties: vec![name.to_owned()], ..harsh() }, &TABLE);
        let instance = instance(&plugin, Context::General);
        let output = rendered(&instance, &RenderRequest::at(1.0));
        let source = picture();
        assert_close(
            &output,
            |x, y, c| {
                (if c == 3 {
                    source.pixel(x, y)
                } else {
                    source.pixel(x, y).map(|p| p.iter().map(|v| 1.0 - v).collect())
                })
                .map_or(0.0, |p| p[c])
            },
            1e-6,
        );
    }
}

#[test]
fn half_scale_renders_the_half_size_picture() {
    static TABLE: PluginTable = PluginTable::of::<invert::Invert>();
    let plugin = load(harsh(), &TABLE);
    let instance = instance(&plugin, Context::General);
    let request = RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(1.0) };
    let output = rendered(&instance, &request);
    assert_eq!(output.bounds, RectI::new(-2, 1, 7, 7));
    assert_no_violations(plugin.host());
}
