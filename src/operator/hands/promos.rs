//! Promo codes.

use super::{Done, Refused, in_words, record};
use crate::audit::By;
use crate::clock::{DAY, Millis};
use crate::db::Tx;
use crate::growth;
use anyhow::Result;

/// The most credits, uses or days of a code.
pub const PROMO_MAX: i64 = 1_000_000;

/// A code as the operator asks for it.
#[derive(Clone, Copy, Debug)]
pub struct NewPromo<'a> {
    /// Letters, digits, `-` and `_`.
    pub code: &'a str,
    /// For each who uses it.
    pub credits: i64,
    /// How many may.
    pub uses: i64,
    /// For so long; `None`: until it is closed.
    pub days: Option<i64>,
}

/// Makes a code.
pub fn make_promo(tx: &Tx<'_>, by: &By, new: &NewPromo<'_>, now: Millis) -> Result<()> {
    let NewPromo { code, credits, uses, days } = *new;
    for number in [credits, uses, days.unwrap_or(1)] {
        if !(1..=PROMO_MAX).contains(&number) {
            return Err(Refused::PromoNumber(number).into());
        }
    }
    let until = days.map(|days| now + days * DAY);
    if !growth::make_promo(tx, code, (credits, uses), until, now)? {
        return Err(Refused::PromoCode(code.to_owned()).into());
    }
    let until = days.map_or(String::new(), |days| format!(", for {days} days"));
    let after = format!("{} to each of {uses}{until}", in_words(credits));
    let object = format!("code {code}");
    record(tx, by, &Done { action: "promo", object, after, ..Done::default() }, now)
}

/// Nobody uses it any more. `false`: it was so already, or there is none.
pub fn close_promo(tx: &Tx<'_>, by: &By, code: &str, now: Millis) -> Result<bool> {
    let closed = growth::close_promo(tx, code, now)?;
    if closed {
        let (before, after) = ("open".to_owned(), "closed".to_owned());
        let object = format!("code {code}");
        record(tx, by, &Done { action: "promo", object, before, after, note: "" }, now)?;
    }
    Ok(closed)
}
