//! A question about a payment: what is one, and who keeps it how long.

use super::ordering::Phone;
use super::*;
use crate::outbox;
use crate::tickets;

impl Phone {
    fn command(&self, name: &str) {
        self.send(Event::Command(name.to_owned()));
    }

    fn screenshot(&self, album: Option<&str>) {
        let album = album.map(str::to_owned);
        self.send(Event::Picture { photo: Photo::Unasked, album });
    }

    fn wants_photo(&self) -> bool {
        let (user, now) = (self.tg_user_id, self.now.get());
        self.world.db.read(|conn| wants_photo(conn, user, now)).unwrap()
    }
}

#[test]
fn a_screenshot_is_no_question_and_no_end_of_one() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.tap("🎬");
    assert!(phone.wants_photo());
    phone.command("paysupport");
    assert!(!phone.wants_photo(), "it is not even downloaded");
    let said = || phone.world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 7");
    for what in [Event::Other, Event::Picture { photo: Photo::Unasked, album: None }] {
        phone.send(what);
        assert!(phone.says().contains("только текст"), "{}", phone.says());
    }
    let before = said();
    (0..3).for_each(|_| phone.screenshot(Some("album")));
    assert_eq!(said(), before + 1, "an album is answered once");
    phone.send(text("Заплатил дважды"));
    assert!(phone.says().contains("ваш вопрос — № 1"), "{}", phone.says());
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM tickets WHERE text LIKE 'Запл%'"), 1);
    assert!(phone.wants_photo(), "the order is where it was");
    phone.screenshot(None);
    assert!(phone.says().contains("Не получилось забрать фото"), "{}", phone.says());
}

#[test]
fn who_is_no_administrator_any_more_keeps_no_question_of_who_left() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.command("paysupport");
    phone.send(text("Заплатил дважды"));
    phone.world.write(|tx, _| {
        let former = Content::text("Заплатил дважды");
        for key in ["ticket:1:555", "ticket:10:555"] {
            outbox::put(tx, 555, Some(key), &former, None, 5)?;
        }
        tickets::begin(tx, crate::db::UserId(1), None, 5)
    });
    phone.command("delete_me");
    phone.tap("🗑 Да");
    let kept = "SELECT COUNT(*) FROM outbox WHERE content LIKE '%дважды%'";
    assert_eq!(phone.world.number(&format!("{kept} AND key LIKE 'ticket:1:%'")), 0);
    assert_eq!(phone.world.number(kept), 1, "and the tenth question is somebody else's");
}
