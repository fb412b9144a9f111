use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::roto_write::node_name;
use super::tcl::quoted;
use super::{FARTHEST_PX, TRACKER};
use crate::exchange::limits::FARTHEST_FRAME;
use crate::exchange::{Scene, TextFile, Tracker, WriteOptions, Written};
use crate::{Presence, Result};

/// Name, and the numbers before it and after it, of each column of the table of tracks, as Nuke saves them.
pub(super) const COLUMNS: [(&str, &str); 31] = [
    ("5 1 20", "enable e"),
    ("3 1 75", "name name"),
    ("2 1 58", "track_x track_x"),
    ("2 1 58", "track_y track_y"),
    ("2 1 63", "offset_x offset_x"),
    ("2 1 63", "offset_y offset_y"),
    ("4 1 27", "T T"),
    ("4 1 27", "R R"),
    ("4 1 27", "S S"),
    ("2 0 45", "error error"),
    ("1 1 0", "error_min error_min"),
    ("1 1 0", "error_max error_max"),
    ("1 1 0", "pattern_x pattern_x"),
    ("1 1 0", "pattern_y pattern_y"),
    ("1 1 0", "pattern_r pattern_r"),
    ("1 1 0", "pattern_t pattern_t"),
    ("1 1 0", "search_x search_x"),
    ("1 1 0", "search_y search_y"),
    ("1 1 0", "search_r search_r"),
    ("1 1 0", "search_t search_t"),
    ("2 1 0", "key_track key_track"),
    ("2 1 0", "key_search_x key_search_x"),
    ("2 1 0", "key_search_y key_search_y"),
    ("2 1 0", "key_search_r key_search_r"),
    ("2 1 0", "key_search_t key_search_t"),
    ("2 1 0", "key_track_x key_track_x"),
    ("2 1 0", "key_track_y key_track_y"),
    ("2 1 0", "key_track_r key_track_r"),
    ("2 1 0", "key_track_t key_track_t"),
    ("2 1 0", "key_centre_offset_x key_centre_offset_x"),
    ("2 1 0", "key_centre_offset_y key_centre_offset_y"),
];

/// A script with one Tracker node; each landmark is a track, with keys where it is seen or inferred.
pub(in crate::exchange) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let to_host = scene.plate.to_host_pixels();
    let mut tracks = String::new();
    let (mut count, mut notes) = (0, Vec::new());
    for tracker in &scene.trackers {
        let known = tracker.frames.iter().filter(|(_, landmark)| landmark.presence != Presence::Missing);
        let points: BTreeMap<i64, (f64, f64)> =
            known.map(|(&frame, landmark)| (frame, (to_host * landmark.position).into())).collect();
        let Some(&first) = points.keys().next() else {
            notes.push(format!("{} is left out: it is known on no frame.", tracker.name));
            continue;
        };
        check(tracker, &points)?;
        let [x, y] = [|at: (f64, f64)| at.0, |at: (f64, f64)| at.1].map(|axis| curve(&points, axis));
        let _ = write!(
            tracks,
            "\n{{ {{curve K x{first} 1}} {} {{curve {x}}} {{curve {y}}} {{curve K x{first} 0}} {{curve K x{first} 0}} 0 0 0 \
             {{curve x{first} 0}} 1 0 -32 -32 32 32 -22 -22 22 22{} }}",
            track_name(&tracker.name),
            " {}".repeat(11)
        );
        count += 1;
    }
    if count == 0 {
        return Err(TRACKER.at("scene", "no landmark is known on any frame; analyse the shot first"));
    }
    let columns: Vec<_> = COLUMNS.iter().map(|(before, name)| format!("{{ {before} {name} 1 }}")).collect();
    let text = format!(
        "Tracker4 {{\n tracks {{ {{ 1 31 {count} }}\n{{ {} }}\n{{{tracks}\n}}\n}}\n name {}\n}}\n",
        columns.join("\n"),
        quoted(&node_name(&options.name))
    );
    Ok(Written { files: vec![TextFile::whole(text)], notes })
}

/// Names of tracks stand in quotation marks always.
fn track_name(name: &str) -> String {
    let word = quoted(name);
    if word.starts_with('"') { word } else { format!("\"{word}\"") }
}

fn check(tracker: &Tracker, points: &BTreeMap<i64, (f64, f64)>) -> Result<()> {
    let wild = |(frame, (x, y)): &(&i64, &(f64, f64))| {
        frame.unsigned_abs() as f64 > FARTHEST_FRAME || x.abs() > FARTHEST_PX || y.abs() > FARTHEST_PX
    };
    match points.iter().find(wild) {
        Some((frame, (x, y))) => {
            let reason =
                format!("frame {frame} has ({x}, {y}), farther out than {FARTHEST_PX} px or {FARTHEST_FRAME} frames");
            Err(TRACKER.of_landmark(&tracker.name, reason))
        }
        None => Ok(()),
    }
}

/// Values of a curve: the frame counts on by itself, so that it is told at the start and after each gap.
fn curve(points: &BTreeMap<i64, (f64, f64)>, axis: fn((f64, f64)) -> f64) -> String {
    let mut words = Vec::with_capacity(points.len());
    let mut expected = None;
    for (&frame, &at) in points {
        if expected != Some(frame) {
            words.push(format!("x{frame}"));
        }
        words.push(axis(at).to_string());
        expected = Some(frame + 1);
    }
    words.join(" ")
}
