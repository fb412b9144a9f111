//! `rotocel merge`: what the machines of a farm analysed, or what several artists corrected, as one file.

use std::path::Path;

use roto::stored::Document;

use crate::cli::MergeArgs;
use crate::error::{Error, Result};
use crate::frames::{read_text, write_whole};
use crate::sequence::FrameList;

/// As long as a stored string may be.
const MOST_BYTES: u64 = 512 << 20;

/// Merges stored analyses, or stored edits, into one file.
///
/// # Errors
/// See [`Error`]; the output is then as it was.
pub fn merge(args: &MergeArgs) -> Result<String> {
    let parts = args.inputs.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    let merged = Document::merged(parts).map_err(|found| Error::Usage(found.to_string()))?;
    let text = merged.write().map_err(|found| Error::output(&args.output, found))?;
    write_whole(&args.output, text.as_bytes())?;
    let frames = merged.frames();
    Ok(format!("{}: {} of {} files\n", args.output.display(), FrameList::describe(&frames), args.inputs.len()))
}

fn read(path: &Path) -> Result<Document> {
    Document::parse(&read_text(path, MOST_BYTES)?).map_err(|found| Error::input(path, found))
}
