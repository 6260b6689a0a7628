//! Under a supervisor, as systemd is one: a socket of the test's own hears what the program says of
//! itself, and what it does not say any more.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use neurocards::clock::MINUTE;

use crate::appliance::PATIENCE;
use crate::plug::{Op, Plug};
use crate::{OWN, Setup};

/// Without a sign of life for so long it would be restarted.
const WATCHDOG: Duration = Duration::from_millis(600);
const PING: &str = "WATCHDOG=1";
const READY: &str = "READY=1";

/// What was heard, line by line, and who waits for it.
type Heard = Arc<(Mutex<Vec<String>>, Condvar)>;

struct Supervisor {
    folder: tempfile::TempDir,
    heard: Heard,
}

impl Supervisor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        let heard = Heard::default();
        let listener = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut letter = [0; 4_096];
            while let Ok(length @ 1..) = socket.recv(&mut letter) {
                let lines = String::from_utf8(letter[..length].to_vec()).unwrap();
                listener.0.lock().unwrap().extend(lines.lines().map(str::to_owned));
                listener.1.notify_all();
            }
        });
        Self { folder, heard }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    fn over(&self, setup: Setup) -> Setup {
        setup
            .env("NOTIFY_SOCKET", self.socket().to_str().unwrap())
            .env("WATCHDOG_USEC", &WATCHDOG.as_micros().to_string())
    }

    /// Everything from the n-th line on.
    fn since(&self, n: usize) -> Vec<String> {
        self.heard.0.lock().unwrap()[n..].to_vec()
    }

    fn so_far(&self) -> usize {
        self.heard.0.lock().unwrap().len()
    }

    /// Waits until this line has come so many times since the n-th one.
    #[track_caller]
    fn hears(&self, line: &str, times: usize, n: usize) {
        let came = |all: &[String]| all[n..].iter().filter(|it| *it == line).count() >= times;
        let heard = self.heard.0.lock().unwrap();
        let (heard, waited) =
            self.heard.1.wait_timeout_while(heard, PATIENCE, |all| !came(all)).unwrap();
        assert!(!waited.timed_out(), "no {line}: {:?}", &heard[n..]);
    }

    /// What comes within this time.
    fn within(&self, span: Duration) -> Vec<String> {
        let heard = self.heard.0.lock().unwrap();
        let n = heard.len();
        let (heard, _) = self.heard.1.wait_timeout_while(heard, span, |_| true).unwrap();
        heard[n..].to_vec()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // An empty letter ends the listener.
        let _ = UnixDatagram::unbound().and_then(|it| it.send_to(&[], self.socket()));
    }
}

#[test]
fn it_is_ready_when_what_was_left_is_recovered_and_not_before() {
    let (plug, systemd) = (Plug::new(), Supervisor::new());
    let shop = systemd.over(Setup::new().plug(&plug)).start();
    systemd.hears(READY, 1, 0);
    shop.sandbox().kie().set_render_ms((3 * MINUTE, 4 * MINUTE));
    let order = shop.customer(7).with_credits(1).orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'render'");
    shop.kill9();
    let recovered = || shop.value::<i64>("SELECT started_at FROM instance");
    let (before, last) = (systemd.so_far(), recovered());
    plug.hangs("neurocards.db-wal");
    shop.launches();
    // One commit after the other reaches the disk, with time to say something before each.
    while systemd.within(Duration::from_millis(100)).is_empty() {
        assert!(shop.ended().is_none(), "it ended\n{}", shop.log_tail());
        if plug.has_hung() {
            plug.lets_one_go();
        }
    }
    assert_eq!(systemd.since(before)[0], READY);
    assert!(recovered() > last, "nothing is recovered before it is on the disk");
    plug.lets_go();
    order.arrives();
    assert_eq!(shop.sandbox().kie().submits(), 1);
}

#[test]
fn a_writer_that_hangs_gives_no_sign_of_life_and_a_restart_mends_it() {
    let (plug, systemd) = (Plug::new(), Supervisor::new());
    let shop = systemd.over(Setup::new().plug(&plug)).start();
    systemd.hears(PING, 3, 0);
    shop.sandbox().kie().set_render_ms((3 * MINUTE, 4 * MINUTE));
    let order = shop.customer(7).with_credits(1).orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'render'");
    plug.hangs("neurocards.db-wal");
    shop.waits_for("a commit that does not end", || plug.has_hung().then_some(()));
    // One may be on its way.
    systemd.within(WATCHDOG / 2);
    assert_eq!(systemd.within(WATCHDOG), [""; 0]);
    // It would be over now: systemd kills what gives no sign of life.
    shop.kill9();
    plug.lets_go();
    let before = systemd.so_far();
    shop.start_again();
    systemd.hears(PING, 2, before);
    order.arrives();
    assert_eq!(shop.sandbox().kie().submits(), 1);
}

#[test]
fn a_full_disk_is_said_and_is_no_dead_writer() {
    let (plug, systemd) = (Plug::new(), Supervisor::new());
    let shop = systemd.over(Setup::new().plug(&plug)).start();
    systemd.hears("STATUS=serving", 1, 0);
    plug.fails(Op::Write, "ENOSPC");
    systemd.hears("STATUS=the disk is full: make room on it", 1, 0);
    let full = systemd.so_far();
    systemd.hears(PING, 3, full);
    plug.mends(Op::Write);
    systemd.hears("STATUS=serving", 1, full);
    shop.customer(7);
}

#[test]
fn it_says_how_it_is_doing_and_that_it_stops() {
    let systemd = Supervisor::new();
    let shop = systemd.over(Setup::new()).start();
    systemd.hears("STATUS=serving", 1, 0);
    assert_eq!(systemd.since(0)[..2], [READY, "STATUS=serving"]);
    for (command, status) in [
        ("pause", "STATUS=selling is closed until `neurocards resume`"),
        ("resume", "STATUS=serving"),
        ("drain", "STATUS=drained: what is not at KIE waits for `neurocards resume`"),
        ("resume", "STATUS=serving"),
    ] {
        let before = systemd.so_far();
        shop.commands(&[command]);
        systemd.hears(status, 1, before);
    }
    // Another one on the folder, or one that was set up wrong, was never ready.
    let second = shop.command(&["run"]);
    let wrong = shop.command_with(&["run"], &[("BOT_TOKEN", "")]);
    assert_eq!((second.status.code(), wrong.status.code()), (Some(3), Some(2)));
    assert!(shop.sigterm().0.success());
    systemd.hears("STATUS=stopping", 1, 0);
    let heard = systemd.since(0);
    let said: Vec<_> = heard.iter().filter(|line| *line != PING).collect();
    assert_eq!(said[said.len() - 2..], ["STOPPING=1", "STATUS=stopping"]);
    assert_eq!(said.iter().filter(|line| **line == READY).count(), 1);
}

#[test]
fn the_watchdog_waits_while_the_database_is_rewritten() {
    let systemd = Supervisor::new();
    let shop = systemd.over(Setup::new()).start();
    let ann = shop.customer(7);
    shop.settles();
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    let long = "WATCHDOG_USEC=3600000000";
    let usual = format!("WATCHDOG_USEC={}", WATCHDOG.as_micros());
    systemd.hears(&usual, 1, 0);
    let heard = systemd.since(0);
    let said: Vec<_> = heard.iter().filter(|line| line.starts_with("WATCHDOG_USEC")).collect();
    assert_eq!(said[..2], [long, usual.as_str()]);
    systemd.hears(PING, 1, heard.len());
}
