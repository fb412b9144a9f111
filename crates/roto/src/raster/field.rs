//! Coverage by distance: feather, grow and strokes.
//!
//! Distances are Euclidean, in pixels of the plate, to the curve itself (to its chain of pieces, that is, which strays by
//! less than 1/256 px of the output), and not to pixels: so they hold at any scale, and a tile needs nothing of its neighbors.

use kurbo::{Affine, Point, Rect, Vec2};

use super::Style;
use super::boundary::boundary;
use super::flatten::Outline;
use super::profile::Profile;
use super::segment_tree::SegmentTree;
use super::sweep::Sweep;

/// A pixel that an end of the ramp passes through is looked at in up to this many parts a side.
const MOST_PARTS: usize = 4;

/// A feather narrower than this many half diagonals of a pixel is looked at in parts throughout; with a wider one, the ramp
/// changes so little within a pixel that fewer parts do.
const NARROW: f64 = 8.0;

/// The distance to filled areas and to strokes.
pub(super) struct Field {
    /// The boundary of the filled area, in the plate.
    area: Option<SegmentTree>,
    /// Whether the filled area is there already, drawn exactly: it then counts only where strokes cross its edge.
    area_drawn: bool,
    /// The middle lines of strokes, in the plate.
    strokes: Option<SegmentTree>,
    /// Half the width of strokes, grown.
    radius: f64,
    grow: f64,
    profile: Profile,
    to_plate: Affine,
    /// What a step to the next column, and to the next row, is in the plate.
    steps: [Vec2; 2],
    /// Half the diagonal of a pixel of the output, in the plate.
    half_diagonal: f64,
    /// Whether the feather is about as narrow as a pixel.
    narrow: bool,
    /// Parts a side of a pixel that is looked at closely.
    parts: usize,
    /// Where anything but 0 is to be expected, in the output.
    pub(super) bounds: Rect,
}

impl Field {
    /// The field of closed and open chains; `None` where there is nothing to draw.
    pub(super) fn new(area: &Outline, strokes: &Outline, style: &Style, to_output: Affine) -> Option<Self> {
        let profile = Profile::new(style.feather_px, style.falloff);
        let radius = 0.5 * style.stroke_width_px + style.grow_px;
        let to_plate = to_output.inverse();
        let placed = |pieces: Vec<[Point; 2]>| {
            SegmentTree::new(pieces.into_iter().map(|piece| piece.map(|point| to_plate * point)).collect())
        };
        let drawn = style.stroke_width_px > 0.0 && radius > 0.0;
        let lines = |outline: &Outline| outline.chains.iter().flat_map(|chain| outline.pieces(chain)).collect();
        let stroke_tree = if drawn { placed(lines(strokes)) } else { None };
        let area_drawn = style.is_exact();
        if area_drawn && stroke_tree.is_none() {
            return None;
        }
        let area_tree = placed(boundary(area, style.fill));
        let around = |outline: &Outline, reach: f64| Some(reached(outline.bounds()?, reach.max(0.0), to_output));
        let area_bounds =
            if area_tree.is_some() && !area_drawn { around(area, style.grow_px + profile.ends.1) } else { None };
        let stroke_bounds = stroke_tree.as_ref().and_then(|_| around(strokes, radius + profile.ends.1));
        let bounds = match (area_bounds, stroke_bounds) {
            (Some(a), Some(b)) => a.union(b),
            (a, b) => a.or(b)?,
        };
        let [a, b, c, d, _, _] = to_plate.as_coeffs();
        let steps = [Vec2::new(a, b), Vec2::new(c, d)];
        let half_diagonal = 0.5 * (steps[0] + steps[1]).hypot().max((steps[0] - steps[1]).hypot());
        let narrow = profile.width() < NARROW * half_diagonal;
        let parts = if narrow { MOST_PARTS } else { MOST_PARTS / 2 };
        let grow = style.grow_px;
        Some(Self {
            area: area_tree,
            area_drawn,
            strokes: stroke_tree,
            radius,
            grow,
            profile,
            to_plate,
            steps,
            half_diagonal,
            narrow,
            parts,
            bounds,
        })
    }

    pub(super) fn pen(&self) -> Pen<'_> {
        Pen { field: self, near: [0, 0], spans: Default::default(), parts_ready: false }
    }
}

/// A rectangle of the output, with all that lies within `reach` pixels of the plate around it.
fn reached(bounds: Rect, reach: f64, to_output: Affine) -> Rect {
    let [a, b, c, d, _, _] = to_output.as_coeffs();
    bounds.inflate(reach * a.hypot(c) + 1.0, reach * b.hypot(d) + 1.0)
}

/// What a place has on it: signed distance from the grown area, distance from the middle of strokes, and the directions in
/// which they grow.
struct Place {
    area: Option<(f64, Vec2)>,
    stroke: Option<(f64, Vec2)>,
}

/// Draws the rows of a field. What it remembers from pixel to pixel makes it fast, and changes nothing.
pub(super) struct Pen<'a> {
    field: &'a Field,
    /// The pieces of area and strokes that were nearest last.
    near: [usize; 2],
    /// Where the row is inside: through its middle, and through the middles of its parts.
    spans: [Vec<(f64, f64)>; 1 + MOST_PARTS],
    parts_ready: bool,
}

impl Pen<'_> {
    /// Raises each pixel of a row from column `x0` on to what the field says there.
    pub(super) fn draw(&mut self, row: i64, x0: i64, out: &mut [f64], sweep: &mut Sweep) {
        let field = self.field;
        let with_area = !field.area_drawn;
        if field.area.is_some() && with_area {
            sweep.spans(row as f64 + 0.5, &mut self.spans[0]);
        }
        self.parts_ready = false;
        let (inner, outer) = field.profile.ends;
        let mut k = 0;
        while k < out.len() {
            let at = Point::new((x0 + k as i64) as f64 + 0.5, row as f64 + 0.5);
            let place = self.look(at, 0, with_area);
            let s = self.distance(&place);
            let (full, none) = (inner - s - field.half_diagonal, s - outer - field.half_diagonal);
            if full >= 0.0 || none >= 0.0 {
                // The distance grows by no more than one for each pixel of the plate: as many columns are alike.
                let alike = 1 + (full.max(none) / field.steps[0].hypot()) as usize;
                let end = out.len().min(k.saturating_add(alike));
                if full >= 0.0 {
                    out[k..end].fill(1.0);
                }
                k = end;
                continue;
            }
            let near_end = (s - inner).abs().min((s - outer).abs()) < field.half_diagonal;
            let mut value =
                if near_end || field.narrow { self.in_parts(at, with_area, sweep) } else { self.value(&place, 1.0) };
            // Of two parts of a pixel, only a closer look tells how much they share.
            if field.area_drawn && value > 0.0 && out[k] > 0.0 && value < 1.0 && out[k] < 1.0 {
                value = self.in_parts(at, true, sweep);
            }
            out[k] = out[k].max(value);
            k += 1;
        }
    }

    /// The mean over the parts of the pixel with this middle.
    fn in_parts(&mut self, middle: Point, with_area: bool, sweep: &mut Sweep) -> f64 {
        let parts = self.field.parts;
        let offset = |part: usize| (part as f64 + 0.5) / parts as f64 - 0.5;
        if self.field.area.is_some() && with_area && !self.parts_ready {
            for part in 0..parts {
                sweep.spans(middle.y + offset(part), &mut self.spans[1 + part]);
            }
            self.parts_ready = true;
        }
        let mut sum = 0.0;
        for row in 0..parts {
            for column in 0..parts {
                let place = self.look(middle + Vec2::new(offset(column), offset(row)), 1 + row, with_area);
                sum += self.value(&place, 1.0 / parts as f64);
            }
        }
        sum / (parts * parts) as f64
    }

    fn look(&mut self, at: Point, line: usize, with_area: bool) -> Place {
        let field = self.field;
        let in_plate = field.to_plate * at;
        let mut find = |tree: &SegmentTree, which: usize| {
            let nearest = tree.nearest(in_plate, self.near[which]);
            self.near[which] = nearest.index;
            (nearest.distance(), tree.normal(&nearest))
        };
        let area = field.area.as_ref().filter(|_| with_area).map(|tree| find(tree, 0));
        let stroke = field.strokes.as_ref().map(|tree| find(tree, 1));
        let spans = &self.spans[line];
        let before = spans.partition_point(|span| span.0 <= at.x);
        let inside = before > 0 && at.x < spans[before - 1].1;
        let area = area.map(|(distance, normal)| (if inside { -distance } else { distance } - field.grow, normal));
        Place { area, stroke }
    }

    /// The signed distance of a place from all that is drawn.
    fn distance(&self, place: &Place) -> f64 {
        let area = place.area.map_or(f64::INFINITY, |(distance, _)| distance);
        area.min(place.stroke.map_or(f64::INFINITY, |(distance, _)| distance - self.field.radius))
    }

    /// The mean over a square around a place, `side` pixels of the output wide.
    fn value(&self, place: &Place, side: f64) -> f64 {
        let field = self.field;
        let slope = |normal: Vec2| field.steps.map(|step| side * normal.dot(step));
        let area = place.area.map_or(0.0, |(s, normal)| field.profile.of_area(s, slope(normal)));
        let stroke = place.stroke.map_or(0.0, |(d, normal)| field.profile.of_stroke(d, field.radius, slope(normal)));
        area.max(stroke)
    }
}
