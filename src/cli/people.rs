//! `neurocards ban`, `unban`, `message` and `broadcast`: the operator's hands on customers.

use std::process::ExitCode;

use anyhow::Result;

use super::args::BanArgs;
use super::screen;
use crate::config::Config;
use crate::db::{Db, Tx};
use crate::operator::{hands, mailing};
use crate::serve;

/// What they ordered before goes on.
pub(super) fn ban(config: &Config, args: BanArgs) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let BanArgs { tg_user_id, note } = args;
    let changed = db.write(move |tx| hands::ban(tx, &super::by(), tg_user_id, &note, now))?;
    screen::print(&match changed {
        true => format!("user {tg_user_id} is banned; what they ordered goes on\n"),
        false => format!("user {tg_user_id} was banned already\n"),
    })
}

/// Where they were not banned it does nothing.
pub(super) fn unban(config: &Config, args: BanArgs) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let BanArgs { tg_user_id, note } = args;
    let changed = db.write(move |tx| hands::unban(tx, &super::by(), tg_user_id, &note, now))?;
    screen::print(&match changed {
        true => format!("user {tg_user_id} may order again\n"),
        false => format!("user {tg_user_id} was not banned\n"),
    })
}

/// By way of the outbox: the appliance sends it, now or when it runs.
pub(super) fn message(config: &Config, tg_user_id: i64, text: String) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    db.write(move |tx| hands::write_to(tx, &shop, &super::by(), tg_user_id, &text, now))?;
    screen::print(&format!("the message to user {tg_user_id} is on its way\n"))
}

/// Nothing goes out: whom it is for and the last yes are buttons under it.
pub(super) fn broadcast(config: &Config, text: String) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    let total = db.read(|conn| mailing::audience(conn, None, now))?;
    let draft =
        move |tx: &Tx<'_>| hands::draft_broadcast(tx, &shop, &super::by(), (&text, total), now);
    let admin = db.write(draft)?;
    screen::print(&format!("the draft is on its way to the chat of {admin}: send it from there\n"))
}
