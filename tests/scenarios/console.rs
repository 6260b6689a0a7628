//! The console in a terminal beside the real appliance: what the operator presses, what stands on
//! the screen, and what came of it in the database and in the customers' chats.

mod ends;
mod foreground;
mod lives;
mod looks;
mod newcomer;

use neurocards::sandbox::faults::{Action, Service};

use crate::customer::{photo, ru};
use crate::terminal::{Key, Terminal, picture};
use crate::{Appliance, Customer, OWN, Setup, UGC};

/// The last line of the audit: by which way, what, to what, and what was so before and after.
const LAST_DEED: &str = "SELECT way || ' ' || action || ' ' || object || ': '
        || COALESCE(before, '') || ' > ' || COALESCE(after, '')
 FROM audit
 ORDER BY id DESC
 LIMIT 1";

impl Appliance {
    /// The console beside it, with its first picture.
    fn console(&self) -> Terminal {
        let console = self.terminal(&["console"], 120, 40);
        console.shows("running, heartbeat").shows("The day");
        console
    }

    fn last_deed(&self) -> String {
        self.value(LAST_DEED)
    }

    fn deeds(&self) -> i64 {
        self.value("SELECT COUNT(*) FROM audit")
    }
}

/// Out of a console that stops nothing.
#[track_caller]
fn leave(console: &Terminal) {
    console.types("q");
    assert!(console.ends().success(), "{:?}", console.ends());
    console.is_restored();
}

/// Orders one video of a product of their own.
fn order_of<'a>(customer: &Customer<'a>, product: &str) -> crate::customer::Order<'a> {
    customer.says("/start");
    customer.presses("🎬");
    customer.hears("📸");
    customer.sends_photo(photo());
    customer.hears("✍️");
    customer.says(product);
    customer.chooses(OWN);
    customer.confirms(1)
}

#[test]
fn an_order_is_found_by_its_customer_or_its_product_and_is_seen_to_end() {
    let shop = Appliance::new();
    let (ann, bob) = (shop.customer(7).with_credits(1), shop.customer(8).with_credits(1));
    shop.commands(&["pause", "--submitting"]);
    let hers = ann.orders(1, UGC);
    let his = order_of(&bob, "Lavender soap");
    shop.waits_until("SELECT COUNT(*) = 2 FROM jobs WHERE step = 'submit'");
    let console = shop.terminal(&["console"], 130, 60);
    console.types("2").shows("@customer7").shows("@customer8");
    console.types("/").shows("filter:").types("@customer7").presses(Key::Enter);
    console.shows("filter: @customer7").hides("@customer8");
    console.presses(Key::Esc).shows("@customer8");
    console.types("/").shows("filter:").types("LAVENDER").presses(Key::Enter);
    console.hides("@customer7").shows("Lavender soap").presses(Key::Enter);
    console.shows("Queue › Job 2").shows("What happened").shows("credits: held");
    console.shows("submits are held by hand: it waits for");
    shop.commands(&["resume"]);
    console.shows("done · it ended").shows("credits: spent").shows("message: sent");
    console.presses(Key::Esc).shows("Lavender soap").shows("done");
    leave(&console);
    hers.arrives();
    his.arrives();
}

#[test]
fn keys_that_are_typed_ahead_reach_the_screens_that_they_are_meant_for() {
    let shop = Appliance::new();
    for id in [7, 8, 9] {
        shop.customer(id).with_credits(1).orders(1, OWN).ends();
    }
    let console = shop.console();
    console.types("2/@customer8\r\r").shows("Queue › Job 2").shows("What happened");
    console.types("2uc5\rthanks\r").shows("Give 5 credits to customer 8?").types("n");
    console.hides("Give 5 credits").types("4b\r").shows("Block key").types("n");
    console.hides("Block key").types("6/@customer9\ry").shows("Copied: 9\n");
    leave(&console);
}

#[test]
fn credits_are_given_with_a_reason_and_no_more_is_taken_back_than_there_is() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    shop.customer(8);
    shop.settles();
    ann.acts();
    let console = shop.console();
    console.types("6").shows("@customer8").types("/").shows("filter:");
    console.types("@customer7").presses(Key::Enter).hides("@customer8").presses(Key::Enter);
    console.shows("Customers › Customer 7").shows("2 credits, 0 held");
    console.types("c").shows("credits (negative takes back):").types("5").presses(Key::Enter);
    console.shows("why (for the record):").presses(Key::Enter).shows("A reason is needed");
    let before = shop.deeds();
    console.types("paid by transfer").presses(Key::Enter).shows("Give 5 credits to customer 7?");
    assert_eq!((shop.deeds(), ann.credits()), (before, 2), "a question changes nothing");
    console.types("y").shows("Customer 7 now has 7 credits.").shows("7 credits, 0 held");
    assert_eq!(shop.last_deed(), "console grant user 7: 2 credits > 7 credits");
    ann.hears(&ru("granted"));
    console.types("v").shows("Statement").shows("paid by transfer").shows("+5");
    console.types("c").shows("credits (negative takes back):").types("-8").presses(Key::Enter);
    console.shows("why (for the record):").types("a mistake").presses(Key::Enter);
    console.shows("Take 8 credits back from customer 7?").types("y");
    console.shows("Customer 7 has 7 credits: 8 cannot be taken back.");
    assert_eq!((shop.deeds(), ann.credits()), (before + 1, 7));
    console.types("9").shows("paid by transfer").shows("7 credits");
    leave(&console);
}

#[test]
fn a_job_is_canceled_only_by_a_plain_yes_and_its_credit_comes_back() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    let console = shop.console();
    console.types("S").shows("Hold submits?").types("y").shows("nothing is submitted for");
    let order = ann.orders(3, OWN);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'submit' AND leased_at IS NULL");
    console.types("2").shows("@customer7").types("G").types("c");
    let question = console.shows("Cancel one video (3)?").shows("1 credit goes back");
    question.presses(Key::Enter).hides("Cancel one video");
    assert_eq!((shop.last_deed().starts_with("console pause"), ann.credits()), (true, 0));
    console.types("c").shows("Cancel one video (3)?").types("y").shows("1 credit went back");
    assert_eq!(ann.credits(), 1);
    let deed = "console cancel job 3: at submit > canceled, 1 credit back";
    assert_eq!(shop.last_deed(), deed);
    console.shows("canceled").types("u").shows("Customer 7").shows("1 credit, 2 held");
    console.types("v").shows("Statement").shows("returned").shows("+1");
    console.types("9").shows("cancel ").shows("job 3").shows("canceled, 1");
    console.types("1").shows("The day").types("R").shows("Open everything").types("y");
    console.shows("Everything is open.").hides("nothing is submitted for");
    leave(&console);
    order.ends();
    assert_eq!((order.videos().len(), ann.credits()), (2, 1));
}

#[test]
fn what_is_marked_is_canceled_together() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(3, OWN);
    shop.waits_until("SELECT COUNT(*) = 3 FROM jobs WHERE step = 'submit' AND leased_at IS NULL");
    let console = shop.console();
    console.types("2").shows("@customer7").types("  ").shows("2 marked");
    console.types("c").shows("Cancel 2 videos (1, 2)?").shows("2 credits go back");
    console.types("y").shows("2 credits went back (2 videos).").hides("2 marked");
    assert_eq!(ann.credits(), 2);
    shop.commands(&["resume"]);
    leave(&console);
    order.ends();
    assert_eq!(order.videos().len(), 1);
}

#[test]
fn a_key_that_is_blocked_serves_no_next_order_until_it_is_unblocked() {
    let shop = Setup::new().keys(2).start();
    let ann = shop.customer(7).with_credits(4);
    let key = |number: i64| -> String {
        shop.value(&format!("SELECT fingerprint FROM api_keys WHERE position = {number}"))
    };
    let (first, second) = (key(1), key(2));
    let console = shop.console();
    console.types("4").shows("no  key").shows(&second);
    console.types("b").shows("why (may stay empty):").types("leaked").presses(Key::Enter);
    console.shows(&format!("Block key {first}?")).types("y").shows("blocked by hand");
    assert_eq!(shop.last_deed(), format!("console block key {first}: free > blocked"));
    ann.orders(3, OWN).arrives();
    let used = "SELECT group_concat(DISTINCT api_key) FROM submits";
    assert_eq!(shop.value::<String>(used), second);
    console.types("2").shows("@customer7").types("G").presses(Key::Enter);
    console.shows("What happened").shows(&format!("key          {second}"));
    console.types("4").shows("blocked by hand");
    console.types("u").shows("serves again").hides("blocked by hand");
    assert_eq!(shop.last_deed(), format!("console unblock key {first}: blocked (operator) > free"));
    leave(&console);
    ann.orders(1, OWN).arrives();
}

/// What a hand could change, as text.
const CHANGEABLE: &str = "SELECT
   (SELECT COUNT(*) || ' ' || TOTAL(delta) FROM ledger)
   || (SELECT group_concat(status || step || priority || due_at) FROM jobs)
   || (SELECT group_concat(credits || COALESCE(banned_at, '-')) FROM users)
   || (SELECT group_concat(COALESCE(blocked_until, '-')) FROM api_keys)
   || (SELECT COUNT(*) FROM outbox) || ' ' || (SELECT COUNT(*) FROM audit)
   || (SELECT COALESCE(selling_paused_at, '-') || submitting_paused_at FROM instance)";

#[test]
fn a_console_that_may_only_look_refuses_every_deed() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    shop.commands(&["pause", "--submitting"]);
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT step = 'submit' AND leased_at IS NULL FROM jobs");
    shop.waits_until("SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending')");
    let before: String = shop.value(CHANGEABLE);
    let console = shop.terminal(&["console", "--readonly"], 120, 40);
    console.shows("read only").shows("The day").types("PSDR");
    console.types("2").shows("@customer7").types("rcn+");
    console.presses(Key::Enter).shows("Job 1").shows("What happened").types("rcn+");
    console.types("4").shows("no  key").types("bua");
    console.types("5").shows("by list").types("o");
    console.types("6").shows("last order").types("cbw");
    console.presses(Key::Enter).shows("Customer 7").shows("1 order").types("cbw");
    console.types(":").shows(":overview").types("grant 7 5 x").presses(Key::Enter);
    console.shows("This console only looks").types("t").shows("what was done");
    let heard = |screen: &vt100::Screen| {
        // The newest stands below as a toast, too.
        let refusals = picture(screen).matches("  This console only looks").count();
        (refusals == 23).then_some(())
    };
    console.waits_for("a refusal for every key", heard);
    assert_eq!(shop.value::<String>(CHANGEABLE), before);
    console.presses(Key::Esc).hides("what was done ");
    leave(&console);
    shop.commands(&["resume"]);
    order.arrives();
}

#[test]
fn closed_selling_is_said_on_every_screen_and_to_the_customers() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    let console = shop.console();
    console.types("P").shows("Close selling?").types("y").shows("selling is closed for");
    for (key, name) in [
        ("2", "Queue"),
        ("3", "Failures"),
        ("4", "Keys"),
        ("5", "Models"),
        ("6", "Customers"),
        ("7", "Payments"),
        ("8", "Alerts"),
        ("9", "Audit"),
        ("1", "Overview"),
    ] {
        console.types(key).waits_for(name, |screen| {
            let rows: Vec<String> = screen.rows(0, 120).collect();
            let here = rows[3].trim_start().starts_with(name);
            (here && rows[2].contains("selling is closed for")).then_some(())
        });
    }
    ann.says("/start");
    ann.presses("🎬");
    ann.hears(&ru("closed-paused"));
    console.types("R").shows("Open everything").types("y").hides("selling is closed for");
    assert_eq!(shop.last_deed(), "console resume selling and submitting: selling paused > open");
    leave(&console);
    ann.orders(1, OWN).arrives();
}

#[test]
fn a_drain_counts_what_still_renders_down_to_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    let faults = shop.sandbox().faults();
    let silent = faults.on(Service::Kie, "recordInfo").does(Action::Html(503));
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT step = 'render' FROM jobs");
    let console = shop.console();
    console.types("D").shows("Drain?").types("y").shows("draining: one video still renders");
    faults.remove(silent);
    console.shows("drained: nothing renders, it is safe to stop");
    order.arrives();
    console.types("R").shows("Open everything").types("y").hides("drained: nothing renders");
    leave(&console);
    ann.orders(1, OWN).arrives();
}
