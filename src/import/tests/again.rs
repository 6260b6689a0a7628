//! Imports into databases that know somebody: by an earlier import, or because they began with the bot.

use super::*;
use crate::ledger::{self, Grant};
use crate::users::{self, Profile, departures};

const USERS: &[u8] = b"id,telegram_id,balance\n1,7,5\n2,8,2.5\n3,9,0\n";
const JOBS: &[u8] = b"id,user_id,status,output_url\n\
    1,1,completed,https://e.com/1.mp4\n\
    2,2,processing,\n\
    3,2,pending,\n\
    4,3,queued,\n";

fn credits(db: &Db) -> Vec<String> {
    texts(db, "SELECT tg_user_id || ': ' || credits FROM users ORDER BY tg_user_id")
}

#[test]
fn twice_is_once() {
    let (_folder, db) = fresh();
    let files = Files::of(USERS, JOBS);
    let first = import(&db, &files.source(), None);
    assert_eq!((first.customers.new, first.credits.given, first.videos.failed), (3, 8, 3));
    let here = content(&db);
    let again = import(&db, &files.source(), None);
    assert_eq!(content(&db), here);
    assert_eq!((again.customers.new, again.customers.here), (0, 3));
    assert_eq!((again.credits.given, again.credits.given_before), (0, 8));
    assert_eq!((again.videos.done, again.videos.failed, again.videos.before), (0, 0, 4));
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let (_folder, db) = fresh();
    let files = Files::of(USERS, JOBS);
    let options = Options { give_back: Some(1), list: None, by: by(), now: NOW };
    let json = |report: Report| serde_json::to_value(Report { dry_run: false, ..report }).unwrap();
    let dry = |db: Option<Db>| {
        let tables = Tables::open(&files.source()).unwrap();
        run(&Target::DryRun(db), tables, &options, &|_, _, _| {}).unwrap()
    };
    let before = content(&db);
    let said = dry(Some(db.clone()));
    assert!(said.dry_run);
    assert_eq!(json(dry(None)), json(said.clone()), "also without a database");
    assert_eq!(content(&db), before);
    assert_eq!(json(import(&db, &files.source(), Some(1))), json(said));
}

#[test]
fn who_began_with_the_bot_keeps_what_they_have_and_their_old_balance_is_added_once() {
    let (_folder, db) = fresh();
    db.write(|tx| {
        let first_name = Some("Ann".to_owned());
        let ann = Profile { tg_user_id: 7, first_name, ..Profile::default() };
        let user = users::meet(tx, &ann, 5)?.0.id;
        let key = Some("signup:1");
        let gift = Grant { user, credits: 2, key, actor: "bot", note: Some("welcome") };
        ledger::grant(tx, &gift, 5)
    })
    .unwrap();
    let before = texts(&db, "SELECT tg_user_id || ' ' || first_name || created_at FROM users");
    assert_eq!(credits(&db), ["7: 2"]);
    let files = Files::of(USERS, JOBS);
    let report = import(&db, &files.source(), None);
    assert_eq!((report.customers.new, report.customers.here), (2, 1));
    import(&db, &files.source(), None);
    assert_eq!(credits(&db), ["7: 7", "8: 3", "9: 0"]);
    assert_eq!(
        texts(
            &db,
            "SELECT tg_user_id || ' ' || first_name || created_at FROM users WHERE tg_user_id = 7"
        ),
        before
    );
}

#[test]
fn another_balance_of_a_later_export_is_told_and_not_given() {
    let (_folder, db) = fresh();
    let (_files, source) = Files::users(b"telegram_id,balance\n7,5\n8,0\n");
    import(&db, &source, None);
    let (_files, source) = Files::users(b"telegram_id,balance\n7,9\n8,4\n");
    let report = import(&db, &source, None);
    assert_eq!(credits(&db), ["7: 5", "8: 4"], "nothing was given to 8 before");
    assert_eq!(said(&report.changed), ["1 users: another balance than was imported before (2)"]);
    assert_eq!(report.changed[0].first[0].detail, "7: 5 then, 9 now");
}

#[test]
fn nothing_comes_back_of_who_had_all_of_theirs_deleted() {
    let (_folder, db) = fresh();
    for returned in [false, true] {
        db.write(move |tx| {
            let tg_user_id = if returned { 8 } else { 7 };
            let who = Profile { tg_user_id, ..Profile::default() };
            let (user, _) = users::meet(tx, &who, 5)?;
            users::leave(tx, user.id, 6)?;
            departures::begin(tx, user.id, user.lang, 1, 6)?;
            if returned {
                users::meet(tx, &who, 7)?;
            }
            Ok(())
        })
        .unwrap();
    }
    let files = Files::of(USERS, JOBS);
    let report = import(&db, &files.source(), Some(1));
    assert_eq!(credits(&db), ["7: 0", "8: 0", "9: 1"]);
    assert_eq!(
        said(&report.skipped),
        [
            "2 users: they had all of theirs deleted with /delete_me (2, 3)",
            "3 jobs: they had all of theirs deleted with /delete_me (2, 3, 4)",
        ]
    );
    assert_eq!(report.credits.in_file.to_string(), "0");
    assert_eq!(texts(&db, "SELECT tg_user_id || '' FROM jobs"), ["9"]);
}

#[test]
fn what_was_under_way_fails_and_its_credits_are_given_once_if_somebody_says_how_many() {
    let (_folder, db) = fresh();
    let files = Files::of(USERS, JOBS);
    let first = import(&db, &files.source(), None).unfinished;
    assert_eq!((first.videos, first.customers, first.given), (3, 2, 0));
    assert_eq!(credits(&db), ["7: 5", "8: 3", "9: 0"]);
    assert_eq!(
        texts(&db, "SELECT status || ' ' || error FROM jobs WHERE id = 2"),
        ["failed it was processing when the old system was switched off"]
    );
    let then = import(&db, &files.source(), Some(2)).unfinished;
    assert_eq!((then.given, then.given_before), (6, 0));
    assert_eq!(credits(&db), ["7: 5", "8: 7", "9: 2"]);
    let more = import(&db, &files.source(), Some(3)).unfinished;
    assert_eq!((more.given, more.given_before), (0, 6), "once, whatever is said later");
    assert_eq!(
        texts(
            &db,
            "SELECT key || ' ' || delta FROM ledger WHERE key LIKE 'import:job:%' ORDER BY id"
        ),
        ["import:job:2 2", "import:job:3 2", "import:job:4 2"]
    );
}

#[test]
fn videos_find_their_customers_by_either_id() {
    let (_folder, db) = fresh();
    let files = Files::of(
        b"id,telegram_id,balance\n1,70,0\n70,1,0\n3,70,5\n",
        b"idempotency_key,user_id,tg_user_id,status\n\
          a,1,,done\nb,70,,done\nc,1,1,done\nd,3,,failed\ne,5,,done\nf,,,done\ng,1,9,done\na,70,,done\n",
    );
    let report = import(&db, &files.source(), None);
    assert_eq!(
        texts(&db, "SELECT tg_user_id || ' ' || status FROM jobs ORDER BY id"),
        ["70 done", "1 done", "1 done", "70 failed"]
    );
    assert_eq!(
        said(&report.skipped),
        [
            "1 users: the same Telegram id again (4)",
            "2 jobs: a customer who is not among the users (6, 8)",
            "1 jobs: no Telegram id (7)",
            "1 jobs: the same id again (9)",
        ]
    );
    // The table of users has no other id: Telegram's it is.
    let files = Files::of(b"user_id,balance\n5,1\n", b"id,user_id,status\n1,5,done\n");
    import(&db, &files.source(), None);
    assert_eq!(texts(&db, "SELECT idempotency_key FROM jobs WHERE tg_user_id = 5"), ["import:1"]);
}

#[test]
fn the_list_has_every_row_and_stands_in_nobodys_place() {
    let (folder, db) = fresh();
    let path = folder.path().join("skipped.csv");
    let csv = format!("telegram_id,balance\n{}7,1.5\n", "x,1\n".repeat(9));
    let (_files, source) = Files::users(csv.as_bytes());
    let list = |path: &Path| {
        let list = Some(path.to_owned());
        let options = Options { give_back: None, list, by: by(), now: NOW };
        run(&Target::Write(db.clone()), Tables::open(&source)?, &options, &|_, _, _| {})
    };
    for _ in 0..2 {
        let report = list(&path).unwrap();
        assert_eq!((report.skipped[0].rows, report.skipped[0].first.len()), (9, 3));
        let lines = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lines.lines().count(), 11);
        assert!(lines.contains("\nusers,2,skipped,not a Telegram id,x\n"), "{lines}");
        assert!(lines.contains("\nusers,11,changed,a balance with a fraction"), "{lines}");
    }
    std::fs::write(&path, "somebody's\n").unwrap();
    assert!(format!("{:#}", list(&path).unwrap_err()).contains("choose another name"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's\n");
}
