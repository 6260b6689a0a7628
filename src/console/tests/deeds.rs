//! Every deed on the recorded evening: its question, its words afterwards, its line in the audit.

use super::screens::is_as_before;
use super::{Desk, LANGUAGES, Start};
use crate::console::deeds::Deed;
use crate::db::JobId;
use crate::text::Lang;
use std::fmt::Write as _;

fn jobs(ids: &[i64]) -> Vec<JobId> {
    ids.iter().copied().map(JobId).collect()
}

/// What can be done.
fn deeds(desk: &Desk) -> Vec<Deed> {
    let (failed, rendering, waiting) = (desk.failed(), desk.rendering(), desk.waiting());
    let toys = desk.number("SELECT MIN(id) FROM jobs WHERE error_class = 'our_mistake'");
    vec![
        Deed::Retry(jobs(&[toys])),
        Deed::Retry(jobs(&[toys, toys + 1, toys + 2])),
        Deed::Cancel(jobs(&[rendering])),
        Deed::Cancel(jobs(&[rendering, waiting])),
        // Some of many may have ended by then.
        Deed::Cancel(jobs(&[failed, waiting])),
        Deed::Hurry(jobs(&[waiting])),
        Deed::Raise(jobs(&[rendering, waiting])),
        Deed::Grant { user: 104, credits: 5, note: "a late gift".into() },
        Deed::Grant { user: 101, credits: -1, note: "granted twice".into() },
        Deed::Ban { user: 105, note: "спам".into() },
        Deed::Unban { user: 106 },
        Deed::Write { user: 102, text: "Your pots come <soon> & safe.".into() },
        Deed::Block { key: "1".into(), note: "top-up".into() },
        Deed::Unblock { key: "2".into() },
        Deed::Unblock { key: "1".into() },
        Deed::AskBalance { key: "1".into() },
        Deed::Switch { model: "kling-3.0/video".into(), on: false },
        Deed::Switch { model: "bytedance/seedance-2-mini".into(), on: true },
        Deed::PauseSelling,
        Deed::PauseSubmitting,
        Deed::Drain,
        Deed::Resume,
    ]
}

/// What is refused.
fn refused(desk: &Desk) -> Vec<Deed> {
    let (failed, rendering) = (desk.failed(), desk.rendering());
    let leased = desk.number("SELECT MIN(id) FROM jobs WHERE leased_at IS NOT NULL");
    vec![
        Deed::Retry(jobs(&[rendering])),
        Deed::Retry(jobs(&[999])),
        Deed::Retry(jobs(&[failed; 2_000])),
        Deed::Cancel(jobs(&[failed])),
        Deed::Hurry(jobs(&[rendering])),
        Deed::Hurry(jobs(&[leased])),
        Deed::Raise(jobs(&[failed])),
        Deed::Grant { user: 999, credits: 5, note: "x".into() },
        Deed::Grant { user: 105, credits: -1_000, note: "x".into() },
        Deed::Grant { user: 101, credits: 0, note: "x".into() },
        Deed::Ban { user: 999, note: "x".into() },
        Deed::Write { user: 102, text: " ".into() },
        Deed::Write { user: 102, text: "a".repeat(5_000) },
        Deed::Block { key: "9".into(), note: String::new() },
        Deed::Unblock { key: "nosuch".into() },
        Deed::Switch { model: "nosuch/model".into(), on: false },
    ]
}

const LAST: &str = "SELECT way || ' ' || who || ': ' || action || ' ' || object
        || ', ' || COALESCE(before, '-') || ' > ' || COALESCE(after, '-')
        || COALESCE(' (' || note || ')', '')
     FROM audit ORDER BY id DESC LIMIT 1";

fn lines(desk: &Desk) -> i64 {
    desk.number("SELECT COUNT(*) FROM audit")
}

#[test]
fn each_deed_asks_says_and_is_written_down_as_before() {
    for (lang, code) in LANGUAGES {
        let count = deeds(&Start::new(lang).open()).len();
        let mut all = String::new();
        for at in 0..count {
            let desk = Start::new(lang).open();
            let deed = deeds(&desk).swap_remove(at);
            let before = lines(&desk);
            let question = desk.doer.question(&deed, desk.now).unwrap();
            let question = if deed.asks() { question } else { "not asked about".to_owned() };
            assert!(!question.is_empty(), "{deed:?}");
            assert_eq!(lines(&desk), before, "a question changes nothing");
            let toast = desk.doer.run(&deed, desk.now);
            assert!(toast.good, "{deed:?}: {}", toast.text);
            let _ = writeln!(all, "{deed:?}\n  ? {question}\n  = {}", toast.text);
            if lines(&desk) > before {
                let last = desk.words_of(LAST);
                assert!(last.starts_with("console vera: "), "{last}");
                let _ = writeln!(all, "  audit: {last}");
            }
        }
        is_as_before(&format!("deeds-{code}"), &all);
    }
}

#[test]
fn each_refusal_is_said_as_before_and_changes_nothing() {
    for (lang, code) in LANGUAGES {
        let desk = Start::new(lang).open();
        let before = lines(&desk);
        let mut all = String::new();
        for deed in refused(&desk) {
            let toast = desk.doer.run(&deed, desk.now);
            assert!(!toast.good, "{deed:?}: {}", toast.text);
            let name: String = format!("{deed:?}").chars().take(60).collect();
            let _ = writeln!(all, "{name}\n  = {}", toast.text);
        }
        assert_eq!(lines(&desk), before);
        is_as_before(&format!("refusals-{code}"), &all);
    }
}

#[test]
fn a_job_that_ended_while_it_was_asked_about_is_not_canceled() {
    let mut desk = Start::new(Lang::En).open();
    let deed = Deed::Cancel(jobs(&[desk.rendering()]));
    assert!(desk.doer.question(&deed, desk.now).unwrap().contains("1 credit goes back"));
    assert!(desk.doer.run(&deed, desk.now).good);
    let credits = desk.number("SELECT credits FROM users WHERE tg_user_id = 101");
    let again = desk.doer.run(&deed, desk.now);
    assert!(!again.good && again.text.contains("has ended"), "{}", again.text);
    assert_eq!(desk.number("SELECT credits FROM users WHERE tg_user_id = 101"), credits);
    assert!(desk.doer.question(&deed, desk.now).unwrap_err().contains("has ended"));
    desk.looks();
}

#[test]
fn what_waits_for_the_operator_cannot_be_hurried() {
    let mut desk = Start::new(Lang::En).open();
    let job = desk.waiting();
    assert!(desk.doer.run(&Deed::PauseSubmitting, desk.now).good);
    desk.sql(&format!("UPDATE jobs SET step = 'submit' WHERE id = {job}"));
    let toast = desk.doer.run(&Deed::Hurry(jobs(&[job])), desk.now);
    assert!(toast.text.contains("submits are held"), "{}", toast.text);
    desk.sql(&format!("UPDATE jobs SET priority = 9 WHERE id = {job}"));
    let toast = desk.doer.run(&Deed::Raise(jobs(&[job])), desk.now);
    assert!(toast.text.contains("highest priority"), "{}", toast.text);
}
