//! Files that are no ONNX Runtime, or not one that can be used. A process loads one library, so each case has its own:
//! the test starts this very program again.
#![cfg(target_os = "linux")]

mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fixture::{fixture, gray, never, request};
use inference::{Engine, EngineConfig, Error, Model, ModelEntry};
use tempfile::{TempDir, tempdir};

const VARIABLE: &str = "ROTOCEL_TEST_LIBRARIES";
const MARK: &str = "outcome: ";

/// Not a test of its own: what the child process does with the libraries that it is given, one after the other.
#[test]
fn child_process() {
    let Some(libraries) = std::env::var_os(VARIABLE) else { return };
    let text = r#"{"name": "m", "label": "M", "node": "N", "stride": 16, "colorspace": "srgb",
        "classes": ["a", "b", "c", "d", "e"], "input": [
            {"name": "image", "role": "image", "channels": 3, "range": [0, 1]},
            {"name": "subject", "role": "subject", "channels": 1, "range": [0, 1], "absent": 0.5}],
        "output": {"name": "logits", "channels": 5}}"#;
    let entry = ModelEntry::from_json(text, Path::new("m.json")).unwrap();
    let path = fixture("tiny_tone.onnx");
    for library in std::env::split_paths(&libraries) {
        let engine = Engine::new(EngineConfig::new(library));
        // The file is read and described without the library, so that only the run needs it.
        let model = Arc::new(Model { entry: entry.clone(), path: path.clone(), sha256: hash(&path) });
        match engine.infer(request(&model, gray(16, 16, 0.5)), &never) {
            Ok(_) => println!("\n{MARK}ran"),
            Err(error @ (Error::Library { .. } | Error::LibraryMissing { .. })) => println!("\n{MARK}{error}"),
            Err(error) => println!("\n{MARK}another error: {error:?}"),
        }
        assert!(engine.custom_model(&path).is_ok() || engine.stats().sessions == 0);
    }
}

fn hash(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// What became of each library in a process of its own, which must end in peace.
fn outcomes(libraries: &[&Path]) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, std::env::join_paths(libraries).unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {text}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    text.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned).collect()
}

fn refused(library: &Path, part: &str) {
    let outcomes = outcomes(&[library]);
    let name = library.file_name().unwrap().to_str().unwrap();
    assert_eq!(outcomes.len(), 1);
    let outcome = &outcomes[0];
    assert!(outcome.contains(name) && outcome.contains(part), "{outcome} lacks {name} or {part}");
    assert!(outcome.contains("install the bundle again"), "{outcome}");
}

/// A shared library that claims to be ONNX Runtime.
fn impostor(folder: &TempDir, definitions: &[&str]) -> PathBuf {
    let (source, library) = (folder.path().join("impostor.c"), folder.path().join("impostor.so"));
    let code = r#"
        struct base { const void *(*api)(unsigned); const char *(*version)(void); };
        static const void *api(unsigned version) { return 0; }
        static const char *version(void) { return VERSION; }
        static struct base base = { api, version };
        const struct base *OrtGetApiBase(void) { return BASE; }"#;
    std::fs::write(&source, code).unwrap();
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).args(definitions).status();
    assert!(compiled.unwrap().success());
    library
}

#[test]
fn the_real_library_runs() {
    assert_eq!(outcomes(&[&fixture::library()]), ["ran"]);
}

#[test]
fn a_missing_library_says_where_it_was_expected() {
    refused(Path::new("/no/such/libonnxruntime.so"), "not found at /no/such");
}

#[test]
fn a_text_file_is_no_library() {
    let folder = tempdir().unwrap();
    let text = folder.path().join("libonnxruntime.so");
    std::fs::write(&text, "hello").unwrap();
    refused(&text, "cannot be used");
    std::fs::write(&text, "").unwrap();
    refused(&text, "cannot be used");
}

#[test]
fn half_a_library_is_no_library() {
    let folder = tempdir().unwrap();
    let half = folder.path().join("libonnxruntime.so");
    let whole = std::fs::read(fixture::library()).unwrap();
    // The loader itself would end the process with SIGBUS.
    for length in [100, 1 << 12, 1 << 20, whole.len() / 2, whole.len() * 99 / 100] {
        std::fs::write(&half, &whole[..length]).unwrap();
        refused(&half, "cannot be used");
    }
}

#[test]
fn another_shared_library_is_not_onnx_runtime() {
    let maths = [
        "/lib/x86_64-linux-gnu/libm.so.6",
        "/lib64/libm.so.6",
        "/usr/lib/libm.so.6",
        "/lib/aarch64-linux-gnu/libm.so.6",
    ];
    let maths = maths.iter().map(Path::new).find(|path| path.is_file()).expect("a C library");
    refused(maths, "OrtGetApiBase");
}

#[test]
fn an_older_version_is_named_with_what_is_needed() {
    let folder = tempdir().unwrap();
    refused(&impostor(&folder, &["-DVERSION=\"1.17.3\"", "-DBASE=&base"]), "1.17.3");
}

#[test]
fn a_library_that_lies_about_itself_is_an_error() {
    for definitions in [["-DVERSION=\"1.31.1\"", "-DBASE=&base"], ["-DVERSION=\"1.31.1\"", "-DBASE=0"]] {
        let folder = tempdir().unwrap();
        refused(&impostor(&folder, &definitions), "cannot be used");
    }
    let folder = tempdir().unwrap();
    refused(&impostor(&folder, &["-DVERSION=\"soon\"", "-DBASE=&base"]), "soon");
}

#[test]
fn after_a_bad_library_a_good_one_still_loads() {
    let folder = tempdir().unwrap();
    let old = impostor(&folder, &["-DVERSION=\"1.17.3\"", "-DBASE=&base"]);
    let real = fixture::library();
    let missing = Path::new("/no/such/libonnxruntime.so");
    let outcomes = outcomes(&[missing, &old, &real, missing]);
    assert!(outcomes[0].contains("not found") && outcomes[1].contains("1.17.3"), "{outcomes:?}");
    // The process keeps the library that it has.
    assert_eq!(outcomes[2..], ["ran", "ran"]);
}
