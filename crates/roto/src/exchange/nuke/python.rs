use super::ROTO;
use super::roto_write::node_name;
use crate::Result;
use crate::exchange::layers::note;
use crate::exchange::python_data::{literal, shapes};
use crate::exchange::{Scene, TextFile, WriteOptions, Written};

/// What is done with the shapes: the module that Rotocel's menu in Nuke works with.
const BUILDER: &str = include_str!("../../../../../plugin-bundle/resources/nuke/rotocel_shapes.py");
const CALL: &str =
    "node = nuke.createNode(\"Roto\", inpanel=False)\nnode.setName(NAME)\nbuild(node[\"curves\"], SHAPES)\n";

/// A script for Nuke's script editor that builds the Roto node.
pub(in crate::exchange) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let shapes = shapes(scene, options, scene.plate.to_host_pixels(), ROTO)?;
    let name = literal(&node_name(&options.name));
    let text = format!(
        "# Builds a Roto node in Nuke: open it in the script editor and run it.\nNAME = {name}\n\n# Pixels of the plate's \
         format, y up; handles are relative to their point.\nSHAPES = {shapes}\n\n{BUILDER}\n\n{CALL}"
    );
    Ok(Written { files: vec![TextFile::whole(text)], notes: note(scene).into_iter().collect() })
}
