//! The videos: a slow drift over the uploaded photo, H.264 in an MP4, encoded once per photo.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::Bytes;

use super::bell::held;

#[cfg(feature = "encoder")]
mod encode;
pub(super) mod mp4;

/// Served where there is no encoder, or where a photo cannot be read.
static READY: &[u8] = include_bytes!("../../assets/demo/ready.mp4");

/// Films that are kept; an older one is encoded again when it is asked for.
const MOST_FILMS: usize = 256;

/// Which film: the photo's contents, and the size of the picture.
type Key = (u64, (u32, u32));

/// All films so far. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Studio(Arc<Mutex<VecDeque<(Key, Film)>>>);

/// Made by whoever asks first; the others wait.
type Film = Arc<OnceLock<Bytes>>;

impl Studio {
    /// The process's one: however many sandboxes a test run has, a film is made once.
    pub(super) fn shared() -> Self {
        static SHARED: OnceLock<Studio> = OnceLock::new();
        SHARED.get_or_init(Self::default).clone()
    }

    /// The film of a photo; blocks while it is encoded, but only the one who asks for it.
    pub(super) fn film(&self, photo: u64, shape: (u32, u32), bytes: &[u8]) -> Bytes {
        let key = (photo, shape);
        let cell = {
            let mut films = held(&self.0);
            match films.iter().find(|(it, _)| *it == key) {
                Some((_, cell)) => cell.clone(),
                None => {
                    if films.len() == MOST_FILMS {
                        films.pop_front();
                    }
                    let cell = Arc::new(OnceLock::new());
                    films.push_back((key, cell.clone()));
                    cell
                }
            }
        };
        cell.get_or_init(|| make(bytes, shape)).clone()
    }
}

#[cfg(feature = "encoder")]
fn make(photo: &[u8], shape: (u32, u32)) -> Bytes {
    encode::film(photo, shape).map_or_else(|| Bytes::from_static(READY), Bytes::from)
}

#[cfg(not(feature = "encoder"))]
fn make(_photo: &[u8], _shape: (u32, u32)) -> Bytes {
    Bytes::from_static(READY)
}

/// The picture's size: 720 by 1280, or the photo's own shape with a short side of 720.
pub(super) fn shape(follows_photo: bool, photo: (u32, u32)) -> (u32, u32) {
    let (width, height) = photo;
    if !follows_photo || width == 0 || height == 0 {
        return (720, 1280);
    }
    let long = |long: u32, short: u32| {
        // Rounded, so that a photo of 720 by 1281 still counts as 9:16.
        let side = (f64::from(long) * 45.0 / f64::from(short)).round() as u32 * 16;
        side.clamp(720, 1920)
    };
    if width < height { (720, long(height, width)) } else { (long(width, height), 720) }
}

#[cfg(all(test, feature = "encoder"))]
mod tests {
    use super::*;

    #[test]
    fn a_photo_becomes_a_playable_vertical_film() {
        let photo = crate::sandbox::photos::product(1);
        let film = Studio::default().film(1, shape(false, (900, 1200)), &photo);
        let probe = mp4::probe(&film).unwrap();
        assert_eq!((probe.width, probe.height, probe.millis), (720, 1280, 5_000));
        assert!(probe.index_first && probe.samples == 60 && film.len() < 1_500_000);
    }

    /// Run it by name after the encoder has changed.
    #[test]
    #[ignore = "writes assets/demo/ready.mp4"]
    fn the_ready_film_is_made() {
        let film = make(&crate::sandbox::photos::product(0), (720, 1280));
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
        std::fs::write(folder.join("ready.mp4"), film).unwrap();
    }

    #[test]
    fn the_ready_film_is_whole() {
        let probe = mp4::probe(READY).unwrap();
        assert_eq!((probe.width, probe.height, probe.millis), (720, 1280, 5_000));
        assert!(READY.len() < 200_000);
    }

    #[test]
    fn a_model_that_follows_the_photo_keeps_its_shape() {
        assert_eq!(shape(true, (1080, 1920)), (720, 1280));
        assert_eq!(shape(true, (900, 1200)), (720, 960));
        assert_eq!(shape(true, (1200, 900)), (960, 720));
        assert_eq!(shape(false, (1200, 900)), (720, 1280));
    }

    #[test]
    fn padding_is_a_box_that_players_skip() {
        let film = Studio::default().film(1, (720, 1280), &crate::sandbox::photos::product(2));
        let padded = mp4::padded(&film, 3_000_000);
        assert_eq!((padded.len(), mp4::probe(&padded)), (3_000_000, mp4::probe(&film)));
    }
}
