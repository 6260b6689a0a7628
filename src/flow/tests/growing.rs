//! Invitations and promo codes, by the buttons and commands of those who use them.

use super::ordering::Phone;
use super::*;
use crate::growth;
use crate::inbox::{self, Raw};
use crate::orders::tests::{NOW, World};
use crate::users::Profile;

/// A shop with a name, and a bonus for the first payment.
fn world() -> World {
    let world = World::with(|options| options.growth.first_payment = 3);
    world.write(|tx, _| {
        crate::instance::begin(tx, 1, NOW)?;
        crate::instance::named(tx, "the_bot")
    });
    world
}

fn link(phone: &Phone) -> String {
    phone.send(Event::Command("invite".to_owned()));
    let said = phone.says();
    let at = said.find("start=").unwrap_or_else(|| panic!("{said}")) + "start=".len();
    said[at..].split_whitespace().next().unwrap().to_owned()
}

/// Somebody pays for a pack of five, as Telegram tells it.
fn pays(world: &World, tg_user_id: i64, update_id: i64) {
    let profile = Profile { tg_user_id, ..Profile::default() };
    let (charge_id, payload) = (format!("charge{update_id}"), "pack:5:300:1".to_owned());
    let payment = Paid { profile, charge_id, stars: 300, payload, at: NOW };
    world.write(move |tx, shop| {
        let raw = Raw { update_id, chat_id: tg_user_id, body: "{}".to_owned(), urgent: false };
        inbox::store(tx, &[raw], NOW)?;
        paid(tx, shop, update_id, &payment, NOW)
    });
}

#[test]
fn a_friend_is_welcomed_with_more_and_their_first_payment_thanks_who_invited() {
    let mut phone = Phone::in_world(world(), "ru");
    phone.send(Event::Start(None));
    let reference = link(&phone);
    let says =
        |phone: &Phone, words: &str| assert!(phone.says().contains(words), "{}", phone.says());
    says(&phone, "https://t.me/the_bot?start=ref_");
    (phone.tg_user_id, phone.language) = (8, "en");
    phone.send(Event::Start(Some(reference.clone())));
    says(&phone, "3 credits");
    pays(&phone.world, 8, 900);
    says(&phone, "Plus 3 more credits, our gift");
    assert_eq!(phone.world.number("SELECT credits FROM users WHERE tg_user_id = 8"), 11);
    pays(&phone.world, 8, 901);
    assert!(!phone.says().contains("more"), "{}", phone.says());
    (phone.tg_user_id, phone.language) = (7, "ru");
    says(&phone, "вам пришли 2 кредита");
    assert_eq!((link(&phone), phone.credits()), (reference, 4));
    says(&phone, "пришёл 1 человек, вам за приглашения: 2 кредита");
}

#[test]
fn a_code_is_said_to_work_once_and_a_link_may_carry_it() {
    let phone = Phone::in_world(world(), "ru");
    let make = |code: &'static str| {
        phone.world.write(move |tx, _| growth::make_promo(tx, code, (4, 9), None, NOW))
    };
    assert!(make("LETO") && make("ZIMA"));
    phone.send(Event::Start(Some("promo_zima".into())));
    assert!(phone.says().contains("пришли 4 кредита. Теперь у вас 6 кредитов"), "{}", phone.says());
    for (code, answer) in [
        (Some("leto"), "Теперь у вас 10 кредитов"),
        (Some("LETO"), "уже использовали"),
        (Some("осень"), "Такого промокода нет"),
        (None, "Есть промокод?"),
    ] {
        phone.send(Event::Promo(code.map(str::to_owned)));
        assert!(phone.says().contains(answer), "{code:?}: {}", phone.says());
    }
}

#[test]
fn in_a_flood_no_code_is_used_up_and_no_invoice_is_promised() {
    let phone = Phone::in_world(world(), "ru");
    phone.send(Event::Start(None));
    phone.world.write(|tx, _| growth::make_promo(tx, "LETO", (4, 9), None, NOW));
    phone.world.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20)
         INSERT INTO outbox (seq, chat_id, key, content, created_at)
         SELECT 1000 + i, 7, 'wait:' || i, '{\"kind\":\"text\",\"html\":\"x\"}', 0 FROM n",
    );
    phone.send(Event::Promo(Some("LETO".to_owned())));
    assert_eq!((phone.world.number("SELECT used FROM promos"), phone.credits()), (0, 2));
    phone.send(Event::Press(Some(Press::Pack(5))));
    assert_eq!((phone.toast().as_str(), phone.world.messages("invoice:")), ("", 0));
    phone.world.sql("DELETE FROM outbox WHERE key LIKE 'wait:%'");
    phone.send(Event::Promo(Some("LETO".to_owned())));
    phone.send(Event::Press(Some(Press::Pack(5))));
    assert_eq!((phone.credits(), phone.world.messages("invoice:")), (6, 1));
}
