//! `rotocel`: the command-line OpenFX host.
#![forbid(unsafe_code)]

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // What the host library warns of, this program reports itself.
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,ofx_sdk=error")).init();
    headless::frames::hush_decoders();
    ExitCode::from(headless::run(headless::cli::Cli::parse()))
}
