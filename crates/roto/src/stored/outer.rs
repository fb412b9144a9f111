use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{MOST_FRAMES, Outline};
use crate::{Error, Plate, Result, VertexSpec};

const MOST_TEXT: usize = 512 << 20;
/// As many as a topology may have.
const MOST_POINTS: usize = 4096;

/// Which of the two strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Analysis,
    Edits,
}

impl Kind {
    /// What is written. Version 1 has `shapes` as lists, which Nuke takes for commands.
    const VERSION: u32 = 2;

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Edits => "edits",
        }
    }

    pub(super) fn format(self) -> String {
        format!("rotocel-{}-{}", self.name(), Self::VERSION)
    }

    pub(crate) fn wrong(self, reason: impl Into<String>) -> Error {
        Error::Stored { what: self.name(), place: String::new(), reason: readable(&reason.into()) }
    }

    pub(crate) fn wrong_at(self, frame: i64, reason: impl Into<String>) -> Error {
        Error::Stored { what: self.name(), place: format!(", frame {frame}"), reason: readable(&reason.into()) }
    }

    /// Whether `format` is ours to read.
    fn check(self, format: &str) -> Result<()> {
        let number = format.strip_prefix("rotocel-").and_then(|rest| rest.strip_prefix(self.name()));
        let number = number.and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.parse::<u32>().ok());
        if number.is_some_and(|number| (1..=Self::VERSION).contains(&number)) {
            return Ok(());
        }
        let shown: String = format.chars().take(40).collect();
        Err(self.wrong(match number {
            Some(later) if later > Self::VERSION => {
                format!("its format is {shown:?}, of a later version of Rotocel; open it there, or update")
            }
            _ => format!("its format is {shown:?}, expected {:?}", self.format()),
        }))
    }
}

/// A stored string, its frames still in blocks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outer {
    // It was checked before this was read.
    #[serde(rename = "format")]
    _format: String,
    topology: String,
    landmarks: usize,
    #[serde(deserialize_with = "shapes")]
    shapes: Vec<Vec<VertexSpec>>,
    #[serde(default)]
    pub(crate) model: Option<String>,
    pub(crate) plate: Plate,
    #[serde(deserialize_with = "blocks")]
    pub(crate) frames: BTreeMap<i64, String>,
}

/// What is written.
#[derive(Serialize)]
struct Written<'a> {
    format: String,
    topology: &'a str,
    landmarks: usize,
    shapes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    plate: Plate,
    frames: BTreeMap<i64, &'a str>,
}

/// The stored string of these parts.
pub(crate) fn write(
    kind: Kind,
    outline: &Outline,
    model: Option<&str>,
    plate: Plate,
    frames: BTreeMap<i64, &str>,
) -> Result<String> {
    let Outline { topology, landmarks, shapes } = outline;
    let shapes = in_words(shapes);
    let written = Written { format: kind.format(), topology, landmarks: *landmarks, shapes, model, plate, frames };
    serde_json::to_string(&written).map_err(|found| kind.wrong(found.to_string()))
}

impl Outer {
    /// Reads all but the blocks.
    pub(crate) fn parse(kind: Kind, text: &str) -> Result<Self> {
        kind.check(&format_of(text).map_err(|reason| kind.wrong(reason))?)?;
        let mut outer: Self = serde_json::from_str(text).map_err(|found| kind.wrong(broken(found)))?;
        outer.plate = outer.plate.checked().map_err(|found| kind.wrong(found.to_string()))?;
        outer.check_counts().map_err(|reason| kind.wrong(reason))?;
        Ok(outer)
    }

    pub(crate) fn outline(&self) -> Outline {
        Outline { topology: self.topology.clone(), landmarks: self.landmarks, shapes: self.shapes.clone() }
    }

    fn check_counts(&self) -> Result<(), String> {
        let counts = [self.landmarks, self.shapes.len()].into_iter().chain(self.shapes.iter().map(Vec::len));
        if let Some(count) = counts.into_iter().find(|&count| count > MOST_POINTS) {
            return Err(format!("its topology has {count} points or shapes in one list, expected up to {MOST_POINTS}"));
        }
        let landmarks = self.shapes.iter().flatten().filter_map(|vertex| vertex.landmark());
        match landmarks.into_iter().find(|&index| index >= self.landmarks) {
            Some(index) => Err(format!("a shape names landmark {index}, but there are {}", self.landmarks)),
            None => Ok(()),
        }
    }
}

/// What a stored string calls its format, whatever its version; an error says why it cannot be told.
pub(super) fn format_of(text: &str) -> Result<String, String> {
    /// The one field that every version has.
    #[derive(Deserialize)]
    struct Versioned {
        format: String,
    }
    if text.len() > MOST_TEXT {
        return Err(format!("it is larger than {} MiB", MOST_TEXT >> 20));
    }
    serde_json::from_str::<Versioned>(text).map(|versioned| versioned.format).map_err(broken)
}

/// A reason as a person can read it: what a hostile text is quoted with may be long, or no letters.
pub(super) fn readable(reason: &str) -> String {
    const MOST_SHOWN: usize = 400;
    let shown = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    let (start, rest) = reason.split_at(reason.char_indices().nth(MOST_SHOWN).map_or(reason.len(), |(at, _)| at));
    start.chars().map(shown).chain((!rest.is_empty()).then_some('…')).collect()
}

fn broken(found: serde_json::Error) -> String {
    format!("{found}; restore an earlier version of the project or file")
}

/// The vertices of shapes without a bracket: Nuke takes what stands in brackets in a node's text for a command.
fn in_words(shapes: &[Vec<VertexSpec>]) -> String {
    let word = |vertex: &VertexSpec| vertex.landmark().map_or_else(|| FREE.to_owned(), |index| index.to_string());
    let shape = |shape: &Vec<VertexSpec>| shape.iter().map(word).collect::<Vec<_>>().join(" ");
    shapes.iter().map(shape).collect::<Vec<_>>().join(", ")
}

/// How a vertex that is no landmark is written.
const FREE: &str = "free";

/// The vertices of shapes, in words or, in version 1, in lists.
fn shapes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<VertexSpec>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "shapes are no words and no lists of vertices")]
    enum Shapes {
        Words(String),
        Lists(Vec<Vec<VertexSpec>>),
    }
    let vertex = |word: &str| match word {
        FREE => Ok(VertexSpec::FREE),
        index => index.parse().map(VertexSpec::Landmark).map_err(|_| {
            let shown: String = index.chars().take(40).collect();
            D::Error::custom(format_args!("a vertex is {shown:?}, expected a landmark's number or \"{FREE}\""))
        }),
    };
    match Shapes::deserialize(from)? {
        Shapes::Lists(lists) => Ok(lists),
        Shapes::Words(words) if words.is_empty() => Ok(Vec::new()),
        Shapes::Words(words) => words.split(", ").map(|shape| shape.split_whitespace().map(vertex).collect()).collect(),
    }
}

fn blocks<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<i64, String>, D::Error> {
    struct Blocks;
    impl<'de> Visitor<'de> for Blocks {
        type Value = BTreeMap<i64, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of frame numbers and blocks")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut frames = BTreeMap::new();
            while let Some((frame, block)) = map.next_entry()? {
                if frames.insert(frame, block).is_some() {
                    return Err(M::Error::custom(format_args!("frame {frame} stands twice")));
                }
                if frames.len() > MOST_FRAMES {
                    return Err(M::Error::custom(format_args!("there are more than {MOST_FRAMES} frames")));
                }
            }
            Ok(frames)
        }
    }
    from.deserialize_map(Blocks)
}
