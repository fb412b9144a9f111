use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use kurbo::{Point, Vec2};

use super::curve::{Curve, Notices};
use super::tcl::{Item, parse, unescaped};
use super::{FARTHEST_PX, MOST_BYTES, MOST_FRAMES, OPEN, ROTO, lifetime};
use crate::exchange::fault::shown;
use crate::exchange::limits::{FARTHEST_FRAME, MOST_HIDDEN, MOST_SHAPES};
use crate::exchange::names::Names;
use crate::exchange::{Imported, ReadOptions, Scene, ShapeStyle, StyleKey};
use crate::{BezierShape, KeyKind, Plate, Result, ShapeKey, ShapeTrack, Shot, ShotShape, Vertex};

/// Vertices of all keys of a file: coordinates that are keyed at different times multiply.
const MOST_VERTICES: usize = 4 << 20;
const MOST_PAIRS: usize = 3 * 4096;

/// Reads the Roto and RotoPaint nodes of a script, or what their `curves` knob gives out.
pub(in crate::exchange) fn read(text: &str, options: &ReadOptions) -> Result<Imported> {
    ROTO.at_most("file", text.len(), "bytes", MOST_BYTES)?;
    let script = parse(text, ROTO)?;
    let mut reader =
        Reader { plate: plate(&script, options)?, found: Vec::new(), notes: BTreeSet::new(), room: MOST_VERTICES };
    reader.walk(&script, "")?;
    if reader.found.is_empty() {
        return Err(ROTO.at("file", "no Bézier shape is in it; copy a Roto node with shapes"));
    }
    reader.into_imported(options)
}

/// The plate as told, or the format of the node or the script.
fn plate(script: &[Item], options: &ReadOptions) -> Result<Plate> {
    let knob = || {
        let nodes = script.iter().filter_map(Item::list);
        let knobs = nodes.flat_map(|knobs| knobs.windows(2)).filter(|pair| pair[0].word() == Some("format"));
        let mut formats = knobs.filter_map(|pair| {
            let words: Vec<f64> = pair[1].word()?.split_whitespace().take(7).filter_map(super::number::parse).collect();
            let [width, height, .., pixel_aspect] = words[..] else { return None };
            (words.len() == 7).then_some(Plate { pixel_aspect, ..Plate::sized(width, height) })
        });
        formats.next()
    };
    options.plate.or_else(knob).ok_or_else(|| {
        ROTO.at("file", "it does not say how large the picture is, and y counts from its lower edge; give the size")
    })
}

struct Found {
    name: String,
    style: ShapeStyle,
    track: ShapeTrack,
    seen: Seen,
}

/// When a shape is to be seen.
struct Seen {
    lifetime: (f64, f64),
    opacity: Curve,
    visible: Curve,
}

struct Reader {
    plate: Plate,
    found: Vec<Found>,
    notes: BTreeSet<String>,
    /// Vertices that the file may still have.
    room: usize,
}

impl Reader {
    /// Looks for layers at any depth, and reads what is in them. Depth is bounded by the parser.
    fn walk(&mut self, items: &[Item], group: &str) -> Result<()> {
        for item in items {
            if let Some(layer) = item.list_of("layer") {
                let name = layer.get(1).and_then(Item::word).map(unescaped).unwrap_or_default();
                check_still(layer, &format!("layer {}", shown(&name)))?;
                self.walk(&layer[1..], if name == "Root" { "" } else { &name })?;
            } else if let Some(shape) = item.list_of("curvegroup") {
                self.read_shape(item.line, shape, group)?;
            } else if item.list_of("cubiccurve").is_some() {
                self.notes.insert("Strokes are left out: only Bézier shapes are read.".to_owned());
            } else if let Some(items) = item.list() {
                self.walk(items, group)?;
            }
        }
        Ok(())
    }

    fn read_shape(&mut self, line: usize, shape: &[Item], group: &str) -> Result<()> {
        let name = shape.get(1).and_then(Item::word).map(unescaped).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| ROTO.at(format!("line {line}"), "a curvegroup has no name"))?;
        let place = format!("shape {}, line {line}", shown(&name));
        if shape.get(3).and_then(Item::word) != Some("bezier") {
            self.notes.insert(format!("{} is left out: it is no Bézier shape.", shown(&name)));
            return Ok(());
        }
        check_still(shape, &place)?;
        ROTO.at_most("file", self.found.len() + 1, "shapes", MOST_SHAPES)?;
        let lists = shape.iter().filter_map(Item::list);
        let curves: Vec<&[Item]> = lists.flatten().filter_map(|item| item.list_of("cc")).collect();
        let outline = curves.first().ok_or_else(|| ROTO.at(&place, "it has no curve {cc …}"))?;
        let mut notices = Notices::new();
        let wrong = |reason: String| ROTO.at(&place, reason);
        let points = Points::read(outline, &mut notices).map_err(wrong)?;
        let track = self.track(&place, &points)?;
        let (mut style, seen) = attributes(shape, &mut notices).map_err(|reason| ROTO.at(&place, reason))?;
        if let Some(feather) = curves.get(1) {
            let offsets = Points::read(feather, &mut notices);
            let (px, even) = uniform_feather(&track, &offsets.map_err(|reason| ROTO.at(&place, reason))?);
            style.feather_px += px;
            style.keys.iter_mut().for_each(|key| key.feather_px += px);
            if !even {
                notices.insert("its feather differs from point to point; the mean was taken");
            }
        }
        style.group = group.to_owned();
        if track.is_closed() {
            style.stroke_width_px = 0.0;
        }
        self.notes.extend(notices.into_iter().map(|notice| format!("{}: {notice}.", shown(&name))));
        self.found.push(Found { name, style, track, seen });
        Ok(())
    }

    /// The shape at each time at which one of its coordinates has a key.
    fn track(&mut self, place: &str, points: &Points) -> Result<ShapeTrack> {
        let mut times: Vec<f64> = points.coordinates.iter().flatten().flat_map(Curve::times).collect();
        times.extend(points.still);
        times.sort_by(f64::total_cmp);
        times.dedup();
        if times.is_empty() {
            times.push(0.0);
        }
        let count = points.coordinates.len() / 3;
        let room = times.len().checked_mul(count).and_then(|needed| self.room.checked_sub(needed));
        self.room = room.ok_or_else(|| ROTO.at(place, format!("keys have more than {MOST_VERTICES} points in all")))?;
        let to_plate = self.plate.to_host_pixels().inverse();
        let key = |time: f64| {
            let fault = |reason: String| ROTO.at(format!("{place}, frame {time}"), reason);
            if time.abs() > FARTHEST_FRAME {
                return Err(fault(format!("frames lie within {FARTHEST_FRAME} either way")));
            }
            let at = |[x, y]: &[Curve; 2]| (x.at(time), y.at(time));
            let vertices = points.coordinates.chunks_exact(3).map(|point| Vertex {
                anchor: Point::from(at(&point[1])),
                incoming: Vec2::from(at(&point[0])),
                outgoing: Vec2::from(at(&point[2])),
            });
            let shape = BezierShape::new(vertices.collect(), points.closed).map_err(|e| fault(e.to_string()))?;
            let far = |v: &Vertex| {
                let numbers = [v.anchor.to_vec2(), v.incoming, v.outgoing];
                numbers.iter().any(|at| at.x.abs() > FARTHEST_PX || at.y.abs() > FARTHEST_PX)
            };
            if shape.vertices().iter().any(far) {
                return Err(fault(format!("a point is farther out than {FARTHEST_PX} px")));
            }
            let shape = shape.transformed(to_plate).map_err(|e| fault(e.to_string()))?;
            Ok(ShapeKey { time, kind: KeyKind::Predicted, shape })
        };
        let keys = times.into_iter().map(key).collect::<Result<_>>()?;
        ShapeTrack::new(keys).map_err(|e| ROTO.at(place, e.to_string()))
    }

    fn into_imported(mut self, options: &ReadOptions) -> Result<Imported> {
        let frames = match &options.frames {
            Some(frames) => frames.clone(),
            None => self.span(),
        };
        let fault = |reason: String| ROTO.at("file", reason);
        if frames.is_empty() || frames.start().abs_diff(*frames.end()) >= MOST_FRAMES {
            return Err(fault(format!("frames {frames:?} are no shot of 1 to {MOST_FRAMES} frames")));
        }
        let length = frames.start().abs_diff(*frames.end()) + 1;
        if length.saturating_mul(self.found.len() as u64) > MOST_HIDDEN {
            return Err(fault(format!("{} shapes on {length} frames are too many", self.found.len())));
        }
        let (mut shapes, mut styles) = (Vec::new(), BTreeMap::new());
        // Nuke lists what lies on top first, which matters where a shape cuts.
        if self.found.iter().any(|found| found.style.cut) {
            self.found.reverse();
        }
        let mut names = Names::default();
        for mut found in std::mem::take(&mut self.found) {
            let name = names.free(&found.name);
            if name != found.name {
                let told =
                    format!("{}: another shape has this name; this one is {} now.", shown(&found.name), shown(&name));
                self.notes.insert(told);
                found.name = name;
            }
            let hidden = frames.clone().filter(|&frame| !found.seen.at(frame as f64)).collect();
            styles.insert(found.name.clone(), found.style);
            shapes.push(ShotShape { hidden, ..ShotShape::new(found.name, found.track) });
        }
        let shot = Shot::new(*frames.start(), *frames.end(), shapes).map_err(|e| fault(e.to_string()))?;
        let scene = Scene { styles, frame_rate: options.frame_rate, ..Scene::new(shot, self.plate) };
        scene.check()?;
        Ok(Imported { scene, notes: self.notes.into_iter().collect() })
    }

    /// From the first to the last frame at which something happens.
    fn span(&self) -> RangeInclusive<i64> {
        let keys = self.found.iter().flat_map(|found| found.track.keys().iter().map(|key| key.time));
        let ends = self.found.iter().flat_map(|found| [found.seen.lifetime.0, found.seen.lifetime.1]);
        let opacity = self.found.iter().flat_map(|found| found.seen.opacity.times());
        let times = keys.chain(ends).chain(opacity).filter(|time| time.is_finite());
        let (first, last) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), time| (a.min(time), b.max(time)));
        first.floor() as i64..=last.ceil() as i64
    }
}

impl Seen {
    fn at(&self, frame: f64) -> bool {
        (self.lifetime.0..=self.lifetime.1).contains(&frame)
            && self.opacity.at(frame) > UNSEEN
            && self.visible.at(frame) > 0.5
    }
}

/// The points of a curve: left tangent, position, right tangent of each.
struct Points {
    closed: bool,
    /// The one time of the form with a single key.
    still: Option<f64>,
    coordinates: Vec<[Curve; 2]>,
}

impl Points {
    fn read(curve: &[Item], notices: &mut Notices) -> Result<Self, String> {
        let flags = curve.iter().find_map(|item| item.list_of("f")).and_then(|list| list.get(1)?.number());
        let closed = flags.unwrap_or_default() as u32 & OPEN == 0;
        let still = curve.iter().find_map(|item| item.list_of("px"));
        let (still, pairs) = match still.or_else(|| curve.iter().find_map(|item| item.list_of("p"))) {
            Some([_, time, pairs @ ..]) if still.is_some() => {
                (Some(time.number().ok_or_else(|| format!("line {}: px has no time", time.line))?), pairs)
            }
            Some([_, pairs @ ..]) if still.is_none() => (None, pairs),
            _ => return Err("it has no points, neither {px …} nor {p …}".to_owned()),
        };
        if pairs.len() % 3 != 0 {
            return Err(format!(
                "it has {} pairs, but a point has three: left tangent, position, right tangent",
                pairs.len()
            ));
        }
        if pairs.len() > MOST_PAIRS {
            return Err(format!("it has {} points, expected at most {}", pairs.len() / 3, MOST_PAIRS / 3));
        }
        let pair = |item: &Item| {
            let wrong = || format!("line {}: expected {{x y}}, found {}", item.line, item.described());
            // A third number, where there is one, is the homogeneous coordinate.
            let [x, y, ..] = item.list().ok_or_else(wrong)? else { return Err(wrong()) };
            Ok([Curve::read(x, notices)?, Curve::read(y, notices)?])
        };
        Ok(Self { closed, still, coordinates: pairs.iter().map(pair).collect::<Result<_, _>>()? })
    }
}

/// Refuses a transform that moves: its order of operations is nowhere told.
fn check_still(element: &[Item], place: &str) -> Result<()> {
    const PIVOT: usize = 3;
    const SCALES: RangeInclusive<usize> = 9..=11;
    let Some(transform) = element.iter().find_map(|item| item.list_of("t")) else { return Ok(()) };
    for (index, item) in transform[1..].iter().enumerate().skip(PIVOT) {
        let neutral = if SCALES.contains(&index) { 1.0 } else { 0.0 };
        let curve = Curve::read(item, &mut Notices::new()).map_err(|reason| ROTO.at(place, reason))?;
        if curve.values().any(|value| (value - neutral).abs() > 1e-6) {
            return Err(ROTO.at(place, "it is moved by a transform; bake the transform into the points in Nuke first"));
        }
    }
    Ok(())
}

fn attributes(shape: &[Item], notices: &mut Notices) -> Result<(ShapeStyle, Seen), String> {
    let list = shape.iter().find_map(|item| item.list_of("a")).unwrap_or_default();
    let pairs = list.get(1..).unwrap_or_default().chunks_exact(2);
    let values: BTreeMap<&str, &Item> = pairs.filter_map(|pair| Some((pair[0].word()?, &pair[1]))).collect();
    let mut curve =
        |name: &str, default: &Item<'static>| Curve::read(values.get(name).copied().unwrap_or(default), notices);
    let [zero, one] = ["0", "1"].map(|word| Item { line: 0, content: super::tcl::Content::Word(word) });
    let opacity = curve("opc", &one)?;
    let seen_opacity = opacity.values().fold(0.0, f64::max);
    let feathers = [curve("fx", &zero)?, curve("fy", &zero)?];
    let color = ["r", "g", "b", "a"].map(|name| curve(name, &one));
    let mut cut = values.contains_key("a");
    for part in color {
        cut &= part?.values().all(|value| value == 0.0);
    }
    let mut first = |name: &str, default: &Item<'static>| {
        Ok::<_, String>(curve(name, default)?.values().next().unwrap_or_default())
    };
    let (begin, end, kind) = (first("ltn", &zero)?, first("ltm", &zero)?, first("ltt", &zero)?);
    let feather_on = first("fo", &one)? != 0.0;
    let feather = match feather_on {
        false => (0.0, 0.0),
        true => (first("fx", &zero)?, first("fy", &zero)?),
    };
    let (inverted, blending) = (first("inv", &zero)? != 0.0, first("bm", &zero)? != 0.0);
    let (falloff, width) = (first("ff", &one)?, first("osw", &zero)?);
    let visible = curve("vis", &one)?;
    if feather.0 != feather.1 {
        notices.insert("its feather differs in x and y; the mean was taken");
    }
    if inverted {
        notices.insert("it is inverted, and was taken as it is drawn");
    }
    if blending {
        notices.insert("its blending mode was not taken");
    }
    let keys = style_keys(&opacity, feather_on.then_some(&feathers));
    let still = keys.is_empty();
    let style = ShapeStyle {
        feather_px: if still { (feather.0 + feather.1) / 2.0 } else { 0.0 },
        feather_falloff: falloff.clamp(0.01, 100.0),
        opacity: if still && seen_opacity > 0.0 { seen_opacity.min(1.0) } else { 1.0 },
        stroke_width_px: width.clamp(0.0, FARTHEST_PX),
        cut,
        keys,
        ..ShapeStyle::default()
    };
    Ok((style, Seen { lifetime: span_of_life(kind, begin, end), opacity, visible }))
}

/// An opacity up to this shows nothing.
const UNSEEN: f64 = 1e-4;

/// Feather and opacity at each frame at which one of them has a key, where they change on frames that show the shape. An opacity
/// of 0 stays where a fade leads to it; next to a frame that is seen it only says that the shape is hidden, which [`Seen`]
/// knows.
fn style_keys(opacity: &Curve, feathers: Option<&[Curve; 2]>) -> Vec<StyleKey> {
    let curves = feathers.into_iter().flatten().chain([opacity]);
    let times = curves.flat_map(Curve::times).filter(|time| time.abs() <= FARTHEST_FRAME);
    let mut frames: Vec<i64> = times.map(|time| time.round() as i64).collect();
    frames.sort_unstable();
    frames.dedup();
    let key = |frame: i64| {
        let time = frame as f64;
        let feather_px = feathers.map_or(0.0, |[x, y]| (x.at(time) + y.at(time)) / 2.0);
        StyleKey { frame, feather_px, opacity: opacity.at(time).clamp(0.0, 1.0) }
    };
    let keys: Vec<StyleKey> = frames.into_iter().map(key).collect();
    let is_seen = |key: &StyleKey| key.opacity > UNSEEN;
    let fades = |from: &StyleKey, to: &StyleKey| is_seen(to) && from.frame.abs_diff(to.frame) > 1;
    let counts = |&index: &usize| {
        let mut beside = [index.checked_sub(1), Some(index + 1)].into_iter().flatten().filter_map(|at| keys.get(at));
        is_seen(&keys[index]) || beside.any(|other| fades(&keys[index], other))
    };
    StyleKey::reduced(&(0..keys.len()).filter(counts).map(|index| keys[index]).collect::<Vec<_>>())
}

fn span_of_life(kind: f64, begin: f64, end: f64) -> (f64, f64) {
    match kind {
        lifetime::START_TO_FRAME => (f64::NEG_INFINITY, end),
        lifetime::SINGLE_FRAME => (begin, begin),
        lifetime::FRAME_TO_END => (begin, f64::INFINITY),
        lifetime::RANGE => (begin, end),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

/// The mean distance of feather points from the outline, positive outside, and whether it is about the same everywhere.
fn uniform_feather(track: &ShapeTrack, feather: &Points) -> (f64, bool) {
    let first = &track.keys()[0];
    let outward = if first.shape.signed_area() > 0.0 { 1.0 } else { -1.0 };
    let vertices = first.shape.vertices();
    let beside = |index: usize| vertices[index % vertices.len()].anchor;
    let points = vertices.iter().zip(feather.coordinates.chunks_exact(3)).enumerate();
    let distances = points.map(|(index, (vertex, point))| {
        // Offsets count upwards, the outline is on the plate already.
        let offset = Vec2::new(point[1][0].at(first.time), -point[1][1].at(first.time));
        // A corner without handles runs as its neighbours lie.
        let along = match vertex.outgoing - vertex.incoming {
            Vec2::ZERO => beside(index + 1) - beside(index + vertices.len() - 1),
            along => along,
        };
        let normal = Vec2::new(along.y, -along.x) * outward;
        if normal.dot(offset) < 0.0 { -offset.hypot() } else { offset.hypot() }
    });
    let distances: Vec<f64> = distances.collect();
    let mean = distances.iter().sum::<f64>() / distances.len().max(1) as f64;
    let keyed = feather.coordinates.iter().skip(1).step_by(3).flatten().any(|curve| curve.times().count() > 1);
    (mean, !keyed && distances.iter().all(|distance| (distance - mean).abs() <= 0.1 * mean.abs() + 0.05))
}
