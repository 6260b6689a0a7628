//! What is read of jobs, and what is written beside them.

use super::*;
use crate::db::tests::changes;

/// Five jobs at the steps that matter, and a customer's second face.
fn five() -> (tempfile::TempDir, Db) {
    let (folder, db) = world();
    sql(
        &db,
        "INSERT INTO users (tg_user_id) VALUES (43);
         INSERT INTO orders (user_id, draft, template_id, photo_path, product, videos, price,
                             created_at)
         VALUES (1, 'd', 'ugc', 'a.jpg', 'mug', 4, 1, 1), (1, 'e', 'ugc', 'a.jpg', 'mug', 4, 1, 1);",
    );
    let _ = ["one", "two", "three", "four", "five"].map(|key| queue(&db, key, 0, NOW));
    sql(
        &db,
        "UPDATE jobs SET kie_task_id = 't' || id, api_key = 'k', lease = 3, order_id = 1,
                         ordinal = 10 - id, prompt = 'p' || id;
         UPDATE jobs SET step = 'render', status = 'processing' WHERE id = 1;
         UPDATE jobs SET step = 'fetch', status = 'queued', prompt = NULL WHERE id = 2;
         UPDATE jobs SET step = 'render', kie_task_id = NULL, order_id = 2 WHERE id = 3;
         UPDATE jobs SET step = 'render', status = 'failed', finished_at = 5 WHERE id = 4;
         UPDATE jobs SET step = 'submit', user_id = 2 WHERE id = 5;",
    );
    (folder, db)
}

#[test]
fn what_renders_is_what_has_a_task_and_no_video_yet() {
    let (_folder, db) = five();
    let rendering = db.read(super::rendering).unwrap();
    assert_eq!(rendering.iter().map(|job| job.id.0).collect::<Vec<_>>(), [1]);
    sql(&db, "UPDATE jobs SET kie_task_id = 't' WHERE id = 3");
    let queued = db.read(super::rendering).unwrap();
    assert_eq!(queued.iter().map(|job| job.id.0).collect::<Vec<_>>(), [1, 3]);
    let steps = db.read(live_by_step).unwrap();
    let words = ["script", "upload", "submit", "render", "fetch", "deliver"];
    let counts = [0, 0, 1, 2, 1, 0];
    assert_eq!(steps, words.into_iter().zip(counts).collect::<Vec<_>>());
    let prompts = |order| db.read(move |conn| prompts_of(conn, OrderId(order))).unwrap();
    assert_eq!(prompts(1), ["p5", "p4", "p1"], "by their place in the order");
    assert_eq!(prompts(2), ["p3"]);
}

#[test]
fn what_the_provider_works_on_for_a_customer_is_theirs_alone_and_not_what_ended() {
    let (_folder, db) = five();
    let running = |user| db.read(move |conn| running_of(conn, UserId(user))).unwrap();
    assert_eq!((running(1), running(2)), (3, 0));
    sql(
        &db,
        "INSERT INTO submits (job_id, api_key, model, at, outcome, ended_at)
         VALUES (5, 'k', 'm', 1, 'lost', 2);",
    );
    assert_eq!(running(2), 0, "that one has its answer");
    sql(&db, "INSERT INTO submits (job_id, api_key, model, at) VALUES (1, 'k', 'm', 1)");
    assert_eq!(running(2), 0, "that one is another job's");
    sql(&db, "INSERT INTO submits (job_id, api_key, model, at) VALUES (5, 'k', 'm', 1)");
    assert_eq!((running(1), running(2)), (3, 1));
}

#[test]
fn what_waits_for_its_createtask_is_counted_per_customer() {
    let (_folder, db) = five();
    let waiting = |user| db.read(move |conn| waiting_of(conn, UserId(user))).unwrap();
    assert_eq!((waiting(1), waiting(2)), (0, 1));
    sql(
        &db,
        "UPDATE jobs SET step = 'submit', status = 'processing' WHERE id = 1;
         UPDATE jobs SET step = 'submit' WHERE id IN (2, 4);",
    );
    assert_eq!((waiting(1), waiting(2)), (2, 1), "the fourth has ended");
}

#[test]
fn a_file_is_needed_until_telegram_has_it_or_nobody_waits_for_it() {
    let (_folder, db) = five();
    let needless = |id| db.read(move |conn| needs_no_file(conn, JobId(id))).unwrap();
    sql(
        &db,
        "UPDATE jobs SET tg_file_id = 'f' WHERE id IN (1, 2);
         UPDATE jobs SET status = 'done', finished_at = 5 WHERE id IN (2, 3);
         UPDATE jobs SET status = 'canceled', finished_at = 5 WHERE id = 5;",
    );
    assert_eq!([1, 2, 3, 4, 5, 9].map(needless), [false, true, false, true, true, false]);
}

#[test]
fn a_story_has_a_line_for_each_thing_that_happened_cut_to_a_size() {
    let (_folder, db) = five();
    let job = db.read(|conn| get(conn, JobId(1))).unwrap().unwrap();
    let long = "x".repeat(600);
    let lines = changes(&db, &["events"], move |tx| {
        note(tx, &job, "rendered", "", Some(8), 200)?;
        note(tx, &job, "trouble", &long, None, 201)
    });
    let cut = format!("{}…", "x".repeat(500));
    assert_eq!(
        lines,
        [
            "events 1: new, id 1, job_id 1, at 200, step render, what rendered, duration_ms 8"
                .to_owned(),
            format!(
                "events 2: new, id 2, job_id 1, at 201, step render, what trouble, detail {cut}"
            ),
        ]
    );
}

#[test]
fn a_createtask_is_written_down_with_its_job_and_settled_alone() {
    let (_folder, db) = five();
    let jobs = [1, 2, 4].map(|id| db.read(move |conn| get(conn, JobId(id))).unwrap().unwrap());
    let made = changes(&db, &["submits"], move |tx| {
        assert_eq!(reserve(tx, &jobs[0], "k", "m", LIMITS, 200)?, Reserved::Go(1));
        assert_eq!(reserve(tx, &jobs[1], "k", "m", LIMITS, 200)?, Reserved::Gone, "in a queue");
        assert_eq!(reserve(tx, &jobs[2], "k", "m", LIMITS, 200)?, Reserved::Gone, "it ended");
        Ok(())
    });
    let row = "job_id 1, api_key k, model m, at 200, outcome sending";
    assert_eq!(made, [format!("submits 1: new, id 1, {row}")]);
    sql(
        &db,
        "INSERT INTO submits (job_id, api_key, model, at) VALUES (2, 'k', 'm', 1);
         INSERT INTO submits (job_id, api_key, model, at, outcome, ended_at)
         VALUES (1, 'k', 'm', 1, 'refused', 2);",
    );
    let open = db.read(open_submits).unwrap();
    assert_eq!(open, [(1, JobId(1)), (2, JobId(2))]);
    let first = db.read(|conn| get(conn, JobId(1))).unwrap().unwrap();
    let lost = changes(&db, &["submits"], move |tx| {
        assert_eq!(reserve(tx, &first, "k", "m", LIMITS, 300)?, Reserved::Lost);
        Ok(())
    });
    assert_eq!(lost, ["submits 1 ended_at: NULL -> 300", "submits 1 outcome: sending -> lost"]);
    let settled = changes(&db, &["submits"], |tx| {
        settle_submit(tx, 2, "accepted", Some("t"), 400)?;
        settle_submit(tx, 3, "accepted", Some("t"), 400)
    });
    let accepted = [
        "submits 2 ended_at: NULL -> 400",
        "submits 2 outcome: sending -> accepted",
        "submits 2 task_id: NULL -> t",
    ];
    assert_eq!(settled, accepted);
}

#[test]
fn a_photos_copy_is_one_row_per_photo_and_key() {
    let (_folder, db) = five();
    let copies = |act: fn(&Tx<'_>) -> Result<()>| changes(&db, &["uploads"], act);
    copies(|tx| {
        keep_upload(tx, JobId(1), "a.jpg", "k", "u1", 10)?;
        keep_upload(tx, JobId(1), "a.jpg", "l", "u2", 10)?;
        keep_upload(tx, JobId(1), "b.jpg", "k", "u3", 10)
    });
    let again = copies(|tx| keep_upload(tx, JobId(2), "a.jpg", "k", "u4", 20));
    assert_eq!(again, ["uploads 1 url: u1 -> u4", "uploads 1 created_at: 10 -> 20"]);
    let url = |photo| db.read(move |conn| uploaded(conn, photo, "k", 0)).unwrap();
    assert_eq!((url("b.jpg").as_deref(), url("c.jpg")), (Some("u3"), None));
    assert_eq!(copies(|tx| forget_upload(tx, "u2")), ["uploads 2: gone"]);
}

#[test]
fn the_most_urgent_goes_first_whatever_its_step() {
    let (_folder, db) = world();
    let [early, late, urgent] = [("early", 0), ("late", 5), ("urgent", 9)]
        .map(|(key, wait)| queue(&db, key, 0, NOW + wait));
    sql(
        &db,
        "UPDATE jobs SET step = 'fetch' WHERE id = 2;
         UPDATE jobs SET step = 'upload', priority = 1 WHERE id = 3;",
    );
    let order = [(); 3].map(|()| take(&db, NOW + 9).unwrap().id);
    assert_eq!(order, [urgent, early, late]);
    sql(&db, "UPDATE jobs SET step = 'fetch', leased_at = NULL, due_at = id WHERE id IN (1, 3)");
    let take = |now| db.write(move |tx| claim(tx, &[Step::Upload], LIMITS, LEASE, now)).unwrap();
    sql(&db, "UPDATE jobs SET step = 'upload', leased_at = NULL, due_at = 70000 WHERE id = 2");
    assert_eq!(take(69_999), None, "what is due is at another step");
    assert_eq!(take(70_000).unwrap().id, late);
}

#[test]
fn the_next_due_time_is_the_soonest_of_all_priorities_and_of_nothing_that_ended() {
    let (_folder, db) = five();
    sql(
        &db,
        "UPDATE jobs SET step = 'script';
         UPDATE jobs SET priority = 6, due_at = 10050 WHERE id = 1;
         UPDATE jobs SET priority = 5, due_at = 10020 WHERE id = 2;
         UPDATE jobs SET priority = 4, due_at = 10060 WHERE id = 3;
         UPDATE jobs SET priority = 9, due_at = 1 WHERE id = 4;
         UPDATE jobs SET step = 'submit', due_at = 10010 WHERE id = 5;",
    );
    let next = |due| assert_eq!(db.read(|conn| next_due(conn, LIMITS, NOW)).unwrap(), Some(due));
    next(10_010);
    db.write(|tx| crate::instance::begin(tx, 1, NOW).map(drop)).unwrap();
    db.write(|tx| crate::instance::pause_submitting(tx, NOW).map(drop)).unwrap();
    next(10_020);
    sql(&db, "UPDATE jobs SET due_at = 10070 WHERE id = 2");
    next(10_050);
    sql(&db, "UPDATE jobs SET due_at = 10080 WHERE id = 1");
    next(10_060);
    sql(&db, "UPDATE jobs SET due_at = 10040, step = 'fetch' WHERE id = 3");
    next(10_040);
}

#[test]
fn only_an_orders_waiting_uploads_are_called() {
    let (_folder, db) = five();
    sql(
        &db,
        "UPDATE jobs SET step = 'upload', order_id = 1, due_at = 90;
         UPDATE jobs SET status = 'processing', finished_at = NULL WHERE id = 5;",
    );
    let job = db.read(|conn| get(conn, JobId(1))).unwrap().unwrap();
    let later = job.clone();
    assert_eq!(changes(&db, &["jobs"], move |tx| wake_order(tx, &later, 95)), [""; 0]);
    let called =
        ["jobs 1", "jobs 2", "jobs 3", "jobs 5"].map(|job| format!("{job} due_at: 90 -> 80"));
    assert_eq!(changes(&db, &["jobs"], move |tx| wake_order(tx, &job, 80)), called);
}

#[test]
fn a_photo_is_needed_while_a_job_of_its_runs() {
    let (_folder, db) = five();
    sql(
        &db,
        "UPDATE jobs SET input_photo_path = 'p' || id, status = 'queued', finished_at = NULL
         WHERE id <> 4;
         UPDATE jobs SET input_photo_path = 'p4' WHERE id = 4;
         UPDATE jobs SET status = 'processing' WHERE id = 3;
         UPDATE jobs SET input_photo_path = 'p1' WHERE id = 5;",
    );
    let mut photos = db.read(live_photos).unwrap();
    photos.sort();
    assert_eq!(photos, ["p1", "p2", "p3"]);
}
