use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;

use super::*;
use crate::bot::telegram::fake::{Call, Fake, Reply};
use crate::clock::Clock;
use crate::db::tests::fresh;
use crate::outbox::{Button, Content};

/// Remembers what it was told.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn add(&self, what: String) -> anyhow::Result<()> {
        self.0.lock().unwrap().push(what);
        Ok(())
    }
}

impl Delivered for Heard {
    fn on_sent(&self, _: &Tx<'_>, row: &Row, sent: &Sent, _: Millis) -> anyhow::Result<()> {
        let file = sent.file_id.as_deref().unwrap_or("-");
        self.add(format!("sent {} {file}", row.id))
    }

    fn on_refused(&self, _: &Tx<'_>, row: &Row, why: &str, _: Millis) -> anyhow::Result<()> {
        self.add(format!("refused {} {why}", row.id))
    }

    fn on_too_large(&self, tx: &Tx<'_>, row: &Row, now: Millis) -> anyhow::Result<()> {
        let link = Content::text("link");
        outbox::put(tx, row.chat_id, row.key.as_deref(), &link, None, now)?;
        self.add(format!("too large {}", row.id))
    }

    fn on_blocked(&self, _: &Tx<'_>, chat: i64, rows: &[Row], _: Millis) -> anyhow::Result<()> {
        self.add(format!("blocked {chat} {}", rows.len()))
    }
}

/// A sender at work on a fresh database, against a Telegram that answers as told.
struct Stage {
    fake: Fake,
    db: Db,
    clock: Clock,
    heard: Arc<Heard>,
    stop: CancellationToken,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Ten times as fast as life, so that waits do not hold up the tests.
    async fn new(handler: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let (folder, db) = fresh();
        let clock = Clock::fast(10.0);
        let fake = Fake::start(handler).await;
        let (heard, stop) = (Arc::<Heard>::default(), CancellationToken::new());
        Self { fake, db, clock, heard, stop, folder }
    }

    fn play(&self) -> tokio::task::JoinHandle<()> {
        let options = Options {
            db: self.db.clone(),
            telegram: self.fake.telegram(self.clock.clone()),
            delivered: Arc::clone(&self.heard) as Arc<dyn Delivered>,
            videos: self.folder.path().to_owned(),
            pictures: |asset| (asset == "menu").then_some(b"jpeg"),
            upload_limit: 1_000,
            limits: Limits::default(),
        };
        tokio::spawn(run(options, self.stop.clone()))
    }

    async fn put(&self, chat: i64, key: Option<&'static str>, content: Content) -> i64 {
        let (db, now) = (self.db.clone(), self.clock.now());
        let put = move || db.write(move |tx| outbox::put(tx, chat, key, &content, None, now));
        tokio::task::spawn_blocking(put).await.unwrap().unwrap()
    }

    /// Until `rows` of the outbox are in `state`.
    async fn settled(&self, state: &'static str, rows: i64) {
        let rang = Arc::new(Notify::new());
        let ring = Arc::clone(&rang);
        self.db.watch(&["outbox"], Arc::new(move || ring.notify_one()));
        let count = || {
            let query = "SELECT COUNT(*) FROM outbox WHERE state = ?1";
            self.db.read(|conn| Ok(conn.query_row(query, [state], |row| row.get::<_, i64>(0))?))
        };
        let wait = async {
            while count().unwrap() < rows {
                rang.notified().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.unwrap();
    }

    fn heard(&self) -> Vec<String> {
        self.heard.0.lock().unwrap().clone()
    }
}

fn texts(calls: &[Call]) -> Vec<&str> {
    calls.iter().filter_map(|call| call.json["text"].as_str()).collect()
}

/// Telegram as it should be: every message gets an id.
fn fine() -> impl Fn(&Call) -> Reply + Send + Sync + 'static {
    let ids = AtomicI64::new(100);
    move |_| Reply::Ok(json!({ "message_id": ids.fetch_add(1, Ordering::SeqCst) }))
}

fn video(path: &str) -> Content {
    Content::Video {
        path: Some(path.to_owned()),
        file_id: None,
        width: 720,
        height: 1280,
        seconds: 5,
        html: "готово".to_owned(),
        buttons: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_is_answered_however_many_messages_wait() {
    let stage = Stage::new(fine()).await;
    let waits = stage.put(7, None, Content::text("in an hour")).await;
    let copies = format!(
        "UPDATE outbox SET due_at = 9000000000000000;
         WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {})
         INSERT INTO outbox (seq, chat_id, content, due_at, created_at)
         SELECT n, 7, content, due_at, created_at FROM n JOIN outbox ON id = {waits};",
        queue::WINDOW + 700
    );
    stage.db.write(move |tx| Ok(tx.execute_batch(&copies)?)).unwrap();
    let answer = |id: &str| Content::Answer {
        callback_id: id.to_owned(),
        text: String::new(),
        alert: false,
    };
    stage.put(7, Some("answer:a"), answer("a")).await;
    let playing = stage.play();
    stage.settled("sent", 1).await;
    stage.put(8, None, Content::text("waits for room")).await;
    stage.put(8, Some("answer:b"), answer("b")).await;
    stage.settled("sent", 2).await;
    let calls = stage.fake.calls();
    assert!(calls.iter().all(|call| call.json["callback_query_id"].is_string()), "{calls:?}");
    stage.stop.cancel();
    playing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_hears_in_order_and_stale_edits_fold() {
    let stage = Stage::new(fine()).await;
    for text in ["1", "2", "3", "4"] {
        stage.put(7, None, Content::text(text)).await;
    }
    let status = stage.put(8, Some("status"), Content::text("a")).await;
    stage.put(8, Some("status"), Content::text("b")).await;
    let playing = stage.play();
    stage.settled("sent", 5).await;
    let calls = stage.fake.calls();
    let to_7: Vec<_> = calls.iter().filter(|call| call.json["chat_id"] == 7).cloned().collect();
    assert_eq!(texts(&to_7), ["1", "2", "3", "4"]);
    let to_8: Vec<_> = calls.iter().filter(|call| call.json["chat_id"] == 8).cloned().collect();
    assert_eq!(texts(&to_8), ["b"]);
    stage.put(8, Some("status"), Content::text("c")).await;
    let calls = stage.fake.until(|calls| texts(calls).contains(&"c")).await;
    let edit = calls.last().unwrap();
    assert_eq!(edit.method, "editMessageText");
    let message = stage.db.read(|conn| outbox::get(conn, status)).unwrap().unwrap().message_id;
    assert_eq!(edit.json["message_id"].as_i64(), message);
    stage.stop.cancel();
    playing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forgotten_while_it_is_sent_is_delivered_to_nobody() {
    let known = Arc::<std::sync::OnceLock<Db>>::default();
    let of_fake = Arc::clone(&known);
    let stage = Stage::new(move |call| {
        if call.json["chat_id"] == 7 {
            of_fake.get().unwrap().write(|tx| outbox::forget(tx, 7)).unwrap();
        }
        Reply::Ok(json!({ "message_id": 1 }))
    })
    .await;
    assert!(known.set(stage.db.clone()).is_ok());
    stage.put(7, Some("gift:1"), Content::text("gone")).await;
    let kept = stage.put(8, None, Content::text("stays")).await;
    let _playing = stage.play();
    stage.settled("sent", 1).await;
    stage.put(7, None, Content::text("after it")).await;
    stage.settled("dropped", 2).await;
    assert_eq!(stage.heard(), [format!("sent {kept} -")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_slow_chat_delays_no_other() {
    let stage = Stage::new(|call| match call.json["chat_id"].as_i64() {
        Some(7) => Reply::retry_after(3_000),
        Some(8) => Reply::refusal(500, "Internal Server Error"),
        _ => Reply::Ok(json!({ "message_id": 1 })),
    })
    .await;
    stage.put(7, None, Content::text("slow")).await;
    stage.put(8, None, Content::text("ill")).await;
    let _playing = stage.play();
    stage.fake.until(|calls| calls.len() >= 2).await;
    for chat in 10..20 {
        stage.put(chat, None, Content::text("fine")).await;
    }
    stage.settled("sent", 10).await;
    let slow = stage.fake.calls().iter().filter(|call| call.json["chat_id"] == 7).count();
    assert_eq!(slow, 1, "the pause is obeyed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_goes_once_more_as_plain_text_and_is_then_given_up() {
    let stage = Stage::new(|call| match call.json["text"].as_str() {
        Some("<b>x") if call.json["parse_mode"] == "HTML" => {
            Reply::refusal(400, "Bad Request: can't parse entities: no end tag")
        }
        Some("bad") => Reply::refusal(400, "Bad Request: BUTTON_DATA_INVALID"),
        _ => Reply::Ok(json!({ "message_id": 1 })),
    })
    .await;
    let menu = vec![vec![Button::data("Меню", "menu")]];
    stage.put(7, None, Content::text("<b>x").with_buttons(menu.clone())).await;
    let bad = stage.put(7, None, Content::text("bad").with_buttons(menu)).await;
    stage.put(7, None, Content::text("next")).await;
    let _playing = stage.play();
    stage.settled("sent", 2).await;
    let calls = stage.fake.calls();
    assert_eq!(texts(&calls), ["<b>x", "x", "bad", "bad", "next"]);
    assert!(calls[1].json.get("reply_markup").is_some(), "only the markup was wrong");
    assert!(calls[3].json.get("reply_markup").is_none());
    assert!(stage.heard().iter().any(|heard| heard.starts_with(&format!("refused {bad} "))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_counted_and_sent_again() {
    let tries = AtomicI64::new(0);
    let stage = Stage::new(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Drop,
        1 => Reply::Page(502, "<html>Bad Gateway</html>"),
        _ => Reply::Ok(json!({ "message_id": 1 })),
    })
    .await;
    let id = stage.put(7, None, Content::text("a")).await;
    let _playing = stage.play();
    stage.settled("sent", 1).await;
    let row = stage.db.read(|conn| outbox::get(conn, id)).unwrap().unwrap();
    assert_eq!((row.lost, row.tries, row.message_id), (2, 0, Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_blocked_the_bot_is_left_alone() {
    let stage = Stage::new(|call| match call.json["chat_id"].as_i64() {
        Some(7) => Reply::refusal(403, "Forbidden: bot was blocked by the user"),
        _ => Reply::Ok(json!({ "message_id": 1 })),
    })
    .await;
    for text in ["1", "2", "3"] {
        stage.put(7, None, Content::text(text)).await;
    }
    stage.put(8, None, Content::text("fine")).await;
    let _playing = stage.play();
    stage.settled("sent", 1).await;
    stage.settled("dropped", 3).await;
    assert_eq!(texts(&stage.fake.calls()).iter().filter(|text| **text != "fine").count(), 1);
    assert!(stage.heard().contains(&"blocked 7 0".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_do_not_wait_behind_messages_and_old_ones_are_done() {
    let stage = Stage::new(|call| match call.method.as_str() {
        "answerCallbackQuery" if call.json["callback_query_id"] == "old" => {
            Reply::refusal(400, "Bad Request: query is too old and response timeout expired")
        }
        "sendMessage" => Reply::Hang,
        _ => Reply::Ok(json!(true)),
    })
    .await;
    stage.put(7, None, Content::text("hangs")).await;
    let _playing = stage.play();
    stage.fake.until(|calls| calls.len() == 1).await;
    for callback in ["new", "old"] {
        let (callback_id, text) = (callback.to_owned(), String::new());
        stage.put(7, None, Content::Answer { callback_id, text, alert: false }).await;
    }
    stage.settled("sent", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_video_goes_up_or_becomes_a_link_or_is_refused() {
    let stage = Stage::new(|call| match call.method.as_str() {
        "sendVideo" => Reply::Ok(json!({ "message_id": 1, "video": { "file_id": "V" } })),
        _ => Reply::Ok(json!({ "message_id": 2 })),
    })
    .await;
    std::fs::write(stage.folder.path().join("small.mp4"), [0; 1_000]).unwrap();
    std::fs::write(stage.folder.path().join("large.mp4"), [0; 1_001]).unwrap();
    let small = stage.put(7, Some("v1"), video("small.mp4")).await;
    let large = stage.put(8, Some("v2"), video("large.mp4")).await;
    let gone = stage.put(9, Some("v3"), video("gone.mp4")).await;
    let _playing = stage.play();
    stage.settled("sent", 2).await;
    stage.settled("dropped", 1).await;
    let heard = stage.heard();
    for expected in [
        format!("sent {small} V"),
        format!("too large {large}"),
        format!("sent {large} -"),
        format!("refused {gone} our file"),
    ] {
        assert!(heard.iter().any(|heard| heard.starts_with(&expected)), "{expected}: {heard:?}");
    }
    assert_eq!(texts(&stage.fake.calls()), ["link"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_goes_up_once_and_again_when_telegram_forgot_it() {
    let stage = Stage::new(|call| match call.json["photo"].as_str() {
        Some("P1") if call.json["caption"] == "forgotten" => {
            Reply::refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        }
        Some(_) => Reply::Ok(json!({ "message_id": 2, "photo": [{ "file_id": "other" }] })),
        None => Reply::Ok(json!({
            "message_id": 1, "photo": [{ "file_id": "small" }, { "file_id": "P1" }] })),
    })
    .await;
    let menu = |html: &str| Content::Photo {
        asset: "menu".to_owned(),
        html: html.to_owned(),
        buttons: Vec::new(),
    };
    let _playing = stage.play();
    for (count, html) in ["first", "known", "forgotten"].into_iter().enumerate() {
        stage.put(7, None, menu(html)).await;
        stage.settled("sent", count as i64 + 1).await;
    }
    let photos: Vec<_> = stage.fake.calls().iter().map(|call| call.json["photo"].clone()).collect();
    assert_eq!(photos, [json!(null), json!("P1"), json!("P1"), json!(null)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invoice_is_one_price_in_stars_sent_once_and_never_edited() {
    let stage = Stage::new(fine()).await;
    let invoice = |title: &str| Content::Invoice {
        title: title.to_owned(),
        description: "For your videos".to_owned(),
        payload: "pack:10:550:7".to_owned(),
        stars: 550,
    };
    stage.put(7, Some("invoice:7"), invoice("10 credits")).await;
    let playing = stage.play();
    stage.settled("sent", 1).await;
    // In another language, say.
    stage.put(7, Some("invoice:7"), invoice("10 кредитов")).await;
    stage.settled("sent", 1).await;
    stage.put(8, None, Content::text("a")).await;
    let calls = stage.fake.until(|calls| texts(calls).len() == 1).await;
    let methods: Vec<_> = calls.iter().map(|call| call.method.as_str()).collect();
    assert_eq!(methods, ["sendInvoice", "sendMessage"]);
    assert_eq!(
        calls[0].json,
        json!({ "chat_id": 7, "title": "10 credits", "description": "For your videos",
                "payload": "pack:10:550:7", "currency": "XTR", "provider_token": "",
                "prices": [{ "label": "10 credits", "amount": 550 }],
                "start_parameter": "topup" })
    );
    stage.stop.cancel();
    playing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invoice_that_telegram_refuses_is_given_up_at_once_and_told() {
    let stage =
        Stage::new(|_| Reply::refusal(400, "Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID")).await;
    let (title, description, payload) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
    stage.put(7, None, Content::Invoice { title, description, payload, stars: 550 }).await;
    let playing = stage.play();
    stage.settled("dropped", 1).await;
    assert_eq!(stage.fake.calls().len(), 1, "there is no plainer one");
    assert!(stage.heard()[0].starts_with("refused"), "{:?}", stage.heard());
    stage.stop.cancel();
    playing.await.unwrap();
}
