use std::collections::BTreeMap;

use kurbo::Point;

use super::tcl::{Item, parse, unescaped};
use super::{FARTHEST_PX, MOST_BYTES, MOST_FRAMES, TRACKER};
use crate::exchange::fault::shown;
use crate::exchange::limits::FARTHEST_FRAME;
use crate::exchange::names::Names;
use crate::exchange::{Imported, ReadOptions, Scene, Tracker};
use crate::{Landmark, Result, Shot};

const MOST_TRACKS: usize = 16_384;
/// Where a track's name and its two curves stand, where the table does not say.
const USUAL_PLACES: [usize; 3] = [1, 2, 3];

/// Reads the tracks of the Tracker nodes of a script.
pub(in crate::exchange) fn read(text: &str, options: &ReadOptions) -> Result<Imported> {
    TRACKER.at_most("file", text.len(), "bytes", MOST_BYTES)?;
    let plate = options.plate.ok_or_else(|| {
        TRACKER.at("file", "it does not say how large the picture is, and y counts from its lower edge; give the size")
    })?;
    let script = parse(text, TRACKER)?;
    let (mut trackers, mut notes) = (Vec::new(), Vec::new());
    for table in tables(&script) {
        read_table(table, &mut trackers, &mut notes)?;
    }
    if trackers.is_empty() {
        return Err(TRACKER.at("file", "no track is in it; copy a Tracker node with tracks"));
    }
    let mut names = Names::default();
    for tracker in &mut trackers {
        let name = names.free(&tracker.name);
        if name != tracker.name {
            notes.push(format!(
                "{}: another track has this name; this one is {} now.",
                shown(&tracker.name),
                shown(&name)
            ));
            tracker.name = name;
        }
    }
    let to_plate = plate.to_host_pixels().inverse();
    for landmark in trackers.iter_mut().flat_map(|tracker: &mut Tracker| tracker.frames.values_mut()) {
        landmark.position = to_plate * landmark.position;
    }
    let known = || trackers.iter().flat_map(|tracker| tracker.frames.keys().copied());
    let frames = match (&options.frames, known().min(), known().max()) {
        (Some(frames), _, _) => frames.clone(),
        (None, Some(first), Some(last)) => first..=last,
        _ => return Err(TRACKER.at("file", "no track has a key")),
    };
    if frames.is_empty() || frames.start().abs_diff(*frames.end()) >= MOST_FRAMES {
        return Err(TRACKER.at("file", format!("frames {frames:?} are no shot of 1 to {MOST_FRAMES} frames")));
    }
    let shot = Shot::new(*frames.start(), *frames.end(), Vec::new())?;
    let scene = Scene { trackers, frame_rate: options.frame_rate, ..Scene::new(shot, plate) };
    scene.check()?;
    Ok(Imported { scene, notes })
}

/// What the knobs `tracks` hold.
fn tables<'s, 't>(script: &'s [Item<'t>]) -> impl Iterator<Item = &'s [Item<'t>]> {
    let nodes = script.iter().filter_map(Item::list);
    let knobs = nodes.flat_map(|knobs| knobs.windows(2)).filter(|pair| pair[0].word() == Some("tracks"));
    knobs.filter_map(|pair| pair[1].list())
}

fn read_table(table: &[Item], trackers: &mut Vec<Tracker>, notes: &mut Vec<String>) -> Result<()> {
    let [_, header, tracks, ..] = table else {
        return Err(TRACKER.at("tracks", "expected three lists: sizes, column headers and tracks"));
    };
    let names: Vec<_> = header.list().unwrap_or_default().iter().map(|column| column.list()?.get(3)?.word()).collect();
    let place = |name: &str, usual: usize| names.iter().position(|found| *found == Some(name)).unwrap_or(usual);
    let places = [("name", 0), ("track_x", 1), ("track_y", 2)].map(|(name, k)| place(name, USUAL_PLACES[k]));
    for track in tracks.list().unwrap_or_default() {
        TRACKER.at_most("tracks", trackers.len() + 1, "tracks", MOST_TRACKS)?;
        let cells = track.list().unwrap_or_default();
        let [Some(name), Some(x), Some(y)] = places.map(|place| cells.get(place)) else {
            let reason = format!("the track has {} cells, expected name, x and y", cells.len());
            return Err(TRACKER.at(format!("line {}", track.line), reason));
        };
        let name = name.word().map(unescaped).unwrap_or_default();
        let fault = |reason: String| TRACKER.at(format!("track {}", shown(&name)), reason);
        let (x, y) = (curve(x).map_err(fault)?, curve(y).map_err(fault)?);
        if !x.keys().eq(y.keys()) {
            notes.push(format!("{}: frames with only one of x and y are left out.", shown(&name)));
        }
        let both = x.iter().filter_map(|(&frame, &x)| Some((frame, Point::new(x, *y.get(&frame)?))));
        let frames: BTreeMap<i64, Landmark> = both.map(|(frame, at)| (frame, Landmark::visible(at))).collect();
        if frames.is_empty() {
            notes.push(format!("{} is left out: it has no key.", shown(&name)));
        } else {
            trackers.push(Tracker { name, frames });
        }
    }
    Ok(())
}

/// Keys of `{curve [K|L|S|R|C|…] [x<frame>] y y x<frame> y …}`: without an `x`, the frame counts on.
fn curve(item: &Item) -> Result<BTreeMap<i64, f64>, String> {
    let words = item
        .list_of("curve")
        .ok_or_else(|| format!("line {}: expected {{curve …}}, found {}", item.line, item.described()))?;
    let mut keys = BTreeMap::new();
    let mut next: Option<i64> = None;
    for item in &words[1..] {
        let wrong = || format!("line {}: expected a value or x and a frame, found {}", item.line, item.described());
        let word = item.word().ok_or_else(wrong)?;
        if let Some(frame) = word.strip_prefix('x') {
            let frame: f64 = frame.parse().map_err(|_| wrong())?;
            if !(frame.abs() <= FARTHEST_FRAME && frame.fract() == 0.0) {
                return Err(format!(
                    "line {}: frame {frame} is no whole frame within {FARTHEST_FRAME} either way",
                    item.line
                ));
            }
            next = Some(frame as i64);
        } else if word.len() == 1 && word.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            // How the way to the next key goes; a track has a key on every frame that counts.
        } else if word.starts_with(['s', 't', 'u', 'v']) && word[1..].parse::<f64>().is_ok() {
            // A slope.
        } else {
            let value = super::number::parse(word).filter(|value| value.abs() <= FARTHEST_PX).ok_or_else(wrong)?;
            let frame = next.ok_or_else(|| format!("line {}: the first value has no frame", item.line))?;
            keys.insert(frame, value);
            next = Some(frame + 1);
        }
    }
    Ok(keys)
}
