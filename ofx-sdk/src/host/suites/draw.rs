//! The DrawSuite: records what an overlay draws.
#![allow(unsafe_code)]

use super::{gate, give, null_argument, utf8};
use crate::{
    Status,
    drawing::{Color, DrawList, Primitive},
    host::{
        action, handles,
        handles::{Handle, Object},
        sync::lock,
        violation::ViolationKind,
    },
    sys,
};
use std::{
    f64::consts::TAU,
    ffi::{c_char, c_int},
    sync::{Arc, Mutex},
};

pub(crate) static TABLE: sys::OfxDrawSuiteV1 = sys::OfxDrawSuiteV1 {
    getColour: Some(get_colour),
    setColour: Some(set_colour),
    setLineWidth: Some(set_line_width),
    setLineStipple: Some(set_line_stipple),
    draw: Some(draw),
    drawText: Some(draw_text),
};

/// What a draw context stands for: a drawing that goes on, with the pen in use.
pub(crate) struct Drawing {
    handle: Handle,
    state: Mutex<State>,
}

struct State {
    color: Color,
    width: f32,
    list: DrawList,
}

impl Drawing {
    pub fn begin() -> Arc<Self> {
        let state = State { color: Color::WHITE, width: 1.0, list: DrawList::default() };
        let drawing = Arc::new(Self { handle: Handle::reserve(), state: Mutex::new(state) });
        drawing.handle.bind(Object::Drawing(Arc::downgrade(&drawing)));
        drawing
    }

    pub fn address(&self) -> usize {
        self.handle.raw::<()>().addr()
    }

    /// What was drawn; the context stands for nothing any more.
    pub fn end(&self) -> DrawList {
        self.handle.unbind();
        std::mem::take(&mut lock(&self.state).list)
    }
}

fn find(context: sys::OfxDrawContextHandle) -> Result<Arc<Drawing>, Status> {
    handles::drawing(context).ok_or(Status::BAD_HANDLE)
}

/// Names a value that makes no sense.
fn illegal(detail: String) -> Status {
    if let Some(action) = action::current() {
        action.host.violation_of(&action.plugin, action.name, ViolationKind::IllegalValue, detail);
    }
    Status::VALUE
}

unsafe extern "C" fn get_colour(
    context: sys::OfxDrawContextHandle,
    standard: sys::OfxStandardColour,
    colour: *mut sys::OfxRGBAColourF,
) -> sys::OfxStatus {
    gate("getColour", || {
        find(context)?;
        let [r, g, b, a] = match standard {
            sys::kOfxStandardColourOverlayBackground => [0.1, 0.1, 0.1, 1.0],
            sys::kOfxStandardColourOverlayActive => [1.0, 0.7, 0.2, 1.0],
            sys::kOfxStandardColourOverlaySelected => [1.0, 1.0, 1.0, 1.0],
            sys::kOfxStandardColourOverlayDeselected => [0.6, 0.6, 0.6, 1.0],
            sys::kOfxStandardColourOverlayMarqueeFG => [1.0, 1.0, 1.0, 1.0],
            sys::kOfxStandardColourOverlayMarqueeBG => [0.0, 0.0, 0.0, 1.0],
            sys::kOfxStandardColourOverlayText => [0.9, 0.9, 0.9, 1.0],
            other => return Err(illegal(format!("standard color {other}"))),
        };
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(colour, sys::OfxRGBAColourF { r, g, b, a }, "where a color goes") }
    })
}

unsafe extern "C" fn set_colour(
    context: sys::OfxDrawContextHandle,
    colour: *const sys::OfxRGBAColourF,
) -> sys::OfxStatus {
    gate("setColour", || {
        let drawing = find(context)?;
        // SAFETY: null, or the plug-in's color, as the standard has it.
        let Some(&sys::OfxRGBAColourF { r, g, b, a }) = (unsafe { colour.as_ref() }) else {
            return Err(null_argument("a color"));
        };
        if [r, g, b, a].iter().any(|v| !v.is_finite()) {
            return Err(illegal(format!("color {:?}", [r, g, b, a])));
        }
        lock(&drawing.state).color = Color { r, g, b, a };
        Ok(())
    })
}

unsafe extern "C" fn set_line_width(context: sys::OfxDrawContextHandle, width: f32) -> sys::OfxStatus {
    gate("setLineWidth", || {
        let drawing = find(context)?;
        if !width.is_finite() || width < 0.0 {
            return Err(illegal(format!("line width {width}")));
        }
        // The standard: 0 is one pixel.
        lock(&drawing.state).width = if width == 0.0 { 1.0 } else { width };
        Ok(())
    })
}

unsafe extern "C" fn set_line_stipple(
    context: sys::OfxDrawContextHandle,
    pattern: sys::OfxDrawLineStipplePattern,
) -> sys::OfxStatus {
    gate("setLineStipple", || {
        find(context)?;
        // Every pattern is recorded as a solid line.
        if pattern <= sys::kOfxDrawLineStipplePatternDotDash {
            Ok(())
        } else {
            Err(illegal(format!("line pattern {pattern}")))
        }
    })
}

unsafe extern "C" fn draw(
    context: sys::OfxDrawContextHandle,
    primitive: sys::OfxDrawPrimitive,
    points: *const sys::OfxPointD,
    count: c_int,
) -> sys::OfxStatus {
    gate("draw", || {
        let drawing = find(context)?;
        let count = usize::try_from(count).map_err(|_| illegal(format!("{count} points")))?;
        if points.is_null() {
            return Err(null_argument("an array of points"));
        }
        // SAFETY: not null; the plug-in's array of that many points, as the standard has it.
        let points = unsafe { std::slice::from_raw_parts(points, count) };
        let points: Vec<[f64; 2]> = points.iter().map(|p| [p.x, p.y]).collect();
        if points.iter().flatten().any(|v| !v.is_finite()) {
            return Err(illegal("a point that is no number".to_owned()));
        }
        let mut state = lock(&drawing.state);
        let drawn = shapes(primitive, points, state.width, state.color).map_err(illegal)?;
        state.list.primitives.extend(drawn);
        Ok(())
    })
}

/// What a primitive of the standard consists of; an error says what is wrong with it.
fn shapes(
    primitive: sys::OfxDrawPrimitive,
    points: Vec<[f64; 2]>,
    width: f32,
    color: Color,
) -> Result<Vec<Primitive>, String> {
    let line = |points: Vec<[f64; 2]>, closed| Primitive::Line { points, closed, width, color };
    match (primitive, points.len()) {
        (sys::kOfxDrawPrimitiveLines, 2..) if points.len().is_multiple_of(2) => {
            Ok(points.chunks_exact(2).map(|pair| line(pair.to_vec(), false)).collect())
        }
        (sys::kOfxDrawPrimitiveLineStrip, 2..) => Ok(vec![line(points, false)]),
        (sys::kOfxDrawPrimitiveLineLoop, 2..) => Ok(vec![line(points, true)]),
        (sys::kOfxDrawPrimitivePolygon, 3..) => Ok(vec![Primitive::Polygon { points, color }]),
        (sys::kOfxDrawPrimitiveRectangle, 2) => {
            let [a, b] = [points[0], points[1]];
            Ok(vec![Primitive::Polygon { points: vec![a, [b[0], a[1]], b, [a[0], b[1]]], color }])
        }
        (sys::kOfxDrawPrimitiveEllipse, 2) => Ok(vec![line(ellipse(points[0], points[1]), true)]),
        (sys::kOfxDrawPrimitiveLines..=sys::kOfxDrawPrimitiveEllipse, count) => {
            Err(format!("{count} points for primitive {primitive}"))
        }
        _ => Err(format!("primitive {primitive}")),
    }
}

fn ellipse(a: [f64; 2], b: [f64; 2]) -> Vec<[f64; 2]> {
    const CORNERS: u32 = 64;
    let middle = |axis: usize| (a[axis] + b[axis]) / 2.0;
    let radius = |axis: usize| (b[axis] - a[axis]).abs() / 2.0;
    let angles = (0..CORNERS).map(|i| TAU * f64::from(i) / f64::from(CORNERS));
    angles.map(|t| [middle(0) + radius(0) * t.cos(), middle(1) + radius(1) * t.sin()]).collect()
}

unsafe extern "C" fn draw_text(
    context: sys::OfxDrawContextHandle,
    text: *const c_char,
    position: *const sys::OfxPointD,
    alignment: c_int,
) -> sys::OfxStatus {
    gate("drawText", || {
        let drawing = find(context)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        let text = unsafe { utf8(text, "a text that is drawn") }?.to_owned();
        // SAFETY: null, or the plug-in's position, as the standard has it.
        let Some(&sys::OfxPointD { x, y }) = (unsafe { position.as_ref() }) else {
            return Err(null_argument("the position of a text"));
        };
        if !(x.is_finite() && y.is_finite()) {
            return Err(illegal("a text at no place".to_owned()));
        }
        let all =
            sys::kOfxDrawTextAlignmentCenterH | sys::kOfxDrawTextAlignmentBottom | sys::kOfxDrawTextAlignmentCenterV;
        if u32::try_from(alignment).map_or(true, |bits| bits & !all != 0) {
            return Err(illegal(format!("text alignment {alignment}")));
        }
        let mut state = lock(&drawing.state);
        let color = state.color;
        // The size of text is the host's; alignment other than at the left and the baseline is not recorded.
        state.list.primitives.push(Primitive::Text { at: [x, y], text, scale: 1, color });
        Ok(())
    })
}
