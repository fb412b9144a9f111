//! Pictures: our layer over the decoders of others, and our own look at TIFF directories, JPEG ends and EXR headers.

use std::io::Write as _;

use headless::frames::{self, ReadOptions};

use crate::{Target, assert_readable};

#[path = "../../crates/headless/tests/seeds/mod.rs"]
mod seeds;

pub(crate) const PICTURES: Target = Target {
    name: "pictures",
    seeds: || [seeds::png(), seeds::jpeg(), seeds::tiff(), seeds::exr()].concat(),
    words: &[
        b"IHDR",
        b"IDAT",
        b"\xff\xd9",
        b"\xff\xc0",
        b"II*\0",
        b"dataWindow\0box2i\0",
        b"channels\0chlist\0",
        b"\xff\xff\xff\xff",
    ],
    // The package headless has tests of its own, which know the formats and count memory.
    cases: 150,
    run: pictures,
};

/// What `--max-pixels` is set to.
const MAX_PIXELS: u64 = 1 << 16;

/// The name of a file of the kind that the bytes begin as.
fn suffix(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', ..] => ".png",
        [0xff, 0xd8, ..] => ".jpg",
        [b'I', b'I', ..] | [b'M', b'M', ..] => ".tif",
        _ => ".exr",
    }
}

fn pictures(bytes: &[u8]) -> bool {
    // Readers take files, not bytes.
    let mut file = tempfile::Builder::new().suffix(suffix(bytes)).tempfile().expect("a folder to write into");
    file.write_all(bytes).and_then(|()| file.flush()).expect("room for a small file");
    let options = ReadOptions { layer: None, max_pixels: MAX_PIXELS };
    let info = frames::inspect(file.path(), &options);
    match frames::read(file.path(), &options) {
        Ok(frame) => {
            seeds::assert_sound(info, &frame, MAX_PIXELS);
            true
        }
        Err(error) => {
            assert_readable(&error);
            false
        }
    }
}
