//! A host of a few C tables for unit tests: as little as the gate and images need, and willing to lie about all of it.
//!
//! Every object is a number with properties and named children; the number is its handle. It has no variadic
//! functions, so that parameters read as their defaults.

use crate::{Status, sys};
use std::{
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_int, c_void},
    ptr,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

#[derive(Clone)]
pub(super) enum Value {
    Int(i32),
    Double(f64),
    Text(CString),
    Pointer(usize),
}

#[derive(Clone, Default)]
struct Object {
    properties: HashMap<String, Vec<Value>>,
    children: HashMap<String, usize>,
}

#[derive(Default)]
struct World {
    objects: HashMap<usize, Object>,
    last: usize,
    released: Vec<usize>,
}

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(Mutex::default);

fn world() -> MutexGuard<'static, World> {
    WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new object; handles are multiples of 16, so that none is taken for a small number.
pub(super) fn object() -> usize {
    let mut world = world();
    world.last += 16;
    let id = world.last;
    world.objects.insert(id, Object::default());
    id
}

pub(super) fn child(parent: usize, name: &str) -> usize {
    let id = object();
    world().objects.get_mut(&parent).expect("a parent that exists").children.insert(name.to_owned(), id);
    id
}

pub(super) fn set(id: usize, name: &CStr, values: &[Value]) {
    let name = name.to_str().expect("names are ASCII").to_owned();
    world().objects.get_mut(&id).expect("an object that exists").properties.insert(name, values.to_vec());
}

pub(super) fn text(value: &CStr) -> Value {
    Value::Text(value.to_owned())
}

pub(super) fn ints(values: [i32; 4]) -> Vec<Value> {
    values.into_iter().map(Value::Int).collect()
}

pub(super) fn get(id: usize, name: &CStr) -> Vec<Value> {
    let name = name.to_str().expect("names are ASCII");
    world().objects.get(&id).and_then(|o| o.properties.get(name)).cloned().unwrap_or_default()
}

/// Whether an object has a child of that name.
pub(super) fn has_child(id: usize, name: &str) -> bool {
    world().objects.get(&id).is_some_and(|o| o.children.contains_key(name))
}

pub(super) fn handle<T>(id: usize) -> *mut T {
    ptr::without_provenance_mut(id)
}

/// How often the images made from a clip's image were given back.
pub(super) fn released(image: usize) -> usize {
    world().released.iter().filter(|id| **id == image).count()
}

/// A host with all suites that the mock has; it lives for good, as hosts do.
pub(super) fn host() -> *mut sys::OfxHost {
    let table = sys::OfxHost { host: handle(object()), fetchSuite: Some(fetch) };
    Box::leak(Box::new(table))
}

/// A host that has no suites at all.
pub(super) fn bare_host() -> *mut sys::OfxHost {
    unsafe extern "C" fn none(_: sys::OfxPropertySetHandle, _: *const c_char, _: c_int) -> *const c_void {
        ptr::null()
    }
    Box::leak(Box::new(sys::OfxHost { host: ptr::null_mut(), fetchSuite: Some(none) }))
}

/// # Safety
/// `name` is a NUL-terminated string.
unsafe fn string(name: *const c_char) -> String {
    // SAFETY: the caller vouches for it.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

unsafe extern "C" fn fetch(_: sys::OfxPropertySetHandle, name: *const c_char, version: c_int) -> *const c_void {
    // SAFETY: the plug-in passes a NUL-terminated string.
    let name = unsafe { CStr::from_ptr(name) };
    let is = |suite: &CStr| version == 1 && name == suite;
    if is(sys::kOfxPropertySuite) {
        ptr::from_ref(&PROPERTIES).cast()
    } else if is(sys::kOfxImageEffectSuite) {
        ptr::from_ref(&EFFECTS).cast()
    } else if is(sys::kOfxParameterSuite) {
        ptr::from_ref(&PARAMS).cast()
    } else {
        ptr::null()
    }
}

/// Looks a property up, and writes what `pick` makes of it.
///
/// # Safety
/// `name` is a NUL-terminated string and `out` is writable.
unsafe fn look_up<T>(
    set: sys::OfxPropertySetHandle,
    name: *const c_char,
    index: c_int,
    out: *mut T,
    pick: impl Fn(&Value) -> Option<T>,
) -> c_int {
    // SAFETY: the caller vouches for it.
    let name = unsafe { string(name) };
    let world = world();
    let Some(object) = world.objects.get(&(set as usize)) else { return Status::BAD_HANDLE.0 };
    let Some(values) = object.properties.get(&name) else { return Status::UNKNOWN.0 };
    let Some(value) = usize::try_from(index).ok().and_then(|i| values.get(i)) else { return Status::BAD_INDEX.0 };
    let Some(value) = pick(value) else { return Status::VALUE.0 };
    // SAFETY: the caller vouches for it.
    unsafe { out.write(value) };
    Status::OK.0
}

/// # Safety
/// `name` is a NUL-terminated string.
unsafe fn store(set: sys::OfxPropertySetHandle, name: *const c_char, index: c_int, value: Value) -> c_int {
    // SAFETY: the caller vouches for it.
    let name = unsafe { string(name) };
    let mut world = world();
    let Some(object) = world.objects.get_mut(&(set as usize)) else { return Status::BAD_HANDLE.0 };
    let values = object.properties.entry(name).or_default();
    match usize::try_from(index) {
        Ok(i) if i < values.len() => values[i] = value,
        Ok(i) if i == values.len() => values.push(value),
        _ => return Status::BAD_INDEX.0,
    }
    Status::OK.0
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn get_int(s: sys::OfxPropertySetHandle, n: *const c_char, i: c_int, out: *mut c_int) -> c_int {
    // SAFETY: as promised.
    unsafe { look_up(s, n, i, out, |v| if let Value::Int(v) = v { Some(*v) } else { None }) }
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn get_double(s: sys::OfxPropertySetHandle, n: *const c_char, i: c_int, out: *mut f64) -> c_int {
    // SAFETY: as promised.
    unsafe { look_up(s, n, i, out, |v| if let Value::Double(v) = v { Some(*v) } else { None }) }
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn get_text(
    s: sys::OfxPropertySetHandle,
    n: *const c_char,
    i: c_int,
    out: *mut *mut c_char,
) -> c_int {
    // SAFETY: as promised; the text stays in place until the property is set.
    unsafe { look_up(s, n, i, out, |v| if let Value::Text(t) = v { Some(t.as_ptr().cast_mut()) } else { None }) }
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn get_pointer(
    s: sys::OfxPropertySetHandle,
    n: *const c_char,
    i: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let pick = |v: &Value| if let Value::Pointer(p) = v { Some(ptr::with_exposed_provenance_mut(*p)) } else { None };
    // SAFETY: as promised.
    unsafe { look_up(s, n, i, out, pick) }
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn dimension(s: sys::OfxPropertySetHandle, n: *const c_char, out: *mut c_int) -> c_int {
    // SAFETY: as promised.
    let name = unsafe { string(n) };
    let count = world().objects.get(&(s as usize)).and_then(|o| o.properties.get(&name)).map(Vec::len);
    let Some(count) = count else { return Status::UNKNOWN.0 };
    // SAFETY: as promised.
    unsafe { out.write(count as c_int) };
    Status::OK.0
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn set_int(s: sys::OfxPropertySetHandle, n: *const c_char, i: c_int, v: c_int) -> c_int {
    // SAFETY: as promised.
    unsafe { store(s, n, i, Value::Int(v)) }
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn set_double(s: sys::OfxPropertySetHandle, n: *const c_char, i: c_int, v: f64) -> c_int {
    // SAFETY: as promised.
    unsafe { store(s, n, i, Value::Double(v)) }
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn set_text(s: sys::OfxPropertySetHandle, n: *const c_char, i: c_int, v: *const c_char) -> c_int {
    // SAFETY: as promised.
    unsafe { store(s, n, i, Value::Text(CStr::from_ptr(v).to_owned())) }
}

static PROPERTIES: sys::OfxPropertySuiteV1 = sys::OfxPropertySuiteV1 {
    propSetPointer: None,
    propSetString: Some(set_text),
    propSetDouble: Some(set_double),
    propSetInt: Some(set_int),
    propSetPointerN: None,
    propSetStringN: None,
    propSetDoubleN: None,
    propSetIntN: None,
    propGetPointer: Some(get_pointer),
    propGetString: Some(get_text),
    propGetDouble: Some(get_double),
    propGetInt: Some(get_int),
    propGetPointerN: None,
    propGetStringN: None,
    propGetDoubleN: None,
    propGetIntN: None,
    propReset: None,
    propGetDimension: Some(dimension),
};

/// The object itself plays its own property set and parameter set.
///
/// # Safety
/// `out` is writable.
unsafe extern "C" fn itself<T, U>(id: *mut T, out: *mut *mut U) -> c_int {
    if !world().objects.contains_key(&(id as usize)) {
        return Status::BAD_HANDLE.0;
    }
    // SAFETY: as promised.
    unsafe { out.write(id.cast()) };
    Status::OK.0
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn define_clip(
    effect: sys::OfxImageEffectHandle,
    name: *const c_char,
    out: *mut sys::OfxPropertySetHandle,
) -> c_int {
    // SAFETY: as promised.
    let id = child(effect as usize, &unsafe { string(name) });
    // SAFETY: as promised.
    unsafe { out.write(handle(id)) };
    Status::OK.0
}

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn find_clip(
    effect: sys::OfxImageEffectHandle,
    name: *const c_char,
    out: *mut sys::OfxImageClipHandle,
    _: *mut sys::OfxPropertySetHandle,
) -> c_int {
    // SAFETY: as promised.
    let name = unsafe { string(name) };
    let found = world().objects.get(&(effect as usize)).and_then(|o| o.children.get(&name)).copied();
    let Some(clip) = found else { return Status::UNKNOWN.0 };
    // SAFETY: as promised.
    unsafe { out.write(handle(clip)) };
    Status::OK.0
}

/// Gives the clip's child `image`.
///
/// # Safety
/// `out` is writable.
unsafe extern "C" fn image(
    clip: sys::OfxImageClipHandle,
    _: f64,
    _: *const sys::OfxRectD,
    out: *mut sys::OfxPropertySetHandle,
) -> c_int {
    let image = world().objects.get(&(clip as usize)).and_then(|o| o.children.get("image")).copied();
    let Some(image) = image else { return Status::FAILED.0 };
    // SAFETY: as promised.
    unsafe { out.write(handle(image)) };
    Status::OK.0
}

unsafe extern "C" fn release(image: sys::OfxPropertySetHandle) -> c_int {
    world().released.push(image as usize);
    Status::OK.0
}

static EFFECTS: sys::OfxImageEffectSuiteV1 = sys::OfxImageEffectSuiteV1 {
    getPropertySet: Some(itself),
    getParamSet: Some(itself),
    clipDefine: Some(define_clip),
    clipGetHandle: Some(find_clip),
    clipGetPropertySet: Some(itself),
    clipGetImage: Some(image),
    clipReleaseImage: Some(release),
    clipGetRegionOfDefinition: None,
    abort: None,
    imageMemoryAlloc: None,
    imageMemoryFree: None,
    imageMemoryLock: None,
    imageMemoryUnlock: None,
};

/// # Safety
/// Pointers are what the suite's types say.
unsafe extern "C" fn define_param(
    set: sys::OfxParamSetHandle,
    _kind: *const c_char,
    name: *const c_char,
    out: *mut sys::OfxPropertySetHandle,
) -> c_int {
    // SAFETY: as promised.
    let id = child(set as usize, &unsafe { string(name) });
    // SAFETY: as promised.
    unsafe { out.write(handle(id)) };
    Status::OK.0
}

static PARAMS: sys::OfxParameterSuiteV1 = sys::OfxParameterSuiteV1 {
    paramDefine: Some(define_param),
    paramGetHandle: None,
    paramSetGetPropertySet: None,
    paramGetPropertySet: None,
    paramGetValue: None,
    paramGetValueAtTime: None,
    paramGetDerivative: None,
    paramGetIntegral: None,
    paramSetValue: None,
    paramSetValueAtTime: None,
    paramGetNumKeys: None,
    paramGetKeyTime: None,
    paramGetKeyIndex: None,
    paramDeleteKey: None,
    paramDeleteAllKeys: None,
    paramCopy: None,
    paramEditBegin: None,
    paramEditEnd: None,
};
