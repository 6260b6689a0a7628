//! Copies of the database: made under load, put back, and never half.

use std::path::{Path, PathBuf};
use std::time::Duration;

use neurocards::backup;
use neurocards::clock::MINUTE;
use neurocards::db;

use crate::customer::ru;
use crate::plug::{Op, Plug, When};
use crate::{Appliance, OWN, Setup, UGC};

impl Appliance {
    fn backup_path(&self, name: &str) -> PathBuf {
        self.data().parent().unwrap().join(name)
    }

    /// The daily ones, oldest first.
    fn dailies(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.path("backups"));
        let mut names: Vec<_> = folder
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".db"))
            .collect();
        names.sort();
        names
    }
}

fn is_sound(file: &Path) {
    db::examine(file, &backup::unwatched()).unwrap();
}

#[test]
fn a_restored_appliance_goes_on_and_submits_no_task_again_that_it_knows() {
    let shop = Appliance::new();
    shop.sandbox().kie().set_render_ms((20 * MINUTE, 21 * MINUTE));
    let ann = shop.customer(7).with_credits(5);
    let order = ann.orders(3, UGC);
    // Under load each copy is whole.
    let mut made = 0;
    while !shop.value::<bool>("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'render'") {
        let file = shop.backup_path(&format!("load-{made}.db"));
        shop.commands(&["backup", file.to_str().unwrap()]);
        is_sound(&file);
        made += 1;
    }
    shop.waits_until("SELECT COUNT(*) = 0 FROM outbox WHERE state = 'pending'");
    let file = shop.backup_path("copy.db");
    let name = file.to_str().unwrap();
    assert!(shop.commands(&["backup", name]).contains("checked"));

    let refused = shop.command(&["restore", name]);
    assert_eq!(refused.status.code(), Some(3), "it runs");
    // What comes after the backup is not in it.
    shop.commands(&["grant", "7", "40"]);
    shop.settles_messages();
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let said = shop.commands(&["restore", name]);
    assert!(said.contains("3 open videos") && said.contains("before-restore"), "{said}");
    shop.start_again();
    order.arrives();
    assert_eq!((shop.sandbox().kie().submits(), ann.credits()), (3, 2));
    // The word of the grant stands in the chat, and not in the database.
    shop.expects(|it| it.maybe_twice = 1);
    let lines: i64 = shop.value("SELECT COUNT(*) FROM audit WHERE action = 'restore'");
    assert_eq!(lines, 1);
}

impl Appliance {
    fn settles_messages(&self) {
        self.waits_until("SELECT COUNT(*) = 0 FROM outbox WHERE state = 'pending'");
    }
}

#[test]
fn a_damaged_backup_is_refused_and_the_appliance_goes_on_as_it_was() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    shop.settles();
    let file = shop.backup_path("copy.db");
    shop.commands(&["backup", file.to_str().unwrap()]);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let before = std::fs::read(shop.path("neurocards.db")).unwrap();
    let refused = shop.command(&["restore", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!((refused.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("was not restored"), "{said}");
    assert_eq!(std::fs::read(shop.path("neurocards.db")).unwrap(), before);
    shop.start_again();
    ann.orders(1, OWN).arrives();
}

#[test]
fn a_backup_that_is_killed_leaves_no_half_file_under_its_name() {
    let shop = Appliance::new();
    // Large enough that a copy takes a while.
    shop.writes(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
         INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
         SELECT -i, 0, hex(randomblob(800)), 9e14, 9e14 FROM n",
    );
    let file = shop.backup_path("copy.db");
    let part = shop.backup_path("copy.db.part");
    let (mut halves, mut round) = (0, 0);
    // However long a start takes here, a kill comes after it in the end.
    while round < 12 || halves == 0 && round < 100 {
        round += 1;
        let mut child = shop
            .binary(&["backup", "--force", file.to_str().unwrap()])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let pause = Duration::from_millis(20 * round);
        shop.sandbox().telegram().wait(pause, |_| None::<()>);
        child.kill().unwrap();
        child.wait().unwrap();
        halves += i32::from(part.exists());
        if file.exists() {
            is_sound(&file);
            std::fs::remove_file(&file).unwrap();
        }
    }
    assert!(halves > 0, "no kill came in the middle");
    shop.commands(&["backup", file.to_str().unwrap()]);
    is_sound(&file);
    assert!(!part.exists(), "what was killed is gone");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn every_day_has_its_backup_the_oldest_go_and_a_failure_is_told_until_it_is_over() {
    // A day takes four seconds.
    let shop = Setup::new().rate(20_000.0).admin(99).settings("[backup]\nkeep = 2").start();
    let first = shop.waits_for("the first backup", || shop.dailies().into_iter().next());
    shop.waits_for("pruning", || {
        let names = shop.dailies();
        (names.len() == 2 && names[0] > first).then_some(())
    });
    for name in shop.dailies() {
        // It may be pruned meanwhile; what is there is whole.
        let copy = shop.backup_path(&name);
        if std::fs::copy(shop.path("backups").join(&name), &copy).is_ok() {
            is_sound(&copy);
        }
    }
    let folder = shop.path("backups");
    std::fs::rename(&folder, shop.path("elsewhere")).unwrap();
    let told = |id: &str| {
        let part = ru(id);
        shop.waits_for(id, || {
            let chat = shop.sandbox().telegram().messages(99);
            chat.iter().any(|message| message.text.contains(&part)).then_some(())
        });
    };
    told("alert-backup");
    std::fs::rename(shop.path("elsewhere"), &folder).unwrap();
    told("alert-backup-over");
}

#[test]
fn a_start_makes_up_for_a_missed_backup_and_repeats_none() {
    let shop = Appliance::new();
    let only = shop.waits_for("the backup", || shop.dailies().into_iter().next());
    let path = shop.path("backups").join(only);
    let made = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
    let before = made(&path);
    shop.settles();
    assert!(shop.sigterm().0.success());
    shop.start_again();
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    assert_eq!(made(&path), before);
    assert!(shop.sigterm().0.success());
    std::fs::remove_file(&path).unwrap();
    shop.start_again();
    shop.waits_for("what was missed", || path.exists().then_some(()));
}

#[test]
fn every_copy_that_is_made_under_full_load_is_one_sound_state() {
    let shop = Setup::new().keys(2).start();
    shop.sandbox().kie().set_render_ms((2 * MINUTE, 3 * MINUTE));
    let all: Vec<_> = (1..=5).map(|id| shop.customer(id).with_credits(10)).collect();
    let orders: Vec<_> = all.iter().map(|one| one.orders(5, UGC)).collect();
    let live = "SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing')";
    let mut made = 0;
    while shop.value::<i64>(live) > 0 && made < 12 {
        let file = shop.backup_path("load.db");
        shop.commands(&["backup", "--force", file.to_str().unwrap()]);
        let facts = db::examine(&file, &backup::unwatched()).unwrap();
        assert_eq!(facts.users, 5);
        let copy = rusqlite::Connection::open(&file).unwrap();
        // No order is in it without its videos, and no hold without its video's life.
        let torn: i64 = copy
            .query_row(
                "SELECT (SELECT COUNT(*)
                         FROM orders
                         WHERE videos <> (SELECT COUNT(*) FROM jobs WHERE order_id = orders.id))
                      + (SELECT COUNT(*)
                         FROM jobs
                         WHERE (finished_at IS NULL)
                            <> ((SELECT COUNT(*) FROM ledger WHERE job_id = jobs.id) = 1))",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(torn, 0);
        made += 1;
    }
    assert!(made >= 3, "{made} copies say little");
    orders.iter().for_each(|order| drop(order.arrives()));
}

#[test]
fn a_restore_that_is_killed_at_any_sync_leaves_the_old_database_or_the_new_one() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7);
    shop.settles();
    let file = shop.backup_path("copy.db");
    shop.commands(&["backup", file.to_str().unwrap()]);
    shop.customer(8);
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    ann.hears("больше нет");
    shop.settles();
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let old = std::fs::read(shop.path("neurocards.db")).unwrap();
    let (mut n, mut kept, mut came) = (1_u64, 0, 0);
    loop {
        let when = if n % 2 == 1 { When::Before } else { When::After };
        plug.kills_at(n.div_ceil(2), when);
        let output = shop.command(&["restore", file.to_str().unwrap()]);
        let users: i64 = shop.value("SELECT COUNT(*) FROM users");
        match users {
            2 => kept += 1,
            // With its first breath it knows who left since.
            _ => {
                assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM departures WHERE at = 0"), 1);
                came += 1;
            }
        }
        shop.lets_go();
        is_sound(&shop.path("neurocards.db"));
        if output.status.code() == Some(0) {
            break;
        }
        // The next kill finds the old one again.
        std::fs::remove_file(shop.path("neurocards.db")).unwrap();
        std::fs::write(shop.path("neurocards.db"), &old).unwrap();
        private(&shop.path("neurocards.db"));
        n += 1;
        assert!(n < 120, "it never came through: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(kept > 3 && came > 1, "{kept} times the old one, {came} times the new one");
    shop.expects(|it| it.maybe_twice = 10);
    shop.start_again();
    shop.customer(9);
    assert!(shop.value::<bool>("SELECT deleted_at IS NOT NULL FROM users WHERE tg_user_id = 7"));
}

#[test]
fn whom_a_wreck_would_have_named_is_said_to_be_unknown() {
    let shop = Appliance::new();
    shop.customer(7);
    shop.settles();
    let file = shop.backup_path("copy.db");
    shop.commands(&["backup", file.to_str().unwrap()]);
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    std::fs::write(shop.path("neurocards.db"), "this was a database".repeat(500)).unwrap();
    private(&shop.path("neurocards.db"));
    let said = shop.commands(&["restore", file.to_str().unwrap()]);
    assert!(said.contains("deleted since the backup is not known"), "{said}");
    shop.start_again();
}

pub(crate) fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_full_disk_leaves_no_half_backup_and_restores_nothing() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7).with_credits(1);
    shop.settles();
    let file = shop.path("backups/mine.db");
    let name = file.to_str().unwrap();
    let refused = |args: &[&str]| {
        let output = shop.command(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains("the disk is full: make room"), "{said}");
    };
    plug.fails(Op::Write, "ENOSPC backups/");
    refused(&["backup", name]);
    let left = std::fs::read_dir(shop.path("backups")).unwrap();
    let left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    assert!(left.iter().all(|it| !it.to_string_lossy().starts_with("mine")), "{left:?}");
    plug.mends(Op::Write);
    shop.commands(&["backup", name]);
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let before = std::fs::read(shop.path("neurocards.db")).unwrap();
    plug.fails(Op::Write, "ENOSPC restoring");
    refused(&["restore", name]);
    plug.mends(Op::Write);
    assert_eq!(std::fs::read(shop.path("neurocards.db")).unwrap(), before);
    assert!(!shop.path("neurocards.db.restoring").exists());
    shop.start_again();
    ann.orders(1, OWN).arrives();
}

#[test]
fn daily_backups_on_a_full_disk_are_one_alert_and_come_again_by_themselves() {
    let plug = Plug::new();
    plug.fails(Op::Write, "ENOSPC backups/");
    // An hour takes half a second.
    let shop = Setup::new().rate(7_200.0).plug(&plug).admin(99).start();
    let failures = || shop.log_text().matches("the daily backup failed").count();
    shop.waits_for("three tries", || (failures() >= 3).then_some(()));
    shop.alerts("alert-backup");
    let chat = shop.sandbox().telegram().messages(99);
    assert_eq!(chat.iter().filter(|it| it.text.starts_with('⚠')).count(), 1, "{chat:?}");
    assert!(shop.dailies().is_empty());
    plug.mends(Op::Write);
    shop.alerts("alert-backup-over");
    shop.dailies().iter().for_each(|name| is_sound(&shop.path("backups").join(name)));
}
