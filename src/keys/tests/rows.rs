//! What is written of a key, and of no other; what is read where several could be meant.

use super::*;
use crate::clock::{DAY, MINUTE};
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
            "api_keys 3: new, fingerprint c, position 2, configured 1, refusals 0, used_at 77, \
             ask_balance 0",
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
                    (1, 7, '6', 'ugc', 'a', '{}', 'processing', 'render', 'x', 't', NULL),
                    (1, 7, '7', 'ugc', 'a', '{}', 'queued', 'submit', 'c', NULL, NULL),
                    (1, 7, '8', 'ugc', 'a', '{}', 'processing', 'submit', 'c', NULL, NULL),
                    (1, 7, '9', 'ugc', 'a', '{}', 'failed', 'submit', 'c', NULL, 5);",
        )?;
        assert_eq!(all(tx)?, [key("b", 0, 0), key("c", 4, 77)], "and who waits for it");
        assert_eq!(room(tx, "c", limits(9, 3), 0, 1_000)?, Room::Free);
        assert_eq!(room(tx, "c", limits(9, 2), 0, 1_000)?, Room::Later);
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
        let full = |key, creates, running, now| room(tx, key, limits(creates, running), 0, now);
        assert_eq!(full("a", 1, 1, 20_000)?, Room::Free, "ten seconds ago to the millisecond");
        assert_eq!(full("a", 1, 1, 19_999)?, Room::From(20_000));
        assert_eq!(full("a", 9, 1, 20_000)?, Room::Free, "nothing of its own is under way");
        assert_eq!(full("b", 9, 1, 20_000)?, Room::Later);
        assert_eq!(full("b", 1, 9, 20_000)?, Room::Later, "the call that is out takes the place");
        assert_eq!(full("b", 2, 9, 20_000)?, Room::From(29_999));
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
            assert!(block(tx, "b", Block::Billing, "empty", 600, 6)?, "limited is not that");
            assert!(!block(tx, "b", Block::Billing, "empty", 600, 6)?, "known");
            assert!(!block(tx, "nobody", Block::Billing, "empty", 600, 5)?);
            Ok(())
        },
        &[
            "api_keys 2 blocked_class: rate_limit -> billing",
            "api_keys 2 blocked_until: 500 -> 600",
            "api_keys 2 blocked_why: too many -> empty",
            "api_keys 2 blocked_at: 5 -> 6",
            "api_keys 2 refusals: 0 -> 1",
        ],
    );
    let gone = |key: usize, class: &str, until: i64, why: &str, at: i64| {
        [
            format!("api_keys {key} blocked_class: {class} -> NULL"),
            format!("api_keys {key} blocked_until: {until} -> NULL"),
            format!("api_keys {key} blocked_why: {why} -> NULL"),
            format!("api_keys {key} blocked_at: {at} -> NULL"),
        ]
    };
    let limited =
        changes(&db, &TABLES, |tx| block(tx, "b", Block::RateLimit, "much", 700, 7).map(drop));
    assert_eq!(limited.len(), 4, "a longer limit takes its place: {limited:?}");
    does(
        &db,
        |tx| served(tx, "b", 6, 900).map(drop),
        &["api_keys 2 refusals: 1 -> 0", "api_keys 2 served_at: NULL -> 900"],
    );
    let freed = changes(&db, &TABLES, |tx| {
        assert!(!served(tx, "b", 7, 901)?, "a limit is not want of money");
        Ok(())
    });
    assert_eq!(freed, gone(2, "rate_limit", 700, "much", 7), "it served a moment ago");
    let freed = changes(&db, &TABLES, |tx| {
        assert!(unblock(tx, "a")? && !unblock(tx, "a")?);
        Ok(())
    });
    let mut expected = gone(1, "billing", 500, "no money", 5).to_vec();
    expected.push("api_keys 1 refusals: 1 -> 0".to_owned());
    assert_eq!(freed, expected);
}

#[test]
fn who_serves_is_written_down_once_a_minute_and_ends_a_block_that_was_wrong() {
    let (_folder, db) = blocked_keys();
    let serves = |key: &'static str, asked_at, now, freed| {
        changes(&db, &TABLES, move |tx| {
            assert_eq!(served(tx, key, asked_at, now)?, freed);
            Ok(())
        })
    };
    assert_eq!(serves("a", 4, 100, false), [""; 0], "the block is newer than the call");
    let proved = serves("a", 5, 100, true);
    assert_eq!(proved.len(), 6, "four of the block, its refusals and the time: {proved:?}");
    assert_eq!(serves("a", 5, 100 + MINUTE, false), [""; 0], "that is known");
    let later = ["api_keys 1 served_at: 100 -> 60101"];
    assert_eq!(serves("a", 5, 101 + MINUTE, false), later);
    assert_eq!(serves("a", 5, 60_100, false), ["api_keys 1 served_at: 60101 -> 60100"]);
    db.write(|tx| block(tx, "a", Block::Operator, "by hand", 900, 5).map(drop)).unwrap();
    assert_eq!(serves("a", 5, 60_100, false), [""; 0], "the operator's word stands");
    let first = serves("b", 5, 100, false);
    assert!(first.contains(&"api_keys 2 served_at: NULL -> 100".to_owned()), "{first:?}");
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
fn a_block_that_is_over_is_refused_anew() {
    let (_folder, db) = blocked_keys();
    let again = |now| {
        changes(&db, &TABLES, move |tx| {
            block(tx, "a", Block::Billing, "no money", 500, now).map(drop)
        })
    };
    assert_eq!(again(499), ["api_keys 1 blocked_at: 5 -> 499"], "they found out together");
    assert_eq!(again(500), ["api_keys 1 blocked_at: 499 -> 500", "api_keys 1 refusals: 1 -> 2"]);
}

#[test]
fn a_key_is_in_doubt_until_it_served_and_where_its_money_ends() {
    let (_folder, db) = configured();
    db.write(|tx| {
        tx.execute_batch(
            "UPDATE api_keys SET served_at = 1000 WHERE fingerprint = 'a';
             INSERT INTO users (tg_user_id) VALUES (7);
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             VALUES (1, 7, 'one', 'self', 'a.jpg', '{}');
             INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
             VALUES (1, 'a', 'm', 1, 50, 'lost'), (1, 'a', 'm', 1, 60, 'unsent'),
                    (1, 'a', 'm', 1, 60, 'refused'), (1, 'b', 'm', 1, 60, 'lost');",
        )?;
        let limits = Limits { video_credits: 10.0, ..limits(9, 9) };
        let doubt = |key, now| in_doubt(tx, key, limits, now);
        assert!(!doubt("a", 1_000)? && doubt("b", 1_000)?, "it has not served yet");
        assert!(!doubt("a", 1_000 + 10 * MINUTE)? && doubt("a", 1_001 + 10 * MINUTE)?);
        balance(tx, "a", 10.0, 10.0, 50)?;
        assert!(!doubt("a", 1_000)?, "it pays for one, and none was asked for since");
        balance(tx, "a", 9.9, 10.0, 50)?;
        assert!(doubt("a", 1_000)?);
        balance(tx, "a", 10.0, 10.0, 49)?;
        assert!(doubt("a", 1_000)?, "that one has taken it");
        block(tx, "a", Block::RateLimit, "too many", 100, 5)?;
        balance(tx, "a", 99.0, 10.0, 60)?;
        assert!(doubt("a", 1_000)?, "its block is over, and it has not served since");
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
    db.write(|tx| Ok(tx.execute_batch("UPDATE api_keys SET served_at = 9 WHERE used_at > 0")?))
        .unwrap();
    let (until, at) = ("blocked_until: 500 -> 495", "blocked_at: 5 -> 0");
    does(
        &db,
        |tx| set_back(tx, 5),
        &[
            &format!("api_keys 1 {until}"),
            &format!("api_keys 1 {at}"),
            "api_keys 1 served_at: 9 -> 4",
            "api_keys 1 balance_at: 200 -> 195",
            "api_keys 1 used_at: 300 -> 295",
            &format!("api_keys 2 {at}"),
            &format!("api_keys 3 {until}"),
            &format!("api_keys 3 {at}"),
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
            "api_keys 1 refusals: 1 -> 0",
            "api_keys 1 balance: NULL -> 0",
            "api_keys 1 balance_at: NULL -> 50",
            "api_keys 1 ask_balance: 1 -> 0",
        ],
    );
    db.write(move |tx| {
        assert!(!balance(tx, "b", 9.0, 2.5, 60)?, "a limit is not ended by money");
        assert!(!balance(tx, "a", 2.4, 2.5, 70)?, "not quite enough");
        assert!(balance(tx, "a", 2.5, 2.5, 71)?, "just enough, and the refusal was no lie");
        let mut told = tx.prepare("SELECT api_key || at || ':' || balance FROM balances")?;
        let told: Vec<String> =
            told.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        assert_eq!(told, ["a50:2.0", "b60:9.0"], "in five minutes one is enough");
        let at = "SELECT blocked_at FROM api_keys WHERE fingerprint = 'a'";
        assert_eq!(tx.query_row(at, [], |row| row.get::<_, Option<Millis>>(0))?, None);
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

#[test]
fn a_limit_that_ends_with_a_block_for_money_changes_nothing_about_it() {
    let (_folder, db) = blocked_keys();
    does(&db, |tx| block(tx, "a", Block::RateLimit, "too many", 500, 9).map(drop), &[]);
}

#[test]
fn who_serves_again_is_believed_again_at_once() {
    let (_folder, db) = configured();
    db.write(|tx| {
        Ok(tx.execute(
            "UPDATE api_keys SET refusals = 2, served_at = 5 WHERE fingerprint = 'a'",
            [],
        )?)
    })
    .unwrap();
    let expected = ["api_keys 1 refusals: 2 -> 0", "api_keys 1 served_at: 5 -> 6"];
    does(&db, |tx| served(tx, "a", 6, 6).map(drop), &expected);
}

#[test]
fn a_balance_that_is_just_enough_pays_and_one_that_left_the_configuration_does_not() {
    let (_folder, db) = configured();
    let pays = || db.read(|conn| any_pays(conn, 80.0, 5)).unwrap();
    let set = |sql: &'static str| db.write(move |tx| Ok(tx.execute(sql, [])?)).unwrap();
    set("UPDATE api_keys SET balance = 80");
    assert!(pays());
    set("UPDATE api_keys SET configured = 0");
    assert!(!pays());
}

#[test]
fn what_is_kept_of_balances_is_of_the_key_that_was_asked_and_the_last_word() {
    let (_folder, db) = configured();
    let kept = || -> Vec<(String, i64, f64)> {
        db.read(|conn| {
            let mut query = conn.prepare("SELECT * FROM balances ORDER BY api_key, at")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap()
    };
    let told = |key: &'static str, at, credits| {
        db.write(move |tx| balance(tx, key, credits, 1.0, at).map(drop)).unwrap();
    };
    told("a", 100, 50.0);
    db.write(|tx| ask_balance(tx, "b")).unwrap();
    told("a", 101, 49.0);
    assert_eq!(kept(), [("a".into(), 100, 50.0)], "nobody wanted to know");
    db.write(|tx| ask_balance(tx, "a")).unwrap();
    told("a", 100, 48.0);
    assert_eq!(kept(), [("a".into(), 100, 48.0)], "of one moment the last");
}

#[test]
fn a_balance_that_pays_takes_a_block_off_whole() {
    let (_folder, db) = blocked_keys();
    let now = 40 * DAY;
    let mut changed = changes(&db, &TABLES, move |tx| {
        assert!(balance(tx, "a", 100.0, 1.0, now)?);
        Ok(())
    });
    changed.retain(|line| line.contains(" blocked_"));
    let expected = [
        "api_keys 1 blocked_class: billing -> NULL",
        "api_keys 1 blocked_until: 500 -> NULL",
        "api_keys 1 blocked_why: no money -> NULL",
        "api_keys 1 blocked_at: 5 -> NULL",
    ];
    assert_eq!(changed, expected);
}
