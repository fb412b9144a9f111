use std::collections::BTreeMap;

use kurbo::{Point, Vec2};

use crate::exchange::fixture::{assert_near, scene};
use crate::exchange::{Format, WriteOptions};
use crate::{BezierShape, Vertex};

/// A table of Lua with the word in front of it, or a word or number.
#[derive(Debug, Clone, PartialEq)]
enum Lua {
    Word(String),
    Table(String, Vec<(Option<String>, Lua)>),
}

impl Lua {
    fn get(&self, key: &str) -> &Lua {
        let Lua::Table(_, entries) = self else { panic!("{self:?} is no table") };
        let found = entries.iter().find(|(name, _)| name.as_deref() == Some(key));
        &found.unwrap_or_else(|| panic!("no {key} in {entries:?}")).1
    }

    fn entries(&self) -> &[(Option<String>, Lua)] {
        let Lua::Table(_, entries) = self else { panic!("{self:?} is no table") };
        entries
    }

    fn kind(&self) -> &str {
        let Lua::Table(kind, _) = self else { panic!("{self:?} is no table") };
        kind
    }

    fn number(&self) -> f64 {
        self.word().parse().expect("a number")
    }

    fn word(&self) -> &str {
        let Lua::Word(word) = self else { panic!("{self:?} is no word") };
        word
    }

    /// The value of an input of a tool.
    fn input(&self, name: &str) -> &Lua {
        self.get("Inputs").get(name).get("Value")
    }
}

fn tokens(text: &str) -> Vec<String> {
    let spaced: String =
        text.chars().flat_map(|c| if "{}=,[]()".contains(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
    // No text of the fixture holds a space but the name of a filter.
    spaced.replace("\"Fast Gaussian\"", "\"Fast_Gaussian\"").split_whitespace().map(str::to_owned).collect()
}

fn value(tokens: &[String], at: &mut usize) -> Lua {
    let mut word = String::new();
    if tokens[*at] != "{" {
        word.clone_from(&tokens[*at]);
        *at += 1;
        if tokens[*at] == "(" {
            *at += 2;
        }
    }
    if tokens[*at] != "{" {
        return Lua::Word(word.trim_matches('"').to_owned());
    }
    *at += 1;
    let mut entries = Vec::new();
    while tokens[*at] != "}" {
        let (bracket, plain) = (tokens[*at] == "[", tokens[*at + 1] == "=");
        let key = match (bracket, plain) {
            (true, _) => Some(tokens[*at + 1].clone()),
            (_, true) => Some(tokens[*at].clone()),
            _ => None,
        };
        *at += if bracket {
            4
        } else if plain {
            2
        } else {
            0
        };
        entries.push((key, value(tokens, at)));
        *at += usize::from(tokens[*at] == ",");
    }
    *at += 1;
    Lua::Table(word, entries)
}

fn tools() -> BTreeMap<String, Lua> {
    let written = Format::Fusion.write(&scene(), &WriteOptions::default()).expect("a scene that can be written");
    assert_eq!(written.notes, ["left_eye: the falloff of its feather is left out."]);
    let (tokens, mut at) = (tokens(&written.files[0].text), 0);
    let file = value(&tokens, &mut at);
    assert_eq!(at, tokens.len(), "something stands behind the table");
    file.get("Tools").entries().iter().map(|(name, tool)| (name.clone().expect("a name"), tool.clone())).collect()
}

#[test]
fn the_polylines_are_the_shapes() {
    let (tools, scene) = (tools(), scene());
    assert_eq!(tools.len(), 9);
    for shape in scene.shot.shapes() {
        let spline = &tools[&format!("{}Polyline", shape.name)];
        assert_eq!(spline.kind(), "BezierSpline");
        let keys = spline.get("KeyFrames").entries();
        assert_eq!(keys.len(), shape.track.keys().len());
        for ((time, key), expected) in keys.iter().zip(shape.track.keys()) {
            assert_eq!(time.as_ref().expect("a frame").parse(), Ok(expected.time));
            let line = key.get("Value");
            let vertices = line.get("Points").entries().iter().map(|(_, point)| {
                let pair = |x: &str, y: &str| (point.get(x).number() * 200.0, -point.get(y).number() * 120.0);
                let at = pair("X", "Y");
                Vertex {
                    anchor: Point::new(100.0 + at.0, 60.0 + at.1),
                    incoming: Vec2::from(pair("LX", "LY")),
                    outgoing: Vec2::from(pair("RX", "RY")),
                }
            });
            let found = BezierShape::new(vertices.collect(), line.get("Closed").word() == "true").expect("a shape");
            assert_near(&shape.name, expected.time, &found, &expected.shape, 1e-9);
        }
    }
}

#[test]
fn keys_count_up_in_straight_lines() {
    let tools = tools();
    let keys = tools["left_eyePolyline"].get("KeyFrames").entries();
    let numbers = |lua: &Lua| -> Vec<f64> { lua.entries().iter().map(|(_, number)| number.number()).collect() };
    let values: Vec<f64> = keys.iter().map(|(_, key)| key.entries()[0].1.number()).collect();
    assert_eq!(values, [0.0, 1.0, 2.0]);
    assert_eq!(numbers(keys[0].1.get("RH")), [1002.0, 1.0 / 3.0]);
    assert_eq!(numbers(keys[1].1.get("LH")), [1003.0, 1.0 - 1.0 / 3.0]);
    assert_eq!(numbers(keys[1].1.get("RH")), [1006.0, 1.0 + 1.0 / 3.0]);
}

#[test]
fn masks_have_the_plate_s_size_their_feather_and_the_mask_before_them() {
    let tools = tools();
    let (eye, seam, brow) = (&tools["left_eye"], &tools["nose_seam"], &tools["left_brow"]);
    assert_eq!(
        (eye.kind(), eye.input("MaskWidth").number(), eye.input("MaskHeight").number()),
        ("PolylineMask", 200.0, 120.0)
    );
    assert_eq!((eye.input("SoftEdge").number(), eye.input("BorderWidth").number()), (0.015, 0.015));
    assert_eq!((brow.input("SoftEdge").number(), brow.input("BorderWidth").number()), (0.00875, -0.00875));
    assert_eq!((seam.input("Solid").number(), seam.input("BorderWidth").number()), (0.0, 0.00625));
    assert_eq!(seam.get("Inputs").get("EffectMask").get("SourceOp").word(), "left_eye");
    assert_eq!(brow.get("Inputs").get("EffectMask").get("SourceOp").word(), "nose_seam");
    assert_eq!(brow.get("Inputs").get("Polyline").get("SourceOp").word(), "left_browPolyline");
}

#[test]
fn hidden_frames_are_steps_of_the_level() {
    let tools = tools();
    let steps = |name: &str| -> Vec<(String, f64)> {
        let keys = tools[&format!("{name}Level")].get("KeyFrames").entries();
        assert!(keys.iter().all(|(_, key)| key.get("Flags").get("StepIn").word() == "true"));
        keys.iter().map(|(time, key)| (time.clone().expect("a frame"), key.entries()[0].1.number())).collect()
    };
    assert_eq!(steps("left_eye"), [("1001".into(), 1.0), ("1006".into(), 0.0), ("1008".into(), 1.0)]);
    assert_eq!(steps("left_brow"), [("1001".into(), 0.75)]);
}
