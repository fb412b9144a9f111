//! How a hand key's correction spreads to the frames around it.

use std::ops::{Add, Mul, Sub};

/// The hand keys of one quantity, such as the place of a landmark, in order of time.
#[derive(Debug, Clone)]
pub(super) struct HandKeys<V>(Vec<(i64, V)>);

impl<V> Default for HandKeys<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What a blend gave, and from what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Blended<V> {
    /// A hand key stands on the frame.
    Hand(V),
    /// The prediction, and a part of a correction.
    Corrected(V),
    /// The prediction alone.
    Predicted(V),
    /// Hand keys alone: there is no prediction.
    BetweenKeys(V),
    /// Nothing is known.
    Unknown,
}

impl<V> Blended<V> {
    pub(super) fn value(self) -> Option<V> {
        match self {
            Self::Hand(v) | Self::Corrected(v) | Self::Predicted(v) | Self::BetweenKeys(v) => Some(v),
            Self::Unknown => None,
        }
    }
}

impl<V: Copy + Add<Output = V> + Sub<Output = V> + Mul<f64, Output = V>> HandKeys<V> {
    /// Sets the key of a frame after all others.
    pub(super) fn push(&mut self, frame: i64, value: V) {
        self.0.push((frame, value));
    }

    /// The value on a frame. `predicted` is the prediction there, `at_key` that on the frame of a key; where `at_key` knows
    /// none, the key corrects nothing but its own frame.
    ///
    /// The *correction*, key minus prediction, goes straight from key to key, and beyond the outermost it goes straight to
    /// nothing over `falloff` frames; with a falloff below 0 it holds.
    pub(super) fn blend<E>(
        &self,
        frame: i64,
        falloff: f64,
        predicted: Option<V>,
        mut at_key: impl FnMut(i64) -> Result<Option<V>, E>,
    ) -> Result<Blended<V>, E> {
        let after = self.0.partition_point(|&(at, _)| at < frame);
        let (before, after) = (after.checked_sub(1).map(|k| self.0[k]), self.0.get(after).copied());
        if let Some((_, value)) = after.filter(|&(at, _)| at == frame) {
            return Ok(Blended::Hand(value));
        }
        let mut correction = |(at, value): (i64, V)| Ok(value - at_key(at)?.unwrap_or(value));
        Ok(match (before, after, predicted) {
            (None, None, None) => Blended::Unknown,
            (None, None, Some(predicted)) => Blended::Predicted(predicted),
            (Some(one), Some(other), predicted) => {
                let share = frame.abs_diff(one.0) as f64 / other.0.abs_diff(one.0) as f64;
                match predicted {
                    Some(predicted) => {
                        let (one, other) = (correction(one)?, correction(other)?);
                        Blended::Corrected(predicted + one * (1.0 - share) + other * share)
                    }
                    None => Blended::BetweenKeys(one.1 * (1.0 - share) + other.1 * share),
                }
            }
            (Some(key), None, predicted) | (None, Some(key), predicted) => {
                let left = reach(frame.abs_diff(key.0) as f64, falloff);
                match predicted {
                    Some(predicted) if left > 0.0 => Blended::Corrected(predicted + correction(key)? * left),
                    Some(predicted) => Blended::Predicted(predicted),
                    None if left > 0.0 => Blended::BetweenKeys(key.1),
                    None => Blended::Unknown,
                }
            }
        })
    }
}

/// The share of a correction that is left `distance` frames beyond the outermost key.
fn reach(distance: f64, falloff: f64) -> f64 {
    match falloff < 0.0 {
        true => 1.0,
        // Also for 0 and for what is no number: that frame only.
        false => (1.0 - distance / falloff).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn keys(of: &[(i64, f64)]) -> HandKeys<f64> {
        HandKeys(of.to_vec())
    }

    /// With a prediction that runs from 0 by 10 a frame.
    fn at(keys: &HandKeys<f64>, frame: i64, falloff: f64) -> f64 {
        let predicted = |frame: i64| Ok::<_, Infallible>(Some(10.0 * frame as f64));
        let Ok(blended) = keys.blend(frame, falloff, Some(10.0 * frame as f64), predicted);
        blended.value().expect("there is a prediction")
    }

    #[test]
    fn the_correction_goes_straight_from_key_to_key() {
        let keys = keys(&[(10, 104.0), (14, 140.0)]);
        assert_eq!([10, 11, 13, 14].map(|frame| at(&keys, frame, 0.0)), [104.0, 113.0, 131.0, 140.0]);
    }

    #[test]
    fn beyond_the_outermost_key_it_fades_over_the_falloff_or_holds() {
        let keys = keys(&[(10, 104.0)]);
        assert_eq!([8, 9, 11, 12, 14, 15].map(|frame| at(&keys, frame, 4.0)), [82.0, 93.0, 113.0, 122.0, 140.0, 150.0]);
        assert_eq!([9, 11].map(|frame| at(&keys, frame, 0.0)), [90.0, 110.0]);
        assert_eq!([-990, 11].map(|frame| at(&keys, frame, -1.0)), [-9896.0, 114.0]);
        assert_eq!(at(&keys, 11, f64::NAN), 110.0);
    }

    #[test]
    fn without_a_prediction_the_keys_stand_alone() {
        let keys = keys(&[(10, 100.0), (20, 200.0)]);
        let blend = |frame, falloff| {
            let Ok(blended) = keys.blend(frame, falloff, None, |_| Ok::<_, Infallible>(None));
            blended
        };
        assert_eq!(blend(15, 0.0), Blended::BetweenKeys(150.0));
        assert_eq!(blend(20, 0.0), Blended::Hand(200.0));
        assert_eq!(blend(22, 3.0), Blended::BetweenKeys(200.0));
        assert_eq!(blend(23, 3.0), Blended::Unknown);
        assert_eq!(blend(i64::MIN, -1.0), Blended::BetweenKeys(100.0));
    }
}
