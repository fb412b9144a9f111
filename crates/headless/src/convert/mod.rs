//! `rotocel convert`: shapes and landmarks from one file format to another.

mod args;
mod cut;
mod output;

use std::ops::RangeInclusive;
use std::path::Path;

use roto::Plate;
use roto::exchange::{Format, Imported, ReadOptions, Scene, TextFile};

pub use args::{ConvertArgs, Keys};
pub use output::{Output, OutputArgs};

use crate::error::{Error, Result};
use crate::frames::read_text;
use crate::sequence::{FrameList, Pattern};

/// Readers take no longer texts.
const MOST_BYTES: u64 = 64 << 20;
/// All files of a sequence together.
const MOST_BYTES_IN_ALL: u64 = 512 << 20;

/// Reads the input, writes the output, and says what was in it.
///
/// # Errors
/// See [`Error`]; nothing is written unless all of it can be said in the output's format.
pub fn convert(args: &ConvertArgs) -> Result<String> {
    let (input, output) = (Pattern::parse(&args.input)?, Output::parse(&args.output, &args.writing)?);
    let imported = read(&input, args)?;
    imported.notes.iter().for_each(|note| log::warn!("{}: {note}", args.input));
    output.write(&imported.scene)?;
    Ok(format!("{}: {}\n", args.output, summary(&imported.scene, output.format())))
}

fn read(input: &Pattern, args: &ConvertArgs) -> Result<Imported> {
    let options = ReadOptions { plate: plate(args), frames: range(args)?, frame_rate: args.frame_rate };
    let frames = input.existing()?;
    if frames.is_empty() {
        return Err(Error::input(Path::new(&args.input), "no such file"));
    }
    let (mut files, mut room) = (Vec::new(), MOST_BYTES_IN_ALL);
    for frame in frames {
        let path = input.path(frame);
        let text = read_text(&path, MOST_BYTES.min(room))?;
        room = room.saturating_sub(text.len() as u64);
        files.push(TextFile { frame: input.is_sequence().then_some(frame), text });
    }
    let format = input_format(args, &files[0])?;
    if input.is_sequence() && !format.is_per_frame() {
        let reason = format!("{} is one file a shot; name that file", format.label());
        return Err(Error::input(Path::new(&args.input), reason));
    }
    let mut imported = format.read(&files, &options).map_err(|found| Error::input(Path::new(&args.input), found))?;
    if format == Format::RotocelShot {
        let plate = imported.scene.plate;
        if options.plate.is_some_and(|given| given != plate) {
            let Plate { x1, y2, width, height, .. } = plate;
            let told = format!("{width}×{height} from {x1},{}", y2 - height);
            log::warn!("--size: {} says itself what its plate is, {told}; that is what counts", args.input);
        }
        options.frames.map_or(Ok(()), |frames| cut::cut(&mut imported.scene, frames))?;
    }
    Ok(imported)
}

/// The format that is asked for, or that of the text, or that of the file's name.
fn input_format(args: &ConvertArgs, first: &TextFile) -> Result<Format> {
    let known = Format::of_text(&first.text).or_else(|| Format::of_file_name(&args.input));
    args.from.as_deref().map_or(known, Format::of_id).ok_or_else(|| {
        let readable = Format::ALL.iter().filter(|format| format.is_readable()).map(|format| format.id());
        let readable: Vec<_> = readable.collect();
        Error::Usage(format!("{}: the format is not known; give --from, one of {}", args.input, readable.join(", ")))
    })
}

fn plate(args: &ConvertArgs) -> Option<Plate> {
    let (width, height) = args.size?;
    let (x1, y1) = args.origin;
    Some(Plate { x1, y2: y1 + height, width, height, pixel_aspect: args.pixel_aspect })
}

fn range(args: &ConvertArgs) -> Result<Option<RangeInclusive<i64>>> {
    let Some(text) = &args.frames else { return Ok(None) };
    let frames = FrameList::parse(text)?;
    let (first, last) = (frames.frames().iter().min(), frames.frames().iter().max());
    Ok(first.zip(last).map(|(&first, &last)| first..=last))
}

fn summary(scene: &Scene, format: Format) -> String {
    let (shapes, landmarks, frames) = (scene.shot.shapes().len(), scene.trackers.len(), scene.shot.frames());
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{}, {shapes} shape{}, {landmarks} landmark{}, frames {}-{}",
        format.label(),
        plural(shapes),
        plural(landmarks),
        frames.start(),
        frames.end()
    )
}
