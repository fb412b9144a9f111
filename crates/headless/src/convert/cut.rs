use std::ops::RangeInclusive;

use roto::exchange::Scene;
use roto::{ShapeTrack, Shot, ShotShape};

use crate::error::{Error, Result};

/// Cuts a shot that tells its own frames to those that are asked for. On these every shape is as it was: a key that lies
/// outside stays where the way from it, or to it, goes on inside.
///
/// # Errors
/// [`Error::Usage`] where the shot has not all of the frames.
pub(super) fn cut(scene: &mut Scene, frames: RangeInclusive<i64>) -> Result<()> {
    let ((first, last), own) = (frames.clone().into_inner(), scene.shot.frames());
    if !(own.contains(&first) && own.contains(&last)) {
        let (from, to) = own.into_inner();
        return Err(Error::Usage(format!("--frames {first}-{last}: the shot has {from}-{to}; name frames of these")));
    }
    let wrong = |found: roto::Error| Error::Usage(format!("--frames {first}-{last}: {found}"));
    let shapes = scene.shot.shapes().iter().map(|shape| shape_within(shape, &frames)).collect::<roto::Result<_>>();
    scene.shot = shapes.and_then(|shapes| Shot::new(first, last, shapes)).map_err(wrong)?;
    scene.trackers.iter_mut().for_each(|tracker| tracker.frames.retain(|frame, _| frames.contains(frame)));
    Ok(())
}

fn shape_within(shape: &ShotShape, frames: &RangeInclusive<i64>) -> roto::Result<ShotShape> {
    let keys = shape.track.keys();
    let (first, last) = (*frames.start() as f64, *frames.end() as f64);
    let from = keys.iter().rposition(|key| key.time <= first).unwrap_or(0);
    let to = keys.iter().position(|key| key.time >= last).unwrap_or(keys.len() - 1);
    let track = ShapeTrack::new(keys[from..=to].to_vec())?;
    let hidden = shape.hidden.range(frames.clone()).copied().collect();
    Ok(ShotShape { hidden, ..ShotShape::new(&shape.name, track) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use roto::{BezierShape, KeyKind, Plate, ShapeKey, Vertex};

    /// A line whose left end stands at the square of the frame on keys of 1, 3, 5, 7 and 9, hidden on 2 and 6.
    fn scene() -> Scene {
        let key = |time: f64| {
            let line = [(time * time, 0.0), (100.0, 8.0)].map(|at| Vertex::corner(at.into()));
            ShapeKey { time, kind: KeyKind::Predicted, shape: BezierShape::new(line.into(), false).unwrap() }
        };
        let track = ShapeTrack::new([1.0, 3.0, 5.0, 7.0, 9.0].map(key).into()).unwrap();
        let seam = ShotShape { hidden: [2, 6].into(), ..ShotShape::new("seam", track) };
        Scene::new(Shot::new(1, 9, vec![seam]).unwrap(), Plate::sized(200.0, 100.0))
    }

    #[test]
    fn a_cut_shot_has_its_frames_alone_and_every_shape_where_it_was() {
        for (first, last, keys) in [
            (4, 6, vec![3.0, 5.0, 7.0]),
            (5, 5, vec![5.0]),
            (4, 4, vec![3.0, 5.0]),
            (1, 9, vec![1.0, 3.0, 5.0, 7.0, 9.0]),
        ] {
            let (whole, mut part) = (scene(), scene());
            cut(&mut part, first..=last).unwrap();
            assert_eq!(part.shot.frames(), first..=last);
            let (seam, before) = (part.shot.shape("seam").unwrap(), whole.shot.shape("seam").unwrap());
            assert_eq!(seam.track.keys().iter().map(|key| key.time).collect::<Vec<_>>(), keys);
            for frame in first..=last {
                let time = frame as f64;
                assert_eq!(
                    (seam.track.at(time), seam.is_present(time)),
                    (before.track.at(time), before.is_present(time))
                );
            }
            assert!(seam.hidden.iter().all(|frame| (first..=last).contains(frame)), "{:?}", seam.hidden);
        }
    }

    #[test]
    fn frames_that_the_shot_has_not_are_refused_with_those_that_it_has() {
        for frames in [0..=4, 8..=10, 20..=30] {
            let told = cut(&mut scene(), frames).unwrap_err();
            assert_eq!(told.exit_code(), crate::error::EXIT_USAGE);
            assert!(told.to_string().contains("the shot has 1-9"), "{told}");
        }
    }
}
