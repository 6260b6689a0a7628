//! Random histories of a shop on a real file, against a model of a few lines: what came in, came
//! twice, came late or never, crashes, restored backups and a clock that jumps.

mod books;
mod model;
mod refunds;

use super::*;
use model::Model;
use proptest::prelude::*;

/// Indexes are taken modulo what there is; where there is nothing, nothing happens.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A confirmed draft; the same once more is a button that was pressed twice.
    Order {
        customer: usize,
        draft: u8,
        videos: i64,
    },
    Grant {
        customer: usize,
        credits: i64,
    },
    Buy {
        customer: usize,
        credits: i64,
    },
    /// The Stars of a payment are back; what is told once more changes nothing.
    Refund {
        payment: usize,
    },
    /// The gift to who is new: every /start asks for it.
    Welcome {
        customer: usize,
    },
    Ban {
        customer: usize,
        banned: bool,
    },
    /// Selling is closed, or opened.
    Pause {
        paused: bool,
    },
    /// A thread takes the most urgent job and does its step.
    Turn {
        outcome: Outcome,
    },
    /// A thread takes it and is slow.
    Claim,
    /// A thread tells what came of its step: once, again, or after its lease expired.
    Work {
        holder: usize,
        outcome: Outcome,
    },
    /// What the provider says of a task.
    Poll {
        task: usize,
        outcome: Outcome,
    },
    /// What Telegram says of a video's message, which may be an old one.
    Telegram {
        message: usize,
        verdict: Verdict,
    },
    /// The video of a refunded render comes after all, and is told of twice.
    Late {
        gift: usize,
    },
    Cancel {
        video: usize,
    },
    /// A customer presses the button of an order, which may be an old one.
    TakeBack {
        order: usize,
    },
    RunAgain {
        video: usize,
    },
    /// All that was in memory is gone; the next start.
    Crash,
    /// A copy of the database.
    Backup,
    /// The last copy takes its place.
    Restore,
    /// Forward, or where the clock was put back.
    Time {
        ms: Millis,
    },
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Good,
    Bad(Trouble),
    /// A mistake of ours: a step that does not follow.
    Astray(Step),
    Failed(Why),
}

#[derive(Clone, Copy, Debug)]
enum Verdict {
    Sent,
    Refused,
    Blocked,
    TooLarge,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let troubles = prop::sample::select(Trouble::ALL.to_vec());
    let whys = prop::sample::select(vec![Why::Violation, Why::Timeout, Why::Strikes]);
    prop_oneof![
        12 => Just(Outcome::Good),
        5 => troubles.prop_map(Outcome::Bad),
        1 => prop::sample::select(Step::ALL.to_vec()).prop_map(Outcome::Astray),
        1 => whys.prop_map(Outcome::Failed),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let verdicts = vec![Verdict::Sent, Verdict::Refused, Verdict::Blocked, Verdict::TooLarge];
    let some = 0..20usize;
    prop_oneof![
        6 => (0..2usize, 0..6u8, prop::sample::select(vec![1i64, 1, 3, 5]))
            .prop_map(|(customer, draft, videos)| Event::Order { customer, draft, videos }),
        2 => (0..2usize, prop::sample::select(vec![-4i64, -1, 1, 2, 5]))
            .prop_map(|(customer, credits)| Event::Grant { customer, credits }),
        2 => (0..2usize, prop::sample::select(vec![1i64, 3, 5]))
            .prop_map(|(customer, credits)| Event::Buy { customer, credits }),
        3 => some.clone().prop_map(|payment| Event::Refund { payment }),
        1 => (0..2usize).prop_map(|customer| Event::Welcome { customer }),
        1 => (0..2usize, any::<bool>())
            .prop_map(|(customer, banned)| Event::Ban { customer, banned }),
        1 => prop::bool::weighted(0.3).prop_map(|paused| Event::Pause { paused }),
        30 => outcome().prop_map(|outcome| Event::Turn { outcome }),
        4 => Just(Event::Claim),
        8 => (some.clone(), outcome())
            .prop_map(|(holder, outcome)| Event::Work { holder, outcome }),
        5 => (some.clone(), outcome()).prop_map(|(task, outcome)| Event::Poll { task, outcome }),
        6 => (some.clone(), prop::sample::select(verdicts))
            .prop_map(|(message, verdict)| Event::Telegram { message, verdict }),
        2 => some.clone().prop_map(|gift| Event::Late { gift }),
        2 => some.clone().prop_map(|video| Event::Cancel { video }),
        3 => some.clone().prop_map(|order| Event::TakeBack { order }),
        1 => some.prop_map(|video| Event::RunAgain { video }),
        2 => Just(Event::Crash),
        1 => Just(Event::Backup),
        1 => Just(Event::Restore),
        6 => prop_oneof![
            4 => SECOND..5 * MINUTE,
            2 => HOUR..30 * HOUR,
            1 => -3 * HOUR..0,
        ]
        .prop_map(|ms| Event::Time { ms }),
    ]
}

proptest! {
    // As many histories as PROPTEST_CASES says, else 256.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_loses_or_makes_a_credit(events in prop::collection::vec(event(), 1..80)) {
        let mut model = Model::new();
        for event in events {
            model.meets(event);
        }
    }
}
