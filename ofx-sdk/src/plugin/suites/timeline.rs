//! The time line suite.

use super::{EffectHandle, Suites, check, function};
use crate::{FrameRange, Result};

impl Suites {
    pub(crate) fn timeline_time(&self, effect: EffectHandle) -> Result<f64> {
        let get = function(self.timeline.as_ref(), "getTime", |s| s.getTime)?;
        let mut time = 0.0;
        // SAFETY: see the module; `time` outlives the call.
        let status = unsafe { get(effect.untyped(), &mut time) };
        check(status, "getTime", String::new).map(|()| time)
    }

    pub(crate) fn timeline_go_to(&self, effect: EffectHandle, time: f64) -> Result<()> {
        let go = function(self.timeline.as_ref(), "gotoTime", |s| s.gotoTime)?;
        // SAFETY: see the module.
        let status = unsafe { go(effect.untyped(), time) };
        check(status, "gotoTime", || time.to_string())
    }

    pub(crate) fn timeline_bounds(&self, effect: EffectHandle) -> Result<FrameRange> {
        let get = function(self.timeline.as_ref(), "getTimeBounds", |s| s.getTimeBounds)?;
        let mut range = FrameRange::default();
        // SAFETY: see the module; `range` outlives the call.
        let status = unsafe { get(effect.untyped(), &mut range.min, &mut range.max) };
        check(status, "getTimeBounds", String::new).map(|()| range)
    }
}
