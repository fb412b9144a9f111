//! What a machine reads, and what a person reads.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::figures::rounded;
use super::{Facts, Score, ScoreFeaturesArgs, Work};

/// The form of this report.
const FORMAT: u32 = 1;

/// Everything, with what one needs to do it again.
pub fn report(scores: &[(String, Score)], facts: &Facts, args: &ScoreFeaturesArgs) -> Value {
    let totals: Map<String, Value> = totals(scores).into_iter().map(|(split, all)| (split, score(&all))).collect();
    let shot = |(split, own): &(String, Score)| {
        let mut told = score(own);
        told["shot"] = json!(own.name);
        told["split"] = json!(split);
        told
    };
    json!({
        "format": FORMAT,
        "date": super::super::report::today(),
        "command": std::env::args().collect::<Vec<_>>(),
        "rotocel": env!("CARGO_PKG_VERSION"),
        "model": facts.model,
        "settings": args.run.settings.set,
        "dejitter_frames": facts.dejitter,
        "content_px": args.content_px,
        "most_edits": args.most_edits,
        "most_minutes": args.most_minutes,
        "data_xxh3": facts.data_hash,
        "totals": totals,
        "shots": scores.iter().map(shot).collect::<Vec<_>>(),
    })
}

/// All shots of each split as one, and all of all where there are several.
fn totals(scores: &[(String, Score)]) -> Vec<(String, Score)> {
    let splits: BTreeSet<&String> = scores.iter().map(|(split, _)| split).collect();
    let of = |split: &String| {
        let own = scores.iter().filter(|(other, _)| other == split).map(|(_, score)| score);
        (split.clone(), Score::joined(split, own))
    };
    let mut all: Vec<_> = splits.iter().map(|split| of(split)).collect();
    if splits.len() > 1 {
        all.push(("all".to_owned(), Score::joined("all", scores.iter().map(|(_, score)| score))));
    }
    all
}

fn score(score: &Score) -> Value {
    let boxes = score.boxes.as_ref().map(|(rough, tight)| {
        let ratio = rough.landmarks_px.mean().zip(tight.landmarks_px.mean()).map(|(rough, tight)| rough / tight);
        json!({
            "rough": rough.to_json(),
            "tight": tight.to_json(),
            "rough_over_tight": rounded(ratio),
        })
    });
    json!({
        "defaults": score.steady.to_json(),
        "without_dejitter": score.raw.to_json(),
        "steadiness": score.steadiness.to_json(),
        "boxes": boxes,
        "effort": (score.work.shots > 0).then(|| effort(&score.work)),
    })
}

fn effort(work: &Work) -> Value {
    json!({
        "shots": work.shots,
        "shots_right_in_the_end": work.content,
        "edits": work.effort.edits(),
        "landmarks": work.effort.landmarks,
        "vertices": work.effort.vertices,
        "presence": work.effort.presence,
        "by_hand_edits": work.by_hand.edits,
        "by_hand_shape_keys": work.by_hand.shape_keys,
        "ratio": rounded(work.ratio()),
    })
}

/// Columns of the table: what stands above, and the value of a row.
type Column = (&'static str, fn(&Score) -> Option<String>);

const COLUMNS: [Column; 14] = [
    ("frames", |score| Some(score.steady.frames.to_string())),
    ("no face", |score| Some(score.steady.lost.to_string())),
    ("astray", |score| Some(score.steady.astray.to_string())),
    ("mean %", |score| decimals(score.steady.landmarks_percent.mean(), 2)),
    ("p95 %", |score| decimals(score.steady.landmarks_percent.percentile(95.0), 2)),
    ("mean px", |score| decimals(score.steady.landmarks_px.mean(), 2)),
    ("curve p95 %", |score| decimals(score.steady.curves_percent.percentile(95.0), 2)),
    ("untouched %", |score| decimals(score.steady.untouched_share().map(|share| share * 100.0), 1)),
    ("presence F1", |score| decimals(score.steady.presence.f1(), 4)),
    ("false %", |score| decimals(score.steady.false_matte_percent.mean(), 1)),
    ("jitter raw px", |score| decimals(score.steadiness.raw_jitter_px.rms(), 2)),
    ("steady px", |score| decimals(score.steadiness.jitter_px.rms(), 2)),
    ("blink %", |score| decimals(score.steadiness.blink_kept_percent.mean(), 0)),
    ("edits/by hand", |score| edits(&score.work)),
];

/// What stands below the table, up to the distance that the artist is content with.
const NOTES: &str = "astray: frames on which the face was seen in a wrong place.
mean, p95, px: visible landmarks, in percent of the eyes' distance and in plate pixels.
untouched: frames with the right shapes, no curve farther off than 1 px. false: area shown of absent shapes.
edits: those of a simulated artist until every curve is within ";

fn decimals(value: Option<f64>, count: usize) -> Option<String> {
    value.map(|value| format!("{value:.count$}"))
}

fn edits(work: &Work) -> Option<String> {
    let ratio = decimals(work.ratio(), 2).unwrap_or_else(|| "-".to_owned());
    (work.shots > 0).then(|| {
        let open = if work.content < work.shots { ", not finished" } else { "" };
        format!("{}/{} = {ratio}{open}", work.effort.edits(), work.by_hand.edits)
    })
}

/// How far the artist came on the shots.
fn finished(totals: &[(String, Score)], args: &ScoreFeaturesArgs) -> Option<String> {
    let work = totals.last().map(|(_, all)| all.work).filter(|work| work.shots > 0)?;
    let minutes = args.most_minutes.map(|minutes| format!(" or {minutes} minutes")).unwrap_or_default();
    let others = match work.content < work.shots {
        true => format!("; the others count with what they took until {} edits{minutes}", args.most_edits),
        false => String::new(),
    };
    Some(format!("{} of {} shots finished{others}.\n", work.content, work.shots))
}

/// A row for each shot, then one for each split.
pub fn table(scores: &[(String, Score)], facts: &Facts, args: &ScoreFeaturesArgs) -> String {
    let totals = totals(scores);
    let rows: Vec<(&str, &Score)> = scores
        .iter()
        .map(|(_, score)| (score.name.as_str(), score))
        .chain(totals.iter().map(|(s, t)| (s.as_str(), t)))
        .collect();
    let names = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let cells = |column: &Column| -> Vec<String> {
        rows.iter().map(|(_, score)| column.1(score).unwrap_or_else(|| "-".to_owned())).collect()
    };
    let columns: Vec<(&str, Vec<String>)> = COLUMNS.iter().map(|column| (column.0, cells(column))).collect();
    let mut text = format!("{}, de-jittered over {} frames to each side\n\n", facts.model, facts.dejitter);
    let mut line = |name: &str, cell: &dyn Fn(usize) -> String| {
        let _ = write!(text, "{name:<names$}");
        for (place, (head, cells)) in columns.iter().enumerate() {
            let wide = cells.iter().map(String::len).max().unwrap_or(0).max(head.len());
            let _ = write!(text, "  {:>wide$}", cell(place));
        }
        text.push('\n');
    };
    line("", &|place| columns[place].0.to_owned());
    for (row, (name, _)) in rows.iter().enumerate() {
        line(name, &|place| columns[place].1[row].clone());
    }
    let _ = writeln!(text, "\n{NOTES}{} px, over the fewest by hand alone.", args.content_px);
    for more in [finished(&totals, args), boxes(&totals)].into_iter().flatten() {
        text += &more;
    }
    text
}

fn boxes(totals: &[(String, Score)]) -> Option<String> {
    let (_, all) = totals.last()?;
    let (rough, tight) = all.boxes.as_ref()?;
    let (rough, tight) = (rough.landmarks_px.mean()?, tight.landmarks_px.mean()?);
    Some(format!(
        "landmarks without de-jitter, of the shots that have such boxes: {rough:.2} px in rough ones, {tight:.2} px in tight \
         ones, {:.2} times\n",
        rough / tight
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{Effort, HandKeys};
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ScoreFeaturesArgs,
    }

    fn shot(name: &str, content: bool, landmarks: usize) -> (String, Score) {
        let effort = Effort { landmarks, content, ..Effort::default() };
        let by_hand = HandKeys { shape_keys: 10, edits: 100 };
        let work = Work { shots: 1, content: usize::from(content), effort, by_hand };
        ("validate".to_owned(), Score { name: name.to_owned(), work, ..Score::default() })
    }

    #[test]
    fn a_shot_that_is_not_finished_counts_with_what_it_took() {
        let args = Line::parse_from(["features", "shot"]).args;
        assert_eq!(args.most_minutes, None, "a busy machine must not change the figures");
        let facts = Facts { model: "none".to_owned(), dejitter: 0, data_hash: String::new() };
        let scores = [shot("done", true, 50), shot("open", false, 2000)];
        let all = &report(&scores, &facts, &args)["totals"]["validate"]["effort"];
        assert_eq!((&all["shots"], &all["shots_right_in_the_end"]), (&json!(2), &json!(1)));
        assert_eq!((&all["edits"], &all["by_hand_edits"], &all["ratio"]), (&json!(2050), &json!(200), &json!(10.25)));
        let told = table(&scores, &facts, &args);
        for line in ["50/100 = 0.50\n", "2000/100 = 20.00, not finished\n", "2050/200 = 10.25, not finished\n"] {
            assert!(told.contains(line), "{told}");
        }
        assert!(
            told.contains("1 of 2 shots finished; the others count with what they took until 2000 edits."),
            "{told}"
        );
        assert!(table(&scores[..1], &facts, &args).contains("1 of 1 shots finished.\n"));
    }
}
