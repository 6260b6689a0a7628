//! How single values are written: durations, sizes, times of the day, addresses. Each reader takes
//! a TOML value and says in a few words what it wants instead.

use std::ops::RangeInclusive;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use toml::de::DeValue;

use crate::clock::{DAY, HOUR, MINUTE, Millis, SECOND};

pub(super) type Read<T> = Result<T, String>;

/// "10s", "30m", "24h", "30d", within the bounds.
pub(super) fn duration(bounds: RangeInclusive<Millis>) -> impl Fn(&DeValue<'_>) -> Read<Millis> {
    move |value| {
        let want = || {
            let (from, to) = (show_duration(*bounds.start()), show_duration(*bounds.end()));
            format!("write a duration from \"{from}\" to \"{to}\", as \"10s\", \"30m\", \"24h\"")
        };
        let span = value.as_str().and_then(parse_duration).ok_or_else(want)?;
        bounds.contains(&span).then_some(span).ok_or_else(want)
    }
}

/// "45MB", with 1 MB = 2^20 bytes; also B, KB, GB.
pub(super) fn size(bounds: RangeInclusive<u64>) -> impl Fn(&DeValue<'_>) -> Read<u64> {
    move |value| {
        let want = || {
            let (from, to) = (show_size(*bounds.start()), show_size(*bounds.end()));
            format!("write a size from \"{from}\" to \"{to}\", as \"45MB\"")
        };
        let size = value.as_str().and_then(parse_size).ok_or_else(want)?;
        bounds.contains(&size).then_some(size).ok_or_else(want)
    }
}

/// A whole number within the bounds.
pub(super) fn count<T>(bounds: RangeInclusive<T>) -> impl Fn(&DeValue<'_>) -> Read<T>
where
    T: TryFrom<i64> + PartialOrd + std::fmt::Display,
{
    move |value| {
        let want = || format!("write a whole number from {} to {}", bounds.start(), bounds.end());
        let number = integer(value).and_then(|number| T::try_from(number).ok()).ok_or_else(want)?;
        if bounds.contains(&number) { Ok(number) } else { Err(want()) }
    }
}

/// "HH:MM".
pub(super) fn time_of_day(value: &DeValue<'_>) -> Read<Time> {
    value
        .as_str()
        .and_then(parse_time_of_day)
        .ok_or_else(|| "write a time of the day from \"00:00\" to \"23:59\"".to_owned())
}

/// "HH:MM", or "" for never.
pub(super) fn time_of_day_or_never(value: &DeValue<'_>) -> Read<Option<Time>> {
    if value.as_str() == Some("") {
        return Ok(None);
    }
    time_of_day(value).map(Some).map_err(|why| why + ", or \"\" for none")
}

/// A name of the IANA database, as "Europe/Moscow".
pub(super) fn time_zone(value: &DeValue<'_>) -> Read<TimeZone> {
    let want = || "write a time zone's name, as \"Europe/Moscow\" or \"UTC\"".to_owned();
    TimeZone::get(value.as_str().ok_or_else(want)?).map_err(|_| want())
}

/// Empty, or an address that a button can open.
pub(super) fn page_url(value: &DeValue<'_>) -> Read<String> {
    let want = || "write an address that begins with https://, or \"\" for none".to_owned();
    let text = value.as_str().ok_or_else(want)?.trim();
    if text.is_empty() || is_web(text) { Ok(text.to_owned()) } else { Err(want()) }
}

/// Empty, "@name" (which becomes `https://t.me/name`), or an address that a button can open.
pub(super) fn support_url(value: &DeValue<'_>) -> Read<String> {
    let want = || "write \"@name\" or an address that begins with https://".to_owned();
    let text = value.as_str().ok_or_else(want)?.trim();
    if let Some(name) = text.strip_prefix('@') {
        let good = (4..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return if good { Ok(format!("https://t.me/{name}")) } else { Err(want()) };
    }
    let user = text.strip_prefix("tg://user?id=").is_some_and(|id| id.parse::<u64>().is_ok());
    if text.is_empty() || is_web(text) || user { Ok(text.to_owned()) } else { Err(want()) }
}

/// A name without spaces, as a model's.
pub(super) fn name(value: &DeValue<'_>) -> Read<String> {
    let want = || "write a name in quotes, without spaces".to_owned();
    let text = value.as_str().ok_or_else(want)?;
    let good = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(text.to_owned()) } else { Err(want()) }
}

/// One or several different names.
pub(super) fn names(value: &DeValue<'_>) -> Read<Vec<String>> {
    let want = || "write a list of at least one name, as [\"kling-3.0/video\"]".to_owned();
    let list = value.as_array().ok_or_else(want)?;
    let names = list.iter().map(|one| name(one.get_ref())).collect::<Read<Vec<_>>>()?;
    if names.is_empty() || names.len() > 50 {
        return Err(want());
    }
    match (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        Some(at) => Err(format!("\"{}\" is in it twice", names[at])),
        None => Ok(names),
    }
}

/// A level of the log, or a filter as "info,neurocards=debug".
pub(super) fn log_level(value: &DeValue<'_>) -> Read<String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = value.as_str().unwrap_or_default().trim();
    // A filter takes any word for the name of a target, so a misspelt level would pass.
    let level = |part: &str| LEVELS.contains(&part.rsplit('=').next().unwrap_or_default());
    if text.split(',').all(level) && is_log_filter(text) {
        Ok(text.to_owned())
    } else {
        Err("write error, warn, info, debug or trace".to_owned())
    }
}

pub(super) fn is_log_filter(text: &str) -> bool {
    tracing_subscriber::EnvFilter::try_new(text).is_ok()
}

pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn is_web(text: &str) -> bool {
    let parsed = url::Url::parse(text);
    text.len() <= 2_000
        && parsed.is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.host_str().is_some_and(|h| !h.is_empty())
        })
}

/// As in the configuration: "10s", "30m", "24h", "30d".
pub fn parse_duration(text: &str) -> Option<Millis> {
    let unit = match text.bytes().last()? {
        b's' => SECOND,
        b'm' => MINUTE,
        b'h' => HOUR,
        b'd' => DAY,
        _ => return None,
    };
    whole(&text[..text.len() - 1])?.checked_mul(unit)
}

fn show_duration(span: Millis) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    let (unit, letter) = units
        .into_iter()
        .find(|(unit, _)| span >= *unit && span % unit == 0)
        .unwrap_or((SECOND, "s"));
    format!("{}{letter}", span / unit)
}

fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        _ => return None,
    };
    u64::try_from(whole(digits.trim_end())?).ok()?.checked_mul(unit)
}

fn show_size(size: u64) -> String {
    let units = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| size >= *unit && size.is_multiple_of(*unit))
        .unwrap_or((1, "B"));
    format!("{}{name}", size / unit)
}

fn parse_time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute) = (whole(hour)?, whole(minute)?);
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// Digits only: `parse` alone would take a sign.
fn whole(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_people_write_them() {
        for (text, ms) in [("10s", 10_000), ("30m", 1_800_000), ("24h", DAY), ("30d", 30 * DAY)] {
            assert_eq!(parse_duration(text), Some(ms), "{text}");
            assert_eq!(parse_duration(&show_duration(ms)), Some(ms), "{text}");
        }
        for wrong in
            ["", "s", "10", "-1s", "+1s", "1.5h", "10 s", "10S", "1w", "99999999999999999d"]
        {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
        for (text, bytes) in [("45MB", 45 << 20), ("1GB", 1 << 30), ("512KB", 1 << 19), ("7B", 7)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
            assert_eq!(parse_size(&show_size(bytes)), Some(bytes), "{text}");
        }
        for wrong in ["", "MB", "45", "45mb", "-1MB", "45MiB", "99999999999999999999GB"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_of_the_day_has_two_digits_each() {
        assert_eq!(parse_time_of_day("04:30").unwrap().to_string(), "04:30:00");
        for wrong in ["", "4:30", "24:00", "12:60", "-1:00", "12:00:00", "ab:cd", "+4:30"] {
            assert_eq!(parse_time_of_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn support_is_a_name_or_an_address() {
        let read = |text: &str| support_url(&DeValue::String(text.to_owned().into()));
        assert_eq!(read("@good_shop").unwrap(), "https://t.me/good_shop");
        assert_eq!(read("https://shop.example/help").unwrap(), "https://shop.example/help");
        assert_eq!(read("tg://user?id=42").unwrap(), "tg://user?id=42");
        assert_eq!(read("").unwrap(), "");
        for wrong in
            ["@", "@a b", "shop.example", "javascript:alert(1)", "tg://user?id=x", "https://"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
