//! Describing a plug-in: as a whole, then in each context that both sides know.

use super::{
    action::Frame,
    description::{Description, ThreadSafety},
    effect::{Binary, Effect},
    plugin::HostCore,
    properties::{PropertySet, SetKind},
    property_tables,
    violation::ViolationKind,
};
use crate::{Context, Depth, Error, Result, Status, sys};
use std::sync::Arc;

/// The plug-in's descriptor, and that of each context with what it says.
pub(crate) type Described = (Arc<Effect>, Vec<(Arc<Effect>, Arc<Description>)>);

/// Asks a plug-in that is loaded.
pub(crate) fn describe(host: &Arc<HostCore>, binary: &Arc<Binary>) -> Result<Described> {
    let tables = [property_tables::EFFECT_DESCRIPTOR, planes(host)];
    let set = PropertySet::new(host, SetKind::EffectDescriptor, &binary.identifier, &tables);
    for name in [sys::kOfxPropName, sys::kOfxPropLabel, sys::kOfxPropShortLabel, sys::kOfxPropLongLabel] {
        set.put_string(name, &binary.identifier);
    }
    set.put_string(sys::kOfxPluginPropFilePath, &binary.path);
    set.put_ints(sys::kOfxPropVersion, &[binary.version.0 as i32, binary.version.1 as i32]);
    let descriptor = Effect::new(host, binary, set, None);
    let (status, action) = descriptor.perform(sys::kOfxActionDescribe, Frame::default(), None, None);
    let violation = |name, kind, detail: String| host.violation_of(&binary.identifier, name, kind, detail);
    if status == Status::REPLY_DEFAULT {
        violation(sys::kOfxActionDescribe, ViolationKind::MissingReply, "describe must be answered".into());
    }
    if status != Status::OK {
        return Err(action.error(status));
    }
    let names = descriptor.properties.strings(sys::kOfxImageEffectPropSupportedContexts);
    let mut contexts = Vec::new();
    for name in &names {
        match Context::from_ofx(name) {
            Some(context) => contexts.push(context),
            None => violation(sys::kOfxActionDescribe, ViolationKind::IllegalValue, format!("context {name:?}")),
        }
    }
    if contexts.is_empty() {
        let detail = "no context is supported".to_owned();
        violation(sys::kOfxActionDescribe, ViolationKind::IllegalValue, detail);
    }
    let offered: Vec<Context> = contexts.iter().copied().filter(|c| host.options.contexts.contains(c)).collect();
    let mut described = Vec::new();
    let mut refused = None;
    for context in offered {
        match describe_in(host, binary, &descriptor, context, &contexts) {
            Ok(found) => described.push(found),
            Err(error) => refused = Some(error),
        }
    }
    match (described.is_empty(), refused) {
        (false, _) => Ok((descriptor, described)),
        (true, Some(error)) => Err(error),
        (true, None) => Err(Error::Value {
            subject: format!("plug-in {}", binary.identifier),
            reason: format!("supports {contexts:?}; this host offers {:?}", host.options.contexts),
        }),
    }
}

fn planes(host: &HostCore) -> &'static [property_tables::Spec] {
    if host.options.multi_plane { property_tables::MULTI_PLANE } else { &[] }
}

fn describe_in(
    host: &Arc<HostCore>,
    binary: &Arc<Binary>,
    descriptor: &Effect,
    context: Context,
    contexts: &[Context],
) -> Result<(Arc<Effect>, Arc<Description>)> {
    let tables = [property_tables::EFFECT_DESCRIPTOR, planes(host)];
    let set = descriptor.properties.copy_as(host, SetKind::EffectDescriptor, &tables);
    let effect = Effect::new(host, binary, set, None);
    let table = property_tables::arguments(&[sys::kOfxImageEffectPropContext], false);
    let args = PropertySet::new(host, SetKind::InArgs, "of describeInContext", &[&table]);
    args.put_strings(sys::kOfxImageEffectPropContext, [context.ofx_name()]);
    let name = sys::kOfxImageEffectActionDescribeInContext;
    let (status, action) = effect.perform(name, Frame::default(), Some(&args), None);
    if status == Status::REPLY_DEFAULT {
        let detail = "describeInContext must be answered".to_owned();
        host.violation_of(&binary.identifier, name, ViolationKind::MissingReply, detail);
    }
    if status != Status::OK {
        return Err(action.error(status));
    }
    let description = read(&effect, context, contexts);
    for (kind, detail) in faults(&description) {
        host.violation_of(&binary.identifier, name, kind, detail);
    }
    Ok((effect, Arc::new(description)))
}

fn read(effect: &Effect, context: Context, contexts: &[Context]) -> Description {
    let set = &effect.properties;
    let safety = set.strings(sys::kOfxImageEffectPluginRenderThreadSafety).into_iter().next().unwrap_or_default();
    let thread_safety = if safety.as_c_str() == sys::kOfxImageEffectRenderFullySafe {
        ThreadSafety::FullySafe
    } else if safety.as_c_str() == sys::kOfxImageEffectRenderUnsafe {
        ThreadSafety::Unsafe
    } else {
        ThreadSafety::InstanceSafe
    };
    let depths = set.strings(sys::kOfxImageEffectPropSupportedPixelDepths);
    Description {
        identifier: effect.binary.identifier.clone(),
        version: effect.binary.version,
        context,
        contexts: contexts.to_vec(),
        label: set.text(sys::kOfxPropLabel),
        group: set.text(sys::kOfxImageEffectPluginPropGrouping),
        description: set.text(sys::kOfxPropPluginDescription),
        depths: depths.iter().filter_map(|d| Depth::from_ofx(d)).collect(),
        thread_safety,
        host_frame_threading: set.flag(sys::kOfxImageEffectPluginPropHostFrameThreading),
        tiles: set.flag(sys::kOfxImageEffectPropSupportsTiles),
        temporal: set.flag(sys::kOfxImageEffectPropTemporalClipAccess),
        multi_plane: set.flag(sys::planes::kFnOfxImageEffectPropMultiPlanar),
        clips: effect.all_clips().iter().map(|clip| clip.description()).collect(),
        params: effect.all_params().iter().map(|param| param.description()).collect(),
        properties: set.snapshot(),
    }
}

/// What a description promises and does not hold.
fn faults(description: &Description) -> Vec<(ViolationKind, String)> {
    let mut found = Vec::new();
    let mandated: &[&str] = match description.context {
        Context::Generator | Context::General => &["Output"],
        Context::Filter | Context::Retimer => &["Output", "Source"],
        Context::Paint => &["Output", "Source", "Brush"],
        Context::Transition => &["Output", "SourceFrom", "SourceTo"],
    };
    for name in mandated.iter().filter(|name| description.clip(name).is_none()) {
        found.push((ViolationKind::UnknownName, format!("context {:?} needs a clip {name}", description.context)));
    }
    for clip in description.clips.iter().filter(|clip| clip.components.is_empty()) {
        found.push((ViolationKind::IllegalValue, format!("clip {} takes no components", clip.name)));
    }
    if description.depths.is_empty() {
        found.push((ViolationKind::IllegalValue, "no pixel depth is supported".into()));
    }
    for param in &description.params {
        let default =
            param.default.as_ref().filter(|_| !(param.options.is_empty() && param.kind == crate::ParamKind::Choice));
        if let Some(Err(error)) = default.map(|value| param.check(value)) {
            let kind = if param.kind == crate::ParamKind::Choice {
                ViolationKind::ChoiceOutOfRange
            } else {
                ViolationKind::ValueOutOfRange
            };
            found.push((kind, format!("default of {error}")));
        }
        if !param.parent.is_empty() && description.param(&param.parent).is_none() {
            found.push((ViolationKind::UnknownName, format!("parent {} of parameter {}", param.parent, param.id)));
        }
        // Empty entries and the standard's pseudo names lay a page out.
        let children = param.children.iter().filter(|c| !c.is_empty() && !c.starts_with("OfxParamPageSkip"));
        for child in children.filter(|child| description.param(child).is_none()) {
            found.push((ViolationKind::UnknownName, format!("child {child} of page {}", param.id)));
        }
    }
    found
}
