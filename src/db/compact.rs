//! The whole file, written anew.

use rusqlite::Connection;
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A few milliseconds.
const OPERATIONS: c_int = 10_000;

/// Without what is left in unused space. `hurries` gives it up, as long as it gathers what it is to
/// write; then the file is as it was.
pub(super) fn rewrite(conn: &Connection, hurries: Arc<AtomicBool>) -> rusqlite::Result<()> {
    conn.progress_handler(OPERATIONS, Some(move || hurries.load(Ordering::Relaxed)))?;
    let done = conn.execute_batch("VACUUM");
    conn.progress_handler(0, None::<fn() -> bool>)?;
    done
}
