//! The plug-in side: how to write a node.
//!
//! # From nothing to a node
//!
//! A node is a library crate of type `cdylib`. It says what the artist may adjust, what it is, and how it renders;
//! all else has defaults.
//!
//! ```
//! use ofx_sdk::{Result, plugin::{Clip, Descriptor, Double, Effect, Host, RenderArgs}};
//!
//! // 1. What the artist may adjust. A field is a parameter: its name is the id that projects save, its comment is
//! //    the hint, its type is the kind, and the expression is how it looks and starts.
//! ofx_sdk::settings! {
//!     /// What the artist may adjust.
//!     pub struct GainSettings {
//!         /// Colors are multiplied by this.
//!         gain: Double = Double::new("Gain").range(0.0, 100.0).display(0.0, 4.0).default(1.0),
//!     }
//! }
//!
//! // 2. The node. Its fields would be what it keeps between calls.
//! pub struct Gain;
//!
//! impl Effect for Gain {
//!     type Settings = GainSettings;
//!
//!     // 3. What it is.
//!     const DESCRIPTOR: Descriptor = Descriptor {
//!         identifier: c"org.example.Gain",
//!         label: "Gain",
//!         group: "Example",
//!         description: "Multiplies colors.",
//!         ..Descriptor::DEFAULT
//!     };
//!
//!     fn create(_host: &Host) -> Result<Self> {
//!         Ok(Self)
//!     }
//!
//!     // 4. How it renders: a function from images and settings to an image.
//!     fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
//!         let source = args.image(&Clip::SOURCE)?;
//!         let mut output = args.output()?;
//!         let gain = args.settings.gain as f32;
//!         let mut pixels = vec![[0.0; 4]; output.window().width()];
//!         for mut row in output.rows_mut() {
//!             args.check_abort()?;
//!             if let Some(image) = &source {
//!                 image.read_row(row.y(), row.x1(), &mut pixels);
//!             }
//!             for [r, g, b, _] in &mut pixels {
//!                 (*r, *g, *b) = (*r * gain, *g * gain, *b * gain);
//!             }
//!             row.write(row.x1(), &pixels);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! // 5. The door for hosts, once per library.
//! ofx_sdk::export_effects![Gain];
//! ```
//!
//! `examples/invert.rs` is a whole plug-in of this kind. To be found by hosts the library is copied to
//! `Gain.ofx.bundle/Contents/Linux-x86-64/Gain.ofx` (`Win64`, `MacOS` elsewhere) in a folder that they search. Link it
//! with `-Wl,-z,nodelete`: hosts close libraries, and Rust's thread-locals do not survive that.
//!
//! # Where to look
//!
//! | For | see |
//! |---|---|
//! | parameters: kinds, ranges, groups, choices | [`settings!`](crate::settings), [`kinds`] |
//! | inputs, masks, contexts, abilities | [`Clip`], [`Descriptor`] |
//! | pixels of any depth, tiles, fields | [`Image`], [`ImageMut`], [`RenderArgs`] |
//! | the area and the frames that a node needs | [`Effect::regions_of_interest`], [`Effect::frames_needed`] |
//! | premultiplication and components of the output | [`Effect::clip_preferences`] |
//! | buttons, and parameters that follow others | [`Effect::changed`], [`ParamSet`] |
//! | messages, progress, threads, memory, the time line | [`Instance`], which every argument struct is |
//! | what shows over the picture, and is dragged there | [`overlay`] |
//! | planes besides color | [`Plane`], [`Effect::clip_components`] |
//! | files that ship with the node | [`binary_path`] |
//! | trying a node without a host program | [`PluginTable::of`] and [`crate::host`] |
//!
//! # A node that reacts
//!
//! Every field of a settings struct is also an associated constant, the parameter's typed id. With it parameters are
//! recognised in [`Effect::changed`], and set, shown or hidden there. Besides, only the events of an [`overlay`] may set
//! them: Nuke crashes elsewhere; here the compiler objects.
//!
//! ```
//! use ofx_sdk::{Result, plugin::*};
//!
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! enum Shape { Box, Gauss }
//!
//! impl ChoiceValue for Shape {
//!     const OPTIONS: &'static [(Self, &'static str, &'static str)] =
//!         &[(Self::Box, "Box", "Fast."), (Self::Gauss, "Gauss", "Smooth.")];
//! }
//!
//! ofx_sdk::settings! {
//!     /// What the artist may adjust.
//!     struct BlurSettings {
//!         /// The form of the blur.
//!         shape: Choice<Shape> = Choice::new("Shape").default(Shape::Gauss),
//!         /// How far it reaches, in pixels of full resolution.
//!         radius_px: Double = Double::new("Radius").range(0.0, 1000.0).display(0.0, 50.0).default(4.0),
//!         /// Takes the radius back to 4.
//!         reset: PushButton = PushButton::new("Reset"),
//!         /// What the node is doing.
//!         status: Label = Label::new("Status").not_persistent(),
//!     }
//! }
//!
//! struct Blur;
//!
//! impl Effect for Blur {
//!     type Settings = BlurSettings;
//!     const DESCRIPTOR: Descriptor = Descriptor { identifier: c"org.example.Blur", label: "Blur", ..Descriptor::DEFAULT };
//!
//!     fn create(_host: &Host) -> Result<Self> {
//!         Ok(Self)
//!     }
//!
//!     fn changed(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
//!         if args.is(BlurSettings::reset) {
//!             // One step for the artist to undo.
//!             args.params().edit("Reset blur", |params| {
//!                 params.set(BlurSettings::radius_px, 4.0)?;
//!                 params.set(BlurSettings::status, "Radius reset")
//!             })?;
//!         }
//!         if args.is(BlurSettings::shape) {
//!             let boxed = args.settings().shape == Shape::Box;
//!             args.params().get(BlurSettings::status)?.set_secret(boxed)?;
//!         }
//!         Ok(())
//!     }
//!
//!     // A blur needs more of its source than it fills.
//!     fn regions_of_interest(&self, args: &QueryArgs<'_, Self>, region: ofx_sdk::RectD) -> Result<RegionsOfInterest> {
//!         let r = args.settings.radius_px;
//!         let grown = ofx_sdk::RectD::new(region.x1 - r, region.y1 - r, region.x2 + r, region.y2 + r);
//!         Ok(RegionsOfInterest::default().need(&Clip::SOURCE, grown))
//!     }
//!
//!     fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
//!         // Radii are given at full resolution; a proxy has fewer pixels.
//!         let _radius = args.settings.radius_px * args.scale.x;
//!         Ok(())
//!     }
//! }
//! ```
//!
//! # What holds in every host
//!
//! - Hosts call from any thread, several at once, and again from within a call. State of a node needs locks of its
//!   own; hold none while a host is called.
//! - Anything may be missing: an image, a property, a suite, a button. What is missing is `None`, a default or an
//!   error, never a crash. A panic in a node reaches the artist as a message and the host as a failure.
//! - Bounds do not start at 0, tiles are real, scales lie between 0.125 and 1: trust the arguments of the action.
//!   [`ImageMut::window`] is what may be written; nothing else ever is.
//! - Y points up: row [`bounds`](Image::bounds)`().y1` is the lowest.
//! - A render that the host stopped answers [`Error::Aborted`](crate::Error::Aborted). The standard names no status for
//!   that; it goes out as `kOfxStatFailed` without a message, so that a half-made picture is kept by nobody.

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
pub mod overlay;
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
pub use suites::{HostMemory, release_free_memory};

/// The path of the binary that this code is part of: in a plug-in, the `.ofx` file inside its bundle. Files that ship
/// with a node are found from here. `None` where the system does not say.
pub fn binary_path() -> Option<std::path::PathBuf> {
    suites::path_of_this_binary()
}
