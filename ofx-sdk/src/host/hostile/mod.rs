//! A host that misbehaves in every way that is known of one, to try plug-ins with.
//!
//! [`Mischief`] is what a host asks before it answers truthfully. [`Stage`] drives a plug-in's entry point without the
//! manners of [`Instance`](super::Instance): wrong handles, wrong order, many threads, re-entry. [`Sequence`] is one
//! random life of a plug-in on it, made from a seed, and [`run`] plays many.
//!
//! A host may lie about anything but memory: what a plug-in cannot know to be a lie (more rows than there are) is never
//! told. Every lie about an image is either plain from the image's own properties, or harmless.

mod arguments;
mod dice;
mod lies;
mod plain_source;
mod rehearsal;
mod run;
mod sequence;
mod stage;
mod viewers;
mod weather;

pub use dice::Dice;
pub use lies::{ImageLie, PropertyLie, SuiteLie, TextLie};
pub(crate) use lies::{Told, foreign_address};
pub use run::{Trial, run};
pub use sequence::{Asked, Cast, Fault, Given, Glance, HostGiven, Odd, Sequence, Step, Who};
pub use stage::Stage;

use crate::RectD;
use std::ffi::CStr;

/// What a host asks before it answers truthfully; `None` is the truth. Called on the plug-in's threads, without any
/// lock held.
pub trait Mischief: Send + Sync {
    /// What it gives for a suite.
    fn suite(&self, name: &CStr, version: i32) -> Option<SuiteLie> {
        let _ = (name, version);
        None
    }

    /// What it says of a property, whichever object has it.
    fn property(&self, name: &CStr) -> Option<PropertyLie> {
        let _ = name;
        None
    }

    /// What it says of an image of a clip.
    fn image(&self, clip: &str) -> Option<ImageLie> {
        let _ = clip;
        None
    }

    /// What it says of the area that any clip covers.
    fn region(&self) -> Option<RectD> {
        None
    }

    /// What it gives for the value of any string parameter.
    fn text(&self) -> Option<TextLie> {
        None
    }
}

/// How many objects of this process's hosts have a handle now. What a plug-in or host forgot to release shows as
/// growth.
pub fn live_handles() -> usize {
    super::handles::count()
}
