//! The TOML file, read key by key: each error names the file, the line and the key, and what
//! nobody asked for at the end is an unknown key.

use std::io::Read;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Entry};

/// No file that we read whole is larger (TOML, `.env`, a secret).
const FILE_LIMIT: u64 = 1 << 20;

/// The parsed file and what was taken from it.
pub(super) struct File<'i> {
    name: String,
    text: &'i str,
    sections: Vec<Section<'i>>,
}

struct Section<'i> {
    name: &'i str,
    keys: Vec<Key<'i>>,
}

struct Key<'i> {
    name: String,
    at: usize,
    value: Spanned<DeValue<'i>>,
    taken: bool,
}

impl<'i> File<'i> {
    /// `known` are the sections that may appear.
    pub(super) fn parse(
        path: &Path,
        text: &'i str,
        known: &[&'static str],
    ) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            ConfigError::new(format!("{name}:{}: {}", line_of(text, at), error.message()))
        })?;
        let mut file = Self { name, text, sections: Vec::new() };
        for (key, value) in table.into_inner() {
            let at = key.span().start;
            let Some(section) = known.iter().find(|one| **one == key.get_ref().as_ref()) else {
                let why = format!("unknown; the sections are {}", known.join(", "));
                return Err(file.error(at, key.get_ref(), why));
            };
            let DeValue::Table(table) = value.into_inner() else {
                return Err(file.error(at, section, format!("is a section: write [{section}]")));
            };
            let keys = table.into_iter().map(|(key, value)| Key {
                at: key.span().start,
                name: key.into_inner().into_owned(),
                value,
                taken: false,
            });
            file.sections.push(Section { name: section, keys: keys.collect() });
        }
        Ok(file)
    }

    /// The value of `section.key`, or its default as it would be written in the file.
    pub(super) fn take<T>(
        &mut self,
        section: &str,
        key: &str,
        default: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, String>,
        entries: &mut Vec<Entry>,
    ) -> Result<T, ConfigError> {
        let full = format!("{section}.{key}");
        let keys = self.sections.iter_mut().filter(|one| one.name == section);
        let found = keys.flat_map(|one| &mut one.keys).find(|one| one.name == key);
        let Some(found) = found else {
            entries.push(Entry {
                key: full.clone(),
                value: default.into(),
                source: "default".into(),
            });
            return read_literal(default, read)
                .map_err(|why| ConfigError::new(format!("{full}: the default {why}")));
        };
        found.taken = true;
        let (at, span) = (found.at, found.value.span());
        let value = read(found.value.get_ref());
        let line = line_of(self.text, at);
        let written = self.text.get(span).unwrap_or_default();
        let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
        let source = format!("{}:{line}", self.name);
        entries.push(Entry { key: full.clone(), value: written, source });
        value.map_err(|why| self.error(at, &full, why))
    }

    /// Call at the end: what is left is a mistake, most often of spelling.
    pub(super) fn refuse_unknown(&self) -> Result<(), ConfigError> {
        let left = self.sections.iter().flat_map(|section| {
            section.keys.iter().filter(|key| !key.taken).map(move |key| (section.name, key))
        });
        let Some((section, key)) = left.min_by_key(|(_, key)| key.at) else { return Ok(()) };
        let full = format!("{section}.{}", key.name);
        Err(self.error(key.at, &full, "unknown; `neurocards config --sample` prints all keys"))
    }

    fn error(&self, at: usize, key: &str, why: impl std::fmt::Display) -> ConfigError {
        ConfigError::new(format!("{}:{}: {key}: {why}", self.name, line_of(self.text, at)))
    }
}

fn read_literal<T>(
    literal: &'static str,
    read: impl Fn(&DeValue<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let value = DeValue::parse(literal).map_err(|error| error.message().to_owned())?;
    read(value.get_ref())
}

/// Counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// A small text file; none where there is no file.
pub(super) fn read_limited(path: &Path) -> Result<Option<String>, ConfigError> {
    let broken = |why: &dyn std::fmt::Display| {
        ConfigError::new(format!("{}: cannot be read: {why}", path.display()))
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(broken(&error)),
    };
    let mut text = String::new();
    let read = file.take(FILE_LIMIT + 1).read_to_string(&mut text);
    match read {
        Ok(size) if size as u64 > FILE_LIMIT => Err(broken(&"it is larger than 1 MB")),
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(broken(&error)),
    }
}
