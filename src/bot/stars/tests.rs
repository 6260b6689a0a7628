//! Walks over a list that a made-up Telegram gives.

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::bot::telegram::fake::{Call, Fake, Reply};
use crate::clock::Clock;
use crate::orders::tests::World;

/// One of the bot's transactions, at second `date`.
fn paid(charge: &str, user: i64, stars: i64, date: i64) -> Value {
    let payload = "pack:5:300:99";
    json!({ "id": charge, "amount": stars, "date": date,
            "source": { "type": "user", "transaction_type": "invoice_payment",
                        "user": { "id": user, "is_bot": false, "first_name": "A" },
                        "invoice_payload": payload } })
}

fn back(charge: &str, user: i64, date: i64) -> Value {
    json!({ "id": charge, "amount": 300, "date": date,
            "receiver": { "type": "user", "transaction_type": "invoice_payment",
                          "user": { "id": user, "is_bot": false, "first_name": "A" } } })
}

/// Telegram with a list of transactions, and a comparison beside it.
struct Stage {
    world: World,
    stars: Stars,
    fake: Fake,
    list: Arc<Mutex<Vec<Value>>>,
    /// Seconds of Telegram's clock: long enough ago.
    then: i64,
}

impl Stage {
    async fn new() -> Self {
        let (world, list) = (World::new(), Arc::<Mutex<Vec<Value>>>::default());
        let lists = Arc::clone(&list);
        let fake = Fake::start(move |call| page(call, &lists.lock().unwrap())).await;
        let telegram = fake.telegram(Clock::fast(1_000.0));
        let then = telegram.clock().now() / SECOND - 3_600;
        let stars = Stars { telegram, db: world.db.clone(), shop: Arc::clone(&world.shop) };
        Self { world, stars, fake, list, then }
    }

    fn add(&self, entries: impl IntoIterator<Item = Value>) {
        self.list.lock().unwrap().extend(entries);
    }

    async fn walk(&self) -> (anyhow::Result<End>, Found) {
        let mut found = Found::default();
        (self.stars.walk(&mut found).await, found)
    }

    /// The walk that goes to the end of the list.
    async fn walks(&self) -> Found {
        let (end, found) = self.walk().await;
        assert_eq!(end.unwrap(), End::Whole);
        found
    }

    fn offsets(&self) -> Vec<i64> {
        self.fake.calls().iter().map(|call| call.json["offset"].as_i64().unwrap()).collect()
    }

    fn has(&self, user: i64) -> i64 {
        self.world.number(&format!("SELECT credits FROM users WHERE tg_user_id = {user}"))
    }
}

fn page(call: &Call, list: &[Value]) -> Reply {
    assert_eq!(call.method, "getStarTransactions");
    let limit = call.json["limit"].as_u64().unwrap() as usize;
    assert!((1..=100).contains(&limit));
    let rest = list.iter().skip(call.json["offset"].as_u64().unwrap() as usize);
    match list.first() {
        Some(Value::String(_)) => Reply::refusal(500, "Internal Server Error"),
        _ => Reply::Ok(json!({ "transactions": rest.take(limit).collect::<Vec<_>>() })),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_made_good_once_and_the_next_walk_goes_on_there() {
    let stage = Stage::new().await;
    let then = stage.then;
    stage.world.customer(7, 0);
    stage.add([
        paid("a", 7, 300, then),
        json!({ "id": "w", "amount": 9, "date": then, "receiver": { "type": "fragment" } }),
        json!({ "odd": true, "source": 5 }),
        paid("b", 8, 300, then),
        back("b", 8, then),
        back("nosuch", 7, then),
    ]);
    let found = stage.walks().await;
    assert_eq!(found, Found { compared: 5, missed: 3, differ: 0, unread: 1 });
    assert_eq!((stage.has(7), stage.has(8)), (5, 2), "a new payer has the gift, and no more");
    assert_eq!(stage.world.messages("receipt:"), 2);
    let told = "SELECT COUNT(*) FROM alerts WHERE cause = 'payment:unlisted'";
    assert_eq!(stage.world.number(told), 1, "nobody will look at it again");
    assert_eq!(stage.walks().await, Found::default());
    stage.add([paid("c", 7, 300, then)]);
    assert_eq!(stage.walks().await, Found { compared: 1, missed: 1, ..Found::default() });
    assert_eq!(stage.offsets(), [0, 5, 5]);
    assert_eq!(stage.has(7), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_is_read_page_by_page_and_one_that_begins_anew_from_its_beginning() {
    let stage = Stage::new().await;
    stage.add((0..150).map(|n| paid(&format!("c{n}"), 7, 300, stage.then)));
    let found = stage.walks().await;
    assert_eq!((found.missed, stage.offsets()), (150, vec![0, 99]));
    let known = stage.list.lock().unwrap().split_off(149);
    *stage.list.lock().unwrap() = known;
    assert_eq!(stage.walks().await, Found { compared: 1, ..Found::default() });
    assert_eq!(stage.offsets()[2..], [149, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_list_of_the_same_length_is_read_from_its_beginning() {
    let stage = Stage::new().await;
    stage.add(["a", "b"].map(|charge| paid(charge, 7, 300, stage.then)));
    assert_eq!(stage.walks().await.missed, 2);
    *stage.list.lock().unwrap() =
        ["x", "y", "z"].map(|charge| paid(charge, 8, 300, stage.then)).to_vec();
    assert_eq!(stage.walks().await.missed, 3);
    // A refund has the id of its payment, and is another entry.
    stage.add([back("z", 8, stage.then)]);
    assert_eq!(stage.walks().await, Found { compared: 1, missed: 1, ..Found::default() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_before_this_folder_began_is_not_ours() {
    let stage = Stage::new().await;
    let then = stage.then;
    stage.world.write(move |tx, _| {
        Ok(tx.execute("UPDATE instance SET created_at = ?1", [then * SECOND])?)
    });
    stage.add([paid("old", 7, 300, then - 1), paid("new", 7, 300, then)]);
    assert_eq!(stage.walks().await.missed, 1);
    assert_eq!(stage.world.messages("receipt:new"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_of_just_now_is_left_to_its_update_first() {
    let stage = Stage::new().await;
    let now = stage.stars.telegram.clock().now() / SECOND;
    stage.add([paid("a", 7, 300, stage.then), paid("b", 7, 300, now + 30), paid("c", 7, 300, now)]);
    let (end, found) = stage.walk().await;
    assert_eq!((end.unwrap(), found.missed), (End::Young, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_ends_a_walk_and_nothing_is_passed_over() {
    let stage = Stage::new().await;
    stage.add([json!("trouble")]);
    assert!(stage.walk().await.0.is_err());
    *stage.list.lock().unwrap() = vec![paid("a", 7, 300, stage.then)];
    assert_eq!(stage.walks().await.missed, 1);
}
