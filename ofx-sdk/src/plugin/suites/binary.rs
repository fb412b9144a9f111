//! Where this very binary lies.

use std::path::PathBuf;

/// A symbol of this binary for `dladdr` to find.
static HERE: u8 = 0;

#[cfg(unix)]
pub(crate) fn path_of_this_binary() -> Option<PathBuf> {
    use std::{
        ffi::{CStr, OsStr, c_char, c_int, c_void},
        os::unix::ffi::OsStrExt,
        ptr,
    };

    #[repr(C)]
    struct DlInfo {
        file_name: *const c_char,
        file_base: *mut c_void,
        symbol_name: *const c_char,
        symbol_address: *mut c_void,
    }

    unsafe extern "C" {
        fn dladdr(address: *const c_void, info: *mut DlInfo) -> c_int;
    }

    let mut info = DlInfo {
        file_name: ptr::null(),
        file_base: ptr::null_mut(),
        symbol_name: ptr::null(),
        symbol_address: ptr::null_mut(),
    };
    // SAFETY: the address is that of a static of this binary, and `info` has the layout of `Dl_info`.
    let found = unsafe { dladdr(ptr::from_ref(&HERE).cast(), &mut info) };
    if found == 0 || info.file_name.is_null() {
        return None;
    }
    // SAFETY: dladdr gave a NUL-terminated name that lives while this binary is loaded.
    let name = unsafe { CStr::from_ptr(info.file_name) };
    let path = PathBuf::from(OsStr::from_bytes(name.to_bytes()));
    // The name may be relative to the folder in which the program was started.
    Some(std::path::absolute(&path).unwrap_or(path))
}

#[cfg(windows)]
pub(crate) fn path_of_this_binary() -> Option<PathBuf> {
    use std::{ffi::OsString, ffi::c_void, os::windows::ffi::OsStringExt, ptr};

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
        fn GetModuleFileNameW(module: *mut c_void, name: *mut u16, size: u32) -> u32;
    }
    const FROM_ADDRESS: u32 = 4;
    const UNCHANGED_COUNT: u32 = 2;

    let mut module = ptr::null_mut();
    // SAFETY: the address is that of a static of this module, and `module` outlives the call.
    let found = unsafe { GetModuleHandleExW(FROM_ADDRESS | UNCHANGED_COUNT, ptr::from_ref(&HERE).cast(), &mut module) };
    if found == 0 {
        return None;
    }
    let mut name = vec![0u16; 32_768];
    // SAFETY: the buffer has the size that is passed.
    let len = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32) };
    (len > 0).then(|| PathBuf::from(OsString::from_wide(&name[..len as usize])))
}

#[cfg(not(any(unix, windows)))]
pub(crate) fn path_of_this_binary() -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_test_program_finds_itself() {
        let path = super::path_of_this_binary().expect("dladdr knows the test program");
        assert!(path.is_absolute() && path.is_file(), "{}", path.display());
    }
}
