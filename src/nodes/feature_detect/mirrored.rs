//! What a landmark network says of a picture and of its mirror image, as one answer: errors of the two lean to opposite sides.

use ndarray::{Array3, ArrayView3};
use roto::Topology;

/// The mean of `answer` and of `flipped`, what the network said of the mirror image; both `[4, 1, landmarks + shapes]` with
/// `x` (a share of the crop) first. An answer of another size, or a topology without mirror images, gives `answer` as it is.
pub fn both_ways(answer: ArrayView3<'_, f32>, flipped: ArrayView3<'_, f32>, topology: &Topology) -> Array3<f32> {
    let points = topology.landmarks().len();
    let columns = points + topology.shapes().len();
    if answer.dim() != flipped.dim() || answer.dim().2 != columns || !topology.has_mirror() {
        return answer.to_owned();
    }
    let shapes = topology.shape_mirrors().iter().map(|mirror| points + mirror.shape);
    let images: Vec<usize> = topology.mirror().iter().copied().chain(shapes).collect();
    Array3::from_shape_fn(answer.dim(), |(channel, row, column)| {
        let image = flipped[[channel, row, images[column]]];
        let image = if channel == 0 && column < points { 1.0 - image } else { image };
        0.5 * (answer[[channel, row, column]] + image)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer that knows where each landmark is, off to the right by `lean` of the picture that it was shown.
    fn answer(topology: &Topology, shown: impl Fn(usize) -> usize, flip: bool, lean: f32) -> Array3<f32> {
        let points = topology.landmarks().len();
        Array3::from_shape_fn((4, 1, points + topology.shapes().len()), |(channel, _, column)| {
            let truth = shown(column) as f32 / 100.0;
            match (channel, column < points) {
                (0, true) => {
                    if flip {
                        1.0 - truth + lean
                    } else {
                        truth + lean
                    }
                }
                (0, false) => 0.0,
                _ => truth,
            }
        })
    }

    #[test]
    fn an_error_that_leans_to_one_side_is_cancelled_and_names_change_sides() {
        let puppet = Topology::puppet().unwrap();
        let points = puppet.landmarks().len();
        let image = |column: usize| match column < points {
            true => puppet.mirror()[column],
            false => points + puppet.shape_mirrors()[column - points].shape,
        };
        let straight = answer(&puppet, |column| column, false, 0.03);
        let flipped = answer(&puppet, image, true, 0.03);
        let both = both_ways(straight.view(), flipped.view(), &puppet);
        for column in 0..points + puppet.shapes().len() {
            let truth = column as f32 / 100.0;
            let x = if column < points { truth } else { 0.0 };
            assert!((both[[0, 0, column]] - x).abs() < 1e-6, "x of column {column}");
            assert!((both[[3, 0, column]] - truth).abs() < 1e-6, "visibility of column {column}");
        }
    }

    #[test]
    fn an_answer_of_another_size_is_left_to_its_reader() {
        let puppet = Topology::puppet().unwrap();
        let short = Array3::from_elem((4, 1, 7), 0.25);
        assert_eq!(both_ways(short.view(), short.view(), &puppet), short);
    }
}
