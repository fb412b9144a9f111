//! The bindings that build.rs generates agree with an independent generation from newer headers (`openfx`): every
//! struct's size and the offset of every field, and every constant that both have.

use ofx_sdk::sys as ours;
use openfx::sys::{
    generic::{core, property},
    image_effect_v1::{
        draw_suite, image_effect, interact, memory, message, multi_thread, param, parametric_param, pixels, progress,
        time_line,
    },
};
use std::{collections::BTreeMap, fs, mem, path::PathBuf, process::Command};

macro_rules! layouts {
    ($($name:ident in $module:ident: [$($field:ident),*];)+) => {
        /// Every struct that is compared, with its fields.
        const COMPARED: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($field)),*])),+];

        #[test]
        fn every_struct_has_the_same_size_and_offsets() { $(
            assert_eq!(mem::size_of::<ours::$name>(), mem::size_of::<$module::$name>(), stringify!($name));
            assert_eq!(mem::align_of::<ours::$name>(), mem::align_of::<$module::$name>(), stringify!($name));
            $(assert_eq!(
                mem::offset_of!(ours::$name, $field),
                mem::offset_of!($module::$name, $field),
                concat!(stringify!($name), "::", stringify!($field))
            );)*
        )+ }
    };
}

layouts! {
OfxHost in core: [host, fetchSuite];
OfxPlugin in core: [pluginApi, apiVersion, pluginIdentifier, pluginVersionMajor, pluginVersionMinor, setHost, mainEntry];
OfxRangeI in core: [min, max];
OfxRangeD in core: [min, max];
OfxPointI in core: [x, y];
OfxPointD in core: [x, y];
OfxRectI in core: [x1, y1, x2, y2];
OfxRectD in core: [x1, y1, x2, y2];
OfxPropertySuiteV1 in property: [propSetPointer, propSetString, propSetDouble, propSetInt, propSetPointerN, propSetStringN, propSetDoubleN, propSetIntN, propGetPointer, propGetString, propGetDouble, propGetInt, propGetPointerN, propGetStringN, propGetDoubleN, propGetIntN, propReset, propGetDimension];
OfxParameterSuiteV1 in param: [paramDefine, paramGetHandle, paramSetGetPropertySet, paramGetPropertySet, paramGetValue, paramGetValueAtTime, paramGetDerivative, paramGetIntegral, paramSetValue, paramSetValueAtTime, paramGetNumKeys, paramGetKeyTime, paramGetKeyIndex, paramDeleteKey, paramDeleteAllKeys, paramCopy, paramEditBegin, paramEditEnd];
OfxInteractSuiteV1 in interact: [interactSwapBuffers, interactRedraw, interactGetPropertySet];
OfxDrawSuiteV1 in draw_suite: [getColour, setColour, setLineWidth, setLineStipple, draw, drawText];
OfxMessageSuiteV1 in message: [message];
OfxMessageSuiteV2 in message: [message, setPersistentMessage, clearPersistentMessage];
OfxMemorySuiteV1 in memory: [memoryAlloc, memoryFree];
OfxMultiThreadSuiteV1 in multi_thread: [multiThread, multiThreadNumCPUs, multiThreadIndex, multiThreadIsSpawnedThread, mutexCreate, mutexDestroy, mutexLock, mutexUnLock, mutexTryLock];
OfxImageEffectSuiteV1 in image_effect: [getPropertySet, getParamSet, clipDefine, clipGetHandle, clipGetPropertySet, clipGetImage, clipReleaseImage, clipGetRegionOfDefinition, abort, imageMemoryAlloc, imageMemoryFree, imageMemoryLock, imageMemoryUnlock];
OfxParametricParameterSuiteV1 in parametric_param: [parametricParamGetValue, parametricParamGetNControlPoints, parametricParamGetNthControlPoint, parametricParamSetNthControlPoint, parametricParamAddControlPoint, parametricParamDeleteControlPoint, parametricParamDeleteAllControlPoints];
OfxRGBAColourB in pixels: [r, g, b, a];
OfxRGBAColourS in pixels: [r, g, b, a];
OfxRGBAColourF in pixels: [r, g, b, a];
OfxRGBAColourD in pixels: [r, g, b, a];
OfxRGBColourB in pixels: [r, g, b];
OfxRGBColourS in pixels: [r, g, b];
OfxRGBColourF in pixels: [r, g, b];
OfxRGBColourD in pixels: [r, g, b];
OfxProgressSuiteV1 in progress: [progressStart, progressUpdate, progressEnd];
OfxProgressSuiteV2 in progress: [progressStart, progressUpdate, progressEnd];
OfxTimeLineSuiteV1 in time_line: [getTime, gotoTime, getTimeBounds];}

fn our_bindings() -> String {
    fs::read_to_string(concat!(env!("OUT_DIR"), "/bindings.rs")).expect("build.rs has written the bindings")
}

/// The source of the bindings that we compare with: where Cargo has unpacked that package.
fn their_bindings() -> String {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let manifest = metadata
        .split("\"manifest_path\":\"")
        .filter_map(|part| part.split('"').next())
        .find(|path| path.ends_with("openfx-0.6.0/Cargo.toml"))
        .expect("cargo metadata knows openfx 0.6.0");
    let folder = PathBuf::from(manifest).with_file_name("generated").join("c_bindings");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).expect("its bindings").flatten().map(|e| e.path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("a text file")).collect()
}

/// Names and values of every `pub const` of OpenFX, the values without the differences of spelling.
fn constants(source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for declaration in source.split("pub const ").skip(1) {
        let Some((head, rest)) = declaration.split_once('=') else { continue };
        let Some((name, _)) = head.split_once(':') else { continue };
        found_value(name, rest, &mut found);
    }
    found
}

fn found_value(name: &str, rest: &str, found: &mut BTreeMap<String, String>) {
    let value = rest.split(';').next().unwrap_or_default().trim();
    // Numbers may be grouped by underscores; texts and names keep theirs.
    let number = value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let value = match value {
        "::std::os::raw::c_int::MAX" => i32::MAX.to_string(),
        "::std::os::raw::c_int::MIN" => i32::MIN.to_string(),
        _ if number => value.replace('_', ""),
        _ => value.to_owned(),
    };
    if name.starts_with("kOfx") {
        found.insert(name.trim().to_owned(), value);
    }
}

/// A value without other names in it: an action's other name is written as the action's name there, and flags that
/// belong together as `(a | b)`; here both are values.
fn resolved(value: &str, constants: &BTreeMap<String, String>) -> String {
    if let Some(flags) = value.strip_prefix('(').and_then(|value| value.strip_suffix(')')) {
        let flag = |name: &str| resolved(name.trim(), constants).parse::<u32>().expect("flags are numbers");
        return flags.split('|').map(flag).fold(0, |all, one| all | one).to_string();
    }
    constants.get(value).map_or_else(|| value.to_owned(), |next| resolved(next, constants))
}

#[test]
fn every_struct_of_the_bindings_is_compared() {
    let source = our_bindings();
    let mut structs = 0;
    for part in source.split("pub struct ").skip(1) {
        let Some((name, rest)) = part.split_once(" {") else { continue };
        let body = rest.split("\n}").next().unwrap_or_default();
        let fields: Vec<&str> =
            body.lines().filter_map(|line| line.strip_prefix("    pub ")?.split(':').next()).collect();
        if fields.is_empty() {
            continue; // an opaque handle
        }
        let compared = COMPARED.iter().find(|(n, _)| *n == name).map(|(_, fields)| fields.to_vec());
        assert_eq!(compared, Some(fields), "{name}");
        structs += 1;
    }
    assert_eq!(structs, COMPARED.len());
}

#[test]
fn every_constant_that_both_have_is_the_same() {
    let (ours, theirs) = (constants(&our_bindings()), constants(&their_bindings()));
    let mut compared = 0;
    for (name, value) in &ours {
        let Some(their_value) = theirs.get(name) else { continue };
        assert_eq!(value, &resolved(their_value, &theirs), "{name}");
        compared += 1;
    }
    let missing: Vec<_> = ours.keys().filter(|name| !theirs.contains_key(*name)).collect();
    assert!(compared > 280, "only {compared} of {} constants were compared; missing there: {missing:?}", ours.len());
}
