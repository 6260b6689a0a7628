//! Customers choose what the operator offers in `models.toml`.

use neurocards::sandbox::faults::{Action, Service};
use serde_json::json;

use crate::customer::{photo, ru};
use crate::{Appliance, Customer, Setup};

const FULL: &str = "bytedance/seedance-2";
const CHOICES: &str = r#"
[[choice]]
id = "fast"
label = { ru = "⚡ Быстрое", en = "⚡ Quick" }
models = ["bytedance/seedance-2-mini"]
credits = 1

[[choice]]
id = "good"
label = { ru = "✨ Качественное", en = "✨ High quality" }
about = { ru = "детали чётче", en = "finer details" }
models = ["bytedance/seedance-2"]
seconds = 12
credits = 3
"#;

fn shop() -> Appliance {
    let shop = Setup::new().stopped();
    shop.puts_beside("models.toml", CHOICES);
    shop.start_again();
    shop
}

impl Customer<'_> {
    /// From the menu to the choice, in either language.
    #[track_caller]
    fn comes_to_the_choice(&self) {
        self.says("/start");
        self.presses("🎬");
        self.hears("📸");
        self.sends_photo(photo());
        self.hears("✍️");
        self.says("Mug, 450 ml");
        self.presses("📢");
        self.hears("💡");
        self.says("-");
        self.hears("✨");
    }
}

#[test]
fn the_better_one_costs_more_and_is_made_as_the_operator_says() {
    let shop = shop();
    let said = shop.commands(&["doctor", "--offline"]);
    assert!(said.contains("choice good") && said.contains("3 credits a video, 12 s"), "{said}");
    for (id, language, fast, good, number) in [
        (
            7,
            "ru",
            "⚡ Быстрое — 1 кредит",
            "✨ Качественное — 3 кредита",
            "3️⃣ 3 видео (9 кредитов)",
        ),
        (8, "en", "⚡ Quick – 1 credit", "✨ High quality – 3 credits", "3️⃣ 3 videos (9 credits)"),
    ] {
        let ann = Customer::meets(&shop, id, language).with_credits(10);
        ann.comes_to_the_choice();
        assert!(ann.sees(good).button(fast).is_some());
        ann.presses(good);
        ann.sees(number);
        let order = ann.confirms(3);
        assert_eq!(ann.credits(), 1, "held at once");
        order.arrives();
        assert_eq!(ann.credits(), 1);
    }
    let tasks = shop.sandbox().kie().tasks();
    assert_eq!(tasks.len(), 6);
    for task in tasks {
        assert_eq!((task.model.as_str(), &task.input["duration"]), (FULL, &json!(12)));
    }
    assert_eq!(shop.value::<i64>("SELECT SUM(choice = 'good' AND price = 3) FROM orders"), 2);
}

#[test]
fn what_no_model_makes_is_not_offered_and_what_was_sold_of_it_is_refunded() {
    let shop = shop();
    let ann = shop.customer(7).with_credits(6);
    shop.sandbox().kie().pause_model(FULL);
    ann.comes_to_the_choice();
    ann.presses("✨");
    // The program learns of it with this video, and nobody is sold another model instead.
    ann.confirms(1).ends();
    ann.hears(&ru("fail-model-off"));
    assert_eq!((ann.credits(), shop.sandbox().kie().submits()), (6, 0));
    ann.comes_to_the_choice();
    let question = ann.sees("⚡ Быстрое — 1 кредит");
    assert!(question.button("✨").is_none());
    assert!(question.text.contains("✨ Качественное — сейчас недоступно"), "{}", question.text);
    ann.presses("⚡");
    ann.confirms(1).arrives();
    assert_eq!(ann.credits(), 5);
}

#[test]
fn what_was_sold_is_made_though_the_choice_left_the_file() {
    let shop = shop();
    let slow = Action::Slow(neurocards::clock::MINUTE);
    shop.sandbox().faults().on(Service::OpenAi, "chat/completions").does(slow);
    let ann = shop.customer(7).with_credits(3);
    ann.comes_to_the_choice();
    ann.presses("✨");
    let order = ann.confirms(1);
    assert!(shop.sigterm().0.success());
    shop.puts_beside("models.toml", "");
    shop.start_again();
    order.arrives();
    assert_eq!(ann.credits(), 0);
    let tasks = shop.sandbox().kie().tasks();
    assert_eq!((tasks.len(), tasks[0].model.as_str()), (1, "bytedance/seedance-2-mini"));
}

#[test]
fn a_choice_that_the_catalogue_does_not_bear_out_stops_the_start() {
    let shop = Setup::new().stopped();
    shop.puts_beside("models.toml", &CHOICES.replace("seconds = 12", "seconds = 60"));
    for args in [&["run"][..], &["doctor", "--offline"]] {
        let output = shop.command(args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!output.status.success(), "{said}");
        let place = said.contains("models.toml:8: the choice `good`");
        assert!(place && said.contains("makes no video of 60 s"), "{said}");
    }
}
