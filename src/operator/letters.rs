//! What the operator reads in the chat, in their language.

use jiff::civil::Date;

use super::keys::Key;
use super::overview::{Attention, Overview, Period, Waiting};
use crate::clock::{DAY, HOUR, Millis};
use crate::instance::State;
use crate::orders::{Closed, minutes};
use crate::text::{Arg, Lang, Texts, shorten};

/// Whose words.
pub(super) struct Letters<'a> {
    pub(super) texts: &'a Texts,
    pub(super) lang: Lang,
}

impl Letters<'_> {
    pub(super) fn say(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.say(self.lang, id, args)
    }

    pub(super) fn report_title(&self, date: Date) -> String {
        let date = match self.lang {
            Lang::Ru => date.strftime("%d.%m.%Y").to_string(),
            Lang::En => date.strftime("%-d %B %Y").to_string(),
        };
        self.say("report-title", &[("date", Arg::Str(&date))])
    }

    pub(super) fn today_title(&self) -> String {
        self.say("report-today", &[])
    }

    /// A span's account: what it brought, what the keys have left, what needs somebody.
    pub(super) fn account(
        &self,
        title: String,
        period: &Period,
        overview: &Overview,
        now: Millis,
    ) -> String {
        let needs: Vec<_> =
            overview.attention.iter().filter_map(|one| self.attention(one, now)).collect();
        let needs = if needs.is_empty() {
            self.say("report-all-well", &[])
        } else {
            format!("{}\n{}", self.say("report-needs", &[]), needs.join("\n"))
        };
        let keys: Vec<_> =
            overview.keys.iter().filter(|key| key.configured).map(|key| self.key(key)).collect();
        [title, self.period(period), keys.join("\n"), needs].join("\n\n")
    }

    fn period(&self, period: &Period) -> String {
        let num = |id: &str, n: i64| self.say(id, &[("n", Arg::Num(n))]);
        let mut lines = Vec::new();
        if period.orders == 0 {
            lines.push(self.say("report-no-orders", &[]));
        } else {
            lines.push(num("report-orders", period.orders));
        }
        if period.videos > 0 {
            lines.push(num("report-videos", period.videos));
        }
        if period.failed > 0 {
            lines.push(num("report-failed", period.failed));
        }
        if period.refunds > 0 {
            lines.push(num("report-refunds", period.refunds));
        }
        if period.gifts > 0 {
            lines.push(num("report-gifts", period.gifts));
        }
        if period.stars > 0 {
            lines.push(num("report-stars", period.stars));
        }
        let credits = |n: i64| Arg::Html(self.say("credits", &[("n", Arg::Num(n))]));
        let money = [("in", credits(period.credits_in)), ("out", credits(period.credits_out))];
        lines.push(self.say("report-credits", &money));
        lines.push(num("report-cost", period.provider_credits.round() as i64));
        if let Some(rate) = period.success_rate {
            // Rounded down: one failure of a thousand is not "all".
            lines.push(num("report-success", (rate * 100.0).floor() as i64));
        }
        if let Some(seconds) = period.median_seconds {
            lines.push(num("report-median", minutes((seconds * 1_000.0) as Millis)));
        }
        lines.join("\n")
    }

    fn key(&self, key: &Key) -> String {
        let position = ("key", Arg::Num(key.position));
        match (key.balance, key.videos_left) {
            (None, _) => self.say("report-key-unknown", &[position]),
            (Some(balance), left) => {
                let args = [
                    position,
                    ("n", Arg::Num(balance.floor() as i64)),
                    ("videos", Arg::Num(left.unwrap_or(0))),
                ];
                self.say("report-key", &args)
            }
        }
    }

    /// `None`: not while this process lives to tell.
    fn attention(&self, one: &Attention, now: Millis) -> Option<String> {
        let n = |count: i64| ("n", Arg::Num(count));
        let key = |position: i64| ("key", Arg::Num(position));
        let said = match one {
            Attention::NotRunning { .. } => return None,
            Attention::SafeMode { .. } => self.say("attention-safe-mode", &[]),
            Attention::DiskLow { free_bytes } => {
                self.say("attention-disk", &[n((free_bytes >> 20) as i64)])
            }
            Attention::SellingClosed { reason } => self.closed(*reason),
            Attention::SubmittingPaused { .. } => self.say("attention-submitting-paused", &[]),
            Attention::SellingPaused { .. } => self.say("attention-selling-paused", &[]),
            Attention::KeyBlocked { position, class, .. } => match class.as_str() {
                "billing" => self.say("attention-key-billing", &[key(*position)]),
                "rate_limit" => self.say("attention-key-limited", &[key(*position)]),
                _ => self.say("attention-key-blocked", &[key(*position)]),
            },
            Attention::OldJob { id, created_at, .. } => {
                let args = [("job", Arg::Num(id.0)), ("span", self.span(now - created_at))];
                self.say("attention-old-job", &args)
            }
            Attention::OpenTickets { count, asked_at } => {
                self.say("attention-tickets", &[n(*count), ("span", self.span(now - asked_at))])
            }
            Attention::ModelEnded { model } => {
                self.say("attention-model-ended", &[("model", Arg::Str(model))])
            }
            Attention::ModelOff { model, .. } => {
                self.say("attention-model-off", &[("model", Arg::Str(model))])
            }
            Attention::ModelPaused { model, until } => {
                let args = [("model", Arg::Str(model)), ("span", self.span(until - now))];
                self.say("attention-model-paused", &args)
            }
            Attention::LowBalance { position, balance, .. } => {
                self.say("attention-low-balance", &[key(*position), n(balance.floor() as i64)])
            }
            Attention::LostSubmits { count } => self.say("attention-lost", &[n(*count)]),
            Attention::MessagesDropped { count, .. } => self.say("attention-dropped", &[n(*count)]),
            Attention::OpenAlert { text, .. } => {
                self.say("attention-alert", &[("text", Arg::Str(&shorten(text, 300)))])
            }
        };
        Some(said)
    }

    fn closed(&self, why: Closed) -> String {
        match why {
            Closed::NoKey => self.say("attention-no-key", &[]),
            Closed::NoModel => self.say("attention-no-model", &[]),
            Closed::Budget => self.say("attention-budget", &[]),
            Closed::Paused | Closed::TooManyOrders | Closed::Banned => {
                self.say("attention-selling-paused", &[])
            }
        }
    }

    /// The queue by step.
    pub(super) fn queue(&self, state: State, queue: &[Waiting], now: Millis) -> String {
        let mut lines = vec![self.say("queue-title", &[]), String::new()];
        if queue.is_empty() {
            lines.push(self.say("queue-empty", &[]));
        }
        for one in queue {
            let step = Arg::Html(self.step(&one.step));
            let (jobs, span) = (Arg::Num(one.jobs), self.span(now - one.oldest_at));
            lines.push(self.say("queue-line", &[("step", step), ("n", jobs), ("span", span)]));
        }
        let closed = [
            (state.safe_mode, "attention-safe-mode"),
            (state.paused, "attention-selling-paused"),
            (state.submitting_paused, "attention-submitting-paused"),
        ];
        for (_, id) in closed.iter().filter(|(is, _)| *is) {
            lines.push(format!("\n{}", self.say(id, &[])));
        }
        lines.join("\n")
    }

    fn step(&self, step: &str) -> String {
        let id = match step {
            "script" => "step-script",
            "upload" => "step-upload",
            "submit" => "step-submit",
            "render" => "step-render",
            "fetch" => "step-fetch",
            _ => "step-deliver",
        };
        self.say(id, &[])
    }

    /// Rounded down to the largest unit, at least a minute.
    fn span(&self, ms: Millis) -> Arg<'static> {
        let (id, n) = match ms {
            days if days >= 2 * DAY => ("span-days", days / DAY),
            hours if hours >= 2 * HOUR => ("span-hours", hours / HOUR),
            short => ("span-minutes", minutes(short)),
        };
        Arg::Html(self.say(id, &[("n", Arg::Num(n))]))
    }
}
