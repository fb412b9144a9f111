//! Devices: what is asked for, and what really runs.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a network is asked to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// CUDA 0 where its provider is installed and a measured run on it succeeds, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of this number; an error where it cannot be used.
    Cuda(u32),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// `text` names no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a device: expected auto, cpu, cuda or cuda:N")]
pub struct UnknownDevice(pub String);

impl FromStr for Device {
    type Err = UnknownDevice;

    /// Reads `auto`, `cpu`, `cuda` (device 0) or `cuda:N`, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        let unknown = || UnknownDevice(text.to_owned());
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            other => {
                let index = other.strip_prefix("cuda:").ok_or_else(unknown)?;
                // ONNX Runtime takes the device as a signed 32-bit number.
                index.parse().ok().filter(|index| *index <= i32::MAX as u32).map(Self::Cuda).ok_or_else(unknown)
            }
        }
    }
}

/// What a network really ran on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// The CPU.
    Cpu,
    /// A CUDA device.
    Cuda(u32),
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("CPU"),
            Self::Cuda(index) => write!(f, "CUDA {index}"),
        }
    }
}

/// Outcome of a device check: a model was really run, and timed.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceReport {
    /// What was asked for, after the environment's override.
    pub requested: Device,
    /// What ran.
    pub provider: Provider,
    /// Why the provider is not the fastest one that Auto could have chosen.
    pub reason: Option<String>,
    /// Milliseconds of the second of two runs; the first one warms up.
    pub milliseconds: f64,
    /// Width and height of the measured input, in pixels.
    pub size: (usize, usize),
    /// Threads of a run on the CPU.
    pub threads: usize,
    /// The ONNX Runtime library in use.
    pub library: PathBuf,
}

impl fmt::Display for DeviceReport {
    /// One line for a status field, e.g. `CPU, 4 threads: 12.3 ms at 256×256 (CUDA is not installed)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.provider)?;
        if self.provider == Provider::Cpu {
            write!(f, ", {} thread{}", self.threads, if self.threads == 1 { "" } else { "s" })?;
        }
        write!(f, ": {:.1} ms at {}×{}", self.milliseconds, self.size.0, self.size.1)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_survive_printing_and_reading() {
        for device in [Device::Auto, Device::Cpu, Device::Cuda(0), Device::Cuda(15)] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        assert_eq!(" CUDA ".parse(), Ok(Device::Cuda(0)));
    }

    #[test]
    fn nonsense_is_not_a_device() {
        for text in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:4294967295", "cpu:0"] {
            assert_eq!(text.parse::<Device>(), Err(UnknownDevice(text.to_owned())));
        }
    }

    #[test]
    fn a_report_reads_as_one_line() {
        let report = DeviceReport {
            requested: Device::Auto,
            provider: Provider::Cpu,
            reason: Some("CUDA is not installed".to_owned()),
            milliseconds: 12.34,
            size: (256, 256),
            threads: 4,
            library: PathBuf::new(),
        };
        assert_eq!(report.to_string(), "CPU, 4 threads: 12.3 ms at 256×256 (CUDA is not installed)");
    }
}
