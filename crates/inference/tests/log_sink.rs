//! A log sink is the one foreign code that the engine's own threads call. It may end the engine from there, or panic.

mod fixture;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use fixture::{config, engine, gray, model, never, request};
use inference::{Engine, Error};

static ENGINE: OnceLock<Engine> = OnceLock::new();
static SHUTDOWNS: AtomicUsize = AtomicUsize::new(0);
/// What the sink does with the next record.
static NEXT: Mutex<Mischief> = Mutex::new(Mischief::None);
/// The sink belongs to one test at a time.
static TURN: Mutex<()> = Mutex::new(());

#[derive(Clone, Copy)]
enum Mischief {
    None,
    Shutdown,
    Panic,
}

struct Sink;

impl log::Log for Sink {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut next = NEXT.lock().unwrap();
        // The engine's own line in the thread that runs the network.
        if !record.args().to_string().contains("runs on") {
            return;
        }
        let now = std::mem::replace(&mut *next, Mischief::None);
        drop(next);
        match now {
            Mischief::None => {}
            Mischief::Panic => panic!("the log is full"),
            Mischief::Shutdown => {
                ENGINE.get().unwrap().shutdown();
                SHUTDOWNS.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    fn flush(&self) {}
}

fn turn() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if log::set_logger(&Sink).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
    turn
}

#[test]
fn a_log_sink_may_shut_the_engine_down_from_within_a_run() {
    let _turn = turn();
    let slow = model(&engine(), "tiny_slow.onnx");
    let engine = ENGINE.get_or_init(|| Engine::new(config()));
    *NEXT.lock().unwrap() = Mischief::Shutdown;
    std::thread::scope(|scope| {
        // Two runs on one session: one opens it, and logs; the other waits for its turn.
        let callers = [0.1, 0.2].map(|value| {
            let request = request(&slow, gray(512, 512, value));
            scope.spawn(move || engine.infer(request, &never))
        });
        for caller in callers {
            // A caller who came after the shutdown is served as ever.
            let outcome = caller.join().unwrap();
            assert!(matches!(outcome, Err(Error::Aborted) | Ok(_)), "{outcome:?}");
        }
    });
    assert_eq!(SHUTDOWNS.load(Ordering::SeqCst), 1);
    assert!(engine.infer(request(&slow, gray(16, 16, 0.1)), &never).is_ok());
    engine.shutdown();
    assert_eq!((engine.stats().sessions, engine.stats().flights), (0, 0));
}

#[test]
fn a_panic_in_the_thread_that_runs_is_an_error_and_the_next_run_works() {
    let _turn = turn();
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    *NEXT.lock().unwrap() = Mischief::Panic;
    let error = engine.infer(request(&tone, gray(16, 16, 0.1)), &never).unwrap_err();
    assert!(matches!(error, Error::Panic { .. }), "{error}");
    assert!(error.to_string().contains("the log is full"), "{error}");
    assert_eq!((engine.stats().sessions, engine.stats().flights), (0, 0));
    engine.infer(request(&tone, gray(16, 16, 0.1)), &never).unwrap();
}
