//! Shapes and landmarks of a file as corrections by hand.

use super::FeatureDetect;
use super::exchange::Context;
use crate::nodes::analysis::{range_of, read_text};
use kurbo::Affine;
use ofx_sdk::plugin::{ChangedArgs, Clip};
use ofx_sdk::{Error, Result};
use roto::exchange::{Format, Imported, ReadOptions, Scene, TextFile};
use roto::{Edits, KeyKind, Plate, Presence, ShapeSpec, ShotShape, Topology, VertexEdit};
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
        plate: Some(*context.results.plate()),
        frames: range_of(args, analysis.first_frame, analysis.last_frame).ok(),
        frame_rate: args.clip(&Clip::SOURCE).ok().and_then(|clip| clip.frame_rate()),
    };
    let Imported { scene, notes } = read(path, context.frame, &options)?;
    let mut edits = Edits::clone(&context.results.edits);
    let taken = take(&scene, context.results.plate(), context.networks.topology(), &mut edits).map_err(Error::node)?;
    if taken.shapes + taken.landmarks == 0 {
        return Err(Error::node(format!(
            "{} holds none of the shapes and landmarks of topology \"{}\"; it has {}",
            path.display(),
            context.networks.topology().name(),
            taken.unknown.join(", ")
        )));
    }
    context.store(effect, args, edits)?;
    let mut told = vec![format!("imported {} shapes and {} landmarks", taken.shapes, taken.landmarks)];
    if !taken.unknown.is_empty() {
        told.push(format!("left out, because the model does not know them: {}", taken.unknown.join(", ")));
    }
    Ok(told.into_iter().chain(notes).collect::<Vec<_>>().join("; "))
}

/// Reads a file of any format that is read. A `.nk` file may hold either node.
fn read(path: &Path, frame: i64, options: &ReadOptions) -> Result<Imported> {
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
    found.map_err(|error| Error::node(format!("{}: {error}", path.display())))
}

/// The frame in a file's name: the last number in it.
fn number_in(name: &str) -> Option<i64> {
    let mut numbers = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    numbers.next_back()?.parse().ok()
}

/// What was taken of a file.
#[derive(Debug, Default, PartialEq)]
struct Taken {
    shapes: usize,
    landmarks: usize,
    unknown: Vec<String>,
}

/// Sets everything in `scene` that the topology knows as corrections, in pixels of `plate`.
fn take(scene: &Scene, plate: &Plate, topology: &Topology, edits: &mut Edits) -> roto::Result<Taken> {
    let to_plate = plate.from_canonical() * scene.plate.to_canonical();
    let mut taken = Taken::default();
    // A file of ours tells the artist's keys from predictions, which must not become keys by hand on every frame.
    let by_hand = hand_frames(scene);
    let is_taken = |frame: i64| by_hand.is_empty() || by_hand.contains(&frame);
    // Landmarks first: a vertex that somebody moved in the file has the last word.
    for tracker in &scene.trackers {
        let Some(index) = topology.landmark_index(&tracker.name) else {
            taken.unknown.push(tracker.name.clone());
            continue;
        };
        let known = tracker
            .frames
            .iter()
            .filter(|(frame, landmark)| landmark.presence != Presence::Missing && is_taken(**frame));
        for (&frame, landmark) in known {
            edits.set_landmark(frame, index, to_plate * landmark.position)?;
        }
        taken.landmarks += 1;
    }
    for shape in scene.shot.shapes() {
        let index = topology.shape_index(&shape.name).filter(|&index| fits(&topology.shapes()[index], shape));
        match index {
            Some(index) => {
                take_shape(index, shape, !by_hand.is_empty(), to_plate, edits)?;
                if !shape.hidden.is_empty() {
                    let mut frames = scene.shot.frames();
                    frames.try_for_each(|frame| edits.set_presence(frame, index, !shape.hidden.contains(&frame)))?;
                }
                taken.shapes += 1;
            }
            None => taken.unknown.push(shape.name.clone()),
        }
    }
    Ok(taken)
}

/// The frames that the file says somebody set a key on; none where it does not tell.
fn hand_frames(scene: &Scene) -> BTreeSet<i64> {
    let keys = scene.shot.shapes().iter().flat_map(|shape| shape.track.keys());
    keys.filter(|key| key.kind == KeyKind::Hand).map(|key| key.time.round() as i64).collect()
}

/// Whether a file's shape has the vertices that the topology's has.
fn fits(spec: &ShapeSpec, shape: &ShotShape) -> bool {
    spec.closed == shape.track.is_closed() && spec.vertices.len() == shape.track.vertex_count()
}

fn take_shape(
    index: usize,
    shape: &ShotShape,
    only_by_hand: bool,
    to_plate: Affine,
    edits: &mut Edits,
) -> roto::Result<()> {
    for key in shape.track.keys().iter().filter(|key| !only_by_hand || key.kind == KeyKind::Hand) {
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
    use roto::{BezierShape, Landmark, ShapeTrack, Shot, Vertex};

    #[test]
    fn the_frame_of_a_file_is_the_last_number_of_its_name() {
        assert_eq!(number_in("eyes_v2.1007.json"), Some(1007));
        assert_eq!(number_in("eyes.json"), None);
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
        let taken = take(&scene, &plate, &topology, &mut edits).unwrap();
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
}
