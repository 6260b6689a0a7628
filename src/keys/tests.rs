use super::*;
use crate::clock::DAY;
use crate::db::{Db, tests::fresh};
use proptest::prelude::*;

mod rows;

fn key(name: &str, running: i64, used_at: Millis) -> Health {
    Health { fingerprint: name.into(), blocked: None, running, used_at }
}

fn blocked(name: &str, why: Block, until: Millis) -> Health {
    Health { blocked: Some((why, until)), ..key(name, 0, 0) }
}

#[test]
fn the_fewest_running_tasks_win_and_ties_take_turns() {
    let keys = [key("a", 2, 0), key("b", 1, 9), key("c", 1, 5)];
    assert_eq!(pick(&keys, &[], false, 10), Pick::Key("c".into()));
    assert_eq!(pick(&keys, &["c".into()], false, 10), Pick::Key("b".into()));
}

#[test]
fn a_block_ends_with_its_time() {
    let keys = [blocked("a", Block::Billing, 100)];
    assert_eq!(pick(&keys, &[], false, 99), Pick::None);
    assert_eq!(pick(&keys, &[], true, 99), Pick::None);
    assert_eq!(pick(&keys, &[], false, 100), Pick::Key("a".into()));
}

#[test]
fn limited_keys_are_tried_only_when_there_is_no_other_way() {
    let keys = [
        blocked("a", Block::RateLimit, 300),
        blocked("b", Block::RateLimit, 200),
        blocked("c", Block::Billing, 100),
    ];
    assert_eq!(pick(&keys, &[], false, 50), Pick::AllLimited(200));
    assert_eq!(pick(&keys, &[], true, 50), Pick::Key("b".into()));
    let with_free = [&keys[..], &[key("d", 50, 50)]].concat();
    assert_eq!(pick(&with_free, &[], true, 50), Pick::Key("d".into()));
}

fn limits(creates_per_10s: i64, in_flight: i64) -> Limits {
    Limits { creates_per_10s, in_flight, video_credits: 0.0 }
}

fn configured() -> (tempfile::TempDir, Db) {
    let (folder, db) = fresh();
    db.write(|tx| configure(tx, &["a".to_owned(), "b".to_owned()])).unwrap();
    (folder, db)
}

fn blocks(conn: &Connection) -> Vec<Option<(Block, Millis)>> {
    all(conn).unwrap().into_iter().map(|key| key.blocked).collect()
}

#[test]
fn a_restart_keeps_the_health_of_the_keys_that_stay() {
    let (_folder, db) = configured();
    db.write(|tx| {
        assert!(block(tx, "a", Block::Billing, "no money", 500, 5)?);
        assert!(!block(tx, "a", Block::Billing, "no money", 600, 5)?);
        configure(tx, &["c".to_owned(), "a".to_owned()])?;
        let keys = all(tx)?;
        let names: Vec<_> = keys.iter().map(|key| key.fingerprint.as_str()).collect();
        assert_eq!(names, ["c", "a"], "in the configuration's order, without the one that left");
        assert_eq!(blocks(tx), [None, Some((Block::Billing, 600))]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn money_ends_only_a_block_for_want_of_it() {
    let (_folder, db) = configured();
    db.write(|tx| {
        block(tx, "a", Block::Billing, "no money", 500, 5)?;
        block(tx, "b", Block::RateLimit, "too many", 500, 5)?;
        let then = 5 + 5 * MINUTE;
        for (credits, now) in [(9.0, then - 1), (0.0, then), (-1.0, then)] {
            assert!(!balance(tx, "a", credits, 0.0, now)?, "{credits} at {now}");
        }
        assert!(!balance(tx, "b", 9.0, 0.0, then)? && !balance(tx, "nobody", 9.0, 0.0, then)?);
        assert!(!served(tx, "a", 4, 6)? && !served(tx, "b", 4, 6)?, "asked before the block");
        let both = [Block::Billing, Block::RateLimit].map(|why| Some((why, 500)));
        assert_eq!(blocks(tx), both);
        assert!(balance(tx, "a", 0.5, 0.0, then)?);
        assert!(!balance(tx, "a", 0.5, 0.0, then)?, "told once");
        assert!(!served(tx, "b", 5, 6)?, "a limit is no alert");
        assert_eq!(blocks(tx), [None, None]);
        assert!(!unblock(tx, "b")?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_worse_block_stands() {
    let (_folder, db) = configured();
    db.write(|tx| {
        block(tx, "a", Block::RateLimit, "too many", 100, 5)?;
        block(tx, "a", Block::Billing, "no money", 90, 5)?;
        assert_eq!(blocks(tx)[0], Some((Block::Billing, 90)));
        block(tx, "a", Block::RateLimit, "too many", 80, 5)?;
        assert_eq!(blocks(tx)[0], Some((Block::Billing, 90)));
        block(tx, "a", Block::RateLimit, "too many", 200, 5)?;
        assert_eq!(blocks(tx)[0], Some((Block::RateLimit, 200)), "it had ended long before");
        block(tx, "a", Block::Operator, "by hand", 50, 5)?;
        block(tx, "a", Block::Billing, "no money", 500, 5)?;
        assert_eq!(blocks(tx)[0], Some((Block::Operator, 50)));
        block(tx, "a", Block::Operator, "by hand", 60, 5)?;
        assert_eq!(blocks(tx)[0], Some((Block::Operator, 60)), "they may say otherwise");
        block(tx, "a", Block::Billing, "no money", 500, 60)?;
        assert_eq!(blocks(tx)[0], Some((Block::Billing, 500)), "they said until then");
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_runs_and_what_is_being_sent_fills_a_key() {
    let (_folder, db) = configured();
    db.write(|tx| {
        tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (7);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, status, step, api_key,
                               kie_task_id)
             VALUES (1, 7, 'x', 'ugc', 'a', '{}', 'processing', 'render', 'a', 't'),
                    (1, 7, 'y', 'ugc', 'a', '{}', 'processing', 'fetch', 'a', 't2');",
        )?;
        let full = |in_flight| room(tx, "a", limits(9, in_flight), 0, 13_000).unwrap();
        assert_eq!(full(2), Room::Free, "one task runs: the other is only fetched");
        assert_eq!(full(1), Room::Later);
        assert_eq!(room(tx, "a", limits(9, 3), 2, 13_000)?, Room::Later, "claimed is as sent");
        let sending = "INSERT INTO submits (job_id, api_key, model, at) VALUES (2, 'a', 'm', 1)";
        tx.execute(sending, [])?;
        assert_eq!(full(2), Room::Later, "what is being sent counts");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_call_is_in_the_window_until_ten_seconds_after_its_answer() {
    let (_folder, db) = crate::db::tests::fresh();
    let full_until = |tx: &Tx<'_>, key, now| room(tx, key, limits(2, 100), 0, now);
    sql_of_a_job(&db);
    db.write(move |tx| {
        let call = |at: Millis, ended_at: Option<Millis>, outcome: &str| {
            tx.execute(
                "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
                 VALUES (1, 'a', 'm', ?1, ?2, ?3)",
                (at, ended_at, outcome),
            )
        };
        call(1_000, Some(1_100), "unsent")?;
        call(1_000, Some(4_000), "refused")?;
        assert_eq!(full_until(tx, "a", 5_000)?, Room::Free, "one of two");
        call(5_000, Some(5_500), "lost")?;
        assert_eq!(full_until(tx, "a", 6_000)?, Room::From(14_000));
        assert_eq!(full_until(tx, "b", 6_000)?, Room::Free, "another account");
        call(6_000, None, "sending")?;
        assert_eq!(full_until(tx, "a", 6_000)?, Room::From(15_500));
        assert_eq!(full_until(tx, "a", 14_000)?, Room::From(15_500));
        assert_eq!(full_until(tx, "a", 15_500)?, Room::Free);
        call(15_500, None, "sending")?;
        assert_eq!(full_until(tx, "a", 15_600)?, Room::Later);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_key_is_asked_about_until_there_is_an_answer_and_its_balances_are_kept_for_a_while() {
    let (_folder, db) = configured();
    db.write(|tx| {
        assert!(asked(tx)?.is_empty() && !ask_balance(tx, "nobody")?);
        assert!(ask_balance(tx, "a")? && ask_balance(tx, "b")?);
        assert_eq!(asked(tx)?, ["a", "b"]);
        let error = |tx: &Tx<'_>| {
            let sql = "SELECT balance_error FROM api_keys WHERE fingerprint = 'b'";
            tx.query_row(sql, [], |row| row.get::<_, Option<String>>(0))
        };
        no_balance(tx, "b", "HTTP 500")?;
        assert_eq!((asked(tx)?, error(tx)?), (vec!["a".to_owned()], Some("HTTP 500".to_owned())));
        balance(tx, "b", 5.0, 0.0, 1)?;
        assert_eq!(error(tx)?, None);
        for minute in 1..=25 {
            balance(tx, "a", minute as f64 / 5.0, 0.0, minute * MINUTE)?;
        }
        assert!(asked(tx)?.is_empty());
        // Of "b" one and of "a" one each five minutes: at 1, 6, 11, 16 and 21.
        let prune = |limit| prune_balances(tx, 21 * MINUTE, limit);
        assert_eq!((prune(3)?, prune(3)?), (3, 2));
        let left: f64 = tx.query_row("SELECT balance FROM balances", [], |row| row.get(0))?;
        assert!((left - 4.2).abs() < 0.1, "{left}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_balance_is_believed_later_each_time_the_key_is_refused_in_spite_of_it() {
    let (_folder, db) = configured();
    db.write(|tx| {
        let mut now = 0;
        for minutes in [5, 10, 20, 40, 80] {
            block(tx, "a", Block::Billing, "not accepted", now + DAY, now)?;
            block(tx, "a", Block::Billing, "not accepted", now + DAY, now)?;
            assert!(!balance(tx, "a", 500.0, 80.0, now + minutes * MINUTE - 1)?, "{minutes}");
            now += minutes * MINUTE;
            assert!(balance(tx, "a", 500.0, 80.0, now)?, "after {minutes} minutes");
        }
        served(tx, "a", now, now)?;
        block(tx, "a", Block::Billing, "no money", now + DAY, now)?;
        assert!(balance(tx, "a", 500.0, 80.0, now + 5 * MINUTE)?, "it served meanwhile");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_key_that_was_without_money_for_days_serves_as_soon_as_there_is_some() {
    let (_folder, db) = configured();
    db.write(|tx| {
        for day in 1..=10 {
            block(tx, "a", Block::Billing, "no money", (day + 1) * DAY, day * DAY)?;
            assert!(!balance(tx, "a", 79.0, 80.0, day * DAY + 1)?, "that pays for no video");
        }
        assert!(balance(tx, "a", 500.0, 80.0, 10 * DAY + 2)?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_key_pays_that_is_in_service_and_not_known_to_have_nothing() {
    let (_folder, db) = configured();
    db.write(|tx| {
        balance(tx, "a", 5.0, 80.0, 1)?;
        assert!(any_pays(tx, 80.0, 1)?, "of the other nothing is known");
        balance(tx, "b", 100.0, 80.0, 1)?;
        block(tx, "b", Block::RateLimit, "too many", 50, 1)?;
        assert!(any_pays(tx, 80.0, 1)?, "it will");
        block(tx, "b", Block::Billing, "no money", 50, 1)?;
        assert!(!any_pays(tx, 80.0, 49)? && any_sells(tx, 49)? && any_pays(tx, 80.0, 50)?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_balance_of_long_ago_keeps_no_key_in_doubt() {
    let (_folder, db) = configured();
    sql_of_a_job(&db);
    db.write(|tx| {
        let limits = Limits { video_credits: 80.0, ..limits(9, 9) };
        let doubt = |now| in_doubt(tx, "a", limits, now);
        balance(tx, "a", 200.0, 80.0, DAY)?;
        served(tx, "a", DAY, DAY + MINUTE)?;
        assert!(!doubt(DAY + MINUTE)?, "it pays for two");
        tx.execute(
            "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
             SELECT 1, 'a', 'm', ?1, ?1, 'accepted', value FROM json_each('[1, 2]')",
            [DAY + MINUTE],
        )?;
        assert!(doubt(DAY + MINUTE)?, "these were the two");
        served(tx, "a", DAY, DAY + 30 * MINUTE)?;
        assert!(doubt(DAY + 30 * MINUTE)? && !doubt(DAY + 30 * MINUTE + 1)?);
        Ok(())
    })
    .unwrap();
}

/// What a run of calls does next.
#[derive(Clone, Debug)]
enum Turn {
    /// Asks for a place, and takes it.
    Call,
    /// One of those under way ends.
    End(usize, &'static str),
    /// So much later.
    Wait(Millis),
}

fn turn() -> impl Strategy<Value = Turn> {
    let outcome = prop::sample::select(vec!["accepted", "refused", "lost", "unsent"]);
    prop_oneof![
        5 => Just(Turn::Call),
        4 => (0..8usize, outcome).prop_map(|(which, outcome)| Turn::End(which, outcome)),
        3 => (0..6_000i64).prop_map(Turn::Wait),
        1 => prop::sample::select(vec![9_999, 10_000, 10_001]).prop_map(Turn::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    /// The provider counts a call at some moment between its first byte and its answer. At none of
    /// these moments may more than the limit have come within ten seconds.
    #[test]
    fn whenever_the_provider_counts_no_ten_seconds_hold_too_many(
        turns in prop::collection::vec(turn(), 1..70),
        most in 1..4i64,
    ) {
        let (_folder, db) = configured();
        sql_of_a_job(&db);
        let calls = db.write(move |tx| {
            let mut now = 1_000_000;
            let mut calls: Vec<(i64, Millis, Millis)> = Vec::new();
            for turn in &turns {
                match turn {
                    Turn::Wait(ms) => now += ms,
                    Turn::End(which, outcome) => {
                        let open: Vec<_> =
                            (0..calls.len()).filter(|at| calls[*at].2 == Millis::MAX).collect();
                        let Some(at) = open.get(which % open.len().max(1)) else { continue };
                        let task = (*outcome == "accepted").then_some("t");
                        let sql = "UPDATE submits
                                   SET outcome = ?2, task_id = ?3, ended_at = ?4
                                   WHERE id = ?1";
                        tx.execute(sql, (calls[*at].0, outcome, task, now))?;
                        match *outcome {
                            "unsent" => drop(calls.remove(*at)),
                            _ => calls[*at].2 = now,
                        }
                    }
                    Turn::Call => match room(tx, "a", limits(most, 1_000), 0, now)? {
                        Room::Free => {
                            let sql = "INSERT INTO submits (job_id, api_key, model, at)
                                       VALUES (1, 'a', 'm', ?1)";
                            tx.execute(sql, [now])?;
                            calls.push((tx.last_insert_rowid(), now, Millis::MAX));
                        }
                        Room::From(at) => {
                            let then = |at| room(tx, "a", limits(most, 1_000), 0, at);
                            assert!(at > now && then(at - 1)? == Room::From(at));
                            assert_eq!(then(at)?, Room::Free, "no longer than needed");
                        }
                        Room::Later => {
                            let open = calls.iter().filter(|call| call.2 == Millis::MAX).count();
                            assert_eq!(open as i64, most, "only calls under way hold it up");
                        }
                    },
                }
            }
            Ok(calls)
        }).unwrap();
        // The fullest ten seconds begin with a moment at which a call may be counted last.
        for from in calls.iter().flat_map(|call| [call.1, call.2.min(i64::MAX / 2)]) {
            let within = calls.iter().filter(|(_, at, end)| *at < from + 10_000 && *end >= from);
            prop_assert!(within.count() as i64 <= most, "{calls:?} from {from}");
        }
    }
}

fn sql_of_a_job(db: &Db) {
    db.write(|tx| {
        Ok(tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (7);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             VALUES (1, 7, 'one', 'self', 'a.jpg', '{}');",
        )?)
    })
    .unwrap();
}

#[test]
fn what_a_key_has_to_do_is_counted_without_a_look_at_the_others() {
    let (_folder, db) = fresh();
    let plan: Vec<String> = db
        .read(|conn| {
            let mut query = conn.prepare(&format!("EXPLAIN QUERY PLAN {ALL}"))?;
            let rows = query.query_map([], |row| row.get(3))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("INDEX jobs_running (api_key=?"), "{plan}");
    assert!(plan.contains("INDEX jobs_submits (<expr>=?)"), "{plan}");
}
