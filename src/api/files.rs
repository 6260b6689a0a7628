//! Fetches result videos.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

pub use super::mp4::Video;

/// How to fetch.
#[derive(Clone, Debug)]
pub struct Options {
    /// `http`, `https` or `socks5h`.
    pub proxy: Option<SecretString>,
    /// Plain HTTP and loopback addresses: only where KIE itself is one, as in the demo.
    pub allow_loopback: bool,
    /// The largest file, in bytes.
    pub max_bytes: u64,
}

/// Why there is no file.
#[derive(Debug)]
pub enum Trouble {
    /// An address that we do not fetch from, ever.
    Forbidden(String),
    /// The server answered with this HTTP status.
    Status(u16),
    /// Not reached, dropped, timed out.
    Network(String),
    /// More than the limit.
    TooBig(u64),
    /// It came, but is no MP4.
    NotVideo(String),
    /// Our own disk.
    Disk(std::io::Error),
}

/// The client.
pub struct Files {}

impl Files {
    /// Fails for a proxy that cannot be one.
    pub fn new(_options: &Options) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    /// Streams `url` to `to` by way of `to` + `.part`, which is on disk before it gets its name.
    pub fn fetch(&self, _url: &str, _to: &Path, _deadline: Duration) -> Result<Video, Trouble> {
        Err(Trouble::Network("not yet written".into()))
    }

    /// Ends running downloads at once and refuses new ones.
    pub fn stop(&self) {}
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forbidden(why) => write!(f, "not fetched: {why}"),
            Self::Status(why) => write!(f, "HTTP {why}"),
            Self::Network(why) => write!(f, "{why}"),
            Self::TooBig(why) => write!(f, "larger than {why} bytes"),
            Self::NotVideo(why) => write!(f, "not an MP4: {why}"),
            Self::Disk(why) => write!(f, "writing the file: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error)
    }
}
