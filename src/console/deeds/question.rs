//! The question before a deed: what it is about, and what it would do.

use super::{Deed, Doer};
use crate::clock::Millis;
use crate::db::JobId;
use crate::operator::effects::{self, Cancel, Outage};
use crate::operator::{Refused, hands};
use crate::text::{Arg, shorten};
use anyhow::{Result, bail};

impl Doer {
    /// The question before a deed: its object, and its effect in credits. `Err`: why it would do
    /// nothing.
    pub(in crate::console) fn question(&self, deed: &Deed, now: Millis) -> Result<String, String> {
        self.weigh(deed, now).map_err(|error| self.said(&error))
    }

    fn weigh(&self, deed: &Deed, now: Millis) -> Result<String> {
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
            Deed::Retry(jobs) if jobs.len() == 1 && self.live(jobs)?.live.len() == 1 => {
                Err(Refused::StillRuns(jobs[0]).into())
            }
            Deed::Retry(jobs) | Deed::RetryGroup { jobs, .. } => of(
                "ask-retry",
                &[("jobs", Arg::Str(&named(jobs))), ("n", Arg::Num(jobs.len() as i64))],
            ),
            Deed::Cancel(jobs) => self.cancel_question(jobs),
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
            Deed::Promo { code, credits, uses, days } => of(
                if days.is_some() { "ask-promo-days" } else { "ask-promo" },
                &[
                    ("code", Arg::Str(code)),
                    ("credits", Arg::Num(*credits)),
                    ("uses", Arg::Num(*uses)),
                    ("days", Arg::Num(days.unwrap_or(0))),
                ],
            ),
            Deed::PauseSelling => of("ask-pause-selling", &[]),
            Deed::PauseSubmitting => of("ask-pause-submitting", &[]),
            Deed::Drain => of("ask-drain", &[]),
            Deed::Resume => of("ask-resume", &[]),
            Deed::Quit { .. } => of("ask-quit", &[]),
            Deed::Hurry(_)
            | Deed::Raise(_)
            | Deed::Unban { .. }
            | Deed::Broadcast { .. }
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

    fn live(&self, jobs: &[JobId]) -> Result<Cancel> {
        self.db.read(|conn| effects::cancel(conn, jobs))
    }

    /// Of many, some may have ended since they were marked.
    fn cancel_question(&self, jobs: &[JobId]) -> Result<String> {
        let effect = self.live(jobs)?;
        if effect.live.is_empty() {
            let Some(first) = jobs.first() else { bail!("no job is marked") };
            return Err(Refused::Ended(*first).into());
        }
        let args = [
            ("jobs", Arg::Str(&named(&effect.live))),
            ("n", Arg::Num(effect.live.len() as i64)),
            ("credits", Arg::Num(effect.credits)),
            ("rendering", Arg::Num(effect.rendering as i64)),
        ];
        Ok(self.words.tell_of("ask-cancel", &args).trim_end().to_owned())
    }
}

/// "12", "12, 13, 14" or "12, 13, 14 …".
fn named(jobs: &[JobId]) -> String {
    let first: Vec<String> = jobs.iter().take(5).map(ToString::to_string).collect();
    let more = if jobs.len() > first.len() { " …" } else { "" };
    first.join(", ") + more
}
