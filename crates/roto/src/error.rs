/// What an operation could not work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A shape has too few vertices to be a curve.
    #[error("a shape that is {} needs at least {needed} vertices, but has {found}", if *.closed { "closed" } else { "open" })]
    TooFewVertices {
        /// Whether the shape is closed.
        closed: bool,
        /// The fewest vertices that make a curve.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A coordinate is infinite or not a number.
    #[error("vertex {vertex} of a shape has a coordinate that is not a finite number")]
    NotFinite {
        /// Index of the vertex.
        vertex: usize,
    },
}

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;
