//! How the calls to the services go, counted since the start. Whoever makes a call says what became
//! of it; who watches the appliance reads the counts. Its words are those of the program, never a
//! service's or a customer's, so that there are only so many of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper bounds of a call's time, in seconds.
const CALL: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// One process is one appliance.
static CALLS: Mutex<BTreeMap<Call, Count>> = Mutex::new(BTreeMap::new());

/// Which call: of a service, by its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// `telegram`, `kie`, `openai`, `files`.
    pub service: &'static str,
    /// As the service calls it; its first letter may be a capital.
    pub method: &'static str,
}

/// How often, with what outcome, and how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// `ok`, or the kind of failure.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Of those whose time says something.
    pub took: Histogram,
}

/// What became of a call, and how long it took; none: the time was the caller's own choice, as in a
/// long poll.
pub fn count(call: Call, outcome: &'static str, took: Option<Duration>) {
    let mut calls = calls();
    let none = || Count { outcomes: BTreeMap::new(), took: Histogram::of(&CALL) };
    let count = calls.entry(call).or_insert_with(none);
    *count.outcomes.entry(outcome).or_default() += 1;
    if let Some(took) = took {
        count.took.add(took.as_secs_f64());
    }
}

/// All that was counted.
pub fn counted() -> Vec<(Call, Count)> {
    calls().iter().map(|(call, count)| (*call, count.clone())).collect()
}

/// A panic while counting leaves nothing half done that matters.
fn calls() -> MutexGuard<'static, BTreeMap<Call, Count>> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Values by size.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    bounds: &'static [f64],
    /// One more than there are bounds.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// With these upper bounds, the smallest first.
    pub fn of(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 }
    }

    /// One value, in base units.
    pub fn add(&mut self, value: f64) {
        let at = self.bounds.iter().position(|bound| value <= *bound);
        self.counts[at.unwrap_or(self.bounds.len())] += 1;
        self.sum += value;
    }

    /// Of all values.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many are up to each bound and over the one before; the last bound is infinite.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.counts.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_the_first_bucket_that_holds_it() {
        let mut histogram = Histogram::of(&[1.0, 10.0]);
        for value in [0.5, 1.0, 1.5, 10.5] {
            histogram.add(value);
        }
        assert_eq!(histogram.buckets(), [(1.0, 2), (10.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((histogram.sum(), histogram.count()), (13.5, 4));
    }

    #[test]
    fn a_call_counts_by_its_outcome_and_a_long_poll_has_no_time() {
        let call = Call { service: "test", method: "ask" };
        count(call, "ok", Some(Duration::from_millis(70)));
        count(call, "lost", None);
        let all = counted();
        let (_, found) = all.iter().find(|(it, _)| *it == call).unwrap();
        assert_eq!(found.outcomes, BTreeMap::from([("lost", 1), ("ok", 1)]));
        assert_eq!(found.took.buckets()[1], (0.1, 1));
        assert_eq!(found.took.count(), 1);
    }
}
