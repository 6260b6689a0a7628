//! Each screen as rows and lines of its facts; one file per screen. Nothing here draws but the chat.

mod alerts;
mod audit;
pub(super) mod chat;
mod customers;
mod failures;
mod job;
mod keys;
pub(super) mod known;
mod models;
mod overview;
mod payments;
pub(super) mod queue;

use super::look::{Look, Meaning};
use super::page::{Page, span};
use super::picture::{Body, Picture};
use super::view::Kind;
use super::words::Words;
use crate::clock::Millis;
use crate::text::Arg;
use ratatui::text::Span;

/// What a screen is made with.
pub(super) struct Context<'a> {
    pub(super) words: &'a Words,
    pub(super) look: Look,
    pub(super) now: Millis,
    /// Columns of the terminal.
    pub(super) width: usize,
    /// The screen's other half is wanted.
    pub(super) turned: bool,
}

/// The screen of a picture.
pub(super) fn page(context: &Context<'_>, picture: &Picture) -> Page {
    match &picture.body {
        Body::Nothing => Page { empty: context.tell("nothing-there"), ..Page::default() },
        Body::Overview(overview, machine) => {
            overview::page(context, &picture.head, overview, machine.as_ref())
        }
        Body::Queue(rows) => queue::page(context, rows, &picture.request.filter),
        Body::Job(story) => job::page(context, story),
        Body::Failures(groups) => failures::page(context, groups),
        Body::Keys(all) => keys::page(context, all),
        Body::Models(all, rated) => models::page(context, all, rated),
        Body::Customers(rows) => customers::page(context, rows),
        Body::Customer(account) => customers::account(context, account),
        Body::Payments(rows) => payments::page(context, rows),
        Body::Alerts(all, log) => alerts::page(context, all, log),
        Body::Audit(lines) => audit::page(context, lines),
    }
}

/// What a screen is for: the id of its text in the help.
pub(super) fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Overview => "about-overview",
        Kind::Queue => "about-queue",
        Kind::Failures => "about-failures",
        Kind::Keys => "about-keys",
        Kind::Models => "about-models",
        Kind::Customers => "about-customers",
        Kind::Payments => "about-payments",
        Kind::Alerts => "about-alerts",
        Kind::Audit => "about-audit",
        Kind::Chat => "about-chat",
        Kind::Job => "about-job",
        Kind::Customer => "about-customer",
    }
}

impl Context<'_> {
    fn tell(&self, id: &str) -> String {
        self.words.tell(id)
    }

    fn tell_of(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.words.tell_of(id, args)
    }

    fn age(&self, at: Millis) -> String {
        self.words.age(at, self.now)
    }

    fn since(&self, at: Millis) -> String {
        self.words.span(self.now - at)
    }

    /// A text about something that happened at a time.
    fn since_of(&self, id: &str, at: Millis) -> String {
        self.tell_of(id, &[("age", Arg::Str(&self.age(at)))])
    }

    fn span(&self, text: impl Into<String>, meaning: Meaning) -> Span<'static> {
        span(text, meaning, self.look)
    }

    /// The outside's word for where a job stands, and what it means.
    fn status(&self, status: &str) -> (String, Meaning) {
        match status {
            "queued" => (self.tell("status-queued"), Meaning::Plain),
            "processing" => (self.tell("status-processing"), Meaning::Busy),
            "done" => (self.tell("status-done"), Meaning::Good),
            "failed" => (self.tell("status-failed"), Meaning::Bad),
            "canceled" => (self.tell("status-canceled"), Meaning::Dim),
            other => (other.to_owned(), Meaning::Plain),
        }
    }

    fn step(&self, step: &str) -> String {
        match step {
            "script" => self.tell("step-script"),
            "upload" => self.tell("step-upload"),
            "submit" => self.tell("step-submit"),
            "render" => self.tell("step-render"),
            "fetch" => self.tell("step-fetch"),
            "deliver" => self.tell("step-deliver"),
            other => other.to_owned(),
        }
    }

    /// Why a key is not used.
    fn block(&self, class: &str) -> String {
        match class {
            "billing" => self.tell("block-billing"),
            "rate_limit" => self.tell("block-rate-limit"),
            "operator" => self.tell("block-operator"),
            other => other.to_owned(),
        }
    }
}

/// How a customer is called: by @name, else by their own name.
fn name(username: Option<&String>, first_name: Option<&String>) -> String {
    let handle = username.map(|name| format!("@{name}"));
    handle.or_else(|| first_name.cloned()).unwrap_or_else(|| "–".to_owned())
}

/// Values as bars one letter high, the last on the right.
fn bars(values: &[f64]) -> String {
    let most = values.iter().copied().fold(0.0, f64::max);
    let bar = |value: &f64| match *value {
        value if value <= 0.0 || most <= 0.0 => '·',
        value => {
            let step = (value / most * 8.0).ceil().clamp(1.0, 8.0) as u32;
            char::from_u32(0x2580 + step).unwrap_or('█')
        }
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn bars_grow_with_their_values() {
        assert_eq!(super::bars(&[0.0, 1.0, 4.0, 8.0]), "·▁▄█");
        assert_eq!(super::bars(&[0.0, 0.0]), "··");
        assert_eq!(super::bars(&[]), "");
    }
}
