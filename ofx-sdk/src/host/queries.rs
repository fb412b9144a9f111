//! The questions that a host asks an instance: regions, frames, identity, time domain, planes.

use super::{
    action::Frame,
    answers::{ClipPlanes, FramesNeeded, Identity, RegionsOfInterest},
    clip::Clip,
    effect::Effect,
    preferences,
    properties::{PropertySet, SetKind, Values, c_string},
    property_tables,
    violation::ViolationKind,
};
use crate::{Context, Error, Field, FrameRange, RectD, RectI, RenderScale, Result, Status, sys};
use std::{collections::BTreeMap, ffi::CStr, sync::Arc};

const REGION: &str = "OfxImageClipPropRoI_";
const FRAMES: &str = "OfxImageClipPropFrameRange_";

/// The arguments of an action.
pub(crate) fn arguments(effect: &Effect, out: bool, names: &[&CStr]) -> Arc<PropertySet> {
    let table = property_tables::arguments(names, out);
    let kind = if out { SetKind::OutArgs } else { SetKind::InArgs };
    PropertySet::new(&effect.host, kind, "of the action", &[&table])
}

/// Asks; `true` when the plug-in has answered, `false` when the defaults hold.
fn ask(
    effect: &Arc<Effect>,
    name: &'static CStr,
    frame: Frame,
    in_args: Option<&PropertySet>,
    out_args: &PropertySet,
) -> Result<bool> {
    let (status, action) = effect.perform(name, frame, in_args, Some(out_args));
    match status {
        Status::OK => Ok(true),
        Status::REPLY_DEFAULT => Ok(false),
        status => Err(action.error(status)),
    }
}

fn put_time(args: &PropertySet, time: f64, scale: RenderScale) {
    args.put_doubles(sys::kOfxPropTime, &[time]);
    args.put_doubles(sys::kOfxImageEffectPropRenderScale, &[scale.x, scale.y]);
}

fn rect(values: &[f64]) -> Option<RectD> {
    <[f64; 4]>::try_from(values).ok().map(|[x1, y1, x2, y2]| RectD { x1, y1, x2, y2 })
}

fn wrong_answer(effect: &Effect, name: &CStr, detail: String) {
    effect.host.violation_of(&effect.binary.identifier, name, ViolationKind::IllegalValue, detail);
}

/// The standard's default: the union of the inputs that must be there and of Source, or the project.
fn default_region(effect: &Effect, time: f64) -> RectD {
    let project = effect.life.as_ref().map(|life| &life.project);
    let of_clip = |clip: &Arc<Clip>| clip.source().map(|source| source.region_of_definition(time));
    let union = effect
        .inputs()
        .iter()
        .filter(|clip| clip.name == "Source" || !clip.is_optional())
        .filter_map(of_clip)
        .fold(RectD::default(), |all, one| all.union(&one));
    let generator = effect.life.as_ref().is_some_and(|life| life.context == Context::Generator);
    match project {
        Some(p) if generator || union.is_empty() => {
            RectD::new(p.offset[0], p.offset[1], p.offset[0] + p.size[0], p.offset[1] + p.size[1])
        }
        _ => union,
    }
}

pub(crate) fn region_of_definition(effect: &Arc<Effect>, time: f64, scale: RenderScale) -> Result<RectD> {
    preferences::ensure(effect)?;
    let name = sys::kOfxImageEffectActionGetRegionOfDefinition;
    let default = default_region(effect, time);
    let in_args = arguments(effect, false, &[sys::kOfxPropTime, sys::kOfxImageEffectPropRenderScale]);
    put_time(&in_args, time, scale);
    let out = arguments(effect, true, &[sys::kOfxImageEffectPropRegionOfDefinition]);
    let property = sys::kOfxImageEffectPropRegionOfDefinition;
    out.put_doubles(property, &[default.x1, default.y1, default.x2, default.y2]);
    if !ask(effect, name, Frame::at(time, scale), Some(&in_args), &out)? {
        return Ok(default);
    }
    let answer = rect(&out.doubles(property)).filter(|r| [r.x1, r.y1, r.x2, r.y2].iter().all(|v| !v.is_nan()));
    let answer = answer.unwrap_or_else(|| {
        wrong_answer(effect, name, "a region of definition that is not a number".into());
        default
    });
    Ok(finite(effect, answer))
}

/// Edges at infinity, by which a plug-in says that it fills the whole plane, moved in to the project's extent.
fn finite(effect: &Effect, region: RectD) -> RectD {
    const LOWEST: f64 = sys::kOfxFlagInfiniteMin as f64;
    const HIGHEST: f64 = sys::kOfxFlagInfiniteMax as f64;
    let extent = effect.life.as_ref().map_or([0.0; 2], |life| life.project.extent);
    let low = |edge: f64| if edge <= LOWEST { 0.0 } else { edge };
    let high = |edge: f64, end: f64| if edge >= HIGHEST { end } else { edge };
    RectD::new(low(region.x1), low(region.y1), high(region.x2, extent[0]), high(region.y2, extent[1]))
}

pub(crate) fn regions_of_interest(
    effect: &Arc<Effect>,
    time: f64,
    scale: RenderScale,
    region: RectD,
) -> Result<RegionsOfInterest> {
    preferences::ensure(effect)?;
    let name = sys::kOfxImageEffectActionGetRegionsOfInterest;
    let in_args = arguments(
        effect,
        false,
        &[sys::kOfxPropTime, sys::kOfxImageEffectPropRenderScale, sys::kOfxImageEffectPropRegionOfInterest],
    );
    put_time(&in_args, time, scale);
    let corners = [region.x1, region.y1, region.x2, region.y2];
    in_args.put_doubles(sys::kOfxImageEffectPropRegionOfInterest, &corners);
    let out = arguments(effect, true, &[]);
    let clips = effect.inputs();
    for clip in &clips {
        out.add(&format!("{REGION}{}", clip.name), Some(4), Values::Doubles(corners.to_vec()), true);
    }
    let answered = ask(effect, name, Frame::at(time, scale), Some(&in_args), &out)?;
    let mut regions = BTreeMap::new();
    for clip in clips {
        let answer = if answered { rect(&out.doubles(&c_string(&format!("{REGION}{}", clip.name)))) } else { None };
        regions.insert(clip.name.clone(), answer.unwrap_or(region));
    }
    Ok(regions)
}

pub(crate) fn frames_needed(effect: &Arc<Effect>, time: f64) -> Result<FramesNeeded> {
    preferences::ensure(effect)?;
    let name = sys::kOfxImageEffectActionGetFramesNeeded;
    let clips = effect.inputs();
    let default = FrameRange { min: time, max: time };
    let mut frames: FramesNeeded = clips.iter().map(|clip| (clip.name.clone(), vec![default])).collect();
    if !effect.declares_temporal() || !effect.host.options.temporal {
        return Ok(frames);
    }
    let in_args = arguments(effect, false, &[sys::kOfxPropTime]);
    in_args.put_doubles(sys::kOfxPropTime, &[time]);
    let out = arguments(effect, true, &[]);
    for clip in &clips {
        out.add(&format!("{FRAMES}{}", clip.name), None, Values::Doubles(vec![time, time]), true);
    }
    if ask(effect, name, Frame::at(time, RenderScale::FULL), Some(&in_args), &out)? {
        for (clip, ranges) in &mut frames {
            let values = out.doubles(&c_string(&format!("{FRAMES}{clip}")));
            if !values.len().is_multiple_of(2) || values.iter().any(|v| v.is_nan()) {
                wrong_answer(effect, name, format!("frames {values:?} of clip {clip}"));
                continue;
            }
            *ranges = values.chunks_exact(2).map(|pair| FrameRange { min: pair[0], max: pair[1] }).collect();
        }
    }
    Ok(frames)
}

pub(crate) fn is_identity(
    effect: &Arc<Effect>,
    time: f64,
    scale: RenderScale,
    window: RectI,
    field: Field,
) -> Result<Option<Identity>> {
    preferences::ensure(effect)?;
    let name = sys::kOfxImageEffectActionIsIdentity;
    let in_args = arguments(
        effect,
        false,
        &[
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRenderScale,
            sys::kOfxImageEffectPropRenderWindow,
            sys::kOfxImageEffectPropFieldToRender,
        ],
    );
    put_time(&in_args, time, scale);
    in_args.put_ints(sys::kOfxImageEffectPropRenderWindow, &super::loan::corners(window));
    in_args.put_strings(sys::kOfxImageEffectPropFieldToRender, [field.ofx_name()]);
    let out = arguments(effect, true, &[sys::kOfxPropName, sys::kOfxPropTime]);
    out.put_doubles(sys::kOfxPropTime, &[time]);
    if !ask(effect, name, Frame { field, ..Frame::at(time, scale) }, Some(&in_args), &out)? {
        return Ok(None);
    }
    let clip = out.text(sys::kOfxPropName);
    let time = out.doubles(sys::kOfxPropTime).first().copied().unwrap_or(time);
    if effect.clip(&clip).is_none() {
        wrong_answer(effect, name, format!("identity to a clip {clip:?} that does not exist"));
        return Ok(None);
    }
    Ok(Some(Identity { clip, time }))
}

pub(crate) fn time_domain(effect: &Arc<Effect>) -> Result<FrameRange> {
    preferences::ensure(effect)?;
    let name = sys::kOfxImageEffectActionGetTimeDomain;
    let project = effect.life.as_ref().map(|life| life.project.range).unwrap_or_default();
    let union = effect
        .inputs()
        .iter()
        .filter(|clip| !clip.is_optional())
        .filter_map(|clip| clip.info())
        .map(|info| info.frame_range)
        .reduce(|a, b| FrameRange { min: a.min.min(b.min), max: a.max.max(b.max) });
    let default = union.unwrap_or(project);
    if effect.life.as_ref().is_none_or(|life| life.context != Context::General) {
        return Ok(default);
    }
    let out = arguments(effect, true, &[sys::kOfxImageEffectPropFrameRange]);
    out.put_doubles(sys::kOfxImageEffectPropFrameRange, &[default.min, default.max]);
    if !ask(effect, name, Frame::at(effect.time(), RenderScale::FULL), None, &out)? {
        return Ok(default);
    }
    match out.doubles(sys::kOfxImageEffectPropFrameRange)[..] {
        [min, max] if min <= max => Ok(FrameRange { min, max }),
        ref other => {
            wrong_answer(effect, name, format!("frame range {other:?}"));
            Ok(default)
        }
    }
}

pub(crate) fn clip_components(effect: &Arc<Effect>, time: f64) -> Result<ClipPlanes> {
    use sys::planes as ofx;
    preferences::ensure(effect)?;
    let mut planes = ClipPlanes { pass_through_time: time, ..ClipPlanes::default() };
    let offered = effect.host.options.multi_plane && effect.life.as_ref().is_some_and(|life| life.multi_plane);
    if !offered {
        return Ok(planes);
    }
    let in_args = arguments(effect, false, &[sys::kOfxPropTime]);
    in_args.put_doubles(sys::kOfxPropTime, &[time]);
    let through = [ofx::kFnOfxImageEffectPropPassThroughClip, ofx::kFnOfxImageEffectPropPassThroughTime];
    let out = arguments(effect, true, &through);
    out.put_doubles(ofx::kFnOfxImageEffectPropPassThroughTime, &[time]);
    let prefix = ofx::kFnOfxImageEffectActionGetClipComponentsPropString.to_string_lossy();
    let preferences = effect.preferences();
    let clips = effect.all_clips();
    for clip in &clips {
        let own = preferences.clips.get(&clip.name).map(|p| p.components.ofx_name().to_owned());
        out.add(&format!("{prefix}{}", clip.name), None, Values::Strings(own.into_iter().collect()), true);
    }
    let name = ofx::kFnOfxImageEffectActionGetClipComponents;
    ask(effect, name, Frame::at(time, RenderScale::FULL), Some(&in_args), &out)?;
    for clip in clips {
        let names = out.texts(&c_string(&format!("{prefix}{}", clip.name)));
        planes.clips.insert(clip.name.clone(), names);
    }
    planes.pass_through_clip = out.text(ofx::kFnOfxImageEffectPropPassThroughClip);
    if let Some(time) = out.doubles(ofx::kFnOfxImageEffectPropPassThroughTime).first() {
        planes.pass_through_time = *time;
    }
    Ok(planes)
}

/// An action without arguments whose answer is only whether it worked.
pub(crate) fn plain(effect: &Arc<Effect>, name: &'static CStr) -> Result<(), Error> {
    let (status, action) = effect.perform(name, Frame::at(effect.time(), RenderScale::FULL), None, None);
    match status {
        Status::OK | Status::REPLY_DEFAULT => Ok(()),
        status => Err(action.error(status)),
    }
}
