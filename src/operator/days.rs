//! Days as the people of a time zone have them.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::clock::Millis;

pub use crate::clock::midnight;

/// A day that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// In its zone's calendar.
    pub date: Date,
    /// Its first moment.
    pub from: Millis,
    /// The next day's first moment: 23 to 25 hours later.
    pub to: Millis,
}

/// When the clocks of the zone last showed `at`, and the day before that moment's. A time that is
/// left out when clocks go forward is an hour later that day; one that comes twice is the first.
/// `None`: beyond the calendar.
pub fn last(at: Time, zone: &TimeZone, now: Millis) -> Option<(Millis, Day)> {
    let today = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone()).date();
    let moment = |date: Date, at: Time| {
        let zoned = date.to_datetime(at).to_zoned(zone.clone()).ok()?;
        Some(zoned.timestamp().as_millisecond())
    };
    let (date, shown) = match moment(today, at)? {
        later if later > now => (today.yesterday().ok()?, moment(today.yesterday().ok()?, at)?),
        shown => (today, shown),
    };
    let before = date.yesterday().ok()?;
    let (from, to) = (moment(before, Time::midnight())?, moment(date, Time::midnight())?);
    Some((shown, Day { date: before, from, to }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use jiff::civil::{date, time};

    fn ms(text: &str) -> Millis {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[track_caller]
    fn check(zone: &str, at: Time, now: &str, shown: &str, day: Date, hours: i64) {
        let zone = TimeZone::get(zone).unwrap();
        let (found, before) = last(at, &zone, ms(now)).unwrap();
        assert_eq!((found, before.date), (ms(shown), day));
        assert_eq!(before.to - before.from, hours * HOUR);
        assert_eq!(midnight(before.from + HOUR, &zone), before.from);
        assert_eq!(midnight(before.to - 1, &zone), before.from);
    }

    #[test]
    fn the_last_time_is_todays_or_yesterdays() {
        let (nine, day) = (time(9, 0, 0, 0), date(2026, 11, 19));
        for (now, shown, day) in [
            ("2026-11-21T05:59:59Z", "2026-11-20T06:00:00Z", day),
            ("2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z", date(2026, 11, 20)),
            ("2026-11-21T22:00:00Z", "2026-11-21T06:00:00Z", date(2026, 11, 20)),
        ] {
            check("Europe/Moscow", nine, now, shown, day, 24);
        }
        let midnight = time(0, 0, 0, 0);
        let (now, shown) = ("2026-01-01T05:00:00Z", "2026-01-01T05:00:00Z");
        check("America/New_York", midnight, now, shown, date(2025, 12, 31), 24);
    }

    #[test]
    fn a_time_that_is_left_out_or_comes_twice_comes_once() {
        let half_past_two = time(2, 30, 0, 0);
        let berlin = "Europe/Berlin";
        // Clocks go from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October.
        let (gap, fold) = ("2026-03-29T01:30:00Z", "2026-10-25T00:30:00Z");
        check(berlin, half_past_two, "2026-03-29T20:00:00Z", gap, date(2026, 3, 28), 24);
        check(berlin, half_past_two, "2026-10-25T01:30:00Z", fold, date(2026, 10, 24), 24);
        let (nine, october) = (time(9, 0, 0, 0), "2026-10-26T08:00:00Z");
        check(berlin, nine, "2026-10-26T09:00:00Z", october, date(2026, 10, 25), 25);
        let march = "2026-03-30T07:00:00Z";
        check(berlin, nine, "2026-03-30T09:00:00Z", march, date(2026, 3, 29), 23);
    }
}
