//! Telegram's bad days: nothing is lost, nothing spins, and one chat's trouble is nobody else's.

use std::sync::atomic::{AtomicU64, Ordering};

use neurocards::clock::{HOUR, MINUTE, Millis, SECOND};
use neurocards::sandbox::faults::{Action, Seen, Service};

use crate::customer::{photo, ru};
use crate::{Appliance, Customer, OWN, Setup};

const ADMIN: i64 = 99;
const OFF_409: &str = "Conflict: terminated by other getUpdates request; make sure that only one \
                       bot instance is running";

/// Telegram's refusal.
fn refusal(code: u16, text: &str, more: &str) -> Action {
    let body = format!("{{\"ok\":false,\"error_code\":{code},\"description\":\"{text}\"{more}}}");
    Action::Status(code, body)
}

fn slow_down(retry_after: &str) -> Action {
    let more = format!(",\"parameters\":{{\"retry_after\":{retry_after}}}");
    refusal(429, "Too Many Requests", &more)
}

fn to_chat(id: i64) -> String {
    format!("\"chat_id\":{id},")
}

impl Appliance {
    fn now(&self) -> Millis {
        self.sandbox().options().clock.now()
    }

    fn lost(&self) -> i64 {
        self.value("SELECT COALESCE(SUM(lost), 0) FROM outbox")
    }

    /// How often the operator was told something with this in it.
    fn admin_heard(&self, part: &str) -> usize {
        let chat = self.sandbox().telegram().messages(ADMIN);
        chat.iter().filter(|message| message.text.contains(part)).count()
    }

    /// Lines of the log with this in them.
    fn logged(&self, part: &str) -> usize {
        String::from_utf8_lossy(&self.printed()).lines().filter(|it| it.contains(part)).count()
    }

    fn strikes(&self, fault: u64) {
        self.waits_for("the fault", || (self.sandbox().faults().hits(fault) > 0).then_some(()));
    }
}

impl Customer<'_> {
    /// Asks for help, which takes the bot one message.
    fn asks(&self) {
        self.says("/help");
    }

    /// When the answer came.
    #[track_caller]
    fn is_answered(&self) -> Millis {
        self.hears(&ru("help")).sent_at
    }

    /// Up to where a photo is wanted.
    fn wants_to_send(&self) {
        self.says("/start");
        self.presses("🎬");
        self.hears("📸");
    }
}

#[test]
fn a_pause_for_one_chat_is_obeyed_and_nobody_elses() {
    let shop = Appliance::new();
    let (ann, bob) = (shop.customer(7), shop.customer(8));
    shop.settles();
    let faults = shop.sandbox().faults();
    let asked_at = shop.now();
    let slow = slow_down("240");
    let pause =
        faults.on(Service::Telegram, "sendMessage").with_body(&to_chat(7)).nth(1).does(slow);
    ann.asks();
    shop.strikes(pause);
    bob.asks();
    assert!(bob.is_answered() < asked_at + 240 * SECOND, "another chat does not wait");
    assert!(ann.is_answered() >= asked_at + 240 * SECOND, "the pause is obeyed");
    assert_eq!(shop.lost(), 0, "nothing can have come twice");
}

#[test]
fn a_pause_for_several_chats_is_everybodys() {
    // Refusals within five seconds belong together: here these are two and a half real ones.
    let shop = Setup::new().rate(2.0).start();
    let (ann, bob, eve) = (shop.customer(7), shop.customer(8), shop.customer(9));
    shop.settles();
    let faults = shop.sandbox().faults();
    let pauses = [7, 8].map(|id| {
        let to = faults.on(Service::Telegram, "sendMessage").with_body(&to_chat(id));
        to.nth(1).does(slow_down("8"))
    });
    let asked_at = shop.now();
    ann.asks();
    bob.asks();
    pauses.iter().for_each(|pause| shop.strikes(*pause));
    shop.waits_until("SELECT COUNT(*) = 2 FROM outbox WHERE tries = 1");
    eve.asks();
    let came_at = eve.is_answered();
    assert!(came_at >= asked_at + 8 * SECOND, "{} ms", came_at - asked_at);
    ann.is_answered();
    bob.is_answered();
}

#[test]
fn an_absurd_pause_is_neither_believed_nor_ignored() {
    let shop = Setup::new().rate(3_600.0).start();
    let ann = shop.customer(7);
    let faults = shop.sandbox().faults();
    for absurd in ["0", "-5", "\"soon\"", "{}", "1e99", "86400"] {
        let pause = faults.on(Service::Telegram, "sendMessage").nth(1).does(slow_down(absurd));
        let asked_at = shop.now();
        ann.asks();
        let came_at = ann.is_answered();
        assert!(came_at > asked_at + SECOND, "{absurd}: {} ms", came_at - asked_at);
        assert_eq!(faults.hits(pause), 1);
        faults.remove(pause);
    }
    // The same for the poller.
    let pause = faults.on(Service::Telegram, "getUpdates").nth(1).does(slow_down("1e99"));
    ann.asks();
    ann.is_answered();
    ann.asks();
    ann.is_answered();
    assert_eq!(faults.hits(pause), 1);
}

#[test]
fn a_video_that_telegram_refused_for_now_is_no_doubling_after_a_crash() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    let faults = shop.sandbox().faults();
    let video = || faults.on(Service::Telegram, "sendVideo");
    let slow = video().nth(1).does(slow_down("180"));
    let order = ann.orders(1, OWN);
    shop.strikes(slow);
    shop.waits_until("SELECT COUNT(*) = 1 FROM outbox WHERE state = 'pending' AND tries = 1");
    shop.kill9();
    shop.start_again();
    order.ends();
    let revoked = video().does(refusal(401, "Unauthorized", ""));
    let order = ann.orders(1, OWN);
    shop.strikes(revoked);
    shop.waits_until("SELECT COUNT(*) = 0 FROM outbox WHERE calling_at IS NOT NULL");
    faults.remove(revoked);
    order.ends();
    assert_eq!((shop.lost(), ann.videos().len(), ann.credits()), (0, 2, 0));
}

#[test]
fn a_text_whose_answer_was_lost_comes_twice_at_worst_and_is_counted() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    shop.sandbox().faults().on(Service::Telegram, "sendMessage").nth(1).does(Action::DropAfter);
    ann.asks();
    ann.is_answered();
    shop.settles();
    assert_eq!((ann.news().len(), shop.lost()), (2, 1));
}

#[test]
fn a_chat_from_which_no_answer_ever_comes_back_is_not_flooded() {
    let shop = Setup::new().rate(600.0).start();
    let (ann, bob) = (shop.customer(7), shop.customer(8));
    shop.settles();
    let faults = shop.sandbox().faults();
    let silent = faults.on(Service::Telegram, "sendMessage").with_body(&to_chat(7));
    let silent = silent.does(Action::DropAfter);
    let asked_at = shop.now();
    ann.asks();
    shop.strikes(silent);
    bob.asks();
    bob.is_answered();
    shop.waits_for("an hour", || (shop.now() > asked_at + HOUR).then_some(()));
    let copies = ann.news().len();
    assert!((2..=12).contains(&copies), "{copies} copies in an hour");
    faults.remove(silent);
    shop.settles();
    assert!(shop.lost() >= copies as i64, "each is counted");
}

#[test]
fn a_chat_that_is_gone_is_left_alone_until_it_writes_again() {
    let shop = Setup::new().admin(ADMIN).start();
    let ann = shop.customer(7);
    shop.settles();
    for (code, text) in [
        (403, "Forbidden: user is deactivated"),
        (400, "Bad Request: chat not found"),
        (400, "Bad Request: group chat was upgraded to a supergroup chat"),
    ] {
        let faults = shop.sandbox().faults();
        let to_her = faults.on(Service::Telegram, "sendMessage").with_body(&to_chat(7));
        let gone = to_her.does(refusal(code, text, ""));
        ann.asks();
        shop.waits_until("SELECT blocked_at IS NOT NULL FROM users WHERE tg_user_id = 7");
        assert_eq!(faults.hits(gone), 1, "{text}: it is asked once");
        faults.remove(gone);
        ann.asks();
        ann.is_answered();
        shop.settles();
    }
    assert_eq!(shop.sandbox().telegram().messages(ADMIN).len(), 0, "nobody else's business");
}

#[test]
fn a_status_that_its_customer_deleted_comes_anew() {
    let shop = Appliance::new();
    shop.sandbox().kie().set_render_ms((3 * MINUTE, 3 * MINUTE + 1));
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'render'");
    shop.waits_until("SELECT COUNT(*) = 0 FROM outbox WHERE state = 'pending'");
    // The new one stands below what came meanwhile.
    shop.expects(|it| it.maybe_twice = 1);
    let deleted = order.status().id;
    shop.sandbox().telegram().deletes(7, deleted);
    order.arrives();
    shop.settles();
    let status = order.status();
    assert!(status.id > deleted && status.text.contains("✅"), "{}", status.text);
    let dropped: i64 = shop.value("SELECT COUNT(*) FROM outbox WHERE state = 'dropped'");
    assert_eq!((dropped, ann.credits()), (0, 0));
    let edits = shop.sandbox().telegram().calls("editMessageText");
    assert!(edits < 10, "{edits} edits");
}

#[test]
fn another_poller_is_told_of_once_however_long_they_take_turns() {
    // Two minutes without a refusal are four real seconds.
    let shop = Setup::new().admin(ADMIN).rate(30.0).start();
    let ann = shop.customer(7);
    // Every other poll is refused, as two pollers do to each other.
    let turn = AtomicU64::new(0);
    let odd = move |_: &Seen| turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
    let faults = shop.sandbox().faults();
    let polls = faults.on(Service::Telegram, "getUpdates").when(odd);
    let other = polls.first(6).does(refusal(409, OFF_409, ""));
    for _ in 0..3 {
        ann.asks();
        ann.is_answered();
    }
    shop.waits_for("the other's end", || (faults.hits(other) == 6).then_some(()));
    ann.asks();
    ann.is_answered();
    shop.waits_until("SELECT ended_at IS NOT NULL FROM alerts WHERE cause = 'telegram:poller'");
    shop.settles();
    assert_eq!(shop.admin_heard("ещё одна программа"), 1);
    assert_eq!(shop.admin_heard(&ru("alert-updates-over")), 1);
    assert_eq!(shop.logged("another program polls with this bot's token"), 1);
    assert_eq!(shop.logged("updates come again"), 1);
}

#[test]
fn a_webhook_that_stays_is_told_of_and_recovered_from() {
    let shop = Setup::new().admin(ADMIN).start();
    let ann = shop.customer(7);
    shop.settles();
    let telegram = shop.sandbox().telegram();
    telegram.sets_webhook("https://old.example/hook", true);
    let polls = telegram.calls("getUpdates");
    shop.waits_for("the alert", || (shop.admin_heard("вебхук") == 1).then_some(()));
    let console = shop.terminal(&["console"], 120, 40);
    console.shows("Другая программа").types("q");
    ann.asks();
    shop.waits_for("some tries", || (telegram.calls("getUpdates") >= polls + 4).then_some(()));
    telegram.sets_webhook("", false);
    ann.is_answered();
    shop.waits_until("SELECT ended_at IS NOT NULL FROM alerts WHERE cause = 'telegram:webhook'");
    shop.settles();
    assert_eq!((shop.admin_heard("вебхук"), shop.logged("another program set a webhook")), (1, 1));
    console.ends();
}

#[test]
fn a_token_revoked_while_it_runs_is_said_plainly_and_asked_with_patience() {
    let shop = Setup::new().admin(ADMIN).start();
    let (ann, bob) = (shop.customer(7), shop.customer(8));
    shop.settles();
    let faults = shop.sandbox().faults();
    let revoked = faults.on(Service::Telegram, "/").does(refusal(401, "Unauthorized", ""));
    // What is to be said meanwhile waits.
    for id in [7, 8, 9, 10, 11] {
        shop.writes(&format!(
            "INSERT INTO outbox (seq, chat_id, content, created_at)
             VALUES ((SELECT MAX(seq) + 1 FROM outbox), {id},
                     '{{\"kind\": \"text\", \"html\": \"word\"}}', {})",
            shop.now()
        ));
    }
    shop.waits_until("SELECT COUNT(*) = 1 FROM alerts WHERE cause = 'telegram:token'");
    let before = (shop.now(), faults.hits(revoked));
    shop.waits_for("two minutes", || (shop.now() > before.0 + 2 * MINUTE).then_some(()));
    // A poll in half a minute at last, and five chats as often.
    let asked = faults.hits(revoked) - before.1;
    assert!(asked < 60, "{asked} calls in two minutes");
    assert_eq!(shop.logged("does not accept BOT_TOKEN"), 2, "the poller and the sender, once each");
    faults.remove(revoked);
    for id in 9..=11 {
        shop.sandbox().telegram().knows_bot(id);
    }
    ann.asks();
    ann.is_answered();
    bob.asks();
    bob.is_answered();
    shop.waits_until("SELECT ended_at IS NOT NULL FROM alerts WHERE cause = 'telegram:token'");
}

#[test]
fn garbage_for_updates_costs_no_update_and_no_rest() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    shop.settles();
    let copy =
        "{\"update_id\":4000000000,\"message\":{\"message_id\":1,\"date\":1,\"text\":\"/help\",
                 \"from\":{\"id\":7,\"is_bot\":false,\"first_name\":\"A\"},
                 \"chat\":{\"id\":7,\"type\":\"private\"}}}";
    let hundred = vec![copy; 100].join(",");
    let result = |result: &str| Action::Status(200, format!("{{\"ok\":true,\"result\":{result}}}"));
    let odd = "[1,null,{},{\"update_id\":9223372036854775807},{\"update_id\":-3}]";
    let faults = shop.sandbox().faults();
    let mut n = 0;
    let mut next = |action| {
        n += 1;
        faults.on(Service::Telegram, "getUpdates").nth(n).does(action)
    };
    next(result("\"nonsense\""));
    next(result(odd));
    next(result(&format!("[{hundred}]")));
    next(result(&format!("[{hundred}]")));
    next(Action::Html(200));
    next(result("{\"a\":1}"));
    let last = next(Action::Endless);
    ann.acts();
    // The poll that is under way came before the faults.
    shop.sandbox().telegram().says(8, "/start");
    shop.strikes(last);
    ann.is_answered();
    shop.settles();
    assert_eq!(ann.news().len(), 1, "a hundred copies, twice, are one update");
    // Ids have begun anew, far below those.
    ann.asks();
    ann.is_answered();
    let polls = shop.sandbox().telegram().calls("getUpdates");
    assert!(polls < 60, "{polls} polls");
}

#[test]
fn photos_that_drip_or_never_end_hold_up_no_other_photo() {
    let shop = Appliance::new();
    let slow = [7, 8, 9].map(|id| shop.customer(id));
    let (dan, eve) = (shop.customer(10), shop.customer(11));
    slow.iter().chain([&dan, &eve]).for_each(Customer::wants_to_send);
    let faults = shop.sandbox().faults();
    let drip = faults.on(Service::Telegram, "/file/").first(3).does(Action::Drip(HOUR));
    slow.iter().for_each(|customer| customer.sends_photo(photo()));
    shop.waits_for("three that drip", || (faults.hits(drip) == 3).then_some(()));
    let endless = faults.on(Service::Telegram, "/file/").first(1).does(Action::Endless);
    dan.sends_photo(photo());
    shop.strikes(endless);
    eve.sends_photo(photo());
    let free_at = eve.hears("✍️").sent_at;
    dan.finds("that it is too large", |message| !message.text.is_empty());
    for customer in &slow {
        // Its second try.
        assert!(customer.hears("✍️").sent_at > free_at, "{} was not held up", customer.id);
    }
}

#[test]
fn photos_that_telegram_does_not_give_hold_up_nobody_who_presses() {
    const PHOTOS: i64 = 40;
    let shop = Appliance::new();
    let bob = shop.customer(7);
    let others: Vec<_> = (100..100 + PHOTOS).map(|id| shop.customer(id)).collect();
    others.iter().for_each(Customer::wants_to_send);
    shop.settles();
    let slow = shop.sandbox().faults().on(Service::Telegram, "/file/");
    let slow = slow.does(Action::Slow(4 * MINUTE));
    others.iter().for_each(|other| other.sends_photo(b"this is no picture".to_vec()));
    let waiting = "SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL AND body LIKE '%\"photo\"%'";
    shop.waits_until(&format!("SELECT ({waiting}) = {PHOTOS}"));
    bob.asks();
    bob.is_answered();
    assert_eq!(shop.value::<i64>(waiting), PHOTOS, "and no photo had come meanwhile");
    shop.sandbox().faults().remove(slow);
    others.iter().for_each(|other| drop(other.hears(&ru("wrong-photo-file"))));
}

#[test]
fn an_upload_that_telegram_reads_by_the_byte_holds_up_no_other_chat() {
    let shop = Appliance::new();
    shop.sandbox().kie().pad_videos(12 << 20);
    let (ann, bob) = (shop.customer(7).with_credits(1), shop.customer(8));
    let faults = shop.sandbox().faults();
    let slow = faults.on(Service::Telegram, "sendVideo").first(1).does(Action::SlowRead(MINUTE));
    let order = ann.orders(1, OWN);
    shop.strikes(slow);
    bob.asks();
    let answered_at = bob.is_answered();
    let video = order.arrives().remove(0);
    assert!(video.sent_at > answered_at, "the first try had to end");
    assert_eq!((shop.lost(), ann.credits()), (1, 0), "it may have arrived, as far as we know");
}
