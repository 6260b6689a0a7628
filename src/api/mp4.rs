//! The little that we need to know of an MP4 file: its boxes `moov/mvhd` and `moov/trak/tkhd`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// `moov` of a short video is some kilobytes; more than this is not read.
const MOOV_MAX: u64 = 16 << 20;
const BOXES_MAX: usize = 4_096;
/// Pixels; a side that says it is longer says nothing.
const SIDE_MAX: u32 = 16_384;

/// A video on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Video {
    /// The file's size.
    pub bytes: u64,
    /// Pixels as shown; 0: the file does not tell.
    pub width: u32,
    /// See `width`.
    pub height: u32,
    /// Its length; 0: the file does not tell.
    pub seconds: f64,
}

/// Whether these first bytes are those of an MP4 file.
pub fn is_mp4(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
}

/// Reads a file's shape and length. An error: the disk, or a box that ends behind the file's end,
/// which is a file cut short.
pub fn measure(file: &mut File) -> io::Result<Video> {
    let bytes = file.metadata()?.len();
    let mut video = Video { bytes, ..Video::default() };
    let mut at = 0;
    for _ in 0..BOXES_MAX {
        if at + 8 > bytes {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        let got = file.read(&mut head)?;
        let Some((kind, header, size)) = box_head(&head[..got], bytes - at) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if &kind == b"moov" && size <= MOOV_MAX {
            let mut moov = vec![0; (size - header) as usize];
            file.seek(SeekFrom::Start(at + header))?;
            file.read_exact(&mut moov)?;
            read_moov(&moov, &mut video);
        }
        at += size;
    }
    Ok(video)
}

fn read_moov(moov: &[u8], video: &mut Video) {
    for (kind, body) in boxes(moov) {
        match &kind {
            b"mvhd" => video.seconds = seconds(body).unwrap_or(0.0),
            b"trak" if video.width == 0 => {
                let header = boxes(body).find(|(kind, _)| kind == b"tkhd");
                let shape = header.and_then(|(_, body)| shape(body));
                (video.width, video.height) = shape.unwrap_or((0, 0));
            }
            _ => {}
        }
    }
}

/// Kind, header's length, whole length. `None`: nonsense, or longer than what is left.
fn box_head(bytes: &[u8], left: u64) -> Option<([u8; 4], u64, u64)> {
    let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let (header, size) = match u64::from(u32_at(bytes, 0)?) {
        0 => (8, left),
        1 => (16, u64_at(bytes, 8)?),
        size => (8, size),
    };
    (size >= header && size <= left).then_some((kind, header, size))
}

/// The boxes in a box; the rest is left out where one is nonsense.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (kind, header, size) = box_head(rest, rest.len() as u64)?;
        let body = rest.get(header as usize..size as usize)?;
        rest = &rest[size as usize..];
        Some((kind, body))
    })
    .take(BOXES_MAX)
}

fn seconds(mvhd: &[u8]) -> Option<f64> {
    let (scale, length) = match mvhd.first()? {
        0 => (u32_at(mvhd, 12)?, u64::from(u32_at(mvhd, 16)?)),
        _ => (u32_at(mvhd, 20)?, u64_at(mvhd, 24)?),
    };
    let seconds = length as f64 / f64::from(scale);
    (scale > 0 && seconds < 86_400.0).then_some(seconds)
}

/// Width and height as shown; `None` for a track without a picture.
fn shape(tkhd: &[u8]) -> Option<(u32, u32)> {
    let matrix = if *tkhd.first()? == 0 { 40 } else { 52 };
    let fixed = |at| Some(u32_at(tkhd, at)? >> 16);
    let (width, height) = (fixed(matrix + 36)?, fixed(matrix + 40)?);
    if width == 0 || height == 0 || width.max(height) > SIDE_MAX {
        return None;
    }
    // A quarter turn: the matrix's diagonal is zero.
    let turned = u32_at(tkhd, matrix)? == 0 && u32_at(tkhd, matrix + 4)? != 0;
    Some(if turned { (height, width) } else { (width, height) })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), &kind[..], body].concat()
    }

    /// A file that has all boxes and no picture.
    pub(crate) fn sample(width: u16, height: u16, turned: bool) -> Vec<u8> {
        let mut mvhd = vec![0; 100];
        mvhd[12..16].copy_from_slice(&1000u32.to_be_bytes());
        mvhd[16..20].copy_from_slice(&10_500u32.to_be_bytes());
        let mut tkhd = vec![0; 84];
        let one = if turned { 44 } else { 40 };
        tkhd[one..one + 4].copy_from_slice(&0x1_0000u32.to_be_bytes());
        tkhd[76..78].copy_from_slice(&width.to_be_bytes());
        tkhd[80..82].copy_from_slice(&height.to_be_bytes());
        let sound = boxed(b"trak", &boxed(b"tkhd", &[0; 84]));
        let picture = boxed(b"trak", &boxed(b"tkhd", &tkhd));
        let moov = boxed(b"moov", &[boxed(b"mvhd", &mvhd), sound, picture].concat());
        [boxed(b"ftyp", b"isom0000"), boxed(b"mdat", &[7; 5000]), moov].concat()
    }

    fn measured(bytes: &[u8]) -> io::Result<Video> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        measure(&mut file)
    }

    #[test]
    fn shape_and_length_are_read() {
        let bytes = sample(720, 1280, false);
        assert!(is_mp4(&bytes));
        let video = measured(&bytes).unwrap();
        assert_eq!((video.width, video.height, video.seconds), (720, 1280, 10.5));
        assert_eq!(video.bytes, bytes.len() as u64);
        let video = measured(&sample(1280, 720, true)).unwrap();
        assert_eq!((video.width, video.height), (720, 1280));
    }

    #[test]
    fn a_file_cut_short_is_an_error_and_nonsense_no_panic() {
        let bytes = sample(720, 1280, false);
        for cut in [100, 5_000, bytes.len() - 1] {
            assert!(measured(&bytes[..cut]).is_err(), "{cut}");
        }
        let mut seed = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let mut broken = bytes.clone();
            let at = seed.usize(5_000..broken.len());
            broken[at] = seed.u8(..);
            let _ = measured(&broken);
        }
        assert!(!is_mp4(b"<html>"));
    }

    #[test]
    fn absurd_claims_cost_nothing() {
        let ftyp = boxed(b"ftyp", b"isom0000");
        let long = |kind: &[u8; 4], size: u64| {
            [&1_u32.to_be_bytes()[..], kind, &size.to_be_bytes(), &[0; 64]].concat()
        };
        for (what, rest) in [
            ("garbage", b"\xff\xfe garbage \x00\x01".repeat(100)),
            ("a box of 100 GB", long(b"mdat", 100 << 30)),
            ("a box of all bytes there are", long(b"moov", u64::MAX)),
            ("a moov of 4 GB", [&u32::MAX.to_be_bytes()[..], b"moov", &[0; 64]].concat()),
        ] {
            let error = measured(&[ftyp.clone(), rest].concat()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{what}");
        }
        // A header and nothing else; very many boxes; a length of nothing; sides of 65,535.
        assert_eq!(measured(&ftyp).unwrap().seconds, 0.0);
        let many = boxed(b"free", b"").repeat(100_000);
        assert_eq!(measured(&[ftyp.clone(), many].concat()).unwrap().width, 0);
        let nothing = boxed(b"moov", &boxed(b"mvhd", &[0; 100]));
        assert_eq!(measured(&[ftyp, nothing].concat()).unwrap().seconds, 0.0);
        let video = measured(&sample(u16::MAX, 1, false)).unwrap();
        assert_eq!((video.width, video.height), (0, 0));
    }
}
