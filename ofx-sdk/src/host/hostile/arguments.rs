//! The arguments of actions, proper and otherwise.

use super::{
    Asked, Given,
    sequence::ACTIONS,
    stage::{Inner, stale},
};
use crate::{
    host::{
        loan::corners,
        properties::{PropertySet, SetKind, Values},
        property_tables,
    },
    sys,
};
use std::{
    ffi::{CStr, CString},
    sync::Arc,
};

impl Inner {
    /// The handle that is given for a set of arguments.
    pub(super) fn given(&self, given: Given, proper: &PropertySet) -> sys::OfxPropertySetHandle {
        match given {
            Given::Proper => proper.raw(),
            Given::Null => std::ptr::null_mut(),
            Given::Stale => stale().cast_mut().cast(),
            Given::Foreign => self.plugin.core().descriptor.raw().cast(),
        }
    }

    /// Everything that any action asks for.
    pub(super) fn in_args(&self, name: &CStr, asked: &Asked) -> Arc<PropertySet> {
        let names = [
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRenderScale,
            sys::kOfxImageEffectPropRenderWindow,
            sys::kOfxImageEffectPropFieldToRender,
            sys::kOfxImageEffectPropRegionOfInterest,
            sys::kOfxImageEffectPropFrameRange,
            sys::kOfxImageEffectPropFrameStep,
            sys::kOfxPropType,
            sys::kOfxPropName,
            sys::kOfxPropChangeReason,
            sys::planes::kOfxImageEffectPropRenderPlanes,
        ];
        let table = property_tables::arguments(&names, false);
        let set = PropertySet::new(self.host().core(), SetKind::InArgs, "of a hostile host", &[&table]);
        set.put_doubles(sys::kOfxPropTime, &[asked.time]);
        set.put_doubles(sys::kOfxImageEffectPropRenderScale, &asked.scale);
        set.put_ints(sys::kOfxImageEffectPropRenderWindow, &corners(asked.window));
        set.put_strings(sys::kOfxImageEffectPropFieldToRender, [asked.field.ofx_name()]);
        let region = asked.window;
        let region = [region.x1, region.y1, region.x2, region.y2].map(f64::from);
        set.put_doubles(sys::kOfxImageEffectPropRegionOfInterest, &region);
        set.put_doubles(sys::kOfxImageEffectPropFrameRange, &[asked.time, -asked.time]);
        set.put_doubles(sys::kOfxImageEffectPropFrameStep, &[asked.scale[0]]);
        if name == sys::kOfxActionInstanceChanged {
            let params = self.params.get().map_or(&[][..], Vec::as_slice);
            let reason = [sys::kOfxChangeUserEdited, sys::kOfxChangePluginEdited, c"OfxChangedTomorrow"];
            set.put_strings(sys::kOfxPropType, [sys::kOfxTypeParameter]);
            set.put_string(sys::kOfxPropName, params.get(asked.param).map_or("no such parameter", String::as_str));
            // Mostly the artist.
            set.put_strings(sys::kOfxPropChangeReason, [reason[asked.planes.len().saturating_sub(1) % 3]]);
        }
        let planes = self.planes.get().map_or(&[][..], Vec::as_slice);
        let wanted = asked.planes.iter().filter_map(|n| planes.get(*n)).filter_map(|p| CString::new(&**p).ok());
        set.put_strings(sys::planes::kOfxImageEffectPropRenderPlanes, wanted);
        set
    }

    /// What an action may answer in.
    pub(super) fn out_args(&self, name: &CStr) -> Arc<PropertySet> {
        use sys::planes as ext;
        let names: &[&CStr] = &[
            sys::kOfxPropName,
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRegionOfDefinition,
            sys::kOfxImageEffectPropFrameRange,
            sys::kOfxImageEffectPropFrameRate,
            sys::kOfxImageEffectPropPreMultiplication,
            sys::kOfxImageClipPropFieldOrder,
            sys::kOfxImageClipPropContinuousSamples,
            sys::kOfxImageEffectFrameVarying,
            ext::kFnOfxImageEffectPropPassThroughClip,
            ext::kFnOfxImageEffectPropPassThroughTime,
        ];
        let answers = ACTIONS[1..8].contains(&name);
        let table = if answers { property_tables::arguments(names, true) } else { Vec::new() };
        let set = PropertySet::new(self.host().core(), SetKind::OutArgs, "of a hostile host", &[&table]);
        if name == ext::kFnOfxImageEffectActionGetClipComponents {
            let prefix = ext::kFnOfxImageEffectActionGetClipComponentsPropString.to_string_lossy();
            for clip in ["Source", "Output"] {
                set.add(&format!("{prefix}{clip}"), None, Values::Strings(Vec::new()), true);
            }
        }
        set
    }
}
