//! The nearest of many straight pieces.

use kurbo::{Point, Vec2};

/// Pieces in one leaf.
const LEAF: usize = 4;

/// Pieces in the order of their curve, in boxes of boxes: neighbors on the curve are neighbors in the plane, so the order
/// itself makes a good tree.
pub(super) struct SegmentTree {
    segments: Vec<[Point; 2]>,
    /// Finest first; each box of a level holds two of the level before, and the last level is one box.
    levels: Vec<Vec<Bounds>>,
}

#[derive(Clone, Copy)]
struct Bounds {
    min: Point,
    max: Point,
}

impl Bounds {
    fn of(points: impl Iterator<Item = Point>) -> Self {
        let none = Self {
            min: Point::new(f64::INFINITY, f64::INFINITY),
            max: Point::new(f64::NEG_INFINITY, f64::NEG_INFINITY),
        };
        points.fold(none, |b, p| Self {
            min: Point::new(b.min.x.min(p.x), b.min.y.min(p.y)),
            max: Point::new(b.max.x.max(p.x), b.max.y.max(p.y)),
        })
    }

    fn distance_squared(&self, at: Point) -> f64 {
        let outside = |v: f64, min: f64, max: f64| (min - v).max(v - max).max(0.0);
        Vec2::new(outside(at.x, self.min.x, self.max.x), outside(at.y, self.min.y, self.max.y)).hypot2()
    }
}

/// The nearest place on any piece.
#[derive(Clone, Copy)]
pub(super) struct Nearest {
    /// Which piece.
    pub(super) index: usize,
    /// From the place asked for to the nearest one.
    pub(super) way: Vec2,
    distance_squared: f64,
}

impl Nearest {
    pub(super) fn distance(&self) -> f64 {
        self.distance_squared.sqrt()
    }
}

impl SegmentTree {
    /// `None` without pieces.
    pub(super) fn new(segments: Vec<[Point; 2]>) -> Option<Self> {
        if segments.is_empty() {
            return None;
        }
        let leaves = segments.chunks(LEAF).map(|leaf| Bounds::of(leaf.iter().flatten().copied()));
        let mut levels: Vec<Vec<Bounds>> = vec![leaves.collect()];
        while let Some(last) = levels.last()
            && last.len() > 1
        {
            let next = last.chunks(2).map(|pair| Bounds::of(pair.iter().flat_map(|bounds| [bounds.min, bounds.max])));
            let next = next.collect();
            levels.push(next);
        }
        Some(Self { segments, levels })
    }

    /// The nearest place, of all pieces; of several equally near ones, that of the first piece. The answer does not depend on
    /// `hint`, a piece that is perhaps near: only the time does.
    pub(super) fn nearest(&self, at: Point, hint: usize) -> Nearest {
        let mut best = self.measure(at, hint);
        self.visit(at, self.levels.len() - 1, 0, &mut best);
        best
    }

    fn visit(&self, at: Point, level: usize, index: usize, best: &mut Nearest) {
        if level == 0 {
            let first = index * LEAF;
            for k in first..(first + LEAF).min(self.segments.len()) {
                let found = self.measure(at, k);
                let nearer = found.distance_squared < best.distance_squared;
                if nearer || (found.distance_squared == best.distance_squared && k < best.index) {
                    *best = found;
                }
            }
            return;
        }
        let below = &self.levels[level - 1];
        let reach = |child: usize| below.get(child).map_or(f64::INFINITY, |bounds| bounds.distance_squared(at));
        let children = [2 * index, 2 * index + 1].map(|child| (reach(child), child));
        let order = if children[1].0 < children[0].0 { [children[1], children[0]] } else { children };
        for (reach, child) in order {
            // With room for rounding: a box skipped by a hair would make the answer depend on the hint.
            if child < below.len() && reach <= best.distance_squared * (1.0 + 1e-6) + 1e-6 {
                self.visit(at, level - 1, child, best);
            }
        }
    }

    fn measure(&self, at: Point, index: usize) -> Nearest {
        let [a, b] = self.segments[index];
        let (to_a, along) = (a - at, b - a);
        let length_squared = along.hypot2();
        let share = if length_squared > 0.0 { (-to_a.dot(along) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
        let way = to_a + share * along;
        Nearest { index, way, distance_squared: way.hypot2() }
    }

    /// The direction in which the distance grows at a place, of length 1.
    pub(super) fn normal(&self, nearest: &Nearest) -> Vec2 {
        let distance = nearest.distance();
        if distance > 0.0 {
            return -nearest.way / distance;
        }
        let [a, b] = self.segments[nearest.index];
        let across = Vec2::new(a.y - b.y, b.x - a.x);
        let length = across.hypot();
        if length > 0.0 { across / length } else { Vec2::new(1.0, 0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_tree_finds_what_a_look_at_every_piece_finds(
            points in prop::collection::vec((-50.0..50.0, -50.0..50.0), 2..60),
            at in (-80.0..80.0, -80.0..80.0),
            hint in 0_usize..59,
        ) {
            let points: Vec<Point> = points.into_iter().map(Point::from).collect();
            let segments: Vec<_> = points.windows(2).map(|pair| [pair[0], pair[1]]).collect();
            let count = segments.len();
            let tree = SegmentTree::new(segments).expect("there are pieces");
            let at = Point::from(at);
            let found = tree.nearest(at, hint % count);
            let least = (0..count).map(|k| tree.measure(at, k).distance_squared).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(found.distance_squared, least);
            prop_assert_eq!(found.index, tree.nearest(at, 0).index);
        }
    }
}
