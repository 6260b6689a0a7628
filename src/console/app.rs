//! What the operator has before them, and what becomes of it: keys and news come in, wishes go out.
//! Nothing here draws, reads a database or knows a terminal.

mod acts;
mod chat;
mod input;

pub(super) use chat::{Numbered, numbered};
pub(super) use input::Typed;

use super::back::{News, Wish};
use super::chat::Chat;
use super::deeds::Deed;
use super::look::Look;
use super::page::Page;
use super::picture::{Picture, Request};
use super::screens;
use super::table::List;
use super::toasts::{Toast, Toasts};
use super::view::{Kind, View};
use super::words::Words;
use crate::clock::Millis;
use crate::operator::queue::{Filter, Sort};
use crate::text::Arg;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tui_input::Input;

/// Screens that lead back to one another.
const DEEPEST: usize = 20;

/// How the console was started.
pub(super) struct Setting {
    pub(super) look: Look,
    pub(super) readonly: bool,
    /// Leaving it stops the appliance.
    pub(super) owns: bool,
    pub(super) chat: Option<Box<dyn Chat>>,
    pub(super) words: Arc<Words>,
}

/// What stands over the screen and takes the keys.
pub(super) enum Mode {
    Browse,
    Filter(Input),
    Command(Input),
    /// A line is asked for.
    Ask(Ask, Input),
    /// A deed waits for its question.
    Weighing(Deed),
    /// A question waits for yes or no.
    Confirm(Deed, String),
    Help(usize),
    Toasts(usize),
}

/// What the line is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Credits(i64),
    CreditsNote(i64, i64),
    BanNote(i64),
    Text(i64),
    BlockNote(String),
}

impl Ask {
    /// The id of its text.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::Credits(_) => "line-credits",
            Self::CreditsNote(..) | Self::BanNote(_) => "line-note",
            Self::Text(_) => "line-text",
            Self::BlockNote(_) => "line-block",
        }
    }
}

/// What is to be done outside.
pub(super) enum Effect {
    Wish(Wish),
    /// To the operator's clipboard.
    Copy(String),
    Leave,
}

/// Everything that the picture on the screen depends on.
pub(super) struct App {
    pub(super) setting: Setting,
    /// The way here; the last one is at hand.
    pub(super) stack: Vec<View>,
    pub(super) lists: HashMap<Kind, List>,
    pub(super) filters: HashMap<Kind, String>,
    pub(super) scrolls: HashMap<Kind, usize>,
    /// Screens that show their other half.
    pub(super) turned: HashSet<Kind>,
    pub(super) sort: Sort,
    pub(super) picture: Option<Picture>,
    /// Since when no new picture is let in.
    pub(super) frozen: bool,
    /// The cursor stays with the first row.
    pub(super) follow: bool,
    /// The picture as rows and lines.
    pub(super) page: Page,
    pub(super) mode: Mode,
    pub(super) toasts: Toasts,
    /// The database could not be read: why.
    pub(super) trouble: Option<String>,
    pub(super) now: Millis,
    /// The chat's input line; the demo only.
    pub(super) typed: Input,
    /// Lines that the screen has for its contents.
    pub(super) height: usize,
    /// The window cannot show what a key would do.
    pub(super) too_small: bool,
}

impl App {
    pub(super) fn new(setting: Setting, first: View, now: Millis) -> Self {
        Self {
            setting,
            stack: vec![first],
            lists: HashMap::new(),
            filters: HashMap::new(),
            scrolls: HashMap::new(),
            turned: HashSet::new(),
            sort: Sort::default(),
            picture: None,
            frozen: false,
            follow: false,
            page: Page::default(),
            mode: Mode::Browse,
            toasts: Toasts::default(),
            trouble: None,
            now,
            typed: Input::default(),
            height: 1,
            too_small: false,
        }
    }

    pub(super) fn words(&self) -> &Arc<Words> {
        &self.setting.words
    }

    pub(super) fn view(&self) -> View {
        self.stack.last().copied().unwrap_or(View::Overview)
    }

    pub(super) fn kind(&self) -> Kind {
        self.view().kind()
    }

    /// The tabs that there are: the chat only where there is one.
    pub(super) fn tabs(&self) -> &'static [View] {
        let chat = usize::from(self.setting.chat.is_some());
        &View::TABS[..View::TABS.len() - 1 + chat]
    }

    pub(super) fn filter(&self) -> &str {
        self.filters.get(&self.kind()).map_or("", String::as_str)
    }

    /// What the thread behind is to read.
    pub(super) fn request(&self) -> Request {
        // The others are narrowed here, by what their rows say.
        let asked = matches!(self.kind(), Kind::Queue | Kind::Customers);
        let filter = if asked { self.filter().to_owned() } else { String::new() };
        Request { view: self.view(), filter, sort: self.sort }
    }

    /// No picture of the screen at hand has come yet.
    pub(super) fn is_waiting(&self) -> bool {
        !self.picture.as_ref().is_some_and(|it| it.request == self.request())
    }

    /// It will: nothing is known to stand in its way.
    pub(super) fn is_coming(&self) -> bool {
        self.is_waiting() && self.trouble.is_none()
    }

    /// News from the thread behind.
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Picture(picture) => {
                self.trouble = None;
                let ours = picture.request == self.request();
                let known = self.picture.as_ref().is_some_and(|old| old.request == picture.request);
                match &mut self.picture {
                    // Whether the appliance lives and sells is never frozen.
                    Some(frozen) if ours && known && self.frozen => frozen.head = picture.head,
                    _ if ours => self.picture = Some(*picture),
                    _ => {}
                }
            }
            News::Question(deed, question) => {
                // Of another deed than the one that is waited for: that was given up.
                if matches!(&self.mode, Mode::Weighing(asked) if *asked == deed) {
                    self.mode = match question {
                        Ok(question) => Mode::Confirm(deed, question),
                        Err(why) => {
                            self.toasts.add(Toast::bad(why), self.now);
                            Mode::Browse
                        }
                    };
                }
            }
            News::Done(toast) => self.toasts.add(toast, self.now),
            News::Trouble(why) => self.trouble = Some(why),
        }
    }

    /// Makes rows and lines of the picture, for a screen so wide.
    pub(super) fn lay_out(&mut self, width: u16) {
        let kind = self.kind();
        let ours = self.picture.as_ref().filter(|it| it.request.view == self.view());
        self.page = match ours {
            Some(picture) => {
                let context = screens::Context {
                    words: self.words(),
                    look: self.setting.look,
                    now: self.now,
                    width: usize::from(width),
                    turned: self.turned.contains(&kind),
                };
                screens::page(&context, picture)
            }
            None => Page::default(),
        };
        let filter = self.filter().to_owned();
        if !matches!(kind, Kind::Queue | Kind::Customers) && !filter.is_empty() {
            self.page.rows.retain(|row| row.has(&filter));
        }
        if ours_is(&self.picture, self.view()) {
            let list = self.lists.entry(kind).or_default();
            list.follow(&self.page.rows);
            if self.follow {
                list.step(isize::MIN / 2, &self.page.rows);
            }
        }
    }

    fn show(&mut self, view: View) -> Vec<Effect> {
        self.frozen = false;
        if self.view() != view {
            self.stack.push(view);
            if self.stack.len() > DEEPEST {
                self.stack.remove(0);
            }
            self.lists.entry(view.kind()).or_default().marks.clear();
            if matches!(view, View::Job(_) | View::Customer(_)) {
                self.scrolls.remove(&view.kind());
                self.lists.entry(view.kind()).or_default().reset();
            }
        }
        self.look()
    }

    /// A tab begins a way of its own.
    fn show_tab(&mut self, view: View) -> Vec<Effect> {
        if view == View::Chat && self.setting.chat.is_none() {
            return Vec::new();
        }
        self.frozen = false;
        self.stack = vec![view];
        self.look()
    }

    fn back(&mut self) -> Vec<Effect> {
        if self.filters.remove(&self.kind()).is_some_and(|filter| !filter.is_empty()) {
            return self.look();
        }
        if self.stack.len() > 1 {
            self.stack.pop();
            self.frozen = false;
            return self.look();
        }
        if self.view() != View::Overview {
            return self.show_tab(View::Overview);
        }
        Vec::new()
    }

    fn look(&self) -> Vec<Effect> {
        vec![Effect::Wish(Wish::Look(self.request()))]
    }

    fn narrow(&mut self, filter: String) -> Vec<Effect> {
        if self.kind() == Kind::Queue
            && let Err(error) = Filter::parse(&filter)
        {
            let why = screens::known::unclear(self.words(), &error);
            let text = self.words().tell_of("unclear-filter", &[("word", Arg::Str(&why))]);
            return self.complain(text);
        }
        self.filters.insert(self.kind(), filter);
        self.lists.entry(self.kind()).or_default().reset();
        self.look()
    }

    /// What was marked for a deed is not marked for the next one, and the list shows what comes of it.
    fn begin_deed(&mut self, deed: Deed) -> Vec<Effect> {
        let kind = self.kind();
        if let Some(list) = self.lists.get_mut(&kind) {
            list.marks.clear();
        }
        self.frozen = false;
        vec![Effect::Wish(Wish::Do(deed))]
    }

    fn complain(&mut self, text: String) -> Vec<Effect> {
        self.toasts.add(Toast::bad(text), self.now);
        Vec::new()
    }

    /// A deed goes its way: refused, asked about, or done.
    fn decide(&mut self, deed: Deed) -> Vec<Effect> {
        if let Deed::Quit { stops: false } = deed {
            return vec![Effect::Leave];
        }
        if self.setting.readonly && !deed.is_harmless() {
            let text = self.words().tell("refused-readonly");
            return self.complain(text);
        }
        if deed.asks() {
            self.mode = Mode::Weighing(deed.clone());
            return vec![Effect::Wish(Wish::Weigh(deed))];
        }
        self.begin_deed(deed)
    }
}

fn ours_is(picture: &Option<Picture>, view: View) -> bool {
    picture.as_ref().is_some_and(|it| it.request.view == view)
}
