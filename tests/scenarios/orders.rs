//! Orders that go well.

use std::collections::BTreeSet;

use neurocards::sandbox::faults::Fate;
use neurocards::sandbox::photos;
use neurocards::sandbox::telegram::{Does, Kind};

use crate::customer::PRODUCT;
use crate::customer::ru;
use crate::customer::text;
use crate::{AD, Appliance, Customer, OWN, Setup, UGC, What};
use neurocards::text::Lang;

const RULES: &str =
    "This content may violate our guardrails concerning similarity to third-party content.";

#[test]
fn one_hundred_and_two_credits_less_one_video_less_three() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(102);
    ann.orders(1, UGC).arrives();
    assert_eq!(ann.credits(), 101);
    ann.orders(3, AD).arrives();
    assert_eq!(ann.credits(), 98);
}

#[test]
fn a_video_refused_for_its_rules_gives_its_credit_back() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(5);
    shop.sandbox().kie().next_renders(1, Fate::Fails("400".into(), RULES.into()));
    let order = ann.orders(3, UGC);
    assert_eq!(ann.credits(), 2);
    order.ends();
    assert_eq!((ann.credits(), order.videos().len()), (3, 2));
    let notice = ann.hears("Вы нарушили правила");
    assert!(notice.text.contains("1 кредит вернули на баланс"), "{}", notice.text);
    assert_eq!(shop.sandbox().kie().submits(), 3, "rules are not tried again");
}

#[test]
fn an_own_prompt_never_meets_gpt_and_reaches_the_model_as_typed() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(9);
    for count in [1, 3, 5] {
        ann.orders(count, OWN).arrives();
    }
    assert_eq!(ann.credits(), 0);
    assert!(shop.sandbox().openai().requests().is_empty());
    let What::Own(prompt) = OWN else { unreachable!() };
    let tasks = shop.sandbox().kie().tasks();
    assert_eq!(tasks.len(), 9);
    assert!(tasks.iter().all(|task| task.prompt == prompt), "{:?}", tasks[0].prompt);
}

#[test]
fn every_template_makes_one_three_and_five_different_videos() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(18);
    for what in [UGC, AD] {
        for count in [1, 3, 5] {
            ann.orders(count, what).arrives();
        }
    }
    assert_eq!(ann.credits(), 0);
    let requests = shop.sandbox().openai().requests();
    assert!(requests.iter().all(|request| !request.images.is_empty()), "GPT sees the photo");
    let tasks = shop.sandbox().kie().tasks();
    let prompts: BTreeSet<&str> = tasks.iter().map(|task| task.prompt.as_str()).collect();
    assert_eq!((tasks.len(), prompts.len()), (18, 18));
}

#[test]
fn a_second_start_grants_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    assert_eq!(ann.credits(), 2);
    for _ in 0..3 {
        ann.says("/start");
        ann.sees("🎬");
    }
    assert_eq!(ann.credits(), 2);
}

#[test]
fn confirming_twice_and_again_later_starts_one_order() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(9);
    ann.describes(UGC);
    ann.presses("3️⃣");
    let question = ann.sees("✅");
    let Some(Does::Data(yes)) = question.button("✅").map(|it| it.does.clone()) else { panic!() };
    let telegram = shop.sandbox().telegram();
    telegram.presses(7, question.id, &yes);
    telegram.presses(7, question.id, &yes);
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    telegram.presses(7, question.id, &yes);
    shop.settles();
    assert_eq!((ann.orders_so_far(), ann.videos().len(), ann.credits()), (1, 3, 6));
    let told: Vec<_> = telegram.answers().into_iter().filter_map(|press| press.answer).collect();
    let already = told.iter().filter(|answer| answer.text.contains(&ru("toast-already"))).count();
    assert_eq!(already, 2, "{told:?}");
}

#[test]
fn updates_that_come_twice_count_once() {
    let shop = Appliance::new();
    shop.sandbox().telegram().deliver_twice(true);
    let ann = shop.customer(7);
    assert_eq!(ann.credits(), 2);
    let ann = ann.with_credits(4);
    ann.orders(3, UGC).arrives();
    ann.orders(1, OWN).arrives();
    assert_eq!((ann.credits(), ann.orders_so_far()), (0, 2));
}

#[test]
fn too_few_credits_keep_the_order_until_the_grant() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    ann.describes(AD);
    ann.presses("3️⃣");
    let word = ann.hears("Недостаточно кредитов");
    assert!(word.button("💳 Пополнить баланс").is_some());
    assert!(word.text.contains("2 кредита"), "{}", word.text);
    ann.presses("💳");
    ann.sees("▶️");
    ann.acts();
    shop.commands(&["grant", "7", "1", "--note", "a gift"]);
    ann.presses("▶️");
    // To the confirmation of just that order.
    ann.sees("✅");
    ann.starts(3).arrives();
    assert_eq!(ann.credits(), 0);
    let photos: i64 = shop.value("SELECT COUNT(DISTINCT photo_path) FROM orders");
    assert_eq!(photos, 1);
}

#[test]
fn a_balance_spent_before_the_confirmation_starts_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.describes(UGC);
    ann.presses("1️⃣");
    ann.sees("✅");
    shop.commands(&["grant", "7", "-1"]);
    ann.presses("✅");
    ann.hears("Недостаточно кредитов");
    assert_eq!((ann.orders_so_far(), ann.credits()), (0, 0));
}

#[test]
fn an_order_of_three_is_one_status_message_and_three_videos() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.describes(UGC);
    let order = ann.confirms(3);
    let videos = order.arrives();
    let since: Vec<_> = ann.news().into_iter().map(|message| message.kind).collect();
    assert_eq!(since, [Kind::Text, Kind::Video, Kind::Video, Kind::Video]);
    let status = order.status();
    assert!(status.history[0].contains("✅ Принял! Генерация 3 видео запущена"));
    assert!(status.text.contains("Заказ готов: 3 из 3"), "{}", status.text);
    assert!(status.edits > 2, "{:?}", status.history);
    for video in &videos {
        assert!(video.text.contains("✅ Видео готово!"), "{}", video.text);
        let media = video.media.as_ref().unwrap();
        assert!(media.height > media.width && media.duration > 0 && media.len > 1_000);
    }
    let uploads = shop.sandbox().kie().uploads();
    assert_eq!(uploads.len(), 1, "the photo goes to the provider once");
}

#[test]
fn the_photo_goes_to_each_key_once() {
    let shop = Setup::new().keys(2).start();
    let ann = shop.customer(7).with_credits(5);
    ann.orders(5, OWN).arrives();
    let uploads = shop.sandbox().kie().uploads();
    let keys: BTreeSet<&str> = uploads.iter().map(|upload| upload.key.as_str()).collect();
    assert_eq!((uploads.len(), keys.len()), (2, 2));
}

#[test]
fn two_orders_of_one_customer_run_at_once() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(6);
    let slow = neurocards::clock::MINUTE;
    shop.sandbox().kie().set_render_ms((slow, slow + 1));
    let first = ann.orders(3, UGC);
    let second = ann.orders(3, OWN);
    assert!(first.status().id < second.status().id);
    first.arrives();
    second.arrives();
    assert_eq!(ann.credits(), 0);
}

#[test]
fn another_video_of_the_same_product_begins_with_the_template() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(1, UGC).arrives();
    ann.presses("🔄");
    ann.hears("🎭");
    assert_eq!(ann.place(), "template");
    ann.chooses(AD);
    ann.confirms(1).arrives();
    let same: i64 = shop.value(
        "SELECT COUNT(DISTINCT photo_path || product) FROM orders WHERE template_id IS NOT NULL",
    );
    assert_eq!(same, 1);
    // The photo is gone: only a new one is asked for.
    for photo in crate::secrets::files(&shop.path("photos")) {
        std::fs::remove_file(photo).unwrap();
    }
    ann.presses("🔄");
    ann.hears(&ru("ask-photo-again"));
    ann.sends_photo(photos::product(5));
    ann.hears("🎭");
    ann.chooses(OWN);
    ann.confirms(1).arrives();
    let products: i64 = shop.value("SELECT COUNT(DISTINCT product) FROM orders");
    assert_eq!((products, ann.credits()), (1, 0));
}

#[test]
fn what_comes_faster_than_it_is_answered_is_handled_in_its_order() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.presses("🎬");
    let telegram = shop.sandbox().telegram();
    telegram.sends_photo(7, photos::product(1));
    telegram.says(7, PRODUCT);
    ann.hears("🎭");
    let asked: Vec<_> = ann.news().iter().map(|it| it.text.chars().next().unwrap()).collect();
    assert_eq!(asked, ['📸', '✍', '🎭']);
}

#[test]
fn an_english_speaking_customer_reads_english() {
    let shop = Appliance::new();
    let bob = Customer::meets(&shop, 8, "en-GB");
    bob.presses("🎬 Make Reels");
    bob.hears(&text(Lang::En, "ask-photo"));
    bob.sends_photo(photos::product(2));
    bob.hears(&text(Lang::En, "ask-product"));
    bob.says("A ceramic mug");
    bob.presses("📢 Ad");
    bob.presses("No wishes");
    bob.confirms(1).ends();
    let chat = bob.chat();
    let cyrillic = |text: &str| text.chars().any(|letter| ('а'..='я').contains(&letter));
    for message in &chat {
        let labels: String = message.buttons.iter().flatten().map(|it| it.text.as_str()).collect();
        assert!(!cyrillic(&message.text) && !cyrillic(&labels), "{} {labels}", message.text);
    }
    assert_eq!(bob.videos().len(), 1);
}

#[test]
fn many_customers_are_served_at_once() {
    let shop = Setup::new().keys(3).start();
    let all: Vec<_> = (1..=12).map(|id| shop.customer(id).with_credits(3)).collect();
    let orders: Vec<_> = all
        .iter()
        .zip([UGC, AD, OWN].into_iter().cycle())
        .map(|(customer, what)| customer.orders(3, what))
        .collect();
    for order in &orders {
        order.arrives();
    }
    assert!(all.iter().all(|customer| customer.credits() == 0));
}
