//! `kill -9` while somebody pays: at the requests that a payment is made of, and at every fsync
//! between its arrival and its receipt.

use std::sync::atomic::{AtomicBool, Ordering};

use neurocards::sandbox::faults::{Moment, Pulled};

use crate::customer::PACK;
use crate::plug::{Plug, When};
use crate::{Appliance, Customer, Setup};

/// Slow enough that what a crash has lost is not found by the start's comparison first.
const RATE: f64 = 10.0;
/// Fsyncs from a start to the receipt of a payment that has come meanwhile, at most.
const SYNCS: u64 = 12;

impl Appliance {
    /// Dies at the next request of this method; what had not happened by then does not happen.
    fn is_killed_at(&self, moment: Moment, method: &'static str) {
        let (kill, once) = (self.killer(), AtomicBool::new(true));
        self.sandbox().faults().pull_plug(move |now, seen| {
            let fits = now == moment && seen.path.to_lowercase().contains(method);
            if !fits || !once.swap(false, Ordering::SeqCst) {
                return Pulled::No;
            }
            kill();
            Pulled::Out
        });
    }

    fn returns(&self) {
        self.dies();
        self.sandbox().faults().mend_plug();
        self.start_again();
    }
}

impl Customer<'_> {
    /// Presses Pay and waits for nothing.
    fn presses_pay(&self, stars: i64) -> String {
        let invoice = self.asks_for(stars);
        self.of.settles();
        self.acts();
        self.of.sandbox().telegram().pays(self.id, invoice.id).unwrap()
    }

    /// What came of it is whole: the Stars and the credits, or neither; returns the Stars.
    fn has_all_or_nothing(&self) -> i64 {
        self.of.settles();
        let charges = self.of.sandbox().telegram().charges();
        for charge in &charges {
            self.is_credited(&charge.id);
        }
        let stars = self.stars();
        assert_eq!(self.credits() * PACK, stars * 5);
        let by_update = "SELECT COUNT(*) FROM payments WHERE source = 'update'";
        assert_eq!(self.of.value::<i64>(by_update), self.of.payments(), "no update was lost");
        stars
    }
}

#[test]
fn a_payment_that_a_crash_falls_into_is_whole_after_it() {
    for (moment, method, paid) in [
        // The question: it comes again, and is answered where it is not too late for that.
        (Moment::After, "getupdates", None),
        (Moment::Before, "answerprecheckoutquery", None),
        // The Stars are taken, and nobody has heard of it.
        (Moment::After, "answerprecheckoutquery", Some(PACK)),
        // The receipt is on disk, and may have been sent.
        (Moment::Before, "sendmessage", Some(PACK)),
        (Moment::After, "sendmessage", Some(PACK)),
    ] {
        let shop = Setup::new().rate(RATE).start();
        let ann = shop.customer(7).with_credits(0);
        let invoice = ann.asks_for(PACK);
        shop.settles();
        ann.acts();
        shop.is_killed_at(moment, method);
        shop.sandbox().telegram().pays(7, invoice.id).unwrap();
        shop.returns();
        if paid.is_some() {
            shop.waits_for("the Stars", || (shop.stars() > 0).then_some(()));
            ann.sees("🏠");
        }
        let stars = ann.has_all_or_nothing();
        assert!(paid.is_none_or(|paid| paid == stars), "{moment:?} {method}: {stars}");
    }
}

/// The Stars are taken, and it dies before it hears of it; then it dies at its n-th fsync, and is
/// started again. `false`: it did not come so far.
fn dies_at_a_sync(shop: &Appliance, plug: &Plug, ann: &Customer<'_>, n: u64, when: When) -> bool {
    let before = ann.stars();
    shop.is_killed_at(Moment::After, "answerprecheckoutquery");
    ann.presses_pay(PACK);
    shop.dies();
    shop.sandbox().faults().mend_plug();
    assert_eq!(ann.stars(), before + PACK);
    let died = shop.is_killed_at_a_sync(plug, (n, when), || shop.is_quiet());
    assert_eq!(ann.has_all_or_nothing(), before + PACK, "{n} {when:?}");
    died
}

/// At a few of them, or at all.
fn dies_at_syncs(each: usize) {
    let plug = Plug::new();
    let shop = Setup::new().rate(RATE).plug(&plug).start();
    let ann = shop.customer(7).with_credits(0);
    let mut died = 0;
    let blows = (1..=SYNCS).flat_map(|n| [(n, When::Before), (n, When::After)]);
    for (n, when) in blows.step_by(each) {
        died += usize::from(dies_at_a_sync(&shop, &plug, &ann, n, when));
    }
    assert!(died > 1, "it was killed {died} times");
}

#[test]
fn a_payment_survives_kills_at_some_fsyncs_of_the_next_start() {
    dies_at_syncs(7);
}

#[test]
#[ignore = "takes half a minute: .ci/full"]
fn a_payment_survives_a_kill_at_every_fsync_of_the_next_start() {
    dies_at_syncs(1);
}
