//! What the person or the machine at the terminal is told.

use crate::sequence::FrameList;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ofx_sdk::host::{Message, MessageKind, Observer, Violation};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// Set by Ctrl-C, and by the signal with which farms end a job.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether the run was told to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// What being told to stop does the first time.
static STOP: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// Runs `stop` on the first Ctrl-C or SIGTERM, in place of what an earlier call gave; the second ends the process.
pub fn on_interrupt(stop: impl Fn() + Send + 'static) {
    *STOP.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(stop));
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if let Err(e) = ctrlc::set_handler(interrupt) {
            log::debug!("Ctrl-C is not handled: {e}");
        }
        handle_termination();
    });
}

fn interrupt() {
    if INTERRUPTED.swap(true, Ordering::SeqCst) {
        std::process::exit(i32::from(crate::error::EXIT_INTERRUPTED));
    }
    if let Some(stop) = STOP.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        stop();
    }
}

/// Farms end a job with SIGTERM. `ctrlc` can take it too, but then takes SIGHUP as well, which `nohup` has made harmless.
#[cfg(unix)]
fn handle_termination() {
    use signal_hook::{consts::SIGTERM, iterator::Signals};

    let handled = Signals::new([SIGTERM]).and_then(|mut signals| {
        let wait = move || signals.forever().for_each(|_| interrupt());
        std::thread::Builder::new().name("signals".to_owned()).spawn(wait)
    });
    if let Err(e) = handled {
        log::debug!("SIGTERM is not handled: {e}");
    }
}

#[cfg(not(unix))]
fn handle_termination() {}

/// Shows messages of plug-ins above the progress bar, each text once.
#[derive(Debug)]
pub struct Terminal {
    bar: ProgressBar,
    shown: Mutex<BTreeSet<String>>,
    /// Errors that are not shown, because somebody awaits them and will tell them.
    awaited: Mutex<Option<Vec<String>>>,
}

impl Terminal {
    /// A bar over `frames` frames; hidden where no person watches.
    pub fn new(frames: usize, hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(frames as u64), target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} frames  {per_sec}  ETA {eta}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, shown: Mutex::default(), awaited: Mutex::default() }
    }

    /// One frame more is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// How many frames there are to do.
    pub fn set_total(&self, frames: usize) {
        self.bar.set_length(frames as u64);
        self.bar.reset();
        self.bar.tick();
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Does something, and returns the errors that a plug-in posted meanwhile in place of showing them.
    pub fn awaiting_errors<T>(&self, act: impl FnOnce() -> T) -> (T, Vec<String>) {
        let awaited = || self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        *awaited() = Some(Vec::new());
        let done = act();
        (done, awaited().take().unwrap_or_default())
    }

    /// Takes the awaited errors that an answer holds: what was said of this failure, and of no other that came meanwhile.
    pub fn take_awaited(&self, answer: &str) -> Vec<String> {
        let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(said) = awaited.as_mut() else { return Vec::new() };
        let (mut taken, left): (Vec<_>, Vec<_>) =
            std::mem::take(said).into_iter().partition(|text| answer.contains(text.as_str()));
        *said = left;
        // Frames that are rendered at once fail of one reason.
        let mut told = BTreeSet::new();
        taken.retain(|text| told.insert(text.clone()));
        taken
    }

    /// Shows an error that nobody awaits any more.
    pub fn say_error(&self, text: &str) {
        self.say_once(&format!("{}: {text}", kind_name(MessageKind::Error)));
    }

    fn say_once(&self, line: &str) {
        if self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(line.to_owned()) {
            self.say(line);
        }
    }

    /// Writes a line to standard error.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Observer for Terminal {
    fn message(&self, message: &Message) {
        if message.cleared || message.text.is_empty() {
            return;
        }
        if let (MessageKind::Error | MessageKind::Fatal, Some(awaited)) =
            (message.kind, self.awaited.lock().unwrap_or_else(PoisonError::into_inner).as_mut())
        {
            awaited.push(message.text.clone());
            return;
        }
        self.say_once(&format!("{}: {}", kind_name(message.kind), message.text));
    }

    fn question(&self, message: &Message) -> bool {
        self.message(message);
        true
    }

    fn progress(&self, label: &str, fraction: f64) -> ControlFlow<()> {
        if interrupted() {
            return ControlFlow::Break(());
        }
        if !label.is_empty() {
            self.bar.set_message(format!("{label} {:.0} %", fraction * 100.0));
        }
        ControlFlow::Continue(())
    }
}

fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Fatal => "fatal",
        MessageKind::Error => "error",
        MessageKind::Warning => "warning",
        MessageKind::Message => "message",
        MessageKind::Log => "log",
        MessageKind::Question => "question",
    }
}

/// What a render did.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Identifier of the node.
    pub node: String,
    /// Frames written.
    pub frames: usize,
    /// Frames left out because their output exists.
    pub skipped: usize,
    /// Frames left out because an input is missing.
    pub missing: Vec<i64>,
    /// From the first render call to the last file.
    pub elapsed: Duration,
    /// The node's `status`, where it has one: the device that it runs on.
    pub status: Option<String>,
    /// Messages of the plug-in, each text once.
    pub messages: Vec<(MessageKind, String)>,
    /// What the plug-in did against the standard.
    pub violations: Vec<String>,
}

impl Summary {
    /// Takes the messages of a host, each text once and in order.
    pub fn add_messages(&mut self, messages: Vec<Message>) {
        for message in messages.into_iter().filter(|m| !m.cleared && !m.text.is_empty()) {
            let entry = (message.kind, message.text);
            if !self.messages.contains(&entry) {
                self.messages.push(entry);
            }
        }
    }

    /// Takes the violations of a host.
    pub fn add_violations(&mut self, violations: &[Violation]) {
        self.violations.extend(violations.iter().map(ToString::to_string));
    }

    /// Milliseconds a frame, reading and writing included; nothing where no frame was rendered.
    pub fn ms_per_frame(&self) -> Option<f64> {
        (self.frames > 0).then(|| self.elapsed.as_secs_f64() * 1000.0 / self.frames as f64)
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        let messages: Vec<Value> =
            self.messages.iter().map(|(kind, text)| json!({ "kind": kind_name(*kind), "text": text })).collect();
        json!({
            "node": self.node,
            "frames": self.frames,
            "skipped": self.skipped,
            "missing": self.missing,
            "seconds": self.elapsed.as_secs_f64(),
            "ms_per_frame": self.ms_per_frame(),
            "status": self.status,
            "peak_memory_mib": peak_memory_mib(),
            "messages": messages,
            "violations": self.violations.len(),
            "violation_details": self.violations,
        })
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}: {}", self.node, FrameList::count(self.frames));
        if self.skipped > 0 {
            let _ = write!(text, " ({} existed)", self.skipped);
        }
        if !self.missing.is_empty() {
            let _ = write!(text, " (left out for want of an input: {})", FrameList::describe(&self.missing));
        }
        if let Some(ms) = self.ms_per_frame() {
            let _ = write!(text, ", {ms:.0} ms a frame");
        }
        if let Some(mib) = peak_memory_mib() {
            let _ = write!(text, ", peak memory {mib:.0} MiB");
        }
        if let Some(status) = self.status.as_deref().filter(|s| !s.is_empty()) {
            let _ = write!(text, "\n{status}");
        }
        text.push('\n');
        text
    }

    /// Lines about what the plug-in did against the standard; the first ten, each once.
    pub fn violation_lines(&self) -> Vec<String> {
        const SHOWN: usize = 10;
        let distinct: BTreeSet<&String> = self.violations.iter().collect();
        let mut lines: Vec<String> =
            distinct.iter().take(SHOWN).map(|v| format!("warning: the plug-in breaks the standard: {v}")).collect();
        if distinct.len() > SHOWN {
            lines.push(format!("warning: and {} more", distinct.len() - SHOWN));
        }
        lines
    }
}

/// The most memory that this process has held, in MiB, where the system says.
pub fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}
