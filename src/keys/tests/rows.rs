//! What is written of a key, and of no other; what is read where several could be meant.

use super::*;
use crate::db::tests::changes;

const TABLES: [&str; 1] = ["api_keys"];

#[track_caller]
fn does(db: &Db, act: impl FnOnce(&Tx<'_>) -> Result<()> + Send + 'static, expected: &[&str]) {
    assert_eq!(changes(db, &TABLES, act), expected);
}

/// Three keys, all blocked but the last, which left the configuration.
fn blocked_keys() -> (tempfile::TempDir, Db) {
    let (folder, db) = configured();
    db.write(|tx| {
        configure(tx, &["c".to_owned(), "b".to_owned(), "a".to_owned()])?;
        configure(tx, &["a".to_owned(), "b".to_owned()])?;
        block(tx, "a", Block::Billing, "no money", 500, 5)?;
        block(tx, "b", Block::RateLimit, "too many", 500, 5)?;
        block(tx, "c", Block::Billing, "no money", 500, 5).map(drop)
    })
    .unwrap();
    (folder, db)
}

#[test]
fn what_was_asked_in_this_round_and_is_free_serves_the_next() {
    let asked = ["a".to_owned()];
    for ended in [Block::Billing, Block::Operator, Block::RateLimit] {
        let keys = [blocked("a", ended, 100)];
        assert_eq!(pick(&keys, &asked, false, 100), Pick::AllLimited(100), "{ended:?}");
        assert_eq!(pick(&keys, &asked, true, 100), Pick::Key("a".into()), "{ended:?}");
    }
    let limited = [blocked("a", Block::RateLimit, 100)];
    assert_eq!(pick(&limited, &asked, false, 99), Pick::AllLimited(100));
    assert_eq!(pick(&[blocked("a", Block::Operator, 101)], &asked, true, 100), Pick::None);
    assert_eq!(pick(&[key("a", 0, 0)], &asked, false, 7), Pick::AllLimited(7));
    assert_eq!(pick(&[], &[], true, 7), Pick::None);
}

#[test]
fn a_block_has_its_word_back_and_forth() {
    for why in [Block::Billing, Block::RateLimit, Block::Operator] {
        assert_eq!(Block::of(why.word()), why);
    }
}

#[test]
fn keys_come_in_the_order_of_the_configuration_with_what_they_do() {
    let (_folder, db) = configured();
    let positions = changes(&db, &TABLES, |tx| {
        configure(tx, &["b".to_owned(), "c".to_owned()])?;
        used(tx, "c", 77)
    });
    assert_eq!(
        positions,
        [
            "api_keys 1 configured: 1 -> 0",
            "api_keys 2 position: 2 -> 1",
            "api_keys 3: new, fingerprint c, position 2, configured 1, used_at 77, ask_balance 0",
        ]
    );
    db.write(|tx| {
        tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (7);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, status, step, api_key,
                               kie_task_id, finished_at)
             VALUES (1, 7, '1', 'ugc', 'a', '{}', 'processing', 'render', 'c', 't', NULL),
                    (1, 7, '2', 'ugc', 'a', '{}', 'queued', 'render', 'c', 't', NULL),
                    (1, 7, '3', 'ugc', 'a', '{}', 'processing', 'fetch', 'c', 't', NULL),
                    (1, 7, '4', 'ugc', 'a', '{}', 'processing', 'render', 'c', NULL, NULL),
                    (1, 7, '5', 'ugc', 'a', '{}', 'failed', 'render', 'c', 't', 5),
                    (1, 7, '6', 'ugc', 'a', '{}', 'processing', 'render', 'x', 't', NULL);",
        )?;
        assert_eq!(all(tx)?, [key("b", 0, 0), key("c", 2, 77)]);
        let limits = |in_flight| Limits { creates_per_10s: 9, in_flight };
        assert_eq!(full_until(tx, "c", limits(3), 1_000)?, None);
        assert_eq!(full_until(tx, "c", limits(2), 1_000)?, Some(6_000));
        Ok(())
    })
    .unwrap();
}

#[test]
fn only_what_leaves_is_in_the_window_and_only_of_its_account() {
    let (_folder, db) = configured();
    db.write(|tx| {
        tx.execute_batch(
            "INSERT INTO users (tg_user_id) VALUES (7);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             VALUES (1, 7, 'one', 'self', 'a.jpg', '{}');
             INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
             VALUES (1, 'b', 'm', 1, NULL, 'sending'), (1, 'b', 'm', 1, 19999, 'lost'),
                    (1, 'a', 'm', 1, 19999, 'unsent'), (1, 'a', 'm', 1, 10000, 'lost');",
        )?;
        let one = Limits { creates_per_10s: 1, in_flight: 1 };
        assert_eq!(full_until(tx, "a", one, 20_000)?, None, "ten seconds ago to the millisecond");
        assert_eq!(full_until(tx, "a", one, 19_999)?, Some(20_000));
        let wide = Limits { creates_per_10s: 9, in_flight: 1 };
        assert_eq!(full_until(tx, "a", wide, 20_000)?, None, "nothing of its own is under way");
        assert_eq!(full_until(tx, "b", wide, 20_000)?, Some(25_000));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_block_is_written_to_its_key_alone_and_taken_off_whole() {
    let (_folder, db) = blocked_keys();
    does(
        &db,
        |tx| {
            assert!(block(tx, "b", Block::Billing, "empty", 600, 5)?, "limited is not that");
            assert!(!block(tx, "b", Block::Billing, "empty", 600, 5)?, "known");
            assert!(!block(tx, "nobody", Block::Billing, "empty", 600, 5)?);
            Ok(())
        },
        &[
            "api_keys 2 blocked_class: rate_limit -> billing",
            "api_keys 2 blocked_until: 500 -> 600",
            "api_keys 2 blocked_why: too many -> empty",
        ],
    );
    let gone = |key: usize, class: &str, until: i64, why: &str| {
        [
            format!("api_keys {key} blocked_class: {class} -> NULL"),
            format!("api_keys {key} blocked_until: {until} -> NULL"),
            format!("api_keys {key} blocked_why: {why} -> NULL"),
        ]
    };
    let limited = changes(&db, &TABLES, |tx| {
        unblock_limited(tx, "a")?;
        block(tx, "b", Block::RateLimit, "much", 700, 5).map(drop)
    });
    assert_eq!(limited.len(), 3, "a longer limit takes its place: {limited:?}");
    let freed = changes(&db, &TABLES, |tx| unblock_limited(tx, "b"));
    assert_eq!(freed, gone(2, "rate_limit", 700, "much"));
    let freed = changes(&db, &TABLES, |tx| {
        assert!(unblock(tx, "a")? && !unblock(tx, "a")?);
        Ok(())
    });
    assert_eq!(freed, gone(1, "billing", 500, "no money"));
}

#[test]
fn a_key_sells_unless_it_lacks_money_or_the_operator_said_so() {
    let (_folder, db) = blocked_keys();
    db.write(|tx| {
        assert!(has_no_money(tx, "a")? && !has_no_money(tx, "b")?);
        assert!(any_sells(tx, 5)?, "a limited one is only slow");
        block(tx, "b", Block::Operator, "by hand", 400, 5)?;
        assert!(!has_no_money(tx, "b")?);
        unblock(tx, "c")?;
        assert!(!any_sells(tx, 399)?, "what left the configuration sells nothing");
        assert!(any_sells(tx, 400)?, "they said until then");
        unblock(tx, "a")?;
        assert!(any_sells(tx, 5)?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_clock_that_went_back_shortens_what_it_would_have_made_longer() {
    let (_folder, db) = blocked_keys();
    db.write(|tx| {
        used(tx, "a", 300)?;
        balance(tx, "a", 1.0, 9.0, 200)?;
        block(tx, "b", Block::Operator, "by hand", UNTIL_UNBLOCKED, 5).map(drop)
    })
    .unwrap();
    does(
        &db,
        |tx| set_back(tx, 100),
        &[
            "api_keys 1 blocked_until: 500 -> 400",
            "api_keys 1 balance_at: 200 -> 100",
            "api_keys 1 used_at: 300 -> 200",
            "api_keys 3 blocked_until: 500 -> 400",
        ],
    );
}

#[test]
fn a_balance_is_kept_with_its_time_and_frees_only_a_key_that_can_pay() {
    let (_folder, db) = blocked_keys();
    does(
        &db,
        |tx| {
            assert!(ask_balance(tx, "a")? && !ask_balance(tx, "c")?, "c is not configured");
            no_balance(tx, "b", "HTTP 500")
        },
        &["api_keys 1 ask_balance: 0 -> 1", "api_keys 2 balance_error: NULL -> HTTP 500"],
    );
    does(
        &db,
        |tx| {
            assert!(!balance(tx, "a", 2.0, 2.5, 50)?, "too little for a video");
            assert!(!balance(tx, "a", 0.0, 0.0, 50)?, "nothing is not enough for nothing");
            Ok(())
        },
        &[
            "api_keys 1 balance: NULL -> 0",
            "api_keys 1 balance_at: NULL -> 50",
            "api_keys 1 ask_balance: 1 -> 0",
        ],
    );
    db.write(|tx| {
        assert!(!balance(tx, "b", 9.0, 2.5, 60)?, "a limit is not ended by money");
        assert!(balance(tx, "a", 2.5, 2.5, 60)?, "just enough");
        let mut told = tx.prepare("SELECT api_key || at || ':' || balance FROM balances")?;
        let told: Vec<String> =
            told.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        assert_eq!(told, ["a50:0.0", "a60:2.5", "b60:9.0"]);
        assert_eq!(blocks(tx), [None, Some((Block::RateLimit, 500))]);
        Ok(())
    })
    .unwrap();
    let error = "e".repeat(400);
    does(
        &db,
        move |tx| no_balance(tx, "c", &error),
        &[&format!("api_keys 3 balance_error: NULL -> {}…", "e".repeat(300))],
    );
}
