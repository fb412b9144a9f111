//! Random sequences of what an artist and a farm do to a project: no hand key is ever lost or moved.

use std::collections::BTreeMap;

use kurbo::{Affine, Point, Rect, Vec2};
use proptest::prelude::*;
use roto::fit::{Knots, catmull_rom};
use roto::{
    Analysis, BezierShape, Blend, Edits, FrameAnalysis, Grip, Handles, Landmark, LandmarkSet, Plate, Resolver,
    Topology, VertexEdit,
};

const PLATE: Plate = Plate { x1: 0.0, y2: 1080.0, width: 1920.0, height: 1080.0, pixel_aspect: 1.0 };
const FRAMES: std::ops::RangeInclusive<i64> = 1..=12;

/// A closed line through three landmarks and a free vertex.
const TOPOLOGY: &str = r#"
    name = "patch"
    label = "Patch"
    landmarks = [{ name = "a", group = "p" }, { name = "b", group = "p" }, { name = "c", group = "p" }]
    shapes = [{ name = "rim", label = "Rim", group = "p", closed = true, vertices = [0, 1, "free", 2] }]
"#;
const FREE: (usize, usize) = (0, 2);

fn topology() -> Topology {
    toml::from_str(TOPOLOGY).expect("a topology")
}

fn model(landmarks: &LandmarkSet) -> roto::Result<Vec<Option<BezierShape>>> {
    let known: Option<Vec<Point>> = landmarks.iter().map(|landmark| landmark.known_position()).collect();
    let curve = known.map(|p| catmull_rom(&[p[0], p[1], p[1].lerp(p[2], 0.4), p[2]], true, Knots::Uniform));
    // Landmarks in one place are no curve.
    Ok(vec![curve.and_then(Result::ok)])
}

/// One step. Frames and landmarks are small numbers, so that steps meet.
#[derive(Debug, Clone)]
enum Step {
    Landmark(i64, usize, (f64, f64)),
    Handle(i64, usize, (f64, f64)),
    Anchor(i64, (f64, f64)),
    Presence(i64, bool),
    Drag(i64, (f64, f64)),
    Reset(i64, usize),
    RemoveFrame(i64),
    Undo,
    SaveAndLoad,
    Analyse(u32, Vec<i64>),
    MergeChunks(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || (-500.0..2500.0, -500.0..1500.0);
    let step = prop_oneof![
        4 => (FRAMES, 0_usize..3, place()).prop_map(|(frame, k, at)| Step::Landmark(frame, k, at)),
        2 => (FRAMES, 0_usize..4, place()).prop_map(|(frame, k, at)| Step::Handle(frame, k, at)),
        2 => (FRAMES, place()).prop_map(|(frame, at)| Step::Anchor(frame, at)),
        1 => (FRAMES, any::<bool>()).prop_map(|(frame, present)| Step::Presence(frame, present)),
        3 => (FRAMES, (-50.0..50.0, -50.0..50.0)).prop_map(|(frame, by)| Step::Drag(frame, by)),
        1 => (FRAMES, 0_usize..3).prop_map(|(frame, k)| Step::Reset(frame, k)),
        1 => FRAMES.prop_map(Step::RemoveFrame),
        2 => Just(Step::Undo),
        2 => Just(Step::SaveAndLoad),
        2 => (any::<u32>(), prop::collection::vec(FRAMES, 0..12)).prop_map(|(seed, frames)| Step::Analyse(seed, frames)),
        1 => FRAMES.prop_map(Step::MergeChunks),
    ];
    prop::collection::vec(step, 1..40)
}

/// What a host and an artist hold.
struct Project {
    edits: Edits,
    analysis: Analysis,
    /// The strings before each step that wrote one, as a host keeps them.
    history: Vec<(String, Hand)>,
    /// What must be there: written down independently of `Edits`.
    hand: Hand,
}

type Hand = BTreeMap<(i64, Grip), (f64, f64)>;

fn thousandths((x, y): (f64, f64)) -> (f64, f64) {
    ((x * 1000.0).round() / 1000.0, (y * 1000.0).round() / 1000.0)
}

impl Project {
    fn new() -> Self {
        let topology = topology();
        let edits = Edits::new(&topology, PLATE).expect("a plate");
        let analysis = Analysis::new(&topology, "first", PLATE).expect("a plate");
        Self { edits, analysis, history: Vec::new(), hand: Hand::new() }
    }

    fn take(&mut self, step: &Step) {
        let before = (self.edits.write().expect("a string"), self.hand.clone());
        match step {
            Step::Undo => {
                if let Some((text, hand)) = self.history.pop() {
                    (self.edits, self.hand) = (Edits::parse(&text).expect("ours"), hand);
                }
                return;
            }
            Step::SaveAndLoad => return self.save_and_load(),
            Step::Analyse(seed, frames) => return self.analyse(*seed, frames),
            Step::MergeChunks(at) => return self.merge_chunks(*at),
            Step::Drag(frame, by) => self.drag(*frame, *by),
            Step::RemoveFrame(frame) => {
                self.edits.remove_frame(*frame);
                self.hand.retain(|(at, _), _| at != frame);
            }
            Step::Reset(frame, landmark) => {
                self.edits.reset(*frame, Grip::Landmark(*landmark)).expect("it exists");
                self.hand.remove(&(*frame, Grip::Landmark(*landmark)));
            }
            Step::Presence(frame, present) => self.edits.set_presence(*frame, 0, *present).expect("it exists"),
            Step::Landmark(..) | Step::Handle(..) | Step::Anchor(..) => self.set(step),
        }
        self.history.push(before);
    }

    fn set(&mut self, step: &Step) {
        let none = VertexEdit::default();
        let (frame, grip, to) = match *step {
            Step::Landmark(frame, landmark, to) => (frame, Grip::Landmark(landmark), to),
            Step::Handle(frame, vertex, to) => (frame, Grip::Outgoing((0, vertex)), to),
            Step::Anchor(frame, to) => (frame, Grip::Anchor(FREE), to),
            _ => unreachable!("the others are taken elsewhere"),
        };
        match grip {
            Grip::Landmark(landmark) => self.edits.set_landmark(frame, landmark, to.into()),
            Grip::Outgoing(at) => self.edits.set_vertex(frame, at, VertexEdit { outgoing: Some(to.into()), ..none }),
            _ => self.edits.set_vertex(frame, FREE, VertexEdit { anchor: Some(to.into()), ..none }),
        }
        .expect("in range");
        self.hand.insert((frame, grip), thousandths(to));
    }

    fn drag(&mut self, frame: i64, by: (f64, f64)) {
        let seen = self.resolved(frame);
        let selection = [Grip::Landmark(0), Grip::Anchor(FREE)];
        let by = Affine::translate(by);
        self.edits.transform(frame, &seen, &selection.into(), by, |_| Handles::Smooth).expect("in range");
        if let Some(at) = seen.landmarks[0].known_position() {
            self.hand.insert((frame, selection[0]), thousandths((by * at).into()));
        }
        if let Some(curve) = seen.curve(0) {
            self.hand.insert((frame, selection[1]), thousandths((by * curve.vertices()[FREE.1].anchor).into()));
        }
    }

    fn save_and_load(&mut self) {
        let (edits, analysis) = (self.edits.write().expect("a string"), self.analysis.write().expect("a string"));
        let (read, found) = (Edits::parse(&edits).expect("ours"), Analysis::parse(&analysis).expect("ours"));
        assert_eq!((&read, &found), (&self.edits, &self.analysis));
        assert_eq!(read.write().expect("a string"), edits);
        (self.edits, self.analysis) = (read, found);
    }

    fn analyse(&mut self, seed: u32, frames: &[i64]) {
        self.analysis = Analysis::new(&topology(), format!("model {seed}"), PLATE).expect("a plate");
        for &frame in frames {
            let place = |k: u32| {
                let turn = f64::from(seed % 1000) + 2.1 * f64::from(k) + 0.2 * frame as f64;
                Landmark {
                    confidence: 0.5,
                    ..Landmark::visible(Point::new(900.0, 500.0) + Vec2::from_angle(turn) * 300.0)
                }
            };
            let landmarks = LandmarkSet::new((0..3).map(place).collect()).expect("in range");
            let (presence, crop) = (vec![f64::from(seed % 11) / 10.0], Rect::new(0.0, 0.0, 1000.0, 1000.0));
            let picture = u64::from(seed);
            self.analysis
                .insert(frame, FrameAnalysis { landmarks, presence, crop, picture, settings: Default::default() })
                .expect("it belongs");
        }
    }

    /// A farm gives every machine its frames; one frame goes to both.
    fn merge_chunks(&mut self, at: i64) {
        let (topology, model) = (topology(), self.analysis.model().to_owned());
        let chunk = |range: &dyn Fn(i64) -> bool| {
            let mut analysis = Analysis::new(&topology, model.clone(), PLATE).expect("a plate");
            let mut edits = Edits::new(&topology, PLATE).expect("a plate");
            for (frame, found) in self.analysis.frames().filter(|(frame, _)| range(*frame)) {
                analysis.insert(frame, found.clone()).expect("it belongs");
            }
            for (frame, edit) in self.edits.frames().filter(|(frame, _)| range(*frame)) {
                edits.set_frame(frame, edit).expect("in range");
            }
            (analysis, edits)
        };
        let (early, late) = (chunk(&|frame| frame <= at), chunk(&|frame| frame >= at));
        let analysis = Analysis::merged([late.0, early.0]).expect("they agree");
        let edits = Edits::merged([early.1, late.1]).expect("they agree");
        assert_eq!((&analysis, &edits), (&self.analysis, &self.edits));
        (self.analysis, self.edits) = (analysis, edits);
    }

    fn resolved(&self, frame: i64) -> roto::Resolved {
        let (topology, blend) = (topology(), Blend { falloff_frames: 3.0, presence_threshold: 0.5 });
        let mut resolver =
            Resolver::new(&topology, &self.analysis, &self.edits, blend, &model).expect("they belong together");
        resolver.frame(frame).expect("it resolves")
    }

    /// Every hand key is stored and shown where it was set, and there is no other.
    fn check(&self) {
        let stored = self.edits.frames().flat_map(|(frame, edit)| {
            let landmarks = edit.landmarks.iter().map(move |(&k, &at)| ((frame, Grip::Landmark(k)), at.into()));
            let parts = edit.vertices.iter().flat_map(move |(&at, edit)| {
                let anchor = edit.anchor.map(|to| ((frame, Grip::Anchor(at)), to.into()));
                anchor.into_iter().chain(edit.outgoing.map(|to| ((frame, Grip::Outgoing(at)), to.into())))
            });
            landmarks.chain(parts)
        });
        assert_eq!(stored.collect::<Hand>(), self.hand);
        for (&(frame, grip), &to) in &self.hand {
            let shown = self.resolved(frame);
            let curve = shown.curve(0);
            let at: Option<(f64, f64)> = match grip {
                Grip::Landmark(k) => Some(shown.landmarks[k].position.into()),
                Grip::Anchor((_, vertex)) => curve.map(|curve| curve.vertices()[vertex].anchor.into()),
                Grip::Outgoing((_, vertex)) => curve.map(|curve| curve.vertices()[vertex].outgoing.into()),
                Grip::Incoming(_) => None,
            };
            // A curve that no landmark is known of is not shown, but its keys are kept.
            assert!(at.is_none_or(|at| at == to), "frame {frame}, {grip:?}: {at:?} instead of {to:?}");
            let analysed = self.analysis.frame(frame).is_some();
            assert!(at.is_some() || !analysed || curve.is_none());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_sequence_of_steps_loses_or_moves_a_hand_key(steps in steps()) {
        let mut project = Project::new();
        for step in &steps {
            project.take(step);
            project.check();
        }
    }
}
