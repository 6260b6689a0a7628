use super::*;
use crate::clock::{DAY, MINUTE};
use crate::db::JobId;
use crate::operator::overview::Attention;
use crate::operator::tests::{sample, shop};
use crate::orders::Closed;
use crate::orders::tests::World;
use jiff::civil::{date, time};

/// At midnight, so that the first day after the folder was made has a report.
fn when() -> When {
    When { at: time(0, 0, 0, 0), zone: TimeZone::UTC }
}

#[test]
fn a_report_is_due_for_some_hours_and_never_on_what_was_before_the_folder() {
    let world = World::new();
    let due = |now| world.db.read(|conn| due(conn, &when(), now)).unwrap();
    assert_eq!(due(DAY - 1), None, "the folder is younger than that midnight");
    let day = Day { date: date(1970, 1, 1), from: 0, to: DAY };
    assert_eq!((due(DAY), due(DAY + LATE - 1), due(DAY + LATE)), (Some(day), Some(day), None));
    assert_eq!(due(9 * DAY).unwrap().date, date(1970, 1, 9), "after days of silence the last one");
}

#[test]
fn each_administrator_hears_of_a_day_once() {
    let world = World::with(|options| options.admins = vec![1, 2]);
    let day = Day { date: date(1970, 1, 1), from: 0, to: DAY };
    let letters = || world.db.read(|conn| letters(conn, &world.shop, &day, None, DAY)).unwrap();
    let both = letters();
    for _ in 0..2 {
        let again = both.clone();
        world.write(move |tx, _| tell(tx, &again, DAY));
    }
    assert_eq!((both.len(), letters().len()), (2, 0));
    assert_eq!(world.messages("report:1970-01-01:"), 2);
    world.sql("UPDATE outbox SET state = 'dropped'");
    assert!(letters().is_empty(), "who blocked the bot is not asked again");
}

#[test]
fn the_report_says_what_the_day_brought_and_what_needs_somebody() {
    let (conn, now) = sample();
    let day = Day { date: date(1970, 1, 12), from: now - DAY, to: now };
    let report = |lang: &str| {
        conn.execute("UPDATE users SET language = ?1", [lang]).unwrap();
        let mut shop = shop();
        shop.options.admins = vec![7];
        letters(&conn, &shop, &day, None, now).unwrap().remove(0)
    };
    let ru = report("ru");
    assert_eq!((ru.chat, ru.key.as_str()), (7, "report:1970-01-12:7"));
    assert_eq!(
        ru.html,
        "📊 <b>Итоги за 12.01.1970</b>

Заказов: 1
Готовых видео: 1
Не получилось видео: 1
Возвратов кредитов: 1
Оплачено: 150 ⭐
Пришло: 5 кредитов. Потрачено на видео: 1 кредит.
Расход у провайдера: 46 кредитов KIE
Удачных видео: 50 %
Обычно видео готово за 2 минуты

🔑 Ключ 1: на счёте 1200 кредитов KIE, хватит на 14 видео
🔑 Ключ 2: баланс пока неизвестен

⚠️ <b>Нужно внимание</b>
• Ключ 2 не работает: нет денег, или его не принимают.
• Модель kling-3.0/video отключена провайдером, проверим через 1 минуту.
• GPT says &lt;no&gt; &amp; nothing else"
    );
    let en = report("en").html;
    assert!(en.starts_with("📊 <b>12 January 1970, summed up</b>\n\nOrders: 1\n"), "{en}");
    assert!(en.contains("Came in: 5 credits. Spent on videos: 1 credit.\n"), "{en}");
    assert!(en.contains("2 minutes") && en.contains("enough for 14 videos"), "{en}");
}

#[test]
fn there_are_words_for_whatever_needs_somebody() {
    let (conn, now) = sample();
    let shop = shop();
    let mut overview = look(&conn, &shop, None, 0, now).unwrap();
    let (model, since, until) = ("m".to_owned(), now, now + 3 * MINUTE);
    let blocked = |class: &str| Attention::KeyBlocked {
        key: "a".to_owned(),
        position: 1,
        class: class.to_owned(),
        until,
    };
    let closed = [Closed::NoKey, Closed::NoModel, Closed::Budget, Closed::Paused];
    overview.attention = vec![
        Attention::SafeMode { since },
        Attention::DiskLow { free_bytes: 5 << 20 },
        Attention::SubmittingPaused { since },
        Attention::SellingPaused { since },
        blocked("billing"),
        blocked("rate_limit"),
        blocked("operator"),
        Attention::OldJob { id: JobId(7), step: "render".to_owned(), created_at: now - 3 * HOUR },
        Attention::OpenTickets { count: 3, asked_at: now - 3 * HOUR },
        Attention::ModelEnded { model: model.clone() },
        Attention::ModelOff { model: model.clone(), since },
        Attention::ModelPaused { model, until },
        Attention::LowBalance { key: "a".to_owned(), position: 1, balance: 2.5, videos_left: None },
        Attention::LostSubmits { count: 2 },
        Attention::MessagesDropped { count: 3, error: None },
    ];
    overview.attention.extend(closed.map(|reason| Attention::SellingClosed { reason }));
    let count = overview.attention.len();
    overview.attention.push(Attention::NotRunning { since: None });
    for lang in [Lang::Ru, Lang::En] {
        let words = Letters { texts: &shop.texts, lang };
        let html = words.account(words.today_title(), &Period::default(), &overview, now);
        let lines: Vec<_> = html.lines().filter(|line| line.starts_with("• ")).collect();
        assert_eq!(lines.len(), count, "{html}");
        assert!(!html.contains(['{', '\u{2068}']) && html.contains("3 "), "{html}");
    }
    overview.attention.clear();
    let words = Letters { texts: &shop.texts, lang: Lang::En };
    let html = words.account(words.today_title(), &Period::default(), &overview, now);
    assert!(html.ends_with("All is well, there’s nothing to do."), "{html}");
}
