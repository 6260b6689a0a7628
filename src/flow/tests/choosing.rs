//! Where there is something to choose.

use super::ordering::Phone;
use super::*;
use crate::flow::press::Choice;
use crate::orders::Offered;
use crate::orders::tests::World;

fn offered(id: &str, credits: i64, serves: bool) -> Offered {
    Offered { id: id.to_owned(), credits, serves }
}

fn two() -> Facts {
    Facts { offered: vec![offered("fast", 1, true), offered("good", 3, true)], ..facts() }
}

/// At the place, with this chosen (empty: nothing yet).
fn with(place: Place, id: &str) -> Dialog {
    let before = if place == Place::Choice { Place::Count } else { place };
    let choice = if id.is_empty() { Chosen::Asked } else { Chosen::This(id.to_owned()) };
    let draft = Draft { choice, ..at(before).draft };
    assert_eq!(draft.place(), place);
    Dialog { place, draft }
}

fn taps(choice: Choice) -> Event {
    press(Press::Draft("d".to_owned(), choice))
}

fn quality(id: &str) -> Event {
    taps(Choice::Quality(id.to_owned()))
}

#[track_caller]
fn check(from: &Dialog, event: &Event, facts: &Facts, to: &Dialog, effects: &[Effect]) {
    let (next, done) = step(from, event, facts);
    assert_eq!(done, effects, "{event:?} at {:?}", from.place);
    assert_eq!(&next, to, "{event:?} at {:?}", from.place);
}

fn asks(place: Place) -> [Effect; 1] {
    [Effect::Say(Screen::Ask(place))]
}

fn toasts(toast: Toast, place: Place) -> [Effect; 2] {
    [Effect::Toast(toast), Effect::Say(Screen::Ask(place))]
}

#[test]
fn the_choice_comes_between_the_wishes_and_the_number() {
    let wishes = Dialog { place: Place::Wishes, ..with(Place::Choice, "") };
    let wishes = Dialog { draft: Draft { wishes: None, ..wishes.draft }, ..wishes };
    let choice = with(Place::Choice, "");
    check(&wishes, &taps(Choice::NoWishes), &two(), &choice, &asks(Place::Choice));
    let count = with(Place::Count, "good");
    check(&choice, &quality("good"), &two(), &count, &asks(Place::Count));
    let confirm = with(Place::Confirm, "good");
    let rich = Facts { credits: 9, ..two() };
    check(&count, &taps(Choice::Count(3)), &rich, &confirm, &asks(Place::Confirm));
    let placed = [Effect::Toast(Toast::Started), Effect::Place(Box::new(confirm.draft.clone()))];
    check(&confirm, &taps(yes(3)), &rich, &Dialog::default(), &placed);
}

#[test]
fn a_draft_begins_with_what_there_is_to_choose() {
    let begun = |facts: &Facts| step(&at(Place::Menu), &press(Press::Make), facts).0.draft.choice;
    assert_eq!(begun(&facts()), Chosen::Nothing);
    assert_eq!(begun(&two()), Chosen::Asked);
    let only = Facts { offered: vec![offered("good", 3, true)], ..facts() };
    assert_eq!(begun(&only), Chosen::This("good".to_owned()), "one alone is not asked for");
}

#[test]
fn the_price_is_that_of_the_choice() {
    let said = [Effect::Say(Screen::Insufficient { count: 3 })];
    for (id, credits) in [("fast", 3), ("good", 9)] {
        let (count, confirm) = (with(Place::Count, id), with(Place::Confirm, id));
        let mut waits = count.clone();
        waits.draft.wanted = Some(3);
        let poor = Facts { credits: credits - 1, ..two() };
        let rich = Facts { credits, ..two() };
        check(&count, &taps(Choice::Count(3)), &poor, &waits, &said);
        check(&confirm, &taps(yes(credits / 3)), &poor, &waits, &said);
        check(&waits, &press(Press::Continue), &poor, &waits, &said);
        check(&waits, &press(Press::Continue), &rich, &confirm, &asks(Place::Confirm));
    }
}

#[test]
fn another_choice_is_a_button_away_and_asks_for_the_number_anew() {
    let asked = with(Place::Choice, "");
    for place in [Place::Count, Place::Confirm] {
        let mut from = with(place, "good");
        from.draft.wanted = Some(3);
        check(&from, &taps(Choice::OtherQuality), &two(), &asked, &asks(Place::Choice));
    }
    let only = Facts { offered: vec![offered("good", 3, true)], ..facts() };
    for (dialog, facts) in [(with(Place::Count, "good"), only), (at(Place::Count), facts())] {
        let stale = toasts(Toast::Stale, Place::Count);
        check(&dialog, &taps(Choice::OtherQuality), &facts, &dialog, &stale);
    }
}

#[test]
fn what_cannot_be_made_now_is_not_chosen_and_not_ordered() {
    let off = Facts { offered: vec![offered("fast", 1, true), offered("good", 3, false)], ..two() };
    let choice = with(Place::Choice, "");
    let toast = toasts(Toast::Unavailable, Place::Choice);
    check(&choice, &quality("good"), &off, &choice, &toast);
    let mut three = choice.clone();
    three.draft.count = Some(3);
    check(&with(Place::Confirm, "good"), &taps(yes(3)), &off, &three, &toast);
    check(&three, &quality("fast"), &off, &with(Place::Confirm, "fast"), &asks(Place::Confirm));
    let stale = toasts(Toast::Stale, Place::Choice);
    check(&choice, &quality("gone"), &two(), &choice, &stale);
    let elsewhere = toasts(Toast::Stale, Place::Count);
    let count = with(Place::Count, "good");
    check(&count, &quality("fast"), &two(), &count, &elsewhere);
}

#[test]
fn what_the_operator_changed_meanwhile_is_asked_at_its_new_price() {
    let choice = with(Place::Choice, "");
    let yes = taps(yes(3));
    // The choice is new, or another one than then.
    let stale = toasts(Toast::Stale, Place::Choice);
    for old in [at(Place::Confirm), with(Place::Confirm, "gone")] {
        check(&old, &yes, &two(), &choice, &stale);
    }
    // There is none any more, or one alone: it is not confirmed at a price that was never shown.
    let stale = toasts(Toast::Stale, Place::Count);
    check(&with(Place::Confirm, "good"), &yes, &facts(), &at(Place::Count), &stale);
    let only = Facts { offered: vec![offered("fast", 1, true)], ..facts() };
    check(&with(Place::Confirm, "good"), &yes, &only, &with(Place::Count, "fast"), &stale);
}

#[test]
fn a_dialogue_from_before_there_were_choices_is_read() {
    let old = r#"{"place":"count","draft":{"id":"d","photo":"a.jpg","product":"A blue mug",
        "template":"ugc","wishes":"none"}}"#;
    assert_eq!(serde_json::from_str::<Dialog>(old).unwrap(), at(Place::Count));
    for dialog in [with(Place::Choice, ""), with(Place::Count, "good")] {
        let kept = serde_json::to_string(&dialog).unwrap();
        assert_eq!(serde_json::from_str::<Dialog>(&kept).unwrap(), dialog);
    }
}

#[test]
fn a_choice_is_seen_with_its_price_all_the_way() {
    for (language, fast, good, cost, other) in [
        ("ru", "⚡ Быстрое <5> — 1 кредит", "✨ Качественное — 3 кредита", "3 кредита", "Другой"),
        ("en", "⚡ Quick <5> – 1 credit", "✨ High quality – 3 credits", "3 credits", "Another"),
    ] {
        let phone = Phone::in_world(World::choosing(), language);
        phone.send(Event::Start(None));
        phone.to_choice();
        let labels: Vec<_> = buttons(&phone.last()).into_iter().map(|it| it.text).collect();
        assert_eq!(labels[..2], [fast, good]);
        assert!(phone.says().contains("&lt;5&gt;</b>"), "{}", phone.says());
        // The gift of two credits does not buy a good one: a quick one is a button away.
        phone.tap("✨");
        phone.tap(&format!("({cost})"));
        assert!(phone.says().contains(cost), "{}", phone.says());
        phone.tap(other);
        phone.tap("⚡");
        phone.tap("1️⃣");
        let question = phone.says();
        assert!(question.contains(&fast[..fast.find('<').unwrap()]), "{question}");
        phone.tap("✅");
        assert_eq!((phone.place(), phone.credits()), (Place::Menu, 1));
        assert_eq!(phone.world.number("SELECT choice = 'fast' AND price = 1 FROM orders"), 1);
    }
}

#[test]
fn what_cannot_be_made_now_has_no_button() {
    let phone = Phone::in_world(World::choosing(), "ru");
    phone.send(Event::Start(None));
    phone
        .world
        .write(|tx, _| crate::models::switch(tx, "bytedance/seedance-2", false, 1).map(drop));
    phone.to_choice();
    assert!(!buttons(&phone.last()).iter().any(|button| button.text.contains("Качественное")));
    assert!(
        phone.says().contains("<b>✨ Качественное</b> — сейчас недоступно"),
        "{}",
        phone.says()
    );
}
