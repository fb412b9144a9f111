//! What a viewer shows at the moment.

use crate::nodes::analysis::holds_result;
use crate::nodes::feature_detect::FeatureDetect;
use crate::nodes::feature_detect::correct::results_or_new;
use crate::nodes::feature_detect::networks::Networks;
use crate::nodes::feature_detect::results::Results;
use crate::nodes::feature_detect::settings::FeatureDetectSettings;
use kurbo::{Affine, Point};
use ofx_sdk::Result;
use ofx_sdk::plugin::Instance;
use roto::{Edits, Resolved};
use std::sync::Arc;

/// A frame of a node.
pub struct Scene {
    pub settings: FeatureDetectSettings,
    pub networks: Networks,
    pub results: Results,
    pub frame: i64,
}

impl Scene {
    /// `None` where there is nothing to be shown, or it cannot be read: the panel says why.
    ///
    /// # Errors
    /// Damaged results, no model.
    pub fn of(
        effect: &FeatureDetect,
        instance: &Instance,
        settings: FeatureDetectSettings,
        time: f64,
    ) -> Result<Option<Self>> {
        if !holds_result(&settings.analysis.analysis) && settings.analysis.edits.is_empty() {
            return Ok(None);
        }
        let networks = Networks::open(&settings.analysis)?;
        let results = results_or_new(effect, instance, &settings, &networks, time)?;
        Ok(Some(Self { settings, networks, results, frame: time.round() as i64 }))
    }

    /// What the frame shows.
    ///
    /// # Errors
    /// Those of the networks.
    pub fn resolved(&self) -> Result<Arc<Resolved>> {
        self.results.frame(self.frame, &self.settings, &self.networks, &|| false)
    }

    /// The frame as it will be when the drag ends here.
    ///
    /// # Errors
    /// Those of the networks.
    pub fn dragged(&self, edits: &Edits) -> Result<Arc<Resolved>> {
        let moved = self.results.with_edits(edits.clone());
        moved
            .with_resolver(&self.settings, &self.networks, &|| false, |resolver| resolver.frame(self.frame))
            .map(Arc::new)
    }

    /// A canonical position in pixels of the plate.
    pub fn on_plate(&self, [x, y]: [f64; 2]) -> Point {
        self.results.plate().from_canonical() * Point::new(x, y)
    }

    /// What a transform of the canonical plane does to pixels of the plate.
    pub fn transform_on_plate(&self, by: Affine) -> Affine {
        let plate = self.results.plate();
        plate.from_canonical() * by * plate.to_canonical()
    }

    /// The confidence from which on a landmark counts as sure.
    pub fn threshold(&self) -> f64 {
        self.settings.analysis.confidence_threshold
    }
}
