//! Model files and descriptions as artists, farms and bad disks deliver them.

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use fixture::{config, engine, fixture, gray, model, never, request, shipped_entry};
use inference::{
    Device, Engine, EngineConfig, Error, Extent, InputEntry, Manifest, ModelEntry, Overrides, Request, Role,
};
use ndarray::Array3;
use tempfile::tempdir;

/// The description that `tiny_tone.onnx` carries, as text.
const DESCRIPTION: &str = r#"{"name": "other", "label": "Other", "node": "ToneSegment", "stride": 16,
    "colorspace": "srgb", "classes": ["background", "highlight", "material", "diffuse_shadow", "cast_shadow"],
    "input": [{"name": "image", "role": "image", "channels": 3, "range": [0, 1]},
              {"name": "subject", "role": "subject", "channels": 1, "range": [0, 1], "absent": 0.5}],
    "output": {"name": "logits", "channels": 5}}"#;

fn message(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{text} lacks one of {parts:?}");
}

#[test]
fn a_shipped_model_is_found_in_the_first_folder_that_has_it() {
    let engine = engine();
    let entry = shipped_entry(&engine, "tiny_tone.onnx");
    let (empty, full) = (tempdir().unwrap(), tempdir().unwrap());
    fs::copy(fixture("tiny_tone.onnx"), full.path().join("tiny_tone.onnx")).unwrap();
    let folders = [empty.path().to_owned(), full.path().to_owned()];
    let found = engine.shipped_model(&entry, &folders).unwrap();
    assert_eq!(found.path, full.path().join("tiny_tone.onnx"));
    assert_eq!(found.id(), format!("tiny_tone {}", entry.sha256.unwrap()));
    engine.infer(request(&found, gray(16, 16, 0.5)), &never).unwrap();
}

#[test]
fn the_environments_folders_come_first() {
    let plain = engine();
    let entry = shipped_entry(&plain, "tiny_tone.onnx");
    let (first, second) = (tempdir().unwrap(), tempdir().unwrap());
    for folder in [&first, &second] {
        fs::copy(fixture("tiny_tone.onnx"), folder.path().join("tiny_tone.onnx")).unwrap();
    }
    let overrides = Overrides { model_path: vec![first.path().to_owned()], ..Overrides::default() };
    let engine = Engine::new(EngineConfig { overrides, ..config() });
    let found = engine.shipped_model(&entry, &[second.path().to_owned()]).unwrap();
    assert!(found.path.starts_with(first.path()));
}

#[test]
fn a_missing_model_lists_where_it_was_looked_for() {
    let engine = engine();
    let entry = shipped_entry(&engine, "tiny_tone.onnx");
    let error = engine.shipped_model(&entry, &[PathBuf::from("/no/such"), PathBuf::from("/nor/such")]).unwrap_err();
    message(&error, &["tiny_tone.onnx", "/no/such, /nor/such", "ROTOCEL_MODEL_PATH"]);
    message(&engine.shipped_model(&entry, &[]).unwrap_err(), &["no folder"]);
}

#[test]
fn a_shipped_model_with_one_flipped_bit_names_both_hashes() {
    let engine = engine();
    let entry = shipped_entry(&engine, "tiny_tone.onnx");
    let folder = tempdir().unwrap();
    let path = folder.path().join("tiny_tone.onnx");
    let mut bytes = fs::read(fixture("tiny_tone.onnx")).unwrap();
    bytes[1000] ^= 4;
    fs::write(&path, bytes).unwrap();
    let error = engine.shipped_model(&entry, &[folder.path().to_owned()]).unwrap_err();
    let Error::WrongHash { found, .. } = &error else { panic!("{error}") };
    message(&error, &[&path.display().to_string(), entry.sha256.as_ref().unwrap(), found, "tiny_tone"]);
}

#[test]
fn a_file_replaced_after_it_was_resolved_is_refused_when_it_is_opened() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let path = folder.path().join("mine.onnx");
    fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    let resolved = engine.custom_model(&path).unwrap();
    fs::copy(fixture("tiny_slow.onnx"), &path).unwrap();
    let error = engine.infer(request(&resolved, gray(16, 16, 0.5)), &never).unwrap_err();
    assert!(matches!(error, Error::WrongHash { .. }), "{error}");
    // Resolved anew, it is another model.
    let again = engine.custom_model(&path).unwrap();
    assert_eq!(again.entry.name, "tiny_slow");
    message(&again.check_id(&resolved.id()).unwrap_err(), &[&resolved.id(), &again.id()]);
}

#[test]
fn a_file_replaced_while_its_session_is_open_does_no_harm() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let path = folder.path().join("mine.onnx");
    fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    let resolved = engine.custom_model(&path).unwrap();
    engine.infer(request(&resolved, gray(16, 16, 0.5)), &never).unwrap();
    fs::write(&path, b"garbage").unwrap();
    engine.infer(request(&resolved, gray(16, 16, 0.6)), &never).unwrap();
    assert!(matches!(engine.custom_model(&path), Err(Error::NotAModel { .. })));
}

#[test]
fn a_saved_identity_fits_only_its_own_model() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    assert_eq!(tone.check_id(&tone.id()), Ok(()));
    assert_eq!(tone.check_id(""), Ok(()));
    let error = tone.check_id("tiny_tone 0123").unwrap_err();
    message(
        &error,
        &["another file of model \"tiny_tone\"", "it had SHA-256 0123", &tone.sha256, "press Accept model"],
    );
    let error = tone.check_id("old_model 0123").unwrap_err();
    message(&error, &["old_model 0123", &tone.id(), "tiny_tone.onnx"]);
    assert_eq!(tone.check_node("ToneSegment"), Ok(()));
    message(&tone.check_node("SkyMatte").unwrap_err(), &["ToneSegment", "SkyMatte", "tiny_tone"]);
}

#[test]
fn files_that_are_no_models_are_named_and_refused() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let whole = fs::read(fixture("tiny_tone.onnx")).unwrap();
    let cases: [(&str, &[u8]); 5] = [
        ("empty.onnx", b""),
        ("text.onnx", b"this is no network, it only looks for one"),
        ("half.onnx", &whole[..whole.len() / 2]),
        ("almost.onnx", &whole[..whole.len() - 1]),
        ("zeros.onnx", &[0; 4096]),
    ];
    for (name, bytes) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        // A description beside it must not make a model of it.
        fs::write(folder.path().join(format!("{name}.json")), DESCRIPTION).unwrap();
        let error = engine.custom_model(&path).unwrap_err();
        assert!(matches!(error, Error::NotAModel { .. }), "{name}: {error}");
        message(&error, &[name]);
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn folders_and_missing_files_cannot_be_read() {
    let engine = engine();
    for path in [Path::new("/"), Path::new("/no/such/model.onnx"), Path::new("")] {
        let error = engine.custom_model(path).unwrap_err();
        assert!(matches!(error, Error::Read { .. }), "{error}");
    }
}

#[test]
fn paths_with_spaces_quotes_and_other_scripts_work() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let odd = folder.path().join("mon modèle \"1\" 'ü' 模型");
    fs::create_dir(&odd).unwrap();
    fs::copy(fixture("tiny_tone.onnx"), odd.join("tiny tone.onnx")).unwrap();
    let found = engine.custom_model(&odd.join("tiny tone.onnx")).unwrap();
    engine.infer(request(&found, gray(16, 16, 0.5)), &never).unwrap();
}

#[test]
fn networks_that_do_not_match_their_entry_are_named_with_what_differs() {
    let engine = engine();
    let cases = [
        ("tiny_wrong_input.onnx", vec!["tiny_wrong_input", "no input \"image\"", "\"picture\""]),
        ("tiny_wrong_output.onnx", vec!["tiny_wrong_output", "\"logits\" has 4 channels, expected 5"]),
    ];
    for (name, parts) in cases {
        let wrong = model(&engine, name);
        let error = engine.infer(request(&wrong, gray(16, 16, 0.5)), &never).unwrap_err();
        message(&error, &[&[name][..], &parts].concat());
    }
}

#[test]
fn an_entry_that_forgets_an_input_or_names_another_output_is_refused() {
    let engine = engine();
    let refused = |change: &dyn Fn(&mut ModelEntry), part: &str| {
        let folder = tempdir().unwrap();
        fs::copy(fixture("tiny_tone.onnx"), folder.path().join("tiny_tone.onnx")).unwrap();
        let mut entry = shipped_entry(&engine, "tiny_tone.onnx");
        change(&mut entry);
        let found = engine.shipped_model(&entry, &[folder.path().to_owned()]).unwrap();
        message(&engine.infer(request(&found, gray(16, 16, 0.5)), &never).unwrap_err(), &["tiny_tone.onnx", part]);
    };
    refused(&|entry| drop(entry.inputs.pop()), "also wants the input \"subject\"");
    refused(&|entry| entry.output.name = "mattes".to_owned(), "no output \"mattes\" (its outputs are \"logits\")");
    refused(&|entry| entry.inputs[1].channels = 2, "input \"subject\" has 1 channels, expected 2");
}

#[test]
fn a_description_named_after_the_file_wins_over_the_one_inside() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    assert_eq!(engine.custom_model(&path).unwrap().entry.name, "tiny_tone");
    // Scores, a shot, anything: what describes itself needs no other file that happens to have its name.
    fs::write(folder.path().join("net.json"), "{\"iou\": 0.6}").unwrap();
    assert_eq!(engine.custom_model(&path).unwrap().entry.name, "tiny_tone");
    fs::write(folder.path().join("net.onnx.json"), DESCRIPTION).unwrap();
    let described = engine.custom_model(&path).unwrap();
    assert_eq!((described.entry.name.as_str(), &described.entry.sha256), ("other", &None));
    engine.infer(request(&described, gray(16, 16, 0.5)), &never).unwrap();
    fs::write(folder.path().join("net.onnx.json"), DESCRIPTION.replace("other", "nearest")).unwrap();
    assert_eq!(engine.custom_model(&path).unwrap().entry.name, "nearest");
    fs::write(folder.path().join("net.onnx.json"), "{\"name\": 3}").unwrap();
    message(&engine.custom_model(&path).unwrap_err(), &["net.onnx.json", "description"]);
}

#[test]
fn a_corrected_description_of_the_same_name_counts_at_once() {
    let engine = engine();
    let _alive = engine.instance_guard();
    let folder = tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    fs::write(folder.path().join("net.onnx.json"), DESCRIPTION).unwrap();
    let run = || engine.infer(request(&engine.custom_model(&path).unwrap(), gray(16, 16, 0.5)), &never);
    run().unwrap();
    // The session of the first description is open, and knows its output by another name.
    fs::write(folder.path().join("net.onnx.json"), DESCRIPTION.replace("\"logits\"", "\"mattes\"")).unwrap();
    message(&run().unwrap_err(), &["net.onnx", "no output \"mattes\""]);
}

#[test]
fn a_network_without_a_description_says_where_one_may_be() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let path = folder.path().join("bare.onnx");
    let bytes = fs::read(fixture("tiny_tone.onnx")).unwrap();
    // The metadata key becomes another word of the same length.
    let key = bytes.windows(7).position(|window| window == b"rotocel").unwrap();
    fs::write(&path, [&bytes[..key], b"another", &bytes[key + 7..]].concat()).unwrap();
    let error = engine.custom_model(&path).unwrap_err();
    assert!(matches!(error, Error::NoDescription { .. }), "{error}");
    message(&error, &["bare.onnx", "\"rotocel\"", "bare.onnx.json"]);
    fs::write(folder.path().join("bare.json"), DESCRIPTION).unwrap();
    assert_eq!(engine.custom_model(&path).unwrap().entry.name, "other");
}

#[test]
fn flipped_bits_never_take_the_process_down() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let path = folder.path().join("tiny_tone.onnx");
    let whole = fs::read(fixture("tiny_tone.onnx")).unwrap();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut refused = 0;
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let place = seed as usize % (bytes.len() * 8);
            bytes[place / 8] ^= 1 << (place % 8);
        }
        fs::write(&path, bytes).unwrap();
        engine.purge();
        let outcome =
            engine.custom_model(&path).and_then(|model| engine.infer(request(&model, gray(16, 16, 0.5)), &never));
        if let Err(error) = outcome {
            assert!(!matches!(error, Error::Panic { .. }), "{error}");
            refused += 1;
        }
    }
    assert!(refused > 100, "only {refused} of 400 damaged files were refused");
}

#[test]
fn every_shipped_model_is_the_one_in_the_manifest_and_runs() {
    let engine = engine();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let manifest = Manifest::load(&folder.join("manifest.toml")).unwrap();
    assert!(!manifest.models.is_empty());
    for entry in &manifest.models {
        let model = engine.shipped_model(entry, std::slice::from_ref(&folder)).unwrap();
        let inputs: Vec<_> = entry.inputs.iter().map(|input| (input.role, plain(entry, input))).collect();
        let (_, height, width) = inputs[0].1.dim();
        let (height, width) = match entry.output.extent {
            Extent::Picture => (height, width),
            Extent::List { length } => (1, length),
            Extent::Cells { cell } => (height / cell, width / cell),
        };
        let inference = engine.infer(Request { model, device: Device::Cpu, inputs }, &never).unwrap();
        assert_eq!(inference.logits.dim(), (entry.classes.len(), height, width), "{}", entry.name);
        assert!(inference.logits.iter().all(|logit| logit.is_finite()), "{}", entry.name);
    }
}

/// A gray picture, or points in a slanted row, of a size that the network takes.
fn plain(entry: &ModelEntry, input: &InputEntry) -> Array3<f32> {
    match input.role {
        Role::Image | Role::Subject => {
            let size = input.size.unwrap_or(entry.stride * 4);
            Array3::from_elem((input.channels, size, size), 0.5)
        }
        Role::Points => {
            // A network whose entry names no number takes those of the puppet.
            let count = input.size.unwrap_or(45);
            Array3::from_shape_fn((input.channels, 1, count), |(_, _, x)| x as f32 / count as f32 - 0.5)
        }
    }
}

#[test]
fn a_file_of_three_gigabytes_is_refused_unread() {
    let engine = engine();
    let folder = tempdir().unwrap();
    let path = folder.path().join("huge.onnx");
    fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
    message(&engine.custom_model(&path).unwrap_err(), &["huge.onnx", "larger than 2 GB"]);
}

#[test]
fn a_path_of_four_thousand_characters_is_an_error_that_names_it() {
    let engine = engine();
    let path = Path::new("/tmp").join("x".repeat(4000));
    message(&engine.custom_model(&path).unwrap_err(), &["xxxx", "cannot be read"]);
}
