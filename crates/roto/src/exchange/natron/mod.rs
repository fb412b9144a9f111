//! Natron: Python that builds a Roto node. Positions are canonical, y up, x in square units; handles are positions, not
//! offsets; a shape that is hidden is not activated.

use super::fault::Fault;
use super::layers::note;
use super::python_data::{literal, shapes};
use super::{Scene, TextFile, WriteOptions, Written};
use crate::Result;

const FAULT: Fault = Fault("Natron Python");
/// What is done with the shapes: the module that Rotocel's menu in Natron works with.
const BUILDER: &str = include_str!("../../../../../plugin-bundle/resources/natron/rotocel_shapes.py");
/// The script editor calls the project `app`, the interpreter without windows `app1`.
const CALL: &str =
    "try:\n    application = app\nexcept NameError:\n    application = app1\nbuild(application, LABEL, SHAPES)\n";

/// A script for Natron's script editor, or for its command line.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let shapes = shapes(scene, options, scene.plate.to_canonical(), FAULT)?;
    let name = literal(&options.name);
    let text = format!(
        "# Builds a Roto node in Natron: open it in the script editor and run it.\nLABEL = {name}\n\n# Canonical \
         coordinates, y up; handles are relative to their point.\nSHAPES = {shapes}\n\n{BUILDER}\n\n{CALL}"
    );
    let open = scene.shot.shapes().iter().filter(|shape| !shape.track.is_closed());
    let notes = open.map(|shape| format!("{}: Natron draws open shapes in its viewer only.", shape.name));
    Ok(Written { files: vec![TextFile::whole(text)], notes: notes.chain(note(scene)).collect() })
}

#[cfg(test)]
mod tests;
