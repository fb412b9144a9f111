//! The program `rotocel` with the built bundle: what a farm and a terminal rely on.

mod damage;
mod odd_pictures;
mod stage;
mod terminal;

use exr::prelude::{ReadChannels, ReadLayers, read};
use serde_json::Value;
use stage::{CLASSES, fixture, root};
use std::path::Path;
use std::time::{Duration, SystemTime};
use terminal::*;

#[test]
fn a_program_that_is_older_than_its_sources_is_not_tested() {
    let folder = tempfile::tempdir().unwrap();
    let [program, sources] = ["rotocel", "src"].map(|name| folder.path().join(name));
    let now = SystemTime::now();
    let make = |path: &Path, age_s: u64| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_modified(now - Duration::from_secs(age_s)).unwrap();
    };
    make(&program, 50);
    make(&sources.join("command/main.rs"), 60);
    make(&sources.join("command/fixture.rs"), 0);
    make(&sources.join("command/fixture/faces.rs"), 0);
    make(&sources.join("command/snapshots/main.snap"), 0);
    let command = sources.join("command/mod.rs");
    std::fs::write(&command, "#[cfg(any(test, fuzzing))]\npub(crate) mod fixture;\nmod main;\n").unwrap();
    std::fs::File::options().write(true).open(&command).unwrap().set_modified(now - Duration::from_secs(70)).unwrap();
    let check = || stage::assert_current(&program, [sources.clone()], "cargo build");
    check();
    make(&sources.join("command/main.rs"), 40);
    let told = std::panic::catch_unwind(check).unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("rotocel is older than") && told.contains("main.rs: run `cargo build`"), "{told}");
    std::fs::remove_dir_all(&sources).unwrap();
    let told = std::panic::catch_unwind(check).unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("src, which is gone"), "{told}");
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
fn chunks_that_look_at_frames_around_them_are_bit_identical_to_the_whole_sequence() {
    let (shot, tiny) = (shot(7), tiny());
    let folder = shot.path();
    let smooth = ["--set", "output=flat", "--set", "temporal_smoothing=2"];
    let run = |output: &str, more: &[&str]| succeeds(folder, &render(output, &tiny, &[&smooth[..], more].concat()));
    run("whole.%04d.png", &[]);
    for (frames, more) in [("6-7", vec!["--threads", "2"]), ("3-5", vec!["--tiles", "20"]), ("2,1", vec![])] {
        run("parts.%04d.png", &[&["--frames", frames][..], &more].concat());
    }
    succeeds(folder, &render("plain.%04d.png", &tiny, &["--set", "output=flat"]));
    let set = |name: &str| (1..=7).map(|frame| bytes(folder, &format!("{name}.{frame:04}.png"))).collect::<Vec<_>>();
    assert!(set("whole") == set("parts"));
    assert!(set("whole") != set("plain"));
    // A gap is left out, of the frames around one as of those to render.
    std::fs::remove_file(folder.join("shot.0004.png")).unwrap();
    let told = run("gap.%04d.png", &["--skip-missing"]);
    assert!(told.contains("(left out for want of an input: frame 4)"), "{told}");
    // What a wrong number in a farm's job leaves is no work done.
    let nothing = [&smooth[..], &["--skip-missing", "--frames", "90-95"]].concat();
    let told = fails(folder, &render("far.%04d.png", &tiny, &nothing), 3);
    assert!(told.contains("missing frames 90-95; none of the frames") && !told.contains("--skip-missing"), "{told}");
    assert!(!folder.join("gap.0004.png").exists());
    assert_eq!(bytes(folder, "gap.0001.png"), bytes(folder, "whole.0001.png"));
    std::fs::write(folder.join("shot.0004.png"), b"no picture").unwrap();
    let told = fails(folder, &render("x.%04d.png", &tiny, &[&smooth[..], &["--frames", "1-3"]].concat()), 3);
    assert!(told.contains("shot.0004.png"), "{told}");
}

#[test]
fn smoothing_runs_the_network_once_a_look_and_frame() {
    let (shot, tiny) = (shot(6), tiny());
    for (frames, second_look, runs) in [("1-6", "true", 12), ("6,5,4,3,2,1", "true", 12), ("6,5,4,3,2,1", "false", 6)] {
        let look = format!("second_look={second_look}");
        let set = ["--set", "temporal_smoothing=2", "--set", &look, "--frames", frames];
        let arguments = render("o.%04d.png", &tiny, &set);
        let output = std::process::Command::new(program())
            .args(arguments)
            .arg("--bundle")
            .arg(stage::bundle_folder())
            .current_dir(shot.path())
            // Without the cache of the network's results, which would hide a second run.
            .envs([("ROTOCEL_LOG", "info"), ("ROTOCEL_CACHE_MB", "0")])
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        assert_eq!(log.lines().filter(|line| line.contains("ToneSegment: frame ")).count(), runs, "{frames}: {log}");
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
        let model = std::fs::read(root().join("models/tone_fast.onnx")).unwrap();
        sha2::Sha256::digest(model).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let named = format!("tone_fast {hash}");
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
fn frames_that_exist_are_skipped_on_request_and_empty_files_do_not_count() {
    let (shot, tiny) = (shot(3), tiny());
    let folder = shot.path();
    std::fs::write(folder.join("o.0002.png"), b"mine").unwrap();
    std::fs::write(folder.join("o.0003.png"), b"").unwrap();
    let told = succeeds(folder, &render("o.%04d.png", &tiny, &["--skip-existing", "--json"]));
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&summary["frames"], &summary["skipped"]), (&Value::from(2), &Value::from(1)));
    assert_eq!(bytes(folder, "o.0002.png"), b"mine");
    image::open(folder.join("o.0003.png")).unwrap();
}

/// Every file of a folder with its bytes.
fn contents(folder: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn an_output_that_is_an_input_is_refused_before_anything_is_rendered() {
    let (shot, tiny) = (shot(3), tiny());
    let folder = shot.path();
    std::fs::copy(folder.join("shot.0001.png"), folder.join("mask.0001.png")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder, folder.join("here")).unwrap();
    let before = contents(folder);
    let onto = |output: &str, more: &[&str], input: &str| {
        let told = fails(folder, &render(output, &tiny, more), 2);
        for part in ["--output ", "would replace the input", input, "another folder"] {
            assert!(told.contains(part), "{output} {more:?}: {told} lacks {part}");
        }
    };
    onto("shot.%04d.png", &[], "shot.0001.png");
    onto("./shot.####.png", &[], "shot.0001.png");
    onto("shot.%04d.png", &["--skip-existing"], "shot.0001.png");
    onto("shot.0003.png", &["--frames", "1"], "shot.0003.png");
    onto("mask.%04d.png", &["--clip", "Mask=mask.0001.png"], "mask.0001.png");
    #[cfg(unix)]
    onto("here/shot.%04d.png", &["--frames", "2-3"], "shot.0002.png");
    let told = fails(folder, &render("o.%04d.png", &tiny, &["--save-params", "shot.0002.png"]), 2);
    assert!(told.contains("--save-params shot.0002.png"), "{told}");
    for command in ["sheet", "gif"] {
        let told = fails_plain(folder, &[command, "shot.%04d.png", "-o", "shot.0002.png"]);
        assert!(told.contains("--output shot.0002.png") && told.contains("would replace"), "{command}: {told}");
    }
    let told = fails_plain(folder, &["trace", "shot.%04d.png", "./shot.0001.png", "--to", "svg", "--overwrite"]);
    assert!(told.contains("OUTPUT ./shot.0001.png") && told.contains("would replace"), "{told}");
    assert!(contents(folder) == before, "an input was touched, or something was written");
}

/// A command that takes no bundle and must be refused as badly called.
fn fails_plain(folder: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program()).args(arguments).current_dir(folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
    told
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
fn buttons_count_for_the_first_frame_asked_for_and_each_tells_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let input = root().join("models/sample_face/puppet_hand/frames/%04d.jpg").display().to_string();
    let mut arguments =
        vec!["render", "FeatureDetect", "-i", &input, "-o", "o.%04d.png", "--frames", "7,9", "--scale", "0.25"];
    arguments.extend(["--set", "analysis_file=a.json", "--press", "analyse_frame", "--press", "check_device"]);
    let output = rotocel(folder.path(), &arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("analyse_frame: "), "{told}");
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(folder.path().join("a.json")).unwrap()).unwrap();
    assert_eq!(stored["frames"].as_object().unwrap().keys().collect::<Vec<_>>(), ["7"]);
}

#[test]
fn a_button_that_fails_ends_with_a_code_of_its_own_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let input = root().join("models/sample_face/puppet_hand/frames/%04d.jpg").display().to_string();
    let arguments = ["render", "FeatureDetect", "-i", &input, "-o", "o.%04d.png", "--frames", "7", "--scale", "0.25"];
    let unwritable = [&arguments[..], &["--set", "analysis_file=no/a.json", "--press", "analyse_frame"]].concat();
    for (arguments, reason) in [
        (unwritable, "no/a.json cannot be written"),
        ([&arguments[..], &["--press", "export_json"]].concat(), "press Analyse first"),
    ] {
        let output = rotocel(folder.path(), &arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(7), "{told}");
        let last = told.lines().last().unwrap();
        assert!(last.starts_with("error: button ") && last.contains(reason), "{told}");
        assert!(!told.contains("OfxActionInstanceChanged"), "a person reads this: {told}");
    }
}

#[test]
fn the_bundle_scores_the_sample_shot_as_the_training_did() {
    let folder = tempfile::tempdir().unwrap();
    let shot = root().join("models/sample/tone_orbit");
    // Without what the node adds to the network: the scores file knows the network alone.
    let plain = ["edge_refine_px=0", "edge_softness_px=0", "second_look=false"].map(|set| ["--set", set]).concat();
    for model in ["tone_small", "tone_fast"] {
        let set = ["--set", &format!("model={model}")];
        let score = ["score", "tone", shot.to_str().unwrap(), "--json"];
        let told = succeeds(folder.path(), &[&score[..], &plain, &set].concat());
        let scores: Value = serde_json::from_str(&told).unwrap();
        let committed = std::fs::read_to_string(root().join(format!("models/scores/{model}.json"))).unwrap();
        let committed: Value = serde_json::from_str(&committed).unwrap();
        for class in CLASSES {
            let found = scores["columns"][0]["total"]["variants"]["default"]["classes"][class]["iou"].as_f64();
            let expected = committed["sets"]["sample"]["without_mask"]["iou"][class].as_f64();
            let (Some(found), Some(expected)) = (found, expected) else { panic!("{class} has no score: {scores:#}") };
            assert!((found - expected).abs() < 0.01, "{model}, {class}: IoU {found}, in training {expected}");
        }
    }
}

/// Renders one odd picture into an EXR and reads that.
fn rendered(folder: &Path, input: &str, more: &[&str]) -> odd_pictures::Seen {
    let tiny = tiny();
    let base = ["render", "ToneSegment", "-i", input, "-o", "out.exr", "--set", &tiny, "--set", "model=custom"];
    succeeds(folder, &base.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    odd_pictures::Seen::read(&folder.join("out.exr"))
}

#[test]
fn pictures_of_one_pixel_and_of_one_column_are_rendered() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(1, 1), (1, 10_000), (10_000, 1)] {
        image::RgbImage::from_pixel(width, height, image::Rgb([200, 190, 180]))
            .save(folder.path().join("odd.png"))
            .unwrap();
        let seen = rendered(folder.path(), "odd.png", &[]);
        assert_eq!(
            (seen.display_size, seen.data_size),
            ([width as usize, height as usize], [width as usize, height as usize])
        );
        assert!(seen.finite, "{width}×{height}");
    }
}

#[test]
fn a_data_window_off_the_display_window_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for position in [[0, 0], [100, 5], [-40, -300], [1_000_000, 7]] {
        odd_pictures::write(&folder.path().join("off.exr"), position, &["R", "G", "B"]);
        let seen = rendered(folder.path(), "off.exr", &["--depth", "float"]);
        assert_eq!((seen.position, seen.data_size), (position, odd_pictures::SIZE), "the data window");
        assert_eq!(seen.display_size, odd_pictures::SIZE, "the display window");
        assert!(seen.finite);
    }
}

#[test]
fn channels_that_are_missing_and_layers_with_odd_names_are_rendered_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |names: &[&str]| odd_pictures::write(&folder.path().join("odd.exr"), [0, 0], names);
    write(&["R", "G"]);
    rendered(folder.path(), "odd.exr", &[]);
    let odd = "Key Light (größer) %s \"1\".left";
    write(&["Z", &format!("{odd}.R"), &format!("{odd}.G"), &format!("{odd}.B")]);
    let tiny = tiny();
    let render = ["render", "ToneSegment", "-i", "odd.exr", "-o", "o.exr", "--set", &tiny, "--set", "model=custom"];
    let told = fails(folder.path(), &render, 3);
    for part in ["odd.exr", "has no R, G, B", odd, "--layer NAME"] {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
    rendered(folder.path(), "odd.exr", &["--layer", odd]);
    // The layer is Source's; a mask has none.
    let [width, height] = odd_pictures::SIZE.map(|side| side as u32);
    image::GrayImage::new(width, height).save(folder.path().join("mask.png")).unwrap();
    rendered(folder.path(), "odd.exr", &["--layer", odd, "--clip", "Mask=mask.png"]);
    let told = fails(folder.path(), &[&render[..], &["--layer", "..%n"]].concat(), 3);
    assert!(told.contains("odd.exr") && told.contains("has no layer ..%n"), "{told}");
}

/// A PNG that claims to have this width and height.
fn with_size(png: &[u8], side: u32) -> Vec<u8> {
    let mut bytes = png.to_vec();
    bytes[16..24].copy_from_slice(&[side.to_be_bytes(), side.to_be_bytes()].concat());
    damage::repair_png(&mut bytes);
    bytes
}

#[test]
fn broken_pictures_are_told_with_their_names_and_frames_before_them_stay_whole() {
    let (shot, tiny) = (shot(3), tiny());
    let folder = shot.path();
    let whole = bytes(folder, "shot.0003.png");
    let (huge, zero) = (with_size(&whole, 16_384), with_size(&whole, 0));
    let cases = [
        (&whole[..whole.len() / 2], "copy or render it again"),
        (b"", "the file is empty"),
        (&huge, "truncated"),
        (&zero, "copy or render it again"),
    ];
    for (n, (broken, part)) in cases.into_iter().enumerate() {
        std::fs::write(folder.join("shot.0003.png"), broken).unwrap();
        let output = format!("o{n}.%04d.png");
        let told = fails(folder, &render(&output, &tiny, &["--frames", "1-3"]), 3);
        assert!(told.contains("cannot read shot.0003.png: ") && told.contains(part), "{told}");
        assert!(!told.contains("panicked"), "{told}");
        for frame in ["0001", "0002"] {
            image::open(folder.join(format!("o{n}.{frame}.png"))).unwrap();
        }
        assert!(!folder.join(format!("o{n}.0003.png")).exists());
    }
}

#[test]
fn a_header_of_16k_by_16k_is_refused_and_says_how_to_allow_it() {
    let shot = shot(1);
    let folder = shot.path();
    std::fs::write(folder.join("shot.0001.png"), with_size(&bytes(folder, "shot.0001.png"), 16_384)).unwrap();
    let few = ["render", "ToneSegment", "-i", "shot.0001.png", "-o", "o.png", "--max-pixels", "100000000"];
    let told = fails(folder, &few, 3);
    assert!(told.contains("shot.0001.png: 16384×16384") && told.contains("raise --max-pixels"), "{told}");
    let told = fails(folder, &few[..6], 3);
    assert!(told.contains("shot.0001.png: truncated"), "{told}");
}

#[test]
fn a_sequence_that_changes_in_the_middle_is_told_with_the_file_where_it_does() {
    let (shot, tiny) = (shot(4), tiny());
    let folder = shot.path();
    image::RgbImage::from_pixel(30, 20, image::Rgb([90, 90, 90])).save(folder.join("shot.0002.png")).unwrap();
    image::RgbaImage::from_pixel(48, 32, image::Rgba([90, 90, 90, 100])).save(folder.join("shot.0004.png")).unwrap();
    let told = fails(folder, &render("o.%04d.png", &tiny, &[]), 3);
    assert!(told.contains("shot.0002.png is 30×20, but the sequence begins with 48×32"), "{told}");
    assert!(told.contains("cannot read shot.0004.png: it has an alpha channel, unlike shot.0001.png"), "{told}");
    let sizes =
        ["0001", "0002", "0003"].map(|frame| image::image_dimensions(folder.join(format!("o.{frame}.png"))).unwrap());
    assert_eq!(sizes, [(48, 32), (30, 20), (48, 32)]);
    assert!(!folder.join("o.0004.png").exists());
}

/// The pixels of a PNG as they are stored, in 16 bits.
fn stored(folder: &Path, name: &str) -> Vec<[u16; 4]> {
    match image::open(folder.join(name)).unwrap() {
        image::DynamicImage::ImageRgba8(picture) => picture.pixels().map(|p| p.0.map(u16::from)).collect(),
        image::DynamicImage::ImageRgba16(picture) => picture.pixels().map(|p| p.0).collect(),
        other => panic!("{name} is {:?}", other.color()),
    }
}

#[test]
fn the_number_of_a_class_is_a_code_value_in_a_png_of_either_depth() {
    let (shot, tiny) = (shot(1), tiny());
    let folder = shot.path();
    let index = ["--set", "output=index"];
    for (name, depth, white) in [("i8", "8", 255), ("i16", "16", 65535)] {
        let output = format!("{name}.%d.png");
        succeeds(folder, &render(&output, &tiny, &[&index[..], &["--depth", depth]].concat()));
        let pixels = stored(folder, &format!("{name}.1.png"));
        let numbers: std::collections::BTreeSet<u16> = pixels.iter().map(|p| p[0]).collect();
        assert!(numbers.len() > 2 && numbers.iter().all(|n| *n <= 4), "{depth}: {numbers:?}");
        assert!(pixels.iter().all(|p| p[1] == p[0] && p[2] == p[0] && p[3] == white), "{depth}");
    }
    // As the node gives them in floating point.
    succeeds(folder, &render("i.%d.exr", &tiny, &index));
    let image = exr::prelude::read_first_rgba_layer_from_file(
        folder.join("i.1.exr"),
        |size, _| (size.width(), vec![0.0; size.area()]),
        |(width, all): &mut (usize, Vec<f32>), at, (r, _, _, _): (f32, f32, f32, f32)| {
            all[at.y() * *width + at.x()] = r
        },
    );
    let (_, floats) = image.unwrap().layer_data.channel_data.pixels;
    let whole: Vec<f32> = stored(folder, "i8.1.png").iter().map(|p| f32::from(p[0])).collect();
    assert!(floats == whole);
}

#[test]
fn a_matte_in_a_png_is_in_its_colors_as_in_its_alpha() {
    let (shot, tiny) = (shot(1), tiny());
    for output in ["matte", "confidence"] {
        let (name, set) = (format!("{output}.%d.png"), format!("output={output}"));
        succeeds(shot.path(), &render(&name, &tiny, &["--set", &set, "--depth", "16"]));
        let pixels = stored(shot.path(), &format!("{output}.1.png"));
        assert!(pixels.iter().any(|p| (1..65535).contains(&p[0])), "{output} has no soft value");
        assert!(pixels.iter().all(|p| p[..3].iter().all(|v| *v == p[3])), "{output}");
    }
}

#[test]
fn a_cutout_of_white_in_a_png_is_no_matte_and_keeps_its_color() {
    let (folder, tiny) = (tempfile::tempdir().unwrap(), tiny());
    let folder = folder.path();
    image::RgbImage::from_pixel(48, 32, image::Rgb([255; 3])).save(folder.join("white.png")).unwrap();
    image::GrayImage::from_pixel(48, 32, image::Luma([128])).save(folder.join("half.png")).unwrap();
    for (output, color) in [("cutout", 255), ("matte", 128)] {
        let (name, output) = (format!("{output}.png"), format!("output={output}"));
        let base = ["render", "ToneSegment", "-i", "white.png", "--clip", "Mask=half.png", "-o", &name];
        let set = ["--set", &tiny, "--set", "model=custom", "--set", &output, "--depth", "8"];
        succeeds(folder, &[&base[..], &set].concat());
        assert!(stored(folder, &name).iter().all(|p| *p == [color, color, color, 128]), "{output}");
    }
}

#[test]
fn a_mask_of_another_size_is_told_with_both_files_before_anything_is_rendered() {
    let (shot, tiny) = (shot(3), tiny());
    let folder = shot.path();
    for frame in 1..=3 {
        let (width, height) = if frame == 3 { (24, 16) } else { (48, 32) };
        image::GrayImage::new(width, height).save(folder.join(format!("mask.{frame}.png"))).unwrap();
    }
    let mask = |frames| render("o.%04d.png", &tiny, &["--clip", "Mask=mask.%d.png", "--frames", frames]);
    let told = fails(folder, &mask("1-3"), 2);
    for part in ["--clip Mask", "mask.3.png is 24×16", "shot.0003.png is 48×32", "resize"] {
        assert!(told.contains(part), "{told} lacks {part}");
    }
    assert!(!folder.join("o.0001.png").exists());
    succeeds(folder, &mask("1-2"));
    // A button reads the clips too, before the frames to render are looked at.
    let press = render("o.%04d.png", &tiny, &["--clip", "Mask=mask.3.png", "--press", "meter"]);
    assert!(fails(folder, &press, 2).contains("mask.3.png is 24×16"));
}

#[test]
fn the_node_s_own_parameter_says_what_a_mask_takes_where_the_command_line_does_not() {
    let (shot, tiny) = (shot(1), tiny());
    let folder = shot.path();
    let mask = image::RgbaImage::from_fn(48, 32, |x, y| {
        let value = if x < 24 { 255 } else { 0 };
        image::Rgba([value, value, value, if y < 16 { 255 } else { 0 }])
    });
    mask.save(folder.join("mask.png")).unwrap();
    let seen = |more: &[&str]| {
        let start = ["--clip", "Mask=mask.png", "--set", "output=index"];
        succeeds(folder, &render("o.png", &tiny, &[&start[..], more].concat()));
        bytes(folder, "o.png")
    };
    let (alpha, luminance) = (seen(&["--mask-channel", "alpha"]), seen(&["--mask-channel", "luminance"]));
    assert!(alpha != luminance);
    assert!(seen(&[]) == alpha && seen(&["--set", "mask_channel=alpha"]) == alpha);
    assert!(seen(&["--set", "mask_channel=luminance", "--save-params", "look.json"]) == luminance);
    assert!(seen(&["--load-params", "look.json"]) == luminance);
    assert!(seen(&["--set", "mask_channel=luminance", "--mask-channel", "alpha"]) == alpha, "the switch wins");
}

#[test]
fn what_a_node_says_of_a_failure_is_told_once_with_the_frame() {
    let shot = shot(3);
    let bad = format!("custom_model={}", fixture("tiny_wrong_input.onnx").display());
    for threads in ["1", "2"] {
        let told = fails(shot.path(), &render("o.%04d.png", &bad, &["--threads", threads]), 6);
        assert_eq!(told.matches("tiny_wrong_input.onnx").count(), 1, "{told}");
        assert!(told.contains("error: frame 1: ") && !told.contains("kOfx") && !told.contains("OfxImage"), "{told}");
    }
}

#[test]
fn names_that_cannot_be_meant_are_told_in_plain_words() {
    let (shot, tiny) = (shot(1), tiny());
    let folder = shot.path();
    std::fs::write(folder.join("taken"), b"").unwrap();
    for (arguments, code, expected) in [
        (render("taken/x.png", &tiny, &[]), 4, "a part of the path is a file, not a folder"),
        (render("o.png", &tiny, &["--clip", "Mask=no.png"]), 3, "cannot read no.png: there is no such file"),
        (render("o.png", &tiny, &["--clip", "Mask=no.%d.png"]), 3, "no.%d.png: no file of this sequence exists"),
        (render("o", &tiny, &[]), 2, "--output o: the name has no ending; give .png or .exr"),
        (render("o.jpg", &tiny, &[]), 2, "--output o.jpg: .jpg is not written"),
    ] {
        let told = fails(folder, &arguments, code);
        assert!(told.contains(expected), "{told}");
    }
    let unused = ["render", "ToneSegment", "-i", "shot.0001.png", "-o", "o.png", "--set", &tiny];
    let output = rotocel(folder, &unused);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("--set custom_model: it is not used"), "{told}");
    assert!(told.contains("model=custom") && String::from_utf8_lossy(&output.stdout).contains(": 1 frame,"), "{told}");
}
