//! Nuke scripts as nested lists of words: as much of Tcl as saved nodes have.

use crate::Result;
use crate::exchange::fault::{Fault, shown};

/// Saved nodes go some twelve deep.
const MOST_DEPTH: usize = 64;

/// A word, or a list in braces, with the line that it begins in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item<'t> {
    pub(super) line: usize,
    pub(super) content: Content<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content<'t> {
    /// Without its quotation marks; what a backslash hides is still hidden by it.
    Word(&'t str),
    List(Vec<Item<'t>>),
}

impl<'t> Item<'t> {
    pub(super) fn word(&self) -> Option<&'t str> {
        match self.content {
            Content::Word(word) => Some(word),
            Content::List(_) => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Item<'t>]> {
        match &self.content {
            Content::List(items) => Some(items),
            Content::Word(_) => None,
        }
    }

    /// The list, if its first word is `name`.
    pub(super) fn list_of(&self, name: &str) -> Option<&[Item<'t>]> {
        self.list().filter(|items| items.first().and_then(Item::word) == Some(name))
    }

    /// The number in a word.
    pub(super) fn number(&self) -> Option<f64> {
        self.word().and_then(super::number::parse)
    }

    /// What an error says that it found.
    pub(super) fn described(&self) -> String {
        match &self.content {
            Content::Word(word) => shown(word),
            Content::List(items) => format!("a list of {}", items.len()),
        }
    }
}

/// The items of a script.
///
/// # Errors
/// Braces that do not match, or go too deep.
pub(super) fn parse(text: &str, fault: Fault) -> Result<Vec<Item<'_>>> {
    let bytes = text.as_bytes();
    let mut open: Vec<(usize, Vec<Item>)> = vec![(1, Vec::new())];
    let (mut at, mut line) = (0, 1);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => (at, line) = (at + 1, line + 1),
            _ if byte.is_ascii_whitespace() => at += 1,
            b'{' if open.len() > MOST_DEPTH => {
                return Err(fault.at(format!("line {line}"), format!("braces go deeper than {MOST_DEPTH}")));
            }
            b'{' => {
                open.push((line, Vec::new()));
                at += 1;
            }
            b'}' => {
                let stray = || fault.at(format!("line {line}"), "a } closes nothing");
                let (begun, items) = open.pop().filter(|_| !open.is_empty()).ok_or_else(stray)?;
                if let Some((_, around)) = open.last_mut() {
                    around.push(Item { line: begun, content: Content::List(items) });
                }
                at += 1;
            }
            _ => {
                let (word, end) = word(text, at);
                if let Some((_, around)) = open.last_mut() {
                    around.push(Item { line, content: Content::Word(word) });
                }
                line += bytes[at..end].iter().filter(|&&byte| byte == b'\n').count();
                at = end;
            }
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some((_, items)), true) => Ok(items),
        (unclosed, _) => {
            let line = unclosed.map_or(1, |(line, _)| line);
            Err(fault.at(format!("line {line}"), "this { is never closed; the file may have been cut off"))
        }
    }
}

/// The word that begins at `at`, and where it ends. Quotation marks hold a word together if they close in their line.
fn word(text: &str, at: usize) -> (&str, usize) {
    let bytes = text.as_bytes();
    if bytes[at] == b'"' {
        let close = ends(bytes, at + 1, |byte| byte == b'"' || byte == b'\n');
        if bytes.get(close) == Some(&b'"') {
            return (text.get(at + 1..close).unwrap_or_default(), close + 1);
        }
    }
    let end = ends(bytes, at + 1, |byte| byte.is_ascii_whitespace() || byte == b'{' || byte == b'}');
    // A word ends at a character of ASCII, so its ends are borders of characters.
    (text.get(at..end).unwrap_or_default(), end)
}

/// The first place from `from` that `is_end` and no backslash hides.
fn ends(bytes: &[u8], from: usize, is_end: impl Fn(u8) -> bool) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if at + 1 < bytes.len() => at += 2,
            _ if is_end(byte) => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The text that a word stands for: what a backslash hides is shown.
pub(super) fn unescaped(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        text.push(if letter == '\\' { letters.next().unwrap_or('\\') } else { letter });
    }
    text
}

/// The word that stands for a text: in quotation marks, unless it is made of letters, digits and some marks only.
pub(super) fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut word = String::from('"');
    for letter in text.chars() {
        if "\"\\{}[]$".contains(letter) {
            word.push('\\');
        }
        word.push(if letter.is_control() { ' ' } else { letter });
    }
    word + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: Fault = Fault("script");

    fn plain(items: &[Item]) -> String {
        let one = |item: &Item| match &item.content {
            Content::Word(word) => format!("<{word}>"),
            Content::List(items) => format!("({})", plain(items)),
        };
        items.iter().map(one).collect()
    }

    #[test]
    fn words_lists_and_quotation_marks_are_told_apart() {
        let text = "Roto {\n name \"a b\\\" c\"{x\\{ \"y}\n z}\nend";
        assert_eq!(plain(&parse(text, FAULT).expect("it closes")), "<Roto>(<name><a b\\\" c>(<x\\{><\"y>)<z>)<end>");
        assert_eq!(parse(text, FAULT).expect("it closes")[2].line, 4);
    }

    #[test]
    fn what_is_quoted_is_the_text_again() {
        for text in ["left_eye", "a b", "{\"$x\"}[0]\\", "größe 5", ""] {
            let word = quoted(text);
            let items = parse(&word, FAULT).expect("one word");
            assert_eq!((items.len(), unescaped(items[0].word().expect("a word"))), (1, text.to_owned()), "{word}");
        }
    }

    #[test]
    fn braces_that_do_not_match_are_named_by_their_line() {
        let message = |text: &str| parse(text, FAULT).expect_err(text).to_string();
        assert_eq!(
            message("a {\n b {\n c }\n"),
            "script, line 1: this { is never closed; the file may have been cut off"
        );
        assert_eq!(message("a\n}"), "script, line 2: a } closes nothing");
        assert!(message(&"{".repeat(1_000_000)).contains("deeper than 64"));
        assert!(message("}}}}").contains("line 1"));
    }
}
