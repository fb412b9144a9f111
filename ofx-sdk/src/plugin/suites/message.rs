//! The message suite, both versions. Texts are formatted on this side: the host gets a format without a single
//! conversion and no further arguments, because some hosts garble variadic lists.

use super::{EffectHandle, Suites, check, function};
use crate::{Result, Status};
use std::{
    ffi::{CStr, CString, c_void},
    ptr,
};

/// A text that `printf` prints as it is: `%` doubled, and cut after a thousand bytes, since old hosts format into a
/// buffer on the stack.
pub(crate) fn literal_format(text: &str) -> CString {
    const MOST: usize = 1000;
    let mut format = String::new();
    for c in text.chars().filter(|&c| c != '\0') {
        if format.len() > MOST {
            format.push('…');
            break;
        }
        format.push(c);
        if c == '%' {
            format.push(c);
        }
    }
    CString::new(format).unwrap_or_default()
}

fn raw(effect: Option<EffectHandle>) -> *mut c_void {
    effect.map_or(ptr::null_mut(), |e| e.untyped())
}

impl Suites {
    /// Shows a message; the answer is the artist's, where it was a question.
    pub(crate) fn message(&self, effect: Option<EffectHandle>, kind: &CStr, text: &str) -> Result<Status> {
        let v2 = self.message_v2.as_ref().and_then(|s| s.message);
        let message = match v2 {
            Some(message) => message,
            None => function(self.message_v1.as_ref(), "message", |s| s.message)?,
        };
        let format = literal_format(text);
        // SAFETY: see the module; the format takes no arguments, and the host copies what it keeps.
        let status = unsafe { message(raw(effect), kind.as_ptr(), c"".as_ptr(), format.as_ptr()) };
        match Status(status) {
            answer @ (Status::REPLY_YES | Status::REPLY_NO) => Ok(answer),
            _ => check(status, "message", String::new).map(|()| Status::OK),
        }
    }

    pub(crate) fn set_persistent_message(&self, effect: EffectHandle, kind: &CStr, text: &str) -> Result<()> {
        let set = function(self.message_v2.as_ref(), "setPersistentMessage", |s| s.setPersistentMessage)?;
        let format = literal_format(text);
        // SAFETY: as in `message`.
        let status = unsafe { set(effect.untyped(), kind.as_ptr(), c"".as_ptr(), format.as_ptr()) };
        check(status, "setPersistentMessage", String::new)
    }

    pub(crate) fn clear_persistent_message(&self, effect: EffectHandle) -> Result<()> {
        let clear = function(self.message_v2.as_ref(), "clearPersistentMessage", |s| s.clearPersistentMessage)?;
        // SAFETY: see the module.
        let status = unsafe { clear(effect.untyped()) };
        check(status, "clearPersistentMessage", String::new)
    }
}

#[cfg(test)]
mod tests {
    use super::literal_format;

    #[test]
    fn a_percent_sign_is_doubled_and_a_nul_left_out() {
        assert_eq!(literal_format("100%s \0%").as_c_str(), c"100%%s %%");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = literal_format(&"ä%".repeat(5000));
        assert!(cut.as_bytes().len() < 1010);
        assert!(cut.to_str().is_ok_and(|t| t.ends_with('…')));
    }
}
