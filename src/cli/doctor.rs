//! `neurocards doctor`: is everything that the appliance needs in order? It writes nothing, takes
//! no update away, and makes only calls that cost nothing, so it may run beside an appliance.
//!
//! ```text
//! ok   token          @good_shop_bot, bot 123456789
//! FAIL key 2          5f1d09ac: refused: Unauthorized (code 401, HTTP 200)
//!                     → copy it again from https://kie.ai/api-key
//! ```

mod at_rest;
mod local;
mod online;
mod report;

use std::process::ExitCode;

use anyhow::Result;

use super::Context;
use super::args::DoctorArgs;
use report::{Check, Report};

/// A line per check, as they end; exit code 1 if any fails.
pub(super) fn run(context: &Context, args: DoctorArgs) -> Result<ExitCode> {
    let mut report = Report::new(args.output.json);
    match context.config() {
        Err(error) => {
            let what = "`neurocards config --sample` prints every setting, `neurocards setup` asks \
                        for what is needed";
            report.add(Check::fail("configuration", error.to_string(), what))?;
        }
        Ok(config) => {
            report.hide(&config);
            let running = local::check(&config, &mut report)?;
            if !args.offline {
                online::check(&config, running, &mut report)?;
            }
        }
    }
    report.end()
}
