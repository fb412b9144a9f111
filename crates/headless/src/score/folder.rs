//! A labelled shot as a folder: what must be in it, and that it is.
//!
//! Shots come from other people and other tools. Everything that can be seen without decoding pixels is checked before
//! anything is rendered, and every complaint names the file.

use crate::error::{Error, Result};
use crate::frames::{self, FrameInfo, ReadOptions};
use crate::sequence::{FrameList, Pattern};
use imaging::color::Colorspace;
use ofx_sdk::Depth;
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// The tones, by number.
pub const CLASSES: [&str; 5] = ["background", "highlight", "material", "diffuse_shadow", "cast_shadow"];

/// The channels of shares.
pub const SHARES: &[&[&str]] = &[&CLASSES];

/// The channels of motion: R and G are read as x and y.
pub const VECTORS: &[&[&str]] = &[&["x", "y"], &["R", "G"]];

/// The longest `shot.json` that is read.
const MOST_FACTS: u64 = 1 << 20;

/// The most frames that a shot may have.
const MOST_FRAMES: u64 = 1_000_000;

/// Names that operating systems leave in folders.
const LITTER: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// A labelled shot whose files are all there.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The folder.
    pub folder: PathBuf,
    /// Its name, with `/` between folders.
    pub name: String,
    /// Encoding of the frames.
    pub colorspace: Colorspace,
    /// Frames a second, where the shot says.
    pub frame_rate: Option<f64>,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// How the files store a value of a picture.
    pub depth: Depth,
    /// Frame numbers, in order and without a gap.
    pub frames: Vec<i64>,
    /// The pictures.
    pub pictures: Pattern,
    /// The class numbers.
    pub labels: Pattern,
    /// The subject's matte.
    pub subject: Option<Pattern>,
    /// The share of each class in each pixel.
    pub soft: Option<Pattern>,
    /// Where each pixel goes until the next frame; the last frame may lack it.
    pub motion: Option<Pattern>,
}

/// The folders that are shots: the given one, or those inside it at any depth, by path. Inside a shot none is looked for.
///
/// # Errors
/// When there is none, when a folder cannot be read, or when one has all that a shot has but its `shot.json`.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, &mut Vec::new(), &mut found)?;
    if found.is_empty() {
        return Err(Error::input(folder, "is no labelled shot: it has no shot.json, and no folder in it has one"));
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, above: &mut Vec<PathBuf>, found: &mut Vec<PathBuf>) -> Result<()> {
    if folder.join("shot.json").exists() {
        found.push(folder.to_owned());
        return Ok(());
    }
    if folder.join("frames").is_dir() && folder.join("labels").is_dir() {
        return Err(Error::input(folder, "has frames/ and labels/, but no shot.json, which says what they are"));
    }
    let unreadable = |e: std::io::Error| Error::input(folder, e);
    let canonical = folder.canonicalize().map_err(unreadable)?;
    if above.contains(&canonical) {
        // A link to a folder that it lies in.
        return Ok(());
    }
    above.push(canonical);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && std::fs::metadata(&path).map_err(|e| Error::input(&path, e))?.is_dir() {
            collect(&path, above, found)?;
        }
    }
    above.pop();
    Ok(())
}

/// What a shot may be made of: `shot.json`, and the files of its folders.
pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    let listed = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let inside = listed(folder).filter(|path| path.is_dir()).flat_map(|kind| listed(&kind).collect::<Vec<_>>());
    std::iter::once(folder.join("shot.json")).chain(inside).collect()
}

impl Shot {
    /// Reads `shot.json` and looks at the names and headers of all files. `given` is the folder that the shot was found in.
    ///
    /// # Errors
    /// [`Error::Input`] names the first file that is missing, too much, wrongly numbered, of another size, or damaged.
    pub fn open(folder: &Path, given: &Path) -> Result<Self> {
        let facts = Facts::read(&folder.join("shot.json"))?;
        let numbers = facts.first..facts.first + facts.frames;
        let all: Vec<i64> = numbers.clone().collect();
        let files = |kind: &str, extensions: &[&str], needed: bool, last_may_lack: bool| {
            numbered_files(&folder.join(kind), extensions, needed, &all, last_may_lack)
        };
        let needed = |kind: &str, extensions: &[&str]| {
            files(kind, extensions, true, false)?.ok_or_else(|| Error::input(&folder.join(kind), "is missing"))
        };
        let pictures = needed("frames", &["png", "exr"])?;
        let shot = Self {
            name: name_of(folder, given),
            colorspace: facts.colorspace,
            frame_rate: facts.frame_rate,
            width: facts.width,
            height: facts.height,
            depth: frames::inspect(&pictures.path(facts.first), &ReadOptions::default())?.depth,
            pictures,
            labels: needed("labels", &["png"])?,
            subject: files("subject", &["png"], false, false)?,
            soft: files("soft", &["exr"], false, false)?,
            motion: files("motion", &["exr"], false, true)?,
            folder: folder.to_owned(),
            frames: all,
        };
        shot.check_sizes()?;
        Ok(shot)
    }

    /// The kinds of files that the shot has.
    fn kinds(&self) -> impl Iterator<Item = &Pattern> {
        [Some(&self.pictures), Some(&self.labels), self.subject.as_ref(), self.soft.as_ref(), self.motion.as_ref()]
            .into_iter()
            .flatten()
    }

    /// All files, by kind and number.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.kinds().flat_map(|kind| self.files_of(kind))
    }

    /// The files of a kind, by number.
    fn files_of(&self, kind: &Pattern) -> impl Iterator<Item = PathBuf> {
        self.frames.iter().map(|frame| kind.path(*frame)).filter(|path| path.is_file())
    }

    fn check_sizes(&self) -> Result<()> {
        let size = [self.width as i32, self.height as i32];
        let options = ReadOptions::default();
        let kinds = [
            (Some(&self.pictures), None),
            (Some(&self.labels), None),
            (self.subject.as_ref(), None),
            (self.soft.as_ref(), Some(SHARES)),
            (self.motion.as_ref(), Some(VECTORS)),
        ];
        let named = kinds.into_iter().filter_map(|(kind, channels)| Some((kind?, channels)));
        for (path, channels) in named.flat_map(|(kind, channels)| self.files_of(kind).map(move |path| (path, channels)))
        {
            let FrameInfo { display, bounds, pixel_aspect, .. } = match channels {
                Some(sets) => frames::inspect_channels(&path, sets, &options)?,
                None => frames::inspect(&path, &options)?,
            };
            if pixel_aspect != 1.0 {
                let reason = format!("its pixels have the aspect {pixel_aspect}; labelled shots have square pixels");
                return Err(Error::input(&path, reason));
            }
            let [width, height] = display;
            if display != size {
                let reason = format!("it is {width}×{height}, but shot.json says {}×{}", size[0], size[1]);
                return Err(Error::input(&path, reason));
            }
            let whole = ofx_sdk::RectI::new(0, 0, width, height);
            if bounds != whole {
                let reason = "its data window is not its display window; write the file without cropping or overscan";
                return Err(Error::input(&path, reason));
            }
        }
        Ok(())
    }

    /// Adds the names and bytes of all files to a hash, `shot.json` first: the color space changes every figure.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn hash_into(&self, hash: &mut Xxh3) -> Result<()> {
        for path in std::iter::once(self.folder.join("shot.json")).chain(self.files()) {
            let inside = path.strip_prefix(&self.folder).unwrap_or(&path);
            hash.update(self.name.as_bytes());
            hash.update(inside.to_string_lossy().as_bytes());
            hash.update(&std::fs::read(&path).map_err(|e| Error::input(&path, e))?);
        }
        Ok(())
    }
}

/// What a shot is called: the way to it from the folder that was given, or that folder's own name, however it was typed.
fn name_of(folder: &Path, given: &Path) -> String {
    let inside = folder.strip_prefix(given).unwrap_or(folder);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    if !parts.is_empty() {
        return parts.join("/");
    }
    let canonical = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    canonical.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What `shot.json` must say.
struct Facts {
    width: usize,
    height: usize,
    frames: i64,
    first: i64,
    colorspace: Colorspace,
    frame_rate: Option<f64>,
}

impl Facts {
    fn read(path: &Path) -> Result<Self> {
        let text = frames::read_text(path, MOST_FACTS)?;
        let json: Value =
            // Editors of Windows begin a file with a mark of its encoding.
            serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| Error::input(path, format!("it is not JSON: {e}")))?;
        let bad = |key: &str, wanted: &str| {
            let found = json.get(key).map_or("is missing".to_owned(), |found| format!("is {found}"));
            Error::input(path, format!("\"{key}\" {found}, but must be {wanted}"))
        };
        if json.get("classes").is_none_or(|found| *found != serde_json::json!(CLASSES)) {
            return Err(bad("classes", &format!("{CLASSES:?}, in the order of the label numbers")));
        }
        let count = |key: &str, most: u64| {
            let found = json.get(key).and_then(Value::as_u64).filter(|n| (1..=most).contains(n));
            found.ok_or_else(|| bad(key, &format!("a whole number from 1 to {most}")))
        };
        let first = json.get("first_frame").and_then(Value::as_i64).filter(|n| (0..=1 << 40).contains(n));
        let space = json.get("colorspace").and_then(Value::as_str).and_then(Colorspace::from_id);
        let spaces = || Colorspace::ALL.map(Colorspace::id).join(", ");
        let rate = match json.get("frame_rate") {
            None | Some(Value::Null) => None,
            Some(rate) => {
                let rate = rate.as_f64().filter(|rate| *rate > 0.0 && *rate <= 1000.0);
                Some(rate.ok_or_else(|| bad("frame_rate", "a number from above 0 to 1000"))?)
            }
        };
        Ok(Self {
            width: count("width", 65_536)? as usize,
            height: count("height", 65_536)? as usize,
            frames: count("frames", MOST_FRAMES)? as i64,
            first: first.ok_or_else(|| bad("first_frame", "a whole number from 0"))?,
            colorspace: space.ok_or_else(|| bad("colorspace", &format!("one of {}", spaces())))?,
            frame_rate: rate,
        })
    }
}

/// The files of one kind, `%04d` and one of the extensions: exactly those of the shot's frames.
fn numbered_files(
    folder: &Path,
    extensions: &[&str],
    needed: bool,
    frames: &[i64],
    last_may_lack: bool,
) -> Result<Option<Pattern>> {
    if !folder.exists() {
        let missing = format!("the folder is missing; it holds %04d.{}", extensions.join(" or %04d."));
        return if needed { Err(Error::input(folder, missing)) } else { Ok(None) };
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::input(folder, e))? {
        let name = entry.map_err(|e| Error::input(folder, e))?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !LITTER.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() && last_may_lack && frames.len() == 1 {
        return Ok(None);
    }
    names.sort();
    let extension_of = |name: &String| name.rsplit_once('.').map(|(_, extension)| extension.to_owned());
    let known = |found: &String| extensions.contains(&found.to_lowercase().as_str());
    let extension = names.iter().filter_map(extension_of).find(known);
    let Some(extension) = extension else {
        let found = names.first().map_or("the folder is empty".to_owned(), |name| format!("{name} is no such file"));
        return Err(Error::input(folder, format!("it must hold %04d.{}, but {found}", extensions.join(" or %04d."))));
    };
    let pattern = Pattern::numbered(folder, 4, &extension);
    let existing = pattern.existing()?;
    let expected: HashSet<_> =
        existing.iter().filter_map(|f| Some(pattern.path(*f).file_name()?.to_string_lossy().into_owned())).collect();
    let stray = names.iter().find(|name| !expected.contains(*name));
    if let Some(name) = stray {
        let reason = format!("it is not named %04d.{extension}, like the others in its folder");
        return Err(Error::input(&folder.join(name), reason));
    }
    if let Some(extra) = existing.iter().find(|f| frames.binary_search(f).is_err()) {
        let reason = format!("shot.json knows {} only", FrameList::describe(frames));
        return Err(Error::input(&pattern.path(*extra), reason));
    }
    let last = frames.last().copied().filter(|_| last_may_lack);
    let missing = frames.iter().find(|f| existing.binary_search(f).is_err() && Some(**f) != last);
    match missing {
        Some(frame) => Err(Error::input(&pattern.path(*frame), "the file is missing")),
        None => Ok(Some(pattern)),
    }
}
