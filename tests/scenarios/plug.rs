//! Bad days for the disk and the clock of the real binary: a library (`tests/plug/plug.c`) that is
//! put under it, and told what to do by files while it runs.
//!
//! ```text
//! let plug = Plug::new();
//! let shop = Setup::new().plug(&plug).start();
//! plug.fails(Op::Write, "ENOSPC");
//! ```

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Appliance, Setup};

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Write,
    Fsync,
    /// For writing.
    Open,
    Rename,
}

impl Op {
    fn file(self) -> &'static str {
        match self {
            Self::Write => "fail.write",
            Self::Fsync => "fail.fsync",
            Self::Open => "fail.open",
            Self::Rename => "fail.rename",
        }
    }
}

/// One fsync or fdatasync of a file in the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sync {
    pub(crate) pid: u32,
    /// Its number in its process, from 1.
    pub(crate) n: u64,
    /// Relative to the data folder.
    pub(crate) path: String,
}

/// Before or after the disk has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

pub(crate) struct Plug {
    folder: tempfile::TempDir,
}

impl Plug {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// What puts it under a process.
    pub(crate) fn env(&self) -> [(&'static str, String); 2] {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        [("LD_PRELOAD", path(library())), ("PLUG_DIR", path(self.folder.path()))]
    }

    /// The process that starts next dies at its n-th fsync.
    pub(crate) fn kills_at(&self, n: u64, when: When) {
        let when = if when == When::After { "after" } else { "before" };
        self.tells("kill", &format!("{n} {when}"));
    }

    /// From here on an operation on files of the data folder fails: `ENOSPC`, or `EIO part` for
    /// paths with this part, or `EIO part once`.
    pub(crate) fn fails(&self, op: Op, how: &str) {
        self.tells(op.file(), how);
    }

    pub(crate) fn mends(&self, op: Op) {
        self.forgets(op.file());
    }

    /// From here on no fsync of a path with this part ends.
    pub(crate) fn hangs(&self, part: &str) {
        self.forgets("hung");
        self.tells("hang.fsync", part);
    }

    /// Whether one has begun that does not end.
    pub(crate) fn has_hung(&self) -> bool {
        self.folder.path().join("hung").exists()
    }

    /// The one that hangs ends, the next one hangs again.
    pub(crate) fn lets_one_go(&self) {
        self.tells("one", "1");
        self.forgets("hung");
    }

    /// They end.
    pub(crate) fn lets_go(&self) {
        self.forgets("hang.fsync");
    }

    /// The wall clock is so many seconds ahead.
    pub(crate) fn sets_clock_ahead(&self, seconds: i64) {
        self.tells("clock", &seconds.to_string());
    }

    /// From here on it remembers what is really on the disk.
    pub(crate) fn remembers_the_disk(&self) {
        fs::create_dir_all(self.folder.path().join("shadow")).unwrap();
    }

    /// A power cut has just happened to this stopped appliance: what was not synced is gone.
    pub(crate) fn cuts_the_power(&self, shop: &Appliance) {
        shop.lets_go();
        let data = shop.data();
        fs::remove_dir_all(&data).unwrap();
        copy(&self.folder.path().join("shadow"), &data);
    }

    /// All fsyncs so far.
    pub(crate) fn syncs(&self) -> Vec<Sync> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.splitn(4, ' ');
            let pid = words.next()?.parse().ok()?;
            let n = words.next()?.parse().ok()?;
            Some(Sync { pid, n, path: words.nth(1)?.to_owned() })
        };
        log.lines().filter_map(line).collect()
    }

    /// A half-written word must not be read.
    fn tells(&self, name: &str, word: &str) {
        let half = self.folder.path().join("half");
        fs::write(&half, word).unwrap();
        fs::rename(&half, self.folder.path().join(name)).unwrap();
    }

    fn forgets(&self, name: &str) {
        // It may have been taken away already.
        let _ = fs::remove_file(self.folder.path().join(name));
    }
}

impl Appliance {
    /// Starts, dies at its n-th fsync, and is started again. `false`: it did not come so far, since
    /// it `is_done` before.
    pub(crate) fn is_killed_at_a_sync(
        &self,
        plug: &Plug,
        (n, when): (u64, When),
        is_done: impl Fn() -> bool,
    ) -> bool {
        plug.kills_at(n, when);
        self.launches();
        let died = self.waits_for("a death, or the end of its work", || {
            if self.ended().is_some() {
                self.takes_stock();
                return Some(true);
            }
            (self.serves() && is_done()).then_some(false)
        });
        if !died {
            // It would die later.
            self.kill9();
        }
        self.start_again();
        died
    }
}

impl Setup {
    /// Everything that is started is under it.
    pub(crate) fn plug(self, plug: &Plug) -> Self {
        plug.env().iter().fold(self, |setup, (name, value)| setup.env(name, value))
    }
}

/// With the modes that a data folder has.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if path.extension().is_none_or(|it| it != "half") {
            fs::copy(&path, to.join(name)).unwrap();
            fs::set_permissions(to.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Compiled once per run of the tests.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plug/plug.c");
        let half = folder.join(format!("plug-{}.so", std::process::id()));
        let done = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&half, &source])
            .args(["-ldl", "-lpthread"])
            .status()
            .unwrap();
        assert!(done.success(), "the C compiler failed on tests/plug/plug.c");
        let library = folder.join("plug.so");
        fs::rename(&half, &library).unwrap();
        library
    })
}

#[test]
fn the_plug_kills_at_a_sync_and_what_was_not_synced_is_gone() {
    let plug = Plug::new();
    plug.remembers_the_disk();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7);
    assert!(plug.syncs().iter().any(|sync| sync.path == "neurocards.db-wal"));
    shop.settles();
    shop.kill9();
    plug.kills_at(1, When::Before);
    shop.launches();
    shop.dies();
    plug.cuts_the_power(&shop);
    assert!(shop.path("neurocards.db").exists() && !shop.path("logs").exists());
    shop.start_again();
    assert_eq!(ann.credits(), 2, "what a customer saw was on the disk");
}

#[test]
fn the_plug_fails_what_it_is_told_and_turns_the_clock() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let customer = shop.customer(7);
    // What it fails would else meet a write of the appliance's own.
    shop.settles();
    shop.kill9();
    let change = "UPDATE instance SET bot_username = bot_username";
    let refused = |args: &[&str]| {
        let output = shop.command(args);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    plug.fails(Op::Write, "ENOSPC neurocards.db once");
    assert!(refused(&["sql", "--write", change]).contains("full"));
    shop.writes(change);
    for (op, how) in [(Op::Fsync, "EIO"), (Op::Open, "EROFS")] {
        plug.fails(op, how);
        refused(&["sql", "--write", change]);
        plug.mends(op);
        shop.writes(change);
    }
    let copy = shop.path("backups/mine.db");
    plug.fails(Op::Rename, "EIO");
    refused(&["backup", copy.to_str().unwrap()]);
    plug.mends(Op::Rename);
    shop.commands(&["backup", copy.to_str().unwrap()]);
    plug.sets_clock_ahead(86_400);
    let now = "SELECT CAST(unixepoch() AS INTEGER)";
    let there: i64 = shop.commands(&["sql", now]).lines().last().unwrap().trim().parse().unwrap();
    let here: i64 = shop.value(now);
    assert!((86_300..86_500).contains(&(there - here)), "{there} {here}");
    plug.sets_clock_ahead(0);
    shop.start_again();
    assert_eq!(customer.credits(), 2);
}
