//! A small logger for plug-ins, which share a program with others and have no place of their own to log to.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

struct StderrLogger;

impl log::Log for StderrLogger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("[{}] {}: {}\n", record.level(), record.target(), record.args());
            // Standard error may be closed in a program with windows; there is nowhere to say so.
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }

    fn flush(&self) {}
}

/// Sends what is logged through the `log` crate to standard error, unless a logger is installed already. The
/// environment variable names the level: `off`, `error`, `warn` (where it is not set), `info`, `debug` or `trace`.
/// Meant for [`Effect::load`](super::Effect::load); calling it again does nothing.
pub fn log_to_stderr(variable: &str) {
    static TRIED: AtomicBool = AtomicBool::new(false);
    if TRIED.swap(true, Ordering::AcqRel) {
        return;
    }
    if log::set_logger(&StderrLogger).is_ok() {
        let level = std::env::var(variable).ok().and_then(|level| level.trim().parse().ok());
        log::set_max_level(level.unwrap_or(log::LevelFilter::Warn));
    }
}
