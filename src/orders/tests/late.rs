use super::*;
use crate::orders::gifts;
use crate::outbox::Does;

const URL: &str = "https://example.com/v.mp4";

/// Puts the most urgent job where its render has begun.
fn rendering(world: &World) -> Job {
    let job = world.at_submit(NOW);
    world.advance(&job, Step::Render, Found { task: Some("t"), ..Found::default() }, NOW);
    world.lease(job.id, NOW)
}

/// An order of one video, refunded for its time limit.
fn refunded(world: &World) -> (User, Job) {
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let job = rendering(world);
    world.fail(&job, Why::Timeout, NOW);
    (user, job)
}

fn came(world: &World, job: &Job) -> Job {
    let late = job.clone();
    world.write(move |tx, _| gifts::came(tx, &late, URL, Some(45.5), NOW + HOUR));
    world.db.read(|conn| gifts::get(conn, job.id)).unwrap().unwrap().job
}

fn give(world: &World, job: &Job, bytes: Option<u64>) {
    let job = job.clone();
    world.write(move |tx, shop| {
        let path = format!("{}.mp4", job.id);
        let video = bytes.map(|bytes| Fetched { path, bytes, width: 9, height: 16, seconds: 5 });
        gifts::give(tx, shop, &job, video.as_ref(), NOW + HOUR)
    });
}

fn gift(world: &World, id: JobId) -> outbox::Row {
    world.db.read(|conn| outbox::by_key(conn, &format!("gift:{id}"))).unwrap().unwrap()
}

#[test]
fn only_a_render_over_its_time_limit_is_watched_on() {
    let world = World::new();
    let user = world.customer(7, 5);
    world.order(&user, "d1", 5);
    for why in [Why::Temporary, Why::Strikes, Why::Undelivered] {
        world.fail(&rendering(&world), why, NOW);
    }
    let canceled = rendering(&world);
    world.write(move |tx, shop| cancel(tx, shop, canceled.id, NOW));
    assert_eq!(world.db.read(gifts::open).unwrap(), []);
    let late = rendering(&world);
    world.fail(&late, Why::Timeout, NOW);
    assert_eq!(world.db.read(gifts::open).unwrap(), [(late.id, false)]);
    let watched = world.db.read(|conn| gifts::get(conn, late.id)).unwrap().unwrap();
    assert_eq!(watched.until, NOW + DAY);
    world.fail(&late, Why::Timeout, NOW);
    assert_eq!(world.number("SELECT COUNT(*) FROM gifts"), 1);
}

#[test]
fn a_day_in_which_nobody_looked_does_not_count() {
    let world = World::new();
    let (_user, job) = refunded(&world);
    for (by, until) in [(3 * DAY, NOW + 4 * DAY), (-2 * DAY, NOW + 2 * DAY)] {
        world.write(move |tx, _| gifts::carry(tx, by));
        let watched = world.db.read(|conn| gifts::get(conn, job.id)).unwrap().unwrap();
        assert_eq!(watched.until, until);
    }
}

#[test]
fn a_gift_moves_no_credit_and_is_given_once() {
    let world = World::new();
    let (user, job) = refunded(&world);
    let lines = world.number("SELECT COUNT(*) FROM ledger");
    let status = world.said("status:1");
    let job = came(&world, &job);
    assert_eq!(world.db.read(gifts::open).unwrap(), [(job.id, true)]);
    give(&world, &job, Some(9));
    give(&world, &job, None);
    let row = gift(&world, job.id);
    assert_eq!((row.rev, row.job_id), (1, None), "written once, and it ends no job");
    let Content::Video { html, buttons, .. } = &row.content else { panic!("{:?}", row.content) };
    assert!(html.contains("всё-таки получилось") && html.contains("1 кредит остаётся"), "{html}");
    assert_eq!(buttons.len(), 3);
    assert_eq!((world.credits(&user), world.number("SELECT COUNT(*) FROM ledger")), (1, lines));
    assert_eq!((world.state(job.id), world.said("status:1")), ("failed render".into(), status));
    assert_eq!(world.number("SELECT provider_credits = 45.5 FROM jobs"), 1, "it was paid for");
    assert_eq!(world.db.read(|conn| gifts::get(conn, job.id)).unwrap(), None, "it is over");
}

#[test]
fn the_file_of_a_gift_lives_until_it_is_sent() {
    let world = World::new();
    let (_user, job) = refunded(&world);
    let needed = || !world.db.read(|conn| needs_no_file(conn, job.id)).unwrap();
    let late = came(&world, &job);
    assert!(needed(), "while it is fetched");
    give(&world, &late, Some(9));
    assert!(needed(), "while it waits to be sent");
    let row = gift(&world, job.id);
    world.write(move |tx, _| {
        outbox::sent(tx, row.id, row.rev, Some(5), NOW)?;
        gifts::sent(tx, row.key.as_deref(), NOW)
    });
    assert!(!needed());
    assert_eq!(world.number("SELECT COUNT(*) FROM events WHERE what = 'gift'"), 1);
}

#[test]
fn what_telegram_finds_too_large_is_given_as_a_link() {
    for told_by_telegram in [false, true] {
        let world = World::with(|options| options.upload_limit = 9);
        let (_user, job) = refunded(&world);
        let late = came(&world, &job);
        give(&world, &late, Some(if told_by_telegram { 9 } else { 10 }));
        if told_by_telegram {
            assert!(matches!(gift(&world, job.id).content, Content::Video { .. }));
            let key = format!("gift:{}", job.id);
            world.write(move |tx, shop| gifts::too_large(tx, shop, Some(&key), NOW));
        }
        let Content::Text { html, buttons } = gift(&world, job.id).content else {
            panic!("a text")
        };
        assert!(html.contains(URL) && html.contains("всё-таки получилось"), "{html}");
        assert_eq!(buttons[0][0].does, Does::Url(URL.to_owned()));
    }
}

/// Nobody can open an address that a message does not hold: no promise is made of it.
#[test]
fn an_address_that_is_too_long_for_a_link_goes_to_nobody() {
    let longest = format!("{URL}?{}", "a".repeat(2_048 - URL.len() - 1));
    for (url, fits) in [(longest.clone(), true), (format!("{longest}a"), false)] {
        let world = World::with(|options| options.upload_limit = 9);
        let (_user, job) = refunded(&world);
        let came = |url: String| {
            let late = job.clone();
            world.write(move |tx, _| gifts::came(tx, &late, &url, None, NOW));
            world.db.read(|conn| gifts::get(conn, job.id)).unwrap().unwrap().job
        };
        let notes = "SELECT COUNT(*) FROM events WHERE what = 'no gift'";
        give(&world, &came(url.clone()), Some(10));
        assert_eq!(world.messages("gift:"), i64::from(fits), "told by its size");
        assert_eq!(world.number(notes), i64::from(!fits));
        if !fits {
            continue;
        }
        world.sql("UPDATE jobs SET output_url = output_url || 'a'");
        let before = world.said("gift:1");
        world.write(move |tx, shop| gifts::too_large(tx, shop, Some("gift:1"), NOW));
        assert_eq!((world.said("gift:1"), world.number(notes)), (before, 1), "told by Telegram");
    }
    let world = World::new();
    let user = world.customer(8, 1);
    let id = world.order(&user, "d2", 1)[0];
    let job = world.claim(NOW);
    let url = format!("{longest}a");
    world.write(move |tx, _| {
        let found = Found { output_url: Some(&url), ..Found::default() };
        jobs::advance(tx, &job, Step::Deliver, &found, NOW, NOW)
    });
    world.write(move |tx, shop| too_large(tx, shop, id, NOW));
    assert_eq!((world.state(id).as_str(), world.credits(&user)), ("failed deliver", 1));
    assert_eq!(world.messages("video:"), 0);
}

#[test]
fn a_link_to_a_file_that_could_not_be_fetched_does_not_call_it_too_large() {
    let world = World::new();
    let (_user, job) = refunded(&world);
    give(&world, &came(&world, &job), None);
    let user = world.customer(8, 1);
    world.order(&user, "d2", 1);
    let job = world.claim(NOW);
    world.advance(&job, Step::Fetch, Found { output_url: Some(URL), ..Found::default() }, NOW);
    let job = world.lease(job.id, NOW);
    let video = format!("video:{}", job.id);
    assert!(world.write(move |tx, shop| link_instead(tx, shop, &job, URL, NOW)));
    for key in ["gift:1", &video] {
        let html = world.said(key);
        assert!(html.contains("не получилось, поэтому вот ссылка") && html.contains(URL), "{html}");
        assert!(!html.contains("большой") && !html.contains("сутки"), "{html}");
    }
}

#[test]
fn a_watch_ends_by_the_providers_word_and_gives_nothing() {
    let world = World::new();
    let (_user, job) = refunded(&world);
    let late = job.clone();
    world.write(move |tx, _| gifts::give_up(tx, &late, "500 Internal Error", NOW));
    let late = Job { output_url: Some(URL.to_owned()), ..job };
    give(&world, &late, None);
    assert_eq!((world.messages("gift:"), world.db.read(gifts::open).unwrap().len()), (0, 0));
    assert_eq!(world.number("SELECT COUNT(*) FROM events WHERE what = 'no gift'"), 1);
}

/// A call may be under way while they leave: what it brings comes to rows that were emptied.
#[test]
fn a_video_that_comes_after_its_customer_left_is_kept_nowhere() {
    let forget = |world: &World, user: &User| {
        let id = user.id;
        world.write(move |tx, _| forget(tx, id, NOW + HOUR));
    };
    let traces = "SELECT COUNT(*) FROM jobs WHERE tg_file_id IS NOT NULL OR output_url IS NOT NULL";
    let world = World::new();
    let (user, job) = refunded(&world);
    give(&world, &came(&world, &job), Some(9));
    forget(&world, &user);
    world.write(move |tx, _| shelf::sent(tx, Some("gift:1"), Some("f")));
    assert_eq!(world.number(traces), 0, "its upload was under way");
    let world = World::new();
    let (user, job) = refunded(&world);
    forget(&world, &user);
    let events = world.number("SELECT COUNT(*) FROM events");
    world.write(move |tx, _| {
        gifts::came(tx, &job, URL, Some(45.5), NOW + HOUR)?;
        gifts::not_fetched(tx, &job, URL, NOW + HOUR)?;
        jobs::late_video(tx, &job, URL, None)
    });
    assert_eq!(world.number(traces), 0, "the provider was asked meanwhile");
    assert_eq!(world.number("SELECT COUNT(*) FROM events"), events);
}

#[test]
fn a_gift_for_what_nobody_paid_has_no_word_of_credits() {
    let world = World::with(|options| options.per_video = 0);
    let (_user, job) = refunded(&world);
    let late = came(&world, &job);
    give(&world, &late, Some(9));
    let said = world.said(&format!("gift:{}", job.id));
    assert!(said.contains("🎁") && !said.contains("кредит"), "{said}");
}

#[test]
fn a_gift_does_not_say_of_credits_that_they_stay_where_some_were_taken_since() {
    for (kind, key) in [("grant", "refund:c"), ("bonus", "bonus:1:back"), ("grant", "by hand")] {
        let world = World::new();
        let (user, job) = refunded(&world);
        world.write(move |tx, _| {
            let back = ledger::TakeBack {
                user: user.id,
                credits: 1,
                given: "purchase:c",
                kind,
                key,
                charge: "c",
                actor: "bot",
                note: None,
            };
            ledger::take_back(tx, &back, NOW)
        });
        give(&world, &came(&world, &job), Some(9));
        let said = world.said(&format!("gift:{}", job.id));
        assert!(said.contains("🎁") && !said.contains("кредит"), "{key}: {said}");
    }
}
