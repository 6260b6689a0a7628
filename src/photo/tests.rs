use super::*;
use image::{ImageEncoder, Rgba, RgbaImage};

/// Red on the left, blue on the right: what is where shows how it was turned.
fn half_red(width: u32, height: u32) -> RgbImage {
    let paint = |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    RgbImage::from_fn(width, height, paint)
}

fn jpeg_of(picture: &RgbImage) -> Vec<u8> {
    encode_with(picture, 90).unwrap()
}

/// Puts an EXIF segment with an orientation and a secret behind the start of a JPEG.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS-CANARY");
    let mut all = jpeg[..2].to_vec();
    all.extend([0xff, 0xe1]);
    all.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    all.extend(exif);
    all.extend(&jpeg[2..]);
    all
}

fn decoded(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn is_red(pixel: &Rgb<u8>) -> bool {
    pixel.0[0] > 150 && pixel.0[2] < 100
}

#[track_caller]
fn refused(bytes: &[u8], why: Refusal) {
    assert_eq!(prepare(bytes).unwrap_err(), why);
}

#[test]
fn a_photo_is_turned_upright_and_loses_its_metadata() {
    let plain = jpeg_of(&half_red(640, 400));
    let tagged = with_exif(&plain, 6);
    assert!(tagged.windows(10).any(|part| part == b"GPS-CANARY"));
    let prepared = prepare(&tagged).unwrap();
    assert_eq!((prepared.width, prepared.height), (400, 640));
    let upright = decoded(&prepared.jpeg);
    // Turned to the right, what was left is above.
    assert!(is_red(upright.get_pixel(200, 20)) && !is_red(upright.get_pixel(200, 620)));
    for trace in [b"GPS-CANARY".as_slice(), b"Exif"] {
        assert!(!prepared.jpeg.windows(trace.len()).any(|part| part == trace));
    }
    for (orientation, size) in [(1, (640, 400)), (3, (640, 400)), (8, (400, 640)), (9, (640, 400))]
    {
        let prepared = prepare(&with_exif(&plain, orientation)).unwrap();
        assert_eq!((prepared.width, prepared.height), size, "orientation {orientation}");
    }
}

#[test]
fn what_was_transparent_is_white() {
    let picture = RgbaImage::from_fn(400, 400, |x, _| {
        if x < 200 { Rgba([0, 0, 0, 0]) } else { Rgba([20, 160, 20, 255]) }
    });
    for format in [image::ImageFormat::Png, image::ImageFormat::WebP] {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        let flat = decoded(&prepare(bytes.get_ref()).unwrap().jpeg);
        assert!(flat.get_pixel(50, 200).0.iter().all(|part| *part > 240), "{format:?}");
        assert!(flat.get_pixel(350, 200).0[1] > 120, "{format:?}");
    }
}

#[test]
fn grey_and_deep_pictures_are_taken() {
    let mut bytes = Cursor::new(Vec::new());
    image::GrayImage::new(320, 320).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    assert_eq!(prepare(bytes.get_ref()).unwrap().width, 320);
    let mut bytes = Cursor::new(Vec::new());
    let deep = image::ImageBuffer::<Rgba<u16>, _>::new(320, 320);
    DynamicImage::from(deep).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    assert_eq!(prepare(bytes.get_ref()).unwrap().height, 320);
}

#[test]
fn a_large_photo_is_scaled_down_and_a_long_one_keeps_its_width() {
    let prepared = prepare(&jpeg_of(&half_red(4_200, 2_520))).unwrap();
    assert_eq!((prepared.width, prepared.height), (2_048, 1_228));
    let prepared = prepare(&jpeg_of(&half_red(1_200, 4_800))).unwrap();
    assert_eq!((prepared.width, prepared.height), (512, 2_048));
    let prepared = prepare(&jpeg_of(&half_red(300, 1_200))).unwrap();
    assert_eq!((prepared.width, prepared.height), (300, 1_200));
}

#[test]
fn a_photo_that_no_model_takes_is_refused() {
    refused(&jpeg_of(&half_red(299, 800)), Refusal::TooSmall { width: 299, height: 800 });
    let tiny = with_exif(&jpeg_of(&half_red(200, 400)), 6);
    refused(&tiny, Refusal::TooSmall { width: 400, height: 200 });
    refused(&jpeg_of(&half_red(300, 1_201)), Refusal::TooLong { width: 300, height: 1_201 });
    refused(&vec![0xff; MAX_INPUT + 1], Refusal::TooLarge);
}

#[test]
fn what_is_no_picture_is_told_apart_from_a_broken_one() {
    for nothing in
        [&b""[..], b"\xff", b"hello", b"%PDF-1.7", b"\0\0\0\x20ftypisom", b"BM is a word"]
    {
        refused(nothing, Refusal::NotAPicture);
    }
    for foreign in [&b"GIF89a......"[..], b"\0\0\0\x18ftypheic\0\0", b"\0\0\0\x18ftypavif\0\0"] {
        refused(foreign, Refusal::Unsupported);
    }
    let whole = with_exif(&jpeg_of(&half_red(640, 640)), 1);
    for part in [3, 20, 100, whole.len() / 2, whole.len() - 2] {
        refused(&whole[..part], Refusal::Broken);
    }
    for format in [image::ImageFormat::Png, image::ImageFormat::WebP] {
        let mut bytes = Cursor::new(Vec::new());
        half_red(640, 640).write_to(&mut bytes, format).unwrap();
        let bytes = bytes.into_inner();
        for part in [20, bytes.len() / 2, bytes.len() - 20] {
            refused(&bytes[..part], Refusal::Broken);
        }
    }
}

#[test]
fn a_thumbnail_does_not_pass_for_the_end_of_the_photo() {
    let thumbnail = jpeg_of(&half_red(40, 40));
    let photo = jpeg_of(&half_red(640, 640));
    let mut all = photo[..2].to_vec();
    all.extend([0xff, 0xe1]);
    all.extend(u16::try_from(thumbnail.len() + 2).unwrap().to_be_bytes());
    all.extend(&thumbnail);
    all.extend(&photo[2..]);
    assert!(prepare(&all).is_ok());
    refused(&all[..all.len() - 200], Refusal::Broken);
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    // One pixel, in a header that promises 50,000 x 50,000.
    let mut png = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.write_image(&[0; 3], 1, 1, image::ExtendedColorType::Rgb8).unwrap();
    png[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    refused(&png, Refusal::TooLarge);

    let mut jpeg = jpeg_of(&half_red(320, 320));
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    refused(&jpeg, Refusal::TooLarge);
}

/// PNG's own checksum.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |s, _| if s & 1 == 1 { s >> 1 ^ 0xedb8_8320 } else { s >> 1 },
        )
    })
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = with_exif(&jpeg_of(&half_red(320, 320)), 6);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(0..bytes.len());
            bytes[at] = random.u8(..);
        }
        let _ = prepare(&bytes);
    }
}

#[test]
fn padding_shows_all_of_the_photo_in_a_portrait_frame() {
    for (width, height) in [(640, 400), (500, 500), (400, 1_600), (720, 1_280)] {
        let photo = prepare(&jpeg_of(&half_red(width, height))).unwrap();
        let frame = decoded(&pad_to_9x16(&photo.jpeg).unwrap());
        assert_eq!(frame.dimensions(), (1_080, 1_920), "{width}x{height}");
        assert!(is_red(frame.get_pixel(440, 960)) && !is_red(frame.get_pixel(640, 960)));
    }
    let wide = pad_to_9x16(&jpeg_of(&half_red(640, 400))).unwrap();
    let above = *decoded(&wide).get_pixel(100, 100);
    assert!(above.0[0] < 160 && above.0[0] > 60, "the shaded photo lies behind: {above:?}");
    assert!(pad_to_9x16(b"not a picture").is_err());
}
