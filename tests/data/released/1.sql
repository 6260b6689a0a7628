-- A database of version 1, as it was released. Written by a test of
-- src/db/migrate/recorded.rs; not by hand.
PRAGMA foreign_keys = OFF;
PRAGMA page_size = 1024;
BEGIN;
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
INSERT INTO instance (id, mode, bot_id, bot_username, created_at, started_at, heartbeat_at, heartbeat_wall, seen_at, version, early_deaths, safe_mode_at, selling_paused_at, selling_note, submitting_paused_at, stars_seen, stars_last, threads, threads_busy) VALUES (1, 'demo', 7000000001, NULL, 1795205400988, 1795205401392, 1795212005373, NULL, NULL, '0.1.0', 0, NULL, NULL, NULL, NULL, 0, NULL, 20, 2);
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
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (1, 101, 'anna_krem', 'Анна', 'ru', 33, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1795205402659);
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (2, 102, 'john_smith', 'John', 'en', 13, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1795205465839);
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (3, 103, NULL, '保湿太郎', 'en', 4, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1795205528159);
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (4, 104, NULL, 'דוד לוי', 'en', 5, NULL, NULL, NULL, 0, NULL, 1795211092568, NULL, NULL, NULL, NULL, 1795205591111);
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (5, 105, NULL, 'Мария Константиновна', 'ru', 2, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1795205655640);
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (6, 106, 'freebie_hunter_of_the_north', 'Max', 'ru', 2, NULL, NULL, NULL, 0, NULL, NULL, 1795210878480, NULL, NULL, NULL, 1795205720743);
INSERT INTO users (id, tg_user_id, username, first_name, language, credits, invited_by, friend_no, invite_code, friends, terms_accepted_at, blocked_at, banned_at, deleted_at, left_at, left_line, created_at) VALUES (7, 107, NULL, NULL, 'ru', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795212000000, 1795212000000, NULL, 1795205800000);
CREATE TABLE departures (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,   -- only grows: what was done to the file up to one was done for all before it
    user_id   INTEGER NOT NULL UNIQUE REFERENCES users (id),
    at        INTEGER NOT NULL,                    -- 0: a backup brought their rows back, which are to be emptied again
    update_id INTEGER NOT NULL,                    -- their last word
    language  TEXT,                                -- of the farewell; NULL: they need none
    erased_at INTEGER                              -- files gone, farewell said; the database is still to be compacted
) STRICT;
INSERT INTO departures (id, user_id, at, update_id, language, erased_at) VALUES (1, 7, 1795212000000, 500000200, 'ru', NULL);
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
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (1, 1, 2, 'grant', NULL, NULL, 'signup:1', 'bot', 'welcome', 1795205402659);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (10, 5, 2, 'grant', NULL, NULL, NULL, 'operator', 'подарок к открытию', 1795205658780);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (11, 6, 2, 'grant', NULL, NULL, 'signup:6', 'bot', 'welcome', 1795205720743);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (12, 1, -1, 'hold', 1, NULL, NULL, 'bot', NULL, 1795205869723);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (13, 1, -1, 'hold', 2, NULL, NULL, 'bot', NULL, 1795205869723);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (14, 1, -1, 'hold', 3, NULL, NULL, 'bot', NULL, 1795205869723);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (15, 1, 0, 'charge', 2, 13, NULL, 'worker', NULL, 1795206028165);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (16, 1, 0, 'charge', 1, 12, NULL, 'worker', NULL, 1795206029889);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (17, 1, 0, 'charge', 3, 14, NULL, 'worker', NULL, 1795206033244);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (18, 2, -1, 'hold', 4, NULL, NULL, 'bot', NULL, 1795206067482);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (19, 2, 0, 'charge', 4, 18, NULL, 'worker', NULL, 1795206174616);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (2, 1, 12, 'grant', NULL, NULL, NULL, 'operator', 'подарок к открытию', 1795205405280);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (20, 3, -1, 'hold', 5, NULL, NULL, 'bot', NULL, 1795206940372);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (21, 3, 0, 'charge', 5, 20, NULL, 'worker', NULL, 1795207100059);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (22, 5, -1, 'hold', 6, NULL, NULL, 'bot', NULL, 1795207129644);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (23, 5, 0, 'charge', 6, 22, NULL, 'worker', NULL, 1795207234831);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (24, 1, 5, 'purchase', NULL, NULL, 'purchase:stx101x000001', 'bot', NULL, 1795207235692);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (25, 2, 10, 'purchase', NULL, NULL, 'purchase:stx102x000002', 'bot', NULL, 1795207235874);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (26, 1, -5, 'grant', NULL, NULL, 'refund:stx101x000001', 'operator', NULL, 1795207717283);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (27, 1, 30, 'purchase', NULL, NULL, 'purchase:stx101x000003', 'bot', NULL, 1795207717584);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (28, 4, -1, 'hold', 7, NULL, NULL, 'bot', NULL, 1795207738255);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (29, 5, -1, 'hold', 8, NULL, NULL, 'bot', NULL, 1795207770073);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (3, 2, 2, 'grant', NULL, NULL, 'signup:2', 'bot', 'welcome', 1795205465839);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (30, 5, 1, 'release', 8, 29, NULL, 'worker', NULL, 1795207854837);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (31, 2, -1, 'hold', 9, NULL, NULL, 'bot', NULL, 1795207876117);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (32, 2, -1, 'hold', 10, NULL, NULL, 'bot', NULL, 1795207876117);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (33, 2, -1, 'hold', 11, NULL, NULL, 'bot', NULL, 1795207876117);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (34, 2, 1, 'release', 10, 32, NULL, 'worker', NULL, 1795207948296);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (35, 2, 1, 'release', 11, 33, NULL, 'worker', NULL, 1795207968817);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (36, 2, 1, 'release', 9, 31, NULL, 'worker', NULL, 1795208009762);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (37, 1, -1, 'hold', 12, NULL, NULL, 'bot', NULL, 1795208029558);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (38, 1, 0, 'charge', 12, 37, NULL, 'worker', NULL, 1795209254549);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (39, 3, -1, 'hold', 13, NULL, NULL, 'bot', NULL, 1795209290402);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (4, 2, 6, 'grant', NULL, NULL, NULL, 'operator', 'подарок к открытию', 1795205467440);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (40, 3, -1, 'hold', 14, NULL, NULL, 'bot', NULL, 1795209290402);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (41, 3, -1, 'hold', 15, NULL, NULL, 'bot', NULL, 1795209290402);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (42, 3, 0, 'charge', 15, 41, NULL, 'worker', NULL, 1795209367952);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (43, 3, 0, 'charge', 14, 40, NULL, 'worker', NULL, 1795209388133);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (44, 3, 0, 'charge', 13, 39, NULL, 'worker', NULL, 1795209428795);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (45, 1, -1, 'hold', 16, NULL, NULL, 'bot', NULL, 1795209450551);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (46, 1, -1, 'hold', 17, NULL, NULL, 'bot', NULL, 1795209450551);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (47, 1, -1, 'hold', 18, NULL, NULL, 'bot', NULL, 1795209450551);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (48, 1, 0, 'charge', 18, 47, NULL, 'worker', NULL, 1795209526559);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (49, 1, 0, 'charge', 17, 46, NULL, 'worker', NULL, 1795209567954);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (5, 3, 2, 'grant', NULL, NULL, 'signup:3', 'bot', 'welcome', 1795205528159);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (50, 1, 0, 'charge', 16, 45, NULL, 'worker', NULL, 1795209606564);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (51, 4, 1, 'release', 7, 28, NULL, 'worker', NULL, 1795210734683);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (52, 2, -2, 'grant', NULL, NULL, NULL, 'operator', 'granted twice', 1795210881000);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (53, 2, -1, 'hold', 20, NULL, NULL, 'bot', NULL, 1795210908795);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (54, 2, 0, 'charge', 20, 53, NULL, 'worker', NULL, 1795211088619);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (55, 1, -1, 'hold', 21, NULL, NULL, 'bot', NULL, 1795211794770);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (56, 1, -1, 'hold', 22, NULL, NULL, 'bot', NULL, 1795211794770);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (57, 1, -1, 'hold', 23, NULL, NULL, 'bot', NULL, 1795211794770);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (58, 1, -1, 'hold', 24, NULL, NULL, 'bot', NULL, 1795211794770);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (59, 1, -1, 'hold', 25, NULL, NULL, 'bot', NULL, 1795211794770);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (6, 3, 4, 'grant', NULL, NULL, NULL, 'operator', 'подарок к открытию', 1795205530620);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (60, 1, 1, 'release', 25, 59, NULL, 'worker', NULL, 1795211804760);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (61, 2, -1, 'hold', 26, NULL, NULL, 'bot', NULL, 1795211839681);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (62, 3, -1, 'hold', 27, NULL, NULL, 'bot', NULL, 1795211876373);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (63, 5, -1, 'hold', 28, NULL, NULL, 'bot', NULL, 1795211915116);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (64, 7, 2, 'grant', NULL, NULL, 'signup:7', 'bot', NULL, 1795205800000);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (65, 7, -2, 'grant', NULL, NULL, 'left:7:2', 'bot', NULL, 1795212000000);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (66, 3, 5, 'purchase', NULL, NULL, 'purchase:stx103x000004', 'bot', NULL, 1795211800000);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (67, 3, -2, 'grant', NULL, NULL, 'refund:stx103x000004', 'operator', NULL, 1795211900000);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (7, 4, 2, 'grant', NULL, NULL, 'signup:4', 'bot', 'welcome', 1795205591111);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (8, 4, 3, 'grant', NULL, NULL, NULL, 'operator', 'подарок к открытию', 1795205593740);
INSERT INTO ledger (id, user_id, delta, kind, job_id, hold_id, key, actor, note, created_at) VALUES (9, 5, 2, 'grant', NULL, NULL, 'signup:5', 'bot', 'welcome', 1795205655640);
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
INSERT INTO payments (id, user_id, telegram_payment_charge_id, stars, credits, payload, source, paid_at, created_at, refund_asked_at, refunded_at, taken_back, owed) VALUES (1, 1, 'stx101x000001', 300, 5, 'pack:5', 'update', 1795207235692, 1795207235692, 1795207716971, 1795207717283, 5, 0);
INSERT INTO payments (id, user_id, telegram_payment_charge_id, stars, credits, payload, source, paid_at, created_at, refund_asked_at, refunded_at, taken_back, owed) VALUES (2, 2, 'stx102x000002', 300, 10, 'pack:5', 'update', 1795207235874, 1795207235874, NULL, NULL, NULL, NULL);
INSERT INTO payments (id, user_id, telegram_payment_charge_id, stars, credits, payload, source, paid_at, created_at, refund_asked_at, refunded_at, taken_back, owed) VALUES (3, 1, 'stx101x000003', 300, 30, 'pack:5', 'update', 1795207717584, 1795207717584, 1795207718226, NULL, NULL, NULL);
INSERT INTO payments (id, user_id, telegram_payment_charge_id, stars, credits, payload, source, paid_at, created_at, refund_asked_at, refunded_at, taken_back, owed) VALUES (4, 3, 'stx103x000004', 300, 5, 'pack:5:300:9', 'update', 1795211800000, 1795211800000, 1795211899000, 1795211900000, 2, 3);
CREATE TABLE debts (
    key     TEXT    PRIMARY KEY,                   -- 'refund:CHARGE', 'bonus:7:back', 'invite:8:back'
    user_id INTEGER NOT NULL REFERENCES users (id),
    charge  TEXT    NOT NULL,                      -- of the payment that was given back
    owed    INTEGER NOT NULL CHECK (owed >= 0),    -- credits, still
    line    INTEGER NOT NULL                       -- the ledger's last then, or users.left_line: later holds are not meant
) STRICT;
INSERT INTO debts (key, user_id, charge, owed, line) VALUES ('refund:stx103x000004', 3, 'stx103x000004', 3, 67);
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
INSERT INTO tickets (id, user_id, payment_id, text, answer, opened_at, asked_at, answered_at) VALUES (1, 1, 1, 'Где мои звёзды?', NULL, 1795207800000, 1795207810000, NULL);
INSERT INTO tickets (id, user_id, payment_id, text, answer, opened_at, asked_at, answered_at) VALUES (2, 2, NULL, NULL, NULL, 1795212000000, NULL, NULL);
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
INSERT INTO broadcasts (id, author, html, payers, idle_days, language, state, total, bookmark, last_user, queued, sent, made_at, started_at, finished_at) VALUES (1, 500, 'Новый шаблон!', 0, NULL, NULL, 'paused', 6, 3, 6, 3, 3, 1795211000000, 1795211100000, NULL);
CREATE TABLE promos (
    code       TEXT    PRIMARY KEY COLLATE NOCASE CHECK (length(code) BETWEEN 1 AND 32),
    credits    INTEGER NOT NULL CHECK (credits > 0),
    uses       INTEGER NOT NULL CHECK (uses > 0),
    used       INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    until      INTEGER,                            -- NULL: it has no end
    closed_at  INTEGER,                            -- the operator wants no more of it
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO promos (code, credits, uses, used, until, closed_at, created_at) VALUES ('ОСЕНЬ', 3, 50, 1, NULL, NULL, 1795205500000);
CREATE TABLE promo_guesses (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    since   INTEGER NOT NULL,                      -- the first of the hour that is counted
    guesses INTEGER NOT NULL
) STRICT;
INSERT INTO promo_guesses (user_id, since, guesses) VALUES (6, 1795210000000, 4);
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
INSERT INTO invoices (id, user_id, credits, stars, created_at, closed_at, why) VALUES (1, 1, 5, 300, 1795212000000, NULL, NULL);
INSERT INTO invoices (id, user_id, credits, stars, created_at, closed_at, why) VALUES (2, 2, 10, 550, 1795207235000, 1795207235874, 'paid');
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
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (1, 1, '1-1dcd6508', 'ugc', '101/500000009.jpg', 'Крем для рук «Облепиха», 75 мл', NULL, NULL, NULL, 3, 1, NULL, NULL, 1795205869723, 1795206033244, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (10, 1, '1-1dcd6550', 'ad', '101/500000081.jpg', 'Крем для рук «Облепиха», 75 мл', NULL, NULL, NULL, 3, 1, NULL, NULL, 1795209450551, 1795209606564, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (11, 2, '2-1dcd6558', 'ugc', '102/500000089.jpg', 'Wooden toys, safe from six months', NULL, NULL, NULL, 1, 1, NULL, NULL, 1795210908795, 1795211088619, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (12, 1, '1-1dcd6561', 'ugc', '101/500000098.jpg', 'Иван-чай с чабрецом, 100 г', NULL, NULL, NULL, 5, 1, NULL, NULL, 1795211794770, NULL, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (13, 2, '2-1dcd6569', 'self', '102/500000106.jpg', 'Flower pots, set of three', 'Flower pots on a balcony, golden hour', NULL, NULL, 1, 1, NULL, NULL, 1795211839681, NULL, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (14, 3, '3-1dcd6571', 'ugc', '103/500000114.jpg', 'もこもこ靴下、23-25cm', NULL, NULL, NULL, 1, 1, NULL, NULL, 1795211876373, NULL, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (15, 5, '5-1dcd6579', 'ugc', '105/500000122.jpg', 'Мёд липовый, 500 г: <с пасеки> & домой', NULL, NULL, NULL, 1, 1, NULL, NULL, 1795211915116, NULL, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (2, 2, '2-1dcd6510', 'ad', '102/500000017.jpg', 'Travel mug, 450 ml: keeps tea hot for 8 hours', NULL, NULL, NULL, 1, 1, NULL, NULL, 1795206067482, 1795206174616, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (3, 3, '3-1dcd6518', 'ugc', '103/500000025.jpg', '保湿クリーム 50g、敏感肌用', NULL, NULL, NULL, 1, 1, NULL, NULL, 1795206940372, 1795207100059, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (4, 5, '5-1dcd6520', 'ad', '105/500000033.jpg', 'Свеча из соевого воска «Хвоя»', NULL, NULL, NULL, 1, 1, NULL, NULL, 1795207129644, 1795207234831, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (5, 4, '4-1dcd6528', 'self', '104/500000041.jpg', 'Brass desk lamp', 'Slow dolly around a brass lamp on a wooden desk, warm light, 24 fps', NULL, NULL, 1, 1, NULL, NULL, 1795207738255, 1795210734683, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (6, 5, '5-1dcd6530', 'self', '105/500000049.jpg', 'Воздушные шары, 10 шт.', 'Mickey-shaped balloons drift past the shelf, soft focus', NULL, NULL, 1, 1, NULL, NULL, 1795207770073, 1795207854837, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (7, 2, '2-1dcd6538', 'self', '102/500000057.jpg', 'Wooden toys', 'A toy shelf, camera glides from left to right', NULL, NULL, 3, 1, NULL, NULL, 1795207876117, 1795208009762, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (8, 1, '1-1dcd6540', 'self', '101/500000065.jpg', 'Букет полевых цветов', 'Капли дождя на лепестках, макро, мягкий свет', NULL, NULL, 1, 1, NULL, NULL, 1795208029558, 1795209254549, NULL);
INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, own_prompt, wishes, choice, videos, price, judged_at, unfit, created_at, finished_at, place) VALUES (9, 3, '3-1dcd6548', 'ugc', '103/500000073.jpg', '保湿クリーム 50g、敏感肌用', NULL, NULL, NULL, 3, 1, NULL, NULL, 1795209290402, 1795209428795, NULL);
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
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (1, 1, 101, 'order:1:1', 'reels', 'ugc', '101/500000009.jpg', '{"text":"Крем для рук «Облепиха», 75 мл","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 1, 1, NULL, 1795292426157, 4, NULL, 0, 1795206026157, 0, 1, '[]', 'bytedance/seedance-2-mini', '37ffe355', 'The shot opens on a hand-held phone view in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while light moves slowly over its surface and shows the texture. About the product: Крем для рук «Облепиха», 75 мл. Real materials, natural motion, n', 'http://127.0.0.1:39139/files/neurocards/1-e6aad4d7.jpg', 'aa56cf07e5cda98f3d5fec3296c5ba81', 1795205874004, NULL, 'http://127.0.0.1:39139/results/aa56cf07e5cda98f3d5fec3296c5ba81.mp4', '1.mp4', 'BQAC00000005sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795205869723, 1795205870704, 1795206029889);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (10, 2, 102, 'order:7:2', 'reels', 'self', '102/500000057.jpg', '{"text":"Wooden toys","user_prompt":"A toy shelf, camera glides from left to right"}', NULL, NULL, 'failed', 'render', 0, 7, 2, NULL, 1795209676859, 3, NULL, 0, 1795207876859, 0, 1, '[]', 'bytedance/seedance-2-mini', 'c8c8e102', 'A toy shelf, camera glides from left to right', 'http://127.0.0.1:39139/files/neurocards/10-085be9a4.jpg', '1d72b7fe579242b92565e373a020e8ce', 1795207876859, NULL, NULL, NULL, NULL, NULL, 'our_mistake', '422 Unsupported codec: 0x17', 1795207876117, 1795207876203, 1795207948296);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (11, 2, 102, 'order:7:3', 'reels', 'self', '102/500000057.jpg', '{"text":"Wooden toys","user_prompt":"A toy shelf, camera glides from left to right"}', NULL, NULL, 'failed', 'render', 0, 7, 3, NULL, 1795209677143, 3, NULL, 0, 1795207877143, 0, 1, '[]', 'bytedance/seedance-2-mini', '37ffe355', 'A toy shelf, camera glides from left to right', 'http://127.0.0.1:39139/files/neurocards/11-4dccdb01.jpg', '84149fb256bf4012d1e3970868ba3561', 1795207877143, NULL, NULL, NULL, NULL, NULL, 'our_mistake', '422 Unsupported codec: 0x17', 1795207876117, 1795207876203, 1795207968817);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (12, 1, 101, 'order:8:1', 'reels', 'self', '101/500000065.jpg', '{"text":"Букет полевых цветов","user_prompt":"Капли дождя на лепестках, макро, мягкий свет"}', NULL, NULL, 'done', 'deliver', 0, 8, 1, NULL, 1795295652305, 6, NULL, 0, 1795209252305, 0, 2, '[]', 'bytedance/seedance-2-mini', '37ffe355', 'Капли дождя на лепестках, макро, мягкий свет', 'http://127.0.0.1:39139/files/neurocards/12-22a00111.jpg', '64bbd13e0427156fd72b3df50afe9f35', 1795209080204, NULL, 'http://127.0.0.1:39139/results/64bbd13e0427156fd72b3df50afe9f35.mp4', '12.mp4', 'BQAC00000018sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795208029558, 1795208029651, 1795209254549);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (13, 3, 103, 'order:9:1', 'reels', 'ugc', '103/500000073.jpg', '{"text":"保湿クリーム 50g、敏感肌用","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 9, 1, NULL, 1795295828388, 4, NULL, 0, 1795209428388, 0, 1, '[]', 'bytedance/seedance-2-mini', 'c8c8e102', 'The shot opens on a hand-held phone view in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while small drops of water catch the light around it. About the product: 保湿クリーム 50g、敏感肌用. Real materials, natural motion, no people, no added text. T', 'http://127.0.0.1:39139/files/neurocards/13-f8ef8e02.jpg', '736f5e390e62f1b158aefdecd88d4527', 1795209291827, NULL, 'http://127.0.0.1:39139/results/736f5e390e62f1b158aefdecd88d4527.mp4', '13.mp4', 'BQAC0000001dsandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795209290402, 1795209290500, 1795209428795);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (14, 3, 103, 'order:9:2', 'reels', 'ugc', '103/500000073.jpg', '{"text":"保湿クリーム 50g、敏感肌用","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 9, 2, NULL, 1795295787913, 7, NULL, 0, 1795209387913, 0, 1, '["37ffe355"]', 'bytedance/seedance-2-mini', 'c8c8e102', 'A quick push-in catches the eye at once in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the background drifts out of focus behind it. About the product: 保湿クリーム 50g、敏感肌用. Real materials, natural motion, no people, no added text. It c', 'http://127.0.0.1:39139/files/neurocards/13-f8ef8e02.jpg', '4919dbdde687a12be18d36bf66fab8e4', 1795209295645, NULL, 'http://127.0.0.1:39139/results/4919dbdde687a12be18d36bf66fab8e4.mp4', '14.mp4', 'BQAC0000001csandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795209290402, 1795209290500, 1795209388133);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (15, 3, 103, 'order:9:3', 'reels', 'ugc', '103/500000073.jpg', '{"text":"保湿クリーム 50g、敏感肌用","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 9, 3, NULL, 1795295767660, 5, NULL, 0, 1795209367660, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'Soft morning light falls across a wooden table in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the background drifts out of focus behind it. About the product: 保湿クリーム 50g、敏感肌用. Real materials, natural motion, no people, no added tex', 'http://127.0.0.1:39139/files/neurocards/15-23c2ad9d.jpg', '226fe44ebeba8d6a99947771b1e330cf', 1795209294788, NULL, 'http://127.0.0.1:39139/results/226fe44ebeba8d6a99947771b1e330cf.mp4', '15.mp4', 'BQAC0000001bsandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795209290402, 1795209290500, 1795209367952);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (16, 1, 101, 'order:10:1', 'reels', 'ad', '101/500000081.jpg', '{"text":"Крем для рук «Облепиха», 75 мл","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 10, 1, NULL, 1795296006279, 4, NULL, 0, 1795209606279, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'Out of a blurred background the product comes into focus in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while light moves slowly over its surface and shows the texture. About the product: Крем для рук «Облепиха», 75 мл. Real materials, n', 'http://127.0.0.1:39139/files/neurocards/16-48656108.jpg', '0acdb3ac800f29a3933159848a0457bf', 1795209452715, NULL, 'http://127.0.0.1:39139/results/0acdb3ac800f29a3933159848a0457bf.mp4', '16.mp4', 'BQAC00000022sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795209450551, 1795209451155, 1795209606564);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (17, 1, 101, 'order:10:2', 'reels', 'ad', '101/500000081.jpg', '{"text":"Крем для рук «Облепиха», 75 мл","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 10, 2, NULL, 1795295966346, 4, NULL, 0, 1795209566346, 0, 1, '[]', 'bytedance/seedance-2-mini', 'c8c8e102', 'The camera glides low over a clean surface in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while light moves slowly over its surface and shows the texture. About the product: Крем для рук «Облепиха», 75 мл. Real materials, natural motion,', 'http://127.0.0.1:39139/files/neurocards/17-31849102.jpg', 'f61674d2e851902fb80f2249a511b999', 1795209452725, NULL, 'http://127.0.0.1:39139/results/f61674d2e851902fb80f2249a511b999.mp4', '17.mp4', 'BQAC00000021sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795209450551, 1795209451155, 1795209567954);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (18, 1, 101, 'order:10:3', 'reels', 'ad', '101/500000081.jpg', '{"text":"Крем для рук «Облепиха», 75 мл","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 10, 3, NULL, 1795295926339, 4, NULL, 0, 1795209526339, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'A sudden close-up with a hard cut in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the camera circles it at a calm, steady pace. About the product: Крем для рук «Облепиха», 75 мл. Real materials, natural motion, no people, no added t', 'http://127.0.0.1:39139/files/neurocards/16-48656108.jpg', '2832581f032124a4a73410b8e0f79f3a', 1795209452972, NULL, 'http://127.0.0.1:39139/results/2832581f032124a4a73410b8e0f79f3a.mp4', '18.mp4', 'BQAC00000020sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795209450551, 1795209451155, 1795209526559);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (19, 4, 104, 'rerun:7:1', 'reels', 'self', '104/500000041.jpg', '{"text":"Brass desk lamp","user_prompt":"Slow dolly around a brass lamp on a wooden desk, warm light, 24 fps"}', NULL, NULL, 'done', 'deliver', 0, NULL, 1, 7, 1795297273971, 4, NULL, 0, 1795210873971, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'Slow dolly around a brass lamp on a wooden desk, warm light, 24 fps', 'http://127.0.0.1:39139/files/neurocards/7-84af1124.jpg', '80a6bae8bc79d03088c7e10d18fcec70', 1795210799905, NULL, 'http://127.0.0.1:39139/results/80a6bae8bc79d03088c7e10d18fcec70.mp4', '19.mp4', 'BQAC00000023sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795210736640, 1795210794940, 1795210874650);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (2, 1, 101, 'order:1:2', 'reels', 'ugc', '101/500000009.jpg', '{"text":"Крем для рук «Облепиха», 75 мл","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 1, 2, NULL, 1795292426152, 4, NULL, 0, 1795206026152, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'A quick push-in catches the eye at once in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the camera circles it at a calm, steady pace. About the product: Крем для рук «Облепиха», 75 мл. Real materials, natural motion, no people, no a', 'http://127.0.0.1:39139/files/neurocards/2-6fe94248.jpg', '693d5c8231ac76d9d4eaba39fd5b059a', 1795205873966, NULL, 'http://127.0.0.1:39139/results/693d5c8231ac76d9d4eaba39fd5b059a.mp4', '2.mp4', 'BQAC00000004sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795205869723, 1795205870704, 1795206028165);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (20, 2, 102, 'order:11:1', 'reels', 'ugc', '102/500000089.jpg', '{"text":"Wooden toys, safe from six months","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 11, 1, NULL, 1795297486995, 6, NULL, 0, 1795211086995, 0, 1, '["bytedance/seedance-2-mini"]', 'kling-3.0/video', 'f678c2fb', 'The shot opens on a hand-held phone view in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the camera circles it at a calm, steady pace. About the product: Wooden toys, safe from six months. Real materials, natural motion, no people, ', 'http://127.0.0.1:39139/files/neurocards/20-82b75f6d.jpg', 'be5cc6f73b2064684ba47c6f82c962e5', 1795210911593, NULL, 'http://127.0.0.1:39139/results/be5cc6f73b2064684ba47c6f82c962e5.mp4', '20.mp4', 'BQAC00000026sandboxccd1367cd54b7311', 200.0, NULL, NULL, 1795210908795, 1795210908881, 1795211088619);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (21, 1, 101, 'order:12:1', 'reels', 'ugc', '101/500000098.jpg', '{"text":"Иван-чай с чабрецом, 100 г","user_prompt":null}', NULL, NULL, 'processing', 'render', 0, 12, 1, NULL, 1795213602072, 6, NULL, 0, 1795211802072, 0, 1, '["bytedance/seedance-2-mini"]', 'kling-3.0/video', 'f678c2fb', 'A sudden close-up with a hard cut in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the background drifts out of focus behind it. About the product: Иван-чай с чабрецом, 100 г. Real materials, natural motion, no people, no added text.', 'http://127.0.0.1:39139/files/neurocards/24-8cc0df54.jpg', '86459e1d35254d0b28f89aef308eacef', 1795211802072, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211794770, 1795211795240, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (22, 1, 101, 'order:12:2', 'reels', 'ugc', '101/500000098.jpg', '{"text":"Иван-чай с чабрецом, 100 г","user_prompt":null}', NULL, NULL, 'processing', 'render', 0, 12, 2, NULL, 1795213602025, 6, NULL, 0, 1795211802025, 0, 1, '["bytedance/seedance-2-mini"]', 'kling-3.0/video', 'f678c2fb', 'The camera glides low over a clean surface in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while small drops of water catch the light around it. About the product: Иван-чай с чабрецом, 100 г. Real materials, natural motion, no people, no ', 'http://127.0.0.1:39139/files/neurocards/24-8cc0df54.jpg', '33533ec41602f4c20f9eb78c58038fc7', 1795211802025, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211794770, 1795211795240, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (23, 1, 101, 'order:12:3', 'reels', 'ugc', '101/500000098.jpg', '{"text":"Иван-чай с чабрецом, 100 г","user_prompt":null}', NULL, NULL, 'processing', 'render', 0, 12, 3, NULL, 1795213602048, 6, NULL, 0, 1795211802048, 0, 1, '["bytedance/seedance-2-mini"]', 'kling-3.0/video', 'f678c2fb', 'Out of a blurred background the product comes into focus in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while small drops of water catch the light around it. About the product: Иван-чай с чабрецом, 100 г. Real materials, natural motion, ', 'http://127.0.0.1:39139/files/neurocards/24-8cc0df54.jpg', 'c9371b372566074933a1f8b1a9816d9d', 1795211802048, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211794770, 1795211795240, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (24, 1, 101, 'order:12:4', 'reels', 'ugc', '101/500000098.jpg', '{"text":"Иван-чай с чабрецом, 100 г","user_prompt":null}', NULL, NULL, 'processing', 'render', 0, 12, 4, NULL, 1795213601884, 5, NULL, 0, 1795211801884, 0, 1, '["bytedance/seedance-2-mini"]', 'kling-3.0/video', 'f678c2fb', 'Soft morning light falls across a wooden table in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while a gentle tilt reveals every side without a cut. About the product: Иван-чай с чабрецом, 100 г. Real materials, natural motion, no people,', 'http://127.0.0.1:39139/files/neurocards/24-8cc0df54.jpg', '50d2eedc7491ca5eff1c6bb0affef4ad', 1795211801884, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211794770, 1795211795240, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (25, 1, 101, 'order:12:5', 'reels', 'ugc', '101/500000098.jpg', '{"text":"Иван-чай с чабрецом, 100 г","user_prompt":null}', NULL, NULL, 'canceled', 'render', 0, 12, 5, NULL, 1795213602029, 6, NULL, 0, 1795211802029, 0, 1, '["bytedance/seedance-2-mini"]', 'kling-3.0/video', 'f678c2fb', 'A quick push-in catches the eye at once in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while a gentle tilt reveals every side without a cut. About the product: Иван-чай с чабрецом, 100 г. Real materials, natural motion, no people, no add', 'http://127.0.0.1:39139/files/neurocards/24-8cc0df54.jpg', 'd566c7f88b0e78c079cda10a7c4079f5', 1795211802029, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211794770, 1795211795240, 1795211804760);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (26, 2, 102, 'order:13:1', 'reels', 'self', '102/500000106.jpg', '{"text":"Flower pots, set of three","user_prompt":"Flower pots on a balcony, golden hour"}', NULL, NULL, 'queued', 'upload', 0, 13, 1, NULL, 1795212751140, 3, NULL, 0, 1795211841587, 0, 1, '[]', 'kling-3.0/video', 'f678c2fb', 'Flower pots on a balcony, golden hour', 'http://127.0.0.1:39139/files/neurocards/26-01f3e44b.jpg', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'Internal Error, Please try again later. (code 500, HTTP 200)', 1795211839681, 1795211840841, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (27, 3, 103, 'order:14:1', 'reels', 'ugc', '103/500000114.jpg', '{"text":"もこもこ靴下、23-25cm","user_prompt":null}', NULL, NULL, 'processing', 'script', 0, 14, 1, NULL, 1795214276453, 1, 1795211876453, 0, 1795211876453, 0, 0, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211876373, 1795211876453, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (28, 5, 105, 'order:15:1', 'reels', 'ugc', '105/500000122.jpg', '{"text":"Мёд липовый, 500 г: <с пасеки> & домой","user_prompt":null}', NULL, NULL, 'processing', 'script', 1, 15, 1, NULL, 1795214315268, 1, 1795211915268, 0, 1795211915268, 0, 0, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795211915116, 1795211915268, NULL);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (3, 1, 101, 'order:1:3', 'reels', 'ugc', '101/500000009.jpg', '{"text":"Крем для рук «Облепиха», 75 мл","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 1, 3, NULL, 1795292426158, 4, NULL, 0, 1795206026158, 0, 1, '[]', 'bytedance/seedance-2-mini', 'c8c8e102', 'Soft morning light falls across a wooden table in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while the camera circles it at a calm, steady pace. About the product: Крем для рук «Облепиха», 75 мл. Real materials, natural motion, no peopl', 'http://127.0.0.1:39139/files/neurocards/3-15ac4ac8.jpg', '8a24ac4434a8bd3095da8a74ac54f995', 1795205873960, NULL, 'http://127.0.0.1:39139/results/8a24ac4434a8bd3095da8a74ac54f995.mp4', '3.mp4', 'BQAC00000006sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795205869723, 1795205870704, 1795206033244);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (4, 2, 102, 'order:2:1', 'reels', 'ad', '102/500000017.jpg', '{"text":"Travel mug, 450 ml: keeps tea hot for 8 hours","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 2, 1, NULL, 1795292572758, 4, NULL, 0, 1795206172758, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'Out of a blurred background the product comes into focus in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while a gentle tilt reveals every side without a cut. About the product: Travel mug, 450 ml: keeps tea hot for 8 hours. Real material', 'http://127.0.0.1:39139/files/neurocards/4-5b3638cb.jpg', 'f9e6d5c2536d1ada65e00441b5c12ab3', 1795206076835, NULL, 'http://127.0.0.1:39139/results/f9e6d5c2536d1ada65e00441b5c12ab3.mp4', '4.mp4', 'BQAC00000009sandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795206067482, 1795206067690, 1795206174616);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (5, 3, 103, 'order:3:1', 'reels', 'ugc', '103/500000025.jpg', '{"text":"保湿クリーム 50g、敏感肌用","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 3, 1, NULL, 1795293498682, 4, NULL, 0, 1795207098682, 0, 1, '[]', 'bytedance/seedance-2-mini', '37ffe355', 'The camera glides low over a clean surface in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while a gentle tilt reveals every side without a cut. About the product: 保湿クリーム 50g、敏感肌用. Real materials, natural motion, no people, no added text.', 'http://127.0.0.1:39139/files/neurocards/5-a10f1faf.jpg', '693852d6f3c0b1b66fd19da211ae8d15', 1795206946039, NULL, 'http://127.0.0.1:39139/results/693852d6f3c0b1b66fd19da211ae8d15.mp4', '5.mp4', 'BQAC0000000csandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795206940372, 1795206940526, 1795207100059);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (6, 5, 105, 'order:4:1', 'reels', 'ad', '105/500000033.jpg', '{"text":"Свеча из соевого воска «Хвоя»","user_prompt":null}', NULL, NULL, 'done', 'deliver', 0, 4, 1, NULL, 1795293634543, 4, NULL, 0, 1795207234543, 0, 1, '[]', 'bytedance/seedance-2-mini', 'c8c8e102', 'A sudden close-up with a hard cut in a vertical 9:16 frame: the product stays exactly as on the reference photo, same shape, colours and label, while small drops of water catch the light around it. About the product: Свеча из соевого воска «Хвоя». Real materials, natural motion, no people, no added ', 'http://127.0.0.1:39139/files/neurocards/6-c137d2ae.jpg', 'b908353ac19723e7ab555d3f9ac453f1', 1795207130384, NULL, 'http://127.0.0.1:39139/results/b908353ac19723e7ab555d3f9ac453f1.mp4', '6.mp4', 'BQAC0000000fsandboxccd1367cd54b7311', 82.0, NULL, NULL, 1795207129644, 1795207129729, 1795207234831);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (7, 4, 104, 'order:5:1', 'reels', 'self', '104/500000041.jpg', '{"text":"Brass desk lamp","user_prompt":"Slow dolly around a brass lamp on a wooden desk, warm light, 24 fps"}', NULL, NULL, 'failed', 'submit', 0, 5, 1, NULL, 1795213134563, 7, NULL, 0, 1795210734519, 0, 2, '[]', 'bytedance/seedance-2-mini', 'c8c8e102', 'Slow dolly around a brass lamp on a wooden desk, warm light, 24 fps', 'http://127.0.0.1:39139/files/neurocards/7-08fe62a4.jpg', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'temporary', 'Internal Error, Please try again later. (code 500, HTTP 200)', 1795207738255, 1795207738356, 1795210734683);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (8, 5, 105, 'order:6:1', 'reels', 'self', '105/500000049.jpg', '{"text":"Воздушные шары, 10 шт.","user_prompt":"Mickey-shaped balloons drift past the shelf, soft focus"}', NULL, NULL, 'failed', 'render', 0, 6, 1, NULL, 1795209573585, 3, NULL, 0, 1795207773585, 0, 1, '[]', 'bytedance/seedance-2-mini', '37ffe355', 'Mickey-shaped balloons drift past the shelf, soft focus', 'http://127.0.0.1:39139/files/neurocards/8-e9138a2d.jpg', '96d635f88fc77d6345403c9733d9560c', 1795207773585, NULL, NULL, NULL, NULL, NULL, 'user_violation', '400 This content may violate our guardrails concerning similarity to third-party content.', 1795207770073, 1795207770450, 1795207854837);
INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, choice, status, step, priority, order_id, ordinal, rerun_of, due_at, lease, leased_at, strikes, step_since, tries, attempts, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, unreached_since, output_url, video_path, tg_file_id, provider_credits, error_class, error, created_at, started_at, finished_at) VALUES (9, 2, 102, 'order:7:1', 'reels', 'self', '102/500000057.jpg', '{"text":"Wooden toys","user_prompt":"A toy shelf, camera glides from left to right"}', NULL, NULL, 'failed', 'render', 0, 7, 1, NULL, 1795209676769, 3, NULL, 0, 1795207876769, 0, 1, '[]', 'bytedance/seedance-2-mini', 'f678c2fb', 'A toy shelf, camera glides from left to right', 'http://127.0.0.1:39139/files/neurocards/9-56a7540c.jpg', 'bcf9eb9349d3cbb2f833b173f518c27d', 1795207876769, NULL, NULL, NULL, NULL, NULL, 'our_mistake', '422 Unsupported codec: 0x17', 1795207876117, 1795207876203, 1795208009762);
CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    at          INTEGER NOT NULL,
    step        TEXT    NOT NULL,
    what        TEXT    NOT NULL,                  -- 'claimed', 'accepted', 'lost', 'refused', 'failed', …
    detail      TEXT,
    duration_ms INTEGER
) STRICT;
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (100, 18, 1795209526559, 'deliver', 'done', NULL, NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (11, 3, 1795205957298, 'render', 'rendered', NULL, 83337);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (122, 24, 1795211796105, 'script', 'written', 'bytedance/seedance-2-mini', 865);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (125, 21, 1795211798067, 'script', 'written', 'bytedance/seedance-2-mini', 2827);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (127, 24, 1795211799351, 'upload', 'uploaded', 'f678c2fb', 3246);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (128, 24, 1795211801012, 'submit', 'trouble', 'ModelOff: This interface is temporarily paused. (code 500, HTTP 200)', NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (131, 21, 1795211801556, 'submit', 'trouble', 'ModelOff: This interface is temporarily paused. (code 500, HTTP 200)', NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (133, 24, 1795211801884, 'submit', 'accepted', '50d2eedc7491ca5eff1c6bb0affef4ad', 205);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (137, 21, 1795211802072, 'submit', 'accepted', '86459e1d35254d0b28f89aef308eacef', 266);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (15, 3, 1795206026158, 'fetch', 'fetched', '87395', 68860);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (18, 3, 1795206033244, 'deliver', 'done', NULL, NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (3, 3, 1795205872899, 'script', 'written', 'bytedance/seedance-2-mini', 2195);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (31, 6, 1795207130050, 'script', 'written', 'bytedance/seedance-2-mini', 321);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (32, 6, 1795207130216, 'upload', 'uploaded', 'c8c8e102', 166);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (33, 6, 1795207130384, 'submit', 'accepted', 'b908353ac19723e7ab555d3f9ac453f1', 168);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (34, 6, 1795207234080, 'render', 'rendered', NULL, 103695);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (35, 6, 1795207234543, 'fetch', 'fetched', '87395', 463);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (36, 6, 1795207234831, 'deliver', 'done', NULL, NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (4, 3, 1795205873316, 'upload', 'uploaded', 'c8c8e102', 417);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (46, 9, 1795207876329, 'script', 'written', 'bytedance/seedance-2-mini', 126);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (48, 9, 1795207876601, 'upload', 'uploaded', 'f678c2fb', 272);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (51, 9, 1795207876769, 'submit', 'accepted', 'bcf9eb9349d3cbb2f833b173f518c27d', 168);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (58, 9, 1795208009762, 'render', 'trouble', 'OurMistake: 422 Unsupported codec: 0x17', NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (59, 9, 1795208009762, 'render', 'failed', '422 Unsupported codec: 0x17', NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (60, 12, 1795208029781, 'script', 'written', 'bytedance/seedance-2-mini', 130);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (61, 12, 1795208030659, 'upload', 'uploaded', 'c8c8e102', 878);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (62, 12, 1795208030876, 'submit', 'trouble', 'Lost: io: Peer disconnected', NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (64, 12, 1795209079280, 'upload', 'uploaded', '37ffe355', 1048404);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (65, 12, 1795209080204, 'submit', 'accepted', '64bbd13e0427156fd72b3df50afe9f35', 924);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (66, 12, 1795209250576, 'render', 'rendered', NULL, 170372);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (67, 12, 1795209252305, 'fetch', 'fetched', '87395', 1729);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (68, 12, 1795209254549, 'deliver', 'done', NULL, NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (69, 15, 1795209291334, 'script', 'trouble', 'no valid answer: HTTP 502 without JSON', 834);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (7, 3, 1795205873960, 'submit', 'accepted', '8a24ac4434a8bd3095da8a74ac54f995', 644);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (74, 15, 1795209293934, 'script', 'written', 'bytedance/seedance-2-mini', 3434);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (75, 15, 1795209294549, 'upload', 'uploaded', 'f678c2fb', 615);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (77, 15, 1795209294788, 'submit', 'accepted', '226fe44ebeba8d6a99947771b1e330cf', 239);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (81, 15, 1795209366856, 'render', 'rendered', NULL, 72067);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (82, 15, 1795209367660, 'fetch', 'fetched', '87395', 804);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (83, 15, 1795209367952, 'deliver', 'done', NULL, NULL);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (92, 18, 1795209452257, 'script', 'written', 'bytedance/seedance-2-mini', 1102);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (97, 18, 1795209452972, 'submit', 'accepted', '2832581f032124a4a73410b8e0f79f3a', 321);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (98, 18, 1795209526080, 'render', 'rendered', NULL, 73107);
INSERT INTO events (id, job_id, at, step, what, detail, duration_ms) VALUES (99, 18, 1795209526339, 'fetch', 'fetched', '87395', 259);
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
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (1, 3, 'c8c8e102', 'bytedance/seedance-2-mini', 1795205873648, 1795205873960, 'accepted', '8a24ac4434a8bd3095da8a74ac54f995');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (10, 10, 'c8c8e102', 'bytedance/seedance-2-mini', 1795207876777, 1795207876859, 'accepted', '1d72b7fe579242b92565e373a020e8ce');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (11, 11, '37ffe355', 'bytedance/seedance-2-mini', 1795207876818, 1795207877143, 'accepted', '84149fb256bf4012d1e3970868ba3561');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (12, 12, 'c8c8e102', 'bytedance/seedance-2-mini', 1795208030750, 1795208030876, 'lost', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (13, 7, 'f678c2fb', 'bytedance/seedance-2-mini', 1795208769577, 1795208770345, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (14, 12, '37ffe355', 'bytedance/seedance-2-mini', 1795209079634, 1795209080204, 'accepted', '64bbd13e0427156fd72b3df50afe9f35');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (15, 13, 'c8c8e102', 'bytedance/seedance-2-mini', 1795209291668, 1795209291827, 'accepted', '736f5e390e62f1b158aefdecd88d4527');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (16, 15, 'f678c2fb', 'bytedance/seedance-2-mini', 1795209294717, 1795209294788, 'accepted', '226fe44ebeba8d6a99947771b1e330cf');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (17, 14, '37ffe355', 'bytedance/seedance-2-mini', 1795209294954, 1795209295200, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (18, 14, 'c8c8e102', 'bytedance/seedance-2-mini', 1795209295407, 1795209295645, 'accepted', '4919dbdde687a12be18d36bf66fab8e4');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (19, 16, 'f678c2fb', 'bytedance/seedance-2-mini', 1795209452629, 1795209452715, 'accepted', '0acdb3ac800f29a3933159848a0457bf');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (2, 2, 'f678c2fb', 'bytedance/seedance-2-mini', 1795205873650, 1795205873966, 'accepted', '693d5c8231ac76d9d4eaba39fd5b059a');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (20, 17, 'c8c8e102', 'bytedance/seedance-2-mini', 1795209452630, 1795209452725, 'accepted', 'f61674d2e851902fb80f2249a511b999');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (21, 18, 'f678c2fb', 'bytedance/seedance-2-mini', 1795209452881, 1795209452972, 'accepted', '2832581f032124a4a73410b8e0f79f3a');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (22, 7, 'c8c8e102', 'bytedance/seedance-2-mini', 1795210734601, 1795210734683, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (23, 19, 'f678c2fb', 'bytedance/seedance-2-mini', 1795210799483, 1795210799905, 'accepted', '80a6bae8bc79d03088c7e10d18fcec70');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (24, 20, 'f678c2fb', 'bytedance/seedance-2-mini', 1795210910169, 1795210910379, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (25, 20, 'f678c2fb', 'kling-3.0/video', 1795210911335, 1795210911593, 'accepted', 'be5cc6f73b2064684ba47c6f82c962e5');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (26, 24, 'f678c2fb', 'bytedance/seedance-2-mini', 1795211800850, 1795211801012, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (27, 23, 'f678c2fb', 'bytedance/seedance-2-mini', 1795211801384, 1795211801535, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (28, 22, 'f678c2fb', 'bytedance/seedance-2-mini', 1795211801385, 1795211801498, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (29, 21, 'f678c2fb', 'bytedance/seedance-2-mini', 1795211801386, 1795211801556, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (3, 1, '37ffe355', 'bytedance/seedance-2-mini', 1795205873652, 1795205874004, 'accepted', 'aa56cf07e5cda98f3d5fec3296c5ba81');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (30, 25, 'f678c2fb', 'bytedance/seedance-2-mini', 1795211801387, 1795211801579, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (31, 24, 'f678c2fb', 'kling-3.0/video', 1795211801812, 1795211801884, 'accepted', '50d2eedc7491ca5eff1c6bb0affef4ad');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (32, 21, 'f678c2fb', 'kling-3.0/video', 1795211801922, 1795211802072, 'accepted', '86459e1d35254d0b28f89aef308eacef');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (33, 25, 'f678c2fb', 'kling-3.0/video', 1795211801923, 1795211802029, 'accepted', 'd566c7f88b0e78c079cda10a7c4079f5');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (34, 23, 'f678c2fb', 'kling-3.0/video', 1795211801924, 1795211802048, 'accepted', 'c9371b372566074933a1f8b1a9816d9d');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (35, 22, 'f678c2fb', 'kling-3.0/video', 1795211801924, 1795211802025, 'accepted', '33533ec41602f4c20f9eb78c58038fc7');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (36, 26, 'f678c2fb', 'kling-3.0/video', 1795211841167, 1795211841587, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (4, 4, 'f678c2fb', 'bytedance/seedance-2-mini', 1795206075796, 1795206076835, 'accepted', 'f9e6d5c2536d1ada65e00441b5c12ab3');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (5, 5, '37ffe355', 'bytedance/seedance-2-mini', 1795206945410, 1795206946039, 'accepted', '693852d6f3c0b1b66fd19da211ae8d15');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (6, 6, 'c8c8e102', 'bytedance/seedance-2-mini', 1795207130262, 1795207130384, 'accepted', 'b908353ac19723e7ab555d3f9ac453f1');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (7, 7, 'f678c2fb', 'bytedance/seedance-2-mini', 1795207738619, 1795207738692, 'refused', NULL);
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (8, 8, '37ffe355', 'bytedance/seedance-2-mini', 1795207773347, 1795207773585, 'accepted', '96d635f88fc77d6345403c9733d9560c');
INSERT INTO submits (id, job_id, api_key, model, at, ended_at, outcome, task_id) VALUES (9, 9, 'f678c2fb', 'bytedance/seedance-2-mini', 1795207876662, 1795207876769, 'accepted', 'bcf9eb9349d3cbb2f833b173f518c27d');
CREATE TABLE gifts (
    job_id   INTEGER PRIMARY KEY REFERENCES jobs (id),
    until    INTEGER NOT NULL,                     -- a day after the refund
    tries    INTEGER NOT NULL DEFAULT 0,           -- failed tries to fetch the video
    ended_at INTEGER,                              -- NULL: watched, or being fetched
    outcome  TEXT CHECK (outcome IN ('given', 'none')),   -- given: its message is in the outbox
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
INSERT INTO gifts (job_id, until, tries, ended_at, outcome) VALUES (7, 1795298000000, 0, NULL, NULL);
CREATE TABLE ratings (
    job_id INTEGER PRIMARY KEY REFERENCES jobs (id),
    good   INTEGER NOT NULL CHECK (good IN (0, 1)),
    at     INTEGER NOT NULL
) STRICT;
INSERT INTO ratings (job_id, good, at) VALUES (1, 1, 1795206029889);
INSERT INTO ratings (job_id, good, at) VALUES (2, 0, 1795206028165);
INSERT INTO ratings (job_id, good, at) VALUES (3, 1, 1795206033244);
INSERT INTO ratings (job_id, good, at) VALUES (4, 0, 1795206174616);
INSERT INTO ratings (job_id, good, at) VALUES (5, 1, 1795207100059);
CREATE TABLE uploads (
    photo_path TEXT    NOT NULL,
    api_key    TEXT    NOT NULL,
    url        TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (photo_path, api_key)
) STRICT;
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000009.jpg', '37ffe355', 'http://127.0.0.1:39139/files/neurocards/1-e6aad4d7.jpg', 1795205873394);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000009.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/3-15ac4ac8.jpg', 1795205873316);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000009.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/2-6fe94248.jpg', 1795205873361);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000065.jpg', '37ffe355', 'http://127.0.0.1:39139/files/neurocards/12-22a00111.jpg', 1795209079280);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000065.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/12-fef8ee64.jpg', 1795208030659);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000081.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/17-31849102.jpg', 1795209452487);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000081.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/16-48656108.jpg', 1795209452446);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('101/500000098.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/24-8cc0df54.jpg', 1795211799351);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('102/500000017.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/4-5b3638cb.jpg', 1795206073456);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('102/500000057.jpg', '37ffe355', 'http://127.0.0.1:39139/files/neurocards/11-4dccdb01.jpg', 1795207876698);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('102/500000057.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/10-085be9a4.jpg', 1795207876603);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('102/500000057.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/9-56a7540c.jpg', 1795207876601);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('102/500000089.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/20-82b75f6d.jpg', 1795210909932);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('102/500000106.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/26-01f3e44b.jpg', 1795211841116);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('103/500000025.jpg', '37ffe355', 'http://127.0.0.1:39139/files/neurocards/5-a10f1faf.jpg', 1795206945273);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('103/500000073.jpg', '37ffe355', 'http://127.0.0.1:39139/files/neurocards/14-59204286.jpg', 1795209294879);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('103/500000073.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/13-f8ef8e02.jpg', 1795209291616);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('103/500000073.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/15-23c2ad9d.jpg', 1795209294549);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('104/500000041.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/7-08fe62a4.jpg', 1795210734519);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('104/500000041.jpg', 'f678c2fb', 'http://127.0.0.1:39139/files/neurocards/7-84af1124.jpg', 1795207738561);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('105/500000033.jpg', 'c8c8e102', 'http://127.0.0.1:39139/files/neurocards/6-c137d2ae.jpg', 1795207130216);
INSERT INTO uploads (photo_path, api_key, url, created_at) VALUES ('105/500000049.jpg', '37ffe355', 'http://127.0.0.1:39139/files/neurocards/8-e9138a2d.jpg', 1795207773259);
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
INSERT INTO api_keys (fingerprint, position, configured, blocked_class, blocked_until, blocked_why, blocked_at, refusals, served_at, balance, balance_at, used_at, ask_balance, balance_error) VALUES ('37ffe355', 2, 1, 'billing', 1795295695200, 'Credits insufficient : Your current balance isn''t enough to run this request. Please top up to continue. (code 402, HTTP 200)', NULL, 0, NULL, 10.0, 1795211571351, 1795209294718, 0, NULL);
INSERT INTO api_keys (fingerprint, position, configured, blocked_class, blocked_until, blocked_why, blocked_at, refusals, served_at, balance, balance_at, used_at, ask_balance, balance_error) VALUES ('c8c8e102', 3, 1, 'operator', 253402300799000, 'счёт закрываем, остаток переводим', NULL, 0, NULL, 3508.0, 1795211571855, 1795210733982, 0, NULL);
INSERT INTO api_keys (fingerprint, position, configured, blocked_class, blocked_until, blocked_why, blocked_at, refusals, served_at, balance, balance_at, used_at, ask_balance, balance_error) VALUES ('f678c2fb', 1, 1, NULL, NULL, NULL, NULL, 0, NULL, 3308.0, 1795211570652, 1795211841023, 0, NULL);
CREATE TABLE balances (
    api_key TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    balance REAL    NOT NULL,
    PRIMARY KEY (api_key, at)
) STRICT, WITHOUT ROWID;
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795205402616, 4000.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795206003813, 3918.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795206657608, 3918.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795207295453, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795207897132, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795208512729, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795209114726, 3754.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795209727667, 10.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795210330842, 10.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795210933164, 10.0);
INSERT INTO balances (api_key, at, balance) VALUES ('37ffe355', 1795211571351, 10.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795205404191, 4000.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795206007414, 3918.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795206659051, 3918.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795207295502, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795207897181, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795208513304, 3754.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795209115433, 3754.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795209728149, 3508.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795210331523, 3508.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795210933916, 3508.0);
INSERT INTO balances (api_key, at, balance) VALUES ('c8c8e102', 1795211571855, 3508.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795205401710, 4000.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795206002906, 3918.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795206656887, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795207295236, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795207896971, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795208512093, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795209114599, 3836.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795209726949, 3590.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795210330353, 3590.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795210931922, 3308.0);
INSERT INTO balances (api_key, at, balance) VALUES ('f678c2fb', 1795211570652, 3308.0);
CREATE TABLE models (
    name         TEXT    PRIMARY KEY,
    paused_until INTEGER,
    pauses       INTEGER NOT NULL DEFAULT 0,       -- in a row: the pause grows with it
    reason       TEXT,
    served_at    INTEGER,                          -- its last accepted createTask, to the minute
    off_at       INTEGER                           -- the operator switched it off; NULL: on
) STRICT;
INSERT INTO models (name, paused_until, pauses, reason, served_at, off_at) VALUES ('bytedance/seedance-2-mini', 1795213001012, 2, 'This interface is temporarily paused. (code 500, HTTP 200)', NULL, NULL);
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
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000005, 105, '{}', 1795205654868, 1795205655640, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000010, 101, '{}', 1795205856273, 1795205856347, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000015, 102, '{}', 1795206036380, 1795206036954, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000020, 102, '{}', 1795206063614, 1795206063860, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000025, 103, '{}', 1795206900713, 1795206925110, 1, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000030, 103, '{}', 1795206939955, 1795206940372, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000035, 105, '{}', 1795207125078, 1795207125150, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000040, 104, '{}', 1795207719915, 1795207720118, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000045, 104, '{}', 1795207736940, 1795207737123, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000050, 105, '{}', 1795207764266, 1795207764372, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000055, 102, '{}', 1795207855954, 1795207856107, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000060, 102, '{}', 1795207873576, 1795207873643, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000065, 101, '{}', 1795208013032, 1795208023171, 1, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000070, 101, '{}', 1795208029488, 1795208029558, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000075, 103, '{}', 1795209284610, 1795209285044, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000080, 101, '{}', 1795209431078, 1795209431315, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000085, 101, '{}', 1795209449259, 1795209449779, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000090, 102, '{}', 1795210903703, 1795210904150, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000095, 104, '{}', 1795211091594, 1795211092568, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000100, 101, '{}', 1795211789438, 1795211789510, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000105, 102, '{}', 1795211810049, 1795211810109, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000110, 102, '{}', 1795211836476, 1795211837497, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000115, 103, '{}', 1795211868517, 1795211869693, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000120, 105, '{}', 1795211877535, 1795211878093, 0, NULL, 0);
INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at, tries, error, urgent) VALUES (100000125, 105, '{}', 1795211912549, 1795211912625, 0, NULL, 0);
CREATE TABLE dialogs (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id),
    state      TEXT    NOT NULL CHECK (json_valid(state)),
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO dialogs (user_id, state, updated_at) VALUES (1, '{}', 1795211794770);
INSERT INTO dialogs (user_id, state, updated_at) VALUES (2, '{}', 1795211839681);
INSERT INTO dialogs (user_id, state, updated_at) VALUES (3, '{}', 1795211876373);
INSERT INTO dialogs (user_id, state, updated_at) VALUES (4, '{}', 1795207738255);
INSERT INTO dialogs (user_id, state, updated_at) VALUES (5, '{}', 1795211915116);
INSERT INTO dialogs (user_id, state, updated_at) VALUES (6, '{}', 1795205720743);
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
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (10, 10, 105, NULL, '{"kind":"text","html":"🎁 Баланс пополнен, пришло: 2 кредита. Теперь у вас 4 кредита."}', 1, 1, 15, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795205658780, 1795205704095);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (100, 123, 102, NULL, '{"kind":"text","html":"🎭 What kind of video?\n\n🎥 <b>UGC blogger</b> – an everyday person films a find on a phone, as if for a friend.\n📢 <b>Ad</b> – a striking clip: the product close up, no people.\n🧑‍💻 <b>Own prompt</b> – your text goes to the AI word for word.","buttons":[[{"text":"🎥 UGC blogger","data":"t:2-1dcd6538:ugc"}],[{"text":"📢 Ad","data":"t:2-1dcd6538:ad"}],[{"text":"🧑‍💻 Own prompt","data":"t:2-1dcd6538:self"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 100, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207871146, 1795207871267);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (105, 128, 102, 'answer:102000000031', '{"kind":"answer","callback_id":"102000000031","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207874829, 1795207874939);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (110, 140, 101, NULL, '{"kind":"photo","asset":"menu","html":"Что сделаем?","buttons":[[{"text":"🎬 Сделать Reels","data":"make"}],[{"text":"👤 Личный кабинет","data":"cabinet"}],[{"text":"🆘 Поддержка","data":"support"}]]}', 1, 1, 109, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795208010633, 1795208010765);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (115, 145, 101, NULL, '{"kind":"text","html":"🧑‍💻 Пришлите свой промпт одним сообщением: от 3 до 2000 символов.\n\nОн уйдёт в нейросеть без изменений. Лучше всего она понимает английский.","buttons":[[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 115, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795208025745, 1795208025878);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (120, 157, 101, 'status:8', '{"kind":"text","html":"🎉 Заказ готов!\n\n✅ готово"}', 6, 6, 119, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795208029558, 1795209255202);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (125, 160, 103, 'answer:103000000037', '{"kind":"answer","callback_id":"103000000037","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795209258203, 1795209258829);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (130, 165, 103, NULL, '{"kind":"text","html":"🎞 How many videos? Each will be different.\n\nYour balance: 5 credits.","buttons":[[{"text":"1️⃣ 1 video (1 credit)","data":"n:3-1dcd6548:1"}],[{"text":"3️⃣ 3 videos (3 credits)","data":"n:3-1dcd6548:3"}],[{"text":"5️⃣ 5 videos (5 credits)","data":"n:3-1dcd6548:5"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 129, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795209287134, 1795209287282);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (135, 170, 103, 'answer:103000000041', '{"kind":"answer","callback_id":"103000000041","text":"Starting!","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795209290402, 1795209290572);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (140, 188, 101, NULL, '{"kind":"photo","asset":"menu","html":"Что сделаем?","buttons":[[{"text":"🎬 Сделать Reels","data":"make"}],[{"text":"👤 Личный кабинет","data":"cabinet"}],[{"text":"🆘 Поддержка","data":"support"}]]}', 1, 1, 137, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795209430098, 1795209430301);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (145, 193, 101, NULL, '{"kind":"text","html":"💡 Есть пожелания? Место, настроение, что показать — напишите одним сообщением.\n\nЕсли нет — нажмите кнопку ниже.","buttons":[[{"text":"Без пожеланий","data":"w:1-1dcd6550"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 143, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795209447593, 1795209447753);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (15, 15, 101, NULL, '{"kind":"text","html":"✍️ Что это за товар? Напишите одним сообщением: название, чем он хорош и кому нужен.\n\nОт 3 до 1000 символов.","buttons":[[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 22, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795205854761, 1795205855102);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (150, 198, 101, 'answer:101000000045', '{"kind":"answer","callback_id":"101000000045","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795209449779, 1795209449958);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (155, 213, 101, 'video:16', '{"kind":"video","path":"16.mp4","file_id":null,"width":720,"height":1280,"seconds":5,"html":"✅ Видео готово! Это № 1 из 3.","buttons":[[{"text":"🔄 Сделать ещё с этим товаром","data":"again:16"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 149, 16, 'sent', 0, 0, 0, NULL, NULL, 1795209606279, 1795209606564);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (160, 220, 102, NULL, '{"kind":"text","html":"Taken from your balance: 2 credits. You now have 15 credits."}', 1, 1, 155, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795210881000, 1795210881736);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (165, 225, 102, NULL, '{"kind":"text","html":"🎭 What kind of video?\n\n🎥 <b>UGC blogger</b> – an everyday person films a find on a phone, as if for a friend.\n📢 <b>Ad</b> – a striking clip: the product close up, no people.\n🧑‍💻 <b>Own prompt</b> – your text goes to the AI word for word.","buttons":[[{"text":"🎥 UGC blogger","data":"t:2-1dcd6558:ugc"}],[{"text":"📢 Ad","data":"t:2-1dcd6558:ad"}],[{"text":"🧑‍💻 Own prompt","data":"t:2-1dcd6558:self"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 161, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795210904150, 1795210904406);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (170, 230, 102, NULL, '{"kind":"text","html":"🧾 <b>Please check your order – shall we start?</b>\n\nKind: 🎥 UGC blogger\nProduct: Wooden toys, safe from six months\nVideos: 1\nCost: 1 credit\nYour balance: 15 credits\nWaiting time: usually about 3 minutes","buttons":[[{"text":"✅ Yes, start","data":"y:2-1dcd6558"}],[{"text":"❌ Cancel","data":"x:2-1dcd6558"}]]}', 1, 1, 164, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795210907549, 1795210907761);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (175, 239, 102, 'video:20', '{"kind":"video","path":"20.mp4","file_id":null,"width":720,"height":1280,"seconds":5,"html":"✅ Your video is ready!","buttons":[[{"text":"🔄 Make more with this product","data":"again:20"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 167, 20, 'sent', 0, 0, 0, NULL, NULL, 1795211086995, 1795211088619);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (176, 241, 104, NULL, '{"kind":"text","html":"💬 <b>A message from support</b>\n\nWe made your lamp again: it is in your videos.","buttons":[[{"text":"🆘 Write to support","url":"tg://user?id=500"}]]}', 1, 0, NULL, NULL, 'dropped', 0, 0, 0, NULL, 'Forbidden: bot was blocked by the user', 1795211092680, NULL);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (180, 245, 101, NULL, '{"kind":"text","html":"✍️ Что это за товар? Напишите одним сообщением: название, чем он хорош и кому нужен.\n\nОт 3 до 1000 символов.","buttons":[[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 172, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211784025, 1795211785822);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (185, 250, 101, 'answer:101000000054', '{"kind":"answer","callback_id":"101000000054","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211790778, 1795211790933);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (190, 262, 102, NULL, '{"kind":"photo","asset":"menu","html":"What shall we make?","buttons":[[{"text":"🎬 Make Reels","data":"make"}],[{"text":"👤 My account","data":"cabinet"}],[{"text":"🆘 Support","data":"support"}]]}', 1, 1, 180, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211809437, 1795211809819);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (195, 267, 102, NULL, '{"kind":"text","html":"🧑‍💻 Send your prompt in one message: 3 to 2000 characters.\n\nIt goes to the AI unchanged. English is what the AI understands best.","buttons":[[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 186, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211832251, 1795211834168);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (20, 20, 101, 'answer:101000000003', '{"kind":"answer","callback_id":"101000000003","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795205862724, 1795205864765);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (200, 275, 102, 'status:13', '{"kind":"text","html":"✅ Got it! Your video is being made. It comes here as soon as it’s ready.\n\n🔁 a small hiccup, trying again\n\n⏱ It usually takes about 3 minutes."}', 3, 3, 190, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211839681, 1795211841782);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (205, 279, 103, NULL, '{"kind":"text","html":"✍️ What is the product? Tell me in one message: its name, what’s good about it and who it’s for.\n\n3 to 1000 characters.","buttons":[[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 195, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211867503, 1795211868525);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (210, 284, 103, 'answer:103000000063', '{"kind":"answer","callback_id":"103000000063","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211873790, 1795211873912);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (215, 289, 105, NULL, '{"kind":"photo","asset":"menu","html":"Что сделаем?","buttons":[[{"text":"🎬 Сделать Reels","data":"make"}],[{"text":"👤 Личный кабинет","data":"cabinet"}],[{"text":"🆘 Поддержка","data":"support"}]]}', 1, 1, 203, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211878093, 1795211878613);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (220, 294, 105, NULL, '{"kind":"text","html":"💡 Есть пожелания? Место, настроение, что показать — напишите одним сообщением.\n\nЕсли нет — нажмите кнопку ниже.","buttons":[[{"text":"Без пожеланий","data":"w:5-1dcd6579"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 209, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211910185, 1795211911474);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (225, 299, 105, 'answer:105000000069', '{"kind":"answer","callback_id":"105000000069","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795211913845, 1795211914023);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (25, 30, 101, 'video:2', '{"kind":"video","path":"2.mp4","file_id":null,"width":720,"height":1280,"seconds":5,"html":"✅ Видео готово! Это № 2 из 3.","buttons":[[{"text":"🔄 Сделать ещё с этим товаром","data":"again:2"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 29, 2, 'sent', 0, 0, 0, NULL, NULL, 1795206026152, 1795206028165);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (30, 36, 102, 'answer:102000000006', '{"kind":"answer","callback_id":"102000000006","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795206040208, 1795206040937);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (35, 41, 102, NULL, '{"kind":"text","html":"🎞 How many videos? Each will be different.\n\nYour balance: 8 credits.","buttons":[[{"text":"1️⃣ 1 video (1 credit)","data":"n:2-1dcd6510:1"}],[{"text":"3️⃣ 3 videos (3 credits)","data":"n:2-1dcd6510:3"}],[{"text":"5️⃣ 5 videos (5 credits)","data":"n:2-1dcd6510:5"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 40, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795206063860, 1795206064591);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (40, 46, 102, 'answer:102000000010', '{"kind":"answer","callback_id":"102000000010","text":"Starting!","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795206067482, 1795206067774);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (45, 55, 103, NULL, '{"kind":"text","html":"✍️ What is the product? Tell me in one message: its name, what’s good about it and who it’s for.\n\n3 to 1000 characters.","buttons":[[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 48, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795206925110, 1795206926748);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (5, 5, 103, NULL, '{"kind":"photo","asset":"menu","html":"👋 Hi! I turn a photo of your product into short vertical videos for Reels, Shorts and TikTok.\n\nPress “🎬 Make Reels”, send a photo and a few words about the product, and the finished clip comes right here.\n\n🎁 A gift for you: 2 credits for your first videos.","buttons":[[{"text":"🎬 Make Reels","data":"make"}],[{"text":"👤 My account","data":"cabinet"}],[{"text":"🆘 Support","data":"support"}]]}', 1, 1, 8, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795205528159, 1795205528726);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (50, 60, 103, 'answer:103000000013', '{"kind":"answer","callback_id":"103000000013","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795206935789, 1795206936533);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (55, 68, 103, 'video:5', '{"kind":"video","path":"5.mp4","file_id":null,"width":720,"height":1280,"seconds":5,"html":"✅ Your video is ready!","buttons":[[{"text":"🔄 Make more with this product","data":"again:5"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 55, 5, 'sent', 0, 0, 0, NULL, NULL, 1795207098682, 1795207100059);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (60, 74, 105, NULL, '{"kind":"text","html":"🎭 Какое видео делаем?\n\n🎥 <b>UGC Блогер</b> — обычный человек снимает находку на телефон, будто для друга.\n📢 <b>Реклама</b> — эффектный ролик: товар крупным планом, без людей.\n🧑‍💻 <b>Свой промпт</b> — ваш текст уйдёт в нейросеть слово в слово.","buttons":[[{"text":"🎥 UGC Блогер","data":"t:5-1dcd6520:ugc"}],[{"text":"📢 Реклама","data":"t:5-1dcd6520:ad"}],[{"text":"🧑‍💻 Свой промпт","data":"t:5-1dcd6520:self"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 62, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207123723, 1795207123852);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (65, 79, 105, NULL, '{"kind":"text","html":"🧾 <b>Проверьте заказ — запускаем?</b>\n\nВид: 📢 Реклама\nТовар: Свеча из соевого воска «Хвоя»\nВидео: 1\nСтоимость: 1 кредит\nНа балансе: 4 кредита\nОжидание: обычно около 3 минут","buttons":[[{"text":"✅ Да, запустить","data":"y:5-1dcd6520"}],[{"text":"❌ Отмена","data":"x:5-1dcd6520"}]]}', 1, 1, 65, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207127887, 1795207128014);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (70, 88, 101, NULL, '{"kind":"text","html":"⭐ Вернули вам 300 Stars. С баланса списано: 5 кредитов. Теперь у вас 11 кредитов."}', 1, 1, 69, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207717283, 1795207719649);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (75, 93, 104, NULL, '{"kind":"text","html":"🎭 What kind of video?\n\n🎥 <b>UGC blogger</b> – an everyday person films a find on a phone, as if for a friend.\n📢 <b>Ad</b> – a striking clip: the product close up, no people.\n🧑‍💻 <b>Own prompt</b> – your text goes to the AI word for word.","buttons":[[{"text":"🎥 UGC blogger","data":"t:4-1dcd6528:ugc"}],[{"text":"📢 Ad","data":"t:4-1dcd6528:ad"}],[{"text":"🧑‍💻 Own prompt","data":"t:4-1dcd6528:self"}],[{"text":"🏠 Back to the menu","data":"menu"}]]}', 1, 1, 75, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207733523, 1795207733638);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (80, 98, 104, 'answer:104000000023', '{"kind":"answer","callback_id":"104000000023","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207737123, 1795207737396);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (85, 105, 105, 'answer:105000000025', '{"kind":"answer","callback_id":"105000000025","text":"","alert":false}', 1, 1, NULL, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207741058, 1795207741199);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (90, 110, 105, NULL, '{"kind":"text","html":"🎞 Сколько видео сделать? Все будут разными.\n\nНа балансе: 3 кредита.","buttons":[[{"text":"1️⃣ 1 видео (1 кредит)","data":"n:5-1dcd6530:1"}],[{"text":"3️⃣ 3 видео (3 кредита)","data":"n:5-1dcd6530:3"}],[{"text":"5️⃣ 5 видео (5 кредитов)","data":"n:5-1dcd6530:5"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 90, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207767167, 1795207767660);
INSERT INTO outbox (id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id, state, due_at, tries, lost, calling_at, error, created_at, sent_at) VALUES (95, 117, 105, 'fail:6:user_violation', '{"kind":"text","html":"🚫 Вы нарушили правила нейросети: она отказалась делать это видео. Чаще всего дело в фото: на нём люди, лица, знаменитости, чужие персонажи или логотипы других брендов. Попробуйте другое фото или измените текст.\n\n↩️ 1 кредит вернули на баланс.","buttons":[[{"text":"📸 Прислать новое фото","data":"make"}],[{"text":"🏠 Вернуться в меню","data":"menu"}]]}', 1, 1, 93, NULL, 'sent', 0, 0, 0, NULL, NULL, 1795207854837, 1795207855076);
CREATE TABLE files (
    asset   TEXT PRIMARY KEY,
    file_id TEXT NOT NULL
) STRICT;
INSERT INTO files (asset, file_id) VALUES ('menu', 'photo-1');
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
INSERT INTO alerts (cause, text, count, first_at, last_at, told_at, ended_at, silent, day_at, day_tells) VALUES ('billing:37ffe355', 'Ключ KIE 37ffe355 не принимается, или на нём кончились деньги: Credits insufficient : Your current balance isn''t enough to run this request. Please top up to continue. (code 402, HTTP 200). Пополните счёт: с положительным балансом ключ включится сам. Включить его сразу: <code>neurocards keys unblock N</code>, где N — номер ключа.', 1, 1795209295200, 1795209295200, 1795209295200, NULL, 0, NULL, 0);
INSERT INTO alerts (cause, text, count, first_at, last_at, told_at, ended_at, silent, day_at, day_tells) VALUES ('failed:our_mistake', 'Видео № 9 не получилось, и не по вине клиента: 422 Unsupported codec: 0x17', 3, 1795207948296, 1795208009762, 1795207948296, NULL, 0, NULL, 0);
INSERT INTO alerts (cause, text, count, first_at, last_at, told_at, ended_at, silent, day_at, day_tells) VALUES ('failed:temporary', 'Видео № 7 не получилось, и не по вине клиента: Internal Error, Please try again later. (code 500, HTTP 200)', 1, 1795210734683, 1795210734683, 1795210734683, NULL, 0, NULL, 0);
INSERT INTO alerts (cause, text, count, first_at, last_at, told_at, ended_at, silent, day_at, day_tells) VALUES ('model:bytedance/seedance-2-mini', 'Провайдер отключил модель bytedance/seedance-2-mini: This interface is temporarily paused. (code 500, HTTP 200). Заказы идут на следующую модель; эту проверим позже.', 6, 1795210910379, 1795211801579, 1795210910379, NULL, 0, NULL, 0);
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
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (1, 1795205405280, 'command', 'operator', 'grant', 'user 101', '2 credits', '14 credits', 'подарок к открытию');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (10, 1795210879800, 'command', 'operator', 'message', 'user 105', NULL, 'Мария, попробуйте фото без логотипов: получится.', NULL);
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (11, 1795210881000, 'command', 'operator', 'grant', 'user 102', '17 credits', '15 credits', 'granted twice');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (12, 1795211092680, 'command', 'operator', 'message', 'user 104', NULL, 'We made your lamp again: it is in your videos.', NULL);
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (13, 1795211804760, 'command', 'operator', 'cancel', 'job 25', 'at render', 'canceled, 1 credit back', NULL);
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (14, 1795211918160, 'command', 'operator', 'raise', 'job 28', 'priority 0', 'priority 1', NULL);
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (2, 1795205467440, 'command', 'operator', 'grant', 'user 102', '2 credits', '8 credits', 'подарок к открытию');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (3, 1795205530620, 'command', 'operator', 'grant', 'user 103', '2 credits', '6 credits', 'подарок к открытию');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (4, 1795205593740, 'command', 'operator', 'grant', 'user 104', '2 credits', '5 credits', 'подарок к открытию');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (5, 1795205658780, 'command', 'operator', 'grant', 'user 105', '2 credits', '4 credits', 'подарок к открытию');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (6, 1795207717283, 'command', 'operator', 'refund-payment', 'payment stx101x000001', 'user 101: 300 Stars', 'back; 5 credits taken, 0 owed', NULL);
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (7, 1795210736640, 'command', 'operator', 'retry', 'job 7', NULL, 'runs again as job 19', NULL);
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (8, 1795210877520, 'command', 'operator', 'block', 'key c8c8e102', 'free', 'blocked', 'счёт закрываем, остаток переводим');
INSERT INTO audit (id, at, way, who, action, object, before, after, note) VALUES (9, 1795210878480, 'command', 'operator', 'ban', 'user 106', 'served', 'banned', 'ten accounts, one face');
CREATE INDEX users_name ON users (username COLLATE NOCASE) WHERE username IS NOT NULL;
CREATE INDEX ledger_user ON ledger (user_id, delta);
CREATE INDEX ledger_of_user ON ledger (user_id, id);
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
CREATE INDEX debts_open ON debts (user_id) WHERE owed > 0;
CREATE INDEX debts_charge ON debts (charge);
CREATE TRIGGER debts_are_of_payments AFTER UPDATE OF owed ON debts
WHEN NEW.key = 'refund:' || NEW.charge BEGIN
    UPDATE payments
    SET taken_back = taken_back + OLD.owed - NEW.owed, owed = owed - OLD.owed + NEW.owed
    WHERE telegram_payment_charge_id = NEW.charge;
END;
CREATE UNIQUE INDEX tickets_writing ON tickets (user_id) WHERE text IS NULL;
CREATE INDEX tickets_user ON tickets (user_id, asked_at);
CREATE INDEX tickets_time ON tickets (opened_at);
CREATE INDEX tickets_unanswered ON tickets (asked_at) WHERE text IS NOT NULL AND answered_at IS NULL;
CREATE INDEX broadcasts_open ON broadcasts (id) WHERE state IN ('running', 'paused');
CREATE UNIQUE INDEX invoices_open ON invoices (user_id, credits) WHERE closed_at IS NULL;
CREATE INDEX invoices_time ON invoices (created_at);
CREATE INDEX orders_user ON orders (user_id, id);
CREATE INDEX orders_time ON orders (created_at);
CREATE INDEX orders_texts ON orders (finished_at) WHERE finished_at IS NOT NULL AND product <> '';
CREATE INDEX jobs_claim ON jobs (step, priority DESC, due_at) WHERE status IN ('queued', 'processing');
CREATE INDEX jobs_submits ON jobs (COALESCE(api_key, ''), COALESCE(model, ''), priority DESC, due_at)
    WHERE status IN ('queued', 'processing') AND step = 'submit';
CREATE INDEX jobs_queue ON jobs (priority DESC, id, order_id, step, status)
    WHERE status IN ('queued', 'processing') AND (step = 'script' OR step = 'upload' OR step = 'submit');
CREATE INDEX jobs_leased ON jobs (step, due_at, api_key, model) WHERE leased_at IS NOT NULL;
CREATE INDEX jobs_running ON jobs (api_key, step, status, kie_task_id)
    WHERE status IN ('queued', 'processing') AND kie_task_id IS NOT NULL AND step = 'render';
CREATE INDEX jobs_user ON jobs (user_id, id);
CREATE INDEX jobs_rerun ON jobs (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX jobs_order ON jobs (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX jobs_finished ON jobs (finished_at, status, model, choice, provider_credits)
    WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_live ON jobs (user_id, step, status, model, choice, provider_credits)
    WHERE status IN ('queued', 'processing');
CREATE INDEX jobs_texts ON jobs (finished_at) WHERE finished_at IS NOT NULL AND product_info <> '{}';
CREATE INDEX jobs_failed ON jobs (finished_at) WHERE status = 'failed';
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
CREATE INDEX events_job ON events (job_id);
CREATE INDEX submits_window ON submits (api_key, ended_at) WHERE outcome <> 'unsent';
CREATE INDEX submits_job ON submits (job_id);
CREATE INDEX submits_open ON submits (job_id) WHERE outcome = 'sending';
CREATE INDEX submits_lost ON submits (ended_at) WHERE outcome = 'lost';
CREATE INDEX gifts_open ON gifts (job_id) WHERE ended_at IS NULL;
CREATE INDEX gifts_given ON gifts (ended_at) WHERE outcome = 'given';
CREATE INDEX ratings_time ON ratings (at);
CREATE INDEX inbox_open ON inbox (update_id) WHERE handled_at IS NULL;
CREATE INDEX inbox_chat ON inbox (chat_id);
CREATE INDEX inbox_urgent ON inbox (update_id) WHERE handled_at IS NULL AND urgent = 1;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;
CREATE INDEX dialogs_time ON dialogs (updated_at);
CREATE INDEX outbox_pending ON outbox (seq) WHERE state = 'pending';
CREATE INDEX outbox_chat ON outbox (chat_id, state);
CREATE INDEX outbox_time ON outbox (created_at);
CREATE INDEX outbox_dropped ON outbox (created_at) WHERE state = 'dropped';
CREATE INDEX outbox_job ON outbox (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX alerts_ended ON alerts (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX audit_object ON audit (object);
INSERT INTO sqlite_sequence (name, seq) VALUES ('broadcasts', 1);
INSERT INTO sqlite_sequence (name, seq) VALUES ('departures', 1);
INSERT INTO sqlite_sequence (name, seq) VALUES ('tickets', 2);
PRAGMA application_id = 1313034820;
PRAGMA user_version = 1;
COMMIT;
