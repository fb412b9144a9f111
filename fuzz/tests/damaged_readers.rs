//! Every reader on its seeds, on damaged seeds, and on what was ever found.

#[path = "../../tests/damage/mod.rs"]
mod damage;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use damage::{Fuzz, finds, no_repair};
use fuzz::{TARGETS, Target};

/// What was found once must not take long again; most of it was found because it did.
const SOON: Duration = Duration::from_secs(5);

fn finds_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("finds")
}

fn target(name: &str) -> &'static Target {
    Target::of_name(name).unwrap_or_else(|| panic!("there is no target {name}"))
}

#[track_caller]
fn damaged(name: &str) {
    headless::frames::hush_decoders();
    let target = target(name);
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{name} has no seed");
    for (index, seed) in seeds.iter().enumerate() {
        assert!(target.check(seed), "{name}: seed {index} is refused, so damage to it shows nothing");
    }
    let reader = format!(".{name}");
    let words = target.words;
    let fuzz = Fuzz { reader: &reader, seeds: &seeds, words, count: target.cases, repair: no_repair, knowing: None };
    let mut taken = 0;
    fuzz.run(&std::env::temp_dir(), |_, bytes| taken += usize::from(target.check(bytes)));
    println!("{name}: {taken} of {} were taken", target.cases);
}

macro_rules! damaged {
    ($($name:ident)*) => {
        /// The tests that there are.
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                damaged(stringify!($name));
            }
        )*
    };
}

damaged! {
    rotocel_shot cubic_segments nuke_roto nuke_tracker stored stored_blocks merged topology layouts model_manifest
    model_description onnx_file parameters pictures
}

#[test]
fn every_target_has_a_test() {
    assert!(TARGETS.iter().map(|target| target.name).eq(TESTED.iter().copied()), "{TESTED:?}");
}

#[test]
fn what_was_found_once_is_read_again() {
    headless::frames::hush_decoders();
    for folder in finds(&finds_folder()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for path in finds(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            let started = Instant::now();
            let _ = target(&name).check(&bytes);
            assert!(started.elapsed() < SOON, "{} took {:?}", path.display(), started.elapsed());
        }
    }
}

/// A parser that goes one call deeper for each bracket ends there.
#[test]
fn a_million_brackets_are_an_error_and_no_end_of_the_stack() {
    const DEEP: usize = 1 << 20;
    for target in TARGETS {
        for brackets in ["[", "{", "{a=", "{\"a\":", "a."] {
            assert!(!target.check(brackets.repeat(DEEP / brackets.len()).as_bytes()), "{}", target.name);
        }
        let assigned = ["x = ", &"[".repeat(DEEP)].concat();
        assert!(!target.check(assigned.as_bytes()), "{}", target.name);
        if let Some(seed) = (target.seeds)().first().filter(|seed| seed.starts_with(b"{")) {
            let text = String::from_utf8_lossy(seed);
            let deep = text.replacen('[', &"[".repeat(DEEP), 1);
            // Of several files in one, the others are taken.
            assert!(!target.check(deep.as_bytes()) || target.name == "merged", "{}", target.name);
        }
    }
}
