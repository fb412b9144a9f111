//! The command-line OpenFX host of Rotocel.
//!
//! It loads a bundle as any host does and renders sequences of files through it; it knows no node by heart.
//!
//! # Files and alpha
//! PNG, TIFF and JPEG come in unpremultiplied, EXR premultiplied, a file without alpha opaque; the node is told which.
//! What goes out is what the node declares of its output: EXR is written as it comes, with the fact in the header
//! (`rotocel/premultiplication`), PNG is unpremultiplied, but for the outputs `matte` and `confidence`, which would be divided
//! by themselves. An opaque output is rendered at the PNG's own depth, other outputs in floating point. No color is converted
//! on the way: a node is told the color space of its files by its `source_colorspace`, which is `srgb` for integer files and
//! `linear_rec709` for floating-point ones unless it is set.
//!
//! # Exit codes
//! See [`error`].
#![forbid(unsafe_code)]

pub mod bundles;
pub mod cli;
pub mod convert;
pub mod error;
#[cfg(test)]
mod fixture;
pub mod frames;
pub mod gif;
pub mod layers;
pub mod merge;
pub mod nearest;
pub mod nodes;
pub mod overwrite;
pub mod params_file;
pub mod picture;
pub mod render;
pub mod report;
pub mod score;
pub mod sequence;
pub mod session;
pub mod settings;
pub mod sheet;
pub mod source;
#[cfg(test)]
mod text_fuzz;
pub mod trace;

use cli::{Cli, Command, ScoreWhat};
use error::{EXIT_OK, Result};
use std::io::Write as _;

/// Does what the command line asks, prints the answer or the error, and returns the exit code.
pub fn run(cli: Cli) -> u8 {
    let json = matches!(&cli.command, Command::Render(args) if args.json);
    match answer(cli) {
        Ok(text) => {
            // Whoever reads may have closed the pipe: that is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            EXIT_OK
        }
        Err(error) => {
            if json {
                println!("{}", serde_json::json!({ "error": error.to_string(), "exit_code": error.exit_code() }));
            }
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}

fn answer(cli: Cli) -> Result<String> {
    match cli.command {
        Command::Nodes(args) => nodes::nodes(&args),
        Command::Convert(args) => convert::convert(&args),
        Command::Describe(args) => nodes::describe(&args),
        Command::Render(args) => {
            let summary = render::render(&args)?;
            Ok(if args.json { format!("{}\n", summary.to_json()) } else { summary.to_text() })
        }
        Command::Sheet(args) => sheet::sheet(&args),
        Command::Gif(args) => gif::gif(&args),
        Command::Trace(args) => trace::trace(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Score(args) => match args.what {
            ScoreWhat::Tone(args) => score::tone(&args),
            ScoreWhat::Features(args) => score::features(&args),
        },
    }
}
