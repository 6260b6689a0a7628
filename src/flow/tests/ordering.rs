//! Whole dialogues on a real database, by the buttons that were really shown.

mod leaving;

use super::*;
use crate::clock::{HOUR, Millis};
use crate::inbox::{self, Raw};
use crate::orders::tests::{NOW, World};
use crate::users::{self, Profile};
use std::cell::Cell;

/// Somebody with a phone.
pub(super) struct Phone {
    pub(super) world: World,
    pub(super) tg_user_id: i64,
    pub(super) language: &'static str,
    updates: Cell<i64>,
    pub(super) now: Cell<Millis>,
}

impl Phone {
    pub(super) fn new(language: &'static str) -> Self {
        Self::in_world(World::new(), language)
    }

    pub(super) fn in_world(world: World, language: &'static str) -> Self {
        let (updates, now) = (Cell::new(100), Cell::new(NOW));
        Self { world, tg_user_id: 7, language, updates, now }
    }

    fn incoming(&self, update_id: i64, event: Event) -> Incoming {
        let callback = matches!(event, Event::Press(_)).then(|| format!("cb{update_id}"));
        Incoming {
            update_id,
            profile: Profile {
                tg_user_id: self.tg_user_id,
                language_code: Some(self.language.to_owned()),
                ..Profile::default()
            },
            event,
            callback,
            photo_kept: true,
        }
    }

    /// Sends an event; the update is handled in one commit.
    pub(super) fn send(&self, event: Event) -> Incoming {
        let update_id = self.updates.get() + 1;
        self.updates.set(update_id);
        let incoming = self.incoming(update_id, event);
        let (chat_id, now) = (self.tg_user_id, self.now.get());
        self.world.write(move |tx, _| {
            let body = "{}".to_owned();
            inbox::store(tx, &[Raw { update_id, chat_id, body, urgent: false }], now)
        });
        self.handle(&incoming);
        // Telegram takes everything at once, or the customer would be a flood.
        self.world.sql("UPDATE outbox SET state = 'sent' WHERE key IS NULL");
        incoming
    }

    fn handle(&self, incoming: &Incoming) {
        let (incoming, now) = (incoming.clone(), self.now.get());
        self.world.write(move |tx, shop| handle(tx, shop, &incoming, now));
    }

    /// All that was ever written to this chat, the oldest first.
    fn chat(&self) -> Vec<Content> {
        let contents: Vec<String> = self
            .world
            .db
            .read(|conn| {
                let mut query = conn.prepare(
                    "SELECT content FROM outbox
                     WHERE chat_id = ?1 AND error IS NOT 'forgotten'
                     ORDER BY seq",
                )?;
                let rows = query.query_map([self.tg_user_id], |row| row.get(0))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap();
        contents.iter().map(|json| serde_json::from_str(json).unwrap()).collect()
    }

    /// The last message; what answers a button is no message.
    pub(super) fn last(&self) -> Content {
        let messages = |content: &Content| !matches!(content, Content::Answer { .. });
        self.chat().into_iter().rfind(messages).unwrap()
    }

    pub(super) fn says(&self) -> String {
        html(&self.last()).to_owned()
    }

    pub(super) fn toast(&self) -> String {
        let answers = |content: &Content| matches!(content, Content::Answer { .. });
        html(&self.chat().into_iter().rfind(answers).unwrap()).to_owned()
    }

    /// The data of a button under the last message.
    #[track_caller]
    pub(super) fn button(&self, label: &str) -> Option<Press> {
        let all = buttons(&self.last());
        let found = all.iter().find(|button| button.text.contains(label));
        let found = found.unwrap_or_else(|| panic!("no {label} among {all:?}"));
        let Does::Data(data) = &found.does else { panic!("{label} is a link") };
        Press::read(data)
    }

    #[track_caller]
    pub(super) fn tap(&self, label: &str) -> Incoming {
        self.send(Event::Press(self.button(label)))
    }

    pub(super) fn photo(&self) {
        let photo = Photo::Kept("a.jpg".to_owned());
        self.send(Event::Picture { photo, album: None });
    }

    pub(super) fn place(&self) -> Place {
        let user = self.world.db.read(|conn| users::by_tg(conn, self.tg_user_id)).unwrap();
        user.map_or(Place::Menu, |user| {
            self.world.db.read(|conn| apply::load(conn, user.id)).unwrap().place
        })
    }

    pub(super) fn credits(&self) -> i64 {
        self.world.number("SELECT credits FROM users WHERE tg_user_id = 7")
    }

    /// From the menu to the last question, for one video.
    pub(super) fn to_count(&self) {
        self.to_choice();
    }

    /// The same, where there is something to choose before.
    pub(super) fn to_choice(&self) {
        self.tap("🎬");
        self.photo();
        self.send(text("<b>&\"Кружка\""));
        self.tap("📢");
        self.send(text("у <моря> & в \"шторм\""));
    }

    pub(super) fn to_confirm(&self) {
        self.to_count();
        self.tap("1️⃣");
    }

    pub(super) fn to_menu_and_confirm(&self) {
        self.send(Event::Start(None));
        self.to_confirm();
        self.tap("✅");
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.chat().iter().for_each(|content| match content {
                Content::Answer { text, .. } => assert!(text.chars().count() <= 200),
                message => readable(message),
            });
        }
    }
}

#[test]
fn one_order_from_start_to_the_first_words_about_it() {
    for language in ["ru", "en"] {
        let phone = Phone::new(language);
        assert_eq!(phone.place(), Place::Menu);
        phone.send(Event::Start(Some("ref_9".to_owned())));
        let welcome = phone.last();
        assert!(matches!(welcome, Content::Photo { .. }), "the menu has its picture");
        assert!(html(&welcome).contains(if language == "ru" {
            "2 кредита"
        } else {
            "2 credits"
        }));
        phone.tap("🎬");
        assert_eq!(phone.place(), Place::Photo);
        assert_eq!(phone.toast(), "");
        phone.photo();
        phone.send(text("<b>&\"Кружка\""));
        phone.tap("📢");
        phone.send(text("у <моря>"));
        assert!(phone.says().contains(if language == "ru" {
            "2 кредита"
        } else {
            "2 credits"
        }));
        phone.tap("1️⃣");
        let question = phone.says();
        assert!(question.contains("&lt;b&gt;&amp;&quot;Кружка&quot;"), "{question}");
        assert!(question.contains("у &lt;моря&gt;"), "{question}");
        phone.tap("✅");
        assert_eq!((phone.place(), phone.credits()), (Place::Menu, 1));
        let status = phone.world.said("status:1");
        assert!(status.contains(if language == "ru" { "Принял!" } else { "Got it!" }), "{status}");
        let (wishes, product): (String, String) = phone
            .world
            .db
            .read(|conn| {
                let sql = "SELECT extra_wishes, product_info ->> '$.text' FROM jobs";
                Ok(conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
            })
            .unwrap();
        assert_eq!((wishes.as_str(), product.as_str()), ("у <моря>", "<b>&\"Кружка\""));
        assert_eq!(phone.world.number("SELECT invited_by = 'ref_9' FROM users"), 1);
    }
}

#[test]
fn the_buttons_read_as_they_must() {
    let phone = Phone::new("ru");
    let shown = |phone: &Phone| -> Vec<String> {
        buttons(&phone.last()).into_iter().map(|button| button.text).collect()
    };
    phone.send(Event::Start(None));
    assert_eq!(shown(&phone), ["🎬 Сделать Reels", "👤 Личный кабинет", "🆘 Поддержка"]);
    phone.tap("🎬");
    phone.photo();
    phone.send(text("Кружка"));
    let kinds = ["🎥 UGC Блогер", "📢 Реклама", "🧑‍💻 Свой промпт", "🏠 Вернуться в меню"];
    assert_eq!(shown(&phone), kinds);
    phone.tap("🎥");
    assert_eq!(shown(&phone), ["Без пожеланий", "🏠 Вернуться в меню"]);
    phone.tap("Без пожеланий");
    let counts = [
        "1️⃣ 1 видео (1 кредит)",
        "3️⃣ 3 видео (3 кредита)",
        "5️⃣ 5 видео (5 кредитов)",
        "🏠 Вернуться в меню",
    ];
    assert_eq!(shown(&phone), counts);
    phone.tap("1️⃣");
    assert_eq!(shown(&phone), ["✅ Да, запустить", "❌ Отмена"]);
    assert!(phone.says().contains("от 1 до 30 минут"));
}

#[test]
fn a_replayed_update_changes_nothing() {
    let phone = Phone::new("ru");
    let start = phone.send(Event::Start(None));
    phone.to_confirm();
    let yes = phone.tap("✅");
    let before = (phone.chat(), phone.credits(), phone.place());
    for replayed in [&start, &yes, &yes] {
        phone.handle(replayed);
    }
    assert_eq!((phone.chat(), phone.credits(), phone.place()), before);
    let stranger = phone.incoming(9_999, Event::Start(None));
    phone.handle(&stranger);
    assert_eq!(phone.chat(), before.0, "an update that is not in the inbox is nobody's");
}

#[test]
fn two_taps_on_yes_start_one_order() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    let yes = phone.button("✅");
    phone.tap("✅");
    assert_eq!(phone.toast(), "Запускаю!");
    let messages = phone.chat().len();
    phone.send(Event::Press(yes));
    assert!(phone.toast().contains("уже запущен"));
    assert_eq!(phone.chat().len(), messages + 1, "nothing but the answer to the button");
    assert_eq!(phone.credits(), 1);
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM jobs"), 1);
}

#[test]
fn an_order_waits_for_credits_and_goes_on_after_the_top_up() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.tap("🎬");
    phone.photo();
    phone.send(text("Кружка"));
    phone.tap("🧑‍💻");
    phone.send(text("Slow orbit & light."));
    phone.tap("5️⃣");
    assert!(phone.says().contains("Недостаточно кредитов"));
    assert!(phone.says().contains("5 кредитов") && phone.says().contains("2 кредита"));
    phone.tap("💳");
    assert_eq!(phone.place(), Place::Count);
    phone.world.write(|tx, shop| {
        let user = users::by_tg(tx, 7)?.unwrap();
        let gift = crate::ledger::Grant {
            user: user.id,
            credits: 3,
            key: None,
            actor: "operator",
            note: None,
        };
        crate::ledger::grant(tx, &gift, NOW)?;
        granted(tx, shop, &user, 3, 5, NOW)
    });
    phone.tap("▶️");
    phone.tap("✅");
    assert_eq!(phone.credits(), 0);
    let prompts = "SELECT COUNT(*) FROM jobs
                   WHERE product_info ->> '$.user_prompt' = 'Slow orbit & light.'";
    assert_eq!(phone.world.number(prompts), 5);
}

#[test]
fn an_order_that_lacked_credits_is_bought_for_and_started_by_the_buttons_that_are_shown() {
    for (language, pack) in [
        ("ru", "5 кредитов — 300 ⭐ (60 ⭐ за видео)"),
        ("en", "5 credits – 300 ⭐ (60 ⭐ a video)"),
    ] {
        let phone = Phone::new(language);
        phone.send(Event::Start(None));
        phone.to_count();
        phone.tap("5️⃣");
        phone.tap("💳");
        readable(&phone.last());
        phone.tap(pack);
        let Content::Invoice { title, description, payload, stars } = phone.last() else {
            panic!("no invoice: {:?}", phone.last())
        };
        assert!((1..=32).contains(&title.chars().count()), "{title}");
        assert!((1..=255).contains(&description.chars().count()), "{description}");
        assert_eq!((payload.as_str(), stars), ("pack:5:300:1", 300));
        words(&phone.toast());
        let before = phone.chat().len();
        phone.send(press(Press::Pack(5)));
        assert_eq!(phone.chat().len(), before + 1, "the same invoice is not sent at once again");
        phone.world.write(move |tx, shop| {
            let body = "{}".to_owned();
            inbox::store(tx, &[Raw { update_id: 900, chat_id: 7, body, urgent: false }], NOW)?;
            let profile = Profile { tg_user_id: 7, ..Profile::default() };
            let bought = Paid { profile, charge_id: "a".to_owned(), stars, payload, at: NOW };
            paid(tx, shop, 900, &bought, NOW)
        });
        readable(&phone.last());
        assert_eq!(phone.place(), Place::Count, "a payment moves no dialogue");
        phone.tap("▶️");
        assert_eq!(phone.place(), Place::Confirm);
        phone.tap("✅");
        assert_eq!((phone.credits(), phone.world.number("SELECT COUNT(*) FROM jobs")), (2, 5));
    }
}

#[test]
fn a_balance_that_was_spent_meanwhile_starts_nothing() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    phone.world.write(|tx, _| {
        let user = users::by_tg(tx, 7)?.unwrap();
        let take = crate::ledger::Grant {
            user: user.id,
            credits: -2,
            key: None,
            actor: "operator",
            note: None,
        };
        crate::ledger::grant(tx, &take, NOW).map(drop)
    });
    phone.tap("✅");
    assert!(phone.says().contains("Недостаточно кредитов"));
    assert_eq!(phone.place(), Place::Count);
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM jobs"), 0);
}

#[test]
fn who_orders_too_often_is_not_told_that_it_begins() {
    let world = World::with(|options| options.orders_per_hour = 1);
    let phone = Phone::in_world(world, "ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    phone.tap("✅");
    phone.send(Event::Start(None));
    phone.to_confirm();
    let yes = phone.button("✅");
    phone.tap("✅");
    assert_eq!(phone.toast(), "");
    assert!(phone.says().contains("очень много заказов"));
    assert_eq!((phone.place(), phone.credits()), (Place::Confirm, 1));
    phone.now.set(NOW + HOUR);
    phone.send(Event::Press(yes));
    assert_eq!(phone.credits(), 0, "the draft was kept");
}

#[test]
fn a_banned_customer_and_a_closed_shop_are_told_before_anything_is_asked() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.world.sql("UPDATE users SET banned_at = 5");
    phone.tap("🎬");
    assert!(phone.says().contains("Для вашего аккаунта"), "{}", phone.says());
    phone.world.sql(
        "UPDATE users SET banned_at = NULL;
         UPDATE instance SET selling_paused_at = 5;",
    );
    phone.send(Event::Start(None));
    phone.tap("🎬");
    assert!(phone.says().contains("Кредиты на месте"), "{}", phone.says());
    assert_eq!(phone.place(), Place::Menu);
}

#[test]
fn the_terms_come_first_and_then_the_welcome_with_its_gift() {
    let world = World::with(|options| {
        options.terms_url = Some("https://example.com/terms".to_owned());
        options.privacy_url = Some("https://example.com/privacy".to_owned());
    });
    let phone = Phone::in_world(world, "ru");
    phone.send(Event::Start(None));
    assert_eq!(buttons(&phone.last()).len(), 3);
    assert_eq!(phone.credits(), 2);
    phone.send(text("Кружка"));
    let accept = phone.button("✅ Принимаю условия");
    phone.send(Event::Press(accept.clone()));
    assert!(phone.says().contains("Дарю 2 кредита"), "{}", phone.says());
    phone.tap("🎬");
    phone.send(Event::Press(accept));
    assert!(phone.says().contains("Пришлите фото"), "the old button shows where one stands");
    assert_eq!(phone.place(), Place::Photo);
    phone.send(Event::Command("terms".to_owned()));
    assert_eq!(buttons(&phone.last()).len(), 3);
}

#[test]
fn another_video_with_the_same_product_begins_at_the_template() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    phone.tap("✅");
    let job = phone.world.claim(NOW);
    phone.world.fail(&job, crate::jobs::Why::Temporary, NOW);
    phone.tap("🔁");
    assert_eq!(phone.place(), Place::Template);
    phone.send(Event::Press(Some(Press::Again(crate::db::JobId(99)))));
    assert!(phone.toast().contains("больше нет"));
    assert_eq!(phone.place(), Place::Template);
}

#[test]
fn a_language_is_chosen_at_once_and_for_good() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.tap("👤");
    assert!(phone.says().contains("Заказов пока не было"));
    phone.tap("English");
    assert_eq!(phone.toast(), phone.says(), "in the language chosen");
    phone.to_confirm();
    phone.tap("✅");
    assert!(phone.world.said("status:1").contains("Got it!"));
    phone.send(Event::Start(None));
    phone.tap("👤");
    assert!(phone.says().contains("No. 1"), "{}", phone.says());
}

#[test]
fn a_dialogue_that_cannot_be_read_begins_again() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    for (state, place) in [
        ("[]", Place::Menu),
        ("{}", Place::Menu),
        ("7", Place::Menu),
        ("{\"place\": \"moon\"}", Place::Menu),
        ("{\"place\": \"confirm\", \"draft\": {\"id\": \"d\"}}", Place::Photo),
        ("{\"place\": \"confirm\", \"draft\": {\"count\": \"many\"}}", Place::Menu),
    ] {
        let update = format!("UPDATE dialogs SET state = '{state}'");
        phone.world.write(move |tx, _| Ok(tx.execute(&update, [])?));
        assert_eq!(phone.place(), place, "{state}");
        phone.send(text("Кружка"));
        phone.send(Event::Press(Press::read("y:d:1:1")));
        assert_eq!(phone.place(), place, "{state}");
    }
    phone.to_menu_and_confirm();
    assert_eq!(phone.credits(), 1);
}

#[test]
fn nothing_comes_of_a_gift_of_nothing() {
    let phone = Phone::in_world(World::with(|options| options.signup = 0), "ru");
    phone.send(Event::Start(None));
    assert!(!phone.says().contains("Дарю"));
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM ledger"), 0);
}
