//! The rows: numbers become customers, orders and videos. What looks like chance is a product with
//! a large prime, so that two runs make the same file but for the time.

/// A key of the sandbox; the third one rests.
pub(super) const KEY: &str = "INSERT INTO api_keys (fingerprint, position, configured,
         blocked_class, blocked_until, blocked_why, balance, balance_at, used_at)
     VALUES (:key, :n, 1,
         CASE WHEN :n = 3 THEN 'rate_limit' END,
         CASE WHEN :n = 3 THEN :now + 2400000 END,
         CASE WHEN :n = 3 THEN 'Your call frequency is too high. Please try again later.' END,
         40000.0 / :n, :now - 120000, :now - 4000 * :n)";

/// Its account, every hour of the last thirty days: topped up every five.
pub(super) const BALANCES: &str = "WITH RECURSIVE hours (h) AS (
         SELECT 0
         UNION ALL
         SELECT h + 1 FROM hours WHERE h < 719)
     INSERT INTO balances (api_key, at, balance)
     SELECT :key, :now - h * 3600000, (40000.0 + h % 120 * 330.0) / :n
     FROM hours";

/// Customers `from + 1` to `to`, one after the other over the whole span.
pub(super) const USERS: &str = "WITH RECURSIVE n (i) AS (
         SELECT :from + 1 WHERE :from < :to
         UNION ALL
         SELECT i + 1 FROM n WHERE i < :to)
     INSERT INTO users (id, tg_user_id, username, first_name, language, invited_by,
                        terms_accepted_at, blocked_at, created_at)
     SELECT i,
            100000000 + i * 4517,
            CASE WHEN i % 10 < 7 THEN
                CASE i % 8 WHEN 0 THEN 'anna' WHEN 1 THEN 'shop' WHEN 2 THEN 'Ivan'
                           WHEN 3 THEN 'soap_and_co' WHEN 4 THEN 'elena' WHEN 5 THEN 'mr_mug'
                           WHEN 6 THEN 'studio' ELSE 'kirill' END || '_' || i END,
            CASE i % 11 WHEN 0 THEN 'Анна' WHEN 1 THEN 'Иван' WHEN 2 THEN 'Olga'
                        WHEN 3 THEN 'محمد' WHEN 4 THEN '小红' WHEN 5 THEN 'Zoë'
                        WHEN 6 THEN '👩‍🎨 Лера' WHEN 7 THEN 'שרה' WHEN 8 THEN NULL
                        WHEN 9 THEN 'Мастерская «Север»' ELSE 'Kirill' END,
            CASE WHEN i % 4 = 0 THEN 'en' ELSE 'ru' END,
            CASE WHEN i % 37 = 0 THEN 'ref_' || (i / 37) END,
            :begun + (i - 1) * :span / :users,
            CASE WHEN i * 2654435761 / 8192 % 100 < 3
                 THEN MIN(:begun + :span, :begun + (i - 1) * :span / :users + 86400000) END,
            :begun + (i - 1) * :span / :users
     FROM n";

/// Their credits to begin with.
pub(super) const SIGNUPS: &str = "INSERT INTO ledger (user_id, delta, kind, key, actor, created_at)
     SELECT id, 2, 'grant', 'signup:' || id, 'bot', created_at
     FROM users
     WHERE id > :from
       AND id <= :to";

/// Of five orders three are somebody's first, one a returning customer's (three videos), and one
/// that of an agency (five videos). Order number `o` has id `o + 1`.
pub(super) const ORDERS: &str = "WITH RECURSIVE n (o) AS (
         SELECT :from
         UNION ALL
         SELECT o + 1 FROM n WHERE o + 1 < :to),
     known (o, there, at) AS (
         SELECT o, MAX(1, o * :users / :all), :begun + (o - :first) * :span / :of FROM n)
     INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes,
                         videos, price, created_at)
     SELECT o + 1,
            CASE o % 5 WHEN 3 THEN 1 + o * 2654435761 / 8192 % there
                       WHEN 4 THEN 1 + o / 5 % MIN(700, there)
                       ELSE there END,
            'fill-' || o,
            CASE o % 3 WHEN 0 THEN 'ugc' WHEN 1 THEN 'ad' ELSE 'self' END,
            'fill-' || o || '.jpg',
            CASE o % 6 WHEN 0 THEN 'Термокружка «Север», 450 мл: держит тепло 8 часов'
                       WHEN 1 THEN 'Крем для рук с облепихой, 75 мл, впитывается за минуту'
                       WHEN 2 THEN 'Кроссовки для города: лёгкая сетка, 240 г'
                       WHEN 3 THEN 'Ceramic pour-over set for two, hand glazed'
                       WHEN 4 THEN 'Свеча «Хвойный лес», соевый воск, горит 40 часов'
                       ELSE 'Foldable phone stand, aluminium' END,
            CASE WHEN o % 3 = 2 THEN 'Slow macro dolly around the product on wet black stone' END,
            CASE WHEN o % 3 <> 2 AND o % 4 = 1 THEN 'уютное утро, мягкий свет' END,
            CASE o % 5 WHEN 3 THEN 3 WHEN 4 THEN 5 ELSE 1 END,
            1, at
     FROM known";

/// Whoever orders more than the credits of the beginning pay for has paid.
pub(super) const TOP_UPS: &str =
    "INSERT INTO ledger (user_id, delta, kind, actor, note, created_at)
     SELECT user_id, videos * price, 'grant', 'operator', 'paid by transfer', created_at
     FROM orders
     WHERE id > :from
       AND id <= :to
       AND (videos > 1 OR :few)";

/// The videos of those orders, all ended: about one in forty failed.
pub(super) const ENDED_JOBS: &str = "WITH made AS (
         SELECT o.*, v.column1 AS ordinal,
                (o.id * 8 + v.column1) * 2654435761 / 8192 % 1000 AS chance,
                (o.id * 8 + v.column1) * 40503 % 240000 AS more,
                (SELECT fingerprint FROM api_keys WHERE position = 1 + o.id % 3) AS api_key
         FROM orders AS o
         JOIN (VALUES (1), (2), (3), (4), (5)) AS v ON v.column1 <= o.videos
         WHERE o.id > :from
           AND o.id <= :to)
     INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                       product_info, extra_wishes, status, step, order_id, ordinal, due_at, lease,
                       step_since, attempts, model, api_key, prompt, input_url, kie_task_id,
                       submitted_at, output_url, tg_file_id, provider_credits, error_class, error,
                       created_at, started_at, finished_at)
     SELECT user_id, (SELECT tg_user_id FROM users WHERE users.id = user_id),
            'order:' || id || ':' || ordinal, template_id, photo_path,
            json_object('text', product, 'user_prompt', own_prompt), wishes,
            CASE WHEN chance < 26 THEN 'failed' WHEN chance < 30 THEN 'canceled' ELSE 'done' END,
            CASE WHEN chance < 4 THEN 'submit' WHEN chance < 26 THEN 'render'
                 WHEN chance < 30 THEN 'script' ELSE 'deliver' END,
            id, ordinal, created_at + 90000 + more, CASE WHEN chance < 26 THEN 9 ELSE 6 END,
            created_at + 80000 + more,
            CASE WHEN chance < 4 THEN 0 WHEN chance BETWEEN 12 AND 25 THEN 3
                 WHEN chance BETWEEN 26 AND 29 THEN 0 WHEN chance < 60 THEN 2 ELSE 1 END,
            CASE WHEN chance % 20 = 7 THEN 'kling-3.0/video' ELSE 'bytedance/seedance-2-mini' END,
            api_key,
            'A vertical ten second video. The product stands on a wooden table by the window: '
            || product || '. Slow push-in, soft morning light, the label stays sharp.',
            'https://files.example.com/' || id || '.jpg',
            CASE WHEN chance BETWEEN 4 AND 25 OR chance >= 30
                 THEN printf('%016x%016x', id * 2654435761, ordinal * 40503 + id) END,
            created_at + 9000,
            CASE WHEN chance >= 30 THEN 'https://files.example.com/' || id || '.mp4' END,
            CASE WHEN chance >= 30 THEN 'BQACAgIAAx' || printf('%016x', id * 8 + ordinal) END,
            CASE WHEN chance >= 30 THEN 82.0 WHEN chance >= 12 AND chance < 26 THEN 0.0 END,
            CASE WHEN chance < 4 THEN 'billing' WHEN chance < 8 THEN 'user_violation'
                 WHEN chance < 12 THEN 'user_violation' WHEN chance < 17 THEN 'temporary'
                 WHEN chance < 21 THEN 'temporary' WHEN chance < 23 THEN 'timeout'
                 WHEN chance < 25 THEN 'unknown' WHEN chance < 26 THEN 'undelivered' END,
            CASE WHEN chance < 4 THEN 'Credits insufficient : Your current balance isn''t enough '
                     || 'to run this request. Please top up to continue.'
                 WHEN chance < 8 THEN 'We currently do not support uploads of images containing '
                     || 'photorealistic people.'
                 WHEN chance < 12 THEN 'This content may violate our guardrails concerning '
                     || 'similarity to third-party content.'
                 WHEN chance < 17 THEN 'Internal Error, Please try again later. (request '
                     || printf('%08x', id * 40503 % 4294967296) || ')'
                 WHEN chance < 21 THEN 'Upstream is currently experiencing service issues. No '
                     || 'result has been returned for over 10 minutes.'
                 WHEN chance < 23 THEN 'no video within 30 minutes, task '
                     || printf('%016x', id * 2654435761)
                 WHEN chance < 25 THEN 'code 999: shard ' || (id % 7) || ' answered nothing'
                 WHEN chance < 26 THEN 'Bad Request: wrong file identifier/HTTP URL specified' END,
            created_at, created_at + 400, created_at + 90000 + more
     FROM made
     ORDER BY id, ordinal";

/// The videos of those orders, most of them at the provider.
pub(super) const LIVE_JOBS: &str = "WITH made AS (
         SELECT o.*, v.column1 AS ordinal,
                (o.id * 8 + v.column1) * 2654435761 / 8192 % 100 AS chance,
                (SELECT fingerprint FROM api_keys WHERE position = 1 + o.id % 2) AS api_key
         FROM orders AS o
         JOIN (VALUES (1), (2), (3), (4), (5)) AS v ON v.column1 <= o.videos
         WHERE o.id > :from
           AND o.id <= :to),
     placed AS (
         SELECT *,
                CASE WHEN chance < 10 THEN 'script' WHEN chance < 12 THEN 'upload'
                     WHEN chance < 14 THEN 'submit' WHEN chance < 96 THEN 'render'
                     WHEN chance < 98 THEN 'fetch' ELSE 'deliver' END AS step
         FROM made)
     INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                       product_info, extra_wishes, status, step, order_id, ordinal, due_at, lease,
                       step_since, tries, attempts, model, api_key, prompt, input_url, kie_task_id,
                       submitted_at, output_url, error, created_at, started_at)
     SELECT user_id, (SELECT tg_user_id FROM users WHERE users.id = user_id),
            'order:' || id || ':' || ordinal, template_id, photo_path,
            json_object('text', product, 'user_prompt', own_prompt), wishes,
            CASE WHEN step IN ('render', 'deliver') THEN 'processing' ELSE 'queued' END,
            step, id, ordinal,
            CASE step WHEN 'render' THEN created_at + 1809000 WHEN 'deliver' THEN :now + 86400000
                      WHEN 'submit' THEN :now + 20000 ELSE :now - 3000 END,
            CASE step WHEN 'script' THEN 0 WHEN 'upload' THEN 1 WHEN 'submit' THEN 2
                      WHEN 'render' THEN 3 ELSE 4 END,
            MIN(:now, created_at + 9000),
            step = 'submit', CASE WHEN step IN ('script', 'upload') THEN 0 ELSE 1 END,
            CASE WHEN step NOT IN ('script', 'upload') THEN 'bytedance/seedance-2-mini' END,
            CASE WHEN step NOT IN ('script', 'upload') THEN api_key END,
            CASE WHEN step <> 'script' THEN 'A vertical ten second video: ' || product END,
            CASE WHEN step NOT IN ('script', 'upload')
                 THEN 'https://files.example.com/' || id || '.jpg' END,
            CASE WHEN step IN ('render', 'fetch', 'deliver')
                 THEN printf('%016x%016x', id * 2654435761, ordinal * 40503 + id) END,
            CASE WHEN step IN ('render', 'fetch', 'deliver') THEN MIN(:now, created_at + 9000) END,
            CASE WHEN step IN ('fetch', 'deliver')
                 THEN 'https://files.example.com/' || id || '.mp4' END,
            CASE WHEN step = 'submit' THEN 'Internal Error, Please try again later.' END,
            created_at, CASE WHEN step <> 'script' THEN created_at + 400 END
     FROM placed
     ORDER BY id, ordinal";

/// Each video's price, held when its order was confirmed.
pub(super) const HOLDS: &str =
    "INSERT INTO ledger (user_id, delta, kind, job_id, actor, created_at)
     SELECT jobs.user_id, -orders.price, 'hold', jobs.id, 'bot', jobs.created_at
     FROM orders
     JOIN jobs ON jobs.order_id = orders.id
     WHERE orders.id > :from
       AND orders.id <= :to
     ORDER BY jobs.id";

/// Charged where the video came, released where it did not.
pub(super) const SETTLEMENTS: &str =
    "INSERT INTO ledger (user_id, delta, kind, job_id, hold_id, actor, created_at)
     SELECT hold.user_id,
            CASE jobs.status WHEN 'done' THEN 0 ELSE -hold.delta END,
            CASE jobs.status WHEN 'done' THEN 'charge' ELSE 'release' END,
            jobs.id, hold.id, 'worker', jobs.finished_at
     FROM orders
     JOIN jobs ON jobs.order_id = orders.id
     JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
     WHERE orders.id > :from
       AND orders.id <= :to
     ORDER BY jobs.id";

/// An order ends with its last video.
pub(super) const ORDER_ENDS: &str = "UPDATE orders
     SET finished_at = (SELECT MAX(finished_at) FROM jobs WHERE order_id = orders.id)
     WHERE id > :from
       AND id <= :to";

/// A line per step that is behind a job.
pub(super) const EVENTS: &str = "WITH told (n, step, what, after, took) AS (
         VALUES (1, 'script', 'written', 4000, 3200), (2, 'upload', 'uploaded', 6000, 900),
                (3, 'submit', 'accepted', 9000, 700), (4, 'render', 'rendered', 80000, NULL),
                (5, 'fetch', 'fetched', 83000, 1800), (6, 'deliver', 'done', 90000, 2500))
     INSERT INTO events (job_id, at, step, what, detail, duration_ms)
     SELECT jobs.id, MIN(jobs.created_at + told.after, COALESCE(jobs.finished_at, jobs.due_at)),
            told.step,
            CASE WHEN jobs.status = 'done' OR told.step <> jobs.step THEN told.what
                 WHEN jobs.status = 'failed' THEN 'failed' ELSE 'canceled' END,
            CASE WHEN told.step = jobs.step THEN jobs.error
                 WHEN told.step = 'submit' THEN jobs.model END,
            told.took
     FROM jobs
     JOIN told ON told.n <= CASE jobs.step WHEN 'script' THEN 1 WHEN 'upload' THEN 2
                                 WHEN 'submit' THEN 3 WHEN 'render' THEN 4 WHEN 'fetch' THEN 5
                                 ELSE 6 END
              - (jobs.finished_at IS NULL)
     WHERE jobs.id > :from
     ORDER BY jobs.id, told.n";

/// The call that each task came from.
pub(super) const SUBMITS: &str =
    "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
     SELECT id, api_key, model, submitted_at, submitted_at + 700, 'accepted', kie_task_id
     FROM jobs
     WHERE id > :from
       AND kie_task_id IS NOT NULL";

/// The message with each video, sent or about to be.
pub(super) const MESSAGES: &str =
    "INSERT INTO outbox (seq, chat_id, key, content, sent_rev, message_id, job_id, state,
                         created_at, sent_at)
     SELECT id, tg_user_id, 'video:' || id,
            json_object('kind', 'video', 'path', 'fill-' || id || '.mp4', 'file_id', tg_file_id,
                        'width', 720, 'height', 1280, 'seconds', 10, 'html', '🎬'),
            status = 'done', CASE WHEN status = 'done' THEN 1000000 + id END, id,
            CASE WHEN status = 'done' THEN 'sent' ELSE 'pending' END,
            COALESCE(finished_at, step_since), finished_at
     FROM jobs
     WHERE id > :from
       AND step = 'deliver'";

/// The last updates that came.
pub(super) const INBOX: &str = "WITH RECURSIVE n (i) AS (
         SELECT 1
         UNION ALL
         SELECT i + 1 FROM n WHERE i < 5000)
     INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
     SELECT 500000000 + i, 100000000 + i * 4517, '{}', :now - (5001 - i) * 900,
            :now - (5001 - i) * 900 + 20 + i % 90
     FROM n";

/// Causes of every kind, some of them over.
pub(super) const ALERTS: &str =
    "INSERT INTO alerts (cause, text, count, first_at, last_at, told_at,
                         ended_at)
     VALUES ('failed:temporary', 'Job 299871 failed: Internal Error', 412, :now - 5000000000,
             :now - 300000, :now - 40000000, NULL),
            ('failed:timeout', 'Job 299410 failed: no video within 30 minutes', 93,
             :now - 4900000000, :now - 7200000, :now - 7200000, NULL),
            ('failed:unknown', 'Job 298222 failed: code 999', 88, :now - 4000000000,
             :now - 9000000, :now - 9000000, NULL),
            ('gpt', 'GPT failed twice: the built-in prompt is used', 17, :now - 3000000000,
             :now - 86400000, :now - 86400000, :now - 80000000),
            ('undelivered', 'Telegram refused a message: chat not found', 9, :now - 2000000000,
             :now - 172800000, :now - 172800000, :now - 172000000),
            ('recovered', 'Started again: 3 leases let go', 2, :now - 1000000000, :now - 86400000,
             :now - 86400000, :now - 86300000)";

/// One that was off for a while.
pub(super) const MODELS: &str = "INSERT INTO models (name, paused_until, pauses, reason)
     VALUES ('bytedance/seedance-2-mini', NULL, 0, NULL),
            ('kling-3.0/video', :now + 480000, 2, 'This interface is temporarily paused.')";

/// Some of the grants by hand.
pub(super) const AUDIT: &str =
    "INSERT INTO audit (at, way, who, action, object, before, after, note)
     SELECT created_at, CASE id % 3 WHEN 0 THEN 'chat' WHEN 1 THEN 'command' ELSE 'console' END,
            'operator', 'grant',
            'user ' || (SELECT tg_user_id FROM users WHERE users.id = user_id),
            '0 credits', delta || ' credits', note
     FROM ledger
     WHERE id IN (SELECT id
                  FROM ledger
                  ORDER BY id DESC
                  LIMIT 200000)
       AND kind = 'grant'
       AND actor = 'operator'
       AND id % 40 = 0
     ORDER BY id";
