use std::collections::BTreeMap;
use std::fmt;

use kurbo::{Point, Vec2};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::{BezierShape, Error, Result, Vertex};

/// A frame takes 3 kB in the public files.
const MOST_BYTES: usize = 4 << 20;
/// Shapes, and the list of points.
const MOST_KEYS: usize = 1024;
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
/// file goes with, rows down. A file has at most 4 MiB, 1024 keys, 4096 segments in a shape and 16384 points, and nothing
/// in it is farther out than 10^7 px.
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
        at_most("file", text.len(), "bytes", MOST_BYTES)?;
        let Entries(entries) = serde_json::from_str(text).map_err(|found| wrong("file", found.to_string()))?;
        at_most("file", entries.len(), "keys", MOST_KEYS)?;
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
    /// occluded one, for an open shape whose ends meet, which they would take for a closed one, and for more than a file
    /// may have.
    pub fn write(&self) -> Result<String> {
        let mut file = Map::new();
        at_most("file", self.shapes.len() + usize::from(self.points.is_some()), "keys", MOST_KEYS)?;
        for (name, shape) in &self.shapes {
            let place = format!("shape {}", shown(name));
            if name == POINTS {
                return Err(wrong(place, "the format keeps this key for the list of points; rename the shape"));
            }
            let vertices = shape.vertices();
            let ends = (vertices[0].anchor, vertices[vertices.len() - 1].anchor);
            if !shape.is_closed() && near(ends.0, ends.1) {
                return Err(wrong(place, "its ends meet, and the format has no open shape of that kind; move an end"));
            }
            let count = shape.segments().count();
            at_most(&place, count, "segments", MOST_SEGMENTS)?;
            let ends = vertices.iter().cycle().skip(1);
            let segments = vertices.iter().zip(ends).take(count).enumerate().map(|(k, (from, to))| {
                let (a, b, start, end) = (from.anchor, to.anchor, from.outgoing, to.incoming);
                let rows = [[a.x, start.x, b.x, end.x], [a.y, start.y, b.y, end.y]];
                not_too_far(&format!("{place}, segment {k}"), rows.as_flattened())?;
                Ok(json!(rows))
            });
            file.insert(name.clone(), segments.collect::<Result<_>>()?);
        }
        if let Some(points) = &self.points {
            at_most("\"points\"", points.len(), "points", MOST_POINTS)?;
            let zero = points.iter().position(|point| *point == Some(Point::ZERO));
            if let Some(index) = zero {
                return Err(wrong(
                    format!("point {index}"),
                    "(0, 0) would be read as occluded; move it, or leave it out",
                ));
            }
            let pairs = points.iter().enumerate().map(|(index, point)| {
                let pair = point.unwrap_or_default();
                not_too_far(&format!("point {index}"), &[pair.x, pair.y])?;
                Ok(json!([pair.x, pair.y]))
            });
            file.insert(POINTS.to_owned(), pairs.collect::<Result<_>>()?);
        }
        let text = Value::Object(file).to_string();
        at_most("file", text.len(), "bytes", MOST_BYTES)?;
        Ok(text)
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

fn at_most(place: &str, count: usize, what: &str, most: usize) -> Result<()> {
    match count <= most {
        true => Ok(()),
        false => Err(wrong(place, format!("it has {count} {what}, expected at most {most}"))),
    }
}

/// Refuses what is no number, too.
fn not_too_far(place: &str, coordinates: &[f64]) -> Result<()> {
    match coordinates.iter().find(|at| at.is_nan() || at.abs() > FARTHEST_PX) {
        Some(far) => Err(wrong(place, format!("the coordinate {far} is farther out than {FARTHEST_PX} px"))),
        None => Ok(()),
    }
}

fn list<'v>(place: &str, value: &'v Value, what: &str, most: usize) -> Result<&'v [Value]> {
    let bad = || wrong(place, format!("expected a list of {what}, found {}", kind(value)));
    let list = value.as_array().ok_or_else(bad)?;
    at_most(place, list.len(), what, most)?;
    Ok(list)
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
        *number = found;
    }
    not_too_far(place, &row)?;
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
mod tests;
