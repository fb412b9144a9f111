//! A stored text, decoded once.

use crate::nodes::kept::{Key, lock};
use std::sync::{Arc, Mutex};

/// What the last texts that were read mean. Two are kept: an undo goes back and forth.
#[derive(Debug)]
pub struct Decoded<T> {
    last: Mutex<Vec<(Key, Arc<T>)>>,
}

/// How many texts are remembered.
const REMEMBERED: usize = 2;

impl<T> Default for Decoded<T> {
    fn default() -> Self {
        Self { last: Mutex::default() }
    }
}

impl<T> Decoded<T> {
    /// What `text` means, by `decode` unless that is known. No lock is held while it decodes.
    ///
    /// # Errors
    /// Those of `decode`, which are not remembered.
    pub fn get<E>(&self, text: &str, decode: impl FnOnce(&str) -> Result<T, E>) -> Result<Arc<T>, E> {
        let key = Key::of_texts(&[text]);
        if let Some((_, value)) = lock(&self.last).iter().find(|(known, _)| *known == key) {
            return Ok(value.clone());
        }
        let value = Arc::new(decode(text)?);
        self.remember(key, &value);
        Ok(value)
    }

    /// Remembers that `text` means `value`, because it was just written.
    pub fn wrote(&self, text: &str, value: T) {
        self.remember(Key::of_texts(&[text]), &Arc::new(value));
    }

    fn remember(&self, key: Key, value: &Arc<T>) {
        let mut last = lock(&self.last);
        last.retain(|(known, _)| *known != key);
        last.insert(0, (key, value.clone()));
        let kept = REMEMBERED.min(last.len());
        let dropped = last.split_off(kept);
        drop(last);
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_text_is_decoded_once_and_a_failure_is_tried_again() {
        let (decoded, count) = (Decoded::default(), Cell::new(0));
        let decode = |text: &str| {
            count.set(count.get() + 1);
            text.parse::<i32>()
        };
        assert_eq!((decoded.get("7", decode), decoded.get("7", decode)), (Ok(7.into()), Ok(7.into())));
        assert_eq!(decoded.get("8", decode), Ok(8.into()));
        assert_eq!((decoded.get("7", decode), count.get()), (Ok(7.into()), 2), "an undo finds the text before");
        assert!(decoded.get("x", decode).is_err() && decoded.get("x", decode).is_err());
        assert_eq!(count.get(), 4);
        decoded.wrote("9", 9);
        assert_eq!((decoded.get("9", decode), count.get()), (Ok(9.into()), 4));
    }
}
