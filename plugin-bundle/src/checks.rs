//! `cargo xtask test`: every check and test, in the order that wastes least compilation.
//!
//! All cargo calls that check or test name the whole workspace, because cargo joins the features of the packages it is
//! given: a call for one package alone would compile half of the dependencies a second time.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{
    bundle::{self, Build},
    fetch, process, python,
    stages::Stages,
    workspace::Workspace,
};

/// Where the Python of the project lies.
const TRAINING: &str = "models/training";

/// What would change the results of the tests if the user had it set.
const OVERRIDES: [&str; 4] = ["ROTOCEL_DEVICE", "ROTOCEL_THREADS", "ROTOCEL_CACHE_MB", "ROTOCEL_MODEL_PATH"];

/// A dot for each test that passes; cargo itself keeps its progress bar.
const SHORT: [&str; 2] = ["--", "--quiet"];

/// Runs all stages and prints the table.
///
/// # Errors
/// When there are no tests to run, or a stage failed.
pub fn test(workspace: &Workspace, training: bool) -> Result<()> {
    let bundle_tests = bundle_tests(workspace)?;
    let mut stages = Stages::default();
    stages.run("fetch", || fetch::fetch(workspace));
    stages.run("format", || process::run(process::cargo(workspace).args(["fmt", "--all", "--check"]), "cargo fmt"));
    stages.run("clippy", || clippy(workspace));
    stages.run("docs", || docs(workspace));
    stages.run("bundle", || bundle::bundle(workspace, &Build::default()).map(drop));
    stages.run("tests of the crates", || {
        let mut cargo = cargo_test(workspace);
        // Every package but the two whose tests have stages of their own; by target, to keep the features the same.
        // A name that a crate shares with the root package runs in both stages.
        cargo.args(["--lib", "--bins", "--examples"]);
        for name in crate_tests(workspace)? {
            cargo.args(["--test", &name]);
        }
        process::run(cargo.args(SHORT), "cargo test")
    });
    stages.run("examples in the docs", || {
        process::run(cargo_test(workspace).arg("--doc").args(SHORT), "cargo test --doc")
    });
    stages.run("tests of the bundle", || {
        let mut cargo = cargo_test(workspace);
        // The bundle must find the library that lies in it.
        cargo.env_remove("ROTOCEL_ONNXRUNTIME");
        for name in &bundle_tests {
            cargo.args(["--test", name]);
        }
        process::run(cargo.args(SHORT), "cargo test")
    });
    stages.run("official programs", || {
        let mut cargo = cargo_test(workspace);
        cargo.env_remove("ROTOCEL_ONNXRUNTIME");
        for name in official_tests(workspace)? {
            cargo.args(["--test", &name]);
        }
        process::run(cargo.args(SHORT), "cargo test")
    });
    stages.run("Python checks", || python_checks(workspace));
    if training {
        stages.run("training tests", || training_tests(workspace));
    }
    Ok(stages.finish()?)
}

fn clippy(workspace: &Workspace) -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    process::run(process::cargo(workspace).args(arguments), "cargo clippy")
}

fn docs(workspace: &Workspace) -> Result<()> {
    let mut cargo = process::cargo(workspace);
    cargo.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut cargo, "cargo doc")
}

/// A call of `cargo test` in which nothing of the user's environment changes a result.
pub fn cargo_test(workspace: &Workspace) -> Command {
    let mut cargo = process::cargo(workspace);
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    cargo.env("ROTOCEL_BUNDLE", workspace.bundles()).env("ROTOCEL_ONNXRUNTIME", workspace.onnxruntime());
    for name in OVERRIDES {
        cargo.env_remove(name);
    }
    cargo
}

/// The test files of the root package, which drive the built bundle.
fn bundle_tests(workspace: &Workspace) -> Result<Vec<String>> {
    let tests = test_names(&workspace.root().join("tests"))?;
    ensure!(!tests.is_empty(), "tests/ holds no test file");
    Ok(tests)
}

/// The test files of the package that builds the official programs, which need the built bundle as well.
fn official_tests(workspace: &Workspace) -> Result<Vec<String>> {
    let tests = test_names(&workspace.root().join("tests/official/tests"))?;
    ensure!(!tests.is_empty(), "tests/official/tests holds no test file");
    Ok(tests)
}

/// The test files of all other packages.
fn crate_tests(workspace: &Workspace) -> Result<Vec<String>> {
    let crates = std::fs::read_dir(workspace.root().join("crates"))?.flatten().map(|entry| entry.path());
    let packages = crates.chain(["ofx-sdk", "plugin-bundle", "fuzz"].map(|name| workspace.root().join(name)));
    let mut names = Vec::new();
    for folder in packages.map(|package| package.join("tests")).filter(|folder| folder.is_dir()) {
        names.extend(test_names(&folder)?);
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// What cargo takes for integration tests: `NAME.rs`, and folders with a `main.rs`.
fn test_names(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn python_checks(workspace: &Workspace) -> Result<()> {
    let python = fetch::check_environment(workspace)?;
    let folder = workspace.root().join(TRAINING);
    process::run(in_folder(&python, &folder).args(["-m", "ruff", "check", "."]), "ruff check")?;
    process::run(in_folder(&python, &folder).args(["-m", "ruff", "format", "--check", "."]), "ruff format")?;
    unit_tests(&python, &folder)?;
    let scripts = workspace.root().join("plugin-bundle/tests/python");
    let discover = ["-m", "unittest", "discover", "-s", "."];
    process::run(in_folder(&python, &scripts).args(discover), "tests of the scripts for hosts")
}

fn unit_tests(python: &Path, folder: &Path) -> Result<()> {
    process::run(
        in_folder(python, folder).args(["-m", "unittest", "discover", "-s", "tests", "-t", "."]),
        "Python tests",
    )
}

/// The same tests with torch, then with Blender: each skips what its environment lacks. Two environments, because the
/// one wants NumPy 2 and the other an older one.
fn training_tests(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root().join(TRAINING);
    for name in ["torch", "bpy"] {
        let requirements = folder.join(format!("requirements-{name}.txt"));
        let python: PathBuf = python::environment(workspace, &format!("venv-{name}"), &requirements)?;
        unit_tests(&python, &folder)?;
    }
    Ok(())
}

fn in_folder(python: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    // Without byte code, so that a run leaves the checkout as it was.
    command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_with_a_main_are_tests_and_shared_modules_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["render.rs", "notes.md", "shared/mod.rs", "snapshot/main.rs"] {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        assert_eq!(test_names(folder.path()).unwrap(), ["render", "snapshot"]);
    }

    #[test]
    fn the_tests_of_the_bundle_and_of_the_crates_are_found() {
        let workspace = Workspace::find().unwrap();
        assert!(bundle_tests(&workspace).unwrap().contains(&"architecture".to_owned()));
        let crates = crate_tests(&workspace).unwrap();
        assert!(crates.contains(&"lifecycle".to_owned()) && !crates.contains(&"architecture".to_owned()), "{crates:?}");
    }

    #[test]
    fn the_official_programs_are_tested_in_their_own_stage_and_in_no_other() {
        let workspace = Workspace::find().unwrap();
        let (bundle, crates) = (bundle_tests(&workspace).unwrap(), crate_tests(&workspace).unwrap());
        let official = official_tests(&workspace).unwrap();
        assert!(official.contains(&"official_host".to_owned()), "{official:?}");
        assert!(official.iter().all(|name| !bundle.contains(name) && !crates.contains(name)), "{official:?}");
    }
}
