//! What a cell means: numbers, times and texts as PostgreSQL and as people write them.

use crate::clock::{DAY, Millis};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Telegram's ids are no longer than 52 bits.
const ID_MAX: i64 = 1 << 52;

/// Why a cell is not the id of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPerson {
    /// Groups and channels have negative ids.
    Group,
    /// It is no id at all.
    NoId,
}

/// The Telegram id of a person. A spreadsheet may have made `7.0` of it.
pub(super) fn person(text: &str) -> Result<i64, NoPerson> {
    let text = text.trim();
    let whole = text.strip_suffix(".0").unwrap_or(text);
    match whole.parse::<i64>() {
        Ok(id) if (1..=ID_MAX).contains(&id) => Ok(id),
        Ok(id) if id < 0 => Err(NoPerson::Group),
        _ => Err(NoPerson::NoId),
    }
}

/// A number with decimals, exact: in units of 10⁻¹⁸.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(pub(super) i128);

const PLACES: usize = 18;
const ONE: i128 = 10_i128.pow(PLACES as u32);
/// No balance has more digits before the point: what has is a mistake, and its sum would not fit.
const WHOLE_DIGITS: usize = 12;

/// What a cell with a number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// This.
    Is(Decimal),
    /// More than anything can be worth.
    Huge,
    /// No number, or one with more decimals than can be kept.
    None,
}

impl Decimal {
    pub(super) fn of(whole: i64) -> Self {
        Self(i128::from(whole) * ONE)
    }

    /// The next whole number up.
    pub(super) fn rounded_up(self) -> i128 {
        self.0.div_euclid(ONE) + i128::from(self.0.rem_euclid(ONE) != 0)
    }

    /// Reads `5`, `2.50`, `-3.25`, `1e+06`.
    pub(super) fn read(text: &str) -> Number {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((mantissa, exponent)) => match exponent.parse::<i32>() {
                Ok(exponent) if exponent.abs() <= 40 => (mantissa, exponent),
                _ => return Number::None,
            },
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Number::None;
        }
        // Where the point is, in digits from the left.
        let point = whole.len() as i32 + exponent;
        let kept = all.trim_end_matches('0');
        let leading = kept.len() - kept.trim_start_matches('0').len();
        if kept.is_empty() {
            return Number::Is(Self(0));
        }
        if point - leading as i32 > WHOLE_DIGITS as i32 {
            return Number::Huge;
        }
        let decimals = kept.len() as i32 - point;
        if decimals > PLACES as i32 {
            return Number::None;
        }
        let Ok(value) = kept[leading..].parse::<i128>() else { return Number::None };
        let value = value * 10_i128.pow((PLACES as i32 - decimals) as u32);
        Number::Is(Self(if negative { -value } else { value }))
    }
}

impl std::fmt::Display for Decimal {
    /// Whole, or with two decimals and more where there are more.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = ((self.0 / ONE).abs(), (self.0 % ONE).abs());
        let sign = if self.0 < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{rest:018}");
        let digits = digits.trim_end_matches('0');
        write!(f, "{sign}{whole}.{digits:0<2}")
    }
}

/// What a cell with a time may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// This.
    At(Millis),
    /// Later than now: the clock there, or here, is wrong.
    Future,
    /// No time.
    None,
}

/// Reads `2025-03-01 12:34:56.789+03` as PostgreSQL prints it, the same with a `T` or a `Z`, without
/// a zone (UTC then) or only the day, and unix time in seconds, milliseconds or microseconds.
pub(super) fn moment(text: &str, now: Millis) -> Moment {
    let text = text.trim();
    let Some(at) = unix(text).or_else(|| dated(text)) else { return Moment::None };
    match at {
        ..0 => Moment::None,
        _ if at > now + DAY => Moment::Future,
        _ => Moment::At(at.min(now)),
    }
}

fn unix(text: &str) -> Option<Millis> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    if !(9..=16).contains(&whole.len()) || !text.bytes().all(|it| it.is_ascii_digit() || it == b'.')
    {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let ms = match whole.len() {
        ..=11 => number * 1_000.0,
        12..=14 => number,
        _ => number / 1_000.0,
    };
    Some(ms as Millis)
}

fn dated(text: &str) -> Option<Millis> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let at: DateTime = text.parse().ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// How an old job stands, in the words of `jobs.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It ended so.
    Ended(&'static str),
    /// It was waiting or in the works.
    UnderWay,
}

/// `None`: nobody knows what the word meant.
pub(super) fn standing(word: &str) -> Option<Standing> {
    Some(match word.trim().to_lowercase().as_str() {
        "done" | "completed" | "complete" | "success" | "succeeded" | "finished" => {
            Standing::Ended("done")
        }
        "failed" | "failure" | "error" => Standing::Ended("failed"),
        "canceled" | "cancelled" => Standing::Ended("canceled"),
        "pending" | "queued" | "new" | "created" | "waiting" | "processing" | "running"
        | "started" | "in_progress" | "retry" | "retrying" => Standing::UnderWay,
        _ => return None,
    })
}

/// `jobs.product_info` of what stands there: its two texts, cut to so many characters. `None`: it was
/// meant to be JSON and is none, so that no word of it can be shown.
pub(super) fn product(text: &str, most: (usize, usize)) -> Option<(String, bool)> {
    let value = match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => value,
        // Before there were two texts there may have been one.
        Ok(Value::String(words)) => json!({ "text": words }),
        Err(_) if !text.trim_start().starts_with(['{', '[', '"']) => json!({ "text": text }),
        _ => return None,
    };
    let words = |name: &str, most: usize| {
        let words = value[name].as_str().map(|words| words.replace('\0', ""));
        let cut = words.as_ref().is_some_and(|words| words.chars().count() > most);
        (words.map(|words| words.chars().take(most).collect::<String>()), cut)
    };
    let (about, about_cut) = words("text", most.0);
    let (prompt, prompt_cut) = words("user_prompt", most.1);
    let kept = json!({ "text": about.unwrap_or_default(), "user_prompt": prompt });
    Some((kept.to_string(), about_cut || prompt_cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> String {
        match Decimal::read(text) {
            Number::Is(decimal) => format!("{decimal} up {}", decimal.rounded_up()),
            Number::Huge => "huge".to_owned(),
            Number::None => "none".to_owned(),
        }
    }

    #[test]
    fn a_balance_is_read_to_its_last_digit_and_rounded_up() {
        for (text, is) in [
            ("5", "5 up 5"),
            ("5.00", "5 up 5"),
            ("2.50", "2.50 up 3"),
            (" 0.01 ", "0.01 up 1"),
            ("-3.25", "-3.25 up -3"),
            ("-0.5", "-0.50 up 0"),
            ("+7", "7 up 7"),
            ("0", "0 up 0"),
            ("0.000", "0 up 0"),
            ("1e+06", "1000000 up 1000000"),
            ("2.5e-1", "0.25 up 1"),
            ("0.30000000000000004", "0.30000000000000004 up 1"),
            ("1e-18", "0.000000000000000001 up 1"),
            ("1e-19", "none"),
            ("999999999999", "999999999999 up 999999999999"),
            ("1000000000000", "huge"),
            ("1e39", "huge"),
            ("99999999999999999999999999999999999999999999", "huge"),
            ("1e999", "none"),
            ("", "none"),
            ("-", "none"),
            (".", "none"),
            ("NaN", "none"),
            ("Infinity", "none"),
            ("$2.50", "none"),
            ("1,000", "none"),
            ("1.2.3", "none"),
            ("0x10", "none"),
        ] {
            assert_eq!(number(text), is, "{text:?}");
        }
    }

    #[test]
    fn a_time_is_read_in_every_form_that_it_may_have() {
        let now = 1_800_000_000_000;
        let at = |ms| Moment::At(ms);
        for (text, is) in [
            ("2025-03-01 09:34:56.789+00", at(1_740_821_696_789)),
            ("2025-03-01 12:34:56.789+03", at(1_740_821_696_789)),
            ("2025-03-01 04:04:56.789-05:30", at(1_740_821_696_789)),
            ("2025-03-01T09:34:56.789Z", at(1_740_821_696_789)),
            ("2025-03-01 09:34:56.789999+00", at(1_740_821_696_789)),
            ("2025-03-01 09:34:56", at(1_740_821_696_000)),
            ("2025-03-01", at(1_740_787_200_000)),
            ("1740821696", at(1_740_821_696_000)),
            ("1740821696.789", at(1_740_821_696_789)),
            ("1740821696789", at(1_740_821_696_789)),
            ("1740821696789000", at(1_740_821_696_789)),
            ("2027-01-15 09:00:00+00", at(now)),
            ("2099-01-01 00:00:00+00", Moment::Future),
            ("0044-03-15 12:00:00+00 BC", Moment::None),
            ("1900-01-01 00:00:00+00", Moment::None),
            ("infinity", Moment::None),
            ("01.03.2025", Moment::None),
            ("2025-02-30", Moment::None),
            ("", Moment::None),
            ("99", Moment::None),
        ] {
            assert_eq!(moment(text, now), is, "{text:?}");
        }
    }

    #[test]
    fn only_a_persons_id_is_one() {
        for (text, is) in [
            ("42", Ok(42)),
            (" 7000000008 ", Ok(7_000_000_008)),
            ("42.0", Ok(42)),
            ("-1001234567890", Err(NoPerson::Group)),
            ("0", Err(NoPerson::NoId)),
            ("4503599627370497", Err(NoPerson::NoId)),
            ("99999999999999999999", Err(NoPerson::NoId)),
            ("@anna", Err(NoPerson::NoId)),
            ("4.2e9", Err(NoPerson::NoId)),
            ("", Err(NoPerson::NoId)),
        ] {
            assert_eq!(person(text), is, "{text:?}");
        }
    }

    #[test]
    fn product_info_keeps_its_two_texts_and_nothing_that_cannot_be_shown() {
        let kept = |text: &str| product(text, (5, 3));
        let json = |text: &str, cut| Some((text.to_owned(), cut));
        assert_eq!(
            kept(r#"{"text": "Cup", "user_prompt": "go", "x": [1]}"#),
            json(r#"{"text":"Cup","user_prompt":"go"}"#, false)
        );
        assert_eq!(
            kept(r#"{"text": "Кружка", "user_prompt": "slow"}"#),
            json(r#"{"text":"Кружк","user_prompt":"slo"}"#, true)
        );
        let none = r#"{"text":"","user_prompt":null}"#;
        assert_eq!(kept("{}"), json(none, false));
        assert_eq!(kept(r#"{"text": 5, "user_prompt": {}}"#), json(none, false));
        assert_eq!(kept("Cup"), json(r#"{"text":"Cup","user_prompt":null}"#, false));
        assert_eq!(kept(r#""Cup""#), json(r#"{"text":"Cup","user_prompt":null}"#, false));
        assert_eq!(
            kept(r#"{"text": "a\u0000b"}"#),
            json(r#"{"text":"ab","user_prompt":null}"#, false)
        );
        assert_eq!(kept(r#"{"text": "Cu"#), None);
        assert_eq!(kept("[1]"), None);
    }
}
