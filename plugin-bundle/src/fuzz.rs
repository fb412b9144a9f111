//! `cargo xtask fuzz`: readers of outside bytes under libFuzzer, guided by coverage, on stable Rust.
//!
//! The program is built in a folder of its own, because coverage changes every crate. What is found lies below
//! `target/fuzz/READER/finds`; what has been mended goes to `fuzz/finds/READER`, where every run of the tests reads it again.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{process, stages::Stages, workspace::Workspace};

/// What stable rustc takes to count what was run, and to show what was compared with what.
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cforce-frame-pointers=yes",
];

/// What libFuzzer holds each input to: seconds, mebibytes in all; the program counts what an input asks for. Longer inputs find
/// nothing more.
const LIMITS: [&str; 4] = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1"];

/// Lines of libFuzzer's that tell how a failure came about.
const TOLD: usize = 25;

/// Builds the readers with coverage and runs one, or all.
///
/// # Errors
/// When there is no such reader, or a crash, a hang or too much memory was found.
pub fn fuzz(workspace: &Workspace, only: Option<&str>, seconds: u32) -> Result<()> {
    let program = build(workspace)?;
    let readers = process::capture(&mut Command::new(&program), "the list of readers")?;
    let readers: Vec<&str> = readers.lines().collect();
    if let Some(name) = only.filter(|name| !readers.contains(name)) {
        bail!("there is no reader {name}; there is: {}", readers.join(", "));
    }
    let mut stages = Stages::default();
    for name in readers.into_iter().filter(|name| only.is_none_or(|only| only == *name)) {
        stages.run(name, || run(workspace, &program, name, seconds));
    }
    Ok(stages.finish()?)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target().join("fuzz")
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let triple = host_triple()?;
    let place = folder(workspace).join("build");
    let mut cargo = process::cargo(workspace);
    // A target by name keeps coverage out of build scripts.
    cargo.args(["build", "--release", "--package", "fuzz", "--bin", "fuzz-readers", "--target", &triple]);
    cargo.arg("--target-dir").arg(&place).env("RUSTFLAGS", COVERAGE.join(" "));
    // Numbers that overflow are found, as in the tests.
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true").env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    process::run(&mut cargo, "cargo build with coverage")?;
    Ok(place.join(triple).join("release/fuzz-readers"))
}

/// The triple that rustc builds for when it is told nothing.
fn host_triple() -> Result<String> {
    let told = process::capture(Command::new("rustc").arg("-vV"), "rustc -vV")?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

/// Runs one reader, and says what libFuzzer said at its end.
fn run(workspace: &Workspace, program: &Path, name: &str, seconds: u32) -> Result<()> {
    let own = folder(workspace).join(name);
    let [corpus, seeds, finds] = ["corpus", "seeds", "finds"].map(|part| own.join(part));
    for folder in [&corpus, &seeds, &finds] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let before = names_in(&finds)?;
    let log = own.join("log.txt");
    let mut command = Command::new(program);
    command.env("ROTOCEL_FUZZ_TARGET", name).env("ROTOCEL_FUZZ_FOLDER", &own).env("RUST_BACKTRACE", "0");
    command.args(LIMITS).arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", finds.display()));
    command.arg(format!("-dict={}", own.join("words.dict").display()));
    command.args([&corpus, &seeds]);
    let mended = workspace.root().join("fuzz/finds").join(name);
    command.args(mended.is_dir().then_some(mended));
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    let told = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())?;
    println!("{name}: {}", summary(&told));
    let new: Vec<String> = names_in(&finds)?.into_iter().filter(|found| !before.contains(found)).collect();
    for found in &new {
        println!("{name}: {} {}", kind(found), finds.join(found).display());
    }
    if !status.success() {
        eprintln!("{}", last_lines(&told, TOLD));
    }
    let failed: Vec<&String> = new.iter().filter(|found| !found.starts_with("slow-unit-")).collect();
    ensure!(failed.is_empty(), "{} found; see {}", failed.len(), log.display());
    ensure!(status.success(), "libFuzzer ended with {status}; see {}", log.display());
    Ok(())
}

fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// What the beginning of a find's name stands for.
fn kind(name: &str) -> &'static str {
    const KINDS: [(&str, &str); 5] = [
        ("crash-", "panics on"),
        ("timeout-", "hangs on"),
        ("oom-", "takes too much memory for"),
        ("leak-", "leaks memory on"),
        ("slow-unit-", "is slow on"),
    ];
    KINDS.iter().find(|(start, _)| name.starts_with(start)).map_or("fails on", |(_, kind)| kind)
}

/// How many inputs were read, and how much of the reader they reached.
fn summary(told: &str) -> String {
    let after = |line: &str, word: &str| Some(line.split_once(word)?.1.split_whitespace().next()?.to_owned());
    let last = |word: &str| told.lines().rev().find_map(|line| after(line, word)).unwrap_or_else(|| "no".to_owned());
    let (inputs, places, most) = (last("number_of_executed_units:"), last(" cov:"), last("peak_rss_mb:"));
    format!("{inputs} inputs, {places} places reached, {most} MB at most")
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_told_in_a_line() {
        let told = "#5 INITED cov: 40 ft: 7 corp: 1/1b\n#99 DONE   cov: 80 ft: 8 corp: 2/5b\nDone 99 runs\n\
                    stat::number_of_executed_units: 99\nstat::peak_rss_mb:              27\n";
        assert_eq!(summary(told), "99 inputs, 80 places reached, 27 MB at most");
        assert_eq!(summary(""), "no inputs, no places reached, no MB at most");
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
    }

    #[test]
    fn finds_are_told_by_what_went_wrong() {
        assert_eq!(kind("crash-0a1b"), "panics on");
        assert_eq!(kind("timeout-0a1b"), "hangs on");
        assert_eq!(kind("other"), "fails on");
    }
}
