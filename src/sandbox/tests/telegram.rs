use super::*;
use crate::sandbox::telegram::{Does, Kind};

#[track_caller]
fn refuses(sandbox: &Sandbox, method: &str, args: Value, part: &str) {
    let answer = bot(sandbox, method, args);
    let text = answer["description"].as_str().unwrap_or("");
    assert!(answer["ok"] == false && text.contains(part), "{answer}");
}

#[test]
fn a_message_reaches_its_user_with_its_buttons() {
    let sandbox = sandbox(1.0);
    sandbox.telegram().says(USER, "/start");
    let updates = bot(&sandbox, "GETUPDATES", json!({ "timeout": 5 }));
    assert_eq!(updates["result"][0]["message"]["text"], "/start");
    let sent = bot(
        &sandbox,
        "SendMessage",
        json!({
            "chat_id": USER, "text": "<b>Hi</b> &amp; welcome", "parse_mode": "HTML",
            "reply_markup": { "inline_keyboard": [[
                { "text": "🎬 Go", "callback_data": "go" }, { "text": "?", "url": "tg://user?id=1" }
            ]] }
        }),
    );
    assert_eq!(sent["result"]["text"], "Hi & welcome");
    let message = sandbox.telegram().last(USER).unwrap();
    assert_eq!((message.kind, message.text.as_str()), (Kind::Text, "Hi & welcome"));
    assert_eq!(message.button("Go").unwrap().does, Does::Data("go".into()));
    let press = sandbox.telegram().presses_label(USER, "🎬").unwrap();
    let updates = bot(&sandbox, "getUpdates", json!({ "offset": 500_000_002 }));
    assert_eq!(updates["result"][0]["callback_query"]["data"], "go");
    assert_eq!(sandbox.telegram().unanswered_callbacks().len(), 1);
    let answer = json!({ "callback_query_id": press });
    assert_eq!(bot(&sandbox, "answerCallbackQuery", answer.clone())["ok"], true);
    refuses(&sandbox, "answerCallbackQuery", answer, "query is too old");
    assert!(sandbox.telegram().unanswered_callbacks().is_empty());
    assert_eq!(sandbox.telegram().calls("sendMessage"), 1);
    assert!(sandbox.violations().is_empty());
}

#[test]
fn what_breaks_the_rules_is_refused_and_remembered() {
    let sandbox = sandbox(1.0);
    sandbox.telegram().knows_bot(USER);
    let send = |extra: Value| {
        let mut args = json!({ "chat_id": USER, "text": "x" });
        args.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        args
    };
    let keys = |button: Value| send(json!({ "reply_markup": { "inline_keyboard": [[button]] } }));
    let long = "я".repeat(33);
    for (args, part) in [
        (send(json!({ "text": "<b>x", "parse_mode": "HTML" })), "can't parse entities: Can't find"),
        (send(json!({ "text": "x".repeat(4097) })), "message is too long"),
        (send(json!({ "text": " " })), "message text is empty"),
        (json!({ "chat_id": USER }), "message text is empty"),
        (send(json!({ "text": 5 })), "must be of type String"),
        (send(json!({ "chat_id": true })), "must be of type Integer or String"),
        (send(json!({ "colour": "red" })), "unknown parameter"),
        (keys(json!({ "text": "a", "callback_data": long })), "BUTTON_DATA_INVALID"),
        (keys(json!({ "text": "a", "callback_data": "" })), "BUTTON_DATA_INVALID"),
        (keys(json!({ "text": "", "callback_data": "a" })), "Text is empty"),
        (keys(json!({ "text": "a" })), "Text buttons are unallowed"),
        (keys(json!({ "text": "a", "url": "https://x.org", "callback_data": "b" })), "exactly one"),
        (keys(json!({ "text": "a", "url": "ftp://x.org" })), "Unsupported URL protocol"),
        (keys(json!({ "text": "a", "url": "hello" })), "Wrong HTTP URL"),
        (keys(json!({ "text": "a", "data": "b" })), "unknown field \"data\""),
    ] {
        refuses(&sandbox, "sendMessage", args, part);
    }
    let toast = json!({ "callback_query_id": "1", "text": "x".repeat(201) });
    refuses(&sandbox, "answerCallbackQuery", toast, "MESSAGE_TOO_LONG");
    assert_eq!(sandbox.telegram().violations().len(), 16);
    assert_eq!(bot(&sandbox, "sendMessage", send(json!({ "text": "x".repeat(4096) })))["ok"], true);
}

#[test]
fn good_callers_are_refused_in_telegrams_words_too() {
    let sandbox = sandbox(1.0);
    let text = |user: i64| json!({ "chat_id": user, "text": "x" });
    refuses(&sandbox, "sendMessage", text(7), "Bad Request: chat not found");
    sandbox.telegram().says(USER, "hi");
    let id = bot(&sandbox, "sendMessage", text(USER))["result"]["message_id"].clone();
    let edit = json!({ "chat_id": USER, "message_id": id, "text": "x" });
    refuses(&sandbox, "editMessageText", edit, "Bad Request: message is not modified");
    let edit = json!({ "chat_id": USER, "message_id": id, "text": "y" });
    assert_eq!(bot(&sandbox, "editMessageText", edit)["result"]["text"], "y");
    let message = sandbox.telegram().last(USER).unwrap();
    assert_eq!((message.edits, message.history), (1, vec!["x".into(), "y".into()]));
    sandbox.telegram().blocks_bot(USER);
    refuses(&sandbox, "sendMessage", text(USER), "Forbidden: bot was blocked by the user");
    let url = format!("{}/bot1:wrong/getMe", sandbox.telegram_url());
    let answer: Value = agent().get(url).call().unwrap().body_mut().read_json().unwrap();
    assert_eq!(answer["description"], "Unauthorized");
    assert!(sandbox.violations().is_empty());
}

#[test]
fn a_chat_takes_a_burst_and_then_one_message_a_second() {
    let sandbox = sandbox(1.0);
    sandbox.telegram().knows_bot(USER);
    let text = || json!({ "chat_id": USER, "text": "x" });
    let mut sent = 0;
    let refused = loop {
        let answer = bot(&sandbox, "sendMessage", text());
        if answer["ok"] == false {
            break answer;
        }
        sent += 1;
    };
    assert!((20..80).contains(&sent), "{sent}");
    assert_eq!(refused["error_code"], 429);
    assert_eq!(refused["parameters"]["retry_after"], 1);
    assert_eq!((sandbox.telegram().floods(), sandbox.violations().len()), (1, 0));
}

#[test]
fn a_video_goes_up_once_and_by_file_id_ever_after() {
    let sandbox = sandbox(1.0);
    sandbox.telegram().knows_bot(USER);
    let film = include_bytes!("../../../assets/demo/ready.mp4");
    let keys = r#"{"inline_keyboard":[[{"text":"a","callback_data":"a"}]]}"#;
    let args = json!({
        "chat_id": USER, "width": 720, "height": 1280, "duration": 5, "supports_streaming": true,
        "reply_markup": keys
    });
    let sent = bot_file(&sandbox, "sendVideo", args, ("video", film));
    let file_id = sent["result"]["video"]["file_id"].as_str().unwrap().to_owned();
    assert_eq!(sent["result"]["video"]["width"], 720);
    let again = bot(&sandbox, "sendVideo", json!({ "chat_id": USER, "video": file_id }));
    assert_eq!(again["result"]["video"]["file_size"], film.len());
    let messages = sandbox.telegram().messages(USER);
    let media: Vec<_> = messages.iter().map(|message| message.media.clone().unwrap()).collect();
    assert!(media[0].uploaded && !media[1].uploaded && media[0].hash == media[1].hash);
    assert_eq!(sandbox.telegram().file(&file_id).unwrap(), film.as_slice());
    assert!(sandbox.violations().is_empty(), "{:?}", sandbox.violations());
    refuses(&sandbox, "sendVideo", json!({ "chat_id": USER, "video": "AAA" }), "wrong remote file");
    let attached = json!({ "chat_id": USER, "video": "attach://film", "width": 10 });
    assert_eq!(bot_file(&sandbox, "sendVideo", attached, ("film", film))["ok"], true);
    assert_eq!(sandbox.telegram().violations().len(), 4, "three missing, one untrue");
}

#[test]
fn a_photo_comes_in_sizes_and_can_be_fetched() {
    let sandbox = sandbox(1.0);
    let photo = photos::product(3);
    sandbox.telegram().sends_photo(USER, photo.clone());
    let updates = bot(&sandbox, "getUpdates", json!({}));
    let sizes = &updates["result"][0]["message"]["photo"];
    assert_eq!((&sizes[1]["width"], &sizes[1]["height"]), (&json!(1200), &json!(900)));
    let fetch = |size: &Value| {
        let file = bot(&sandbox, "getFile", json!({ "file_id": size["file_id"] }));
        let path = file["result"]["file_path"].as_str().unwrap().to_owned();
        let token = &sandbox.options().token;
        let url = format!("{}/file/bot{token}/{path}", sandbox.telegram_url());
        agent().get(url).call().unwrap().body_mut().read_to_vec().unwrap()
    };
    assert_eq!(fetch(&sizes[1]), photo);
    let small = image::load_from_memory(&fetch(&sizes[0])).unwrap();
    assert_eq!((small.width(), small.height()), (90, 68));
}

#[test]
fn unconfirmed_updates_come_again_and_confirmed_ones_where_asked_for() {
    let sandbox = sandbox(1.0);
    let telegram = sandbox.telegram();
    let ids = |offset: i64| {
        let answer = bot(&sandbox, "getUpdates", json!({ "offset": offset }));
        let all = answer["result"].as_array().unwrap();
        all.iter().map(|it| it["update_id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let first = telegram.says(USER, "a");
    assert_eq!((ids(0), ids(0), ids(first + 1)), (vec![first], vec![first], vec![]));
    telegram.deliver_twice(true);
    let second = telegram.says(USER, "b");
    assert_eq!(ids(first + 1), [second]);
    assert_eq!((ids(second + 1), ids(second + 1)), (vec![second], vec![]));
    assert_eq!(telegram.unconfirmed(), 0);
}

#[test]
fn a_long_poll_waits_by_the_process_clock_and_wakes_at_once() {
    let sandbox = sandbox(60.0);
    assert_eq!(bot(&sandbox, "getUpdates", json!({ "timeout": 30 }))["result"], json!([]));
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| bot(&sandbox, "getUpdates", json!({ "timeout": 50 })));
        let polls = |it: &Telegram| (it.calls("getUpdates") == 2).then_some(());
        sandbox.telegram().wait(Duration::from_secs(5), polls).unwrap();
        sandbox.telegram().says(USER, "wake up");
        assert_eq!(poll.join().unwrap()["result"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_second_poller_sends_the_first_away() {
    let sandbox = sandbox(1.0);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| bot(&sandbox, "getUpdates", json!({ "timeout": 10 })));
        let polls = |it: &Telegram| (it.calls("getUpdates") == 1).then_some(());
        sandbox.telegram().wait(Duration::from_secs(5), polls).unwrap();
        bot(&sandbox, "getUpdates", json!({ "timeout": 0 }));
        let answer = first.join().unwrap();
        let text = answer["description"].as_str().unwrap();
        assert_eq!(answer["error_code"], 409);
        assert!(text.starts_with("Conflict: terminated by other getUpdates request"), "{text}");
    });
}

#[test]
fn all_chats_together_take_thirty_a_second() {
    let sandbox = sandbox(1.0);
    let mut sent = 0;
    let refused = loop {
        let user = 1_000 + sent;
        sandbox.telegram().knows_bot(user);
        let answer = bot(&sandbox, "sendMessage", json!({ "chat_id": user, "text": "x" }));
        if answer["ok"] == false || sent == 2_000 {
            break answer;
        }
        sent += 1;
    };
    // How many get through depends on how fast this test is: 30 a second on top of the burst.
    assert!(sent >= 40, "{sent}");
    if sent < 2_000 {
        assert_eq!(refused["parameters"]["retry_after"], 1, "{refused}");
    }
}
