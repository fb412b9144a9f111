//! Sessions and threads come and go. One test, because it looks at the threads of the whole process.
#![cfg(target_os = "linux")]

mod fixture;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use fixture::{config, eventually, gray, model, never, request};
use inference::{Engine, EngineConfig, Error, IDLE_TIME, ManualClock};

/// Threads that this crate has started, and those of an open session: they inherit the name of the one that opened it.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with("rotocel-")).collect()
}

#[test]
fn sessions_and_threads_live_as_long_as_they_are_needed() {
    let clock = Arc::new(ManualClock::default());
    let engine = Engine::new(EngineConfig { clock: clock.clone(), ..config() });
    let tone = model(&engine, "tiny_tone.onnx");
    let slow = model(&engine, "tiny_slow.onnx");
    let run = |value| engine.infer(request(&tone, gray(16, 16, value)), &never).unwrap();
    let some_janitor_rounds = || std::thread::sleep(Duration::from_millis(700));
    assert_eq!(engine.stats().sessions, 0, "sessions are opened on first use");

    // Without instances a session lives for half a minute after its last use.
    run(0.1);
    clock.advance(IDLE_TIME - Duration::from_secs(1));
    some_janitor_rounds();
    assert_eq!(engine.stats().sessions, 1);
    run(0.2);
    clock.advance(IDLE_TIME - Duration::from_secs(1));
    some_janitor_rounds();
    assert_eq!(engine.stats().sessions, 1, "a use starts the half minute anew");
    clock.advance(Duration::from_secs(1));
    eventually("the idle session is dropped", || engine.stats().sessions == 0);
    eventually("the janitor ends itself", || threads().is_empty());

    // While an instance is alive it stays, and nobody watches it.
    let instances = [engine.instance_guard(), engine.instance_guard()];
    run(0.3);
    clock.advance(IDLE_TIME * 10);
    eventually("only the session's second thread is left", || threads().len() == 1);
    assert_eq!((engine.stats().sessions, engine.stats().instances), (1, 2));
    assert!(engine.stats().cache_bytes > 0);
    drop(instances);
    assert_eq!((engine.stats().instances, engine.stats().cache_bytes), (0, 0), "results go with the last instance");
    eventually("the last instance takes the session along", || engine.stats().sessions == 0);

    // Who leaves before its turn on a session has come takes its thread along, and what it wanted to show.
    let leave = AtomicBool::new(false);
    let left = || leave.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let runs = engine.stats().runs;
        let long = scope.spawn(|| engine.infer(request(&slow, gray(1024, 1024, 0.3)), &left));
        // The janitor comes when the first has left.
        let at_work = || threads().into_iter().filter(|name| !name.starts_with("rotocel-session")).count();
        eventually("the long run, on two threads", || engine.stats().runs > runs && at_work() == 2);
        let polls = AtomicUsize::new(0);
        let soon = || polls.fetch_add(1, Ordering::Relaxed) > 1;
        for value in [0.1, 0.2, 0.3] {
            polls.store(0, Ordering::Relaxed);
            assert_eq!(engine.infer(request(&slow, gray(16, 16, value)), &soon).unwrap_err(), Error::Aborted);
        }
        eventually("nobody waits any more", || at_work() == 2);
        assert!(!long.is_finished(), "the long run goes on meanwhile");
        leave.store(true, Ordering::Relaxed);
        assert_eq!(long.join().unwrap().unwrap_err(), Error::Aborted);
    });
    engine.purge();
    eventually("the long run's thread ends", || threads().is_empty());

    // A purge drops sessions and results at once, instances or not.
    let instance = engine.instance_guard();
    run(0.4);
    assert!(engine.stats().cache_bytes > 0);
    engine.purge();
    assert_eq!((engine.stats().sessions, engine.stats().cache_bytes), (0, 0));
    assert!(!run(0.4).cached);

    // A purge while a network runs does not disturb the run, and the session goes with it.
    std::thread::scope(|scope| {
        let runs = engine.stats().runs;
        let running = scope.spawn(|| engine.infer(request(&slow, gray(256, 256, 0.3)), &never));
        eventually("the slow run", || engine.stats().runs > runs);
        engine.purge();
        assert_eq!(engine.stats().sessions, 0);
        running.join().unwrap().unwrap();
        assert_eq!(engine.stats().sessions, 0);
    });
    drop(instance);

    // A shutdown ends runs and threads, tells those who wait, and the engine works again afterwards.
    std::thread::scope(|scope| {
        let runs = engine.stats().runs;
        let waiting = scope.spawn(|| engine.infer(request(&slow, gray(1024, 1024, 0.3)), &never));
        eventually("the slow run", || engine.stats().runs > runs);
        engine.shutdown();
        assert_eq!(threads(), [""; 0]);
        assert_eq!(waiting.join().unwrap().unwrap_err(), Error::Aborted);
    });
    let stats = engine.stats();
    assert_eq!((stats.sessions, stats.flights, stats.cache_bytes), (0, 0, 0));
    assert!(!run(0.4).cached);

    // From within a poll of its own caller, too.
    let runs = engine.stats().runs;
    let abort = || {
        if engine.stats().runs > runs {
            engine.shutdown();
        }
        false
    };
    assert_eq!(engine.infer(request(&slow, gray(1024, 1024, 0.3)), &abort).unwrap_err(), Error::Aborted);
    run(0.5);
    engine.shutdown();
    engine.shutdown();
    assert_eq!(threads(), [""; 0]);

    // The process-wide engine is made once, after a failed attempt as well.
    assert!(Engine::existing().is_none());
    assert_eq!(Engine::global(|| Err(Error::Aborted)).unwrap_err(), Error::Aborted);
    let global = Engine::global(|| Ok(config())).unwrap();
    assert!(Arc::ptr_eq(&global, &Engine::global(|| panic!("made twice")).unwrap()));
    global.infer(request(&tone, gray(16, 16, 0.5)), &never).unwrap();
    Engine::existing().unwrap().shutdown();
    assert_eq!(threads(), [""; 0]);

    // An engine that is dropped takes its threads along.
    let last = Engine::new(config());
    last.infer(request(&tone, gray(16, 16, 0.5)), &never).unwrap();
    drop(last);
    assert_eq!(threads(), [""; 0]);
}
