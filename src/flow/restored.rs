//! A backup takes the place of a database in which somebody had all of theirs deleted since: that is
//! carried over into the backup's copy, before it has its place.

use crate::db::Tx;
use crate::payments::{self, Lost};
use crate::users::departures::{self, Known, Left};
use anyhow::Result;
use rusqlite::Connection;

/// Who ever left, and what they had paid by then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhoLeft {
    left: Vec<Left>,
    lost: Vec<Lost>,
}

impl WhoLeft {
    /// Of the database that is to be replaced.
    pub fn read(conn: &Connection) -> Result<Self> {
        Ok(Self { left: departures::left(conn)?, lost: payments::lost(conn)? })
    }

    /// They leave once more at the next start (`leave_again`), of whom the backup is from before that;
    /// of those who came after it, the number and the payments are known again, and no more. Returns
    /// how many it has words of.
    pub fn leave_once_more(&self, tx: &Tx<'_>) -> Result<usize> {
        let mut here = 0;
        for left in &self.left {
            let user = match departures::known(tx, left)? {
                Known::Left => continue,
                Known::Here(user) => {
                    here += 1;
                    user
                }
                Known::Number(user) => user,
            };
            for lost in self.lost.iter().filter(|lost| lost.tg_user_id == left.tg_user_id) {
                payments::carry(tx, user, lost)?;
            }
            departures::once_more(tx, user, left.at)?;
        }
        Ok(here)
    }
}
