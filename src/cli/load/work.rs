//! Work for the program: jobs inserted by hand, and customers who order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};
use rusqlite::named_params;

use super::course::Course;
use super::rig::Rig;
use crate::clock::Millis;
use crate::sandbox::customers::{Customers, Outcome, Plan};
use crate::sandbox::photos;

/// Telegram ids of those whose videos are inserted by hand.
const FIRST_CHAT: i64 = 2_000_000;
/// Telegram ids of simulated customers.
const FIRST_CUSTOMER: i64 = 3_000_000;
/// Videos of one of them.
const VIDEOS_EACH: u32 = 3;

const USERS: &str = "WITH RECURSIVE n (i) AS (
         SELECT 1
         UNION ALL
         SELECT i + 1 FROM n WHERE i < :count)
     INSERT INTO users (tg_user_id, created_at)
     SELECT :first + i, :now
     FROM n";

const JOBS: &str = "WITH RECURSIVE n (i) AS (
         SELECT 0
         UNION ALL
         SELECT i + 1 FROM n WHERE i + 1 < :count)
     INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id, input_photo_path,
                       product_info, status, created_at)
     SELECT users.id, users.tg_user_id, 'load:' || i, 'reels', :template,
            'https://example.com/' || i || '.jpg',
            json_object('text', 'Candle, soy wax, burns for 40 hours', 'user_prompt',
                        CASE :template WHEN 'self' THEN 'A slow turn around candle ' || i END),
            'queued', :now
     FROM n
     JOIN users ON users.tg_user_id = :first + 1 + i / :each";

/// Queues so many videos, as an operator inserts them by hand. With the template `self` the prompt
/// is there already, and GPT is not asked.
pub(super) fn by_hand(rig: &mut Rig, count: u32, template: &'static str) -> Result<()> {
    let people = count.div_ceil(VIDEOS_EACH);
    for n in 1..=people {
        rig.sandbox.telegram().knows_bot(FIRST_CHAT + i64::from(n));
    }
    let now = rig.clock().now();
    rig.write(move |tx| {
        tx.execute(USERS, named_params! { ":count": people, ":first": FIRST_CHAT, ":now": now })?;
        tx.execute(
            JOBS,
            named_params! {
                ":count": count, ":template": template, ":first": FIRST_CHAT,
                ":each": VIDEOS_EACH, ":now": now,
            },
        )?;
        Ok(())
    })
}

/// What customers do.
#[derive(Clone, Copy)]
pub(super) struct Visitors {
    pub(super) count: u32,
    /// Between two of them, and how long each reads, on the process clock.
    pub(super) every: Millis,
    pub(super) think: Millis,
    /// Each so many-th brings no prompt of their own: GPT writes it. 0: none.
    pub(super) by_gpt: u32,
}

impl Visitors {
    pub(super) fn asks_gpt(&self, n: u32) -> bool {
        self.by_gpt > 0 && n.is_multiple_of(self.by_gpt)
    }

    fn plans(&self) -> Vec<Plan> {
        let photos: Vec<_> = (0..4).map(photos::product).collect();
        let plan = |n: u32| {
            let own = !self.asks_gpt(n);
            Plan {
                user: FIRST_CUSTOMER + i64::from(n),
                language: if n.is_multiple_of(3) { "en" } else { "ru" }.to_owned(),
                photo: photos[n as usize % photos.len()].clone().into(),
                product: "Свеча «Хвойный лес», соевый воск, горит 40 часов".to_owned(),
                template: if own { "🧑‍💻" } else { "🎥" }.to_owned(),
                own_prompt: own.then(|| format!("A slow turn around candle {n}, warm light")),
                wishes: None,
                count: 1,
            }
        };
        (0..self.count).map(plan).collect()
    }

    /// Lets them order until all have their videos; `meanwhile` is called about once a second.
    pub(super) fn come(
        self,
        course: &Course<'_>,
        rig: &mut Rig,
        at_most: Duration,
        mut meanwhile: impl FnMut(&mut Rig) -> Result<()>,
    ) -> Result<Vec<Outcome>> {
        let telegram = rig.sandbox.telegram().clone();
        let customers = Customers::new(telegram, rig.clock().clone(), self.plans())
            .paced(self.every, self.think);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let over = &over;
            let coming = scope.spawn(move || {
                customers.run_while(at_most, |_| {}, || !over.load(Ordering::SeqCst))
            });
            let mut look = || -> Result<()> {
                while !coming.is_finished() {
                    course.pause(Duration::from_secs(1))?;
                    meanwhile(rig)?;
                }
                Ok(())
            };
            let looked = look();
            over.store(true, Ordering::SeqCst);
            let outcomes = coming.join().map_err(|_| anyhow!("the customers panicked"));
            looked.and(outcomes)
        })
    }
}

/// What is wrong with what became of their orders.
pub(super) fn unsettled(outcomes: &[Outcome]) -> Vec<String> {
    let open = outcomes.iter().filter(|it| !it.settled());
    let stuck = |it: &Outcome| it.stuck.clone().unwrap_or_default();
    open.map(|it| format!("customer {} is stuck: {}", it.user, stuck(it))).take(5).collect()
}
