//! Where nodes are looked for, and how they are named.

use crate::cli::BundleArgs;
use crate::error::{Error, Result};
use crate::nearest::suggestion;
use ofx_sdk::Context;
use ofx_sdk::host::{Bundle, BundlePath, Description, Host, Plugin, PluginInfo};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A plug-in of a loaded bundle.
#[derive(Clone, Debug)]
pub struct FoundNode {
    /// Its binary.
    pub bundle: Bundle,
    /// Its identifier and version.
    pub info: PluginInfo,
}

impl FoundNode {
    /// The last part of the identifier.
    pub fn short_name(&self) -> &str {
        self.info.identifier.rsplit('.').next().unwrap_or(&self.info.identifier)
    }
}

/// The bundles of the place that was named, or of every usual place.
///
/// # Errors
/// [`Error::Plugin`] when a place that was named has no bundle.
pub fn locate(args: &BundleArgs) -> Result<Vec<BundlePath>> {
    let named = |path: &Path, how: &str| {
        let found = in_place(path);
        if found.is_empty() {
            return Err(Error::Plugin(format!("{how} {}: no OpenFX bundle or plug-in library there", path.display())));
        }
        Ok(found)
    };
    if let Some(path) = &args.bundle {
        return named(path, "--bundle");
    }
    if let Some(path) = std::env::var_os("ROTOCEL_BUNDLE").filter(|v: &OsString| !v.is_empty()) {
        return named(Path::new(&path), "ROTOCEL_BUNDLE");
    }
    let mut places = vec![PathBuf::from("target/bundle")];
    if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        places.push(folder.join("bundle"));
        // A build's own folder: target/debug/rotocel beside target/bundle.
        places.extend(folder.parent().map(|up| up.join("bundle")));
        places.extend(bundles_beside(folder));
    }
    let mut found = Vec::new();
    for path in places.iter().filter(|p| p.exists()).flat_map(|p| in_place(p)).chain(Bundle::search(none())) {
        let real = |b: &BundlePath| b.binary.canonicalize().unwrap_or_else(|_| b.binary.clone());
        if !found.iter().any(|known| real(known) == real(&path)) {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(Error::Plugin(
            "no OpenFX bundle found: build it with `cargo xtask bundle`, or name one with --bundle".into(),
        ));
    }
    Ok(found)
}

fn none() -> std::iter::Empty<PathBuf> {
    std::iter::empty()
}

fn bundles_beside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    entries.filter(|p| p.to_string_lossy().ends_with(".ofx.bundle")).collect()
}

/// What one path stands for: a bundle, a library, or a folder with bundles.
fn in_place(path: &Path) -> Vec<BundlePath> {
    if let Ok(bundle) = BundlePath::of(path) {
        return vec![bundle];
    }
    let inside = |b: &BundlePath| b.bundle.starts_with(path);
    Bundle::search([path]).into_iter().filter(inside).collect()
}

/// Loads bundles and lists their image effects. A bundle that cannot be loaded is passed over with a warning, unless
/// none can.
///
/// # Errors
/// [`Error::Plugin`] when no bundle can be loaded.
pub fn list(host: &Host, args: &BundleArgs) -> Result<Vec<FoundNode>> {
    let mut nodes = Vec::new();
    let mut failures = Vec::new();
    for path in locate(args)? {
        match Bundle::open(&path.binary) {
            Ok(bundle) => {
                let infos = host.plugins(&bundle).into_iter().filter(|info| info.image_effect);
                nodes.extend(infos.map(|info| FoundNode { bundle: bundle.clone(), info }));
            }
            Err(e) => failures.push(e.to_string()),
        }
    }
    if nodes.is_empty() && !failures.is_empty() {
        return Err(Error::Plugin(failures.join("\n")));
    }
    failures.iter().for_each(|reason| log::warn!("passed over: {reason}"));
    Ok(nodes)
}

/// Finds a node by its identifier or the identifier's last part, in any case.
///
/// # Errors
/// [`Error::Usage`] with the nearest name, or [`Error::Plugin`].
pub fn find(host: &Host, args: &BundleArgs, name: &str) -> Result<FoundNode> {
    let nodes = list(host, args)?;
    let position = nodes
        .iter()
        .position(|n| n.info.identifier == name)
        .or_else(|| nodes.iter().position(|n| n.short_name() == name))
        .or_else(|| nodes.iter().position(|n| n.short_name().eq_ignore_ascii_case(name)))
        .or_else(|| nodes.iter().position(|n| n.info.identifier.eq_ignore_ascii_case(name)));
    match position {
        Some(index) => Ok(nodes[index].clone()),
        None => {
            let known = nodes.iter().map(FoundNode::short_name);
            Err(Error::Usage(format!("there is no node {name}{}", suggestion(name, known))))
        }
    }
}

/// Loads a node and has it describe itself.
///
/// # Errors
/// As [`find`], or the plug-in refuses.
pub fn load(host: &Host, args: &BundleArgs, name: &str) -> Result<Plugin> {
    let node = find(host, args, name)?;
    host.load(&node.bundle, &node.info.identifier).map_err(|e| {
        let messages: Vec<String> = host.messages().into_iter().map(|m| m.text).filter(|t| !t.is_empty()).collect();
        let said = if messages.is_empty() { String::new() } else { format!(": {}", messages.join("; ")) };
        Error::Plugin(format!("{} of {}: {e}{said}", node.info.identifier, node.bundle.path().binary.display()))
    })
}

/// The description in the context that was asked for, or in the richest that the node has.
///
/// # Errors
/// [`Error::Usage`] when the node lacks the context that was asked for.
pub fn describe(plugin: &Plugin, asked: Option<Context>) -> Result<Description> {
    let contexts = plugin.contexts();
    let name = |c: &Context| format!("{c:?}").to_lowercase();
    let context = match asked {
        Some(context) if contexts.contains(&context) => context,
        Some(context) => {
            let known: Vec<String> = contexts.iter().map(name).collect();
            let (node, context) = (plugin.identifier(), name(&context));
            return Err(Error::Usage(format!("{node} has no {context} context; it has {}", known.join(", "))));
        }
        None => [Context::General, Context::Filter, Context::Generator]
            .into_iter()
            .find(|c| contexts.contains(c))
            .ok_or_else(|| Error::Plugin(format!("{} has no context that a file can feed", plugin.identifier())))?,
    };
    plugin.description(context).cloned().map_err(|e| Error::Plugin(format!("{}: {e}", plugin.identifier())))
}
