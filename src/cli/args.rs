//! The words of the command line.

use std::path::PathBuf;

use super::load::LoadArgs;
use crate::text::Lang;
use clap::{Parser, Subcommand};

use crate::clock::{DAY, Millis};
use crate::config::parse_duration;

/// A Telegram bot that turns a product photo into short vertical videos, in one binary.
#[derive(Debug, Parser)]
#[command(
    name = "neurocards",
    version,
    infer_subcommands = false,
    after_help = "Without a command: the whole appliance."
)]
pub struct Args {
    /// The configuration file (NEUROCARDS_CONFIG)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder (NEUROCARDS_DATA_DIR)
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The console's language; else the locale's
    #[arg(long, global = true, value_name = "ru|en", value_parser = language)]
    pub lang: Option<Lang>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole appliance without the console, for systemd: logs on standard output
    Run,
    /// The console on the database of a running or stopped appliance
    Console(ConsoleArgs),
    /// The whole appliance with no key and no network, against the built-in sandbox
    Demo(Box<DemoArgs>),
    /// The effective configuration with the source of each value, secrets masked
    Config {
        /// Print the commented sample of neurocards.toml instead
        #[arg(long)]
        sample: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Give a user credits, or take them back with a negative number
    Grant(GrantArgs),
    /// Orders, videos, refunds, credits and the queue
    Stats(Output),
    /// The users, newest first
    Users(UsersArgs),
    /// The jobs, newest first
    Jobs(JobsArgs),
    /// One job's timeline
    Job {
        #[arg(value_name = "ID")]
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Run jobs again as new ones, at your own cost
    Retry(RetryArgs),
    /// Cancel a job and give its credit back
    Cancel {
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// End a job's wait: it is due now
    RunNow {
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Let a job go before others: its priority grows by one, up to 9
    Raise {
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// The health of the provider's keys
    #[command(args_conflicts_with_subcommands = true)]
    Keys {
        #[command(subcommand)]
        command: Option<KeysCommand>,
        #[command(flatten)]
        output: Output,
    },
    /// Switch a model on or off, be it of `[kie] models` or of a `[[choice]]`
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Take no more orders of a user; what they ordered goes on
    Ban(BanArgs),
    /// Take a user's orders again
    Unban(BanArgs),
    /// Write to one user, as support
    Message {
        tg_user_id: i64,
        /// Plain words, up to 4,000 characters
        text: String,
    },
    /// Put a draft to all customers into your chat with the bot, where it is aimed and sent
    Broadcast {
        /// HTML as Telegram takes it, up to 4,096 characters without its tags
        text: String,
    },
    /// The payments in Stars, newest first
    Payments(PaymentsArgs),
    /// Give a payment's Stars back and take its credits
    RefundPayment(RefundArgs),
    /// Promo codes: credits for who writes one to the bot
    #[command(args_conflicts_with_subcommands = true)]
    Promo {
        #[command(subcommand)]
        command: Option<PromoCommand>,
        #[command(flatten)]
        output: Output,
    },
    /// Questions about payments that wait for an answer, oldest first
    Tickets(TicketsArgs),
    /// A consistent copy of the database, beside a running appliance, too
    Backup(BackupArgs),
    /// Put a backup in the place of the database; the present one is kept
    Restore {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take over the customers, balances and videos of the old system, from its tables
    Import(ImportArgs),
    /// SQL on the live database, read-only without --write
    Sql(SqlArgs),
    /// Close selling; what was sold goes on
    Pause {
        /// Submit nothing new to the provider instead: what was sold waits
        #[arg(long)]
        submitting: bool,
        /// What customers read meanwhile, up to 500 characters
        #[arg(long, value_name = "TEXT", conflicts_with = "submitting")]
        note: Option<String>,
    },
    /// Close selling and submit nothing new; what the provider works on goes on
    Drain,
    /// Open selling and submitting, and leave safe mode
    Resume,
    /// Check configuration, files, database, services, token and keys, one line each
    Doctor(DoctorArgs),
    /// Ask for what is needed, check each answer, write the configuration
    Setup(SetupArgs),
    /// Print the completions for a shell
    Completions { shell: Shell },
    /// Print the manual page
    Man,
}

/// How to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Output {
    /// Print JSON, for scripts
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub struct ConsoleArgs {
    /// Look only: nothing can be changed
    #[arg(long)]
    pub readonly: bool,
}

#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("large").args(["fill", "load"]).multiple(true))]
pub struct DemoArgs {
    /// Your own product's photo
    #[arg(long, value_name = "FILE")]
    pub photo: Option<PathBuf>,
    /// Your own product's description
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// How many orders are placed
    #[arg(long, value_name = "N", default_value_t = 12,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub orders: u32,
    /// How many customers place them
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub customers: u32,
    /// How many times as fast as in reality time passes: 30, and with --load 1
    #[arg(long, value_name = "X", value_parser = speed)]
    pub speed: Option<f64>,
    /// Print progress and a summary in a terminal, too, in place of the console
    #[arg(long)]
    pub no_console: bool,
    /// Let the services fail now and then
    #[arg(long)]
    pub faults: bool,
    /// Repeat a run: the same customers, choices and faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Only make a large database in this new data folder, as after two busy months
    #[arg(long, value_name = "DIR")]
    pub fill: Option<PathBuf>,
    /// With --fill or --load: how many customers
    #[arg(long, value_name = "N", default_value_t = 1_200_000, requires = "large",
          value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub users: u32,
    /// With --fill or --load: how many ended jobs
    #[arg(long, value_name = "N", default_value_t = 300_000, requires = "large",
          value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub jobs: u32,
    #[command(flatten)]
    pub load: LoadArgs,
}

#[derive(Clone, Debug, clap::Args)]
pub struct GrantArgs {
    pub tg_user_id: i64,
    /// Negative takes back
    #[arg(allow_negative_numbers = true,
          value_parser = clap::value_parser!(i64).range(-1_000_000..=1_000_000))]
    pub credits: i64,
    /// Why, for the ledger
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct DoctorArgs {
    /// Only what can be seen from here: no service is asked
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct SetupArgs {
    /// Take the answers as they are: no service is asked
    #[arg(long)]
    pub offline: bool,
}

/// Whose completions.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Clone, Debug, clap::Args)]
pub struct RetryArgs {
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<i64>,
    /// Between two of them, so that nobody gets a burst
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub every: Millis,
}

#[derive(Clone, Debug, clap::Args)]
pub struct BanArgs {
    pub tg_user_id: i64,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

#[derive(Clone, Debug, clap::Args)]
pub struct JobsArgs {
    /// Only this user's
    #[arg(long, value_name = "TG_ID")]
    pub user: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct UsersArgs {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct PaymentsArgs {
    /// Only this user's
    #[arg(long, value_name = "TG_ID")]
    pub user: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct TicketsArgs {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("tables").args(["dump", "users", "jobs"]).required(true).multiple(true))]
pub struct ImportArgs {
    /// A plain dump by pg_dump with the tables users and jobs
    #[arg(value_name = "DUMP", conflicts_with_all = ["users", "jobs"])]
    pub dump: Option<PathBuf>,
    /// The table users, as CSV with a heading
    #[arg(long, value_name = "CSV")]
    pub users: Option<PathBuf>,
    /// The table jobs, as CSV with a heading
    #[arg(long, value_name = "CSV")]
    pub jobs: Option<PathBuf>,
    /// Only say what would be done: nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Give so many credits for each video that was under way
    #[arg(long, value_name = "CREDITS", value_parser = clap::value_parser!(i64).range(1..=100))]
    pub give_back: Option<i64>,
    /// List all rows that were left out or changed in this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub skipped: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct RefundArgs {
    /// As `neurocards payments` shows it
    pub charge_id: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
    /// Use a blocked key again, at once
    Unblock {
        /// Its number in the configuration, from 1
        #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        position: u32,
    },
    /// Take a key out of service until it is unblocked; what waits takes another
    Block {
        /// Its number in the configuration, from 1
        #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        position: u32,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Also where no other key serves, and what waits fails
        #[arg(long)]
        yes: bool,
    },
    /// Ask for the balance of a key's account now
    Ask {
        /// Its number in the configuration, from 1
        #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        position: u32,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub enum ModelsCommand {
    /// Use it again, also before the end of a pause
    On {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Ask nothing more of it until it is switched on
    Off {
        #[arg(value_name = "NAME")]
        name: String,
        /// Also where no other model serves, and what waits fails
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub enum PromoCommand {
    /// A new code
    Add {
        /// Letters, digits, - and _; customers may write it in any case
        code: String,
        /// For each customer, once
        credits: i64,
        /// How many customers may use it
        #[arg(long, value_name = "N", default_value_t = 100)]
        uses: i64,
        /// For so many days; else until it is closed
        #[arg(long, value_name = "N")]
        days: Option<i64>,
    },
    /// Let nobody use a code any more
    Close { code: String },
}

#[derive(Clone, Debug, clap::Args)]
pub struct SqlArgs {
    /// One statement; with --write also several
    pub statement: String,
    /// Let it change the database; the ledger's rules hold
    #[arg(long)]
    pub write: bool,
    #[command(flatten)]
    pub output: Output,
}

fn span(text: &str) -> Result<Millis, String> {
    let span = parse_duration(text).filter(|span| *span <= DAY);
    span.ok_or_else(|| "write a span up to 24h, as 10s or 5m".to_owned())
}

fn language(text: &str) -> Result<Lang, String> {
    match text {
        "ru" => Ok(Lang::Ru),
        "en" => Ok(Lang::En),
        _ => Err("ru or en".to_owned()),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "write a number".to_owned())?;
    // Beyond it, one real second is more than the shortest waits of the program.
    if (0.1..=1_000.0).contains(&speed) { Ok(speed) } else { Err("from 0.1 to 1000".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_words_are_consistent() {
        super::Args::command().debug_assert();
    }
}
