//! `neurocards setup`: asks for what is needed, checks each answer with its service, and writes
//! `secrets.env` and, where there is none, `neurocards.toml`. Nothing is written before the last
//! answer; secrets are typed unseen and never printed.

mod ask;
mod questions;
mod write;

use std::process::ExitCode;

use anyhow::Result;

use super::Context;
use super::args::SetupArgs;
use crate::config::{Config, SECRETS_NAME, edited};
use ask::Asker;
use questions::Answers;
use secrecy::{ExposeSecret as _, SecretString};

const TITLE: &str = "neurocards setup: a few questions, then two files. Enter keeps what is in \
                     [brackets]; Ctrl+C ends it, and nothing is written before the last answer.\n";
const PIPED: &str = "Standard input is no terminal: each answer is its next line.\n";

/// Exit code 1 where the answer to the last question is no.
pub(super) fn run(context: &Context, args: SetupArgs) -> Result<ExitCode> {
    let config = Config::load_or_new(&context.overrides, &context.env)?;
    let asker = Asker::new()?;
    asker.tell(TITLE)?;
    if !asker.is_terminal() {
        asker.tell(PIPED)?;
    }
    let answers = questions::ask(&config, args.offline, &asker)?;
    let secrets = config.place.with_file_name(SECRETS_NAME);
    let old = write::present(&secrets)?;
    if answers.changes.is_empty() && config.file.is_some() {
        asker.tell("\nNothing to change.\n")?;
        next_commands(context, &answers, &asker)?;
        return Ok(ExitCode::SUCCESS);
    }
    let bare =
        |value: &Option<SecretString>| value.as_ref().map(|it| it.expose_secret().to_owned());
    let changes: Vec<_> = answers.changes.iter().map(|(name, it)| (*name, bare(it))).collect();
    let changes: Vec<_> = changes.iter().map(|(name, it)| (*name, it.as_deref())).collect();
    let text = edited(old.as_deref().unwrap_or(HEAD), &changes)?;
    if !asker.agrees(&plan(&config, &answers, old.is_some()), old.is_none())? {
        asker.tell("Nothing was written.\n")?;
        return Ok(ExitCode::FAILURE);
    }
    if !answers.changes.is_empty() {
        write::private(&secrets, &text)?;
        asker.tell(&format!("Written: {} (0600)\n", secrets.display()))?;
    }
    if config.file.is_none() {
        write::private(&config.place, &write::settings(answers.support.as_deref()))?;
        asker.tell(&format!("Written: {} (0600)\n", config.place.display()))?;
    }
    next_commands(context, &answers, &asker)?;
    Ok(ExitCode::SUCCESS)
}

/// Of a new secrets.env.
const HEAD: &str = "# Written by `neurocards setup`. The environment and a .env are stronger.\n";

fn plan(config: &Config, answers: &Answers, there: bool) -> String {
    let mut plan = String::from("\n");
    let secrets = config.place.with_file_name(SECRETS_NAME);
    if !answers.changes.is_empty() {
        let names: Vec<_> = answers.changes.iter().map(|(name, _)| *name).collect();
        let what = if there { "changed, all else in it stays" } else { "new" };
        plan += &format!("{}: {what}: {}\n", secrets.display(), names.join(", "));
    }
    plan += &match &config.file {
        Some(file) => format!("{}: is there, and stays as it is\n", file.display()),
        None => format!("{}: new, every setting with its default\n", config.place.display()),
    };
    plan + "Write this?"
}

fn next_commands(context: &Context, answers: &Answers, asker: &Asker) -> Result<()> {
    let named = context.overrides.config.as_ref().map(|path| format!("--config {} ", quoted(path)));
    let flag = named.unwrap_or_default();
    let bot = answers.username.as_ref().map(|name| format!("@{name}"));
    asker.tell(&format!(
        "\nNext:\n  neurocards {flag}doctor\n  neurocards {flag}run\n\
         Then write /start to {}: a bot may not write first, alerts included.\n",
        bot.as_deref().unwrap_or("your bot")
    ))
}

/// As a shell takes it.
fn quoted(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
