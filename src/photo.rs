//! A customer's photo: judged, turned upright, stripped of everything but its pixels.
//!
//! What comes in is anybody's bytes; what goes out is a plain JPEG of our own making, of a size
//! that every model accepts (sides from 300 to 5760 px, under 10 MB). Decoding takes memory and a
//! core for a moment: callers do it outside transactions and not many at a time.

mod frame;
mod probe;

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage, imageops::FilterType};

pub use frame::pad_to_9x16;
use probe::Kind;

/// Bytes that we look at, and what Telegram gives a bot at most.
pub const MAX_INPUT: usize = 20 << 20;
/// Telegram's own photos are not larger, and no model shows more.
const MAX_SIDE: u32 = 2_048;
/// The shortest side that every model accepts.
const MIN_SIDE: u32 = 300;
/// What a phone of 50 megapixels takes; three bytes each when decoded.
const MAX_PIXELS: u64 = 51_000_000;
/// For one decoded picture, whatever its header promises.
const MAX_ALLOC: u64 = 420 << 20;
/// A longer strip (a receipt, a screenshot of a whole page) shows no product in 9:16.
const LONGEST: u32 = 4;
/// Leaves room below the 10 MB of the provider.
const MAX_JPEG: usize = 9 << 20;

/// A photo as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// RGB, no metadata, no colour profile.
    pub jpeg: Vec<u8>,
    /// Pixels, upright.
    pub width: u32,
    /// Pixels, upright.
    pub height: u32,
}

/// Why a photo is not taken: each is a sentence to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a picture of any kind that we know of.
    NotAPicture,
    /// A picture once, but cut off or damaged.
    Broken,
    /// A side is under 300 px.
    TooSmall { width: u32, height: u32 },
    /// More than 20 MB, or more pixels than we decode.
    TooLarge,
    /// One side is more than four times the other.
    TooLong { width: u32, height: u32 },
    /// A picture of a kind that we do not take: GIF, HEIC, AVIF, BMP, TIFF.
    Unsupported,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAPicture => write!(f, "it is not a picture"),
            Self::Broken => write!(f, "it is damaged"),
            Self::TooSmall { width, height } => {
                write!(f, "{width} x {height} pixels are too few, 300 x 300 is the least")
            }
            Self::TooLarge => write!(f, "it is too large, 20 MB and 50 megapixels are the most"),
            Self::TooLong { width, height } => {
                write!(f, "{width} x {height} pixels are too long a strip")
            }
            Self::Unsupported => write!(f, "JPEG, PNG and WebP can be used"),
        }
    }
}

/// Judges the bytes and makes the JPEG that is kept. Called by the bot for what a customer sent.
pub fn prepare(bytes: &[u8]) -> Result<Prepared, Refusal> {
    if bytes.len() > MAX_INPUT {
        return Err(Refusal::TooLarge);
    }
    let format = match probe::kind(bytes) {
        Kind::Picture(format) => format,
        Kind::Foreign => return Err(Refusal::Unsupported),
        Kind::Unknown => return Err(Refusal::NotAPicture),
    };
    if format == image::ImageFormat::Jpeg && !probe::jpeg_is_whole(bytes) {
        return Err(Refusal::Broken);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let (width, height) = decoder.dimensions();
    judge(width, height, turns_sides(orientation))?;
    if decoder.total_bytes() > MAX_ALLOC {
        return Err(Refusal::TooLarge);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let mut picture = shrink(DynamicImage::ImageRgb8(flatten(picture)));
    picture.apply_orientation(orientation);
    let picture = picture.into_rgb8();
    let jpeg = encode(&picture).map_err(|_| Refusal::Broken)?;
    Ok(Prepared { jpeg, width: picture.width(), height: picture.height() })
}

/// By the header alone, before anything is decoded.
fn judge(width: u32, height: u32, turned: bool) -> Result<(), Refusal> {
    let (width, height) = if turned { (height, width) } else { (width, height) };
    let (short, long) = (width.min(height), width.max(height));
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        Err(Refusal::TooLarge)
    } else if short < MIN_SIDE {
        Err(Refusal::TooSmall { width, height })
    } else if long / LONGEST > short || (long / LONGEST == short && long % LONGEST > 0) {
        Err(Refusal::TooLong { width, height })
    } else {
        Ok(())
    }
}

fn turns_sides(orientation: image::metadata::Orientation) -> bool {
    use image::metadata::Orientation as O;
    matches!(orientation, O::Rotate90 | O::Rotate270 | O::Rotate90FlipH | O::Rotate270FlipH)
}

fn refusal(error: &image::ImageError) -> Refusal {
    match error {
        image::ImageError::Limits(_) => Refusal::TooLarge,
        image::ImageError::Unsupported(_) => Refusal::Unsupported,
        _ => Refusal::Broken,
    }
}

/// Three channels of eight bits; what was transparent shows white, as in a shop.
fn flatten(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over = |part: u32| ((part * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        *to = Rgb([red, green, blue].map(over));
    }
    flat
}

/// To at most [`MAX_SIDE`], but no side under [`MIN_SIDE`].
fn shrink(picture: DynamicImage) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let long = width.max(height);
    if long <= MAX_SIDE {
        return picture;
    }
    let scaled = |side: u32| (side * MAX_SIDE / long).max(MIN_SIDE);
    let (to_width, to_height) = (scaled(width), scaled(height));
    let picture = if long > 2 * MAX_SIDE {
        // Averaging first: the filter below would need as much memory again as a large picture.
        picture.thumbnail_exact(2 * to_width, 2 * to_height)
    } else {
        picture
    };
    picture.resize_exact(to_width, to_height, FilterType::CatmullRom)
}

/// A JPEG without metadata, less sharp where it would be too heavy.
fn encode(picture: &RgbImage) -> image::ImageResult<Vec<u8>> {
    for quality in [90, 75] {
        let jpeg = encode_with(picture, quality)?;
        if jpeg.len() <= MAX_JPEG {
            return Ok(jpeg);
        }
    }
    encode_with(picture, 50)
}

fn encode_with(picture: &RgbImage, quality: u8) -> image::ImageResult<Vec<u8>> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(picture)?;
    Ok(jpeg)
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { jpeg, width, height } = self;
        write!(f, "Prepared({width}x{height}, {} bytes)", jpeg.len())
    }
}

#[cfg(test)]
mod tests;
