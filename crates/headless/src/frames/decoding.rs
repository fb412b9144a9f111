//! Decoders are other people's code and read other people's bytes: where one panics, the file is damaged and the program
//! goes on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// What a decoder gave, or nothing where it panicked.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    let outer = DECODING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(outer);
    outcome.ok()
}

/// Keeps the panics of decoders out of the terminal, which hears of the file in words; every other panic is shown as
/// before. For programs; a library leaves the process's panic hook alone.
pub fn hush_decoders() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if DECODING.get() {
                log::debug!("{panic}");
            } else {
                usual(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_the_next_call_works() {
        assert_eq!(guarded(|| -> i32 { panic!("as decoders do") }), None);
        assert_eq!(guarded(|| guarded(|| -> i32 { panic!("inside") }).unwrap_or(3)), Some(3));
        assert!(!DECODING.get());
    }
}
