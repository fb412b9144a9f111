//! One instance of a plug-in.

use super::{
    AbortHandle, ClipPlanes, Curve, Description, FramesNeeded, HostImage, Identity, Key, ParamValue, Plugin,
    Preferences, Project, RegionsOfInterest, RenderRequest, Source,
};
use crate::{Error, Field, FrameRange, RectD, RectI, RenderScale, Result};
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

/// The values of an instance by parameter id, with their keys.
pub type SavedParams = BTreeMap<String, Curve>;

/// One instance. Dropping it destroys it.
#[derive(Debug)]
pub struct Instance {
    plugin: Plugin,
    abort: AbortHandle,
}

fn pending<T>() -> Result<T> {
    Err(Error::Missing("instances yet".into()))
}

impl Instance {
    /// Its plug-in.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// The description of its context, as it was before this instance was made.
    pub fn description(&self) -> &Description {
        unreachable!()
    }

    /// The project that it lives in.
    pub fn project(&self) -> &Project {
        unreachable!()
    }

    /// Connects a clip; the plug-in is told, and clip preferences are asked anew.
    ///
    /// # Errors
    /// When there is no such input clip, or the plug-in fails.
    pub fn connect(&self, _clip: &str, _source: Arc<dyn Source>) -> Result<()> {
        pending()
    }

    /// Disconnects a clip.
    ///
    /// # Errors
    /// As [`Instance::connect`].
    pub fn disconnect(&self, _clip: &str) -> Result<()> {
        pending()
    }

    /// Sets a parameter at every time, as an artist does: keys go, and the plug-in is told.
    ///
    /// # Errors
    /// When there is no such parameter, the value does not fit, or the plug-in fails.
    pub fn set(&self, _id: &str, _value: &ParamValue) -> Result<()> {
        pending()
    }

    /// Sets a key, as an artist does, and the plug-in is told.
    ///
    /// # Errors
    /// As [`Instance::set`], and when the parameter cannot have keys.
    pub fn set_at(&self, _id: &str, _time: f64, _value: &ParamValue) -> Result<()> {
        pending()
    }

    /// The value at the current time.
    ///
    /// # Errors
    /// When there is no such parameter, or it has no value.
    pub fn get(&self, _id: &str) -> Result<ParamValue> {
        pending()
    }

    /// The value at a time.
    ///
    /// # Errors
    /// As [`Instance::get`].
    pub fn get_at(&self, _id: &str, _time: f64) -> Result<ParamValue> {
        pending()
    }

    /// The keys of a parameter.
    ///
    /// # Errors
    /// As [`Instance::get`].
    pub fn keys(&self, _id: &str) -> Result<Vec<Key>> {
        pending()
    }

    /// Whether the artist sees a parameter now.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn is_secret(&self, _id: &str) -> Result<bool> {
        pending()
    }

    /// Whether the artist can change a parameter now.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn is_enabled(&self, _id: &str) -> Result<bool> {
        pending()
    }

    /// Presses a button.
    ///
    /// # Errors
    /// When there is no such button, or the plug-in fails.
    pub fn press(&self, _id: &str) -> Result<()> {
        pending()
    }

    /// The current time: what `paramGetValue` and the timeline suite speak of.
    pub fn time(&self) -> f64 {
        0.0
    }

    /// Moves the current time; the plug-in is told of every animated parameter.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn set_time(&self, _time: f64) -> Result<()> {
        pending()
    }

    /// How the plug-in wants its clips, asked again where something it depends on has changed.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn clip_preferences(&self) -> Result<Preferences> {
        pending()
    }

    /// The canonical rectangle that the output fills.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn region_of_definition(&self, _time: f64, _scale: RenderScale) -> Result<RectD> {
        pending()
    }

    /// The part of each input needed for `region` (canonical) of the output.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn regions_of_interest(&self, _time: f64, _scale: RenderScale, _region: RectD) -> Result<RegionsOfInterest> {
        pending()
    }

    /// The frames of each input needed for the output at `time`.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn frames_needed(&self, _time: f64) -> Result<FramesNeeded> {
        pending()
    }

    /// Whether the output equals an input.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn is_identity(
        &self,
        _time: f64,
        _scale: RenderScale,
        _window: RectI,
        _field: Field,
    ) -> Result<Option<Identity>> {
        pending()
    }

    /// The frames over which there is an output.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn time_domain(&self) -> Result<FrameRange> {
        pending()
    }

    /// The planes of each clip. Empty where the plug-in knows none.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn clip_components(&self, _time: f64) -> Result<ClipPlanes> {
        pending()
    }

    /// Renders one frame; one image for each plane asked for, under the name it was asked by (color is `""`).
    ///
    /// # Errors
    /// [`Error::Aborted`] when it was stopped; otherwise what the plug-in answered, with its message.
    pub fn render(&self, _request: &RenderRequest) -> Result<Vec<(String, HostImage)>> {
        pending()
    }

    /// Renders frames on up to `threads` threads, as far as the plug-in allows, in one sequence. `each` gets them in
    /// the order of `frames`, on the calling thread; `Break` stops.
    ///
    /// # Errors
    /// When the plug-in refuses to begin or to end the sequence; errors of single frames go to `each`.
    pub fn render_range(
        &self,
        _frames: &[f64],
        _threads: usize,
        _request: &RenderRequest,
        _each: impl FnMut(f64, Result<Vec<(String, HostImage)>>) -> ControlFlow<()>,
    ) -> Result<()> {
        pending()
    }

    /// Stops renders of this instance.
    pub fn abort_handle(&self) -> AbortHandle {
        self.abort.clone()
    }

    /// Every value that a project saves. The plug-in is asked to sync its private data first where it wants that.
    ///
    /// # Errors
    /// When the plug-in fails to sync.
    pub fn save_params(&self) -> Result<SavedParams> {
        pending()
    }

    /// Takes over saved values, as one change by the artist. Parameters not in `params` stay as they are.
    ///
    /// # Errors
    /// When a value belongs to no parameter or does not fit (then nothing is changed), or the plug-in fails.
    pub fn load_params(&self, _params: &SavedParams) -> Result<()> {
        pending()
    }

    /// Tells the plug-in that its panel was opened.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn begin_edit(&self) -> Result<()> {
        pending()
    }

    /// Tells the plug-in that its last panel was closed.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn end_edit(&self) -> Result<()> {
        pending()
    }

    /// Asks the plug-in to write its private state into its parameters.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn sync_private_data(&self) -> Result<()> {
        pending()
    }

    /// Asks the plug-in to give memory back.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn purge_caches(&self) -> Result<()> {
        pending()
    }

    /// The labels of the undo steps that the plug-in has made by paramEditBegin and paramEditEnd.
    pub fn undo_blocks(&self) -> Vec<String> {
        Vec::new()
    }

    /// The persistent message that stands now.
    pub fn persistent_message(&self) -> Option<String> {
        None
    }
}
