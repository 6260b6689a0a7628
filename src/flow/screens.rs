//! What a customer sees, in their language.

mod choice;
mod growth;
mod topup;

use super::press::{Bill, Choice};
use super::{CHANGE_MAX, Draft, PROMPT_MAX, Place, Press, Refine, Screen, Toast, Wishes, Wrong};
use crate::clock::Millis;
use crate::instance;
use crate::orders::{self, Closed, Shop, TakenBack, menu_button, support_button};
use crate::outbox::{Button, Content};
use crate::text::{self, Arg};
use crate::users::User;
use anyhow::Result;
use rusqlite::Connection;

/// What the screens need to know.
pub(super) struct View<'a> {
    pub(super) conn: &'a Connection,
    pub(super) shop: &'a Shop,
    pub(super) user: &'a User,
    pub(super) draft: &'a Draft,
    pub(super) prompt_max: usize,
    pub(super) now: Millis,
}

pub(super) type Rows = Vec<Vec<Button>>;

impl View<'_> {
    pub(super) fn say(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.shop.texts.say(self.user.lang, id, args)
    }

    pub(super) fn credits(&self, n: i64) -> String {
        self.say("credits", &[("n", Arg::Num(n))])
    }

    pub(super) fn button(&self, id: &str, press: &Press) -> Vec<Button> {
        vec![Button::data(self.say(id, &[]), press.data())]
    }

    fn choice(&self, id: &str, choice: Choice) -> Vec<Button> {
        self.button(id, &Press::Draft(self.draft.id.clone(), choice))
    }

    pub(super) fn menu_row(&self) -> Vec<Button> {
        vec![menu_button(self.shop, self.user.lang)]
    }

    /// Renders a screen.
    pub(super) fn render(&self, screen: &Screen) -> Result<Content> {
        let content = match screen {
            Screen::Welcome { gift } => self.welcome(*gift),
            Screen::Menu => self.menu(self.say("menu", &[])),
            Screen::Terms => self.terms(),
            Screen::TermsLinks => self.terms_links(),
            Screen::Ask(place) => self.ask(*place)?,
            Screen::Wrong(wrong) => self.wrong(*wrong)?,
            Screen::Insufficient { count } => self.insufficient(*count),
            Screen::Closed(why) => self.closed(*why)?,
            Screen::Cabinet => self.cabinet()?,
            Screen::Films(before) => self.films(*before)?,
            Screen::Statement(before) => self.statement(*before)?,
            Screen::TopUp => self.topup(),
            Screen::Support => self.contact("support"),
            Screen::PaySupport => self.contact("paysupport"),
            Screen::Help => self.plain("help"),
            Screen::Canceled => self.menu(self.say("canceled", &[])),
            Screen::NothingToCancel => self.menu(self.say("nothing-to-cancel", &[])),
            Screen::UnknownCommand => {
                let html = format!("{} {}", self.say("unknown-command", &[]), self.hint());
                Content::text(html).with_buttons(vec![self.menu_row()])
            }
            Screen::Hint => self.menu(self.hint()),
            Screen::LanguageSet => self.menu(self.say("language-set", &[])),
            Screen::Invite { link, invited } => self.invitation(link, *invited),
            Screen::PromoHow => self.promo_how(),
            Screen::Promo(redeemed) => self.promo(*redeemed),
        };
        Ok(content)
    }

    /// The short answer to a button.
    pub(super) fn toast(&self, toast: Toast) -> String {
        match toast {
            Toast::Stale => self.say("toast-stale", &[]),
            Toast::Unknown => self.say("toast-unknown", &[]),
            Toast::Already => self.say("toast-already", &[]),
            Toast::Started => self.say("toast-started", &[]),
            Toast::Invoice => self.say("toast-invoice", &[]),
            Toast::Prices => self.say("toast-prices", &[]),
            Toast::Unavailable => self.say("toast-choice-off", &[]),
            Toast::Gone => self.say("toast-gone", &[]),
            Toast::Rated(good) => self.say(if good { "toast-good" } else { "toast-bad" }, &[]),
            // As in the status message: what came back, and what went of it.
            Toast::TakenBack(TakenBack { videos, credits, repaid }) => self.say(
                if repaid == 0 { "toast-taken-back" } else { "toast-taken-back-repaid" },
                &[
                    ("n", Arg::Num(videos)),
                    ("credits", Arg::Html(self.credits(credits + repaid))),
                    ("repaid", Arg::Html(self.credits(repaid))),
                ],
            ),
            Toast::NothingLeft => self.say("toast-nothing-left", &[]),
            Toast::OrderGone => self.say("toast-order-gone", &[]),
            Toast::FilmGone => self.say("toast-film-gone", &[]),
            Toast::Film => self.say("toast-film", &[]),
            Toast::Language(lang) => self.shop.texts.say(lang, "language-set", &[]),
        }
    }

    /// Where the operator paused selling, with their words about it.
    fn closed(&self, why: Closed) -> Result<Content> {
        let mut html = self.say(closed_text(why), &[]);
        if why == Closed::Paused
            && let Some(note) = instance::said_meanwhile(self.conn)?
        {
            html = format!("{html}\n\n{}", text::escape(&note));
        }
        let mut rows: Rows = Vec::new();
        rows.extend(support_button(self.shop, self.user.lang).map(|button| vec![button]));
        rows.push(self.menu_row());
        Ok(Content::text(html).with_buttons(rows))
    }

    fn hint(&self) -> String {
        self.say("hint-menu", &[])
    }

    fn plain(&self, id: &str) -> Content {
        let mut rows: Rows = Vec::new();
        if !self.draft.id.is_empty() {
            rows.push(self.button("button-continue", &Press::Continue));
        }
        rows.push(self.menu_row());
        Content::text(self.say(id, &[])).with_buttons(rows)
    }

    fn menu_rows(&self) -> Rows {
        vec![
            self.button("menu-make", &Press::Make),
            self.button("menu-cabinet", &Press::Cabinet),
            self.button("menu-support", &Press::Support),
        ]
    }

    fn menu(&self, html: String) -> Content {
        Content::Photo { asset: "menu".into(), html, buttons: self.menu_rows() }
    }

    fn welcome(&self, gift: i64) -> Content {
        let mut html = self.say("welcome", &[]);
        if gift > 0 {
            html.push_str(&format!("\n\n{}", self.say("welcome-gift", &[("n", Arg::Num(gift))])));
        }
        self.menu(html)
    }

    fn link_rows(&self) -> Rows {
        let options = &self.shop.options;
        let links = [("terms-read", &options.terms_url), ("terms-privacy", &options.privacy_url)];
        let present = links.into_iter().filter_map(|(id, url)| Some((id, url.as_ref()?)));
        present.map(|(id, url)| vec![Button::url(self.say(id, &[]), url.clone())]).collect()
    }

    fn terms(&self) -> Content {
        let mut rows = self.link_rows();
        rows.push(self.button("terms-accept", &Press::AcceptTerms));
        Content::text(self.say("terms-ask", &[])).with_buttons(rows)
    }

    fn terms_links(&self) -> Content {
        let mut rows = self.link_rows();
        let id = if rows.is_empty() { "terms-none" } else { "terms-links" };
        rows.push(self.menu_row());
        Content::text(self.say(id, &[])).with_buttons(rows)
    }

    fn contact(&self, id: &str) -> Content {
        let args = [("id", Arg::Html(self.user.tg_user_id.to_string()))];
        let support = support_button(self.shop, self.user.lang);
        let html = match (&support, id) {
            (None, _) => self.say("support-nobody", &args),
            (Some(_), id) => self.say(id, &args),
        };
        let mut rows: Rows = support.into_iter().map(|button| vec![button]).collect();
        if !self.draft.id.is_empty() {
            rows.push(self.button("button-continue", &Press::Continue));
        }
        rows.push(self.menu_row());
        Content::text(html).with_buttons(rows)
    }

    fn ask(&self, place: Place) -> Result<Content> {
        let html = match place {
            Place::Menu => return Ok(self.menu(self.say("menu", &[]))),
            Place::Photo => {
                let known = self.draft.product.is_some();
                let question = if known { "ask-photo-again" } else { "ask-photo" };
                let rules = orders::photo_rules(self.conn, self.shop, self.now)?;
                let all = std::iter::once(question).chain(rules);
                all.map(|id| self.say(id, &[])).collect::<Vec<_>>().join("\n\n")
            }
            Place::Product => self.say("ask-product", &[]),
            Place::Template => self.say("ask-template", &[]),
            Place::Prompt => self.ask_prompt(),
            Place::Change => self.say("ask-change", &[("max", Arg::Num(CHANGE_MAX as i64))]),
            Place::Wishes => self.say("ask-wishes", &[]),
            Place::Choice => match self.choices()? {
                Some(html) => html,
                None => return self.closed(Closed::NoModel),
            },
            Place::Count => self.say("ask-count", &[("n", Arg::Num(self.user.credits))]),
            Place::Confirm => self.confirm()?,
        };
        Ok(Content::text(html).with_buttons(self.rows(place)?))
    }

    /// The earlier one, where there is one, to be copied and changed.
    fn ask_prompt(&self) -> String {
        let max = ("max", Arg::Num(self.prompt_limit()));
        match &self.draft.refine {
            Some(Refine { script, .. }) => {
                self.say("ask-prompt-again", &[max, ("prompt", Arg::Str(script))])
            }
            None => self.say("ask-prompt", &[max]),
        }
    }

    fn prompt_limit(&self) -> i64 {
        self.prompt_max.min(PROMPT_MAX) as i64
    }

    /// The buttons that belong to a place: also under a word on what was wrong.
    fn rows(&self, place: Place) -> Result<Rows> {
        let mut rows = match place {
            Place::Template => self.template_rows(),
            Place::Wishes => vec![self.choice("button-no-wishes", Choice::NoWishes)],
            Place::Choice => self.choice_rows()?,
            Place::Count => self.count_rows(),
            Place::Confirm => {
                let videos = self.draft.count.unwrap_or(1);
                let bill = Bill { videos, credits: videos * self.price() };
                vec![self.choice("button-confirm", Choice::Confirm(bill))]
            }
            Place::Menu | Place::Photo | Place::Product | Place::Prompt | Place::Change => {
                Vec::new()
            }
        };
        rows.push(match place {
            Place::Confirm => self.choice("button-cancel", Choice::Cancel),
            _ => self.menu_row(),
        });
        Ok(rows)
    }

    fn count_rows(&self) -> Rows {
        let mut rows: Rows = [1, 3, 5].into_iter().map(|count| self.count_row(count)).collect();
        rows.extend(self.other_choice());
        rows
    }

    fn template_rows(&self) -> Rows {
        let language = self.user.lang.code();
        let of = |id: &str| Press::Draft(self.draft.id.clone(), Choice::Template(id.to_owned()));
        let all = self.shop.templates.all();
        let mut rows: Rows =
            all.map(|one| vec![Button::data(one.label(language), of(&one.id).data())]).collect();
        rows.push(vec![Button::data(self.say("template-self", &[]), of("self").data())]);
        rows
    }

    fn count_row(&self, count: i64) -> Vec<Button> {
        let id = match count {
            1 => "button-count-1",
            3 => "button-count-3",
            _ => "button-count-5",
        };
        let price = self.credits(count * self.price());
        let label = self.say(id, &[("n", Arg::Num(count)), ("credits", Arg::Html(price))]);
        let press = Press::Draft(self.draft.id.clone(), Choice::Count(count));
        vec![Button::data(label, press.data())]
    }

    fn wrong(&self, wrong: Wrong) -> Result<Content> {
        let limit = [("max", Arg::Num(self.prompt_limit()))];
        let (place, html) = match wrong {
            Wrong::TextForPhoto => (Place::Photo, self.say("wrong-photo-text", &[])),
            Wrong::FileForPhoto => (Place::Photo, self.say("wrong-photo-file", &[])),
            Wrong::BrokenPhoto => (Place::Photo, self.say("wrong-photo-broken", &[])),
            Wrong::LargePhoto => (Place::Photo, self.say("wrong-photo-large", &[])),
            Wrong::LongPhoto => (Place::Photo, self.say("wrong-photo-long", &[])),
            Wrong::PhotoTrouble => (Place::Photo, self.say("wrong-photo-trouble", &[])),
            Wrong::SmallPhoto { width, height } => {
                let args = [("width", Arg::Num(width.into())), ("height", Arg::Num(height.into()))];
                (Place::Photo, self.say("wrong-photo-small", &args))
            }
            Wrong::Product => (Place::Product, self.say("wrong-product", &[])),
            Wrong::ProductLong(n) => {
                let args = [("n", Arg::Num(n as i64))];
                (Place::Product, self.say("wrong-product-long", &args))
            }
            Wrong::Template => (Place::Template, self.say("wrong-template", &[])),
            Wrong::Prompt => (Place::Prompt, self.say("wrong-prompt", &limit)),
            Wrong::Wishes => (Place::Wishes, self.say("wrong-wishes", &[])),
            Wrong::Change => {
                let limit = [("max", Arg::Num(CHANGE_MAX as i64))];
                (Place::Change, self.say("wrong-change", &limit))
            }
            Wrong::Choice => (Place::Choice, self.say("wrong-choice", &[])),
            Wrong::Count => (Place::Count, self.say("wrong-count", &[])),
            // What the button says yes to stands above it here, too.
            Wrong::Confirm => {
                let hint = self.say("wrong-confirm", &[]);
                (Place::Confirm, format!("{}\n\n{hint}", self.confirm()?))
            }
        };
        Ok(Content::text(html).with_buttons(self.rows(place)?))
    }

    fn confirm(&self) -> Result<String> {
        let count = self.draft.count.unwrap_or(1);
        let wait = match orders::usual_wait_now(self.conn, self.now)? {
            Some(ms) => {
                let minutes = Arg::Num(orders::minutes(ms));
                self.say("confirm-wait", &[("minutes", minutes)])
            }
            None => self.say("confirm-wait-unknown", &[]),
        };
        let product = text::shorten(self.draft.product.as_deref().unwrap_or(""), 200);
        let mut template = self.template_label(self.draft.template.as_deref().unwrap_or(""));
        if let Some(choice) = self.chosen_label() {
            template = format!("{template} · {choice}");
        }
        let mut html = self.say(
            "confirm",
            &[
                ("template", Arg::Html(template)),
                ("product", Arg::Str(&product)),
                ("n", Arg::Num(count)),
                ("cost", Arg::Html(self.credits(count * self.price()))),
                ("have", Arg::Html(self.credits(self.user.credits))),
                ("wait", Arg::Html(wait)),
            ],
        );
        if let Some(Wishes::Some(wishes)) = &self.draft.wishes {
            html = format!("{html}\n\n<i>{}</i>", text::escape(&text::shorten(wishes, 200)));
        }
        if let Some(Refine { change: Some(change), .. }) = &self.draft.refine {
            html = format!("{html}\n\n✏️ <i>{}</i>", text::escape(change));
        }
        Ok(html)
    }

    pub(super) fn template_label(&self, id: &str) -> String {
        let language = self.user.lang.code();
        let known = self.shop.templates.get(id).map(|one| text::escape(one.label(language)));
        known.unwrap_or_else(|| self.say("template-self", &[]))
    }
}

pub(super) fn closed_text(why: Closed) -> &'static str {
    match why {
        Closed::Paused => "closed-paused",
        Closed::NoKey => "closed-no-key",
        Closed::NoModel => "closed-no-model",
        Closed::Budget => "closed-budget",
        Closed::TooManyOrders => "closed-too-many",
        Closed::Banned => "closed-banned",
    }
}
