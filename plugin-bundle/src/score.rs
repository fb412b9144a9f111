//! `cargo xtask score`: quality figures of what ships, by the headless host.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{
    bundle::{self, Build},
    process,
    workspace::Workspace,
};

/// The sample shot, which carries its ground truth.
pub const SAMPLE: &str = "models/sample/tone_orbit";

/// Builds the bundle and the headless host, and forwards to `rotocel score`.
///
/// # Errors
/// When the shot is missing, or a step fails.
pub fn score(workspace: &Workspace, subject: &str, shot: &Path, more: &[String]) -> Result<()> {
    // A path on the command line is meant from where the user stands; the default lies in the checkout.
    let shot = if shot == Path::new(SAMPLE) { workspace.root().join(shot) } else { std::path::absolute(shot)? };
    ensure!(shot.is_dir(), "{} is no folder: name a shot with ground truth", shot.display());
    let bundle = bundle::bundle(workspace, &Build::default())?;
    let program = bundle::headless_program(workspace)?;
    let mut command = std::process::Command::new(program);
    command.args(["score", subject]).arg(&shot).arg("--bundle").arg(bundle).args(more);
    process::run(&mut command, "rotocel score")
}
