use super::*;

#[test]
fn an_order_holds_its_price_queues_its_videos_and_says_so_once() {
    let world = World::new();
    let user = world.customer(7, 5);
    let videos = world.order(&user, "d1", 3);
    assert_eq!(world.credits(&user), 2);
    assert_eq!(videos.len(), 3);
    assert_eq!(world.messages("status:"), 1);
    let said = world.said("status:1");
    assert!(said.contains("Принял! Генерация 3 видео запущена"), "{said}");
    assert!(said.contains("3. ⏳ в очереди, место 3"), "{said}");
    assert!(said.contains("от 1 до 30 минут"), "{said}");
}

#[test]
fn a_draft_is_confirmed_once() {
    let world = World::new();
    let user = world.customer(7, 5);
    let first = world.place(&user, "d1", 1);
    let Placed::Started(order) = first else { panic!("{first:?}") };
    assert_eq!(world.place(&user, "d1", 1), Placed::Already(order));
    assert_eq!(world.credits(&user), 4);
    assert_eq!(world.number("SELECT COUNT(*) FROM jobs"), 1);
}

#[test]
fn who_cannot_pay_for_all_videos_gets_none() {
    let world = World::with(|options| options.per_video = 2);
    let user = world.customer(7, 5);
    assert_eq!(world.place(&user, "d1", 3), Placed::Insufficient(5));
    assert_eq!(world.number("SELECT COUNT(*) FROM jobs"), 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox"), 0);
    world.order(&user, "d1", 1);
    assert_eq!(world.credits(&user), 3, "the same draft is good after a top-up");
}

#[test]
fn a_free_video_holds_nothing_and_gives_nothing_back() {
    let world = World::with(|options| options.per_video = 0);
    let user = world.customer(7, 0);
    let videos = world.order(&user, "d1", 3);
    let job = world.claim(NOW);
    world.fail(&job, Why::Unknown, NOW);
    world.delivered(videos[1], NOW);
    assert_eq!(world.number("SELECT COUNT(*) FROM ledger"), 0);
    assert!(!world.said("fail:1:unknown").contains("вернули"));
}

#[test]
fn who_has_paid_goes_first_and_no_longer_once_they_have_it_back() {
    let world = World::new();
    let user = world.customer(7, 5);
    let newest = "SELECT priority FROM jobs ORDER BY id DESC LIMIT 1";
    let orders = |draft| {
        world.order(&user, draft, 1);
        world.number(newest)
    };
    let before = orders("d1");
    let id = user.id;
    world.write(move |tx, _| {
        tx.execute(
            "INSERT INTO payments (user_id, telegram_payment_charge_id, stars, credits, payload,
                                   paid_at, created_at)
             VALUES (?1, 'c', 1, 1, 'x', 1, 1)",
            [id],
        )?;
        let key = Some("purchase:c");
        let bought = ledger::Grant { user: id, credits: 1, key, actor: "bot", note: None };
        ledger::purchase(tx, &bought, NOW)
    });
    assert_eq!(orders("d2"), before + 3);
    world.sql("UPDATE payments SET refunded_at = 9, taken_back = 0, owed = 1");
    assert_eq!(orders("d3"), before);
}

#[test]
fn an_hour_has_so_many_orders_of_one_customer() {
    let world = World::with(|options| options.orders_per_hour = 2);
    let (user, other) = (world.customer(7, 5), world.customer(8, 5));
    world.order(&user, "d1", 1);
    world.order(&user, "d2", 1);
    assert_eq!(world.place(&user, "d3", 1), Placed::Closed(Closed::TooManyOrders));
    world.order(&other, "d4", 1);
    let later =
        world.write(move |tx, shop| place(tx, shop, &user, &new_order("d3", 1), NOW + HOUR));
    assert!(matches!(later, Placed::Started(_)));
}

#[track_caller]
fn closes(prepare: &'static str, expected: Closed) {
    let world = World::with(|options| options.daily_spend_cap = 100.0);
    let user = world.customer(7, 5);
    world.sql(prepare);
    let now = world.write(|tx, shop| selling(tx, shop, NOW));
    assert_eq!(now, Selling::Closed(expected), "{prepare}");
    assert_eq!(world.place(&user, "d1", 1), Placed::Closed(expected));
    assert_eq!(world.credits(&user), 5);
}

#[test]
fn selling_closes_before_a_credit_is_taken() {
    closes("UPDATE instance SET selling_paused_at = 5", Closed::Paused);
    closes("UPDATE instance SET safe_mode_at = 5", Closed::Paused);
    closes("UPDATE api_keys SET configured = 0", Closed::NoKey);
    closes(
        "UPDATE api_keys SET blocked_class = 'billing', blocked_until = 99000000",
        Closed::NoKey,
    );
    closes(
        "UPDATE api_keys SET blocked_class = 'operator', blocked_until = 99000000",
        Closed::NoKey,
    );
    closes(
        "INSERT INTO models (name, paused_until)
         VALUES ('bytedance/seedance-2-mini', 99000000), ('kling-3.0/video', 99000000)",
        Closed::NoModel,
    );
    closes(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, status, finished_at, provider_credits)
         VALUES (1, 7, 'x', 'ugc', 'a.jpg', '{}', 'failed', 9000, 100)",
        Closed::Budget,
    );
}

#[test]
fn selling_opens_again_by_itself() {
    let world = World::with(|options| options.daily_spend_cap = 100.0);
    let user = world.customer(7, 5);
    world.sql(
        "UPDATE api_keys SET blocked_class = 'billing', blocked_until = 20000;
         INSERT INTO models (name, paused_until)
         VALUES ('bytedance/seedance-2-mini', 20000), ('kling-3.0/video', 20000);",
    );
    assert_eq!(world.place(&user, "d1", 1), Placed::Closed(Closed::NoKey));
    let open = world.write(|tx, shop| selling(tx, shop, 20_000));
    assert_eq!(open, Selling::Open);
}

#[test]
fn one_key_with_money_sells_also_while_it_is_limited() {
    let world = World::new();
    world.sql(
        "UPDATE api_keys SET blocked_class = 'billing', blocked_until = 99000000
         WHERE fingerprint = 'aaaa';
         UPDATE api_keys SET blocked_class = 'rate_limit', blocked_until = 99000000
         WHERE fingerprint = 'bbbb';",
    );
    assert_eq!(world.write(|tx, shop| selling(tx, shop, NOW)), Selling::Open);
}

#[test]
fn a_burst_of_orders_passes_the_days_cap_by_its_last_order_at_most_and_the_next_day_is_new() {
    let world = World::with(|options| {
        options.daily_spend_cap = 400.0;
        options.zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
    });
    let user = world.customer(7, 20);
    // 18:00 of the first day in UTC is 21:00 at the shop: three hours are left of it.
    let evening = 18 * HOUR;
    let orders = |draft: &'static str, videos, now| {
        let user = user.clone();
        world.write(move |tx, shop| place(tx, shop, &user, &new_order(draft, videos), now))
    };
    assert!(matches!(orders("d1", 3, evening), Placed::Started(_)), "3 of about 82 credits");
    assert!(matches!(orders("d2", 3, evening), Placed::Started(_)));
    assert_eq!(orders("d3", 1, evening), Placed::Closed(Closed::Budget));
    // Two fail, which cost nothing, one costs less, and one does not say what it cost.
    for id in [1, 2] {
        let job = world.lease(JobId(id), evening);
        world.fail(&job, Why::Unknown, evening);
    }
    assert!(matches!(orders("d4", 1, evening), Placed::Started(_)), "4 of 82 are under way");
    assert_eq!(orders("d5", 1, evening), Placed::Closed(Closed::Budget));
    for id in [3, 4, 5] {
        world.delivered(JobId(id), evening + HOUR);
    }
    world.sql("UPDATE jobs SET provider_credits = 10 WHERE id IN (4, 5)");
    assert!(matches!(orders("d6", 1, evening + HOUR), Placed::Started(_)), "10 + 10 + 3 of 82");
    let day = |now| world.write(move |tx, shop| selling(tx, shop, now));
    world.sql("UPDATE jobs SET provider_credits = 500 WHERE id = 4");
    assert_eq!(day(21 * HOUR - 1), Selling::Closed(Closed::Budget));
    assert_eq!(day(21 * HOUR), Selling::Open);
}

#[test]
fn the_waiting_time_is_the_median_of_real_videos_and_none_is_guessed() {
    let world = World::new();
    let user = world.customer(7, 5);
    let videos = world.order(&user, "d1", 5);
    let wait = |world: &World| world.write(|tx, _| usual_wait(tx));
    for (at, id) in videos[..2].iter().enumerate() {
        world.delivered(*id, NOW + MINUTE * (at as i64 + 1));
    }
    assert_eq!(wait(&world), None, "two are too few");
    world.delivered(videos[2], NOW + 9 * MINUTE);
    assert_eq!(wait(&world), Some(2 * MINUTE));
    let job = world.lease(videos[3], NOW);
    world.fail(&job, Why::Unknown, NOW + HOUR);
    assert_eq!(wait(&world), Some(2 * MINUTE), "a failure is no video");
    for (ms, shown) in [(0, 1), (1, 1), (MINUTE, 1), (MINUTE + 1, 2)] {
        assert_eq!(minutes(ms), shown);
    }
}

#[test]
fn the_place_in_the_queue_counts_who_is_really_before() {
    let world = World::new();
    let user = world.customer(7, 9);
    world.order(&user, "d1", 1);
    let videos = world.order(&user, "d2", 1);
    world.order(&user, "d3", 1);
    world.sql(
        "UPDATE jobs SET priority = 5 WHERE order_id = 3;
         UPDATE jobs SET priority = -5 WHERE order_id = 1;",
    );
    let order = world.job(videos[0]).order;
    world.write(move |tx, shop| refresh(tx, shop, order, NOW));
    let said = world.said("status:2");
    assert!(said.contains("в очереди, место 2"), "{said}");
    world.claim(NOW);
    world.write(move |tx, shop| refresh(tx, shop, order, NOW));
    assert!(world.said("status:2").contains("место 2"), "the first one has not begun");
    world.sql("UPDATE jobs SET step = 'render' WHERE order_id = 3");
    world.write(move |tx, shop| refresh(tx, shop, order, NOW));
    assert!(!world.said("status:2").contains("в очереди"), "the next one waits for nobody");
}

#[test]
fn the_photos_question_knows_the_serving_models_own_rules() {
    let rules = |models: &[&str]| {
        let models: Vec<String> = models.iter().map(|name| (*name).to_owned()).collect();
        let world = World::with(|options| options.models = models);
        world.write(|tx, shop| photo_rules(tx, shop, NOW))
    };
    assert_eq!(rules(&["bytedance/seedance-2-mini"]), Vec::<&str>::new());
    assert_eq!(rules(&["kling-2.6/image-to-video", "kling-3.0/video"]), ["rule-vertical"]);
    assert_eq!(rules(&["sora-2-image-to-video"]), Vec::<&str>::new(), "it is off");
}

#[test]
fn a_days_spending_is_summed_without_a_look_at_its_rows() {
    let world = World::new();
    for sql in [selling::SPENT, selling::TO_SPEND] {
        let plan = world.db.read(|conn| {
            let mut query = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let rows = query.query_map([0, 1], |row| row.get::<_, String>("detail"))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        let plan = plan.unwrap();
        let mut looks = plan.iter().filter(|line| line.contains(" jobs ")).peekable();
        assert!(looks.peek().is_some(), "{plan:?}");
        assert!(looks.all(|line| line.contains("COVERING INDEX")), "{plan:?}");
    }
}
