//! Before the provider's money is spent: what a customer wrote, judged by OpenAI's moderation, which
//! costs nothing. Once per order; its other videos know the verdict.

use super::{commit, fail};
use crate::clock::{Millis, SECOND};
use crate::jobs::{self, Job, Why};
use crate::orders::{self, Judged};
use crate::worker::Desk;
use crate::worker::calls::counted;
use anyhow::Result;

/// The call's total deadline.
const TIMEOUT: Millis = 15 * SECOND;

/// Asks, where nobody has asked yet. `true`: this turn of the job is over. Without a key of OpenAI's,
/// and for a row inserted by hand, nobody is asked.
pub(super) fn judge(desk: &Desk, job: &Job) -> Result<bool> {
    let (Some(openai), Some((_, key)), Some(order)) =
        (&desk.openai, &desk.options.openai, job.order)
    else {
        return Ok(false);
    };
    match desk.db.read(|conn| orders::judged(conn, order))? {
        Judged::Fit => return Ok(false),
        Judged::Unfit(why) => {
            fail(desk, job, Why::Words, &why)?;
            return Ok(true);
        }
        Judged::NotYet => {}
    }
    let judge = || openai.moderate(key, &words(job), desk.clock.deadline(TIMEOUT));
    let verdict = counted("openai", "moderations", judge);
    if desk.stopping() {
        return Ok(true);
    }
    // The provider judges, too: a moderation that does not answer holds up nobody.
    let unfit = verdict.unwrap_or_else(|trouble| {
        let (id, order) = (job.id.0, order.0);
        tracing::warn!(job.id = id, order.id = order, error = %trouble, "the words could not be judged");
        Vec::new()
    });
    // An own prompt needs no other call, so its turn goes on.
    let own_prompt = job.product.user_prompt.is_some();
    commit(desk, job, move |tx, shop, job, now| {
        if !jobs::is_held(tx, job)? {
            return Ok(true);
        }
        match orders::judge(tx, order, &unfit, now)? {
            Judged::Unfit(why) => orders::fail(tx, shop, job, Why::Words, &why, now)?,
            _ if own_prompt => return Ok(false),
            _ => jobs::back_in_line(tx, job, now)?,
        }
        Ok(true)
    })
}

/// All that the customer wrote.
fn words(job: &Job) -> String {
    let product = &job.product;
    let change = product.refines.as_ref().map(|refines| refines.change.as_str());
    let own = product.user_prompt.as_deref();
    let all = [Some(product.text.as_str()), own, job.wishes.as_deref(), change];
    all.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}
