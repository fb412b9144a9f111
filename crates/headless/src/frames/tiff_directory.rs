//! What a TIFF's first directory claims, held against its file before a decoder believes it: a few damaged bytes make the
//! decoder reserve hundreds of megabytes for values that are not there.

use std::io::{BufRead, ErrorKind, Read, Result, Seek, SeekFrom};

/// Tags of the width and height of tiles.
const TILE_SIDES: [u16; 2] = [322, 323];

/// Why the first directory cannot be right, if so. What is no TIFF is not judged.
///
/// # Errors
/// Those of the reader, but for an early end.
pub(super) fn fault(file: &mut (impl BufRead + Seek), length: u64, max_pixels: u64) -> Result<Option<String>> {
    match judge(file, length, max_pixels) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(Some("truncated: its directory is cut off".to_owned())),
        outcome => outcome,
    }
}

fn judge(file: &mut (impl BufRead + Seek), length: u64, max_pixels: u64) -> Result<Option<String>> {
    let mut start = [0; 4];
    if length < 8 {
        return Ok(None);
    }
    file.read_exact(&mut start)?;
    let (big_endian, big) = match &start {
        b"II*\0" => (false, false),
        b"MM\0*" => (true, false),
        b"II+\0" => (false, true),
        b"MM\0+" => (true, true),
        _ => return Ok(None),
    };
    let number = |file: &mut dyn Read, bytes: usize| -> Result<u64> {
        let mut all = [0; 8];
        file.read_exact(&mut all[..bytes])?;
        Ok(if big_endian { u64::from_be_bytes(all) >> (64 - bytes * 8) } else { u64::from_le_bytes(all) })
    };
    if big {
        number(file, 4)?;
    }
    let word = if big { 8 } else { 4 };
    let directory = number(file, word)?;
    file.seek(SeekFrom::Start(directory))?;
    let entries = number(file, if big { 8 } else { 2 })?;
    let mut tile = 1_u64;
    for _ in 0..entries {
        let (tag, kind, count) = (number(file, 2)? as u16, number(file, 2)?, number(file, word)?);
        let value = number(file, word)?;
        let bytes = count.saturating_mul(bytes_of(kind));
        if bytes > word as u64 && value.saturating_add(bytes) > length {
            return Ok(Some(format!("damaged or truncated: tag {tag} has {bytes} bytes, which the file does not")));
        }
        if TILE_SIDES.contains(&tag) {
            // A number of 16 bits stands at the beginning of the field.
            let short = big_endian && kind == 3;
            tile = tile.saturating_mul(if short { value >> (word * 8 - 16) } else { value });
        }
    }
    // Tiles reach past the edges of a small picture.
    let most = max_pixels.max(1 << 20);
    Ok((tile > most).then(|| format!("one tile has {tile} pixels; raise --max-pixels if it is right")))
}

/// Bytes of one value of a type.
fn bytes_of(kind: u64) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn judged(bytes: &[u8]) -> Option<String> {
        fault(&mut Cursor::new(bytes), bytes.len() as u64, 1 << 20).unwrap()
    }

    /// A directory of one entry, little-endian.
    fn tiff(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0\x01\0".to_vec();
        bytes.extend(tag.to_le_bytes().into_iter().chain(kind.to_le_bytes()));
        bytes.extend(count.to_le_bytes().into_iter().chain(value.to_le_bytes()));
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn values_that_lie_outside_the_file_are_a_fault() {
        assert_eq!(judged(&tiff(273, 4, 1, u32::MAX)), None, "one value stands in the entry itself");
        assert_eq!(judged(&tiff(273, 4, 2, 8)), None);
        assert!(judged(&tiff(273, 4, 1 << 28, 8)).unwrap().contains("tag 273"));
        assert!(judged(&tiff(273, 3, 3, 25)).unwrap().contains("6 bytes"));
        assert!(judged(&tiff(322, 4, 1, 1 << 30)).unwrap().contains("--max-pixels"));
        assert!(judged(&tiff(273, 4, 1, 0)[..15]).unwrap().contains("cut off"));
    }

    #[test]
    fn whole_files_of_every_order_and_others_have_no_fault() {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(40, 30).write_to(&mut bytes, image::ImageFormat::Tiff).unwrap();
        assert_eq!(judged(bytes.get_ref()), None);
        assert_eq!(judged(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(judged(b"MM\0*\0\0\0\x08\0\x01\x01\x42\0\x03\0\0\0\x01\0\x40\0\0\0\0\0\0"), None);
    }
}
