//! Service messages about money.

use super::{What, profile};
use crate::bot::updates::{self, Message};
use crate::clock::{Millis, SECOND};
use crate::flow::Paid;
use serde_json::Value;

/// What a service message says of money; `None`: it is none. Telegram forwards no such messages,
/// and writes them to the chat with the payer alone: anything else is somebody's joke.
pub(super) fn of(message: &Message, now: Millis) -> Option<What> {
    let chat = message.chat.id;
    let private = message.chat.kind.as_deref().is_none_or(|kind| kind == "private");
    if !private || message.is_forwarded() {
        return None;
    }
    let there = |value: &&Value| !value.is_null();
    if let Some(payment) = message.successful_payment.as_ref().filter(there) {
        let payer = message.from.as_ref()?;
        if payer.id != chat || payer.is_bot == Some(true) {
            return None;
        }
        return Some(match updates::money(payment) {
            Ok(money) => What::Paid(Paid {
                profile: profile(payer),
                charge_id: money.charge_id,
                stars: money.stars,
                payload: money.payload,
                at: message.date.map_or(now, |seconds| seconds.saturating_mul(SECOND)),
            }),
            Err(why) => What::Unread(chat, why),
        });
    }
    // Its sender may be the bot, which gave it back: whose payment it was decides.
    let refund = message.refunded_payment.as_ref().filter(there)?;
    Some(match updates::money(refund) {
        Ok(money) => What::GivenBack(chat, money.charge_id),
        Err(why) => What::Unread(chat, why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The message of a customer with these fields over it, read for money.
    fn read(kind: &str, fields: Value) -> Option<What> {
        let mut message = json!({
            "message_id": 1, "date": 1_700_000_000, "chat": { "id": 7, "type": "private" },
            "from": { "id": 7, "is_bot": false, "first_name": "A" },
            kind: { "currency": "XTR", "total_amount": 550, "invoice_payload": "pack:10:550:7",
                    "telegram_payment_charge_id": "c" } });
        message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let update = json!({ "update_id": 1, "message": message }).to_string();
        of(&updates::read(&update).unwrap().message.unwrap(), 5)
    }

    #[test]
    fn a_payment_is_its_payers_in_the_chat_with_them() {
        let Some(What::Paid(paid)) = read("successful_payment", json!({})) else { panic!() };
        assert_eq!((paid.profile.tg_user_id, paid.stars, paid.charge_id.as_str()), (7, 550, "c"));
        assert_eq!((paid.payload.as_str(), paid.at), ("pack:10:550:7", 1_700_000_000_000));
        let undated = read("successful_payment", json!({ "date": null }));
        assert!(matches!(undated, Some(What::Paid(Paid { at: 5, .. }))));
        let odd = json!({ "successful_payment": { "currency": "USD" } });
        assert!(matches!(read("successful_payment", odd), Some(What::Unread(7, _))));
        let text = json!({ "successful_payment": null, "text": "a" });
        assert!(read("successful_payment", text).is_none());
    }

    #[test]
    fn what_somebody_passes_on_is_no_payment() {
        for fields in [
            json!({ "forward_origin": { "type": "user" } }),
            json!({ "chat": { "id": -5, "type": "group" } }),
            json!({ "chat": { "id": 7, "type": "group" } }),
            json!({ "from": { "id": 8, "is_bot": false } }),
            json!({ "from": { "id": 7, "is_bot": true } }),
            json!({ "from": null }),
        ] {
            assert!(read("successful_payment", fields.clone()).is_none(), "{fields}");
        }
        for fields in [
            json!({ "forward_origin": { "type": "user" } }),
            json!({ "chat": { "id": -5, "type": "group" } }),
        ] {
            assert!(read("refunded_payment", fields.clone()).is_none(), "{fields}");
        }
    }

    #[test]
    fn a_refund_is_theirs_in_whose_chat_it_is_said() {
        for from in [json!({ "id": 7, "is_bot": false }), json!({ "id": 99, "is_bot": true })] {
            let read = read("refunded_payment", json!({ "from": from }));
            let Some(What::GivenBack(user, charge)) = read else { panic!("{from}") };
            assert_eq!((user, charge.as_str()), (7, "c"));
        }
    }
}
