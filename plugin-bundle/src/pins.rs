//! The pinned packages: pip requirement files with one package each, its version and the SHA-256 of its wheels.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// One pinned package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The package name in the registry.
    pub package: String,
    /// The exact version.
    pub version: String,
    /// SHA-256 of the wheels that may be used, one a platform, in lower-case hexadecimal.
    pub sha256: Vec<String>,
}

impl Pin {
    /// Reads a requirement file that holds `package==version --hash=sha256:…`, continued over lines by backslashes.
    ///
    /// # Errors
    /// When the text holds no or several packages, a range instead of a version, or a hash that is no SHA-256.
    pub fn parse(text: &str) -> Result<Self> {
        let text: String =
            text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
        let joined = text.replace("\\\n", " ");
        let mut requirements = joined.lines().map(str::trim).filter(|line| !line.is_empty());
        let requirement = requirements.next().context("the pin file names no package")?;
        if let Some(second) = requirements.next() {
            bail!("a pin file names one package; found a second: {second}");
        }
        let mut words = requirement.split_whitespace();
        let (package, version) = words
            .next()
            .and_then(|word| word.split_once("=="))
            .with_context(|| format!("expected package==version at the start of `{requirement}`"))?;
        let sha256 = words.map(parse_hash).collect::<Result<Vec<_>>>()?;
        ensure!(!sha256.is_empty(), "{package} {version} has no --hash=sha256:… and could be replaced unseen");
        Ok(Self { package: package.into(), version: version.into(), sha256 })
    }

    /// `package==version`.
    pub fn requirement(&self) -> String {
        format!("{}=={}", self.package, self.version)
    }
}

fn parse_hash(word: &str) -> Result<String> {
    let digest =
        word.strip_prefix("--hash=sha256:").with_context(|| format!("expected --hash=sha256:…, found {word}"))?;
    ensure!(
        digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "{digest} is no SHA-256 in lower-case hexadecimal"
    );
    Ok(digest.into())
}

/// SHA-256 of a file in lower-case hexadecimal.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256_of(file: &Path) -> Result<String> {
    let mut source = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count =
            std::io::Read::read(&mut source, &mut buffer).with_context(|| format!("cannot read {}", file.display()))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "c533091d8a3bbf7460a00cb6c1a71da93bffe148f172c7d03b1c31fbf8aa2a0b";

    #[test]
    fn a_pin_is_read_over_continued_lines_and_comments() {
        let pin =
            Pin::parse(&format!("# why\nlibclang==18.1.1 \\\n  --hash=sha256:{HASH} \\\n  --hash=sha256:{HASH}\n"))
                .unwrap();
        assert_eq!(pin.requirement(), "libclang==18.1.1");
        assert_eq!(pin.sha256, [HASH, HASH]);
    }

    #[test]
    fn a_range_of_versions_is_no_pin() {
        let error = Pin::parse(&format!("libclang>=18 --hash=sha256:{HASH}")).unwrap_err();
        assert!(error.to_string().contains("package==version"), "{error}");
    }

    #[test]
    fn a_pin_without_a_hash_is_refused() {
        assert!(Pin::parse("libclang==18.1.1").unwrap_err().to_string().contains("no --hash"));
        assert!(Pin::parse("libclang==18.1.1 --hash=sha256:abc").unwrap_err().to_string().contains("no SHA-256"));
    }

    #[test]
    fn two_packages_in_one_file_are_refused() {
        let text = format!("a==1 --hash=sha256:{HASH}\nb==2 --hash=sha256:{HASH}");
        assert!(Pin::parse(&text).unwrap_err().to_string().contains("second: b==2"));
    }

    #[test]
    fn the_hash_of_a_file_is_the_published_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        assert_eq!(sha256_of(file.path()).unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
