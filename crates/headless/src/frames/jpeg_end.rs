//! Whether a JPEG is all there: its markers are followed from the first to the end of the image.

use std::io::{BufRead, Read, Result, Seek, SeekFrom};

/// Start of image, end of image, start of scan.
const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// Whether `file`, read from its beginning, is no JPEG, or one that reaches its end marker.
///
/// # Errors
/// Those of the reader, but for an early end.
pub(super) fn is_whole(file: &mut (impl BufRead + Seek)) -> Result<bool> {
    let mut start = [0; 2];
    if !filled(file, &mut start)? || start != [0xff, SOI] {
        return Ok(true);
    }
    let mut in_scan = false;
    loop {
        let Some(marker) = next_marker(file, in_scan)? else { return Ok(false) };
        match marker {
            EOI => return Ok(true),
            // Restart markers, start of image and the reserved TEM stand alone.
            SOI | 0x01 | 0xd0..=0xd7 => {}
            _ => {
                let mut length = [0; 2];
                if !filled(file, &mut length)? {
                    return Ok(false);
                }
                file.seek(SeekFrom::Current(i64::from(u16::from_be_bytes(length).max(2)) - 2))?;
                in_scan = marker == SOS;
            }
        }
    }
}

/// The next marker: what follows 0xff and is neither filling nor, in a scan, an escaped 0xff of the data.
fn next_marker(file: &mut impl BufRead, in_scan: bool) -> Result<Option<u8>> {
    loop {
        let (used, found) = match file.fill_buf()? {
            [] => return Ok(None),
            buffer => match buffer.iter().position(|byte| *byte == 0xff) {
                Some(at) => (at + 1, true),
                None => (buffer.len(), false),
            },
        };
        file.consume(used);
        if !found {
            continue;
        }
        let mut byte = [0xff];
        while byte[0] == 0xff {
            if !filled(file, &mut byte)? {
                return Ok(None);
            }
        }
        if byte[0] != 0 && !(in_scan && matches!(byte[0], 0xd0..=0xd7)) {
            return Ok(Some(byte[0]));
        }
    }
}

/// Whether there was enough to fill `bytes`.
fn filled(file: &mut impl Read, bytes: &mut [u8]) -> Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn jpeg() -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, (x * y) as u8, 90]));
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    fn whole(bytes: &[u8]) -> bool {
        is_whole(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn a_jpeg_is_whole_with_its_last_marker_and_with_what_cameras_put_behind_it() {
        let bytes = jpeg();
        assert!(whole(&bytes));
        assert!(whole(&[&bytes[..], &[0xff, 0x00, 7, 7]].concat()));
        for length in 2..bytes.len() {
            assert!(!whole(&bytes[..length]), "{length} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn a_thumbnail_s_end_is_not_the_picture_s() {
        let (bytes, thumbnail) = (jpeg(), jpeg());
        // An application segment with a whole JPEG in it, behind the start of the image.
        let mut segment = vec![0xff, 0xe1];
        segment.extend(((thumbnail.len() + 2) as u16).to_be_bytes());
        let nested = [&bytes[..2], &segment, &thumbnail, &bytes[2..]].concat();
        assert!(whole(&nested));
        assert!(!whole(&nested[..nested.len() - 2]));
    }

    #[test]
    fn what_is_no_jpeg_is_not_judged() {
        assert!(whole(b"\x89PNG\r\n\x1a\n") && whole(b"") && whole(b"\xff"));
    }
}
