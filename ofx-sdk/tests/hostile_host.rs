//! The probe in a host that misbehaves at random: nothing may crash, hang, leak or write where it must not.
//!
//! ROTOCEL_HOSTILE_COUNT sets how many sequences are played, ROTOCEL_HOSTILE_SEED from which seed, and
//! ROTOCEL_HOSTILE_SEQUENCE plays the one sequence of a seed that a failure has printed.

#[path = "lifecycle/probe.rs"]
mod probe;

use ofx_sdk::{
    Context,
    host::{
        HostImage, SavedParams,
        hostile::{Stage, Trial, run},
    },
    plugin::PluginTable,
};
use probe::Probe;

/// Two workers have a probe each, since hosts and nodes are kept by type.
static TABLES: [PluginTable; 2] = [Probe::<200>::TABLE, Probe::<201>::TABLE];

fn stage(worker: usize) -> Stage {
    // SAFETY: the table is a static of this program.
    let load = |host: &ofx_sdk::host::Host| unsafe { host.load_table(TABLES[worker].as_ofx()) };
    Stage::new(load, Context::General, SavedParams::new(), judge).expect("it lives a life without lies")
}

/// The source is 0.5 and the gain 1.
fn judge(image: &HostImage) -> Result<(), String> {
    let right = image.to_f32().iter().all(|v| (v - 0.5).abs() < 1e-6);
    if right { Ok(()) } else { Err(format!("{:?}", image.to_f32())) }
}

#[test]
fn the_probe_survives_every_sequence_of_a_hostile_host() {
    // Panics on purpose would fill the log.
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"on purpose") {
            loud(panic);
        }
    }));
    let trial =
        Trial { test: "the_probe_survives_every_sequence_of_a_hostile_host", count: 100_000, workers: TABLES.len() };
    run(&trial, stage, || {
        let left = probe::LIVING.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(left, 0, "probes that were never dropped");
    });
}
