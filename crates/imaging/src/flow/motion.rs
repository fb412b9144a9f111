use super::{Flow, FlowPyramid};
use crate::{Error, Result, Size, rows};
use ndarray::{Array3, ArrayView3};

/// A flow, with how far each displacement can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion {
    /// Displacement along x, along y, trust.
    field: Array3<f32>,
}

impl Motion {
    /// The motion from one plane to another, and the one back; each is trusted as far as the other leads home
    /// ([`Flow::consistency`]).
    ///
    /// # Errors
    /// When the sizes differ.
    pub fn there_and_back(from: &FlowPyramid, to: &FlowPyramid, threads: usize) -> Result<[Self; 2]> {
        // The two ways are two large pieces of work; the bands within one are many small ones that wait for each other.
        let (there, back) = if threads < 2 {
            (Flow::between(from, to, 1), Flow::between(to, from, 1))
        } else {
            rayon::join(|| Flow::between(from, to, threads.div_ceil(2)), || Flow::between(to, from, threads / 2))
        };
        let (there, back) = (there?, back?);
        let motion = |flow: &Flow, other: &Flow| {
            let trust = flow.consistency(other, threads)?;
            let Size { width, height } = flow.size();
            let mut field = Array3::zeros((3, height, width));
            let planes = flow.vectors().into_iter().chain(&trust);
            field.iter_mut().zip(planes).for_each(|(out, v)| *out = *v);
            Ok(Self { field })
        };
        Ok([motion(&there, &back)?, motion(&back, &there)?])
    }

    /// A motion of these values, `[3, height, width]`: displacement along x and along y in pixels, and trust, 0 to 1.
    ///
    /// # Errors
    /// When there are not three planes, or their rows are not contiguous.
    pub fn from_field(field: Array3<f32>) -> Result<Self> {
        let size = rows::size(&field.view());
        rows::check(&field.view(), "motion", 3, size)?;
        if size.width == 0 || size.height == 0 {
            return Err(Error::Parameter { name: "size of a motion", value: 0.0, range: "at least 1 by 1" });
        }
        Ok(Self { field })
    }

    /// Displacement along x and along y in pixels, and trust, `[3, height, width]`.
    pub fn field(&self) -> ArrayView3<'_, f32> {
        self.field.view()
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        rows::size(&self.field.view())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.field.len() * size_of::<f32>()
    }
}
