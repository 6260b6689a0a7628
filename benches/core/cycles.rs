//! The queue as such: a job is queued, claimed and ended, three commits on disk one after the
//! other, by as many callers at once as are asked for; and the same by SQLite without us.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use neurocards::clock::{Clock, MINUTE, Millis};
use neurocards::db::{Db, FILE_NAME, Mode, Tx, UserId};
use neurocards::jobs::{self, End, Enqueue, Step};
use neurocards::keys::Limits;
use neurocards::users::{self, Profile};
use rusqlite::{Connection, named_params};

use crate::peers;
use crate::syncs::syncs;
use crate::table::{Goal, Table, median};

pub(crate) const LIMITS: Limits =
    Limits { creates_per_10s: 20, in_flight: 100, video_credits: 50.0 };
pub(crate) const LEASE: Millis = 5 * MINUTE;
pub(crate) const CALLERS: [usize; 4] = [1, 8, 32, 64];
const PHOTO: &str = "7/photo.jpg";
const PRODUCT: &str = "Термокружка, 450 мл, не проливается";

/// How long each turn is measured, and how many turns there are.
#[derive(Clone, Copy)]
pub(crate) struct Turns {
    pub(crate) each: Duration,
    pub(crate) count: usize,
}

/// What one turn came to.
pub(crate) struct Turn {
    pub(crate) a_second: f64,
    /// fsyncs a cycle.
    pub(crate) syncs: f64,
}

/// A database of its own with one customer.
pub(crate) fn fresh(folder: &Path, clock: &Clock) -> (Db, UserId) {
    let db = Db::open(folder, Mode::Demo, clock.now()).unwrap();
    let now = clock.now();
    let user = db
        .write(move |tx| {
            let profile = Profile { tg_user_id: 7, ..Profile::default() };
            Ok(users::meet(tx, &profile, now)?.0.id)
        })
        .unwrap();
    (db, user)
}

/// The writer's own word on how it commits, and a count of how often it does.
fn durable(db: &Db) -> Arc<AtomicU64> {
    let commits = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&commits);
    db.write(move |tx| {
        assert_eq!(word(tx, "synchronous"), "2", "FULL");
        assert_eq!(word(tx, "journal_mode"), "wal");
        tx.commit_hook(Some(move || {
            count.fetch_add(1, Ordering::Relaxed);
            false
        }))?;
        Ok(())
    })
    .unwrap();
    // This one wrote nothing, and its commit was no fsync.
    commits.store(0, Ordering::Relaxed);
    commits
}

fn word(conn: &Connection, pragma: &str) -> String {
    use rusqlite::types::Value;
    match conn.pragma_query_value(None, pragma, |row| row.get(0)).unwrap() {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn enqueue(tx: &Tx<'_>, user: UserId, key: &str, now: Millis) -> anyhow::Result<()> {
    let video = Enqueue {
        user,
        tg_user_id: 7,
        order: None,
        ordinal: 1,
        key,
        template: "ugc",
        photo: PHOTO,
        product: PRODUCT,
        own_prompt: None,
        wishes: None,
        choice: None,
        refines: None,
        priority: 0,
    };
    jobs::enqueue(tx, &video, now)?;
    Ok(())
}

/// Three commits, by the functions that the program calls.
fn cycle(db: &Db, user: UserId, key: String, clock: &Clock) {
    let now = clock.now();
    db.write(move |tx| enqueue(tx, user, &key, now)).unwrap();
    let claims = clock.clone();
    let job = db.write(move |tx| jobs::claim(tx, &Step::ALL, LIMITS, LEASE, claims.now())).unwrap();
    // Whoever claims queued one before, so there is one for everybody, and it is due: the time is
    // that of the transaction.
    let job = job.unwrap();
    let now = clock.now();
    let ended = db.write(move |tx| jobs::end(tx, &job, &End::Done { file_id: None }, now));
    assert!(ended.unwrap().is_some(), "nobody else had it");
}

/// Our cycles in a fresh database.
pub(crate) fn ours(callers: usize, each: Duration) -> Turn {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::real();
    let (db, user) = fresh(folder.path(), &clock);
    in_turn(&db, user, callers, each)
}

/// Our cycles in a database that has seen others.
pub(crate) fn in_turn(db: &Db, user: UserId, callers: usize, each: Duration) -> Turn {
    let clock = Clock::real();
    let (commits, before) = (durable(db), done(db));
    let name = clock.now();
    let cycles = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    let (begun, synced) = (Instant::now(), syncs());
    std::thread::scope(|scope| {
        for caller in 0..callers {
            let (db, clock, cycles, over) = (db, &clock, &cycles, &over);
            scope.spawn(move || {
                for n in 0_u64.. {
                    cycle(db, user, format!("bench-{name}-{caller}-{n}"), clock);
                    cycles.fetch_add(1, Ordering::Relaxed);
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        passes(each);
        over.store(true, Ordering::Relaxed);
    });
    let took = begun.elapsed().as_secs_f64();
    let (cycles, synced) = (cycles.into_inner(), syncs() - synced);
    assert_eq!(done(db) - before, cycles, "each job ended once");
    let commits = commits.load(Ordering::Relaxed);
    assert!(synced >= commits, "{commits} commits, {synced} fsyncs");
    Turn { a_second: cycles as f64 / took, syncs: synced as f64 / cycles as f64 }
}

fn done(db: &Db) -> u64 {
    let sql = "SELECT COUNT(*) FROM jobs WHERE status = 'done'";
    db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?)).unwrap() as u64
}

/// Nobody sends anything.
fn passes(time: Duration) {
    let (_nobody, never) = std::sync::mpsc::channel::<()>();
    let _passed = never.recv_timeout(time);
}

const INSERT: &str = "INSERT INTO jobs (user_id, tg_user_id, order_id, ordinal, idempotency_key,
                  template_id, input_photo_path, product_info, priority, due_at, created_at)
     VALUES (:user, 7, NULL, 1, :key, 'ugc', :photo, :product, 0, :now, :now)";

const CLAIM: &str = "UPDATE jobs
     SET lease = lease + 1, leased_at = :now, due_at = :now + :lease, status = 'processing',
         started_at = COALESCE(started_at, :now), step_since = COALESCE(step_since, :now)
     WHERE id = (SELECT id
                 FROM jobs
                 WHERE status IN ('queued', 'processing')
                   AND step = 'script'
                   AND due_at <= :now
                 ORDER BY priority DESC, due_at
                 LIMIT 1)
     RETURNING id, lease, product_info, input_photo_path";

const END: &str = "UPDATE jobs
     SET status = 'done', finished_at = :now, leased_at = NULL
     WHERE id = :id
       AND lease = :lease
       AND status IN ('queued', 'processing')";

/// The same rows by one connection and one thread: one statement a commit, on the same schema,
/// with the same settings.
fn raw(each: Duration) -> Turn {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::real();
    let (db, user) = fresh(folder.path(), &clock);
    drop(db);
    let conn = Connection::open(folder.path().join(FILE_NAME)).unwrap();
    conn.set_prepared_statement_cache_capacity(64);
    for setting in neurocards::db::read_pragmas(&conn).unwrap() {
        if !["query_only", "journal_mode"].contains(&setting.name) {
            conn.pragma_update(None, setting.name, &setting.wanted).unwrap();
        }
    }
    for setting in neurocards::db::read_pragmas(&conn).unwrap() {
        assert!(setting.name == "query_only" || setting.found == setting.wanted, "{setting:?}");
    }
    let product = serde_json::json!({ "text": PRODUCT, "user_prompt": null }).to_string();
    let (begun, synced, mut cycles) = (Instant::now(), syncs(), 0_u64);
    while begun.elapsed() < each {
        let (key, now) = (format!("bench-{cycles}"), clock.now());
        commit(&conn, || {
            conn.prepare_cached(INSERT)?.execute(named_params! {
                ":user": user, ":key": key, ":photo": PHOTO, ":product": product, ":now": now,
            })
        });
        let now = clock.now();
        let (id, lease) = commit(&conn, || {
            let told = named_params! { ":now": now, ":lease": LEASE };
            conn.prepare_cached(CLAIM)?.query_row(told, |row| {
                let _words: (String, String) = (row.get(2)?, row.get(3)?);
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })
        });
        let now = clock.now();
        let ended = commit(&conn, || {
            let told = named_params! { ":now": now, ":id": id, ":lease": lease };
            conn.prepare_cached(END)?.execute(told)
        });
        assert_eq!(ended, 1);
        cycles += 1;
    }
    let (took, synced) = (begun.elapsed().as_secs_f64(), syncs() - synced);
    assert!(synced >= 3 * cycles, "{cycles} cycles, {synced} fsyncs");
    Turn { a_second: cycles as f64 / took, syncs: synced as f64 / cycles as f64 }
}

fn commit<T>(conn: &Connection, work: impl FnOnce() -> rusqlite::Result<T>) -> T {
    conn.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
    let done = work().unwrap();
    conn.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
    done
}

/// 4 KB more in a file, and on disk, a second: what the disk alone lets one do.
fn disk(each: Duration) -> f64 {
    use std::io::Write as _;
    let mut file = tempfile::tempfile().unwrap();
    let (begun, mut synced) = (Instant::now(), 0_u64);
    while begun.elapsed() < each {
        file.write_all(&[7; 4_096]).unwrap();
        file.sync_all().unwrap();
        synced += 1;
    }
    synced as f64 / begun.elapsed().as_secs_f64()
}

/// Turn by turn, so that a slower minute of the machine is everybody's.
pub(crate) fn measure(table: &mut Table, turns: Turns, with_peers: bool) {
    let peers = if with_peers { peers::built() } else { Vec::new() };
    let mut all: Vec<Round> = Vec::new();
    for turn in 0..turns.count {
        let round = Round {
            disk: disk(turns.each / 4),
            raw: raw(turns.each),
            ours: CALLERS.map(|callers| ours(callers, turns.each)),
            peers: peers
                .iter()
                .map(|peer| peers::CALLERS.map(|callers| peer.turn(callers, turns.each)))
                .collect(),
        };
        println!(
            "turn {}: raw {:.0}, ours {} cycles/s",
            turn + 1,
            round.raw.a_second,
            round.ours.iter().map(|it| format!("{:.0}", it.a_second)).collect::<Vec<_>>().join(" ")
        );
        all.push(round);
    }
    let middle = |of: &dyn Fn(&Round) -> f64| median(all.iter().map(of).collect());
    table.fact("disk: 4 KB more, and an fsync", middle(&|round| round.disk), "/s");
    table.fact("raw SQLite, 1 caller", middle(&|round| round.raw.a_second), "cycles/s");
    table.fact("raw SQLite, 1 caller", middle(&|round| round.raw.syncs), "fsyncs/cycle");
    for (at, callers) in CALLERS.into_iter().enumerate() {
        let what = format!("neurocards, {callers} callers");
        table.fact(&what, middle(&|round| round.ours[at].a_second), "cycles/s");
        table.fact(&what, middle(&|round| round.ours[at].syncs), "fsyncs/cycle");
    }
    let one = |round: &Round| round.ours[0].a_second;
    table.ratio(
        "one caller, to raw SQLite",
        middle(&|round| one(round) / round.raw.a_second),
        Goal::Least(0.9),
    );
    table.ratio(
        "64 callers, to one",
        middle(&|round| round.ours[3].a_second / one(round)),
        Goal::Least(8.0),
    );
    for (at, peer) in peers.iter().enumerate() {
        for (n, callers) in peers::CALLERS.into_iter().enumerate() {
            let what = format!("{}, {callers} callers", peer.name);
            table.fact(&what, middle(&|round| round.peers[at][n].a_second), "cycles/s");
            table.fact(&what, middle(&|round| round.peers[at][n].syncs), "fsyncs/cycle");
            let same = CALLERS.iter().position(|it| *it == callers).unwrap();
            table.ratio(
                &format!("neurocards to {}, {callers} callers", peer.name),
                middle(&|round| round.ours[same].a_second / round.peers[at][n].a_second),
                Goal::Least(1.0),
            );
        }
    }
}

struct Round {
    disk: f64,
    raw: Turn,
    ours: [Turn; 4],
    peers: Vec<[Turn; 2]>,
}
