//! Overlays through the real C tables and this crate's own host: drawn, dragged, undone, and in hosts that fail.

#[path = "overlay/spot.rs"]
mod spot;

use ofx_sdk::{
    Context, Error, FrameRange, Result, Status,
    drawing::{Color, DrawList, Primitive, Viewport},
    host::{Host, HostOptions, Instance, KeyAction, MessageKind, Overlay, ParamValue, PenAction, Plugin, Project},
    plugin::{
        Effect, PluginTable,
        overlay::{Key, Painter, PointForm, Stroke},
    },
    sys,
};
use spot::{HOVER, REACH_PX, SPOT, Spot};
use std::{
    collections::BTreeSet,
    ffi::{CStr, c_void},
    ptr::{null, null_mut},
    sync::{Arc, Mutex},
};

fn options() -> HostOptions {
    HostOptions { overlays: true, draw_suite: true, background: false, ..HostOptions::default() }
}

fn load(options: HostOptions, table: &'static PluginTable) -> Result<Plugin> {
    // SAFETY: the table is a static of this program.
    unsafe { Host::new(options).load_table(table.as_ofx()) }
}

fn create(plugin: &Plugin) -> Result<Instance> {
    plugin.create(Context::General, Project::new(200.0, 100.0, FrameRange { min: 1.0, max: 9.0 }))
}

/// A node with one viewer.
fn scene(options: HostOptions, table: &'static PluginTable) -> (Plugin, Instance, Overlay) {
    let plugin = load(options, table).expect("it loads");
    let instance = create(&plugin).expect("it is created");
    let overlay = instance.overlay().expect("it opens").expect("it has one");
    (plugin, instance, overlay)
}

fn assert_clean(plugin: &Plugin) {
    let violations = plugin.host().violations();
    assert!(violations.is_empty(), "{violations:#?}");
}

fn position(instance: &Instance, id: &str) -> Vec<f64> {
    instance.get(id).expect("it exists").doubles().to_vec()
}

/// Where the overlay shows the spot, by its color.
fn shown_at(list: &DrawList, color: Color) -> [f64; 2] {
    let points: Vec<_> = list.of_color(color).map(Primitive::center).collect();
    assert_eq!(points.len(), 1, "{list:?}");
    points[0]
}

fn assert_near(a: &[f64], b: &[f64]) {
    assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9), "{a:?}, not {b:?}");
}

fn drawn(overlay: &Overlay) -> DrawList {
    assert!(overlay.draw().expect("it draws"));
    overlay.drawn()
}

#[test]
fn what_the_host_hears_is_what_was_painted() {
    static TABLE: PluginTable = Spot::<0>::TABLE;
    let (plugin, _instance, overlay) = scene(options(), &TABLE);
    let viewport = Viewport { pixel_scale: [0.5, 0.25], ..Viewport::new(300, 200) };
    overlay.set_viewport(viewport);
    let mut painter = Painter::new(viewport.pixel_scale);
    painter.polyline(&[[0.0, 0.0], [100.0, 50.0]], false, Stroke::new(Color::WHITE).width(2.0));
    painter.point([100.0, 50.0], PointForm::Disc, 9.0, SPOT);
    painter.text([100.0, 50.0], [7.0, 7.0], "spot ", Color::WHITE);
    assert_eq!(drawn(&overlay), painter.finish());
    assert_eq!(overlay.redraw_params(), ["center", "mirror"]);
    assert_clean(&plugin);
}

#[test]
fn a_drawing_can_be_looked_at_without_a_graphics_card() {
    static TABLE: PluginTable = Spot::<1>::TABLE;
    let (_plugin, _instance, overlay) = scene(options(), &TABLE);
    let viewport = Viewport { origin: [50.0, 0.0], ..Viewport::new(150, 100) };
    overlay.set_viewport(viewport);
    let picture = drawn(&overlay).rasterized(&viewport);
    // The spot at (100, 50), 50 pixels from the left edge and 50 from the bottom.
    assert_eq!(picture.pixel(50, 49), Some([0, 255, 0, 255]));
    assert_eq!(picture.pixel(50, 80), Some([0, 0, 0, 255]));
    let white = picture.pixels.iter().filter(|pixel| **pixel == [255; 4]).count();
    assert!(white > 60, "{white} pixels of line and text");
}

#[test]
fn a_drag_lives_in_the_viewer_and_ends_as_one_step_to_undo() {
    static TABLE: PluginTable = Spot::<2>::TABLE;
    let (plugin, instance, overlay) = scene(options(), &TABLE);
    assert!(overlay.pen(PenAction::Down, [103.0, 52.0], 1.0).expect("it answers"));
    for x in [110.0, 120.0, 130.0] {
        assert!(overlay.pen(PenAction::Motion, [x, 40.0], 1.0).expect("it answers"));
    }
    assert_eq!(overlay.redraws(), 3);
    assert_near(&shown_at(&drawn(&overlay), SPOT), &[130.0, 40.0]);
    assert_near(&position(&instance, "center"), &[100.0, 50.0]);
    assert!(instance.undo_steps().is_empty());

    assert!(overlay.pen(PenAction::Up, [131.0, 41.0], 0.0).expect("it answers"));
    assert_near(&position(&instance, "center"), &[131.0, 41.0]);
    // The node was told of its own change before pen_up returned, and answered with another.
    assert_near(&position(&instance, "mirror"), &[-131.0, -41.0]);
    assert_eq!(instance.get("told").expect("it exists"), ParamValue::Int(1));
    assert_eq!(instance.undo_steps(), ["Move spot"]);
    assert_eq!(instance.undo_blocks(), ["Move spot"]);

    // A host that says nothing of the undo: the next drawing shows it all the same.
    assert_eq!(instance.undo(false).expect("it is undone").as_deref(), Some("Move spot"));
    assert_near(&position(&instance, "center"), &[100.0, 50.0]);
    assert_near(&position(&instance, "mirror"), &[-100.0, -50.0]);
    assert_near(&shown_at(&drawn(&overlay), SPOT), &[100.0, 50.0]);
    assert_eq!(instance.redo(false).expect("it is redone").as_deref(), Some("Move spot"));
    assert_near(&shown_at(&drawn(&overlay), SPOT), &[131.0, 41.0]);
    assert_eq!(instance.redo(false).expect("it answers"), None);
    assert_clean(&plugin);
}

#[test]
fn undo_goes_back_step_by_step_and_a_new_change_forgets_what_was_undone() {
    static TABLE: PluginTable = Spot::<3>::TABLE;
    let (plugin, instance, overlay) = scene(options(), &TABLE);
    let at = |x: f64| ParamValue::Double2([x, 0.0]);
    instance.set("center", &at(1.0)).expect("it is set");
    instance.set("center", &at(2.0)).expect("it is set");
    overlay.key(KeyAction::Down, Key::RIGHT.0, "").expect("it answers");
    // What the node changed in answer belongs to the artist's step.
    assert_eq!(instance.undo_steps(), ["Set center", "Set center", "Nudge spot"]);
    // Told of an undo, the node answers as to any change, which makes no new step.
    instance.undo(true).expect("it is undone");
    instance.undo(true).expect("it is undone");
    assert_near(&position(&instance, "center"), &[1.0, 0.0]);
    assert_near(&position(&instance, "mirror"), &[-1.0, 0.0]);
    instance.redo(true).expect("it is redone");
    assert_near(&position(&instance, "center"), &[2.0, 0.0]);
    assert_eq!(instance.undo_steps(), ["Set center", "Set center"]);
    instance.set("center", &at(5.0)).expect("it is set");
    assert_eq!(instance.redo(false).expect("it answers"), None);
    assert_clean(&plugin);
}

#[test]
fn hit_targets_are_as_large_on_the_screen_whatever_the_zoom() {
    static TABLE: PluginTable = Spot::<4>::TABLE;
    let (plugin, _instance, overlay) = scene(options(), &TABLE);
    for zoom in [0.05, 1.0, 20.0] {
        overlay.set_viewport(Viewport { pixel_scale: [zoom; 2], ..Viewport::new(640, 480) });
        for (pixels, hit) in [(REACH_PX - 0.1, true), (REACH_PX + 0.1, false)] {
            let at = [100.0 + pixels * zoom, 50.0];
            assert_eq!(overlay.pen(PenAction::Down, at, 1.0).expect("it answers"), hit, "{pixels} at {zoom}");
            overlay.focus(false).expect("it answers");
        }
    }
    assert_clean(&plugin);
}

#[test]
fn two_viewers_of_one_node_do_not_share_a_drag() {
    static TABLE: PluginTable = Spot::<5>::TABLE;
    let (plugin, instance, left) = scene(options(), &TABLE);
    let right = instance.overlay().expect("it opens").expect("it has one");
    assert!(left.pen(PenAction::Down, [100.0, 50.0], 1.0).expect("it answers"));
    assert!(left.pen(PenAction::Motion, [60.0, 60.0], 1.0).expect("it answers"));
    assert!(!right.pen(PenAction::Motion, [60.0, 60.0], 1.0).expect("it answers"));
    assert_near(&shown_at(&drawn(&left), SPOT), &[60.0, 60.0]);
    assert_near(&shown_at(&drawn(&right), SPOT), &[100.0, 50.0]);
    left.pen(PenAction::Up, [60.0, 60.0], 0.0).expect("it answers");
    assert_near(&shown_at(&drawn(&right), SPOT), &[60.0, 60.0]);
    drop(left);
    assert_near(&shown_at(&drawn(&right), SPOT), &[60.0, 60.0]);
    assert_clean(&plugin);
}

#[test]
fn keys_and_focus_arrive() {
    static TABLE: PluginTable = Spot::<6>::TABLE;
    let (plugin, instance, overlay) = scene(options(), &TABLE);
    assert!(overlay.focus(true).expect("it answers"));
    shown_at(&drawn(&overlay), HOVER);
    assert!(!overlay.key(KeyAction::Down, Key::character('é').0, "é").expect("it answers"));
    assert!(drawn(&overlay).texts().all(|text| text == "spot é"));
    assert!(overlay.key(KeyAction::Down, Key::RIGHT.0, "").expect("it answers"));
    assert!(overlay.key(KeyAction::Repeat, Key::RIGHT.0, "").expect("it answers"));
    assert_near(&position(&instance, "center"), &[102.0, 50.0]);
    assert_eq!(instance.undo_steps(), ["Nudge spot", "Nudge spot"]);
    assert!(overlay.key(KeyAction::Up, Key::SHIFT_LEFT.0, "").expect("it answers"));
    assert!(overlay.focus(false).expect("it answers"));
    shown_at(&drawn(&overlay), SPOT);
    assert_clean(&plugin);
}

#[test]
fn a_viewer_that_outlives_its_node_shows_nothing_and_takes_nothing() {
    static TABLE: PluginTable = Spot::<7>::TABLE;
    let (plugin, instance, overlay) = scene(options(), &TABLE);
    assert!(overlay.pen(PenAction::Down, [100.0, 50.0], 1.0).expect("it answers"));
    drop(instance);
    assert!(!overlay.draw().expect("it answers"));
    assert!(overlay.drawn().primitives.is_empty());
    assert!(!overlay.pen(PenAction::Motion, [1.0, 1.0], 1.0).expect("it answers"));
    assert!(!overlay.pen(PenAction::Up, [1.0, 1.0], 0.0).expect("it answers"));
    assert!(!overlay.key(KeyAction::Down, Key::RIGHT.0, "").expect("it answers"));
    assert!(!overlay.focus(true).expect("it answers"));
    // Another node is not taken for the one that went.
    let other = create(&plugin).expect("it is created");
    assert!(!overlay.draw().expect("it answers"));
    drop(overlay);
    drop(other);
    assert_clean(&plugin);
}

#[test]
fn errors_and_panics_reach_the_artist_and_the_viewer_lives_on() {
    static TABLE: PluginTable = Spot::<8>::TABLE;
    let (plugin, instance, overlay) = scene(options(), &TABLE);
    for (trouble, text) in [(1, "asked for 100% of it"), (2, "internal error: on purpose")] {
        instance.set("trouble", &ParamValue::Int(trouble)).expect("in range");
        plugin.host().messages();
        assert!(overlay.pen(PenAction::Down, [100.0, 50.0], 1.0).is_err());
        assert!(overlay.key(KeyAction::Down, Key::RIGHT.0, "").is_err());
        let messages = plugin.host().messages();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages.iter().all(|m| m.kind == MessageKind::Error && m.text.contains(text)), "{messages:?}");
    }
    for trouble in [3, 4] {
        instance.set("trouble", &ParamValue::Int(trouble)).expect("in range");
        plugin.host().messages();
        // A failure would make a host drop the overlay, and a message for each drawing would bury the artist.
        assert!(!overlay.draw().expect("it answers"));
        assert!(overlay.drawn().primitives.is_empty());
        assert!(plugin.host().messages().is_empty());
    }
    instance.set("trouble", &ParamValue::Int(0)).expect("in range");
    shown_at(&drawn(&overlay), SPOT);
    assert!(overlay.pen(PenAction::Down, [100.0, 50.0], 1.0).expect("it answers"));
    assert_clean(&plugin);
}

/// The properties that hosts give viewers, with all that a drag needs of them.
#[test]
fn any_property_of_a_viewer_may_be_missing() {
    static TABLE: PluginTable = Spot::<9>::TABLE;
    let optional = [
        "OfxInteractPropViewport",
        "OfxInteractPropPixelScale",
        "OfxInteractPropBackgroundColour",
        "OfxInteractPropSuggestedColour",
        "OfxInteractPropPenViewportPosition",
        "OfxInteractPropPenPressure",
        "OfxInteractPropSlaveToParam",
        "OfxPropTime",
        "OfxImageEffectPropRenderScale",
        "kOfxPropKeyString",
    ];
    for name in optional {
        let options = HostOptions { without_properties: vec![name.to_owned()], ..options() };
        let (_plugin, instance, overlay) = scene(options, &TABLE);
        shown_at(&drawn(&overlay), SPOT);
        assert!(overlay.pen(PenAction::Down, [100.0, 50.0], 1.0).expect(name), "{name}");
        assert!(overlay.pen(PenAction::Up, [90.0, 50.0], 0.0).expect(name), "{name}");
        assert!(overlay.key(KeyAction::Down, Key::RIGHT.0, "").expect(name), "{name}");
        assert_near(&position(&instance, "center"), &[91.0, 50.0]);
    }
    for name in ["OfxPropEffectInstance", "OfxInteractPropPenPosition", "kOfxPropKeySym", "OfxInteractPropDrawContext"]
    {
        let options = HostOptions { without_properties: vec![name.to_owned()], ..options() };
        let (_plugin, instance, overlay) = scene(options, &TABLE);
        // There is no telling what is meant; an error or a refusal, and nothing changes.
        let _ = overlay.draw();
        let _ = overlay.pen(PenAction::Down, [100.0, 50.0], 1.0);
        let _ = overlay.key(KeyAction::Down, Key::UP.0, "");
        assert_near(&position(&instance, "center"), &[100.0, 50.0]);
    }
}

#[test]
fn a_host_without_the_interact_suite_still_drags() {
    static TABLE: PluginTable = Spot::<10>::TABLE;
    let without = vec![("OfxInteractSuite".to_owned(), 1)];
    let (plugin, instance, overlay) = scene(HostOptions { without_suites: without, ..options() }, &TABLE);
    assert!(overlay.pen(PenAction::Down, [100.0, 50.0], 1.0).expect("it answers"));
    assert!(overlay.pen(PenAction::Motion, [90.0, 50.0], 1.0).expect("it answers"));
    assert!(overlay.pen(PenAction::Up, [90.0, 50.0], 0.0).expect("it answers"));
    assert_eq!(overlay.redraws(), 0);
    assert_near(&shown_at(&drawn(&overlay), SPOT), &[90.0, 50.0]);
    assert_near(&position(&instance, "center"), &[90.0, 50.0]);
    assert_clean(&plugin);
}

/// The overlay entries that a plug-in has described, and how it says it draws.
fn entries(plugin: &Plugin) -> [bool; 2] {
    let description = plugin.description(Context::General).expect("it has the context");
    ["OfxImageEffectPluginPropOverlayInteractV1", "OfxImageEffectPluginPropOverlayInteractV2"].map(|name| {
        let property = description.properties.iter().find(|property| property.name == name).expect("hosts have it");
        property.values != ["null"]
    })
}

#[test]
fn the_second_version_is_offered_only_where_the_host_has_the_draw_suite() {
    static WITH: PluginTable = Spot::<11>::TABLE;
    static WITHOUT: PluginTable = Spot::<12>::TABLE;
    static NOTHING: PluginTable = Spot::<13>::TABLE;
    assert_eq!(entries(&load(options(), &WITH).expect("it loads")), [true, true]);
    let (plugin, _instance, overlay) = scene(HostOptions { draw_suite: false, ..options() }, &WITHOUT);
    assert_eq!(entries(&plugin), [true, false]);
    // No OpenGL context is current on this thread: nothing is drawn, and nothing happens.
    overlay.draw().expect("it answers");
    assert_clean(&plugin);
    let plugin = load(HostOptions::default(), &NOTHING).expect("it loads");
    assert_eq!(entries(&plugin), [false, false]);
    assert!(create(&plugin).expect("it is created").overlay().expect("it answers").is_none());
    assert_clean(&plugin);
}

/// Calls an overlay's entry point itself.
fn call<E: Effect>(action: &CStr, handle: *const c_void, in_args: sys::OfxPropertySetHandle) -> Status {
    let entry = E::OVERLAY.expect("it has an overlay").as_ofx().expect("every overlay has it");
    // SAFETY: the action is a C string; the plug-in follows no handle itself.
    Status(unsafe { entry(action.as_ptr(), handle, in_args, null_mut()) })
}

#[test]
fn null_unknown_and_stale_handles_are_refused() {
    static TABLE: PluginTable = Spot::<14>::TABLE;
    let every = [
        sys::kOfxActionDestroyInstance,
        sys::kOfxInteractActionDraw,
        sys::kOfxInteractActionPenDown,
        sys::kOfxInteractActionPenMotion,
        sys::kOfxInteractActionPenUp,
        sys::kOfxInteractActionKeyDown,
        sys::kOfxInteractActionKeyUp,
        sys::kOfxInteractActionKeyRepeat,
        sys::kOfxInteractActionGainFocus,
        sys::kOfxInteractActionLoseFocus,
    ];
    // Before there is a host at all.
    let foreign = std::ptr::without_provenance(64);
    assert!(call::<Spot<15>>(sys::kOfxActionCreateInstance, foreign, null_mut()) != Status::OK);
    let (_plugin, _instance, overlay) = scene(options(), &TABLE);
    let live = overlay.as_ptr().cast_const().cast();
    for action in every {
        assert_eq!(call::<Spot<14>>(action, null(), null_mut()), Status::BAD_HANDLE, "{action:?}");
        assert_eq!(call::<Spot<14>>(action, foreign, null_mut()), Status::BAD_HANDLE, "{action:?}");
    }
    for action in [sys::kOfxActionDescribe, sys::kOfxActionCreateInstance] {
        assert_eq!(call::<Spot<14>>(action, null(), null_mut()), Status::BAD_HANDLE, "{action:?}");
    }
    // Without arguments there is no telling where the pen is, but a viewer is drawn and focused.
    assert_eq!(call::<Spot<14>>(sys::kOfxInteractActionPenDown, live, null_mut()), Status::BAD_HANDLE);
    assert_eq!(call::<Spot<14>>(sys::kOfxInteractActionKeyDown, live, null_mut()), Status::BAD_HANDLE);
    assert_eq!(call::<Spot<14>>(sys::kOfxInteractActionGainFocus, live, null_mut()), Status::OK);
    assert!(call::<Spot<14>>(sys::kOfxInteractActionDraw, live, null_mut()) != Status::BAD_HANDLE);
    assert_eq!(call::<Spot<14>>(c"OfxInteractActionOfTomorrow", live, null_mut()), Status::REPLY_DEFAULT);
    assert_eq!(call::<Spot<14>>(c"Nonsense", live, null_mut()), Status::REPLY_DEFAULT);
    // Created once more without being destroyed: a new viewer, no crash.
    assert_eq!(call::<Spot<14>>(sys::kOfxActionCreateInstance, live, null_mut()), Status::OK);
    shown_at(&drawn(&overlay), SPOT);
    assert_eq!(call::<Spot<14>>(sys::kOfxActionDestroyInstance, live, null_mut()), Status::OK);
    for action in every {
        assert_eq!(call::<Spot<14>>(action, live, null_mut()), Status::BAD_HANDLE, "{action:?}");
    }
}

/// All that a viewer can do; errors are answers.
fn live(options: HostOptions, table: &'static PluginTable) -> Result<DrawList> {
    let plugin = load(options, table)?;
    let instance = create(&plugin)?;
    let overlay = instance.overlay()?.ok_or_else(|| Error::Missing("an overlay".to_owned()))?;
    let _ = overlay.focus(true);
    let _ = overlay.draw();
    for (action, x) in [(PenAction::Down, 100.0), (PenAction::Motion, 90.0), (PenAction::Up, 90.0)] {
        let _ = overlay.pen(action, [x, 50.0], 1.0);
    }
    let _ = overlay.key(KeyAction::Down, Key::RIGHT.0, "x");
    let _ = overlay.key(KeyAction::Up, Key::RIGHT.0, "x");
    overlay.focus(false)?;
    overlay.draw()?;
    Ok(overlay.drawn())
}

#[test]
fn any_function_of_any_suite_may_fail_always_or_once() {
    static TABLE: PluginTable = Spot::<16>::TABLE;
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    let interceptor = Arc::new(move |name: &str| {
        seen.lock().unwrap().push(name.to_owned());
        None
    });
    let whole = live(HostOptions { interceptor: Some(interceptor), ..options() }, &TABLE).expect("it lives");
    assert_near(&shown_at(&whole, SPOT), &[91.0, 50.0]);
    let calls = std::mem::take(&mut *calls.lock().unwrap());
    let functions: BTreeSet<String> = calls.iter().cloned().collect();
    assert!(["draw", "setColour", "drawText", "interactRedraw"].iter().all(|name| functions.contains(*name)));
    for name in functions {
        for status in [Status::FAILED, Status::BAD_HANDLE, Status::MEMORY, Status::REPLY_NO] {
            let failing = name.clone();
            let interceptor = Arc::new(move |called: &str| (called == failing).then_some(status));
            let _ = live(HostOptions { interceptor: Some(interceptor), ..options() }, &TABLE);
        }
    }
    // Every fifth call: neighbours fail alike.
    for nth in (0..calls.len()).step_by(5) {
        let left = Mutex::new(nth);
        let interceptor = Arc::new(move |_: &str| {
            let mut left = left.lock().unwrap();
            let fails = *left == 0;
            *left = left.wrapping_sub(1);
            fails.then_some(Status::FAILED)
        });
        let _ = live(HostOptions { interceptor: Some(interceptor), ..options() }, &TABLE);
    }
    assert_eq!(live(options(), &TABLE).expect("it lives"), whole);
}

#[test]
fn viewers_on_several_threads_and_a_node_that_goes_do_not_disturb_each_other() {
    static TABLE: PluginTable = Spot::<17>::TABLE;
    let (plugin, instance, overlay) = scene(options(), &TABLE);
    let other = instance.overlay().expect("it opens").expect("it has one");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..40 {
                other.draw().expect("it answers");
            }
        });
        scope.spawn(|| {
            for _ in 0..20 {
                let at = position(&instance, "center");
                overlay.pen(PenAction::Down, [at[0], at[1]], 1.0).expect("it answers");
                overlay.pen(PenAction::Up, [at[0] + 1.0, at[1]], 0.0).expect("it answers");
            }
        });
    });
    assert_near(&position(&instance, "center"), &[120.0, 50.0]);
    assert_clean(&plugin);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..40 {
                // Drawn, not there any more, or gone in mid drawing: no other answer.
                let _ = other.draw();
            }
        });
        scope.spawn(move || drop(instance));
    });
}
