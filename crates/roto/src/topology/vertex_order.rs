use serde::{Deserialize, Serialize};

use crate::{BezierShape, Vertex};

/// How the vertices of one description of a curve become those of another: the same curve begun elsewhere, and perhaps
/// run through backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VertexOrder {
    /// Whether the curve is run through backwards; then each vertex's handles change places.
    pub reversed: bool,
    /// Index in the result of the source's vertex 0.
    pub first: usize,
}

impl VertexOrder {
    /// The order that changes nothing.
    pub const SAME: Self = Self { reversed: false, first: 0 };

    /// The order in which source vertex `i` becomes vertex `places[i]`. `None` when that is neither a rotation nor a
    /// reversal of all `places.len()` vertices; an open curve cannot begin elsewhere than at an end.
    pub fn from_places(places: &[usize], closed: bool) -> Option<Self> {
        let count = places.len();
        Self::all(count, closed).find(|order| (0..count).all(|source| order.place(source, count) == places[source]))
    }

    /// Every order of `count` vertices, those that keep the direction first.
    pub(crate) fn all(count: usize, closed: bool) -> impl Iterator<Item = Self> {
        [false, true].into_iter().flat_map(move |reversed| {
            let firsts = match (closed, reversed) {
                (true, _) => 0..count,
                (false, false) => 0..count.min(1),
                (false, true) => count.saturating_sub(1)..count,
            };
            firsts.map(move |first| Self { reversed, first })
        })
    }

    /// Index in the result of vertex `source` among `count`.
    pub fn place(self, source: usize, count: usize) -> usize {
        let source = source % count.max(1);
        (self.first + if self.reversed { count - source } else { source }) % count.max(1)
    }

    /// The order that undoes this one on a curve of `count` vertices.
    pub fn inverse(self, count: usize) -> Self {
        match self.reversed {
            true => self,
            false => Self { reversed: false, first: (count - self.first % count.max(1)) % count.max(1) },
        }
    }

    /// The same curve with its vertices in this order.
    pub fn apply(self, shape: &BezierShape) -> BezierShape {
        let (source, count) = (shape.vertices(), shape.vertices().len());
        let mut vertices = source.to_vec();
        for (index, vertex) in source.iter().enumerate() {
            vertices[self.place(index, count)] = match self.reversed {
                true => Vertex { anchor: vertex.anchor, incoming: vertex.outgoing, outgoing: vertex.incoming },
                false => *vertex,
            };
        }
        shape.with_vertices(vertices)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::blob;

    #[test]
    fn reversing_swaps_handles_and_keeps_the_curve() {
        let shape = blob(5);
        let order = VertexOrder::from_places(&[3, 2, 1, 0, 4], true).expect("a reversal that begins elsewhere");
        assert_eq!(order, VertexOrder { reversed: true, first: 3 });
        let turned = order.apply(&shape);
        assert_eq!(turned.vertices()[3].anchor, shape.vertices()[0].anchor);
        assert_eq!(turned.vertices()[3].outgoing, shape.vertices()[0].incoming);
        assert!((turned.signed_area() + shape.signed_area()).abs() < 1e-9);
    }

    #[test]
    fn a_shuffle_is_no_order_and_an_open_curve_cannot_begin_inside() {
        assert_eq!(VertexOrder::from_places(&[0, 2, 1, 3], true), None);
        assert_eq!(VertexOrder::from_places(&[1, 2, 0], false), None);
        assert_eq!(VertexOrder::from_places(&[2, 1, 0], false), Some(VertexOrder { reversed: true, first: 2 }));
    }

    proptest! {
        #[test]
        fn the_inverse_brings_every_vertex_back(count in 2_usize..12, first in 0_usize..12, reversed: bool) {
            let (shape, order) = (blob(count), VertexOrder { reversed, first: first % count });
            prop_assert_eq!(order.inverse(count).apply(&order.apply(&shape)), shape);
        }
    }
}
