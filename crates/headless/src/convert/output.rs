use std::path::{Path, PathBuf};

use clap::Args;
use roto::exchange::{Format, Scene, WriteOptions};

use super::Keys;
use super::args::writable;
use crate::error::{Error, Result};
use crate::frames::{check_writable, write_whole};
use crate::overwrite;
use crate::sequence::Pattern;

/// How shapes are written to a file.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// The format of the output; by its name otherwise.
    #[arg(long, value_name = "FORMAT", value_parser = writable())]
    pub to: Option<String>,
    /// Keys of the output: keep those of the input, reduce to the fewest within the tolerance, every frame, or a number
    /// for every n-th frame.
    #[arg(long, value_name = "keep|reduce|every|N", default_value = "keep")]
    pub keys: Keys,
    /// How far a shape with reduced keys may be off, in pixels of the plate.
    #[arg(long, value_name = "PX", default_value_t = 0.5)]
    pub tolerance: f64,
    /// Name of the node, layer or composition that is written.
    #[arg(long, value_name = "NAME", default_value = "Rotocel")]
    pub name: String,
    /// Leave landmarks out.
    #[arg(long)]
    pub no_tracks: bool,
    /// Replace files that exist.
    #[arg(long)]
    pub overwrite: bool,
}

/// Where shapes are written, and in which format.
#[derive(Debug)]
pub struct Output {
    files: Pattern,
    format: Format,
    args: OutputArgs,
}

impl Output {
    /// The format that is asked for, or that of the file's name.
    ///
    /// # Errors
    /// [`Error::Usage`] when neither names one, or the name does not fit it.
    pub fn parse(text: &str, args: &OutputArgs) -> Result<Self> {
        let files = Pattern::parse(text)?;
        let named = || Format::of_file_name(text);
        let format = args.to.as_deref().map_or_else(named, Format::of_id).ok_or_else(|| {
            let known: Vec<_> =
                Format::ALL.iter().map(|format| format!("{} (.{})", format.id(), format.extension())).collect();
            Error::Usage(format!("{text}: no format has this name; give --to, one of {}", known.join(", ")))
        })?;
        let (label, extension) = (format.label(), format.extension());
        match (format.is_per_frame(), files.is_sequence()) {
            (true, false) => Err(Error::Usage(format!(
                "{text}: {label} has a file for each frame; name a sequence, such as shot.%04d.{extension}"
            ))),
            (false, true) => Err(Error::Usage(format!("{text}: {label} is one file; leave the frame number out"))),
            _ => Ok(Self { files, format, args: args.clone() }),
        }
    }

    /// The format that is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Refuses to replace what is read, whatever `--overwrite` says.
    ///
    /// # Errors
    /// As [`overwrite::refuse`].
    pub fn refuse_inputs(&self, frames: &[i64], inputs: Vec<PathBuf>) -> Result<()> {
        let outputs = frames.iter().map(|frame| self.files.path(*frame));
        overwrite::refuse(&format!("OUTPUT {}", self.files), outputs, inputs)
    }

    /// Says before an hour's work that the files of these frames exist and are not to be replaced, or cannot be written.
    ///
    /// # Errors
    /// [`Error::Output`] or [`Error::DiskFull`].
    pub fn check(&self, frames: &[i64]) -> Result<()> {
        let paths: Vec<_> = match self.files.is_sequence() {
            true => frames.iter().map(|frame| self.files.path(*frame)).collect(),
            false => vec![self.files.path(0)],
        };
        self.refuse_existing(&paths)?;
        paths.first().map_or(Ok(()), |path| check_writable(path))
    }

    fn refuse_existing(&self, paths: &[PathBuf]) -> Result<()> {
        match paths.iter().find(|path| !self.args.overwrite && path.is_file()) {
            Some(path) => Err(Error::output(path, "it exists; replace it with --overwrite, or choose another name")),
            None => Ok(()),
        }
    }

    /// Writes the scene, and warns of what the format cannot say.
    ///
    /// # Errors
    /// [`Error::Output`]; nothing is written unless all of it can be said in the format.
    pub fn write(&self, scene: &Scene) -> Result<()> {
        let Self { files, format, args } = self;
        let (keys, name) = (args.keys.mode(args.tolerance), args.name.clone());
        let options = WriteOptions { keys, name, include_tracks: !args.no_tracks };
        let whole = files.to_string();
        let written = format.write(scene, &options).map_err(|found| Error::output(Path::new(&whole), found))?;
        let paths: Vec<_> = written.files.iter().map(|file| files.path(file.frame.unwrap_or_default())).collect();
        self.refuse_existing(&paths)?;
        for (path, file) in paths.iter().zip(&written.files) {
            write_whole(path, file.text.as_bytes())?;
        }
        written.notes.iter().for_each(|note| log::warn!("{whole}: {note}"));
        Ok(())
    }
}
