//! Numbers as Nuke saves them.

/// The number in a word: decimal, or `x` and eight hexadecimal digits. None for anything else, also for infinities.
pub(super) fn parse(word: &str) -> Option<f64> {
    let number = match word.strip_prefix('x') {
        Some(digits) if digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            f64::from(f32::from_bits(u32::from_str_radix(digits, 16).ok()?))
        }
        // The parser also takes words such as "nan" and "infinity", which no number of Nuke's begins with.
        _ if word.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => word.parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// The number as Nuke writes it: 0 and 1 as they are, others as the digits of the nearest float32.
pub(super) fn text(number: f64) -> String {
    let bits = (number as f32).to_bits();
    match number as f32 {
        0.0 => "0".to_owned(),
        1.0 => "1".to_owned(),
        _ => format!("x{bits:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_that_nuke_saved() {
        for (word, number) in
            [("x447a4000", 1001.0), ("xc1a00000", -20.0), ("x43c80000", 400.0), ("x3f99999a", 1.2f32.into())]
        {
            assert_eq!(parse(word), Some(number));
            assert_eq!(text(number), word);
        }
        assert_eq!((text(0.0), text(-0.0), text(1.0)), ("0".into(), "0".into(), "1".into()));
        assert_eq!(
            (parse("400.25"), parse("-7"), parse("1e3"), parse(".5")),
            (Some(400.25), Some(-7.0), Some(1e3), Some(0.5))
        );
    }

    #[test]
    fn what_is_no_number_is_none() {
        for word in [
            "",
            "x",
            "x7f800000",
            "xffffffff",
            "x447a400",
            "x+47a4000",
            "nan",
            "-inf",
            "infinity",
            "1e999",
            "curve",
            "-",
        ] {
            assert_eq!(parse(word), None, "{word}");
        }
    }
}
