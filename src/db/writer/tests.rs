use super::*;
use crate::db::Machine;
use std::sync::atomic::AtomicUsize;

const SOON: Duration = Duration::from_millis(250);
/// Somebody else comes first.
const LATE: Duration = Duration::from_secs(3600);

#[test]
fn a_full_disk_that_rolls_back_everything_is_a_full_disk_to_every_request() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x)").unwrap();
    let insert = |tx: &Tx<'_>| Ok(tx.execute_batch("INSERT INTO t VALUES (1)")?);
    let (first, first_answer) = request(insert);
    let (full, full_answer) = request(|tx| {
        tx.execute_batch("ROLLBACK")?;
        let code = ffi::Error::new(ffi::SQLITE_FULL);
        Err(rusqlite::Error::SqliteFailure(code, None).into())
    });
    let (last, last_answer) = request(insert);
    let bells = Bells::default();
    let pen = Pen::new(conn);
    for request in [first, full] {
        assert!(pen.line.pass_or_stand(request, || None).is_err());
    }
    pen.line.close();
    run(&pen, &bells);
    for answer in [first_answer, full_answer] {
        let error = answer.take().unwrap_err();
        assert_eq!(Machine::of(&error), Some(Machine::Full), "{error:#}");
    }
    assert_eq!(bells.refused.load(Ordering::Relaxed), 1);
    assert!(pen.line.pass_or_stand(last, || None).is_err());
    run(&pen, &bells);
    last_answer.take().unwrap();
    let conn = &lock(&pen.held).conn;
    let rows: i64 = conn.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1, "only what was said to be kept");
}

/// A writer of its own, on a table with nothing in it.
fn writer() -> Writer {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x)").unwrap();
    Writer::start(conn).unwrap()
}

impl Writer {
    /// It answers a moment before.
    fn puts_the_pen_down(&self) {
        drop(lock(&self.pen.held));
    }
}

fn sum(writer: &Writer) -> i64 {
    let all = "SELECT SUM(x) FROM t";
    writer.write(|tx| Ok(tx.query_row(all, [], |row| row.get::<_, i64>(0))?)).unwrap()
}

fn insert(tx: &Tx<'_>, x: i64) -> Result<String> {
    tx.execute("INSERT INTO t VALUES (?1)", [x])?;
    Ok(std::thread::current().name().unwrap_or_default().to_owned())
}

#[test]
fn who_finds_it_idle_commits_at_once_and_overtakes_nobody_who_waits() {
    let writer = writer();
    let here = std::thread::current().name().unwrap_or_default().to_owned();
    assert_eq!(writer.write(|tx| insert(tx, 0)).unwrap(), here);
    let ((began, begun), (go, held)) = (sync_channel(1), sync_channel::<()>(1));
    let order = std::thread::scope(|scope| {
        let writer = &writer;
        let first = scope.spawn(move || {
            let waits = move |tx: &Tx<'_>| {
                began.send(()).unwrap();
                held.recv().unwrap();
                insert(tx, 1)
            };
            writer.write(waits).unwrap();
            // The pen is free for a moment now, and somebody waits for it.
            writer.write(|tx| insert(tx, 3)).unwrap();
        });
        begun.recv().unwrap();
        let second = scope.spawn(|| writer.write(|tx| insert(tx, 2)).unwrap());
        while writer.pen.line.waiting().0 == 0 {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
        first.join().unwrap();
        assert_eq!(second.join().unwrap(), "db-writer");
        let all = "SELECT group_concat(x, ' ') FROM (SELECT x FROM t ORDER BY rowid)";
        writer.write(move |tx| Ok(tx.query_row(all, [], |row| row.get::<_, String>(0))?)).unwrap()
    });
    assert_eq!(order, "0 1 2 3");
}

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// A connection to a file that the other one has locked.
fn locked(asked: fn(i32) -> bool) -> (tempfile::TempDir, Connection, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("locked.db");
    let other = Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE t (x); BEGIN IMMEDIATE").unwrap();
    let conn = Connection::open(&file).unwrap();
    conn.busy_handler(Some(asked)).unwrap();
    (folder, other, conn)
}

#[test]
fn who_waits_behind_a_locked_file_does_not_wait_for_it_again() {
    let (_folder, _other, conn) = locked(|_| {
        ASKED.fetch_add(1, Ordering::SeqCst);
        false
    });
    let pen = Pen::new(conn);
    let answers = [(); 3].map(|()| {
        let (request, answer) = request(|tx| Ok(tx.execute_batch("INSERT INTO t VALUES (1)")?));
        assert!(pen.line.pass_or_stand(request, || None).is_err());
        answer
    });
    pen.line.close();
    run(&pen, &Bells::default());
    for answer in answers {
        let error = answer.take().unwrap_err();
        assert_eq!(Machine::of(&error), Some(Machine::Busy), "{error:#}");
    }
    assert_eq!(ASKED.load(Ordering::SeqCst), 1, "the file was asked for once");
}

static HELD_UP: AtomicUsize = AtomicUsize::new(0);
static STAND: AtomicBool = AtomicBool::new(false);

#[test]
fn who_stands_behind_a_caller_that_met_a_locked_file_hears_it_with_them() {
    let (_folder, _other, conn) = locked(|_| {
        HELD_UP.fetch_add(1, Ordering::SeqCst);
        while !STAND.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        false
    });
    let writer = Writer::start(conn).unwrap();
    std::thread::scope(|scope| {
        let write = || writer.write(|tx| insert(tx, 1));
        let all = [(); 3].map(|()| scope.spawn(write));
        while writer.pen.line.waiting().0 < 2 {
            std::thread::yield_now();
        }
        STAND.store(true, Ordering::SeqCst);
        for one in all {
            let error = one.join().unwrap().unwrap_err();
            assert_eq!(Machine::of(&error), Some(Machine::Busy), "{error:#}");
        }
    });
    assert_eq!(HELD_UP.load(Ordering::SeqCst), 1, "the file was asked for once");
}

#[test]
fn what_is_rolled_back_rings_nobody() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x); CREATE TABLE other (x)").unwrap();
    let writer = Writer::start(conn).unwrap();
    let rings = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    for (table, count) in ["t", "other"].into_iter().zip(&rings) {
        let count = Arc::clone(count);
        let ring = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        writer.watch(&[table], Arc::new(ring));
    }
    let rung = || rings.each_ref().map(|it| it.load(Ordering::SeqCst));
    let fails = |tx: &Tx<'_>| insert(tx, 1).and_then(|_| Err::<(), _>(anyhow!("no")));
    writer.write(fails).unwrap_err();
    assert_eq!(rung(), [0, 0]);
    std::thread::scope(|scope| {
        let along = scope.spawn(|| writer.write_within(LATE, fails));
        while writer.pen.line.waiting().1 == 0 {
            std::thread::yield_now();
        }
        writer.write(|tx| Ok(tx.execute_batch("INSERT INTO other VALUES (1)")?)).unwrap();
        along.join().unwrap().unwrap_err();
    });
    assert_eq!(rung(), [0, 1]);
    writer.write(|tx| insert(tx, 1)).unwrap();
    assert_eq!(rung(), [1, 1]);
}

#[test]
fn what_has_time_goes_along_with_the_next_commit_or_makes_its_own() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x)").unwrap();
    let commits = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&commits);
    let counts = move || {
        count.fetch_add(1, Ordering::Relaxed);
        false
    };
    conn.commit_hook(Some(counts)).unwrap();
    let writer = Writer::start(conn).unwrap();
    // Alone: its own commit, once nobody came by.
    writer.write_within(SOON, |tx| insert(tx, 1)).unwrap();
    let alone = commits.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| writer.write_within(LATE, |tx| insert(tx, 2)));
        while writer.pen.line.waiting().1 == 0 {
            std::thread::yield_now();
        }
        writer.write(|tx| insert(tx, 3)).unwrap();
        waits.join().unwrap().unwrap();
    });
    assert_eq!((alone, commits.load(Ordering::Relaxed)), (1, 2));
    assert_eq!(sum(&writer), 6);
}

#[test]
fn what_goes_along_is_rolled_back_alone_and_hears_of_a_dead_disk() {
    let writer = writer();
    std::thread::scope(|scope| {
        let fails = scope.spawn(|| {
            writer.write_within(LATE, |tx| {
                insert(tx, 1).and_then(|_| Err::<(), _>(anyhow!("no, not 1")))
            })
        });
        while writer.pen.line.waiting().1 == 0 {
            std::thread::yield_now();
        }
        writer.write(|tx| insert(tx, 2)).unwrap();
        assert!(format!("{:#}", fails.join().unwrap().unwrap_err()).contains("no, not 1"));
    });
    assert_eq!(sum(&writer), 2);
    lock(&writer.pen.held).dead = Some(NotCommitted { why: "the disk died".into(), code: None });
    let error = writer.write_within(SOON, |tx| insert(tx, 3)).unwrap_err();
    assert!(format!("{error:#}").contains("the disk died"), "{error:#}");
}

#[test]
fn what_is_paced_goes_at_once_after_a_rest_and_with_others_soon_after_a_commit() {
    let writer = writer();
    let here = std::thread::current().name().unwrap_or_default().to_owned();
    assert_eq!(writer.write_paced(SOON, |tx| insert(tx, 1)).unwrap(), here);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| writer.write_paced(LATE, |tx| insert(tx, 2)).unwrap());
        while writer.pen.line.waiting().1 == 0 {
            std::thread::yield_now();
        }
        assert_eq!(writer.write(|tx| insert(tx, 3)).unwrap(), here);
        assert_eq!(waits.join().unwrap(), here, "whoever commits takes it along");
    });
    // Nobody comes: the writer thread itself, at the end of the time. A machine that pauses for so
    // long between two calls has made a rest of it.
    let late = || writer.write_paced(SOON, |tx| insert(tx, 0)).unwrap() == "db-writer";
    assert!((0..20).any(|_| late()));
    writer.puts_the_pen_down();
    assert_eq!(writer.write_paced(Duration::ZERO, |tx| insert(tx, 4)).unwrap(), here);
    assert_eq!(sum(&writer), 10);
}

#[test]
fn a_panic_with_the_pen_in_hand_is_rolled_back_and_nobody_waits_for_ever() {
    let writer = writer();
    let rings = Arc::new(AtomicUsize::new(0));
    let ring = Arc::clone(&rings);
    writer.watch(&["t"], Arc::new(move || assert!(ring.fetch_add(1, Ordering::SeqCst) > 1)));
    // After the commit and before the answer: first in the caller's thread, then in the writer's.
    let here = || writer.write(|tx| insert(tx, 1));
    assert!(catch_unwind(AssertUnwindSafe(here)).is_err());
    let error = writer.write_within(Duration::from_millis(1), |tx| insert(tx, 2)).unwrap_err();
    assert!(error.to_string().contains("stopped"), "{error:#}");
    // In the middle of a transaction.
    lock(&writer.pen.held).conn.execute_batch("BEGIN; INSERT INTO t VALUES (4)").unwrap();
    writer.write(|tx| insert(tx, 8)).unwrap();
    assert_eq!(writer.write_within(SOON, |tx| insert(tx, 16)).unwrap(), "db-writer");
    assert_eq!(sum(&writer), 27);
}
