//! What the network is shown of a frame: the artist's color encoding, exposure and rough crop there.

use super::CROP;
use super::settings::AnalysisSettings;
use crate::nodes::network_settings::{EncodingSettings, NetworkSettings};
use crate::nodes::picture;
use imaging::color::{Colorspace, NetworkEncoder};
use kurbo::{Point, Rect};
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, RenderScale, Result};
use roto::Plate;
use std::collections::BTreeMap;

/// A pixel of the Crop input counts as covered from here on.
const LEAST_COVERAGE: f32 = 0.02;

/// The names under which an analysis keeps what it depends on: those of the parameters, but for these two.
pub const CROP_SETTING: &str = "crop";
pub const PROXY_SETTING: &str = "proxy";

/// What an answer depends on beside its picture and the model, as [`Input::depends_on`] tells it.
const DEPENDENCIES: [&str; 6] = [
    EncodingSettings::source_colorspace.name(),
    EncodingSettings::source_alpha.name(),
    EncodingSettings::exposure.name(),
    AnalysisSettings::second_look.name(),
    AnalysisSettings::dejitter.name(),
    CROP_SETTING,
];

/// The parameters whose change makes frames stale: the model, and those behind every dependency.
pub const STALE_BY: [&str; 12] = [
    NetworkSettings::model_id.name(),
    EncodingSettings::source_colorspace.name(),
    EncodingSettings::source_alpha.name(),
    EncodingSettings::exposure.name(),
    AnalysisSettings::second_look.name(),
    AnalysisSettings::dejitter.name(),
    AnalysisSettings::use_crop_input.name(),
    AnalysisSettings::crop_channel.name(),
    AnalysisSettings::use_crop_rectangle.name(),
    AnalysisSettings::crop_bottom_left.name(),
    AnalysisSettings::crop_top_right.name(),
    AnalysisSettings::crop_margin.name(),
];

/// Where the artist says that the face is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rough {
    /// The Crop input covers nothing.
    Nowhere,
    /// Within a part of the plate, its margin included.
    Within(Rect),
    /// Nothing is said.
    Anywhere,
}

impl Rough {
    /// As an analysis keeps it: `left top right bottom` in pixels of the plate, or a word.
    pub fn text(&self) -> String {
        match self {
            Self::Nowhere => "nowhere".to_owned(),
            Self::Within(part) => format!("{:.2} {:.2} {:.2} {:.2}", part.x0, part.y0, part.x1, part.y1),
            Self::Anywhere => "anywhere".to_owned(),
        }
    }
}

/// A scale as an analysis keeps it.
pub fn proxy_text(scale: RenderScale) -> String {
    format!("{} {}", scale.x, scale.y)
}

/// The input of an analysis, whose parameters may be keyed.
pub struct Input<'r, A> {
    /// The node.
    pub instance: &'r Instance,
    /// Its parameters.
    pub params: ParamSet<'r, A>,
    /// Their values at the current frame, for those that cannot be keyed.
    pub settings: &'r AnalysisSettings,
    /// What positions are in.
    pub plate: Plate,
    /// Pixels per canonical pixel of images that are fetched.
    pub scale: RenderScale,
}

impl<A: Access> Input<'_, A> {
    fn value<K: Kind>(&self, id: ParamId<K>, frame: i64) -> Result<K::Value> {
        self.params.get(id)?.value_at(frame as f64)
    }

    fn colorspace(&self, frame: i64) -> Result<Colorspace> {
        Ok(self.value(EncodingSettings::source_colorspace, frame)?.0)
    }

    fn exposure(&self, frame: i64) -> Result<f64> {
        self.value(EncodingSettings::exposure, frame)
    }

    /// What makes the picture for the network.
    ///
    /// # Errors
    /// A host that does not tell its parameters.
    pub fn encoder(&self, frame: i64) -> Result<NetworkEncoder> {
        Ok(NetworkEncoder::new(self.colorspace(frame)?, self.exposure(frame)? as f32))
    }

    /// Whether a picture must be looked at to know the rough crop.
    pub fn crop_is_a_picture(&self) -> bool {
        self.settings.use_crop_input && self.instance.clip(&CROP).is_ok_and(|clip| clip.is_connected())
    }

    /// Where the artist says that the face is.
    ///
    /// # Errors
    /// A rectangle without area; a Crop that cannot be read.
    pub fn rough_crop(&self, frame: i64) -> Result<Rough> {
        let settings = self.settings;
        let matte = settings.use_crop_input.then(|| self.instance.image_at(&CROP, frame as f64)).transpose()?.flatten();
        let part = match matte {
            Some(matte) => match self.covered(&matte)? {
                Some(part) => part,
                None => return Ok(Rough::Nowhere),
            },
            None if settings.use_crop_input && picture::is_connected(self.instance, &CROP) => {
                return Ok(Rough::Nowhere);
            }
            None if settings.use_crop_rectangle => self.rectangle(frame)?,
            None => return Ok(Rough::Anywhere),
        };
        let margin = self.value(AnalysisSettings::crop_margin, frame)?;
        Ok(Rough::Within(part.inflate(part.width() * margin, part.height() * margin)))
    }

    /// What the Crop input covers, in pixels of the plate.
    fn covered(&self, matte: &Image<'_>) -> Result<Option<Rect>> {
        let bounds = matte.bounds();
        let coverage = picture::coverage(self.instance, matte, bounds, self.settings.crop_channel)?;
        let inside = coverage.indexed_iter().filter(|(_, value)| **value >= LEAST_COVERAGE).map(|(at, _)| at);
        let pixels = inside.map(|(y, x)| Rect::new(x as f64, y as f64, x as f64 + 1.0, y as f64 + 1.0));
        // By way of the canonical plane: the matte's pixels may have another aspect than Source's.
        let to_plate = |x: f64, y: f64| {
            let across = (f64::from(bounds.x1) + x) * matte.pixel_aspect() / self.scale.x;
            self.plate.from_canonical() * Point::new(across, (f64::from(bounds.y2) - y) / self.scale.y)
        };
        Ok(pixels
            .reduce(|all, pixel| all.union(pixel))
            .map(|all| Rect::from_points(to_plate(all.x0, all.y0), to_plate(all.x1, all.y1))))
    }

    fn rectangle(&self, frame: i64) -> Result<Rect> {
        let corners = [AnalysisSettings::crop_bottom_left, AnalysisSettings::crop_top_right];
        let [one, other] = corners.map(|id| self.value(id, frame));
        let [one, other] = [one?, other?].map(|[x, y]| self.plate.from_canonical() * Point::new(x, y));
        let part = Rect::from_points(one, other);
        match part.width() >= 1.0 && part.height() >= 1.0 {
            true => Ok(part),
            false => Err(Error::node("the crop rectangle has no area: drag its corners around the face".to_owned())),
        }
    }

    /// The scale of pictures as an analysis keeps it: hashes of a proxy say nothing of the plate.
    pub fn proxy(&self) -> String {
        proxy_text(self.scale)
    }

    /// What the answer on a frame depends on beside its picture and the model, as far as it is known: `rough` is the crop there.
    pub fn depends_on(&self, frame: i64, rough: Option<String>) -> BTreeMap<String, String> {
        let settings = self.settings;
        let known = [
            self.colorspace(frame).ok().map(|space| space.id().to_owned()),
            Some(format!("{:?}", settings.encoding.source_alpha).to_lowercase()),
            self.exposure(frame).ok().map(|stops| stops.to_string()),
            Some(settings.second_look.to_string()),
            Some(settings.dejitter.to_string()),
            rough,
        ];
        DEPENDENCIES.into_iter().zip(known).filter_map(|(name, text)| Some((name.to_owned(), text?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dependency_is_a_parameter_that_makes_frames_stale() {
        let of_crop: Vec<_> =
            AnalysisSettings::declarations().iter().map(|d| d.id).filter(|id| id.contains("crop_")).collect();
        let settings = DEPENDENCIES.into_iter().filter(|name| *name != CROP_SETTING).chain(of_crop);
        let missing: Vec<_> = settings.filter(|name| !STALE_BY.contains(name) && *name != "crop_group").collect();
        assert_eq!(missing, [""; 0]);
    }
}
