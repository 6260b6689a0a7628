//! The cabinet and the buttons under a video, on a real database.

use super::ordering::Phone;
use super::*;
use crate::clock::MINUTE;
use crate::db::{JobId, OrderId};
use crate::jobs::{Found, Step};
use crate::orders::tests::NOW;
use crate::orders::{self, Fetched};
use crate::outbox;

/// Somebody with so many credits, and an order of one video whose script is `p` and which came.
fn with_a_video(credits: i64) -> (Phone, JobId) {
    let phone = Phone::new("ru");
    phone.to_menu_and_confirm();
    phone.world.write(move |tx, _| {
        let user = crate::users::by_tg(tx, 7)?.unwrap();
        let more = credits - crate::ledger::balance(tx, user.id)?;
        let gift = crate::ledger::Grant {
            user: user.id,
            credits: more,
            key: None,
            actor: "operator",
            note: None,
        };
        crate::ledger::grant(tx, &gift, NOW).map(drop)
    });
    let id = arrives(&phone);
    (phone, id)
}

/// The most urgent job is made, sent and delivered.
fn arrives(phone: &Phone) -> JobId {
    let world = &phone.world;
    let job = world.at_submit(NOW);
    world.advance(&job, Step::Render, Found { task: Some("t"), ..Found::default() }, NOW);
    let job = world.lease(job.id, NOW);
    let url = Found { output_url: Some("https://example.com/v.mp4"), ..Found::default() };
    world.advance(&job, Step::Fetch, url, NOW);
    let job = world.lease(job.id, NOW);
    let id = job.id;
    world.write(move |tx, shop| {
        let path = format!("{id}.mp4");
        let video = Fetched { path, bytes: 9, width: 9, height: 16, seconds: 5 };
        assert!(orders::fetched(tx, shop, &job, &video, NOW)?);
        let row = outbox::by_key(tx, &format!("video:{id}"))?.unwrap();
        outbox::sent(tx, row.id, row.rev, Some(55), NOW)?;
        orders::delivered(tx, shop, id, Some("file"), NOW + MINUTE)
    });
    id
}

fn presses(phone: &Phone, pressed: Press) {
    phone.send(Event::Press(Some(pressed)));
}

fn labels(content: &Content) -> Vec<String> {
    buttons(content).into_iter().map(|button| button.text).collect()
}

fn message(phone: &Phone, key: &str) -> outbox::Row {
    phone.world.db.read(|conn| outbox::by_key(conn, key)).unwrap().unwrap()
}

fn text_of(phone: &Phone, sql: &str) -> String {
    phone.world.db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

#[test]
fn under_a_video_stand_three_rows() {
    let (phone, job) = with_a_video(0);
    let Content::Video { buttons, .. } = message(&phone, &format!("video:{job}")).content else {
        panic!("no video")
    };
    let rows: Vec<Vec<String>> =
        buttons.into_iter().map(|row| row.into_iter().map(|it| it.text).collect()).collect();
    assert_eq!(
        rows,
        [
            vec!["🔄 Сделать ещё с этим товаром"],
            vec!["🔁 То же ещё раз", "✏️ Уточнить"],
            vec!["👍", "👎", "🏠 Вернуться в меню"],
        ]
    );
}

#[test]
fn a_video_has_one_rating_the_last_one_and_its_button_shows_it() {
    let (phone, job) = with_a_video(0);
    let key = format!("video:{job}");
    for (good, toast, marked) in [
        (true, "понравилось", ["👍 ✓", "👎"]),
        (false, "Уточнить", ["👍", "👎 ✓"]),
        (false, "Уточнить", ["👍", "👎 ✓"]),
    ] {
        presses(&phone, Press::Rate(job, good));
        assert!(phone.toast().contains(toast), "{}", phone.toast());
        let row = message(&phone, &key);
        assert_eq!(labels(&row.content)[3..5], marked);
        assert_eq!(row.message_id, Some(55), "an edit, no second video");
    }
    assert_eq!(message(&phone, &key).rev, 3, "the same word again writes nothing");
    assert_eq!(phone.world.number("SELECT COUNT(*) * 10 + SUM(good) FROM ratings"), 10);
    // Whose message our books have forgotten.
    phone.world.sql("DELETE FROM outbox WHERE key LIKE 'video:%'");
    presses(&phone, Press::Rate(job, true));
    assert_eq!(phone.world.messages("video:"), 0, "it is not sent anew");
    assert_eq!(phone.world.number("SELECT good FROM ratings"), 1);
}

#[test]
fn nobody_rates_or_sees_what_is_not_a_video_of_theirs() {
    let (phone, job) = with_a_video(5);
    phone.send(Event::Start(None));
    phone.to_confirm();
    phone.tap("✅");
    let running = JobId(phone.world.number("SELECT MAX(id) FROM jobs"));
    presses(&phone, Press::Rate(running, true));
    presses(&phone, Press::Film(running));
    assert!(phone.toast().contains("больше нет"), "{}", phone.toast());
    phone.world.customer(8, 0);
    phone.world.sql("UPDATE jobs SET user_id = 2 WHERE id = 1");
    for pressed in [Press::Rate(job, true), Press::Film(job), Press::Same(job), Press::Refine(job)]
    {
        presses(&phone, pressed);
        assert!(phone.toast().contains("больше нет"), "{}", phone.toast());
    }
    assert_eq!(phone.world.number("SELECT COUNT(*) FROM ratings"), 0);
    assert_eq!(phone.world.messages("film:"), 0);
    phone.world.sql("UPDATE jobs SET user_id = 1 WHERE id = 1");
}

#[test]
fn the_same_again_is_the_same_order_of_one() {
    let (phone, job) = with_a_video(3);
    presses(&phone, Press::Same(job));
    assert_eq!(phone.place(), Place::Confirm);
    phone.tap("✅");
    assert_eq!(phone.credits(), 2);
    let same = "SELECT COUNT(*) = 1
                FROM (SELECT DISTINCT template_id, input_photo_path, product_info, extra_wishes
                      FROM jobs)";
    assert_eq!(phone.world.number(same), 1);
    assert_eq!(phone.world.number("SELECT videos FROM orders WHERE id = 2"), 1);
}

#[test]
fn a_refinement_takes_the_earlier_script_and_the_change_along() {
    let (phone, job) = with_a_video(5);
    presses(&phone, Press::Refine(job));
    assert!(phone.says().contains("Что изменить?"), "{}", phone.says());
    phone.send(text("на <закате>"));
    assert!(phone.says().contains("✏️ <i>на &lt;закате&gt;</i>"), "{}", phone.says());
    phone.tap("✅");
    let made = "SELECT product_info -> '$.refines' FROM jobs WHERE order_id = 2";
    assert_eq!(text_of(&phone, made), r#"{"change":"на <закате>","script":"p"}"#);
    let again = JobId(phone.world.number("SELECT MAX(id) FROM jobs"));
    presses(&phone, Press::Same(again));
    phone.tap("✅");
    let twice = "SELECT COUNT(*) FROM jobs WHERE product_info ->> '$.refines.script' = 'p'";
    assert_eq!(phone.world.number(twice), 2, "the same again is the same change again");
}

#[test]
fn what_has_not_begun_is_taken_back_once() {
    let (phone, _) = with_a_video(5);
    phone.send(Event::Start(None));
    phone.tap("🎬");
    phone.photo();
    phone.send(text("Кружка"));
    phone.tap("📢");
    phone.tap("Без пожеланий");
    phone.tap("3️⃣");
    phone.tap("✅");
    assert_eq!(phone.credits(), 2);
    let back = phone.button("✋");
    phone.send(Event::Press(back.clone()));
    assert_eq!(phone.toast(), "Отменил 3 видео. Вернулось на баланс: 3 кредита.");
    let status = message(&phone, "status:2").content;
    assert!(html(&status).contains("✖️ Заказ отменён"), "{}", html(&status));
    assert!(html(&status).contains("3 кредита вернули"), "{}", html(&status));
    assert_eq!(buttons(&status), []);
    phone.send(Event::Press(back));
    assert!(phone.toast().contains("нечего"), "{}", phone.toast());
    presses(&phone, Press::TakeBack(crate::db::OrderId(99)));
    assert_eq!(phone.toast(), "Такого заказа у вас нет.");
    assert_eq!((phone.credits(), phone.place()), (5, Place::Menu));
}

#[test]
fn the_cabinet_tells_what_is_held_and_how_long_it_takes() {
    let (phone, _) = with_a_video(4);
    for _ in 0..2 {
        phone.send(Event::Start(None));
        phone.to_confirm();
        phone.tap("✅");
    }
    phone.send(Event::Start(None));
    presses(&phone, Press::Cabinet);
    let said = phone.says();
    assert!(said.contains("Баланс: 2 кредита, ещё 2 кредита в работе"), "{said}");
    assert!(said.contains("№ 3 · 📢 Реклама · делаем · место 2 в очереди"), "{said}");
    // Three were accepted within a minute, and three took two minutes.
    phone.world.sql(
        "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
         VALUES (1, 'a', 'm', 0, 10000, 'accepted', 't'), (1, 'a', 'm', 0, 10000, 'accepted', 't'),
                (1, 'a', 'm', 0, 10000, 'accepted', 't');
         INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, order_id, ordinal, status, created_at, submitted_at,
                           finished_at)
         SELECT 1, 7, 'k' || value, 'ad', 'p', '{}', 1, 1, 'done', 0, 1000, 121000
         FROM json_each('[1, 2, 3]');",
    );
    phone.now.set(NOW + MINUTE);
    presses(&phone, Press::Cabinet);
    let said = phone.says();
    assert!(said.contains("место 2 в очереди, ждать ещё около 3 минут"), "{said}");
    phone.world.sql("UPDATE instance SET submitting_paused_at = 5");
    presses(&phone, Press::Cabinet);
    assert!(phone.says().contains("место 2 в очереди\n"), "{}", phone.says());
}

#[test]
fn the_statement_tells_every_move_as_a_person_would() {
    let (phone, _) = with_a_video(9);
    phone.world.write(|tx, _| {
        let user = crate::users::by_tg(tx, 7)?.unwrap().id;
        let by =
            |credits, key| crate::ledger::Grant { user, credits, key, actor: "bot", note: None };
        crate::ledger::purchase(tx, &by(5, Some("purchase:c")), NOW)?;
        crate::ledger::grant(tx, &by(-1, Some("refund:c")), NOW)?;
        crate::ledger::grant(tx, &by(-1, None), NOW).map(drop)
    });
    let user = phone.world.db.read(|conn| crate::users::by_tg(conn, 7)).unwrap().unwrap();
    let videos = phone.world.order(&user, "d2", 3);
    let job = phone.world.lease(videos[0], NOW);
    phone.world.fail(&job, crate::jobs::Why::Unknown, NOW);
    phone.world.write(move |tx, shop| orders::cancel(tx, shop, videos[1], NOW));
    presses(&phone, Press::Statement(None));
    let said = phone.says();
    let lines: Vec<&str> = said.lines().skip(4).collect();
    assert_eq!(
        lines,
        [
            "<b>01.01.1970</b>",
            "<b>+1</b> — вернули за заказ № 2: отменено 1 видео",
            "<b>+1</b> — вернули за заказ № 2: не получилось 1 видео",
            "<b>−3</b> — заказ № 2: 3 видео · ещё в работе: 1",
            "<b>−1</b> — списала поддержка",
            "<b>−1</b> — возврат Stars",
            "<b>+5</b> — покупка",
            "<b>+8</b> — начислила поддержка",
            "<b>−1</b> — заказ № 1: 1 видео",
        ]
    );
    phone.tap("⏪");
    let said = phone.says();
    let lines: Vec<&str> = said.lines().skip(4).collect();
    assert_eq!(lines, ["<b>01.01.1970</b>", "<b>+2</b> — подарок на первые видео"]);
    assert!(!labels(&phone.last()).iter().any(|label| label.contains('⏪')), "that was all");
}

#[test]
fn what_came_back_of_an_order_and_went_for_a_refund_are_two_lines() {
    let (phone, _) = with_a_video(3);
    phone.world.sql(
        "INSERT INTO debts (key, user_id, charge, owed, line) VALUES ('refund:c', 1, 'c', 2, 99)",
    );
    let user = phone.world.db.read(|conn| crate::users::by_tg(conn, 7)).unwrap().unwrap();
    phone.world.order(&user, "d2", 3);
    let order = phone.world.number("SELECT MAX(id) FROM orders");
    presses(&phone, Press::TakeBack(OrderId(order)));
    let toast = phone.toast();
    let words = "Отменил 3 видео. Вернулось на баланс: 3 кредита. Из них сразу списали: 2 кредита";
    assert!(toast.starts_with(words), "{toast}");
    let status = phone.world.said(&format!("status:{order}"));
    let words = "3 кредита вернули на баланс. Из них 2 кредита сразу списали";
    assert!(status.contains(words), "{status}");
    presses(&phone, Press::Statement(None));
    let said = phone.says();
    let lines: Vec<&str> = said.lines().skip(5).take(3).collect();
    assert_eq!(
        lines,
        [
            "<b>+3</b> — вернули за заказ № 2: отменено 3 видео",
            "<b>−2</b> — возврат Stars",
            "<b>−3</b> — заказ № 2: 3 видео",
        ]
    );
}

#[test]
fn each_kind_of_gift_has_words_of_its_own() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.world.sql(
        "INSERT INTO ledger (user_id, delta, kind, key, actor)
         VALUES (1, 1, 'invite', 'invited:1', 'bot'), (1, 2, 'invite', 'invite:9', 'bot'),
                (1, 3, 'bonus', 'bonus:1', 'bot'), (1, 4, 'promo', 'promo:X:1', 'bot'),
                (1, -3, 'bonus', 'bonus:1:back', 'bot'), (1, -2, 'invite', 'invite:9:back', 'bot')",
    );
    presses(&phone, Press::Statement(None));
    let said = phone.says();
    let told: Vec<&str> =
        said.lines().filter_map(|line| line.split_once(" — ")).map(|(_, words)| words).collect();
    assert_eq!(
        told,
        [
            "друг вернул оплату",
            "возврат Stars",
            "промокод",
            "бонус за первую покупку",
            "вы пригласили друга, спасибо!",
            "подарок по приглашению друга",
            "подарок на первые видео",
        ]
    );
}

#[test]
fn what_came_from_the_old_system_has_words_of_its_own() {
    for (lang, told) in [
        ("ru", ["+1</b> — за видео, которое не успели сделать", "+6</b> — ваш прежний баланс"]),
        ("en", ["+1</b> – for a video that could not", "+6</b> – your balance from before"]),
    ] {
        let phone = Phone::new(lang);
        phone.send(Event::Start(None));
        phone.world.sql(
            "INSERT INTO ledger (user_id, delta, kind, key, actor)
             VALUES (1, 6, 'import', 'import:7', 'operator'),
                    (1, 1, 'import', 'import:job:5', 'operator')",
        );
        presses(&phone, Press::Statement(None));
        let said = phone.says();
        assert!(told.iter().all(|line| said.contains(line)), "{said}");
    }
}

#[test]
fn videos_are_leafed_through_and_sent_again_by_telegrams_copy() {
    let (phone, job) = with_a_video(0);
    phone.world.sql(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, status, tg_file_id, output_url, finished_at)
         SELECT 1, 7, 'k' || value, 'ad', 'p', '{\"text\": \"Lamp ' || value || '\"}',
                CASE value WHEN 4 THEN 'failed' ELSE 'done' END, 'f' || value, 'https://e.com/v',
                10000
         FROM json_each('[1, 2, 3, 4, 5, 6]');
         UPDATE jobs SET product_info = '{\"text\": 6}' WHERE idempotency_key = 'k6';",
    );
    presses(&phone, Press::Films(None));
    let products = |phone: &Phone| {
        let labels = labels(&phone.last());
        let films = labels.into_iter().filter(|label| label.starts_with('🎞'));
        films.map(|label| label.rsplit(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(products(&phone), ["6", "5", "3", "2", "1"], "the newest first, no failed one");
    phone.tap("⏪");
    assert_eq!(products(&phone).len(), 1);
    phone.tap("🎞 01.01.1970");
    assert_eq!(phone.toast(), "Присылаю 🎞");
    let Content::Video { file_id, path, html, buttons, .. } = phone.last() else { panic!() };
    assert_eq!((file_id.as_deref(), path), (Some("file"), Some(format!("{job}.mp4"))));
    assert!(html.contains("📢 Реклама") && html.ends_with("<i>p</i>"), "{html}");
    assert_eq!(buttons.len(), 3);
    presses(&phone, Press::Films(Some(1)));
    assert!(phone.says().contains("все ваши видео"), "{}", phone.says());
}

#[test]
fn videos_of_one_product_on_one_day_are_told_apart_by_a_number_that_stays() {
    let (phone, _) = with_a_video(0);
    phone.world.sql(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, status, tg_file_id, finished_at)
         SELECT 1, 7, 'k' || value, 'ad', 'p',
                json_object('text', iif(value = 3, 'Vase', 'A  lamp that ' || printf('%040d', 7))),
                'done', 'f', 10000 + 86400000 * (value = 9)
         FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9]')",
    );
    let lamp = |nth: &str| format!("🎞 01.01.1970{nth} · A lamp that 00000000000000000000…");
    let films = |phone: &Phone| {
        let labels = labels(&phone.last()).into_iter().filter(|label| label.starts_with('🎞'));
        labels.collect::<Vec<_>>()
    };
    presses(&phone, Press::Films(None));
    let first = films(&phone);
    assert_eq!(first[0], lamp("").replace("01.01", "02.01"), "another day");
    let numbers = [" · № 7", " · № 6", " · № 5", " · № 4"];
    assert_eq!(first[1..], numbers.map(lamp));
    phone.tap("⏪");
    let second = films(&phone);
    assert_eq!(
        second[..4],
        [lamp(" · № 3"), "🎞 01.01.1970 · Vase".into(), lamp(" · № 2"), lamp("")]
    );
    assert!(first.iter().chain(&second).all(|label| label.chars().count() <= 64));
}

#[test]
fn a_video_without_a_copy_at_telegram_comes_by_its_file_its_link_or_a_kind_word() {
    let (phone, job) = with_a_video(0);
    phone.world.sql("UPDATE jobs SET tg_file_id = NULL");
    presses(&phone, Press::Film(job));
    let key = "SELECT key FROM outbox WHERE key LIKE 'film:%' ORDER BY id DESC LIMIT 1";
    let key = text_of(&phone, key);
    let Content::Video { file_id: None, path: Some(_), width: 9, .. } = phone.last() else {
        panic!("{:?}", phone.last())
    };
    // The file is gone: the provider's link works for a day.
    phone.world.sql("UPDATE jobs SET video_path = NULL");
    presses(&phone, Press::Film(job));
    assert!(phone.says().contains("https://example.com/v.mp4"), "{}", phone.says());
    assert_eq!(labels(&phone.last())[0], "⬇️ Скачать видео");
    phone.now.set(NOW + MINUTE + crate::clock::DAY);
    let before = phone.says();
    presses(&phone, Press::Film(job));
    assert!(phone.toast().contains("больше нет"), "{}", phone.toast());
    assert_eq!(phone.says(), before);
    // What went out by its file is known from then on.
    phone.world.write(move |tx, _| orders::shelf::sent(tx, Some(&key), Some("new")));
    assert_eq!(text_of(&phone, "SELECT tg_file_id FROM jobs"), "new");
}
