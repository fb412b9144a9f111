//! `rotocel merge`: analyses of a shot's chunks, or corrections of several artists, as one file.

use crate::error::{Error, Result};
use crate::frames::{read_text, write_whole};
use clap::Args;
use roto::{Analysis, Edits};
use std::path::{Path, PathBuf};

/// The longest file that is read.
const MOST_BYTES: u64 = 1 << 30;

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Files that FeatureDetect wrote as its Analysis file, or the corrections beside them; all of one kind.
    #[arg(required = true)]
    pub parts: Vec<PathBuf>,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Merges, writes, and says what was merged. Parts must not contradict each other: the frame on which they do is named.
///
/// # Errors
/// See [`Error`].
pub fn merge(args: &MergeArgs) -> Result<String> {
    let texts =
        args.parts.iter().map(|path| Ok((path.as_path(), read_text(path, MOST_BYTES)?))).collect::<Result<Vec<_>>>()?;
    let (text, frames) = match Kind::of(&texts[0].1) {
        Kind::Edits => {
            let parts = parsed(&texts, Edits::parse)?;
            let whole = Edits::merged(parts).map_err(refused)?;
            (whole.write().map_err(refused)?, whole.frames().count())
        }
        Kind::Analysis => {
            let parts = parsed(&texts, Analysis::parse)?;
            let whole = Analysis::merged(parts).map_err(refused)?;
            (whole.write().map_err(refused)?, whole.len())
        }
    };
    write_whole(&args.output, text.as_bytes())?;
    Ok(format!("{}: {frames} frames of {} files\n", args.output.display(), texts.len()))
}

/// What a file holds, by its first words; a file of neither kind is refused as an analysis, with what is wrong.
enum Kind {
    Analysis,
    Edits,
}

impl Kind {
    fn of(text: &str) -> Self {
        let format = serde_json::from_str::<serde_json::Value>(text);
        let format = format.ok().and_then(|whole| whole.get("format")?.as_str().map(str::to_owned));
        if format.is_some_and(|format| format.starts_with("rotocel-edits-")) { Self::Edits } else { Self::Analysis }
    }
}

fn parsed<T>(texts: &[(&Path, String)], parse: impl Fn(&str) -> roto::Result<T>) -> Result<Vec<T>> {
    texts.iter().map(|(path, text)| parse(text).map_err(|error| Error::input(path, error))).collect()
}

fn refused(error: roto::Error) -> Error {
    Error::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::{Point, Rect};
    use roto::{FrameAnalysis, Landmark, LandmarkSet, Plate, Topology};

    const PLATE: Plate = Plate { x1: 0.0, y2: 96.0, width: 128.0, height: 96.0, pixel_aspect: 1.0 };

    fn chunk(frames: std::ops::RangeInclusive<i64>) -> Analysis {
        let topology = Topology::puppet().unwrap();
        let mut analysis = Analysis::new(&topology, "tiny 00", PLATE).unwrap();
        for frame in frames {
            let landmarks = LandmarkSet::new(vec![Landmark::visible(Point::new(frame as f64, 7.0)); 45]).unwrap();
            let crop = Rect::new(0.0, 0.0, 64.0, 64.0);
            let found = FrameAnalysis { landmarks, presence: vec![1.0; 9], crop, picture: frame as u64 };
            analysis.insert(frame, found).unwrap();
        }
        analysis
    }

    #[test]
    fn chunks_become_one_analysis_and_what_cannot_be_merged_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("a.json"), chunk(1..=4).write().unwrap()).unwrap();
        std::fs::write(file("b.json"), chunk(4..=9).write().unwrap()).unwrap();
        std::fs::write(file("broken.json"), "{\"format\": \"rotocel-analysis-1\"").unwrap();
        let args = |parts: &[&str]| MergeArgs {
            parts: parts.iter().map(|name| file(name)).collect(),
            output: file("all.json"),
        };
        let message = merge(&args(&["a.json", "broken.json"])).unwrap_err().to_string();
        assert!(message.contains("broken.json") && !file("all.json").exists(), "{message}");
        let told = merge(&args(&["a.json", "b.json"])).unwrap();
        assert!(told.contains("9 frames of 2 files"), "{told}");
        let whole = Analysis::parse(&std::fs::read_to_string(file("all.json")).unwrap()).unwrap();
        assert_eq!(whole, chunk(1..=9));
    }

    #[test]
    fn corrections_are_merged_as_corrections() {
        let folder = tempfile::tempdir().unwrap();
        let topology = Topology::puppet().unwrap();
        let parts: Vec<PathBuf> = (1..=2_i64)
            .map(|frame| {
                let mut edits = Edits::new(&topology, PLATE).unwrap();
                edits.set_landmark(frame, 3, Point::new(5.0, 6.0)).unwrap();
                let path = folder.path().join(format!("{frame}.edits.json"));
                std::fs::write(&path, edits.write().unwrap()).unwrap();
                path
            })
            .collect();
        let output = folder.path().join("all.edits.json");
        merge(&MergeArgs { parts, output: output.clone() }).unwrap();
        let whole = Edits::parse(&std::fs::read_to_string(output).unwrap()).unwrap();
        assert_eq!(whole.frames().count(), 2);
    }
}
