//! A run of named stages: all are run, each is timed, and the table at the end says what failed.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::Result;

/// The stages that have run so far.
#[derive(Debug, Default)]
pub struct Stages {
    done: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    name: String,
    took: Duration,
    error: Option<String>,
}

impl Stages {
    /// Runs a stage; its failure is kept for the table and does not stop the next one.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        eprintln!("\n=== {name}");
        let start = Instant::now();
        let error = work().err().map(|error| format!("{error:#}"));
        let took = start.elapsed();
        if let Some(error) = &error {
            eprintln!("{name}: {error}");
        }
        eprintln!("=== {name}: {} in {}", if error.is_none() { "passed" } else { "FAILED" }, clock(took));
        self.done.push(Stage { name: name.into(), took, error });
    }

    fn failed(&self) -> usize {
        self.done.iter().filter(|stage| stage.error.is_some()).count()
    }

    /// The table, and as its last line the count of passed and failed stages.
    pub fn table(&self) -> String {
        let width = self.done.iter().map(|stage| stage.name.len()).max().unwrap_or(0).max(5);
        let mut table = String::new();
        for stage in &self.done {
            let outcome = if stage.error.is_none() { "passed" } else { "FAILED" };
            writeln!(table, "{:width$}  {:>7}  {outcome}", stage.name, clock(stage.took)).expect("a string takes all");
        }
        let total = self.done.iter().map(|stage| stage.took).sum();
        writeln!(table, "{:width$}  {:>7}", "total", clock(total)).expect("a string takes all");
        for stage in &self.done {
            if let Some(error) = &stage.error {
                writeln!(table, "\n{}: {}", stage.name, error.lines().next().unwrap_or_default())
                    .expect("a string takes all");
            }
        }
        write!(table, "\n{} passed, {} failed", self.done.len() - self.failed(), self.failed())
            .expect("a string takes all");
        table
    }

    /// Prints the table, and says whether every stage passed.
    ///
    /// # Errors
    /// When a stage failed. The table has said which, and its last line must stay the last one for CI to read.
    pub fn finish(self) -> Result<(), Failed> {
        println!("\n{}", self.table());
        if self.failed() > 0 { Err(Failed) } else { Ok(()) }
    }
}

/// A failure that has been told already.
#[derive(Debug)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a stage failed")
    }
}

impl std::error::Error for Failed {}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_stage_does_not_stop_the_next_and_is_counted() {
        let mut stages = Stages::default();
        let mut ran = false;
        stages.run("format", || bail!("src/lib.rs is not formatted\nat line 3"));
        stages.run("tests", || {
            ran = true;
            Ok(())
        });
        assert!(ran);
        let table = stages.table();
        assert!(table.contains("format") && table.contains("FAILED"), "{table}");
        assert!(table.contains("format: src/lib.rs is not formatted\n"), "{table}");
        assert_eq!(table.lines().last(), Some("1 passed, 1 failed"), "CI reads the last line");
    }

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!(clock(Duration::from_secs(125)), "2:05");
    }
}
