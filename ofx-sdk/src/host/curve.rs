//! A parameter's value over time.

use super::value::ParamValue;
use crate::FrameRange;

/// Two keys closer than this are the same key: hosts compute times in floating point.
const SAME_TIME: f64 = 1e-6;

/// A value at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Frame.
    pub time: f64,
    /// Value from there on.
    pub value: ParamValue,
}

/// A constant, or keys in order of time: numbers and colors are interpolated linearly, the rest holds until the next
/// key. Before the first and after the last key the value is that key's.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The value while there are no keys.
    pub constant: ParamValue,
    /// In increasing order of time.
    pub keys: Vec<Key>,
}

impl Curve {
    /// One value at every time.
    pub fn constant(value: ParamValue) -> Self {
        Self { constant: value, keys: Vec::new() }
    }

    /// Whether there are keys.
    pub fn is_animated(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The value at `time`.
    pub fn at(&self, time: f64) -> ParamValue {
        let after = self.keys.partition_point(|key| key.time <= time + SAME_TIME);
        match (after.checked_sub(1).and_then(|n| self.keys.get(n)), self.keys.get(after)) {
            (None, None) => self.constant.clone(),
            (None, Some(key)) | (Some(key), None) => key.value.clone(),
            (Some(before), Some(next)) => {
                let amount = ((time - before.time) / (next.time - before.time)).clamp(0.0, 1.0);
                mix(&before.value, &next.value, amount)
            }
        }
    }

    /// Sets the value everywhere and drops every key.
    pub fn set(&mut self, value: ParamValue) {
        self.constant = value;
        self.keys.clear();
    }

    /// Adds a key, or replaces the one at that time.
    pub fn set_key(&mut self, time: f64, value: ParamValue) {
        match self.find(time) {
            Some(n) => self.keys[n].value = value,
            None => {
                let at = self.keys.partition_point(|key| key.time < time);
                self.keys.insert(at, Key { time, value });
            }
        }
    }

    /// The key at this time.
    pub fn find(&self, time: f64) -> Option<usize> {
        self.keys.iter().position(|key| (key.time - time).abs() <= SAME_TIME)
    }

    /// The last key before this time.
    pub fn before(&self, time: f64) -> Option<usize> {
        self.keys.iter().rposition(|key| key.time < time - SAME_TIME)
    }

    /// The first key after this time.
    pub fn after(&self, time: f64) -> Option<usize> {
        self.keys.iter().position(|key| key.time > time + SAME_TIME)
    }

    /// Removes the key at this time; `false` if there is none. The value of the last key stays as the constant.
    pub fn delete(&mut self, time: f64) -> bool {
        let Some(n) = self.find(time) else { return false };
        let key = self.keys.remove(n);
        if self.keys.is_empty() {
            self.constant = key.value;
        }
        true
    }

    /// Removes every key; the value at `time` stays as the constant.
    pub fn delete_all(&mut self, time: f64) {
        self.constant = self.at(time);
        self.keys.clear();
    }

    /// Takes over another curve, its keys moved by `offset`; `range` limits which keys come along.
    pub fn copy_from(&mut self, other: &Self, offset: f64, range: Option<FrameRange>) {
        let inside = |key: &&Key| range.is_none_or(|r| key.time >= r.min - SAME_TIME && key.time <= r.max + SAME_TIME);
        self.constant = other.constant.clone();
        self.keys = other
            .keys
            .iter()
            .filter(inside)
            .map(|key| Key { time: key.time + offset, value: key.value.clone() })
            .collect();
    }

    /// Change per frame at `time` of each number; empty for values that are not numbers or colors.
    pub fn derivative(&self, time: f64) -> Vec<f64> {
        // Central difference over a step that is exact for straight pieces away from keys.
        const STEP: f64 = 1e-3;
        let (low, high) = (self.at(time - STEP), self.at(time + STEP));
        low.doubles().iter().zip(high.doubles()).map(|(a, b)| (b - a) / (2.0 * STEP)).collect()
    }

    /// The integral over time of each number, exact for linear pieces; empty for values that are not numbers or colors.
    pub fn integral(&self, from: f64, to: f64) -> Vec<f64> {
        if from > to {
            return self.integral(to, from).into_iter().map(|v| -v).collect();
        }
        let mut times = vec![from];
        times.extend(self.keys.iter().map(|key| key.time).filter(|t| *t > from && *t < to));
        times.push(to);
        let mut sum = vec![0.0; self.constant.doubles().len()];
        for pair in times.windows(2) {
            let (low, high) = (self.at(pair[0]), self.at(pair[1]));
            for (n, s) in sum.iter_mut().enumerate() {
                *s += (low.doubles()[n] + high.doubles()[n]) / 2.0 * (pair[1] - pair[0]);
            }
        }
        sum
    }
}

fn mix(a: &ParamValue, b: &ParamValue, amount: f64) -> ParamValue {
    fn each<const N: usize>(a: &[f64; N], b: &[f64; N], amount: f64) -> [f64; N] {
        std::array::from_fn(|n| a[n] + (b[n] - a[n]) * amount)
    }
    match (a, b) {
        (ParamValue::Double(a), ParamValue::Double(b)) => ParamValue::Double(a + (b - a) * amount),
        (ParamValue::Double2(a), ParamValue::Double2(b)) => ParamValue::Double2(each(a, b, amount)),
        (ParamValue::Double3(a), ParamValue::Double3(b)) => ParamValue::Double3(each(a, b, amount)),
        (ParamValue::Rgb(a), ParamValue::Rgb(b)) => ParamValue::Rgb(each(a, b, amount)),
        (ParamValue::Rgba(a), ParamValue::Rgba(b)) => ParamValue::Rgba(each(a, b, amount)),
        _ => a.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Curve {
        let mut curve = Curve::constant(ParamValue::Double(7.0));
        curve.set_key(20.0, ParamValue::Double(4.0));
        curve.set_key(10.0, ParamValue::Double(2.0));
        curve
    }

    #[test]
    fn numbers_are_interpolated_linearly_and_hold_outside_of_the_keys() {
        let curve = ramp();
        for (time, value) in [(0.0, 2.0), (10.0, 2.0), (15.0, 3.0), (20.0, 4.0), (99.0, 4.0)] {
            assert_eq!(curve.at(time), ParamValue::Double(value), "at {time}");
        }
        assert_eq!(curve.keys.iter().map(|k| k.time).collect::<Vec<_>>(), [10.0, 20.0]);
    }

    #[test]
    fn choices_hold_until_the_next_key() {
        let mut curve = Curve::constant(ParamValue::Choice(0));
        curve.set_key(1.0, ParamValue::Choice(1));
        curve.set_key(3.0, ParamValue::Choice(2));
        assert_eq!(curve.at(2.9), ParamValue::Choice(1));
        assert_eq!(curve.at(3.0), ParamValue::Choice(2));
    }

    #[test]
    fn derivative_and_integral_of_a_ramp_are_exact() {
        let curve = ramp();
        assert!((curve.derivative(15.0)[0] - 0.2).abs() < 1e-9);
        assert!((curve.integral(10.0, 20.0)[0] - 30.0).abs() < 1e-9);
        assert!((curve.integral(20.0, 0.0)[0] + 50.0).abs() < 1e-9);
    }

    #[test]
    fn deleting_the_last_key_keeps_its_value() {
        let mut curve = ramp();
        assert!(curve.delete(10.0));
        assert!(!curve.delete(10.0));
        assert!(curve.delete(20.0));
        assert_eq!(curve.at(0.0), ParamValue::Double(4.0));
    }

    #[test]
    fn a_copy_takes_the_keys_of_the_range_and_moves_them() {
        let mut copy = Curve::constant(ParamValue::Double(0.0));
        copy.copy_from(&ramp(), 5.0, Some(FrameRange { min: 15.0, max: 25.0 }));
        assert_eq!(copy.keys, [Key { time: 25.0, value: ParamValue::Double(4.0) }]);
    }
}
