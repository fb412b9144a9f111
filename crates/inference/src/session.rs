//! One loaded network: opened, held against its entry, run.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use ndarray::Array3;
use ort::ep;
use ort::ep::ArenaExtendStrategy;
use ort::ep::cuda::ConvAlgorithmSearch;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{TensorElementType, TensorRef, ValueType};

use crate::cuda_reason::explain;
use crate::model::{hash_of, read_model};
use crate::runtime::{Runtime, cuda_damaged, one_line};
use crate::{Error, Extent, InputEntry, Model, Provider, Result, Role};

/// A tensor `[channels, height, width]` in standard layout, in the order of the entry's inputs.
pub(crate) type Planes = Array3<f32>;

/// An opened network that can run.
#[derive(Debug)]
pub(crate) struct Network {
    session: Session,
    model: Arc<Model>,
    provider: Provider,
}

impl Network {
    /// Reads the model's file again, refuses it if it has changed since it was resolved, and opens it.
    pub(crate) fn open(runtime: &Runtime, model: &Arc<Model>, provider: Provider, threads: usize) -> Result<Self> {
        let bytes = read_model(&model.path)?;
        let found = hash_of(&bytes);
        if found != model.sha256 {
            return Err(Error::WrongHash {
                path: model.path.clone(),
                asked_by: format!("model \"{}\"", model.entry.name),
                expected: model.sha256.clone(),
                found,
            });
        }
        let refused = |error: &dyn Display| match provider {
            Provider::Cpu => not_a_model(model, error),
            Provider::Cuda(_) => no_device(provider, error),
        };
        let mut builder = builder(runtime, GraphOptimizationLevel::All, threads).map_err(|error| refused(&error))?;
        builder = match provider {
            Provider::Cpu => builder,
            Provider::Cuda(index) => {
                if let Some(reason) = cuda_damaged(runtime.library()) {
                    return Err(no_device(provider, &reason));
                }
                let cuda = ep::CUDA::default()
                    .with_device_id(i32::try_from(index).unwrap_or(i32::MAX))
                    // By default it takes twice what it needs, beside a host that wants the GPU for itself.
                    .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
                    .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic);
                // Without `error_on_failure` a provider that cannot start leaves the CPU in its place, in silence.
                let listed = builder.with_execution_providers([cuda.build().error_on_failure()]);
                listed.map_err(|error| no_device(provider, &error))?
            }
        };
        let session = builder.commit_from_memory(&bytes).map_err(|error| refused(&error))?;
        check_interface(&session, model)?;
        Ok(Self { session, model: Arc::clone(model), provider })
    }

    /// Runs the network on `inputs`, one for each of the entry's inputs, in its order.
    ///
    /// Returns the logits `[channels, height, width]` and the milliseconds of the run itself.
    pub(crate) fn run(&mut self, inputs: &[Planes], options: &RunOptions) -> Result<(Planes, f64)> {
        let (model, provider) = (Arc::clone(&self.model), self.provider);
        let failed = |error: &dyn Display| Error::Run {
            model: model.entry.name.clone(),
            path: model.path.clone(),
            provider: provider.to_string(),
            reason: one_line(&error.to_string()),
        };
        let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::new();
        for (entry, planes) in model.entry.inputs.iter().zip(inputs) {
            let (channels, height, width) = planes.dim();
            let data = planes.as_slice().ok_or_else(|| failed(&"an input is not in standard layout"))?;
            let tensor = TensorRef::from_array_view(([1, channels, height, width], data));
            values.push((Cow::from(&entry.name), tensor.map_err(|error| failed(&error))?.into()));
        }
        let start = Instant::now();
        let outputs = self.session.run_with_options(values, options).map_err(|error| failed(&error))?;
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        let output = outputs.get(&model.entry.output.name).ok_or_else(|| failed(&"the output is missing"))?;
        let (shape, data) = output.try_extract_tensor::<f32>().map_err(|error| failed(&error))?;
        let sizes: Vec<_> = inputs.iter().map(|planes| (planes.dim().1, planes.dim().2)).collect();
        let size = model.entry.output_size(&sizes).ok_or_else(|| failed(&"there is no input"))?;
        let expected = (model.entry.output.channels, size.0, size.1);
        let wanted = [1, expected.0 as i64, expected.1 as i64, expected.2 as i64];
        if shape[..] != wanted {
            return Err(interface(
                &model,
                format!("output \"{}\" has the shape {:?}, expected {wanted:?}", model.entry.output.name, &shape[..]),
            ));
        }
        let logits = Array3::from_shape_vec(expected, data.to_vec()).map_err(|error| failed(&error))?;
        Ok((logits, milliseconds))
    }
}

/// Custom metadata of the network in `bytes` under `key`. The network is parsed, not optimised.
pub(crate) fn read_metadata(runtime: &Runtime, model_bytes: &[u8], key: &str) -> Result<Option<String>, String> {
    let opened = builder(runtime, GraphOptimizationLevel::Disable, 1)
        .and_then(|mut builder| builder.commit_from_memory(model_bytes))
        .map_err(|error| one_line(&error.to_string()))?;
    let metadata = opened.metadata().map_err(|error| one_line(&error.to_string()))?;
    Ok(metadata.custom(key))
}

fn builder(runtime: &Runtime, level: GraphOptimizationLevel, threads: usize) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(runtime.environment())?
        // `ort` asks for the most efficient device by itself; ours is chosen by the artist.
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_optimization_level(level)?
        .with_intra_threads(threads)?
        // Idle threads must not take the cores from the host's own render threads.
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?;
    Ok(builder.with_log_level(ort::logging::LogLevel::Warning)?)
}

fn check_interface(session: &Session, model: &Model) -> Result<()> {
    let entry = &model.entry;
    let names = |outlets: &[ort::value::Outlet]| {
        outlets.iter().map(|outlet| format!("\"{}\"", outlet.name())).collect::<Vec<_>>().join(", ")
    };
    for InputEntry { name, channels, role, size, .. } in &entry.inputs {
        let Some(outlet) = session.inputs().iter().find(|outlet| outlet.name() == name) else {
            let has = names(session.inputs());
            return Err(interface(model, format!("it has no input \"{name}\" (its inputs are {has})")));
        };
        let sides = match role {
            Role::Image | Role::Subject => [size.map_or(Side::Dynamic, Side::One); 2],
            Role::Points => [Side::One(1), size.map_or(Side::Any, Side::One)],
        };
        check_outlet(outlet.dtype(), *channels, sides)
            .map_err(|reason| interface(model, format!("input \"{name}\" {reason}")))?;
    }
    let unknown = session.inputs().iter().find(|outlet| entry.inputs.iter().all(|input| input.name != outlet.name()));
    if let Some(outlet) = unknown {
        return Err(interface(model, format!("it also wants the input \"{}\"", outlet.name())));
    }
    let name = &entry.output.name;
    let Some(outlet) = session.outputs().iter().find(|outlet| outlet.name() == name) else {
        let has = names(session.outputs());
        return Err(interface(model, format!("it has no output \"{name}\" (its outputs are {has})")));
    };
    let sides = match entry.output.extent {
        Extent::List { length } => [Side::One(1), Side::One(length)],
        Extent::Picture | Extent::Cells { .. } => [Side::Any; 2],
    };
    check_outlet(outlet.dtype(), entry.output.channels, sides)
        .map_err(|reason| interface(model, format!("output \"{name}\" {reason}")))
}

/// What a height or a width has to be.
#[derive(Clone, Copy)]
enum Side {
    One(usize),
    /// Whatever the picture has.
    Dynamic,
    /// What the graph makes of its inputs.
    Any,
}

/// A float tensor `[1, channels, height, width]`; negative dimensions are dynamic. `sides` are height and width.
fn check_outlet(found: &ValueType, channels: usize, sides: [Side; 2]) -> Result<(), String> {
    let ValueType::Tensor { ty, shape, .. } = found else { return Err("is not a tensor".to_owned()) };
    if *ty != TensorElementType::Float32 {
        return Err(format!("holds {ty} values, expected 32-bit float"));
    }
    let &[batch, planes, ..] = &shape[..] else { return Err(format!("has {} dimensions, expected 4", shape.len())) };
    if shape.len() != 4 {
        return Err(format!("has {} dimensions, expected 4", shape.len()));
    }
    if batch > 1 {
        return Err(format!("wants {batch} pictures at once, expected 1"));
    }
    if planes >= 0 && planes != channels as i64 {
        return Err(format!("has {planes} channels, expected {channels}"));
    }
    for ((side, found), wanted) in ["height", "width"].iter().zip(&shape[2..]).zip(sides) {
        match wanted {
            Side::One(expected) if *found >= 0 && *found != expected as i64 => {
                return Err(format!("has the {side} {found}, expected {expected}"));
            }
            Side::Dynamic if *found >= 0 => {
                return Err(format!(
                    "has the {side} {found} alone: export the network with dynamic height and width, or give its entry a size"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn interface(model: &Model, reason: String) -> Error {
    Error::Interface { path: model.path.clone(), model: model.entry.name.clone(), reason }
}

fn not_a_model(model: &Model, error: &dyn Display) -> Error {
    Error::NotAModel { path: model.path.clone(), reason: one_line(&error.to_string()) }
}

fn no_device(provider: Provider, error: &dyn Display) -> Error {
    Error::Device { device: provider.to_string(), reason: one_line(&explain(&error.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ort::value::{Shape, SymbolicDimensions};

    #[test]
    fn a_graph_of_one_size_needs_an_entry_that_says_so() {
        let outlet = |height: i64| ValueType::Tensor {
            ty: TensorElementType::Float32,
            shape: Shape::new([1, 3, height, -1]),
            dimension_symbols: SymbolicDimensions::empty(4),
        };
        let told = check_outlet(&outlet(512), 3, [Side::Dynamic; 2]).unwrap_err();
        assert!(told.contains("height 512") && told.contains("dynamic"), "{told}");
        assert_eq!(check_outlet(&outlet(-1), 3, [Side::Dynamic; 2]), Ok(()));
        assert_eq!(check_outlet(&outlet(512), 3, [Side::One(512); 2]), Ok(()));
        assert_eq!(check_outlet(&outlet(512), 3, [Side::Any; 2]), Ok(()));
        let told = check_outlet(&outlet(512), 3, [Side::One(256); 2]).unwrap_err();
        assert!(told.contains("height 512, expected 256"), "{told}");
    }
}
