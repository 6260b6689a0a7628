//! From a photo to a film.

use image::imageops::FilterType;
use openh264::OpenH264API;
use openh264::encoder::{
    Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, QpRange,
    RateControlMode, UsageType,
};
use openh264::formats::YUVSlices;

use super::mp4::Film;

const FRAMES_PER_SECOND: u32 = 12;
const FRAMES: usize = 60;

/// A picture as the encoder takes it: brightness, and two planes of colour at half the size.
struct Planes {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

/// `None` where the photo cannot be decoded or the encoder fails.
pub(super) fn film(photo: &[u8], shape: (u32, u32)) -> Option<Vec<u8>> {
    let (width, height) = shape;
    // An eighth larger than the film: the window drifts over it.
    let (wide, high) = (even(width * 9 / 8), even(height * 9 / 8 + 4));
    let photo = image::load_from_memory(photo).ok()?;
    let photo = photo.resize_to_fill(wide, high, FilterType::Triangle).into_rgb8();
    let planes = planes(&photo);
    drop(photo);
    let config = EncoderConfig::new()
        .rate_control_mode(RateControlMode::Off)
        .qp(QpRange::new(24, 34))
        .max_frame_rate(FrameRate::from_hz(FRAMES_PER_SECOND as f32))
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .intra_frame_period(IntraFramePeriod::from_num_frames(FRAMES as u32))
        .skip_frames(false);
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config).ok()?;
    let (width, height) = (width as usize, height as usize);
    let (room_x, room_y) = (planes.width - width, planes.height - height - 2);
    let mut film = Film {
        width: width as u16,
        height: height as u16,
        frames_per_second: FRAMES_PER_SECOND,
        sps: Vec::new(),
        pps: Vec::new(),
        samples: Vec::with_capacity(FRAMES),
    };
    for n in 0..FRAMES {
        let x = room_x * n / FRAMES;
        let y = room_y * (FRAMES - n) / FRAMES;
        let window = planes.window(x & !1, y & !1, width, height);
        let encoded = encoder.encode(&window).ok()?;
        let whole = matches!(encoded.frame_type(), FrameType::IDR);
        let mut sample = Vec::new();
        for layer in (0..encoded.num_layers()).filter_map(|at| encoded.layer(at)) {
            for unit in (0..layer.nal_count()).filter_map(|at| layer.nal_unit(at)) {
                let unit = without_start_code(unit);
                match unit.first().map(|first| first & 0x1f) {
                    Some(7) => film.sps = unit.to_vec(),
                    Some(8) => film.pps = unit.to_vec(),
                    Some(_) => {
                        sample.extend((unit.len() as u32).to_be_bytes());
                        sample.extend(unit);
                    }
                    None => {}
                }
            }
        }
        if !sample.is_empty() {
            film.samples.push((sample, whole));
        }
    }
    (!film.sps.is_empty() && !film.samples.is_empty()).then(|| film.into_mp4())
}

fn even(n: u32) -> u32 {
    n & !1
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    let zeros = unit.iter().take_while(|byte| **byte == 0).count();
    unit.get(zeros + 1..).unwrap_or(&[])
}

impl Planes {
    /// A part of it, without a copy.
    fn window(&self, x: usize, y: usize, width: usize, height: usize) -> YUVSlices<'_> {
        let from = y * self.width + x;
        let half = (y / 2) * (self.width / 2) + x / 2;
        let bright = &self.y[from..from + height * self.width];
        let colour = half..half + height / 2 * (self.width / 2);
        YUVSlices::new(
            (bright, &self.u[colour.clone()], &self.v[colour]),
            (width, height),
            (self.width, self.width / 2, self.width / 2),
        )
    }
}

/// BT.601 in integers; a dev build runs it without optimisation.
fn planes(photo: &image::RgbImage) -> Planes {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let rgb = photo.as_raw().as_slice();
    let mut y = Vec::with_capacity(width * height);
    for pixel in rgb.chunks_exact(3) {
        let (r, g, b) = (i32::from(pixel[0]), i32::from(pixel[1]), i32::from(pixel[2]));
        y.push((((66 * r + 129 * g + 25 * b + 128) >> 8) + 16) as u8);
    }
    let mut u = Vec::with_capacity(width * height / 4);
    let mut v = Vec::with_capacity(width * height / 4);
    for row in rgb.chunks_exact(width * 3).step_by(2) {
        for pixel in row.chunks_exact(6) {
            let (r, g, b) = (i32::from(pixel[0]), i32::from(pixel[1]), i32::from(pixel[2]));
            u.push((((-38 * r - 74 * g + 112 * b + 128) >> 8) + 128) as u8);
            v.push((((112 * r - 94 * g - 18 * b + 128) >> 8) + 128) as u8);
        }
    }
    Planes { width, height, y, u, v }
}
