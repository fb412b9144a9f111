use kurbo::{Point, Vec2};

use super::outline::area;
use super::overlap::Filled;

/// The share of the smaller of two contours from which on they are one thing.
const SAME: f64 = 0.25;
/// A contour that takes, or gives, this share of another makes it another one: that is a split or a merger, not a chip.
const SPLITS: f64 = 0.2;
/// How far a contour may move between frames without touching itself, by the root of its area, and how much it may grow.
const LEAP: (f64, f64) = (1.5, 2.0);

/// A contour of a frame.
#[derive(Debug, Clone)]
pub(super) struct Contour {
    pub(super) line: Vec<Point>,
    pub(super) hole: bool,
    area: f64,
    center: Vec2,
    filled: Filled,
}

impl Contour {
    pub(super) fn new(line: Vec<Point>) -> Self {
        let (signed, filled) = (area(&line), Filled::new(&line));
        let center = line.iter().fold(Vec2::ZERO, |sum, point| sum + point.to_vec2()) / line.len() as f64;
        Self { hole: signed < 0.0, area: signed.abs(), line, center, filled }
    }

    pub(super) fn area(&self) -> f64 {
        self.area
    }

    /// Whether it could be `other` of another frame, though the two share nothing.
    fn may_leap_to(&self, other: &Self) -> bool {
        let (small, large) = if self.area < other.area { (self.area, other.area) } else { (other.area, self.area) };
        large < LEAP.1 * small && (self.center - other.center).hypot() < LEAP.0 * small.sqrt()
    }
}

/// A contour on frames one after another.
#[derive(Debug)]
pub(super) struct Run {
    /// Place of its first frame among those that were traced.
    pub(super) first: usize,
    /// The contour of each of its frames.
    pub(super) contours: Vec<Contour>,
}

/// Contours that go on from frame to frame. They end, and others begin, where areas split or merge.
#[derive(Debug, Default)]
pub(super) struct Runs {
    frames: usize,
    going: Vec<Run>,
    ended: Vec<Run>,
}

impl Runs {
    /// Takes the contours of the next frame.
    pub(super) fn add(&mut self, contours: Vec<Contour>) {
        let going = std::mem::take(&mut self.going);
        let links = link(&going, &contours);
        let mut contours: Vec<Option<Contour>> = contours.into_iter().map(Some).collect();
        for (mut run, to) in going.into_iter().zip(links) {
            match to.and_then(|to| contours[to].take()) {
                Some(contour) => {
                    // Only a run's last contour is compared; a long shot's others would fill the memory.
                    if let Some(before) = run.contours.last_mut() {
                        before.filled = Filled::default();
                    }
                    run.contours.push(contour);
                    self.going.push(run);
                }
                None => self.ended.push(run),
            }
        }
        let begun = contours.into_iter().flatten();
        self.going.extend(begun.map(|contour| Run { first: self.frames, contours: vec![contour] }));
        self.frames += 1;
    }

    /// All runs, by their first frame, the larger first.
    pub(super) fn finish(mut self) -> Vec<Run> {
        self.ended.append(&mut self.going);
        let size = |run: &Run| run.contours.first().map_or(0.0, Contour::area);
        self.ended.sort_by(|a, b| a.first.cmp(&b.first).then(size(b).total_cmp(&size(a))));
        self.ended
    }
}

/// For each run the contour that it goes on with.
fn link(going: &[Run], contours: &[Contour]) -> Vec<Option<usize>> {
    let last: Vec<&Contour> = going.iter().filter_map(|run| run.contours.last()).collect();
    let shared = |one: &Contour, other: &Contour| match one.hole == other.hole {
        true => one.filled.shared_area(&other.filled),
        false => 0.0,
    };
    let table: Vec<Vec<f64>> = last.iter().map(|one| contours.iter().map(|to| shared(one, to)).collect()).collect();
    // What of each contour on either side is claimed by others than the one that it is linked with. What shares its ground with
    // that one on one frame, as an island in a hole does with the area around it, claims nothing: parts of a whole lie apart.
    let lasts_own = |from: usize, to: usize| {
        let heirs = table[from]
            .iter()
            .enumerate()
            .filter(|&(other, &claim)| other != to && claim > 0.0 && shared(&contours[to], &contours[other]) == 0.0);
        let elders = table
            .iter()
            .map(|row| row[to])
            .enumerate()
            .filter(|&(other, claim)| other != from && claim > 0.0 && shared(last[from], last[other]) == 0.0);
        let lost = heirs.map(|(other, shared)| shared.min(contours[other].area)).fold(0.0, f64::max);
        let gained = elders.map(|(other, shared)| shared.min(last[other].area)).fold(0.0, f64::max);
        lost < SPLITS * last[from].area && gained < SPLITS * contours[to].area
    };
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for (from, row) in table.iter().enumerate() {
        pairs.extend(row.iter().enumerate().map(|(to, &shared)| (from, to, shared)));
    }
    pairs.retain(|&(from, to, shared)| shared > SAME * last[from].area.min(contours[to].area) && lasts_own(from, to));
    // By the share of what either holds, so that an island is rather itself than the area around it.
    let likeness = |&(from, to, shared): &(usize, usize, f64)| shared / (last[from].area + contours[to].area - shared);
    pairs.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    let mut links = vec![None; last.len()];
    let mut taken = vec![false; contours.len()];
    for (from, to, _) in pairs {
        if links[from].is_none() && !taken[to] {
            (links[from], taken[to]) = (Some(to), true);
        }
    }
    // What is small and quick shares nothing with itself a frame later.
    let alone = |from: usize| table[from].iter().all(|&shared| shared == 0.0);
    let unlinked: Vec<usize> = (0..last.len()).filter(|&from| links[from].is_none() && alone(from)).collect();
    for from in unlinked {
        let off = |to: &usize| (last[from].center - contours[*to].center).hypot();
        let fits = |to: &usize| {
            let to = *to;
            !taken[to]
                && last[from].hole == contours[to].hole
                && table.iter().all(|row| row[to] == 0.0)
                && last[from].may_leap_to(&contours[to])
        };
        let nearest = (0..contours.len()).filter(fits).min_by(|a, b| off(a).total_cmp(&off(b)));
        if let Some(to) = nearest {
            (links[from], taken[to]) = (Some(to), true);
        }
    }
    links
}
