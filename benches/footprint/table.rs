//! The figures as text, and whether they are what is wanted.

use crate::{Measured, Size, Stage};
use std::fmt::Write as _;

/// The figures of one size.
pub struct Row {
    pub size: Size,
    pub bare: Measured,
    pub node: Measured,
}

/// Bytes that a stage has to read and write at least, for each pixel of the frame and of the network's picture.
///
/// The host's pixels are 16 bytes, display colors 12, mattes 20.
const FLOORS: [(&str, f64, f64); 8] = [
    ("hash", 16.0, 0.0),
    ("convert", 16.0 + 12.0, 0.0),
    ("resize", 12.0, 12.0),
    ("softmax", 0.0, 20.0 + 24.0),
    ("fit", 0.0, 12.0 + 16.0),
    ("upsample", 12.0 + 20.0, 0.0),
    ("edge", 20.0 + 20.0, 0.0),
    ("output", 16.0 + 20.0 + 16.0, 0.0),
];

/// Bytes a pixel that a change of the edge softness has to move: the host's picture to see that it is the same one and
/// again to compose with, display colors, the output.
const CHANGE_FLOOR: f64 = 16.0 + 16.0 + 12.0 + 16.0;

const MIB: f64 = 1024.0 * 1024.0;

/// All tables.
pub fn table(rows: &[Row], threads: usize) -> String {
    let mut out = String::new();
    frames(&mut out, rows, threads);
    rows.iter().for_each(|row| stages(&mut out, row));
    wanted(&mut out, rows);
    if let Some(row) = rows.first() {
        let _ = writeln!(out, "\nCUDA: {}", row.bare.cuda);
    }
    out
}

impl Row {
    /// Milliseconds that so many bytes a pixel of the frame and of the network's picture need.
    fn floor(&self, frame: f64, network: f64) -> f64 {
        let (width, height) = self.size.network();
        (frame * self.size.pixels() + network * (width * height) as f64) / self.node.bandwidth * 1e3
    }

    /// Milliseconds of a frame that are not the network's.
    fn besides_model(&self) -> f64 {
        self.node.steady - self.bare.steady
    }

    /// Milliseconds of all stages but the network, on one thread.
    fn stages_besides_model(&self) -> f64 {
        self.node.stages.iter().filter(|stage| stage.name != "model").map(|stage| stage.time).sum()
    }
}

fn frames(out: &mut String, rows: &[Row], threads: usize) {
    let _ = writeln!(out, "\nToneSegment beside the bare network, {threads} threads; ms and MiB");
    let _ = writeln!(
        out,
        "{:6} {:>9} {:>9} {:>9} {:>9} {:>6} {:>9} {:>10} {:>10} {:>9}",
        "size", "1st bare", "1st node", "bare", "node", "ratio", "changed", "peak bare", "peak node", "resident"
    );
    for Row { size, bare, node } in rows {
        let _ = writeln!(
            out,
            "{:6} {:9.1} {:9.1} {:9.1} {:9.1} {:6.2} {:9.1} {:10.0} {:10.0} {:9.0}",
            size.name,
            bare.first,
            node.first,
            bare.steady,
            node.steady,
            node.steady / bare.steady,
            node.changed,
            bare.peak / MIB,
            node.peak / MIB,
            node.resident / MIB
        );
    }
}

fn stages(out: &mut String, row: &Row) {
    let gigabytes = row.node.bandwidth / 1e9;
    let _ = writeln!(out, "\nStages at {} on one thread; memory moves {gigabytes:.1} GB/s", row.size.name);
    let _ =
        writeln!(out, "{:9} {:>9} {:>9} {:>6} {:>12} {:>9}", "stage", "ms", "floor ms", "ratio", "allocations", "MiB");
    for Stage { name, time, allocations, bytes } in &row.node.stages {
        let floor = FLOORS.iter().find(|floor| floor.0 == name).map(|floor| row.floor(floor.1, floor.2));
        let (floor, ratio) = floor.map_or_else(
            || ("-".to_owned(), "-".to_owned()),
            |floor| (format!("{floor:.2}"), format!("{:.1}", time / floor)),
        );
        let mebibytes = bytes / MIB;
        let _ = writeln!(out, "{name:9} {time:9.2} {floor:>9} {ratio:>6} {allocations:12.0} {mebibytes:9.1}");
    }
}

fn wanted(out: &mut String, rows: &[Row]) {
    let [small, middle, large] = rows else { return };
    let _ = writeln!(out, "\nWanted");
    let mut line = |what: &str, found: f64, most: f64, unit: &str| {
        let verdict = if found <= most { "met" } else { "MISSED" };
        let _ = writeln!(out, "{verdict:6}  {what}: {found:.2}{unit}, at most {most:.2}{unit}");
    };
    line("a 1080p frame over the bare network", middle.node.steady / middle.bare.steady, 1.15, "");
    line(
        "a changed softness at 1080p against what is not the network",
        middle.node.changed,
        middle.besides_model(),
        " ms",
    );
    let floor = middle.floor(CHANGE_FLOOR, 0.0);
    line("a changed softness at 1080p over its memory floor", middle.node.changed / floor, 3.0, "");
    line("peak memory at 4K above the bare network", (large.node.peak - large.bare.peak) / MIB, 700.0, " MiB");
    let growth = large.stages_besides_model() / small.stages_besides_model();
    line("growth from 512² to 4K of what is not the network", growth, large.size.pixels() / small.size.pixels(), "");
}
