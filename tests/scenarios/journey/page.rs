//! What was done and said on the walk, written down as Markdown.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;

use neurocards::sandbox::telegram::{Button, Does, Kind, Message};
use neurocards::text::Lang;

use crate::{Appliance, Customer};

/// The same in both languages: Russian, English.
pub(super) type Both<'a> = (&'a str, &'a str);

/// Somebody's chat with the bot, as they live it.
pub(super) struct Page<'a> {
    pub(super) shop: &'a Appliance,
    pub(super) who: Customer<'a>,
    lang: Lang,
    steps: Cell<usize>,
    /// What came up to this message stands on the page.
    read: Cell<i64>,
    text: RefCell<String>,
}

impl<'a> Page<'a> {
    pub(super) fn of(who: Customer<'a>, lang: Lang) -> Self {
        let (shop, text) = (who.of, RefCell::default());
        Self { shop, who, lang, steps: Cell::new(0), read: Cell::new(0), text }
    }

    pub(super) fn text(self) -> String {
        masked(&self.text.into_inner())
    }

    pub(super) fn pick<'t>(&self, (ru, en): Both<'t>) -> &'t str {
        if self.lang == Lang::Ru { ru } else { en }
    }

    pub(super) fn lang(&self) -> Lang {
        self.lang
    }

    fn writes(&self, paragraph: &str) {
        let _ = writeln!(self.text.borrow_mut(), "{}\n", paragraph.trim_end());
    }

    /// A step of the journey begins.
    pub(super) fn step(&self, title: Both<'_>) {
        self.steps.set(self.steps.get() + 1);
        self.writes(&format!("### {}. {}", self.steps.get(), self.pick(title)));
    }

    /// What a reader has to know.
    pub(super) fn notes(&self, words: Both<'_>) {
        self.writes(&format!("*{}*", self.pick(words)));
    }

    fn acts(&self, deed: Both<'_>, what: &str) {
        let name = self.pick(("Анна", "Ann"));
        self.writes(&format!("**{name}** {} {what}", self.pick(deed)));
    }

    /// Writes something, and reads the answer.
    pub(super) fn says(&self, text: &str) {
        self.acts(("пишет:", "writes:"), text);
        self.shop.sandbox().telegram().says(self.who.id, text);
        self.hears();
    }

    pub(super) fn says_either(&self, text: Both<'_>) {
        self.says(self.pick(text));
    }

    /// Sends anything else.
    pub(super) fn sends(&self, what: Both<'_>, send: impl FnOnce(i64) -> i64) {
        self.acts(("присылает", "sends"), &format!("*{}*", self.pick(what)));
        send(self.who.id);
        self.hears();
    }

    /// Presses the newest button with this in its label; what comes is read by whoever asks.
    #[track_caller]
    pub(super) fn taps(&self, label: &str) {
        let newest = |message: &Message| message.button(label).is_some();
        let message = self.who.chat().into_iter().rev().find(newest);
        let Some(message) = message else { panic!("no {label}") };
        self.taps_on(&message, label);
    }

    /// Presses a button of this message.
    #[track_caller]
    pub(super) fn taps_on(&self, message: &Message, label: &str) {
        let button = message.button(label).unwrap();
        let Does::Data(data) = &button.does else { panic!("{label} is a link") };
        self.acts(("нажимает", "presses"), &self.shown(button));
        let telegram = self.shop.sandbox().telegram();
        let press = telegram.presses(self.who.id, message.id, data);
        let answer = || telegram.answer(&press).map(|answer| answer.text);
        let toast = self.shop.waits_for("an answer to a button", answer);
        if !toast.is_empty() {
            self.writes(&format!("> *{}:* {toast}", self.pick(("всплывает", "pops up"))));
        }
    }

    /// The same, and what comes.
    #[track_caller]
    pub(super) fn presses(&self, label: &str) {
        self.taps(label);
        self.hears();
    }

    /// Pays an invoice; returns whether Telegram let them.
    #[track_caller]
    pub(super) fn pays(&self, invoice: &Message) {
        self.acts(("нажимает", "presses"), &self.shown(&invoice.buttons[0][0]));
        let paid = self.who.pays(invoice);
        match (paid.answer, paid.charge) {
            (Some(Ok(())), Some(charge)) => self.who.is_credited(&charge),
            (Some(Err(why)), None) => {
                let window = self.pick(("в окне оплаты", "in the payment's window"));
                self.writes(&format!("> *{window}:* {why}"));
            }
            other => panic!("{other:?}"),
        }
        self.hears();
    }

    /// All that has come meanwhile, once nothing more is to come.
    #[track_caller]
    pub(super) fn hears(&self) {
        self.rests();
        let telegram = self.shop.sandbox().telegram();
        let mut news = telegram.messages_after(self.who.id, self.read.get());
        // Which of two videos is ready first is chance.
        if news.iter().all(|message| message.kind == Kind::Video) {
            news.sort_by(|a, b| a.text.cmp(&b.text));
        }
        news.iter().for_each(|message| self.quotes(message));
        self.read.set(telegram.last_id());
    }

    /// Until every update is handled, every button answered, and nothing is on its way.
    #[track_caller]
    pub(super) fn rests(&self) {
        let telegram = self.shop.sandbox().telegram();
        let on_the_way = "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'pending')
                               + (SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL)";
        self.shop.waits_for("a quiet chat", || {
            let quiet = telegram.unconfirmed() == 0
                && telegram.unanswered_callbacks().is_empty()
                && self.shop.value::<i64>(on_the_way) == 0;
            quiet.then_some(())
        });
    }

    /// A message of the bot's.
    pub(super) fn quotes(&self, message: &Message) {
        let mut lines: Vec<String> = Vec::new();
        let kind = match message.kind {
            Kind::Text => None,
            Kind::Photo => Some(("картинка", "a picture")),
            Kind::Video => Some(("видео", "a video")),
            Kind::Document => Some(("файл", "a file")),
            Kind::Invoice => Some(("счёт", "an invoice")),
        };
        if let Some(kind) = kind {
            lines.extend([format!("*{}*", self.pick(kind)), String::new()]);
        }
        lines.extend(markdown(&message.html).lines().map(str::to_owned));
        if !message.buttons.is_empty() {
            lines.push(String::new());
        }
        for row in &message.buttons {
            let row = row.iter().map(|button| self.shown(button));
            lines.push(row.collect::<Vec<_>>().join(" "));
        }
        self.writes(&quoted(&lines));
    }

    /// As a label; one that leads out of the chat has Telegram's arrow, and Telegram's own button is
    /// in the reader's language.
    fn shown(&self, button: &Button) -> String {
        match button.does {
            Does::Url(_) => format!("`[ {} ↗ ]`", button.text),
            Does::Pay => {
                let price = button.text.split(' ').next_back().unwrap_or("");
                format!("`[ {} {price} ]`", self.pick(("Заплатить", "Pay")))
            }
            _ => format!("`[ {} ]`", button.text),
        }
    }

    /// A message that was edited.
    pub(super) fn rereads(&self, message: &Message) {
        self.notes(("То же сообщение теперь:", "The same message now:"));
        self.quotes(message);
    }
}

/// Telegram's markup as Markdown's. Entities are the same in both.
fn markdown(html: &str) -> String {
    let mut text = html.trim().to_owned();
    for (tag, mark) in [("b", "**"), ("i", "*"), ("code", "`")] {
        for tag in [format!("<{tag}>"), format!("</{tag}>")] {
            text = text.replace(&tag, mark);
        }
    }
    text
}

/// Lines stay lines: where Markdown would join two of them, there is a break.
fn quoted(lines: &[String]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).map_or("", String::as_str);
        let item = next.starts_with(|c: char| c.is_ascii_digit()) && next[1..].starts_with(". ");
        let ends = line.is_empty() || next.is_empty() || item;
        let _ =
            writeln!(text, "{}", format!("> {line}{}", if ends { "" } else { "\\" }).trim_end());
    }
    text
}

/// What differs from one walk to the next: how long videos took, and the code of an invitation.
fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, after) in [("около ", " минут"), ("bout ", " minute"), ("bout ", " more minute")]
    {
        text = numbers_masked(&text, before, after);
    }
    text = text.replace("около N минуты", "около N минут");
    for minute in ["bout N minute", "bout N more minute"] {
        text = text.replace(&format!("{minute}s"), minute).replace(minute, &format!("{minute}s"));
    }
    let mut parts = text.split("ref_");
    let mut masked = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        masked.push_str("ref_CODE");
        masked.push_str(rest);
    }
    masked
}

fn numbers_masked(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let mut masked = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_it = rest.len() < part.len() && rest.starts_with(after);
        masked.push_str(before);
        masked.push_str(if is_it { "N" } else { "" });
        masked.push_str(if is_it { rest } else { part });
    }
    masked
}
