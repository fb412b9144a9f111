//! A bundle whose files were lost or damaged after it was installed: the render fails with a message that names the file,
//! and the host and every other bundle go on. Each test has a copy of the bundle, which the loader takes for another one.

mod stage;

use ofx_sdk::Context;
use ofx_sdk::host::*;
use ofx_sdk::{FrameRange, Result};
use stage::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

const MODEL: &str = "Resources/models/tone_fast.onnx";

/// A copy of the bundle in a folder of its own.
struct Copy {
    _folder: TempDir,
    contents: PathBuf,
    binary: PathBuf,
}

impl Copy {
    /// The bundle's binary, model and library, below a folder of this name.
    fn new(name: &str) -> Self {
        let built = bundle().path();
        let from = built.bundle.join("Contents");
        let platform = built.binary.strip_prefix(&from).unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let contents = folder.path().join(name).join("Rotocel.ofx.bundle/Contents");
        let library = library_of(&from.join(platform.parent().unwrap()));
        for file in [platform.clone(), library.strip_prefix(&from).unwrap().to_owned(), MODEL.into()] {
            let to = contents.join(&file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(from.join(&file), to).unwrap();
        }
        let binary = contents.join(platform);
        Self { _folder: folder, contents, binary }
    }

    fn model(&self) -> PathBuf {
        self.contents.join(MODEL)
    }

    fn library(&self) -> PathBuf {
        library_of(self.binary.parent().unwrap())
    }

    /// A node of this copy, with the shipped model and a picture.
    fn node(&self, host: &Host) -> Instance {
        let opened = Bundle::open(self.binary.ancestors().nth(3).unwrap()).unwrap();
        assert_eq!(opened.path().binary, self.binary);
        node(host, &opened)
    }
}

/// The file of ONNX Runtime in a folder.
fn library_of(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.to_string_lossy().contains("onnxruntime")).expect("the bundle has ONNX Runtime")
}

fn node(host: &Host, bundle: &Bundle) -> Instance {
    let range = FrameRange { min: 1.0, max: 10.0 };
    let plugin = host.load(bundle, TONE_SEGMENT).unwrap();
    let node = plugin.create(Context::General, Project::new(64.0, 48.0, range)).unwrap();
    node.connect("Source", Arc::new(StillSource::new(frame(64, 48, scenery), range))).unwrap();
    node
}

fn renders(node: &Instance) -> Result<HostImage> {
    render(node, &RenderRequest::at(1.0))
}

/// Fails with a message that holds these parts, while a whole bundle in the same process renders.
fn fails_saying(host: &Host, node: &Instance, parts: &[&str]) {
    let message = failure(node);
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
    assert!(host.messages().iter().any(|m| m.text.contains(parts[0])), "the artist was not told: {message}");
}

#[test]
fn a_bundle_with_spaces_quotes_and_other_scripts_in_its_path_renders() {
    let host = harsh_host();
    let copy = Copy::new("a plug-in's \"folder\" größer 模型 %s #");
    renders(&copy.node(&host)).unwrap();
    assert_well_behaved(&host);
}

#[test]
fn a_lost_or_damaged_model_is_named_and_its_return_is_enough() {
    let host = harsh_host();
    let copy = Copy::new("bundle");
    let node = copy.node(&host);
    let whole = std::fs::read(copy.model()).unwrap();
    std::fs::remove_file(copy.model()).unwrap();
    fails_saying(&host, &node, &["tone_fast.onnx", "ROTOCEL_MODEL_PATH", "install the bundle again"]);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let damaged: [(&[u8], &str); 4] = [
        (&flipped, "expected SHA-256"),
        (&whole[..whole.len() / 2], "expected SHA-256"),
        (b"this is no model", "expected SHA-256"),
        (b"", "the file is empty"),
    ];
    for (bytes, part) in damaged {
        std::fs::write(copy.model(), bytes).unwrap();
        fails_saying(&host, &node, &[copy.model().to_str().unwrap(), part]);
    }
    std::fs::write(copy.model(), whole).unwrap();
    renders(&node).unwrap();
    assert_well_behaved(&host);
}

#[test]
fn a_damaged_model_is_refused_by_its_hash_before_onnx_runtime_is_even_loaded() {
    let host = harsh_host();
    let copy = Copy::new("bundle");
    std::fs::remove_file(copy.library()).unwrap();
    let node = copy.node(&host);
    let mut bytes = std::fs::read(copy.model()).unwrap();
    bytes[1000] ^= 16;
    std::fs::write(copy.model(), bytes).unwrap();
    fails_saying(&host, &node, &["tone_fast.onnx", "expected SHA-256"]);
}

#[test]
fn a_missing_onnx_runtime_is_named_and_other_bundles_render() {
    let host = harsh_host();
    let copy = Copy::new("bundle");
    let library = copy.library();
    let whole = std::fs::read(&library).unwrap();
    std::fs::remove_file(&library).unwrap();
    let bare = copy.node(&host);
    fails_saying(&host, &bare, &["libonnxruntime", "was not found at", "install the bundle again"]);
    renders(&node(&host, bundle())).unwrap();
    // The node looks for what it told the artist.
    std::fs::write(library.with_file_name("libonnxruntime.so"), whole).unwrap();
    renders(&bare).unwrap();
    assert_well_behaved(&host);
}

#[test]
fn what_is_no_onnx_runtime_is_named_and_a_whole_one_in_its_place_renders() {
    let host = harsh_host();
    let copy = Copy::new("bundle");
    let library = copy.library();
    let name = library.to_str().unwrap();
    let whole = std::fs::read(&library).unwrap();
    let node = copy.node(&host);
    for bytes in [&whole[..whole.len() / 2], b"this is no library", b""] {
        std::fs::write(&library, bytes).unwrap();
        fails_saying(&host, &node, &[name, "cannot be used as ONNX Runtime", "install the bundle again"]);
    }
    std::fs::write(&library, whole).unwrap();
    renders(&node).unwrap();
    assert_well_behaved(&host);
}

/// A shared library from C, or nothing where there is no compiler.
fn compiled(library: &Path, code: &str) -> Option<()> {
    let source = library.with_file_name("impostor.c");
    std::fs::write(&source, code).unwrap();
    match Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(library).arg(&source).status() {
        Ok(status) => assert!(status.success(), "cc failed"),
        Err(error) => {
            eprintln!("SKIPPED: libraries that are not ONNX Runtime cannot be made: cc: {error}");
            return None;
        }
    }
    Some(())
}

/// What a version 1.17 answers: its version, and no interface as new as ours.
const OLDER: &str = r#"
    struct base { const void *(*api)(unsigned); const char *(*version)(void); };
    static const void *api(unsigned version) { return 0; }
    static const char *version(void) { return "1.17.3"; }
    static struct base base = { api, version };
    const struct base *OrtGetApiBase(void) { return &base; }"#;

#[test]
fn an_older_onnx_runtime_and_a_foreign_library_are_named_and_other_bundles_render() {
    for (code, part) in [(OLDER, "1.17.3"), ("int zlibVersion(void) { return 1; }", "OrtGetApiBase")] {
        let host = harsh_host();
        let copy = Copy::new("bundle");
        let library = copy.library();
        std::fs::remove_file(&library).unwrap();
        if compiled(&library, code).is_none() {
            return;
        }
        let name = library.to_str().unwrap();
        fails_saying(&host, &copy.node(&host), &[name, part, "install the bundle again"]);
        renders(&node(&host, bundle())).unwrap();
        assert_well_behaved(&host);
    }
}
