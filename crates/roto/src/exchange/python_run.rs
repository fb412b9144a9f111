//! Runs scripts that are written for hosts, with modules of ours in place of the hosts'.

use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What `report` of `tests/fake_hosts` prints after it has run `script`. None, with a word, where there is no Python.
pub(super) fn run(report: &str, script: &str, frames: RangeInclusive<i64>) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake_hosts");
    let own = tempfile::tempdir().expect("a folder for the script");
    let path = own.path().join("script.py");
    std::fs::write(&path, script).expect("the script is written");
    let output = Command::new("python3")
        .arg(folder.join(report))
        .arg(&path)
        .args([frames.start().to_string(), frames.end().to_string()])
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output();
    let output = match output {
        Ok(output) => output,
        Err(found) => {
            eprintln!("SKIPPED: python3 does not start ({found}), so {report} proves nothing");
            return None;
        }
    };
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("the report is JSON"))
}
