//! Who had all of theirs deleted, and the money of before and after.

use super::*;

impl Till {
    /// What a refund of this charge would take of its payer's own credits.
    fn weighs(&self, charge: &str) -> ledger::Taken {
        let weighed = |conn: &rusqlite::Connection| {
            let receipt = payments::by_charge(conn, charge)?.unwrap();
            Ok(payments::would_take(conn, charge, &receipt)?.of_payer())
        };
        self.world.db.read(weighed).unwrap()
    }
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
