//! A machine of its own: a folder with a fresh Debian, booted with its own systemd.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::shop::{Shop, said};

const DATABASE: &str = "var/lib/neurocards/neurocards.db";
const CREDENTIALS: [&str; 2] =
    ["BOT_TOKEN_FILE=/etc/neurocards/bot_token", "KIE_API_KEY_FILE=/etc/neurocards/kie_api_key"];

struct Machine {
    root: PathBuf,
    nspawn: Child,
    /// Its first process, as it is called outside.
    leader: u32,
}

impl Machine {
    fn boots(root: &Path, shop: &Shop) -> Self {
        let console = File::create(root.with_extension("console")).unwrap();
        let nspawn = Command::new("systemd-nspawn")
            .args(["--quiet", "--register=no", "--keep-unit", "--console=pipe", "--boot", "-D"])
            .arg(root)
            .stdin(Stdio::null())
            .stdout(console.try_clone().unwrap())
            .stderr(console)
            .spawn()
            .unwrap();
        let leader = shop.waits_for("a first process", || leader(nspawn.id()));
        let machine = Self { root: root.to_owned(), nspawn, leader };
        shop.waits_for("a booted machine", || {
            let (state, _) = said(&mut machine.command(&["systemctl", "is-system-running"]));
            ["running", "degraded"].contains(&state.trim()).then_some(())
        });
        machine
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--all", "--target", &self.leader.to_string(), "--"])
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        command
    }

    /// As root in it; must succeed.
    #[track_caller]
    fn does(&self, words: &[&str]) -> String {
        let (text, good) = said(&mut self.command(words));
        assert!(good, "{words:?}: {text}\n{}", self.journal());
        text
    }

    fn journal(&self) -> String {
        said(&mut self.command(&["journalctl", "-u", "neurocards", "-n", "40", "--no-pager"])).0
    }

    /// One property of the service.
    fn shows(&self, property: &str) -> String {
        let words = ["systemctl", "show", "neurocards", "--value", "-p", property];
        self.does(&words).trim().to_owned()
    }

    /// Somebody pastes it.
    fn pastes(&self, text: &str, file: &str) {
        let mut install = self.command(&["install", "-m", "600", "/dev/stdin", file]);
        let mut child = install.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn has(&self, file: &str) -> bool {
        self.root.join(file).exists()
    }

    fn serves(&self) -> bool {
        self.shows("ActiveState") == "active" && self.shows("StatusText") == "serving"
    }

    fn orders(&self) -> String {
        let sql = "SELECT COUNT(*) FROM jobs WHERE status = 'done'";
        let words = ["neurocards", "--data-dir", "/var/lib/neurocards", "sql", sql];
        let sudo = ["runuser", "-u", "neurocards", "--", "env", "-C", "/var/lib/neurocards"];
        let text = self.does(&[&sudo[..], &words].concat());
        text.lines().last().unwrap_or_default().to_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.journal());
        }
        // SIGTERM has it powered off in order.
        let pid = self.nspawn.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.nspawn.wait();
    }
}

/// The only child of nspawn, once it is a systemd.
fn leader(nspawn: u32) -> Option<u32> {
    let list = std::fs::read_to_string(format!("/proc/{nspawn}/task/{nspawn}/children")).ok()?;
    let child = list.split_whitespace().next()?.parse().ok()?;
    let name = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
    (name.trim() == "systemd").then_some(child)
}

/// Two tokens, and where the services are in this test.
fn set_up(machine: &Machine, shop: &Shop) {
    machine.pastes(&format!("{}\n", shop.token()), "/etc/neurocards/bot_token");
    machine.pastes(&format!("{}\n", shop.key()), "/etc/neurocards/kie_api_key");
    let lines = shop.addresses().into_iter().map(|(name, value)| format!("{name}={value}\n"));
    let lines: String = lines.collect();
    machine.pastes(&lines, "/etc/neurocards/environment");
}

/// Every check is fine, as whoever put the secrets there.
fn doctor_is_green(machine: &Machine, shop: &Shop) {
    let folders = ["--data-dir", "/var/lib/neurocards"];
    let addresses: Vec<_> =
        shop.addresses().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut words = vec!["env"];
    words.extend(CREDENTIALS);
    words.extend(addresses.iter().map(String::as_str));
    words.extend(["neurocards", "--config", "/etc/neurocards/neurocards.toml"]);
    words.extend(folders);
    words.push("doctor");
    let said = machine.does(&words);
    assert!(said.contains("running") && !said.contains("FAIL"), "{said}");
    println!("{said}");
}

/// A process that gives no sign of life is killed by the watchdog and started again.
fn the_watchdog_bites(machine: &Machine, shop: &Shop) {
    let folder = machine.root.join("etc/systemd/system/neurocards.service.d");
    std::fs::create_dir_all(&folder).unwrap();
    let quick = "[Service]\nWatchdogSec=2\nRestartSec=1\nTimeoutAbortSec=1\n";
    std::fs::write(folder.join("quick.conf"), quick).unwrap();
    machine.does(&["systemctl", "daemon-reload"]);
    machine.does(&["systemctl", "restart", "neurocards"]);
    let pid = machine.shows("MainPID");
    machine.does(&["systemctl", "kill", "--signal=STOP", "neurocards"]);
    let restarts = || (machine.shows("NRestarts") == "1" && machine.serves()).then_some(());
    shop.waits_for("a restart", restarts);
    assert_ne!(machine.shows("MainPID"), pid);
    assert!(machine.journal().contains("Watchdog timeout"), "{}", machine.journal());
    std::fs::remove_dir_all(&folder).unwrap();
    machine.does(&["systemctl", "daemon-reload"]);
}

/// A mistake in the settings is said, and not tried again.
fn a_wrong_configuration_stays_down(machine: &Machine) {
    let file = machine.root.join("etc/neurocards/neurocards.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{before}\nlevell = \"x\"\n")).unwrap();
    let (_, good) = said(&mut machine.command(&["systemctl", "restart", "neurocards"]));
    assert!(!good);
    assert_eq!(
        (machine.shows("ActiveState"), machine.shows("ExecMainStatus")),
        ("failed".into(), "2".into())
    );
    assert_eq!(machine.shows("NRestarts"), "0");
    std::fs::write(&file, before).unwrap();
    machine.does(&["systemctl", "start", "neurocards"]);
}

#[test]
#[ignore = "needs root, debootstrap and systemd-nspawn: packaging/try-deb"]
fn a_fresh_machine_serves_after_two_tokens_and_keeps_its_data() {
    let root = PathBuf::from(std::env::var_os("NEUROCARDS_FRESH_ROOT").unwrap());
    let shop = Shop::opens();
    let machine = Machine::boots(&root, &shop);
    assert!(!machine.has("usr/bin/cc") && !machine.has("usr/bin/neurocards"));
    let install = ["apt-get", "install", "-y", "/srv/neurocards.deb"];

    let told = machine.does(&install);
    assert!(told.contains("neurocards needs two secrets"), "{told}");
    assert_eq!(machine.does(&["systemctl", "is-enabled", "neurocards"]).trim(), "enabled");
    let (early, good) = said(&mut machine.command(&["systemctl", "start", "neurocards"]));
    assert!(!good && early.contains("Assertion failed"), "{early}");
    set_up(&machine, &shop);
    // It returns when the program says that it is ready.
    machine.does(&["systemctl", "start", "neurocards"]);
    assert!(machine.serves(), "{}", machine.journal());
    doctor_is_green(&machine, &shop);
    shop.serves(7);
    assert_eq!(machine.orders(), "1");

    the_watchdog_bites(&machine, &shop);
    a_wrong_configuration_stays_down(&machine);
    let pid = machine.shows("MainPID");
    machine.does(&["apt-get", "install", "-y", "--reinstall", "/srv/neurocards.deb"]);
    assert!(machine.serves() && machine.shows("MainPID") != pid, "an upgrade starts the new one");

    machine.does(&["apt-get", "remove", "-y", "neurocards"]);
    assert!(!machine.has("usr/bin/neurocards") && machine.has(DATABASE));
    assert!(
        machine.has("etc/neurocards/bot_token") && machine.has("etc/neurocards/neurocards.toml")
    );
    machine.does(&install);
    assert!(machine.serves(), "it goes on by itself: {}", machine.journal());
    assert_eq!(machine.orders(), "1");
    shop.serves(7);
    assert_eq!(machine.orders(), "2");

    let told = machine.does(&["apt-get", "purge", "-y", "neurocards"]);
    assert!(told.contains("are still in /var/lib/neurocards"), "{told}");
    assert!(!machine.has("etc/neurocards") && machine.has(DATABASE));

    machine.does(&["sh", "-ec", &format!("cd /srv\n{}", of_the_archive())]);
    set_up(&machine, &shop);
    machine.does(&["systemctl", "start", "neurocards"]);
    shop.serves(8);
    assert_eq!(machine.orders(), "3");
}

/// What the page says of distributions without packages, word for word.
fn of_the_archive() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut blocks = page.split("```sh\n").skip(1).map(|it| it.split("```").next().unwrap());
    blocks.find(|it| it.starts_with("tar ")).unwrap().to_owned()
}
