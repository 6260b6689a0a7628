-- The tables of an old system as they may have been, with a few odd rows: of these the files beside
-- this one were made with PostgreSQL 15 (see README.md).
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('8f3c1a2b4d5e');

CREATE TABLE users (
    id bigserial PRIMARY KEY,
    telegram_id bigint NOT NULL,
    username text,
    "firstName" varchar(128),
    balance numeric(12,2) NOT NULL DEFAULT 0,
    is_banned boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE jobs (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    tg_user_id bigint,
    idempotency_key text NOT NULL UNIQUE,
    kind text NOT NULL DEFAULT 'reels',
    template_id text,
    input_photo_path text,
    product_info jsonb,
    extra_wishes text,
    status text NOT NULL DEFAULT 'queued',
    priority integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    kie_task_id text,
    output_url text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    worker_pid integer
);

-- What a reader that looks for words would take for the tables' rows.
CREATE FUNCTION settle(job bigint) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    -- COPY public.users (id) FROM stdin;
    INSERT INTO jobs VALUES (job);
END;
$body$;
CREATE TABLE notes (id serial PRIMARY KEY, body text);
INSERT INTO notes (body) VALUES
    (E'COPY public.users (id, telegram_id, balance) FROM stdin;\n99\t99\t99\n\\.'),
    (E'INSERT INTO public.users VALUES (99, 99, ''x'', ''x'', 99, false, now());');

INSERT INTO users (telegram_id, username, "firstName", balance, is_banned, created_at) VALUES
    (1001, 'anna_k', 'Анна', 5, false, '2025-03-01 12:34:56.789+03'),
    (1002, NULL, E'Пётр\t«Пит»\n\\N', 2.50, false, '2025-03-02 00:00:00+00'),
    (1003, 'o''hara', 'a"b,c;d', 0, true, '2025-03-02 23:59:59.999999-05:30'),
    (1004, '', NULL, -3.25, false, '2025-04-01 10:00:00+00'),
    (-1001234567890, 'a_group', 'Группа', 7, false, '2025-04-02 10:00:00+00'),
    (1001, 'anna_k', 'Анна', 4, false, '2025-04-03 10:00:00+00'),
    (1007, 'emoji_7', '🛍️ Лавка', 1999999999.99, false, '2025-04-04 10:00:00+00'),
    (7000000008, '\N', '\.', 0.01, false, '2025-04-05 10:00:00+00');

INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path, product_info,
                  extra_wishes, status, priority, attempts, kie_task_id, output_url, error,
                  created_at, started_at, finished_at, worker_pid) VALUES
    (1, 1001, '1001:1', 'ugc', '/srv/photos/1.jpg', '{"text": "Кружка «Север»\n450 мл", "user_prompt": null}',
     'Пусть идёт снег', 'completed', 0, 1, 'task-1', 'https://files.example.com/1.mp4', NULL,
     '2025-03-01 13:00:00+03', '2025-03-01 13:00:05+03', '2025-03-01 13:04:00+03', 4711),
    (1, 1001, '1001:2', 'self', '/srv/photos/2.jpg', '{"text": "Лампа", "user_prompt": "A \"slow\" dolly, C:\\temp"}',
     NULL, 'done', 0, 2, 'task-2', 'https://files.example.com/2.mp4', NULL,
     '2025-03-02 13:00:00+03', '2025-03-02 13:00:05+03', '2025-03-02 13:04:00+03', 4711),
    (2, NULL, '1002:1', 'ad', '/srv/photos/3.jpg', '{"text": "Варежки"}',
     '-', 'failed', 0, 3, 'task-3', NULL, E'KIE: internal error\nTraceback (most recent call last):',
     '2025-03-03 13:00:00+03', '2025-03-03 13:00:05+03', '2025-03-03 13:09:00+03', 4712),
    (2, 1002, '1002:2', 'ugc', 'https://files.example.com/4.jpg', '{"text": "Шарф"}',
     NULL, 'pending', 5, 0, NULL, NULL, NULL, '2025-04-06 09:00:00+00', NULL, NULL, NULL),
    (3, 1003, '1003:1', 'ugc', '/srv/photos/5.jpg', '{"text": "Свеча"}',
     NULL, 'processing', 0, 1, 'task-5', NULL, NULL, '2025-04-06 09:01:00+00',
     '2025-04-06 09:01:10+00', NULL, 4713),
    (5, -1001234567890, 'group:1', 'ugc', '/srv/photos/6.jpg', NULL, NULL, 'completed', 0, 1, 'task-6',
     'https://files.example.com/6.mp4', NULL, '2025-04-06 09:02:00+00', NULL, NULL, NULL),
    (3, 1003, '1003:2', NULL, NULL, NULL, NULL, 'archived', 0, 0, NULL, NULL, NULL,
     '2025-04-06 09:03:00+00', NULL, NULL, NULL);
