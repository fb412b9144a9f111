//! The node that is scored, and what it shows of a shot.

use std::collections::BTreeMap;
use std::sync::Arc;

use kurbo::Point;
use ofx_sdk::host::ParamValue;
use roto::exchange::{Format, ReadOptions, Scene, TextFile};
use roto::{Analysis, BezierShape, Edits, LandmarkSet, Presence, Topology};

use super::args::ScoreFeaturesArgs;
use super::truth::{AnnotatedShot, FaceTruth};
use crate::cli::MaskChannel;
use crate::error::{Error, Result};
use crate::frames::{self, read_text};
use crate::report::Terminal;
use crate::session::{Session, Setup};

/// An exported shot is no longer than this.
const MOST_BYTES: u64 = 256 << 20;
/// Name of the exported file, without its ending.
const EXPORT: &str = "scored";

/// What the node shows on each frame, corrections blended in.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Landmarks by frame; frames on which no face was found are left out.
    pub landmarks: BTreeMap<i64, LandmarkSet>,
    /// The shapes that are to be seen, in the topology's order, by frame.
    pub shapes: BTreeMap<i64, Vec<Option<BezierShape>>>,
}

impl Shown {
    /// A landmark's place, where it is known.
    pub fn landmark(&self, frame: i64, landmark: usize) -> Option<Point> {
        self.landmarks.get(&frame)?[landmark].known_position()
    }

    /// A shape that is to be seen.
    pub fn shape(&self, frame: i64, shape: usize) -> Option<&BezierShape> {
        self.shapes.get(&frame)?[shape].as_ref()
    }
}

/// Within which box the node looks for the face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It finds the face by itself: its default.
    Finder,
    /// Within the annotations' rough boxes, keyed on every frame.
    Rough,
    /// Within the smallest square about the face, keyed on every frame.
    Tight,
}

impl Look {
    /// The box of a frame: left, top, width, height. `None` where the annotation has none.
    pub fn square(self, truth: &FaceTruth) -> Option<[f64; 4]> {
        match self {
            Self::Finder => None,
            Self::Rough => truth.boxes.get("rough").copied(),
            Self::Tight => truth.boxes.get("face").map(|&[left, top, wide, tall]| {
                let side = wide.max(tall);
                [left + (wide - side) / 2.0, top + (tall - side) / 2.0, side, side]
            }),
        }
    }
}

/// FeatureDetect with a shot connected and analysed.
pub struct FaceNode {
    session: Session,
    export: tempfile::TempDir,
    topology: Arc<Topology>,
    analysis: Analysis,
}

impl FaceNode {
    /// Loads the node, connects the shot and presses Analyse, de-jittered over `dejitter` frames to each side, or as the node
    /// has it by default.
    ///
    /// # Errors
    /// See [`Error`]; an analysis that fails.
    pub fn analysed(
        shot: &AnnotatedShot,
        topology: &Arc<Topology>,
        look: Look,
        dejitter: Option<i32>,
        args: &ScoreFeaturesArgs,
        terminal: &Arc<Terminal>,
    ) -> Result<Self> {
        let export = tempfile::tempdir().map_err(|found| Error::output(&std::env::temp_dir(), found))?;
        let mut forced = vec![
            format!("export_dir={}", export.path().display()),
            format!("export_name={EXPORT}"),
            "key_mode=every".to_owned(),
            "overwrite=true".to_owned(),
        ];
        forced.extend(dejitter.map(|frames| format!("dejitter={frames}")));
        forced.extend(rectangle(shot, look));
        let forced: Vec<&str> = forced.iter().map(String::as_str).collect();
        let setup = Setup {
            node: &args.node,
            bundle: &args.run.bundle,
            context: None,
            files: vec![("Source", shot.pictures.clone())],
            clips: &[],
            mask_channel: MaskChannel::Auto,
            settings: &args.run.settings,
            forced: &forced,
            colorspace: None,
            read: frames::ReadOptions::default(),
            frame_rate: None,
            threads: args.run.threads,
            current: None,
            skip_missing: true,
        };
        let mut session = Session::open(&setup, terminal.clone())?;
        session.press_buttons()?;
        session.press("analyse")?;
        let stored = session.param_text("analysis").unwrap_or_default();
        let analysis =
            Analysis::parse(&stored).map_err(|found| Error::Plugin(format!("{}: its analysis: {found}", shot.name)))?;
        Ok(Self { session, export, topology: topology.clone(), analysis })
    }

    /// What the node stored.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Name and hash of the model that ran.
    pub fn model(&self) -> String {
        self.session.param_text("model_id").unwrap_or_default()
    }

    /// How many frames to each side the shot was de-jittered over.
    pub fn dejitter(&self) -> i32 {
        match self.session.instance.get("dejitter") {
            Ok(ParamValue::Int(frames)) => frames,
            _ => 0,
        }
    }

    /// What the node shows with some corrections: they are set as the project would have them, and the node exports its JSON.
    ///
    /// # Errors
    /// A node that refuses them; Ctrl-C.
    pub fn shown(&self, edits: Option<&Edits>) -> Result<Shown> {
        let wrong = |found: roto::Error| Error::Plugin(found.to_string());
        let text = edits.map(Edits::write).transpose().map_err(wrong)?.unwrap_or_default();
        let set = self.session.instance.set("edits", &ParamValue::String(text));
        set.map_err(|found| Error::Plugin(format!("parameter edits: {found}")))?;
        self.session.press("export_json")?;
        let path = self.export.path().join(format!("{EXPORT}.{}", Format::RotocelShot.extension()));
        let file = TextFile::whole(read_text(&path, MOST_BYTES)?);
        let read = Format::RotocelShot.read(&[file], &ReadOptions::default());
        let scene = read.map_err(|found| Error::input(&path, found))?.scene;
        Ok(Shown { landmarks: self.landmarks(&scene).map_err(wrong)?, shapes: self.shapes(&scene) })
    }

    fn landmarks(&self, scene: &Scene) -> roto::Result<BTreeMap<i64, LandmarkSet>> {
        let count = self.topology.landmarks().len();
        let mut found: BTreeMap<i64, LandmarkSet> = BTreeMap::new();
        for tracker in &scene.trackers {
            let Some(index) = self.topology.landmark_index(&tracker.name) else { continue };
            for (&frame, landmark) in tracker.frames.iter().filter(|(_, mark)| mark.presence != Presence::Missing) {
                found.entry(frame).or_insert_with(|| LandmarkSet::missing(count))[index] = *landmark;
            }
        }
        Ok(found)
    }

    fn shapes(&self, scene: &Scene) -> BTreeMap<i64, Vec<Option<BezierShape>>> {
        let at = |frame: i64| {
            let own = |spec: &roto::ShapeSpec| {
                let shape = scene.shot.shape(&spec.name).filter(|shape| shape.is_present(frame as f64))?;
                Some(shape.track.at(frame as f64))
            };
            self.topology.shapes().iter().map(own).collect()
        };
        scene.shot.frames().map(|frame| (frame, at(frame))).collect()
    }
}

/// Settings that key the crop rectangle on the boxes that there are. The node adds nothing to it.
fn rectangle(shot: &AnnotatedShot, look: Look) -> Vec<String> {
    let height = f64::from(shot.size[1]);
    let boxes = shot.frames.iter().filter_map(|(frame, truth)| Some((frame, look.square(truth)?)));
    let mut settings: Vec<String> = boxes
        .flat_map(|(frame, [left, top, wide, tall])| {
            let low = format!("crop_bottom_left@{frame}={left},{}", height - top - tall);
            [low, format!("crop_top_right@{frame}={},{}", left + wide, height - top)]
        })
        .collect();
    if !settings.is_empty() {
        settings.extend(["use_crop_rectangle=true".to_owned(), "crop_margin=0".to_owned()]);
    }
    settings
}
