//! Parameters at run time: tolerant reads of all values, and handles to single parameters.

use super::{
    instance::Instance,
    kinds::{ChoiceOption, Kind, ParamId, RawValue},
    properties::Properties,
    suites::{ParamHandle, ParamSetHandle},
};
use crate::{Error, Result, sys};
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

/// The source from which [`Settings::read`](super::Settings::read) takes values.
pub struct Values<'a> {
    instance: &'a Instance,
    set: Option<ParamSetHandle>,
    time: Option<f64>,
}

impl<'a> Values<'a> {
    pub(crate) fn new(instance: &'a Instance, time: Option<f64>) -> Self {
        let set = instance.handle().and_then(|handle| instance.suites().param_set(handle));
        let set = set.inspect_err(|e| log::debug!("{e}; every parameter reads as its default")).ok();
        Self { instance, set, time }
    }

    /// The value of one parameter. What the host cannot deliver (buttons are missing in MLT) or what no kind allows
    /// (an index past the last option) is the default.
    pub fn read<K: Kind>(&self, id: &'static str, kind: &K) -> K::Value {
        let default = || kind.default_value();
        let Some(set) = self.set else { return default() };
        if K::KIND.transport() == crate::Transport::Nothing {
            return default();
        }
        match self.raw::<K>(set, id) {
            Ok(raw) => kind.accept(raw.clone()).unwrap_or_else(|| {
                log::warn!("parameter {id}: the host's value {raw:?} is not allowed; taking the default");
                default()
            }),
            Err(e) => {
                log::debug!("parameter {id}: {e}; taking the default");
                default()
            }
        }
    }

    fn raw<K: Kind>(&self, set: ParamSetHandle, id: &str) -> Result<RawValue> {
        // Looked up before each call: the one before it may have been used to destroy the node.
        let suites = || self.instance.handle().map(|_| self.instance.suites());
        let param = suites()?.param(set, id)?;
        let value = |time| suites()?.param_value(param, K::KIND, time);
        match self.time {
            // Also for what does not animate: in renders the standard forbids the other call.
            Some(time) => value(Some(time)).or_else(|_| value(None)),
            None => value(None),
        }
    }
}

/// Parameters may be read.
pub enum Reading {}

/// Parameters may be read, shown, hidden, enabled and disabled.
pub enum Appearance {}

/// Parameters may be set, too.
pub enum Editing {}

/// What may be done with parameters in a method of [`Effect`](super::Effect) or
/// [`Overlay`](super::overlay::Overlay); Nuke crashes where a value is set in another action than instanceChanged and
/// those of overlays.
pub trait Access: access::Sealed {}

/// Access that lets appearances change.
pub trait Dresses: Access {}

mod access {
    pub trait Sealed {}
    impl Sealed for super::Reading {}
    impl Sealed for super::Appearance {}
    impl Sealed for super::Editing {}
}

impl Access for Reading {}
impl Access for Appearance {}
impl Access for Editing {}
impl Dresses for Appearance {}
impl Dresses for Editing {}

/// The parameters of a node.
pub struct ParamSet<'a, A> {
    instance: &'a Instance,
    access: PhantomData<A>,
}

impl<'a, A: Access> ParamSet<'a, A> {
    pub(crate) fn new(instance: &'a Instance, access: PhantomData<A>) -> Self {
        Self { instance, access }
    }

    fn handle(&self) -> Result<ParamSetHandle> {
        self.instance.suites().param_set(self.instance.handle()?)
    }

    /// One parameter. An error where the host left it out.
    pub fn get<K: Kind>(&self, id: ParamId<K>) -> Result<Param<'a, K, A>> {
        let set = self.handle()?;
        let handle = self.instance.handle().and_then(|_| self.instance.suites().param(set, id.name()))?;
        Ok(Param { instance: self.instance, handle, id, access: PhantomData })
    }
}

impl ParamSet<'_, Editing> {
    /// Makes all that `edit` sets one step that the artist can undo, under a name. Hosts that cannot do that take the
    /// changes one by one. An edit within another belongs to it, and the host hears of the outer one alone: Natron would end
    /// both with the inner one.
    #[doc(alias = "paramEditBegin")]
    pub fn edit<T>(&self, label: &str, edit: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let set = self.handle()?;
        let suites = self.instance.suites();
        let is_outermost = self.instance.open_edits.fetch_add(1, Ordering::Relaxed) == 0;
        let begin = || self.instance.handle().and_then(|_| suites.begin_edit(set, label));
        let begun = is_outermost && begin().inspect_err(|e| log::debug!("{e}")).is_ok();
        let _end = EndOfEdit { instance: self.instance, set: begun.then_some(set) };
        edit(self)
    }

    /// Sets a value, for the whole time line where it does not animate, at the current frame where it does.
    pub fn set<K: Kind>(&self, id: ParamId<K>, value: impl Into<K::Value>) -> Result<()> {
        self.get(id)?.set(value)
    }
}

/// Ends an edit however it is left.
struct EndOfEdit<'a> {
    instance: &'a Instance,
    set: Option<ParamSetHandle>,
}

impl Drop for EndOfEdit<'_> {
    fn drop(&mut self) {
        self.instance.open_edits.fetch_sub(1, Ordering::Relaxed);
        let end = |set| self.instance.handle().and_then(|_| self.instance.suites().end_edit(set));
        if let Some(Err(e)) = self.set.map(end) {
            log::debug!("{e}");
        }
    }
}

/// More keyframes than on every frame of a day are a host's mistake.
const MOST_KEYS: usize = 1 << 22;

/// One parameter of a node.
pub struct Param<'a, K, A> {
    instance: &'a Instance,
    handle: ParamHandle,
    id: ParamId<K>,
    access: PhantomData<A>,
}

impl<'a, K: Kind, A: Access> Param<'a, K, A> {
    /// The handle, while the node exists.
    fn handle(&self) -> Result<ParamHandle> {
        self.instance.handle().map(|_| self.handle)
    }

    fn properties(&self) -> Result<Properties<'a>> {
        Ok(Properties::of(self.instance, self.instance.suites().param_properties(self.handle()?)?))
    }

    fn read(&self, time: Option<f64>) -> Result<K::Value> {
        let raw = self.instance.suites().param_value(self.handle()?, K::KIND, time)?;
        K::decode(raw.clone())
            .ok_or_else(|| self.wrong(format!("the host's value {raw:?} is not one of a {:?}", K::KIND)))
    }

    fn wrong(&self, reason: String) -> Error {
        Error::Value { subject: format!("parameter {}", self.id.name()), reason }
    }

    /// The value now.
    pub fn value(&self) -> Result<K::Value> {
        self.read(None)
    }

    /// The value at a time.
    pub fn value_at(&self, time: f64) -> Result<K::Value> {
        self.read(Some(time))
    }

    /// How many keyframes it has.
    #[doc(alias = "paramGetNumKeys")]
    pub fn key_count(&self) -> Result<usize> {
        self.instance.suites().key_count(self.handle()?)
    }

    /// The times of its keyframes, in order.
    #[doc(alias = "paramGetKeyTime")]
    pub fn key_times(&self) -> Result<Vec<f64>> {
        let count = self.key_count()?;
        // A host may claim any number of keys, and name them all.
        if count > MOST_KEYS {
            return Err(self.wrong(format!("the host says that it has {count} keyframes")));
        }
        (0..count).map(|nth| self.instance.suites().key_time(self.handle()?, nth)).collect()
    }

    /// Whether the artist cannot see it; `None` where the host does not say.
    pub fn is_secret(&self) -> Option<bool> {
        self.properties().ok()?.flag(sys::kOfxParamPropSecret)
    }

    /// Whether the artist can edit it; `None` where the host does not say.
    pub fn is_enabled(&self) -> Option<bool> {
        self.properties().ok()?.flag(sys::kOfxParamPropEnabled)
    }
}

impl<K: Kind, A: Dresses> Param<'_, K, A> {
    /// Hides it from the artist, or shows it.
    #[doc(alias = "kOfxParamPropSecret")]
    pub fn set_secret(&self, secret: bool) -> Result<()> {
        self.properties()?.try_set_int(sys::kOfxParamPropSecret, 0, i32::from(secret))
    }

    /// Lets the artist edit it, or only see it.
    #[doc(alias = "kOfxParamPropEnabled")]
    pub fn set_enabled(&self, enabled: bool) -> Result<()> {
        self.properties()?.try_set_int(sys::kOfxParamPropEnabled, 0, i32::from(enabled))
    }

    /// Changes what the artist reads beside it.
    #[doc(alias = "kOfxPropLabel")]
    pub fn set_label(&self, label: &str) -> Result<()> {
        self.properties()?.try_set_string(sys::kOfxPropLabel, 0, label)
    }

    /// Changes the options of a choice. The standard has no way to shorten the list in place, so that options past
    /// the end of `options` keep their labels.
    #[doc(alias = "kOfxParamPropChoiceOption")]
    pub fn set_options(&self, options: &[ChoiceOption]) -> Result<()> {
        let properties = self.properties()?;
        for (i, option) in options.iter().enumerate() {
            properties.try_set_string(sys::kOfxParamPropChoiceOption, i, &option.label)?;
        }
        Ok(())
    }
}

impl<K: Kind> Param<'_, K, Editing> {
    /// Sets the value. In a [host that substitutes TCL](super::Host::substitutes_tcl), the brackets of a text become
    /// parentheses: what stands in them would be run as a command, and be gone.
    #[doc(alias = "paramSetValue")]
    pub fn set(&self, value: impl Into<K::Value>) -> Result<()> {
        self.write(None, value.into())
    }

    /// Sets a keyframe.
    #[doc(alias = "paramSetValueAtTime")]
    pub fn set_at(&self, time: f64, value: impl Into<K::Value>) -> Result<()> {
        self.write(Some(time), value.into())
    }

    /// Deletes the keyframe at a time.
    #[doc(alias = "paramDeleteKey")]
    pub fn delete_key(&self, time: f64) -> Result<()> {
        self.instance.suites().delete_key(self.handle()?, time)
    }

    /// Deletes every keyframe.
    #[doc(alias = "paramDeleteAllKeys")]
    pub fn delete_all_keys(&self) -> Result<()> {
        self.instance.suites().delete_all_keys(self.handle()?)
    }

    fn write(&self, time: Option<f64>, value: K::Value) -> Result<()> {
        let mut raw = K::encode(value);
        if let RawValue::Text(text) = &mut raw
            && self.instance.host().substitutes_tcl()
        {
            *text = without_brackets(text);
        }
        if let RawValue::Doubles(v) = &raw
            && v.iter().any(|v| !v.is_finite())
        {
            return Err(self.wrong(format!("{v:?} is not finite")));
        }
        self.instance.suites().set_param_value(self.handle()?, K::KIND, time, &raw)
    }
}

/// A text as a person reads it in a host that would run what stands in brackets.
fn without_brackets(text: &str) -> String {
    text.replace('[', "(").replace(']', ")")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nuke_would_run_stands_in_parentheses() {
        assert_eq!(without_brackets("has the shape [1, [4], 5]"), "has the shape (1, (4), 5)");
        assert_eq!(without_brackets("is ready"), "is ready");
    }
}
