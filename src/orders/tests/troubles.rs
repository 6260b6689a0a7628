use super::*;

fn blocked(world: &World, key: &str) -> String {
    let sql = "SELECT COALESCE(blocked_class, '') || COALESCE(' ' || blocked_until, '')
               FROM api_keys
               WHERE fingerprint = ?1";
    world.db.read(|conn| Ok(conn.query_row(sql, [key], |row| row.get(0))?)).unwrap()
}

fn alerts(world: &World) -> Vec<String> {
    world
        .db
        .read(|conn| {
            let mut query = conn.prepare("SELECT cause FROM alerts ORDER BY cause")?;
            let rows = query.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap()
}

/// A world with one order of one video, ready for its submit.
fn at_submit() -> (World, User, Job) {
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let job = world.at_submit(NOW);
    (world, user, job)
}

#[test]
fn a_key_without_money_is_left_for_a_day_and_another_is_asked_at_once() {
    let (world, user, job) = at_submit();
    world.trouble(&job, Trouble::Billing, NOW);
    assert_eq!(blocked(&world, "aaaa"), format!("billing {}", NOW + DAY));
    assert_eq!(alerts(&world), ["billing:aaaa"]);
    assert_eq!(world.state(job.id), "queued upload");
    let job = world.claim(NOW);
    assert_eq!((job.attempts, &job.refused[..]), (0, &["aaaa".to_owned()][..]));
    let found = Found { key: Some("bbbb"), ..Found::default() };
    world.advance(&job, Step::Submit, found, NOW);
    let job = world.claim(NOW);
    world.trouble(&job, Trouble::Billing, NOW);
    assert_eq!(world.state(job.id), "failed submit");
    assert_eq!(alerts(&world), ["billing:aaaa", "billing:bbbb"], "once per key, and no other");
    assert_eq!(world.credits(&user), 1);
    assert!(world.said("fail:1:billing").contains("технические неполадки"));
    let closed = world.write(|tx, shop| selling(tx, shop, NOW));
    assert_eq!(closed, Selling::Closed(Closed::NoKey));
}

#[test]
fn the_operator_hears_of_a_key_once_however_many_jobs_find_out() {
    let world = World::new();
    let user = world.customer(7, 3);
    world.order(&user, "d1", 3);
    let jobs = [world.at_submit(NOW), world.at_submit(NOW), world.at_submit(NOW)];
    for job in &jobs {
        world.trouble(job, Trouble::Billing, NOW);
    }
    assert_eq!(world.number("SELECT count FROM alerts"), 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 1"), 1);
}

#[test]
fn a_limited_key_rests_for_an_hour_and_all_limited_is_an_attempt() {
    let (world, user, job) = at_submit();
    world.trouble(&job, Trouble::RateLimit, NOW);
    assert_eq!(blocked(&world, "aaaa"), format!("rate_limit {}", NOW + HOUR));
    let mut job = world.claim(NOW);
    assert_eq!((job.attempts, job.refused.len()), (0, 1));
    let mut now = NOW;
    for (attempt, seconds) in [(1, 60), (2, 120)] {
        world.advance(&job, Step::Submit, Found { key: Some("bbbb"), ..Found::default() }, now);
        job = world.claim(now);
        world.trouble(&job, Trouble::RateLimit, now);
        now += seconds * SECOND;
        assert_eq!(world.number("SELECT due_at FROM jobs"), now);
        job = world.claim(now);
        assert_eq!((job.attempts, job.refused.len()), (attempt, 0), "a new round");
    }
    world.trouble(&job, Trouble::RateLimit, now);
    assert_eq!(world.credits(&user), 1);
    assert!(world.said("fail:1:rate_limit").contains("слишком много заказов"));
    assert_eq!(alerts(&world), [""; 0], "nothing that the operator could mend");
}

#[test]
fn a_limit_does_not_end_the_block_of_a_key_without_money() {
    let world = World::new();
    let user = world.customer(7, 3);
    world.order(&user, "d1", 3);
    let (first, second) = (world.at_submit(NOW), world.at_submit(NOW));
    world.trouble(&first, Trouble::Billing, NOW);
    world.trouble(&second, Trouble::RateLimit, NOW);
    assert_eq!(blocked(&world, "aaaa"), format!("billing {}", NOW + DAY));
    let third = world.at_submit(NOW);
    world.sql("UPDATE api_keys SET blocked_class = 'operator', blocked_until = 99999");
    world.trouble(&third, Trouble::Billing, NOW);
    assert_eq!(blocked(&world, "aaaa"), "operator 99999", "nor the operator's word");
}

#[test]
fn the_next_model_serves_where_one_is_off() {
    let (world, user, job) = at_submit();
    world.trouble(&job, Trouble::ModelOff, NOW);
    let job = world.claim(NOW);
    assert_eq!((job.step, job.attempts), (Step::Upload, 0));
    assert_eq!(job.refused, [MODELS[0]]);
    assert_eq!(alerts(&world), [format!("model:{}", MODELS[0])]);
    world.advance(&job, Step::Submit, Found { model: Some(MODELS[1]), ..Found::default() }, NOW);
    let job = world.claim(NOW);
    world.trouble(&job, Trouble::ModelOff, NOW);
    assert_eq!(world.credits(&user), 1);
    assert!(world.said("fail:1:model_off").contains("временно не работает"));
    let closed = world.write(|tx, shop| selling(tx, shop, NOW));
    assert_eq!(closed, Selling::Closed(Closed::NoModel));
}

#[test]
fn a_photo_that_the_provider_cannot_load_is_uploaded_anew_once() {
    let (world, _user, job) = at_submit();
    let url = job.input_url.clone().unwrap();
    world.write(move |tx, _| {
        jobs::keep_upload(tx, "a.jpg", "aaaa", &url, NOW)?;
        jobs::keep_upload(tx, "b.jpg", "aaaa", "https://other", NOW)
    });
    world.trouble(&job, Trouble::DownloadFailed, NOW);
    assert_eq!(world.number("SELECT COUNT(*) FROM uploads"), 1, "the copy is forgotten");
    let job = world.claim(NOW);
    assert_eq!((job.step, job.attempts), (Step::Upload, 0));
    world.advance(&job, Step::Submit, Found::default(), NOW);
    let job = world.claim(NOW);
    world.trouble(&job, Trouble::DownloadFailed, NOW);
    assert_eq!(world.job(job.id).attempts, 1, "then it is a temporary error");
}

#[test]
fn what_never_helps_is_refunded_at_once() {
    for (trouble, key, told) in [
        (Trouble::UserViolation, "fail:1:user_violation", None),
        (Trouble::OurMistake, "fail:1:our_mistake", Some("failed:our_mistake")),
        (Trouble::Unknown, "fail:1:unknown", Some("failed:unknown")),
    ] {
        let (world, user, job) = at_submit();
        world.trouble(&job, trouble, NOW);
        assert_eq!(world.credits(&user), 1);
        assert!(world.said(key).contains("1 кредит вернули"), "{trouble:?}");
        assert_eq!(alerts(&world), told.into_iter().collect::<Vec<_>>());
        assert_eq!(blocked(&world, "aaaa"), "");
    }
}

#[test]
fn a_temporary_error_says_so_in_the_status_message_and_nowhere_else() {
    let (world, user, mut job) = at_submit();
    let mut now = NOW;
    for trouble in [Trouble::Temporary, Trouble::Lost] {
        world.trouble(&job, trouble, now);
        assert_eq!(world.state(job.id), "queued upload");
        assert!(world.said("status:1").contains("заминка, пробую ещё раз"));
        now = world.number("SELECT due_at FROM jobs");
        let waiting = world.write(move |tx, _| jobs::claim(tx, &Step::ALL, 1, now - 1));
        assert_eq!(waiting, None, "not before its time");
        job = world.at_submit(now);
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox"), 1);
    world.trouble(&job, Trouble::Temporary, now);
    assert_eq!(world.credits(&user), 1);
    assert_eq!(alerts(&world), ["failed:temporary"]);
    assert!(world.said("fail:1:temporary").contains("Не получилось сгенерировать"));
}

#[test]
fn a_service_out_of_reach_costs_no_attempt() {
    let (world, _user, job) = at_submit();
    world.trouble(&job, Trouble::Unreached, NOW);
    let again = world.job(job.id);
    assert_eq!((again.step, again.attempts, again.tries), (Step::Submit, 0, 0));
    let job = world.claim(NOW + 2 * HOUR);
    world.trouble(&job, Trouble::Unreached, NOW + 2 * HOUR);
    assert_eq!(world.state(job.id), "failed submit");
}

#[test]
fn a_limited_key_beside_an_empty_one_is_waited_for() {
    let (world, user, job) = at_submit();
    world.sql(
        "UPDATE api_keys SET blocked_class = 'rate_limit', blocked_until = 99000000
         WHERE fingerprint = 'bbbb'",
    );
    world.trouble(&job, Trouble::Billing, NOW);
    assert_eq!(world.state(job.id), "queued upload");
    assert_eq!(world.credits(&user), 0, "still held");
    assert_eq!(world.job(job.id).attempts, 1);
    assert_eq!(world.number("SELECT due_at FROM jobs"), NOW + 60 * SECOND);
}
