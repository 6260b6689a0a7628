//! Telegram's account of Stars, held against the payments.

use std::collections::BTreeMap;

use anyhow::Result;
use neurocards::sandbox::Sandbox;
use neurocards::text::Lang;
use rusqlite::Connection;

use crate::appliance::Expected;
use crate::customer::text;
use crate::deaths::{Death, excused_messages};

/// A payment as the database has it.
struct Paid {
    user: i64,
    stars: i64,
    refunded: bool,
    /// Its customer was told, or has left since: a backup that is put back learns no more of it.
    told: bool,
}

/// Each charge that Telegram took is one payment, each that it gave back is a refund, and the sums
/// are the same. That a payment and its credits go together is the database's own promise.
pub(super) fn of_the_stars(
    conn: &Connection,
    sandbox: &Sandbox,
    expected: &Expected,
    deaths: &[Death],
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let telegram = sandbox.telegram();
    let mut payments = payments(conn)?;
    let mut kept = 0;
    for charge in telegram.charges() {
        let id = &charge.id;
        let Some(paid) = payments.remove(id) else {
            broken.push(format!("{} paid {} Stars for nothing: {id}", charge.user, charge.stars));
            continue;
        };
        kept += if paid.refunded { 0 } else { paid.stars };
        if (paid.user, paid.stars) != (charge.user, charge.stars) {
            let (user, stars) = (paid.user, paid.stars);
            broken.push(format!("{id} stands for {stars} Stars of {user}: {charge:?}"));
        }
        if paid.refunded != charge.refunded {
            broken.push(format!("{id} was refunded: {}, not so the Stars", paid.refunded));
        }
        if !paid.told {
            broken.push(format!("{} never heard of {id}", charge.user));
        }
    }
    if payments.len() != expected.strange_charges {
        broken.push(format!("payments of which Telegram does not know: {:?}", payments.keys()));
    }
    if kept != telegram.stars() {
        broken.push(format!("{} Stars are the bot's, and {kept} were paid", telegram.stars()));
    }
    let silent = telegram.checkouts().into_iter().filter(|it| it.answer.is_none()).count();
    if silent > expected.unanswered + deaths.len() {
        broken.push(format!("{silent} people never heard whether they may pay"));
    }
    broken.extend(receipts(conn, sandbox, expected, deaths)?);
    Ok(broken)
}

/// Nobody reads of one payment twice, but for a message whose answer was lost.
fn receipts(
    conn: &Connection,
    sandbox: &Sandbox,
    expected: &Expected,
    deaths: &[Death],
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let excused = excused_messages(deaths);
    let words: Vec<String> = [Lang::Ru, Lang::En]
        .iter()
        .flat_map(|lang| ["receipt", "receipt-late"].map(|id| text(*lang, id)))
        .collect();
    for user in sandbox.telegram().users() {
        let mut chat = sandbox.telegram().messages(user);
        chat.retain(|it| words.iter().any(|words| it.text.starts_with(words)));
        chat.retain(|it| !excused.contains(&(user, it.id)));
        let sql = "SELECT (SELECT COUNT(*)
                           FROM payments
                           JOIN users ON users.id = user_id
                           WHERE tg_user_id = ?1)
                        + (SELECT COALESCE(SUM(lost), 0) FROM outbox WHERE chat_id = ?1)";
        let most: i64 = conn.query_row(sql, [user], |row| row.get(0))?;
        if chat.len() as i64 > most + expected.maybe_twice {
            broken.push(format!("{user} has {} receipts for {most} payments", chat.len()));
        }
    }
    Ok(broken)
}

/// By charge.
fn payments(conn: &Connection) -> Result<BTreeMap<String, Paid>> {
    let mut query = conn.prepare(
        "SELECT telegram_payment_charge_id, tg_user_id, stars, refunded_at IS NOT NULL,
                EXISTS (SELECT 1 FROM outbox WHERE key = 'receipt:' || telegram_payment_charge_id)
                OR EXISTS (SELECT 1 FROM ledger
                           WHERE key = 'purchase:' || telegram_payment_charge_id
                             AND id <= left_line)
         FROM payments
         JOIN users ON users.id = user_id",
    )?;
    let rows = query.query_map([], |row| {
        let paid = Paid {
            user: row.get(1)?,
            stars: row.get(2)?,
            refunded: row.get(3)?,
            told: row.get(4)?,
        };
        Ok((row.get(0)?, paid))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
