//! `rotocel trace`: the areas of a matte as shapes to draw from.

use std::path::Path;

use clap::{Args, ValueEnum};
use imaging::color::luminance;
use ndarray::Array2;
use ofx_sdk::Components;
use roto::exchange::{Scene, ShapeStyle};
use roto::{Plate, TraceOptions, Traced, Tracer};

use crate::cli::ReadArgs;
use crate::convert::{Output, OutputArgs};
use crate::error::{Error, Result};
use crate::frames::{self, Frame, FrameInfo, ReadOptions};
use crate::overwrite;
use crate::sequence::{FrameList, Pattern};

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The matte: a sequence (matte.%04d.png, tones.####.exr) or one file.
    #[arg(value_name = "FILES")]
    pub input: String,
    /// The file of shapes to write.
    #[arg(value_name = "OUTPUT")]
    pub output: String,
    /// How the output is written.
    #[command(flatten)]
    pub writing: OutputArgs,
    /// Frames, one after another: 1001-1105. What exists on disk otherwise.
    #[arg(long, value_name = "FIRST-LAST", allow_hyphen_values = true)]
    pub frames: Option<String>,
    /// What of a pixel is the matte.
    #[arg(long, value_enum, default_value_t)]
    pub channel: MatteChannel,
    /// A channel of an EXR file by its name instead, such as tone.highlight.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["channel", "layer"])]
    pub exr_channel: Option<String>,
    /// How far curves may be from the matte's edge, in pixels; without antialiasing, 1 or more.
    #[arg(long, value_name = "PX", default_value_t = TraceOptions::default().tolerance_px)]
    pub edge_tolerance: f64,
    /// The value that the edge is at.
    #[arg(long, default_value_t = TraceOptions::default().level)]
    pub level: f32,
    /// Islands and holes that stay smaller are dropped, in square pixels.
    #[arg(long, value_name = "PX", default_value_t = TraceOptions::default().least_area_px)]
    pub least_area: f64,
    /// An edge that turns by more than this has a corner.
    #[arg(long, value_name = "DEG", default_value_t = TraceOptions::default().corner_deg)]
    pub corner: f64,
    /// How files are read.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// What of a pixel is the matte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatteChannel {
    /// Alpha, if the first frame has one that is not 1 everywhere; luminance otherwise.
    #[default]
    Auto,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Alpha.
    Alpha,
    /// Luminance, with the weights of Rec.709.
    Luminance,
}

/// Traces a matte and writes the shapes.
///
/// # Errors
/// See [`Error`]; nothing is written unless every frame can be read.
pub fn trace(args: &TraceArgs) -> Result<String> {
    let (input, output) = (Pattern::parse(&args.input)?, Output::parse(&args.output, &args.writing)?);
    let frames = frames_of(&input, args)?;
    output.refuse_inputs(&frames, overwrite::files(&input))?;
    output.check(&frames)?;
    let options = TraceOptions {
        tolerance_px: args.edge_tolerance,
        level: args.level,
        least_area_px: args.least_area,
        corner_deg: args.corner,
    };
    let mut tracer = Tracer::new(frames[0], options).map_err(|found| Error::Usage(found.to_string()))?;
    let reading = Reading { args, options: args.read.options() };
    let first = reading.frame(&input.path(frames[0]))?;
    let channel = match args.channel {
        MatteChannel::Auto if first.has_transparency() => MatteChannel::Alpha,
        MatteChannel::Auto => MatteChannel::Luminance,
        named => named,
    };
    for &frame in &frames {
        let path = input.path(frame);
        let picture = reading.frame(&path)?;
        if channel == MatteChannel::Alpha && picture.components == Components::Rgb {
            return Err(without_alpha(&path, args));
        }
        tracer.add(matte(&picture, channel).view()).map_err(|found| Error::input(&path, found))?;
    }
    let traced = tracer.finish().map_err(|found| Error::input(Path::new(&args.input), found))?;
    let frame_rate = reading.info(&input.path(frames[0]))?.frame_rate;
    output.write(&scene(&traced, &first, frame_rate))?;
    Ok(summary(args, &traced))
}

/// A picture without alpha where that is the matte: 1 everywhere is none.
fn without_alpha(path: &Path, args: &TraceArgs) -> Error {
    Error::input(
        path,
        match args.channel {
            MatteChannel::Auto => "it has no alpha channel, which the first frame has and is traced by; give --channel",
            _ => "it has no alpha channel; choose another --channel, such as luminance",
        },
    )
}

/// The frames to trace, which follow each other.
fn frames_of(input: &Pattern, args: &TraceArgs) -> Result<Vec<i64>> {
    let existing = input.existing()?;
    let frames = match &args.frames {
        Some(text) => {
            let mut frames = FrameList::parse(text)?.frames().to_vec();
            frames.sort_unstable();
            frames
        }
        None => existing.clone(),
    };
    let (Some(&first), Some(&last)) = (frames.first(), frames.last()) else {
        return Err(Error::input(Path::new(&args.input), "no such file"));
    };
    if last.abs_diff(first) >= frames.len() as u64 && args.frames.is_some() {
        return Err(Error::Usage("--frames: shapes go on from frame to frame; name a range without gaps".into()));
    }
    let there = |frame: &i64| !input.is_sequence() || existing.binary_search(frame).is_ok();
    let missing: Vec<i64> = (first..=last).filter(|frame| !there(frame)).take(1000).collect();
    if missing.is_empty() {
        return Ok(frames);
    }
    let reason = format!("missing {}; render them, or name a range with --frames", FrameList::describe(&missing));
    Err(Error::input(Path::new(&args.input), reason))
}

struct Reading<'a> {
    args: &'a TraceArgs,
    options: ReadOptions,
}

impl Reading<'_> {
    fn info(&self, path: &Path) -> Result<FrameInfo> {
        match &self.args.exr_channel {
            Some(name) => frames::inspect_channels(path, &[&[name.as_str()]], &self.options),
            None => frames::inspect(path, &self.options),
        }
    }

    fn frame(&self, path: &Path) -> Result<Frame> {
        match &self.args.exr_channel {
            Some(name) => frames::read_channels(path, &[&[name.as_str()]], &self.options)?
                .pop()
                .ok_or_else(|| Error::input(path, format!("it has no channel {name}"))),
            None => frames::read(path, &self.options),
        }
    }
}

/// The matte of a picture's display window, rows down; outside of its data it is 0.
fn matte(picture: &Frame, channel: MatteChannel) -> Array2<f32> {
    let [width, height] = picture.display;
    Array2::from_shape_fn((height.max(0) as usize, width.max(0) as usize), |(row, x)| {
        let Some([r, g, b, a]) = picture.rgba(x as i32, height - 1 - row as i32) else { return 0.0 };
        match channel {
            MatteChannel::Red => r,
            MatteChannel::Green => g,
            MatteChannel::Blue => b,
            MatteChannel::Alpha => a,
            MatteChannel::Auto | MatteChannel::Luminance => luminance([r, g, b]),
        }
    })
}

fn scene(traced: &Traced, first: &Frame, frame_rate: Option<f64>) -> Scene {
    let [width, height] = first.display.map(f64::from);
    let plate = Plate { pixel_aspect: first.pixel_aspect, ..Plate::sized(width, height) };
    let mut scene = Scene { frame_rate, ..Scene::new(traced.shot.clone(), plate) };
    for shape in traced.shot.shapes() {
        let cut = traced.holes.contains(&shape.name);
        let group = if cut { "holes" } else { "areas" };
        scene.styles.insert(shape.name.clone(), ShapeStyle { group: group.to_owned(), cut, ..ShapeStyle::default() });
    }
    scene
}

fn summary(args: &TraceArgs, traced: &Traced) -> String {
    let (frames, holes) = (traced.shot.frames(), traced.holes.len());
    let areas = traced.shot.shapes().len() - holes;
    let vertices: usize = traced.shot.shapes().iter().map(|shape| shape.track.vertex_count()).sum();
    let (first, last, farthest) = (frames.start(), frames.end(), traced.farthest_px);
    let rough = if farthest > args.edge_tolerance { "; its edge is too rough for the tolerance" } else { "" };
    format!(
        "{}: areas {areas}, holes {holes}, vertices {vertices}, frames {first}-{last}, at most {farthest:.2} px off{rough}\n",
        args.output
    )
}
