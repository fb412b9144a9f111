//! The renders of a shot: every variant of the settings that a figure needs, with as few runs of the network as there are.
//!
//! The network is run once for a frame without the mask and once with it; what only changes how its answer is finished
//! follows at once, while the node still has the answer.

use super::folder::Shot;
use super::node::{ScoredNode, USE_MASK};
use super::tally::{Meter, Tally, Wanted};
use super::truth::{ClassTruth, Truth};
use crate::cli::ScoreToneArgs;
use crate::error::{Error, Result};
use imaging::matte;
use ndarray::Array3;
use ofx_sdk::host::ParamValue;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The parameter that smooths over time.
pub const SMOOTHING: &str = "temporal_smoothing";
/// The parameter that moves borders to the picture's edges.
pub const REFINE: &str = "edge_refine_px";
/// The parameter that keeps cast shadows outside Mask, where labels have them.
pub const SHADOWS_OUTSIDE: &str = "shadows_outside_mask";

/// How the node is set, or what stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// As it comes, with the settings of the command line, without Mask.
    Default,
    /// With the subject in Mask, and cast shadows outside it, where the node can keep them.
    Masked,
    /// With the network's answer enlarged bilinearly: `edge_refine_px` 0.
    Bilinear,
    /// Without smoothing over time, where it comes with some.
    Unsmoothed,
    /// With smoothing over time, where it comes with none.
    Smoothed,
    /// The first frame's answer for all frames.
    Frozen,
}

impl Variant {
    /// The name in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Masked => "with_mask",
            Self::Bilinear => "bilinear",
            Self::Unsmoothed => "smoothing_off",
            Self::Smoothed => "smoothing_on",
            Self::Frozen => "frozen_first_frame",
        }
    }

    const fn wanted(self) -> Wanted {
        let all = Wanted { boundaries: true, mattes: true, blurred: false, time: true };
        match self {
            Self::Default => Wanted { blurred: true, ..all },
            Self::Masked => all,
            Self::Bilinear => Wanted { time: false, ..all },
            Self::Unsmoothed | Self::Smoothed | Self::Frozen => Wanted { boundaries: false, mattes: false, ..all },
        }
    }

    /// Parameters that differ from the default variant.
    fn settings(self, node: &ScoredNode, args: &ScoreToneArgs) -> Vec<(&'static str, ParamValue)> {
        let on = |id: &'static str| (id, ParamValue::Bool(true));
        match self {
            Self::Default | Self::Frozen => Vec::new(),
            Self::Masked => [USE_MASK, SHADOWS_OUTSIDE].into_iter().filter(|id| node.has(id)).map(on).collect(),
            Self::Bilinear => vec![(REFINE, ParamValue::Double(0.0))],
            Self::Unsmoothed => vec![(SMOOTHING, ParamValue::Int(0))],
            Self::Smoothed => vec![(SMOOTHING, ParamValue::Int(args.smoothing))],
        }
    }
}

/// What was counted of a shot, by variant.
pub type Tallies = BTreeMap<Variant, Tally>;

/// Renders a shot in every variant that its files and the node allow.
///
/// # Errors
/// See [`Error`].
pub fn render(shot: &Shot, node: &ScoredNode, args: &ScoreToneArgs) -> Result<Tallies> {
    // A pass for each run of the network.
    let mut passes = vec![vec![Variant::Default]];
    if node.has(REFINE) {
        passes[0].push(Variant::Bilinear);
    }
    if shot.subject.is_some() && node.has(USE_MASK) {
        passes.push(vec![Variant::Masked]);
    }
    match node.integer(SMOOTHING) {
        Some(0) => passes.push(vec![Variant::Smoothed]),
        Some(_) => passes.push(vec![Variant::Unsmoothed]),
        None => {}
    }
    let mut tallies = Tallies::new();
    for pass in &passes {
        one_pass(shot, node, pass, args, &mut tallies)?;
    }
    Ok(tallies)
}

fn one_pass(
    shot: &Shot,
    node: &ScoredNode,
    pass: &[Variant],
    args: &ScoreToneArgs,
    tallies: &mut Tallies,
) -> Result<()> {
    let mut meters: Vec<(Variant, Meter)> =
        pass.iter().map(|variant| (*variant, Meter::new(variant.wanted(), args.boundary_px))).collect();
    let mut frozen = (args.wants_controls() && pass.contains(&Variant::Default))
        .then(|| (Meter::new(Variant::Frozen.wanted(), args.boundary_px), None::<Array3<f32>>));
    // One variant alone is set once: a node that smooths lets go of the frames around at every change of it.
    let (of_all, alone) = match pass {
        [variant] => (variant.settings(node, args), true),
        _ => (Vec::new(), false),
    };
    with(node, &of_all, || {
        for &frame in &shot.frames {
            let truth = Rc::new(Truth::read(shot, frame)?);
            let wrong = |e: imaging::Error| Error::input(&shot.labels.path(frame), e);
            for (variant, meter) in &mut meters {
                let own = if alone { Vec::new() } else { variant.settings(node, args) };
                let mattes = with(node, &own, || node.mattes(frame))?;
                meter.add(frame, &truth, mattes.view()).map_err(wrong)?;
                if let (Variant::Default, Some((meter, first))) = (*variant, &mut frozen) {
                    let first = first.get_or_insert(mattes);
                    meter.add(frame, &truth, first.view()).map_err(wrong)?;
                }
            }
        }
        Ok(())
    })?;
    tallies.extend(meters.into_iter().map(|(variant, meter)| (variant, meter.tally)));
    tallies.extend(frozen.map(|(meter, _)| (Variant::Frozen, meter.tally)));
    Ok(())
}

/// Does something with other settings, and sets them back.
fn with<T>(node: &ScoredNode, settings: &[(&'static str, ParamValue)], work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = settings.iter().map(|(id, _)| Ok((*id, node.get(id)?))).collect::<Result<Vec<_>>>()?;
    settings.iter().try_for_each(|(id, value)| node.set(id, value))?;
    let done = work();
    before.iter().try_for_each(|(id, value)| node.set(id, value))?;
    done
}

/// Classes alone, of every frame of what is connected to Source now.
///
/// # Errors
/// See [`Error`].
pub fn count_classes(shot: &Shot, node: &ScoredNode) -> Result<Tally> {
    let mut tally = Tally::new();
    for &frame in &shot.frames {
        let truth = ClassTruth::read(shot, frame)?;
        let found = matte::strongest(node.mattes(frame)?.view());
        tally.count(&truth, &found).map_err(|e| Error::input(&shot.labels.path(frame), e))?;
    }
    Ok(tally)
}
