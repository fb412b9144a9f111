//! The host library against a plug-in of plain C calls, and against what plug-ins do wrong.

#[macro_use]
#[path = "host/fixture.rs"]
mod fixture;
#[path = "host/parameters.rs"]
mod parameters;
#[path = "host/rendering.rs"]
mod rendering;
#[path = "host/suites.rs"]
mod suites;
#[path = "host/violations.rs"]
mod violations;
