//! A customer takes back what has not begun.

use super::{Shop, finish, owner, refresh};
use crate::clock::Millis;
use crate::db::{OrderId, Tx, UserId};
use crate::jobs::{self, End};
use crate::ledger;
use anyhow::Result;

/// What came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Videos; 0: all had begun, or ended.
    pub videos: i64,
    /// Credits that stay.
    pub credits: i64,
    /// Credits that came with them and went again at once: the payment they came with was given back
    /// before.
    pub repaid: i64,
}

/// Cancels exactly those of an order's videos for which the provider was not asked, and gives
/// their credits back. Whoever commits first wins: a createTask is written down before it is sent
/// and refused where the job has ended; one that is written down has begun. `None`: it is not this
/// customer's order.
pub fn take_back(
    tx: &Tx<'_>,
    shop: &Shop,
    user: UserId,
    order: OrderId,
    now: Millis,
) -> Result<Option<TakenBack>> {
    if owner(tx, order)? != Some(user) {
        return Ok(None);
    }
    let mut back = TakenBack::default();
    for id in jobs::unbegun(tx, order)? {
        let Some(job) = jobs::get(tx, id)? else { continue };
        let Some(credits) = jobs::end(tx, &job, &End::Canceled, now)? else { continue };
        jobs::note(tx, &job, "canceled", "by the customer", None, now)?;
        back.videos += 1;
        back.credits += credits;
        back.repaid += ledger::repaid(tx, id)?;
    }
    if back.videos > 0 {
        finish(tx, Some(order), now)?;
        refresh(tx, shop, Some(order), now)?;
    }
    Ok(Some(back))
}
