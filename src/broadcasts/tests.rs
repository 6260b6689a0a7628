use super::*;
use crate::orders::tests::{NOW, World};
use crate::payments::{self, Payment, Source};
use crate::users;

const DAYS: Millis = 40 * DAY;

fn button() -> Button {
    Button::data("🎬", "make")
}

/// A draft of the first administrator's.
fn draft(world: &World, segment: Segment) -> i64 {
    world.write(move |tx, _| {
        let id = draft_of(tx)?;
        aim(tx, id, segment, 0)?;
        Ok(id)
    })
}

fn draft_of(tx: &Tx<'_>) -> Result<i64> {
    super::draft(tx, 1, "<b>Hi</b>", 0, NOW)
}

/// One turn; who got a message, by Telegram's id.
fn turns(world: &World, id: i64, limit: i64, now: Millis) -> Vec<i64> {
    let it = world.db.read(|conn| get(conn, id)).unwrap().unwrap();
    let turn = world.db.read(|conn| super::turn(conn, &it, limit, now)).unwrap();
    let people = turn.people.iter().map(|(_, tg, _)| *tg).collect();
    assert!(world.write(move |tx, _| write(tx, &it, &turn, |_| button(), now)));
    people
}

#[test]
fn everybody_behind_the_bookmark_has_a_message_and_nobody_gets_two() {
    let world = World::new();
    for id in 10..17 {
        world.customer(id, 0);
    }
    let id = draft(&world, Segment::default());
    assert!(world.write(move |tx, _| start(tx, id, NOW)));
    assert!(!world.write(move |tx, _| start(tx, id, NOW)), "once");
    world.customer(99, 0);
    assert_eq!(turns(&world, id, 3, NOW), [10, 11, 12]);
    // A second feeder that read the same bookmark writes nothing.
    let old = world.db.read(|conn| get(conn, id)).unwrap().unwrap();
    let turn = world.db.read(|conn| super::turn(conn, &old, 3, NOW)).unwrap();
    assert_eq!(turns(&world, id, 3, NOW), [13, 14, 15]);
    assert!(!world.write(move |tx, _| write(tx, &old, &turn, |_| button(), NOW)));
    assert_eq!(turns(&world, id, 3, NOW), [16], "who came after the start gets nothing");
    assert_eq!(world.messages("broadcast:"), 7);
    assert!(!world.write(move |tx, _| finish(tx, id, NOW)), "they wait to be sent");
    world.sql("UPDATE outbox SET state = 'sent'");
    assert!(world.write(move |tx, _| finish(tx, id, NOW)));
    assert!(world.db.read(running).unwrap().is_empty());
}

#[test]
fn a_broadcast_reaches_whom_it_is_for_and_nobody_who_went() {
    let world = World::new();
    let [ann, ben, cid, dan] = [10, 11, 12, 13].map(|id| world.customer(id, 2));
    let (payer, banned) = (ben.id, cid.id);
    world.write(move |tx, _| {
        let paid = Payment {
            user: payer,
            charge_id: "c",
            stars: 300,
            credits: 5,
            payload: "p",
            source: Source::Update,
            paid_at: NOW,
        };
        payments::received(tx, &paid, NOW)?;
        users::ban(tx, banned, NOW)?;
        users::blocked_us(tx, 13, NOW)?;
        users::choose_language(tx, payer, Lang::En)
    });
    world.order(&ann, "d", 1);
    let count = |segment, now| world.db.read(|conn| super::count(conn, segment, now)).unwrap();
    let all = Segment::default();
    assert_eq!(count(all, NOW), 2, "neither the banned nor {dan:?}, who blocked us");
    let payers = Segment { payers: true, ..all };
    assert_eq!(count(payers, NOW), 1);
    assert_eq!(count(Segment { lang: Some(Lang::Ru), ..all }, NOW), 1);
    let idle = Segment { idle_days: Some(30), ..all };
    assert_eq!((count(idle, NOW), count(idle, NOW + DAYS)), (0, 2));
    world.sql("UPDATE orders SET created_at = created_at + 20 * 86400000");
    assert_eq!(count(idle, NOW + DAYS), 1, "she ordered twenty days ago");
    let id = draft(&world, payers);
    world.write(move |tx, _| start(tx, id, NOW));
    assert_eq!(turns(&world, id, 5, NOW), [11]);
    world.sql("UPDATE payments SET refunded_at = 1, taken_back = 5, owed = 0");
    assert_eq!(count(payers, NOW), 0, "who got it back has not paid");
}

#[test]
fn it_waits_goes_on_and_ends_by_hand() {
    let world = World::new();
    world.customer(10, 0);
    let id = draft(&world, Segment::default());
    let act = |act: fn(&Tx<'_>, i64) -> Result<bool>| world.write(move |tx, _| act(tx, id));
    assert!(!act(pause) && !act(go_on), "a draft is not being sent");
    world.write(move |tx, _| start(tx, id, NOW));
    assert!(act(pause) && !act(pause));
    let it = world.db.read(|conn| get(conn, id)).unwrap().unwrap();
    let turn = world.db.read(|conn| super::turn(conn, &it, 5, NOW)).unwrap();
    assert!(!world.write(move |tx, _| write(tx, &it, &turn, |_| button(), NOW)), "paused");
    assert!(world.db.read(running).unwrap().is_empty());
    assert!(act(go_on));
    assert_eq!(turns(&world, id, 5, NOW), [10]);
    assert!(world.write(move |tx, _| stop(tx, id, NOW)));
    assert!(!world.write(move |tx, _| stop(tx, id, NOW)) && !act(go_on), "for good");
}

#[test]
fn what_was_sent_is_counted_its_words_are_kept_once_and_gone_a_day_after_the_end() {
    let world = World::new();
    for id in 10..13 {
        world.customer(id, 0);
    }
    let id = draft(&world, Segment::default());
    world.write(move |tx, _| start(tx, id, NOW));
    turns(&world, id, 5, NOW);
    world.sql("UPDATE outbox SET state = 'sent'");
    for user in 1..=3 {
        world.write(move |tx, _| sent(tx, &format!("broadcast:{id}:{user}")));
    }
    world.write(|tx, _| sent(tx, "status:7"));
    assert_eq!(world.number("SELECT sent FROM broadcasts"), 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox WHERE content LIKE '%Hi%'"), 0);
    assert!(world.write(move |tx, _| finish(tx, id, NOW)));
    assert_eq!(world.write(|tx, _| prune(tx, NOW, 9)), 0);
    assert_eq!(world.write(|tx, _| prune(tx, NOW + 1, 1)), 1);
    assert_eq!(world.write(|tx, _| prune(tx, NOW + 1, 9)), 1, "the newest row stays");
    assert_eq!(world.number("SELECT COUNT(*) FROM broadcasts"), 0);
}

#[test]
fn what_waits_is_counted_by_what_is_pending() {
    let world = World::new();
    let plan: Vec<String> = world
        .db
        .read(|conn| {
            let mut query = conn.prepare(
                "EXPLAIN QUERY PLAN
                 SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND +key BETWEEN 'a' AND 'b'",
            )?;
            let rows = query.query_map([], |row| row.get(3))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap();
    assert!(plan[0].contains("outbox_pending"), "{plan:?}");
}
