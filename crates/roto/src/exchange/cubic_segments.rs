use std::collections::BTreeMap;
use std::fmt;

use kurbo::{Point, Vec2};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::{BezierShape, Error, Result, Vertex};

/// A frame takes 3 kB in the public files.
const MOST_BYTES: usize = 4 << 20;
const MOST_SHAPES: usize = 1024;
const MOST_SEGMENTS: usize = 4096;
const MOST_POINTS: usize = 16_384;
/// Farther out, squares of pixels lose what an editor needs.
const FARTHEST_PX: f64 = 1e7;
/// Files that were rounded to one decimal still join.
const JOINED_PX: f64 = 0.15;
const POINTS: &str = "points";
const SEGMENT: &str = "[[x0, tx0, x3, tx3], [y0, ty0, y3, ty3]]";

/// One frame in the JSON form of the public roto data set of LAIKA and Intel (WACV 2021): named shapes as lists of
/// cubic segments, and a list of points.
///
/// A segment is `[[x0, tx0, x3, tx3], [y0, ty0, y3, ty3]]`: start, start handle, end, end handle, each handle relative
/// to its own anchor. A shape is closed when its last segment ends where its first begins; the format has no other word
/// for it, so an open curve whose ends meet cannot be told from a closed one. Coordinates are pixels of the picture the
/// file goes with, rows down. Reading takes at most 4 MiB, 1024 shapes, 4096 segments each and 16384 points.
///
/// ```
/// use roto::exchange::CubicSegments;
///
/// let text = r#"{ "seam": [[[0, 1, 9, -1], [5, 0, 5, 2]]], "points": [[0, 5], [0, 0]] }"#;
/// let frame = CubicSegments::parse(text)?;
/// assert!(!frame.shapes["seam"].is_closed());
/// assert_eq!(frame.points.as_deref(), Some(&[Some((0.0, 5.0).into()), None][..]));
/// assert_eq!(CubicSegments::parse(&frame.write()?)?, frame);
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CubicSegments {
    /// The shapes by name.
    pub shapes: BTreeMap<String, BezierShape>,
    /// The points; `None` for an occluded one, which the file writes as (0, 0). A file without `points` has none.
    pub points: Option<Vec<Option<Point>>>,
}

impl CubicSegments {
    /// Reads the JSON `text`.
    ///
    /// # Errors
    /// [`Error::Exchange`] names the place of what is not as above.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MOST_BYTES {
            return Err(wrong("file", format!("it has {} bytes, expected at most {MOST_BYTES}", text.len())));
        }
        let Entries(entries) = serde_json::from_str(text).map_err(|found| wrong("file", found.to_string()))?;
        if entries.len() > MOST_SHAPES {
            return Err(wrong("file", format!("it has {} keys, expected at most {MOST_SHAPES}", entries.len())));
        }
        let (mut shapes, mut points) = (BTreeMap::new(), None);
        for (name, value) in entries {
            let twice = if name == POINTS {
                points.replace(parse_points(&value)?).is_some()
            } else {
                let shape = parse_shape(&shown(&name), &value)?;
                shapes.insert(name.clone(), shape).is_some()
            };
            if twice {
                return Err(wrong("file", format!("the key {} stands twice; keep one of them", shown(&name))));
            }
        }
        Ok(Self { shapes, points })
    }

    /// The JSON text of this frame, keys in alphabetical order, in one line.
    ///
    /// # Errors
    /// [`Error::Exchange`] for a shape called `points`, for a point at exactly (0, 0), which readers would take for an
    /// occluded one, and for an open shape whose ends meet, which they would take for a closed one.
    pub fn write(&self) -> Result<String> {
        let mut file = Map::new();
        for (name, shape) in &self.shapes {
            let place = format!("shape {}", shown(name));
            if name == POINTS {
                return Err(wrong(place, "the format keeps this key for the list of points; rename the shape"));
            }
            let vertices = shape.vertices();
            let ends = (vertices[0].anchor, vertices[vertices.len() - 1].anchor);
            if !shape.is_closed() && vertices.len() > 2 && near(ends.0, ends.1) {
                return Err(wrong(place, "its ends meet, and the format has no open shape of that kind; move an end"));
            }
            let ends = vertices.iter().cycle().skip(1);
            let segments = vertices.iter().zip(ends).take(shape.segments().count()).map(|(from, to)| {
                let (a, b, start, end) = (from.anchor, to.anchor, from.outgoing, to.incoming);
                json!([[a.x, start.x, b.x, end.x], [a.y, start.y, b.y, end.y]])
            });
            file.insert(name.clone(), segments.collect());
        }
        if let Some(points) = &self.points {
            let zero = points.iter().position(|point| *point == Some(Point::ZERO));
            if let Some(index) = zero {
                return Err(wrong(
                    format!("point {index}"),
                    "(0, 0) would be read as occluded; move it, or leave it out",
                ));
            }
            let pairs = points.iter().map(|point| point.unwrap_or_default()).map(|point| json!([point.x, point.y]));
            file.insert(POINTS.to_owned(), pairs.collect());
        }
        Ok(Value::Object(file).to_string())
    }
}

/// The top level of a file, repeated keys included: JSON libraries keep the last one without a word.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object of shapes, each a list of segments {SEGMENT}, and of \"{POINTS}\"")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

fn wrong(place: impl Into<String>, reason: impl Into<String>) -> Error {
    Error::Exchange { format: "cubic-segment JSON", place: place.into(), reason: reason.into() }
}

/// A name from a file as an error may quote it: no line breaks, not a page long.
fn shown(name: &str) -> String {
    let short: String = name.chars().take(40).collect();
    format!("{short:?}{}", if short.len() < name.len() { "…" } else { "" })
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn list<'v>(place: &str, value: &'v Value, what: &str, most: usize) -> Result<&'v [Value]> {
    match value.as_array() {
        Some(list) if list.len() <= most => Ok(list),
        Some(list) => Err(wrong(place, format!("it has {} {what}, expected at most {most}", list.len()))),
        None => Err(wrong(place, format!("expected a list of {what}, found {}", kind(value)))),
    }
}

/// The numbers of a list that must hold exactly `N`.
fn numbers<const N: usize>(place: &str, value: &Value, form: &str) -> Result<[f64; N]> {
    let bad = || wrong(place, format!("expected {form}, found {}", kind(value)));
    let list: &[Value; N] = value.as_array().and_then(|list| list.as_slice().try_into().ok()).ok_or_else(bad)?;
    let mut row = [0.0; N];
    for (number, value) in row.iter_mut().zip(list) {
        let found = value
            .as_f64()
            .ok_or_else(|| wrong(place, format!("expected {form} in numbers, found {} in it", kind(value))))?;
        if found.abs() > FARTHEST_PX {
            return Err(wrong(place, format!("the coordinate {found} is farther out than {FARTHEST_PX} px")));
        }
        *number = found;
    }
    Ok(row)
}

fn parse_points(value: &Value) -> Result<Vec<Option<Point>>> {
    let pairs = list("\"points\"", value, "points", MOST_POINTS)?;
    let point = |(index, pair)| {
        let [x, y] = numbers(&format!("point {index}"), pair, "[x, y]")?;
        Ok((x != 0.0 || y != 0.0).then_some(Point::new(x, y)))
    };
    pairs.iter().enumerate().map(point).collect()
}

/// A segment as the file says it: both anchors, both handles.
struct Segment {
    start: Point,
    outgoing: Vec2,
    end: Point,
    incoming: Vec2,
}

fn parse_segment(place: &str, value: &Value) -> Result<Segment> {
    let bad = || wrong(place, format!("expected {SEGMENT}, found {}", kind(value)));
    let rows: &[Value; 2] = value.as_array().and_then(|list| list.as_slice().try_into().ok()).ok_or_else(bad)?;
    let x: [f64; 4] = numbers(&format!("{place}, row 0"), &rows[0], "[x0, tx0, x3, tx3]")?;
    let y: [f64; 4] = numbers(&format!("{place}, row 1"), &rows[1], "[y0, ty0, y3, ty3]")?;
    Ok(Segment {
        start: Point::new(x[0], y[0]),
        outgoing: Vec2::new(x[1], y[1]),
        end: Point::new(x[2], y[2]),
        incoming: Vec2::new(x[3], y[3]),
    })
}

fn parse_shape(name: &str, value: &Value) -> Result<BezierShape> {
    let place = format!("shape {name}");
    let values = list(&place, value, "segments", MOST_SEGMENTS)?;
    let segments = values.iter().enumerate().map(|(k, value)| parse_segment(&format!("{place}, segment {k}"), value));
    let segments: Vec<_> = segments.collect::<Result<_>>()?;
    let [first, .., last] = &segments[..] else {
        return match &segments[..] {
            [only] if !near(only.start, only.end) => open_shape(&place, &segments),
            _ => Err(wrong(place, "a closed shape needs at least 2 segments, an open one at least 1")),
        };
    };
    for (k, pair) in segments.windows(2).enumerate() {
        if !near(pair[0].end, pair[1].start) {
            let reason = format!(
                "it begins at ({}, {}), but the segment before it ends at ({}, {}); segments must join",
                pair[1].start.x, pair[1].start.y, pair[0].end.x, pair[0].end.y
            );
            return Err(wrong(format!("{place}, segment {}", k + 1), reason));
        }
    }
    if !near(first.start, last.end) {
        return open_shape(&place, &segments);
    }
    let before = segments.iter().cycle().skip(segments.len() - 1);
    let vertices = segments.iter().zip(before).map(|(segment, before)| vertex(before, segment));
    BezierShape::new(vertices.collect(), true).map_err(|found| wrong(place, found.to_string()))
}

fn open_shape(place: &str, segments: &[Segment]) -> Result<BezierShape> {
    let ends = segments.first().zip(segments.last()).map(|(first, last)| {
        let start = Vertex { anchor: first.start, incoming: Vec2::ZERO, outgoing: first.outgoing };
        (start, Vertex { anchor: last.end, incoming: last.incoming, outgoing: Vec2::ZERO })
    });
    let inner = segments.windows(2).map(|pair| vertex(&pair[0], &pair[1]));
    let vertices = ends.map(|(start, end)| std::iter::once(start).chain(inner).chain([end]).collect());
    BezierShape::new(vertices.unwrap_or_default(), false).map_err(|found| wrong(place, found.to_string()))
}

fn vertex(before: &Segment, after: &Segment) -> Vertex {
    Vertex { anchor: after.start, incoming: before.incoming, outgoing: after.outgoing }
}

fn near(one: Point, other: Point) -> bool {
    one.distance(other) <= JOINED_PX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{GENERATED, RAW, REVECTORISED, TEST, TEST_LATER, blob};

    #[test]
    fn a_published_frame_reads_as_its_files_are_described() {
        let raw = CubicSegments::parse(RAW).expect("a public file");
        let segments = |frame: &CubicSegments, name: &str| frame.shapes[name].segments().count();
        assert_eq!((raw.shapes.len(), raw.points.as_ref()), (9, None));
        assert_eq!((segments(&raw, "left_seam"), segments(&raw, "right_eyebrow")), (2, 9));
        assert!(raw.shapes.iter().all(|(name, shape)| shape.is_closed() != name.ends_with("seam")));
        let first = raw.shapes["left_eye"].vertices()[0];
        assert_eq!((first.anchor, first.outgoing), (Point::new(244.12, 383.87), Vec2::new(9.58, -0.85)));
        assert_eq!(first.incoming, Vec2::new(-13.56, 1.27), "the end handle of the closing segment");

        let made = CubicSegments::parse(GENERATED).expect("a public file").points.expect("45 points");
        assert_eq!((made.len(), made.iter().filter(|point| point.is_none()).count()), (45, 17));
    }

    #[test]
    fn what_was_read_is_written_number_by_number() {
        for text in [RAW, REVECTORISED, TEST, TEST_LATER, GENERATED] {
            let written = CubicSegments::parse(text).and_then(|frame| frame.write()).expect("a public file");
            let numbers = |text: &str| -> Vec<f64> {
                let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
                parts.filter_map(|part| part.parse().ok()).collect()
            };
            let (before, after) = (numbers(text), numbers(&written));
            assert_eq!(before.len(), after.len());
            assert_eq!(before, after);
        }
    }

    #[test]
    fn every_error_says_what_and_where() {
        for (text, said) in [
            ("", "file: EOF while parsing"),
            ("[1]", "file: invalid type: sequence, expected an object of shapes"),
            (r#"{"a":[[[0,0,1,0],[0,0,1,0]]],"a":[]}"#, r#"shape "a": a closed shape needs at least 2 segments"#),
            (r#"{"points":[],"points":[]}"#, "the key \"points\" stands twice"),
            (r#"{"eye":3}"#, r#"shape "eye": expected a list of segments, found the number 3"#),
            (
                r#"{"eye":[[[0,0,1,0]]]}"#,
                r#"shape "eye", segment 0: expected [[x0, tx0, x3, tx3], [y0, ty0, y3, ty3]], found a list of 1"#,
            ),
            (
                r#"{"eye":[[[0,0,1],[0,0,1,0]]]}"#,
                r#"shape "eye", segment 0, row 0: expected [x0, tx0, x3, tx3], found a list of 3"#,
            ),
            (
                r#"{"eye":[[[0,0,1,0],[0,0,null,0]]]}"#,
                r#"segment 0, row 1: expected [y0, ty0, y3, ty3] in numbers, found null in it"#,
            ),
            (r#"{"eye":[[[0,0,1,0],[0,0,1e9,0]]]}"#, "the coordinate 1000000000 is farther out"),
            (r#"{"eye":[[[0,0,1,0],[0,0,1e999,0]]]}"#, "number out of range"),
            (
                r#"{"eye":[[[0,0,1,0],[0,0,0,0]],[[2,0,3,0],[0,0,0,0]]]}"#,
                r#"segment 1: it begins at (2, 0), but the segment before it ends at (1, 0)"#,
            ),
            (r#"{"eye":[[[5,1,5,-1],[5,0,5,1]]]}"#, r#"shape "eye": a closed shape needs at least 2 segments"#),
            (r#"{"eye":[]}"#, r#"shape "eye": a closed shape needs at least 2 segments"#),
            (r#"{"points":[[1,2],[3]]}"#, "point 1: expected [x, y], found a list of 1"),
        ] {
            let message = CubicSegments::parse(text).expect_err(text).to_string();
            assert!(message.starts_with("cubic-segment JSON, ") && message.contains(said), "{text}: {message}");
        }
    }

    #[test]
    fn huge_and_deep_files_are_refused_quickly() {
        let many = format!("{{\"points\":[{}[1,1]]}}", "[1,1],".repeat(MOST_POINTS));
        assert!(CubicSegments::parse(&many).expect_err("too many").to_string().contains("16385 points"));
        let long = " ".repeat(MOST_BYTES + 1);
        assert!(CubicSegments::parse(&long).expect_err("too long").to_string().contains("bytes, expected at most"));
        let deep = format!("{{\"eye\":{}", "[".repeat(100_000));
        assert!(CubicSegments::parse(&deep).expect_err("too deep").to_string().contains("recursion limit"));
    }

    #[test]
    fn what_the_format_cannot_say_is_not_written() {
        let named = |name: &str, shape| CubicSegments { shapes: [(name.to_owned(), shape)].into(), points: None };
        assert!(named("points", blob(4)).write().is_err());
        let mut ring = blob(4).vertices().to_vec();
        ring.push(ring[0]);
        let ring = BezierShape::new(ring, false).expect("five vertices");
        assert!(named("ring", ring).write().expect_err("its ends meet").to_string().contains("move an end"));
        let origin = CubicSegments { points: Some(vec![None, Some(Point::ZERO)]), ..CubicSegments::default() };
        assert!(origin.write().expect_err("(0, 0)").to_string().contains("point 1: (0, 0)"));
    }

    fn hostile() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            any::<f64>().prop_map(|number| json!(number)),
            Just(Value::Null),
            Just(json!([[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]])),
            "\\PC{0,3}".prop_map(Value::String),
        ];
        let value = leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map("points|eye|\\PC{0,9}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        prop_oneof![value.prop_map(|value| value.to_string()), "\\PC{0,60}"]
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in hostile()) {
            if let Ok(frame) = CubicSegments::parse(&text) {
                let _ = frame.write();
            }
        }

        #[test]
        fn a_damaged_file_is_read_or_refused(cut in 0_usize..2000, at in 0_usize..2000, with in "[\\[\\]{},\":0-9e.-]") {
            let short: String = TEST.chars().take(TEST.len().saturating_sub(cut)).collect();
            let _ = CubicSegments::parse(&short);
            let mut changed: Vec<char> = TEST.chars().collect();
            let count = changed.len();
            changed[at % count] = with.chars().next().unwrap_or(' ');
            let _ = CubicSegments::parse(&changed.into_iter().collect::<String>());
        }

        #[test]
        fn any_closed_shape_comes_back(vertices in 2_usize..20) {
            let frame = CubicSegments { shapes: [("a".to_owned(), blob(vertices))].into(), points: None };
            let back = CubicSegments::parse(&frame.write().expect("a closed shape")).expect("what was written");
            let (one, other) = (back.shapes["a"].vertices(), frame.shapes["a"].vertices());
            prop_assert_eq!(one.len(), vertices);
            let same = |(a, b): (&Vertex, &Vertex)| (a.incoming - b.incoming).hypot() + a.anchor.distance(b.anchor) < 1e-9;
            prop_assert!(one.iter().zip(other).all(same));
        }
    }
}
