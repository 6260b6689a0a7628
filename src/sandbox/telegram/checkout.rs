//! Invoices, and people who pay them.
//!
//! ```text
//! Pay is pressed → pre_checkout_query → the bot says yes within ten seconds → the Stars are taken
//!                                     → it says no, or nothing: everything stays as it was
//! ```

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Telegram;
use super::calls::{Args, Outcome, Refusal};
use super::chat::{Button, Does, Invoice, Kind, Message};
use super::state::{State, USERNAME};
use crate::clock::{Clock, Millis, SECOND};

/// What the bot has to say whether somebody may pay, but never less than [`SOCKETS_TAKE`].
const ANSWER_TAKES: Millis = 10 * SECOND;
/// A fast clock does not make sockets faster: in real time.
const SOCKETS_TAKE: Duration = Duration::from_secs(5);
/// What one invoice may ask for.
const STARS: std::ops::RangeInclusive<i64> = 1..=100_000;
const LONGEST_START: usize = 64;

/// Somebody's attempt to pay.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The pre-checkout query's id.
    pub id: String,
    /// Who wants to pay.
    pub user: i64,
    /// How much.
    pub stars: i64,
    /// For what.
    pub payload: String,
    /// When Pay was pressed.
    pub at: Millis,
    /// What the bot said in time: yes, or no with its reason.
    pub answer: Option<Result<(), String>>,
    /// How long that took, in real time.
    pub took: Option<Duration>,
    /// It is too late for an answer.
    pub overdue: bool,
    /// The payment that came of it.
    pub charge: Option<String>,
    pressed: Instant,
}

#[derive(Default)]
pub(super) struct Counter {
    checkouts: Vec<Checkout>,
    /// Stars are taken even where the bot says no.
    heedless: bool,
}

impl Telegram {
    /// Presses Pay under an invoice in their chat; returns the query's id. `None`: there is no such
    /// button.
    pub fn pays(&self, user: i64, message_id: i64) -> Option<String> {
        let message = self.message(user, message_id)?;
        let pay = message.buttons.first()?.first()?;
        let invoice = message.invoice.filter(|_| pay.does == Does::Pay)?;
        Some(self.pays_for(user, &invoice))
    }

    /// Somebody pays what they say is an invoice of the bot's: one that was forwarded to them, or
    /// changed on its way.
    pub fn pays_for(&self, user: i64, invoice: &Invoice) -> String {
        let now = self.now();
        let mut state = self.state();
        let id = format!("{user}{:09}", 500_000_000 + state.counter.checkouts.len());
        let query = json!({
            "id": id, "from": state.chat(user, now).user.json(), "currency": "XTR",
            "total_amount": invoice.stars, "invoice_payload": invoice.payload
        });
        state.counter.checkouts.push(Checkout {
            id: id.clone(),
            user,
            stars: invoice.stars,
            payload: invoice.payload.clone(),
            at: now,
            answer: None,
            took: None,
            overdue: false,
            charge: None,
            pressed: Instant::now(),
        });
        state.updates.push("pre_checkout_query", query, now, Some(id.clone()));
        drop(state);
        self.changed();
        id
    }

    /// One attempt to pay.
    pub fn checkout(&self, id: &str) -> Option<Checkout> {
        self.checkouts().into_iter().rev().find(|it| it.id == id)
    }

    /// Every attempt to pay, oldest first.
    pub fn checkouts(&self) -> Vec<Checkout> {
        let now = self.now();
        let mut all = self.state().counter.checkouts.clone();
        for one in &mut all {
            one.overdue = one.answer.is_none() && one.is_late(now, &self.0.clock);
        }
        all
    }

    /// From now on the Stars are taken even where the bot says no.
    pub fn takes_stars_anyway(&self, heedless: bool) {
        self.state().counter.heedless = heedless;
    }

    /// `answerPreCheckoutQuery`.
    pub(super) fn answer_checkout(&self, state: &mut State, args: &Args, now: Millis) -> Outcome {
        let (ok, why) = (args.is("ok"), args.text("error_message").trim());
        if !ok && why.is_empty() {
            return Err(Refusal::broken("error message is empty"));
        }
        let heedless = state.counter.heedless;
        let id = args.text("pre_checkout_query_id");
        let mut all = state.counter.checkouts.iter_mut().rev();
        let one = all.find(|it| it.id == id);
        let open = |it: &&mut Checkout| it.answer.is_none() && !it.is_late(now, &self.0.clock);
        let Some(one) = one.filter(open) else {
            let text = "query is too old and response timeout expired or query ID is invalid";
            return Err(Refusal::plain(400, text));
        };
        one.answer = Some(if ok { Ok(()) } else { Err(why.to_owned()) });
        one.took = Some(one.pressed.elapsed());
        if ok || heedless {
            let paid = one.clone();
            let charge = state.takes_stars(paid.user, paid.stars, &paid.payload, now);
            let mut all = state.counter.checkouts.iter_mut();
            if let Some(one) = all.find(|it| it.id == paid.id) {
                one.charge = Some(charge);
            }
        }
        Ok(true.into())
    }
}

impl Checkout {
    fn is_late(&self, now: Millis, clock: &Clock) -> bool {
        now - self.at > ANSWER_TAKES.max(clock.span_of(SOCKETS_TAKE))
    }
}

/// What `sendInvoice` asks for, if Telegram would let it sell.
pub(super) fn invoice(args: &Args) -> Result<Invoice, Refusal> {
    if args.text("currency") != "XTR" {
        return Err(Refusal::broken("CURRENCY_INVALID"));
    }
    if !args.text("provider_token").is_empty() {
        return Err(Refusal::broken("PAYMENT_PROVIDER_INVALID"));
    }
    let prices = args.values.get("prices").and_then(Value::as_array);
    let Some([price]) = prices.map(Vec::as_slice) else {
        return Err(Refusal::broken("there must be exactly one price in an invoice in XTR"));
    };
    let stars = price["amount"].as_i64().filter(|stars| STARS.contains(stars));
    let Some(stars) = stars else {
        return Err(Refusal::broken("CURRENCY_TOTAL_AMOUNT_INVALID"));
    };
    let start = args.text("start_parameter");
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if start.len() > LONGEST_START || !start.chars().all(fits) {
        return Err(Refusal::broken("START_PARAM_INVALID"));
    }
    Ok(Invoice {
        title: args.text("title").to_owned(),
        description: args.text("description").to_owned(),
        payload: args.text("payload").to_owned(),
        stars,
        start_parameter: start.to_owned(),
    })
}

/// The buttons under a message, with the one that pays where it belongs.
pub(super) fn with_pay(
    invoice: Option<&Invoice>,
    mut rows: Vec<Vec<Button>>,
) -> Result<Vec<Vec<Button>>, Refusal> {
    let pays = rows.iter().flatten().filter(|button| button.does == Does::Pay).count();
    match invoice {
        None if pays > 0 => Err(Refusal::broken("BUTTON_TYPE_INVALID")),
        None => Ok(rows),
        Some(invoice) if rows.is_empty() => {
            let text = format!("Заплатить ⭐️{}", invoice.stars);
            rows.push(vec![Button { text, does: Does::Pay }]);
            Ok(rows)
        }
        Some(_) if pays == 1 && rows[0].first().is_some_and(|it| it.does == Does::Pay) => Ok(rows),
        Some(_) => Err(Refusal::broken("REPLY_MARKUP_BUY_EMPTY")),
    }
}

impl Message {
    /// The button under a copy of this invoice in somebody else's chat: Pay, or a link to the bot
    /// where the invoice has a start parameter.
    pub fn forwarded_button(&self) -> Option<Button> {
        let invoice = self.invoice.as_ref().filter(|_| self.kind == Kind::Invoice)?;
        let pay = self.buttons.first()?.first()?;
        if invoice.start_parameter.is_empty() {
            return Some(pay.clone());
        }
        let url = format!("https://t.me/{USERNAME}?start={}", invoice.start_parameter);
        Some(Button { text: pay.text.clone(), does: Does::Url(url) })
    }
}

impl Invoice {
    pub(super) fn json(&self) -> Value {
        json!({
            "title": self.title, "description": self.description,
            "start_parameter": self.start_parameter, "currency": "XTR",
            "total_amount": self.stars
        })
    }
}
