//! An annotated shot as a folder: pictures, and what is true of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kurbo::{Point, Vec2};
use roto::{BezierShape, Topology, Vertex};
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Error, Result};
use crate::frames::read_text;
use crate::sequence::Pattern;

/// Annotations and facts are no longer than this.
const MOST_BYTES: u64 = 8 << 20;
/// How pictures may be stored; the first kind that is there counts.
const PICTURES: [&str; 3] = ["png", "jpg", "exr"];
/// What annotations call their form; `models/training/puppet/README.md` describes it.
const FORMAT: &str = "rotocel-face-1";

/// What is true of one frame, in pixels of the plate.
#[derive(Debug, Clone)]
pub struct FaceTruth {
    /// Where each landmark is, hidden ones too.
    pub landmarks: Vec<Point>,
    /// Whether nothing hides it.
    pub visible: Vec<bool>,
    /// The curves in the topology's order, hidden parts too; `None` where the file has none.
    pub curves: Vec<Option<BezierShape>>,
    /// Whether each shape is in the picture.
    pub present: Vec<bool>,
    /// The share of each curve that nothing hides.
    pub seen: Vec<f64>,
    /// Boxes by name: left, top, width, height.
    pub boxes: BTreeMap<String, [f64; 4]>,
}

impl FaceTruth {
    /// The curve of a shape that is in the picture.
    pub fn shown(&self, shape: usize) -> Option<&BezierShape> {
        self.curves[shape].as_ref().filter(|_| self.present[shape])
    }
}

/// A shot with its truth.
#[derive(Debug)]
pub struct AnnotatedShot {
    /// Name of the folder.
    pub name: String,
    /// What it is for: train, test, new.
    pub split: String,
    /// The pictures.
    pub pictures: Pattern,
    /// The size of the plate in pixels.
    pub size: [u32; 2],
    /// What is true, by frame; frames without annotation are left out.
    pub frames: BTreeMap<i64, FaceTruth>,
    /// The files that the truth came from.
    files: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default = "puppet")]
    topology: String,
    #[serde(default)]
    split: String,
}

#[derive(Deserialize)]
struct File {
    format: String,
    width: u32,
    height: u32,
    landmarks: Vec<(f64, f64, u8, u8)>,
    shapes: BTreeMap<String, ShapeText>,
    #[serde(default)]
    boxes: BTreeMap<String, [f64; 4]>,
}

#[derive(Deserialize)]
struct ShapeText {
    closed: bool,
    present: bool,
    #[serde(default = "whole")]
    seen: f64,
    vertices: Vec<VertexText>,
}

fn puppet() -> String {
    "puppet".to_owned()
}

fn whole() -> f64 {
    1.0
}

#[derive(Deserialize)]
struct VertexText {
    anchor: (f64, f64),
    #[serde(rename = "in")]
    incoming: (f64, f64),
    #[serde(rename = "out")]
    outgoing: (f64, f64),
}

impl AnnotatedShot {
    /// What a folder is for, without reading more than `shot.json`.
    ///
    /// # Errors
    /// A `shot.json` that cannot be read, or one of another topology.
    pub fn split(folder: &Path, topology: &Topology) -> Result<String> {
        let path = folder.join("shot.json");
        let facts: Facts =
            serde_json::from_str(&read_text(&path, MOST_BYTES)?).map_err(|found| Error::input(&path, found))?;
        match facts.topology == topology.name() {
            true => Ok(facts.split),
            false => {
                let reason = format!("its topology is \"{}\", not \"{}\"", facts.topology, topology.name());
                Err(Error::input(&path, reason))
            }
        }
    }

    /// Reads `shot.json` and all annotations whose pictures are there, without those of the frames that are left out.
    ///
    /// # Errors
    /// [`Error::Input`] names the file that is missing or wrong.
    pub fn open(folder: &Path, topology: &Topology, left_out: &[i64]) -> Result<Self> {
        let split = Self::split(folder, topology)?;
        let notes = Pattern::numbered(&folder.join("annotations"), 4, "json");
        let mut pictures = Pattern::numbered(&folder.join("frames"), 4, PICTURES[0]);
        for other in &PICTURES[1..] {
            if pictures.existing()?.is_empty() {
                pictures = Pattern::numbered(&folder.join("frames"), 4, other);
            }
        }
        let there = notes.existing()?;
        let (mut frames, mut files, mut size) = (BTreeMap::new(), Vec::new(), None);
        let counts = |frame: &i64| there.binary_search(frame).is_ok() && !left_out.contains(frame);
        for frame in pictures.existing()?.into_iter().filter(counts) {
            let path = notes.path(frame);
            let (truth, own) = read(&path, topology)?;
            if *size.get_or_insert(own) != own {
                return Err(Error::input(&path, "its width and height are not those of the frames before"));
            }
            frames.insert(frame, truth);
            files.push(path);
        }
        let Some(size) = size else {
            return Err(Error::input(
                folder,
                "no frame has both frames/%04d.png, .jpg or .exr and annotations/%04d.json",
            ));
        };
        let name =
            folder.file_name().map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into_owned());
        Ok(Self { name, split, pictures, size, frames, files })
    }

    /// A shot without files.
    #[cfg(test)]
    pub fn of_frames(name: &str, size: [u32; 2], frames: BTreeMap<i64, FaceTruth>) -> Self {
        let pictures = Pattern::parse("%04d.png").unwrap();
        Self { name: name.to_owned(), split: "test".to_owned(), pictures, size, frames, files: Vec::new() }
    }

    /// Adds the names and bytes of all pictures and annotations to a hash.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn hash_into(&self, hash: &mut Xxh3) -> Result<()> {
        let pictures = self.frames.keys().map(|frame| self.pictures.path(*frame));
        for path in self.files.iter().cloned().chain(pictures) {
            hash.update(self.name.as_bytes());
            hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update(&std::fs::read(&path).map_err(|found| Error::input(&path, found))?);
        }
        Ok(())
    }
}

fn read(path: &Path, topology: &Topology) -> Result<(FaceTruth, [u32; 2])> {
    let wrong = |reason: String| Error::input(path, reason);
    let file: File = serde_json::from_str(&read_text(path, MOST_BYTES)?)
        .map_err(|found| wrong(format!("no annotation: {found}")))?;
    let (count, found) = (topology.landmarks().len(), file.landmarks.len());
    if file.format != FORMAT || count != found {
        return Err(wrong(format!(
            "it is \"{}\" with {found} landmarks; an annotation is {FORMAT} with {count}",
            file.format
        )));
    }
    let mut truth = FaceTruth {
        landmarks: file.landmarks.iter().map(|&(x, y, ..)| Point::new(x, y)).collect(),
        visible: file.landmarks.iter().map(|&(_, _, visible, _)| visible != 0).collect(),
        curves: Vec::new(),
        present: Vec::new(),
        seen: Vec::new(),
        boxes: file.boxes,
    };
    for spec in topology.shapes() {
        let text = file.shapes.get(&spec.name);
        let curve = text.map(curve).transpose().map_err(|found| wrong(format!("{}: {found}", spec.name)))?;
        let fits =
            |curve: &BezierShape| curve.is_closed() == spec.closed && curve.vertices().len() == spec.vertices.len();
        if curve.as_ref().is_some_and(|curve| !fits(curve)) {
            return Err(wrong(format!("{} is not as the topology has it: closedness or vertices differ", spec.name)));
        }
        truth.present.push(text.is_some_and(|text| text.present));
        truth.seen.push(text.map_or(0.0, |text| text.seen));
        truth.curves.push(curve);
    }
    Ok((truth, [file.width, file.height]))
}

fn curve(text: &ShapeText) -> roto::Result<BezierShape> {
    let vertex = |vertex: &VertexText| Vertex {
        anchor: Point::from(vertex.anchor),
        incoming: Vec2::from(vertex.incoming),
        outgoing: Vec2::from(vertex.outgoing),
    };
    BezierShape::new(text.vertices.iter().map(vertex).collect(), text.closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PIXEL: [u8; 0] = [];

    fn write(folder: &Path, name: &str, bytes: &[u8]) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn annotation(count: usize) -> serde_json::Value {
        let vertex = |x: f64| json!({ "anchor": [x, 2.0], "in": [-1.0, 0.5], "out": [1.0, 0.25] });
        json!({
            "format": FORMAT, "frame": 7, "width": 64, "height": 48, "fit_error": 0.1, "facts": { "pose": "up" },
            "landmarks": vec![json!([1.5, 2.5, 1, 0]); count],
            "shapes": { "nose_seam": { "closed": false, "present": true, "seen": 0.5, "vertices": [vertex(1.0), vertex(2.0), vertex(3.0)] } },
            "boxes": { "face": [1.0, 2.0, 3.0, 4.0] },
        })
    }

    fn shot(annotation: &serde_json::Value) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "shot.json", br#"{"split":"test","topology":"puppet"}"#);
        for frame in [7, 9] {
            write(folder.path(), &format!("frames/{frame:04}.png"), &PIXEL);
        }
        write(folder.path(), "annotations/0007.json", annotation.to_string().as_bytes());
        write(folder.path(), "annotations/0008.json", annotation.to_string().as_bytes());
        folder
    }

    #[test]
    fn frames_count_that_have_a_picture_and_an_annotation_and_are_not_left_out() {
        let (topology, folder) = (Topology::puppet().unwrap(), shot(&annotation(45)));
        let shot = AnnotatedShot::open(folder.path(), &topology, &[]).unwrap();
        assert_eq!((shot.frames.keys().copied().collect::<Vec<_>>(), shot.size), (vec![7], [64, 48]));
        let (truth, nose) = (&shot.frames[&7], topology.shape_index("nose_seam").unwrap());
        assert_eq!((truth.landmarks[3], truth.visible[3]), (Point::new(1.5, 2.5), true));
        assert_eq!(truth.shown(nose).unwrap().vertices()[1].outgoing, Vec2::new(1.0, 0.25));
        assert_eq!((truth.seen[nose], truth.shown(0), truth.boxes["face"][2]), (0.5, None, 3.0));
        let told = AnnotatedShot::open(folder.path(), &topology, &[7]).unwrap_err().to_string();
        assert!(told.contains("no frame has both"), "{told}");
    }

    #[test]
    fn an_annotation_that_does_not_fit_is_refused_with_its_name() {
        let topology = Topology::puppet().unwrap();
        let told = |annotation: serde_json::Value| {
            AnnotatedShot::open(shot(&annotation).path(), &topology, &[]).unwrap_err().to_string()
        };
        let few = told(annotation(44));
        assert!(few.contains("0007.json") && few.contains("44 landmarks"), "{few}");
        let mut closed = annotation(45);
        closed["shapes"]["nose_seam"]["closed"] = json!(true);
        assert!(told(closed).contains("nose_seam"));
        assert!(told(json!([1])).contains("no annotation"));
    }
}
