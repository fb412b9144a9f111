//! Rotocel.
