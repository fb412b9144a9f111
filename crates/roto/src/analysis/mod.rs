//! What a model found in a shot, frame by frame.

mod now;
mod text;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kurbo::{Point, Rect};

pub use now::{Change, FrameState, Now};

use crate::plate::{FARTHEST_PX, rounded};
use crate::stored::{Frames, Kind, Outer, Outline, write};
use crate::{Error, Landmark, LandmarkSet, Plate, Result, Topology};

/// What a model found in one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameAnalysis {
    /// Where it sees the landmarks, in the topology's order.
    pub landmarks: LandmarkSet,
    /// How sure it is that each shape is to be seen, 0 to 1, in the topology's order.
    pub presence: Vec<f64>,
    /// The square of the plate that it was shown, in pixels of the plate.
    pub crop: Rect,
    /// Hash of the pixels that it was shown: another picture has another one.
    pub picture: u64,
    /// What else the answer depended on, such as an exposure, by name and as text; empty where an earlier version did not
    /// keep it.
    pub settings: BTreeMap<String, String>,
}

/// More settings than any node has, and longer texts than any of them needs.
const MOST_SETTINGS: usize = 64;
const MOST_SETTING_BYTES: usize = 256;

/// What a model found in the frames of a shot, as it is stored in a project.
///
/// ```
/// use kurbo::{Point, Rect};
/// use roto::{Analysis, FrameAnalysis, Landmark, LandmarkSet, Plate, Topology};
///
/// let topology = Topology::puppet()?;
/// let plate = Plate { x1: 0.0, y2: 1566.0, width: 2348.0, height: 1566.0, pixel_aspect: 1.0 };
/// let mut analysis = Analysis::new(&topology, "puppet_landmarks 5d41…", plate)?;
/// analysis.insert(1001, FrameAnalysis {
///     landmarks: LandmarkSet::new(vec![Landmark::visible(Point::new(812.5, 640.25)); 45])?,
///     presence: vec![1.0; 9],
///     crop: Rect::new(700.0, 500.0, 1100.0, 900.0),
///     picture: 0x1d,
///     settings: [("exposure".to_owned(), "1.5".to_owned())].into(),
/// })?;
/// assert_eq!(Analysis::parse(&analysis.write()?)?, analysis);
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    outline: Outline,
    model: String,
    plate: Plate,
    frames: Frames<FrameAnalysis>,
}

impl Analysis {
    /// An analysis without frames, by `model` (name and SHA-256), of pictures on `plate`.
    ///
    /// # Errors
    /// As [`Plate::checked`].
    pub fn new(topology: &Topology, model: impl Into<String>, plate: Plate) -> Result<Self> {
        let (outline, model, plate) = (Outline::of(topology), model.into(), plate.checked()?);
        Ok(Self { outline, model, plate, frames: Frames::default() })
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// [`Error::Stored`] says what is wrong, and in which frame.
    pub fn parse(text: &str) -> Result<Self> {
        const KIND: Kind = Kind::Analysis;
        let outer = Outer::parse(KIND, text)?;
        let outline = outer.outline();
        let model = outer.model.ok_or_else(|| KIND.wrong("the field \"model\" is missing"))?;
        Ok(Self { plate: outer.plate, model, frames: Frames::read(KIND, outer.frames, &outline)?, outline })
    }

    /// The string to store; its form stands at [`stored`](crate::stored). Frames that did not change since they were read or
    /// written are not compressed anew.
    ///
    /// # Errors
    /// [`Error::Stored`], which no analysis that these functions made gives.
    pub fn write(&self) -> Result<String> {
        let blocks = self.frames.blocks(Kind::Analysis)?;
        write(Kind::Analysis, &self.outline, Some(&self.model), self.plate, blocks)
    }

    /// Name of the topology.
    pub fn topology(&self) -> &str {
        &self.outline.topology
    }

    /// Name and SHA-256 of the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Where the pixels lie that positions are in.
    pub fn plate(&self) -> &Plate {
        &self.plate
    }

    /// # Errors
    /// [`Error::Mismatch`] when the analysis was made with another topology.
    pub fn check(&self, topology: &Topology) -> Result<()> {
        self.outline.check("analysis", topology)
    }

    /// The number of frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether no frame was analysed.
    pub fn is_empty(&self) -> bool {
        self.frames.len() == 0
    }

    /// What was found in a frame.
    pub fn frame(&self, frame: i64) -> Option<&FrameAnalysis> {
        self.frames.get(frame)
    }

    /// The frames and what was found in them, in order.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = (i64, &FrameAnalysis)> {
        self.frames.iter()
    }

    /// Sets what was found in a frame, in place of what was. Positions are kept to a thousandth of a pixel and the rest to a
    /// thousandth, as they are stored.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when it does not belong to the topology, [`Error::NotFinite`] or [`Error::Parameter`] for a number
    /// out of its range, or for more than 100,000 frames.
    pub fn insert(&mut self, frame: i64, found: FrameAnalysis) -> Result<()> {
        self.frames.insert(frame, found.checked(&self.outline)?)
    }

    /// Forgets what was found in a frame.
    pub fn remove(&mut self, frame: i64) -> Option<FrameAnalysis> {
        self.frames.remove(frame)
    }

    /// The frames of a range that were not analysed, in order.
    pub fn missing(&self, frames: RangeInclusive<i64>) -> impl Iterator<Item = i64> + '_ {
        frames.filter(|&frame| self.frames.get(frame).is_none())
    }

    /// The analyses of a shot's chunks as one. A frame may stand in several that agree on it.
    ///
    /// # Errors
    /// [`Error::Merge`] when there is none, when topology, model or plate differ, or two disagree on a frame, which it names.
    pub fn merged(parts: impl IntoIterator<Item = Self>) -> Result<Self> {
        let wrong = |reason: String| Error::Merge { what: "analyses", reason };
        let mut parts = parts.into_iter();
        let mut all = parts.next().ok_or_else(|| wrong("there is none".to_owned()))?;
        for part in parts {
            for (what, one, other) in [
                ("topologies", all.outline.to_string(), part.outline.to_string()),
                ("models", all.model.clone(), part.model.clone()),
                ("plates", format!("{:?}", all.plate), format!("{:?}", part.plate)),
            ] {
                if one != other {
                    return Err(wrong(format!("their {what} differ: {one} and {other}; analyse all chunks alike")));
                }
            }
            for (frame, found) in part.frames.into_iter() {
                match all.frames.get(frame) {
                    Some(same) if same == found.value() => {}
                    Some(_) => {
                        let cure = "leave one of them out, or analyse the frame again";
                        return Err(wrong(format!("frame {frame} stands in two of them, and they differ; {cure}")));
                    }
                    None => all.frames.put(frame, found)?,
                }
            }
        }
        Ok(all)
    }

    /// The last analysed frame up to `frame`, and the first from there on, on which the landmark is known, with its place.
    pub(crate) fn known_around(&self, landmark: usize, frame: i64) -> [Option<(i64, Point)>; 2] {
        let known = |(frame, found): (i64, &FrameAnalysis)| {
            let found: Option<&Landmark> = found.landmarks.iter().nth(landmark);
            Some((frame, found?.known_position()?))
        };
        [self.frames.range(..=frame).rev().find_map(known), self.frames.range(frame..).find_map(known)]
    }
}

impl FrameAnalysis {
    /// With all numbers in range, as they are stored.
    pub(crate) fn checked(self, outline: &Outline) -> Result<Self> {
        let count = |what: &str, expected: usize, found: usize| match expected == found {
            true => Ok(()),
            false => Err(Error::Mismatch {
                what: format!("{what} of topology \"{}\"", outline.topology),
                expected: expected.to_string(),
                found: found.to_string(),
            }),
        };
        count("landmarks", outline.landmarks, self.landmarks.len())?;
        count("shapes", outline.shapes.len(), self.presence.len())?;
        let longest = self.settings.iter().flat_map(|(name, text)| [name.len(), text.len()]).max().unwrap_or(0);
        for (name, value, most, range) in [
            ("number of settings of a frame", self.settings.len(), MOST_SETTINGS, "up to 64"),
            ("length of a frame's setting", longest, MOST_SETTING_BYTES, "up to 256 bytes"),
        ] {
            if value > most {
                return Err(Error::Parameter { name, value: value as f64, range });
            }
        }
        let landmarks = self.landmarks.iter().map(|landmark| {
            let position = kept_position(landmark.position)?;
            Ok(Landmark { position, confidence: rounded(landmark.confidence, 1e3), ..*landmark })
        });
        let presence = self.presence.iter().map(|&presence| match (0.0..=1.0).contains(&presence) {
            true => Ok(rounded(presence, 1e3)),
            false => Err(Error::Parameter { name: "presence of a shape", value: presence, range: "0 to 1" }),
        });
        let (corner, opposite) =
            (kept_position(self.crop.origin())?, kept_position((self.crop.x1, self.crop.y1).into())?);
        for (name, value) in
            [("width of a stored crop", opposite.x - corner.x), ("height of a stored crop", opposite.y - corner.y)]
        {
            if value < 0.0 {
                return Err(Error::Parameter { name, value, range: "0 px or more" });
            }
        }
        Ok(Self {
            landmarks: LandmarkSet::new(landmarks.collect::<Result<_>>()?)?,
            presence: presence.collect::<Result<_>>()?,
            crop: Rect { x0: corner.x, y0: corner.y, x1: opposite.x, y1: opposite.y },
            picture: self.picture,
            settings: self.settings,
        })
    }
}

/// A position to a thousandth of a pixel.
pub(crate) fn kept_position(position: Point) -> Result<Point> {
    let far = |value: &f64| value.is_nan() || value.abs() > FARTHEST_PX;
    match [position.x, position.y].into_iter().find(far) {
        Some(value) => {
            let range = "-10,000,000 to 10,000,000 px";
            Err(Error::Parameter { name: "coordinate of a stored point", value, range })
        }
        None => Ok(Point::new(rounded(position.x, 1e3), rounded(position.y, 1e3))),
    }
}
