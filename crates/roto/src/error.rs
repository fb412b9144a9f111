/// What an operation could not work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A shape has too few vertices to be a curve.
    #[error("a shape that is {} needs at least {needed} vertices, but has {found}", openness(*.closed))]
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
    /// A stored analysis or stored edits cannot be read, or not be written.
    #[error("stored {what}{place}: {reason}")]
    Stored {
        /// `analysis`, `edits`, or both where it cannot be told.
        what: &'static str,
        /// The frame, or empty.
        place: String,
        /// What was found, and what is expected.
        reason: String,
    },
    /// Two analyses, or two sets of edits, say different things of one place.
    #[error("the {what} cannot be merged: {reason}")]
    Merge {
        /// `analyses`, `edits` or `files`.
        what: &'static str,
        /// Where they differ, and what to do.
        reason: String,
    },
    /// A landmark, shape or vertex was asked for that the topology does not have.
    #[error("there is no {what}: topology \"{topology}\" has {count}, counted from 0")]
    NoSuchPoint {
        /// `landmark 7`, `shape 7` or `vertex 7 of shape 0`.
        what: String,
        /// Name of the topology.
        topology: String,
        /// How many it has.
        count: usize,
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
    /// A track has no key, or its last one was to be removed.
    #[error("a track needs at least one key; remove the whole shape instead")]
    NoKeys,
    /// A time is infinite or not a number.
    #[error("the time {value} of a key is not a finite number of frames")]
    Time {
        /// The time that came.
        value: f64,
    },
    /// Two keys stand at one time.
    #[error("two keys stand at frame {time}; keep one of them")]
    DuplicateKey {
        /// Their time in frames.
        time: f64,
    },
    /// A key's shape cannot be interpolated with the others of its track.
    #[error(
        "the key at frame {time} has {found} vertices ({}), but its track has {expected} ({}); \
         give all keys of a shape the same vertices",
        openness(*.found_closed), openness(*.expected_closed)
    )]
    KeyMismatch {
        /// The key's time in frames.
        time: f64,
        /// Vertices of the track's shapes.
        expected: usize,
        /// Vertices of the key's shape.
        found: usize,
        /// Whether the track's shapes are closed.
        expected_closed: bool,
        /// Whether the key's shape is closed.
        found_closed: bool,
    },
    /// No key stands at a time.
    #[error("no key stands at frame {time}; there is nothing to remove")]
    NoSuchKey {
        /// The time in frames.
        time: f64,
    },
    /// Two shapes of a shot have one name.
    #[error("two shapes of a shot are called {name:?}; rename one of them")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A range of frames ends before it begins.
    #[error("the frame range {first} to {last} ends before it begins; swap its ends")]
    FrameRange {
        /// First frame.
        first: i64,
        /// Last frame.
        last: i64,
    },
    /// A number lies outside the range that makes sense.
    #[error("{name} is {value}, but must be {range}")]
    Parameter {
        /// Which parameter.
        name: &'static str,
        /// The value that came.
        value: f64,
        /// The values that are allowed, in words.
        range: &'static str,
    },
    /// A transform from the plate to the output cannot be drawn through.
    #[error(
        "the transform {coefficients:?} cannot be drawn through; it needs an inverse, coefficients up to 1e6 either way \
         and an offset up to 1e9 pixels"
    )]
    Transform {
        /// The six coefficients of the affine map.
        coefficients: [f64; 6],
    },
    /// A frame has another number of landmarks than the first.
    #[error("frame {frame} has {found} landmarks, but frame 0 has {expected}; mark missing ones as not present")]
    LandmarkCount {
        /// Index of the frame.
        frame: usize,
        /// Landmarks of frame 0.
        expected: usize,
        /// Landmarks of this frame.
        found: usize,
    },
    /// Optical flow could not work with the pictures.
    #[error(transparent)]
    Imaging(#[from] imaging::Error),
}

fn openness(closed: bool) -> &'static str {
    if closed { "closed" } else { "open" }
}

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
