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
    requests: u64,
    syncs: u64,
    seed: u64,
    took: Duration,
    parts: BTreeMap<&'static str, Part>,
    /// Messages that came twice, and where the process had died.
    doubled: BTreeMap<(&'static str, String), u64>,
    /// Submits that were done twice, and where the process had died.
    resubmitted: BTreeMap<String, u64>,
    lost_submits: i64,
    done: i64,
    failed: i64,
    /// First blows that no run came to.
    missed: Vec<String>,
    /// Runs in which something does not hold.
    broken: Vec<String>,
}

#[derive(Default)]
struct Part {
    runs: usize,
    reached: usize,
    second: usize,
}

impl Report {
    pub(super) fn of(
        done: &[(Point, Outcome)],
        requests: u64,
        syncs: u64,
        seed: u64,
        took: Duration,
    ) -> Self {
        let mut report = Self { requests, syncs, seed, took, ..Self::default() };
        for (point, outcome) in done {
            report.add(point, outcome);
        }
        report
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
        let at = |death: &usize| outcome.died.get(*death).cloned().unwrap_or_default();
        for (what, death) in &outcome.doubled {
            *self.doubled.entry((what, at(death))).or_insert(0) += 1;
        }
        for death in &outcome.resubmitted {
            *self.resubmitted.entry(at(death)).or_insert(0) += 1;
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
            self.requests,
            self.syncs,
            self.seed,
            self.took.as_secs()
        )?;
        for (name, part) in &self.parts {
            let Part { runs, reached, second } = part;
            writeln!(f, "  {name}: {runs} runs, {reached} reached, {second} died twice")?;
        }
        writeln!(f, "not reached {}", self.missed.len())?;
        for missed in &self.missed {
            writeln!(f, "  {missed}")?;
        }
        writeln!(f, "videos delivered {}, failed and refunded {}", self.done, self.failed)?;
        writeln!(
            f,
            "credits off {}, orders lost {}, stuck {}, broken otherwise {}",
            self.with("CREDITS"),
            self.with("LOST"),
            self.with("it never came"),
            self.broken.len()
                - self.with("CREDITS")
                - self.with("LOST")
                - self.with("it never came"),
        )?;
        let messages: u64 = self.doubled.values().sum();
        let submits: u64 = self.resubmitted.values().sum();
        writeln!(f, "messages twice {messages}, each the one whose answer was lost:")?;
        for ((what, at), count) in &self.doubled {
            writeln!(f, "  {count} {what}, died {at}")?;
        }
        writeln!(
            f,
            "submits without an answer {}, of them twice at the provider {submits}:",
            self.lost_submits
        )?;
        for (at, count) in &self.resubmitted {
            writeln!(f, "  {count} died {at}")?;
        }
        self.broken.iter().try_for_each(|line| writeln!(f, "BROKEN {line}"))
    }
}
