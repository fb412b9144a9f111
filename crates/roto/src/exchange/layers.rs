//! Shapes by the layer that they belong to.

use super::Scene;
use crate::ShotShape;

/// The groups of a scene and their shapes, in the order in which they first come up; shapes without one under the empty name.
pub(super) fn layers(scene: &Scene) -> Vec<(&str, Vec<&ShotShape>)> {
    let mut layers: Vec<(&str, Vec<&ShotShape>)> = Vec::new();
    for shape in scene.shot.shapes() {
        let group = scene.styles.get(&shape.name).map_or("", |style| style.group.as_str());
        match layers.iter_mut().find(|(name, _)| *name == group) {
            Some((_, shapes)) => shapes.push(shape),
            None => layers.push((group, vec![shape])),
        }
    }
    layers
}
