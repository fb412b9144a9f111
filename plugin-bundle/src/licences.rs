//! The licence texts that go into the bundle.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::workspace::Workspace;

/// Writes every licence text into a folder.
///
/// # Errors
/// When a text is missing, or `cargo metadata` fails.
pub fn collect(workspace: &Workspace, into: &Path) -> Result<()> {
    std::fs::create_dir_all(into)?;
    copy(&workspace.root().join("LICENSE"), &into.join("Rotocel-LICENSE.txt"))?;
    let runtime = workspace.onnxruntime_folder();
    if workspace.onnxruntime().starts_with(&runtime) {
        copy(&runtime.join("LICENSE"), &into.join("ONNXRuntime-LICENSE.txt"))?;
        copy(&runtime.join("ThirdPartyNotices.txt"), &into.join("ONNXRuntime-ThirdPartyNotices.txt"))?;
    }
    let metadata = metadata(workspace)?;
    copy(&openfx_licence(&metadata)?, &into.join("OpenFX-LICENSE.md"))?;
    let crates = shipped_crates(&metadata)?;
    std::fs::write(into.join("rust-crates.txt"), crate_list(&crates)?)?;
    Ok(())
}

fn metadata(workspace: &Workspace) -> Result<Metadata> {
    MetadataCommand::new()
        .current_dir(workspace.root())
        .other_options(vec!["--locked".into()])
        .exec()
        .context("cannot list the Rust crates; is Cargo.lock up to date?")
}

/// The headers that bindgen read carry the licence of the OpenFX association.
fn openfx_licence(metadata: &Metadata) -> Result<PathBuf> {
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "openfx-sys")
        .context("Cargo.lock holds no openfx-sys, whose headers the bindings are made of")?;
    let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
    Ok(folder.join("openfx/LICENSE.md").into_std_path_buf())
}

/// The foreign crates that are linked into the plug-in: what the root package reaches by normal dependencies.
fn shipped_crates(metadata: &Metadata) -> Result<Vec<&Package>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata gave no dependency graph")?;
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let root = &metadata.root_package().context("the workspace has no root package")?.id;
    let mut reached = BTreeSet::new();
    let mut queue = VecDeque::from([root]);
    while let Some(id) = queue.pop_front() {
        if !reached.insert(id) {
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        queue.extend(
            node.deps
                .iter()
                .filter(|dependency| {
                    // `cfg(any())` marks a package that is pinned but never compiled.
                    dependency.dep_kinds.iter().any(|kind| {
                        kind.kind == DependencyKind::Normal
                            && kind.target.as_ref().is_none_or(|target| target.to_string() != "cfg(any())")
                    })
                })
                .map(|dependency| &dependency.pkg),
        );
    }
    let mut crates: Vec<_> =
        metadata.packages.iter().filter(|package| reached.contains(&package.id) && package.source.is_some()).collect();
    crates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(crates)
}

/// A table of the crates, then each distinct licence text once with the crates that carry it.
fn crate_list(crates: &[&Package]) -> Result<String> {
    let mut list = String::from("Rust crates linked into Rotocel.ofx (for any platform), with their licences\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in crates {
        let licence = package.license.as_deref().unwrap_or("see the text below");
        writeln!(list, "{:<28} {:<14} {licence}", package.name, package.version.to_string())?;
        let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
        let files = licence_files(folder.as_std_path())?;
        ensure!(
            package.license.is_some() || !files.is_empty(),
            "{} {} has no licence: it must not ship",
            package.name,
            package.version
        );
        for file in files {
            let text = String::from_utf8_lossy(&std::fs::read(&file)?).replace("\r\n", "\n");
            texts.entry(text.trim().to_owned()).or_default().push(format!("{} {}", package.name, package.version));
        }
    }
    for (text, carriers) in &texts {
        write!(list, "\n{}\n{}\n\n{text}\n", "=".repeat(80), carriers.join(", "))?;
    }
    Ok(list)
}

fn licence_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().to_uppercase();
            ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"].iter().any(|start| name.starts_with(start))
        })
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_what_is_linked_and_not_what_only_builds_or_tests() {
        let workspace = Workspace::find().unwrap();
        let metadata = metadata(&workspace).unwrap();
        let names: Vec<_> = shipped_crates(&metadata).unwrap().iter().map(|package| package.name.to_string()).collect();
        for linked in ["ort", "ndarray", "half"] {
            assert!(names.iter().any(|name| name == linked), "{linked} is missing in {names:?}");
        }
        for absent in ["bindgen", "criterion", "openfx-sys", "rotocel", "clap"] {
            assert!(!names.iter().any(|name| name == absent), "{absent} is not linked into the plug-in");
        }
    }

    #[test]
    fn every_linked_crate_says_its_licence() {
        let workspace = Workspace::find().unwrap();
        let metadata = metadata(&workspace).unwrap();
        let list = crate_list(&shipped_crates(&metadata).unwrap()).unwrap();
        assert!(list.contains("MIT") && list.contains("Permission is hereby granted"));
    }

    #[test]
    fn the_openfx_licence_is_the_associations() {
        let metadata = metadata(&Workspace::find().unwrap()).unwrap();
        let text = std::fs::read_to_string(openfx_licence(&metadata).unwrap()).unwrap();
        assert!(text.contains("The Open Effects Association"), "{text}");
    }
}
