//! Payments of which the bot hears twice, or not at all.

use neurocards::clock::DAY;
use neurocards::sandbox::faults::{Action, Service};
use neurocards::sandbox::telegram::Arrival;

use crate::customer::{PACK, ru};
use crate::{Appliance, Customer, Setup};

/// A day passes in a few seconds.
const DAYS: f64 = 20_000.0;

/// How many receipts stand in a chat.
fn receipts(customer: &Customer<'_>) -> usize {
    let told = ["receipt", "receipt-late"].map(ru);
    let chat = customer.chat();
    chat.iter().filter(|it| told.iter().any(|text| it.text.starts_with(text))).count()
}

impl Appliance {
    /// How the newest payment became known, and how long after it was made.
    fn learnt(&self) -> (String, i64) {
        self.read(|conn| {
            let sql = "SELECT source, created_at - paid_at FROM payments ORDER BY id DESC LIMIT 1";
            Ok(conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })
    }
}

#[test]
fn a_payment_that_is_told_twice_is_credited_once() {
    for arrival in [Arrival::Again, Arrival::Renumbered] {
        let shop = Appliance::new();
        let ann = shop.customer(7).with_credits(0);
        shop.hears_of_stars(arrival);
        ann.buys(PACK);
        shop.settles();
        assert_eq!((ann.credits(), receipts(&ann), shop.payments()), (5, 1, 1), "{arrival:?}");
        // And once more after all: by a start, which compares.
        shop.kill9();
        shop.start_again();
        shop.settles();
        assert_eq!((ann.credits(), receipts(&ann), shop.payments()), (5, 1, 1), "{arrival:?}");
    }
}

#[test]
fn a_payment_that_was_missed_is_found_at_the_next_start() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    shop.hears_of_stars(Arrival::Never);
    let charge = ann.pays(&invoice).charge.unwrap();
    shop.settles();
    assert_eq!((ann.credits(), shop.payments(), shop.stars()), (0, 0, PACK));
    shop.kill9();
    shop.start_again();
    ann.is_credited(&charge);
    ann.hears(&ru("receipt-late"));
    assert_eq!((ann.credits(), shop.learnt().0.as_str()), (5, "reconciled"));
    // Nor is it paid for once more.
    shop.sandbox().telegram().tells_of_stars(Arrival::Once);
    ann.is_refused(&ann.pays(&invoice), "checkout-paid");
    shop.kill9();
    shop.start_again();
    shop.settles();
    assert_eq!((ann.credits(), receipts(&ann)), (5, 1));
}

#[test]
fn a_payment_that_was_missed_is_found_within_a_day_without_a_start() {
    let shop = Setup::new().rate(DAYS).start();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK);
    shop.hears_of_stars(Arrival::Never);
    let charge = ann.pays(&invoice).charge.unwrap();
    ann.is_credited(&charge);
    let (source, after) = shop.learnt();
    assert_eq!((source.as_str(), ann.credits()), ("reconciled", 5));
    assert!(after < 2 * DAY, "{after}");
}

#[test]
fn a_restored_backup_gets_the_payments_that_it_does_not_have() {
    let shop = Appliance::new();
    let (ann, bob) = (shop.customer(7).with_credits(0), shop.customer(8).with_credits(0));
    ann.buys(PACK);
    shop.settles();
    let file = shop.path("backups/copy.db");
    shop.commands(&["backup", file.to_str().unwrap()]);
    let (hers, his) = (ann.buys(PACK), bob.buys(550));
    shop.settles();
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    shop.commands(&["restore", file.to_str().unwrap()]);
    assert_eq!((ann.credits(), bob.credits()), (5, 0));
    // Menus, invoices and receipts stand in the chats, and not in the database.
    shop.expects(|it| it.maybe_twice = 9);
    shop.start_again();
    ann.is_credited(&hers);
    bob.is_credited(&his);
    assert_eq!((ann.credits(), bob.credits()), (10, 10), "what their payloads say");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM alerts WHERE cause LIKE 'payment%'"), 0);
}

#[test]
fn an_answer_to_a_pre_checkout_that_is_lost_is_given_again() {
    let slow_down = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",
                        "parameters":{"retry_after":1}}"#;
    for trouble in [
        Action::DropBefore,
        Action::DropAfter,
        Action::Html(502),
        Action::BrokenJson,
        Action::Status(429, slow_down.into()),
    ] {
        let shop = Appliance::new();
        let ann = shop.customer(7).with_credits(0);
        let invoice = ann.asks_for(PACK);
        let faults = shop.sandbox().faults();
        let fault =
            faults.on(Service::Telegram, "answerPreCheckoutQuery").nth(1).does(trouble.clone());
        let paid = ann.pays(&invoice);
        assert_eq!(paid.answer, Some(Ok(())), "{trouble:?}");
        ann.is_credited(&paid.charge.unwrap());
        assert_eq!((ann.credits(), faults.hits(fault)), (5, 1), "{trouble:?}");
    }
}

#[test]
fn many_missed_payments_are_found_page_by_page() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(0);
    let invoice = ann.asks_for(PACK).invoice.unwrap();
    shop.hears_of_stars(Arrival::Never);
    shop.sandbox().telegram().takes_stars_anyway(true);
    // More than Telegram tells of at once.
    let paid: Vec<_> = (0..103).map(|_| shop.sandbox().telegram().pays_for(7, &invoice)).collect();
    for query in &paid {
        ann.may_pay(query);
    }
    shop.kill9();
    shop.start_again();
    shop.waits_until("SELECT COUNT(*) = 103 FROM payments WHERE source = 'reconciled'");
    assert_eq!(ann.credits(), 5 * 103);
}
