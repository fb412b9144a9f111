use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::CubicSegments;
use crate::{Annotation, Error, Landmark, LandmarkSet, Result, ShapeSpec, Topology, VertexOrder};

/// How a shape of a file lies on a shape of the topology.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeLayout {
    /// Its key in the file.
    pub key: String,
    /// The topology's name for it.
    pub shape: String,
    /// For each vertex in the file, the vertex of the topology's shape that it is; empty where they are the same.
    #[serde(default)]
    pub vertices: Vec<usize>,
}

/// How one kind of foreign file lies on a topology: which of its points is which landmark, which curve which shape.
/// Layouts are data, in a file beside the topology's.
///
/// ```
/// use roto::exchange::{CubicSegments, Layout};
/// use roto::Topology;
///
/// let (puppet, layouts) = (Topology::puppet()?, Layout::puppet()?);
/// let file = CubicSegments::parse(include_str!("../../fixtures/laika/shapes-test-frame042.json"))?;
/// let layout = Layout::of(&layouts, &file)?;
/// assert_eq!(layout.name(), "test");
/// let frame = layout.import(&puppet, &file)?;
/// let inner = puppet.landmark_index("right_eye_inner").expect("a landmark of the puppet");
/// assert_eq!(frame.landmarks()[inner].position, (420.36, 430.26).into());
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    text: LayoutText,
    /// For each of its shapes: index in the topology, and the order that brings the file's vertices there.
    places: Vec<(usize, VertexOrder)>,
    /// For each of its shapes: how many vertices it has, and whether it is closed.
    curves: Vec<(usize, bool)>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutText {
    name: String,
    label: String,
    points: Vec<usize>,
    shapes: Vec<ShapeLayout>,
    /// Whether a file may lack some of the shapes.
    #[serde(default)]
    partial: bool,
}

/// What a file of layouts says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutsText {
    topology: String,
    layouts: Vec<LayoutText>,
}

impl Layout {
    /// The layouts on the shipped puppet: those of the public data set, which are 45 generated points, 43 revectorised ones
    /// with six shapes, and 28 with four shapes, whose right side is indexed the other way round; and that of our own
    /// exports, all landmarks and any of the shapes.
    ///
    /// # Errors
    /// None, unless a file that was compiled in is broken.
    pub fn puppet() -> Result<Vec<Self>> {
        Self::parse(include_str!("../../../../models/topologies/puppet_layouts.toml"), &Topology::puppet()?)
    }

    /// Reads a TOML file of layouts on `topology`.
    ///
    /// # Errors
    /// [`Error::Layout`] for anything but tables that fit the topology, each landmark and shape at most once.
    pub fn parse(text: &str, topology: &Topology) -> Result<Vec<Self>> {
        let whole: LayoutsText =
            toml::from_str(text).map_err(|found| wrong("(unread)", found.to_string().trim().to_owned()))?;
        if whole.topology != topology.name() {
            let reason = format!("the file is for topology \"{}\", not for \"{}\"", whole.topology, topology.name());
            return Err(wrong("(all)", reason));
        }
        let check = |text: LayoutText| match places(&text, topology) {
            Ok(places) => {
                let spec = |(index, _): &(usize, VertexOrder)| &topology.shapes()[*index];
                let curves = places.iter().map(spec).map(|spec| (spec.vertices.len(), spec.closed)).collect();
                Ok(Self { text, places, curves })
            }
            Err(reason) => Err(wrong(&text.name, reason)),
        };
        whole.layouts.into_iter().map(check).collect()
    }

    /// The layout among `layouts` that `file` has: as many points, the same keys, or some of them where it is partial.
    ///
    /// # Errors
    /// [`Error::Exchange`] tells what the file has and what the layouts expect.
    pub fn of<'l>(layouts: &'l [Self], file: &CubicSegments) -> Result<&'l Self> {
        let points = file.points.as_ref().map(Vec::len);
        let fits = |layout: &&Self| points == Some(layout.text.points.len()) && layout.has_keys_of(file);
        layouts.iter().find(fits).ok_or_else(|| {
            let has = match points {
                Some(count) => format!("{count} points"),
                None => "no points (raw artist's shapes are revectorised, not imported)".to_owned(),
            };
            let known = layouts.iter().map(|layout| {
                let keys: Vec<_> = layout.text.shapes.iter().map(|shape| shape.key.as_str()).collect();
                format!("{} has {} points and [{}]", layout.name(), layout.text.points.len(), keys.join(", "))
            });
            let keys: Vec<_> = file.shapes.keys().map(String::as_str).collect();
            let known: Vec<_> = known.collect();
            let reason = format!("it has {has} and [{}]; layout {}", keys.join(", "), known.join("; layout "));
            Error::Exchange { format: "cubic-segment JSON", place: "file".to_owned(), reason }
        })
    }

    /// Whether the file's shapes are the layout's. Those of a partial one are told from others of the same names by their vertices.
    fn has_keys_of(&self, file: &CubicSegments) -> bool {
        let keys = self.text.shapes.iter().map(|shape| &shape.key);
        if !self.text.partial {
            return keys.collect::<HashSet<_>>() == file.shapes.keys().collect();
        }
        let curves: HashMap<_, _> = keys.zip(&self.curves).collect();
        file.shapes.iter().all(|(key, shape)| curves.get(key) == Some(&&(shape.vertices().len(), shape.is_closed())))
    }

    /// The layout's name.
    pub fn name(&self) -> &str {
        &self.text.name
    }

    /// What an artist reads.
    pub fn label(&self) -> &str {
        &self.text.label
    }

    /// The file's points as landmarks, its curves as shapes with the topology's vertices. Landmarks and shapes that the
    /// layout does not have, and occluded points, are missing.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when a count is not the layout's. Take the `topology` that the layout was read with.
    pub fn import(&self, topology: &Topology, file: &CubicSegments) -> Result<Annotation> {
        let points = file.points.as_deref().unwrap_or_default();
        if points.len() != self.text.points.len() {
            return Err(Error::Mismatch {
                what: format!("points of layout \"{}\"", self.name()),
                expected: self.text.points.len().to_string(),
                found: points.len().to_string(),
            });
        }
        let mut landmarks = vec![Landmark::MISSING; topology.landmarks().len()];
        for (point, &index) in points.iter().zip(&self.text.points) {
            if let (Some(point), Some(landmark)) = (point, landmarks.get_mut(index)) {
                *landmark = Landmark::visible(*point);
            }
        }
        let mut shapes = vec![None; topology.shapes().len()];
        for (entry, (index, order)) in self.text.shapes.iter().zip(&self.places) {
            let Some(place) = shapes.get_mut(*index) else { continue };
            *place = file.shapes.get(&entry.key).map(|shape| order.apply(shape));
        }
        Annotation::new(topology, LandmarkSet::new(landmarks)?, shapes)
    }

    /// The file that [`Layout::import`] would read `frame` from. Landmarks that are not visible become occluded points.
    pub fn export(&self, frame: &Annotation) -> CubicSegments {
        let point = |&index: &usize| {
            let landmark = frame.landmarks().iter().nth(index)?;
            (landmark.presence == crate::Presence::Visible).then_some(landmark.position)
        };
        let shape = |(entry, (index, order)): (&ShapeLayout, &(usize, VertexOrder))| {
            let shape = frame.shapes().get(*index)?.as_ref()?;
            Some((entry.key.clone(), order.inverse(shape.vertices().len()).apply(shape)))
        };
        CubicSegments {
            points: Some(self.text.points.iter().map(point).collect()),
            shapes: self.text.shapes.iter().zip(&self.places).filter_map(shape).collect(),
        }
    }
}

fn wrong(layout: &str, reason: String) -> Error {
    Error::Layout { layout: layout.to_owned(), reason }
}

/// Checks `text`, and finds for each of its shapes the index and the order of vertices.
fn places(text: &LayoutText, topology: &Topology) -> Result<Vec<(usize, VertexOrder)>, String> {
    let (mut seen, count) = (HashSet::new(), topology.landmarks().len());
    for (point, &index) in text.points.iter().enumerate() {
        if index >= count {
            return Err(format!("point {point} is landmark {index}, but landmarks are numbered 0 to {}", count - 1));
        }
        if !seen.insert(index) {
            return Err(format!("point {point} is landmark {index}, as another point is"));
        }
    }
    let (mut keys, mut taken) = (HashSet::new(), HashSet::new());
    let place = |entry: &ShapeLayout| {
        let index = topology.shape_index(&entry.shape);
        let index = index.ok_or_else(|| format!("no shape of the topology is called \"{}\"", entry.shape))?;
        if !keys.insert(entry.key.clone()) || !taken.insert(index) {
            return Err(format!("key \"{}\" or shape \"{}\" stands twice", entry.key, entry.shape));
        }
        Ok((index, order(entry, &topology.shapes()[index])?))
    };
    text.shapes.iter().map(place).collect()
}

fn order(entry: &ShapeLayout, spec: &ShapeSpec) -> Result<VertexOrder, String> {
    if entry.vertices.is_empty() {
        return Ok(VertexOrder::SAME);
    }
    let count = spec.vertices.len();
    let order = VertexOrder::from_places(&entry.vertices, spec.closed);
    order.filter(|_| entry.vertices.len() == count).ok_or_else(|| {
        format!(
            "vertices of key \"{}\" are no rotation or reversal of the {count} vertices of shape \"{}\"",
            entry.key, entry.shape
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{GENERATED, RAW, REVECTORISED, TEST, TEST_LATER, mouth, mouth_frame};

    fn imported(text: &str) -> (CubicSegments, Annotation) {
        let file = CubicSegments::parse(text).expect("a public file");
        let layouts = Layout::puppet().expect("shipped");
        let layout = Layout::of(&layouts, &file).expect("a public layout");
        let frame = layout.import(&Topology::puppet().expect("shipped"), &file).expect("a public file");
        (file, frame)
    }

    #[test]
    fn anchors_lie_on_their_landmarks_in_all_layouts_and_curves_run_clockwise() {
        let puppet = Topology::puppet().expect("shipped");
        for (text, points, curves) in [(REVECTORISED, 43, 6), (TEST, 28, 4), (TEST_LATER, 28, 4), (GENERATED, 28, 0)] {
            let (_, frame) = imported(text);
            let seen = frame.landmarks().iter().filter(|landmark| landmark.known_position().is_some()).count();
            assert_eq!((seen, frame.shapes().iter().flatten().count()), (points, curves));
            for (spec, shape) in puppet.shapes().iter().zip(frame.shapes()) {
                let Some(shape) = shape else { continue };
                assert!(shape.signed_area() > 100.0, "{} runs counter-clockwise", spec.name);
                for (vertex, place) in shape.vertices().iter().zip(&spec.vertices) {
                    let landmark = place.landmark().expect("all vertices of these shapes are landmarks");
                    assert_eq!(vertex.anchor, frame.landmarks()[landmark].position, "{}", spec.name);
                }
            }
        }
    }

    /// Were one handle pair swapped or one start wrong, the right side would not resemble the left one mirrored.
    #[test]
    fn the_reindexed_right_side_is_the_left_sides_mirror_image() {
        let puppet = Topology::puppet().expect("shipped");
        let (file, frame) = imported(TEST);
        let image = frame.mirrored(&puppet, 400.0).expect("the puppet has a mirror");
        let eye = puppet.shape_index("right_eye").expect("an eye");
        let (there, mirrored) = (frame.shapes()[eye].as_ref(), image.shapes()[eye].as_ref());
        let pairs = there.expect("it is in the file").vertices().iter().zip(mirrored.expect("the left eye").vertices());
        for (vertex, twin) in pairs {
            assert!(vertex.outgoing.dot(twin.outgoing) > 0.8 * vertex.outgoing.hypot() * twin.outgoing.hypot());
            assert!(vertex.incoming.dot(twin.incoming) > 0.8 * vertex.incoming.hypot() * twin.incoming.hypot());
        }
        // Test point 14 starts the file's curve and is the outer corner; its handle towards the upper lid leads there still.
        let outer = there.expect("it is in the file").vertices()[3];
        let first = file.shapes["right_eye"].vertices()[0];
        assert_eq!((outer.anchor, outer.incoming), (first.anchor, first.outgoing));
    }

    #[test]
    fn export_is_the_way_back() {
        let layouts = Layout::puppet().expect("shipped");
        for text in [REVECTORISED, TEST, TEST_LATER, GENERATED] {
            let (file, frame) = imported(text);
            assert_eq!(Layout::of(&layouts, &file).expect("a layout").export(&frame), file);
        }
    }

    #[test]
    fn a_raw_file_is_told_to_be_revectorised() {
        let file = CubicSegments::parse(RAW).expect("a public file");
        let message = Layout::of(&Layout::puppet().expect("shipped"), &file).expect_err("no layout").to_string();
        assert!(message.contains("no points (raw artist's shapes are revectorised"), "{message}");
        assert!(message.contains("layout test has 28 points and [left_eye, left_eyebrow"), "{message}");
    }

    #[test]
    fn layouts_are_data_of_any_topology() {
        let text = r#"
            topology = "mouth"
            [[layouts]]
            name = "backwards"
            label = "Backwards"
            points = [10, 8, 9]
            shapes = [{ key = "o", shape = "opening", vertices = [1, 0, 3, 2] }]
        "#;
        let (topology, frame) = (mouth(), mouth_frame());
        let layout = &Layout::parse(text, &topology).expect("a layout that fits")[0];
        let file = layout.export(&frame);
        assert_eq!(file.shapes["o"].vertices()[1].anchor, frame.landmarks()[8].position);
        let back = layout.import(&topology, &file).expect("what was exported");
        assert_eq!(back.shapes()[1], frame.shapes()[1]);
        for (from, to, said) in [
            ("[10, 8, 9]", "[10, 8, 11]", "point 2 is landmark 11"),
            ("[10, 8, 9]", "[10, 8, 8]", "as another point is"),
            ("[1, 0, 3, 2]", "[1, 0, 2, 3]", "no rotation or reversal"),
            ("[1, 0, 3, 2]", "[1, 0, 2]", "no rotation or reversal"),
            ("\"opening\"", "\"nostril\"", "no shape of the topology is called \"nostril\""),
            ("\"mouth\"", "\"puppet\"", "the file is for topology \"puppet\""),
        ] {
            let message = Layout::parse(&text.replace(from, to), &topology).expect_err(to).to_string();
            assert!(message.contains(said), "{message}");
        }
    }
}
