//! From the host's images to what the network answers about them.

use super::analysis::{self, Analysis, Key};
use super::mattes::{Frame, NetworkPicture, network_size};
use super::{MASK, NODE, ToneSegment, selected_model};
use crate::nodes::stages::Stage;
use crate::nodes::{model, picture};
use imaging::color::NetworkEncoder;
use inference::{Request, Role, tensor};
use ndarray::Array2;
use ofx_sdk::plugin::{Image, RenderArgs};
use ofx_sdk::{Error, RectI, Result};
use std::sync::Arc;

/// How the names of hosts begin that call a clip connected though nothing is: no image there means no mask.
const HOSTS_THAT_CONNECT_ALL: [&str; 2] = ["DaVinciResolve", "com.blackmagicdesign"];

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
    /// The mask at the frame that is rendered.
    ///
    /// # Errors
    /// An image that cannot be used.
    pub fn of(args: &'a RenderArgs<'_, ToneSegment>) -> Result<Self> {
        if !args.settings.use_mask {
            return Ok(Self::Absent);
        }
        if let Some(image) = args.image(&MASK)? {
            return Ok(Self::Image(image));
        }
        let trusted = !HOSTS_THAT_CONNECT_ALL.iter().any(|host| args.host().name.starts_with(host));
        let connected = trusted && args.clip(&MASK).is_ok_and(|clip| clip.says_connected() == Some(true));
        Ok(if connected { Self::Empty } else { Self::Absent })
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
            Self::Image(image) => picture::coverage(args, image, bounds).map(Some),
        }
    }
}

/// Shows the network what it needs of a frame, unless that has been done.
///
/// # Errors
/// A model that cannot be used, a frame too large, an abort.
pub fn analyse(args: &RenderArgs<'_, ToneSegment>, source: &Image<'_>, mask: &Mask<'_>) -> Result<Arc<Analysis>> {
    let settings = &args.settings;
    let engine = model::engine()?;
    let model = selected_model(settings, &settings.model_id, &engine)?;
    let device = settings.device.with_index(settings.device_index);
    let (colorspace, exposure) = (settings.source_colorspace.0, settings.exposure as f32);
    let working_size = settings.working_size.max(1) as usize;
    let images: Vec<_> = [source].into_iter().chain(mask.image()).collect();
    let empty = matches!(mask, Mask::Empty);
    let aspect = source.pixel_aspect();
    // The whole entry, because a custom model's may change beside the file.
    let rest = format!("{:?} {device} {colorspace:?} {exposure} {working_size} {aspect} {empty}", model);
    let key = Stage::Hash.time(|| Key::of(args, &images, &rest));
    analysis::find_or_make(key, &|| args.aborted(), || {
        args.check_abort()?;
        let frame = Stage::Convert.time(|| {
            let display = picture::display_colors(args, source, &NetworkEncoder::new(colorspace, exposure))?;
            Ok::<_, Error>(Frame { display, subject: mask.subject(args, source.bounds())? })
        })?;
        args.check_abort()?;
        let size = network_size(frame.size(), aspect, working_size);
        let picture =
            Stage::Resize.time(|| NetworkPicture::new(&frame, size, args.thread_count())).map_err(Error::node)?;
        let stride = model.entry.stride;
        let mut inputs = vec![(Role::Image, tensor::pad_to_stride(picture.image.clone(), stride))];
        if let (Some(subject), Some(_)) = (&picture.subject, model.entry.input(Role::Subject)) {
            inputs.push((Role::Subject, tensor::pad_to_stride(subject.clone(), stride)));
        }
        let request = Request { model, device, inputs };
        let answer = Stage::Model.time(|| engine.infer(request, &|| args.aborted())).map_err(model::to_node_error)?;
        if !answer.cached {
            log::info!("{NODE}: frame {}: {:.1} ms on {}", args.time, answer.milliseconds, answer.provider);
        }
        Ok(Analysis::new(frame, picture, size, answer.logits))
    })
}
