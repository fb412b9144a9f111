//! `rotocel sheet`: a contact sheet.

use crate::cli::SheetArgs;
use crate::error::{Error, Result};
use crate::frames::write_whole;
use crate::overwrite;
use crate::picture::{Picture, Reel};
use crate::sequence::FrameList;
use image::ImageEncoder as _;

/// Writes frames of the sequences into one PNG: a row for each frame, a column for each sequence.
///
/// # Errors
/// See [`Error`].
pub fn sheet(args: &SheetArgs) -> Result<String> {
    if args.pictures.output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) {
        return Err(Error::Usage(format!("--output {}: a sheet is a PNG", args.pictures.output.display())));
    }
    overwrite::refuse_pictures(&args.pictures)?;
    let reel = Reel::open(&args.pictures)?;
    let shown = spread(&reel.frames, args.rows as usize);
    let rows = shown.iter().map(|frame| reel.at(*frame, args.width as usize)).collect::<Result<Vec<_>>>()?;
    let whole = Picture::stacked(&rows);
    let mut bytes = Vec::new();
    let color = image::ExtendedColorType::Rgb8;
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&whole.rgb, whole.width as u32, whole.height as u32, color)
        .map_err(|e| Error::output(&args.pictures.output, e))?;
    write_whole(&args.pictures.output, &bytes)?;
    let (name, count) = (args.pictures.output.display(), FrameList::count(rows.len()));
    Ok(format!("{name}: {count}, {}×{}\n", whole.width, whole.height))
}

/// At most `most` of the frames, evenly spread, first and last among them.
fn spread(frames: &[i64], most: usize) -> Vec<i64> {
    let count = frames.len().min(most);
    (0..count).map(|i| frames[if count > 1 { i * (frames.len() - 1) / (count - 1) } else { 0 }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_from_the_first_to_the_last() {
        let frames: Vec<i64> = (1..=10).collect();
        assert_eq!(spread(&frames, 4), vec![1, 4, 7, 10]);
        assert_eq!(spread(&frames, 1), vec![1]);
        assert_eq!(spread(&frames[..2], 5), vec![1, 2]);
    }
}
