//! FeatureDetect on the face shot.

use std::{fs, path::Path};

use anyhow::Result;

use super::{Rotocel, Summary, frames_of, sequence};

const NODE: &str = "FeatureDetect";
/// The shot, which carries its true landmarks and shapes.
const SHOT: &str = "models/sample_face/puppet_hand";

/// What [`demo`] writes.
pub const FILES: &str = "  face.json          landmarks that were found, as the node stores them
  face_overlay/      shapes and landmarks drawn into the picture, PNG
  face_overlay.gif   the same beside the input
  face_matte/        the shapes as a matte, PNG
  face_roto/         the same shapes as editable roto: our JSON, Nuke Roto and Tracker, Natron";

/// Analyses the face shot, exports what was found, and renders it, into `new`.
///
/// # Errors
/// When a step fails.
pub fn demo(rotocel: &Rotocel, root: &Path, new: &Path) -> Result<Summary> {
    let input = sequence(&frames_of(&root.join(SHOT))?, "jpg");
    let (overlay, matte) = (sequence(&new.join("face_overlay"), "png"), sequence(&new.join("face_matte"), "png"));
    let roto = new.join("face_roto");
    fs::create_dir_all(&roto)?;
    let found = format!("analysis_file={}", new.join("face.json").display());
    let folder = format!("export_dir={}", roto.display());
    let mut first = vec!["--set", &found, "--set", &folder, "--set", "export_name=puppet", "--set", "output=overlay"];
    for button in ["analyse", "export_json", "export_nuke", "export_tracker", "export_natron", "check_device"] {
        first.extend(["--press", button]);
    }
    let summary = rotocel.render(NODE, &input, &overlay, &first)?;
    rotocel.render(NODE, &input, &matte, &["--set", &found, "--press", "load_analysis", "--set", "output=matte"])?;
    rotocel.pictures("gif", &[&input, &overlay], &new.join("face_overlay.gif"))?;
    Ok(summary)
}
