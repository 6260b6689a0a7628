//! Orders of what a customer chose.

use super::*;

const FULL: &str = "bytedance/seedance-2";

fn chosen(world: &World, user: &User, choice: Option<&'static str>, videos: i64) -> Placed {
    let user = user.clone();
    world.write(move |tx, shop| {
        let new = NewOrder { choice, ..new_order("d1", videos) };
        place(tx, shop, &user, &new, NOW)
    })
}

fn switch_off(world: &World, model: &'static str) {
    world.write(move |tx, _| crate::models::switch(tx, model, false, NOW).map(drop));
}

#[test]
fn an_order_holds_and_gives_back_the_price_of_its_choice() {
    let world = World::choosing();
    let user = world.customer(7, 8);
    assert_eq!(chosen(&world, &user, Some("good"), 3), Placed::Insufficient(8));
    let Placed::Started(order) = chosen(&world, &user, Some("good"), 2) else { panic!() };
    assert_eq!(world.credits(&user), 2);
    let kept = world.number(
        "SELECT COUNT(*)
         FROM orders
         JOIN jobs ON jobs.order_id = orders.id
         WHERE orders.choice = 'good' AND orders.price = 3 AND jobs.choice = 'good'",
    );
    assert_eq!(kept, 2);
    let job = world.claim(NOW);
    assert_eq!((job.order, job.choice.as_deref()), (Some(order), Some("good")));
    world.fail(&job, Why::Unknown, NOW);
    assert_eq!(world.credits(&user), 5);
    assert!(world.said("fail:1:unknown").contains("3 кредита вернули"));
}

#[test]
fn a_choice_has_its_own_models_and_its_length() {
    let world = World::choosing();
    let shop = &world.shop;
    assert_eq!(shop.models_of(Some("good")), [FULL]);
    assert_eq!((shop.seconds_of(Some("fast")), shop.seconds_of(Some("good"))), (Some(5), None));
    assert_eq!((shop.price(Some("fast")), shop.price(Some("good"))), (1, 3));
    // Without one, or with one that left the file, all is as it was.
    for none in [None, Some("gone")] {
        assert_eq!(shop.models_of(none), MODELS);
        assert_eq!((shop.seconds_of(none), shop.price(none)), (None, 1));
    }
    assert_eq!(shop.models().len(), 4, "each model once");
    // Half of the 82 that ten seconds of the cheapest cost.
    assert_eq!(shop.least_price(), 41.0);
    assert_eq!(shop.about("", Some("good")), 410.0, "not yet given to a model");
    assert_eq!(World::new().shop.least_price(), 82.0);
}

#[test]
fn what_no_model_of_the_choice_can_make_is_not_sold() {
    let world = World::choosing();
    let user = world.customer(7, 9);
    switch_off(&world, FULL);
    assert_eq!(chosen(&world, &user, Some("good"), 1), Placed::Closed(Closed::NoModel));
    assert_eq!((world.credits(&user), world.number("SELECT COUNT(*) FROM orders")), (9, 0));
    let open = world.db.read(|conn| selling(conn, &world.shop, NOW)).unwrap();
    assert_eq!(open, Selling::Open, "the other one is sold");
    switch_off(&world, "bytedance/seedance-2-mini");
    let serves = |chars| {
        let offered = world.db.read(|conn| offered(conn, &world.shop, chars, NOW)).unwrap();
        offered.iter().map(|one| one.serves).collect::<Vec<_>>()
    };
    assert_eq!(serves(1_000), [true, false], "the choice's second model takes over");
    assert_eq!(serves(1_001), [false, false], "and takes no longer prompt");
    assert_eq!(world.db.read(|conn| own_prompt_max(conn, &world.shop, NOW)).unwrap(), 1_000);
    // That [kie] models serve helps nobody: they are not sold.
    switch_off(&world, "kling-2.6/image-to-video");
    let closed = world.db.read(|conn| selling(conn, &world.shop, NOW)).unwrap();
    assert_eq!(closed, Selling::Closed(Closed::NoModel));
}

#[test]
fn a_model_that_goes_off_is_replaced_within_the_choice_or_its_credits_go_back() {
    for (choice, ends) in [("fast", "processing upload"), ("good", "failed submit")] {
        let world = World::choosing();
        let user = world.customer(7, 3);
        chosen(&world, &user, Some(choice), 1);
        let held = world.credits(&user);
        let job = world.at_submit(NOW);
        let model = world.shop.models_of(Some(choice))[0].clone();
        let job = Job { model: Some(model), ..job };
        world.write(move |tx, shop| trouble(tx, shop, &job, Trouble::ModelOff, "off", NOW));
        let id = JobId(1);
        let state = world.state(id);
        assert_eq!(state.replace("queued", "processing"), ends, "{choice}");
        let back = if choice == "good" { 3 } else { 0 };
        assert_eq!(world.credits(&user), held + back, "{choice}");
    }
}

#[test]
fn what_is_sold_counts_against_the_days_budget_as_what_it_will_cost() {
    for (choice, open) in [("fast", true), ("good", false)] {
        let mut world = World::choosing();
        Arc::get_mut(&mut world.shop).unwrap().options.daily_spend_cap = 400.0;
        let user = world.customer(7, 3);
        chosen(&world, &user, Some(choice), 1);
        let now = world.db.read(|conn| selling(conn, &world.shop, NOW)).unwrap();
        assert_eq!(now == Selling::Open, open, "{choice}: {now:?}");
    }
}

#[test]
fn a_job_that_is_run_again_keeps_its_choice() {
    let world = World::choosing();
    let user = world.customer(7, 3);
    chosen(&world, &user, Some("good"), 1);
    let again = world.write(|tx, _| jobs::rerun(tx, JobId(1), NOW, NOW)).unwrap();
    assert_eq!(world.job(again).choice.as_deref(), Some("good"));
}
