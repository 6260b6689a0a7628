//! Selling for Stars as Telegram does it.

use super::*;
use crate::clock::SECOND;
use crate::sandbox::telegram::{Arrival, Does, Invoice, Kind};

const PACK: i64 = 300;

fn asks(changes: Value) -> Value {
    let mut args = json!({
        "chat_id": USER, "title": "5 credits", "description": "For five videos",
        "payload": "pack:5:300:1", "provider_token": "", "currency": "XTR",
        "prices": [{ "label": "5 credits", "amount": PACK }], "start_parameter": "pack-5_1"
    });
    args.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    args
}

fn shop(rate: f64) -> Sandbox {
    let sandbox = sandbox(rate);
    sandbox.telegram().knows_bot(USER);
    sandbox
}

/// The bot's invoice in the chat.
fn invoice(sandbox: &Sandbox) -> Invoice {
    bot(sandbox, "sendInvoice", asks(json!({})));
    sandbox.telegram().last(USER).unwrap().invoice.unwrap()
}

/// All updates that wait, which are confirmed by that.
fn updates(sandbox: &Sandbox) -> Vec<Value> {
    let all = bot(sandbox, "getUpdates", json!({}))["result"].as_array().unwrap().clone();
    let last = all.iter().filter_map(|it| it["update_id"].as_i64()).max().unwrap_or(0);
    bot(sandbox, "getUpdates", json!({ "offset": last + 1 }));
    all
}

fn says(sandbox: &Sandbox, query: &str, ok: bool) -> Value {
    let mut args = json!({ "pre_checkout_query_id": query, "ok": ok });
    if !ok {
        args["error_message"] = json!("Sold out");
    }
    bot(sandbox, "answerPreCheckoutQuery", args)
}

/// Pays, with the bot's consent; returns the charge.
fn pays(sandbox: &Sandbox, invoice: &Invoice) -> String {
    let query = sandbox.telegram().pays_for(USER, invoice);
    assert_eq!(says(sandbox, &query, true)["result"], true);
    sandbox.telegram().checkout(&query).unwrap().charge.unwrap()
}

fn transactions(sandbox: &Sandbox, args: Value) -> Vec<Value> {
    let answer = bot(sandbox, "getStarTransactions", args);
    answer["result"]["transactions"].as_array().unwrap().clone()
}

#[test]
fn an_invoice_is_for_stars_and_asks_for_one_price() {
    let sandbox = shop(1.0);
    let price = |amount: i64| json!({ "label": "x", "amount": amount });
    let button = |button: Value| json!({ "reply_markup": { "inline_keyboard": [[button]] } });
    for (changes, part) in [
        (json!({ "currency": "EUR" }), "CURRENCY_INVALID"),
        (json!({ "provider_token": "401643678:TEST" }), "PAYMENT_PROVIDER_INVALID"),
        (json!({ "prices": [] }), "exactly one price"),
        (json!({ "prices": [price(1), price(2)] }), "exactly one price"),
        (json!({ "prices": [price(0)] }), "CURRENCY_TOTAL_AMOUNT_INVALID"),
        (json!({ "prices": [price(100_001)] }), "CURRENCY_TOTAL_AMOUNT_INVALID"),
        (json!({ "title": "x".repeat(33) }), "title has the wrong length"),
        (json!({ "title": "" }), "title has the wrong length"),
        (json!({ "description": "x".repeat(256) }), "description has the wrong length"),
        (json!({ "payload": "я".repeat(65) }), "payload has the wrong length"),
        (json!({ "start_parameter": "pack 5" }), "START_PARAM_INVALID"),
        (json!({ "start_parameter": "x".repeat(65) }), "START_PARAM_INVALID"),
        (button(json!({ "text": "x", "callback_data": "x" })), "REPLY_MARKUP_BUY_EMPTY"),
        (json!({ "max_tip_amount": 5 }), "unknown parameter"),
    ] {
        let answer = bot(&sandbox, "sendInvoice", asks(changes));
        let text = answer["description"].as_str().unwrap_or("");
        assert!(answer["ok"] == false && text.contains(part), "{part}: {answer}");
    }
    let text = json!({ "chat_id": USER, "text": "x" });
    let mut text = text.as_object().unwrap().clone();
    text.extend(button(json!({ "text": "Pay", "pay": true })).as_object().unwrap().clone());
    assert_eq!(bot(&sandbox, "sendMessage", text.into())["ok"], false);
    assert_eq!(sandbox.violations().len(), 15);
    let sent = bot(&sandbox, "sendInvoice", asks(json!({})));
    assert_eq!(sent["result"]["invoice"]["total_amount"], PACK);
    let message = sandbox.telegram().last(USER).unwrap();
    assert_eq!((message.kind, &message.buttons[0][0].does), (Kind::Invoice, &Does::Pay));
    let copy = message.forwarded_button().unwrap().does;
    let link = "https://t.me/neurocards_sandbox_bot?start=pack-5_1";
    assert_eq!(copy, Does::Url(link.into()), "a copy leads to the bot");
    bot(&sandbox, "sendInvoice", asks(json!({ "start_parameter": "" })));
    let message = sandbox.telegram().last(USER).unwrap();
    assert_eq!(message.forwarded_button().unwrap().does, Does::Pay, "and is paid by anybody");
}

#[test]
fn stars_are_taken_when_the_bot_says_yes_and_both_hear_of_it() {
    let sandbox = shop(1.0);
    bot(&sandbox, "sendInvoice", asks(json!({})));
    let telegram = sandbox.telegram();
    let query = telegram.pays(USER, telegram.last(USER).unwrap().id).unwrap();
    let asked = updates(&sandbox).remove(0)["pre_checkout_query"].clone();
    let of = (&asked["id"], &asked["from"]["id"], &asked["currency"], &asked["total_amount"]);
    assert_eq!(of, (&json!(query), &json!(USER), &json!("XTR"), &json!(PACK)));
    assert_eq!((telegram.stars(), &asked["invoice_payload"]), (0, &json!("pack:5:300:1")));
    assert_eq!(says(&sandbox, &query, true)["result"], true);
    let checkout = telegram.checkout(&query).unwrap();
    assert!(checkout.took.unwrap() < std::time::Duration::from_secs(5));
    assert_eq!((checkout.answer, telegram.stars_of(USER)), (Some(Ok(())), PACK));
    let told = updates(&sandbox).remove(0)["message"].clone();
    let paid = &told["successful_payment"];
    assert_eq!(paid["telegram_payment_charge_id"], json!(checkout.charge));
    assert_eq!((&told["from"]["id"], &paid["total_amount"]), (&json!(USER), &json!(PACK)));
    let line = transactions(&sandbox, json!({})).remove(0);
    assert_eq!((&line["id"], &line["amount"]), (&json!(checkout.charge), &json!(PACK)));
    assert_eq!(line["source"]["invoice_payload"], "pack:5:300:1");
    let again = says(&sandbox, &query, true);
    let text = again["description"].as_str().unwrap();
    assert!(text.starts_with("Bad Request: query is too old"), "{text}");
    assert_eq!((telegram.stars(), sandbox.violations().len()), (PACK, 0));
}

#[test]
fn a_no_or_no_answer_in_ten_seconds_leaves_everything_as_it_was() {
    // Where ten of its seconds are longer than five of ours, they count.
    let sandbox = shop(1.0);
    let offer = invoice(&sandbox);
    let silent = json!({ "pre_checkout_query_id": "1", "ok": false });
    assert_eq!(bot(&sandbox, "answerPreCheckoutQuery", silent)["ok"], false);
    assert_eq!(sandbox.violations().len(), 1, "a no has a reason");
    let query = sandbox.telegram().pays_for(USER, &offer);
    assert_eq!(says(&sandbox, &query, false)["ok"], true);
    let no = sandbox.telegram().checkout(&query).unwrap();
    assert_eq!((no.answer, no.charge), (Some(Err("Sold out".into())), None));
    assert_eq!((sandbox.telegram().stars(), updates(&sandbox).len()), (0, 1));

    let sandbox = shop(100.0);
    let offer = invoice(&sandbox);
    let query = sandbox.telegram().pays_for(USER, &offer);
    let late = sandbox.telegram().wait(Duration::from_secs(8), |telegram| {
        let one = telegram.checkout(&query).unwrap();
        one.overdue.then(|| sandbox.options().clock.now() - one.at)
    });
    assert!(late.unwrap() >= 500 * SECOND, "a fast clock shortens no socket");
    assert_eq!(says(&sandbox, &query, true)["error_code"], 400);
    assert_eq!((sandbox.telegram().stars(), sandbox.violations().len()), (0, 0));
}

#[test]
fn stars_go_back_once_and_the_account_has_both_lines() {
    let sandbox = shop(1.0);
    let offer = invoice(&sandbox);
    let (first, second) = (pays(&sandbox, &offer), pays(&sandbox, &offer));
    updates(&sandbox);
    let back = |user: i64, charge: &str| {
        let args = json!({ "user_id": user, "telegram_payment_charge_id": charge });
        bot(&sandbox, "refundStarPayment", args)["description"].clone()
    };
    assert_eq!(back(USER + 1, &first), "Bad Request: CHARGE_NOT_FOUND");
    assert_eq!(back(USER, &first), Value::Null);
    assert_eq!(back(USER, &first), "Bad Request: CHARGE_ALREADY_REFUNDED");
    assert!(sandbox.telegram().takes_back(&second) && !sandbox.telegram().takes_back(&second));
    assert_eq!((sandbox.telegram().stars(), sandbox.telegram().stars_of(USER)), (0, 0));
    let told = updates(&sandbox);
    let charge = |update: &Value| {
        update["message"]["refunded_payment"]["telegram_payment_charge_id"].clone()
    };
    assert_eq!(told.iter().map(charge).collect::<Vec<_>>(), [json!(first), json!(second)]);
    let lines = transactions(&sandbox, json!({ "offset": 1, "limit": 2 }));
    let ids: Vec<_> = lines.iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, [json!(second), json!(first)], "in the order of time");
    assert_eq!(lines[1]["receiver"]["user"]["id"], USER);
    assert_eq!((lines[0]["receiver"].is_null(), lines[1]["source"].is_null()), (true, true));
    assert_eq!(transactions(&sandbox, json!({ "offset": 4 })).len(), 0);
    for wrong in [json!({ "limit": 0 }), json!({ "limit": 101 }), json!({ "offset": -1 })] {
        assert_eq!(bot(&sandbox, "getStarTransactions", wrong)["ok"], false);
    }
}

#[test]
fn what_goes_wrong_with_payments_goes_wrong_as_told() {
    let sandbox = shop(1.0);
    let offer = invoice(&sandbox);
    for (arrival, times, ids) in [
        (Arrival::Never, 0, 0),
        (Arrival::Again, 2, 1),
        (Arrival::Renumbered, 2, 2),
        (Arrival::Once, 1, 1),
    ] {
        sandbox.telegram().tells_of_stars(arrival);
        pays(&sandbox, &offer);
        let mut heard: Vec<Value> = Vec::new();
        let mut more = updates(&sandbox);
        while !more.is_empty() {
            heard.extend(more);
            more = updates(&sandbox);
        }
        heard.retain(|update| update["message"]["successful_payment"].is_object());
        let mut numbers: Vec<_> = heard.iter().map(|it| it["update_id"].as_i64()).collect();
        numbers.dedup();
        assert_eq!((heard.len(), numbers.len()), (times, ids), "{arrival:?}");
    }
    sandbox.telegram().takes_stars_anyway(true);
    let forged = Invoice { payload: "pack:500:1:1".into(), stars: 1, ..offer };
    let query = sandbox.telegram().pays_for(USER + 1, &forged);
    says(&sandbox, &query, false);
    let charge = sandbox.telegram().charges().pop().unwrap();
    assert_eq!((charge.user, charge.stars, charge.payload.as_str()), (USER + 1, 1, "pack:500:1:1"));
    assert_eq!(sandbox.telegram().stars(), 4 * PACK + 1);
}
