//! Many callers at once, who abort, purge and shut down at random.

mod fixture;

use std::sync::atomic::{AtomicUsize, Ordering};

use fixture::{config, gray, model, never, request};
use inference::{Engine, EngineConfig, Error};

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[test]
fn every_answer_is_right_whatever_others_do_at_the_same_time() {
    let engine = Engine::new(EngineConfig { cache_bytes: 200_000, ..config() });
    let tone = model(&engine, "tiny_tone.onnx");
    let slow = model(&engine, "tiny_slow.onnx");
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for seed in 1..=8 {
            let (engine, tone, slow, answered) = (&engine, &tone, &slow, &answered);
            scope.spawn(move || {
                let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
                for _ in 0..60 {
                    let step = dice.roll(8) as f32;
                    let value = 0.26 + step * 0.02;
                    let size = 16 * (1 + dice.roll(3) as usize);
                    let network = if dice.roll(10) == 0 { slow } else { tone };
                    let patience = if dice.roll(4) == 0 { dice.roll(3) as usize } else { usize::MAX };
                    let polls = AtomicUsize::new(0);
                    let abort = || polls.fetch_add(1, Ordering::Relaxed) >= patience;
                    match engine.infer(request(network, gray(size, size, value)), &abort) {
                        Ok(inference) => {
                            let wanted = 40.0 * value - 6.0;
                            let found = inference.logits[[3, size - 1, 0]];
                            assert!((found - wanted).abs() < 1e-3, "{found} instead of {wanted}");
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => assert_eq!(error, Error::Aborted),
                    }
                    match dice.roll(40) {
                        0 => engine.purge(),
                        1 => engine.shutdown(),
                        2 => drop(engine.instance_guard()),
                        _ => {}
                    }
                    assert!(engine.stats().cache_bytes <= 200_000);
                }
            });
        }
    });
    assert!(answered.load(Ordering::Relaxed) > 150, "{answered:?}");
    engine.infer(request(&tone, gray(16, 16, 0.5)), &never).unwrap();
    engine.shutdown();
    let stats = engine.stats();
    assert_eq!((stats.flights, stats.sessions, stats.instances, stats.cache_bytes), (0, 0, 0, 0));
}
