//! The services have their bad days.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use neurocards::clock::{HOUR, MINUTE, Millis, SECOND};
use neurocards::models::Catalogue;
use neurocards::sandbox::faults::{Action, Fate, Moment, Service};
use neurocards::sandbox::openai;

use crate::customer::ru;
use crate::{AD, Appliance, Customer, OWN, Setup, UGC};

const BUSY: &str = "Internal Error, Please try again later.";
const MINI: &str = "bytedance/seedance-2-mini";
const KLING: &str = "kling-3.0/video";
const ADMIN: i64 = 99;

impl Appliance {
    /// How often the operator was told something with this in it.
    pub(crate) fn told(&self, part: &str) -> usize {
        let chat = self.sandbox().telegram().messages(ADMIN);
        chat.iter().filter(|message| message.text.contains(part)).count()
    }

    /// From here on, by task: when it was accepted, and when each poll of it came. The log of
    /// requests knows no task, so the task is the one that was asked about once more.
    fn notes_polls(&self) -> Arc<Mutex<BTreeMap<String, Vec<Millis>>>> {
        let notes: Arc<Mutex<BTreeMap<String, Vec<Millis>>>> = Arc::default();
        let (kept, kie) = (notes.clone(), self.sandbox().kie().clone());
        self.sandbox().faults().pull_plug(move |moment, seen| {
            if moment == Moment::After && seen.path.contains("recordInfo") {
                let mut notes = kept.lock().unwrap();
                for task in kie.tasks() {
                    let times = notes.entry(task.id).or_insert_with(|| vec![task.created_at]);
                    times.resize(task.polls as usize + 1, seen.at);
                }
            }
        });
        notes
    }
}

impl Customer<'_> {
    /// Wants a video and reads why there is none now; nothing is asked or taken.
    #[track_caller]
    fn finds_it_closed(&self, words: &str) {
        let before = self.credits();
        self.says("/start");
        self.presses("🎬");
        self.hears(words);
        assert_eq!((self.place().as_str(), self.credits()), ("menu", before));
    }
}

#[test]
fn every_model_of_the_catalogue_makes_a_video() {
    let shop = Setup::new().stopped();
    let catalogue = Catalogue::load(None).unwrap();
    let alive: Vec<_> = catalogue.all().filter(|model| model.ended.is_none()).collect();
    assert!(alive.len() >= 12);
    for (n, model) in alive.iter().enumerate() {
        shop.configures(&format!("[kie]\nmodels = [\"{}\"]", model.name));
        shop.start_again();
        let ann = shop.customer(n as i64 + 1).with_credits(2);
        ann.orders(1, UGC).arrives();
        ann.orders(1, OWN).arrives();
        let tasks = shop.sandbox().kie().tasks();
        assert_eq!(tasks.len(), 2 * n + 2, "{}", model.name);
        assert_eq!(tasks[2 * n].model, model.name);
        assert!(shop.sigterm().0.success());
    }
}

#[test]
fn gpt_without_money_is_replaced_by_the_built_in_prompt() {
    let shop = Setup::new().admin(ADMIN).start();
    let quota = Action::Status(429, openai::out_of_quota());
    shop.sandbox().faults().on(Service::OpenAi, "chat/completions").does(quota);
    let ann = shop.customer(7).with_credits(6);
    ann.orders(3, UGC).arrives();
    ann.orders(3, AD).arrives();
    let tasks = shop.sandbox().kie().tasks();
    assert!(tasks.iter().all(|task| task.prompt.contains("Термокружка")), "{:?}", tasks[0].prompt);
    shop.settles();
    assert_eq!((shop.told("GPT"), ann.credits()), (1, 0));
}

#[test]
fn a_gpt_that_never_answers_holds_up_nobody_else() {
    let settings = "[prompt]\ntimeout = \"3s\"\n[workers]\nthreads = 4";
    let shop = Setup::new().settings(settings).start();
    let hang = Action::Hang(100 * HOUR);
    shop.sandbox().faults().on(Service::OpenAi, "chat/completions").does(hang);
    let ann = shop.customer(7).with_credits(5);
    let bob = shop.customer(8).with_credits(3);
    shop.sandbox().kie().set_render_ms((MINUTE, MINUTE + 1));
    let notes = shop.notes_polls();
    let slow = ann.orders(5, UGC);
    bob.orders(3, OWN).arrives();
    let written: i64 =
        shop.value("SELECT COUNT(*) FROM jobs WHERE order_id = 1 AND status = 'done'");
    assert_eq!(written, 0, "the order by GPT is far behind");
    let notes = notes.lock().unwrap().clone();
    assert_eq!(notes.len(), 3, "each video of the other order was asked about");
    for (task, times) in notes {
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        // Ten seconds from the submit and between two polls, and two real seconds for a busy
        // machine: less than what one GPT that hangs takes (three real seconds, 180 here).
        assert!(gaps.max().unwrap() < 130 * SECOND, "{task} was polled late: {times:?}");
    }
    slow.arrives();
}

#[test]
fn without_an_openai_key_kies_gpt_writes() {
    let shop = Setup::new().without_openai().start();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, AD).arrives();
    let requests = shop.sandbox().openai().requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|it| it.service == Service::Kie && !it.images.is_empty()));
}

#[test]
fn a_video_over_the_limit_comes_as_a_link_with_its_buttons() {
    let shop = Setup::new().settings("[telegram]\nupload_limit = \"1MB\"").start();
    shop.sandbox().kie().pad_videos(2 << 20);
    let ann = shop.customer(7).with_credits(1);
    let link = ann.orders(1, OWN).arrives().remove(0);
    assert!(link.html.contains("/results/") && link.text.contains("сутки"), "{}", link.html);
    assert!(link.text.contains("✅ Видео готово!"));
    assert!(link.button("🔄").is_some() && link.button("🏠").is_some());
    assert_eq!((ann.videos().len(), ann.credits()), (0, 0));
}

#[test]
fn what_a_key_without_money_cannot_serve_another_serves() {
    let shop = Setup::new().keys(2).admin(ADMIN).stopped();
    let poor = shop.sandbox().options().kie_keys[0].clone();
    shop.sandbox().kie().set_balance(&poor, 0.0);
    shop.start_again();
    let ann = shop.customer(7).with_credits(6);
    ann.orders(3, OWN).arrives();
    ann.orders(3, OWN).arrives();
    assert!(shop.sandbox().kie().tasks().iter().all(|task| task.key != poor));
    shop.settles();
    assert_eq!((shop.told("Ключ KIE"), ann.credits()), (1, 0));
    let attempts: i64 = shop.value("SELECT MAX(attempts) FROM jobs");
    assert_eq!(attempts, 1, "asking another key uses none");
}

#[test]
fn a_key_that_is_not_known_is_left_alone() {
    let shop = Setup::new().keys(2).admin(ADMIN).stopped();
    let gone = shop.sandbox().options().kie_keys[1].clone();
    shop.sandbox().kie().revoke(&gone);
    shop.start_again();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, OWN).arrives();
    shop.settles();
    assert_eq!(shop.told("Ключ KIE"), 1);
}

#[test]
fn without_any_money_the_credits_come_back_and_selling_closes() {
    let shop = Setup::new().admin(ADMIN).start();
    let key = shop.sandbox().options().kie_keys[0].clone();
    shop.sandbox().kie().set_balance(&key, 0.0);
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, OWN);
    ann.acts();
    order.ends();
    assert_eq!(ann.credits(), 3);
    let notices: Vec<_> =
        ann.chat().into_iter().filter(|it| it.text.contains(&ru("fail-technical"))).collect();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].text.contains("3 кредита вернули"), "{}", notices[0].text);
    ann.finds_it_closed("Кредиты на месте");
    shop.settles();
    assert_eq!(shop.told("Ключ KIE"), 1);
    // It opens by itself once there is money again.
    shop.sandbox().kie().set_balance(&key, 5_000.0);
    shop.waits_until("SELECT COUNT(*) = 0 FROM api_keys WHERE blocked_class IS NOT NULL");
    ann.orders(3, OWN).arrives();
    shop.settles();
    assert_eq!((shop.told("снова работает"), ann.credits()), (1, 0));
}

#[test]
fn a_paused_model_is_replaced_and_without_any_nothing_is_sold() {
    let shop = Setup::new().admin(ADMIN).start();
    shop.sandbox().kie().pause_model(MINI);
    let ann = shop.customer(7).with_credits(6);
    ann.orders(3, UGC).arrives();
    assert!(shop.sandbox().kie().tasks().iter().all(|task| task.model == KLING));
    shop.settles();
    assert_eq!(shop.told(MINI), 1);
    shop.sandbox().kie().pause_model(KLING);
    let order = ann.orders(1, OWN);
    order.ends();
    assert_eq!(ann.credits(), 3);
    ann.hears(&ru("fail-model-off"));
    ann.finds_it_closed("Кредиты на месте");
    shop.settles();
    assert_eq!(shop.told(KLING), 1);
}

#[test]
fn a_render_that_fails_for_a_moment_is_tried_again_in_silence() {
    let shop = Appliance::new();
    let kie = shop.sandbox().kie();
    kie.next_renders(2, Fate::Fails("500".into(), BUSY.into()));
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, OWN);
    order.arrives();
    assert_eq!((kie.submits(), ann.credits()), (3, 0));
    let status = order.status();
    assert!(
        status.history.iter().any(|it| it.contains(&ru("line-retrying"))),
        "{:?}",
        status.history
    );
    let kinds: Vec<_> = ann.news().into_iter().map(|message| message.kind).collect();
    assert_eq!(kinds.len(), 2, "the status and the video: {kinds:?}");
}

#[test]
fn after_three_failures_the_credit_comes_back_with_one_message() {
    let shop = Setup::new().admin(ADMIN).start();
    let kie = shop.sandbox().kie();
    kie.next_renders(9, Fate::Fails("INTERNAL".into(), BUSY.into()));
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, OWN);
    order.ends();
    assert_eq!((kie.submits(), ann.credits()), (9, 3));
    let news = ann.news();
    assert_eq!(news.len(), 2, "the status and one notice: {news:?}");
    assert!(news[1].text.contains("Не получилось сгенерировать"), "{}", news[1].text);
    assert!(news[1].text.contains("3 кредита вернули"), "{}", news[1].text);
    assert!(order.status().text.contains("не получилось"), "{}", order.status().text);
}

#[test]
fn trouble_on_the_way_costs_nobody_anything() {
    let shop = Setup::new().keys(2).start();
    shop.sandbox().faults().usual_trouble();
    let ann = shop.customer(7).with_credits(10);
    let first = ann.orders(5, UGC);
    let second = ann.orders(5, AD);
    first.ends();
    second.ends();
    assert_eq!(ann.credits(), 1, "one video broke the rules");
    assert_eq!(first.videos().len() + second.videos().len(), 9);
}

#[test]
fn limits_of_the_provider_delay_but_do_not_fail() {
    let shop = Appliance::new();
    let slow = Action::Envelope(429, "Your call frequency is too high.".into());
    shop.sandbox().faults().on(Service::Kie, "createTask").nth(1).does(slow);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    let attempts: i64 = shop.value("SELECT attempts FROM jobs");
    assert_eq!((attempts, ann.credits()), (3, 0));
}

#[test]
fn a_photo_that_the_provider_cannot_load_is_uploaded_again() {
    let shop = Appliance::new();
    let failed = Fate::Fails("500".into(), "resource download failed".into());
    shop.sandbox().kie().next_renders(1, failed);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    assert_eq!(shop.sandbox().kie().uploads().len(), 2);
}

#[test]
fn success_without_a_video_is_a_failure() {
    let shop = Setup::new().admin(ADMIN).start();
    shop.sandbox().kie().next_renders(1, Fate::NoUrl);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    assert_eq!((ann.credits(), ann.videos().len()), (1, 0));
    let cost: f64 = shop.value("SELECT provider_credits FROM jobs");
    assert_eq!(cost, shop.sandbox().kie().tasks()[0].credits, "the operator sees what it cost");
    assert!(cost > 0.0);
}

#[test]
fn a_render_that_never_ends_is_refunded() {
    let shop = Setup::new().settings("[kie]\ngeneration_timeout = \"5m\"").start();
    shop.sandbox().kie().next_renders(1, Fate::Never);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    assert_eq!((ann.credits(), shop.sandbox().kie().submits()), (1, 1));
}

#[test]
fn a_video_whose_answer_was_lost_is_sent_again_and_counted() {
    let shop = Appliance::new();
    shop.sandbox().faults().on(Service::Telegram, "sendVideo").nth(1).does(Action::DropAfter);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    let lost: i64 = shop.value("SELECT SUM(lost) FROM outbox");
    assert_eq!((lost, ann.videos().len(), ann.credits()), (1, 2, 0));
}

#[test]
fn a_video_that_cannot_be_fetched_comes_as_a_link() {
    let shop = Setup::new().rate(600.0).start();
    shop.sandbox().faults().on(Service::Kie, "/results/").does(Action::Html(500));
    let ann = shop.customer(7).with_credits(1);
    let link = ann.orders(1, OWN).arrives().remove(0);
    assert!(link.html.contains("/results/") && link.button("🔄").is_some());
    assert_eq!(ann.credits(), 0);
}

#[test]
fn a_video_that_telegram_calls_too_large_comes_as_a_link() {
    let shop = Appliance::new();
    let body = "{\"ok\":false,\"error_code\":413,\"description\":\"Request Entity Too Large\"}";
    let large = Action::Status(413, body.into());
    shop.sandbox().faults().on(Service::Telegram, "sendVideo").does(large);
    let ann = shop.customer(7).with_credits(3);
    for link in ann.orders(3, OWN).arrives() {
        assert!(link.html.contains("/results/") && link.button("🔄").is_some());
    }
    assert_eq!(ann.credits(), 0);
}

#[test]
fn a_message_that_telegram_refuses_holds_up_no_other() {
    let shop = Setup::new().admin(ADMIN).start();
    let body = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: can't parse\"}";
    let refused = Action::Status(400, body.into());
    let ann = shop.customer(7).with_credits(1);
    let faults = shop.sandbox().faults();
    faults.on(Service::Telegram, "sendMessage").with_body("Термокружка").does(refused.clone());
    ann.describes(OWN);
    ann.presses("1️⃣");
    shop.waits_until("SELECT COUNT(*) = 1 FROM outbox WHERE state = 'dropped'");
    ann.says("/help");
    ann.hears(&ru("help"));
    faults.clear();
    ann.presses("▶️");
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    shop.settles();
    assert_eq!((ann.videos().len(), shop.told("Telegram")), (1, 1));
}

#[test]
fn a_video_that_telegram_refuses_for_good_is_refunded() {
    let shop = Setup::new().admin(ADMIN).start();
    let body = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: wrong video\"}";
    let refused = Action::Status(400, body.into());
    shop.sandbox().faults().on(Service::Telegram, "sendVideo").does(refused);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    assert_eq!((ann.credits(), ann.videos().len()), (1, 0));
}

#[test]
fn telegram_may_be_away_for_a_while() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.describes(OWN);
    let faults = shop.sandbox().faults();
    for method in ["sendMessage", "sendVideo", "editMessage", "getUpdates", "answerCallback"] {
        faults.on(Service::Telegram, method).first(4).does(Action::Html(502));
    }
    ann.confirms(3).arrives();
    assert_eq!(ann.credits(), 0);
}

#[test]
fn an_error_that_nobody_knows_is_told_as_it_is_and_refunded() {
    let shop = Setup::new().admin(ADMIN).start();
    let odd = Fate::Fails("799".into(), "<b>odd</i> & \"never\" seen {x}".into());
    shop.sandbox().kie().next_renders(1, odd);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    shop.settles();
    assert_eq!((ann.credits(), shop.told("<b>odd</i> & \"never\" seen {x}")), (1, 1));
}

#[test]
fn a_customer_who_blocks_the_bot_is_charged_and_left_alone() {
    let shop = Appliance::new();
    shop.sandbox().kie().set_render_ms((MINUTE, MINUTE + 1));
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, OWN);
    shop.sandbox().telegram().blocks_bot(7);
    order.ends();
    shop.settles();
    let done: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'done'");
    assert_eq!((done, ann.credits(), ann.videos().len()), (3, 0, 0));
    let calls = shop.sandbox().telegram().calls("sendVideo");
    assert!(calls <= 3, "{calls} tries");
    // They come back.
    ann.says("/start");
    ann.sees("🎬");
}

#[test]
fn a_video_at_an_address_of_the_inside_is_neither_fetched_nor_shown() {
    let shop = Setup::new().admin(ADMIN).start();
    let urls = [
        "http://10.0.0.1/v.mp4",
        "https://bank.example:pw@example.com/v.mp4",
        "http://[::ffff:169.254.169.254]/latest/meta-data",
    ];
    for (n, url) in (1..).zip(urls) {
        let result = serde_json::json!({ "resultUrls": [url] });
        let data = serde_json::json!({ "state": "success", "response": result });
        let body = serde_json::json!({ "code": 200, "msg": "success", "data": data }).to_string();
        let done = Action::Status(200, body);
        shop.sandbox().faults().on(Service::Kie, "recordInfo").nth(n).does(done);
    }
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, OWN);
    order.ends();
    shop.settles();
    assert_eq!((ann.credits(), order.videos().len(), shop.told("not public")), (3, 0, 1));
    for message in ann.chat() {
        let shown = format!("{} {:?}", message.html, message.buttons);
        assert!(!shown.contains("v.mp4") && !shown.contains("169.254"), "{shown}");
    }
}

#[test]
fn a_poll_or_a_video_that_drips_or_never_ends_costs_a_try_and_no_order() {
    // Each deadline is five real seconds: nearly an hour here.
    let settings = "[kie]\ngeneration_timeout = \"10h\"";
    let shop = Setup::new().rate(600.0).settings(settings).start();
    let faults = shop.sandbox().faults();
    let on = |path| faults.on(Service::Kie, path);
    let struck = [
        on("recordInfo").nth(1).does(Action::Drip(24 * HOUR)),
        on("recordInfo").nth(2).does(Action::Endless),
        on("/results/").nth(1).does(Action::Drip(24 * HOUR)),
    ];
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    assert!(struck.iter().all(|fault| faults.hits(*fault) == 1));
    assert_eq!((shop.sandbox().kie().submits(), ann.credits()), (1, 0));
    let left = crate::secrets::files(&shop.path("videos"));
    assert!(left.iter().all(|file| file.ends_with("1.mp4")), "a piece is left: {left:?}");
}
