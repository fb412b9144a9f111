//! One clip of a descriptor or of an instance, and the images that it lends.

use super::{
    action::{self, Action},
    description::ClipDescription,
    effect::Effect,
    handles::{Handle, Object},
    image::HostImage,
    loan::{Loan, LoanBuffer, LoanFacts},
    planes,
    plugin::HostCore,
    properties::{PropertySet, SetKind},
    property_tables,
    source::{ClipInfo, Source},
    sync::{lock, read, write},
    violation::ViolationKind,
};
use crate::{Components, Error, RectD, RectI, Status, sys};
use std::sync::{
    Arc, RwLock, Weak,
    atomic::{AtomicU64, Ordering},
};

pub(crate) struct Clip {
    handle: Handle,
    pub name: String,
    pub properties: Arc<PropertySet>,
    pub effect: Weak<Effect>,
    source: RwLock<Option<Connection>>,
}

#[derive(Clone)]
struct Connection {
    source: Arc<dyn Source>,
    /// Differs for every connection of the process: part of the images' identifiers.
    number: u64,
}

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

impl Clip {
    /// A clip as it is defined in describeInContext.
    pub fn define(host: &Arc<HostCore>, effect: &Arc<Effect>, name: &str) -> Arc<Self> {
        let set = PropertySet::new(host, SetKind::ClipDescriptor, name, &[property_tables::CLIP_DESCRIPTOR]);
        for property in [sys::kOfxPropName, sys::kOfxPropLabel, sys::kOfxPropShortLabel, sys::kOfxPropLongLabel] {
            set.put_string(property, name);
        }
        Self::bound(name, set, effect)
    }

    /// The clip of an instance; nothing is connected.
    pub fn instantiate(&self, host: &Arc<HostCore>, effect: &Arc<Effect>) -> Arc<Self> {
        let described: Vec<_> = property_tables::CLIP_DESCRIPTOR.iter().map(|spec| spec.read_only()).collect();
        let set = self.properties.copy_as(host, SetKind::Clip, &[&described, property_tables::CLIP_INSTANCE]);
        Self::bound(&self.name, set, effect)
    }

    fn bound(name: &str, properties: Arc<PropertySet>, effect: &Arc<Effect>) -> Arc<Self> {
        let clip = Arc::new(Self {
            handle: Handle::reserve(),
            name: name.to_owned(),
            properties,
            effect: Arc::downgrade(effect),
            source: RwLock::new(None),
        });
        clip.handle.bind(Object::Clip(Arc::downgrade(&clip)));
        clip
    }

    pub fn raw(&self) -> sys::OfxImageClipHandle {
        self.handle.raw()
    }

    pub fn is_output(&self) -> bool {
        self.name.as_bytes() == sys::kOfxImageEffectOutputClipName.to_bytes()
    }

    pub fn is_optional(&self) -> bool {
        self.properties.flag(sys::kOfxImageClipPropOptional)
    }

    pub fn source(&self) -> Option<Arc<dyn Source>> {
        read(&self.source).as_ref().map(|connection| Arc::clone(&connection.source))
    }

    pub fn info(&self) -> Option<ClipInfo> {
        self.source().map(|source| source.info())
    }

    /// Connects or disconnects; the properties say what the clip is before any preferences.
    pub fn connect(&self, source: Option<Arc<dyn Source>>) {
        let info = source.as_ref().map(|source| source.info());
        *write(&self.source) =
            source.map(|source| Connection { source, number: CONNECTIONS.fetch_add(1, Ordering::Relaxed) });
        let set = &self.properties;
        set.put_ints(sys::kOfxImageClipPropConnected, &[i32::from(info.is_some())]);
        let Some(info) = info else {
            for property in [sys::kOfxImageClipPropUnmappedPixelDepth, sys::kOfxImageEffectPropPixelDepth] {
                set.put_strings(property, [sys::kOfxBitDepthNone]);
            }
            for property in [sys::kOfxImageClipPropUnmappedComponents, sys::kOfxImageEffectPropComponents] {
                set.put_strings(property, [sys::kOfxImageComponentNone]);
            }
            return;
        };
        self.describe_unmapped(&info);
    }

    /// The properties that say what a clip is before any preferences.
    pub fn describe_unmapped(&self, info: &ClipInfo) {
        let set = &self.properties;
        set.put_strings(sys::kOfxImageClipPropUnmappedPixelDepth, [info.depth.ofx_name()]);
        set.put_strings(sys::kOfxImageClipPropUnmappedComponents, [info.components.ofx_name()]);
        set.put_strings(sys::kOfxImageEffectPropPreMultiplication, [info.premultiplication.ofx_name()]);
        set.put_doubles(sys::kOfxImagePropPixelAspectRatio, &[info.pixel_aspect]);
        for property in [sys::kOfxImageEffectPropFrameRate, sys::kOfxImageEffectPropUnmappedFrameRate] {
            set.put_doubles(property, &[info.frame_rate]);
        }
        for property in [sys::kOfxImageEffectPropFrameRange, sys::kOfxImageEffectPropUnmappedFrameRange] {
            set.put_doubles(property, &[info.frame_range.min, info.frame_range.max]);
        }
        set.put_strings(sys::kOfxImageClipPropFieldOrder, [info.field.ofx_name()]);
        set.put_ints(sys::kOfxImageClipPropContinuousSamples, &[i32::from(info.continuous)]);
    }

    pub fn description(&self) -> ClipDescription {
        let set = &self.properties;
        ClipDescription {
            name: self.name.clone(),
            label: set.text(sys::kOfxPropLabel),
            optional: self.is_optional(),
            mask: set.flag(sys::kOfxImageClipPropIsMask),
            components: self.components(),
            temporal: set.flag(sys::kOfxImageEffectPropTemporalClipAccess),
            tiles: self.tiles(),
            properties: set.snapshot(),
        }
    }

    /// Components that the plug-in takes on it.
    pub fn components(&self) -> Vec<Components> {
        let names = self.properties.strings(sys::kOfxImageEffectPropSupportedComponents);
        names.iter().filter_map(|name| Components::from_ofx(name)).collect()
    }

    pub fn tiles(&self) -> bool {
        self.properties.int(sys::kOfxImageEffectPropSupportsTiles) != Some(0)
    }

    /// Lends the image at `time`, of `region` (canonical) or of what was asked for as region of interest.
    pub fn fetch(&self, time: f64, region: Option<RectD>, plane: Option<&str>) -> Result<Arc<Loan>, Status> {
        let effect = self.effect.upgrade().ok_or(Status::BAD_HANDLE)?;
        let Some(action) = action::of(&effect) else {
            effect.violation(
                ViolationKind::WrongAction,
                format!("image of {} fetched outside of every action", self.name),
            );
            return Err(Status::FAILED);
        };
        let plane = plane.filter(|name| !planes::is_color(name));
        if self.is_output() {
            self.lend_output(&effect, &action, plane)
        } else {
            self.lend_input(&effect, &action, time, region, plane)
        }
    }

    fn lend_output(
        &self,
        effect: &Arc<Effect>,
        action: &Arc<Action>,
        plane: Option<&str>,
    ) -> Result<Arc<Loan>, Status> {
        let Some(bounds) = action.frame.output else {
            effect.violation(ViolationKind::WrongAction, "image of Output fetched outside of render".into());
            return Err(Status::FAILED);
        };
        let host = &effect.host;
        let preferences = effect.preferences();
        let preference = preferences.clips.get(&self.name).copied().ok_or(Status::FAILED)?;
        let key = plane.unwrap_or_default().to_owned();
        let known = lock(&action.outputs).get(&key).cloned();
        let buffer = match known {
            Some(buffer) => buffer,
            None => {
                let components = plane.map_or(Some(preference.components), planes::components).ok_or(Status::VALUE)?;
                let mut image = HostImage::zeroed(bounds, components, preference.depth).map_err(|_| Status::MEMORY)?;
                image.premultiplication = preferences.premultiplication;
                image.field = action.frame.field;
                image.scale = action.frame.scale;
                image.pixel_aspect = preference.pixel_aspect;
                if host.options.layout.poison_output {
                    image.poison();
                }
                let made = Arc::new(LoanBuffer::new(&self.name, image, host.options.layout, false));
                // Another thread of the plug-in may have been first.
                Arc::clone(lock(&action.outputs).entry(key).or_insert(made))
            }
        };
        let identifier = format!("output:{}:{bounds:?}", action.frame.time);
        let facts = LoanFacts { region_of_definition: action.frame.whole, identifier: &identifier, plane };
        Loan::lend(host, action, buffer, &facts).map_err(|e| e.status())
    }

    fn lend_input(
        &self,
        effect: &Arc<Effect>,
        action: &Arc<Action>,
        time: f64,
        region: Option<RectD>,
        plane: Option<&str>,
    ) -> Result<Arc<Loan>, Status> {
        if !action.allows_fetch() {
            effect.violation(
                ViolationKind::WrongAction,
                format!("image of {} fetched; only render and what the artist changes may do that", self.name),
            );
            return Err(Status::FAILED);
        }
        let connection = read(&self.source).clone().ok_or(Status::FAILED)?;
        self.check_time(effect, action, time)?;
        let preference = effect.preferences().clips.get(&self.name).copied().ok_or(Status::FAILED)?;
        let scale = action.frame.scale;
        let whole_d = connection.source.region_of_definition(time);
        let whole = whole_d.to_pixels_enclosing(scale, preference.pixel_aspect);
        let tiled = effect.tiles() && self.tiles() && !effect.host.options.layout.whole_images;
        let wanted = region.or_else(|| action.frame.regions.get(&self.name).copied());
        let bounds: RectI = match wanted {
            Some(wanted) if tiled || region.is_some() => {
                let part = wanted.intersection(&whole_d);
                let part = if part.is_empty() {
                    return Err(Status::FAILED);
                } else {
                    part.to_pixels_enclosing(scale, preference.pixel_aspect).intersection(&whole)
                };
                if tiled { part } else { whole }
            }
            _ => whole,
        };
        if bounds.is_empty() {
            return Err(Status::FAILED);
        }
        let fetched = match plane {
            None => connection.source.frame(time, scale, bounds).map(Some),
            Some(plane) => connection.source.plane(plane, time, scale, bounds),
        };
        let image = match fetched {
            Ok(Some(image)) => image,
            Ok(None) => return Err(Status::FAILED),
            Err(error @ Error::Missing(_)) if !is_now(action, time) => {
                log::debug!("clip {} at frame {time}: {error}", self.name);
                return Err(Status::FAILED);
            }
            Err(error) => {
                log::warn!("clip {} at frame {time}: {error}", self.name);
                lock(&action.failures).push(error);
                return Err(Status::FAILED);
            }
        };
        let components = plane.map_or(Some(preference.components), planes::components).ok_or(Status::VALUE)?;
        let image = fitted(image, bounds, components, &preference).map_err(|e| e.status())?;
        let image = HostImage { scale, pixel_aspect: preference.pixel_aspect, field: action.frame.field, ..image };
        let identifier =
            format!("{}:{time}:{}:{}:{bounds:?}:{}", connection.number, scale.x, scale.y, plane.unwrap_or_default());
        let buffer = Arc::new(LoanBuffer::new(&self.name, image, effect.host.options.layout, true));
        let facts = LoanFacts { region_of_definition: whole, identifier: &identifier, plane };
        Loan::lend(&effect.host, action, buffer, &facts).map_err(|e| e.status())
    }

    /// Looks whether host, plug-in and clip all say that another frame may be read, and whether the plug-in has asked for
    /// this one. Only a host without temporal access refuses it.
    fn check_time(&self, effect: &Effect, action: &Action, time: f64) -> Result<(), Status> {
        let read = || format!("clip {} read at frame {time} in an action about frame {}", self.name, action.frame.time);
        if !is_now(action, time) && !effect.host.options.temporal {
            effect.violation(ViolationKind::UnofferedTemporalAccess, read());
            return Err(Status::FAILED);
        }
        let declared = effect.declares_temporal() && self.properties.flag(sys::kOfxImageEffectPropTemporalClipAccess);
        if !is_now(action, time) && !declared {
            effect.violation(ViolationKind::UndeclaredTemporalAccess, read());
            return Ok(());
        }
        let needed = action.frame.frames.as_ref().and_then(|frames| frames.get(&self.name));
        if let Some(ranges) = needed
            && !ranges.iter().any(|range| time >= range.min - SAME_TIME && time <= range.max + SAME_TIME)
        {
            let asked: Vec<String> = ranges.iter().map(|range| format!("{} to {}", range.min, range.max)).collect();
            effect.violation(ViolationKind::FrameNotNeeded, format!("{}; it asked for {}", read(), asked.join(", ")));
        }
        Ok(())
    }
}

/// Times nearer than this are one frame.
const SAME_TIME: f64 = 1e-6;

/// Whether a time is that of the frame in question.
fn is_now(action: &Action, time: f64) -> bool {
    (time - action.frame.time).abs() <= SAME_TIME
}

/// Cut to `bounds` and converted; moved, not copied, where nothing has to change.
fn fitted(
    image: HostImage,
    bounds: RectI,
    components: Components,
    preference: &super::answers::ClipPreference,
) -> crate::Result<HostImage> {
    let image = if image.bounds == bounds { image } else { image.cropped(bounds)? };
    if image.components == components && image.depth == preference.depth {
        return Ok(image);
    }
    image.converted(components, preference.depth)
}
