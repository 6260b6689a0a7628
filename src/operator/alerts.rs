//! What the operator was told, or would have been, as long as it lasts.

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use crate::clock::Millis;
use crate::outbox;

/// One cause. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// What it is about: `billing:ab12cd34`.
    pub cause: String,
    /// What was said, without markup.
    pub text: String,
    /// How often it came up.
    pub count: i64,
    /// The first time.
    pub first_at: Millis,
    /// The last time.
    pub last_at: Millis,
    /// When the operator was last told.
    pub told_at: Option<Millis>,
}

/// The newest first. There is one row per cause, so the table stays small.
pub fn read(conn: &Connection, limit: u32) -> Result<Vec<Alert>> {
    let mut found = conn.prepare_cached(
        "SELECT cause, text, count, first_at, last_at, told_at
         FROM alerts
         WHERE ended_at IS NULL
         ORDER BY last_at DESC, cause
         LIMIT :limit",
    )?;
    let rows = found.query_map(named_params! { ":limit": limit }, |row| {
        Ok(Alert {
            cause: row.get("cause")?,
            text: outbox::plain(&row.get::<_, String>("text")?),
            count: row.get("count")?,
            first_at: row.get("first_at")?,
            last_at: row.get("last_at")?,
            told_at: row.get("told_at")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    #[test]
    fn open_alerts_are_shown_in_plain_text() {
        let (conn, _) = sample();
        let all = read(&conn, 10).unwrap();
        let causes: Vec<&str> = all.iter().map(|alert| alert.cause.as_str()).collect();
        assert_eq!(causes, ["gpt", "billing:bbbb"]);
        assert_eq!(all[0].text, "GPT says <no> & nothing else");
        assert_eq!(read(&conn, 1).unwrap().len(), 1);
    }
}
