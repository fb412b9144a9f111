//! The steps of working with FeatureDetect as one picture: `cargo run --release --example face_steps -- OUT.png`.
//!
//! Everything goes through the built bundle in our host, as an artist's clicks would: the plate with a rough crop, what
//! Analyse finds, a landmark in the middle of a drag, a selection in its box, the matte, and the curves that were exported.
//! Build the bundle first: `cargo xtask bundle`.

#[path = "../tests/stage/mod.rs"]
mod stage;

use image::{Rgb, RgbImage};
use kurbo::{BezPath, PathEl, Point, Vec2, flatten};
use ofx_sdk::drawing::Viewport;
use ofx_sdk::host::*;
use ofx_sdk::{Context, FrameRange, RectD, RectI, RenderScale};
use roto::exchange::{Format, ReadOptions, TextFile};
use roto::{Analysis, LandmarkSet, Topology};
use stage::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Frames of the sample, and its size.
const FRAMES: usize = 24;
const SIZE: (u32, u32) = (800, 600);
/// The frame that is shown.
const SHOWN: i64 = 3;
/// A tile of the picture, and how wide a part of the frame a close tile shows.
const TILE: (u32, u32) = (480, 360);
const CLOSE: f64 = 220.0;
/// Gap between tiles.
const GAP: u32 = 6;

type Failure = Box<dyn std::error::Error>;

/// The sample shot as a clip.
struct Shot {
    frames: Vec<RgbImage>,
    still: StillSource,
}

impl Shot {
    fn load() -> Result<Self, Failure> {
        let folder = root().join("models/sample_face/puppet_hand/frames");
        let frames = (1..=FRAMES).map(|k| Ok(image::open(folder.join(format!("{k:04}.jpg")))?.to_rgb8()));
        let frames: Vec<_> = frames.collect::<Result<_, image::ImageError>>()?;
        Ok(Self { still: Self::still(&frames[0]), frames })
    }

    fn still(frame: &RgbImage) -> StillSource {
        let bounds = RectI::new(0, 0, SIZE.0 as i32, SIZE.1 as i32);
        let plate = picture(bounds, |x, y| {
            let [r, g, b] = frame.get_pixel(x as u32, SIZE.1 - 1 - y as u32).0.map(|value| f32::from(value) / 255.0);
            [r, g, b, 1.0]
        });
        StillSource::new(plate, FrameRange { min: 1.0, max: FRAMES as f64 })
    }

    fn shown(&self) -> &RgbImage {
        &self.frames[SHOWN as usize - 1]
    }
}

impl Source for Shot {
    fn info(&self) -> ClipInfo {
        self.still.info()
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.still.region_of_definition(time)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        let number = (time.round().max(1.0) as usize).min(FRAMES) - 1;
        Self::still(&self.frames[number]).frame(time, scale, region)
    }
}

/// What a tile shows of the plate: its middle, in pixels of the plate, and pixels of the plate across.
#[derive(Clone, Copy)]
struct View {
    middle: Point,
    across: f64,
}

impl View {
    const WHOLE: Self = Self { middle: Point::new(400.0, 300.0), across: 800.0 };

    fn scale(self) -> f64 {
        self.across / f64::from(TILE.0)
    }

    /// Where a pixel of the tile lies on the plate.
    fn place(self, x: f64, y: f64) -> Point {
        self.middle + Vec2::new(x - f64::from(TILE.0) / 2.0, y - f64::from(TILE.1) / 2.0) * self.scale()
    }

    fn viewport(self) -> Viewport {
        let corner = self.place(0.0, f64::from(TILE.1));
        Viewport {
            origin: [corner.x, f64::from(SIZE.1) - corner.y],
            pixel_scale: [self.scale(); 2],
            background: [0.0; 4],
            ..Viewport::new(TILE.0 as usize, TILE.1 as usize)
        }
    }

    /// A picture of the plate as this view shows it; nearest pixels when it is enlarged, means when it is reduced.
    fn of(self, frame: &RgbImage) -> RgbImage {
        const STEPS: u32 = 3;
        RgbImage::from_fn(TILE.0, TILE.1, |x, y| {
            let mut sum = [0u32; 3];
            for step in 0..STEPS * STEPS {
                let sub = |k: u32| (f64::from(k) + 0.5) / f64::from(STEPS);
                let at = self.place(f64::from(x) + sub(step % STEPS), f64::from(y) + sub(step / STEPS));
                let pixel =
                    frame.get_pixel((at.x.max(0.0) as u32).min(SIZE.0 - 1), (at.y.max(0.0) as u32).min(SIZE.1 - 1));
                sum.iter_mut().zip(pixel.0).for_each(|(sum, value)| *sum += u32::from(value));
            }
            Rgb(sum.map(|sum| (sum / (STEPS * STEPS)) as u8))
        })
    }

    /// The frame with what the overlay draws over it.
    fn with_overlay(self, frame: &RgbImage, overlay: &Overlay) -> ofx_sdk::Result<RgbImage> {
        overlay.set_viewport(self.viewport());
        overlay.draw()?;
        let drawn = overlay.drawn().rasterized(&self.viewport());
        let mut tile = self.of(frame);
        for (pixel, over) in tile.pixels_mut().zip(&drawn.pixels) {
            let [r, g, b, a] = over.map(u32::from);
            for (value, over) in pixel.0.iter_mut().zip([r, g, b]) {
                *value = (over + u32::from(*value) * (255 - a) / 255).min(255) as u8;
            }
        }
        Ok(tile)
    }
}

fn analysis(node: &Instance) -> Result<Analysis, Failure> {
    let ParamValue::String(text) = node.get("analysis")? else { return Err("analysis is no text".into()) };
    Ok(Analysis::parse(&text)?)
}

/// The visible landmark of the shown frame that is farthest off, and where it should be.
fn worst(found: &LandmarkSet) -> Result<(usize, Point), Failure> {
    let path = root().join(format!("models/sample_face/puppet_hand/annotations/{SHOWN:04}.json"));
    let truth: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let rows: Vec<[f64; 4]> = serde_json::from_value(truth["landmarks"].clone())?;
    let seen = rows.iter().enumerate().filter(|(_, row)| row[2] > 0.0).map(|(k, row)| (k, Point::new(row[0], row[1])));
    let off = |&(k, at): &(usize, Point)| (found[k].position - at).hypot();
    seen.max_by(|a, b| off(a).total_cmp(&off(b))).ok_or_else(|| "no landmark is to be seen".into())
}

/// The exported curves on black, lighter at their anchors.
fn curves(node: &Instance, view: View) -> Result<RgbImage, Failure> {
    let folder = tempfile::tempdir()?;
    set(node, "export_dir", &folder.path().display().to_string());
    node.press("export_nuke")?;
    let file = std::fs::read_dir(folder.path())?.next().ok_or("no file was exported")??.path();
    let scene =
        Format::NukeRoto.read(&[TextFile::whole(std::fs::read_to_string(file)?)], &ReadOptions::default())?.scene;
    let mut tile = RgbImage::from_pixel(TILE.0, TILE.1, Rgb([26, 26, 30]));
    let mut dot = |at: Point, half: i64, color: [u8; 3]| {
        let at = (at - view.middle) / view.scale() + Vec2::new(f64::from(TILE.0) / 2.0, f64::from(TILE.1) / 2.0);
        for (dx, dy) in (-half..=half).flat_map(|dx| (-half..=half).map(move |dy| (dx, dy))) {
            let (x, y) = (at.x as i64 + dx, at.y as i64 + dy);
            if (0..i64::from(TILE.0)).contains(&x) && (0..i64::from(TILE.1)).contains(&y) {
                tile.put_pixel(x as u32, y as u32, Rgb(color));
            }
        }
    };
    for (_, shape) in scene.shot.shapes_at(SHOWN as f64) {
        let path: BezPath = shape.to_path();
        let mut last = Point::ZERO;
        flatten(path.elements().iter().copied(), 0.1, |element| match element {
            PathEl::MoveTo(to) => last = to,
            PathEl::LineTo(to) => {
                let steps = ((to - last).hypot() / view.scale() * 2.0).ceil().max(1.0);
                (0..=steps as u32).for_each(|k| dot(last.lerp(to, f64::from(k) / steps), 0, [240, 190, 60]));
                last = to;
            }
            _ => {}
        });
        for vertex in shape.vertices() {
            dot(vertex.anchor, 2, [255, 255, 255]);
        }
    }
    Ok(tile)
}

/// The steps, in order.
fn steps() -> Result<Vec<RgbImage>, Failure> {
    let host = host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() });
    let shot = Arc::new(Shot::load()?);
    let project = Project::new(f64::from(SIZE.0), f64::from(SIZE.1), FrameRange { min: 1.0, max: FRAMES as f64 });
    let node = feature_detect(&host).create(Context::General, project)?;
    node.connect("Source", shot.clone())?;
    set(&node, "source_colorspace", "srgb");
    node.set_time(SHOWN as f64)?;
    let overlay = node.overlay()?.ok_or("the node has no overlay")?;
    node.press("analyse")?;
    let found = analysis(&node)?.frame(SHOWN).ok_or("the frame was not analysed")?.clone();
    let topology = Topology::puppet()?;
    let (dragged, to) = worst(&found.landmarks)?;
    let at = found.landmarks[dragged].position;
    let face = View { middle: found.crop.center(), across: found.crop.width() * 1.5 };
    let close = View { middle: at, across: CLOSE };
    let mut tiles = vec![View::WHOLE.of(shot.shown()), face.with_overlay(shot.shown(), &overlay)?];
    let canonical = |at: Point| [at.x, f64::from(SIZE.1) - at.y];
    overlay.set_viewport(close.viewport());
    overlay.pen(PenAction::Down, canonical(at), 1.0)?;
    overlay.pen(PenAction::Motion, canonical(to), 1.0)?;
    tiles.push(close.with_overlay(shot.shown(), &overlay)?);
    overlay.pen(PenAction::Up, canonical(to), 1.0)?;
    // A box around the shape that it lies on, from empty ground.
    let on = topology.shapes().iter().map(|shape| shape.vertices.iter().filter_map(|vertex| vertex.landmark()));
    let mut on = on.map(Iterator::collect::<Vec<usize>>).filter(|landmarks| landmarks.contains(&dragged));
    let points: Vec<Point> =
        on.next().ok_or("a landmark of no shape")?.into_iter().map(|index| found.landmarks[index].position).collect();
    let bounds = points.iter().fold(kurbo::Rect::from_points(to, to), |bounds, &at| bounds.union_pt(at)).inset(10.0);
    overlay.pen(PenAction::Down, canonical(Point::new(bounds.x0, bounds.y1)), 1.0)?;
    overlay.pen(PenAction::Motion, canonical(Point::new(bounds.x1, bounds.y0)), 1.0)?;
    overlay.pen(PenAction::Up, canonical(Point::new(bounds.x1, bounds.y0)), 1.0)?;
    tiles.push(View { middle: bounds.center(), across: CLOSE }.with_overlay(shot.shown(), &overlay)?);
    set(&node, "output", "matte");
    let matte = render(&node, &RenderRequest::at(SHOWN as f64))?;
    let shown = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let alpha = matte.pixel(x as i32, (SIZE.1 - 1 - y) as i32).map_or(0.0, |pixel| pixel[3]);
        Rgb([(alpha * 255.0).round() as u8; 3])
    });
    tiles.push(face.of(&shown));
    tiles.push(curves(&node, face)?);
    Ok(tiles)
}

fn main() -> Result<(), Failure> {
    let out = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("face_steps.png"), PathBuf::from);
    let tiles = steps()?;
    let (columns, rows) = (3, tiles.len().div_ceil(3) as u32);
    let mut sheet = RgbImage::from_pixel(columns * (TILE.0 + GAP) - GAP, rows * (TILE.1 + GAP) - GAP, Rgb([255; 3]));
    for (k, tile) in (0u32..).zip(&tiles) {
        let (x, y) = (k % columns * (TILE.0 + GAP), k / columns * (TILE.1 + GAP));
        image::imageops::replace(&mut sheet, tile, i64::from(x), i64::from(y));
    }
    sheet.save(Path::new(&out))?;
    println!("{}", out.display());
    Ok(())
}
