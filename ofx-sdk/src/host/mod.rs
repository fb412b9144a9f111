//! An OpenFX image-effect host as a library: finds bundles, describes plug-ins, makes instances, renders.

mod answers;
mod bundle;
mod curve;
mod description;
mod image;
mod instance;
mod message;
mod options;
mod plugin;
mod project;
mod request;
mod source;
mod value;
mod violation;

pub use answers::{ClipPlanes, ClipPreference, FramesNeeded, Identity, Preferences, RegionsOfInterest};
pub use bundle::{Bundle, BundlePath, PluginInfo};
pub use curve::{Curve, Key};
pub use description::{ClipDescription, Description, ParamDescription, PropertySnapshot, StringMode, ThreadSafety};
pub use image::{HostImage, PixelBuffer};
pub use instance::{Instance, SavedParams};
pub use message::{Message, MessageKind, Observer};
pub use options::{HostOptions, ImageLayout, Interceptor};
pub use plugin::{Host, Plugin};
pub use project::Project;
pub use request::{AbortHandle, RenderRequest};
pub use source::{ClipInfo, Source, StillSource};
pub use value::ParamValue;
pub use violation::{Violation, ViolationKind};
