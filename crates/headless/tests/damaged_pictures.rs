//! Every reader of pictures on damaged files: an error that names the file, or a picture, and never more memory than
//! `--max-pixels` promises.

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod seeds;

use damage::{Fuzz, finds, no_repair, repair_png};
use exr::prelude::Vec2;
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
            seeds::assert_sound(info, &frame, MAX_PIXELS);
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

fn fuzz(reader: &str, seeds: &[Vec<u8>], count: usize, repair: damage::Repair) {
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
    fuzz(".png", &seeds::png(), 800, repair_png);
}

#[test]
fn damaged_jpeg_files_are_refused_or_read_within_bounds() {
    fuzz(".jpg", &seeds::jpeg(), 800, no_repair);
}

#[test]
fn damaged_tiff_files_are_refused_or_read_within_bounds() {
    fuzz(".tif", &seeds::tiff(), 800, no_repair);
}

#[test]
fn damaged_exr_files_are_refused_or_read_within_bounds() {
    fuzz(".exr", &seeds::exr(), 800, no_repair);
}

#[test]
fn what_was_found_once_is_read_again() {
    let _alone = alone();
    frames::hush_decoders();
    for path in finds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/finds/pictures")) {
        let started = std::time::Instant::now();
        let _ = check(&path, None);
        assert!(started.elapsed().as_secs() < 5, "{} took {:?}", path.display(), started.elapsed());
    }
}

/// Every seed, with the extension of its files.
fn all_seeds() -> Vec<(&'static str, Vec<u8>)> {
    let kinds = [("png", seeds::png()), ("jpg", seeds::jpeg()), ("tif", seeds::tiff()), ("exr", seeds::exr())];
    kinds.into_iter().flat_map(|(kind, files)| files.into_iter().map(move |file| (kind, file))).collect()
}

#[test]
fn a_file_cut_anywhere_is_refused_or_has_lost_no_pixel() {
    let _alone = alone();
    frames::hush_decoders();
    let dir = tempfile::tempdir().unwrap();
    for (n, (kind, bytes)) in all_seeds().into_iter().enumerate() {
        let path = dir.path().join(format!("whole{n}.{kind}"));
        std::fs::write(&path, &bytes).unwrap();
        let whole = check(&path, None).unwrap_or_else(|e| panic!("a seed cannot be read: {e}"));
        let cut = dir.path().join(format!("cut{n}.{kind}"));
        let mut refused = 0;
        for length in (0..bytes.len()).step_by(1 + bytes.len() / 150) {
            std::fs::write(&cut, &bytes[..length]).unwrap();
            match check(&cut, None) {
                // A format may end in what no pixel needs: a checksum, a directory's last word.
                Ok(frame) => {
                    assert_eq!(frame.pixels, whole.pixels, "{length} of {} bytes of {}", bytes.len(), path.display())
                }
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 90, "only {refused} cuts of {} were refused", path.display());
    }
}

/// Changes 32-bit numbers behind a mark in a file.
fn put(bytes: &mut [u8], mark: &[u8], skip: usize, values: &[u32], order: fn(u32) -> [u8; 4]) {
    let start = bytes.windows(mark.len()).position(|w| w == mark).expect("the mark") + mark.len() + skip;
    for (n, value) in values.iter().enumerate() {
        bytes[start + n * 4..][..4].copy_from_slice(&order(*value));
    }
}

/// The bytes that were taken to refuse a file, with every pixel allowed that may be by default.
fn memory_to_refuse(path: &Path) -> (usize, String) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let error = frames::read(path, &ReadOptions::default()).expect_err("refused").to_string();
    (MEMORY.peak_usage().saturating_sub(before), error)
}

#[test]
fn a_header_of_16k_by_16k_takes_no_memory() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let mut files = vec![("png", seeds::png().remove(1)), ("exr", seeds::exr().remove(3))];
    put(&mut files[0].1, b"IHDR", 0, &[16_384, 16_384], u32::to_be_bytes);
    repair_png(&mut files[0].1);
    put(&mut files[1].1, b"dataWindow\0box2i\0\x10\0\0\0", 8, &[16_383, 16_383], u32::to_le_bytes);
    put(&mut files[1].1, b"chunkCount\0int\0\x04\0\0\0", 0, &[1024], u32::to_le_bytes);
    // Two shorts after the start of the frame and its length and depth.
    let mut jpeg = seeds::jpeg().remove(0);
    let sof = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    jpeg[sof + 5..sof + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    files.push(("jpg", jpeg));
    for (kind, bytes) in files {
        let path = dir.path().join(format!("huge.{kind}"));
        std::fs::write(&path, &bytes).unwrap();
        let (taken, error) = memory_to_refuse(&path);
        assert!(taken < 24 << 20, "{kind}: {taken} bytes");
        assert!(error.contains(&format!("huge.{kind}")) && error.contains("truncated"), "{error}");
        let few = ReadOptions { max_pixels: 1 << 20, ..Default::default() };
        let told = frames::inspect(&path, &few).unwrap_err().to_string();
        assert!(told.contains("16384×16384") && told.contains("--max-pixels"), "{told}");
    }
}

#[test]
fn an_exr_of_a_thousand_channels_takes_the_memory_of_those_that_are_read() {
    let _alone = alone();
    let names: Vec<String> =
        (0..1000).map(|n| format!("id.{n:04}")).chain(["R", "G", "B"].map(str::to_owned)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bytes = seeds::sized_exr(Vec2(256, 256), &names);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.exr");
    std::fs::write(&path, bytes).unwrap();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let frame = frames::read(&path, &ReadOptions::default()).unwrap();
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert_eq!(frame.pixels.len(), 256 * 256 * 3);
    // All channels are 130 MB of halves; blocks of 16 lines, a few at once, are the most that is needed.
    assert!(taken < 96 << 20, "{taken} bytes");
}

#[test]
fn an_exr_whose_header_promises_gigabytes_of_channels_takes_no_memory() {
    let _alone = alone();
    let names: Vec<String> = (0..1000).map(|n| format!("id.{n:04}")).chain(["R".to_owned()]).collect();
    let mut bytes = seeds::sized_exr(Vec2(16, 16), &names.iter().map(String::as_str).collect::<Vec<_>>());
    put(&mut bytes, b"dataWindow\0box2i\0\x10\0\0\0", 8, &[4095, 4095], u32::to_le_bytes);
    put(&mut bytes, b"chunkCount\0int\0\x04\0\0\0", 0, &[256], u32::to_le_bytes);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.exr");
    std::fs::write(&path, &bytes).unwrap();
    let (taken, error) = memory_to_refuse(&path);
    assert!(taken < 24 << 20, "{taken} bytes");
    assert!(error.contains("many.exr: truncated") && error.contains("1001 channels"), "{error}");
}

#[test]
fn an_exr_that_names_one_block_twice_is_refused_rather_than_read_with_a_hole() {
    let _alone = alone();
    // Two blocks: two places of eight bytes each, and the first block behind them.
    let mut bytes = seeds::sized_exr(Vec2(20, 18), &["R", "G", "B"]);
    let place = |at: usize| (at as u64 + 16).to_le_bytes();
    let table = (0..bytes.len() - 16).find(|&at| bytes[at..at + 8] == place(at)).expect("the table of offsets");
    bytes.copy_within(table..table + 8, table + 8);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("twice.exr");
    std::fs::write(&path, &bytes).unwrap();
    let error = check(&path, None).expect_err("refused");
    assert!(error.contains("twice.exr: damaged") && error.contains("table of offsets"), "{error}");
}
