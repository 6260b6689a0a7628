//! The customers against the smallest bot that they can live with.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::sandbox::customers::{Customers, Plan};

const FILM: &[u8] = include_bytes!("../../../assets/demo/ready.mp4");

fn keyboard(labels: &[&str]) -> Value {
    let rows = labels.iter().map(|label| json!([{ "text": label, "callback_data": label }]));
    json!({ "inline_keyboard": rows.collect::<Vec<_>>() })
}

/// Answers as the journey has it; the last of three videos fails.
struct TinyBot<'a> {
    sandbox: &'a Sandbox,
    /// What each user is being asked.
    asked: HashMap<i64, &'static str>,
    /// Who has no credits at the first try.
    poor: HashSet<i64>,
}

impl TinyBot<'_> {
    fn say(&self, user: i64, text: &str, labels: &[&str]) {
        let mut args = json!({ "chat_id": user, "text": text });
        if !labels.is_empty() {
            args["reply_markup"] = keyboard(labels);
        }
        assert_eq!(bot(self.sandbox, "sendMessage", args)["ok"], true);
    }

    fn film(&self, user: i64) {
        let args = json!({
            "chat_id": user, "width": 720, "height": 1280, "duration": 5,
            "supports_streaming": true, "reply_markup": keyboard(&["🔄 Ещё", "🏠 Меню"]).to_string()
        });
        bot_file(self.sandbox, "sendVideo", args, ("video", FILM));
    }

    /// From the list of packs to the question whether the order is to go on.
    fn sells(&self, user: i64, pressed: &str) {
        match pressed {
            "💳 Пополнить баланс" => self.say(user, "Packs", &["⭐ 5 за 300"]),
            "⭐ 5 за 300" => self.invoice(user),
            "▶️ Продолжить" => self.say(user, "Sure?", &["✅ Да", "❌ Нет"]),
            _ => self.say(user, "Оплачено", &["▶️ Продолжить"]),
        }
    }

    fn invoice(&self, user: i64) {
        let pack = json!({ "label": "5", "amount": 300 });
        let invoice = json!({
            "chat_id": user, "title": "5 credits", "description": "For 5 videos", "payload": "p",
            "currency": "XTR", "prices": [pack], "start_parameter": "p"
        });
        assert_eq!(bot(self.sandbox, "sendInvoice", invoice)["ok"], true);
    }

    fn handle(&mut self, update: &Value) {
        if let Some(id) = update["pre_checkout_query"]["id"].as_str() {
            let yes = json!({ "pre_checkout_query_id": id, "ok": true });
            assert_eq!(bot(self.sandbox, "answerPreCheckoutQuery", yes)["ok"], true);
            return;
        }
        let query = &update["callback_query"];
        let message = &update["message"];
        let from = if query.is_null() { message } else { query };
        let user = from["from"]["id"].as_i64().unwrap();
        if let Some(id) = query["id"].as_str() {
            bot(self.sandbox, "answerCallbackQuery", json!({ "callback_query_id": id }));
        }
        let data = query["data"].as_str().unwrap_or("");
        let next = match (message["text"].as_str(), data, self.asked.get(&user).copied()) {
            (Some("/start"), ..) => {
                self.say(user, "Menu", &["🎬 Сделать Reels"]);
                "menu"
            }
            (_, "🎬 Сделать Reels", _) => {
                self.say(user, "Photo?", &[]);
                "photo"
            }
            (_, _, Some("photo")) if message["photo"].is_array() => {
                self.say(user, "Product?", &[]);
                "product"
            }
            (Some(_), _, Some("product")) => {
                self.say(user, "Template?", &["🎥 UGC", "🧑‍💻 Свой промпт"]);
                "template"
            }
            (_, "🎥 UGC" | "🧑‍💻 Свой промпт", _) => {
                self.say(user, "Words?", &["Без пожеланий"]);
                "words"
            }
            (_, _, Some("words")) => {
                self.say(user, "How many?", &["1️⃣ 1 видео", "3️⃣ 3 видео"]);
                "count"
            }
            (_, _, Some("count")) if self.poor.remove(&user) => {
                self.say(user, "Недостаточно кредитов", &["💳 Пополнить баланс"]);
                "count"
            }
            (_, "💳 Пополнить баланс", _) | (None, _, Some("packs")) => {
                self.sells(user, data);
                if data == "▶️ Продолжить" { "one" } else { "packs" }
            }
            (_, _, Some("count")) => {
                self.say(user, "Sure?", &["✅ Да", "❌ Нет"]);
                if data.starts_with('3') { "three" } else { "one" }
            }
            (_, "✅ Да", Some(count)) => {
                self.say(user, "✅ Принял! Генерация запущена", &[]);
                self.film(user);
                if count == "three" {
                    self.film(user);
                    self.say(user, "Не получилось. 1 кредит вернули на баланс", &["🏠 Меню"]);
                }
                "menu"
            }
            other => panic!("{other:?}"),
        };
        self.asked.insert(user, next);
    }

    fn run(mut self, over: &AtomicBool) {
        let mut offset = 0;
        while !over.load(Ordering::SeqCst) {
            let updates =
                bot(self.sandbox, "getUpdates", json!({ "offset": offset, "timeout": 2 }));
            for update in updates["result"].as_array().unwrap() {
                offset = update["update_id"].as_i64().unwrap() + 1;
                self.handle(update);
            }
        }
    }
}

#[test]
fn customers_get_what_they_ordered_or_their_credits_back() {
    let mut options = Options::new(Clock::fast(20.0));
    options.telegram_limits = false;
    let sandbox = Sandbox::start(options).unwrap();
    let photo: Bytes = photos::product(1).into();
    let plan = |n: i64| Plan {
        user: 100 + n % 3,
        language: "ru".into(),
        photo: photo.clone(),
        product: "A thermos".into(),
        template: if n % 2 == 0 { "🎥".into() } else { "🧑‍💻".into() },
        own_prompt: (n % 2 == 1).then(|| "A cinematic orbit".into()),
        wishes: (n % 4 == 0).then(|| "more light".into()),
        count: if n % 3 == 0 { 3 } else { 1 },
    };
    let plans: Vec<Plan> = (0..6).map(plan).collect();
    let over = AtomicBool::new(false);
    let outcomes = std::thread::scope(|scope| {
        let tiny = TinyBot { sandbox: &sandbox, asked: HashMap::new(), poor: [101].into() };
        let running = scope.spawn(|| tiny.run(&over));
        let clock = sandbox.options().clock.clone();
        let customers = Customers::new(sandbox.telegram().clone(), clock, plans);
        let outcomes = customers.run(Duration::from_secs(30), |_| {});
        over.store(true, Ordering::SeqCst);
        running.join().unwrap();
        outcomes
    });
    for (n, outcome) in outcomes.iter().enumerate() {
        assert!(outcome.settled() && outcome.stuck.is_none(), "{n}: {outcome:?}");
        let (videos, returned) = if n % 3 == 0 { (2, 1) } else { (1, 0) };
        assert_eq!((outcome.videos.len(), outcome.returned), (videos, returned), "{n}");
        assert_eq!(outcome.seconds().len(), videos);
    }
    assert_eq!(sandbox.telegram().stars_of(101), 300, "who had too few bought once");
    assert_eq!(sandbox.telegram().stars(), 300);
    assert!(sandbox.telegram().unanswered_callbacks().is_empty());
    assert!(sandbox.violations().is_empty(), "{:?}", sandbox.violations());
}
