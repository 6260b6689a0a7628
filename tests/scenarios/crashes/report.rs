//! What a crash matrix came to.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::matrix::Point;
use super::order::Outcome;

/// Of so many points, how many may be missed because no two runs are the same: one in ten.
const RARE: usize = 10;

#[derive(Default)]
pub(super) struct Report {
    /// How often each is called in an order.
    requests: BTreeMap<String, u64>,
    syncs: u64,
    seed: u64,
    took: Duration,
    parts: BTreeMap<&'static str, Part>,
    /// What was done twice, and where the process had died.
    doubled: BTreeMap<(&'static str, &'static str), u64>,
    lost_submits: i64,
    done: i64,
    failed: i64,
    /// First blows that no run came to.
    missed: Vec<String>,
    /// Runs in which something does not hold.
    broken: Vec<String>,
}

/// Where a doubling is possible by nature: its answer was lost. A death before a request is dealt
/// with loses the answers of those beside it, and one at an fsync that of any.
fn named(what: &str, died: &str) -> &'static str {
    let itself = died.contains(&what.to_lowercase());
    match died.split(' ').next() {
        Some("after") if itself => "killed before it was answered",
        Some("fsync") => "killed at an fsync, its answer not on disk",
        _ => "killed beside it, its answer not on disk",
    }
}

#[derive(Default)]
struct Part {
    runs: usize,
    reached: usize,
    second: usize,
}

impl Report {
    pub(super) fn of(done: &[(Point, Outcome)]) -> Self {
        let mut report = Self::default();
        for (point, outcome) in done {
            report.add(point, outcome);
        }
        report
    }

    pub(super) fn about(
        &mut self,
        requests: &BTreeMap<String, u64>,
        syncs: u64,
        seed: u64,
        took: Duration,
    ) {
        (self.requests, self.syncs) = (requests.clone(), syncs);
        (self.seed, self.took) = (seed, took);
    }

    fn add(&mut self, point: &Point, outcome: &Outcome) {
        let part = self.parts.entry(point.part).or_default();
        part.runs += 1;
        part.reached += usize::from(!outcome.died.is_empty());
        part.second += usize::from(outcome.died.len() > 1);
        if outcome.died.is_empty() && outcome.broken.is_none() {
            self.missed.push(format!("{:?}", point.run.blows[0]));
        }
        self.done += outcome.done;
        self.failed += outcome.failed;
        self.lost_submits += outcome.lost_submits;
        for (what, death) in &outcome.doubled {
            let died = outcome.died.get(*death).map_or("", String::as_str);
            *self.doubled.entry((what, named(what, died))).or_insert(0) += 1;
        }
        if let Some(broken) = &outcome.broken {
            let first = broken.lines().take(3).collect::<Vec<_>>().join(" | ");
            self.broken.push(format!("{:?} {:?}: {first}", point.run, outcome.died));
        }
    }

    fn with(&self, word: &str) -> usize {
        self.broken.iter().filter(|it| it.contains(word)).count()
    }

    pub(super) fn holds(&self) {
        assert!(self.broken.is_empty(), "{}", self.broken.join("\n"));
        let runs: usize = self.parts.values().map(|part| part.runs).sum();
        let missed = self.missed.len();
        assert!(missed * RARE <= runs, "{missed} of {runs} points were not reached");
    }

    /// In the folder for what tests leave behind.
    pub(super) fn keeps(&self, name: &str) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, self.to_string()).unwrap();
        println!("kept as {}", path.display());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs: usize = self.parts.values().map(|part| part.runs).sum();
        let kills: usize = self.parts.values().map(|part| part.reached + part.second).sum();
        writeln!(
            f,
            "crash matrix: {} requests, {} fsyncs; {runs} runs, {kills} kills, seed {}, {} s",
            self.requests.values().sum::<u64>(),
            self.syncs,
            self.seed,
            self.took.as_secs()
        )?;
        let names = self.requests.iter().map(|(name, count)| format!("{name} {count}"));
        writeln!(f, "requests: {}", names.collect::<Vec<_>>().join(", "))?;
        for (name, part) in &self.parts {
            let Part { runs, reached, second } = part;
            writeln!(f, "  {name}: {runs} runs, {reached} reached, {second} died twice")?;
        }
        writeln!(f, "not reached {}", self.missed.len())?;
        for missed in &self.missed {
            writeln!(f, "  {missed}")?;
        }
        writeln!(f, "videos delivered {}, failed and refunded {}", self.done, self.failed)?;
        let counted = [
            ("credits off", "CREDITS"),
            ("charged twice", "settled more than once"),
            ("orders lost", "LOST"),
            ("stuck", "it never came"),
            ("broken in any way", ""),
        ];
        let counted = counted.map(|(what, word)| format!("{what} {}", self.with(word)));
        writeln!(f, "{}", counted.join(", "))?;
        writeln!(f, "submits without an answer: {}", self.lost_submits)?;
        writeln!(f, "done twice, at the named points and nowhere else:")?;
        for ((what, point), count) in &self.doubled {
            writeln!(f, "  {count} {what}: {point}")?;
        }
        self.broken.iter().try_for_each(|line| writeln!(f, "BROKEN {line}"))
    }
}
