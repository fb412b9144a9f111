//! The bundle's Info.plist. macOS wants it, and so do hosts that find the binary through it.

use anyhow::Result;
use plist::{Dictionary, Value};

/// The name of the binary, the same on every platform.
pub const EXECUTABLE: &str = "Rotocel.ofx";

/// The property list of a bundle, as XML.
///
/// # Errors
/// When it cannot be written as XML.
pub fn info_plist(version: &str) -> Result<Vec<u8>> {
    let entries = [
        ("CFBundleDevelopmentRegion", "English"),
        ("CFBundleExecutable", EXECUTABLE),
        ("CFBundleIdentifier", "org.rotocel.Rotocel"),
        ("CFBundleInfoDictionaryVersion", "6.0"),
        ("CFBundleName", "Rotocel"),
        ("CFBundlePackageType", "BNDL"),
        ("CFBundleShortVersionString", version),
        ("CFBundleSignature", "????"),
        ("CFBundleVersion", version),
    ];
    let dictionary: Dictionary = entries.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
    let mut xml = Vec::new();
    Value::Dictionary(dictionary).to_writer_xml(&mut xml)?;
    Ok(xml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_find_the_binary_and_the_package_type() {
        let xml = info_plist("1.2.3").unwrap();
        let value: Value = plist::from_bytes(&xml).unwrap();
        let dictionary = value.as_dictionary().unwrap();
        let text = |key: &str| dictionary.get(key).and_then(Value::as_string);
        assert_eq!(text("CFBundleExecutable"), Some("Rotocel.ofx"));
        assert_eq!(text("CFBundlePackageType"), Some("BNDL"));
        assert_eq!(text("CFBundleVersion"), Some("1.2.3"));
        assert_eq!(text("CFBundleIdentifier"), Some("org.rotocel.Rotocel"));
    }
}
