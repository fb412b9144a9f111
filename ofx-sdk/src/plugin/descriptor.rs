//! What a node is: everything that a host asks before it makes one.

use crate::{Components, Context, Depth};
use std::ffi::CStr;

/// One clip of a node: an input, or the output.
///
/// ```
/// use ofx_sdk::{Components, plugin::Clip};
///
/// const MASK: Clip = Clip::input(c"Mask").optional().mask().components(&[Components::Alpha, Components::Rgba]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    pub(crate) name: &'static CStr,
    pub(crate) label: Option<&'static str>,
    pub(crate) optional: bool,
    pub(crate) mask: bool,
    pub(crate) temporal: bool,
    pub(crate) tiles: bool,
    pub(crate) components: &'static [Components],
    pub(crate) contexts: Option<&'static [Context]>,
}

impl Clip {
    /// The main input.
    #[doc(alias = "kOfxImageEffectSimpleSourceClipName")]
    pub const SOURCE: Self = Self::input(c"Source");

    /// The output. Every node has it without declaring it.
    #[doc(alias = "kOfxImageEffectOutputClipName")]
    pub const OUTPUT: Self = Self::input(c"Output");

    /// An input that must be connected, with any components.
    pub const fn input(name: &'static CStr) -> Self {
        Self {
            name,
            label: None,
            optional: false,
            mask: false,
            temporal: false,
            tiles: true,
            components: Components::ALL,
            contexts: None,
        }
    }

    /// Lets it stay unconnected. An optional clip is left out of the Filter context, in which hosts expect one input,
    /// unless [`contexts`](Self::contexts) says otherwise.
    #[doc(alias = "kOfxImageClipPropOptional")]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Marks it as a mask.
    #[doc(alias = "kOfxImageClipPropIsMask")]
    pub const fn mask(mut self) -> Self {
        self.mask = true;
        self
    }

    /// Other frames than the current one may be fetched from it. Said only to hosts that
    /// [offer it](super::Host::supports_temporal_access); some of those answer with the current frame all the same.
    #[doc(alias = "kOfxImageEffectPropTemporalClipAccess")]
    pub const fn temporal(mut self) -> Self {
        self.temporal = true;
        self
    }

    /// Needs whole frames, never tiles.
    pub const fn whole_frames(mut self) -> Self {
        self.tiles = false;
        self
    }

    /// The components that it takes, best first. In the Filter context clips are RGBA whatever is said here, because
    /// there the output must have the components of the source.
    #[doc(alias = "kOfxImageEffectPropSupportedComponents")]
    pub const fn components(mut self, components: &'static [Components]) -> Self {
        self.components = components;
        self
    }

    /// What the artist reads, where it differs from the name.
    pub const fn label(mut self, label: &'static str) -> Self {
        self.label = Some(label);
        self
    }

    /// The contexts in which it exists.
    pub const fn contexts(mut self, contexts: &'static [Context]) -> Self {
        self.contexts = Some(contexts);
        self
    }

    /// The name that the host knows it by.
    pub fn name(&self) -> &'static str {
        self.name.to_str().unwrap_or_default()
    }

    /// Whether the node has it in a context.
    pub fn exists_in(&self, context: Context) -> bool {
        match self.contexts {
            Some(contexts) => contexts.contains(&context),
            None => !(self.optional && context == Context::Filter),
        }
    }

    /// The components that it takes in a context.
    pub(crate) fn components_in(&self, context: Context) -> &'static [Components] {
        if context == Context::Filter && !self.mask { &[Components::Rgba] } else { self.components }
    }
}

/// Clips are the same when their names are.
impl PartialEq for Clip {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// How many renders may run at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThreadSafety {
    /// One at a time in the whole program.
    Unsafe,
    /// One at a time per node.
    InstanceSafe,
    /// Any number.
    #[default]
    FullySafe,
}

/// What a node is. Start from [`Descriptor::DEFAULT`] and name what differs.
///
/// ```
/// use ofx_sdk::plugin::{Clip, Descriptor};
///
/// const DESCRIPTOR: Descriptor = Descriptor {
///     identifier: c"org.example.Glow",
///     label: "Glow",
///     group: "Example",
///     description: "Lets bright pixels glow.",
///     clips: &[Clip::SOURCE],
///     ..Descriptor::DEFAULT
/// };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// The unique name by which projects find the node again, in reverse domain order. Never changed once released.
    #[doc(alias = "pluginIdentifier")]
    pub identifier: &'static CStr,
    /// Major version, raised when old projects would look different, and minor version.
    pub version: (u32, u32),
    /// What the artist reads in menus.
    pub label: &'static str,
    /// The menu it stands in; `/` separates levels.
    #[doc(alias = "kOfxImageEffectPluginPropGrouping")]
    pub group: &'static str,
    /// What the node does, in a few sentences.
    #[doc(alias = "kOfxPropPluginDescription")]
    pub description: &'static str,
    /// The situations in which hosts may use it.
    #[doc(alias = "kOfxImageEffectPropSupportedContexts")]
    pub contexts: &'static [Context],
    /// The inputs, main one first.
    pub clips: &'static [Clip],
    /// The components that the output can have outside the Filter context, best first.
    pub output: &'static [Components],
    /// The pixel depths that it reads and writes.
    #[doc(alias = "kOfxImageEffectPropSupportedPixelDepths")]
    pub depths: &'static [Depth],
    /// It can render a part of a frame from parts of its inputs.
    #[doc(alias = "kOfxImageEffectPropSupportsTiles")]
    pub tiles: bool,
    /// Inputs and output may differ in size and origin.
    #[doc(alias = "kOfxImageEffectPropSupportsMultiResolution")]
    pub multi_resolution: bool,
    /// It fetches other frames than the current one from some input, where the host
    /// [offers that](super::Host::supports_temporal_access); each such input [says so](Clip::temporal) as well.
    #[doc(alias = "kOfxImageEffectPropTemporalClipAccess")]
    pub temporal_access: bool,
    /// How many renders may run at once.
    #[doc(alias = "kOfxImageEffectPluginRenderThreadSafety")]
    pub thread_safety: ThreadSafety,
    /// It reads or writes planes besides color, where the host knows planes.
    pub planes: bool,
    /// The ids of the parameters that [`Effect::clip_preferences`](super::Effect::clip_preferences) depends on.
    #[doc(alias = "kOfxImageEffectPropClipPreferencesSlaveParam")]
    pub preference_params: &'static [&'static str],
}

impl Descriptor {
    /// A node with one RGBA source at any depth, in the Filter and General contexts, that renders tiles on any number
    /// of threads.
    pub const DEFAULT: Self = Self {
        identifier: c"",
        version: (1, 0),
        label: "",
        group: "",
        description: "",
        contexts: &[Context::Filter, Context::General],
        clips: &[Clip::SOURCE],
        output: &[Components::Rgba, Components::Rgb, Components::Alpha],
        depths: &[Depth::Float, Depth::Half, Depth::Short, Depth::Byte],
        tiles: true,
        multi_resolution: true,
        temporal_access: false,
        thread_safety: ThreadSafety::FullySafe,
        planes: false,
        preference_params: &[],
    };
}
