//! The program `rotocel` with the built bundle: what a farm and a terminal rely on.

mod stage;

use exr::prelude::{ReadChannels, ReadLayers, read};
use serde_json::Value;
use stage::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program beside this test: `target/debug/rotocel`, built by the tests of its own crate.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join(format!("rotocel{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is missing: run `cargo build -p headless`", program.display());
    program
}

fn rotocel(folder: &Path, arguments: &[&str]) -> Output {
    bundle(); // fails when it is older than the sources
    Command::new(program()).args(arguments).arg("--bundle").arg(bundle_folder()).current_dir(folder).output().unwrap()
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = rotocel(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = rotocel(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    told
}

/// A folder with a shot of `frames` PNGs, 48 × 32, and the tiny network chosen by a file of parameters.
fn shot(frames: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for frame in 1..=frames {
        let picture = image::RgbImage::from_fn(48, 32, |x, y| {
            let value = (scenery(x as i32 * 3 + frame as i32 * 5, y as i32 * 3)[0] * 255.0) as u8;
            image::Rgb([value, value, value])
        });
        picture.save(folder.path().join(format!("shot.{frame:04}.png"))).unwrap();
    }
    folder
}

fn tiny() -> String {
    format!("custom_model={}", fixture("tiny_tone.onnx").display())
}

fn render<'a>(output: &'a str, tiny: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["render", "ToneSegment", "-i", "shot.%04d.png", "-o", output, "--set", tiny, "--set", "model=custom"];
    base.into_iter().chain(more.iter().copied()).collect()
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn nodes_and_describe_show_what_the_bundle_holds() {
    let folder = tempfile::tempdir().unwrap();
    assert!(succeeds(folder.path(), &["nodes"]).contains("ToneSegment"));
    let described: Value =
        serde_json::from_str(&succeeds(folder.path(), &["describe", "ToneSegment", "--json"])).unwrap();
    let text = described.to_string();
    for id in ["edge_softness_px", "bias_cast_shadow", "packed_shadow", "Mask"] {
        assert!(text.contains(id), "{id}");
    }
}

#[test]
fn chunks_threads_and_tiles_are_bit_identical_to_the_whole_sequence() {
    let (shot, tiny) = (shot(5), tiny());
    let folder = shot.path();
    for kind in ["exr", "png"] {
        let whole = format!("whole.%04d.{kind}");
        succeeds(folder, &render(&whole, &tiny, &["--frames", "1-5", "--set", "output=flat"]));
        let parts = format!("parts.%04d.{kind}");
        succeeds(folder, &render(&parts, &tiny, &["--frames", "4-5", "--set", "output=flat", "--threads", "2"]));
        succeeds(folder, &render(&parts, &tiny, &["--frames", "1-3", "--set", "output=flat", "--tiles", "20"]));
        for frame in 1..=5 {
            let name = |set: &str| format!("{set}.{frame:04}.{kind}");
            assert_eq!(bytes(folder, &name("whole")), bytes(folder, &name("parts")), "frame {frame} as {kind}");
        }
    }
}

#[test]
fn layers_hold_five_mattes_that_sum_to_one_and_the_header_names_the_model() {
    let (shot, tiny) = (shot(1), tiny());
    let folder = shot.path();
    let told = succeeds(folder, &render("tones.%04d.exr", &tiny, &["--layers", "--depth", "float", "--json"]));
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(summary["frames"], 1);
    assert_eq!(summary["violations"], 0, "{summary:#}");
    let image = read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .all_layers()
        .all_attributes()
        .from_file(folder.join("tones.0001.exr"))
        .unwrap();
    let layer = &image.layer_data[0];
    let channel = |name: &str| {
        let found = layer.channel_data.list.iter().find(|c| c.name.to_string() == name);
        let found = found.unwrap_or_else(|| panic!("no channel {name}"));
        found.sample_data.values_as_f32().collect::<Vec<f32>>()
    };
    let mattes = CLASSES.map(|class| channel(&format!("tone.{class}")));
    for pixel in 0..48 * 32 {
        let sum: f32 = mattes.iter().map(|matte| matte[pixel]).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum} at {pixel}");
    }
    assert!(channel("tone.confidence").iter().all(|v| (0.0..=1.0).contains(v)));
    let header = format!("{:?}", layer.attributes.other);
    for part in ["tiny_tone ", "rotocel/edge_softness_px", "org.rotocel.ToneSegment"] {
        assert!(header.contains(part), "{part} is not in the header: {header}");
    }
}

#[test]
fn the_default_model_is_named_with_its_hash_in_the_header() {
    let shot = shot(1);
    let folder = shot.path();
    succeeds(folder, &["render", "ToneSegment", "-i", "shot.%04d.png", "-o", "out.%04d.exr"]);
    let file = bytes(folder, "out.0001.exr");
    let hash = {
        use sha2::Digest;
        let model = std::fs::read(root().join("models/tone_small.onnx")).unwrap();
        sha2::Sha256::digest(model).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let named = format!("tone_small {hash}");
    assert!(file.windows(named.len()).any(|part| part == named.as_bytes()), "{named}");
}

#[test]
fn saved_parameters_render_the_same_picture() {
    let (shot, tiny) = (shot(2), tiny());
    let folder = shot.path();
    let settings = ["--set", "output=flat", "--set", "edge_softness_px@1=0", "--set", "edge_softness_px@2=6"];
    succeeds(folder, &render("a.%04d.exr", &tiny, &[&settings[..], &["--save-params", "look.json"]].concat()));
    succeeds(
        folder,
        &["render", "ToneSegment", "-i", "shot.%04d.png", "-o", "b.%04d.exr", "--load-params", "look.json"],
    );
    for frame in ["0001", "0002"] {
        assert_eq!(bytes(folder, &format!("a.{frame}.exr")), bytes(folder, &format!("b.{frame}.exr")), "{frame}");
    }
    assert_ne!(bytes(folder, "a.0001.exr"), bytes(folder, "a.0002.exr"));
}

#[test]
fn errors_name_what_is_wrong_and_keep_what_is_written() {
    let (shot, tiny) = (shot(3), tiny());
    let folder = shot.path();
    let told = fails(folder, &render("o.%04d.png", &tiny, &["--set", "edge_softnes_px=2"]), 2);
    assert!(told.contains("edge_softnes_px") && told.contains("edge_softness_px"), "{told}");
    let told = fails(folder, &render("o.%04d.png", &tiny, &["--set", "clip_black=7"]), 2);
    assert!(told.contains("clip_black"), "{told}");
    let told = fails(folder, &render("o.%04d.png", &tiny, &["--frames", "1-5"]), 3);
    assert!(told.contains("0004") || told.contains(" 4"), "{told}");
    std::fs::write(folder.join("shot.0003.png"), b"no picture").unwrap();
    let told = fails(folder, &render("o.%04d.png", &tiny, &["--frames", "1-3"]), 3);
    assert!(told.contains("shot.0003.png"), "{told}");
    for frame in ["0001", "0002"] {
        image::open(folder.join(format!("o.{frame}.png"))).unwrap();
    }
    assert!(!folder.join("o.0003.png").exists());
    let bad = format!("custom_model={}", fixture("tiny_wrong_input.onnx").display());
    let told = fails(folder, &render("x.%04d.png", &bad, &["--frames", "1"]), 6);
    assert!(told.contains("tiny_wrong_input.onnx"), "{told}");
}

#[test]
fn frames_that_exist_are_skipped_on_request() {
    let (shot, tiny) = (shot(3), tiny());
    let folder = shot.path();
    std::fs::write(folder.join("o.0002.png"), b"mine").unwrap();
    let told = succeeds(folder, &render("o.%04d.png", &tiny, &["--skip-existing", "--json"]));
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&summary["frames"], &summary["skipped"]), (&Value::from(2), &Value::from(1)));
    assert_eq!(bytes(folder, "o.0002.png"), b"mine");
}

#[test]
fn a_button_is_pressed_and_the_status_is_told() {
    let (shot, tiny) = (shot(1), tiny());
    let told = succeeds(shot.path(), &render("o.%04d.png", &tiny, &["--press", "check_device", "--json"]));
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert!(summary["status"].as_str().unwrap().contains("ms"), "{summary:#}");
    assert!(summary["ms_per_frame"].is_number() && summary["peak_memory_mib"].is_number());
}

#[test]
fn the_bundle_scores_the_sample_shot_as_the_training_did() {
    let folder = tempfile::tempdir().unwrap();
    let shot = root().join("models/sample/tone_orbit");
    // Without what the node adds to the network: the scores file knows the network alone.
    let plain = ["--set", "edge_refine_px=0", "--set", "edge_softness_px=0"];
    let told = succeeds(folder.path(), &[&["score", "tone", shot.to_str().unwrap(), "--json"][..], &plain].concat());
    let scores: Value = serde_json::from_str(&told).unwrap();
    let committed = std::fs::read_to_string(root().join("models/scores/tone_small.json")).unwrap();
    let committed: Value = serde_json::from_str(&committed).unwrap();
    for class in CLASSES {
        let found = scores["total"]["classes"][class]["iou"].as_f64();
        let expected = committed["sets"]["sample"]["without_mask"]["iou"][class].as_f64();
        let (Some(found), Some(expected)) = (found, expected) else { panic!("{class} has no score: {scores:#}") };
        assert!((found - expected).abs() < 0.01, "{class}: IoU {found}, in training {expected}");
    }
}
