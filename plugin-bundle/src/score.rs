//! `cargo xtask score`: quality figures of what ships, by the headless host.

use anyhow::Result;

use crate::{
    bundle::{self, Build},
    process,
    workspace::Workspace,
};

/// The sample shot, which carries its ground truth.
pub const SAMPLE: &str = "models/sample/tone_orbit";

/// Builds the bundle and the headless host, and forwards to `rotocel score`; the sample shot stands where `arguments`
/// begin with no folder.
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
    if arguments.first().is_none_or(|first| first.starts_with('-')) {
        command.arg(workspace.root().join(SAMPLE));
    }
    command.args(arguments).arg("--bundle").arg(bundle);
    process::run(&mut command, "rotocel score")
}
