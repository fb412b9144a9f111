use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use roto::exchange::{Format, KeyMode};

use super::OutputArgs;

/// Arguments of `convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// What is read: a file, or a sequence (eyes.%04d.json) in a format that has a file for each frame.
    #[arg(value_name = "INPUT")]
    pub input: String,
    /// What is written: a file, or a sequence.
    #[arg(value_name = "OUTPUT")]
    pub output: String,
    /// The format of the input; by its name and its text otherwise.
    #[arg(long, value_name = "FORMAT", value_parser = readable(), hide_possible_values = true)]
    pub from: Option<String>,
    /// How the output is written.
    #[command(flatten)]
    pub writing: OutputArgs,
    /// Size of the plate in pixels, for inputs that do not tell it, as our JSON does.
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<(f64, f64)>,
    /// Where the plate's lower left corner lies in the host's pixels.
    #[arg(long, value_name = "X,Y", value_parser = origin, default_value = "0,0", requires = "size", allow_hyphen_values = true)]
    pub origin: (f64, f64),
    /// Width of a pixel by its height.
    #[arg(long, value_name = "N", default_value_t = 1.0, requires = "size")]
    pub pixel_aspect: f64,
    /// First and last frame of the shot, 1001-1105; those of the input's keys otherwise. Our JSON tells its own: it is cut to
    /// these.
    #[arg(long, value_name = "FIRST-LAST", allow_hyphen_values = true)]
    pub frames: Option<String>,
    /// Frames a second, for inputs that do not tell it.
    #[arg(long, value_name = "N")]
    pub frame_rate: Option<f64>,
}

/// `--keys` as it is given; the tolerance comes beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Those of the input.
    Keep,
    /// The fewest.
    Reduce,
    /// Every n-th frame.
    Every(u32),
}

impl Keys {
    /// The mode of the writers.
    pub fn mode(self, tolerance_px: f64) -> KeyMode {
        match self {
            Self::Keep => KeyMode::Keep,
            Self::Reduce => KeyMode::Reduce(tolerance_px),
            Self::Every(1) => KeyMode::Every,
            Self::Every(step) => KeyMode::EveryNth(step),
        }
    }
}

impl std::str::FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "keep" => Ok(Self::Keep),
            "reduce" => Ok(Self::Reduce),
            "every" => Ok(Self::Every(1)),
            _ => match text.parse() {
                Ok(step) if step > 0 => Ok(Self::Every(step)),
                _ => Err("give keep, reduce, every, or a whole number above 0".to_owned()),
            },
        }
    }
}

fn value(format: Format) -> PossibleValue {
    let per_frame = if format.is_per_frame() { ", a file for each frame" } else { "" };
    PossibleValue::new(format.id()).help(format!("{} (.{}{per_frame})", format.label(), format.extension()))
}

fn readable() -> PossibleValuesParser {
    PossibleValuesParser::new(Format::ALL.into_iter().filter(|format| format.is_readable()).map(value))
}

pub(super) fn writable() -> PossibleValuesParser {
    PossibleValuesParser::new(Format::ALL.map(value))
}

fn size(text: &str) -> Result<(f64, f64), String> {
    let sides = text.split_once(['x', 'X', '×']).and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    sides
        .filter(|&(w, h): &(f64, f64)| w >= 1.0 && h >= 1.0)
        .ok_or_else(|| "give width and height: 1920x1080".to_owned())
}

fn origin(text: &str) -> Result<(f64, f64), String> {
    let corner = text.split_once(',').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
    corner
        .filter(|&(x, y): &(f64, f64)| x.is_finite() && y.is_finite())
        .ok_or_else(|| "give x and y: -100,0".to_owned())
}
