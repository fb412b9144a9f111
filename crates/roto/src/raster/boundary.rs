//! Which pieces of closed chains bound the filled area: where shapes overlap, or one crosses itself, the rest lies inside
//! and must not count as an edge to feather or to grow.

use kurbo::{Point, Vec2};

use super::FillRule;
use super::flatten::Outline;

/// Steps that the search for crossings may take. Beyond, every piece counts as an edge, which only matters inside of overlaps.
const BUDGET: usize = 1 << 23;

/// Steps that each cut counts as, so that those kept take some 16 MiB at most.
const STEPS_PER_CUT: usize = 8;

/// Runs of pieces shorter than this, in pixels of the output, are dropped: which side of them is inside cannot be told.
const SHORTEST_PX: f64 = 1e-4;

/// How far beside a piece its sides are looked at, in pixels of the output.
const BESIDE_PX: f64 = 1e-5;

/// A straight piece and the chain that it belongs to.
struct Piece {
    ends: [Point; 2],
    chain: usize,
}

/// The pieces of the filled area's boundary, in the output.
pub(super) fn boundary(outline: &Outline, rule: FillRule) -> Vec<[Point; 2]> {
    let pieces: Vec<Piece> = outline
        .chains
        .iter()
        .enumerate()
        .flat_map(|(chain, run)| outline.pieces(run).map(move |ends| Piece { ends, chain }))
        .filter(|piece| piece.ends[0] != piece.ends[1])
        .collect();
    let everything = || pieces.iter().map(|piece| piece.ends).collect();
    let mut budget = BUDGET;
    let Some(cuts) = cuts(&pieces, &mut budget) else { return everything() };
    if cuts.is_empty() && outline.chains.len() == 1 {
        return everything();
    }
    runs(&pieces, &cuts, rule, &mut budget).unwrap_or_else(everything)
}

/// Where pieces meet others that do not follow on from them: index of the piece, and the share of its way. In order. `None`
/// when the budget is used up.
fn cuts(pieces: &[Piece], budget: &mut usize) -> Option<Vec<(usize, f64)>> {
    let least = |k: usize, axis: fn(Point) -> f64| axis(pieces[k].ends[0]).min(axis(pieces[k].ends[1]));
    let most = |k: usize, axis: fn(Point) -> f64| axis(pieces[k].ends[0]).max(axis(pieces[k].ends[1]));
    // The longer side of the whole parts pieces best.
    let side = |axis| {
        let ends = (0..pieces.len()).map(|k| (least(k, axis), most(k, axis)));
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (c, d)| (a.min(c), b.max(d)));
        high - low
    };
    let axes: [fn(Point) -> f64; 2] = [|p| p.x, |p| p.y];
    let [along, across] = if side(axes[0]) > side(axes[1]) { axes } else { [axes[1], axes[0]] };
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by(|&a, &b| least(a, along).total_cmp(&least(b, along)));
    let mut cuts = Vec::new();
    let mut active: Vec<usize> = Vec::new();
    for &k in &order {
        *budget = budget.checked_sub(active.len())?;
        active.retain(|&other| most(other, along) >= least(k, along));
        for &other in &active {
            let apart = least(k, across) > most(other, across) || least(other, across) > most(k, across);
            if !apart && !follow(pieces, k, other) {
                let before = cuts.len();
                meet(pieces, k, other, &mut cuts);
                meet(pieces, other, k, &mut cuts);
                *budget = budget.checked_sub(STEPS_PER_CUT * (cuts.len() - before))?;
            }
        }
        active.push(k);
    }
    cuts.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    cuts.dedup();
    Some(cuts)
}

/// Whether one piece begins where the other ends, on one chain.
fn follow(pieces: &[Piece], a: usize, b: usize) -> bool {
    let (a, b) = (&pieces[a], &pieces[b]);
    a.chain == b.chain && (a.ends[1] == b.ends[0] || b.ends[1] == a.ends[0])
}

/// Adds the shares of the way of `k` at which `other` crosses or touches it.
fn meet(pieces: &[Piece], k: usize, other: usize, cuts: &mut Vec<(usize, f64)>) {
    let ([a, b], [c, d]) = (pieces[k].ends, pieces[other].ends);
    let (own, away) = (b - a, d - c);
    let cross = own.cross(away);
    if cross.abs() > 1e-12 * own.hypot() * away.hypot() {
        let (share, on_other) = ((c - a).cross(away) / cross, (c - a).cross(own) / cross);
        if (-1e-9..=1.0 + 1e-9).contains(&share) && (-1e-9..=1.0 + 1e-9).contains(&on_other) {
            cuts.push((k, share.clamp(0.0, 1.0)));
        }
    } else if (c - a).cross(own).abs() <= 1e-9 * own.hypot() {
        // On one line: the ends of the other piece that lie on this one.
        let shares = [c, d].map(|p| (p - a).dot(own) / own.hypot2());
        cuts.extend(shares.into_iter().filter(|share| (0.0..=1.0).contains(share)).map(|share| (k, share)));
    }
}

/// The pieces between cuts that have the filled area on one side only. Between two cuts, a chain keeps its sides, so one look
/// at the longest piece tells for all. `None` when the budget is used up.
fn runs(pieces: &[Piece], cuts: &[(usize, f64)], rule: FillRule, budget: &mut usize) -> Option<Vec<[Point; 2]>> {
    let chains = pieces.last()?.chain + 1;
    let mut inside = Inside { pieces, rule, counts: vec![0; chains] };
    let mut kept = Vec::new();
    let mut run: Vec<[Point; 2]> = Vec::new();
    let mut cuts = cuts.iter().peekable();
    for (k, piece) in pieces.iter().enumerate() {
        if k > 0 && pieces[k - 1].chain != piece.chain {
            close(&mut run, &mut kept, &mut inside, budget)?;
        }
        let mut from = piece.ends[0];
        while let Some((_, share)) = cuts.next_if(|cut| cut.0 == k) {
            let at = piece.ends[0].lerp(piece.ends[1], *share);
            run.push([from, at]);
            close(&mut run, &mut kept, &mut inside, budget)?;
            from = at;
        }
        run.push([from, piece.ends[1]]);
    }
    close(&mut run, &mut kept, &mut inside, budget)?;
    Some(kept)
}

/// Ends a run: it is kept when just one of its sides is inside.
fn close(run: &mut Vec<[Point; 2]>, kept: &mut Vec<[Point; 2]>, inside: &mut Inside, budget: &mut usize) -> Option<()> {
    let length = |[a, b]: [Point; 2]| (b - a).hypot();
    let longest = run.iter().copied().max_by(|&a, &b| length(a).total_cmp(&length(b)));
    if let Some([a, b]) = longest.filter(|&longest| length(longest) > SHORTEST_PX) {
        *budget = budget.checked_sub(2 * inside.pieces.len())?;
        let middle = a.midpoint(b);
        let beside = Vec2::new(a.y - b.y, b.x - a.x) / length([a, b]) * BESIDE_PX;
        if inside.holds(middle + beside) != inside.holds(middle - beside) {
            kept.append(run);
        }
    }
    run.clear();
    Some(())
}

/// Whether a place is filled, by the edges to its left.
struct Inside<'a> {
    pieces: &'a [Piece],
    rule: FillRule,
    /// How often each chain winds around the place.
    counts: Vec<i32>,
}

impl Inside<'_> {
    fn holds(&mut self, at: Point) -> bool {
        self.counts.fill(0);
        for Piece { ends: [a, b], chain } in self.pieces {
            if (a.y <= at.y) == (b.y <= at.y) {
                continue;
            }
            if a.x + (at.y - a.y) * ((b.x - a.x) / (b.y - a.y)) <= at.x {
                self.counts[*chain] += if a.y < b.y { 1 } else { -1 };
            }
        }
        match self.rule {
            FillRule::Union => self.counts.iter().any(|&count| count != 0),
            FillRule::EvenOdd => self.counts.iter().fold(0, |sum, count| sum ^ count) & 1 == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BezierShape, Vertex};
    use kurbo::Affine;

    fn polygon(corners: &[(f64, f64)]) -> BezierShape {
        let vertices = corners.iter().map(|&at| Vertex::corner(Point::from(at))).collect();
        BezierShape::new(vertices, true).expect("a polygon")
    }

    fn square(x: f64, y: f64, side: f64) -> BezierShape {
        polygon(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
    }

    fn length(shapes: &[BezierShape], rule: FillRule) -> f64 {
        let outline = Outline::new(shapes.iter(), Affine::IDENTITY);
        boundary(&outline, rule).iter().map(|[a, b]| (*b - *a).hypot()).sum()
    }

    #[test]
    fn the_boundary_of_a_union_leaves_out_what_lies_inside() {
        let overlapping = [square(0.0, 0.0, 10.0), square(4.0, 6.0, 10.0).reversed()];
        assert!((length(&overlapping, FillRule::Union) - (80.0 - 2.0 * (6.0 + 4.0))).abs() < 1e-6);
        assert!((length(&overlapping, FillRule::EvenOdd) - 80.0).abs() < 1e-6);
    }

    #[test]
    fn a_shape_within_another_has_an_edge_only_where_it_cuts_a_hole() {
        let nested = [square(0.0, 0.0, 10.0), square(3.0, 3.0, 2.0)];
        assert!((length(&nested, FillRule::Union) - 40.0).abs() < 1e-6);
        assert!((length(&nested, FillRule::EvenOdd) - 48.0).abs() < 1e-6);
    }

    #[test]
    fn shapes_that_share_a_side_have_no_edge_there() {
        let beside = [square(0.0, 0.0, 10.0), square(10.0, 2.0, 5.0)];
        assert!((length(&beside, FillRule::Union) - 50.0).abs() < 1e-6);
        assert!((length(&[beside[0].clone(), beside[0].clone()], FillRule::EvenOdd)).abs() < 1e-6);
    }

    #[test]
    fn so_many_crossings_that_they_would_fill_the_memory_are_given_up() {
        let spoke = |k: i32| {
            let out = Vec2::from_angle(std::f64::consts::PI * f64::from(k) / 2048.0) * 100.0;
            Piece { ends: [out.to_point(), (-out).to_point()], chain: 0 }
        };
        let spokes: Vec<Piece> = (0..2048).map(spoke).collect();
        assert_eq!(cuts(&spokes, &mut BUDGET.clone()), None);
        assert_eq!(cuts(&spokes[..20], &mut BUDGET.clone()).map(|cuts| cuts.last().map(|cut| cut.0)), Some(Some(19)));
    }

    #[test]
    fn a_star_that_crosses_itself_has_ten_sides() {
        let tip = |k: usize| {
            let angle = 4.0 * std::f64::consts::PI * k as f64 / 5.0;
            (100.0 * angle.sin(), 100.0 * angle.cos())
        };
        let star = polygon(&(0..5).map(tip).collect::<Vec<_>>());
        let chord = 2.0 * 100.0 * (72.0_f64).to_radians().sin();
        // Of each chord, the middle part lies inside; the golden ratio tells how long the two others are.
        let outer = chord * 2.0 / (1.0 + 5.0_f64.sqrt()).powi(2) * 4.0;
        assert!((length(std::slice::from_ref(&star), FillRule::Union) - 5.0 * outer).abs() < 1e-6);
        assert!((length(&[star], FillRule::EvenOdd) - 5.0 * chord).abs() < 1e-6);
    }
}
