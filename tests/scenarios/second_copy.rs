//! Litestream, the real one, beside the real binary: `LITESTREAM=/path/to/litestream`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use neurocards::backup;
use neurocards::clock::MINUTE;
use neurocards::db;

use crate::{Appliance, Customer, Setup, UGC};

/// A process that copies; it dies with the test.
struct Copier {
    program: PathBuf,
    config: PathBuf,
    child: Child,
}

impl Copier {
    fn begins(shop: &Appliance) -> Self {
        let program = PathBuf::from(std::env::var_os("LITESTREAM").unwrap());
        let (root, database) =
            (shop.data().parent().unwrap().to_owned(), shop.path("neurocards.db"));
        let config = root.join("litestream.yml");
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/litestream/litestream.yml");
        let sample = std::fs::read_to_string(sample).unwrap();
        let (head, _) = sample.split_once("      # S3 and what").unwrap();
        let replica = root.join("elsewhere");
        let text = head.replace("/var/lib/neurocards/neurocards.db", database.to_str().unwrap());
        let text = format!("{text}      type: file\n      path: {}\n", replica.display());
        std::fs::write(&config, text).unwrap();
        let child = Self::run(&program, &config);
        Self { program, config, child }
    }

    fn run(program: &PathBuf, config: &PathBuf) -> Child {
        let log = std::fs::File::create(config.with_extension("log")).unwrap();
        // As its unit has it.
        Command::new("sh")
            .args(["-c", "umask 077; exec \"$0\" replicate -config \"$1\""])
            .args([program, config])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn restores(&self, database: &std::path::Path, to: &std::path::Path) {
        let output = Command::new(&self.program)
            .args(["restore", "-config"])
            .arg(&self.config)
            .arg("-o")
            .args([to, database])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }

    /// As systemd stops it.
    fn stops(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// With its machine.
    fn killed(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.config.with_extension("log")).unwrap()
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

#[test]
#[ignore = "needs Litestream: .ci/full"]
fn a_disk_that_died_comes_back_from_the_second_copy_and_its_order_goes_on() {
    let shop = Setup::new().start();
    shop.sandbox().kie().set_render_ms((20 * MINUTE, 21 * MINUTE));
    let bob = Customer::meets(&shop, 8, "ru");
    let copier = Copier::begins(&shop);
    shop.waits_for("the first copy", || copier.log().contains("snapshot complete").then_some(()));
    // 50 MB are written, and the log stays at what it takes between two looks of Litestream's.
    let log = || std::fs::metadata(shop.path("neurocards.db-wal")).unwrap().len();
    for n in 0..10 {
        shop.writes(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
             INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
             SELECT -i - {n}000000, 0, hex(randomblob(800)), 9e14, 9e14 FROM n"
        ));
        shop.idles(Duration::from_millis(700));
    }
    println!("the log has {} MB", log() >> 20);
    assert!(log() < 40 << 20, "{} bytes", log());

    // Litestream reads all the time, so the log cannot be emptied of who left until it lets go.
    bob.says("/delete_me");
    bob.presses("🗑 Да");
    shop.waits_until("SELECT COUNT(*) = 1 FROM departures WHERE erased_at IS NULL");
    shop.idles(Duration::from_secs(5));
    assert!(!bob.chat().iter().any(|it| it.text.contains("больше нет")), "it is said too early");
    copier.stops();
    bob.hears("больше нет");
    shop.waits_until("SELECT COUNT(*) = 0 FROM departures");
    let mut copier = Copier::begins(&shop);
    shop.waits_for("it to go on", || copier.log().contains("compaction complete").then_some(()));

    let ann = shop.customer(7).with_credits(5);
    let order = ann.orders(3, UGC);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'render'");
    shop.waits_until("SELECT COUNT(*) = 0 FROM outbox WHERE state = 'pending'");
    // Longer than its interval.
    shop.idles(Duration::from_secs(3));
    shop.kill9();
    shop.lets_go();
    copier.killed();
    let submits = shop.sandbox().kie().submits();
    let lost = shop.data().with_file_name("lost");
    std::fs::rename(shop.data(), &lost).unwrap();
    let file = shop.data().with_file_name("restored.db");
    copier.restores(&shop.path("neurocards.db"), &file);
    let said = shop.commands(&["restore", file.to_str().unwrap()]);
    assert!(said.contains("3 open videos"), "{said}");
    std::fs::remove_dir_all(lost).unwrap();
    shop.expects(|it| it.maybe_twice = 3);
    shop.start_again();
    order.arrives();
    assert_eq!((shop.sandbox().kie().submits(), ann.credits()), (submits, 2));

    // The copy goes on where it was, from a file that it did not make.
    let copier = Copier::begins(&shop);
    shop.waits_for("it to go on", || copier.log().contains("compaction complete").then_some(()));
    let file = shop.data().with_file_name("again.db");
    copier.restores(&shop.path("neurocards.db"), &file);
    copier.stops();
    let facts = db::examine(&file, &backup::unwatched()).unwrap();
    assert_eq!((facts.users, facts.open_jobs), (2, 0));
}
