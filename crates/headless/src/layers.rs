//! Planes of a node as layers of an EXR file.
//!
//! A plane named `tone.highlight` becomes the channel `tone.highlight`: Nuke, Natron and others divide a channel's name
//! at the last dot, so all mattes of a node appear as channels of one layer, `tone`.

use crate::error::{Error, Result};
use ofx_sdk::host::ClipPlanes;

/// The planes besides color that a node makes, each as the node encodes it and by its plain name, in the node's order.
///
/// # Errors
/// [`Error::Usage`] when it makes none.
pub fn offered(node: &str, planes: &ClipPlanes) -> Result<Vec<(String, String)>> {
    let found: Vec<_> = planes.named("Output").into_iter().map(|(plane, name)| (plane.into(), name.into())).collect();
    if found.is_empty() {
        return Err(Error::Usage(format!("--layers: {node} makes no planes besides color")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn made(planes: &[&str]) -> ClipPlanes {
        let planes = planes.iter().map(|&plane| plane.to_owned()).collect();
        ClipPlanes { clips: BTreeMap::from([("Output".to_owned(), planes)]), ..ClipPlanes::default() }
    }

    #[test]
    fn planes_are_named_in_order_and_color_is_none() {
        let encoded = |name: &str| format!("NatronOfxImageComponentsPlaneName_{name}_Channel_A");
        let (b, a) = (encoded("tone.b"), encoded("tone.a"));
        let planes = made(&["OfxImageComponentRGBA", &b, &a]);
        assert_eq!(offered("Node", &planes).unwrap(), [(b, "tone.b".to_owned()), (a, "tone.a".to_owned())]);
        assert!(offered("Node", &made(&["OfxImageComponentRGBA"])).is_err());
    }
}
