//! What a demo shows while it runs and at its end.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;

use super::super::screen;
use super::world::World;
use crate::console::{self, Snapshot};
use crate::jobs;
use crate::sandbox::customers::Outcome;

/// What is seen while the orders run: a picture in a terminal, a line now and then elsewhere.
pub(super) struct Progress<'a> {
    world: &'a World,
    begun: Instant,
    seen: HashMap<usize, Seen>,
    orders: usize,
    screen: Option<console::Progress>,
    printed: usize,
}

/// One order so far.
#[derive(Clone, Copy, Default)]
struct Seen {
    settled: bool,
    videos: usize,
    refunds: u32,
}

impl<'a> Progress<'a> {
    pub(super) fn new(world: &'a World, orders: usize) -> Self {
        let screen = console::Progress::open();
        Self { world, begun: Instant::now(), seen: HashMap::new(), orders, screen, printed: 0 }
    }

    /// An order moved.
    pub(super) fn heard(&mut self, outcome: &Outcome) {
        let seen = Seen {
            settled: outcome.settled(),
            videos: outcome.videos.len() + outcome.links.len(),
            refunds: outcome.returned,
        };
        self.seen.insert(outcome.plan, seen);
        let shown = match &self.screen {
            Some(screen) if screen.is_due() => self.draw(),
            Some(_) => Ok(()),
            None => self.print(),
        };
        // A reader that has gone away does not end the demo; its summary will say so.
        if shown.is_err() {
            self.screen = None;
        }
    }

    fn settled(&self) -> usize {
        self.seen.values().filter(|seen| seen.settled).count()
    }

    fn videos(&self) -> usize {
        self.seen.values().map(|seen| seen.videos).sum()
    }

    fn draw(&mut self) -> Result<()> {
        let snapshot = Snapshot {
            orders: self.orders,
            settled: self.settled(),
            videos: self.videos(),
            refunds: self.seen.values().map(|seen| seen.refunds).sum(),
            steps: self.world.appliance.db().read(jobs::live_by_step)?,
            took: self.begun.elapsed(),
        };
        match &mut self.screen {
            Some(screen) => screen.draw(&snapshot),
            None => Ok(()),
        }
    }

    /// Whoever reads a file wants a line now and then, not thousands.
    fn print(&mut self) -> Result<()> {
        let settled = self.settled();
        if settled < self.printed + (self.orders / 12).max(1) {
            return Ok(());
        }
        self.printed = settled;
        let filled = 30 * settled / self.orders.max(1);
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(30 - filled));
        let line = format!("{bar} {settled}/{} orders · {} videos\n", self.orders, self.videos());
        screen::print(&line).map(drop)
    }

    pub(super) fn end(mut self) -> Result<()> {
        if self.screen.is_some() {
            self.draw()?;
        }
        self.screen.map_or(Ok(()), console::Progress::close)
    }
}

/// How a demo was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// Until every order is settled.
    ToTheEnd,
    /// By somebody at the console, who may have canceled an order or left before its end.
    ByHand,
}

/// The summary.
pub(super) struct Report {
    watched: Watched,
    orders: usize,
    settled: usize,
    videos: usize,
    links: usize,
    refunds: u32,
    median: Option<f64>,
    money: Money,
    saved: usize,
    folder: String,
    took: Duration,
    wrongs: Vec<String>,
}

/// Sums of the ledger.
struct Money {
    granted: i64,
    bought: i64,
    /// Of payments that were kept: how many, and their Stars.
    packs: i64,
    stars: i64,
    charged: i64,
    returned: i64,
    held: i64,
    left: i64,
}

impl Report {
    pub(super) fn gather(
        world: &World,
        outcomes: &[Outcome],
        watched: Watched,
        saved: usize,
        took: Duration,
    ) -> Result<Self> {
        let mut seconds: Vec<f64> = outcomes.iter().flat_map(Outcome::seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let to_the_end = watched == Watched::ToTheEnd;
        let mut wrongs: Vec<String> = outcomes
            .iter()
            .filter(|outcome| to_the_end && !outcome.settled())
            .map(|outcome| {
                let at = outcome.stuck.as_deref().unwrap_or("unknown");
                format!("order {} of customer {} is stuck: {at}", outcome.plan + 1, outcome.user)
            })
            .collect();
        let doubled = outcomes.iter().filter(|it| {
            it.videos.len() + it.links.len() + it.returned as usize > it.count as usize
        });
        wrongs.extend(doubled.map(|it| format!("order {}: more than was ordered", it.plan + 1)));
        wrongs.extend(
            world.sandbox.violations().into_iter().map(|rule| format!("rule broken: {rule}")),
        );
        let silent = world.sandbox.telegram().unanswered_callbacks().len();
        if to_the_end && silent > 0 {
            wrongs.push(format!("{silent} presses of buttons got no answer"));
        }
        let money = world.appliance.db().read(|conn| {
            wrongs.extend(broken(conn, &ALWAYS)?);
            if to_the_end {
                wrongs.extend(broken(conn, &AT_THE_END)?);
            }
            if to_the_end && !world.faults {
                wrongs.extend(failures(conn)?);
            }
            money(conn)
        })?;
        if to_the_end {
            wrongs.extend(stars(world, &money));
        }
        Ok(Self {
            watched,
            orders: outcomes.len(),
            settled: outcomes.iter().filter(|outcome| outcome.settled()).count(),
            videos: outcomes.iter().map(|outcome| outcome.videos.len()).sum(),
            links: outcomes.iter().map(|outcome| outcome.links.len()).sum(),
            refunds: outcomes.iter().map(|outcome| outcome.returned).sum(),
            median: (!seconds.is_empty()).then(|| seconds[seconds.len() / 2]),
            money,
            saved,
            folder: world.videos.display().to_string(),
            took,
            wrongs,
        })
    }

    /// Everything was settled as expected; what the console's user left open is theirs.
    pub(super) fn is_good(&self) -> bool {
        let settled = self.settled == self.orders && self.money.held == 0;
        self.wrongs.is_empty() && (settled || self.watched == Watched::ByHand)
    }

    pub(super) fn print(&self) -> Result<ExitCode> {
        let mut text = String::new();
        let mut line = |name: &str, value: String| text.push_str(&format!("{name:<10} {value}\n"));
        line("orders", format!("{} of {} settled", self.settled, self.orders));
        line(
            "videos",
            match self.links {
                0 => self.videos.to_string(),
                links => format!("{}, and {links} as links", self.videos),
            },
        );
        line("refunds", self.refunds.to_string());
        if let Some(median) = self.median {
            line(
                "median",
                format!("{median:.0} s from the order to the video, on the demo's clock"),
            );
        }
        let money = &self.money;
        line(
            "credits",
            format!(
                "{} given, {} bought, {} spent, {} returned, {} left",
                money.granted, money.bought, money.charged, money.returned, money.left
            ),
        );
        let packs = if money.packs == 1 { "pack" } else { "packs" };
        line("Stars", format!("{} for {} {packs} of credits", money.stars, money.packs));
        line("saved", format!("{} MP4 files in {}", self.saved, self.folder));
        line("took", format!("{:.1} s{}", self.took.as_secs_f64(), peak_memory()));
        for wrong in self.wrongs.iter().take(20) {
            line("WRONG", wrong.clone());
        }
        text.push_str(match (self.is_good(), self.settled == self.orders) {
            (true, true) => "\nEverything was settled: nothing lost, nothing twice.\n",
            (true, false) => "\nYou left before everything was settled; nothing lost so far.\n",
            (false, _) => "\nNot everything is as it should be.\n",
        });
        screen::print(&format!("\n{text}"))
    }
}

/// Megabytes, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        peak.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.map_or_else(String::new, |kb| {
        format!(", at most {} MB of memory with the sandbox and its customers", kb / 1024)
    })
}

fn money(conn: &Connection) -> Result<Money> {
    Ok(conn.query_row(
        "SELECT COALESCE(SUM(delta) FILTER (WHERE kind IN ('grant', 'repay')), 0),
                COALESCE(SUM(delta) FILTER (WHERE kind = 'purchase'), 0),
                (SELECT COUNT(*) FROM payments WHERE refunded_at IS NULL),
                (SELECT COALESCE(SUM(stars), 0) FROM payments WHERE refunded_at IS NULL),
                COALESCE(-SUM((SELECT hold.delta FROM ledger AS hold WHERE hold.id = l.hold_id))
                         FILTER (WHERE kind = 'charge'), 0),
                COALESCE(SUM(delta) FILTER (WHERE kind = 'release'), 0),
                COALESCE(-SUM(delta) FILTER (
                    WHERE kind = 'hold'
                      AND NOT EXISTS (SELECT 1 FROM ledger AS s WHERE s.hold_id = l.id)), 0),
                (SELECT COALESCE(SUM(credits), 0) FROM users)
         FROM ledger AS l",
        [],
        |row| {
            Ok(Money {
                granted: row.get(0)?,
                bought: row.get(1)?,
                packs: row.get(2)?,
                stars: row.get(3)?,
                charged: row.get(4)?,
                returned: row.get(5)?,
                held: row.get(6)?,
                left: row.get(7)?,
            })
        },
    )?)
}

/// What Telegram took is what was paid: by its own account, and by ours.
fn stars(world: &World, money: &Money) -> Option<String> {
    let theirs = world.sandbox.telegram().stars();
    (theirs != money.stars)
        .then(|| format!("{theirs} Stars were taken, and {} are in the payments", money.stars))
}

/// Where no service was told to fail, every video comes.
fn failures(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare(
        "SELECT id, error_class, error
         FROM jobs
         WHERE status = 'failed'
         ORDER BY id
         LIMIT 10",
    )?;
    let rows = query.query_map([], |row| {
        let (id, class, error): (i64, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("job {id} failed ({class}): {}", error.unwrap_or_default()))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What always holds, asked of the database.
const ALWAYS: [(&str, &str); 4] = [
    (
        "users whose credits are not the sum of their ledger",
        "SELECT COUNT(*) FROM users
         WHERE credits <> (SELECT COALESCE(SUM(delta), 0) FROM ledger WHERE user_id = users.id)",
    ),
    (
        "ended jobs that still hold credits",
        "SELECT COUNT(*) FROM jobs
         JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
         WHERE jobs.finished_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = hold.id)",
    ),
    (
        "delivered videos that were not charged",
        "SELECT COUNT(*) FROM jobs
         JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
         WHERE jobs.status = 'done'
           AND NOT EXISTS (SELECT 1 FROM ledger
                           WHERE hold_id = hold.id AND kind = 'charge')",
    ),
    (
        "payments without their credits, or credits without their payment",
        "SELECT COUNT(*)
         FROM payments
         FULL JOIN (SELECT * FROM ledger WHERE kind = 'purchase') AS bought
           ON bought.key = 'purchase:' || telegram_payment_charge_id
          AND bought.user_id = payments.user_id
          AND bought.delta = payments.credits
         WHERE bought.id IS NULL OR payments.id IS NULL",
    ),
];
/// What holds where nothing is left to do.
const AT_THE_END: [(&str, &str); 4] = [
    (
        "jobs that have not ended",
        "SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing')",
    ),
    ("updates that were not handled", "SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL"),
    ("updates that failed", "SELECT COUNT(*) FROM inbox WHERE error IS NOT NULL"),
    ("messages that were not sent", "SELECT COUNT(*) FROM outbox WHERE state <> 'sent'"),
];

/// Every promise that does not hold where nothing is left to do.
pub(in crate::cli) fn broken_promises(conn: &Connection) -> Result<Vec<String>> {
    Ok([broken(conn, &ALWAYS)?, broken(conn, &AT_THE_END)?].concat())
}

fn broken(conn: &Connection, promises: &[(&str, &str)]) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for (what, sql) in promises {
        let count: i64 = conn.query_row(sql, [], |row| row.get(0))?;
        if count > 0 {
            broken.push(format!("{count} {what}"));
        }
    }
    Ok(broken)
}
