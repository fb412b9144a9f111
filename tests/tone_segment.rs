//! ToneSegment through the built bundle: what comes out, in every way that hosts ask for it.

mod stage;

use ofx_sdk::host::*;
use ofx_sdk::{Components, Context, Depth, Field, FrameRange, Premultiplication, RectI, RenderScale, Status};
use stage::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const BOUNDS: RectI = RectI::new(0, 0, 160, 96);

fn at_one() -> RenderRequest {
    RenderRequest::at(1.0)
}

/// The light of a display value (sRGB).
fn linear(v: f32) -> f32 {
    if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

/// Display values in the middle of each class of the tiny network, in class order (background has the dark end).
const CLASS_GREYS: [f32; 5] = [0.0, 0.95, 0.7, 0.36, 0.15];

#[test]
fn every_class_lands_where_the_network_puts_it() {
    let host = harsh_host();
    let bars = frame(160, 32, |x, _| grey(CLASS_GREYS[(x / 32) as usize]));
    let node = pointwise(&host, bars);
    let index = output(&node, "index");
    for (class, x) in (0..5).map(|k| (k, k * 32 + 16)) {
        assert_eq!(
            index.pixel(x, 16).unwrap(),
            [class as f32, class as f32, class as f32, 1.0],
            "{}",
            CLASSES[class as usize]
        );
    }
    assert_well_behaved(&host);
}

#[test]
fn five_mattes_sum_to_one_and_every_output_is_made_of_them() {
    let host = harsh_host();
    let source = frame(160, 96, scenery);
    let node = pointwise(&host, source.clone());
    let mattes: Vec<HostImage> = CLASSES
        .iter()
        .map(|class| {
            set(&node, "matte_class", class);
            output(&node, "matte")
        })
        .collect();
    let colors: Vec<[f32; 3]> = CLASSES
        .iter()
        .map(|class| match node.get(&format!("color_{class}")).unwrap() {
            ParamValue::Rgb(color) => color.map(|v| v as f32),
            other => panic!("{other:?}"),
        })
        .collect();
    set(&node, "matte_class", "material");
    let [source_matte, cutout, flat, light, shadow, index] =
        ["source_matte", "cutout", "flat", "packed_light", "packed_shadow", "index"].map(|o| output(&node, o));
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    for (x, y) in (0..96).flat_map(|y| (0..160).map(move |x| (x, y))) {
        let m: Vec<f32> = mattes.iter().map(|matte| matte.pixel(x, y).unwrap()[3]).collect();
        assert!((m.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{m:?} at {x}, {y}");
        let rgb = source.pixel(x, y).unwrap();
        assert_eq!(source_matte.pixel(x, y).unwrap(), [rgb[0], rgb[1], rgb[2], m[2]], "RGB is untouched");
        assert!(close(&cutout.pixel(x, y).unwrap(), &[rgb[0] * m[2], rgb[1] * m[2], rgb[2] * m[2], m[2]]));
        assert!(close(&light.pixel(x, y).unwrap(), &[m[1], m[2], m[0], 1.0]));
        assert!(close(&shadow.pixel(x, y).unwrap(), &[m[3], m[4], m[3] + m[4], 1.0]));
        let blend = |c: usize| m.iter().zip(&colors).map(|(m, color)| m * color[c]).sum::<f32>();
        assert!(close(&flat.pixel(x, y).unwrap(), &[blend(0), blend(1), blend(2), 1.0]));
        let strongest = index.pixel(x, y).unwrap()[0] as usize;
        assert!(m.iter().all(|v| *v <= m[strongest] + 1e-6), "{m:?} says {strongest}");
    }
    assert_well_behaved(&host);
}

#[test]
fn the_second_look_leaves_what_only_the_first_can_see() {
    let host = harsh_host();
    // Stripes of a pixel: shadow and material for the first look, for the second an even material. A mean of both answers
    // would be material alone.
    let node = pointwise(&host, frame(128, 64, |x, _| grey(if x % 2 == 0 { 0.44 } else { 0.7 })));
    set(&node, "working_size", "128");
    for second_look in ["false", "true"] {
        set(&node, "second_look", second_look);
        let index = output(&node, "index");
        assert_eq!([64, 65].map(|x| index.pixel(x, 32).unwrap()[0]), [3.0, 2.0], "second look {second_look}");
    }
    assert_well_behaved(&host);
}

/// Stripes of `width` pixels, a shadow and material for a network that sees them, an even material for one that does not.
fn stripes(width: i32) -> impl Fn(i32, i32) -> [f32; 4] {
    move |x, _| grey(if (x / width) % 2 == 0 { 0.2 } else { 0.78 })
}

#[test]
fn a_frame_of_four_times_the_working_size_is_looked_at_more_closely() {
    let host = harsh_host();
    let classes = |width, closer_look| {
        let node = pointwise(&host, frame(width, 64, stripes(2)));
        set(&node, "working_size", "128");
        set(&node, "closer_look", closer_look);
        let index = output(&node, "index");
        [200, 202].map(|x| index.pixel(x, 32).unwrap()[0])
    };
    assert_eq!(classes(512, "false"), [2.0, 2.0]);
    assert_eq!(classes(512, "true"), [3.0, 2.0]);
    assert_eq!(classes(508, "true"), [2.0, 2.0], "smaller frames are not concerned");
    assert_well_behaved(&host);
}

#[test]
fn measured_by_the_project_a_small_element_is_seen_as_small_as_it_is() {
    let host = harsh_host();
    let range = FrameRange { min: 1.0, max: 1.0 };
    let node = tone_segment(&host).create(Context::General, Project::new(512.0, 256.0, range)).unwrap();
    node.connect("Source", Arc::new(StillSource::new(frame(128, 64, stripes(1)), range))).unwrap();
    use_model(&node, &fixture("tiny_tone.onnx"));
    for (id, value) in [
        ("edge_refine_px", "0"),
        ("edge_softness_px", "0"),
        ("second_look", "false"),
        ("closer_look", "false"),
        ("source_colorspace", "srgb"),
        ("working_size", "128"),
    ] {
        set(&node, id, value);
    }
    let classes = |size_reference| {
        set(&node, "size_reference", size_reference);
        let index = output(&node, "index");
        [64, 65].map(|x| index.pixel(x, 32).unwrap()[0])
    };
    assert_eq!(classes("bounding_box"), [4.0, 2.0]);
    assert_eq!(classes("project"), [2.0, 2.0]);
    assert_eq!(classes("bounding_box"), [4.0, 2.0], "what is kept of a frame is kept for its size");
    assert_well_behaved(&host);
}

#[test]
fn premultiplication_of_each_output_is_declared_to_the_host() {
    let host = harsh_host();
    let node = pointwise(&host, frame(32, 32, scenery));
    for (output, expected) in [
        ("source_matte", Premultiplication::Unpremultiplied),
        ("matte", Premultiplication::Premultiplied),
        ("cutout", Premultiplication::Premultiplied),
        ("flat", Premultiplication::Opaque),
        ("packed_light", Premultiplication::Opaque),
        ("packed_shadow", Premultiplication::Opaque),
        ("index", Premultiplication::Opaque),
        ("confidence", Premultiplication::Premultiplied),
    ] {
        set(&node, "output", output);
        let preferences = node.clip_preferences().unwrap();
        assert_eq!(preferences.premultiplication, expected, "{output}");
        assert_eq!(preferences.clips["Output"].components, Components::Rgba);
    }
}

#[test]
fn the_filter_context_renders_as_the_general_one_does() {
    let host = harsh_host();
    let source = frame(64, 48, scenery);
    let [general, filter] = [Context::General, Context::Filter].map(|context| {
        let node = with_source(&host, context, source.clone());
        use_model(&node, &fixture("tiny_tone.onnx"));
        output(&node, "flat")
    });
    assert_eq!(general, filter);
    assert_well_behaved(&host);
}

#[test]
fn tiles_threads_and_repeated_runs_are_bit_identical() {
    let harsh = HostOptions { layout: ImageLayout::HARSH, ..HostOptions::default() };
    for options in [harsh, HostOptions { threads: 1, ..HostOptions::default() }] {
        let host = host(options);
        let node = with_source(&host, Context::General, frame(161, 97, scenery));
        use_model(&node, &fixture("tiny_tone.onnx"));
        set(&node, "working_size", "128");
        set(&node, "edge_softness_px", "3.5");
        let whole = output(&node, "flat");
        for tile in [16, 37, 64] {
            let tiled = render(&node, &RenderRequest { tile: Some(tile), ..at_one() }).unwrap();
            assert_eq!(tiled, whole, "tiles of {tile}");
        }
        node.purge_caches().unwrap();
        assert_eq!(output(&node, "flat"), whole, "run again");
        let mut frames = Vec::new();
        node.render_range(&[3.0, 1.0, 2.0], 3, &at_one(), |_, images| {
            frames.push(images.unwrap().remove(0).1);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        assert!(frames.len() == 3 && frames.iter().all(|frame| *frame == whole), "three threads");
        assert_well_behaved(&host);
    }
}

#[test]
fn a_window_is_the_same_part_of_the_frame() {
    let host = harsh_host();
    let node = with_source(&host, Context::General, frame(100, 80, scenery));
    use_model(&node, &fixture("tiny_tone.onnx"));
    let whole = output(&node, "flat");
    let window = RectI::new(13, 7, 64, 71);
    let part = render(&node, &RenderRequest { window: Some(window), ..at_one() }).unwrap();
    assert_eq!(part.bounds, window);
    assert_eq!(part.data, whole.cropped(window).unwrap().data);
}

#[test]
fn half_scale_matches_the_filtered_full_scale_off_edges() {
    let host = harsh_host();
    // Smooth, so that every pixel is off an edge of the picture.
    let smooth = |x: i32, y: i32| grey(0.5 + 0.45 * (x as f32 * 0.012 + (y as f32 * 0.015).sin()).sin());
    let node = with_source(&host, Context::General, frame(512, 384, smooth));
    use_model(&node, &fixture("tiny_tone.onnx"));
    set(&node, "source_colorspace", "srgb");
    for working_size in ["128", "200", "256", "273", "400", "1024"] {
        set(&node, "working_size", working_size);
        for class in CLASSES {
            set(&node, "matte_class", class);
            let full = output(&node, "matte");
            let half = render(&node, &RenderRequest { scale: RenderScale::uniform(0.5), ..at_one() }).unwrap();
            assert_eq!(half.bounds, RectI::new(0, 0, 256, 192));
            let (mut off_borders, mut at_borders) = (0f32, 0f32);
            for (x, y) in (4..188).flat_map(|y| (4..252).map(move |x| (x, y))) {
                let at = |dx, dy| full.pixel(2 * x + dx, 2 * y + dy).unwrap()[3];
                let filtered = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4.0;
                let difference = (half.pixel(x, y).unwrap()[3] - filtered).abs();
                let near = (-4..6).flat_map(|dy| (-4..6).map(move |dx| (dx, dy))).map(|(dx, dy)| at(dx, dy));
                let (least, most) = near.fold((1f32, 0f32), |(least, most), v| (least.min(v), most.max(v)));
                let worst = if most - least > 0.02 { &mut at_borders } else { &mut off_borders };
                *worst = worst.max(difference);
            }
            let told = format!("{class} at working size {working_size}");
            assert!(off_borders <= 2.0 / 255.0, "{told}: {} / 255 off borders", off_borders * 255.0);
            // Borders are a pixel or a few wide, so that a value is about a distance: at most a quarter of the proxy's pixel, where
            // the network's picture is enlarged four times and nothing in this one holds a border.
            assert!(at_borders <= 0.25, "{told}: {} / 255 at borders", at_borders * 255.0);
        }
    }
}

#[test]
fn any_size_and_origin_renders() {
    let host = harsh_host();
    for bounds in [
        RectI::new(0, 0, 1, 1),
        RectI::new(-3, 5, 4, 12),
        RectI::new(-50, -20, 51, 13),
        RectI::new(1000, 2000, 1001, 2300),
        RectI::new(7, 7, 400, 9),
    ] {
        let node = with_source(&host, Context::General, picture(bounds, |x, y| scenery(x - bounds.x1, y - bounds.y1)));
        use_model(&node, &fixture("tiny_tone.onnx"));
        let out = output(&node, "flat");
        assert_eq!(out.bounds, bounds);
        assert!(out.to_f32().iter().all(|v| v.is_finite()), "{bounds:?}");
    }
    assert_well_behaved(&host);
}

#[test]
fn an_origin_other_than_zero_moves_the_result_and_nothing_else() {
    let host = harsh_host();
    let moved = RectI::new(-31, 17, 129, 113);
    let [here, there] = [BOUNDS, moved].map(|bounds| {
        let node = with_source(&host, Context::General, picture(bounds, |x, y| scenery(x - bounds.x1, y - bounds.y1)));
        use_model(&node, &fixture("tiny_tone.onnx"));
        output(&node, "flat").data
    });
    assert_eq!(here, there);
}

#[test]
fn a_window_outside_the_picture_is_empty_or_black() {
    let host = harsh_host();
    let node = pointwise(&host, frame(32, 32, scenery));
    for window in [RectI::new(5, 5, 5, 20), RectI::new(40, 40, 30, 30), RectI::new(64, 64, 80, 80)] {
        // The host cuts the window to what the node covers, and asks for nothing where nothing is left.
        let images = node.render(&RenderRequest { window: Some(window), ..at_one() }).unwrap();
        assert!(images.iter().all(|(_, image)| image.to_f32().iter().all(|v| *v == 0.0)), "{window:?}");
    }
    assert_well_behaved(&host);
}

#[test]
fn integer_and_half_images_give_the_same_mattes_as_float() {
    let host = harsh_host();
    let source = frame(96, 64, scenery);
    let expected = output(&pointwise(&host, source.clone()), "packed_light");
    // At the border of two tones half a code value of the source decides.
    for (depth, tolerance) in [(Depth::Byte, 0.05), (Depth::Short, 2e-4), (Depth::Half, 0.01)] {
        let node = pointwise(&host, at_depth(&source, depth));
        let out = output(&node, "packed_light");
        assert_eq!(out.depth, depth);
        let difference = largest_difference(&at_depth(&out, Depth::Float), &expected);
        assert!(difference < tolerance, "{depth:?}: {difference}");
    }
    assert_well_behaved(&host);
}

#[test]
fn an_index_in_an_8_bit_image_is_the_class_number_itself() {
    let host = harsh_host();
    let bars = at_depth(&frame(160, 32, |x, _| grey(CLASS_GREYS[(x / 32) as usize])), Depth::Byte);
    let index = output(&pointwise(&host, bars), "index");
    let row = index.row(16).unwrap();
    let codes: Vec<u8> = (0..5).map(|k| row[(k * 32 + 16) * 4]).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4]);
}

#[test]
fn premultiplied_source_is_straightened_before_the_network_sees_it() {
    let host = harsh_host();
    let alpha = |x: i32| 0.25 + 0.75 * (x as f32 / 95.0);
    let mut straight = frame(96, 64, |x, y| {
        let [r, g, b, _] = scenery(x, y);
        [r, g, b, alpha(x)]
    });
    straight.premultiplication = Premultiplication::Unpremultiplied;
    let mut premultiplied = frame(96, 64, |x, y| {
        let ([r, g, b, _], a) = (scenery(x, y), alpha(x));
        [r * a, g * a, b * a, a]
    });
    premultiplied.premultiplication = Premultiplication::Premultiplied;
    let [a, b] = [straight, premultiplied].map(|source| output(&pointwise(&host, source), "packed_light"));
    assert!(largest_difference(&a, &b) < 1e-4);
}

#[test]
fn a_plate_with_a_matte_beside_it_is_seen_as_it_is_though_nuke_calls_it_premultiplied() {
    let host = harsh_host();
    let plate = |alpha: &dyn Fn(i32) -> f32, premultiplication| {
        let mut source = frame(96, 64, |x, y| {
            let [r, g, b, _] = scenery(x, y);
            [r, g, b, alpha(x)]
        });
        source.premultiplication = premultiplication;
        pointwise(&host, source)
    };
    let matte = |x: i32| 0.25 + 0.75 * (x as f32 / 95.0);
    let bare = plate(&|_| 1.0, Premultiplication::Premultiplied);
    let nuke = plate(&matte, Premultiplication::Premultiplied);
    let expected = output(&bare, "packed_light");
    assert!(largest_difference(&output(&nuke, "packed_light"), &expected) > 0.5, "divided by its matte");
    set(&nuke, "source_alpha", "unpremultiplied");
    assert_eq!(output(&nuke, "packed_light"), expected);
    let told = plate(&matte, Premultiplication::Unpremultiplied);
    assert_eq!(output(&told, "packed_light"), expected);
    assert_eq!(output(&told, "cutout"), output(&nuke, "cutout"), "what is cut out is multiplied by both");
    set(&told, "source_alpha", "premultiplied");
    set(&nuke, "source_alpha", "host");
    assert_eq!(output(&told, "packed_light"), output(&nuke, "packed_light"));
    assert_well_behaved(&host);
}

#[test]
fn log_and_linear_encodings_of_one_picture_give_the_same_mattes() {
    let host = harsh_host();
    let slog3 = |v: f32| {
        if v >= 0.011_25 {
            (420.0 + ((v + 0.01) / 0.19).log10() * 261.5) / 1023.0
        } else {
            (v * (171.210_3 - 95.0) / 0.011_25 + 95.0) / 1023.0
        }
    };
    let greys = |x: i32| 0.05 + 0.9 * x as f32 / 95.0;
    let render_as = |colorspace: &str, encode: &dyn Fn(f32) -> f32| {
        let node = pointwise(&host, frame(96, 16, |x, _| grey(encode(greys(x)))));
        set(&node, "source_colorspace", colorspace);
        output(&node, "packed_light")
    };
    let srgb = render_as("srgb", &|v| v);
    assert!(largest_difference(&srgb, &render_as("linear_rec709", &linear)) < 0.01);
    assert!(largest_difference(&srgb, &render_as("s_log3", &|v| slog3(linear(v)))) < 0.02);
}

#[test]
fn exposure_changes_what_the_network_sees_and_not_the_output() {
    let host = harsh_host();
    let node = pointwise(&host, frame(32, 32, |_, _| grey(0.1)));
    assert_eq!(output(&node, "index").pixel(16, 16).unwrap()[0], 4.0, "cast shadow");
    set(&node, "exposure", "7");
    assert_eq!(output(&node, "index").pixel(16, 16).unwrap()[0], 1.0, "highlight");
    assert_eq!(output(&node, "source_matte").pixel(16, 16).unwrap()[..3], [0.1, 0.1, 0.1]);
}

#[test]
fn meter_finds_the_same_however_a_plate_was_exposed() {
    let host = harsh_host();
    // A narrow highlight, so that what most of the picture lies below is the material.
    let bar = |x: i32| [30, 34, 96, 128].iter().filter(|end| x >= **end).count();
    let classes = |stops: f32, metered: bool| {
        let node = pointwise(&host, frame(160, 32, |x, _| grey(stops.exp2() * linear(CLASS_GREYS[bar(x)]))));
        set(&node, "source_colorspace", "linear_rec709");
        // Whatever it was before.
        set(&node, "exposure", "6");
        if metered {
            node.press("meter").unwrap();
        }
        let index = output(&node, "index");
        [15, 32, 64, 112, 144].map(|x| index.pixel(x, 16).unwrap()[0])
    };
    // Light, not code values: two stops up, most of the bars lie above white.
    for stops in [-3.0, -1.5, 0.0, 2.0, 4.0] {
        assert_eq!(classes(stops, true), [0.0, 1.0, 2.0, 3.0, 4.0], "{stops} stops");
        assert_ne!(classes(stops, false), [0.0, 1.0, 2.0, 3.0, 4.0], "{stops} stops");
    }
    assert_well_behaved(&host);
}

#[test]
fn meter_tells_what_it_did_and_leaves_exposure_where_there_is_no_light() {
    let host = harsh_host();
    let node = pointwise(&host, frame(48, 32, |_, _| grey(0.1)));
    node.press("meter").unwrap();
    let stops = match node.get("exposure").unwrap() {
        ParamValue::Double(stops) => stops,
        other => panic!("{other:?}"),
    };
    assert!(stops > 1.0, "{stops}");
    assert_eq!(node.get("status").unwrap(), ParamValue::String(format!("Exposure {stops:+} by frame {}", node.time())));
    let black = pointwise(&host, frame(48, 32, |_, _| grey(0.0)));
    set(&black, "exposure", "1.5");
    let message = black.press("meter").unwrap_err().to_string();
    assert!(message.contains("no light on frame"), "{message}");
    assert_eq!(black.get("exposure").unwrap(), ParamValue::Double(1.5));
    // As Nuke hands over a bright plate with an empty alpha.
    let mut keyed = frame(48, 32, |_, _| [0.5, 0.5, 0.5, 0.0]);
    keyed.premultiplication = Premultiplication::Premultiplied;
    let keyed = pointwise(&host, keyed);
    let message = keyed.press("meter").unwrap_err().to_string();
    assert!(message.contains("transparent") && message.contains("Source alpha"), "{message}");
    set(&keyed, "source_alpha", "unpremultiplied");
    keyed.press("meter").unwrap();
}

#[test]
fn meter_measures_straight_colors_and_no_faint_glow() {
    let host = harsh_host();
    let exposure = |premultiplication, glow: f32, pixel: &dyn Fn([f32; 4]) -> [f32; 4]| {
        let mut source = frame(96, 64, |x, y| match x < 48 {
            true => pixel(scenery(x, y)),
            false => [glow, glow, glow, 0.001],
        });
        source.premultiplication = premultiplication;
        let node = pointwise(&host, source);
        node.press("meter").unwrap();
        node.get("exposure").unwrap()
    };
    let straight = exposure(Premultiplication::Unpremultiplied, 0.0, &|[r, g, b, _]| [0.3 * r, 0.3 * g, 0.3 * b, 0.5]);
    let half = |[r, g, b, _]: [f32; 4]| [0.15 * r, 0.15 * g, 0.15 * b, 0.5];
    assert!(matches!(straight, ParamValue::Double(stops) if stops > 0.5), "{straight:?}");
    assert_eq!(exposure(Premultiplication::Premultiplied, 0.0, &half), straight);
    assert_eq!(exposure(Premultiplication::Premultiplied, 0.2, &half), straight);
}

#[test]
fn nan_infinity_and_hdr_values_never_reach_a_matte() {
    let host = harsh_host();
    let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -5.0, 1e-42, 60_000.0, 0.5];
    let source = frame(64, 64, |x, y| {
        let v = broken[((x / 3 + y / 5) % 8) as usize];
        [v, broken[((x + y) % 8) as usize], v, if x % 7 == 0 { f32::NAN } else { 1.0 }]
    });
    let node = with_source(&host, Context::General, source);
    use_model(&node, &fixture("tiny_tone.onnx"));
    set(&node, "matte_class", "background");
    for name in ["matte", "flat", "packed_light", "packed_shadow", "index", "confidence"] {
        let out = output(&node, name);
        assert!(out.to_f32().iter().all(|v| v.is_finite()), "{name}");
    }
    assert_well_behaved(&host);
}

#[test]
fn outside_the_mask_everything_is_background_and_use_mask_turns_it_off() {
    let host = harsh_host();
    let node = pointwise(&host, frame(96, 64, |_, _| grey(0.7)));
    let mask = frame(96, 64, |x, _| [0.0, 0.0, 0.0, if x < 48 { 1.0 } else { 0.0 }]);
    let range = FrameRange { min: 1.0, max: 10.0 };
    node.connect("Mask", Arc::new(StillSource::new(mask, range))).unwrap();
    let index = output(&node, "index");
    assert_eq!((index.pixel(20, 32).unwrap()[0], index.pixel(70, 32).unwrap()[0]), (2.0, 0.0));
    set(&node, "use_mask", "false");
    assert_eq!(output(&node, "index").pixel(70, 32).unwrap()[0], 2.0);
    node.disconnect("Mask").unwrap();
    set(&node, "use_mask", "true");
    assert_eq!(output(&node, "index").pixel(70, 32).unwrap()[0], 2.0);
    assert_well_behaved(&host);
}

#[test]
fn a_black_and_white_mask_is_read_though_fusion_gives_it_an_alpha_of_one() {
    let host = harsh_host();
    let node = pointwise(&host, frame(96, 64, |_, _| grey(0.7)));
    let mask = frame(96, 64, |x, _| if x < 48 { grey(1.0) } else { [0.0, 0.0, 0.0, 1.0] });
    node.connect("Mask", Arc::new(StillSource::new(mask, FrameRange { min: 1.0, max: 10.0 }))).unwrap();
    for (channel, beside) in [("alpha", 2.0), ("luminance", 0.0), ("alpha", 2.0)] {
        set(&node, "mask_channel", channel);
        let index = output(&node, "index");
        assert_eq!((index.pixel(20, 32).unwrap()[0], index.pixel(70, 32).unwrap()[0]), (2.0, beside), "{channel}");
    }
    assert_well_behaved(&host);
}

#[test]
fn a_mask_without_an_image_masks_everything_but_in_resolve_where_unconnected_clips_look_so() {
    for (name, expected) in [("org.rotocel.host", 0.0), ("DaVinciResolve", 2.0)] {
        // Images are fetched of Output, Source and Mask, in this order; there is none of Mask.
        let fetched = AtomicUsize::new(0);
        let interceptor = move |call: &str| {
            let third = call == "clipGetImage" && fetched.fetch_add(1, Ordering::SeqCst) == 2;
            third.then_some(Status::FAILED)
        };
        let host =
            host(HostOptions { name: name.into(), interceptor: Some(Arc::new(interceptor)), ..HostOptions::default() });
        let node = pointwise(&host, frame(96, 64, |_, _| grey(0.7)));
        let range = FrameRange { min: 1.0, max: 10.0 };
        node.connect("Mask", Arc::new(StillSource::new(frame(96, 64, |_, _| grey(1.0)), range))).unwrap();
        assert_eq!(output(&node, "index").pixel(20, 32).unwrap()[0], expected, "{name}");
    }
}

#[test]
fn an_index_counts_in_code_values_of_the_output_not_of_the_source() {
    let host = harsh_host();
    let bars = at_depth(&frame(160, 32, |x, _| grey(CLASS_GREYS[(x / 32) as usize])), Depth::Byte);
    let node = pointwise(&host, bars);
    let mask = frame(160, 32, |_, _| grey(1.0));
    let range = FrameRange { min: 1.0, max: 10.0 };
    node.connect("Mask", Arc::new(StillSource::new(mask, range))).unwrap();
    let index = output(&node, "index");
    let unit = if index.depth == Depth::Byte { 1.0 / 255.0 } else { 1.0 };
    assert!((index.pixel(80, 16).unwrap()[0] - 2.0 * unit).abs() < 1e-6, "{:?}", index.depth);
}

#[test]
fn only_hosts_that_take_planes_of_any_name_are_offered_the_tones() {
    for (name, offered) in [("fr.inria.Natron", true), ("uk.co.thefoundry.nuke", false)] {
        let host = host(HostOptions { name: name.into(), ..HostOptions::default() });
        let node = pointwise(&host, frame(32, 32, scenery));
        let planes = node.clip_components(1.0).unwrap();
        assert_eq!(!planes.named("Output").is_empty(), offered, "{name}: {planes:?}");
    }
}

#[test]
fn natron_gets_each_matte_as_a_plane_from_one_render() {
    let host = harsh_host();
    let node = with_source(&host, Context::General, frame(96, 64, scenery));
    use_model(&node, &fixture("tiny_tone.onnx"));
    let offered = &node.clip_components(1.0).unwrap().clips["Output"];
    let planes: Vec<String> =
        CLASSES.iter().map(|c| format!("tone.{c}")).chain(["tone.confidence".to_owned()]).collect();
    for plane in &planes {
        assert!(offered.iter().any(|name| name.contains(plane)), "{plane} in {offered:?}");
    }
    let images = node.render(&RenderRequest { planes: planes.clone(), ..at_one() }).unwrap();
    assert_eq!(images.len(), 6);
    for (class, (name, image)) in CLASSES.iter().zip(&images) {
        assert!(name.contains(class));
        set(&node, "matte_class", class);
        let matte = output(&node, "matte");
        let alone = image.to_f32();
        assert!(matte.to_f32().chunks(4).map(|pixel| pixel[3]).eq(alone.iter().copied()), "{class}");
    }
    let confidence = output(&node, "confidence").to_f32();
    assert!(confidence.chunks(4).map(|pixel| pixel[3]).eq(images[5].1.to_f32()));
    set(&node, "output", "flat");
    let alone = node.render(&RenderRequest { planes: planes[5..].to_vec(), ..at_one() }).unwrap();
    assert_eq!(alone[0].1.data, images[5].1.data, "the confidence alone");
    assert_well_behaved(&host);
}

#[test]
fn a_field_render_fills_its_lines() {
    let host = harsh_host();
    let mut source = frame(64, 48, scenery);
    source.field = Field::Both;
    let node = pointwise(&host, source);
    set(&node, "output", "flat");
    let whole = render(&node, &at_one()).unwrap();
    for (field, parity) in [(Field::Lower, 0), (Field::Upper, 1)] {
        let lines = render(&node, &RenderRequest { field, ..at_one() }).unwrap();
        for y in (0..48).filter(|y| y % 2 == parity) {
            assert_eq!(lines.row(y), whole.row(y), "line {y} of {field:?}");
        }
    }
    assert_well_behaved(&host);
}

#[test]
fn an_anamorphic_plate_renders_in_its_own_pixels() {
    let host = harsh_host();
    let mut source = frame(80, 60, scenery);
    source.pixel_aspect = 2.0;
    let node = pointwise(&host, source);
    let out = output(&node, "flat");
    assert_eq!(out.bounds, RectI::new(0, 0, 80, 60));
    assert!(out.to_f32().iter().all(|v| v.is_finite()));
    // Lines as thin as pixels: as many as the network has rows, or, unsqueezed, two to a row of it.
    let classes = |pixel_aspect| {
        let mut lines = frame(128, 64, |_, y| stripes(1)(y, 0));
        lines.pixel_aspect = pixel_aspect;
        let node = pointwise(&host, lines);
        set(&node, "working_size", "128");
        set(&node, "closer_look", "false");
        let index = output(&node, "index");
        [32, 33].map(|y| index.pixel(64, y).unwrap()[0])
    };
    assert_eq!(classes(1.0), [4.0, 2.0]);
    let [even, odd] = classes(2.0);
    assert_eq!(even, odd, "unsqueezed, a row of the network holds two lines");
}
