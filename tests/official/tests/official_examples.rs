//! The official example plug-ins in our host: described, created in every context, changed, rendered whole and in tiles
//! at every depth, and held against what each promises. What our host reports of them is either nothing, or listed
//! here with the reason why the example is wrong. Left out: those that draw with OpenGL.

mod example;
#[path = "../../stage/mod.rs"]
mod stage;

use example::*;
use ofx_sdk::host::*;
use ofx_sdk::{Context, Depth, Field, RectD, RenderScale};
use stage::{at_depth, frame, set};

/// What some examples leave: in `render`, an inner variable hides the outer one of the same name, which is released and
/// always null.
const LEAK: &str = "image not released in OfxImageEffectActionRender: image of clip Output";

#[test]
fn an_example_that_crashes_fails_its_own_test_and_no_other() {
    let name = "an_example_that_crashes_fails_its_own_test_and_no_other";
    if official_programs::examples().is_none() {
        return;
    }
    let told = std::panic::catch_unwind(|| alone(name, || std::process::abort())).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.contains(name) && told.contains("signal: 6"), "{told}");
}

#[test]
fn basic_multiplies_by_its_scales_where_its_mask_is() {
    alone("basic_multiplies_by_its_scales_where_its_mask_is", || {
        let Some(example) = Example::load("Basic") else { return };
        assert_eq!(example.plugin.contexts(), [Context::Filter, Context::General]);
        for context in example.plugin.contexts() {
            example.assert_makes(context, &[("scale", "0.5")], |_, _, p| p.map(|v| v * 0.5));
            let settings = [("scaleComponents", "true"), ("scaleG", "0.25"), ("scaleA", "0.5")];
            example.assert_makes(context, &settings, |_, _, [r, g, b, a]| [r, g * 0.25, b, a * 0.5]);
            example.assert_makes(context, &[], |_, _, p| p);
        }
        let node = example.create(Context::General, &chart());
        let alpha = frame(40, 30, |x, _| [0.0, 0.0, 0.0, if x < 20 { 1.0 } else { 0.5 }]);
        connect(&node, "Mask", alpha.converted(ofx_sdk::Components::Alpha, Depth::Float).unwrap());
        set(&node, "scale", "0");
        let masked = render(&node, &RenderRequest::at(2.0));
        assert_pixels(&masked, 1e-6, |x, y| pixel(&chart(), x, y).map(|v| if x < 20 { 0.0 } else { v * 0.5 }));
        drop(node);
        example.assert_well_behaved();
    });
}

#[test]
fn basic_enables_its_component_scales_when_it_is_told_to_use_them() {
    alone("basic_enables_its_component_scales_when_it_is_told_to_use_them", || {
        let Some(example) = Example::load("Basic") else { return };
        let node = example.create(Context::Filter, &chart());
        for (used, enabled) in [("true", true), ("false", false), ("on", true)] {
            set(&node, "scaleComponents", used);
            assert_eq!(node.is_enabled("scaleR").unwrap(), enabled);
        }
        drop(node);
        example.assert_well_behaved();
    });
}

#[test]
fn depth_converter_makes_the_output_as_deep_as_it_is_told_to() {
    alone("depth_converter_makes_the_output_as_deep_as_it_is_told_to", || {
        let Some(example) = Example::load("DepthConverter") else { return };
        for context in [Context::Filter, Context::General] {
            for (option, depth, steps) in [("Byte", Depth::Byte, 255.0), ("Short", Depth::Short, 65535.0)] {
                let node = example.create(context, &chart());
                set(&node, "depth", option);
                assert_eq!(node.clip_preferences().unwrap().clips["Output"].depth, depth);
                let converted = render(&node, &RenderRequest::at(2.0));
                assert_eq!(converted.depth, depth);
                // The example steps through pixels of four components as if they had one, so that pixel x shows four
                // components from the x-th on: its own mistake, in every host, and worse in tiles.
                assert_pixels(&converted, 1.5 / steps, |x, y| {
                    std::array::from_fn(|c| pixel(&chart(), (x + c as i32) / 4, y)[(x as usize + c) % 4])
                });
            }
            let node = example.create(context, &chart());
            set(&node, "depth", "Float");
            let same = node.is_identity(2.0, RenderScale::FULL, BOUNDS, Field::None).unwrap();
            assert_eq!(same, Some(Identity { clip: "Source".into(), time: 2.0 }));
            assert!(render(&node, &RenderRequest::at(2.0)) == chart(), "float to float changes nothing");
        }
        example.assert_well_behaved();
    });
}

#[test]
fn invert_in_c_inverts_bytes_and_leaks_its_output_image() {
    alone("invert_in_c_inverts_bytes_and_leaks_its_output_image", || {
        let Some(example) = Example::load("Invert") else { return };
        assert_eq!(example.plugin.contexts(), [Context::Filter]);
        example.assert_makes(Context::Filter, &[], |_, _, p| p.map(|v| 1.0 - v));
        // A float clip is mapped to the only depth that it has.
        let node = example.create(Context::Filter, &chart());
        assert_eq!(render(&node, &RenderRequest::at(2.0)).depth, Depth::Byte);
        drop(node);
        assert_eq!(example.violations(), [LEAK]);
    });
}

#[test]
fn rectangle_fills_what_lies_between_its_corners() {
    alone("rectangle_fills_what_lies_between_its_corners", || {
        let Some(example) = Example::load("Rectangle") else { return };
        let settings = [("corner1", "20,15"), ("corner2", "8,6"), ("colour", "1,0.5,0.75,0.5")];
        let inside = |x, y| (8..20).contains(&x) && (6..15).contains(&y);
        for context in [Context::Filter, Context::General] {
            example.assert_makes(context, &settings, |x, y, [r, g, b, a]| {
                let mixed = [(r + 1.0) / 2.0, (g + 0.5) / 2.0, (b + 0.75) / 2.0, a];
                if inside(x, y) { mixed } else { [r, g, b, a] }
            });
        }
        let node = example.empty(Context::Generator);
        settings.iter().for_each(|(id, value)| set(&node, id, value));
        assert_eq!(node.region_of_definition(1.0, RenderScale::FULL).unwrap(), RectD::new(8.0, 6.0, 20.0, 15.0));
        let generated = render(&node, &RenderRequest::at(1.0));
        assert_pixels(&generated, 1e-6, |_, _| [1.0, 0.5, 0.75, 0.5]);
        assert!(render(&node, &RenderRequest { tile: Some(5), ..RenderRequest::at(1.0) }) == generated);
        let half = render(&node, &RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(1.0) });
        assert_eq!((half.bounds.width(), half.bounds.height()), (6, 5));
        drop(node);
        let [third, fourth] = [2, 3].map(|index| {
            format!(
                "bad property index in OfxImageEffectActionDescribeInContext: ParamDescriptor corner2: \
                 OfxParamPropDefault takes an index below 2, not {index}"
            )
        });
        // It sets the color's four defaults on the corner that it defined before.
        assert_eq!(example.violations(), [third, fourth]);
    });
}

/// The default is given as a share of the project; the other corner's default is lost to the mistake named above.
#[test]
fn rectangle_begins_two_fifths_into_the_project() {
    alone("rectangle_begins_two_fifths_into_the_project", || {
        let Some(example) = Example::load("Rectangle") else { return };
        let node = example.empty(Context::Generator);
        assert_eq!(node.get("corner1").unwrap(), ParamValue::Double2([16.0, 12.0]));
        assert_eq!(node.region_of_definition(1.0, RenderScale::FULL).unwrap(), RectD::new(0.0, 0.0, 16.0, 12.0));
    });
}

#[test]
fn property_test_finds_in_our_host_only_what_the_standard_has_otherwise() {
    alone("property_test_finds_in_our_host_only_what_the_standard_has_otherwise", || {
        let Some(example) = Example::load("Test") else { return };
        let contexts = example.plugin.contexts();
        assert_eq!(contexts.len(), 6);
        for context in contexts {
            let error = example.empty(context).render(&RenderRequest::at(1.0)).unwrap_err().to_string();
            assert!(error.contains("GetClipPreferences answered kOfxStatErrBadHandle"), "{error}");
        }
        let log = std::fs::read_to_string("ofxTestLog.txt").unwrap();
        let mut found: Vec<&str> = log.lines().filter(|line| line.starts_with("ERROR")).collect();
        found.sort_unstable();
        found.dedup();
        // The header says that the first is null, and that the two defaults are 1 and instance-safe.
        assert_eq!(
            found,
            [
                "ERROR : 'inArgs' handle passed to 'OfxImageEffectActionGetClipPreferences' is null;",
                "ERROR : Default value of OfxImageEffectPluginPropHostFrameThreading[0] = 1, it should be 0;",
                "ERROR : Default value of OfxImageEffectPluginRenderThreadSafety[0] = \
                 'OfxImageEffectRenderInstanceSafe', it should be 'OfxImageEffectRenderFullySafe';",
                "ERROR : OFX Plugin error: 'kOfxStatErrBadHandle';",
            ]
        );
        let violations = example.violations();
        // It claims six contexts and defines no clip in any.
        let missing = |violation: &String| violation.contains("needs a clip");
        assert!(violations.len() == 12 && violations.iter().all(missing), "{violations:#?}");
    });
}

#[test]
fn guide_basics_passes_its_source_through() {
    alone("guide_basics_passes_its_source_through", || {
        let Some(example) = Example::load("GuideBasics") else { return };
        let node = example.create(Context::Filter, &chart());
        assert!(render(&node, &RenderRequest::at(2.0)) == chart());
        drop(node);
        // "The plugin must define at least one in its describe action."
        assert_eq!(
            example.violations(),
            ["illegal value in OfxImageEffectActionDescribeInContext: no pixel depth is supported"]
        );
    });
}

#[test]
fn guide_invert_inverts_color_keeps_alpha_and_leaks_its_output_image() {
    alone("guide_invert_inverts_color_keeps_alpha_and_leaks_its_output_image", || {
        let Some(example) = Example::load("GuideInvert") else { return };
        example.assert_makes(Context::Filter, &[], |_, _, [r, g, b, a]| [1.0 - r, 1.0 - g, 1.0 - b, a]);
        assert_eq!(example.violations(), [LEAK]);
    });
}

#[test]
fn guide_gain_multiplies_color_and_alpha_only_when_told_and_leaks_its_output_image() {
    alone("guide_gain_multiplies_color_and_alpha_only_when_told_and_leaks_its_output_image", || {
        let Some(example) = Example::load("GuideGain") else { return };
        example.assert_makes(Context::Filter, &[("gain", "0.5")], |_, _, [r, g, b, a]| [r / 2.0, g / 2.0, b / 2.0, a]);
        let settings = [("gain", "0.5"), ("applyToAlpha", "true")];
        example.assert_makes(Context::Filter, &settings, |_, _, p| p.map(|v| v * 0.5));
        assert_eq!(example.violations(), [LEAK]);
    });
}

#[test]
fn guide_gain_follows_its_keys_over_time() {
    alone("guide_gain_follows_its_keys_over_time", || {
        let Some(example) = Example::load("GuideGain") else { return };
        let node = example.create(Context::Filter, &chart());
        for (time, gain) in [(1.0, 0.0), (5.0, 1.0)] {
            node.set_at("gain", time, &ParamValue::Double(gain)).unwrap();
        }
        for (time, gain) in [(1.0, 0.0), (2.0, 0.25), (4.0, 0.75), (9.0, 1.0)] {
            let image = render(&node, &RenderRequest::at(time));
            assert_pixels(&image, 1e-6, |x, y| {
                let [r, g, b, a] = pixel(&chart(), x, y);
                [r * gain, g * gain, b * gain, a]
            });
        }
        drop(node);
        assert_eq!(example.violations(), [LEAK]);
    });
}

#[test]
fn guide_saturation_moves_color_from_grey_where_its_mask_is() {
    alone("guide_saturation_moves_color_from_grey_where_its_mask_is", || {
        let Some(example) = Example::load("GuideSaturation") else { return };
        let grey = |[r, g, b, a]: [f32; 4]| {
            let v = (r + g + b) / 3.0;
            [v, v, v, a]
        };
        for context in [Context::Filter, Context::General] {
            example.assert_makes(context, &[("saturation", "0")], |_, _, p| grey(p));
        }
        let node = example.create(Context::General, &chart());
        set(&node, "saturation", "0");
        let mask = frame(40, 30, |_, y| [0.0, 0.0, 0.0, if y < 10 { 1.0 } else { 0.0 }]);
        connect(&node, "Mask", mask.converted(ofx_sdk::Components::Alpha, Depth::Float).unwrap());
        let masked = render(&node, &RenderRequest::at(2.0));
        assert_pixels(&masked, 1e-6, |x, y| {
            let p = pixel(&chart(), x, y);
            if y < 10 { grey(p) } else { p }
        });
        drop(node);
        example.assert_well_behaved();
    });
}

#[test]
fn guide_circle_lies_in_the_middle_of_the_project_until_it_is_moved() {
    alone("guide_circle_lies_in_the_middle_of_the_project_until_it_is_moved", || {
        let Some(example) = Example::load("GuideCircle") else { return };
        let circle = |centre: [f32; 2], radius: f32| {
            move |x: i32, y: i32, p: [f32; 4]| {
                let distance = (x as f32 + 0.5 - centre[0]).hypot(y as f32 + 0.5 - centre[1]);
                let amount = 0.5 * (radius - distance).clamp(0.0, 1.0);
                // Its color's alpha says how much of it there is, and is a component to mix as well.
                let color = [1.0, 1.0, 1.0, 0.5];
                std::array::from_fn(|c| p[c] + (color[c] - p[c]) * amount)
            }
        };
        example.assert_makes(Context::Filter, &[], circle([20.0, 15.0], 10.0));
        let settings = [("radius", "6"), ("centre", "12,20")];
        example.assert_makes(Context::Filter, &settings, circle([12.0, 20.0], 6.0));
        let node = example.create(Context::Filter, &chart());
        set(&node, "centre", "0,0");
        set(&node, "growRoD", "true");
        assert_eq!(node.region_of_definition(1.0, RenderScale::FULL).unwrap(), RectD::new(-10.0, -10.0, 40.0, 30.0));
        drop(node);
        example.assert_well_behaved();
    });
}

#[test]
fn support_field_inverts_frames_and_marks_fields() {
    alone("support_field_inverts_frames_and_marks_fields", || {
        let Some(example) = Example::load("SupportField") else { return };
        example.assert_makes(Context::Filter, &[], |_, _, p| p.map(|v| 1.0 - v));
        let node = example.create(Context::Filter, &chart());
        for (field, channel) in [(Field::Lower, 0), (Field::Upper, 2)] {
            let image = render(&node, &RenderRequest { field, ..RenderRequest::at(2.0) });
            assert!(image.to_f32().chunks(4).all(|p| p[channel] == 1.0), "{field:?}");
        }
        drop(node);
        example.assert_well_behaved();
    });
}

#[test]
fn support_generator_fills_the_project_with_noise_of_the_asked_strength() {
    alone("support_generator_fills_the_project_with_noise_of_the_asked_strength", || {
        let Some(example) = Example::load("SupportGenerator") else { return };
        for context in [Context::Generator, Context::General] {
            let node = example.empty(context);
            for strength in [0.2_f32, 1.0] {
                set(&node, "Noise", &strength.to_string());
                let noise = render(&node, &RenderRequest::at(1.0));
                // It says that it has no end; the host ends it.
                assert_eq!(noise.bounds, BOUNDS);
                let values = noise.to_f32();
                assert!(values.iter().all(|v| (0.0..=strength).contains(v)));
                let mean = values.iter().sum::<f32>() / values.len() as f32;
                assert!((mean - strength / 2.0).abs() < strength / 20.0, "{mean}");
                assert!(render(&node, &RenderRequest::at(2.0)) != noise, "every frame has its own noise");
                // Each tile has other noise, because it is seeded by where the tile begins; all of them are filled.
                let tiled = render(&node, &RenderRequest { tile: Some(16), ..RenderRequest::at(1.0) });
                assert!(tiled.to_f32().iter().all(|v| (0.0..=strength).contains(v)));
            }
            assert!(node.clip_preferences().unwrap().frame_varying);
        }
        example.assert_well_behaved();
    });
}

#[test]
fn support_invert_inverts_every_component() {
    alone("support_invert_inverts_every_component", || {
        let Some(example) = Example::load("SupportInvert") else { return };
        example.assert_makes(Context::Filter, &[], |_, _, p| p.map(|v| 1.0 - v));
        example.assert_well_behaved();
    });
}

#[test]
fn support_retimer_mixes_the_two_frames_around_the_time_that_it_goes_to() {
    alone("support_retimer_mixes_the_two_frames_around_the_time_that_it_goes_to", || {
        let Some(example) = Example::load("SupportRetimer") else { return };
        for (context, param, value) in [
            (Context::Retimer, "SourceTime", "4.25"),
            (Context::Filter, "Speed", "2.125"),
            (Context::General, "Speed", "2.125"),
        ] {
            let node = example.empty(context);
            node.connect("Source", std::sync::Arc::new(Counter)).unwrap();
            set(&node, param, value);
            let retimed = render(&node, &RenderRequest::at(2.0));
            assert_pixels(&retimed, 1e-6, |_, _| [0.425, 0.425, 0.425, 1.0]);
            assert!(render(&node, &RenderRequest { tile: Some(8), ..RenderRequest::at(2.0) }) == retimed);
        }
        let node = example.empty(Context::General);
        node.connect("Source", std::sync::Arc::new(Counter)).unwrap();
        set(&node, "Duration", "2");
        let domain = node.time_domain().unwrap();
        assert_eq!((domain.min, domain.max), (0.0, 20.0));
        drop(node);
        // It answers getFramesNeeded with the frames around the effect's own time, not around that which it goes to.
        let reads = [4, 5].map(|frame| {
            format!(
                "frame outside of getFramesNeeded in OfxImageEffectActionRender: \
                 clip Source read at frame {frame} in an action about frame 2; it asked for 2 to 3"
            )
        });
        assert_eq!(example.violations(), reads);
    });
}

/// A clip whose grey is a tenth of its frame.
struct Counter;

impl Source for Counter {
    fn info(&self) -> ClipInfo {
        ClipInfo { frame_range: ofx_sdk::FrameRange { min: 1.0, max: 10.0 }, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        BOUNDS.to_canonical(RenderScale::FULL, 1.0)
    }

    fn frame(&self, time: f64, _scale: RenderScale, _region: ofx_sdk::RectI) -> ofx_sdk::Result<HostImage> {
        let grey = time as f32 / 10.0;
        Ok(frame(BOUNDS.x2, BOUNDS.y2, |_, _| [grey, grey, grey, 1.0]))
    }
}

#[test]
fn support_transition_is_one_clip_then_a_mix_then_the_other() {
    alone("support_transition_is_one_clip_then_a_mix_then_the_other", || {
        let Some(example) = Example::load("SupportTransition") else { return };
        let (from, to) = (chart(), frame(40, 30, |_, _| [1.0, 0.0, 0.5, 1.0]));
        for context in [Context::Transition, Context::General] {
            for depth in [Depth::Byte, Depth::Short, Depth::Float] {
                let node = example.empty(context);
                let (from, to) = (at_depth(&from, depth), at_depth(&to, depth));
                connect(&node, "SourceFrom", from.clone());
                connect(&node, "SourceTo", to.clone());
                for (amount, text) in [(0.0, "0"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1")] {
                    set(&node, "Transition", text);
                    let mixed = render(&node, &RenderRequest::at(2.0));
                    assert_pixels(&mixed, 1.5 / 255.0, |x, y| {
                        let (a, b) = (pixel(&from, x, y), pixel(&to, x, y));
                        std::array::from_fn(|c| a[c] + (b[c] - a[c]) * amount)
                    });
                    assert!(render(&node, &RenderRequest { tile: Some(9), ..RenderRequest::at(2.0) }) == mixed);
                }
            }
        }
        example.assert_well_behaved();
    });
}
