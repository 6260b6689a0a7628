//! What a customer writes is judged before anybody is paid for it.

use neurocards::sandbox::faults::{Action, Service};

use crate::customer::ru;
use crate::{Setup, UGC};

/// In every customer's words about the product.
const WORD: &str = "Термокружка";

#[test]
fn words_that_the_moderation_refuses_cost_nothing_and_it_is_said_why() {
    let shop = Setup::new().start();
    shop.sandbox().openai().finds(WORD, "violence");
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, UGC).ends();
    let notice = ann.hears("в тексте есть насилие");
    assert!(notice.text.contains("3 кредита вернули"), "{}", notice.text);
    let asked = shop.sandbox().openai().moderated();
    assert!(!asked.is_empty() && asked.iter().all(|text| text.contains(WORD)), "{asked:?}");
    assert_eq!((ann.credits(), shop.sandbox().kie().submits()), (3, 0));
    assert_eq!(shop.sandbox().openai().requests().len(), 0, "nor was a script written");
}

#[test]
fn where_there_is_no_key_of_openais_nobody_is_asked() {
    let shop = Setup::new().without_openai().start();
    shop.sandbox().openai().finds(WORD, "violence");
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, UGC).arrives();
    assert_eq!(shop.sandbox().openai().moderated().len(), 0);
}

#[test]
fn a_moderation_that_does_not_answer_holds_up_nobody() {
    let shop = Setup::new().start();
    shop.sandbox().openai().finds(WORD, "violence");
    shop.sandbox().faults().on(Service::OpenAi, "moderations").does(Action::Html(502));
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, UGC).arrives();
    assert_eq!(shop.sandbox().openai().moderated().len(), 0);
}

#[test]
fn what_is_to_be_changed_is_judged_like_all_that_they_wrote() {
    let shop = Setup::new().start();
    shop.sandbox().openai().finds("кастет", "violence");
    let ann = shop.customer(7).with_credits(2);
    ann.orders(1, UGC).arrives();
    ann.presses("✏️");
    ann.hears(&ru("ask-change"));
    ann.says("пусть в кадре лежит кастет");
    ann.presses("✅");
    assert!(ann.hears("в тексте есть насилие").text.contains("1 кредит вернули"));
    assert_eq!((ann.credits(), shop.sandbox().kie().submits()), (1, 1));
}
