//! Photos and videos that cannot be written, while the database still can: the operator hears of it.

use super::Shop;
use crate::alerts;
use crate::clock::Millis;
use crate::db::Tx;
use crate::text::Arg;
use anyhow::Result;
use rusqlite::Connection;

const CAUSE: &str = "files";

/// A file could not be kept. Its customer was asked again, or its video is fetched later.
pub fn not_kept(tx: &Tx<'_>, shop: &Shop, error: &str, now: Millis) -> Result<()> {
    let args = [("error", Arg::Str(error))];
    let html = shop.texts.say(shop.admin_lang(tx), "alert-files", &args);
    alerts::raise(tx, &shop.options.admins, CAUSE, &html, now)
}

/// Whether the operator was told that files cannot be written.
pub fn fail_to_be_kept(conn: &Connection) -> Result<bool> {
    alerts::is_open(conn, CAUSE)
}

/// A file was kept. Writes nothing where they always are.
pub fn kept(tx: &Tx<'_>, shop: &Shop, now: Millis) -> Result<()> {
    if !fail_to_be_kept(tx)? {
        return Ok(());
    }
    let html = shop.texts.say(shop.admin_lang(tx), "alert-files-over", &[]);
    alerts::end(tx, &shop.options.admins, CAUSE, &html, now)
}
