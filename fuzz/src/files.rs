//! Several files in one input.

/// Stands between files; no text format has it.
pub(crate) const BETWEEN: char = '\u{1e}';

/// The texts of an input, at most eight.
pub(crate) fn texts(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).splitn(8, BETWEEN).map(str::to_owned).collect()
}

/// The seeds that these texts are.
pub(crate) fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
