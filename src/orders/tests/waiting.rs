//! The queue as customers see it, and what they take back of it.

use super::*;
use crate::orders::waiting::{QUEUE, moved, told};

fn take_back(world: &World, user: &User, order: i64) -> Option<TakenBack> {
    let user = user.id;
    world.write(move |tx, shop| super::take_back(tx, shop, user, OrderId(order), NOW))
}

fn reserve(world: &World, job: &Job) -> jobs::Reserved {
    let job = job.clone();
    world.write(move |tx, _| jobs::reserve(tx, &job, "aaaa", MODELS[0], LIMITS, NOW))
}

fn settled(world: &World, job: &Job, outcome: &'static str, task: Option<&'static str>) {
    let jobs::Reserved::Go(submit) = reserve(world, job) else { panic!("no room") };
    world.write(move |tx, _| jobs::settle_submit(tx, submit, outcome, task, NOW));
}

const ONE: Option<TakenBack> = Some(TakenBack { videos: 1, credits: 1, repaid: 0 });
const NOTHING: Option<TakenBack> = Some(TakenBack { videos: 0, credits: 0, repaid: 0 });

#[test]
fn what_the_provider_was_not_asked_for_comes_back_wherever_it_stands() {
    for step in [Step::Script, Step::Upload, Step::Submit] {
        for leased in [false, true] {
            let world = World::new();
            let user = world.customer(7, 1);
            let id = world.order(&user, "d1", 1)[0];
            let job = world.lease(id, NOW);
            world.advance(&job, step, Found::default(), NOW);
            let holder = if leased { world.lease(id, NOW) } else { world.job(id) };
            assert_eq!(take_back(&world, &user, 1), ONE, "{step:?}");
            assert_eq!(
                (world.state(id), world.credits(&user)),
                (format!("canceled {}", step.word()), 1)
            );
            // Whoever worked on it moves, pays and sends nothing any more.
            let moved = world.write(move |tx, _| {
                jobs::advance(tx, &holder, Step::Submit, &Found::default(), NOW, NOW)
            });
            assert!(!moved);
            assert_eq!(take_back(&world, &user, 1), NOTHING, "twice");
            assert_eq!(world.credits(&user), 1);
        }
    }
}

#[test]
fn whoever_commits_first_has_the_video() {
    // The submit is written down first: it has begun.
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let job = world.at_submit(NOW);
    assert!(matches!(reserve(&world, &job), jobs::Reserved::Go(_)));
    assert_eq!(take_back(&world, &user, 1), NOTHING);
    assert_eq!(world.credits(&user), 0);
    // It is taken back first: nothing is sent.
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let job = world.at_submit(NOW);
    assert_eq!(take_back(&world, &user, 1), ONE);
    assert_eq!(reserve(&world, &job), jobs::Reserved::Gone);
    assert_eq!(world.number("SELECT COUNT(*) FROM submits"), 0);
}

#[test]
fn what_may_have_been_billed_has_begun_and_what_was_refused_has_not() {
    for (outcome, task, back) in [
        ("accepted", Some("t"), NOTHING),
        ("lost", None, NOTHING),
        ("refused", None, ONE),
        ("unsent", None, ONE),
    ] {
        let world = World::new();
        let user = world.customer(7, 1);
        world.order(&user, "d1", 1);
        let job = world.at_submit(NOW);
        settled(&world, &job, outcome, task);
        // Back in the queue, whatever came of it.
        world.advance(&job, Step::Upload, Found::default(), NOW);
        assert_eq!(take_back(&world, &user, 1), back, "{outcome}");
    }
}

#[test]
fn of_an_order_exactly_what_has_not_begun_comes_back() {
    let world = World::new();
    let (user, other) = (world.customer(7, 3), world.customer(8, 0));
    let videos = world.order(&user, "d1", 3);
    let job = world.at_submit(NOW);
    settled(&world, &job, "accepted", Some("t"));
    world.advance(&job, Step::Render, Found { task: Some("t"), ..Found::default() }, NOW);
    let order = job.order;
    world.write(move |tx, shop| refresh(tx, shop, order, NOW));
    assert!(world.said("status:1").contains("1. 🎬 генерирую видео"));
    assert_eq!(take_back(&world, &other, 1), None, "not theirs");
    assert_eq!(take_back(&world, &user, 1), Some(TakenBack { videos: 2, credits: 2, repaid: 0 }));
    let said = world.said("status:1");
    assert!(said.contains("2. ✖️ отменено\n3. ✖️ отменено"), "{said}");
    assert!(said.contains("2 кредита вернули"), "{said}");
    let row = world.db.read(|conn| outbox::by_key(conn, "status:1")).unwrap().unwrap();
    let Content::Text { buttons, .. } = row.content else { panic!() };
    assert!(buttons.is_empty(), "nothing is left to take back");
    world.delivered(videos[0], NOW);
    assert_eq!((world.credits(&user), world.number("SELECT finished_at FROM orders")), (2, NOW));
}

#[test]
fn a_place_is_told_as_one_of_few() {
    let marks: Vec<i64> = (0..14).map(told).collect();
    assert_eq!(marks, [1, 2, 3, 5, 5, 8, 8, 8, 13, 13, 13, 13, 13, 21]);
    assert!(told(i64::MAX / 4) > i64::MAX / 4);
}

fn all_moved(world: &World) -> Vec<i64> {
    world.db.read(moved).unwrap().into_iter().map(|order| order.0).collect()
}

#[test]
fn an_order_is_told_anew_when_its_place_passes_a_mark_and_not_before() {
    let world = World::new();
    let user = world.customer(7, 9);
    for draft in ["d1", "d2", "d3", "d4", "d5"] {
        world.order(&user, draft, 1);
    }
    assert!(world.said("status:5").contains("место 5"));
    assert!(all_moved(&world).is_empty());
    world.sql("UPDATE jobs SET step = 'render' WHERE order_id = 1");
    assert_eq!(
        all_moved(&world),
        [2, 3, 4],
        "places 1, 2, 3; the fifth tells 5 for a fourth place"
    );
    let written = |world: &World| world.number("SELECT SUM(rev) FROM outbox");
    let before = written(&world);
    world.write(|tx, shop| {
        [2, 3, 4, 5].into_iter().try_for_each(|id| refresh(tx, shop, Some(OrderId(id)), NOW))
    });
    assert_eq!(written(&world), before + 3, "what says the same is not written");
    assert!(all_moved(&world).is_empty());
    assert!(world.said("status:4").contains("место 3"), "{}", world.said("status:4"));
    // What somebody works on may have more to tell in a moment.
    let job = world.lease(JobId(2), NOW);
    world.write(|tx, shop| refresh(tx, shop, Some(OrderId(2)), NOW));
    assert!(world.said("status:2").contains("пишу сценарий"));
    assert_eq!(all_moved(&world), [2]);
    world.advance(&job, Step::Submit, Found::default(), NOW);
    world.write(|tx, shop| refresh(tx, shop, Some(OrderId(2)), NOW));
    assert!(world.said("status:2").contains("место 1"));
    assert!(all_moved(&world).is_empty());
}

#[test]
fn ten_thousand_who_wait_cost_little_and_come_in_turn() {
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    world.sql(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= 10000)
         INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, videos, price,
                             created_at)
         SELECT i, 1, 'x' || i, 'ugc', 'p', 'mug', 1, 0, 0 FROM n;
         INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, order_id, step)
         SELECT 1, 7, 'x' || id, 'ugc', 'p', '{}', id, 'submit' FROM orders WHERE id > 1;
         INSERT INTO outbox (seq, chat_id, key, content, created_at)
         SELECT id, 7, 'status:' || id, '{}', 0 FROM orders WHERE id > 1;",
    );
    let plan = world.db.read(|conn| {
        let mut query = conn.prepare(&format!("EXPLAIN QUERY PLAN {QUEUE}"))?;
        let rows = query.query_map([1], |row| row.get::<_, String>("detail"))?;
        Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.join("; "))
    });
    let plan = plan.unwrap();
    assert!(plan.contains("COVERING INDEX jobs_queue") && !plan.contains("B-TREE"), "{plan}");
    let first: Vec<i64> = (2..=41).collect();
    assert_eq!(all_moved(&world), first, "so many at once, the first ones first");
    world.sql(
        "WITH RECURSIVE marks (mark, next) AS (SELECT 1, 2 UNION ALL
                                               SELECT next, mark + next FROM marks LIMIT 25)
         UPDATE orders SET place = (SELECT MIN(mark) FROM marks WHERE mark >= orders.id)",
    );
    assert!(all_moved(&world).is_empty());
    // Two begin: only who passes a mark is told, not everybody.
    world.sql("UPDATE jobs SET step = 'render' WHERE order_id <= 2");
    let passed = all_moved(&world);
    assert_eq!(passed.len(), 35, "{passed:?}");
    assert_eq!(passed.last(), Some(&6767), "6765 and one that was behind it");
}

#[test]
fn the_time_left_is_the_pace_of_the_queue_and_the_making_of_a_video() {
    let world = World::new();
    let user = world.customer(7, 9);
    world.order(&user, "d1", 5);
    world.order(&user, "d2", 1);
    let said = |world: &World| {
        world.write(|tx, shop| refresh(tx, shop, Some(OrderId(2)), NOW + MINUTE));
        world.said("status:2")
    };
    assert!(said(&world).contains("от 1 до 30 минут"), "nobody knows yet");
    world.sql(
        "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
         SELECT 1, 'k', 'm', 0, 10000, 'accepted', 't' FROM json_each('[1, 2]');
         INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
         VALUES (1, 'k', 'm', 0, 10000, 'refused');
         INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, order_id, status, created_at, submitted_at, finished_at)
         SELECT 1, 7, 'k' || value, 'ad', 'p', '{}', NULL, 'done', 0, 1000, 121000
         FROM json_each('[1, 2, 3]');
         INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, videos, price,
                             created_at, finished_at)
         VALUES (9, 1, 'd9', 'ad', 'p', 'mug', 3, 0, 0, 121000);
         INSERT INTO outbox (seq, chat_id, key, content, created_at)
         VALUES (99, 7, 'status:9', '{}', 0);
         UPDATE jobs SET order_id = 9 WHERE status = 'done'",
    );
    assert!(said(&world).contains("Обычно это занимает около 3 минут"), "two are no pace");
    world.sql(
        "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
         VALUES (1, 'k', 'm', 0, 10000, 'accepted', 't')",
    );
    // Three in a minute: five before it take 100 s, and its making two minutes.
    assert!(said(&world).contains("Ждать ещё около 4 минут"), "{}", said(&world));
    world.sql("UPDATE submits SET ended_at = -600001");
    assert!(said(&world).contains("Обычно"), "long ago is no pace");
    world.sql("UPDATE instance SET submitting_paused_at = 5");
    assert!(said(&world).contains("небольшой перерыв"), "{}", said(&world));
}
