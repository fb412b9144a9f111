//! Copies of suites in which functions are missing, for plug-ins that a hostile host lies to.
#![allow(unsafe_code)]

use crate::host::{hostile::SuiteLie, sync::lock};
use std::{collections::HashMap, ffi::c_void, sync::Mutex};

/// The copies of one host. A plug-in may keep their addresses, so each is made once and lives as long as the host.
#[derive(Default)]
pub(crate) struct Doctored(Mutex<HashMap<(usize, SuiteLie), Functions>>);

struct Functions(Box<[*const c_void]>);

// SAFETY: addresses of functions, which belong to no thread.
unsafe impl Send for Functions {}

impl Doctored {
    /// The suite at `table`, which holds `functions` functions and nothing else, as `lie` has it.
    pub fn table(&self, table: *const c_void, functions: usize, lie: SuiteLie) -> *const c_void {
        if lie == SuiteLie::Absent {
            return std::ptr::null();
        }
        let mut copies = lock(&self.0);
        let copy = copies.entry((table.addr(), lie)).or_insert_with(|| {
            let whole = table.cast::<*const c_void>();
            // SAFETY: `find` passes a static table of that many optional functions, each as large as a pointer.
            let mut copy: Box<[_]> = (0..functions).map(|n| unsafe { whole.add(n).read() }).collect();
            match lie {
                SuiteLie::Hollow => copy.fill(std::ptr::null()),
                SuiteLie::Without(nth) => copy[nth % functions] = std::ptr::null(),
                SuiteLie::Absent => {}
            }
            Functions(copy)
        });
        copy.0.as_ptr().cast()
    }
}
