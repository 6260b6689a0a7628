//! What an operator lets customers choose among: a few of the models, at a length, for a price.

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::Catalogue;

/// As many buttons as one reads.
const CHOICES_MAX: usize = 8;
const LABEL_MAX: usize = 40;
const ABOUT_MAX: usize = 100;
/// As `[credits] per_video`.
const CREDITS_MAX: i64 = 1_000_000;

/// One choice. `assets/models.toml` shows the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Stands in buttons, drafts, orders and jobs.
    pub id: String,
    label: Words,
    about: Option<Words>,
    /// In order of preference; never empty, and the catalogue has each of them.
    pub models: Vec<String>,
    /// The length, which each of its models offers; `None`: each model's own.
    pub seconds: Option<u32>,
    /// The customer's, per video.
    pub credits: i64,
}

impl Choice {
    /// The button, in a language (`ru`, `en`).
    pub fn label(&self, language: &str) -> &str {
        self.label.of(language)
    }

    /// One line about it, where the operator wrote one.
    pub fn about(&self, language: &str) -> Option<&str> {
        self.about.as_ref().map(|words| words.of(language))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    ru: String,
    en: String,
}

impl Words {
    fn of(&self, language: &str) -> &str {
        if language == "ru" { &self.ru } else { &self.en }
    }

    fn finish(self, field: &str, most: usize) -> anyhow::Result<Self> {
        for (language, text) in [("ru", &self.ru), ("en", &self.en)] {
            let chars = text.trim().chars().count();
            let fits = (1..=most).contains(&chars) && !text.trim().contains('\n');
            ensure!(fits, "`{field}.{language}` has 1 to {most} characters in one line");
        }
        Ok(Self { ru: self.ru.trim().to_owned(), en: self.en.trim().to_owned() })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    id: String,
    label: Words,
    about: Option<Words>,
    models: Vec<String>,
    seconds: Option<u32>,
    credits: i64,
}

/// One entry and where it stands: `models.toml:12`.
pub(super) struct Entry {
    pub(super) at: String,
    pub(super) fields: Fields,
}

/// Holds all of them against the catalogue. The error names file and line.
pub(super) fn finish(entries: Vec<Entry>, catalogue: &Catalogue) -> anyhow::Result<Vec<Choice>> {
    let mut choices: Vec<Choice> = Vec::new();
    for Entry { at, fields } in entries {
        let id = fields.id.clone();
        ensure!(choices.len() < CHOICES_MAX, "{at}: more than {CHOICES_MAX} choices");
        let twice = choices.iter().any(|earlier| earlier.id == id);
        ensure!(!twice, "{at}: the choice `{id}` is there twice");
        let choice = fields.finish(catalogue);
        choices.push(choice.with_context(|| format!("{at}: the choice `{id}`"))?);
    }
    Ok(choices)
}

impl Fields {
    fn finish(self, catalogue: &Catalogue) -> anyhow::Result<Choice> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=16).contains(&self.id.len()) && self.id.chars().all(plain);
        ensure!(fits, "`id` has 1 to 16 of a-z, 0-9 and -");
        ensure!(!self.models.is_empty(), "`models` names at least one model");
        catalogue.check(&self.models).context("`models`")?;
        for (nth, name) in self.models.iter().enumerate() {
            ensure!(!self.models[..nth].contains(name), "`models` names {name} twice");
        }
        if let Some(seconds) = self.seconds {
            let models = self.models.iter().filter_map(|name| catalogue.get(name));
            for model in models {
                let name = &model.name;
                ensure!(model.offers(seconds), "`seconds`: {name} makes no video of {seconds} s");
            }
        }
        let credits_fit = (0..=CREDITS_MAX).contains(&self.credits);
        ensure!(credits_fit, "`credits` is 0 to {CREDITS_MAX}");
        Ok(Choice {
            id: self.id,
            label: self.label.finish("label", LABEL_MAX)?,
            about: self.about.map(|about| about.finish("about", ABOUT_MAX)).transpose()?,
            models: self.models,
            seconds: self.seconds,
            credits: self.credits,
        })
    }
}
