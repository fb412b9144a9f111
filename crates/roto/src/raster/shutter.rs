use crate::{Error, Result};

/// The most samples of a shutter.
const MOST_SAMPLES: usize = 1024;

/// When light falls on a frame: motion blur is the mean of the shapes over that time.
///
/// ```
/// use roto::Shutter;
///
/// let shutter = Shutter::centered(0.5, 2);
/// assert!(shutter.times(10.0).eq([9.875, 10.125]));
/// assert!(Shutter::from_start(0.5, 2).times(10.0).eq([10.125, 10.375]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shutter {
    /// How long it is open, in frames: 0 to 100. 0.5 is the 180° of film cameras.
    pub length_frames: f64,
    /// When it opens, in frames from the frame's own time: -100 to 100.
    pub offset_frames: f64,
    /// Times that are looked at, at the middles of equal parts: 1 to 1024. More make fast motion smoother.
    pub samples: usize,
}

impl Shutter {
    /// Opens at the frame's time, as Nuke's shutter offset *start*.
    pub const fn from_start(length_frames: f64, samples: usize) -> Self {
        Self { length_frames, offset_frames: 0.0, samples }
    }

    /// Is open around the frame's time, as Nuke's *centred*.
    pub const fn centered(length_frames: f64, samples: usize) -> Self {
        Self { length_frames, offset_frames: -0.5 * length_frames, samples }
    }

    /// Closes at the frame's time, as Nuke's *end*.
    pub const fn to_end(length_frames: f64, samples: usize) -> Self {
        Self { length_frames, offset_frames: -length_frames, samples }
    }

    /// The times that are looked at for a frame, in frames.
    pub fn times(&self, frame: f64) -> impl Iterator<Item = f64> + use<> {
        let Self { length_frames, offset_frames, samples } = *self;
        // Of a shutter that is open for no time, all samples are alike.
        let samples = if length_frames > 0.0 { samples } else { samples.min(1) };
        (0..samples).map(move |k| frame + offset_frames + length_frames * (k as f64 + 0.5) / samples as f64)
    }

    pub(super) fn check(&self) -> Result<()> {
        let within = |name, value: f64, low: f64, range| {
            if value >= low && value <= 100.0 { Ok(()) } else { Err(Error::Parameter { name, value, range }) }
        };
        within("length of the shutter", self.length_frames, 0.0, "0 to 100 frames")?;
        within("offset of the shutter", self.offset_frames, -100.0, "-100 to 100 frames")?;
        if (1..=MOST_SAMPLES).contains(&self.samples) {
            return Ok(());
        }
        Err(Error::Parameter { name: "number of shutter samples", value: self.samples as f64, range: "1 to 1024" })
    }
}
