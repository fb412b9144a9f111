//! What is looked for, where, and what was found.

use crate::nodes::feature_detect::NODE;
use crate::nodes::model;
use crate::nodes::network_settings::{EncodingSettings, NetworkSettings};
use crate::nodes::picture::Coverage;
use ofx_sdk::plugin::*;

ofx_sdk::settings! {
    /// Model, input, frame range, results and corrections.
    pub struct AnalysisSettings {
        /// The network that finds the landmarks, and the device that runs it.
        model_group: Group = Group::new("Model").closed(),
        /// The network that finds the landmarks; it decides which landmarks and shapes there are. Custom runs the file given
        /// below.
        model: DynamicChoice = DynamicChoice::new("Model", models).default(first_model()).parent("model_group"),
        /// The network beside the menu, and the device that runs it.
        network: NetworkSettings,

        /// What the network sees.
        input_group: Group = Group::new("Input").closed(),
        /// How the network is shown Source.
        encoding: EncodingSettings,
        /// Look for the face within what the Crop input covers on each frame: a rough garbage matte is enough. Without a
        /// connected Crop, and without the rectangle below, the node finds the face by itself and follows it.
        use_crop_input: Boolean = Boolean::new("Use Crop input").default(true).not_animating().parent("input_group"),
        /// Where the Crop input holds the matte.
        crop_channel: Choice<Coverage> = Choice::new("Crop channel").not_animating().parent("input_group"),
        /// Look for the face within the rectangle below, which may be keyed. The Crop input wins over it.
        use_crop_rectangle: Boolean = Boolean::new("Use crop rectangle").not_animating().parent("input_group"),
        /// Lower left corner of a rough rectangle around the face.
        crop_bottom_left: Double2D =
            Double2D::new("Crop bottom left").position().parent("input_group"),
        /// Upper right corner of a rough rectangle around the face.
        crop_top_right: Double2D = Double2D::new("Crop top right")
            .position().default([512.0, 512.0]).parent("input_group"),
        /// How much is added around the Crop input or the rectangle on each side, as a share of it.
        crop_margin: Double = Double::new("Crop margin").range(0.0, 2.0).display(0.0, 0.5).default(0.1).parent("input_group"),
        /// Look twice: first at the rough crop, then closely at the face found in it. Takes twice as long and is steadier.
        second_look: Boolean = Boolean::new("Second look").default(true).not_animating().parent("input_group"),

        /// Finding landmarks over the shot.
        analysis_group: Group = Group::new("Analysis"),
        /// First frame that Analyse looks at. Where first and last frame are both 0, the whole of Source is meant.
        first_frame: Integer = Integer::new("First frame").range(-1_000_000, 10_000_000).display(0, 1000).default(0)
            .not_animating().parent("analysis_group"),
        /// Last frame that Analyse looks at.
        last_frame: Integer = Integer::new("Last frame").range(-1_000_000, 10_000_000).display(0, 1000).default(0)
            .not_animating().parent("analysis_group"),
        /// Finds the landmarks of every frame of the range that was not analysed yet, or whose picture, model, crop, encoding,
        /// second look or de-jitter has changed since.
        /// Cancel keeps what is done, and pressing this again goes on from there. Corrections by hand are never touched.
        analyse: PushButton = PushButton::new("Analyse").parent("analysis_group"),
        /// Finds the landmarks of the current frame anew.
        analyse_frame: PushButton = PushButton::new("Analyse this frame").parent("analysis_group"),
        /// Forgets what was found, on all frames. Corrections by hand stay.
        clear_analysis: PushButton = PushButton::new("Clear analysis").parent("analysis_group"),
        /// Looks which analysed frames have another picture or other settings now than when they were analysed, and writes them
        /// into Status.
        check_frames: PushButton = PushButton::new("Find changed frames").parent("analysis_group"),
        /// Steadies the landmarks with this many frames before and after, brought along the motion of the picture, when the
        /// shot is analysed. Quick motion such as a blink is kept. 0 is off.
        dejitter: Integer = Integer::new("De-jitter").range(0, 8).default(3).not_animating().parent("analysis_group"),
        /// A landmark below this confidence counts as unsure, and a shape that the network is less sure to see counts as hidden.
        confidence_threshold: Double =
            Double::new("Confidence threshold").range(0.0, 1.0).default(0.5).not_animating().parent("analysis_group"),
        /// A file that holds the analysis instead of the project, which it would make larger. Give it before you analyse; farm
        /// jobs write such files too.
        analysis_file: FilePath = FilePath::new("Analysis file").may_be_new().parent("analysis_group"),
        /// Takes the analysis of the file into the project, and its corrections where there are none yet.
        load_analysis: PushButton = PushButton::new("Load").parent("analysis_group"),
        /// Writes analysis and corrections into the file, and beside it.
        save_analysis: PushButton = PushButton::new("Save").parent("analysis_group"),
        /// What the last button did, or what is wrong.
        status: Text =
            Text::new("Status").disabled().without_undo().evaluate_on_change(false).parent("analysis_group"),
        /// What the network found, frame by frame, as JSON.
        analysis: Text = Text::new("Analysis").secret().parent("analysis_group"),
        /// What the artist corrected, frame by frame, as JSON.
        edits: Text = Text::new("Edits").secret().parent("analysis_group"),

        /// Corrections by hand, in numbers. In hosts that draw overlays, drag the points instead.
        correct_group: Group = Group::new("Correct").closed(),
        /// The landmark that Position shows and moves, counted from 1; 0 is none.
        selected_point: Integer =
            Integer::new("Selected point").range(0, 512).display(0, 64).not_animating().evaluate_on_change(false).parent("correct_group"),
        /// Its name, and how sure the network is of it on this frame.
        point_name: Text = Text::new("Point").disabled().without_undo().evaluate_on_change(false).parent("correct_group"),
        /// Where it is on the current frame. Changing this makes a key by hand on the current frame: the shapes follow, and
        /// between two such keys the correction is blended.
        point_xy: Double2D = Double2D::new("Position").position()
            .not_animating().evaluate_on_change(false).parent("correct_group"),
        /// Which landmark Position was filled in for, and with what: what the artist did not touch is no edit.
        point_shown: Text = Text::new("Shown point").secret().evaluate_on_change(false).parent("correct_group"),
        /// Takes the point back to where the network sees it on this frame.
        reset_point: PushButton = PushButton::new("Reset point").parent("correct_group"),
        /// Takes every point and vertex of this frame back to what the network sees.
        reset_frame: PushButton = PushButton::new("Reset frame").parent("correct_group"),
        /// Shows the shapes of the points that are selected in the viewer, or of Selected point, on this frame, whatever the network
        /// thinks. Moving points of a hidden shape does so, too.
        show_shapes: PushButton = PushButton::new("Show shapes").parent("correct_group"),
        /// Hides the shapes of the points that are selected in the viewer, or of Selected point, on this frame.
        hide_shapes: PushButton = PushButton::new("Hide shapes").parent("correct_group"),
        /// Goes to the nearest frame before this one that is not analysed, on which a landmark is unsure, or whose picture or
        /// settings have changed since it was analysed. Page Up does so in the viewer, by the
        /// pictures that were seen last: there none may be read.
        previous_unsure: PushButton = PushButton::new("Previous unsure frame").parent("correct_group"),
        /// Goes to the nearest frame after this one that is not analysed, on which a landmark is unsure, or whose picture or
        /// settings have changed since it was analysed. Page Down does so in the viewer, by the
        /// pictures that were seen last: there none may be read.
        next_unsure: PushButton = PushButton::new("Next unsure frame").parent("correct_group"),
        /// How many frames a correction reaches beyond the outermost keys by hand, fading out. 0 corrects that frame alone;
        /// -1 holds the correction to both ends of the shot.
        correction_falloff: Integer =
            Integer::new("Correction falloff").range(-1, 1000).display(-1, 100).default(12).not_animating().parent("correct_group"),
    }
}

fn models() -> Vec<ChoiceOption> {
    model::labels(NODE).into_iter().map(ChoiceOption::new).collect()
}

fn first_model() -> usize {
    super::FIRST_MODEL.min(models().len() - 1)
}
