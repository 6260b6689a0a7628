//! The checks see what they are there for: each broken promise is reported.

use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use crate::appliance::Expected;
use crate::customer::PACK;
use crate::deaths::Death;
use crate::{Appliance, OWN, UGC, promises, secrets};

const NO_TRIGGERS: [&str; 9] = [
    "ledger_settles_its_hold",
    "ledger_moves_credits",
    "ledger_no_update",
    "ledger_no_delete",
    "users_credits_by_ledger_only",
    "jobs_end_once",
    "jobs_end_has_a_time",
    "payments_no_delete",
    "payments_keep_what_was_paid",
];

/// Damage done to a copy, and a word of the report.
const DAMAGE: [(&str, &str); 34] = [
    ("UPDATE users SET credits = credits + 1", "sum of the ledger"),
    ("DELETE FROM ledger WHERE kind = 'charge'", "holds credits"),
    ("DELETE FROM ledger WHERE job_id IS NOT NULL", "has no hold"),
    ("UPDATE ledger SET kind = 'release', delta = 1 WHERE kind = 'charge'", "does not fit"),
    (
        "DROP INDEX ledger_one_settlement;
         INSERT INTO ledger (user_id, delta, kind, job_id, hold_id, actor)
         SELECT user_id, 0, 'charge', job_id, hold_id, 'x' FROM ledger WHERE kind = 'charge'",
        "settled more than once",
    ),
    (
        "INSERT INTO payments (user_id, telegram_payment_charge_id, stars, credits, payload,
                               paid_at, created_at)
         VALUES (1, 'x', 1, 1, '', 1, 1)",
        "do not go together",
    ),
    (
        "INSERT INTO payments (user_id, telegram_payment_charge_id, stars, credits, payload,
                               paid_at, created_at, refunded_at, taken_back, owed)
         VALUES (1, 'x', 1, 1, '', 1, 1, 1, 1, 0)",
        "took other credits",
    ),
    (
        "INSERT INTO debts (key, user_id, charge, owed, line)
         SELECT 'refund:' || telegram_payment_charge_id, 1, telegram_payment_charge_id, 1, 1
         FROM payments",
        "owes other credits",
    ),
    (
        "INSERT INTO debts (key, user_id, charge, owed, line)
         SELECT 'x' || id, user_id, 'x', 1, id FROM ledger WHERE kind = 'hold';
         UPDATE ledger SET kind = 'release', delta = 1 WHERE kind = 'charge'",
        "came back as credits",
    ),
    ("DELETE FROM payments; DELETE FROM ledger WHERE kind = 'purchase'", "Stars for nothing"),
    ("UPDATE payments SET stars = 1", "stands for 1 Stars"),
    ("UPDATE payments SET stars = 1", "and 1 were paid"),
    ("UPDATE ledger SET delta = 4 WHERE kind = 'purchase'", "do not go together"),
    ("UPDATE payments SET refunded_at = 9, taken_back = 0, owed = 5", "not so the Stars"),
    (
        // Of three that came back while four were owed, one was taken.
        "UPDATE ledger SET kind = 'release', delta = 3 WHERE kind = 'charge' AND job_id = 1;
         INSERT INTO ledger (user_id, delta, kind, job_id, key, actor)
         VALUES (1, -1, 'repay', 1, 'refund:x:1', 'worker');
         INSERT INTO debts (key, user_id, charge, owed, line)
         SELECT 'refund:x', 1, 'x', 3, hold_id FROM ledger WHERE kind = 'release'",
        "held at a refund",
    ),
    ("UPDATE payments SET telegram_payment_charge_id = 'x'", "Telegram does not know"),
    ("UPDATE outbox SET key = NULL WHERE key LIKE 'receipt:%'", "never heard of"),
    ("DELETE FROM payments", "1 receipts for 0 payments"),
    (
        "INSERT INTO outbox (seq, chat_id, key, content, state, created_at)
         VALUES (900, 5, 'gift:1', '{}', 'dropped', 1)",
        "a gift for something else",
    ),
    ("UPDATE jobs SET status = 'failed', error_class = 'timeout' WHERE id = 1", "is not watched"),
    (
        "INSERT INTO gifts (job_id, until, ended_at, outcome) VALUES (1, 1, 1, 'given')",
        "a gift has no message",
    ),
    ("UPDATE jobs SET status = 'queued', finished_at = NULL", "has not ended"),
    ("UPDATE jobs SET order_id = NULL WHERE id = 1", "without an order holds"),
    ("UPDATE jobs SET order_id = NULL WHERE id = 1", "another number of jobs"),
    ("UPDATE orders SET finished_at = NULL", "not with them"),
    ("UPDATE users SET deleted_at = 1", "is still known"),
    ("UPDATE inbox SET handled_at = NULL", "was not handled"),
    ("UPDATE inbox SET error = 'boom'", "an update failed"),
    ("UPDATE outbox SET state = 'pending'", "a message waits"),
    ("DELETE FROM outbox WHERE key LIKE 'video:%'", "without its video's message"),
    ("DELETE FROM outbox WHERE key LIKE 'status:%'", "messages that nobody sent"),
    ("DELETE FROM submits WHERE id = 1", "tasks without a job"),
    ("UPDATE submits SET job_id = 1", "was submitted again"),
    (
        "UPDATE outbox SET message_id = 1000 - message_id WHERE message_id IS NOT NULL",
        "went out of order",
    ),
];

#[test]
fn every_broken_promise_is_reported() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(4);
    ann.orders(3, UGC).arrives();
    ann.orders(1, OWN).arrives();
    ann.buys(PACK);
    shop.settles();
    assert!(shop.sigterm().0.success());
    let report = |conn: &Connection| {
        let expected = Expected::default();
        let mut broken = promises::of_the_database(conn, &expected).unwrap();
        broken.extend(promises::of_the_services(conn, shop.sandbox(), &expected, &[]).unwrap());
        broken
    };
    assert_eq!(report(&shop.copy().1), [""; 0]);
    for (damage, word) in DAMAGE {
        let (_folder, conn) = shop.copy();
        for trigger in NO_TRIGGERS {
            conn.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        conn.execute_batch(damage).unwrap();
        let broken = report(&conn);
        assert!(broken.iter().any(|line| line.contains(word)), "{damage}: {broken:?}");
    }
}

/// What a death must not leave, and a word of the report.
const LEFT: [(&str, &str); 5] = [
    ("DELETE FROM outbox WHERE key LIKE 'status:%'", "heard what no commit says"),
    ("UPDATE outbox SET content = json_set(content, '$.html', 'x')", "reads"),
    ("UPDATE outbox SET message_id = 9999 WHERE key LIKE 'video:%'", "does not have the message"),
    ("DELETE FROM submits", "0 submits under way"),
    ("DELETE FROM inbox", "was answered and is not on disk"),
];

#[test]
fn what_was_done_before_its_commit_is_reported_at_a_death() {
    let shop = Appliance::new();
    shop.customer(7).with_credits(3).orders(3, UGC).ends();
    shop.settles();
    assert!(shop.sigterm().0.success());
    let whole = Death::of(Some(&shop.copy().1), shop.sandbox(), &[]).unwrap();
    assert_eq!((whole.broken.len(), whole.messages.len(), whole.tasks.len()), (0, 0, 0));
    for (damage, word) in LEFT {
        let (_folder, conn) = shop.copy();
        conn.execute_batch(damage).unwrap();
        let broken = Death::of(Some(&conn), shop.sandbox(), &[]).unwrap().broken;
        assert!(broken.iter().any(|line| line.contains(word)), "{damage}: {broken:?}");
    }
    let nothing = Death::of(None, shop.sandbox(), &[]).unwrap().broken;
    assert!(nothing[0].contains("without a database"), "{nothing:?}");
    // An answer that was lost is no fault: the row still waits.
    let (_folder, conn) = shop.copy();
    let waits = "UPDATE outbox SET state = 'pending', message_id = NULL WHERE job_id = 1;
                 UPDATE submits SET outcome = 'sending', task_id = NULL, ended_at = NULL
                 WHERE id = 1";
    conn.execute_batch(waits).unwrap();
    let death = Death::of(Some(&conn), shop.sandbox(), &[]).unwrap();
    assert_eq!(death.broken, [""; 0]);
    assert_eq!((death.messages.len(), death.tasks.len(), death.submits.len()), (1, 1, 1));
}

#[test]
fn secrets_and_open_files_are_reported() {
    let shop = Appliance::new();
    shop.customer(7);
    shop.settles();
    assert!(shop.sigterm().0.success());
    let options = shop.sandbox().options();
    let shown = |printed: &str| secrets::shown(&shop.data(), printed.as_bytes(), shop.sandbox());
    assert!(shown("serving").is_empty());
    for secret in [&options.token, &options.kie_keys[0], options.openai_key.as_ref().unwrap()] {
        assert_eq!(shown(&format!("key={secret}!")).len(), 1);
        let half = secret.split(':').next_back().unwrap();
        for user in ["", "a", "ab:", "abc"] {
            let packed = secrets::base64(format!("{user}{half}:x").as_bytes());
            assert_eq!(shown(&format!("Basic {packed}")).len(), 1, "{user}");
        }
        assert_eq!(shown(&half.replace('-', "%2D")).len(), 1);
        let file = shop.path("logs/note.txt");
        std::fs::write(&file, secret).unwrap();
        assert_eq!(shown("").len(), 1);
        std::fs::remove_file(&file).unwrap();
    }
    let lock = shop.path("neurocards.lock");
    std::fs::set_permissions(&lock, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(promises::of_the_folder(&shop.data()).len(), 1);
    std::fs::set_permissions(&lock, PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_scenario_that_breaks_a_promise_fails_at_its_end() {
    let shop = Appliance::new();
    shop.customer(7);
    shop.expects(|it| it.by_hand = 1);
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(shop))) else {
        panic!("it passed");
    };
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("0 jobs without an order, not 1"), "{said}");
}
