//! Product photos to order with: drawn, so that the demo needs none from outside.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A JPEG of a drawn product: a bottle, a mug, a shoe or a jar; each seed another one. Every
/// fourth lies on its side (1200 by 900), the others stand (900 by 1200).
pub fn product(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9).wrapping_add(11));
    // Drawn at a third of the size: a dev build is slow pixel by pixel.
    let (width, height) = if seed % 4 == 3 { (400, 300) } else { (300, 400) };
    let back = colour(&mut random, 170, 235);
    let front = colour(&mut random, 30, 190);
    let label = colour(&mut random, 200, 255);
    let kind = seed % 4;
    let mut picture = RgbImage::new(width, height);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        // From -1 to 1 over the shorter side.
        let short = width.min(height) as f32 / 2.0;
        let at = (x as f32 - width as f32 / 2.0) / short;
        let down = (y as f32 - height as f32 / 2.0) / short;
        let light = 1.0 - 0.25 * down - 0.1 * at;
        *pixel = match part(kind, at, down) {
            Part::Nothing if down > 0.82 => shade(back, 0.72),
            Part::Nothing => shade(back, light),
            // Round things are darker towards their sides.
            Part::Body => shade(front, 1.15 - 0.9 * (at + 0.15).powi(2)),
            Part::Label => shade(label, 1.05 - 0.6 * at.powi(2)),
            Part::Cap => shade(front, 0.55 - 0.3 * at),
        };
    }
    let large = image::DynamicImage::ImageRgb8(picture).resize_exact(
        width * 3,
        height * 3,
        image::imageops::FilterType::Triangle,
    );
    let mut jpeg = Cursor::new(Vec::new());
    // Writing to memory does not fail.
    let _ = large.write_to(&mut jpeg, ImageFormat::Jpeg);
    jpeg.into_inner()
}

enum Part {
    Nothing,
    Body,
    Label,
    Cap,
}

fn part(kind: u64, x: f32, y: f32) -> Part {
    let inside = |from: f32, to: f32, half: f32| y > from && y < to && x.abs() < half;
    match kind {
        0 if inside(-0.1, 0.45, 0.34) => Part::Label,
        0 if inside(-0.35, 0.85, 0.34) => Part::Body,
        0 if inside(-0.8, -0.35, 0.13 + 0.35 * (y + 0.8).max(0.0).powi(3)) => Part::Body,
        0 if inside(-0.98, -0.8, 0.16) => Part::Cap,
        1 if (0.33..0.45).contains(&(x - 0.45).hypot(y - 0.15)) && x > 0.45 => Part::Cap,
        1 if (x * x + (y - 0.15).powi(2)).sqrt() < 0.22 => Part::Label,
        1 if inside(-0.5, 0.8, 0.5) => Part::Body,
        2 if inside(-0.75, -0.55, 0.38) => Part::Cap,
        2 if inside(-0.15, 0.35, 0.48) => Part::Label,
        2 if inside(-0.55, 0.8, 0.48 - 0.1 * (y - 0.1).powi(4)) => Part::Body,
        3 if inside(0.5, 0.68, 0.95) => Part::Cap,
        3 if (y - 0.3 + 0.4 * x).abs() < 0.07 && x.abs() < 0.4 && y < 0.5 => Part::Label,
        3 if y < 0.5 && y > 0.12 - 0.55 * (0.5 - x).clamp(0.0, 1.0) && x.abs() < 0.9 => Part::Body,
        _ => Part::Nothing,
    }
}

fn colour(random: &mut fastrand::Rng, from: u8, to: u8) -> [u8; 3] {
    [random.u8(from..to), random.u8(from..to), random.u8(from..to)]
}

fn shade(colour: [u8; 3], light: f32) -> Rgb<u8> {
    Rgb(colour.map(|channel| (f32::from(channel) * light).clamp(0.0, 255.0) as u8))
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_is_another_real_jpeg() {
        let sizes: Vec<_> = (0..4).map(super::product).collect();
        for (seed, bytes) in sizes.iter().enumerate() {
            let picture = image::load_from_memory(bytes).unwrap();
            let expected = if seed == 3 { (1200, 900) } else { (900, 1200) };
            assert_eq!((picture.width(), picture.height()), expected);
        }
        assert_ne!(super::product(0), super::product(4));
        assert_eq!(super::product(5), super::product(5));
    }
}
