//! What goes of jobs when their customer leaves, and with time; and whose it is.

use super::*;
use crate::db::tests::changes;

const TABLES: [&str; 3] = ["jobs", "events", "uploads"];

/// Two ended jobs and a live one of one customer, an ended one of another; all with all their words.
fn four() -> (tempfile::TempDir, Db) {
    let (folder, db) = world();
    sql(&db, "INSERT INTO users (tg_user_id) VALUES (43)");
    let _ = ["one", "two", "three", "four"].map(|key| queue(&db, key, 0, NOW));
    sql(
        &db,
        "UPDATE jobs
         SET extra_wishes = 'w', prompt = 'p', input_photo_path = id || '.jpg', input_url = 'i',
             output_url = 'o', video_path = 'v', tg_file_id = 'f', error = 'e', model = 'm',
             status = 'failed', step = 'fetch', finished_at = 100 * id;
         UPDATE jobs SET user_id = 2 WHERE id = 4;
         INSERT INTO events (job_id, at, step, what, detail)
         SELECT id, 1, 'script', 'x', 'd' FROM jobs;
         INSERT INTO uploads SELECT input_photo_path, 'k', 'u', 1 FROM jobs;",
    );
    // A job that has ended begins no second time: the live one is a new row.
    let live = queue(&db, "live", 0, NOW);
    assert_eq!(live, JobId(5));
    (folder, db)
}

#[test]
fn who_leaves_takes_the_words_of_all_their_ended_jobs_and_of_no_other() {
    let (_folder, db) = four();
    let mut changed = changes(&db, &TABLES, |tx| forget(tx, UserId(1)));
    changed.sort();
    let of = |id: i64| {
        let lines = [
            ("product_info", r#"{"text":"A \"blue\" mug","user_prompt":null} -> {}"#.to_owned()),
            ("extra_wishes", "w -> NULL".to_owned()),
            ("prompt", "p -> NULL".to_owned()),
            ("input_photo_path", format!("{id}.jpg -> ")),
            ("input_url", "i -> NULL".to_owned()),
            ("output_url", "o -> NULL".to_owned()),
            ("video_path", "v -> NULL".to_owned()),
            ("tg_file_id", "f -> NULL".to_owned()),
            ("error", "e -> NULL".to_owned()),
        ];
        lines.map(|(column, change)| format!("jobs {id} {column}: {change}"))
    };
    let events = (1..=3).map(|id| format!("events {id} detail: d -> NULL"));
    let uploads = (1..=3).map(|id| format!("uploads {id}: gone"));
    let mut expected: Vec<String> = (1..=3).flat_map(of).chain(events).chain(uploads).collect();
    expected.sort();
    assert_eq!(changed, expected);
}

#[test]
fn no_copy_of_a_photo_outlives_its_customers_leaving() {
    let (_folder, db) = four();
    sql(&db, "INSERT INTO uploads SELECT input_photo_path || '#9x16', 'k', 'u', 1 FROM jobs");
    assert_eq!(upload_name("2.jpg", true), "2.jpg#9x16");
    db.write(|tx| {
        forget(tx, UserId(1))?;
        // Its upload was under way when it was taken back.
        keep_upload(tx, JobId(2), "2.jpg", "k", "late", NOW)
    })
    .unwrap();
    let left = "SELECT group_concat(photo_path) FROM uploads";
    let left =
        || -> String { db.read(|conn| Ok(conn.query_row(left, [], |row| row.get(0))?)).unwrap() };
    // That of the live job, which nobody leaves behind, and another customer's.
    assert_eq!(left(), "4.jpg,4.jpg#9x16");
    db.write(|tx| keep_upload(tx, JobId(4), "other.jpg", "k", "late", NOW)).unwrap();
    assert_eq!(left(), "4.jpg,4.jpg#9x16,other.jpg", "whatever became of the job");
}

#[test]
fn words_have_their_time_and_go_in_small_steps() {
    let (_folder, db) = four();
    let prune = |before, limit| db.write(move |tx| prune_texts(tx, before, limit)).unwrap();
    let kept = || number(&db, "SELECT SUM(id) FROM jobs WHERE product_info <> '{}'");
    assert_eq!((prune(100, 9), kept()), (0, 15), "not what ended at that time");
    assert_eq!((prune(301, 2), kept()), (2, 12));
    assert_eq!((prune(301, 2), prune(301, 2), kept()), (1, 0, 9));
    let gone = "SELECT COUNT(*) FROM jobs
                WHERE extra_wishes IS NULL AND prompt IS NULL AND input_url IS NULL
                  AND output_url IS NULL AND error IS NULL AND tg_file_id = 'f'";
    assert_eq!(number(&db, gone), 3, "and the video can still be sent");
}

#[test]
fn whose_jobs_are_live_begun_and_ended() {
    let (_folder, db) = four();
    let of = |user| db.read(move |conn| begun_of(conn, UserId(user))).unwrap();
    assert_eq!((of(1), of(2)), ((0, vec![JobId(5)]), (0, vec![])));
    let live = |user| db.read(move |conn| live_of(conn, UserId(user))).unwrap();
    assert_eq!((live(1), live(2)), (1, 0));
    sql(&db, "UPDATE jobs SET leased_at = 5, status = 'processing' WHERE id = 5");
    assert_eq!((of(1), live(1)), ((1, vec![]), 1));
    sql(&db, "UPDATE jobs SET leased_at = NULL, started_at = 5, step = 'submit' WHERE id = 5");
    assert_eq!(of(1), (0, vec![JobId(5)]), "a script and a copy of the photo are no video");
    for outcome in ["sending", "lost"] {
        let submit = format!(
            "DELETE FROM submits;
             INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
             VALUES (5, 'k', 'm', 5, IIF('{outcome}' = 'lost', 6, NULL), '{outcome}')"
        );
        db.write(move |tx| Ok(tx.execute_batch(&submit)?)).unwrap();
        assert_eq!(of(1), (1, vec![]), "it may have been billed");
    }
    sql(&db, "UPDATE submits SET outcome = 'refused', ended_at = 6");
    assert_eq!(of(1), (0, vec![JobId(5)]));
    sql(&db, "UPDATE jobs SET step = 'render' WHERE id = 5");
    assert_eq!(of(1), (1, vec![]));
    for (user, by, expected) in [(1, 200, vec![1, 2]), (1, 900, vec![1, 2, 3]), (2, 900, vec![4])] {
        let mut ended = db.read(move |conn| ended_of(conn, UserId(user), by)).unwrap();
        ended.sort();
        assert_eq!(ended.iter().map(|id| id.0).collect::<Vec<_>>(), expected);
    }
}
