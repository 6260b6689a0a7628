//! The little that we need to know of an MP4 file.

/// A video on disk.
#[derive(Clone, Debug, PartialEq)]
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
