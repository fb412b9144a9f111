use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::Outline;

/// A topology of 4096 landmarks takes a sixth of it.
const MOST_FRAME_BYTES: usize = 1 << 20;
/// A hundred thousand frames of a face.
const MOST_BYTES: usize = 256 << 20;

/// What is known of one frame, which is stored as a block of its own.
pub(crate) trait Block: Sized {
    /// The frame's JSON.
    fn to_json(&self) -> serde_json::Result<Vec<u8>>;

    /// Reads the frame's JSON; an error says what is wrong with it.
    fn from_json(json: &[u8], outline: &Outline) -> Result<Self, String>;

    /// The text that stands for this frame in a stored string.
    fn encode(&self) -> Result<String, String> {
        let packed = || {
            let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
            zlib.write_all(&self.to_json()?)?;
            zlib.finish()
        };
        packed().map(|bytes| STANDARD.encode(bytes)).map_err(|found| found.to_string())
    }

    /// Reads what [`encode`](Self::encode) wrote, or something hostile.
    fn decode(text: &str, outline: &Outline, budget: &mut Budget) -> Result<Self, String> {
        let packed = STANDARD.decode(text).map_err(|found| format!("the block is not base64 ({found})"))?;
        let most = MOST_FRAME_BYTES.min(budget.left);
        let mut json = Vec::new();
        ZlibDecoder::new(&*packed)
            .take(most as u64 + 1)
            .read_to_end(&mut json)
            .map_err(|found| format!("the block cannot be inflated ({found})"))?;
        if json.len() > most {
            return Err(match most < MOST_FRAME_BYTES {
                true => format!("the frames up to this one are larger than {} MiB once inflated", MOST_BYTES >> 20),
                false => format!("the block is larger than {} KiB once inflated", MOST_FRAME_BYTES >> 10),
            });
        }
        budget.left -= json.len();
        Self::from_json(&json, outline)
    }
}

/// How much may still be inflated while one string is read.
pub(crate) struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: MOST_BYTES }
    }
}
