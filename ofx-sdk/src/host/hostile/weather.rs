//! What holds during one sequence: its faults, as the host asks for them.

use super::{Cast, Fault, ImageLie, Mischief, PropertyLie, Step, SuiteLie, TextLie};
use crate::{RectD, Status, host::sync::lock};
use std::{
    cell::Cell,
    collections::BTreeSet,
    ffi::{CStr, CString},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The faults of the sequence that plays.
#[derive(Default)]
pub(super) struct Weather {
    pub faults: Vec<Fault>,
    calls: AtomicU64,
    polls: AtomicU64,
}

/// What a plug-in has been seen to use.
#[derive(Default)]
pub(super) struct Seen {
    suites: BTreeSet<(CString, i32)>,
    functions: BTreeSet<String>,
    properties: BTreeSet<CString>,
}

impl Seen {
    pub fn into_cast(self) -> Cast {
        Cast {
            suites: self.suites.into_iter().collect(),
            functions: self.functions.into_iter().collect(),
            properties: self.properties.into_iter().collect(),
            ..Cast::default()
        }
    }
}

/// Plays a step on the thread of a suite call.
type Reenter = Box<dyn Fn(&Step) + Send + Sync>;

/// The weather of now, which the hosts of a stage share.
#[derive(Default)]
pub(super) struct Sky {
    now: Mutex<Arc<Weather>>,
    seen: Mutex<Option<Seen>>,
    reenter: OnceLock<Reenter>,
    /// Instances that were destroyed so far.
    destroyed: AtomicU64,
}

thread_local! {
    /// How deep this thread is in calls that were made from inside suite functions.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// A plug-in that is called from inside a call may call again; the host does so no deeper than this.
const DEEPEST: u32 = 2;

impl Sky {
    pub fn set(&self, faults: Vec<Fault>) {
        *lock(&self.now) = Arc::new(Weather { faults, ..Weather::default() });
    }

    pub fn on_reenter(&self, play: impl Fn(&Step) + Send + Sync + 'static) {
        // The one stage that owns this sky sets it once.
        let _ = self.reenter.set(Box::new(play));
    }

    pub fn note_destroyed(&self) {
        self.destroyed.fetch_add(1, Ordering::Relaxed);
    }

    pub fn watch(&self) {
        *lock(&self.seen) = Some(Seen::default());
    }

    pub fn seen(&self) -> Seen {
        lock(&self.seen).take().unwrap_or_default()
    }

    fn now(&self) -> Arc<Weather> {
        Arc::clone(&lock(&self.now))
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        if let Some(seen) = &mut *lock(&self.seen) {
            note(seen);
        }
    }

    /// The answer in place of a suite function, as [`Interceptor`](crate::host::Interceptor) has it.
    pub fn call(&self, function: &str) -> Option<Status> {
        self.note(|seen| seen.functions.extend([function.to_owned()]));
        let weather = self.now();
        if weather.faults.is_empty() {
            return None;
        }
        let call = weather.calls.fetch_add(1, Ordering::Relaxed);
        let mut answer = None;
        for fault in &weather.faults {
            match fault {
                Fault::Call(name, status) if name == function => answer = Some(*status),
                Fault::CallOnce(nth, status) if *nth == call => answer = Some(*status),
                Fault::AbortAt(nth) if function == "abort" => {
                    // 1 is how the function says yes.
                    let asked = weather.polls.fetch_add(1, Ordering::Relaxed) >= *nth;
                    answer = asked.then_some(Status(1));
                }
                Fault::Reenter(nth, step) if *nth == call => {
                    let before = self.destroyed.load(Ordering::Relaxed);
                    self.play(step);
                    // The call was made with a good handle, which the host itself took back in the middle. What gives
                    // an image or memory back still finds it.
                    let gives_back = ["clipReleaseImage", "memoryFree"].contains(&function);
                    if self.destroyed.load(Ordering::Relaxed) != before && !gives_back {
                        answer = Some(Status::BAD_HANDLE);
                    }
                }
                _ => {}
            }
        }
        answer
    }

    fn play(&self, step: &Step) {
        let depth = DEPTH.get();
        if depth < DEEPEST
            && let Some(reenter) = self.reenter.get()
        {
            DEPTH.set(depth + 1);
            reenter(step);
            DEPTH.set(depth);
        }
    }

    fn find<T>(&self, select: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.now().faults.iter().find_map(select)
    }

    /// Whether every time but the current one is without a frame.
    pub fn has_only_this_frame(&self) -> bool {
        self.find(|fault| (*fault == Fault::OnlyThisFrame).then_some(())).is_some()
    }
}

impl Mischief for Sky {
    fn suite(&self, name: &CStr, version: i32) -> Option<SuiteLie> {
        self.note(|seen| seen.suites.extend([(name.to_owned(), version)]));
        self.find(|fault| match fault {
            Fault::Suite(n, v, lie) if n.as_c_str() == name && *v == version => Some(*lie),
            _ => None,
        })
    }

    fn property(&self, name: &CStr) -> Option<PropertyLie> {
        self.note(|seen| seen.properties.extend([name.to_owned()]));
        self.find(|fault| match fault {
            Fault::Property(n, lie) if n.as_c_str() == name => Some(*lie),
            _ => None,
        })
    }

    fn image(&self, clip: &str) -> Option<ImageLie> {
        self.find(|fault| match fault {
            Fault::Image(name, lie) if name == clip => Some(*lie),
            _ => None,
        })
    }

    fn region(&self) -> Option<RectD> {
        self.find(|fault| if let Fault::Region(region) = fault { Some(*region) } else { None })
    }

    fn text(&self) -> Option<TextLie> {
        self.find(|fault| if let Fault::Text(lie) = fault { Some(*lie) } else { None })
    }
}
