//! `cargo xtask retrain`: a shot analysed, corrected, exported, trained on and measured again.

use std::ffi::OsString;
use std::path::PathBuf;
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
    let models = workspace.root().join("models");
    let own = [("--rotocel", program), ("--bundle", bundle), ("--models", models)];
    command.arg(folder.join("retrain.py")).args(with_defaults(own, arguments)).env("PYTHONDONTWRITEBYTECODE", "1");
    process::run(&mut command, "retraining")
}

/// Ours first: of an option that is given twice, argparse takes the last, which is the caller's.
fn with_defaults<const N: usize>(own: [(&str, PathBuf); N], arguments: &[String]) -> Vec<OsString> {
    let own = own.into_iter().flat_map(|(option, path)| [option.into(), path.into_os_string()]);
    own.chain(arguments.iter().map(OsString::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caller_gives_comes_after_what_we_give() {
        let arguments = ["shot", "--models", "own"].map(str::to_owned);
        let all = with_defaults([("--models", PathBuf::from("ours"))], &arguments);
        assert_eq!(all, ["--models", "ours", "shot", "--models", "own"]);
    }
}
