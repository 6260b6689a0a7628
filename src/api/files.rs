//! Fetches result videos, from addresses that a service named: so only from public ones.
//!
//! Every address that a name resolves to is checked at the moment of connecting, and each
//! redirect like the first address. Behind a proxy the proxy resolves; there only addresses
//! written as numbers can be checked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use secrecy::SecretString;
use ureq::http::Response;
use ureq::{Agent, Body};
use url::Url;

pub use super::mp4::Video;
use super::{http, mp4};

mod public;

const REDIRECTS_MAX: u32 = 3;

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
    /// Not reached, dropped, cut short, timed out.
    Network(String),
    /// More than this limit, in bytes.
    TooBig(u64),
    /// It came, but is no MP4.
    NotVideo(String),
    /// Our own disk.
    Disk(io::Error),
}

/// The client.
pub struct Files {
    agent: Agent,
    allow_loopback: bool,
    max_bytes: u64,
}

impl Files {
    /// Fails for a proxy that cannot be one.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let &Options { allow_loopback, max_bytes, .. } = options;
        let proxy = http::parse_proxy(options.proxy.as_ref()).context("fetching files")?;
        let agent = http::agent(proxy, 8, public::PublicOnly::new(allow_loopback));
        Ok(Self { agent, allow_loopback, max_bytes })
    }

    /// Streams `url` to `to` by way of `to` + `.part`, which is on disk before it gets its name.
    /// What an earlier try left there is overwritten.
    pub fn fetch(&self, url: &str, to: &Path, deadline: Duration) -> Result<Video, Trouble> {
        let body = self.open(url, deadline)?;
        let part = part_of(to);
        let kept = self.store(body, &part).and_then(|video| {
            fs::rename(&part, to)?;
            if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                File::open(folder)?.sync_all()?;
            }
            Ok(video)
        });
        if kept.is_err() {
            // It may not exist; the failure itself is what matters.
            let _ = fs::remove_file(&part);
        }
        kept
    }

    /// Whether this is a plain address of a public place, however long: it comes from a service, and
    /// a customer who is given it instead of the file goes where it leads.
    pub fn is_public(&self, url: &str) -> bool {
        let Ok(parsed) = Url::parse(url) else { return false };
        let plain = parsed.username().is_empty() && parsed.password().is_none();
        matches!(parsed.scheme(), "http" | "https")
            && plain
            && parsed.host().is_some_and(|host| public::host_is_allowed(&host, self.allow_loopback))
    }

    /// Ends running downloads at once and refuses new ones.
    pub fn stop(&self) {
        self.agent.clone().shutdown();
    }

    /// Follows redirects by hand, to check each.
    fn open(&self, url: &str, deadline: Duration) -> Result<Body, Trouble> {
        let begun = Instant::now();
        let mut url = self.allowed(url)?;
        for _ in 0..=REDIRECTS_MAX {
            let left = deadline.saturating_sub(begun.elapsed());
            let call = self.agent.get(url.as_str()).config().timeout_global(Some(left));
            let response = call.build().call().map_err(trouble)?;
            let status = response.status();
            match moved_to(&response) {
                Some(place) if status.is_redirection() => {
                    let next = url.join(&place).map_err(|_| forbidden("a broken redirect"))?;
                    url = self.allowed(next.as_str())?;
                }
                _ if status.as_u16() == 200 => return Ok(response.into_body()),
                _ => return Err(Trouble::Status(status.as_u16())),
            }
        }
        Err(forbidden("too many redirects"))
    }

    fn allowed(&self, url: &str) -> Result<Url, Trouble> {
        let url = Url::parse(url).map_err(|_| forbidden("not an address"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_loopback => {}
            _ => return Err(forbidden("not https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(forbidden("a name and password in the address"));
        }
        let host = url.host().ok_or_else(|| forbidden("no host"))?;
        if !public::host_is_allowed(&host, self.allow_loopback) {
            return Err(forbidden("not a public address"));
        }
        Ok(url)
    }

    fn store(&self, body: Body, part: &Path) -> Result<Video, Trouble> {
        let told = body.content_length();
        if told.is_some_and(|bytes| bytes > self.max_bytes) {
            return Err(Trouble::TooBig(self.max_bytes));
        }
        let mut reader = body.into_with_config().limit(self.max_bytes.saturating_add(2)).reader();
        let mut file = private_file(part)?;
        let mut chunk = vec![0; 64 * 1024];
        let mut head = Vec::new();
        let mut bytes = 0;
        loop {
            let got = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Trouble::Network(http::cut(&error.to_string()))),
            };
            bytes += got as u64;
            if bytes > self.max_bytes {
                return Err(Trouble::TooBig(self.max_bytes));
            }
            if head.len() < 12 {
                head.extend_from_slice(&chunk[..got.min(12)]);
                if head.len() >= 8 && !mp4::is_mp4(&head) {
                    return Err(not_video(&head));
                }
            }
            file.write_all(&chunk[..got])?;
        }
        if !mp4::is_mp4(&head) {
            return Err(not_video(&head));
        }
        file.sync_all()?;
        mp4::measure(&mut file).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Trouble::Network("the video is cut short".to_owned()),
            _ => Trouble::Disk(error),
        })
    }
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn moved_to(response: &Response<Body>) -> Option<String> {
    Some(response.headers().get("location")?.to_str().ok()?.to_owned())
}

fn forbidden(why: &str) -> Trouble {
    Trouble::Forbidden(why.to_owned())
}

fn not_video(head: &[u8]) -> Trouble {
    Trouble::NotVideo(format!("it begins with {:?}", String::from_utf8_lossy(head)))
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::Other(inner) if inner.is::<public::NotPublic>() => {
            forbidden("a name that leads to no public address")
        }
        error => Trouble::Network(http::cut(&error.to_string())),
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forbidden(why) => write!(f, "not fetched: {why}"),
            Self::Status(status) => write!(f, "HTTP {status}"),
            Self::Network(why) => write!(f, "{why}"),
            Self::TooBig(limit) => write!(f, "larger than {limit} bytes"),
            Self::NotVideo(why) => write!(f, "not an MP4: {why}"),
            Self::Disk(why) => write!(f, "writing the file: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

#[cfg(test)]
mod tests;
