use serde::{Deserialize, Serialize};

use crate::{BezierShape, Error, Result};

/// Who set a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// An artist: nothing but an artist may move or remove it.
    Hand,
    /// A model, a fit or an importer: it may be made again.
    Predicted,
}

/// A shape that a track passes through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeKey {
    /// When, in frames; fractions are allowed.
    pub time: f64,
    /// Who set it.
    pub kind: KeyKind,
    /// The shape at that time.
    pub shape: BezierShape,
}

/// One shape over time: keys of equal vertex count and closedness, in order of time, at least one.
///
/// Between two keys, anchors and both handles go straight, as in Nuke and Natron; before the first and after the last
/// key the shape holds.
///
/// ```
/// use kurbo::{Affine, Point};
/// use roto::{BezierShape, KeyKind, ShapeKey, ShapeTrack, Vertex};
///
/// let corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 2.0)].map(|at| Vertex::corner(Point::from(at)));
/// let shape = BezierShape::new(corners.into(), true)?;
/// let moved = shape.transformed(Affine::translate((8.0, 0.0)))?;
/// let track = ShapeTrack::new(vec![
///     ShapeKey { time: 1.0, kind: KeyKind::Hand, shape },
///     ShapeKey { time: 5.0, kind: KeyKind::Predicted, shape: moved },
/// ])?;
/// assert_eq!(track.at(1.5).vertices()[0].anchor, Point::new(1.0, 0.0));
/// assert_eq!(track.at(99.0).vertices()[0].anchor, Point::new(8.0, 0.0));
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct ShapeTrack {
    keys: Vec<ShapeKey>,
}

/// What a file says, before it is checked.
#[derive(Deserialize)]
struct Fields {
    keys: Vec<ShapeKey>,
}

impl TryFrom<Fields> for ShapeTrack {
    type Error = Error;

    fn try_from(fields: Fields) -> Result<Self> {
        Self::new(fields.keys)
    }
}

impl ShapeTrack {
    /// A track through `keys`, in any order.
    ///
    /// # Errors
    /// [`Error::NoKeys`], [`Error::Time`], [`Error::DuplicateKey`], and [`Error::KeyMismatch`] for a key whose vertex count
    /// or closedness is not that of the first.
    pub fn new(mut keys: Vec<ShapeKey>) -> Result<Self> {
        let first = keys.first().ok_or(Error::NoKeys)?;
        for key in &keys {
            check_time(key.time)?;
            check_match(&first.shape, key.time, &key.shape)?;
        }
        keys.sort_by(|a, b| a.time.total_cmp(&b.time));
        match keys.windows(2).find(|pair| pair[0].time == pair[1].time) {
            Some(pair) => Err(Error::DuplicateKey { time: pair[0].time }),
            None => Ok(Self { keys }),
        }
    }

    /// A track that always shows `shape`: one predicted key at frame 0.
    pub fn still(shape: BezierShape) -> Self {
        Self { keys: vec![ShapeKey { time: 0.0, kind: KeyKind::Predicted, shape }] }
    }

    /// The keys, in order of time.
    pub fn keys(&self) -> &[ShapeKey] {
        &self.keys
    }

    /// Vertices of the shape at any time.
    pub fn vertex_count(&self) -> usize {
        self.keys[0].shape.vertices().len()
    }

    /// Whether the shape is closed at any time.
    pub fn is_closed(&self) -> bool {
        self.keys[0].shape.is_closed()
    }

    /// The shape at `time`, in frames. What is no number counts as before the first key.
    pub fn at(&self, time: f64) -> BezierShape {
        let after = self.keys.partition_point(|key| key.time <= time);
        let last = self.keys.len() - 1;
        let (from, to) = (&self.keys[after.saturating_sub(1)], &self.keys[after.min(last)]);
        if from.time >= to.time || from.time == time {
            return from.shape.clone();
        }
        let share = (time - from.time) / (to.time - from.time);
        let vertices = from.shape.vertices().iter().zip(to.shape.vertices()).map(|(&a, &b)| a.lerp(b, share));
        // Only keys at the ends of what f64 holds leave the numbers on the way.
        BezierShape::new(vertices.collect(), self.is_closed()).unwrap_or_else(|_| from.shape.clone())
    }

    /// Sets a key, in place of one that stands at the same time.
    ///
    /// # Errors
    /// [`Error::Time`] and [`Error::KeyMismatch`]; the track is then as it was.
    pub fn insert(&mut self, key: ShapeKey) -> Result<()> {
        check_time(key.time)?;
        check_match(&self.keys[0].shape, key.time, &key.shape)?;
        let at = self.keys.partition_point(|other| other.time < key.time);
        match self.keys.get_mut(at) {
            Some(same) if same.time == key.time => *same = key,
            _ => self.keys.insert(at, key),
        }
        Ok(())
    }

    /// Takes the key at exactly `time` out and returns it.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], and [`Error::NoKeys`] when it is the last one; the track is then as it was.
    pub fn remove(&mut self, time: f64) -> Result<ShapeKey> {
        let at = self.keys.iter().position(|key| key.time == time).ok_or(Error::NoSuchKey { time })?;
        if self.keys.len() == 1 {
            return Err(Error::NoKeys);
        }
        Ok(self.keys.remove(at))
    }
}

fn check_time(time: f64) -> Result<()> {
    if time.is_finite() { Ok(()) } else { Err(Error::Time { value: time }) }
}

fn check_match(first: &BezierShape, time: f64, shape: &BezierShape) -> Result<()> {
    let (expected, found) = (first.vertices().len(), shape.vertices().len());
    let (expected_closed, found_closed) = (first.is_closed(), shape.is_closed());
    if (expected, expected_closed) == (found, found_closed) {
        return Ok(());
    }
    Err(Error::KeyMismatch { time, expected, found, expected_closed, found_closed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vertex;
    use kurbo::{Affine, Point, Vec2};

    fn leaf(scale: f64) -> BezierShape {
        let vertex = |x: f64, y: f64, ix: f64, oy: f64| Vertex {
            anchor: Point::new(x * scale, y * scale),
            incoming: Vec2::new(ix, 0.5) * scale,
            outgoing: Vec2::new(1.0, oy) * scale,
        };
        BezierShape::new(vec![vertex(0.0, 0.0, -1.0, 2.0), vertex(4.0, 1.0, 2.0, -1.0)], true).expect("a leaf")
    }

    fn key(time: f64, scale: f64) -> ShapeKey {
        ShapeKey { time, kind: KeyKind::Predicted, shape: leaf(scale) }
    }

    #[test]
    fn anchors_and_handles_go_straight_between_keys_and_hold_outside() {
        let track = ShapeTrack::new(vec![key(4.0, 3.0), key(2.0, 1.0)]).expect("a track");
        let between = track.at(2.5);
        for (a, b) in between.vertices().iter().zip(leaf(1.5).vertices()) {
            assert!((a.anchor - b.anchor).hypot() + (a.incoming - b.incoming).hypot() < 1e-12);
            assert!((a.outgoing - b.outgoing).hypot() < 1e-12);
        }
        assert_eq!(track.at(-7.0), leaf(1.0));
        assert_eq!(track.at(2.0), leaf(1.0));
        assert_eq!(track.at(4.0), leaf(3.0));
        assert_eq!(track.at(f64::INFINITY), leaf(3.0));
        assert_eq!(track.at(f64::NAN), leaf(1.0));
    }

    #[test]
    fn a_key_replaces_the_one_at_its_time_and_the_last_one_stays() {
        let mut track = ShapeTrack::still(leaf(1.0));
        track.insert(key(3.5, 2.0)).expect("a key");
        track.insert(ShapeKey { kind: KeyKind::Hand, ..key(3.5, 4.0) }).expect("the same time");
        track.insert(key(1.0, 1.0)).expect("between");
        assert!(track.keys().iter().map(|key| key.time).eq([0.0, 1.0, 3.5]));
        assert_eq!(track.remove(3.5).expect("it is there").kind, KeyKind::Hand);
        assert_eq!(track.remove(3.5), Err(Error::NoSuchKey { time: 3.5 }));
        track.remove(1.0).expect("it is there");
        assert_eq!(track.remove(0.0), Err(Error::NoKeys));
    }

    #[test]
    fn keys_that_do_not_fit_are_refused_by_name() {
        let three = BezierShape::new(vec![Vertex::corner(Point::ORIGIN); 3], true).expect("three corners");
        let wrong = ShapeKey { shape: three, ..key(7.0, 1.0) };
        let refused = ShapeTrack::new(vec![key(0.0, 1.0), wrong.clone()]).expect_err("another vertex count");
        assert!(refused.to_string().contains("frame 7 has 3 vertices"), "{refused}");
        let mut track = ShapeTrack::still(leaf(1.0));
        assert_eq!(track.insert(wrong), Err(refused));
        let open = BezierShape::new(leaf(1.0).vertices().into(), false).expect("open");
        assert!(track.insert(ShapeKey { shape: open, ..key(1.0, 1.0) }).is_err());
        assert_eq!(track.keys().len(), 1);
        assert_eq!(ShapeTrack::new(vec![]), Err(Error::NoKeys));
        assert_eq!(ShapeTrack::new(vec![key(1.0, 1.0), key(1.0, 2.0)]), Err(Error::DuplicateKey { time: 1.0 }));
        assert!(matches!(track.insert(key(f64::NAN, 1.0)), Err(Error::Time { .. })));
    }

    #[test]
    fn keys_at_the_ends_of_the_numbers_hold_instead_of_leaving_them() {
        let far = |sign: f64| leaf(1.0).transformed(Affine::translate((sign * 1.7e308, 0.0))).expect("still finite");
        let track = ShapeTrack::new(vec![
            ShapeKey { shape: far(-1.0), ..key(0.0, 1.0) },
            ShapeKey { shape: far(1.0), ..key(1.0, 1.0) },
        ]);
        assert!(track.expect("a track").at(0.5).vertices().iter().all(|vertex| vertex.anchor.is_finite()));
    }

    #[test]
    fn a_track_survives_json_and_a_broken_one_is_refused() {
        let track = ShapeTrack::new(vec![key(0.0, 1.0), key(2.0, 3.0)]).expect("a track");
        let text = serde_json::to_string(&track).expect("json");
        assert_eq!(serde_json::from_str::<ShapeTrack>(&text).expect("the same"), track);
        assert!(serde_json::from_str::<ShapeTrack>(r#"{"keys":[]}"#).is_err());
    }
}
