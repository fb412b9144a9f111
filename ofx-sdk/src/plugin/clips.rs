//! Clips at run time, and what a node answers about them.

use super::{
    args::RenderArgs,
    descriptor::Clip,
    effect::Effect,
    image::{Image, ImageMut},
    instance::Instance,
    planes::Plane,
    properties::Properties,
    suites::ClipHandle,
};
use crate::{Components, Context, Depth, Error, Field, FrameRange, Premultiplication, RectD, Result, Status, sys};

/// A clip of a node in a project. What the host does not say is `None`.
#[derive(Clone, Copy)]
pub struct ClipInstance<'a> {
    instance: &'a Instance,
    handle: ClipHandle,
    clip: Clip,
}

impl Instance {
    /// A clip of this node. An error where the host does not know it; in the Filter context that is so for optional
    /// clips.
    #[doc(alias = "clipGetHandle")]
    pub fn clip(&self, clip: &Clip) -> Result<ClipInstance<'_>> {
        // Not to be asked for: a strict host takes that for a mistake.
        if self.context().is_some_and(|context| !clip.exists_in(context)) {
            return Err(Error::Missing(format!("clip {} in this context", clip.name())));
        }
        let handle = self.suites().clip(self.handle()?, clip.name)?;
        Ok(ClipInstance { instance: self, handle, clip: *clip })
    }

    /// The image of an input at a time. Hosts give images in render, and where the artist has changed something. Fetch
    /// them on the thread of the call; their rows may be read on any. `None` where the clip is not connected, does not
    /// exist in this context, or has no image there: take that as black and transparent.
    #[doc(alias = "clipGetImage")]
    pub fn image_at(&self, clip: &Clip, time: f64) -> Result<Option<Image<'_>>> {
        self.plane_at(clip, &Plane::Color, time)
    }

    /// The image of one plane of an input at a time; `None` as for [`image_at`](Self::image_at).
    #[doc(alias = "clipGetImagePlane")]
    pub fn plane_at(&self, clip: &Clip, plane: &Plane, time: f64) -> Result<Option<Image<'_>>> {
        match self.clip(clip) {
            Ok(input) => input.fetch(plane, time, None),
            Err(_) if clip.optional && self.handle().is_ok() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The situation in which the host uses this node.
    #[doc(alias = "kOfxImageEffectPropContext")]
    pub fn context(&self) -> Option<Context> {
        self.properties().ok()?.named(sys::kOfxImageEffectPropContext, Context::from_ofx)
    }
}

impl<'a> ClipInstance<'a> {
    fn handle(&self) -> Result<ClipHandle> {
        self.instance.handle().map(|_| self.handle)
    }

    fn properties(&self) -> Option<Properties<'a>> {
        let set = self.instance.suites().clip_properties(self.handle().ok()?).ok()?;
        Some(Properties::of(self.instance, set))
    }

    /// Whether something is connected. Resolve says so of every clip; whether there are images shows only when one is
    /// fetched. True where the host does not say.
    #[doc(alias = "kOfxImageClipPropConnected")]
    pub fn is_connected(&self) -> bool {
        self.says_connected().unwrap_or(true)
    }

    /// What the host says of the connection; `None` where it does not say.
    #[doc(alias = "kOfxImageClipPropConnected")]
    pub fn says_connected(&self) -> Option<bool> {
        self.properties()?.flag(sys::kOfxImageClipPropConnected)
    }

    /// The components in which images come.
    pub fn components(&self) -> Option<Components> {
        self.properties()?.named(sys::kOfxImageEffectPropComponents, Components::from_ofx)
    }

    /// The components of what is connected, before the host maps them.
    #[doc(alias = "kOfxImageClipPropUnmappedComponents")]
    pub fn unmapped_components(&self) -> Option<Components> {
        self.properties()?.named(sys::kOfxImageClipPropUnmappedComponents, Components::from_ofx)
    }

    /// The depth in which images come.
    pub fn depth(&self) -> Option<Depth> {
        self.properties()?.named(sys::kOfxImageEffectPropPixelDepth, Depth::from_ofx)
    }

    /// The depth of what is connected, before the host maps it.
    #[doc(alias = "kOfxImageClipPropUnmappedPixelDepth")]
    pub fn unmapped_depth(&self) -> Option<Depth> {
        self.properties()?.named(sys::kOfxImageClipPropUnmappedPixelDepth, Depth::from_ofx)
    }

    /// What alpha has to do with the color channels.
    #[doc(alias = "kOfxImageEffectPropPreMultiplication")]
    pub fn premultiplication(&self) -> Option<Premultiplication> {
        self.properties()?.named(sys::kOfxImageEffectPropPreMultiplication, Premultiplication::from_ofx)
    }

    /// Width of a pixel over its height.
    #[doc(alias = "kOfxImagePropPixelAspectRatio")]
    pub fn pixel_aspect(&self) -> Option<f64> {
        self.properties()?.positive(sys::kOfxImagePropPixelAspectRatio)
    }

    /// Frames per second.
    pub fn frame_rate(&self) -> Option<f64> {
        self.properties()?.positive(sys::kOfxImageEffectPropFrameRate)
    }

    /// The frames that it has.
    #[doc(alias = "kOfxImageEffectPropFrameRange")]
    pub fn frame_range(&self) -> Option<FrameRange> {
        let [min, max] = self.properties()?.doubles(sys::kOfxImageEffectPropFrameRange)?;
        (min.is_finite() && max.is_finite() && min <= max).then_some(FrameRange { min, max })
    }

    /// Its fields.
    #[doc(alias = "kOfxImageClipPropFieldOrder")]
    pub fn field_order(&self) -> Option<Field> {
        self.properties()?.named(sys::kOfxImageClipPropFieldOrder, Field::from_ofx)
    }

    /// Whether it has different images between frames.
    #[doc(alias = "kOfxImageClipPropContinuousSamples")]
    pub fn continuous_samples(&self) -> Option<bool> {
        self.properties()?.flag(sys::kOfxImageClipPropContinuousSamples)
    }

    /// The area that it covers at a time, in canonical coordinates.
    #[doc(alias = "clipGetRegionOfDefinition")]
    pub fn region_of_definition(&self, time: f64) -> Result<RectD> {
        self.instance.suites().clip_region_of_definition(self.handle()?, time)
    }

    /// Its image at a time; `None` where it is not connected or has no image there. `region`, canonical, asks for
    /// at least that part.
    pub fn image(&self, time: f64, region: Option<RectD>) -> Result<Option<Image<'a>>> {
        self.fetch(&Plane::Color, time, region)
    }

    fn fetch(&self, plane: &Plane, time: f64, region: Option<RectD>) -> Result<Option<Image<'a>>> {
        if !self.is_connected() {
            return Ok(None);
        }
        let Some(image) = self.fetch_raw(plane, time, region)? else {
            // A host that is aborting gives no image of any clip; that is not a clip that has none.
            return if self.instance.aborted() { Err(Error::Aborted) } else { Ok(None) };
        };
        // Resolve says that unconnected clips are connected, and gives images without pixels.
        if image.has_no_pixels() && self.clip.optional {
            return Ok(None);
        }
        image.lend(false).map(Some)
    }

    fn fetch_raw(&self, plane: &Plane, time: f64, region: Option<RectD>) -> Result<Option<Image<'a>>> {
        let suites = self.instance.suites();
        let handle = self.handle()?;
        let image = match plane {
            Plane::Color => suites.clip_image(handle, time, region)?,
            other => suites.clip_image_plane(handle, time, &other.ofx_name(), region)?,
        };
        image.map(|image| Image::new(self.instance, image, self, plane)).transpose()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.clip.name()
    }
}

impl<E: Effect> RenderArgs<'_, E> {
    /// The image of an input at this time. `None` where the clip is not connected, does not exist in this context, or
    /// has no image there: take that as black and transparent.
    pub fn image(&self, clip: &Clip) -> Result<Option<Image<'_>>> {
        self.image_at(clip, self.time)
    }

    /// The image to fill: [`window`](Self::window) of it, and of its lines those of [`field`](Self::field).
    pub fn output(&self) -> Result<ImageMut<'_>> {
        self.output_plane(&Plane::Color)
    }

    /// The image of one of [`planes`](Self::planes) to fill.
    pub fn output_plane(&self, plane: &Plane) -> Result<ImageMut<'_>> {
        let clip = self.clip(&Clip::OUTPUT)?;
        let withheld = || match self.aborted() {
            true => Error::Aborted,
            false => {
                Error::Call { call: format!("clipGetImage(Output, plane {})", plane.id()), status: Status::FAILED }
            }
        };
        let image = clip.fetch_raw(plane, self.time, None)?.ok_or_else(withheld)?;
        Ok(ImageMut::new(image.lend(true)?, self.window, self.field))
    }
}

/// A clip and time that the output equals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Identity {
    /// The clip.
    pub clip: Clip,
    /// The frame of it.
    pub time: f64,
}

/// The area needed of each input, canonical.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegionsOfInterest(pub(crate) Vec<(Clip, RectD)>);

impl RegionsOfInterest {
    /// Adds what is needed of a clip.
    pub fn need(mut self, clip: &Clip, region: RectD) -> Self {
        self.0.push((*clip, region));
        self
    }
}

/// The frames needed of each input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FramesNeeded(pub(crate) Vec<(Clip, Vec<FrameRange>)>);

impl FramesNeeded {
    /// Adds ranges of frames that are needed of a clip.
    pub fn need(mut self, clip: &Clip, frames: impl IntoIterator<Item = FrameRange>) -> Self {
        let frames = frames.into_iter();
        match self.0.iter_mut().find(|(c, _)| c == clip) {
            Some((_, ranges)) => ranges.extend(frames),
            None => self.0.push((*clip, frames.collect())),
        }
        self
    }
}

/// What pictures a node wants on its clips, and makes. What is not said stays as the host has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipPreferences {
    pub(crate) components: Vec<(Clip, Components)>,
    pub(crate) depths: Vec<(Clip, Depth)>,
    pub(crate) pixel_aspects: Vec<(Clip, f64)>,
    pub(crate) premultiplication: Option<Premultiplication>,
    pub(crate) frame_rate: Option<f64>,
    pub(crate) field_order: Option<Field>,
    pub(crate) continuous_samples: Option<bool>,
    pub(crate) frame_varying: Option<bool>,
}

impl ClipPreferences {
    /// The components of an input or the output. Ignored in the Filter context, which has RGBA only.
    #[doc(alias = "OfxImageClipPropComponents_")]
    pub fn components(mut self, clip: &Clip, components: Components) -> Self {
        self.components.push((*clip, components));
        self
    }

    /// The depth of an input or the output; only hosts that support several depths care.
    #[doc(alias = "OfxImageClipPropDepth_")]
    pub fn depth(mut self, clip: &Clip, depth: Depth) -> Self {
        self.depths.push((*clip, depth));
        self
    }

    /// The pixel aspect of an input or the output; only hosts that support several care.
    #[doc(alias = "OfxImageClipPropPAR_")]
    pub fn pixel_aspect(mut self, clip: &Clip, aspect: f64) -> Self {
        self.pixel_aspects.push((*clip, aspect));
        self
    }

    /// What alpha has to do with the colors of the output.
    #[doc(alias = "kOfxImageEffectPropPreMultiplication")]
    pub fn premultiplication(mut self, premultiplication: Premultiplication) -> Self {
        self.premultiplication = Some(premultiplication);
        self
    }

    /// Frames per second of the output.
    #[doc(alias = "kOfxImageEffectPropFrameRate")]
    pub fn frame_rate(mut self, rate: f64) -> Self {
        self.frame_rate = Some(rate);
        self
    }

    /// The fields of the output.
    #[doc(alias = "kOfxImageClipPropFieldOrder")]
    pub fn field_order(mut self, field: Field) -> Self {
        self.field_order = Some(field);
        self
    }

    /// Whether the output differs between frames.
    #[doc(alias = "kOfxImageClipPropContinuousSamples")]
    pub fn continuous_samples(mut self, differs: bool) -> Self {
        self.continuous_samples = Some(differs);
        self
    }

    /// Whether frames differ though parameters and inputs stay the same.
    #[doc(alias = "kOfxImageEffectFrameVarying")]
    pub fn frame_varying(mut self, varies: bool) -> Self {
        self.frame_varying = Some(varies);
        self
    }
}

/// The planes that a node reads and makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipComponents {
    pub(crate) planes: Vec<(Clip, Vec<Plane>)>,
    pub(crate) pass_through: Option<(Clip, Option<f64>)>,
}

impl ClipComponents {
    /// The planes read from an input, or made on [`Clip::OUTPUT`]; name [`Plane::Color`] too.
    pub fn planes(mut self, clip: &Clip, planes: impl IntoIterator<Item = Plane>) -> Self {
        self.planes.push((*clip, planes.into_iter().collect()));
        self
    }

    /// The clip whose other planes the output passes on.
    pub fn pass_through(mut self, clip: &Clip) -> Self {
        self.pass_through = Some((*clip, None));
        self
    }
}
