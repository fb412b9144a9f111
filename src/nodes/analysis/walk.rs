//! The walk over the frames of a shot.

use ofx_sdk::plugin::Instance;
use ofx_sdk::{Error, Result};

/// How a walk ended.
#[derive(Debug)]
pub enum End {
    /// Every frame was visited.
    Done,
    /// The artist asked to stop; the frames before were visited.
    Cancelled,
    /// A frame failed; the frames before were visited.
    Failed(i64, Error),
}

/// Visits the frames in their order, with the host's progress bar and its Cancel. A host without them walks all the same.
/// No lock may be held: hosts draw, and call back, while a bar is shown.
pub fn walk(instance: &Instance, label: &str, frames: &[i64], mut visit: impl FnMut(i64) -> Result<()>) -> End {
    match search(instance, label, frames, |frame| visit(frame).map(|()| None::<()>)) {
        Ok(_) => End::Done,
        Err(end) => end,
    }
}

/// As [`walk`], until `visit` has found something; `None` where it found nothing.
///
/// # Errors
/// Any other end than [`End::Done`].
pub fn search<T>(
    instance: &Instance,
    label: &str,
    frames: &[i64],
    mut visit: impl FnMut(i64) -> Result<Option<T>>,
) -> std::result::Result<Option<T>, End> {
    if frames.is_empty() {
        return Ok(None);
    }
    let progress = instance.progress(label);
    for (nth, &frame) in frames.iter().enumerate() {
        let stopped = instance.aborted() || progress.update(nth as f64 / frames.len() as f64).is_err();
        if stopped {
            return Err(End::Cancelled);
        }
        match visit(frame) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(Error::Aborted) => return Err(End::Cancelled),
            Err(error) => return Err(End::Failed(frame, error)),
        }
    }
    // A Cancel that comes with the last frame stops nothing any more.
    let _ = progress.update(1.0);
    Ok(None)
}
