--
-- PostgreSQL database dump
--

\restrict 3YUSPOQ9KQtYLOrNdsud0xybKEJeRuC45ct4Vseq29g0hgjTsdeZWBrLbjikjVj

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
-- Name: settle(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.settle(job bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- COPY public.users (id) FROM stdin;
    INSERT INTO jobs VALUES (job);
END;
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: jobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    tg_user_id bigint,
    idempotency_key text NOT NULL,
    kind text DEFAULT 'reels'::text NOT NULL,
    template_id text,
    input_photo_path text,
    product_info jsonb,
    extra_wishes text,
    status text DEFAULT 'queued'::text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    kie_task_id text,
    output_url text,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    worker_pid integer
);


--
-- Name: jobs_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: jobs_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.jobs_id_seq OWNED BY public.jobs.id;


--
-- Name: notes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notes (
    id integer NOT NULL,
    body text
);


--
-- Name: notes_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.notes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: notes_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.notes_id_seq OWNED BY public.notes.id;


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id bigint NOT NULL,
    telegram_id bigint NOT NULL,
    username text,
    "firstName" character varying(128),
    balance numeric(12,2) DEFAULT 0 NOT NULL,
    is_banned boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: users_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: users_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;


--
-- Name: jobs id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs ALTER COLUMN id SET DEFAULT nextval('public.jobs_id_seq'::regclass);


--
-- Name: notes id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notes ALTER COLUMN id SET DEFAULT nextval('public.notes_id_seq'::regclass);


--
-- Name: users id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.alembic_version (version_num) FROM stdin;
8f3c1a2b4d5e
\.


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.jobs (id, user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path, product_info, extra_wishes, status, priority, attempts, kie_task_id, output_url, error, created_at, started_at, finished_at, worker_pid) FROM stdin;
1	1	1001	1001:1	reels	ugc	/srv/photos/1.jpg	{"text": "Кружка «Север»\\n450 мл", "user_prompt": null}	Пусть идёт снег	completed	0	1	task-1	https://files.example.com/1.mp4	\N	2025-03-01 10:00:00+00	2025-03-01 10:00:05+00	2025-03-01 10:04:00+00	4711
2	1	1001	1001:2	reels	self	/srv/photos/2.jpg	{"text": "Лампа", "user_prompt": "A \\"slow\\" dolly, C:\\\\temp"}	\N	done	0	2	task-2	https://files.example.com/2.mp4	\N	2025-03-02 10:00:00+00	2025-03-02 10:00:05+00	2025-03-02 10:04:00+00	4711
3	2	\N	1002:1	reels	ad	/srv/photos/3.jpg	{"text": "Варежки"}	-	failed	0	3	task-3	\N	KIE: internal error\nTraceback (most recent call last):	2025-03-03 10:00:00+00	2025-03-03 10:00:05+00	2025-03-03 10:09:00+00	4712
4	2	1002	1002:2	reels	ugc	https://files.example.com/4.jpg	{"text": "Шарф"}	\N	pending	5	0	\N	\N	\N	2025-04-06 09:00:00+00	\N	\N	\N
5	3	1003	1003:1	reels	ugc	/srv/photos/5.jpg	{"text": "Свеча"}	\N	processing	0	1	task-5	\N	\N	2025-04-06 09:01:00+00	2025-04-06 09:01:10+00	\N	4713
6	5	-1001234567890	group:1	reels	ugc	/srv/photos/6.jpg	\N	\N	completed	0	1	task-6	https://files.example.com/6.mp4	\N	2025-04-06 09:02:00+00	\N	\N	\N
7	3	1003	1003:2	reels	\N	\N	\N	\N	archived	0	0	\N	\N	\N	2025-04-06 09:03:00+00	\N	\N	\N
\.


--
-- Data for Name: notes; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.notes (id, body) FROM stdin;
1	COPY public.users (id, telegram_id, balance) FROM stdin;\n99\t99\t99\n\\.
2	INSERT INTO public.users VALUES (99, 99, 'x', 'x', 99, false, now());
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.users (id, telegram_id, username, "firstName", balance, is_banned, created_at) FROM stdin;
1	1001	anna_k	Анна	5.00	f	2025-03-01 09:34:56.789+00
2	1002	\N	Пётр\t«Пит»\n\\N	2.50	f	2025-03-02 00:00:00+00
3	1003	o'hara	a"b,c;d	0.00	t	2025-03-03 05:29:59.999999+00
4	1004		\N	-3.25	f	2025-04-01 10:00:00+00
5	-1001234567890	a_group	Группа	7.00	f	2025-04-02 10:00:00+00
6	1001	anna_k	Анна	4.00	f	2025-04-03 10:00:00+00
7	1007	emoji_7	🛍️ Лавка	1999999999.99	f	2025-04-04 10:00:00+00
8	7000000008	\\N	\\.	0.01	f	2025-04-05 10:00:00+00
\.


--
-- Name: jobs_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.jobs_id_seq', 7, true);


--
-- Name: notes_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.notes_id_seq', 2, true);


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.users_id_seq', 8, true);


--
-- Name: alembic_version alembic_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkey PRIMARY KEY (version_num);


--
-- Name: jobs jobs_idempotency_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_idempotency_key_key UNIQUE (idempotency_key);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);


--
-- Name: notes notes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notes
    ADD CONSTRAINT notes_pkey PRIMARY KEY (id);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: jobs jobs_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- PostgreSQL database dump complete
--

\unrestrict 3YUSPOQ9KQtYLOrNdsud0xybKEJeRuC45ct4Vseq29g0hgjTsdeZWBrLbjikjVj

