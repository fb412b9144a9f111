//! Planes of a node as layers of an EXR file.
//!
//! A plane named `tone.highlight` becomes the channel `tone.highlight`: Nuke, Natron and others divide a channel's name
//! at the last dot, so all mattes of a node appear as channels of one layer, `tone`.

use crate::error::{Error, Result};
use ofx_sdk::host::{ClipPlanes, Description};
use ofx_sdk::sys::planes as names;

/// The planes besides color that a node makes, each as the node encodes it and by its plain name, in the node's order.
///
/// # Errors
/// [`Error::Usage`] when it makes none.
pub fn offered(node: &Description, planes: &ClipPlanes) -> Result<Vec<(String, String)>> {
    let all = planes.clips.get("Output").map_or(&[][..], Vec::as_slice);
    let found: Vec<(String, String)> =
        all.iter().filter_map(|encoded| plain_name(encoded).map(|name| (encoded.clone(), name))).collect();
    if found.is_empty() {
        return Err(Error::Usage(format!("--layers: {} makes no planes besides color", node.label)));
    }
    Ok(found)
}

/// The name in Natron's encoding of a plane; nothing for color and for components that are no plane.
pub fn plain_name(encoded: &str) -> Option<String> {
    let text = |name: &'static std::ffi::CStr| name.to_str().unwrap_or_default();
    let rest = encoded.strip_prefix(text(names::kNatronOfxImageComponentsPlaneName))?;
    let end = [
        names::kNatronOfxImageComponentsPlaneLabel,
        names::kNatronOfxImageComponentsPlaneChannelsLabel,
        names::kNatronOfxImageComponentsPlaneChannel,
    ]
    .into_iter()
    .filter_map(|mark| rest.find(text(mark)))
    .min()
    .unwrap_or(rest.len());
    let name = &rest[..end];
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_named_and_color_is_none() {
        let encoded = "NatronOfxImageComponentsPlaneName_tone.cast_shadow_PlaneLabel_Cast shadow_Channel_A";
        assert_eq!(plain_name(encoded), Some("tone.cast_shadow".into()));
        assert_eq!(plain_name("NatronOfxImageComponentsPlaneName_tone.highlight"), Some("tone.highlight".into()));
        assert_eq!(plain_name("OfxImageComponentRGBA"), None);
        assert_eq!(plain_name("uk.co.thefoundry.OfxImagePlaneColour"), None);
    }
}
