//! Free memory that the C library holds on to.

/// Gives memory that was freed, but that the C library keeps for later, back to the system.
///
/// Pieces of some megabytes, as networks use them, are kept so by glibc once a few have been freed, and an artist who
/// purges caches to make room gets nothing. Other systems give such pieces back by themselves.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn release_free_memory() {
    use std::ffi::c_int;

    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> c_int;
    }
    // SAFETY: may be called at any time from any thread; what is in use stays where it is.
    unsafe { malloc_trim(0) };
}

/// Gives memory that was freed, but that the C library keeps for later, back to the system: nothing to do here.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn release_free_memory() {}
