//! Every screen, in both languages, with the worst words.

use super::*;
use crate::db::UserId;
use crate::flow::screens::View;
use crate::orders::tests::World;
use crate::orders::{Closed, TakenBack};

fn screens() -> Vec<Screen> {
    let mut all = vec![
        Screen::Welcome { gift: 2 },
        Screen::Welcome { gift: 0 },
        Screen::Menu,
        Screen::Terms,
        Screen::TermsLinks,
        Screen::Insufficient { count: 5 },
        Screen::Cabinet,
        Screen::Films(None),
        Screen::Films(Some(1)),
        Screen::Statement(None),
        Screen::Statement(Some(1)),
        Screen::TopUp,
        Screen::Support,
        Screen::PaySupport,
        Screen::Help,
        Screen::Canceled,
        Screen::NothingToCancel,
        Screen::UnknownCommand,
        Screen::Hint,
        Screen::LanguageSet,
    ];
    all.extend(PLACES.map(Screen::Ask));
    all.push(Screen::Ask(Place::Choice));
    let closed = [
        Closed::Paused,
        Closed::NoKey,
        Closed::NoModel,
        Closed::Budget,
        Closed::TooManyOrders,
        Closed::Banned,
    ];
    all.extend(closed.map(Screen::Closed));
    let wrong = [
        Wrong::TextForPhoto,
        Wrong::FileForPhoto,
        Wrong::BrokenPhoto,
        Wrong::SmallPhoto { width: 1, height: 2 },
        Wrong::LargePhoto,
        Wrong::LongPhoto,
        Wrong::PhotoTrouble,
        Wrong::Product,
        Wrong::ProductLong(1_001),
        Wrong::Template,
        Wrong::Prompt,
        Wrong::Wishes,
        Wrong::Change,
        Wrong::Choice,
        Wrong::Count,
        Wrong::Confirm,
    ];
    all.extend(wrong.map(Screen::Wrong));
    all
}

/// A draft of the longest words, all of them markup.
fn worst() -> Draft {
    let worst = "<b>&\"'</b>".repeat(100);
    let mut draft = at(Place::Confirm).draft;
    let refine = Refine { script: worst.clone(), change: Some(worst[..300].to_owned()) };
    (draft.product, draft.wishes) = (Some(worst.clone()), Some(Wishes::Some(worst)));
    draft.refine = Some(refine);
    draft
}

fn read_all(world: &World, lang: Lang) {
    let mut user = world.customer(7, 0);
    user.lang = lang;
    world
        .db
        .read(|conn| {
            for draft in [Draft::default(), at(Place::Photo).draft, worst()] {
                let shop = &*world.shop;
                let view =
                    View { conn, shop, user: &user, draft: &draft, prompt_max: 1_000, now: 1 };
                for screen in screens() {
                    let content = view.render(&screen)?;
                    readable(&content);
                    let last = buttons(&content).pop().unwrap();
                    assert!(matches!(last.does, Does::Data(_)), "{screen:?} has a way on");
                }
                for toast in [
                    Toast::Stale,
                    Toast::Unknown,
                    Toast::Already,
                    Toast::Started,
                    Toast::Gone,
                    Toast::Rated(true),
                    Toast::Rated(false),
                    Toast::TakenBack(TakenBack { videos: 3, credits: 21, repaid: 0 }),
                    Toast::TakenBack(TakenBack { videos: 3, credits: 21, repaid: 2 }),
                    Toast::NothingLeft,
                    Toast::OrderGone,
                    Toast::Film,
                    Toast::FilmGone,
                    Toast::Invoice,
                    Toast::Prices,
                    Toast::Unavailable,
                    Toast::Language(lang),
                ] {
                    let said = view.toast(toast);
                    words(&said);
                    assert!(said.chars().count() <= 190 && !said.contains(['<', '&']), "{said}");
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_screen_reads_well_in_both_languages() {
    for lang in [Lang::Ru, Lang::En] {
        read_all(&World::new(), lang);
        read_all(&World::choosing(), lang);
        let links = |options: &mut crate::orders::Options| {
            options.terms_url = Some("https://example.com/terms".to_owned());
            options.privacy_url = Some("https://example.com/privacy".to_owned());
            options.support = None;
            options.per_video = 7;
        };
        read_all(&World::with(links), lang);
    }
}

#[test]
fn the_cabinet_shows_the_last_orders_with_their_state() {
    let world = World::new();
    let user = world.customer(7, 9);
    let (first, second) = (world.order(&user, "d1", 1), world.order(&user, "d2", 1));
    world.order(&user, "d3", 3);
    world.delivered(first[0], 20_000);
    let job = world.lease(second[0], 20_000);
    world.fail(&job, crate::jobs::Why::Unknown, 20_000);
    for (lang, lines) in [
        (
            Lang::Ru,
            ["делаем, готово 0 из 3", "не получилось", "🎥 UGC Блогер · готово", "5 кредитов"],
        ),
        (Lang::En, ["in progress, 0 of 3", "didn’t work out", "· ready", "5 credits"]),
    ] {
        let said = world.write(move |tx, shop| {
            let user = users(tx, lang)?;
            let draft = Draft::default();
            let view = View { conn: tx, shop, user: &user, draft: &draft, prompt_max: 9, now: 1 };
            let cabinet = view.render(&Screen::Cabinet)?;
            readable(&cabinet);
            Ok(html(&cabinet).to_owned())
        });
        for line in lines {
            assert!(said.contains(line), "{line} in {said}");
        }
    }
}

fn users(tx: &crate::db::Tx<'_>, lang: Lang) -> anyhow::Result<crate::users::User> {
    let mut user = crate::users::by_id(tx, UserId(1))?;
    user.lang = lang;
    Ok(user)
}
