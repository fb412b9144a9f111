//! The engine on the real ONNX Runtime, with networks whose answers are known.

mod fixture;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use fixture::{config, engine, gray, model, never, request};
use inference::{Device, Engine, EngineConfig, Error, Fallback, Overrides, Provider, Request, Role};
use ndarray::Array3;

/// Logits of the tiny network for luma `y` and a subject of 0.5, in the order of its classes.
fn expected_logits(y: f32) -> [f32; 5] {
    [0.0, 80.0 * y - 32.5, 60.0 * y - 15.5, 40.0 * y - 6.0, 20.0 * y - 1.0]
}

#[test]
fn logits_are_those_worked_out_by_hand() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    assert_eq!(tone.entry.classes, ["background", "highlight", "material", "diffuse_shadow", "cast_shadow"]);
    let ramp = Array3::from_shape_fn((3, 16, 48), |(_, y, x)| (y * 48 + x) as f32 / 768.0);
    let inference = engine.infer(request(&tone, ramp.clone()), &never).unwrap();
    assert_eq!(inference.logits.dim(), (5, 16, 48));
    assert_eq!((inference.provider, inference.cached, inference.fallback), (Provider::Cpu, false, None));
    assert!(inference.milliseconds > 0.0);
    for ((class, y, x), logit) in inference.logits.indexed_iter() {
        let wanted = expected_logits(ramp[[0, y, x]])[class];
        assert!((logit - wanted).abs() < 1e-4, "class {class} at {x},{y}: {logit} instead of {wanted}");
    }
}

#[test]
fn a_given_subject_replaces_the_absent_value() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    let mut with_subject = request(&tone, gray(16, 16, 0.6));
    with_subject.inputs.push((Role::Subject, Array3::zeros((1, 16, 16))));
    let outside = engine.infer(with_subject, &never).unwrap();
    assert_eq!(outside.logits[[0, 3, 5]], 2500.0);
    let absent = engine.infer(request(&tone, gray(16, 16, 0.6)), &never).unwrap();
    assert_eq!(absent.logits[[0, 3, 5]], 0.0);
}

#[test]
fn nan_and_infinity_reach_the_logits() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    let mut image = gray(16, 16, 0.5);
    image[[0, 2, 3]] = f32::NAN;
    image[[1, 4, 5]] = f32::INFINITY;
    let logits = engine.infer(request(&tone, image), &never).unwrap().logits;
    assert!(logits[[1, 2, 3]].is_nan());
    assert!(!logits[[1, 4, 5]].is_finite());
    assert!(logits[[1, 8, 8]].is_finite());
}

#[test]
fn an_equal_request_is_answered_without_a_run() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    let first = engine.infer(request(&tone, gray(16, 16, 0.4)), &never).unwrap();
    let second = engine.infer(request(&tone, gray(16, 16, 0.4)), &never).unwrap();
    assert!(second.cached && !first.cached);
    assert!(Arc::ptr_eq(&first.logits, &second.logits));
    assert_eq!((engine.stats().runs, engine.stats().cache_hits), (1, 1));
    engine.infer(request(&tone, gray(16, 16, 0.40001)), &never).unwrap();
    engine.infer(request(&tone, gray(32, 16, 0.4)), &never).unwrap();
    engine.infer(request(&tone, gray(16, 32, 0.4)), &never).unwrap();
    assert_eq!(engine.stats().runs, 4);
}

#[test]
fn the_same_pixels_for_another_model_are_another_request() {
    let engine = engine();
    for name in ["tiny_tone.onnx", "tiny_slow.onnx"] {
        engine.infer(request(&model(&engine, name), gray(16, 16, 0.4)), &never).unwrap();
    }
    assert_eq!((engine.stats().runs, engine.stats().sessions), (2, 2));
}

#[test]
fn the_cache_stays_within_its_bound() {
    let one_result = 5 * 16 * 16 * 4;
    let engine = Engine::new(EngineConfig { cache_bytes: 2 * one_result, ..config() });
    let tone = model(&engine, "tiny_tone.onnx");
    for value in [0.1, 0.2, 0.1, 0.3] {
        engine.infer(request(&tone, gray(16, 16, value)), &never).unwrap();
        assert!(engine.stats().cache_bytes <= 2 * one_result);
    }
    let again = |value| engine.infer(request(&tone, gray(16, 16, value)), &never).unwrap().cached;
    assert!(again(0.1), "the one used last but one was dropped");
    assert!(!again(0.2), "the one not used for longest was kept");
}

#[test]
fn eight_equal_requests_at_once_run_once() {
    // Without a cache the seven others can only have shared the one run.
    let engine = Engine::new(EngineConfig { cache_bytes: 0, ..config() });
    let slow = model(&engine, "tiny_slow.onnx");
    let start = Barrier::new(8);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let request = request(&slow, gray(512, 512, 0.3));
                    start.wait();
                    engine.infer(request, &never).unwrap()
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert_eq!(engine.stats().runs, 1);
    assert!(answers.iter().all(|answer| Arc::ptr_eq(&answer.logits, &answers[0].logits)));
}

#[test]
fn the_run_ends_when_the_last_waiter_leaves_and_the_next_one_works() {
    let engine = engine();
    let slow = model(&engine, "tiny_slow.onnx");
    let polls = AtomicUsize::new(0);
    let abort = || engine.stats().runs > 0 && polls.fetch_add(1, Ordering::Relaxed) > 2;
    let aborted = engine.infer(request(&slow, gray(1024, 1024, 0.3)), &abort);
    assert_eq!(aborted.unwrap_err(), Error::Aborted);
    assert_eq!(engine.stats().flights, 0);
    let next = engine.infer(request(&slow, gray(16, 16, 0.3)), &never).unwrap();
    assert!((next.logits[[4, 0, 0]] - expected_logits(0.3)[4]).abs() < 1e-4);
    // The session serves one run after the other, so the first one is over; had it run to its end, it would be kept.
    assert_eq!(engine.stats().cache_bytes, 5 * 16 * 16 * 4);
    assert_eq!(engine.stats().runs, 2);
}

#[test]
fn a_run_goes_on_as_long_as_somebody_waits() {
    let engine = Engine::new(EngineConfig { cache_bytes: 0, ..config() });
    let slow = model(&engine, "tiny_slow.onnx");
    std::thread::scope(|scope| {
        let patient = scope.spawn(|| engine.infer(request(&slow, gray(512, 512, 0.3)), &never));
        fixture::eventually("the first caller's run", || engine.stats().runs == 1);
        let impatient = || engine.stats().flights > 0;
        let started = AtomicUsize::new(0);
        // The first question comes before the request is taken up.
        let leave = || started.fetch_add(1, Ordering::Relaxed) > 0 && impatient();
        assert_eq!(engine.infer(request(&slow, gray(512, 512, 0.3)), &leave).unwrap_err(), Error::Aborted);
        assert_eq!(patient.join().unwrap().unwrap().logits.dim(), (5, 512, 512));
    });
    assert_eq!(engine.stats().runs, 1);
}

#[test]
fn a_request_that_queues_behind_another_can_leave() {
    let engine = engine();
    let slow = model(&engine, "tiny_slow.onnx");
    let stop = AtomicUsize::new(0);
    let abort = || stop.load(Ordering::Relaxed) > 0;
    std::thread::scope(|scope| {
        let long = scope.spawn(|| engine.infer(request(&slow, gray(1024, 1024, 0.3)), &abort));
        fixture::eventually("the long run", || engine.stats().runs == 1);
        let polls = AtomicUsize::new(0);
        let leave = || polls.fetch_add(1, Ordering::Relaxed) > 1;
        assert_eq!(engine.infer(request(&slow, gray(16, 16, 0.1)), &leave).unwrap_err(), Error::Aborted);
        stop.store(1, Ordering::Relaxed);
        assert_eq!(long.join().unwrap().unwrap_err(), Error::Aborted);
    });
    assert_eq!(engine.stats().runs, 1);
}

#[test]
fn an_aborted_caller_starts_nothing() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    assert_eq!(engine.infer(request(&tone, gray(16, 16, 0.4)), &|| true).unwrap_err(), Error::Aborted);
    assert_eq!((engine.stats().runs, engine.stats().sessions), (0, 0));
}

#[test]
fn the_abort_callback_may_use_the_engine() {
    let engine = engine();
    let slow = model(&engine, "tiny_slow.onnx");
    let tone = model(&engine, "tiny_tone.onnx");
    let nested = AtomicUsize::new(0);
    let abort = || {
        if engine.stats().runs > 0 && nested.fetch_add(1, Ordering::Relaxed) == 0 {
            engine.infer(request(&tone, gray(16, 16, 0.2)), &never).unwrap();
            engine.purge();
        }
        false
    };
    engine.infer(request(&slow, gray(256, 256, 0.3)), &abort).unwrap();
    assert!(nested.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_panicking_abort_callback_leaves_the_engine_usable() {
    let engine = engine();
    let slow = model(&engine, "tiny_slow.onnx");
    let panicking = || if engine.stats().runs > 0 { panic!("on purpose") } else { false };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.infer(request(&slow, gray(512, 512, 0.3)), &panicking)
    }));
    assert!(result.is_err());
    assert_eq!(engine.stats().flights, 0);
    engine.infer(request(&slow, gray(16, 16, 0.3)), &never).unwrap();
}

#[test]
fn an_error_reaches_everybody_who_waits() {
    let engine = engine();
    let wrong = model(&engine, "tiny_wrong_output.onnx");
    let start = Barrier::new(4);
    let errors: Vec<_> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    engine.infer(request(&wrong, gray(16, 16, 0.3)), &never).unwrap_err()
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert!(errors.iter().all(|error| matches!(error, Error::Interface { .. })), "{errors:?}");
    assert_eq!(engine.stats().sessions, 0);
}

#[test]
fn requests_that_do_not_fit_are_refused_before_a_run() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    for image in [gray(15, 16, 0.0), gray(0, 0, 0.0), Array3::zeros((4, 16, 16))] {
        let error = engine.infer(request(&tone, image), &never).unwrap_err();
        assert!(matches!(error, Error::Input { .. }), "{error}");
    }
    assert_eq!(engine.stats().runs, 0);
}

#[test]
fn cuda_that_is_not_installed_is_an_error_that_says_what_to_do() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    let cuda = Request { device: Device::Cuda(3), ..request(&tone, gray(16, 16, 0.4)) };
    let message = engine.infer(cuda, &never).unwrap_err().to_string();
    for part in ["CUDA 3", "libonnxruntime_providers_cuda.so", "Auto or CPU"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn auto_without_cuda_runs_on_the_cpu_and_says_why() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    let auto = Request { device: Device::Auto, ..request(&tone, gray(16, 16, 0.4)) };
    let inference = engine.infer(auto, &never).unwrap();
    assert_eq!(inference.provider, Provider::Cpu);
    let Some(Fallback::NoCuda(reason)) = inference.fallback else { panic!("{:?}", inference.fallback) };
    assert!(reason.contains("CUDA is not installed"), "{reason}");
    // What Auto computed on the CPU is what the CPU computes.
    assert!(engine.infer(request(&tone, gray(16, 16, 0.4)), &never).unwrap().cached);
}

#[test]
fn a_device_check_really_runs_and_keeps_nothing() {
    let engine = engine();
    let tone = model(&engine, "tiny_tone.onnx");
    let report = engine.check_device(&tone, Device::Auto, &never).unwrap();
    assert_eq!((report.requested, report.provider, report.size), (Device::Auto, Provider::Cpu, (256, 256)));
    assert!(report.milliseconds > 0.0 && report.reason.is_some());
    assert_eq!((report.threads, report.library), (2, fixture::library()));
    assert_eq!((engine.stats().runs, engine.stats().cache_bytes), (2, 0));
    assert_eq!(engine.check_device(&tone, Device::Cpu, &never).unwrap().reason, None);
    assert!(engine.check_device(&tone, Device::Cuda(0), &never).is_err());
}

#[test]
fn the_environment_wins_over_the_request() {
    let overrides =
        Overrides { device: Some(Device::Cpu), threads: Some(1), cache_bytes: Some(0), ..Overrides::default() };
    let engine = Engine::new(EngineConfig { overrides, ..config() });
    let tone = model(&engine, "tiny_tone.onnx");
    let cuda = || Request { device: Device::Cuda(0), ..request(&tone, gray(16, 16, 0.4)) };
    assert_eq!(engine.infer(cuda(), &never).unwrap().provider, Provider::Cpu);
    assert!(!engine.infer(cuda(), &never).unwrap().cached);
    assert_eq!(engine.check_device(&tone, Device::Auto, &never).unwrap().threads, 1);
}
