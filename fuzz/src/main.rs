//! The program that libFuzzer drives; `cargo xtask fuzz` builds it with coverage and starts it.
//!
//! ROTOCEL_FUZZ_TARGET names the target; without it, the program lists them. Good files and words of the format are written
//! into ROTOCEL_FUZZ_FOLDER before the first run: `seeds/` and `words.dict`.
#![forbid(unsafe_code)]
#![cfg_attr(all(unix, not(test)), no_main)]

/// libFuzzer sees memory that is used; this one also sees what is only asked for.
#[cfg(all(unix, not(test)))]
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// The most that one input may take, in bytes: inputs are 64 KiB at most.
#[cfg(all(unix, not(test)))]
const MOST_MEMORY: usize = 512 << 20;

#[cfg(all(unix, not(test)))]
libfuzzer_sys::fuzz_target!(
    init: fuzz::program::begin(),
    |bytes: &[u8]| {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        fuzz::program::target().check(bytes);
        let taken = MEMORY.peak_usage().saturating_sub(before);
        assert!(taken <= MOST_MEMORY, "{} bytes took {taken} bytes of memory", bytes.len());
    }
);

#[cfg(not(all(unix, not(test))))]
fn main() {
    eprintln!("libFuzzer is not built here; the tests of this package read damaged files without it");
}
