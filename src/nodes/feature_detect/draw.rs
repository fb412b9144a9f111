//! Shapes of a frame as mattes of a host's pixels.

use super::networks::Networks;
use super::results::Results;
use super::settings::{FeatureDetectSettings, GroupStyle, HiddenShapes, MOST_GROUPS, ShutterOffset};
use imaging::Window;
use kurbo::{Affine, Circle, Point, Shape as _};
use ndarray::Array2;
use ofx_sdk::{Error, RectI, RenderScale, Result};
use roto::{
    BezierShape, Falloff, FillRule, KeyKind, LandmarkSet, Plate, Resolved, ShapeKey, ShapeTrack, Shutter, Style,
    Topology, Vertex, View, coverage, motion_blurred,
};
use std::sync::Arc;

/// Which pixels are drawn, and where the plate lies in them. Rows count downwards from row 0 of the host, which counts upwards.
pub fn view_of(window: RectI, scale: RenderScale, plate: &Plate, threads: usize) -> View {
    let (x1, x2) = (i64::from(window.x1), i64::from(window.x2));
    let (y0, y1) = (-i64::from(window.y2), -i64::from(window.y1));
    let to_output = Affine::new([scale.x, 0.0, 0.0, scale.y, plate.x1 * scale.x, -plate.y2 * scale.y]);
    View { window: Window::new(x1, y0, x2, y1), to_output, threads: threads.max(1) }
}

/// What a shape looks like at the time that is drawn.
pub struct Drawn {
    /// Index in the topology.
    pub index: usize,
    /// Where it is while the shutter is open, and between frames.
    pub track: ShapeTrack,
}

/// All that a frame shows.
pub struct Scene {
    topology: Arc<Topology>,
    time: f64,
    shutter: Shutter,
    /// The shapes that are drawn, in the topology's order.
    pub shapes: Vec<Drawn>,
    /// What the nearest whole frame shows.
    pub frame: Arc<Resolved>,
}

impl Scene {
    /// The scene of a time, which may lie between frames.
    ///
    /// # Errors
    /// Those of the networks; an abort.
    pub fn new(
        results: &Results,
        settings: &FeatureDetectSettings,
        networks: &Networks,
        time: f64,
        aborted: &dyn Fn() -> bool,
    ) -> Result<Self> {
        let shutter = shutter(settings);
        let (mut first, mut last) = (time, time);
        for moment in shutter.times(time) {
            (first, last) = (first.min(moment), last.max(moment));
        }
        let resolve = |frame: i64| results.frame(frame, settings, networks, aborted);
        let around = (first.floor() as i64..=last.ceil() as i64).map(|frame| Ok((frame, resolve(frame)?)));
        let around = around.collect::<Result<Vec<_>>>()?;
        let frame = resolve(time.round() as i64)?;
        let holds = settings.output.hidden_shapes == HiddenShapes::Hold;
        let is_drawn = |shape: &usize| settings.shapes.is_shown(*shape) && (holds || frame.shapes[*shape].is_some());
        let shapes = (0..results.topology.shapes().len()).filter(is_drawn);
        let shapes = shapes.filter_map(|index| {
            let key = |(frame, resolved): &(i64, Arc<Resolved>)| {
                let shape = resolved.curve(index)?.clone();
                Some(ShapeKey { time: *frame as f64, kind: KeyKind::Predicted, shape })
            };
            let keys: Vec<_> = around.iter().filter_map(key).collect();
            (!keys.is_empty()).then(|| Ok(Drawn { index, track: ShapeTrack::new(keys).map_err(Error::node)? }))
        });
        let shapes = shapes.collect::<Result<_>>()?;
        Ok(Self { topology: results.topology.clone(), time, shutter, shapes, frame })
    }

    /// The matte of all shapes, `[height, width]`: groups are joined by the larger value.
    ///
    /// # Errors
    /// A window that is too large.
    pub fn matte(&self, settings: &FeatureDetectSettings, view: &View) -> Result<Array2<f32>> {
        let mut all: Array2<f32> = Array2::zeros((view.window.height(), view.window.width()));
        for (group, style) in groups(&self.topology).iter().zip(styles(settings)) {
            let tracks: Vec<_> = self.shapes.iter().filter(|drawn| self.group(drawn.index) == *group).collect();
            if tracks.is_empty() || style.opacity <= 0.0 {
                continue;
            }
            let matte = self.coverage(&tracks, settings, style, view)?;
            let opacity = style.opacity as f32;
            ndarray::Zip::from(&mut all).and(&matte).for_each(|all, value| *all = all.max(value * opacity));
        }
        Ok(all)
    }

    /// The matte of one shape.
    ///
    /// # Errors
    /// A window that is too large.
    pub fn shape_matte(&self, drawn: &Drawn, settings: &FeatureDetectSettings, view: &View) -> Result<Array2<f32>> {
        let group = groups(&self.topology).iter().position(|group| *group == self.group(drawn.index)).unwrap_or(0);
        let style = settings.shapes.styles[group.min(MOST_GROUPS - 1)];
        self.coverage(&[drawn], settings, style, view)
    }

    fn group(&self, shape: usize) -> &str {
        &self.topology.shapes()[shape].group
    }

    fn coverage(
        &self,
        shapes: &[&Drawn],
        settings: &FeatureDetectSettings,
        style: GroupStyle,
        view: &View,
    ) -> Result<Array2<f32>> {
        let style = Style {
            fill: FillRule::Union,
            stroke_width_px: settings.output.seam_width_px,
            grow_px: style.grow_px,
            feather_px: style.feather_px,
            falloff: Falloff { exponent: style.feather_falloff, ..Falloff::LINEAR },
        };
        let tracks: Vec<_> = shapes.iter().map(|drawn| &drawn.track).collect();
        motion_blurred(&tracks, self.time, &self.shutter, &style, view).map_err(Error::node)
    }

    /// The outline of a shape, `width_px` pixels of the output wide.
    ///
    /// # Errors
    /// A window that is too large.
    pub fn outline(&self, drawn: &Drawn, width_px: f64, scale: RenderScale, view: &View) -> Result<Array2<f32>> {
        let style = Style { stroke_width_px: width_px / scale.x.min(scale.y), ..Style::default() };
        let shape = drawn.track.at(self.time);
        let mut vertices = shape.vertices().to_vec();
        if shape.is_closed() {
            vertices.extend(vertices.first().copied());
        }
        let open = BezierShape::new(vertices, false).map_err(Error::node)?;
        coverage(&[open], &style, view).map_err(Error::node)
    }
}

/// Discs on those landmarks that `wanted` names, `radius_px` pixels of the output wide.
///
/// # Errors
/// A window that is too large.
pub fn dots(
    landmarks: &LandmarkSet,
    wanted: impl Fn(usize) -> bool,
    radius_px: f64,
    scale: RenderScale,
    pixel_aspect: f64,
    view: &View,
) -> Result<Array2<f32>> {
    let radius = radius_px / scale.x.min(scale.y);
    let known = landmarks.iter().enumerate().filter(|(k, _)| wanted(*k));
    let discs = known.filter_map(|(_, landmark)| disc(landmark.known_position()?, radius, pixel_aspect));
    coverage(&discs.collect::<Vec<_>>(), &Style::default(), view).map_err(Error::node)
}

/// A disc that is round on screen.
fn disc(middle: Point, radius: f64, pixel_aspect: f64) -> Option<BezierShape> {
    let narrow = Affine::translate(middle.to_vec2()) * Affine::scale_non_uniform(1.0 / pixel_aspect, 1.0);
    let path = narrow * Circle::new(Point::ORIGIN, radius).to_path(0.1);
    let corners: Vec<Vertex> =
        path.segments().map(|segment| Vertex::corner(kurbo::ParamCurve::start(&segment))).collect();
    BezierShape::new(corners, true).ok()
}

/// The names of the groups of shapes, in the order in which the topology's shapes name them.
pub fn groups(topology: &Topology) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for spec in topology.shapes() {
        if !names.contains(&spec.group.as_str()) {
            names.push(&spec.group);
        }
    }
    names
}

/// The style of each group in turn; the last one goes on.
fn styles(settings: &FeatureDetectSettings) -> impl Iterator<Item = GroupStyle> + '_ {
    (0..).map(|group: usize| settings.shapes.styles[group.min(MOST_GROUPS - 1)])
}

fn shutter(settings: &FeatureDetectSettings) -> Shutter {
    let output = &settings.output;
    if !output.motion_blur {
        return Shutter::from_start(0.0, 1);
    }
    let samples = output.samples.max(1) as usize;
    match output.shutter_offset {
        ShutterOffset::Centered => Shutter::centered(output.shutter, samples),
        ShutterOffset::Start => Shutter::from_start(output.shutter, samples),
        ShutterOffset::End => Shutter::to_end(output.shutter, samples),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLATE: Plate = Plate { x1: -4.0, y2: 40.0, width: 64.0, height: 48.0, pixel_aspect: 1.0 };

    /// A rectangle from (10, 6) to (30, 16) of the plate: canonical 6 to 26 and 34 to 24.
    fn rectangle() -> BezierShape {
        let corners = [(10.0, 6.0), (30.0, 6.0), (30.0, 16.0), (10.0, 16.0)];
        BezierShape::new(corners.map(|at| Vertex::corner(at.into())).into(), true).unwrap()
    }

    /// The value at a host's pixel.
    fn at(matte: &Array2<f32>, window: RectI, x: i32, y: i32) -> f32 {
        matte[[(window.y2 - 1 - y) as usize, (x - window.x1) as usize]]
    }

    #[test]
    fn the_plate_lies_upside_down_and_shifted_in_the_hosts_pixels() {
        let window = RectI::new(-4, -8, 60, 40);
        let view = view_of(window, RenderScale::FULL, &PLATE, 1);
        let matte = coverage(&[rectangle()], &Style::default(), &view).unwrap();
        assert_eq!(at(&matte, window, 6, 24), 1.0, "the lower left pixel");
        assert_eq!(at(&matte, window, 25, 33), 1.0, "the upper right one");
        assert_eq!([(5, 24), (6, 23), (26, 33), (25, 34)].map(|(x, y)| at(&matte, window, x, y)), [0.0; 4]);
        assert_eq!(matte.sum(), 200.0);
    }

    #[test]
    fn a_proxy_and_a_tile_show_the_same_place() {
        let window = RectI::new(-2, -4, 30, 20);
        let view = view_of(window, RenderScale::uniform(0.5), &PLATE, 1);
        let matte = coverage(&[rectangle()], &Style::default(), &view).unwrap();
        assert_eq!((at(&matte, window, 3, 12), at(&matte, window, 12, 16), matte.sum()), (1.0, 1.0, 50.0));
        let tile = RectI::new(2, 11, 9, 15);
        let part =
            coverage(&[rectangle()], &Style::default(), &view_of(tile, RenderScale::uniform(0.5), &PLATE, 1)).unwrap();
        for (x, y) in (2..9).flat_map(|x| (11..15).map(move |y| (x, y))) {
            assert_eq!(at(&part, tile, x, y), at(&matte, window, x, y), "{x}, {y}");
        }
    }

    #[test]
    fn groups_come_in_the_order_of_the_shapes() {
        assert_eq!(groups(&Topology::puppet().unwrap()), ["eyes", "brows", "sideburns", "seams"]);
    }
}
