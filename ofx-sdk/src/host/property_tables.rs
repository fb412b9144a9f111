//! Which object has which properties: name, type, dimension, default, and whether plug-ins may set it.
//!
//! Source: the comments of the official headers (ofxCore.h, ofxImageEffect.h, ofxParam.h, ofxInteract.h).

use super::properties::Values;
use crate::{ParamKind, Transport, sys};
use std::ffi::CStr;

/// One property of a kind of object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    pub name: &'static CStr,
    /// 0: any number.
    count: usize,
    default: Default,
    pub writable: bool,
}

#[derive(Clone, Copy, Debug)]
enum Default {
    Pointer,
    /// One value in each dimension.
    String(&'static CStr),
    Double(f64),
    Int(i32),
}

impl Spec {
    pub fn dimension(&self) -> Option<usize> {
        (self.count > 0).then_some(self.count)
    }

    pub fn values(&self) -> Values {
        match self.default {
            Default::Pointer => Values::Pointers(vec![0; self.count]),
            Default::String(s) => Values::Strings(vec![s.to_owned(); self.count]),
            Default::Double(v) => Values::Doubles(vec![v; self.count]),
            Default::Int(v) => Values::Ints(vec![v; self.count]),
        }
    }

    pub const fn read_only(mut self) -> Self {
        self.writable = false;
        self
    }

    const fn times(mut self, count: usize) -> Self {
        self.count = count;
        self
    }
}

const fn spec(name: &'static CStr, default: Default) -> Spec {
    Spec { name, count: 1, default, writable: true }
}
const fn int(name: &'static CStr, default: i32) -> Spec {
    spec(name, Default::Int(default))
}
const fn double(name: &'static CStr, default: f64) -> Spec {
    spec(name, Default::Double(default))
}
const fn string(name: &'static CStr, default: &'static CStr) -> Spec {
    spec(name, Default::String(default))
}
const fn pointer(name: &'static CStr) -> Spec {
    spec(name, Default::Pointer)
}

const EMPTY: &CStr = c"";

// Declared in headers that wrapper.h does not read, or dropped from the standard: looked for by older plug-ins.
pub(crate) const OPENGL_RENDER_SUPPORTED: &CStr = c"OfxImageEffectPropOpenGLRenderSupported";
const IN_ANALYSIS: &CStr = c"OfxImageEffectPropInAnalysis";
/// The descriptor of the plug-in that an instance belongs to.
const PLUGIN_HANDLE: Spec = pointer(sys::kOfxImageEffectPropPluginHandle);

pub(crate) const HOST: &[Spec] = &[
    int(sys::kOfxPropAPIVersion, 0).times(0).read_only(),
    string(sys::kOfxPropType, sys::kOfxTypeImageEffectHost).read_only(),
    string(sys::kOfxPropName, EMPTY).read_only(),
    string(sys::kOfxPropLabel, EMPTY).read_only(),
    int(sys::kOfxPropVersion, 0).times(0).read_only(),
    string(sys::kOfxPropVersionLabel, EMPTY).read_only(),
    int(sys::kOfxImageEffectHostPropIsBackground, 0).read_only(),
    int(sys::kOfxImageEffectPropSupportsOverlays, 0).read_only(),
    int(sys::kOfxImageEffectPropSupportsMultiResolution, 1).read_only(),
    int(sys::kOfxImageEffectPropSupportsTiles, 1).read_only(),
    int(sys::kOfxImageEffectPropTemporalClipAccess, 1).read_only(),
    string(sys::kOfxImageEffectPropSupportedComponents, EMPTY).times(0).read_only(),
    string(sys::kOfxImageEffectPropSupportedPixelDepths, EMPTY).times(0).read_only(),
    string(sys::kOfxImageEffectPropSupportedContexts, EMPTY).times(0).read_only(),
    int(sys::kOfxImageEffectPropSupportsMultipleClipDepths, 1).read_only(),
    int(sys::kOfxImageEffectPropSupportsMultipleClipPARs, 1).read_only(),
    int(sys::kOfxImageEffectPropSetableFrameRate, 1).read_only(),
    int(sys::kOfxImageEffectPropSetableFielding, 1).read_only(),
    int(sys::kOfxParamHostPropSupportsCustomInteract, 0).read_only(),
    int(sys::kOfxParamHostPropSupportsStringAnimation, 0).read_only(),
    int(sys::kOfxParamHostPropSupportsChoiceAnimation, 1).read_only(),
    int(sys::kOfxParamHostPropSupportsBooleanAnimation, 1).read_only(),
    int(sys::kOfxParamHostPropSupportsCustomAnimation, 0).read_only(),
    int(sys::kOfxParamHostPropSupportsParametricAnimation, 0).read_only(),
    int(sys::kOfxParamHostPropMaxParameters, -1).read_only(),
    int(sys::kOfxParamHostPropMaxPages, 0).read_only(),
    int(sys::kOfxParamHostPropPageRowColumnCount, 0).times(2).read_only(),
    int(sys::kOfxImageEffectInstancePropSequentialRender, 2).read_only(),
    int(sys::kOfxImageEffectPropRenderQualityDraft, 0).read_only(),
    string(sys::kOfxImageEffectHostPropNativeOrigin, sys::kOfxHostNativeOriginBottomLeft).read_only(),
    pointer(sys::kOfxPropHostOSHandle).read_only(),
    string(OPENGL_RENDER_SUPPORTED, c"false").read_only(),
    string(sys::kOfxImageEffectPropCudaRenderSupported, c"false").read_only(),
    string(sys::kOfxImageEffectPropCudaStreamSupported, c"false").read_only(),
    string(sys::kOfxImageEffectPropMetalRenderSupported, c"false").read_only(),
    string(sys::kOfxImageEffectPropOpenCLRenderSupported, c"false").read_only(),
];

/// Added to hosts and effects where planes are offered.
pub(crate) const MULTI_PLANE: &[Spec] = &[int(sys::planes::kFnOfxImageEffectPropMultiPlanar, 0)];

pub(crate) const EFFECT_DESCRIPTOR: &[Spec] = &[
    string(sys::kOfxPropType, sys::kOfxTypeImageEffect).read_only(),
    string(sys::kOfxPropName, EMPTY).read_only(),
    string(sys::kOfxPropLabel, EMPTY),
    string(sys::kOfxPropShortLabel, EMPTY),
    string(sys::kOfxPropLongLabel, EMPTY),
    int(sys::kOfxPropVersion, 0).times(0),
    string(sys::kOfxPropVersionLabel, EMPTY),
    string(sys::kOfxPropPluginDescription, EMPTY),
    string(sys::kOfxPropIcon, EMPTY).times(2),
    string(sys::kOfxImageEffectPropSupportedContexts, EMPTY).times(0),
    string(sys::kOfxImageEffectPluginPropGrouping, EMPTY),
    int(sys::kOfxImageEffectPluginPropSingleInstance, 0),
    string(sys::kOfxImageEffectPluginRenderThreadSafety, sys::kOfxImageEffectRenderInstanceSafe),
    int(sys::kOfxImageEffectPluginPropHostFrameThreading, 1),
    pointer(sys::kOfxImageEffectPluginPropOverlayInteractV1),
    pointer(sys::kOfxImageEffectPluginPropOverlayInteractV2),
    int(sys::kOfxImageEffectPropSupportsMultiResolution, 1),
    int(sys::kOfxImageEffectPropSupportsTiles, 1),
    int(sys::kOfxImageEffectPropTemporalClipAccess, 0),
    string(sys::kOfxImageEffectPropSupportedPixelDepths, EMPTY).times(0),
    int(sys::kOfxImageEffectPluginPropFieldRenderTwiceAlways, 1),
    int(sys::kOfxImageEffectPropSupportsMultipleClipDepths, 0),
    int(sys::kOfxImageEffectPropSupportsMultipleClipPARs, 0),
    string(sys::kOfxImageEffectPropClipPreferencesSlaveParam, EMPTY).times(0),
    int(sys::kOfxImageEffectInstancePropSequentialRender, 0),
    string(sys::kOfxPluginPropFilePath, EMPTY).read_only(),
    string(sys::kOfxPluginPropParamPageOrder, EMPTY).times(0),
    string(OPENGL_RENDER_SUPPORTED, c"false"),
    string(sys::kOfxImageEffectPropCudaRenderSupported, c"false"),
    string(sys::kOfxImageEffectPropCudaStreamSupported, c"false"),
    string(sys::kOfxImageEffectPropMetalRenderSupported, c"false"),
    string(sys::kOfxImageEffectPropOpenCLRenderSupported, c"false"),
];

pub(crate) const EFFECT_INSTANCE: &[Spec] = &[
    string(sys::kOfxPropType, sys::kOfxTypeImageEffectInstance).read_only(),
    string(sys::kOfxPropName, EMPTY).read_only(),
    string(sys::kOfxPropLabel, EMPTY).read_only(),
    string(sys::kOfxPropPluginDescription, EMPTY).read_only(),
    string(sys::kOfxPluginPropFilePath, EMPTY).read_only(),
    string(sys::kOfxImageEffectPropContext, EMPTY).read_only(),
    pointer(sys::kOfxPropInstanceData),
    PLUGIN_HANDLE.read_only(),
    double(sys::kOfxImageEffectPropProjectSize, 0.0).times(2).read_only(),
    double(sys::kOfxImageEffectPropProjectOffset, 0.0).times(2).read_only(),
    double(sys::kOfxImageEffectPropProjectExtent, 0.0).times(2).read_only(),
    double(sys::kOfxImageEffectPropProjectPixelAspectRatio, 1.0).read_only(),
    double(sys::kOfxImageEffectInstancePropEffectDuration, 0.0).read_only(),
    int(sys::kOfxImageEffectInstancePropSequentialRender, 0),
    double(sys::kOfxImageEffectPropFrameRate, 0.0).read_only(),
    int(sys::kOfxPropIsInteractive, 0).read_only(),
    int(sys::kOfxImageEffectPropSupportsTiles, 1),
    int(sys::kOfxPropParamSetNeedsSyncing, 0),
    string(sys::kOfxPluginPropParamPageOrder, EMPTY).times(0).read_only(),
    string(OPENGL_RENDER_SUPPORTED, c"false"),
    string(sys::kOfxImageEffectPropCudaRenderSupported, c"false"),
    string(sys::kOfxImageEffectPropCudaStreamSupported, c"false"),
    string(sys::kOfxImageEffectPropMetalRenderSupported, c"false"),
    string(sys::kOfxImageEffectPropOpenCLRenderSupported, c"false"),
];

pub(crate) const CLIP_DESCRIPTOR: &[Spec] = &[
    string(sys::kOfxPropType, sys::kOfxTypeClip).read_only(),
    string(sys::kOfxPropName, EMPTY).read_only(),
    string(sys::kOfxPropLabel, EMPTY),
    string(sys::kOfxPropShortLabel, EMPTY),
    string(sys::kOfxPropLongLabel, EMPTY),
    string(sys::kOfxImageEffectPropSupportedComponents, EMPTY).times(0),
    int(sys::kOfxImageEffectPropTemporalClipAccess, 0),
    int(sys::kOfxImageClipPropOptional, 0),
    int(sys::kOfxImageClipPropIsMask, 0),
    string(sys::kOfxImageClipPropFieldExtraction, sys::kOfxImageFieldDoubled),
    int(sys::kOfxImageEffectPropSupportsTiles, 1),
];

pub(crate) const CLIP_INSTANCE: &[Spec] = &[
    string(sys::kOfxImageEffectPropPixelDepth, sys::kOfxBitDepthNone).read_only(),
    string(sys::kOfxImageEffectPropComponents, sys::kOfxImageComponentNone).read_only(),
    string(sys::kOfxImageClipPropUnmappedPixelDepth, sys::kOfxBitDepthNone).read_only(),
    string(sys::kOfxImageClipPropUnmappedComponents, sys::kOfxImageComponentNone).read_only(),
    string(sys::kOfxImageEffectPropPreMultiplication, sys::kOfxImageOpaque).read_only(),
    double(sys::kOfxImagePropPixelAspectRatio, 1.0).read_only(),
    double(sys::kOfxImageEffectPropFrameRate, 24.0).read_only(),
    double(sys::kOfxImageEffectPropUnmappedFrameRate, 24.0).read_only(),
    double(sys::kOfxImageEffectPropFrameRange, 0.0).times(2).read_only(),
    double(sys::kOfxImageEffectPropUnmappedFrameRange, 0.0).times(2).read_only(),
    string(sys::kOfxImageClipPropFieldOrder, sys::kOfxImageFieldNone).read_only(),
    int(sys::kOfxImageClipPropConnected, 0).read_only(),
    int(sys::kOfxImageClipPropContinuousSamples, 0).read_only(),
];

pub(crate) const IMAGE: &[Spec] = &[
    string(sys::kOfxPropType, sys::kOfxTypeImage).read_only(),
    string(sys::kOfxImageEffectPropPixelDepth, EMPTY).read_only(),
    string(sys::kOfxImageEffectPropComponents, EMPTY).read_only(),
    string(sys::kOfxImageEffectPropPreMultiplication, EMPTY).read_only(),
    double(sys::kOfxImageEffectPropRenderScale, 1.0).times(2).read_only(),
    double(sys::kOfxImagePropPixelAspectRatio, 1.0).read_only(),
    pointer(sys::kOfxImagePropData).read_only(),
    int(sys::kOfxImagePropBounds, 0).times(4).read_only(),
    int(sys::kOfxImagePropRegionOfDefinition, 0).times(4).read_only(),
    int(sys::kOfxImagePropRowBytes, 0).read_only(),
    string(sys::kOfxImagePropField, sys::kOfxImageFieldNone).read_only(),
    string(sys::kOfxImagePropUniqueIdentifier, EMPTY).read_only(),
];

const PARAM_ALL: &[Spec] = &[
    string(sys::kOfxPropType, sys::kOfxTypeParameter).read_only(),
    string(sys::kOfxPropName, EMPTY).read_only(),
    string(sys::kOfxPropLabel, EMPTY),
    string(sys::kOfxPropShortLabel, EMPTY),
    string(sys::kOfxPropLongLabel, EMPTY),
    string(sys::kOfxPropIcon, EMPTY).times(2),
    string(sys::kOfxParamPropType, EMPTY).read_only(),
    int(sys::kOfxParamPropSecret, 0),
    int(sys::kOfxParamPropEnabled, 1),
    string(sys::kOfxParamPropHint, EMPTY),
    string(sys::kOfxParamPropScriptName, EMPTY),
    string(sys::kOfxParamPropParent, EMPTY),
    pointer(sys::kOfxParamPropDataPtr),
];

const PARAM_INTERACT: &[Spec] = &[
    pointer(sys::kOfxParamPropInteractV1),
    double(sys::kOfxParamPropInteractSize, 0.0).times(2).read_only(),
    double(sys::kOfxParamPropInteractSizeAspect, 1.0),
    double(sys::kOfxParamPropInteractMinimumSize, 10.0).times(2),
    int(sys::kOfxParamPropInteractPreferedSize, 10).times(2),
];

const PARAM_VALUE: &[Spec] = &[
    int(sys::kOfxParamPropAnimates, 1),
    int(sys::kOfxParamPropIsAnimating, 0).read_only(),
    int(sys::kOfxParamPropIsAutoKeying, 0).read_only(),
    int(sys::kOfxParamPropPersistant, 1),
    int(sys::kOfxParamPropEvaluateOnChange, 1),
    int(sys::kOfxParamPropPluginMayWrite, 0),
    int(sys::kOfxParamPropCanUndo, 1),
    string(sys::kOfxParamPropCacheInvalidation, sys::kOfxParamInvalidateValueChange),
];

const PARAM_DOUBLE: &[Spec] = &[
    double(sys::kOfxParamPropIncrement, 1.0),
    int(sys::kOfxParamPropDigits, 2),
    string(sys::kOfxParamPropDoubleType, sys::kOfxParamDoubleTypePlain),
    string(sys::kOfxParamPropDefaultCoordinateSystem, sys::kOfxParamCoordinatesCanonical),
    int(sys::kOfxParamPropHasHostOverlayHandle, 0).read_only(),
    int(sys::kOfxParamPropUseHostOverlayHandle, 0),
    int(sys::kOfxParamPropShowTimeMarker, 0),
];

const PARAM_STRING: &[Spec] = &[
    string(sys::kOfxParamPropStringMode, sys::kOfxParamStringIsSingleLine),
    int(sys::kOfxParamPropStringFilePathExists, 1),
];

const PARAM_CUSTOM: &[Spec] = &[pointer(sys::kOfxParamPropCustomInterpCallbackV1)];
const PARAM_CHOICE: &[Spec] = &[string(sys::kOfxParamPropChoiceOption, EMPTY).times(0)];
const PARAM_PAGE: &[Spec] = &[string(sys::kOfxParamPropPageChild, EMPTY).times(0)];
const PARAM_GROUP: &[Spec] = &[int(sys::kOfxParamPropGroupOpen, 1)];

/// The properties of a parameter of this kind. On an instance only those stay writable that the standard says so of.
pub(crate) fn param(kind: ParamKind, instance: bool) -> Vec<Spec> {
    let mut specs = PARAM_ALL.to_vec();
    let has_value = kind.transport() != Transport::Nothing;
    if has_value || kind == ParamKind::PushButton {
        specs.extend(PARAM_INTERACT);
    }
    if has_value {
        specs.extend(PARAM_VALUE);
    }
    match kind.transport() {
        Transport::Doubles(n) => {
            specs.push(double(sys::kOfxParamPropDefault, 0.0).times(n));
            specs.extend(range(n, double(EMPTY, -f64::MAX), double(EMPTY, f64::MAX)));
            specs.push(string(sys::kOfxParamPropDimensionLabel, EMPTY).times(n));
            specs.extend(PARAM_DOUBLE);
        }
        Transport::Ints(n) => {
            specs.push(int(sys::kOfxParamPropDefault, 0).times(n));
            if !matches!(kind, ParamKind::Boolean | ParamKind::Choice) {
                specs.extend(range(n, int(EMPTY, i32::MIN), int(EMPTY, i32::MAX)));
                specs.push(string(sys::kOfxParamPropDimensionLabel, EMPTY).times(n));
            }
        }
        Transport::String => specs.push(string(sys::kOfxParamPropDefault, EMPTY)),
        Transport::Nothing => {}
    }
    match kind {
        ParamKind::String => specs.extend(PARAM_STRING),
        ParamKind::Custom => specs.extend(PARAM_CUSTOM),
        ParamKind::Choice => specs.extend(PARAM_CHOICE),
        ParamKind::Page => specs.extend(PARAM_PAGE),
        ParamKind::Group => specs.extend(PARAM_GROUP),
        _ => {}
    }
    if instance {
        for spec in &mut specs {
            spec.writable &= WRITABLE_ON_INSTANCES.contains(&spec.name);
        }
    }
    specs
}

const WRITABLE_ON_INSTANCES: &[&CStr] = &[
    sys::kOfxPropLabel,
    sys::kOfxPropShortLabel,
    sys::kOfxPropLongLabel,
    sys::kOfxParamPropSecret,
    sys::kOfxParamPropEnabled,
    sys::kOfxParamPropHint,
    sys::kOfxParamPropDataPtr,
    sys::kOfxParamPropEvaluateOnChange,
    sys::kOfxParamPropDefault,
    sys::kOfxParamPropMin,
    sys::kOfxParamPropMax,
    sys::kOfxParamPropDisplayMin,
    sys::kOfxParamPropDisplayMax,
    sys::kOfxParamPropIncrement,
    sys::kOfxParamPropDigits,
    sys::kOfxParamPropShowTimeMarker,
    sys::kOfxParamPropChoiceOption,
];

fn range(count: usize, low: Spec, high: Spec) -> [Spec; 4] {
    let named = |name, spec: Spec| Spec { name, ..spec.times(count) };
    [
        named(sys::kOfxParamPropMin, low),
        named(sys::kOfxParamPropMax, high),
        named(sys::kOfxParamPropDisplayMin, low),
        named(sys::kOfxParamPropDisplayMax, high),
    ]
}

pub(crate) const INTERACT_DESCRIPTOR: &[Spec] =
    &[int(sys::kOfxInteractPropHasAlpha, 1).read_only(), int(sys::kOfxInteractPropBitDepth, 8).read_only()];

pub(crate) const INTERACT_INSTANCE: &[Spec] = &[
    pointer(sys::kOfxPropEffectInstance).read_only(),
    pointer(sys::kOfxPropInstanceData),
    double(sys::kOfxInteractPropPixelScale, 1.0).times(2).read_only(),
    double(sys::kOfxInteractPropBackgroundColour, 0.0).times(3).read_only(),
    double(sys::kOfxInteractPropSuggestedColour, 1.0).times(3).read_only(),
    int(sys::kOfxInteractPropViewportSize, 0).times(2).read_only(),
    string(sys::kOfxInteractPropSlaveToParam, EMPTY).times(0),
];

/// Arguments of actions; each action takes those that it has by name.
const ARGUMENTS: &[Spec] = &[
    string(sys::kOfxPropType, EMPTY),
    string(sys::kOfxPropName, EMPTY),
    string(sys::kOfxPropChangeReason, EMPTY),
    double(sys::kOfxPropTime, 0.0),
    int(sys::kOfxPropIsInteractive, 0),
    string(sys::kOfxImageEffectPropContext, EMPTY),
    double(sys::kOfxImageEffectPropRenderScale, 1.0).times(2),
    double(sys::kOfxImageEffectPropRegionOfDefinition, 0.0).times(4),
    double(sys::kOfxImageEffectPropRegionOfInterest, 0.0).times(4),
    string(sys::kOfxImageEffectPropFieldToRender, sys::kOfxImageFieldNone),
    int(sys::kOfxImageEffectPropRenderWindow, 0).times(4),
    double(sys::kOfxImageEffectPropFrameRange, 0.0).times(2),
    double(sys::kOfxImageEffectPropFrameStep, 1.0),
    int(sys::kOfxImageEffectPropSequentialRenderStatus, 0),
    int(sys::kOfxImageEffectPropInteractiveRenderStatus, 0),
    int(sys::kOfxImageEffectPropRenderQualityDraft, 0),
    double(sys::kOfxImageEffectPropFrameRate, 24.0),
    string(sys::kOfxImageEffectPropPreMultiplication, EMPTY),
    string(sys::kOfxImageClipPropFieldOrder, EMPTY),
    int(sys::kOfxImageClipPropContinuousSamples, 0),
    int(sys::kOfxImageEffectFrameVarying, 0),
    string(sys::planes::kOfxImageEffectPropRenderPlanes, EMPTY).times(0),
    string(sys::planes::kFnOfxImageEffectPropPassThroughClip, EMPTY),
    double(sys::planes::kFnOfxImageEffectPropPassThroughTime, 0.0),
    double(sys::kOfxInteractPropPenPosition, 0.0).times(2),
    int(sys::kOfxInteractPropPenViewportPosition, 0).times(2),
    double(sys::kOfxInteractPropPenPressure, 0.0),
    double(sys::kOfxInteractPropPixelScale, 1.0).times(2),
    double(sys::kOfxInteractPropBackgroundColour, 0.0).times(3),
    int(sys::kOfxInteractPropViewportSize, 0).times(2),
    pointer(sys::kOfxInteractPropDrawContext),
    int(sys::kOfxPropKeySym, 0),
    string(sys::kOfxPropKeyString, EMPTY),
    pointer(sys::kOfxPropEffectInstance),
];

/// The argument properties of these names, for plug-ins to set or only to read.
pub(crate) fn arguments(names: &[&CStr], writable: bool) -> Vec<Spec> {
    ARGUMENTS.iter().filter(|spec| names.contains(&spec.name)).map(|spec| Spec { writable, ..*spec }).collect()
}

/// Properties that no table has, but that plug-ins rightly look for in some host.
const ELSEWHERE: &[&CStr] = &[
    IN_ANALYSIS,
    c"OfxImageEffectPropOpenGLEnabled",
    c"OfxImageEffectPropOpenGLTextureIndex",
    c"OfxImageEffectPropOpenGLTextureTarget",
    c"OfxImageEffectPropCudaEnabled",
    c"OfxImageEffectPropCudaStream",
    c"OfxImageEffectPropMetalEnabled",
    c"OfxImageEffectPropMetalCommandQueue",
    c"OfxImageEffectPropOpenCLEnabled",
    c"OfxImageEffectPropOpenCLCommandQueue",
];

/// Whether some object of the standard, or of an extension in use, has a property of this name. Names of other
/// vendors' extensions (with a dot, or Natron's) count as known: hosts are asked for them to find out who they are.
pub(crate) fn is_known(name: &CStr) -> bool {
    let tables = [
        HOST,
        MULTI_PLANE,
        EFFECT_DESCRIPTOR,
        EFFECT_INSTANCE,
        CLIP_DESCRIPTOR,
        CLIP_INSTANCE,
        IMAGE,
        ARGUMENTS,
        INTERACT_DESCRIPTOR,
        INTERACT_INSTANCE,
    ];
    tables.iter().copied().flatten().any(|spec| spec.name == name)
        || ParamKind::ALL.iter().any(|kind| param(*kind, false).iter().any(|spec| spec.name == name))
        || ELSEWHERE.contains(&name)
        || name.to_bytes().contains(&b'.')
        || name.to_bytes().starts_with(b"Natron")
        || name.to_bytes().starts_with(b"OfxNatron")
}
