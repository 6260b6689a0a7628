use super::*;
use crate::clock::{HOUR, MINUTE};
use crate::db::{Db, tests::fresh};

const ADMINS: [i64; 2] = [1, 2];
/// Every cause that the program knows, and whether it is a state.
const CAUSES: [(&str, bool); 14] = [
    ("backup", true),
    ("balance:a", true),
    ("billing:a", true),
    ("clock", true),
    ("disk", true),
    ("failed:unknown", false),
    ("gone:a", false),
    ("gpt", true),
    ("keys", true),
    ("lost", false),
    ("model:sora", true),
    ("models", true),
    ("recovered", false),
    ("safe-mode", true),
];

/// What both administrators read, in order.
fn told(db: &Db) -> Vec<String> {
    let texts: Vec<String> = db
        .read(|conn| {
            let sql = "SELECT content ->> '$.html' FROM outbox WHERE chat_id = ?1 ORDER BY id";
            let mut query = conn.prepare(sql)?;
            let mut of = |admin: i64| -> Result<Vec<String>> {
                let rows = query.query_map([admin], |row| row.get(0))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            };
            assert_eq!(of(1)?, of(2)?);
            of(1)
        })
        .unwrap();
    texts
}

fn raise_at(db: &Db, cause: &'static str, now: Millis) {
    db.write(move |tx| raise(tx, &ADMINS, cause, "no &lt;a&gt;", now)).unwrap();
}

fn end_at(db: &Db, cause: &'static str, now: Millis) {
    db.write(move |tx| end(tx, &ADMINS, cause, "again", now)).unwrap();
}

fn goes_on(db: &Db, cause: &str) -> bool {
    db.read(|conn| is_open(conn, cause)).unwrap()
}

const BAD: &str = "⚠️ no &lt;a&gt;";
const GOOD: &str = "✅ again";

#[test]
fn each_cause_is_told_once_a_day_and_once_when_it_is_over() {
    for (cause, is_state) in CAUSES {
        let (_folder, db) = fresh();
        end_at(&db, cause, 4);
        assert_eq!(told(&db), [""; 0], "{cause}: nothing ended");
        for now in [5, 6, HOUR, DAY, DAY + 4] {
            raise_at(&db, cause, now);
            assert_eq!(told(&db), [BAD], "{cause} at {now}");
        }
        raise_at(&db, cause, DAY + 5);
        assert_eq!(told(&db), [BAD, BAD], "{cause}: a day later");
        for now in [DAY + 6, 2 * DAY + 4, 2 * DAY + 5] {
            db.write(move |tx| settle(tx, now)).unwrap();
            let over = !is_state && now == 2 * DAY + 5;
            assert_eq!(goes_on(&db, cause), !over, "{cause} at {now}");
        }
        assert_eq!(told(&db), [BAD, BAD], "{cause}: silence is no message");
        end_at(&db, cause, 3 * DAY);
        end_at(&db, cause, 3 * DAY + 1);
        let all = [BAD, BAD, GOOD];
        assert_eq!(told(&db), all[..if is_state { 3 } else { 2 }], "{cause}");
        assert!(!goes_on(&db, cause));
    }
}

#[test]
fn what_comes_and_goes_is_told_three_times_a_day() {
    let (_folder, db) = fresh();
    for round in 0..50 {
        raise_at(&db, "gpt", round * 10 * MINUTE);
        end_at(&db, "gpt", round * 10 * MINUTE + MINUTE);
    }
    assert_eq!(told(&db), [BAD, GOOD, BAD, GOOD, BAD, GOOD]);
    // It stays: that is told once the day is over, and its end, too.
    for now in [12 * HOUR, DAY - 1, DAY, DAY + 1] {
        raise_at(&db, "gpt", now);
        assert_eq!(told(&db).len(), if now < DAY { 6 } else { 7 }, "at {now}");
    }
    end_at(&db, "gpt", DAY + 2);
    assert_eq!(told(&db).len(), 8);
}

#[test]
fn what_comes_back_begins_anew_and_what_a_hand_ended_says_nothing() {
    let (_folder, db) = fresh();
    for now in [5, 6] {
        raise_at(&db, "billing:a", now);
    }
    db.write(|tx| forget(tx, "billing:a", 7)).unwrap();
    raise_at(&db, "billing:a", 9);
    assert_eq!(told(&db), [BAD, BAD]);
    let row = db
        .read(|conn| {
            let sql = "SELECT count, first_at, last_at, ended_at FROM alerts";
            let read = |row: &rusqlite::Row<'_>| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            };
            Ok(conn.query_row(sql, [], read)?)
        })
        .unwrap();
    assert_eq!(row, (1, 9, 9, None::<i64>));
}

#[test]
fn two_causes_at_once_are_one_message_and_end_apart() {
    let (_folder, db) = fresh();
    let both = |now| {
        db.write(move |tx| raise_both(tx, &ADMINS, ("keys", "billing:a"), "no &lt;a&gt;", now))
            .unwrap();
    };
    both(5);
    both(6);
    raise_at(&db, "billing:a", 7);
    assert_eq!(told(&db), [BAD]);
    assert!(goes_on(&db, "keys") && goes_on(&db, "billing:a"));
    db.write(|tx| forget(tx, "keys", 8)).unwrap();
    end_at(&db, "billing:a", 8);
    assert_eq!(told(&db), [BAD, GOOD]);
}

#[test]
fn a_clock_that_was_set_back_holds_no_alert_up() {
    let (_folder, db) = fresh();
    raise_at(&db, "disk", 5 * DAY);
    raise_at(&db, "disk", DAY);
    raise_at(&db, "disk", DAY + 1);
    assert_eq!(told(&db), [BAD, BAD]);
}

#[test]
fn alerts_that_were_over_long_ago_are_deleted_and_no_others() {
    let (_folder, db) = fresh();
    for (cause, over) in [("failed:a", Some(10)), ("failed:b", Some(20)), ("gpt", None)] {
        raise_at(&db, cause, 5);
        if let Some(over) = over {
            end_at(&db, cause, over);
        }
    }
    let prune = |before, limit| db.write(move |tx| prune(tx, before, limit)).unwrap();
    assert_eq!((prune(10, 9), prune(99, 1), prune(99, 9), prune(99, 9)), (0, 1, 1, 0));
    assert!(goes_on(&db, "gpt"));
}

#[test]
fn without_an_administrator_an_alert_is_kept_all_the_same() {
    let (_folder, db) = fresh();
    db.write(|tx| raise(tx, &[], "x", "y", 5)).unwrap();
    assert_eq!(told(&db), [""; 0]);
    assert!(goes_on(&db, "x"));
}
