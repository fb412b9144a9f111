//! The thread that runs a network while the callers poll their hosts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use ort::session::RunOptions;

use crate::cache::Cached;
use crate::cuda_reason::explain;
use crate::engine::Core;
use crate::flight::{Flight, Stop};
use crate::pool::SessionKey;
use crate::runtime::{Runtime, cuda_missing};
use crate::session::{Network, Planes};
use crate::within::Within;
use crate::{Device, Error, Fallback, InputEntry, Model, Provider, Result, Role};

/// Width and height of the run that decides whether CUDA works, before padding.
const PROBE_SIZE: usize = 64;

/// One run to be done.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) model: Arc<Model>,
    pub(crate) device: Device,
    pub(crate) inputs: Vec<Planes>,
    /// False for a measurement, whose result nobody else wants.
    pub(crate) keep: bool,
}

/// Does the job and lands its flight, whatever happens.
pub(crate) fn work(core: &Core, flight: &Arc<Flight>, job: Job) {
    let _within = Within::enter();
    let outcome = catch_unwind(AssertUnwindSafe(|| core.run(&job, &flight.stop)))
        .unwrap_or_else(|payload| Err(Error::panic(&*payload)));
    // Whatever a run that was told to end says, it ended because of that.
    let outcome = if flight.stop.requested() { outcome.map_err(|_| Error::Aborted) } else { outcome };
    drop(job.inputs);
    core.landed(flight, outcome, job.keep);
}

impl Core {
    fn run(&self, job: &Job, stop: &Stop) -> Result<Cached> {
        let runtime = Runtime::load(&self.config.library)?;
        let (provider, fallback) = self.choose(&runtime, &job.model, job.device, stop)?;
        match self.run_on(&runtime, provider, job, stop) {
            Ok((logits, milliseconds)) => Ok(Cached { logits: Arc::new(logits), provider, fallback, milliseconds }),
            Err(error) if gives_up_gpu(job.device, provider, &error) && !stop.requested() => {
                // The probe had room enough where the artist's frame has none. What the CPU cannot do either is no fault of
                // the GPU's, which is kept then.
                let ran = self.run_on(&runtime, Provider::Cpu, job, stop);
                let fallback = Some(Fallback::GaveUp(error.to_string()));
                // A run that was told to end says nothing of the CPU; the next one must not try the GPU again.
                if ran.is_ok() || stop.requested() {
                    log::warn!("runs on the CPU from now on: {error}");
                    let choice = (Provider::Cpu, fallback.clone());
                    self.choices
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(job.model.sha256.clone(), choice);
                }
                let (logits, milliseconds) = ran?;
                Ok(Cached { logits: Arc::new(logits), provider: Provider::Cpu, fallback, milliseconds })
            }
            Err(error) => Err(error),
        }
    }

    fn run_on(&self, runtime: &Runtime, provider: Provider, job: &Job, stop: &Stop) -> Result<(Planes, f64)> {
        self.pool.with(
            &self.session_key(&job.model, provider),
            stop,
            || self.open(runtime, &job.model, provider, stop),
            |network| {
                let options = stop.begin()?;
                self.runs.fetch_add(1, Ordering::Relaxed);
                network.run(&job.inputs, &options)
            },
            // A run that was told to end leaves its session whole.
            |error| matches!(error, Error::Run { .. }) && !stop.requested(),
        )
    }

    /// What `device` means for this model, and why it is not CUDA where it might have been.
    fn choose(
        &self,
        runtime: &Runtime,
        model: &Arc<Model>,
        device: Device,
        stop: &Stop,
    ) -> Result<(Provider, Option<Fallback>)> {
        let missing = || cuda_missing(runtime.library());
        match device {
            Device::Cpu => Ok((Provider::Cpu, None)),
            Device::Cuda(index) => match missing() {
                Some(reason) => Err(Error::Device { device: Provider::Cuda(index).to_string(), reason }),
                None => Ok((Provider::Cuda(index), None)),
            },
            Device::Auto => {
                if let Some(reason) = missing() {
                    return Ok((Provider::Cpu, Some(Fallback::NoCuda(reason))));
                }
                let known = self.choices.lock().unwrap_or_else(PoisonError::into_inner).get(&model.sha256).cloned();
                if let Some(choice) = known {
                    return Ok(choice);
                }
                let choice = self.try_cuda(runtime, model, stop)?;
                let mut choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(choices.entry(model.sha256.clone()).or_insert(choice).clone())
            }
        }
    }

    fn try_cuda(&self, runtime: &Runtime, model: &Arc<Model>, stop: &Stop) -> Result<(Provider, Option<Fallback>)> {
        let cuda = Provider::Cuda(0);
        let key = self.session_key(model, cuda);
        let known = || self.choices.lock().unwrap_or_else(PoisonError::into_inner).get(&model.sha256).cloned();
        let opened = self.pool.with(
            &key,
            stop,
            // Whoever had the turn before may have found out meanwhile that it does not work, which takes seconds.
            || match known() {
                Some((Provider::Cpu, _)) => Err(Error::Aborted),
                // Said before the next one has its turn.
                _ => self.open(runtime, model, cuda, stop).inspect_err(|error| {
                    if matches!(error, Error::Device { .. } | Error::Run { .. }) && !stop.requested() {
                        log::warn!("runs on the CPU: {error}");
                        let choice = (Provider::Cpu, Some(Fallback::DidNotStart(error.to_string())));
                        self.choices
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(model.sha256.clone(), choice);
                    }
                }),
            },
            |_| Ok(()),
            |_| false,
        );
        match opened {
            Ok(()) => Ok((cuda, None)),
            Err(error) if stop.requested() => Err(error),
            Err(error) => known().ok_or(error),
        }
    }

    fn open(&self, runtime: &Runtime, model: &Arc<Model>, provider: Provider, stop: &Stop) -> Result<Network> {
        if stop.requested() {
            return Err(Error::Aborted);
        }
        let mut network = Network::open(runtime, model, provider, self.threads)?;
        let mut measured = None;
        if let Provider::Cuda(_) = provider {
            // A provider may open and still fail at its first kernel; better here than in the artist's frame.
            let probe = blank(model, PROBE_SIZE);
            // Nobody's abort ends it: what took seconds to open would be thrown away, and the next frame begin anew.
            let options = RunOptions::new().map_err(|error| Error::Panic { reason: error.to_string() })?;
            let mut run = || {
                network.run(&probe, &options).map_err(|error| match error {
                    Error::Run { provider, reason, .. } => Error::Device { device: provider, reason: explain(&reason) },
                    error => error,
                })
            };
            run()?;
            measured = Some(run()?.1);
        }
        let speed = measured.map_or(String::new(), |ms| format!(", {ms:.1} ms at {PROBE_SIZE} pixels"));
        log::info!("model {model} runs on {provider}, {} threads{speed}", self.threads);
        Ok(network)
    }

    fn session_key(&self, model: &Model, provider: Provider) -> SessionKey {
        let description = format!("{:?}", model.entry);
        SessionKey { sha256: model.sha256.clone(), description, provider, threads: self.threads }
    }
}

/// Whether a run that failed so shall be done on the CPU: the artist left the choice to us, and took a GPU that works.
fn gives_up_gpu(asked: Device, ran_on: Provider, error: &Error) -> bool {
    let on_gpu = matches!(ran_on, Provider::Cuda(_));
    asked == Device::Auto && on_gpu && matches!(error, Error::Run { .. } | Error::Device { .. })
}

/// Inputs of mid gray: of the one size that the model takes, or `size` pixels wide and high or a little more.
pub(crate) fn blank(model: &Model, size: usize) -> Vec<Planes> {
    let entry = &model.entry;
    let side = entry.input(Role::Image).and_then(|image| image.size).unwrap_or(size);
    let (width, height) = crate::tensor::padded_size(side, side, entry.stride);
    let middle = |range: [f32; 2]| range[0] / 2.0 + range[1] / 2.0;
    let of = |input: &InputEntry| match input.role {
        Role::Image | Role::Subject => (input.channels, height, width),
        Role::Points => (input.channels, 1, input.size.unwrap_or(size)),
    };
    entry.inputs.iter().map(|input| Planes::from_elem(of(input), middle(input.range))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_automatic_choice_of_a_gpu_is_given_up_and_only_when_a_run_fails() {
        let cuda = Provider::Cuda(0);
        let failed = || Error::Run {
            model: "m".into(),
            path: "m.onnx".into(),
            provider: cuda.to_string(),
            reason: "out of memory".into(),
        };
        assert!(gives_up_gpu(Device::Auto, cuda, &failed()));
        assert!(!gives_up_gpu(Device::Cuda(0), cuda, &failed()), "who asks for CUDA wants to know");
        assert!(!gives_up_gpu(Device::Auto, Provider::Cpu, &failed()));
        assert!(!gives_up_gpu(Device::Auto, cuda, &Error::Aborted));
    }
}
