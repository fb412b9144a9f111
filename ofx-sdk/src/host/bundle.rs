//! Finding plug-in binaries and loading them.
#![allow(unsafe_code)]

use crate::{Error, Result, sys};
use libloading::Library;
use std::{
    env,
    ffi::CStr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A bundle that was found, not yet loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundlePath {
    /// The `NAME.ofx.bundle` folder, or the binary itself when it lies in none.
    pub bundle: PathBuf,
    /// The binary for this platform.
    pub binary: PathBuf,
}

/// One plug-in of a binary, before it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Its identifier.
    pub identifier: String,
    /// Major and minor version.
    pub version: (u32, u32),
    /// Whether it is an image effect of an API version that this host knows.
    pub image_effect: bool,
}

/// A loaded plug-in binary. It stays loaded while a bundle or a plug-in of it is alive.
#[derive(Clone, Debug)]
pub struct Bundle {
    path: BundlePath,
    library: Arc<Library>,
}

/// Folders of a bundle that may hold a binary for this platform, best first.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
const PLATFORM_FOLDERS: &[&str] = &["Linux-x86-64"];
#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
const PLATFORM_FOLDERS: &[&str] = &["Linux-x86"];
#[cfg(target_os = "macos")]
const PLATFORM_FOLDERS: &[&str] = &["MacOS", "MacOS-x86-64"];
#[cfg(target_os = "windows")]
const PLATFORM_FOLDERS: &[&str] = &["Win64"];

#[cfg(target_os = "windows")]
const STANDARD_FOLDERS: &[&str] = &[r"C:\Program Files\Common Files\OFX\Plugins"];
#[cfg(target_os = "macos")]
const STANDARD_FOLDERS: &[&str] = &["/Library/OFX/Plugins"];
#[cfg(not(any(target_os = "windows", target_os = "macos")))]
const STANDARD_FOLDERS: &[&str] = &["/usr/OFX/Plugins", "/usr/local/OFX/Plugins"];

/// Deeper folders are not searched: a link that leads back up must not hold the host.
const DEEPEST: usize = 12;

impl BundlePath {
    /// The binary of a bundle folder, or a binary given itself.
    ///
    /// # Errors
    /// [`Error::File`] says what is missing.
    pub fn of(path: &Path) -> Result<Self> {
        let missing = |reason: String| Error::File { path: path.display().to_string(), reason };
        if path.is_file() {
            let bundle =
                path.ancestors().find(|folder| is_bundle(folder)).map_or_else(|| path.to_owned(), Path::to_owned);
            return Ok(Self { bundle, binary: path.to_owned() });
        }
        if !path.is_dir() {
            return Err(missing("there is no such bundle or binary".into()));
        }
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let stem = name.strip_suffix(".bundle").unwrap_or(name);
        PLATFORM_FOLDERS
            .iter()
            .map(|folder| path.join("Contents").join(folder).join(stem))
            .find(|binary| binary.is_file())
            .map(|binary| Self { bundle: path.to_owned(), binary })
            .ok_or_else(|| missing(format!("no Contents/{}/{stem} in this bundle", PLATFORM_FOLDERS.join("|"))))
    }
}

fn is_bundle(path: &Path) -> bool {
    path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.ends_with(".ofx.bundle"))
}

impl Bundle {
    /// Bundles in `extra`, in the folders of `OFX_PLUGIN_PATH` and in the standard folders, each once, in that order;
    /// subfolders are searched as well. Folders that cannot be read are passed over.
    pub fn search<P: AsRef<Path>>(extra: impl IntoIterator<Item = P>) -> Vec<BundlePath> {
        let mut folders: Vec<PathBuf> = extra.into_iter().map(|p| p.as_ref().to_owned()).collect();
        folders.extend(env::var_os("OFX_PLUGIN_PATH").iter().flat_map(env::split_paths));
        folders.extend(STANDARD_FOLDERS.iter().map(PathBuf::from));
        let mut found = Vec::new();
        for folder in folders.iter().filter(|folder| !folder.as_os_str().is_empty()) {
            collect(folder, DEEPEST, &mut found);
        }
        found
    }

    /// Loads the binary of a bundle folder, or a binary given itself.
    ///
    /// # Errors
    /// [`Error::File`] when there is no binary for this platform, it cannot be loaded, or it is no OpenFX binary.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = BundlePath::of(path.as_ref())?;
        let failed = |reason: String| Error::File { path: path.binary.display().to_string(), reason };
        // SAFETY: loading runs the binary's initialisers; that is what the caller asks for by naming a plug-in.
        let library = unsafe { Library::new(&path.binary) }.map_err(|e| failed(format!("cannot be loaded: {e}")))?;
        let bundle = Self { path: path.clone(), library: Arc::new(library) };
        bundle.entry_points().map_err(|reason| failed(format!("is no OpenFX binary: {reason}")))?;
        Ok(bundle)
    }

    /// Where it was found.
    pub fn path(&self) -> &BundlePath {
        &self.path
    }

    /// The plug-ins of this binary. A binary that waits for a host before it says what it holds lists them only
    /// through [`Host::plugins`](super::Host::plugins).
    pub fn plugins(&self) -> Vec<PluginInfo> {
        self.tables().into_iter().filter_map(info).collect()
    }

    /// Keeps the binary loaded.
    pub(crate) fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library)
    }

    /// Gives the host to the binary as a whole, where it wants one; `false` when it declines this host.
    pub(crate) fn offer_host(&self, host: *const sys::OfxHost) -> bool {
        type SetHost = unsafe extern "C" fn(*const sys::OfxHost) -> sys::OfxStatus;
        // SAFETY: the symbol has this type in the standard.
        let Ok(set_host) = (unsafe { self.library.get::<SetHost>(b"OfxSetHost\0") }) else { return true };
        // SAFETY: `host` outlives the plug-ins that are loaded with it.
        unsafe { set_host(host) != sys::kOfxStatFailed as i32 }
    }

    /// The tables of every plug-in; null ones are left out.
    pub(crate) fn tables(&self) -> Vec<*mut sys::OfxPlugin> {
        let Ok((count, get)) = self.entry_points() else { return Vec::new() };
        // SAFETY: both have the standard's types; `get` is called with indices below the count.
        unsafe { (0..count()).map(|n| get(n)).filter(|table| !table.is_null()).collect() }
    }

    #[allow(clippy::type_complexity)]
    fn entry_points(
        &self,
    ) -> Result<(unsafe extern "C" fn() -> i32, unsafe extern "C" fn(i32) -> *mut sys::OfxPlugin), String> {
        // SAFETY: the symbols have these types in the standard; the library outlives the copies, which stay in `self`.
        unsafe {
            let count = self.library.get(b"OfxGetNumberOfPlugins\0").map_err(|e| e.to_string())?;
            let get = self.library.get(b"OfxGetPlugin\0").map_err(|e| e.to_string())?;
            Ok((*count, *get))
        }
    }
}

/// Reads a plug-in's table; `None` when it has no identifier.
pub(crate) fn info(table: *mut sys::OfxPlugin) -> Option<PluginInfo> {
    // SAFETY: the binary gave this pointer, not null, and the standard keeps it valid while the binary is loaded.
    let table = unsafe { table.as_ref() }?;
    if table.pluginIdentifier.is_null() {
        return None;
    }
    // SAFETY: not null, and a C string by the standard.
    let identifier = unsafe { CStr::from_ptr(table.pluginIdentifier) }.to_string_lossy().into_owned();
    // SAFETY: only read when not null; a C string by the standard.
    let api_matches =
        !table.pluginApi.is_null() && unsafe { CStr::from_ptr(table.pluginApi) } == sys::kOfxImageEffectPluginApi;
    Some(PluginInfo {
        identifier,
        version: (table.pluginVersionMajor, table.pluginVersionMinor),
        image_effect: api_matches && table.apiVersion == sys::kOfxImageEffectPluginApiVersion as i32,
    })
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<BundlePath>) {
    if is_bundle(folder) {
        if let Ok(bundle) = BundlePath::of(folder)
            && !found.contains(&bundle)
        {
            found.push(bundle);
        }
        return;
    }
    let Ok(entries) = folder.read_dir() else { return };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    if depth > 0 {
        for folder in folders {
            collect(&folder, depth - 1, found);
        }
    }
}
