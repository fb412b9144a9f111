//! Which traced shape lies in which: what is drawn later lies in what is drawn before.

use kurbo::Shape as _;

use crate::ShotShape;

/// Rounds after which shapes that lie in each other, on different frames, are left as they are.
const MOST_DEPTH: usize = 32;

/// The shapes, those around others before those within: an area, its holes, the islands in these. The order is otherwise kept.
pub(super) fn sorted(shapes: Vec<ShotShape>) -> Vec<ShotShape> {
    let mut depths = vec![0_usize; shapes.len()];
    let around: Vec<Vec<usize>> = shapes.iter().map(|shape| surrounding(&shapes, shape)).collect();
    for _ in 0..MOST_DEPTH {
        let deeper =
            |(index, own): (usize, &usize)| around[index].iter().map(|&k| depths[k] + 1).fold(*own, usize::max);
        let next: Vec<usize> = depths.iter().enumerate().map(deeper).collect();
        if next == depths {
            break;
        }
        depths = next;
    }
    let mut sorted: Vec<(usize, ShotShape)> = depths.into_iter().zip(shapes).collect();
    sorted.sort_by_key(|(depth, _)| *depth);
    sorted.into_iter().map(|(_, shape)| shape).collect()
}

/// The shapes around `inner`, on the first frame that both are to be seen on: outlines of a matte never cross.
fn surrounding(shapes: &[ShotShape], inner: &ShotShape) -> Vec<usize> {
    let [first, last] = ends(inner);
    let holds = |outer: &ShotShape| {
        let [begin, end] = ends(outer);
        let frame = first.max(begin);
        if outer.name == inner.name || frame > last.min(end) {
            return false;
        }
        let (outer, inner) = (outer.track.at(frame), inner.track.at(frame));
        let (outer, point) = (outer.to_path(), inner.vertices()[0].anchor);
        outer.control_box().contains(point)
            && outer.area().abs() > inner.signed_area().abs()
            && outer.winding(point) != 0
    };
    shapes.iter().enumerate().filter(|(_, outer)| holds(outer)).map(|(index, _)| index).collect()
}

/// First and last frame with a key; traced shapes have one on each frame that they are on.
fn ends(shape: &ShotShape) -> [f64; 2] {
    let keys = shape.track.keys();
    [keys[0].time, keys[keys.len() - 1].time]
}
