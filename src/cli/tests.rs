//! A small database that the commands are shown.

use rusqlite::Connection;

use crate::clock::Millis;

pub(super) fn empty() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../../schema.sql")).unwrap();
    conn
}

/// One customer with one order of three videos: delivered, refused, rendering. And the time then.
pub(super) fn sample() -> (Connection, Millis) {
    let conn = empty();
    conn.execute_batch(
        "INSERT INTO users (id, tg_user_id, username, created_at) VALUES (1, 7, 'anna', 827200000);
         INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, videos, price, created_at)
         VALUES (1, 1, 'd', 'ugc', 'p.jpg', 'Крем', 3, 1, 996400000);
         INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, order_id, status, step, created_at, finished_at, error,
                           api_key, kie_task_id)
         VALUES (1, 1, 7, 'a', 'ugc', 'p.jpg', '{\"text\": \"Крем для рук\"}', 1, 'done', 'deliver',
                 996400000, 996490000, NULL, 'aaaa', 't1'),
                (2, 1, 7, 'b', 'ugc', 'p.jpg', '{\"text\": \"Крем для рук\"}', 1, 'failed', 'render',
                 996400000, 996460000, 'the photo shows a person', NULL, NULL),
                (3, 1, 7, 'c', 'ugc', 'p.jpg', '{\"text\": \"Крем для рук\"}', 1, 'processing', 'render',
                 996400000, NULL, NULL, 'aaaa', 't3');
         INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, actor, created_at)
         VALUES (1, 1, 5, 'grant', NULL, NULL, 'bot', 996300000),
                (2, 1, -1, 'hold', 1, NULL, 'bot', 996400000),
                (3, 1, -1, 'hold', 2, NULL, 'bot', 996400000),
                (4, 1, -1, 'hold', 3, NULL, 'bot', 996400000),
                (5, 1, 0, 'charge', 1, 2, 'worker', 996490000),
                (6, 1, 1, 'release', 2, 3, 'worker', 996460000);
         INSERT INTO events (job_id, at, step, what, duration_ms)
         VALUES (1, 996401000, 'script', 'claimed', 12);
         INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
         VALUES (1, 'aaaa', 'kling', 996405000, 996405200, 'accepted', 't1'),
                (3, 'aaaa', 'kling', 999995000, 999995200, 'accepted', 't3');
         INSERT INTO outbox (seq, chat_id, content, message_id, job_id, state, created_at, sent_at)
         VALUES (1, 7, '{\"kind\": \"video\"}', 5, 1, 'sent', 996480000, 996491000);
         INSERT INTO api_keys (fingerprint, position, configured, blocked_class, blocked_until,
                               blocked_why, balance)
         VALUES ('aaaa', 1, 1, NULL, NULL, NULL, 1200.5),
                ('bbbb', 2, 1, 'billing', 1007200000, 'no credits', NULL);",
    )
    .unwrap();
    (conn, 1_000_000_000)
}
