//! Stars: what users paid, and what the bot gave back.

use super::Telegram;
use super::calls::{Args, Outcome, Refusal};
use super::state::State;

/// A payment, as Telegram remembers it.
pub(super) struct Charge {
    user: i64,
    stars: i64,
    refunded: bool,
}

impl Telegram {
    /// A payment of this user's exists; returns its charge id. The bot hears nothing of it.
    pub fn has_paid(&self, user: i64, stars: i64) -> String {
        let mut state = self.state();
        let id = format!("stx{user}x{:06}", state.charges.len() + 1);
        state.charges.insert(id.clone(), Charge { user, stars, refunded: false });
        id
    }

    /// The Stars that are the bot's: paid and not given back.
    pub fn stars(&self) -> i64 {
        let state = self.state();
        state.charges.values().filter(|charge| !charge.refunded).map(|charge| charge.stars).sum()
    }
}

/// `refundStarPayment`: the whole payment, once, to the one who paid it.
pub(super) fn refund(state: &mut State, args: &Args) -> Outcome {
    let user = args.number("user_id");
    let charge = state.charges.get_mut(args.text("telegram_payment_charge_id"));
    match charge.filter(|charge| Some(charge.user) == user) {
        None => Err(Refusal::plain(400, "CHARGE_NOT_FOUND")),
        Some(charge) if charge.refunded => Err(Refusal::plain(400, "CHARGE_ALREADY_REFUNDED")),
        Some(charge) => {
            charge.refunded = true;
            Ok(true.into())
        }
    }
}
