//! The button that sets Exposure by what a frame shows. It is pressed once a shot: an exposure that followed every frame
//! would jump where a light comes into view, and the tones with it.

use super::network_settings::EncodingSettings;
use super::picture;
use imaging::color::metered_stops;
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, Result};

/// Sets `exposure` by the frame of Source that the artist looks at, whatever it was before, and tells so in `status`.
///
/// # Errors
/// No picture on this frame, or none with any light; a host that refuses.
pub fn set_exposure<E: Effect>(args: &ChangedArgs<'_, E>, status: ParamId<Text>) -> Result<()> {
    let (params, time) = (args.params(), args.time);
    let colorspace = params.get(EncodingSettings::source_colorspace)?.value_at(time)?.0;
    let alpha = params.get(EncodingSettings::source_alpha)?.value_at(time)?;
    let image = args.image_at(&Clip::SOURCE, time)?.filter(|image| !image.bounds().is_empty());
    let mut sample = image.map(|image| picture::sample(&image, alpha, colorspace));
    let stops = sample.as_mut().and_then(|sample| metered_stops(&mut sample.luminances));
    let Some(stops) = stops else {
        return Err(Error::node(match sample.is_some_and(|sample| sample.transparent > 0) {
            true => format!(
                "Meter: Source is transparent on frame {time} where it shows light; if its alpha is a matte beside the picture, \
                 set Source alpha to Unpremultiplied, else go to another frame"
            ),
            false => format!("Meter: Source shows no light on frame {time}; go to a frame that does"),
        }));
    };
    let stops = (100.0 * f64::from(stops)).round() / 100.0;
    params.edit("Meter", |params| {
        params.set(EncodingSettings::exposure, stops)?;
        params.set(status, format!("Exposure {stops:+} by frame {time}"))
    })
}
