//! The console's own words, in Russian and English, and how it writes times and sizes.

use crate::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::text::{Arg, Lang, Texts};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const RU: &str = include_str!("../../assets/console/ru.ftl");
const EN: &str = include_str!("../../assets/console/en.ftl");

/// Says what the screens say, in one language.
pub(super) struct Words {
    texts: Texts,
    pub(super) lang: Lang,
    zone: TimeZone,
}

impl Words {
    pub(super) fn new(lang: Lang, zone: TimeZone) -> Result<Self> {
        let texts = Texts::of(RU, EN).context("the console's texts")?;
        Ok(Self { texts, lang, zone })
    }

    /// The text with this id.
    pub(super) fn tell(&self, id: &str) -> String {
        self.texts.unescaped(self.lang, id, &[])
    }

    /// The same with values in it.
    pub(super) fn tell_of(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.unescaped(self.lang, id, args)
    }

    /// A length of time in its largest unit: "45s", "3m", "2h", "5d".
    pub(super) fn span(&self, ms: Millis) -> String {
        let (n, unit) = match ms.max(0) {
            ms @ ..MINUTE => (ms / SECOND, "span-s"),
            ms @ MINUTE..HOUR => (ms / MINUTE, "span-m"),
            ms @ HOUR..DAY => (ms / HOUR, "span-h"),
            ms => (ms / DAY, "span-d"),
        };
        // Not as a value of the text: Fluent would group the digits.
        format!("{n}{}", self.tell(unit))
    }

    /// The same to the tenth of a second below ten: "0.4s", "7.2s".
    pub(super) fn fine_span(&self, ms: Millis) -> String {
        match ms {
            0..10_000 => format!("{}{}", self.decimal(ms as f64 / 1_000.0), self.tell("span-s")),
            _ => self.span(ms),
        }
    }

    /// "3m ago", "in 2h", "now".
    pub(super) fn age(&self, at: Millis, now: Millis) -> String {
        let (id, span) = match now - at {
            past if past >= SECOND => ("age-past", past),
            past if past <= -SECOND => ("age-future", -past),
            _ => return self.tell("age-now"),
        };
        self.tell_of(id, &[("span", Arg::Str(&self.span(span)))])
    }

    /// Day and time in the operator's zone.
    pub(super) fn moment(&self, at: Millis) -> String {
        let pattern = match self.lang {
            Lang::Ru => "%d.%m %H:%M:%S",
            Lang::En => "%m-%d %H:%M:%S",
        };
        self.written(at, pattern)
    }

    /// The time of day.
    pub(super) fn hour(&self, at: Millis) -> String {
        self.written(at, "%H:%M:%S")
    }

    fn written(&self, at: Millis, pattern: &str) -> String {
        match Timestamp::from_millisecond(at) {
            Ok(at) => at.to_zoned(self.zone.clone()).strftime(pattern).to_string(),
            Err(_) => at.to_string(),
        }
    }

    /// With one digit after the point, as the language writes it.
    pub(super) fn decimal(&self, number: f64) -> String {
        let text = format!("{number:.1}");
        match self.lang {
            Lang::Ru => text.replace('.', ","),
            Lang::En => text,
        }
    }

    /// Whole, in groups of three digits.
    pub(super) fn number(&self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        if number < 0 { format!("-{grouped}") } else { grouped }
    }

    /// A share from 0 to 1 as percent; a dash where there is none.
    pub(super) fn percent(&self, share: Option<f64>) -> String {
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.0}%", share * 100.0))
    }

    /// "18 MB", "1.2 GB".
    pub(super) fn bytes(&self, bytes: u64) -> String {
        let mb = bytes as f64 / f64::from(1 << 20);
        match mb {
            ..0.1 => format!("{} {}", bytes >> 10, self.tell("unit-kb")),
            ..10.0 => format!("{} {}", self.decimal(mb), self.tell("unit-mb")),
            ..1024.0 => format!("{mb:.0} {}", self.tell("unit-mb")),
            _ => format!("{} {}", self.decimal(mb / 1024.0), self.tell("unit-gb")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn words(lang: Lang) -> Words {
        Words::new(lang, TimeZone::UTC).unwrap()
    }

    fn ids(source: &str) -> BTreeSet<String> {
        let starts =
            source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        starts.filter_map(|line| line.split_once(" =")).map(|(id, _)| id.to_owned()).collect()
    }

    fn sources(folder: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else {
                into.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn times_and_sizes_are_read_at_a_glance() {
        let (en, ru) = (words(Lang::En), words(Lang::Ru));
        assert_eq!(en.age(10 * DAY, 10 * DAY + 3 * MINUTE), "3m ago");
        assert_eq!(en.age(10 * DAY, 10 * DAY - 2 * HOUR), "in 2h");
        assert_eq!(ru.age(10 * DAY, 10 * DAY + 3 * MINUTE), "3 мин назад");
        assert_eq!(ru.span(5 * DAY), "5 д");
        assert_eq!(en.fine_span(420), "0.4s");
        assert_eq!(ru.decimal(1.25), "1,2");
        assert_eq!(en.number(-1_234_567), "-1 234 567");
        assert_eq!(en.number(1_234), "1234");
        assert_eq!(en.bytes(18 << 20), "18 MB");
        assert_eq!(ru.bytes(5 << 30), "5,0 ГБ");
        assert_eq!(en.percent(Some(0.987)), "99%");
    }

    #[test]
    fn both_languages_say_the_same_things_and_nothing_is_said_that_is_not_there() {
        assert_eq!(ids(RU), ids(EN));
        let mut all = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut all);
        let all = all.concat();
        for (at, _) in all.match_indices(".tell(\"").chain(all.match_indices(".tell_of(\"")) {
            let id = all[at..].split('"').nth(1).unwrap();
            assert!(ids(EN).contains(id), "there is no text `{id}`");
        }
        let silent: Vec<_> =
            ids(EN).into_iter().filter(|id| !all.contains(&format!("\"{id}\""))).collect();
        assert!(silent.is_empty(), "nobody says {silent:?}");
    }
}
