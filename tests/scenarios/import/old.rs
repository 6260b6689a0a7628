//! An old system's tables, made up by a seed, and what must come of them.

use std::fmt::Write as _;

/// A row; `None`: NULL.
type Row = Vec<Option<String>>;

const USERS: &str = "id,telegram_id,username,balance,is_banned,created_at";
const JOBS: &str = "id,user_id,tg_user_id,idempotency_key,template_id,product_info,status,\
                    output_url,error,created_at,finished_at";

/// Words that a reader could stumble over.
const NAMES: [&str; 10] = [
    "anna_k",
    "o'hara",
    "a,b;c",
    "say \"hi\"",
    "two\nlines",
    "tab\there",
    "back\\slash",
    "\\N",
    "\\.",
    "Лавка 🛍️",
];

/// What the tables hold, and what is to come of it, worked out by whole cents.
pub(super) struct Old {
    users: Vec<Row>,
    jobs: Vec<Row>,
    /// By Telegram's id.
    pub(super) balances: Vec<(i64, i64)>,
    cents: i64,
    pub(super) done: usize,
    pub(super) unfinished: usize,
    pub(super) skipped: u64,
    videos: usize,
}

impl Old {
    pub(super) fn new(seed: u64, customers: i64) -> Self {
        let mut old = Self {
            users: Vec::new(),
            jobs: Vec::new(),
            balances: Vec::new(),
            cents: 0,
            done: 0,
            unfinished: 0,
            skipped: 0,
            videos: 0,
        };
        let mut dice = fastrand::Rng::with_seed(seed);
        for id in 1..=customers {
            old.user(id, &mut dice);
        }
        for id in 1..=customers {
            old.job(id, customers, &mut dice);
        }
        old.balances.sort_unstable();
        old
    }

    /// Most are as they should be.
    fn user(&mut self, id: i64, dice: &mut fastrand::Rng) {
        let own = 1_000_000 + id * 7;
        let telegram = match dice.u8(0..50) {
            0 => -own,
            1 => 0,
            2 if id > 1 => 1_000_000 + (id - 1) * 7,
            _ => own,
        };
        let cents = match dice.u8(0..20) {
            0 => -dice.i64(1..5_000),
            1..=3 => dice.i64(1..20_000),
            4..=9 => 0,
            _ => 100 * dice.i64(1..300),
        };
        let (balance, cents) = match dice.u8(0..60) {
            0 => (None, 0),
            1 => (Some("many".to_owned()), 0),
            2 => (Some("1000000.01".to_owned()), 0),
            _ => (Some(decimal(cents)), cents.max(0)),
        };
        let username = dice.bool().then(|| NAMES[dice.usize(..NAMES.len())].to_owned());
        self.users.push(vec![
            Some(id.to_string()),
            Some(telegram.to_string()),
            username,
            balance,
            Some(if dice.u8(0..30) == 0 { "t" } else { "f" }.to_owned()),
            Some(time(id)),
        ]);
        if telegram <= 0 || self.knows(telegram) {
            self.skipped += 1;
            return;
        }
        self.cents += cents;
        self.balances.push((telegram, (cents + 99) / 100));
    }

    /// Nearly sorted as they come.
    fn knows(&self, telegram: i64) -> bool {
        self.balances.iter().rev().take(4).any(|(id, _)| *id == telegram)
    }

    fn job(&mut self, id: i64, customers: i64, dice: &mut fastrand::Rng) {
        // One in a hundred is of nobody.
        let user = dice.i64(1..=customers + customers / 100);
        let whose = self.users.get(user as usize - 1).and_then(|row| row[1].clone());
        let whose = whose.and_then(|id| id.parse::<i64>().ok()).unwrap_or(0);
        let status = match dice.u8(0..100) {
            0 => "archived",
            1..=2 => "processing",
            3..=4 => "pending",
            5..=15 => "failed",
            16..=50 => "done",
            _ => "completed",
        };
        let product = match dice.u8(0..30) {
            0 => None,
            1 => Some("{\"text\": ".to_owned()),
            2 => Some("{}".to_owned()),
            _ => Some(format!("{{\"text\": \"Лампа \\\"№ {id}\\\"\\n{}\"}}", dice.u32(..))),
        };
        let is_done = ["done", "completed"].contains(&status);
        self.jobs.push(vec![
            Some(id.to_string()),
            Some(user.to_string()),
            None,
            Some(format!("key:{id}")),
            Some(["ugc", "ad", "self"][dice.usize(..3)].to_owned()),
            product,
            Some(status.to_owned()),
            is_done.then(|| format!("https://files.example.com/{id}.mp4")),
            (status == "failed").then(|| format!("error\n\tat {id}")),
            Some(time(id)),
            (is_done || status == "failed").then(|| time(id + 1)),
        ]);
        if whose <= 0 || status == "archived" {
            self.skipped += 1;
            return;
        }
        self.videos += 1;
        self.done += usize::from(is_done);
        self.unfinished += usize::from(["pending", "processing"].contains(&status));
    }

    /// Of all balances above 0, as the report writes it.
    pub(super) fn sum(&self) -> String {
        match self.cents % 100 {
            0 => (self.cents / 100).to_string(),
            _ => decimal(self.cents),
        }
    }

    pub(super) fn credits(&self) -> i64 {
        self.balances.iter().map(|(_, credits)| credits).sum()
    }

    /// Customers and videos that come.
    pub(super) fn rows(&self) -> i64 {
        (self.balances.len() + self.videos) as i64
    }

    pub(super) fn users_csv(&self) -> String {
        csv(USERS, &self.users)
    }

    pub(super) fn jobs_csv(&self) -> String {
        csv(JOBS, &self.jobs)
    }

    /// As `pg_dump` writes it: the tables in the order of their names.
    pub(super) fn dump(&self) -> String {
        let mut text = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\n\
                        SET client_encoding = 'UTF8';\n\n"
            .to_owned();
        for (name, columns, rows) in [("jobs", JOBS, &self.jobs), ("users", USERS, &self.users)] {
            let columns = columns.replace(',', ", ");
            let _ = writeln!(text, "COPY public.{name} ({columns}) FROM stdin;");
            for row in rows {
                let cells = row.iter().map(|cell| copied(cell.as_deref()));
                let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("\t"));
            }
            text.push_str("\\.\n\n\n");
        }
        text + "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x\n\n"
    }
}

fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// In the last year, with a zone.
fn time(id: i64) -> String {
    let at = jiff::Timestamp::from_second(1_760_000_000 + id * 60).unwrap();
    at.strftime("%Y-%m-%d %H:%M:%S.123456+00").to_string()
}

fn csv(heading: &str, rows: &[Row]) -> String {
    let cell = |cell: &Option<String>| match cell {
        None => String::new(),
        Some(text) if text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text.clone(),
    };
    let mut text = format!("{heading}\n");
    for row in rows {
        text.push_str(&row.iter().map(cell).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

fn copied(cell: Option<&str>) -> String {
    let Some(text) = cell else { return "\\N".to_owned() };
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
}
