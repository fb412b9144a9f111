//! The walk over a shot: from Source to stored landmarks.

use super::FeatureDetect;
use super::face::{Picture, Seen, placed};
use super::freshness::{Freshness, SeenPictures, picture_hash};
use super::input::{Input, PROXY_SETTING, Rough};
use super::locate::Manner;
use super::networks::{NetworkEyes, Networks};
use super::results::plate_of;
use super::settings::{AnalysisSettings, FeatureDetectSettings};
use super::steady::Run;
use crate::nodes::analysis::{End, Plan, given_up, is_given_up, listed, range_of, read_text, store_in_file, walk};
use crate::nodes::model_choice;
use crate::nodes::picture;
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, Result};
use roto::{Analysis, FrameAnalysis, Plate};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the artist asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The frames of the range that were not analysed, or on which something has changed since.
    Range,
    /// The current frame, anew.
    ThisFrame,
}

/// An analysis goes on while this lives.
struct Running<'a>(&'a AtomicBool);

impl<'a> Running<'a> {
    fn begin(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Release);
        Self(flag)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Analyses, stores what was found, and says what was done.
///
/// # Errors
/// What keeps the analysis from beginning, and what stopped it on the way or kept its file from being written, once what
/// was found is stored.
pub fn analyse(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, wish: Wish) -> Result<()> {
    let _running = Running::begin(&effect.analysing);
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    // Before anything is asked of the host: what is damaged is never overwritten.
    let stored = known_so_far(effect, args, &settings)?;
    let model = networks.id();
    let mut walk = Walk::new(args, &settings, (&networks, &model), stored.as_deref(), &effect.seen_pictures)?;
    // What another model found is given up for a whole new analysis only.
    let replaced = stored.filter(|stored| !stored.is_empty() && walk.analysis.is_empty());
    if let (Some(old), Wish::ThisFrame) = (&replaced, wish) {
        let reason = format!("the stored analysis is by {}: press Analyse to replace all of it", told_model(old));
        return Err(Error::node(reason));
    }
    let (plan, range) = walk.plan(wish)?;
    let end = walk.go(&plan)?;
    let Walk { analysis, lost, without_picture, .. } = walk;
    let source = source_range(args, &range);
    let mut status = summary(&end, &analysis, (&range, &source), &lost, &without_picture);
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
    if let Some(told) = networks.lost_gpu() {
        status += &format!("; {told}");
    }
    store(effect, args, &settings, analysis, &model, &status)?;
    match end {
        End::Failed(..) => Err(Error::node(status)),
        End::Done | End::Cancelled => Ok(()),
    }
}

/// Gives up what was found, as one step that can be undone: in a file, too, which stays until the next analysis replaces it.
///
/// # Errors
/// A host that refuses.
pub fn clear(args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings().analysis;
    let text = given_up(&settings.analysis_file);
    let status = match settings.analysis_file.trim() {
        file if !text.is_empty() && Path::new(file).exists() => {
            format!("no frame is analysed; the next analysis replaces {file}")
        }
        _ => "no frame is analysed".to_owned(),
    };
    args.params().edit("Clear analysis", |params| {
        params.set(AnalysisSettings::analysis, text)?;
        params.set(AnalysisSettings::status, status)
    })
}

/// What was found before: in the project, or in a file that a farm or another session wrote, which is gone on with unless the
/// artist gave it up.
fn known_so_far(
    effect: &FeatureDetect,
    args: &ChangedArgs<'_, FeatureDetect>,
    settings: &FeatureDetectSettings,
) -> Result<Option<Arc<Analysis>>> {
    if let Some(stored) = effect.store.analysis(settings)? {
        return Ok(Some(stored));
    }
    let settings = &settings.analysis;
    let path = Path::new(settings.analysis_file.trim());
    if path.as_os_str().is_empty() || !path.exists() || is_given_up(&settings.analysis, &settings.analysis_file) {
        return Ok(None);
    }
    let wrong = |reason: String| {
        let way_out = "an analysis would replace it, so give another Analysis file, or press Clear analysis first";
        Error::node(format!("{}: {reason}; {way_out}", path.display()))
    };
    let found = Analysis::parse(&read_text(path)?).map_err(|error| wrong(error.to_string()))?;
    let plate = source_plate(args, args.time)?;
    // Source's size may be animated: that of any frame of the file will do.
    let has_it_on = |frame: i64| source_plate(args, frame as f64).is_ok_and(|other| other == *found.plate());
    match *found.plate() == plate || found.frames().any(|(frame, _)| has_it_on(frame)) {
        true => Ok(Some(Arc::new(found))),
        false => {
            Err(wrong(format!("its plate is {}, and Source's is {}", told_plate(found.plate()), told_plate(&plate))))
        }
    }
}

/// A plate in words.
fn told_plate(plate: &Plate) -> String {
    let Plate { x1, y2, width, height, pixel_aspect } = plate;
    format!("{width}×{height} px from ({x1}, {y2}), pixel aspect {pixel_aspect}")
}

/// The model of an analysis, without its hash.
pub fn told_model(analysis: &Analysis) -> &str {
    analysis.model().split_whitespace().next().unwrap_or("another model")
}

/// One analysis on its way.
struct Walk<'r, 'a> {
    args: &'r ChangedArgs<'a, FeatureDetect>,
    settings: &'r FeatureDetectSettings,
    networks: &'r Networks,
    freshness: Freshness<'r, Editing>,
    analysis: Analysis,
    /// Frames on which no face was found.
    lost: BTreeSet<i64>,
    /// Frames of which Source gave no picture; what is known of them stays.
    without_picture: BTreeSet<i64>,
}

impl<'r, 'a> Walk<'r, 'a> {
    fn new(
        args: &'r ChangedArgs<'a, FeatureDetect>,
        settings: &'r FeatureDetectSettings,
        (networks, model): (&'r Networks, &'r str),
        stored: Option<&Analysis>,
        seen_pictures: &'r SeenPictures,
    ) -> Result<Self> {
        let usable = stored.filter(|stored| stored.check(networks.topology()).is_ok() && stored.model() == model);
        let analysis = match usable {
            Some(stored) => stored.clone(),
            None => {
                let plate = match stored {
                    Some(stored) => *stored.plate(),
                    None => source_plate(args, args.time)?,
                };
                Analysis::new(networks.topology(), model, plate).map_err(Error::node)?
            }
        };
        let (plate, scale) = (*analysis.plate(), args.scale);
        let input = Input { instance: args, params: args.params(), settings: &settings.analysis, plate, scale };
        let freshness = Freshness { input, seen_pictures, model };
        let (lost, without_picture) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { args, settings, networks, freshness, analysis, lost, without_picture })
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
        let source = source_range(args, &range);
        Ok((Plan::new(&wanted, &range, &source, self.reach() as i64), range))
    }

    /// The frames of a range that were not analysed, or on which something has changed since.
    fn wanted(&self, range: &RangeInclusive<i64>) -> Result<BTreeSet<i64>> {
        let known: Vec<i64> = range.clone().filter(|&frame| self.analysis.frame(frame).is_some()).collect();
        let changed = self.freshness.changed(&self.analysis, &known)?;
        let missing = self.analysis.missing(range.clone());
        Ok(missing.chain(changed.into_keys()).collect())
    }

    /// Looks at the planned frames, run by run, and keeps what was found on those that are to be stored.
    fn go(&mut self, plan: &Plan) -> Result<End> {
        let aborted = || self.args.aborted();
        let (args, networks) = (self.args, self.networks);
        let eyes = networks.eyes(args.thread_count(), &aborted)?;
        let mut parts: Vec<Part> = Vec::new();
        let (mut lost, mut without_picture) = (BTreeSet::new(), BTreeSet::new());
        let mut last: Option<(i64, Seen)> = None;
        let end = walk(args, "Finding landmarks", &plan.visit, |frame| {
            let before = last.take().filter(|(at, _)| at + 1 == frame).map(|(_, seen)| seen);
            let before = before.or_else(|| self.stored_before(frame));
            match self.look(frame, before.as_ref(), &eyes)? {
                Looked::Face(picture, origin, seen) => {
                    if parts.last().is_none_or(|part| part.end() + 1 != frame) {
                        parts.iter_mut().for_each(|part| part.run.close());
                        parts.push(Part::new(frame, Run::new(self.reach(), args.thread_count())));
                    }
                    let Some(part) = parts.last_mut() else { return Ok(()) };
                    part.push(picture, *origin, &seen)?;
                    last = Some((frame, seen));
                }
                Looked::NoFace if plan.store.contains(&frame) => drop(lost.insert(frame)),
                Looked::NoPicture if plan.store.contains(&frame) => drop(without_picture.insert(frame)),
                Looked::NoFace | Looked::NoPicture => {}
            }
            Ok(())
        });
        for part in parts {
            lost.extend(part.keep(&plan.store, &mut self.analysis)?);
        }
        lost.iter().for_each(|&frame| drop(self.analysis.remove(frame)));
        (self.lost, self.without_picture) = (lost, without_picture);
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
        let (input, plate) = (&self.freshness.input, self.analysis.plate());
        let picture_hash = picture_hash(input, &image);
        let display = picture::display_colors(
            args,
            &image,
            image.bounds(),
            settings.encoding.source_alpha,
            &input.encoder(frame)?,
        )?;
        let picture = placed(display, image.bounds(), args.scale, plate);
        drop(image);
        let manner = Manner { second_look: settings.second_look, pixel_aspect: plate.pixel_aspect };
        let rough = input.rough_crop(frame)?;
        self.freshness.seen_pictures.saw(frame, picture_hash, input.proxy(), Some(rough.text()));
        let mut settings = input.depends_on(frame, Some(rough.text()));
        settings.insert(PROXY_SETTING.to_owned(), input.proxy());
        let origin = Box::new(Origin { picture: picture_hash, settings });
        let seen = match rough {
            Rough::Nowhere => None,
            Rough::Within(part) => manner.locate(&picture, Some(part), None, eyes)?,
            Rough::Anywhere => manner.locate(&picture, None, last, eyes)?,
        };
        Ok(seen.map_or(Looked::NoFace, |seen| Looked::Face(picture, origin, seen)))
    }
}

/// What a look at a frame gave.
enum Looked {
    /// Source has no picture there.
    NoPicture,
    /// There is none to be found.
    NoFace,
    /// The picture, what the answer comes from, and the face.
    Face(Picture, Box<Origin>, Seen),
}

/// What an answer comes from, beside the model.
struct Origin {
    picture: u64,
    settings: BTreeMap<String, String>,
}

/// Neighboring frames with a face.
struct Part {
    first: i64,
    run: Run,
    seen: Vec<(Origin, Seen)>,
}

impl Part {
    fn new(first: i64, run: Run) -> Self {
        Self { first, run, seen: Vec::new() }
    }

    /// The last frame.
    fn end(&self) -> i64 {
        self.first + self.seen.len() as i64 - 1
    }

    fn push(&mut self, picture: Picture, origin: Origin, seen: &Seen) -> Result<()> {
        self.seen.push((origin, seen.clone()));
        self.run.push(picture, seen)
    }

    /// Stores what is to be stored. A frame with landmarks at places that no picture has counts as one without a face, so
    /// that it costs nothing but itself; these are returned.
    fn keep(self, store: &BTreeSet<i64>, analysis: &mut Analysis) -> Result<Vec<i64>> {
        let mut wild = Vec::new();
        let steadied = self.run.steadied()?;
        for ((frame, landmarks), (origin, seen)) in (self.first..).zip(steadied).zip(self.seen) {
            if store.contains(&frame) {
                let (Origin { picture, settings }, Seen { presence, crop, .. }) = (origin, seen);
                let found = FrameAnalysis { landmarks, presence, crop, picture, settings };
                if analysis.insert(frame, found).is_err() {
                    wild.push(frame);
                }
            }
        }
        Ok(wild)
    }
}

/// The frames that Source has; `otherwise` where the host does not say.
fn source_range(instance: &Instance, otherwise: &RangeInclusive<i64>) -> RangeInclusive<i64> {
    range_of(instance, 0, 0).unwrap_or_else(|_| otherwise.clone())
}

/// The plate that Source has at a time.
///
/// # Errors
/// A Source that is not connected.
pub fn source_plate(instance: &Instance, time: f64) -> Result<Plate> {
    let clip = instance.clip(&Clip::SOURCE)?;
    plate_of(clip.region_of_definition(time)?, clip.pixel_aspect().unwrap_or(1.0))
}

/// Writes an analysis into the project or its file, with a status, as one step that can be undone. Where the file cannot be
/// written, the project keeps it: nothing is lost at the end of a long walk.
///
/// # Errors
/// A host that refuses; a file that cannot be written, once the project has it all.
fn store(
    effect: &FeatureDetect,
    args: &ChangedArgs<'_, FeatureDetect>,
    settings: &FeatureDetectSettings,
    analysis: Analysis,
    model_id: &str,
    status: &str,
) -> Result<()> {
    let text = analysis.write().map_err(Error::node)?;
    let now = args.settings().analysis;
    // A file that was named while the analysis went on is of another one, perhaps: the project keeps this one then.
    let file = Some(settings.analysis.analysis_file.trim()).filter(|file| *file == now.analysis_file.trim());
    let file = file.unwrap_or_default();
    let (mut status, mut unwritten) = (status.to_owned(), None);
    let stored = match file.is_empty() {
        true => text.clone(),
        false => store_in_file(&text, Path::new(file)).unwrap_or_else(|error| {
            let told = format!("{error}; the project keeps the analysis instead");
            status += &format!("; {told}");
            unwritten = Some(told);
            text.clone()
        }),
    };
    effect.store.wrote_analysis(&text, analysis);
    args.params().edit("Analyse", |params| {
        params.set(AnalysisSettings::analysis, stored)?;
        // Natron lets an artist choose another model while an analysis goes on; that choice counts.
        if now.network.model_id == settings.analysis.network.model_id {
            model_choice::remember(params, model_id.to_owned(), Networks::chosen_by(&settings.analysis))?;
        }
        params.set(AnalysisSettings::status, status)
    })?;
    unwritten.map_or(Ok(()), |told| Err(Error::node(told)))
}

fn summary(
    end: &End,
    analysis: &Analysis,
    (range, source): (&RangeInclusive<i64>, &RangeInclusive<i64>),
    lost: &BTreeSet<i64>,
    without_picture: &BTreeSet<i64>,
) -> String {
    let all = range.end() - range.start() + 1;
    let done = range.clone().filter(|&frame| analysis.frame(frame).is_some()).count();
    let mut text = match end {
        End::Done => format!("{done} of {all} frames analysed"),
        End::Cancelled => format!("cancelled: {done} of {all} frames analysed; Analyse goes on from there"),
        End::Failed(frame, error) => format!("stopped at frame {frame}: {error}; {done} of {all} frames analysed"),
    };
    if !lost.is_empty() {
        text += &format!("; no face on {}: give a Crop there, and press Analyse this frame", listed(lost));
    }
    if !without_picture.is_empty() {
        text += &format!("; Source has no picture on {}", listed(without_picture));
    }
    let beyond: BTreeSet<i64> = range.clone().filter(|frame| !source.contains(frame)).collect();
    if !beyond.is_empty() {
        let (first, last) = (source.start(), source.end());
        text += &format!("; Source runs from {first} to {last}: what the host shows on {} was taken", listed(&beyond));
    }
    text
}
