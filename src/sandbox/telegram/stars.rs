//! Stars: what people paid, what went back to them, and the account that Telegram keeps of both.

use serde_json::{Value, json};

use super::Telegram;
use super::calls::{Args, Outcome, Refusal};
use super::state::{State, bot};
use crate::clock::Millis;

/// `getStarTransactions` gives no more at once.
const LONGEST_PAGE: i64 = 100;

/// A payment, as Telegram remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// `telegram_payment_charge_id`.
    pub id: String,
    /// Who paid.
    pub user: i64,
    /// How much.
    pub stars: i64,
    /// The payload of what was paid.
    pub payload: String,
    /// When.
    pub at: Millis,
    /// The Stars are back with the payer.
    pub refunded: bool,
}

/// How the bot hears of Stars that come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrival {
    /// By one update.
    #[default]
    Once,
    /// Not at all: only the account of Stars knows.
    Never,
    /// By one update that comes twice.
    Again,
    /// By two updates, each with a number of its own.
    Renumbered,
}

/// The account of Stars.
#[derive(Default)]
pub(super) struct Account {
    charges: Vec<Charge>,
    transactions: Vec<Transaction>,
    pub(super) arrival: Arrival,
}

/// A line of the account, by its charge.
struct Transaction {
    charge: usize,
    at: Millis,
    back: bool,
}

impl Telegram {
    /// From now on the bot hears so of payments and refunds.
    pub fn tells_of_stars(&self, arrival: Arrival) {
        self.state().account.arrival = arrival;
    }

    /// Every payment so far, oldest first.
    pub fn charges(&self) -> Vec<Charge> {
        self.state().account.charges.clone()
    }

    /// The Stars that are the bot's: paid and not given back.
    pub fn stars(&self) -> i64 {
        self.kept(|_| true)
    }

    /// The Stars that have left one person for good.
    pub fn stars_of(&self, user: i64) -> i64 {
        self.kept(|charge| charge.user == user)
    }

    fn kept(&self, whose: impl Fn(&Charge) -> bool) -> i64 {
        let state = self.state();
        let kept = state.account.charges.iter().filter(|it| !it.refunded && whose(it));
        kept.map(|charge| charge.stars).sum()
    }

    /// Telegram itself gives a payment back, as an app store does; `false` where it went back
    /// before, or never came.
    pub fn takes_back(&self, charge: &str) -> bool {
        let now = self.now();
        let mut state = self.state();
        let open = |it: &Charge| it.id == charge && !it.refunded;
        let Some(at) = state.account.charges.iter().position(open) else { return false };
        // Such a message is said to be the person's.
        let user = state.account.charges[at].user;
        let from = state.chat(user, now).user.json();
        state.gives_back(at, from, now);
        drop(state);
        self.changed();
        true
    }

    /// `refundStarPayment`: the whole payment, once, to the one who paid it.
    pub(super) fn refund(&self, state: &mut State, args: &Args, now: Millis) -> Outcome {
        let (user, id) = (args.number("user_id"), args.text("telegram_payment_charge_id"));
        let mut charges = state.account.charges.iter();
        let Some(at) = charges.position(|it| it.id == id && Some(it.user) == user) else {
            return Err(Refusal::plain(400, "CHARGE_NOT_FOUND"));
        };
        if state.account.charges[at].refunded {
            return Err(Refusal::plain(400, "CHARGE_ALREADY_REFUNDED"));
        }
        // And this one is the bot's.
        state.gives_back(at, bot(&self.0.token), now);
        Ok(true.into())
    }
}

impl State {
    /// The Stars are the bot's now, and it hears of them. Returns the charge's id.
    pub(super) fn takes_stars(
        &mut self,
        user: i64,
        stars: i64,
        payload: &str,
        now: Millis,
    ) -> String {
        let id = format!("stx{user}x{:06}", self.account.charges.len() + 1);
        let payload = payload.to_owned();
        let charge = Charge { id: id.clone(), user, stars, payload, at: now, refunded: false };
        let from = {
            let chat = self.chat(user, now);
            // Who pays a bot lets it write.
            chat.open = true;
            chat.revision += 1;
            chat.user.json()
        };
        let mut paid = payment(&charge);
        // Where Stars are paid there is no provider.
        paid["provider_payment_charge_id"] =
            json!(format!("{user}_{}", self.account.charges.len()));
        let at = self.account.charges.len();
        self.account.charges.push(charge);
        self.account.transactions.push(Transaction { charge: at, at: now, back: false });
        self.tells("successful_payment", user, from, &paid, now);
        id
    }

    fn gives_back(&mut self, at: usize, from: Value, now: Millis) {
        let charge = &mut self.account.charges[at];
        charge.refunded = true;
        let (user, paid) = (charge.user, payment(charge));
        self.account.transactions.push(Transaction { charge: at, at: now, back: true });
        self.tells("refunded_payment", user, from, &paid, now);
    }

    /// A service message in the chat.
    fn tells(&mut self, what: &str, user: i64, from: Value, paid: &Value, now: Millis) {
        let id = self.next_message();
        let chat = self.chat(user, now).json();
        let mut message =
            json!({ "message_id": id, "date": now / 1_000, "from": from, "chat": chat });
        message[what] = paid.clone();
        let arrival = self.account.arrival;
        let twice = self.updates.twice;
        self.updates.twice |= arrival == Arrival::Again;
        let times = match arrival {
            Arrival::Never => 0,
            Arrival::Once | Arrival::Again => 1,
            Arrival::Renumbered => 2,
        };
        for _ in 0..times {
            self.updates.push("message", message.clone(), now, None);
        }
        self.updates.twice = twice;
    }

    /// `getStarTransactions`: a page of the account, oldest first.
    pub(super) fn transactions(&mut self, args: &Args, now: Millis) -> Outcome {
        let offset = args.number("offset").unwrap_or(0);
        let limit = args.number("limit").unwrap_or(LONGEST_PAGE);
        let Ok(offset) = usize::try_from(offset) else {
            return Err(Refusal::broken("invalid offset specified"));
        };
        if !(1..=LONGEST_PAGE).contains(&limit) {
            return Err(Refusal::broken("invalid limit specified"));
        }
        let page = self.account.transactions.iter().skip(offset).take(limit as usize);
        let page: Vec<_> = page.map(|it| (it.charge, it.at, it.back)).collect();
        let lines = page.into_iter().map(|(at, when, back)| {
            let charge = self.account.charges[at].clone();
            let partner = json!({
                "type": "user", "transaction_type": "invoice_payment",
                "user": self.chat(charge.user, now).user.json(), "invoice_payload": charge.payload
            });
            let mut line = json!({ "id": charge.id, "amount": charge.stars, "date": when / 1_000 });
            line[if back { "receiver" } else { "source" }] = partner;
            line
        });
        Ok(json!({ "transactions": lines.collect::<Vec<_>>() }))
    }
}

/// What payments and refunds have in common.
fn payment(charge: &Charge) -> Value {
    json!({
        "currency": "XTR", "total_amount": charge.stars, "invoice_payload": charge.payload,
        "telegram_payment_charge_id": charge.id
    })
}
