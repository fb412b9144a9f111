//! What a machine reads.

use super::column::{Column, ShotScore};
use super::figures::tally_to_json;
use super::passes::Tallies;
use super::tally::{SIGMAS_PX, Tally};
use super::thresholds::{Found, Thresholds};
use super::truth::{BAND_PX, CORE_PX};
use crate::cli::{ScoreToneArgs, SettingsArgs};
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The form of this report.
const FORMAT: u32 = 1;

/// What was scored, beside the figures.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The node's identifier and version.
    pub node: (String, String),
    /// The hash of each group's files, by the folder that was given.
    pub data: Vec<(String, String)>,
}

/// Everything, with what one needs to do it again.
pub fn report(columns: &[Column], facts: &Facts, thresholds: &[Thresholds], args: &ScoreToneArgs) -> Value {
    let data: Map<String, Value> = facts.data.iter().map(|(group, hash)| (group.clone(), json!(hash))).collect();
    json!({
        "format": FORMAT,
        "date": today(),
        "command": std::env::args().collect::<Vec<_>>(),
        "rotocel": env!("CARGO_PKG_VERSION"),
        "node": { "id": facts.node.0, "version": facts.node.1 },
        "settings": departures(&args.run.settings),
        "data_xxh3": data,
        "boundary_px": args.boundary_px,
        "smoothing": args.smoothing,
        "band_px": BAND_PX,
        "core_px": CORE_PX,
        "blur_sigmas_px": SIGMAS_PX,
        "thresholds": thresholds.iter().map(Thresholds::to_json).collect::<Vec<_>>(),
        "columns": columns.iter().map(column).collect::<Vec<_>>(),
    })
}

/// All by which the node differs from its defaults, as a person reads it; empty where nothing was changed.
fn departures(settings: &SettingsArgs) -> Vec<String> {
    let loaded = settings.load_params.iter().map(|path| format!("load_params {}", path.display()));
    let pressed = settings.press.iter().map(|button| format!("press {button}"));
    loaded.chain(settings.set.iter().cloned()).chain(pressed).collect()
}

fn tallies(tallies: &Tallies) -> Map<String, Value> {
    tallies.iter().map(|(variant, tally)| (variant.id().to_owned(), tally_to_json(tally))).collect()
}

fn found(found: &Found) -> Value {
    json!({ "whole_frame": tally_to_json(&found.whole), "with_mask": tally_to_json(&found.masked) })
}

fn column(column: &Column) -> Value {
    let looks = |looks: &std::collections::BTreeMap<super::looks::Look, Tally>| -> Map<String, Value> {
        looks.iter().map(|(look, tally)| (look.id().to_owned(), tally_to_json(tally))).collect()
    };
    let shot = |shot: &ShotScore| {
        json!({
            "shot": shot.name,
            "width": shot.size.0,
            "height": shot.size.1,
            "variants": tallies(&shot.tallies),
            "looks": looks(&shot.looks),
            "locked_off": shot.locked_off.map(|l| json!({ "default": l.default, "smoothing_other_way": l.other })),
            "thresholds": shot.thresholds.as_ref().map(found),
            "ms_per_frame": shot.milliseconds,
        })
    };
    let over_shots = column.shots_mean_iou();
    let (off, on) = column.locked_off_off_and_on();
    json!({
        "group": column.group,
        "network": column.network,
        "model": column.model,
        "temporal_smoothing": column.smoothing,
        "total": {
            "variants": tallies(&column.totals),
            "looks": looks(&column.looks),
            "worst_look": column.worst_look().map(|(look, iou)| json!({ "look": look.id(), "mean_iou": iou })),
            "locked_off": { "smoothing_off": off, "smoothing_on": on },
            "thresholds": column.thresholds.as_ref().map(found),
            "mean_of_shots": over_shots.mean,
            "tenth_percentile_shot": over_shots.tenth,
            "worst_shot": over_shots.worst,
            "ms_per_frame": column.milliseconds(),
        },
        "shots": column.shots.iter().map(shot).collect::<Vec<_>>(),
    })
}

/// The time now.
pub fn today() -> String {
    date(SystemTime::now())
}

/// A time as `2026-11-21T09:30:00Z`.
fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, of_year - (153 * march_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds| date(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_795_255_199), "2026-11-21T09:59:59Z");
    }
}
