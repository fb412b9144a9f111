//! Planes: named pictures besides color, in hosts that know them (Natron any, Nuke a few).

use crate::{Components, sys, sys::planes as ext};
use std::ffi::CStr;

/// One picture of a clip.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Plane {
    /// The ordinary picture.
    Color,
    /// A plane with a name of its own.
    Custom {
        /// Its unique name.
        id: String,
        /// What the artist reads; empty where it is the id.
        label: String,
        /// The names of its channels, one to four.
        channels: Vec<String>,
    },
    /// A plane that the host names in its own way, such as Nuke's motion and disparity.
    Other(String),
}

impl Plane {
    /// A plane of that name and channels.
    pub fn custom(id: &str, channels: &[&str]) -> Self {
        let channels = channels.iter().map(|&c| c.to_owned()).collect();
        Self::Custom { id: id.to_owned(), label: String::new(), channels }
    }

    /// The name of the plane; `color` for the ordinary picture.
    pub fn id(&self) -> &str {
        match self {
            Self::Color => "color",
            Self::Custom { id, .. } | Self::Other(id) => id,
        }
    }

    /// The string by which a host fetches the plane.
    pub fn ofx_name(&self) -> String {
        match self {
            Self::Color => text(ext::kFnOfxImagePlaneColour).to_owned(),
            Self::Custom { id, label, channels } => {
                let mut name = format!("{}{id}", text(ext::kNatronOfxImageComponentsPlaneName));
                if !label.is_empty() {
                    name += text(ext::kNatronOfxImageComponentsPlaneLabel);
                    name += label;
                }
                for channel in channels {
                    name += text(ext::kNatronOfxImageComponentsPlaneChannel);
                    name += channel;
                }
                name
            }
            Self::Other(name) => name.clone(),
        }
    }

    /// The string by which a node lists the plane among the components of a clip.
    pub(crate) fn components_name(&self) -> String {
        match self {
            Self::Color => text(sys::kOfxImageComponentRGBA).to_owned(),
            _ => self.ofx_name(),
        }
    }

    /// The plane that a host's string stands for.
    pub fn from_ofx(name: &str) -> Self {
        let c_name = super::suites::c_text(name);
        if name == text(ext::kFnOfxImagePlaneColour) || Components::from_ofx(&c_name).is_some() {
            return Self::Color;
        }
        let Some(rest) = name.strip_prefix(text(ext::kNatronOfxImageComponentsPlaneName)) else {
            return Self::Other(name.to_owned());
        };
        let mut parts = rest.split(text(ext::kNatronOfxImageComponentsPlaneChannel));
        let head = parts.next().unwrap_or_default();
        // The label of all channels together is of no use to a node.
        let head = head.split(text(ext::kNatronOfxImageComponentsPlaneChannelsLabel)).next().unwrap_or_default();
        let (id, label) = head.split_once(text(ext::kNatronOfxImageComponentsPlaneLabel)).unwrap_or((head, ""));
        Self::Custom { id: id.to_owned(), label: label.to_owned(), channels: parts.map(str::to_owned).collect() }
    }

    /// The layout of its pixels, where the name tells it.
    pub(crate) fn components(&self) -> Option<Components> {
        match self {
            Self::Custom { channels, .. } => match channels.len() {
                1 => Some(Components::Alpha),
                3 => Some(Components::Rgb),
                4 => Some(Components::Rgba),
                _ => None,
            },
            _ => None,
        }
    }
}

fn text(name: &'static CStr) -> &'static str {
    name.to_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_plane_survives_the_way_through_natrons_string() {
        let plane = Plane::Custom {
            id: "tone.highlight".to_owned(),
            label: "Highlight".to_owned(),
            channels: vec!["A".to_owned()],
        };
        assert_eq!(plane.ofx_name(), "NatronOfxImageComponentsPlaneName_tone.highlight_PlaneLabel_Highlight_Channel_A");
        assert_eq!(Plane::from_ofx(&plane.ofx_name()), plane);
        assert_eq!(plane.components(), Some(Components::Alpha));
    }

    #[test]
    fn color_has_two_spellings_and_foreign_names_are_kept() {
        assert_eq!(Plane::from_ofx("uk.co.thefoundry.OfxImagePlaneColour"), Plane::Color);
        assert_eq!(Plane::from_ofx("OfxImageComponentRGBA"), Plane::Color);
        let motion = "uk.co.thefoundry.OfxImagePlaneForwardMotionVector";
        assert_eq!(Plane::from_ofx(motion).ofx_name(), motion);
        assert_eq!(Plane::from_ofx(""), Plane::Other(String::new()));
    }
}
