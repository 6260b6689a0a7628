use super::*;
use crate::db::Db;
use crate::db::tests::fresh;

const NOW: Millis = 1_763_730_000_000;

fn say(db: &Db, chat: i64, key: Option<&'static str>, html: &str) -> i64 {
    let content = Content::text(html);
    db.write(move |tx| put(tx, chat, key, &content, None, NOW)).unwrap()
}

fn row(db: &Db, id: i64) -> Row {
    db.read(|conn| get(conn, id)).unwrap().unwrap()
}

fn confirm(db: &Db, id: i64, rev: i64, message_id: Option<i64>) {
    db.write(move |tx| sent(tx, id, rev, message_id, NOW + 1)).unwrap();
}

/// The pending rows as (id, seq), in the order of sending.
fn pending(db: &Db) -> Vec<(i64, i64)> {
    let rows = db.read(|conn| load_after(conn, 0, 100)).unwrap();
    rows.into_iter().map(|row| (row.id, row.seq)).collect()
}

fn insert_job(db: &Db) -> i64 {
    db.write(|tx| {
        tx.execute_batch(
            "INSERT INTO users (id, tg_user_id) VALUES (1, 7);
             INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             VALUES (5, 1, 7, 'k', 'ugc', 'p.jpg', '{}');",
        )?;
        Ok(5)
    })
    .unwrap()
}

#[test]
fn a_message_that_waits_is_changed_in_place() {
    let (_folder, db) = fresh();
    let id = say(&db, 7, Some("status:1"), "a");
    let other = say(&db, 7, None, "x");
    assert_eq!(say(&db, 7, Some("status:1"), "b"), id);
    assert_eq!(pending(&db), [(id, 1), (other, 2)]);
    assert_eq!(row(&db, id).content, Content::text("b"));
    assert_eq!((row(&db, id).rev, row(&db, id).sent_rev), (2, 0));
}

#[test]
fn a_message_that_was_sent_is_edited_at_the_end_of_the_queue_and_only_if_it_differs() {
    let (_folder, db) = fresh();
    let id = say(&db, 7, Some("status:1"), "a");
    confirm(&db, id, 1, Some(99));
    let other = say(&db, 7, None, "x");
    say(&db, 7, Some("status:1"), "a");
    assert_eq!((row(&db, id).state, row(&db, id).rev), (State::Sent, 1));
    say(&db, 7, Some("status:1"), "b");
    assert_eq!(pending(&db), [(other, 2), (id, 3)]);
    assert_eq!(row(&db, id).message_id, Some(99));
    confirm(&db, id, 2, None);
    let now = row(&db, id);
    assert_eq!((now.state, now.sent_rev, now.message_id), (State::Sent, 2, Some(99)));
}

#[test]
fn a_change_during_the_call_is_not_lost() {
    let (_folder, db) = fresh();
    let id = say(&db, 7, Some("status:1"), "a");
    let other = say(&db, 8, None, "x");
    say(&db, 7, Some("status:1"), "b");
    confirm(&db, id, 1, Some(99));
    let now = row(&db, id);
    assert_eq!((now.state, now.sent_rev, now.rev), (State::Pending, 1, 2));
    assert_eq!(pending(&db), [(other, 2), (id, 3)]);
    assert!(!db.write(move |tx| dropped(tx, id, 1, "refused")).unwrap(), "rev 2 was not tried");
}

#[test]
fn what_was_dropped_and_what_was_answered_stays() {
    let (_folder, db) = fresh();
    let id = say(&db, 7, Some("k"), "a");
    assert!(db.write(move |tx| dropped(tx, id, 1, "refused")).unwrap());
    say(&db, 7, Some("k"), "b");
    assert_eq!((row(&db, id).state, row(&db, id).rev), (State::Dropped, 1));
    let answer = |text: &str| Content::Answer {
        callback_id: "9".to_owned(),
        text: text.to_owned(),
        alert: false,
    };
    let (first, second) = (answer("a"), answer("b"));
    let id = db.write(move |tx| put(tx, 7, Some("answer:9"), &first, None, NOW)).unwrap();
    confirm(&db, id, 1, None);
    db.write(move |tx| put(tx, 7, Some("answer:9"), &second, None, NOW)).unwrap();
    assert_eq!(row(&db, id).state, State::Sent);
    assert!(pending(&db).is_empty());
}

#[test]
fn a_blocked_chat_loses_its_messages_and_gives_its_deliveries_back() {
    let (_folder, db) = fresh();
    let job = insert_job(&db);
    say(&db, 7, None, "a");
    let other = say(&db, 8, None, "b");
    let video = Content::Video {
        path: Some("5.mp4".to_owned()),
        file_id: None,
        width: 720,
        height: 1280,
        seconds: 5,
        html: String::new(),
        buttons: Vec::new(),
    };
    let delivery = db.write(move |tx| put(tx, 7, Some("video:5"), &video, Some(job), NOW)).unwrap();
    let classes = db.read(|conn| load_after(conn, 0, 100)).unwrap();
    assert_eq!(classes[2].class, Class::Upload);
    let rows = db.write(|tx| drop_chat(tx, 7, "blocked")).unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.id, row.job_id)).collect::<Vec<_>>(),
        [(delivery, Some(job))]
    );
    assert_eq!(pending(&db), [(other, 2)]);
}

#[test]
fn a_message_put_off_keeps_its_place_and_counts() {
    let (_folder, db) = fresh();
    let id = say(&db, 7, None, "a");
    db.write(move |tx| later(tx, id, NOW + 5, true, "timeout")).unwrap();
    db.write(move |tx| later(tx, id, NOW + 9, false, "502")).unwrap();
    let now = row(&db, id);
    assert_eq!((now.due_at, now.tries, now.lost, now.seq), (NOW + 9, 2, 1, 1));
}

#[test]
fn pruning_keeps_what_waits_and_the_newest_place() {
    let (_folder, db) = fresh();
    let ids: Vec<_> = (0..4).map(|_| say(&db, 7, None, "a")).collect();
    for id in [ids[0], ids[1], ids[3]] {
        confirm(&db, id, 1, Some(id));
    }
    let prune = |limit| db.write(move |tx| super::prune(tx, NOW + 10, limit)).unwrap();
    assert_eq!((prune(1), prune(9), prune(9)), (1, 1, 0));
    assert_eq!(pending(&db), [(ids[2], 3)]);
    assert_eq!(row(&db, say(&db, 7, None, "b")).seq, 5);
}

#[test]
fn pending_rows_are_found_by_their_index() {
    let (_folder, db) = fresh();
    let plan: String = db
        .read(|conn| {
            let query = "EXPLAIN QUERY PLAN SELECT seq FROM outbox
                         WHERE state = 'pending' AND seq > 5 ORDER BY seq LIMIT 10";
            Ok(conn.query_row(query, [], |row| row.get("detail"))?)
        })
        .unwrap();
    assert!(plan.contains("outbox_pending"), "{plan}");
}
