//! Reads template files. Every complaint names the file and, where there is one, the line.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::Template;

const FILE_MAX: u64 = 256 << 10;
const FILES_MAX: usize = 50;
/// As many as an order may have videos.
const VARIATIONS_MIN: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    speech: bool,
    label: Label,
    texts: Texts,
    variation: Vec<Variation>,
    #[serde(default)]
    lines: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    ru: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    rules: String,
    fallback: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variation {
    text: String,
}

/// The folder's `*.toml`, by name.
pub(super) fn read_all(dir: &Path) -> anyhow::Result<Vec<Template>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", dir.display()))?,
    };
    let mut paths = Vec::<PathBuf>::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            paths.push(path);
        }
    }
    ensure!(paths.len() <= FILES_MAX, "{} has more than {FILES_MAX} templates", dir.display());
    paths.sort();
    let templates: Vec<_> = paths.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    for (nth, template) in templates.iter().enumerate() {
        let twice = templates[..nth].iter().any(|earlier| earlier.id == template.id);
        ensure!(!twice, "{}: the id `{}` is there twice", paths[nth].display(), template.id);
    }
    Ok(templates)
}

fn read(path: &Path) -> anyhow::Result<Template> {
    let shown = path.display().to_string();
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_MAX + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read {shown}"))?;
    ensure!(text.len() as u64 <= FILE_MAX, "{shown} is larger than 256 kB");
    parse(&shown, &text)
}

pub(super) fn parse(shown: &str, text: &str) -> anyhow::Result<Template> {
    let file: File = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or_default().matches('\n').count();
        let words = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        let key = text.lines().nth(line).and_then(|line| line.split_once('='));
        let key = key.map(|(key, _)| format!("`{}`: ", key.trim())).unwrap_or_default();
        anyhow::anyhow!("{shown}:{}: {key}{words}", line + 1)
    })?;
    file.finish().with_context(|| shown.to_owned())
}

impl File {
    fn finish(self) -> anyhow::Result<Template> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let fits = (1..=32).contains(&self.id.len()) && self.id.chars().all(plain);
        ensure!(fits, "`id` has 1 to 32 of a-z, 0-9, - and _");
        ensure!(self.id != "self", "`id` cannot be `self`: that is the customer's own prompt");
        for (field, text) in [("ru", &self.label.ru), ("en", &self.label.en)] {
            let chars = text.trim().chars().count();
            ensure!((1..=60).contains(&chars), "`label.{field}` has 1 to 60 characters");
        }
        for (field, text) in [("rules", &self.texts.rules), ("fallback", &self.texts.fallback)] {
            ensure!(!text.trim().is_empty(), "`texts.{field}` is empty");
        }
        let enough = self.variation.len() >= VARIATIONS_MIN;
        ensure!(enough, "at least {VARIATIONS_MIN} entries [[variation]], so that videos differ");
        Ok(Template {
            id: self.id,
            label_ru: self.label.ru.trim().to_owned(),
            label_en: self.label.en.trim().to_owned(),
            speech: self.speech,
            rules: self.texts.rules.trim().to_owned(),
            fallback: self.texts.fallback.trim().to_owned(),
            variations: self
                .variation
                .into_iter()
                .map(|entry| entry.text.trim().to_owned())
                .collect(),
            lines: self.lines,
        })
    }
}
