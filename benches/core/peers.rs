//! Other queues on SQLite, each a program of its own under `benches/peers/`: their builds of SQLite
//! cannot be linked into one. They do the same cycles in the same run.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::cycles::Turn;

pub(crate) const CALLERS: [usize; 2] = [1, 64];
const PEERS: [&str; 2] = ["apalis", "fang"];

pub(crate) struct Peer {
    pub(crate) name: &'static str,
    program: std::path::PathBuf,
}

/// All of them; a few minutes the first time.
pub(crate) fn built() -> Vec<Peer> {
    PEERS.map(build).into()
}

fn build(name: &'static str) -> Peer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name);
    // Beside this program's own files, whatever folder those are in.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers").join(name);
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--locked", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &target)
        .status()
        .unwrap();
    assert!(status.success(), "{name} was not built");
    Peer { name, program: target.join("release").join(format!("peer-{name}")) }
}

impl Peer {
    /// What it says is one line: cycles, seconds, fsyncs.
    pub(crate) fn turn(&self, callers: usize, each: Duration) -> Turn {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(&self.program);
        program.arg(folder.path()).args([callers.to_string(), each.as_millis().to_string()]);
        let said = program.output().unwrap();
        let told = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{}: {told}", self.name);
        let said = String::from_utf8(said.stdout).unwrap();
        let said: Vec<f64> = said.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let [cycles, seconds, syncs] = said[..] else { panic!("{}: {said:?}", self.name) };
        assert!(syncs > 0.0, "{} is not durable", self.name);
        Turn { a_second: cycles / seconds, syncs: syncs / cycles }
    }
}
