//! Numbers over many frames, and how they are written.

use imaging::metrics::percentile;
use serde_json::{Value, json};

/// Values of one kind, such as the distances of all landmarks.
#[derive(Debug, Clone, Default)]
pub struct Values(Vec<f64>);

impl Values {
    /// Adds a value.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds all of others.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    /// These values.
    pub fn of(values: Vec<f64>) -> Self {
        Self(values)
    }

    /// Adds others, each times `factor`.
    pub fn extend_scaled(&mut self, others: &Self, factor: f64) {
        self.0.extend(others.0.iter().map(|value| value * factor));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The mean; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// The root of the mean square; `None` of nothing.
    pub fn rms(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| (self.0.iter().map(|v| v * v).sum::<f64>() / self.0.len() as f64).sqrt())
    }

    /// The value below which `percent` of them lie; `None` of nothing.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        percentile(&mut self.0.clone(), percent).ok().flatten()
    }

    /// Mean, median, 95th percentile, maximum and count.
    pub fn to_json(&self) -> Value {
        json!({
            "mean": rounded(self.mean()),
            "median": rounded(self.percentile(50.0)),
            "p95": rounded(self.percentile(95.0)),
            "max": rounded(self.percentile(100.0)),
            "count": self.len(),
        })
    }
}

/// What was there and what was said, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// There, and said to be.
    pub hit: usize,
    /// Said to be there, and not.
    pub wrong: usize,
    /// There, and not said to be.
    pub missed: usize,
    /// Neither.
    pub neither: usize,
}

impl Flags {
    /// Counts one.
    pub fn add(&mut self, truth: bool, said: bool) {
        match (truth, said) {
            (true, true) => self.hit += 1,
            (false, true) => self.wrong += 1,
            (true, false) => self.missed += 1,
            (false, false) => self.neither += 1,
        }
    }

    /// Adds others.
    pub fn join(&mut self, other: Self) {
        self.hit += other.hit;
        self.wrong += other.wrong;
        self.missed += other.missed;
        self.neither += other.neither;
    }

    /// The harmonic mean of precision and recall; `None` where there was nothing to find and nothing was found.
    pub fn f1(self) -> Option<f64> {
        let all = 2 * self.hit + self.wrong + self.missed;
        (all > 0).then(|| 2.0 * self.hit as f64 / all as f64)
    }

    /// The counts and F1.
    pub fn to_json(self) -> Value {
        let Self { hit, wrong, missed, neither } = self;
        json!({ "f1": rounded(self.f1()), "hit": hit, "wrong": wrong, "missed": missed, "neither": neither })
    }
}

/// To four decimals, as figures are stored.
pub fn rounded(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| json!((value * 1e4).round() / 1e4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_figures_and_values_are_joined_times_a_factor() {
        let mut values = Values::default();
        assert_eq!((values.mean(), values.percentile(50.0), values.rms()), (None, None, None));
        values.extend_scaled(&Values::of(vec![4.0, 1.0, 3.0, 2.0]), 10.0);
        let [middle, most] = [50.0, 100.0].map(|percent| values.percentile(percent));
        assert_eq!((middle, most, values.mean()), (Some(25.0), Some(40.0), Some(25.0)));
        assert_eq!(values.rms(), Some(750.0_f64.sqrt()));
    }

    #[test]
    fn f1_counts_what_was_missed_and_what_was_made_up() {
        let mut flags = Flags::default();
        assert_eq!(flags.f1(), None);
        [(true, true), (true, true), (true, false), (false, true), (false, false)]
            .into_iter()
            .for_each(|(truth, said)| flags.add(truth, said));
        assert_eq!(flags.f1(), Some(2.0 / 3.0));
    }
}
