//! The plug-in side.
mod args;
mod clips;
mod describe;
mod descriptor;
mod effect;
#[allow(unsafe_code)]
mod entry;
mod host_info;
#[allow(unsafe_code)]
mod image;
mod instance;
pub mod kinds;
mod logging;
mod message;
mod params;
mod planes;
mod progress;
mod properties;
mod rows;
mod settings;
#[allow(unsafe_code)]
mod suites;

pub use args::{ChangeReason, Changed, ChangedArgs, CreatedArgs, EditArgs, QueryArgs, RenderArgs, SequenceArgs};
pub use clips::{ClipComponents, ClipInstance, ClipPreferences, FramesNeeded, Identity, RegionsOfInterest};
pub use descriptor::{Clip, Descriptor, ThreadSafety};
pub use effect::Effect;
pub use entry::PluginTable;
pub use host_info::Host;
pub use image::{Image, ImageMut, RowMut};
pub use instance::{Instance, Project, Timeline};
#[doc(inline)]
pub use kinds::{
    Boolean, Choice, ChoiceOption, ChoiceValue, Declaration, Directory, Double, Double2D, DynamicChoice, FilePath,
    Group, Integer, Kind, Label, MultiLine, Page, ParamId, PushButton, Rgb, Rgba, Text,
};
pub use logging::log_to_stderr;
pub use message::MessageKind;
pub use params::{Access, Appearance, Dresses, Editing, Param, ParamSet, Reading, Values};
pub use planes::Plane;
pub use progress::Progress;
pub use rows::Sample;
pub use settings::Settings;
pub use suites::HostMemory;

/// The path of the binary that this code is part of: in a plug-in, the `.ofx` file inside its bundle. Files that ship
/// with a node are found from here. `None` where the system does not say.
pub fn binary_path() -> Option<std::path::PathBuf> {
    suites::path_of_this_binary()
}
