//! A render over its time limit is refunded; a video that comes after that is a gift.

use neurocards::clock::{HOUR, MINUTE};
use neurocards::sandbox::faults::{Action, Fate, Moment, Service};
use neurocards::sandbox::telegram::{Kind, Message};

use crate::{Appliance, Customer, OWN, Setup};

const ADMIN: i64 = 99;
/// Words of the gift and of the credit that stays.
const GIFT: &str = "всё-таки получилось";
const STAYS: &str = "остаётся у вас";
const LIMIT: &str = "[kie]\ngeneration_timeout = \"5m\"";

const GIVEN: &str = "SELECT COUNT(*) = 1 FROM outbox WHERE key = 'gift:1' AND state = 'sent'";
const OVER: &str = "SELECT COUNT(*) = 1 FROM gifts WHERE outcome = 'none'";

/// A day passes in seconds, and a render is given up after five minutes.
fn impatient(rate: f64) -> Setup {
    Setup::new().settings(LIMIT).admin(ADMIN).rate(rate)
}

impl Appliance {
    /// Whatever becomes of a render, the provider says that it goes on, until the rule is removed.
    fn hides_renders(&self) -> u64 {
        let goes_on = "{\"code\":200,\"msg\":\"success\",\"data\":{\"state\":\"generating\"}}";
        let rule = self.sandbox().faults().on(Service::Kie, "recordInfo");
        rule.does(Action::Status(200, goes_on.into()))
    }

    fn shows_renders(&self, rule: u64) {
        self.sandbox().faults().remove(rule);
    }

    /// One video of a customer with one credit, refunded for its time limit; its render, which is
    /// still hidden, ends so.
    fn refunds(&self, fate: Fate) -> (Customer<'_>, u64) {
        let rule = self.hides_renders();
        self.sandbox().kie().next_renders(1, fate);
        let ann = self.customer(7).with_credits(1);
        ann.orders(1, OWN).ends();
        assert_eq!((ann.credits(), ann.videos().len()), (1, 0), "refunded");
        (ann, rule)
    }
}

impl Customer<'_> {
    /// What was given, with the credit that stays; nothing else was said since the refund.
    #[track_caller]
    fn has_a_gift(&self) -> Message {
        self.of.waits_until(GIVEN);
        let gift = self.hears(GIFT);
        assert!(gift.text.contains(STAYS), "{}", gift.text);
        assert!(gift.button("🔄").is_some() && gift.button("🏠").is_some());
        let ends: String =
            self.of.value("SELECT group_concat(kind, ' ') FROM ledger WHERE job_id = 1");
        assert_eq!((self.credits(), ends.as_str()), (1, "hold release"));
        let stands: String = self.of.value("SELECT status || ' ' || error_class FROM jobs");
        assert_eq!((stands.as_str(), self.of.sandbox().kie().submits()), ("failed timeout", 1));
        gift
    }
}

#[test]
fn a_video_that_comes_after_its_refund_is_a_gift() {
    let shop = impatient(600.0).start();
    let (ann, rule) = shop.refunds(Fate::Takes(MINUTE));
    let told = ann.chat().len();
    shop.shows_renders(rule);
    assert_eq!(ann.has_a_gift().kind, Kind::Video);
    assert_eq!(ann.chat().len(), told + 1, "one message more");
    let story = shop.commands(&["job", "1"]);
    for word in ["late", "gift", "gift:1"] {
        assert!(story.contains(word), "{word}: {story}");
    }
    assert!(
        shop.commands(&["stats"])
            .lines()
            .any(|line| line.starts_with("gifts") && line.contains('1'))
    );
}

#[test]
fn a_gift_survives_kills_between_the_refund_and_its_video() {
    let shop = impatient(600.0).start();
    let (ann, rule) = shop.refunds(Fate::Takes(MINUTE));
    // While it is watched, and when its video is about to be fetched.
    shop.kill9();
    let watched: i64 = shop.value("SELECT COUNT(*) FROM gifts WHERE ended_at IS NULL");
    assert_eq!(watched, 1);
    shop.start_again();
    shop.dies_at(Moment::Before, Service::Kie, "/results/");
    shop.shows_renders(rule);
    shop.comes_back();
    assert_eq!(ann.has_a_gift().kind, Kind::Video);
    assert_eq!(ann.videos().len(), 1);
}

#[test]
fn a_gift_on_its_way_at_a_crash_is_sent_again_and_counted() {
    let shop = impatient(600.0).start();
    let (ann, rule) = shop.refunds(Fate::Takes(MINUTE));
    shop.dies_at(Moment::After, Service::Telegram, "sendVideo");
    shop.shows_renders(rule);
    shop.comes_back();
    ann.has_a_gift();
    let lost: i64 = shop.value("SELECT lost FROM outbox WHERE key = 'gift:1'");
    assert_eq!((lost, ann.videos().len()), (1, 2), "never lost, at worst twice");
}

#[test]
fn a_gift_that_cannot_be_fetched_comes_as_a_link() {
    let shop = impatient(6_000.0).start();
    shop.sandbox().faults().on(Service::Kie, "/results/").does(Action::Html(500));
    let (ann, rule) = shop.refunds(Fate::Takes(MINUTE));
    shop.shows_renders(rule);
    let gift = ann.has_a_gift();
    assert!(gift.html.contains("/results/") && gift.kind != Kind::Video, "{}", gift.html);
    let tries: i64 = shop.value("SELECT tries FROM gifts");
    assert_eq!(tries, 8);
}

#[test]
fn a_refunded_render_that_fails_after_all_is_watched_no_more() {
    let shop = impatient(600.0).start();
    let busy = Fate::Fails("500".into(), "Internal Error, Please try again later.".into());
    let (ann, rule) = shop.refunds(busy);
    let told = ann.chat().len();
    shop.shows_renders(rule);
    shop.waits_until(OVER);
    assert_eq!((ann.credits(), ann.chat().len()), (1, told));
    assert!(shop.commands(&["job", "1"]).contains("no gift"));
}

#[test]
fn a_refunded_render_is_asked_about_every_five_minutes_for_a_day() {
    // Five minutes take 30 milliseconds.
    let shop = impatient(10_000.0).start();
    let (ann, rule) = shop.refunds(Fate::Never);
    shop.shows_renders(rule);
    shop.waits_until(OVER);
    let task = shop.sandbox().kie().tasks().remove(0);
    let watched: i64 =
        shop.value("SELECT ended_at - finished_at FROM gifts JOIN jobs ON id = job_id");
    // A busy machine skips a poll, but makes none faster.
    assert!((24 * HOUR..26 * HOUR).contains(&watched), "{watched}");
    assert!((100..=300).contains(&task.polls), "{} polls", task.polls);
    let written: i64 = shop.value(
        "SELECT COUNT(*) FROM events WHERE job_id = 1 AND at > (SELECT finished_at FROM jobs)",
    );
    assert_eq!((written, ann.credits()), (1, 1), "a poll that brought nothing writes nothing");
}

#[test]
fn who_blocked_the_bot_gets_no_gift() {
    let shop = impatient(600.0).start();
    let (ann, rule) = shop.refunds(Fate::Takes(MINUTE));
    shop.sandbox().telegram().blocks_bot(7);
    shop.shows_renders(rule);
    shop.waits_until("SELECT COUNT(*) = 1 FROM outbox WHERE key = 'gift:1' AND state = 'dropped'");
    assert_eq!((ann.credits(), ann.videos().len()), (1, 0));
}

#[test]
fn a_render_whose_key_left_the_configuration_is_refunded_and_a_gift_when_it_returns() {
    // A time limit that a busy machine does not reach before the kill.
    let limit = "[kie]\ngeneration_timeout = \"30m\"";
    let shop = Setup::new().settings(limit).admin(ADMIN).rate(600.0).keys(2).start();
    let rule = shop.hides_renders();
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'render'");
    let task = shop.sandbox().kie().tasks().remove(0);
    let others: Vec<String> = shop.sandbox().options().kie_keys.clone();
    let other = others.iter().find(|key| **key != task.key).unwrap();
    shop.kill9();
    shop.sets("KIE_API_KEY", other);
    shop.shows_renders(rule);
    let polls = shop.sandbox().kie().polls(&task.id);
    shop.start_again();
    order.ends();
    shop.settles();
    assert_eq!((ann.credits(), shop.told("убран из настроек")), (1, 1));
    let clock = &shop.sandbox().options().clock;
    let until = clock.now() + 6 * MINUTE;
    shop.waits_for("a turn of the watch", || (clock.now() > until).then_some(()));
    assert_eq!(shop.sandbox().kie().polls(&task.id), polls, "no other key may ask about it");
    shop.kill9();
    shop.sets("KIE_API_KEY", &others.join(","));
    shop.start_again();
    assert_eq!(ann.has_a_gift().kind, Kind::Video);
}
