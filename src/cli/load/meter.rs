//! What a process has used so far, as Linux counts it.

use std::fs::{File, read_to_string};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

/// Linux counts a process's time in hundredths of a second.
const TICKS: f64 = 100.0;
/// Linux counts what a disk took in these, whatever its own are.
const SECTOR: u64 = 512;

/// At one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    at: Instant,
    /// Seconds of all its threads, in the kernel, too.
    cpu: f64,
}

/// Between two moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
}

/// In megabytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// At most, everything.
    pub(super) peak: f64,
    /// Now, everything: what it shares with its own file on disk, too.
    pub(super) now: f64,
    /// Now, of its own.
    pub(super) own: f64,
}

pub(super) fn used(pid: u32) -> Result<Used> {
    let stat = read(pid, "stat")?;
    // The name in brackets may hold anything.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| -> Result<f64> {
        let field = fields.get(at).and_then(|it| it.parse().ok());
        field.context("no time in the process's stat")
    };
    Ok(Used { at: Instant::now(), cpu: (ticks(11)? + ticks(12)?) / TICKS })
}

/// Bytes that the disk under a folder took so far, from everybody. A process's own `write_bytes` will
/// not do: where the kernel keeps a file in large folios, it counts all of a folio for each byte that
/// is changed in it.
pub(super) fn disk_took(folder: &Path) -> Result<u64> {
    let opened = File::open(folder)?;
    // What waits in memory is somebody's, too.
    rustix::fs::syncfs(&opened)?;
    let device = rustix::fs::fstat(&opened)?.st_dev;
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let stat = read_to_string(format!("/sys/dev/block/{major}:{minor}/stat"))
        .with_context(|| format!("{} is not on a disk that Linux counts", folder.display()))?;
    let sectors = stat.split_whitespace().nth(6).and_then(|it| it.parse::<u64>().ok());
    Ok(sectors.context("the disk does not say what it took")? * SECTOR)
}

pub(super) fn memory(pid: u32) -> Result<Memory> {
    let status = read(pid, "status")?;
    let megabytes = |name| number(&status, name).map(|kilobytes| kilobytes as f64 / 1_024.0);
    Ok(Memory {
        peak: megabytes("VmHWM:")?,
        now: megabytes("VmRSS:")?,
        own: megabytes("RssAnon:")?,
    })
}

impl Used {
    /// Milliseconds of CPU since the process began.
    pub(super) fn cpu_ms(&self) -> f64 {
        self.cpu * 1_000.0
    }

    pub(super) fn until(&self, later: &Self) -> Spent {
        Spent { seconds: (later.at - self.at).as_secs_f64(), cpu_seconds: later.cpu - self.cpu }
    }
}

impl Spent {
    /// Of one core.
    pub(super) fn percent(&self) -> f64 {
        100.0 * self.cpu_seconds / self.seconds.max(0.001)
    }
}

fn read(pid: u32, file: &str) -> Result<String> {
    read_to_string(format!("/proc/{pid}/{file}"))
        .context("the program has ended, or this is no Linux")
}

/// What is not there is no zero, which would meet every goal.
fn number(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("Linux does not say {name}"))
}

/// The machine that measured.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Machine {
    cores: usize,
    processor: String,
    kernel: String,
}

impl Machine {
    pub(super) fn this() -> Self {
        let cpus = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = cpus.lines().find_map(|line| line.strip_prefix("model name"));
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: name.map_or("", |name| name.trim_start_matches([' ', '\t', ':'])).to_owned(),
            kernel: read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cores of {}, Linux {}", self.cores, self.processor, self.kernel)
    }
}
