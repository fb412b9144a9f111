//! `rotocel score tone`: a node against labelled shots, through the built bundle.
//!
//! A shot is a folder with `shot.json`, `frames/%04d.png` or `.exr`, `labels/%04d.png` with class numbers 0-4, and
//! optionally `subject/%04d.png`, which goes to the Mask clip on request. Other numbers in `labels`, such as 255, are left out.

use crate::cli::{MaskChannel, ScoreToneArgs};
use crate::error::{Error, Result};
use crate::frames::{self, ReadOptions};
use crate::report::{Terminal, interrupted, on_interrupt};
use crate::sequence::Pattern;
use crate::session::{Session, Setup};
use imaging::metrics::{ConfusionMatrix, boundary_f};
use ndarray::Array2;
use ofx_sdk::Depth;
use ofx_sdk::host::{HostImage, RenderRequest};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tones, by number.
pub const CLASSES: [&str; 5] = ["background", "highlight", "material", "diffuse_shadow", "cast_shadow"];

/// What was counted.
#[derive(Clone, Debug)]
struct Tally {
    frames: usize,
    confusion: ConfusionMatrix,
    /// Sum over frames of each class's boundary F, and how many frames had one.
    boundaries: [(f64, usize); CLASSES.len()],
}

impl Tally {
    fn new() -> Self {
        Self { frames: 0, confusion: ConfusionMatrix::new(CLASSES.len()), boundaries: Default::default() }
    }

    fn add(&mut self, truth: &Array2<u8>, found: &Array2<u8>, boundary_px: f64) -> imaging::Result<()> {
        self.confusion.add(truth.view(), found.view(), None)?;
        for (class, (sum, count)) in self.boundaries.iter_mut().enumerate() {
            if let Some(f) = boundary_f(truth.view(), found.view(), class as u8, boundary_px)? {
                *sum += f;
                *count += 1;
            }
        }
        self.frames += 1;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> imaging::Result<()> {
        self.confusion.merge(&other.confusion)?;
        for (own, other) in self.boundaries.iter_mut().zip(other.boundaries) {
            own.0 += other.0;
            own.1 += other.1;
        }
        self.frames += other.frames;
        Ok(())
    }

    fn boundary(&self, class: usize) -> Option<f64> {
        let (sum, count) = self.boundaries[class];
        (count > 0).then(|| sum / count as f64)
    }

    fn to_json(&self) -> Value {
        let classes: serde_json::Map<String, Value> = CLASSES
            .iter()
            .enumerate()
            .map(|(n, name)| {
                ((*name).to_owned(), json!({ "iou": self.confusion.iou(n), "boundary_f": self.boundary(n) }))
            })
            .collect();
        let rows: Vec<Vec<u64>> = self.confusion.counts().rows().into_iter().map(|r| r.to_vec()).collect();
        json!({
            "frames": self.frames,
            "accuracy": self.confusion.accuracy(),
            "mean_iou": self.confusion.mean_iou(0..CLASSES.len()),
            "mean_iou_of_tones": self.confusion.mean_iou(1..CLASSES.len()),
            "classes": classes,
            "confusion": rows,
        })
    }
}

/// Renders the shots and prints the figures.
///
/// # Errors
/// See [`Error`]; a shot without frames or labels is an error that names it.
pub fn tone(args: &ScoreToneArgs) -> Result<String> {
    if !(args.boundary_px >= 0.0 && args.boundary_px <= 1000.0) {
        return Err(Error::Usage("--boundary-px: give a number from 0 to 1000".into()));
    }
    let shots = shots(&args.shots)?;
    let terminal = Arc::new(Terminal::new(shots.len(), args.json));
    let mut total = Tally::new();
    let mut each = Vec::new();
    for shot in &shots {
        let tally = score_shot(shot, args, &terminal)?;
        total.merge(&tally).map_err(|e| Error::input(shot, e))?;
        each.push((shot, tally));
        terminal.step();
    }
    terminal.finish();
    if args.json {
        let shots: Vec<Value> = each
            .iter()
            .map(|(shot, tally)| {
                let mut value = tally.to_json();
                value["shot"] = json!(shot.file_name().map(|n| n.to_string_lossy()));
                value
            })
            .collect();
        let whole = json!({
            "node": args.node,
            "settings": args.settings.set,
            "boundary_px": args.boundary_px,
            "total": total.to_json(),
            "shots": shots,
        });
        return Ok(format!("{whole:#}\n"));
    }
    Ok(table(&each, &total, args.boundary_px))
}

/// The folders that are shots: those given, or those inside them.
fn shots(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in given {
        if folder.join("shot.json").is_file() {
            found.push(folder.clone());
            continue;
        }
        let entries = std::fs::read_dir(folder).map_err(|e| Error::input(folder, e))?;
        let mut inside: Vec<PathBuf> =
            entries.flatten().map(|e| e.path()).filter(|p| p.join("shot.json").is_file()).collect();
        if inside.is_empty() {
            return Err(Error::input(folder, "is no labelled shot: it has no shot.json, and no folder in it has one"));
        }
        inside.sort();
        found.append(&mut inside);
    }
    Ok(found)
}

/// Files of a shot: `frames/%04d.png`, or `.exr` where that exists.
fn files(shot: &Path, kind: &str) -> Result<Option<Pattern>> {
    for extension in ["png", "exr"] {
        let folder = shot.join(kind);
        if !folder.is_dir() {
            continue;
        }
        let pattern = Pattern::parse(&folder.join(format!("%04d.{extension}")).to_string_lossy())?;
        if !pattern.existing()?.is_empty() {
            return Ok(Some(pattern));
        }
    }
    Ok(None)
}

fn score_shot(shot: &Path, args: &ScoreToneArgs, terminal: &Arc<Terminal>) -> Result<Tally> {
    let needed =
        |kind: &str| files(shot, kind)?.ok_or_else(|| Error::input(&shot.join(kind), "there are no files %04d.png"));
    let (pictures, labels) = (needed("frames")?, needed("labels")?);
    let text = frames::read_text(&shot.join("shot.json"), 1 << 20)?;
    let facts: Value = serde_json::from_str(&text).map_err(|e| Error::input(&shot.join("shot.json"), e))?;
    let subject = files(shot, "subject")?.filter(|_| args.mask);
    let clips: Vec<String> = subject.iter().map(|subject| format!("Mask={subject}")).collect();
    let setup = Setup {
        node: &args.node,
        bundle: &args.bundle,
        context: None,
        input: Some(pictures.clone()),
        clips: &clips,
        mask_channel: MaskChannel::Luminance,
        settings: &args.settings,
        forced: &["output=index"],
        colorspace: facts.get("colorspace").and_then(Value::as_str).map(str::to_owned),
        read: ReadOptions::default(),
        frame_rate: facts.get("frame_rate").and_then(Value::as_f64),
        threads: args.threads,
    };
    let session = Session::open(&setup, terminal.clone())?;
    let abort = session.instance.abort_handle();
    on_interrupt(move || abort.abort());
    let shown = pictures.existing()?;
    let frames: Vec<i64> = labels.existing()?.into_iter().filter(|f| shown.binary_search(f).is_ok()).collect();
    if frames.is_empty() {
        return Err(Error::input(shot, "no frame has both a picture and labels"));
    }
    tally(&session, &labels, &frames, args)
}

fn tally(session: &Session, labels: &Pattern, frames: &[i64], args: &ScoreToneArgs) -> Result<Tally> {
    let mut tally = Tally::new();
    let mut failure = None;
    let times: Vec<f64> = frames.iter().map(|f| *f as f64).collect();
    let request = RenderRequest { depth: Some(Depth::Float), ..RenderRequest::default() };
    let mut one = |frame: i64, rendered: ofx_sdk::Result<Vec<(String, HostImage)>>| -> Result<()> {
        if interrupted() {
            return Err(Error::Interrupted { done: tally.frames, total: frames.len() });
        }
        let images = rendered.map_err(|e| session.cause(frame, &e))?;
        if let Some(error) = session.take_file_error(frame) {
            return Err(error);
        }
        let failed = |reason: String| Error::Render { frame, reason };
        let (_, image) = images.first().ok_or_else(|| failed("the plug-in gave no picture".into()))?;
        let path = labels.path(frame);
        let truth = read_labels(&path)?;
        let found = class_numbers(image, truth.dim()).map_err(failed)?;
        tally.add(&truth, &found, args.boundary_px).map_err(|e| Error::input(&path, e))
    };
    let each = |time: f64, rendered| match one(time.round() as i64, rendered) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    };
    let ran = session.instance.render_range(&times, session.frames_at_once, &request, each);
    match (failure, ran) {
        (Some(error), _) => Err(error),
        (None, Err(e)) => Err(Error::Render { frame: frames[0], reason: e.to_string() }),
        (None, Ok(())) => Ok(tally),
    }
}

/// Class numbers of an 8-bit grey file, lowest row first.
fn read_labels(path: &Path) -> Result<Array2<u8>> {
    let frame = frames::read(path, &ReadOptions::default())?;
    if frame.depth != Depth::Byte {
        return Err(Error::input(path, "labels are 8-bit files whose values are class numbers"));
    }
    let count = frame.components.count();
    let numbers = frame.pixels.iter().step_by(count).map(|v| (v * 255.0).round() as u8).collect();
    Array2::from_shape_vec((frame.bounds.height(), frame.bounds.width()), numbers).map_err(|e| Error::input(path, e))
}

/// The output `index` as class numbers over the shot's frame.
fn class_numbers(image: &HostImage, (height, width): (usize, usize)) -> std::result::Result<Array2<u8>, String> {
    let (own_width, own_height) = (image.bounds.width(), image.bounds.height());
    if (own_height, own_width) != (height, width) {
        return Err(format!("the plug-in gave {own_width}×{own_height} pixels, the labels are {width}×{height}"));
    }
    let top = (CLASSES.len() - 1) as f32;
    let values = image.to_f32();
    // The number stands in every color channel.
    let numbers = values.iter().step_by(image.components.count()).map(|v| v.round().clamp(0.0, top) as u8).collect();
    Array2::from_shape_vec((height, width), numbers).map_err(|e| e.to_string())
}

fn table(shots: &[(&PathBuf, Tally)], total: &Tally, boundary_px: f64) -> String {
    let percent = |v: Option<f64>| v.map_or("      -".to_owned(), |v| format!("{v:7.4}"));
    let mut text = format!("{:<24} {:>6}", "shot", "frames");
    CLASSES.iter().for_each(|name| {
        let _ = write!(text, " {name:>14}");
    });
    let _ = writeln!(text, " {:>8} {:>8}", "mean IoU", "accuracy");
    let name = |shot: &Path| shot.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let rows = shots.iter().map(|(shot, tally)| (name(shot), tally));
    for (name, tally) in rows.chain(std::iter::once(("all".to_owned(), total))) {
        let _ = write!(text, "{name:<24} {:>6}", tally.frames);
        for class in 0..CLASSES.len() {
            let _ = write!(text, " {:>14}", percent(tally.confusion.iou(class)));
        }
        let mean = percent(tally.confusion.mean_iou(0..CLASSES.len()));
        let _ = writeln!(text, " {mean:>8} {:>8}", percent(tally.confusion.accuracy()));
    }
    let _ = write!(text, "{:<31}", format!("boundary F at {boundary_px} px"));
    for class in 0..CLASSES.len() {
        let _ = write!(text, " {:>14}", percent(total.boundary(class)));
    }
    let _ = writeln!(text, "\n\npixels: true class down, found class across");
    for (name, row) in CLASSES.iter().zip(total.confusion.counts().rows()) {
        let _ = write!(text, "{name:<31}");
        for count in row {
            let _ = write!(text, " {count:>14}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_prediction_scores_one_and_a_missing_class_scores_nothing() {
        let truth = Array2::from_shape_fn((8, 8), |(y, _)| if y < 4 { 0u8 } else { 2 });
        let mut tally = Tally::new();
        tally.add(&truth, &truth, 2.0).unwrap();
        let json = tally.to_json();
        assert_eq!(json["classes"]["material"]["iou"], json!(1.0));
        assert_eq!(json["classes"]["material"]["boundary_f"], json!(1.0));
        assert_eq!(json["classes"]["highlight"]["iou"], Value::Null);
        assert_eq!(json["accuracy"], json!(1.0));
        assert_eq!(json["confusion"][2][2], json!(32));
    }

    #[test]
    fn a_folder_that_is_no_shot_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = shots(&[dir.path().to_path_buf()]).unwrap_err();
        assert!(error.to_string().contains("shot.json"));
        assert_eq!(error.exit_code(), crate::error::EXIT_INPUT);
    }

    #[test]
    fn labels_are_read_as_numbers_and_not_as_brightness() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0001.png");
        image::GrayImage::from_raw(2, 2, vec![0, 1, 4, 255]).unwrap().save(&path).unwrap();
        assert_eq!(read_labels(&path).unwrap(), ndarray::array![[4, 255], [0, 1]]);
    }
}
