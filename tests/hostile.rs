//! The built bundle in a host that misbehaves at random: nothing may crash, hang, leak or write where it must not.
//!
//! ROTOCEL_HOSTILE_COUNT sets how many sequences are played, ROTOCEL_HOSTILE_SEED from which seed, and
//! ROTOCEL_HOSTILE_SEQUENCE plays the one sequence of a seed that a failure has printed.

mod stage;

use ofx_sdk::{
    Context,
    host::{
        Curve, Host, HostImage, ParamValue, SavedParams,
        hostile::{Stage, Trial, run},
    },
};
use stage::*;

/// ToneSegment with a network of a few kilobytes.
fn hostile_stage(_worker: usize) -> Stage {
    let load = |host: &Host| host.load(bundle(), TONE_SEGMENT);
    let path = fixture("tiny_tone.onnx").to_str().expect("the repository's path is text").to_owned();
    let setup = [
        ("custom_model", ParamValue::String(path)),
        ("model", ParamValue::Choice(0)),
        ("working_size", ParamValue::Int(128)),
    ];
    let setup: SavedParams = setup.map(|(id, value)| (id.to_owned(), Curve::constant(value))).into();
    Stage::new(load, Context::General, setup, judge).expect("it lives a life without lies")
}

/// RGB is the source's 0.5, and alpha a matte.
fn judge(image: &HostImage) -> Result<(), String> {
    let pixels = image.to_f32();
    let right = pixels.chunks(4).all(|p| p[..3].iter().all(|v| *v == 0.5) && (0.0..=1.0).contains(&p[3]));
    if right { Ok(()) } else { Err(format!("{pixels:?}")) }
}

#[test]
fn tone_segment_survives_every_sequence_of_a_hostile_host() {
    let test = "tone_segment_survives_every_sequence_of_a_hostile_host";
    run(&Trial { test, count: 1000, workers: 1 }, hostile_stage, || {});
}
