//! A number over time in a node's text: constant, or keys.

use std::collections::BTreeSet;

use super::tcl::Item;

/// What a reader passes over, in words for the artist.
pub(super) type Notices = BTreeSet<&'static str>;

/// A number over time, straight between keys and held outside.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// In order of time; a constant has one at no particular time.
    keys: Vec<(f64, f64)>,
    animated: bool,
}

impl Curve {
    fn constant(value: f64) -> Self {
        Self { keys: vec![(0.0, value)], animated: false }
    }

    /// Reads a number, `{{time value …} …}`, or the value that stands beside an expression. `notices` are given what is
    /// passed over. The error says what was found.
    pub(super) fn read(item: &Item, notices: &mut Notices) -> Result<Self, String> {
        if let Some(number) = item.number() {
            return Ok(Self::constant(number));
        }
        let wrong = || format!("line {}: expected a number or a list of keys, found {}", item.line, item.described());
        let items = item.list().filter(|items| !items.is_empty()).ok_or_else(wrong)?;
        if items[0].word().is_some_and(|word| word.starts_with('=')) {
            notices.insert("an expression was taken by the value that it had when the script was saved");
            return Self::read(items.get(1).ok_or_else(wrong)?, notices);
        }
        // In a list of its own: the first words are time and value, whatever follows them are slopes and marks.
        let key = |key: &Item| {
            let pair = key.list().filter(|words| words.len() >= 2)?;
            if pair.len() > 2 {
                notices.insert("keys with slopes or another interpolation of their own were taken as straight");
            }
            Some((pair[0].number()?, pair[1].number()?))
        };
        let mut keys = items.iter().map(key).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        keys.dedup_by_key(|key| key.0);
        Ok(Self { keys, animated: true })
    }

    /// When keys stand; a constant has none.
    pub(super) fn times(&self) -> impl Iterator<Item = f64> + '_ {
        self.keys.iter().filter(|_| self.animated).map(|key| key.0)
    }

    /// Every value that a key has.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.keys.iter().map(|key| key.1)
    }

    pub(super) fn at(&self, time: f64) -> f64 {
        let after = self.keys.partition_point(|key| key.0 <= time);
        let (from, to) = (self.keys[after.saturating_sub(1)], self.keys[after.min(self.keys.len() - 1)]);
        if from.0 >= to.0 || from.0 == time {
            return from.1;
        }
        from.1 + (to.1 - from.1) * (time - from.0) / (to.0 - from.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::fault::Fault;
    use crate::exchange::nuke::tcl;

    fn read(text: &str) -> (Result<Curve, String>, usize) {
        let items = tcl::parse(text, Fault("curve")).expect("braces match");
        let mut notices = Notices::new();
        let curve = Curve::read(&items[0], &mut notices);
        (curve, notices.len())
    }

    #[test]
    fn constants_keys_and_expressions_are_read() {
        let (curve, notices) = read("{{x447a4000 2} {999 -2} {1005 8 -}}");
        let curve = curve.expect("keys");
        assert_eq!(
            (curve.at(0.0), curve.at(1000.0), curve.at(1001.0), curve.at(1003.0), curve.at(1e9)),
            (-2.0, 0.0, 2.0, 5.0, 8.0)
        );
        assert_eq!((notices, curve.times().collect::<Vec<_>>()), (1, vec![999.0, 1001.0, 1005.0]));
        assert_eq!(read("7.5").0, Ok(Curve::constant(7.5)));
        assert_eq!(read("{=parent.x x44e30000}"), (Ok(Curve::constant(1816.0)), 1));
        assert_eq!(read("{\"=clamp(a, 1)\" {{0 5 -}}}").0.expect("keys").at(3.0), 5.0);
    }

    #[test]
    fn what_is_no_curve_is_told_with_its_line() {
        for text in ["\n\nword", "\n\n{}", "\n\n{{1}}", "\n\n{{1 word}}", "\n\n{1 2}", "\n\n{=x}"] {
            let message = read(text).0.expect_err(text);
            assert!(message.starts_with("line 3: expected a number"), "{message}");
        }
    }
}
