//! Text as runs of pixels, from a bitmap font.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};

/// Pixels from the left edge of one character to that of the next.
pub(super) const ADVANCE: i32 = 8;

/// Rows of a character that lie above the baseline; the last row is below.
const ASCENT: i32 = 7;

/// Pixels beside each other in one row of text: columns from `left` to before `right`, on row `row` above the baseline
/// (negative below).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) row: i32,
}

/// The pixels of a line of text, which starts at column 0. What the font lacks is shown as a question mark.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run> {
    let places = (0..).step_by(ADVANCE as usize);
    places.zip(text.chars()).flat_map(|(left, character)| {
        let rows = glyph(character).into_iter().enumerate();
        rows.flat_map(move |(row, bits)| runs_of_row(bits, left, ASCENT - 1 - row as i32))
    })
}

/// Rows from the top; the lowest bit is the leftmost pixel.
fn glyph(character: char) -> [u8; 8] {
    let fonts: [&dyn Fn(char) -> Option<[u8; 8]>; 3] =
        [&|c| BASIC_FONTS.get(c), &|c| LATIN_FONTS.get(c), &|c| GREEK_FONTS.get(c)];
    fonts.iter().find_map(|font| font(character)).or_else(|| BASIC_FONTS.get('?')).unwrap_or_default()
}

fn runs_of_row(bits: u8, left: i32, row: i32) -> impl Iterator<Item = Run> {
    let is_set = move |column: i32| (0..8).contains(&column) && bits & (1 << column) != 0;
    let starts = (0..8).filter(move |&column| is_set(column) && !is_set(column - 1));
    starts.map(move |start| {
        let end = (start..).find(|&column| !is_set(column)).unwrap_or(8);
        Run { left: left + start, right: left + end, row }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_on_its_baseline_and_only_tails_hang_below() {
        assert!(runs("Ab").all(|run| (0..7).contains(&run.row)));
        assert!(runs("g").any(|run| run.row == -1));
        assert!(runs("b").all(|run| run.left < run.right && run.right <= 8));
    }

    #[test]
    fn what_the_font_lacks_is_a_question_mark() {
        assert_eq!(runs("\u{1F600}").collect::<Vec<_>>(), runs("?").collect::<Vec<_>>());
        assert_ne!(runs("é").collect::<Vec<_>>(), runs("?").collect::<Vec<_>>());
    }
}
