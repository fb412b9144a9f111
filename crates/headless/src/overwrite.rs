//! Outputs that would replace what they are made from.

use crate::cli::{PicturesArgs, RenderArgs};
use crate::error::{Error, Result};
use crate::sequence::{FrameList, Pattern};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Refuses outputs that are one of the inputs, by whatever path or link each of them is named.
///
/// # Errors
/// [`Error::Usage`] names `option`, the input file and what to do.
pub fn refuse(
    option: &str,
    outputs: impl IntoIterator<Item = PathBuf>,
    inputs: impl IntoIterator<Item = PathBuf>,
) -> Result<()> {
    // Only what exists can be replaced, so a run into a new folder looks at none of its inputs.
    let outputs: BTreeMap<PathBuf, PathBuf> =
        outputs.into_iter().filter_map(|path| Some((std::fs::canonicalize(&path).ok()?, path))).collect();
    if outputs.is_empty() {
        return Ok(());
    }
    let replaced = |input: PathBuf| {
        let real = std::fs::canonicalize(&input).ok().filter(|real| real.is_file())?;
        outputs.get(&real).map(|output| (input, output))
    };
    match inputs.into_iter().find_map(replaced) {
        None => Ok(()),
        Some((input, output)) => Err(Error::Usage(format!(
            "{option}: {} would replace the input {}; write to another folder or under another name",
            output.display(),
            input.display()
        ))),
    }
}

/// [`refuse`] for `render`, before its node is loaded: a button may take an hour.
///
/// # Errors
/// As [`refuse`]; also a list of frames or a name that cannot be read.
pub fn refuse_render(args: &RenderArgs) -> Result<()> {
    let output = args.output.as_deref().map(Pattern::parse).transpose()?;
    let source = args.input.as_deref().map(Pattern::parse).transpose()?;
    let frames = match (&args.frames, &source) {
        (Some(list), _) => FrameList::parse(list)?.frames().to_vec(),
        (None, Some(source)) => existing(source),
        (None, None) => Vec::new(),
    };
    let clips = args.clips.iter().filter_map(|text| text.split_once('=')).map(|(_, files)| Pattern::parse(files));
    let clips = clips.collect::<Result<Vec<_>>>()?;
    let inputs = || source.iter().chain(&clips).flat_map(files);
    if let Some(output) = output {
        refuse(&format!("--output {output}"), frames.iter().map(|frame| output.path(*frame)), inputs())?;
    }
    match &args.save_params {
        Some(path) => refuse(&format!("--save-params {}", path.display()), [path.clone()], inputs()),
        None => Ok(()),
    }
}

/// [`refuse`] for `sheet` and `gif`.
///
/// # Errors
/// As [`refuse`]; also a name that cannot be read.
pub fn refuse_pictures(args: &PicturesArgs) -> Result<()> {
    let sequences = args.inputs.iter().map(|text| Pattern::parse(text)).collect::<Result<Vec<_>>>()?;
    refuse(&named(&args.output), [args.output.clone()], sequences.iter().flat_map(files))
}

fn named(output: &Path) -> String {
    format!("--output {}", output.display())
}

/// Every file of an input, those of frames that are not asked for too.
pub fn files(input: &Pattern) -> Vec<PathBuf> {
    existing(input).into_iter().map(|frame| input.path(frame)).collect()
}

/// What cannot be listed is told where it is read.
fn existing(input: &Pattern) -> Vec<i64> {
    input.existing().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EXIT_USAGE;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        names.iter().for_each(|name| std::fs::write(dir.path().join(name), b"kept").unwrap());
        dir
    }

    #[test]
    fn an_output_that_is_an_input_is_refused_and_told_with_both_names() {
        let dir = folder_with(&["a.png", "b.png"]);
        let at = |name: &str| dir.path().join(name);
        let told = refuse("--output x", [at("c.png"), at("./b.png")], [at("a.png"), at("b.png")]).unwrap_err();
        assert_eq!(told.exit_code(), EXIT_USAGE);
        for part in ["--output x: ", "would replace the input", "b.png", "another folder"] {
            assert!(told.to_string().contains(part), "{told} lacks {part}");
        }
        refuse("--output x", [at("c.png"), at("d/e.png")], [at("a.png"), at("b.png")]).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn links_on_either_side_are_seen_through() {
        let dir = folder_with(&["a.png"]);
        let at = |name: &str| dir.path().join(name);
        std::os::unix::fs::symlink(dir.path(), at("here")).unwrap();
        std::os::unix::fs::symlink(at("a.png"), at("link.png")).unwrap();
        for (output, input) in [("here/a.png", "a.png"), ("a.png", "link.png"), ("link.png", "a.png")] {
            assert!(refuse("--output", [at(output)], [at(input)]).is_err(), "{output} over {input}");
        }
    }

    #[test]
    fn every_frame_of_every_input_counts_whatever_is_asked_for() {
        let dir = folder_with(&["s.0001.png", "s.0002.png", "s.0003.png"]);
        let numbered = |name: &str| Pattern::parse(dir.path().join(name).to_str().unwrap()).unwrap();
        let (source, output) = (numbered("s.%04d.png"), numbered("s.####.png"));
        assert!(refuse("--output", [output.path(3)], files(&source)).is_err());
        refuse("--output", [output.path(4)], files(&source)).unwrap();
    }
}
