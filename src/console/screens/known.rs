//! What is stored in English, in the operator's words. What nobody knows is shown as it is stored.

use super::Context;
use crate::console::words::Words;
use crate::operator::queue::FilterError;
use crate::text::Arg;

/// A stored word, and the id of its text.
type Known = [(&'static str, &'static str)];

/// What came of a step.
const EVENTS: &Known = &[
    ("claimed", "was-claimed"),
    ("written", "was-written"),
    ("uploaded", "was-uploaded"),
    ("accepted", "was-accepted"),
    ("orphan", "was-orphan"),
    ("rendered", "was-rendered"),
    ("fetched", "was-fetched"),
    ("trouble", "was-trouble"),
    ("done", "was-done"),
    ("failed", "was-failed"),
    ("canceled", "was-canceled"),
    ("late", "was-late"),
    ("gift", "was-gift"),
    ("no gift", "was-no-gift"),
];

/// What came of a call that asks for a video.
const SUBMITS: &Known = &[
    ("sending", "call-sending"),
    ("accepted", "call-accepted"),
    ("refused", "call-refused"),
    ("lost", "call-lost"),
    ("unsent", "call-unsent"),
];

const MESSAGES: &Known = &[
    ("pending", "message-pending"),
    ("sent", "message-sent"),
    ("dropped", "message-dropped"),
    ("text", "message-text"),
    ("photo", "chat-photo"),
    ("video", "job-video"),
];

/// Kinds of trouble, as a job's story and its failure name them.
const CLASSES: &Known = &[
    ("UserViolation", "class-violation"),
    ("user_violation", "class-violation"),
    ("words", "class-words"),
    ("Billing", "block-billing"),
    ("billing", "block-billing"),
    ("RateLimit", "block-rate-limit"),
    ("rate_limit", "block-rate-limit"),
    ("ModelOff", "class-model-off"),
    ("model_off", "class-model-off"),
    ("DownloadFailed", "class-download"),
    ("Temporary", "class-temporary"),
    ("temporary", "class-temporary"),
    ("OurMistake", "class-mistake"),
    ("our_mistake", "class-mistake"),
    ("Unknown", "class-unknown"),
    ("unknown", "class-unknown"),
    ("Lost", "call-lost"),
    ("Unreached", "class-unreached"),
    ("timeout", "class-timeout"),
    ("undelivered", "class-undelivered"),
    ("no_photo", "class-no-photo"),
    ("no_prompt", "class-no-prompt"),
    ("strikes", "class-strikes"),
];

/// Who moved credits, and how an operator reached the program.
const ACTORS: &Known = &[
    ("bot", "actor-bot"),
    ("worker", "actor-worker"),
    ("operator", "actor-operator"),
    ("welcome", "actor-welcome"),
    ("command", "way-command"),
    ("console", "way-console"),
    ("chat", "way-chat"),
];

/// The audit's verbs.
const DEEDS: &Known = &[
    ("grant", "deed-grant"),
    ("retry", "deed-retry"),
    ("cancel", "deed-cancel"),
    ("run now", "deed-hurry"),
    ("raise", "deed-raise"),
    ("ban", "deed-ban"),
    ("unban", "deed-unban"),
    ("message", "deed-message"),
    ("block", "deed-block"),
    ("unblock", "deed-unblock"),
    ("ask balance", "deed-ask"),
    ("switch on", "deed-switch-on"),
    ("switch off", "deed-switch-off"),
    ("pause", "deed-pause-selling"),
    ("pause submitting", "deed-pause-submitting"),
    ("drain", "deed-drain"),
    ("resume", "deed-resume"),
    ("refund-payment", "deed-refund"),
    ("restore", "deed-restore"),
    ("import", "deed-import"),
];

/// Whole sayings of the audit.
const SAYINGS: &Known = &[
    ("selling", "said-selling"),
    ("selling and submitting", "said-both"),
    ("database", "over-database"),
    ("served", "said-served"),
    ("banned", "customer-banned"),
    ("free", "key-free"),
    ("blocked", "said-blocked"),
    ("on", "model-on"),
    ("off", "said-off"),
    ("paused", "said-paused"),
    ("open", "said-open"),
    ("closed", "said-closed"),
    ("selling paused", "said-selling-paused"),
    ("submitting paused", "said-submitting-paused"),
    ("safe mode", "said-safe-mode"),
    ("due now", "said-due-now"),
    ("refused by Telegram", "said-refused"),
];

/// What stands before an id or a number.
const NAMES: &Known = &[
    ("user ", "named-user"),
    ("job ", "named-job"),
    ("runs again as job ", "named-rerun"),
    ("key ", "named-key"),
    ("model ", "named-model"),
    ("payment ", "named-payment"),
    ("priority ", "named-priority"),
    ("task ", "named-task"),
    ("message ", "named-message"),
    ("status:", "named-status"),
    ("video:", "named-job"),
    ("gift:", "named-gift"),
    ("fail:", "named-fail"),
];

impl Context<'_> {
    fn known(&self, word: &str, of: &Known) -> Option<String> {
        of.iter().find(|(stored, _)| *stored == word).map(|(_, id)| self.tell(id))
    }

    fn word(&self, word: &str, of: &Known) -> String {
        self.known(word, of).unwrap_or_else(|| word.to_owned())
    }

    /// Why a job failed, by its class.
    pub(super) fn class(&self, class: &str) -> String {
        self.word(class, CLASSES)
    }

    /// Who moved credits, or how an operator came; a note that the program wrote.
    pub(super) fn actor(&self, actor: &str) -> String {
        self.word(actor, ACTORS)
    }

    /// A move of credits.
    pub(super) fn ledger(&self, kind: &str, delta: i64) -> String {
        match kind {
            "grant" if delta < 0 => self.tell("ledger-taken"),
            "grant" => self.tell("ledger-grant"),
            "import" => self.tell("ledger-import"),
            "purchase" => self.tell("ledger-purchase"),
            "hold" => self.tell("ledger-hold"),
            "charge" => self.tell("ledger-charge"),
            "release" => self.tell("ledger-release"),
            "repay" => self.tell("ledger-repay"),
            other => other.to_owned(),
        }
    }

    /// A line of a job's story: what happened.
    pub(super) fn happened(&self, of: &str, what: &str) -> String {
        match (of, what.split_once(' ')) {
            ("event", Some((step, came))) => {
                format!("{}: {}", self.step(step), self.word(came, EVENTS))
            }
            ("submit", _) => format!("{} {}", self.tell("of-submit"), self.word(what, SUBMITS)),
            ("ledger", _) => format!("{} {}", self.tell("of-ledger"), self.ledger(what, 0)),
            ("message", _) => format!("{} {}", self.tell("of-message"), self.word(what, MESSAGES)),
            _ => what.to_owned(),
        }
    }

    /// What such a line says more.
    pub(super) fn detail(&self, of: &str, what: &str, detail: &str) -> String {
        let parts = |known: &dyn Fn(usize, &str) -> Option<String>| {
            let parts = detail.split(", ").enumerate();
            let said = parts.map(|(at, part)| known(at, part).unwrap_or_else(|| part.to_owned()));
            said.collect::<Vec<_>>().join(", ")
        };
        match of {
            "ledger" => parts(&|at, part| if at > 0 { self.known(part, ACTORS) } else { None }),
            "message" => parts(&|at, part| match at {
                0 => self.known(part, MESSAGES),
                _ => self.named(part),
            }),
            "submit" => parts(&|_, part| self.named(part)),
            _ if what.ends_with("fetched") => {
                detail.parse().map_or(detail.to_owned(), |bytes| self.words.bytes(bytes))
            }
            _ if detail == "by the operator" => self.tell("said-by-operator"),
            _ => match detail.split_once(": ") {
                Some((class, error)) => format!("{}: {error}", self.class(class)),
                None => detail.to_owned(),
            },
        }
    }

    /// The audit's verb.
    pub(super) fn deed(&self, action: &str) -> String {
        self.word(action, DEEDS)
    }

    /// What the audit says of an object, before or after.
    pub(super) fn said(&self, text: &str) -> String {
        if let Some(all) = text.split(", ").map(|one| self.known(one, SAYINGS)).collect() {
            let all: Vec<String> = all;
            return all.join(", ");
        }
        if let Some((user, rest)) = text.split_once(": ") {
            return format!("{}: {rest}", self.said(user));
        }
        let special = self.counted(text).or_else(|| {
            let step = text.strip_prefix("at ")?;
            Some(self.tell_of("said-at", &[("step", Arg::Str(&self.step(step)))]))
        });
        special.or_else(|| self.named(text)).unwrap_or_else(|| text.to_owned())
    }

    /// Sayings with numbers in them.
    fn counted(&self, text: &str) -> Option<String> {
        let credits = |text: &str| -> Option<i64> {
            text.strip_suffix(" credits").or_else(|| text.strip_suffix(" credit"))?.parse().ok()
        };
        let of = |id: &str, n: i64| self.tell_of(id, &[("n", Arg::Num(n))]);
        if let Some(n) = credits(text) {
            return Some(of("said-credits", n));
        }
        if let Some(back) = text.strip_prefix("canceled, ").and_then(|it| it.strip_suffix(" back"))
        {
            return Some(of("said-canceled", credits(back)?));
        }
        if let Some(parts) = text.strip_prefix("back; ").and_then(|it| it.strip_suffix(" owed")) {
            let (taken, owed) = parts.split_once(" taken, ")?;
            let args = [("n", Arg::Num(credits(taken)?)), ("owed", Arg::Str(owed))];
            return Some(self.tell_of("said-refunded", &args));
        }
        let length = |before: &str, after: &str, unit: i64| {
            let n: i64 = text.strip_prefix(before)?.strip_suffix(after)?.parse().ok()?;
            Some(self.words.span(n.checked_mul(unit)?))
        };
        if let Some(span) = length("due in ", " s", 1_000) {
            return Some(self.tell_of("age-future", &[("span", Arg::Str(&span))]));
        }
        if let Some(span) = length("blocked for ", " min", 60_000) {
            return Some(self.tell_of("said-blocked-for", &[("span", Arg::Str(&span))]));
        }
        let class = text.strip_prefix("blocked (")?.strip_suffix(')')?;
        Some(self.tell_of("said-blocked-why", &[("why", Arg::Str(&self.block(class)))]))
    }

    /// `user 42`, `key ab12cd34`, `status:7`; an id has no space in it.
    fn named(&self, text: &str) -> Option<String> {
        let found = NAMES
            .iter()
            .find_map(|(before, text_id)| Some((*before, *text_id, text.strip_prefix(before)?)));
        let (before, text_id, id) = found.filter(|(_, _, id)| !id.contains(' '))?;
        // "fail:12:timeout": the order, and why.
        let id = if before == "fail:" { id.split(':').next()? } else { id };
        Some(self.tell_of(text_id, &[("id", Arg::Str(id))]))
    }
}

/// Why a filter is not understood.
pub(in crate::console) fn unclear(words: &Words, error: &FilterError) -> String {
    let (id, word) = match error {
        FilterError::Field(word) => ("filter-field", word.as_str()),
        FilterError::Empty(word) => ("filter-empty", word.as_str()),
        FilterError::State(word) => ("filter-state", word.as_str()),
        FilterError::Step(word) => ("filter-step", word.as_str()),
        FilterError::Number(word) => ("unclear-number", word.as_str()),
        FilterError::Age(word) => ("filter-age", word.as_str()),
        FilterError::TooLong => ("filter-too-long", ""),
    };
    words.tell_of(id, &[("word", Arg::Str(word))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::look::Look;
    use crate::text::Lang;
    use jiff::tz::TimeZone;

    fn with<T>(lang: Lang, work: impl Fn(&Context<'_>) -> T) -> T {
        let words = Words::new(lang, TimeZone::UTC).unwrap();
        let look = Look { colour: false, unicode: true };
        work(&Context { words: &words, look, now: 0, width: 80, turned: false })
    }

    #[test]
    fn the_audit_is_read_in_the_operators_language() {
        for (stored, ru, en) in [
            ("user 42", "клиент 42", "user 42"),
            ("1 credits", "1 кредит", "1 credit"),
            ("22 credits", "22 кредита", "22 credits"),
            ("at render", "на шаге «съёмка»", "at render"),
            ("canceled, 1 credits back", "отменено, вернулся 1 кредит", "canceled, 1 credit back"),
            (
                "canceled, 5 credits back",
                "отменено, вернулось 5 кредитов",
                "canceled, 5 credits back",
            ),
            ("due in 3600 s", "через 1 ч", "in 1h"),
            ("blocked (billing)", "заблокирован: нет денег", "blocked: no money"),
            ("blocked for 60 min", "заблокирован на 1 ч", "blocked for 1h"),
            (
                "selling paused, safe mode",
                "продажи закрыты, безопасный режим",
                "selling closed, safe mode",
            ),
            ("user 101: 300 Stars", "клиент 101: 300 Stars", "user 101: 300 Stars"),
            (
                "back; 1 credit taken, 2 owed",
                "Stars вернулись; забран 1 кредит, не хватило 2",
                "Stars are back; 1 credit taken, 2 owed",
            ),
            ("runs again as job 19", "повтор — видео 19", "runs again as job 19"),
            ("something new", "something new", "something new"),
        ] {
            assert_eq!(with(Lang::Ru, |it| it.said(stored)), ru);
            assert_eq!(with(Lang::En, |it| it.said(stored)), en);
        }
    }

    #[test]
    fn a_jobs_story_is_told_in_the_operators_language() {
        for (of, what, detail, ru) in [
            ("event", "script written", "kling", "сценарий: написан | kling"),
            (
                "event",
                "submit trouble",
                "RateLimit: slow: down",
                "отправка: не вышло | превышен лимит: slow: down",
            ),
            ("event", "fetch fetched", "18874368", "скачивание: видео скачано | 18 МБ"),
            ("event", "deliver canceled", "by the operator", "доставка: отменено | вами"),
            ("event", "deliver newly", "x", "доставка: newly | x"),
            (
                "submit",
                "accepted",
                "kling, key ab12, task t7",
                "запрос: принят | kling, ключ ab12, задача t7",
            ),
            ("ledger", "hold", "-1, bot", "кредиты: отложено | -1, бот"),
            (
                "message",
                "sent",
                "text, status:12, message 178",
                "сообщение: отправлено | текст, статус заказа 12, сообщение 178",
            ),
        ] {
            let told = with(Lang::Ru, |it| {
                format!("{} | {}", it.happened(of, what), it.detail(of, what, detail))
            });
            assert_eq!(told, ru);
        }
    }
}
