//! The sandbox here, and the unchanged program as a process of its own: what it costs is not mixed
//! with what the sandbox costs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use super::course::{Course, private_folder};
use super::{checks, meter};
use crate::clock::{Clock, DAY, MINUTE, Millis, SECOND};
use crate::db::{Db, FILE_NAME, Mode, Tx};
use crate::sandbox::{self, Sandbox};

/// A start that takes longer has failed.
const START: Duration = Duration::from_secs(30);
/// What SIGTERM may take.
const STOP: Duration = Duration::from_secs(10);
/// 20 Mbit a second.
const DOWNLOADS: u64 = 2_500_000;

/// What a scenario runs with.
pub(super) struct Setup {
    pub(super) options: sandbox::Options,
    pub(super) threads: u32,
    /// A data folder whose database is copied; else it begins empty.
    pub(super) filled: Option<PathBuf>,
}

impl Setup {
    /// The services as they are in life, with so many accounts at KIE.
    pub(super) fn of(course: &Course<'_>, threads: u32, keys: usize) -> Self {
        let mut options = sandbox::Options::new(course.clock());
        options.seed = course.args.seed;
        options.kie_keys = (1..=keys).map(|n| format!("sandbox-kie-key-{n}")).collect();
        options.api_delay_ms = 150;
        options.telegram_delay_ms = 150;
        options.gpt_delay_ms = 6 * SECOND;
        options.download_rate = (DOWNLOADS as f64 * options.clock.spec().rate) as u64;
        options.render_ms = (5 * MINUTE, 5 * MINUTE);
        options.record_calls = false;
        Self { options, threads: course.threads(threads), filled: None }
    }

    pub(super) fn renders_take(mut self, ms: Millis) -> Self {
        self.options.render_ms = (ms, ms);
        self
    }

    pub(super) fn filled(mut self, folder: PathBuf) -> Self {
        self.filled = Some(folder);
        self
    }
}

pub(super) struct Rig {
    root: PathBuf,
    pub(super) sandbox: Sandbox,
    threads: u32,
    program: PathBuf,
    child: Option<Child>,
    db: Option<Db>,
    /// Jobs up to this one were there before.
    pub(super) before: i64,
    /// When it was made.
    pub(super) made_at: Millis,
}

impl Rig {
    /// Everything but the process.
    pub(super) fn make(course: &mut Course<'_>, setup: Setup) -> Result<Self> {
        let root = course.folder()?;
        let sandbox = Sandbox::start(setup.options)?;
        let made_at = sandbox.options().clock.now();
        let program = match &course.args.load.program {
            Some(program) => program.canonicalize().context("there is no such program")?,
            None => std::env::current_exe()?,
        };
        let mut rig = Self {
            root,
            sandbox,
            threads: setup.threads,
            program,
            child: None,
            db: None,
            before: 0,
            made_at,
        };
        private_folder(&rig.data().join("backups"))?;
        std::fs::write(rig.root.join("neurocards.toml"), rig.settings())?;
        // Today's backup is not part of what is measured.
        for day in [made_at - DAY, made_at] {
            let date = Timestamp::from_millisecond(day)?.to_zoned(TimeZone::UTC).date();
            File::create(rig.data().join(format!("backups/neurocards-{date}.db")))?;
        }
        if let Some(filled) = &setup.filled {
            let to = rig.data().join(FILE_NAME);
            std::fs::copy(filled.join(FILE_NAME), &to).context("cannot copy the full database")?;
            File::open(to)?.sync_all()?;
            // Their numbers come again: this Telegram has just begun to count.
            rig.write(|tx| Ok(tx.execute("DELETE FROM inbox", [])?))?;
        } else {
            drop(Db::open(&rig.data(), Mode::Demo, made_at)?);
        }
        rig.before = rig.value("SELECT COALESCE(MAX(id), 0) FROM jobs")?;
        Ok(rig)
    }

    /// Nothing goes out to administrators, and no hour of the day brings work.
    fn settings(&self) -> String {
        format!(
            "[workers]\nthreads = {}\n\n[limits]\nrunning_videos_per_user = 10000\n\
             orders_per_user_per_hour = 10000\n\n[report]\ntimezone = \"UTC\"\nat = \"\"\n",
            self.threads
        )
    }

    fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.sandbox.options().clock
    }

    /// Starts the process; returns how long it took until it asked for updates.
    pub(super) fn launch(&mut self) -> Result<Duration> {
        // As after a start in life, nobody else has it open.
        self.db = None;
        let telegram = self.sandbox.telegram().clone();
        let polls = telegram.calls("getUpdates");
        let mut command = self.command()?;
        let begun = Instant::now();
        self.child = Some(command.spawn().context("cannot start the program")?);
        let served = telegram.wait(START, |it| (it.calls("getUpdates") > polls).then_some(()));
        let took = begun.elapsed();
        if served.is_none() {
            bail!("the program does not ask for updates\n{}", self.log_tail());
        }
        Ok(took)
    }

    fn command(&self) -> Result<Command> {
        let options = self.sandbox.options();
        let log = File::options().create(true).append(true).open(self.root.join("output.log"))?;
        let mut command = Command::new(&self.program);
        command
            .arg("run")
            .env_clear()
            .env("HOME", &self.root)
            .env("TMPDIR", &self.root)
            .env("NEUROCARDS_DATA_DIR", self.data())
            .env("NEUROCARDS_CONFIG", self.root.join("neurocards.toml"))
            .env("NEUROCARDS_CLOCK", options.clock.spec().to_string())
            .env("BOT_TOKEN", &options.token)
            .env("KIE_API_KEY", options.kie_keys.join(","))
            .env("OPENAI_API_KEY", options.openai_key.clone().unwrap_or_default())
            .env("TELEGRAM_API_URL", self.sandbox.telegram_url())
            .env("KIE_API_URL", self.sandbox.kie_url())
            .env("KIE_UPLOAD_URL", self.sandbox.upload_url())
            .env("OPENAI_BASE_URL", self.sandbox.openai_url())
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the program does not run")?.id())
    }

    /// Bytes that the disk took so far: nothing else may be going on.
    pub(super) fn disk_took(&self) -> Result<u64> {
        meter::disk_took(&self.root)
    }

    pub(super) fn used(&self) -> Result<meter::Used> {
        meter::used(self.pid()?).with_context(|| self.log_tail())
    }

    pub(super) fn memory(&self) -> Result<meter::Memory> {
        meter::memory(self.pid()?).with_context(|| self.log_tail())
    }

    fn db(&mut self) -> Result<&Db> {
        if self.db.is_none() {
            self.db = Some(Db::open_existing(&self.data())?);
        }
        self.db.as_ref().context("the database was just opened")
    }

    pub(super) fn read<T>(&mut self, look: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.db()?.read(look)
    }

    /// The one value of a query.
    pub(super) fn value<T: rusqlite::types::FromSql>(&mut self, sql: &str) -> Result<T> {
        self.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?))
    }

    pub(super) fn write<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.db()?.write(work)
    }

    /// Waits until nothing is left to do.
    pub(super) fn settles(&mut self, course: &Course<'_>, at_most: Duration) -> Result<()> {
        let until = Instant::now() + at_most;
        loop {
            let open: i64 = self.value(
                "SELECT (SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing'))
                      + (SELECT COUNT(*) FROM outbox WHERE state = 'pending')
                      + (SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL)",
            )?;
            let telegram = self.sandbox.telegram();
            let silent = telegram.unanswered_callbacks().len() + telegram.unconfirmed();
            if open == 0 && silent == 0 {
                return Ok(());
            }
            if Instant::now() >= until {
                bail!(
                    "{open} rows and {silent} updates are not done after {} s\n{}",
                    at_most.as_secs(),
                    self.log_tail()
                );
            }
            course.pause(Duration::from_millis(200))?;
        }
    }

    /// Waits until all is done, stops the process, and looks for promises that were not kept.
    pub(super) fn closes(mut self, course: &mut Course<'_>, at_most: Duration) -> Result<()> {
        self.settles(course, at_most)?;
        course.broken.extend(self.stops(course)?);
        let db = self.db()?.clone();
        let broken =
            db.read(|conn| checks::broken(conn, &self.sandbox, self.before, self.made_at))?;
        course.broken.extend(broken);
        Ok(())
    }

    /// SIGTERM; what is wrong with how it ended.
    pub(super) fn stops(&mut self, course: &Course<'_>) -> Result<Option<String>> {
        let Some(mut child) = self.child.take() else { return Ok(None) };
        let begun = Instant::now();
        kill_process(Pid::from_child(&child), Signal::TERM)?;
        let ended = course.waits_for("the end of the program", STOP, || Ok(child.try_wait()?));
        let Ok(status) = ended else {
            // It is killed when this rig ends.
            self.child = Some(child);
            return Ok(Some(format!("SIGTERM did not end it in {} s", STOP.as_secs())));
        };
        let took = begun.elapsed().as_secs();
        Ok((!status.success() || took > 5).then(|| format!("it ended with {status}, {took} s")))
    }

    pub(super) fn log_tail(&self) -> String {
        tail(&self.root.join("output.log"))
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Whatever went wrong is told by whoever lets go of it here.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.db = None;
        let _ = std::fs::remove_dir_all(&self.root);
    }
}
