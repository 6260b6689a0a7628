//! The operator's hands beside a running appliance: each takes effect within seconds.

use neurocards::clock::{MINUTE, SECOND};
use neurocards::sandbox::telegram::Message;

use crate::customer::ru;
use crate::{Appliance, Customer, OWN, Setup, UGC};

impl Appliance {
    /// The newest job's value.
    fn newest<T: rusqlite::types::FromSql>(&self, column: &str) -> T {
        self.value(&format!("SELECT {column} FROM jobs ORDER BY id DESC LIMIT 1"))
    }

    fn waits_at_submit(&self) {
        self.waits_until(
            "SELECT step = 'submit' AND leased_at IS NULL FROM jobs ORDER BY id DESC LIMIT 1",
        );
    }

    /// The fingerprint and the number of the key that the newest job has chosen.
    fn chosen_key(&self) -> (String, i64) {
        let key: String = self.newest("api_key");
        let sql = format!("SELECT position FROM api_keys WHERE fingerprint = '{key}'");
        (key, self.value(&sql))
    }
}

/// What `🎬` is answered with.
fn tries_to_order(ann: &Customer<'_>, answer: &str) -> Message {
    ann.says("/start");
    ann.presses("🎬");
    ann.hears(&ru(answer))
}

#[test]
fn while_submitting_is_paused_an_order_waits_before_its_submit_and_goes_on_at_resume() {
    let shop = Appliance::new();
    let (ann, bob) = (shop.customer(7).with_credits(1), shop.customer(8).with_credits(1));
    shop.sandbox().kie().set_render_ms((2 * MINUTE, 3 * MINUTE));
    let before = ann.orders(1, OWN);
    shop.waits_until("SELECT step = 'render' FROM jobs");
    shop.commands(&["pause", "--submitting"]);
    let after = bob.orders(1, UGC);
    before.arrives();
    shop.waits_at_submit();
    let (lease, due_at): (i64, i64) = (shop.newest("lease"), shop.newest("due_at"));
    // The dispatcher looks around meanwhile, and claims others.
    ann.with_credits(1).orders(1, OWN);
    shop.waits_at_submit();
    let (same, still): (i64, i64) = (
        shop.value("SELECT lease FROM jobs WHERE id = 2"),
        shop.value("SELECT due_at FROM jobs WHERE id = 2"),
    );
    assert_eq!((same, still), (lease, due_at), "nobody looks at what waits");
    let attempts: i64 = shop.value("SELECT SUM(attempts) FROM jobs WHERE id > 1");
    assert_eq!((attempts, shop.sandbox().kie().submits()), (0, 1));
    shop.commands(&["resume"]);
    after.arrives();
    shop.settles();
    assert_eq!(shop.value::<i64>("SELECT MAX(attempts) FROM jobs"), 1);
}

#[test]
fn a_drained_appliance_finishes_what_the_provider_works_on_and_begins_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    shop.sandbox().kie().set_render_ms((MINUTE, 2 * MINUTE));
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT step = 'render' FROM jobs");
    shop.commands(&["drain"]);
    order.arrives();
    tries_to_order(&ann, "closed-paused");
    let drained = "SELECT way || ': ' || after FROM audit WHERE action = 'drain'";
    assert_eq!(shop.value::<String>(drained), "command: selling paused, submitting paused");
    shop.commands(&["resume"]);
    ann.orders(1, OWN).arrives();
}

#[test]
fn a_blocked_key_serves_nobody_and_what_had_chosen_it_takes_the_other() {
    let shop = Setup::new().keys(2).start();
    let ann = shop.customer(7).with_credits(3);
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(1, OWN);
    shop.waits_at_submit();
    let (key, number) = shop.chosen_key();
    shop.commands(&["keys", "block", &number.to_string(), "--note", "leaked"]);
    shop.commands(&["resume"]);
    order.arrives();
    ann.orders(1, OWN).arrives();
    let sql = format!("SELECT COUNT(*) FROM submits WHERE api_key = '{key}'");
    assert_eq!(shop.value::<i64>(&sql), 0);
    assert!(shop.commands(&["keys"]).contains("until unblocked"));
    shop.commands(&["keys", "block", &(3 - number).to_string()]);
    tries_to_order(&ann, "closed-no-key");
    shop.commands(&["keys", "unblock", &number.to_string()]);
    ann.orders(1, OWN).arrives();
    assert_eq!(shop.value::<i64>(&sql), 1);
}

#[test]
fn a_model_that_is_switched_off_is_asked_for_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    let models = ["bytedance/seedance-2-mini", "kling-3.0/video"];
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(1, OWN);
    shop.waits_at_submit();
    assert_eq!(shop.newest::<String>("model"), models[0]);
    shop.commands(&["models", "off", models[0]]);
    shop.commands(&["resume"]);
    order.arrives();
    assert_eq!(shop.sandbox().kie().tasks()[0].model, models[1]);
    shop.commands(&["models", "off", models[1]]);
    tries_to_order(&ann, "closed-no-model");
    shop.commands(&["models", "on", models[0]]);
    ann.orders(1, OWN).arrives();
    assert_eq!(shop.sandbox().kie().tasks()[1].model, models[0]);
    let refused = shop.command(&["models", "off", "sora"]);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn a_balance_is_asked_for_within_seconds_and_kept() {
    // Real seconds: the usual question comes every ten minutes.
    let shop = Setup::new().rate(1.0).start();
    shop.waits_until("SELECT balance IS NOT NULL FROM api_keys");
    let alive = "SELECT threads = 20 AND threads_busy <= 20 AND heartbeat_at > 0 FROM instance";
    assert!(shop.value::<bool>(alive), "the first heartbeat does not wait");
    let key = shop.sandbox().options().kie_keys[0].clone();
    shop.sandbox().kie().set_balance(&key, 4_321.0);
    shop.commands(&["keys", "ask", "1"]);
    shop.waits_until("SELECT balance = 4321 AND ask_balance = 0 FROM api_keys");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM balances"), 2);
}

#[test]
fn a_banned_customer_orders_nothing_and_gets_what_was_ordered() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(1, OWN);
    ann.orders(1, UGC).arrives();
    ann.says("/start");
    ann.describes(OWN);
    ann.presses("1️⃣");
    ann.sees("✅");
    shop.commands(&["ban", "7", "--note", "chargeback"]);
    ann.presses("✅");
    ann.hears(&ru("closed-banned"));
    tries_to_order(&ann, "closed-banned");
    assert_eq!((ann.credits(), ann.orders_so_far()), (1, 2));
    shop.commands(&["unban", "7"]);
    shop.settles();
    ann.orders(1, OWN).arrives();
    assert_eq!(ann.videos().len(), 3);
}

#[test]
fn a_message_from_support_arrives_as_it_was_written() {
    let shop = Setup::new().admin(99).start();
    let ann = shop.customer(7);
    ann.acts();
    shop.commands(&["message", "7", "1 < 2 & <b>done</b>\nSorry for the wait."]);
    let message = ann.hears(&ru("from-support"));
    assert!(message.text.ends_with("1 < 2 & <b>done</b>\nSorry for the wait."), "{}", message.text);
    for (args, word) in [(["message", "7", " "], "empty"), (["message", "8", "x"], "no user")] {
        let output = shop.command(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(word), "{said}");
    }
}

#[test]
fn several_videos_run_again_one_after_the_other_at_no_cost() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, OWN).arrives();
    shop.expects(|it| it.by_hand = 3);
    let said = shop.commands(&["retry", "1", "2", "3", "--every", "1m"]);
    assert!(said.contains("3 jobs run again as 4, 5, 6"), "{said}");
    shop.waits_until("SELECT COUNT(*) = 6 FROM jobs WHERE status = 'done'");
    shop.settles();
    assert_eq!((ann.credits(), ann.videos().len()), (0, 6));
    let apart =
        "SELECT MIN(started_at - created_at - (id - 4) * 60000) >= 0 FROM jobs WHERE id > 3";
    assert!(shop.value::<bool>(apart));
    let refused = shop.command(&["run-now", "1"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("neurocards retry 1"));
}

#[test]
fn a_job_that_waits_runs_now_and_before_others() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    shop.expects(|it| it.by_hand = 2);
    ann.orders(1, OWN).arrives();
    // The second one waits for a day, which nobody here does.
    shop.commands(&["retry", "1"]);
    shop.waits_until("SELECT COUNT(*) = 2 FROM jobs WHERE status = 'done'");
    shop.commands(&["pause", "--submitting"]);
    shop.commands(&["retry", "1"]);
    shop.waits_at_submit();
    let refused = shop.command(&["run-now", "3"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("neurocards resume"));
    shop.writes("UPDATE jobs SET step = 'upload', due_at = due_at + 86400000 WHERE id = 3");
    shop.commands(&["resume"]);
    assert!(shop.commands(&["raise", "3"]).contains("priority 1"));
    assert!(shop.commands(&["run-now", "3"]).contains("due now"));
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE status = 'done'");
    let waited: i64 = shop.newest("finished_at - created_at");
    assert!(waited < 86_400 * SECOND);
}
