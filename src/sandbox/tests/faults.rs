use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::sandbox::faults::Pulled;

fn get_me(sandbox: &Sandbox) -> Result<(u16, String), ureq::Error> {
    let url = format!("{}/bot{}/getMe", sandbox.telegram_url(), sandbox.options().token);
    let mut answer = agent().get(url).call()?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

#[test]
fn each_fault_strikes_when_it_is_due() {
    let sandbox = sandbox(60.0);
    let faults = sandbox.faults();
    let status = Action::Status(502, "{}".into());
    let struck = faults.on(Service::Telegram, "getme").nth(2).does(status);
    faults.on(Service::Telegram, "getMe").nth(3).does(Action::Html(503));
    faults.on(Service::Telegram, "getMe").nth(4).does(Action::BrokenJson);
    faults.on(Service::Telegram, "getMe").nth(5).does(Action::Hang(3_000));
    assert_eq!(get_me(&sandbox).unwrap().0, 200);
    assert_eq!(get_me(&sandbox).unwrap(), (502, "{}".into()));
    assert!(get_me(&sandbox).unwrap().1.contains("<h1>503"));
    assert!(serde_json::from_str::<Value>(&get_me(&sandbox).unwrap().1).is_err());
    assert!(get_me(&sandbox).is_err(), "hung up after three seconds of its clock");
    assert_eq!(get_me(&sandbox).unwrap().0, 200);
    assert_eq!((faults.hits(struck), faults.count()), (1, 6));
    assert!(faults.requests().iter().all(|seen| seen.path == "/getMe"));
}

#[test]
fn a_line_is_cut_before_or_after_the_effect() {
    let sandbox = sandbox(1.0);
    sandbox.telegram().knows_bot(USER);
    let send = |text: &str| {
        let token = &sandbox.options().token;
        let url = format!("{}/bot{token}/sendMessage", sandbox.telegram_url());
        agent().post(url).send_json(json!({ "chat_id": USER, "text": text })).map(|_| ())
    };
    let faults = sandbox.faults();
    faults.on(Service::Telegram, "sendMessage").with_body("before").does(Action::DropBefore);
    faults.on(Service::Telegram, "sendMessage").with_body("after").does(Action::DropAfter);
    assert!(send("before").is_err() && sandbox.telegram().last(USER).is_none());
    assert!(send("after").is_err());
    assert_eq!(sandbox.telegram().last(USER).unwrap().text, "after");
    assert!(send("well").is_ok());
}

#[test]
fn an_answer_drips_or_never_ends_and_a_request_is_read_by_the_byte() {
    use std::io::Read as _;
    let sandbox = sandbox(1.0);
    let faults = sandbox.faults();
    let drip = faults.on(Service::Telegram, "getMe").nth(1).does(Action::Drip(1));
    let endless = faults.on(Service::Telegram, "getMe").nth(2).does(Action::Endless);
    let slow = faults.on(Service::Telegram, "getMe").nth(3).does(Action::SlowRead(60_000));
    let dripped = get_me(&sandbox).unwrap();
    let url = format!("{}/bot{}/getMe", sandbox.telegram_url(), sandbox.options().token);
    let answer = agent().get(&url).call().unwrap().into_body().into_reader();
    let mut read = Vec::new();
    answer.take(1 << 20).read_to_end(&mut read).unwrap();
    assert!(read.len() == 1 << 20 && read.starts_with(dripped.1.as_bytes()));
    let at_most = Some(std::time::Duration::from_millis(500));
    let call = agent().post(&url).config().timeout_global(at_most).build();
    assert!(call.send(&[b' '; 8 << 20][..]).is_err(), "it does not get on");
    assert_eq!((faults.hits(drip), faults.hits(endless), faults.hits(slow)), (1, 1, 1));
    assert_eq!(get_me(&sandbox).unwrap(), dripped);
}

#[test]
fn the_plug_hears_of_every_request_before_and_after() {
    let sandbox = sandbox(1.0);
    let sum = Arc::new(AtomicU64::new(0));
    let heard = sum.clone();
    sandbox.faults().pull_plug(move |moment, seen| {
        let weight = if moment == Moment::Before { 1 } else { 100 };
        heard.fetch_add(weight * seen.n, Ordering::SeqCst);
    });
    get_me(&sandbox).unwrap();
    get_me(&sandbox).unwrap();
    assert_eq!(sum.load(Ordering::SeqCst), 303);
}

#[test]
fn a_plug_that_was_pulled_leaves_no_answer_and_before_also_no_effect() {
    let sandbox = sandbox(1.0);
    sandbox.telegram().knows_bot(USER);
    let url = format!("{}/bot{}/sendMessage", sandbox.telegram_url(), sandbox.options().token);
    for (when, effects) in [(Moment::Before, 0), (Moment::After, 1)] {
        sandbox.faults().pull_plug(move |now, _| match now == when {
            true => Pulled::Out,
            false => Pulled::No,
        });
        let body = json!({ "chat_id": USER, "text": "a" });
        assert!(agent().post(&url).send_json(body).is_err());
        assert_eq!(sandbox.telegram().messages(USER).len(), effects, "{when:?}");
    }
    let until = std::time::Duration::from_secs(5);
    let read = sandbox.telegram().wait(until, |_| (sandbox.open_lines() == 0).then_some(()));
    assert!(read.is_some(), "{} lines are open", sandbox.open_lines());
}

#[test]
fn kie_fails_with_http_200() {
    let sandbox = sandbox(1.0);
    let text = "Your call frequency is too high. Please try again later.";
    let envelope = Action::Envelope(429, text.into());
    sandbox.faults().on(Service::Kie, "chat/credit").first(1).does(envelope);
    let answer = kie(&sandbox, "/api/v1/chat/credit", None);
    assert_eq!((&answer["code"], &answer["msg"]), (&json!(429), &json!(text)));
    assert_eq!(kie(&sandbox, "/api/v1/chat/credit", None)["code"], 200);
}

#[test]
fn the_usual_trouble_strikes_once_each() {
    let sandbox = sandbox(1.0);
    let ids = sandbox.faults().usual_trouble();
    for _ in 0..10 {
        let _ = kie(&sandbox, "/api/v1/chat/credit", None);
    }
    assert!(ids.iter().all(|id| sandbox.faults().hits(*id) == 0));
    let token = &sandbox.options().token;
    let url = format!("{}/bot{token}/getUpdates", sandbox.telegram_url());
    let broken = |_: &i32| {
        let text = agent().get(&url).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).is_err()
    };
    assert_eq!((1..=12).filter(broken).collect::<Vec<_>>(), [10]);
}
