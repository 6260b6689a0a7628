//! What the operator has the program do: the question before it, the doing, and the words after.

use super::toasts::Toast;
use super::words::Words;
use crate::audit::By;
use crate::clock::{Millis, SECOND};
use crate::db::{Db, JobId, Tx};
use crate::operator::Refused;
use crate::operator::effects::{self, Outage};
use crate::operator::hands::{self, Gift, Several};
use crate::orders::Shop;
use crate::text::{Arg, shorten};
use anyhow::Result;
use std::sync::Arc;

/// Jobs that run again together begin one after the other, so that they crowd out nobody.
const STAGGER: Millis = 5 * SECOND;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Retry(Vec<JobId>),
    /// Of a cause, the oldest that nobody has run again yet, and how many there are.
    RetryGroup {
        jobs: Vec<JobId>,
        of: usize,
    },
    Cancel(Vec<JobId>),
    Hurry(Vec<JobId>),
    Raise(Vec<JobId>),
    Grant {
        user: i64,
        credits: i64,
        note: String,
    },
    Ban {
        user: i64,
        note: String,
    },
    Unban {
        user: i64,
    },
    Write {
        user: i64,
        text: String,
    },
    /// By fingerprint, or by number in the configuration.
    Block {
        key: String,
        note: String,
    },
    Unblock {
        key: String,
    },
    AskBalance {
        key: String,
    },
    Switch {
        model: String,
        on: bool,
    },
    PauseSelling,
    PauseSubmitting,
    Drain,
    Resume,
    /// Leaves the console; `stops`: the appliance with it.
    Quit {
        stops: bool,
    },
}

/// Who does it, and with what.
pub(super) struct Doer {
    pub(super) db: Db,
    pub(super) shop: Arc<Shop>,
    pub(super) by: By,
    pub(super) words: Arc<Words>,
    /// How old the heartbeat of a living appliance may be.
    pub(super) alive_within: Millis,
}

impl Deed {
    /// What can be taken back with another key is not asked about.
    pub(super) fn asks(&self) -> bool {
        !matches!(
            self,
            Self::Hurry(_)
                | Self::Raise(_)
                | Self::AskBalance { .. }
                | Self::Unblock { .. }
                | Self::Unban { .. }
                | Self::Switch { on: true, .. }
                | Self::Quit { stops: false }
        )
    }

    /// It changes nothing in the database.
    pub(super) fn is_harmless(&self) -> bool {
        matches!(self, Self::Quit { .. })
    }
}

impl Doer {
    /// The question before a deed: its object, and its effect in credits.
    pub(super) fn question(&self, deed: &Deed, now: Millis) -> Result<String> {
        let words = &self.words;
        let of =
            |id: &str, args: &[(&str, Arg<'_>)]| Ok(words.tell_of(id, args).trim_end().to_owned());
        match deed {
            Deed::RetryGroup { jobs, of: all } if jobs.len() < *all => of(
                "ask-retry-oldest",
                &[
                    ("n", Arg::Str(&words.number(jobs.len() as i64))),
                    ("of", Arg::Str(&words.number(*all as i64))),
                ],
            ),
            Deed::Retry(jobs) | Deed::RetryGroup { jobs, .. } => of(
                "ask-retry",
                &[("jobs", Arg::Str(&named(jobs))), ("n", Arg::Num(jobs.len() as i64))],
            ),
            Deed::Cancel(jobs) => self.before_canceling(jobs),
            Deed::Grant { user, credits, note } => of(
                if *credits < 0 { "ask-take" } else { "ask-grant" },
                &[
                    ("user", Arg::Str(&user.to_string())),
                    ("credits", Arg::Num(credits.saturating_abs())),
                    ("note", Arg::Str(note)),
                ],
            ),
            Deed::Ban { user, note } => {
                of("ask-ban", &[("user", Arg::Str(&user.to_string())), ("note", Arg::Str(note))])
            }
            Deed::Write { user, text } => of(
                "ask-write",
                &[("user", Arg::Str(&user.to_string())), ("text", Arg::Str(&shorten(text, 300)))],
            ),
            Deed::Block { key, .. } => {
                let effect = self
                    .db
                    .read(|conn| effects::block_key(conn, &hands::key_named(conn, key)?, now));
                let asked = words.tell_of("ask-block", &[("key", Arg::Str(key))]);
                // Of a key that there is not, the deed itself says so.
                Ok(asked + &effect.map_or_else(|_| String::new(), |it| self.outage(&it)))
            }
            Deed::Switch { model, .. } => {
                let effect =
                    self.db.read(|conn| effects::switch_off(conn, &self.shop, model, now))?;
                let asked = words.tell_of("ask-switch-off", &[("model", Arg::Str(model))]);
                Ok(asked + &self.outage(&effect))
            }
            Deed::PauseSelling => of("ask-pause-selling", &[]),
            Deed::PauseSubmitting => of("ask-pause-submitting", &[]),
            Deed::Drain => of("ask-drain", &[]),
            Deed::Resume => of("ask-resume", &[]),
            Deed::Quit { .. } => of("ask-quit", &[]),
            Deed::Hurry(_)
            | Deed::Raise(_)
            | Deed::Unban { .. }
            | Deed::Unblock { .. }
            | Deed::AskBalance { .. } => Ok(String::new()),
        }
    }

    /// What else a key or a model takes with it.
    fn outage(&self, effect: &Outage) -> String {
        let args = [("n", Arg::Num(effect.failing as i64)), ("credits", Arg::Num(effect.credits))];
        match effect {
            Outage { failing: 1.., .. } => format!(" {}", self.words.tell_of("ask-fails", &args)),
            Outage { others: 0, .. } => format!(" {}", self.words.tell("ask-last")),
            _ => String::new(),
        }
    }

    /// Of many jobs some may have ended since they were marked: the others are named.
    fn before_canceling(&self, jobs: &[JobId]) -> Result<String> {
        let (effect, live) = self.db.read(|conn| {
            let lives =
                |job: &&JobId| effects::cancel(conn, &[**job]).is_ok_and(|one| one.live > 0);
            let live: Vec<JobId> = jobs.iter().filter(lives).copied().collect();
            Ok((effects::cancel(conn, jobs)?, live))
        })?;
        let jobs = if live.is_empty() { jobs } else { &live };
        let question = self.words.tell_of(
            "ask-cancel",
            &[
                ("jobs", Arg::Str(&named(jobs))),
                ("n", Arg::Num(effect.live as i64)),
                ("credits", Arg::Num(effect.credits)),
                ("rendering", Arg::Num(effect.rendering as i64)),
            ],
        );
        Ok(question.trim_end().to_owned())
    }

    /// Does it, and says so; a refusal is said as kindly.
    pub(super) fn run(&self, deed: &Deed, now: Millis) -> Toast {
        match self.done(deed, now) {
            Ok(text) => Toast::good(text),
            Err(error) => Toast::bad(match error.downcast_ref::<Refused>() {
                Some(refused) => refusal(&self.words, refused),
                None => format!("{error:#}"),
            }),
        }
    }

    fn done(&self, deed: &Deed, now: Millis) -> Result<String> {
        match deed {
            Deed::Retry(jobs)
            | Deed::RetryGroup { jobs, .. }
            | Deed::Cancel(jobs)
            | Deed::Hurry(jobs)
            | Deed::Raise(jobs) => self.to_jobs(deed, jobs.clone(), now),
            Deed::Grant { .. } | Deed::Ban { .. } | Deed::Unban { .. } | Deed::Write { .. } => {
                self.to_customer(deed, now)
            }
            Deed::Block { .. } | Deed::Unblock { .. } | Deed::AskBalance { .. } => {
                self.to_key(deed, now)
            }
            Deed::Switch { model, on } => {
                let (name, on) = (model.clone(), *on);
                self.write(move |tx, shop, by| hands::switch_model(tx, shop, by, &name, on, now))?;
                let id = if on { "done-switch-on" } else { "done-switch-off" };
                Ok(self.words.tell_of(id, &[("model", Arg::Str(model))]))
            }
            Deed::PauseSelling => {
                self.write(move |tx, _, by| hands::pause_selling(tx, by, now))?;
                Ok(self.words.tell("done-pause-selling"))
            }
            Deed::PauseSubmitting => {
                self.write(move |tx, _, by| hands::pause_submitting(tx, by, now))?;
                Ok(self.words.tell("done-pause-submitting"))
            }
            Deed::Drain => {
                self.write(move |tx, _, by| hands::drain(tx, by, now))?;
                Ok(self.words.tell("done-drain"))
            }
            Deed::Resume => {
                self.write(move |tx, _, by| hands::resume(tx, by, now))?;
                Ok(self.words.tell("done-resume"))
            }
            Deed::Quit { .. } => Ok(String::new()),
        }
    }

    fn to_jobs(&self, deed: &Deed, jobs: Vec<JobId>, now: Millis) -> Result<String> {
        let (id, done) = match deed {
            // By itself, a job can be run again more than once.
            Deed::Retry(one) if one.len() == 1 => {
                let again = move |tx: &Tx<'_>, _: &Shop, by: &By| {
                    hands::each(&jobs, |job| hands::retry(tx, by, job, now, now))
                };
                ("done-retry", self.write(again)?)
            }
            Deed::Retry(_) | Deed::RetryGroup { .. } => {
                let again = move |tx: &Tx<'_>, _: &Shop, by: &By| {
                    hands::retry_all(tx, by, &jobs, STAGGER, now)
                };
                ("done-retry", self.write(again)?)
            }
            Deed::Hurry(_) => {
                let hurry = move |tx: &Tx<'_>, _: &Shop, by: &By| {
                    hands::each(&jobs, |job| match hands::hurry(tx, by, job, now)? {
                        true => Ok(job),
                        false => Err(Refused::Due(job).into()),
                    })
                };
                ("done-hurry", self.write(hurry)?)
            }
            Deed::Raise(_) => {
                let raise = move |tx: &Tx<'_>, _: &Shop, by: &By| {
                    hands::each(&jobs, |job| hands::raise(tx, by, job, now).map(|_| job))
                };
                ("done-raise", self.write(raise)?)
            }
            _ => {
                let cancel = move |tx: &Tx<'_>, shop: &Shop, by: &By| {
                    hands::each(&jobs, |job| hands::cancel(tx, shop, by, job, now))
                };
                let back = self.write(cancel)?;
                let credits = Arg::Num(back.done.iter().sum());
                return self.told("done-cancel", &back, credits);
            }
        };
        self.told(id, &done, Arg::Num(0))
    }

    /// What came of several jobs; where nothing did, that is an error.
    fn told<T>(&self, id: &str, all: &Several<T>, credits: Arg<'_>) -> Result<String> {
        let done = all.done.len();
        let skipped = match all.skipped.as_slice() {
            [] => String::new(),
            [one] if done == 0 => return Err(one.clone().into()),
            [first, ..] => {
                let why = refusal(&self.words, first);
                let n = Arg::Num(all.skipped.len() as i64);
                self.words.tell_of("done-skipped", &[("n", n), ("why", Arg::Str(&why))])
            }
        };
        if done == 0 {
            anyhow::bail!(skipped);
        }
        let args = [("n", Arg::Num(done as i64)), ("credits", credits)];
        Ok(format!("{} {skipped}", self.words.tell_of(id, &args)).trim_end().to_owned())
    }

    fn to_customer(&self, deed: &Deed, now: Millis) -> Result<String> {
        let (user, id) = match deed.clone() {
            Deed::Grant { user, credits, note } => {
                let balance = self.write(move |tx, shop, by| {
                    let gift = Gift { tg_user_id: user, credits, note: &note };
                    hands::grant(tx, shop, by, &gift, now)
                })?;
                let args = [("user", Arg::Str(&user.to_string())), ("n", Arg::Num(balance))];
                return Ok(self.words.tell_of("done-grant", &args));
            }
            Deed::Ban { user, note } => {
                self.write(move |tx, _, by| hands::ban(tx, by, user, &note, now))?;
                (user, "done-ban")
            }
            Deed::Unban { user } => {
                self.write(move |tx, _, by| hands::unban(tx, by, user, "", now))?;
                (user, "done-unban")
            }
            Deed::Write { user, text } => {
                self.write(move |tx, shop, by| hands::write_to(tx, shop, by, user, &text, now))?;
                (user, "done-write")
            }
            _ => return Ok(String::new()),
        };
        Ok(self.words.tell_of(id, &[("user", Arg::Str(&user.to_string()))]))
    }

    fn to_key(&self, deed: &Deed, now: Millis) -> Result<String> {
        let (key, id) = match deed.clone() {
            Deed::Block { key, note } => {
                let shown = key.clone();
                self.write(move |tx, _, by| {
                    hands::block_key(tx, by, &hands::key_named(tx, &key)?, None, &note, now)
                })?;
                (shown, "done-block")
            }
            Deed::Unblock { key } => {
                let shown = key.clone();
                let was = self.write(move |tx, _, by| {
                    hands::unblock_key(tx, by, &hands::key_named(tx, &key)?, now)
                })?;
                (shown, if was { "done-unblock" } else { "done-unblock-nothing" })
            }
            Deed::AskBalance { key } => {
                let (shown, alive_within) = (key.clone(), self.alive_within);
                let runs = self.write(move |tx, _, by| {
                    hands::ask_balance(tx, by, &hands::key_named(tx, &key)?, alive_within, now)
                })?;
                (shown, if runs { "done-ask" } else { "done-ask-later" })
            }
            _ => return Ok(String::new()),
        };
        Ok(self.words.tell_of(id, &[("key", Arg::Str(&key))]))
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>, &Shop, &By) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (shop, by) = (Arc::clone(&self.shop), self.by.clone());
        self.db.write(move |tx| work(tx, &shop, &by))
    }
}

/// "12", "12, 13, 14" or "12, 13, 14 …".
fn named(jobs: &[JobId]) -> String {
    let first: Vec<String> = jobs.iter().take(5).map(ToString::to_string).collect();
    let more = if jobs.len() > first.len() { " …" } else { "" };
    first.join(", ") + more
}

/// A refusal in the console's language; the commands have their own words for it.
fn refusal(words: &Words, refused: &Refused) -> String {
    let job = |id: &str, job: &JobId| words.tell_of(id, &[("job", Arg::Str(&job.to_string()))]);
    match refused {
        Refused::NoJob(id) => job("refused-no-job", id),
        Refused::Ended(id) => job("refused-ended", id),
        Refused::StillRuns(id) => job("refused-still-runs", id),
        Refused::RunAgain(id) => job("refused-run-again", id),
        Refused::Due(id) => job("refused-due", id),
        Refused::InWork(id) => job("refused-in-work", id),
        Refused::NotOurs { job: id, .. } => job("refused-not-ours", id),
        Refused::SubmitsHeld(id) => job("refused-submits-held", id),
        Refused::TopPriority(id) => job("refused-top-priority", id),
        Refused::NoUser(user) => {
            words.tell_of("refused-no-user", &[("user", Arg::Str(&user.to_string()))])
        }
        Refused::NoCredits => words.tell("refused-no-credits"),
        Refused::TooMuch(credits) => {
            let args = [("n", Arg::Num(*credits)), ("most", Arg::Num(hands::CREDITS_MAX))];
            words.tell_of("refused-too-much", &args)
        }
        Refused::TooFew { user, balance, wanted } => words.tell_of(
            "refused-too-few",
            &[
                ("user", Arg::Str(&user.to_string())),
                ("n", Arg::Num(*balance)),
                ("wanted", Arg::Num(*wanted)),
            ],
        ),
        Refused::NoWords => words.tell("refused-no-words"),
        Refused::TooLong(letters) => {
            words.tell_of("refused-too-long", &[("n", Arg::Num(*letters as i64))])
        }
        Refused::TooMany(jobs) => {
            words.tell_of("refused-too-many", &[("n", Arg::Num(*jobs as i64))])
        }
        Refused::NoKey(position) => {
            words.tell_of("refused-no-key", &[("key", Arg::Str(&position.to_string()))])
        }
        Refused::UnknownKey(key) => words.tell_of("refused-no-key", &[("key", Arg::Str(key))]),
        // Refunds are asked for by a command.
        Refused::NoPayment(_) | Refused::Refunded(_) => refused.to_string(),
        Refused::NoModel(model, _) => {
            words.tell_of("refused-no-model", &[("model", Arg::Str(model))])
        }
    }
}

#[cfg(test)]
mod tests;
