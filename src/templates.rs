//! Templates: how a video of a kind is written. Data, never code; what holds for every template
//! (length, speech, fidelity, what is data) is in [`rules`].

use std::collections::BTreeMap;
use std::path::Path;

mod check;
mod fallback;
mod file;
mod rules;

pub use check::{Fault, check};
pub use fallback::fallback;
pub use rules::compose;

const BUILT_IN: [(&str, &str); 2] = [
    ("assets/templates/ugc.toml", include_str!("../assets/templates/ugc.toml")),
    ("assets/templates/ad.toml", include_str!("../assets/templates/ad.toml")),
];

/// One template. `assets/templates/ugc.toml` explains the fields.
#[derive(Clone, Debug)]
pub struct Template {
    /// As in `jobs.template_id`; never `self`, which is the customer's own prompt.
    pub id: String,
    /// The button in Russian.
    pub label_ru: String,
    /// The button in English.
    pub label_en: String,
    speech: bool,
    rules: String,
    fallback: String,
    variations: Vec<String>,
    lines: BTreeMap<String, Vec<String>>,
}

/// All templates, ours and the operator's.
#[derive(Clone, Debug)]
pub struct Templates {
    all: Vec<Template>,
}

/// What a script is written for.
#[derive(Clone, Debug)]
pub struct Brief<'a> {
    /// The customer's words about the product.
    pub product: &'a str,
    /// The customer's wishes.
    pub wishes: Option<&'a str>,
    /// The customer's language, as `ru`.
    pub language: &'a str,
    /// The model's longest prompt, in characters.
    pub prompt_max: usize,
    /// The video's length.
    pub seconds: u32,
    /// Languages that the model speaks.
    pub speech: &'a [String],
    /// Whether the video has sound at all.
    pub sound: bool,
    /// Which of the order's videos, from 1.
    pub ordinal: u32,
    /// How many videos the order has.
    pub count: u32,
    /// The order's prompts that exist already.
    pub earlier: &'a [String],
    /// Another video's prompt, and what is to be changed in it; the rest stays.
    pub refines: Option<(&'a str, &'a str)>,
}

/// A question to a language model; the worker adds the photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The rules.
    pub system: String,
    /// The task.
    pub user: String,
}

impl Templates {
    /// Ours, with the operator's `*.toml` of a folder on top: one with an id of ours replaces it.
    /// A folder that is not there is an empty one. The error names file and line.
    pub fn load(dir: Option<&Path>) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for (shown, text) in BUILT_IN {
            all.push(file::parse(shown, text)?);
        }
        for new in dir.map(file::read_all).transpose()?.unwrap_or_default() {
            match all.iter_mut().find(|old| old.id == new.id) {
                Some(old) => *old = new,
                None => all.push(new),
            }
        }
        Ok(Self { all })
    }

    /// By id.
    pub fn get(&self, id: &str) -> Option<&Template> {
        self.all.iter().find(|template| template.id == id)
    }

    /// All: ours first, then the operator's by file name.
    pub fn all(&self) -> impl Iterator<Item = &Template> {
        self.all.iter()
    }
}

impl Template {
    /// The button; other languages than Russian read English.
    pub fn label(&self, language: &str) -> &str {
        if language == "ru" { &self.label_ru } else { &self.label_en }
    }

    /// The starting point of one video. An order's videos follow one another in the list; where
    /// they begin depends on the product, so that two customers do not get the same row.
    fn variation(&self, brief: &Brief) -> &str {
        nth(&self.variations, brief).map_or("", String::as_str)
    }
}

/// Distinct for the ordinals of one order, as long as the list is.
fn nth<'a, T>(list: &'a [T], brief: &Brief) -> Option<&'a T> {
    let begin = brief
        .product
        .bytes()
        .fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let at = begin.wrapping_rem(1 << 16) + brief.ordinal;
    list.get(at as usize % list.len().max(1))
}

/// Whether somebody may speak in the customer's language.
fn speaks(template: &Template, brief: &Brief) -> bool {
    let known = brief.speech.iter().any(|language| language == brief.language);
    template.speech && brief.sound && known
}

#[cfg(test)]
mod tests;
