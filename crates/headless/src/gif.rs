//! `rotocel gif`: an animation of sequences side by side.

use crate::cli::GifArgs;
use crate::error::{Error, Result};
use crate::frames::write_whole;
use crate::overwrite;
use crate::picture::{Picture, Reel};
use crate::sequence::FrameList;
use color_quant::NeuQuant;
use gif::{Encoder, Frame, Repeat};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// Pixels that the palette is learned from.
const SAMPLES: usize = 400_000;
/// How thoroughly the palette is learned: 1 looks at every sample.
const THOROUGHNESS: i32 = 3;

/// Writes an endless GIF of sequences.
///
/// # Errors
/// See [`Error`].
pub fn gif(args: &GifArgs) -> Result<String> {
    if !(1.0..=50.0).contains(&args.fps) {
        return Err(Error::Usage(format!("--fps {}: give a number from 1 to 50", args.fps)));
    }
    overwrite::refuse_pictures(&args.pictures)?;
    let reel = Reel::open(&args.pictures)?;
    let pictures = reel.frames.iter().map(|f| reel.at(*f, args.width as usize)).collect::<Result<Vec<_>>>()?;
    write_gif(&args.pictures.output, &pictures, args.fps)
}

/// Writes an endless GIF of pictures, and says what it wrote.
///
/// One palette serves all frames, so that what stands still in the sequences stands still in the animation.
///
/// # Errors
/// When the pictures are too large for a GIF, or the file cannot be written.
pub fn write_gif(output: &Path, pictures: &[Picture], fps: f64) -> Result<String> {
    let width = pictures.iter().map(|p| p.width).max().unwrap_or(0);
    let height = pictures.iter().map(|p| p.height).max().unwrap_or(0);
    let too_large =
        |_| Error::Usage(format!("a GIF has at most 65535 pixels a side; {width}×{height} needs a smaller --width"));
    let size = (u16::try_from(width).map_err(too_large)?, u16::try_from(height).map_err(too_large)?);
    let bytes = encode(pictures, size, fps).map_err(|e| Error::output(output, e))?;
    write_whole(output, &bytes)?;
    let mib = bytes.len() as f64 / f64::from(1 << 20);
    let count = FrameList::count(pictures.len());
    Ok(format!("{}: {count}, {width}×{height}, {mib:.1} MiB\n", output.display()))
}

fn encode(pictures: &[Picture], (width, height): (u16, u16), fps: f64) -> Result<Vec<u8>, gif::EncodingError> {
    let palette = palette(pictures);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &palette.color_map_rgb())?;
    encoder.set_repeat(Repeat::Infinite)?;
    let mut known: HashMap<[u8; 3], u8> = HashMap::new();
    for (index, picture) in pictures.iter().enumerate() {
        let mut whole = Picture::flat(width.into(), height.into());
        whole.put(picture, 0, 0);
        let indices: Vec<u8> = whole
            .rgb
            .chunks_exact(3)
            .map(|p| {
                let find = || palette.index_of(&[p[0], p[1], p[2], 255]) as u8;
                *known.entry([p[0], p[1], p[2]]).or_insert_with(find)
            })
            .collect();
        let delay = delay(index, fps);
        encoder.write_frame(&Frame { width, height, delay, buffer: Cow::Owned(indices), ..Frame::default() })?;
    }
    drop(encoder);
    Ok(bytes)
}

/// How long a frame stands, in hundredths of a second, rounded so that the whole keeps its length.
fn delay(index: usize, fps: f64) -> u16 {
    let start = |n: usize| (n as f64 * 100.0 / fps).round();
    (start(index + 1) - start(index)) as u16
}

/// 256 colors learned from pixels of all pictures (Dekker, "Kohonen neural networks for optimal colour quantization",
/// 1994).
fn palette(pictures: &[Picture]) -> NeuQuant {
    let all: usize = pictures.iter().map(|p| p.width * p.height).sum();
    let step = (all / SAMPLES).max(1);
    let samples: Vec<u8> = pictures
        .iter()
        .flat_map(|p| p.rgb.chunks_exact(3))
        .step_by(step)
        .flat_map(|p| [p[0], p[1], p[2], 255])
        .collect();
    // The learner needs more samples than it has cells.
    let samples = if samples.len() < 4096 { samples.repeat(4096 / samples.len().max(1) + 1) } else { samples };
    NeuQuant::new(THOROUGHNESS, 256, &samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_of_a_long_animation_stands_its_time() {
        for (fps, frames) in [(1.0, 2000), (12.0, 20_000), (24.0, 20_000)] {
            let all: u64 = (0..frames).map(|n| u64::from(delay(n, fps))).sum();
            assert_eq!(all, (frames as f64 * 100.0 / fps).round() as u64, "{fps} a second");
            assert!((0..frames).all(|n| (f64::from(delay(n, fps)) - 100.0 / fps).abs() <= 1.0), "{fps} a second");
        }
    }

    #[test]
    fn frames_and_their_colors_come_back() {
        let picture = |v: u8| Picture { width: 6, height: 4, rgb: [v, 40, 200].repeat(24) };
        let bytes = encode(&[picture(0), picture(250)], (6, 4), 10.0).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&bytes[..]).unwrap();
        for expected in [0u8, 250] {
            let frame = decoder.read_next_frame().unwrap().unwrap();
            assert_eq!((frame.width, frame.height, frame.delay), (6, 4, 10));
            assert!(
                frame.buffer[0].abs_diff(expected) < 8 && frame.buffer[2].abs_diff(200) < 8,
                "{:?}",
                &frame.buffer[..4]
            );
        }
        assert!(decoder.read_next_frame().unwrap().is_none());
    }
}
