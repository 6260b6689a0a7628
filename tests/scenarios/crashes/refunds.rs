//! `neurocards refund-payment`, killed on its way and run again: the Stars and the credits are
//! back, each once.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use neurocards::sandbox::faults::{Moment, Pulled};
use rustix::process::{Pid, Signal, kill_process};

use crate::customer::PACK;
use crate::plug::{Plug, When};
use crate::{Appliance, Setup};

/// Where the command dies.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Nowhere,
    Request(Moment),
    Sync(u64, When),
}

/// Runs the command under a blow. Returns how it ended, and how often it synced.
fn refunds(shop: &Appliance, plug: &Plug, charge: &str, blow: Blow) -> (ExitStatus, u64) {
    let pid = Arc::new(AtomicI32::new(0));
    let of = Arc::clone(&pid);
    shop.sandbox().faults().pull_plug(move |now, seen| {
        let here = matches!(blow, Blow::Request(moment) if moment == now);
        if !here || !seen.path.to_lowercase().contains("refundstarpayment") {
            return Pulled::No;
        }
        while of.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let of = Pid::from_raw(of.load(Ordering::SeqCst)).unwrap();
        kill_process(of, Signal::KILL).unwrap();
        Pulled::Out
    });
    if let Blow::Sync(n, when) = blow {
        plug.kills_at(n, when);
    }
    let mut child = shop.binary(&["refund-payment", charge, "--yes"]).spawn().unwrap();
    pid.store(child.id() as i32, Ordering::SeqCst);
    let status = child.wait().unwrap();
    let syncs = plug.syncs().iter().filter(|it| it.pid == child.id()).count() as u64;
    (status, syncs)
}

#[test]
fn a_refund_that_is_killed_anywhere_is_whole_after_it_is_run_again() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7).with_credits(0);
    let charge = ann.buys(PACK);
    let (whole, syncs) = refunds(&shop, &plug, &charge, Blow::Nowhere);
    assert!(whole.success() && syncs >= 2, "{whole} {syncs}");
    let mut blows = vec![Blow::Request(Moment::Before), Blow::Request(Moment::After)];
    blows.extend(
        (1..=syncs).flat_map(|n| [Blow::Sync(n, When::Before), Blow::Sync(n, When::After)]),
    );
    let mut random = fastrand::Rng::with_seed(4);
    for first in &blows {
        for second in [Blow::Nowhere, blows[random.usize(..blows.len())]] {
            let charge = ann.buys(PACK);
            let (died, _) = refunds(&shop, &plug, &charge, *first);
            assert!(!died.success(), "{first:?}");
            let (credits, stars) = (ann.credits(), shop.sandbox().telegram().stars());
            assert!(credits == 5 || stars == 0, "{first:?}: credits went before the Stars");
            // What was done already may be said to be.
            refunds(&shop, &plug, &charge, second);
            refunds(&shop, &plug, &charge, Blow::Nowhere);
            let (credits, stars) = (ann.credits(), shop.sandbox().telegram().stars());
            assert_eq!((credits, stars), (0, 0), "{first:?}, then {second:?}");
        }
    }
    let kept: i64 = shop.value(
        "SELECT COUNT(*) FROM payments
         WHERE refunded_at IS NULL OR taken_back <> 5
            OR 1 <> (SELECT COUNT(*) FROM ledger
                     WHERE key = 'refund:' || telegram_payment_charge_id)",
    );
    assert_eq!(kept, 0, "each went back once");
}
