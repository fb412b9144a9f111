//! ToneSegment on the tonal sample shot.

use std::path::Path;

use anyhow::Result;

use super::{Rotocel, Summary, frames_of, sequence};
use crate::score::SAMPLE;

const NODE: &str = "ToneSegment";

/// What [`demo`] writes.
pub const FILES: &str = "  layers/            five mattes and the confidence, multi-layer EXR
  flat/              the five tones as flat colors, PNG
  flat_in_mask/      the same with the subject's Mask and temporal smoothing
  side_by_side.gif   input, tones, tones in the Mask
  contact_sheet.png  the same, frame by frame
  traced.svg         the material tone as curves over time, to draw from";

/// Renders the sample shot into `new`.
///
/// # Errors
/// When a step fails.
pub fn demo(rotocel: &Rotocel, root: &Path, new: &Path) -> Result<Summary> {
    let shot = root.join(SAMPLE);
    let input = sequence(&frames_of(&shot)?, "png");
    let layers = sequence(&new.join("layers"), "exr");
    let summary = rotocel.render(NODE, &input, &layers, &["--layers", "--press", "check_device"])?;
    let flat = sequence(&new.join("flat"), "png");
    rotocel.render(NODE, &input, &flat, &["--set", "output=flat"])?;
    let masked = sequence(&new.join("flat_in_mask"), "png");
    let mask = format!("Mask={}", sequence(&shot.join("subject"), "png"));
    rotocel.render(
        NODE,
        &input,
        &masked,
        &["--set", "output=flat", "--set", "temporal_smoothing=2", "--clip", &mask],
    )?;
    let columns = [&*input, &flat, &masked];
    rotocel.pictures("gif", &columns, &new.join("side_by_side.gif"))?;
    rotocel.pictures("sheet", &columns, &new.join("contact_sheet.png"))?;
    rotocel.trace(&layers, "tone.material", &new.join("traced.svg"))?;
    Ok(summary)
}
