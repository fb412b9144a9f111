//! Rendering: one frame, in tiles or in one piece; and ranges of frames on several threads.

use super::{
    action::{Action, Frame},
    answers::{FramesNeeded, Preferences},
    description::ThreadSafety,
    effect::{Effect, Life},
    image::HostImage,
    loan::corners,
    planes, preferences,
    queries::{self, arguments},
    request::RenderRequest,
    sync::lock,
    violation::ViolationKind,
};
use crate::{Error, RectI, Result, Status, sys};
use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

/// What a render gives: each plane under the name it was asked by.
pub(crate) type Planes = Vec<(String, HostImage)>;

const OUTPUT: &str = "Output";

/// The turn of a plug-in that does not stand several renders at once.
fn turn<'a>(effect: &'a Effect, life: &'a Life) -> Option<MutexGuard<'a, ()>> {
    match life.thread_safety {
        ThreadSafety::Unsafe => Some(lock(&effect.binary.render_turn)),
        ThreadSafety::InstanceSafe => Some(lock(&life.render_turn)),
        ThreadSafety::FullySafe => None,
    }
}

fn life(effect: &Effect) -> Result<&Life> {
    effect.life.as_ref().ok_or_else(|| Error::Missing("instance: this is a descriptor".into()))
}

/// One frame as a sequence of its own.
pub(crate) fn one(effect: &Arc<Effect>, request: &RenderRequest) -> Result<Planes> {
    let life = life(effect)?;
    let _turn = turn(effect, life);
    let sequence = Sequence { first: request.time, last: request.time, step: 1.0, sequential: false };
    sequence.begin(effect, request)?;
    let rendered = frame(effect, request, false);
    let ended = sequence.end(effect, request);
    let rendered = rendered?;
    ended.map(|()| rendered)
}

/// The frames between begin and end of a sequence.
struct Sequence {
    first: f64,
    last: f64,
    step: f64,
    sequential: bool,
}

impl Sequence {
    fn begin(&self, effect: &Arc<Effect>, request: &RenderRequest) -> Result<()> {
        preferences::ensure(effect)?;
        self.perform(effect, sys::kOfxImageEffectActionBeginSequenceRender, request)
    }

    fn end(&self, effect: &Arc<Effect>, request: &RenderRequest) -> Result<()> {
        self.perform(effect, sys::kOfxImageEffectActionEndSequenceRender, request)
    }

    fn perform(&self, effect: &Arc<Effect>, name: &'static std::ffi::CStr, request: &RenderRequest) -> Result<()> {
        let args = arguments(
            effect,
            false,
            &[
                sys::kOfxImageEffectPropFrameRange,
                sys::kOfxImageEffectPropFrameStep,
                sys::kOfxPropIsInteractive,
                sys::kOfxImageEffectPropRenderScale,
                sys::kOfxImageEffectPropSequentialRenderStatus,
                sys::kOfxImageEffectPropInteractiveRenderStatus,
            ],
        );
        args.put_doubles(sys::kOfxImageEffectPropFrameRange, &[self.first, self.last]);
        args.put_doubles(sys::kOfxImageEffectPropFrameStep, &[self.step]);
        args.put_doubles(sys::kOfxImageEffectPropRenderScale, &[request.scale.x, request.scale.y]);
        args.put_ints(sys::kOfxPropIsInteractive, &[i32::from(request.interactive)]);
        args.put_ints(sys::kOfxImageEffectPropInteractiveRenderStatus, &[i32::from(request.interactive)]);
        args.put_ints(sys::kOfxImageEffectPropSequentialRenderStatus, &[i32::from(self.sequential)]);
        let (status, action) = effect.perform(name, Frame::at(self.first, request.scale), Some(&args), None);
        match status {
            Status::OK | Status::REPLY_DEFAULT => Ok(()),
            status => Err(action.error(status)),
        }
    }
}

/// What of the output is rendered, as what, and from which frames.
struct Plan {
    preferences: Preferences,
    /// What the plug-in answers to getFramesNeeded; `None` in a host that gives no other frames, and of one without an answer.
    frames: Option<FramesNeeded>,
    /// Pixels of the whole region of definition.
    whole: RectI,
    window: RectI,
    /// The name asked by, and the plane's full name; color is the empty name.
    planes: Vec<(String, String)>,
}

fn plan(effect: &Arc<Effect>, request: &RenderRequest) -> Result<Plan> {
    let preferences = preferences::ensure(effect)?;
    let region = queries::region_of_definition(effect, request.time, request.scale)?;
    let aspect = preferences.clips.get(OUTPUT).map_or(1.0, |p| p.pixel_aspect);
    let whole = region.to_pixels_enclosing(request.scale, aspect);
    let window = request.window.map_or(whole, |window| window.intersection(&whole));
    let planes = named_planes(effect, request)?;
    let temporal = effect.host.options.temporal;
    // Asked to hold the plug-in to its answer; hosts render what fails to give one.
    let frames = temporal.then(|| queries::frames_needed(effect, request.time)).and_then(Result::ok);
    Ok(Plan { preferences, frames, whole, window, planes })
}

fn named_planes(effect: &Arc<Effect>, request: &RenderRequest) -> Result<Vec<(String, String)>> {
    if request.planes.is_empty() {
        return Ok(vec![(String::new(), String::new())]);
    }
    let all_color = request.planes.iter().all(|name| planes::is_color(name));
    let offered = if all_color { Vec::new() } else { output_planes(effect, request.time)? };
    request
        .planes
        .iter()
        .map(|name| {
            if planes::is_color(name) {
                return Ok((name.clone(), String::new()));
            }
            let full = offered.iter().find(|full| *full == name || planes::short_name(full) == name);
            let known = || offered.iter().map(|full| planes::short_name(full)).collect::<Vec<_>>().join(", ");
            full.map(|full| (name.clone(), full.clone())).ok_or_else(|| Error::Value {
                subject: format!("plane {name}"),
                reason: format!("{} offers only {}", effect.binary.identifier, known()),
            })
        })
        .collect()
}

fn output_planes(effect: &Arc<Effect>, time: f64) -> Result<Vec<String>> {
    Ok(queries::clip_components(effect, time)?.clips.remove(OUTPUT).unwrap_or_default())
}

/// Renders one frame within a sequence.
fn frame(effect: &Arc<Effect>, request: &RenderRequest, sequential: bool) -> Result<Planes> {
    let life = life(effect)?;
    if life.abort.is_aborted() {
        return Err(Error::Aborted);
    }
    let plan = plan(effect, request)?;
    let copied =
        if request.ask_identity && request.planes.is_empty() { identity(effect, request, &plan)? } else { None };
    let rendered = match copied {
        Some(image) => vec![(String::new(), image)],
        None => {
            let mut assembled: BTreeMap<String, HostImage> = BTreeMap::new();
            for tile in tiles(effect, request, plan.window) {
                render_tile(effect, request, &plan, tile, sequential, &mut assembled)?;
            }
            plan.planes
                .iter()
                .filter_map(|(asked, full)| assembled.get(full).map(|image| (asked.clone(), image.clone())))
                .collect()
        }
    };
    let convert = |(name, image): (String, HostImage)| match request.depth {
        Some(depth) if depth != image.depth => Ok((name, image.converted(image.components, depth)?)),
        _ => Ok((name, image)),
    };
    rendered.into_iter().map(convert).collect()
}

/// The window in tiles, from the lower left; one tile where the plug-in or the request wants no tiles. One at a time,
/// because a plug-in may define an output of any size.
fn tiles(effect: &Effect, request: &RenderRequest, window: RectI) -> impl Iterator<Item = RectI> {
    let side = request.tile.filter(|side| *side > 0 && effect.tiles()).and_then(|side| i32::try_from(side).ok());
    let side = side.filter(|_| !window.is_empty());
    // From an edge to the next one; one step over everything without a side.
    let steps = move |from: i32, to: i32| {
        let next = move |edge: i32| side.map_or(to, |side| edge.saturating_add(side).min(to));
        let edges = std::iter::successors(Some(from), move |edge| Some(next(*edge)).filter(|edge| *edge < to));
        edges.map(move |edge| (edge, next(edge)))
    };
    steps(window.y1, window.y2)
        .flat_map(move |(y1, y2)| steps(window.x1, window.x2).map(move |(x1, x2)| RectI::new(x1, y1, x2, y2)))
}

/// The output where the plug-in says that it equals an input.
fn identity(effect: &Arc<Effect>, request: &RenderRequest, plan: &Plan) -> Result<Option<HostImage>> {
    let identity = queries::is_identity(effect, request.time, request.scale, plan.window, request.field)?;
    let Some(identity) = identity.filter(|identity| identity.clip != OUTPUT) else { return Ok(None) };
    let Some(source) = effect.clip(&identity.clip).and_then(|clip| clip.source()) else { return Ok(None) };
    let Some(preference) = plan.preferences.clips.get(OUTPUT) else { return Ok(None) };
    let aspect = plan.preferences.clips.get(&identity.clip).map_or(1.0, |p| p.pixel_aspect);
    let region = source.region_of_definition(identity.time).to_pixels_enclosing(request.scale, aspect);
    let part = plan.window.intersection(&region);
    let image = if part.is_empty() {
        HostImage::zeroed(plan.window, preference.components, preference.depth)?
    } else {
        source.frame(identity.time, request.scale, part)?
    };
    let image = image.cropped(plan.window)?.converted(preference.components, preference.depth)?;
    Ok(Some(HostImage {
        premultiplication: plan.preferences.premultiplication,
        scale: request.scale,
        pixel_aspect: preference.pixel_aspect,
        ..image
    }))
}

fn render_tile(
    effect: &Arc<Effect>,
    request: &RenderRequest,
    plan: &Plan,
    tile: RectI,
    sequential: bool,
    assembled: &mut BTreeMap<String, HostImage>,
) -> Result<()> {
    let life = life(effect)?;
    let aspect = plan.preferences.clips.get(OUTPUT).map_or(1.0, |p| p.pixel_aspect);
    let regions =
        queries::regions_of_interest(effect, request.time, request.scale, tile.to_canonical(request.scale, aspect))?;
    if life.abort.is_aborted() {
        return Err(Error::Aborted);
    }
    let whole_images = effect.host.options.layout.whole_images || !effect.tiles();
    let output = if whole_images { plan.whole } else { tile };
    let frame = Frame {
        field: request.field,
        regions,
        frames: plan.frames.clone(),
        output: Some(output),
        whole: plan.whole,
        ..Frame::at(request.time, request.scale)
    };
    let args = render_arguments(effect, request, plan, tile, sequential);
    let (status, action) = effect.perform(sys::kOfxImageEffectActionRender, frame, Some(&args), None);
    if life.abort.is_aborted() {
        return Err(Error::Aborted);
    }
    judge(effect, status, &action)?;
    let mut outputs = std::mem::take(&mut *lock(&action.outputs));
    for (_, full) in &plan.planes {
        if assembled.contains_key(full) && tile == plan.window {
            continue;
        }
        let Some(buffer) = outputs.remove(full) else {
            if tile.is_empty() {
                continue;
            }
            let detail = format!("answered OK, but never fetched {} of Output", plane_text(full));
            effect.host.violation_of(
                &effect.binary.identifier,
                action.name,
                ViolationKind::MissingReply,
                detail.clone(),
            );
            return Err(Error::Value { subject: format!("render of {}", effect.binary.identifier), reason: detail });
        };
        let image = buffer.into_image().cropped(tile)?;
        if tile == plan.window {
            assembled.insert(full.clone(), image);
            continue;
        }
        match assembled.get_mut(full) {
            Some(all) => all.paste(&image),
            None => {
                assembled.insert(full.clone(), image.cropped(plan.window)?);
            }
        }
    }
    Ok(())
}

fn plane_text(full: &str) -> String {
    if full.is_empty() { "an image".into() } else { format!("plane {}", planes::short_name(full)) }
}

fn render_arguments(
    effect: &Effect,
    request: &RenderRequest,
    plan: &Plan,
    tile: RectI,
    sequential: bool,
) -> Arc<super::properties::PropertySet> {
    let mut names = vec![
        sys::kOfxPropTime,
        sys::kOfxImageEffectPropFieldToRender,
        sys::kOfxImageEffectPropRenderWindow,
        sys::kOfxImageEffectPropRenderScale,
        sys::kOfxImageEffectPropSequentialRenderStatus,
        sys::kOfxImageEffectPropInteractiveRenderStatus,
        sys::kOfxImageEffectPropRenderQualityDraft,
    ];
    if effect.host.options.multi_plane {
        names.push(sys::planes::kOfxImageEffectPropRenderPlanes);
    }
    let args = arguments(effect, false, &names);
    args.put_doubles(sys::kOfxPropTime, &[request.time]);
    args.put_strings(sys::kOfxImageEffectPropFieldToRender, [request.field.ofx_name()]);
    args.put_ints(sys::kOfxImageEffectPropRenderWindow, &corners(tile));
    args.put_doubles(sys::kOfxImageEffectPropRenderScale, &[request.scale.x, request.scale.y]);
    args.put_ints(sys::kOfxImageEffectPropSequentialRenderStatus, &[i32::from(sequential)]);
    args.put_ints(sys::kOfxImageEffectPropInteractiveRenderStatus, &[i32::from(request.interactive)]);
    args.put_ints(sys::kOfxImageEffectPropRenderQualityDraft, &[i32::from(request.draft)]);
    let color = sys::planes::kFnOfxImagePlaneColour.to_owned();
    let planes = plan
        .planes
        .iter()
        .map(|(_, full)| if full.is_empty() { color.clone() } else { super::properties::c_string(full) });
    args.put_strings(sys::planes::kOfxImageEffectPropRenderPlanes, planes);
    args
}

/// Whether a render has worked; an input that could not be had is the reason before all others.
fn judge(effect: &Effect, status: Status, action: &Action) -> Result<()> {
    if status == Status::REPLY_DEFAULT {
        let detail = "render must be answered".to_owned();
        effect.host.violation_of(&effect.binary.identifier, action.name, ViolationKind::MissingReply, detail);
    }
    if let Some(error) = lock(&action.failures).drain(..).next() {
        return Err(error);
    }
    if status == Status::OK { Ok(()) } else { Err(action.error(status)) }
}

/// How far workers may run ahead of the frame that is delivered next, in frames a worker.
const AHEAD: usize = 2;

struct Progress {
    next: usize,
    delivered: usize,
    stopped: bool,
}

/// Frames of one sequence, delivered in order.
pub(crate) fn range(
    effect: &Arc<Effect>,
    frames: &[f64],
    threads: usize,
    request: &RenderRequest,
    mut each: impl FnMut(f64, Result<Planes>) -> ControlFlow<()>,
) -> Result<()> {
    let (Some(first), Some(last)) = (frames.iter().copied().reduce(f64::min), frames.iter().copied().reduce(f64::max))
    else {
        return Ok(());
    };
    let life = life(effect)?;
    let _turn = turn(effect, life);
    let wants_order = effect.properties.int(sys::kOfxImageEffectInstancePropSequentialRender) == Some(1);
    let single = threads <= 1 || wants_order || life.thread_safety != ThreadSafety::FullySafe;
    let threads = if single { 1 } else { threads.min(frames.len()) };
    let ascending = frames.windows(2).all(|pair| pair[0] < pair[1]);
    let step = frames.windows(2).map(|pair| (pair[1] - pair[0]).abs()).reduce(f64::min).unwrap_or(1.0);
    let sequence = Sequence { first, last, step, sequential: threads == 1 && ascending };
    sequence.begin(effect, request)?;
    if threads == 1 {
        for time in frames {
            let rendered = frame(effect, &RenderRequest { time: *time, ..request.clone() }, sequence.sequential);
            if each(*time, rendered).is_break() {
                break;
            }
        }
    } else {
        in_threads(effect, frames, threads, request, each);
    }
    sequence.end(effect, request)
}

fn in_threads(
    effect: &Arc<Effect>,
    frames: &[f64],
    threads: usize,
    request: &RenderRequest,
    mut each: impl FnMut(f64, Result<Planes>) -> ControlFlow<()>,
) {
    let progress = Mutex::new(Progress { next: 0, delivered: 0, stopped: false });
    let moved = Condvar::new();
    let (sender, receiver) = mpsc::channel::<(usize, Result<Planes>)>();
    // The index of a frame that may be rendered now, so that finished frames do not pile up behind a slow one.
    let take = || {
        let mut state = lock(&progress);
        loop {
            if state.stopped || state.next >= frames.len() {
                return None;
            }
            if state.next < state.delivered + threads * AHEAD {
                state.next += 1;
                return Some(state.next - 1);
            }
            state = moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let take = &take;
            scope.spawn(move || {
                while let Some(index) = take() {
                    let request = RenderRequest { time: frames[index], ..request.clone() };
                    if sender.send((index, frame(effect, &request, false))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (index, rendered) in receiver {
            waiting.insert(index, rendered);
            while let Some(rendered) = waiting.remove(&due) {
                let stop = lock(&progress).stopped || each(frames[due], rendered).is_break();
                due += 1;
                let mut state = lock(&progress);
                state.delivered = due;
                state.stopped |= stop;
                drop(state);
                moved.notify_all();
            }
        }
    });
}
