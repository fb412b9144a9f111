//! Names that a person may have meant.

/// The known name closest to `given`, if one is close: a slip of the fingers, another case, or a part of the name.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const CLOSE: f64 = 0.6;
    let wanted = given.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let lower = name.to_lowercase();
        let mut score = strsim::normalized_damerau_levenshtein(&wanted, &lower);
        if wanted.len() >= 3 && (lower.contains(&wanted) || wanted.contains(&lower)) {
            score = score.max(CLOSE + 0.1 * score);
        }
        if score >= CLOSE && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, name));
        }
    }
    best.map(|(_, name)| name)
}

/// ` (did you mean NAME?)`, or a list of all names, to end a message with.
pub fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(given, known.iter().copied()) {
        Some(name) => format!("; did you mean {name}?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_cases_and_parts_find_their_name() {
        let known = ["edge_softness_px", "output", "matte_class", "model"];
        assert_eq!(nearest("edge_sofness_px", known), Some("edge_softness_px"));
        assert_eq!(nearest("Output", known), Some("output"));
        assert_eq!(nearest("softness", known), Some("edge_softness_px"));
        assert_eq!(nearest("xyzzy", known), None);
    }
}
