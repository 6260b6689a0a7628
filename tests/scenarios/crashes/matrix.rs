//! The crash matrix: a whole order (three videos, written by GPT, one of them tried again, paid for
//! in Stars on the way), with the plug pulled at every point there is.
//!
//! The points are those of a few runs in which nothing is pulled: every request to every service,
//! once just before it is answered and once just after, and every fsync. At each of them the
//! process is killed, and then once more with a second kill at a random request or fsync of the
//! recovery. At each fsync the power fails as well, once and twice: then what was not synced is
//! gone. No two runs are the same to the millisecond, so a point is a name and a number ("the
//! third sendMessage"); a run that ends before it got there is begun anew (a second blow comes sooner
//! then), and at last counted as not reached.
//!
//! ```text
//! cargo test --test scenarios -- --ignored the_whole_crash_matrix --nocapture
//! MATRIX_SEED=5 MATRIX_POINTS=100 MATRIX_ONLY='power cut' \
//!     cargo test --test scenarios -- a_sample_of_the_crash_matrix --nocapture
//! ```

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use neurocards::sandbox::faults::Moment;

use super::order::{Blow, Cut, Outcome, Run};
use super::report::Report;
use crate::plug::When;

/// What is drawn at random, unless MATRIX_SEED says otherwise.
const SEED: u64 = 4;
/// Runs that are looked at for points: what most of them have is one.
const DRY: usize = 3;
/// How often a run is begun that ends before it comes to all of its blows.
const TRIES: u32 = 4;
/// Second kills come within so many requests, or fsyncs, of the recovery.
const SOON: u64 = 40;

/// A run of the matrix, and which part of it that is.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) part: &'static str,
    pub(super) run: Run,
}

/// What there is to be hit in an order.
struct Targets {
    /// How often each name is called.
    requests: BTreeMap<String, u64>,
    syncs: u64,
}

impl Targets {
    fn look(threads: usize) -> Self {
        let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (_, outcome) in all(vec![(); DRY], threads, |()| Run::dry().goes()) {
            assert_eq!(outcome.broken, None, "nothing was pulled");
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for name in outcome.requests {
                *counts.entry(name).or_insert(0) += 1;
            }
            counts.insert(String::new(), outcome.syncs);
            for (name, count) in counts {
                seen.entry(name).or_default().push(count);
            }
        }
        let most = |(name, mut counts): (String, Vec<u64>)| {
            counts.resize(DRY, 0);
            counts.sort_unstable();
            // Polls in which nothing comes are only a matter of time.
            let which = if name.ends_with("getUpdates") { 0 } else { DRY / 2 };
            (name, counts[which])
        };
        let mut requests: BTreeMap<String, u64> = seen.into_iter().map(most).collect();
        let syncs = requests.remove("").unwrap();
        Self { requests, syncs }
    }

    /// Every first blow, and each once more with a second one.
    fn points(&self, random: &mut fastrand::Rng) -> Vec<Point> {
        let mut points = Vec::new();
        let mut add = |cut, parts: [&'static str; 2], first: Blow| {
            let blows = vec![first.clone()];
            points.push(Point { part: parts[0], run: Run { cut, blows } });
            let blows = vec![first, second(random)];
            points.push(Point { part: parts[1], run: Run { cut, blows } });
        };
        for (name, count) in &self.requests {
            for n in 1..=*count {
                for (moment, parts) in [
                    (Moment::Before, ["before a request", "before a request, and again"]),
                    (Moment::After, ["after a request", "after a request, and again"]),
                ] {
                    add(Cut::Process, parts, Blow::Request { name: name.clone(), n, moment });
                }
            }
        }
        for n in 1..=self.syncs {
            let after = Blow::Sync { n, when: When::After };
            add(Cut::Process, ["at an fsync", "at an fsync, and again"], after);
            let before = Blow::Sync { n, when: When::Before };
            add(Cut::Power, ["power cut at an fsync", "power cut, and again"], before);
        }
        points
    }
}

fn second(random: &mut fastrand::Rng) -> Blow {
    let n = random.u64(1..=SOON);
    match random.u8(0..3) {
        0 => Blow::Sync { n, when: When::After },
        1 => Blow::Request { name: String::new(), n, moment: Moment::Before },
        _ => Blow::Request { name: String::new(), n, moment: Moment::After },
    }
}

/// Does them all on so many threads, in any order.
fn all<T: Clone + Send + Sync, R: Send>(
    of: Vec<T>,
    threads: usize,
    run: impl Fn(&T) -> R + Sync,
) -> Vec<(T, R)> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = of.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let result = run(one);
                    done.lock().unwrap().push((one.clone(), result));
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// A number from the environment.
fn told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn run(points: Vec<Point>, targets: &Targets, seed: u64, threads: usize) -> Report {
    let begun = Instant::now();
    let (count, so_far) = (points.len(), AtomicUsize::new(0));
    let done: Vec<(Point, Outcome)> = all(points, threads, |point| {
        let mut outcome = point.run.goes();
        for sooner in 1..TRIES {
            if outcome.died.len() < point.run.blows.len() && outcome.broken.is_none() {
                outcome = point.run.with_its_last_sooner(sooner).goes();
            }
        }
        let so_far = so_far.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(broken) = &outcome.broken {
            eprintln!("{so_far} of {count}: {:?}\n{broken}", point.run);
        } else if so_far.is_multiple_of(50) {
            eprintln!("{so_far} of {count} in {} s", begun.elapsed().as_secs());
        }
        outcome
    });
    let mut report = Report::of(&done);
    report.about(&targets.requests, targets.syncs, seed, begun.elapsed());
    report
}

#[test]
fn a_sample_of_the_crash_matrix_loses_nothing_and_doubles_only_lost_answers() {
    let seed = told("MATRIX_SEED", SEED);
    let threads = told("MATRIX_THREADS", 2) as usize;
    let mut random = fastrand::Rng::with_seed(seed);
    let targets = Targets::look(threads);
    let mut points = targets.points(&mut random);
    let only = std::env::var("MATRIX_ONLY").unwrap_or_default();
    points.retain(|point| point.part.contains(&only));
    random.shuffle(&mut points);
    points.truncate(told("MATRIX_POINTS", 40) as usize);
    let report = run(points, &targets, seed, threads);
    println!("{report}");
    report.holds();
}

#[test]
#[ignore = "takes some minutes: .ci/full"]
fn the_whole_crash_matrix() {
    let seed = told("MATRIX_SEED", SEED);
    let threads = told("MATRIX_THREADS", 3) as usize;
    let targets = Targets::look(threads);
    let points = targets.points(&mut fastrand::Rng::with_seed(seed));
    let report = run(points, &targets, seed, threads);
    println!("{report}");
    report.keeps("crash-matrix.txt");
    report.holds();
}
