//! What bytes are, by their first ones: names and declared types are the sender's word.

use image::ImageFormat;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One that we decode.
    Picture(ImageFormat),
    /// A picture, but of a kind that we do not take.
    Foreign,
    Unknown,
}

pub(super) fn kind(bytes: &[u8]) -> Kind {
    let at = |from: usize, what: &[u8]| bytes.get(from..from + what.len()) == Some(what);
    if at(0, b"\xff\xd8\xff") {
        Kind::Picture(ImageFormat::Jpeg)
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Kind::Picture(ImageFormat::Png)
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Kind::Picture(ImageFormat::WebP)
    } else if is_foreign(bytes) {
        Kind::Foreign
    } else {
        Kind::Unknown
    }
}

fn is_foreign(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 6] =
        [b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"\xff\x0a", b"\0\0\0\x0cJXL "];
    // HEIC and AVIF are brands of the container that MP4 uses, too.
    const BRANDS: [&[u8]; 8] =
        [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"];
    let brand =
        bytes.get(4..8) == Some(b"ftyp") && BRANDS.iter().any(|b| bytes.get(8..12) == Some(*b));
    let bmp = bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]);
    brand || bmp || BEGINNINGS.iter().any(|start| bytes.starts_with(start))
}

/// Whether a JPEG goes on to its end mark. The decoder fills what is missing with grey, and
/// nobody wants to pay for a video of half a product.
pub(super) fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let Some(scan) = first_scan(bytes) else { return false };
    // Within a scan a 0xff is always followed by 0x00 or a restart mark.
    bytes[scan..].windows(2).any(|pair| pair == [0xff, 0xd9])
}

/// Where the pixels begin: past the segments, as a thumbnail in one of them has an end mark, too.
fn first_scan(bytes: &[u8]) -> Option<usize> {
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let mark = *bytes.get(at + 1)?;
        if mark == 0xff {
            at += 1;
            continue;
        }
        let length = [*bytes.get(at + 2)?, *bytes.get(at + 3)?];
        let next = at + 2 + usize::from(u16::from_be_bytes(length)).max(2);
        if mark == START_OF_SCAN {
            return (next <= bytes.len()).then_some(next);
        }
        at = next;
    }
}
