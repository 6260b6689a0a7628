//! Random histories against a model of a few lines.

use super::*;
use crate::ledger::{Granted, Settle};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
enum Deed {
    Place { customer: usize, draft: u8, videos: i64 },
    Grant { customer: usize, credits: i64 },
    Claim,
    Advance { holder: usize, step: Step },
    Fail { holder: usize, why: Why },
    Trouble { holder: usize, what: Trouble },
    Deliver { holder: usize },
    Cancel { holder: usize },
    Recover,
    Wait { ms: Millis },
}

fn deed() -> impl Strategy<Value = Deed> {
    let troubles = prop::sample::select(vec![
        Trouble::UserViolation,
        Trouble::RateLimit,
        Trouble::DownloadFailed,
        Trouble::Temporary,
        Trouble::OurMistake,
        Trouble::Lost,
        Trouble::Unreached,
    ]);
    let whys = prop::sample::select(vec![Why::Violation, Why::Timeout, Why::Strikes]);
    prop_oneof![
        3 => (0..2usize, 0..6u8, prop::sample::select(vec![1i64, 3, 5]))
            .prop_map(|(customer, draft, videos)| Deed::Place { customer, draft, videos }),
        1 => (0..2usize, -4..6i64)
            .prop_filter("a grant of nothing", |(_, credits)| *credits != 0)
            .prop_map(|(customer, credits)| Deed::Grant { customer, credits }),
        5 => Just(Deed::Claim),
        3 => (0..20usize, prop::sample::select(Step::ALL.to_vec()))
            .prop_map(|(holder, step)| Deed::Advance { holder, step }),
        2 => (0..20usize, whys).prop_map(|(holder, why)| Deed::Fail { holder, why }),
        3 => (0..20usize, troubles).prop_map(|(holder, what)| Deed::Trouble { holder, what }),
        2 => (0..20usize).prop_map(|holder| Deed::Deliver { holder }),
        1 => (0..20usize).prop_map(|holder| Deed::Cancel { holder }),
        1 => Just(Deed::Recover),
        2 => (1..2 * HOUR).prop_map(|ms| Deed::Wait { ms }),
    ]
}

/// One video as the model sees it.
#[derive(Clone, Debug)]
struct Video {
    customer: usize,
    lease: i64,
    status: String,
}

/// A world, and what should be true of it.
struct Model {
    world: World,
    customers: Vec<User>,
    credits: Vec<i64>,
    drafts: BTreeMap<(usize, u8), OrderId>,
    videos: BTreeMap<i64, Video>,
    /// Every lease that was ever given, dead ones, too.
    holders: Vec<Job>,
    now: Millis,
}

impl Model {
    fn new() -> Self {
        let world = World::with(|options| options.orders_per_hour = 1_000);
        let customers = vec![world.customer(7, 6), world.customer(8, 2)];
        Self {
            world,
            customers,
            credits: vec![6, 2],
            drafts: BTreeMap::new(),
            videos: BTreeMap::new(),
            holders: Vec::new(),
            now: NOW,
        }
    }

    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Place { customer, draft, videos } => self.place(customer, draft, videos),
            Deed::Grant { customer, credits } => self.grant(customer, credits),
            Deed::Claim => self.claim(),
            Deed::Recover => {
                let now = self.now;
                self.world.write(move |tx, shop| recover(tx, shop, now));
            }
            Deed::Wait { ms } => self.now += ms,
            Deed::Advance { holder, .. }
            | Deed::Fail { holder, .. }
            | Deed::Trouble { holder, .. }
            | Deed::Deliver { holder }
            | Deed::Cancel { holder } => {
                if !self.holders.is_empty() {
                    let job = self.holders[holder % self.holders.len()].clone();
                    self.with_job(&job, deed);
                }
            }
        }
        self.compare();
    }

    fn place(&mut self, customer: usize, draft: u8, videos: i64) {
        let (user, now) = (self.customers[customer].clone(), self.now);
        let name = format!("{customer}-{draft}");
        let placed = self
            .world
            .write(move |tx, shop| place(tx, shop, &user, &new_order(&name, videos), now));
        match (self.drafts.get(&(customer, draft)), placed) {
            (Some(order), placed) => assert_eq!(placed, Placed::Already(*order)),
            (None, Placed::Started(order)) => {
                assert!(self.credits[customer] >= videos);
                self.credits[customer] -= videos;
                self.drafts.insert((customer, draft), order);
                let last = self.world.number("SELECT MAX(id) FROM jobs");
                for id in last - videos + 1..=last {
                    let video = Video { customer, lease: 0, status: "queued".into() };
                    assert!(self.videos.insert(id, video).is_none());
                }
            }
            (None, Placed::Insufficient(balance)) => {
                assert_eq!(balance, self.credits[customer]);
                assert!(balance < videos);
            }
            (None, placed) => panic!("{placed:?}"),
        }
    }

    fn grant(&mut self, customer: usize, credits: i64) {
        let (user, now) = (self.customers[customer].id, self.now);
        let granted = self.world.write(move |tx, _| {
            let grant = Grant { user, credits, key: None, actor: "operator", note: None };
            ledger::grant(tx, &grant, now)
        });
        let balance = self.credits[customer] + credits;
        if balance < 0 {
            assert_eq!(granted, Granted::TooFew(self.credits[customer]));
        } else {
            assert_eq!(granted, Granted::Done(balance));
            self.credits[customer] = balance;
        }
    }

    fn claim(&mut self) {
        let now = self.now;
        let job = self.world.write(move |tx, _| jobs::claim(tx, &Step::ALL, LIMITS, MINUTE, now));
        let Some(job) = job else { return };
        let video = self.videos.get_mut(&job.id.0).unwrap();
        assert!(matches!(video.status.as_str(), "queued" | "processing"));
        assert!(job.lease > video.lease, "leases only grow");
        video.lease = job.lease;
        self.holders.push(job);
    }

    fn with_job(&mut self, job: &Job, deed: Deed) {
        let (now, id) = (self.now, job.id);
        let video = self.videos.get(&id.0).unwrap();
        let live = matches!(video.status.as_str(), "queued" | "processing");
        let mine = live && video.lease == job.lease;
        let may_end = match deed {
            Deed::Deliver { .. } | Deed::Cancel { .. } => live,
            Deed::Advance { .. } => false,
            _ => mine,
        };
        match deed {
            Deed::Advance { step, .. } => {
                let job = job.clone();
                let moved = self
                    .world
                    .write(move |tx, _| jobs::advance(tx, &job, step, &Found::default(), now, now));
                assert_eq!(moved, mine);
            }
            Deed::Fail { why, .. } => self.world.fail(job, why, now),
            Deed::Trouble { what, .. } => self.world.trouble(job, what, now),
            Deed::Deliver { .. } => self.world.delivered(id, now),
            Deed::Cancel { .. } => self.cancel(id),
            _ => unreachable!(),
        }
        let status = self.world.state(id).split(' ').next().unwrap().to_owned();
        let video = self.videos.get_mut(&id.0).unwrap();
        let ended = matches!(status.as_str(), "done" | "failed" | "canceled");
        assert!(!ended || may_end || status == video.status, "{video:?} {job:?}");
        match deed {
            Deed::Fail { .. } if mine => assert_eq!(status, "failed"),
            Deed::Deliver { .. } if live => assert_eq!(status, "done"),
            _ => {}
        }
        if live && ended && status != "done" {
            self.credits[video.customer] += 1;
        }
        video.status = status;
    }

    /// What a command of the operator does: the row and its hold in one commit.
    fn cancel(&self, id: JobId) {
        let now = self.now;
        self.world.write(move |tx, shop| {
            let changed = tx.execute(
                "UPDATE jobs
                 SET status = 'canceled', finished_at = ?2, leased_at = NULL, lease = lease + 1
                 WHERE id = ?1
                   AND status IN ('queued', 'processing')",
                (id, now),
            )?;
            if changed == 1 {
                assert_eq!(ledger::settle(tx, id, Settle::Release, now)?, 1);
                let order = jobs::get(tx, id)?.and_then(|job| job.order);
                finish(tx, order, now)?;
                refresh(tx, shop, order, now)?;
            }
            Ok(())
        });
    }

    /// The rows say what the model says, for everybody.
    fn compare(&mut self) {
        for (user, credits) in self.customers.iter().zip(&self.credits) {
            assert_eq!(self.world.credits(user), *credits);
            assert!(*credits >= 0);
        }
        for (id, video) in &mut self.videos {
            let status = self.world.state(JobId(*id)).split(' ').next().unwrap().to_owned();
            let ended = |status: &str| matches!(status, "done" | "failed" | "canceled");
            if ended(&video.status) || ended(&status) {
                assert_eq!(status, video.status, "job {id} ended behind the model's back");
            }
            video.status = status;
        }
        self.world.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_history_loses_or_makes_a_credit(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut model = Model::new();
        for deed in deeds {
            model.does(deed);
        }
    }
}
