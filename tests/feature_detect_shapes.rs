//! What FeatureDetect's parameters do to the matte: widths, hidden shapes, and how it is combined.

mod shot;
mod stage;

use ofx_sdk::host::*;
use shot::*;
use stage::*;
use std::sync::Arc;

fn analysed(host: &Host) -> Instance {
    let node = node(host, &Arc::new(Shot::default()));
    node.press("analyse").unwrap();
    set(&node, "output", "matte");
    node
}

/// How many pixels the matte covers, parts counted as parts.
fn area(node: &Instance) -> f64 {
    let image = render(node, &RenderRequest::at(4.0)).unwrap();
    image.to_f32().chunks_exact(4).map(|pixel| f64::from(pixel[3])).sum()
}

#[test]
fn feather_and_grow_are_widths_of_a_group_and_their_sign_is_a_direction() {
    let host = harsh_host();
    let node = analysed(&host);
    let plain = area(&node);
    let with = |id: &str, value: &str| {
        set(&node, id, value);
        let found = area(&node);
        set(&node, id, "0");
        found
    };
    let (grown, shrunk) = (with("group_1_grow_px", "2"), with("group_1_grow_px", "-2"));
    assert!(grown > plain + 20.0 && shrunk < plain - 20.0, "{shrunk} {plain} {grown}");
    let (soft, inner) = (with("group_1_feather_px", "3"), with("group_1_feather_px", "-3"));
    assert!(soft > plain && inner < plain, "{inner} {plain} {soft}");
    set(&node, "group_1_feather_px", "3");
    let straight = area(&node);
    set(&node, "group_1_feather_falloff", "3");
    assert!(area(&node) < straight, "thinner on the outside");
    assert_well_behaved(&host);
}

#[test]
fn a_group_grows_its_own_shapes_alone() {
    let host = harsh_host();
    let node = analysed(&host);
    // The fixture's brow lies a tenth of the crop above the eye: cut the picture between them.
    let (_, y) = centroid(4.0);
    let between = (138.0 - (y - 0.07 * SIDE)).round() as i32;
    let halves = |node: &Instance| {
        let image = render(node, &RenderRequest::at(4.0)).unwrap();
        let sum = |rows: std::ops::Range<i32>| -> f64 {
            rows.flat_map(|y| (BOUNDS.x1..BOUNDS.x2).map(move |x| (x, y)))
                .map(|(x, y)| f64::from(image.pixel(x, y).unwrap()[3]))
                .sum()
        };
        [sum(BOUNDS.y1..between), sum(between..BOUNDS.y2)]
    };
    let [eyes, brows] = halves(&node);
    set(&node, "group_1_grow_px", "1");
    let [grown, same] = halves(&node);
    assert!(grown > eyes + 10.0 && same == brows, "eyes {eyes} {grown}, brows {brows} {same}");
    set(&node, "group_1_grow_px", "0");
    set(&node, "group_2_grow_px", "1");
    let [same, grown] = halves(&node);
    assert!(grown > brows + 10.0 && same == eyes, "eyes {eyes} {same}, brows {brows} {grown}");
    assert_well_behaved(&host);
}

#[test]
fn seams_have_a_width_and_hidden_shapes_are_dropped_or_held() {
    let host = harsh_host();
    let node = analysed(&host);
    let seams = area(&node);
    set(&node, "seam_width_px", "0");
    let without = area(&node);
    assert!(without < seams - 10.0, "{without} of {seams}");
    set(&node, "seam_width_px", "4");
    // The fixture never sees the seam of the nose.
    set(&node, "hidden_shapes", "hold");
    let held = area(&node);
    assert!(held > seams + 10.0, "{held} against {seams}");
    set(&node, "make_shapes", "false");
    assert_eq!(area(&node), 0.0, "landmarks alone have no matte");
    assert_well_behaved(&host);
}

#[test]
fn the_matte_is_combined_with_the_alpha_that_comes_in() {
    let host = harsh_host();
    let node = analysed(&host);
    let plain = area(&node);
    let whole = SIDE * SIDE;
    let combined = |how: &str| {
        set(&node, "combine", how);
        area(&node)
    };
    // Source is opaque.
    assert!((combined("min") - plain).abs() < 1e-2);
    assert!((combined("max") - whole).abs() < 1e-2);
    assert!((combined("stencil") - (whole - plain)).abs() < 1e-2);
    set(&node, "invert", "true");
    assert!((combined("replace") - (whole - plain)).abs() < 1e-2);
    assert_well_behaved(&host);
}

#[test]
fn a_plate_without_alpha_is_opaque_though_nuke_makes_up_an_alpha_of_0() {
    let host = harsh_host();
    let pictures = [false, true].map(|no_alpha| {
        let node = node(&host, &Arc::new(Shot { no_alpha, ..Shot::default() }));
        node.press("analyse").unwrap();
        ["replace", "max", "min", "stencil"].map(|combine| {
            set(&node, "combine", combine);
            set(&node, "output", "cutout");
            let cutout = render(&node, &RenderRequest::at(4.0)).unwrap();
            (matte(&node, &RenderRequest::at(4.0)).to_f32(), cutout.to_f32())
        })
    });
    let [opaque, made_up] = &pictures;
    for (k, (opaque, made_up)) in opaque.iter().zip(made_up).enumerate() {
        assert!(opaque == made_up, "combination {k}");
    }
    assert_well_behaved(&host);
}

#[test]
fn keys_are_reduced_all_written_or_every_nth_and_those_by_hand_always() {
    let host = harsh_host();
    let node = analysed(&host);
    let folder = tempfile::tempdir().unwrap();
    node.set("export_dir", &ParamValue::String(folder.path().to_str().unwrap().to_owned())).unwrap();
    set(&node, "overwrite", "true");
    node.set_time(4.0).unwrap();
    set(&node, "selected_point", "6");
    let ParamValue::Double2([x, y]) = node.get("point_xy").unwrap() else { panic!("no position") };
    node.set("point_xy", &ParamValue::Double2([x + 3.0, y])).unwrap();
    let keys = |mode: &str| {
        set(&node, "key_mode", mode);
        node.press("export_json").unwrap();
        let text = std::fs::read_to_string(folder.path().join("rotocel.rotocel.json")).unwrap();
        let file = [roto::exchange::TextFile { frame: None, text }];
        let options = roto::exchange::ReadOptions { plate: None, frames: None, frame_rate: None };
        let read = roto::exchange::Format::RotocelShot.read(&file, &options).unwrap();
        let eye = read.scene.shot.shapes().iter().find(|shape| shape.name == "left_eye").unwrap().clone();
        let times: Vec<i64> = eye.track.keys().iter().map(|key| key.time as i64).collect();
        times
    };
    assert_eq!(keys("every"), (1..=8).collect::<Vec<_>>());
    let reduced = keys("reduce");
    assert!(reduced.len() < 8 && reduced.contains(&4), "{reduced:?}");
    set(&node, "key_every", "3");
    let nth = keys("every_n");
    assert!(nth.contains(&4) && nth.contains(&1) && nth.len() < 6, "{nth:?}");
    assert_well_behaved(&host);
}
