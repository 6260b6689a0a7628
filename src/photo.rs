//! A customer's photo: judged, turned upright, stripped of everything but its pixels.

/// A photo as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub jpeg: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// Why a photo is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotAPicture,
    Broken,
    TooSmall { width: u32, height: u32 },
    TooLarge,
    TooLong { width: u32, height: u32 },
    Unsupported,
}

pub fn prepare(_bytes: &[u8]) -> Result<Prepared, Refusal> {
    Err(Refusal::Broken)
}

pub fn pad_to_9x16(_jpeg: &[u8]) -> anyhow::Result<Vec<u8>> {
    anyhow::bail!("not yet written")
}
