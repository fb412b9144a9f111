use super::*;
use crate::exchange::fixture::scene;
use crate::exchange::{KeyMode, Scene, WriteOptions};
use crate::{KeyKind, Shot};

use serde_json::Value;

fn text_of(scene: &Scene) -> String {
    let written = write(scene, &WriteOptions::default()).expect("a scene that can be written");
    written.files[0].text.clone()
}

#[test]
fn everything_in_a_scene_comes_back() {
    let back = read(&text_of(&scene())).expect("what was written");
    assert_eq!(back.scene, scene());
    assert!(back.notes.is_empty());
    let bare = Scene::new(Shot::new(-3, 4, vec![]).expect("an empty shot"), scene().plate);
    assert_eq!(read(&text_of(&bare)).expect("an empty scene").scene, bare);
}

#[test]
fn what_is_left_out_has_the_value_that_the_schema_says() {
    let text = r#"{"format": "rotocel-shot-1", "width": 64, "height": 48, "first_frame": 1, "last_frame": 2, "shapes":
        [{"name": "a", "closed": false, "keys": [{"frame": 1.5, "kind": "hand", "vertices": [[1,2,0,0,3,4],[5,6,7,8,0,0]]}]}]}"#;
    assert_valid(&serde_json::from_str(text).expect("JSON"));
    let scene = read(text).expect("a minimal file").scene;
    assert_eq!((scene.plate, scene.style("a")), (crate::Plate::sized(64.0, 48.0), Default::default()));
    let key = &scene.shot.shapes()[0].track.keys()[0];
    assert_eq!((key.time, key.kind, key.shape.vertices()[1].incoming.y), (1.5, KeyKind::Hand, 8.0));
}

#[test]
fn keys_are_written_in_the_wanted_mode_and_hand_keys_in_all() {
    let keys = |mode: KeyMode| {
        let options = WriteOptions { keys: mode, ..WriteOptions::default() };
        let text = write(&scene(), &options).expect("a scene").files.remove(0).text;
        let back = read(&text).expect("what was written").scene;
        let times = |name: &str| -> Vec<f64> {
            back.shot.shape(name).expect("it is there").track.keys().iter().map(|key| key.time).collect()
        };
        (times("left_eye"), times("nose_seam"))
    };
    let (eye, seam) = keys(KeyMode::EveryNth(3));
    assert_eq!(eye, [1001.0, 1004.0, 1005.0, 1008.0, 1011.0, 1012.0]);
    assert_eq!(seam, [1002.0, 1005.0, 1008.0, 1011.0]);
    assert_eq!(keys(KeyMode::Every).0.len(), 10);
    let (eye, seam) = keys(KeyMode::Reduce(1e3));
    assert!(eye.contains(&1004.0) && eye.len() <= 3 && seam.len() == 1, "{eye:?} {seam:?}");
}

#[test]
fn what_is_written_is_what_the_published_schema_says() {
    assert_valid(&serde_json::from_str(&text_of(&scene())).expect("JSON"));
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let good: Value = serde_json::from_str(&text_of(&scene())).expect("JSON");
    for (place, value, said) in [
        ("/format", r#""rotocel-shot-2""#, "later version"),
        ("/width", "0", "is no picture"),
        ("/frame_rate", "-1", "frame rate"),
        ("/first_frame", "1.5", "line 1"),
        ("/shapes/0/opacity", "1.5", "opacity"),
        ("/shapes/0/keys/0/kind", r#""guess""#, "guess"),
        ("/shapes/0/keys/0/vertices/0", "[1, 2, 3]", "line 1"),
        ("/shapes/0/keys/0/vertices/0/3", "1e9", "frame 1001"),
        ("/shapes/0/keys/0/vertices", "[[1, 2, 0, 0, 0, 0]]", "vertices"),
        ("/shapes/0/keys", "[]", "at least one key"),
        ("/landmarks/frames/0/points/0", r#"[1, 2, 1.5, "visible"]"#, "confidence 1.5"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect("a place in the file") = serde_json::from_str(value).expect("JSON");
        let message = read(&bad.to_string()).expect_err(place).to_string();
        assert!(message.contains(said), "{place}: {message}");
        assert!(fault(&schema(), &schema(), &bad).is_some(), "{place}: the schema lets {value} pass");
    }
}

#[test]
fn what_no_schema_can_say_is_refused_by_name() {
    let good = text_of(&scene());
    for (from, to, said) in [
        ("\"left_brow\"", "\"left_eye\"", "two shapes of a shot are called \"left_eye\""),
        ("[[1006,1007]]", "[[1006,1099]]", "shape \"left_eye\": it is hidden on [1006, 1099]"),
        ("[[1006,1007]]", "[[1007,1006]]", "no run of frames"),
        ("{\"frame\": 1002,", "{\"frame\": 1001,", "landmarks, frame 1001: the frame stands twice"),
        ("\"last_frame\": 1012", "\"last_frame\": 900", "ends before it begins"),
        ("\"last_frame\": 1012", "\"last_frame\": 9000000000", "at most 1000000 frames"),
        ("\"seam_nose_mid\"]", "\"seam_nose_mid\", \"x\"]", "it has 2 points, but there are 3 names"),
        ("\"first_frame\"", "\"begin\"", "unknown field `begin`"),
    ] {
        assert!(good.contains(from), "{from} is not in {good}");
        let message = read(&good.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn runs_of_hidden_frames_do_not_fill_the_memory() {
    let shape = |index: usize| {
        format!(
            r#"{{"name": "{index}", "closed": false, "hidden": [{}], "keys": [{{"frame": 0, "kind": "hand",
            "vertices": [[1,2,0,0,3,4],[5,6,7,8,0,0]]}}]}}"#,
            ["[0, 999999]"; 4].join(",")
        )
    };
    let shapes: Vec<_> = (0..2).map(shape).collect();
    let text = format!(
        r#"{{"format": "rotocel-shot-1", "width": 64, "height": 48, "first_frame": 0, "last_frame": 999999, "shapes": [{}]}}"#,
        shapes.join(",")
    );
    let message = read(&text).expect_err("8 million hidden frames").to_string();
    assert!(message.contains("shape \"1\": the shapes are hidden on more than 4000000 frames"), "{message}");
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the published schema is JSON")
}

fn assert_valid(value: &Value) {
    assert_eq!(fault(&schema(), &schema(), value), None);
}

/// What a value breaks of a schema: the keywords of JSON Schema that ours has, and no others.
fn fault(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let rules = schema.as_object().expect("a schema is an object");
    rules.iter().find_map(|(keyword, rule)| keyword_fault(root, rules, keyword, rule, value))
}

fn keyword_fault(
    root: &Value,
    rules: &serde_json::Map<String, Value>,
    keyword: &str,
    rule: &Value,
    value: &Value,
) -> Option<String> {
    let unless = |fine: bool| (!fine).then(|| format!("{value} is not {keyword} {rule}"));
    let (list, object) = (value.as_array(), value.as_object());
    match keyword {
        "$schema" | "$id" | "$defs" | "title" | "description" | "default" => None,
        "$ref" => {
            let place = rule.as_str().and_then(|to| to.strip_prefix('#')).expect("a reference within the file");
            fault(root, root.pointer(place).expect("a definition"), value)
        }
        "const" => unless(value == rule),
        "enum" => unless(rule.as_array().expect("a list").contains(value)),
        "type" => {
            let kinds = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
            unless(kinds.iter().any(|kind| is_kind(value, kind.as_str().expect("a name"))))
        }
        "minimum" => unless(value.as_f64().is_none_or(|number| number >= rule.as_f64().expect("a number"))),
        "maximum" => unless(value.as_f64().is_none_or(|number| number <= rule.as_f64().expect("a number"))),
        "minItems" => unless(list.is_none_or(|list| list.len() as u64 >= rule.as_u64().expect("a count"))),
        "maxItems" => unless(list.is_none_or(|list| list.len() as u64 <= rule.as_u64().expect("a count"))),
        "uniqueItems" => {
            unless(list.is_none_or(|list| list.iter().enumerate().all(|(k, item)| !list[..k].contains(item))))
        }
        "prefixItems" => {
            let pairs = list.into_iter().flatten().zip(rule.as_array().expect("a list"));
            pairs.into_iter().find_map(|(item, rule)| fault(root, rule, item))
        }
        "items" => list.into_iter().flatten().find_map(|item| fault(root, rule, item)),
        "required" => {
            let names = rule.as_array().expect("a list");
            unless(
                object
                    .is_none_or(|object| names.iter().all(|name| object.contains_key(name.as_str().expect("a name")))),
            )
        }
        "properties" => {
            let known = rule.as_object().expect("an object").iter();
            known
                .filter_map(|(name, rule)| Some((rule, object?.get(name)?)))
                .find_map(|(rule, item)| fault(root, rule, item))
        }
        "additionalProperties" => {
            let known = rules["properties"].as_object().expect("an object");
            unless(object.is_none_or(|object| object.keys().all(|name| known.contains_key(name))))
        }
        other => panic!("this test does not know the keyword {other}; teach it"),
    }
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other} is no type"),
    }
}
