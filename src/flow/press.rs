//! What stands in a button: 1 to 64 bytes, and anybody can forge them, so they name only what the
//! handler looks up and checks again.

use crate::db::JobId;
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
    /// A choice inside the draft with this id.
    Draft(String, Choice),
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
    /// Yes.
    Confirm,
    /// No.
    Cancel,
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
            ("again", Some(job), None) => Self::Again(JobId(job.parse().ok()?)),
            ("t", Some(draft), Some(id)) => Self::in_draft(draft, Choice::Template(id.to_owned())),
            ("q", Some(draft), Some(id)) => Self::in_draft(draft, Choice::Quality(id.to_owned())),
            ("o", Some(draft), None) => Self::in_draft(draft, Choice::OtherQuality),
            ("n", Some(draft), Some(count)) => {
                Self::in_draft(draft, Choice::Count(count.parse().ok()?))
            }
            ("w", Some(draft), None) => Self::in_draft(draft, Choice::NoWishes),
            ("b", Some(draft), None) => Self::in_draft(draft, Choice::Back),
            ("y", Some(draft), None) => Self::in_draft(draft, Choice::Confirm),
            ("x", Some(draft), None) => Self::in_draft(draft, Choice::Cancel),
            _ => return None,
        };
        Some(press)
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
            Self::Draft(draft, Choice::Template(id)) => format!("t:{draft}:{id}"),
            Self::Draft(draft, Choice::Quality(id)) => format!("q:{draft}:{id}"),
            Self::Draft(draft, Choice::OtherQuality) => format!("o:{draft}"),
            Self::Draft(draft, Choice::Count(count)) => format!("n:{draft}:{count}"),
            Self::Draft(draft, Choice::NoWishes) => format!("w:{draft}"),
            Self::Draft(draft, Choice::Back) => format!("b:{draft}"),
            Self::Draft(draft, Choice::Confirm) => format!("y:{draft}"),
            Self::Draft(draft, Choice::Cancel) => format!("x:{draft}"),
        }
    }
}
