//! The processes of an appliance: how they start, and how they end.

use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use neurocards::db::Db;

use super::{Appliance, PATIENCE, held};
use crate::deaths::Death;
use crate::terminal::signal;

/// A process of ours.
pub(super) struct Process {
    pid: u32,
    pub(super) ended: Receiver<ExitStatus>,
    /// Polls that Telegram had seen before.
    polls: u64,
}

impl Process {
    pub(super) fn signal(&self, name: &str) {
        signal(self.pid, name);
    }

    pub(super) fn wait(&self, at_most: Duration) -> Option<ExitStatus> {
        self.ended.recv_timeout(at_most).ok()
    }
}

impl Appliance {
    /// Starts the binary (again) on the same folder; returns when it serves.
    pub(crate) fn start_again(&self) {
        self.launches();
        self.sandbox.telegram().wait(PATIENCE, |_| {
            let died = self.ended();
            assert!(died.is_none(), "it ended at once: {died:?}\n{}", self.log_tail());
            self.serves().then_some(())
        });
        assert!(self.serves(), "it does not poll\n{}", self.log_tail());
    }

    /// Whether a process runs that has begun to poll.
    pub(crate) fn serves(&self) -> bool {
        let polls = self.sandbox.telegram().calls("getUpdates");
        held(&self.process).as_ref().is_some_and(|it| polls > it.polls)
    }

    /// Starts the binary, which may not live to serve.
    pub(crate) fn launches(&self) {
        let log = self.log();
        let polls = self.sandbox.telegram().calls("getUpdates");
        let open = || File::options().create(true).append(true).open(&log).unwrap();
        let mut command = self.binary(&["run"]);
        if let Some((first, rest)) = self.under.split_first() {
            command = under(&command, first, rest);
        }
        let mut child = command.stdout(open()).stderr(open()).spawn().unwrap();
        let (tell, ended) = channel();
        let pid = child.id();
        self.pid.store(pid, Ordering::SeqCst);
        std::thread::spawn(move || {
            // Nobody listens any more where the test is over.
            let _ = tell.send(child.wait().unwrap());
        });
        *held(&self.process) = Some(Process { pid, ended, polls });
    }

    /// As a power cut.
    pub(crate) fn kill9(&self) {
        self.kill9_unseen();
        self.takes_stock();
    }

    /// The same without a look at what it left, which takes long where there is much: what is then
    /// there twice has to be expected.
    pub(crate) fn kill9_unseen(&self) {
        let process = held(&self.process).take().unwrap();
        process.signal("KILL");
        assert!(process.wait(PATIENCE).is_some(), "SIGKILL was not enough");
    }

    /// For the sandbox's plug: kills the process that runs now, from any thread.
    pub(crate) fn killer(&self) -> impl Fn() + Send + Sync + 'static {
        let pid = held(&self.process).as_ref().unwrap().pid;
        move || signal(pid, "KILL")
    }

    /// Waits until the process has died of the [`Appliance::killer`].
    pub(crate) fn dies(&self) {
        let process = held(&self.process).take().unwrap();
        assert!(process.wait(PATIENCE).is_some(), "it lives");
        self.takes_stock();
    }

    /// How the process has ended, if it has; then there is none any more.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        let mut process = held(&self.process);
        let status = process.as_ref()?.ended.try_recv().ok()?;
        *process = None;
        Some(status)
    }

    /// Writes down what a process that has just died left half done.
    pub(crate) fn takes_stock(&self) {
        let mut deaths = held(&self.deaths);
        // One that died at its first start may have left half a database.
        let made = held(&self.db).is_some() || Db::open_existing(&self.data()).is_ok();
        let death = match made {
            true => self.read(|conn| Death::of(Some(conn), &self.sandbox, &deaths)),
            false => Death::of(None, &self.sandbox, &deaths).unwrap(),
        };
        deaths.push(death);
    }

    pub(crate) fn deaths(&self) -> Vec<Death> {
        held(&self.deaths).clone()
    }

    /// The process that runs now.
    pub(crate) fn pid(&self) -> u32 {
        held(&self.process).as_ref().unwrap().pid
    }

    /// Waits until the process has ended by itself.
    #[track_caller]
    pub(crate) fn ends_itself(&self) -> ExitStatus {
        let process = held(&self.process).take().unwrap();
        let Some(status) = process.wait(PATIENCE) else {
            process.signal("KILL");
            panic!("it lives\n{}", self.log_tail());
        };
        status
    }

    /// The process that was started last, for whoever kills it from another thread.
    pub(crate) fn last_pid(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.pid)
    }

    /// From here on the process may end while a scenario waits for something; then this is done.
    pub(crate) fn tended_by(&self, tender: impl Fn(&Self, ExitStatus) + Send + Sync + 'static) {
        *held(&self.tender) = Some(Arc::new(tender));
    }

    pub(super) fn tends(&self) {
        let tender = held(&self.tender).clone();
        if let Some(tender) = tender
            && let Some(status) = self.ended()
        {
            tender(self, status);
        }
    }

    /// An orderly stop: how it ended, and how long that took.
    pub(crate) fn sigterm(&self) -> (ExitStatus, Duration) {
        let process = held(&self.process).take().unwrap();
        let begun = Instant::now();
        process.signal("TERM");
        let status = process.wait(PATIENCE);
        let took = begun.elapsed();
        let Some(status) = status else {
            process.signal("KILL");
            panic!("SIGTERM did not end it\n{}", self.log_tail());
        };
        (status, took)
    }
}

fn under(command: &Command, first: &str, rest: &[String]) -> Command {
    let mut outer = Command::new(first);
    outer.args(rest).arg(command.get_program()).args(command.get_args()).env_clear();
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
    outer
}
