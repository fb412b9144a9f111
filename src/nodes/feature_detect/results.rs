//! What is stored in a node: the analysis and the corrections, decoded; and what a frame shows of them.

use super::networks::Networks;
use super::settings::FeatureDetectSettings;
use crate::nodes::analysis::{Decoded, forget_files, stored_text};
use crate::nodes::kept::{Key, Room, Shelf};
use ofx_sdk::plugin::Project;
use ofx_sdk::{Error, RectD, Result};
use roto::{Analysis, BezierShape, Blend, Edits, LandmarkSet, Plate, Resolved, Resolver, Topology};
use std::sync::Arc;

/// Resolved frames that are kept: those of a shutter and of the frames around, for a few nodes.
const FRAMES_KEPT: Room = Room { least: 64, most: 512 };

/// The frames that were looked at last.
static RESOLVED: Shelf<Resolved> = Shelf::new(|_| 1 << 14);

/// Lets go of all resolved frames and files.
pub fn forget() {
    RESOLVED.clear();
    forget_files();
}

/// The decoded texts of a node. Each is decoded when its hash changes.
#[derive(Debug, Default)]
pub struct Store {
    analysis: Decoded<Analysis>,
    edits: Decoded<Edits>,
}

/// An error that comes from either side of a shape model.
pub struct Fault(Error);

impl From<roto::Error> for Fault {
    fn from(error: roto::Error) -> Self {
        Self(Error::node(error))
    }
}

impl Store {
    /// The stored analysis; `None` where nothing was analysed.
    ///
    /// # Errors
    /// A damaged text, which is never overwritten, and a file that cannot be read.
    pub fn analysis(&self, settings: &FeatureDetectSettings) -> Result<Option<Arc<Analysis>>> {
        let settings = &settings.analysis;
        let Some(text) = stored_text(&settings.analysis, &settings.analysis_file)? else { return Ok(None) };
        let wrong = |error| {
            Error::node(format!(
                "the stored analysis cannot be read: {error}; Clear analysis begins anew, and Load takes one from a file"
            ))
        };
        self.analysis.get(&text, Analysis::parse).map(Some).map_err(wrong)
    }

    /// The stored corrections; `None` where there are none.
    ///
    /// # Errors
    /// A damaged text, which is never overwritten.
    pub fn edits(&self, settings: &FeatureDetectSettings) -> Result<Option<Arc<Edits>>> {
        let text = settings.analysis.edits.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |error| {
            Error::node(format!(
                "the stored corrections cannot be read: {error}; undo, or restore them from a saved project"
            ))
        };
        self.edits.get(text, Edits::parse).map(Some).map_err(wrong)
    }

    /// Remembers texts that were just written.
    pub fn wrote_analysis(&self, text: &str, analysis: Analysis) {
        self.analysis.wrote(text, analysis);
    }

    /// As [`wrote_analysis`](Self::wrote_analysis).
    pub fn wrote_edits(&self, text: &str, edits: Edits) {
        self.edits.wrote(text, edits);
    }

    /// Both, on one plate; `None` where nothing is stored. Corrections without an analysis, as after an import, are a shot too.
    ///
    /// # Errors
    /// Damaged texts, and an analysis by a model with other landmarks.
    pub fn results(&self, settings: &FeatureDetectSettings, topology: &Arc<Topology>) -> Result<Option<Results>> {
        let (analysis, edits) = (self.analysis(settings)?, self.edits(settings)?);
        let plate = match (&analysis, &edits) {
            (Some(analysis), _) => *analysis.plate(),
            (None, Some(edits)) => *edits.plate(),
            (None, None) => return Ok(None),
        };
        let analysis = match analysis {
            Some(analysis) => analysis,
            None => Arc::new(Analysis::new(topology, "", plate).map_err(Error::node)?),
        };
        let edits = match edits {
            Some(edits) if *edits.plate() == plate => edits,
            Some(edits) => Arc::new(edits.on_plate(plate).map_err(Error::node)?),
            None => Arc::new(Edits::new(topology, plate).map_err(Error::node)?),
        };
        analysis.check(topology).and_then(|()| edits.check(topology)).map_err(Error::node)?;
        let stored = [settings.analysis.analysis.as_str(), settings.analysis.edits.as_str()];
        Ok(Some(Results { key: Key::of_texts(&stored), topology: topology.clone(), analysis, edits }))
    }
}

/// A shot's analysis and corrections.
pub struct Results {
    key: Key,
    /// Landmarks and shapes that there are.
    pub topology: Arc<Topology>,
    /// What was found.
    pub analysis: Arc<Analysis>,
    /// What was corrected.
    pub edits: Arc<Edits>,
}

impl Results {
    /// A shot of which nothing is known.
    ///
    /// # Errors
    /// A plate without pixels.
    pub fn empty(topology: &Arc<Topology>, plate: Plate) -> Result<Self> {
        let analysis = Arc::new(Analysis::new(topology, "", plate).map_err(Error::node)?);
        let edits = Arc::new(Edits::new(topology, plate).map_err(Error::node)?);
        Ok(Self { key: Key::of_texts(&[]), topology: topology.clone(), analysis, edits })
    }

    /// The same shot with other corrections on the same plate, as a drag on its way has them.
    pub fn with_edits(&self, edits: Edits) -> Self {
        let (topology, analysis) = (self.topology.clone(), self.analysis.clone());
        Self { key: self.key, topology, analysis, edits: Arc::new(edits) }
    }

    /// The landmarks of a frame, corrections blended in.
    ///
    /// # Errors
    /// Results that do not belong together.
    pub fn landmarks(&self, frame: i64, settings: &FeatureDetectSettings) -> Result<LandmarkSet> {
        let none = |_: &LandmarkSet| Ok::<_, Fault>(vec![None; self.topology.shapes().len()]);
        Resolver::new(&self.topology, &self.analysis, &self.edits, Self::blend(settings), &none)
            .and_then(|resolver| Ok(resolver.landmarks(frame)?))
            .map_err(|Fault(error)| error)
    }

    /// Where the pixels lie that positions are in.
    pub fn plate(&self) -> &Plate {
        self.analysis.plate()
    }

    /// How corrections reach, and when a shape is shown.
    pub fn blend(settings: &FeatureDetectSettings) -> Blend {
        Blend {
            falloff_frames: f64::from(settings.analysis.correction_falloff),
            presence_threshold: settings.analysis.confidence_threshold,
        }
    }

    /// Calls `work` with what resolves frames of these results, with shapes where the settings make them.
    ///
    /// # Errors
    /// Those of the networks and of `work`.
    pub fn with_resolver<T>(
        &self,
        settings: &FeatureDetectSettings,
        networks: &Networks,
        aborted: &dyn Fn() -> bool,
        work: impl FnOnce(&mut Resolver<'_, Fault>) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        let shaper = match settings.output.make_shapes {
            true => Some(networks.shapes(self.plate().pixel_aspect, aborted)?),
            false => None,
        };
        let model = |landmarks: &LandmarkSet| -> std::result::Result<Vec<Option<BezierShape>>, Fault> {
            match &shaper {
                Some(shaper) => shaper.shapes(landmarks).map_err(Fault),
                None => Ok(vec![None; self.topology.shapes().len()]),
            }
        };
        let blend = Self::blend(settings);
        Resolver::new(&self.topology, &self.analysis, &self.edits, blend, &model)
            .and_then(|mut resolver| work(&mut resolver))
            .map_err(|Fault(error)| error)
    }

    /// What a frame shows, kept for whoever asks again.
    ///
    /// # Errors
    /// Those of the networks; an abort.
    pub fn frame(
        &self,
        frame: i64,
        settings: &FeatureDetectSettings,
        networks: &Networks,
        aborted: &dyn Fn() -> bool,
    ) -> Result<Arc<Resolved>> {
        let rest = format!("{frame} {:?} {} {}", Self::blend(settings), settings.output.make_shapes, networks.id());
        RESOLVED.find_or_make(Key::joined([self.key], &rest), FRAMES_KEPT, aborted, || {
            self.with_resolver(settings, networks, aborted, |resolver| resolver.frame(frame))
        })
    }
}

/// The plate that positions in files count from. A Source that begins elsewhere than at the origin, with overscan or cropped to
/// its content, is part of a picture that other programs show whole; that is the project's, where the host tells it.
pub fn plate_of_files(plate: &Plate, project: Project) -> Plate {
    if (plate.x1, plate.y2) == (0.0, plate.height) {
        return *plate;
    }
    let [x1, y1] = project.offset.unwrap_or_default();
    let whole = project.size.and_then(|[width, height]| {
        plate_of(RectD { x1, y1, x2: x1 + width, y2: y1 + height }, plate.pixel_aspect).ok()
    });
    whole.unwrap_or(*plate)
}

/// The plate of a Source that covers `region`, in canonical coordinates.
///
/// # Errors
/// A region without pixels.
pub fn plate_of(region: RectD, pixel_aspect: f64) -> Result<Plate> {
    let plate = Plate {
        x1: region.x1 / pixel_aspect,
        y2: region.y2,
        width: (region.x2 - region.x1) / pixel_aspect,
        height: region.y2 - region.y1,
        pixel_aspect,
    };
    plate.checked().map_err(Error::node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_from_the_project_where_source_is_a_part_of_it() {
        let of = |size, offset| {
            let mut project = Project::default();
            (project.size, project.offset) = (size, offset);
            project
        };
        let hd = |offset| of(Some([1920.0, 1080.0]), offset);
        let overscan = Plate { x1: -64.0, y2: 1116.0, width: 2048.0, height: 1152.0, pixel_aspect: 1.0 };
        assert_eq!(plate_of_files(&overscan, hd(Some([0.0, 0.0]))), Plate::sized(1920.0, 1080.0));
        assert_eq!(plate_of_files(&overscan, hd(None)), Plate::sized(1920.0, 1080.0));
        let squeezed = Plate { x1: 10.0, y2: 900.0, width: 300.0, height: 500.0, pixel_aspect: 2.0 };
        let whole = Plate { x1: 50.0, y2: 1090.0, width: 960.0, height: 1080.0, pixel_aspect: 2.0 };
        assert_eq!(plate_of_files(&squeezed, hd(Some([100.0, 10.0]))), whole);
        // A plate of another format than the project, and hosts that do not say.
        let plate = Plate::sized(4096.0, 2160.0);
        assert_eq!(plate_of_files(&plate, hd(None)), plate);
        assert_eq!(plate_of_files(&overscan, Project::default()), overscan);
        assert_eq!(plate_of_files(&overscan, of(Some([0.0, f64::NAN]), None)), overscan);
    }
}
