use std::collections::BTreeMap;

use kurbo::{Point, Vec2};
use serde_json::{Value, json};

use crate::exchange::fixture::{assert_near, scene};
use crate::exchange::{Format, WriteOptions};
use crate::{BezierShape, Vertex};

/// The literals of the script, as JSON: names of fields get the quotation marks that JSON wants.
fn literal(text: &str, variable: &str) -> Value {
    let from = text.find(&format!("var {variable} = ")).expect("the variable") + variable.len() + 7;
    let end = from + text[from..].find(";\n").expect("the end of the statement");
    let mut quoted = String::new();
    let mut in_text = false;
    for (at, letter) in text[from..end].char_indices() {
        let before = text[from..from + at].trim_end().chars().last();
        in_text ^= letter == '"' && before != Some('\\');
        let word_ends = |letter: char| !letter.is_ascii_alphabetic();
        let is_field = text[from + at..].trim_start_matches(|letter| !word_ends(letter)).starts_with(':');
        let begins_field = !in_text && is_field && letter.is_ascii_alphabetic() && matches!(before, Some('{' | ','));
        let ends_field = !in_text && letter == ':';
        quoted.push_str(if begins_field || ends_field { "\"" } else { "" });
        quoted.push(letter);
    }
    serde_json::from_str(&quoted).unwrap_or_else(|e| panic!("{e}: {quoted}"))
}

fn script() -> String {
    let written = Format::AfterEffects.write(&scene(), &WriteOptions::default()).expect("a scene that can be written");
    assert_eq!(
        written.notes,
        [
            "nose_seam: an open mask draws nothing by itself; add a Stroke effect.",
            "left_eye: the falloff of its feather is left out."
        ]
    );
    written.files[0].text.clone()
}

#[test]
fn the_composition_is_the_plate() {
    let expected = json!({
        "name": "Rotocel", "width": 200, "height": 120, "pixelAspect": 2, "firstFrame": 1001, "frames": 12, "frameRate": 25
    });
    assert_eq!(literal(&script(), "COMPOSITION"), expected);
}

#[test]
fn the_masks_are_the_shapes() {
    let scene = scene();
    let told = literal(&script(), "SHAPES");
    assert_eq!(told.as_array().map(Vec::len), Some(3));
    for (told, own) in told.as_array().into_iter().flatten().zip(scene.shot.shapes()) {
        assert_eq!((&told["name"], &told["closed"]), (&json!(own.name), &json!(own.track.is_closed())));
        let keys = told["keys"].as_array().expect("keys");
        assert_eq!(keys.len(), own.track.keys().len());
        for (key, expected) in keys.iter().zip(own.track.keys()) {
            let list = |name: &str| -> Vec<(f64, f64)> { serde_json::from_value(key[name].clone()).expect("pairs") };
            let (at, before, after) = (list("vertices"), list("inTangents"), list("outTangents"));
            let vertices = at.into_iter().zip(before).zip(after).map(|((at, before), after)| Vertex {
                anchor: Point::from(at),
                incoming: Vec2::from(before),
                outgoing: Vec2::from(after),
            });
            let found = BezierShape::new(vertices.collect(), own.track.is_closed()).expect("a shape");
            assert_eq!(key["frame"].as_f64(), Some(expected.time - 1001.0));
            assert_near(&own.name, expected.time, &found, &expected.shape, 0.0);
        }
    }
}

#[test]
fn feather_lies_on_its_side_and_hidden_frames_are_steps_of_opacity() {
    let told = literal(&script(), "SHAPES");
    let field = |name: &str| -> Vec<Value> { told.as_array().into_iter().flatten().map(|t| t[name].clone()).collect() };
    assert_eq!(field("feather"), [json!([[0, 6, 3]]), json!([[0, 0, 0]]), json!([[0, 3.5, -1.75]])]);
    let opacity = [
        json!([[0, 100, true], [5, 0, true], [7, 100, true]]),
        json!([[0, 0, true], [1, 100, true], [11, 0, true]]),
        json!([[0, 75, true]]),
    ];
    assert_eq!(field("opacity"), opacity);
}

/// No After Effects runs here: at least each name that the script asks for is one that Adobe documents.
#[test]
fn the_script_asks_for_documented_properties() {
    let script = script();
    let asked: BTreeMap<&str, usize> =
        script.split('"').filter(|word| word.starts_with("ADBE ")).fold(BTreeMap::new(), |mut all, word| {
            *all.entry(word).or_default() += 1;
            all
        });
    let documented = [
        "ADBE Mask Atom",
        "ADBE Mask Feather",
        "ADBE Mask Offset",
        "ADBE Mask Opacity",
        "ADBE Mask Parade",
        "ADBE Mask Shape",
    ];
    assert!(asked.keys().eq(&documented), "{asked:?}");
}
