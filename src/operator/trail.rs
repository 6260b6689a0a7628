//! What was done by hand: the audit, newest first.

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use crate::clock::Millis;

/// One action.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The row; what [`read`] takes as `before` for the next page.
    pub id: i64,
    /// Unix milliseconds.
    pub at: Millis,
    /// `command`, `console` or `chat`.
    pub way: String,
    /// The login name, or a Telegram id.
    pub who: String,
    /// The verb: `grant`, `pause`.
    pub action: String,
    /// To what: `user 42`, `key ab12cd34`, `selling`.
    pub object: String,
    /// What was so before.
    pub before: Option<String>,
    /// What was so after.
    pub after: Option<String>,
    /// Why, in the operator's words.
    pub note: Option<String>,
}

/// Up to `limit` actions older than the line `before`; none: the newest.
pub fn read(conn: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Line>> {
    let mut found = conn.prepare_cached(
        "SELECT id, at, way, who, action, object, before, after, note
         FROM audit
         WHERE id < :before
         ORDER BY id DESC
         LIMIT :limit",
    )?;
    let params = named_params! { ":before": before.unwrap_or(i64::MAX), ":limit": limit };
    let rows = found.query_map(params, |row| {
        Ok(Line {
            id: row.get("id")?,
            at: row.get("at")?,
            way: row.get("way")?,
            who: row.get("who")?,
            action: row.get("action")?,
            object: row.get("object")?,
            before: row.get("before")?,
            after: row.get("after")?,
            note: row.get("note")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    #[test]
    fn the_trail_is_read_backwards_page_by_page() {
        let (conn, _) = sample();
        let all = read(&conn, None, 10).unwrap();
        let actions: Vec<&str> = all.iter().map(|line| line.action.as_str()).collect();
        assert_eq!(actions, ["pause", "grant"]);
        assert_eq!(read(&conn, Some(all[0].id), 10).unwrap(), all[1..]);
        assert_eq!(read(&conn, None, 1).unwrap(), all[..1]);
    }
}
