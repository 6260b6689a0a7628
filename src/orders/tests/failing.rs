use super::*;

#[test]
fn a_failure_gives_its_credit_back_once_and_says_so() {
    let world = World::new();
    let user = world.customer(7, 3);
    world.order(&user, "d1", 3);
    let job = world.claim(NOW);
    world.fail(&job, Why::Violation, NOW);
    assert_eq!(world.credits(&user), 1);
    world.fail(&job, Why::Violation, NOW);
    world.fail(&job, Why::Unknown, NOW);
    world.delivered(job.id, NOW);
    assert_eq!(world.credits(&user), 1);
    assert_eq!(world.state(job.id), "failed script");
    assert_eq!(world.messages("fail:"), 1);
    let said = world.said("fail:1:user_violation");
    assert!(said.contains("Вы нарушили правила") && said.contains("это видео"), "{said}");
    assert!(said.contains("1 кредит вернули на баланс"), "{said}");
    let status = world.said("status:1");
    assert!(status.contains("1. ❌ не получилось"), "{status}");
    assert!(status.contains("1 кредит вернули на баланс"), "{status}");
}

#[test]
fn failures_of_one_order_and_cause_are_one_notice_that_counts() {
    let world = World::with(|options| options.per_video = 2);
    let user = world.customer(7, 20);
    world.order(&user, "d1", 5);
    for (failed, credits) in [(1, "2 кредита"), (2, "4 кредита"), (3, "6 кредитов")]
    {
        let job = world.claim(NOW);
        world.fail(&job, Why::Violation, NOW);
        let said = world.said("fail:1:user_violation");
        let which = if failed == 1 { "это видео" } else { "эти видео" };
        assert!(said.contains(which), "{said}");
        assert!(said.contains(&format!("{credits} вернули на баланс")), "{said}");
        assert_eq!(world.messages("fail:"), 1);
    }
    let job = world.claim(NOW);
    world.fail(&job, Why::Overload, NOW);
    assert_eq!(world.messages("fail:"), 2, "another cause is another notice");
    let said = world.said("fail:1:rate_limit");
    assert!(said.contains("2 кредита вернули на баланс"), "its own credits alone: {said}");
    let status = world.said("status:1");
    assert!(status.contains("8 кредитов вернули на баланс"), "{status}");
    assert_eq!(world.credits(&user), 18);
}

#[test]
fn two_orders_have_two_notices() {
    let world = World::new();
    let user = world.customer(7, 2);
    world.order(&user, "d1", 1);
    world.order(&user, "d2", 1);
    for _ in 0..2 {
        let job = world.claim(NOW);
        world.fail(&job, Why::Temporary, NOW);
    }
    assert_eq!(world.messages("fail:"), 2);
    assert_eq!(world.credits(&user), 2);
    assert!(world.said("status:1").contains("не получилось"));
}

#[test]
fn a_job_without_an_order_fails_without_a_word_of_credits() {
    let world = World::new();
    let user = world.customer(7, 2);
    world.sql(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info)
         VALUES (1, 7, 'by hand', 'self', 'https://example.com/a.jpg', '[1]')",
    );
    let job = world.claim(NOW);
    assert_eq!(job.product, crate::jobs::Product::default(), "any JSON is read");
    world.fail(&job, Why::Temporary, NOW);
    let said = world.said(&format!("fail:job:{}", job.id));
    assert!(said.contains("Не получилось сгенерировать") && !said.contains("кредит"), "{said}");
    assert_eq!(world.credits(&user), 2);
    assert_eq!(world.messages("status:"), 0);
}

#[test]
fn every_cause_reads_well_in_both_languages() {
    let causes = [
        Why::Violation,
        Why::Billing,
        Why::Overload,
        Why::ModelOff,
        Why::Temporary,
        Why::Timeout,
        Why::Mistake,
        Why::Unknown,
        Why::NoPhoto,
        Why::NoPrompt,
        Why::Strikes,
    ];
    for lang in [Lang::Ru, Lang::En] {
        let world = World::with(|options| options.orders_per_hour = 99);
        let user = world.customer(7, 99);
        world.write(move |tx, _| users::choose_language(tx, user.id, lang));
        let user = world.write(move |tx, _| users::by_id(tx, UserId(user.id.0)));
        for _ in causes {
            let draft: &'static str = Box::leak(format!("d{}", fastrand::u64(..)).into_boxed_str());
            world.order(&user, draft, 1);
        }
        for why in causes {
            let job = world.claim(NOW);
            world.fail(&job, why, NOW);
            let key = format!("fail:{}:{}", job.order.unwrap(), why.word());
            let said = world.said(&key);
            let back = if lang == Lang::Ru { "1 кредит вернули" } else { "1 credit" };
            assert!(said.contains(back) && !said.starts_with("fail-"), "{said}");
            let row = world.db.read(|conn| outbox::by_key(conn, &key)).unwrap().unwrap();
            let Content::Text { buttons, .. } = row.content else { panic!("not a text") };
            let help = buttons.iter().flatten().any(|one| matches!(one.does, outbox::Does::Url(_)));
            let ours = !matches!(why, Why::Violation | Why::Overload);
            assert_eq!(help, ours, "support is offered where we are to blame: {why:?}");
        }
    }
}

#[test]
fn a_late_success_after_the_refund_moves_nothing() {
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let job = world.claim(NOW);
    world.fail(&job, Why::Timeout, NOW);
    let status = world.said("status:1");
    let late = job.clone();
    let taken = world.write(move |tx, shop| {
        let video = Fetched { path: "1.mp4".into(), bytes: 9, width: 9, height: 16, seconds: 5 };
        let link = link_instead(tx, shop, &late, "https://example.com/v.mp4", NOW)?;
        Ok(fetched(tx, shop, &late, &video, NOW)? || link)
    });
    assert!(!taken);
    world.delivered(job.id, NOW);
    assert_eq!(world.credits(&user), 1);
    assert_eq!(world.messages("video:"), 0);
    assert_eq!(world.said("status:1"), status);
}

#[test]
fn a_failure_after_the_delivery_moves_nothing() {
    let world = World::new();
    let user = world.customer(7, 1);
    let videos = world.order(&user, "d1", 1);
    let job = world.claim(NOW);
    world.delivered(videos[0], NOW);
    world.delivered(videos[0], NOW + 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM ledger WHERE kind = 'charge'"), 1);
    world.fail(&job, Why::Unknown, NOW);
    world.trouble(&job, Trouble::OurMistake, NOW);
    assert_eq!(world.credits(&user), 0);
    assert_eq!(world.messages("fail:"), 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM alerts"), 0, "nobody is told of a failure");
    assert!(world.said("status:1").contains("Заказ готов!"));
}

#[test]
fn a_lease_that_expired_cannot_refund_deliver_or_complain() {
    let world = World::new();
    let user = world.customer(7, 1);
    world.order(&user, "d1", 1);
    let dead = world.claim(NOW);
    let alive = world.claim(NOW + HOUR);
    assert_eq!((alive.id, alive.lease, alive.strikes), (dead.id, dead.lease + 1, 1));
    world.fail(&dead, Why::Violation, NOW);
    world.trouble(&dead, Trouble::Billing, NOW);
    let sent = world.write(move |tx, shop| link_instead(tx, shop, &dead, "https://x/v", NOW));
    assert!(!sent);
    assert_eq!(world.state(alive.id), "processing script");
    assert_eq!(world.credits(&user), 0);
    assert_eq!(world.messages("fail:") + world.messages("video:"), 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM api_keys WHERE blocked_class IS NOT NULL"), 0);
}

#[test]
fn a_video_goes_as_a_file_or_as_a_link_and_ends_its_order() {
    let world = World::new();
    let user = world.customer(7, 3);
    let videos = world.order(&user, "d1", 3);
    for (bytes, kind) in [(45 << 20, "video"), ((45 << 20) + 1, "text")] {
        let job = world.claim(NOW);
        let found = Found { output_url: Some("https://x/v.mp4?a=1&b=\"2\""), ..Found::default() };
        world.advance(&job, Step::Fetch, found, NOW);
        let job = world.lease(job.id, NOW);
        let id = job.id;
        world.write(move |tx, shop| {
            let path = "1.mp4".to_owned();
            let video = Fetched { path, bytes, width: 720, height: 1280, seconds: 10 };
            assert!(fetched(tx, shop, &job, &video, NOW)?);
            Ok(())
        });
        let key = format!("video:{id}");
        let sql = format!("SELECT content ->> '$.kind' = '{kind}' FROM outbox WHERE key = '{key}'");
        assert_eq!(world.number(&sql), 1, "{kind}");
        assert!(world.said(&key).contains("✅ Видео готово!"));
        assert!(world.said("status:1").contains("📤 загружаю в чат"));
    }
    let link = world.said(&format!("video:{}", videos[1]));
    assert!(link.contains("<a href=\"https://x/v.mp4?a=1&amp;b=&quot;2&quot;\">"), "{link}");
    world.write({
        let id = videos[0];
        move |tx, shop| too_large(tx, shop, id, NOW)
    });
    assert!(world.said(&format!("video:{}", videos[0])).contains("действует сутки"));
    for id in videos {
        world.delivered(id, NOW);
    }
    let status = world.said("status:1");
    assert!(status.contains("Заказ готов: 3 из 3 видео"), "{status}");
    assert_eq!(world.number("SELECT finished_at FROM orders"), NOW);
}

#[test]
fn another_with_this_product_is_only_for_its_owner() {
    let world = World::new();
    let (user, stranger) = (world.customer(7, 1), world.customer(8, 0));
    let videos = world.order(&user, "d1", 1);
    let id = videos[0];
    let (photo, product) = ("a.jpg".into(), "A blue mug".into());
    let mine = Again { photo, product, template: "ugc".into(), ..Again::default() };
    assert_eq!(world.write(move |tx, _| again(tx, user.id, id)), Some(mine));
    assert_eq!(world.write(move |tx, _| again(tx, stranger.id, id)), None);
    assert_eq!(world.write(move |tx, _| again(tx, stranger.id, JobId(99))), None);
}

#[test]
fn what_the_operator_cancels_gives_its_credit_back_and_sends_nothing_late() {
    let world = World::new();
    let user = world.customer(7, 2);
    let videos = world.order(&user, "d1", 2);
    let id = videos[0];
    let back = world.write(move |tx, shop| cancel(tx, shop, id, NOW));
    assert_eq!((back, world.credits(&user)), (Some(1), 1));
    assert_eq!(world.write(move |tx, shop| cancel(tx, shop, id, NOW)), None, "once");
    world.delivered(id, NOW);
    assert_eq!((world.state(id).as_str(), world.credits(&user)), ("canceled script", 1));
    assert!(world.said("status:1").contains("отменено"));
}

#[test]
fn a_job_run_again_belongs_to_no_order_and_costs_nobody() {
    let world = World::new();
    let user = world.customer(7, 1);
    let old = world.order(&user, "d1", 1)[0];
    let again = move |tx: &Tx<'_>, _: &Shop| jobs::rerun(tx, old, NOW, NOW);
    let (first, second) = (world.write(again).unwrap(), world.write(again).unwrap());
    assert_ne!(first, second);
    let job = world.job(first);
    assert_eq!((job.order, job.product.text), (None, world.job(old).product.text));
    assert_eq!(world.number("SELECT COUNT(*) FROM ledger WHERE kind = 'hold'"), 1);
    let nobody = world.write(|tx, _| jobs::rerun(tx, JobId(99), NOW, NOW));
    assert_eq!(nobody, None);
}
