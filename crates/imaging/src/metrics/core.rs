use super::same_shape;
use crate::Result;
use ndarray::{ArrayView2, ArrayView3};

/// The least that the right matte may hold in the core of a tone.
pub const CORE_LEAST: f32 = 0.99;

/// The most that any other matte may hold there.
pub const CORE_MOST_OTHER: f32 = 0.01;

/// Pixels in the cores of tones, and how many of them an artist would see through.
///
/// A core is what lies far from every true border; a keyer or a painter expects solid mattes there ("core matte"). Wrong
/// classes are another figure's affair: only pixels whose largest matte is the right one are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoreLeakage {
    /// Core pixels whose largest matte is that of their label.
    pub correct: u64,
    /// Those whose right matte lies below [`CORE_LEAST`].
    pub thin: u64,
    /// Those with another matte above [`CORE_MOST_OTHER`].
    pub foreign: u64,
    /// Those to which either applies.
    pub leaking: u64,
}

impl CoreLeakage {
    /// Counts the pixels of `core`. Labels that are not a class (such as 255) are left out; of equal mattes the first is
    /// the largest.
    ///
    /// # Errors
    /// When the arrays, `[classes, height, width]` and `[height, width]`, differ in size.
    pub fn add(&mut self, labels: ArrayView2<u8>, mattes: ArrayView3<f32>, core: ArrayView2<bool>) -> Result<()> {
        let (classes, height, width) = mattes.dim();
        same_shape("labels of the mattes", labels.shape(), &[height, width])?;
        same_shape("core of the tones", core.shape(), &[height, width])?;
        for ((at, &label), _) in labels.indexed_iter().zip(core).filter(|(_, core)| **core) {
            let label = usize::from(label);
            if label >= classes {
                continue;
            }
            let matte = |class: usize| mattes[[class, at.0, at.1]];
            let right = matte(label);
            if (0..classes).any(|k| matte(k) > right || (k < label && matte(k) == right)) || right.is_nan() {
                continue;
            }
            let thin = right < CORE_LEAST;
            let foreign = (0..classes).any(|k| k != label && matte(k) > CORE_MOST_OTHER);
            self.correct += 1;
            self.thin += u64::from(thin);
            self.foreign += u64::from(foreign);
            self.leaking += u64::from(thin || foreign);
        }
        Ok(())
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        self.correct += other.correct;
        self.thin += other.thin;
        self.foreign += other.foreign;
        self.leaking += other.leaking;
    }

    /// The leaking share of the correct core, 0 to 1; `None` where there is no such pixel.
    pub fn share(&self) -> Option<f64> {
        (self.correct > 0).then(|| self.leaking as f64 / self.correct as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array3, array};
    use proptest::prelude::*;

    #[test]
    fn thin_foreign_wrong_and_unlabelled_pixels_are_told_apart() {
        // Solid; thin without a foreign matte above the limit; foreign; wrong class; no class; outside the core.
        let labels = array![[0, 0, 0, 0, 255, 0]];
        let mattes = array![
            [[0.99, 0.985, 0.6, 0.3, 1.0, 0.6]],
            [[0.01, 0.0075, 0.4, 0.7, 0.0, 0.4]],
            [[0.0, 0.0075, 0.0, 0.0, 0.0, 0.0]]
        ];
        let core = array![[true, true, true, true, true, false]];
        let mut found = CoreLeakage::default();
        found.add(labels.view(), mattes.view(), core.view()).unwrap();
        assert_eq!(found, CoreLeakage { correct: 3, thin: 2, foreign: 1, leaking: 2 });
        assert_eq!(found.share(), Some(2.0 / 3.0));
        found.merge(&CoreLeakage { correct: 1, thin: 0, foreign: 0, leaking: 0 });
        assert_eq!(found.share(), Some(0.5));
    }

    #[test]
    fn without_a_core_there_is_no_share_and_sizes_must_fit() {
        let mut found = CoreLeakage::default();
        let (labels, mattes) = (Array2::zeros((2, 2)), Array3::zeros((5, 2, 2)));
        found.add(labels.view(), mattes.view(), Array2::from_elem((2, 2), false).view()).unwrap();
        assert_eq!(found.share(), None);
        assert!(found.add(labels.view(), mattes.view(), Array2::from_elem((2, 3), true).view()).is_err());
        assert!(
            found.add(Array2::zeros((3, 2)).view(), mattes.view(), Array2::from_elem((2, 2), true).view()).is_err()
        );
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(64))]

        #[test]
        fn solid_mattes_leak_nothing_and_no_count_exceeds_the_correct(
            labels in proptest::collection::vec(0u8..5, 24),
            values in proptest::collection::vec(0.0f32..1.0, 120),
        ) {
            let labels = Array2::from_shape_vec((4, 6), labels).unwrap();
            let core = Array2::from_elem((4, 6), true);
            let solid = Array3::from_shape_fn((5, 4, 6), |(k, y, x)| f32::from(u8::from(usize::from(labels[[y, x]]) == k)));
            let mut found = CoreLeakage::default();
            found.add(labels.view(), solid.view(), core.view()).unwrap();
            prop_assert_eq!(found, CoreLeakage { correct: 24, ..CoreLeakage::default() });
            let any = Array3::from_shape_vec((5, 4, 6), values).unwrap();
            let mut found = CoreLeakage::default();
            found.add(labels.view(), any.view(), core.view()).unwrap();
            prop_assert!(found.thin.max(found.foreign) <= found.leaking && found.leaking <= found.correct);
        }
    }
}
