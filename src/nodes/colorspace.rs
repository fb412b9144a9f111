//! The color encoding of Source, as every node asks for it.

use imaging::color::Colorspace;
use ofx_sdk::plugin::{Choice, ChoiceValue, Declaration, Kind};

/// [`Colorspace`] as a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceColorspace(pub Colorspace);

impl ChoiceValue for SourceColorspace {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self(Colorspace::LinearRec709), "Linear Rec.709", ""),
        (Self(Colorspace::AcesCg), "ACEScg", ""),
        (Self(Colorspace::AcesCct), "ACEScct", ""),
        (Self(Colorspace::LogC3), "LogC3", ""),
        (Self(Colorspace::LogC4), "LogC4", ""),
        (Self(Colorspace::SLog3), "S-Log3", ""),
        (Self(Colorspace::Cineon), "Cineon", ""),
        (Self(Colorspace::Srgb), "sRGB", ""),
        (Self(Colorspace::Rec709), "Rec.709", "As a camera encodes it (BT.709)."),
        (Self(Colorspace::Bt1886), "Rec.709 display", "As a display shows it (BT.1886): graded video."),
    ];
}

/// How the names of hosts begin whose pixels come display-encoded: Resolve's Color page, and MLT, which hands over decoded
/// video as it is. Both are pictures as a video display shows them: read with a camera's curve their midtones would be half a
/// stop too bright. The others work in linear light.
const HOSTS_OF_DISPLAY_PICTURES: [&str; 2] = ["DaVinciResolve", "MLT"];

/// A node's parameters as a host is told them.
pub fn for_host(mut declarations: Vec<Declaration>, name: &str) -> Vec<Declaration> {
    if HOSTS_OF_DISPLAY_PICTURES.iter().any(|host| name.starts_with(host)) {
        let default = Choice::encode(SourceColorspace(Colorspace::Bt1886));
        declarations.iter_mut().filter(|d| d.id == "source_colorspace").for_each(|d| d.default = default.clone());
    }
    declarations
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `rotocel` finds the option of a file's color space by its name, whatever stands between letters and figures.
    #[test]
    fn every_color_space_is_an_option_under_its_own_name() {
        let bare = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let options = SourceColorspace::OPTIONS;
        assert_eq!(options.iter().map(|(space, ..)| space.0).collect::<Vec<_>>(), Colorspace::ALL);
        for (space, label, _) in options {
            assert_eq!(*label, space.0.label());
            assert_eq!(bare(label), bare(space.0.id()));
        }
    }
}
