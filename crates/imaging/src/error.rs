use crate::Window;

/// What an operation could not work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An array has another shape than the operation needs.
    #[error("{what}: the array has shape {found:?}, but {expected:?} is needed")]
    Shape {
        /// Which argument.
        what: &'static str,
        /// The shape that is needed, `[channels, height, width]`.
        expected: Vec<usize>,
        /// The shape that came.
        found: Vec<usize>,
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
    /// A window reaches beyond the area that it is cut from.
    #[error("{what}: the window {window} reaches beyond {bounds}")]
    Window {
        /// Which argument.
        what: &'static str,
        /// The window that came.
        window: Window,
        /// The area that it must lie in.
        bounds: Window,
    },
    /// The rows of an array are not contiguous in memory.
    #[error("{what}: the rows must be contiguous (stride 1 along x); call as_standard_layout() first")]
    Layout {
        /// Which argument.
        what: &'static str,
    },
}

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;
