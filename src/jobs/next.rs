//! What a trouble means for its job: pure, a table.

use super::Step;
use crate::clock::{HOUR, MINUTE, Millis, SECOND};

/// What went wrong, named by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The photo or the words break the provider's rules.
    UserViolation,
    /// The key has no money, or is not accepted.
    Billing,
    /// Too many calls on the key's account.
    RateLimit,
    /// The model does not serve now.
    ModelOff,
    /// The provider could not load the photo's copy.
    DownloadFailed,
    /// It may work in a moment.
    Temporary,
    /// A request that the provider cannot take: our defect.
    OurMistake,
    /// Nothing that we know.
    Unknown,
    /// Bytes went out and no answer came: for a submit, it may have been billed.
    Lost,
    /// No byte went out.
    Unreached,
}

#[cfg(test)]
impl Trouble {
    pub const ALL: [Self; 10] = [
        Self::UserViolation,
        Self::Billing,
        Self::RateLimit,
        Self::ModelOff,
        Self::DownloadFailed,
        Self::Temporary,
        Self::OurMistake,
        Self::Unknown,
        Self::Lost,
        Self::Unreached,
    ];
}

/// Why a job failed; the customer's words depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Rules were broken.
    Violation,
    /// The moderation found the customer's words unfit: nothing was spent on them.
    Words,
    /// No key has money.
    Billing,
    /// All keys are limited.
    Overload,
    /// No model serves.
    ModelOff,
    /// Tried, and nothing worked.
    Temporary,
    /// The render took too long.
    Timeout,
    /// Telegram did not take the video.
    Undelivered,
    /// Our defect.
    Mistake,
    /// An error that we do not know.
    Unknown,
    /// The photo is not there.
    NoPhoto,
    /// The prompt fits no model.
    NoPrompt,
    /// Leases expired or panics, again and again.
    Strikes,
}

impl Why {
    /// As in `jobs.error_class`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Violation => "user_violation",
            Self::Words => "words",
            Self::Billing => "billing",
            Self::Overload => "rate_limit",
            Self::ModelOff => "model_off",
            Self::Temporary => "temporary",
            Self::Timeout => "timeout",
            Self::Undelivered => "undelivered",
            Self::Mistake => "our_mistake",
            Self::Unknown => "unknown",
            Self::NoPhoto => "no_photo",
            Self::NoPrompt => "no_prompt",
            Self::Strikes => "strikes",
        }
    }
}

/// Limits and delays, from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// createTasks per job.
    pub max_attempts: i64,
    /// The first wait after a temporary error; doubles.
    pub temporary_delay: Millis,
    /// The first wait when all keys are limited; doubles.
    pub rate_limit_delay: Millis,
    /// A render that takes longer is refunded.
    pub generation_timeout: Millis,
}

/// A service that cannot be reached at all is waited for this long, a minute between tries.
const UNREACHED_LIMIT: Millis = 2 * HOUR;
const UNREACHED_PAUSE: Millis = MINUTE;
/// Failed tries of one upload.
const UPLOAD_TRIES: i64 = 5;

/// Where a job stands when the trouble comes.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// In which step.
    pub step: Step,
    /// Attempts used before this trouble.
    pub attempts: i64,
    /// Failed tries of this step before this one.
    pub tries: i64,
    /// Since when nobody is reached; the trouble at hand included.
    pub unreached_since: Millis,
    /// Another key.
    pub other_key: OtherKey,
    /// Another model could be asked at once.
    pub other_model: bool,
    /// The photo was not uploaded anew in this round.
    pub other_upload: bool,
}

/// What the other keys could do for the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKey {
    /// One can be asked at once.
    Free,
    /// Those that are left are limited: waiting helps.
    Limited,
    /// There is none.
    None,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again.
    Again {
        /// From this step.
        step: Step,
        /// At this time.
        at: Millis,
        /// It used up an attempt.
        attempt: bool,
        /// A new round: keys and models that refused may be asked again.
        new_round: bool,
    },
    /// Give up and give the credits back.
    Fail(Why),
}

/// Decides. `jitter` is a random number of 0 to 1, so that many jobs do not return together.
pub fn next(trouble: Trouble, s: &Standing, policy: &Policy, now: Millis, jitter: f64) -> Next {
    match trouble {
        Trouble::UserViolation => Next::Fail(Why::Violation),
        Trouble::OurMistake => Next::Fail(Why::Mistake),
        Trouble::Unknown => Next::Fail(Why::Unknown),
        Trouble::Billing | Trouble::RateLimit if s.other_key == OtherKey::Free => at_once(now),
        Trouble::Billing if s.other_key == OtherKey::None => Next::Fail(Why::Billing),
        Trouble::ModelOff if s.other_model => at_once(now),
        Trouble::ModelOff => Next::Fail(Why::ModelOff),
        Trouble::Billing | Trouble::RateLimit => {
            attempt(s, policy, policy.rate_limit_delay, Why::Overload, now, 0.0)
        }
        Trouble::DownloadFailed if s.other_upload && s.attempts < policy.max_attempts => {
            at_once(now)
        }
        Trouble::Unreached => unreached(s, now),
        Trouble::DownloadFailed | Trouble::Temporary | Trouble::Lost => match s.step {
            Step::Upload => upload(s, policy, now, jitter),
            _ => attempt(s, policy, policy.temporary_delay, Why::Temporary, now, jitter),
        },
    }
}

/// The key or the model is chosen anew at `upload`.
fn at_once(now: Millis) -> Next {
    Next::Again { step: Step::Upload, at: now, attempt: false, new_round: false }
}

/// An accepted task was counted when it was accepted; a refused or lost submit counts now.
fn attempt(
    s: &Standing,
    policy: &Policy,
    delay: Millis,
    why: Why,
    now: Millis,
    jitter: f64,
) -> Next {
    let counts_now = s.step != Step::Render;
    let used = s.attempts + i64::from(counts_now);
    if used >= policy.max_attempts {
        return Next::Fail(why);
    }
    let wait = delay << (used - 1).clamp(0, 10);
    let wait = wait + (wait as f64 * 0.2 * jitter) as Millis;
    Next::Again { step: Step::Upload, at: now + wait, attempt: counts_now, new_round: true }
}

fn upload(s: &Standing, policy: &Policy, now: Millis, jitter: f64) -> Next {
    if s.tries + 1 >= UPLOAD_TRIES {
        return Next::Fail(Why::Temporary);
    }
    let wait = policy.temporary_delay << s.tries.clamp(0, 10);
    let wait = wait + (wait as f64 * 0.2 * jitter) as Millis;
    Next::Again { step: Step::Upload, at: now + wait, attempt: false, new_round: false }
}

fn unreached(s: &Standing, now: Millis) -> Next {
    let out = now - s.unreached_since;
    if out >= UNREACHED_LIMIT {
        return Next::Fail(Why::Temporary);
    }
    let wait = out.clamp(SECOND, UNREACHED_PAUSE);
    Next::Again { step: s.step, at: now + wait, attempt: false, new_round: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        max_attempts: 3,
        temporary_delay: 10 * SECOND,
        rate_limit_delay: 60 * SECOND,
        generation_timeout: 30 * MINUTE,
    };
    const NOW: Millis = 1_000_000;

    fn at(step: Step, attempts: i64) -> Standing {
        Standing {
            step,
            attempts,
            tries: 0,
            unreached_since: NOW,
            other_key: OtherKey::None,
            other_model: false,
            other_upload: false,
        }
    }

    #[track_caller]
    fn check(trouble: Trouble, standing: Standing, expected: Next) {
        assert_eq!(next(trouble, &standing, &POLICY, NOW, 0.0), expected);
    }

    fn waits(seconds: i64, attempt: bool) -> Next {
        let at = NOW + seconds * SECOND;
        Next::Again { step: Step::Upload, at, attempt, new_round: true }
    }

    #[test]
    fn what_never_helps_is_not_tried_again() {
        for (trouble, why) in [
            (Trouble::UserViolation, Why::Violation),
            (Trouble::OurMistake, Why::Mistake),
            (Trouble::Unknown, Why::Unknown),
            (Trouble::Billing, Why::Billing),
            (Trouble::ModelOff, Why::ModelOff),
        ] {
            check(trouble, at(Step::Submit, 0), Next::Fail(why));
            check(trouble, at(Step::Render, 1), Next::Fail(why));
        }
    }

    #[test]
    fn another_key_or_model_is_asked_at_once_and_for_nothing() {
        let s = Standing { other_key: OtherKey::Free, other_model: true, ..at(Step::Submit, 2) };
        let s = Standing { other_upload: true, ..s };
        let troubles =
            [Trouble::Billing, Trouble::RateLimit, Trouble::ModelOff, Trouble::DownloadFailed];
        for trouble in troubles {
            check(trouble, s, at_once(NOW));
        }
    }

    #[test]
    fn three_attempts_have_two_waits() {
        check(Trouble::Temporary, at(Step::Submit, 0), waits(10, true));
        check(Trouble::Temporary, at(Step::Submit, 1), waits(20, true));
        check(Trouble::Temporary, at(Step::Submit, 2), Next::Fail(Why::Temporary));
        check(Trouble::Lost, at(Step::Submit, 1), waits(20, true));
        check(Trouble::RateLimit, at(Step::Submit, 0), waits(60, true));
        check(Trouble::RateLimit, at(Step::Submit, 1), waits(120, true));
        check(Trouble::RateLimit, at(Step::Submit, 2), Next::Fail(Why::Overload));
    }

    #[test]
    fn a_task_that_failed_was_counted_when_it_was_accepted() {
        check(Trouble::Temporary, at(Step::Render, 1), waits(10, false));
        check(Trouble::Temporary, at(Step::Render, 2), waits(20, false));
        check(Trouble::Temporary, at(Step::Render, 3), Next::Fail(Why::Temporary));
    }

    #[test]
    fn a_service_out_of_reach_uses_no_attempt_for_two_hours() {
        let mut s = at(Step::Submit, 2);
        let wait =
            |ms| Next::Again { step: Step::Submit, at: NOW + ms, attempt: false, new_round: false };
        for (out, ms) in [(0, SECOND), (8 * SECOND, 8 * SECOND), (HOUR, MINUTE)] {
            s.unreached_since = NOW - out;
            check(Trouble::Unreached, s, wait(ms));
        }
        s.unreached_since = NOW - 2 * HOUR + 1;
        check(Trouble::Unreached, s, wait(MINUTE));
        s.unreached_since = NOW - 2 * HOUR;
        check(Trouble::Unreached, s, Next::Fail(Why::Temporary));
    }

    #[test]
    fn a_key_without_money_beside_a_limited_one_is_a_wait() {
        let s = Standing { other_key: OtherKey::Limited, ..at(Step::Submit, 0) };
        check(Trouble::Billing, s, waits(60, true));
    }

    #[test]
    fn a_photo_is_uploaded_anew_once_and_within_the_attempts() {
        let s = Standing { other_upload: true, ..at(Step::Render, 3) };
        check(Trouble::DownloadFailed, s, Next::Fail(Why::Temporary));
    }

    #[test]
    fn an_upload_has_five_tries() {
        let mut s = at(Step::Upload, 0);
        for (tries, seconds) in [(0, 10), (1, 20), (2, 40), (3, 80)] {
            s.tries = tries;
            let at = NOW + seconds * SECOND;
            let again = Next::Again { step: Step::Upload, at, attempt: false, new_round: false };
            check(Trouble::Temporary, s, again);
        }
        s.tries = 4;
        check(Trouble::Temporary, s, Next::Fail(Why::Temporary));
    }

    #[test]
    fn many_jobs_do_not_return_together() {
        for (step, tries, most) in [(Step::Submit, 0, 12), (Step::Upload, 2, 48)] {
            let s = Standing { tries, ..at(step, 0) };
            let wait = |jitter| match next(Trouble::Temporary, &s, &POLICY, NOW, jitter) {
                Next::Again { at, .. } => at - NOW,
                Next::Fail(why) => panic!("{why:?}"),
            };
            assert_eq!(wait(1.0), most * SECOND, "at most a fifth longer");
            assert_eq!(wait(0.5), most * SECOND * 11 / 12);
        }
    }

    #[test]
    fn every_cause_has_a_word_of_its_own() {
        let words = [
            (Why::Violation, "user_violation"),
            (Why::Words, "words"),
            (Why::Billing, "billing"),
            (Why::Overload, "rate_limit"),
            (Why::ModelOff, "model_off"),
            (Why::Temporary, "temporary"),
            (Why::Timeout, "timeout"),
            (Why::Undelivered, "undelivered"),
            (Why::Mistake, "our_mistake"),
            (Why::Unknown, "unknown"),
            (Why::NoPhoto, "no_photo"),
            (Why::NoPrompt, "no_prompt"),
            (Why::Strikes, "strikes"),
        ];
        for (why, word) in words {
            assert_eq!(why.word(), word, "rows of older versions have it");
        }
    }
}
