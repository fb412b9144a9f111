//! Looks into a built plug-in: what it exports, what it needs, and how it was linked.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, ensure};
use object::{
    NameOrOrdinal, Object, ObjectSymbol, elf,
    read::elf::{ElfFile64, FileHeader},
};

/// What every OpenFX binary exports.
const REQUIRED: [&str; 2] = ["OfxGetNumberOfPlugins", "OfxGetPlugin"];

/// What a binary may export besides.
const OPTIONAL: &str = "OfxSetHost";

/// Libraries that every Linux host has; anything else must lie in the bundle, or hosts would not find it.
const SYSTEM_LIBRARIES: [&str; 9] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "librt.so.1",
    "libpthread.so.0",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "ld-linux-x86-64.so.2",
];

/// What a binary's tables say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// Global symbols that the binary defines.
    pub exports: BTreeSet<String>,
    /// Libraries that it asks the loader for.
    pub needed: Vec<String>,
    /// RPATH and RUNPATH entries.
    pub search_paths: Vec<String>,
    /// Whether `dlclose` leaves it in memory. Always true on systems without the flag.
    pub stays_loaded: bool,
    /// The newest glibc of which it uses a symbol, as major and minor; older systems cannot load it.
    pub glibc: Option<(u32, u32)>,
}

impl Tables {
    /// Reads the tables of a shared library.
    ///
    /// # Errors
    /// When the file cannot be read or is no shared library.
    pub fn read(file: &Path) -> Result<Self> {
        let data = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&data).with_context(|| format!("{} is no shared library", file.display()))
    }

    fn parse(data: &[u8]) -> Result<Self> {
        if object::FileKind::parse(data)? == object::FileKind::Elf64 {
            return Self::parse_elf(data);
        }
        let file = object::File::parse(data)?;
        // Mach-O puts an underscore before the names of C.
        let mut exports = BTreeSet::new();
        for export in file.exports()? {
            exports.insert(match export?.name() {
                NameOrOrdinal::Name(name) => String::from_utf8_lossy(name).trim_start_matches('_').to_owned(),
                NameOrOrdinal::Ordinal(ordinal) => format!("ordinal {ordinal}"),
            });
        }
        Ok(Self { exports, stays_loaded: true, ..Self::default() })
    }

    fn parse_elf(data: &[u8]) -> Result<Self> {
        let file = ElfFile64::<object::Endianness>::parse(data)?;
        ensure!(file.elf_header().e_type(file.endian()) == elf::ET_DYN, "it is of another ELF type");
        let exports = file
            .dynamic_symbols()
            .filter(|symbol| symbol.is_definition() && symbol.is_global())
            .map(|symbol| symbol.name().map(str::to_owned))
            .collect::<Result<_, _>>()?;
        let mut tables = Self { exports, ..Self::default() };
        let dynamic = file.elf_dynamic_table()?;
        for entry in dynamic.iter() {
            let text = || dynamic.string(entry).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            match entry.tag {
                elf::DT_NEEDED => tables.needed.push(text()?),
                elf::DT_RPATH | elf::DT_RUNPATH => {
                    tables.search_paths.extend(text()?.split(':').map(str::to_owned));
                }
                elf::DT_FLAGS_1 => tables.stays_loaded |= entry.val & elf::DF_1_NODELETE.0 != 0,
                _ => {}
            }
        }
        let (endian, sections) = (file.endian(), file.elf_section_table());
        if let Some((mut needs, link)) = sections.gnu_verneed(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            while let Some((_, mut versions)) = needs.next()? {
                while let Some(version) = versions.next()? {
                    tables.glibc = tables.glibc.max(glibc_version(version.name(endian, strings)?));
                }
            }
        }
        Ok(tables)
    }

    /// Holds a plug-in to what hosts need of it.
    ///
    /// # Errors
    /// Naming every rule that it breaks.
    pub fn check_plugin(&self) -> Result<()> {
        let mut faults = Vec::new();
        for name in REQUIRED.iter().filter(|name| !self.exports.contains(**name)) {
            faults.push(format!("it does not export {name}: does src/lib.rs call ofx_sdk::export_effects!?"));
        }
        let extra: Vec<_> = self
            .exports
            .iter()
            .filter(|name| !REQUIRED.contains(&name.as_str()) && *name != OPTIONAL)
            .cloned()
            .collect();
        if !extra.is_empty() {
            faults.push(format!(
                "it exports symbols that could clash with the host's or another plug-in's: {}",
                extra.join(", ")
            ));
        }
        if !self.stays_loaded {
            faults.push("it is not linked with -z nodelete (see build.rs): hosts would crash after dlclose".into());
        }
        for path in self.search_paths.iter().filter(|path| !path.starts_with("$ORIGIN")) {
            faults.push(format!("it searches the folder {path} of the building machine for libraries"));
        }
        for name in self.needed.iter().filter(|name| !SYSTEM_LIBRARIES.contains(&name.as_str())) {
            faults.push(format!("it needs {name}, which is neither in the bundle nor on every system"));
        }
        ensure!(faults.is_empty(), "the plug-in binary is not fit for hosts:\n  - {}", faults.join("\n  - "));
        Ok(())
    }
}

/// Reads `GLIBC_2.34`, and `GLIBC_2.2.5` without its last part.
fn glibc_version(name: &[u8]) -> Option<(u32, u32)> {
    let mut parts = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A shared library made of C text, by the C compiler that the host side of the SDK needs anyway.
    fn shared_library(source: &str, link: &[&str]) -> Tables {
        let folder = tempfile::tempdir().unwrap();
        let (c, so) = (folder.path().join("a.c"), folder.path().join("a.so"));
        std::fs::write(&c, source).unwrap();
        let status = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&so).arg(&c).args(link).status().unwrap();
        assert!(status.success());
        Tables::read(&so).unwrap()
    }

    const GOOD: &str = "int OfxGetNumberOfPlugins(void){return 0;} void*OfxGetPlugin(int n){(void)n;return 0;}";

    #[test]
    fn a_library_with_the_two_entry_points_and_nodelete_is_fit() {
        shared_library(GOOD, &["-Wl,-z,nodelete"]).check_plugin().unwrap();
        shared_library(&format!("{GOOD} int OfxSetHost(void*h){{(void)h;return 0;}}"), &["-Wl,-z,nodelete"])
            .check_plugin()
            .unwrap();
    }

    #[test]
    fn the_oldest_system_that_can_load_it_is_known() {
        assert_eq!(glibc_version(b"GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc_version(b"GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(glibc_version(b"GCC_3.3"), None);
        let uses_libc = "#include <stdlib.h>\nvoid*OfxGetPlugin(int n){return malloc(n);}";
        assert!(shared_library(uses_libc, &[]).glibc.is_some_and(|version| version >= (2, 2)));
    }

    #[test]
    fn a_missing_entry_point_is_named() {
        let error =
            shared_library("int OfxGetPlugin(void){return 0;}", &["-Wl,-z,nodelete"]).check_plugin().unwrap_err();
        assert!(error.to_string().contains("does not export OfxGetNumberOfPlugins"), "{error}");
    }

    #[test]
    fn a_leaked_symbol_is_named() {
        let tables = shared_library(&format!("{GOOD} int leaked(void){{return 1;}}"), &["-Wl,-z,nodelete"]);
        let error = tables.check_plugin().unwrap_err();
        assert!(error.to_string().contains("clash") && error.to_string().contains("leaked"), "{error}");
    }

    #[test]
    fn a_library_that_dlclose_would_unmap_is_refused() {
        let error = shared_library(GOOD, &[]).check_plugin().unwrap_err();
        assert!(error.to_string().contains("nodelete"), "{error}");
    }

    #[test]
    fn a_search_path_of_the_building_machine_is_refused() {
        let flags = ["-Wl,-z,nodelete", "-Wl,-rpath,/home/builder/lib:$ORIGIN/lib"];
        let error = shared_library(GOOD, &flags).check_plugin().unwrap_err().to_string();
        assert!(error.contains("/home/builder/lib") && !error.contains("$ORIGIN"), "{error}");
    }

    #[test]
    fn a_library_that_hosts_do_not_have_is_refused() {
        let tables = Tables { needed: vec!["libc.so.6".into(), "libonnxruntime.so.1".into()], ..Tables::default() };
        let error = tables.check_plugin().unwrap_err().to_string();
        assert!(error.contains("needs libonnxruntime.so.1") && !error.contains("needs libc.so.6"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_library_is_told_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "text").unwrap();
        let error = Tables::read(file.path()).unwrap_err();
        assert!(error.to_string().contains("no shared library"), "{error}");
    }
}
