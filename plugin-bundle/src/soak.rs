//! `cargo xtask soak`: what the tests run for short, run for long.

use anyhow::Result;

use crate::{
    bundle::{self, Build},
    checks, process,
    stages::Stages,
    workspace::Workspace,
};

/// One thing that is run for long.
struct Part {
    name: &'static str,
    /// Runs it whole, or for at most that many minutes.
    run: fn(&Workspace, Option<u32>) -> Result<()>,
}

/// All of them, in the order in which they run.
const PARTS: &[Part] = &[
    Part { name: "hostile hosts, the SDK's test effect", run: hostile_host },
    Part { name: "hostile hosts, the bundle", run: hostile_bundle },
];

/// Random lives that each test plays: ten times those of an ordinary run, and a hundred times.
const EFFECT_LIVES: u64 = 1_000_000;
const BUNDLE_LIVES: u64 = 100_000;

/// Builds the bundle, runs every part and prints the table.
///
/// # Errors
/// When a part failed.
pub fn soak(workspace: &Workspace, minutes: Option<u32>) -> Result<()> {
    let mut stages = Stages::default();
    stages.run("bundle", || bundle::bundle(workspace, &Build::default()).map(drop));
    for part in PARTS {
        stages.run(part.name, || (part.run)(workspace, minutes));
    }
    Ok(stages.finish()?)
}

fn hostile_host(workspace: &Workspace, minutes: Option<u32>) -> Result<()> {
    hostile(workspace, "hostile_host", EFFECT_LIVES, minutes)
}

fn hostile_bundle(workspace: &Workspace, minutes: Option<u32>) -> Result<()> {
    hostile(workspace, "hostile", BUNDLE_LIVES, minutes)
}

/// Plays `count` random lives in the hostile host of a test, or as many as fit into the minutes.
fn hostile(workspace: &Workspace, test: &str, count: u64, minutes: Option<u32>) -> Result<()> {
    let mut cargo = checks::cargo_test(workspace);
    cargo.args(["--test", test]).env("ROTOCEL_HOSTILE_COUNT", count.to_string());
    // The bundle must find the library that lies in it.
    cargo.env_remove("ROTOCEL_ONNXRUNTIME");
    if let Some(minutes) = minutes {
        cargo.env("ROTOCEL_HOSTILE_MINUTES", minutes.to_string());
    }
    process::run(&mut cargo, "cargo test")
}
