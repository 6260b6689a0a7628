//! The claim beside many finished jobs.

use std::time::{Duration, Instant};

use neurocards::clock::{Clock, HOUR, Millis};
use neurocards::db::{Db, Tx, UserId};
use neurocards::jobs::{self, Step};
use rusqlite::named_params;

use crate::cycles::{LEASE, LIMITS, Turns, enqueue, fresh, in_turn};
use crate::table::{Goal, Table, median};

/// Rows a commit while a database is filled.
const BATCH: i64 = 50_000;
/// Jobs that wait meanwhile.
const WAITING: i64 = 1_000;
/// Claims in one look at the clock.
const CLAIMS: u32 = 200;

struct Place {
    finished: i64,
    db: Db,
    user: UserId,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new(finished: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::real();
        let (db, user) = fresh(folder.path(), &clock);
        // The indexes are written all over.
        db.write(|tx| Ok(tx.pragma_update(None, "cache_size", -(256 << 10))?)).unwrap();
        let now = clock.now();
        for from in (0..finished).step_by(BATCH as usize) {
            db.write(move |tx| history(tx, user, from..finished.min(from + BATCH), now)).unwrap();
        }
        db.write(move |tx| {
            tx.pragma_update(None, "cache_size", -2_000)?;
            (0..WAITING).try_for_each(|n| enqueue(tx, user, &format!("waits-{n}"), now))
        })
        .unwrap();
        Self { finished, db, user, _folder: folder }
    }

    /// Microseconds, without the commit.
    fn claim(&self) -> f64 {
        let now = Clock::real().now();
        let took = self.db.write(move |tx| {
            let mut took = Duration::ZERO;
            for _ in 0..CLAIMS {
                let begun = Instant::now();
                let job = jobs::claim(tx, &Step::ALL, LIMITS, LEASE, now)?;
                took += begun.elapsed();
                jobs::let_go(tx, &job.unwrap(), now)?;
            }
            Ok(took)
        });
        took.unwrap().as_secs_f64() / f64::from(CLAIMS) * 1e6
    }
}

/// Jobs that ended at one time or another of the last two months.
fn history(
    tx: &Tx<'_>,
    user: UserId,
    numbers: std::ops::Range<i64>,
    now: Millis,
) -> anyhow::Result<()> {
    tx.execute(
        "WITH RECURSIVE n (value) AS (
             SELECT :from
             UNION ALL
             SELECT value + 1 FROM n WHERE value + 1 < :to)
         INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, status, step, lease, step_since, attempts, model, api_key,
                           prompt, kie_task_id, video_path, tg_file_id, created_at, started_at,
                           finished_at)
         SELECT :user, 7, 'history-' || value, 'ugc', 'photo-' || value || '.jpg',
                '{\"text\": \"Термокружка, 450 мл, не проливается\"}', 'done', 'deliver', 6,
                :now - (value % 1440) * :hour, 1, 'bytedance/seedance-2-mini', 'ab12cd34',
                'A hand turns the mug on a wooden table, steam rises, warm light',
                'task-' || value, value || '.mp4', 'file-' || value,
                :now - (value % 1440) * :hour, :now - (value % 1440) * :hour,
                :now - (value % 1440) * :hour
         FROM n",
        named_params! {
            ":user": user, ":now": now, ":hour": HOUR, ":from": numbers.start, ":to": numbers.end,
        },
    )?;
    Ok(())
}

pub(crate) fn measure(table: &mut Table, turns: Turns, finished: [i64; 3]) {
    let places = finished.map(Place::new);
    for place in &places {
        place.claim();
    }
    let rounds: Vec<[f64; 3]> =
        (0..turns.count * 5).map(|_| places.each_ref().map(Place::claim)).collect();
    let middle = |of: &dyn Fn(&[f64; 3]) -> f64| median(rounds.iter().map(of).collect());
    for (at, place) in places.iter().enumerate() {
        let what = format!("claim, {} jobs finished", place.finished);
        table.fact(&what, middle(&|round| round[at]), "µs");
    }
    for (at, place) in places.iter().enumerate().skip(1) {
        let what = format!("claim, {} jobs finished to none", place.finished);
        table.ratio(&what, middle(&|round| round[at] / round[0]), Goal::Under(1.2));
    }
    for place in &places {
        let turn = in_turn(&place.db, place.user, 64, turns.each);
        let what = format!("64 callers, {} jobs finished", place.finished);
        table.fact(&what, turn.a_second, "cycles/s");
    }
}
