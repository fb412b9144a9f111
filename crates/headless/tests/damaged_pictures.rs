//! Every reader of pictures on damaged files: an error that names the file, or a picture, and never more memory than
//! `--max-pixels` promises.

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod seeds;

use damage::{Fuzz, no_repair, repair_png};
use headless::frames::{self, Frame, ReadOptions};
use peak_alloc::PeakAlloc;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory is counted for the whole process, so the tests of this file take turns.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `--max-pixels` is set to here.
const MAX_PIXELS: u64 = 1 << 16;

/// The promise: 64 bytes for each pixel that `--max-pixels` allows, which is a picture as the file stores it and as floats,
/// and what a decoder needs besides.
fn most_memory(max_pixels: u64) -> usize {
    (max_pixels * 64 + (24 << 20)) as usize
}

/// Reads a file and holds the outcome against what readers promise.
fn check(path: &Path, layer: Option<&str>) -> Result<Frame, String> {
    let options = ReadOptions { layer: layer.map(str::to_owned), max_pixels: MAX_PIXELS };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let info = frames::inspect(path, &options);
    let frame = frames::read(path, &options);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= most_memory(MAX_PIXELS), "reading took {taken} bytes");
    match frame {
        Ok(frame) => {
            let info = info.expect("what can be read can be looked at");
            assert_eq!((info.bounds, info.display), (frame.bounds, frame.display));
            let area = frame.bounds.width() * frame.bounds.height();
            assert!(area > 0 && area as u64 <= MAX_PIXELS, "{:?}", frame.bounds);
            assert_eq!(frame.pixels.len(), area * frame.components.count());
            Ok(frame)
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(path.file_name().unwrap().to_str().unwrap()), "the file is not named: {text}");
            assert!(!text.contains('\n') && text.len() < 2000, "{text}");
            Err(text)
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn fuzz(reader: &str, seeds: &[Vec<u8>], count: usize, repair: fn(&mut Vec<u8>)) {
    let _alone = alone();
    let (mut pictures, mut refused, mut caught) = (0, 0, 0);
    // Decoders of other people do panic; it is caught, and counted.
    frames::hush_decoders();
    let fuzz = Fuzz { reader, seeds, words: &[], count, repair, knowing: None };
    fuzz.run(&folder(), |path, bytes| {
        let layer = (bytes.len() % 5 == 0 && reader == ".exr").then_some("tone.key");
        match check(path, layer) {
            Ok(_) => pictures += 1,
            Err(text) => {
                refused += 1;
                caught += usize::from(text.contains("gave up"));
            }
        }
    });
    println!("{reader}: {pictures} pictures, {refused} refused, among them {caught} decoders that panicked");
    // Damage that nobody notices, or that nothing gets through, shows nothing of a reader.
    assert!(pictures > count / 50 && refused > count / 5, "{reader}: {pictures} pictures, {refused} refused");
}

#[test]
fn damaged_png_files_are_refused_or_read_within_bounds() {
    fuzz(".png", &seeds::png(), 1500, repair_png);
}

#[test]
fn damaged_jpeg_files_are_refused_or_read_within_bounds() {
    fuzz(".jpg", &seeds::jpeg(), 1500, no_repair);
}

#[test]
fn damaged_tiff_files_are_refused_or_read_within_bounds() {
    fuzz(".tif", &seeds::tiff(), 1500, no_repair);
}

#[test]
fn damaged_exr_files_are_refused_or_read_within_bounds() {
    fuzz(".exr", &seeds::exr(), 1500, no_repair);
}
