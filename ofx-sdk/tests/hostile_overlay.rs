//! A node with an overlay in a host that misbehaves at random: nothing may crash, hang or leak.
//!
//! The variables of `hostile_host.rs` set how many sequences are played, and which.

#[path = "overlay/spot.rs"]
mod spot;

use ofx_sdk::{
    Context,
    host::{
        HostImage, SavedParams,
        hostile::{Stage, Trial, run},
    },
    plugin::PluginTable,
};
use spot::Spot;

/// Two workers have a node each, since hosts and nodes are kept by type.
static TABLES: [PluginTable; 2] = [Spot::<200>::TABLE, Spot::<201>::TABLE];

fn stage(worker: usize) -> Stage {
    // SAFETY: the table is a static of this program.
    let load = |host: &ofx_sdk::host::Host| unsafe { host.load_table(TABLES[worker].as_ofx()) };
    let stage = Stage::new(load, Context::General, SavedParams::new(), judge).expect("it lives a life without lies");
    // What is tried here is tried.
    let cast = stage.cast();
    assert!(cast.overlay);
    assert!(["draw", "drawText", "interactRedraw"].iter().all(|name| cast.functions.iter().any(|f| f == name)));
    stage
}

/// The spot renders 0.5 everywhere.
fn judge(image: &HostImage) -> Result<(), String> {
    let right = image.to_f32().iter().all(|v| (v - 0.5).abs() < 1e-6);
    if right { Ok(()) } else { Err(format!("{:?}", image.to_f32())) }
}

#[test]
fn the_overlay_survives_every_sequence_of_a_hostile_host() {
    // Panics on purpose would fill the log.
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"on purpose") {
            loud(panic);
        }
    }));
    let trial =
        Trial { test: "the_overlay_survives_every_sequence_of_a_hostile_host", count: 20_000, workers: TABLES.len() };
    run(&trial, stage, || {
        let left = spot::LIVING.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(left, 0, "overlays that were never dropped");
    });
}
