//! A wall clock that jumps: while the program runs, and between two runs.

use neurocards::clock::{DAY, MINUTE};
use neurocards::sandbox::faults::{Action, Service};

use crate::plug::Plug;
use crate::{Appliance, OWN, Setup, UGC};

/// What the process clock makes a day of: it runs sixty times as fast.
const A_DAY: i64 = 86_400 / 60;

fn settled(shop: &Appliance) -> (i64, i64) {
    shop.settles();
    let ended = "SELECT COUNT(*) FROM jobs WHERE status = 'done'";
    (shop.value(ended), shop.value("SELECT COALESCE(MAX(attempts), 0) FROM jobs"))
}

#[test]
fn a_clock_that_is_set_while_it_runs_moves_nothing_and_is_told() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).admin(99).start();
    shop.sandbox().kie().set_render_ms((5 * MINUTE, 6 * MINUTE));
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, UGC);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'render'");
    for ahead in [A_DAY, -A_DAY] {
        plug.sets_clock_ahead(ahead);
        ann.says("?");
        ann.acts();
    }
    order.arrives();
    assert_eq!(settled(&shop), (1, 1));
    // The last look may have seen either.
    shop.alerts_one_of(&["alert-clock", "alert-clock-back"]);
    plug.sets_clock_ahead(0);
    shop.alerts("alert-clock-over");
}

#[test]
fn a_day_that_passed_between_two_runs_fails_nothing_that_renders_or_waits_to_be_sent() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    shop.sandbox().kie().set_render_ms((10 * MINUTE, 12 * MINUTE));
    let ann = shop.customer(7).with_credits(3);
    let bob = shop.customer(8).with_credits(1);
    let order = ann.orders(3, UGC);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'render'");
    // Bob's video has come, and Telegram does not take it now.
    shop.sandbox().kie().set_render_ms((MINUTE / 2, MINUTE));
    let refusal = shop.sandbox().faults().on(Service::Telegram, "sendVideo");
    let refusal = refusal.does(Action::Html(502));
    let other = bob.orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) > 0 FROM outbox WHERE job_id IS NOT NULL AND tries > 0");
    shop.kill9();
    plug.sets_clock_ahead(A_DAY);
    shop.start_again();
    shop.waits_until("SELECT COUNT(*) > 0 FROM outbox WHERE job_id IS NOT NULL AND tries > 1");
    shop.sandbox().faults().remove(refusal);
    order.arrives();
    other.arrives();
    assert_eq!(settled(&shop), (4, 1));
    assert_eq!((shop.sandbox().kie().submits(), ann.credits(), bob.credits()), (4, 0, 0));
}

#[test]
fn a_clock_that_went_back_a_day_leaves_nothing_waiting_for_tomorrow() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).admin(99).settings("[kie]\ncreates_per_10s = 2").start();
    let ann = shop.customer(7).with_credits(7);
    ann.orders(3, OWN).arrives();
    // A minute's wait before the next try, a limited key, a message that is put off.
    let limited = shop.sandbox().faults().on(Service::Kie, "createTask");
    let limited = limited.does(Action::Envelope(429, "too many requests".into()));
    let order = ann.orders(3, OWN);
    shop.waits_until("SELECT COUNT(*) > 0 FROM api_keys WHERE blocked_class = 'rate_limit'");
    shop.kill9();
    let last: i64 = shop.value("SELECT MAX(id) FROM submits");
    shop.sandbox().faults().remove(limited);
    plug.sets_clock_ahead(-A_DAY);
    shop.start_again();
    let late = format!(
        "SELECT (SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL AND due_at > started_at + {DAY})
              + (SELECT COUNT(*) FROM submits
                 WHERE id <= {last} AND ended_at > (SELECT heartbeat_at FROM instance) + {MINUTE})
              + (SELECT COUNT(*) FROM api_keys
                 WHERE blocked_until > (SELECT heartbeat_at FROM instance) + 62 * {MINUTE})"
    );
    assert_eq!(shop.value::<i64>(&late), 0);
    order.arrives();
    ann.orders(1, OWN).arrives();
    assert_eq!(ann.credits(), 0);
}

/// How a container is looked at.
fn health() -> Vec<String> {
    let file = include_str!("../../packaging/Dockerfile");
    let check = file.lines().find_map(|line| line.trim().strip_prefix("CMD [\"neurocards\", "));
    serde_json::from_str(&format!("[{}", check.unwrap())).unwrap()
}

#[test]
fn whoever_looks_sees_it_alive_though_the_machine_slept_or_its_clock_was_set() {
    let plug = Plug::new();
    // For a watchdog with little patience its heart beats three times a second.
    let shop = Setup::new().plug(&plug).env("WATCHDOG_USEC", "600000").start();
    let looks = || {
        let doctor = shop.command(&["doctor"]).stdout;
        let said = String::from_utf8(doctor).unwrap();
        let line = said.lines().find(|line| line.contains(" appliance ")).unwrap().to_owned();
        let health: Vec<String> = health();
        let args: Vec<&str> = health.iter().map(String::as_str).collect();
        (!line.contains("not running"), shop.command(&args).status.success(), line)
    };
    for ahead in [120, -3_600] {
        plug.sets_clock_ahead(ahead);
        for _ in 0..2 {
            let beat: i64 = shop.value("SELECT heartbeat_at FROM instance");
            shop.waits_until(&format!("SELECT heartbeat_at > {beat} FROM instance"));
        }
        let (doctor, health, line) = looks();
        assert!(doctor && health, "{ahead}: {line}");
    }
    shop.kill9();
    plug.sets_clock_ahead(-7_200);
    let (doctor, health, line) = looks();
    assert!(!doctor && !health, "{line}");
    plug.sets_clock_ahead(0);
    shop.start_again();
}

#[test]
fn the_doctor_says_that_the_clock_is_wrong() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).stopped();
    plug.sets_clock_ahead(3_600);
    let output = shop.command(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("FAIL clock")).unwrap();
    assert!(line.contains("1h ahead") && said.contains("→"), "{said}");
    plug.sets_clock_ahead(0);
    let said = shop.command(&["doctor"]).stdout;
    assert!(String::from_utf8_lossy(&said).contains("ok   clock"));
}
