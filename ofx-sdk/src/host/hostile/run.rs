//! Plays many sequences, in a process of their own, so that a crash or a hang is told with its seed.

use super::{Dice, Sequence, Stage, live_handles};
use crate::host::sync::lock;
use std::{
    env,
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{self, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How many sequences, in place of a trial's own number.
const COUNT: &str = "ROTOCEL_HOSTILE_COUNT";
/// The most minutes that may be played, where the count takes longer.
const MINUTES: &str = "ROTOCEL_HOSTILE_MINUTES";
/// The seed of all, as it was printed.
const SEED: &str = "ROTOCEL_HOSTILE_SEED";
/// The seed of the one sequence to play, as it was printed.
const SEQUENCE: &str = "ROTOCEL_HOSTILE_SEQUENCE";
/// Set for the process that plays: the file that holds the seeds of what plays now.
const PLAYING: &str = "ROTOCEL_HOSTILE_PLAYING";

/// A sequence that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// A life without lies is lived after so many sequences, to see that they have left nothing behind.
const CALM_EVERY: u64 = 16;

/// Characters of the log of a process that died, to print.
const TAIL: usize = 6000;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The full name of the test function that calls [`run`].
    pub test: &'static str,
    /// How many sequences in an ordinary run.
    pub count: u64,
    /// How many at once. Each has a stage, and a plug-in that shares nothing with the others.
    pub workers: usize,
}

/// Plays a trial: starts the test program once more for this test alone, and there plays sequences on the stages that
/// `stage` makes, one for each worker. `at_end` looks at what is left when all are gone.
///
/// # Panics
/// Where a sequence crashed, hung or went wrong; the message says how to play it again.
pub fn run(trial: &Trial, stage: impl Fn(usize) -> Stage + Sync, at_end: impl FnOnce()) {
    let Some(playing) = env::var_os(PLAYING) else { return supervise(trial) };
    if let Some(seed) = number(SEQUENCE) {
        return replay(&stage(0), seed);
    }
    let seed = number(SEED).unwrap_or_else(from_clock);
    let count = number(COUNT).unwrap_or(trial.count);
    say(&format!("{}: {count} sequences from {SEED}={seed:#x}", trial.test));
    let before = live_handles();
    let start = Instant::now();
    let end = number(MINUTES).map(|minutes| start + Duration::from_secs(60 * minutes));
    let [played, renders, pictures] = play_all(trial, seed, count, end, Path::new(&playing), &stage);
    let left = live_handles().saturating_sub(before);
    assert!(left == 0, "{left} objects are left after all: images, instances or sets that nobody released");
    at_end();
    say(&format!(
        "{}: {played} sequences in {:.1} s, {pictures} of {renders} renders gave a picture, nothing left",
        trial.test,
        start.elapsed().as_secs_f64()
    ));
    assert!(pictures * 5 > renders, "hardly a render is reached: what is tried here is no test");
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    let digits = text.trim();
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    Some(parsed.unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

fn from_clock() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Dice::new(now.as_nanos() as u64).bits()
}

/// Prints past the test harness, which shows nothing of tests that pass.
fn say(line: &str) {
    // Nowhere to say so where it cannot be written.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Starts this test alone in a process of its own and waits for it.
fn supervise(trial: &Trial) {
    let program = env::current_exe().expect("a program knows itself");
    let name = format!("hostile-{}-{}", process::id(), from_clock());
    let log = env::temp_dir().join(format!("{name}.log"));
    let playing = env::temp_dir().join(format!("{name}.playing"));
    let output = File::create(&log).expect("the folder for temporary files can be written");
    let mut command = Command::new(program);
    command.args([trial.test, "--exact", "--nocapture", "--test-threads=1"]).env(PLAYING, &playing);
    // What the plug-in logs about each lie would be gigabytes.
    command.env("ROTOCEL_LOG", "off").stdin(Stdio::null());
    if env::var_os(SEQUENCE).is_none() {
        let again = output.try_clone().expect("a file opens twice");
        command.stdout(output).stderr(again);
    }
    let status = command.status().expect("this program starts again");
    let told = fs::read(&log).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
    let seeds = fs::read_to_string(&playing).unwrap_or_default();
    for file in [&log, &playing] {
        // Never made, where one sequence was played.
        let _ = fs::remove_file(file);
    }
    if status.success() {
        // The harness begins the line with words of its own.
        let ours = format!("{}: ", trial.test);
        told.lines().filter_map(|line| line.find(&ours).map(|at| &line[at..])).for_each(say);
        return;
    }
    panic!("{}", death(trial, status, &told, &seeds));
}

fn death(trial: &Trial, status: ExitStatus, told: &str, seeds: &str) -> String {
    let tail: String = told.chars().rev().take(TAIL).collect::<Vec<_>>().into_iter().rev().collect();
    let seeds: Vec<&str> = seeds.split_whitespace().collect();
    format!(
        "{tail}\n{}: the process that played ended with {status}. What it played last: {SEQUENCE}={}. Set that \
         variable and run this test again to see it.",
        trial.test,
        seeds.join(" or ")
    )
}

/// What a worker plays, for those who watch.
struct Watch {
    since: Vec<(AtomicU64, AtomicU64)>,
    start: Instant,
    done: AtomicBool,
}

impl Watch {
    fn begin(&self, worker: usize, seed: u64) {
        self.since[worker].1.store(seed, Ordering::Relaxed);
        self.since[worker].0.store(self.start.elapsed().as_millis() as u64 + 1, Ordering::Release);
    }

    fn end(&self, worker: usize) {
        self.since[worker].0.store(0, Ordering::Release);
    }

    /// Ends the process where a sequence hangs: a thread that hangs cannot be ended alone.
    fn guard(&self) {
        while !self.done.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(50));
            let now = self.start.elapsed().as_millis() as u64;
            for (since, seed) in &self.since {
                let since = since.load(Ordering::Acquire);
                if since > 0 && now.saturating_sub(since) > LONGEST.as_millis() as u64 {
                    say(&format!("a sequence hangs: {SEQUENCE}={:#x}", seed.load(Ordering::Relaxed)));
                    process::abort();
                }
            }
        }
    }
}

/// Plays sequences on all workers; how many there were, how many renders in them, and how many pictures.
fn play_all(
    trial: &Trial,
    seed: u64,
    count: u64,
    end: Option<Instant>,
    playing: &Path,
    stage: &(impl Fn(usize) -> Stage + Sync),
) -> [u64; 3] {
    let played: [AtomicU64; 3] = Default::default();
    let watch = Watch {
        since: (0..trial.workers).map(|_| Default::default()).collect(),
        start: Instant::now(),
        done: AtomicBool::new(false),
    };
    let wrong = Mutex::new(None);
    let running = AtomicUsize::new(trial.workers);
    thread::scope(|scope| {
        scope.spawn(|| watch.guard());
        for worker in 0..trial.workers {
            let (watch, wrong, running, total) = (&watch, &wrong, &running, &played);
            scope.spawn(move || {
                // Ends the guard however the last worker ends.
                let _last = Last { running, done: &watch.done };
                let stage = stage(worker);
                let mut note = Note::new(playing, worker);
                for n in (worker as u64..count).step_by(trial.workers) {
                    if lock(wrong).is_some() || end.is_some_and(|end| Instant::now() > end) {
                        break;
                    }
                    total[0].fetch_add(1, Ordering::Relaxed);
                    let seed = Dice::new(seed.wrapping_add(n)).bits();
                    let sequence = Sequence::random(seed, stage.cast());
                    note.put(seed);
                    watch.begin(worker, seed);
                    let mut played = stage.play(&sequence);
                    if played.is_ok() && (n / trial.workers as u64).is_multiple_of(CALM_EVERY) {
                        played = stage.play_without_lies();
                    }
                    watch.end(worker);
                    if let Err(lines) = played {
                        lock(wrong).get_or_insert((sequence, lines));
                    }
                }
                for (total, count) in total[1..].iter().zip(stage.renders()) {
                    total.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
    });
    if let Some((sequence, lines)) = wrong.into_inner().unwrap_or_default() {
        panic!("{}\n{SEQUENCE}={:#x}\n{sequence}", lines.join("\n"), sequence.seed);
    }
    played.map(AtomicU64::into_inner)
}

struct Last<'a> {
    running: &'a AtomicUsize,
    done: &'a AtomicBool,
}

impl Drop for Last<'_> {
    fn drop(&mut self) {
        if self.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.store(true, Ordering::Release);
        }
    }
}

/// The file that holds the seeds of what plays now, for whoever finds this process dead.
struct Note {
    file: File,
    at: u64,
}

/// Characters of one worker's seed in that file.
const WIDTH: usize = 20;

impl Note {
    fn new(path: &Path, worker: usize) -> Self {
        let path: PathBuf = path.to_owned();
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { file, at: (worker * WIDTH) as u64 }
    }

    fn put(&mut self, seed: u64) {
        let line = format!("{:<width$}\n", format!("{seed:#x}"), width = WIDTH - 1);
        let written = self.file.seek(SeekFrom::Start(self.at)).and_then(|_| self.file.write_all(line.as_bytes()));
        written.expect("what could be opened can be written");
    }
}

fn replay(stage: &Stage, seed: u64) {
    let sequence = Sequence::random(seed, stage.cast());
    say(&format!("{sequence}"));
    for played in [stage.play(&sequence), stage.play_without_lies()] {
        if let Err(lines) = played {
            panic!("{}", lines.join("\n"));
        }
    }
    say("the sequence went well");
}
