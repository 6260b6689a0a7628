//! Telegram Stars.

use super::{Failure, Telegram};
use teloxide::payloads::RefundStarPayment;
use teloxide::types::{TelegramTransactionId, UserId};

/// Telegram has given the Stars back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StarsBack {
    /// By this call.
    Now,
    /// By an earlier one: the answer of that may have been lost.
    Before,
}

impl Telegram {
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
