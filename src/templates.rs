//! Templates: how a video of a kind is written. Data, never code.

use std::path::Path;

/// One template.
#[derive(Clone, Debug)]
pub struct Template {
    /// As in `jobs.template_id`.
    pub id: String,
    /// What the customer sees, by language.
    pub label_ru: String,
    /// See `label_ru`.
    pub label_en: String,
}

/// All templates, ours and the operator's.
#[derive(Clone, Debug)]
pub struct Templates {}

impl Templates {
    /// Ours, with the operator's `*.toml` of a folder on top.
    pub fn load(_dir: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    /// By id.
    pub fn get(&self, _id: &str) -> Option<&Template> {
        None
    }

    /// All: ours first, then the operator's by id.
    pub fn all(&self) -> impl Iterator<Item = &Template> {
        [].iter()
    }
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
}

/// A question to a language model; the worker adds the photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The rules.
    pub system: String,
    /// The task.
    pub user: String,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing in it.
    Empty,
    /// It declines.
    Refusal,
    /// Headings, lists, markdown, JSON.
    Shape,
    /// More characters than the model takes.
    TooLong,
}

/// The question for one video.
pub fn compose(_template: &Template, _brief: &Brief) -> Script {
    Script { system: String::new(), user: String::new() }
}

/// The prompt in an answer, or why it cannot be used.
pub fn check(_answer: &str, _max_chars: usize) -> Result<String, Fault> {
    Err(Fault::Empty)
}

/// The built-in prompt, within `brief.prompt_max`.
pub fn fallback(_template: &Template, _brief: &Brief) -> String {
    String::new()
}
