//! Which shapes are drawn, and how. The model's topology says how many there are and what they are called, so these
//! parameters are numbered, and take labels and visibility when the node is made and when the model changes.

use ofx_sdk::plugin::*;

/// Shapes that can be switched one by one; a topology's later ones are always on.
pub const MOST_SHAPES: usize = 32;

/// Groups of shapes with a style of their own; a topology's later ones take that of the last.
pub const MOST_GROUPS: usize = 4;

/// The ids of a parameter that every group has.
macro_rules! of_groups {
    ($name:literal) => {
        [concat!("group_1_", $name), concat!("group_2_", $name), concat!("group_3_", $name), concat!("group_4_", $name)]
    };
}

const SHAPE_IDS: [&str; MOST_SHAPES] = [
    "shape_01", "shape_02", "shape_03", "shape_04", "shape_05", "shape_06", "shape_07", "shape_08", "shape_09",
    "shape_10", "shape_11", "shape_12", "shape_13", "shape_14", "shape_15", "shape_16", "shape_17", "shape_18",
    "shape_19", "shape_20", "shape_21", "shape_22", "shape_23", "shape_24", "shape_25", "shape_26", "shape_27",
    "shape_28", "shape_29", "shape_30", "shape_31", "shape_32",
];
const STYLE_IDS: [&str; MOST_GROUPS] = of_groups!("group");
const FEATHER_IDS: [&str; MOST_GROUPS] = of_groups!("feather_px");
const FALLOFF_IDS: [&str; MOST_GROUPS] = of_groups!("feather_falloff");
const GROW_IDS: [&str; MOST_GROUPS] = of_groups!("grow_px");
const OPACITY_IDS: [&str; MOST_GROUPS] = of_groups!("opacity");

const SHAPES_GROUP: &str = "shapes_group";
const SHAPES_HINT: &str = "Which shapes are in the matte.";
const SHAPE_HINT: &str = "Draw this shape, and export it.";
const STYLE_HINT: &str = "How the shapes of this group are drawn.";
const FEATHER_HINT: &str =
    "Width of the soft edge, in full-resolution pixels: outside of the edge when positive, inside when negative.";
const FALLOFF_HINT: &str = "The ramp across the feather: 1 is straight; with more, it is thinner on the outside.";
const GROW_HINT: &str = "How far edges move outwards, or inwards when negative, in full-resolution pixels.";
const OPACITY_HINT: &str = "How strongly these shapes are drawn into the matte.";

/// How the shapes of a group are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupStyle {
    /// Width of the soft edge in full-resolution pixels; negative lies inside.
    pub feather_px: f64,
    /// The power of the ramp across it.
    pub feather_falloff: f64,
    /// How far edges move outwards, in full-resolution pixels.
    pub grow_px: f64,
    /// 0 to 1.
    pub opacity: f64,
}

/// The values of the numbered parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapeSettings {
    /// Whether each shape is drawn, in the topology's order.
    pub shown: [bool; MOST_SHAPES],
    /// How each group is drawn, in the order in which the topology's shapes name them.
    pub styles: [GroupStyle; MOST_GROUPS],
}

impl ShapeSettings {
    /// The switch of a shape.
    pub fn shape(index: usize) -> ParamId<Boolean> {
        ParamId::new(SHAPE_IDS[index])
    }

    /// The group of a style.
    pub fn style(index: usize) -> ParamId<Group> {
        ParamId::new(STYLE_IDS[index])
    }

    /// The numbers of a style.
    pub fn style_numbers(index: usize) -> [ParamId<Double>; 4] {
        [FEATHER_IDS[index], FALLOFF_IDS[index], GROW_IDS[index], OPACITY_IDS[index]].map(ParamId::new)
    }

    /// Whether a shape of the topology is switched on.
    pub fn is_shown(&self, shape: usize) -> bool {
        self.shown.get(shape).copied().unwrap_or(true)
    }

    fn switch() -> Boolean {
        Boolean::new("Shape").default(true).not_animating().parent(SHAPES_GROUP)
    }

    fn numbers(group: usize) -> [Double; 4] {
        let parent = STYLE_IDS[group];
        [
            Double::new("Feather").range(-1e5, 1e5).display(-50.0, 50.0).parent(parent),
            Double::new("Feather falloff").range(0.01, 100.0).display(0.1, 5.0).default(1.0).parent(parent),
            Double::new("Grow").range(-1e5, 1e5).display(-50.0, 50.0).parent(parent),
            Double::new("Opacity").range(0.0, 1.0).default(1.0).parent(parent),
        ]
    }
}

impl Default for ShapeSettings {
    fn default() -> Self {
        let style = GroupStyle { feather_px: 0.0, feather_falloff: 1.0, grow_px: 0.0, opacity: 1.0 };
        Self { shown: [true; MOST_SHAPES], styles: [style; MOST_GROUPS] }
    }
}

impl Settings for ShapeSettings {
    fn declarations() -> Vec<Declaration> {
        let mut all = vec![Group::new("Shapes").closed().declaration(SHAPES_GROUP, SHAPES_HINT)];
        all.extend(SHAPE_IDS.map(|id| Self::switch().declaration(id, SHAPE_HINT)));
        for (group, id) in STYLE_IDS.into_iter().enumerate() {
            all.push(Group::new("Style").closed().declaration(id, STYLE_HINT));
            let ids = Self::style_numbers(group);
            let hints = [FEATHER_HINT, FALLOFF_HINT, GROW_HINT, OPACITY_HINT];
            let numbers = Self::numbers(group).into_iter().zip(ids).zip(hints);
            all.extend(numbers.map(|((number, id), hint)| number.declaration(id.name(), hint)));
        }
        all
    }

    fn read(values: &Values<'_>) -> Self {
        let style = |group: usize| {
            let (ids, kinds) = (Self::style_numbers(group), Self::numbers(group));
            let number = |k: usize| values.read(ids[k].name(), &kinds[k]);
            GroupStyle { feather_px: number(0), feather_falloff: number(1), grow_px: number(2), opacity: number(3) }
        };
        Self { shown: SHAPE_IDS.map(|id| values.read(id, &Self::switch())), styles: std::array::from_fn(style) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_nodes_values_are_the_declared_defaults() {
        let declared = ShapeSettings::declarations();
        assert_eq!(declared.len(), 1 + MOST_SHAPES + MOST_GROUPS * 5);
        let default = |id: &str| declared.iter().find(|d| d.id == id).map(|d| d.default.clone());
        assert_eq!(default("shape_32"), Some(Boolean::encode(true)));
        assert_eq!(default("group_4_opacity"), Some(Double::encode(1.0)));
        assert_eq!(default("group_1_feather_px"), Some(Double::encode(0.0)));
    }
}
