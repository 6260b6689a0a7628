//! The machine under the appliance: whether its disk has room, and whether its clock was set.

use crate::alerts;
use crate::clock::{Clock, MINUTE, Millis};
use crate::db::{Db, Tx};
use crate::operator::machine;
use crate::orders::Shop;
use crate::text::Arg;
use anyhow::Result;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A clock that was set by less moves nothing that matters.
const MOVED: Millis = MINUTE;
/// An alert that goes on is written again after so many looks, not at each.
const LOOKS: u64 = 360;

const DISK: &str = "disk";
const CLOCK: &str = "clock";

pub(super) struct Watch {
    db: Db,
    clock: Clock,
    shop: Arc<Shop>,
    data_dir: PathBuf,
    /// Refused commits that the operator heard of.
    told: AtomicU64,
    /// Looks since the disk's alert; 0: none that goes on.
    low: AtomicU64,
    /// By how much the machine's clock had been set at the last look.
    moved: AtomicI64,
}

impl Watch {
    pub(super) fn new(db: Db, clock: Clock, shop: Arc<Shop>, data_dir: PathBuf) -> Self {
        let (told, low, moved) = Default::default();
        Self { db, clock, shop, data_dir, told, low, moved }
    }

    /// A disk that is nearly full is told before it is full; one that was full is told as soon as
    /// it takes a word again.
    pub(super) fn disk(&self, now: Millis) -> Result<()> {
        let disk = machine::look(&self.data_dir)?;
        let refused = self.db.refused();
        let news = refused > self.told.load(Ordering::Relaxed);
        if !news && !disk.is_short() {
            self.low.store(0, Ordering::Relaxed);
            return self.over(DISK, "alert-disk-over", now);
        }
        let looks = self.low.fetch_add(1, Ordering::Relaxed);
        if !news && !looks.is_multiple_of(LOOKS) {
            return Ok(());
        }
        let id = if news { "alert-disk-full" } else { "alert-disk-low" };
        self.raise(DISK, id, ((disk.disk_free_bytes >> 20) as i64, refused as i64), now)?;
        self.told.store(refused, Ordering::Relaxed);
        Ok(())
    }

    /// The process clock goes its own way from the start, so that a machine whose clock is set
    /// moves no limit; until the next start the two differ.
    pub(super) fn clock(&self, now: Millis) -> Result<()> {
        let moved = self.clock.wall_moved();
        let before = self.moved.swap(moved, Ordering::Relaxed);
        if moved.abs() < MOVED {
            return self.over(CLOCK, "alert-clock-over", now);
        }
        if (moved - before).abs() < MOVED {
            return Ok(());
        }
        tracing::warn!(minutes = moved / MINUTE, "the machine's clock was set; ours goes on");
        let id = if moved < 0 { "alert-clock-back" } else { "alert-clock" };
        self.raise(CLOCK, id, (moved.abs() / MINUTE, 0), now)
    }

    fn raise(
        &self,
        cause: &'static str,
        id: &'static str,
        n: (i64, i64),
        now: Millis,
    ) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        self.db.write(move |tx: &Tx<'_>| {
            let args = [("n", Arg::Num(n.0)), ("m", Arg::Num(n.1))];
            let html = shop.texts.say(shop.admin_lang(tx), id, &args);
            alerts::raise(tx, &shop.options.admins, cause, &html, now)
        })
    }

    /// Writes nothing where there was no alert.
    fn over(&self, cause: &'static str, id: &'static str, now: Millis) -> Result<()> {
        if !self.db.read(|conn| alerts::is_open(conn, cause))? {
            return Ok(());
        }
        let shop = Arc::clone(&self.shop);
        self.db.write(move |tx: &Tx<'_>| {
            let html = shop.texts.say(shop.admin_lang(tx), id, &[]);
            alerts::end(tx, &shop.options.admins, cause, &html, now)
        })
    }
}
