//! Where things stand in a checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::platform::Platform;

/// The folder name of the bundle.
pub const BUNDLE: &str = "Rotocel.ofx.bundle";

/// A checkout of the repository.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    cargo_target: PathBuf,
    /// The platform that is built for.
    pub platform: Platform,
}

impl Workspace {
    /// The checkout that this program was built in.
    ///
    /// # Errors
    /// When the checkout has gone, or the platform is not one of ours.
    pub fn find() -> Result<Self> {
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().context("plugin-bundle lies in the repository")?.to_owned();
        ensure!(
            root.join("models/manifest.toml").is_file(),
            "{} is no checkout of Rotocel: start this as `cargo xtask` inside one",
            root.display()
        );
        // Cargo resolves the same variable against the folder it is started in, which is always the root here.
        let cargo_target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Self { root, cargo_target, platform: Platform::current()? })
    }

    /// The repository's root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Our own results. Not CARGO_TARGET_DIR, because `.cargo/config.toml` and the tests name this folder.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The folder that cargo builds in.
    pub fn cargo_target(&self) -> &Path {
        &self.cargo_target
    }

    /// The file that cargo writes for a profile (`debug` or `release`).
    pub fn built(&self, profile: &str, file: &str) -> PathBuf {
        self.cargo_target.join(profile).join(file)
    }

    /// The folder that holds the assembled bundle, as a plug-in folder of a host does.
    pub fn bundles(&self) -> PathBuf {
        self.target().join("bundle")
    }

    /// The assembled bundle.
    pub fn bundle(&self) -> PathBuf {
        self.bundles().join(BUNDLE)
    }

    /// The folder that bindgen's LIBCLANG_PATH names unless the user has set it.
    pub fn libclang_folder(&self) -> PathBuf {
        self.target().join("libclang")
    }

    /// The folder of the fetched ONNX Runtime and its licence texts.
    pub fn onnxruntime_folder(&self) -> PathBuf {
        self.target().join("onnxruntime")
    }

    /// The ONNX Runtime that is bundled and tested with: the user's own, or the fetched one.
    pub fn onnxruntime(&self) -> PathBuf {
        own_onnxruntime().unwrap_or_else(|| self.onnxruntime_folder().join(self.platform.onnxruntime()))
    }

    /// The built headless host.
    pub fn headless_program(&self) -> PathBuf {
        self.built("release", self.platform.headless_program())
    }
}

/// The library that ROTOCEL_ONNXRUNTIME names, seen from the folder of the call: tests are started in others.
pub fn own_onnxruntime() -> Option<PathBuf> {
    let named = std::env::var_os("ROTOCEL_ONNXRUNTIME").filter(|value| !value.is_empty())?;
    Some(std::path::absolute(&named).unwrap_or_else(|_| named.into()))
}
