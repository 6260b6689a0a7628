use super::*;

/// A submit is under way: its row is written, and the process dies.
fn dies_in_submit(world: &World, job: &Job, now: Millis) {
    let job = job.clone();
    let reserved = world.write(move |tx, shop| {
        jobs::reserve(tx, &job, "aaaa", MODELS[0], shop.options.limits, now)
    });
    assert!(matches!(reserved, jobs::Reserved::Go(_)));
}

fn start(world: &World, now: Millis) -> Recovered {
    world.write(move |tx, shop| recover(tx, shop, now))
}

#[test]
fn a_start_makes_orphans_due_and_a_second_start_finds_none() {
    let world = World::new();
    let user = world.customer(7, 3);
    world.order(&user, "d1", 3);
    let (first, second) = (world.claim(NOW), world.claim(NOW));
    assert_eq!(start(&world, NOW + 5), Recovered { leases: 2, lost: 0 });
    let again = world.claim(NOW + 5);
    assert!([first.id, second.id].contains(&again.id) || again.lease == 1);
    assert_eq!(again.strikes, 0, "a restart is no strike");
    world.fail(&first, Why::Unknown, NOW);
    let live = world.number("SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing')");
    assert!(live >= 2, "at most the one whose lease was not taken again");
    assert_eq!(start(&world, NOW + 6), Recovered { leases: 1, lost: 0 });
    assert_eq!(start(&world, NOW + 7), Recovered::default());
}

#[test]
fn a_submit_that_was_under_way_is_lost_and_uses_an_attempt() {
    let world = World::new();
    let user = world.customer(7, 1);
    let videos = world.order(&user, "d1", 1);
    let mut now = NOW;
    for attempt in 1..=2 {
        let job = world.at_submit(now);
        dies_in_submit(&world, &job, now);
        assert_eq!(start(&world, now), Recovered { leases: 1, lost: 1 });
        let job = world.job(videos[0]);
        assert_eq!((job.attempts, job.step), (attempt, Step::Upload));
        assert_eq!(world.state(videos[0]), "queued upload");
        assert!(world.said("status:1").contains("пробую ещё раз"));
        let due = world.number("SELECT due_at FROM jobs");
        let wait = 10 * SECOND * attempt;
        assert!((now + wait..=now + wait * 12 / 10).contains(&due), "{due} after {now}");
        now = due;
    }
    let job = world.at_submit(now);
    dies_in_submit(&world, &job, now);
    assert_eq!(start(&world, now), Recovered { leases: 1, lost: 1 });
    assert_eq!(world.state(videos[0]), "failed submit");
    assert_eq!(world.credits(&user), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'"), 3);
    assert_eq!(start(&world, now), Recovered::default());
    assert_eq!(world.messages("fail:"), 1);
}

#[test]
fn an_accepted_task_survives_a_start_and_is_not_submitted_again() {
    let world = World::new();
    let user = world.customer(7, 1);
    let videos = world.order(&user, "d1", 1);
    let job = world.at_submit(NOW);
    dies_in_submit(&world, &job, NOW);
    let found = Found { task: Some("t1"), ..Found::default() };
    world.write(|tx, _| jobs::settle_submit(tx, 1, "accepted", Some("t1"), NOW));
    world.advance(&job, Step::Render, found, NOW);
    assert_eq!(start(&world, NOW), Recovered::default());
    let rendering = world.write(|tx, _| jobs::rendering(tx));
    assert_eq!(rendering.len(), 1);
    assert_eq!(rendering[0].task.as_deref(), Some("t1"));
    assert_eq!(world.job(videos[0]).attempts, 1);
}

#[test]
fn a_submit_of_a_job_that_ended_meanwhile_is_lost_and_nothing_else() {
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let job = world.at_submit(NOW);
    dies_in_submit(&world, &job, NOW);
    world.fail(&job, Why::Timeout, NOW);
    assert_eq!(start(&world, NOW), Recovered { leases: 0, lost: 1 });
    assert_eq!(world.credits(&user), 1);
    assert_eq!(world.messages("fail:"), 1);
    assert_eq!(world.number("SELECT SUM(count) FROM alerts"), 1, "of the time limit alone");
}

#[test]
fn a_submit_whose_thread_panicked_is_lost_at_once_and_leaves_its_keys_window() {
    let world = World::new();
    let user = world.customer(7, 2);
    let videos = world.order(&user, "d1", 2);
    let give_back = |job: &Job| {
        let job = job.clone();
        world.write(move |tx, shop| given_back(tx, shop, &job, false, NOW + 5, NOW));
    };
    let lost = || world.number("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'");
    let first = world.at_submit(NOW);
    give_back(&first);
    let strike = "SELECT leased_at IS NOT NULL AND due_at = 10005 FROM jobs WHERE id = ";
    let strike = world.number(&format!("{strike}{}", first.id));
    assert_eq!((lost(), strike), (0, 1), "nothing had left yet: the next claim counts a strike");
    let first = world.lease(first.id, NOW);
    dies_in_submit(&world, &first, NOW);
    give_back(&first);
    assert_eq!((lost(), world.job(first.id).attempts), (1, 1));
    assert_eq!(world.state(first.id), "queued upload");
    let second = *videos.iter().find(|id| **id != first.id).unwrap();
    world.sql("UPDATE jobs SET step = 'submit', api_key = 'aaaa' WHERE step = 'script'");
    let second = world.lease(second, NOW);
    dies_in_submit(&world, &second, NOW);
    let id = second.id;
    world.write(move |tx, shop| cancel(tx, shop, id, NOW).map(drop));
    give_back(&second);
    assert_eq!((lost(), world.state(id).as_str()), (2, "canceled submit"));
    assert_eq!(world.credits(&user), 1);
}

#[test]
fn who_lost_its_lease_does_not_settle_the_submit_of_the_next_holder() {
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let late = world.at_submit(NOW);
    let holder = world.lease(late.id, NOW);
    dies_in_submit(&world, &holder, NOW);
    world.write(move |tx, shop| given_back(tx, shop, &late, false, NOW + 5, NOW));
    assert_eq!(world.number("SELECT COUNT(*) FROM submits WHERE outcome = 'sending'"), 1);
}
