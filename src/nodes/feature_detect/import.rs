//! Shapes and landmarks of a file as corrections by hand.

use super::FeatureDetect;
use super::exchange::Context;
use super::results::plate_of_files;
use crate::nodes::analysis::{range_of, read_text};
use kurbo::Affine;
use ofx_sdk::plugin::{ChangedArgs, Clip};
use ofx_sdk::{Error, Result};
use roto::exchange::{Format, Imported, ReadOptions, Scene, TextFile};
use roto::{Edits, KeyKind, Landmark, Plate, Presence, ShapeKey, ShapeSpec, ShotShape, Topology, VertexEdit};
use std::collections::BTreeSet;
use std::path::Path;

/// Takes the named file in, as one step that can be undone, and says what it held.
///
/// # Errors
/// A file that cannot be read, that holds none of the model's names, or that is no exchange file.
pub fn import(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<String> {
    let context = Context::of(effect, args)?;
    let path = match context.settings.exchange.import_file.trim() {
        "" => return Err(Error::node("give the File to import first".to_owned())),
        path => Path::new(path),
    };
    let analysis = &context.settings.analysis;
    let options = ReadOptions {
        plate: Some(plate_of_files(context.results.plate(), args.project())),
        frames: range_of(args, analysis.first_frame, analysis.last_frame).ok(),
        frame_rate: args.clip(&Clip::SOURCE).ok().and_then(|clip| clip.frame_rate()),
    };
    let (format, Imported { scene, notes }) = read(path, context.frame, &options)?;
    let mut edits = Edits::clone(&context.results.edits);
    let (plate, topology) = (context.results.plate(), context.networks.topology());
    // Ours tells the artist's keys from predictions, which must not become keys by hand on every frame.
    let by_hand = (format == Format::RotocelShot).then(|| hand_frames(&scene, topology));
    let taken = take(&scene, by_hand.as_deref(), plate, topology, &mut edits).map_err(Error::node)?;
    if taken.known == 0 {
        return Err(Error::node(format!(
            "{} holds none of the shapes and landmarks of topology \"{}\"; it has {}",
            path.display(),
            topology.name(),
            taken.unknown.join(", ")
        )));
    }
    if by_hand.is_some() && taken.shapes + taken.landmarks == 0 {
        return Ok(format!("nothing was imported: nothing in {} was set by hand", path.display()));
    }
    context.store(effect, args, edits)?;
    let mut told = vec![format!("imported {} shapes and {} landmarks", taken.shapes, taken.landmarks)];
    if !taken.unknown.is_empty() {
        told.push(format!("left out, because the model does not know them: {}", taken.unknown.join(", ")));
    }
    Ok(told.into_iter().chain(notes).collect::<Vec<_>>().join("; "))
}

/// Reads a file of any format that is read, which its name tells. A `.nk` file may hold either node.
fn read(path: &Path, frame: i64, options: &ReadOptions) -> Result<(Format, Imported)> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let readable: Vec<_> = Format::ALL.into_iter().filter(|format| format.is_readable()).collect();
    let Some(format) = Format::of_file_name(&name).filter(|format| format.is_readable()) else {
        let endings: Vec<_> = readable.iter().map(|format| format!(".{}", format.extension())).collect();
        return Err(Error::node(format!(
            "{} cannot be imported; files that end in {} can",
            path.display(),
            endings.join(", ")
        )));
    };
    let mut options = options.clone();
    if format.is_per_frame() {
        // One file says nothing of other frames; they must not be taken for frames without shapes.
        options.frames = None;
    }
    let text = read_text(path)?;
    let file = [TextFile { frame: format.is_per_frame().then(|| number_in(&name).unwrap_or(frame)), text }];
    let found = match format {
        Format::NukeRoto => Format::NukeRoto
            .read(&file, &options)
            .or_else(|roto| Format::NukeTracker.read(&file, &options).map_err(|_| roto)),
        format => format.read(&file, &options),
    };
    found.map(|found| (format, found)).map_err(|error| Error::node(format!("{}: {error}", path.display())))
}

/// The frame in a file's name: the last number in it. A minus is its sign where a point stands before it, as in the names that
/// exports have, or nothing; in `shot-12.json` it is none.
fn number_in(name: &str) -> Option<i64> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |before| before + 1);
    let before = &name[..start];
    let sign = usize::from(before == "-" || before.ends_with(".-"));
    name[start - sign..end].parse().ok()
}

/// What was taken of a file.
#[derive(Debug, Default, PartialEq)]
struct Taken {
    shapes: usize,
    landmarks: usize,
    /// Names of the topology's in the file, whether something of theirs was taken or not.
    known: usize,
    unknown: Vec<String>,
}

/// Sets what the topology knows of `scene` as corrections, in pixels of `plate`: everything, or what was set `by_hand` where the
/// file tells it. Of a landmark that means the frames of the shapes it is in.
fn take(
    scene: &Scene,
    by_hand: Option<&[BTreeSet<i64>]>,
    plate: &Plate,
    topology: &Topology,
    edits: &mut Edits,
) -> roto::Result<Taken> {
    let to_plate = plate.from_canonical() * scene.plate.to_canonical();
    let mut taken = Taken::default();
    let shape_is_taken = |shape: usize, frame: i64| by_hand.is_none_or(|frames| frames[shape].contains(&frame));
    let landmark_is_taken = |landmark: usize, frame: i64| {
        let has_it = |spec: &ShapeSpec| spec.vertices.iter().any(|vertex| vertex.landmark() == Some(landmark));
        by_hand.is_none_or(|frames| {
            topology.shapes().iter().zip(frames).any(|(spec, frames)| frames.contains(&frame) && has_it(spec))
        })
    };
    // Landmarks first: a vertex that somebody moved in the file has the last word.
    for tracker in &scene.trackers {
        let Some(index) = topology.landmark_index(&tracker.name) else {
            taken.unknown.push(tracker.name.clone());
            continue;
        };
        let is_taken =
            |frame: i64, landmark: &Landmark| landmark.presence != Presence::Missing && landmark_is_taken(index, frame);
        let places: Vec<_> = tracker.frames.iter().filter(|(frame, landmark)| is_taken(**frame, landmark)).collect();
        taken.known += 1;
        taken.landmarks += usize::from(!places.is_empty());
        for (&frame, landmark) in places {
            edits.set_landmark(frame, index, to_plate * landmark.position)?;
        }
    }
    for shape in scene.shot.shapes() {
        let Some(index) = known_shape(shape, topology) else {
            taken.unknown.push(shape.name.clone());
            continue;
        };
        let keys = shape.track.keys().iter().filter(|key| by_hand.is_none() || key.kind == KeyKind::Hand);
        let keys: Vec<_> = keys.collect();
        taken.known += 1;
        taken.shapes += usize::from(!keys.is_empty());
        take_keys(index, &keys, to_plate, edits)?;
        if !shape.hidden.is_empty() {
            let mut frames = scene.shot.frames().filter(|&frame| shape_is_taken(index, frame));
            frames.try_for_each(|frame| edits.set_presence(frame, index, !shape.hidden.contains(&frame)))?;
        }
    }
    Ok(taken)
}

/// The frames on which somebody set a key, for each shape of the topology.
fn hand_frames(scene: &Scene, topology: &Topology) -> Vec<BTreeSet<i64>> {
    let mut frames = vec![BTreeSet::new(); topology.shapes().len()];
    for shape in scene.shot.shapes() {
        let keys = shape.track.keys().iter().filter(|key| key.kind == KeyKind::Hand);
        if let Some(index) = known_shape(shape, topology) {
            frames[index].extend(keys.map(|key| key.time.round() as i64));
        }
    }
    frames
}

/// Which of the topology's shapes a file's is.
fn known_shape(shape: &ShotShape, topology: &Topology) -> Option<usize> {
    topology.shape_index(&shape.name).filter(|&index| fits(&topology.shapes()[index], shape))
}

/// Whether a file's shape has the vertices that the topology's has.
fn fits(spec: &ShapeSpec, shape: &ShotShape) -> bool {
    spec.closed == shape.track.is_closed() && spec.vertices.len() == shape.track.vertex_count()
}

fn take_keys(index: usize, keys: &[&ShapeKey], to_plate: Affine, edits: &mut Edits) -> roto::Result<()> {
    for key in keys {
        let curve = key.shape.transformed(to_plate)?;
        for (vertex, place) in curve.vertices().iter().enumerate() {
            let edit = VertexEdit {
                anchor: Some(place.anchor),
                incoming: Some(place.incoming),
                outgoing: Some(place.outgoing),
            };
            edits.set_vertex(key.time.round() as i64, (index, vertex), edit)?;
        }
        // Whoever draws a shape on a frame means it to be seen there, whatever the network thinks.
        edits.set_presence(key.time.round() as i64, index, true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::{Point, Vec2};
    use roto::exchange::Tracker;
    use roto::{BezierShape, ShapeTrack, Shot, Vertex};

    #[test]
    fn the_frame_of_a_file_is_the_last_number_of_its_name() {
        assert_eq!(number_in("eyes_v2.1007.json"), Some(1007));
        assert_eq!(number_in("eyes.json"), None);
        assert_eq!(number_in("eyes.-005.json"), Some(-5));
        assert_eq!(number_in("-12.json"), Some(-12));
        assert_eq!(number_in("eyes-12.json"), Some(12));
    }

    #[test]
    fn known_names_become_corrections_on_the_nodes_plate_and_unknown_ones_are_told() {
        let topology = Topology::puppet().unwrap();
        let plate = Plate { x1: -10.0, y2: 1000.0, width: 800.0, height: 1000.0, pixel_aspect: 1.0 };
        let vertex = |k: usize| Vertex {
            anchor: Point::new(100.0 + 10.0 * k as f64, 50.0),
            incoming: Vec2::new(-1.0, 2.0),
            outgoing: Vec2::new(3.0, k as f64),
        };
        let shape = |name: &str, count: usize| {
            let shape = BezierShape::new((0..count).map(vertex).collect(), true).unwrap();
            ShotShape::new(name, ShapeTrack::still(shape))
        };
        let mut hidden = shape("left_eye", 6);
        hidden.hidden.insert(2);
        let shot = Shot::new(0, 3, vec![hidden, shape("right_eye", 5), shape("mouth", 6)]).unwrap();
        let mut scene = Scene::new(shot, Plate { x1: 0.0, y2: 900.0, ..plate });
        let tracker = |name: &str| Tracker {
            name: name.to_owned(),
            frames: [(3, Landmark::visible(Point::new(20.0, 30.0))), (4, Landmark::MISSING)].into(),
        };
        scene.trackers = vec![tracker("seam_nose_mid"), tracker("chin")];
        let mut edits = Edits::new(&topology, plate).unwrap();
        let taken = take(&scene, None, &plate, &topology, &mut edits).unwrap();
        assert_eq!((taken.shapes, taken.landmarks), (1, 1));
        assert_eq!(taken.unknown, ["chin", "right_eye", "mouth"], "five vertices are no eye");
        let frame = edits.frame(0).unwrap();
        assert_eq!(frame.landmarks[&6], Point::new(120.0, 150.0), "10 px right, 100 px down");
        assert_eq!(frame.vertices[&(0, 1)].outgoing, Some(Vec2::new(3.0, 1.0)));
        assert!(frame.presence[&0], "what is drawn is to be seen");
        assert!(!edits.frame(2).unwrap().presence[&0]);
        assert_eq!(edits.frame(3).unwrap().landmarks[&2], Point::new(30.0, 130.0));
        assert!(edits.frame(4).is_none());
    }

    #[test]
    fn of_a_file_that_tells_hand_keys_nothing_else_is_taken() {
        let topology = Topology::puppet().unwrap();
        let plate = Plate::sized(800.0, 1000.0);
        let shape = |name: &str, kinds: [KeyKind; 3]| {
            let vertex = |k: usize| Vertex::corner(Point::new(10.0 * k as f64, (k * k) as f64));
            let curve = BezierShape::new((0..6).map(vertex).collect(), true).unwrap();
            let keys = kinds.iter().zip(1..).map(|(&kind, frame)| ShapeKey {
                time: f64::from(frame),
                kind,
                shape: curve.clone(),
            });
            let hidden = [2, 3].into();
            ShotShape { hidden, ..ShotShape::new(name, ShapeTrack::new(keys.collect()).unwrap()) }
        };
        let [hand, predicted] = [KeyKind::Hand, KeyKind::Predicted];
        let tracker = |landmark: usize| Tracker {
            name: topology.landmarks()[landmark].name.clone(),
            frames: (1..=3).map(|frame| (frame, Landmark::visible(Point::new(5.0, 5.0)))).collect(),
        };
        let take_of = |left: [KeyKind; 3]| {
            let eyes = vec![shape("left_eye", left), shape("right_eye", [predicted; 3])];
            let mut scene = Scene::new(Shot::new(1, 3, eyes).unwrap(), plate);
            // One of each eye, and one of the seam, which is not in the file.
            scene.trackers = [5, 11, 0].map(tracker).into();
            let mut edits = Edits::new(&topology, plate).unwrap();
            let by_hand = hand_frames(&scene, &topology);
            let taken = take(&scene, Some(&by_hand), &plate, &topology, &mut edits).unwrap();
            (taken, edits)
        };
        let (taken, edits) = take_of([predicted, hand, predicted]);
        assert_eq!((taken.shapes, taken.landmarks, taken.known), (1, 1, 5));
        assert_eq!(edits.frames().map(|(frame, _)| frame).collect::<Vec<_>>(), [2], "not even the hidden third");
        let frame = edits.frame(2).unwrap();
        assert!(frame.landmarks.keys().copied().eq(5..=10), "the left eye's own: {:?}", frame.landmarks);
        assert_eq!((frame.vertices.len(), &frame.presence), (6, &[(0, false)].into()));
        let (taken, edits) = take_of([predicted; 3]);
        assert!((taken.shapes, taken.landmarks) == (0, 0) && edits.is_empty());
    }
}
