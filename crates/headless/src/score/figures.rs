//! The rows of the table: each figure once, worked out of what a column has counted.

use super::column::Column;
use super::folder::CLASSES;
use super::looks::Look;
use super::passes::Variant;
use super::tally::Tally;
use serde_json::{Value, json};

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share, 0 to 1.
    Share,
    /// A share, as thousandths.
    Thousandths,
    /// A share, as hundredths.
    Hundredths,
    /// A share, as percent.
    Percent,
    /// A share, in steps of 255.
    CodeValues,
    /// Frames.
    Frames,
    /// Milliseconds.
    Milliseconds,
    /// Pixels.
    Pixels,
    /// How many there are.
    Count,
}

impl Unit {
    /// A value in this unit.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Share => format!("{value:.4}"),
            Self::Thousandths => format!("{:.2}", value * 1e3),
            Self::Hundredths => format!("{:.2}", value * 1e2),
            Self::Percent => format!("{:.2} %", value * 1e2),
            Self::CodeValues => format!("{:.2}", value * 255.0),
            Self::Frames => format!("{value:+.2}"),
            Self::Milliseconds => format!("{value:.0}"),
            Self::Pixels | Self::Count => format!("{value}"),
        }
    }
}

/// One figure of a column.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The heading that it stands under.
    pub section: &'static str,
    /// What it is.
    pub label: String,
    /// How it is written.
    pub unit: Unit,
    /// The value; `None` where it cannot be had.
    pub value: Option<f64>,
}

/// A list of figures under headings.
#[derive(Default)]
struct List(Vec<Figure>);

impl List {
    fn add(&mut self, section: &'static str, label: impl Into<String>, unit: Unit, value: Option<f64>) {
        self.0.push(Figure { section, label: label.into(), unit, value });
    }
}

/// All figures of a column, in the order of the table. Every column has the same rows.
pub fn figures(column: &Column, boundary_px: f64) -> Vec<Figure> {
    let mut list = List::default();
    classes(&mut list, column);
    borders(&mut list, column, boundary_px);
    mattes(&mut list, column);
    stability(&mut list, column);
    looks(&mut list, column);
    controls(&mut list, column);
    list.add("time", "ms a frame, two threads", Unit::Milliseconds, column.milliseconds());
    list.0
}

fn of<'a, T>(column: &'a Column, variant: Variant, value: impl Fn(&'a Tally) -> Option<T>) -> Option<T> {
    column.total(variant).and_then(value)
}

fn classes(list: &mut List, column: &Column) {
    let masks = [(Variant::Default, "classes, without Mask"), (Variant::Masked, "classes, with Mask")];
    for (variant, section) in masks {
        if variant == Variant::Masked {
            let with_subject = Some(column.shots_with(variant)).filter(|shots| *shots > 0);
            list.add(section, "shots that have a subject", Unit::Count, with_subject.map(|shots| shots as f64));
        }
        for (class, name) in CLASSES.iter().enumerate() {
            list.add(
                section,
                format!("IoU {name}"),
                Unit::Share,
                of(column, variant, |t| t.confusion.iou_of_true(class)),
            );
        }
        list.add(section, "mean IoU", Unit::Share, of(column, variant, Tally::mean_iou));
        list.add(section, "accuracy", Unit::Share, of(column, variant, |t| t.confusion.accuracy()));
        list.add(section, "mean IoU of tones in subject", Unit::Share, of(column, variant, Tally::tones_inside));
    }
    let shots = column.shots_mean_iou();
    list.add("shots, without Mask", "mean of shots' mean IoU", Unit::Share, shots.mean);
    list.add("shots, without Mask", "10th-percentile shot", Unit::Share, shots.tenth);
    let below = shots.mean.zip(shots.tenth).map(|(mean, tenth)| mean - tenth);
    list.add("shots, without Mask", "  loses against that mean", Unit::Share, below);
    list.add("shots, without Mask", "worst shot", Unit::Share, shots.worst);
}

fn borders(list: &mut List, column: &Column, boundary_px: f64) {
    let section = "borders, without Mask";
    for (class, name) in CLASSES.iter().enumerate() {
        let value = of(column, Variant::Default, |t| t.boundaries[class].f());
        list.add(section, format!("boundary F {boundary_px} px {name}"), Unit::Share, value);
    }
    list.add(section, "boundary F, mean", Unit::Share, of(column, Variant::Default, Tally::boundary));
    list.add(section, "  control: bilinear", Unit::Share, of(column, Variant::Bilinear, Tally::boundary));
}

fn mattes(list: &mut List, column: &Column) {
    let section = "mattes, without Mask";
    let blurred = of(column, Variant::Default, Tally::best_blurred);
    list.add(section, "MAD ×10³ in the band", Unit::Thousandths, of(column, Variant::Default, Tally::band_difference));
    list.add(section, "  control: blurred index", Unit::Thousandths, blurred.map(|(_, value)| value));
    list.add(section, "  its sigma, px", Unit::Pixels, blurred.map(|(sigma, _)| sigma));
    list.add(section, "  control: bilinear", Unit::Thousandths, of(column, Variant::Bilinear, Tally::band_difference));
    list.add(section, "core leakage", Unit::Percent, of(column, Variant::Default, |t| t.core.share()));
    list.add(section, "  with Mask", Unit::Percent, of(column, Variant::Masked, |t| t.core.share()));
}

fn stability(list: &mut List, column: &Column) {
    let section = "stability, without Mask";
    let (off, on) = column.smoothing_off_and_on();
    for (tally, smoothing) in [(off, "smoothing off"), (on, "smoothing on")] {
        let value = |of: fn(&Tally) -> Option<f64>| tally.and_then(of);
        list.add(section, format!("dtSSD ×10² {smoothing}"), Unit::Hundredths, value(|t| t.flicker.value()));
        let along = value(|t| t.flicker_along.value());
        list.add(section, format!("  along motion, {smoothing}"), Unit::Hundredths, along);
        list.add(
            section,
            format!("lag in frames, {smoothing}"),
            Unit::Frames,
            value(|t| t.lag.lag().map(|l| l.frames)),
        );
    }
    // Stills have no neighbors that smoothing could take from.
    let both = off.zip(on).filter(|(off, _)| off.frames > column.shots.len());
    let cost = both.and_then(|(off, on)| Some(off.mean_iou()? - on.mean_iou()?));
    list.add(section, "mean IoU lost to smoothing", Unit::Share, cost);
    let (off, on) = column.locked_off_off_and_on();
    list.add(section, "locked-off /255, smoothing off", Unit::CodeValues, off);
    list.add(section, "locked-off /255, smoothing on", Unit::CodeValues, on);
}

fn looks(list: &mut List, column: &Column) {
    let clean = of(column, Variant::Default, Tally::mean_iou);
    let lost = |iou: Option<f64>| clean.zip(iou).map(|(clean, iou)| clean - iou);
    for look in Look::ALL {
        let iou = column.looks.get(&look).and_then(Tally::mean_iou);
        list.add("looks: mean IoU", look.id(), Unit::Share, iou);
        list.add("looks: loss against clean", look.id(), Unit::Share, lost(iou));
    }
    let worst = column.worst_look();
    let label = "worst look";
    list.add("looks: loss against clean", label, Unit::Share, lost(worst.map(|(_, iou)| iou)));
    // The two headings were filled in turns.
    list.0.sort_by_key(|figure| match figure.section {
        "looks: mean IoU" => 1,
        "looks: loss against clean" => 2,
        _ => 0,
    });
}

fn controls(list: &mut List, column: &Column) {
    let section = "controls: mean IoU";
    let thresholds = column.thresholds.as_ref();
    list.add(section, "thresholds, no Mask", Unit::Share, thresholds.and_then(|t| t.whole.mean_iou()));
    list.add(section, "thresholds, with Mask", Unit::Share, thresholds.and_then(|t| t.masked.mean_iou()));
    list.add(section, "  tones in subject", Unit::Share, thresholds.and_then(|t| t.masked.tones_inside()));
    list.add(section, "frozen first frame", Unit::Share, of(column, Variant::Frozen, Tally::mean_iou));
    let flicker = of(column, Variant::Frozen, |t| t.flicker.value());
    list.add(section, "  its dtSSD ×10²", Unit::Hundredths, flicker);
}

/// Everything that was counted, for machines.
pub fn tally_to_json(tally: &Tally) -> Value {
    let classes: serde_json::Map<String, Value> = CLASSES
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let class = json!({
                "iou": tally.confusion.iou_of_true(n),
                "iou_in_subject": tally.inside.iou_of_true(n),
                "boundary_f": tally.boundaries[n].f(),
                "mad_in_band": tally.difference[n].value(),
            });
            ((*name).to_owned(), class)
        })
        .collect();
    let rows: Vec<Vec<u64>> = tally.confusion.counts().rows().into_iter().map(|r| r.to_vec()).collect();
    let best = tally.best_blurred();
    let lag = tally.lag.lag();
    json!({
        "frames": tally.frames,
        "accuracy": tally.confusion.accuracy(),
        "mean_iou": tally.mean_iou(),
        "mean_iou_of_tones": tally.confusion.mean_iou_of_true(1..CLASSES.len()),
        "mean_iou_of_tones_in_subject": tally.tones_inside(),
        "boundary_f": tally.boundary(),
        "mad_in_band": tally.band_difference(),
        "best_blurred": best.map(|(sigma, mad)| json!({ "sigma_px": sigma, "mad_in_band": mad })),
        "core": {
            "correct": tally.core.correct,
            "thin": tally.core.thin,
            "foreign": tally.core.foreign,
            "leaking_share": tally.core.share(),
        },
        "dtssd": tally.flicker.value(),
        "dtssd_along_motion": tally.flicker_along.value(),
        "lag": lag.map(|lag| json!({ "frames": lag.frames, "correlation": lag.correlation })),
        "classes": classes,
        "confusion": rows,
    })
}
