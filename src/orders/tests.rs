//! Orders on a real database; every world checks its ledger when it is dropped.

mod choosing;
mod failing;
mod history;
mod late;
mod placing;
mod recovery;
mod table;
mod troubles;
mod waiting;

use super::*;
use crate::clock::{HOUR, MINUTE, SECOND};
use crate::db::{Db, UserId, tests::fresh};
use crate::jobs::Trouble;
use crate::keys;
use crate::ledger::{self, Grant};
use crate::outbox::Content;
use crate::users::{self, Profile, User};
use std::sync::Arc;

/// A moment after the database was made.
pub(crate) const NOW: Millis = 10_000;
pub(crate) const LIMITS: Limits =
    Limits { creates_per_10s: 20, in_flight: 100, video_credits: 0.0 };
pub(crate) const MODELS: [&str; 2] = ["bytedance/seedance-2-mini", "kling-3.0/video"];

/// An operator's `models.toml`. Of the first choice's models the second takes shorter prompts.
pub(crate) const CHOICES: &str = r#"
[[choice]]
id = "fast"
label = { ru = "⚡ Быстрое <5>", en = "⚡ Quick <5>" }
about = { ru = "5 секунд & всё", en = "5 seconds & done" }
models = ["bytedance/seedance-2-mini", "kling-2.6/image-to-video"]
seconds = 5
credits = 1

[[choice]]
id = "good"
label = { ru = "✨ Качественное", en = "✨ High quality" }
models = ["bytedance/seedance-2"]
credits = 3
"#;

/// The defaults of the configuration.
pub(crate) fn options() -> Options {
    Options {
        signup: 2,
        per_video: 1,
        packs: vec![Pack { credits: 5, stars: 300 }, Pack { credits: 10, stars: 550 }],
        models: MODELS.map(str::to_owned).to_vec(),
        policy: Policy {
            max_attempts: 3,
            temporary_delay: 10 * SECOND,
            rate_limit_delay: 60 * SECOND,
            generation_timeout: 30 * MINUTE,
        },
        limits: LIMITS,
        billing_cooldown: DAY,
        rate_limit_cooldown: HOUR,
        daily_spend_cap: 0.0,
        zone: jiff::tz::TimeZone::UTC,
        low_balance: 1_000.0,
        orders_per_hour: 20,
        running_per_user: 10,
        upload_limit: 45 << 20,
        support: Some("https://t.me/help".to_owned()),
        terms_url: None,
        privacy_url: None,
        growth: crate::growth::Options { friend: 1, inviter: 2, friends_max: 20, first_payment: 0 },
        admins: vec![1],
    }
}

/// A shop, its database with two keys, and whoever comes.
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) shop: Arc<Shop>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let (folder, db) = fresh();
        let mut options = options();
        change(&mut options);
        let shop = Shop {
            texts: Texts::load(None).unwrap(),
            catalogue: Catalogue::load(None).unwrap(),
            templates: Templates::load(None).unwrap(),
            options,
        };
        Self::of(Arc::new(shop), db, folder)
    }

    /// One that sells two kinds of video, a fast one and a good one.
    pub(crate) fn choosing() -> Self {
        let (folder, db) = fresh();
        let file = folder.path().join("models.toml");
        std::fs::write(&file, CHOICES).unwrap();
        let shop = Shop {
            texts: Texts::load(None).unwrap(),
            catalogue: Catalogue::load(Some(&file)).unwrap(),
            templates: Templates::load(None).unwrap(),
            options: options(),
        };
        Self::of(Arc::new(shop), db, folder)
    }

    /// Of a database that is there.
    pub(crate) fn of(shop: Arc<Shop>, db: Db, folder: tempfile::TempDir) -> Self {
        db.write(|tx| keys::configure(tx, &["aaaa".to_owned(), "bbbb".to_owned()])).unwrap();
        Self { db, shop, _folder: folder }
    }

    /// One commit.
    #[track_caller]
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>, &Shop) -> Result<T> + Send + 'static,
    ) -> T {
        let shop = Arc::clone(&self.shop);
        self.db.write(move |tx| work(tx, &shop)).unwrap()
    }

    #[track_caller]
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    #[track_caller]
    pub(crate) fn sql(&self, sql: &'static str) {
        self.write(move |tx, _| Ok(tx.execute_batch(sql)?));
    }

    /// What a message with this key says; empty: there is none.
    pub(crate) fn said(&self, key: &str) -> String {
        let row = self.db.read(|conn| outbox::by_key(conn, key)).unwrap();
        row.map_or(String::new(), |row| html(&row.content).to_owned())
    }

    /// How many messages have keys that begin so.
    pub(crate) fn messages(&self, key: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM outbox WHERE key LIKE '{key}%'"))
    }

    pub(crate) fn credits(&self, user: &User) -> i64 {
        self.db.read(|conn| ledger::balance(conn, user.id)).unwrap()
    }

    pub(crate) fn customer(&self, tg_user_id: i64, credits: i64) -> User {
        self.write(move |tx, _| {
            let profile = Profile { tg_user_id, ..Profile::default() };
            let (user, _) = users::meet(tx, &profile, NOW)?;
            if credits > 0 {
                let gift =
                    Grant { user: user.id, credits, key: None, actor: "operator", note: None };
                ledger::grant(tx, &gift, NOW)?;
            }
            users::by_id(tx, user.id)
        })
    }

    /// An order with one commit, at `NOW`.
    pub(crate) fn place(&self, user: &User, draft: &'static str, videos: i64) -> Placed {
        let user = user.clone();
        self.write(move |tx, shop| place(tx, shop, &user, &new_order(draft, videos), NOW))
    }

    /// The same of an order that starts: its videos.
    #[track_caller]
    pub(crate) fn order(&self, user: &User, draft: &'static str, videos: i64) -> Vec<JobId> {
        let Placed::Started(order) = self.place(user, draft, videos) else { panic!("not started") };
        self.db
            .read(|conn| {
                let mut query =
                    conn.prepare("SELECT id FROM jobs WHERE order_id = ?1 ORDER BY ordinal")?;
                let rows = query.query_map([order], |row| row.get(0))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap()
    }

    pub(crate) fn job(&self, id: JobId) -> Job {
        self.db.read(|conn| jobs::get(conn, id)).unwrap().unwrap()
    }

    pub(crate) fn state(&self, id: JobId) -> String {
        let sql = "SELECT status || ' ' || step FROM jobs WHERE id = ?1";
        self.db.read(|conn| Ok(conn.query_row(sql, [id], |row| row.get(0))?)).unwrap()
    }

    /// Leases what is most urgent, whatever its step.
    #[track_caller]
    pub(crate) fn claim(&self, now: Millis) -> Job {
        self.write(move |tx, _| jobs::claim(tx, &Step::ALL, LIMITS, MINUTE, now))
            .expect("a job that is due")
    }

    /// Leases the most urgent job and puts it where a submit begins, with key `aaaa`.
    #[track_caller]
    pub(crate) fn at_submit(&self, now: Millis) -> Job {
        let job = self.claim(now);
        self.advance(&job, Step::Upload, Found { prompt: Some("p"), ..Found::default() }, now);
        let found = Found {
            model: Some(MODELS[0]),
            key: Some("aaaa"),
            input_url: Some("https://files.example/a.jpg"),
            ..Found::default()
        };
        let job = self.lease(job.id, now);
        self.advance(&job, Step::Submit, found, now);
        self.lease(job.id, now)
    }

    /// Leases this very job, whatever else waits, and whatever its key's limits say.
    #[track_caller]
    pub(crate) fn lease(&self, id: JobId, now: Millis) -> Job {
        self.write(move |tx, _| {
            tx.execute(
                "UPDATE jobs
                 SET lease = lease + 1, leased_at = ?2, due_at = ?2 + 60000,
                     status = 'processing', started_at = COALESCE(started_at, ?2),
                     step_since = COALESCE(step_since, ?2)
                 WHERE id = ?1",
                (id, now),
            )?;
            Ok(jobs::get(tx, id)?.unwrap())
        })
    }

    #[track_caller]
    pub(crate) fn advance(&self, job: &Job, step: Step, found: Found<'static>, now: Millis) {
        let job = job.clone();
        let moved = self.write(move |tx, _| jobs::advance(tx, &job, step, &found, now, now));
        assert!(moved);
    }

    pub(crate) fn fail(&self, job: &Job, why: Why, now: Millis) {
        let job = job.clone();
        self.write(move |tx, shop| fail(tx, shop, &job, why, "no", now));
    }

    pub(crate) fn trouble(&self, job: &Job, what: Trouble, now: Millis) {
        let job = job.clone();
        self.write(move |tx, shop| trouble(tx, shop, &job, what, "its words", now));
    }

    pub(crate) fn delivered(&self, id: JobId, now: Millis) {
        self.write(move |tx, shop| delivered(tx, shop, id, Some("file"), now));
    }

    /// What always holds, read from the rows alone.
    #[track_caller]
    pub(crate) fn check(&self) {
        for (what, sql) in [
            (
                "credits are the sum of the ledger and never negative",
                "SELECT COUNT(*)
                 FROM users
                 WHERE credits < 0
                    OR credits <> (SELECT COALESCE(SUM(delta), 0)
                                   FROM ledger
                                   WHERE user_id = users.id)",
            ),
            (
                "an ended job holds nothing, and one that runs for an order holds its price",
                "SELECT COUNT(*)
                 FROM jobs
                 JOIN orders ON orders.id = jobs.order_id
                 WHERE (SELECT COUNT(*)
                        FROM ledger AS hold
                        WHERE hold.job_id = jobs.id
                          AND hold.kind = 'hold'
                          AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = hold.id))
                       <> (orders.price > 0 AND jobs.status IN ('queued', 'processing'))",
            ),
            (
                "what is done is charged, what is not gives back",
                "SELECT COUNT(*)
                 FROM jobs
                 JOIN ledger ON ledger.job_id = jobs.id AND ledger.hold_id IS NOT NULL
                 WHERE (jobs.status = 'done') <> (ledger.kind = 'charge')",
            ),
            (
                "an order ends with its last video",
                "SELECT COUNT(*)
                 FROM orders
                 WHERE (finished_at IS NULL)
                       <> EXISTS (SELECT 1
                                  FROM jobs
                                  WHERE order_id = orders.id
                                    AND status IN ('queued', 'processing'))",
            ),
            (
                "one status message per order",
                "SELECT COUNT(*)
                 FROM orders
                 WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE key = 'status:' || orders.id)",
            ),
        ] {
            assert_eq!(self.number(sql), 0, "{what}");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}

pub(crate) fn new_order(draft: &str, videos: i64) -> NewOrder<'_> {
    NewOrder {
        draft,
        template: "ugc",
        photo: "a.jpg",
        product: "A blue mug",
        own_prompt: None,
        wishes: None,
        choice: None,
        refines: None,
        videos,
    }
}

pub(crate) fn html(content: &Content) -> &str {
    match content {
        Content::Text { html, .. } | Content::Photo { html, .. } | Content::Video { html, .. } => {
            html
        }
        Content::Answer { text, .. } => text,
        Content::Invoice { description, .. } => description,
    }
}
