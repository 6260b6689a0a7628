use super::*;
use crate::db::Machine;

/// A caller, and where its answer comes.
fn caller<F>(work: F) -> (Box<dyn Work>, Receiver<Result<()>>)
where
    F: FnOnce(&Tx<'_>) -> Result<()> + Send + 'static,
{
    let (reply, answer) = sync_channel(1);
    (Box::new(Request { work: Some(work), result: None, reply }), answer)
}

#[test]
fn a_full_disk_that_rolls_back_everything_is_a_full_disk_to_every_caller() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x)").unwrap();
    let insert = |tx: &Tx<'_>| Ok(tx.execute_batch("INSERT INTO t VALUES (1)")?);
    let (first, first_answer) = caller(insert);
    let (full, full_answer) = caller(|tx| {
        tx.execute_batch("ROLLBACK")?;
        let code = ffi::Error::new(ffi::SQLITE_FULL);
        Err(rusqlite::Error::SqliteFailure(code, None).into())
    });
    let (last, last_answer) = caller(insert);
    let (queue, waiting) = sync_channel(2);
    queue.send(first).unwrap();
    queue.send(full).unwrap();
    drop(queue);
    let bells = Bells::default();
    let pen = Pen::new(conn);
    pen.wanted.store(2, Ordering::Relaxed);
    run(&pen, &waiting, &bells);
    for answer in [first_answer, full_answer] {
        let error = answer.recv().unwrap().unwrap_err();
        assert_eq!(Machine::of(&error), Some(Machine::Full), "{error:#}");
    }
    assert_eq!(bells.refused.load(Ordering::Relaxed), 1);
    let (queue, waiting) = sync_channel(1);
    queue.send(last).unwrap();
    drop(queue);
    pen.wanted.store(1, Ordering::Relaxed);
    run(&pen, &waiting, &bells);
    last_answer.recv().unwrap().unwrap();
    let conn = &lock(&pen.held).conn;
    let rows: i64 = conn.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1, "only what was said to be kept");
}
