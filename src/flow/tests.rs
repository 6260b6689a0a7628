//! The dialogue: its pure step as tables, and whole orders on a real database.

mod asking;
mod choosing;
mod growing;
mod ordering;
mod paying;
mod pressing;
mod reading;
mod shelf;
mod stepping;
mod under_video;

use super::*;
use crate::orders::Selling;
use crate::outbox::{Button, Content, Does};

/// An open shop, a customer with enough credits, and nothing special about the event.
fn facts() -> Facts {
    Facts {
        credits: 5,
        price: 1,
        offered: Vec::new(),
        selling: Selling::Open,
        terms_due: false,
        welcome: None,
        fresh: "7-2a".to_owned(),
        prompt_max: 5_000,
        templates: vec!["ugc".to_owned(), "ad".to_owned()],
        again: None,
        photo_kept: true,
        confirmed: false,
        pack: None,
    }
}

const PLACES: [Place; 9] = [
    Place::Menu,
    Place::Photo,
    Place::Product,
    Place::Template,
    Place::Prompt,
    Place::Wishes,
    Place::Change,
    Place::Count,
    Place::Confirm,
];

/// Somebody who stands at this place, with all that comes before it in the draft `d`.
fn at(place: Place) -> Dialog {
    let mut draft = Draft { id: "d".to_owned(), ..Draft::default() };
    let rank = PLACES.iter().position(|one| *one == place).unwrap();
    let past = |place: Place| PLACES.iter().position(|one| *one == place).unwrap() < rank;
    if past(Place::Photo) {
        draft.photo = Some("a.jpg".to_owned());
    }
    if past(Place::Product) {
        draft.product = Some("A blue mug".to_owned());
    }
    if past(Place::Template) {
        draft.template = Some(if place == Place::Prompt { "self" } else { "ugc" }.to_owned());
    }
    if past(Place::Wishes) {
        draft.wishes = Some(Wishes::None);
    }
    if place == Place::Change {
        draft.refine = Some(Refine { script: "Slow orbit.".to_owned(), change: None });
    }
    if past(Place::Count) {
        draft.count = Some(3);
    }
    if place == Place::Menu {
        return Dialog::default();
    }
    assert_eq!(draft.place(), place);
    Dialog { place, draft }
}

/// Yes to what the question says at [`Place::Confirm`] where one video costs so much.
fn yes(price: i64) -> Choice {
    Choice::Confirm(Bill { videos: 3, credits: 3 * price })
}

fn text(words: &str) -> Event {
    Event::Text(words.to_owned())
}

fn press(press: Press) -> Event {
    Event::Press(Some(press))
}

fn html(content: &Content) -> &str {
    crate::orders::tests::html(content)
}

fn buttons(content: &Content) -> Vec<Button> {
    match content {
        Content::Text { buttons, .. }
        | Content::Photo { buttons, .. }
        | Content::Video { buttons, .. } => buttons.concat(),
        Content::Answer { .. } | Content::Invoice { .. } => Vec::new(),
    }
}

/// Messages that Telegram takes and a customer can read: tags balance, nothing is left of a
/// text's machinery, limits are kept.
#[track_caller]
fn readable(content: &Content) {
    let said = html(content);
    let limit = if matches!(content, Content::Text { .. }) { 4_096 } else { 1_024 };
    assert!(crate::outbox::plain(said).chars().count() <= limit, "too long: {said}");
    words(said);
    let mut open: Vec<&str> = Vec::new();
    for (at, _) in said.match_indices('<') {
        let tag = said[at + 1..].split_once('>').map(|(tag, _)| tag);
        let tag = tag.unwrap_or_else(|| panic!("a tag without an end: {said}"));
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{said}"),
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty(), "left open: {open:?} in {said}");
    let allowed = ["b", "i", "code", "a"];
    let named = said.split('<').skip(1).map(|rest| rest.trim_start_matches('/'));
    for tag in named.map(|rest| rest.split([' ', '>']).next().unwrap()) {
        assert!(allowed.contains(&tag), "{tag} in {said}");
    }
    for (at, _) in said.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;"];
        assert!(known.iter().any(|entity| said[at..].starts_with(entity)), "{said}");
    }
    for button in buttons(content) {
        words(&button.text);
        match &button.does {
            Does::Data(data) => {
                assert!((1..=64).contains(&data.len()), "{data}");
                let read = Press::read(data).unwrap_or_else(|| panic!("nobody reads {data}"));
                assert_eq!(&read.data(), data);
            }
            Does::Url(url) => assert!(url.starts_with("https://"), "{url}"),
        }
    }
}

/// Words, and not the name of a text that is missing or a value that is.
#[track_caller]
fn words(said: &str) {
    assert!(!said.trim().is_empty());
    assert!(!said.contains(['{', '}']), "a value is missing: {said}");
    let source = include_str!("../../assets/texts/ru.ftl");
    let ids = source.lines().filter_map(|line| line.split_once(" = ").map(|(id, _)| id));
    for id in ids.filter(|id| id.contains('-')) {
        let mut words = said.split([' ', '\n']);
        assert!(words.all(|word| word != id), "the text {id} is missing in {said}");
    }
}
