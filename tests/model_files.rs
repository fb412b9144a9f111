//! Models through the built bundle: choosing, remembering, aborting, and what goes wrong with files.

mod stage;

use ofx_sdk::Error;
use ofx_sdk::host::*;
use stage::*;

fn node(host: &Host) -> Instance {
    pointwise(host, frame(64, 48, scenery))
}

/// Renders with a bad model must fail with a message that names the file, and the node must work again afterwards.
fn fails_naming(model: &std::path::Path, expected: &[&str]) {
    let host = harsh_host();
    let node = node(&host);
    let good = output(&node, "flat");
    use_model(&node, model);
    let message = failure(&node);
    let name = model.file_name().unwrap().to_str().unwrap();
    for part in expected.iter().chain([&name]) {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
    let told = host.messages();
    assert!(told.iter().any(|m| m.text.contains(name)), "the artist was not told: {told:?}");
    use_model(&node, &fixture("tiny_tone.onnx"));
    assert_eq!(output(&node, "flat"), good, "the host goes on");
    assert_well_behaved(&host);
}

#[test]
fn wrong_input_and_output_names_are_told() {
    fails_naming(&fixture("tiny_wrong_input.onnx"), &["image"]);
    fails_naming(&fixture("tiny_wrong_output.onnx"), &["\"logits\" has 4 channels, expected 5"]);
}

#[test]
fn truncated_empty_foreign_and_missing_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let good = std::fs::read(fixture("tiny_tone.onnx")).unwrap();
    fails_naming(&write("truncated.onnx", &good[..good.len() / 2]), &[]);
    fails_naming(&write("empty.onnx", &[]), &[]);
    fails_naming(&write("text.onnx", b"this is no model"), &[]);
    fails_naming(&folder.path().join("missing.onnx"), &[]);
    fails_naming(&write("a name, 'quotes' \u{e9}\u{4e2d}%s.onnx", &good[..10]), &[]);
}

#[test]
fn damaged_huge_and_special_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let good = std::fs::read(fixture("tiny_tone.onnx")).unwrap();
    let mut flipped = good.clone();
    // The length of the graph, near the beginning of the file.
    flipped[4] ^= 0x40;
    std::fs::write(path("flipped.onnx"), flipped).unwrap();
    fails_naming(&path("flipped.onnx"), &["copy it again or choose another"]);
    std::fs::File::create(path("huge.onnx")).unwrap().set_len(3 << 30).unwrap();
    fails_naming(&path("huge.onnx"), &["larger than 2 GB", "choose another"]);
    std::fs::write(path("picture.onnx"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    fails_naming(&path("picture.onnx"), &["no ONNX file", "choose another"]);
    std::fs::create_dir(path("folder.onnx")).unwrap();
    fails_naming(&path("folder.onnx"), &["it is not a file"]);
    fails_naming(std::path::Path::new("/dev/zero"), &["it is not a file"]);
    std::fs::write(path("described.onnx"), &good).unwrap();
    std::fs::File::create(path("described.onnx.json")).unwrap().set_len(3 << 30).unwrap();
    fails_naming(&path("described.onnx"), &["described.onnx.json", "longer than a megabyte"]);
}

#[test]
fn a_path_of_4000_characters_is_told_with_what_is_wrong_with_it() {
    let host = harsh_host();
    let node = node(&host);
    let good = output(&node, "flat");
    use_model(&node, &std::path::Path::new("/projects").join("x".repeat(4000)).join("net.onnx"));
    let message = failure(&node);
    assert!(message.contains("/projects/xxx") && message.contains("net.onnx cannot be read"), "{message}");
    use_model(&node, &fixture("tiny_tone.onnx"));
    assert_eq!(output(&node, "flat"), good, "the host goes on");
    assert_well_behaved(&host);
}

#[test]
fn a_model_in_a_folder_with_spaces_quotes_and_other_scripts_renders() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("mon modèle \"1\" 'ü' 模型 %s %d #");
    std::fs::create_dir(&odd).unwrap();
    let path = odd.join("a net, finally.onnx");
    std::fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    let host = harsh_host();
    let node = node(&host);
    let expected = output(&node, "flat");
    use_model(&node, &path);
    assert_eq!(output(&node, "flat"), expected);
    assert_well_behaved(&host);
}

#[test]
fn a_model_replaced_while_it_is_loaded_is_told_until_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.onnx");
    std::fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    let host = harsh_host();
    let node = node(&host);
    use_model(&node, &path);
    let before = output(&node, "flat");
    // Another file under the same name, put there as installers do.
    let other = folder.path().join("other.onnx");
    std::fs::copy(fixture("tiny_slow.onnx"), &other).unwrap();
    std::fs::rename(&other, &path).unwrap();
    let message = failure(&node);
    for part in ["mine.onnx", "tiny_tone", "tiny_slow", "press Accept model"] {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
    // Half a file, as long as it is being copied.
    let whole = std::fs::read(fixture("tiny_tone.onnx")).unwrap();
    std::fs::write(&path, &whole[..1000]).unwrap();
    assert!(failure(&node).contains("mine.onnx"));
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(output(&node, "flat"), before, "the old file is back");
    std::fs::copy(fixture("tiny_slow.onnx"), &path).unwrap();
    use_model(&node, &path);
    assert!(failure(&node).contains("press Accept model"), "the same choice is no new one");
    node.press("accept_model").unwrap();
    assert!(largest_difference(&output(&node, "flat"), &before) < 1e-4, "accepted");
    assert_well_behaved(&host);
}

#[test]
fn a_project_saved_with_another_model_is_told_both_names() {
    let host = harsh_host();
    let node = with_source(&host, ofx_sdk::Context::General, frame(32, 32, scenery));
    set(&node, "model", "tone_small");
    let ParamValue::String(id) = node.get("model_id").unwrap() else { panic!("model_id is text") };
    assert!(id.starts_with("tone_small ") && id.len() == "tone_small ".len() + 64, "{id}");
    let saved = |text: &str| node.set("model_id", &ParamValue::String(text.to_owned())).unwrap();
    saved("tone_giant 0123");
    let message = failure(&node);
    for part in ["tone_giant", "tone_small", "press Accept model"] {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
    saved(&format!("tone_small {}", "0".repeat(64)));
    let message = failure(&node);
    for part in [&id["tone_small ".len()..], &"0".repeat(64), "press Accept model"] {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
    node.press("accept_model").unwrap();
    output(&node, "flat");
    assert_well_behaved(&host);
}

/// Natron and newer hosts tell a node of every parameter when a project is opened, or a preset is loaded.
#[test]
fn a_host_that_tells_of_every_parameter_on_opening_changes_no_remembered_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.onnx");
    std::fs::copy(fixture("tiny_tone.onnx"), &path).unwrap();
    let host = harsh_host();
    let first = node(&host);
    use_model(&first, &path);
    let before = output(&first, "flat");
    let saved = first.save_params().unwrap();
    let opened = || {
        let second = node(&host);
        second.load_params(&saved).unwrap();
        second
    };
    assert_eq!(output(&opened(), "flat"), before);
    // The drive is not there today, and tomorrow there is another file on it.
    std::fs::remove_file(&path).unwrap();
    let second = opened();
    assert!(failure(&second).contains("mine.onnx"));
    // Nothing is there to be accepted, and what was remembered stays.
    let refused = second.press("accept_model").unwrap_err().to_string();
    assert!(refused.contains("mine.onnx"), "{refused}");
    let kept = second.save_params().unwrap();
    std::fs::copy(fixture("tiny_slow.onnx"), &path).unwrap();
    let third = node(&host);
    third.load_params(&kept).unwrap();
    let message = failure(&third);
    assert!(message.contains("tiny_tone") && message.contains("tiny_slow"), "{message}");
    // Another file of the menu is a choice.
    set(&third, "model", "tone_small");
    set(&third, "model", "custom");
    output(&third, "flat");
    assert_well_behaved(&host);
}

/// A host whose menu lacks the entry that was saved falls back to another, and may tell of it as of an artist's choice.
#[test]
fn a_project_of_a_newer_rotocel_keeps_its_model_until_another_is_accepted() {
    let host = harsh_host();
    let node = || with_source(&host, ofx_sdk::Context::General, frame(32, 32, scenery));
    let first = node();
    set(&first, "model", "tone_small");
    let mut saved = first.save_params().unwrap();
    let newer = format!("tone_next {}", "0".repeat(64));
    // Positions in the menu: Tone Fast and Custom.
    for fallback in [2, 0] {
        saved.insert("model".to_owned(), Curve::constant(ParamValue::Choice(fallback)));
        saved.insert("model_id".to_owned(), Curve::constant(ParamValue::String(newer.clone())));
        saved.insert("model_chosen_by".to_owned(), Curve::constant(ParamValue::String("tone_next".to_owned())));
        let opened = node();
        opened.load_params(&saved).unwrap();
        let message = failure(&opened);
        assert!(message.contains("tone_next"), "{message}");
        set(&opened, "model", "tone_fast");
        assert_eq!(opened.get("model_id").unwrap(), ParamValue::String(newer.clone()), "{fallback}");
        assert!(failure(&opened).contains("press Accept model"));
        opened.press("accept_model").unwrap();
        output(&opened, "flat");
    }
    assert_well_behaved(&host);
}

#[test]
fn custom_without_a_file_says_what_to_do() {
    let host = harsh_host();
    let node = with_source(&host, ofx_sdk::Context::General, frame(32, 32, scenery));
    set(&node, "model", "custom");
    let message = failure(&node);
    assert!(message.contains("Custom model"), "{message}");
}

#[test]
fn check_device_shows_what_really_runs() {
    let host = harsh_host();
    let node = node(&host);
    node.press("check_device").unwrap();
    let ParamValue::String(status) = node.get("status").unwrap() else { panic!("status is text") };
    assert!(status.contains("ms") && (status.contains("CPU") || status.contains("CUDA")), "{status}");
    set(&node, "device", "cuda");
    node.press("check_device").unwrap();
    let ParamValue::String(status) = node.get("status").unwrap() else { panic!("status is text") };
    assert!(status.contains("CUDA"), "CUDA or the reason why not: {status}");
    assert_well_behaved(&host);
}

#[test]
fn cuda_that_is_not_there_is_an_error_and_never_the_cpu_in_silence() {
    let host = harsh_host();
    let node = node(&host);
    set(&node, "device", "cuda");
    match node.render(&RenderRequest::at(1.0)) {
        Err(error) => assert!(error.to_string().contains("CUDA"), "{error}"),
        Ok(_) => {
            node.press("check_device").unwrap();
            let ParamValue::String(status) = node.get("status").unwrap() else { panic!("status is text") };
            assert!(status.starts_with("CUDA"), "{status}");
        }
    }
}

#[test]
fn abort_ends_a_run_and_the_next_render_works() {
    let host = harsh_host();
    let node = pointwise(&host, frame(512, 512, scenery));
    use_model(&node, &fixture("tiny_slow.onnx"));
    let abort = node.abort_handle();
    abort.abort_at_poll(5);
    assert!(matches!(node.render(&RenderRequest::at(1.0)), Err(Error::Aborted)));
    abort.reset();
    let out = output(&node, "flat");
    use_model(&node, &fixture("tiny_tone.onnx"));
    assert!(largest_difference(&out, &output(&node, "flat")) < 1e-4);
    assert_well_behaved(&host);
}

#[test]
fn a_change_of_bias_edge_or_output_never_runs_the_network_again() {
    let host = harsh_host();
    let node = pointwise(&host, frame(256, 256, scenery));
    use_model(&node, &fixture("tiny_slow.onnx"));
    let abort = node.abort_handle();
    let polls_of = |id: &str, value: &str| {
        let before = abort.polls();
        set(&node, id, value);
        render(&node, &RenderRequest::at(1.0)).unwrap();
        abort.polls() - before
    };
    // While the network runs, the waiting render polls abort every 10 ms; without a run only once for each band.
    let run = polls_of("output", "flat");
    assert!(run > 25, "the slow network took only {run} polls");
    for (id, value) in [
        ("bias_highlight", "0.5"),
        ("edge_softness_px", "4"),
        ("edge_refine_px", "12"),
        ("clip_black", "0.1"),
        ("color_material", "1,0,0"),
        ("output", "packed_shadow"),
    ] {
        let polls = polls_of(id, value);
        assert!(polls < 15, "{id} took {polls} polls, as if the network had run");
    }
    assert!(polls_of("exposure", "1") > 25, "another picture is another run");
}
