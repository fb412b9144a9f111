//! Python and pip, by which packages come from the registry.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::{pins::Pin, platform::WheelTags, process, workspace::Workspace};

/// What to do when a package does not come.
const OFFLINE_ADVICE: &str = "What may help:\n  \
    - no network: run `cargo xtask fetch --checks` where there is one; `target/` and cargo's own folder keep what was fetched\n  \
    - a proxy or a mirror: set HTTPS_PROXY, or PIP_INDEX_URL and PIP_CERT; pip reads them\n  \
    - a folder of wheels: set PIP_FIND_LINKS to it, and PIP_NO_INDEX=1\n  \
    - libraries of your own: set LIBCLANG_PATH to the folder that holds libclang, and ROTOCEL_ONNXRUNTIME to the file \
    libonnxruntime (version 1.22 or newer)";

/// A pip that runs: a program and the arguments before pip's own.
#[derive(Clone, Debug)]
pub struct Pip {
    program: PathBuf,
    leading: Vec<&'static str>,
}

impl Pip {
    /// The first pip that answers: that of `python3`, of `python`, then `pip3` and `pip`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find() -> Result<Self> {
        Self::find_among(&[("python3", &["-m", "pip"]), ("python", &["-m", "pip"]), ("pip3", &[]), ("pip", &[])])
    }

    fn find_among(candidates: &[(&str, &[&'static str])]) -> Result<Self> {
        for (program, leading) in candidates {
            let pip = Self { program: program.into(), leading: leading.to_vec() };
            if pip.command().arg("--version").output().is_ok_and(|output| output.status.success()) {
                return Ok(pip);
            }
        }
        let tried: Vec<_> =
            candidates.iter().map(|(program, leading)| format!("{program} {}", leading.join(" "))).collect();
        bail!(
            "no pip runs here (tried {}): install Python 3 with pip, for example the packages python3 and python3-pip, \
             and start again\n{OFFLINE_ADVICE}",
            tried.join(", ").replace(" ,", ",")
        )
    }

    /// A pip call without its own arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.leading).env("PIP_DISABLE_PIP_VERSION_CHECK", "1").env("PIP_NO_INPUT", "1");
        command
    }

    /// Downloads the wheel of a pinned package for a platform into a folder, and returns the file.
    ///
    /// # Errors
    /// When pip fails (the error says what may help), or the wheel's hash is not pinned.
    pub fn download(&self, pin_file: &Path, pin: &Pin, tags: WheelTags, into: &Path) -> Result<PathBuf> {
        let mut command = self.command();
        command
            .args(["download", "--quiet", "--no-deps", "--only-binary=:all:"])
            .args(["--implementation", tags.implementation, "--abi", tags.abi, "--platform", tags.platform])
            .args(["--python-version", "3.11", "--require-hashes", "-r"])
            .arg(pin_file)
            .arg("--dest")
            .arg(into);
        process::capture(&mut command, &format!("fetching {}", pin.requirement()))
            .map_err(|error| anyhow!("{error:#}\n{OFFLINE_ADVICE}"))?;
        std::fs::read_dir(into)
            .with_context(|| format!("cannot list {}", into.display()))?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .with_context(|| {
                format!("pip said it fetched {}, but left no wheel in {}", pin.requirement(), into.display())
            })
    }
}

/// A Python that runs, to unpack wheels and to make virtual environments.
///
/// # Errors
/// When there is none.
pub fn find() -> Result<PathBuf> {
    ["python3", "python"]
        .into_iter()
        .find(|program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success()))
        .map(PathBuf::from)
        .context("neither python3 nor python runs here: install Python 3 and start again")
}

/// The oldest Python and pip that can install what is pinned: packages for nothing older, and pip's `--python`.
const OLDEST_PYTHON: (u32, u32) = (3, 11);
const OLDEST_PIP: (u32, u32) = (22, 3);

/// A program's answer to `--version`, held against the oldest that will do.
///
/// # Errors
/// When it does not run, or is older.
fn checked_version(command: &mut Command, name: &str, oldest: (u32, u32)) -> Result<String> {
    let told = process::capture(command.arg("--version"), &format!("asking {name} for its version"))?;
    let told = told.trim().to_owned();
    // `Python 3.11.2`, `pip 24.0 from /usr/lib/…`
    let number = told.split_whitespace().nth(1).unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let (major, minor) = oldest;
    ensure!(
        found >= oldest,
        "{name} is {number}; the checks and trainings need {major}.{minor} or newer: install that"
    );
    Ok(told)
}

/// Unpacks a wheel (a zip archive) into a folder.
///
/// # Errors
/// When Python fails.
pub fn unpack(wheel: &Path, into: &Path) -> Result<()> {
    let mut command = Command::new(find()?);
    command.args(["-m", "zipfile", "-e"]).arg(wheel).arg(into);
    process::capture(&mut command, &format!("unpacking {}", wheel.display())).map(drop)
}

/// A virtual environment in `target/NAME` that holds what a requirement file asks for; returns its Python.
///
/// A copy of the requirement file inside, with Python's version, marks the environment as complete, so that a second call does
/// nothing.
///
/// # Errors
/// When the file is missing, or Python or pip fails or is too old.
pub fn environment(workspace: &Workspace, name: &str, requirements: &Path) -> Result<PathBuf> {
    let wanted =
        std::fs::read_to_string(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = workspace.target().join(name);
    let python = folder.join(workspace.platform.venv_python());
    let mark = folder.join("rotocel-requirements.txt");
    let found = find()?;
    let version = checked_version(&mut Command::new(&found), "Python", OLDEST_PYTHON)?;
    // Packages lie in a folder that is named after the version, without its last part.
    let version = version.rsplit_once('.').map_or(version.as_str(), |(version, _)| version);
    let wanted = format!("# {version}\n{wanted}");
    if python.exists() && std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    let pip = Pip::find()?;
    checked_version(&mut pip.command(), "pip", OLDEST_PIP)?;
    // What is half made must not look complete to the next run.
    match std::fs::remove_file(&mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", mark.display()));
        }
        _ => {}
    }
    process::with_spinner(&format!("Making the Python environment target/{name}"), || {
        // Without pip, because Debian's Python lacks ensurepip; pip --python reaches in from outside.
        let mut make = Command::new(&found);
        make.args(["-m", "venv", "--clear", "--without-pip"]).arg(&folder);
        process::capture(&mut make, "making a virtual environment")?;
        let mut install = pip.command();
        install
            .arg("--python")
            .arg(&python)
            .args(["install", "--quiet", "--require-hashes", "--requirement"])
            .arg(requirements);
        process::capture(&mut install, &format!("installing {}", requirements.display()))
            .map_err(|error| anyhow!("{error:#}\n{OFFLINE_ADVICE}"))
    })?;
    std::fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(python)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::platform::Platform;

    fn fake(folder: &Path, script: &str) -> Pip {
        let program = folder.join("pip");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Pip { program, leading: vec![] }
    }

    fn pin() -> Pin {
        Pin::parse(include_str!("../pins/libclang.txt")).unwrap()
    }

    #[test]
    fn what_is_too_old_is_named_with_what_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let says = |text: &str| checked_version(&mut fake(folder.path(), text).command(), "pip", (22, 3));
        assert!(says("echo 'pip 22.3.1 from /usr/lib (python 3.11)'").unwrap().starts_with("pip 22.3.1"));
        assert!(says("echo 'pip 100.0'").is_ok());
        let error = says("echo 'pip 22.0.2 from /usr/lib (python 3.10)'").unwrap_err().to_string();
        assert!(error.contains("22.0.2") && error.contains("22.3"), "{error}");
        assert!(says("exit 1").is_err());
    }

    #[test]
    fn a_failed_download_says_what_pip_said_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let pip = fake(folder.path(), "echo 'ERROR: Could not find a version' >&2; exit 1");
        let tags = Platform::LinuxX86_64.libclang_wheel();
        let error = pip.download(Path::new("pins.txt"), &pin(), tags, folder.path()).unwrap_err().to_string();
        for part in
            ["libclang==18.1.1", "Could not find a version", "HTTPS_PROXY", "LIBCLANG_PATH", "ROTOCEL_ONNXRUNTIME"]
        {
            assert!(error.contains(part), "`{part}` is missing in: {error}");
        }
    }

    #[test]
    fn a_download_asks_for_the_platform_and_the_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("echo \"$@\" > {0}/arguments; touch {0}/a.whl", folder.path().display());
        let pip = fake(folder.path(), &script);
        let tags = Platform::LinuxX86_64.onnxruntime_wheel();
        let wheel = pip.download(Path::new("pins.txt"), &pin(), tags, folder.path()).unwrap();
        assert_eq!(wheel, folder.path().join("a.whl"));
        let arguments = std::fs::read_to_string(folder.path().join("arguments")).unwrap();
        for part in ["--require-hashes -r pins.txt", "--platform manylinux_2_28_x86_64", "--abi cp311", "--no-deps"] {
            assert!(arguments.contains(part), "`{part}` is missing in: {arguments}");
        }
    }

    #[test]
    fn a_pip_that_fetches_nothing_is_told_apart_from_one_that_fails() {
        let folder = tempfile::tempdir().unwrap();
        let tags = Platform::LinuxX86_64.libclang_wheel();
        let error = fake(folder.path(), "exit 0").download(Path::new("p"), &pin(), tags, folder.path()).unwrap_err();
        assert!(error.to_string().contains("left no wheel"), "{error}");
    }

    #[test]
    fn without_any_pip_the_error_says_what_to_install() {
        let error = Pip::find_among(&[("/nowhere/python3", &["-m", "pip"])]).unwrap_err().to_string();
        assert!(error.contains("python3-pip") && error.contains("/nowhere/python3 -m pip"), "{error}");
    }
}
