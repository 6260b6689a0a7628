//! Stars that go back by `neurocards refund-payment`.

use neurocards::db::Db;
use neurocards::payments::{self, Payment, Received, Source};
use neurocards::sandbox::faults::{Action, Service};
use neurocards::sandbox::telegram::Arrival;
use neurocards::users;

use crate::customer::PACK;
use crate::{Appliance, Customer, OWN};

impl Customer<'_> {
    /// Has a payment that another bot's Telegram took.
    fn has_paid_elsewhere(&self, charge: &str, credits: i64) {
        self.of.expects(|it| it.strange_charges = 1);
        let (id, charge_id) = (self.id, charge.to_owned());
        let now = self.of.sandbox().options().clock.now();
        let db = Db::open_existing(&self.of.data()).unwrap();
        let received = db.write(move |tx| {
            let payment = Payment {
                user: users::by_tg(tx, id)?.unwrap().id,
                charge_id: &charge_id,
                stars: 300,
                credits,
                payload: "pack:5",
                source: Source::Update,
                paid_at: now,
            };
            payments::received(tx, &payment, now)
        });
        assert!(matches!(received.unwrap(), Received::Credited(_)));
    }
}

impl Appliance {
    fn refuses(&self, args: &[&str], code: i32, word: &str) {
        let output = self.command(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(word) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn a_refund_gives_the_stars_back_and_takes_what_is_left_of_the_credits() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(0);
    let (first, second) = (ann.buys(PACK), ann.buys(PACK));
    ann.orders(3, OWN).arrives();
    ann.acts();
    let said = shop.commands(&["refund-payment", &first, "--yes"]);
    assert!(said.contains("300 Stars are back") && said.contains("5 credits taken"), "{said}");
    ann.hears("300 Stars");
    assert_eq!((ann.credits(), shop.sandbox().telegram().stars()), (2, 300));
    let said = shop.commands(&["refund-payment", &second, "--yes"]);
    assert!(
        said.contains(
            "2 credits taken, 3 are owed: spent, lost with deleted data, or held by videos"
        ),
        "{said}"
    );
    assert_eq!((ann.credits(), shop.sandbox().telegram().stars()), (0, 0));

    shop.refuses(&["refund-payment", &first, "--yes"], 1, "went back before");
    shop.refuses(&["refund-payment", "nosuch", "--yes"], 1, "neurocards payments");
    assert_eq!(shop.sandbox().telegram().calls("refundStarPayment"), 2);
    let list: serde_json::Value =
        serde_json::from_str(&shop.commands(&["payments", "--json"])).unwrap();
    assert_eq!(list["today"]["stars_back"], 600);
    assert_eq!(
        (&list["payments"][0]["owed"], &list["payments"][1]["taken_back"]),
        (&3.into(), &5.into())
    );
    assert!(shop.commands(&["payments"]).contains(&first));
    let lines: i64 = shop.value("SELECT COUNT(*) FROM audit WHERE action = 'refund-payment'");
    assert_eq!(lines, 2);
}

#[test]
fn a_refund_whose_answers_are_lost_takes_no_credits_until_it_is_run_again() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(0);
    let charge = ann.buys(PACK);
    // Nor does the bot hear of it by itself.
    shop.hears_of_stars(Arrival::Never);
    let fault =
        shop.sandbox().faults().on(Service::Telegram, "refundStarPayment").does(Action::DropAfter);
    shop.refuses(&["refund-payment", &charge, "--yes"], 1, "again");
    assert_eq!((ann.credits(), shop.sandbox().telegram().stars()), (5, 0), "as after a crash");
    assert!(shop.commands(&["payments"]).contains("refund"), "it is visible");
    shop.sandbox().faults().remove(fault);
    let said = shop.commands(&["refund-payment", &charge, "--yes"]);
    assert!(said.contains("were back already"), "{said}");
    assert_eq!(ann.credits(), 0);
}

#[test]
fn a_lost_answer_is_asked_for_again_and_the_credits_go_once() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    let charge = ann.buys(PACK);
    let faults = shop.sandbox().faults();
    faults.on(Service::Telegram, "refundStarPayment").nth(1).does(Action::DropAfter);
    shop.commands(&["refund-payment", &charge, "--yes"]);
    assert_eq!((ann.credits(), shop.sandbox().telegram().stars()), (3, 0));
}

#[test]
fn a_refund_that_telegram_refuses_takes_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(0);
    ann.has_paid_elsewhere("unknown", 5);
    shop.refuses(&["refund-payment", "unknown", "--yes"], 1, "does not know this charge");
    shop.refuses(&["refund-payment", "unknown"], 2, "--yes");
    assert_eq!(ann.credits(), 5);
    let open: bool = shop.value("SELECT refund_asked_at IS NULL FROM payments");
    assert!(open, "it can be tried again");
}
