//! What a frame costs through the built bundle, beside the bare network on the same tensors in the same run: first
//! render, next frames, a change of the edge softness; resident memory; every stage, beside the time that its bytes need
//! at the speed of this machine's memory.
//!
//! Every row is a process of its own, so that memory is the row's. `cargo xtask bench` builds what it measures.

mod child;
mod table;

#[path = "../sizes/mod.rs"]
mod sizes;
#[path = "../../tests/stage/mod.rs"]
mod stage;

use serde::{Deserialize, Serialize};
use sizes::{SIZES, Size};
use std::process::{Command, Stdio};

/// Set in a row's process: what to measure.
const ROLE: &str = "ROTOCEL_FOOTPRINT";

/// What a row's process measured. Times are milliseconds, memory is bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// The first frame, sessions and all.
    pub first: f64,
    /// The median of the frames after it, each new to the network: of the node, its render action without the host's
    /// own work.
    pub steady: f64,
    /// The median after a change of the edge softness alone.
    pub changed: f64,
    /// The largest resident size.
    pub peak: f64,
    /// The resident size at the end.
    pub resident: f64,
    /// Bytes a second that a copy moves, reads and writes counted.
    pub bandwidth: f64,
    /// The stages of the last frame that was new to the network, on one thread.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// What a device check of CUDA says.
    #[serde(default)]
    pub cuda: String,
}

/// A stage of a render, as the node reports it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// As the node calls it.
    pub name: String,
    /// Milliseconds.
    pub time: f64,
    /// How many.
    pub allocations: f64,
    /// Bytes of them.
    pub bytes: f64,
}

fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        let mut words = role.split(' ');
        let mut next = || words.next().expect("a role has four words");
        let (role, size, threads) = (next(), next(), next());
        let size = SIZES.into_iter().find(|known| known.name == size).expect("a size of the table");
        let threads = threads.parse().expect("a number of threads");
        let measured = if role == "bare" { child::bare(size) } else { child::node(size, threads) };
        println!("{}", serde_json::to_string(&measured).expect("plain figures"));
        return;
    }
    // As criterion: a word of the command line picks benchmarks by name.
    if std::env::args().skip(1).any(|word| !word.starts_with('-') && !"footprint".contains(&word)) {
        return;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let rows: Vec<_> = SIZES
        .into_iter()
        .map(|size| {
            let bare = measure("bare", size, threads);
            let node = measure("node", size, threads);
            // Stages are sums over threads, so they are measured on one.
            let stages = measure("node", size, 1).stages;
            table::Row { size, bare, node: Measured { stages, ..node } }
        })
        .collect();
    print!("{}", table::table(&rows, threads));
}

/// Runs a row in a process of its own.
fn measure(role: &str, size: Size, threads: usize) -> Measured {
    eprintln!("measuring {role} at {} with {threads} threads", size.name);
    let output = Command::new(std::env::current_exe().expect("this program"))
        .env(ROLE, format!("{role} {} {threads}", size.name))
        .env("ROTOCEL_LOG", "debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("this program runs");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{role} at {} failed:\n{log}", size.name);
    let mut measured: Measured = serde_json::from_slice(&output.stdout).expect("a row's figures");
    if role == "node" {
        let reports: Vec<_> = log.lines().filter_map(report).collect();
        let [first, rest @ ..] = &reports[..] else { panic!("the node has reported nothing:\n{log}") };
        let runs_network = |(_, stages): &&(f64, Vec<Stage>)| stages.iter().any(|s| s.name == "model" && s.time > 0.0);
        let (new, changed): (Vec<_>, Vec<_>) = rest.iter().partition(runs_network);
        measured.first = first.0;
        measured.steady = child::median(new.iter().map(|report| report.0).collect());
        measured.changed = child::median(changed.iter().map(|report| report.0).collect());
        measured.stages = new.last().expect("a frame that is new to the network").1.clone();
    }
    measured
}

/// Reads `… render 12.345 ms, stages: hash 1.295 ms 8 allocations 508 bytes, convert …`: the time and the stages.
fn report(line: &str) -> Option<(f64, Vec<Stage>)> {
    let (before, stages) = line.split_once(" ms, stages: ")?;
    let (_, time) = before.rsplit_once(' ')?;
    let number = |text: &str| text.parse::<f64>().ok();
    let stage = |text: &str| {
        let words: Vec<&str> = text.split(' ').collect();
        let [name, time, _, allocations, _, bytes, _] = words[..] else { return None };
        Some(Stage {
            name: name.to_owned(),
            time: number(time)?,
            allocations: number(allocations)?,
            bytes: number(bytes)?,
        })
    };
    Some((number(time)?, stages.split(", ").filter_map(stage).collect()))
}
