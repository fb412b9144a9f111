//! When a shape is to be seen, in the words of formats that have no hidden frames.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::ShotShape;

/// Neighboring frames on which a shape is all to be seen, or all hidden.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stretch {
    pub(super) frames: RangeInclusive<i64>,
    pub(super) visible: bool,
}

/// The stretches of a shot, in order, without a gap.
pub(super) fn stretches(shape: &ShotShape, frames: RangeInclusive<i64>) -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut next = *frames.start();
    for run in shape.present_runs(frames.clone()) {
        if next < *run.start() {
            all.push(Stretch { frames: next..=*run.start() - 1, visible: false });
        }
        next = run.end().saturating_add(1);
        all.push(Stretch { frames: run, visible: true });
    }
    if next <= *frames.end() && all.last().is_none_or(|last| last.frames.end() < frames.end()) {
        all.push(Stretch { frames: next..=*frames.end(), visible: false });
    }
    all
}

/// Keys of a number that is `visible` or 0, for formats in which a number cannot jump: two at either end of each
/// stretch, so that every whole frame has its value, whether the way between keys is straight or smooth. One key where
/// nothing changes.
pub(super) fn opacity_keys(stretches: &[Stretch], visible: f64) -> Vec<(i64, f64)> {
    let mut keys = BTreeMap::new();
    for Stretch { frames, visible: shown } in stretches {
        let (first, last) = (*frames.start(), *frames.end());
        let value = if *shown { visible } else { 0.0 };
        let inner = [first.saturating_add(1).min(last), last.saturating_sub(1).max(first)];
        keys.extend([first, inner[0], inner[1], last].map(|frame| (frame, value)));
        if stretches.len() == 1 {
            keys.split_off(&first.saturating_add(1));
        }
    }
    keys.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::fixture::scene;

    #[test]
    fn stretches_fill_the_shot() {
        let scene = scene();
        let of = |name: &str| -> Vec<_> {
            let shape = scene.shot.shape(name).expect("it is there");
            let found = stretches(shape, scene.shot.frames());
            found.into_iter().map(|s| (*s.frames.start(), *s.frames.end(), s.visible)).collect()
        };
        assert_eq!(of("left_eye"), [(1001, 1005, true), (1006, 1007, false), (1008, 1012, true)]);
        assert_eq!(of("nose_seam"), [(1001, 1001, false), (1002, 1011, true), (1012, 1012, false)]);
        assert_eq!(of("left_brow"), [(1001, 1012, true)]);
    }

    #[test]
    fn stretches_of_a_shape_that_is_never_seen_are_one() {
        let mut shape = scene().shot.shapes()[0].clone();
        shape.hidden = (1001..=1012).collect();
        assert_eq!(stretches(&shape, 1001..=1012), [Stretch { frames: 1001..=1012, visible: false }]);
        assert_eq!(stretches(&shape, 1012..=1013).len(), 2);
    }

    #[test]
    fn no_way_between_opacity_keys_reaches_into_another_stretch() {
        let shape = scene().shot.shapes()[0].clone();
        let keys = opacity_keys(&stretches(&shape, 1001..=1012), 0.5);
        let expected = [
            (1001, 0.5),
            (1002, 0.5),
            (1004, 0.5),
            (1005, 0.5),
            (1006, 0.0),
            (1007, 0.0),
            (1008, 0.5),
            (1009, 0.5),
            (1011, 0.5),
            (1012, 0.5),
        ];
        assert_eq!(keys, expected);
        let always = [Stretch { frames: 1..=9, visible: true }];
        assert_eq!(opacity_keys(&always, 0.75), [(1, 0.75)]);
    }
}
