//! The whole journey of one customer, in both languages: `docs/journey.md` is what she did and what
//! the real program said. A text that was changed on purpose is taken over with
//!
//! ```text
//! cargo test --test scenarios -- --ignored the_journey_is_written_down
//! ```

mod page;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use neurocards::clock::{Clock, SECOND, Spec};
use neurocards::sandbox::faults::{Action, Fate, Service};
use neurocards::sandbox::openai::GptRequest;
use neurocards::sandbox::telegram::{Kind, Message};
use neurocards::text::Lang;
use serde_json::json;

use crate::customer::{PACK, photo, text};
use crate::{Appliance, Customer, Setup};
use page::Page;

const ANN: i64 = 7;
const BEN: i64 = 8;
const OPERATOR: i64 = 99;

/// When it begins: 2026-11-20, 12:00 in Moscow, so that the day stays the same.
const BEGINS: i64 = 1_795_165_200_000;
const RATE: f64 = 60.0;
const RENDER: i64 = 40 * SECOND;

const COMMAND: &str = "cargo test --test scenarios -- --ignored the_journey_is_written_down";
/// One video at a time, and one step at a time: what stands where is no matter of chance.
const SETTINGS: &str = "\
[telegram]
support_url = \"@neurocards_support\"
terms_url = \"https://example.com/terms\"
privacy_url = \"https://example.com/privacy\"
[limits]
running_videos_per_user = 1
[workers]
threads = 1
[growth]
first_payment = 1
";
const PHOTO: (&str, &str) = ("фото товара", "a photo of the product");
const RULES: &str = "This content may violate our guardrails concerning similarity to third-party \
                     content.";

#[test]
fn the_journey_is_as_it_is_written_down() {
    let written = std::fs::read_to_string(file()).unwrap_or_default();
    let walked = journey();
    let mut lines = (1..).zip(written.lines().zip(walked.lines()));
    let differs = lines.find(|(_, (old, new))| old != new);
    assert!(
        written == walked,
        "docs/journey.md is not what the program says any more: {differs:?}\n\
         If it is to say so, write it anew: {COMMAND}"
    );
}

#[test]
#[ignore = "writes docs/journey.md"]
fn the_journey_is_written_down() {
    std::fs::write(file(), journey()).unwrap();
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/journey.md")
}

fn journey() -> String {
    let (ru, en) = std::thread::scope(|scope| {
        let ru = scope.spawn(|| walk(Lang::Ru));
        let en = scope.spawn(|| walk(Lang::En));
        (ru.join().unwrap(), en.join().unwrap())
    });
    format!(
        "# A customer's journey\n\n\
         What a customer does and what the bot says, from the first `/start` to `/delete_me`: a \
         walk through\nthe real program against the sandbox, in Russian and in English. It is \
         written by a command, not by\nhand, and a test makes the walk anew at every check:\n\n\
         ```\n{COMMAND}\n```\n\n\
         Buttons stand in brackets; `↗` leads out of the chat. `N` stands for minutes and \
         `ref_CODE` for an\ninvitation's code: they differ from walk to walk.\n\n\
         [Русский](#русский) · [English](#english)\n\n\
         ## Русский\n\n{}\n\n## English\n\n{}\n",
        ru.trim(),
        en.trim()
    )
}

fn walk(lang: Lang) -> String {
    let shop = starts();
    let telegram = shop.sandbox().telegram();
    let (code, ann, ben) = match lang {
        Lang::Ru => ("ru", "Анна", "Борис"),
        Lang::En => ("en", "Ann", "Ben"),
    };
    telegram.set_user(OPERATOR, Some("operator"), "Operator", code);
    telegram.set_user(ANN, Some("ann"), ann, code);
    telegram.set_user(BEN, Some("ben"), ben, code);
    let hidden = Arc::new(AtomicBool::new(false));
    hides_renders(&shop, &hidden);
    let page = Page::of(Customer::again(&shop, ANN), lang);
    begins(&page);
    describes(&page);
    pays(&page);
    is_made(&page, &hidden);
    wants_more(&page);
    fails(&page);
    takes_back(&page, &hidden);
    looks_around(&page);
    invites(&page, ben);
    asks(&page);
    hears_news(&page);
    finds_it_closed(&page);
    leaves(&page);
    page.text()
}

fn starts() -> Appliance {
    let anchor = Clock::real().now();
    let clock = Clock::new(Spec { rate: RATE, anchor, offset: BEGINS - anchor });
    let setup = Setup::new().settings(SETTINGS).admin(OPERATOR);
    let shop = setup
        .tuned(|options| {
            options.clock = clock;
            options.render_ms = (RENDER, RENDER + 1);
        })
        .start();
    shop.sandbox().openai().answers(script);
    shop.sandbox().kie().renders_with("Mickey", Fate::Fails("400".into(), RULES.into()));
    shop.commands(&["promo", "add", "SUMMER", "3", "--uses", "10"]);
    shop
}

/// Always the same: the page shows it.
fn script(request: &GptRequest) -> String {
    let end = if request.user.contains("<change>") { "Snow falls behind it" } else { "Sunlight" };
    format!("A hand lifts the mug to the window and steam curls over its rim. {end}.")
}

/// While the flag is up, every render goes on.
fn hides_renders(shop: &Appliance, hidden: &Arc<AtomicBool>) {
    let goes_on = "{\"code\":200,\"msg\":\"success\",\"data\":{\"state\":\"generating\"}}";
    let hidden = Arc::clone(hidden);
    shop.sandbox()
        .faults()
        .on(Service::Kie, "recordInfo")
        .when(move |_| hidden.load(Ordering::SeqCst))
        .does(Action::Status(200, goes_on.into()));
}

fn begins(page: &Page<'_>) {
    page.step(("Знакомство", "First steps"));
    page.says("/start");
    page.presses("✅");
    page.says_either(("Здравствуйте! Сколько стоит?", "Hello! How much is it?"));
}

fn describes(page: &Page<'_>) {
    let telegram = page.shop.sandbox().telegram();
    page.step(("Заказ: фото", "An order: the photo"));
    page.presses("🎬");
    page.says_either(("Термокружка", "A travel mug"));
    page.sends(("стикер", "a sticker"), |id| telegram.sends_sticker(id));
    page.sends(
        ("повреждённый файл с фото", "a damaged file of a photo"),
        |id| {
            let half = photo()[..2_000].to_vec();
            telegram.sends_document(id, half, "image/jpeg", "mug.jpg")
        },
    );
    page.sends(PHOTO, |id| telegram.sends_photo(id, photo()));
    page.step(("Товар, вид видео, пожелания", "The product, the kind of video, wishes"));
    page.says("ok");
    page.says_either((
        "Термокружка «Север», 450 мл: держит тепло 8 часов",
        "Travel mug “North”, 450 ml: keeps tea hot for 8 hours",
    ));
    page.says("/help");
    page.presses("▶️");
    page.presses("🎥");
    page.says_either(("Утро, кухня, уютно", "A morning in the kitchen, cosy"));
}

fn pays(page: &Page<'_>) {
    page.step(("Не хватает кредитов", "Too few credits"));
    page.presses("3️⃣");
    page.presses("💳");
    page.presses(&format!("{PACK} ⭐"));
    let invoice = page.who.chat().into_iter().rfind(|it| it.kind == Kind::Invoice).unwrap();
    page.pays(&invoice);
    page.notes((
        "Тот же счёт ещё раз — по ошибке. Второй раз деньги не берутся.",
        "The same invoice once more, by mistake. Nothing is taken a second time.",
    ));
    page.pays(&invoice);
    page.presses("▶️");
}

/// The status message of the newest order.
fn status(page: &Page<'_>) -> Message {
    let sql = "SELECT message_id FROM outbox
               WHERE key = 'status:' || (SELECT MAX(id) FROM orders)";
    let id = page.shop.waits_for("a status message", || page.shop.value::<Option<i64>>(sql));
    page.shop.sandbox().telegram().message(ANN, id).unwrap()
}

/// Until the status message has so many lines of each kind, and nothing more is to come.
#[track_caller]
fn reads(page: &Page<'_>, lines: &[(&str, usize)]) {
    let lines = lines.iter().map(|(id, n)| (text(page.lang(), id), *n)).collect::<Vec<_>>();
    page.shop.waits_for("a status message", || {
        let status = status(page).text;
        lines.iter().all(|(line, n)| status.matches(line).count() == *n).then_some(())
    });
}

fn ends(page: &Page<'_>) {
    page.shop.waits_until(
        "SELECT finished_at IS NOT NULL FROM orders WHERE id = (SELECT MAX(id) FROM orders)",
    );
    page.hears();
}

fn is_made(page: &Page<'_>, hidden: &AtomicBool) {
    page.step(("Запуск и ожидание", "The start, and waiting"));
    hidden.store(true, Ordering::SeqCst);
    let old = page.who.chat().into_iter().rev().find(|it| it.button("✅").is_some()).unwrap();
    page.taps("✅");
    reads(page, &[("line-rendering", 1), ("line-queued", 2)]);
    page.hears();
    page.notes(("Второе нажатие на ту же кнопку.", "The same button is pressed twice."));
    page.taps_on(&old, "✅");
    page.hears();
    page.step(("Видео приходят", "The videos arrive"));
    page.shop.commands(&["pause", "--submitting"]);
    hidden.store(false, Ordering::SeqCst);
    reads(page, &[("line-done", 1), ("line-queued", 2)]);
    page.hears();
    page.notes(("Оператор ненадолго остановил отправку.", "The operator has paused submitting."));
    page.rereads(&status(page));
    page.says("/start");
    page.presses("👤");
    page.shop.commands(&["resume"]);
    ends(page);
    page.rereads(&status(page));
}

fn wants_more(page: &Page<'_>) {
    page.step(("Кнопки под видео", "The buttons under a video"));
    let first = page.who.videos().swap_remove(0);
    page.taps_on(&first, "👍");
    page.hears();
    page.rereads(&page.shop.sandbox().telegram().message(ANN, first.id).unwrap());
    page.presses("🔁");
    page.taps("✅");
    ends(page);
    page.presses("✏️");
    page.says_either(("Пусть за окном идёт снег", "Let it snow outside the window"));
    page.taps("✅");
    ends(page);
}

fn fails(page: &Page<'_>) {
    let telegram = page.shop.sandbox().telegram();
    page.step(("Свой промпт и неудача", "An own prompt, and a failure"));
    page.presses("🏠");
    page.presses("🎬");
    page.sends(PHOTO, |id| telegram.sends_photo(id, photo()));
    page.says_either(("Воздушные шары, 10 штук", "Balloons, a pack of ten"));
    page.presses("🧑‍💻");
    page.says("Mickey-shaped balloons drift past the shelf, soft focus");
    page.presses("1️⃣");
    page.taps("✅");
    ends(page);
}

fn takes_back(page: &Page<'_>, hidden: &AtomicBool) {
    page.step(("Передумала: отмена того, что не началось", "A change of mind"));
    page.presses("🔄");
    page.presses("📢");
    page.presses(&text(page.lang(), "button-no-wishes"));
    page.presses("3️⃣");
    hidden.store(true, Ordering::SeqCst);
    page.taps("✅");
    reads(page, &[("line-rendering", 1), ("line-queued", 2)]);
    page.hears();
    page.taps_on(&status(page), "✋");
    page.hears();
    page.rereads(&status(page));
    hidden.store(false, Ordering::SeqCst);
    ends(page);
    page.rereads(&status(page));
}

fn looks_around(page: &Page<'_>) {
    page.step(("Личный кабинет", "The account"));
    page.presses("🏠");
    page.presses("👤");
    page.presses("🎞");
    page.presses("🎞 20");
    page.presses("📜");
    page.presses("⏪");
    page.presses("👤");
    page.presses(page.pick(("English", "Русский")));
    page.says("/language");
    page.presses(page.pick(("Русский", "English")));
}

/// A friend comes by the link in the newest message that has one, and pays.
fn invites(page: &Page<'_>, ben: &str) {
    page.step(("Друг и промокод", "A friend, and a promo code"));
    page.says("/invite");
    let said = page.who.chat().into_iter().rev().find_map(|it| {
        let (_, rest) = it.text.split_once("?start=")?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    page.notes(match ben {
        "Ben" => ("", "Ben comes by the link and buys his first credits."),
        _ => ("Борис приходит по ссылке и покупает первые кредиты.", ""),
    });
    let ben = Customer::again(page.shop, BEN);
    ben.says(&format!("/start {}", said.unwrap()));
    ben.presses("✅");
    ben.sees("🎬");
    ben.buys(PACK);
    page.hears();
    page.says("/promo");
    page.says("/promo WINTER");
    page.says("/promo SUMMER");
}

fn asks(page: &Page<'_>) {
    let telegram = page.shop.sandbox().telegram();
    page.step(("Вопрос об оплате, условия, данные", "A question, the terms, the data"));
    page.says("/paysupport");
    let floor = telegram.last_id();
    page.presses("⭐");
    page.says_either((
        "Платила один раз, а приходило два окна. Всё ли в порядке?",
        "I paid once, but the window came up twice. Is everything all right?",
    ));
    let letter = telegram.messages_after(OPERATOR, floor).into_iter().last().unwrap();
    page.notes((
        "Оператор получает и отвечает на это сообщение:",
        "The operator gets this, and replies:",
    ));
    page.quotes(&letter);
    let answer = page.pick((
        "Всё хорошо: оплата прошла один раз, второй раз Telegram денег не взял.",
        "All is well: you paid once, and Telegram took nothing the second time.",
    ));
    let reply = json!({
        "text": answer,
        "reply_to_message": { "message_id": letter.id, "date": 0, "chat": { "id": OPERATOR } },
    });
    telegram.sends_raw(OPERATOR, reply);
    page.hears();
    page.says("/terms");
    page.says("/privacy");
    page.says("/cancel");
    page.says("/video");
}

/// The operator writes to everybody.
fn hears_news(page: &Page<'_>) {
    let telegram = page.shop.sandbox().telegram();
    page.step(("Новости от оператора", "News from the operator"));
    let words = page.pick((
        "<b>Новое:</b> реклама теперь и для украшений. Попробуйте!",
        "<b>New:</b> ads for jewellery, too. Give it a try!",
    ));
    telegram.says(OPERATOR, &format!("/broadcast {words}"));
    for label in ["📤", "✅"] {
        let presses = || telegram.presses_label(OPERATOR, label);
        page.shop.waits_for("a broadcast's button", presses);
    }
    page.shop.waits_until("SELECT COUNT(*) = 1 FROM broadcasts WHERE state = 'done'");
    page.hears();
}

fn finds_it_closed(page: &Page<'_>) {
    page.step(("Старая кнопка и перерыв", "An old button, and a break"));
    let old = page.who.chat().into_iter().find(|it| it.button("🎥").is_some()).unwrap();
    page.taps_on(&old, "🎥");
    page.hears();
    page.notes((
        "Оператор закрыл приём заказов со словами для клиентов.",
        "The operator has paused selling, with words for customers.",
    ));
    let words = page.pick((
        "Переезжаем на новый сервер, вернёмся к 15:00.",
        "We are moving to a new server and will be back at 3 pm.",
    ));
    page.shop.commands(&["pause", "--note", words]);
    page.presses("🎬");
    page.shop.commands(&["resume"]);
}

fn leaves(page: &Page<'_>) {
    page.step(("Уход", "Leaving"));
    page.says("/delete_me");
    page.taps("🗑");
    page.shop.waits_until("SELECT deleted_at IS NOT NULL FROM users WHERE tg_user_id = 7");
    page.shop.waits_until("SELECT NOT EXISTS (SELECT 1 FROM departures)");
    page.hears();
    page.presses("👋");
}
