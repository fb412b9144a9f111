//! Where a host comes in: the table of functions of each effect, and the gate that every call passes.

mod dispatch;
mod gate;
mod interact;
#[cfg(test)]
mod mock_host;
mod process;
mod questions;
#[cfg(test)]
mod tests;

pub(crate) use interact::interact_entry;

use super::{effect::Effect, host_info::HostState, suites::HostTable};
use crate::{Status, sys};
use std::{
    ffi::{CStr, c_char, c_int, c_void},
    panic::catch_unwind,
};

/// What a host gets of one effect: its name, and the two functions through which all goes.
///
/// [`export_effects!`](crate::export_effects) hands these out. Tests get one by [`of`](Self::of) to run an effect
/// through a host in the same program.
#[doc(alias = "OfxPlugin")]
#[repr(transparent)]
pub struct PluginTable(sys::OfxPlugin);

// SAFETY: holds pointers to constants and functions only.
unsafe impl Sync for PluginTable {}
// SAFETY: as above.
unsafe impl Send for PluginTable {}

impl PluginTable {
    /// The table of an effect.
    pub const fn of<E: Effect>() -> Self {
        Self(sys::OfxPlugin {
            pluginApi: sys::kOfxImageEffectPluginApi.as_ptr(),
            apiVersion: sys::kOfxImageEffectPluginApiVersion as c_int,
            pluginIdentifier: E::DESCRIPTOR.identifier.as_ptr(),
            pluginVersionMajor: E::DESCRIPTOR.version.0,
            pluginVersionMinor: E::DESCRIPTOR.version.1,
            setHost: Some(set_host::<E>),
            mainEntry: Some(main_entry::<E>),
        })
    }

    /// The table as the standard has it.
    pub const fn as_ofx(&self) -> &sys::OfxPlugin {
        &self.0
    }
}

/// Remembers the host; nothing of it may be called yet. Null means that there is none any more.
unsafe extern "C" fn set_host<E: Effect>(host: *mut sys::OfxHost) {
    let outcome = catch_unwind(|| {
        // SAFETY: the host passes its table, or null.
        let table = unsafe { HostTable::copy(host) };
        process::process::<E>().set_host(table.map(HostState::new));
    });
    if let Err(panic) = outcome {
        gate::discard(panic);
    }
}

/// The one way into an effect.
unsafe extern "C" fn main_entry<E: Effect>(
    action: *const c_char,
    handle: *const c_void,
    in_args: sys::OfxPropertySetHandle,
    out_args: sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    if action.is_null() {
        return Status::VALUE.0;
    }
    // SAFETY: not null, and the host promises a NUL-terminated string.
    let action = unsafe { CStr::from_ptr(action) };
    gate::enter::<E>(&gate::Call::new(action, handle, in_args, out_args)).0
}

/// Exports effects to hosts: exactly the two functions that the standard asks of a plug-in binary.
///
/// Stands once in the library that is built as a plug-in (`crate-type = ["cdylib"]`).
#[macro_export]
macro_rules! export_effects {
    ($($effect:ty),+ $(,)?) => {
        const _: () = {
            static PLUGINS: &[$crate::plugin::PluginTable] = &[$($crate::plugin::PluginTable::of::<$effect>()),+];

            #[unsafe(no_mangle)]
            extern "C" fn OfxGetNumberOfPlugins() -> ::core::ffi::c_int {
                PLUGINS.len() as ::core::ffi::c_int
            }

            #[unsafe(no_mangle)]
            extern "C" fn OfxGetPlugin(nth: ::core::ffi::c_int) -> *const $crate::plugin::PluginTable {
                usize::try_from(nth).ok().and_then(|nth| PLUGINS.get(nth)).map_or(::core::ptr::null(), |table| table)
            }
        };
    };
}
