//! Shapes by the layer that they belong to.

use super::Scene;
use crate::ShotShape;

/// The groups of a scene and their shapes, in the order in which they first come up; shapes without one under the empty name.
/// Where a shape is cut out of others, all are under the empty name, because layers would change which comes first.
pub(super) fn layers(scene: &Scene) -> Vec<(&str, Vec<&ShotShape>)> {
    if scene.has_cuts() {
        return vec![("", scene.shot.shapes().iter().collect())];
    }
    let mut layers: Vec<(&str, Vec<&ShotShape>)> = Vec::new();
    for shape in scene.shot.shapes() {
        let group = group_of(scene, shape);
        match layers.iter_mut().find(|(name, _)| *name == group) {
            Some((_, shapes)) => shapes.push(shape),
            None => layers.push((group, vec![shape])),
        }
    }
    layers
}

/// Says that layers are left out, where they are.
pub(super) fn note(scene: &Scene) -> Option<String> {
    let grouped = scene.shot.shapes().iter().any(|shape| !group_of(scene, shape).is_empty());
    let told = "Layers are left out, because shapes are cut out of those before them.";
    (grouped && scene.has_cuts()).then(|| told.to_owned())
}

fn group_of<'s>(scene: &'s Scene, shape: &ShotShape) -> &'s str {
    scene.styles.get(&shape.name).map_or("", |style| style.group.as_str())
}
