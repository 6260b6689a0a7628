//! Customers who wait, take back, look again, and say what they think.

use neurocards::clock::{MINUTE, SECOND};
use neurocards::sandbox::faults::{Action, Service};
use neurocards::sandbox::telegram::{Does, Kind, Message};

use crate::customer::ru;
use crate::{AD, Appliance, Customer, OWN, Setup, UGC};

impl Customer<'_> {
    /// Presses the button of a message that may have been edited since; what the bot answers.
    pub(crate) fn presses_on(&self, message: &Message, label: &str) -> String {
        let Some(Does::Data(data)) = message.button(label).map(|it| it.does.clone()) else {
            panic!("no {label} under {:?}", message.text)
        };
        self.answer_to(message.id, &data)
    }

    fn answer_to(&self, message: i64, data: &str) -> String {
        let telegram = self.of.sandbox().telegram();
        let press = telegram.presses(self.id, message, data);
        let answer = || telegram.answer(&press).map(|answer| answer.text);
        self.of.waits_for(&format!("an answer to {data}"), answer)
    }
}

#[test]
fn what_waits_is_taken_back_with_its_credits_at_once() {
    let shop = Appliance::new();
    let (ann, bob) = (shop.customer(7).with_credits(4), shop.customer(8));
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(3, UGC);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'submit' AND leased_at IS NULL");
    assert_eq!(ann.credits(), 1);
    let waits = || Some(order.status()).filter(|status| status.text.contains("место 3"));
    let status = shop.waits_for("the places", waits);
    assert!(status.text.contains(&ru("status-held")), "{}", status.text);
    let forged = bob.answer_to(status.id, &format!("takeback:{}", order.id));
    assert_eq!(forged, "Такого заказа у вас нет.");
    let told = ann.presses_on(&status, "✋");
    assert_eq!(told, "Отменил 3 видео. Вернулось на баланс: 3 кредита.");
    assert_eq!(ann.credits(), 4);
    order.ends();
    let status = order.status();
    assert!(status.text.contains(&ru("status-canceled")), "{}", status.text);
    assert!(status.text.contains("3 кредита вернули"), "{}", status.text);
    assert!(status.button("✋").is_none());
    let again = ann.answer_to(status.id, &format!("takeback:{}", order.id));
    assert!(again.contains("нечего"), "{again}");
    shop.commands(&["resume"]);
    ann.orders(1, OWN).ends();
    assert_eq!((ann.credits(), shop.sandbox().kie().submits()), (3, 1));
}

#[test]
fn what_has_begun_goes_on_and_the_rest_comes_back() {
    let shop = Setup::new().settings("[limits]\nrunning_videos_per_user = 1").start();
    shop.sandbox().kie().set_render_ms((2 * MINUTE, 3 * MINUTE));
    let slow = Action::Slow(30 * SECOND);
    shop.sandbox().faults().on(Service::Kie, "createTask").does(slow);
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM submits WHERE outcome = 'sending'");
    let told = ann.presses_on(&order.status(), "✋");
    assert_eq!(told, "Отменил 2 видео. Вернулось на баланс: 2 кредита.");
    assert_eq!(ann.credits(), 2);
    order.ends();
    assert_eq!((ann.videos().len(), ann.credits(), shop.sandbox().kie().submits()), (1, 2, 1));
    assert!(order.status().text.contains("Заказ готов: 1 из 3"), "{}", order.status().text);
}

#[test]
fn whenever_it_is_taken_back_each_video_is_either_made_or_given_back() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(30);
    for turn in 0..6 {
        let order = ann.orders(3, if turn % 2 == 0 { OWN } else { AD });
        // Each time a little later: before the script, the upload, the submit, and after it.
        let begun = format!(
            "SELECT COUNT(*) >= {turn} FROM events
             JOIN jobs ON jobs.id = job_id WHERE order_id = {}",
            order.id
        );
        shop.waits_until(&begun);
        ann.answer_to(order.status().id, &format!("takeback:{}", order.id));
        order.ends();
    }
    shop.settles();
    let done: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'done'");
    let canceled: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'canceled'");
    assert_eq!((done + canceled, ann.credits()), (18, 30 - done));
    assert_eq!(shop.sandbox().kie().submits() as i64, done, "what came back was never asked for");
    assert_eq!(ann.videos().len() as i64, done);
}

#[test]
fn those_who_wait_hear_how_the_queue_moves_on() {
    let shop = Setup::new().settings("[kie]\nin_flight = 1").start();
    shop.sandbox().kie().set_render_ms((2 * MINUTE, 2 * MINUTE + 1));
    shop.commands(&["pause", "--submitting"]);
    let all: Vec<_> = (1..=5).map(|id| shop.customer(id)).collect();
    let orders: Vec<_> = all.iter().map(|customer| customer.orders(1, OWN)).collect();
    shop.commands(&["resume"]);
    orders.iter().for_each(|order| order.ends());
    let places: Vec<Vec<String>> = orders
        .iter()
        .map(|order| {
            let told = order.status().history;
            let place = |text: &String| text.split("место ").nth(1).map(|it| it[..1].to_owned());
            let mut places: Vec<_> = told.iter().filter_map(place).collect();
            places.dedup();
            places
        })
        .collect();
    assert_eq!(places[4].last().map(String::as_str), Some("1"), "{places:?}");
    for one in &places {
        assert!(one.windows(2).all(|pair| pair[0] > pair[1]), "{places:?}");
    }
    assert!(places[4].len() >= 3, "{places:?}");
    let last = orders[4].status();
    assert!(last.edits < 12, "{:?}", last.history);
}

#[test]
fn an_old_video_comes_again_by_telegrams_copy() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    ann.orders(1, UGC).arrives();
    let first = ann.videos()[0].media.clone().unwrap();
    for _ in 0..2 {
        ann.says("/start");
        ann.presses("👤");
        ann.presses("🎞");
        ann.presses("🎞");
        let again = ann.finds("the video", |message| message.kind == Kind::Video);
        let media = again.media.clone().unwrap();
        assert_eq!((media.uploaded, media.hash), (false, first.hash));
        assert!(again.text.contains("UGC") && again.button("✏️").is_some(), "{}", again.text);
    }
    let kie = shop.sandbox().kie();
    assert_eq!((kie.submits(), ann.credits()), (1, 1), "nothing is made or paid anew");
}

#[test]
fn who_had_blocked_the_bot_finds_the_video_when_they_come_back() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.describes(OWN);
    let order = ann.confirms(1);
    shop.sandbox().telegram().blocks_bot(7);
    order.ends();
    assert_eq!((ann.videos().len(), ann.credits()), (0, 0));
    let look = || {
        ann.says("/start");
        ann.presses("👤");
        ann.presses("🎞");
        ann.presses("🎞");
        let video = ann.finds("the video", |message| message.kind == Kind::Video);
        shop.settles();
        video.media.unwrap()
    };
    let (first, second) = (look(), look());
    assert!(first.uploaded && !second.uploaded, "by its file once, by Telegram's copy ever after");
    assert_eq!(first.hash, second.hash);
}

#[test]
fn a_refinement_changes_the_script_and_nothing_else() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(1, UGC).arrives();
    ann.presses("✏️");
    ann.hears(&ru("ask-change"));
    ann.says("на пляже, на закате");
    assert!(ann.sees("✅").text.contains("на пляже, на закате"));
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 2 FROM orders WHERE finished_at IS NOT NULL");
    let asked = shop.sandbox().openai().requests();
    let (first, second) = (&asked[0], &asked[1]);
    assert!(second.user.contains(&format!("<script>\n{}\n</script>", first.answer)));
    assert!(second.user.contains("<change>\nна пляже, на закате\n</change>"), "{}", second.user);
    let same: i64 = shop.value(
        "SELECT COUNT(DISTINCT template_id || photo_path || product || COALESCE(wishes, ''))
         FROM orders",
    );
    assert_eq!((same, ann.credits()), (1, 1));
    let kie = shop.sandbox().kie();
    assert_eq!((kie.uploads().len(), kie.tasks()[1].prompt.trim()), (1, second.answer.trim()));
    // The same once more needs no words at all.
    ann.presses("🔁");
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 3 FROM orders WHERE finished_at IS NOT NULL");
    shop.settles();
    assert_eq!((ann.videos().len(), ann.credits()), (3, 0));
}

#[test]
fn what_customers_think_is_counted_by_template_and_model() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(4);
    let videos = ann.orders(3, UGC).arrives();
    assert!(ann.presses_on(&videos[0], "👍").starts_with("Спасибо"));
    ann.presses_on(&videos[1], "👍");
    ann.presses_on(&videos[2], "👍");
    ann.presses_on(&videos[2], "👎");
    let own = ann.orders(1, OWN);
    own.ends();
    ann.presses_on(&own.videos()[0], "👎");
    shop.settles();
    let marks = |video: &Message| {
        let video = shop.sandbox().telegram().message(7, video.id).unwrap();
        let labels = video.buttons.iter().flatten().map(|it| it.text.clone());
        labels.filter(|label| label.contains(['👍', '👎'])).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(marks(&videos[0]), "👍 ✓ 👎");
    assert_eq!(marks(&videos[2]), "👍 👎 ✓");
    let stats: serde_json::Value =
        serde_json::from_str(&shop.commands(&["stats", "--json"])).unwrap();
    let model = "bytedance/seedance-2-mini";
    assert_eq!(
        stats["ratings"],
        serde_json::json!([
            { "template_id": "self", "model": model, "good": 0, "bad": 1 },
            { "template_id": "ugc", "model": model, "good": 2, "bad": 1 },
        ])
    );
}

#[test]
fn the_history_tells_where_the_credits_went() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(5);
    ann.orders(3, OWN).arrives();
    ann.says("/start");
    ann.presses("👤");
    ann.presses("📜");
    let history = ann.hears(&ru("statement"));
    for line in ["−3 — заказ № 1: 3 видео", "+3 — начислила поддержка", "+2 — подарок"]
    {
        assert!(history.text.contains(line), "{line} in {}", history.text);
    }
}
