//! `neurocards demo`: the whole appliance against the built-in sandbox. The program under it is
//! the one that serves real customers; only addresses, folder and clock differ.

#[cfg_attr(not(test), expect(dead_code, reason = "the console shows it"))]
mod chat;
mod fill;
mod photo;
mod plans;
mod report;
mod world;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Context;
use super::args::DemoArgs;
use super::screen;
use crate::clock::MINUTE;
use crate::sandbox::customers::{Customers, Outcome};
use report::{Progress, Report};
use world::World;

/// An order that takes longer (on the process clock) is stuck.
const PATIENCE: i64 = 6 * 60 * MINUTE;
/// The last edits of status messages go out in this time, real.
const AFTERGLOW: Duration = Duration::from_secs(30);

/// Until every order of the simulated customers is settled.
pub(super) fn run(context: &Context, args: DemoArgs) -> Result<ExitCode> {
    if let Some(folder) = &args.fill {
        return fill::run(&args, folder);
    }
    let plans = plans::make(&args)?;
    let begun = Instant::now();
    let world = World::start(context, &args, &plans)?;
    screen::print(&format!(
        "neurocards demo: {} orders by {} customers, time runs {} times as fast\n\
         No key, no network: Telegram, KIE and GPT answer on loopback.\n\n",
        plans.len(),
        args.customers.min(plans.len() as u32),
        args.speed,
    ))?;
    let customers =
        Customers::new(world.sandbox.telegram().clone(), world.clock.clone(), plans.clone());
    let mut progress = Progress::new(&world, plans.len());
    let patience = world.clock.real_span(PATIENCE).max(Duration::from_secs(120));
    let outcomes = customers.run(patience, |outcome: &Outcome| progress.heard(outcome));
    progress.end()?;
    world.settle(AFTERGLOW)?;
    let videos = world.save_videos()?;
    let report = Report::gather(&world, &outcomes, videos, begun.elapsed())?;
    let good = report.is_good();
    // Whoever reads the summary may have hung up: the exit code still tells.
    let printed = report.print();
    world.stop(good)?;
    match good {
        true => printed,
        false => Ok(ExitCode::FAILURE),
    }
}
