//! Damaged ONNX files, given to ONNX Runtime in a process of their own: a crash there is found, kept and told, and does not
//! end the tests.
#![cfg(unix)]

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod fixture;
#[path = "fixture/protobuf.rs"]
mod protobuf;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use damage::{Fuzz, no_repair, plan};
use fixture::onnx::{Network, constant, int, ints, node};
use fixture::{engine, fixture, gray, request};
use inference::{Engine, Error};

/// What the child is to do: `SEED FROM TO FOLDER`.
const VARIABLE: &str = "ROTOCEL_TEST_DAMAGED_MODELS";
const MARK: &str = "case: ";

/// Address space of the child in KiB. A damaged size must end in an error, not in the machine's memory.
const MOST_MEMORY_KIB: u64 = 8 << 20;

fn seeds() -> Vec<Vec<u8>> {
    let halves = [ints("kernel_shape", &[3, 3]), ints("pads", &[1, 1, 1, 1])];
    let chain = Network {
        nodes: vec![
            node("Relu", &["image"], "a", &[]),
            node("MaxPool", &["a"], "b", &halves),
            node("Transpose", &["b"], "c", &[ints("perm", &[0, 2, 3, 1])]),
            node("Transpose", &["c"], "d", &[ints("perm", &[0, 3, 1, 2])]),
            node("Shape", &["d"], "e", &[]),
            node("Reshape", &["d", "e"], "f", &[]),
            node("Gather", &["f", "order"], "g", &[int("axis", 1)]),
            node("Add", &["g", "image"], "logits", &[]),
        ],
        constants: vec![constant("order", &[2, 1, 0])],
        ..Network::default()
    };
    vec![std::fs::read(fixture("tiny_tone.onnx")).unwrap(), Network::default().file(), chain.file()]
}

fn fuzz<'a>(seeds: &'a [Vec<u8>]) -> Fuzz<'a> {
    Fuzz { reader: ".onnx", seeds, words: &[], count: 1500, repair: no_repair, knowing: Some(protobuf::damaged) }
}

/// Opens a file and runs it. A refusal must name the file.
fn check(engine: &Engine, path: &Path) -> Result<(), String> {
    engine.purge();
    let started = std::time::Instant::now();
    // A loop in the graph may ask for 2^63 rounds; a host would be asked whether to go on.
    let abort = || started.elapsed().as_secs() >= 3;
    let outcome =
        engine.custom_model(path).and_then(|model| engine.infer(request(&model, gray(16, 16, 0.5)), &abort).map(drop));
    match outcome {
        Ok(()) | Err(Error::Aborted) => Ok(()),
        Err(error) => {
            assert!(!matches!(error, Error::Panic { .. }), "{error}");
            let text = error.to_string();
            let named = text.contains(path.file_name().unwrap().to_str().unwrap());
            assert!(named || matches!(error, Error::Input { .. }), "the file is not named: {text}");
            Err(text)
        }
    }
}

/// Not a test of its own: what the child process does.
#[test]
fn child_process() {
    let Ok(orders) = std::env::var(VARIABLE) else { return };
    let orders: Vec<&str> = orders.splitn(4, ' ').collect();
    let [seed, from, to] = [0, 1, 2].map(|n| orders[n].parse::<u64>().unwrap());
    let (engine, seeds) = (engine(), seeds());
    let (mut case, mut refused) = (from, 0);
    println!();
    fuzz(&seeds).run_cases(Path::new(orders[3]), from..to, seed, |path, _| {
        println!("{MARK}{case} {refused}");
        case += 1;
        refused += u64::from(check(&engine, path).is_err());
    });
    println!("{MARK}{to} {refused}");
}

/// Runs cases in a child and returns how it ended, the last case that it began, and how many files were refused.
fn child(seed: u64, from: u64, to: u64, folder: &Path) -> (ExitStatus, u64, u64) {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MOST_MEMORY_KIB}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["child_process", "--exact", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, format!("{seed} {from} {to} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut case, mut refused) = (from, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let Some((at, so_far)) =
            line.unwrap().strip_prefix(MARK).and_then(|l| l.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())))
        else {
            continue;
        };
        (case, refused) = (at.parse().unwrap(), so_far.parse().unwrap());
    }
    (child.wait().unwrap(), case, refused)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn damaged_models_are_refused_or_run_and_never_take_the_process_down() {
    let seeds = seeds();
    let (count, seed) = plan(fuzz(&seeds).count);
    println!(".onnx: {count} cases; again with ROTOCEL_FUZZ_SEED={seed} ROTOCEL_FUZZ_COUNT={count}");
    let (mut next, mut refusals, mut crashes) = (0, 0, Vec::new());
    while next < count as u64 {
        let (status, case, refused) = child(seed, next, count as u64, &folder());
        refusals += refused;
        if status.success() {
            break;
        }
        let kept = folder().join(format!("find-{seed}-{case}.onnx"));
        std::fs::write(&kept, fuzz(&seeds).case(seed, case)).unwrap();
        crashes.push(format!("case {case} ended the process ({status}); the bytes are in {}", kept.display()));
        next = case + 1;
    }
    println!(".onnx: {refusals} of {count} refused");
    assert!(crashes.is_empty(), "seed {seed}: {crashes:#?}");
    assert!(refusals > count as u64 / 5 && refusals < count as u64, "{refusals} of {count}");
}
