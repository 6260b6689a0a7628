//! A task that is paid is kept, whoever holds its job when the answer gets to disk.

use super::*;
use crate::db::tests::changes;

/// The job's submit is under way when somebody else claims it, since the disk took no word for longer
/// than the lease; `between` happens before the accepted task gets to disk. The job then.
fn accepted_late(
    between: impl FnOnce(&Tx<'_>, &Job) -> Result<()> + Send + 'static,
) -> (tempfile::TempDir, Db, Option<Job>) {
    let (folder, db) = world();
    sql(&db, "INSERT INTO api_keys (fingerprint, position, configured) VALUES ('k', 1, 1)");
    queue(&db, "one", 0, NOW);
    sql(&db, "UPDATE jobs SET step = 'submit', api_key = 'k', model = 'm', input_url = 'u'");
    let job = take(&db, NOW).unwrap();
    let sender = job.clone();
    db.write(move |tx| {
        assert_eq!(reserve(tx, &job, "k", "m", LIMITS, NOW)?, Reserved::Go(1));
        Ok(())
    })
    .unwrap();
    let holder = take(&db, NOW + LEASE).unwrap();
    let job = db.write(move |tx| {
        between(tx, &holder)?;
        let job = accepted(tx, &sender, 1, "t1", NOW + HOUR, NOW + LEASE + 9)?;
        assert!(!is_held(tx, &holder)?, "nobody asks again");
        assert_eq!(reserve(tx, &holder, "k", "m", LIMITS, NOW + HOUR)?, Reserved::Gone);
        Ok(job)
    });
    (folder, db, job.unwrap())
}

/// The holder counts the submit as lost and begins a new round.
fn counts_as_lost(tx: &Tx<'_>, holder: &Job) -> Result<()> {
    assert_eq!(reserve(tx, holder, "k", "m", LIMITS, NOW + LEASE)?, Reserved::Lost);
    let retry = Retry {
        step: Step::Upload,
        at: NOW + HOUR,
        attempt: true,
        tried: true,
        unreached: false,
        refused: &[],
        error: "lost",
    };
    assert!(again(tx, holder, &retry, NOW + LEASE)?);
    tx.execute("UPDATE jobs SET api_key = 'other', model = 'other'", [])?;
    Ok(())
}

#[test]
fn an_accepted_task_is_kept_though_somebody_else_has_claimed_its_job_since() {
    let ways: [fn(&Tx<'_>, &Job) -> Result<()>; 3] = [
        |_, _| Ok(()),
        |tx, holder| {
            assert_eq!(reserve(tx, holder, "k", "m", LIMITS, NOW + LEASE)?, Reserved::Lost);
            Ok(())
        },
        counts_as_lost,
    ];
    for between in ways {
        let (_folder, db, job) = accepted_late(between);
        let job = job.unwrap();
        assert_eq!((job.step, job.task.as_deref()), (Step::Render, Some("t1")));
        assert_eq!((job.key.as_deref(), job.model.as_deref()), (Some("k"), Some("m")));
        assert_eq!((job.attempts, job.strikes), (1, 0), "one task is one attempt");
        assert_eq!(number(&db, "SELECT COUNT(*) FROM submits WHERE outcome = 'accepted'"), 1);
        assert_eq!(take(&db, NOW + LEASE + 9), None);
        db.write(move |tx| {
            assert!(is_held(tx, &job)?, "what is watched may move it");
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn an_accepted_task_of_a_job_that_has_ended_or_has_another_is_not_its_own() {
    let (_folder, db, job) =
        accepted_late(|tx, holder| end(tx, holder, &End::Canceled, NOW).map(drop));
    assert_eq!(job, None);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM submits WHERE task_id = 't1'"), 1);
    let (_folder, db, job) = accepted_late(|tx, holder| {
        counts_as_lost(tx, holder)?;
        tx.execute("UPDATE jobs SET step = 'render', kie_task_id = 't2', lease = 9", [])?;
        Ok(())
    });
    assert_eq!(job, None);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jobs WHERE kie_task_id = 't2'"), 1);
}

/// Two jobs at `submit` with an open call each; the first was claimed again since.
fn two_open_calls() -> (tempfile::TempDir, Db, Job) {
    let (folder, db) = world();
    let _ = ["one", "two"].map(|key| queue(&db, key, 0, NOW));
    sql(
        &db,
        "UPDATE jobs
         SET step = 'submit', status = 'processing', api_key = 'k', model = 'm', lease = 8 - id,
             leased_at = 80, attempts = 3, step_since = 70;
         INSERT INTO submits (job_id, api_key, model, at)
         VALUES (1, 'k', 'm', 1), (2, 'k', 'm', 1);
         INSERT INTO submits (job_id, api_key, model, at, outcome, ended_at)
         VALUES (1, 'k', 'm', 1, 'refused', 2);",
    );
    let job = db.read(|conn| get(conn, JobId(1))).unwrap().unwrap();
    (folder, db, Job { lease: 6, attempts: 2, ..job })
}

#[test]
fn who_no_longer_holds_a_job_loses_no_call_of_whoever_does() {
    let (_folder, db, stale) = two_open_calls();
    assert_eq!(number(&db, "SELECT lease FROM jobs WHERE id = 2"), stale.lease);
    assert!(!db.write(move |tx| lose_open(tx, &stale, 100)).unwrap());
    assert_eq!(number(&db, "SELECT COUNT(*) FROM submits WHERE outcome = 'sending'"), 2);
}

#[test]
fn an_accepted_task_settles_its_own_call_and_moves_its_own_job() {
    let (_folder, db, stale) = two_open_calls();
    let mut changed = changes(&db, &["jobs", "submits"], move |tx| {
        assert!(accepted(tx, &stale, 1, "t1", 900, 100)?.is_some());
        assert_eq!(accepted(tx, &stale, 3, "t3", 900, 100)?, None, "it has a task");
        Ok(())
    });
    changed.sort();
    let expected = [
        "jobs 1 due_at: 10000 -> 900",
        "jobs 1 kie_task_id: NULL -> t1",
        "jobs 1 lease: 7 -> 8",
        "jobs 1 leased_at: 80 -> NULL",
        "jobs 1 step: submit -> render",
        "jobs 1 step_since: 70 -> 100",
        "jobs 1 submitted_at: NULL -> 100",
        "submits 1 ended_at: NULL -> 100",
        "submits 1 outcome: sending -> accepted",
        "submits 1 task_id: NULL -> t1",
    ];
    assert_eq!(changed, expected, "three attempts, and this was the third");
}

#[test]
fn a_job_that_went_back_or_waits_for_another_task_takes_no_late_one() {
    for elsewhere in ["SET step = 'script'", "SET kie_task_id = 't2'"] {
        let (_folder, db, stale) = two_open_calls();
        let place = format!("UPDATE jobs {elsewhere} WHERE id = 1");
        db.write(move |tx| Ok(tx.execute_batch(&place)?)).unwrap();
        let job = changes(&db, &["jobs"], move |tx| {
            assert_eq!(accepted(tx, &stale, 1, "t1", 900, 100)?, None);
            Ok(())
        });
        assert_eq!(job, [""; 0], "{elsewhere}");
    }
}
