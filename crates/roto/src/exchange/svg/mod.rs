//! SVG, in the units of the plate, y down: one file a shot whose paths move by SMIL, or one file for each frame.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::keying::keyed_track;
use super::layers::{layers, note};
use super::visibility::{Stretch, stretches};
use super::xml::escaped;
use super::{Scene, ShapeStyle, TextFile, WriteOptions, Written};
use crate::{BezierShape, Result, ShapeTrack, ShotShape};

/// One animated file.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let clock = Clock::new(scene);
    let mut text = head(scene, &options.name);
    each_layer(&mut text, scene, |text, shape| {
        let track = keyed_track(shape, scene.shot.frames(), options.keys)?;
        let style = scene.style_of(&shape.name);
        let begin = *scene.shot.frames().start();
        let (first, look) = (path(&track.at(begin as f64)), look(style, track.is_closed(), begin));
        let _ = write!(text, "<path id=\"{}\" d=\"{first}\"{look}>", escaped(&shape.name));
        push_motion(text, &track, &clock);
        push_opacity(text, style, &clock);
        push_presence(text, &stretches(shape, scene.shot.frames()), &clock);
        text.push_str("</path>\n");
        Ok(())
    })?;
    let mut notes = notes(scene);
    if scene.frame_rate.is_none() {
        notes.push(format!("No frame rate is known; {} frames a second were taken.", Scene::USUAL_FRAME_RATE));
    }
    Ok(Written { files: vec![TextFile::whole(text)], notes })
}

/// A still file for each frame, with the shapes that are to be seen on it.
pub(super) fn write_frames(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let mut files = Vec::new();
    for frame in scene.shot.frames() {
        let mut text = head(scene, &format!("{} {frame}", options.name));
        each_layer(&mut text, scene, |text, shape| {
            if shape.is_present(frame as f64) {
                let (shown, style) = (shape.track.at(frame as f64), scene.style_of(&shape.name));
                let look = look(style, shown.is_closed(), frame);
                let _ = writeln!(text, "<path id=\"{}\" d=\"{}\"{look}/>", escaped(&shape.name), path(&shown));
            }
            Ok(())
        })?;
        files.push(TextFile { frame: Some(frame), text });
    }
    Ok(Written { files, notes: notes(scene) })
}

fn notes(scene: &Scene) -> Vec<String> {
    let soft = scene.shot.shapes().iter().filter(|shape| scene.style_of(&shape.name).is_soft());
    soft.map(|shape| format!("{}: its feather is left out.", shape.name)).chain(note(scene)).collect()
}

/// Up to the first layer. Pixels that are not square are stretched by the size on screen.
fn head(scene: &Scene, title: &str) -> String {
    let plate = scene.plate;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" \
         viewBox=\"0 0 {} {height}\" preserveAspectRatio=\"none\">\n<title>{}</title>\n",
        plate.width * plate.pixel_aspect,
        plate.width,
        escaped(title),
        height = plate.height
    )
}

fn each_layer(text: &mut String, scene: &Scene, push: impl Fn(&mut String, &ShotShape) -> Result<()>) -> Result<()> {
    for (group, shapes) in layers(scene) {
        let id = if group.is_empty() { String::new() } else { format!(" id=\"group_{}\"", escaped(group)) };
        let _ = writeln!(text, "<g{id}>");
        push_layer(text, scene, &shapes, &push)?;
        text.push_str("</g>\n");
    }
    text.push_str("</svg>\n");
    Ok(())
}

/// The shapes of a layer. Those that cut are black in a mask that lies over a group of everything before them.
fn push_layer(
    text: &mut String,
    scene: &Scene,
    shapes: &[&ShotShape],
    push: &impl Fn(&mut String, &ShotShape) -> Result<()>,
) -> Result<()> {
    let runs: Vec<&[&ShotShape]> =
        shapes.chunk_by(|a, b| scene.style_of(&a.name).cut == scene.style_of(&b.name).cut).collect();
    let cuts: Vec<bool> = runs.iter().map(|run| scene.style_of(&run[0].name).cut).collect();
    let (width, height) = (scene.plate.width, scene.plate.height);
    for (index, _) in cuts.iter().enumerate().filter(|(_, cut)| **cut).rev() {
        let _ = writeln!(text, "<g mask=\"url(#cut_{index})\">");
    }
    for (index, (run, cut)) in runs.into_iter().zip(cuts).enumerate() {
        if cut {
            let _ = writeln!(
                text,
                "</g>\n<mask id=\"cut_{index}\" maskUnits=\"userSpaceOnUse\" x=\"0\" y=\"0\" width=\"{width}\" \
                 height=\"{height}\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>"
            );
        }
        run.iter().try_for_each(|shape| push(text, shape))?;
        text.push_str(if cut { "</mask>\n" } else { "" });
    }
    Ok(())
}

fn look(style: &ShapeStyle, closed: bool, frame: i64) -> String {
    let color = if style.cut { "black" } else { "white" };
    let paint = match closed {
        true => format!(" fill=\"{color}\""),
        false => format!(
            " fill=\"none\" stroke=\"{color}\" stroke-linecap=\"round\" stroke-linejoin=\"round\" stroke-width=\"{}\"",
            style.stroke_width_px
        ),
    };
    let opacity = style.opacity_at(frame);
    if opacity == 1.0 { paint } else { format!("{paint} opacity=\"{opacity}\"") }
}

/// The curve as cubic pieces between absolute positions: the same commands in each key, so that they can be mixed.
fn path(shape: &BezierShape) -> String {
    let start = shape.vertices()[0].anchor;
    let mut text = format!("M{},{}", start.x, start.y);
    for piece in shape.segments() {
        let _ =
            write!(text, " C{},{} {},{} {},{}", piece.p1.x, piece.p1.y, piece.p2.x, piece.p2.y, piece.p3.x, piece.p3.y);
    }
    text.push_str(if shape.is_closed() { " Z" } else { "" });
    text
}

/// From frames to shares of the animation's duration, which ends with the last frame.
struct Clock {
    frames: RangeInclusive<i64>,
    seconds: f64,
}

impl Clock {
    fn new(scene: &Scene) -> Self {
        let frames = scene.shot.frames();
        let count = frames.start().abs_diff(*frames.end()) + 1;
        Self { frames, seconds: count as f64 / scene.frame_rate_or_usual() }
    }

    fn count(&self) -> f64 {
        self.frames.start().abs_diff(*self.frames.end()) as f64 + 1.0
    }

    /// The share of the duration at which a frame begins.
    fn share(&self, frame: f64) -> f64 {
        (frame - *self.frames.start() as f64) / self.count()
    }

    fn attributes(&self, name: &str, mode: &str) -> String {
        format!(
            "<animate attributeName=\"{name}\" dur=\"{}s\" begin=\"0s\" fill=\"freeze\" repeatCount=\"indefinite\" calcMode=\"{mode}\"",
            self.seconds
        )
    }
}

/// Shares have to run from 0 to 1, so the shape also has a value at either end of the shot.
fn push_motion(text: &mut String, track: &ShapeTrack, clock: &Clock) {
    if track.keys().len() < 2 {
        return;
    }
    let (first, end) = (*clock.frames.start() as f64, *clock.frames.start() as f64 + clock.count());
    let mut times = vec![first];
    times.extend(track.keys().iter().map(|key| key.time).filter(|&time| time > first && time < end));
    times.push(end);
    let keys = times.iter().map(|&time| (clock.share(time), path(&track.at(time))));
    push_linear(text, "d", keys, clock);
}

/// As [`push_motion`], for an opacity that changes.
fn push_opacity(text: &mut String, style: &ShapeStyle, clock: &Clock) {
    let keys = style.opacity_keys();
    if keys.len() < 2 {
        return;
    }
    let (first, last) = (*clock.frames.start(), *clock.frames.end());
    let mut frames = vec![first];
    frames.extend(keys.iter().map(|key| key.0).filter(|&frame| frame > first && frame <= last));
    let value = |frame: i64| style.opacity_at(frame).to_string();
    let keys = frames.iter().map(|&frame| (clock.share(frame as f64), value(frame)));
    push_linear(text, "opacity", keys.chain([(1.0, value(last))]), clock);
}

/// An attribute that runs linearly through values at shares of the shot's time.
fn push_linear(text: &mut String, attribute: &str, keys: impl Iterator<Item = (f64, String)>, clock: &Clock) {
    let (shares, values): (Vec<_>, Vec<_>) = keys.map(|(share, value)| (share.to_string(), value)).unzip();
    let _ = write!(
        text,
        "\n{} values=\"{}\" keyTimes=\"{}\"/>",
        clock.attributes(attribute, "linear"),
        values.join(";"),
        shares.join(";")
    );
}

fn push_presence(text: &mut String, stretches: &[Stretch], clock: &Clock) {
    if stretches.iter().all(|stretch| stretch.visible) {
        return;
    }
    let display = |stretch: &Stretch| if stretch.visible { "inline" } else { "none" };
    let values: Vec<_> = stretches.iter().map(display).collect();
    let shares: Vec<_> = stretches.iter().map(|s| clock.share(*s.frames.start() as f64).to_string()).collect();
    let start = clock.attributes("display", "discrete");
    let _ = write!(text, "\n{start} values=\"{}\" keyTimes=\"{}\"/>", values.join(";"), shares.join(";"));
}

#[cfg(test)]
mod tests;
