//! Sizes that a network takes, and pictures grown to them.
//!
//! Rows keep their order: padding is added after the last row and the last column.

use ndarray::{Array3, ArrayView3, Axis, Slice};

/// The smallest width and height that hold `width` × `height` pixels and are multiples of `stride`; at least one
/// stride each. A stride of 0 counts as 1.
///
/// ```
/// assert_eq!(inference::tensor::padded_size(1920, 1080, 16), (1920, 1088));
/// ```
pub fn padded_size(width: usize, height: usize, stride: usize) -> (usize, usize) {
    let stride = stride.max(1);
    let grown = |size: usize| size.max(1).next_multiple_of(stride);
    (grown(width), grown(height))
}

/// `picture`, `[channels, height, width]`, grown to multiples of `stride` by repeating its last row and column.
/// A picture that fits is returned as it is. One without pixels becomes zeros.
pub fn pad_to_stride(picture: Array3<f32>, stride: usize) -> Array3<f32> {
    let (channels, height, width) = picture.dim();
    let (padded_width, padded_height) = padded_size(width, height, stride);
    if (padded_width, padded_height) == (width, height) {
        return picture;
    }
    let mut padded = Array3::zeros((channels, padded_height, padded_width));
    if width == 0 || height == 0 {
        return padded;
    }
    for (source, mut target) in picture.outer_iter().zip(padded.outer_iter_mut()) {
        for (y, row) in target.outer_iter_mut().enumerate() {
            let from = source.row(y.min(height - 1));
            let (mut inside, mut outside) = row.split_at(Axis(0), width);
            inside.assign(&from);
            outside.fill(from[width - 1]);
        }
    }
    padded
}

/// The first `width` × `height` pixels of `planes`, `[channels, height, width]`: undoes [`pad_to_stride`]. Never
/// reaches past what is there.
pub fn crop(planes: &Array3<f32>, width: usize, height: usize) -> ArrayView3<'_, f32> {
    planes.slice_each_axis(|axis| match axis.axis {
        Axis(1) => Slice::from(..height.min(axis.len)),
        Axis(2) => Slice::from(..width.min(axis.len)),
        _ => Slice::from(..),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn sizes_grow_to_the_next_multiple_and_are_never_zero() {
        assert_eq!(padded_size(16, 17, 16), (16, 32));
        assert_eq!(padded_size(0, 1, 16), (16, 16));
        assert_eq!(padded_size(7, 9, 0), (7, 9));
    }

    #[test]
    fn padding_repeats_the_last_row_and_column() {
        let padded = pad_to_stride(array![[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], 4);
        let expected = array![[[1.0, 2.0, 3.0, 3.0], [4.0, 5.0, 6.0, 6.0], [4.0, 5.0, 6.0, 6.0], [4.0, 5.0, 6.0, 6.0]]];
        assert_eq!(padded, expected);
    }

    #[test]
    fn a_crop_undoes_the_padding() {
        let picture = Array3::from_shape_fn((2, 5, 7), |(c, y, x)| (c * 100 + y * 10 + x) as f32);
        let padded = pad_to_stride(picture.clone(), 8);
        assert_eq!(padded.dim(), (2, 8, 8));
        assert_eq!(crop(&padded, 7, 5), picture);
        assert_eq!(crop(&padded, 100, 100), padded);
    }

    #[test]
    fn a_picture_without_pixels_becomes_zeros() {
        assert_eq!(pad_to_stride(Array3::zeros((1, 0, 3)), 4), Array3::<f32>::zeros((1, 4, 4)));
    }
}
