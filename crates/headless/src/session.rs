//! A node with its inputs connected and its settings made.

use crate::bundles;
use crate::cli::{BundleArgs, MaskChannel, SettingsArgs};
use crate::error::{Error, Result};
use crate::frames::ReadOptions;
use crate::params_file;
use crate::report::{Terminal, interrupted, on_interrupt};
use crate::sequence::Pattern;
use crate::settings::{Assignment, button, clip_files, unused};
use crate::source::{FileSource, Takes};
use ofx_sdk::host::{
    Description, Host, HostImage, HostOptions, Instance, ParamValue, Plugin, Project, RenderRequest, SavedParams,
    Source as _,
};
use ofx_sdk::{Components, Context, FrameRange, Premultiplication};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a session is opened with.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// Where it comes from.
    pub bundle: &'a BundleArgs,
    /// In which context; `None` for the richest.
    pub context: Option<Context>,
    /// Clips and their files; `Source` first.
    pub files: Vec<(&'a str, Pattern)>,
    /// Further ones, as `NAME=FILES` from the command line.
    pub clips: &'a [String],
    /// What mask clips take of their files.
    pub mask_channel: MaskChannel,
    /// Settings from the command line.
    pub settings: &'a SettingsArgs,
    /// Settings that nobody can change, such as `output=index`.
    pub forced: &'a [&'a str],
    /// The color space of the files, where the caller knows it.
    pub colorspace: Option<String>,
    /// How files are read.
    pub read: ReadOptions,
    /// Frames a second, where the caller knows.
    pub frame_rate: Option<f64>,
    /// Frames rendered at once and threads lent to the node; `None` for one frame and all processors.
    pub threads: Option<u16>,
    /// The frame for which parameters are set and buttons pressed; the clip's first one when nothing is said.
    pub current: Option<i64>,
    /// Whether a button may do without the frames that have no file.
    pub skip_missing: bool,
}

impl Setup<'_> {
    /// Frames rendered at once.
    pub fn frames_at_once(&self) -> usize {
        self.threads.map_or(1, usize::from)
    }
}

/// A node that is ready to render. Its parts are dropped in the order in which a host lets go of them.
#[derive(Debug)]
pub struct Session {
    /// The instance.
    pub instance: Instance,
    /// What it said of itself.
    pub node: Description,
    /// Frames rendered at once.
    pub frames_at_once: usize,
    /// What the output's alpha means, once the buttons are pressed.
    pub premultiplication: Premultiplication,
    /// Buttons that are to be pressed before anything is rendered.
    buttons: Vec<String>,
    /// Whether a button may do without the frames that have no file.
    skip_missing: bool,
    /// Names of the connected clips, in the order of `sources`.
    clips: Vec<String>,
    /// The connected clips, `Source` first.
    pub sources: Vec<Arc<FileSource>>,
    /// The plug-in.
    pub plugin: Plugin,
    /// Where messages go.
    terminal: Arc<Terminal>,
    /// The host.
    pub host: Host,
}

/// The most frames that are kept because a node says that it needs them: it may name all there are.
const MOST_NEEDED: usize = 64;

/// The parameter that says what a node writes, and its options that are a matte alone.
const OUTPUT: &str = "output";
const MATTE_OUTPUTS: [&str; 2] = ["matte", "confidence"];

/// The option of a clip's channel parameter by which its colors are read, whatever its alpha.
const LUMINANCE: &str = "luminance";

impl Session {
    /// Loads the node, connects its clips and makes its settings, in this order: the file of parameters, the usual color
    /// space of the files, `--set`, the model's name. From then on Ctrl-C stops the node. Next comes
    /// [`Session::press_buttons`].
    ///
    /// # Errors
    /// Whatever a person may have got wrong: see [`Error`].
    pub fn open(setup: &Setup<'_>, terminal: Arc<Terminal>) -> Result<Self> {
        let host = Host::new(HostOptions {
            name: "org.rotocel.headless".into(),
            label: "Rotocel headless".into(),
            threads: setup.threads.map_or(HostOptions::default().threads, usize::from),
            observer: Some(terminal.clone()),
            ..HostOptions::default()
        });
        let plugin = bundles::load(&host, setup.bundle, setup.node)?;
        let node = bundles::describe(&plugin, setup.context)?;
        let loaded = match &setup.settings.load_params {
            Some(path) => params_file::load(path, &node)?,
            None => SavedParams::new(),
        };
        let texts = setup.settings.set.iter().map(String::as_str).chain(setup.forced.iter().copied());
        let assignments = texts.map(|text| Assignment::parse(text, &node)).collect::<Result<Vec<_>>>()?;
        for id in &setup.settings.press {
            button(&node, id)?;
        }
        let clips = clips(setup, &node)?;
        let chosen = |id: &str| chosen(&node, id, &loaded, &assignments);
        unused(&assignments, &node, &chosen).for_each(|text| terminal.say(&format!("warning: {text}")));
        let sources = open_files(setup, &node, &clips, &chosen)?;
        let project = project(&sources, setup);
        let failed = |what: &str, e: ofx_sdk::Error| Error::Plugin(format!("{}: {what}: {e}", node.identifier));
        let first = sources.first().map_or(1, |source| source.first_frame());
        let names: Vec<String> = clips.into_iter().map(|(name, _)| name).collect();
        check_sizes(&names, &sources, [setup.current.unwrap_or(first)])?;
        let instance =
            plugin.create_with(node.context, project, &loaded).map_err(|e| failed("cannot make an instance", e))?;
        let abort = instance.abort_handle();
        on_interrupt(move || abort.abort());
        for (name, source) in names.iter().zip(&sources) {
            instance.connect(name, source.clone()).map_err(|e| failed(&format!("clip {name}"), e))?;
        }
        apply_colorspace(setup, &node, &instance, &sources, &loaded, &assignments)?;
        if let Some(frame) = setup.current {
            // What is set and pressed counts for the first frame that is asked for, as where a playhead stands.
            instance.set_time(frame as f64).map_err(|e| failed(&format!("frame {frame}"), e))?;
        }
        for Assignment { id, frame, value } in &assignments {
            let done = match frame {
                Some(frame) => instance.set_at(id, *frame, value),
                None => instance.set(id, value),
            };
            done.map_err(|e| Error::Usage(format!("parameter {id}: {e}")))?;
        }
        record_model(&node, &instance);
        let preferences = instance.clip_preferences().map_err(|e| failed("clip preferences", e))?;
        Ok(Self {
            instance,
            node,
            frames_at_once: setup.frames_at_once(),
            premultiplication: preferences.premultiplication,
            buttons: setup.settings.press.clone(),
            skip_missing: setup.skip_missing,
            clips: names,
            sources,
            plugin,
            terminal,
            host,
        })
    }

    /// Presses the buttons of `--press`, up to the first that fails.
    ///
    /// # Errors
    /// As [`Session::press`].
    pub fn press_buttons(&mut self) -> Result<()> {
        for (k, id) in self.buttons.iter().enumerate() {
            self.press(id)?;
            // The last one's status stands in the summary.
            if k + 1 < self.buttons.len() {
                self.say_status(id);
            }
        }
        let preferences = self.instance.clip_preferences();
        let failed = |e: ofx_sdk::Error| Error::Plugin(format!("{}: clip preferences: {e}", self.node.identifier));
        self.premultiplication = preferences.map_err(failed)?.premultiplication;
        Ok(())
    }

    /// Presses a button of the node. A file that the node could not have is an error once the button has done what it could
    /// without: nodes go on, and would only say that there was no picture.
    ///
    /// # Errors
    /// [`Error::Cancelled`] after Ctrl-C; [`Error::Input`] or [`Error::MissingFrames`] with the decoder's reason;
    /// [`Error::Button`] with what the node said.
    pub fn press(&self, id: &str) -> Result<()> {
        let before = self.status();
        let (pressed, said) = self.terminal.awaiting_errors(|| self.instance.press(id));
        let file = first_cause(self.sources.iter().flat_map(|s| s.take_errors()).collect(), self.skip_missing);
        let instead = if interrupted() {
            // What still stands there is of another button.
            let status = self.status().filter(|status| Some(status) != before.as_ref());
            let said = status.unwrap_or_else(|| "what it did until then is kept".to_owned());
            Some(Error::Cancelled { id: id.to_owned(), said })
        } else {
            file.inspect(|_| self.say_status(id))
        };
        if let Some(error) = instead {
            said.iter().for_each(|text| self.terminal.say_error(text));
            return Err(error);
        }
        let reason = match (pressed, said.is_empty()) {
            (Ok(()), true) => return Ok(()),
            (Err(answer), true) => answer.to_string(),
            (_, false) => said.join("; "),
        };
        Err(Error::Button { id: id.to_owned(), reason })
    }

    /// What the node says of what a button did.
    fn status(&self) -> Option<String> {
        self.param_text("status").filter(|status| !status.is_empty())
    }

    fn say_status(&self, id: &str) {
        if let Some(status) = self.status() {
            self.terminal.say(&format!("{id}: {status}"));
        }
    }

    /// Lets each clip keep as many decoded frames as renders of these frames ask for at once, and no more: one in 4K is 140 MB.
    pub fn keep_what_is_needed(&self, frames: &[i64]) {
        let mut most = vec![1; self.clips.len()];
        for needed in frames.iter().filter_map(|frame| self.instance.frames_needed(*frame as f64).ok()) {
            for (clip, most) in self.clips.iter().zip(&mut most) {
                *most = (*most).max(needed.get(clip).map_or(1, |ranges| frames_in(ranges)));
            }
        }
        self.sources.iter().zip(most).for_each(|(source, most)| source.keep(most + self.frames_at_once - 1));
    }

    /// The clip that the frames come from.
    pub fn main_source(&self) -> Option<&Arc<FileSource>> {
        self.sources.first()
    }

    /// The frames that every clip has: those that a button may look at.
    pub fn common_frames(&self) -> Vec<i64> {
        let frames = self.main_source().map_or(&[][..], |source| source.existing()).iter().copied();
        frames.filter(|frame| self.sources.iter().all(|source| source.has(*frame))).collect()
    }

    /// Refuses clips that are of another size than Source on one of these frames.
    ///
    /// # Errors
    /// As [`FileSource::check_size_of`].
    pub fn check_sizes(&self, frames: &[i64]) -> Result<()> {
        check_sizes(&self.clips, &self.sources, frames.iter().copied())
    }

    /// Whether the node's output on a frame is one value in all four channels. The picture itself cannot tell: a cutout of
    /// white is one, too.
    pub fn gives_a_matte(&self, frame: i64) -> bool {
        let chosen = self.node.param(OUTPUT).zip(self.instance.get_at(OUTPUT, frame as f64).ok());
        chosen.is_some_and(|(param, value)| MATTE_OUTPUTS.contains(&&*param.text(&value)))
    }

    /// Takes the error that a file of this frame had.
    pub fn take_file_error(&self, frame: i64) -> Option<Error> {
        self.sources.iter().find_map(|s| s.take_error(Some(frame)))
    }

    /// What made a frame fail: a file, of this frame or of one that the node also read, or else the plug-in.
    pub fn cause(&self, frame: i64, error: &ofx_sdk::Error) -> Error {
        let answer = error.to_string();
        let said = self.terminal.take_awaited(&answer);
        let file = self.take_file_error(frame).or_else(|| self.sources.iter().find_map(|s| s.take_error(None)));
        let reason = match error {
            _ if !said.is_empty() => said.join("; "),
            ofx_sdk::Error::Call { status, .. } => format!("the node failed without saying why ({status}): {answer}"),
            _ => answer,
        };
        file.unwrap_or(Error::Render { frame, reason })
    }

    /// Renders one frame. What the node says of a failure is the error's text, and is not shown besides.
    ///
    /// # Errors
    /// As [`Session::cause`].
    pub fn render(&self, frame: i64, request: &RenderRequest) -> Result<Vec<(String, HostImage)>> {
        self.keep_what_is_needed(&[frame]);
        let rendered = || self.instance.render(request).map_err(|e| (interrupted(), self.cause(frame, &e)));
        let (rendered, said) = self.terminal.awaiting_errors(rendered);
        said.iter().for_each(|text| self.terminal.say_error(text));
        rendered.map_err(|(stopped, cause)| if stopped { Error::Stopped } else { cause })
    }

    /// The text of a parameter, where the node has it.
    pub fn param_text(&self, id: &str) -> Option<String> {
        match self.instance.get(id).ok()? {
            ParamValue::String(text) => Some(text),
            other => self.node.param(id).map(|p| p.text(&other)),
        }
    }
}

/// The first file that cannot be read, with how many more there are; or else all gaps of the first clip that has any, unless
/// they are to be left out.
fn first_cause(errors: Vec<Error>, skip_missing: bool) -> Option<Error> {
    let (gaps, damaged): (Vec<_>, Vec<_>) =
        errors.into_iter().partition(|error| matches!(error, Error::MissingFrames { .. }));
    // A file may have been read more than once.
    let texts: BTreeSet<String> = damaged.iter().map(ToString::to_string).collect();
    let more = texts.len().saturating_sub(1);
    match damaged.into_iter().next() {
        Some(Error::Input { path, reason }) if more > 0 => {
            let plural = if more == 1 { "" } else { "s" };
            return Some(Error::Input { path, reason: format!("{reason}; {more} more file{plural} cannot be read") });
        }
        Some(error) => return Some(error),
        None => {}
    }
    let mut gaps = gaps.into_iter().filter(|_| !skip_missing);
    let mut first = gaps.next()?;
    if let Error::MissingFrames { pattern, frames, .. } = &mut first {
        for gap in gaps {
            if let Error::MissingFrames { pattern: other, frames: more, .. } = gap
                && other == *pattern
            {
                frames.extend(more);
            }
        }
    }
    Some(first)
}

/// How many frames ranges hold, each for itself.
fn frames_in(ranges: &[FrameRange]) -> usize {
    let count = |range: &FrameRange| (range.max.round() - range.min.round() + 1.0).clamp(1.0, MOST_NEEDED as f64);
    ranges.iter().map(|range| count(range) as usize).sum::<usize>().clamp(1, MOST_NEEDED)
}

/// Clips and their files; `Source` first. Every clip that the node needs is among them.
fn clips(setup: &Setup<'_>, node: &Description) -> Result<Vec<(String, Pattern)>> {
    let mut clips: Vec<(String, Pattern)> = Vec::new();
    clips.extend(setup.files.iter().map(|(name, pattern)| ((*name).to_owned(), pattern.clone())));
    for text in setup.clips {
        let (name, files) = clip_files(text, node)?;
        if clips.iter().any(|(known, _)| known == name) {
            return Err(Error::Usage(format!("--clip {text}: the clip {name} has its files already")));
        }
        clips.push((name.to_owned(), Pattern::parse(files)?));
    }
    for clip in node.clips.iter().filter(|c| !c.optional && c.name != "Output") {
        if !clips.iter().any(|(name, _)| *name == clip.name) {
            let how = if clip.name == "Source" { "-i FILES".to_owned() } else { format!("--clip {}=FILES", clip.name) };
            return Err(Error::Usage(format!("{} needs its clip {}: give {how}", node.label, clip.name)));
        }
    }
    Ok(clips)
}

/// The id of the option that a choice is set to when the node is opened.
fn chosen(node: &Description, id: &str, loaded: &SavedParams, assignments: &[Assignment]) -> Option<String> {
    let param = node.param(id)?;
    let set = assignments.iter().rev().find(|a| a.id == id).map(|a| &a.value);
    let value = set.or_else(|| loaded.get(id).map(|curve| &curve.constant)).or(param.default.as_ref())?;
    Some(param.text(value))
}

fn check_sizes(
    clips: &[String],
    sources: &[Arc<FileSource>],
    frames: impl IntoIterator<Item = i64> + Clone,
) -> Result<()> {
    let Some((main, others)) = sources.split_first() else { return Ok(()) };
    for (clip, other) in clips.iter().skip(1).zip(others) {
        frames.clone().into_iter().try_for_each(|frame| main.check_size_of(clip, other, frame))?;
    }
    Ok(())
}

/// Opens each clip's files. `chosen` tells the option of a parameter: where `--mask-channel` says nothing, the node's own
/// `<clip>_channel` does, as it would in a compositor.
fn open_files(
    setup: &Setup<'_>,
    node: &Description,
    clips: &[(String, Pattern)],
    chosen: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Arc<FileSource>>> {
    let mut sources = Vec::new();
    for (name, pattern) in clips {
        // A layer is the picture's; other clips are read as they are.
        let read =
            if sources.is_empty() { setup.read.clone() } else { ReadOptions { layer: None, ..setup.read.clone() } };
        let Some(clip) = node.clip(name) else {
            return Err(Error::Usage(format!("{} has no clip {name} in the {:?} context", node.label, node.context)));
        };
        let takes = if clip.components.contains(&Components::Rgba) && !clip.mask {
            Takes::Color
        } else {
            match setup.mask_channel {
                MaskChannel::Alpha => Takes::Alpha,
                MaskChannel::Luminance => Takes::Luminance,
                MaskChannel::Auto
                    if chosen(&format!("{}_channel", name.to_lowercase())).as_deref() == Some(LUMINANCE) =>
                {
                    Takes::Luminance
                }
                MaskChannel::Auto if FileSource::first_has_alpha(pattern, &read)? => Takes::Alpha,
                MaskChannel::Auto => Takes::Luminance,
            }
        };
        let source = FileSource::open(pattern.clone(), read, takes, setup.frame_rate, setup.frames_at_once())?;
        sources.push(Arc::new(source));
    }
    Ok(sources)
}

fn project(sources: &[Arc<FileSource>], setup: &Setup<'_>) -> Project {
    let Some(source) = sources.first() else { return Project::default() };
    let info = source.info();
    let [width, height] = source.first().display.map(f64::from);
    Project {
        pixel_aspect: info.pixel_aspect,
        frame_rate: setup.frame_rate.unwrap_or(info.frame_rate),
        ..Project::new(width * info.pixel_aspect, height, FrameRange { ..info.frame_range })
    }
}

/// Chooses the model that is chosen already, as an artist would in the menu, where a node records its model's name and
/// hash in `model_id` and has not yet: files and saved parameters must say which model made them. A model that cannot
/// be used is reported by the render.
fn record_model(node: &Description, instance: &Instance) {
    if node.param("model").is_none() || !matches!(instance.get("model_id"), Ok(ParamValue::String(id)) if id.is_empty())
    {
        return;
    }
    if let Err(e) = instance.get("model").and_then(|model| instance.set("model", &model)) {
        log::debug!("{}: the model does not name itself: {e}", node.label);
    }
}

/// Sets `source_colorspace` to what such files usually have, where the node has that parameter and nobody set it.
fn apply_colorspace(
    setup: &Setup<'_>,
    node: &Description,
    instance: &Instance,
    sources: &[Arc<FileSource>],
    loaded: &SavedParams,
    assignments: &[Assignment],
) -> Result<()> {
    const ID: &str = "source_colorspace";
    let (Some(param), Some(source)) = (node.param(ID), sources.first()) else { return Ok(()) };
    if loaded.contains_key(ID) || assignments.iter().any(|a| a.id == ID) {
        return Ok(());
    }
    let id = setup.colorspace.as_deref().unwrap_or_else(|| source.usual_colorspace());
    let Some(index) = param.option_index(id) else {
        log::warn!("{} has no source_colorspace {id}; it stays as it is", node.label);
        return Ok(());
    };
    let value = ParamValue::Choice(index);
    instance.set(ID, &value).map_err(|e| Error::Usage(format!("parameter {ID}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn gap(pattern: &str, frame: i64) -> Error {
        Error::MissingFrames { pattern: pattern.to_owned(), frames: vec![frame], advice: "" }
    }

    #[test]
    fn a_damaged_file_is_told_before_gaps_and_gaps_all_at_once() {
        let damaged = |name: &str| Error::input(Path::new(name), "truncated");
        let told = |errors: Vec<Error>, skip| first_cause(errors, skip).map(|error| error.to_string());
        let all = || {
            vec![
                gap("s.#.png", 4),
                damaged("s.2.png"),
                gap("m.#.png", 9),
                gap("s.#.png", 5),
                damaged("s.3.png"),
                damaged("s.3.png"),
            ]
        };
        assert_eq!(told(all(), true).unwrap(), "cannot read s.2.png: truncated; 1 more file cannot be read");
        let gaps =
            || -> Vec<Error> { all().into_iter().filter(|e| matches!(e, Error::MissingFrames { .. })).collect() };
        assert_eq!(told(gaps(), false).unwrap(), "s.#.png: missing frames 4-5");
        assert_eq!((told(gaps(), true), told(Vec::new(), false)), (None, None));
    }

    #[test]
    fn what_a_node_needs_is_counted_and_has_an_end() {
        let range = |min: f64, max: f64| FrameRange { min, max };
        assert_eq!(frames_in(&[range(5.0, 5.0)]), 1);
        assert_eq!(frames_in(&[range(3.0, 7.0)]), 5);
        assert_eq!(frames_in(&[range(1.0, 1.0), range(9.0, 10.0)]), 3);
        assert_eq!([frames_in(&[]), frames_in(&[range(f64::NEG_INFINITY, f64::INFINITY)])], [1, MOST_NEEDED]);
    }
}
