use super::*;
use crate::db::{Db, tests::fresh};

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
        for credits in [0.0, -1.0] {
            assert!(!balance(tx, "a", credits, 0.0, 5)?);
        }
        assert!(!balance(tx, "b", 9.0, 0.0, 5)? && !balance(tx, "nobody", 9.0, 0.0, 5)?);
        unblock_limited(tx, "a")?;
        let both = [Block::Billing, Block::RateLimit].map(|why| Some((why, 500)));
        assert_eq!(blocks(tx), both);
        assert!(balance(tx, "a", 0.5, 0.0, 5)?);
        assert!(!balance(tx, "a", 0.5, 0.0, 5)?, "told once");
        unblock_limited(tx, "b")?;
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
        let full = |in_flight| {
            full_until(tx, "a", Limits { creates_per_10s: 9, in_flight }, 13_000).unwrap()
        };
        assert_eq!(full(2), None, "one task runs: the other is only fetched");
        assert_eq!(full(1), Some(18_000));
        let sending = "INSERT INTO submits (job_id, api_key, model, at) VALUES (2, 'a', 'm', 1)";
        tx.execute(sending, [])?;
        assert_eq!(full(2), Some(18_000), "what is being sent counts");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_call_is_in_the_window_until_ten_seconds_after_its_answer() {
    let (_folder, db) = crate::db::tests::fresh();
    let limits = Limits { creates_per_10s: 2, in_flight: 100 };
    db.write(move |tx| {
        tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (7);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             VALUES (1, 7, 'one', 'self', 'a.jpg', '{}');",
        )?;
        let call = |at: Millis, ended_at: Option<Millis>, outcome: &str| {
            tx.execute(
                "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
                 VALUES (1, 'a', 'm', ?1, ?2, ?3)",
                (at, ended_at, outcome),
            )
        };
        call(1_000, Some(1_100), "unsent")?;
        call(1_000, Some(4_000), "refused")?;
        assert_eq!(full_until(tx, "a", limits, 5_000)?, None, "one of two");
        call(5_000, Some(5_500), "lost")?;
        assert_eq!(full_until(tx, "a", limits, 6_000)?, Some(14_000));
        assert_eq!(full_until(tx, "b", limits, 6_000)?, None, "another account");
        call(6_000, None, "sending")?;
        assert_eq!(full_until(tx, "a", limits, 6_000)?, Some(15_500));
        assert_eq!(full_until(tx, "a", limits, 14_000)?, Some(15_500));
        assert_eq!(full_until(tx, "a", limits, 15_500)?, None);
        call(15_500, None, "sending")?;
        assert_eq!(full_until(tx, "a", limits, 15_600)?, Some(16_600), "ask again");
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
        for at in 1..=5 {
            balance(tx, "a", at as f64, 0.0, at)?;
        }
        assert!(asked(tx)?.is_empty());
        assert_eq!((prune_balances(tx, 5, 3)?, prune_balances(tx, 5, 3)?), (3, 2));
        let left: f64 = tx.query_row("SELECT balance FROM balances", [], |row| row.get(0))?;
        assert!((left - 5.0).abs() < 0.1, "{left}");
        Ok(())
    })
    .unwrap();
}
