//! What the operator has limited.

use std::collections::BTreeMap;

use neurocards::clock::{MINUTE, SECOND};
use neurocards::sandbox::faults::{Action, Service};
use neurocards::sandbox::photos;

use crate::customer::ru;
use crate::{Appliance, OWN, Setup, UGC};

#[test]
fn videos_of_one_customer_beyond_the_limit_wait_in_the_queue() {
    let shop = Setup::new().settings("[limits]\nrunning_videos_per_user = 1").start();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, OWN).arrives();
    let tasks = shop.sandbox().kie().tasks();
    for pair in tasks.windows(2) {
        assert!(pair[0].finished_at.unwrap() <= pair[1].created_at, "two ran at once");
    }
}

#[test]
fn submits_keep_within_the_providers_window() {
    let shop = Setup::new().settings("[kie]\ncreates_per_10s = 2\nin_flight = 3").start();
    shop.sandbox().kie().set_render_ms((MINUTE, MINUTE + 1));
    let (ann, bob) = (shop.customer(7).with_credits(5), shop.customer(8).with_credits(5));
    let (first, second) = (ann.orders(5, OWN), bob.orders(5, OWN));
    first.arrives();
    second.arrives();
    let tasks = shop.sandbox().kie().tasks();
    for three in tasks.windows(3) {
        // The window slides by the time at which a submit was written down.
        assert!(three[2].created_at - three[0].created_at > 9 * SECOND, "three within ten seconds");
    }
    let mut changes: BTreeMap<i64, i64> = BTreeMap::new();
    for task in &tasks {
        *changes.entry(task.created_at).or_default() += 1;
        *changes.entry(task.finished_at.unwrap()).or_default() -= 1;
    }
    let most = changes.values().scan(0, |running, change| {
        *running += change;
        Some(*running)
    });
    assert!(most.max() <= Some(3), "more than three ran at once");
    assert!(shop.value::<i64>("SELECT MAX(attempts) FROM jobs") == 1, "limits spend no attempt");
}

#[test]
fn a_spent_budget_closes_the_day() {
    let shop = Setup::new().settings("[kie]\ndaily_spend_cap = 100").start();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(1, OWN).arrives();
    ann.orders(1, OWN).arrives();
    ann.says("/start");
    ann.presses("🎬");
    ann.hears(&ru("closed-budget"));
    assert_eq!(ann.credits(), 1);
}

#[test]
fn too_many_orders_within_an_hour_are_put_off() {
    let settings = "[limits]\norders_per_user_per_hour = 1";
    let shop = Setup::new().settings(settings).start();
    let ann = shop.customer(7).with_credits(2);
    ann.orders(1, OWN).arrives();
    ann.says("/start");
    ann.describes(OWN);
    ann.presses("1️⃣");
    ann.presses("✅");
    ann.hears(&ru("closed-too-many"));
    assert_eq!((ann.credits(), ann.orders_so_far()), (1, 1));
}

#[test]
fn the_terms_are_accepted_before_anything_else() {
    let settings = "[telegram]\nterms_url = \"https://example.com/terms\"";
    let shop = Setup::new().settings(settings).start();
    let telegram = shop.sandbox().telegram();
    telegram.says(7, "/start");
    shop.waits_for("the terms", || telegram.sees_label(7, "✅ Принимаю условия").then_some(()));
    assert!(!telegram.sees_label(7, "🎬"));
    telegram.presses(7, telegram.last(7).unwrap().id, "make");
    telegram.sends_photo(7, photos::product(1));
    shop.settles();
    assert!(!telegram.sees_label(7, "🎥") && shop.value::<i64>("SELECT COUNT(*) FROM users") == 1);
    telegram.presses_label(7, "✅ Принимаю условия").unwrap();
    shop.waits_for("the menu", || telegram.sees_label(7, "🎬").then_some(()));
    let ann = shop.customer(7);
    ann.orders(1, UGC).arrives();
    assert_eq!(ann.credits(), 1);
}

#[test]
fn without_a_gift_a_new_customer_begins_with_nothing() {
    let shop = Setup::new().settings("[credits]\nsignup = 0\nper_video = 3").start();
    let ann = shop.customer(7);
    assert_eq!(ann.credits(), 0);
    let ann = ann.with_credits(10);
    ann.describes(UGC);
    assert!(ann.sees("3️⃣").button("9 кредитов").is_some());
    ann.confirms(3).arrives();
    assert_eq!(ann.credits(), 1);
}

#[test]
fn the_waiting_time_is_honest() {
    let shop = Setup::new().start();
    shop.sandbox().kie().set_render_ms((4 * MINUTE, 4 * MINUTE + 1));
    let ann = shop.customer(7).with_credits(4);
    ann.describes(OWN);
    ann.presses("3️⃣");
    let question = ann.sees("✅");
    assert!(question.text.contains("от 1 до 30 минут"), "{}", question.text);
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    ann.says("/start");
    ann.describes(OWN);
    ann.presses("1️⃣");
    let question = ann.sees("✅");
    let told = (4..=9).any(|minutes| question.text.contains(&format!("около {minutes} минут")));
    assert!(told, "{}", question.text);
}

fn lose_photos(shop: &Appliance) {
    for photo in crate::secrets::files(&shop.path("photos")) {
        std::fs::remove_file(photo).unwrap();
    }
}

#[test]
fn a_photo_that_vanished_before_the_confirmation_is_asked_for_again() {
    let shop = Setup::new().start();
    let ann = shop.customer(7).with_credits(3);
    ann.describes(UGC);
    ann.presses("3️⃣");
    ann.sees("✅");
    lose_photos(&shop);
    ann.presses("✅");
    ann.hears(&ru("ask-photo-again"));
    assert_eq!((ann.credits(), ann.orders_so_far()), (3, 0));
    ann.sends_photo(photos::product(2));
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    assert_eq!((ann.credits(), ann.videos().len()), (0, 3));
}

#[test]
fn a_photo_that_vanished_after_the_confirmation_is_refunded_once() {
    let shop = Setup::new().start();
    let slow = Action::Slow(MINUTE);
    shop.sandbox().faults().on(Service::OpenAi, "chat/completions").does(slow);
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, UGC);
    lose_photos(&shop);
    order.ends();
    shop.settles();
    assert_eq!(ann.credits(), 3);
    let notices: Vec<_> =
        ann.chat().into_iter().filter(|it| it.text.contains(&ru("fail-no-photo"))).collect();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].text.contains("3 кредита вернули"), "{}", notices[0].text);
}
