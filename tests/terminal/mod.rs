//! The program `rotocel` at a terminal: started, and what it leaves behind.
#![allow(dead_code)] // each test file uses a part of it

use crate::stage::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What builds the program.
const BUILD: &str = "cargo build -p headless";

/// The program beside this test: `target/debug/rotocel`, built by the tests of its own crate. Fails when it is older than
/// what it is built from. (Cargo lists that beside a program only after `cargo build`, never after `cargo test`.)
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let program = test.ancestors().nth(2).unwrap().join(format!("rotocel{}", std::env::consts::EXE_SUFFIX));
        assert!(program.is_file(), "{} is missing: run `{BUILD}`", program.display());
        let sources =
            ["crates/headless/src", "crates/imaging/src", "crates/roto/src", "ofx-sdk/src", "ofx-sdk/src/host"];
        assert_current(&program, sources.map(|source| root().join(source)), BUILD);
        program
    })
}

pub fn rotocel(folder: &Path, arguments: &[&str]) -> Output {
    bundle(); // fails when it is older than the sources
    Command::new(program()).args(arguments).arg("--bundle").arg(bundle_folder()).current_dir(folder).output().unwrap()
}

pub fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = rotocel(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn fails(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = rotocel(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    told
}

/// A folder with a shot of `frames` PNGs, 48 × 32, and the tiny network chosen by a file of parameters.
pub fn shot(frames: u32) -> tempfile::TempDir {
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

pub fn tiny() -> String {
    format!("custom_model={}", fixture("tiny_tone.onnx").display())
}

pub fn render<'a>(output: &'a str, tiny: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["render", "ToneSegment", "-i", "shot.%04d.png", "-o", output, "--set", tiny, "--set", "model=custom"];
    base.into_iter().chain(more.iter().copied()).collect()
}

pub fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}
