//! `cargo xtask bundle`: builds the plug-in and assembles what hosts load.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{
    binary::Tables,
    fetch,
    folders::{copy_file, copy_folder, replace_folder},
    info_plist::{EXECUTABLE, info_plist},
    licences, pins, process,
    workspace::{BUNDLE, Workspace},
};

/// How the plug-in is built.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// Cargo's dev profile instead of release.
    pub debug: bool,
    /// Features of the root package.
    pub features: Vec<String>,
    /// The folder that holds the bundle; target/bundle where nothing is said.
    pub folder: Option<PathBuf>,
}

/// The part of models/manifest.toml that says which files ship.
#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    model: Vec<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    name: String,
    file: PathBuf,
    sha256: String,
    card: Option<PathBuf>,
}

/// Fetches, builds, checks and assembles; returns the bundle's folder.
///
/// # Errors
/// When a step fails; the bundle that stood there before is then left as it was.
pub fn bundle(workspace: &Workspace, build: &Build) -> Result<PathBuf> {
    fetch::fetch(workspace)?;
    // A cargo call of its own: in one with the headless host, cargo would join the features of both and put the host
    // side of the SDK into the plug-in.
    let mut cargo = process::cargo(workspace);
    cargo.args(["build", "--package", "rotocel", "--lib"]);
    if !build.debug {
        cargo.arg("--release");
    }
    if !build.features.is_empty() {
        cargo.arg("--features").arg(build.features.join(","));
    }
    process::run(&mut cargo, "building the plug-in")?;
    let profile = if build.debug { "debug" } else { "release" };
    let library = workspace.built(profile, workspace.platform.built_library());
    let tables = Tables::read(&library)?;
    tables.check_plugin().with_context(|| library.display().to_string())?;
    let place = build.folder.as_ref().map_or_else(|| workspace.bundle(), |folder| folder.join(BUNDLE));
    replace_folder(&place, |new| assemble(workspace, &library, &new.join("Contents")))?;
    eprintln!("bundle: exports {}", tables.exports.iter().cloned().collect::<Vec<_>>().join(", "));
    if let Some((major, minor)) = tables.glibc {
        eprintln!(
            "bundle: loads on systems with glibc {major}.{minor} or newer; build on an older system for older ones"
        );
    }
    Ok(place)
}

/// Builds the headless host in release and returns the program.
///
/// # Errors
/// When cargo fails.
pub fn headless_program(workspace: &Workspace) -> Result<PathBuf> {
    process::run(
        process::cargo(workspace).args(["build", "--release", "--package", "headless"]),
        "building the headless host `rotocel`",
    )?;
    Ok(workspace.headless_program())
}

fn assemble(workspace: &Workspace, library: &Path, contents: &Path) -> Result<()> {
    let binaries = contents.join(workspace.platform.folder());
    let resources = contents.join("Resources");
    fs::create_dir_all(&binaries)?;
    fs::create_dir_all(&resources)?;
    copy_file(library, &binaries.join(EXECUTABLE))?;
    // A library of the user's own ships under the name by which the plug-in looks for it.
    copy_file(&workspace.onnxruntime(), &binaries.join(workspace.platform.onnxruntime()))?;
    copy_models(&workspace.root().join("models"), &resources.join("models"))?;
    let icons = workspace.root().join("plugin-bundle/resources/icons");
    copy_folder(&icons, &resources.join("icons"))?;
    // Hosts look for IDENTIFIER.png in Resources itself.
    copy_folder(&icons, &resources)?;
    copy_scripts(&workspace.root().join("plugin-bundle/resources"), &resources)?;
    licences::collect(workspace, &resources.join("licences"))?;
    fs::write(contents.join("Info.plist"), info_plist(env!("CARGO_PKG_VERSION"))?)?;
    Ok(())
}

/// Copies the menus of the hosts, each folder with the modules that all of them share: Natron does not tell a script where
/// it lies, so it could not look for them elsewhere.
fn copy_scripts(from: &Path, to: &Path) -> Result<()> {
    for host in ["nuke", "natron"] {
        copy_folder(&from.join(host), &to.join(host))?;
        copy_folder(&from.join("python"), &to.join(host))?;
    }
    Ok(())
}

/// Copies the manifest and what it lists. Other files in the folder (fixtures, experiments) do not ship.
fn copy_models(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let path = from.join("manifest.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: Manifest = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    for model in &manifest.model {
        let file = from.join(&model.file);
        let digest = pins::sha256_of(&file).with_context(|| format!("model {}", model.name))?;
        ensure!(
            digest == model.sha256,
            "{} has SHA-256 {digest}, but {} says {}: run models/training/export_tone.py again, or take the file back",
            file.display(),
            path.display(),
            model.sha256
        );
        copy_beside(&file, to)?;
        match model.card.as_ref().map(|card| from.join(card)).filter(|card| card.is_file()) {
            Some(card) => copy_beside(&card, to)?,
            // While a model is being trained the bundle must build; the tests do not let it pass without a card.
            None => eprintln!("warning: model {} has no card and ships without one", model.name),
        }
    }
    copy_beside(&path, to)
}

fn copy_beside(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().with_context(|| format!("{} names no file", file.display()))?;
    copy_file(file, &folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A models folder with one listed model, one card and one file that nobody lists.
    fn models(sha256: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tone.onnx"), "abc").unwrap();
        fs::write(folder.path().join("tone.md"), "card").unwrap();
        fs::write(folder.path().join("unlisted.onnx"), "abc").unwrap();
        let manifest =
            format!("[[model]]\nname = \"tone\"\nfile = \"tone.onnx\"\nsha256 = \"{sha256}\"\ncard = \"tone.md\"\n");
        fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
        folder
    }

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn only_listed_models_ship_with_their_cards_and_the_manifest() {
        let (from, to) = (models(ABC), tempfile::tempdir().unwrap());
        copy_models(from.path(), to.path()).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(to.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["manifest.toml", "tone.md", "tone.onnx"]);
    }

    #[test]
    fn a_model_that_is_not_the_one_in_the_manifest_does_not_ship() {
        let (from, to) = (models(&"0".repeat(64)), tempfile::tempdir().unwrap());
        let error = copy_models(from.path(), to.path()).unwrap_err().to_string();
        assert!(error.contains("tone.onnx") && error.contains(ABC), "{error}");
    }

    #[test]
    fn every_model_that_ships_has_its_card() {
        let workspace = Workspace::find().unwrap();
        let folder = workspace.root().join("models");
        let manifest: Manifest = toml::from_str(&fs::read_to_string(folder.join("manifest.toml")).unwrap()).unwrap();
        for model in manifest.model {
            let card = model.card.unwrap_or_else(|| panic!("model {} names no card", model.name));
            assert!(folder.join(&card).is_file(), "{} of model {} is missing", card.display(), model.name);
        }
    }
}
