//! What the operator has the program do: the question before it, the doing, and the words after.

mod question;

use super::toasts::Toast;
use super::words::Words;
use crate::audit::By;
use crate::clock::{self, Millis, SECOND};
use crate::db::{Db, JobId, Tx};
use crate::operator::Refused;
use crate::operator::hands::{self, Gift, NewPromo, Several};
use crate::operator::head::Pulse;
use crate::operator::mailing;
use crate::orders::Shop;
use crate::text::Arg;
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
    /// A draft in the first administrator's chat: nothing goes out from here.
    Broadcast {
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
    /// A code that is worth credits.
    Promo {
        code: String,
        credits: i64,
        uses: i64,
        days: Option<i64>,
    },
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
                | Self::Broadcast { .. }
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
    /// Does it, and says so; a refusal is said as kindly.
    pub(super) fn run(&self, deed: &Deed, now: Millis) -> Toast {
        match self.done(deed, now) {
            Ok(text) => Toast::good(text),
            Err(error) => Toast::bad(self.said(&error)),
        }
    }

    /// Why something was not done, in the console's language where we have words for it.
    fn said(&self, error: &anyhow::Error) -> String {
        match error.downcast_ref::<Refused>() {
            Some(refused) => refusal(&self.words, refused),
            None => format!("{error:#}"),
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
            Deed::Broadcast { text } => {
                let total = self.db.read(|conn| mailing::audience(conn, None, now))?;
                let text = text.clone();
                let admin = self.write(move |tx, shop, by| {
                    hands::draft_broadcast(tx, shop, by, (&text, total), now)
                })?;
                Ok(self.words.tell_of("done-broadcast", &[("user", Arg::Str(&admin.to_string()))]))
            }
            Deed::Promo { code, credits, uses, days } => {
                let (new, credits, uses, days) = (code.clone(), *credits, *uses, *days);
                self.write(move |tx, _, by| {
                    let new = NewPromo { code: &new, credits, uses, days };
                    hands::make_promo(tx, by, &new, now)
                })?;
                Ok(self.words.tell_of("done-promo", &[("code", Arg::Str(code))]))
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
                let wall = Some(clock::wall());
                let pulse = Pulse { alive_within: self.alive_within, wall };
                let shown = key.clone();
                let runs = self.write(move |tx, _, by| {
                    hands::ask_balance(tx, by, &hands::key_named(tx, &key)?, pulse, now)
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
        // Refunds and promo codes are asked for by a command.
        Refused::NoPayment(_)
        | Refused::Refunded(_)
        | Refused::PromoNumber(_)
        | Refused::PromoCode(_) => refused.to_string(),
        Refused::NoModel(model, _) => {
            words.tell_of("refused-no-model", &[("model", Arg::Str(model))])
        }
    }
}

#[cfg(test)]
mod tests;
