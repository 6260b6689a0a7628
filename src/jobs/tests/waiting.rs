//! Who waits for a createTask costs nothing and misses nothing.

use super::*;
use crate::keys::Block;

/// More than enough for everybody.
const WIDE: Limits = Limits { creates_per_10s: 1_000, in_flight: 1_000, video_credits: 0.0 };

/// So many jobs of one customer at `submit`, with this key and model.
fn waiting(db: &Db, count: i64, key: &str, model: &str) {
    let sql = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, step, api_key, model, created_at)
         SELECT 1, 42, '{key} {model} ' || i, 'self', 'a.jpg', '{{}}', 'submit', '{key}',
                '{model}', i
         FROM n"
    );
    db.write(move |tx| Ok(tx.execute(&sql, [])?)).unwrap();
}

/// Two keys and two models that have served a moment ago.
fn trusted() -> (tempfile::TempDir, Db) {
    let (folder, db) = world();
    db.write(|tx| {
        keys::configure(tx, &["a".to_owned(), "b".to_owned()])?;
        tx.execute("UPDATE api_keys SET served_at = ?1", [NOW])?;
        tx.execute("INSERT INTO models (name, served_at) VALUES ('m', ?1), ('n', ?1)", [NOW])?;
        Ok(())
    })
    .unwrap();
    (folder, db)
}

/// Claims and submits until nobody may; how many that were.
fn submits(db: &Db, limits: Limits, now: Millis) -> usize {
    db.write(move |tx| {
        let mut count = 0;
        while let Some(job) = claim(tx, &[Step::Submit], limits, LEASE, now)? {
            let (key, model) = (job.key.clone().unwrap(), job.model.clone().unwrap());
            let Reserved::Go(submit) = reserve(tx, &job, &key, &model, limits, now)? else {
                panic!("claimed without room: {job:?}");
            };
            count += 1;
            settle_submit(tx, submit, "accepted", Some("t"), now)?;
            let found = Found { task: Some("t"), ..Found::default() };
            assert!(advance(tx, &job, Step::Render, &found, now + HOUR, now)?);
        }
        Ok(count)
    })
    .unwrap()
}

fn due(db: &Db, limits: Limits, now: Millis) -> Option<Millis> {
    db.read(|conn| next_due(conn, limits, now)).unwrap()
}

fn ends_a_render(db: &Db, now: Millis) {
    db.write(move |tx| {
        let sql = "SELECT id FROM jobs WHERE step = 'render' LIMIT 1";
        let job = get(tx, tx.query_row(sql, [], |row| row.get(0))?)?.unwrap();
        advance(tx, &job, Step::Deliver, &Found::default(), now + HOUR, now)
    })
    .unwrap();
}

#[test]
fn three_hundred_behind_a_full_key_are_not_touched_and_go_one_by_one_as_there_is_room() {
    let (_folder, db) = trusted();
    waiting(&db, 302, "a", "m");
    let limits = Limits { in_flight: 2, ..WIDE };
    assert_eq!(submits(&db, limits, NOW), 2);
    let leases = "SELECT SUM(lease) FROM jobs";
    for second in 0..60 {
        let now = NOW + second * 1_000;
        assert_eq!(due(&db, limits, now), Some(NOW + HOUR), "nothing before a render's end");
        assert_eq!(submits(&db, limits, now), 0);
    }
    assert_eq!(number(&db, leases), 2, "claims within a minute");
    for second in 60..70 {
        let now = NOW + second * 1_000;
        ends_a_render(&db, now);
        assert!(due(&db, limits, now).unwrap() <= now, "room is used at once");
        assert_eq!(submits(&db, limits, now), 1);
    }
    assert_eq!(number(&db, leases), 12);
}

#[test]
fn the_window_lets_as_many_through_as_have_left_it_and_says_when() {
    let (_folder, db) = trusted();
    waiting(&db, 50, "a", "m");
    waiting(&db, 1, "b", "m");
    let limits = Limits { creates_per_10s: 20, ..WIDE };
    assert_eq!(submits(&db, limits, NOW), 21, "another key has a window of its own");
    assert_eq!(due(&db, limits, NOW), Some(NOW + 10_000));
    assert_eq!(submits(&db, limits, NOW + 9_999), 0);
    assert_eq!(submits(&db, limits, NOW + 10_000), 20);
    assert_eq!(number(&db, "SELECT SUM(lease) FROM jobs"), 41);
}

#[test]
fn who_is_claimed_takes_a_place_before_the_call_is_written_down() {
    let (_folder, db) = trusted();
    waiting(&db, 9, "a", "m");
    let limits = Limits { creates_per_10s: 3, ..WIDE };
    let claims = |now| {
        db.write(move |tx| {
            let mut count = 0;
            while claim(tx, &Step::ALL, limits, LEASE, now)?.is_some() {
                count += 1;
            }
            Ok(count)
        })
        .unwrap()
    };
    assert_eq!((claims(NOW), claims(NOW + 1)), (3, 0));
    assert_eq!(due(&db, limits, NOW + 1), Some(NOW + LEASE));
    assert_eq!(claims(NOW + LEASE), 3, "whoever was lost is claimed again, and nobody beside");
}

#[test]
fn a_key_or_a_model_that_nobody_knows_is_asked_by_one_job() {
    for doubt in [
        "UPDATE api_keys SET served_at = NULL",
        "UPDATE api_keys SET served_at = 10000 - 600001",
        "UPDATE api_keys SET blocked_class = 'billing', blocked_until = 9999",
        "UPDATE models SET served_at = NULL",
        "UPDATE models SET paused_until = 10000",
        "DELETE FROM models",
    ] {
        let (_folder, db) = trusted();
        waiting(&db, 5, "a", "m");
        sql(&db, doubt);
        let first = take(&db, NOW).unwrap();
        assert_eq!(take(&db, NOW), None, "{doubt}: the others wait for its answer");
        db.write(move |tx| {
            assert_eq!(reserve(tx, &first, "a", "m", LIMITS, NOW)?, Reserved::Go(1));
            settle_submit(tx, 1, "accepted", Some("t"), NOW)?;
            keys::served(tx, "a", NOW, NOW)?;
            crate::models::served(tx, "m", NOW)?;
            let found = Found { task: Some("t"), ..Found::default() };
            advance(tx, &first, Step::Render, &found, NOW + HOUR, NOW)
        })
        .unwrap();
        assert_eq!(submits(&db, LIMITS, NOW), 4, "{doubt}: all go");
    }
}

#[test]
fn an_account_that_pays_for_one_video_is_asked_for_one_at_a_time() {
    let (_folder, db) = trusted();
    waiting(&db, 5, "a", "m");
    let limits = Limits { video_credits: 80.0, ..LIMITS };
    sql(&db, "UPDATE api_keys SET balance = 200, balance_at = 9000");
    let claims = || db.write(move |tx| claim(tx, &Step::ALL, limits, LEASE, NOW)).unwrap();
    let asks = |job: Job| {
        db.write(move |tx| reserve(tx, &job, "a", "m", limits, NOW)).unwrap();
    };
    asks(claims().unwrap());
    asks(claims().unwrap());
    assert_eq!(claims(), None, "the third would be the 240th credit");
}

#[test]
fn who_waits_for_what_is_out_of_service_is_let_through_to_choose_again() {
    let (_folder, db) = trusted();
    waiting(&db, 3, "a", "m");
    let none = Limits { in_flight: 0, ..WIDE };
    let claims = |now| {
        db.write(move |tx| {
            let job = claim(tx, &Step::ALL, none, LEASE, now)?;
            if let Some(job) = &job {
                advance(tx, job, Step::Submit, &Found::default(), now, now)?;
            }
            Ok(job.is_some())
        })
        .unwrap()
    };
    assert!(!claims(NOW), "there is no room");
    db.write(|tx| keys::block(tx, "a", Block::Billing, "no money", NOW + 5, NOW)).unwrap();
    assert!(claims(NOW) && !claims(NOW + 5));
    db.write(|tx| crate::models::pause(tx, "m", "off", NOW + 5)).unwrap();
    assert!(claims(NOW + 5));
    sql(&db, "DELETE FROM models; UPDATE api_keys SET configured = 0");
    assert!(claims(NOW + 5));
    sql(&db, "UPDATE jobs SET api_key = NULL, model = NULL");
    assert!(claims(NOW + 5), "a row inserted by hand");
}

#[test]
fn a_call_that_is_out_keeps_the_others_waiting_whoever_holds_its_job() {
    for (key, model) in [("c", "m"), ("a", "o")] {
        let (_folder, db) = trusted();
        db.write(|tx| keys::configure(tx, &["a".to_owned(), "b".to_owned(), "c".to_owned()]))
            .unwrap();
        waiting(&db, 2, key, model);
        db.write(move |tx| {
            let out = "INSERT INTO submits (job_id, api_key, model, at) VALUES (1, ?1, ?2, 1)";
            Ok(tx.execute(out, [key, model])?)
        })
        .unwrap();
        let claimed = db.write(|tx| claim(tx, &[Step::Submit], WIDE, LEASE, NOW)).unwrap();
        assert_eq!(claimed, None, "{key} or {model} has not proved itself");
    }
}

#[test]
fn no_pair_of_a_key_and_a_model_is_passed_over() {
    let (_folder, db) = trusted();
    for (key, model) in [("a", "m"), ("b", "m"), ("b", "n")] {
        waiting(&db, 1, key, model);
    }
    sql(&db, "UPDATE jobs SET priority = 9 WHERE api_key = 'b' AND model = 'm'");
    let claimed = db.write(|tx| claim(tx, &[Step::Submit], WIDE, LEASE, NOW)).unwrap().unwrap();
    assert_eq!((claimed.key.as_deref(), claimed.model.as_deref()), (Some("b"), Some("m")));
}

/// A key and a model that have not proved themselves, one job of theirs that is due, and something
/// else that must not hold it up.
#[track_caller]
fn goes_beside(what: &str, key: &str, model: &str, beside: &'static str) {
    let (_folder, db) = trusted();
    db.write(|tx| keys::configure(tx, &["a".to_owned(), "b".to_owned(), "c".to_owned()])).unwrap();
    waiting(&db, 2, key, model);
    waiting(&db, 1, "a", "m");
    db.write(move |tx| Ok(tx.execute_batch(beside)?)).unwrap();
    let claimed = db.write(|tx| claim(tx, &[Step::Submit], WIDE, LEASE, NOW)).unwrap();
    assert_eq!(claimed.map(|job| job.id), Some(JobId(1)), "{what}: {key}, {model}");
}

#[test]
fn who_proves_a_key_or_a_model_waits_only_for_who_asks_the_same() {
    for (key, model) in [("c", "m"), ("a", "o")] {
        for (what, beside) in [
            ("one that waits for another time", "UPDATE jobs SET due_at = 90000 WHERE id > 1"),
            (
                "one at another step",
                "UPDATE jobs SET due_at = 90000 WHERE id > 1;
                 UPDATE jobs SET step = 'upload', leased_at = 5 WHERE id = 2",
            ),
            (
                "one of another key and model",
                "UPDATE jobs SET due_at = 90000 WHERE id > 1;
                 UPDATE jobs SET leased_at = 5 WHERE id = 3",
            ),
            (
                "a call with another key and model",
                "UPDATE jobs SET due_at = 90000 WHERE id > 1;
                 INSERT INTO submits (job_id, api_key, model, at) VALUES (3, 'a', 'm', 1)",
            ),
        ] {
            goes_beside(what, key, model, beside);
        }
    }
}

#[test]
fn nobody_wakes_for_a_group_that_waits_for_an_answer() {
    for (key, model) in [("c", "m"), ("a", "o")] {
        let (_folder, db) = trusted();
        db.write(|tx| keys::configure(tx, &["a".to_owned(), "b".to_owned(), "c".to_owned()]))
            .unwrap();
        waiting(&db, 2, key, model);
        waiting(&db, 1, "a", "m");
        sql(&db, "UPDATE jobs SET due_at = 10500 WHERE api_key = 'a' AND model = 'm'");
        let claimed = db.write(|tx| claim(tx, &[Step::Submit], WIDE, LEASE, NOW)).unwrap();
        assert_eq!(claimed.map(|job| job.id), Some(JobId(1)));
        assert_eq!(due(&db, WIDE, NOW), Some(10_500), "{key}, {model}");
    }
}

#[test]
fn while_submits_are_held_everything_else_is_claimed() {
    let (_folder, db) = trusted();
    waiting(&db, 1, "a", "m");
    let script = queue(&db, "script", 0, NOW);
    db.write(|tx| crate::instance::begin(tx, 1, NOW).map(drop)).unwrap();
    db.write(|tx| crate::instance::pause_submitting(tx, NOW).map(drop)).unwrap();
    assert_eq!(take(&db, NOW).map(|job| job.id), Some(script));
    assert_eq!(take(&db, NOW), None);
}

#[test]
fn in_a_group_too_priority_goes_first_and_who_is_not_due_holds_up_nobody() {
    let (_folder, db) = trusted();
    waiting(&db, 4, "a", "m");
    sql(
        &db,
        "UPDATE jobs SET priority = 4 - id, due_at = 8 - id WHERE id < 4;
         UPDATE jobs SET due_at = 90000 WHERE id IN (1, 4);",
    );
    let claims = || db.write(|tx| claim(tx, &[Step::Submit], WIDE, LEASE, NOW)).unwrap();
    assert_eq!(due(&db, WIDE, NOW), Some(5));
    assert_eq!(
        [claims(), claims(), claims()].map(|job| job.map(|job| job.id.0)),
        [Some(2), Some(3), None]
    );
    assert_eq!(due(&db, WIDE, NOW), Some(NOW + LEASE), "before what is due then");
}

#[test]
fn a_group_that_waits_lends_its_job_to_no_other() {
    let (_folder, db) = trusted();
    waiting(&db, 2, "a", "o");
    waiting(&db, 1, "a", "m");
    sql(&db, "UPDATE jobs SET due_at = 7 WHERE model = 'm'");
    let claims = || db.write(|tx| claim(tx, &[Step::Submit], WIDE, LEASE, NOW)).unwrap();
    assert_eq!(
        [claims(), claims(), claims()].map(|job| job.map(|job| job.id.0)),
        [Some(1), Some(3), None]
    );
}

#[test]
fn who_goes_back_in_line_keeps_their_place() {
    let (_folder, db) = world();
    let first = queue(&db, "a", 0, NOW);
    let second = queue(&db, "b", 0, NOW);
    let job = take(&db, NOW + 100).unwrap();
    assert_eq!(job.id, first);
    db.write(move |tx| back_in_line(tx, &job, NOW + 200)).unwrap();
    let job = take(&db, NOW + 200).unwrap();
    assert_eq!((job.id, job.strikes), (first, 0));
    db.write(move |tx| let_go(tx, &job, NOW + 300)).unwrap();
    assert_eq!(take(&db, NOW + 300).unwrap().id, second, "unlike who is let go until a time");
}

#[test]
fn the_extremes_of_priority_are_reached() {
    let (_folder, db) = world();
    let low = queue(&db, "low", i64::MIN, NOW);
    let high = queue(&db, "high", i64::MAX, NOW + 1);
    assert_eq!(take(&db, NOW).unwrap().id, low);
    assert_eq!(take(&db, NOW), None);
    assert_eq!(take(&db, NOW + 1).unwrap().id, high);
}
