//! One parameter of a descriptor or of an instance.

use super::{
    curve::Curve,
    description::{ParamDescription, StringMode},
    effect::Effect,
    handles::{Handle, Object},
    plugin::HostCore,
    properties::{PropertySet, SetKind, c_string},
    property_tables,
    sync::lock,
    value::ParamValue,
};
use crate::{ParamKind, Transport, sys};
use std::{
    ffi::{CStr, CString, c_char},
    sync::{Arc, Mutex, Weak},
};

pub(crate) struct Param {
    handle: Handle,
    pub name: String,
    pub kind: ParamKind,
    pub properties: Arc<PropertySet>,
    pub effect: Weak<Effect>,
    /// `None` for kinds without a value, and on descriptors.
    pub curve: Option<Mutex<Curve>>,
    /// Strings whose address a plug-in may hold until the parameter is set again.
    returned: Mutex<Vec<CString>>,
}

impl Param {
    /// A parameter as it is defined in a describe action.
    pub fn define(host: &Arc<HostCore>, effect: &Arc<Effect>, name: &str, kind: ParamKind) -> Arc<Self> {
        let table = property_tables::param(kind, false);
        let set = PropertySet::new(host, SetKind::ParamDescriptor, name, &[&table]);
        for property in [
            sys::kOfxPropName,
            sys::kOfxPropLabel,
            sys::kOfxPropShortLabel,
            sys::kOfxPropLongLabel,
            sys::kOfxParamPropScriptName,
        ] {
            set.put_string(property, name);
        }
        set.put_strings(sys::kOfxParamPropType, [kind.ofx_name()]);
        if matches!(kind, ParamKind::String | ParamKind::Custom | ParamKind::Boolean | ParamKind::Choice) {
            set.put_ints(sys::kOfxParamPropAnimates, &[i32::from(can_animate(host, kind))]);
        }
        if matches!(kind.transport(), Transport::Doubles(2 | 3) | Transport::Ints(2 | 3)) {
            let labels: &[&str] = match kind {
                ParamKind::Rgb => &["r", "g", "b"],
                ParamKind::Double2D | ParamKind::Integer2D => &["x", "y"],
                _ => &["x", "y", "z"],
            };
            set.put_strings(sys::kOfxParamPropDimensionLabel, labels.iter().map(|l| c_string(l)));
        }
        Self::bound(name, kind, set, effect, None)
    }

    /// The parameter of an instance, with its default value.
    pub fn instantiate(&self, host: &Arc<HostCore>, effect: &Arc<Effect>) -> Arc<Self> {
        let table = property_tables::param(self.kind, true);
        let set = self.properties.copy_as(host, SetKind::Param, &[&table]);
        set.put_strings(sys::kOfxPropType, [sys::kOfxTypeParameterInstance]);
        let curve = self.initial(effect).map(|value| Mutex::new(Curve::constant(value)));
        Self::bound(&self.name, self.kind, set, effect, curve)
    }

    /// The value of a new instance: the default, in the project's coordinates where it was given as a share of them.
    fn initial(&self, effect: &Effect) -> Option<ParamValue> {
        let default = self.default()?;
        let set = &self.properties;
        let normalised = c_string(&set.text(sys::kOfxParamPropDefaultCoordinateSystem));
        let Some(life) = effect.life.as_ref().filter(|_| *normalised == *sys::kOfxParamCoordinatesNormalised) else {
            return Some(default);
        };
        let double_type = c_string(&set.text(sys::kOfxParamPropDoubleType));
        let Some((axes, absolute)) = spatial(&double_type) else { return Some(default) };
        let place = |(value, axis): (&f64, &usize)| {
            let origin = if absolute { life.project.offset[*axis] } else { 0.0 };
            origin + value * life.project.size[*axis]
        };
        let values: Vec<f64> = default.doubles().iter().zip(axes).map(place).collect();
        // A kind with another number of dimensions than its type has keeps what it was given.
        Some(ParamValue::from_doubles(self.kind, &values).unwrap_or(default))
    }

    fn bound(
        name: &str,
        kind: ParamKind,
        properties: Arc<PropertySet>,
        effect: &Arc<Effect>,
        curve: Option<Mutex<Curve>>,
    ) -> Arc<Self> {
        let param = Arc::new(Self {
            handle: Handle::reserve(),
            name: name.to_owned(),
            kind,
            properties,
            effect: Arc::downgrade(effect),
            curve,
            returned: Mutex::default(),
        });
        param.handle.bind(Object::Param(Arc::downgrade(&param)));
        param
    }

    pub fn raw(&self) -> sys::OfxParamHandle {
        self.handle.raw()
    }

    /// Whether it may have keys in this host.
    pub fn animates(&self, host: &HostCore) -> bool {
        self.curve.is_some() && self.properties.flag(sys::kOfxParamPropAnimates) && can_animate(host, self.kind)
    }

    /// The value at `time`; `None` for kinds without.
    pub fn value(&self, time: f64) -> Option<ParamValue> {
        self.curve.as_ref().map(|curve| lock(curve).at(time))
    }

    /// Changes the curve, and what the properties say of it.
    pub fn change<T>(&self, change: impl FnOnce(&mut Curve) -> T) -> Option<T> {
        let curve = self.curve.as_ref()?;
        let (result, animated) = {
            let mut curve = lock(curve);
            (change(&mut curve), curve.is_animated())
        };
        lock(&self.returned).clear();
        self.properties.put_ints(sys::kOfxParamPropIsAnimating, &[i32::from(animated)]);
        Some(result)
    }

    /// The address of a text that stays until the parameter is set again.
    pub fn lend_text(&self, text: &str) -> *const c_char {
        let text = c_string(text);
        let mut returned = lock(&self.returned);
        if let Some(known) = returned.iter().find(|t| **t == text) {
            return known.as_ptr();
        }
        let address = text.as_ptr();
        returned.push(text);
        address
    }

    /// The value of a new instance, as the properties say now; `None` for kinds without.
    fn default(&self) -> Option<ParamValue> {
        let set = &self.properties;
        let kind = self.kind;
        let default = match kind.transport() {
            Transport::Doubles(_) => ParamValue::from_doubles(kind, &set.doubles(sys::kOfxParamPropDefault)),
            Transport::Ints(_) => {
                let values: Vec<i32> = set.doubles(sys::kOfxParamPropDefault).iter().map(|v| *v as i32).collect();
                ParamValue::from_ints(kind, &values)
            }
            Transport::String => Some(ParamValue::String(set.text(sys::kOfxParamPropDefault))),
            Transport::Nothing => None,
        };
        default.or_else(|| ParamValue::zero(kind))
    }

    /// What the properties say now.
    pub fn description(&self) -> ParamDescription {
        let set = &self.properties;
        let kind = self.kind;
        ParamDescription {
            id: self.name.clone(),
            label: set.text(sys::kOfxPropLabel),
            hint: set.text(sys::kOfxParamPropHint),
            kind,
            default: self.default(),
            min: set.doubles(sys::kOfxParamPropMin),
            max: set.doubles(sys::kOfxParamPropMax),
            display_min: set.doubles(sys::kOfxParamPropDisplayMin),
            display_max: set.doubles(sys::kOfxParamPropDisplayMax),
            options: set.texts(sys::kOfxParamPropChoiceOption),
            secret: set.flag(sys::kOfxParamPropSecret),
            enabled: set.int(sys::kOfxParamPropEnabled) != Some(0),
            parent: set.text(sys::kOfxParamPropParent),
            animates: set.flag(sys::kOfxParamPropAnimates),
            persistent: set.flag(sys::kOfxParamPropPersistant),
            evaluate_on_change: set.flag(sys::kOfxParamPropEvaluateOnChange),
            string_mode: (kind == ParamKind::String).then(|| string_mode(&set.text(sys::kOfxParamPropStringMode))),
            children: set.texts(sys::kOfxParamPropPageChild),
            properties: set.snapshot(),
        }
    }
}

/// Which axes of the project the numbers of a spatial parameter run along, and whether they are places and not lengths.
fn spatial(double_type: &CStr) -> Option<(&'static [usize], bool)> {
    let types: [(&CStr, &[usize], bool); 6] = [
        (sys::kOfxParamDoubleTypeX, &[0], false),
        (sys::kOfxParamDoubleTypeXAbsolute, &[0], true),
        (sys::kOfxParamDoubleTypeY, &[1], false),
        (sys::kOfxParamDoubleTypeYAbsolute, &[1], true),
        (sys::kOfxParamDoubleTypeXY, &[0, 1], false),
        (sys::kOfxParamDoubleTypeXYAbsolute, &[0, 1], true),
    ];
    types.iter().find(|(name, ..)| *name == double_type).map(|(_, axes, absolute)| (*axes, *absolute))
}

fn can_animate(host: &HostCore, kind: ParamKind) -> bool {
    match kind {
        ParamKind::String => host.options.animated_strings,
        ParamKind::Custom => false,
        _ => true,
    }
}

fn string_mode(name: &str) -> StringMode {
    let name = c_string(name);
    let modes = [
        (sys::kOfxParamStringIsMultiLine, StringMode::MultiLine),
        (sys::kOfxParamStringIsFilePath, StringMode::FilePath),
        (sys::kOfxParamStringIsDirectoryPath, StringMode::DirectoryPath),
        (sys::kOfxParamStringIsLabel, StringMode::Label),
        (sys::kOfxParamStringIsRichTextFormat, StringMode::RichText),
    ];
    modes.iter().find(|(ofx, _)| *ofx == name.as_c_str()).map_or(StringMode::SingleLine, |(_, mode)| *mode)
}
