use super::fault::Fault;
use super::{Imported, ReadOptions, Scene, TextFile, WriteOptions, Written};
use super::{after_effects, cubic_frames, fusion, mlt, natron, nuke, shot_json, silhouette, svg};
use crate::Result;

/// Files of a format that has one for each frame; they are made in memory.
const MOST_FILES: u64 = 100_000;

/// A file format that shapes and landmarks are written in, and some of them read from. Everything that lets somebody
/// choose a format goes by this list.
///
/// ```
/// use roto::exchange::{Format, ReadOptions, Scene, TextFile, WriteOptions};
/// use roto::{BezierShape, Plate, ShapeTrack, Shot, ShotShape, Vertex};
///
/// let line = [(0.0, 0.0), (4.0, 1.0)].map(|at| Vertex::corner(at.into()));
/// let track = ShapeTrack::still(BezierShape::new(line.into(), false)?);
/// let scene = Scene::new(Shot::new(1, 9, vec![ShotShape::new("seam", track)])?, Plate::sized(64.0, 48.0));
/// let written = Format::RotocelShot.write(&scene, &WriteOptions::default())?;
/// let back = Format::RotocelShot.read(&written.files, &ReadOptions::default())?;
/// assert_eq!(back.scene.shot, scene.shot);
/// assert_eq!(Format::of_file_name("take1/eyes.rotocel.json"), Some(Format::RotocelShot));
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The JSON of our own.
    RotocelShot,
    /// The public data set's JSON of cubic segments, for each frame.
    CubicSegments,
    /// Nuke's Roto node as text.
    NukeRoto,
    /// Python that builds Nuke's Roto node.
    NukePython,
    /// Nuke's Tracker node as text.
    NukeTracker,
    /// Python that builds Natron's Roto node.
    NatronPython,
    /// Silhouette's shapes.
    Silhouette,
    /// A script that makes masks in After Effects.
    AfterEffects,
    /// Splines of MLT's rotoscoping filter, as in Kdenlive and Shotcut.
    Mlt,
    /// Masks of Fusion.
    Fusion,
    /// One animated SVG.
    Svg,
    /// An SVG for each frame.
    SvgFrames,
}

/// What is to be known of a format without opening a file.
struct Facts {
    id: &'static str,
    label: &'static str,
    extension: &'static str,
    readable: bool,
    per_frame: bool,
}

impl Format {
    /// All formats, in the order in which they are offered.
    pub const ALL: [Self; 12] = [
        Self::RotocelShot,
        Self::CubicSegments,
        Self::NukeRoto,
        Self::NukePython,
        Self::NukeTracker,
        Self::NatronPython,
        Self::Silhouette,
        Self::AfterEffects,
        Self::Mlt,
        Self::Fusion,
        Self::Svg,
        Self::SvgFrames,
    ];

    fn facts(self) -> Facts {
        let (id, label, extension, readable, per_frame) = match self {
            Self::RotocelShot => ("rotocel_shot", "Rotocel JSON", "rotocel.json", true, false),
            Self::CubicSegments => ("cubic_segments", "Cubic-segment JSON for each frame", "json", true, true),
            Self::NukeRoto => ("nuke_roto", "Nuke Roto", "nk", true, false),
            Self::NukePython => ("nuke_python", "Nuke Roto by Python", "nuke.py", false, false),
            Self::NukeTracker => ("nuke_tracker", "Nuke Tracker", "tracker.nk", true, false),
            Self::NatronPython => ("natron_python", "Natron Roto by Python", "natron.py", false, false),
            Self::Silhouette => ("silhouette", "Silhouette", "fxs", false, false),
            Self::AfterEffects => ("after_effects", "After Effects masks", "jsx", false, false),
            Self::Mlt => ("mlt", "MLT, Kdenlive and Shotcut rotoscoping", "mlt.json", false, false),
            Self::Fusion => ("fusion", "Fusion masks", "setting", false, false),
            Self::Svg => ("svg", "SVG, animated", "svg", false, false),
            Self::SvgFrames => ("svg_frames", "SVG for each frame", "frame.svg", false, true),
        };
        Facts { id, label, extension, readable, per_frame }
    }

    /// What command lines and saved settings call it.
    pub fn id(self) -> &'static str {
        self.facts().id
    }

    /// What an artist reads.
    pub fn label(self) -> &'static str {
        self.facts().label
    }

    /// How names of its files end, without a dot in front; it may hold one, because several formats are JSON or Python.
    pub fn extension(self) -> &'static str {
        self.facts().extension
    }

    /// Whether [`Format::read`] knows it.
    pub fn is_readable(self) -> bool {
        self.facts().readable
    }

    /// Whether it has a file for each frame, rather than one for a shot.
    pub fn is_per_frame(self) -> bool {
        self.facts().per_frame
    }

    /// The format with this id.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.id() == id)
    }

    /// The format whose extension a file's name has: of several, that with the longest.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let fits = |format: &Self| name.strip_suffix(format.extension()).is_some_and(|stem| stem.ends_with('.'));
        Self::ALL.into_iter().filter(fits).max_by_key(|format| format.extension().len())
    }

    /// The readable format that a text speaks of itself, where it does: names alone do not tell JSON from JSON.
    pub fn of_text(text: &str) -> Option<Self> {
        let has = |word: &str| text.contains(word);
        if text.trim_start().starts_with('{') && has("\"rotocel-shot-") {
            return Some(Self::RotocelShot);
        }
        match (has("{curvegroup "), has("Tracker4 {")) {
            (true, _) => Some(Self::NukeRoto),
            (false, true) => Some(Self::NukeTracker),
            (false, false) => None,
        }
    }

    /// The files of a scene.
    ///
    /// # Errors
    /// [`crate::Error::Exchange`] names the shape, landmark or frame that the format cannot say and may not leave out.
    pub fn write(self, scene: &Scene, options: &WriteOptions) -> Result<Written> {
        scene.check()?;
        let frames = scene.shot.frames();
        if self.is_per_frame() && frames.start().abs_diff(*frames.end()) >= MOST_FILES {
            let reason = format!("frames {frames:?} would make more than {MOST_FILES} files; shorten the shot");
            return Err(Fault(self.label()).at("scene", reason));
        }
        match self {
            Self::RotocelShot => shot_json::write(scene, options),
            Self::CubicSegments => cubic_frames::write(scene, options),
            Self::NukeRoto => nuke::write_roto(scene, options),
            Self::NukePython => nuke::write_python(scene, options),
            Self::NukeTracker => nuke::write_tracker(scene, options),
            Self::NatronPython => natron::write(scene, options),
            Self::Silhouette => silhouette::write(scene, options),
            Self::AfterEffects => after_effects::write(scene, options),
            Self::Mlt => mlt::write(scene, options),
            Self::Fusion => fusion::write(scene, options),
            Self::Svg => svg::write(scene, options),
            Self::SvgFrames => svg::write_frames(scene, options),
        }
    }

    /// Reads the file of a shot, or the files of its frames, which carry their numbers.
    ///
    /// # Errors
    /// [`crate::Error::Exchange`] names the place of what is not as it should be, or says that the format is only written.
    pub fn read(self, files: &[TextFile], options: &ReadOptions) -> Result<Imported> {
        let fault = Fault(self.label());
        let whole = || match files {
            [file] => Ok(&*file.text),
            _ => Err(fault.at("files", format!("it is one file a shot, but {} were given", files.len()))),
        };
        match self {
            Self::RotocelShot => shot_json::read(whole()?).map(|mut found| {
                found.scene.frame_rate = found.scene.frame_rate.or(options.frame_rate);
                found
            }),
            Self::CubicSegments => cubic_frames::read(files, options),
            Self::NukeRoto => nuke::read_roto(whole()?, options),
            Self::NukeTracker => nuke::read_tracker(whole()?, options),
            _ => Err(fault.at("file", "this format is only written, not read")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::fixture::scene;

    #[test]
    fn ids_and_extensions_are_unique_and_find_their_format() {
        for format in Format::ALL {
            assert_eq!(Format::of_id(format.id()), Some(format));
            assert_eq!(Format::of_file_name(&format!("Shot.1.{}", format.extension().to_uppercase())), Some(format));
            let twins = Format::ALL.iter().filter(|other| other.extension() == format.extension());
            assert_eq!((twins.count(), format.label().is_empty()), (1, false));
        }
        assert_eq!(
            (Format::of_id("nuke"), Format::of_file_name("nk"), Format::of_file_name("a.png")),
            (None, None, None)
        );
    }

    /// The compiler asks for every format in `facts`; this holds the list to it.
    #[test]
    fn no_format_is_forgotten_in_the_list() {
        let listed = include_str!("format.rs")
            .lines()
            .filter(|line| line.trim_start().starts_with("Self::") && line.contains("=> (\""));
        assert_eq!(listed.count(), Format::ALL.len());
    }

    #[test]
    fn formats_do_what_the_list_says() {
        let options = ReadOptions { plate: Some(scene().plate), ..ReadOptions::default() };
        for format in Format::ALL {
            let written = format.write(&scene(), &WriteOptions::default()).expect("a scene that can be written");
            let told = Format::of_text(&written.files[0].text);
            assert!(told.is_none_or(|told| told == format), "{format:?} is taken for {told:?}");
            let numbered = written.files.iter().all(|file| file.frame.is_some());
            assert_eq!(
                (numbered, written.files.len() > 1),
                (format.is_per_frame(), format.is_per_frame()),
                "{format:?}"
            );
            let back = format.read(&written.files, &options);
            assert_eq!(back.is_ok(), format.is_readable(), "{format:?}: {back:?}");
        }
    }

    #[test]
    fn a_scene_that_is_none_is_refused_by_every_writer() {
        let mut wild = scene();
        wild.plate.height = f64::NAN;
        for format in Format::ALL {
            let message = format.write(&wild, &WriteOptions::default()).expect_err("no picture").to_string();
            assert!(message.contains("scene, plate"), "{message}");
        }
    }

    /// What is written is held by these files; a change of theirs is a change of the format.
    #[test]
    fn each_format_is_written_as_its_reference_file() {
        for format in Format::ALL {
            let written = format.write(&scene(), &WriteOptions::default()).expect("a scene that can be written");
            insta::assert_snapshot!(format.id(), written.files[0].text);
        }
    }
}
