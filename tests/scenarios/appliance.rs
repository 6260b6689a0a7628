//! The real binary on a fresh folder against a sandbox in this process.
//!
//! ```text
//! let shop = Appliance::new();
//! let ann = shop.customer(7).with_credits(3);
//! ann.orders(3, UGC).arrives();
//! ```
//! Dropping it waits until nothing is left to do, stops the process, and fails the test over
//! everything of [`promises`] that does not hold.

mod process;

use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::AtomicU32;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use neurocards::clock::{Clock, DAY, HOUR, SECOND, Spec};
use neurocards::db::Db;
use neurocards::sandbox::{Options, Sandbox};
use rusqlite::Connection;

use crate::customer::Customer;
use crate::deaths::Death;
use crate::terminal::{Tape, Terminal};
use crate::{promises, secrets};

pub(crate) use crate::terminal::PATIENCE;
use process::Process;

/// What SIGTERM may take.
pub(crate) const STOP: Duration = Duration::from_secs(5);
/// How fast time passes, unless a scenario says otherwise.
const RATE: f64 = 60.0;

/// Where the jobs stand, for a test that fails.
const JOBS: &str = "SELECT id, order_id, status, step, attempts, strikes, lease,
        leased_at - step_since AS leased, due_at - step_since AS due, api_key, error,
        (SELECT group_concat(what) FROM events WHERE job_id = jobs.id) AS events
 FROM jobs";

/// Today at seven in the morning, ten in Moscow: whenever the tests run, a scenario about the figures
/// of a day does not meet midnight.
fn morning(rate: f64) -> Clock {
    let anchor = Clock::real().now();
    let offset = 7 * HOUR - anchor.rem_euclid(DAY);
    Clock::new(Spec { rate, anchor, offset })
}

/// What a scenario changes before the start.
pub(crate) struct Setup {
    pub(crate) options: Options,
    settings: String,
    admin: Option<i64>,
    env: Vec<(String, String)>,
    under: Vec<String>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let mut options = Options::new(morning(RATE));
        options.render_ms = (20 * SECOND, 40 * SECOND);
        Self { options, settings: String::new(), admin: None, env: Vec::new(), under: Vec::new() }
    }

    /// Lines of `neurocards.toml`.
    pub(crate) fn settings(mut self, toml: &str) -> Self {
        self.settings.push_str(toml);
        self.settings.push('\n');
        self
    }

    /// So many KIE accounts.
    pub(crate) fn keys(mut self, count: usize) -> Self {
        self.options.kie_keys = (1..=count).map(|n| format!("sandbox-kie-key-{n}")).collect();
        self
    }

    pub(crate) fn without_openai(mut self) -> Self {
        self.options.openai_key = None;
        self
    }

    /// Who gets alerts; they know the bot.
    pub(crate) fn admin(mut self, user: i64) -> Self {
        self.admin = Some(user);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The appliance is started by this command, which gets its own as its last words.
    pub(crate) fn under(mut self, words: &[&str]) -> Self {
        self.under = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Anything else of the sandbox.
    pub(crate) fn tuned(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// How many times as fast as in reality time passes.
    pub(crate) fn rate(self, rate: f64) -> Self {
        self.tuned(|options| options.clock = morning(rate))
    }

    /// Starts the sandbox and the binary; returns when it serves.
    pub(crate) fn start(self) -> Appliance {
        let appliance = self.stopped();
        appliance.start_again();
        appliance
    }

    /// The sandbox alone: the binary is started by [`Appliance::start_again`].
    pub(crate) fn stopped(self) -> Appliance {
        let root = tempfile::tempdir().unwrap();
        std::fs::DirBuilder::new().mode(0o700).create(root.path().join("settings")).unwrap();
        std::fs::write(root.path().join("settings/neurocards.toml"), &self.settings).unwrap();
        let sandbox = Sandbox::start(self.options).unwrap();
        if let Some(admin) = self.admin {
            sandbox.telegram().knows_bot(admin);
        }
        Appliance {
            root,
            sandbox,
            admin: self.admin,
            env: Mutex::new(self.env),
            under: self.under,
            process: Mutex::default(),
            db: Mutex::default(),
            heard: Mutex::default(),
            terminals: Mutex::default(),
            expected: Mutex::default(),
            deaths: Mutex::default(),
            pid: Arc::default(),
            tender: Mutex::default(),
        }
    }
}

/// What a scenario brings about on purpose, so that the checks know of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected {
    /// Jobs without an order, which hold nothing.
    pub(crate) by_hand: i64,
    /// Messages to one chat that the database does not know, as after a restore. What a kill
    /// leaves is known without: [`crate::deaths`].
    pub(crate) maybe_twice: i64,
    /// Payments of which Telegram does not know.
    pub(crate) strange_charges: usize,
    /// People who wanted to pay while nobody answered. A kill may leave one more each.
    pub(crate) unanswered: usize,
    /// It ends with work left over.
    pub(crate) unfinished: bool,
}

pub(crate) struct Appliance {
    root: tempfile::TempDir,
    sandbox: Sandbox,
    admin: Option<i64>,
    env: Mutex<Vec<(String, String)>>,
    under: Vec<String>,
    process: Mutex<Option<Process>>,
    db: Mutex<Option<Db>>,
    /// What the commands printed.
    heard: Mutex<Vec<u8>>,
    /// What stood on the terminals.
    terminals: Mutex<Vec<Tape>>,
    expected: Mutex<Expected>,
    deaths: Mutex<Vec<Death>>,
    /// Of the process that was started last.
    pid: Arc<AtomicU32>,
    tender: Mutex<Option<Tender>>,
}

/// What is done about a process that has ended while a scenario waits for something.
type Tender = Arc<dyn Fn(&Appliance, ExitStatus) + Send + Sync>;

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Appliance {
    /// One that behaves, with everything as it comes.
    pub(crate) fn new() -> Self {
        Setup::new().start()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Somebody who has pressed /start and sees the menu.
    pub(crate) fn customer(&self, id: i64) -> Customer<'_> {
        Customer::meets(self, id, "ru")
    }

    pub(crate) fn expects(&self, change: impl FnOnce(&mut Expected)) {
        change(&mut held(&self.expected));
    }

    pub(crate) fn binary(&self, args: &[&str]) -> Command {
        self.dressed(env!("CARGO_BIN_EXE_neurocards"), args)
    }

    /// Any program, in the surroundings of the appliance's own.
    pub(crate) fn dressed(&self, program: &str, args: &[&str]) -> Command {
        let options = self.sandbox.options();
        let mut command = Command::new(program);
        command
            .args(args)
            .env_clear()
            .env("HOME", self.root.path())
            .env("TMPDIR", self.root.path())
            .env("NEUROCARDS_DATA_DIR", self.data())
            .env("NEUROCARDS_CONFIG", self.root.path().join("settings/neurocards.toml"))
            .env("NEUROCARDS_CLOCK", options.clock.spec().to_string())
            .env("BOT_TOKEN", &options.token)
            .env("KIE_API_KEY", options.kie_keys.join(","))
            .env("TELEGRAM_API_URL", self.sandbox.telegram_url())
            .env("KIE_API_URL", self.sandbox.kie_url())
            .env("KIE_UPLOAD_URL", self.sandbox.upload_url())
            .env("OPENAI_BASE_URL", self.sandbox.openai_url())
            .current_dir(self.root.path())
            .stdin(Stdio::null());
        if let Some(key) = &options.openai_key {
            command.env("OPENAI_API_KEY", key);
        }
        if let Some(admin) = self.admin {
            command.env("ADMIN_TG_ID", admin.to_string());
        }
        command.envs(held(&self.env).iter().cloned());
        command
    }

    /// Other settings from the next start on.
    pub(crate) fn configures(&self, toml: &str) {
        std::fs::write(self.root.path().join("settings/neurocards.toml"), toml).unwrap();
    }

    /// A file of the operator's own, from the next start on.
    pub(crate) fn puts_beside(&self, name: &str, text: &str) {
        let path = self.root.path().join("settings").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Another value of a variable from the next start on.
    pub(crate) fn sets(&self, name: &str, value: &str) {
        held(&self.env).push((name.to_owned(), value.to_owned()));
    }

    /// Another command on the same folder.
    pub(crate) fn command(&self, args: &[&str]) -> Output {
        self.command_with(args, &[])
    }

    /// The same with other variables; an empty one is not set.
    pub(crate) fn command_with(&self, args: &[&str], vars: &[(&str, &str)]) -> Output {
        self.hears(self.binary(args).envs(vars.iter().copied()))
    }

    /// Runs it to its end; what it prints is looked at for secrets.
    pub(crate) fn hears(&self, command: &mut Command) -> Output {
        let output = command.output().unwrap();
        let mut heard = held(&self.heard);
        heard.write_all(&output.stdout).unwrap();
        heard.write_all(&output.stderr).unwrap();
        output
    }

    /// A command in a terminal of its own.
    pub(crate) fn terminal(&self, args: &[&str], cols: u16, rows: u16) -> Terminal {
        self.terminal_with(args, &[], cols, rows)
    }

    /// The same with other variables.
    pub(crate) fn terminal_with(
        &self,
        args: &[&str],
        vars: &[(&str, &str)],
        cols: u16,
        rows: u16,
    ) -> Terminal {
        let mut command = self.binary(args);
        let terminal = Terminal::of(command.envs(vars.iter().copied()), cols, rows);
        held(&self.terminals).push(terminal.tape());
        terminal
    }

    /// As [`Appliance::command`]; it must succeed. Returns what it printed.
    pub(crate) fn commands(&self, args: &[&str]) -> String {
        let output = self.command(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "neurocards {args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// `neurocards sql --write`.
    pub(crate) fn writes(&self, sql: &str) {
        self.commands(&["sql", "--write", sql]);
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Connection) -> anyhow::Result<T>) -> T {
        let db = {
            let mut db = held(&self.db);
            db.get_or_insert_with(|| Db::open_existing(&self.data()).unwrap()).clone()
        };
        db.read(look).unwrap()
    }

    /// The one value of a query.
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?))
    }

    /// No file of the database may be read while this process has it open; its threads close it
    /// a moment later, and the last one to do so takes the log away.
    pub(crate) fn lets_go(&self) {
        if held(&self.db).take().is_none() {
            return;
        }
        let log = self.path("neurocards.db-wal");
        let until = Instant::now() + PATIENCE;
        while log.exists() && Instant::now() < until {
            self.sandbox.telegram().wait(Duration::from_millis(5), |_| None::<()>);
        }
    }

    /// A copy of the database of a stopped appliance, to do damage to.
    pub(crate) fn copy(&self) -> (tempfile::TempDir, Connection) {
        self.lets_go();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.db");
        std::fs::copy(self.path("neurocards.db"), &path).unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "foreign_keys", 0).unwrap();
        (folder, conn)
    }

    /// Looks now and then until something is found.
    #[track_caller]
    pub(crate) fn waits_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            self.tends();
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < until, "{what}: it never came\n{}", self.state());
            self.sandbox.telegram().wait(Duration::from_millis(20), |_| None::<()>);
        }
    }

    /// Until this query says 1.
    #[track_caller]
    pub(crate) fn waits_until(&self, sql: &str) {
        self.waits_for(sql, || self.value::<bool>(sql).then_some(()));
    }

    /// Until nothing is left to do: no live job, nothing to send, every update handled.
    #[track_caller]
    pub(crate) fn settles(&self) {
        self.waits_for("a quiet appliance", || self.is_quiet().then_some(()));
    }

    pub(crate) fn is_quiet(&self) -> bool {
        let telegram = self.sandbox.telegram();
        telegram.unconfirmed() == 0
            && telegram.unanswered_callbacks().is_empty()
            && self.value::<i64>(
                "SELECT (SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing'))
                      + (SELECT COUNT(*) FROM outbox WHERE state = 'pending')
                      + (SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL)",
            ) == 0
    }

    /// Where everything stands, for a test that fails.
    fn state(&self) -> String {
        let jobs = self.command(&["sql", "--json", JOBS]);
        let outbox = self.command(&[
            "sql",
            "SELECT id, chat_id, state, tries, error FROM outbox WHERE state <> 'sent'",
        ]);
        let mut text = format!(
            "{}{}",
            String::from_utf8_lossy(&jobs.stdout),
            String::from_utf8_lossy(&outbox.stdout)
        );
        for user in self.sandbox.telegram().users() {
            for message in self.sandbox.telegram().messages(user) {
                let shown: String = message.text.chars().take(100).collect();
                text.push_str(&format!("{user} #{}: {shown}\n", message.id));
            }
        }
        format!("{text}{}", self.log_tail())
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("output.log")
    }

    /// Everything that the processes printed so far.
    pub(crate) fn printed(&self) -> Vec<u8> {
        let mut all = std::fs::read(self.log()).unwrap_or_default();
        all.extend(held(&self.heard).iter());
        all.extend(held(&self.terminals).iter().flat_map(Tape::printed));
        all
    }

    pub(crate) fn log_tail(&self) -> String {
        let text =
            String::from_utf8_lossy(&std::fs::read(self.log()).unwrap_or_default()).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    /// Everything that is wrong at the end.
    fn closing(&mut self) -> Vec<String> {
        let mut broken = Vec::new();
        let expected = *held(&self.expected);
        if held(&self.process).is_some() {
            if !expected.unfinished {
                self.settles();
            }
            let (status, took) = self.sigterm();
            if !status.success() || took > STOP {
                broken.push(format!("SIGTERM ended it with {status} after {took:?}"));
            }
        }
        if !self.data().join("neurocards.db").exists() {
            return broken;
        }
        broken.extend(self.read(|conn| promises::of_the_database(conn, &expected)));
        let deaths = self.deaths();
        let services =
            |conn: &Connection| promises::of_the_services(conn, &self.sandbox, &expected, &deaths);
        broken.extend(self.read(services));
        self.lets_go();
        broken.extend(promises::of_the_folder(&self.data()));
        broken.extend(secrets::shown(self.root.path(), &self.printed(), &self.sandbox));
        broken
    }

    /// The data folder's files, for a scenario that looks at them while nothing runs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data().join(Path::new(name))
    }
}

impl Appliance {
    /// A scenario that failed leaves no process.
    fn is_over(&self) {
        if let Some(process) = held(&self.process).take() {
            process.signal("KILL");
            let ended = process.ended.recv_timeout(PATIENCE);
            assert_ne!(ended, Err(RecvTimeoutError::Timeout), "SIGKILL was not enough");
            eprintln!("{}", self.log_tail());
        }
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return self.is_over();
        }
        match catch_unwind(AssertUnwindSafe(|| self.closing())) {
            Ok(broken) => {
                assert!(broken.is_empty(), "what always holds does not:\n{}", broken.join("\n"));
            }
            Err(panic) => {
                self.is_over();
                resume_unwind(panic);
            }
        }
    }
}
