//! What the doctor finds, and the way out that it names.

use std::net::TcpListener;

use neurocards::sandbox::{Action, Service};
use serde_json::Value;

use crate::{Appliance, OWN, Setup};

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:1";

struct Found(Vec<Value>, Option<i32>);

impl Found {
    fn by(shop: &Appliance, vars: &[(&str, &str)]) -> Self {
        let output = shop.command_with(&["doctor", "--json"], vars);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said, "", "a report is no complaint");
        Self(serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
    }

    #[track_caller]
    fn line(&self, name: &str) -> &Value {
        let line = self.0.iter().find(|line| line["name"] == name);
        line.unwrap_or_else(|| panic!("no line {name}: {:#?}", self.0))
    }

    /// Exit code 1, and this line fails with these words in it or in its remedy.
    #[track_caller]
    fn fails(&self, name: &str, words: &[&str]) {
        let line = self.line(name);
        assert_eq!((line["state"].as_str(), self.1), (Some("fail"), Some(1)), "{line:#}");
        assert_eq!(line["ok"], false);
        for word in words {
            assert!(line.to_string().contains(word), "no `{word}`: {line:#}");
        }
        assert!(line["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{line:#}");
    }

    #[track_caller]
    fn is(&self, name: &str, state: &str) {
        assert_eq!(self.line(name)["state"], state, "{:#}", self.line(name));
    }
}

#[test]
fn all_is_well_beside_a_running_appliance_which_notices_nothing() {
    let shop = Setup::new().keys(2).admin(99).start();
    let ann = shop.customer(7).with_credits(1);
    let written = shop.value::<i64>("SELECT total FROM (SELECT COUNT(*) AS total FROM audit)");
    let found = Found::by(&shop, &[]);
    for line in &found.0 {
        assert_eq!(
            (&line["state"], &line["remedy"]),
            (&Value::from("ok"), &Value::Null),
            "{line:#}"
        );
    }
    assert_eq!(found.1, Some(0));
    for name in ["configuration", "tokens", "support", "own files", "data folder", "disk", "sqlite"]
    {
        found.is(name, "ok");
    }
    for name in ["pragmas", "database", "ledger", "appliance", "telegram", "kie", "openai", "clock"]
    {
        found.is(name, "ok");
    }
    for name in ["token", "webhook", "key 1", "key 2", "gpt", "model kling-3.0/video"] {
        found.is(name, "ok");
    }
    assert!(found.line("token")["detail"].as_str().unwrap().contains("@neurocards_sandbox_bot"));
    assert!(found.line("key 1")["detail"].as_str().unwrap().contains("1000000 credits buy"));
    assert_eq!(found.line("appliance")["detail"], "running");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM audit"), written);
    let log = String::from_utf8_lossy(&shop.printed()).into_owned();
    assert!(!log.contains("another program"), "a poll was sent away: {log}");
    ann.orders(1, OWN).arrives();
    let text = shop.commands(&["doctor"]);
    assert_eq!(text.lines().count(), found.0.len(), "{text}");
    assert!(text.lines().all(|line| line.starts_with("ok   ")), "{text}");
}

#[test]
fn a_wrong_token_is_told_with_the_way_to_a_right_one() {
    let shop = Setup::new().stopped();
    let other = "7000000002:AAcanary-canary-canary-canary-00000";
    let found = Found::by(&shop, &[("BOT_TOKEN", other)]);
    found.fails("token", &["revoked", "@BotFather"]);
    let printed = String::from_utf8_lossy(&shop.printed()).into_owned();
    assert!(!printed.contains("canary"), "{printed}");
    let found = Found::by(&shop, &[("BOT_TOKEN", "nonsense")]);
    assert_eq!((found.line("tokens")["state"].as_str(), found.1), (Some("fail"), Some(1)));
}

#[test]
fn a_webhook_is_told_by_the_doctor_and_by_the_log_and_goes_away() {
    let shop = Setup::new().stopped();
    let telegram = shop.sandbox().telegram();
    telegram.sets_webhook("https://old.example/hook/canary-in-a-path", false);
    let found = Found::by(&shop, &[]);
    found.is("webhook", "warn");
    assert_eq!(found.1, Some(0), "the start takes it away");
    shop.start_again();
    let ann = shop.customer(7).with_credits(1);
    telegram.sets_webhook("https://old.example/hook/canary-in-a-path", true);
    shop.waits_for("the log's word", || {
        let log = String::from_utf8_lossy(&shop.printed()).into_owned();
        log.contains("another program set a webhook").then_some(())
    });
    let found = Found::by(&shop, &[]);
    found.fails("webhook", &["old.example", "409", "deleteWebhook"]);
    let printed = String::from_utf8_lossy(&shop.printed()).into_owned();
    assert!(!printed.contains("canary"), "a path may hold a token: {printed}");
    telegram.sets_webhook("", false);
    ann.orders(1, OWN).arrives();
}

#[test]
fn each_key_is_told_by_its_number_and_what_it_buys() {
    let shop = Setup::new().keys(4).stopped();
    let kie = shop.sandbox().kie();
    kie.revoke("sandbox-kie-key-2");
    kie.set_balance("sandbox-kie-key-3", 40.0);
    kie.set_balance("sandbox-kie-key-4", 500.0);
    let found = Found::by(&shop, &[]);
    found.is("key 1", "ok");
    found.fails("key 2", &["refuses the key", "https://kie.ai/api-key"]);
    found.fails("key 3", &["40 credits buy 0 videos", "add credits"]);
    found.is("key 4", "warn");
    let echo = Action::Envelope(500, "no idea what sandbox-kie-key-1 is".to_owned());
    shop.sandbox().faults().on(Service::Kie, "credit").does(echo);
    let found = Found::by(&shop, &[]);
    found.fails("key 1", &["no idea what"]);
    found.is("other keys", "warn");
}

#[test]
fn gpt_is_asked_for_its_models_and_for_nothing_that_costs() {
    let shop = Setup::new().stopped();
    Found::by(&shop, &[]).is("gpt", "ok");
    shop.configures("[prompt]\nmodel = \"gpt-99\"\n");
    Found::by(&shop, &[]).fails("gpt", &["gpt-99", "[prompt] model", "gpt-4o"]);
    shop.sandbox().openai().set_key(Some("another"));
    Found::by(&shop, &[]).fails("gpt", &["refuses the key", "OPENAI_API_KEY"]);
    let found = Found::by(&shop, &[("OPENAI_API_KEY", "")]);
    found.is("gpt", "ok");
    assert!(found.line("gpt")["detail"].as_str().unwrap().contains("not called"));
    assert!(shop.sandbox().openai().requests().is_empty());
}

#[test]
fn a_service_out_of_reach_is_told_once_and_not_asked_further() {
    let shop = Setup::new().keys(3).stopped();
    let vars = [("TELEGRAM_API_URL", NOBODY), ("KIE_API_URL", NOBODY), ("KIE_UPLOAD_URL", NOBODY)];
    let found = Found::by(&shop, &vars);
    found.fails("telegram", &["not reached", "TELEGRAM_PROXY=socks5h://"]);
    found.fails("kie", &["not reached", "KIE_PROXY"]);
    found.is("token", "warn");
    found.is("keys", "warn");
    found.is("clock", "ok");
    found.is("gpt", "ok");
}

#[test]
fn a_proxy_that_fails_is_told_from_the_service_behind_it() {
    let shop = Setup::new().stopped();
    let found = Found::by(&shop, &[("TELEGRAM_PROXY", "socks5://me:canary@127.0.0.1:1")]);
    found.fails("proxy telegram", &["socks5h://…@127.0.0.1:1", "the proxy itself"]);
    assert!(!found.0.iter().any(|line| line["name"] == "telegram"), "it was asked all the same");
    let refuses = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = refuses.local_addr().unwrap();
    std::thread::spawn(move || refuses.incoming().for_each(drop));
    let found = Found::by(&shop, &[("KIE_PROXY", &format!("http://me:canary@{at}"))]);
    found.is("proxy kie", "ok");
    found.fails("kie", &["does not lead to kie", "socks5h://"]);
    let printed = String::from_utf8_lossy(&shop.printed()).into_owned();
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn offline_asks_nobody() {
    let shop = Setup::new().stopped();
    let text = shop.commands(&["doctor", "--offline"]);
    assert!(text.contains("configuration") && !text.contains("webhook"), "{text}");
    assert_eq!(shop.sandbox().faults().count(), 0);
}

#[test]
fn a_model_that_pauses_or_is_switched_off_is_told() {
    let shop = Appliance::new();
    shop.writes(
        "INSERT INTO models (name, paused_until, pauses, reason)
         VALUES ('kling-3.0/video', 9e15, 1, 'temporarily paused')",
    );
    let found = Found::by(&shop, &[]);
    found.is("model kling-3.0/video", "warn");
    found.is("model bytedance/seedance-2-mini", "ok");
    shop.writes("INSERT INTO models (name, off_at) VALUES ('bytedance/seedance-2-mini', 1)");
    Found::by(&shop, &[]).fails("models", &["none of them serves", "selling is closed"]);
}
