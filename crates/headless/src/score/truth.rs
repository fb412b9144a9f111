//! What is true of one frame of a labelled shot, and where it is measured.

use super::folder::{CLASSES, SHARES, Shot, VECTORS};
use crate::error::{Error, Result};
use crate::frames::{self, Frame, ReadOptions};
use crate::sequence::Pattern;
use imaging::color::NetworkEncoder;
use imaging::matte;
use imaging::metrics::{LEFT_OUT, border_band, core_area, one_hot};
use ndarray::{Array2, Array3, Axis};
use ofx_sdk::Depth;
use std::path::Path;

/// How far from a true border mattes are compared, in pixels.
pub const BAND_PX: f64 = 5.0;

/// From how far on a pixel lies in the core of its tone.
pub const CORE_PX: f64 = 8.0;

/// The least share of its tone that a pixel of the core has, where shares are known: a thin wire or a spark may be no
/// label's and still no mistake.
const CORE_SHARE: f32 = 0.99;

/// A subject whose largest value in all frames is no more than this is an index of objects.
const MOST_INDEX: u8 = 16;

/// How far the shares of a pixel may miss one in sum: half floats and a renderer's filter do.
const SUM_TOLERANCE: f32 = 0.02;

/// The share of pixels whose largest share must be that of their label. Soft files of another frame or upside down agree
/// less; hair and motion blur more.
const LEAST_AGREEMENT: f64 = 0.8;

/// The classes of a frame, and where they count. Rows stand lowest first, as OpenFX has them.
#[derive(Debug)]
pub struct ClassTruth {
    /// Class numbers; 255 is left out.
    pub labels: Array2<u8>,
    /// Where the subject is.
    pub subject: Option<Array2<bool>>,
}

impl ClassTruth {
    /// Reads a frame's labels and subject.
    ///
    /// # Errors
    /// [`Error::Input`] names the file and what is wrong with it.
    pub fn read(shot: &Shot, frame: i64) -> Result<Self> {
        let subject = shot.subject.as_ref().map(|subject| read_subject(subject, frame, &shot.frames)).transpose()?;
        Ok(Self { labels: read_labels(&shot.labels.path(frame))?, subject })
    }
}

/// The truth of a frame, as far as the shot has it.
#[derive(Debug)]
pub struct Truth {
    /// The classes.
    pub classes: ClassTruth,
    /// The mattes: shares where the shot has them, 0 and 1 by the labels otherwise.
    pub mattes: Array3<f32>,
    /// Whether the mattes are shares.
    pub soft: bool,
    /// The pixels that figures look at: all whose label is not 255.
    pub counted: Array2<bool>,
    /// Pixels to the next frame: along x, and along the rows in their order here.
    pub motion: Option<Array3<f32>>,
    /// The pixels near a true border.
    pub band: Array2<bool>,
    /// The pixels far from every one.
    pub core: Array2<bool>,
}

impl Truth {
    /// Reads a frame's files.
    ///
    /// # Errors
    /// [`Error::Input`] names the file and what is wrong with it.
    pub fn read(shot: &Shot, frame: i64) -> Result<Self> {
        let path = shot.labels.path(frame);
        let classes = ClassTruth::read(shot, frame)?;
        let labels = &classes.labels;
        let wrong = |e: imaging::Error| Error::input(&path, e);
        let counted = labels.mapv(|label| label != LEFT_OUT);
        let soft = shot.soft.as_ref().map(|soft| read_soft(&soft.path(frame), labels)).transpose()?;
        let motion = shot.motion.as_ref().map(|motion| motion.path(frame)).filter(|path| path.is_file());
        let mut core = core_area(labels.view(), CORE_PX).map_err(wrong)?;
        if let Some(shares) = &soft {
            core &= &of_one_tone(shares);
        }
        Ok(Self {
            band: &border_band(labels.view(), BAND_PX).map_err(wrong)? & &counted,
            core,
            soft: soft.is_some(),
            mattes: soft.unwrap_or_else(|| one_hot(labels.view(), CLASSES.len())),
            counted,
            motion: motion.map(|path| read_motion(&path, labels)).transpose()?,
            classes,
        })
    }
}

/// The pixels that are all of one tone.
fn of_one_tone(shares: &Array3<f32>) -> Array2<bool> {
    shares.map_axis(Axis(0), |shares| shares.iter().any(|share| *share >= CORE_SHARE))
}

/// The values of an 8-bit grey file, lowest row first.
fn read_grey(path: &Path, what: &str) -> Result<Array2<u8>> {
    let frame = frames::read(path, &ReadOptions::default())?;
    let count = frame.components.count();
    let grey = |p: &[f32]| count < 3 || (p[0] == p[1] && p[1] == p[2]);
    if frame.depth != Depth::Byte || !frame.pixels.chunks_exact(count).all(grey) || frame.has_transparency() {
        return Err(Error::input(path, format!("{what} are 8-bit grey files without alpha")));
    }
    let values = frame.pixels.iter().step_by(count).map(|v| (v * 255.0).round() as u8).collect();
    Array2::from_shape_vec((frame.bounds.height(), frame.bounds.width()), values).map_err(|e| Error::input(path, e))
}

/// Class numbers.
pub fn read_labels(path: &Path) -> Result<Array2<u8>> {
    if let Some(bits) = frames::grey_bits(path)?.filter(|bits| *bits < 8) {
        return Err(Error::input(
            path,
            format!("it has {bits} bits a pixel; labels are 8-bit grey files without alpha"),
        ));
    }
    let labels = read_grey(path, "labels")?;
    let known = |label: &u8| usize::from(*label) < CLASSES.len() || *label == LEFT_OUT;
    match labels.indexed_iter().find(|(_, label)| !known(label)) {
        None => Ok(labels),
        Some(((row, x), label)) => {
            let y = labels.nrows() - 1 - row;
            let reason =
                format!("pixel ({x}, {y}) is {label}; labels are class numbers 0-4, or 255 for what is left out");
            Err(Error::input(path, reason))
        }
    }
}

/// The subject of one frame; whether it is a matte all frames of the shot decide, for one that leaves the picture is faint.
fn read_subject(subject: &Pattern, frame: i64, all: &[i64]) -> Result<Array2<bool>> {
    let values = |frame: i64| read_grey(&subject.path(frame), "subjects");
    let most = |values: &Array2<u8>| values.iter().copied().max().unwrap_or(0);
    let found = values(frame)?;
    let faint = most(&found);
    if (1..=MOST_INDEX).contains(&faint) {
        let mut matte = false;
        for other in all.iter().filter(|other| **other != frame) {
            matte = most(&values(*other)?) > MOST_INDEX;
            if matte {
                break;
            }
        }
        if !matte {
            let reason = format!("the largest value is {faint}, like a number of an object; the subject is 255");
            return Err(Error::input(&subject.path(frame), reason));
        }
    }
    Ok(found.mapv(|value| value >= 128))
}

fn plane(path: &Path, frame: &Frame) -> Result<Array2<f32>> {
    let shape = (frame.bounds.height(), frame.bounds.width());
    Array2::from_shape_vec(shape, frame.pixels.clone()).map_err(|e| Error::input(path, e))
}

fn planes(path: &Path, sets: &[&[&str]]) -> Result<Array3<f32>> {
    let frames = frames::read_channels(path, sets, &ReadOptions::default())?;
    let planes = frames.iter().map(|frame| plane(path, frame)).collect::<Result<Vec<_>>>()?;
    let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
    ndarray::stack(Axis(0), &views).map_err(|e| Error::input(path, e))
}

fn read_soft(path: &Path, labels: &Array2<u8>) -> Result<Array3<f32>> {
    let shares = planes(path, SHARES)?;
    let sums = shares.sum_axis(Axis(0));
    let top = labels.nrows().saturating_sub(1);
    // What is not a number is within no tolerance.
    let off = |sum: &f32| !(1.0 - SUM_TOLERANCE..=1.0 + SUM_TOLERANCE).contains(sum);
    let counted = |at: (usize, usize)| labels.get(at).is_none_or(|label| *label != LEFT_OUT);
    if let Some(((row, x), sum)) = sums.indexed_iter().find(|(at, sum)| counted(*at) && off(sum)) {
        let reason = format!("the shares of pixel ({x}, {}) sum to {sum}, not to 1", top - row.min(top));
        return Err(Error::input(path, reason));
    }
    let outside = |share: &f32| !(-SUM_TOLERANCE..=1.0 + SUM_TOLERANCE).contains(share);
    if shares.indexed_iter().any(|((_, row, x), share)| counted((row, x)) && outside(share)) {
        return Err(Error::input(path, "a share lies outside 0 to 1"));
    }
    let strongest = matte::strongest(shares.view());
    let counted = labels.iter().zip(&strongest).filter(|(label, _)| **label != LEFT_OUT);
    let (same, all) = counted.fold((0u64, 0u64), |(same, all), (a, b)| (same + u64::from(a == b), all + 1));
    if (same as f64) < LEAST_AGREEMENT * all as f64 {
        let percent = same as f64 / all as f64 * 100.0;
        let reason = format!(
            "its largest shares agree with the labels of this frame in {percent:.0} % of the pixels only; is it of another \
             frame, or upside down?"
        );
        return Err(Error::input(path, reason));
    }
    Ok(shares)
}

/// Files say how far down a pixel goes; here rows run up. What is left out goes nowhere, whatever its motion.
fn read_motion(path: &Path, labels: &Array2<u8>) -> Result<Array3<f32>> {
    let mut motion = planes(path, VECTORS)?;
    for ((_, row, x), moved) in motion.indexed_iter_mut() {
        if labels.get((row, x)) == Some(&LEFT_OUT) {
            *moved = 0.0;
        }
        if !moved.is_finite() {
            return Err(Error::input(path, "a motion is not a number"));
        }
    }
    motion.index_axis_mut(Axis(0), 1).mapv_inplace(|down| -down);
    Ok(motion)
}

/// A frame as sRGB shows it, `[3, height, width]`, 0-1, lowest row first: what the network is shown.
///
/// # Errors
/// When the file cannot be read.
pub fn read_display(shot: &Shot, frame: i64) -> Result<Array3<f32>> {
    let path = shot.pictures.path(frame);
    let picture = frames::read(&path, &ReadOptions::default())?.unpremultiplied().into_rgba();
    let encoder = NetworkEncoder::new(shot.colorspace, 0.0);
    let mut display = Array3::zeros((3, picture.bounds.height(), picture.bounds.width()));
    for (mut lane, pixel) in display.lanes_mut(Axis(0)).into_iter().zip(picture.pixels.chunks_exact(4)) {
        let color = encoder.encode([pixel[0], pixel[1], pixel[2]]);
        lane.iter_mut().zip(color).for_each(|(v, new)| *v = new);
    }
    Ok(display)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spark_that_fills_a_quarter_of_a_pixel_is_in_no_core() {
        let shares = ndarray::array![[[1.0, 0.75, 0.005]], [[0.0, 0.25, 0.995]]];
        assert_eq!(of_one_tone(&shares), ndarray::array![[true, false, true]]);
    }

    #[test]
    fn labels_are_read_as_numbers_and_not_as_brightness() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0001.png");
        image::GrayImage::from_raw(2, 2, vec![0, 1, 4, 255]).unwrap().save(&path).unwrap();
        assert_eq!(read_labels(&path).unwrap(), ndarray::array![[4, 255], [0, 1]]);
        image::GrayImage::from_raw(2, 2, vec![0, 50, 4, 255]).unwrap().save(&path).unwrap();
        let told = read_labels(&path).unwrap_err().to_string();
        assert!(told.contains("0001.png") && told.contains("(1, 0) is 50"), "{told}");
        image::RgbImage::from_raw(1, 1, vec![0, 1, 2]).unwrap().save(&path).unwrap();
        assert!(read_labels(&path).unwrap_err().to_string().contains("grey"));
    }

    #[test]
    fn labels_of_a_bit_a_pixel_are_refused_because_decoders_make_255_of_1() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0001.png");
        // 8x1 pixels of one bit, 01010101, as imaging libraries write what is true or false.
        let mut encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), 8, 1);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder.write_header().unwrap().write_image_data(&[0x55]).unwrap();
        let told = read_labels(&path).unwrap_err().to_string();
        assert!(told.contains("0001.png") && told.contains("1 bits a pixel") && told.contains("8-bit"), "{told}");
    }

    #[test]
    fn a_subject_of_object_numbers_is_refused_and_one_that_left_the_frame_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let files = Pattern::numbered(dir.path(), 4, "png");
        let subject = |values: [u8; 2], before: [u8; 2]| {
            for (frame, values) in [(1, values), (2, before)] {
                image::GrayImage::from_raw(2, 1, values.into()).unwrap().save(files.path(frame)).unwrap();
            }
            read_subject(&files, 1, &[1, 2])
        };
        let told = subject([0, 3], [2, 16]).unwrap_err().to_string();
        assert!(told.contains("0001.png") && told.contains("largest value is 3"), "{told}");
        assert_eq!(subject([0, 0], [0, 0]).unwrap(), ndarray::array![[false, false]]);
        assert_eq!(subject([90, 255], [0, 0]).unwrap(), ndarray::array![[false, true]]);
        assert_eq!(subject([0, 9], [0, 255]).unwrap(), ndarray::array![[false, false]], "the last of a soft edge");
    }
}
