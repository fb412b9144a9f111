//! Hosts and the plug-ins that they have loaded.
#![allow(unsafe_code)]

use super::{Bundle, Description, HostOptions, Instance, Message, PluginInfo, Project, SavedParams, Violation};
use crate::{Context, Error, Result, sys};

/// A host. Clones are the same host; several different ones may live in one process.
#[derive(Clone, Debug)]
pub struct Host {
    options: HostOptions,
}

impl Host {
    /// A host that presents itself as `options` say.
    pub fn new(options: HostOptions) -> Self {
        Self { options }
    }

    /// How this host presents itself.
    pub fn options(&self) -> &HostOptions {
        &self.options
    }

    /// The plug-ins of a binary, asked as this host.
    pub fn plugins(&self, bundle: &Bundle) -> Vec<PluginInfo> {
        bundle.plugins()
    }

    /// Loads and describes the newest version of a plug-in in every context that both sides know.
    ///
    /// # Errors
    /// When the binary has no such plug-in, or the plug-in refuses to load or to be described.
    pub fn load(&self, _bundle: &Bundle, _identifier: &str) -> Result<Plugin> {
        Err(Error::Missing("loading yet".into()))
    }

    /// As [`Host::load`], from a table in this process.
    ///
    /// # Errors
    /// As [`Host::load`].
    ///
    /// # Safety
    /// The table and all that it points to must be valid until the process ends.
    pub unsafe fn load_table(&self, _table: *const sys::OfxPlugin) -> Result<Plugin> {
        Err(Error::Missing("loading yet".into()))
    }

    /// Messages posted since the last call.
    pub fn messages(&self) -> Vec<Message> {
        Vec::new()
    }

    /// Everything that plug-ins did wrong so far.
    pub fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }

    /// As [`Host::violations`], and forgets them.
    pub fn take_violations(&self) -> Vec<Violation> {
        Vec::new()
    }
}

/// A plug-in that was loaded and described. Clones are the same plug-in; the last one and its last instance unload it.
#[derive(Clone, Debug)]
pub struct Plugin {
    host: Host,
}

impl Plugin {
    /// Its identifier.
    pub fn identifier(&self) -> &str {
        ""
    }

    /// Major and minor version.
    pub fn version(&self) -> (u32, u32) {
        (0, 0)
    }

    /// The host that loaded it.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The contexts that it was described in.
    pub fn contexts(&self) -> Vec<Context> {
        Vec::new()
    }

    /// What it said of itself in a context.
    ///
    /// # Errors
    /// When the plug-in does not support that context.
    pub fn description(&self, _context: Context) -> Result<&Description> {
        Err(Error::Missing("loading yet".into()))
    }

    /// A new instance with default values.
    ///
    /// # Errors
    /// When the plug-in does not support that context, or refuses.
    pub fn create(&self, context: Context, project: Project) -> Result<Instance> {
        self.create_with(context, project, &SavedParams::new())
    }

    /// A new instance with values loaded before the plug-in sees it, as from a saved project.
    ///
    /// # Errors
    /// As [`Plugin::create`], or a value does not fit.
    pub fn create_with(&self, _context: Context, _project: Project, _params: &SavedParams) -> Result<Instance> {
        Err(Error::Missing("loading yet".into()))
    }
}
