use std::sync::Arc;

use serde_json::{Value, json};
use teloxide::payloads::GetMe;
use tokio::net::TcpListener;

use super::fake::{Fake, Reply, TOKEN, telegram};
use super::*;
use crate::bot::download::{self, Download};
use crate::outbox::Button;

async fn get_me(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Result<Value, Failure> {
    let fake = Fake::start(move |_| reply()).await;
    fake.telegram(Clock::real()).call(&GetMe::new()).await
}

#[track_caller]
fn is_lost(result: &Result<Value, Failure>) {
    assert!(matches!(result, Err(Failure::Lost(_))), "{result:?}");
}

#[tokio::test]
async fn what_may_have_arrived_is_lost_and_what_cannot_have_is_not() {
    is_lost(&get_me(|| Reply::Page(502, "<html>Bad Gateway</html>")).await);
    is_lost(&get_me(|| Reply::Page(200, "{\"ok\":true,\"resu")).await);
    is_lost(&get_me(|| Reply::Drop).await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = telegram(&url, Clock::real()).call(&GetMe::new()).await;
    assert!(matches!(refused, Err(Failure::Unreached(_))), "{refused:?}");
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_its_deadline_and_is_lost() {
    let fake = Fake::start(|_| Reply::Hang).await;
    // At this rate 30 s and 65 s shrink to the shortest deadline, five real seconds.
    let telegram = fake.telegram(Clock::fast(1_000.0));
    let me = GetMe::new();
    let (call, poll) = tokio::join!(telegram.call(&me), telegram.get_updates(None, 50, &["x"]));
    is_lost(&call);
    is_lost(&poll);
}

#[tokio::test]
async fn no_error_shows_the_token() {
    for url in ["http://127.0.0.1:1", "http://name.invalid"] {
        let telegram = telegram(url, Clock::real());
        let error = telegram.call(&GetMe::new()).await.unwrap_err();
        for said in [error.to_string(), format!("{error:?}")] {
            assert!(!said.contains("SECRET") && !said.contains(TOKEN), "{said}");
        }
    }
    let dropped = get_me(|| Reply::Drop).await.unwrap_err();
    assert!(!format!("{dropped:?}").contains("SECRET"));
}

#[tokio::test]
async fn a_token_that_is_repeated_to_us_is_blotted_out() {
    let secret = TOKEN.split_once(':').unwrap().1;
    let text = format!("Bad Request: {TOKEN} is no token, {secret} neither");
    let refused = get_me(move || Reply::refusal(400, &text)).await;
    let blot = "*".repeat(secret.len());
    let left = format!("Bad Request: 7:{blot} is no token, {blot} neither");
    assert_eq!(refused, Err(Failure::BadRequest(left)));
}

#[tokio::test]
async fn refusals_come_as_what_they_mean() {
    let refused = get_me(|| Reply::retry_after(9)).await;
    assert_eq!(refused, Err(Failure::RetryAfter(9)));
    let text = "Conflict: can't use getUpdates method while webhook is active";
    let refused = get_me(move || Reply::refusal(409, text)).await;
    assert_eq!(refused, Err(Failure::Conflict(text.to_owned())));
    let text = "Forbidden: bot can't initiate conversation with a user";
    let refused = get_me(move || Reply::refusal(403, text)).await;
    assert_eq!(refused, Err(Failure::Blocked(text.to_owned())));
}

#[tokio::test]
async fn a_text_goes_out_as_telegram_wants_it() {
    let fake = Fake::start(|_| Reply::Ok(json!({ "message_id": 5, "new": [{}] }))).await;
    let buttons = vec![
        vec![Button::data("Меню", "menu"), Button::url("?", "tg://user?id=5")],
        vec![Button::url("bad", "no link")],
    ];
    let words = Words { text: "<b>hi</b>", html: true, buttons: &buttons };
    let telegram = fake.telegram(Clock::real());
    let sent = telegram.send_text(7, words).await.unwrap();
    assert_eq!(sent, Sent { message_id: Some(5), file_id: None });
    let plain = Words { html: false, buttons: &[], ..words };
    telegram.edit_text(7, 5, plain).await.unwrap();
    telegram.answer_callback("9", "", false).await.unwrap();
    let calls = fake.calls();
    assert_eq!(calls[0].method, "sendMessage");
    let keyboard = json!([[{ "text": "Меню", "callback_data": "menu" },
                           { "text": "?", "url": "tg://user?id=5" }]]);
    assert_eq!(
        calls[0].json,
        json!({ "chat_id": 7, "text": "<b>hi</b>", "parse_mode": "HTML",
                "link_preview_options": { "is_disabled": true },
                "reply_markup": { "inline_keyboard": keyboard } })
    );
    assert_eq!(calls[1].method, "editMessageText");
    assert_eq!(
        calls[1].json,
        json!({ "chat_id": 7, "message_id": 5, "text": "<b>hi</b>",
                "link_preview_options": { "is_disabled": true } })
    );
    assert_eq!(calls[2].json, json!({ "callback_query_id": "9" }));
}

#[tokio::test]
async fn a_video_goes_up_as_a_form_with_its_shape() {
    let video = json!({ "message_id": 6, "video": { "file_id": "F" } });
    let fake = Fake::start(move |_| Reply::Ok(video.clone())).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.mp4");
    std::fs::write(&path, vec![b'v'; 3 << 20]).unwrap();
    let words =
        Words { text: "готово", html: true, buttons: &[vec![Button::data("M", "menu")]] };
    let shape = Shape { width: 720, height: 1280, seconds: 5 };
    let telegram = fake.telegram(Clock::real());
    let media = Media::New(Upload::Mp4(path.clone()));
    let sent = telegram.send_video(7, media, shape, words).await.unwrap();
    assert_eq!(sent, Sent { message_id: Some(6), file_id: Some("F".to_owned()) });
    let known = Media::Known("F".to_owned());
    telegram.send_video(7, known, shape, words).await.unwrap();
    let calls = fake.calls();
    let form = String::from_utf8_lossy(&calls[0].body);
    for (name, value) in [
        ("chat_id", "7"),
        ("width", "720"),
        ("height", "1280"),
        ("duration", "5"),
        ("supports_streaming", "true"),
        ("caption", "готово"),
        ("reply_markup", "{\"inline_keyboard\":[[{\"callback_data\":\"menu\",\"text\":\"M\"}]]}"),
    ] {
        assert!(form.contains(&format!("name=\"{name}\"\r\n\r\n{value}\r\n")), "{name}");
    }
    assert!(form.contains("name=\"video\"; filename=\"video.mp4\""));
    assert!(calls[0].body.len() > 3 << 20);
    assert_eq!(calls[1].json["video"], "F");
    let missing = Media::New(Upload::Mp4(folder.path().join("none.mp4")));
    let failed = telegram.send_video(7, missing, shape, words).await;
    assert!(matches!(failed, Err(Failure::NoFile(_))));
    let unreadable = Media::New(Upload::Mp4(path.join("in a file")));
    let failed = telegram.send_video(7, unreadable, shape, words).await;
    assert!(matches!(failed, Err(Failure::Unreached(_))), "a bad day of the machine: {failed:?}");
}

#[tokio::test]
async fn a_photo_is_fetched_whole_or_said_to_be_gone() {
    async fn fetch(file: Reply, body: Reply) -> Download {
        let replies = Arc::new(std::sync::Mutex::new(vec![body, file]));
        let fake = Fake::start(move |_| replies.lock().unwrap().pop().unwrap()).await;
        download::fetch(&fake.telegram(Clock::real()), "F").await
    }
    let file = || Reply::Ok(json!({ "file_path": "photos/file_1.jpg" }));
    assert_eq!(fetch(file(), Reply::Page(200, "jpeg")).await, Download::Bytes(b"jpeg".to_vec()));
    assert_eq!(fetch(file(), Reply::Page(404, "")).await, Download::Gone);
    let trouble = fetch(file(), Reply::Page(502, "<html>")).await;
    assert!(matches!(trouble, Download::Trouble(_)));
    let refusal = Reply::refusal(400, "Bad Request: file is too big");
    assert_eq!(fetch(refusal, Reply::Drop).await, Download::TooLarge);
    let refusal = Reply::refusal(400, "Bad Request: invalid file_id");
    assert_eq!(fetch(refusal, Reply::Drop).await, Download::Gone);
    let outside = Reply::Ok(json!({ "file_path": "../../botTOKEN/getMe" }));
    assert!(matches!(fetch(outside, Reply::Drop).await, Download::Trouble(_)));
}
