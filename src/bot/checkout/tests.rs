//! Queries in the lane, and a Telegram that answers as told.

use serde_json::{Value, json};

use super::*;
use crate::bot::telegram::fake::{Call, Fake, Reply};
use crate::clock::Clock;
use crate::inbox::Raw;
use crate::orders::tests::World;
use crate::payments;

/// A checkout at work, and customer 7 with an invoice.
struct Stage {
    world: World,
    fake: Fake,
    clock: Clock,
    payload: String,
    bell: Arc<Notify>,
    stop: CancellationToken,
}

impl Stage {
    async fn new(handler: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let (world, clock, stop) = (World::new(), Clock::real(), CancellationToken::new());
        let (user, now) = (world.customer(7, 0).id, clock.now());
        let open = move |tx: &crate::db::Tx<'_>, _: &Shop| payments::open(tx, user, (5, 300), now);
        let payload = world.write(open).offer().payload();
        let bell = Arc::default();
        Self { fake: Fake::start(handler).await, world, clock, payload, bell, stop }
    }

    fn play(&self) -> tokio::task::JoinHandle<()> {
        let checkout = Checkout {
            db: self.world.db.clone(),
            telegram: self.fake.telegram(self.clock.clone()),
            shop: Arc::clone(&self.world.shop),
            bell: Arc::clone(&self.bell),
        };
        tokio::spawn(run(checkout, self.stop.clone()))
    }

    /// A query of somebody's, stored `age` ago.
    fn asks(&self, update_id: i64, user: i64, age: Millis) {
        let query = json!({ "id": format!("q{update_id}"), "from": { "id": user },
                            "currency": "XTR", "total_amount": 300,
                            "invoice_payload": self.payload });
        let body = json!({ "update_id": update_id, "pre_checkout_query": query }).to_string();
        let raw = [Raw { update_id, chat_id: user, body, urgent: true }];
        let at = self.clock.now() - age;
        self.world.write(move |tx, _| inbox::store(tx, &raw, at));
        self.bell.notify_one();
    }

    /// Until no query is open.
    async fn settled(&self) {
        let rang = Arc::new(Notify::new());
        let ring = Arc::clone(&rang);
        self.world.db.watch(&["inbox"], Arc::new(move || ring.notify_one()));
        let open = || self.world.number("SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL");
        let wait = async {
            while open() > 0 {
                rang.notified().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.unwrap();
    }

    fn answers(&self) -> Vec<Value> {
        self.fake.calls().iter().map(|call| call.json.clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_query_is_answered_and_marked_and_the_outbox_is_not_asked() {
    let stage = Stage::new(|_| Reply::Ok(json!(true))).await;
    stage.asks(1, 7, 0);
    let playing = stage.play();
    stage.fake.until(|calls| calls.len() == 1).await;
    stage.asks(2, 8, 0);
    stage.settled().await;
    let answers = stage.answers();
    assert_eq!(answers[0], json!({ "pre_checkout_query_id": "q1", "ok": true }));
    assert_eq!(
        (&answers[1]["pre_checkout_query_id"], &answers[1]["ok"]),
        (&json!("q2"), &json!(false))
    );
    assert!(answers[1]["error_message"].as_str().unwrap().contains("другому человеку"));
    assert_eq!(stage.world.number("SELECT COUNT(*) FROM outbox"), 0);
    stage.stop.cancel();
    playing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_did_not_arrive_is_given_again_and_one_too_late_is_done() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let stage = Stage::new(move |call| {
        if call.json["pre_checkout_query_id"] == "q2" {
            return Reply::refusal(
                400,
                "Bad Request: query is too old and response timeout expired",
            );
        }
        match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Reply::Drop,
            1 => Reply::refusal(500, "Internal Server Error"),
            _ => Reply::Ok(json!(true)),
        }
    })
    .await;
    stage.asks(1, 7, 0);
    stage.asks(2, 7, 0);
    stage.play();
    stage.settled().await;
    let of = |query: &str| {
        let answers = stage.answers();
        answers.iter().filter(|one| one["pre_checkout_query_id"] == query).count()
    };
    assert_eq!((of("q1"), of("q2")), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_waits_for_any_more_is_only_marked() {
    let stage = Stage::new(|_| Reply::Drop).await;
    // One too old, one for which there is time for a try or two, one that cannot be read.
    stage.asks(1, 7, 11 * SECOND);
    stage.asks(2, 7, PATIENCE - SECOND);
    let odd = json!({ "update_id": 3, "pre_checkout_query": { "id": 5 } }).to_string();
    let raw = [Raw { update_id: 3, chat_id: 7, body: odd, urgent: true }];
    let now = stage.clock.now();
    stage.world.write(move |tx, _| inbox::store(tx, &raw, now));
    stage.play();
    stage.settled().await;
    let answers = stage.answers();
    assert!((1..=4).contains(&answers.len()), "{answers:?}");
    assert!(answers.iter().all(|answer| answer["pre_checkout_query_id"] == "q2"), "{answers:?}");
}
