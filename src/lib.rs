//! Rotocel's OpenFX nodes, as the plug-in that hosts load.

mod nodes;

ofx_sdk::export_effects![nodes::tone_segment::ToneSegment, nodes::feature_detect::FeatureDetect];
