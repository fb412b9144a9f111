//! The eye test: picture, truth and answer side by side, moving.

use super::folder::{CLASSES, Shot};
use super::node::{Network, ScoredNode};
use super::truth::{Truth, read_display};
use crate::cli::ScoreToneArgs;
use crate::error::{Error, Result};
use crate::frames::Frame;
use crate::gif::write_gif;
use crate::picture::Picture;
use crate::report::Terminal;
use ndarray::{Array3, ArrayView3, Axis};
use ofx_sdk::Components;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flat colors of the classes, as the training's contact sheets have them.
const PALETTE: [[u8; 3]; CLASSES.len()] =
    [[20, 90, 50], [255, 255, 255], [175, 175, 175], [80, 90, 200], [200, 70, 40]];

/// Frames a second where the shot says nothing.
const USUAL_RATE: f64 = 24.0;

/// Writes a GIF of each shot, without Mask, and says which.
///
/// # Errors
/// See [`Error`].
pub fn gifs(shots: &[Shot], folder: &Path, args: &ScoreToneArgs, terminal: &Arc<Terminal>) -> Result<String> {
    let mut told = String::new();
    for shot in shots {
        let node = ScoredNode::open(shot, &Network::Own, args, args.run.threads, terminal)?;
        let width = args.gif_width as usize;
        let mut pictures = Vec::new();
        for &frame in &shot.frames {
            let truth = Truth::read(shot, frame)?;
            let seen = [read_display(shot, frame)?, colored(truth.mattes.view()), colored(node.mattes(frame)?.view())];
            let small = seen.iter().map(|picture| shrunk(picture, width)).collect::<Result<Vec<_>>>()?;
            pictures.push(Picture::side_by_side(&small));
        }
        let rate = shot.frame_rate.unwrap_or(USUAL_RATE).clamp(1.0, 50.0);
        told += &write_gif(&gif_path(folder, shot), &pictures, rate)?;
        terminal.step();
    }
    Ok(told)
}

/// The file of a shot's GIF.
pub fn gif_path(folder: &Path, shot: &Shot) -> PathBuf {
    folder.join(format!("{}.gif", shot.name.replace('/', "_")))
}

/// Mattes as their colors, blended.
fn colored(mattes: ArrayView3<f32>) -> Array3<f32> {
    let (_, height, width) = mattes.dim();
    let mut picture = Array3::zeros((3, height, width));
    for (matte, color) in mattes.outer_iter().zip(PALETTE) {
        for (mut plane, value) in picture.outer_iter_mut().zip(color) {
            plane.scaled_add(f32::from(value) / 255.0, &matte);
        }
    }
    picture
}

fn shrunk(picture: &Array3<f32>, width: usize) -> Result<Picture> {
    let (_, rows, columns) = picture.dim();
    let pixels = picture.lanes(Axis(0)).into_iter().flatten().copied().collect();
    let frame = Frame::filling(columns, rows, Components::Rgb, pixels);
    Picture::of(&frame, width, false).map_err(Error::Usage)
}
