//! Names that are given twice.

use std::collections::{BTreeMap, BTreeSet};

/// The names that a reader has given out.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The number from which on a name is free, so that thousands of one name are soon told apart.
    next: BTreeMap<String, u32>,
}

impl Names {
    /// The name, or where it is taken, the name with a number.
    pub(super) fn free(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let next = self.next.entry(name.to_owned()).or_insert(2);
        while self.taken.contains(&free) {
            free = format!("{name}_{next}");
            *next += 1;
        }
        self.taken.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_again_get_a_number_that_none_has() {
        let mut names = Names::default();
        let given = ["a", "a_2", "a", "b", "a"].map(|name| names.free(name));
        assert_eq!(given, ["a", "a_2", "a_3", "b", "a_4"]);
        let many: BTreeSet<String> = (0..20_000).map(|_| names.free("track 1")).collect();
        assert_eq!(many.len(), 20_000);
    }
}
