//! What both sides know of properties.

/// The type of one property's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyType {
    /// `void *`
    Pointer,
    /// `char *`
    String,
    /// `double`
    Double,
    /// `int`
    Int,
}
