//! Rows that somebody inserted with `neurocards sql --write`.

use std::time::{Duration, Instant};

use neurocards::sandbox::faults::Fate;

use crate::{Appliance, Customer, Setup};

/// As in the interface's description.
const INSERT: &str = "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, status)
VALUES ((SELECT id FROM users WHERE tg_user_id = 42), 42, 'manual_test_1', 'reels', 'self', 'https://example.com/photo.jpg',
        '{\"text\": \"Test\", \"user_prompt\": \"A cinematic product showcase\"}', 'queued');";

fn notice(ann: &Customer<'_>) -> String {
    let notice = ann.finds("a notice", |message| message.button("🏠").is_some());
    let text = notice.text.to_lowercase();
    assert!(!text.contains("кредит"), "nothing was paid: {text}");
    text
}

#[test]
fn a_job_by_hand_is_picked_up_and_its_video_comes() {
    // Two seconds are to be two seconds, so nothing else may take long.
    let shop = Setup::new().rate(1.0).settings("[kie]\npoll_interval = \"1s\"").start();
    shop.sandbox().kie().set_render_ms((1, 2));
    shop.expects(|it| it.by_hand = 1);
    let ann = shop.customer(42);
    shop.writes(INSERT);
    let inserted = Instant::now();
    shop.waits_until("SELECT status <> 'queued' FROM jobs");
    assert!(inserted.elapsed() < Duration::from_secs(2), "{:?}", inserted.elapsed());
    let video = ann.sees("🔄");
    assert!(video.text.contains("✅ Видео готово!") && video.button("🏠").is_some());
    shop.settles();
    assert_eq!(ann.credits(), 2);
    let task = shop.sandbox().kie().tasks().remove(0);
    assert_eq!(task.image_url, "https://example.com/photo.jpg");
    assert_eq!(task.prompt, "A cinematic product showcase");
    assert!(shop.sandbox().kie().uploads().is_empty());
}

#[test]
fn a_job_by_hand_that_fails_gives_nothing_back_and_speaks_of_no_credit() {
    let shop = Appliance::new();
    shop.expects(|it| it.by_hand = 3);
    let ann = shop.customer(42);
    for (key, template, photo) in [
        ("a", "ugc", "42/nowhere.jpg"),
        ("b", "nosuch", "42/nowhere.jpg"),
        ("c", "self", "../../x"),
    ] {
        ann.acts();
        shop.writes(&format!(
            "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id,
                               input_photo_path, product_info, status)
             VALUES ((SELECT id FROM users WHERE tg_user_id = 42), 42, '{key}', 'reels',
                     '{template}', '{photo}', '{{\"text\": \"Test\"}}', 'queued')"
        ));
        notice(&ann);
        shop.settles();
    }
    assert_eq!(ann.credits(), 2);
    let failed: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'failed'");
    assert_eq!((failed, shop.sandbox().kie().submits()), (3, 0));
    let error: String = shop.value("SELECT error FROM jobs WHERE idempotency_key = 'a'");
    assert!(error.contains("missing"), "{error}");
}

#[test]
fn a_job_by_hand_that_the_provider_refuses_gives_nothing_back() {
    let shop = Appliance::new();
    shop.expects(|it| it.by_hand = 1);
    let ann = shop.customer(42);
    let people = "We currently do not support uploads of images containing photorealistic people.";
    shop.sandbox().kie().next_renders(1, Fate::Fails("500".into(), people.into()));
    ann.acts();
    shop.writes(INSERT);
    assert!(notice(&ann).contains("нарушили правила"));
    shop.settles();
    assert_eq!(ann.credits(), 2);
}

#[test]
fn history_by_hand_is_left_alone() {
    let shop = Appliance::new();
    shop.writes("INSERT INTO users (tg_user_id, username) VALUES (42, 'old')");
    shop.writes(&INSERT.replace("'queued'", "'done'"));
    shop.writes(&INSERT.replace("'queued'", "'failed'").replace("test_1", "test_2"));
    let ann = shop.customer(42);
    assert_eq!(ann.credits(), 0, "known already: no gift");
    let ann = ann.with_credits(1);
    ann.orders(1, crate::UGC).arrives();
    assert_eq!(ann.videos().len(), 1);
}
