//! Text within XML.

/// The text with the marks that XML keeps for itself written as entities, and without characters that no XML may hold.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            letter if letter.is_control() || letter == '\u{fffe}' || letter == '\u{ffff}' => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}
