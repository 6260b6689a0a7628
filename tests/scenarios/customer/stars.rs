//! Customers who pay in Stars.

use neurocards::sandbox::telegram::{Arrival, Checkout, Invoice, Message};

use super::Customer;
use crate::Appliance;

/// The smallest pack, unless the settings say otherwise: five credits for so many Stars.
pub(crate) const PACK: i64 = 300;

impl Customer<'_> {
    /// Gets the invoice of the pack of this price, by way of the cabinet.
    #[track_caller]
    pub(crate) fn asks_for(&self, stars: i64) -> Message {
        self.says("/start");
        self.presses("👤");
        self.presses("💳");
        self.picks(stars)
    }

    /// The same where the packs are in sight already.
    #[track_caller]
    pub(crate) fn picks(&self, stars: i64) -> Message {
        let number = stars.to_string();
        let is_it = |label: &str| {
            let mut numbers = label.split(|c: char| !c.is_ascii_digit());
            label.contains('⭐') && numbers.any(|it| it == number)
        };
        let shown = |message: &Message| {
            let mut buttons = message.buttons.iter().flatten();
            buttons.find(|it| is_it(&it.text)).map(|it| it.text.clone())
        };
        let packs = self.finds(&format!("a pack for {stars}"), |it| shown(it).is_some());
        self.presses(&shown(&packs).unwrap());
        self.finds("an invoice", |message| message.invoice.is_some())
    }

    /// Presses Pay; returns what came of it.
    #[track_caller]
    pub(crate) fn pays(&self, invoice: &Message) -> Checkout {
        self.acts();
        let query = self.of.sandbox().telegram().pays(self.id, invoice.id);
        self.may_pay(&query.unwrap())
    }

    /// The same for an invoice that is somebody else's, or a forged one.
    #[track_caller]
    pub(crate) fn pays_for(&self, invoice: &Invoice) -> Checkout {
        self.acts();
        let query = self.of.sandbox().telegram().pays_for(self.id, invoice);
        self.may_pay(&query)
    }

    #[track_caller]
    pub(crate) fn may_pay(&self, query: &str) -> Checkout {
        let telegram = self.of.sandbox().telegram();
        self.of.waits_for("the bot's word on a payment", || {
            telegram.checkout(query).filter(|it| it.answer.is_some())
        })
    }

    /// Buys the pack of this price and has its credits; returns the charge.
    #[track_caller]
    pub(crate) fn buys(&self, stars: i64) -> String {
        let paid = self.pays(&self.asks_for(stars));
        assert_eq!(paid.answer, Some(Ok(())));
        let charge = paid.charge.unwrap();
        self.is_credited(&charge);
        charge
    }

    /// Until the credits of a charge are there.
    #[track_caller]
    pub(crate) fn is_credited(&self, charge: &str) {
        self.of.waits_until(&format!(
            "SELECT COUNT(*) = 1 FROM payments WHERE telegram_payment_charge_id = '{charge}'"
        ));
    }

    /// The Stars that have left them for good.
    pub(crate) fn stars(&self) -> i64 {
        self.of.sandbox().telegram().stars_of(self.id)
    }
}

impl Appliance {
    /// The Stars that are the bot's.
    pub(crate) fn stars(&self) -> i64 {
        self.sandbox().telegram().stars()
    }

    /// From now on it hears so of Stars.
    pub(crate) fn hears_of_stars(&self, arrival: Arrival) {
        self.sandbox().telegram().tells_of_stars(arrival);
    }

    /// So many payments are known, whatever became of them.
    pub(crate) fn payments(&self) -> i64 {
        self.value("SELECT COUNT(*) FROM payments")
    }
}
