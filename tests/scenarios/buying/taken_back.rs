//! Stars that go back from Telegram's side, or by the operator's command: before and after what
//! they bought was spent.

use neurocards::sandbox::faults::Fate;
use neurocards::sandbox::telegram::Arrival;

use super::BOSS;
use crate::customer::PACK;
use crate::{Appliance, Customer, OWN, Setup};

/// Who gives the Stars back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Command,
    Telegram,
    /// And the bot does not hear of it before its next start.
    TelegramUnheard,
}

impl By {
    fn gives_back(self, shop: &Appliance, charge: &str) {
        match self {
            Self::Command => {
                shop.commands(&["refund-payment", charge, "--yes"]);
            }
            Self::Telegram => assert!(shop.sandbox().telegram().takes_back(charge)),
            Self::TelegramUnheard => {
                shop.hears_of_stars(Arrival::Never);
                assert!(shop.sandbox().telegram().takes_back(charge));
                shop.settles();
                shop.kill9();
                shop.start_again();
            }
        }
    }
}

impl Customer<'_> {
    /// What a refund took, and what is owed.
    fn gave_back(&self, charge: &str) -> (i64, i64) {
        let of = format!("FROM payments WHERE telegram_payment_charge_id = '{charge}'");
        self.of.waits_until(&format!("SELECT refunded_at IS NOT NULL {of}"));
        self.of.read(|conn| {
            let sql = format!("SELECT taken_back, owed {of}");
            Ok(conn.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })
    }
}

#[test]
fn a_refund_takes_what_is_left_of_the_credits_and_the_rest_is_owed() {
    for by in [By::Command, By::Telegram, By::TelegramUnheard] {
        let shop = Setup::new().admin(BOSS).start();
        let ann = shop.customer(7).with_credits(0);
        let (first, second) = (ann.buys(PACK), ann.buys(PACK));
        // Before anything is spent: all of it, and nothing of the other purchase.
        by.gives_back(&shop, &first);
        assert_eq!((ann.gave_back(&first), ann.credits()), ((5, 0), 5), "{by:?}");
        assert_eq!((shop.stars(), ann.stars()), (PACK, PACK));
        ann.hears("300 Stars");
        // After: what is left, and never below zero.
        ann.orders(3, OWN).arrives();
        ann.acts();
        by.gives_back(&shop, &second);
        assert_eq!((ann.gave_back(&second), ann.credits()), ((2, 3), 0), "{by:?}");
        assert_eq!((shop.stars(), ann.stars()), (0, 0));
        ann.hears("300 Stars");
        shop.settles();
        let told = ann.chat().into_iter().filter(|it| it.text.contains("300 Stars")).count();
        assert_eq!(told, 2, "{by:?}: once for each");
    }
}

#[test]
fn what_running_videos_hold_is_not_taken_twice() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let charge = ann.buys(PACK);
    let order = ann.orders(3, OWN);
    By::Telegram.gives_back(&shop, &charge);
    assert_eq!((ann.gave_back(&charge), ann.credits()), ((2, 3), 0));
    order.arrives();
    assert_eq!(ann.credits(), 0, "the videos were charged");
}

#[test]
fn what_waits_at_the_refund_does_not_come_back_as_credits() {
    for by in [By::Command, By::Telegram] {
        let shop = Setup::new().admin(BOSS).start();
        let ann = shop.customer(7).with_credits(0);
        let charge = ann.buys(PACK);
        shop.commands(&["pause", "--submitting"]);
        let order = ann.orders(5, OWN);
        shop.waits_until(
            "SELECT COUNT(*) = 5 FROM jobs WHERE step = 'submit' AND leased_at IS NULL",
        );
        by.gives_back(&shop, &charge);
        assert_eq!((ann.gave_back(&charge), ann.credits()), ((0, 5), 0), "{by:?}");
        ann.hears("Ещё 5 кредитов сейчас в работе");
        shop.sandbox().telegram().presses(7, order.status().id, &format!("takeback:{}", order.id));
        order.ends();
        let status = order.status().text;
        let words = "5 кредитов вернули на баланс. Из них 5 кредитов сразу списали";
        assert!(status.contains(words), "{status}");
        assert_eq!((ann.gave_back(&charge), ann.credits()), ((5, 0), 0), "{by:?}");
        shop.commands(&["resume"]);
    }
}

#[test]
fn a_video_that_fails_after_the_refund_gives_nothing_back() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let charge = ann.buys(PACK);
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(5, OWN);
    By::Telegram.gives_back(&shop, &charge);
    assert_eq!(ann.gave_back(&charge), (0, 5));
    let refused = Fate::Fails(
        "400".into(),
        "This content may violate our guardrails concerning similarity to third-party content."
            .into(),
    );
    shop.sandbox().kie().next_renders(1, refused);
    shop.commands(&["resume"]);
    order.ends();
    assert_eq!((order.videos().len(), ann.credits()), (4, 0));
    assert_eq!(ann.gave_back(&charge), (1, 4), "four were made");
}

#[test]
fn a_payment_and_its_refund_that_were_both_missed_leave_nothing() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    shop.hears_of_stars(Arrival::Never);
    let charge = ann.pays(&invoice).charge.unwrap();
    assert!(shop.sandbox().telegram().takes_back(&charge));
    shop.settles();
    shop.kill9();
    shop.start_again();
    ann.is_credited(&charge);
    assert_eq!((ann.gave_back(&charge), ann.credits(), shop.stars()), ((5, 0), 0, 0));
}

#[test]
fn a_refund_that_is_told_twice_takes_its_credits_once() {
    for arrival in [Arrival::Again, Arrival::Renumbered] {
        let shop = Setup::new().admin(BOSS).start();
        let ann = shop.customer(7).with_credits(0);
        let (first, _) = (ann.buys(PACK), ann.buys(PACK));
        shop.hears_of_stars(arrival);
        By::Telegram.gives_back(&shop, &first);
        assert_eq!(ann.gave_back(&first), (5, 0));
        shop.settles();
        assert_eq!((ann.credits(), shop.stars()), (5, PACK), "{arrival:?}");
    }
}
