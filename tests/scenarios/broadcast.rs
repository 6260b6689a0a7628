//! The operator writes to many: everybody gets it once, whatever dies, and nobody's own message
//! waits for it.

use neurocards::bot::limiter::BULK_A_SECOND;
use neurocards::sandbox::telegram::Message;

use crate::{Appliance, Customer, Setup};

const ADMIN: i64 = 99;
const WORDS: &str = "Новый шаблон уже в меню";
/// Slow enough that the program's own work between the words and the answer, which the process clock
/// counts too, is little of that.
const RATE: f64 = 20.0;
/// Nobody's answer waits longer for a broadcast, in seconds.
const LONGEST: i64 = 2;
/// A broadcast never rests and goes at a steady pace, so what went of it between somebody's words
/// and their answer is how long that took, by the process clock: fewer than these are less than
/// [`LONGEST`]. Counted, not timed: a machine that is busy elsewhere stops both.
const OVERTAKING: i64 = LONGEST * BULK_A_SECOND;

impl Appliance {
    /// So many customers; of every ten the last has blocked the bot, and it does not know.
    fn has_customers(&self, count: i64) {
        self.writes(&format!(
            "WITH RECURSIVE n(id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM n
                                      WHERE id < 999 + {count})
             INSERT INTO users (tg_user_id) SELECT id FROM n"
        ));
        for id in (1000..1000 + count).filter(|id| id % 10 != 9) {
            self.sandbox().telegram().knows_bot(id);
        }
    }

    fn sent(&self) -> i64 {
        self.value("SELECT sent FROM broadcasts")
    }

    /// Until Telegram took so many.
    fn has_sent(&self, count: i64) {
        self.waits_for("a broadcast on its way", || (self.sent() >= count).then_some(()));
    }

    fn copies(&self, user: i64) -> usize {
        let all = self.sandbox().telegram().messages(user);
        all.iter().filter(|it| it.text.contains(WORDS)).count()
    }

    /// Who got it is known, who is gone is marked; at most `twice` have it twice.
    fn everybody_has_it(&self, count: i64, twice: usize) {
        let known = (1000..1000 + count).filter(|id| id % 10 != 9);
        let copies: Vec<(i64, usize)> = known.map(|id| (id, self.copies(id))).collect();
        let odd: Vec<_> = copies.iter().filter(|(_, n)| *n != 1).collect();
        assert!(odd.iter().all(|(_, n)| *n == 2) && odd.len() <= twice, "{odd:?}");
        let marked: i64 = self.value(
            "SELECT COUNT(*) FROM users WHERE blocked_at IS NOT NULL AND tg_user_id % 10 = 9",
        );
        assert_eq!(marked, count / 10);
    }
}

/// Sends it, up to the last question.
fn composes(admin: &Customer<'_>) {
    admin.says(&format!("/broadcast <b>{WORDS}</b>\nЗагляните!"));
    let preview = admin.hears(WORDS);
    assert!(preview.html.contains("<b>") && preview.button("🎬").is_some(), "{preview:?}");
    for label in ["📤 Отправить", "✅ Да"] {
        taps(admin, label);
    }
    reads(admin, "📤 Отправлено");
}

/// The panel is one message, edited in place: what it says now counts, not what is new.
fn taps(admin: &Customer<'_>, label: &str) {
    let telegram = admin.of.sandbox().telegram();
    admin.of.waits_for(label, || telegram.presses_label(ADMIN, label));
}

fn reads(admin: &Customer<'_>, part: &str) {
    let says = |it: &Message| it.text.contains("📣") && it.text.contains(part);
    admin.of.waits_for(part, || admin.chat().iter().any(says).then_some(()));
}

/// How many of the broadcast came between somebody's words and their answer.
fn overtaken(shop: &Appliance, ann: &Customer<'_>) -> i64 {
    let before = shop.sandbox().telegram().last_id();
    ann.says("/help");
    let answer: Message = ann.hears("Как это работает");
    // Neither their own words nor the answer is of it.
    answer.id - before - 2
}

#[test]
fn everybody_gets_a_broadcast_once_though_it_is_killed_and_nobody_waits_for_it() {
    let shop = Setup::new().admin(ADMIN).rate(RATE).start();
    let admin = Customer::meets(&shop, ADMIN, "ru");
    let ann = shop.customer(7);
    shop.has_customers(900);
    composes(&admin);
    shop.has_sent(60);
    for _ in 0..3 {
        let overtaken = overtaken(&shop, &ann);
        assert!(overtaken < OVERTAKING, "{overtaken} went before an answer");
    }
    shop.kill9();
    let so_far = shop.sent();
    assert!(so_far < 750, "it was killed on its way: {so_far}");
    shop.start_again();
    shop.has_sent(so_far + 20);
    taps(&admin, "⏸");
    reads(&admin, "⏸ Пауза");
    shop.settles();
    let paused = shop.sent();
    assert!(paused < 812, "it was paused on its way: {paused}");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM broadcasts WHERE state = 'paused'"), 1);
    taps(&admin, "▶️");
    shop.waits_until("SELECT state = 'done' FROM broadcasts");
    assert_eq!(shop.sent(), 812, "the administrator and Ann as well");
    reads(&admin, "✅ Готово: отправлено 812 из 902");
    shop.everybody_has_it(900, 1);
}

#[test]
#[ignore = "minutes: .ci/full"]
fn ten_thousand_get_a_broadcast_once_though_it_is_killed_three_times() {
    let shop = Setup::new().admin(ADMIN).rate(RATE).start();
    let admin = Customer::meets(&shop, ADMIN, "ru");
    let ann = shop.customer(7);
    shop.has_customers(10_000);
    composes(&admin);
    let mut worst = 0;
    for part in 1..=3 {
        shop.has_sent(part * 2_000);
        for _ in 0..10 {
            worst = worst.max(overtaken(&shop, &ann));
        }
        shop.kill9();
        shop.start_again();
    }
    while shop.value::<bool>("SELECT state <> 'done' FROM broadcasts") {
        worst = worst.max(overtaken(&shop, &ann));
        let sent = shop.sent();
        shop.waits_for("more of it", || {
            let over = shop.value::<bool>("SELECT state = 'done' FROM broadcasts");
            (over || shop.sent() >= sent + 100).then_some(())
        });
    }
    println!("at most {worst} messages of it went before somebody's answer");
    assert!(worst < OVERTAKING, "{worst}");
    shop.everybody_has_it(10_000, 3);
}
