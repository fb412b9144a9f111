//! The memory suite.

use super::{EffectHandle, Suites, check, function};
use crate::{Error, Result};
use std::{ptr, ptr::NonNull, slice, sync::Arc};

/// Bytes from the host's memory suite, all zero at first, freed when dropped.
pub struct HostMemory {
    start: NonNull<u8>,
    len: usize,
    suites: Arc<Suites>,
}

// SAFETY: the bytes belong to this value alone, and the standard lets memory be freed from any thread.
unsafe impl Send for HostMemory {}
// SAFETY: shared access only reads.
unsafe impl Sync for HostMemory {}

impl HostMemory {
    pub(crate) fn allocate(suites: &Arc<Suites>, effect: EffectHandle, len: usize) -> Result<Self> {
        let allocate = function(suites.memory.as_ref(), "memoryAlloc", |s| s.memoryAlloc)?;
        if isize::try_from(len).is_err() {
            return Err(Error::Memory);
        }
        let mut data = ptr::null_mut();
        // SAFETY: see the module; `data` outlives the call.
        let status = unsafe { allocate(effect.untyped(), len, &mut data) };
        check(status, "memoryAlloc", || format!("{len} bytes"))?;
        let start = NonNull::new(data.cast::<u8>()).ok_or(Error::Memory)?;
        // SAFETY: the host gave `len` bytes to us alone. Zeroed, since a slice may not hold undefined bytes.
        unsafe { start.write_bytes(0, len) };
        Ok(Self { start, len, suites: suites.clone() })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: ours alone, initialised, and alive as long as `self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// The bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for HostMemory {
    fn drop(&mut self) {
        if let Some(free) = self.suites.memory.as_ref().and_then(|s| s.memoryFree) {
            // SAFETY: the host's own allocation, freed once.
            let status = unsafe { free(self.start.as_ptr().cast()) };
            if let Err(e) = check(status, "memoryFree", String::new) {
                log::warn!("{e}");
            }
        }
    }
}
