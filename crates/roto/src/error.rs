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
    /// A topology contradicts itself.
    #[error("topology \"{topology}\": {reason}")]
    Topology {
        /// Name of the topology.
        topology: String,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// The layout of a foreign file contradicts itself or the topology.
    #[error("layout \"{layout}\": {reason}")]
    Layout {
        /// Name of the layout, or what names the table where none can be read.
        layout: String,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// A file in an exchange format does not say what it must.
    #[error("{format}, {place}: {reason}")]
    Exchange {
        /// Name of the format.
        format: &'static str,
        /// Where in the file.
        place: String,
        /// What was found, and what is expected.
        reason: String,
    },
    /// Landmarks or shapes do not belong to the topology that they came with.
    #[error("{what}: expected {expected}, found {found}; use the topology that they were made for")]
    Mismatch {
        /// What was counted or compared.
        what: String,
        /// What the topology says.
        expected: String,
        /// What there is.
        found: String,
    },
    /// A curve cannot be fitted to what was given.
    #[error("no curve can be fitted: {0}")]
    Fit(String),
    /// A number that describes something else than a coordinate is out of its range.
    #[error("{what} is {found}, expected {expected}")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// Its value.
        found: f64,
        /// The values that are allowed.
        expected: &'static str,
    },
}

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
