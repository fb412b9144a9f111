//! `cargo xtask soak`: what the tests run for short, run for long.

use anyhow::{Result, ensure};

use crate::{
    bundle::{self, Build},
    checks, process,
    stages::Stages,
    workspace::Workspace,
};

/// Tests that are run for long.
struct Part {
    name: &'static str,
    /// Test files.
    tests: &'static [&'static str],
    /// The variable of how often, and how often without `--minutes`.
    count: (&'static str, u64),
    /// The variable of how many minutes instead, where the tests know one.
    minutes: Option<&'static str>,
}

/// All of them, in the order in which they run.
const PARTS: &[Part] = &[
    Part {
        name: "load",
        tests: &["endurance"],
        count: ("ROTOCEL_LOAD", 10_000),
        minutes: Some("ROTOCEL_LOAD_MINUTES"),
    },
    Part {
        name: "hostile hosts, the SDK's test effect",
        tests: &["hostile_host"],
        count: (HOSTILE_COUNT, 1_000_000),
        minutes: Some(HOSTILE_MINUTES),
    },
    Part {
        name: "hostile hosts, the bundle",
        tests: &["hostile"],
        count: (HOSTILE_COUNT, 100_000),
        minutes: Some(HOSTILE_MINUTES),
    },
    Part {
        name: "damaged files",
        tests: &["damaged_pictures", "damaged_models", "damaged_readers"],
        count: ("ROTOCEL_FUZZ_COUNT", 20_000),
        minutes: None,
    },
];

const HOSTILE_COUNT: &str = "ROTOCEL_HOSTILE_COUNT";
const HOSTILE_MINUTES: &str = "ROTOCEL_HOSTILE_MINUTES";

/// More than fit into any number of minutes.
const ENDLESS: u64 = 1 << 40;

/// Builds the bundle, runs every part whose name holds `filter`, and prints the table.
///
/// # Errors
/// When a part failed.
pub fn soak(workspace: &Workspace, filter: Option<&str>, minutes: Option<u32>) -> Result<()> {
    let parts: Vec<_> = PARTS.iter().filter(|part| filter.is_none_or(|filter| part.name.contains(filter))).collect();
    let names = || PARTS.iter().map(|part| part.name).collect::<Vec<_>>().join("; ");
    ensure!(!parts.is_empty(), "no part has {} in its name: there are {}", filter.unwrap_or_default(), names());
    let mut stages = Stages::default();
    stages.run("bundle", || bundle::bundle(workspace, &Build::default()).map(drop));
    for part in parts {
        stages.run(part.name, || run(workspace, part, minutes));
    }
    Ok(stages.finish()?)
}

fn run(workspace: &Workspace, part: &Part, minutes: Option<u32>) -> Result<()> {
    let mut cargo = checks::cargo_test(workspace);
    for test in part.tests {
        cargo.args(["--test", test]);
    }
    let (variable, count) = part.count;
    match (part.minutes, minutes) {
        (Some(name), Some(minutes)) => {
            cargo.env(name, minutes.to_string()).env(variable, ENDLESS.to_string());
        }
        _ => {
            cargo.env(variable, count.to_string());
        }
    }
    // The bundle must find the library that lies in it, as in the ordinary run.
    if !part.tests.contains(&"damaged_models") {
        cargo.env_remove("ROTOCEL_ONNXRUNTIME");
    }
    // What is measured on the way is printed, one test after the other.
    process::run(cargo.args(["--", "--nocapture", "--test-threads", "1"]), "cargo test")
}
