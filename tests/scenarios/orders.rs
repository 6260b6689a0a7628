//! Orders that go well.

use crate::{AD, Appliance, OWN, UGC};

#[test]
fn one_hundred_and_two_credits_less_one_video_less_three() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(102);
    ann.orders(1, UGC).arrives();
    assert_eq!(ann.credits(), 101);
    ann.orders(3, AD).arrives();
    assert_eq!(ann.credits(), 98);
}

#[test]
fn an_own_prompt_never_meets_gpt_and_reaches_the_model_as_typed() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(9);
    for count in [1, 3, 5] {
        ann.orders(count, OWN).arrives();
    }
    assert_eq!(ann.credits(), 0);
    assert!(shop.sandbox().openai().requests().is_empty());
    let crate::What::Own(prompt) = OWN else { unreachable!() };
    let tasks = shop.sandbox().kie().tasks();
    assert_eq!(tasks.len(), 9);
    assert!(tasks.iter().all(|task| task.prompt == prompt), "{:?}", tasks[0].prompt);
}

#[test]
fn a_second_start_grants_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    assert_eq!(ann.credits(), 2);
    ann.says("/start");
    ann.sees("🎬");
    assert_eq!(ann.credits(), 2);
}
