//! Random sequences of edits, undo, save, load and analysis never lose a key that the artist made by hand.
//!
//! After each step the node's corrections are held against those before it: a step may only touch what it is about.

mod shot;
mod stage;

use ofx_sdk::drawing::Viewport;
use ofx_sdk::host::*;
use proptest::prelude::*;
use roto::{Edits, FrameEdits};
use shot::*;
use stage::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// Keys as OpenFX numbers them.
const RIGHT: i32 = 0xFF53;
const ESCAPE: i32 = 0xFF1B;

/// The size of a pixel of the screen: near enough that no two landmarks lie within the pen's reach.
const PIXEL: f64 = 0.02;

/// The landmarks that are edited.
const LANDMARKS: u32 = 45;

/// Something that an artist, or a farm, does.
#[derive(Clone, Debug)]
enum Step {
    /// Types a new place of a landmark.
    Type { frame: i64, landmark: u32, to: [f64; 2] },
    /// Drags a landmark in the viewer, and nudges it.
    Drag { frame: i64, landmark: u32, by: [f64; 2], nudges: u32 },
    /// Selects everything, and turns it by the ring of its box.
    TurnAll { frame: i64, to: [f64; 2] },
    /// Lets a landmark follow the network again.
    Reset { frame: i64, landmark: u32 },
    /// Lets a frame follow the network again.
    ResetFrame { frame: i64 },
    /// Takes the last step back that changed corrections; some hosts tell the node.
    Undo { told: bool },
    /// Analyses a range; the artist may cancel it after some frames.
    Analyse { first: i64, length: i64, cancelled: Option<u32> },
    /// Analyses a frame anew.
    AnalyseFrame { frame: i64 },
    /// Replaces the plate of a frame by another one.
    ChangePlate { frame: i64 },
    /// Brightens what the network sees, which makes every frame stale.
    Expose { stops: i64 },
    /// Forgets what was found.
    Clear,
    /// Writes analysis and corrections into files.
    Save,
    /// Reads them.
    Load,
    /// Saves the project, closes it and opens it again.
    Reopen,
    /// Shows proxies, or the whole plate.
    Proxy { half: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let (frame, landmark) = (1..=8_i64, 0..LANDMARKS);
    let place = [-15.0..100.0, 15.0..130.0_f64];
    let by = [1.0..12.0, -12.0..-1.0_f64];
    prop_oneof![
        4 => (frame.clone(), landmark.clone(), place.clone())
            .prop_map(|(frame, landmark, to)| Step::Type { frame, landmark, to }),
        4 => (frame.clone(), landmark.clone(), by, 0..3_u32)
            .prop_map(|(frame, landmark, by, nudges)| Step::Drag { frame, landmark, by, nudges }),
        1 => (frame.clone(), place).prop_map(|(frame, to)| Step::TurnAll { frame, to }),
        1 => (frame.clone(), landmark).prop_map(|(frame, landmark)| Step::Reset { frame, landmark }),
        1 => frame.clone().prop_map(|frame| Step::ResetFrame { frame }),
        4 => any::<bool>().prop_map(|told| Step::Undo { told }),
        3 => (1..=8_i64, 0..8_i64, proptest::option::of(0..6_u32))
            .prop_map(|(first, length, cancelled)| Step::Analyse { first, length, cancelled }),
        1 => frame.clone().prop_map(|frame| Step::AnalyseFrame { frame }),
        1 => frame.prop_map(|frame| Step::ChangePlate { frame }),
        1 => (0..3_i64).prop_map(|stops| Step::Expose { stops }),
        1 => Just(Step::Clear),
        2 => Just(Step::Save),
        2 => Just(Step::Load),
        2 => Just(Step::Reopen),
        1 => any::<bool>().prop_map(|half| Step::Proxy { half }),
    ]
}

/// An artist who cancels an analysis once so many updates of its bar have come; 0 never.
#[derive(Default)]
struct Impatient(AtomicU32);

impl Observer for Impatient {
    fn progress(&self, label: &str, _fraction: f64) -> ControlFlow<()> {
        if !label.contains("landmarks") || self.0.load(Ordering::SeqCst) == 0 {
            return ControlFlow::Continue(());
        }
        match self.0.fetch_sub(1, Ordering::SeqCst) {
            1 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// All that is set by hand, frame by frame.
type Keys = BTreeMap<i64, FrameEdits>;

fn keys(node: &Instance) -> Keys {
    let stored = text(node, "edits");
    if stored.is_empty() {
        return Keys::new();
    }
    let edits = Edits::parse(&stored).expect("corrections that can be read");
    edits.frames().map(|(frame, set)| (frame, set.clone())).collect()
}

/// A node, what its artist did, and the files beside it.
struct Session<'h> {
    host: &'h Host,
    shot: Arc<Shot>,
    node: Instance,
    overlay: Overlay,
    impatient: Arc<Impatient>,
    /// How many steps could be undone before each edit, and what was set then.
    past: Vec<(usize, Keys)>,
    /// What the file of corrections holds; `None` before the first Save.
    saved: Option<Keys>,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl<'h> Session<'h> {
    fn new(host: &'h Host, impatient: Arc<Impatient>) -> Self {
        let shot = Arc::new(Shot { changed: Mutex::default(), ..Shot::default() });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shot.json");
        let node = node(host, &shot);
        let overlay = viewer(&node);
        Self { host, shot, node, overlay, impatient, past: Vec::new(), saved: None, file, _folder: folder }
    }

    /// Takes a step, and says what of the corrections it was entitled to touch.
    fn take(&mut self, step: &Step) -> Touched {
        match step {
            Step::Type { frame, landmark, to } => {
                self.select(*frame, *landmark);
                self.node.set("point_xy", &ParamValue::Double2(*to)).unwrap();
                Touched::Landmark(*frame, *landmark as usize)
            }
            Step::Drag { frame, landmark, by, nudges } => self.drag(*frame, *landmark, *by, *nudges),
            Step::TurnAll { frame, to } => self.turn_all(*frame, *to),
            Step::Reset { frame, landmark } => {
                self.select(*frame, *landmark);
                self.node.press("reset_point").unwrap();
                Touched::LandmarkReset(*frame, *landmark as usize)
            }
            Step::ResetFrame { frame } => {
                self.node.set_time(*frame as f64).unwrap();
                self.node.press("reset_frame").unwrap();
                Touched::FrameReset(*frame)
            }
            Step::Undo { told } => self.undo(*told),
            Step::Analyse { first, length, cancelled } => {
                set(&self.node, "first_frame", &first.to_string());
                set(&self.node, "last_frame", &(first + length).min(8).to_string());
                self.impatient.0.store(cancelled.map_or(0, |frames| frames + 1), Ordering::SeqCst);
                self.node.press("analyse").unwrap();
                self.impatient.0.store(0, Ordering::SeqCst);
                Touched::Nothing
            }
            Step::AnalyseFrame { frame } => {
                self.node.set_time(*frame as f64).unwrap();
                self.node.press("analyse_frame").unwrap();
                Touched::Nothing
            }
            Step::ChangePlate { frame } => {
                *self.shot.changed.lock().unwrap() = Some(*frame);
                Touched::Nothing
            }
            Step::Expose { stops } => {
                set(&self.node, "exposure", &stops.to_string());
                Touched::Nothing
            }
            Step::Clear => {
                self.node.press("clear_analysis").unwrap();
                Touched::Nothing
            }
            Step::Save => self.save(),
            Step::Load => self.load(),
            Step::Reopen => self.reopen(),
            Step::Proxy { half } => {
                let scale = if *half { 0.5 } else { 1.0 };
                self.node.set_proxy(ofx_sdk::RenderScale::uniform(scale));
                Touched::Nothing
            }
        }
    }

    /// Goes to a frame, and selects a landmark there.
    fn select(&self, frame: i64, landmark: u32) {
        self.node.set_time(frame as f64).unwrap();
        set(&self.node, "selected_point", &(landmark + 1).to_string());
    }

    fn drag(&self, frame: i64, landmark: u32, by: [f64; 2], nudges: u32) -> Touched {
        self.select(frame, landmark);
        if text(&self.node, "point_name").ends_with("not found") {
            return Touched::Nothing;
        }
        let ParamValue::Double2(from) = self.node.get("point_xy").unwrap() else { panic!("no position") };
        self.overlay.key(KeyAction::Down, ESCAPE, "").unwrap();
        self.pen([from, [from[0] + by[0], from[1] + by[1]]]);
        for _ in 0..nudges {
            self.overlay.key(KeyAction::Down, RIGHT, "").unwrap();
        }
        Touched::Landmark(frame, landmark as usize)
    }

    fn turn_all(&self, frame: i64, to: [f64; 2]) -> Touched {
        self.node.set_time(frame as f64).unwrap();
        self.overlay.key(KeyAction::Down, ESCAPE, "").unwrap();
        self.pen([[-5000.0, -5000.0], [5000.0, 5000.0]]);
        self.overlay.draw().unwrap();
        let rings = self.overlay.drawn();
        // The ring is the box's topmost handle.
        let box_color = ofx_sdk::drawing::Color::rgb(0.45, 0.80, 1.0);
        let highest = rings.of_color(box_color).map(|p| p.center()).max_by(|a, b| a[1].total_cmp(&b[1]));
        let Some(ring) = highest else {
            assert!(self.known(frame) < 2, "frame {frame} has points, and no ring turns them");
            return Touched::Nothing;
        };
        self.pen([ring, to]);
        self.overlay.key(KeyAction::Down, ESCAPE, "").unwrap();
        Touched::Frame(frame)
    }

    /// How many landmarks a frame has at least.
    fn known(&self, frame: i64) -> usize {
        let found = match text(&self.node, "analysis").as_str() {
            "" => 0,
            _ => analysis(&self.node).frame(frame).map_or(0, |found| {
                found.landmarks.iter().filter(|landmark| landmark.known_position().is_some()).count()
            }),
        };
        found.max(keys(&self.node).get(&frame).map_or(0, |keys| keys.landmarks.len()))
    }

    fn pen(&self, [from, to]: [[f64; 2]; 2]) {
        self.overlay.pen(PenAction::Down, from, 1.0).unwrap();
        self.overlay.pen(PenAction::Motion, to, 1.0).unwrap();
        self.overlay.pen(PenAction::Up, to, 1.0).unwrap();
    }

    fn undo(&mut self, told: bool) -> Touched {
        let Some((steps, before)) = self.past.pop() else { return Touched::Nothing };
        while self.node.undo_steps().len() > steps {
            self.node.undo(told).unwrap();
        }
        Touched::Becomes(before)
    }

    fn name_file(&self) {
        self.node.set("analysis_file", &ParamValue::String(self.file.to_str().unwrap().to_owned())).unwrap();
    }

    fn forget_file(&self) {
        self.node.set("analysis_file", &ParamValue::String(String::new())).unwrap();
    }

    fn save(&mut self) -> Touched {
        self.name_file();
        match self.node.press("save_analysis") {
            Ok(()) => {
                let now = keys(&self.node);
                self.saved = (self.saved.is_some() || !now.is_empty()).then_some(now);
            }
            Err(error) => {
                assert_eq!(text(&self.node, "analysis"), "", "{error}");
                assert!(error.to_string().contains("nothing to save"), "{error}");
            }
        }
        self.forget_file();
        Touched::Nothing
    }

    fn load(&self) -> Touched {
        self.name_file();
        let before = keys(&self.node);
        let loaded = self.node.press("load_analysis");
        assert_eq!(loaded.is_ok(), self.file.exists(), "{loaded:?}");
        self.forget_file();
        match &self.saved {
            // What the artist has is never replaced by a file.
            Some(saved) if loaded.is_ok() && before.is_empty() => Touched::Becomes(saved.clone()),
            _ => Touched::Nothing,
        }
    }

    fn reopen(&mut self) -> Touched {
        let saved = self.node.save_params().unwrap();
        let node = node(self.host, &self.shot);
        node.load_params(&saved).unwrap();
        self.overlay = viewer(&node);
        self.node = node;
        // A project that is opened has nothing to undo.
        self.past.clear();
        Touched::Nothing
    }
}

/// What a step may have changed.
#[derive(Debug)]
enum Touched {
    Nothing,
    /// This landmark on this frame is a key now.
    Landmark(i64, usize),
    /// This landmark on this frame is no key now.
    LandmarkReset(i64, usize),
    /// Keys on this frame, of which none goes.
    Frame(i64),
    /// This frame has no keys now.
    FrameReset(i64),
    /// All is as it was at another time.
    Becomes(Keys),
}

impl Touched {
    /// Holds what is set now against what was set before.
    fn check(&self, before: &Keys, now: &Keys) -> Result<(), TestCaseError> {
        let without = |keys: &Keys, frame: i64| {
            let mut keys = keys.clone();
            keys.remove(&frame);
            keys
        };
        let of = |keys: &Keys, frame: i64| keys.get(&frame).cloned().unwrap_or_default();
        match self {
            Self::Nothing => prop_assert_eq!(now, before),
            Self::Becomes(then) => prop_assert_eq!(now, then),
            Self::Landmark(frame, landmark) => {
                prop_assert_eq!(without(now, *frame), without(before, *frame), "keys of other frames");
                let (mut was, mut is) = (of(before, *frame), of(now, *frame));
                was.landmarks.remove(landmark);
                prop_assert!(is.landmarks.remove(landmark).is_some(), "landmark {landmark} of frame {frame} is no key");
                // A point that is moved shows its shape, where that was hidden.
                let through = shapes_through(*landmark);
                is.presence
                    .retain(|shape, shown| was.presence.contains_key(shape) || !(*shown && through.contains(shape)));
                prop_assert_eq!(is, was, "other keys of the frame");
            }
            Self::LandmarkReset(frame, landmark) => {
                let mut expected = of(before, *frame);
                expected.landmarks.remove(landmark);
                for shape in shapes_through(*landmark) {
                    let set = expected.landmarks.keys().any(|other| shapes_through(*other).contains(&shape))
                        || expected.vertices.keys().any(|(of, _)| *of == shape);
                    if !set {
                        expected.presence.remove(&shape);
                    }
                }
                prop_assert_eq!(without(now, *frame), without(before, *frame));
                prop_assert_eq!(of(now, *frame), expected);
            }
            Self::Frame(frame) => {
                prop_assert_eq!(without(now, *frame), without(before, *frame));
                let (was, is) = (of(before, *frame), of(now, *frame));
                prop_assert!(was.landmarks.keys().all(|key| is.landmarks.contains_key(key)), "a landmark was lost");
                prop_assert!(was.vertices.keys().all(|key| is.vertices.contains_key(key)), "a vertex was lost");
                prop_assert!(was.presence.iter().all(|(shape, shown)| is.presence.get(shape) == Some(shown)));
                prop_assert!(is.presence.iter().all(|(shape, shown)| *shown || was.presence.contains_key(shape)));
            }
            Self::FrameReset(frame) => prop_assert_eq!(now, &without(before, *frame)),
        }
        Ok(())
    }

    /// Whether it is an edit that can be undone.
    fn is_an_edit(&self) -> bool {
        matches!(self, Self::Landmark(..) | Self::LandmarkReset(..) | Self::Frame(_) | Self::FrameReset(_))
    }
}

/// The shapes that go through a landmark.
fn shapes_through(landmark: usize) -> BTreeSet<usize> {
    let topology = roto::Topology::puppet().unwrap();
    let shapes = topology.shapes().iter().enumerate();
    let through = shapes.filter(|(_, spec)| spec.vertices.iter().any(|vertex| vertex.landmark() == Some(landmark)));
    through.map(|(shape, _)| shape).collect()
}

fn viewer(node: &Instance) -> Overlay {
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    overlay.set_viewport(Viewport { pixel_scale: [PIXEL; 2], ..Viewport::new(640, 480) });
    overlay
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_key_by_hand_is_lost_but_by_a_reset(steps in proptest::collection::vec(step(), 4..24)) {
        let impatient = Arc::new(Impatient::default());
        let observer: Arc<dyn Observer> = impatient.clone();
        let options = HostOptions { overlays: true, draw_suite: true, observer: Some(observer), ..HostOptions::default() };
        let host = host(options);
        let mut session = Session::new(&host, impatient);
        let mut before = keys(&session.node);
        for (nth, step) in steps.iter().enumerate() {
            let could_undo = session.node.undo_steps().len();
            let touched = session.take(step);
            let now = keys(&session.node);
            touched.check(&before, &now).map_err(|error| TestCaseError::fail(format!("step {nth}, {step:?}: {error}")))?;
            if touched.is_an_edit() {
                session.past.push((could_undo, before));
            }
            before = now;
        }
        prop_assert!(render(&session.node, &RenderRequest::at(4.0)).is_ok());
        assert_well_behaved(&host);
    }
}
