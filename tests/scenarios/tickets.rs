//! A question about a payment, asked and answered through the bot.

use serde_json::json;

use crate::customer::PACK;
use crate::{Customer, Setup};

const ADMIN: i64 = 99;

#[test]
fn a_question_about_a_payment_comes_with_it_and_its_answer_goes_back() {
    let shop = Setup::new().admin(ADMIN).start();
    let admin = Customer::meets(&shop, ADMIN, "ru");
    let (ann, ben) = (shop.customer(7), shop.customer(8));
    let charge = ann.buys(PACK);

    ann.says("/paysupport");
    ann.presses("⭐ 300 · 5 кредитов");
    ann.hears("Что с этим платежом не так");
    admin.acts();
    ann.says("Кредиты <b>не пришли</b>");
    ann.hears("ваш вопрос — № 1");
    let letter = admin.hears("Обращение № 1");
    for part in ["от 7", "Кредиты <b>не пришли</b>", charge.as_str(), "⭐ 300"] {
        assert!(letter.text.contains(part), "{part} in {}", letter.text);
    }

    ann.acts();
    let reply = json!({
        "text": "Пришли, проверьте & напишите",
        "reply_to_message": {
            "message_id": letter.id, "date": 0, "chat": { "id": ADMIN }, "text": letter.text,
        },
    });
    shop.sandbox().telegram().sends_raw(ADMIN, reply.clone());
    ann.hears("Пришли, проверьте & напишите");
    admin.hears("Ответ отправлен: 7");
    // A picture is no answer, and brings the question along all the same.
    let mut picture = reply;
    picture["text"] = json!(null);
    picture["sticker"] = json!({ "file_id": "s" });
    shop.sandbox().telegram().sends_raw(ADMIN, picture);
    admin.hears("нажмите в меню");
    let copies = "SELECT COUNT(*) FROM inbox WHERE chat_id = 99 AND body LIKE '%не пришли%'";
    assert_eq!(shop.value::<i64>(copies), 0, "her words stand in her ticket, and nowhere else");
    admin.says("/answer 1 И подарок от нас");
    ann.hears("И подарок от нас");
    admin.says("/answer 2 Никому");
    admin.hears("Обращения № 2 нет");

    // Somebody else's payment is none of theirs, whatever button they forge.
    let menu = ben.chat().into_iter().next_back().unwrap();
    ben.acts();
    shop.sandbox().telegram().presses(8, menu.id, "ask:1");
    let asked = ben.hears("Что случилось с оплатой");
    assert!(!asked.text.contains("300") && asked.button("⭐").is_none(), "{asked:?}");
    admin.acts();
    ben.says("Ничего не платил");
    assert!(admin.hears("Обращение № 2").text.contains("Платежей у этого клиента не было"));
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM audit WHERE action = 'answer'"), 2);
}

#[test]
fn a_question_is_only_what_was_asked_for_and_five_a_day_are_enough() {
    let shop = Setup::new().admin(ADMIN).start();
    let ann = shop.customer(7);
    ann.says("/paysupport");
    ann.hears("Что случилось с оплатой");
    ann.presses("🏠");
    ann.sees("🎬");
    ann.says("Это уже не вопрос");
    ann.hears("нажмите в меню");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM tickets"), 0);
    for n in 1..=5 {
        ann.says("/paysupport");
        ann.hears("Что случилось с оплатой");
        ann.says(&format!("Вопрос {n}"));
        ann.hears("Передал в поддержку");
    }
    ann.says("/paysupport");
    ann.hears("Ваши вопросы уже в поддержке");
    ann.says("Вопрос 6");
    ann.hears("нажмите в меню");
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM tickets WHERE text IS NOT NULL"), 5);
}

#[test]
fn a_question_that_reaches_no_administrator_is_not_lost() {
    let shop = Setup::new().admin(ADMIN).start();
    let admin = Customer::meets(&shop, ADMIN, "ru");
    let ann = shop.customer(7);
    shop.sandbox().telegram().blocks_bot(ADMIN);
    shop.waits_until("SELECT blocked_at IS NOT NULL FROM users WHERE tg_user_id = 99");
    // With the order at its first step: the screenshot is none of its photo.
    ann.presses("🎬");
    ann.hears("📸");
    ann.says("/paysupport");
    ann.hears("Что случилось с оплатой");
    ann.sends_photo(crate::customer::photo());
    ann.hears("только текст");
    assert!(!shop.path("photos/7").exists(), "what is not wanted is not fetched");
    ann.says("Кредиты не пришли");
    ann.hears("Передал в поддержку");
    shop.settles();
    let open: serde_json::Value =
        serde_json::from_str(&shop.commands(&["tickets", "--json"])).unwrap();
    assert_eq!((&open[0]["id"], &open[0]["text"]), (&json!(1), &json!("Кредиты не пришли")));
    let said = shop.commands(&["tickets"]);
    assert!(said.contains("from 7") && said.contains("    Кредиты не пришли\n"), "{said}");
    admin.says("/stats");
    let stats = admin.hears("Нужно внимание");
    assert!(stats.text.contains("Вопрос об оплате ждёт ответа"), "{}", stats.text);
    admin.says("/answer 1 Уже на балансе");
    ann.hears("Уже на балансе");
    assert!(shop.commands(&["tickets"]).starts_with("No question waits"));
    ann.sends_photo(crate::customer::photo());
    ann.hears("✍️");
}
