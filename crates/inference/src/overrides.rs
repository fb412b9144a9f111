//! Settings that a render farm gives through the environment; they win over what a project saved.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Device, Error, Result};

const MAX_THREADS: usize = 1024;

/// The environment's word on device, threads, cache and model folders. `None` or empty: the saved setting holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overrides {
    /// `ROTOCEL_DEVICE`: auto, cpu, cuda or cuda:N.
    pub device: Option<Device>,
    /// `ROTOCEL_THREADS`: threads of a run on the CPU, 1 to 1024.
    pub threads: Option<usize>,
    /// `ROTOCEL_CACHE_MB`, in bytes; 0 turns the cache off.
    pub cache_bytes: Option<u64>,
    /// `ROTOCEL_MODEL_PATH`: folders that are searched before all others, as a path list of the platform.
    pub model_path: Vec<PathBuf>,
}

impl Overrides {
    /// Reads the variables through `lookup`. A variable that is set to nothing counts as not set.
    ///
    /// # Errors
    /// [`Error::Override`] names the first variable whose value means nothing.
    pub fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let text = |variable: &'static str| {
            lookup(variable).map(|value| value.to_string_lossy().trim().to_owned()).filter(|value| !value.is_empty())
        };
        Ok(Self {
            device: parsed("ROTOCEL_DEVICE", text("ROTOCEL_DEVICE"), "auto, cpu, cuda or cuda:N", |value| {
                value.parse().ok()
            })?,
            threads: parsed("ROTOCEL_THREADS", text("ROTOCEL_THREADS"), "a number from 1 to 1024", |value| {
                value.parse().ok().filter(|threads| (1..=MAX_THREADS).contains(threads))
            })?,
            cache_bytes: parsed(
                "ROTOCEL_CACHE_MB",
                text("ROTOCEL_CACHE_MB"),
                "a whole number of megabytes",
                |value| value.parse::<u64>().ok().and_then(|megabytes| megabytes.checked_mul(1 << 20)),
            )?,
            model_path: lookup("ROTOCEL_MODEL_PATH")
                .map(|list| std::env::split_paths(&list).filter(|folder| !folder.as_os_str().is_empty()).collect())
                .unwrap_or_default(),
        })
    }

    /// Reads the process's own environment.
    ///
    /// # Errors
    /// As [`Overrides::read`].
    pub fn from_environment() -> Result<Self> {
        Self::read(|variable| std::env::var_os(variable))
    }

    /// One line for each override, as the log shows them.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.device.map(|device| format!("ROTOCEL_DEVICE: device {device}")));
        lines.extend(self.threads.map(|threads| format!("ROTOCEL_THREADS: {threads} threads")));
        lines.extend(self.cache_bytes.map(|bytes| format!("ROTOCEL_CACHE_MB: cache of {} MB", bytes >> 20)));
        lines.extend(
            self.model_path.iter().map(|folder| format!("ROTOCEL_MODEL_PATH: models from {}", folder.display())),
        );
        lines
    }
}

fn parsed<T>(
    variable: &'static str,
    value: Option<String>,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    parse(&value).map(Some).ok_or(Error::Override { variable, value, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Overrides> {
        Overrides::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn an_empty_environment_overrides_nothing() {
        assert_eq!(read(&[]), Ok(Overrides::default()));
        let empty =
            [("ROTOCEL_DEVICE", ""), ("ROTOCEL_THREADS", " "), ("ROTOCEL_CACHE_MB", ""), ("ROTOCEL_MODEL_PATH", "")];
        assert_eq!(read(&empty), Ok(Overrides::default()));
    }

    #[test]
    fn every_variable_is_read_and_printed() {
        let folders = std::env::join_paths(["first", "second"]).unwrap();
        let overrides = read(&[
            ("ROTOCEL_DEVICE", "cuda:1"),
            ("ROTOCEL_THREADS", "3"),
            ("ROTOCEL_CACHE_MB", "64"),
            ("ROTOCEL_MODEL_PATH", folders.to_str().unwrap()),
        ])
        .unwrap();
        assert_eq!(overrides.device, Some(Device::Cuda(1)));
        assert_eq!(overrides.threads, Some(3));
        assert_eq!(overrides.cache_bytes, Some(64 << 20));
        assert_eq!(overrides.model_path, [PathBuf::from("first"), PathBuf::from("second")]);
        let lines = overrides.lines();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].contains("ROTOCEL_DEVICE") && lines[0].contains("cuda:1"));
    }

    #[test]
    fn a_bad_value_names_variable_value_and_what_may_stand_there() {
        for (variable, value) in [
            ("ROTOCEL_DEVICE", "gpu"),
            ("ROTOCEL_THREADS", "0"),
            ("ROTOCEL_THREADS", "many"),
            ("ROTOCEL_THREADS", "1025"),
            ("ROTOCEL_CACHE_MB", "-1"),
            ("ROTOCEL_CACHE_MB", "18446744073709551615"),
        ] {
            let message = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(message.contains(variable) && message.contains(value) && message.contains("expected"), "{message}");
        }
    }
}
