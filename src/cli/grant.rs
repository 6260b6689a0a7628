//! `neurocards grant`: credits by hand.

use std::process::ExitCode;

use anyhow::{Result, bail};

use super::args::GrantArgs;
use super::screen;
use crate::audit::{self, Action};
use crate::config::Config;
use crate::db::Db;
use crate::flow;
use crate::ledger::{self, Grant, Granted};
use crate::serve;
use crate::users;

/// The credits, their record and the customer's message are one commit.
pub(super) fn run(config: &Config, args: GrantArgs) -> Result<ExitCode> {
    if args.credits == 0 {
        bail!("0 credits change nothing");
    }
    let db = Db::open_existing(&config.data_dir)?;
    let shop = serve::shop(config)?;
    let now = config.process_clock().now();
    let GrantArgs { tg_user_id, credits, note } = args;
    let balance = db.write(move |tx| {
        let Some(user) = users::by_tg(tx, tg_user_id)? else {
            bail!("no user {tg_user_id}: they have to write to the bot first");
        };
        let gift =
            Grant { user: user.id, credits, key: None, actor: "operator", note: note.as_deref() };
        let balance = match ledger::grant(tx, &gift, now)? {
            Granted::Done(balance) => balance,
            Granted::TooFew(balance) => {
                bail!("user {tg_user_id} has {balance} credits: {} cannot be taken back", -credits)
            }
            Granted::Already => bail!("this grant was made before"),
        };
        let (object, detail) =
            (format!("user {tg_user_id}"), format!("{credits:+}, now {balance}"));
        let action = Action { actor: "command", action: "grant", object: &object, detail: &detail };
        audit::record(tx, &action, now)?;
        flow::granted(tx, &shop.texts, &user, credits, balance, now)?;
        Ok(balance)
    })?;
    screen::print(&format!("user {tg_user_id} now has {balance} credits\n"))
}
