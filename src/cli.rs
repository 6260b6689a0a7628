//! The command line: its words, and one file per command under `cli/`.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 another instance runs on this
//! data folder. An error is one line on standard error that says what to do.

mod args;
mod ask;
mod backup;
mod completions;
mod config;
mod console;
mod demo;
mod doctor;
mod grant;
mod import;
mod job;
mod jobs;
mod keys;
mod load;
mod man;
mod mend;
mod models;
mod pause;
mod payments;
mod people;
mod progress;
mod promo;
mod run;
mod screen;
mod services;
mod setup;
mod sql;
mod stats;
mod tickets;
mod users;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::audit::{By, Way};
use crate::config::{Config, ConfigError, Env, Overrides};
use crate::db::{LockHeld, Machine};
use crate::text::Lang;
pub use args::{
    Args, BackupArgs, BanArgs, Command, ConsoleArgs, DemoArgs, DoctorArgs, GrantArgs, ImportArgs,
    JobsArgs, KeysCommand, ModelsCommand, Output, PaymentsArgs, RefundArgs, RetryArgs, SetupArgs,
    Shell, SqlArgs, TicketsArgs, UsersArgs,
};
pub use load::{LoadArgs, Scenario};

/// Wrong usage or configuration.
pub const EXIT_USAGE: u8 = 2;
/// Another instance runs on this data folder.
pub const EXIT_LOCKED: u8 = 3;

/// The program.
pub fn main() -> ExitCode {
    // Whatever is written (logs, a database's -wal, photos) is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    leave_no_core();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    match dispatch(args) {
        Ok(code) => code,
        Err(error) => failure(&error),
    }
}

/// The memory holds every token: a crash leaves its words in the log, and no picture of it on disk.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Lowering a limit is always allowed.
    let _ = setrlimit(Resource::Core, none);
}

/// Who gives commands: the name that they are logged in by.
fn by() -> By {
    let name = ["SUDO_USER", "LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    let who = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "operator".to_owned());
    By { way: Way::Command, who: crate::text::shorten(&who, 64) }
}

/// What every command may need: what the flags said, and the environment.
pub(crate) struct Context {
    overrides: Overrides,
    env: Env,
    /// The console's language, where somebody chose.
    lang: Option<Lang>,
}

impl Context {
    fn config(&self) -> Result<Config, ConfigError> {
        Config::load(&self.overrides, &self.env)
    }
}

fn dispatch(args: Args) -> anyhow::Result<ExitCode> {
    let overrides = Overrides { config: args.config, data_dir: args.data_dir };
    // These are printed even where the present configuration is broken.
    match args.command {
        Some(Command::Config { sample: true, .. }) => return config::sample(),
        Some(Command::Completions { shell }) => return completions::run(shell),
        Some(Command::Man) => return man::run(),
        _ => {}
    }
    let context = Context { overrides, env: Env::of_process(Path::new("."))?, lang: args.lang };
    match args.command {
        None if console::is_possible() => console::foreground(&context.config()?, context.lang),
        None | Some(Command::Run) => run::run(context.config()?),
        Some(Command::Console(args)) => console::run(&context, &args),
        Some(Command::Demo(args)) => demo::run(&context, &args),
        Some(Command::Config { output, .. }) => config::run(&context.config()?, output),
        Some(Command::Grant(args)) => grant::run(&context.config()?, args),
        Some(Command::Stats(output)) => stats::run(&context.config()?, output),
        Some(Command::Users(args)) => users::run(&context.config()?, &args),
        Some(Command::Jobs(args)) => jobs::run(&context.config()?, &args),
        Some(Command::Job { id, output }) => job::run(&context.config()?, id, output),
        Some(Command::Retry(args)) => mend::retry(&context.config()?, &args),
        Some(Command::Cancel { id }) => mend::cancel(&context.config()?, id),
        Some(Command::RunNow { id }) => mend::hurry(&context.config()?, id),
        Some(Command::Raise { id }) => mend::raise(&context.config()?, id),
        Some(Command::Keys { command, output }) => keys::run(&context.config()?, command, output),
        Some(Command::Models(command)) => models::run(&context.config()?, command),
        Some(Command::Ban(args)) => people::ban(&context.config()?, args),
        Some(Command::Unban(args)) => people::unban(&context.config()?, args),
        Some(Command::Broadcast { text }) => people::broadcast(&context.config()?, text),
        Some(Command::Message { tg_user_id, text }) => {
            people::message(&context.config()?, tg_user_id, text)
        }
        Some(Command::Payments(args)) => payments::list(&context.config()?, &args),
        Some(Command::RefundPayment(args)) => payments::refund(&context.config()?, &args),
        Some(Command::Promo { command, output }) => promo::run(&context.config()?, command, output),
        Some(Command::Tickets(args)) => tickets::run(&context.config()?, &args),
        Some(Command::Backup(args)) => backup::make(&context.config()?, &args),
        Some(Command::Restore { file }) => backup::restore(&context.config()?, &file),
        Some(Command::Import(args)) => import::run(&context.config()?, args),
        Some(Command::Sql(args)) => sql::run(&context.config()?, args),
        Some(Command::Pause { submitting, note }) => {
            pause::pause(&context.config()?, submitting, note)
        }
        Some(Command::Drain) => pause::drain(&context.config()?),
        Some(Command::Resume) => pause::resume(&context.config()?),
        Some(Command::Doctor(args)) => doctor::run(&context, args),
        Some(Command::Setup(args)) => setup::run(&context, args),
        Some(Command::Completions { shell }) => completions::run(shell),
        Some(Command::Man) => man::run(),
    }
}

/// clap's own words; asking for help is no mistake.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Where nobody reads, there is nobody to tell.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // clap's first paragraph says what is wrong; the rest of it is the help.
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let line = first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>();
    screen::complain(&format!("{} (see `neurocards --help`)", line.join(" ")));
    ExitCode::from(EXIT_USAGE)
}

fn failure(error: &anyhow::Error) -> ExitCode {
    if screen::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    // One line, whatever the causes wrote.
    let line = format!("{error:#}");
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(machine) = Machine::of(error) {
        line = format!("{line}; {}", machine.remedy());
    }
    screen::complain(&line);
    if error.chain().any(|cause| cause.is::<ConfigError>()) {
        ExitCode::from(EXIT_USAGE)
    } else if error.chain().any(|cause| cause.is::<LockHeld>()) {
        ExitCode::from(EXIT_LOCKED)
    } else {
        ExitCode::FAILURE
    }
}
