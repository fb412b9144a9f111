//! Overlays drawn by OpenGL, with the fixed pipeline and without: the same picture as the CPU makes, and a context that
//! is afterwards as it was before. The tests need the OSMesa library; without it they say so and pass.
//!
//! ROTOCEL_OVERLAY_PICTURES names a folder that the pictures are written to, to look at.
#![cfg(target_os = "linux")]

#[path = "overlay/osmesa.rs"]
mod osmesa;
#[path = "overlay/sampler.rs"]
mod sampler;

use ofx_sdk::{
    Context, FrameRange,
    drawing::{Picture, Viewport},
    host::{Host, HostOptions, Instance, Overlay, PenAction, Plugin, Project},
    plugin::{PluginTable, overlay::Painter},
};
use osmesa::{Canvas, OsMesa};
use sampler::{Sampler, paint};
use std::{
    env,
    ffi::{c_int, c_uint},
    fs,
    path::PathBuf,
};

/// Neither the origin nor the scale is that of the canonical plane.
const VIEWPORT: Viewport = Viewport { origin: [-20.0, -10.0], pixel_scale: [0.5, 0.5], ..Viewport::new(320, 200) };

/// The library, or a loud word that there is none.
fn mesa() -> Option<OsMesa> {
    let mesa = OsMesa::open();
    if mesa.is_none() {
        eprintln!("SKIPPED: this system has no libOSMesa, so that nothing was drawn with OpenGL");
    }
    mesa
}

struct Scene {
    overlay: Overlay,
    _instance: Instance,
    plugin: Plugin,
}

fn scene(table: &'static PluginTable) -> Scene {
    let options = HostOptions { overlays: true, background: false, ..HostOptions::default() };
    // SAFETY: the table is a static of this program.
    let plugin = unsafe { Host::new(options).load_table(table.as_ofx()) }.expect("it loads");
    let project = Project::new(160.0, 100.0, FrameRange { min: 1.0, max: 9.0 });
    let instance = plugin.create(Context::General, project).expect("it is created");
    let overlay = instance.overlay().expect("it opens").expect("it has one");
    overlay.set_viewport(VIEWPORT);
    Scene { overlay, _instance: instance, plugin }
}

/// The picture that the CPU makes of what is painted.
fn expected() -> Picture {
    let mut painter = Painter::new(VIEWPORT.pixel_scale);
    paint(&mut painter);
    let picture = painter.finish().rasterized(&VIEWPORT);
    show("cpu", &picture.pixels);
    picture
}

/// Writes a picture where the artist of this test wants to look at it.
fn show(name: &str, pixels: &[[u8; 4]]) {
    let Some(folder) = env::var_os("ROTOCEL_OVERLAY_PICTURES").map(PathBuf::from) else { return };
    let mut file = format!("P6 {} {} 255\n", VIEWPORT.width, VIEWPORT.height).into_bytes();
    file.extend(pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]));
    fs::write(folder.join(name).with_extension("ppm"), file).expect("the folder can be written to");
}

/// Edges may differ by how a card interpolates, never more.
fn assert_alike(got: &[[u8; 4]], want: &Picture) {
    let difference = |(a, b): (&[u8; 4], &[u8; 4])| (0..3).map(|c| a[c].abs_diff(b[c])).max().unwrap_or(0);
    let far = got.iter().zip(&want.pixels).map(difference).filter(|d| *d > 6).count();
    let lit = want.pixels.iter().filter(|pixel| pixel[..3] != [0; 3]).count();
    assert!(lit > 2000, "only {lit} pixels show anything");
    assert!(far * 500 <= lit, "{far} of {lit} pixels differ");
}

/// State of a context as numbers.
fn state(mesa: &OsMesa, names: &[c_uint], switches: &[c_uint]) -> Vec<[c_int; 4]> {
    // SAFETY: types by the standard of OpenGL; a context is current, and no state asked for has more than four numbers
    // here.
    unsafe {
        let get: unsafe extern "C" fn(c_uint, *mut c_int) = mesa.function("glGetIntegerv");
        let is_enabled: unsafe extern "C" fn(c_uint) -> u8 = mesa.function("glIsEnabled");
        let numbers = names.iter().map(|name| {
            let mut values = [0; 4];
            get(*name, values.as_mut_ptr());
            values
        });
        numbers.chain(switches.iter().map(|what| [c_int::from(is_enabled(*what)), 0, 0, 0])).collect()
    }
}

fn error(mesa: &OsMesa) -> c_uint {
    // SAFETY: type by the standard of OpenGL; a context is current.
    unsafe { mesa.function::<unsafe extern "C" fn() -> c_uint>("glGetError")() }
}

fn enable(mesa: &OsMesa, what: c_uint) {
    // SAFETY: as above.
    unsafe { mesa.function::<unsafe extern "C" fn(c_uint)>("glEnable")(what) }
}

/// Blend functions and equations, program, buffer, polygon mode, viewport.
const NUMBERS: [c_uint; 10] = [0x80C9, 0x80C8, 0x80CB, 0x80CA, 0x8009, 0x883D, 0x8B8D, 0x8894, 0x0B40, 0x0BA2];
/// Blending, the tests of depth and stencil, culling, logical operations, scissors.
const SWITCHES: [c_uint; 6] = [0x0BE2, 0x0B71, 0x0B90, 0x0B44, 0x0BF2, 0x0C11];
/// Matrix mode, color, shade model, stack of attributes, active texture.
const FIXED_NUMBERS: [c_uint; 5] = [0x0BA0, 0x0B00, 0x0B54, 0x0BB0, 0x84E0];
/// Lighting, fog, test of alpha, textures.
const FIXED_SWITCHES: [c_uint; 4] = [0x0B50, 0x0B60, 0x0BC0, 0x0DE1];

/// The host's side of the fixed pipeline: matrices for the canonical view, and much switched on that would spoil the
/// picture.
fn disturb_fixed(mesa: &OsMesa) {
    // SAFETY: types by the standard of OpenGL; a context is current.
    unsafe {
        let matrix_mode: unsafe extern "C" fn(c_uint) = mesa.function("glMatrixMode");
        let ortho: unsafe extern "C" fn(f64, f64, f64, f64, f64, f64) = mesa.function("glOrtho");
        let color: unsafe extern "C" fn(f32, f32, f32, f32) = mesa.function("glColor4f");
        let polygon_mode: unsafe extern "C" fn(c_uint, c_uint) = mesa.function("glPolygonMode");
        let blend: unsafe extern "C" fn(c_uint, c_uint) = mesa.function("glBlendFunc");
        let shade_model: unsafe extern "C" fn(c_uint) = mesa.function("glShadeModel");
        let active_texture: unsafe extern "C" fn(c_uint) = mesa.function("glActiveTexture");
        let [left, bottom] = VIEWPORT.origin;
        let right = left + VIEWPORT.width as f64 * VIEWPORT.pixel_scale[0];
        let top = bottom + VIEWPORT.height as f64 * VIEWPORT.pixel_scale[1];
        matrix_mode(0x1701);
        ortho(left, right, bottom, top, -1.0, 1.0);
        matrix_mode(0x1700);
        color(1.0, 0.0, 1.0, 1.0);
        polygon_mode(0x0408, 0x1B01);
        blend(1, 1);
        shade_model(0x1D00);
        active_texture(0x84C1);
    }
    for what in [0x0B71, 0x0B50, 0x0B44, 0x0DE1, 0x0BC0] {
        enable(mesa, what);
    }
}

/// The same for a context without the fixed pipeline.
fn disturb_core(mesa: &OsMesa) {
    // SAFETY: types by the standard of OpenGL; a context is current.
    unsafe {
        let polygon_mode: unsafe extern "C" fn(c_uint, c_uint) = mesa.function("glPolygonMode");
        let blend: unsafe extern "C" fn(c_uint, c_uint) = mesa.function("glBlendFunc");
        polygon_mode(0x0408, 0x1B01);
        blend(1, 1);
    }
    for what in [0x0B71, 0x0B90, 0x0B44] {
        enable(mesa, what);
    }
}

/// Draws once more after a check that the first drawing left all as it was.
fn draw_twice(mesa: &OsMesa, canvas: &mut Canvas<'_>, overlay: &Overlay, numbers: &[c_uint], switches: &[c_uint]) {
    canvas.clear();
    let before = state(mesa, numbers, switches);
    assert_eq!(error(mesa), 0, "the test's own calls are right");
    overlay.draw().expect("it draws");
    assert_eq!(error(mesa), 0, "the host finds an error that is not its own");
    assert_eq!(state(mesa, numbers, switches), before);
    canvas.clear();
    overlay.draw().expect("it draws");
}

/// One test, because contexts and the library belong to the whole program.
#[test]
fn the_fixed_pipeline_and_the_shader_draw_what_the_cpu_draws() {
    static FIXED: PluginTable = Sampler::<0>::TABLE;
    static CORE: PluginTable = Sampler::<1>::TABLE;
    let Some(mesa) = mesa() else { return };
    let want = expected();

    let fixed = scene(&FIXED);
    {
        let mut canvas = mesa.canvas(false, VIEWPORT.width, VIEWPORT.height).expect("a context of OpenGL 2.1");
        disturb_fixed(&mesa);
        let (numbers, switches) = ([&NUMBERS[..], &FIXED_NUMBERS].concat(), [&SWITCHES[..], &FIXED_SWITCHES].concat());
        draw_twice(&mesa, &mut canvas, &fixed.overlay, &numbers, &switches);
        let picture = canvas.picture();
        show("fixed", &picture);
        assert_alike(&picture, &want);
    }
    // Without a current context nothing happens.
    fixed.overlay.draw().expect("it answers");
    assert!(fixed.plugin.host().violations().is_empty());

    let Some(mut canvas) = mesa.canvas(true, VIEWPORT.width, VIEWPORT.height) else {
        eprintln!("SKIPPED: this libOSMesa has no OpenGL 3.3, so that nothing was drawn without the fixed pipeline");
        return;
    };
    let core = scene(&CORE);
    disturb_core(&mesa);
    // Where the view lies is not known before the pen is.
    canvas.clear();
    core.overlay.draw().expect("it draws");
    assert!(canvas.picture().iter().all(|pixel| pixel[..3] == [0; 3]));
    assert_eq!(core.overlay.redraws(), 0);
    // In the middle of its pixel: as near to the truth as a host's whole numbers are.
    core.overlay.pen(PenAction::Motion, [0.25, 0.25], 0.0).expect("it answers");
    assert_eq!(core.overlay.redraws(), 1);
    draw_twice(&mesa, &mut canvas, &core.overlay, &NUMBERS, &SWITCHES);
    let picture = canvas.picture();
    show("core", &picture);
    assert_alike(&picture, &want);
    assert!(core.plugin.host().violations().is_empty());
}
