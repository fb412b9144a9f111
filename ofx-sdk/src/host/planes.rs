//! Names of planes: Nuke's color plane, and Natron's encoding of planes of any name.

use crate::{Components, sys::planes as ofx};

/// Whether a plane's name means the ordinary picture.
pub(crate) fn is_color(plane: &str) -> bool {
    plane.is_empty()
        || plane.as_bytes() == ofx::kFnOfxImagePlaneColour.to_bytes()
        || plane.starts_with("OfxImageComponent")
}

/// The channels of a plane in Natron's encoding:
/// `NatronOfxImageComponentsPlaneName_` name [`_PlaneLabel_` label] [`_ChannelsLabel_` label] (`_Channel_` channel)…
fn channels(plane: &str) -> Option<usize> {
    let rest = plane.strip_prefix(ofx::kNatronOfxImageComponentsPlaneName.to_str().ok()?)?;
    Some(rest.matches(ofx::kNatronOfxImageComponentsPlaneChannel.to_str().ok()?).count())
}

/// The components of the images of a plane besides color: by the number of its channels. Nuke's planes of motion and
/// disparity have two channels, which no standard components hold; they are not offered.
pub(crate) fn components(plane: &str) -> Option<Components> {
    match channels(plane)? {
        1 => Some(Components::Alpha),
        3 => Some(Components::Rgb),
        4 => Some(Components::Rgba),
        _ => None,
    }
}

/// The name within a plane's encoding, by which people ask for it.
pub(crate) fn short_name(plane: &str) -> &str {
    let text = |name: &'static std::ffi::CStr| name.to_str().unwrap_or_default();
    let Some(rest) = plane.strip_prefix(text(ofx::kNatronOfxImageComponentsPlaneName)) else { return plane };
    let ends = [
        text(ofx::kNatronOfxImageComponentsPlaneLabel),
        text(ofx::kNatronOfxImageComponentsPlaneChannelsLabel),
        text(ofx::kNatronOfxImageComponentsPlaneChannel),
    ];
    let end = ends.iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_read_from_natrons_encoding() {
        let plane = "NatronOfxImageComponentsPlaneName_tone.highlight_PlaneLabel_Highlight_ChannelsLabel_A_Channel_A";
        assert_eq!(short_name(plane), "tone.highlight");
        assert_eq!(components(plane), Some(Components::Alpha));
        assert_eq!(short_name("uk.co.thefoundry.OfxImagePlaneColour"), "uk.co.thefoundry.OfxImagePlaneColour");
        assert!(is_color("uk.co.thefoundry.OfxImagePlaneColour") && is_color("") && !is_color(plane));
    }
}
