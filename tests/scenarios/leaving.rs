//! Whoever leaves with `/delete_me` is a number afterwards: every file is searched for them.

mod killed;

use std::process::Command;
use std::time::Duration;

use neurocards::clock::{MINUTE, SECOND};
use neurocards::sandbox::faults::{Action, Service};
use neurocards::sandbox::telegram::{Does, Invoice};
use serde_json::json;

use crate::customer::PACK;
use crate::{Appliance, Customer, OWN, Setup, UGC, What, secrets};

const ADMIN: i64 = 99;
const USERNAME: &str = "zimovskaya_a9";
const NAME: &str = "Аннушка-Зимовская";
const PRODUCT: &str = "Варежки «Полярная звезда» Polyarka-7731";
const WISHES: &str = "Пусть падает снег, Snezhok-5582";
const PROMPT: &str = "Mittens on a frozen lake, Ledok-9914, slow dolly";
const QUESTION: &str = "Заплатила дважды, Dvazhdy-4406";
const DRAFT: &str = "Шарф, о котором никто не узнает, Sharfik-1207";

impl Appliance {
    /// In which of our files one of these stands, while the program runs. Backups are left out: they
    /// lose it as they are replaced, and the customer was told so.
    fn finds(&self, words: &[String]) -> Vec<String> {
        let mut places: Vec<(String, Vec<u8>)> = vec![("the output".to_owned(), self.printed())];
        // Copied by somebody else: whoever opens and closes the file here drops our locks on it.
        let copy = tempfile::tempdir().unwrap();
        let mut cp = Command::new("cp");
        // What goes while it copies is gone, and no failure.
        let _ = cp.arg("-r").arg(self.data()).arg(copy.path()).output().unwrap();
        assert!(copy.path().join("data/neurocards.db").exists());
        let backups = copy.path().join("data/backups");
        let files = secrets::files(copy.path()).into_iter();
        for path in files.filter(|path| !path.starts_with(&backups)) {
            places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
        let mut found = Vec::new();
        for (place, bytes) in &places {
            let text = String::from_utf8_lossy(bytes);
            let here = words.iter().filter(|word| text.contains(word.as_str()));
            found.extend(here.map(|word| format!("{word} in {place}")));
        }
        found
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        self.read(|conn| {
            let mut query = conn.prepare(sql)?;
            let rows = query.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// All that is theirs: what they wrote, and what their photos and videos are called.
    fn traces(&self, user: i64) -> Vec<String> {
        let mut traces: Vec<String> =
            [USERNAME, NAME, PRODUCT, WISHES, PROMPT, QUESTION, DRAFT].map(str::to_owned).into();
        traces.extend(self.texts(
            "SELECT size.value ->> '$.file_id'
             FROM inbox, json_each(body, '$.message.photo') AS size",
        ));
        let ids = format!(
            "SELECT value FROM jobs, json_each(json_array(tg_file_id, input_url, output_url, prompt,
                                                          input_photo_path))
             WHERE tg_user_id = {user} AND value IS NOT NULL AND value <> ''"
        );
        traces.extend(self.texts(&ids));
        traces
    }

    fn photos(&self) -> usize {
        secrets::files(&self.path("photos")).len()
    }
}

/// A customer with everything that one can have.
fn lives(shop: &Appliance) -> (Customer<'_>, String) {
    let ann = Customer::called(shop, 7, (Some(USERNAME), NAME), "ru");
    shop.commands(&["grant", "7", "5", "--note", NAME]);
    shop.commands(&["message", "7", NAME]);
    let charge = ann.buys(PACK);
    ann.says("/start");
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(crate::customer::photo());
    ann.hears("✍️");
    ann.says(PRODUCT);
    ann.presses("UGC");
    ann.hears("💡");
    ann.says(WISHES);
    ann.confirms(1).arrives();
    ann.orders(1, What::Own(PROMPT)).ends();
    ann.says("/paysupport");
    ann.presses("⭐");
    ann.hears("Что с этим платежом");
    ann.says(QUESTION);
    ann.hears("Передал в поддержку");
    ann.says("/start");
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(crate::customer::photo());
    ann.hears("✍️");
    ann.says(DRAFT);
    ann.sees("UGC");
    shop.settles();
    (ann, charge)
}

#[test]
fn nothing_of_a_customer_who_left_is_in_any_file_but_the_numbers() {
    // The finest log as well.
    let shop = Setup::new().admin(ADMIN).env("RUST_LOG", "trace").start();
    let (ann, charge) = lives(&shop);
    let traces = shop.traces(7);
    assert!(traces.len() > 12, "{traces:?}");
    let before = shop.finds(&traces).join("\n");
    for trace in &traces {
        assert!(before.contains(trace.as_str()), "{trace} was nowhere before:\n{before}");
    }
    assert_eq!(shop.photos(), 3);
    let orders: i64 = shop.value("SELECT COUNT(*) FROM orders");

    ann.says("/delete_me");
    let question = ann.sees("🗑 Да");
    let lost = format!("{} неиспользованных", ann.credits());
    assert!(ann.credits() >= 10 && question.text.contains(&lost), "{}", question.text);
    let Does::Data(yes) = question.button("🗑 Да").unwrap().does.clone() else {
        panic!("a link")
    };
    ann.acts();
    // Two taps: the second one brings nobody back.
    shop.sandbox().telegram().presses(7, question.id, &yes);
    shop.sandbox().telegram().presses(7, question.id, &yes);
    ann.hears("ваших данных у нас больше нет");
    shop.settles();
    shop.waits_until("SELECT NOT EXISTS (SELECT 1 FROM departures WHERE erased_at IS NULL)");
    assert_eq!(shop.finds(&traces), [""; 0]);
    assert_eq!(shop.photos(), 0);

    let sums = "SELECT COUNT(*) = 1 AND SUM(credits) = 0
                FROM users WHERE tg_user_id = 7 AND deleted_at IS NOT NULL";
    assert!(shop.value::<bool>(sums));
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM orders"), orders);
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM jobs WHERE status = 'done'"), 2);
    shop.commands(&["refund-payment", &charge, "--yes"]);
    assert_eq!(shop.sandbox().telegram().stars(), 0, "what was paid can be given back");

    ann.says("/start");
    ann.sees("🎬");
    assert_eq!(ann.credits(), 0, "no second gift");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM users"), 1);
    shop.settles();
}

#[test]
fn what_comes_of_somebody_who_has_left_leaves_nothing_behind() {
    let shop = Setup::new().admin(ADMIN).start();
    let ann = Customer::called(&shop, 7, (Some(USERNAME), NAME), "ru");
    let charge = ann.buys(PACK);
    let invoice = ann.asks_for(PACK).invoice.unwrap();
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    ann.hears("больше нет");
    let telegram = shop.sandbox().telegram();
    let traces = [USERNAME, NAME].map(str::to_owned);
    let person = json!({ "id": 7, "is_bot": false, "first_name": NAME, "username": USERNAME });
    let bot = json!({ "id": 5, "is_bot": true, "first_name": "b" });
    let group = json!({ "id": -5, "type": "supergroup", "title": "g" });
    let comes = |what: &str, update: &dyn Fn()| {
        update();
        shop.settles();
        shop.waits_until("SELECT NOT EXISTS (SELECT 1 FROM departures WHERE erased_at IS NULL)");
        assert_eq!(shop.finds(&traces), [""; 0], "{what}");
        let left = "SELECT deleted_at IS NOT NULL FROM users WHERE tg_user_id = 7";
        assert!(shop.value::<bool>(left), "{what}");
    };
    comes("a refund", &|| assert!(telegram.takes_back(&charge)));
    comes("a pre-checkout", &|| {
        telegram.pays_for(7, &Invoice { stars: 1, ..invoice.clone() });
    });
    let pays = |payment: serde_json::Value| {
        telegram.sends_update(
            "message",
            json!({ "message_id": 1, "date": 1, "chat": { "id": 7, "type": "private" },
                    "from": person.clone(), "successful_payment": payment }),
        );
    };
    comes("a payment that is told again", &|| {
        pays(json!({ "currency": "XTR", "total_amount": PACK, "invoice_payload": "pack:5:300:1",
                     "telegram_payment_charge_id": charge }));
    });
    comes("a payment that nobody can read", &|| pays(json!({ "currency": NAME })));
    comes("a block", &|| telegram.blocks_bot(7));
    comes("the end of it", &|| {
        telegram.sends_update(
            "my_chat_member",
            json!({ "chat": { "id": 7, "type": "private", "first_name": NAME }, "from": person.clone(),
                    "date": 1, "old_chat_member": { "user": bot, "status": "kicked" },
                    "new_chat_member": { "user": bot, "status": "member" } }),
        );
    });
    comes("a word in a group", &|| {
        telegram.sends_update(
            "message",
            json!({ "message_id": 1, "date": 1, "chat": group, "from": person.clone(), "text": NAME }),
        );
    });
}

#[test]
fn a_photo_that_is_on_its_way_to_the_provider_is_not_remembered_of_who_left_meanwhile() {
    // The upload takes eight real seconds of the ten that it may.
    let shop = Setup::new().rate(6.0).start();
    let ann = shop.customer(7).with_credits(1);
    let slow = shop.sandbox().faults().on(Service::Kie, "file-stream-upload");
    let slow = slow.does(Action::Slow(48 * SECOND));
    let order = ann.orders(1, OWN);
    shop.waits_for("an upload", || (shop.sandbox().faults().hits(slow) > 0).then_some(()));
    let status = order.status();
    let Does::Data(back) = status.button("✋").unwrap().does.clone() else { panic!("a link") };
    shop.sandbox().telegram().presses(7, status.id, &back);
    order.ends();
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    ann.hears("больше нет");
    assert!(shop.sandbox().kie().uploads().is_empty(), "it was not there yet");
    shop.waits_for("the upload", || (!shop.sandbox().kie().uploads().is_empty()).then_some(()));
    shop.idles(Duration::from_millis(300));
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM uploads"), 0);
}

#[test]
fn a_farewell_that_was_cut_off_is_finished_at_the_next_start() {
    let shop = Setup::new().admin(ADMIN).start();
    let (ann, _) = lives(&shop);
    let traces = shop.traces(7);
    ann.says("/delete_me");
    ann.sees("🗑 Да");
    shop.read(|conn| {
        // Somebody reads: the log cannot be emptied.
        conn.query_row("SELECT COUNT(*) FROM users", [], |_| Ok(()))?;
        ann.presses("🗑 Да");
        shop.waits_until("SELECT EXISTS (SELECT 1 FROM departures)");
        shop.waits_for("the files to go", || (shop.photos() == 0).then_some(()));
        shop.kill9();
        Ok(())
    });
    assert!(!ann.news().iter().any(|it| it.text.contains("больше нет")), "it is not true yet");
    shop.start_again();
    ann.hears("ваших данных у нас больше нет");
    shop.settles();
    assert_eq!(shop.finds(&traces), [""; 0]);
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM departures"), 0);
}

#[test]
fn a_backup_that_is_put_back_brings_nobody_back_who_left() {
    let shop = Setup::new().admin(ADMIN).start();
    let (ann, _) = lives(&shop);
    shop.customer(8);
    let traces = shop.traces(7);
    let copy = shop.data().parent().unwrap().join("copy.db");
    shop.commands(&["backup", copy.to_str().unwrap()]);
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    ann.hears("больше нет");
    shop.settles();
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let said = shop.commands(&["restore", copy.to_str().unwrap()]);
    assert!(
        said.contains("Had left since, and are forgotten again at the next start: 1."),
        "{said}"
    );
    assert!(shop.finds(&traces).join("").contains(PRODUCT), "the backup had it all");
    ann.acts();
    shop.start_again();
    shop.waits_until("SELECT NOT EXISTS (SELECT 1 FROM departures)");
    shop.settles();
    assert_eq!(shop.finds(&traces), [""; 0]);
    assert!(ann.news().is_empty(), "they were told the first time");
    let left = "SELECT group_concat(tg_user_id) = '7' FROM users WHERE deleted_at IS NOT NULL";
    assert!(shop.value::<bool>(left), "and nobody else");
    // What was said since the backup stands in the chats, and not in the database.
    shop.expects(|it| it.maybe_twice = 10);
}

#[test]
fn a_backup_brings_nothing_back_of_somebody_who_left_and_returned() {
    let shop = Setup::new().admin(ADMIN).start();
    let ann = Customer::called(&shop, 7, (Some(USERNAME), NAME), "ru");
    ann.describes(UGC);
    let drafts = "SELECT COUNT(*) FROM dialogs WHERE state LIKE '%photo%'";
    assert_eq!(shop.value::<i64>(drafts), 1);
    let copies = ["before.db", "after.db"].map(|name| shop.data().parent().unwrap().join(name));
    shop.commands(&["backup", copies[0].to_str().unwrap()]);
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    ann.hears("больше нет");
    ann.says("/start");
    ann.sees("🎬");
    shop.settles();
    shop.commands(&["backup", copies[1].to_str().unwrap()]);
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let again = "are forgotten again at the next start: 1.";
    let restores = |copy: usize| shop.commands(&["restore", copies[copy].to_str().unwrap()]);
    assert!(!restores(1).contains("forgotten"), "this one is from after they left");
    assert!(restores(0).contains(again));
    assert!(restores(0).contains(again), "a restore after a restore knows it, too");
    assert_eq!(shop.value::<i64>(drafts), 1);
    shop.start_again();
    shop.waits_until("SELECT NOT EXISTS (SELECT 1 FROM departures)");
    shop.settles();
    assert_eq!((shop.value::<i64>(drafts), ann.credits()), (0, 0));
    shop.expects(|it| it.maybe_twice = 10);
}

/// Telegram's list tells of payments, and not of a yes to losing them.
#[test]
fn a_backup_that_is_put_back_gives_nothing_back_of_what_was_lost_by_leaving() {
    let shop = Setup::new().admin(ADMIN).start();
    let ann = shop.customer(7).with_credits(0);
    shop.settles();
    let copy = shop.data().parent().unwrap().join("copy.db");
    shop.commands(&["backup", copy.to_str().unwrap()]);
    // Who is in it, and who came after it.
    let zoe = Customer::called(&shop, 9, (Some(USERNAME), NAME), "ru");
    for one in [&ann, &zoe] {
        one.buys(PACK);
        one.says("/delete_me");
        one.presses("🗑 Да");
        one.hears("больше нет");
    }
    ann.says("/start");
    ann.sees("🎬");
    let later = ann.buys(PACK);
    shop.settles();
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    let said = shop.commands(&["restore", copy.to_str().unwrap()]);
    assert!(said.contains("forgotten again at the next start: 1."), "{said}");
    zoe.acts();
    shop.start_again();
    ann.is_credited(&later);
    shop.settles();
    assert_eq!((ann.credits(), zoe.credits(), shop.payments()), (5, 0, 3));
    assert!(zoe.news().is_empty(), "{:?}", zoe.news());
    let left = "SELECT group_concat(tg_user_id) = '9' AND MAX(first_name) IS NULL
                FROM users WHERE deleted_at IS NOT NULL";
    assert!(shop.value::<bool>(left));
    assert_eq!(shop.finds(&[USERNAME, NAME].map(str::to_owned)), [""; 0]);
    shop.expects(|it| it.maybe_twice = 20);
}

#[test]
fn while_a_video_is_made_nobody_leaves() {
    let shop = Appliance::new();
    shop.sandbox().kie().set_render_ms((3 * MINUTE, 4 * MINUTE));
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(1, UGC);
    shop.waits_until("SELECT step = 'render' FROM jobs");
    ann.says("/delete_me");
    ann.hears("Сейчас делаем ваше видео");
    order.arrives();
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    ann.hears("больше нет");
    assert!(shop.value::<bool>("SELECT deleted_at IS NOT NULL FROM users"));
}
