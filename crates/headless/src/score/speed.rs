//! Milliseconds a frame with two threads.
//!
//! The network takes its number of threads from the environment when the node is loaded, so the time is measured in a
//! process of its own.

use super::folder::Shot;
use super::node::{Network, ScoredNode};
use crate::cli::ScoreToneArgs;
use crate::error::{Error, Result};
use crate::report::{Terminal, interrupted};
use crate::source::FileSource;
use imaging::metrics::percentile;
use ofx_sdk::host::{ClipInfo, HostImage, Source};
use ofx_sdk::{RectD, RectI, RenderScale};
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
    // A bit that the network's picture does not show would find the answer of the frame before.
    command.env("ROTOCEL_CACHE_MB", "0");
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
    if interrupted() {
        return Err(Error::Stopped);
    }
    let told = String::from_utf8_lossy(&output.stdout);
    match told.trim().parse() {
        Ok(milliseconds) if output.status.success() => Ok(milliseconds),
        _ => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

/// The same, in this process: what the one that is started does.
///
/// Each frame is rendered once untimed, so that no file is read while the clock runs, and then with one other bit, so that
/// nothing is remembered of it, nor of a neighbor that is equal to it.
///
/// # Errors
/// See [`Error`].
pub fn here(shot: &Shot, network: &Network, args: &ScoreToneArgs, terminal: &Arc<Terminal>) -> Result<f64> {
    let node = ScoredNode::open(shot, network, args, Some(THREADS), terminal)?;
    let files = node.session.main_source().cloned();
    let files = files.ok_or_else(|| Error::Plugin("the node has no clip Source".into()))?;
    let again = if shot.frames.len() == 1 { TIMES_OF_A_STILL } else { 1 };
    let mut times = Vec::new();
    for &frame in shot.frames.iter().take(TIMED) {
        timed(&node, frame)?;
        for _ in 0..again {
            node.feed(Arc::new(Touched { files: files.clone(), frame, bits: times.len() as u8 + 1 }))?;
            times.push(timed(&node, frame)?);
        }
        node.feed(files.clone())?;
    }
    median(&mut times).ok_or_else(|| Error::Plugin(format!("{} has no frame to time", shot.name)))
}

/// The time in the middle, or the mean of the two there; `None` of none.
fn median(times: &mut [f64]) -> Option<f64> {
    percentile(times, 50.0).ok().flatten()
}

/// Files of a clip, one frame of which has other low bits in its first value.
struct Touched {
    files: Arc<FileSource>,
    frame: i64,
    bits: u8,
}

impl Source for Touched {
    fn info(&self) -> ClipInfo {
        self.files.info()
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.files.region_of_definition(time)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        let mut image = self.files.frame(time, scale, region)?;
        if time.round() as i64 == self.frame
            && let Some(byte) = image.data.first_mut()
        {
            *byte ^= self.bits;
        }
        Ok(image)
    }
}

fn timed(node: &ScoredNode, frame: i64) -> Result<f64> {
    let start = Instant::now();
    node.rendered(frame)?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_lies_between_the_two_in_the_middle() {
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 2.0]), Some(3.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median(&mut [7.0]), Some(7.0));
        assert_eq!(median(&mut []), None);
    }
}
