use super::*;
use crate::db::tests::fresh;
use std::fs::File;
use std::time::SystemTime;

const NOW: Millis = 10 * DAY;

/// A file that was last written at the beginning of time.
fn old(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
}

fn left(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn no_age_takes_a_video_that_is_still_to_be_sent() {
    let (folder, db) = fresh();
    db.write(|tx| {
        Ok(tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (42);
             INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, status, step, tg_file_id)
             VALUES (1, 1, 42, 'live', 'ugc', 'a.jpg', '{}', 'processing', 'deliver', NULL),
                    (2, 1, 42, 'to send', 'ugc', 'a.jpg', '{}', 'done', 'deliver', NULL),
                    (3, 1, 42, 'a gift', 'ugc', 'a.jpg', '{}', 'failed', 'render', NULL),
                    (4, 1, 42, 'a link', 'ugc', 'a.jpg', '{}', 'done', 'deliver', NULL),
                    (5, 1, 42, 'sent', 'ugc', 'a.jpg', '{}', 'done', 'deliver', 'f');
             INSERT INTO gifts (job_id, until) VALUES (3, 9);
             INSERT INTO outbox (seq, chat_id, key, content, state, created_at)
             VALUES (1, 42, 'video:2', '{\"kind\": \"text\", \"html\": \"v\"}', 'pending', 1);",
        )?)
    })
    .unwrap();
    let videos = folder.path().join("videos");
    for id in 1..=6 {
        old(&videos.join(format!("{id}.mp4")));
    }
    std::fs::write(videos.join("7.mp4.part"), "young").unwrap();
    old_videos(&db, &videos, &AtomicBool::new(false), HOUR).unwrap();
    assert_eq!(left(&videos), ["1.mp4", "2.mp4", "3.mp4", "7.mp4.part"]);
}

#[test]
fn no_age_takes_a_photo_that_a_live_job_or_an_order_in_the_making_names() {
    let (folder, db) = fresh();
    db.write(|tx| {
        tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (42), (43);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, status)
             VALUES (1, 42, 'live', 'ugc', '42/live.jpg', '{}', 'queued'),
                    (1, 42, 'ended', 'ugc', '42/ended.jpg', '{}', 'failed');",
        )?;
        for (user, photo, at) in
            [(1, "42/draft.jpg", NOW - HOUR), (2, "42/left.jpg", NOW - 2 * DAY)]
        {
            tx.execute(
                "INSERT INTO dialogs (user_id, state, updated_at)
                 VALUES (?1, json_object('place', 'count', 'draft', json_object('photo', ?2)), ?3)",
                (user, photo, at),
            )?;
        }
        Ok(())
    })
    .unwrap();
    let photos = folder.path().join("photos");
    for name in ["live", "ended", "draft", "left", "unknown"] {
        old(&photos.join(format!("42/{name}.jpg")));
    }
    std::fs::write(photos.join("42/young.jpg"), "young").unwrap();
    old(&photos.join("43/old.jpg"));
    old_photos(&db, &photos, &AtomicBool::new(false), (HOUR, NOW)).unwrap();
    assert_eq!(left(&photos.join("42")), ["draft.jpg", "live.jpg", "young.jpg"]);
    assert_eq!(left(&photos), ["42"], "and a folder without a photo goes");
}
