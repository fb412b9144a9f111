//! Actions that ask a node something: regions, frames, identity, preferences, planes.

use super::{
    dispatch::{field, scale, time},
    gate::Call,
};
use crate::{
    Context, Error, RectD, Result, Status,
    plugin::{
        args::{EditArgs, QueryArgs},
        clips::{ClipComponents, ClipPreferences},
        descriptor::Clip,
        effect::Effect,
        instance::Instance,
        properties::Properties,
        suites::c_text,
    },
    sys,
};
use std::{ffi::CString, marker::PhantomData};

/// Asks a node the question that an action stands for, and writes its answer.
pub(super) fn ask<E: Effect>(effect: &E, instance: &Instance, call: &Call<'_>) -> Result<Status> {
    let out = Properties::new(instance.suites(), call.out_args()?);
    let edit = EditArgs { instance, effect: PhantomData };
    // These two have no arguments.
    if call.action == sys::kOfxImageEffectActionGetTimeDomain {
        let Some(range) = effect.time_domain(&edit)? else { return Ok(Status::REPLY_DEFAULT) };
        out.set_doubles(sys::kOfxImageEffectPropFrameRange, &[range.min, range.max]);
        return Ok(Status::OK);
    }
    if call.action == sys::kOfxImageEffectActionGetClipPreferences {
        return Ok(prefer(instance, &out, &effect.clip_preferences(&edit)?));
    }

    let p = Properties::new(instance.suites(), call.in_args()?);
    let time = time(&p)?;
    let settings = instance.settings_at(time);
    let query = QueryArgs::<E> { time, scale: scale(&p)?, field: field(&p), settings, instance };
    if call.action == sys::kOfxImageEffectActionIsIdentity {
        identity(effect, &query, &p, &out)
    } else if call.action == sys::kOfxImageEffectActionGetRegionOfDefinition {
        let Some(region) = effect.region_of_definition(&query)? else { return Ok(Status::REPLY_DEFAULT) };
        out.set_doubles(sys::kOfxImageEffectPropRegionOfDefinition, &edges(region));
        Ok(Status::OK)
    } else if call.action == sys::kOfxImageEffectActionGetRegionsOfInterest {
        regions_of_interest(effect, &query, &p, &out)
    } else if call.action == sys::kOfxImageEffectActionGetFramesNeeded {
        let mut frames = effect.frames_needed(&query)?.0;
        frames.retain(|(clip, _)| exists_in(instance.context(), clip));
        for (clip, ranges) in &frames {
            let values: Vec<f64> = ranges.iter().flat_map(|r| [r.min, r.max]).collect();
            out.set_doubles(&of_clip("OfxImageClipPropFrameRange_", clip), &values);
        }
        Ok(answered(!frames.is_empty()))
    } else {
        Ok(planes(instance.context(), &out, &effect.clip_components(&query)?))
    }
}

fn answered(any: bool) -> Status {
    if any { Status::OK } else { Status::REPLY_DEFAULT }
}

fn of_clip(prefix: &str, clip: &Clip) -> CString {
    c_text(&format!("{prefix}{}", clip.name()))
}

fn edges(r: RectD) -> [f64; 4] {
    [r.x1, r.y1, r.x2, r.y2]
}

fn identity<E: Effect>(
    effect: &E,
    query: &QueryArgs<'_, E>,
    p: &Properties<'_>,
    out: &Properties<'_>,
) -> Result<Status> {
    let window = p.rect_i(sys::kOfxImageEffectPropRenderWindow).unwrap_or_default();
    let Some(identity) = effect.identity(query, window)? else { return Ok(Status::REPLY_DEFAULT) };
    // Without a name the host would take the output for something else: then rather render.
    if let Err(e) = out.try_set_string(sys::kOfxPropName, 0, identity.clip.name()) {
        log::debug!("{e}; rendering instead");
        return Ok(Status::REPLY_DEFAULT);
    }
    out.set_double(sys::kOfxPropTime, identity.time);
    Ok(Status::OK)
}

fn regions_of_interest<E: Effect>(
    effect: &E,
    query: &QueryArgs<'_, E>,
    p: &Properties<'_>,
    out: &Properties<'_>,
) -> Result<Status> {
    let region = p
        .rect_d(sys::kOfxImageEffectPropRegionOfInterest)
        .ok_or_else(|| Error::Missing("region of interest in the arguments of the action".to_owned()))?;
    let mut regions = effect.regions_of_interest(query, region)?.0;
    let context = query.context();
    regions.retain(|(clip, _)| exists_in(context, clip));
    for (clip, region) in &regions {
        out.set_doubles(&of_clip("OfxImageClipPropRoI_", clip), &edges(*region));
    }
    Ok(answered(!regions.is_empty()))
}

/// Whether the host knows a clip, which it may be asked nothing about otherwise.
fn exists_in(context: Option<Context>, clip: &Clip) -> bool {
    *clip == Clip::OUTPUT || context.is_none_or(|context| clip.exists_in(context))
}

fn prefer(instance: &Instance, out: &Properties<'_>, wanted: &ClipPreferences) -> Status {
    let context = instance.context();
    let exists = |clip: &Clip| exists_in(context, clip);
    if context != Some(Context::Filter) {
        for (clip, components) in wanted.components.iter().filter(|(clip, _)| exists(clip)) {
            out.set_name(&of_clip("OfxImageClipPropComponents_", clip), components.ofx_name());
        }
    }
    if instance.host().supports_multiple_depths {
        for (clip, depth) in wanted.depths.iter().filter(|(clip, _)| exists(clip)) {
            out.set_name(&of_clip("OfxImageClipPropDepth_", clip), depth.ofx_name());
        }
    }
    if instance.host().supports_multiple_pixel_aspects {
        for (clip, aspect) in wanted.pixel_aspects.iter().filter(|(clip, _)| exists(clip)) {
            out.set_double(&of_clip("OfxImageClipPropPAR_", clip), *aspect);
        }
    }
    if let Some(premultiplication) = wanted.premultiplication {
        out.set_name(sys::kOfxImageEffectPropPreMultiplication, premultiplication.ofx_name());
    }
    if let Some(rate) = wanted.frame_rate {
        out.set_double(sys::kOfxImageEffectPropFrameRate, rate);
    }
    if let Some(field) = wanted.field_order {
        out.set_name(sys::kOfxImageClipPropFieldOrder, field.ofx_name());
    }
    if let Some(samples) = wanted.continuous_samples {
        out.set_flag(sys::kOfxImageClipPropContinuousSamples, samples);
    }
    if let Some(varies) = wanted.frame_varying {
        out.set_flag(sys::kOfxImageEffectFrameVarying, varies);
    }
    answered(*wanted != ClipPreferences::default())
}

fn planes(context: Option<Context>, out: &Properties<'_>, wanted: &ClipComponents) -> Status {
    use sys::planes as ext;
    let prefix = ext::kFnOfxImageEffectActionGetClipComponentsPropString.to_str().unwrap_or_default();
    for (clip, planes) in wanted.planes.iter().filter(|(clip, _)| exists_in(context, clip)) {
        let names: Vec<String> = planes.iter().map(|plane| plane.components_name()).collect();
        out.set_strings(&of_clip(prefix, clip), names.iter().map(String::as_str));
    }
    if let Some((clip, time)) = &wanted.pass_through {
        out.set_string(ext::kFnOfxImageEffectPropPassThroughClip, clip.name());
        if let Some(time) = time {
            out.set_double(ext::kFnOfxImageEffectPropPassThroughTime, *time);
        }
    }
    answered(*wanted != ClipComponents::default())
}
