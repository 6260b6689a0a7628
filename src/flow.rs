//! The dialogue: where a customer stands, and what an event does.
//!
//! [`step()`] is pure: dialogue, event and facts in, dialogue and effects out. [`apply`] reads the
//! facts, steps, and does the effects, all in one transaction with the inbox row's mark.
//!
//! ```text
//! menu ─ photo ─ product ─ template ─┬─ wishes ─┬─ (choice) ─ count ─ confirm ─ (order) ─ menu
//!                                    ├─ change ─┤
//!                                    └─ prompt ─┘
//! ```
//! The choice is asked for where the operator sells several kinds of video (`[[choice]]` in
//! `models.toml`).
//!
//! The place is always the first thing that the draft still lacks, so "another with this product"
//! begins with a draft that has its photo and product, and nothing is asked twice; "the same again"
//! with one that lacks nothing, and "refine" with one that lacks only the change.

mod apply;
mod aside;
mod cabinet;
mod checkout;
mod leaving;
mod paying;
mod press;
mod restored;
mod screens;
mod statement;
mod step;
mod under_video;
mod wishes;

pub use apply::{Incoming, handle, photo_of, photos_since, prune};
pub use aside::{Aside, ticket_of, wants_photo};
pub use checkout::{Verdict, Wish, checkout};
pub use leaving::{farewell, forget_again, leave_again};
pub use paying::{
    Compared, Paid, compare, compare_refund, given_back, granted, paid, refunded, unlisted, unread,
};
pub use press::{Bill, Choice, Press};
pub use restored::WhoLeft;
pub use step::{Effect, Facts, step};

use crate::growth::{Invited, Redeemed};
use crate::orders::{Offered, TakenBack};
use crate::text::Lang;
use serde::{Deserialize, Serialize};

/// The shortest text that says anything, in characters.
pub const TEXT_MIN: usize = 3;
/// The longest description or wish, in characters.
pub const TEXT_MAX: usize = 1_000;
/// The longest change of a script, in characters.
pub const CHANGE_MAX: usize = 300;
/// The longest own prompt, in characters; a model may take fewer.
pub const PROMPT_MAX: usize = 2_000;

/// Behind `/start`: whoever follows a forwarded invoice's link wants to buy. Part of what stands in
/// customers' chats for good.
pub const BUY: &str = "topup";

/// What the bot waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Nothing: the menu.
    #[default]
    Menu,
    /// A photo.
    Photo,
    /// Words about the product.
    Product,
    /// A template's button.
    Template,
    /// An own prompt.
    Prompt,
    /// Wishes, or none.
    Wishes,
    /// What is to be changed in an earlier script.
    Change,
    /// One of the operator's choices.
    Choice,
    /// How many videos.
    Count,
    /// Yes or no.
    Confirm,
}

/// A customer's dialogue, as kept in `dialogs.state`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialog {
    /// What the bot waits for.
    pub place: Place,
    /// The order in the making.
    pub draft: Draft,
}

/// An order in the making.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Stands in the buttons, so that a stale one is recognised; the order's key.
    pub id: String,
    /// Relative to `photos/`.
    pub photo: Option<String>,
    /// The album that the photo came in: its other pictures are passed over.
    pub album: Option<String>,
    /// Words about the product.
    pub product: Option<String>,
    /// The template's id.
    pub template: Option<String>,
    /// Template `self`.
    pub prompt: Option<String>,
    /// What they wish; `None`: not asked yet.
    pub wishes: Option<Wishes>,
    /// What of the operator's choices.
    pub choice: Chosen,
    /// How many videos.
    pub count: Option<i64>,
    /// The earlier video that this one is to be like.
    pub refine: Option<Refine>,
    /// How many they are to be once there are credits for them.
    pub wanted: Option<i64>,
}

/// Another video with one change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refine {
    /// What the earlier one was made of; template `self`: the own prompt, which is edited itself.
    pub script: String,
    /// What is to change; `None`: not asked yet.
    pub change: Option<String>,
}

impl Draft {
    /// The first thing that is missing.
    pub fn place(&self) -> Place {
        let own = self.template.as_deref() == Some("self");
        match self {
            Self { photo: None, .. } => Place::Photo,
            Self { product: None, .. } => Place::Product,
            Self { template: None, .. } => Place::Template,
            Self { prompt: None, .. } if own => Place::Prompt,
            Self { refine: Some(Refine { change: None, .. }), .. } if !own => Place::Change,
            Self { wishes: None, .. } if !own => Place::Wishes,
            Self { choice: Chosen::Asked, .. } => Place::Choice,
            Self { count: None, .. } => Place::Count,
            _ => Place::Confirm,
        }
    }

    /// With what there is to choose now: a single choice is made, and one that is gone is made anew.
    fn among(self, offered: &[Offered]) -> Self {
        let choice = match (offered, &self.choice) {
            ([], _) => Chosen::Nothing,
            ([only], _) => Chosen::This(only.id.clone()),
            (_, Chosen::This(id)) if offered.iter().any(|one| one.id == *id) => return self,
            _ => Chosen::Asked,
        };
        Self { choice, ..self }
    }
}

/// What a customer chose among the operator's choices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chosen {
    /// Nothing: there is nothing to choose.
    #[default]
    Nothing,
    /// It is to be asked.
    Asked,
    /// The one with this id.
    This(String),
}

impl Chosen {
    /// The id.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::This(id) => Some(id),
            Self::Nothing | Self::Asked => None,
        }
    }
}

/// The answer to "any wishes?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wishes {
    /// None.
    None,
    /// In the customer's words.
    Some(String),
}

/// What came from the customer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// `/start`, with what stands behind it.
    Start(Option<String>),
    /// Another command, without the slash.
    Command(String),
    /// `/promo`, with the code behind it.
    Promo(Option<String>),
    /// Words.
    Text(String),
    /// A picture, downloaded and judged where the bot waits for one.
    Picture {
        /// What became of it.
        photo: Photo,
        /// Pictures sent together carry one id.
        album: Option<String>,
    },
    /// Anything else: a sticker, a video, a file.
    Other,
    /// A button; `None`: its data is not one of ours.
    Press(Option<Press>),
}

/// A picture that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Photo {
    /// Not looked at: nobody waits for one.
    Unasked,
    /// Kept, relative to `photos/`.
    Kept(String),
    /// Not a picture that we can read.
    NotAPicture,
    /// Damaged.
    Broken,
    /// Fewer than 300 pixels on a side.
    Small {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Too many bytes or pixels.
    Large,
    /// Too far from any shape that a video could have.
    Long,
    /// Telegram did not give it.
    Trouble,
}

/// What a customer sees; `screens` writes it in their language.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// First words and the menu, with the gift.
    Welcome {
        /// Credits.
        gift: i64,
    },
    /// The menu.
    Menu,
    /// Consent to the terms.
    Terms,
    /// The terms, on request.
    TermsLinks,
    /// What the place at hand asks for, after `note`.
    Ask(Place),
    /// A word on what was wrong, with the place's buttons.
    Wrong(Wrong),
    /// Balance too low for so many videos.
    Insufficient {
        /// How many were asked for.
        count: i64,
    },
    /// Nothing is sold now.
    Closed(crate::orders::Closed),
    /// Balance, id, last orders.
    Cabinet,
    /// Their videos, before the one with this number.
    Films(Option<i64>),
    /// What moved their credits, before the line with this number.
    Statement(Option<i64>),
    /// What can be bought.
    TopUp,
    /// Whom to write to.
    Support,
    /// Whom to write to about a payment.
    PaySupport,
    /// How it works.
    Help,
    /// The order in the making is gone.
    Canceled,
    /// There was none.
    NothingToCancel,
    /// A command that we do not know.
    UnknownCommand,
    /// Words that nobody asked for.
    Hint,
    /// The language was changed.
    LanguageSet,
    /// Their own link, and what it brought.
    Invite {
        /// `https://t.me/…`
        link: String,
        /// How it went.
        invited: Invited,
    },
    /// How to use a promo code.
    PromoHow,
    /// What came of one.
    Promo(Redeemed),
}

/// What was wrong with what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Words where a photo is needed.
    TextForPhoto,
    /// Something that is no picture.
    FileForPhoto,
    /// A damaged picture.
    BrokenPhoto,
    /// A tiny picture.
    SmallPhoto {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// A huge picture.
    LargePhoto,
    /// A strip.
    LongPhoto,
    /// Telegram did not give the picture.
    PhotoTrouble,
    /// No words about the product, or too few.
    Product,
    /// Too many.
    ProductLong(usize),
    /// No template.
    Template,
    /// No own prompt, or one of a wrong length.
    Prompt,
    /// No wishes, or too many.
    Wishes,
    /// No change, or one of a wrong length.
    Change,
    /// None of the choices.
    Choice,
    /// No number.
    Count,
    /// Neither yes nor no.
    Confirm,
}

/// The short answer to a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toast {
    /// Its time is over.
    Stale,
    /// Not one of ours.
    Unknown,
    /// The order runs already.
    Already,
    /// The order begins.
    Started,
    /// The invoice is in the chat.
    Invoice,
    /// What was pressed is not sold at that price any more.
    Prices,
    /// What was chosen cannot be made now.
    Unavailable,
    /// What it names is gone.
    Gone,
    /// Thanks for the 👍 (true) or 👎.
    Rated(bool),
    /// What had not begun came back.
    TakenBack(TakenBack),
    /// All of it has begun or ended.
    NothingLeft,
    /// The order is not theirs.
    OrderGone,
    /// Nothing is left of the video.
    FilmGone,
    /// The video comes.
    Film,
    /// The language was changed.
    Language(Lang),
}

#[cfg(test)]
mod tests;
