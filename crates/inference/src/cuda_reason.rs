//! Why CUDA does not work, in words that say what to install.
//!
//! ONNX Runtime tells it with source paths and C++ signatures. What is read here was seen from its 1.31.1 build for CUDA
//! 13 on machines that lacked one part after the other; on other systems the loader's words differ, and the plain rest of
//! the message is told.

/// The error code of CUDA, and what it means to an artist.
const FAILURES: [(&str, &str); 6] = [
    ("2", "the GPU's memory is used up"),
    ("35", "NVIDIA's driver is too old for this CUDA, or missing"),
    ("36", "NVIDIA's driver is too old for this CUDA, or missing"),
    ("100", "no NVIDIA GPU was found"),
    ("101", "there is no GPU of this number"),
    ("209", "this GPU is too old, or too new, for this CUDA"),
];

/// What a library belongs to, by the beginning of its name.
const PARTS: [(&str, &str); 7] = [
    ("libcuda.so", "NVIDIA's driver is not installed"),
    ("libcudnn", "NVIDIA's cuDNN is not installed, or not where programs look for libraries"),
    ("libcublas", CUDA),
    ("libcudart", CUDA),
    ("libcufft", CUDA),
    ("libcurand", CUDA),
    ("libnvrtc", CUDA),
];

const CUDA: &str = "NVIDIA's CUDA is not installed, or not where programs look for libraries";

/// ONNX Runtime's own message, told for people where its cause is known, and without its sources' paths elsewhere.
pub(crate) fn explain(raw: &str) -> String {
    missing_library(raw).or_else(|| failure(raw)).unwrap_or_else(|| plain(raw).to_owned())
}

/// The dynamic loader's complaint.
fn missing_library(raw: &str) -> Option<String> {
    let (before, _) = raw.split_once(": cannot open shared object file")?;
    let library = before.rsplit([' ', '/']).next()?;
    let part = PARTS.iter().find(|(name, _)| library.starts_with(name)).map(|(_, part)| *part);
    Some(format!("{} ({library} is missing)", part.unwrap_or("CUDA is not whole")))
}

/// An error code of CUDA itself.
fn failure(raw: &str) -> Option<String> {
    let (_, rest) = raw.split_once("CUDA failure ")?;
    let (code, text) = rest.split_once(':')?;
    let text = text.split(';').next()?.trim();
    let known = FAILURES.iter().find(|(known, _)| *known == code).map(|(_, what)| *what);
    Some(format!("{} (CUDA failure {code})", known.unwrap_or(text)))
}

fn plain(raw: &str) -> &str {
    raw.rsplit_once("[ONNXRuntimeError] : ").map_or(raw, |(_, rest)| rest.splitn(3, " : ").last().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: &str = "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& \
                        onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library \
                        /opt/libonnxruntime_providers_cuda.so with error: ";

    fn loader(library: &str) -> String {
        explain(&format!("{LOAD}{library}: cannot open shared object file: No such file or directory"))
    }

    #[test]
    fn each_missing_part_is_called_by_its_name() {
        assert_eq!(loader("libcuda.so.1"), "NVIDIA's driver is not installed (libcuda.so.1 is missing)");
        let cudnn = loader("libcudnn.so.9");
        assert!(cudnn.contains("cuDNN is not installed") && cudnn.contains("libcudnn.so.9"), "{cudnn}");
        for library in ["libcublasLt.so.13", "libcurand.so.10", "libcudart.so.13", "libcufft.so.12"] {
            let message = loader(library);
            assert!(message.starts_with("NVIDIA's CUDA is not installed") && message.contains(library), "{message}");
        }
        assert_eq!(loader("libother.so"), "CUDA is not whole (libother.so is missing)");
    }

    #[test]
    fn a_driver_without_a_gpu_and_an_old_driver_are_told_apart() {
        let raw = |code: u32, text: &str| {
            explain(&format!(
                "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider_info.cc:63 static \
                 onnxruntime::CUDAExecutionProviderInfo [ONNXRuntimeError] : 1 : FAIL : provider_options_utils.h:187 \
                 Parse Failed to parse provider option \"device_id\": CUDA failure {code}: {text} ; GPU=0 ; hostname=x"
            ))
        };
        assert_eq!(raw(100, "no CUDA-capable device is detected"), "no NVIDIA GPU was found (CUDA failure 100)");
        assert!(raw(36, "API call is not supported").starts_with("NVIDIA's driver is too old"));
        assert_eq!(raw(999, "unknown error"), "unknown error (CUDA failure 999)");
    }

    #[test]
    fn what_is_not_known_is_told_without_paths_of_sources() {
        assert_eq!(explain("/src/x.cc:1 f() [ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : no luck"), "no luck");
        assert_eq!(explain("no luck"), "no luck");
    }
}
