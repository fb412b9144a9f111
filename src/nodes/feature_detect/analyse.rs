//! The walk over a shot: from Source to stored landmarks.

use super::face::{Picture, Seen, placed};
use super::locate::Manner;
use super::networks::{NetworkEyes, Networks};
use super::results::plate_of;
use super::settings::{AnalysisSettings, FeatureDetectSettings};
use super::steady::Run;
use super::{CROP, FeatureDetect};
use crate::nodes::analysis::{End, Plan, listed, range_of, read_text, store_in_file, walk};
use crate::nodes::picture;
use imaging::color::NetworkEncoder;
use kurbo::{Point, Rect};
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, Result};
use roto::{Analysis, FrameAnalysis, FrameState, Plate};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

/// A pixel of the Crop input counts as covered from here on.
const LEAST_COVERAGE: f32 = 0.02;

/// What the artist asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The frames of the range that were not analysed, or whose picture has changed.
    Range,
    /// The current frame, anew.
    ThisFrame,
}

/// Analyses, stores what was found, and says what was done.
///
/// # Errors
/// What keeps the analysis from beginning; what stops it on the way is part of the answer.
pub fn analyse(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, wish: Wish) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    // Before anything is asked of the host: what is damaged is never overwritten.
    let stored = known_so_far(effect, &settings)?;
    let mut walk = Walk::new(args, &settings, &networks, stored.as_deref())?;
    // What another model found is given up for a whole new analysis only.
    let replaced = stored.filter(|stored| !stored.is_empty() && walk.analysis.is_empty());
    if let (Some(old), Wish::ThisFrame) = (&replaced, wish) {
        let reason = format!("the stored analysis is by {}: press Analyse to replace all of it", told_model(old));
        return Err(Error::node(reason));
    }
    let (plan, range) = walk.plan(wish)?;
    let end = walk.go(&plan)?;
    let Walk { analysis, lost, dark, .. } = walk;
    let mut status = summary(&end, &analysis, &range, &lost, &dark);
    if plan.visit.is_empty() {
        status += "; to look again with other settings, press Clear analysis first";
    }
    if let (Some(old), End::Cancelled | End::Failed(..)) = (&replaced, &end) {
        status += &format!("; the analysis by {} stays, since this one is not whole", told_model(old));
        return args.params().set(AnalysisSettings::status, status);
    }
    if !args.host().supports_temporal_access && wish == Wish::Range {
        status += "; this host gives a node no other frame than the current one: analyse each, or on a farm";
    }
    store(effect, args, &settings, analysis, &networks.id(), &status)
}

/// What was found before: in the project, or in a file that a farm or another session wrote, which is gone on with.
fn known_so_far(effect: &FeatureDetect, settings: &FeatureDetectSettings) -> Result<Option<Arc<Analysis>>> {
    if let Some(stored) = effect.store.analysis(settings)? {
        return Ok(Some(stored));
    }
    let path = Path::new(settings.analysis.analysis_file.trim());
    if path.as_os_str().is_empty() || !path.exists() {
        return Ok(None);
    }
    let wrong = |error: roto::Error| {
        Error::node(format!("{}: {error}; an analysis would replace it, so give another Analysis file", path.display()))
    };
    Analysis::parse(&read_text(path)?).map(|found| Some(Arc::new(found))).map_err(wrong)
}

/// The model of an analysis, without its hash.
fn told_model(analysis: &Analysis) -> &str {
    analysis.model().split_whitespace().next().unwrap_or("another model")
}

/// One analysis on its way.
struct Walk<'r, 'a> {
    args: &'r ChangedArgs<'a, FeatureDetect>,
    settings: &'r FeatureDetectSettings,
    networks: &'r Networks,
    encoder: NetworkEncoder,
    analysis: Analysis,
    plate: Plate,
    /// Frames on which no face was found.
    lost: BTreeSet<i64>,
    /// Frames of which Source gave no picture; what is known of them stays.
    dark: BTreeSet<i64>,
}

impl<'r, 'a> Walk<'r, 'a> {
    fn new(
        args: &'r ChangedArgs<'a, FeatureDetect>,
        settings: &'r FeatureDetectSettings,
        networks: &'r Networks,
        stored: Option<&Analysis>,
    ) -> Result<Self> {
        let usable =
            stored.filter(|stored| stored.check(networks.topology()).is_ok() && stored.model() == networks.id());
        let analysis = match usable {
            Some(stored) => stored.clone(),
            None => {
                let plate = match stored {
                    Some(stored) => *stored.plate(),
                    None => source_plate(args, args.time)?,
                };
                Analysis::new(networks.topology(), networks.id(), plate).map_err(Error::node)?
            }
        };
        let encoder = NetworkEncoder::new(settings.analysis.source_colorspace.0, settings.analysis.exposure as f32);
        let plate = *analysis.plate();
        let (lost, dark) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { args, settings, networks, encoder, analysis, plate, lost, dark })
    }

    fn reach(&self) -> usize {
        self.settings.analysis.dejitter.max(0) as usize
    }

    /// Which frames to look at, and the range that the artist means.
    fn plan(&mut self, wish: Wish) -> Result<(Plan, RangeInclusive<i64>)> {
        let args = self.args;
        let now = args.time.round() as i64;
        let range = match wish {
            Wish::Range if args.host().supports_temporal_access => {
                range_of(args, self.settings.analysis.first_frame, self.settings.analysis.last_frame)?
            }
            Wish::Range | Wish::ThisFrame => now..=now,
        };
        if !args.host().supports_temporal_access {
            return Ok((Plan::new(&[now].into(), &range, &range, 0), range));
        }
        let wanted = match wish {
            Wish::ThisFrame => [now].into(),
            Wish::Range => self.wanted(&range)?,
        };
        let source = range_of(args, 0, 0).unwrap_or_else(|_| range.clone());
        Ok((Plan::new(&wanted, &range, &source, self.reach() as i64), range))
    }

    /// The frames of a range that were not analysed, or whose picture has changed since.
    fn wanted(&self, range: &RangeInclusive<i64>) -> Result<BTreeSet<i64>> {
        let known: Vec<i64> = range.clone().filter(|&frame| self.analysis.frame(frame).is_some()).collect();
        let changed = changed_frames(self.args, &self.analysis, &known)?;
        let missing = self.analysis.missing(range.clone());
        Ok(missing.chain(changed).collect())
    }

    /// Looks at the planned frames, run by run, and keeps what was found on those that are to be stored.
    fn go(&mut self, plan: &Plan) -> Result<End> {
        let aborted = || self.args.aborted();
        let (args, networks) = (self.args, self.networks);
        let eyes = networks.eyes(args.thread_count(), &aborted)?;
        let mut parts: Vec<Part> = Vec::new();
        let (mut lost, mut dark) = (BTreeSet::new(), BTreeSet::new());
        let mut last: Option<(i64, Seen)> = None;
        let end = walk(args, "Finding landmarks", &plan.visit, |frame| {
            let before = last.take().filter(|(at, _)| at + 1 == frame).map(|(_, seen)| seen);
            let before = before.or_else(|| self.stored_before(frame));
            match self.look(frame, before.as_ref(), &eyes)? {
                Looked::Face(picture, hash, seen) => {
                    if parts.last().is_none_or(|part| part.end() + 1 != frame) {
                        parts.iter_mut().for_each(|part| part.run.close());
                        parts.push(Part::new(frame, Run::new(self.reach(), args.thread_count())));
                    }
                    let Some(part) = parts.last_mut() else { return Ok(()) };
                    part.push(picture, hash, &seen)?;
                    last = Some((frame, seen));
                }
                Looked::NoFace if plan.store.contains(&frame) => drop(lost.insert(frame)),
                Looked::NoPicture if plan.store.contains(&frame) => drop(dark.insert(frame)),
                Looked::NoFace | Looked::NoPicture => {}
            }
            Ok(())
        });
        for part in parts {
            lost.extend(part.keep(&plan.store, &mut self.analysis)?);
        }
        lost.iter().for_each(|&frame| drop(self.analysis.remove(frame)));
        (self.lost, self.dark) = (lost, dark);
        Ok(end)
    }

    /// What an earlier analysis saw on the frame before.
    fn stored_before(&self, frame: i64) -> Option<Seen> {
        let found = self.analysis.frame(frame.checked_sub(1)?)?;
        let (landmarks, presence) = (found.landmarks.clone(), found.presence.clone());
        Some(Seen { landmarks, presence, crop: found.crop })
    }

    /// The face of a frame.
    fn look(&self, frame: i64, last: Option<&Seen>, eyes: &NetworkEyes<'_>) -> Result<Looked> {
        let (args, settings) = (self.args, &self.settings.analysis);
        let time = frame as f64;
        let Some(image) = args.image_at(&Clip::SOURCE, time)?.filter(|image| !image.bounds().is_empty()) else {
            return Ok(Looked::NoPicture);
        };
        let hash = picture::pixel_hash(args, &image) as u64;
        let display = picture::display_colors(args, &image, &self.encoder)?;
        let picture = placed(display, image.bounds(), args.scale, &self.plate);
        drop(image);
        let manner = Manner {
            second_look: settings.second_look,
            least_trust: settings.confidence_threshold,
            pixel_aspect: self.plate.pixel_aspect,
        };
        let seen = match self.rough_crop(time)? {
            Rough::Nowhere => None,
            Rough::Within(part) => manner.locate(&picture, Some(part), None, eyes)?,
            Rough::Anywhere => manner.locate(&picture, None, last, eyes)?,
        };
        Ok(seen.map_or(Looked::NoFace, |seen| Looked::Face(picture, hash, seen)))
    }

    /// Where the artist says that the face is.
    fn rough_crop(&self, time: f64) -> Result<Rough> {
        let settings = &self.settings.analysis;
        let part = match settings.use_crop_input.then(|| self.args.image_at(&CROP, time)).transpose()?.flatten() {
            Some(matte) => match self.covered(&matte)? {
                Some(part) => part,
                None => return Ok(Rough::Nowhere),
            },
            None if settings.use_crop_rectangle => self.rectangle(time)?,
            None => return Ok(Rough::Anywhere),
        };
        let margin = settings.crop_margin;
        Ok(Rough::Within(part.inflate(part.width() * margin, part.height() * margin)))
    }

    /// What the Crop input covers, in pixels of the plate.
    fn covered(&self, matte: &Image<'_>) -> Result<Option<Rect>> {
        let (bounds, scale) = (matte.bounds(), self.args.scale);
        let coverage = picture::coverage(self.args, matte, bounds)?;
        let inside = coverage.indexed_iter().filter(|(_, value)| **value >= LEAST_COVERAGE).map(|(at, _)| at);
        let pixels = inside.map(|(y, x)| Rect::new(x as f64, y as f64, x as f64 + 1.0, y as f64 + 1.0));
        let corner =
            Point::new(f64::from(bounds.x1) / scale.x - self.plate.x1, self.plate.y2 - f64::from(bounds.y2) / scale.y);
        Ok(pixels.reduce(|all, pixel| all.union(pixel)).map(|all| {
            let at = |x: f64, y: f64| Point::new(corner.x + x / scale.x, corner.y + y / scale.y);
            Rect::from_points(at(all.x0, all.y0), at(all.x1, all.y1))
        }))
    }

    fn rectangle(&self, time: f64) -> Result<Rect> {
        let params = self.args.params();
        let corners = [AnalysisSettings::crop_bottom_left, AnalysisSettings::crop_top_right];
        let [one, other] = corners.map(|id| params.get(id).and_then(|param| param.value_at(time)));
        let [one, other] = [one?, other?].map(|[x, y]| self.plate.from_canonical() * Point::new(x, y));
        let part = Rect::from_points(one, other);
        match part.width() >= 1.0 && part.height() >= 1.0 {
            true => Ok(part),
            false => Err(Error::node("the crop rectangle has no area: drag its corners around the face".to_owned())),
        }
    }
}

/// What a look at a frame gave.
enum Looked {
    /// Source has no picture there.
    NoPicture,
    /// There is none to be found.
    NoFace,
    /// The picture, its hash, and the face.
    Face(Picture, u64, Seen),
}

/// Where the artist says that the face is.
enum Rough {
    /// The Crop input covers nothing.
    Nowhere,
    /// Within a part of the plate.
    Within(Rect),
    /// Nothing is said.
    Anywhere,
}

/// Neighboring frames with a face.
struct Part {
    first: i64,
    run: Run,
    seen: Vec<(u64, Seen)>,
}

impl Part {
    fn new(first: i64, run: Run) -> Self {
        Self { first, run, seen: Vec::new() }
    }

    /// The last frame.
    fn end(&self) -> i64 {
        self.first + self.seen.len() as i64 - 1
    }

    fn push(&mut self, picture: Picture, hash: u64, seen: &Seen) -> Result<()> {
        self.seen.push((hash, seen.clone()));
        self.run.push(picture, seen)
    }

    /// Stores what is to be stored. A frame with landmarks at places that no picture has counts as one without a face, so
    /// that it costs nothing but itself; these are returned.
    fn keep(self, store: &BTreeSet<i64>, analysis: &mut Analysis) -> Result<Vec<i64>> {
        let mut wild = Vec::new();
        let steadied = self.run.steadied()?;
        for ((frame, landmarks), (picture, seen)) in (self.first..).zip(steadied).zip(self.seen) {
            if store.contains(&frame) {
                let found = FrameAnalysis { landmarks, presence: seen.presence, crop: seen.crop, picture };
                if analysis.insert(frame, found).is_err() {
                    wild.push(frame);
                }
            }
        }
        Ok(wild)
    }
}

/// The plate that Source has at a time.
///
/// # Errors
/// A Source that is not connected.
pub fn source_plate(instance: &Instance, time: f64) -> Result<Plate> {
    let clip = instance.clip(&Clip::SOURCE)?;
    plate_of(clip.region_of_definition(time)?, clip.pixel_aspect().unwrap_or(1.0))
}

/// Which of the frames have another picture now than when they were analysed.
///
/// # Errors
/// An abort; a frame that cannot be read.
pub fn changed_frames(instance: &Instance, analysis: &Analysis, frames: &[i64]) -> Result<BTreeSet<i64>> {
    let mut changed = BTreeSet::new();
    if frames.is_empty() {
        return Ok(changed);
    }
    let end = walk(instance, "Looking for changed frames", frames, |frame| {
        let image = instance.image_at(&Clip::SOURCE, frame as f64)?;
        let hash = image.map(|image| picture::pixel_hash(instance, &image) as u64);
        if analysis.state(frame, hash) == FrameState::Stale {
            changed.insert(frame);
        }
        Ok(())
    });
    match end {
        End::Done => Ok(changed),
        End::Cancelled => Err(Error::Aborted),
        End::Failed(_, error) => Err(error),
    }
}

/// Writes an analysis into the project or its file, with a status, as one step that can be undone. Where the file cannot be
/// written, the project keeps it: nothing is lost at the end of a long walk.
///
/// # Errors
/// A host that refuses.
pub fn store(
    effect: &FeatureDetect,
    args: &ChangedArgs<'_, FeatureDetect>,
    settings: &FeatureDetectSettings,
    analysis: Analysis,
    model_id: &str,
    status: &str,
) -> Result<()> {
    let text = analysis.write().map_err(Error::node)?;
    let file = settings.analysis.analysis_file.trim();
    let mut status = status.to_owned();
    let stored = match file.is_empty() {
        true => text.clone(),
        false => store_in_file(&text, Path::new(file)).unwrap_or_else(|error| {
            status += &format!("; {error}; the project keeps the analysis instead");
            text.clone()
        }),
    };
    effect.store.wrote_analysis(&text, analysis);
    args.params().edit("Analyse", |params| {
        params.set(AnalysisSettings::analysis, stored)?;
        params.set(AnalysisSettings::model_id, model_id)?;
        params.set(AnalysisSettings::status, status)
    })
}

fn summary(
    end: &End,
    analysis: &Analysis,
    range: &RangeInclusive<i64>,
    lost: &BTreeSet<i64>,
    dark: &BTreeSet<i64>,
) -> String {
    let all = range.end() - range.start() + 1;
    let done = range.clone().filter(|&frame| analysis.frame(frame).is_some()).count();
    let mut text = match end {
        End::Done => format!("{done} of {all} frames analysed"),
        End::Cancelled => format!("cancelled: {done} of {all} frames analysed; Analyse goes on from there"),
        End::Failed(frame, error) => format!("stopped at frame {frame}: {error}; {done} of {all} frames analysed"),
    };
    if !lost.is_empty() {
        text += &format!("; no face on {}: give a Crop there, or correct by hand", listed(lost));
    }
    if !dark.is_empty() {
        text += &format!("; Source has no picture on {}", listed(dark));
    }
    text
}
