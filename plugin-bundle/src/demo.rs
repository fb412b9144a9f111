//! `cargo xtask demo`: the sample shots through the bundle, as any host would render them.

mod faces;
mod tones;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{
    bundle::{self, Build},
    folders::replace_folder,
    process,
    workspace::Workspace,
};

/// What `rotocel render --json` says of a run. Figures that a platform does not give are missing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Summary {
    /// Frames that were written.
    frames: usize,
    /// Mean time of a frame, reading and writing included.
    ms_per_frame: Option<f64>,
    /// Peak memory of the whole process.
    peak_memory_mib: Option<f64>,
    /// What the node says of itself, after its buttons were pressed.
    status: Option<String>,
    /// How often the node broke the standard.
    #[serde(default)]
    violations: usize,
}

/// Builds everything, runs both nodes on the sample shots into `target/demo/`, and prints what it cost.
///
/// # Errors
/// When a step fails; results of an earlier demo are then left as they were.
pub fn demo(workspace: &Workspace) -> Result<()> {
    let bundle = bundle::bundle(workspace, &Build::default())?;
    let rotocel = Rotocel { program: bundle::headless_program(workspace)?, bundle };
    let place = workspace.target().join("demo");
    let mut summaries = Vec::new();
    replace_folder(&place, |new| {
        summaries.push(("ToneSegment", tones::demo(&rotocel, workspace.root(), new)?));
        summaries.push(("FeatureDetect", faces::demo(&rotocel, workspace.root(), new)?));
        Ok(())
    })?;
    println!("Demo: {}\n{}\n{}", place.display(), tones::FILES, faces::FILES);
    for (node, summary) in &summaries {
        println!("\n{}", report(node, summary));
    }
    Ok(())
}

/// The headless host with the bundle that it loads.
struct Rotocel {
    program: PathBuf,
    bundle: PathBuf,
}

impl Rotocel {
    fn render(&self, node: &str, input: &str, output: &str, more: &[&str]) -> Result<Summary> {
        if let Some(folder) = Path::new(output).parent() {
            fs::create_dir_all(folder)?;
        }
        let mut command = Command::new(&self.program);
        command.args(["render", node, "--input", input, "--output", output, "--json"]).args(more);
        command.arg("--bundle").arg(&self.bundle);
        let settings: Vec<&str> = more.iter().copied().filter(|more| !more.contains('/')).collect();
        let what = format!("{node} on the sample shot ({})", settings.join(" "));
        let text = process::with_spinner(&what, || process::capture(&mut command, "rotocel render"))?;
        let summary: Summary = serde_json::from_str(&text)
            .with_context(|| format!("rotocel render --json said something unexpected: {text}"))?;
        ensure!(summary.frames > 0, "no frame was rendered from {input}");
        Ok(summary)
    }

    fn pictures(&self, kind: &str, inputs: &[&str], output: &Path) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.arg(kind).args(inputs).arg("--output").arg(output);
        self.run(command, kind)
    }

    fn trace(&self, input: &str, channel: &str, output: &Path) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["trace", input]).arg(output).args(["--exr-channel", channel]);
        self.run(command, "trace")
    }

    fn run(&self, mut command: Command, verb: &str) -> Result<()> {
        process::with_spinner(&format!("Making {verb}"), || process::capture(&mut command, &format!("rotocel {verb}")))
            .map(drop)
    }
}

/// The folder of a sample shot's frames.
fn frames_of(shot: &Path) -> Result<PathBuf> {
    let frames = shot.join("frames");
    ensure!(frames.is_dir(), "{} is missing: the checkout is not complete", frames.display());
    Ok(frames)
}

/// The pattern of a sequence of four-digit frames.
fn sequence(folder: &Path, extension: &str) -> String {
    folder.join(format!("%04d.{extension}")).to_string_lossy().into_owned()
}

fn report(node: &str, summary: &Summary) -> String {
    let figure =
        |value: Option<f64>, unit: &str| value.map_or("not measured here".into(), |v| format!("{v:.0} {unit}"));
    let mut text = format!(
        "{node}\nframes       {}\nper frame    {}\npeak memory  {}\nstatus       {}",
        summary.frames,
        figure(summary.ms_per_frame, "ms"),
        figure(summary.peak_memory_mib, "MiB"),
        summary.status.as_deref().unwrap_or("not told"),
    );
    if summary.violations > 0 {
        text.push_str(&format!("\nwarning: the node broke the OpenFX standard {} times", summary.violations));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_holds_the_four_figures() {
        let json =
            r#"{"frames": 36, "ms_per_frame": 152.4, "peak_memory_mib": 403.0, "status": "CPU, 2 threads", "more": 1}"#;
        let summary: Summary = serde_json::from_str(json).unwrap();
        let text = report("ToneSegment", &summary);
        for part in ["frames       36", "152 ms", "403 MiB", "status       CPU, 2 threads", "ToneSegment"] {
            assert!(text.contains(part), "`{part}` is missing in: {text}");
        }
        assert!(!text.contains("warning"), "{text}");
    }

    #[test]
    fn a_figure_that_is_not_measured_and_a_broken_rule_are_said() {
        let summary: Summary = serde_json::from_str(r#"{"frames": 2, "ms_per_frame": null, "violations": 3}"#).unwrap();
        let text = report("ToneSegment", &summary);
        assert!(text.contains("frames       2") && text.contains("peak memory  not measured here"), "{text}");
        assert!(text.contains("3 times"), "{text}");
    }
}
