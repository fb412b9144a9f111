//! Knows whether a thread is inside the engine's own work, where it must not wait for other threads of the engine:
//! they may be waiting for what it holds. A log sink is called from there, and may call back.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The present thread does the engine's own work until this is dropped.
#[derive(Debug)]
pub(crate) struct Within(());

impl Within {
    pub(crate) fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self(())
    }

    pub(crate) fn is_entered() -> bool {
        DEPTH.get() > 0
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
