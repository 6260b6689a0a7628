//! Credits for Telegram Stars: what is paid is there, once, whatever the customer, Telegram or a
//! crash does. At the end of each scenario Telegram's account of Stars, the payments and the ledger
//! say the same (`promises::stars`).

mod doubtful;
mod killed;
mod taken_back;

use std::time::Duration;

use neurocards::clock::{MINUTE, Millis};
use neurocards::sandbox::faults::{Action, Service};
use neurocards::sandbox::telegram::{Checkout, Does, Invoice};

use crate::customer::{PACK, ru};
use crate::{Appliance, Customer, OWN, Setup};

/// Of the operator, who hears of what is odd.
const BOSS: i64 = 99;

impl Customer<'_> {
    /// Wants to pay, and is told why not; nothing was taken.
    #[track_caller]
    fn is_refused(&self, paid: &Checkout, why: &str) {
        assert_eq!(paid.answer, Some(Err(ru(why))), "{why}");
        assert_eq!(paid.charge, None, "{why}");
    }
}

impl Appliance {
    /// Stars are taken though the bot says no, as where its answer was lost.
    fn takes_stars_anyway(&self) {
        self.sandbox().telegram().takes_stars_anyway(true);
    }

    /// The operator was told of a payment.
    #[track_caller]
    fn alerts_of(&self, charge: &str) {
        let sql = format!("SELECT COUNT(*) FROM alerts WHERE cause = 'payment:{charge}'");
        self.waits_until(&sql);
    }
}

#[test]
fn whoever_lacks_credits_buys_some_and_gets_the_very_order_that_waited() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.describes(OWN);
    ann.presses("3️⃣");
    ann.presses("💳");
    let paid = ann.pays(&ann.picks(PACK));
    assert_eq!((paid.answer, paid.stars), (Some(Ok(())), PACK));
    assert!(ann.sees("▶️").text.contains("5 кредитов"), "the receipt");
    ann.presses("▶️");
    assert!(ann.sees("✅").text.contains("Видео: 3"), "just that order");
    ann.starts(3).arrives();
    assert_eq!((ann.credits(), ann.stars(), shop.stars()), (1 + 5 - 3, PACK, PACK));
    let line: String = shop.value(
        "SELECT group_concat(kind || ' ' || delta, ', ') FROM
            (SELECT kind, delta FROM ledger WHERE kind = 'purchase' ORDER BY id)",
    );
    assert_eq!(line, "purchase 5");
}

#[test]
fn an_invoice_is_paid_once() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    let charge = ann.pays(&invoice).charge.unwrap();
    ann.is_credited(&charge);
    let again = ann.pays(&invoice);
    ann.is_refused(&again, "checkout-paid");
    assert_eq!((ann.credits(), ann.stars()), (5, PACK));
    // What was taken all the same was paid for something.
    shop.takes_stars_anyway();
    let charge = ann.pays(&invoice).charge.unwrap();
    ann.is_credited(&charge);
    shop.alerts_of(&charge);
    assert_eq!((ann.credits(), ann.stars()), (10, 2 * PACK));
}

#[test]
fn pay_that_is_pressed_on_two_phones_at_once_takes_no_stars_for_nothing() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    let telegram = shop.sandbox().telegram();
    let presses = [(); 4].map(|()| telegram.pays(7, invoice.id).unwrap());
    let paid = presses.iter().filter(|it| ann.may_pay(it).charge.is_some()).count() as i64;
    shop.waits_until(&format!("SELECT COUNT(*) = {paid} FROM payments"));
    assert!(paid >= 1 && (ann.credits(), ann.stars()) == (5 * paid, PACK * paid), "{paid}");
}

#[test]
fn a_forwarded_invoice_is_paid_by_its_customer_alone() {
    let shop = Setup::new().admin(BOSS).start();
    let (ann, bob) = (shop.customer(7).with_credits(0), shop.customer(8).with_credits(0));
    let invoice = ann.asks_for(PACK);
    let Does::Url(link) = invoice.forwarded_button().unwrap().does else {
        panic!("a copy can be paid by anybody")
    };
    // The copy leads to the bot, which knows what to do with whoever comes by it.
    let (_, start) = link.split_once("?start=").unwrap();
    bob.says(&format!("/start {start}"));
    bob.sees("⭐");
    let offer = invoice.invoice.clone().unwrap();
    bob.is_refused(&bob.pays_for(&offer), "checkout-foreign");
    assert_eq!((ann.credits(), bob.credits(), shop.stars()), (0, 0, 0));
    // Somebody whom the bot has never seen.
    let eve = shop.sandbox().telegram().pays_for(9, &offer);
    let eve = Customer::again(&shop, 9).may_pay(&eve);
    assert_eq!((eve.answer, eve.charge), (Some(Err(ru("checkout-foreign"))), None));

    shop.takes_stars_anyway();
    for (payer, before) in [(bob, 0), (Customer::again(&shop, 9), 2)] {
        let charge = payer.pays_for(&offer).charge.unwrap();
        payer.is_credited(&charge);
        shop.alerts_of(&charge);
        assert_eq!(payer.credits(), before + 5, "credited to whoever paid: {}", payer.id);
    }
    let paid = ann.pays(&invoice);
    assert_eq!(paid.answer, Some(Ok(())), "hers is still open");
    ann.is_credited(&paid.charge.unwrap());
    assert_eq!((ann.credits(), shop.stars()), (5, 3 * PACK));
}

#[test]
fn a_forged_invoice_is_refused_and_if_it_was_paid_its_stars_buy_what_they_buy() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let real = ann.asks_for(PACK).invoice.unwrap();
    let forged =
        |payload: &str, stars: i64| Invoice { payload: payload.into(), stars, ..real.clone() };
    let mine = real.payload.rsplit(':').next().unwrap().to_owned();
    for (offer, why, credits) in [
        // More for the same.
        (forged(&format!("pack:500:300:{mine}"), PACK), "checkout-over", 5),
        // The same for less: the payload agrees, the invoice does not.
        (forged(&format!("pack:5:1:{mine}"), 1), "checkout-over", 1),
        (forged("pack:5:300:4711", PACK), "checkout-over", 5),
        (forged("pack:1000000:1:4711", 1), "checkout-over", 1),
        (forged("hello", PACK), "checkout-over", 5),
        (forged("pack:5:300:99999999999999999999", 2 * PACK), "checkout-over", 10),
        // The right invoice, another amount.
        (forged(&real.payload, 1), "checkout-changed", 1),
        (forged(&real.payload, 100), "checkout-changed", 1),
        (forged(&real.payload, 10 * PACK), "checkout-changed", 50),
    ] {
        shop.sandbox().telegram().takes_stars_anyway(false);
        let (had, stars) = (ann.credits(), shop.stars());
        ann.is_refused(&ann.pays_for(&offer), why);
        assert_eq!((ann.credits(), shop.stars()), (had, stars), "{offer:?}");
        shop.takes_stars_anyway();
        let charge = ann.pays_for(&offer).charge.unwrap();
        ann.is_credited(&charge);
        assert_eq!(ann.credits() - had, credits, "{offer:?}");
        if offer.payload != "pack:5:300:4711" {
            shop.alerts_of(&charge);
        }
    }
    let paid = ann.pays_for(&real);
    assert_eq!(paid.answer, Some(Ok(())), "none of that closed the real one");
}

#[test]
fn what_may_not_be_sold_any_more_is_refused_before_it_is_paid() {
    let shop = Setup::new().admin(BOSS).start();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    shop.commands(&["pause"]);
    ann.is_refused(&ann.pays(&invoice), "closed-paused");
    shop.commands(&["resume"]);
    shop.writes("UPDATE users SET banned_at = 1 WHERE tg_user_id = 7");
    ann.is_refused(&ann.pays(&invoice), "closed-banned");
    shop.writes("UPDATE users SET banned_at = NULL");
    shop.writes("UPDATE invoices SET created_at = created_at - 24 * 3600 * 1000");
    ann.is_refused(&ann.pays(&invoice), "checkout-over");
    assert_eq!((ann.credits(), shop.stars()), (0, 0));
    let fresh = ann.asks_for(PACK);
    assert_ne!(fresh.invoice, invoice.invoice, "an old one is not shown again");
    ann.is_credited(&ann.pays(&fresh).charge.unwrap());
}

#[test]
fn a_price_that_was_changed_sells_no_old_invoice() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    shop.settles();
    assert!(shop.sigterm().0.success());
    shop.configures("[credits]\npacks = [ { credits = 5, stars = 400 } ]");
    shop.start_again();
    ann.is_refused(&ann.pays(&invoice), "checkout-changed");
    ann.buys(400);
    assert_eq!((ann.credits(), ann.stars()), (5, 400));
}

/// Slow enough that its second is one that counts, too.
const NEARLY_REAL: f64 = 10.0;
/// More than the bot serves at a time, and each of them with several messages.
const OTHERS: i64 = 40;
const EACH: i64 = 5;

#[test]
fn a_pre_checkout_is_answered_within_a_second_while_200_messages_wait() {
    let shop = Setup::new().rate(NEARLY_REAL).start();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    let others: Vec<_> = (100..100 + OTHERS).map(|id| shop.customer(id)).collect();
    for other in &others {
        other.presses("🎬");
        other.hears("📸");
    }
    shop.settles();
    // Whoever fetches a picture waits for it until the line is cut.
    let held = shop.sandbox().faults().on(Service::Telegram, "/file/").does(held_up());
    for other in &others {
        for _ in 0..EACH {
            other.sends_photo(b"this is no picture".to_vec());
        }
    }
    let waiting = "SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL AND body LIKE '%\"photo\"%'";
    shop.waits_until(&format!("SELECT ({waiting}) = {}", OTHERS * EACH));
    let paid = ann.pays(&invoice);
    let still: i64 = shop.value(waiting);
    assert_eq!(paid.answer, Some(Ok(())));
    assert!(paid.took.unwrap() < Duration::from_secs(1), "{:?}", paid.took);
    assert_eq!(still, OTHERS * EACH, "and nobody else had moved meanwhile");
    shop.sandbox().faults().remove(held);
    ann.is_credited(&paid.charge.unwrap());
}

fn held_up() -> Action {
    const LINE: Millis = MINUTE / 2;
    Action::Hang(LINE)
}
