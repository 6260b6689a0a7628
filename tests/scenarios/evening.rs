//! One eventful evening, recorded for the pictures of the console: `tests/data/evening.sql` is the
//! database as it stood when the program was killed in the middle of its work, `evening.log` the
//! end of its log. A run of many threads never repeats to the millisecond, so it is run once, and
//! again only by hand, when the schema or what the screens should show has changed:
//!
//! ```text
//! cargo test --test scenarios -- --ignored an_evening_is_recorded
//! INSTA_UPDATE=always cargo test --lib console::tests
//! ```

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use neurocards::clock::{Clock, MINUTE, Spec};
use neurocards::sandbox::faults::{Action, Fate, Service};
use neurocards::text::Lang;
use rusqlite::Connection;

use crate::customer::{Order, photo, text};
use crate::{AD, Appliance, Customer, Setup, UGC, What};

/// When the evening begins: 2026-11-20, 23:10 in Moscow, so that it has a yesterday and a today.
const BEGINS: i64 = 1_795_205_400_000;
/// How many times as fast as in reality it passes.
const RATE: f64 = 60.0;

const RULES: &str = "This content may violate our guardrails concerning similarity to third-party \
                     content.";
const BUSY: &str = "Internal Error, Please try again later.";

/// In an order that each row comes after those that it names.
const TABLES: [&str; 17] = [
    "instance", "users", "orders", "jobs", "ledger", "payments", "events", "submits", "uploads",
    "api_keys", "balances", "models", "inbox", "dialogs", "outbox", "alerts", "audit",
];

/// What is left out of the recording, or cut.
const CUT: [(&str, &str, &str); 4] = [
    // The ledger's rows bring them.
    ("users", "credits", "0"),
    ("inbox", "body", "'{}'"),
    ("dialogs", "state", "'{}'"),
    ("jobs", "prompt", "substr(prompt, 1, 300)"),
];

#[test]
#[ignore = "writes tests/data/evening.sql and evening.log"]
fn an_evening_is_recorded() {
    let shop = evening();
    goes_well(&shop);
    goes_wrong(&shop);
    is_mended(&shop);
    is_busy(&shop);
    let beat = "SELECT heartbeat_at FROM instance";
    let before: i64 = shop.value(beat);
    shop.waits_for("a heartbeat", || (shop.value::<i64>(beat) > before).then_some(()));
    shop.kill9();
    let now = shop.sandbox().options().clock.now();
    shop.expects(|it| it.unfinished = true);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let dump = shop.read(|conn| Ok(dump(conn, now)?));
    assert!(dump.len() < 400_000, "{} bytes", dump.len());
    std::fs::write(folder.join("evening.sql"), dump).unwrap();
    std::fs::write(folder.join("evening.log"), log(&shop)).unwrap();
}

fn evening() -> Appliance {
    let anchor = Clock::real().now();
    let clock = Clock::new(Spec { rate: RATE, anchor, offset: BEGINS - anchor });
    let setup = Setup::new().settings("[retry]\ntemporary_delay = \"15m\"").keys(3).admin(500);
    let shop = setup
        .tuned(|options| {
            options.clock = clock;
            options.seed = 20;
            options.render_ms = (MINUTE, 3 * MINUTE);
            options.kie_balance = 4_000.0;
        })
        .start();
    let people = [
        (101, Some("anna_krem"), "Анна", "ru", 12),
        (102, Some("john_smith"), "John", "en", 6),
        (103, None, "保湿太郎", "en", 4),
        (104, None, "דוד לוי", "en", 3),
        (105, None, "Мария Константиновна", "ru", 2),
        (106, Some("freebie_hunter_of_the_north"), "Max", "ru", 0),
    ];
    for (id, username, first_name, language, credits) in people {
        Customer::called(&shop, id, (username, first_name), language);
        if credits > 0 {
            let (id, credits) = (id.to_string(), credits.to_string());
            shop.commands(&["grant", &id, &credits, "--note", "подарок к открытию"]);
        }
        shop.passes(1);
    }
    shop
}

/// Nothing but videos.
fn goes_well(shop: &Appliance) {
    shop.is_with(101).wants("Крем для рук «Облепиха», 75 мл", UGC, 3).ends();
    shop.is_with(102).wants("Travel mug, 450 ml: keeps tea hot for 8 hours", AD, 1).ends();
    shop.passes(12);
    shop.is_with(103).wants("保湿クリーム 50g、敏感肌用", UGC, 1).ends();
    shop.is_with(105).wants("Свеча из соевого воска «Хвоя»", AD, 1).ends();
    let first = shop.is_with(101).buys(300);
    shop.is_with(102).buys(550);
    shop.passes(8);
    shop.commands(&["refund-payment", &first, "--yes"]);
    let third = shop.is_with(101).buys(1_500);
    let lost = Action::DropAfter;
    let fault = shop.sandbox().faults().on(Service::Telegram, "refundStarPayment").does(lost);
    assert!(!shop.command(&["refund-payment", &third, "--yes"]).status.success());
    shop.sandbox().faults().remove(fault);
}

/// A failure of each kind.
fn goes_wrong(shop: &Appliance) {
    let (kie, faults) = (shop.sandbox().kie(), shop.sandbox().faults());
    faults.on(Service::Kie, "createTask").with_body("Slow dolly").does(busy());
    let slow = What::Own("Slow dolly around a brass lamp on a wooden desk, warm light, 24 fps");
    let lamp = shop.is_with(104).wants("Brass desk lamp", slow, 1);
    kie.renders_with("Mickey", Fate::Fails("400".into(), RULES.into()));
    let mouse = What::Own("Mickey-shaped balloons drift past the shelf, soft focus");
    shop.is_with(105).wants("Воздушные шары, 10 шт.", mouse, 1).ends();
    kie.renders_with("toy shelf", Fate::Fails("422".into(), "Unsupported codec: 0x17".into()));
    let toys = What::Own("A toy shelf, camera glides from left to right");
    shop.is_with(102).wants("Wooden toys", toys, 3).ends();
    faults.on(Service::OpenAi, "chat/completions").first(2).does(Action::Html(502));
    faults.on(Service::Kie, "createTask").with_body("дождя").nth(1).does(Action::DropAfter);
    let rain = What::Own("Капли дождя на лепестках, макро, мягкий свет");
    shop.is_with(101).wants("Букет полевых цветов", rain, 1).ends();
    kie.set_balance("sandbox-kie-key-2", 10.0);
    shop.is_with(103).wants("保湿クリーム 50g、敏感肌用", UGC, 3).ends();
    shop.is_with(101).wants("Крем для рук «Облепиха», 75 мл", AD, 3).ends();
    lamp.ends();
    faults.clear();
}

/// What the operator does about it.
fn is_mended(shop: &Appliance) {
    let lamp: i64 = shop.value("SELECT id FROM jobs WHERE error_class = 'temporary'");
    shop.expects(|it| it.by_hand = 1);
    shop.commands(&["retry", &lamp.to_string()]);
    shop.settles();
    shop.commands(&["keys", "block", "3", "--note", "счёт закрываем, остаток переводим"]);
    shop.commands(&["ban", "106", "--note", "ten accounts, one face"]);
    shop.commands(&["message", "105", "Мария, попробуйте фото без логотипов: получится."]);
    shop.commands(&["grant", "102", "-2", "--note", "granted twice"]);
    shop.sandbox().kie().pause_model("bytedance/seedance-2-mini");
    shop.is_with(102).wants("Wooden toys, safe from six months", UGC, 1).ends();
    shop.sandbox().telegram().blocks_bot(104);
    shop.commands(&["message", "104", "We made your lamp again: it is in your videos."]);
    // The next order asks the model again, and it stays off for longer.
    shop.passes(11);
}

/// Work at every step.
fn is_busy(shop: &Appliance) {
    let (kie, faults) = (shop.sandbox().kie(), shop.sandbox().faults());
    kie.set_render_ms((26 * MINUTE, 29 * MINUTE));
    let tea = shop.is_with(101).wants("Иван-чай с чабрецом, 100 г", UGC, 5);
    let rendering =
        format!("SELECT COUNT(*) = 5 FROM jobs WHERE order_id = {} AND step = 'render'", tea.id);
    shop.waits_until(&rendering);
    let last: i64 = shop.value(&format!("SELECT MAX(id) FROM jobs WHERE order_id = {}", tea.id));
    shop.commands(&["cancel", &last.to_string()]);
    faults.on(Service::Kie, "createTask").with_body("balcony").does(busy());
    let pots = What::Own("Flower pots on a balcony, golden hour");
    shop.is_with(102).wants("Flower pots, set of three", pots, 1);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE status = 'queued' AND attempts = 1");
    faults.on(Service::OpenAi, "chat/completions").does(Action::Hang(20 * MINUTE));
    let socks = shop.is_with(103).wants("もこもこ靴下、23-25cm", UGC, 1);
    let honey = shop.is_with(105).wants("Мёд липовый, 500 г: <с пасеки> & домой", UGC, 1);
    let first = format!("SELECT MIN(id) FROM jobs WHERE order_id = {}", honey.id);
    shop.commands(&["raise", &shop.value::<i64>(&first).to_string()]);
    shop.waits_until(&format!(
        "SELECT COUNT(*) = 2 FROM jobs WHERE order_id IN ({}, {}) AND leased_at IS NOT NULL",
        socks.id, honey.id
    ));
}

fn busy() -> Action {
    Action::Envelope(500, BUSY.into())
}

impl Appliance {
    fn is_with(&self, id: i64) -> Customer<'_> {
        Customer::again(self, id)
    }

    /// So many minutes of the evening.
    fn passes(&self, minutes: u64) {
        let time = Duration::from_secs(minutes * 60).div_f64(RATE);
        self.sandbox().telegram().wait(time, |_| None::<()>);
    }
}

impl<'a> Customer<'a> {
    #[track_caller]
    fn wants(&self, product: &str, what: What, count: usize) -> Order<'a> {
        let russian: bool = self
            .of
            .value(&format!("SELECT language = 'ru' FROM users WHERE tg_user_id = {}", self.id));
        self.says("/start");
        self.presses("🎬");
        self.hears("📸");
        self.sends_photo(photo());
        self.hears("✍️");
        self.says(product);
        match what {
            What::Template(label) => {
                self.presses(label);
                let lang = if russian { Lang::Ru } else { Lang::En };
                self.presses(&text(lang, "button-no-wishes"));
                self.sees("1️⃣");
            }
            What::Own(_) => self.chooses(what),
        }
        self.confirms(count)
    }
}

/// The database as SQL, a row a line.
fn dump(conn: &Connection, now: i64) -> rusqlite::Result<String> {
    let mut sql = format!(
        "-- An evening of the real program against the seeded sandbox, as it stood at {now}.\n\
         -- Written by tests/scenarios/evening.rs; not by hand.\n"
    );
    for table in TABLES {
        let mut found = conn.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        let names: Vec<String> =
            found.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let value = |name: &String| {
            let cut = CUT.iter().find(|(of, column, _)| (*of, *column) == (table, name));
            let value = cut.map_or(name.as_str(), |(_, _, instead)| instead);
            format!("replace(quote({value}), char(10), ''' || char(10) || ''')")
        };
        let values: Vec<String> = names.iter().map(value).collect();
        let order = if table == "balances" { "at" } else { "rowid" };
        let values = values.join(" || ', ' || ");
        let mut rows = conn.prepare(&format!("SELECT {values} FROM {table} ORDER BY {order}"))?;
        for row in rows.query_map([], |row| row.get::<_, String>(0))? {
            let _ = writeln!(sql, "INSERT INTO {table} ({}) VALUES ({});", names.join(", "), row?);
        }
    }
    Ok(sql)
}

/// The end of the newest log, in a folder that is nobody's and at the evening's times: a log goes
/// by the machine's clock, which is the same only outside of a test.
fn log(shop: &Appliance) -> String {
    let files = std::fs::read_dir(shop.path("logs")).unwrap();
    let newest = files.map(|file| file.unwrap().path()).max().unwrap();
    let text = std::fs::read_to_string(newest).unwrap();
    let lines: Vec<String> = text
        .lines()
        .map(|line| at_the_evening(shop, line).unwrap_or_else(|| line.into()))
        .collect();
    let end = lines[lines.len().saturating_sub(60)..].join("\n") + "\n";
    end.replace(&shop.data().display().to_string(), "/var/lib/neurocards")
}

fn at_the_evening(shop: &Appliance, line: &str) -> Option<String> {
    let (at, rest) = line.split_once(' ')?;
    let spec = shop.sandbox().options().clock.spec();
    let real = at.parse::<Timestamp>().ok()?.as_microsecond() - spec.anchor * 1_000;
    let moved = (spec.anchor + spec.offset) * 1_000 + (real as f64 * spec.rate) as i64;
    Some(format!("{} {rest}", Timestamp::from_microsecond(moved).ok()?))
}
