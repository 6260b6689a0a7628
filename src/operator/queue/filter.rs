//! What the operator types to find jobs: words, all of which must fit. Pure.

use super::Row;
use crate::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::db::{JobId, OrderId};
use crate::jobs::Step;
use crate::operator::failures;

/// Words of one filter.
const MOST_WORDS: usize = 16;
/// Characters of one filter.
const LONGEST: usize = 300;

/// Which jobs are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    State(&'static str),
    Live,
    Step(Step),
    Customer(i64),
    /// The whole @name.
    Handle(String),
    /// A part of a name.
    Name(String),
    Order(OrderId),
    Error(String),
    /// By [`failures::cause`].
    Cause(String),
    Model(String),
    Key(String),
    OlderThan(Millis),
    YoungerThan(Millis),
    Any(String),
}

/// What cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No such word before the colon.
    #[error("`{0}:` is none of state, step, user, order, error, cause, model, key")]
    Field(String),
    /// Nothing behind it.
    #[error("`{0}` lacks a value")]
    Empty(String),
    /// No such state.
    #[error("`{0}` is none of live, queued, processing, done, failed, canceled")]
    State(String),
    /// No such step.
    #[error("`{0}` is none of script, upload, submit, render, fetch, deliver")]
    Step(String),
    /// Not a number.
    #[error("`{0}` is no number")]
    Number(String),
    /// Not a length of time.
    #[error("`{0}` is no age: write age>10m, age<2h, with s, m, h or d")]
    Age(String),
    /// Too much of it.
    #[error("at most {MOST_WORDS} words and {LONGEST} characters")]
    TooLong,
}

impl Filter {
    /// Reads what was typed: `state:failed`, `step:render`, `user:@anna` (the whole name),
    /// `user:ann` (a part), `user:42`, `order:7`, `error:timeout`, `cause:ab12cd34` (a group of
    /// failures), `model:kling`, `key:ab12`, `age>10m`; any other word fits a job's id, its
    /// customer's Telegram id, or a part of their name, of its product or of its error. Letters' case is all the same.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let typed: Vec<&str> = text.split_whitespace().collect();
        if typed.len() > MOST_WORDS || text.chars().count() > LONGEST {
            return Err(FilterError::TooLong);
        }
        let words = typed.into_iter().map(word).collect::<Result<_, _>>()?;
        Ok(Self { words })
    }

    /// Lets everything through.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether it lets a job through.
    pub fn fits(&self, row: &Row, now: Millis) -> bool {
        self.words.iter().all(|word| word.fits(row, now))
    }

    pub(super) fn wants_live(&self) -> bool {
        self.words
            .iter()
            .any(|word| matches!(word, Word::Live | Word::State("queued" | "processing")))
    }

    pub(super) fn wants_failed(&self) -> bool {
        self.words.iter().any(|word| matches!(word, Word::State("failed") | Word::Cause(_)))
    }

    /// Jobs that are named.
    pub(super) fn ids(&self) -> impl Iterator<Item = JobId> {
        self.words.iter().filter_map(|word| match word {
            Word::Any(part) => part.trim_start_matches('#').parse().ok().map(JobId),
            _ => None,
        })
    }

    pub(super) fn customer(&self) -> Option<i64> {
        self.words.iter().find_map(|word| match word {
            Word::Customer(id) => Some(*id),
            _ => None,
        })
    }

    /// A customer's @name, in small letters.
    pub(super) fn handle(&self) -> Option<&str> {
        self.words.iter().find_map(|word| match word {
            Word::Handle(name) => Some(name.as_str()),
            _ => None,
        })
    }

    pub(super) fn order(&self) -> Option<OrderId> {
        self.words.iter().find_map(|word| match word {
            Word::Order(id) => Some(*id),
            _ => None,
        })
    }
}

fn word(typed: &str) -> Result<Word, FilterError> {
    if let Some(age) = typed.strip_prefix("age").filter(|age| age.starts_with(['>', '<', ':'])) {
        return span(&age[1..])
            .map(
                |ms| if age.starts_with('<') { Word::YoungerThan(ms) } else { Word::OlderThan(ms) },
            )
            .ok_or_else(|| FilterError::Age(typed.to_owned()));
    }
    let Some((field, value)) = typed.split_once(':').filter(|(field, _)| is_field(field)) else {
        return Ok(Word::Any(typed.to_lowercase()));
    };
    if value.is_empty() {
        return Err(FilterError::Empty(typed.to_owned()));
    }
    let lower = value.to_lowercase();
    let number = || value.parse().map_err(|_| FilterError::Number(value.to_owned()));
    match field.to_ascii_lowercase().as_str() {
        "state" => state(&lower),
        "step" => Step::ALL
            .into_iter()
            .find(|step| step.word() == lower)
            .map(Word::Step)
            .ok_or_else(|| FilterError::Step(value.to_owned())),
        "user" => Ok(match (value.parse(), lower.strip_prefix('@')) {
            (Ok(id), _) => Word::Customer(id),
            (_, Some(handle)) => Word::Handle(handle.to_owned()),
            (_, None) => Word::Name(lower),
        }),
        "cause" => Ok(Word::Cause(lower)),
        "order" => number().map(|id| Word::Order(OrderId(id))),
        "error" => Ok(Word::Error(lower)),
        "model" => Ok(Word::Model(lower)),
        "key" => Ok(Word::Key(lower)),
        _ => Err(FilterError::Field(field.to_owned())),
    }
}

/// A word before a colon is one of ours, or a slip of one: addresses and product texts have colons,
/// too.
fn is_field(field: &str) -> bool {
    let is_word = !field.is_empty() && field.chars().all(|c| c.is_ascii_alphabetic());
    is_word && !["http", "https"].contains(&field)
}

fn state(value: &str) -> Result<Word, FilterError> {
    if value == "live" {
        return Ok(Word::Live);
    }
    let known = ["queued", "processing", "done", "failed", "canceled"];
    let found = known.into_iter().find(|state| *state == value);
    found.map(Word::State).ok_or_else(|| FilterError::State(value.to_owned()))
}

/// `90s`, `10m`, `2h`, `3d`.
fn span(text: &str) -> Option<Millis> {
    let unit = match text.chars().last()? {
        's' => SECOND,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return None,
    };
    let count: u32 = text[..text.len() - 1].parse().ok()?;
    Millis::from(count).checked_mul(unit)
}

impl Word {
    fn fits(&self, row: &Row, now: Millis) -> bool {
        let has = |text: Option<&str>, part: &str| {
            text.is_some_and(|text| text.to_lowercase().contains(part))
        };
        let named =
            |part: &str| has(row.username.as_deref(), part) || has(row.first_name.as_deref(), part);
        let failed =
            |part: &str| has(row.error.as_deref(), part) || has(row.error_class.as_deref(), part);
        let age = row.finished_at.map_or(now, |at| at) - row.created_at;
        match self {
            Self::State(state) => row.status == *state,
            Self::Live => row.is_live(),
            Self::Step(step) => row.step == step.word(),
            Self::Customer(id) => row.tg_user_id == *id,
            Self::Handle(name) => {
                row.username.as_ref().is_some_and(|ours| ours.to_lowercase() == *name)
            }
            Self::Name(part) => named(part),
            Self::Order(id) => row.order_id == Some(*id),
            Self::Error(part) => failed(part),
            Self::Cause(id) => {
                let class = row.error_class.as_deref().unwrap_or_default();
                let error = row.error.as_deref().unwrap_or_default();
                row.status == "failed" && failures::cause(class, error) == *id
            }
            Self::Model(part) => has(row.model.as_deref(), part),
            Self::Key(part) => row.api_key.as_ref().is_some_and(|key| key.starts_with(part)),
            Self::OlderThan(ms) => age > *ms,
            Self::YoungerThan(ms) => age < *ms,
            Self::Any(part) => {
                let number = part.trim_start_matches('#').parse();
                number == Ok(row.id.0)
                    || number == Ok(row.tg_user_id)
                    || named(part.trim_start_matches('@'))
                    || has(row.product.as_deref(), part)
                    || failed(part)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Vec<Word>, FilterError>) {
        assert_eq!(Filter::parse(text).map(|filter| filter.words), expected, "{text}");
    }

    #[test]
    fn words_are_read_as_documented() {
        check("", Ok(vec![]));
        check("  ", Ok(vec![]));
        check("state:FAILED", Ok(vec![Word::State("failed")]));
        check("state:live", Ok(vec![Word::Live]));
        check("step:render", Ok(vec![Word::Step(Step::Render)]));
        check("user:@Anna", Ok(vec![Word::Handle("anna".into())]));
        check("user:Anna", Ok(vec![Word::Name("anna".into())]));
        check("cause:AB12cd34", Ok(vec![Word::Cause("ab12cd34".into())]));
        check("user:42", Ok(vec![Word::Customer(42)]));
        check("order:7 x", Ok(vec![Word::Order(OrderId(7)), Word::Any("x".into())]));
        check("error:Timeout", Ok(vec![Word::Error("timeout".into())]));
        check("model:Kling key:AB12", {
            Ok(vec![Word::Model("kling".into()), Word::Key("ab12".into())])
        });
        check("age>10m", Ok(vec![Word::OlderThan(10 * MINUTE)]));
        check("age<2h age>3d", Ok(vec![Word::YoungerThan(2 * HOUR), Word::OlderThan(3 * DAY)]));
        check("КРЕМ", Ok(vec![Word::Any("крем".into())]));
        check("https://a.b 12:30", {
            Ok(vec![Word::Any("https://a.b".into()), Word::Any("12:30".into())])
        });
    }

    #[test]
    fn what_cannot_be_understood_says_what_could() {
        check("stat:failed", Err(FilterError::Field("stat".into())));
        check("state:", Err(FilterError::Empty("state:".into())));
        check("state:fail", Err(FilterError::State("fail".into())));
        check("step:rendr", Err(FilterError::Step("rendr".into())));
        check("order:x", Err(FilterError::Number("x".into())));
        for age in ["age>", "age>m", "age>10", "age>10я", "age>-1m", "age:99999999999d"] {
            check(age, Err(FilterError::Age(age.into())));
        }
        check(&"a ".repeat(17), Err(FilterError::TooLong));
        check(&"я".repeat(301), Err(FilterError::TooLong));
        let said = FilterError::State("fail".into()).to_string();
        assert!(said.contains("fail") && said.contains("canceled"), "{said}");
    }
}
