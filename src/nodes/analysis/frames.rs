//! Which frames an analysis is about.

use ofx_sdk::plugin::{Clip, Instance};
use ofx_sdk::{Error, Result};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Times that are so near are one: hosts give the ends of clips as they come out of their arithmetic.
pub const NEAR: f64 = 1e-6;

/// More frames than any shot has.
const MOST_FRAMES: i64 = 100_000;

/// The frames that the artist means: `first` to `last`, or all of Source where both are 0.
///
/// # Errors
/// A range that runs backwards, or is longer than any shot; a Source that does not say how long it is.
pub fn range_of(instance: &Instance, first: i32, last: i32) -> Result<RangeInclusive<i64>> {
    if (first, last) != (0, 0) {
        return checked(i64::from(first)..=i64::from(last));
    }
    let source = instance.clip(&Clip::SOURCE).ok().and_then(|clip| clip.frame_range());
    let source = source.filter(|range| range.min.abs() < 1e9 && range.max.abs() < 1e9);
    let Some(range) = source else {
        return Err(Error::node(
            "this host does not say how long Source is: set First frame and Last frame".to_owned(),
        ));
    };
    checked(whole_frames(range.min, range.max))
}

/// The whole frames from one time to another.
fn whole_frames(min: f64, max: f64) -> RangeInclusive<i64> {
    (min - NEAR).ceil() as i64..=(max + NEAR).floor() as i64
}

fn checked(range: RangeInclusive<i64>) -> Result<RangeInclusive<i64>> {
    let (first, last) = (*range.start(), *range.end());
    if last < first {
        return Err(Error::node(format!("Last frame ({last}) lies before First frame ({first}); exchange them")));
    }
    if last - first >= MOST_FRAMES {
        let count = last - first + 1;
        return Err(Error::node(format!(
            "the range has {count} frames; set First frame and Last frame to a shot of {MOST_FRAMES} or fewer"
        )));
    }
    Ok(range)
}

/// The frames that an analysis visits and stores, when each frame's result depends on those around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The frames to look at, in order.
    pub visit: Vec<i64>,
    /// Those of them whose result is kept.
    pub store: BTreeSet<i64>,
}

impl Plan {
    /// Finds `wanted` anew. Frames of `range` within `reach` of one are kept too, because they were made without it, and as
    /// many around these are looked at, as far as Source has them.
    pub fn new(wanted: &BTreeSet<i64>, range: &RangeInclusive<i64>, source: &RangeInclusive<i64>, reach: i64) -> Self {
        let grown = |frames: &BTreeSet<i64>, within: &RangeInclusive<i64>| -> BTreeSet<i64> {
            let around = |frame: &i64| frame.saturating_sub(reach)..=frame.saturating_add(reach);
            let near = frames.iter().flat_map(around).filter(|frame| within.contains(frame));
            near.chain(frames.iter().copied()).collect()
        };
        let store = grown(wanted, range);
        let visit = grown(&store, source).into_iter().collect();
        Self { visit, store }
    }
}

/// Frames as an artist writes them: `1001-1004, 1009`, and how many more there are after a few.
pub fn listed(frames: &BTreeSet<i64>) -> String {
    const MOST_RUNS: usize = 6;
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for &frame in frames {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == frame => *last = frame,
            _ => runs.push((frame, frame)),
        }
    }
    let text = |&(first, last): &(i64, i64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let shown: Vec<_> = runs.iter().take(MOST_RUNS).map(text).collect();
    let more: i64 = runs.iter().skip(MOST_RUNS).map(|(first, last)| last - first + 1).sum();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_analysis_makes_those_anew_that_did_not_know_their_neighbors() {
        let plan = Plan::new(&(6..=10).collect(), &(1..=10), &(1..=12), 2);
        assert_eq!(plan.store, (4..=10).collect());
        assert_eq!(plan.visit, (2..=12).collect::<Vec<_>>());
        let alone = Plan::new(&[5].into(), &(1..=10), &(1..=10), 0);
        assert_eq!((alone.visit, alone.store), (vec![5], [5].into()));
        assert_eq!(Plan::new(&BTreeSet::new(), &(1..=9), &(1..=9), 3), Plan::default());
    }

    #[test]
    fn a_clips_end_that_arithmetic_moved_a_little_is_in_the_clip() {
        assert_eq!(whole_frames(1.000_000_01, 89.999_999_9), 1..=90);
        assert_eq!(whole_frames(0.5, 9.75), 1..=9);
        assert_eq!(whole_frames(-5.0, -1.0), -5..=-1);
    }

    #[test]
    fn frames_are_listed_in_runs() {
        assert_eq!(listed(&[1001, 1002, 1003, 1009].into()), "1001-1003, 1009");
        assert_eq!(listed(&(0..10).map(|k| 3 * k).collect()), "0, 3, 6, 9, 12, 15 and 4 more");
    }
}
