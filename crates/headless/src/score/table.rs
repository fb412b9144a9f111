//! What a person reads.

use super::column::Column;
use super::figures::figures;
use super::folder::CLASSES;
use super::passes::Variant;
use super::tally::Tally;
use std::fmt::Write as _;

/// Width of a column of figures.
const WIDE: usize = 16;
/// Width of the names of figures.
const NAMES: usize = 36;
/// Width of the names of shots and classes.
const SHOTS: usize = 30;

/// Figures down, columns across; then each shot; then what was taken for what.
pub fn table(columns: &[Column], boundary_px: f64, thresholds: Option<&str>) -> String {
    let mut text = String::new();
    heading(&mut text, columns);
    body(&mut text, columns, boundary_px);
    if let Some(fitted_on) = thresholds {
        let _ = writeln!(text, "\nthresholds: fitted on {fitted_on}");
    }
    for column in columns {
        shots(&mut text, column);
    }
    for column in columns {
        confusion(&mut text, column);
    }
    text
}

/// The end of a text that is too long for a column; its end tells more than its beginning.
fn cut(text: &str, wide: usize) -> String {
    let count = text.chars().count();
    if count <= wide {
        text.to_owned()
    } else {
        format!("…{}", text.chars().skip(count + 1 - wide).collect::<String>())
    }
}

/// A name and its cells, each as wide as all of its kind.
fn line(text: &mut String, (name, names): (&str, usize), cells: impl IntoIterator<Item = String>, wide: usize) {
    let _ = write!(text, "{name:<names$}");
    for cell in cells {
        let _ = write!(text, " {cell:>wide$}");
    }
    text.push('\n');
}

fn heading(text: &mut String, columns: &[Column]) {
    let mut row = |name: &str, value: &dyn Fn(&Column) -> String| {
        line(text, (name, NAMES), columns.iter().map(|column| cut(&value(column), WIDE)), WIDE);
    };
    row("shots", &|column| column.group.clone());
    row("network", &|column| column.network.clone());
    row("shots / frames", &|column| {
        let frames = column.total(Variant::Default).map_or(0, |total| total.frames);
        format!("{} / {frames}", column.shots.len())
    });
}

/// A section of which no column has a figure is left out.
fn body(text: &mut String, columns: &[Column], boundary_px: f64) {
    let all: Vec<_> = columns.iter().map(|column| figures(column, boundary_px)).collect();
    let Some(first) = all.first() else { return };
    let mut section = "";
    for (row, figure) in first.iter().enumerate() {
        let has = |at: usize| all.iter().any(|figures| figures[at].value.is_some());
        if !(0..first.len()).any(|at| first[at].section == figure.section && has(at)) {
            continue;
        }
        if figure.section != section {
            section = figure.section;
            let _ = writeln!(text, "\n{section}");
        }
        let value = |value: Option<f64>| value.map_or("-".to_owned(), |value| figure.unit.text(value));
        line(text, (&format!("  {}", figure.label), NAMES), all.iter().map(|figures| value(figures[row].value)), WIDE);
    }
}

fn shots(text: &mut String, column: &Column) {
    let _ = writeln!(text, "\n{}, {}: each shot", column.group, column.network);
    let names = ["size", "frames", "mean IoU", "with Mask", "tones", "with Mask", "boundary F"];
    line(text, ("", SHOTS), names.map(str::to_owned), 10);
    for shot in &column.shots {
        let value = |variant, of: fn(&Tally) -> Option<f64>| {
            shot.tallies.get(&variant).and_then(of).map_or("-".to_owned(), |value| format!("{value:.4}"))
        };
        let frames = shot.tallies.get(&Variant::Default).map_or(0, |tally| tally.frames);
        let cells = [
            format!("{}×{}", shot.size.0, shot.size.1),
            frames.to_string(),
            value(Variant::Default, Tally::mean_iou),
            value(Variant::Masked, Tally::mean_iou),
            value(Variant::Default, Tally::tones_inside),
            value(Variant::Masked, Tally::tones_inside),
            value(Variant::Default, Tally::boundary),
        ];
        line(text, (&format!("  {}", cut(&shot.name, SHOTS - 2)), SHOTS), cells, 10);
    }
}

fn confusion(text: &mut String, column: &Column) {
    let Some(total) = column.total(Variant::Default) else { return };
    let _ = writeln!(text, "\n{}, {}: pixels, true class down, found class across", column.group, column.network);
    line(text, ("", SHOTS), CLASSES.map(str::to_owned), 14);
    for (name, row) in CLASSES.iter().zip(total.confusion.counts().rows()) {
        line(text, (&format!("  {name}"), SHOTS), row.iter().map(u64::to_string), 14);
    }
}
