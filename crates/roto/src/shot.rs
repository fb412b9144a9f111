use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{BezierShape, Error, Result, ShapeTrack};

/// One named shape of a shot: its track, and the frames on which it is not to be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShotShape {
    /// Unique within the shot, such as `left_eye`.
    pub name: String,
    /// Where the shape is, also on frames that hide it: motion blur and a shape that comes back need it.
    pub track: ShapeTrack,
    /// Frames on which the shape is hidden.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hidden: BTreeSet<i64>,
}

impl ShotShape {
    /// A shape that is always to be seen.
    pub fn new(name: impl Into<String>, track: ShapeTrack) -> Self {
        Self { name: name.into(), track, hidden: BTreeSet::new() }
    }

    /// Whether the shape is to be seen at `time`, in frames: that of the nearest whole frame counts, so that the shutter of a
    /// frame never makes a shape half present.
    pub fn is_present(&self, time: f64) -> bool {
        !self.hidden.contains(&(time.round() as i64))
    }

    /// The longest runs of frames within `frames` on which the shape is to be seen, in order.
    pub fn present_runs(&self, frames: RangeInclusive<i64>) -> Vec<RangeInclusive<i64>> {
        let (first, last) = (*frames.start(), *frames.end());
        if first > last {
            return Vec::new();
        }
        let mut runs = Vec::new();
        let mut start = first;
        for &hidden in self.hidden.range(frames) {
            if start < hidden {
                runs.push(start..=hidden - 1);
            }
            // The frame after the last one that i64 holds does not exist.
            match hidden.checked_add(1) {
                Some(next) => start = next,
                None => return runs,
            }
        }
        if start <= last {
            runs.push(start..=last);
        }
        runs
    }
}

/// Named shapes over a range of frames.
///
/// ```
/// use kurbo::Point;
/// use roto::{BezierShape, ShapeTrack, Shot, ShotShape, Vertex};
///
/// let line = [(0.0, 0.0), (4.0, 0.0)].map(|at| Vertex::corner(Point::from(at)));
/// let track = ShapeTrack::still(BezierShape::new(line.into(), false)?);
/// let mut seam = ShotShape::new("nose_seam", track);
/// seam.hidden.insert(1002);
/// let shot = Shot::new(1001, 1105, vec![seam])?;
/// assert_eq!(shot.shapes_at(1001.0).count(), 1);
/// assert_eq!(shot.shapes_at(1002.0).count(), 0);
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Shot {
    first_frame: i64,
    last_frame: i64,
    shapes: Vec<ShotShape>,
}

/// What a file says, before it is checked.
#[derive(Deserialize)]
struct Fields {
    first_frame: i64,
    last_frame: i64,
    shapes: Vec<ShotShape>,
}

impl TryFrom<Fields> for Shot {
    type Error = Error;

    fn try_from(fields: Fields) -> Result<Self> {
        Self::new(fields.first_frame, fields.last_frame, fields.shapes)
    }
}

impl Shot {
    /// The shapes of the frames `first_frame` to `last_frame`, both included.
    ///
    /// # Errors
    /// [`Error::FrameRange`] when the last frame lies before the first, [`Error::DuplicateName`].
    pub fn new(first_frame: i64, last_frame: i64, shapes: Vec<ShotShape>) -> Result<Self> {
        if last_frame < first_frame {
            return Err(Error::FrameRange { first: first_frame, last: last_frame });
        }
        let mut names = BTreeSet::new();
        match shapes.iter().find(|shape| !names.insert(&shape.name)) {
            Some(shape) => Err(Error::DuplicateName { name: shape.name.clone() }),
            None => Ok(Self { first_frame, last_frame, shapes }),
        }
    }

    /// The frames of the shot.
    pub fn frames(&self) -> RangeInclusive<i64> {
        self.first_frame..=self.last_frame
    }

    /// The shapes, in order.
    pub fn shapes(&self) -> &[ShotShape] {
        &self.shapes
    }

    /// The shape with this name.
    pub fn shape(&self, name: &str) -> Option<&ShotShape> {
        self.shapes.iter().find(|shape| shape.name == name)
    }

    /// The shape with this name, to edit.
    pub fn shape_mut(&mut self, name: &str) -> Option<&mut ShotShape> {
        self.shapes.iter_mut().find(|shape| shape.name == name)
    }

    /// Name and curve of every shape that is to be seen at `time`, in frames.
    pub fn shapes_at(&self, time: f64) -> impl Iterator<Item = (&str, BezierShape)> + '_ {
        self.shapes
            .iter()
            .filter(move |shape| shape.is_present(time))
            .map(move |shape| (shape.name.as_str(), shape.track.at(time)))
    }

    /// The tracks of the shapes that are to be seen at `time`, in frames, for motion blur.
    pub fn present_tracks(&self, time: f64) -> Vec<&ShapeTrack> {
        self.shapes.iter().filter(|shape| shape.is_present(time)).map(|shape| &shape.track).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vertex;
    use kurbo::Point;

    fn seam(hidden: &[i64]) -> ShotShape {
        let line = vec![Vertex::corner(Point::ORIGIN), Vertex::corner(Point::new(4.0, 1.0))];
        let track = ShapeTrack::still(BezierShape::new(line, false).expect("a line"));
        ShotShape { hidden: hidden.iter().copied().collect(), ..ShotShape::new("seam", track) }
    }

    #[test]
    fn hidden_frames_split_runs() {
        assert_eq!(seam(&[]).present_runs(3..=9), [3..=9]);
        assert_eq!(seam(&[3, 5, 6, 9, 12]).present_runs(3..=9), [4..=4, 7..=8]);
        assert_eq!(seam(&[3, 4]).present_runs(3..=4), []);
        assert_eq!(seam(&[i64::MAX]).present_runs(i64::MAX - 1..=i64::MAX), [i64::MAX - 1..=i64::MAX - 1]);
        assert_eq!(seam(&[]).present_runs(RangeInclusive::new(5, 4)), []);
    }

    #[test]
    fn presence_is_that_of_the_nearest_frame() {
        let seam = seam(&[10]);
        assert!(seam.is_present(9.4) && !seam.is_present(9.6) && !seam.is_present(10.4) && seam.is_present(10.6));
    }

    #[test]
    fn a_shot_refuses_equal_names_and_a_range_that_runs_backwards() {
        let twice = Shot::new(1, 5, vec![seam(&[]), seam(&[2])]);
        assert_eq!(twice, Err(Error::DuplicateName { name: "seam".into() }));
        assert_eq!(Shot::new(5, 1, vec![]), Err(Error::FrameRange { first: 5, last: 1 }));
    }

    #[test]
    fn a_shot_survives_json() {
        let shot = Shot::new(1, 5, vec![seam(&[2, 3])]).expect("a shot");
        let text = serde_json::to_string(&shot).expect("json");
        assert_eq!(serde_json::from_str::<Shot>(&text).expect("the same"), shot);
    }
}
