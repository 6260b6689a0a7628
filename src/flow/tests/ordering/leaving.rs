//! Who leaves, and what is forgotten without being asked to.

use super::*;
use crate::audit::{self, Action, By, Way};
use crate::instance;
use crate::ledger::{self, Grant};
use crate::orders;

/// Somebody with credits who has ordered three videos, of which none has begun.
fn orders_three() -> Phone {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    grants(&phone, 3);
    phone.tap("🎬");
    phone.photo();
    phone.send(text("Кружка"));
    phone.tap("📢");
    phone.send(text("-"));
    phone.tap("3️⃣");
    phone.tap("✅");
    assert_eq!(phone.credits(), 2);
    phone
}

/// By the operator, who writes down for whom it was.
fn grants(phone: &Phone, credits: i64) {
    phone.world.write(move |tx, _| {
        let user = users::by_tg(tx, 7)?.unwrap().id;
        let gift = Grant { user, credits, key: None, actor: "operator", note: Some("Анна") };
        ledger::grant(tx, &gift, NOW)?;
        let by = By { way: Way::Command, who: "root".to_owned() };
        let done =
            Action { action: "grant", object: "user 7", note: "Анна", ..Action::default() };
        audit::record(tx, &by, &done, NOW)
    });
}

fn leave() -> Event {
    Event::Command("delete_me".to_owned())
}

#[test]
fn what_has_not_begun_is_cancelled_and_every_word_is_gone() {
    let phone = orders_three();
    phone.send(leave());
    let question = phone.says();
    assert!(question.contains("отменим: 3") && question.contains("Сгорят 5"), "{question}");
    phone.tap("🗑 Да");
    assert_eq!(phone.toast(), "Удаляю. Напишу, когда закончу.");
    assert_eq!(phone.credits(), 0);
    let number = |sql: &str| phone.world.number(sql);
    assert_eq!(number("SELECT COUNT(*) FROM jobs WHERE status = 'canceled'"), 3);
    assert_eq!(number("SELECT COUNT(*) FROM orders WHERE product <> '' OR photo_path <> ''"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM jobs WHERE product_info <> '{}'"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM ledger WHERE note IS NOT NULL"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM audit WHERE note IS NOT NULL"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM dialogs"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM inbox WHERE body <> '{}'"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM departures WHERE erased_at IS NULL"), 1);
    phone.send(Event::Press(Some(Press::Aside(Aside::LeaveYes(5, 0, 0)))));
    assert_eq!(number("SELECT COUNT(*) FROM users WHERE deleted_at IS NOT NULL"), 1, "no echo");
    phone.send(Event::Start(None));
    assert!(phone.says().contains("Привет") && !phone.says().contains("Дарю"), "{}", phone.says());
    assert_eq!((phone.credits(), number("SELECT COUNT(*) FROM users")), (0, 1));
}

#[test]
fn what_a_refund_is_to_take_of_waiting_videos_is_not_said_to_be_lost() {
    let phone = orders_three();
    phone
        .world
        .sql("INSERT INTO debts (key, user_id, charge, owed, line) VALUES ('k', 1, 'c', 2, 99)");
    phone.send(leave());
    assert!(phone.says().contains("Сгорят 3"), "{}", phone.says());
    phone.tap("🗑 Да");
    assert_eq!(phone.toast(), "Удаляю. Напишу, когда закончу.");
    assert_eq!(phone.credits(), 0);
}

#[test]
fn a_yes_to_other_credits_than_there_are_by_now_is_asked_again() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.send(leave());
    assert!(phone.says().contains("Сгорят 2"), "{}", phone.says());
    let yes = phone.button("🗑 Да");
    grants(&phone, 10);
    phone.send(Event::Press(yes));
    assert!(phone.says().contains("Сгорят 12"), "{}", phone.says());
    assert_eq!(phone.credits(), 12);
    phone.tap("🗑 Да");
    assert_eq!(phone.credits(), 0);
}

/// Their own payment, of which the bot hears now.
fn pays(phone: &Phone, charge: &str, credits: i64) {
    let paid = Paid {
        profile: Profile { tg_user_id: 7, ..Profile::default() },
        charge_id: charge.to_owned(),
        stars: 55 * credits,
        payload: format!("pack:{credits}:{}:9", 55 * credits),
        at: NOW,
    };
    phone.world.write(move |tx, shop| {
        compare(tx, shop, &paid, NOW)?;
        // Their chat is empty for the next words.
        Ok(tx.execute("UPDATE outbox SET state = 'sent'", [])?)
    });
}

#[test]
fn a_yes_that_was_answered_burns_nothing_that_was_bought_since() {
    // Back by a word of theirs, or by a payment that was under way while they left.
    let returns: [fn(&Phone); 2] = [|phone| drop(phone.send(Event::Start(None))), |_| ()];
    for returns in returns {
        let phone = Phone::in_world(World::with(|options| options.signup = 0), "ru");
        phone.send(Event::Start(None));
        grants(&phone, 10);
        phone.send(leave());
        let yes = phone.button("🗑 Да");
        phone.send(Event::Press(yes.clone()));
        assert_eq!(phone.credits(), 0);
        returns(&phone);
        pays(&phone, "a", 10);
        phone.send(Event::Press(yes));
        assert!(phone.says().contains("Сгорят 10"), "asked anew: {}", phone.says());
        assert_eq!(phone.credits(), 10);
        phone.tap("🗑 Да");
        assert_eq!(phone.credits(), 0, "the new question is one");
    }
}

#[test]
fn while_a_video_is_made_nobody_leaves_and_a_forged_yes_changes_nothing() {
    let phone = orders_three();
    phone
        .world
        .sql("UPDATE jobs SET started_at = 5, status = 'processing', step = 'render' WHERE id = 2");
    phone.send(leave());
    assert!(phone.says().contains("Сейчас делаем ваше видео"), "{}", phone.says());
    phone.send(Event::Press(Some(Press::Aside(Aside::LeaveYes(5, 0, 0)))));
    assert!(phone.says().contains("Сейчас делаем ваше видео"));
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM jobs WHERE status = 'canceled'"), 0);
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM users WHERE deleted_at IS NOT NULL"), 0);
}

#[test]
fn a_yes_to_a_question_of_long_ago_is_asked_again() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.send(leave());
    let yes = phone.button("🗑 Да");
    phone.now.set(NOW + 2 * HOUR);
    phone.send(Event::Press(yes));
    assert!(phone.says().contains("Удалить все ваши данные?"), "{}", phone.says());
    let left = "SELECT COUNT(*) FROM users WHERE deleted_at IS NOT NULL";
    assert_eq!((phone.credits(), phone.world.number(left)), (2, 0));
    phone.now.set(NOW + 3 * HOUR);
    phone.tap("🗑 Да");
    assert_eq!(phone.world.number(left), 1);
}

#[test]
fn the_statement_of_who_returned_says_what_became_of_their_credits() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    for _ in 0..2 {
        grants(&phone, 3);
        phone.send(leave());
        phone.tap("🗑 Да");
        phone.send(Event::Start(None));
        assert_eq!(phone.credits(), 0);
    }
    phone.send(press(Press::Statement(None)));
    let said = phone.says();
    let lines = ["<b>−3</b> — сгорели при удалении данных", "<b>−5</b> — сгорели"];
    assert!(lines.iter().all(|line| said.contains(line)), "{said}");
    assert!(!said.contains("списала"), "{said}");
}

#[test]
fn a_video_that_was_only_prepared_is_cancelled_with_the_rest() {
    let phone = orders_three();
    phone
        .world
        .sql("UPDATE jobs SET started_at = 5, status = 'processing', step = 'submit' WHERE id = 2");
    phone.send(leave());
    assert!(phone.says().contains("отменим: 3"), "{}", phone.says());
    phone.tap("🗑 Да");
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM jobs WHERE status = 'canceled'"), 3);
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM users WHERE deleted_at IS NOT NULL"), 1);
}

#[test]
fn a_draft_survives_a_question_and_the_privacy_policy() {
    let phone = Phone::new("en");
    phone.send(Event::Start(None));
    phone.to_confirm();
    for command in ["privacy", "delete_me", "paysupport"] {
        phone.send(Event::Command(command.to_owned()));
        assert_eq!(phone.place(), Place::Confirm, "{command}");
        assert!(phone.button("▶️").is_some());
    }
    phone.send(text("It never came"));
    assert!(phone.says().contains("passed it on"), "{}", phone.says());
    phone.tap("▶️");
    phone.tap("✅");
    assert_eq!(phone.world.messages("status:"), 1);
}

#[test]
fn while_selling_is_paused_customers_read_why() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    let say = |note: &'static str| {
        phone.world.write(move |tx, _| {
            instance::pause(tx, NOW)?;
            instance::say_meanwhile(tx, note)
        })
    };
    assert!(say("До среды: переезжаем & красим") && !say("До среды: переезжаем & красим"));
    phone.tap("🎬");
    assert!(phone.says().ends_with("До среды: переезжаем &amp; красим"), "{}", phone.says());
    phone.world.write(|tx, _| instance::resume(tx));
    phone.send(Event::Start(None));
    phone.tap("🎬");
    assert_eq!(phone.place(), Place::Photo);
    assert!(!say(""), "and the next pause begins without it");
}

#[test]
fn words_that_had_their_time_are_asked_for_again() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    phone.tap("✅");
    phone.world.sql("UPDATE jobs SET prompt = 'p'");
    phone.world.delivered(crate::db::JobId(1), 50);
    let prune = |before| phone.world.write(move |tx, _| orders::prune_texts(tx, before, 9));
    assert_eq!((prune(50), prune(51), prune(51)), (0, 2, 0));
    let kept = "SELECT COUNT(*) FROM jobs WHERE prompt IS NOT NULL OR extra_wishes IS NOT NULL";
    assert_eq!(phone.world.number(kept), 0);
    phone.send(press(Press::Again(crate::db::JobId(1))));
    assert_eq!(phone.place(), Place::Product, "the photo has a time of its own");
    let untouched = |before| phone.world.write(move |tx, _| prune_dialogs(tx, before));
    assert_eq!((untouched(NOW), untouched(NOW + 1)), (0, 1));
}

fn prune_dialogs(tx: &crate::db::Tx<'_>, before: Millis) -> anyhow::Result<usize> {
    prune(tx, before, 9)
}
