//! `neurocards import`.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::args::ImportArgs;
use super::progress::Progress;
use super::screen;
use crate::config::Config;
use crate::db::{Db, FILE_NAME, InstanceLock, Mode};
use crate::import::{self, Columns, Options, Remarks, Report, Source, Tables, Target};
use crate::operator::hands::in_words;

/// Beside a running appliance as well as without one; where there is no database yet, it is made, so
/// that the first start finds everybody there.
pub(super) fn run(config: &Config, args: ImportArgs) -> Result<ExitCode> {
    let clock = config.process_clock();
    let source = match args.dump {
        Some(dump) => Source::Dump(dump),
        None => Source::Sheets { users: args.users, jobs: args.jobs },
    };
    let tables = Tables::open(&source)?;
    let is_new = !config.data_dir.join(FILE_NAME).exists();
    let now = clock.now();
    let mut lock = None;
    let into = match (args.dry_run, is_new) {
        (true, true) => Target::DryRun(None),
        (true, false) => Target::DryRun(Some(Db::open_existing(&config.data_dir)?)),
        (false, false) => Target::Write(Db::open_existing(&config.data_dir)?),
        (false, true) => {
            lock = Some(InstanceLock::take(&config.data_dir)?);
            let mode = if clock.is_real() { Mode::Live } else { Mode::Demo };
            Target::Write(Db::open(&config.data_dir, mode, now)?)
        }
    };
    let (give_back, list) = (args.give_back, args.skipped);
    let options = Options { give_back, list, by: super::by(), now };
    let progress = Progress::begin();
    let report =
        import::run(&into, tables, &options, &|table, done, all| progress.part(table, done, all));
    progress.end();
    drop(lock);
    let report = report.with_context(|| match args.dry_run {
        true => "nothing was written",
        false => "not all was imported; once that is mended, the same command goes on",
    })?;
    if args.output.json {
        return screen::print_json(&report);
    }
    screen::print(&told(&report, give_back.is_some())?)
}

fn told(report: &Report, gives_back: bool) -> Result<String> {
    let mut text = String::new();
    if report.dry_run {
        text.push_str("A dry run: nothing was written.\n\n");
    }
    for table in &report.tables {
        columns(&mut text, table)?;
    }
    let Report { customers, credits, videos, .. } = report;
    writeln!(text, "\ncustomers  {} new, {} here before", customers.new, customers.here)?;
    writeln!(
        text,
        "credits    {} given, {} by an earlier import",
        credits.given, credits.given_before
    )?;
    writeln!(
        text,
        "           the balances are {}, and {} more by rounding up; {} below 0",
        credits.in_file, credits.rounded_up, credits.negative
    )?;
    writeln!(
        text,
        "videos     {} done, {} failed, {} canceled, {} here before",
        videos.done, videos.failed, videos.canceled, videos.before
    )?;
    unfinished(&mut text, report, gives_back)?;
    remarks(&mut text, "Left out", &report.skipped)?;
    remarks(&mut text, "Changed", &report.changed)?;
    if report.dry_run {
        text.push_str("\nNext: the same command without --dry-run.\n");
    }
    Ok(text)
}

fn columns(text: &mut String, table: &Columns) -> Result<()> {
    writeln!(text, "{}: {} rows of {}", screen::clean(&table.file), table.rows, table.table)?;
    let taken = table.taken.iter().map(|it| match it.column == it.what {
        true => it.column.clone(),
        false => format!("{} as {}", it.column, it.what),
    });
    writeln!(text, "  taken    {}", screen::clean(&taken.collect::<Vec<_>>().join(", ")))?;
    if !table.ignored.is_empty() {
        writeln!(text, "  ignored  {}", screen::clean(&table.ignored.join(", ")))?;
    }
    Ok(())
}

/// What is to be decided by somebody who knows what the old system took.
fn unfinished(text: &mut String, report: &Report, gives_back: bool) -> Result<()> {
    let left = &report.unfinished;
    if left.videos == 0 {
        return Ok(());
    }
    writeln!(
        text,
        "\nunder way  {} videos of {} customers: they are not made any more, and count as failed",
        left.videos, left.customers
    )?;
    if gives_back || left.given_before > 0 {
        let before = left.given_before;
        writeln!(
            text,
            "           {} given for them, {before} by an earlier import",
            in_words(left.given)
        )?;
    } else {
        text.push_str(
            "           if the old system took a credit for each, give it back: --give-back 1\n",
        );
    }
    Ok(())
}

fn remarks(text: &mut String, heading: &str, list: &[Remarks]) -> Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{heading}")?;
    for said in list {
        writeln!(text, "  {} {}: {}", said.rows, said.table, said.why)?;
        for place in &said.first {
            let detail = screen::clean(&place.detail);
            let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
            writeln!(text, "      line {}{detail}", place.line)?;
        }
        if said.rows > said.first.len() as u64 {
            writeln!(text, "      … (--skipped FILE lists them all)")?;
        }
    }
    Ok(())
}
