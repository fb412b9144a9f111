use std::path::PathBuf;

use clap::Args;

use crate::cli::ScoreRunArgs;

/// Arguments of `score features`.
#[derive(Debug, Args)]
pub struct ScoreFeaturesArgs {
    /// Folders of shots with annotations; a folder that holds some stands for all of them.
    #[arg(required_unless_present = "sample", value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// What is scored where no folder is given.
    #[arg(long, hide = true, value_name = "DIR")]
    pub sample: Option<PathBuf>,
    /// Only shots whose name holds one of these.
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    pub shots: Vec<String>,
    /// Only shots of these splits; all but `train` where nothing is said.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub splits: Vec<String>,
    /// Frames that are analysed, but neither measured nor corrected: those that a network was tuned on.
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub leave_out: Option<String>,
    /// The node.
    #[arg(long, default_value = "FeatureDetect")]
    pub node: String,
    /// How the node is run, and where the figures go.
    #[command(flatten)]
    pub run: ScoreRunArgs,
    /// Also look within the annotations' rough and tight boxes, by the node's crop rectangle.
    #[arg(long)]
    pub boxes: bool,
    /// Leave the simulated artist out, who takes longest.
    #[arg(long)]
    pub no_effort: bool,
    /// The distance within which every curve must be, in plate pixels, before the artist is content.
    #[arg(long, value_name = "PX", default_value_t = 1.5)]
    pub content_px: f64,
    /// The most corrections of a shot; one that needs more is not finished, and counts with these.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub most_edits: usize,
    /// The most minutes that the artist takes for a shot, by which the figures depend on the machine; any number where
    /// nothing is said.
    #[arg(long, value_name = "N")]
    pub most_minutes: Option<f64>,
}
