//! Clip preferences: the host's defaults, what the plug-in asks for, and what of that holds.

use super::{
    action::Frame,
    answers::{ClipPreference, Preferences},
    clip::Clip,
    effect::{Effect, Life},
    properties::{PropertySet, SetKind, Values, c_string},
    property_tables,
    source::ClipInfo,
    sync::lock,
    violation::ViolationKind,
};
use crate::{Components, Context, Depth, Field, Premultiplication, RenderScale, Result, Status, sys};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

const COMPONENTS: &str = "OfxImageClipPropComponents_";
const DEPTH: &str = "OfxImageClipPropDepth_";
const PIXEL_ASPECT: &str = "OfxImageClipPropPAR_";
const OUTPUT: &str = "Output";
const SOURCE: &str = "Source";

/// The preferences, asked for again if something that they depend on has changed.
pub(crate) fn ensure(effect: &Arc<Effect>) -> Result<Preferences> {
    let Some(life) = &effect.life else { return Ok(effect.preferences()) };
    if life.stale.swap(false, Ordering::SeqCst) {
        let asked = ask(effect, life);
        match asked {
            Ok(preferences) => *lock(&life.preferences) = Some(preferences),
            Err(error) => {
                life.stale.store(true, Ordering::SeqCst);
                return Err(error);
            }
        }
    }
    Ok(effect.preferences())
}

fn ask(effect: &Arc<Effect>, life: &Life) -> Result<Preferences> {
    let defaults = defaults(effect, life);
    let names = [
        sys::kOfxImageEffectPropFrameRate,
        sys::kOfxImageEffectPropPreMultiplication,
        sys::kOfxImageClipPropFieldOrder,
        sys::kOfxImageClipPropContinuousSamples,
        sys::kOfxImageEffectFrameVarying,
    ];
    let table = property_tables::arguments(&names, true);
    let args = PropertySet::new(&effect.host, SetKind::OutArgs, "of getClipPreferences", &[&table]);
    args.put_doubles(sys::kOfxImageEffectPropFrameRate, &[defaults.frame_rate]);
    args.put_strings(sys::kOfxImageEffectPropPreMultiplication, [defaults.premultiplication.ofx_name()]);
    args.put_strings(sys::kOfxImageClipPropFieldOrder, [defaults.field.ofx_name()]);
    args.put_ints(sys::kOfxImageClipPropContinuousSamples, &[i32::from(defaults.continuous)]);
    for (name, preference) in &defaults.clips {
        let text = |value: &std::ffi::CStr| Values::Strings(vec![value.to_owned()]);
        args.add(&format!("{COMPONENTS}{name}"), Some(1), text(preference.components.ofx_name()), true);
        args.add(&format!("{DEPTH}{name}"), Some(1), text(preference.depth.ofx_name()), true);
        args.add(&format!("{PIXEL_ASPECT}{name}"), Some(1), Values::Doubles(vec![preference.pixel_aspect]), true);
    }
    let frame = Frame::at(effect.time(), RenderScale::FULL);
    let (status, action) = effect.perform(sys::kOfxImageEffectActionGetClipPreferences, frame, None, Some(&args));
    let preferences = match status {
        Status::OK => read(effect, life, &args, defaults),
        Status::REPLY_DEFAULT => defaults,
        status => return Err(action.error(status)),
    };
    apply(effect, &preferences);
    Ok(preferences)
}

fn infos(effect: &Effect) -> Vec<(Arc<Clip>, ClipInfo)> {
    effect.inputs().into_iter().filter_map(|clip| clip.info().map(|info| (clip, info))).collect()
}

/// What holds when the plug-in asks for nothing.
fn defaults(effect: &Effect, life: &Life) -> Preferences {
    let inputs = infos(effect);
    let depths = &life.depths;
    let mut clips: BTreeMap<String, ClipPreference> = inputs
        .iter()
        .map(|(clip, info)| {
            let preference = ClipPreference {
                components: nearest_components(info.components, &clip.components()),
                depth: nearest_depth(info.depth, depths),
                pixel_aspect: info.pixel_aspect,
            };
            (clip.name.clone(), preference)
        })
        .collect();
    let deepest = clips.values().map(|p| p.depth).max_by_key(|d| rank(*d));
    let depth = deepest.unwrap_or_else(|| nearest_depth(Depth::Float, depths));
    if !life.multiple_depths {
        clips.values_mut().for_each(|p| p.depth = depth);
    }
    let leading = inputs
        .iter()
        .find(|(clip, _)| clip.name == SOURCE)
        .or_else(|| inputs.iter().find(|(clip, _)| !clip.is_optional()))
        .or_else(|| inputs.first());
    let leading_components = leading.map(|(clip, _)| clips[&clip.name].components).unwrap_or(Components::Rgba);
    let supported = effect.clip(OUTPUT).map(|clip| clip.components()).unwrap_or_default();
    let wanted = lock(&life.output_depth).filter(|_| life.multiple_depths);
    let output = ClipPreference {
        components: nearest_components(leading_components, &supported),
        depth: wanted.map_or(depth, |wanted| nearest_depth(wanted, depths)),
        pixel_aspect: leading.map_or(life.project.pixel_aspect, |(_, info)| info.pixel_aspect),
    };
    clips.insert(OUTPUT.into(), output);
    let premultiplication = match leading {
        _ if output.components == Components::Rgb => Premultiplication::Opaque,
        Some((_, info)) => info.premultiplication,
        None => Premultiplication::Premultiplied,
    };
    Preferences {
        clips,
        frame_rate: leading.map_or(life.project.frame_rate, |(_, info)| info.frame_rate),
        field: leading.map_or(life.project.field, |(_, info)| info.field),
        premultiplication,
        continuous: leading.is_some_and(|(_, info)| info.continuous),
        frame_varying: false,
    }
}

/// The components that a clip has, or the most that the plug-in takes.
fn nearest_components(wanted: Components, supported: &[Components]) -> Components {
    if supported.is_empty() || supported.contains(&wanted) {
        return wanted;
    }
    let best = [Components::Rgba, Components::Rgb, Components::Alpha];
    best.into_iter().find(|c| supported.contains(c)).unwrap_or(wanted)
}

/// The depth that a clip has, the next deeper one that the plug-in takes, or its deepest.
fn nearest_depth(wanted: Depth, supported: &[Depth]) -> Depth {
    let deeper = supported.iter().filter(|d| rank(**d) >= rank(wanted)).min_by_key(|d| rank(**d));
    deeper.or_else(|| supported.iter().max_by_key(|d| rank(**d))).copied().unwrap_or(wanted)
}

fn rank(depth: Depth) -> u8 {
    match depth {
        Depth::Byte => 0,
        Depth::Short => 1,
        Depth::Half => 2,
        Depth::Float => 3,
    }
}

/// What the plug-in asks for, as far as the standard and this host allow.
fn read(effect: &Effect, life: &Life, args: &PropertySet, defaults: Preferences) -> Preferences {
    let refuse = |detail: String| {
        effect.host.violation_of(
            &effect.binary.identifier,
            sys::kOfxImageEffectActionGetClipPreferences,
            ViolationKind::IllegalValue,
            detail,
        );
    };
    let mut wanted = defaults.clone();
    for (name, preference) in &mut wanted.clips {
        let text = |prefix: &str| args.strings(&c_string(&format!("{prefix}{name}"))).into_iter().next();
        let supported = effect.clip(name).map(|clip| clip.components()).unwrap_or_default();
        match text(COMPONENTS).and_then(|text| Components::from_ofx(&text)) {
            Some(components) if supported.is_empty() || supported.contains(&components) => {
                preference.components = components;
            }
            components => refuse(format!("components {components:?} of clip {name}, which takes {supported:?}")),
        }
        match text(DEPTH).and_then(|text| Depth::from_ofx(&text)) {
            Some(depth) if depth == preference.depth => {}
            Some(depth) if life.multiple_depths && (life.depths.is_empty() || life.depths.contains(&depth)) => {
                preference.depth = depth;
            }
            depth => refuse(format!("depth {depth:?} of clip {name}: it may not differ, or is not supported")),
        }
        let aspect = args.doubles(&c_string(&format!("{PIXEL_ASPECT}{name}"))).first().copied();
        match aspect {
            Some(aspect) if aspect == preference.pixel_aspect => {}
            Some(aspect) if aspect > 0.0 && aspect.is_finite() && effect.host.options.multiple_pixel_aspects => {
                preference.pixel_aspect = aspect;
            }
            aspect => refuse(format!("pixel aspect {aspect:?} of clip {name}")),
        }
    }
    keep_source_components(life.context, &mut wanted, refuse);
    let premultiplication = args.strings(sys::kOfxImageEffectPropPreMultiplication).into_iter().next();
    match premultiplication.as_deref().and_then(Premultiplication::from_ofx) {
        Some(premultiplication) => wanted.premultiplication = premultiplication,
        None => refuse(format!("premultiplication {premultiplication:?}")),
    }
    let field = args.strings(sys::kOfxImageClipPropFieldOrder).into_iter().next();
    match field.as_deref().and_then(Field::from_ofx) {
        Some(field) => wanted.field = field,
        None => refuse(format!("field order {field:?}")),
    }
    match args.doubles(sys::kOfxImageEffectPropFrameRate).first() {
        Some(rate) if *rate >= 0.0 && rate.is_finite() => wanted.frame_rate = *rate,
        rate => refuse(format!("frame rate {rate:?}")),
    }
    wanted.continuous = args.flag(sys::kOfxImageClipPropContinuousSamples);
    wanted.frame_varying = args.flag(sys::kOfxImageEffectFrameVarying);
    wanted
}

/// In the filter context hosts give the output the components of the source, whatever the plug-in asks for.
fn keep_source_components(context: Context, wanted: &mut Preferences, refuse: impl Fn(String)) {
    let source = wanted.clips.get(SOURCE).map(|p| p.components);
    if let (Context::Filter, Some(source), Some(output)) = (context, source, wanted.clips.get_mut(OUTPUT))
        && output.components != source
    {
        refuse(format!("Output as {:?}: in the filter context it is what Source is, {source:?}", output.components));
        output.components = source;
    }
}

/// Tells the clips what they are mapped to.
pub(crate) fn apply(effect: &Effect, preferences: &Preferences) {
    for (name, preference) in &preferences.clips {
        let Some(clip) = effect.clip(name) else { continue };
        if clip.is_output() {
            let project = effect.life.as_ref().map(|life| &life.project);
            let info = ClipInfo {
                components: preference.components,
                depth: preference.depth,
                premultiplication: preferences.premultiplication,
                pixel_aspect: preference.pixel_aspect,
                frame_range: project.map(|p| p.range).unwrap_or_default(),
                frame_rate: preferences.frame_rate,
                field: preferences.field,
                continuous: preferences.continuous,
            };
            clip.describe_unmapped(&info);
            clip.properties.put_ints(sys::kOfxImageClipPropConnected, &[1]);
        }
        clip.properties.put_strings(sys::kOfxImageEffectPropPixelDepth, [preference.depth.ofx_name()]);
        clip.properties.put_strings(sys::kOfxImageEffectPropComponents, [preference.components.ofx_name()]);
        clip.properties.put_doubles(sys::kOfxImagePropPixelAspectRatio, &[preference.pixel_aspect]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_that_is_not_supported_goes_to_the_next_deeper_one() {
        assert_eq!(nearest_depth(Depth::Short, &[Depth::Byte, Depth::Float]), Depth::Float);
        assert_eq!(nearest_depth(Depth::Float, &[Depth::Byte, Depth::Short]), Depth::Short);
        assert_eq!(nearest_depth(Depth::Half, &[]), Depth::Half);
    }

    #[test]
    fn components_that_are_not_supported_go_to_the_most_that_are() {
        assert_eq!(nearest_components(Components::Alpha, &[Components::Rgb, Components::Rgba]), Components::Rgba);
        assert_eq!(nearest_components(Components::Rgb, &[Components::Rgb, Components::Rgba]), Components::Rgb);
    }
}
