//! A statement is parsed and planned once, whatever values it is given, and sets nothing up.

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

/// Every statement of three jobs' lives, and whether it was planned anew.
fn lives() -> (Vec<(String, bool)>, Vec<String>) {
    let (_folder, db) = world();
    db.write(|tx| {
        tx.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(seen));
        Ok(())
    })
    .unwrap();
    for key in ["a", "b", "c"] {
        queue(&db, key, 0, NOW);
    }
    db.write(|tx| {
        for n in 0..3 {
            let now = NOW + n;
            let job = claim(tx, &Step::ALL, LIMITS, LEASE, now)?.unwrap();
            advance(tx, &job, Step::Deliver, &Found::default(), now, now)?;
            end(tx, &job, &End::Done { file_id: None }, now)?;
        }
        tx.trace_v2(TraceEventCodes::empty(), None);
        let seen = SEEN.take();
        let mut tables = Vec::new();
        for (sql, _) in &seen {
            let mut plan = tx.prepare(&format!("EXPLAIN {sql}"))?;
            let mut steps = plan.raw_query();
            while let Some(step) = steps.next()? {
                if step.get::<_, String>(1)? == "OpenEphemeral" {
                    tables.push(sql.clone());
                }
            }
        }
        Ok((seen, tables))
    })
    .unwrap()
}

#[test]
fn no_statement_of_a_jobs_life_needs_a_table_of_its_own() {
    let (_seen, tables) = lives();
    assert!(tables.is_empty(), "{tables:#?}");
}

#[test]
fn no_value_has_a_statement_planned_anew() {
    let (seen, _tables) = lives();
    assert!(seen.len() > 30, "{}", seen.len());
    let again: Vec<_> = seen.into_iter().filter(|(_, again)| *again).collect();
    assert!(again.is_empty(), "{again:#?}");
}
