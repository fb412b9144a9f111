//! From the host's images to what the network answers about them.

use super::analysis::{ANALYSES, ANALYSES_KEPT, Analysis, SIGHTS, SMOOTHING_NODES};
use super::around::{self, Notice, Notices};
use super::looks::{Geometry, Looks, NetworkPicture, looks_together};
use super::mattes::{Frame, Tones};
use super::output::CLASSES;
use super::smoothing::Sight;
use super::{MASK, NODE, ToneSegment, selected_model};
use crate::nodes::kept::{Key, Room};
use crate::nodes::stages::Stage;
use crate::nodes::{model, picture};
use imaging::Size;
use imaging::color::NetworkEncoder;
use inference::{Device, Engine, Model, Request, Role, tensor};
use ndarray::{Array2, Array3};
use ofx_sdk::plugin::{Image, MessageKind, RenderArgs};
use ofx_sdk::{Error, RectI, Result};
use std::sync::Arc;

/// Bytes that each pixel of the network's picture takes until its tones are known: the picture, padded and not, its logits,
/// a third of these for all smaller looks, two more logits while looks are brought together, and the tones.
const PIXEL_BYTES: usize = LOOK_BYTES + LOOK_BYTES.div_ceil(3) + 2 * CLASSES * size_of::<f32>() + Tones::PIXEL_BYTES;
const LOOK_BYTES: usize = 2 * (4 + CLASSES) * size_of::<f32>();

/// What the artist gave as the subject of a frame.
pub enum Mask<'a> {
    /// No mask: the whole frame may be subject.
    Absent,
    /// A mask without an image at this time, as of a shape that has left the frame: nothing is subject.
    Empty,
    /// A mask.
    Image(Image<'a>),
}

impl<'a> Mask<'a> {
    /// The mask at a frame.
    ///
    /// # Errors
    /// An image that cannot be used.
    pub fn at(args: &'a RenderArgs<'_, ToneSegment>, time: f64) -> Result<Self> {
        if !args.settings.use_mask {
            return Ok(Self::Absent);
        }
        if let Some(image) = args.image_at(&MASK, time)? {
            return Ok(Self::Image(image));
        }
        Ok(if picture::is_connected(args, &MASK) { Self::Empty } else { Self::Absent })
    }

    fn image(&self) -> Option<&Image<'a>> {
        match self {
            Self::Image(image) => Some(image),
            Self::Absent | Self::Empty => None,
        }
    }

    /// The subject of a frame with these bounds.
    fn subject(&self, args: &RenderArgs<'_, ToneSegment>, bounds: RectI) -> Result<Option<Array2<f32>>> {
        match self {
            Self::Absent => Ok(None),
            Self::Empty => picture::nothing(bounds).map(Some),
            Self::Image(image) => picture::coverage(args, image, bounds, args.settings.mask_channel).map(Some),
        }
    }
}

/// What a network looks at: the pictures of a frame.
pub struct Plate<'i, 'a> {
    pub source: &'i Image<'a>,
    pub mask: &'i Mask<'a>,
    /// The pixels that are looked at; black where the source has none.
    pub bounds: RectI,
    pub time: f64,
}

/// Shows the network what it needs of a frame, and of those around it, unless that has been done.
///
/// # Errors
/// A model that cannot be used, a frame too large, an abort.
pub fn analyse(
    args: &RenderArgs<'_, ToneSegment>,
    source: &Image<'_>,
    mask: &Mask<'_>,
    notices: &Notices,
) -> Result<Arc<Analysis>> {
    let analyst = Analyst::new(args, &notices.device)?;
    let plate = Plate { source, mask, bounds: source.bounds(), time: args.time };
    let key = analyst.key(&plate);
    let neighbors = around::neighbors(&analyst, &plate, key, &notices.smoothing)?;
    let smoothed = neighbors.key(key);
    if let Some(found) = ANALYSES.find(smoothed) {
        return Ok(found);
    }
    // Before the frame's turn: renders that wait for it would lose patience, and each of these has a turn of its own.
    let sights = neighbors.sights(&analyst, &plate)?;
    ANALYSES.find_or_make(smoothed, ANALYSES_KEPT, &|| args.aborted(), || {
        let (frame, picture) = analyst.show(&plate)?;
        let logits = if neighbors.is_empty() {
            analyst.answer(&plate, &picture)?
        } else {
            let own = analyst.kept_sight(key, || analyst.sight(&plate, &picture))?;
            Arc::new(neighbors.smooth(&analyst, (key, &own), &sights)?)
        };
        let size = picture.size();
        Ok(Analysis::new(frame, picture, size, logits))
    })
}

/// Who asks the network: the node's settings at one render, and the model that they name.
pub struct Analyst<'r, 'a> {
    pub args: &'r RenderArgs<'a, ToneSegment>,
    engine: Arc<Engine>,
    model: Arc<Model>,
    device: Device,
    notice: &'r Notice,
}

impl<'r, 'a> Analyst<'r, 'a> {
    fn new(args: &'r RenderArgs<'a, ToneSegment>, notice: &'r Notice) -> Result<Self> {
        let engine = model::engine()?;
        let model = selected_model(&args.settings, &args.settings.network.model_id, &engine)?;
        let device = args.settings.network.engine_device();
        Ok(Self { args, engine, model, device, notice })
    }

    /// The key of all that the network's answer depends on.
    pub fn key(&self, plate: &Plate<'_, '_>) -> Key {
        let settings = &self.args.settings;
        let (colorspace, exposure) = (settings.encoding.source_colorspace.0, settings.encoding.exposure as f32);
        let alpha = settings.encoding.source_alpha.of(plate.source);
        let images: Vec<_> = [plate.source].into_iter().chain(plate.mask.image()).collect();
        let mask = match plate.mask {
            Mask::Absent => "none".to_owned(),
            Mask::Empty => "empty".to_owned(),
            Mask::Image(_) => format!("{:?}", settings.mask_channel),
        };
        let (Looks { size, count }, device) = (self.looks(plate), self.device);
        let bounds = plate.bounds;
        // The whole entry, because a custom model's may change beside the file.
        let rest =
            format!("{:?} {device} {colorspace:?} {alpha:?} {exposure} {size:?} {count} {mask} {bounds:?}", self.model);
        Stage::Hash.time(|| Key::of(self.args, &images, &rest))
    }

    /// A frame, and the picture of it that the network is shown.
    pub fn show(&self, plate: &Plate<'_, '_>) -> Result<(Frame, NetworkPicture)> {
        let (args, settings) = (self.args, &self.args.settings);
        args.check_abort()?;
        let encoder = NetworkEncoder::new(settings.encoding.source_colorspace.0, settings.encoding.exposure as f32);
        let frame = Stage::Convert.time(|| {
            let display =
                picture::display_colors(args, plate.source, plate.bounds, settings.encoding.source_alpha, &encoder)?;
            Ok::<_, Error>(Frame { display, subject: plate.mask.subject(args, plate.bounds)? })
        })?;
        args.check_abort()?;
        let size = self.looks(plate).size;
        picture::check_memory(size.width.saturating_mul(size.height).saturating_mul(PIXEL_BYTES))?;
        let picture =
            Stage::Resize.time(|| NetworkPicture::new(&frame, size, args.thread_count())).map_err(Error::node)?;
        Ok((frame, picture))
    }

    /// The network's logits of a plate's picture, padded or not, after as many looks as the settings want.
    pub fn answer(&self, plate: &Plate<'_, '_>, picture: &NetworkPicture) -> Result<Arc<Array3<f32>>> {
        let threads = self.args.thread_count();
        let mut answers = vec![self.look(picture, plate.time)?];
        let mut smaller = None;
        for _ in 1..self.looks(plate).count {
            self.args.check_abort()?;
            let last = smaller.as_ref().unwrap_or(picture);
            let next = Stage::Resize.time(|| last.halved(threads)).map_err(Error::node)?;
            answers.push(self.look(&next, plate.time)?);
            smaller = Some(next);
        }
        Stage::Upsample.time(|| looks_together(&answers, picture.size(), threads)).map_err(Error::node)
    }

    /// The network's logits of a picture, padded as the model wants it.
    fn look(&self, picture: &NetworkPicture, time: f64) -> Result<Arc<Array3<f32>>> {
        let stride = self.model.entry.stride;
        let request = || {
            let mut inputs = vec![(Role::Image, tensor::pad_to_stride(picture.image.clone(), stride))];
            if let (Some(subject), Some(_)) = (&picture.subject, self.model.entry.input(Role::Subject)) {
                inputs.push((Role::Subject, tensor::pad_to_stride(subject.clone(), stride)));
            }
            Request { model: self.model.clone(), device: self.device, inputs }
        };
        let answer = Stage::Model.time(|| model::infer(&self.engine, &request, &|| self.args.aborted()))?;
        if let Some(text) = model::lost_gpu(NODE, self.device, answer.fallback.as_ref()) {
            self.notice.once(self.args, MessageKind::Warning, &text);
        }
        if !answer.cached {
            log::info!("{NODE}: frame {time}: {:.1} ms on {}", answer.milliseconds, answer.provider);
        }
        Ok(answer.logits)
    }

    /// What temporal smoothing needs of a plate's picture.
    pub fn sight(&self, plate: &Plate<'_, '_>, picture: &NetworkPicture) -> Result<Sight> {
        let logits = self.answer(plate, picture)?;
        Stage::Motion.time(|| Sight::new(picture, logits, self.args.thread_count())).map_err(Error::node)
    }

    /// The sight of a key, made only if no render has it.
    pub fn kept_sight(&self, key: Key, make: impl FnOnce() -> Result<Sight>) -> Result<Arc<Sight>> {
        // Of one frame all those around it, and of the next the one that is new; as far as memory goes, of each node.
        let window = 2 * self.args.settings.temporal_smoothing.max(0) as usize + 2;
        let room = Room { least: window, most: 2 * window * SMOOTHING_NODES.count() };
        SIGHTS.find_or_make(key, room, &|| self.args.aborted(), make)
    }

    /// The pictures of a plate that the network is shown.
    fn looks(&self, plate: &Plate<'_, '_>) -> Looks {
        Looks::new(&self.args.settings, &geometry(self.args, plate.source, plate.bounds))
    }
}

/// Where the pixels within `bounds` lie.
pub fn geometry(args: &RenderArgs<'_, ToneSegment>, source: &Image<'_>, bounds: RectI) -> Geometry {
    Geometry {
        frame: Size::new(bounds.width(), bounds.height()),
        pixel_aspect: source.pixel_aspect(),
        scale: [args.scale.x.abs(), args.scale.y.abs()],
        project: args.project().size,
    }
}
