//! Keys at the console: where they lead, and what they do to the evening.

use super::{Desk, LANGUAGES, Start};
use crate::console::app::Mode;
use crate::console::keymap::TABLE;
use crate::console::view::{Kind, View};
use crate::text::Lang;
use crossterm::event::KeyCode::{BackTab, Backspace, Char, Enter, Esc, Tab};
use crossterm::event::KeyModifiers;

fn english() -> Desk {
    Start::new(Lang::En).open()
}

#[test]
fn digits_and_tab_lead_through_the_screens() {
    let mut desk = english();
    for (digit, view) in "123456789".chars().zip(View::TABS) {
        assert_eq!(desk.press(Char(digit)).app.view(), view);
    }
    // There is no chat but in a demo.
    assert_eq!(desk.press(Char('0')).app.view(), View::Audit);
    assert_eq!(desk.press(Tab).app.view(), View::Overview);
    assert_eq!(desk.press(BackTab).app.view(), View::Audit);
    assert_eq!(desk.enters(":chat").app.view(), View::Audit);
    assert_eq!(desk.press(Esc).app.view(), View::Overview);
}

#[test]
fn a_row_leads_to_its_job_and_its_customer_and_esc_back() {
    let mut desk = english();
    desk.shows(View::Queue).types("j").press(Enter);
    let job = desk.rendering();
    assert_eq!(desk.app.view(), View::Job(job));
    desk.sees(&format!("Queue › Job {job}")).types("u");
    assert_eq!(desk.app.view(), View::Customer(101));
    desk.sees(&format!("Queue › Job {job} › Customer 101")).press(Enter);
    assert_eq!(desk.app.view(), View::Job(job), "the order's first video");
    desk.press(Esc).press(Backspace).press(Esc);
    assert_eq!(desk.app.view(), View::Queue);
    assert_eq!(desk.app.lists[&Kind::Queue].selected(), Some(job.to_string().as_str()));
}

#[test]
fn other_rows_lead_to_what_they_are_about() {
    let mut desk = english();
    let leads = |desk: &mut Desk, view: View, keys: &str| {
        desk.app.filters.clear();
        desk.shows(view).types(keys).press(Enter);
        (desk.app.view(), desk.app.filter().to_owned())
    };
    let queue = |filter: &str| (View::Queue, filter.to_owned());
    let (view, cause) = leads(&mut desk, View::Failures, "g");
    assert!(view == View::Queue && cause.starts_with("state:failed cause:"), "{cause}");
    assert_eq!(leads(&mut desk, View::Models, "g"), queue("model:bytedance/seedance-2-mini"));
    let key = desk.words_of("SELECT fingerprint FROM api_keys WHERE position = 1");
    assert_eq!(leads(&mut desk, View::Keys, "g"), queue(&format!("key:{key}")));
    assert_eq!(leads(&mut desk, View::Payments, "g").0, View::Customer(101));
    assert_eq!(leads(&mut desk, View::Audit, "gjj").0, View::Customer(104));
    let failed = desk.failed();
    assert_eq!(leads(&mut desk, View::Alerts, "gj").0, View::Job(failed));
    let waiting = desk.waiting();
    assert_eq!(leads(&mut desk, View::Audit, "gj").0.kind(), Kind::Job);
    assert_eq!(desk.enters(&format!(":job {waiting}")).app.view(), View::Job(waiting));
}

#[test]
fn a_filter_narrows_and_esc_takes_it_away() {
    let mut desk = english();
    desk.shows(View::Queue).enters("/state:failed");
    desk.sees("filter: state:failed").sees("@john_smith").misses("at work");
    desk.types("/").enters(" lamp");
    desk.sees("דוד לוי").misses("@john_smith");
    desk.press(Esc).sees("at work");
    assert_eq!(desk.app.view(), View::Queue);
    desk.shows(View::Customers).enters("/@john").sees("@john_smith").misses("@anna_krem");
    // The others are narrowed by what their rows say.
    desk.shows(View::Audit).enters("/grant 102").sees("user 102").misses("user 103");
}

#[test]
fn a_filter_that_is_not_understood_is_said_and_changes_nothing() {
    for (lang, _) in LANGUAGES {
        let mut desk = Start::new(lang).open();
        desk.shows(View::Queue).enters("/age>old");
        assert!(desk.said().contains("age>10m"), "{}", desk.said());
        assert_eq!(desk.app.filter(), "");
        desk.sees("@anna_krem");
    }
}

#[test]
fn a_command_line_completes_goes_and_complains() {
    let mut desk = english();
    desk.types(":cu").press(Tab).sees(": customers").enters("@anna");
    assert_eq!((desk.app.view(), desk.app.filter()), (View::Customers, "@anna"));
    desk.types(":re").sees(":retry JOB").sees(":resume").press(Esc);
    desk.enters(":fly").sees("There is no command \"fly\"").sees(": fly").press(Esc);
    desk.enters(":grant 101 5").sees("A reason is needed").press(Esc);
    desk.enters(":now abc").sees("\"abc\" is no number").press(Esc);
    desk.enters(":");
    assert!(matches!(desk.app.mode, Mode::Browse), "nothing is asked for");
    assert!(desk.done.is_empty());
    desk.enters(":quit");
    assert!(desk.left);
}

#[test]
fn marked_jobs_are_one_question_and_only_a_plain_yes_does_it() {
    let mut desk = english();
    let job = desk.rendering();
    let asked = format!("Cancel 2 videos ({job}, {})? 2 credits go back", job + 1);
    for no in [Enter, Esc, Char('n'), Char('N'), Char('т'), Char('q')] {
        desk.shows(View::Queue).types("gj  ").sees("2 marked").types("c").sees(&asked);
        desk.press(no).misses("y yes");
        assert!(desk.done.is_empty() && !desk.left, "{no:?} is no yes");
        desk.types("gj  ").misses("marked");
    }
    desk.types("gj  c").press(Char('д')).press(Char('x')).press(Tab);
    desk.sees(&asked).press(Char('y')).misses("marked");
    assert_eq!(desk.done, [format!("Cancel([JobId({job}), JobId({})])", job + 1)]);
    desk.sees("Canceled; 2 credits went back (2 videos).");
}

#[test]
fn yes_is_also_said_in_russian() {
    let mut desk = Start::new(Lang::Ru).open();
    let job = desk.rendering();
    // The key C writes с on a Russian keyboard.
    desk.shows(View::Job(job)).press(Char('с')).sees("Отменить 1 видео");
    desk.press(Char('т'));
    assert!(desk.done.is_empty());
    desk.press(Char('с')).press(Char('д'));
    assert_eq!(desk.done.len(), 1);
    desk.press(Esc).press(Esc).shows(View::Overview).press(Char('З')).sees("Закрыть продажи?");
    desk.press(Esc).press(Char('й'));
    assert!(desk.left);
}

#[test]
fn credits_need_a_number_and_a_reason() {
    let mut desk = english();
    let balance = "SELECT credits FROM users WHERE tg_user_id = 101";
    let before = desk.number(balance);
    desk.shows(View::Customer(101)).types("c").enters("many").sees("\"many\" is no number");
    desk.key(Char('u'), KeyModifiers::CONTROL).enters("0").sees("\"0\" is no number");
    desk.key(Char('u'), KeyModifiers::CONTROL).enters("-3").sees("why (for the record):");
    desk.enters("  ").sees("A reason is needed, for the record.");
    desk.enters("twice").sees("Take 3 credits back from customer 101?").sees("twice");
    assert!(desk.done.is_empty());
    desk.types("y").sees(&format!("Customer 101 now has {} credits.", before - 3));
    assert_eq!(desk.number(balance), before - 3);
    desk.types("v").sees("taken back").sees("twice");
    desk.types("b").press(Enter).sees("A reason is needed").press(Esc);
    desk.types("w").press(Enter).sees("A reason is needed").press(Esc);
}

#[test]
fn the_ban_key_takes_a_ban_back() {
    let mut desk = english();
    desk.shows(View::Customers).types("gb");
    assert_eq!(desk.said(), "Customer 106 may order again.");
    desk.types("b").enters("again").types("y");
    assert_eq!(desk.said(), "Customer 106 is banned.");
}

#[test]
fn keys_and_models_are_switched_where_they_stand() {
    let mut desk = english();
    desk.shows(View::Keys).types("gb").press(Enter).sees("Block key").types("y");
    desk.sees("blocked by hand").types("u");
    assert!(desk.said().ends_with("serves again."));
    desk.types("a").sees("balance is being asked");
    desk.shows(View::Models).types("Go").sees("Switch the model kling-3.0/video off?");
    desk.types("y").sees("off by hand").types("o").sees("kling-3.0/video is on.");
    desk.types("go").sees("bytedance/seedance-2-mini is on.");
}

#[test]
fn closing_and_opening_are_asked_about_on_the_overview() {
    let mut desk = english();
    for (key, question, banner) in [
        ('P', "Close selling?", "selling is closed for"),
        ('S', "Hold submits?", "draining: 4 videos still render"),
        ('R', "Open everything:", "Overview"),
        ('D', "Drain?", "draining: 4 videos still render"),
    ] {
        desk.press(Char(key)).sees(question).types("n").misses(question);
        desk.press(Char(key)).types("y").sees(banner);
    }
    desk.types("Ry").misses("draining");
    assert_eq!(desk.done.len(), 5);
}

#[test]
fn a_console_that_only_looks_refuses_every_deed() {
    let mut desk = Start { readonly: true, ..Start::new(Lang::En) }.open();
    let everything = "SELECT (SELECT COUNT(*) FROM audit) + (SELECT COUNT(*) FROM outbox)
                           + (SELECT COUNT(*) FROM ledger) + (SELECT COUNT(*) FROM jobs)";
    let before = desk.number(everything);
    let mut views = View::TABS.to_vec();
    views.extend([View::Job(desk.failed()), View::Job(desk.rendering()), View::Customer(101)]);
    for view in views {
        for key in TABLE.iter().filter(|one| one.serves(view.kind())) {
            let mut letters = key.label.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else { continue };
            desk.shows(view).press(Char(letter));
            let asks =
                matches!(desk.app.mode, Mode::Ask(..) | Mode::Weighing(_) | Mode::Confirm(..));
            assert!(!asks, "{letter} on {view:?}");
            desk.press(Esc);
        }
    }
    for line in [
        "retry 7",
        "cancel 21",
        "now 26",
        "raise 26",
        "grant 101 5 x",
        "ban 101 x",
        "unban 106",
        "write 101 x",
        "block 1 x",
        "unblock 1",
        "ask 1",
        "model off x",
        "model on x",
        "pause selling",
        "pause submitting",
        "drain",
        "resume",
    ] {
        desk.enters(&format!(":{line}"));
        assert!(desk.said().contains("--readonly"), "{line}: {}", desk.said());
    }
    assert!(desk.done.is_empty(), "{:?}", desk.done);
    assert_eq!(desk.number(everything), before);
    desk.types("q");
    assert!(desk.left);
}

#[test]
fn a_frozen_picture_stays_until_it_is_let_go() {
    let mut desk = english();
    let job = desk.waiting();
    desk.shows(View::Queue).sees("waiting").types("p").sees("frozen");
    let now = desk.now;
    desk.sql(&format!("UPDATE jobs SET status = 'canceled', finished_at = {now} WHERE id = {job}"));
    desk.sees("waiting").types("p").misses("waiting").misses("frozen");
    // Another screen is another picture.
    desk.types("p").press(Char('3')).misses("frozen").sees("temporary");
}

#[test]
fn the_cursor_stays_with_its_row_or_follows_the_first() {
    let mut desk = english();
    let newest = |desk: &mut Desk, key: &str| {
        desk.sql(&format!(
            "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, created_at)
             SELECT 1, 101, '{key}', 'ugc', 'p.jpg', '{{\"text\": \"new\"}}', MAX(created_at) + 1
             FROM jobs"
        ));
        desk.number("SELECT MAX(id) FROM jobs").to_string()
    };
    desk.shows(View::Queue).types("s").sees("newest first");
    let first = desk.app.lists[&Kind::Queue].selected().unwrap().to_owned();
    newest(&mut desk, "a");
    assert_eq!(desk.app.lists[&Kind::Queue].selected(), Some(first.as_str()));
    desk.types("f").sees("follows the first row");
    let last = newest(&mut desk, "b");
    assert_eq!(desk.app.lists[&Kind::Queue].selected(), Some(last.as_str()));
    desk.types("j").misses("follows the first row");
}

#[test]
fn ids_go_to_the_clipboard() {
    let mut desk = english();
    let job = desk.rendering();
    desk.shows(View::Job(job)).types("y");
    desk.shows(View::Customer(105)).types("y");
    desk.shows(View::Payments).types("y").sees("Copied: stx101x");
    assert_eq!(desk.copied[..2], [job.to_string(), "105".to_owned()]);
    assert!(desk.copied[2].starts_with("stx101x"), "{:?}", desk.copied);
    desk.types("t").sees("Copied: 105");
}

#[test]
fn leaving_is_asked_about_only_where_it_stops_the_program() {
    let mut desk = Start { owns: true, ..Start::new(Lang::En) }.open();
    desk.types("q").sees("The whole program stops").press(Enter);
    assert!(!desk.left);
    desk.key(Char('c'), KeyModifiers::CONTROL).types("y");
    assert!(desk.left);
    let mut desk = english();
    desk.types("q");
    assert!(desk.left);
}

#[test]
fn in_the_chat_letters_are_written_and_numbers_press() {
    let mut desk = Start { chat: true, ..Start::new(Lang::En) }.open();
    desk.press(Char('0')).press(Char('3')).press(Char('4')).press(Enter);
    desk.enters("quiet 3 mugs").enters("/tmp/soap.jpg");
    desk.enters("/tmp/nosuch.jpg").sees("there is no file /tmp/nosuch.jpg").sees("› /tmp/nosuch");
    desk.press(Esc).sees("press a button");
    let done = ["presses 2 of 7", "presses 0 of 2", "sends ", "says quiet 3 mugs"];
    assert_eq!(desk.phone.done()[..4], done);
    assert_eq!(desk.phone.done()[4..], ["sends /tmp/soap.jpg"]);
    assert!(!desk.left);
    desk.types("?").sees("You are the customer").press(Esc).press(Esc);
    assert_eq!(desk.app.view(), View::Overview);
    desk.phone.forgets();
    desk.press(Char('0')).sees("Press 1 to begin").press(Char('1'));
    assert_eq!(desk.phone.done().last().unwrap(), "says /start");
}

#[test]
fn a_long_name_of_the_bot_hides_nothing_of_the_header() {
    let mut desk = english();
    desk.sql("UPDATE instance SET bot_username = 'a_bot_with_thirty_two_letters_bot'");
    desk.shows(View::Overview)
        .sees("neurocards @a_bot")
        .sees("… · demo")
        .sees("running, heartbeat");
    desk.sql("UPDATE instance SET bot_username = 'a_bot'").sees("neurocards @a_bot · demo");
}

#[test]
fn a_refund_says_what_it_could_not_take_back() {
    let mut desk = Start { size: (120, 40), ..Start::new(Lang::En) }.open();
    let spent = "UPDATE payments SET taken_back = 2, owed = 3 WHERE refunded_at IS NOT NULL";
    desk.sql(spent).shows(View::Payments).sees("refunded 1h ago, 3 owed");
}
