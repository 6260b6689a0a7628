//! Keys and models that do not serve: who is asked, how often, what the operator hears.

use neurocards::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use neurocards::sandbox::faults::{Action, Service};

use crate::customer::ru;
use crate::{Appliance, Customer, OWN, Setup, UGC};

const MINI: &str = "bytedance/seedance-2-mini";
const KLING: &str = "kling-3.0/video";
const ADMIN: i64 = 99;
const TOO_FAST: &str = "Your call frequency is too high. Please try again later.";
const PAUSED: &str = "This interface is temporarily paused.";

impl Appliance {
    /// When the provider got a call with this in its path, by any key or by one.
    fn kie_was_asked(&self, path: &str, key: Option<&str>) -> Vec<Millis> {
        let requests = self.sandbox().faults().requests().into_iter();
        let mine = requests.filter(|it| it.service == Service::Kie && it.path.contains(path));
        mine.filter(|it| key.is_none_or(|key| it.key == key)).map(|it| it.at).collect()
    }

    fn kie_key(&self, n: usize) -> String {
        self.sandbox().options().kie_keys[n].clone()
    }

    fn process_time(&self) -> Millis {
        self.sandbox().options().clock.now()
    }

    /// All that the operator was told.
    fn operator_heard(&self) -> Vec<String> {
        let chat = self.sandbox().telegram().messages(ADMIN);
        chat.into_iter().map(|message| message.text).collect()
    }

    /// So many jobs without an order, that need no GPT and no upload.
    fn queues_by_hand(&self, jobs: i64) {
        self.writes(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {jobs})
             INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             SELECT id, tg_user_id, 'by hand ' || i, 'self', 'https://example.com/photo.jpg',
                    '{{\"text\": \"Test\", \"user_prompt\": \"A cinematic product showcase\"}}'
             FROM users, n
             WHERE tg_user_id = 7"
        ));
        self.expects(|expected| expected.by_hand += jobs);
    }
}

fn refuses(shop: &Appliance, key: &str, code: i64, text: &str) -> u64 {
    let key = key.to_owned();
    let faults = shop.sandbox().faults();
    let rule = faults.on(Service::Kie, "createTask").when(move |seen| seen.key == key);
    rule.does(Action::Envelope(code, text.to_owned()))
}

fn closed(customer: &Customer<'_>, words: &str) {
    let before = (customer.credits(), customer.orders_so_far());
    customer.says("/start");
    customer.presses("🎬");
    customer.hears(words);
    assert_eq!((customer.credits(), customer.orders_so_far()), before);
}

#[test]
fn a_key_without_money_gets_one_submit_in_a_day_however_often_the_program_dies() {
    // A day is 24 seconds; what is limited in minutes has to have room for a busy machine.
    let settings = "[kie]\ngeneration_timeout = \"12h\"";
    let shop = Setup::new().keys(2).admin(ADMIN).settings(settings).rate(3_600.0).stopped();
    let (poor, rich) = (shop.kie_key(0), shop.kie_key(1));
    shop.sandbox().kie().set_balance(&poor, 0.0);
    shop.start_again();
    let ann = shop.customer(7).with_credits(9);
    ann.orders(3, OWN).arrives();
    let first = shop.kie_was_asked("createTask", Some(&poor));
    assert_eq!(first.len(), 1, "three videos found out by one submit");
    shop.settles();
    shop.kill9();
    shop.start_again();
    ann.orders(1, OWN).arrives();
    assert!(shop.sigterm().0.success());
    shop.start_again();
    ann.orders(1, OWN).arrives();
    assert_eq!(shop.kie_was_asked("createTask", Some(&poor)), first);
    assert_eq!((shop.operator_heard().len(), ann.credits()), (1, 4), "{:?}", shop.operator_heard());
    shop.waits_for("a day", || (shop.process_time() > first[0] + DAY + HOUR).then_some(()));
    ann.orders(3, OWN).arrives();
    let asked = shop.kie_was_asked("createTask", Some(&poor));
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= DAY), "{asked:?}");
    assert!(shop.sandbox().kie().tasks().iter().all(|task| task.key == rich));
    assert_eq!(ann.credits(), 1);
}

#[test]
fn a_key_that_has_money_again_serves_within_ten_minutes() {
    let shop = Setup::new().keys(2).admin(ADMIN).rate(300.0).stopped();
    let poor = shop.kie_key(0);
    shop.sandbox().kie().set_balance(&poor, 0.0);
    shop.start_again();
    let ann = shop.customer(7).with_credits(6);
    ann.orders(3, OWN).arrives();
    shop.sandbox().kie().set_balance(&poor, 5_000.0);
    let filled_at = shop.process_time();
    shop.waits_until("SELECT COUNT(*) = 0 FROM api_keys WHERE blocked_class IS NOT NULL");
    let asked = shop.kie_was_asked("chat/credit", Some(&poor));
    assert!(asked.iter().any(|at| (filled_at..filled_at + 10 * MINUTE).contains(at)), "{asked:?}");
    ann.orders(3, OWN).arrives();
    assert!(shop.sandbox().kie().tasks().iter().any(|task| task.key == poor));
    shop.settles();
    let alerts = shop.operator_heard();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts[1].contains("снова работает"), "{alerts:?}");
}

#[test]
fn the_only_key_without_money_is_a_refund_and_one_alert() {
    let shop = Setup::new().admin(ADMIN).stopped();
    shop.sandbox().kie().set_balance(&shop.kie_key(0), 10.0);
    shop.start_again();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, OWN).ends();
    shop.settles();
    assert_eq!((ann.credits(), shop.kie_was_asked("createTask", None).len()), (3, 1));
    assert_eq!(shop.operator_heard().len(), 1, "{:?}", shop.operator_heard());
    closed(&ann, &ru("closed-no-key"));
}

#[test]
fn a_limited_key_beside_a_free_one_keeps_nobody_waiting() {
    let shop = Setup::new().keys(2).start();
    let limited = shop.kie_key(0);
    let rule = refuses(&shop, &limited, 429, TOO_FAST);
    let ann = shop.customer(7).with_credits(8);
    ann.orders(5, OWN).arrives();
    ann.orders(3, OWN).arrives();
    assert_eq!(shop.sandbox().faults().hits(rule), 1, "it rests");
    let waits: (i64, i64) = shop.read(|conn| {
        let sql = "SELECT MAX(attempts), COUNT(*) FROM jobs WHERE attempts = 1";
        Ok(conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    });
    assert_eq!(waits, (1, 8), "no attempt was spent, so nobody has waited");
}

#[test]
fn where_all_keys_are_limited_the_third_attempt_asks_all_the_same() {
    let shop = Setup::new().keys(2).start();
    let slow = Action::Envelope(429, TOO_FAST.to_owned());
    shop.sandbox().faults().on(Service::Kie, "createTask").first(2).does(slow);
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    let asked = shop.kie_was_asked("createTask", None);
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[1] - asked[0] < 60 * SECOND, "the other key is asked at once: {asked:?}");
    assert!(asked[2] - asked[1] >= 180 * SECOND, "60 and 120 s: {asked:?}");
    let keys: Vec<String> = shop.read(|conn| {
        let mut query = conn.prepare("SELECT api_key FROM submits ORDER BY id")?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    });
    assert!(keys[0] != keys[1] && keys[2] == keys[0], "the one that is free soonest: {keys:?}");
    assert_eq!(shop.value::<i64>("SELECT attempts FROM jobs"), 3);
}

#[test]
fn a_paused_first_model_is_asked_once_and_the_second_serves() {
    let shop = Setup::new().keys(2).admin(ADMIN).start();
    let faults = shop.sandbox().faults();
    let paused = Action::Envelope(500, PAUSED.to_owned());
    let rule = faults.on(Service::Kie, "createTask").with_body(MINI).does(paused);
    let ann = shop.customer(7).with_credits(8);
    ann.orders(5, OWN).arrives();
    assert_eq!(faults.hits(rule), 1, "five videos with two keys found out by one submit");
    assert!(shop.sandbox().kie().tasks().iter().all(|task| task.model == KLING));
    // Its time is over: one job asks, and when it serves, all do.
    faults.clear();
    shop.waits_for("the end of the pause", || {
        let now = shop.process_time();
        let sql = format!("SELECT COUNT(*) = 0 FROM models WHERE paused_until > {now}");
        shop.value::<bool>(&sql).then_some(())
    });
    ann.orders(3, OWN).arrives();
    let tasks = shop.sandbox().kie().tasks();
    assert!(tasks[5..].iter().all(|task| task.model == MINI));
    shop.settles();
    let alerts = shop.operator_heard();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts.iter().all(|text| text.contains(MINI)), "{alerts:?}");
}

#[test]
fn without_any_model_nothing_is_sold_until_one_serves_again() {
    let shop = Setup::new().admin(ADMIN).settings(&format!("[kie]\nmodels = [\"{MINI}\"]")).start();
    shop.sandbox().kie().pause_model(MINI);
    let ann = shop.customer(7).with_credits(4);
    ann.orders(3, UGC).ends();
    assert_eq!((ann.credits(), shop.kie_was_asked("createTask", None).len()), (4, 1));
    closed(&ann, &ru("closed-no-model"));
    shop.sandbox().kie().resume_model(MINI);
    shop.waits_for("the end of the pause", || {
        let now = shop.process_time();
        let sql = format!("SELECT COUNT(*) = 0 FROM models WHERE paused_until > {now}");
        shop.value::<bool>(&sql).then_some(())
    });
    ann.orders(3, UGC).arrives();
    shop.settles();
    assert_eq!((ann.credits(), shop.operator_heard().len()), (1, 2), "{:?}", shop.operator_heard());
}

#[test]
fn who_stands_at_the_confirmation_hears_that_nothing_is_sold_and_pays_nothing() {
    let shop = Setup::new().admin(ADMIN).start();
    let (ann, bob) = (shop.customer(7).with_credits(3), shop.customer(8).with_credits(1));
    ann.describes(OWN);
    ann.presses("3️⃣");
    ann.sees("✅");
    shop.sandbox().kie().set_balance(&shop.kie_key(0), 0.0);
    bob.orders(1, OWN).ends();
    ann.presses("✅");
    ann.hears(&ru("closed-no-key"));
    shop.settles();
    assert_eq!((ann.credits(), ann.orders_so_far(), bob.credits()), (3, 0, 1));
    shop.sandbox().kie().set_balance(&shop.kie_key(0), 5_000.0);
    shop.waits_until("SELECT COUNT(*) = 0 FROM api_keys WHERE blocked_class IS NOT NULL");
    ann.orders(3, OWN).arrives();
    assert_eq!(ann.credits(), 0);
}

/// The most calls within ten seconds, as the provider saw them.
fn fullest_window(calls: &[Millis]) -> usize {
    let within = |from: Millis| {
        let window = from..from + 10 * SECOND;
        calls.iter().filter(|at| window.contains(at)).count()
    };
    calls.iter().map(|from| within(*from)).max().unwrap_or(0)
}

#[test]
fn a_kill_in_the_middle_of_a_burst_does_not_forget_the_window() {
    // Ten seconds are one: the process is back before they are over.
    let settings = "[limits]\nrunning_videos_per_user = 100";
    let shop = Setup::new().settings(settings).rate(10.0).start();
    shop.sandbox().kie().set_render_ms((20 * SECOND, 21 * SECOND));
    shop.customer(7);
    shop.queues_by_hand(25);
    shop.waits_for("a dozen tasks", || (shop.sandbox().kie().tasks().len() >= 12).then_some(()));
    shop.kill9();
    shop.start_again();
    shop.waits_until("SELECT COUNT(*) = 25 FROM jobs WHERE submitted_at IS NOT NULL");
    let asked = shop.kie_was_asked("createTask", None);
    assert!(fullest_window(&asked) <= 20, "{asked:?}");
    shop.settles();
    let refused: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome = 'refused'");
    assert_eq!(refused, 0, "the provider had nothing to complain of");
}

#[test]
fn three_hundred_behind_a_full_key_cost_nothing_while_they_wait() {
    let settings = "[kie]\nin_flight = 3\ngeneration_timeout = \"12h\"\n\
                    [limits]\nrunning_videos_per_user = 1000";
    let shop = Setup::new().settings(settings).start();
    shop.sandbox().kie().set_render_ms((2 * HOUR, 3 * HOUR));
    shop.customer(7);
    shop.queues_by_hand(300);
    shop.waits_until("SELECT COUNT(*) = 297 FROM jobs WHERE step = 'submit' AND leased_at IS NULL");
    let claims = || shop.value::<i64>("SELECT SUM(lease) FROM jobs");
    let (before, since) = (claims(), shop.process_time());
    shop.waits_for("two minutes", || (shop.process_time() > since + 2 * MINUTE).then_some(()));
    assert_eq!(claims() - before, 0, "claims, of which each is two commits");
    shop.expects(|expected| expected.unfinished = true);
    let started: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE started_at IS NOT NULL");
    assert_eq!((started, shop.sandbox().kie().tasks().len()), (300, 3));
}

#[test]
fn an_account_is_asked_after_each_task_and_its_balance_survives_a_restart() {
    let shop = Setup::new().start();
    let ann = shop.customer(7).with_credits(3);
    let begun = shop.process_time();
    ann.orders(3, OWN).arrives();
    let ended = shop.process_time();
    let left = shop.sandbox().kie().balance(&shop.kie_key(0));
    let is_known = format!("SELECT balance = {left:?} FROM api_keys");
    shop.waits_until(&is_known);
    let asked = shop.kie_was_asked("chat/credit", None);
    let first_task = shop.sandbox().kie().tasks().iter().filter_map(|it| it.finished_at).min();
    let soon = first_task.unwrap()..ended + MINUTE;
    assert!(asked.iter().any(|at| soon.contains(at)), "{asked:?}, not in {soon:?}");
    assert!(asked.iter().filter(|at| **at > begun).count() <= 6, "{asked:?}");
    shop.kill9();
    assert!(shop.value::<bool>(&is_known));
    shop.start_again();
}

#[test]
fn a_service_that_repeats_the_key_in_its_error_shows_it_to_nobody() {
    let shop = Setup::new().admin(ADMIN).start();
    let key = shop.kie_key(0);
    refuses(&shop, &key, 401, &format!("invalid api key {key}: <b>Bearer {key}</b>"));
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    shop.settles();
    let alerts = shop.operator_heard();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(alerts[0].contains("invalid api key ***: <b>Bearer ***</b>"), "{alerts:?}");
    // Every file and every output is searched for it at the end.
}

#[test]
fn gpt_that_works_again_is_told_once() {
    let shop = Setup::new().admin(ADMIN).start();
    let faults = shop.sandbox().faults();
    faults.on(Service::OpenAi, "chat/completions").does(Action::Html(500));
    let ann = shop.customer(7).with_credits(2);
    ann.orders(1, UGC).arrives();
    faults.clear();
    ann.orders(1, UGC).arrives();
    shop.settles();
    let alerts = shop.operator_heard();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts[1].contains(&ru("alert-gpt-over")), "{alerts:?}");
}
