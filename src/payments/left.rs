//! Payments of customers who left: their credits were lost with the yes, and no backup may bring them
//! back. Telegram's list tells of the payment and not of the yes, so that one which a backup does not
//! have goes along when that takes the database's place.

use super::{Payment, Source, received, refunded};
use crate::clock::Millis;
use crate::db::{Tx, UserId};
use anyhow::Result;
use rusqlite::Connection;

/// A payment whose credits were lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Who paid, by Telegram's id.
    pub tg_user_id: i64,
    /// As in [`super::Payment`], like the next ones.
    pub charge_id: String,
    /// In Stars.
    pub stars: i64,
    /// What they got.
    pub credits: i64,
    /// The invoice's.
    pub payload: String,
    /// How we knew of it.
    pub source: Source,
    /// By Telegram's clock.
    pub paid_at: Millis,
    /// When the credits came.
    pub at: Millis,
    /// The Stars are back.
    pub refunded_at: Option<Millis>,
}

/// All of them.
pub fn lost(conn: &Connection) -> Result<Vec<Lost>> {
    let mut query = conn.prepare(
        "SELECT tg_user_id, telegram_payment_charge_id, stars, payments.credits, payload, source,
                paid_at, payments.created_at, refunded_at
         FROM payments
         JOIN users ON users.id = payments.user_id
         JOIN ledger ON key = 'purchase:' || telegram_payment_charge_id
         WHERE left_line >= ledger.id
         ORDER BY payments.id",
    )?;
    let lost = query.query_map([], |row| {
        Ok(Lost {
            tg_user_id: row.get(0)?,
            charge_id: row.get(1)?,
            stars: row.get(2)?,
            credits: row.get(3)?,
            payload: row.get(4)?,
            source: Source::of(&row.get::<_, String>(5)?),
            paid_at: row.get(6)?,
            at: row.get(7)?,
            refunded_at: row.get(8)?,
        })
    })?;
    Ok(lost.collect::<rusqlite::Result<_>>()?)
}

/// Such a payment where its customer is about to leave once more: nobody is told of it.
pub fn carry(tx: &Tx<'_>, user: UserId, lost: &Lost) -> Result<()> {
    let payment = Payment {
        user,
        charge_id: &lost.charge_id,
        stars: lost.stars,
        credits: lost.credits,
        payload: &lost.payload,
        source: lost.source,
        paid_at: lost.paid_at,
    };
    received(tx, &payment, lost.at)?;
    if let Some(at) = lost.refunded_at {
        refunded(tx, &lost.charge_id, "bot", at)?;
    }
    Ok(())
}
