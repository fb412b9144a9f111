//! The program that runs a node.

use super::{
    properties::Properties,
    suites::{HostTable, Suites},
};
use crate::{Components, Context, Depth, sys};
use std::sync::{Arc, OnceLock};

/// What the host says about itself. Every property may be missing; then it is empty, false or the cautious value.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Host {
    /// Its unique name, such as `uk.co.thefoundry.nuke`.
    pub name: String,
    /// What it calls itself to people.
    pub label: String,
    /// Its version, most significant number first.
    pub version: Vec<i32>,
    /// Its version as people read it.
    pub version_label: String,
    /// The version of OpenFX that it implements; (1, 0) where it does not say.
    pub api_version: (i32, i32),
    /// It renders without an artist.
    pub is_background: bool,
    /// It draws overlays.
    pub supports_overlays: bool,
    /// It renders tiles.
    pub supports_tiles: bool,
    /// Images of one node may differ in size.
    pub supports_multi_resolution: bool,
    /// It gives other frames than the current one.
    pub supports_temporal_access: bool,
    /// Clips of one node may differ in depth.
    pub supports_multiple_depths: bool,
    /// Clips of one node may differ in pixel aspect.
    pub supports_multiple_pixel_aspects: bool,
    /// A node may change the frame rate.
    pub frame_rate_can_be_set: bool,
    /// A node may change the fields.
    pub fielding_can_be_set: bool,
    /// Strings may carry keyframes.
    pub animates_strings: bool,
    /// Choices may carry keyframes.
    pub animates_choices: bool,
    /// Booleans may carry keyframes.
    pub animates_booleans: bool,
    /// The most parameters that a node may have; `None` for no limit.
    pub max_parameters: Option<usize>,
    /// The components that it knows.
    pub components: Vec<Components>,
    /// The pixel depths that it knows.
    pub depths: Vec<Depth>,
    /// The contexts that it offers.
    pub contexts: Vec<Context>,
    /// It knows planes besides color, and gives them.
    pub has_planes: bool,
}

impl Host {
    /// Whether the host gives a plug-in the texts of its parameters with commands and variables of TCL replaced: `[`, `]`, `$` and
    /// `\` come back as something else than what was set.
    pub fn substitutes_tcl(&self) -> bool {
        self.name.starts_with("uk.co.thefoundry.nuke")
    }

    fn read(properties: &Properties<'_>) -> Self {
        let flag = |name| properties.flag(name).unwrap_or(false);
        let api = properties.all_ints(sys::kOfxPropAPIVersion);
        Self {
            name: properties.string(sys::kOfxPropName).unwrap_or_default(),
            label: properties.string(sys::kOfxPropLabel).unwrap_or_default(),
            version: properties.all_ints(sys::kOfxPropVersion),
            version_label: properties.string(sys::kOfxPropVersionLabel).unwrap_or_default(),
            api_version: (api.first().copied().unwrap_or(1), api.get(1).copied().unwrap_or(0)),
            is_background: flag(sys::kOfxImageEffectHostPropIsBackground),
            supports_overlays: flag(sys::kOfxImageEffectPropSupportsOverlays),
            supports_tiles: flag(sys::kOfxImageEffectPropSupportsTiles),
            supports_multi_resolution: flag(sys::kOfxImageEffectPropSupportsMultiResolution),
            supports_temporal_access: flag(sys::kOfxImageEffectPropTemporalClipAccess),
            supports_multiple_depths: flag(sys::kOfxImageEffectPropSupportsMultipleClipDepths),
            supports_multiple_pixel_aspects: flag(sys::kOfxImageEffectPropSupportsMultipleClipPARs),
            frame_rate_can_be_set: flag(sys::kOfxImageEffectPropSetableFrameRate),
            fielding_can_be_set: flag(sys::kOfxImageEffectPropSetableFielding),
            animates_strings: flag(sys::kOfxParamHostPropSupportsStringAnimation),
            animates_choices: flag(sys::kOfxParamHostPropSupportsChoiceAnimation),
            animates_booleans: flag(sys::kOfxParamHostPropSupportsBooleanAnimation),
            max_parameters: properties
                .int(sys::kOfxParamHostPropMaxParameters)
                .and_then(|n| usize::try_from(n).ok())
                .filter(|&n| n > 0),
            components: known(properties, sys::kOfxImageEffectPropSupportedComponents, Components::from_ofx),
            depths: known(properties, sys::kOfxImageEffectPropSupportedPixelDepths, Depth::from_ofx),
            contexts: known(properties, sys::kOfxImageEffectPropSupportedContexts, Context::from_ofx),
            has_planes: flag(sys::planes::kFnOfxImageEffectPropMultiPlanar),
        }
    }

    /// Whether the second version of a suite, new in version 1.`minor` of the API, may be asked for. openfx-runner
    /// implements 1.4 by its own word and aborts all the same.
    fn knows_second_versions(&self, minor: i32) -> bool {
        self.api_version >= (1, minor) && !matches!(self.name.as_str(), "openfx-driver" | "openfx-runner")
    }
}

fn known<T>(properties: &Properties<'_>, name: &std::ffi::CStr, from_ofx: fn(&std::ffi::CStr) -> Option<T>) -> Vec<T> {
    properties.strings(name).iter().filter_map(|text| from_ofx(&super::suites::c_text(text))).collect()
}

/// A host that set itself, with its suites once they have been fetched.
pub(crate) struct HostState {
    table: HostTable,
    fetched: OnceLock<Arc<FetchedHost>>,
}

/// A host whose suites are at hand.
pub(crate) struct FetchedHost {
    pub(crate) suites: Arc<Suites>,
    pub(crate) info: Host,
}

impl HostState {
    pub(crate) fn new(table: HostTable) -> Self {
        Self { table, fetched: OnceLock::new() }
    }

    /// A state for the same host that has fetched nothing yet.
    pub(crate) fn renewed(&self) -> Self {
        Self::new(self.table)
    }

    /// The host, its suites fetched on the first call. Two threads may both fetch, since no lock may be held while
    /// the host is called; one result is kept.
    pub(crate) fn fetched(&self) -> Arc<FetchedHost> {
        if let Some(host) = self.fetched.get() {
            return host.clone();
        }
        let host = Arc::new(self.fetch());
        self.fetched.get_or_init(|| host).clone()
    }

    fn fetch(&self) -> FetchedHost {
        let mut suites = Suites::fetch(&self.table);
        let mut info = match self.table.properties() {
            Some(handle) => Host::read(&Properties::new(&suites, handle)),
            None => Host { api_version: (1, 0), ..Host::default() },
        };
        suites.fetch_second_versions(&self.table, info.knows_second_versions(2), info.knows_second_versions(4));
        if info.supports_overlays {
            suites.fetch_overlays(&self.table);
        }
        if info.has_planes {
            suites.fetch_planes(&self.table);
            info.has_planes = suites.has_planes();
        }
        FetchedHost { suites: Arc::new(suites), info }
    }
}
