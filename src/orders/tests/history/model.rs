//! What should be true of a shop: credits, videos and createTasks as plain numbers.

use super::super::*;
use super::books::{Books, KEYS, must_fail};
use super::{Event, Outcome, Verdict};
use crate::db::{self, Mode};
use crate::instance;
use crate::jobs::{Reserved, Retry};
use crate::ledger::Granted;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const URL: &str = "https://files.example/a";

/// A thread with a job, or one that had it.
#[derive(Clone, Debug)]
struct Holder {
    job: Job,
    submit: Option<i64>,
}

/// A world, and what should be true of it.
pub(super) struct Model {
    pub(super) world: World,
    pub(super) customers: Vec<User>,
    pub(super) books: Books,
    backup: Option<(tempfile::TempDir, Books)>,
    /// Every lease that was given since the last start, expired ones, too.
    holders: Vec<Holder>,
    pub(super) now: Millis,
}

/// Made once: reading all texts takes longer than a history.
fn shop() -> Arc<Shop> {
    static SHOP: OnceLock<Arc<Shop>> = OnceLock::new();
    let world = || World::with(|options| options.orders_per_hour = 1_000);
    Arc::clone(SHOP.get_or_init(|| Arc::clone(&world().shop)))
}

impl Model {
    pub(super) fn new() -> Self {
        let (folder, db) = fresh();
        let world = World::of(shop(), db, folder);
        let customers = vec![world.customer(7, 6), world.customer(8, 2)];
        let books = Books {
            credits: vec![6, 2],
            welcomed: vec![false; 2],
            banned: vec![false; 2],
            paused: false,
            drafts: BTreeMap::new(),
            videos: BTreeMap::new(),
            payments: Vec::new(),
            debts: Vec::new(),
            open: BTreeMap::new(),
            broke: BTreeMap::new(),
            off: BTreeMap::new(),
        };
        Self { world, customers, books, backup: None, holders: Vec::new(), now: NOW + DAY }
    }

    pub(super) fn meets(&mut self, event: Event) {
        match event {
            Event::Order { customer, draft, videos } => self.order(customer, draft, videos),
            Event::Grant { customer, credits } => self.grant(customer, credits),
            Event::Buy { customer, credits } => self.buy(customer, credits),
            Event::Refund { payment } => self.refund(payment),
            Event::Welcome { customer } => self.welcome(customer),
            Event::Ban { customer, banned } => self.ban(customer, banned),
            Event::Pause { paused } => self.pause(paused),
            Event::Turn { outcome } => self.turn(outcome),
            Event::Claim => _ = self.claim(),
            Event::Work { holder, outcome } => self.work(holder, outcome),
            Event::Poll { task, outcome } => self.poll(task, outcome),
            Event::Telegram { message, verdict } => self.telegram(message, verdict),
            Event::Late { gift } => self.late(gift),
            Event::Cancel { video } => self.cancel(video),
            Event::TakeBack { order } => self.take_back(order),
            Event::RunAgain { video } => self.run_again(video),
            Event::Crash => self.crash(),
            Event::Backup => self.back_up(),
            Event::Restore => self.restore(),
            Event::Time { ms } => self.now = (self.now + ms).max(NOW),
        }
        self.compare();
    }

    fn order(&mut self, customer: usize, draft: u8, videos: i64) {
        let (id, now) = (self.customers[customer].id, self.now);
        let name = format!("{customer}-{draft}");
        let placed = self.world.write(move |tx, shop| {
            let user = users::by_id(tx, id)?;
            place(tx, shop, &user, &new_order(&name, videos), now)
        });
        let books = &mut self.books;
        let known = books.drafts.get(&(customer, draft));
        match placed {
            Placed::Already(order) => assert_eq!(known, Some(&order), "confirmed before"),
            Placed::Started(order) => {
                assert!(known.is_none() && !books.paused && !books.banned[customer]);
                assert!(books.credits[customer] >= videos, "nothing is sold on credit");
                books.credits[customer] -= videos;
                books.drafts.insert((customer, draft), order);
                let last = self.world.number("SELECT MAX(id) FROM jobs");
                (last - videos + 1..=last).for_each(|id| self.books.adds(id, customer, 1));
            }
            Placed::Insufficient(balance) => {
                assert!(known.is_none() && balance == books.credits[customer] && balance < videos);
            }
            Placed::Closed(why) => {
                assert!(known.is_none());
                assert!(books.may_be_closed(why, customer, now), "closed: {why:?}, {books:?}");
            }
        }
    }

    fn grant(&mut self, customer: usize, credits: i64) {
        let (user, now) = (self.customers[customer].id, self.now);
        let granted = self.world.write(move |tx, _| {
            let grant = Grant { user, credits, key: None, actor: "operator", note: None };
            ledger::grant(tx, &grant, now)
        });
        let balance = self.books.credits[customer];
        if balance + credits < 0 {
            assert_eq!(granted, Granted::TooFew(balance));
        } else {
            assert_eq!(granted, Granted::Done(balance + credits));
            self.books.credits[customer] += credits;
        }
    }

    fn welcome(&mut self, customer: usize) {
        let (user, now) = (self.customers[customer].id, self.now);
        let granted = self.world.write(move |tx, _| {
            let key = format!("signup:{user}");
            let grant = Grant { user, credits: 2, key: Some(&key), actor: "bot", note: None };
            ledger::grant(tx, &grant, now)
        });
        let known = std::mem::replace(&mut self.books.welcomed[customer], true);
        self.books.credits[customer] += if known { 0 } else { 2 };
        let balance = self.books.credits[customer];
        assert_eq!(granted, if known { Granted::Already } else { Granted::Done(balance) });
    }

    fn ban(&mut self, customer: usize, banned: bool) {
        let (user, now) = (self.customers[customer].id, self.now);
        self.world.write(
            move |tx, _| {
                if banned { users::ban(tx, user, now) } else { users::unban(tx, user) }
            },
        );
        self.books.banned[customer] = banned;
    }

    fn pause(&mut self, paused: bool) {
        let now = self.now;
        self.world.write(
            move |tx, _| {
                if paused { instance::pause(tx, now) } else { instance::resume(tx) }
            },
        );
        self.books.paused = paused;
    }

    fn turn(&mut self, outcome: Outcome) {
        let Some(step) = self.claim() else { return };
        if step == Step::Submit {
            self.work(0, Outcome::Good);
        }
        self.work(0, outcome);
    }

    fn claim(&mut self) -> Option<Step> {
        let now = self.now;
        let job = self.world.write(move |tx, _| jobs::claim(tx, &Step::ALL, LIMITS, MINUTE, now));
        let job = job?;
        let (step, video) = (job.step, self.books.videos.get_mut(&job.id.0).unwrap());
        assert_eq!(video.end, None, "an ended job is nobody's work");
        assert!(job.lease > video.lease, "leases only grow");
        video.lease = job.lease;
        self.holders.push(Holder { job, submit: None });
        Some(step)
    }

    fn work(&mut self, holder: usize, outcome: Outcome) {
        let Some(at) = holder.checked_rem(self.holders.len()) else { return };
        // The newest first: that is who has something to say.
        let at = self.holders.len() - 1 - at;
        let Holder { job, submit } = self.holders[at].clone();
        match (outcome, job.step) {
            (Outcome::Good, Step::Submit) if submit.is_none() => {
                self.holders[at].submit = self.reserve(&job);
            }
            (Outcome::Good, _) => self.good(&job, submit),
            (Outcome::Bad(Trouble::Unreached | Trouble::Lost), Step::Render | Step::Deliver) => {}
            (Outcome::Bad(what), _) => self.trouble(&job, submit, what),
            (Outcome::Astray(step), _) => self.advance(&job, step, Found::default()),
            (Outcome::Failed(why), _) => self.fail(&job, why),
        }
    }

    /// What follows where all goes well.
    fn good(&mut self, job: &Job, submit: Option<i64>) {
        let key = KEYS[job.lease as usize % 2];
        match job.step {
            Step::Script => {
                self.advance(job, Step::Upload, Found { prompt: Some("p"), ..Found::default() });
            }
            Step::Upload => {
                let (model, input_url) = (Some(MODELS[job.id.0 as usize % 2]), Some(URL));
                let found = Found { model, key: Some(key), input_url, ..Found::default() };
                self.advance(job, Step::Submit, found);
            }
            Step::Submit => self.accepted(job, submit),
            Step::Render => self.fail(job, Why::Timeout),
            Step::Fetch => self.fetched(job),
            Step::Deliver => self.fail(job, Why::Undelivered),
        }
    }

    fn advance(&mut self, job: &Job, step: Step, found: Found<'static>) {
        let (held, now, holder) = (self.books.is_held(job), self.now, job.clone());
        let moved =
            self.world.write(move |tx, _| jobs::advance(tx, &holder, step, &found, now, now));
        assert_eq!(moved, held, "only who holds the lease moves a job");
    }

    fn reserve(&mut self, job: &Job) -> Option<i64> {
        let (held, now, holder) = (self.books.is_held(job), self.now, job.clone());
        let leased = self.is_leased(job);
        let reserved = self.world.write(move |tx, shop| {
            let key = holder.key.clone().unwrap_or_default();
            let turn = jobs::reserve(tx, &holder, &key, "m", shop.options.limits, now)?;
            if let Reserved::NotBefore(at) = turn {
                let (step, refused, error) = (Step::Submit, &holder.refused[..], "");
                let (attempt, tried, unreached) = (false, false, false);
                let wait = Retry { step, at, attempt, tried, unreached, refused, error };
                jobs::again(tx, &holder, &wait, now)?;
            }
            Ok(turn)
        });
        match reserved {
            Reserved::Go(submit) => {
                assert!(held, "a createTask of somebody else's job");
                self.books.open.insert(submit, job.id.0);
                Some(submit)
            }
            Reserved::Lost => {
                self.books.lose_open(job.id.0);
                self.trouble(job, None, Trouble::Lost);
                None
            }
            Reserved::NotBefore(_) => None,
            Reserved::Gone => {
                assert!(!held || !leased, "this holder's turn");
                None
            }
        }
    }

    fn is_leased(&self, job: &Job) -> bool {
        self.world.number(&format!("SELECT leased_at IS NOT NULL FROM jobs WHERE id = {}", job.id))
            == 1
    }

    /// The task's id is kept, whoever holds the job by now; told again, it changes nothing more
    /// than the job's own count.
    fn accepted(&mut self, job: &Job, submit: Option<i64>) {
        let Some(submit) = submit else { return };
        let (held, now, holder) = (self.books.is_held(job), self.now, job.clone());
        let moved = self.world.write(move |tx, _| {
            jobs::settle_submit(tx, submit, "accepted", Some("task"), now)?;
            let found = Found { task: Some("task"), ..Found::default() };
            jobs::advance(tx, &holder, Step::Render, &found, now + 30 * MINUTE, now)
        });
        assert_eq!(moved, held);
        if let Some(id) = self.books.open.remove(&submit) {
            self.books.videos.get_mut(&id).unwrap().accepted += 1;
        }
    }

    fn fetched(&mut self, job: &Job) {
        let (held, now, holder) = (self.books.is_held(job), self.now, job.clone());
        let file = Fetched { path: "1.mp4".into(), bytes: 9, width: 9, height: 16, seconds: 8 };
        let kept = self.world.write(move |tx, shop| fetched(tx, shop, &holder, &file, now));
        assert_eq!(kept, held);
        let messages = self.world.messages(&format!("video:{}", job.id));
        assert!(!held || messages > 0, "a video that nobody is sent");
    }

    fn fail(&mut self, job: &Job, why: Why) {
        self.world.fail(job, why, self.now);
        if self.books.is_held(job) {
            self.books.ends(job.id.0, "failed");
        }
    }

    fn trouble(&mut self, job: &Job, submit: Option<i64>, what: Trouble) {
        let outcome = match what {
            Trouble::Lost => "lost",
            Trouble::Unreached => "unsent",
            _ => "refused",
        };
        let (held, now, holder) = (self.books.is_held(job), self.now, job.clone());
        self.world.write(move |tx, shop| {
            if let Some(submit) = submit {
                jobs::settle_submit(tx, submit, outcome, None, now)?;
            }
            trouble(tx, shop, &holder, what, "its words", now)
        });
        if let Some(id) = submit.and_then(|submit| self.books.open.remove(&submit)) {
            self.books.videos.get_mut(&id).unwrap().lost += i64::from(what == Trouble::Lost);
        }
        if !held {
            return;
        }
        self.books.heard(job, what, now);
        let failed = self.world.state(job.id).starts_with("failed");
        if let Some(expected) = must_fail(job, what, now) {
            assert_eq!(failed, expected, "{what:?} of {job:?}");
        }
        if failed {
            self.books.ends(job.id.0, "failed");
        }
    }

    /// What the worker hears of a task that it watches from memory.
    fn poll(&mut self, task: usize, outcome: Outcome) {
        let rendering = self.world.db.read(jobs::rendering).unwrap();
        let Some(at) = task.checked_rem(rendering.len()) else { return };
        let job = &rendering[at];
        match outcome {
            Outcome::Good => {
                self.advance(job, Step::Fetch, Found { output_url: Some(URL), ..Found::default() });
            }
            // A poll that reached nobody, or brought nothing, is not the task's failure.
            Outcome::Bad(Trouble::Unreached | Trouble::Lost) => {}
            Outcome::Bad(what) => self.trouble(job, None, what),
            Outcome::Astray(step) => self.advance(job, step, Found::default()),
            Outcome::Failed(why) => self.fail(job, why),
        }
    }

    fn telegram(&mut self, message: usize, verdict: Verdict) {
        let rows = self.world.db.read(|conn| {
            let sql = "SELECT id, job_id, chat_id FROM outbox WHERE job_id IS NOT NULL ORDER BY id";
            let mut query = conn.prepare(sql)?;
            let rows =
                query.query_map([], |row| Ok((row.get(0)?, JobId(row.get(1)?), row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<Vec<(i64, JobId, i64)>>>()?)
        });
        let rows = rows.unwrap();
        let Some(at) = message.checked_rem(rows.len()) else { return };
        let ((row, job, chat), now) = (rows[rows.len() - 1 - at], self.now);
        let ended = self.world.write(move |tx, shop| match verdict {
            Verdict::Sent => {
                let rev = outbox::get(tx, row)?.map_or(0, |row| row.rev);
                outbox::sent(tx, row, rev, Some(1), now)?;
                delivered(tx, shop, job, Some("file"), now)?;
                Ok(vec![job])
            }
            Verdict::Refused => {
                let held = jobs::get(tx, job)?.unwrap();
                fail(tx, shop, &held, Why::Undelivered, "no", now)?;
                Ok(vec![job])
            }
            Verdict::Blocked => {
                users::blocked_us(tx, chat, now)?;
                let rows = outbox::drop_chat(tx, chat, "blocked")?;
                let jobs: Vec<_> = rows.iter().filter_map(|row| row.job_id.map(JobId)).collect();
                jobs.iter().try_for_each(|job| delivered(tx, shop, *job, None, now))?;
                Ok(jobs)
            }
            Verdict::TooLarge => too_large(tx, shop, job, now).map(|()| Vec::new()),
        });
        let end = if matches!(verdict, Verdict::Refused) { "failed" } else { "done" };
        ended.iter().for_each(|job| _ = self.books.ends(job.0, end));
        let no_link = self.world.job(job).output_url.is_none();
        if matches!(verdict, Verdict::TooLarge) && no_link {
            self.books.ends(job.0, "failed");
        }
    }

    /// A gift: it moves no credit and ends nothing anew.
    fn late(&self, gift: usize) {
        let open = self.world.db.read(gifts::open).unwrap();
        let Some(at) = gift.checked_rem(open.len()) else { return };
        let (id, now) = (open[at].0, self.now);
        self.world.write(move |tx, shop| {
            let file = Fetched { path: "1.mp4".into(), bytes: 9, width: 9, height: 16, seconds: 8 };
            for _ in 0..2 {
                let job = jobs::get(tx, id)?.unwrap();
                gifts::came(tx, &job, URL, Some(1.0), now)?;
                gifts::give(tx, shop, &jobs::get(tx, id)?.unwrap(), Some(&file), now)?;
            }
            Ok(())
        });
        assert_eq!(self.books.videos[&id.0].end, Some("failed"), "only a refund has a gift");
        assert_ne!(self.world.said(&format!("gift:{id}")), "");
    }

    /// At the operator's cost: what is run again holds nothing.
    fn run_again(&mut self, video: usize) {
        let Some(id) = self.books.nth(video) else { return };
        let now = self.now;
        let made = self.world.write(move |tx, _| jobs::rerun(tx, JobId(id), now, now)).unwrap();
        self.books.adds(made.0, self.books.videos[&id].customer, 0);
    }

    /// The threads are gone with what they knew, and the next start takes stock.
    fn crash(&mut self) {
        self.holders.clear();
        let at_submit: Vec<Job> =
            self.books.open.values().map(|id| self.world.job(JobId(*id))).collect();
        let open = std::mem::take(&mut self.books.open);
        let now = self.now;
        let found = self.world.write(move |tx, shop| recover(tx, shop, now));
        assert_eq!(found.lost, open.len(), "a createTask under way may have been billed");
        for id in open.values() {
            self.books.videos.get_mut(id).unwrap().lost += 1;
        }
        for job in at_submit.iter().filter(|job| job.step == Step::Submit) {
            if must_fail(job, Trouble::Lost, now) == Some(true) {
                self.books.ends(job.id.0, "failed");
            }
        }
        let leased = "SELECT COUNT(*) FROM jobs WHERE leased_at IS NOT NULL";
        assert_eq!(self.world.number(leased), 0, "the dead hold nothing");
    }

    fn back_up(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        let name = self.world.db.path().file_name().unwrap().to_owned();
        let watch: db::Watch = Arc::new(|_| false);
        db::copy(self.world.db.path(), &folder.path().join(name), &watch).unwrap();
        self.backup = Some((folder, self.books.clone()));
    }

    fn restore(&mut self) {
        let Some((folder, books)) = self.backup.take() else { return };
        let db = Db::open(folder.path(), Mode::Live, self.now).unwrap();
        self.world = World::of(shop(), db, folder);
        self.books = books;
        self.crash();
    }

    /// The rows say what the model says.
    fn compare(&self) {
        for (user, credits) in self.customers.iter().zip(&self.books.credits) {
            assert_eq!(self.world.credits(user), *credits);
            assert!(*credits >= 0);
        }
        let sql = "SELECT jobs.id, status,
                          (SELECT COUNT(*) FROM ledger WHERE job_id = jobs.id AND kind = 'hold'),
                          (SELECT COUNT(*) FROM ledger WHERE job_id = jobs.id AND kind = 'charge'),
                          (SELECT COUNT(*) FROM ledger WHERE job_id = jobs.id AND kind = 'release'),
                          (SELECT COUNT(*) FROM submits
                           WHERE job_id = jobs.id AND outcome = 'accepted'),
                          (SELECT COUNT(*) FROM submits
                           WHERE job_id = jobs.id AND outcome = 'lost')
                   FROM jobs
                   ORDER BY jobs.id";
        let rows = self.world.db.read(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([], |row| {
                let counts = [2, 3, 4, 5, 6].map(|at| row.get::<_, i64>(at));
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, counts))
            })?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        let rows = rows.unwrap();
        assert_eq!(rows.len(), self.books.videos.len());
        for ((id, status, counts), (known, video)) in rows.into_iter().zip(&self.books.videos) {
            assert_eq!(id, *known);
            let end = Some(status.as_str()).filter(|word| !["queued", "processing"].contains(word));
            assert_eq!(end, video.end, "job {id}");
            let counts = counts.map(Result::unwrap);
            let held = video.price.min(1);
            let charged = if end == Some("done") { held } else { 0 };
            let released = if end.is_some() { held - charged } else { 0 };
            let expected = [held, charged, released, video.accepted, video.lost];
            assert_eq!(counts, expected, "holds, charges, releases, tasks, lost ones of job {id}");
        }
        self.compare_debts();
        self.world.check();
    }
}
