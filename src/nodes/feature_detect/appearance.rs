//! What the panel shows: the names of the model's shapes and groups, and nothing of what the model does not have.

use super::draw::groups;
use super::settings::{FeatureDetectSettings, MOST_GROUPS, MOST_SHAPES, ShapeSettings};
use crate::nodes::model;
use crate::nodes::network_settings::NetworkSettings;
use ofx_sdk::plugin::{Dresses, Kind, ParamId, ParamSet};
use ofx_sdk::{Error, Result};
use roto::Topology;

/// The topology to show before any model was opened, which takes time: that of the face that all shipped models see. A custom
/// model's own comes when it is chosen.
///
/// # Errors
/// None, unless what was compiled in is broken.
pub fn likely_topology() -> Result<Topology> {
    Topology::puppet().map_err(Error::node)
}

/// Numbers everything, as long as it is not known what there is.
///
/// # Errors
/// A host that left a parameter out which every host has.
pub fn number<A: Dresses>(params: &ParamSet<'_, A>, settings: &FeatureDetectSettings) -> Result<()> {
    for index in 0..MOST_SHAPES {
        show(params, ShapeSettings::shape(index), Some(&format!("Shape {}", index + 1)));
    }
    for index in 0..MOST_GROUPS {
        show_group(params, index, Some(&format!("Group {}", index + 1)));
    }
    params.get(NetworkSettings::custom_model)?.set_enabled(settings.analysis.model == model::CUSTOM)
}

/// Names and shows what there is, hides the rest.
///
/// # Errors
/// A host that left a parameter out which every host has.
pub fn dress<A: Dresses>(
    params: &ParamSet<'_, A>,
    settings: &FeatureDetectSettings,
    topology: &Topology,
) -> Result<()> {
    for index in 0..MOST_SHAPES {
        let label = topology.shapes().get(index).map(|shape| shape.label.as_str());
        show(params, ShapeSettings::shape(index), label);
    }
    let groups = groups(topology);
    for index in 0..MOST_GROUPS {
        show_group(params, index, groups.get(index).map(|group| title(group)).as_deref());
    }
    params.get(NetworkSettings::custom_model)?.set_enabled(settings.analysis.model == model::CUSTOM)
}

/// Shows what a group of shapes has under its name, or hides it.
fn show_group<A: Dresses>(params: &ParamSet<'_, A>, index: usize, group: Option<&str>) {
    show(params, ShapeSettings::style(index), group);
    for (id, name) in ShapeSettings::style_numbers(index).into_iter().zip(["feather", "falloff", "grow", "opacity"]) {
        let label = group.map(|group| format!("{group} {name}"));
        show(params, id, label.as_deref());
    }
}

/// Shows a parameter under a label, or hides it. A host that cannot leaves it as it is.
fn show<K: Kind, A: Dresses>(params: &ParamSet<'_, A>, id: ParamId<K>, label: Option<&str>) {
    let dressed = params.get(id).and_then(|param| {
        label.map_or(Ok(()), |label| param.set_label(label))?;
        param.set_secret(label.is_none())
    });
    if let Err(error) = dressed {
        log::debug!("parameter {} keeps its looks: {error}", id.name());
    }
}

/// A word as it begins a line.
fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
