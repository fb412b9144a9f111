use std::ops::{Index, IndexMut};

use kurbo::{Affine, Point};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Topology};

/// What is known of a landmark in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is seen, and lies where the position says.
    Visible,
    /// It is hidden; the position is inferred.
    Occluded,
    /// Nothing is known; the position is (0, 0) and means nothing.
    Missing,
}

/// A landmark in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Landmark {
    /// Where it is, in pixels of the plate.
    pub position: Point,
    /// How far the position is to be trusted, from 0 to 1.
    pub confidence: f64,
    /// Whether it is seen, hidden or unknown.
    pub presence: Presence,
}

impl Landmark {
    /// Nothing is known.
    pub const MISSING: Self = Self { position: Point::ZERO, confidence: 0.0, presence: Presence::Missing };

    /// A landmark that somebody saw: confidence 1.
    pub fn visible(position: Point) -> Self {
        Self { position, confidence: 1.0, presence: Presence::Visible }
    }

    /// The position, unless the landmark is missing.
    pub fn known_position(self) -> Option<Point> {
        (self.presence != Presence::Missing).then_some(self.position)
    }

    fn checked(self) -> Result<Self> {
        match (0.0..=1.0).contains(&self.confidence) {
            true => Ok(self),
            false => {
                Err(Error::Parameter { name: "the confidence of a landmark", value: self.confidence, range: "0 to 1" })
            }
        }
    }
}

/// The landmarks of one frame, in the topology's order.
///
/// ```
/// use kurbo::{Affine, Point};
/// use roto::{Landmark, LandmarkSet};
///
/// let seen = LandmarkSet::new(vec![Landmark::visible(Point::new(2.0, 3.0)), Landmark::MISSING])?;
/// let moved = seen.transformed(Affine::translate((10.0, 0.0)))?;
/// assert_eq!(moved[0].position, Point::new(12.0, 3.0));
/// assert_eq!(moved[1], Landmark::MISSING);
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Landmark>", into = "Vec<Landmark>")]
pub struct LandmarkSet(Vec<Landmark>);

impl TryFrom<Vec<Landmark>> for LandmarkSet {
    type Error = Error;

    fn try_from(landmarks: Vec<Landmark>) -> Result<Self> {
        Self::new(landmarks)
    }
}

impl From<LandmarkSet> for Vec<Landmark> {
    fn from(set: LandmarkSet) -> Self {
        set.0
    }
}

impl Index<usize> for LandmarkSet {
    type Output = Landmark;

    fn index(&self, landmark: usize) -> &Landmark {
        &self.0[landmark]
    }
}

impl IndexMut<usize> for LandmarkSet {
    fn index_mut(&mut self, landmark: usize) -> &mut Landmark {
        &mut self.0[landmark]
    }
}

impl LandmarkSet {
    /// A set of these landmarks; a missing one's position and confidence are set to 0.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a position that is no number, [`Error::Parameter`] for a confidence outside 0 to 1.
    pub fn new(landmarks: Vec<Landmark>) -> Result<Self> {
        let known = landmarks.into_iter().map(|landmark| match landmark.presence {
            Presence::Missing => Ok(Landmark::MISSING),
            _ => landmark.checked(),
        });
        let known: Vec<_> = known.collect::<Result<_>>()?;
        match known.iter().position(|landmark| !landmark.position.is_finite()) {
            Some(vertex) => Err(Error::NotFinite { vertex }),
            None => Ok(Self(known)),
        }
    }

    /// A set of which nothing is known.
    pub fn missing(count: usize) -> Self {
        Self(vec![Landmark::MISSING; count])
    }

    /// The number of landmarks, missing ones too.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no landmark at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The landmarks, in the topology's order.
    pub fn iter(&self) -> std::slice::Iter<'_, Landmark> {
        self.0.iter()
    }

    /// The landmarks moved, scaled, turned or sheared.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when the transform takes a landmark out of the numbers.
    pub fn transformed(&self, by: Affine) -> Result<Self> {
        let moved = self.0.iter().map(|landmark| Landmark { position: by * landmark.position, ..*landmark });
        Self::new(moved.collect())
    }

    /// The landmarks of the mirrored picture: each moves to the other side of the vertical line at `axis_x` (pixels),
    /// and takes the index of its partner. For a picture `width` pixels wide, `axis_x` is `width / 2`.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when the set has another number of landmarks than `topology`, [`Error::Topology`] when that
    /// names no mirror pairs.
    pub fn mirrored(&self, topology: &Topology, axis_x: f64) -> Result<Self> {
        self.check_count(topology)?;
        topology.needs_mirror()?;
        let image = self.transformed(mirror_at(axis_x))?;
        Ok(Self(topology.mirror().iter().map(|&partner| image.0[partner]).collect()))
    }

    pub(crate) fn check_count(&self, topology: &Topology) -> Result<()> {
        let (expected, found) = (topology.landmarks().len(), self.len());
        match expected == found {
            true => Ok(()),
            false => Err(Error::Mismatch {
                what: format!("landmarks of topology \"{}\"", topology.name()),
                expected: expected.to_string(),
                found: found.to_string(),
            }),
        }
    }
}

/// The transform that swaps the sides of the vertical line at `axis_x`.
pub(crate) fn mirror_at(axis_x: f64) -> Affine {
    Affine::new([-1.0, 0.0, 0.0, 1.0, 2.0 * axis_x, 0.0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::mouth;

    #[test]
    fn a_mirrored_landmark_takes_its_partners_index_and_crosses_the_axis() {
        let mut set = LandmarkSet::missing(11);
        set[1] = Landmark { position: Point::new(3.0, 7.0), confidence: 0.25, presence: Presence::Occluded };
        let image = set.mirrored(&mouth(), 10.0).expect("a topology with a mirror");
        assert_eq!(image[3].position, Point::new(17.0, 7.0));
        assert_eq!((image[3].confidence, image[3].presence), (0.25, Presence::Occluded));
        assert_eq!(image[1], Landmark::MISSING);
        assert_eq!(image.mirrored(&mouth(), 10.0), Ok(set));
    }

    #[test]
    fn a_set_for_another_topology_is_refused() {
        let message = LandmarkSet::missing(10).mirrored(&mouth(), 0.0).expect_err("10 of 11").to_string();
        assert_eq!(
            message,
            "landmarks of topology \"mouth\": expected 11, found 10; use the topology that they were made for"
        );
    }

    #[test]
    fn a_confidence_above_one_is_refused_and_a_missing_landmark_has_no_place() {
        let wild = Landmark { confidence: 1.5, ..Landmark::visible(Point::ZERO) };
        assert!(LandmarkSet::new(vec![wild]).is_err());
        let nowhere = Landmark { position: Point::new(f64::NAN, 1.0), ..Landmark::MISSING };
        assert_eq!(LandmarkSet::new(vec![nowhere]), Ok(LandmarkSet::missing(1)));
        let text = r#"[{"position":{"x":1.0,"y":2.0},"confidence":-1.0,"presence":"visible"}]"#;
        assert!(serde_json::from_str::<LandmarkSet>(text).is_err());
    }
}
