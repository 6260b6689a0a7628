//! Buttons: what they carry, and what anybody may forge.

use super::ordering::Phone;
use super::*;
use crate::db::{JobId, OrderId};
use crate::flow::press::Choice;
use crate::orders::{Again, Closed, Offered};
use proptest::prelude::*;

/// A realistic long draft: the largest Telegram-made row id that we could meet, and an update id.
const DRAFT: &str = "ffffffffff-1dcd6504";

#[test]
fn what_is_in_a_button_is_read_again_and_fits() {
    let longest = "x".repeat(32);
    let mut all = vec![
        Press::Menu,
        Press::Make,
        Press::Cabinet,
        Press::Support,
        Press::TopUp,
        Press::Pack(i64::MAX),
        Press::Continue,
        Press::AcceptTerms,
        Press::Language(Lang::Ru),
        Press::Language(Lang::En),
        Press::Again(JobId(i64::MAX)),
        Press::Aside(Aside::Leave),
        Press::Aside(Aside::LeaveYes(i64::MAX, 999_999_999, i64::from(u32::MAX) << 16)),
        Press::Aside(Aside::Ask),
        Press::Aside(Aside::AskAbout(i64::MAX)),
        Press::Same(JobId(i64::MAX)),
        Press::Refine(JobId(i64::MAX)),
        Press::Rate(JobId(i64::MAX), true),
        Press::Rate(JobId(i64::MAX), false),
        Press::TakeBack(OrderId(i64::MAX)),
        Press::Film(JobId(i64::MAX)),
        Press::Films(None),
        Press::Films(Some(i64::MAX)),
        Press::Statement(None),
        Press::Statement(Some(i64::MAX)),
    ];
    for choice in [
        Choice::Template(longest),
        Choice::NoWishes,
        Choice::Quality("x".repeat(16)),
        Choice::OtherQuality,
        Choice::Count(5),
        Choice::Back,
        Choice::Confirm(Bill { videos: 10, credits: i64::MAX }),
        Choice::Cancel,
    ] {
        all.push(Press::Draft(DRAFT.to_owned(), choice));
    }
    for press in all {
        let data = press.data();
        assert!((1..=64).contains(&data.len()), "{data}");
        assert_eq!(Press::read(&data), Some(press), "{data}");
    }
}

#[test]
fn every_yes_stands_under_the_price_that_it_is_to() {
    let phone = Phone::new("ru");
    phone.send(Event::Start(None));
    phone.to_confirm();
    for _ in 0..2 {
        assert!(phone.says().contains("Стоимость: 1 кредит\n"), "{}", phone.says());
        let Some(Press::Draft(_, choice)) = phone.button("✅") else { panic!("no draft's") };
        assert_eq!(choice, Choice::Confirm(Bill { videos: 1, credits: 1 }));
        // Under a word on what is needed here as well.
        phone.send(text("сколько это стоит?"));
    }
    phone.tap("✅");
    assert_eq!(phone.credits(), 1);
}

#[test]
fn a_template_of_the_longest_id_still_fits_and_a_longer_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ours = include_str!("../../../assets/templates/ad.toml");
    let write = |length: usize| {
        let text = ours.replace("id = \"ad\"", &format!("id = \"{}\"", "x".repeat(length)));
        std::fs::write(folder.path().join("a.toml"), text).unwrap();
        crate::templates::Templates::load(Some(folder.path()))
    };
    assert!(write(33).is_err());
    let templates = write(32).unwrap();
    let id = templates.all().last().unwrap().id.clone();
    let data = Press::Draft(DRAFT.to_owned(), Choice::Template(id)).data();
    assert_eq!(data.len(), 54, "ten bytes to spare for larger ids of users and updates");
}

#[test]
fn what_is_not_ours_is_nothing() {
    for data in [
        "",
        ":",
        "::",
        "menu:",
        "menu:1",
        "MENU",
        "lang",
        "lang:",
        "lang:de",
        "lang:ru:x",
        "again",
        "again:",
        "again:x",
        "again:99999999999999999999",
        "same",
        "refine:",
        "good:1:2",
        "takeback:x",
        "film",
        "films:",
        "lines:x",
        "t",
        "t:d",
        "n:d",
        "n:d:",
        "n:d:x",
        "n:d:1:2",
        "w",
        "w:d:x",
        "y",
        "q:d",
        "pack",
        "pack:",
        "pack:x",
        "pack:5:300",
        "yes",
        "\u{0}",
        "t;d;ugc",
    ] {
        assert_eq!(Press::read(data), None, "{data:?}");
    }
}

fn forged() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,64}",
        "(menu|make|lang|again|pack|topup|continue|t|n|w|q|o|b|y|x|terms)?:?[a-z0-9:+-]{0,12}:?[a-z0-9:+-]{0,12}",
        "(same|refine|good|bad|film|films|lines|takeback):[0-9+-]{1,3}",
        "(t|n|w|q|o|b|y|x):(d|7-2a):?(ugc|ad|self|1|3|5|-3|fast|good)?",
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let photo = prop::sample::select(vec![
        Photo::Unasked,
        Photo::Kept("p.jpg".to_owned()),
        Photo::Broken,
        Photo::Small { width: 1, height: 1 },
        Photo::Trouble,
    ]);
    let album = prop::sample::select(vec![None, Some("x".to_owned()), Some("y".to_owned())]);
    prop_oneof![
        4 => forged().prop_map(|data| Event::Press(Press::read(&data))),
        2 => Just(Event::Press(Some(Press::Make))),
        2 => "\\PC{0,20}".prop_map(Event::Text),
        1 => (0..2_100usize).prop_map(|chars| Event::Text("ы".repeat(chars))),
        3 => (photo, album).prop_map(|(photo, album)| Event::Picture { photo, album }),
        1 => "[a-z]{0,6}".prop_map(Event::Command),
        1 => prop::sample::select(vec!["help", "cancel", "menu", "terms"])
            .prop_map(|command| Event::Command(command.to_owned())),
        1 => prop::option::of("\\PC{0,70}").prop_map(Event::Start),
        1 => Just(Event::Other),
    ]
}

/// What a video was made of: an own prompt, or a template's script.
fn made(own: bool) -> Again {
    let prompt = Some("Slow orbit.".to_owned());
    Again {
        photo: "a.jpg".into(),
        product: "mug".into(),
        template: if own { "self" } else { "ugc" }.into(),
        own_prompt: prompt.clone().filter(|_| own),
        script: prompt,
        ..Again::default()
    }
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let selling = prop::sample::select(vec![
        Selling::Open,
        Selling::Open,
        Selling::Open,
        Selling::Closed(Closed::NoKey),
    ]);
    let flags = prop::array::uniform4(prop::bool::weighted(0.2));
    let offered = (0..4usize, prop::array::uniform3((0..3i64, prop::bool::weighted(0.8))));
    (0..6i64, 0..3i64, selling, 0..3_000usize, flags, offered).prop_map(
        |(credits, price, selling, prompt_max, [terms_due, kept, confirmed, again], (n, all))| {
            Facts {
                credits,
                price,
                offered: ["fast", "good", "long"]
                    .into_iter()
                    .zip(all)
                    .map(|(id, (credits, serves))| Offered { id: id.into(), credits, serves })
                    .take(n)
                    .collect(),
                selling,
                prompt_max,
                terms_due,
                photo_kept: kept,
                confirmed,
                again: again.then(|| made(prompt_max % 2 == 0)),
                ..facts()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn forged_data_is_read_or_refused(data in forged()) {
        if let Some(press) = Press::read(&data) {
            prop_assert_eq!(Press::read(&press.data()), Some(press));
        }
    }

    /// The place is always the first thing that the draft lacks; nobody is left without an answer;
    /// only a whole draft that can be paid for is placed.
    #[test]
    fn whatever_comes_the_dialogue_stays_whole(
        place in prop::sample::select(PLACES.to_vec()),
        events in prop::collection::vec((event(), any_facts()), 1..30),
    ) {
        let mut dialog = at(place);
        for (event, facts) in events {
            let (next, effects) = step(&dialog, &event, &facts);
            if next.place == Place::Menu {
                prop_assert_eq!(&next, &Dialog::default());
            } else {
                prop_assert_eq!(next.place, next.draft.place());
                prop_assert!(!next.draft.id.is_empty());
            }
            let album = matches!(&event, Event::Picture { album: Some(_), .. });
            prop_assert!(!effects.is_empty() || album, "{:?}", event);
            for effect in &effects {
                if let Effect::Place(draft) = effect {
                    prop_assert_eq!(draft.place(), Place::Confirm);
                    let offered = |id| facts.offered.iter().find(|one| Some(one.id.as_str()) == id);
                    let chosen = offered(draft.choice.id());
                    prop_assert_eq!(chosen.is_some(), !facts.offered.is_empty());
                    let price = chosen.map_or(facts.price, |one| one.credits);
                    prop_assert!(draft.count.unwrap() * price <= facts.credits);
                    let makes = chosen.is_none_or(|one| one.serves || facts.offered.len() == 1);
                    prop_assert!(makes, "{:?}", draft.choice);
                    prop_assert_eq!(facts.selling, Selling::Open);
                    prop_assert!(!facts.terms_due);
                }
            }
            dialog = next;
        }
    }
}
