//! Sets of properties: typed values under names, with what plug-ins may do to them.

use super::{
    action,
    handles::{Handle, Object},
    hostile::PropertyLie,
    plugin::HostCore,
    property_tables::{self, Spec},
    sync::lock,
    violation::ViolationKind,
};
use crate::{PropertyType, Status, host::PropertySnapshot, sys};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    ffi::{CStr, CString},
    fmt,
    sync::{Arc, Mutex, Weak},
};

/// The values of one property.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// Addresses: never followed here.
    Pointers(Vec<usize>),
    Strings(Vec<CString>),
    Doubles(Vec<f64>),
    Ints(Vec<i32>),
}

/// One value on its way in or out.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Pointer(usize),
    String(CString),
    Double(f64),
    Int(i32),
}

impl Values {
    pub fn kind(&self) -> PropertyType {
        match self {
            Self::Pointers(_) => PropertyType::Pointer,
            Self::Strings(_) => PropertyType::String,
            Self::Doubles(_) => PropertyType::Double,
            Self::Ints(_) => PropertyType::Int,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Pointers(v) => v.len(),
            Self::Strings(v) => v.len(),
            Self::Doubles(v) => v.len(),
            Self::Ints(v) => v.len(),
        }
    }

    /// Sets one value, growing by one at the end; `Err` gives the value back when the type differs.
    fn set(&mut self, index: usize, value: Value) -> Result<Option<CString>, Value> {
        fn put<T>(values: &mut Vec<T>, index: usize, value: T) -> Option<T> {
            match values.get_mut(index) {
                Some(slot) => Some(std::mem::replace(slot, value)),
                None => {
                    values.push(value);
                    None
                }
            }
        }
        match (self, value) {
            (Self::Pointers(v), Value::Pointer(new)) => put(v, index, new).map_or(Ok(None), |_| Ok(None)),
            (Self::Doubles(v), Value::Double(new)) => put(v, index, new).map_or(Ok(None), |_| Ok(None)),
            (Self::Ints(v), Value::Int(new)) => put(v, index, new).map_or(Ok(None), |_| Ok(None)),
            (Self::Strings(v), Value::String(new)) => Ok(put(v, index, new)),
            (_, value) => Err(value),
        }
    }

    fn truncate(&mut self, count: usize) {
        match self {
            Self::Pointers(v) => v.truncate(count),
            Self::Strings(v) => v.truncate(count),
            Self::Doubles(v) => v.truncate(count),
            Self::Ints(v) => v.truncate(count),
        }
    }

    pub fn text(&self) -> Vec<String> {
        match self {
            Self::Pointers(v) => v.iter().map(|p| if *p == 0 { "null".into() } else { "set".into() }).collect(),
            Self::Strings(v) => v.iter().map(|s| s.to_string_lossy().into_owned()).collect(),
            Self::Doubles(v) => v.iter().map(f64::to_string).collect(),
            Self::Ints(v) => v.iter().map(i32::to_string).collect(),
        }
    }
}

#[derive(Clone, Debug)]
struct Property {
    /// `None`: any number of values.
    dimension: Option<usize>,
    values: Values,
    default: Values,
    writable: bool,
}

/// What kind of object a set belongs to: decides how a plug-in's mistake is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetKind {
    Host,
    EffectDescriptor,
    EffectInstance,
    ClipDescriptor,
    Clip,
    ParamDescriptor,
    Param,
    Image,
    InArgs,
    OutArgs,
    Interact,
}

/// The name of a property; most are the standard's.
type Name = Cow<'static, CStr>;

/// One set of properties, with a handle of its own.
pub(crate) struct PropertySet {
    handle: Handle,
    kind: SetKind,
    name: String,
    host: Weak<HostCore>,
    values: Mutex<BTreeMap<Name, Property>>,
    /// Replaced strings whose address a plug-in on another thread may still be reading.
    retired: Mutex<Vec<CString>>,
}

/// How many replaced strings are kept.
const RETIRED: usize = 32;

impl PropertySet {
    /// A set of the properties in `tables`, less those that this host is told to lack.
    pub fn new(host: &Arc<HostCore>, kind: SetKind, name: &str, tables: &[&[Spec]]) -> Arc<Self> {
        let hidden = &host.options.without_properties;
        let mut values = BTreeMap::new();
        for spec in tables.iter().copied().flatten() {
            if hidden.iter().any(|h| h.as_bytes() == spec.name.to_bytes()) {
                continue;
            }
            let default = spec.values();
            let property =
                Property { dimension: spec.dimension(), values: default.clone(), default, writable: spec.writable };
            values.insert(Name::Borrowed(spec.name), property);
        }
        let set = Arc::new(Self {
            handle: Handle::reserve(),
            kind,
            name: name.to_owned(),
            host: Arc::downgrade(host),
            values: Mutex::new(values),
            retired: Mutex::default(),
        });
        set.handle.bind(Object::Properties(Arc::downgrade(&set)));
        set
    }

    /// A set of another kind with the same values: an instance's from its descriptor's.
    pub fn copy_as(&self, host: &Arc<HostCore>, kind: SetKind, tables: &[&[Spec]]) -> Arc<Self> {
        let copy = Self::new(host, kind, &self.name, tables);
        {
            let from = lock(&self.values);
            let mut to = lock(&copy.values);
            for (name, property) in to.iter_mut() {
                if let Some(source) = from.get(name)
                    && source.values.kind() == property.values.kind()
                    && **name != *sys::kOfxPropType
                {
                    property.values = source.values.clone();
                    property.default = source.values.clone();
                }
            }
        }
        copy
    }

    pub fn raw(&self) -> sys::OfxPropertySetHandle {
        self.handle.raw()
    }

    /// Lets this set's handle stand for the object that owns it.
    pub fn rebind(&self, object: Object) {
        self.handle.bind(object);
    }

    /// Names a mistake that concerns this set.
    pub fn violation(&self, kind: ViolationKind, detail: &str) {
        if let Some(host) = self.host.upgrade() {
            host.violation(kind, format!("{:?} {}: {detail}", self.kind, self.name));
        }
    }

    // The host's own access: by name, without the rules that hold for plug-ins. A property that was taken away stays
    // away.

    fn put(&self, name: &CStr, values: Values) {
        if let Some(property) = lock(&self.values).get_mut(name) {
            debug_assert_eq!(property.values.kind(), values.kind(), "{name:?}");
            let old = std::mem::replace(&mut property.values, values);
            if let Values::Strings(strings) = old {
                self.retire(strings);
            }
        }
    }

    /// Adds a property that no table has, such as one with a clip's name in its own.
    pub fn add(&self, name: &str, dimension: Option<usize>, values: Values, writable: bool) {
        let hidden = self.host.upgrade().is_some_and(|h| h.options.without_properties.iter().any(|p| p == name));
        if let Ok(name) = CString::new(name)
            && !hidden
        {
            let property = Property { dimension, default: values.clone(), values, writable };
            lock(&self.values).insert(Name::Owned(name), property);
        }
    }

    pub fn put_ints(&self, name: &CStr, values: &[i32]) {
        self.put(name, Values::Ints(values.to_vec()));
    }

    pub fn put_doubles(&self, name: &CStr, values: &[f64]) {
        self.put(name, Values::Doubles(values.to_vec()));
    }

    pub fn put_string(&self, name: &CStr, value: &str) {
        self.put(name, Values::Strings(vec![c_string(value)]));
    }

    pub fn put_strings<S: AsRef<CStr>>(&self, name: &CStr, values: impl IntoIterator<Item = S>) {
        self.put(name, Values::Strings(values.into_iter().map(|s| s.as_ref().to_owned()).collect()));
    }

    pub fn put_pointer(&self, name: &CStr, value: usize) {
        self.put(name, Values::Pointers(vec![value]));
    }

    pub fn get(&self, name: &CStr) -> Option<Values> {
        lock(&self.values).get(name).map(|p| p.values.clone())
    }

    pub fn int(&self, name: &CStr) -> Option<i32> {
        match self.get(name)? {
            Values::Ints(v) => v.first().copied(),
            _ => None,
        }
    }

    pub fn flag(&self, name: &CStr) -> bool {
        self.int(name).is_some_and(|v| v != 0)
    }

    pub fn doubles(&self, name: &CStr) -> Vec<f64> {
        match self.get(name) {
            Some(Values::Doubles(v)) => v,
            Some(Values::Ints(v)) => v.into_iter().map(f64::from).collect(),
            _ => Vec::new(),
        }
    }

    pub fn strings(&self, name: &CStr) -> Vec<CString> {
        match self.get(name) {
            Some(Values::Strings(v)) => v,
            _ => Vec::new(),
        }
    }

    pub fn texts(&self, name: &CStr) -> Vec<String> {
        self.strings(name).iter().map(|s| s.to_string_lossy().into_owned()).collect()
    }

    pub fn text(&self, name: &CStr) -> String {
        self.texts(name).into_iter().next().unwrap_or_default()
    }

    pub fn pointer(&self, name: &CStr) -> usize {
        match self.get(name) {
            Some(Values::Pointers(v)) => v.first().copied().unwrap_or(0),
            _ => 0,
        }
    }

    pub fn snapshot(&self) -> Vec<PropertySnapshot> {
        lock(&self.values)
            .iter()
            .map(|(name, property)| PropertySnapshot {
                name: name.to_string_lossy().into_owned(),
                kind: property.values.kind(),
                values: property.values.text(),
            })
            .collect()
    }

    /// What a hostile host says of a property instead of the truth.
    pub fn lie(&self, name: &CStr) -> Option<PropertyLie> {
        self.host.upgrade()?.options.mischief.as_ref()?.property(name)
    }

    // What the property suite does, with the rules.

    /// Sets the value at `index`.
    pub fn set_by_plugin(&self, name: &CStr, index: i32, value: Value) -> Result<(), Status> {
        let outcome = {
            let mut values = lock(&self.values);
            match values.get_mut(name) {
                None => Err((ViolationKind::UnknownProperty, Status::UNKNOWN, String::new())),
                Some(property) => set_value(property, index, value),
            }
        };
        match outcome {
            Ok(Some(old)) => {
                self.retire(vec![old]);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err((kind, status, detail)) => {
                self.violation(kind, &format!("{} {detail}", name.to_string_lossy()));
                Err(status)
            }
        }
    }

    /// Sets the first values; a list without fixed length then has just these.
    pub fn set_all_by_plugin(&self, name: &CStr, new: Vec<Value>) -> Result<(), Status> {
        let count = new.len();
        for (index, value) in new.into_iter().enumerate() {
            self.set_by_plugin(name, i32::try_from(index).unwrap_or(i32::MAX), value)?;
        }
        if let Some(property) = lock(&self.values).get_mut(name)
            && property.dimension.is_none()
            && property.writable
        {
            property.values.truncate(count);
        }
        Ok(())
    }

    /// Runs `read` on a property's values after checking name, type and that there are `count` from `index` on.
    pub fn read_by_plugin<T>(
        &self,
        name: &CStr,
        kind: PropertyType,
        index: i32,
        count: i32,
        read: impl FnOnce(&Values, usize) -> T,
    ) -> Result<T, Status> {
        let outcome = {
            let values = lock(&self.values);
            match values.get(name) {
                None => Err((ViolationKind::UnknownProperty, Status::UNKNOWN, String::new())),
                Some(p) if p.values.kind() != kind => Err((
                    ViolationKind::WrongType,
                    Status::VALUE,
                    format!("is of type {:?}, not {kind:?}", p.values.kind()),
                )),
                Some(p) => {
                    let end = i64::from(index) + i64::from(count);
                    if index < 0 || count < 0 || end > p.values.len() as i64 {
                        let detail = format!("has {} values, so none at index {}", p.values.len(), end - 1);
                        Err((ViolationKind::BadIndex, Status::BAD_INDEX, detail))
                    } else {
                        Ok(read(&p.values, index as usize))
                    }
                }
            }
        };
        outcome.map_err(|(kind, status, detail)| {
            let probing = kind == ViolationKind::UnknownProperty && self.may_lack(name);
            // Reading past the end of a list without fixed length is how plug-ins find its end.
            let end = kind == ViolationKind::BadIndex && self.dimension(name) == Some(None);
            if !probing && !end {
                self.violation(kind, &format!("{} {detail}", name.to_string_lossy()));
            }
            status
        })
    }

    /// How many values a property has.
    pub fn count_by_plugin(&self, name: &CStr) -> Result<usize, Status> {
        let count = lock(&self.values).get(name).map(|p| p.values.len());
        count.ok_or_else(|| {
            if !self.may_lack(name) {
                self.violation(ViolationKind::UnknownProperty, &name.to_string_lossy());
            }
            Status::UNKNOWN
        })
    }

    /// Sets a property back to its default.
    pub fn reset_by_plugin(&self, name: &CStr) -> Result<(), Status> {
        let outcome = {
            let mut values = lock(&self.values);
            match values.get_mut(name) {
                None => Err((ViolationKind::UnknownProperty, Status::UNKNOWN)),
                Some(p) if !p.writable => Err((ViolationKind::ReadOnlyProperty, Status::FAILED)),
                Some(p) => Ok(std::mem::replace(&mut p.values, p.default.clone())),
            }
        };
        match outcome {
            Ok(old) => {
                if let Values::Strings(old) = old {
                    self.retire(old);
                }
                Ok(())
            }
            Err((kind, status)) => {
                self.violation(kind, &name.to_string_lossy());
                Err(status)
            }
        }
    }

    fn dimension(&self, name: &CStr) -> Option<Option<usize>> {
        lock(&self.values).get(name).map(|p| p.dimension)
    }

    /// Whether a plug-in may look for a property that is not here: every property of the standard is optional in a
    /// host, so looking for one where some host has it is no mistake.
    fn may_lack(&self, name: &CStr) -> bool {
        let hidden = self
            .host
            .upgrade()
            .is_some_and(|h| h.options.without_properties.iter().any(|p| p.as_bytes() == name.to_bytes()));
        hidden || (property_tables::is_known(name) && !matches!(self.kind, SetKind::ParamDescriptor | SetKind::Param))
    }

    fn retire(&self, mut strings: Vec<CString>) {
        let mut retired = lock(&self.retired);
        retired.append(&mut strings);
        let surplus = retired.len().saturating_sub(RETIRED);
        retired.drain(..surplus);
    }
}

type Refusal = (ViolationKind, Status, String);

fn set_value(property: &mut Property, index: i32, value: Value) -> Result<Option<CString>, Refusal> {
    if !property.writable {
        return Err((ViolationKind::ReadOnlyProperty, Status::FAILED, String::new()));
    }
    // A list without fixed length grows at its end only.
    let limit = property.dimension.unwrap_or(property.values.len() + 1);
    let Some(index) = usize::try_from(index).ok().filter(|n| *n < limit && *n <= property.values.len()) else {
        let detail = format!("takes an index below {limit}, not {index}");
        return Err((ViolationKind::BadIndex, Status::BAD_INDEX, detail));
    };
    let wanted = property.values.kind();
    property.values.set(index, value).map_err(|value| {
        (ViolationKind::WrongType, Status::VALUE, format!("is of type {wanted:?} and cannot hold {value:?}"))
    })
}

/// Text up to its first zero byte.
pub(crate) fn c_string(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

impl fmt::Debug for PropertySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ({})", self.kind, self.name, action::current_name())
    }
}
