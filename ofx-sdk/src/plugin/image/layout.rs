//! Where the pixels of an image lie in memory, and which memory is lent out.

use crate::{Components, Depth, RectI};
use std::sync::{Mutex, PoisonError};

/// No image is wider or higher; keeps sizes far from overflow.
pub(crate) const MOST_ACROSS: usize = 1 << 20;

/// How the pixels of an image lie in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) bounds: RectI,
    pub(super) components: Components,
    pub(super) depth: Depth,
    /// From one row to the one above; checked to be at least a row long.
    pub(super) row_bytes: isize,
}

impl Layout {
    /// Refuses what cannot be true.
    pub(super) fn checked(bounds: RectI, components: Components, depth: Depth, row_bytes: i32) -> Result<Self, String> {
        if bounds.width() > MOST_ACROSS || bounds.height() > MOST_ACROSS {
            return Err(format!("the host says that it covers {bounds:?}, which no image does"));
        }
        let row_bytes = row_bytes as isize;
        let layout = Self { bounds, components, depth, row_bytes };
        let row = layout.row_len();
        if !bounds.is_empty() && row_bytes.unsigned_abs() < row {
            return Err(format!(
                "the host says that rows are {row_bytes} bytes apart, but {} {depth:?} {components:?} pixels take {row}",
                bounds.width()
            ));
        }
        Ok(layout)
    }

    pub(super) fn pixel_len(&self) -> usize {
        self.components.count() * self.depth.bytes()
    }

    /// Bytes of the pixels of one row.
    pub(super) fn row_len(&self) -> usize {
        self.bounds.width() * self.pixel_len()
    }

    /// Bytes from the first row's start to a row's start.
    pub(super) fn row_offset(&self, y: i32) -> isize {
        (y as isize - self.bounds.y1 as isize) * self.row_bytes
    }

    /// First and last byte's offsets, the latter outside, from the first row's start.
    pub(super) fn extent(&self) -> (isize, isize) {
        let top = self.row_offset(self.bounds.y2.wrapping_sub(1));
        (top.min(0), top.max(0) + self.row_len() as isize)
    }

    /// Which of `len` pixels from `x1` on lie within the bounds, and where their bytes lie in a row.
    pub(super) fn span(&self, x1: i32, len: usize) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        let first = i64::from(self.bounds.x1) - i64::from(x1);
        let last = i64::from(self.bounds.x2) - i64::from(x1);
        let first = first.clamp(0, len as i64) as usize;
        let last = last.clamp(0, len as i64) as usize;
        if first >= last {
            return None;
        }
        let column = (i64::from(x1) + first as i64 - i64::from(self.bounds.x1)) as usize;
        let n = self.pixel_len();
        Some((first..last, column * n..(column + last - first) * n))
    }
}

/// The images that are out during one call.
#[derive(Default)]
pub(crate) struct LentMemory {
    ranges: Mutex<Vec<Lease>>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) struct Lease {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) writes: bool,
}

impl LentMemory {
    /// Enters a range of memory; false where it would alias one that is out.
    pub(super) fn enter(&self, lease: Lease) -> bool {
        let mut ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        let aliases =
            |other: &Lease| (lease.writes || other.writes) && lease.start < other.end && other.start < lease.end;
        if ranges.iter().any(aliases) {
            return false;
        }
        ranges.push(lease);
        true
    }

    pub(super) fn leave(&self, lease: Lease) {
        let mut ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(i) = ranges.iter().position(|other| *other == lease) {
            ranges.swap_remove(i);
        }
    }
}
