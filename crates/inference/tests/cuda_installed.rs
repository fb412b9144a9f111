//! A machine where CUDA's provider lies beside the runtime but cannot work: no driver, no device, a damaged file.
#![cfg(target_os = "linux")]

mod fixture;

use fixture::{gray, model, never, request};
use inference::{Device, Engine, EngineConfig, Error, Fallback, Provider, Request};
use tempfile::tempdir;

#[test]
fn a_provider_that_cannot_work_is_an_error_when_asked_for_and_a_reason_under_auto() {
    let folder = tempdir().unwrap();
    let library = folder.path().join(fixture::LIBRARY_NAME);
    std::fs::copy(fixture::library(), &library).unwrap();
    let providers = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];
    for name in providers {
        std::fs::write(folder.path().join(name), "no library").unwrap();
    }
    let engine = Engine::new(EngineConfig { threads: 2, ..EngineConfig::new(&library) });
    let tone = model(&engine, "tiny_tone.onnx");
    let on = |device, value| engine.infer(Request { device, ..request(&tone, gray(16, 16, value)) }, &never);

    let error = on(Device::Cuda(0), 0.1).unwrap_err();
    assert!(matches!(error, Error::Device { .. }), "{error}");
    assert!(error.to_string().contains("CUDA 0") && error.to_string().contains(providers[0]), "{error}");
    // Whole libraries, but no providers.
    for name in providers {
        std::fs::copy("/proc/self/exe", folder.path().join(name)).unwrap();
    }
    let error = on(Device::Cuda(0), 0.1).unwrap_err();
    assert!(matches!(error, Error::Device { .. }), "{error}");

    let first = on(Device::Auto, 0.1).unwrap();
    assert_eq!((first.provider, first.cached), (Provider::Cpu, false));
    assert!(matches!(&first.fallback, Some(Fallback::DidNotStart(reason)) if reason.contains("CUDA 0")), "{first:?}");
    // Auto decides once for a model; what it computed is found again under the CPU.
    assert!(on(Device::Auto, 0.1).unwrap().cached);
    assert!(on(Device::Cpu, 0.1).unwrap().cached);
    assert_eq!(engine.stats().sessions, 1);

    let report = engine.check_device(&tone, Device::Auto, &never).unwrap();
    assert_eq!(report.provider, Provider::Cpu);
    assert!(report.to_string().contains("CUDA 0"), "{report}");
    assert_eq!(report.library, library);
}
