//! Milliseconds a frame with two threads.
//!
//! The network takes its number of threads from the environment when the node is loaded, so the time is measured in a
//! process of its own.

use super::folder::Shot;
use super::node::{Network, ScoredNode};
use crate::cli::ScoreToneArgs;
use crate::error::{Error, Result};
use crate::report::Terminal;
use ofx_sdk::host::ParamValue;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// Threads of node and network.
const THREADS: u16 = 2;

/// Frames that are timed, at most.
const TIMED: usize = 8;

/// How often the only frame of a shot is timed.
const TIMES_OF_A_STILL: usize = 3;

/// The parameter that brightens what the network sees.
const EXPOSURE: &str = "exposure";

/// The median time of a frame at the shot's own size, in milliseconds, in a process with two threads.
///
/// # Errors
/// When the process cannot be started or fails.
pub fn milliseconds(shot: &Shot, network: &Network, args: &ScoreToneArgs) -> Result<f64> {
    let failed = |reason: String| Error::Plugin(format!("timing {}: {reason}", shot.name));
    let program = std::env::current_exe().map_err(|e| failed(e.to_string()))?;
    let mut command = Command::new(program);
    command.args(["score", "tone", "--time-here", "--node", &args.node]).arg(&shot.folder);
    command.env("ROTOCEL_THREADS", THREADS.to_string());
    let settings = &args.run.settings;
    for (flag, values) in [("--set", &settings.set), ("--press", &settings.press)] {
        for value in values {
            command.arg(flag).arg(value);
        }
    }
    let paths: [(&str, Option<&PathBuf>); 2] =
        [("--bundle", args.run.bundle.bundle.as_ref()), ("--load-params", settings.load_params.as_ref())];
    for (flag, path) in paths {
        if let Some(path) = path {
            command.arg(flag).arg(path);
        }
    }
    if let Network::File(path) = network {
        command.arg("--also").arg(path);
    }
    let output = command.output().map_err(|e| failed(e.to_string()))?;
    let told = String::from_utf8_lossy(&output.stdout);
    match told.trim().parse() {
        Ok(milliseconds) if output.status.success() => Ok(milliseconds),
        _ => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

/// The same, in this process: what the one that is started does.
///
/// Each frame is rendered once untimed, so that no file is read while the clock runs, and then a hair brighter, so that
/// nothing is remembered of it, nor of a neighbor that is equal to it. A node that cannot be told to brighten is timed by the
/// first rendering, reading included.
///
/// # Errors
/// See [`Error`].
pub fn here(shot: &Shot, network: &Network, args: &ScoreToneArgs, terminal: &Arc<Terminal>) -> Result<f64> {
    let node = ScoredNode::open(shot, network, args, Some(THREADS), terminal)?;
    let exposure = if node.has(EXPOSURE) { node.get(EXPOSURE)? } else { ParamValue::Bool(false) };
    let again = if shot.frames.len() == 1 { TIMES_OF_A_STILL } else { 1 };
    let (mut first, mut known) = (Vec::new(), Vec::new());
    for &frame in shot.frames.iter().take(TIMED) {
        first.push(timed(&node, frame)?);
        if let ParamValue::Double(stops) = exposure {
            for _ in 0..again {
                node.set(EXPOSURE, &ParamValue::Double(stops + 1e-4 * (known.len() + 1) as f64))?;
                known.push(timed(&node, frame)?);
            }
            node.set(EXPOSURE, &exposure)?;
        }
    }
    // The first frame of all opens the network's session.
    let mut times = if known.is_empty() { first.split_off(usize::from(first.len() > 1)) } else { known };
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn timed(node: &ScoredNode, frame: i64) -> Result<f64> {
    let start = Instant::now();
    node.mattes(frame)?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}
