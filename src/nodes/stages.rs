//! What the stages of a render cost, for who sets `ROTOCEL_LOG=debug` and for `cargo xtask bench`.
//!
//! Sums over all renders of the process since the last report, so a measurement renders one frame at a time. Work that
//! runs on several threads counts as often as there are threads.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A part of a render, in the order of their work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The hash of the host's pixels.
    Hash,
    /// From the host's pixels to display colors, top row first.
    Convert,
    /// Down to the size that the network sees.
    Resize,
    /// The network, with the wait for its turn.
    Model,
    /// Where each pixel lies in the frames around it.
    Motion,
    /// The logits of the frames around it.
    Fuse,
    /// From logits to mattes of the network's size.
    Softmax,
    /// The coefficients of the guided filter, at the network's size.
    Fit,
    /// From the network's size to the frame's.
    Upsample,
    /// Edge softness, clips, mask.
    Edge,
    /// From mattes to the host's pixels.
    Output,
}

impl Stage {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Hash, "hash"),
        (Self::Convert, "convert"),
        (Self::Resize, "resize"),
        (Self::Model, "model"),
        (Self::Motion, "motion"),
        (Self::Fuse, "fuse"),
        (Self::Softmax, "softmax"),
        (Self::Fit, "fit"),
        (Self::Upsample, "upsample"),
        (Self::Edge, "edge"),
        (Self::Output, "output"),
    ];

    /// Does `work` as this stage.
    pub fn time<T>(self, work: impl FnOnce() -> T) -> T {
        if !log::log_enabled!(log::Level::Debug) {
            return work();
        }
        let (start, before) = (Instant::now(), allocated());
        let result = work();
        let after = allocated();
        let sums = &SUMS[self as usize];
        sums.nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        sums.allocations.fetch_add(after.0.wrapping_sub(before.0), Ordering::Relaxed);
        sums.bytes.fetch_add(after.1.wrapping_sub(before.1), Ordering::Relaxed);
        result
    }
}

struct Sums {
    nanoseconds: AtomicU64,
    allocations: AtomicU64,
    bytes: AtomicU64,
}

static SUMS: [Sums; Stage::ALL.len()] =
    [const { Sums { nanoseconds: AtomicU64::new(0), allocations: AtomicU64::new(0), bytes: AtomicU64::new(0) } };
        Stage::ALL.len()];

/// Logs the milliseconds of a render that began at `start` and a line of every stage's milliseconds, allocations and
/// allocated bytes, and begins anew.
pub fn report(node: &str, start: Instant) {
    if !log::log_enabled!(log::Level::Debug) {
        return;
    }
    let mut line = String::new();
    for (stage, name) in Stage::ALL {
        let sums = &SUMS[stage as usize];
        let [nanoseconds, allocations, bytes] =
            [&sums.nanoseconds, &sums.allocations, &sums.bytes].map(|sum| sum.swap(0, Ordering::Relaxed));
        let _ = write!(line, " {name} {:.3} ms {allocations} allocations {bytes} bytes,", nanoseconds as f64 / 1e6);
    }
    let render = start.elapsed().as_secs_f64() * 1e3;
    log::debug!("{node}: render {render:.3} ms, stages:{}", line.trim_end_matches(','));
}

/// Allocations and bytes since the program began; zeros in the bundle that artists get, which does not count.
#[cfg(not(feature = "count-allocations"))]
fn allocated() -> (u64, u64) {
    (0, 0)
}

#[cfg(feature = "count-allocations")]
fn allocated() -> (u64, u64) {
    let stats = ALLOCATOR.stats();
    let count = stats.allocations + stats.reallocations;
    (count as u64, (stats.bytes_allocated + stats.bytes_reallocated.max(0) as usize) as u64)
}

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_named_in_their_own_order() {
        for (i, (stage, _)) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, i);
        }
    }
}
