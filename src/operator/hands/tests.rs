use super::*;
use crate::audit::Way;
use crate::clock::{HOUR, SECOND};
use crate::jobs::Step;
use crate::keys;
use crate::operator::head::Pulse;
use crate::orders::tests::{LIMITS, MODELS, NOW, World};
use crate::orders::{Placed, Selling, Shop, selling};
use crate::outbox;
use crate::users;
use std::fmt::Debug;

/// Of somebody who sees the heart by the process clock.
const PULSE: Pulse = Pulse { alive_within: HOUR, wall: None };

fn by() -> By {
    By { way: Way::Console, who: "ann".to_owned() }
}

/// Does it and expects this refusal, with nothing in the audit.
#[track_caller]
fn refuses<T: Debug + Send + 'static>(
    world: &World,
    expected: Refused,
    work: impl FnOnce(&Tx<'_>, &Shop) -> Result<T> + Send + 'static,
) {
    let lines = world.number("SELECT COUNT(*) FROM audit");
    let shop = std::sync::Arc::clone(&world.shop);
    let error = world.db.write(move |tx| work(tx, &shop)).unwrap_err();
    assert_eq!(error.downcast_ref::<Refused>(), Some(&expected));
    assert_eq!(world.number("SELECT COUNT(*) FROM audit"), lines, "nothing was done");
}

/// The last line of the audit.
fn line(world: &World) -> String {
    let sql = "SELECT concat_ws(' | ', way, who, action, object, before, after, note)
               FROM audit
               ORDER BY id DESC";
    world.db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

#[test]
fn who_left_is_nobody_until_they_write_again() {
    let world = World::new();
    let ann = world.customer(7, 3);
    let job = world.order(&ann, "d", 1)[0];
    world.delivered(job, NOW);
    let id = ann.id;
    world.write(move |tx, _| users::leave(tx, id, NOW));
    refuses(&world, Refused::NoUser(7), move |tx, _| retry(tx, &by(), job, NOW, NOW));
    refuses(&world, Refused::NoUser(7), |tx, shop| write_to(tx, shop, &by(), 7, "Hi", NOW));
    refuses(&world, Refused::NoUser(7), |tx, shop| {
        grant(tx, shop, &by(), &Gift { tg_user_id: 7, credits: 1, note: "" }, NOW)
    });
    world.customer(7, 0);
    assert!(world.write(move |tx, _| retry(tx, &by(), job, NOW, NOW).map(|_| true)));
}

#[test]
fn a_ban_closes_orders_for_one_customer_until_it_is_lifted() {
    let world = World::new();
    let ann = world.customer(7, 3);
    assert!(world.write(|tx, _| ban(tx, &by(), 7, "chargeback", NOW)));
    assert!(!world.write(|tx, _| ban(tx, &by(), 7, "again", NOW)), "once");
    assert_eq!(line(&world), "console | ann | ban | user 7 | served | banned | chargeback");
    let ann = world.db.read(move |conn| users::by_id(conn, ann.id)).unwrap();
    assert!(matches!(world.place(&ann, "d1", 1), Placed::Closed(orders) if orders == BANNED));
    assert!(world.write(|tx, _| unban(tx, &by(), 7, "", NOW)));
    assert!(!world.write(|tx, _| unban(tx, &by(), 7, "", NOW)));
    assert_eq!(line(&world), "console | ann | unban | user 7 | banned | served");
    let ann = world.db.read(move |conn| users::by_id(conn, ann.id)).unwrap();
    assert!(matches!(world.place(&ann, "d1", 1), Placed::Started(_)));
    refuses(&world, Refused::NoUser(8), |tx, _| ban(tx, &by(), 8, "", NOW));
}

const BANNED: crate::orders::Closed = crate::orders::Closed::Banned;

#[test]
fn no_slip_of_the_keyboard_gives_or_takes_a_fortune() {
    let world = World::new();
    world.customer(7, 3);
    for credits in [CREDITS_MAX + 1, -CREDITS_MAX - 1, i64::MIN, i64::MAX] {
        refuses(&world, Refused::TooMuch(credits), move |tx, shop| {
            grant(tx, shop, &by(), &Gift { tg_user_id: 7, credits, note: "" }, NOW)
        });
    }
    let most = Gift { tg_user_id: 7, credits: CREDITS_MAX, note: "" };
    assert_eq!(world.write(move |tx, shop| grant(tx, shop, &by(), &most, NOW)), CREDITS_MAX + 3);
}

#[test]
fn a_message_is_plain_words_under_a_line_that_says_from_whom() {
    let world = World::new();
    world.customer(7, 0);
    world.write(|tx, shop| write_to(tx, shop, &by(), 7, " 1 < 2 <b>& so on</b>\nBye ", NOW));
    let row = world.db.read(|conn| outbox::get(conn, 1)).unwrap().unwrap();
    let outbox::Content::Text { html, buttons } = row.content else { panic!("not a text") };
    assert!(html.starts_with("💬 <b>Сообщение от поддержки</b>\n\n"), "{html}");
    assert!(html.ends_with("\n\n1 &lt; 2 &lt;b&gt;&amp; so on&lt;/b&gt;\nBye"), "{html}");
    assert_eq!((row.chat_id, buttons.len()), (7, 1), "they can answer");
    assert!(line(&world).starts_with("console | ann | message | user 7 | 1 < 2"));
    refuses(&world, Refused::NoWords, |tx, shop| write_to(tx, shop, &by(), 7, " \n", NOW));
    let long = "я".repeat(MESSAGE_MAX + 1);
    let short = long.chars().skip(1).collect::<String>();
    refuses(&world, Refused::TooLong(MESSAGE_MAX + 1), move |tx, shop| {
        write_to(tx, shop, &by(), 7, &long, NOW)
    });
    world.write(move |tx, shop| write_to(tx, shop, &by(), 7, &short, NOW));
    let faces = "😀".repeat(2_001);
    refuses(&world, Refused::TooLong(4_002), move |tx, shop| {
        write_to(tx, shop, &by(), 7, &faces, NOW)
    });
    refuses(&world, Refused::NoUser(8), |tx, shop| write_to(tx, shop, &by(), 8, "x", NOW));
}

#[test]
fn ended_jobs_run_again_one_after_the_other() {
    let world = World::new();
    let ann = world.customer(7, 3);
    let jobs = world.order(&ann, "d", 3);
    let (first, live) = (jobs[0], jobs[2]);
    for job in [jobs[0], jobs[1]] {
        world.write(move |tx, shop| cancel(tx, shop, &by(), job, NOW));
    }
    let ids = [jobs[0], live, JobId(99), jobs[1], jobs[0]];
    let all = move |tx: &Tx<'_>, _: &Shop| retry_all(tx, &by(), &ids, 10 * SECOND, NOW);
    let Several { done: new, skipped } = world.write(all);
    assert_eq!(skipped, [Refused::StillRuns(live), Refused::NoJob(JobId(99))], "the others run");
    assert_eq!(new.len(), 2, "what is named twice runs once");
    for (nth, job) in new.iter().enumerate() {
        let due = world.number(&format!("SELECT due_at FROM jobs WHERE id = {job}"));
        assert_eq!(due, NOW + nth as Millis * 10 * SECOND);
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM ledger WHERE kind = 'hold'"), 3, "free");
    let again = world.write(all);
    assert_eq!(again.done, [], "a list that has grown old makes nothing twice");
    assert!(again.skipped.contains(&Refused::RunAgain(first)));
    world.write(move |tx, _| retry(tx, &by(), first, NOW, NOW));
    assert_eq!(
        world.number("SELECT COUNT(*) FROM jobs WHERE rerun_of = 1"),
        2,
        "by itself it does"
    );
    refuses(&world, Refused::NoJob(JobId(99)), |tx, _| retry(tx, &by(), JobId(99), NOW, NOW));
    let many = vec![first; RETRIES_MAX + 1];
    refuses(&world, Refused::TooMany(RETRIES_MAX + 1), move |tx, _| {
        retry_all(tx, &by(), &many, 0, NOW)
    });
}

/// A step and when it is due, of a job that nobody works on.
fn puts(world: &World, job: JobId, step: Step, due_at: Millis) {
    world.write(move |tx, _| {
        tx.execute(
            "UPDATE jobs SET step = ?2, due_at = ?3, leased_at = NULL WHERE id = ?1",
            (job, step.word(), due_at),
        )?;
        Ok(())
    });
}

#[test]
fn a_job_that_waits_is_hurried_and_no_other() {
    let world = World::new();
    let ann = world.customer(7, 1);
    let job = world.order(&ann, "d", 1)[0];
    let due = || world.number("SELECT due_at FROM jobs");
    let hurries = |world: &World| world.write(move |tx, _| hurry(tx, &by(), job, NOW));
    assert!(!hurries(&world), "it is due already");
    for step in [Step::Script, Step::Upload, Step::Submit, Step::Fetch] {
        puts(&world, job, step, NOW + HOUR);
        assert!(hurries(&world));
        assert_eq!(due(), NOW);
        assert_eq!(line(&world), "console | ann | run now | job 1 | due in 3600 s | due now");
    }
    for step in [Step::Render, Step::Deliver] {
        puts(&world, job, step, NOW + HOUR);
        let refused = Refused::NotOurs { job, step: step.word() };
        refuses(&world, refused, move |tx, _| hurry(tx, &by(), job, NOW));
        assert_eq!(due(), NOW + HOUR, "the end of patience is not moved");
    }
    puts(&world, job, Step::Submit, NOW + HOUR);
    world.write(|tx, _| pause_submitting(tx, &by(), NOW));
    refuses(&world, Refused::SubmitsHeld(job), move |tx, _| hurry(tx, &by(), job, NOW));
    puts(&world, job, Step::Script, NOW + HOUR);
    world.sql("UPDATE jobs SET leased_at = 1, status = 'processing'");
    refuses(&world, Refused::InWork(job), move |tx, _| hurry(tx, &by(), job, NOW));
    world.write(move |tx, shop| cancel(tx, shop, &by(), job, NOW));
    refuses(&world, Refused::Ended(job), move |tx, _| hurry(tx, &by(), job, NOW));
    refuses(&world, Refused::Ended(job), move |tx, _| raise(tx, &by(), job, NOW));
    refuses(&world, Refused::NoJob(JobId(9)), |tx, _| hurry(tx, &by(), JobId(9), NOW));
}

#[test]
fn a_job_that_was_raised_is_claimed_first() {
    let world = World::new();
    let ann = world.customer(7, 3);
    let last = *world.order(&ann, "d", 3).last().unwrap();
    assert_eq!(world.write(move |tx, _| raise(tx, &by(), last, NOW)), 3);
    assert_eq!(line(&world), "console | ann | raise | job 3 | priority 2 | priority 3");
    let first = world.write(|tx, _| crate::jobs::claim(tx, &[Step::Script], LIMITS, HOUR, NOW));
    assert_eq!(first.unwrap().id, last);
    for _ in 3..9 {
        world.write(move |tx, _| raise(tx, &by(), last, NOW));
    }
    refuses(&world, Refused::TopPriority(last), move |tx, _| raise(tx, &by(), last, NOW));
}

#[test]
fn a_key_is_out_of_service_until_it_is_unblocked() {
    let world = World::new();
    let open = |world: &World| {
        let shop = std::sync::Arc::clone(&world.shop);
        world.db.read(move |conn| selling(conn, &shop, NOW)).unwrap() == Selling::Open
    };
    world.write(|tx, _| block_key(tx, &by(), "aaaa", None, "leaked", NOW));
    assert_eq!(line(&world), "console | ann | block | key aaaa | free | blocked | leaked");
    assert!(open(&world), "another one serves");
    world.write(|tx, _| block_key(tx, &by(), "bbbb", Some(NOW + HOUR), "", NOW));
    assert!(line(&world).ends_with("key bbbb | free | blocked for 60 min"));
    assert!(!open(&world));
    let blocked = world.db.read(keys::all).unwrap();
    let until = |at: usize| blocked[at].blocked.unwrap().1;
    assert_eq!((until(0), until(1)), (keys::UNTIL_UNBLOCKED, NOW + HOUR));
    assert!(world.write(|tx, _| unblock_key(tx, &by(), &key_at(tx, 1)?, NOW)));
    assert!(!world.write(|tx, _| unblock_key(tx, &by(), "aaaa", NOW)));
    assert!(line(&world).ends_with("key aaaa | blocked (operator) | free") && open(&world));
    let unknown = || Refused::UnknownKey("cccc".to_owned());
    refuses(&world, unknown(), |tx, _| block_key(tx, &by(), "cccc", None, "", NOW));
    refuses(&world, unknown(), |tx, _| ask_balance(tx, &by(), "cccc", PULSE, NOW));
    refuses(&world, Refused::NoKey(3), |tx, _| key_at(tx, 3));
    let asks = |world: &World| world.write(|tx, _| ask_balance(tx, &by(), "bbbb", PULSE, NOW));
    assert!(!asks(&world), "nothing runs that would ask");
    world.write(|tx, _| crate::instance::beat(tx, (0, 1), 5, NOW));
    assert!(asks(&world));
    assert_eq!(world.number("SELECT SUM(ask_balance) FROM api_keys"), 1);
}

#[test]
fn a_model_that_is_off_serves_nobody_and_the_last_one_closes_selling() {
    let world = World::new();
    for (model, open) in [(MODELS[0], true), (MODELS[1], false)] {
        assert!(world.write(move |tx, shop| switch_model(tx, shop, &by(), model, false, NOW)));
        assert!(!world.write(move |tx, shop| switch_model(tx, shop, &by(), model, false, NOW)));
        let sells = world.write(|tx, shop| Ok(selling(tx, shop, NOW)? == Selling::Open));
        assert_eq!(sells, open);
    }
    assert!(world.write(|tx, shop| switch_model(tx, shop, &by(), MODELS[1], true, NOW)));
    assert!(line(&world).ends_with(&format!("switch on | model {} | off | on", MODELS[1])));
    let refused = Refused::NoModel("sora".to_owned(), MODELS.join(", "));
    refuses(&world, refused, |tx, shop| switch_model(tx, shop, &by(), "sora", false, NOW));
}

#[test]
fn while_submits_are_held_what_waits_for_one_is_neither_due_nor_claimed() {
    let world = World::new();
    let ann = world.customer(7, 2);
    let jobs = world.order(&ann, "d", 2);
    puts(&world, jobs[0], Step::Submit, NOW);
    puts(&world, jobs[1], Step::Upload, NOW + HOUR);
    let due = || world.db.read(|conn| crate::jobs::next_due(conn, LIMITS, NOW)).unwrap();
    let claims = || world.write(|tx, _| crate::jobs::claim(tx, &Step::ALL, LIMITS, HOUR, NOW));
    assert!(world.write(|tx, _| pause_submitting(tx, &by(), NOW)));
    assert!(world.write(|tx, _| drain(tx, &by(), NOW)), "selling was open");
    assert!(!world.write(|tx, _| drain(tx, &by(), NOW)));
    assert!(line(&world).ends_with("| submitting paused | selling paused, submitting paused"));
    assert_eq!((due(), claims()), (Some(NOW + HOUR), None));
    assert!(world.write(|tx, _| resume(tx, &by(), NOW)));
    assert!(line(&world).ends_with("| selling paused, submitting paused | open"));
    assert!(!world.write(|tx, _| resume(tx, &by(), NOW)));
    assert_eq!((due(), claims().unwrap().id), (Some(NOW), jobs[0]));
}
