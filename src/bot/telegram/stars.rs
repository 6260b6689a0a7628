//! Telegram Stars.

use super::methods::Sent;
use super::{Failure, Telegram};
use crate::clock::{Millis, SECOND};
use crate::flow::BUY;
use serde_json::Value;
use teloxide::payloads::{
    AnswerPreCheckoutQuery, AnswerPreCheckoutQuerySetters as _, GetStarTransactions,
    GetStarTransactionsSetters as _, RefundStarPayment, SendInvoice, SendInvoiceSetters as _,
};
use teloxide::types::{ChatId, LabeledPrice, PreCheckoutQueryId, TelegramTransactionId, UserId};

/// Transactions that one call brings at most.
pub const PAGE: u32 = 100;
/// An answer that takes longer is better given anew: Telegram waits ten seconds in all.
const CHECKOUT: Millis = 3 * SECOND;

/// Telegram has given the Stars back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StarsBack {
    /// By this call.
    Now,
    /// By an earlier one: the answer of that may have been lost.
    Before,
}

/// An invoice in Stars, in plain words.
#[derive(Clone, Copy, Debug)]
pub struct Bill<'a> {
    pub title: &'a str,
    pub description: &'a str,
    pub payload: &'a str,
    pub stars: i64,
}

impl Telegram {
    /// Sends an invoice.
    pub async fn send_invoice(&self, chat_id: i64, bill: Bill<'_>) -> Result<Sent, Failure> {
        let stars = u32::try_from(bill.stars)
            .map_err(|_| Failure::BadRequest("no number of Stars".into()))?;
        let price = LabeledPrice { label: bill.title.to_owned(), amount: stars };
        let chat = ChatId(chat_id);
        let payload =
            SendInvoice::new(chat, bill.title, bill.description, bill.payload, "XTR", [price])
                .provider_token("")
                // A forwarded copy has a link to the bot instead of its button to pay.
                .start_parameter(BUY);
        self.call(&payload).await.map(|reply| Sent::of(&reply))
    }

    /// Lets somebody pay, or tells them why not, in up to 255 characters.
    pub async fn answer_checkout(&self, query: &str, refusal: Option<&str>) -> Result<(), Failure> {
        let id = PreCheckoutQueryId(query.to_owned());
        let mut payload = AnswerPreCheckoutQuery::new(id, refusal.is_none());
        if let Some(words) = refusal {
            payload = payload.error_message(words);
        }
        self.call_within(&payload, CHECKOUT).await.map(drop)
    }

    /// Up to [`PAGE`] of the bot's transactions, the oldest first, without the first `offset`.
    pub async fn star_transactions(&self, offset: u32) -> Result<Vec<Value>, Failure> {
        let payload = GetStarTransactions::new().offset(offset).limit(PAGE as u8);
        let mut reply = self.call(&payload).await?;
        match reply["transactions"].take() {
            Value::Array(entries) => Ok(entries),
            _ => Err(Failure::Lost("an answer without transactions".into())),
        }
    }

    /// Gives a payment in Stars back. It happens once, however often it is asked for.
    pub async fn refund_stars(&self, user: i64, charge_id: &str) -> Result<StarsBack, Failure> {
        let user = u64::try_from(user).map_err(|_| Failure::BadRequest("no user's id".into()))?;
        let charge = TelegramTransactionId(charge_id.to_owned());
        match self.call(&RefundStarPayment::new(UserId(user), charge)).await {
            Ok(_) => Ok(StarsBack::Now),
            Err(Failure::BadRequest(text)) if text.contains("CHARGE_ALREADY_REFUNDED") => {
                Ok(StarsBack::Before)
            }
            Err(failure) => Err(failure),
        }
    }
}
