//! The command line.

use crate::error::{Error, Result};
use crate::frames::ReadOptions;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ofx_sdk::{Context, Depth};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  2    a bad argument: unknown node, parameter, clip or option, a value out of range
  3    an input that cannot be read, a missing frame
  4    an output that cannot be written (no permission, disk full)
  5    a plug-in that is not found, not loaded or not described
  6    a plug-in that failed to render
  7    a button that could not do what it is for; what it did is kept
  130  stopped with Ctrl-C; the frames written so far are whole, and what a button found is kept

Nodes are looked for in --bundle, or in ROTOCEL_BUNDLE, or else in target/bundle, beside this program, in
OFX_PLUGIN_PATH and in the standard OpenFX folders, in this order.";

/// The OpenFX host of Rotocel on a command line: describes nodes and renders sequences of files through them.
#[derive(Debug, Parser)]
#[command(name = "rotocel", version, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists the nodes of the bundle.
    Nodes(NodesArgs),
    /// Converts shapes and landmarks from one file format to another.
    Convert(Box<crate::convert::ConvertArgs>),
    /// Shows every clip and parameter of a node.
    Describe(DescribeArgs),
    /// Renders a sequence through a node.
    ///
    /// Pictures are written with the numbers the node gave, in Source's own encoding: no color is converted, and the sRGB
    /// numbers of a PNG are sRGB numbers in an EXR too. `source_colorspace`, where a node has it and nobody sets it, is set
    /// to srgb for whole numbers (PNG, JPEG, TIFF) and to linear_rec709 for floating point.
    #[command(after_help = EXIT_CODES)]
    Render(Box<RenderArgs>),
    /// Puts frames of one or more sequences side by side into one PNG.
    Sheet(SheetArgs),
    /// Makes an animated GIF of one or more sequences side by side.
    Gif(GifArgs),
    /// Measures a node against labelled shots.
    Score(ScoreArgs),
    /// Traces the areas of a matte to closed Béziers that go on from frame to frame.
    Trace(Box<crate::trace::TraceArgs>),
    /// Merges stored analyses of a shot's chunks, or several artists' stored edits, into one file.
    Merge(MergeArgs),
}

/// Where nodes come from.
#[derive(Debug, Clone, Default, Args)]
pub struct BundleArgs {
    /// A bundle, a folder with bundles, or a plug-in library itself.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
}

/// Arguments of `nodes`.
#[derive(Debug, Args)]
pub struct NodesArgs {
    /// Where to look.
    #[command(flatten)]
    pub bundle: BundleArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// The node: ToneSegment or org.rotocel.ToneSegment.
    pub node: String,
    /// Where to look.
    #[command(flatten)]
    pub bundle: BundleArgs,
    /// The context that it is described in.
    #[arg(long, value_enum)]
    pub context: Option<ContextArg>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The situation that a node is told it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContextArg {
    /// One input.
    Filter,
    /// Any inputs.
    General,
    /// No input.
    Generator,
}

impl From<ContextArg> for Context {
    fn from(value: ContextArg) -> Self {
        match value {
            ContextArg::Filter => Self::Filter,
            ContextArg::General => Self::General,
            ContextArg::Generator => Self::Generator,
        }
    }
}

/// How a value of the output is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DepthArg {
    /// 16-bit floating point (EXR).
    Half,
    /// 32-bit floating point (EXR).
    Float,
    /// 8 bits (PNG).
    #[value(name = "8")]
    Eight,
    /// 16 bits (PNG).
    #[value(name = "16")]
    Sixteen,
}

impl From<DepthArg> for Depth {
    fn from(value: DepthArg) -> Self {
        match value {
            DepthArg::Half => Self::Half,
            DepthArg::Float => Self::Float,
            DepthArg::Eight => Self::Byte,
            DepthArg::Sixteen => Self::Short,
        }
    }
}

/// Which value of a file a mask clip takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MaskChannel {
    /// Alpha, if the first frame on disk has one that is not 1 everywhere; luminance otherwise.
    #[default]
    Auto,
    /// Alpha.
    Alpha,
    /// Luminance.
    Luminance,
}

/// What a node is set to.
#[derive(Debug, Clone, Default, Args)]
pub struct SettingsArgs {
    /// A parameter, or its key at a frame; choices by id, label or index. Repeat for more.
    #[arg(long = "set", value_name = "ID[@FRAME]=VALUE")]
    pub set: Vec<String>,
    /// Press a button once everything is set. Repeat for more.
    #[arg(long, value_name = "ID")]
    pub press: Vec<String>,
    /// Read parameters from a file that --save-params wrote; --set comes after it.
    #[arg(long, value_name = "FILE")]
    pub load_params: Option<PathBuf>,
}

/// How files are read.
#[derive(Debug, Clone, Args)]
pub struct ReadArgs {
    /// The layer of an EXR input; its R, G, B and A otherwise.
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// The most pixels that an input may claim to have.
    #[arg(long, value_name = "N", default_value_t = ReadOptions::DEFAULT_MAX_PIXELS)]
    pub max_pixels: u64,
}

/// Arguments of `render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The node: ToneSegment or org.rotocel.ToneSegment.
    pub node: String,
    /// Input: a sequence (shot.%04d.png, shot.####.exr) or one file.
    #[arg(short, long, value_name = "FILES")]
    pub input: Option<String>,
    /// Output: PNG or EXR. Without it buttons are pressed, and nothing is rendered.
    #[arg(short, long, value_name = "FILES", required_unless_present = "press")]
    pub output: Option<String>,
    /// Frames: 1-90, 1-90x2, 1,5,10-20. What exists on disk otherwise.
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub frames: Option<String>,
    /// Files of another clip of the node, such as Mask=mask.%04d.png. Repeat for more.
    #[arg(long = "clip", value_name = "NAME=FILES")]
    pub clips: Vec<String>,
    /// What a mask clip takes of its files. With auto, the node's own `<clip>_channel=luminance` is heard.
    #[arg(long, value_enum, default_value_t)]
    pub mask_channel: MaskChannel,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Write every plane that the node offers into one EXR, from one render call: channel `tone.highlight` is the
    /// channel `highlight` of the layer `tone`.
    #[arg(long, requires = "output")]
    pub layers: bool,
    /// Render at this scale, from 0.01 to 1: 0.5 for a half-size proxy.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// Render in tiles of this side in pixels.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub tiles: Option<u32>,
    /// Frames that are rendered at once, and the most threads that the node is lent. One frame with all processors
    /// otherwise.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Leave out frames whose output exists and is not empty. It is looked at once, at the start: give each process its own
    /// frames.
    #[arg(long, requires = "output")]
    pub skip_existing: bool,
    /// Leave out frames whose input is missing, rather than stop, and list them; in buttons, too.
    #[arg(long)]
    pub skip_missing: bool,
    /// Write the parameters to a file once the buttons are pressed, one that failed or was stopped included.
    #[arg(long, value_name = "FILE")]
    pub save_params: Option<PathBuf>,
    /// Where to look for the node.
    #[command(flatten)]
    pub bundle: BundleArgs,
    /// The context; general where the node has it.
    #[arg(long, value_enum)]
    pub context: Option<ContextArg>,
    /// How values are stored: half (default) or float for EXR, 8 (default) or 16 for PNG.
    #[arg(long, value_enum, requires = "output")]
    pub depth: Option<DepthArg>,
    /// Frames a second that the node is told; the EXR header's otherwise, or 24.
    #[arg(long, value_name = "N")]
    pub frame_rate: Option<f64>,
    /// How files are read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Print a summary in JSON, and no progress bar.
    #[arg(long)]
    pub json: bool,
}

/// Which pictures a sheet or a GIF shows, and how.
#[derive(Debug, Clone, Args)]
pub struct PicturesArgs {
    /// Sequences, left to right.
    #[arg(required = true, value_name = "FILES")]
    pub inputs: Vec<String>,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Frames: 1-90, 1-90x2. What exists on disk in the first sequence otherwise.
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub frames: Option<String>,
    /// Show floating-point files as they are, without the sRGB curve.
    #[arg(long)]
    pub raw: bool,
    /// How files are read.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Arguments of `sheet`.
#[derive(Debug, Args)]
pub struct SheetArgs {
    /// Pictures: a row for each frame, a column for each sequence.
    #[command(flatten)]
    pub pictures: PicturesArgs,
    /// Width of each picture in pixels.
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(8..=8192))]
    pub width: u32,
    /// The most frames shown, spread evenly.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rows: u32,
}

/// Arguments of `gif`.
#[derive(Debug, Args)]
pub struct GifArgs {
    /// Pictures: side by side.
    #[command(flatten)]
    pub pictures: PicturesArgs,
    /// Width of each picture in pixels.
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(8..=4096))]
    pub width: u32,
    /// Frames a second, 1 to 50.
    #[arg(long, default_value_t = 12.0)]
    pub fps: f64,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Stored analyses, or stored edits. What two of them say of one frame must be the same.
    #[arg(required = true, value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
    /// The file to write; it may be one of those that are read.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Arguments of `score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// What is measured.
    #[command(subcommand)]
    pub what: ScoreWhat,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum ScoreWhat {
    /// Tones against folders of shot.json, frames/%04d.png|exr, labels/%04d.png and, optionally, subject/%04d.png,
    /// soft/%04d.exr and motion/%04d.exr.
    Tone(Box<ScoreToneArgs>),
    /// Landmarks and shapes against folders of shot.json, frames/%04d.png|jpg|exr and annotations/%04d.json.
    Features(Box<crate::score::ScoreFeaturesArgs>),
}

/// What every `score` takes.
#[derive(Debug, Args)]
pub struct ScoreRunArgs {
    /// Settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The most threads that the node is lent; all processors otherwise.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Where to look for the node.
    #[command(flatten)]
    pub bundle: BundleArgs,
    /// Print JSON, with everything that was counted, instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Write the JSON to a file too.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `score tone`.
#[derive(Debug, Args)]
pub struct ScoreToneArgs {
    /// Folders of labelled shots; a folder that holds some stands for all of them. Each one given gets a column of its own.
    #[arg(required_unless_present = "sample")]
    pub shots: Vec<PathBuf>,
    /// What is scored where no folder is given.
    #[arg(long, hide = true, value_name = "DIR")]
    pub sample: Option<PathBuf>,
    /// The node.
    #[arg(long, default_value = "ToneSegment")]
    pub node: String,
    /// How the node is run, and where the figures go.
    #[command(flatten)]
    pub run: ScoreRunArgs,
    /// Score another network too, an ONNX file for the node's `custom_model`, in a column beside. Repeat for more.
    #[arg(long, value_name = "FILE")]
    pub also: Vec<PathBuf>,
    /// A border counts as found within this many pixels.
    #[arg(long, default_value_t = 2.0)]
    pub boundary_px: f64,
    /// The value of `temporal_smoothing` that is compared with none, where the node's default is none.
    #[arg(long, value_name = "FRAMES", default_value_t = 2, value_parser = clap::value_parser!(i32).range(1..=4))]
    pub smoothing: i32,
    /// Every figure that the folders' files allow: --looks --locked-off --controls --time.
    #[arg(long)]
    pub all: bool,
    /// Render the shots under other exposures, balances, curves, grain, codecs and lenses.
    #[arg(long)]
    pub looks: bool,
    /// Render the first frame under other grain 24 times.
    #[arg(long)]
    pub locked_off: bool,
    /// Compare with thresholds on luminance and with a frozen first frame.
    #[arg(long)]
    pub controls: bool,
    /// Fit the thresholds on these shots rather than on those that are scored. Repeat for more.
    #[arg(long, value_name = "DIR")]
    pub fit: Vec<PathBuf>,
    /// Measure the time of a frame, with two threads.
    #[arg(long)]
    pub time: bool,
    /// Write a GIF of each shot into this folder: picture, truth and what the node finds; no figures.
    #[arg(long, value_name = "DIR", conflicts_with_all = GIF_LEAVES_OUT)]
    pub gif: Option<PathBuf>,
    /// Width of each picture of a GIF in pixels.
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(8..=4096))]
    pub gif_width: u32,
    /// Print nothing but the milliseconds a frame in this process.
    #[arg(long, hide = true)]
    pub time_here: bool,
}

/// Options of figures, of which GIFs have none.
const GIF_LEAVES_OUT: [&str; 9] = ["out", "json", "also", "all", "looks", "locked_off", "controls", "fit", "time"];

impl ScoreToneArgs {
    /// Whether looks are wanted.
    pub fn wants_looks(&self) -> bool {
        self.looks || self.all
    }

    /// Whether the locked-off frame is wanted.
    pub fn wants_locked_off(&self) -> bool {
        self.locked_off || self.all
    }

    /// Whether controls are wanted.
    pub fn wants_controls(&self) -> bool {
        self.controls || self.all || !self.fit.is_empty()
    }

    /// Whether the time of a frame is wanted.
    pub fn wants_time(&self) -> bool {
        self.time || self.all
    }
}

impl ReadArgs {
    /// What the readers are told.
    pub fn options(&self) -> ReadOptions {
        ReadOptions { layer: self.layer.clone(), max_pixels: self.max_pixels }
    }
}

impl RenderArgs {
    /// The scale, checked.
    ///
    /// # Errors
    /// When it is not from 0.01 to 1.
    pub fn checked_scale(&self) -> Result<f64> {
        if (0.01..=1.0).contains(&self.scale) {
            Ok(self.scale)
        } else {
            Err(Error::Usage(format!("--scale {}: give a number from 0.01 to 1", self.scale)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_issue_s_command_is_understood() {
        let line = "rotocel render ToneSegment -i shot.%04d.png -o tones.%04d.exr --frames 1-90 --set output=flat \
                    --set edge_softness_px=2 --clip Mask=m.%04d.png --layers --press check_device --scale 0.5 \
                    --tiles 256 --threads 2 --skip-existing --save-params a.json --load-params b.json --bundle d --json";
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Render(args) = cli.command else { panic!("not a render") };
        assert_eq!(args.settings.set, ["output=flat", "edge_softness_px=2"]);
        assert_eq!((args.tiles, args.threads, args.checked_scale().unwrap()), (Some(256), Some(2), 0.5));
    }
}
