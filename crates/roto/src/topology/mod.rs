//! What a character consists of: named landmarks and the shapes that pass through them. All of it is data.

mod check;
mod vertex_order;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use vertex_order::VertexOrder;

use crate::{Error, Result};

/// A point with the same meaning in every frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LandmarkSpec {
    /// Name, unique in the topology.
    pub name: String,
    /// The part that scores and weights count it to.
    pub group: String,
}

/// A vertex of a shape: in a file the index of a landmark, or `"free"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum VertexSpec {
    /// Its anchor is this landmark.
    Landmark(usize),
    /// It belongs to its shape alone.
    Free(Free),
}

/// The word that stands in files for a vertex that is no landmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Free {
    /// `"free"`.
    Free,
}

impl VertexSpec {
    /// A vertex that is no landmark.
    pub const FREE: Self = Self::Free(Free::Free);

    /// Index of its landmark, if it is one.
    pub fn landmark(self) -> Option<usize> {
        match self {
            Self::Landmark(index) => Some(index),
            Self::Free(_) => None,
        }
    }
}

/// A curve of the character: the same vertices in the same order in every frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeSpec {
    /// Name, unique in the topology; files and hosts identify the shape by it.
    pub name: String,
    /// What an artist reads.
    pub label: String,
    /// The part that scores count it to.
    pub group: String,
    /// Whether the last vertex is joined to the first.
    pub closed: bool,
    /// Width that an open curve is drawn with in the matte, in pixels of the plate; 0 draws nothing. A closed shape is
    /// filled, and has 0.
    #[serde(default)]
    pub stroke_width_px: f64,
    /// The vertices, in order.
    pub vertices: Vec<VertexSpec>,
}

/// How a shape's mirror image becomes a shape of the same topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeMirror {
    /// Index of the shape that the image is.
    pub shape: usize,
    /// The order of vertices that takes the image there.
    pub order: VertexOrder,
}

/// Landmarks, the shapes through them, and which of them are each other's mirror images.
///
/// It is read from TOML or JSON and checked on the way:
///
/// ```
/// let text = r#"
///     name = "wedge"
///     label = "A wedge"
///     landmarks = [{ name = "tip", group = "wedge" }, { name = "heel", group = "wedge" }]
///     shapes = [{ name = "rim", label = "Rim", group = "wedge", closed = true, vertices = [0, "free", 1] }]
/// "#;
/// let topology: roto::Topology = toml::from_str(text)?;
/// assert_eq!(topology.shapes()[0].vertices[2].landmark(), Some(1));
///
/// let wrong = toml::from_str::<roto::Topology>(&text.replace("\"free\", 1", "\"free\", 7"));
/// assert!(wrong.unwrap_err().to_string().contains("landmark 7"));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TopologyText", into = "TopologyText")]
pub struct Topology {
    text: TopologyText,
    mirror: Vec<usize>,
    shape_mirrors: Vec<ShapeMirror>,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopologyText {
    name: String,
    label: String,
    #[serde(default)]
    mirror_landmarks: Vec<[usize; 2]>,
    #[serde(default)]
    mirror_shapes: Vec<[String; 2]>,
    #[serde(default)]
    subsets: BTreeMap<String, Vec<usize>>,
    landmarks: Vec<LandmarkSpec>,
    shapes: Vec<ShapeSpec>,
}

impl TryFrom<TopologyText> for Topology {
    type Error = Error;

    fn try_from(text: TopologyText) -> Result<Self> {
        match check::derive(&text) {
            Ok((mirror, shape_mirrors)) => Ok(Self { text, mirror, shape_mirrors }),
            Err(reason) => Err(Error::Topology { topology: text.name, reason }),
        }
    }
}

impl From<Topology> for TopologyText {
    fn from(topology: Topology) -> Self {
        topology.text
    }
}

impl Topology {
    /// The shipped topology of a puppet's face: 45 landmarks, nine shapes.
    ///
    /// # Errors
    /// None, unless the file that was compiled in is broken.
    pub fn puppet() -> Result<Self> {
        const TEXT: &str = include_str!("../../../../models/topologies/puppet.toml");
        toml::from_str(TEXT)
            .map_err(|found| Error::Topology { topology: "puppet".to_owned(), reason: found.to_string() })
    }

    /// The name that models and files identify it by.
    pub fn name(&self) -> &str {
        &self.text.name
    }

    /// What an artist reads.
    pub fn label(&self) -> &str {
        &self.text.label
    }

    /// The landmarks; their order is the order of a model's outputs.
    pub fn landmarks(&self) -> &[LandmarkSpec] {
        &self.text.landmarks
    }

    /// The shapes, in the order that they are drawn.
    pub fn shapes(&self) -> &[ShapeSpec] {
        &self.text.shapes
    }

    /// Index of the landmark of this name.
    pub fn landmark_index(&self, name: &str) -> Option<usize> {
        self.landmarks().iter().position(|landmark| landmark.name == name)
    }

    /// Index of the shape of this name.
    pub fn shape_index(&self, name: &str) -> Option<usize> {
        self.shapes().iter().position(|shape| shape.name == name)
    }

    /// Indices of the landmarks that a named selection holds, in its order.
    pub fn subset(&self, name: &str) -> Option<&[usize]> {
        self.text.subsets.get(name).map(Vec::as_slice)
    }

    /// Whether the topology says what lies opposite to what.
    pub fn has_mirror(&self) -> bool {
        !self.mirror.is_empty()
    }

    /// For each landmark the one that its mirror image is; empty without a mirror.
    pub fn mirror(&self) -> &[usize] {
        &self.mirror
    }

    /// For each shape what its mirror image is; empty without a mirror.
    pub fn shape_mirrors(&self) -> &[ShapeMirror] {
        &self.shape_mirrors
    }

    pub(crate) fn needs_mirror(&self) -> Result<()> {
        let reason = "mirror_landmarks and mirror_shapes are empty; name the pairs to use mirror images";
        match self.has_mirror() {
            true => Ok(()),
            false => Err(Error::Topology { topology: self.name().to_owned(), reason: reason.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::mouth;

    #[test]
    fn the_puppet_has_45_landmarks_nine_shapes_and_the_papers_27() {
        let puppet = Topology::puppet().expect("the shipped topology");
        assert_eq!((puppet.landmarks().len(), puppet.shapes().len()), (45, 9));
        let vertices: Vec<_> = puppet.shapes().iter().map(|shape| shape.vertices.len()).collect();
        assert_eq!(vertices, [6, 6, 8, 8, 6, 6, 3, 3, 3]);
        assert!(puppet.shapes().iter().all(|shape| shape.closed == (shape.group != "seams")));
        let paper = puppet.subset("paper_27").expect("the subset");
        assert_eq!(paper.len(), 27);
        assert!(paper.iter().all(|&index| puppet.landmarks()[index].group != "sideburns"));
        assert_eq!(puppet.landmark_index("left_sideburn_at_seam"), Some(36));
    }

    #[test]
    fn mirroring_twice_is_nothing() {
        for topology in [Topology::puppet().expect("shipped"), mouth()] {
            let mirror = topology.mirror();
            assert!((0..mirror.len()).all(|index| mirror[mirror[index]] == index));
            for (index, there) in topology.shape_mirrors().iter().enumerate() {
                let (back, count) = (topology.shape_mirrors()[there.shape], topology.shapes()[index].vertices.len());
                assert_eq!(back.shape, index);
                assert!((0..count).all(|k| back.order.place(there.order.place(k, count), count) == k));
            }
        }
    }

    #[test]
    fn json_tables_read_as_toml_ones_do() {
        for topology in [Topology::puppet().expect("shipped"), mouth()] {
            let text = serde_json::to_string(&topology).expect("plain data");
            assert_eq!(serde_json::from_str::<Topology>(&text).expect("what was written"), topology);
            let text = toml::to_string(&topology).expect("plain data");
            assert_eq!(toml::from_str::<Topology>(&text).expect("what was written"), topology);
        }
    }
}
