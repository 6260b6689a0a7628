//! The process clock: the one source of time for everything that waits or counts it, the sandbox
//! included. It runs on the monotonic clock from the moment it is made, so a wall clock that jumps
//! moves nothing. Live it is the real time; in the demo and in tests it may run faster
//! ([`Clock::spec`]), and two processes with the same spec agree on what time it is.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Unix time in milliseconds of the process clock.
pub type Millis = i64;

/// A second, a minute, an hour and a day in [`Millis`].
pub const SECOND: Millis = 1_000;
/// See [`SECOND`].
pub const MINUTE: Millis = 60 * SECOND;
/// See [`SECOND`].
pub const HOUR: Millis = 60 * MINUTE;
/// See [`SECOND`].
pub const DAY: Millis = 24 * HOUR;

/// Sockets do not become faster with the clock: no deadline shrinks below this, in real time.
const SHORTEST_DEADLINE: Duration = Duration::from_secs(5);

/// Cheap to clone; every clone shows the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Face>);

#[derive(Debug)]
struct Face {
    spec: Spec,
    begun: Instant,
    begun_wall: Millis,
    begun_at: Millis,
}

/// How the process clock relates to the real one: at real time `anchor` it shows
/// `anchor + offset`, and from there it runs `rate` times as fast. Written `RATE@ANCHOR+OFFSET`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// 1.0 is real time.
    pub rate: f64,
    /// Real unix milliseconds.
    pub anchor: Millis,
    /// Milliseconds added at the anchor; may be negative.
    pub offset: Millis,
}

impl Clock {
    /// The clock of a live appliance.
    pub fn real() -> Self {
        Self::new(Spec { rate: 1.0, anchor: 0, offset: 0 })
    }

    /// A clock that shows the real time now and runs `rate` times as fast from here on.
    pub fn fast(rate: f64) -> Self {
        Self::new(Spec { rate, anchor: wall(), offset: 0 })
    }

    /// A clock after a given [`Spec`].
    pub fn new(spec: Spec) -> Self {
        let real = wall();
        let ran = (real - spec.anchor) as f64 * spec.rate;
        let begun_at = spec.anchor + spec.offset + ran as Millis;
        Self(Arc::new(Face { spec, begun: Instant::now(), begun_wall: real, begun_at }))
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        let real = self.0.begun.elapsed().as_secs_f64() * 1_000.0;
        self.0.begun_at + (real * self.0.spec.rate) as Millis
    }

    /// By how much the machine's clock was set since this one began, in real milliseconds; this
    /// one does not follow. A machine that slept looks the same.
    pub fn wall_moved(&self) -> Millis {
        let ran = self.0.begun.elapsed().as_millis() as Millis;
        wall() - self.0.begun_wall - ran
    }

    /// Whether this clock may serve a live database.
    pub fn is_real(&self) -> bool {
        self.0.spec.rate == 1.0 && self.0.spec.offset == 0
    }

    /// What another process needs to make the same clock.
    pub fn spec(&self) -> Spec {
        self.0.spec
    }

    /// How long a span of this clock lasts in real time: for condition variables and timers.
    pub fn real_span(&self, ms: Millis) -> Duration {
        Duration::from_secs_f64(ms.max(0) as f64 / 1_000.0 / self.0.spec.rate)
    }

    /// The same for the deadline of a remote call, never under five real seconds (or the span
    /// itself, where that is shorter): a fast clock does not make a socket faster.
    pub fn deadline(&self, ms: Millis) -> Duration {
        let unscaled = Duration::from_millis(ms.max(0) as u64);
        self.real_span(ms).max(SHORTEST_DEADLINE.min(unscaled))
    }

    /// How much of this clock's time a real span takes: leases must outlast [`Clock::deadline`].
    pub fn span_of(&self, real: Duration) -> Millis {
        (real.as_secs_f64() * 1_000.0 * self.0.spec.rate).ceil() as Millis
    }
}

/// The beginning of the day that `now` is in, as the people of a time zone have it.
pub fn midnight(now: Millis, zone: &jiff::tz::TimeZone) -> Millis {
    let start = jiff::Timestamp::from_millisecond(now)
        .and_then(|at| at.to_zoned(zone.clone()).start_of_day())
        .map(|at| at.timestamp().as_millisecond());
    start.unwrap_or(now - now.rem_euclid(DAY))
}

/// What the machine's clock says, in unix milliseconds: for what two processes are to agree on,
/// though it may be set. The one place that reads it.
#[expect(clippy::disallowed_methods, reason = "the process clock is made of it")]
pub fn wall() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}

impl std::fmt::Display for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}{:+}", self.rate, self.anchor, self.offset)
    }
}

impl std::str::FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a clock: write RATE@ANCHOR+OFFSET, as 60@0+0");
        let (rate, rest) = text.split_once('@').ok_or_else(wrong)?;
        let sign = rest.rfind(['+', '-']).filter(|at| *at > 0).ok_or_else(wrong)?;
        let (anchor, offset) = rest.split_at(sign);
        let spec = Self {
            rate: rate.parse().map_err(|_| wrong())?,
            anchor: anchor.parse().map_err(|_| wrong())?,
            offset: offset.parse().map_err(|_| wrong())?,
        };
        let sane = spec.rate.is_finite() && spec.rate > 0.0 && spec.rate <= 1_000_000.0;
        if sane { Ok(spec) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_survives_being_written_down() {
        for spec in ["60@1763730000000+0", "1@0-86400000", "2.5@1763730000000+5"] {
            assert_eq!(spec.parse::<Spec>().unwrap().to_string(), spec);
        }
        for wrong in ["", "60", "60@5", "0@0+0", "-1@0+0", "NaN@0+0", "x@0+0", "inf@0+0"] {
            assert!(wrong.parse::<Spec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_clocks_of_one_spec_agree() {
        let one = Clock::fast(60.0);
        let two = Clock::new(one.spec());
        assert!((one.now() - two.now()).abs() < 60 * 50, "within 50 real milliseconds");
        assert!(!one.is_real() && Clock::real().is_real());
    }

    #[test]
    fn a_fast_clock_shortens_waits_but_not_sockets() {
        let clock = Clock::fast(60.0);
        assert_eq!(clock.real_span(MINUTE), Duration::from_secs(1));
        assert_eq!(clock.deadline(MINUTE), Duration::from_secs(5));
        assert_eq!(clock.deadline(SECOND), Duration::from_secs(1));
        assert_eq!(clock.deadline(HOUR), Duration::from_secs(60));
        assert_eq!(clock.span_of(Duration::from_secs(1)), MINUTE);
    }
}
