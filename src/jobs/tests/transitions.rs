//! What each transition changes: these values of this job, and no other's.

use super::*;
use crate::db::tests::changes;

const TABLES: [&str; 4] = ["jobs", "submits", "uploads", "ledger"];

/// A job with something in every column, its twin, one that has ended, and one that nobody works
/// on; all with the same lease. The first of them.
fn four() -> (tempfile::TempDir, Db, Job) {
    let (folder, db) = world();
    sql(
        &db,
        "INSERT INTO orders (user_id, draft, template_id, photo_path, product, videos, price,
                             created_at)
         VALUES (1, 'd', 'ugc', 'a.jpg', 'mug', 4, 1, 1);",
    );
    let _ = ["one", "two", "three", "four"].map(|key| queue(&db, key, 0, NOW));
    sql(
        &db,
        "UPDATE jobs
         SET order_id = 1, ordinal = 5 - id, status = 'processing', step = 'submit', lease = 7,
             due_at = 90, leased_at = 80, strikes = 2, step_since = 70, tries = 3, attempts = 1,
             refused = '[\"k\"]', model = 'm', api_key = 'k', prompt = 'p' || id, input_url = 'i',
             kie_task_id = 't', submitted_at = 60, unreached_since = 50, output_url = 'o',
             video_path = 'v', provider_credits = 1.5, error = 'old', error_class = 'odd',
             started_at = 40;
         UPDATE jobs SET status = 'failed', finished_at = 85, leased_at = NULL WHERE id = 3;
         UPDATE jobs SET status = 'queued', leased_at = NULL WHERE id = 4;",
    );
    let job = db.read(|conn| get(conn, JobId(1))).unwrap().unwrap();
    (folder, db, job)
}

#[track_caller]
fn does(db: &Db, act: impl FnOnce(&Tx<'_>) -> Result<()> + Send + 'static, expected: &[&str]) {
    assert_eq!(changes(db, &TABLES, act), expected);
}

#[test]
fn a_job_is_read_as_it_is_written() {
    let (_folder, db, job) = four();
    let expected = Job {
        id: JobId(1),
        lease: 7,
        user: UserId(1),
        tg_user_id: 42,
        order: Some(OrderId(1)),
        ordinal: 4,
        template: "ugc".into(),
        photo: "a.jpg".into(),
        product: Product { text: "A \"blue\" mug".into(), user_prompt: None, refines: None },
        wishes: Some("-".into()),
        choice: None,
        step: Step::Submit,
        step_since: 70,
        tries: 3,
        attempts: 1,
        strikes: 2,
        refused: vec!["k".into()],
        model: Some("m".into()),
        key: Some("k".into()),
        prompt: Some("p1".into()),
        input_url: Some("i".into()),
        task: Some("t".into()),
        submitted_at: Some(60),
        unreached_since: Some(50),
        output_url: Some("o".into()),
    };
    assert_eq!(job, expected);
    assert_eq!(db.read(|conn| get(conn, JobId(9))).unwrap(), None);
    for step in Step::ALL {
        assert_eq!(Step::of(step.word()), step);
    }
}

#[test]
fn a_lease_is_of_one_job_that_runs() {
    let (_folder, db, job) = four();
    let held = |id, lease| {
        let job = Job { id: JobId(id), lease, ..job.clone() };
        db.read(move |conn| is_held(conn, &job)).unwrap()
    };
    assert!(held(1, 7) && held(4, 7), "a job that waits is its last holder's until the next claim");
    assert!(!held(1, 6) && !held(3, 7) && !held(9, 7));
}

#[test]
fn a_step_that_ended_forgives_and_keeps_what_it_found() {
    let (_folder, db, job) = four();
    let expected = [
        "jobs 1 attempts: 1 -> 2",
        "jobs 1 api_key: k -> k2",
        "jobs 1 due_at: 90 -> 300",
        "jobs 1 error: old -> NULL",
        "jobs 1 error_class: odd -> NULL",
        "jobs 1 input_url: i -> i2",
        "jobs 1 kie_task_id: t -> t2",
        "jobs 1 leased_at: 80 -> NULL",
        "jobs 1 model: m -> m2",
        "jobs 1 output_url: o -> o2",
        "jobs 1 prompt: p1 -> p2",
        "jobs 1 provider_credits: 1.5 -> 4",
        "jobs 1 step: submit -> render",
        "jobs 1 step_since: 70 -> 200",
        "jobs 1 strikes: 2 -> 0",
        "jobs 1 submitted_at: 60 -> 200",
        "jobs 1 tries: 3 -> 0",
        "jobs 1 unreached_since: 50 -> NULL",
        "jobs 1 video_path: v -> v2",
    ];
    let act = {
        let job = job.clone();
        move |tx: &Tx<'_>| {
            let found = Found {
                prompt: Some("p2"),
                model: Some("m2"),
                key: Some("k2"),
                input_url: Some("i2"),
                task: Some("t2"),
                output_url: Some("o2"),
                video_path: Some("v2"),
                credits: Some(2.5),
            };
            advance(tx, &job, Step::Render, &found, 300, 200).map(drop)
        }
    };
    let mut found = changes(&db, &TABLES, act);
    let mut expected = expected.map(str::to_owned).to_vec();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let nothing = Found::default();
    does(
        &db,
        move |tx| advance(tx, &job, Step::Fetch, &nothing, 301, 201).map(drop),
        &[
            "jobs 1 step: render -> fetch",
            "jobs 1 due_at: 300 -> 301",
            "jobs 1 step_since: 200 -> 201",
        ],
    );
    let queued = db.read(|conn| get(conn, JobId(4))).unwrap().unwrap();
    let found = changes(&db, &["jobs"], move |tx| {
        advance(tx, &queued, Step::Submit, &Found::default(), 90, 70).map(drop)
    });
    assert!(found.contains(&"jobs 4 status: queued -> processing".to_owned()), "{found:?}");
}

fn retry(step: Step, tried: bool, unreached: bool) -> Retry<'static> {
    Retry { step, at: 300, attempt: tried, tried, unreached, refused: &[], error: "new" }
}

#[test]
fn a_step_that_is_tried_again_counts_and_an_earlier_one_begins_anew() {
    let (_folder, db, job) = four();
    let first = job.clone();
    does(
        &db,
        move |tx| again(tx, &first, &retry(Step::Submit, true, true), 200).map(drop),
        &[
            "jobs 1 status: processing -> queued",
            "jobs 1 due_at: 90 -> 300",
            "jobs 1 leased_at: 80 -> NULL",
            "jobs 1 strikes: 2 -> 0",
            "jobs 1 tries: 3 -> 4",
            "jobs 1 attempts: 1 -> 2",
            "jobs 1 refused: [\"k\"] -> []",
            "jobs 1 kie_task_id: t -> NULL",
            "jobs 1 error: old -> new",
        ],
    );
    sql(&db, "UPDATE jobs SET unreached_since = NULL, kie_task_id = 't' WHERE id = 1");
    let second = job.clone();
    does(
        &db,
        move |tx| {
            let wait = Retry { error: "", ..retry(Step::Submit, false, true) };
            again(tx, &second, &wait, 201).map(drop)
        },
        &[
            "jobs 1 kie_task_id: t -> NULL",
            "jobs 1 unreached_since: NULL -> 201",
            "jobs 1 error: new -> NULL",
        ],
    );
    for (step, task) in [("upload", "NULL"), ("script", "NULL"), ("fetch", "t")] {
        sql(
            &db,
            "UPDATE jobs
             SET kie_task_id = 't', step = 'render', tries = 3, attempts = 1, step_since = 70,
                 unreached_since = 50, error = 'old'
             WHERE id = 1",
        );
        let (job, to) = (job.clone(), Step::of(step));
        let found = changes(&db, &["jobs"], move |tx| {
            again(tx, &job, &retry(to, true, false), 202).map(drop)
        });
        let mut expected = vec![
            format!("jobs 1 step: render -> {step}"),
            "jobs 1 step_since: 70 -> 202".to_owned(),
            "jobs 1 tries: 3 -> 0".to_owned(),
            "jobs 1 attempts: 1 -> 2".to_owned(),
        ];
        if task == "NULL" {
            expected.push("jobs 1 kie_task_id: t -> NULL".to_owned());
        }
        expected.push("jobs 1 unreached_since: 50 -> NULL".to_owned());
        expected.push("jobs 1 error: old -> new".to_owned());
        assert_eq!(found, expected);
    }
}

#[test]
fn an_end_is_one_status_one_settlement_and_an_empty_lease() {
    for (end, status, class, file, kind, delta) in [
        (End::Done { file_id: Some("f") }, "done", "NULL", "f", "charge", 0),
        (End::Done { file_id: None }, "done", "NULL", "old", "charge", 0),
        (
            End::Failed { why: Why::Timeout, error: "slow" },
            "failed",
            "timeout",
            "old",
            "release",
            1,
        ),
        (End::Canceled, "canceled", "NULL", "old", "release", 1),
    ] {
        let (_folder, db, job) = four();
        sql(&db, "UPDATE jobs SET tg_file_id = 'old' WHERE status <> 'failed'");
        let mut expected = vec![
            format!("jobs 1 status: processing -> {status}"),
            "jobs 1 leased_at: 80 -> NULL".to_owned(),
        ];
        if file != "old" {
            expected.push(format!("jobs 1 tg_file_id: old -> {file}"));
        }
        expected.push(format!("jobs 1 error_class: odd -> {class}"));
        let error = if status == "failed" { "slow" } else { "NULL" };
        expected.push(format!("jobs 1 error: old -> {error}"));
        expected.push("jobs 1 finished_at: NULL -> 200".to_owned());
        expected.push(format!(
            "ledger 6: new, id 6, user_id 1, delta {delta}, kind {kind}, job_id 1, hold_id 2, \
             actor worker, created_at 200"
        ));
        let found = changes(&db, &TABLES, move |tx| super::end(tx, &job, &end, 200).map(drop));
        assert_eq!(found, expected);
    }
}

#[test]
fn who_lets_go_leaves_the_job_to_the_next() {
    let (_folder, db, job) = four();
    let stale = Job { lease: 6, ..job.clone() };
    let ended = Job { id: JobId(3), ..job.clone() };
    let panicking = job.clone();
    does(
        &db,
        move |tx| {
            let_go(tx, &stale, 300)?;
            let_go(tx, &ended, 300)?;
            panicked(tx, &stale, 300)
        },
        &[],
    );
    does(&db, move |tx| panicked(tx, &panicking, 200), &["jobs 1 due_at: 90 -> 200"]);
    does(
        &db,
        move |tx| let_go(tx, &job, 300),
        &["jobs 1 due_at: 200 -> 300", "jobs 1 leased_at: 80 -> NULL"],
    );
    does(
        &db,
        |tx| {
            assert_eq!(release_all(tx, 400)?, 1, "what is not leased needs no release");
            Ok(())
        },
        &["jobs 2 due_at: 90 -> 400", "jobs 2 leased_at: 80 -> NULL"],
    );
    sql(&db, "UPDATE jobs SET step = 'deliver', due_at = 90000 WHERE id = 1");
    let moved_on = db.read(|conn| get(conn, JobId(1))).unwrap().unwrap();
    does(
        &db,
        move |tx| {
            let_go(tx, &moved_on, 400)?;
            panicked(tx, &moved_on, 400)
        },
        &[],
    );
    sql(&db, "UPDATE jobs SET leased_at = 80 WHERE id = 4");
    let queued = db.read(|conn| get(conn, JobId(4))).unwrap().unwrap();
    let freed = ["jobs 4 due_at: 90 -> 500", "jobs 4 leased_at: 80 -> NULL"];
    does(&db, move |tx| let_go(tx, &queued, 500), &freed);
    sql(&db, "UPDATE jobs SET leased_at = 80, due_at = 90 WHERE id = 4");
    does(&db, |tx| release_all(tx, 500).map(drop), &freed);
}

#[test]
fn a_hand_moves_only_what_waits() {
    let (_folder, db, _) = four();
    sql(&db, "UPDATE jobs SET leased_at = NULL WHERE id = 2");
    does(&db, |tx| (1..=4).try_for_each(|id| hurry(tx, JobId(id), 95)), &[]);
    does(&db, |tx| hurry(tx, JobId(4), 89), &["jobs 4 due_at: 90 -> 89"]);
    does(
        &db,
        |tx| (1..=3).try_for_each(|id| hurry(tx, JobId(id), 88)),
        &["jobs 2 due_at: 90 -> 88"],
    );
    does(
        &db,
        |tx| [1, 3, 4].into_iter().try_for_each(|id| prioritize(tx, JobId(id), 5)),
        &["jobs 1 priority: 0 -> 5", "jobs 4 priority: 0 -> 5"],
    );
    let stand = |id| db.read(|conn| super::stand(conn, JobId(id))).unwrap();
    let first = Stand { live: true, leased: true, step: Step::Submit, due_at: 90, priority: 5 };
    assert_eq!(stand(1), Some(first));
    assert_eq!(stand(3), Some(Stand { live: false, leased: false, priority: 0, ..first }));
    assert_eq!(stand(4), Some(Stand { leased: false, due_at: 89, ..first }));
    assert_eq!(stand(9), None);
}

#[test]
fn what_a_task_cost_is_added_up_and_a_late_video_stays_with_its_ended_job() {
    let (_folder, db, job) = four();
    let stale = Job { lease: 6, ..job.clone() };
    let ended = Job { id: JobId(3), ..job.clone() };
    let late = ended.clone();
    let running = job.clone();
    does(
        &db,
        move |tx| {
            spent(tx, &stale, 9.0)?;
            spent(tx, &ended, 9.0)?;
            late_video(tx, &running, "u", Some(9.0))
        },
        &[],
    );
    does(&db, move |tx| spent(tx, &job, 2.5), &["jobs 1 provider_credits: 1.5 -> 4"]);
    does(
        &db,
        move |tx| {
            late_video(tx, &late, "u", None)?;
            late_video(tx, &late, "u2", Some(1.0))
        },
        &["jobs 3 output_url: o -> u2", "jobs 3 provider_credits: 1.5 -> 2.5"],
    );
    sql(&db, "UPDATE jobs SET provider_credits = NULL");
    let queued = db.read(|conn| get(conn, JobId(4))).unwrap().unwrap();
    does(&db, move |tx| spent(tx, &queued, 2.0), &["jobs 4 provider_credits: NULL -> 2"]);
}

#[test]
fn a_new_job_and_one_run_again_have_what_they_need() {
    let (_folder, db) = world();
    sql(
        &db,
        "INSERT INTO orders (user_id, draft, template_id, photo_path, product, videos, price,
                             created_at)
         VALUES (1, 'd', 'ugc', 'a.jpg', 'mug', 4, 1, 1);",
    );
    let made = changes(&db, &TABLES, |tx| {
        let new = Enqueue {
            user: UserId(1),
            tg_user_id: 42,
            order: Some(OrderId(1)),
            ordinal: 2,
            key: "key",
            template: "self",
            photo: "a.jpg",
            product: "mug",
            own_prompt: Some("a prompt"),
            wishes: Some("slow"),
            choice: Some("fast"),
            refines: None,
            priority: 0,
        };
        assert_eq!(enqueue(tx, &new, 200)?, JobId(1));
        Ok(())
    });
    let common = "kind reels, template_id self, input_photo_path a.jpg, product_info \
                  {\"text\":\"mug\",\"user_prompt\":\"a prompt\"}, extra_wishes slow, choice fast, status \
                  queued, step script, priority 0,";
    let rest = "lease 0, strikes 0, tries 0, attempts 0, refused [],";
    assert_eq!(
        made,
        [format!(
            "jobs 1: new, id 1, user_id 1, tg_user_id 42, idempotency_key key, {common} \
             order_id 1, ordinal 2, due_at 200, {rest} created_at 200"
        )]
    );
    for (id, nth) in [(2, 1), (3, 2)] {
        let made = changes(&db, &TABLES, move |tx| {
            assert_eq!(rerun(tx, JobId(1), 400, 300)?, Some(JobId(id)));
            assert_eq!(rerun(tx, JobId(9), 400, 300)?, None, "there is none");
            assert!(is_rerun(tx, JobId(1))? && !is_rerun(tx, JobId(2))?);
            Ok(())
        });
        assert_eq!(
            made,
            [format!(
                "jobs {id}: new, id {id}, user_id 1, tg_user_id 42, idempotency_key \
                 rerun:1:{nth}, {common} ordinal 1, rerun_of 1, due_at 400, {rest} created_at 300"
            )]
        );
    }
}

#[test]
fn a_claim_takes_one_job_and_begins_its_lease() {
    let (_folder, db, _) = four();
    sql(&db, "UPDATE jobs SET started_at = NULL, step_since = NULL, due_at = 95 WHERE id = 4");
    let claim = |now| {
        changes(&db, &TABLES, move |tx| {
            let job = claim(tx, &[Step::Submit], LIMITS, LEASE, now)?;
            assert_eq!(job.map(|job| job.strikes), Some(if now == 90 { 3 } else { 2 }));
            Ok(())
        })
    };
    let taken = [
        "jobs 1 due_at: 90 -> 60090",
        "jobs 1 lease: 7 -> 8",
        "jobs 1 leased_at: 80 -> 90",
        "jobs 1 strikes: 2 -> 3",
    ];
    assert_eq!(claim(90), taken);
    sql(&db, "UPDATE jobs SET due_at = 70000 WHERE id = 2");
    assert_eq!(
        claim(95),
        [
            "jobs 4 status: queued -> processing",
            "jobs 4 due_at: 95 -> 60095",
            "jobs 4 lease: 7 -> 8",
            "jobs 4 leased_at: NULL -> 95",
            "jobs 4 step_since: NULL -> 95",
            "jobs 4 started_at: NULL -> 95",
        ]
    );
}

#[test]
fn time_in_which_nobody_looked_counts_for_nothing() {
    let (_folder, db, _) = four();
    sql(
        &db,
        "UPDATE jobs SET step = 'render' WHERE id = 2;
         UPDATE jobs SET step = 'deliver', unreached_since = NULL WHERE id = 4;
         INSERT INTO submits (job_id, api_key, model, at, outcome, ended_at)
         VALUES (1, 'k', 'm', 1, 'lost', 1), (1, 'k', 'm', 1, 'lost', 1),
                (1, 'k', 'm', 1, 'lost', 1);",
    );
    let later = |id: i64, due: bool, reached: bool| {
        let mut lines = Vec::new();
        if due {
            lines.push(format!("jobs {id} due_at: 90 -> 190"));
        }
        lines.push(format!("jobs {id} step_since: 70 -> 150"));
        lines.push(format!("jobs {id} submitted_at: 60 -> 150"));
        if !reached {
            lines.push(format!("jobs {id} unreached_since: 50 -> 150"));
        }
        lines
    };
    let moved = changes(&db, &["jobs"], |tx| carry(tx, 100, 150));
    let expected = [later(1, false, false), later(2, true, false), later(4, true, true)];
    assert_eq!(moved, expected.concat(), "no later than now");
    sql(
        &db,
        "UPDATE submits SET ended_at = CASE id WHEN 1 THEN 880 WHEN 2 THEN -9100 ELSE -9099 END",
    );
    let window = changes(&db, &["submits"], |tx| carry(tx, 100, 1_000));
    assert_eq!(
        window,
        ["submits 1 ended_at: 880 -> 980", "submits 3 ended_at: -9099 -> -8999"],
        "what had left the window stays out of it"
    );
    let back = changes(&db, &["jobs"], |tx| carry(tx, -10, 1_000));
    let due: Vec<_> = back.iter().filter(|line| line.contains("due_at")).collect();
    let all = ["jobs 1 due_at: 90 -> 80", "jobs 2 due_at: 290 -> 280", "jobs 4 due_at: 290 -> 280"];
    assert_eq!(due, all);
}
