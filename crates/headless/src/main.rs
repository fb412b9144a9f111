//! Rotocel.
fn main() {}
