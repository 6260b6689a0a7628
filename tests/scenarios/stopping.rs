//! Starting and stopping.

use std::time::Duration;

use neurocards::clock::{HOUR, MINUTE};
use neurocards::sandbox::faults::{Action, Service};

use crate::appliance::STOP;
use crate::customer::{photo, ru};
use crate::plug::Plug;
use crate::terminal::signal;
use crate::{Appliance, OWN, Setup, UGC};

impl Appliance {
    #[track_caller]
    fn stops_in_time(&self) -> Duration {
        let (status, took) = self.sigterm();
        assert!(status.success() && took < STOP, "{status} after {took:?}");
        took
    }
}

#[test]
fn a_stop_while_videos_render_is_quick_and_they_come_after_the_start() {
    let shop = Appliance::new();
    shop.sandbox().kie().set_render_ms((3 * MINUTE, 4 * MINUTE));
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, UGC);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'render'");
    shop.stops_in_time();
    let leased: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE leased_at IS NOT NULL");
    assert_eq!(leased, 0);
    shop.start_again();
    order.arrives();
    assert_eq!(shop.sandbox().kie().submits(), 3);
}

#[test]
fn a_stop_does_not_wait_for_services_that_hang() {
    for (service, path, what) in [
        (Service::OpenAi, "chat/completions", UGC),
        (Service::Kie, "file-stream-upload", OWN),
        (Service::Kie, "recordInfo", OWN),
        (Service::Kie, "/results/", OWN),
        (Service::Telegram, "sendVideo", OWN),
    ] {
        let shop = Appliance::new();
        let hang = shop.sandbox().faults().on(service, path).does(Action::Hang(100 * HOUR));
        let ann = shop.customer(7).with_credits(1);
        let order = ann.orders(1, what);
        shop.waits_for(path, || (shop.sandbox().faults().hits(hang) > 0).then_some(()));
        shop.stops_in_time();
        shop.sandbox().faults().remove(hang);
        shop.start_again();
        order.arrives();
        assert_eq!((shop.sandbox().kie().submits(), ann.credits()), (1, 0), "{path}");
    }
}

#[test]
fn a_photo_that_had_not_come_at_any_stop_is_not_called_broken() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.presses("🎬");
    ann.hears("📸");
    let hang = shop.sandbox().faults().on(Service::Telegram, "/file/");
    let hang = hang.does(Action::Hang(100 * HOUR));
    ann.sends_photo(photo());
    for stops in 1..=3 {
        shop.waits_for("a download", || {
            (shop.sandbox().faults().hits(hang) >= stops).then_some(())
        });
        assert!(shop.stops_in_time() < STOP / 2, "nobody waits for it");
        if stops == 3 {
            shop.sandbox().faults().remove(hang);
        }
        shop.start_again();
    }
    ann.hears("✍️");
}

#[test]
fn a_stop_ends_in_time_though_the_disk_does_not_answer() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7);
    shop.settles();
    plug.hangs("neurocards.db-wal");
    ann.says("/help");
    shop.waits_for("a disk that hangs", || plug.has_hung().then_some(()));
    shop.stops_in_time();
    plug.lets_go();
    shop.start_again();
    ann.hears(&ru("help"));
}

#[test]
fn a_submit_under_way_gets_its_answer_before_the_stop() {
    let shop = Appliance::new();
    // A real second.
    shop.sandbox().faults().on(Service::Kie, "createTask").does(Action::Slow(MINUTE));
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM submits");
    shop.stops_in_time();
    shop.sandbox().faults().clear();
    shop.start_again();
    order.arrives();
    let accepted: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome = 'accepted'");
    assert_eq!((accepted, shop.sandbox().kie().submits()), (1, 1));
}

#[test]
fn a_stop_that_comes_in_the_middle_of_a_start_cuts_off_no_submit() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7).with_credits(1);
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT step = 'submit' AND leased_at IS NULL FROM jobs");
    assert!(shop.sigterm().0.success());
    shop.commands(&["resume"]);
    let begun = || shop.value::<i64>("SELECT started_at FROM instance");
    let last = begun();
    shop.sandbox().faults().on(Service::Kie, "createTask").does(Action::Slow(MINUTE));
    plug.hangs("neurocards.db-wal");
    shop.launches();
    // It has begun, and is not done with it before another commit is on the disk.
    shop.waits_for("the middle of a start", || {
        let (hangs, begun) = (plug.has_hung(), begun() > last);
        if hangs && !begun {
            plug.lets_one_go();
        }
        (hangs && begun).then_some(())
    });
    signal(shop.pid(), "TERM");
    plug.lets_go();
    let ended = shop.ends_itself();
    assert!(ended.success(), "{ended}");
    shop.sandbox().faults().clear();
    shop.start_again();
    order.arrives();
    let attempts: i64 = shop.value("SELECT attempts FROM jobs");
    assert_eq!((attempts, shop.sandbox().kie().submits(), ann.credits()), (1, 1, 0));
}

#[test]
fn a_submit_that_hangs_is_given_up_at_the_stop_and_its_order_settles() {
    let shop = Appliance::new();
    let hang = Action::Hang(100 * HOUR);
    let hang = shop.sandbox().faults().on(Service::Kie, "createTask").does(hang);
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, OWN);
    shop.waits_for("a submit", || (shop.sandbox().faults().hits(hang) > 0).then_some(()));
    shop.stops_in_time();
    let leased: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE leased_at IS NOT NULL");
    assert_eq!(leased, 0);
    shop.sandbox().faults().remove(hang);
    shop.start_again();
    order.arrives();
    let lost: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'");
    assert_eq!((lost, shop.sandbox().kie().submits(), ann.credits()), (1, 1, 0));
}

#[test]
fn a_second_instance_on_the_folder_leaves_with_code_three() {
    let shop = Appliance::new();
    let second = shop.command(&["run"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3));
    assert!(said.lines().count() == 1 && said.contains("another neurocards"), "{said}");
    shop.customer(7);
}

#[test]
fn updates_that_came_while_it_was_down_are_answered_after_the_start() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    shop.stops_in_time();
    ann.says("/help");
    ann.acts();
    shop.start_again();
    ann.hears(&ru("help"));
}

#[test]
fn even_the_finest_log_holds_no_secret() {
    let shop = Setup::new().env("RUST_LOG", "trace").start();
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, UGC).arrives();
    let printed = String::from_utf8_lossy(&shop.printed()).into_owned();
    assert!(printed.contains("TRACE"), "the log is as fine as it was asked to be");
}

#[test]
fn starts_that_keep_dying_end_in_safe_mode_until_resume() {
    // Each start dies within the three real seconds in which it is young.
    let shop = Setup::new().admin(99).rate(10.0).start();
    shop.expects(|it| it.by_hand = 1);
    let ann = shop.customer(7).with_credits(1);
    shop.settles();
    shop.kill9();
    for _ in 0..6 {
        shop.start_again();
        shop.kill9();
    }
    shop.start_again();
    ann.says("/start");
    ann.presses("🎬");
    ann.hears("Кредиты на месте");
    shop.alerts("alert-safe-mode");
    let told = shop.sandbox().telegram().messages(99);
    assert!(told.iter().any(|it| it.text.contains("neurocards resume")), "{told:?}");
    shop.writes(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id,
                           input_photo_path, product_info, status)
         VALUES ((SELECT id FROM users WHERE tg_user_id = 7), 7, 'waits', 'reels', 'self',
                 'https://example.com/photo.jpg', '{\"text\": \"x\", \"user_prompt\": \"A cup\"}',
                 'queued')",
    );
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'submit'");
    shop.idles(Duration::from_millis(500));
    assert_eq!(shop.sandbox().kie().submits(), 0, "what was sold waits");
    shop.commands(&["resume"]);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE status = 'done'");
    ann.orders(1, OWN).arrives();
}
