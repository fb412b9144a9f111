//! The plug-in side.
