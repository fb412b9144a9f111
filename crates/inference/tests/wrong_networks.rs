//! Networks that are whole ONNX files and still cannot serve: each is an error that names the file.

mod fixture;

use fixture::onnx::{ANY, DOUBLE, FLOAT, INT64, Network, constant, external, int, ints, node};
use fixture::{engine, gray, never, request};
use inference::{Engine, Error, Result};
use ndarray::Array3;
use tempfile::tempdir;

/// Opens a file of these bytes and runs it on a gray picture.
fn run(engine: &Engine, bytes: &[u8]) -> Result<Array3<f32>> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("made.onnx");
    std::fs::write(&path, bytes).unwrap();
    let model = engine.custom_model(&path)?;
    engine.infer(request(&model, gray(32, 16, 0.5)), &never).map(|found| (*found.logits).clone())
}

fn refused(network: &Network, parts: &[&str]) {
    let engine = engine();
    let text = run(&engine, &network.file()).unwrap_err().to_string();
    for part in parts.iter().chain(&["made.onnx", "choose another"]) {
        assert!(text.contains(part), "{text} lacks {part}");
    }
    assert!(!text.contains('\n'), "{text}");
    assert!(run(&engine, &Network::default().file()).is_ok(), "the engine goes on");
}

#[test]
fn the_network_that_all_others_differ_from_runs() {
    let logits = run(&engine(), &Network::default().file()).unwrap();
    assert_eq!(logits, gray(32, 16, 0.5));
}

#[test]
fn pictures_of_other_dimensions_are_refused() {
    refused(
        &Network { image: (FLOAT, vec![1, 3, ANY]), logits: (FLOAT, vec![1, 3, ANY]), ..Network::default() },
        &["input \"image\" has 3 dimensions, expected 4"],
    );
    refused(
        &Network { image: (FLOAT, vec![2, 3, ANY, ANY]), logits: (FLOAT, vec![2, 3, ANY, ANY]), ..Network::default() },
        &["wants 2 pictures at once"],
    );
    refused(
        &Network { image: (FLOAT, vec![1, 4, ANY, ANY]), logits: (FLOAT, vec![1, 4, ANY, ANY]), ..Network::default() },
        &["input \"image\" has 4 channels, expected 3"],
    );
    refused(&Network { image: (FLOAT, vec![]), logits: (FLOAT, vec![]), ..Network::default() }, &["0 dimensions"]);
}

#[test]
fn numbers_of_another_kind_are_refused() {
    let pictures = vec![1, 3, ANY, ANY];
    refused(
        &Network { image: (DOUBLE, pictures.clone()), logits: (DOUBLE, pictures.clone()), ..Network::default() },
        &["input \"image\" holds", "expected 32-bit float"],
    );
    refused(
        &Network {
            nodes: vec![node("Cast", &["image"], "logits", &[int("to", INT64)])],
            logits: (INT64, pictures),
            ..Network::default()
        },
        &["output \"logits\" holds", "expected 32-bit float"],
    );
}

#[test]
fn a_network_for_one_size_only_is_told_when_it_is_shown_another() {
    let fixed = || (FLOAT, vec![1, 3, 64, 64]);
    refused(&Network { image: fixed(), logits: fixed(), ..Network::default() }, &["64"]);
}

#[test]
fn an_answer_of_another_size_than_the_picture_is_refused() {
    let halves = [ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
    refused(
        &Network { nodes: vec![node("AveragePool", &["image"], "logits", &halves)], ..Network::default() },
        &["output \"logits\" has the shape [1, 3, 8, 16], expected [1, 3, 16, 32]"],
    );
}

#[test]
fn graphs_that_make_no_sense_are_refused() {
    refused(&Network { nodes: Vec::new(), ..Network::default() }, &[]);
    refused(&Network { nodes: vec![node("Identity", &["nowhere"], "logits", &[])], ..Network::default() }, &[]);
    refused(&Network { nodes: vec![node("Levitate", &["image"], "logits", &[])], ..Network::default() }, &["Levitate"]);
    let circle = vec![node("Add", &["image", "b"], "a", &[]), node("Add", &["a", "image"], "b", &[])];
    let out = node("Identity", &["b"], "logits", &[]);
    refused(&Network { nodes: [circle, vec![out]].concat(), ..Network::default() }, &[]);
}

#[test]
fn a_network_that_wants_more_memory_than_there_is_is_an_error() {
    // 3 × 2^42 floats: no machine has them.
    let shape = constant("shape", &[1, 3, 1 << 21, 1 << 21]);
    let nodes = vec![
        node("ConstantOfShape", &["shape"], "zeros", &[]),
        node("ReduceMax", &["zeros"], "zero", &[int("keepdims", 1)]),
        node("Add", &["image", "zero"], "logits", &[]),
    ];
    refused(&Network { nodes, constants: vec![shape], ..Network::default() }, &[]);
}

#[test]
fn a_session_whose_run_failed_is_not_used_again() {
    let engine = engine();
    run(&engine, &Network::default().file()).unwrap();
    assert_eq!(engine.stats().sessions, 1);
    engine.purge();
    let nodes = vec![node("Reshape", &["image", "shape"], "logits", &[])];
    let constants = vec![constant("shape", &[1, 3, 7, 7])];
    let failed = run(&engine, &Network { nodes, constants, ..Network::default() }.file());
    assert!(matches!(failed, Err(Error::Run { .. })), "{failed:?}");
    assert_eq!(engine.stats().sessions, 0);
}

#[test]
fn weights_in_other_files_are_not_fetched() {
    let folder = tempdir().unwrap();
    let elsewhere = folder.path().join("weights.bin");
    std::fs::write(&elsewhere, [0; 12]).unwrap();
    for place in [elsewhere.to_str().unwrap(), "../weights.bin", "weights.bin"] {
        let weights = external("weights", &[1, 3, 1, 1], place);
        let nodes = vec![node("Add", &["image", "weights"], "logits", &[])];
        refused(&Network { nodes, constants: vec![weights], ..Network::default() }, &["one file"]);
    }
}

/// A network of one operation, whose description says this of the output's extent.
fn extent(operation: Vec<u8>, extent: &str) -> Vec<u8> {
    let description = format!(
        r#"{{"name": "made", "label": "Made", "node": "FeatureDetect", "stride": 16, "colorspace": "srgb",
            "classes": ["a", "b", "c"], "input": [{{"name": "image", "role": "image", "channels": 3, "range": [0, 1]}}],
            "output": {{"name": "logits", "channels": 3, {extent}}}}}"#
    );
    Network { nodes: vec![operation], ..Network::default() }.described(&description)
}

#[test]
fn an_answer_of_cells_or_of_a_list_has_the_size_that_its_entry_says() {
    let engine = engine();
    let cells =
        || node("AveragePool", &["image"], "logits", &[ints("kernel_shape", &[8, 8]), ints("strides", &[8, 8])]);
    let answer = run(&engine, &extent(cells(), r#""extent": "cells", "cell": 8"#)).unwrap();
    assert_eq!(answer, gray(4, 2, 0.5));
    let mean = || node("GlobalAveragePool", &["image"], "logits", &[]);
    let answer = run(&engine, &extent(mean(), r#""extent": "list", "length": 1"#)).unwrap();
    assert_eq!(answer, gray(1, 1, 0.5));
    let text = run(&engine, &extent(cells(), r#""extent": "cells", "cell": 4"#)).unwrap_err().to_string();
    assert!(text.contains("[1, 3, 2, 4], expected [1, 3, 4, 8]"), "{text}");
    let text = run(&engine, &extent(mean(), r#""extent": "list", "length": 54"#)).unwrap_err().to_string();
    assert!(text.contains("has the width 1, expected 54"), "{text}");
}
