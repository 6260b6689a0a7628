//! A small database that the operator's room and the commands are shown.

mod effort;
mod shapes;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::clock::Millis;
use crate::models::Catalogue;
use crate::orders::Shop;
use crate::orders::tests::options;
use crate::templates::Templates;
use crate::text::Texts;

pub(crate) fn empty() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    // As on every connection of ours.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    conn.execute_batch(include_str!("../../schema.sql")).unwrap();
    conn
}

/// What is sold, as configured by default.
pub(crate) fn shop() -> Shop {
    Shop {
        texts: Texts::load(None).unwrap(),
        catalogue: Catalogue::load(None).unwrap(),
        templates: Templates::load(None).unwrap(),
        options: options(),
    }
}

/// One customer with one order of three videos: delivered, refused, rendering; another who only
/// looked. And the time then.
pub(crate) fn sample() -> (Connection, Millis) {
    let conn = empty();
    conn.execute_batch(SAMPLE).unwrap();
    (conn, 1_000_000_000)
}

const SAMPLE: &str = r#"
INSERT INTO instance (id, mode, bot_username, created_at, started_at, heartbeat_at, version,
                      threads, threads_busy)
VALUES (1, 'demo', 'neurocards_bot', 800000000, 990000000, 999995000, '0.1.0', 20, 3);
INSERT INTO users (id, tg_user_id, username, first_name, created_at)
VALUES (1, 7, 'anna', 'Анна', 827200000), (2, 42, NULL, 'Boris', 900000000);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, videos, price, created_at)
VALUES (1, 1, 'd', 'ugc', 'p.jpg', 'Крем', 3, 1, 996400000);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                  product_info, order_id, ordinal, status, step, created_at, finished_at,
                  step_since, error_class, error, api_key, kie_task_id, model, provider_credits,
                  due_at)
VALUES (1, 1, 7, 'a', 'ugc', 'p.jpg', '{"text": "Крем для рук"}', 1, 1, 'done', 'deliver',
        996400000, 996490000, 996482000, NULL, NULL, 'aaaa', 't1', 'bytedance/seedance-2-mini',
        45.5, 0),
       (2, 1, 7, 'b', 'ugc', 'p.jpg', '{"text": "Крем для рук"}', 1, 2, 'failed', 'render',
        996399000, 996399900, NULL, 'user_violation', 'the photo shows a person', NULL, NULL,
        'bytedance/seedance-2-mini', NULL, 0),
       (3, 1, 7, 'c', 'ugc', 'p.jpg', '{"text": "Крем для рук"}', 1, 3, 'processing', 'render',
        996400000, NULL, NULL, NULL, NULL, 'aaaa', 't3', NULL, NULL, 1001800000);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, actor, created_at)
VALUES (1, 1, 5, 'grant', NULL, NULL, 'bot', 996300000),
       (2, 1, -1, 'hold', 1, NULL, 'bot', 996400000),
       (3, 1, -1, 'hold', 2, NULL, 'bot', 996400000),
       (4, 1, -1, 'hold', 3, NULL, 'bot', 996400000),
       (5, 1, 0, 'charge', 1, 2, 'worker', 996490000),
       (6, 1, 1, 'release', 2, 3, 'worker', 996460000);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms)
VALUES (1, 1, 996401000, 'script', 'written', 'kling', 12),
       (2, 2, 996459000, 'render', 'trouble', 'UserViolation: a person', NULL),
       (3, 2, 996460000, 'render', 'failed', 'the photo shows a person', NULL),
       (4, 1, 996470000, 'render', 'rendered', NULL, 60000),
       (5, 1, 996482000, 'fetch', 'fetched', '100', 900),
       (6, 1, 996490000, 'deliver', 'done', NULL, NULL);
INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
VALUES (1, 'aaaa', 'kling', 996405000, 996405200, 'accepted', 't1'),
       (3, 'aaaa', 'kling', 999995000, 999995200, 'accepted', 't3');
INSERT INTO outbox (seq, chat_id, content, message_id, job_id, state, rev, sent_rev, created_at,
                    sent_at)
VALUES (1, 7, '{"kind": "video"}', 5, 1, 'sent', 1, 1, 996480000, 996491000),
       (2, 7, '{"kind": "text"}', NULL, NULL, 'pending', 1, 0, 999998000, NULL);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
VALUES (1, 7, '{}', 999990000, 999990250), (2, 7, '{}', 999999000, NULL);
INSERT INTO api_keys (fingerprint, position, configured, blocked_class, blocked_until,
                      blocked_why, balance)
VALUES ('aaaa', 1, 1, NULL, NULL, NULL, 1200.5),
       ('bbbb', 2, 1, 'billing', 1007200000, 'no credits', NULL);
INSERT INTO models (name, paused_until, pauses, reason)
VALUES ('kling-3.0/video', 1000060000, 1, 'off');
INSERT INTO alerts (cause, text, first_at, last_at, ended_at)
VALUES ('billing:bbbb', 'The key <b>bbbb</b>', 996000000, 996000000, NULL),
       ('gpt', 'GPT says &lt;no&gt; &amp; <code>nothing else</code>', 996000000, 997000000, NULL),
       ('undelivered', 'x', 1, 998000000, 999000000);
INSERT INTO ratings (job_id, good, at) VALUES (1, 1, 996500000);
INSERT INTO payments (id, user_id, telegram_payment_charge_id, stars, credits, payload, paid_at,
                      created_at)
VALUES (1, 1, 'charge', 150, 5, 'p', 988000000, 988000000);
INSERT INTO audit (at, way, who, action, object, before, after, note)
VALUES (996300000, 'command', 'root', 'grant', 'user 7', '0 credits', '5 credits', 'a gift'),
       (996310000, 'console', 'root', 'pause', 'selling', 'open', 'closed', NULL);
"#;
