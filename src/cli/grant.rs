//! `neurocards grant`: credits by hand.

use std::process::ExitCode;

use anyhow::Result;

use super::args::GrantArgs;
use super::screen;
use crate::config::Config;
use crate::db::Db;
use crate::operator::hands::{self, Gift};
use crate::serve;

/// The credits, their record and the customer's message are one commit.
pub(super) fn run(config: &Config, args: GrantArgs) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let shop = serve::shop(config)?;
    let now = config.process_clock().now();
    let GrantArgs { tg_user_id, credits, note } = args;
    let balance = db.write(move |tx| {
        let gift = Gift { tg_user_id, credits, note: note.as_deref().unwrap_or_default() };
        hands::grant(tx, &shop, &super::by(), &gift, now)
    })?;
    screen::print(&format!("user {tg_user_id} now has {}\n", hands::in_words(balance)))
}
