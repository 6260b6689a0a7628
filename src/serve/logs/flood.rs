//! No trouble fills the log: of one place in the program so many warnings and errors are written in
//! a minute, the rest is counted, and the number follows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one place in a [`SPAN`].
const MOST: u32 = 20;
/// In real time.
const SPAN: Duration = Duration::from_secs(60);

/// Passes what is no flood. Clones count together.
#[derive(Clone, Default)]
pub(super) struct Flood(Arc<Mutex<HashMap<Identifier, Place>>>);

struct Place {
    /// Where in the sources.
    name: &'static str,
    since: Instant,
    written: u32,
    left_out: u64,
}

impl Flood {
    fn places(&self) -> MutexGuard<'_, HashMap<Identifier, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lets_pass(&self, facts: &'static Metadata<'static>, now: Instant) -> bool {
        let mut places = self.places();
        let place = places.entry(facts.callsite()).or_insert(Place {
            name: facts.name(),
            since: now,
            written: 0,
            left_out: 0,
        });
        // What was left out is said before a new span begins, unless nobody says it.
        let silent = if place.left_out == 0 { SPAN } else { 2 * SPAN };
        if now.duration_since(place.since) >= silent {
            (place.since, place.written) = (now, 0);
        }
        if place.written < MOST {
            place.written += 1;
            return true;
        }
        place.left_out += 1;
        false
    }

    /// What was left out in the spans that are over: where, and how many lines.
    pub(super) fn left_out(&self, now: Instant) -> Vec<(&'static str, u64)> {
        let mut told = Vec::new();
        for place in self.places().values_mut() {
            if place.left_out > 0 && now.duration_since(place.since) >= SPAN {
                told.push((place.name, std::mem::take(&mut place.left_out)));
                (place.since, place.written) = (now, 0);
            }
        }
        told
    }
}

impl<S> Filter<S> for Flood {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let facts = event.metadata();
        *facts.level() > Level::WARN || self.lets_pass(facts, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Layer, registry};

    #[derive(Clone, Default)]
    struct Count(Arc<AtomicU32>);

    /// Where the last event came from.
    #[derive(Clone, Default)]
    struct Last(Arc<Mutex<Option<&'static Metadata<'static>>>>);

    impl<S: tracing::Subscriber> Layer<S> for Last {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            *self.0.lock().unwrap() = Some(event.metadata());
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn one_place_writes_so_many_lines_and_the_rest_is_counted() {
        let (flood, count) = (Flood::default(), Count::default());
        let layer = count.clone().with_filter(flood.clone());
        tracing::subscriber::with_default(registry().with(layer), || {
            let round = || {
                for n in 0..100 {
                    tracing::error!(n, "the disk is full");
                    tracing::info!(n, "and this is no trouble");
                }
                tracing::warn!("another place");
            };
            round();
            assert_eq!(count.0.load(Ordering::SeqCst), MOST + 100 + 1);
            assert!(flood.left_out(Instant::now()).is_empty(), "the span is not over");
            let left = flood.left_out(Instant::now() + SPAN);
            assert_eq!(left.iter().map(|(_, lines)| *lines).collect::<Vec<_>>(), [80]);
            assert!(left[0].0.contains("flood.rs"), "{left:?}");
            assert!(flood.left_out(Instant::now() + SPAN).is_empty(), "it is said once");
        });
    }
    #[test]
    fn a_place_opens_again_though_nobody_says_what_it_left_out() {
        let (flood, last) = (Flood::default(), Last::default());
        tracing::subscriber::with_default(registry().with(last.clone()), || {
            tracing::error!("the disk is full");
        });
        let place = last.0.lock().unwrap().unwrap();
        let now = Instant::now();
        let passed = |at| (0..100).filter(|_| flood.lets_pass(place, at)).count();
        assert_eq!(passed(now), MOST as usize);
        assert_eq!(passed(now + SPAN), 0, "what was left out is said first");
        assert_eq!(passed(now + 2 * SPAN), MOST as usize);
        let left: Vec<u64> =
            flood.left_out(now + 3 * SPAN).into_iter().map(|(_, lines)| lines).collect();
        assert_eq!(left, [80 + 100 + 80], "and nothing of it is forgotten");
    }
}
