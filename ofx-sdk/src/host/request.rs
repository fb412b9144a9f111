//! What is asked of a render.

use crate::{Depth, Field, RectI, RenderScale};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

/// One frame to render.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderRequest {
    /// Frame.
    pub time: f64,
    /// Pixels per canonical pixel.
    pub scale: RenderScale,
    /// Pixels at that scale; `None` renders the whole region of definition. Cut to the region of definition.
    pub window: Option<RectI>,
    /// Side of the square tiles that the window is cut into; `None` renders it in one piece.
    pub tile: Option<u32>,
    /// Which lines.
    pub field: Field,
    /// Planes by full name or by the name within it; empty renders color.
    pub planes: Vec<String>,
    /// Depth of the result; `None` leaves the output clip's.
    pub depth: Option<Depth>,
    /// Whether an artist changes something just now.
    pub interactive: bool,
    /// Whether speed matters more than quality.
    pub draft: bool,
    /// Ask for identity first, and copy the input where the plug-in says so.
    pub ask_identity: bool,
}

impl Default for RenderRequest {
    fn default() -> Self {
        Self {
            time: 1.0,
            scale: RenderScale::FULL,
            window: None,
            tile: None,
            field: Field::None,
            planes: Vec::new(),
            depth: None,
            interactive: false,
            draft: false,
            ask_identity: true,
        }
    }
}

impl RenderRequest {
    /// The whole frame at full resolution.
    pub fn at(time: f64) -> Self {
        Self { time, ..Self::default() }
    }
}

/// Asks an instance to stop what it renders, from any thread. It stays asked until [`AbortHandle::reset`].
#[derive(Clone, Debug, Default)]
pub struct AbortHandle(Arc<AbortState>);

#[derive(Debug)]
struct AbortState {
    asked: AtomicBool,
    /// Polls left until it asks by itself; negative for never.
    polls_left: AtomicI64,
    polls: AtomicI64,
}

impl Default for AbortState {
    fn default() -> Self {
        Self { asked: AtomicBool::new(false), polls_left: AtomicI64::new(-1), polls: AtomicI64::new(0) }
    }
}

impl AbortHandle {
    /// Asks to stop.
    pub fn abort(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
    }

    /// Asks to stop at the plug-in's poll number `polls`, counted from now: 0 is the next one.
    pub fn abort_at_poll(&self, polls: u32) {
        self.0.polls_left.store(i64::from(polls), Ordering::SeqCst);
    }

    /// Whether it is asked to stop.
    pub fn is_aborted(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// How often plug-ins have polled.
    pub fn polls(&self) -> u64 {
        self.0.polls.load(Ordering::SeqCst).unsigned_abs()
    }

    /// Lets the next render run.
    pub fn reset(&self) {
        self.0.polls_left.store(-1, Ordering::SeqCst);
        self.0.asked.store(false, Ordering::SeqCst);
    }

    /// One poll of the plug-in.
    pub(crate) fn poll(&self) -> bool {
        self.0.polls.fetch_add(1, Ordering::SeqCst);
        let countdown = self.0.polls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n >= 0).then(|| n - 1));
        if countdown == Ok(0) {
            self.abort();
        }
        self.is_aborted()
    }
}
