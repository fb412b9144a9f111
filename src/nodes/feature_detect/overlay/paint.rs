//! What the overlay looks like.

use super::pick::{free_anchors, landmarks, open_vertices};
use crate::nodes::feature_detect::output::SHAPE_COLORS;
use kurbo::{PathEl, Point, Rect};
use ofx_sdk::RectD;
use ofx_sdk::drawing::Color;
use ofx_sdk::plugin::overlay::{Painter, PointForm, Stroke};
use roto::{BezierShape, Grip, Plate, Presence, Resolved, Topology};
use std::collections::BTreeSet;

/// Sizes in pixels of the screen.
const LANDMARK: f32 = 7.0;
const ANCHOR: f32 = 6.0;
const HANDLE: f32 = 5.0;

/// How far a drawn curve may be off, in pixels of the screen.
const FLATNESS: f64 = 0.25;

/// The colors of landmarks: from unsure to sure, and hidden; and of what is selected.
const UNSURE: [f32; 3] = [0.95, 0.20, 0.15];
const SURE: [f32; 3] = [0.20, 0.90, 0.30];
const HIDDEN: Color = Color::rgb(0.55, 0.55, 0.65);
const SELECTED: Color = Color::rgb(1.0, 0.85, 0.1);

/// The color of what was found on another picture, or with other settings.
const STALE: Color = Color::rgb(1.0, 0.45, 0.0);

/// What a frame shows, and what of it is selected.
pub struct Look<'a> {
    pub topology: &'a Topology,
    pub plate: &'a Plate,
    pub resolved: &'a Resolved,
    pub selection: &'a BTreeSet<Grip>,
    /// The confidence from which on a landmark counts as sure.
    pub threshold: f64,
}

impl Look<'_> {
    /// Shapes below, landmarks on them, handles and names of what is selected on top.
    pub fn paint(&self, painter: &mut Painter) {
        for (index, shape) in self.resolved.shapes.iter().enumerate() {
            if let Some(shape) = shape {
                let [r, g, b] = SHAPE_COLORS[index % SHAPE_COLORS.len()];
                self.curve(painter, shape, Color::rgb(r, g, b));
            }
        }
        for (grip, at) in free_anchors(self.resolved, self.topology) {
            let color = if self.selection.contains(&grip) { SELECTED } else { Color::WHITE };
            painter.point(self.place(at), PointForm::Square, ANCHOR, color);
        }
        for (grip, at) in landmarks(self.resolved) {
            let Grip::Landmark(index) = grip else { continue };
            let by_hand = self.resolved.hand.landmarks.contains(&index);
            let form = if by_hand { PointForm::Diamond } else { PointForm::Disc };
            let size = if by_hand { LANDMARK + 2.0 } else { LANDMARK };
            painter.point(self.place(at), form, size, self.color(index));
        }
        self.handles(painter);
        self.names(painter);
    }

    /// A line of text above the face, or in the plate's corner.
    pub fn note(&self, painter: &mut Painter, text: &str) {
        let corner = Point::new(0.0, self.plate.height);
        painter.text(self.place(corner), [8.0, 8.0], text, Color::WHITE);
    }

    /// Marks the frame as found on another picture, or with other settings: a line around what the network was shown, and why.
    pub fn stale(&self, painter: &mut Painter, crop: Rect, text: &str) {
        let corners = [(crop.x0, crop.y0), (crop.x1, crop.y0), (crop.x1, crop.y1), (crop.x0, crop.y1)];
        let corners = corners.map(|at| self.place(at.into()));
        painter.polyline(&corners, true, Stroke::new(STALE).width(2.0));
        painter.text(corners[0], [0.0, 6.0], text, STALE);
    }

    fn place(&self, at: Point) -> [f64; 2] {
        let at = self.plate.to_canonical() * at;
        [at.x, at.y]
    }

    /// Confidence as a color between unsure and sure; the threshold lies in the middle.
    fn color(&self, index: usize) -> Color {
        let landmark = &self.resolved.landmarks[index];
        if self.selection.contains(&Grip::Landmark(index)) {
            return SELECTED;
        }
        if self.resolved.hand.landmarks.contains(&index) {
            return Color::WHITE;
        }
        if landmark.presence != Presence::Visible {
            return HIDDEN;
        }
        let (confidence, middle) = (landmark.confidence, self.threshold.clamp(0.01, 0.99));
        let share = match confidence < middle {
            true => 0.5 * confidence / middle,
            false => 0.5 + 0.5 * (confidence - middle) / (1.0 - middle),
        };
        let [r, g, b] = std::array::from_fn(|k| UNSURE[k] + (SURE[k] - UNSURE[k]) * share.clamp(0.0, 1.0) as f32);
        Color::rgb(r, g, b)
    }

    fn curve(&self, painter: &mut Painter, shape: &BezierShape, color: Color) {
        let finest = painter.pixel_scale().into_iter().fold(f64::INFINITY, f64::min);
        let mut points = Vec::new();
        let path = self.plate.to_canonical() * shape.to_path();
        kurbo::flatten(path, (FLATNESS * finest).max(1e-3), |element| match element {
            PathEl::MoveTo(at) | PathEl::LineTo(at) => points.push([at.x, at.y]),
            _ => {}
        });
        painter.polyline(&points, shape.is_closed(), Stroke::new(color).width(1.5));
    }

    fn handles(&self, painter: &mut Painter) {
        for at in open_vertices(self.resolved, self.topology, self.selection) {
            let curve = self.resolved.shapes[at.0].as_ref();
            let Some(vertex) = curve.and_then(|curve| curve.vertices().get(at.1).copied()) else { continue };
            for (grip, handle) in [(Grip::Incoming(at), vertex.incoming), (Grip::Outgoing(at), vertex.outgoing)] {
                if handle.hypot() > 0.0 {
                    let color = if self.selection.contains(&grip) { SELECTED } else { Color::WHITE };
                    let end = self.place(vertex.anchor + handle);
                    painter.polyline(&[self.place(vertex.anchor), end], false, color);
                    painter.point(end, PointForm::Ring, HANDLE, color);
                }
            }
        }
    }

    /// The names of what is selected, unless they would lie over each other.
    fn names(&self, painter: &mut Painter) {
        const MOST_NAMES: usize = 2;
        if self.selection.len() > MOST_NAMES {
            return;
        }
        for grip in self.selection {
            let Grip::Landmark(index) = *grip else { continue };
            // A selection may be older than the model.
            let (Some(spec), Some(at)) = (
                self.topology.landmarks().get(index),
                self.resolved.landmarks.iter().nth(index).and_then(|landmark| landmark.known_position()),
            ) else {
                continue;
            };
            painter.text(self.place(at), [8.0, 6.0], &spec.name, Color::WHITE);
        }
    }
}

/// The box that is being drawn around what is to be selected.
pub fn rubber_band(painter: &mut Painter, from: [f64; 2], to: [f64; 2]) {
    let part = RectD::new(from[0].min(to[0]), from[1].min(to[1]), from[0].max(to[0]), from[1].max(to[1]));
    painter.rectangle(part, Stroke::new(Color::WHITE));
}
