//! `neurocards retry`, `cancel`, `run-now` and `raise`: the operator's hands on single jobs.

use std::process::ExitCode;

use anyhow::Result;

use super::args::RetryArgs;
use super::screen;
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::operator::hands::{self, Several};
use crate::serve;

/// New jobs that point to the old ones; nobody pays for them. One alone can be run again more than
/// once; of several, those that cannot or were are skipped.
pub(super) fn retry(config: &Config, args: &RetryArgs) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    if let [id] = args.ids[..] {
        let new = db.write(move |tx| hands::retry(tx, &super::by(), JobId(id), now, now))?;
        return screen::print(&format!("job {id} runs again as job {new}, at your cost\n"));
    }
    let (ids, every): (Vec<_>, _) = (args.ids.iter().copied().map(JobId).collect(), args.every);
    let all = db.write(move |tx| hands::retry_all(tx, &super::by(), &ids, every, now))?;
    screen::print(&told(&all))?;
    Ok(if all.done.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What came of several, and a line for each one that was skipped.
fn told(all: &Several<JobId>) -> String {
    let names: Vec<_> = all.done.iter().map(JobId::to_string).collect();
    let mut said = match names.as_slice() {
        [] => "no job runs again\n".to_owned(),
        [one] => format!("1 job runs again as {one}, at your cost\n"),
        _ => format!("{} jobs run again as {}, at your cost\n", names.len(), names.join(", ")),
    };
    for why in &all.skipped {
        said += &format!("skipped: {why}\n");
    }
    said
}

/// The credit goes back at once; what renders is paid to the provider all the same.
pub(super) fn cancel(config: &Config, id: i64) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    let back = db.write(move |tx| hands::cancel(tx, &shop, &super::by(), JobId(id), now))?;
    screen::print(&format!("job {id} is canceled, {back} credits went back\n"))
}

/// Its next try, now.
pub(super) fn hurry(config: &Config, id: i64) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| hands::hurry(tx, &super::by(), JobId(id), now))?;
    screen::print(&match changed {
        true => format!("job {id} is due now\n"),
        false => format!("job {id} was due already: it waits for a thread\n"),
    })
}

/// Before the others.
pub(super) fn raise(config: &Config, id: i64) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let priority = db.write(move |tx| hands::raise(tx, &super::by(), JobId(id), now))?;
    screen::print(&format!("job {id} has priority {priority}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::Refused;

    #[test]
    fn what_was_skipped_is_named_with_its_reason() {
        let some = Several {
            done: vec![JobId(8), JobId(9)],
            skipped: vec![Refused::StillRuns(JobId(3)), Refused::RunAgain(JobId(4))],
        };
        let said = told(&some);
        assert!(
            said.starts_with("2 jobs run again as 8, 9, at your cost\nskipped: job 3"),
            "{said}"
        );
        assert!(said.ends_with("`neurocards retry 4` alone does it once more\n"), "{said}");
        let none = Several { done: vec![], skipped: some.skipped };
        assert!(told(&none).starts_with("no job runs again\nskipped: "));
    }
}
