//! What a span of time brought: one walk over what happened in it serves every span that is asked
//! for, and the hours.

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use crate::clock::{DAY, HOUR, Millis};

/// Bars of [`Hours`].
const HOURS: usize = 24;

/// What happened since a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Period {
    /// Orders that were confirmed.
    pub orders: i64,
    /// Jobs that ended as done.
    pub videos: i64,
    /// Jobs that ended as failed.
    pub failed: i64,
    /// Jobs that ended as canceled.
    pub canceled: i64,
    /// Holds that were given back.
    pub refunds: i64,
    /// Videos that came after their refund and were given all the same.
    pub gifts: i64,
    /// Credits granted and bought, what was taken back not counted.
    pub credits_in: i64,
    /// Credits charged for videos: what they brought.
    pub credits_out: i64,
    /// Stars that customers paid; those that went back are counted all the same.
    pub stars: i64,
    /// What the videos cost, in the provider's credits.
    pub provider_credits: f64,
    /// Done of done and failed, from 0 to 1; none where nothing ended.
    pub success_rate: Option<f64>,
    /// From the order to the video; none where there was none.
    pub median_seconds: Option<f64>,
}

/// The last 24 hours as bars, the oldest first; the last one ends now.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hours {
    /// Orders that were confirmed.
    pub orders: [i64; HOURS],
    /// Jobs that ended as done.
    pub videos: [i64; HOURS],
    /// Holds that were given back.
    pub refunds: [i64; HOURS],
    /// Stars that customers paid.
    pub stars: [i64; HOURS],
    /// Credits charged for videos.
    pub credits_charged: [i64; HOURS],
    /// What the videos cost, in the provider's credits.
    pub provider_credits: [f64; HOURS],
}

impl Hours {
    fn bar(at: Millis, now: Millis) -> Option<usize> {
        let ago = (now - at).max(0) / HOUR;
        HOURS.checked_sub(1 + ago as usize)
    }
}

/// The day since `midnight`, the last 24 hours, and those as bars.
pub fn read(conn: &Connection, midnight: Millis, now: Millis) -> Result<(Period, Period, Hours)> {
    let mut tally = Tally {
        today: Span::since(midnight),
        day: Span::since(now - DAY),
        hours: Hours::default(),
        now,
    };
    tally.add_up(conn, midnight.min(now - DAY))?;
    Ok((tally.today.finish(), tally.day.finish(), tally.hours))
}

/// What happened from `from` on, before `to`.
pub fn between(conn: &Connection, from: Millis, to: Millis) -> Result<Period> {
    let span = Span { until: to, ..Span::since(from) };
    let mut tally =
        Tally { today: span, day: Span::since(Millis::MAX), hours: Hours::default(), now: to };
    tally.add_up(conn, from)?;
    Ok(tally.today.finish())
}

struct Tally {
    today: Span,
    day: Span,
    hours: Hours,
    now: Millis,
}

struct Span {
    since: Millis,
    until: Millis,
    period: Period,
    took: Vec<Millis>,
}

impl Span {
    fn since(since: Millis) -> Self {
        Self { since, until: Millis::MAX, period: Period::default(), took: Vec::new() }
    }

    fn finish(mut self) -> Period {
        self.took.sort_unstable();
        let middle = self.took.get(self.took.len().saturating_sub(1) / 2);
        self.period.median_seconds = middle.map(|ms| *ms as f64 / 1_000.0);
        let ended = self.period.videos + self.period.failed;
        self.period.success_rate = (ended > 0).then(|| self.period.videos as f64 / ended as f64);
        self.period
    }
}

impl Tally {
    /// The spans that hold a time.
    fn of(&mut self, at: Millis) -> impl Iterator<Item = &mut Span> {
        let spans = [&mut self.today, &mut self.day];
        spans.into_iter().filter(move |span| (span.since..span.until).contains(&at))
    }

    fn add_up(&mut self, conn: &Connection, from: Millis) -> Result<()> {
        self.orders(conn, from)?;
        self.jobs(conn, from)?;
        self.ledger(conn, from)?;
        self.payments(conn, from)?;
        self.gifts(conn, from)
    }

    fn orders(&mut self, conn: &Connection, from: Millis) -> Result<()> {
        let mut found =
            conn.prepare_cached("SELECT created_at FROM orders WHERE created_at >= :from")?;
        let mut rows = found.query(named_params! { ":from": from })?;
        while let Some(row) = rows.next()? {
            let at = row.get(0)?;
            self.of(at).for_each(|span| span.period.orders += 1);
            if let Some(bar) = Hours::bar(at, self.now) {
                self.hours.orders[bar] += 1;
            }
        }
        Ok(())
    }

    fn jobs(&mut self, conn: &Connection, from: Millis) -> Result<()> {
        let mut found = conn.prepare_cached(
            "SELECT finished_at, status, finished_at - created_at,
                    COALESCE(provider_credits, 0.0)
             FROM jobs
             WHERE finished_at >= :from",
        )?;
        let mut rows = found.query(named_params! { ":from": from })?;
        while let Some(row) = rows.next()? {
            let (at, took, cost): (Millis, Millis, f64) = (row.get(0)?, row.get(2)?, row.get(3)?);
            let status = row.get_ref(1)?.as_str()?;
            for span in self.of(at) {
                span.period.provider_credits += cost;
                match status {
                    "done" => {
                        span.period.videos += 1;
                        span.took.push(took);
                    }
                    "failed" => span.period.failed += 1,
                    _ => span.period.canceled += 1,
                }
            }
            if let Some(bar) = Hours::bar(at, self.now) {
                self.hours.provider_credits[bar] += cost;
                self.hours.videos[bar] += i64::from(status == "done");
            }
        }
        Ok(())
    }

    fn payments(&mut self, conn: &Connection, from: Millis) -> Result<()> {
        let mut found = conn
            .prepare_cached("SELECT created_at, stars FROM payments WHERE created_at >= :from")?;
        let mut rows = found.query(named_params! { ":from": from })?;
        while let Some(row) = rows.next()? {
            let (at, stars): (Millis, i64) = (row.get(0)?, row.get(1)?);
            self.of(at).for_each(|span| span.period.stars += stars);
            if let Some(bar) = Hours::bar(at, self.now) {
                self.hours.stars[bar] += stars;
            }
        }
        Ok(())
    }

    fn gifts(&mut self, conn: &Connection, from: Millis) -> Result<()> {
        let mut found = conn.prepare_cached(
            "SELECT ended_at
             FROM gifts
             WHERE outcome = 'given'
               AND ended_at >= :from",
        )?;
        let mut rows = found.query(named_params! { ":from": from })?;
        while let Some(row) = rows.next()? {
            self.of(row.get(0)?).for_each(|span| span.period.gifts += 1);
        }
        Ok(())
    }

    fn ledger(&mut self, conn: &Connection, from: Millis) -> Result<()> {
        let mut found = conn.prepare_cached(
            "SELECT l.created_at, l.kind, l.delta, COALESCE(h.delta, 0)
             FROM ledger l
             LEFT JOIN ledger h ON h.id = l.hold_id
             WHERE l.created_at >= :from",
        )?;
        let mut rows = found.query(named_params! { ":from": from })?;
        while let Some(row) = rows.next()? {
            let (at, delta, held): (Millis, i64, i64) = (row.get(0)?, row.get(2)?, row.get(3)?);
            let kind = row.get_ref(1)?.as_str()?;
            for span in self.of(at) {
                match kind {
                    "grant" | "purchase" => span.period.credits_in += delta.max(0),
                    "charge" => span.period.credits_out -= held,
                    "release" => span.period.refunds += 1,
                    _ => {}
                }
            }
            if let Some(bar) = Hours::bar(at, self.now) {
                self.hours.refunds[bar] += i64::from(kind == "release");
                self.hours.credits_charged[bar] -= if kind == "charge" { held } else { 0 };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::{empty, sample};

    #[test]
    fn a_day_is_summed_up_and_falls_into_hours() {
        let (conn, now) = sample();
        let (today, day, hours) = read(&conn, now - HOUR + 1, now).unwrap();
        assert_eq!((day.orders, day.videos, day.failed, day.canceled), (1, 1, 1, 0));
        assert_eq!((day.refunds, day.credits_in, day.credits_out), (1, 5, 1));
        assert_eq!((day.success_rate, day.median_seconds), (Some(0.5), Some(90.0)));
        assert_eq!(day.provider_credits, 45.5);
        assert_eq!((today.orders, today.videos), (0, 1), "its order is older than today");
        assert_eq!((hours.orders[22], hours.videos[23], hours.refunds[23]), (1, 1, 1));
        assert_eq!((hours.credits_charged[23], hours.provider_credits[23]), (1, 45.5));
        assert_eq!((day.stars, today.stars, hours.stars[20]), (150, 0, 150));
        assert_eq!(hours.videos.iter().sum::<i64>(), 1);
    }

    #[test]
    fn a_day_that_is_over_ends_where_the_next_one_begins() {
        let (conn, now) = sample();
        let whole = between(&conn, 996_400_000, now).unwrap();
        assert_eq!((whole.orders, whole.videos, whole.credits_out), (1, 1, 1));
        let before = between(&conn, 996_300_000, 996_400_000).unwrap();
        assert_eq!((before.orders, before.videos, before.credits_in), (0, 0, 5));
        assert_eq!(between(&conn, 988_000_000, now).unwrap().stars, 150);
        assert_eq!(between(&conn, now, now).unwrap(), Period::default());
    }

    #[test]
    fn an_empty_database_has_no_rates() {
        let (_, day, hours) = read(&empty(), 0, 0).unwrap();
        assert_eq!(day, Period::default());
        assert_eq!(hours, Hours::default());
    }
}
