//! Each place, each event.

use super::*;
use crate::flow::press::Choice;
use crate::orders::{Again, Closed, Pack};

/// What a step says and does, and that it moves the dialogue exactly there.
#[track_caller]
fn check(from: &Dialog, event: &Event, facts: &Facts, to: &Dialog, effects: &[Effect]) {
    let (next, done) = step(from, event, facts);
    assert_eq!(done, effects, "{event:?} at {:?}", from.place);
    assert_eq!(&next, to, "{event:?} at {:?}", from.place);
}

/// The draft is kept, and one screen is shown.
#[track_caller]
fn stays(place: Place, event: &Event, screen: Screen) {
    let dialog = at(place);
    check(&dialog, event, &facts(), &dialog, &[Effect::Say(screen)]);
}

/// The next question is asked; `change` is what the answer put into the draft.
#[track_caller]
fn goes_on(from: Place, event: &Event, to: Place, change: impl FnOnce(&mut Draft)) {
    let mut draft = at(from).draft;
    change(&mut draft);
    let next = Dialog { place: to, draft };
    check(&at(from), event, &facts(), &next, &[Effect::Say(Screen::Ask(to))]);
}

fn in_draft(choice: Choice) -> Event {
    press(Press::Draft("d".to_owned(), choice))
}

fn here(place: Place) -> Screen {
    if place == Place::Menu { Screen::Menu } else { Screen::Ask(place) }
}

/// What is said where something else is needed; `photo` is the word at the photo.
fn needed(place: Place, photo: Wrong) -> Screen {
    match place {
        Place::Menu => Screen::Hint,
        Place::Photo => Screen::Wrong(photo),
        Place::Product => Screen::Wrong(Wrong::Product),
        Place::Template => Screen::Wrong(Wrong::Template),
        Place::Prompt => Screen::Wrong(Wrong::Prompt),
        Place::Wishes => Screen::Wrong(Wrong::Wishes),
        Place::Change => Screen::Wrong(Wrong::Change),
        Place::Choice => Screen::Wrong(Wrong::Choice),
        Place::Count => Screen::Wrong(Wrong::Count),
        Place::Confirm => Screen::Wrong(Wrong::Confirm),
    }
}

fn picture(photo: Photo) -> Event {
    Event::Picture { photo, album: None }
}

#[test]
fn the_wrong_thing_gets_a_kind_word_and_the_draft_stays() {
    for place in PLACES {
        stays(place, &Event::Other, needed(place, Wrong::FileForPhoto));
        if place != Place::Photo {
            stays(place, &picture(Photo::Unasked), needed(place, Wrong::FileForPhoto));
            stays(place, &picture(Photo::Kept("b.jpg".into())), needed(place, Wrong::FileForPhoto));
        }
        if place != Place::Wishes {
            stays(place, &text("ab"), needed(place, Wrong::TextForPhoto));
            stays(place, &text("  ab \n"), needed(place, Wrong::TextForPhoto));
        }
    }
    for (photo, wrong) in [
        (Photo::NotAPicture, Wrong::FileForPhoto),
        (Photo::Broken, Wrong::BrokenPhoto),
        (Photo::Small { width: 9, height: 300 }, Wrong::SmallPhoto { width: 9, height: 300 }),
        (Photo::Large, Wrong::LargePhoto),
        (Photo::Long, Wrong::LongPhoto),
        (Photo::Trouble, Wrong::PhotoTrouble),
        (Photo::Unasked, Wrong::PhotoTrouble),
    ] {
        stays(Place::Photo, &picture(photo), Screen::Wrong(wrong));
    }
}

#[test]
fn each_answer_leads_to_the_next_question() {
    goes_on(Place::Photo, &picture(Photo::Kept("b.jpg".into())), Place::Product, |draft| {
        draft.photo = Some("b.jpg".into());
    });
    goes_on(Place::Product, &text(" mug "), Place::Template, |draft| {
        draft.product = Some("mug".into());
    });
    for (id, to) in [("ugc", Place::Wishes), ("ad", Place::Wishes), ("self", Place::Prompt)] {
        let event = in_draft(Choice::Template(id.into()));
        goes_on(Place::Template, &event, to, |draft| draft.template = Some(id.into()));
    }
    goes_on(Place::Prompt, &text("Slow orbit."), Place::Count, |draft| {
        draft.prompt = Some("Slow orbit.".into());
    });
    goes_on(Place::Wishes, &text("у"), Place::Count, |draft| {
        draft.wishes = Some(Wishes::Some("у".into()));
    });
    goes_on(Place::Wishes, &in_draft(Choice::NoWishes), Place::Count, |draft| {
        draft.wishes = Some(Wishes::None);
    });
    for none in ["-", "—", "нет", "Нет ", "Без пожеланий", "no"] {
        goes_on(Place::Wishes, &text(none), Place::Count, |draft| {
            draft.wishes = Some(Wishes::None);
        });
    }
    goes_on(Place::Change, &text(" на закате "), Place::Count, |draft| {
        let (script, change) = ("Slow orbit.".into(), Some("на закате".into()));
        draft.refine = Some(Refine { script, change });
    });
    for count in [1, 3, 5] {
        goes_on(Place::Count, &in_draft(Choice::Count(count)), Place::Confirm, |draft| {
            draft.count = Some(count);
        });
    }
    for place in [Place::Count, Place::Confirm] {
        goes_on(place, &in_draft(Choice::Back), Place::Count, |draft| draft.count = None);
    }
}

#[test]
fn texts_have_their_lengths_in_characters() {
    for (place, long) in [
        (Place::Product, 1_000),
        (Place::Wishes, 1_000),
        (Place::Change, 300),
        (Place::Prompt, 2_000),
    ] {
        let next = |chars: usize| step(&at(place), &text(&"ы".repeat(chars)), &facts()).0.place;
        assert_eq!(next(2) == place, place != Place::Wishes, "{place:?}");
        assert_ne!(next(3), place);
        assert_ne!(next(long), place);
        assert_eq!(next(long + 1), place);
    }
    let long = text(&"ы".repeat(1_001));
    stays(Place::Product, &long, Screen::Wrong(Wrong::ProductLong(1_001)));
    stays(Place::Wishes, &long, Screen::Wrong(Wrong::Wishes));
    let narrow = Facts { prompt_max: 100, ..facts() };
    let next = |chars: usize| step(&at(Place::Prompt), &text(&"ы".repeat(chars)), &narrow).0.place;
    assert_eq!((next(100), next(101)), (Place::Count, Place::Prompt), "what a model takes");
}

#[test]
fn an_own_prompt_is_kept_as_it_is() {
    let words = "Line one {x} <b>\n\n  line two & \"three\"";
    let (next, _) = step(&at(Place::Prompt), &text(words), &facts());
    assert_eq!(next.draft.prompt.as_deref(), Some(words));
}

#[test]
fn of_an_album_the_first_good_picture_counts_and_the_others_are_passed_over() {
    let photo = |photo| Event::Picture { photo, album: Some("x".into()) };
    let (dialog, said) = step(&at(Place::Photo), &photo(Photo::Broken), &facts());
    assert_eq!(said, [Effect::Say(Screen::Wrong(Wrong::BrokenPhoto))]);
    let (dialog, _) = step(&dialog, &photo(Photo::Kept("b.jpg".into())), &facts());
    assert_eq!((dialog.place, dialog.draft.photo.as_deref()), (Place::Product, Some("b.jpg")));
    check(&dialog, &photo(Photo::Unasked), &facts(), &dialog, &[]);
    check(&dialog, &photo(Photo::Kept("c.jpg".into())), &facts(), &dialog, &[]);
    let other = Event::Picture { photo: Photo::Unasked, album: Some("y".into()) };
    let word = Effect::Say(Screen::Wrong(Wrong::Product));
    check(&dialog, &other, &facts(), &dialog, &[word]);
}

#[test]
fn help_and_the_like_work_at_any_moment_and_keep_the_draft() {
    for place in PLACES {
        for (command, screen) in [
            ("help", Screen::Help),
            ("terms", Screen::TermsLinks),
            ("paysupport", Screen::PaySupport),
            ("support", Screen::Support),
            ("language", Screen::Cabinet),
            ("dance", Screen::UnknownCommand),
            ("", Screen::UnknownCommand),
        ] {
            stays(place, &Event::Command(command.into()), screen);
        }
        stays(place, &press(Press::Cabinet), Screen::Cabinet);
        stays(place, &press(Press::Support), Screen::Support);
        stays(place, &press(Press::TopUp), Screen::TopUp);
        stays(place, &press(Press::Films(Some(7))), Screen::Films(Some(7)));
        stays(place, &press(Press::Statement(None)), Screen::Statement(None));
        stays(place, &press(Press::Continue), here(place));
        stays(place, &press(Press::AcceptTerms), here(place));
        let speaks = [
            Effect::Language(Lang::En),
            Effect::Toast(Toast::Language(Lang::En)),
            Effect::Say(Screen::LanguageSet),
        ];
        check(&at(place), &press(Press::Language(Lang::En)), &facts(), &at(place), &speaks);
    }
}

#[test]
fn menu_start_and_cancel_leave_the_draft() {
    for place in PLACES {
        let none = Dialog::default();
        let canceled =
            if place == Place::Menu { Screen::NothingToCancel } else { Screen::Canceled };
        for (event, screen) in [
            (Event::Start(None), Screen::Menu),
            (press(Press::Menu), Screen::Menu),
            (Event::Command("menu".into()), Screen::Menu),
            (Event::Command("cancel".into()), canceled),
        ] {
            check(&at(place), &event, &facts(), &none, &[Effect::Say(screen)]);
        }
        if place != Place::Menu {
            let said = [Effect::Say(Screen::Canceled)];
            check(&at(place), &in_draft(Choice::Cancel), &facts(), &none, &said);
        }
    }
}

#[test]
fn a_new_order_begins_in_the_menu_and_an_old_menu_leaves_the_draft_alone() {
    let fresh = Draft { id: facts().fresh, ..Draft::default() };
    let begun = Dialog { place: Place::Photo, draft: fresh };
    let asked = [Effect::Say(Screen::Ask(Place::Photo))];
    check(&at(Place::Menu), &press(Press::Make), &facts(), &begun, &asked);
    for place in PLACES.into_iter().filter(|place| *place != Place::Menu) {
        let said = [Effect::Toast(Toast::Stale), Effect::Say(Screen::Ask(place))];
        check(&at(place), &press(Press::Make), &facts(), &at(place), &said);
    }
}

#[test]
fn a_stale_or_forged_button_shows_where_one_stands() {
    let choices = [
        Choice::Template("ugc".into()),
        Choice::Template("nothing".into()),
        Choice::NoWishes,
        Choice::Count(1),
        Choice::Count(2),
        Choice::Count(i64::MAX),
        Choice::Count(-5),
        Choice::Back,
        yes(1),
        Choice::Cancel,
    ];
    for place in PLACES {
        for choice in &choices {
            for draft in ["other", "", "d"] {
                let event = press(Press::Draft(draft.into(), choice.clone()));
                let fits = match (place, choice) {
                    (Place::Menu, _) => false,
                    (_, Choice::Cancel) => true,
                    (Place::Template, Choice::Template(id)) => id == "ugc",
                    (Place::Wishes, Choice::NoWishes) => true,
                    (Place::Count, Choice::Count(1)) => true,
                    (Place::Confirm, Choice::Back | Choice::Confirm(_)) => true,
                    _ => false,
                };
                if draft == "d" && (place, choice) == (Place::Count, &Choice::Back) {
                    stays(place, &event, here(place));
                    continue;
                }
                if draft == "d" && fits {
                    assert_ne!(step(&at(place), &event, &facts()).0, at(place));
                    continue;
                }
                let said = [Effect::Toast(Toast::Stale), Effect::Say(here(place))];
                check(&at(place), &event, &facts(), &at(place), &said);
            }
        }
        let said = [Effect::Toast(Toast::Unknown), Effect::Say(here(place))];
        check(&at(place), &Event::Press(None), &facts(), &at(place), &said);
        let said = [Effect::Toast(Toast::Gone), Effect::Say(here(place))];
        let job = crate::db::JobId(5);
        for gone in [
            Press::Again(job),
            Press::Same(job),
            Press::Refine(job),
            Press::Rate(job, true),
            Press::Film(job),
        ] {
            check(&at(place), &press(gone), &facts(), &at(place), &said);
        }
    }
}

#[test]
fn a_second_yes_says_that_it_runs_and_keeps_the_next_draft() {
    let confirmed = Facts { confirmed: true, ..facts() };
    let yes = press(Press::Draft("old".into(), yes(1)));
    for place in PLACES {
        check(&at(place), &yes, &confirmed, &at(place), &[Effect::Toast(Toast::Already)]);
    }
}

#[test]
fn yes_places_the_draft_as_it_stands() {
    let effects =
        [Effect::Toast(Toast::Started), Effect::Place(Box::new(at(Place::Confirm).draft))];
    let yes = in_draft(yes(1));
    check(&at(Place::Confirm), &yes, &facts(), &Dialog::default(), &effects);
}

#[test]
fn another_with_this_product_begins_with_what_is_still_there() {
    let event = press(Press::Again(crate::db::JobId(5)));
    for (photo_kept, product, place) in [
        (true, "A blue mug", Place::Template),
        (false, "A blue mug", Place::Photo),
        (true, "", Place::Product),
    ] {
        let (photo, product) = ("a.jpg".into(), product.into());
        let again = Some(Again { photo, product, ..Again::default() });
        let facts = Facts { again, photo_kept, ..facts() };
        let (dialog, said) = step(&at(Place::Confirm), &event, &facts);
        assert_eq!(dialog.place, place);
        assert_eq!(said, [Effect::Say(Screen::Ask(place))]);
        assert_eq!(dialog.draft.id, facts.fresh);
        assert_eq!(dialog.draft.photo.is_some(), photo_kept);
        assert_eq!(dialog.draft.count, None);
    }
}

#[test]
fn too_few_credits_are_said_and_the_order_is_kept() {
    let poor = Facts { credits: 2, ..facts() };
    let said = [Effect::Say(Screen::Insufficient { count: 3 })];
    let three = in_draft(Choice::Count(3));
    let waits = waiting_for(3);
    check(&at(Place::Count), &three, &poor, &waits, &said);
    let dear = Facts { credits: 5, price: 2, ..facts() };
    check(&at(Place::Count), &three, &dear, &waits, &said);
    // The balance was spent meanwhile: the question is asked anew, with all the rest kept.
    check(&at(Place::Confirm), &in_draft(yes(1)), &poor, &waits, &said);
}

/// An order of so many videos that lacks credits.
fn waiting_for(count: i64) -> Dialog {
    let mut dialog = at(Place::Count);
    dialog.draft.wanted = Some(count);
    dialog
}

#[test]
fn an_order_that_lacked_credits_goes_on_with_just_as_many_videos() {
    let waits = waiting_for(3);
    let go_on = press(Press::Continue);
    let poor = Facts { credits: 2, ..facts() };
    check(&waits, &go_on, &poor, &waits, &[Effect::Say(Screen::Insufficient { count: 3 })]);
    let asked = [Effect::Say(Screen::Ask(Place::Confirm))];
    check(&waits, &go_on, &facts(), &at(Place::Confirm), &asked);
    // Another number, in either way, is another wish.
    let asked = [Effect::Say(Screen::Ask(Place::Count))];
    check(&waits, &in_draft(Choice::Back), &facts(), &at(Place::Count), &asked);
    let (one, _) = step(&waits, &in_draft(Choice::Count(1)), &facts());
    assert_eq!((one.draft.count, one.draft.wanted), (Some(1), None));
}

#[test]
fn a_pack_is_sold_at_its_price_of_now_and_only_while_the_shop_is_open() {
    let pack = Pack { credits: 10, stars: 550 };
    let sold = Facts { pack: Some(pack), ..facts() };
    let bought = [Effect::Toast(Toast::Invoice), Effect::Invoice(pack)];
    let gone = [Effect::Toast(Toast::Prices), Effect::Say(Screen::TopUp)];
    let link = Event::Start(Some(BUY.to_owned()));
    for place in PLACES {
        check(&at(place), &press(Press::Pack(10)), &sold, &at(place), &bought);
        check(&at(place), &press(Press::Pack(10)), &facts(), &at(place), &gone);
        check(&at(place), &link, &facts(), &at(place), &[Effect::Say(Screen::TopUp)]);
        for why in [Closed::Paused, Closed::Banned] {
            let closed = Facts { selling: Selling::Closed(why), ..sold.clone() };
            for event in [press(Press::Pack(10)), press(Press::TopUp)] {
                check(&at(place), &event, &closed, &at(place), &[Effect::Say(Screen::Closed(why))]);
            }
        }
    }
}

#[test]
fn a_closed_shop_is_said_before_anything_is_asked() {
    for why in [Closed::Paused, Closed::NoKey, Closed::NoModel, Closed::Budget, Closed::Banned] {
        let (photo, product) = ("a.jpg".into(), "mug".into());
        let again = Some(Again { photo, product, ..Again::default() });
        let closed = Facts { selling: Selling::Closed(why), again, ..facts() };
        let said = [Effect::Say(Screen::Closed(why))];
        let job = crate::db::JobId(5);
        for event in
            [Press::Make, Press::Again(job), Press::Same(job), Press::Refine(job)].map(press)
        {
            check(&at(Place::Menu), &event, &closed, &Dialog::default(), &said);
        }
        let kept = at(Place::Confirm);
        check(&kept, &in_draft(yes(1)), &closed, &kept, &said);
    }
}

#[test]
fn an_own_prompt_is_not_asked_for_when_no_model_would_take_it() {
    let none = Facts { prompt_max: 0, ..facts() };
    let said = [Effect::Say(Screen::Closed(Closed::NoModel))];
    let own = in_draft(Choice::Template("self".into()));
    check(&at(Place::Template), &own, &none, &at(Place::Template), &said);
    check(&at(Place::Prompt), &text("Slow orbit."), &none, &at(Place::Prompt), &said);
}

#[test]
fn who_has_not_accepted_the_terms_is_asked_before_all_else() {
    let due = Facts { terms_due: true, welcome: Some(2), ..facts() };
    for place in PLACES {
        for event in [
            text("mug"),
            Event::Other,
            picture(Photo::Kept("b.jpg".into())),
            press(Press::Make),
            press(Press::Menu),
            press(Press::Cabinet),
            Event::Press(None),
            in_draft(yes(1)),
            Event::Command("dance".into()),
        ] {
            check(&at(place), &event, &due, &at(place), &[Effect::Say(Screen::Terms)]);
        }
        let accepts = [Effect::AcceptTerms, Effect::Say(Screen::Welcome { gift: 2 })];
        check(&at(place), &press(Press::AcceptTerms), &due, &at(place), &accepts);
        for (command, screen) in [
            ("help", Screen::Help),
            ("terms", Screen::TermsLinks),
            ("paysupport", Screen::PaySupport),
            ("language", Screen::Cabinet),
        ] {
            let event = Event::Command(command.into());
            check(&at(place), &event, &due, &at(place), &[Effect::Say(screen)]);
        }
        let (_, said) = step(&at(place), &press(Press::Language(Lang::En)), &due);
        assert_eq!(said.last(), Some(&Effect::Say(Screen::Terms)), "in the language chosen");
    }
    let (_, said) = step(&at(Place::Menu), &Event::Start(None), &due);
    assert_eq!(said, [Effect::Say(Screen::Terms)]);
}

#[test]
fn start_welcomes_once_and_remembers_who_invited() {
    let new = Facts { welcome: Some(2), ..facts() };
    let said = |argument: Option<&str>| {
        step(&at(Place::Menu), &Event::Start(argument.map(str::to_owned)), &new).1
    };
    let welcome = Effect::Say(Screen::Welcome { gift: 2 });
    assert_eq!(said(None), std::slice::from_ref(&welcome));
    assert_eq!(said(Some("ref_7")), [Effect::Inviter("ref_7".into()), welcome.clone()]);
    let known = Event::Start(Some("ref_7".into()));
    let (_, said_to_known) = step(&at(Place::Menu), &known, &facts());
    assert_eq!(said_to_known, [Effect::Say(Screen::Menu)], "who is here was invited by nobody");
    let code = [welcome.clone(), Effect::Promo("SPRING".into())];
    assert_eq!(said(Some("promo_SPRING")), code);
    let long = format!("ref_{}", "x".repeat(61));
    for other in ["", "promo", BUY, long.as_str()] {
        assert_eq!(said(Some(other)), std::slice::from_ref(&welcome), "{other}");
    }
}

#[test]
fn a_photo_that_is_gone_at_the_last_question_is_asked_for_and_nothing_else() {
    let gone = Facts { photo_kept: false, ..facts() };
    let yes = press(Press::Draft("d".into(), yes(1)));
    let before = at(Place::Confirm);
    let (after, said) = step(&before, &yes, &gone);
    assert_eq!(said, [Effect::Say(Screen::Ask(Place::Photo))]);
    assert_eq!(after.draft, Draft { photo: None, ..before.draft });
}

#[test]
fn nobody_pays_a_price_that_they_did_not_read() {
    let read = at(Place::Confirm);
    let dearer = Facts { price: 2, credits: 9, ..facts() };
    let asked = [Effect::Toast(Toast::Prices), Effect::Say(Screen::Ask(Place::Confirm))];
    let placed = [Effect::Toast(Toast::Started), Effect::Place(Box::new(read.draft.clone()))];
    // However often an old question's button comes: nobody knows whether the new one was read.
    for _ in 0..3 {
        check(&read, &in_draft(yes(1)), &dearer, &read, &asked);
    }
    check(&read, &in_draft(yes(2)), &dearer, &Dialog::default(), &placed);
    check(&read, &in_draft(yes(2)), &facts(), &read, &asked);
    // Nor is another number of videos ordered than the question named, also at the same price.
    let fewer = in_draft(Choice::Confirm(Bill { videos: 1, credits: 3 }));
    let stale = [Effect::Toast(Toast::Stale), Effect::Say(Screen::Ask(Place::Confirm))];
    check(&read, &fewer, &facts(), &read, &stale);
}
