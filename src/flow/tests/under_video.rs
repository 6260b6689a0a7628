//! Another video after one that came: what is asked again, and what is not.

use super::*;
use crate::db::JobId;
use crate::flow::press::Choice;
use crate::jobs::Refines;
use crate::orders::{Again, Closed, Offered};

/// A video by a template.
fn made() -> Again {
    Again {
        photo: "a.jpg".into(),
        product: "A blue mug".into(),
        template: "ugc".into(),
        own_prompt: None,
        wishes: Some("at sea".into()),
        choice: None,
        script: Some("A man on a beach.".into()),
        refines: None,
    }
}

/// By an own prompt.
fn own() -> Again {
    let (own_prompt, script) = (Some("Slow orbit.".to_owned()), Some("Slow orbit.".to_owned()));
    Again { template: "self".into(), own_prompt, script, wishes: None, ..made() }
}

fn after(again: Again) -> Facts {
    Facts { again: Some(again), ..facts() }
}

const SAME: Press = Press::Same(JobId(5));
const REFINE: Press = Press::Refine(JobId(5));

#[track_caller]
fn asks(pressed: Press, facts: &Facts, place: Place) -> Draft {
    let (dialog, said) = step(&at(Place::Photo), &press(pressed), facts);
    assert_eq!((dialog.place, said), (place, vec![Effect::Say(Screen::Ask(place))]));
    assert_eq!((&dialog.draft.id, dialog.draft.count), (&facts.fresh, Some(1)));
    dialog.draft
}

#[test]
fn the_same_again_asks_only_for_a_yes() {
    let draft = asks(SAME, &after(made()), Place::Confirm);
    assert_eq!(draft.template.as_deref(), Some("ugc"));
    assert_eq!(draft.wishes, Some(Wishes::Some("at sea".into())));
    assert_eq!((draft.prompt, draft.refine), (None, None));
    let draft = asks(SAME, &after(own()), Place::Confirm);
    assert_eq!(draft.prompt.as_deref(), Some("Slow orbit."));
    let refines = Some(Refines { script: "A man.".into(), change: "at night".into() });
    let draft = asks(SAME, &after(Again { refines, ..made() }), Place::Confirm);
    let refine = Refine { script: "A man.".into(), change: Some("at night".into()) };
    assert_eq!(draft.refine, Some(refine), "a changed one is the same with its change");
}

#[test]
fn what_is_gone_since_is_asked_for_and_nothing_else() {
    let gone = Facts { photo_kept: false, ..after(made()) };
    asks(SAME, &gone, Place::Photo);
    asks(SAME, &after(Again { template: "retired".into(), ..made() }), Place::Template);
    asks(SAME, &Facts { prompt_max: 5, ..after(own()) }, Place::Prompt);
}

#[test]
fn a_refinement_asks_for_the_change_alone() {
    let draft = asks(REFINE, &after(made()), Place::Change);
    let refine = Refine { script: "A man on a beach.".into(), change: None };
    assert_eq!(draft.refine, Some(refine.clone()));
    let dialog = Dialog { place: Place::Change, draft };
    let (next, said) = step(&dialog, &text("at night"), &facts());
    assert_eq!(
        (next.place, said),
        (Place::Confirm, vec![Effect::Say(Screen::Ask(Place::Confirm))])
    );
    let change = Some("at night".to_owned());
    let refine = Some(Refine { change, ..refine });
    assert_eq!(next.draft, Draft { refine, ..dialog.draft });
}

#[test]
fn an_own_prompt_is_shown_to_be_edited_itself() {
    let draft = asks(REFINE, &after(own()), Place::Prompt);
    let dialog = Dialog { place: Place::Prompt, draft };
    assert_eq!(dialog.draft.refine.as_ref().unwrap().script, "Slow orbit.");
    let (next, _) = step(&dialog, &text("Fast orbit."), &facts());
    assert_eq!((next.place, next.draft.prompt.as_deref()), (Place::Confirm, Some("Fast orbit.")));
}

#[test]
fn a_video_of_which_nobody_knows_the_script_asks_for_wishes() {
    let draft = asks(REFINE, &after(Again { script: None, ..made() }), Place::Wishes);
    assert_eq!((draft.refine, draft.wishes), (None, None));
}

#[test]
fn who_cannot_pay_for_the_same_hears_it_instead_of_the_question() {
    let poor = Facts { credits: 0, ..after(made()) };
    let (dialog, said) = step(&at(Place::Menu), &press(SAME), &poor);
    assert_eq!(said, [Effect::Say(Screen::Insufficient { count: 1 })]);
    assert_eq!((dialog.place, dialog.draft.wanted), (Place::Count, Some(1)), "the order is kept");
    let (_, said) = step(&dialog, &press(Press::Continue), &facts());
    assert_eq!(said, [Effect::Say(Screen::Ask(Place::Confirm))], "and goes on with the credits");
    for pressed in [SAME, REFINE] {
        let closed = Facts { selling: Selling::Closed(Closed::Paused), ..poor.clone() };
        let (_, said) = step(&at(Place::Menu), &press(pressed), &closed);
        assert_eq!(said, [Effect::Say(Screen::Closed(Closed::Paused))]);
    }
}

#[test]
fn the_same_again_keeps_its_choice_while_that_is_offered() {
    let offered = |id: &str, credits, serves| Offered { id: id.to_owned(), credits, serves };
    let good = |serves| vec![offered("fast", 1, true), offered("good", 3, serves)];
    let again = Again { choice: Some("good".into()), ..made() };
    let facts = |offered| Facts { offered, ..after(again.clone()) };
    let draft = asks(SAME, &facts(good(true)), Place::Confirm);
    assert_eq!(draft.choice, Chosen::This("good".to_owned()));
    for now in [good(false), vec![offered("fast", 1, true), offered("long", 2, true)]] {
        let draft = asks(SAME, &facts(now), Place::Choice);
        // It is still the same one video: only its choice is asked for, and what it costs.
        let dialog = Dialog { place: Place::Choice, draft };
        let fast = press(Press::Draft("7-2a".into(), Choice::Quality("fast".into())));
        let two = |credits| Facts { credits, ..facts(good(false)) };
        let (next, said) = step(&dialog, &fast, &two(1));
        assert_eq!(
            (next.place, said),
            (Place::Confirm, vec![Effect::Say(Screen::Ask(Place::Confirm))])
        );
        let (_, said) = step(&dialog, &fast, &two(0));
        assert_eq!(said, [Effect::Say(Screen::Insufficient { count: 1 })]);
    }
    asks(SAME, &facts(Vec::new()), Place::Confirm);
    let poor = Facts { credits: 2, ..facts(good(true)) };
    let (dialog, said) = step(&at(Place::Menu), &press(SAME), &poor);
    assert_eq!(said, [Effect::Say(Screen::Insufficient { count: 1 })]);
    assert_eq!(dialog.draft.wanted, Some(1));
}

#[test]
fn what_needs_no_draft_leaves_it_alone() {
    let job = JobId(5);
    let order = crate::db::OrderId(3);
    for place in PLACES {
        for (pressed, effect) in [
            (Press::Rate(job, true), Effect::Rate(job, true)),
            (Press::Rate(job, false), Effect::Rate(job, false)),
            (Press::Film(job), Effect::Film(job)),
            (Press::TakeBack(order), Effect::TakeBack(order)),
        ] {
            let (dialog, done) = step(&at(place), &press(pressed), &after(made()));
            assert_eq!((dialog, done), (at(place), vec![effect]));
        }
    }
    let due = Facts { terms_due: true, ..after(made()) };
    let taken = step(&at(Place::Menu), &press(Press::TakeBack(order)), &due).1;
    assert_eq!(taken, [Effect::TakeBack(order)], "their own credits, whatever they accepted");
    let asked = step(&at(Place::Menu), &press(Press::Film(job)), &due).1;
    assert_eq!(asked, [Effect::Say(Screen::Terms)]);
}
