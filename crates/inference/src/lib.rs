//! ONNX models for Rotocel: tensors in, tensors out.
//!
//! This crate knows neither clips nor hosts, so that it can move to a process of its own. It is the only one that
//! imports ONNX Runtime.
//!
//! ```no_run
//! use std::path::{Path, PathBuf};
//!
//! use inference::{Device, Engine, EngineConfig, Manifest, Overrides, Request, Role, tensor};
//!
//! # fn main() -> inference::Result<()> {
//! let engine = Engine::global(|| {
//!     let overrides = Overrides::from_environment()?;
//!     Ok(EngineConfig { overrides, ..EngineConfig::new("bundle/libonnxruntime.so.1.31.1") })
//! })?;
//! let _alive = engine.instance_guard();
//! let manifest = Manifest::parse(include_str!("../../../models/manifest.toml"), Path::new("models/manifest.toml"))?;
//! let entry = manifest.for_node("ToneSegment").next().expect("a shipped model");
//! let model = engine.shipped_model(entry, &[PathBuf::from("bundle/Resources/models")])?;
//! let image = tensor::pad_to_stride(ndarray::Array3::zeros((3, 576, 1024)), model.entry.stride);
//! let request = Request { model, device: Device::Auto, inputs: vec![(Role::Image, image)] };
//! let inference = engine.infer(request, &|| false)?;
//! let logits = tensor::crop(&inference.logits, 1024, 576);
//! # Ok(())
//! # }
//! ```
//!
//! - [`Manifest`] and [`ModelEntry`]: what a network expects and gives.
//! - [`Model`]: a network's file, found and known by its SHA-256.
//! - [`Engine`]: runs networks. Sessions are pooled, equal requests run once, results are kept, runs can be aborted.
//! - [`Overrides`]: what a render farm's environment says.
//! - [`tensor`]: sizes and padding.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod cache;
mod clock;
mod config;
mod cuda_reason;
mod custom;
mod device;
mod engine;
mod error;
mod extent;
mod flight;
mod library;
mod manifest;
mod model;
mod onnx_file;
mod overrides;
mod pool;
mod request;
mod runtime;
mod session;
pub mod tensor;
mod within;
mod worker;

pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{EngineConfig, EngineStats, Fallback, Inference};
pub use device::{Device, DeviceReport, Provider, UnknownDevice};
pub use engine::{Engine, InstanceGuard};
pub use error::{Error, Result};
pub use extent::Extent;
pub use manifest::{InputEntry, Manifest, ModelEntry, OutputEntry, Role};
pub use model::Model;
pub use onnx_file::check as check_onnx_file;
pub use overrides::Overrides;
pub use pool::IDLE_TIME;
pub use request::Request;
