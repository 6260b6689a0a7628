use super::*;
use crate::audit::Way;
use crate::orders::tests::{MODELS, NOW, World};
use crate::text::Lang;
use jiff::tz::TimeZone;

fn doer(world: &World) -> Doer {
    Doer {
        db: world.db.clone(),
        shop: Arc::clone(&world.shop),
        by: By { way: Way::Console, who: "ann".into() },
        words: Arc::new(Words::new(Lang::En, TimeZone::UTC).unwrap()),
        alive_within: 30_000,
    }
}

/// Four videos that wait for their script.
fn waiting() -> (World, Vec<JobId>) {
    let world = World::new();
    let ann = world.customer(7, 4);
    let jobs = world.order(&ann, "d", 4);
    (world, jobs)
}

#[test]
fn the_question_names_what_the_last_key_or_model_takes_with_it() {
    let (world, _) = waiting();
    let doer = doer(&world);
    let block = |key: &str| Deed::Block { key: key.to_owned(), note: String::new() };
    let off = |at: usize| Deed::Switch { model: MODELS[at].to_owned(), on: false };
    let asks = |deed: &Deed| doer.question(deed, NOW).unwrap();
    assert!(!asks(&block("1")).contains("NOTHING ELSE") && !asks(&off(0)).contains("NOTHING ELSE"));
    assert!(doer.run(&block("2"), NOW).good && doer.run(&off(1), NOW).good);
    for deed in [block("1"), block("aaaa"), off(0)] {
        let asked = asks(&deed);
        assert!(asked.contains("4 videos that wait") && asked.contains("4 credits"), "{asked}");
        assert!(asked.contains("Holding submits"), "{asked}");
    }
    world.sql("UPDATE jobs SET step = 'render', kie_task_id = id");
    assert!(asks(&block("1")).ends_with("selling closes."));
    assert!(asks(&block("9")).starts_with("Block key 9?"), "the deed says that there is none");
}

#[test]
fn one_that_is_refused_does_not_keep_the_others() {
    let (world, jobs) = waiting();
    let doer = doer(&world);
    world.sql("UPDATE jobs SET due_at = 99999999 WHERE id IN (1, 2)");
    world.sql("UPDATE jobs SET step = 'render' WHERE id = 3");
    let hurried = doer.run(&Deed::Hurry(jobs.clone()), NOW);
    assert!(hurried.good && hurried.text.starts_with("2 videos are due now. 2 were skipped: "));
    assert!(!doer.run(&Deed::Hurry(jobs.clone()), NOW).good, "nothing was left to do");
    let alone = doer.run(&Deed::Hurry(vec![jobs[3]]), NOW);
    assert_eq!(alone.text, "Job 4 is due already: it waits for a thread.");
    let canceled = doer.run(&Deed::Cancel(vec![jobs[0], jobs[0], jobs[1]]), NOW);
    assert_eq!(canceled.text, "Canceled; 2 credits went back (2 videos).");
    let raised = doer.run(&Deed::Raise(jobs.clone()), NOW);
    assert!(raised.text.starts_with("2 videos go before others now. 2 were skipped"), "{raised:?}");
    let again = doer.run(&Deed::Retry(jobs), NOW);
    assert!(again.text.starts_with("2 videos run again. 2 were skipped: Job 3 "), "{again:?}");
}

#[test]
fn an_old_picture_of_a_cause_makes_nothing_twice_and_one_video_can_be_made_again() {
    let (world, jobs) = waiting();
    let doer = doer(&world);
    doer.run(&Deed::Cancel(vec![jobs[0]]), NOW);
    let group = Deed::RetryGroup { jobs: vec![jobs[0]], of: 1_200 };
    let asked = doer.question(&group, NOW).unwrap();
    assert!(asked.contains("the oldest 1 of 1200"), "{asked}");
    assert!(doer.run(&group, NOW).good && !doer.run(&group, NOW).good);
    assert!(doer.run(&Deed::Retry(vec![jobs[0]]), NOW).good);
    assert_eq!(world.number("SELECT COUNT(*) FROM jobs WHERE rerun_of IS NOT NULL"), 2);
}
