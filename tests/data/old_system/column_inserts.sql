--
-- PostgreSQL database dump
--

\restrict FYblvst8yZa56TAi3pnLO2tE9YQIpWPdHmnCFHcpbW3drakgs9yaTs7yUMDWT4K

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.users (id, telegram_id, username, "firstName", balance, is_banned, created_at) VALUES
	(1, 1001, 'anna_k', 'Анна', 5.00, false, '2025-03-01 09:34:56.789+00'),
	(2, 1002, NULL, 'Пётр	«Пит»
\N', 2.50, false, '2025-03-02 00:00:00+00'),
	(3, 1003, 'o''hara', 'a"b,c;d', 0.00, true, '2025-03-03 05:29:59.999999+00');
INSERT INTO public.users (id, telegram_id, username, "firstName", balance, is_banned, created_at) VALUES
	(4, 1004, '', NULL, -3.25, false, '2025-04-01 10:00:00+00'),
	(5, -1001234567890, 'a_group', 'Группа', 7.00, false, '2025-04-02 10:00:00+00'),
	(6, 1001, 'anna_k', 'Анна', 4.00, false, '2025-04-03 10:00:00+00');
INSERT INTO public.users (id, telegram_id, username, "firstName", balance, is_banned, created_at) VALUES
	(7, 1007, 'emoji_7', '🛍️ Лавка', 1999999999.99, false, '2025-04-04 10:00:00+00'),
	(8, 7000000008, '\N', '\.', 0.01, false, '2025-04-05 10:00:00+00');


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, status, priority, attempts, kie_task_id, output_url, error, created_at, started_at, finished_at, worker_pid) VALUES
	(1, 1, 1001, '1001:1', 'reels', 'ugc', '/srv/photos/1.jpg', '{"text": "Кружка «Север»\n450 мл", "user_prompt": null}', 'Пусть идёт снег', 'completed', 0, 1, 'task-1', 'https://files.example.com/1.mp4', NULL, '2025-03-01 10:00:00+00', '2025-03-01 10:00:05+00', '2025-03-01 10:04:00+00', 4711),
	(2, 1, 1001, '1001:2', 'reels', 'self', '/srv/photos/2.jpg', '{"text": "Лампа", "user_prompt": "A \"slow\" dolly, C:\\temp"}', NULL, 'done', 0, 2, 'task-2', 'https://files.example.com/2.mp4', NULL, '2025-03-02 10:00:00+00', '2025-03-02 10:00:05+00', '2025-03-02 10:04:00+00', 4711),
	(3, 2, NULL, '1002:1', 'reels', 'ad', '/srv/photos/3.jpg', '{"text": "Варежки"}', '-', 'failed', 0, 3, 'task-3', NULL, 'KIE: internal error
Traceback (most recent call last):', '2025-03-03 10:00:00+00', '2025-03-03 10:00:05+00', '2025-03-03 10:09:00+00', 4712);
INSERT INTO public.jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, status, priority, attempts, kie_task_id, output_url, error, created_at, started_at, finished_at, worker_pid) VALUES
	(4, 2, 1002, '1002:2', 'reels', 'ugc', 'https://files.example.com/4.jpg', '{"text": "Шарф"}', NULL, 'pending', 5, 0, NULL, NULL, NULL, '2025-04-06 09:00:00+00', NULL, NULL, NULL),
	(5, 3, 1003, '1003:1', 'reels', 'ugc', '/srv/photos/5.jpg', '{"text": "Свеча"}', NULL, 'processing', 0, 1, 'task-5', NULL, NULL, '2025-04-06 09:01:00+00', '2025-04-06 09:01:10+00', NULL, 4713),
	(6, 5, -1001234567890, 'group:1', 'reels', 'ugc', '/srv/photos/6.jpg', NULL, NULL, 'completed', 0, 1, 'task-6', 'https://files.example.com/6.mp4', NULL, '2025-04-06 09:02:00+00', NULL, NULL, NULL);
INSERT INTO public.jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, status, priority, attempts, kie_task_id, output_url, error, created_at, started_at, finished_at, worker_pid) VALUES
	(7, 3, 1003, '1003:2', 'reels', NULL, NULL, NULL, NULL, 'archived', 0, 0, NULL, NULL, NULL, '2025-04-06 09:03:00+00', NULL, NULL, NULL);


--
-- Name: jobs_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.jobs_id_seq', 7, true);


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.users_id_seq', 8, true);


--
-- PostgreSQL database dump complete
--

\unrestrict FYblvst8yZa56TAi3pnLO2tE9YQIpWPdHmnCFHcpbW3drakgs9yaTs7yUMDWT4K

