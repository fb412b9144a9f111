//! Link arguments of the plug-in and its version stamp. It downloads nothing.

use std::{path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target_os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target_os == "linux" {
        // Hosts dlclose plug-ins. Rust's thread-local destructors would then run in unmapped memory when a thread that
        // once called us ends, and crash the host.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // A symbol that no library defines fails here, and not in the artist's host.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,defs");
    }
    println!("cargo::rustc-env=ROTOCEL_VERSION={}", version());
}

/// The package version, and the commit where git knows it: `0.1.0+1a2b3c4`.
fn version() -> String {
    let package = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // A commit moves the branch that HEAD names, and only the log of HEAD changes with every commit.
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    match git(&["rev-parse", "--short=7", "HEAD"]) {
        Some(commit) => format!("{package}+{commit}"),
        None => package,
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
