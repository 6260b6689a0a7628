//! One event, one transaction: facts, step, effects, dialogue, and the update's mark.

use super::aside::{self, Desk};
use super::leaving;
use super::screens::View;
use super::step::{Effect, Facts, step};
use super::{Dialog, Draft, Event, Place, Press, Refine, Screen, Toast, Wishes};
use crate::clock::{MINUTE, Millis};
use crate::db::{JobId, OrderId, Tx, UserId};
use crate::growth;
use crate::inbox;
use crate::instance;
use crate::jobs::Refines;
use crate::ledger::{self, Grant};
use crate::orders::{self, Closed, NewOrder, Pack, Placed, Selling, Shop, TakenBack, shelf};
use crate::outbox::{self, Content};
use crate::payments;
use crate::users::{self, Profile, User};
use anyhow::{Result, bail};
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// An update, read.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Marked as handled in the same transaction.
    pub update_id: i64,
    /// Who sent it.
    pub profile: Profile,
    /// What it says.
    pub event: Event,
    /// The callback query to answer.
    pub callback: Option<String>,
    /// The photo that the button needs is still on disk; of `🎞`, the video's file.
    pub photo_kept: bool,
}

/// Handles an update; one that was handled before changes nothing.
pub fn handle(tx: &Tx<'_>, shop: &Shop, incoming: &Incoming, now: Millis) -> Result<()> {
    if !inbox::done(tx, incoming.update_id, now)? {
        return Ok(());
    }
    let chat = incoming.profile.tg_user_id;
    if shop.options.admins.contains(&chat) {
        // A customer's words that an administrator passes on or replies to are not kept twice.
        inbox::empty(tx, incoming.update_id)?;
    }
    let back = users::has_left(tx, chat)?;
    if back && leaving::is_echo(&incoming.event) {
        answer(tx, chat, incoming.callback.as_deref(), "", now)?;
        return leaving::forget_again(tx, chat, incoming.update_id, now);
    }
    let (user, is_new) = meet(tx, shop, &incoming.profile, now)?;
    let desk = Desk { tx, shop, user: &user, update_id: incoming.update_id, now };
    if let Some(toast) = aside::handle(&desk, incoming)? {
        return answer(tx, chat, incoming.callback.as_deref(), &toast, now);
    }
    let dialog = load(tx, user.id)?;
    let mut facts = facts(tx, shop, (&user, is_new), &dialog.draft, incoming, now)?;
    if back {
        facts.welcome = Some(0);
    }
    let (next, mut effects) = step(&dialog, &incoming.event, &facts);
    // Who was here before was invited by nobody.
    effects.retain(|effect| !back || !matches!(effect, Effect::Inviter(_)));
    let user = users::by_id(tx, user.id)?;
    let mut work = Work {
        tx,
        shop,
        user,
        dialog: next,
        prompt_max: facts.prompt_max,
        update_id: incoming.update_id,
        photo_kept: incoming.photo_kept,
        came_with: 0,
        now,
    };
    let toast = work.run(&effects)?;
    answer(tx, chat, incoming.callback.as_deref(), &toast.unwrap_or_default(), now)?;
    if work.dialog != dialog || is_new {
        save(tx, work.user.id, &work.dialog, now)?;
    }
    Ok(())
}

/// The answer to a button, if it was one.
fn answer(tx: &Tx<'_>, chat: i64, callback: Option<&str>, words: &str, now: Millis) -> Result<()> {
    let Some(callback_id) = callback else { return Ok(()) };
    let text = crate::text::shorten(words, 190);
    let content = Content::Answer { callback_id: callback_id.to_owned(), text, alert: false };
    outbox::put(tx, chat, Some(&format!("answer:{callback_id}")), &content, None, now)?;
    Ok(())
}

/// The customer; on the first sight of them with their gift, whatever they came for. `true`: this
/// was it.
pub(super) fn meet(
    tx: &Tx<'_>,
    shop: &Shop,
    profile: &Profile,
    now: Millis,
) -> Result<(User, bool)> {
    let (user, is_new) = users::meet(tx, profile, now)?;
    if is_new && shop.options.signup > 0 {
        let key = format!("signup:{}", user.id);
        let gift = Grant {
            user: user.id,
            credits: shop.options.signup,
            key: Some(&key),
            actor: "bot",
            note: Some("welcome"),
        };
        ledger::grant(tx, &gift, now)?;
    }
    Ok((user, is_new))
}

/// Messages that wait for one chat before nothing more is said to it; videos, status and notices of
/// orders always are.
pub(super) const FLOOD: i64 = 20;
/// Between two copies of one invoice.
const AGAIN: Millis = 5 * MINUTE;

struct Work<'a> {
    tx: &'a Tx<'a>,
    shop: &'a Shop,
    user: User,
    dialog: Dialog,
    prompt_max: usize,
    update_id: i64,
    photo_kept: bool,
    /// Credits for who came by an invitation; the welcome names them.
    came_with: i64,
    now: Millis,
}

impl Work<'_> {
    /// Does the effects; returns the words of the callback's answer.
    fn run(&mut self, effects: &[Effect]) -> Result<Option<String>> {
        let mut toast = None;
        for effect in effects {
            match effect {
                Effect::Say(Screen::Welcome { gift }) => {
                    self.say(&Screen::Welcome { gift: gift + self.came_with })?;
                }
                Effect::Say(screen) => self.say(screen)?,
                Effect::Toast(words) => toast = Some(self.view().toast(*words)),
                Effect::Place(draft) => {
                    if !self.place(draft)? {
                        toast = None;
                    }
                }
                Effect::Invoice(pack) => {
                    if !self.invoice(*pack)? {
                        toast = None;
                    }
                }
                Effect::AcceptTerms => users::accept_terms(self.tx, self.user.id, self.now)?,
                Effect::Language(lang) => {
                    users::choose_language(self.tx, self.user.id, *lang)?;
                    self.user.lang = *lang;
                }
                Effect::Inviter(reference) => {
                    let (user, rules) = (self.user.id, &self.shop.options.growth);
                    self.came_with = growth::came_by(self.tx, rules, user, reference, self.now)?;
                }
                Effect::Invite => self.invite()?,
                // A code is not used up without a word about it: they may write it again.
                Effect::Promo(_) if self.is_flooded()? => {}
                Effect::Promo(code) => {
                    let redeemed = growth::redeem(self.tx, self.user.id, code, self.now)?;
                    self.user = users::by_id(self.tx, self.user.id)?;
                    self.say(&Screen::Promo(redeemed))?;
                }
                Effect::Rate(job, good) => toast = Some(self.rate(*job, *good)?),
                Effect::TakeBack(order) => toast = Some(self.take_back(*order)?),
                Effect::Film(job) => toast = Some(self.film(*job)?),
            }
        }
        Ok(toast)
    }

    fn view(&self) -> View<'_> {
        View {
            conn: self.tx,
            shop: self.shop,
            user: &self.user,
            draft: &self.dialog.draft,
            prompt_max: self.prompt_max,
            now: self.now,
        }
    }

    fn rate(&self, job: JobId, good: bool) -> Result<String> {
        let kept = orders::rate(self.tx, self.shop, self.user.id, job, good, self.now)?;
        Ok(self.view().toast(if kept { Toast::Rated(good) } else { Toast::FilmGone }))
    }

    fn take_back(&self, order: OrderId) -> Result<String> {
        let back = orders::take_back(self.tx, self.shop, self.user.id, order, self.now)?;
        Ok(self.view().toast(match back {
            None => Toast::OrderGone,
            Some(TakenBack { videos: 0, .. }) => Toast::NothingLeft,
            Some(back) => Toast::TakenBack(back),
        }))
    }

    fn film(&self, job: JobId) -> Result<String> {
        let (tx, shop, user) = (self.tx, self.shop, &self.user);
        let Some(film) = shelf::get(tx, user.id, job)? else {
            return Ok(self.view().toast(Toast::FilmGone));
        };
        if self.is_flooded()? {
            return Ok(String::new());
        }
        let film = (&film, self.photo_kept);
        let comes = shelf::send_again(tx, shop, user, film, self.update_id, self.now)?;
        Ok(self.view().toast(if comes { Toast::Film } else { Toast::FilmGone }))
    }

    /// Who sends faster than Telegram lets us answer has enough to read.
    fn is_flooded(&self) -> Result<bool> {
        Ok(outbox::waiting(self.tx, self.user.tg_user_id)? >= FLOOD)
    }

    fn say(&self, screen: &Screen) -> Result<()> {
        if self.is_flooded()? {
            return Ok(());
        }
        let content = self.view().render(screen)?;
        // So is the same thing asked again before it could be answered.
        if outbox::is_waiting(self.tx, self.user.tg_user_id, &content)? {
            return Ok(());
        }
        outbox::put(self.tx, self.user.tg_user_id, None, &content, None, self.now)?;
        Ok(())
    }

    /// Without a name of the bot there is no link: the menu, as for any button whose time is over.
    fn invite(&self) -> Result<()> {
        let user = self.user.id;
        let Some(bot) = instance::username(self.tx)? else { return self.say(&Screen::Menu) };
        let link = format!("https://t.me/{bot}?start={}", growth::invitation(self.tx, user)?);
        self.say(&Screen::Invite { link, invited: growth::invited(self.tx, user)? })
    }

    /// The pack's invoice, once in [`AGAIN`] however often it is asked for: who cannot find it any
    /// more gets another copy, and either of them pays the same one. `false`: none comes.
    fn invoice(&self, pack: Pack) -> Result<bool> {
        if self.is_flooded()? {
            return Ok(false);
        }
        let (user, price) = (self.user.id, (pack.credits, pack.stars));
        let invoice = payments::open(self.tx, user, price, self.now)?;
        let content = self.view().invoice(pack, invoice.offer().payload());
        let copy = (self.now - invoice.created_at).max(0) / AGAIN;
        let key = format!("invoice:{}:{copy}", invoice.id);
        outbox::put(self.tx, self.user.tg_user_id, Some(&key), &content, None, self.now)?;
        Ok(true)
    }

    /// `false`: nothing began, and the customer reads why.
    fn place(&mut self, draft: &Draft) -> Result<bool> {
        let (Some(template), Some(photo), Some(product), Some(videos)) =
            (&draft.template, &draft.photo, &draft.product, draft.count)
        else {
            bail!("a draft was confirmed before it was complete");
        };
        let wishes = match &draft.wishes {
            Some(Wishes::Some(text)) => Some(text.as_str()),
            _ => None,
        };
        // An own prompt was edited itself.
        let refines = match &draft.refine {
            Some(Refine { script, change: Some(change) }) if template != "self" => {
                Some(Refines { script: script.clone(), change: change.clone() })
            }
            _ => None,
        };
        let new = NewOrder {
            draft: &draft.id,
            template,
            photo,
            product,
            own_prompt: draft.prompt.as_deref(),
            wishes,
            refines: refines.as_ref(),
            choice: draft.choice.id(),
            videos,
        };
        match orders::place(self.tx, self.shop, &self.user, &new, self.now)? {
            Placed::Started(_) | Placed::Already(_) => return Ok(true),
            // The draft waits at the same question.
            Placed::Insufficient(_) => {
                let draft = Draft { count: None, wanted: Some(videos), ..draft.clone() };
                self.dialog = Dialog { place: draft.place(), draft };
                self.say(&Screen::Insufficient { count: videos })?;
            }
            Placed::Closed(why) => {
                self.dialog = Dialog { place: draft.place(), draft: draft.clone() };
                self.say(&Screen::Closed(why))?;
            }
        }
        Ok(false)
    }
}

fn facts(
    tx: &Tx<'_>,
    shop: &Shop,
    (user, is_new): (&User, bool),
    draft: &Draft,
    incoming: &Incoming,
    now: Millis,
) -> Result<Facts> {
    let own_prompt = draft.prompt.as_ref().map_or(0, |prompt| prompt.chars().count());
    let selling =
        if user.banned { Selling::Closed(Closed::Banned) } else { orders::selling(tx, shop, now)? };
    let (again, confirmed) = match &incoming.event {
        Event::Press(Some(
            Press::Again(job)
            | Press::Same(job)
            | Press::Refine(job)
            | Press::Rate(job, _)
            | Press::Film(job),
        )) => (orders::again(tx, user.id, *job)?, false),
        Event::Press(Some(Press::Draft(draft, _))) => (None, orders::exists(tx, draft)?),
        _ => (None, false),
    };
    Ok(Facts {
        credits: ledger::balance(tx, user.id)?,
        price: shop.options.per_video,
        offered: orders::offered(tx, shop, own_prompt, now)?,
        selling,
        terms_due: shop.options.terms_url.is_some() && !user.accepted,
        welcome: match incoming.event {
            Event::Press(Some(Press::AcceptTerms)) => ledger::untouched_gift(tx, user.id)?,
            _ => is_new.then_some(shop.options.signup),
        },
        fresh: format!("{:x}-{:x}", user.id.0, incoming.update_id),
        prompt_max: orders::own_prompt_max(tx, shop, now)?,
        templates: shop.templates.all().map(|template| template.id.clone()).collect(),
        again,
        photo_kept: incoming.photo_kept,
        confirmed,
        pack: match incoming.event {
            Event::Press(Some(Press::Pack(credits))) => shop.pack(credits),
            _ => None,
        },
    })
}

/// The photo of the order in the making.
pub fn photo_of(conn: &Connection, tg_user_id: i64) -> Result<Option<String>> {
    let Some(user) = users::by_tg(conn, tg_user_id)? else { return Ok(None) };
    Ok(load(conn, user.id)?.draft.photo)
}

/// The photos of the orders in the making that somebody touched after `since`.
pub fn photos_since(conn: &Connection, since: Millis) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(
        "SELECT DISTINCT json_extract(state, '$.draft.photo')
         FROM dialogs
         WHERE updated_at > ?1
           AND json_type(state, '$.draft.photo') = 'text'",
    )?;
    let photos = query.query_map([since], |row| row.get(0))?;
    Ok(photos.collect::<rusqlite::Result<_>>()?)
}

/// A dialogue that cannot be read (of another version, or changed by hand) begins again: it must
/// not lock its customer out.
pub(super) fn load(conn: &Connection, user: UserId) -> Result<Dialog> {
    let state: Option<String> = conn
        .prepare_cached("SELECT state FROM dialogs WHERE user_id = ?1")?
        .query_row([user], |row| row.get(0))
        .optional()?;
    let Some(state) = state else { return Ok(Dialog::default()) };
    let mut dialog: Dialog = serde_json::from_str(&state).unwrap_or_else(|error| {
        tracing::error!(user.id = user.0, %error, "a dialogue cannot be read");
        Dialog::default()
    });
    if dialog.place != Place::Menu {
        dialog.place = dialog.draft.place();
    }
    Ok(dialog)
}

fn save(tx: &Tx<'_>, user: UserId, dialog: &Dialog, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO dialogs (user_id, state, updated_at)
         VALUES (:user, :state, :now)
         ON CONFLICT (user_id) DO UPDATE SET state = :state, updated_at = :now",
    )?
    .execute(named_params! {
        ":user": user,
        ":state": serde_json::to_string(dialog)?,
        ":now": now,
    })?;
    Ok(())
}

/// Deletes up to `limit` dialogues that nobody touched since `before`. Returns how many.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM dialogs
             WHERE user_id IN (SELECT user_id FROM dialogs WHERE updated_at < ?1 LIMIT ?2)",
        )?
        .execute((before, limit))?)
}
