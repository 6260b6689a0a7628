//! `neurocards demo`: the whole appliance against the built-in sandbox. The program under it is
//! the one that serves real customers; only addresses, folder and clock differ.

mod chat;
pub(super) mod fill;
mod photo;
mod plans;
pub(super) mod report;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::Context;
use super::args::DemoArgs;
use super::{console, screen};
use crate::clock::MINUTE;
use crate::sandbox::customers::{Customers, Outcome, Plan};
use crate::text::Lang;
use report::{Progress, Report, Watched};
use world::World;

/// An evening in a quarter of an hour.
const SPEED: f64 = 30.0;
/// An order that takes longer (on the process clock) is stuck.
const PATIENCE: i64 = 6 * 60 * MINUTE;
/// Whoever sits at the console takes their time, in real time.
const UNHURRIED: Duration = Duration::from_secs(30 * 24 * 3_600);
/// What was begun when the console is left may end in this time, real.
const GOODBYE: Duration = Duration::from_secs(10);
/// The last edits of status messages go out in this time, real.
const AFTERGLOW: Duration = Duration::from_secs(30);

impl DemoArgs {
    fn speed(&self) -> f64 {
        self.speed.unwrap_or(SPEED)
    }
}

/// Until every order of the simulated customers is settled, and in a terminal until its user leaves
/// the console.
pub(super) fn run(context: &Context, args: &DemoArgs) -> Result<ExitCode> {
    if let Some(folder) = &args.fill {
        return fill::run(args, folder);
    }
    if args.load.load.is_some() {
        return super::load::run(args);
    }
    let by_hand = console::is_possible() && !args.no_console;
    let plans = plans::make(args)?;
    let begun = Instant::now();
    let stop = console::signals()?;
    let world = World::start(context, args, &plans)?;
    if !by_hand {
        screen::print(&format!(
            "neurocards demo: {} orders by {} customers, time runs {} times as fast\n\
             No key, no network: Telegram, KIE and GPT answer on loopback.\n\n",
            plans.len(),
            args.customers.min(plans.len() as u32),
            args.speed(),
        ))?;
    }
    let by_hand = by_hand.then_some(context.lang);
    let outcomes = watch(&world, plans, by_hand, &stop)?;
    if !stop.load(Ordering::SeqCst) {
        // Whoever leaves the console waits for what was begun, but not for long.
        world.settle(if by_hand.is_some() { GOODBYE } else { AFTERGLOW })?;
    }
    let videos = world.save_videos()?;
    let watched = if by_hand.is_some() { Watched::ByHand } else { Watched::ToTheEnd };
    let report = Report::gather(&world, &outcomes, watched, videos, begun.elapsed())?;
    let good = report.is_good();
    // Whoever reads the summary may have hung up: the exit code still tells.
    let printed = report.print();
    // What was interrupted is nothing to look into.
    world.stop(good || stop.load(Ordering::SeqCst))?;
    match good {
        true => printed,
        false => Ok(ExitCode::FAILURE),
    }
}

/// Lets the customers order, and shows it.
fn watch(
    world: &World,
    plans: Vec<Plan>,
    by_hand: Option<Option<Lang>>,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<Outcome>> {
    let orders = plans.len();
    let customers = Customers::new(world.sandbox.telegram().clone(), world.clock.clone(), plans);
    let patience = match by_hand {
        Some(_) => UNHURRIED,
        None => world.clock.real_span(PATIENCE).max(Duration::from_secs(120)),
    };
    let left = AtomicBool::new(false);
    let (tell, hear) = channel();
    std::thread::scope(|scope| {
        let left = &left;
        let running = scope.spawn(move || {
            let progress = |outcome: &Outcome| {
                // Nobody listens any more where the demo fails.
                let _ = tell.send(outcome.clone());
            };
            let go_on = || !(stop.load(Ordering::SeqCst) || left.load(Ordering::SeqCst));
            customers.run_while(patience, progress, go_on)
        });
        if let Some(lang) = by_hand {
            let shown = world.console(lang);
            left.store(true, Ordering::SeqCst);
            shown?;
            return running.join().map_err(|_| anyhow!("the demo's customers panicked"));
        }
        let mut progress = Progress::new(world, orders);
        for outcome in hear {
            progress.heard(&outcome);
        }
        progress.end()?;
        running.join().map_err(|_| anyhow!("the demo's customers panicked"))
    })
}
