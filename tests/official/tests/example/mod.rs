//! Official example plug-ins in our host, each in a process of its own, so that a crash names its example.

use official_programs::example;
use ofx_sdk::host::*;
use ofx_sdk::{Context, FrameRange, RectI};
use std::process::Command;
use std::sync::Arc;

/// Which test a process was started for.
const ALONE: &str = "OFFICIAL_EXAMPLE_TEST";

/// Runs the body of the test `name` in a process of its own, in a folder of its own.
pub fn alone(name: &str, body: impl FnOnce()) {
    if std::env::var(ALONE).is_ok_and(|wanted| wanted == name) {
        return body();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(ALONE, name).current_dir(folder.path());
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the process of {name} ended with {}:\n{told}", output.status);
    assert!(told.contains("1 passed"), "there is no test {name}");
}

/// An example in a host that lays images out as plug-ins trip over.
pub struct Example {
    pub host: Host,
    pub plugin: Plugin,
}

impl Example {
    /// Loads the only plug-in of an example; `None` where it could not be built.
    pub fn load(name: &str) -> Option<Self> {
        Self::load_in(name, HostOptions { layout: ImageLayout::HARSH, ..HostOptions::default() })
    }

    pub fn load_in(name: &str, options: HostOptions) -> Option<Self> {
        let bundle = Bundle::open(example(name)?).unwrap();
        let host = Host::new(options);
        let plugins = host.plugins(&bundle);
        assert_eq!(plugins.len(), 1, "{plugins:?}");
        let plugin = host.load(&bundle, &plugins[0].identifier).unwrap();
        Some(Self { host, plugin })
    }

    /// An instance with a picture at every required input.
    pub fn create(&self, context: Context, picture: &HostImage) -> Instance {
        let bounds = picture.bounds;
        let range = FrameRange { min: 1.0, max: 10.0 };
        let project = Project::new(bounds.width() as f64, bounds.height() as f64, range);
        let instance = self.plugin.create(context, project).unwrap();
        for clip in instance.description().clips.iter().filter(|clip| clip.name != "Output" && !clip.optional) {
            instance.connect(&clip.name, Arc::new(StillSource::new(picture.clone(), range))).unwrap();
        }
        instance
    }

    /// What the host saw it do wrong so far.
    pub fn violations(&self) -> Vec<String> {
        let told = |violation: Violation| format!("{} in {}: {}", violation.kind, violation.action, violation.detail);
        self.host.take_violations().into_iter().map(told).collect()
    }
}
