//! The exact area of each pixel that lies within chains.
//!
//! The area accumulation of font-rs (Raph Levien, 2016) and stb_truetype 2 (Sean Barrett, 2015) sums signed areas, which is
//! exact as long as no two edges cross within a pixel and no two shapes overlap. Here a row of pixels is first cut at every
//! end and every crossing of its edges, as in a trapezoidal sweep (Bentley and Ottmann, IEEE Transactions on Computers, 1979);
//! in each strip the edges have one order, the fill rule picks those that bound the filled area, and only those are summed.

use super::FillRule;
use super::flatten::Outline;

/// Steps that a row may take before it is sampled in strips instead; a picture of a face takes some hundred.
const ROW_BUDGET: usize = 1 << 16;

/// A straight piece that is not horizontal, top to bottom.
pub(super) struct Edge {
    top: f64,
    bottom: f64,
    /// x at the top.
    x: f64,
    /// Change of x per unit of y.
    slope: f64,
    /// The lesser and the greater x of its ends.
    bounds: (f64, f64),
    /// Index of its chain.
    chain: u32,
    /// 1 for an edge that runs down, -1 for one that runs up.
    direction: i32,
}

impl Edge {
    fn x_at(&self, y: f64) -> f64 {
        (self.x + (y - self.top) * self.slope).clamp(self.bounds.0, self.bounds.1)
    }
}

/// The edges of closed chains in order of their tops, ready to be swept.
pub(super) struct Edges {
    edges: Vec<Edge>,
    chains: usize,
    rule: FillRule,
}

impl Edges {
    pub(super) fn new(outline: &Outline, rule: FillRule) -> Self {
        let mut edges = Vec::with_capacity(outline.points.len());
        for (chain, pieces) in outline.chains.iter().map(|chain| outline.pieces(chain)).enumerate() {
            for [from, to] in pieces.filter(|[from, to]| from.y != to.y) {
                let direction = if from.y < to.y { 1 } else { -1 };
                let (top, bottom) = if direction > 0 { (from, to) } else { (to, from) };
                edges.push(Edge {
                    top: top.y,
                    bottom: bottom.y,
                    x: top.x,
                    slope: (bottom.x - top.x) / (bottom.y - top.y),
                    bounds: (top.x.min(bottom.x), top.x.max(bottom.x)),
                    chain: chain as u32,
                    direction,
                });
            }
        }
        edges.sort_by(|a, b| a.top.total_cmp(&b.top));
        Self { edges, chains: outline.chains.len(), rule }
    }

    /// Starts above the first row.
    pub(super) fn sweep(&self) -> Sweep<'_> {
        Sweep {
            edges: self,
            next: 0,
            active: Vec::new(),
            winding: Winding { counts: vec![0; self.chains], nonzero: 0, odd: false },
            events: Vec::new(),
            crossers: Vec::new(),
            cuts: Vec::new(),
        }
    }
}

/// What the fill rule has counted so far, from the left.
struct Winding {
    /// How often each chain winds around.
    counts: Vec<i32>,
    /// How many chains wind around at all.
    nonzero: usize,
    odd: bool,
}

impl Winding {
    /// Passes an edge; returns whether what follows is inside.
    fn pass(&mut self, edge: &Edge, rule: FillRule) -> bool {
        match rule {
            FillRule::EvenOdd => {
                self.odd = !self.odd;
                self.odd
            }
            FillRule::Union => {
                let count = &mut self.counts[edge.chain as usize];
                let before = *count != 0;
                *count += edge.direction;
                match (before, *count != 0) {
                    (false, true) => self.nonzero += 1,
                    (true, false) => self.nonzero -= 1,
                    _ => {}
                }
                self.nonzero > 0
            }
        }
    }

    fn reset(&mut self) {
        if self.nonzero > 0 {
            self.counts.fill(0);
            self.nonzero = 0;
        }
        self.odd = false;
    }
}

/// An edge that passes through a whole strip, with its x at the strip's top and bottom.
#[derive(Clone, Copy)]
struct Crosser {
    from: f64,
    to: f64,
    edge: u32,
}

/// A sweep down the rows. What it says of a row depends on the edges only, not on where it began.
pub(super) struct Sweep<'a> {
    edges: &'a Edges,
    next: usize,
    active: Vec<u32>,
    winding: Winding,
    events: Vec<f64>,
    crossers: Vec<Crosser>,
    cuts: Vec<f64>,
}

impl Sweep<'_> {
    /// Goes on to a row; rows must not go back.
    pub(super) fn go_to(&mut self, row: i64) {
        let (top, bottom) = (row as f64, (row + 1) as f64);
        let edges = &self.edges.edges;
        while self.next < edges.len() && edges[self.next].top < bottom {
            self.active.push(self.next as u32);
            self.next += 1;
        }
        self.active.retain(|&edge| edges[edge as usize].bottom > top);
    }

    /// Writes the filled area of each pixel of the row, 0 to 1, from column `x0` on.
    pub(super) fn cover(&mut self, row: i64, x0: i64, out: &mut [f64]) {
        out.fill(0.0);
        if !self.active.is_empty() && !self.cover_exactly(row, x0, out) {
            out.fill(0.0);
            self.cover_in_strips(row, x0, out);
        }
    }

    /// False when the row has too many crossings for its budget.
    fn cover_exactly(&mut self, row: i64, x0: i64, out: &mut [f64]) -> bool {
        let (top, bottom) = (row as f64, (row + 1) as f64);
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        events.extend([top, bottom]);
        for &edge in &self.active {
            let edge = &self.edges.edges[edge as usize];
            events.extend([edge.top, edge.bottom].into_iter().filter(|&y| y > top && y < bottom));
        }
        events.sort_by(f64::total_cmp);
        events.dedup();
        let mut budget = ROW_BUDGET;
        let done = events.windows(2).all(|strip| self.strip(strip[0], strip[1], x0, out, &mut budget));
        self.events = events;
        done
    }

    /// A strip without ends of edges: cut where edges cross, then filled. False when the budget is used up.
    fn strip(&mut self, top: f64, bottom: f64, x0: i64, out: &mut [f64], budget: &mut usize) -> bool {
        let edges = &self.edges.edges;
        self.crossers.clear();
        for &index in &self.active {
            let edge = &edges[index as usize];
            if edge.top <= top && edge.bottom >= bottom {
                self.crossers.push(Crosser { from: edge.x_at(top), to: edge.x_at(bottom), edge: index });
            }
        }
        // By the active edges, not the crossers: those had to be looked at too.
        if !spend(budget, self.active.len()) {
            return false;
        }
        self.crossers.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)).then(a.edge.cmp(&b.edge)));
        if !self.find_cuts(top, bottom, budget) {
            return false;
        }
        if self.cuts.is_empty() {
            self.fill(bottom - top, x0, out);
            return true;
        }
        let mut cuts = std::mem::take(&mut self.cuts);
        cuts.sort_by(f64::total_cmp);
        cuts.push(bottom);
        let mut from = top;
        let done = cuts.iter().filter(|&&to| to > top).all(|&to| {
            if to > from {
                self.place_crossers(from, to);
                self.fill(to - from, x0, out);
                from = to;
            }
            spend(budget, self.crossers.len())
        });
        self.cuts = cuts;
        done
    }

    /// The heights at which neighbors change places: each swap of an insertion sort by the x at the bottom is a crossing.
    fn find_cuts(&mut self, top: f64, bottom: f64, budget: &mut usize) -> bool {
        self.cuts.clear();
        for sorted in 1..self.crossers.len() {
            let mut k = sorted;
            while k > 0 && self.crossers[k - 1].to > self.crossers[k].to {
                let (left, right) = (self.crossers[k - 1], self.crossers[k]);
                let (before, after) = (right.from - left.from, left.to - right.to);
                let y = top + (bottom - top) * (before / (before + after)).clamp(0.0, 1.0);
                if y > top && y < bottom {
                    self.cuts.push(y);
                }
                self.crossers.swap(k - 1, k);
                k -= 1;
                if !spend(budget, 1) {
                    return false;
                }
            }
        }
        true
    }

    /// Gives the crossers their places in another strip, in the order of their middles.
    fn place_crossers(&mut self, top: f64, bottom: f64) {
        for crosser in &mut self.crossers {
            let edge = &self.edges.edges[crosser.edge as usize];
            (crosser.from, crosser.to) = (edge.x_at(top), edge.x_at(bottom));
        }
        self.crossers.sort_by(|a, b| (a.from + a.to).total_cmp(&(b.from + b.to)).then(a.edge.cmp(&b.edge)));
    }

    /// Adds the filled area of a strip whose crossers stand in order.
    fn fill(&mut self, height: f64, x0: i64, out: &mut [f64]) {
        self.winding.reset();
        let mut entered: Option<Crosser> = None;
        for &crosser in &self.crossers {
            let inside = self.winding.pass(&self.edges.edges[crosser.edge as usize], self.edges.rule);
            match (entered, inside) {
                (None, true) => entered = Some(crosser),
                (Some(left), false) => {
                    add_trapezoid(out, x0, [left.from, left.to], [crosser.from, crosser.to], height);
                    entered = None;
                }
                _ => {}
            }
        }
    }

    /// A row with more crossings than any picture has: edges keep the order that they have at the middle of a strip.
    fn cover_in_strips(&mut self, row: i64, x0: i64, out: &mut [f64]) {
        let strips = (ROW_BUDGET / self.active.len().max(1)).clamp(4, 64);
        for strip in 0..strips {
            let y = |share: f64| row as f64 + (strip as f64 + share) / strips as f64;
            let (top, middle, bottom) = (y(0.0), y(0.5), y(1.0));
            self.crossers.clear();
            for &edge in &self.active {
                let Edge { top, bottom, .. } = self.edges.edges[edge as usize];
                if top <= middle && bottom > middle {
                    self.crossers.push(Crosser { from: 0.0, to: 0.0, edge });
                }
            }
            self.place_crossers(top, bottom);
            self.fill(bottom - top, x0, out);
        }
    }

    /// Writes where the line at height `y`, within the row, is inside: half-open intervals of x, from left to right.
    pub(super) fn spans(&mut self, y: f64, spans: &mut Vec<(f64, f64)>) {
        spans.clear();
        self.crossers.clear();
        for &index in &self.active {
            let edge = &self.edges.edges[index as usize];
            if edge.top <= y && edge.bottom > y {
                let x = edge.x_at(y);
                self.crossers.push(Crosser { from: x, to: x, edge: index });
            }
        }
        self.crossers.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.edge.cmp(&b.edge)));
        self.winding.reset();
        let mut entered = None;
        for crosser in &self.crossers {
            let inside = self.winding.pass(&self.edges.edges[crosser.edge as usize], self.edges.rule);
            match (entered, inside) {
                (None, true) => entered = Some(crosser.from),
                (Some(from), false) => {
                    spans.push((from, crosser.from));
                    entered = None;
                }
                _ => {}
            }
        }
    }
}

fn spend(budget: &mut usize, cost: usize) -> bool {
    let enough = *budget >= cost;
    *budget = budget.saturating_sub(cost);
    enough
}

/// Adds the area of each pixel between two edges, given by their x at the top and the bottom of a strip. Each pixel is worked
/// out from the edges alone, so that no tile's place shows.
fn add_trapezoid(out: &mut [f64], x0: i64, left: [f64; 2], right: [f64; 2], height: f64) {
    let ends = |edge: [f64; 2]| (edge[0].min(edge[1]), edge[0].max(edge[1]));
    let (left, right) = (ends(left), ends(right));
    let column = |x: f64| x.clamp(x0 as f64, (x0 + out.len() as i64) as f64) as i64 - x0;
    let (first, last) = (column(left.0.floor()) as usize, column(right.1.ceil()) as usize);
    let full = column(left.1.ceil()) as usize..column(right.0.floor()) as usize;
    for (k, out) in out.iter_mut().enumerate().take(last).skip(first) {
        if full.contains(&k) {
            *out += height;
        } else {
            let end = (x0 + k as i64 + 1) as f64;
            *out += height * (share_right_of(left, end) - share_right_of(right, end));
        }
    }
}

/// The share of the pixel that ends at `end` which lies to the right of an edge; x is spread evenly between the edge's ends.
fn share_right_of(edge: (f64, f64), end: f64) -> f64 {
    /// The integral of a ramp from 0 to 1.
    fn ramp(v: f64) -> f64 {
        if v <= 0.0 {
            0.0
        } else if v < 1.0 {
            0.5 * v * v
        } else {
            v - 0.5
        }
    }
    let width = edge.1 - edge.0;
    if width < 1e-6 {
        return (end - 0.5 * (edge.0 + edge.1)).clamp(0.0, 1.0);
    }
    // A share: rounding must not take it out of its range where a wide edge makes the integrals large.
    ((ramp(end - edge.0) - ramp(end - edge.1)) / width).clamp(0.0, 1.0)
}
