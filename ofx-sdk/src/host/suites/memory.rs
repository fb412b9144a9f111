//! The memory suite, and the image memory of the image-effect suite.
#![allow(unsafe_code)]

use super::{gate, give};
use crate::{
    Status,
    host::{
        action, handles,
        handles::{Handle, Object},
        image::PixelBuffer,
        sync::lock,
    },
    sys,
};
use std::{
    collections::HashMap,
    ffi::c_void,
    sync::{Arc, LazyLock, Mutex},
};

pub(crate) static TABLE: sys::OfxMemorySuiteV1 =
    sys::OfxMemorySuiteV1 { memoryAlloc: Some(memory_alloc), memoryFree: Some(memory_free) };

/// A block of memory in a plug-in's hands.
struct Block {
    _bytes: PixelBuffer,
    length: usize,
    owner: Owner,
}

/// Whose memory it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub plugin: String,
    /// The handle of the instance that it was allocated for; 0 for none.
    pub instance: usize,
}

impl Owner {
    fn of(instance: *const c_void) -> Self {
        let known = handles::effect(instance);
        let plugin = known
            .as_ref()
            .map(|effect| effect.binary.identifier.clone())
            .or_else(|| action::current().map(|action| action.plugin.clone()))
            .unwrap_or_default();
        Self { plugin, instance: if known.is_some() { instance.addr() } else { 0 } }
    }
}

static BLOCKS: LazyLock<Mutex<HashMap<usize, Block>>> = LazyLock::new(Mutex::default);

/// More in one piece is refused: a length that was negative before it was cast.
const LARGEST: usize = isize::MAX as usize / 2;

fn allocate(bytes: usize) -> Result<PixelBuffer, Status> {
    if bytes > LARGEST { Err(Status::MEMORY) } else { PixelBuffer::try_zeroed(bytes).ok_or(Status::MEMORY) }
}

unsafe extern "C" fn memory_alloc(instance: *mut c_void, bytes: usize, to: *mut *mut c_void) -> sys::OfxStatus {
    gate("memoryAlloc", || {
        // One byte at least, so that every block has an address of its own.
        let mut memory = allocate(bytes.max(1))?;
        let address = memory.as_mut_ptr();
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(to, address.cast(), "where memory goes") }?;
        let block = Block { _bytes: memory, length: bytes, owner: Owner::of(instance) };
        lock(&BLOCKS).insert(address.expose_provenance(), block);
        Ok(())
    })
}

unsafe extern "C" fn memory_free(memory: *mut c_void) -> sys::OfxStatus {
    gate("memoryFree", || {
        // Many plug-ins free null as C's free allows it.
        if memory.is_null() {
            return Ok(());
        }
        let block = lock(&BLOCKS).remove(&memory.addr());
        block.map(drop).ok_or(Status::BAD_HANDLE)
    })
}

/// Takes back what an owner has not freed; the number of bytes of each block.
pub(crate) fn take_back(belongs: impl Fn(&Owner) -> bool) -> Vec<usize> {
    let mut blocks = lock(&BLOCKS);
    let left: Vec<usize> = blocks.iter().filter(|(_, b)| belongs(&b.owner)).map(|(address, _)| *address).collect();
    let mut sizes: Vec<usize> = left.into_iter().filter_map(|a| blocks.remove(&a)).map(|b| b.length).collect();
    drop(blocks);
    for (handle, memory) in handles::memories() {
        if belongs(&memory.owner) && handles::forget(std::ptr::without_provenance(handle)) {
            sizes.push(memory.length);
        }
    }
    sizes
}

/// A block of image memory: it lies where it lies, so locks are only counted.
pub(crate) struct ImageMemory {
    bytes: Mutex<PixelBuffer>,
    length: usize,
    owner: Owner,
}

pub(crate) unsafe extern "C" fn image_memory_alloc(
    effect: sys::OfxImageEffectHandle,
    bytes: usize,
    to: *mut sys::OfxImageMemoryHandle,
) -> sys::OfxStatus {
    gate("imageMemoryAlloc", || {
        if !effect.is_null() && handles::effect(effect).is_none() {
            return Err(Status::BAD_HANDLE);
        }
        let memory = allocate(bytes.max(1))?;
        // The table keeps the object alive until it is freed; the number is never given again.
        let handle = std::mem::ManuallyDrop::new(Handle::reserve());
        let raw: sys::OfxImageMemoryHandle = handle.raw();
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(to, raw, "where a memory handle goes") }?;
        handle.bind(Object::Memory(Arc::new(ImageMemory {
            bytes: Mutex::new(memory),
            length: bytes,
            owner: Owner::of(effect.cast_const().cast()),
        })));
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn image_memory_free(memory: sys::OfxImageMemoryHandle) -> sys::OfxStatus {
    gate("imageMemoryFree", || {
        handles::memory(memory).ok_or(Status::BAD_HANDLE)?;
        handles::forget(memory.cast_const().cast());
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn image_memory_lock(
    memory: sys::OfxImageMemoryHandle,
    to: *mut *mut c_void,
) -> sys::OfxStatus {
    gate("imageMemoryLock", || {
        let address = handles::memory(memory)
            .map(|memory| lock(&memory.bytes).as_mut_ptr().cast::<c_void>())
            .ok_or(Status::BAD_HANDLE);
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(to, address.unwrap_or(std::ptr::null_mut()), "where an address goes") }?;
        address.map(drop)
    })
}

pub(crate) unsafe extern "C" fn image_memory_unlock(memory: sys::OfxImageMemoryHandle) -> sys::OfxStatus {
    gate("imageMemoryUnlock", || handles::memory(memory).map(drop).ok_or(Status::BAD_HANDLE))
}
