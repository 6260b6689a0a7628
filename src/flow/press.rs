//! What stands in a button: 1 to 64 bytes, and anybody can forge them, so they name only what the
//! handler looks up and checks again.

use super::Aside;
use crate::db::{JobId, OrderId};
use crate::text::Lang;

/// A button of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// `🏠`: the menu.
    Menu,
    /// `🎬`: a new order.
    Make,
    /// `👤`.
    Cabinet,
    /// `🆘`.
    Support,
    /// `💳`.
    TopUp,
    /// The pack with so many credits.
    Pack(i64),
    /// `▶️`: where were we?
    Continue,
    /// `👥`: their own link.
    Invite,
    /// `✅` under the terms.
    AcceptTerms,
    /// A language.
    Language(Lang),
    /// `🔄`: another with this job's product.
    Again(JobId),
    /// `🔁`: the same once more.
    Same(JobId),
    /// `✏️`: the same with one change.
    Refine(JobId),
    /// `👍` or `👎`: what they think of this job's video.
    Rate(JobId, bool),
    /// `✋`: what of this order has not begun.
    TakeBack(OrderId),
    /// `🎞`: their videos, before the one with this number.
    Films(Option<i64>),
    /// `🎞`: this job's video once more.
    Film(JobId),
    /// `📜`: what moved their credits, before the line with this number.
    Statement(Option<i64>),
    /// A choice inside the draft with this id.
    Draft(String, Choice),
    /// Beside the order.
    Aside(Aside),
}

/// A choice inside a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A template by its id.
    Template(String),
    /// No wishes.
    NoWishes,
    /// One of the operator's choices by its id.
    Quality(String),
    /// Another of them, please.
    OtherQuality,
    /// How many.
    Count(i64),
    /// Another number, please.
    Back,
    /// Yes, to what stands above the button.
    Confirm(Bill),
    /// No.
    Cancel,
}

/// What a yes is to: whoever presses an older question's button has read another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    /// How many videos.
    pub videos: i64,
    /// Credits for all of them.
    pub credits: i64,
}

impl Bill {
    fn read(text: &str) -> Option<Self> {
        let (videos, credits) = text.split_once(':')?;
        Some(Self { videos: videos.parse().ok()?, credits: credits.parse().ok()? })
    }
}

impl Press {
    /// Reads callback data; `None`: not one of ours.
    pub fn read(data: &str) -> Option<Self> {
        let mut parts = data.splitn(3, ':');
        let press = match (parts.next()?, parts.next(), parts.next()) {
            ("menu", None, None) => Self::Menu,
            ("make", None, None) => Self::Make,
            ("cabinet", None, None) => Self::Cabinet,
            ("support", None, None) => Self::Support,
            ("topup", None, None) => Self::TopUp,
            ("pack", Some(credits), None) => Self::Pack(credits.parse().ok()?),
            ("continue", None, None) => Self::Continue,
            ("invite", None, None) => Self::Invite,
            ("terms", None, None) => Self::AcceptTerms,
            ("lang", Some("ru"), None) => Self::Language(Lang::Ru),
            ("lang", Some("en"), None) => Self::Language(Lang::En),
            ("films", None, None) => Self::Films(None),
            ("lines", None, None) => Self::Statement(None),
            (does, Some(number), None) if Self::of_a_number(does, 0).is_some() => {
                return Self::of_a_number(does, number.parse().ok()?);
            }
            ("t", Some(draft), Some(id)) => Self::in_draft(draft, Choice::Template(id.to_owned())),
            ("q", Some(draft), Some(id)) => Self::in_draft(draft, Choice::Quality(id.to_owned())),
            ("o", Some(draft), None) => Self::in_draft(draft, Choice::OtherQuality),
            ("n", Some(draft), Some(count)) => {
                Self::in_draft(draft, Choice::Count(count.parse().ok()?))
            }
            ("w", Some(draft), None) => Self::in_draft(draft, Choice::NoWishes),
            ("b", Some(draft), None) => Self::in_draft(draft, Choice::Back),
            ("y", Some(draft), Some(bill)) => {
                Self::in_draft(draft, Choice::Confirm(Bill::read(bill)?))
            }
            ("x", Some(draft), None) => Self::in_draft(draft, Choice::Cancel),
            _ => Self::Aside(Aside::read(data)?),
        };
        Some(press)
    }

    /// The buttons that name a row.
    fn of_a_number(does: &str, n: i64) -> Option<Self> {
        Some(match does {
            "again" => Self::Again(JobId(n)),
            "same" => Self::Same(JobId(n)),
            "refine" => Self::Refine(JobId(n)),
            "good" => Self::Rate(JobId(n), true),
            "bad" => Self::Rate(JobId(n), false),
            "takeback" => Self::TakeBack(OrderId(n)),
            "film" => Self::Film(JobId(n)),
            "films" => Self::Films(Some(n)),
            "lines" => Self::Statement(Some(n)),
            _ => return None,
        })
    }

    fn in_draft(draft: &str, choice: Choice) -> Self {
        Self::Draft(draft.to_owned(), choice)
    }

    /// The callback data.
    pub fn data(&self) -> String {
        match self {
            Self::Menu => "menu".into(),
            Self::Make => "make".into(),
            Self::Cabinet => "cabinet".into(),
            Self::Support => "support".into(),
            Self::TopUp => "topup".into(),
            Self::Pack(credits) => format!("pack:{credits}"),
            Self::Continue => "continue".into(),
            Self::Invite => "invite".into(),
            Self::AcceptTerms => "terms".into(),
            Self::Language(lang) => format!("lang:{}", lang.code()),
            Self::Again(job) => format!("again:{job}"),
            Self::Aside(aside) => aside.data(),
            Self::Same(job) => format!("same:{job}"),
            Self::Refine(job) => format!("refine:{job}"),
            Self::Rate(job, true) => format!("good:{job}"),
            Self::Rate(job, false) => format!("bad:{job}"),
            Self::TakeBack(order) => format!("takeback:{order}"),
            Self::Film(job) => format!("film:{job}"),
            Self::Films(None) => "films".into(),
            Self::Films(Some(before)) => format!("films:{before}"),
            Self::Statement(None) => "lines".into(),
            Self::Statement(Some(before)) => format!("lines:{before}"),
            Self::Draft(draft, Choice::Template(id)) => format!("t:{draft}:{id}"),
            Self::Draft(draft, Choice::Quality(id)) => format!("q:{draft}:{id}"),
            Self::Draft(draft, Choice::OtherQuality) => format!("o:{draft}"),
            Self::Draft(draft, Choice::Count(count)) => format!("n:{draft}:{count}"),
            Self::Draft(draft, Choice::NoWishes) => format!("w:{draft}"),
            Self::Draft(draft, Choice::Back) => format!("b:{draft}"),
            Self::Draft(draft, Choice::Confirm(Bill { videos, credits })) => {
                format!("y:{draft}:{videos}:{credits}")
            }
            Self::Draft(draft, Choice::Cancel) => format!("x:{draft}"),
        }
    }
}
