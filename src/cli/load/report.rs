//! What was measured, held against what is wanted.

use serde::Serialize;

use super::super::screen;
use super::meter::Machine;

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    AtLeast(f64),
    Under(f64),
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    scenario: &'static str,
    what: String,
    measured: f64,
    unit: &'static str,
    /// `None`: it only explains.
    goal: Option<Goal>,
    /// What it stands beside.
    beside: String,
    ok: bool,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: &'static str,
    machine: Machine,
    /// How fast the clock ran that all of it is measured by.
    speed: f64,
    figures: Vec<Row>,
    /// Promises that did not hold.
    broken: Vec<String>,
    ok: bool,
}

impl Goal {
    fn is_met(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::Under(most) => measured < most,
        }
    }
}

impl Row {
    pub(super) fn of(
        scenario: &'static str,
        what: impl Into<String>,
        measured: f64,
        unit: &'static str,
    ) -> Self {
        let beside = String::new();
        Self { scenario, what: what.into(), measured, unit, goal: None, beside, ok: true }
    }

    pub(super) fn least(mut self, least: f64) -> Self {
        self.ok = Goal::AtLeast(least).is_met(self.measured);
        self.goal = Some(Goal::AtLeast(least));
        self
    }

    pub(super) fn under(mut self, most: f64) -> Self {
        self.ok = Goal::Under(most).is_met(self.measured);
        self.goal = Some(Goal::Under(most));
        self
    }

    pub(super) fn beside(mut self, what: impl Into<String>) -> Self {
        self.beside = what.into();
        self
    }

    pub(super) fn is_ok(&self) -> bool {
        self.ok
    }

    fn cells(&self) -> Vec<String> {
        let goal = match self.goal {
            Some(Goal::AtLeast(least)) => format!("≥ {}", short(least)),
            Some(Goal::Under(most)) => format!("< {}", short(most)),
            None => String::new(),
        };
        let ok = match (self.goal, self.ok) {
            (None, _) => "",
            (_, true) => "ok",
            (_, false) => "MISSED",
        };
        let measured = format!("{} {}", short(self.measured), self.unit).trim_end().to_owned();
        vec![
            self.scenario.to_owned(),
            self.what.clone(),
            measured,
            goal,
            self.beside.clone(),
            ok.to_owned(),
        ]
    }
}

impl Report {
    pub(super) fn new(
        machine: Machine,
        speed: f64,
        figures: Vec<Row>,
        broken: Vec<String>,
    ) -> Self {
        let ok = broken.is_empty() && figures.iter().all(Row::is_ok);
        Self { version: env!("CARGO_PKG_VERSION"), machine, speed, figures, broken, ok }
    }

    pub(super) fn is_good(&self) -> bool {
        self.ok
    }

    pub(super) fn text(&self) -> String {
        let rows: Vec<Vec<String>> = self.figures.iter().map(Row::cells).collect();
        let heading = ["scenario", "what", ">measured", ">goal", "beside", "ok"];
        let mut text = format!("\n{}\n", self.machine);
        if self.speed != 1.0 {
            text.push_str(&format!("time ran {} times as fast\n", self.speed));
        }
        text.push_str(&format!("\n{}", screen::wide_table(&heading, &rows)));
        for wrong in self.broken.iter().take(30) {
            text.push_str(&format!("BROKEN     {wrong}\n"));
        }
        text.push_str(if self.broken.is_empty() {
            "\nNothing was lost, nothing came twice.\n"
        } else {
            "\nNot every promise was kept.\n"
        });
        text
    }
}

/// As many digits as somebody reads.
fn short(number: f64) -> String {
    match number.abs() {
        big if big >= 100.0 => format!("{number:.0}"),
        some if some >= 10.0 || number.fract() == 0.0 && some >= 1.0 => {
            format!("{number:.1}").trim_end_matches(".0").to_owned()
        }
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_that_is_missed_fails_the_report() {
        let good = Row::of("a", "b", 29.0, "ms").under(30.0);
        let bad = Row::of("a", "b", 30.0, "ms").under(30.0);
        let nothing = Row::of("a", "b", f64::NAN, "ms");
        assert!(!nothing.clone().under(30.0).is_ok() && !nothing.least(0.0).is_ok());
        let machine = Machine::this();
        assert!(Report::new(machine.clone(), 1.0, vec![good.clone()], Vec::new()).is_good());
        let missed = Report::new(machine.clone(), 1.0, vec![good.clone(), bad], Vec::new());
        assert!(!missed.is_good() && missed.text().contains("MISSED"));
        assert!(
            !Report::new(machine, 1.0, vec![good], vec!["a video came twice".into()]).is_good()
        );
    }

    #[test]
    fn figures_are_short() {
        for (number, text) in [(1500.4, "1500"), (15.0, "15"), (12.34, "12.3"), (0.123, "0.12")] {
            assert_eq!(short(number), text);
        }
    }
}
