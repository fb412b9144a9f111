//! Progress of long work in [`Effect::changed`](super::Effect::changed), with the host's Cancel button.

use super::instance::Instance;
use crate::{Error, Result};

/// A progress bar of the host, gone when dropped. A host without one shows nothing.
#[doc(alias = "OfxProgressSuiteV1")]
#[must_use]
pub struct Progress<'a> {
    instance: &'a Instance,
    started: bool,
}

impl Instance {
    /// Shows a progress bar.
    pub fn progress(&self, label: &str) -> Progress<'_> {
        let started = self.handle().and_then(|handle| self.suites().start_progress(handle, label));
        let started = started.inspect_err(|e| log::debug!("{e}; {label} goes on without a progress bar")).is_ok();
        Progress { instance: self, started }
    }
}

impl Progress<'_> {
    /// Shows how much is done, 0-1. [`Error::Aborted`] once the artist asked to stop.
    pub fn update(&self, fraction: f64) -> Result<()> {
        let handle = self.instance.handle().map_err(|_| Error::Aborted)?;
        if !self.started {
            return Ok(());
        }
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        match self.instance.suites().update_progress(handle, fraction) {
            Err(Error::Aborted) => Err(Error::Aborted),
            Err(e) => {
                log::debug!("{e}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if !self.started {
            return;
        }
        if let Err(e) = self.instance.handle().and_then(|handle| self.instance.suites().end_progress(handle)) {
            log::debug!("{e}");
        }
    }
}
