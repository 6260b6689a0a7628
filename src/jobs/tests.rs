//! Jobs as rows: who may take and move them, in which order, and what the schema refuses.

mod submits;
mod waiting;

use super::claim::{FIRST_DUE, FIRST_OF_PRIORITY, NEXT_PRIORITY};
use super::*;
use crate::clock::{HOUR, MINUTE};
use crate::db::{Db, tests::fresh};
use crate::keys::{self, Limits};
use crate::ledger::Grant;
use crate::users::{self, Profile};

mod forgetting;
mod plans;
mod reading;
mod transitions;

const NOW: Millis = 10_000;
const LEASE: Millis = MINUTE;
const LIMITS: Limits = Limits { creates_per_10s: 20, in_flight: 100, video_credits: 0.0 };

/// A database with one customer who has ten credits.
fn world() -> (tempfile::TempDir, Db) {
    let (folder, db) = fresh();
    db.write(|tx| {
        let (user, _) = users::meet(tx, &Profile { tg_user_id: 42, ..Profile::default() }, NOW)?;
        let gift = Grant { user: user.id, credits: 10, key: None, actor: "test", note: None };
        ledger::grant(tx, &gift, NOW).map(drop)
    })
    .unwrap();
    (folder, db)
}

/// A job without an order that holds one credit.
fn queue(db: &Db, key: &'static str, priority: i64, due_at: Millis) -> JobId {
    db.write(move |tx| {
        let new = Enqueue {
            user: UserId(1),
            tg_user_id: 42,
            order: None,
            ordinal: 1,
            key,
            template: "ugc",
            photo: "a.jpg",
            product: "A \"blue\" mug",
            own_prompt: None,
            wishes: Some("-"),
            choice: None,
            refines: None,
            priority: 0,
        };
        let job = enqueue(tx, &new, NOW)?;
        ledger::hold(tx, UserId(1), job, 1, NOW)?;
        tx.execute(
            "UPDATE jobs SET priority = ?2, due_at = ?3 WHERE id = ?1",
            (job, priority, due_at),
        )?;
        Ok(job)
    })
    .unwrap()
}

fn take(db: &Db, now: Millis) -> Option<Job> {
    db.write(move |tx| claim(tx, &Step::ALL, LIMITS, LEASE, now)).unwrap()
}

fn number(db: &Db, sql: &str) -> i64 {
    db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

fn sql(db: &Db, sql: &'static str) {
    db.write(move |tx| Ok(tx.execute_batch(sql)?)).unwrap();
}

#[test]
fn priority_goes_first_then_the_due_time_then_the_number() {
    let (_folder, db) = world();
    let late = queue(&db, "late", 0, NOW);
    let early = queue(&db, "early", 0, NOW - 5);
    let twin = queue(&db, "twin", 0, NOW);
    let urgent = queue(&db, "urgent", 7, NOW);
    let patient = queue(&db, "patient", -1, 0);
    let future = queue(&db, "future", 9, NOW + 1);
    let mut order = Vec::new();
    while let Some(job) = take(&db, NOW) {
        order.push(job.id);
    }
    assert_eq!(order, [urgent, early, late, twin, patient]);
    assert_eq!(db.read(|conn| next_due(conn, LIMITS, NOW)).unwrap(), Some(NOW + 1));
    assert_eq!(take(&db, NOW + 1).unwrap().id, future);
    assert_eq!(db.read(|conn| next_due(conn, LIMITS, NOW)).unwrap(), Some(NOW + LEASE));
}

#[test]
fn only_the_steps_that_are_asked_for_are_claimed() {
    let (_folder, db) = world();
    let job = queue(&db, "one", 0, NOW);
    let take =
        |steps: &'static [Step]| db.write(move |tx| claim(tx, steps, LIMITS, LEASE, NOW)).unwrap();
    assert_eq!(take(&[Step::Upload, Step::Submit, Step::Deliver]), None);
    assert_eq!(take(&[]), None);
    assert_eq!(take(&[Step::Upload, Step::Script]).unwrap().id, job);
}

#[test]
fn each_claim_has_a_new_number_and_an_expired_one_is_a_strike() {
    let (_folder, db) = world();
    queue(&db, "one", 0, NOW);
    let mut now = NOW;
    for strikes in 0..MAX_STRIKES + 2 {
        let job = take(&db, now).unwrap();
        assert_eq!((job.lease, job.strikes), (strikes + 1, strikes));
        assert_eq!(take(&db, now + LEASE - 1), None, "leased");
        now += LEASE;
    }
    let job = take(&db, now).unwrap();
    db.write(move |tx| {
        assert!(advance(tx, &job, Step::Upload, &Found::default(), now, now)?);
        Ok(())
    })
    .unwrap();
    assert_eq!(take(&db, now).unwrap().strikes, 0, "a step that ended forgives");
}

#[test]
fn a_panic_is_a_strike_at_the_next_claim() {
    let (_folder, db) = world();
    queue(&db, "one", 0, NOW);
    let job = take(&db, NOW).unwrap();
    let stale = Job { lease: 0, ..job.clone() };
    db.write(move |tx| {
        panicked(tx, &stale, NOW + 1)?;
        assert_eq!(claim(tx, &Step::ALL, LIMITS, LEASE, NOW + 1)?, None, "not by a stranger");
        panicked(tx, &job, NOW + 5)
    })
    .unwrap();
    assert_eq!(take(&db, NOW + 5).unwrap().strikes, 1);
}

#[test]
fn the_first_claim_is_the_start_and_a_step_keeps_its_beginning() {
    let (_folder, db) = world();
    queue(&db, "one", 0, NOW);
    let job = take(&db, NOW + 1).unwrap();
    assert_eq!(job.step_since, NOW + 1);
    assert_eq!(take(&db, NOW + LEASE + 1).unwrap().step_since, NOW + 1);
    assert_eq!(number(&db, "SELECT started_at FROM jobs"), NOW + 1);
    assert_eq!(job.product.text, "A \"blue\" mug");
    assert_eq!((job.product.user_prompt, job.wishes.as_deref()), (None, Some("-")));
}

#[test]
fn only_the_holder_moves_a_job() {
    let (_folder, db) = world();
    queue(&db, "one", 0, NOW);
    let stale = take(&db, NOW).unwrap();
    let holder = take(&db, NOW + LEASE).unwrap();
    db.write(move |tx| {
        let retry = Retry {
            step: Step::Script,
            at: NOW,
            attempt: true,
            tried: true,
            unreached: false,
            refused: &[],
            error: "no",
        };
        let failed = End::Failed { why: Why::Unknown, error: "no" };
        let limits = Limits { creates_per_10s: 9, in_flight: 9, video_credits: 0.0 };
        assert!(!is_held(tx, &stale)? && is_held(tx, &holder)?);
        assert!(!advance(tx, &stale, Step::Fetch, &Found::default(), NOW, NOW)?);
        assert!(!again(tx, &stale, &retry, NOW)?);
        assert_eq!(end(tx, &stale, &failed, NOW)?, None);
        assert_eq!(reserve(tx, &stale, "k", "m", limits, NOW)?, Reserved::Gone);
        assert_eq!(get(tx, holder.id)?.unwrap(), holder, "nothing of it happened");
        assert_eq!(end(tx, &holder, &failed, NOW)?, Some(1));
        assert!(!is_held(tx, &holder)?);
        assert!(!advance(tx, &holder, Step::Fetch, &Found::default(), NOW, NOW)?);
        assert!(!again(tx, &holder, &retry, NOW)?);
        assert_eq!(end(tx, &holder, &failed, NOW)?, None);
        assert_eq!(end(tx, &holder, &End::Done { file_id: None }, NOW)?, None);
        assert_eq!(reserve(tx, &holder, "k", "m", limits, NOW)?, Reserved::Gone);
        assert_eq!(ledger::balance(tx, UserId(1))?, 10);
        Ok(())
    })
    .unwrap();
    assert_eq!(take(&db, NOW + HOUR), None, "an ended job is nobody's work");
}

#[test]
fn an_accepted_task_is_an_attempt_and_stays_while_its_video_is_fetched() {
    let (_folder, db) = world();
    let id = queue(&db, "one", 0, NOW);
    let job = take(&db, NOW).unwrap();
    db.write(move |tx| {
        let found = Found { task: Some("t1"), key: Some("k"), ..Found::default() };
        assert!(advance(tx, &job, Step::Render, &found, NOW, NOW + 7)?);
        let job = get(tx, id)?.unwrap();
        assert_eq!((job.attempts, job.submitted_at), (1, Some(NOW + 7)));
        assert_eq!(rendering(tx)?.len(), 1);
        assert!(advance(tx, &job, Step::Fetch, &Found::default(), NOW, NOW + 8)?);
        let mut retry = Retry {
            step: Step::Fetch,
            at: NOW,
            attempt: false,
            tried: true,
            unreached: false,
            refused: &["k".to_owned()],
            error: "no",
        };
        assert!(again(tx, &job, &retry, NOW + 9)?);
        let job = get(tx, id)?.unwrap();
        assert_eq!((job.task.as_deref(), job.tries, job.attempts), (Some("t1"), 1, 1));
        assert_eq!((job.submitted_at, job.refused.len()), (Some(NOW + 7), 1));
        retry.step = Step::Upload;
        assert!(again(tx, &job, &retry, NOW + 9)?);
        let job = get(tx, id)?.unwrap();
        assert_eq!((job.task, job.tries), (None, 0), "a new round gets a new task");
        Ok(())
    })
    .unwrap();
}

#[track_caller]
fn uses(db: &Db, sql: &str, index: &str) {
    let plan: Vec<String> = db
        .read(|conn| {
            let mut query = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let some = [&"script" as &dyn rusqlite::ToSql, &0, &0, &0];
            let params = &some[..query.parameter_count()];
            let rows = query.query_map(params, |row| row.get("detail"))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap();
    let plan = plan.join("; ");
    assert!(plan.contains(&format!("INDEX {index}")), "{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "nothing is sorted: {plan}");
}

#[track_caller]
fn claims_by_index(db: &Db) {
    for claims in [NEXT_PRIORITY, FIRST_DUE, FIRST_OF_PRIORITY] {
        uses(db, claims, "jobs_claim");
    }
    for submits in super::waiting::QUERIES {
        uses(db, submits, "jobs_submits");
    }
    for places in [super::queue::MORE_URGENT, super::queue::EARLIER] {
        uses(db, places, "jobs_queue");
    }
    // However long a customer's history is.
    for theirs in [RUNNING_OF, WAITING_OF, super::enqueue::LIVE_OF] {
        uses(db, theirs, "jobs_live");
    }
    uses(db, super::waiting::EXPIRED, "jobs_leased");
}

#[test]
fn the_claim_reads_its_index_however_many_jobs_have_ended() {
    let (_folder, db) = world();
    for ended in [0, 10_000] {
        if ended > 0 {
            sql(
                &db,
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
                 INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                                   input_photo_path, product_info, status, finished_at)
                 SELECT 1, 42, 'old ' || n, 'ugc', 'a.jpg', '{}', 'done', n FROM n;
                 ANALYZE;",
            );
        }
        claims_by_index(&db);
    }
    let job = queue(&db, "new", 0, NOW);
    sql(&db, "ANALYZE");
    claims_by_index(&db);
    assert_eq!(take(&db, NOW).unwrap().id, job);
}

#[test]
fn a_row_inserted_by_hand_is_picked_up() {
    let (_folder, db) = world();
    let interface = "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id,
                                       input_photo_path, product_info, status)
         VALUES ((SELECT id FROM users WHERE tg_user_id = 42), 42, 'manual_test_1', 'reels', 'self',
                 'https://example.com/photo.jpg',
                 '{\"text\": \"Test\", \"user_prompt\": \"A cinematic product showcase\"}',
                 'queued');";
    sql(&db, interface);
    let job = take(&db, NOW).unwrap();
    assert_eq!(job.product.user_prompt.as_deref(), Some("A cinematic product showcase"));
    assert_eq!((job.order, job.step, job.tg_user_id), (None, Step::Script, 42));
    db.write(move |tx| {
        let failed = End::Failed { why: Why::Unknown, error: "no" };
        assert_eq!(end(tx, &job, &failed, NOW)?, Some(0), "nothing was held");
        assert_eq!(ledger::balance(tx, UserId(1))?, 10);
        Ok(())
    })
    .unwrap();
    let twice = db.write(move |tx| Ok(tx.execute_batch(interface)?)).unwrap_err();
    assert!(format!("{twice:#}").contains("idempotency_key"));
}

/// The first columns of a job by hand; the others follow with their values.
fn by_hand(columns: &str, values: &str) -> String {
    format!(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info{columns})
         VALUES (1, 42, 'key' || random(), 'ugc', 'a.jpg', '{{}}'{values})"
    )
}

#[test]
fn ended_jobs_may_be_inserted_as_history() {
    let (_folder, db) = world();
    for status in ["done", "failed", "canceled"] {
        let bare = by_hand(", status, created_at", &format!(", '{status}', 5"));
        let whole = by_hand(", status, finished_at", &format!(", '{status}', 7"));
        db.write(move |tx| Ok((tx.execute(&bare, [])?, tx.execute(&whole, [])?))).unwrap();
    }
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jobs WHERE finished_at IN (5, 7)"), 6);
    assert_eq!(take(&db, NOW), None);
    assert_eq!(db.read(|conn| next_due(conn, LIMITS, NOW)).unwrap(), None);
}

#[test]
fn the_schema_refuses_nonsense() {
    let (_folder, db) = world();
    let key = "INSERT INTO api_keys (fingerprint, position, configured";
    let submit = "INSERT INTO submits (job_id, api_key, model, at";
    let outbox = "INSERT INTO outbox (seq, chat_id, content, created_at) VALUES";
    let order = "INSERT INTO orders (user_id, draft, template_id, photo_path, product, videos,
                                     price, created_at) VALUES";
    for (statement, words) in [
        (by_hand(", status", ", 'sleeping'"), "CHECK"),
        (by_hand(", step", ", 'dance'"), "CHECK"),
        (by_hand(", status, finished_at", ", 'queued', 5"), "CHECK"),
        (by_hand(", status, leased_at", ", 'done', 5"), "CHECK"),
        (by_hand(", refused", ", 'not json'"), "CHECK"),
        (by_hand(", order_id", ", 99"), "FOREIGN KEY"),
        (by_hand(", priority", ", 'high'"), "cannot store TEXT"),
        (by_hand("", "").replace("'{}'", "'{'"), "CHECK"),
        (by_hand("", "").replace("(1, 42", "(99, 42"), "FOREIGN KEY"),
        ("UPDATE jobs SET status = 'done'".into(), "needs finished_at"),
        ("UPDATE jobs SET finished_at = 5".into(), "CHECK"),
        ("UPDATE jobs SET status = 'done', finished_at = 5".into(), "CHECK"),
        ("DELETE FROM jobs".into(), "FOREIGN KEY"),
        (format!("{submit}, outcome, ended_at) VALUES (1, 'k', 'm', 1, 'accepted', 1)"), "CHECK"),
        (format!("{submit}, outcome) VALUES (1, 'k', 'm', 1, 'lost')"), "CHECK"),
        (format!("{submit}, ended_at) VALUES (1, 'k', 'm', 1, 1)"), "CHECK"),
        (format!("{submit}, task_id) VALUES (1, 'k', 'm', 1, 't')"), "CHECK"),
        (format!("{submit}) VALUES (99, 'k', 'm', 1)"), "FOREIGN KEY"),
        (format!("{key}) VALUES ('a', 1, 2)"), "CHECK"),
        (format!("{key}, blocked_class) VALUES ('a', 1, 1, 'billing')"), "CHECK"),
        (format!("{key}, blocked_class, blocked_until) VALUES ('a', 1, 1, 'mood', 5)"), "CHECK"),
        ("INSERT INTO instance (id, mode, created_at) VALUES (2, 'live', 1)".into(), "CHECK"),
        ("UPDATE instance SET mode = 'test'".into(), "CHECK"),
        ("UPDATE users SET language = 'de'".into(), "CHECK"),
        ("INSERT INTO dialogs (user_id, state, updated_at) VALUES (1, 'menu', 1)".into(), "CHECK"),
        (format!("{outbox} (1, 1, 'hi', 1)"), "CHECK"),
        (format!("{order} (1, 'd', 'ugc', 'a', 'b', 0, 1, 1)"), "CHECK"),
        (format!("{order} (1, 'd', 'ugc', 'a', 'b', 1, -1, 1)"), "CHECK"),
    ] {
        // One leased job with a submit is there to be spoilt.
        db.write(|tx| {
            if number_in(tx, "SELECT COUNT(*) FROM jobs")? == 0 {
                tx.execute(&by_hand(", status, leased_at", ", 'processing', 5"), [])?;
                tx.execute(
                    "INSERT INTO submits (job_id, api_key, model, at) VALUES (1, 'k', 'm', 1)",
                    [],
                )?;
            }
            Ok(())
        })
        .unwrap();
        let shown = statement.clone();
        let refused = db.write(move |tx| Ok(tx.execute(&statement, [])?));
        let refused = format!("{:#}", refused.err().unwrap_or_else(|| panic!("taken: {shown}")));
        assert!(refused.contains(words), "{shown}: {refused}");
    }
}

fn number_in(conn: &Connection, sql: &str) -> Result<i64> {
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

#[test]
fn a_job_ends_once_even_by_hand() {
    let (_folder, db) = world();
    for (from, to) in [("done", "queued"), ("failed", "done"), ("canceled", "processing")] {
        let insert = by_hand(", status, finished_at", &format!(", '{from}', 5"));
        let update = format!("UPDATE jobs SET status = '{to}' WHERE status = '{from}'");
        db.write(move |tx| Ok(tx.execute(&insert, [])?)).unwrap();
        let refused = db.write(move |tx| Ok(tx.execute(&update, [])?)).unwrap_err();
        assert!(format!("{refused:#}").contains("neurocards retry ID"), "{refused:#}");
    }
}

#[test]
fn a_submit_takes_a_place_in_the_window_and_is_settled_once() {
    let (_folder, db) = world();
    sql(&db, "INSERT INTO api_keys (fingerprint, position, configured) VALUES ('k', 1, 1)");
    let jobs = ["one", "two", "three"].map(|key| {
        queue(&db, key, 0, NOW);
        take(&db, NOW).unwrap()
    });
    db.write(move |tx| {
        let limits = Limits { creates_per_10s: 2, in_flight: 9, video_credits: 0.0 };
        assert_eq!(reserve(tx, &jobs[0], "k", "m", limits, NOW)?, Reserved::Go(1));
        assert_eq!(reserve(tx, &jobs[1], "k", "m", limits, NOW + 3)?, Reserved::Go(2));
        let full = Reserved::NotBefore(NOW + 4 + 1_000);
        assert_eq!(reserve(tx, &jobs[2], "k", "m", limits, NOW + 4)?, full);
        assert_eq!(reserve(tx, &jobs[2], "other", "m", limits, NOW + 4)?, Reserved::Go(3));
        settle_submit(tx, 1, "accepted", Some("t1"), NOW + 4)?;
        settle_submit(tx, 1, "lost", None, NOW + 4)?;
        assert_eq!(open_submits(tx)?.len(), 2, "the first is settled, and only once");
        settle_submit(tx, 2, "unsent", None, NOW + 4)?;
        let room = keys::room(tx, "k", limits, 0, NOW + 4)?;
        assert_eq!(room, keys::Room::Free, "what never left is free");
        Ok(())
    })
    .unwrap();
    assert_eq!(number(&db, "SELECT COUNT(*) FROM submits WHERE outcome = 'accepted'"), 1);
}

#[test]
fn a_submit_whose_end_was_never_written_down_is_lost_before_the_next_one() {
    let (_folder, db) = world();
    queue(&db, "one", 0, NOW);
    let job = take(&db, NOW).unwrap();
    db.write(move |tx| {
        let limits = Limits { creates_per_10s: 9, in_flight: 9, video_credits: 0.0 };
        assert_eq!(reserve(tx, &job, "k", "m", limits, NOW)?, Reserved::Go(1));
        assert_eq!(reserve(tx, &job, "k", "m", limits, NOW)?, Reserved::Lost);
        assert_eq!(open_submits(tx)?, []);
        assert_eq!(reserve(tx, &job, "k", "m", limits, NOW)?, Reserved::Go(2));
        Ok(())
    })
    .unwrap();
    assert_eq!(number(&db, "SELECT COUNT(*) FROM submits WHERE outcome = 'lost'"), 1);
}

#[test]
fn a_photos_copy_is_used_again_by_its_key_until_it_is_old_or_refused() {
    let (_folder, db) = world();
    let mug = queue(&db, "mug", 0, NOW);
    db.write(move |tx| {
        let known = |tx: &Tx<'_>, since| uploaded(tx, "a.jpg", "k", since);
        assert_eq!(known(tx, 0)?, None);
        keep_upload(tx, mug, "a.jpg", "k", "u1", NOW)?;
        keep_upload(tx, mug, "a.jpg", "k", "u2", NOW + 1)?;
        assert_eq!(known(tx, NOW)?.as_deref(), Some("u2"));
        assert_eq!(known(tx, NOW + 1)?, None, "too old");
        assert_eq!(uploaded(tx, "a.jpg", "other", 0)?, None);
        forget_upload(tx, "u2")?;
        assert_eq!(known(tx, 0)?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_orders_other_videos_are_called_when_the_photo_is_there() {
    let (_folder, db) = world();
    sql(
        &db,
        "INSERT INTO orders (user_id, draft, template_id, photo_path, product, videos, price,
                             created_at)
         VALUES (1, 'd', 'ugc', 'a.jpg', 'mug', 4, 0, 1);",
    );
    let ids = [("a", NOW), ("b", NOW + 50), ("c", NOW + 50), ("d", NOW + 50), ("e", NOW + 50)]
        .map(|(key, due)| queue(&db, key, 0, due).0);
    sql(
        &db,
        "UPDATE jobs SET step = 'upload';
         UPDATE jobs SET order_id = 1, prompt = 'p' || id WHERE id < 5;
         UPDATE jobs SET error = 'no' WHERE id = 3;
         UPDATE jobs SET step = 'render' WHERE id = 4;",
    );
    let job = take(&db, NOW).unwrap();
    db.write(move |tx| {
        wake_order(tx, &job, NOW + 1)?;
        assert_eq!(prompts_of(tx, OrderId(1))?, ["p1", "p2", "p3", "p4"]);
        assert_eq!(running_of(tx, UserId(1))?, 1);
        Ok(())
    })
    .unwrap();
    let due = ids.map(|id| number(&db, &format!("SELECT due_at FROM jobs WHERE id = {id}")));
    // Not the leased one, nor one that waits after an error, nor another step's, nor a stranger's.
    assert_eq!(due, [NOW + LEASE, NOW + 1, NOW + 50, NOW + 50, NOW + 50]);
}
