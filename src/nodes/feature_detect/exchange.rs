//! Files: shapes and landmarks for other programs, corrections that come back, and results beside the project.

use super::analyse::told_model;
use super::correct::{frame_of, results_or_new, store_edits};
use super::draw::groups;
use super::networks::Networks;
use super::results::{Results, plate_of_files};
use super::settings::{
    AnalysisSettings, ExchangeSettings, FeatureDetectSettings, HiddenShapes, KeyChoice, MOST_GROUPS, OutputSettings,
    ShapeSettings,
};
use super::{FeatureDetect, import};
use crate::nodes::analysis::{range_of, read_text, write_text};
use crate::nodes::model_choice;
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, Result};
use roto::exchange::{Format, KeyMode, Scene, ShapeStyle, StyleKey, WriteOptions};
use roto::{Analysis, Edits, LandmarkSet, Shot, Topology, to_shot};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The buttons that export, and what they write.
const EXPORTS: [(&str, Format); 11] = [
    ("export_json", Format::RotocelShot),
    ("export_segments", Format::CubicSegments),
    ("export_nuke", Format::NukeRoto),
    ("export_tracker", Format::NukeTracker),
    ("export_nuke_python", Format::NukePython),
    ("export_natron", Format::NatronPython),
    ("export_silhouette", Format::Silhouette),
    ("export_after_effects", Format::AfterEffects),
    ("export_mlt", Format::Mlt),
    ("export_fusion", Format::Fusion),
    ("export_svg", Format::Svg),
];

/// Does what a change of one of these parameters asks for; others are nobody's.
///
/// # Errors
/// Nothing to write, files that cannot be read or written, formats that cannot say what is there.
pub fn react(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, id: &str) -> Result<()> {
    let status = if let Some((_, format)) = EXPORTS.iter().find(|(button, _)| *button == id) {
        export(effect, args, *format)?
    } else if id == ExchangeSettings::import.name() {
        import::import(effect, args)?
    } else if id == AnalysisSettings::load_analysis.name() {
        load(effect, args)?
    } else if id == AnalysisSettings::save_analysis.name() {
        save(effect, args)?
    } else {
        return Ok(());
    };
    args.params().set(AnalysisSettings::status, status)
}

fn export(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, format: Format) -> Result<String> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let Some(results) = effect.store.results(&settings, networks.topology())? else {
        return Err(Error::node("there is nothing to export: press Analyse first".to_owned()));
    };
    let frames = range_of(args, settings.analysis.first_frame, settings.analysis.last_frame)?;
    // A value that stands still in a file is that of its first frame, wherever the playhead is.
    let start = args.settings_at(*frames.start() as f64);
    let scene = scene(args, &settings, &start, frames, &networks, &results)?;
    let keys = match settings.exchange.key_mode {
        KeyChoice::Reduce => KeyMode::Reduce(settings.exchange.key_tolerance_px),
        KeyChoice::Every => KeyMode::Every,
        KeyChoice::EveryNth => KeyMode::EveryNth(settings.exchange.key_every.max(1) as u32),
    };
    let name = settings.exchange.export_name.trim().to_owned();
    let options = WriteOptions { keys, name: name.clone(), include_tracks: settings.exchange.include_tracks };
    let written = format.write(&scene, &options).map_err(Error::node)?;
    let folder = folder(&settings.exchange)?;
    let files: Vec<(PathBuf, &str)> = written
        .files
        .iter()
        .map(|file| Ok((place(&folder, &name, file.frame, format)?, file.text.as_str())))
        .collect::<Result<_>>()?;
    // Before the first is written: a shot must not be left in halves.
    if let Some((path, _)) = files.iter().find(|(path, _)| !settings.exchange.overwrite && path.exists()) {
        return Err(Error::node(format!("{} exists; switch Overwrite on, or give another name", path.display())));
    }
    files.iter().try_for_each(|(path, text)| write_text(path, text, settings.exchange.overwrite))?;
    let what = match files.as_slice() {
        [(path, _)] => path.display().to_string(),
        files => format!("{} files in {}", files.len(), folder.display()),
    };
    let frames = scene.shot.frames();
    let range = format!("{}-{}", frames.start(), frames.end());
    let told = format!("wrote {what}: {} shapes, frames {range}", scene.shot.shapes().len());
    let topology = networks.topology();
    let notes =
        grown(&start, topology).into_iter().chain(held(args, topology, scene.shot.frames())?).chain(written.notes);
    Ok([told].into_iter().chain(notes).collect::<Vec<_>>().join("; "))
}

/// Says that Grow is not part of a shape, where it is used: the other program would show other edges.
fn grown(settings: &FeatureDetectSettings, topology: &Topology) -> Option<String> {
    let style = |group: usize| settings.shapes.styles[group.min(MOST_GROUPS - 1)];
    let used = groups(topology).into_iter().enumerate().filter(|&(group, _)| style(group).grow_px != 0.0);
    let told: Vec<_> = used.map(|(group, name)| format!("{name} by {} px", style(group).grow_px)).collect();
    (!told.is_empty()).then(|| format!("Grow is not part of shapes; in the other program grow {}", told.join(", ")))
}

/// Says which keyed values have no keys in any format.
fn held(
    args: &ChangedArgs<'_, FeatureDetect>,
    topology: &Topology,
    frames: RangeInclusive<i64>,
) -> Result<Option<String>> {
    let falloffs = groups(topology).into_iter().enumerate().map(|(group, name)| {
        let [_, falloff, ..] = ShapeSettings::style_numbers(group.min(MOST_GROUPS - 1));
        (format!("Feather falloff of {name}"), falloff)
    });
    let mut told = Vec::new();
    for (name, param) in falloffs.chain([("Seam width".to_owned(), OutputSettings::seam_width_px)]) {
        // A host that counts no keys has none.
        if args.params().get(param)?.key_count().unwrap_or(0) > 0 {
            told.push(name);
        }
    }
    let first = frames.start();
    Ok((!told.is_empty()).then(|| format!("files hold no keys of {}: it is as on frame {first}", told.join(", "))))
}

/// Everything that an exchange file may hold; `start` are the settings at its first frame.
fn scene(
    args: &ChangedArgs<'_, FeatureDetect>,
    settings: &FeatureDetectSettings,
    start: &FeatureDetectSettings,
    frames: RangeInclusive<i64>,
    networks: &Networks,
    results: &Results,
) -> Result<Scene> {
    let aborted = || args.aborted();
    let (shot, landmarks) = results.with_resolver(settings, networks, &aborted, |resolver| {
        let shot = to_shot(resolver, frames.clone(), KeyMode::Every)?;
        let landmarks = frames.clone().map(|frame| Ok((frame, resolver.landmarks(frame)?)));
        Ok((shot, landmarks.collect::<roto::Result<BTreeMap<i64, LandmarkSet>>>()?))
    })?;
    let topology = networks.topology();
    let holds = settings.output.hidden_shapes == HiddenShapes::Hold;
    let is_shown = |name: &str| topology.shape_index(name).is_some_and(|index| settings.shapes.is_shown(index));
    let shown = shot.shapes().iter().filter(|shape| is_shown(&shape.name)).cloned().map(|mut shape| {
        if holds {
            shape.hidden.clear();
        }
        shape
    });
    let shot = Shot::new(*frames.start(), *frames.end(), shown.collect()).map_err(Error::node)?;
    let mut scene = Scene::new(shot, *results.plate());
    scene.frame_rate = args.clip(&Clip::SOURCE).ok().and_then(|clip| clip.frame_rate());
    scene.apply_topology(topology);
    scene.set_landmarks(topology, &landmarks).map_err(Error::node)?;
    for (group, name) in groups(topology).into_iter().enumerate() {
        let group = group.min(MOST_GROUPS - 1);
        let (style, keys) = (start.shapes.styles[group], style_keys(args, group, frames.clone())?);
        for spec in topology.shapes().iter().filter(|spec| spec.group == name) {
            let Some(own) = scene.styles.get_mut(&spec.name) else { continue };
            *own = ShapeStyle {
                group: spec.group.clone(),
                feather_px: style.feather_px,
                feather_falloff: style.feather_falloff,
                opacity: style.opacity,
                stroke_width_px: if spec.closed { 0.0 } else { start.output.seam_width_px },
                keys: keys.clone(),
                ..ShapeStyle::default()
            };
        }
    }
    scene.on_plate(plate_of_files(results.plate(), args.project())).map_err(Error::node)
}

/// Feather and opacity of a group on the frames, where the artist keyed one of them.
fn style_keys(
    args: &ChangedArgs<'_, FeatureDetect>,
    group: usize,
    frames: RangeInclusive<i64>,
) -> Result<Vec<StyleKey>> {
    let [feather, _, _, opacity] = ShapeSettings::style_numbers(group);
    let params = args.params();
    let (feather, opacity) = (params.get(feather)?, params.get(opacity)?);
    // A host that counts no keys has none.
    if feather.key_count().unwrap_or(0) + opacity.key_count().unwrap_or(0) == 0 {
        return Ok(Vec::new());
    }
    let key = |frame: i64| -> Result<StyleKey> {
        let time = frame as f64;
        Ok(StyleKey { frame, feather_px: feather.value_at(time)?, opacity: opacity.value_at(time)? })
    };
    Ok(StyleKey::reduced(&frames.map(key).collect::<Result<Vec<_>>>()?))
}

fn folder(settings: &ExchangeSettings) -> Result<PathBuf> {
    match settings.export_dir.trim() {
        "" => Err(Error::node("give the Folder that the file is to be written into".to_owned())),
        folder => Ok(PathBuf::from(folder)),
    }
}

/// The path of a file, which no name can lead out of the folder.
fn place(folder: &Path, name: &str, frame: Option<i64>, format: Format) -> Result<PathBuf> {
    if name.is_empty() || Path::new(name).file_name() != Some(name.as_ref()) {
        return Err(Error::node(format!("the export's Name \"{name}\" must be a file name without folders")));
    }
    let number = frame.map_or_else(String::new, |frame| format!("{frame:04}."));
    Ok(folder.join(format!("{name}.{number}{}", format.extension())))
}

/// The file of corrections beside that of an analysis.
fn edits_file(analysis_file: &Path) -> PathBuf {
    analysis_file.with_extension("edits.json")
}

fn analysis_file(settings: &FeatureDetectSettings) -> Result<PathBuf> {
    match settings.analysis.analysis_file.trim() {
        "" => Err(Error::node("give the Analysis file first".to_owned())),
        file => Ok(PathBuf::from(file)),
    }
}

/// Takes the file's analysis into the project, and the corrections beside it where there are none.
fn load(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<String> {
    let settings = args.settings();
    let path = analysis_file(&settings)?;
    let wrong = |path: &Path, error: roto::Error| Error::node(format!("{}: {error}", path.display()));
    let text = read_text(&path)?;
    let analysis = Analysis::parse(&text).map_err(|error| wrong(&path, error))?;
    let beside = edits_file(&path);
    let edits = match settings.analysis.edits.trim().is_empty() && beside.exists() {
        true => {
            let text = read_text(&beside)?;
            let edits = Edits::parse(&text).map_err(|error| wrong(&beside, error))?;
            (!edits.is_empty()).then_some((edits, text))
        }
        false => None,
    };
    let mut status = format!("loaded {} frames from {}", analysis.len(), path.display());
    let chosen = Networks::open(&settings.analysis).map(|networks| networks.id());
    if chosen.as_ref().is_ok_and(|id| *id != analysis.model()) {
        status += &format!("; they are by {}, which is not the Model that is chosen", told_model(&analysis));
    }
    let by_the_chosen =
        chosen.ok().filter(|id| *id == analysis.model() && settings.analysis.network.model_id.is_empty());
    effect.store.wrote_analysis(&text, analysis);
    args.params().edit("Load analysis", |params| {
        if let Some(id) = by_the_chosen {
            model_choice::remember(params, id, Networks::chosen_by(&settings.analysis))?;
        }
        params.set(AnalysisSettings::analysis, text)?;
        match edits {
            Some((edits, text)) => {
                status += &format!(", and the corrections of {} frames", edits.frames().count());
                params.set(AnalysisSettings::edits, text)
            }
            None => Ok(()),
        }
    })?;
    Ok(status)
}

/// Writes analysis and corrections beside the project.
fn save(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<String> {
    let settings = args.settings();
    let path = analysis_file(&settings)?;
    let Some(analysis) = effect.store.analysis(&settings)? else {
        return Err(Error::node("there is nothing to save: press Analyse first".to_owned()));
    };
    write_text(&path, &analysis.write().map_err(Error::node)?, true)?;
    let mut status = format!("saved {} frames in {}", analysis.len(), path.display());
    let beside = edits_file(&path);
    let edits = match effect.store.edits(&settings)? {
        // What was taken back must not come again with the next Load.
        None if beside.exists() => {
            let networks = Networks::open(&settings.analysis)?;
            Some(Arc::new(Edits::new(networks.topology(), *analysis.plate()).map_err(Error::node)?))
        }
        edits => edits,
    };
    if let Some(edits) = edits {
        write_text(&beside, &edits.write().map_err(Error::node)?, true)?;
        status += &format!(", and the corrections in {}", beside.display());
    }
    Ok(status)
}

/// What an import needs of the node.
pub(super) struct Context {
    pub settings: FeatureDetectSettings,
    pub networks: Networks,
    pub results: Results,
    pub frame: i64,
}

impl Context {
    pub fn of(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<Self> {
        let settings = args.settings();
        let networks = Networks::open(&settings.analysis)?;
        let results = results_or_new(effect, args, &settings, &networks, args.time)?;
        Ok(Self { settings, networks, results, frame: frame_of(args) })
    }

    pub fn store(&self, effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, edits: Edits) -> Result<()> {
        store_edits(effect, &args.params(), (&self.settings, &self.networks), edits, "Import")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_export_is_a_button_of_the_node() {
        let ids: Vec<_> = ExchangeSettings::declarations().iter().map(|d| d.id).collect();
        assert!(EXPORTS.iter().all(|(button, _)| ids.contains(button)));
        assert_eq!(ids.iter().filter(|id| id.starts_with("export_")).count(), EXPORTS.len() + 3, "group, folder, name");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        let folder = Path::new("out");
        assert_eq!(place(folder, "eyes", Some(7), Format::CubicSegments).unwrap(), Path::new("out/eyes.0007.json"));
        assert_eq!(place(folder, "eyes", None, Format::NukeRoto).unwrap(), Path::new("out/eyes.nk"));
        for name in ["", "../eyes", "a/b", ".."] {
            assert!(place(folder, name, None, Format::NukeRoto).is_err(), "{name}");
        }
    }
}
