//! One column of the table: a group of shots under one network.

use super::folder::Shot;
use super::looks::Look;
use super::node::{Network, ScoredNode, column_name};
use super::passes::{self, SMOOTHING, Tallies, Variant};
use super::robustness::{self, LockedOff};
use super::speed;
use super::tally::{Mean, Tally};
use super::thresholds::{Found, Thresholds};
use crate::cli::ScoreToneArgs;
use crate::error::{Error, Result};
use crate::report::Terminal;
use imaging::metrics::percentile;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was found of one shot.
#[derive(Debug)]
pub struct ShotScore {
    /// Its name.
    pub name: String,
    /// Pixels across and down.
    pub size: (usize, usize),
    /// Counts by variant.
    pub tallies: Tallies,
    /// Classes under each look, where wanted.
    pub looks: BTreeMap<Look, Tally>,
    /// Wandering of the first frame, where wanted.
    pub locked_off: Option<LockedOff>,
    /// What thresholds find, where wanted.
    pub thresholds: Option<Found>,
    /// Milliseconds a frame, where wanted.
    pub milliseconds: Option<f64>,
}

/// A figure of each shot of a group, summed up.
#[derive(Debug, Clone, Copy)]
pub struct OverShots {
    /// The mean.
    pub mean: Option<f64>,
    /// The 10th percentile, between two shots where it falls between them; of one shot there is none.
    pub tenth: Option<f64>,
    /// The least.
    pub worst: Option<f64>,
}

/// A group of shots under one network.
#[derive(Debug)]
pub struct Column {
    /// The folder that was given.
    pub group: String,
    /// The network's name.
    pub network: String,
    /// Name and hash of the model, where the node says.
    pub model: Option<String>,
    /// What the node's smoothing over time was set to, where it has it.
    pub smoothing: Option<i32>,
    /// The shots.
    pub shots: Vec<ShotScore>,
    /// Sums over the shots, by variant.
    pub totals: Tallies,
    /// Sums over the shots, by look.
    pub looks: BTreeMap<Look, Tally>,
    /// Sums over the shots of what thresholds find.
    pub thresholds: Option<Found>,
}

impl Column {
    /// Renders and counts all shots of a group.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn score(
        group: &str,
        shots: &[Shot],
        network: &Network,
        thresholds: Option<&Thresholds>,
        args: &ScoreToneArgs,
        terminal: &Arc<Terminal>,
    ) -> Result<Self> {
        let (mut model, mut smoothing) = (None, None);
        let mut scores = Vec::new();
        for shot in shots {
            let node = ScoredNode::open(shot, network, args, args.run.threads, terminal)?;
            (model, smoothing) = (node.model(), node.integer(SMOOTHING));
            scores.push(score_shot(shot, &node, network, thresholds, args, terminal)?);
        }
        let merged = |e: imaging::Error| Error::Usage(format!("{group}: {e}"));
        let (mut totals, mut looks) = (Tallies::new(), BTreeMap::new());
        let mut total_thresholds: Option<Found> = None;
        for shot in &scores {
            merge(&mut totals, &shot.tallies).map_err(merged)?;
            merge(&mut looks, &shot.looks).map_err(merged)?;
            if let Some(found) = &shot.thresholds {
                let total = total_thresholds.get_or_insert_with(|| Found { whole: Tally::new(), masked: Tally::new() });
                total.whole.merge(&found.whole).map_err(merged)?;
                total.masked.merge(&found.masked).map_err(merged)?;
            }
        }
        Ok(Self {
            group: group.to_owned(),
            network: column_name(network, model.as_deref()),
            model,
            smoothing,
            shots: scores,
            totals,
            looks,
            thresholds: total_thresholds,
        })
    }

    /// The sums of a variant.
    pub fn total(&self, variant: Variant) -> Option<&Tally> {
        self.totals.get(&variant)
    }

    /// How many shots were rendered in a variant.
    pub fn shots_with(&self, variant: Variant) -> usize {
        self.shots.iter().filter(|shot| shot.tallies.contains_key(&variant)).count()
    }

    /// The variants without and with smoothing over time, where the node has it.
    pub fn smoothing_off_and_on(&self) -> (Option<&Tally>, Option<&Tally>) {
        match self.smoothing {
            None => (self.total(Variant::Default), None),
            Some(0) => (self.total(Variant::Default), self.total(Variant::Smoothed)),
            Some(_) => (self.total(Variant::Unsmoothed), self.total(Variant::Default)),
        }
    }

    /// The shots' mean IoU, summed up.
    pub fn shots_mean_iou(&self) -> OverShots {
        let all = self.shots.iter().filter_map(|shot| shot.tallies.get(&Variant::Default)?.mean_iou());
        let mut all: Vec<f64> = all.collect();
        let mut mean = Mean::default();
        all.iter().for_each(|iou| mean.add(Some(*iou)));
        let worst = all.iter().copied().reduce(f64::min);
        let several = all.len() > 1;
        OverShots { mean: mean.value(), tenth: percentile(&mut all, 10.0).ok().flatten().filter(|_| several), worst }
    }

    /// The look with the lowest mean IoU.
    pub fn worst_look(&self) -> Option<(Look, f64)> {
        let all = self.looks.iter().filter_map(|(look, tally)| Some((*look, tally.mean_iou()?)));
        all.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The widest wandering of the shots' locked-off frames: without and with smoothing over time.
    pub fn locked_off_off_and_on(&self) -> (Option<f64>, Option<f64>) {
        let widest = |of: fn(&LockedOff) -> Option<f64>| {
            self.shots.iter().filter_map(|shot| of(shot.locked_off.as_ref()?)).reduce(f64::max)
        };
        let (default, other) = (widest(|found| found.default), widest(|found| found.other));
        if self.smoothing.is_some_and(|frames| frames > 0) { (other, default) } else { (default, other) }
    }

    /// Mean milliseconds a frame over the shots.
    pub fn milliseconds(&self) -> Option<f64> {
        let mut mean = Mean::default();
        self.shots.iter().for_each(|shot| mean.add(shot.milliseconds));
        mean.value()
    }
}

fn score_shot(
    shot: &Shot,
    node: &ScoredNode,
    network: &Network,
    thresholds: Option<&Thresholds>,
    args: &ScoreToneArgs,
    terminal: &Terminal,
) -> Result<ShotScore> {
    let tallies = passes::render(shot, node, args)?;
    let looks = if args.wants_looks() { robustness::looks(shot, node)? } else { BTreeMap::new() };
    let locked_off = args.wants_locked_off().then(|| robustness::locked_off(shot, node, args.smoothing)).transpose()?;
    let milliseconds = args.wants_time().then(|| speed::milliseconds(shot, network, args)).transpose()?;
    terminal.step();
    Ok(ShotScore {
        name: shot.name.clone(),
        size: (shot.width, shot.height),
        tallies,
        looks,
        locked_off,
        thresholds: thresholds.map(|thresholds| thresholds.count(shot)).transpose()?,
        milliseconds,
    })
}

fn merge<K: Ord + Copy>(total: &mut BTreeMap<K, Tally>, shot: &BTreeMap<K, Tally>) -> imaging::Result<()> {
    shot.iter().try_for_each(|(key, tally)| total.entry(*key).or_insert_with(Tally::new).merge(tally))
}
