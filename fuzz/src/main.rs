//! The program that libFuzzer drives; `cargo xtask fuzz` builds it with coverage and starts it.
//!
//! ROTOCEL_FUZZ_TARGET names the target; without it, the program lists them. Good files and words of the format are written
//! into ROTOCEL_FUZZ_FOLDER before the first run: `seeds/` and `words.dict`.
#![forbid(unsafe_code)]
#![cfg_attr(all(unix, not(test)), no_main)]

#[cfg(all(unix, not(test)))]
libfuzzer_sys::fuzz_target!(
    init: fuzz::program::begin(),
    |bytes: &[u8]| {
        fuzz::program::target().check(bytes);
    }
);

#[cfg(not(all(unix, not(test))))]
fn main() {
    eprintln!("libFuzzer is not built here; the tests of this package read damaged files without it");
}
