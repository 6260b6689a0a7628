//! Who had all of theirs deleted, and the money of before and after.

use super::*;
use crate::flow::apply::meet;
use crate::users;

impl Till {
    /// What a refund of this charge would take of its payer's own credits.
    fn weighs(&self, charge: &str) -> ledger::Taken {
        let weighed = |conn: &rusqlite::Connection| {
            let receipt = payments::by_charge(conn, charge)?.unwrap();
            Ok(payments::would_take(conn, charge, &receipt)?.of_payer())
        };
        self.world.db.read(weighed).unwrap()
    }

    /// This one, a backup's copy, takes the place of a database. Returns how many it has words of who
    /// had left there.
    fn replaces(&self, former: &Self) -> usize {
        let left = former.world.db.read(WhoLeft::read).unwrap();
        self.world.write(move |tx, _| left.leave_once_more(tx))
    }

    /// What a start does first.
    fn starts(&self) {
        for one in self.world.db.read(|conn| departures::again(conn, 9)).unwrap() {
            self.world.write(move |tx, shop| leave_again(tx, shop, &one, NOW));
        }
    }

    /// Who left, and is not back.
    fn gone(&self) -> i64 {
        let sql = "SELECT COUNT(*) FROM users
                   WHERE deleted_at IS NOT NULL AND first_name IS NULL AND credits = 0";
        self.world.number(sql)
    }
}

/// Of somebody with a name.
fn named(tg_user_id: i64, charge_id: &str) -> Paid {
    let mut paid = payment(tg_user_id, charge_id, 550, "pack:10:550:9");
    paid.profile.first_name = Some("Зоя".to_owned());
    paid
}

#[test]
fn a_refund_of_what_was_lost_by_leaving_takes_nothing_that_came_later() {
    let (till, anna, inviter) = till_with_gifts();
    till.leaves(&anna);
    till.leaves(&inviter);
    till.pays(2, &payment(7, "b", 550, "pack:10:550:9"));
    till.pays(3, &payment(8, "c", 550, "pack:10:550:9"));
    assert_eq!((till.has(7), till.has(8)), (10, 13), "and the bonus of their first payment");
    let videos = till.world.order(&anna, "d", 3);
    assert_eq!(till.weighs("a"), ledger::Taken { taken_back: 0, owed: 10 });
    till.gives_back(4, 7, "a");
    assert_eq!((till.has(7), till.has(8)), (7, 13));
    assert!(till.alerts().iter().any(|alert| alert.contains("10 кредитов")), "{:?}", till.alerts());
    // Nor is what a video holds now of that time.
    let job = till.world.lease(videos[0], NOW);
    till.world.fail(&job, crate::jobs::Why::Unknown, NOW);
    assert_eq!(till.has(7), 8);
    // What was paid since is there, and goes with its own refund.
    assert_eq!(till.weighs("b"), ledger::Taken { taken_back: 8, owed: 2 });
    till.gives_back(5, 7, "b");
    assert_eq!(till.has(7), 0);
}

#[test]
fn a_payment_that_is_told_again_brings_nobody_back_who_has_left() {
    let told_again: [fn(&Till); 2] = [
        |till| {
            let paid = named(7, "a");
            till.world.write(move |tx, shop| super::super::super::paid(tx, shop, 2, &paid, NOW));
        },
        |till| till.world.write(|tx, shop| unread(tx, shop, 2, (7, "no charge id"), NOW)),
    ];
    for again in told_again {
        let till = Till::new();
        let anna = till.customer(7, Lang::Ru);
        till.pays(1, &named(7, "a"));
        till.leaves(&anna);
        let messages = till.world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 7");
        let raw = [Raw { update_id: 2, chat_id: 7, body: "Зоя".to_owned(), urgent: false }];
        till.world.write(move |tx, _| inbox::store(tx, &raw, NOW));
        again(&till);
        assert_eq!((till.gone(), till.has(7)), (1, 0));
        let kept = "SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL OR body <> '{}'";
        assert_eq!(till.world.number(kept), 0, "nor is their name kept");
        let said = till.world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 7");
        assert_eq!(said, messages);
    }
}

#[test]
fn who_came_and_left_after_the_backup_is_a_number_in_it_and_gets_nothing() {
    let former = Till::new();
    former.pays(1, &named(9, "a"));
    former.pays(2, &named(9, "b"));
    former.gives_back(3, 9, "b");
    let zoe = former.world.db.read(|conn| users::by_tg(conn, 9)).unwrap().unwrap();
    former.leaves(&zoe);
    let till = Till::new();
    assert_eq!(till.replaces(&former), 0, "there is no word of hers to be forgotten");
    // Nor where the copy is replaced before it ever served.
    let till = [(); 2].into_iter().fold(till, |before, ()| {
        let next = Till::new();
        next.replaces(&before);
        next
    });
    till.starts();
    for charge in ["a", "b"] {
        assert_eq!(till.compares(&named(9, charge)), Compared::Same);
    }
    let back = till.world.write(|tx, shop| compare_refund(tx, shop, (9, "b"), NOW));
    assert_eq!((back, till.gone(), till.has(9)), (Compared::Same, 1, 0));
    let written = till.world.number("SELECT COUNT(*) FROM outbox");
    assert_eq!((written, till.alerts().len()), (0, 0), "nobody is told of anything");
    let (user, is_new) = till.world.write(|tx, shop| meet(tx, shop, &named(9, "a").profile, NOW));
    assert_eq!((user.credits, is_new), (0, false), "no second gift");
}

#[test]
fn a_backup_gives_nothing_back_of_what_was_lost_and_all_that_was_paid_since() {
    let former = Till::new();
    let anna = former.customer(7, Lang::Ru);
    former.pays(1, &named(7, "a"));
    former.leaves(&anna);
    former.pays(2, &named(7, "b"));
    // Whichever comes first after the start; the second time a video of hers is made meanwhile.
    for compared_first in [false, true] {
        let till = Till::new();
        let anna = till.world.customer(7, 2);
        let videos = till.world.order(&anna, "d", 1);
        assert_eq!(till.replaces(&former), 1);
        if compared_first {
            till.world.sql("UPDATE jobs SET status = 'processing', step = 'render'");
        }
        till.starts();
        assert_eq!(till.compares(&named(7, "a")), Compared::Same);
        assert_eq!(till.compares(&named(7, "b")), Compared::Missed);
        assert_eq!(till.has(7), if compared_first { 21 } else { 10 });
        if compared_first {
            let job = till.world.lease(videos[0], NOW);
            till.world.fail(&job, crate::jobs::Why::Unknown, NOW);
        }
        till.starts();
        assert_eq!((till.has(7), till.gone()), (10, 0), "{compared_first}");
        assert_eq!(till.weighs("b"), ledger::Taken { taken_back: 10, owed: 0 });
        assert_eq!(till.weighs("a"), ledger::Taken { taken_back: 0, owed: 10 });
        assert_eq!(till.replaces(&former), 0, "it knows by now");
    }
}
