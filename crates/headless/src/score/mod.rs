//! `rotocel score`: nodes against shots of which the answer is known, through the built bundle. Landmarks and shapes are
//! scored in `features`; the rest is `rotocel score tone`, of a node that makes mattes.
//!
//! A shot is a folder; `models/training/README.md` says what is in it. Each folder on the command line is a group and gets
//! a column for each network; nothing is ever summed over groups. What is measured, and where it is worked out:
//!
//! | figure | where |
//! |---|---|
//! | IoU, accuracy, boundary F, MAD, core leakage, dtSSD, lag | `tally`, by `imaging::metrics` |
//! | which settings are rendered | `passes` |
//! | looks, locked-off frame | `looks`, `robustness` |
//! | thresholds on luminance | `thresholds` |
//! | time of a frame | `speed` |
//! | GIFs for the eye | `eye` |

mod altered;
mod column;
mod eye;
mod features;
mod figures;
mod folder;
mod grain;
mod looks;
mod node;
mod passes;
mod report;
mod robustness;
mod speed;
mod table;
mod tally;
mod thresholds;
mod truth;

pub use features::{ScoreFeaturesArgs, features};
pub use folder::CLASSES;

use crate::bundles;
use crate::cli::{ScoreRunArgs, ScoreToneArgs};
use crate::error::{Error, Result};
use crate::frames::{check_writable, write_whole};
use crate::overwrite;
use crate::report::Terminal;
use column::Column;
use folder::Shot;
use node::Network;
use ofx_sdk::host::{Host, HostOptions};
use report::Facts;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thresholds::Thresholds;
use xxhash_rust::xxh3::Xxh3;

/// Shots that were given by one folder.
struct Group {
    name: String,
    shots: Vec<Shot>,
}

/// Renders the shots and returns the figures, as a table or as JSON.
///
/// # Errors
/// See [`Error`]; whatever is wrong with a shot names its file, before anything is rendered where that can be.
pub fn tone(args: &ScoreToneArgs) -> Result<String> {
    check(args)?;
    let given = if args.shots.is_empty() { args.sample.as_slice() } else { &args.shots };
    let groups = given.iter().map(|folder| Group::open(folder)).collect::<Result<Vec<_>>>()?;
    let fitted = args.fit.iter().map(|folder| Group::open(folder)).collect::<Result<Vec<_>>>()?;
    let all = groups.iter().chain(&fitted).flat_map(|group| &group.shots);
    check_out(&args.run, all.map(|shot| shot.folder.as_path()), &args.also)?;
    let networks = networks(args);
    let shots: usize = groups.iter().map(|group| group.shots.len()).sum();
    let terminal = Arc::new(Terminal::new(shots * networks.len(), args.run.json || args.time_here));
    if args.time_here {
        let network = networks.last().unwrap_or(&Network::Own);
        return Ok(format!("{}\n", speed::here(&groups[0].shots[0], network, args, &terminal)?));
    }
    if let Some(folder) = &args.gif {
        let all: Vec<Shot> = groups.into_iter().flat_map(|group| group.shots).collect();
        let mut names = BTreeSet::new();
        if let Some(twice) = all.iter().find(|shot| !names.insert(eye::gif_path(folder, shot))) {
            let reason =
                format!("--gif: two shots are named {}, as their GIFs would be; give one at a time", twice.name);
            return Err(Error::Usage(reason));
        }
        all.iter().try_for_each(|shot| check_writable(&eye::gif_path(folder, shot)))?;
        let told = eye::gifs(&all, folder, args, &terminal);
        terminal.finish();
        return told;
    }
    // Of what is about to be scored, and before hours are spent on it.
    let facts = if args.run.json || args.run.out.is_some() { Some(facts(&groups, args)?) } else { None };
    let thresholds = fit(&groups, &fitted, args)?;
    let mut columns = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        // One for all groups, or each group's own.
        let thresholds = thresholds.get(place).or(thresholds.first());
        for network in &networks {
            columns.push(Column::score(&group.name, &group.shots, network, thresholds, args, &terminal)?);
        }
    }
    terminal.finish();
    tell(&columns, facts.as_ref(), &thresholds, args)
}

fn check(args: &ScoreToneArgs) -> Result<()> {
    if !(args.boundary_px >= 0.0 && args.boundary_px <= 1000.0) {
        return Err(Error::Usage("--boundary-px: give a number from 0 to 1000".into()));
    }
    match args.also.iter().find(|path| !path.is_file()) {
        Some(path) => Err(Error::Usage(format!("--also {}: there is no such file", path.display()))),
        None => Ok(()),
    }
}

/// Looks at `--out` while nothing is lost yet: the figures take minutes.
fn check_out<'a>(run: &ScoreRunArgs, shots: impl Iterator<Item = &'a Path>, networks: &[PathBuf]) -> Result<()> {
    let Some(out) = &run.out else { return Ok(()) };
    let inputs = shots.flat_map(folder::files_of).chain(networks.iter().chain(&run.settings.load_params).cloned());
    overwrite::refuse(&format!("--out {}", out.display()), [out.clone()], inputs)?;
    check_writable(out)
}

/// Writes the JSON where `--out` is given. What was worked out is on the screen before a file can fail.
fn write_out(run: &ScoreRunArgs, json: &str, shown: &str) -> Result<()> {
    let written = run.out.as_ref().map_or(Ok(()), |path| write_whole(path, json.as_bytes()));
    if written.is_err() {
        let _ = std::io::stdout().write_all(shown.as_bytes());
    }
    written
}

fn networks(args: &ScoreToneArgs) -> Vec<Network> {
    // The node may stand in another folder than the program.
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    std::iter::once(Network::Own).chain(args.also.iter().map(|path| Network::File(absolute(path)))).collect()
}

impl Group {
    fn open(folder: &Path) -> Result<Self> {
        let shots = folder::find(folder)?.iter().map(|shot| Shot::open(shot, folder)).collect::<Result<_>>()?;
        Ok(Self { name: folder.display().to_string(), shots })
    }

    /// A hash of all files that figures are worked out from.
    fn hash(&self) -> Result<String> {
        let mut hash = Xxh3::new();
        self.shots.iter().try_for_each(|shot| shot.hash_into(&mut hash))?;
        Ok(format!("{:032x}", hash.digest128()))
    }
}

/// The thresholds of the control, where it is wanted: one pair of ladders for all groups, or a pair for each.
fn fit(groups: &[Group], fitted: &[Group], args: &ScoreToneArgs) -> Result<Vec<Thresholds>> {
    if !args.wants_controls() {
        return Ok(Vec::new());
    }
    if fitted.is_empty() {
        return groups.iter().map(|group| Thresholds::fit(&group.shots, "these shots".into())).collect();
    }
    let shots: Vec<Shot> = fitted.iter().flat_map(|group| group.shots.iter().cloned()).collect();
    let names: Vec<&str> = fitted.iter().map(|group| group.name.as_str()).collect();
    Ok(vec![Thresholds::fit(&shots, names.join(", "))?])
}

/// Prints, and writes the file that was asked for.
fn tell(columns: &[Column], facts: Option<&Facts>, thresholds: &[Thresholds], args: &ScoreToneArgs) -> Result<String> {
    let fitted_on = thresholds.first().map(|thresholds| thresholds.fitted_on.as_str());
    let Some(facts) = facts else { return Ok(table::table(columns, args.boundary_px, fitted_on)) };
    let json = format!("{:#}\n", report::report(columns, facts, thresholds, args));
    let shown = if args.run.json { json.clone() } else { table::table(columns, args.boundary_px, fitted_on) };
    write_out(&args.run, &json, &shown)?;
    Ok(shown)
}

fn facts(groups: &[Group], args: &ScoreToneArgs) -> Result<Facts> {
    let data = groups.iter().map(|group| Ok((group.name.clone(), group.hash()?))).collect::<Result<_>>()?;
    Ok(Facts { node: node_version(args)?, data })
}

fn node_version(args: &ScoreToneArgs) -> Result<(String, String)> {
    let host = Host::new(HostOptions { name: "org.rotocel.headless".into(), ..HostOptions::default() });
    let node = bundles::describe(&bundles::load(&host, &args.run.bundle, &args.node)?, None)?;
    Ok((node.identifier, format!("{}.{}", node.version.0, node.version.1)))
}
