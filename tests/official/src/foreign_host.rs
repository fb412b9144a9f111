//! A running host made of HostSupport, in a process of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

/// One row of an answer.
pub type Row = Vec<String>;

/// The process. Every command is a line; see `host/wire.h` for how they look and `host/session.h` for what there is.
pub struct ForeignHost {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What HostSupport and the plug-in print.
    told: Option<JoinHandle<String>>,
    /// Where it runs: one of the official examples writes a log file wherever it is loaded.
    _folder: tempfile::TempDir,
}

impl ForeignHost {
    /// Starts the process.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(program: &Path) -> Self {
        let mut command = Command::new(program);
        // Only the bundle that a test names, with the library that lies in it.
        command.env_remove("OFX_PLUGIN_PATH").env_remove("ROTOCEL_ONNXRUNTIME");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let mut told = child.stderr.take().expect("it is piped");
        let told = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = told.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self {
            commands: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().expect("it is piped")),
            child,
            told: Some(told),
            _folder: folder,
        }
    }

    /// Runs a command and returns the rows of its answer.
    ///
    /// # Errors
    /// What the host refused, or what the plug-in answered.
    ///
    /// # Panics
    /// When the process has died: that is the finding of these tests.
    pub fn ask<S: AsRef<str>>(&mut self, words: &[S]) -> Result<Vec<Row>, String> {
        let line = words.iter().map(|word| escaped(word.as_ref())).collect::<Vec<_>>().join("\t");
        let sent = self.commands.as_mut().is_some_and(|pipe| writeln!(pipe, "{line}").is_ok());
        let mut rows = Vec::new();
        loop {
            let mut answer = String::new();
            if !sent || self.answers.read_line(&mut answer).unwrap_or(0) == 0 {
                let ended = self.ended();
                panic!("HostSupport's process {ended}, in: {}", words[0].as_ref());
            }
            let answer = answer.trim_end_matches('\n');
            match answer.split_at_checked(2) {
                Some(("- ", row)) => rows.push(row.split('\t').map(unescaped).collect()),
                Some(("! ", reason)) => return Err(unescaped(reason)),
                _ => return Ok(rows),
            }
        }
    }

    /// As [`ForeignHost::ask`], for what must work.
    ///
    /// # Panics
    /// When it does not.
    pub fn must<S: AsRef<str>>(&mut self, words: &[S]) -> Vec<Row> {
        self.ask(words).unwrap_or_else(|reason| {
            let watched = self.ask(&["watched"]).unwrap_or_default();
            panic!("{}: {reason}; {watched:?}", words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" "))
        })
    }

    /// Ends the process, and returns what was printed.
    ///
    /// # Panics
    /// When it does not end well: destructors of libraries and threads run at that point.
    pub fn finish(mut self) -> String {
        drop(self.commands.take());
        let status = self.child.wait().expect("it was started");
        let told = self.printed();
        assert!(status.success(), "HostSupport's process ended with {status}:\n{told}");
        told
    }

    fn printed(&mut self) -> String {
        self.told.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }

    fn ended(&mut self) -> String {
        drop(self.commands.take());
        let status = self.child.wait().expect("it was started");
        format!("ended with {status} (it printed: {})", self.printed().trim())
    }
}

impl Drop for ForeignHost {
    /// A test that failed leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")
}

fn unescaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        let next = if character == '\\' { characters.next() } else { None };
        out.push(match next {
            Some('t') => '\t',
            Some('n') => '\n',
            other => other.unwrap_or(character),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_wire_whatever_they_hold() {
        for word in ["plain", "two\nlines", "a\ttab", r"C:\new\t", r"\\", ""] {
            assert_eq!(unescaped(&escaped(word)), word);
            assert!(!escaped(word).contains(['\t', '\n']));
        }
    }

    #[test]
    #[should_panic(expected = "HostSupport's process ended with exit status: 1 (it printed: ), in: load")]
    fn a_process_that_dies_is_named_with_what_it_was_doing() {
        let _ = ForeignHost::start(Path::new("false")).ask(&["load", "/nowhere"]);
    }
}
