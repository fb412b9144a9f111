//! `cargo xtask bench`: runs the benchmarks and prints their results as one table.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{MetadataCommand, TargetKind};
use serde::Deserialize;

use crate::{
    bundle::{self, Build},
    process,
    workspace::Workspace,
};

/// The part of criterion's `estimates.json` that we show.
#[derive(Debug, Deserialize)]
struct Estimates {
    median: Estimate,
    std_dev: Estimate,
}

/// Nanoseconds.
#[derive(Debug, Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// The part of criterion's `benchmark.json` that we show.
#[derive(Debug, Deserialize)]
struct Benchmark {
    full_id: String,
}

/// Runs every benchmark of the workspace whose name holds `filter`.
///
/// # Errors
/// When a benchmark fails, or none is found.
pub fn bench(workspace: &Workspace, filter: Option<&str>) -> Result<()> {
    // Beside the bundle that artists get, which does not count its allocations.
    let bundles = workspace.target().join("bench-bundle");
    let features = vec!["count-allocations".to_owned()];
    bundle::bundle(workspace, &Build { features, folder: Some(bundles.clone()), ..Build::default() })?;
    let metadata = MetadataCommand::new().current_dir(workspace.root()).no_deps().exec()?;
    let start = SystemTime::now();
    let mut count = 0;
    for package in &metadata.packages {
        for target in package.targets.iter().filter(|target| target.kind.contains(&TargetKind::Bench)) {
            let mut cargo = process::cargo(workspace);
            cargo.args(["bench", "--package", package.name.as_str(), "--bench", &target.name, "--"]).args(filter);
            cargo.env("ROTOCEL_BUNDLE", &bundles).env("ROTOCEL_ONNXRUNTIME", workspace.onnxruntime());
            process::run(&mut cargo, &format!("benchmark {}", target.name))?;
            count += 1;
        }
    }
    ensure!(count > 0, "no package has a benchmark: add one to benches/ and name it in Cargo.toml");
    let rows = results(metadata.target_directory.join("criterion").as_std_path(), start)?;
    let footprint = filter.is_some_and(|filter| "footprint".contains(filter));
    if rows.is_empty() && !footprint {
        bail!("no benchmark ran{}", filter.map(|filter| format!(" whose name holds {filter}")).unwrap_or_default());
    }
    if !rows.is_empty() {
        println!("\n{}", table(&rows));
    }
    Ok(())
}

/// The results that criterion wrote since a time: name, median and standard deviation in nanoseconds.
fn results(folder: &Path, since: SystemTime) -> Result<Vec<(String, f64, f64)>> {
    let mut rows = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if !path.is_dir() {
                continue;
            }
            let estimates = path.join("estimates.json");
            let fresh = std::fs::metadata(&estimates).and_then(|data| data.modified()).is_ok_and(|time| time >= since);
            if path.ends_with("new") && fresh {
                rows.push(result(&path)?);
            } else {
                folders.push(path);
            }
        }
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(rows)
}

fn result(folder: &Path) -> Result<(String, f64, f64)> {
    let read = |name: &str| -> Result<(PathBuf, String)> {
        let file = folder.join(name);
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok((file, text))
    };
    let (file, text) = read("estimates.json")?;
    let estimates: Estimates = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let (file, text) = read("benchmark.json")?;
    let benchmark: Benchmark = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    Ok((benchmark.full_id, estimates.median.point_estimate, estimates.std_dev.point_estimate))
}

fn table(rows: &[(String, f64, f64)]) -> String {
    let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0).max("benchmark".len());
    let mut table = format!("{:width$}  {:>12}  {:>12}", "benchmark", "median ms", "spread ms");
    for (name, median, spread) in rows {
        write!(table, "\n{name:width$}  {:>12.3}  {:>12.3}", median / 1e6, spread / 1e6).expect("a string takes all");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_this_run_are_read_and_older_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        let new = root.path().join("group/one/new");
        std::fs::create_dir_all(&new).unwrap();
        let estimates = r#"{"median":{"point_estimate":2500000.0},"std_dev":{"point_estimate":100000.0},"mean":{}}"#;
        std::fs::write(new.join("estimates.json"), estimates).unwrap();
        std::fs::write(new.join("benchmark.json"), r#"{"full_id":"group/one","title":"x"}"#).unwrap();
        let rows = results(root.path(), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(rows, [("group/one".to_owned(), 2.5e6, 1e5)]);
        assert!(table(&rows).ends_with("2.500         0.100"), "{}", table(&rows));
        let tomorrow = SystemTime::now() + std::time::Duration::from_secs(86_400);
        assert!(results(root.path(), tomorrow).unwrap().is_empty());
    }
}
