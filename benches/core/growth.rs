//! How the file grows: orders that are placed, made and delivered, with all that is written about
//! them, and what is left of them once everything that has a time has had it.

use neurocards::db::Db;

use crate::table::Table;

pub(crate) fn measure(_table: &mut Table, _orders: i64) {
    let _ = Db::open_existing;
}
