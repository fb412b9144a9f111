//! A shot as cubic-segment JSON, a file for each frame: shapes by name, landmarks as the list of points.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{Fault, shown};
use super::{CubicSegments, Imported, Layout, ReadOptions, Scene, TextFile, Tracker, WriteOptions, Written};
use crate::exchange::limits::MOST_HIDDEN;
use crate::{KeyKind, Landmark, Presence, Result, ShapeKey, ShapeTrack, Shot, ShotShape, Topology};

const FAULT: Fault = Fault("cubic-segment JSON");
/// Frames that a shot read from files may span: those without a file hide every shape.
const MOST_FRAMES: u64 = 100_000;

/// A file for each frame, with the shapes that are to be seen on it. Landmarks that are not visible become occluded points; of
/// the puppet all are written, so that points keep their places.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let trackers = if options.include_tracks { trackers_in_place(scene)? } else { Vec::new() };
    let mut files = Vec::new();
    for frame in scene.shot.frames() {
        let point = |tracker: &Option<&Tracker>| {
            let seen = (*tracker)?.frames.get(&frame).filter(|landmark| landmark.presence == Presence::Visible);
            seen.map(|landmark| landmark.position)
        };
        let shapes = scene.shot.shapes_at(frame as f64).map(|(name, shape)| (name.to_owned(), shape)).collect();
        let points = (!trackers.is_empty()).then(|| trackers.iter().map(point).collect());
        let text = CubicSegments { shapes, points }.write()?;
        files.push(TextFile { frame: Some(frame), text });
    }
    let styled = scene.shot.shapes().iter().filter(|shape| {
        let style = scene.style_of(&shape.name);
        style.is_soft() || style.is_translucent()
    });
    let styled = styled.map(|shape| format!("{}: feather and opacity are left out.", shape.name));
    let cut = scene.shot.shapes().iter().filter(|shape| scene.style_of(&shape.name).cut);
    let cut = cut.map(|shape| format!("{}: nothing in the file says that it is cut out of the others.", shape.name));
    let notes = styled.chain(cut).collect();
    Ok(Written { files, notes })
}

/// The landmarks in the order of their points; those that are known on no frame have a place, but no tracker.
fn trackers_in_place(scene: &Scene) -> Result<Vec<Option<&Tracker>>> {
    let puppet = Topology::puppet()?;
    if scene.trackers.is_empty() || scene.topology.as_deref() != Some(puppet.name()) {
        return Ok(scene.trackers.iter().map(Some).collect());
    }
    // What the puppet does not know has no place among its points.
    if scene.trackers.iter().any(|tracker| puppet.landmark_index(&tracker.name).is_none()) {
        return Ok(scene.trackers.iter().map(Some).collect());
    }
    let named = |name: &str| scene.trackers.iter().find(|tracker| tracker.name == name);
    Ok(puppet.landmarks().iter().map(|spec| named(&spec.name)).collect())
}

/// Reads a file for each frame. Files with the layout of the public data set get the names of the puppet's shapes and landmarks.
pub(super) fn read(files: &[TextFile], options: &ReadOptions) -> Result<Imported> {
    let plate =
        options.plate.ok_or_else(|| FAULT.at("files", "they do not say how large the picture is; give the size"))?;
    let mut frames = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let first = options.frames.as_ref().map_or(1, |frames| *frames.start());
        let frame = file.frame.unwrap_or(first.saturating_add(index as i64));
        let parsed = CubicSegments::parse(&file.text).map_err(|e| FAULT.at(format!("frame {frame}"), e.to_string()))?;
        if frames.insert(frame, parsed).is_some() {
            return Err(FAULT.at(format!("frame {frame}"), "two files have this number"));
        }
    }
    let (Some((&first, _)), Some((&last, _))) = (frames.first_key_value(), frames.last_key_value()) else {
        return Err(FAULT.at("files", "none was given"));
    };
    let range = options.frames.clone().unwrap_or(first..=last);
    if range.is_empty() || range.start().abs_diff(*range.end()) >= MOST_FRAMES {
        return Err(FAULT.at("files", format!("frames {range:?} are no shot of 1 to {MOST_FRAMES} frames")));
    }
    let mut notes = Vec::new();
    let trackers = trackers(&mut frames, &mut notes)?;
    let names: BTreeSet<String> = frames.values().flat_map(|file| file.shapes.keys().cloned()).collect();
    let length = range.start().abs_diff(*range.end()) + 1;
    if length.saturating_mul(names.len() as u64) > MOST_HIDDEN {
        return Err(FAULT.at("files", format!("{} shapes on {length} frames are too many", names.len())));
    }
    let mut shapes = Vec::new();
    for name in names {
        let seen = frames.iter().filter_map(|(&frame, file)| Some((frame, file.shapes.get(&name)?)));
        let keys = seen.clone().map(|(frame, shape)| ShapeKey {
            time: frame as f64,
            kind: KeyKind::Predicted,
            shape: shape.clone(),
        });
        let track = ShapeTrack::new(keys.collect()).map_err(|e| FAULT.of_shape(&name, e.to_string()))?;
        let seen: BTreeSet<i64> = seen.map(|(frame, _)| frame).collect();
        let hidden = range.clone().filter(|frame| !seen.contains(frame)).collect();
        shapes.push(ShotShape { hidden, ..ShotShape::new(name, track) });
    }
    let shot = Shot::new(*range.start(), *range.end(), shapes)?;
    let scene = Scene { frame_rate: options.frame_rate, trackers, ..Scene::new(shot, plate) };
    scene.check()?;
    Ok(Imported { scene, notes })
}

/// Landmarks over time. Where all files have one layout of the puppet, its names, and its names of the shapes.
fn trackers(frames: &mut BTreeMap<i64, CubicSegments>, notes: &mut Vec<String>) -> Result<Vec<Tracker>> {
    let (puppet, layouts) = (Topology::puppet()?, Layout::puppet()?);
    let of: Option<Vec<&Layout>> = frames.values().map(|file| Layout::of(&layouts, file).ok()).collect();
    let mut all: BTreeMap<usize, Tracker> = BTreeMap::new();
    let mut put = |index: usize, name: &str, frame: i64, landmark: Landmark| {
        let tracker = all.entry(index).or_insert_with(|| Tracker { name: name.to_owned(), ..Tracker::default() });
        tracker.frames.insert(frame, landmark);
    };
    let Some(of) = of else {
        for (&frame, file) in frames.iter() {
            for (index, point) in file.points.iter().flatten().enumerate() {
                if let Some(position) = point {
                    put(index, &format!("point_{index}"), frame, Landmark::visible(*position));
                }
            }
        }
        return Ok(all.into_values().collect());
    };
    notes.extend(
        of.first().map(|layout| format!("Points and shapes are named by the layout {}.", shown(layout.label()))),
    );
    for ((&frame, file), layout) in frames.iter_mut().zip(of) {
        let found = layout.import(&puppet, file)?;
        for (index, (landmark, spec)) in found.landmarks().iter().zip(puppet.landmarks()).enumerate() {
            if landmark.presence != Presence::Missing {
                put(index, &spec.name, frame, *landmark);
            }
        }
        let named = found.shapes().iter().zip(puppet.shapes());
        file.shapes = named.filter_map(|(shape, spec)| Some((spec.name.clone(), shape.clone()?))).collect();
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plate;
    use crate::exchange::Format;
    use crate::exchange::fixture::{assert_near, scene};
    use crate::fixture::{RAW, TEST, TEST_LATER};

    fn hd() -> ReadOptions {
        ReadOptions { plate: Some(Plate::sized(800.0, 800.0)), ..ReadOptions::default() }
    }

    #[test]
    fn every_frame_comes_back() {
        let scene = scene();
        let written =
            Format::CubicSegments.write(&scene, &WriteOptions::default()).expect("a scene that can be written");
        assert_eq!((written.files.len(), written.notes.len()), (12, 2));
        let options = ReadOptions { plate: Some(scene.plate), ..ReadOptions::default() };
        let back = Format::CubicSegments.read(&written.files, &options).expect("what was written").scene;
        assert_eq!((back.shot.frames(), back.shot.shapes().len()), (1001..=1012, 3));
        for shape in back.shot.shapes() {
            let own = scene.shot.shape(&shape.name).expect("one of ours");
            assert_eq!(shape.hidden, own.hidden);
            for frame in (1001..=1012).filter(|frame| !own.hidden.contains(frame)) {
                assert_near(
                    &shape.name,
                    frame as f64,
                    &shape.track.at(frame as f64),
                    &own.track.at(frame as f64),
                    1e-9,
                );
            }
        }
        // Its shapes are not the puppet's, so that its points have their places and no names.
        let place = Topology::puppet().expect("shipped").landmark_index(&scene.trackers[0].name).expect("a landmark");
        let tracker = back.trackers.iter().find(|tracker| tracker.name == format!("point_{place}")).expect("written");
        let seen: Vec<_> = tracker.frames.iter().map(|(frame, landmark)| (*frame, landmark.position)).collect();
        let visible = scene.trackers[0].frames.iter().filter(|(_, landmark)| landmark.presence == Presence::Visible);
        assert!(visible.map(|(frame, landmark)| (*frame, landmark.position)).eq(seen));
    }

    #[test]
    fn what_is_written_of_the_puppet_keeps_its_names_whatever_is_hidden() {
        let puppet = Topology::puppet().expect("shipped");
        let file = |text: &str| TextFile { frame: Some(42), text: text.to_owned() };
        let mut scene = read(&[file(TEST)], &hd()).expect("a public file").scene;
        scene.topology = Some(puppet.name().to_owned());
        // 28 of 45 landmarks are known, and four shapes; one is switched off.
        let shapes = scene.shot.shapes().iter().filter(|shape| shape.name != "left_brow").cloned().collect();
        scene.shot = Shot::new(42, 42, shapes).expect("a shot");
        let written = Format::CubicSegments.write(&scene, &WriteOptions::default()).expect("a scene").files;
        let parsed = CubicSegments::parse(&written[0].text).expect("ours");
        assert_eq!((parsed.points.map(|points| points.len()), parsed.shapes.len()), (Some(45), 3));
        let back = Format::CubicSegments.read(&written, &hd()).expect("ours").scene;
        assert_eq!(back.trackers, scene.trackers);
        let names = |scene: &Scene| scene.shot.shapes().iter().map(|shape| shape.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&back), names(&scene));
    }

    #[test]
    fn the_public_files_get_the_names_of_the_puppet() {
        let file = |frame: i64, text: &str| TextFile { frame: Some(frame), text: text.to_owned() };
        let found = read(&[file(170, TEST_LATER), file(42, TEST)], &hd()).expect("public files");
        let scene = found.scene;
        assert_eq!((scene.shot.frames(), scene.trackers.len(), found.notes.len()), (42..=170, 28, 1));
        let eye = scene.shot.shape("right_eye").expect("an eye");
        assert_eq!((eye.track.keys().len(), eye.hidden.len()), (2, 127));
        let inner = scene.trackers.iter().find(|tracker| tracker.name == "right_eye_inner").expect("a landmark");
        assert_eq!(inner.frames[&42].position, (420.36, 430.26).into());
        assert!(read(&[file(20, RAW)], &hd()).expect("shapes without points").scene.trackers.is_empty());
    }

    #[test]
    fn the_frame_of_a_damaged_file_is_named() {
        let file = |frame: Option<i64>, text: &str| TextFile { frame, text: text.to_owned() };
        let message = |files: &[TextFile]| read(files, &hd()).expect_err("damaged").to_string();
        assert!(message(&[file(Some(7), "{}"), file(Some(8), "[")]).contains("frame 8"));
        assert!(message(&[file(Some(7), "{}"), file(Some(7), "{}")]).contains("frame 7: two files"));
        assert!(message(&[file(Some(0), "{}"), file(Some(1 << 40), "{}")]).contains("no shot"));
        assert!(message(&[]).contains("none was given"));
        let line = |x: f64| format!(r#"{{"a": [[[0, 1, {x}, 1], [0, 1, 9, 1]]]}}"#);
        let longer = r#"{"a": [[[0, 1, 3, 1], [0, 1, 9, 1]], [[3, 1, 6, 1], [9, 1, 9, 1]]]}"#;
        assert!(
            message(&[file(None, &line(4.0)), file(None, longer)]).contains("shape \"a\": the key at frame 2 has 3")
        );
    }
}
