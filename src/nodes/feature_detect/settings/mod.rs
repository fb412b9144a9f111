//! The parameters of FeatureDetect, in the order that the artist sees them.

mod analysis;
mod exchange;
mod output;
mod shapes;

pub use analysis::AnalysisSettings;
pub use exchange::{ExchangeSettings, KeyChoice};
pub use output::{Combine, HiddenShapes, Output, OutputSettings, ShutterOffset};
pub use shapes::{GroupStyle, MOST_GROUPS, MOST_SHAPES, ShapeSettings};

ofx_sdk::settings! {
    /// The values of all parameters at one time.
    pub struct FeatureDetectSettings {
        /// Model, input, frame range, results and corrections.
        analysis: AnalysisSettings,
        /// Which shapes are drawn, and how.
        shapes: ShapeSettings,
        /// What comes out.
        output: OutputSettings,
        /// Files.
        exchange: ExchangeSettings,
    }
}

/// Position of the first shipped model in the menu, with which a new node begins; *Custom* where none is shipped.
pub(super) const FIRST_MODEL: usize = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use ofx_sdk::plugin::Settings as _;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_and_every_parameter_lies_in_a_group_declared_before_it() {
        let mut ids = HashSet::new();
        for d in FeatureDetectSettings::declarations() {
            assert!(!d.hint.is_empty(), "{} has no hint", d.id);
            assert!(d.common.parent.is_none_or(|parent| ids.contains(parent)), "{}", d.id);
            assert!(d.common.parent.is_some() || d.id.ends_with("_group"), "{} lies in no group", d.id);
            assert!(ids.insert(d.id), "{} is declared twice", d.id);
        }
    }
}
