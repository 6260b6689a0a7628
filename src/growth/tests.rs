use super::*;
use crate::clock::{DAY, HOUR};
use crate::db::{Db, tests::fresh};
use crate::ledger::{Grant, Settle};
use crate::users::Profile;

const OPTIONS: Options = Options { friend: 1, inviter: 3, friends_max: 2, first_payment: 2 };

fn meet(db: &Db, tg_user_id: i64) -> UserId {
    let profile = Profile { tg_user_id, ..Profile::default() };
    db.write(move |tx| Ok(users::meet(tx, &profile, 1)?.0.id)).unwrap()
}

fn link(db: &Db, user: UserId) -> String {
    db.write(move |tx| invitation(tx, user)).unwrap()
}

/// A new customer by this reference, and what they got.
fn comes(db: &Db, tg_user_id: i64, reference: &str) -> (UserId, i64) {
    let (user, reference) = (meet(db, tg_user_id), reference.to_owned());
    (user, db.write(move |tx| came_by(tx, &OPTIONS, user, &reference, 2)).unwrap())
}

fn pays(db: &Db, user: UserId, charge: &'static str) -> Brought {
    db.write(move |tx| {
        let key = format!("purchase:{charge}");
        let bought = Grant { user, credits: 5, key: Some(&key), actor: "bot", note: None };
        ledger::purchase(tx, &bought, 3)?;
        paid(tx, &OPTIONS, user, charge, 3)
    })
    .unwrap()
}

fn has(db: &Db, user: UserId) -> i64 {
    db.read(|conn| ledger::balance(conn, user)).unwrap()
}

#[test]
fn a_friend_brings_something_at_once_and_again_with_the_first_payment() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let (bob, gift) = comes(&db, 8, &link(&db, ann));
    assert_eq!((gift, has(&db, bob), has(&db, ann)), (1, 1, 0));
    let first = Brought { bonus: 2, inviter: Some((ann, 3)) };
    assert_eq!((pays(&db, bob, "a"), has(&db, bob), has(&db, ann)), (first, 8, 3));
    assert_eq!(pays(&db, bob, "b"), Brought::default(), "the first payment only");
    assert_eq!((has(&db, bob), has(&db, ann)), (13, 3));
    let invited = db.read(|conn| invited(conn, ann)).unwrap();
    assert_eq!(invited, Invited { friends: 1, credits: 3 });
    promo(&db, "code", 1, None);
    uses(&db, bob, "code", 4);
    let invited = db.read(|conn| super::invited(conn, bob)).unwrap();
    assert_eq!(invited, Invited::default(), "their own gifts are no friends of theirs");
}

#[test]
fn nobody_invites_themselves_and_who_is_here_was_invited_by_nobody() {
    let (_folder, db) = fresh();
    let (ann, bob) = (meet(&db, 7), meet(&db, 8));
    let own = link(&db, ann);
    assert_eq!(link(&db, ann), own, "one link for ever");
    assert_ne!(link(&db, bob), own);
    let gift = db.write(move |tx| came_by(tx, &OPTIONS, ann, &own, 2)).unwrap();
    assert_eq!((gift, pays(&db, ann, "a").inviter), (0, None), "their own link");
    for reference in ["ref_nosuch", "ref_", "ref_' OR 1=1", "summer", ""] {
        let tg_user_id = 100 + reference.len() as i64;
        let (user, gift) = comes(&db, tg_user_id, reference);
        assert_eq!((gift, pays_once(&db, user)), (0, None), "{reference}");
    }
}

/// Whom a first payment rewards, under a charge of its own.
fn pays_once(db: &Db, user: UserId) -> Option<(UserId, i64)> {
    db.write(move |tx| {
        let key = format!("purchase:{user}");
        let bought = Grant { user, credits: 5, key: Some(&key), actor: "bot", note: None };
        ledger::purchase(tx, &bought, 3)?;
        Ok(paid(tx, &OPTIONS, user, "c", 3)?.inviter)
    })
    .unwrap()
}

#[test]
fn so_many_friends_of_one_customer_bring_something_and_none_of_a_banned_one() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let by_ann = link(&db, ann);
    let friends: Vec<_> = (10..13).map(|id| comes(&db, id, &by_ann)).collect();
    assert_eq!(friends.iter().map(|(_, gift)| *gift).collect::<Vec<_>>(), [1, 1, 0]);
    let paid: Vec<_> = friends.iter().map(|(user, _)| pays_once(&db, *user)).collect();
    assert_eq!(paid, [Some((ann, 3)), Some((ann, 3)), None]);
    let bob = meet(&db, 20);
    let by_bob = link(&db, bob);
    db.write(move |tx| users::ban(tx, bob, 4)).unwrap();
    let (friend, gift) = comes(&db, 21, &by_bob);
    assert_eq!((gift, pays_once(&db, friend)), (0, None));
}

#[test]
fn what_a_payment_brought_goes_back_with_it_as_far_as_it_is_there() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let (bob, _) = comes(&db, 8, &link(&db, ann));
    pays(&db, bob, "a");
    pays(&db, bob, "b");
    let spends = Grant { user: ann, credits: -2, key: None, actor: "x", note: None };
    db.write(move |tx| ledger::grant(tx, &spends, 4)).unwrap();
    for (charge, left) in [("b", (13, 1)), ("a", (11, 0)), ("a", (11, 0))] {
        db.write(move |tx| unpaid(tx, bob, charge, 5)).unwrap();
        assert_eq!((has(&db, bob), has(&db, ann)), left, "{charge}");
    }
}

/// A refund of what [`pays`] brought, besides the payment's own credits.
fn back(db: &Db, user: UserId, charge: &'static str) {
    db.write(move |tx| {
        unpaid(tx, user, charge, 5)?;
        unpaid(tx, user, charge, 6)
    })
    .unwrap();
}

/// Whoever pays and gets it back again and again.
#[test]
fn what_a_refund_took_is_earned_again_by_the_next_payment_and_nobody_has_more_than_once() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let (bob, _) = comes(&db, 8, &link(&db, ann));
    let all = Brought { bonus: 2, inviter: Some((ann, 3)) };
    assert_eq!(pays(&db, bob, "a"), all);
    back(&db, bob, "a");
    assert_eq!(pays(&db, bob, "b"), all, "it was taken back");
    assert_eq!(pays(&db, bob, "c"), Brought::default(), "they have it");
    back(&db, bob, "b");
    assert_eq!(pays(&db, bob, "d"), all, "and again");
    // Now both spend, and nothing of Bob's is left to take.
    for (user, left) in [(ann, 1), (bob, 0)] {
        let credits = left - has(&db, user);
        let spends = Grant { user, credits, key: None, actor: "x", note: None };
        db.write(move |tx| ledger::grant(tx, &spends, 4)).unwrap();
    }
    back(&db, bob, "d");
    assert_eq!((has(&db, bob), has(&db, ann)), (0, 0));
    let rest = Brought { bonus: 0, inviter: Some((ann, 1)) };
    assert_eq!(pays(&db, bob, "e"), rest, "what was spent is not given twice");
    assert_eq!(pays(&db, bob, "f"), Brought::default());
}

#[test]
fn a_payment_that_was_given_back_is_no_first_one() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let pays = |charge: &'static str, options: Options| {
        db.write(move |tx| {
            tx.execute(
                "INSERT INTO payments (user_id, telegram_payment_charge_id, stars, credits, payload,
                                       paid_at, created_at)
                 VALUES (?1, ?2, 1, 5, 'x', 1, 1)",
                (ann, charge),
            )?;
            let key = format!("purchase:{charge}");
            let bought = Grant { user: ann, credits: 5, key: Some(&key), actor: "bot", note: None };
            ledger::purchase(tx, &bought, 3)?;
            Ok(paid(tx, &options, ann, charge, 3)?.bonus)
        })
        .unwrap()
    };
    assert_eq!(pays("a", Options::default()), 0, "no bonus yet");
    let refund = "UPDATE payments SET refunded_at = 9, taken_back = 0, owed = 5";
    db.write(move |tx| Ok(tx.execute(refund, [])?)).unwrap();
    assert_eq!(db.read(|conn| ledger::purchases(conn, ann)).unwrap(), 0);
    assert_eq!((pays("b", OPTIONS), pays("c", OPTIONS)), (2, 0));
}

#[test]
fn what_was_spent_of_a_gift_is_told_before_the_refund_and_after() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let (bob, _) = comes(&db, 8, &link(&db, ann));
    pays(&db, bob, "a");
    let spends = |user, credits: i64| {
        let spent = Grant { user, credits: -credits, key: None, actor: "x", note: None };
        db.write(move |tx| ledger::grant(tx, &spent, 4)).unwrap();
    };
    spends(ann, 2);
    spends(bob, 2);
    // Of his eight there are six: five of the payment's own, and one of the bonus.
    let told = Undone {
        bonus: Taken { taken_back: 1, owed: 1 },
        reward: Some((ann, Taken { taken_back: 1, owed: 2 })),
    };
    assert_eq!(db.read(|conn| would_undo(conn, bob, "a", has(&db, bob) - 5)).unwrap(), told);
    spends(bob, 5);
    let took = db.write(move |tx| unpaid(tx, bob, "a", 5)).unwrap();
    assert_eq!((took, has(&db, bob), has(&db, ann)), (told, 0, 0));
    assert_eq!(db.read(|conn| undone(conn, bob, "a")).unwrap(), told);
    assert_eq!(db.write(move |tx| unpaid(tx, bob, "a", 6)).unwrap(), told, "once");
    assert_eq!(db.read(|conn| undone(conn, bob, "b")).unwrap(), Undone::default());
}

#[test]
fn a_reward_that_an_order_holds_goes_when_it_comes_back() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let (bob, _) = comes(&db, 8, &link(&db, ann));
    pays(&db, bob, "a");
    let job = crate::db::JobId(1);
    db.write(move |tx| {
        tx.execute(
            "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                               product_info)
             VALUES (?1, 7, 'a', 'self', 'x.jpg', '{}')",
            [ann],
        )?;
        ledger::hold(tx, ann, job, 3, 3)
    })
    .unwrap();
    back(&db, bob, "a");
    db.write(move |tx| ledger::settle(tx, job, Settle::Release, 4)).unwrap();
    assert_eq!(has(&db, ann), 0);
    let invited = db.read(|conn| invited(conn, ann)).unwrap();
    assert_eq!(invited, Invited { friends: 1, credits: 0 });
    let again = Brought { bonus: 2, inviter: Some((ann, 3)) };
    assert_eq!(pays(&db, bob, "b"), again, "all of it had gone back");
}

fn leaves(db: &Db, user: UserId) {
    db.write(move |tx| users::leave(tx, user, 5)).unwrap();
}

#[test]
fn a_friend_who_leaves_makes_no_room_for_another() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let by_ann = link(&db, ann);
    let [first, second] = [10, 11].map(|id| comes(&db, id, &by_ann).0);
    assert_eq!([first, second].map(|it| pays_once(&db, it)), [Some((ann, 3)); 2]);
    leaves(&db, first);
    leaves(&db, second);
    let (third, gift) = comes(&db, 12, &by_ann);
    assert_eq!((gift, pays_once(&db, third)), (0, None));
    assert_eq!(db.read(|conn| invited(conn, ann)).unwrap().friends, 3);
}

#[test]
fn who_leaves_and_comes_back_with_another_link_has_no_more_friends_than_before() {
    let (_folder, db) = fresh();
    let ann = meet(&db, 7);
    let before = link(&db, ann);
    for id in [10, 11] {
        comes(&db, id, &before);
    }
    leaves(&db, ann);
    assert_eq!(meet(&db, 7), ann);
    let after = link(&db, ann);
    assert_ne!(after, before);
    let (friend, gift) = comes(&db, 12, &after);
    assert_eq!((gift, pays_once(&db, friend)), (0, None));
    assert_eq!(comes(&db, 13, &before).1, 0, "an old link is nobody's");
}

fn promo(db: &Db, code: &'static str, uses: i64, until: Option<Millis>) -> bool {
    db.write(move |tx| make_promo(tx, code, (4, uses), until, 1)).unwrap()
}

fn uses(db: &Db, user: UserId, code: &'static str, now: Millis) -> Redeemed {
    db.write(move |tx| redeem(tx, user, code, now)).unwrap()
}

#[test]
fn a_code_is_used_once_per_customer_in_any_case_and_as_often_as_it_says() {
    let (_folder, db) = fresh();
    assert!(promo(&db, "Spring-26", 2, None));
    assert!(!promo(&db, "SPRING-26", 9, None), "there is one");
    let users: Vec<_> = (7..10).map(|id| meet(&db, id)).collect();
    assert_eq!(uses(&db, users[0], " spring-26 ", 2), Redeemed::Given(4));
    assert_eq!(uses(&db, users[0], "SPRING-26", 3), Redeemed::Already);
    assert_eq!(uses(&db, users[1], "Spring-26", 3), Redeemed::Given(4));
    assert_eq!(uses(&db, users[2], "Spring-26", 3), Redeemed::Over);
    assert_eq!(users.iter().map(|user| has(&db, *user)).collect::<Vec<_>>(), [4, 4, 0]);
    let promos = db.read(|conn| promos(conn, 9)).unwrap();
    assert_eq!((promos.len(), promos[0].used, promos[0].code.as_str()), (1, 2, "Spring-26"));
}

#[test]
fn fifty_at_once_and_one_use_left_is_one() {
    let (_folder, db) = fresh();
    promo(&db, "last", 1, None);
    let users: Vec<_> = (0..50).map(|id| meet(&db, 100 + id)).collect();
    let given: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = users
            .iter()
            .map(|user| {
                let db = db.clone();
                scope.spawn(move || uses(&db, *user, "last", 2) == Redeemed::Given(4))
            })
            .collect();
        tries.into_iter().map(|it| usize::from(it.join().unwrap())).sum()
    });
    let credits: i64 = users.iter().map(|user| has(&db, *user)).sum();
    assert_eq!((given, credits), (1, 4));
}

#[test]
fn a_code_ends_at_its_time_or_by_the_operators_word() {
    let (_folder, db) = fresh();
    let user = meet(&db, 7);
    promo(&db, "short", 9, Some(50));
    promo(&db, "closed", 9, None);
    assert_eq!(uses(&db, user, "short", 50), Redeemed::Over);
    let close = || db.write(|tx| close_promo(tx, "CLOSED", 2)).unwrap();
    assert_eq!((close(), close()), (true, false));
    assert_eq!(uses(&db, user, "closed", 3), Redeemed::Over);
    assert_eq!(uses(&db, user, "short", 49), Redeemed::Given(4));
    for code in ["", " ", "мартышка", "a b", "0123456789012345678901234567890123"] {
        assert!(!promo(&db, code, 1, None), "{code}");
    }
}

#[test]
fn who_guesses_codes_waits_an_hour_and_a_clock_set_back_holds_nobody_up() {
    let (_folder, db) = fresh();
    let (user, other) = (meet(&db, 7), meet(&db, 8));
    promo(&db, "real", 9, None);
    let day = 40 * DAY;
    for _ in 0..10 {
        assert_eq!(uses(&db, user, "guess", day), Redeemed::Unknown);
    }
    assert_eq!(uses(&db, user, "real", day + HOUR - 1), Redeemed::Guessing);
    assert_eq!(uses(&db, other, "real", day), Redeemed::Given(4), "it is nobody else's affair");
    assert_eq!(uses(&db, user, "guess", day + HOUR), Redeemed::Unknown, "counted anew");
    assert_eq!(uses(&db, user, "guess", day), Redeemed::Unknown, "an hour that lies ahead");
    assert_eq!(uses(&db, user, "real", day + HOUR), Redeemed::Given(4));
}

#[test]
fn a_gift_may_be_spent_like_any_credit() {
    let (_folder, db) = fresh();
    let user = meet(&db, 7);
    promo(&db, "code", 1, None);
    uses(&db, user, "code", 2);
    db.write(move |tx| {
        tx.execute_batch(
            "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                               product_info)
             VALUES (1, 7, 'a', 'self', 'x.jpg', '{}')",
        )?;
        let job = crate::db::JobId(1);
        assert_eq!(ledger::hold(tx, user, job, 3, 3)?, ledger::Hold::Held);
        assert_eq!(ledger::settle(tx, job, Settle::Release, 4)?, 3);
        Ok(())
    })
    .unwrap();
    assert_eq!(has(&db, user), 4);
}
