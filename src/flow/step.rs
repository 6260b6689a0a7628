//! What an event does: pure.

use super::press::{Bill, Choice};
use super::under_video;
use super::wishes::means_none;
use super::{
    BUY, CHANGE_MAX, Chosen, Dialog, Draft, Event, PROMPT_MAX, Photo, Place, Press, Refine, Screen,
    TEXT_MAX, TEXT_MIN, Toast, Wishes, Wrong,
};
use crate::db::{JobId, OrderId};
use crate::orders::{Again, Closed, Offered, Pack, Selling};
use crate::text::Lang;

/// What is true when the event comes; [`super::apply`] reads it in the same transaction.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the customer may spend.
    pub credits: i64,
    /// Credits per video, where there is nothing to choose.
    pub price: i64,
    /// What there is to choose, and whether it takes the draft's own prompt.
    pub offered: Vec<Offered>,
    /// Whether anything is sold.
    pub selling: Selling,
    /// Consent is asked for and was not given.
    pub terms_due: bool,
    /// The gift to a customer who has not been welcomed: this event made them, or they have done
    /// nothing yet.
    pub welcome: Option<i64>,
    /// An id for a new draft.
    pub fresh: String,
    /// The longest own prompt that a serving model takes.
    pub prompt_max: usize,
    /// The templates there are, without `self`.
    pub templates: Vec<String>,
    /// What the video was made of whose button was pressed; `None`: not theirs, or gone.
    pub again: Option<Again>,
    /// The photo that `🔄`, `🔁`, `✏️` or `✅` needs is still there.
    pub photo_kept: bool,
    /// The draft that a pressed button names was confirmed before.
    pub confirmed: bool,
    /// The pack that a pressed button names, as it is sold now.
    pub pack: Option<Pack>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A message.
    Say(Screen),
    /// The words of the answer to a button; without one it is answered silently.
    Toast(Toast),
    /// The draft becomes an order.
    Place(Box<Draft>),
    /// They want to buy this.
    Invoice(Pack),
    /// They accepted the terms.
    AcceptTerms,
    /// They chose a language.
    Language(Lang),
    /// Who invited them: a new customer's `/start ref_…`.
    Inviter(String),
    /// What they think of a video.
    Rate(JobId, bool),
    /// They want back what has not begun.
    TakeBack(OrderId),
    /// They want to see a video again.
    Film(JobId),
    /// They want to see their own link.
    Invite,
    /// They use a promo code.
    Promo(String),
}

impl Facts {
    pub(super) fn offer(&self, id: &str) -> Option<&Offered> {
        self.offered.iter().find(|offer| offer.id == id)
    }

    /// What so many videos of this draft cost.
    pub(super) fn cost(&self, draft: &Draft, count: i64) -> i64 {
        let offer = draft.choice.id().and_then(|id| self.offer(id));
        offer.map_or(self.price, |offer| offer.credits) * count
    }

    /// The draft's choice cannot be made now, and there is another to choose.
    fn is_off(&self, draft: &Draft) -> bool {
        let offer = draft.choice.id().and_then(|id| self.offer(id));
        self.offered.len() > 1 && offer.is_some_and(|offer| !offer.serves)
    }
}

pub(super) type Outcome = (Dialog, Vec<Effect>);

/// Steps.
pub fn step(dialog: &Dialog, event: &Event, facts: &Facts) -> Outcome {
    let dialog = &of_now(dialog, facts);
    match event {
        Event::Start(Some(word)) if word == BUY && is_known(facts) => {
            (dialog.clone(), buy(&Press::TopUp, facts))
        }
        Event::Start(argument) => start(argument.as_deref(), facts),
        Event::Press(Some(Press::AcceptTerms)) if facts.terms_due => {
            let welcome = Screen::Welcome { gift: facts.welcome.unwrap_or(0) };
            (dialog.clone(), vec![Effect::AcceptTerms, Effect::Say(welcome)])
        }
        Event::Press(Some(Press::Language(lang))) => language(dialog, *lang, facts),
        // Their own credits, whatever they have accepted by now.
        Event::Press(Some(Press::TakeBack(order))) => {
            (dialog.clone(), vec![Effect::TakeBack(*order)])
        }
        Event::Command(command) => at_command(dialog, command, facts),
        Event::Promo(Some(code)) => (dialog.clone(), vec![Effect::Promo(code.clone())]),
        _ if facts.terms_due => (dialog.clone(), vec![Effect::Say(Screen::Terms)]),
        Event::Press(Some(press)) => pressed(dialog, press, facts),
        Event::Press(None) => here(dialog, Some(Toast::Unknown)),
        Event::Text(text) => words(dialog, text, facts),
        Event::Picture { photo, album } => picture(dialog, photo, album.as_deref(), facts),
        Event::Promo(None) => (dialog.clone(), vec![Effect::Say(Screen::PromoHow)]),
        Event::Other => (dialog.clone(), vec![wrong(dialog.place, Wrong::FileForPhoto)]),
    }
}

/// The operator may have changed what there is to choose since the dialogue was left. The number
/// belongs to a price that was shown: it is asked for again with another one.
fn of_now(dialog: &Dialog, facts: &Facts) -> Dialog {
    if dialog.place == Place::Menu {
        return dialog.clone();
    }
    let mut draft = dialog.draft.clone().among(&facts.offered);
    if draft.choice != dialog.draft.choice {
        draft.count = None;
    }
    Dialog { place: draft.place(), draft }
}

/// Whom nothing has to be told first.
fn is_known(facts: &Facts) -> bool {
    facts.welcome.is_none() && !facts.terms_due
}

fn start(argument: Option<&str>, facts: &Facts) -> Outcome {
    let mut effects = Vec::new();
    let argument = argument.filter(|text| text.len() <= 64).unwrap_or("");
    // Whoever is here already was invited by nobody: else accounts would invite each other.
    if argument.starts_with("ref_") && facts.welcome.is_some() {
        effects.push(Effect::Inviter(argument.to_owned()));
    }
    effects.push(Effect::Say(match facts.welcome {
        Some(gift) if !facts.terms_due => Screen::Welcome { gift },
        _ if facts.terms_due => Screen::Terms,
        _ => Screen::Menu,
    }));
    if let Some(code) = argument.strip_prefix("promo_") {
        effects.push(Effect::Promo(code.to_owned()));
    }
    (Dialog::default(), effects)
}

fn at_command(dialog: &Dialog, command: &str, facts: &Facts) -> Outcome {
    let stay = |screen| (dialog.clone(), vec![Effect::Say(screen)]);
    match command {
        "help" => stay(Screen::Help),
        "terms" => stay(Screen::TermsLinks),
        "paysupport" => stay(Screen::PaySupport),
        "support" => stay(Screen::Support),
        "cancel" if dialog.place == Place::Menu => stay(Screen::NothingToCancel),
        "cancel" => (Dialog::default(), vec![Effect::Say(Screen::Canceled)]),
        "language" => stay(Screen::Cabinet),
        "invite" if !facts.terms_due => (dialog.clone(), vec![Effect::Invite]),
        _ if facts.terms_due => stay(Screen::Terms),
        "menu" => (Dialog::default(), vec![Effect::Say(Screen::Menu)]),
        _ => stay(Screen::UnknownCommand),
    }
}

/// Also before the terms: who is to accept them has to read them.
fn language(dialog: &Dialog, lang: Lang, facts: &Facts) -> Outcome {
    let screen = if facts.terms_due { Screen::Terms } else { Screen::LanguageSet };
    let effects =
        vec![Effect::Language(lang), Effect::Toast(Toast::Language(lang)), Effect::Say(screen)];
    (dialog.clone(), effects)
}

fn pressed(dialog: &Dialog, press: &Press, facts: &Facts) -> Outcome {
    let stay = |screen| (dialog.clone(), vec![Effect::Say(screen)]);
    match press {
        Press::Menu => (Dialog::default(), vec![Effect::Say(Screen::Menu)]),
        // An old menu's button in the middle of an order: the draft stays.
        Press::Make if dialog.place != Place::Menu => here(dialog, Some(Toast::Stale)),
        Press::Make => begin(Draft { id: facts.fresh.clone(), ..Draft::default() }, facts),
        Press::Cabinet => stay(Screen::Cabinet),
        Press::Support => stay(Screen::Support),
        Press::Invite => (dialog.clone(), vec![Effect::Invite]),
        Press::TopUp | Press::Pack(_) => (dialog.clone(), buy(press, facts)),
        Press::Films(before) => stay(Screen::Films(*before)),
        Press::Statement(before) => stay(Screen::Statement(*before)),
        Press::Continue => resume(dialog, facts),
        Press::AcceptTerms | Press::Aside(_) => here(dialog, None),
        Press::Language(lang) => language(dialog, *lang, facts),
        Press::Again(_)
        | Press::Same(_)
        | Press::Refine(_)
        | Press::Rate(..)
        | Press::Film(_)
        | Press::TakeBack(_) => match &facts.again {
            None => here(dialog, Some(Toast::Gone)),
            Some(again) => under_video::pressed(dialog, press, again, facts),
        },
        Press::Draft(id, choice) if *id == dialog.draft.id && dialog.place != Place::Menu => {
            chosen(dialog, choice, facts)
        }
        Press::Draft(_, Choice::Confirm(_)) if facts.confirmed => {
            (dialog.clone(), vec![Effect::Toast(Toast::Already)])
        }
        Press::Draft(..) => here(dialog, Some(Toast::Stale)),
    }
}

/// A new draft, unless nothing is sold: that is said before anything is asked.
pub(super) fn begin(draft: Draft, facts: &Facts) -> Outcome {
    if let Selling::Closed(why) = facts.selling {
        return (Dialog::default(), vec![Effect::Say(Screen::Closed(why))]);
    }
    go_on(draft.among(&facts.offered))
}

/// Where nothing but the yes is missing, who cannot pay hears it instead.
pub(super) fn last_question(draft: Draft, facts: &Facts) -> Outcome {
    let count = draft.count.unwrap_or(1);
    if draft.place() == Place::Confirm && facts.credits < facts.cost(&draft, count) {
        return wait_for_credits(&draft, count);
    }
    go_on(draft)
}

fn go_on(draft: Draft) -> Outcome {
    let place = draft.place();
    (Dialog { place, draft }, vec![Effect::Say(Screen::Ask(place))])
}

/// What the shop could not make, it does not sell: that is said before anybody pays.
fn buy(press: &Press, facts: &Facts) -> Vec<Effect> {
    match (facts.selling, press, facts.pack) {
        (Selling::Closed(why), ..) => vec![Effect::Say(Screen::Closed(why))],
        (_, Press::Pack(_), Some(pack)) => {
            vec![Effect::Toast(Toast::Invoice), Effect::Invoice(pack)]
        }
        (_, Press::Pack(_), None) => vec![Effect::Toast(Toast::Prices), Effect::Say(Screen::TopUp)],
        _ => vec![Effect::Say(Screen::TopUp)],
    }
}

/// `▶️`: an order that lacked credits goes on with just as many videos as were wanted.
fn resume(dialog: &Dialog, facts: &Facts) -> Outcome {
    let Some(count) = dialog.draft.wanted.filter(|_| dialog.place == Place::Count) else {
        return here(dialog, None);
    };
    if facts.credits < facts.cost(&dialog.draft, count) {
        return (dialog.clone(), vec![Effect::Say(Screen::Insufficient { count })]);
    }
    go_on(Draft { count: Some(count), wanted: None, ..dialog.draft.clone() })
}

/// Too few credits: the order waits for them, and remembers how many videos it was to have.
fn wait_for_credits(draft: &Draft, count: i64) -> Outcome {
    let draft = Draft { count: None, wanted: Some(count), ..draft.clone() };
    let dialog = Dialog { place: draft.place(), draft };
    (dialog, vec![Effect::Say(Screen::Insufficient { count })])
}

/// Shows where the customer stands; the draft stays.
fn here(dialog: &Dialog, toast: Option<Toast>) -> Outcome {
    let screen = match dialog.place {
        Place::Menu => Screen::Menu,
        place => Screen::Ask(place),
    };
    let mut effects: Vec<_> = toast.map(Effect::Toast).into_iter().collect();
    effects.push(Effect::Say(screen));
    (dialog.clone(), effects)
}

fn chosen(dialog: &Dialog, choice: &Choice, facts: &Facts) -> Outcome {
    let mut draft = dialog.draft.clone();
    match (dialog.place, choice) {
        (_, Choice::Cancel) => (Dialog::default(), vec![Effect::Say(Screen::Canceled)]),
        (Place::Template, Choice::Template(id)) if id == "self" && no_prompt_fits(facts) => {
            (dialog.clone(), vec![Effect::Say(Screen::Closed(Closed::NoModel))])
        }
        (Place::Template, Choice::Template(id)) if id == "self" || facts.templates.contains(id) => {
            draft.template = Some(id.clone());
            go_on(draft)
        }
        (Place::Wishes, Choice::NoWishes) => {
            draft.wishes = Some(Wishes::None);
            go_on(draft)
        }
        (Place::Choice, Choice::Quality(id)) => match facts.offer(id) {
            None => here(dialog, Some(Toast::Stale)),
            Some(Offered { serves: false, .. }) => here(dialog, Some(Toast::Unavailable)),
            Some(_) => {
                draft.choice = Chosen::This(id.clone());
                last_question(draft, facts)
            }
        },
        (Place::Count | Place::Confirm, Choice::OtherQuality) if facts.offered.len() > 1 => {
            (draft.count, draft.wanted) = (None, None);
            go_on(Draft { choice: Chosen::Asked, ..draft })
        }
        (Place::Count, Choice::Count(count @ (1 | 3 | 5))) => {
            if facts.credits < facts.cost(&draft, *count) {
                return wait_for_credits(&draft, *count);
            }
            (draft.count, draft.wanted) = (Some(*count), None);
            go_on(draft)
        }
        (Place::Count | Place::Confirm, Choice::Back) => {
            (draft.count, draft.wanted) = (None, None);
            go_on(draft)
        }
        (Place::Confirm, Choice::Confirm(bill)) => confirm(dialog, *bill, facts),
        _ => here(dialog, Some(Toast::Stale)),
    }
}

/// No model serves any more: a length to keep to would be a lie.
fn no_prompt_fits(facts: &Facts) -> bool {
    facts.prompt_max < TEXT_MIN
}

/// The balance may have been spent, and the shop closed, since the question was asked. `read`: what
/// it said.
fn confirm(dialog: &Dialog, read: Bill, facts: &Facts) -> Outcome {
    let count = dialog.draft.count.unwrap_or(1);
    if let Selling::Closed(why) = facts.selling {
        return (dialog.clone(), vec![Effect::Say(Screen::Closed(why))]);
    }
    if !facts.photo_kept {
        return go_on(Draft { photo: None, ..dialog.draft.clone() });
    }
    if facts.is_off(&dialog.draft) {
        let draft = Draft { choice: Chosen::Asked, ..dialog.draft.clone() };
        return here(&Dialog { place: draft.place(), draft }, Some(Toast::Unavailable));
    }
    if facts.credits < facts.cost(&dialog.draft, count) {
        return wait_for_credits(&dialog.draft, count);
    }
    // Nobody pays a price that they did not read: the new question may still be on its way, or have
    // been dropped, and its button alone says that it came.
    let bill = Bill { videos: count, credits: facts.cost(&dialog.draft, count) };
    if read != bill {
        let toast = if read.videos == count { Toast::Prices } else { Toast::Stale };
        return here(dialog, Some(toast));
    }
    let effects =
        vec![Effect::Toast(Toast::Started), Effect::Place(Box::new(dialog.draft.clone()))];
    (Dialog::default(), effects)
}

fn words(dialog: &Dialog, text: &str, facts: &Facts) -> Outcome {
    let text = text.trim();
    let chars = text.chars().count();
    let mut draft = dialog.draft.clone();
    let stay = |effect| (dialog.clone(), vec![effect]);
    match dialog.place {
        Place::Product if chars > TEXT_MAX => {
            stay(Effect::Say(Screen::Wrong(Wrong::ProductLong(chars))))
        }
        Place::Product if chars >= TEXT_MIN => {
            draft.product = Some(text.to_owned());
            go_on(draft)
        }
        Place::Prompt if no_prompt_fits(facts) => {
            stay(Effect::Say(Screen::Closed(Closed::NoModel)))
        }
        Place::Prompt if (TEXT_MIN..=facts.prompt_max.min(PROMPT_MAX)).contains(&chars) => {
            draft.prompt = Some(text.to_owned());
            go_on(draft)
        }
        Place::Change if (TEXT_MIN..=CHANGE_MAX).contains(&chars) => {
            let script = draft.refine.take().unwrap_or_default().script;
            draft.refine = Some(Refine { script, change: Some(text.to_owned()) });
            go_on(draft)
        }
        Place::Wishes if means_none(text) => {
            draft.wishes = Some(Wishes::None);
            go_on(draft)
        }
        Place::Wishes if chars <= TEXT_MAX => {
            draft.wishes = Some(Wishes::Some(text.to_owned()));
            go_on(draft)
        }
        place => stay(wrong(place, Wrong::TextForPhoto)),
    }
}

fn picture(dialog: &Dialog, photo: &Photo, album: Option<&str>, facts: &Facts) -> Outcome {
    let another = album.is_some() && album == dialog.draft.album.as_deref();
    if another && dialog.place != Place::Photo {
        return (dialog.clone(), Vec::new());
    }
    if dialog.place != Place::Photo {
        return (dialog.clone(), vec![wrong(dialog.place, Wrong::FileForPhoto)]);
    }
    let refused = match photo {
        Photo::Kept(path) => {
            let mut draft = dialog.draft.clone();
            draft.photo = Some(path.clone());
            draft.album = album.map(str::to_owned);
            if draft.id.is_empty() {
                draft.id.clone_from(&facts.fresh);
            }
            return go_on(draft);
        }
        Photo::NotAPicture => Wrong::FileForPhoto,
        Photo::Broken => Wrong::BrokenPhoto,
        Photo::Small { width, height } => Wrong::SmallPhoto { width: *width, height: *height },
        Photo::Large => Wrong::LargePhoto,
        Photo::Long => Wrong::LongPhoto,
        Photo::Unasked | Photo::Trouble => Wrong::PhotoTrouble,
    };
    (dialog.clone(), vec![Effect::Say(Screen::Wrong(refused))])
}

/// A kind word on what is needed at this place.
fn wrong(place: Place, for_photo: Wrong) -> Effect {
    Effect::Say(match place {
        Place::Menu => Screen::Hint,
        Place::Photo => Screen::Wrong(for_photo),
        Place::Product => Screen::Wrong(Wrong::Product),
        Place::Template => Screen::Wrong(Wrong::Template),
        Place::Prompt => Screen::Wrong(Wrong::Prompt),
        Place::Wishes => Screen::Wrong(Wrong::Wishes),
        Place::Change => Screen::Wrong(Wrong::Change),
        Place::Choice => Screen::Wrong(Wrong::Choice),
        Place::Count => Screen::Wrong(Wrong::Count),
        Place::Confirm => Screen::Wrong(Wrong::Confirm),
    })
}
