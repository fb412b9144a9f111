//! Compiles the official C++ programs from the `openfx-sys` package that Cargo.lock pins, into OUT_DIR: HostSupport with
//! our driver (`host/`) as a program, and the example plug-ins as bundles. Nothing of the package is copied into the
//! repository. Without a C++ compiler it warns, and the tests say that they are skipped.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What g++ needs for this source: the C examples look for a macro that only the GNU dialect defines, and lean on
/// headers that other headers no longer include.
const DIALECT: [&str; 3] = ["-std=gnu++14", "-include", "cstring"];

/// Examples in C, which bring all that they need. Overlay, Custom and OpenGL draw with OpenGL, and are left out.
const C_EXAMPLES: [(&str, &[&str]); 5] = [
    ("Basic", &["Examples/Basic/basic.cpp"]),
    ("DepthConverter", &["Examples/DepthConverter/depthConverter.cpp"]),
    ("Invert", &["Examples/Invert/invert.cpp"]),
    ("Rectangle", &["Examples/Rectangle/rectangle.cpp"]),
    ("Test", &["Examples/Test/testProperties.cpp", "Examples/Test/ofxLog.cpp"]),
];

/// The plug-ins that the official programming guide builds up.
const GUIDE_EXAMPLES: [(&str, &[&str]); 5] = [
    ("GuideBasics", &["Documentation/sources/Guide/Code/Example1/basics.cpp"]),
    ("GuideInvert", &["Documentation/sources/Guide/Code/Example2/invert.cpp"]),
    ("GuideGain", &["Documentation/sources/Guide/Code/Example3/gain.cpp"]),
    ("GuideSaturation", &["Documentation/sources/Guide/Code/Example4/saturation.cpp"]),
    ("GuideCircle", &["Documentation/sources/Guide/Code/Example5/circle.cpp"]),
];

/// Examples on the C++ Support library. Basic, MultiBundle, Tester and PropTester draw with OpenGL, and are left out.
const SUPPORT_EXAMPLES: [(&str, &[&str]); 5] = [
    ("SupportField", &["Support/Plugins/Field/field.cpp"]),
    ("SupportGenerator", &["Support/Plugins/Generator/noise.cpp"]),
    ("SupportInvert", &["Support/Plugins/Invert/invert.cpp"]),
    ("SupportRetimer", &["Support/Plugins/Retimer/retimer.cpp"]),
    ("SupportTransition", &["Support/Plugins/Transition/crossFade.cpp"]),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=host");
    for name in ["CXX", "CXXFLAGS", "CC", "CFLAGS"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    if let Err(reason) = can_build() {
        println!("cargo::warning=the official OpenFX programs are not built, and their tests are skipped: {reason}");
        return;
    }
    let source = official_source();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let host = build_host(&source, &out);
    println!("cargo::rustc-env=OFFICIAL_HOST={}", host.display());
    let examples = out.join("examples");
    build_examples(&source, &examples);
    println!("cargo::rustc-env=OFFICIAL_EXAMPLES={}", examples.display());
}

/// Whether this machine can: the driver speaks to the loader as Unix systems do, and there must be a compiler.
fn can_build() -> Result<(), String> {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return Err("they are built on Linux only".into());
    }
    let compiler = cpp().try_get_compiler().map_err(|error| error.to_string())?;
    match compiler.to_command().arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!("no C++ compiler: {} does not run (install g++, or set CXX)", compiler.path().display())),
    }
}

/// The source in the package; that package itself is never compiled by cargo.
fn official_source() -> PathBuf {
    let metadata = cargo_metadata::MetadataCommand::new()
        .other_options(vec!["--locked".into()])
        .exec()
        .expect("`cargo metadata --locked` names every package; run cargo in the workspace");
    let package =
        metadata.packages.iter().find(|p| p.name.as_str() == "openfx-sys").expect("Cargo.lock holds openfx-sys");
    package.manifest_path.parent().expect("a manifest lies in a folder").join("openfx").into_std_path_buf()
}

/// A C++ build without optimisation: these programs are compiled more often than they run.
fn cpp() -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).opt_level(0).debug(false).pic(true).cargo_metadata(false);
    DIALECT.iter().for_each(|flag| {
        build.flag(flag);
    });
    build
}

/// A build of official source, whose warnings are not ours to mend.
fn official(source: &Path) -> cc::Build {
    let mut build = cpp();
    build.include(source.join("include")).flag("-w").cargo_warnings(false);
    build
}

/// HostSupport, the expat that it reads its cache with, and our driver, as one program.
fn build_host(source: &Path, out: &Path) -> PathBuf {
    let host_support = source.join("HostSupport");
    let expat = host_support.join("expat-2.0.1/lib");
    let headers = [source.join("include"), host_support.join("include"), expat.clone()];
    let mut library = official(source);
    library.includes(&headers).files(cpp_files(&host_support.join("src"))).out_dir(out.join("host-support"));
    let mut driver = cpp();
    // As system headers, so that every warning is about a file of ours.
    for folder in &headers {
        driver.flag("-isystem").flag(folder.as_os_str());
    }
    driver.flag("-Wall").flag("-Wextra").flag("-Wno-deprecated-declarations");
    driver.files(cpp_files(Path::new("host"))).out_dir(out.join("driver"));
    // Without the macro its multithread suite has mutexes that do not lock.
    for build in [&mut library, &mut driver] {
        build.define("OFX_SUPPORTS_MULTITHREAD", None);
    }
    let mut parser = cc::Build::new();
    parser.opt_level(0).debug(false).cargo_metadata(false).cargo_warnings(false).flag("-w");
    parser.define("HAVE_MEMMOVE", None).define("XML_STATIC", None).include(&expat).out_dir(out.join("expat"));
    parser.files(["xmlparse.c", "xmlrole.c", "xmltok.c"].map(|name| expat.join(name)));
    let objects = [library, driver, parser].iter().flat_map(cc::Build::compile_intermediates).collect::<Vec<_>>();
    let program = out.join("official_host");
    link(&objects, &["-pthread".into()], &["-ldl".into()], &program);
    program
}

/// Every example as a bundle, laid out and exporting as its own Makefile does it.
fn build_examples(source: &Path, folder: &Path) {
    let support = source.join("Support");
    let objects = folder.with_file_name("example-objects");
    let mut build = official(source);
    build.include(support.join("include")).include(support.join("Plugins/include")).flag("-fvisibility=hidden");
    let library = build.clone().files(cpp_files(&support.join("Library"))).out_dir(&objects).compile_intermediates();
    let examples: Vec<_> = C_EXAMPLES.iter().chain(&GUIDE_EXAMPLES).chain(&SUPPORT_EXAMPLES).collect();
    let files = examples.iter().flat_map(|(_, files)| files.iter().map(|file| source.join(file)));
    let mut compiled = build.files(files).out_dir(&objects).compile_intermediates().into_iter();
    for (name, files) in examples {
        let mut parts: Vec<PathBuf> = compiled.by_ref().take(files.len()).collect();
        if files[0].starts_with("Support/") {
            parts.extend(library.iter().cloned());
        }
        let binary = folder.join(format!("{name}.ofx.bundle/Contents/Linux-x86-64/{name}.ofx"));
        fs::create_dir_all(binary.parent().expect("it lies in a bundle")).expect("OUT_DIR is writable");
        let exports = format!("-Wl,--version-script={}", source.join("Examples/include/linuxSymbols").display());
        link(&parts, &["-shared".into(), exports], &[], &binary);
    }
}

fn cpp_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "cpp"));
    files.sort();
    files
}

fn link(objects: &[PathBuf], flags: &[String], libraries: &[String], program: &Path) {
    let mut command: Command = cpp().get_compiler().to_command();
    let output = command.args(flags).args(objects).arg("-o").arg(program).args(libraries).output();
    let output = output.unwrap_or_else(|error| panic!("the C++ compiler does not run: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} does not link: {told}", program.display());
}
