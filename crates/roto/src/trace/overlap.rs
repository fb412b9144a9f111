use kurbo::Point;

use super::outline::pairs;

/// What a closed contour holds, as spans of the middles of pixel rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Filled {
    first: i64,
    rows: Vec<Vec<f64>>,
}

impl Filled {
    pub(super) fn new(line: &[Point]) -> Self {
        let low = line.iter().map(|point| point.y).fold(f64::INFINITY, f64::min);
        let high = line.iter().map(|point| point.y).fold(f64::NEG_INFINITY, f64::max);
        let first = low.floor() as i64;
        let mut rows = vec![Vec::new(); (high.ceil() as i64 - first).max(0) as usize + 1];
        for (a, b) in pairs(line) {
            let (top, bottom) = if a.y < b.y { (a, b) } else { (b, a) };
            // Rows whose middle lies between the ends, the lower one left out, so that a vertex counts once.
            let (from, to) = ((top.y - 0.5).ceil() as i64, (bottom.y - 0.5).ceil() as i64);
            for row in from..to {
                let share = (row as f64 + 0.5 - top.y) / (bottom.y - top.y);
                if let Some(crossings) = rows.get_mut((row - first) as usize) {
                    crossings.push(top.x + (bottom.x - top.x) * share);
                }
            }
        }
        rows.iter_mut().for_each(|row| row.sort_by(f64::total_cmp));
        Self { first, rows }
    }

    /// The area of what both hold, in square pixels.
    pub(super) fn shared_area(&self, other: &Self) -> f64 {
        let first = self.first.max(other.first);
        let last = (self.first + self.rows.len() as i64).min(other.first + other.rows.len() as i64);
        (first..last)
            .map(|row| {
                shared_length(&self.rows[(row - self.first) as usize], &other.rows[(row - other.first) as usize])
            })
            .sum()
    }
}

/// The length of what both rows of spans hold.
fn shared_length(one: &[f64], other: &[f64]) -> f64 {
    let (mut a, mut b) = (one.chunks_exact(2).peekable(), other.chunks_exact(2).peekable());
    let mut sum = 0.0;
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        sum += (x[1].min(y[1]) - x[0].max(y[0])).max(0.0);
        if x[1] < y[1] {
            a.next()
        } else {
            b.next()
        };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_area_of_two_squares_is_that_of_their_overlap() {
        let square = |x: f64, y: f64| {
            Filled::new(&[(x, y), (x + 10.0, y), (x + 10.0, y + 10.0), (x, y + 10.0)].map(Point::from))
        };
        let one = square(0.0, 0.0);
        assert_eq!(one.shared_area(&one), 100.0);
        assert_eq!((one.shared_area(&square(6.5, 4.0)), square(6.5, 4.0).shared_area(&one)), (21.0, 21.0));
        assert_eq!(one.shared_area(&square(0.0, 30.0)), 0.0);
    }
}
