//! Coming from the old system: every credit is there, whatever stood in its tables and whenever the
//! import died; and its customers go on as if nothing had been.

mod old;

use std::path::Path;
use std::process::Stdio;

use neurocards::clock::{DAY, HOUR};
use rusqlite::types::Value;

use crate::customer::ru;
use crate::{Appliance, OWN, Setup};
use old::Old;

impl Appliance {
    /// A file beside the data folder.
    fn puts(&self, name: &str, text: &str) -> String {
        let path = self.data().with_file_name(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What an import prints for a script.
    fn imports(&self, args: &[&str]) -> serde_json::Value {
        let args = [&["import", "--json"][..], args].concat();
        let mut said: serde_json::Value = serde_json::from_str(&self.commands(&args)).unwrap();
        said.as_object_mut().unwrap().remove("dry_run");
        said
    }

    /// Every row of every table.
    fn content(&self) -> Vec<String> {
        self.read(|conn| {
            let mut names = conn.prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )?;
            let names = names.query_map([], |row| row.get(0))?;
            let names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
            let mut all = Vec::new();
            for name in names {
                let mut query = conn.prepare(&format!("SELECT * FROM {name}"))?;
                let width = query.column_count();
                let rows = query.query_map([], |row| {
                    let cells = (0..width).map(|at| row.get::<_, Value>(at));
                    Ok(format!("{name} {:?}", cells.collect::<rusqlite::Result<Vec<_>>>()?))
                })?;
                all.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            Ok(all)
        })
    }

    /// Telegram's ids with what they have.
    fn balances(&self) -> Vec<(i64, i64)> {
        self.read(|conn| {
            let sql = "SELECT tg_user_id, credits FROM users ORDER BY tg_user_id";
            let mut query = conn.prepare(sql)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn bytes(&self) -> Vec<u8> {
        self.lets_go();
        std::fs::read(self.path("neurocards.db")).unwrap()
    }
}

#[test]
fn a_dump_of_ten_thousand_customers_comes_with_every_credit_and_twice_is_once() {
    let shop = Setup::new().stopped();
    let old = Old::new(7, 10_000);
    let dump = shop.puts("old.sql", &old.dump());
    let list = shop.data().with_file_name("skipped.csv");
    let list = list.to_str().unwrap();

    let promised = shop.imports(&[&dump, "--dry-run"]);
    assert!(!shop.data().exists(), "a dry run makes nothing");
    let said = shop.imports(&[&dump, "--skipped", list]);
    assert_eq!(said, promised);
    assert_eq!(shop.balances(), old.balances);
    assert_eq!(said["credits"]["in_file"], old.sum());
    assert_eq!(said["credits"]["given"], old.credits());
    assert_eq!(said["customers"]["new"], old.balances.len());
    assert_eq!(said["videos"]["done"], old.done);
    assert_eq!(said["unfinished"]["videos"], old.unfinished);
    let rows = |kind: &str| -> u64 {
        let list = said[kind].as_array().unwrap();
        list.iter().map(|it| it["rows"].as_u64().unwrap()).sum()
    };
    assert_eq!(rows("skipped"), old.skipped);
    let listed = std::fs::read_to_string(list).unwrap();
    assert_eq!(listed.matches(",skipped,").count() as u64, old.skipped);
    assert_eq!(listed.matches(",changed,").count() as u64, rows("changed"));

    let (content, bytes) = (shop.content(), shop.bytes());
    assert!(content.len() > 20_000, "{}", content.len());
    shop.imports(&[&dump, "--dry-run", "--give-back", "1"]);
    assert!(shop.bytes() == bytes, "a dry run changes no byte");
    let again = shop.imports(&[&dump]);
    assert!(shop.content() == content, "the second time changes nothing");
    assert_eq!(again["credits"]["given_before"], old.credits());
    assert_eq!(again["customers"]["here"], old.balances.len());
}

#[test]
fn an_import_that_is_killed_beside_a_running_appliance_goes_on_and_ends_the_same() {
    let shop = Appliance::new();
    let ann = shop.customer(5);
    let old = Old::new(8, 10_000);
    let users = shop.puts("users.csv", &old.users_csv());
    let jobs = shop.puts("jobs.csv", &old.jobs_csv());
    let import = ["import", "--users", &users, "--jobs", &jobs];
    let rows = "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM jobs)";
    let mut middles = 0;
    for enough in [1, 4_000, 9_000, 12_000] {
        let mut child = shop.binary(&import).stdout(Stdio::null()).spawn().unwrap();
        shop.waits_for("rows", || (shop.value::<i64>(rows) > enough).then_some(()));
        child.kill().unwrap();
        child.wait().unwrap();
        middles += i32::from(shop.value::<i64>(rows) < old.rows());
    }
    assert!(middles > 2, "no kill came in the middle");
    // Whoever uses the bot meanwhile is served.
    let mut child = shop.binary(&import).stdout(Stdio::null()).spawn().unwrap();
    ann.says("/start");
    ann.sees("🎬");
    assert!(child.wait().unwrap().success());
    let mut balances = shop.balances();
    balances.retain(|(id, _)| *id != 5);
    assert_eq!(balances, old.balances);
    let ledger = "SELECT COUNT(*) FROM ledger WHERE kind = 'import'";
    let paid = old.balances.iter().filter(|(_, credits)| *credits > 0).count() as i64;
    assert_eq!((shop.value::<i64>(ledger), ann.credits()), (paid, 2));
    shop.settles();
    assert!(shop.sigterm().0.success());
    let content = shop.content();
    shop.commands(&import);
    assert!(shop.content() == content, "all of it was there");
}

#[test]
fn a_customer_of_the_old_system_uses_their_balance_and_sees_their_videos() {
    let shop = Setup::new().stopped();
    let now = shop.sandbox().options().clock.now();
    let at = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
    let users = shop.puts("users.csv", "id,telegram_id,username,balance\n1,7,old_ann,1.50\n");
    let job = |id: i64, name: &str, status: &str, url: &str, at: &str| {
        format!(
            "{id},1,{status},\"{{\"\"text\"\": \"\"{name}\"\"}}\",{url},{at},{at},{at},task-{id}\n"
        )
    };
    let jobs = [
        "id,user_id,status,product_info,output_url,created_at,started_at,finished_at,kie_task_id\n",
        &job(1, "Давняя лампа", "done", "https://e.com/1.mp4", &at(now - 9 * DAY)),
        &job(2, "Свежая лампа", "completed", "https://e.com/2.mp4", &at(now - HOUR)),
        &job(3, "Не вышла", "failed", "", &at(now - HOUR)),
        &job(4, "Не успела", "processing", "", &at(now - HOUR)),
    ];
    let jobs = shop.puts("jobs.csv", &jobs.concat());
    let import = ["import", "--users", &users, "--jobs", &jobs, "--give-back", "1"];
    let said = shop.commands(&import);
    assert!(said.contains("under way  1 videos of 1 customers"), "{said}");
    shop.start_again();

    let ann = shop.customer(7);
    assert_eq!(ann.credits(), 3, "1.50 rounded up, one back, and no gift for a new customer");
    ann.presses("👤");
    ann.presses("📜");
    let moves = ann.hears(&ru("statement")).text;
    assert!(moves.contains("+2 — ваш прежний баланс") && moves.contains("+1 — за"), "{moves}");
    ann.presses("👤");
    ann.presses("🎞");
    let films = ann.sees("Свежая");
    assert!(films.button("Не вышла").is_none() && films.button("Не успела").is_none());
    ann.presses("Свежая");
    let link = ann.sees("⬇️");
    assert!(link.text.contains("Свежая лампа"), "{}", link.text);
    let told = ann.presses_on(&films, "Давняя");
    assert!(told.contains("больше нет"), "the provider keeps nothing for that long: {told}");
    shop.settles();
    assert_eq!(shop.sandbox().kie().submits(), 0, "nothing of it is made again");

    ann.orders(1, OWN).arrives();
    assert_eq!((ann.credits(), ann.videos().len()), (2, 1));
    shop.commands(&import);
    assert_eq!(ann.credits(), 2);
    let name: String = shop.value("SELECT username FROM users WHERE tg_user_id = 7");
    assert_eq!(name, "customer7", "what Telegram says is newer");
}

#[test]
fn what_cannot_be_imported_is_said_in_one_line_and_nothing_is_made() {
    let shop = Setup::new().stopped();
    let users = shop.puts("users.csv", "id,name\n1,Ann\n");
    for (args, code, word) in [
        (&["import", "--users", &users][..], 1, "no column for the Telegram id"),
        (&["import", "--users", "none.csv"], 1, "cannot open none.csv"),
        (&["import", &users], 1, "no rows of a table users or jobs"),
        (&["import"], 2, "required"),
        (&["import", "dump.sql", "--users", &users], 2, "cannot be used with"),
        (&["import", "--users", &users, "--give-back", "0"], 2, "0"),
    ] {
        let output = shop.command(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.lines().count()), (Some(code), 1), "{said}");
        assert!(said.contains(word), "{said}");
        assert!(!Path::new(&shop.path("neurocards.db")).exists(), "{args:?}");
    }
}

#[test]
fn an_import_in_a_terminal_shows_how_far_it_is() {
    let shop = Setup::new().stopped();
    let old = Old::new(9, 2_000);
    let users = shop.puts("users.csv", &old.users_csv());
    let terminal = shop.terminal(&["import", "--users", &users], 100, 40);
    let tape = terminal.tape();
    shop.waits_for("an end", || {
        String::from_utf8_lossy(&tape.printed()).contains("customers  ").then_some(())
    });
    let printed = String::from_utf8_lossy(&tape.printed()).into_owned();
    assert!(printed.contains("\rusers  ") && printed.contains(" %"), "{printed}");
    drop(terminal);
    assert!(shop.balances() == old.balances);
}
