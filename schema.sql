-- neurocards: the database, whole. Everything else that describes it points here.
-- Times are unix milliseconds of the process clock. Credits are whole numbers. What a hot table checks
-- among three or more words is written with OR: for an IN of three SQLite makes a table of its own,
-- at every statement anew, and that took half of a job's writing.
-- Migrations (src/db/migrate.rs) carry older files to this state; a test compares the two.

-- One row: what this file is and how its appliance is doing.
CREATE TABLE instance (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    mode              TEXT    NOT NULL CHECK (mode IN ('live', 'demo')),
    bot_id            INTEGER,                     -- the bot that this file belongs to
    bot_username      TEXT,
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    heartbeat_at      INTEGER,
    heartbeat_wall    INTEGER,                     -- the same by the machine's clock, which other processes have, too
    seen_at           INTEGER,                     -- the last time that its appliance knew
    version           TEXT,
    early_deaths      INTEGER NOT NULL DEFAULT 0,  -- starts in a row that died young
    safe_mode_at      INTEGER,                     -- selling and submitting wait for `resume`
    selling_paused_at INTEGER,                     -- `pause`; NULL: open
    selling_note      TEXT,                        -- `pause --note`: what customers read meanwhile
    submitting_paused_at INTEGER,                  -- `pause --submitting`; NULL: the provider is asked
    stars_seen        INTEGER NOT NULL DEFAULT 0,  -- transactions in Stars that were compared, the oldest first
    stars_last        TEXT,                        -- the last one of these
    threads           INTEGER,                     -- workers, at the last heartbeat
    threads_busy      INTEGER
) STRICT;

CREATE TABLE users (
    id                INTEGER PRIMARY KEY,
    tg_user_id        INTEGER NOT NULL UNIQUE,
    username          TEXT,
    first_name        TEXT,
    language          TEXT    NOT NULL DEFAULT 'ru' CHECK (language IN ('ru', 'en')),
    credits           INTEGER NOT NULL DEFAULT 0 CHECK (credits >= 0),
    invited_by        TEXT,                        -- the argument of the first /start: ref_…
    friend_no         INTEGER,                     -- which friend of that customer they were, the first is 1
    invite_code       TEXT UNIQUE,                 -- of their own link; NULL: they never looked at it
    friends           INTEGER NOT NULL DEFAULT 0,  -- who ever came by their links, whoever left since
    terms_accepted_at INTEGER,
    blocked_at        INTEGER,                     -- the customer blocked the bot (403)
    banned_at         INTEGER,
    deleted_at        INTEGER,                     -- all of theirs was deleted; NULL again once they come back
    left_at           INTEGER,                     -- when that was asked for last; stays when they come back
    left_line         INTEGER,                     -- the ledger's last line then: what came by then was lost with the yes
    created_at        INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT;
CREATE INDEX users_name ON users (username COLLATE NOCASE) WHERE username IS NOT NULL;

-- Customers who had all of theirs deleted, until the last of it is gone from the disk, too.
CREATE TABLE departures (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,   -- only grows: what was done to the file up to one was done for all before it
    user_id   INTEGER NOT NULL UNIQUE REFERENCES users (id),
    at        INTEGER NOT NULL,                    -- 0: a backup brought their rows back, which are to be emptied again
    update_id INTEGER NOT NULL,                    -- their last word
    language  TEXT,                                -- of the farewell; NULL: they need none
    erased_at INTEGER                              -- files gone, farewell said; the database is still to be compacted
) STRICT;

-- Append-only. A hold is taken when an order is confirmed; exactly one charge or release names it.
-- What customers brought from the old system is an `import`: key 'import:TG_ID'.
-- A release of what a refund was to take is followed by its `repay` (see debts), in the same commit.
CREATE TABLE ledger (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    delta      INTEGER NOT NULL,
    kind       TEXT    NOT NULL,                   -- as the CHECK below knows them
    job_id     INTEGER REFERENCES jobs (id),       -- of a hold, a charge, a release, a repay
    hold_id    INTEGER REFERENCES ledger (id),     -- the hold that a charge or release settles
    key        TEXT UNIQUE,                        -- what may happen only once: 'signup:7'
    actor      TEXT    NOT NULL,                   -- 'bot', 'worker', 'operator'
    note       TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    CHECK (CASE kind
        WHEN 'grant'    THEN delta <> 0 AND hold_id IS NULL AND job_id IS NULL
        WHEN 'purchase' THEN delta > 0 AND hold_id IS NULL AND job_id IS NULL
        WHEN 'invite'   THEN delta <> 0 AND hold_id IS NULL AND job_id IS NULL
        WHEN 'bonus'    THEN delta <> 0 AND hold_id IS NULL AND job_id IS NULL
        WHEN 'promo'    THEN delta > 0 AND hold_id IS NULL AND job_id IS NULL
        WHEN 'import'   THEN delta > 0 AND hold_id IS NULL AND job_id IS NULL
        WHEN 'hold'     THEN delta < 0 AND hold_id IS NULL AND job_id IS NOT NULL
        WHEN 'charge'   THEN delta = 0 AND hold_id IS NOT NULL AND job_id IS NOT NULL
        WHEN 'release'  THEN delta > 0 AND hold_id IS NOT NULL AND job_id IS NOT NULL
        WHEN 'repay'    THEN delta < 0 AND hold_id IS NULL AND job_id IS NOT NULL
        ELSE 0
    END)
) STRICT;
CREATE INDEX ledger_user ON ledger (user_id, delta);
CREATE INDEX ledger_of_user ON ledger (user_id, id);   -- the customer's statement
CREATE INDEX ledger_time ON ledger (created_at);
CREATE INDEX ledger_gifts ON ledger (user_id) WHERE kind IN ('invite', 'repay');
CREATE INDEX ledger_purchases ON ledger (user_id) WHERE kind = 'purchase';
CREATE INDEX ledger_repaid ON ledger (job_id) WHERE kind = 'repay';
CREATE UNIQUE INDEX ledger_one_hold ON ledger (job_id) WHERE kind = 'hold';
CREATE UNIQUE INDEX ledger_one_settlement ON ledger (hold_id) WHERE hold_id IS NOT NULL;

CREATE TRIGGER ledger_settles_its_hold BEFORE INSERT ON ledger WHEN NEW.hold_id IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a charge or release must match its hold') WHERE NOT EXISTS (
        SELECT 1 FROM ledger h
        WHERE h.id = NEW.hold_id AND h.kind = 'hold' AND h.user_id = NEW.user_id
          AND h.job_id = NEW.job_id AND NEW.delta IN (0, -h.delta));
END;
CREATE TRIGGER ledger_moves_credits AFTER INSERT ON ledger BEGIN
    UPDATE users SET credits = credits + NEW.delta WHERE id = NEW.user_id;
END;
CREATE TRIGGER ledger_no_update
BEFORE UPDATE OF id, user_id, delta, kind, job_id, hold_id, key, actor, created_at ON ledger BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: use `neurocards grant` to correct it');
END;
-- The operator's words may be of a person who wants to be forgotten; the numbers never go.
CREATE TRIGGER ledger_notes_are_only_forgotten BEFORE UPDATE OF note ON ledger
WHEN NEW.note IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: use `neurocards grant` to correct it');
END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: use `neurocards grant` to correct it');
END;
CREATE TRIGGER users_credits_by_ledger_only BEFORE UPDATE OF credits ON users
WHEN NEW.credits <> (SELECT COALESCE(SUM(delta), 0) FROM ledger WHERE user_id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'credits move only through the ledger: use `neurocards grant TG_USER_ID CREDITS`');
END;
CREATE TRIGGER users_begin_with_nothing BEFORE INSERT ON users WHEN NEW.credits <> 0 BEGIN
    SELECT RAISE(ABORT, 'a user begins with 0 credits: use `neurocards grant TG_USER_ID CREDITS`');
END;

-- What was paid for in Telegram Stars. The row and its `purchase` in the ledger are one commit, and
-- so are the end of a refund and the credits that it takes back: key 'purchase:CHARGE' and
-- 'refund:CHARGE'. What was spent, held or lost by then cannot be taken back and is owed (see debts).
CREATE TABLE payments (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users (id),  -- who paid and got the credits
    telegram_payment_charge_id TEXT NOT NULL UNIQUE CHECK (telegram_payment_charge_id <> ''),
    stars           INTEGER NOT NULL CHECK (stars > 0),
    credits         INTEGER NOT NULL CHECK (credits > 0),
    payload         TEXT    NOT NULL,                -- the invoice's
    source          TEXT    NOT NULL DEFAULT 'update'
                    CHECK (source IN ('update', 'reconciled')),  -- Telegram told us, or we asked
    paid_at         INTEGER NOT NULL,                -- by Telegram's clock
    created_at      INTEGER NOT NULL,                -- when the credits came
    refund_asked_at INTEGER,                         -- Telegram is asked for the refund; unanswered while refunded_at is NULL
    refunded_at     INTEGER,                         -- the Stars are back, and what there was of the credits
    taken_back      INTEGER CHECK (taken_back >= 0), -- credits
    owed            INTEGER CHECK (owed >= 0),       -- credits that were spent or lost before, or are held
    CHECK ((refunded_at IS NULL) = (taken_back IS NULL)),
    CHECK ((refunded_at IS NULL) = (owed IS NULL)),
    CHECK (refunded_at IS NULL OR taken_back + owed = credits)
) STRICT;
CREATE INDEX payments_user ON payments (user_id, id);
CREATE INDEX payments_time ON payments (created_at);
CREATE INDEX payments_refunded ON payments (refunded_at) WHERE refunded_at IS NOT NULL;
CREATE INDEX payments_refunding ON payments (refund_asked_at)
    WHERE refund_asked_at IS NOT NULL AND refunded_at IS NULL;

CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments BEGIN
    SELECT RAISE(ABORT, 'a payment stays: use `neurocards refund-payment CHARGE_ID` to give it back');
END;
CREATE TRIGGER payments_keep_what_was_paid
BEFORE UPDATE OF user_id, telegram_payment_charge_id, stars, credits ON payments
WHEN NEW.user_id <> OLD.user_id OR NEW.telegram_payment_charge_id <> OLD.telegram_payment_charge_id
  OR NEW.stars <> OLD.stars OR NEW.credits <> OLD.credits BEGIN
    SELECT RAISE(ABORT, 'a payment stays as it was paid');
END;

-- What a refund was to take and did not find: it was spent, or lost with the customer's data, or a
-- video holds it. The key is that of
-- the line in the ledger that took the rest. What was held then is taken as soon as it comes back, by
-- a `repay` with the key 'KEY:JOB'; what was spent stays owed, and nobody asks for it.
CREATE TABLE debts (
    key     TEXT    PRIMARY KEY,                   -- 'refund:CHARGE', 'bonus:7:back', 'invite:8:back'
    user_id INTEGER NOT NULL REFERENCES users (id),
    charge  TEXT    NOT NULL,                      -- of the payment that was given back
    owed    INTEGER NOT NULL CHECK (owed >= 0),    -- credits, still
    line    INTEGER NOT NULL                       -- the ledger's last then, or users.left_line: later holds are not meant
) STRICT;
CREATE INDEX debts_open ON debts (user_id) WHERE owed > 0;
CREATE INDEX debts_charge ON debts (charge);
CREATE TRIGGER debts_are_of_payments AFTER UPDATE OF owed ON debts
WHEN NEW.key = 'refund:' || NEW.charge BEGIN
    UPDATE payments
    SET taken_back = taken_back + OLD.owed - NEW.owed, owed = owed - OLD.owed + NEW.owed
    WHERE telegram_payment_charge_id = NEW.charge;
END;

-- What customers asked about a payment, and what they were answered through the bot.
CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- the operator answers by it, and messages are named after it: never given twice
    user_id     INTEGER NOT NULL REFERENCES users (id),
    payment_id  INTEGER REFERENCES payments (id),  -- the one that they pressed on
    text        TEXT,                              -- NULL: they are asked for it
    answer      TEXT,                              -- the newest
    opened_at   INTEGER NOT NULL,
    asked_at    INTEGER,
    answered_at INTEGER,
    CHECK ((text IS NULL) = (asked_at IS NULL)),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX tickets_writing ON tickets (user_id) WHERE text IS NULL;
CREATE INDEX tickets_user ON tickets (user_id, asked_at);
CREATE INDEX tickets_time ON tickets (opened_at);
CREATE INDEX tickets_unanswered ON tickets (asked_at) WHERE text IS NOT NULL AND answered_at IS NULL;

-- What the operator writes to many. Recipients go in the order of their ids: `bookmark` says how far
-- their messages (outbox, key 'broadcast:ID:USER') were written, a few at a time.
CREATE TABLE broadcasts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- messages are named after it, and outlive it: never given twice
    author      INTEGER NOT NULL,                  -- the administrator's Telegram id: their chat shows it
    html        TEXT    NOT NULL,
    payers      INTEGER NOT NULL DEFAULT 0 CHECK (payers IN (0, 1)),  -- only who has paid
    idle_days   INTEGER CHECK (idle_days > 0),     -- only who ordered nothing for so long
    language    TEXT CHECK (language IN ('ru', 'en')),
    state       TEXT    NOT NULL DEFAULT 'draft'
                CHECK (state IN ('draft', 'running', 'paused', 'stopped', 'done')),
    total       INTEGER NOT NULL DEFAULT 0,        -- recipients, as counted when it was last shown
    bookmark    INTEGER NOT NULL DEFAULT 0,        -- users up to this id were looked at
    last_user   INTEGER,                           -- who comes after the start gets nothing
    queued      INTEGER NOT NULL DEFAULT 0,        -- messages written
    sent        INTEGER NOT NULL DEFAULT 0,        -- messages that Telegram took
    made_at     INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    CHECK ((state IN ('stopped', 'done')) = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX broadcasts_open ON broadcasts (id) WHERE state IN ('running', 'paused');
-- Codes that are worth credits; who used one is in the ledger: key 'promo:CODE:USER'.
CREATE TABLE promos (
    code       TEXT    PRIMARY KEY COLLATE NOCASE CHECK (length(code) BETWEEN 1 AND 32),
    credits    INTEGER NOT NULL CHECK (credits > 0),
    uses       INTEGER NOT NULL CHECK (uses > 0),
    used       INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    until      INTEGER,                            -- NULL: it has no end
    closed_at  INTEGER,                            -- the operator wants no more of it
    created_at INTEGER NOT NULL
) STRICT;
-- Codes that do not exist, tried lately.
CREATE TABLE promo_guesses (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    since   INTEGER NOT NULL,                      -- the first of the hour that is counted
    guesses INTEGER NOT NULL
) STRICT;

-- What was offered for Stars. It may be paid for a day, by its customer alone; its payload names all
-- of it, so that a payment is credited rightly even where a restored backup has lost the row.
CREATE TABLE invoices (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    credits    INTEGER NOT NULL CHECK (credits > 0),
    stars      INTEGER NOT NULL CHECK (stars > 0),
    created_at INTEGER NOT NULL,
    closed_at  INTEGER,
    why        TEXT CHECK (why IN ('paid', 'expired', 'replaced', 'left')),
    CHECK ((closed_at IS NULL) = (why IS NULL))
) STRICT;
CREATE UNIQUE INDEX invoices_open ON invoices (user_id, credits) WHERE closed_at IS NULL;
CREATE INDEX invoices_time ON invoices (created_at);

-- What a customer confirmed. Its videos are its jobs.
CREATE TABLE orders (
    id           INTEGER PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    draft        TEXT    NOT NULL UNIQUE,          -- the dialogue's draft: confirmed once
    template_id  TEXT    NOT NULL,
    photo_path   TEXT    NOT NULL,                 -- relative to photos/
    product      TEXT    NOT NULL,
    own_prompt   TEXT,                             -- template 'self': goes to the model as it is
    wishes       TEXT,
    choice       TEXT,                             -- of models.toml's [[choice]]; NULL: there was nothing to choose
    videos       INTEGER NOT NULL CHECK (videos BETWEEN 1 AND 10),
    price        INTEGER NOT NULL CHECK (price >= 0),  -- credits per video
    judged_at    INTEGER,                          -- its words went to the moderation
    unfit        TEXT CHECK (unfit IS NULL OR judged_at IS NOT NULL),  -- what that found wrong with them
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    place        INTEGER                           -- in the queue, as its status message was written last
) STRICT;
CREATE INDEX orders_user ON orders (user_id, id);
CREATE INDEX orders_time ON orders (created_at);
-- Whose words are still kept.
CREATE INDEX orders_texts ON orders (finished_at) WHERE finished_at IS NOT NULL AND product <> '';

-- One video. `status` is for the outside, `step` says where the work stands; both are drawn in src/jobs.rs.
CREATE TABLE jobs (
    id               INTEGER PRIMARY KEY,
    user_id          INTEGER NOT NULL REFERENCES users (id),
    tg_user_id       INTEGER NOT NULL,
    idempotency_key  TEXT    NOT NULL UNIQUE,
    kind             TEXT    NOT NULL DEFAULT 'reels',
    template_id      TEXT    NOT NULL,
    input_photo_path TEXT    NOT NULL,             -- relative to photos/, or http(s)://…
    product_info     TEXT    NOT NULL CHECK (json_valid(product_info)),  -- {"text", "user_prompt"}, and of a refined video "refines": {"script", "change"}
    extra_wishes     TEXT,
    choice           TEXT,                         -- its order's: which models may serve it, and at what length
    status           TEXT    NOT NULL DEFAULT 'queued'
                     CHECK (status = 'queued' OR status = 'processing' OR status = 'done' OR
                            status = 'failed' OR status = 'canceled'),
    step             TEXT    NOT NULL DEFAULT 'script'
                     CHECK (step = 'script' OR step = 'upload' OR step = 'submit' OR
                            step = 'render' OR step = 'fetch' OR step = 'deliver'),
    priority         INTEGER NOT NULL DEFAULT 0,   -- the higher goes first
    order_id         INTEGER REFERENCES orders (id),   -- NULL: inserted by hand or run again
    ordinal          INTEGER NOT NULL DEFAULT 1,   -- which of its order's videos
    rerun_of         INTEGER REFERENCES jobs (id),
    due_at           INTEGER NOT NULL DEFAULT 0,   -- when it next needs a thread; while leased: when the lease expires
    lease            INTEGER NOT NULL DEFAULT 0,   -- bumped by every claim; only its holder may move the job
    leased_at        INTEGER,                      -- NULL: nobody works on it now
    strikes          INTEGER NOT NULL DEFAULT 0,   -- leases that expired and panics, on this step
    step_since       INTEGER,                      -- when this step began
    tries            INTEGER NOT NULL DEFAULT 0,   -- failed tries of this step
    attempts         INTEGER NOT NULL DEFAULT 0,   -- createTasks accepted, lost or failed as TEMPORARY
    refused          TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(refused)),  -- keys and models asked in this round
    model            TEXT,
    api_key          TEXT,                         -- fingerprint
    prompt           TEXT,
    input_url        TEXT,                         -- the photo as the provider sees it
    kie_task_id      TEXT,
    submitted_at     INTEGER,
    unreached_since  INTEGER,                      -- the first of its calls in a row that reached nobody
    output_url       TEXT,
    video_path       TEXT,                         -- relative to videos/
    tg_file_id       TEXT,                         -- send again for free
    provider_credits REAL,
    error_class      TEXT,
    error            TEXT,
    created_at       INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    started_at       INTEGER,
    finished_at      INTEGER,
    CHECK (finished_at IS NULL OR status NOT IN ('queued', 'processing')),
    CHECK (leased_at IS NULL OR status IN ('queued', 'processing'))
) STRICT;
-- What can be claimed, and when something next can: only live rows, however many have ended.
CREATE INDEX jobs_claim ON jobs (step, priority DESC, due_at) WHERE status IN ('queued', 'processing');
-- What waits for its createTask, by whom it waits for; and what somebody holds.
CREATE INDEX jobs_submits ON jobs (COALESCE(api_key, ''), COALESCE(model, ''), priority DESC, due_at)
    WHERE status IN ('queued', 'processing') AND step = 'submit';
-- The queue as customers see it: what the provider does not work on yet, the first one first. It
-- holds all that a place is counted by, so that no row is looked at.
CREATE INDEX jobs_queue ON jobs (priority DESC, id, order_id, step, status)
    WHERE status IN ('queued', 'processing') AND (step = 'script' OR step = 'upload' OR step = 'submit');
CREATE INDEX jobs_leased ON jobs (step, due_at, api_key, model) WHERE leased_at IS NOT NULL;
CREATE INDEX jobs_running ON jobs (api_key, step, status, kie_task_id)
    WHERE status IN ('queued', 'processing') AND kie_task_id IS NOT NULL AND step = 'render';
CREATE INDEX jobs_user ON jobs (user_id, id);
CREATE INDEX jobs_rerun ON jobs (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX jobs_order ON jobs (order_id) WHERE order_id IS NOT NULL;
-- With all that a day's spending is summed by, so that no row is looked at; the same of what is sold.
CREATE INDEX jobs_finished ON jobs (finished_at, status, model, choice, provider_credits)
    WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_live ON jobs (user_id, step, status, model, choice, provider_credits)
    WHERE status IN ('queued', 'processing');
-- Whose words are still kept.
CREATE INDEX jobs_texts ON jobs (finished_at) WHERE finished_at IS NOT NULL AND product_info <> '{}';
-- What went wrong lately, however much went well.
CREATE INDEX jobs_failed ON jobs (finished_at) WHERE status = 'failed';
-- How long the last real orders took, however much history was inserted beside them.
CREATE INDEX jobs_waits ON jobs (finished_at, created_at) WHERE status = 'done' AND order_id IS NOT NULL;

CREATE TRIGGER jobs_history_has_an_end AFTER INSERT ON jobs
WHEN NEW.finished_at IS NULL AND NEW.status NOT IN ('queued', 'processing') BEGIN
    UPDATE jobs SET finished_at = NEW.created_at WHERE id = NEW.id;
END;
CREATE TRIGGER jobs_end_once BEFORE UPDATE OF status ON jobs
WHEN OLD.status NOT IN ('queued', 'processing') AND NEW.status <> OLD.status BEGIN
    SELECT RAISE(ABORT, 'a job ends once: use `neurocards retry ID` to run it again');
END;
CREATE TRIGGER jobs_end_has_a_time BEFORE UPDATE OF status ON jobs
WHEN NEW.status NOT IN ('queued', 'processing') AND NEW.finished_at IS NULL BEGIN
    SELECT RAISE(ABORT, 'an ended job needs finished_at: use `neurocards cancel ID`');
END;

-- A job's story: one line per thing that happened, for the operator.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    at          INTEGER NOT NULL,
    step        TEXT    NOT NULL,
    what        TEXT    NOT NULL,                  -- 'claimed', 'accepted', 'lost', 'refused', 'failed', …
    detail      TEXT,
    duration_ms INTEGER
) STRICT;
CREATE INDEX events_job ON events (job_id);

-- Every createTask, written before a byte of it leaves. `sending` after a restart means lost:
-- it may have been billed. The last 10 s of it are the key's sliding window: a call is in it from
-- before it leaves until 10 s after its answer, since only the provider knows when it counted it.
CREATE TABLE submits (
    id       INTEGER PRIMARY KEY,
    job_id   INTEGER NOT NULL REFERENCES jobs (id),
    api_key  TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    ended_at INTEGER,
    outcome  TEXT    NOT NULL DEFAULT 'sending'
             CHECK (outcome = 'sending' OR outcome = 'accepted' OR outcome = 'refused' OR
                    outcome = 'lost' OR outcome = 'unsent'),
    task_id  TEXT,
    CHECK ((outcome = 'accepted') = (task_id IS NOT NULL)),
    CHECK ((outcome = 'sending') = (ended_at IS NULL))
) STRICT;
CREATE INDEX submits_window ON submits (api_key, ended_at) WHERE outcome <> 'unsent';
CREATE INDEX submits_job ON submits (job_id);
CREATE INDEX submits_open ON submits (job_id) WHERE outcome = 'sending';
CREATE INDEX submits_lost ON submits (ended_at) WHERE outcome = 'lost';

-- Renders that were refunded for their time limit are watched on, since the provider may bring the
-- video all the same (it is `jobs.output_url` then): it goes to the customer as a gift.
CREATE TABLE gifts (
    job_id   INTEGER PRIMARY KEY REFERENCES jobs (id),
    until    INTEGER NOT NULL,                     -- a day after the refund
    tries    INTEGER NOT NULL DEFAULT 0,           -- failed tries to fetch the video
    ended_at INTEGER,                              -- NULL: watched, or being fetched
    outcome  TEXT CHECK (outcome IN ('given', 'none')),   -- given: its message is in the outbox
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX gifts_open ON gifts (job_id) WHERE ended_at IS NULL;
CREATE INDEX gifts_given ON gifts (ended_at) WHERE outcome = 'given';

-- What customers think of their videos: one word per video, the last one counts.
CREATE TABLE ratings (
    job_id INTEGER PRIMARY KEY REFERENCES jobs (id),
    good   INTEGER NOT NULL CHECK (good IN (0, 1)),
    at     INTEGER NOT NULL
) STRICT;
CREATE INDEX ratings_time ON ratings (at);

-- A photo's copy at the provider, per key: the order's other videos use it again.
CREATE TABLE uploads (
    photo_path TEXT    NOT NULL,
    api_key    TEXT    NOT NULL,
    url        TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (photo_path, api_key)
) STRICT;

-- Health of the provider's keys; never the key itself.
CREATE TABLE api_keys (
    fingerprint   TEXT    PRIMARY KEY,
    position      INTEGER NOT NULL,                -- in the configuration, from 1
    configured    INTEGER NOT NULL CHECK (configured IN (0, 1)),
    blocked_class TEXT CHECK (blocked_class IN ('billing', 'rate_limit', 'operator')),
    blocked_until INTEGER,
    blocked_why   TEXT,
    blocked_at    INTEGER,
    refusals      INTEGER NOT NULL DEFAULT 0,      -- for money, in a row: a balance is believed less with each
    served_at     INTEGER,                         -- its last accepted createTask, to the minute
    balance       REAL,
    balance_at    INTEGER,
    used_at       INTEGER,
    ask_balance   INTEGER NOT NULL DEFAULT 0 CHECK (ask_balance IN (0, 1)),  -- the operator wants to know now; until there is an answer
    balance_error TEXT,                            -- why the last question had no balance for an answer
    CHECK ((blocked_class IS NULL) = (blocked_until IS NULL))
) STRICT;

-- What the accounts had, for the trend; the last month.
CREATE TABLE balances (
    api_key TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    balance REAL    NOT NULL,
    PRIMARY KEY (api_key, at)
) STRICT, WITHOUT ROWID;

-- What we learnt of the provider's models; which there are says assets/models.toml.
CREATE TABLE models (
    name         TEXT    PRIMARY KEY,
    paused_until INTEGER,
    pauses       INTEGER NOT NULL DEFAULT 0,       -- in a row: the pause grows with it
    reason       TEXT,
    served_at    INTEGER,                          -- its last accepted createTask, to the minute
    off_at       INTEGER                           -- the operator switched it off; NULL: on
) STRICT;

-- Raw updates, committed before Telegram hears that we have them.
CREATE TABLE inbox (
    update_id   INTEGER PRIMARY KEY,
    chat_id     INTEGER NOT NULL,                  -- handled in order per chat; 0: no chat
    body        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    handled_at  INTEGER,
    tries       INTEGER NOT NULL DEFAULT 0,
    error       TEXT,
    urgent      INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1))  -- in no chat's order: Telegram waits for the answer
) STRICT;
CREATE INDEX inbox_open ON inbox (update_id) WHERE handled_at IS NULL;
CREATE INDEX inbox_chat ON inbox (chat_id);
CREATE INDEX inbox_urgent ON inbox (update_id) WHERE handled_at IS NULL AND urgent = 1;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;

-- A customer's place in the dialogue.
CREATE TABLE dialogs (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id),
    state      TEXT    NOT NULL CHECK (json_valid(state)),
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX dialogs_time ON dialogs (updated_at);

-- Messages as they should be. The sender makes Telegram's side equal to them: a row not yet sent
-- is sent, a row whose `rev` is ahead of `sent_rev` is edited, so stale edits fold by themselves.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    seq        INTEGER NOT NULL UNIQUE,            -- order of sending; a new revision goes to the end
    chat_id    INTEGER NOT NULL,
    key        TEXT UNIQUE,                        -- 'status:7': one message, however often it is written
    content    TEXT    NOT NULL CHECK (json_valid(content)),
    rev        INTEGER NOT NULL DEFAULT 1,
    sent_rev   INTEGER NOT NULL DEFAULT 0,
    message_id INTEGER,
    job_id     INTEGER REFERENCES jobs (id),       -- sending it delivers this job
    state      TEXT    NOT NULL DEFAULT 'pending'
               CHECK (state = 'pending' OR state = 'sent' OR state = 'dropped'),
    due_at     INTEGER NOT NULL DEFAULT 0,
    tries      INTEGER NOT NULL DEFAULT 0,
    lost       INTEGER NOT NULL DEFAULT 0,         -- calls whose answer never came: maybe sent twice
    calling_at INTEGER,                            -- a video's call is under way; after a restart: lost
    error      TEXT,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER
) STRICT;
CREATE INDEX outbox_pending ON outbox (seq) WHERE state = 'pending';
CREATE INDEX outbox_chat ON outbox (chat_id, state);
CREATE INDEX outbox_time ON outbox (created_at);   -- of all, since one of those that are sent would be written at each sending
CREATE INDEX outbox_dropped ON outbox (created_at) WHERE state = 'dropped';
CREATE INDEX outbox_job ON outbox (job_id) WHERE job_id IS NOT NULL;

-- Pictures of ours that Telegram already has.
CREATE TABLE files (
    asset   TEXT PRIMARY KEY,
    file_id TEXT NOT NULL
) STRICT;

-- What the operator should know. One row per cause; told again after 24 h at the earliest, and what
-- comes and goes at most three times a day.
CREATE TABLE alerts (
    cause      TEXT    PRIMARY KEY,                -- 'billing:ab12cd34'
    text       TEXT    NOT NULL,
    count      INTEGER NOT NULL DEFAULT 1,
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    told_at    INTEGER,
    ended_at   INTEGER,
    silent     INTEGER NOT NULL DEFAULT 0 CHECK (silent IN (0, 1)),  -- nobody heard of it since it came back
    day_at     INTEGER,                            -- the first telling of the day that is counted
    day_tells  INTEGER NOT NULL DEFAULT 0          -- and how many there were in it
) STRICT;
CREATE INDEX alerts_ended ON alerts (ended_at) WHERE ended_at IS NOT NULL;

-- What operators did, by console, command or chat.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    way    TEXT    NOT NULL CHECK (way IN ('command', 'console', 'chat')),
    who    TEXT    NOT NULL,                       -- the login name, or a Telegram id
    action TEXT    NOT NULL,                       -- 'grant', 'pause'
    object TEXT    NOT NULL,                       -- 'user 42', 'key ab12cd34', 'selling'
    before TEXT,
    after  TEXT,
    note   TEXT
) STRICT;
CREATE INDEX audit_object ON audit (object);
