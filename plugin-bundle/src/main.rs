//! `cargo xtask`: fetches, builds, bundles, installs, tests and demonstrates Rotocel.
//!
//! It depends on no crate of the workspace, so that it builds before libclang is there.
#![forbid(unsafe_code)]

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod binary;
mod bundle;
mod checks;
mod demo;
mod fetch;
mod folders;
mod fuzz;
mod info_plist;
mod install;
mod licences;
mod pins;
mod platform;
mod process;
mod python;
mod retrain;
mod score;
mod soak;
mod stages;
mod train;
mod workspace;

use workspace::Workspace;

/// Builds Rotocel, and everything around it.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "Environment:\n  \
        LIBCLANG_PATH        folder of a libclang of your own, used instead of the fetched one\n  \
        ROTOCEL_ONNXRUNTIME  file of an ONNX Runtime of your own (libonnxruntime, 1.22 or newer), used and bundled \
        instead of the fetched one\n  \
        PIP_INDEX_URL, PIP_FIND_LINKS, HTTPS_PROXY and the like are pip's, and are honored\n\n\
        Everything that is fetched or built lies under target/."
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Fetch libclang and ONNX Runtime into target/, pinned by SHA-256, and all crates, so that what follows needs no network;
    /// fetches nothing that is already there
    Fetch {
        /// Also make the Python environment of the checks, target/venv-check
        #[arg(long)]
        checks: bool,
    },
    /// Build the plug-in and assemble target/bundle/Rotocel.ofx.bundle
    Bundle {
        /// Build in cargo's dev profile: quicker to build, slower to render
        #[arg(long)]
        debug: bool,
        /// Features of the root package
        #[arg(long, value_delimiter = ',')]
        features: Vec<String>,
    },
    /// Copy the built bundle to where hosts look for plug-ins
    Install {
        /// Another folder than the standard one; hosts then need OFX_PLUGIN_PATH
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Render the sample shot through the bundle into target/demo/
    Demo,
    /// Run every check and test, and print how long each stage took
    Test {
        /// Also run the tests that need torch and bpy (several gigabytes of packages)
        #[arg(long)]
        training: bool,
    },
    /// Run the benchmarks and print one table
    Bench {
        /// Only benchmarks whose name holds this
        filter: Option<String>,
    },
    /// Run for long what the tests run for short, and fail on what only shows then
    Soak {
        /// Only parts whose name holds this: load, hostile, damaged
        filter: Option<String>,
        /// How long each part runs; without it, each does a set number of things
        #[arg(long, value_name = "N")]
        minutes: Option<u32>,
    },
    /// Give readers of outside bytes to libFuzzer, and fail on what it finds
    Fuzz {
        /// Only this reader; all of them, one after the other, without it
        target: Option<String>,
        /// How long each reader is run
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u32,
    },
    /// Train networks: `train features DIR --from puppet --work DIR/run`, `train tone --shots DIR --out DIR`
    ///
    /// The first run fetches PyTorch, several gigabytes, into target/venv-torch.
    Train {
        /// What is trained: features, tone, seed
        subject: String,
        /// Arguments of its script in models/training; `-- --help` tells them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "DIR|OPTION")]
        arguments: Vec<String>,
    },
    /// Close the loop on one shot: analyse, correct a few frames, export, fine-tune, measure the others before and after
    Retrain {
        /// Folder of a shot with annotations, --work DIR, and options of models/training/retrain.py; `-- --help` tells them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "DIR|OPTION")]
        arguments: Vec<String>,
    },
    /// Score the bundle on shots with ground truth: mattes, or landmarks and shapes
    Score {
        /// What is scored: tone, features
        #[arg(default_value = "tone")]
        subject: String,
        /// Folders of labelled shots (the sample shot where there is none), then options of `rotocel score tone` or `features`:
        /// --all, --json, --out FILE, --gif DIR and others; `-- --help` tells them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "DIR|OPTION")]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<stages::Failed>() {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let workspace = Workspace::find()?;
    match task {
        Task::Fetch { checks } => {
            fetch::fetch(&workspace)?;
            fetch::fetch_crates(&workspace)?;
            if checks {
                fetch::check_environment(&workspace)?;
            }
        }
        Task::Bundle { debug, features } => {
            let place = bundle::bundle(&workspace, &bundle::Build { debug, features, folder: None })?;
            println!("{}", place.display());
        }
        Task::Install { to } => {
            install::install(&workspace, to.as_deref())?;
        }
        Task::Demo => demo::demo(&workspace)?,
        Task::Test { training } => checks::test(&workspace, training)?,
        Task::Bench { filter } => bench::bench(&workspace, filter.as_deref())?,
        Task::Soak { filter, minutes } => soak::soak(&workspace, filter.as_deref(), minutes)?,
        Task::Fuzz { target, seconds } => fuzz::fuzz(&workspace, target.as_deref(), seconds)?,
        Task::Train { subject, arguments } => train::train(&workspace, &subject, &arguments)?,
        Task::Retrain { arguments } => retrain::retrain(&workspace, &arguments)?,
        Task::Score { subject, arguments } => score::score(&workspace, &subject, &arguments)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn score_arguments(line: &str) -> (String, Vec<String>) {
        match Arguments::try_parse_from(line.split_whitespace()).unwrap().task {
            Task::Score { subject, arguments } => (subject, arguments),
            _ => panic!("{line} is no score"),
        }
    }

    #[test]
    fn folders_and_options_of_a_score_are_handed_on() {
        Arguments::command().debug_assert();
        assert_eq!(score_arguments("xtask score"), ("tone".into(), vec![]));
        let (subject, arguments) = score_arguments("xtask score tone a b --all --set edge_refine_px=0");
        assert_eq!((subject.as_str(), arguments.len()), ("tone", 5));
        assert_eq!(score_arguments("xtask score tone --json").1, ["--json"]);
        assert_eq!(score_arguments("xtask score tone -- --json").1.last().unwrap(), "--json");
    }

    #[test]
    fn help_tells_how_to_come_by_the_help_of_what_is_started() {
        for line in ["score tone", "train features", "retrain"] {
            let arguments = format!("xtask {line} -- --help");
            let arguments = match Arguments::try_parse_from(arguments.split_whitespace()).unwrap().task {
                Task::Score { arguments, .. } | Task::Train { arguments, .. } | Task::Retrain { arguments } => {
                    arguments
                }
                _ => panic!("{line} starts nothing"),
            };
            assert_eq!(arguments, ["--help"], "{line}");
            let own = Arguments::try_parse_from(format!("xtask {line} --help").split_whitespace());
            let own = own.err().unwrap().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(own.contains("`-- --help` tells them"), "{own}");
        }
    }
}
