//! What other looks and other noise do to the node's answer.

use super::altered::{Altered, Change};
use super::folder::Shot;
use super::looks::Look;
use super::node::{COLORSPACE, ScoredNode};
use super::passes::{self, SMOOTHING};
use super::tally::Tally;
use super::truth::Truth;
use crate::error::{Error, Result};
use crate::source::FileSource;
use imaging::metrics::{PixelRange, percentile};
use ndarray::Array2;
use ofx_sdk::host::ParamValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes of the locked-off frame.
const TAKES: i64 = 24;

/// The share of pixels, in percent, whose wandering the locked-off figure bounds.
const LOCKED_OFF_PERCENT: f64 = 99.9;

/// Changed frames that stay in memory: a node that smooths so far asks for each of them several times.
fn most_kept(smoothing: i32) -> usize {
    2 * smoothing.max(0) as usize + 1
}

fn files(node: &ScoredNode) -> Result<Arc<FileSource>> {
    node.session.main_source().cloned().ok_or_else(|| Error::Plugin("the node has no clip Source".into()))
}

/// The classes that the node finds under each look, without Mask.
///
/// # Errors
/// See [`Error`].
pub fn looks(shot: &Shot, node: &ScoredNode) -> Result<BTreeMap<Look, Tally>> {
    let files = files(node)?;
    let before = node.get(COLORSPACE)?;
    let kept = most_kept(node.integer(SMOOTHING).unwrap_or(0));
    let mut found = BTreeMap::new();
    for look in Look::ALL {
        node.feed(Arc::new(Altered::new(files.clone(), shot, Change::Look(look), kept)))?;
        node.choose(COLORSPACE, look.declared(shot.colorspace).id())?;
        found.insert(look, passes::count_classes(shot, node)?);
        node.set(COLORSPACE, &before)?;
    }
    node.feed(files)?;
    Ok(found)
}

/// How far mattes wander on a frame that stands still, as a share of the whole range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LockedOff {
    /// As the node comes.
    pub default: Option<f64>,
    /// With smoothing over time the other way: on where the node comes without, off where it comes with.
    pub other: Option<f64>,
}

/// The first frame under changing grain: of each pixel outside the band around true borders, the range of the matte that
/// wanders most; of these, the 99.9th percentile.
///
/// # Errors
/// See [`Error`].
pub fn locked_off(shot: &Shot, node: &ScoredNode, smoothing: i32) -> Result<LockedOff> {
    let files = files(node)?;
    let change = Change::Takes { of: shot.frames[0], count: TAKES };
    let truth = Truth::read(shot, shot.frames[0])?;
    let kept = most_kept(smoothing.max(node.integer(SMOOTHING).unwrap_or(0)));
    let takes = || Arc::new(Altered::new(files.clone(), shot, change, kept));
    node.feed(takes())?;
    let default = wandering(node, &truth)?;
    let other = match node.integer(SMOOTHING) {
        None => None,
        Some(value) => {
            node.set(SMOOTHING, &ParamValue::Int(if value == 0 { smoothing } else { 0 }))?;
            let found = wandering(node, &truth);
            node.set(SMOOTHING, &ParamValue::Int(value))?;
            found?
        }
    };
    node.feed(files)?;
    Ok(LockedOff { default, other })
}

fn wandering(node: &ScoredNode, truth: &Truth) -> Result<Option<f64>> {
    let mut range = PixelRange::default();
    let wrong = |e: imaging::Error| Error::Plugin(e.to_string());
    for take in 1..=TAKES {
        range.add(node.mattes(take)?.view()).map_err(wrong)?;
    }
    let Some(widest) = range.widest() else { return Ok(None) };
    percentile(&mut off_edges(&widest, &truth.band, &truth.counted), LOCKED_OFF_PERCENT).map_err(wrong)
}

/// The values of the pixels that count and lie outside the band around borders.
fn off_edges(values: &Array2<f32>, band: &Array2<bool>, counted: &Array2<bool>) -> Vec<f64> {
    let all = values.iter().zip(band).zip(counted);
    all.filter(|((_, near), counted)| **counted && !**near).map(|((value, _), _)| f64::from(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn neither_edges_nor_what_is_left_out_wander() {
        let found = off_edges(&array![[0.25, 0.5, 0.75]], &array![[false, true, false]], &array![[true, true, false]]);
        assert_eq!(found, [0.25]);
    }
}
