//! `kill -9` at the worst moments: nothing is lost, and nothing is done twice that cannot be.

mod matrix;
mod order;
mod power;
mod refunds;
mod report;
mod trace;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use neurocards::clock::MINUTE;
use neurocards::sandbox::faults::{Action, Moment, Service};

use crate::customer::{PRODUCT, photo};
use crate::plug::Plug;
use crate::{AD, Appliance, OWN, Setup, UGC};

impl Appliance {
    fn crashes_and_returns(&self) {
        self.settles();
        self.kill9();
        self.start_again();
    }

    /// Kills it at the first request for which this is true, at this moment of it.
    pub(crate) fn dies_at(&self, moment: Moment, service: Service, path: &'static str) {
        let (kill, once) = (self.killer(), AtomicBool::new(true));
        self.sandbox().faults().pull_plug(move |now, seen| {
            let fits = now == moment && seen.service == service && seen.path.contains(path);
            if fits && once.swap(false, Ordering::SeqCst) {
                kill();
            }
        });
    }

    pub(crate) fn comes_back(&self) {
        self.dies();
        self.sandbox().faults().mend_plug();
        self.start_again();
    }
}

#[test]
fn the_dialogue_goes_on_at_the_same_step_after_a_crash() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    shop.crashes_and_returns();
    ann.presses("🎬");
    ann.hears("📸");
    shop.crashes_and_returns();
    ann.sends_photo(photo());
    ann.hears("✍️");
    shop.crashes_and_returns();
    ann.says(PRODUCT);
    ann.sees("🎥");
    shop.crashes_and_returns();
    ann.presses("🎥");
    ann.sees("Без пожеланий");
    shop.crashes_and_returns();
    ann.says("на рассвете");
    ann.sees("1️⃣");
    shop.crashes_and_returns();
    ann.presses("1️⃣");
    ann.sees("✅");
    shop.crashes_and_returns();
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    assert_eq!((ann.videos().len(), ann.credits()), (1, 1));
}

#[test]
fn what_renders_at_a_crash_is_watched_again_and_not_submitted_again() {
    let shop = Setup::new().admin(99).start();
    shop.sandbox().kie().set_render_ms((3 * MINUTE, 4 * MINUTE));
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, UGC);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'render'");
    shop.kill9();
    shop.start_again();
    order.arrives();
    assert_eq!(shop.sandbox().kie().submits(), 3);
    let lost: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome <> 'accepted'");
    assert_eq!((lost, ann.credits()), (0, 0));
}

#[test]
fn a_submit_whose_answer_died_with_the_process_is_lost_and_counted() {
    for moment in [Moment::Before, Moment::After] {
        let shop = Setup::new().admin(99).start();
        let ann = shop.customer(7).with_credits(1);
        shop.dies_at(moment, Service::Kie, "createTask");
        ann.describes(OWN);
        ann.presses("1️⃣");
        ann.presses("✅");
        shop.comes_back();
        shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
        let attempts: i64 = shop.value("SELECT attempts FROM jobs");
        let lost: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'");
        assert_eq!((attempts, lost, ann.videos().len()), (2, 1, 1), "{moment:?}");
        shop.alerts("alert-recovered");
    }
}

#[test]
fn a_submit_whose_line_was_cut_is_lost_and_the_order_settles() {
    for action in [Action::DropBefore, Action::DropAfter, Action::BrokenJson, Action::Html(502)] {
        let shop = Appliance::new();
        shop.sandbox().faults().on(Service::Kie, "createTask").nth(1).does(action.clone());
        let ann = shop.customer(7).with_credits(1);
        ann.orders(1, OWN).arrives();
        let lost: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'");
        assert_eq!((lost, ann.credits()), (1, 0), "{action:?}");
        let attempts: i64 = shop.value("SELECT attempts FROM jobs");
        assert_eq!(attempts, 2, "{action:?}");
    }
}

#[test]
fn a_video_on_its_way_at_a_crash_is_sent_again() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    shop.dies_at(Moment::After, Service::Telegram, "sendVideo");
    ann.describes(OWN);
    ann.presses("1️⃣");
    ann.presses("✅");
    shop.comes_back();
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    assert_eq!((ann.videos().len(), ann.credits()), (2, 0), "never lost, at worst twice");
    let counted: i64 = shop.value("SELECT lost FROM outbox WHERE job_id IS NOT NULL");
    assert_eq!(counted, 1, "and it is counted");
    assert_eq!(shop.sandbox().kie().submits(), 1);
}

#[test]
fn a_button_whose_answer_died_with_the_process_is_answered_again_and_acts_once() {
    for moment in [Moment::Before, Moment::After] {
        let shop = Appliance::new();
        let ann = shop.customer(7);
        shop.settles();
        shop.dies_at(moment, Service::Telegram, "answerCallbackQuery");
        ann.presses("🎬");
        shop.comes_back();
        ann.hears("📸");
        shop.settles();
        let telegram = shop.sandbox().telegram();
        assert!(telegram.unanswered_callbacks().is_empty(), "{moment:?}");
        let asked: i64 = shop.value("SELECT COUNT(*) FROM outbox WHERE content LIKE '%📸%'");
        assert_eq!(asked, 1, "{moment:?}: what the button does is done once");
        let answers: i64 = shop.value("SELECT COUNT(*) FROM outbox WHERE key LIKE 'answer:%'");
        assert_eq!(answers, 1, "{moment:?}");
    }
}

#[test]
fn a_photo_that_was_taken_survives_a_power_cut() {
    let plug = Plug::new();
    plug.remembers_the_disk();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7);
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(photo());
    ann.hears("✍️");
    shop.settles();
    shop.kill9();
    plug.cuts_the_power(&shop);
    shop.start_again();
    ann.says(PRODUCT);
    ann.chooses(UGC);
    assert_eq!(ann.confirms(1).arrives().len(), 1);
}

#[test]
fn an_order_survives_kills_at_any_request() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.describes(UGC);
    ann.presses("3️⃣");
    ann.sees("✅");
    let mut kills = 0;
    let mut confirmed = false;
    for after in [1, 3, 2, 5, 3, 7, 4, 9, 5, 12, 6, 15] {
        let (kill, count) = (shop.killer(), Arc::new(AtomicU64::new(0)));
        let counted = count.clone();
        // Polls of Telegram go on for ever, so only what belongs to the order counts.
        shop.sandbox().faults().pull_plug(move |moment, seen| {
            let ours = !seen.path.contains("getUpdates") && !seen.path.contains("credit");
            if ours && moment == Moment::After && counted.fetch_add(1, Ordering::SeqCst) == after {
                kill();
            }
        });
        if !confirmed {
            ann.presses("✅");
            confirmed = true;
        }
        let over = shop.waits_for("a kill, or the end", || {
            let died = count.load(Ordering::SeqCst) > after;
            (died || shop.is_quiet()).then_some(!died)
        });
        if over {
            break;
        }
        kills += 1;
        shop.comes_back();
    }
    shop.sandbox().faults().mend_plug();
    shop.settles();
    assert!(kills >= 5, "{kills} kills were too few to say anything");
    let finished: i64 = shop.value("SELECT COUNT(*) FROM orders WHERE finished_at IS NOT NULL");
    let done: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'done'");
    assert_eq!((finished, ann.credits()), (1, 3 - done));
    assert!(done >= 2, "{done} of 3 after {kills} kills");
    let videos = ann.videos().len() as i64;
    assert!((done..=done + kills).contains(&videos), "{videos} came, {done} were paid for");
}

#[test]
fn everything_at_once_loses_nothing() {
    let shop = Setup::new().keys(2).admin(99).start();
    shop.sandbox().telegram().deliver_twice(true);
    let all: Vec<_> = (1..=4).map(|id| shop.customer(id).with_credits(5)).collect();
    shop.sandbox().faults().usual_trouble();
    let orders: Vec<_> = all
        .iter()
        .zip([(UGC, 3), (OWN, 5), (AD, 1), (UGC, 5)])
        .map(|(customer, (what, count))| customer.orders(count, what))
        .collect();
    for jobs in [2, 5, 8, 11] {
        shop.waits_for("some progress", || {
            let sql = "SELECT COUNT(*) FROM jobs WHERE finished_at IS NOT NULL";
            (shop.value::<i64>(sql) >= jobs).then_some(())
        });
        shop.kill9();
        shop.start_again();
    }
    for order in &orders {
        order.ends();
    }
    let done: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'done'");
    let credits: i64 = all.iter().map(|customer| customer.credits()).sum();
    assert_eq!(credits, 20 - done);
    let videos: usize = all.iter().map(|customer| customer.videos().len()).sum();
    assert!(videos as i64 >= done, "{videos} videos came, {done} were paid for");
    assert!(done >= 12, "{done} of 14");
}
