//! `neurocards demo --load`: the unchanged program as a process of its own under a load that the
//! sandbox makes, and what that costs, held against what is wanted. `docs/performance.md` has the
//! figures.

mod checks;
mod course;
mod fetch;
mod knobs;
mod meter;
mod renders;
mod report;
mod rig;
mod taps;
mod telegram;
mod work;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use super::args::DemoArgs;
use super::{console, screen};
use course::Course;
pub use knobs::{LoadArgs, Scenario};
use meter::Machine;
use report::Report;

/// The scenarios one after the other; fails where a goal is missed or a promise was broken.
pub(super) fn run(args: &DemoArgs) -> Result<ExitCode> {
    let wanted = args.load.load.clone().unwrap_or_default();
    let all = if wanted.is_empty() { Scenario::value_variants() } else { &wanted[..] };
    let mut course = Course::begin(args, console::signals()?)?;
    for scenario in all {
        let ran = match scenario {
            Scenario::Renders => renders::run(&mut course),
            Scenario::Telegram => telegram::run(&mut course),
            Scenario::Fetch => fetch::run(&mut course),
            Scenario::Old => renders::old(&mut course),
            Scenario::Taps => taps::run(&mut course),
            Scenario::Confirm => taps::confirm(&mut course),
            Scenario::Start => taps::start(&mut course),
            Scenario::Idle => taps::idle(&mut course),
            Scenario::Disk => fetch::disk(&mut course),
            Scenario::Growth => taps::growth(&mut course),
        };
        // What was measured until then is told all the same.
        if let Err(error) = ran {
            course.broken.push(format!("the scenario {scenario:?} ended early: {error:#}"));
        }
        if course.is_stopped() {
            course
                .broken
                .push(format!("interrupted: what came after {scenario:?} was not measured"));
            break;
        }
    }
    let (figures, broken) =
        (std::mem::take(&mut course.figures), std::mem::take(&mut course.broken));
    let report = Report::new(Machine::this(), course.clock().spec().rate, figures, broken);
    if let Some(file) = &args.load.json {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        std::fs::write(file, json)
            .with_context(|| format!("cannot write the report to {}", file.display()))?;
    }
    screen::print(&report.text())?;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
