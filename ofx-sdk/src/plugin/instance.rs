//! The host's side of one node, during one call: its clips, messages, progress, threads and project.

use super::{
    host_info::{FetchedHost, Host},
    image::LentMemory,
    params::Values,
    properties::Properties,
    settings::Settings,
    suites::{EffectHandle, HostMemory, Job, Suites},
};
use crate::{Error, FrameRange, Result, Status, sys};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// What outlives a single call: the host that made the node, and whether the node still exists.
pub(crate) struct Link {
    pub(crate) host: Arc<FetchedHost>,
    pub(crate) handle: EffectHandle,
    pub(crate) alive: AtomicBool,
}

/// The error of a call that comes too late.
pub(crate) fn destroyed() -> Error {
    Error::Call { call: "a call of a destroyed node".to_owned(), status: Status::BAD_HANDLE }
}

/// The host's side of a node. Every argument struct of [`Effect`](super::Effect) is one.
///
/// When the host destroys the node while a render goes on, every call answers with an error and
/// [`aborted`](Self::aborted) becomes true.
pub struct Instance {
    pub(crate) link: Arc<Link>,
    /// Images that are out, so that no two of them lend the same memory for writing.
    pub(crate) lent: LentMemory,
    /// Edits that are open, one within another.
    pub(crate) open_edits: AtomicUsize,
}

impl Instance {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self { link, lent: LentMemory::default(), open_edits: AtomicUsize::new(0) }
    }

    pub(crate) fn suites(&self) -> &Suites {
        &self.link.host.suites
    }

    pub(crate) fn suites_arc(&self) -> &Arc<Suites> {
        &self.link.host.suites
    }

    /// The node's handle, while the node exists.
    pub(crate) fn handle(&self) -> Result<EffectHandle> {
        if self.link.alive.load(Ordering::Acquire) { Ok(self.link.handle) } else { Err(destroyed()) }
    }

    pub(crate) fn properties(&self) -> Result<Properties<'_>> {
        Ok(Properties::of(self, self.suites().effect_properties(self.handle()?)?))
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.link.host.info
    }

    /// Whether the host asks to stop. May be asked from any thread, but Natron answers only on its own: ask on the
    /// thread of the call, or in [`for_each_piece`](Self::for_each_piece).
    #[doc(alias = "abort")]
    pub fn aborted(&self) -> bool {
        self.handle().map_or(true, |handle| self.suites().abort(handle))
    }

    pub(crate) fn settings_at<S: Settings>(&self, time: f64) -> S {
        S::read(&Values::new(self, Some(time)))
    }

    pub(crate) fn settings<S: Settings>(&self) -> S {
        S::read(&Values::new(self, None))
    }

    /// How many threads the host lends, this one included.
    #[doc(alias = "multiThreadNumCPUs")]
    pub fn thread_count(&self) -> usize {
        self.suites().thread_count()
    }

    /// Calls `work` once for each piece from 0 to `pieces`, on threads of the host where it lends any, and on this
    /// one. Returns when all are done.
    #[doc(alias = "multiThread")]
    pub fn for_each_piece(&self, pieces: usize, work: impl Fn(usize) + Sync) {
        Job::run(self.suites(), pieces, &work);
    }

    /// Calls `work` once with each item, as [`for_each_piece`](Self::for_each_piece) does with numbers: what is to be
    /// written can be given away.
    pub fn for_each_item<T: Send>(&self, items: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
        let items: Vec<_> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
        self.for_each_piece(items.len(), |piece| {
            let item = items[piece].lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(item) = item {
                work(item);
            }
        });
    }

    /// Memory from the host's pool, all zero.
    #[doc(alias = "memoryAlloc")]
    pub fn allocate(&self, bytes: usize) -> Result<HostMemory> {
        HostMemory::allocate(self.suites_arc(), self.handle()?, bytes)
    }

    /// The host's time line; every call fails where it has none.
    pub fn timeline(&self) -> Timeline<'_> {
        Timeline { instance: self }
    }

    /// The project; every value is `None` where the host does not say.
    pub fn project(&self) -> Project {
        self.properties().map(|p| Project::read(&p)).unwrap_or_default()
    }

    /// Whether the artist has the node's panel open.
    #[doc(alias = "kOfxPropIsInteractive")]
    pub fn is_interactive(&self) -> bool {
        self.properties().ok().and_then(|p| p.flag(sys::kOfxPropIsInteractive)).unwrap_or(false)
    }
}

/// What the host says about the project that a node is in. Sizes are canonical, x first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Project {
    /// Width and height of the part that is seen.
    pub size: Option<[f64; 2]>,
    /// Lower left corner of that part.
    pub offset: Option<[f64; 2]>,
    /// Width and height of all that may be rendered.
    pub extent: Option<[f64; 2]>,
    /// Width of a pixel over its height.
    pub pixel_aspect: Option<f64>,
    /// Frames per second.
    pub frame_rate: Option<f64>,
    /// Frames that the node lasts.
    pub duration: Option<f64>,
}

impl Project {
    fn read(p: &Properties<'_>) -> Self {
        Self {
            size: p.doubles(sys::kOfxImageEffectPropProjectSize),
            offset: p.doubles(sys::kOfxImageEffectPropProjectOffset),
            extent: p.doubles(sys::kOfxImageEffectPropProjectExtent),
            pixel_aspect: p.positive(sys::kOfxImageEffectPropProjectPixelAspectRatio),
            frame_rate: p.positive(sys::kOfxImageEffectPropFrameRate),
            duration: p.double(sys::kOfxImageEffectInstancePropEffectDuration),
        }
    }
}

/// The host's time line.
#[doc(alias = "OfxTimeLineSuiteV1")]
#[derive(Clone, Copy)]
pub struct Timeline<'a> {
    instance: &'a Instance,
}

impl Timeline<'_> {
    /// The current frame.
    pub fn time(&self) -> Result<f64> {
        self.instance.suites().timeline_time(self.instance.handle()?)
    }

    /// Moves to a frame.
    pub fn go_to(&self, time: f64) -> Result<()> {
        self.instance.suites().timeline_go_to(self.instance.handle()?, time)
    }

    /// First and last frame.
    pub fn bounds(&self) -> Result<FrameRange> {
        self.instance.suites().timeline_bounds(self.instance.handle()?)
    }
}
