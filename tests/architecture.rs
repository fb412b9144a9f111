//! Holds the house rules that Cargo and the compiler do not hold by themselves: who may import whom, where unsafe code
//! stands, how long a file may grow, and names that say nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// No file may be longer.
const MOST_LINES: usize = 800;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "stuff"];

/// Where unsafe code may stand, relative to ofx-sdk/src: a module's file and its folder.
const UNSAFE_ALLOWED: [&str; 6] = ["sys", "plugin/entry", "plugin/suites", "plugin/image", "plugin/overlay", "host"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo describes the workspace")
}

/// Package → the packages it depends on in a normal build, by package name, with the features it asks for.
fn normal_dependencies(metadata: &Metadata) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    dependencies(metadata, &[DependencyKind::Normal])
}

fn dependencies(metadata: &Metadata, kinds: &[DependencyKind]) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut all = BTreeMap::new();
    for package in &metadata.packages {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for dependency in package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind)) {
            wanted.entry(dependency.name.clone()).or_default().extend(dependency.features.iter().cloned());
        }
        all.insert(package.name.to_string(), wanted);
    }
    all
}

#[test]
fn every_package_imports_only_the_packages_of_ours_that_it_may() {
    // A package that is missing here may not exist: add it together with what it may import.
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("imaging", &[][..]),
        ("roto", &["imaging"]),
        ("inference", &["imaging"]),
        ("ofx-sdk", &[]),
        ("plugin-bundle", &[]),
        ("headless", &["imaging", "roto", "ofx-sdk"]),
        ("official-programs", &[]),
        ("fuzz", &["roto", "inference", "headless", "ofx-sdk"]),
        ("rotocel", &["imaging", "roto", "inference", "ofx-sdk"]),
    ]);
    let metadata = metadata();
    let graph = normal_dependencies(&metadata);
    let ours: BTreeSet<_> = graph.keys().cloned().collect();
    for (package, wanted) in &graph {
        let may = allowed.get(package.as_str()).unwrap_or_else(|| panic!("{package} has no place in the architecture"));
        for name in wanted.keys().filter(|name| ours.contains(*name)) {
            assert!(may.contains(&name.as_str()), "{package} may not import {name}");
        }
    }
}

#[test]
fn tests_and_build_scripts_reach_no_further_than_the_host_side() {
    let graph = dependencies(&metadata(), &[DependencyKind::Development, DependencyKind::Build]);
    let ours: BTreeSet<_> = graph.keys().cloned().collect();
    let allowed: &[(&str, &str)] = &[
        ("rotocel", "imaging"),
        ("rotocel", "roto"),
        ("rotocel", "ofx-sdk"),
        ("headless", "ofx-sdk"),
        ("headless", "imaging"),
        ("official-programs", "ofx-sdk"),
        // Its own tests run plug-in and host side against each other.
        ("ofx-sdk", "ofx-sdk"),
    ];
    for (package, wanted) in &graph {
        for name in wanted.keys().filter(|name| ours.contains(*name)) {
            assert!(
                allowed.contains(&(package.as_str(), name.as_str())),
                "the tests or the build script of {package} may not import {name}"
            );
        }
    }
}

#[test]
fn the_plug_in_sees_the_plug_in_side_and_the_headless_host_the_host_side() {
    let graph = normal_dependencies(&metadata());
    let side = |package: &str| graph[package]["ofx-sdk"].clone();
    assert_eq!(side("rotocel"), BTreeSet::from(["plugin".to_owned()]));
    assert_eq!(side("headless"), BTreeSet::from(["host".to_owned()]));
}

#[test]
fn only_inference_imports_onnx_runtime() {
    for (package, wanted) in dependencies(&metadata(), &[DependencyKind::Normal, DependencyKind::Development]) {
        let imports = wanted.keys().any(|name| name == "ort" || name == "ort-sys");
        assert!(!imports || package == "inference", "{package} imports ort; only inference may");
    }
}

#[test]
fn the_two_sides_of_the_sdk_never_import_each_other() {
    for (side, other) in [("plugin", "host"), ("host", "plugin")] {
        let folder = root().join("ofx-sdk/src").join(side);
        for file in rust_files(&folder) {
            for (number, line) in code_lines(&file) {
                assert!(
                    !line.contains(&format!("crate::{other}")) && !line.contains(&format!("ofx_sdk::{other}")),
                    "{}:{number}: the {side} side imports the {other} side: {line}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn unsafe_stands_only_where_the_c_interface_is_crossed() {
    let sdk = root().join("ofx-sdk/src");
    for file in rust_files(root()) {
        // Benchmarks and tests cross the interface too; what ships does not come from there.
        let inside_sdk = file.strip_prefix(&sdk).ok();
        let is_sdk_test = file.starts_with(root().join("ofx-sdk/tests"));
        if is_sdk_test || inside_sdk.is_some_and(may_be_unsafe) {
            continue;
        }
        for (number, line) in code_lines(&file) {
            assert!(!has_unsafe_code(&line), "{}:{number}: unsafe is not allowed here: {line}", file.display());
        }
    }
}

fn may_be_unsafe(path: &Path) -> bool {
    UNSAFE_ALLOWED.iter().any(|allowed| path.starts_with(allowed) || path.with_extension("").starts_with(allowed))
}

/// Whether a line of code holds the keyword, and not only a lint of that name or a word in a text.
fn has_unsafe_code(line: &str) -> bool {
    let code = line.replace("\\\"", "");
    let code = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

#[test]
fn every_crate_but_the_sdk_forbids_unsafe_code() {
    for package in metadata().packages.iter().filter(|package| package.name.as_str() != "ofx-sdk") {
        for target in package.targets.iter().filter(|target| target.is_lib() || target.is_cdylib() || target.is_bin()) {
            // The entry points that `export_effects!` expands to are exported by name, which is unsafe by nature.
            if package.name.as_str() == "rotocel" {
                continue;
            }
            let text = fs::read_to_string(&target.src_path).expect("cargo named the file");
            assert!(text.contains("#![forbid(unsafe_code)]"), "{} does not forbid unsafe code", target.src_path);
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_bears() {
    let python = source_files(&root().join("models/training"), "py");
    for file in rust_files(root()).into_iter().chain(python).chain(cpp_files()) {
        let lines = fs::read_to_string(&file).expect("source files are text").lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines; {MOST_LINES} is the most: split it", file.display());
    }
}

#[test]
fn no_module_is_named_for_nothing() {
    let python = source_files(&root().join("models/training"), "py");
    for file in rust_files(root()).into_iter().chain(python).chain(cpp_files()) {
        let inside = file.strip_prefix(root()).expect("found below the root");
        for part in inside.with_extension("").iter().map(|part| part.to_string_lossy().to_lowercase()) {
            assert!(
                !part.split(['_', '-']).any(|word| EMPTY_NAMES.contains(&word)),
                "{} is named for nothing: name it by what is inside",
                inside.display()
            );
        }
    }
}

/// Rust sources below a folder, without what is built or fetched.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    source_files(folder, "rs")
}

/// The C++ of our own, which is a host for tests.
fn cpp_files() -> Vec<PathBuf> {
    ["cpp", "h"]
        .into_iter()
        .flat_map(|extension| source_files(&root().join("tests/official/host"), extension))
        .collect()
}

fn source_files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files
}

/// Numbered lines without comments.
fn code_lines(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).expect("source files are text");
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

#[test]
fn the_keyword_is_told_from_lints_and_texts() {
    assert!(has_unsafe_code("    unsafe { call() }"));
    assert!(has_unsafe_code("pub unsafe extern \"C\" fn entry() {"));
    assert!(!has_unsafe_code("#![forbid(unsafe_code)]"));
    assert!(!has_unsafe_code("assert!(ok, \"unsafe is not allowed\");"));
    assert!(may_be_unsafe(Path::new("host/params.rs")) && may_be_unsafe(Path::new("plugin/entry.rs")));
    assert!(!may_be_unsafe(Path::new("plugin/params.rs")) && !may_be_unsafe(Path::new("hosting.rs")));
}
