//! A shot with a face that the fixture's networks see, and FeatureDetect on it.
//!
//! `tiny_landmarks` finds its 45 landmarks around the centroid of the crop's brightness (models/training/tiny_features.py), so
//! where they lie follows from the picture by hand: a bright square on a dark ground, two pixels farther right on each frame.
#![allow(dead_code)] // each test file uses a part of it

use crate::stage::*;
use ofx_sdk::host::*;
use ofx_sdk::{Components, Context, FrameRange, RectD, RectI, RenderScale};
use roto::{Analysis, Edits};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Frames of the shot.
pub const RANGE: FrameRange = FrameRange { min: 1.0, max: 8.0 };
/// The picture: its lower left corner is not the origin.
pub const BOUNDS: RectI = RectI::new(-20, 10, 108, 138);
/// Side of the picture.
pub const SIDE: f64 = 128.0;
/// Where the fixture's landmark 2 (`seam_nose_mid`) lies about the centroid, in shares of the crop.
pub const NOSE_MID: (f64, f64) = (0.0, -0.02);

/// Brightness of the ground and of the square.
const DARK: f32 = 0.1;
const BRIGHT: f32 = 0.9;
/// The square: side, and its left and upper edge on frame 0, in pixels of the plate.
const SQUARE: f64 = 48.0;
const LEFT: f64 = 30.0;
const TOP: f64 = 36.0;

/// The left and upper edge of the bright square, in pixels of the plate.
pub fn square(time: f64) -> (f64, f64) {
    (LEFT + 2.0 * time, TOP)
}

/// Where the centroid of a frame's brightness lies, in pixels of the plate.
pub fn centroid(time: f64) -> (f64, f64) {
    centroid_in((SIDE / 2.0, SIDE / 2.0), (SIDE, SIDE), time)
}

/// Where the centroid of a crop's brightness lies, which holds the whole square, in pixels of the plate.
pub fn centroid_in(middle: (f64, f64), size: (f64, f64), time: f64) -> (f64, f64) {
    let (whole, bright) = (size.0 * size.1 * f64::from(DARK), SQUARE * SQUARE * f64::from(BRIGHT - DARK));
    let mean = |ground: f64, square: f64| (whole * ground + bright * square) / (whole + bright);
    let (left, top) = square(time);
    (mean(middle.0, left + SQUARE / 2.0), mean(middle.1, top + SQUARE / 2.0))
}

/// Where the fixture sees landmark 2 on a frame whose whole picture is the crop, in pixels of the plate.
pub fn nose(time: f64) -> (f64, f64) {
    let (x, y) = centroid(time);
    (x + NOSE_MID.0 * SIDE, y + NOSE_MID.1 * SIDE)
}

/// The shot.
pub struct Shot {
    /// A frame whose picture is another one.
    pub changed: Mutex<Option<i64>>,
    /// Width of its pixels over their height.
    pub pixel_aspect: f64,
    /// Whether a spot in its lower right corner comes and goes: the centroid jumps, and nothing has moved.
    pub flickers: bool,
    /// Whether its picture has no alpha, and the host makes one up as Nuke does: 0, called premultiplied.
    pub no_alpha: bool,
}

impl Default for Shot {
    fn default() -> Self {
        Self { changed: Mutex::default(), pixel_aspect: 1.0, flickers: false, no_alpha: false }
    }
}

impl Shot {
    fn pixel(&self, time: f64, x: i32, y: i32) -> [f32; 4] {
        let (x, y) = (f64::from(x - BOUNDS.x1) + 0.5, f64::from(BOUNDS.y2 - y) - 0.5);
        let left = LEFT + 2.0 * time;
        let spot = self.flickers && time as i64 % 2 == 0 && x > SIDE - 12.0 && y > SIDE - 12.0;
        let inside = spot || (left..left + SQUARE).contains(&x) && (TOP..TOP + SQUARE).contains(&y);
        let changed = self.changed.lock().unwrap().is_some_and(|frame| frame == time as i64);
        grey(if inside {
            BRIGHT
        } else if changed {
            DARK + 0.01
        } else {
            DARK
        })
    }
}

impl Source for Shot {
    fn info(&self) -> ClipInfo {
        let still = picture(BOUNDS, |_, _| [0.0; 4]);
        let (premultiplication, pixel_aspect) = (still.premultiplication, self.pixel_aspect);
        let components = if self.no_alpha { Components::Rgb } else { Components::Rgba };
        ClipInfo { components, frame_range: RANGE, premultiplication, pixel_aspect, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        BOUNDS.to_canonical(RenderScale::FULL, self.pixel_aspect)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        let mut image = picture(BOUNDS, |x, y| {
            let [r, g, b, a] = self.pixel(time, x, y);
            [r, g, b, if self.no_alpha { 0.0 } else { a }]
        });
        image.pixel_aspect = self.pixel_aspect;
        StillSource::new(image, RANGE).frame(time, scale, region)
    }
}

/// A node on the shot with the fixture's networks, looking once at the whole picture, without de-jitter.
pub fn node(host: &Host, shot: &Arc<Shot>) -> Instance {
    node_with(host, shot, &fixture("tiny_landmarks.onnx"))
}

/// As [`node`], with another model.
pub fn node_with(host: &Host, shot: &Arc<Shot>, model: &Path) -> Instance {
    let project = Project::new(f64::from(BOUNDS.x2), f64::from(BOUNDS.y2), RANGE);
    let node = feature_detect(host).create(Context::General, project).unwrap();
    node.connect("Source", shot.clone()).unwrap();
    use_model(&node, model);
    for (id, value) in [
        ("source_colorspace", "srgb"),
        ("use_crop_rectangle", "true"),
        ("crop_bottom_left", "-20,10"),
        ("crop_top_right", "108,138"),
        ("crop_margin", "0"),
        ("second_look", "false"),
        ("dejitter", "0"),
    ] {
        set(&node, id, value);
    }
    node
}

/// The text of a parameter.
pub fn text(node: &Instance, id: &str) -> String {
    match node.get(id).unwrap() {
        ParamValue::String(text) => text,
        other => panic!("{id} is {other:?}"),
    }
}

/// What the node stored of the shot.
pub fn analysis(node: &Instance) -> Analysis {
    Analysis::parse(&text(node, "analysis")).unwrap()
}

/// What the node stored of corrections.
pub fn edits(node: &Instance) -> Edits {
    Edits::parse(&text(node, "edits")).unwrap()
}

/// The frames that are analysed.
pub fn frames(node: &Instance) -> Vec<i64> {
    analysis(node).frames().map(|(frame, _)| frame).collect()
}

/// Renders the matte of a frame.
pub fn matte(node: &Instance, request: &RenderRequest) -> HostImage {
    set(node, "output", "matte");
    render(node, request).unwrap()
}
