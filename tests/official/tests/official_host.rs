//! The built bundle in HostSupport, the official C++ host library: described, rendered and unloaded by a host that we
//! did not write, and held against our own.

mod shot;
#[path = "../../stage/mod.rs"]
mod stage;

use official_programs::{ForeignHost, example, foreign_host};
use ofx_sdk::host::*;
use ofx_sdk::{Context, RectD, RectI, RenderScale};
use shot::*;
use stage::*;

/// Pixels of two hosts may differ by this much.
const TOLERANCE: f32 = 1e-6;

#[test]
fn hostsupport_describes_every_node_as_our_own_host_does() {
    let Some(mut foreign) = with_bundle() else { return };
    let host = host(HostOptions::default());
    let known = host.plugins(bundle());
    let listed: Vec<String> = foreign.must(&["plugins"]).into_iter().map(|mut row| row.remove(0)).collect();
    assert_eq!(listed, known.iter().map(|node| node.identifier.clone()).collect::<Vec<_>>());
    for node in &listed {
        let plugin = host.load(bundle(), node).unwrap();
        for context in plugin.contexts() {
            let rows = foreign.must(&["describe", node, context.ofx_name().to_str().unwrap()]);
            let here = described_here(plugin.description(context).unwrap());
            assert_eq!(differences(&described(&rows), &here), [""; 0], "{node} {context:?}");
        }
    }
    foreign.finish();
}

#[test]
fn hostsupport_renders_tone_segment_on_real_frames_as_our_own_host_does() {
    let Some(mut stand) = Stand::new(&[1, 2, 3]) else { return };
    for output in ["source_matte", "flat", "packed_light", "packed_shadow", "index", "confidence"] {
        stand.set("output", output);
        stand.assert_same(&[1.0], WHOLE, output);
    }
    stand.set("output", "flat");
    stand.assert_same(&[2.0], WHOLE, "another frame");
    stand.set("edge_softness_px", "4");
    stand.set("bias_cast_shadow", "0.5");
    stand.assert_same(&[2.0], WHOLE, "other settings");
    stand.finish();
}

#[test]
fn hostsupport_renders_two_frames_on_two_threads_at_once_as_our_own_host_does() {
    let Some(mut stand) = Stand::new(&[1, 2, 3, 4]) else { return };
    stand.set("output", "flat");
    stand.assert_same(&[1.0, 2.0], WHOLE, "two threads");
    stand.assert_same(&[4.0, 3.0], WHOLE, "two threads, other frames");
    stand.finish();
}

#[test]
fn hostsupport_animates_a_parameter_as_our_own_host_does() {
    let Some(mut stand) = Stand::new(&[1, 2, 3]) else { return };
    stand.set("output", "flat");
    for (time, value) in [(1.0, "0"), (3.0, "6")] {
        stand.key("edge_softness_px", time, value);
    }
    stand.assert_same(&[2.0], WHOLE, "between two keys");
    let between = stand.here(2.0, WHOLE);
    stand.set("edge_softness_px", "0");
    stand.assert_same(&[2.0], WHOLE, "the keys are gone");
    assert!(largest_difference(&between, &stand.here(2.0, WHOLE)) > 0.01, "the animation did nothing");
    stand.finish();
}

#[test]
fn hostsupport_asks_for_regions_frames_and_identity_and_gets_our_own_hosts_answers() {
    let Some(mut stand) = Stand::new(&[1, 2, 3]) else { return };
    let part = RectI::new(100, 50, 164, 114);
    let rows = stand.foreign.must(&with_rect("queries", &["2"], part));
    let find = |name: &str| rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no {name}: {rows:?}"));
    let canonical = RectD { x1: 100.0, y1: 50.0, x2: 164.0, y2: 114.0 };
    let definition = stand.node.region_of_definition(2.0, RenderScale::FULL).unwrap();
    assert_eq!(rect_of(find("definition")), definition);
    let interest = stand.node.regions_of_interest(2.0, RenderScale::FULL, canonical).unwrap();
    assert_eq!(rect_of(find("interest Source")), interest["Source"]);
    let needed = stand.node.frames_needed(2.0).unwrap();
    let needed: Vec<_> = needed["Source"].iter().map(|range| (range.min, range.max)).collect();
    let listed = rows.iter().filter(|row| row[0] == "needed Source");
    assert_eq!(listed.map(|row| (number(&row[1]), number(&row[2]))).collect::<Vec<_>>(), needed);
    assert_eq!(find("identity")[1], "", "the node changes the picture");
    stand.finish();
}

#[test]
fn hostsupport_gives_a_tile_only_what_was_asked_for_and_gets_the_same_part() {
    let Some(mut stand) = Stand::new(&[1]) else { return };
    stand.set("output", "flat");
    let tile = RectI::new(301, 97, 397, 211);
    let there = stand.there(&[1.0], tile).remove(0);
    let whole = stand.here(1.0, WHOLE);
    assert!(largest_difference(&there, &whole.cropped(tile).unwrap()) <= TOLERANCE);
    stand.finish();
}

/// Rule 16: what alpha has to do with color is said in the clip preferences, and asked again when the output changes.
#[test]
fn hostsupport_hears_the_premultiplication_of_every_output_as_our_own_host_does() {
    let Some(mut stand) = Stand::new(&[1]) else { return };
    for output in ["source_matte", "matte", "cutout", "flat", "index"] {
        stand.set("output", output);
        let rows = stand.foreign.must(&["preferences"]);
        let here = stand.node.clip_preferences().unwrap();
        assert_eq!(rows[0][1], here.premultiplication.ofx_name().to_str().unwrap(), "{output}");
        let there = rows.iter().find(|row| row[0] == "Output").unwrap();
        let (depth, components) = (here.clips["Output"].depth, here.clips["Output"].components);
        assert_eq!(there[1..], [depth.ofx_name(), components.ofx_name()].map(|name| name.to_str().unwrap()));
    }
    stand.finish();
}

/// Rule 15: a mask is used when it is there, and the node renders without one in all other tests.
#[test]
fn hostsupport_gives_a_mask_and_the_rest_is_background_as_in_our_own_host() {
    let bounds = RectI::new(0, 0, 160, 96);
    let Some(mut stand) = Stand::on(vec![(1, picture(bounds, scenery))]) else { return };
    stand.use_tiny_model();
    stand.set("output", "index");
    stand.connect("Mask", &picture(bounds, |x, _| [0.0, 0.0, 0.0, if x < 80 { 1.0 } else { 0.0 }]));
    stand.assert_same(&[1.0], bounds, "masked");
    let masked = stand.there(&[1.0], bounds).remove(0);
    assert!((80..160).all(|x| masked.pixel(x, 48).unwrap()[0] == 0.0), "outside the mask is background");
    assert!((0..80).any(|x| masked.pixel(x, 48).unwrap()[0] != 0.0), "inside is not");
    stand.finish();
}

/// Rule 6: Nuke crashes when a parameter is set anywhere else; the driver notes it, and `finish` fails on it.
#[test]
fn hostsupport_sees_parameters_set_only_while_it_tells_of_a_change() {
    let bounds = RectI::new(0, 0, 64, 48);
    let Some(mut stand) = Stand::on(vec![(1, picture(bounds, scenery))]) else { return };
    stand.use_tiny_model();
    stand.there(&[1.0], bounds);
    stand.foreign.must(&["press", "check_device"]);
    stand.node.press("check_device").unwrap();
    let there = stand.foreign.must(&["get", "status"]).remove(0).remove(0);
    let ParamValue::String(here) = stand.node.get("status").unwrap() else { panic!("status is a text") };
    // All but the milliseconds that it took.
    let timeless = |text: &str| text.replace(|c: char| c.is_ascii_digit() || c == '.', "");
    assert!(!there.is_empty());
    assert_eq!(timeless(&there), timeless(&here));
    stand.finish();
}

/// Rule 5: bounds are not (0, 0)-based.
#[test]
fn hostsupport_with_a_picture_that_begins_below_and_left_of_zero_renders_the_same_mattes() {
    let bounds = RectI::new(-37, -21, 123, 75);
    let Some(mut stand) = Stand::on(vec![(1, picture(bounds, |x, y| scenery(x + 37, y + 21)))]) else { return };
    stand.use_tiny_model();
    stand.set("output", "flat");
    stand.assert_same(&[1.0], bounds, "shifted");
    stand.finish();
}

/// Rule 12: HostSupport's demo host gives images no identifier at all.
#[test]
fn hostsupport_without_image_identifiers_never_gets_yesterdays_matte() {
    let bounds = RectI::new(0, 0, 160, 96);
    let Some(mut stand) = Stand::on(vec![(1, picture(bounds, scenery))]) else { return };
    stand.use_tiny_model();
    stand.set("output", "flat");
    let first = stand.there(&[1.0], bounds).remove(0);
    stand.replace(1, picture(bounds, |x, y| scenery(159 - x, y)));
    stand.assert_same(&[1.0], bounds, "another picture at the same time");
    let second = stand.there(&[1.0], bounds).remove(0);
    assert!(largest_difference(&first, &second) > 0.1, "the two pictures look the same");
    stand.finish();
}

/// Rule 2: Load, Describe and Unload come before the Load that counts, and again whenever a project is opened.
#[test]
fn hostsupport_loads_and_unloads_the_bundle_again_and_again_and_it_still_renders() {
    let bounds = RectI::new(0, 0, 160, 96);
    let Some(mut stand) = Stand::on(vec![(1, picture(bounds, scenery))]) else { return };
    stand.use_tiny_model();
    stand.set("output", "flat");
    for _ in 0..3 {
        stand.assert_same(&[1.0], bounds, "loaded again");
        stand.foreign.must(&["unload"]);
        stand.foreign.must(&["load", folder()]);
        stand.create_there();
        stand.repeat_settings();
    }
    stand.finish();
}

/// Rule 1: threads that rendered, and the one that loaded us, end when the library has been closed under them.
#[test]
fn hostsupport_closes_the_library_while_threads_that_called_us_live_on_and_then_end() {
    let Some(mut stand) = Stand::new(&[1, 2]) else { return };
    stand.there(&[1.0, 2.0], WHOLE);
    stand.foreign.must(&["unload"]);
    assert_eq!(stand.foreign.must(&["mapped", binary()]), [["mapped"]]);
    stand.foreign.must(&["end threads"]);
    assert_eq!(stand.foreign.must(&["mapped", binary()]), [["mapped"]]);
    stand.finish();
}

/// Rule 1: a library without `nodelete` that was only described is gone here, and with it what its thread-locals run
/// when the thread ends.
#[test]
fn hostsupport_closes_the_library_and_its_code_stays() {
    let Some(mut foreign) = with_bundle() else { return };
    foreign.must(&["unload"]);
    assert_eq!(foreign.must(&["mapped", binary()]), [["mapped"]]);
    foreign.must(&["end threads"]);
    foreign.finish();
}

/// The other half of the test above: HostSupport really closes what it loaded.
#[test]
fn hostsupport_unloads_an_official_example_for_good() {
    let Some(mut foreign) = foreign_host().map(ForeignHost::start) else { return };
    let invert = example("Invert").unwrap();
    let binary = BundlePath::of(&invert).unwrap().binary;
    foreign.must(&["load", invert.parent().unwrap().to_str().unwrap()]);
    assert!(foreign.must(&["plugins"]).concat().contains(&"uk.co.thefoundry.OfxInvertExample".to_owned()));
    foreign.must(&["unload"]);
    assert_eq!(foreign.must(&["mapped", binary.to_str().unwrap()]), [["gone"]]);
    foreign.finish();
}

/// Rule 4: HostSupport's demo host labels byte buffers as float.
#[test]
fn hostsupport_with_byte_buffers_labelled_float_gets_an_error_and_nothing_is_written() {
    for clip in ["Output", "Source"] {
        let bounds = RectI::new(0, 0, 160, 96);
        let Some(mut stand) = Stand::on(vec![(1, picture(bounds, scenery))]) else { return };
        stand.use_tiny_model();
        stand.foreign.must(&["mislabel", clip]);
        let file = stand.file("never");
        let error = stand.foreign.ask(&with_rect("render", &[], bounds).with(&["1", &file])).unwrap_err();
        assert!(error.starts_with("render answered kOfxStat"), "{clip}: {error}");
        let watched = stand.foreign.must(&["watched"]);
        assert!(watched.iter().all(|row| row[0] == "message"), "{clip}: {watched:?}");
        stand.finish();
    }
}

/// Rule 8: a host that formats our messages must find no directive of its own in them.
#[test]
fn hostsupport_shows_a_message_with_percent_signs_as_it_was_meant() {
    let bounds = RectI::new(0, 0, 64, 48);
    let Some(mut stand) = Stand::on(vec![(1, picture(bounds, scenery))]) else { return };
    stand.foreign.must(&["set", "custom_model", "/no/such/100%/50%n%s.onnx"]);
    stand.foreign.must(&["set", "model", "0"]);
    let file = stand.file("never");
    stand.foreign.ask(&with_rect("render", &[], bounds).with(&["1", &file])).unwrap_err();
    let told = stand.foreign.must(&["watched"]).concat().join("\n");
    assert!(told.contains("/no/such/100%/50%n%s.onnx"), "{told}");
    stand.finish();
}

/// Rule 7: HostSupport's demo host has no custom parameters and none of 1.5; a node that defines one cannot be created.
#[test]
fn hostsupport_without_custom_parameters_creates_every_node_in_every_context() {
    let Some(mut foreign) = with_bundle() else { return };
    for node in foreign.must(&["plugins"]).concat() {
        for context in [Context::Filter, Context::General, Context::Generator, Context::Transition] {
            let context = context.ofx_name().to_str().unwrap();
            if foreign.ask(&["describe", &node, context]).is_ok() {
                foreign.must(&["create", &node, context, "640", "360", "1", "10"]);
                foreign.must(&["destroy"]);
            }
        }
    }
    assert_eq!(foreign.must(&["watched"]), Vec::<Vec<String>>::new());
    foreign.finish();
}
