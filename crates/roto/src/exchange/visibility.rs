//! When a shape is to be seen, in the words of formats that have no hidden frames.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::ShapeStyle;
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

/// Keys of an opacity that is that of `style` or 0, for formats in which a number cannot jump: two at either end of each
/// stretch, so that every whole frame has its value, whether the way between keys is straight or smooth. One key where
/// nothing changes.
pub(super) fn opacity_keys(stretches: &[Stretch], style: &ShapeStyle) -> Vec<(i64, f64)> {
    let (own, mut keys) = (style.opacity_keys(), BTreeMap::new());
    for Stretch { frames, visible } in stretches {
        let (first, last) = (*frames.start(), *frames.end());
        let value = |frame: i64| if *visible { style.opacity_at(frame) } else { 0.0 };
        let mut wanted = vec![first];
        if stretches.len() > 1 {
            wanted.extend([first.saturating_add(1).min(last), last.saturating_sub(1).max(first), last]);
        }
        if *visible && own.len() > 1 {
            wanted.extend(own.iter().map(|key| key.0).filter(|frame| frames.contains(frame)));
            wanted.push(last);
        }
        keys.extend(wanted.into_iter().map(|frame| (frame, value(frame))));
    }
    keys.into_iter().collect()
}

/// A value that begins at a frame; it holds until the next one, or goes straight there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) frame: i64,
    pub(super) value: f64,
    pub(super) holds: bool,
}

/// Opacity over time, for formats in which a number can jump.
pub(super) fn opacity_steps(stretches: &[Stretch], style: &ShapeStyle) -> Vec<Step> {
    let (own, mut steps) = (style.opacity_keys(), Vec::new());
    for Stretch { frames, visible } in stretches {
        let (first, last) = (*frames.start(), *frames.end());
        if !visible || own.len() < 2 {
            let value = if *visible { style.opacity_at(first) } else { 0.0 };
            steps.push(Step { frame: first, value, holds: true });
            continue;
        }
        let mut wanted: Vec<i64> = own.iter().map(|key| key.0).filter(|frame| frames.contains(frame)).collect();
        wanted.extend([first, last]);
        wanted.sort_unstable();
        wanted.dedup();
        let step = |frame: i64| Step { frame, value: style.opacity_at(frame), holds: frame == last };
        steps.extend(wanted.into_iter().map(step));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::StyleKey;
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
        let half = ShapeStyle { opacity: 0.5, ..ShapeStyle::default() };
        let keys = opacity_keys(&stretches(&shape, 1001..=1012), &half);
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
        assert_eq!(opacity_keys(&always, &half), [(1, 0.5)]);
    }

    #[test]
    fn an_opacity_that_changes_keeps_its_keys_where_the_shape_is_seen() {
        let shape = scene().shot.shapes()[0].clone();
        let key = |frame: i64, opacity: f64| StyleKey { frame, feather_px: 0.0, opacity };
        let style = ShapeStyle { keys: vec![key(1001, 0.25), key(1003, 1.0), key(1011, 0.2)], ..ShapeStyle::default() };
        let stretches = stretches(&shape, 1001..=1012);
        let near = |keys: &[(i64, f64)], expected: &[(i64, f64)]| {
            assert_eq!(keys.len(), expected.len(), "{keys:?}");
            assert!(keys.iter().zip(expected).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-12), "{keys:?}");
        };
        let before = [(1001, 0.25), (1002, 0.625), (1003, 1.0), (1004, 0.9), (1005, 0.8)];
        let after = [(1006, 0.0), (1007, 0.0), (1008, 0.5), (1009, 0.4), (1011, 0.2), (1012, 0.2)];
        near(&opacity_keys(&stretches, &style), &[&before[..], &after].concat());
        let steps = opacity_steps(&stretches, &style);
        let values: Vec<_> = steps.iter().map(|step| (step.frame, step.value)).collect();
        near(&values, &[(1001, 0.25), (1003, 1.0), (1005, 0.8), (1006, 0.0), (1008, 0.5), (1011, 0.2), (1012, 0.2)]);
        assert!(steps.iter().map(|step| step.holds).eq([false, false, true, true, false, false, true]));
    }
}
