//! `rotocel convert`: shapes and landmarks from one file format to another.

mod args;

use std::ops::RangeInclusive;
use std::path::Path;

use roto::Plate;
use roto::exchange::{Format, Imported, ReadOptions, Scene, TextFile, WriteOptions, Written};

pub use args::{ConvertArgs, Keys};

use crate::error::{Error, Result};
use crate::frames::{read_text, write_whole};
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
    let (input, output) = (Pattern::parse(&args.input)?, Pattern::parse(&args.output)?);
    let to = output_format(args, &output)?;
    let imported = read(&input, args)?;
    imported.notes.iter().for_each(|note| log::warn!("{}: {note}", args.input));
    let written = write(&imported.scene, to, &output, args)?;
    written.notes.iter().for_each(|note| log::warn!("{}: {note}", args.output));
    Ok(format!("{}: {}\n", args.output, summary(&imported.scene, to)))
}

/// The format that is asked for, or that of the file's name; and whether the name fits it.
fn output_format(args: &ConvertArgs, output: &Pattern) -> Result<Format> {
    let named = || Format::of_file_name(&args.output);
    let format = args.to.as_deref().map_or_else(named, Format::of_id).ok_or_else(|| {
        let known: Vec<_> =
            Format::ALL.iter().map(|format| format!("{} (.{})", format.id(), format.extension())).collect();
        Error::Usage(format!("{}: no format has this name; give --to, one of {}", args.output, known.join(", ")))
    })?;
    match (format.is_per_frame(), output.is_sequence()) {
        (true, false) => Err(Error::Usage(format!(
            "{}: {} has a file for each frame; name a sequence, such as shot.%04d.{}",
            args.output,
            format.label(),
            format.extension()
        ))),
        (false, true) => {
            Err(Error::Usage(format!("{}: {} is one file; leave the frame number out", args.output, format.label())))
        }
        _ => Ok(format),
    }
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
    format.read(&files, &options).map_err(|found| Error::input(Path::new(&args.input), found))
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

fn write(scene: &Scene, format: Format, output: &Pattern, args: &ConvertArgs) -> Result<Written> {
    let options =
        WriteOptions { keys: args.keys.mode(args.tolerance), name: args.name.clone(), include_tracks: !args.no_tracks };
    let whole = Path::new(&args.output);
    let written = format.write(scene, &options).map_err(|found| Error::output(whole, found))?;
    let paths: Vec<_> = written.files.iter().map(|file| output.path(file.frame.unwrap_or_default())).collect();
    if let Some(path) = paths.iter().find(|path| !args.overwrite && path.is_file()) {
        return Err(Error::output(path, "it exists; replace it with --overwrite, or choose another name"));
    }
    for (path, file) in paths.iter().zip(&written.files) {
        write_whole(path, file.text.as_bytes())?;
    }
    Ok(written)
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
