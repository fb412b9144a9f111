//! What an artist can undo. A change and all that a plug-in changes in answer to it are one step, as is all that lies
//! between paramEditBegin and paramEditEnd.

use super::{
    change::{self, Changed, Reason},
    curve::Curve,
    effect::Effect,
    param::Param,
    sync::lock,
};
use crate::{Result, sys};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    thread::ThreadId,
};

/// More steps than an artist goes back; the oldest are forgotten.
const MOST_STEPS: usize = 1000;

/// The steps of one instance.
#[derive(Default)]
pub(crate) struct History(Mutex<State>);

#[derive(Default)]
struct State {
    done: Vec<Step>,
    undone: Vec<Step>,
    /// The step that changes go into now, and how many changes and blocks within each other it consists of.
    current: Option<(Step, u32)>,
    /// Labels of the blocks that the plug-in has opened.
    blocks: Vec<String>,
    /// The thread of each block that is open: one viewer draws while in another an edit goes on.
    open_blocks: Vec<ThreadId>,
}

/// One step: the curves that undoing it puts back.
struct Step {
    label: String,
    curves: BTreeMap<String, Curve>,
    /// Not so for what a plug-in changes in answer to undo itself.
    kept: bool,
}

impl Step {
    fn new(label: &str, kept: bool) -> Self {
        Self { label: label.to_owned(), curves: BTreeMap::new(), kept }
    }
}

/// What changes while this lives belongs to one step.
pub(crate) struct Open<'a>(&'a History);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        lock(&self.0.0).close();
    }
}

impl State {
    fn open(&mut self, label: &str, kept: bool) {
        let (_, depth) = self.current.get_or_insert_with(|| (Step::new(label, kept), 0));
        *depth += 1;
    }

    fn close(&mut self) {
        let Some((step, depth)) = self.current.take() else { return };
        if depth > 1 {
            self.current = Some((step, depth - 1));
        } else if step.kept && !step.curves.is_empty() {
            self.undone.clear();
            self.done.push(step);
            if self.done.len() > MOST_STEPS {
                self.done.remove(0);
            }
        }
    }
}

impl History {
    /// Changes from now on belong to one step, which has this label unless one is open already.
    pub fn open(&self, label: &str) -> Open<'_> {
        lock(&self.0).open(label, true);
        Open(self)
    }

    /// Remembers a curve that is about to change.
    pub fn record(&self, param: &Param) {
        let Some(curve) = param.curve.as_ref().map(|curve| lock(curve).clone()) else { return };
        if param.properties.int(sys::kOfxParamPropCanUndo) == Some(0) {
            return;
        }
        if let Some((step, _)) = &mut lock(&self.0).current {
            step.curves.entry(param.name.clone()).or_insert(curve);
        }
    }

    /// The plug-in opens a block; `false` where one is open on this thread.
    pub fn begin_block(&self, label: &str) -> bool {
        let mut state = lock(&self.0);
        let this = std::thread::current().id();
        let is_outermost = !state.open_blocks.contains(&this);
        // Blocks within a block belong to its undo step.
        if state.open_blocks.is_empty() {
            state.blocks.push(label.to_owned());
        }
        state.open_blocks.push(this);
        state.open(label, true);
        is_outermost
    }

    /// The plug-in closes a block; `false` where none is open on this thread.
    pub fn end_block(&self) -> bool {
        let mut state = lock(&self.0);
        let this = std::thread::current().id();
        let open = state.open_blocks.iter().rposition(|thread| *thread == this);
        if let Some(block) = open {
            state.open_blocks.remove(block);
            state.close();
        }
        open.is_some()
    }

    /// Closes what the plug-in has left open on this thread; whether there was any.
    pub fn end_all_blocks(&self) -> bool {
        let mut any = false;
        while self.end_block() {
            any = true;
        }
        any
    }

    pub fn blocks(&self) -> Vec<String> {
        lock(&self.0).blocks.clone()
    }

    pub fn steps(&self) -> Vec<String> {
        lock(&self.0).done.iter().map(|step| step.label.clone()).collect()
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Undo,
    Redo,
}

/// Takes the last step back, or forth again; its label. The plug-in is told where `tell` is set.
pub(crate) fn travel(effect: &Arc<Effect>, way: Way, tell: bool) -> Result<Option<String>> {
    let Some(life) = &effect.life else { return Ok(None) };
    let taken = {
        let mut state = lock(&life.history.0);
        if way == Way::Undo { state.done.pop() } else { state.undone.pop() }
    };
    let Some(step) = taken else { return Ok(None) };
    let mut reverse = Step::new(&step.label, true);
    for (id, curve) in step.curves {
        let param = change::find(effect, &id)?;
        if let Some(now) = param.change(|own| std::mem::replace(own, curve)) {
            reverse.curves.insert(id.clone(), now);
        }
        change::mark(effect, &id);
    }
    let changes: Vec<Changed> = reverse.curves.keys().map(|id| Changed::Param(id.clone())).collect();
    {
        let mut state = lock(&life.history.0);
        if way == Way::Undo { state.undone.push(reverse) } else { state.done.push(reverse) }
    }
    if tell {
        lock(&life.history.0).open(&step.label, false);
        let _unkept = Open(&life.history);
        change::tell(effect, Reason::UserEdited, &changes)?;
    }
    Ok(Some(step.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_closes_its_own_blocks_alone() {
        let history = History::default();
        assert!(history.begin_block("drag"));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(!history.end_all_blocks(), "another viewer has drawn");
                assert!(history.begin_block("key"));
                assert!(!history.begin_block("within"));
                assert!(history.end_block());
                assert!(history.end_block());
                assert!(!history.end_block());
            });
        });
        assert!(history.end_block(), "the drag goes on until it ends");
        assert!(!history.end_block());
        assert_eq!(history.blocks(), ["drag"], "what lies within a block belongs to it");
    }
}
