use super::*;
use crate::orders::tests::{NOW, World};

/// Somebody writes; whether it was ours, and what they are answered.
fn writes(world: &World, from: i64, text: &'static str) -> (bool, String) {
    let update_id = world.number("SELECT COALESCE(MAX(update_id), 0) + 1 FROM inbox");
    world.write(move |tx, _| {
        tx.execute(
            "INSERT INTO inbox (update_id, chat_id, body, received_at) VALUES (?1, ?2, '{}', 5)",
            (update_id, from),
        )?;
        Ok(())
    });
    let zone = TimeZone::UTC;
    let account = world.db.read(|conn| account(conn, &world.shop, &zone, from, text, NOW)).unwrap();
    let handle = move |tx: &Tx<'_>, shop: &Shop| {
        let account = account.as_deref();
        let said = Said { update_id, from, text, account, reply_to: None, audience: 1 };
        handle(tx, shop, &said, NOW)
    };
    let ours = world.write(handle.clone());
    let answer = world.said(&format!("operator:{update_id}"));
    let marked = format!("SELECT handled_at IS NOT NULL FROM inbox WHERE update_id = {update_id}");
    let answered = !answer.is_empty() && !text.starts_with("/help");
    assert_eq!(world.number(&marked) == 1, answered, "marked with its answer");
    let changes = world.number("SELECT COUNT(*) FROM audit");
    assert_eq!(world.write(handle), ours, "once more");
    assert_eq!(world.number("SELECT COUNT(*) FROM audit"), changes, "and nothing is done twice");
    (ours, answer)
}

#[track_caller]
fn answers(world: &World, text: &'static str, part: &str) {
    let (ours, answer) = writes(world, 1, text);
    assert!(ours && answer.contains(part), "{text}: {answer}");
    assert!(!answer.contains(['{', '\u{2068}']), "{answer}");
}

#[test]
fn an_administrator_gives_credits_and_bans_by_a_message() {
    let world = World::new();
    let ann = world.customer(7, 0);
    answers(&world, "/grant 7 5 paid by transfer", "теперь 5 кредитов");
    answers(&world, "/GRANT@some_bot  7   −2", "теперь 3 кредита");
    answers(&world, "/grant 7 -4", "только 3 кредита");
    answers(&world, "/grant 7 0", "ничего не изменят");
    answers(&world, "/grant 8 1", "Не знаю <code>8</code>");
    assert_eq!(world.credits(&ann), 3);
    for bad in ["/grant", "/grant 7", "/grant ann 5", "/grant 7 many", "/grant 7 1000001"] {
        answers(&world, bad, "/grant ID N");
    }
    answers(&world, "/ban", "/ban ID");
    answers(&world, "/unban x", "/unban ID");
    answers(&world, "/ban 7 spam", "больше не принимаем");
    answers(&world, "/ban 7", "и так не принимаются");
    answers(&world, "/unban 7", "снова может");
    answers(&world, "/unban 7", "и так может");
    let audit = world.number(
        "SELECT COUNT(*) FROM audit
         WHERE way = 'chat' AND who = '1' AND (action <> 'ban' OR note = 'spam')",
    );
    assert_eq!(audit, 4);
}

#[test]
fn an_administrator_asks_how_it_goes() {
    let world = World::new();
    answers(&world, "/queue", "Пусто");
    answers(&world, "/stats", "Заказов не было");
    let ann = world.customer(7, 5);
    world.order(&ann, "d", 3);
    world.sql("UPDATE instance SET submitting_paused_at = 5");
    answers(&world, "/queue", "✍️ Пишем сценарий: 3, дольше всех — 1 минуту");
    answers(&world, "/queue", "Отправка провайдеру остановлена");
    answers(&world, "/stats", "Заказов: 1\nПришло: 5 кредитов.");
    answers(&world, "/stats", "🔑 Ключ 2: баланс пока неизвестен");
    let (ours, help) = writes(&world, 1, "/help");
    assert!(!ours && help.contains("/unban"), "the dialogue's help comes as well: {help}");
}

#[test]
fn what_a_stranger_writes_is_not_for_us() {
    let world = World::new();
    world.customer(7, 2);
    for text in ["/stats", "/queue", "/grant 7 100", "/ban 1", "/unban 7", "/help"] {
        assert_eq!(writes(&world, 7, text), (false, String::new()));
    }
    for text in ["stats", "/start", "/", "", "/statistics", "grant 7 5"] {
        assert_eq!(writes(&world, 1, text), (false, String::new()), "{text}");
    }
    assert_eq!(world.number("SELECT credits FROM users"), 2);
}
