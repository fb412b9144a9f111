//! An effect that uses every part of the plug-in side, and tells through its picture and parameters what it saw.

use ofx_sdk::{
    Components, Error, FrameRange, Premultiplication, RectD, RectI, Result,
    plugin::{
        Boolean, ChangeReason, ChangedArgs, Choice, ChoiceOption, ChoiceValue, Clip, ClipComponents, ClipPreferences,
        CreatedArgs, Descriptor, Double, Double2D, DynamicChoice, EditArgs, Effect, FilePath, FramesNeeded, Group,
        Host, Identity, Integer, Label, MessageKind, MultiLine, Page, Plane, PluginTable, PushButton, QueryArgs,
        RegionsOfInterest, RenderArgs, Rgb, Rgba, Text,
    },
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the probe does when it renders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Multiplies the source by the gain.
    Gain,
    /// Fails with a message.
    Fail,
    /// Panics.
    Panic,
    /// The mean of the frames before, at and after the current one, where the host gives others.
    Mean,
}

impl ChoiceValue for Mode {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Gain, "Gain", "Multiplies."),
        (Self::Fail, "Fail", ""),
        (Self::Panic, "Panic", ""),
        (Self::Mean, "Mean of three", ""),
    ];
}

fn tables() -> Vec<ChoiceOption> {
    (1..=3).map(|i| ChoiceOption::new(format!("Table {i}"))).collect()
}

ofx_sdk::settings! {
    /// One parameter of every kind.
    pub struct ProbeSettings {
        /// What it does.
        main: Group = Group::new("Main").closed(),
        /// What it does when it renders.
        mode: Choice<Mode> = Choice::new("Mode").parent("main"),
        /// Multiplied with the source,
        /// in two lines of hint.
        gain: Double = Double::new("Gain").range(0.0, 10.0).display(0.0, 2.0).default(1.0).parent("main"),
        /// One of a list.
        table: DynamicChoice = DynamicChoice::new("Table", tables).default(1),
        /// A whole number.
        count: Integer = Integer::new("Count").range(0, 15).default(3),
        /// Copies the source.
        bypass: Boolean = Boolean::new("Bypass"),
        /// A place.
        center: Double2D = Double2D::new("Center").position().default([10.0, 20.0]),
        /// A color.
        tint: Rgb = Rgb::new("Tint").default([1.0, 0.5, 0.25]),
        /// A color with alpha.
        fill: Rgba = Rgba::new("Fill").default([0.0, 0.0, 0.0, 1.0]),
        /// A line.
        name: Text = Text::new("Name").default("probe").evaluate_on_change(false),
        /// Lines.
        notes: MultiLine = MultiLine::new("Notes").secret(),
        /// A file.
        file: FilePath = FilePath::new("File").may_be_new(),
        /// What happened.
        status: Label = Label::new("Status"),
        /// Sets gain and status in one step.
        reset: PushButton = PushButton::new("Reset"),
        /// Says things, some of them with 100% signs.
        speak: PushButton = PushButton::new("Speak"),
        /// Works for long.
        work: PushButton = PushButton::new("Work"),
        /// Sets keys on the gain.
        animate: PushButton = PushButton::new("Animate"),
        /// A page.
        page: Page = Page::new("Probe", &["mode", "gain", "reset"]),
    }
}

pub const MASK: Clip = Clip::input(c"Mask").optional().mask().components(&[Components::Alpha, Components::Rgba]);
pub const SOURCE: Clip = Clip::SOURCE.temporal();

/// A probe for one test each: hosts and nodes are kept by type, so that tests do not meet.
pub struct Probe<const TEST: usize> {
    renders: AtomicUsize,
}

/// Probes of every test that live now.
pub static LIVING: AtomicUsize = AtomicUsize::new(0);

impl<const TEST: usize> Drop for Probe<TEST> {
    fn drop(&mut self) {
        LIVING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<const TEST: usize> Probe<TEST> {
    pub const TABLE: PluginTable = PluginTable::of::<Self>();

    fn speak(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        args.message(MessageKind::Warning, "100% done, %s and %n are only text");
        args.set_persistent_message(MessageKind::Error, "stays at 50%");
        if !args.ask("Clear it?")? {
            return Ok(());
        }
        args.clear_persistent_message();
        args.params().set(ProbeSettings::status, "cleared")
    }

    fn work(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        let progress = args.progress("Working");
        for step in 0..=4 {
            progress.update(f64::from(step) / 4.0)?;
        }
        let range = args.timeline().bounds()?;
        args.params().set(ProbeSettings::status, format!("worked over {}-{}", range.min, range.max))
    }

    fn animate(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        let gain = args.params().get(ProbeSettings::gain)?;
        gain.delete_all_keys()?;
        for time in [1.0, 11.0, 21.0] {
            gain.set_at(time, time / 10.0)?;
        }
        gain.delete_key(21.0)?;
        let times = gain.key_times()?;
        args.params().set(ProbeSettings::status, format!("{times:?} {}", gain.value_at(6.0)?))
    }

    /// The pixels of a row, all read in the same way.
    fn source_row(args: &RenderArgs<'_, Self>, time: f64, y: i32, window: RectI) -> Result<Vec<[f32; 4]>> {
        let mut pixels = vec![[0.0; 4]; window.width()];
        if let Some(image) = args.image_at(&SOURCE, time)? {
            image.read_row(y, window.x1, &mut pixels);
        }
        Ok(pixels)
    }

    fn render_color(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        let mut output = args.output()?;
        let window = output.window();
        let source = args.image(&SOURCE)?;
        let mask = args.image(&MASK)?;
        let gain = args.settings.gain as f32;
        let rows: Vec<_> = output.rows_mut().into_iter().map(std::sync::Mutex::new).collect();
        args.for_each_piece(rows.len(), |piece| {
            if args.aborted() {
                return;
            }
            let mut row = rows[piece].lock().unwrap();
            let mut pixels = vec![[0.0; 4]; window.width()];
            if let Some(source) = &source {
                source.read_row(row.y(), window.x1, &mut pixels);
            }
            let mut coverage = vec![[1.0; 4]; window.width()];
            let mut channel = 3;
            if let Some(mask) = &mask {
                mask.read_row(row.y(), window.x1, &mut coverage);
                if !mask.has_alpha() {
                    assert_eq!(mask.premultiplication(), Premultiplication::Opaque);
                    channel = 0;
                }
            }
            for (pixel, cover) in pixels.iter_mut().zip(&coverage) {
                pixel.iter_mut().for_each(|v| *v *= gain * cover[channel]);
            }
            row.write(window.x1, &pixels);
        });
        drop(rows);
        args.check_abort()
    }

    fn render_mean(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        let mut output = args.output()?;
        let window = output.window();
        let offsets: &[f64] = if args.host().supports_temporal_access { &[-1.0, 0.0, 1.0] } else { &[0.0] };
        for y in window.y1..window.y2 {
            args.check_abort()?;
            let mut sum = vec![[0.0; 4]; window.width()];
            for offset in offsets {
                for (s, p) in sum.iter_mut().zip(Self::source_row(args, args.time + offset, y, window)?) {
                    (0..4).for_each(|c| s[c] += p[c] / offsets.len() as f32);
                }
            }
            output.write_row(y, window.x1, &sum);
        }
        Ok(())
    }
}

impl<const TEST: usize> Effect for Probe<TEST> {
    type Settings = ProbeSettings;

    const DESCRIPTOR: Descriptor = Descriptor {
        identifier: c"org.rotocel.test.Probe",
        version: (2, 1),
        label: "Probe",
        group: "Test",
        description: "Uses every part of the plug-in side.",
        clips: &[SOURCE, MASK],
        temporal_access: true,
        planes: true,
        preference_params: &["mode", "bypass"],
        ..Descriptor::DEFAULT
    };

    fn create(_host: &Host) -> Result<Self> {
        LIVING.fetch_add(1, Ordering::Relaxed);
        Ok(Self { renders: AtomicUsize::new(0) })
    }

    fn created(&self, args: &CreatedArgs<'_, Self>) -> Result<()> {
        args.params().get(ProbeSettings::count)?.set_secret(true)?;
        args.params().get(ProbeSettings::name)?.set_enabled(false)
    }

    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        self.renders.fetch_add(1, Ordering::Relaxed);
        // Several reads of one property set, between which a host may destroy the node.
        let project = args.project();
        log::trace!("{project:?}");
        let mut scratch = args.allocate(1024)?;
        scratch.bytes_mut()[1023] = 1;
        for plane in &args.planes {
            match (plane, args.settings.mode) {
                (Plane::Color, Mode::Fail) => return Err(Error::node("no more than 50% of it worked")),
                (Plane::Color, Mode::Panic) => panic!("on purpose"),
                (Plane::Color, Mode::Gain) => self.render_color(args)?,
                (Plane::Color, Mode::Mean) => self.render_mean(args)?,
                (plane, _) => {
                    let mut output = args.output_plane(plane)?;
                    let value = if plane.id() == "probe.half" { 0.5 } else { 0.25 };
                    let width = output.window().width();
                    output.rows_mut().iter_mut().for_each(|row| row.write(row.x1(), &vec![[value; 4]; width]));
                }
            }
        }
        Ok(())
    }

    fn identity(&self, args: &QueryArgs<'_, Self>, _window: RectI) -> Result<Option<Identity>> {
        Ok(args.settings.bypass.then_some(Identity { clip: SOURCE, time: args.time }))
    }

    fn region_of_definition(&self, args: &QueryArgs<'_, Self>) -> Result<Option<RectD>> {
        // A canonical pixel wider on the right than the source.
        let source = args.clip(&SOURCE)?.region_of_definition(args.time)?;
        Ok(Some(RectD { x2: source.x2 + 1.0, ..source }))
    }

    fn regions_of_interest(&self, args: &QueryArgs<'_, Self>, _region: RectD) -> Result<RegionsOfInterest> {
        let whole = args.clip(&SOURCE)?.region_of_definition(args.time)?;
        Ok(RegionsOfInterest::default().need(&SOURCE, whole))
    }

    fn frames_needed(&self, args: &QueryArgs<'_, Self>) -> Result<FramesNeeded> {
        let reach = if args.settings.mode == Mode::Mean { 1.0 } else { 0.0 };
        Ok(FramesNeeded::default().need(&SOURCE, [FrameRange { min: args.time - reach, max: args.time + reach }]))
    }

    fn time_domain(&self, args: &EditArgs<'_, Self>) -> Result<Option<FrameRange>> {
        Ok(args.clip(&SOURCE)?.frame_range())
    }

    fn clip_preferences(&self, args: &EditArgs<'_, Self>) -> Result<ClipPreferences> {
        let premultiplication = match args.settings().mode {
            Mode::Gain => Premultiplication::Unpremultiplied,
            _ => Premultiplication::Premultiplied,
        };
        Ok(ClipPreferences::default()
            .premultiplication(premultiplication)
            .components(&Clip::OUTPUT, Components::Rgba)
            .frame_varying(true))
    }

    fn clip_components(&self, _args: &QueryArgs<'_, Self>) -> Result<ClipComponents> {
        let planes = [Plane::Color, Plane::custom("probe.half", &["A"]), Plane::custom("probe.quarter", &["A"])];
        Ok(ClipComponents::default().planes(&SOURCE, [Plane::Color]).planes(&Clip::OUTPUT, planes))
    }

    fn changed(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        if args.reason != ChangeReason::UserEdited {
            return Ok(());
        }
        if args.is(ProbeSettings::reset) {
            return args.params().edit("Reset probe", |params| {
                params.set(ProbeSettings::gain, 1.0)?;
                params.set(ProbeSettings::status, "reset")
            });
        }
        if args.is(ProbeSettings::gain) {
            args.params().set(ProbeSettings::status, format!("gain is {}", args.settings().gain))?;
        }
        if args.is(ProbeSettings::speak) {
            self.speak(args)?;
        }
        if args.is(ProbeSettings::work) {
            self.work(args)?;
        }
        if args.is(ProbeSettings::animate) {
            self.animate(args)?;
        }
        Ok(())
    }

    fn sync_private_data(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        let renders = self.renders.load(Ordering::Relaxed);
        args.params().set(ProbeSettings::notes, format!("{renders} renders"))
    }
}
