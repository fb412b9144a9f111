//! `cargo xtask score`: quality figures of what ships, by the headless host.

use anyhow::Result;

use crate::{
    bundle::{self, Build},
    process,
    workspace::Workspace,
};

/// The sample shot, which carries its ground truth.
pub const SAMPLE: &str = "models/sample/tone_orbit";
/// The sample shot of a face, with its annotations.
const SAMPLE_FACE: &str = "models/sample_face/puppet_hand";

/// Builds the bundle and the headless host, and forwards to `rotocel score`; the sample shot of the subject is what it
/// scores where `arguments` name no folder.
///
/// # Errors
/// When a step fails.
pub fn score(workspace: &Workspace, subject: &str, arguments: &[String]) -> Result<()> {
    let bundle = bundle::bundle(workspace, &Build::default())?;
    let program = bundle::headless_program(workspace)?;
    let mut command = std::process::Command::new(program);
    command.args(["score", subject]);
    // Older habit: what follows `--` is for `rotocel score`.
    let arguments: Vec<&String> = arguments.iter().filter(|argument| *argument != "--").collect();
    command.arg("--sample").arg(workspace.root().join(sample(subject))).args(arguments).arg("--bundle").arg(bundle);
    process::run(&mut command, "rotocel score")
}

fn sample(subject: &str) -> &'static str {
    if subject == "features" { SAMPLE_FACE } else { SAMPLE }
}
