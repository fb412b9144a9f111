//! The pixels of one part of an OpenEXR file, block by block into their place.
//!
//! Only what is asked for is kept: a file of a hundred layers takes the memory of one.

use super::decoding::guarded;
use crate::error::{Error, Result};
use exr::block::UncompressedBlock;
use exr::block::chunk::TileCoordinates;
use exr::block::lines::LineRef;
use exr::block::reader::{ChunksReader, Reader};
use exr::block::{self, BlockIndex};
use exr::error::Error as ExrError;
use exr::meta::MetaData;
use exr::meta::attribute::ChannelList;
use exr::prelude::*;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A file whose header is read.
pub(super) type OpenExr = Reader<BufReader<File>>;

/// Opens a file and reads its header; its length comes with it.
pub(super) fn open(path: &Path) -> Result<(OpenExr, u64), Error> {
    let file = File::open(path).map_err(|e| Error::input(path, e))?;
    let length = file.metadata().map_err(|e| Error::input(path, e))?.len();
    if length == 0 {
        return Err(Error::input(path, "the file is empty"));
    }
    let reader = block::read(BufReader::new(file), false).map_err(|e| damaged(path, &e))?;
    Ok((reader, length))
}

/// Interleaved values of the file's `channels`, row 0 lowest; 0 where there is no such channel.
pub(super) fn read(path: &Path, reader: OpenExr, part: usize, channels: &[Option<usize>]) -> Result<Vec<f32>, Error> {
    let size = reader.headers()[part].layer_size;
    let sought = |_: &MetaData, _: TileCoordinates, block: BlockIndex| block.layer == part && block.level == Vec2(0, 0);
    let chunks = reader.filter_chunks(false, sought).map_err(|e| damaged(path, &e))?;
    let expected = chunks.expected_chunk_count();
    let mut canvas = Canvas { size, channels, pixels: vec![0.0; size.area() * channels.len()] };
    let mut seen = HashSet::with_capacity(expected);
    let mut put = |meta: &MetaData, block: UncompressedBlock| {
        let BlockIndex { layer, level, pixel_position: at, .. } = block.index;
        // The table of offsets may point anywhere: at another part, or at one block twice.
        if layer != part || level != Vec2(0, 0) || !seen.insert((at.x(), at.y())) {
            return Err(ExrError::Invalid("table of offsets".into()));
        }
        block.lines(&meta.headers[part].channels).try_for_each(|line| canvas.put(&meta.headers[part].channels, &line))
    };
    unpack(chunks, &mut put).map_err(|e| damaged(path, &e))?;
    Ok(canvas.pixels)
}

/// Unpacks blocks on all processors, a few at a time, and gives them to `put`.
///
/// The crate's own way of doing this ends the process where a decompressor panics on a damaged block.
fn unpack(
    mut chunks: impl ChunksReader,
    put: &mut impl FnMut(&MetaData, UncompressedBlock) -> exr::error::UnitResult,
) -> exr::error::UnitResult {
    let meta = chunks.meta_data().clone();
    let at_once = rayon::current_num_threads() * 2;
    loop {
        let packed = chunks.by_ref().take(at_once).collect::<exr::error::Result<Vec<_>>>()?;
        if packed.is_empty() {
            return Ok(());
        }
        let gave_up = || Err(ExrError::Invalid("block (its decoder gave up)".into()));
        let unpacked: Vec<_> = packed
            .into_par_iter()
            .map(|chunk| guarded(|| UncompressedBlock::decompress_chunk(chunk, &meta, false)).unwrap_or_else(gave_up))
            .collect();
        unpacked.into_iter().try_for_each(|block| put(&meta, block?))?;
    }
}

/// Bytes of the largest block once it is unpacked.
pub(super) fn block_bytes(header: &exr::meta::header::Header) -> u64 {
    let Vec2(width, height) = match header.blocks {
        exr::meta::BlockDescription::Tiles(tiles) => tiles.tile_size,
        exr::meta::BlockDescription::ScanLines => {
            Vec2(header.layer_size.width(), header.compression.scan_lines_per_block())
        }
    };
    let within = (width.min(header.layer_size.width()) as u64, height.min(header.layer_size.height()) as u64);
    within.0.saturating_mul(within.1).saturating_mul(header.channels.bytes_per_pixel as u64)
}

/// What the decoder says of a file, and what to do about it.
fn damaged(path: &Path, error: &ExrError) -> Error {
    let reason = match error {
        ExrError::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            "truncated: the file ends too early; copy or render it again".to_owned()
        }
        ExrError::Invalid(what) => format!("damaged, or no EXR: {what}; copy or render it again"),
        ExrError::NotSupported(what) => format!("{what} is not read; save it in another way"),
        other => other.to_string(),
    };
    Error::input(path, reason)
}

/// Where lines of samples go.
struct Canvas<'a> {
    size: Vec2<usize>,
    /// The file's channel for each value of a pixel; one channel may serve several.
    channels: &'a [Option<usize>],
    pixels: Vec<f32>,
}

impl Canvas<'_> {
    fn put(&mut self, list: &ChannelList, line: &LineRef<'_>) -> exr::error::UnitResult {
        let channel = line.location.channel;
        if !self.channels.contains(&Some(channel)) {
            return Ok(());
        }
        match list.list[channel].sample_type {
            SampleType::F16 => self.put_samples(line, line.read_samples::<f16>().map(|s| s.map(f16::to_f32))),
            SampleType::F32 => self.put_samples(line, line.read_samples::<f32>()),
            SampleType::U32 => self.put_samples(line, line.read_samples::<u32>().map(|s| s.map(|v| v as f32))),
        }
    }

    fn put_samples(
        &mut self,
        line: &LineRef<'_>,
        samples: impl Iterator<Item = exr::error::Result<f32>>,
    ) -> exr::error::UnitResult {
        let Vec2(x, y) = line.location.position;
        let count = self.channels.len();
        // Files have y down.
        let row = self.size.height().checked_sub(y + 1).ok_or_else(|| ExrError::Invalid("block position".into()))?;
        let start = (row * self.size.width() + x) * count;
        let places = self.pixels[start..].chunks_exact_mut(count).take(self.size.width().saturating_sub(x));
        for (pixel, sample) in places.zip(samples) {
            let sample = sample?;
            for (value, channel) in pixel.iter_mut().zip(self.channels) {
                if *channel == Some(line.location.channel) {
                    *value = sample;
                }
            }
        }
        Ok(())
    }
}
