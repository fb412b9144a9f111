//! `cargo xtask demo`: the sample shot through the bundle, as any host would render it.

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
    score::SAMPLE,
    workspace::Workspace,
};

/// The node that is shown.
const NODE: &str = "ToneSegment";

/// What `rotocel render --json` says of a run. Figures that a platform does not give are missing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Summary {
    /// Frames that were written.
    frames: usize,
    /// Mean time of a frame, reading and writing included.
    ms_per_frame: Option<f64>,
    /// Peak memory of the whole process.
    peak_memory_mib: Option<f64>,
    /// What the node says it runs on, after its button to check that was pressed.
    status: Option<String>,
    /// How often the node broke the standard.
    #[serde(default)]
    violations: usize,
}

/// Builds everything, renders the sample shot into `target/demo/`, and prints what it cost.
///
/// # Errors
/// When a step fails; results of an earlier demo are then left as they were.
pub fn demo(workspace: &Workspace) -> Result<()> {
    let shot = workspace.root().join(SAMPLE);
    let frames = shot.join("frames");
    ensure!(frames.is_dir(), "{} is missing: the checkout is not complete", frames.display());
    let bundle = bundle::bundle(workspace, &Build::default())?;
    let rotocel = Rotocel { program: bundle::headless_program(workspace)?, bundle };
    let place = workspace.target().join("demo");
    let input = sequence(&frames, "png");
    let mut layers = None;
    replace_folder(&place, |new| {
        layers = Some(rotocel.render(
            &input,
            &sequence(&new.join("layers"), "exr"),
            &["--layers", "--press", "check_device"],
        )?);
        let flat = sequence(&new.join("flat"), "png");
        rotocel.render(&input, &flat, &["--set", "output=flat"])?;
        let masked = sequence(&new.join("flat_in_mask"), "png");
        let mask = format!("Mask={}", sequence(&shot.join("subject"), "png"));
        rotocel.render(&input, &masked, &["--set", "output=flat", "--set", "temporal_smoothing=2", "--clip", &mask])?;
        let columns = [&*input, &flat, &masked];
        rotocel.pictures("gif", &columns, &new.join("side_by_side.gif"))?;
        rotocel.pictures("sheet", &columns, &new.join("contact_sheet.png"))
    })?;
    let summary = layers.context("the layers were not rendered")?;
    ensure!(summary.frames > 0, "no frame was rendered from {input}");
    println!("{}", report(&summary, &place));
    Ok(())
}

/// The headless host with the bundle that it loads.
struct Rotocel {
    program: PathBuf,
    bundle: PathBuf,
}

impl Rotocel {
    fn render(&self, input: &str, output: &str, more: &[&str]) -> Result<Summary> {
        if let Some(folder) = Path::new(output).parent() {
            fs::create_dir_all(folder)?;
        }
        let mut command = Command::new(&self.program);
        command.args(["render", NODE, "--input", input, "--output", output, "--json"]).args(more);
        command.arg("--bundle").arg(&self.bundle);
        let settings: Vec<&str> = more.iter().copied().filter(|more| !more.contains('/')).collect();
        let what = format!("Rendering the sample shot ({})", settings.join(" "));
        let text = process::with_spinner(&what, || process::capture(&mut command, "rotocel render"))?;
        serde_json::from_str(&text).with_context(|| format!("rotocel render --json said something unexpected: {text}"))
    }

    fn pictures(&self, kind: &str, inputs: &[&str], output: &Path) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.arg(kind).args(inputs).arg("--output").arg(output);
        process::with_spinner(&format!("Making {kind}"), || process::capture(&mut command, &format!("rotocel {kind}")))
            .map(drop)
    }
}

/// The pattern of a sequence of four-digit frames.
fn sequence(folder: &Path, extension: &str) -> String {
    folder.join(format!("%04d.{extension}")).to_string_lossy().into_owned()
}

fn report(summary: &Summary, place: &Path) -> String {
    let figure =
        |value: Option<f64>, unit: &str| value.map_or("not measured here".into(), |v| format!("{v:.0} {unit}"));
    let mut text = format!(
        "Demo: {}\n  layers/            five mattes and the confidence, multi-layer EXR\n  flat/              \
         the five tones as flat colors, PNG\n  flat_in_mask/      the same with the subject's Mask and temporal \
         smoothing\n  side_by_side.gif   input, tones, tones in the Mask\n  contact_sheet.png  the same, frame by \
         frame\n\nframes       {}\nper frame    {}\npeak memory  {}\nprovider     {}",
        place.display(),
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
        let text = report(&summary, Path::new("target/demo"));
        for part in ["frames       36", "152 ms", "403 MiB", "provider     CPU, 2 threads", "target/demo"] {
            assert!(text.contains(part), "`{part}` is missing in: {text}");
        }
        assert!(!text.contains("warning"), "{text}");
    }

    #[test]
    fn a_figure_that_is_not_measured_and_a_broken_rule_are_said() {
        let summary: Summary = serde_json::from_str(r#"{"frames": 2, "ms_per_frame": null, "violations": 3}"#).unwrap();
        let text = report(&summary, Path::new("d"));
        assert!(text.contains("frames       2") && text.contains("peak memory  not measured here"), "{text}");
        assert!(text.contains("3 times"), "{text}");
    }
}
