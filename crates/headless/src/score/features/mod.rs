//! `rotocel score features`: FeatureDetect against annotated shots, through the built bundle.
//!
//! A shot is a folder as `models/training/puppet/README.md` describes it. It is analysed at the node's defaults, where the finder
//! proposes the box, once without de-jitter and once with the node's own; what the node then shows is what it exports as
//! JSON. Distances are in plate pixels and in percent of the eyes' distance.
//!
//! | figure | where |
//! |---|---|
//! | landmarks, curves, untouched frames, presence, false matte | `accuracy` |
//! | jitter, blinks | `steadiness` |
//! | edit effort | `effort`, and `hand_keys` for what it is compared with |

mod accuracy;
mod args;
mod effort;
mod figures;
#[cfg(test)]
mod fixture;
mod hand_keys;
mod node;
mod report;
mod steadiness;
mod truth;

use std::path::PathBuf;
use std::sync::Arc;

use roto::Topology;
use xxhash_rust::xxh3::Xxh3;

pub use args::ScoreFeaturesArgs;

use self::accuracy::Accuracy;
use self::effort::Effort;
use self::hand_keys::HandKeys;
use self::node::{FaceNode, Look};
use self::steadiness::Steadiness;
use self::truth::AnnotatedShot;
use super::folder;
use crate::error::{Error, Result};
use crate::report::Terminal;
use crate::sequence::FrameList;

/// What was measured of one shot, or of several.
#[derive(Debug, Clone, Default)]
struct Score {
    name: String,
    /// Without de-jitter.
    raw: Accuracy,
    /// At the node's defaults.
    steady: Accuracy,
    steadiness: Steadiness,
    /// Without de-jitter, within the annotations' boxes: rough, tight.
    boxes: Option<(Accuracy, Accuracy)>,
    work: Work,
}

/// The simulated artist's work, summed over shots.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    /// Shots that the artist worked on, and those that were right in the end.
    shots: usize,
    content: usize,
    /// Of all of them; what one took that was not right in the end is what it took until the artist stopped.
    effort: Effort,
    by_hand: HandKeys,
}

/// What the table and the file say beside the figures.
struct Facts {
    model: String,
    dejitter: i32,
    data_hash: String,
}

/// Scores the shots and returns the figures, as a table or as JSON.
///
/// # Errors
/// See [`Error`]; whatever is wrong with a shot's folder names its file.
pub fn features(args: &ScoreFeaturesArgs) -> Result<String> {
    check(args)?;
    let topology = Arc::new(Topology::puppet().map_err(|found| Error::Usage(found.to_string()))?);
    let folders = chosen(args, &topology)?;
    super::check_out(&args.run, folders.iter().map(PathBuf::as_path), &[])?;
    let left_out = args.leave_out.as_deref().map(FrameList::parse).transpose()?;
    let left_out: Vec<i64> = left_out.iter().flat_map(|list| list.frames().iter().copied()).collect();
    let terminal = Arc::new(Terminal::new(folders.len(), args.run.json));
    let (mut scores, mut hash) = (Vec::new(), Xxh3::new());
    let mut facts = Facts { model: String::new(), dejitter: 0, data_hash: String::new() };
    for folder in &folders {
        let shot = AnnotatedShot::open(folder, &topology, &left_out)?;
        shot.hash_into(&mut hash)?;
        scores.push((shot.split.clone(), score(&shot, &topology, args, &terminal, &mut facts)?));
        terminal.step();
    }
    terminal.finish();
    facts.data_hash = format!("{:032x}", hash.digest128());
    let told = report::report(&scores, &facts, args);
    let json = format!("{told:#}\n");
    let shown = if args.run.json { json.clone() } else { report::table(&scores, &facts, args) };
    super::write_out(&args.run, &json, &shown)?;
    Ok(shown)
}

/// The longest that the simulated artist may take for a shot: some two months.
const MOST_MINUTES: f64 = 1e5;

fn check(args: &ScoreFeaturesArgs) -> Result<()> {
    if !(args.content_px > 0.0 && args.content_px <= 1000.0) {
        return Err(Error::Usage("--content-px: give a number above 0, up to 1000".into()));
    }
    match args.most_minutes.is_none_or(|minutes| (0.0..=MOST_MINUTES).contains(&minutes)) {
        true => Ok(()),
        false => Err(Error::Usage(format!("--most-minutes: give a number from 0 to {MOST_MINUTES}"))),
    }
}

/// The folders that the arguments name.
fn chosen(args: &ScoreFeaturesArgs, topology: &Topology) -> Result<Vec<PathBuf>> {
    let mut chosen = Vec::new();
    let given = if args.folders.is_empty() { args.sample.as_slice() } else { &args.folders };
    for folder in given {
        for shot in folder::find(folder)? {
            let name = shot.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let split = AnnotatedShot::split(&shot, topology)?;
            let wanted = match args.splits.is_empty() {
                // A folder that is itself a shot is meant whatever it is for.
                true => split != "train" || shot == *folder,
                false => args.splits.contains(&split),
            };
            if wanted && (args.shots.is_empty() || args.shots.iter().any(|text| name.contains(text))) {
                chosen.push(shot);
            }
        }
    }
    match chosen.is_empty() {
        true => Err(Error::Usage("no shot is of these names and splits".into())),
        false => Ok(chosen),
    }
}

fn score(
    shot: &AnnotatedShot,
    topology: &Arc<Topology>,
    args: &ScoreFeaturesArgs,
    terminal: &Arc<Terminal>,
    facts: &mut Facts,
) -> Result<Score> {
    let analysed = |look, dejitter| FaceNode::analysed(shot, topology, look, dejitter, args, terminal);
    let raw = analysed(Look::Finder, Some(0))?.shown(None)?;
    let node = analysed(Look::Finder, None)?;
    let steady = node.shown(None)?;
    (facts.model, facts.dejitter) = (node.model(), node.dejitter());
    let within = |look: Look| -> Result<Option<Accuracy>> {
        if !args.boxes || shot.frames.values().any(|truth| look.square(truth).is_none()) {
            return Ok(None);
        }
        Ok(Some(Accuracy::of(shot, &analysed(look, Some(0))?.shown(None)?, topology)))
    };
    let mut work = Work::default();
    if !args.no_effort {
        let effort = effort::corrected(shot, &node, &steady, topology, args)?;
        let by_hand = HandKeys::of(shot, args.content_px);
        work = Work { shots: 1, content: usize::from(effort.content), effort, by_hand };
    }
    Ok(Score {
        name: shot.name.clone(),
        raw: Accuracy::of(shot, &raw, topology),
        steady: Accuracy::of(shot, &steady, topology),
        steadiness: Steadiness::of(shot, &steady, &raw, topology),
        boxes: within(Look::Rough)?.zip(within(Look::Tight)?),
        work,
    })
}

impl Score {
    /// Several shots as one.
    fn joined<'a>(name: &str, shots: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self { name: name.to_owned(), ..Self::default() };
        for shot in shots {
            all.raw.join(&shot.raw);
            all.steady.join(&shot.steady);
            all.steadiness.join(&shot.steadiness);
            all.work.join(shot.work);
            if let Some((rough, tight)) = &shot.boxes {
                let own = all.boxes.get_or_insert_default();
                own.0.join(rough);
                own.1.join(tight);
            }
        }
        all
    }
}

impl Work {
    fn join(&mut self, other: Self) {
        self.shots += other.shots;
        self.content += other.content;
        self.effort.landmarks += other.effort.landmarks;
        self.effort.vertices += other.effort.vertices;
        self.effort.presence += other.effort.presence;
        self.by_hand.shape_keys += other.by_hand.shape_keys;
        self.by_hand.edits += other.by_hand.edits;
    }

    /// The artist's edits over those of a shot by hand alone.
    fn ratio(&self) -> Option<f64> {
        (self.by_hand.edits > 0).then(|| self.effort.edits() as f64 / self.by_hand.edits as f64)
    }
}
