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

/// Messages to the operator.
fn told(world: &World) -> i64 {
    world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 1")
}

/// Open alerts.
fn open(world: &World) -> Vec<String> {
    let mut open = world.db.read(|conn| crate::alerts::open(conn, "")).unwrap();
    open.sort();
    open
}

fn balance_of(world: &World, key: &'static str, credits: f64, now: Millis) {
    world.write(move |tx, shop| balance(tx, shop, key, credits, now));
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
    assert_eq!(alerts(&world), ["billing:aaaa", "billing:bbbb", "keys"]);
    assert_eq!(told(&world), 2, "once per key, and the last one says that it was the last");
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
    assert_eq!(told(&world), 2, "once per model, and the last one says that it was the last");
    let closed = world.write(|tx, shop| selling(tx, shop, NOW));
    assert_eq!(closed, Selling::Closed(Closed::NoModel));
}

#[test]
fn a_photo_that_the_provider_cannot_load_is_uploaded_anew_once() {
    let (world, _user, job) = at_submit();
    let (id, url) = (job.id, job.input_url.clone().unwrap());
    world.write(move |tx, _| {
        jobs::keep_upload(tx, id, "a.jpg", "aaaa", &url, NOW)?;
        jobs::keep_upload(tx, id, "b.jpg", "aaaa", "https://other", NOW)
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
        let waiting = world.write(move |tx, _| jobs::claim(tx, &Step::ALL, LIMITS, 1, now - 1));
        assert_eq!(waiting, None, "not before its time");
        job = world.at_submit(now);
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 7"), 1);
    world.trouble(&job, Trouble::Temporary, now);
    assert_eq!(world.credits(&user), 1);
    assert_eq!(alerts(&world), ["failed:temporary", "lost"]);
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

#[test]
fn a_low_balance_and_a_refusal_are_one_alert_and_one_word_that_it_is_over() {
    let (world, _user, job) = at_submit();
    balance_of(&world, "bbbb", 5_000.0, NOW);
    balance_of(&world, "aaaa", 10.0, NOW);
    assert_eq!((told(&world), open(&world)), (1, vec!["billing:aaaa".to_owned()]));
    world.trouble(&job, Trouble::Billing, NOW);
    balance_of(&world, "aaaa", 5_000.0, NOW + MINUTE);
    assert_eq!(told(&world), 1, "that was no want of money");
    balance_of(&world, "aaaa", 0.0, NOW + 2 * MINUTE);
    assert_eq!((told(&world), blocked(&world, "aaaa")), (1, format!("billing {}", NOW + DAY)));
    balance_of(&world, "aaaa", 5_000.0, NOW + 3 * MINUTE);
    balance_of(&world, "aaaa", 5_000.0, NOW + 4 * MINUTE);
    assert_eq!((told(&world), open(&world)), (2, vec![]));
    assert_eq!(blocked(&world, "aaaa"), "");
}

#[test]
fn selling_is_said_to_close_when_it_does_and_by_whichever_key() {
    let (world, _user, job) = at_submit();
    balance_of(&world, "bbbb", 0.0, NOW);
    balance_of(&world, "aaaa", 0.0, NOW);
    assert_eq!((told(&world), open(&world)), (2, vec![billing("aaaa"), billing("bbbb")]));
    world.trouble(&job, Trouble::Billing, NOW);
    assert_eq!(told(&world), 2, "the other key is asked until it refuses");
    let job = world.claim(NOW);
    world.advance(&job, Step::Submit, Found { key: Some("bbbb"), ..Found::default() }, NOW);
    world.trouble(&world.claim(NOW), Trouble::Billing, NOW);
    let closed = vec![billing("aaaa"), billing("bbbb"), "keys".to_owned()];
    assert_eq!((told(&world), open(&world)), (3, closed));
    balance_of(&world, "bbbb", 0.0, NOW + MINUTE);
    balance_of(&world, "bbbb", 5_000.0, NOW + 2 * MINUTE);
    assert_eq!((told(&world), open(&world)), (4, vec![billing("aaaa")]));
}

#[test]
fn the_last_key_that_sells_is_one_message_whether_it_is_poor_or_refused_first() {
    let (world, _user, job) = at_submit();
    world.trouble(&job, Trouble::Billing, NOW);
    assert_eq!((told(&world), open(&world)), (1, vec![billing("aaaa")]));
    balance_of(&world, "bbbb", 0.0, NOW);
    let job = world.claim(NOW);
    world.advance(&job, Step::Submit, Found { key: Some("bbbb"), ..Found::default() }, NOW);
    world.trouble(&world.claim(NOW), Trouble::Billing, NOW);
    let closed = vec![billing("aaaa"), billing("bbbb"), "keys".to_owned()];
    assert_eq!((told(&world), open(&world)), (2, closed));
}

fn billing(key: &str) -> String {
    format!("billing:{key}")
}

#[test]
fn a_balance_under_the_limit_is_told_once_and_so_is_its_end() {
    let world = World::new();
    for (credits, messages) in [(999.0, 1), (900.0, 1), (1_000.0, 2), (2_000.0, 2)] {
        balance_of(&world, "aaaa", credits, NOW);
        assert_eq!(told(&world), messages, "{credits}");
    }
    assert_eq!(open(&world), [""; 0]);
}

#[test]
fn a_task_that_is_accepted_ends_the_alerts_of_its_key_and_its_model() {
    let (world, _user, job) = at_submit();
    world.trouble(&job, Trouble::ModelOff, NOW);
    world.write(|tx, shop| go_out_of_money(tx, shop, "aaaa", NOW));
    assert_eq!((told(&world), open(&world).len()), (2, 2));
    let job = world.job(job.id);
    let serve = |asked_at, now| {
        let job = job.clone();
        world.write(move |tx, shop| served(tx, shop, &job, asked_at, now));
    };
    serve(NOW - 1, NOW + 1);
    assert_eq!(told(&world), 2, "that call was older than its key's block and its model's pause");
    let later = NOW + DAY;
    serve(later, later);
    serve(later, later + 1);
    assert_eq!((told(&world), open(&world)), (4, vec![]));
    assert_eq!(blocked(&world, "aaaa"), "");
}

#[test]
fn a_video_that_comes_before_the_next_task_leaves_no_alert_of_its_model_open() {
    let (world, _user, job) = at_submit();
    world.trouble(&job, Trouble::ModelOff, NOW);
    let next = world.claim(NOW);
    world.advance(&next, Step::Submit, Found { model: Some(MODELS[1]), ..Found::default() }, NOW);
    let next = world.claim(NOW);
    world.trouble(&next, Trouble::ModelOff, NOW);
    let [first, second] = MODELS.map(|model| format!("model:{model}"));
    assert_eq!(open(&world), [first, second.clone(), "models".to_owned()]);
    let later = NOW + DAY;
    world.write(move |tx, shop| {
        crate::models::resume(tx, MODELS[0], later)?;
        served(tx, shop, &job, later, later)
    });
    assert_eq!(open(&world), [second]);
}

fn go_out_of_money(tx: &Tx<'_>, shop: &Shop, key: &str, now: Millis) -> Result<()> {
    keys::block(tx, key, keys::Block::Billing, "no", now + shop.options.billing_cooldown, now)?;
    crate::alerts::raise(tx, &shop.options.admins, &format!("billing:{key}"), "no", now)
}

#[test]
fn a_lost_submit_is_told_once_and_at_a_start_with_everything_else() {
    let (world, _user, job) = at_submit();
    world.trouble(&job, Trouble::Lost, NOW);
    assert_eq!((told(&world), open(&world)), (1, vec!["lost".to_owned()]));
    let (world, _user, job) = at_submit();
    let id = job.id;
    world.write(move |tx, shop| {
        jobs::reserve(tx, &job, "aaaa", MODELS[0], shop.limits(), NOW)?;
        recover(tx, shop, NOW)
    });
    assert_eq!((told(&world), world.job(id).attempts), (0, 1), "serve tells of all at once");
}

#[test]
fn no_alert_repeats_what_a_customer_wrote_though_the_service_does() {
    let (world, _user, job) = at_submit();
    let words = job.product.text.clone();
    let repeats = Job { prompt: Some("A fox runs over the frozen lake".to_owned()), ..job };
    world.write(move |tx, shop| {
        let error = format!("bad prompt: {words}, A fox runs over the frozen la… (code 5)");
        trouble(tx, shop, &repeats, Trouble::Unknown, &error, NOW)
    });
    let told: String = world
        .db
        .read(|conn| Ok(conn.query_row("SELECT text FROM alerts", [], |row| row.get(0))?))
        .unwrap();
    assert!(told.contains("bad prompt: …, …… (code 5)"), "{told}");
}
