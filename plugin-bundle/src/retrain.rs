//! `cargo xtask retrain`: a shot analysed, corrected, exported, trained on and measured again.

use std::process::Command;

use anyhow::Result;

use crate::{
    bundle::{self, Build},
    process, python,
    workspace::Workspace,
};

/// Builds the bundle and the headless host, makes the Python environment of the training, and runs `retrain.py` with
/// `arguments`, in the caller's folder.
///
/// # Errors
/// When a step fails.
pub fn retrain(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let bundle = bundle::bundle(workspace, &Build::default())?;
    let program = bundle::headless_program(workspace)?;
    let folder = workspace.root().join("models/training");
    let python = python::environment(workspace, "venv-torch", &folder.join("requirements-torch.txt"))?;
    let mut command = Command::new(python);
    command.arg(folder.join("retrain.py")).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("--rotocel").arg(program).arg("--bundle").arg(bundle);
    command.arg("--models").arg(workspace.root().join("models"));
    process::run(&mut command, "retraining")
}
