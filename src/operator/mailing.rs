//! A broadcast in its administrator's chat: one message that shows it, whom it is for and how far it
//! is, with buttons under it that say the next step.

use super::hands;
use super::letters::Letters;
use super::report;
use crate::audit::{By, Way};
use crate::broadcasts::{self, Broadcast, Segment, State};
use crate::clock::Millis;
use crate::db::Tx;
use crate::inbox;
use crate::orders::Shop;
use crate::outbox::{self, Button, Content, HTML_MAX, TEXT_MAX};
use crate::text::{Arg, Lang, check_html, escape};
use anyhow::Result;
use rusqlite::Connection;

/// Who orders nothing for so many days may be written to alone.
const IDLE: [i64; 3] = [7, 30, 90];

/// A button under a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// Which broadcast.
    pub id: i64,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Who(Who),
    Speaks(Option<Lang>),
    Test,
    Go,
    Yes,
    Back,
    Pause,
    On,
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    All,
    Payers,
    Idle(i64),
}

impl Act {
    fn word(self) -> String {
        match self {
            Self::Who(Who::All) => "all".to_owned(),
            Self::Who(Who::Payers) => "payers".to_owned(),
            Self::Who(Who::Idle(days)) => format!("idle-{days}"),
            Self::Speaks(None) => "any".to_owned(),
            Self::Speaks(Some(lang)) => lang.code().to_owned(),
            Self::Test => "test".to_owned(),
            Self::Go => "go".to_owned(),
            Self::Yes => "yes".to_owned(),
            Self::Back => "back".to_owned(),
            Self::Pause => "pause".to_owned(),
            Self::On => "on".to_owned(),
            Self::Stop => "stop".to_owned(),
        }
    }

    fn read(word: &str) -> Option<Self> {
        let idle = IDLE.into_iter().map(|days| Self::Who(Who::Idle(days)));
        let speaks = [None, Some(Lang::Ru), Some(Lang::En)].into_iter().map(Self::Speaks);
        let rest = [Self::Who(Who::All), Self::Who(Who::Payers), Self::Test, Self::Go, Self::Yes]
            .into_iter()
            .chain([Self::Back, Self::Pause, Self::On, Self::Stop]);
        idle.chain(speaks).chain(rest).find(|act| act.word() == word)
    }
}

impl Press {
    /// Reads callback data; `None`: not one of these.
    pub fn read(data: &str) -> Option<Self> {
        let (id, act) = data.strip_prefix("bc:")?.split_once(':')?;
        Some(Self { id: id.parse().ok()?, act: Act::read(act)? })
    }

    fn data(self) -> String {
        format!("bc:{}:{}", self.id, self.act.word())
    }

    /// The segment after this press.
    fn aimed(self, now: Segment) -> Segment {
        match self.act {
            Act::Who(Who::All) => Segment { payers: false, idle_days: None, ..now },
            Act::Who(Who::Payers) => Segment { payers: true, idle_days: None, ..now },
            Act::Who(Who::Idle(days)) => Segment { payers: false, idle_days: Some(days), ..now },
            Act::Speaks(lang) => Segment { lang, ..now },
            _ => now,
        }
    }
}

/// What an administrator pressed.
#[derive(Clone, Debug)]
pub struct Pressed {
    /// Marked as handled in the same transaction.
    pub update_id: i64,
    /// Who; also the chat.
    pub from: i64,
    /// The callback query to answer.
    pub callback: String,
    /// The button.
    pub press: Press,
}

/// How many a draft is for after a press, or now. Looks at every customer: before the transaction.
pub fn audience(conn: &Connection, press: Option<Press>, now: Millis) -> Result<i64> {
    let segment = match press {
        None => Segment::default(),
        Some(press) => match broadcasts::get(conn, press.id)? {
            Some(it) if it.state == State::Draft => press.aimed(it.segment),
            _ => return Ok(0),
        },
    };
    broadcasts::count(conn, segment, now)
}

/// Why words cannot be sent to many.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// None.
    #[error("the message is empty: write what everybody is to read")]
    Empty,
    /// Too many, with their number as Telegram counts.
    #[error("the message has {0} characters: up to {TEXT_MAX} fit, and most emoji count as two")]
    Long(usize),
    /// Telegram would not take its tags.
    #[error("Telegram would not take the message's markup: it {0}")]
    Markup(String),
}

/// What is wrong with a broadcast's words.
///
/// # Errors
/// That.
pub fn check(html: &str) -> Result<(), Wrong> {
    if html.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    if html.len() > HTML_MAX {
        return Err(Wrong::Markup(format!("is {} bytes, and {HTML_MAX} fit", html.len())));
    }
    let length = outbox::length(html);
    if length > TEXT_MAX {
        return Err(Wrong::Long(length));
    }
    check_html(html).map_err(|error| Wrong::Markup(error.to_string()))
}

/// A draft of words that were checked, in its author's chat: as everybody would get it, and its panel
/// under it.
pub fn compose(
    tx: &Tx<'_>,
    shop: &Shop,
    (author, html, total): (i64, &str, i64),
    now: Millis,
) -> Result<()> {
    let id = broadcasts::draft(tx, author, html, total, now)?;
    preview(tx, shop, author, report::lang_of(tx, author)?, html, now)?;
    show(tx, shop, id, false, now)
}

fn preview(tx: &Tx<'_>, shop: &Shop, chat: i64, lang: Lang, html: &str, now: Millis) -> Result<()> {
    let content = broadcasts::content(html, button(shop, lang));
    outbox::put(tx, chat, None, &content, None, now)?;
    Ok(())
}

/// What stands under a broadcast's message.
pub fn button(shop: &Shop, lang: Lang) -> Button {
    Button::data(shop.texts.say(lang, "menu-make", &[]), crate::flow::Press::Make.data())
}

/// Does what was pressed, once per update. `audience`: what [`audience()`] counted.
pub fn pressed(tx: &Tx<'_>, shop: &Shop, what: &Pressed, audience: i64, now: Millis) -> Result<()> {
    if !inbox::done(tx, what.update_id, now)? {
        return Ok(());
    }
    let text = String::new();
    let answer = Content::Answer { callback_id: what.callback.clone(), text, alert: false };
    outbox::put(tx, what.from, Some(&format!("answer:{}", what.callback)), &answer, None, now)?;
    let Some(it) = broadcasts::get(tx, what.press.id)? else { return Ok(()) };
    let by = By { way: Way::Chat, who: what.from.to_string() };
    match what.press.act {
        Act::Who(_) | Act::Speaks(_) => {
            broadcasts::aim(tx, it.id, what.press.aimed(it.segment), audience)?;
        }
        Act::Test => {
            preview(tx, shop, what.from, report::lang_of(tx, what.from)?, &it.html, now)?;
        }
        Act::Go if it.state == State::Draft => {
            broadcasts::aim(tx, it.id, it.segment, audience)?;
            return show(tx, shop, it.id, true, now);
        }
        Act::Go | Act::Back => {}
        Act::Yes => drop(hands::start_broadcast(tx, &by, &it, now)?),
        Act::Pause => drop(hands::pause_broadcast(tx, &by, &it, now)?),
        Act::On => drop(hands::resume_broadcast(tx, &by, &it, now)?),
        Act::Stop => drop(hands::stop_broadcast(tx, &by, &it, now)?),
    }
    show(tx, shop, it.id, false, now)
}

/// Makes the broadcast's message say what is true now. `sure`: ask whether it is really to go.
pub fn show(tx: &Tx<'_>, shop: &Shop, id: i64, sure: bool, now: Millis) -> Result<()> {
    let Some(it) = broadcasts::get(tx, id)? else { return Ok(()) };
    let words = Letters { texts: &shop.texts, lang: report::lang_of(tx, it.author)? };
    let waiting = broadcasts::waiting(tx, id)?;
    let content = words.panel(&it, waiting, sure);
    outbox::put(tx, it.author, Some(&format!("mailing:{id}")), &content, None, now)?;
    Ok(())
}

impl Letters<'_> {
    pub(super) fn wrong(&self, wrong: &Wrong) -> String {
        match wrong {
            Wrong::Empty => self.say("chat-usage-broadcast", &[]),
            Wrong::Long(n) => {
                let args = [("n", Arg::Num(*n as i64)), ("max", Arg::Num(TEXT_MAX as i64))];
                self.say("mailing-long", &args)
            }
            Wrong::Markup(error) => {
                self.say("mailing-markup", &[("error", Arg::Html(escape(error)))])
            }
        }
    }

    fn panel(&self, it: &Broadcast, waiting: i64, sure: bool) -> Content {
        let args = [
            ("id", Arg::Html(it.id.to_string())),
            ("who", Arg::Html(self.who(it.segment))),
            ("people", Arg::Html(self.say("people", &[("n", Arg::Num(it.total))]))),
        ];
        let title = self.say("mailing", &args);
        let unreached = (it.queued - it.sent - waiting).max(0);
        let sent = [("sent", Arg::Num(it.sent)), ("total", Arg::Num(it.total))];
        let state = match it.state {
            State::Draft if sure => self.say("mailing-sure", &[("n", Arg::Num(it.total))]),
            State::Draft => self.say("mailing-draft", &[]),
            State::Running => self.say("mailing-running", &sent),
            State::Paused => self.say("mailing-paused", &sent),
            State::Stopped => self.say("mailing-stopped", &sent),
            State::Done => self.say("mailing-done", &sent),
        };
        let mut html = format!("{title}\n\n{state}");
        if unreached > 0 {
            let args = [("n", Arg::Num(unreached))];
            html.push_str(&format!("\n{}", self.say("mailing-unreached", &args)));
        }
        Content::text(html).with_buttons(self.rows(it, sure))
    }

    fn who(&self, segment: Segment) -> String {
        let who = match segment {
            Segment { payers: true, .. } => self.say("mailing-payers", &[]),
            Segment { idle_days: Some(days), .. } => {
                self.say("mailing-idle", &[("n", Arg::Num(days))])
            }
            _ => self.say("mailing-all", &[]),
        };
        match segment.lang {
            None => who,
            Some(Lang::Ru) => format!("{who}, {}", self.say("mailing-ru", &[])),
            Some(Lang::En) => format!("{who}, {}", self.say("mailing-en", &[])),
        }
    }

    fn rows(&self, it: &Broadcast, sure: bool) -> Vec<Vec<Button>> {
        let press =
            |id: &str, act: Act| Button::data(self.say(id, &[]), Press { id: it.id, act }.data());
        let idle = |days: i64| {
            let label = self.say("mailing-idle", &[("n", Arg::Num(days))]);
            Button::data(label, Press { id: it.id, act: Act::Who(Who::Idle(days)) }.data())
        };
        match it.state {
            State::Draft if sure => vec![
                vec![press("button-mailing-yes", Act::Yes)],
                vec![press("button-mailing-back", Act::Back)],
            ],
            State::Draft => vec![
                vec![
                    press("mailing-all", Act::Who(Who::All)),
                    press("mailing-payers", Act::Who(Who::Payers)),
                ],
                IDLE.into_iter().map(idle).collect(),
                vec![
                    press("mailing-any", Act::Speaks(None)),
                    press("mailing-ru", Act::Speaks(Some(Lang::Ru))),
                    press("mailing-en", Act::Speaks(Some(Lang::En))),
                ],
                vec![press("button-mailing-test", Act::Test)],
                vec![press("button-mailing-go", Act::Go), press("button-mailing-drop", Act::Stop)],
            ],
            State::Running => vec![vec![
                press("button-mailing-pause", Act::Pause),
                press("button-mailing-stop", Act::Stop),
            ]],
            State::Paused => vec![vec![
                press("button-mailing-on", Act::On),
                press("button-mailing-stop", Act::Stop),
            ]],
            State::Stopped | State::Done => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_telegram_finds_it() {
        assert_eq!(check(&"😀".repeat(2_100)), Err(Wrong::Long(4_200)));
        assert_eq!(check(&format!("<b>{}</b>", "я".repeat(4_096))), Ok(()), "as it is read");
        let links = "<a href=\"https://example.com\">x</a>".repeat(1_000);
        assert!(matches!(check(&links), Err(Wrong::Markup(_))), "and not without an end");
    }

    #[test]
    fn what_is_in_a_button_is_read_again() {
        for word in ["all", "payers", "idle-30", "any", "ru", "test", "go", "yes", "back", "stop"] {
            let data = format!("bc:7:{word}");
            assert_eq!(Press::read(&data).map(Press::data), Some(data));
        }
        for forged in ["bc:7:idle-1", "bc:x:all", "bc:7", "menu", "bc:7:all:1"] {
            assert_eq!(Press::read(forged), None, "{forged}");
        }
    }
}
