//! Where money is named nothing is guessed: a payment is read whole, or not at all.

use super::User;
use serde_json::Value;

/// The currency of Telegram Stars.
const STARS: &str = "XTR";
/// Telegram's invoices end far below; what is beyond would be no payment of anybody.
const MOST_STARS: i64 = 10_000_000;
/// Telegram's ids are about half as long. In bytes.
const LONGEST_CHARGE: usize = 255;
/// Twice what a payload may have, in characters.
const LONGEST_PAYLOAD: usize = 256;

/// A `successful_payment` or a `refunded_payment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// `telegram_payment_charge_id`.
    pub charge_id: String,
    pub stars: i64,
    /// The invoice's; empty where Telegram gives none.
    pub payload: String,
}

/// One of the bot's transactions in Stars.
#[derive(Clone, Debug)]
pub enum Transaction {
    /// A user paid an invoice.
    Paid {
        money: Money,
        user: User,
        /// Seconds of Telegram's clock.
        date: i64,
    },
    /// A payment went back to its user.
    Back { charge_id: String, user: User },
    /// A withdrawal, an advertisement, a gift.
    Other,
}

/// Reads a payment.
///
/// # Errors
/// What is missing or no payment in Stars.
pub fn money(payment: &Value) -> Result<Money, &'static str> {
    if payment["currency"].as_str() != Some(STARS) {
        return Err("the currency is not XTR");
    }
    let charge_id = charge(&payment["telegram_payment_charge_id"])?;
    Ok(Money {
        charge_id,
        stars: stars(&payment["total_amount"])?,
        payload: payload(&payment["invoice_payload"]),
    })
}

/// Reads an entry of `getStarTransactions`.
///
/// # Errors
/// What is missing of a payment or its refund.
pub fn transaction(entry: &Value) -> Result<Transaction, &'static str> {
    let is_ours = |partner: &Value| {
        partner["type"] == "user" && partner["transaction_type"] == "invoice_payment"
    };
    let (source, receiver) = (&entry["source"], &entry["receiver"]);
    if is_ours(source) {
        let charge_id = charge(&entry["id"])?;
        let (stars, payload) = (stars(&entry["amount"])?, payload(&source["invoice_payload"]));
        let date = entry["date"].as_i64().filter(|date| (0..1 << 40).contains(date));
        return Ok(Transaction::Paid {
            money: Money { charge_id, stars, payload },
            user: user(source)?,
            date: date.ok_or("no date")?,
        });
    }
    if is_ours(receiver) {
        let charge_id = charge(&entry["id"])?;
        return Ok(Transaction::Back { charge_id, user: user(receiver)? });
    }
    let named = |partner: &Value| partner.is_null() || partner["type"].is_string();
    match entry.is_object() && named(source) && named(receiver) {
        true => Ok(Transaction::Other),
        false => Err("no transaction"),
    }
}

fn stars(amount: &Value) -> Result<i64, &'static str> {
    let stars = amount.as_i64().filter(|stars| (1..=MOST_STARS).contains(stars));
    stars.ok_or("the amount is no number of Stars")
}

fn charge(id: &Value) -> Result<String, &'static str> {
    let id = id.as_str().filter(|id| {
        (1..=LONGEST_CHARGE).contains(&id.len()) && !id.contains(|c: char| c.is_control())
    });
    id.map(str::to_owned).ok_or("no charge id")
}

/// One that is not ours is credited all the same: what it says matters little.
fn payload(payload: &Value) -> String {
    payload.as_str().unwrap_or_default().chars().take(LONGEST_PAYLOAD).collect()
}

fn user(partner: &Value) -> Result<User, &'static str> {
    let user: Option<User> = serde_json::from_value(partner["user"].clone()).ok();
    user.filter(|user| user.id > 0).ok_or("no user")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn payment() -> Value {
        json!({ "currency": "XTR", "total_amount": 550, "invoice_payload": "pack:10:550:7",
                "telegram_payment_charge_id": "c", "provider_payment_charge_id": "p",
                "from_the_future": [] })
    }

    #[test]
    fn a_payment_is_read_whole_or_not_at_all() {
        let read = money(&payment()).unwrap();
        let payload = "pack:10:550:7".to_owned();
        assert_eq!(read, Money { charge_id: "c".to_owned(), stars: 550, payload });
        for (field, value) in [
            ("currency", json!("USD")),
            ("currency", json!(null)),
            ("total_amount", json!(0)),
            ("total_amount", json!(-5)),
            ("total_amount", json!("550")),
            ("total_amount", json!(550.5)),
            ("total_amount", json!(10_000_001)),
            ("total_amount", json!(null)),
            ("telegram_payment_charge_id", json!("")),
            ("telegram_payment_charge_id", json!(5)),
            ("telegram_payment_charge_id", json!("a\nb")),
            ("telegram_payment_charge_id", json!("x".repeat(256))),
        ] {
            let mut odd = payment();
            odd[field] = value;
            assert!(money(&odd).is_err(), "{odd}");
        }
        for (payload, read) in
            [(json!(5), String::new()), (json!("ы".repeat(999)), "ы".repeat(256))]
        {
            let mut odd = payment();
            odd["invoice_payload"] = payload;
            assert_eq!(money(&odd).unwrap().payload, read);
        }
        assert!(money(&json!(5)).is_err());
    }

    #[test]
    fn a_transaction_is_a_payment_its_refund_or_nothing_of_ours() {
        let partner = json!({ "type": "user", "transaction_type": "invoice_payment",
                              "user": { "id": 7, "is_bot": false, "first_name": "A" },
                              "invoice_payload": "pack:10:550:7" });
        let paid = json!({ "id": "c", "amount": 550, "date": 1_700_000_000, "source": partner });
        let Ok(Transaction::Paid { money, user, date }) = transaction(&paid) else { panic!() };
        assert_eq!((money.stars, money.payload.as_str()), (550, "pack:10:550:7"));
        assert_eq!((user.id, date), (7, 1_700_000_000));
        let back = json!({ "id": "c", "amount": 550, "date": 1, "receiver": partner });
        assert!(matches!(transaction(&back), Ok(Transaction::Back { .. })));
        for other in [
            json!({ "id": "w", "amount": 5, "date": 1, "receiver": { "type": "fragment" } }),
            json!({ "id": "g", "amount": 5, "date": 1,
                    "receiver": { "type": "user", "transaction_type": "gift_purchase" } }),
            json!({ "id": "f", "amount": 5, "date": 1,
                    "source": { "type": "chat", "transaction_type": "invoice_payment" } }),
            json!({ "id": "x", "amount": 5, "date": 1 }),
        ] {
            assert!(matches!(transaction(&other), Ok(Transaction::Other)), "{other}");
        }
        for (field, value) in [
            ("id", json!(5)),
            ("amount", json!("550")),
            ("date", json!(null)),
            ("source", json!({ "type": "user", "transaction_type": "invoice_payment" })),
            ("source", json!(5)),
        ] {
            let mut odd = paid.clone();
            odd[field] = value;
            assert!(transaction(&odd).is_err(), "{odd}");
        }
        assert!(transaction(&json!("odd")).is_err());
    }
}
