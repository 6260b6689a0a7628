//! A statement is parsed and planned once, whatever values it is given.

use super::*;
use rusqlite::StatementStatus;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use std::cell::RefCell;

thread_local! {
    static SEEN: RefCell<Vec<(String, bool)>> = const { RefCell::new(Vec::new()) };
}

fn seen(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        let again = statement.get_status(StatementStatus::RePrepare) > 0;
        SEEN.with_borrow_mut(|seen| seen.push((statement.sql().into_owned(), again)));
    }
}

#[test]
fn no_value_has_a_statement_planned_anew() {
    let (_folder, db) = world();
    for key in ["a", "b", "c"] {
        queue(&db, key, 0, NOW);
    }
    let seen = db
        .write(|tx| {
            tx.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(seen));
            for n in 0..3 {
                let now = NOW + n;
                let job = claim(tx, &Step::ALL, LIMITS, LEASE, now)?.unwrap();
                advance(tx, &job, Step::Deliver, &Found::default(), now, now)?;
                end(tx, &job, &End::Done { file_id: None }, now)?;
            }
            tx.trace_v2(TraceEventCodes::empty(), None);
            Ok(SEEN.take())
        })
        .unwrap();
    assert!(seen.len() > 30, "{}", seen.len());
    let again: Vec<_> = seen.into_iter().filter(|(_, again)| *again).collect();
    assert!(again.is_empty(), "{again:#?}");
}
