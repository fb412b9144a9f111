//! The official OpenFX programs, built by `build.rs` from the source in the `openfx-sys` package.
#![forbid(unsafe_code)]

mod foreign_host;

pub use foreign_host::{ForeignHost, Row};

use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// The program that drives HostSupport; `None`, said loudly, where it could not be built.
pub fn foreign_host() -> Option<&'static Path> {
    built(option_env!("OFFICIAL_HOST")).map(Path::new)
}

/// The folder of the official examples; `None`, said loudly, where they could not be built.
pub fn examples() -> Option<&'static Path> {
    built(option_env!("OFFICIAL_EXAMPLES")).map(Path::new)
}

/// The bundle of an official example; `None` where it could not be built.
///
/// # Panics
/// When `build.rs` builds no such example.
pub fn example(name: &str) -> Option<PathBuf> {
    let bundle = examples()?.join(format!("{name}.ofx.bundle"));
    assert!(bundle.is_dir(), "build.rs builds no example {name}");
    Some(bundle)
}

fn built(place: Option<&'static str>) -> Option<&'static str> {
    if place.is_none() {
        // Not through `eprintln!`, whose text the test runner swallows when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "\nSKIPPED: the official OpenFX programs were not built; this test has proven nothing (see the warning of \
             the build: it wants Linux and a C++ compiler)"
        );
    }
    place
}
