//! Damaged files from a seed, for the tests of everything that reads what comes from outside.
//!
//! The ordinary run has a fixed seed and a small count. ROTOCEL_FUZZ_COUNT sets the number of cases for each reader; the
//! seed is then taken from the clock, and from ROTOCEL_FUZZ_SEED where a failure is to be repeated. What fails is kept as a
//! file; put it into the crate's `tests/finds`, where it is read again by every run.
#![allow(dead_code)] // each test file uses a part of it

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// A case that takes longer is a failure; on a busy machine an honest one takes milliseconds.
const MOST_TIME: Duration = Duration::from_secs(30);
/// A case that takes longer than this will not end.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// A small generator whose whole state is its seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number (splitmix64).
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `sides`, which is at least 1.
    pub fn roll(&mut self, sides: usize) -> usize {
        (self.any() % sides.max(1) as u64) as usize
    }
}

/// Makes checksums right, in place.
pub type Repair = fn(&mut [u8]);

/// Damages a whole file in a way that knows its format.
pub type Knowing = fn(&[u8], &mut Dice) -> Vec<u8>;

/// What is fuzzed.
pub struct Fuzz<'a> {
    /// Name of the reader; with a dot in front it is the extension of its files.
    pub reader: &'a str,
    /// Files or texts as they should be.
    pub seeds: &'a [Vec<u8>],
    /// Pieces that mean something to the reader, put in anywhere.
    pub words: &'a [&'a [u8]],
    /// Cases of the ordinary run.
    pub count: usize,
    /// Makes checksums right again, so that damage gets past them; every other case goes through it.
    pub repair: Repair,
    /// Damage that knows the format; most cases are made by it, where there is one.
    pub knowing: Option<Knowing>,
}

impl Fuzz<'_> {
    /// Gives `check` damaged files, one after the other, each in memory and on disk. It panics where it finds a fault;
    /// what it found is kept in `folder`.
    pub fn run(&self, folder: &Path, check: impl FnMut(&Path, &[u8])) {
        let (count, seed) = plan(self.count);
        println!("{}: {count} cases; again with ROTOCEL_FUZZ_SEED={seed} ROTOCEL_FUZZ_COUNT={count}", self.reader);
        self.run_cases(folder, 0..count as u64, seed, check);
    }

    /// Some of the cases of a seed.
    pub fn run_cases(&self, folder: &Path, cases: Range<u64>, seed: u64, mut check: impl FnMut(&Path, &[u8])) {
        // The last input stays on disk if the whole process goes down with it.
        let own = tempfile::Builder::new().prefix("cases-").tempdir_in(folder).unwrap();
        let path = own.path().join(format!("case{}", self.reader));
        let watch = Watch::start(format!("{} with seed {seed}, now in {}", self.reader, path.display()));
        for case in cases {
            let bytes = self.case(seed, case);
            std::fs::write(&path, &bytes).unwrap();
            watch.case.store(case, Ordering::Relaxed);
            let start = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| check(&path, &bytes)));
            let slow = start.elapsed() > MOST_TIME;
            if outcome.is_err() || slow {
                let kept = folder.join(format!("find-{seed}-{case}{}", self.reader));
                std::fs::write(&kept, &bytes).unwrap();
                let what = if slow { format!("took {:?}", start.elapsed()) } else { reason(outcome) };
                panic!("{} case {case}, seed {seed}: {what}; the bytes are in {}", self.reader, kept.display());
            }
        }
    }

    /// The bytes of one case.
    pub fn case(&self, seed: u64, case: u64) -> Vec<u8> {
        let mut dice = Dice::new(seed ^ case.wrapping_mul(0xd6e8_feb8_6659_fd93));
        if dice.roll(24) == 0 {
            return arbitrary(&mut dice);
        }
        let mut bytes = self.seeds[dice.roll(self.seeds.len())].clone();
        if let Some(knowing) = self.knowing.filter(|_| dice.roll(4) != 0) {
            return knowing(&bytes, &mut dice);
        }
        for _ in 0..=dice.roll(4) {
            self.damage(&mut bytes, &mut dice);
        }
        if dice.roll(2) == 0 {
            (self.repair)(&mut bytes);
        }
        bytes
    }

    fn damage(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        if bytes.is_empty() {
            *bytes = arbitrary(dice);
            return;
        }
        let at = dice.roll(bytes.len());
        let end = (at + 1 + dice.roll(64)).min(bytes.len());
        match dice.roll(10) {
            0..=2 => bytes[at] ^= 1 << dice.roll(8),
            3 => bytes[at] = dice.any() as u8,
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(at..end)),
            6 => {
                let piece = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len());
                bytes.splice(to..to, piece);
            }
            7 => {
                let other = &self.seeds[dice.roll(self.seeds.len())];
                let from = dice.roll(other.len());
                let piece = other[from..(from + 1 + dice.roll(256)).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            8 if !self.words.is_empty() => {
                let word = self.words[dice.roll(self.words.len())];
                bytes.splice(at..if dice.roll(2) == 0 { end } else { at }, word.iter().copied());
            }
            _ => edit_number(bytes, at, dice),
        }
    }
}

/// Puts a number at the edge of what fits into 1, 2, 4 or 8 bytes where a length may stand.
fn edit_number(bytes: &mut [u8], at: usize, dice: &mut Dice) {
    let width = [1, 2, 4, 8][dice.roll(4)].min(bytes.len() - at);
    let top = 1_u64 << (width * 8 - 1).min(62);
    let edges =
        [0, 1, 2, 255, 4096, 65_535, 65_536, 16_383, 1 << 20, 1 << 31, top - 1, top, top + 1, u64::MAX, u64::MAX - 1];
    let value = edges[dice.roll(edges.len())].wrapping_add(dice.roll(3) as u64);
    let whole = if dice.roll(2) == 0 { value.to_le_bytes() } else { (value << (64 - width * 8)).to_be_bytes() };
    bytes[at..at + width].copy_from_slice(&whole[..width]);
}

fn arbitrary(dice: &mut Dice) -> Vec<u8> {
    let length = [0, 1, 7, 64, 1000, 5000][dice.roll(6)];
    (0..dice.roll(length + 1)).map(|_| dice.any() as u8).collect()
}

/// How many cases, from which seed.
pub fn plan(ordinary: usize) -> (usize, u64) {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
    };
    let (count, seed) = (number("ROTOCEL_FUZZ_COUNT"), number("ROTOCEL_FUZZ_SEED"));
    let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = seed.unwrap_or_else(|| if count.is_some() { clock() } else { 20_261_121 });
    (count.map_or(ordinary, |count| count as usize), seed)
}

/// Every file of a folder of finds, in order.
pub fn finds(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn reason(outcome: std::thread::Result<()>) -> String {
    let Err(payload) = outcome else { return String::new() };
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "panicked".to_owned())
}

/// Ends the process, with a word why, when one case goes on and on: nothing else can end a loop that never ends.
struct Watch {
    case: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn start(what: String) -> Self {
        let (case, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let watch = Self { case: Arc::clone(&case), over: Arc::clone(&over) };
        std::thread::spawn(move || {
            let mut last = (0, Instant::now());
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(200));
                let now = case.load(Ordering::Relaxed);
                if now != last.0 {
                    last = (now, Instant::now());
                }
                if last.1.elapsed() > HANGS_AFTER {
                    eprintln!("case {now} of {what} never ends");
                    std::process::exit(101);
                }
            }
        });
        watch
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Makes the checksum of every chunk of a PNG right.
pub fn repair_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let end = at.saturating_add(8).saturating_add(length);
        let Some(covered) = bytes.get(at + 4..end) else { return };
        let sum = crc32(covered).to_be_bytes();
        let Some(place) = bytes.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum);
        at = end + 4;
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |s, _| if s & 1 == 1 { 0xedb8_8320 ^ (s >> 1) } else { s >> 1 })
    })
}

/// For files without checksums.
pub fn no_repair(_: &mut [u8]) {}
