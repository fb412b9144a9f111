//! `cargo xtask train`: networks from data, by PyTorch in an environment of its own.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{process, python, workspace::Workspace};

/// Makes the Python environment of the training (several gigabytes, once) and runs `train_SUBJECT.py` with `arguments`, in the
/// caller's folder, so that folders among them are meant from there.
///
/// # Errors
/// When there is no such training, or a step fails.
pub fn train(workspace: &Workspace, subject: &str, arguments: &[String]) -> Result<()> {
    let folder = workspace.root().join("models/training");
    let script = folder.join(format!("train_{subject}.py"));
    if !script.is_file() {
        bail!("there is no training of \"{subject}\"; there is: {}", subjects(&folder).join(", "));
    }
    let python = python::environment(workspace, "venv-torch", &folder.join("requirements-torch.txt"))?;
    let mut command = Command::new(python);
    command.arg(script).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    process::run(&mut command, &format!("training {subject}"))
}

/// What can be trained, in order: each has a script.
fn subjects(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |file: std::fs::DirEntry| file.file_name().into_string().ok();
    let subject = |name: String| Some(name.strip_prefix("train_")?.strip_suffix(".py")?.to_owned());
    let mut subjects: Vec<_> = files.filter_map(name).filter_map(subject).collect();
    subjects.sort();
    subjects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_training_is_refused_with_those_that_there_are() {
        let workspace = Workspace::find().unwrap();
        let error = train(&workspace, "sky", &[]).unwrap_err().to_string();
        assert!(error.contains("\"sky\"") && error.contains("seed") && error.contains("tone"), "{error}");
    }
}
