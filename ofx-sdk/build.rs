//! Generates the raw bindings from the official OpenFX headers, and builds the one C file of the host side.

use std::{env, path::PathBuf, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=wrapper.h");
    println!("cargo::rerun-if-env-changed=LIBCLANG_PATH");
    let include = official_headers();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    require_libclang();

    let mut builder = bindgen::Builder::default()
        .header("wrapper.h")
        .clang_arg(format!("-I{include}"))
        .allowlist_file(format!("{include}/.*"))
        .blocklist_function("Ofx.*")
        .generate_cstr(true)
        .generate_comments(false)
        .layout_tests(false) // tests/abi.rs holds the layouts against an independent set
        .derive_default(false)
        .prepend_enum_name(false)
        .use_core()
        .clang_macro_fallback()
        .clang_macro_fallback_build_dir(&out);
    if let Some(dir) = compiler_headers() {
        builder = builder.clang_arg(format!("-I{dir}"));
    }
    builder
        .generate()
        .unwrap_or_else(|e| panic!("bindgen could not read the OpenFX headers in {include}: {e}"))
        .write_to_file(out.join("bindings.rs"))
        .expect("OUT_DIR is writable");

    #[cfg(feature = "host")]
    {
        println!("cargo::rerun-if-changed=src/host/variadic.c");
        cc::Build::new().include(&include).file("src/host/variadic.c").warnings(true).compile("ofx_sdk_variadic");
    }
}

/// The header folder of the `openfx-sys` package that Cargo.lock pins; that package itself is never compiled.
fn official_headers() -> String {
    let metadata = cargo_metadata::MetadataCommand::new()
        .other_options(vec!["--locked".into()])
        .exec()
        .expect("`cargo metadata --locked` names every package; run cargo in the workspace");
    let package =
        metadata.packages.iter().find(|p| p.name.as_str() == "openfx-sys").expect("Cargo.lock holds openfx-sys");
    package.manifest_path.parent().expect("a manifest lies in a folder").join("openfx/include").to_string()
}

/// The libclang wheel carries no headers of its own, so `stddef.h` and friends come from the C compiler.
fn compiler_headers() -> Option<String> {
    let cc = env::var("CC").unwrap_or_else(|_| "cc".into());
    let output = Command::new(cc).arg("-print-file-name=include").output().ok()?;
    let dir = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    PathBuf::from(&dir).is_dir().then_some(dir)
}

/// Says what to do when libclang is not where `.cargo/config.toml` points and the system has none either.
fn require_libclang() {
    let Some(path) = env::var_os("LIBCLANG_PATH").map(PathBuf::from) else { return };
    let found = path.is_file()
        || std::fs::read_dir(&path).is_ok_and(|dir| {
            dir.flatten().any(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.starts_with("libclang") || name.starts_with("clang.dll")
            })
        });
    assert!(
        found,
        "no libclang in {}: run `cargo xtask fetch`, or set LIBCLANG_PATH to the folder of a libclang of your own",
        path.display()
    );
}
