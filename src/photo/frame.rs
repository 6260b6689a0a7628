//! A photo in a portrait frame, for models that follow the photo's shape.

use anyhow::{Context, Result};
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageReader, Limits, RgbImage};
use std::io::Cursor;

use super::{MAX_ALLOC, MAX_SIDE};

/// The frame, exactly 9:16.
const WIDTH: u32 = 1_080;
const HEIGHT: u32 = 1_920;
/// The background is blurred as a small picture: the same look for a hundredth of the work.
const SMALL: u32 = 8;

/// Pads one of our own photos to 1080x1920: nothing of it is cut off; behind it lies the photo
/// itself, enlarged, blurred and darkened, so that the frame has its colours. One that is 9:16
/// already is only scaled.
///
/// # Errors
/// When the bytes are not a JPEG that [`super::prepare`] could have made.
pub fn pad_to_9x16(jpeg: &[u8]) -> Result<Vec<u8>> {
    let mut reader = ImageReader::with_format(Cursor::new(jpeg), image::ImageFormat::Jpeg);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(4 * MAX_SIDE), Some(4 * MAX_SIDE));
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let photo = reader.decode().context("the kept photo cannot be read")?;
    let (width, height) = fit(photo.width(), photo.height());
    let front = photo.resize_exact(width, height, FilterType::CatmullRom).into_rgb8();
    if front.dimensions() == (WIDTH, HEIGHT) {
        return super::encode(&front).context("the padded photo cannot be written");
    }
    let mut frame = behind(&photo);
    let (left, top) = ((WIDTH - width) / 2, (HEIGHT - height) / 2);
    imageops::replace(&mut frame, &front, left.into(), top.into());
    super::encode(&frame).context("the padded photo cannot be written")
}

/// The largest size of the photo's shape inside the frame; a rounding's worth of border is none.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let (w, h) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let by_height = (w * u64::from(HEIGHT) / h).max(1);
    let by_width = (h * u64::from(WIDTH) / w).max(1);
    let snug =
        |side: u64, whole: u32| if side + 4 >= u64::from(whole) { whole } else { side as u32 };
    if by_height <= u64::from(WIDTH) {
        (snug(by_height, WIDTH), HEIGHT)
    } else {
        (WIDTH, snug(by_width, HEIGHT))
    }
}

/// The photo fills the frame, out of focus and in the shade.
fn behind(photo: &DynamicImage) -> RgbImage {
    let (width, height) = (photo.width(), photo.height());
    let (w, h) = (u64::from(width), u64::from(height));
    let (wide, high) = (u64::from(WIDTH), u64::from(HEIGHT));
    // The largest 9:16 part, from the middle.
    let (part_width, part_height) = if w * high > h * wide {
        ((h * wide / high).max(1) as u32, height)
    } else {
        (width, (w * high / wide).max(1) as u32)
    };
    let (left, top) = ((width - part_width) / 2, (height - part_height) / 2);
    let part = photo.crop_imm(left, top, part_width, part_height);
    let mut soft = part.thumbnail_exact(WIDTH / SMALL, HEIGHT / SMALL).fast_blur(6.0).into_rgb8();
    for part in soft.iter_mut() {
        *part = (u32::from(*part) * 6 / 10) as u8;
    }
    let soft = DynamicImage::ImageRgb8(soft);
    soft.resize_exact(WIDTH, HEIGHT, FilterType::Triangle).into_rgb8()
}
