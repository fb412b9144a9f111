//! Mattes against supersampling, against closed forms, and against themselves in tiles and at other scales.

mod exactness;
mod invariance;
mod shapes;
mod soft_edges;
