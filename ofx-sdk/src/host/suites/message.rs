//! The message suite; its variadic functions arrive through variadic.c, formatted.
#![allow(unsafe_code)]

use super::{gate, null_argument, variadic};
use crate::{
    Status,
    host::{
        action, handles,
        message::{Message, MessageKind},
        sync::lock,
        violation::ViolationKind,
    },
    sys,
};
use std::ffi::{CStr, c_void};

pub(crate) static TABLE_V1: sys::OfxMessageSuiteV1 = sys::OfxMessageSuiteV1 { message: Some(variadic::message_v1) };

pub(crate) static TABLE_V2: sys::OfxMessageSuiteV2 = sys::OfxMessageSuiteV2 {
    message: Some(variadic::message_v2),
    setPersistentMessage: Some(variadic::set_persistent_message),
    clearPersistentMessage: Some(clear_persistent_message),
};

/// A message as variadic.c hands it over.
pub(crate) struct Posted<'a> {
    pub handle: *mut c_void,
    pub kind: Option<&'a CStr>,
    pub id: Option<&'a CStr>,
    /// As the plug-in wrote it, and as it reads.
    pub format: Option<&'a CStr>,
    pub text: Option<&'a CStr>,
    pub persistent: bool,
}

/// Takes one message in: keeps it, tells the observer, and answers a question.
pub(crate) fn post(posted: &Posted) -> Result<(), Status> {
    let effect = handles::effect(posted.handle);
    let action = action::current();
    let host = effect.as_ref().map(|e| &e.host).or(action.as_ref().map(|a| &a.host)).cloned();
    // A null handle means the plug-in as a whole, in load and describe.
    let Some(host) = host.filter(|_| effect.is_some() || posted.handle.is_null()) else {
        return Err(Status::BAD_HANDLE);
    };
    let (Some(format), Some(text)) = (posted.format, posted.text) else {
        return Err(null_argument("a message's format"));
    };
    let plugin = effect
        .as_ref()
        .map(|e| e.binary.identifier.clone())
        .or_else(|| action.as_ref().map(|a| a.plugin.clone()))
        .unwrap_or_default();
    let report = |kind, detail| host.violation_of(&plugin, action.as_ref().map_or(c"", |a| a.name), kind, detail);
    if reads_arguments(format) {
        report(
            ViolationKind::UnescapedMessage,
            format!("{format:?}: some hosts pass no arguments on; format the text and double every %"),
        );
    }
    if text.to_str().is_err() {
        report(ViolationKind::NotUtf8, format!("message {text:?}"));
    }
    let kind = posted.kind.and_then(MessageKind::from_ofx);
    if kind.is_none() {
        report(ViolationKind::IllegalValue, format!("message type {:?}", posted.kind));
    }
    let message = Message {
        plugin,
        kind: kind.unwrap_or(MessageKind::Message),
        id: posted.id.map(|id| id.to_string_lossy().into_owned()).unwrap_or_default(),
        text: text.to_string_lossy().into_owned(),
        persistent: posted.persistent,
        cleared: false,
    };
    if posted.persistent
        && let Some(life) = effect.as_ref().and_then(|e| e.life.as_ref())
    {
        *lock(&life.persistent) = Some(message.clone());
    }
    if let (MessageKind::Error | MessageKind::Fatal, Some(action)) = (message.kind, &action) {
        lock(&action.complaints).push(message.text.clone());
    }
    host.keep_message(message.clone());
    let observer = host.options.observer.clone();
    if let Some(observer) = &observer {
        observer.message(&message);
    }
    if message.kind == MessageKind::Question && !posted.persistent {
        let yes = observer.is_none_or(|observer| observer.question(&message));
        return Err(if yes { Status::REPLY_YES } else { Status::REPLY_NO });
    }
    Ok(())
}

/// Whether a format has a `%` that is not doubled.
fn reads_arguments(format: &CStr) -> bool {
    let mut bytes = format.to_bytes().iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' && bytes.next() != Some(&b'%') {
            return true;
        }
    }
    false
}

unsafe extern "C" fn clear_persistent_message(handle: *mut c_void) -> sys::OfxStatus {
    gate("clearPersistentMessage", || {
        let effect = handles::effect(handle).ok_or(Status::BAD_HANDLE)?;
        let stood = effect.life.as_ref().and_then(|life| lock(&life.persistent).take());
        if let Some(stood) = stood {
            let message = Message { text: String::new(), cleared: true, ..stood };
            effect.host.keep_message(message.clone());
            if let Some(observer) = effect.host.options.observer.clone() {
                observer.message(&message);
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_percent_reads_arguments() {
        for (format, reads) in
            [(c"100 %% done", false), (c"50 % done", true), (c"%s", true), (c"%%%d", true), (c"x%", true)]
        {
            assert_eq!(reads_arguments(format), reads, "{format:?}");
        }
    }
}
