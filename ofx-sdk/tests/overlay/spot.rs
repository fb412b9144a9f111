//! A node with a point that is dragged in the viewer.

use ofx_sdk::{
    Error, Result,
    drawing::Color,
    plugin::{
        ChangedArgs, Descriptor, Double2D, Effect, Host, Integer, PluginTable, RenderArgs,
        overlay::{DrawArgs, FocusArgs, Key, KeyArgs, Overlay, OverlayEntry, Painter, PenArgs, PointForm, Stroke},
    },
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

ofx_sdk::settings! {
    /// What the artist may adjust.
    pub struct SpotSettings {
        /// Where the spot is.
        center: Double2D = Double2D::new("Center").position().default([100.0, 50.0]),
        /// The spot mirrored at the origin; the node keeps it so.
        mirror: Double2D = Double2D::new("Mirror").position().default([-100.0, -50.0]),
        /// How often the node was told of a change.
        told: Integer = Integer::new("Told").range(0, 1_000_000),
        /// 1: fails in every event. 2: panics. 3: fails to draw. 4: panics while it draws.
        trouble: Integer = Integer::new("Trouble").range(0, 4),
    }
}

pub const HOVER: Color = Color::rgb(1.0, 0.5, 0.0);
pub const SPOT: Color = Color::rgb(0.0, 1.0, 0.0);

/// How far from the spot the pen may be, in pixels of the screen.
pub const REACH_PX: f64 = 6.0;

/// A spot for one test each: hosts and nodes are kept by type, so that tests do not meet.
pub struct Spot<const N: usize>;

impl<const N: usize> Spot<N> {
    pub const TABLE: PluginTable = PluginTable::of::<Self>();
}

impl<const N: usize> Effect for Spot<N> {
    type Settings = SpotSettings;
    const DESCRIPTOR: Descriptor =
        Descriptor { identifier: c"org.rotocel.test.Spot", label: "Spot", ..Descriptor::DEFAULT };
    const OVERLAY: Option<OverlayEntry<Self>> = Some(OverlayEntry::of::<SpotOverlay<N>>());

    fn create(_host: &Host) -> Result<Self> {
        Ok(Self)
    }

    fn changed(&self, args: &ChangedArgs<'_, Self>) -> Result<()> {
        if args.is(SpotSettings::center) {
            let SpotSettings { center: [x, y], told, .. } = args.settings();
            args.params().set(SpotSettings::mirror, [-x, -y])?;
            args.params().set(SpotSettings::told, told + 1)?;
        }
        Ok(())
    }

    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()> {
        let mut output = args.output()?;
        let gray = vec![[0.5; 4]; output.window().width()];
        for mut row in output.rows_mut() {
            args.check_abort()?;
            row.write(row.x1(), &gray);
        }
        Ok(())
    }
}

/// Overlays that live now, of every node.
pub static LIVING: AtomicUsize = AtomicUsize::new(0);

/// What one viewer shows.
pub struct SpotOverlay<const N: usize> {
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    dragged_to: Option<[f64; 2]>,
    last_key: String,
    focused: bool,
}

impl<const N: usize> Drop for SpotOverlay<N> {
    fn drop(&mut self) {
        LIVING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<const N: usize> SpotOverlay<N> {
    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The trouble that the artist has asked for.
fn trouble(settings: &SpotSettings, fails: i32, panics: i32) -> Result<()> {
    if settings.trouble == panics {
        panic!("on purpose");
    }
    if settings.trouble == fails {
        return Err(Error::Value { subject: "trouble".to_owned(), reason: "asked for 100% of it".to_owned() });
    }
    Ok(())
}

impl<const N: usize> Overlay for SpotOverlay<N> {
    type Effect = Spot<N>;
    const REDRAW_PARAMS: &'static [&'static str] = &["center", "mirror"];

    fn create(_host: &Host) -> Result<Self> {
        LIVING.fetch_add(1, Ordering::Relaxed);
        Ok(Self { state: Mutex::default() })
    }

    fn draw(&self, args: &DrawArgs<'_, Spot<N>>, painter: &mut Painter) -> Result<()> {
        let settings = args.settings();
        let State { dragged_to, last_key, focused } = self.state();
        let spot = dragged_to.unwrap_or(settings.center);
        painter.polyline(&[[0.0, 0.0], spot], false, Stroke::new(Color::WHITE).width(2.0));
        painter.point(spot, PointForm::Disc, 9.0, if focused { HOVER } else { SPOT });
        painter.text(spot, [7.0, 7.0], &format!("spot {last_key}"), Color::WHITE);
        trouble(&settings, 3, 4)
    }

    fn pen_down(&self, args: &PenArgs<'_, Spot<N>>) -> Result<bool> {
        let settings = args.settings();
        trouble(&settings, 1, 2)?;
        let hit = args.pressure > 0.0 && args.pixels_between(args.position, settings.center) <= REACH_PX;
        self.change(|state| state.dragged_to = hit.then_some(args.position));
        Ok(hit)
    }

    fn pen_motion(&self, args: &PenArgs<'_, Spot<N>>) -> Result<bool> {
        let dragging = self.state().dragged_to.is_some();
        if dragging {
            self.change(|state| state.dragged_to = Some(args.position));
            args.request_redraw();
        }
        Ok(dragging)
    }

    fn pen_up(&self, args: &PenArgs<'_, Spot<N>>) -> Result<bool> {
        let dragging = self.state().dragged_to.is_some();
        self.change(|state| state.dragged_to = None);
        if dragging {
            args.params().edit("Move spot", |params| params.set(SpotSettings::center, args.position))?;
        }
        Ok(dragging)
    }

    fn key_down(&self, args: &KeyArgs<'_, Spot<N>>) -> Result<bool> {
        trouble(&args.settings(), 1, 2)?;
        self.change(|state| state.last_key = args.text.clone());
        if args.key == Key::RIGHT {
            let [x, y] = args.settings().center;
            args.params().edit("Nudge spot", |params| params.set(SpotSettings::center, [x + 1.0, y]))?;
        }
        Ok(args.key == Key::RIGHT)
    }

    fn key_repeat(&self, args: &KeyArgs<'_, Spot<N>>) -> Result<bool> {
        self.key_down(args)
    }

    fn key_up(&self, args: &KeyArgs<'_, Spot<N>>) -> Result<bool> {
        self.change(|state| state.last_key.clear());
        Ok(args.key.is_shift())
    }

    fn gain_focus(&self, args: &FocusArgs<'_, Spot<N>>) -> Result<()> {
        self.change(|state| state.focused = true);
        args.request_redraw();
        Ok(())
    }

    fn lose_focus(&self, _args: &FocusArgs<'_, Spot<N>>) -> Result<()> {
        // The end of a drag is not seen any more.
        self.change(|state| *state = State::default());
        Ok(())
    }
}
