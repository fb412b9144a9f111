//! `rotocel render`: a sequence through a node, frame by frame into files.

use crate::cli::{DepthArg, RenderArgs};
use crate::error::{Error, Result};
use crate::frames::{ExrPlane, Frame, check_writable, write_exr, write_png};
use crate::layers;
use crate::overwrite;
use crate::params_file;
use crate::report::{Summary, Terminal, interrupted};
use crate::sequence::{FrameList, Pattern, gaps};
use crate::session::{Session, Setup};
use crate::source::FileSource;
use ofx_sdk::host::{HostImage, RenderRequest, StringMode};
use ofx_sdk::{Depth, Premultiplication, RectD, RenderScale};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Longer text, such as a stored analysis, is not copied into every file's header.
const LONGEST_NOTE: usize = 4096;

/// Renders, writes, and says what was done.
///
/// # Errors
/// See [`Error`]. Frames written before the error are whole.
pub fn render(args: &RenderArgs) -> Result<Summary> {
    let terminal = Arc::new(Terminal::new(0, args.json));
    let plan = Plan::new(args)?;
    overwrite::refuse_render(args)?;
    let current = plan.listed.as_ref().and_then(|listed| listed.frames().first()).copied();
    let mut session = open(args, current, terminal.clone())?;
    let Wanted { frames, skipped, missing } = plan.prepared(&session, args)?;
    press_and_save(&mut session, args, &terminal)?;
    if !plan.exr && session.premultiplication == Premultiplication::Opaque {
        // What a node writes differently into whole numbers, such as the number of a class, is right in a PNG then. Colors
        // that are yet to be divided by alpha would lose by it.
        session.instance.want_output_depth(plan.depth);
    }
    let planes = match args.layers {
        true => {
            let time = plan.listed.as_ref().and_then(|l| l.frames().first()).copied().unwrap_or(1) as f64;
            let made = session.instance.clip_components(time).map_err(|e| Error::Plugin(e.to_string()))?;
            layers::offered(&session.node.label, &made)?
        }
        false => Vec::new(),
    };
    terminal.set_total(frames.len());
    session.keep_what_is_needed(&frames);

    let start = Instant::now();
    let outcome = run(&session, &plan, &planes, &frames, args, &terminal).map_err(Error::and_skip_missing);
    terminal.finish();
    let mut summary = Summary {
        node: session.node.identifier.clone(),
        frames: *outcome.as_ref().unwrap_or(&0),
        skipped,
        missing,
        elapsed: start.elapsed(),
        status: session.param_text("status"),
        ..Summary::default()
    };
    let host = session.host.clone();
    // The instance's end may still break rules.
    drop(session);
    summary.add_messages(host.messages());
    summary.add_violations(&host.take_violations());
    summary.violation_lines().iter().for_each(|line| terminal.say(line));
    outcome.map(|_| summary)
}

/// Presses the buttons, and saves the parameters whatever came of them: what a button did before it failed, or the next one was
/// stopped, is worth keeping.
fn press_and_save(session: &mut Session, args: &RenderArgs, terminal: &Terminal) -> Result<()> {
    let pressed = session.press_buttons().map_err(Error::and_skip_missing);
    let saved = save_params(session, args);
    if let (Err(_), Err(unsaved)) = (&pressed, &saved) {
        terminal.say_error(&unsaved.to_string());
    }
    pressed.and(saved)
}

fn save_params(session: &Session, args: &RenderArgs) -> Result<()> {
    let Some(path) = &args.save_params else { return Ok(()) };
    let saved = session.instance.save_params().map_err(|e| Error::Plugin(e.to_string()))?;
    params_file::save(path, &session.node, &saved)
}

/// The frames to render, and those that are left out.
struct Wanted {
    frames: Vec<i64>,
    /// How many have an output already.
    skipped: usize,
    /// Those that lack an input.
    missing: Vec<i64>,
}

/// The output and the frames, as far as they are known before a node is loaded.
struct Plan {
    /// `None` where buttons are all that is asked for.
    output: Option<Pattern>,
    exr: bool,
    depth: Depth,
    listed: Option<FrameList>,
    scale: RenderScale,
}

impl Plan {
    fn new(args: &RenderArgs) -> Result<Self> {
        let output = args.output.as_deref().map(Pattern::parse).transpose()?;
        let exr = output.as_ref().map_or(Ok(false), is_exr)?;
        if args.layers && !exr {
            return Err(Error::Usage("--layers: only EXR files have layers; give an output that ends in .exr".into()));
        }
        let depth = match (exr, args.depth) {
            (true, None) => Depth::Half,
            (false, None) => Depth::Byte,
            (true, Some(depth @ (DepthArg::Half | DepthArg::Float))) => depth.into(),
            (false, Some(depth @ (DepthArg::Eight | DepthArg::Sixteen))) => depth.into(),
            (true, Some(_)) => return Err(Error::Usage("--depth: EXR takes half or float".into())),
            (false, Some(_)) => return Err(Error::Usage("--depth: PNG takes 8 or 16".into())),
        };
        let listed = args.frames.as_deref().map(FrameList::parse).transpose()?;
        if args.frame_rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1000.0)) {
            return Err(Error::Usage("--frame-rate: give a number from above 0 to 1000".into()));
        }
        Ok(Self { output, exr, depth, listed, scale: RenderScale::uniform(args.checked_scale()?) })
    }

    /// The file that a frame is written to.
    fn path(&self, frame: i64) -> Option<PathBuf> {
        self.output.as_ref().map(|output| output.path(frame))
    }

    /// Whether a frame's output exists. An empty file is what a broken copy or a full disk leaves.
    fn is_there(&self, frame: i64) -> bool {
        let found = self.path(frame).and_then(|path| std::fs::metadata(path).ok());
        found.is_some_and(|found| found.is_file() && found.len() > 0)
    }

    /// What is to be rendered. What is wrong with inputs and outputs, as far as it shows without a render, is told here: before
    /// a button that takes an hour.
    fn prepared(&self, session: &Session, args: &RenderArgs) -> Result<Wanted> {
        let (wanted, missing) = match &self.output {
            Some(output) => {
                self.frames(session, output, args.skip_missing).map_err(|error| match args.skip_missing {
                    true => error.and_other_frames(),
                    false => error.and_skip_missing(),
                })?
            }
            None => Default::default(),
        };
        let total = wanted.len();
        let frames: Vec<i64> = wanted.into_iter().filter(|f| !(args.skip_existing && self.is_there(*f))).collect();
        session.check_sizes(&frames)?;
        if !args.settings.press.is_empty() {
            session.check_sizes(&session.common_frames())?;
        }
        let first = frames.first().and_then(|frame| self.path(*frame));
        first.iter().chain(&args.save_params).try_for_each(|path| check_writable(path))?;
        Ok(Wanted { skipped: total - frames.len(), frames, missing })
    }

    /// The frames to render: those that were named, or those that exist. A gap is an error, or left out; these come second. That
    /// nothing is left is an error: a wrong number in a farm's job must not look like work done.
    fn frames(&self, session: &Session, output: &Pattern, skip_missing: bool) -> Result<(Vec<i64>, Vec<i64>)> {
        let mut left_out = BTreeSet::new();
        let mut frames: Vec<i64> = match (&self.listed, session.main_source()) {
            (Some(list), _) => list.frames().to_vec(),
            (None, Some(source)) => {
                let holes = gaps(source.existing());
                if !holes.is_empty() && !skip_missing {
                    return Err(missing_of(source, holes));
                }
                left_out.extend(holes);
                source.existing().to_vec()
            }
            (None, None) => return Err(Error::Usage("--frames: name the frames of a node without an input".into())),
        };
        for source in &session.sources {
            let missing: Vec<i64> = frames.iter().copied().filter(|f| !source.has(*f)).collect();
            let nothing_is_left = !frames.is_empty() && missing.len() == frames.len();
            if nothing_is_left || !(missing.is_empty() || skip_missing) {
                return Err(missing_of(source, missing));
            }
            frames.retain(|f| source.has(*f));
            left_out.extend(missing);
        }
        if frames.len() > 1 && !output.is_sequence() {
            let count = frames.len();
            let reason = format!("{count} frames would overwrite each other; put %04d into the name");
            return Err(Error::Usage(format!("--output {output}: {reason}")));
        }
        Ok((frames, left_out.into_iter().collect()))
    }
}

fn is_exr(output: &Pattern) -> Result<bool> {
    match output.extension().as_str() {
        "exr" => Ok(true),
        "png" => Ok(false),
        "" => Err(Error::Usage(format!("--output {output}: the name has no ending; give .png or .exr"))),
        other => Err(Error::Usage(format!("--output {output}: .{other} is not written; give .png or .exr"))),
    }
}

fn missing_of(source: &FileSource, frames: Vec<i64>) -> Error {
    Error::MissingFrames { pattern: source.pattern().to_string(), frames, advice: "" }
}

fn open(args: &RenderArgs, current: Option<i64>, terminal: Arc<Terminal>) -> Result<Session> {
    let input = args.input.as_deref().map(Pattern::parse).transpose()?;
    let setup = Setup {
        node: &args.node,
        bundle: &args.bundle,
        context: args.context.map(Into::into),
        files: input.map(|pattern| ("Source", pattern)).into_iter().collect(),
        clips: &args.clips,
        mask_channel: args.mask_channel,
        settings: &args.settings,
        forced: &[],
        colorspace: None,
        read: args.read.options(),
        frame_rate: args.frame_rate,
        threads: args.threads,
        current,
        skip_missing: args.skip_missing,
    };
    Session::open(&setup, terminal)
}

/// Renders and writes; how many frames are written.
fn run(
    session: &Session,
    plan: &Plan,
    planes: &[(String, String)],
    frames: &[i64],
    args: &RenderArgs,
    terminal: &Terminal,
) -> Result<usize> {
    // The host's name of the ordinary picture.
    let color = String::new();
    let request = RenderRequest {
        scale: plan.scale,
        tile: args.tiles,
        depth: Some(Depth::Float),
        planes: if planes.is_empty() {
            Vec::new()
        } else {
            std::iter::once(color).chain(planes.iter().map(|(encoded, _)| encoded.clone())).collect()
        },
        ..RenderRequest::default()
    };
    let times: Vec<f64> = frames.iter().map(|f| *f as f64).collect();
    let mut done = 0;
    let mut failure = None;
    let each = |time: f64, rendered: ofx_sdk::Result<Vec<(String, HostImage)>>| {
        let frame = time.round() as i64;
        let written = match rendered {
            _ if interrupted() => Err(Error::Interrupted { done, total: frames.len() }),
            Err(e) => Err(session.cause(frame, &e)),
            Ok(images) => match session.take_file_error(frame) {
                Some(file) => Err(file),
                None => write(session, plan, planes, frame, images).map_err(Error::and_skip_existing),
            },
        };
        match written {
            Ok(()) => {
                done += 1;
                terminal.step();
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let (ran, said) = terminal.awaiting_errors(|| {
        let ran = session.instance.render_range(&times, session.frames_at_once, &request, each);
        ran.map_err(|e| session.cause(frames.first().copied().unwrap_or(0), &e))
    });
    // What belongs to no failure, or to that of a frame which nobody waits for any more.
    let told = failure.as_ref().map(ToString::to_string).unwrap_or_default();
    said.iter().filter(|text| !told.contains(*text)).for_each(|text| terminal.say_error(text));
    match (failure, ran) {
        (Some(error), _) => Err(error),
        (None, _) if interrupted() && done < frames.len() => Err(Error::Interrupted { done, total: frames.len() }),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Ok(done),
    }
}

/// Writes what one render call made.
fn write(
    session: &Session,
    plan: &Plan,
    planes: &[(String, String)],
    frame: i64,
    images: Vec<(String, HostImage)>,
) -> Result<()> {
    let Some(path) = plan.path(frame) else { return Ok(()) };
    let source = session.main_source();
    let mut pictures = images.into_iter().map(|(_, image)| picture(session, plan, frame, &image));
    let main = pictures.next().ok_or_else(|| Error::Render { frame, reason: "the plug-in gave no picture".into() })?;
    if plan.exr {
        let named: Vec<ExrPlane> =
            planes.iter().zip(pictures).map(|((_, name), frame)| ExrPlane { name: name.clone(), frame }).collect();
        let header = source.and_then(|s| s.header(frame));
        write_exr(&path, &main, &named, header.as_deref(), &notes(session, frame), plan.depth)?;
    } else {
        // A matte is not divided by itself.
        let main = match session.gives_a_matte(frame) {
            true => Frame { premultiplication: Premultiplication::Unpremultiplied, ..main },
            false => main,
        };
        write_png(&path, &main, plan.depth)?;
    }
    if let Some(source) = source {
        source.forget(frame);
    }
    Ok(())
}

fn picture(session: &Session, plan: &Plan, frame: i64, image: &HostImage) -> Frame {
    let display = session.main_source().map_or([image.bounds.x2.max(1), image.bounds.y2.max(1)], |source| {
        let [width, height] = source.display(frame).map(f64::from);
        let aspect = image.pixel_aspect;
        let scaled = RectD::new(0.0, 0.0, width * aspect, height).to_pixels_enclosing(plan.scale, aspect);
        [scaled.x2, scaled.y2]
    });
    Frame {
        display,
        bounds: image.bounds,
        components: image.components,
        pixels: image.to_f32(),
        depth: image.depth,
        premultiplication: session.premultiplication,
        pixel_aspect: image.pixel_aspect,
        header: None,
    }
}

/// What the header says of how the file was made: the node and every setting at this frame. Nothing in it depends on
/// when, where or in which chunk the frame was rendered.
fn notes(session: &Session, frame: i64) -> BTreeMap<String, String> {
    let node = &session.node;
    let mut notes = BTreeMap::from([
        ("rotocel/node".to_owned(), node.identifier.clone()),
        ("rotocel/version".to_owned(), format!("{}.{}", node.version.0, node.version.1)),
        ("rotocel/premultiplication".to_owned(), format!("{:?}", session.premultiplication).to_lowercase()),
    ]);
    let kept = |p: &&ofx_sdk::host::ParamDescription| {
        p.default.is_some() && p.persistent && p.string_mode != Some(StringMode::Label) && p.id != "status"
    };
    for param in node.params.iter().filter(kept) {
        let Ok(value) = session.instance.get_at(&param.id, frame as f64) else { continue };
        let mut text = param.text(&value);
        if text.len() > LONGEST_NOTE {
            text = format!("({} bytes)", text.len());
        }
        notes.insert(format!("rotocel/{}", param.id), text);
    }
    notes
}
