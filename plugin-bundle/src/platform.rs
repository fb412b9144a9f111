//! The three bundle layouts that OpenFX hosts load, and what each needs from the package registry.
//!
//! Only Linux is built and tested here. The other two stand so that a build on those systems finds every name in one
//! place.

use std::path::PathBuf;

use anyhow::{Result, bail};

/// A system that OpenFX gives an architecture folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// 64-bit Linux on x86.
    LinuxX86_64,
    /// 64-bit Windows on x86.
    Win64,
    /// macOS; built for Apple silicon.
    MacOs,
}

/// The tags by which pip picks the wheel of a platform, whatever Python runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WheelTags {
    /// `py` or `cp`.
    pub implementation: &'static str,
    /// `none`, or the ABI of one CPython.
    pub abi: &'static str,
    /// The platform tag in the wheel's file name.
    pub platform: &'static str,
}

impl Platform {
    /// The platform that this program runs on, and therefore builds for.
    ///
    /// # Errors
    /// On a system that OpenFX has no folder for, or whose libraries are not pinned.
    pub fn current() -> Result<Self> {
        match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => Ok(Self::LinuxX86_64),
            ("windows", "x86_64") => Ok(Self::Win64),
            ("macos", "aarch64") => Ok(Self::MacOs),
            (os, arch) => bail!(
                "Rotocel is not packaged for {os} on {arch}; it is for Linux x86-64, and laid out for Windows x86-64 \
                 and macOS arm64 (plugin-bundle/src/platform.rs)"
            ),
        }
    }

    /// The folder under `Contents` that holds the binary.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "Linux-x86-64",
            Self::Win64 => "Win64",
            Self::MacOs => "MacOS",
        }
    }

    /// The file that cargo builds from the root package.
    pub const fn built_library(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "librotocel_ofx.so",
            Self::Win64 => "rotocel_ofx.dll",
            Self::MacOs => "librotocel_ofx.dylib",
        }
    }

    /// The file name of the headless host.
    pub const fn headless_program(self) -> &'static str {
        match self {
            Self::Win64 => "rotocel.exe",
            _ => "rotocel",
        }
    }

    /// The file name of ONNX Runtime, in its wheel and in the bundle.
    pub const fn onnxruntime(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "libonnxruntime.so.1.31.1",
            Self::Win64 => "onnxruntime.dll",
            Self::MacOs => "libonnxruntime.1.31.1.dylib",
        }
    }

    /// The file name of libclang in its wheel and in `target/libclang`.
    pub const fn libclang(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "libclang.so",
            Self::Win64 => "libclang.dll",
            Self::MacOs => "libclang.dylib",
        }
    }

    /// The tags of the libclang wheel.
    pub const fn libclang_wheel(self) -> WheelTags {
        let platform = match self {
            Self::LinuxX86_64 => "manylinux2010_x86_64",
            Self::Win64 => "win_amd64",
            Self::MacOs => "macosx_11_0_arm64",
        };
        WheelTags { implementation: "py", abi: "none", platform }
    }

    /// The tags of the ONNX Runtime wheel.
    pub const fn onnxruntime_wheel(self) -> WheelTags {
        let platform = match self {
            Self::LinuxX86_64 => "manylinux_2_28_x86_64",
            Self::Win64 => "win_amd64",
            Self::MacOs => "macosx_14_0_arm64",
        };
        WheelTags { implementation: "cp", abi: "cp311", platform }
    }

    /// Where every host of the platform looks for plug-ins without being told.
    pub fn plugin_folder(self) -> PathBuf {
        match self {
            Self::LinuxX86_64 => PathBuf::from("/usr/OFX/Plugins"),
            // The standard names this folder through CSIDL_PROGRAM_FILES_COMMON.
            Self::Win64 => std::env::var_os("CommonProgramFiles")
                .map_or_else(|| PathBuf::from(r"C:\Program Files\Common Files"), PathBuf::from)
                .join("OFX")
                .join("Plugins"),
            Self::MacOs => PathBuf::from("/Library/OFX/Plugins"),
        }
    }

    /// The Python program inside a virtual environment.
    pub const fn venv_python(self) -> &'static str {
        match self {
            Self::Win64 => "Scripts/python.exe",
            _ => "bin/python",
        }
    }
}

/// What a user does when a host still shows the descriptors that it cached from an older bundle.
pub const CACHE_ADVICE: &str = "\
If a host does not show the nodes, or shows old parameters, close it and clear its plug-in cache:
  Nuke     delete the folder `ofxplugincache` in Nuke's temporary folder (NUKE_TEMP_DIR; else /var/tmp/nuke-u<user id>,
           or nuke in %TEMP% on Windows)
  Natron   menu Cache > Clear Plug-ins Load Cache, then start it again
  Resolve  delete OFXPluginCache*.xml in its Support folder (~/.local/share/DaVinciResolve,
           %PROGRAMDATA%\\Blackmagic Design\\DaVinci Resolve\\Support,
           /Library/Application Support/Blackmagic Design/DaVinci Resolve)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_the_folder_that_the_standard_names() {
        let folders = [Platform::LinuxX86_64, Platform::Win64, Platform::MacOs].map(Platform::folder);
        assert_eq!(folders, ["Linux-x86-64", "Win64", "MacOS"]);
    }

    #[test]
    fn the_runtime_carries_the_version_that_is_pinned() {
        let pin = crate::pins::Pin::parse(include_str!("../pins/onnxruntime.txt")).unwrap();
        for platform in [Platform::LinuxX86_64, Platform::MacOs] {
            assert!(platform.onnxruntime().contains(&pin.version), "{platform:?} does not follow {pin:?}");
        }
    }

    #[test]
    fn every_platform_has_a_hash_in_every_pin() {
        for text in [include_str!("../pins/libclang.txt"), include_str!("../pins/onnxruntime.txt")] {
            assert_eq!(crate::pins::Pin::parse(text).unwrap().sha256.len(), 3);
        }
    }

    #[test]
    fn linux_hosts_look_in_the_standard_folder() {
        assert_eq!(Platform::LinuxX86_64.plugin_folder(), PathBuf::from("/usr/OFX/Plugins"));
    }
}
