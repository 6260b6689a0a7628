//! The operator in the chat: commands, and the daily report.

use neurocards::clock::{Clock, HOUR, Millis, SECOND, Spec};

use crate::customer::{photo, ru};
use crate::{Appliance, OWN, Setup, UGC};

/// 20 November 2026, 23:00 in Moscow.
const EVENING: Millis = 1_795_204_800_000;
/// Some 40 minutes of ours in ten real seconds, between two looks of the housekeeper.
const RATE: f64 = 240.0;

fn at_evening() -> Setup {
    // It is drawn once, and the evening is short.
    photo();
    let now = Clock::fast(RATE).spec().anchor;
    Setup::new().admin(99).tuned(|options| {
        options.clock = Clock::new(Spec { rate: RATE, anchor: now, offset: EVENING - now });
        options.render_ms = (20 * SECOND, 40 * SECOND);
    })
}

fn reports(shop: &Appliance) -> Vec<String> {
    let chat = shop.sandbox().telegram().messages(99);
    chat.into_iter().map(|it| it.text).filter(|text| text.contains("Итоги за")).collect()
}

/// The housekeeper has looked once more since the last start.
fn keeper_looks(shop: &Appliance) {
    let looked = format!(
        "SELECT COALESCE(heartbeat_at - started_at > {}, 0) FROM instance",
        9 * RATE as Millis * SECOND
    );
    shop.waits_until(&looked);
}

#[test]
fn the_report_comes_once_at_its_hour_whatever_happens_in_between() {
    let shop = at_evening().settings("[report]\nat = \"00:05\"").start();
    let ann = shop.customer(7).with_credits(2);
    ann.orders(1, OWN).arrives();
    shop.settles();
    assert!(shop.value::<i64>("SELECT MAX(finished_at) FROM jobs") < EVENING + HOUR, "in time");
    assert_eq!(reports(&shop), [""; 0]);
    shop.kill9();
    shop.start_again();
    shop.waits_for("the report", || (!reports(&shop).is_empty()).then_some(()));
    let report = reports(&shop).remove(0);
    for part in ["Итоги за 20.11.2026", "Заказов: 1", "Готовых видео: 1", "Удачных видео: 100 %"]
    {
        assert!(report.contains(part), "{part}: {report}");
    }
    shop.settles();
    shop.kill9();
    shop.start_again();
    keeper_looks(&shop);
    shop.settles();
    assert_eq!(reports(&shop).len(), 1);
}

#[test]
fn without_an_hour_there_is_no_report() {
    let shop = at_evening().settings("[report]\nat = \"\"").start();
    let after = EVENING + 2 * HOUR;
    shop.waits_until(&format!("SELECT heartbeat_at > {after} FROM instance"));
    assert_eq!(reports(&shop), [""; 0]);
}

#[test]
fn an_administrator_works_from_the_chat_and_a_stranger_does_not() {
    let shop = Setup::new().admin(99).start();
    let (boss, ann) = (shop.customer(99), shop.customer(7).with_credits(1));
    ann.says("/grant 7 100");
    ann.hears(&ru("unknown-command"));
    ann.says("/ban 99");
    ann.hears(&ru("unknown-command"));
    assert_eq!(ann.credits(), 1);
    ann.orders(1, UGC).arrives();
    ann.acts();
    boss.says("/grant 7 5 за терпение");
    boss.hears("теперь 5 кредитов");
    ann.hears(&ru("granted"));
    boss.says("/grant 7");
    boss.hears("/grant ID N причина");
    boss.says("/stats");
    boss.hears("Заказов: 1");
    boss.says("/queue");
    boss.hears("Пусто");
    boss.says("/ban 7 спам");
    boss.hears("больше не принимаем");
    ann.says("/start");
    ann.presses("🎬");
    ann.hears(&ru("closed-banned"));
    boss.says("/unban 7");
    boss.hears("снова может");
    boss.says("/help");
    boss.hears("/queue");
    boss.hears(&ru("help"));
    ann.says("/help");
    let help = ann.hears(&ru("help"));
    assert!(!help.text.contains("/grant"));
    let done = "SELECT group_concat(who || ' ' || action, ', ') FROM audit WHERE way = 'chat'";
    assert_eq!(shop.value::<String>(done), "99 grant, 99 ban, 99 unban");
    boss.orders(1, OWN).arrives();
}
