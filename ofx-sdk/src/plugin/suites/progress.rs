//! The progress suite, both versions.

use super::{EffectHandle, Suites, c_text, check, function};
use crate::{Error, Result, Status};

impl Suites {
    pub(crate) fn start_progress(&self, effect: EffectHandle, label: &str) -> Result<()> {
        let label = c_text(label);
        let status = if let Some(start) = self.progress_v2.as_ref().and_then(|s| s.progressStart) {
            // SAFETY: see the module; the host copies the texts.
            unsafe { start(effect.untyped(), label.as_ptr(), c"".as_ptr()) }
        } else {
            let start = function(self.progress_v1.as_ref(), "progressStart", |s| s.progressStart)?;
            // SAFETY: as above.
            unsafe { start(effect.untyped(), label.as_ptr()) }
        };
        check(status, "progressStart", String::new)
    }

    /// Reports a fraction, 0-1. [`Error::Aborted`] where the artist asked to stop.
    pub(crate) fn update_progress(&self, effect: EffectHandle, fraction: f64) -> Result<()> {
        let v2 = self.progress_v2.as_ref().and_then(|s| s.progressUpdate);
        let update = match v2 {
            Some(update) => update,
            None => function(self.progress_v1.as_ref(), "progressUpdate", |s| s.progressUpdate)?,
        };
        // SAFETY: see the module.
        let status = unsafe { update(effect.untyped(), fraction) };
        if Status(status) == Status::REPLY_NO {
            return Err(Error::Aborted);
        }
        check(status, "progressUpdate", String::new)
    }

    pub(crate) fn end_progress(&self, effect: EffectHandle) -> Result<()> {
        let v2 = self.progress_v2.as_ref().and_then(|s| s.progressEnd);
        let end = match v2 {
            Some(end) => end,
            None => function(self.progress_v1.as_ref(), "progressEnd", |s| s.progressEnd)?,
        };
        // SAFETY: see the module.
        let status = unsafe { end(effect.untyped()) };
        check(status, "progressEnd", String::new)
    }
}
