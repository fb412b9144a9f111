use kurbo::{Affine, BezPath, CubicBez, Point, Rect, Shape as _, Vec2};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A point that a curve passes through, with its two handles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vertex {
    /// Where the curve passes, in pixels.
    pub anchor: Point,
    /// The handle of the segment that ends here, relative to `anchor`; it normally points backwards.
    pub incoming: Vec2,
    /// The handle of the segment that begins here, relative to `anchor`.
    pub outgoing: Vec2,
}

impl Vertex {
    /// A vertex without handles: both of its segments leave it straight.
    pub fn corner(anchor: Point) -> Self {
        Self { anchor, incoming: Vec2::ZERO, outgoing: Vec2::ZERO }
    }

    /// The vertex between this one (`share` 0) and `other` (`share` 1): anchor and both handles go straight, as hosts
    /// interpolate keys.
    pub fn lerp(self, other: Self, share: f64) -> Self {
        Self {
            anchor: self.anchor.lerp(other.anchor, share),
            incoming: self.incoming.lerp(other.incoming, share),
            outgoing: self.outgoing.lerp(other.outgoing, share),
        }
    }

    fn is_finite(self) -> bool {
        self.anchor.is_finite() && self.incoming.is_finite() && self.outgoing.is_finite()
    }

    fn reversed(self) -> Self {
        Self { anchor: self.anchor, incoming: self.outgoing, outgoing: self.incoming }
    }
}

/// A cubic Bézier curve through vertices: closed, as an eye is, or open, as a seam is.
///
/// ```
/// use kurbo::Point;
/// use roto::{BezierShape, Vertex};
///
/// let corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 2.0)].map(|at| Vertex::corner(Point::from(at)));
/// let triangle = BezierShape::new(corners.into(), true)?;
/// assert_eq!(triangle.segments().count(), 3);
/// assert_eq!(triangle.signed_area(), 4.0);
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct BezierShape {
    closed: bool,
    vertices: Vec<Vertex>,
}

/// What a file says, before it is checked.
#[derive(Deserialize)]
struct Fields {
    closed: bool,
    vertices: Vec<Vertex>,
}

impl TryFrom<Fields> for BezierShape {
    type Error = Error;

    fn try_from(fields: Fields) -> Result<Self> {
        Self::new(fields.vertices, fields.closed)
    }
}

impl BezierShape {
    /// A shape through `vertices`, in order.
    ///
    /// # Errors
    /// [`Error::TooFewVertices`] for less than two vertices, [`Error::NotFinite`] for a coordinate that is no number.
    pub fn new(vertices: Vec<Vertex>, closed: bool) -> Result<Self> {
        const NEEDED: usize = 2;
        if vertices.len() < NEEDED {
            return Err(Error::TooFewVertices { closed, needed: NEEDED, found: vertices.len() });
        }
        match vertices.iter().position(|vertex| !vertex.is_finite()) {
            Some(vertex) => Err(Error::NotFinite { vertex }),
            None => Ok(Self { closed, vertices }),
        }
    }

    /// The vertices, in order.
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    /// The same kind of curve through vertices that were taken from checked ones.
    pub(crate) fn with_vertices(&self, vertices: Vec<Vertex>) -> Self {
        Self { closed: self.closed, vertices }
    }

    /// Whether the last vertex is joined to the first.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The cubic pieces between neighboring vertices, the closing one last.
    pub fn segments(&self) -> impl Iterator<Item = CubicBez> + '_ {
        let count = self.vertices.len();
        let pieces = if self.closed { count } else { count - 1 };
        (0..pieces).map(move |k| {
            let (from, to) = (self.vertices[k], self.vertices[(k + 1) % count]);
            CubicBez::new(from.anchor, from.anchor + from.outgoing, to.anchor + to.incoming, to.anchor)
        })
    }

    /// The same curve for `kurbo`.
    pub fn to_path(&self) -> BezPath {
        let mut path = BezPath::new();
        path.move_to(self.vertices[0].anchor);
        for segment in self.segments() {
            path.curve_to(segment.p1, segment.p2, segment.p3);
        }
        if self.closed {
            path.close_path();
        }
        path
    }

    /// The smallest rectangle that holds the curve; handles may reach beyond it.
    pub fn bounding_box(&self) -> Rect {
        self.to_path().bounding_box()
    }

    /// The enclosed area in square pixels: positive when the curve runs clockwise on screen (rows down). An open curve counts as if
    /// a straight line closed it.
    pub fn signed_area(&self) -> f64 {
        let mut path = self.to_path();
        path.close_path();
        path.area()
    }

    /// The same curve run through backwards. A closed one keeps its first vertex.
    pub fn reversed(&self) -> Self {
        let mut vertices: Vec<_> = self.vertices.iter().rev().map(|vertex| vertex.reversed()).collect();
        if self.closed {
            vertices.rotate_right(1);
        }
        Self { closed: self.closed, vertices }
    }

    /// The shape moved, scaled, turned or sheared; handles follow.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when the transform takes a vertex out of the numbers.
    pub fn transformed(&self, by: Affine) -> Result<Self> {
        let turn = |handle: Vec2| (by * handle.to_point()) - (by * Point::ORIGIN);
        let vertices = self.vertices.iter().map(|vertex| Vertex {
            anchor: by * vertex.anchor,
            incoming: turn(vertex.incoming),
            outgoing: turn(vertex.outgoing),
        });
        Self::new(vertices.collect(), self.closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither symmetric nor regular, so that a swapped handle shows.
    fn leaf(closed: bool) -> BezierShape {
        let vertex = |x, y, ix, iy, ox, oy| Vertex {
            anchor: Point::new(x, y),
            incoming: Vec2::new(ix, iy),
            outgoing: Vec2::new(ox, oy),
        };
        let vertices = vec![
            vertex(1.0, 2.0, -0.5, 1.0, 1.0, -1.5),
            vertex(6.0, 1.0, -2.0, -0.5, 1.0, 0.25),
            vertex(5.0, 5.0, 1.5, -1.0, -2.0, 0.75),
        ];
        BezierShape::new(vertices, closed).expect("a fixture that holds")
    }

    #[test]
    fn a_closed_shape_has_as_many_segments_as_vertices_and_an_open_one_less() {
        assert_eq!(leaf(true).segments().count(), 3);
        assert_eq!(leaf(false).segments().count(), 2);
    }

    #[test]
    fn reversing_runs_the_same_curve_backwards() {
        for closed in [true, false] {
            let (forth, back) = (leaf(closed), leaf(closed).reversed());
            assert!((forth.signed_area() + back.signed_area()).abs() < 1e-12);
            let turned: Vec<_> = forth.segments().map(|s| CubicBez::new(s.p3, s.p2, s.p1, s.p0)).collect();
            assert!(back.segments().all(|segment| turned.contains(&segment)));
            assert_eq!(back.reversed(), forth);
        }
    }

    #[test]
    fn a_transform_takes_handles_along_without_moving_them_twice() {
        let by = Affine::translate((10.0, 20.0)) * Affine::rotate(0.5) * Affine::scale(3.0);
        let (moved, path) = (leaf(true).transformed(by).expect("a finite transform"), by * leaf(true).to_path());
        assert!((moved.signed_area() - path.area()).abs() < 1e-9);
        assert!((moved.bounding_box().x0 - path.bounding_box().x0).abs() < 1e-9);
    }

    #[test]
    fn one_vertex_and_wild_numbers_are_no_shape() {
        let one = BezierShape::new(vec![Vertex::corner(Point::ORIGIN)], true);
        assert_eq!(one, Err(Error::TooFewVertices { closed: true, needed: 2, found: 1 }));
        let wild = vec![Vertex::corner(Point::ORIGIN), Vertex::corner(Point::new(f64::NAN, 0.0))];
        assert_eq!(BezierShape::new(wild, false), Err(Error::NotFinite { vertex: 1 }));
        let text = r#"{"closed":true,"vertices":[]}"#;
        assert!(serde_json::from_str::<BezierShape>(text).is_err());
    }
}
