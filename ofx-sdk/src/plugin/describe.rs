//! Tells a host what an effect is: its abilities, clips and parameters.

use super::{
    descriptor::{Clip, Descriptor, ThreadSafety},
    effect::Effect,
    host_info::{FetchedHost, Host},
    kinds::{CacheInvalidation, Common, Declaration, RawValue, Span, StringMode},
    properties::{Properties, tolerate},
    suites::{EffectHandle, ParamSetHandle, PropertyHandle, Suites},
};
use crate::{Components, Context, Depth, Error, ParamKind, Result, Status, Transport, sys};
use std::collections::HashSet;

/// What is the same in every context.
pub(crate) fn describe<E: Effect>(host: &FetchedHost, effect: EffectHandle) -> Result<Status> {
    let suites = &*host.suites;
    let d = &E::DESCRIPTOR;
    let p = Properties::new(suites, suites.effect_properties(effect)?);
    for (i, context) in d.contexts.iter().enumerate() {
        let name = context.ofx_name().to_str().unwrap_or_default();
        p.try_set_string(sys::kOfxImageEffectPropSupportedContexts, i, name)?;
    }
    for name in [sys::kOfxPropLabel, sys::kOfxPropShortLabel, sys::kOfxPropLongLabel] {
        p.set_string(name, d.label);
    }
    p.set_string(sys::kOfxImageEffectPluginPropGrouping, d.group);
    p.set_string(sys::kOfxPropPluginDescription, d.description);
    for (i, number) in [d.version.0, d.version.1].into_iter().enumerate() {
        tolerate(p.try_set_int(sys::kOfxPropVersion, i, i32::try_from(number).unwrap_or(i32::MAX)));
    }
    p.set_string(sys::kOfxPropVersionLabel, &format!("{}.{}", d.version.0, d.version.1));
    p.set_strings(sys::kOfxImageEffectPropSupportedPixelDepths, depths(d, &host.info).iter().copied());
    p.set_flag(sys::kOfxImageEffectPluginPropSingleInstance, false);
    p.set_name(
        sys::kOfxImageEffectPluginRenderThreadSafety,
        match d.thread_safety {
            ThreadSafety::Unsafe => sys::kOfxImageEffectRenderUnsafe,
            ThreadSafety::InstanceSafe => sys::kOfxImageEffectRenderInstanceSafe,
            ThreadSafety::FullySafe => sys::kOfxImageEffectRenderFullySafe,
        },
    );
    p.set_flag(sys::kOfxImageEffectPluginPropHostFrameThreading, false);
    p.set_flag(sys::kOfxImageEffectPropSupportsMultiResolution, d.multi_resolution);
    p.set_flag(sys::kOfxImageEffectPropSupportsTiles, d.tiles);
    p.set_flag(sys::kOfxImageEffectPropTemporalClipAccess, d.temporal_access && host.info.supports_temporal_access);
    p.set_flag(sys::kOfxImageEffectPropSupportsMultipleClipDepths, true);
    p.set_flag(sys::kOfxImageEffectPropSupportsMultipleClipPARs, false);
    p.set_strings(sys::kOfxImageEffectPropClipPreferencesSlaveParam, d.preference_params.iter().copied());
    if let Some(overlay) = E::OVERLAY.filter(|_| host.info.supports_overlays) {
        let entry = overlay.as_ofx().map_or(std::ptr::null_mut(), |entry| entry as *mut std::ffi::c_void);
        p.set_pointer(sys::kOfxImageEffectPluginPropOverlayInteractV1, entry);
        if suites.can_draw() {
            p.set_pointer(sys::kOfxImageEffectPluginPropOverlayInteractV2, entry);
        }
    }
    if d.planes && host.info.has_planes {
        p.set_flag(sys::planes::kFnOfxImageEffectPropMultiPlanar, true);
    }
    Ok(Status::OK)
}

/// The depths that both sides know; all of ours where the host does not say.
fn depths(d: &Descriptor, host: &Host) -> Vec<&'static str> {
    let names = |known: &dyn Fn(&Depth) -> bool| -> Vec<&'static str> {
        d.depths.iter().filter(|d| known(d)).map(|d| d.ofx_name().to_str().unwrap_or_default()).collect()
    };
    let shared = names(&|depth| host.depths.contains(depth));
    if shared.is_empty() { names(&|_| true) } else { shared }
}

/// Clips and parameters in one context.
pub(crate) fn describe_in_context<E: Effect>(
    host: &FetchedHost,
    effect: EffectHandle,
    in_args: PropertyHandle,
) -> Result<Status> {
    let suites = &*host.suites;
    let d = &E::DESCRIPTOR;
    let context = Properties::new(suites, in_args)
        .named(sys::kOfxImageEffectPropContext, Context::from_ofx)
        .filter(|context| d.contexts.contains(context));
    // The answer that makes a host leave the context out.
    let Some(context) = context else { return Ok(Status::MISSING_HOST_FEATURE) };
    for clip in d.clips.iter().filter(|clip| clip.exists_in(context)) {
        let temporal = clip.temporal && host.info.supports_temporal_access;
        define_clip(suites, effect, &Clip { temporal, ..*clip }, clip.components_in(context))?;
    }
    let output = if context == Context::Filter { &[Components::Rgba] } else { d.output };
    define_clip(suites, effect, &Clip { tiles: d.tiles, ..Clip::OUTPUT }, output)?;

    let declarations = E::declarations(&host.info);
    check(&declarations)?;
    let set = suites.param_set(effect)?;
    for declaration in &declarations {
        define_param(suites, set, declaration)?;
    }
    Ok(Status::OK)
}

fn define_clip(suites: &Suites, effect: EffectHandle, clip: &Clip, components: &[Components]) -> Result<()> {
    let p = Properties::new(suites, suites.define_clip(effect, clip.name)?);
    for (i, c) in components.iter().enumerate() {
        let name = c.ofx_name().to_str().unwrap_or_default();
        p.try_set_string(sys::kOfxImageEffectPropSupportedComponents, i, name)?;
    }
    if let Some(label) = clip.label {
        p.set_string(sys::kOfxPropLabel, label);
    }
    p.set_flag(sys::kOfxImageClipPropOptional, clip.optional);
    p.set_flag(sys::kOfxImageClipPropIsMask, clip.mask);
    p.set_flag(sys::kOfxImageEffectPropTemporalClipAccess, clip.temporal);
    p.set_flag(sys::kOfxImageEffectPropSupportsTiles, clip.tiles);
    Ok(())
}

/// Refuses parameters that would empty a host's panel: twice the same id, parents and children that do not exist.
fn check(declarations: &[Declaration]) -> Result<()> {
    let wrong = |id: &str, reason: String| Err(Error::Value { subject: format!("parameter {id}"), reason });
    let mut ids = HashSet::new();
    let mut groups = HashSet::new();
    for d in declarations {
        if !ids.insert(d.id) {
            return wrong(d.id, "it is declared twice".to_owned());
        }
        if let Some(parent) = d.common.parent.filter(|parent| !groups.contains(parent)) {
            return wrong(d.id, format!("its group {parent} is not declared before it"));
        }
        if d.kind == ParamKind::Group {
            groups.insert(d.id);
        }
        if d.kind == ParamKind::Choice && d.options.is_empty() {
            return wrong(d.id, "it has no options".to_owned());
        }
    }
    for page in declarations {
        if let Some(child) = page.children.iter().find(|child| !ids.contains(*child)) {
            return wrong(page.id, format!("its child {child} is not declared"));
        }
    }
    Ok(())
}

fn define_param(suites: &Suites, set: ParamSetHandle, d: &Declaration) -> Result<()> {
    let defined = suites.define_param(set, d.kind.ofx_name(), d.id);
    let has_value = d.kind.transport() != Transport::Nothing;
    if let Err(e) = &defined
        && !has_value
    {
        log::debug!("{e}; going on without");
        return Ok(());
    }
    let p = Properties::new(suites, defined?);
    describe_common(&p, &d.common, has_value);
    p.set_string(sys::kOfxParamPropHint, &hint(d));
    match d.kind {
        ParamKind::Choice => {
            for (i, option) in d.options.iter().enumerate() {
                p.try_set_string(sys::kOfxParamPropChoiceOption, i, &option.label)?;
            }
        }
        ParamKind::Group => p.set_flag(sys::kOfxParamPropGroupOpen, d.open),
        ParamKind::Page => p.set_strings(sys::kOfxParamPropPageChild, d.children.iter().copied()),
        _ => {}
    }
    if let Some(mode) = d.string_mode {
        p.set_name(sys::kOfxParamPropStringMode, mode.ofx_name());
        if matches!(mode, StringMode::FilePath | StringMode::DirectoryPath) {
            p.set_flag(sys::kOfxParamPropStringFilePathExists, d.path_must_exist);
        }
    }
    describe_numbers(&p, d);
    match &d.default {
        RawValue::Nothing => {}
        RawValue::Int(value) => p.set_int(sys::kOfxParamPropDefault, *value),
        RawValue::Doubles(values) => p.set_doubles(sys::kOfxParamPropDefault, &values[..dimensions(d.kind)]),
        RawValue::Text(text) => p.set_string(sys::kOfxParamPropDefault, text),
    }
    Ok(())
}

fn dimensions(kind: ParamKind) -> usize {
    match kind.transport() {
        Transport::Doubles(n) | Transport::Ints(n) => n,
        Transport::String | Transport::Nothing => 0,
    }
}

fn describe_common(p: &Properties<'_>, common: &Common, has_value: bool) {
    p.set_string(sys::kOfxPropLabel, common.label);
    if let Some(parent) = common.parent {
        p.set_string(sys::kOfxParamPropParent, parent);
    }
    p.set_flag(sys::kOfxParamPropSecret, common.secret);
    p.set_flag(sys::kOfxParamPropEnabled, common.enabled);
    if !has_value {
        return;
    }
    p.set_flag(sys::kOfxParamPropAnimates, common.animates);
    p.set_flag(sys::kOfxParamPropEvaluateOnChange, common.evaluate_on_change);
    p.set_flag(sys::kOfxParamPropPersistant, common.persistent);
    p.set_flag(sys::kOfxParamPropCanUndo, common.can_undo);
    match common.cache_invalidation {
        CacheInvalidation::ValueChange => {} // the default, which some hosts do not let be set
        CacheInvalidation::ValueChangeToEnd => {
            p.set_name(sys::kOfxParamPropCacheInvalidation, sys::kOfxParamInvalidateValueChangeToEnd);
        }
        CacheInvalidation::All => p.set_name(sys::kOfxParamPropCacheInvalidation, sys::kOfxParamInvalidateAll),
    }
}

/// The hint, with what explains each option below it.
fn hint(d: &Declaration) -> String {
    let mut hint = d.hint.clone();
    for option in d.options.iter().filter(|option| !option.hint.is_empty()) {
        hint += &format!("\n{}: {}", option.label, option.hint);
    }
    hint
}

fn describe_numbers(p: &Properties<'_>, d: &Declaration) {
    let n = dimensions(d.kind);
    let whole = d.kind == ParamKind::Integer;
    let set = |min, max, span: Option<Span>| {
        let Some(Span { min: low, max: high }) = span else { return };
        if whole {
            p.set_int(min, low[0] as i32);
            p.set_int(max, high[0] as i32);
        } else {
            p.set_doubles(min, &low[..n]);
            p.set_doubles(max, &high[..n]);
        }
    };
    // In this order: setting the range resets the display range.
    set(sys::kOfxParamPropMin, sys::kOfxParamPropMax, d.range);
    set(sys::kOfxParamPropDisplayMin, sys::kOfxParamPropDisplayMax, d.display);
    if let Some(step) = d.increment {
        p.set_double(sys::kOfxParamPropIncrement, step);
    }
    if let Some(digits) = d.digits {
        p.set_int(sys::kOfxParamPropDigits, digits);
    }
    if matches!(d.kind, ParamKind::Double | ParamKind::Double2D) {
        p.set_name(sys::kOfxParamPropDoubleType, d.double_type.ofx_name());
        if d.double_type.is_spatial() {
            p.set_name(sys::kOfxParamPropDefaultCoordinateSystem, d.coordinates.ofx_name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::kinds::{Boolean, Group, Kind, Page};

    #[test]
    fn parameters_that_would_empty_a_panel_are_refused() {
        let switch = || Boolean::new("A").declaration("a", "");
        assert!(check(&[switch()]).is_ok());
        assert!(check(&[switch(), switch()]).is_err());
        let inside = || Boolean::new("A").parent("g").declaration("a", "");
        let group = || Group::new("G").declaration("g", "");
        assert!(check(&[group(), inside()]).is_ok());
        assert!(check(&[inside(), group()]).is_err());
        assert!(check(&[switch(), Page::new("P", &["a", "b"]).declaration("p", "")]).is_err());
    }
}
