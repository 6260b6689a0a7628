//! The words of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

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
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole appliance without the console, for systemd: logs on standard output
    Run,
    /// The whole appliance with no key and no network, against the built-in sandbox
    Demo(DemoArgs),
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
    /// Run a job again as a new one, at your own cost
    Retry {
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Cancel a job and give its credit back
    Cancel {
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
    /// The payments in Stars, newest first
    Payments(PaymentsArgs),
    /// Give a payment's Stars back and take its credits
    RefundPayment(RefundArgs),
    /// A consistent copy of the database, beside a running appliance, too
    Backup(BackupArgs),
    /// Put a backup in the place of the database; the present one is kept
    Restore {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// SQL on the live database, read-only without --write
    Sql(SqlArgs),
    /// Close selling; what was sold goes on
    Pause,
    /// Open selling and leave safe mode
    Resume,
    /// Check the configuration and the database, one line each
    Doctor(Output),
}

/// How to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Output {
    /// Print JSON, for scripts
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, clap::Args)]
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
    /// How many times as fast as in reality time passes
    #[arg(long, value_name = "X", default_value_t = 30.0, value_parser = speed)]
    pub speed: f64,
    /// Let the services fail now and then
    #[arg(long)]
    pub faults: bool,
    /// Repeat a run: the same customers, choices and faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
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

#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
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
