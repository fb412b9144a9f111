//! What each method of [`Effect`](super::Effect) is given.

use super::{
    effect::Effect,
    instance::Instance,
    kinds::{Kind, ParamId},
    params::{Appearance, Editing, ParamSet, Reading},
    planes::Plane,
};
use crate::{Error, Field, FrameRange, RectI, RenderScale, Result};
use std::{marker::PhantomData, ops::Deref};

/// Every argument struct is also an [`Instance`]: clips, messages, progress and so on are reached through it.
macro_rules! is_an_instance {
    ($($name:ident),+) => {$(
        impl<E: Effect> Deref for $name<'_, E> {
            type Target = Instance;

            fn deref(&self) -> &Instance {
                self.instance
            }
        }
    )+};
}

is_an_instance!(RenderArgs, QueryArgs, SequenceArgs, ChangedArgs, CreatedArgs, EditArgs);

/// What is to be rendered.
pub struct RenderArgs<'a, E: Effect> {
    /// The frame.
    pub time: f64,
    /// The pixels of the output to fill, never empty.
    pub window: RectI,
    /// Pixels per canonical pixel.
    pub scale: RenderScale,
    /// The field to fill; [`Field::None`] and [`Field::Both`] mean every line.
    pub field: Field,
    /// The parameters at this time.
    pub settings: E::Settings,
    /// The planes of the output to fill; just [`Plane::Color`] where the host knows no others.
    pub planes: Vec<Plane>,
    /// Frames come in order, all from this node.
    pub sequential: bool,
    /// The artist is waiting.
    pub interactive: bool,
    /// A quick, rough picture will do.
    pub draft: bool,
    pub(crate) instance: &'a Instance,
}

impl<E: Effect> RenderArgs<'_, E> {
    /// Stops with [`Error::Aborted`] once the host has asked to: `args.check_abort()?` between pieces of work.
    pub fn check_abort(&self) -> Result<()> {
        if self.instance.aborted() { Err(Error::Aborted) } else { Ok(()) }
    }

    /// The parameters at another time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }

    /// The parameters, to read keyframes.
    pub fn params(&self) -> ParamSet<'_, Reading> {
        ParamSet::new(self.instance, PhantomData)
    }
}

/// What a question about one frame is about.
pub struct QueryArgs<'a, E: Effect> {
    /// The frame.
    pub time: f64,
    /// Pixels per canonical pixel.
    pub scale: RenderScale,
    /// The field that will be rendered.
    pub field: Field,
    /// The parameters at this time.
    pub settings: E::Settings,
    pub(crate) instance: &'a Instance,
}

impl<E: Effect> QueryArgs<'_, E> {
    /// The parameters at another time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }

    /// The parameters, to read keyframes.
    pub fn params(&self) -> ParamSet<'_, Reading> {
        ParamSet::new(self.instance, PhantomData)
    }
}

/// A range of frames that is about to be rendered, or has been.
pub struct SequenceArgs<'a, E: Effect> {
    /// First and last frame.
    pub range: FrameRange,
    /// From one frame to the next; 0.5 where fields are rendered.
    pub step: f64,
    /// Pixels per canonical pixel.
    pub scale: RenderScale,
    /// Frames come in order, all from this node.
    pub sequential: bool,
    /// The artist is waiting.
    pub interactive: bool,
    pub(crate) instance: &'a Instance,
    pub(crate) effect: PhantomData<fn() -> E>,
}

impl<E: Effect> SequenceArgs<'_, E> {
    /// The parameters at a time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The parameter of this id; for a button, it was pressed.
    Param(String),
    /// The clip of this name.
    Clip(String),
    /// Something that this library does not know, or that the host did not name.
    Other(String),
}

/// Why something changed.
#[doc(alias = "kOfxPropChangeReason")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeReason {
    /// The artist or the host did it: edits, undo, loading.
    UserEdited,
    /// The node itself did it.
    PluginEdited,
    /// The current time moved, and the value with it.
    Time,
}

/// What changed, and the means to react.
pub struct ChangedArgs<'a, E: Effect> {
    /// What changed.
    pub what: Changed,
    /// Why.
    pub reason: ChangeReason,
    /// The frame that the artist looks at.
    pub time: f64,
    /// Pixels per canonical pixel of images fetched now.
    pub scale: RenderScale,
    pub(crate) instance: &'a Instance,
    pub(crate) effect: PhantomData<fn() -> E>,
}

impl<E: Effect> ChangedArgs<'_, E> {
    /// Whether it is this parameter that changed.
    pub fn is<K: Kind>(&self, param: ParamId<K>) -> bool {
        matches!(&self.what, Changed::Param(id) if id == param.name())
    }

    /// The parameters as they are now, at [`time`](Self::time).
    pub fn settings(&self) -> E::Settings {
        self.instance.settings_at::<E::Settings>(self.time)
    }

    /// The parameters at another time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }

    /// The parameters, to set them.
    pub fn params(&self) -> ParamSet<'_, Editing> {
        ParamSet::new(self.instance, PhantomData)
    }
}

/// A node that has just been created.
pub struct CreatedArgs<'a, E: Effect> {
    pub(crate) instance: &'a Instance,
    pub(crate) effect: PhantomData<fn() -> E>,
}

impl<E: Effect> CreatedArgs<'_, E> {
    /// The parameters at a time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }

    /// The parameters, to show and hide them.
    pub fn params(&self) -> ParamSet<'_, Appearance> {
        ParamSet::new(self.instance, PhantomData)
    }
}

/// A moment that belongs to no frame.
pub struct EditArgs<'a, E: Effect> {
    pub(crate) instance: &'a Instance,
    pub(crate) effect: PhantomData<fn() -> E>,
}

impl<E: Effect> EditArgs<'_, E> {
    /// The parameters where no time is given: what hosts show, or the first key.
    pub fn settings(&self) -> E::Settings {
        self.instance.settings::<E::Settings>()
    }

    /// The parameters at a time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }
}
