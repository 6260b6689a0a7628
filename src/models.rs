//! The catalogue: which image-to-video models there are and what they want. Data, never code:
//! models come and go without notice.

use std::collections::HashSet;
use std::path::Path;

use anyhow::bail;
use serde_json::{Map, Value};

mod choice;
mod file;
mod pauses;

pub use choice::Choice;
pub use pauses::{in_doubt, is_off, pause, paused, resume, served, set_back, switch};

const BUILT_IN: &str = include_str!("../assets/models.toml");

/// Which pair of calls serves a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// `jobs/createTask`.
    #[default]
    Jobs,
    /// `veo/generate`.
    Veo,
}

/// How a model takes the photo's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageIs {
    /// `"https://…"`
    String,
    /// `["https://…"]`
    List,
}

/// One model. `assets/models.toml` explains the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// As the provider calls it.
    pub name: String,
    /// See [`Route`].
    pub route: Route,
    /// The field for the photo's address.
    pub image: String,
    /// See [`ImageIs`].
    pub image_is: ImageIs,
    /// The shortest prompt, in characters.
    pub prompt_min: usize,
    /// The longest prompt, in characters.
    pub prompt_max: usize,
    /// The video's length, where nobody chose another.
    pub seconds: u32,
    /// The video takes the photo's shape: the photo has to be padded to 9:16 first.
    pub follows_photo: bool,
    /// Languages (`en`, `ru`, …) that it speaks well.
    pub speech: Vec<String>,
    /// Whether the video has sound.
    pub sound: bool,
    /// What a video costs, in the provider's credits, roughly.
    pub about_credits: f64,
    /// It refuses photos of people.
    pub no_people: bool,
    /// The day (ISO) from which it is off for good.
    pub ended: Option<String>,
    /// The field of `input` that asks for a length, and all lengths that it may ask for.
    lengths: Option<(String, Vec<u32>)>,
    input: Map<String, Value>,
}

impl Model {
    /// The exact input: for [`Route::Jobs`] the field `input`, for [`Route::Veo`] the whole body.
    /// A length that the model does not offer is not asked for.
    pub fn input(&self, prompt: &str, image_url: &str, seconds: Option<u32>) -> Value {
        let mut input = self.input.clone();
        if let (Some(seconds), Some((field, offered))) = (seconds, &self.lengths)
            && offered.contains(&seconds)
            && let Some(length) = input.get_mut(field)
        {
            // Types are strict.
            *length = match length {
                Value::String(_) => Value::from(seconds.to_string()),
                _ => Value::from(seconds),
            };
        }
        let image = match self.image_is {
            ImageIs::String => Value::from(image_url),
            ImageIs::List => Value::from(vec![image_url]),
        };
        input.insert(self.image.clone(), image);
        input.insert("prompt".to_owned(), Value::from(prompt));
        if self.route == Route::Veo {
            input.insert("model".to_owned(), Value::from(self.name.as_str()));
        }
        Value::Object(input)
    }

    /// Whether it makes videos of this length.
    pub fn offers(&self, seconds: u32) -> bool {
        let others = self.lengths.as_ref().is_some_and(|(_, all)| all.contains(&seconds));
        seconds == self.seconds || others
    }

    /// What a video of this length costs, in the provider's credits, roughly; `None`: of its own.
    pub fn about(&self, seconds: Option<u32>) -> f64 {
        let share = seconds.map_or(1.0, |seconds| f64::from(seconds) / f64::from(self.seconds));
        self.about_credits * share
    }

    /// Whether a prompt of so many characters fits.
    pub fn takes(&self, prompt_chars: usize) -> bool {
        (self.prompt_min..=self.prompt_max).contains(&prompt_chars)
    }
}

/// All models, ours and the operator's.
#[derive(Clone, Debug)]
pub struct Catalogue {
    models: Vec<Model>,
    choices: Vec<Choice>,
}

impl Catalogue {
    /// Ours, with the operator's file on top where there is one. The error names file and line.
    pub fn load(operator_file: Option<&Path>) -> anyhow::Result<Self> {
        let (mut entries, mut choices) = file::parse("assets/models.toml", BUILT_IN)?;
        if let Some(path) = operator_file {
            let (theirs, their_choices) = file::read(path)?;
            entries = file::merge(entries, theirs);
            choices.extend(their_choices);
        }
        let models = entries.into_iter().map(file::Entry::finish).collect::<anyhow::Result<_>>()?;
        let mut catalogue = Self { models, choices: Vec::new() };
        catalogue.choices = choice::finish(choices, &catalogue)?;
        Ok(catalogue)
    }

    /// What customers choose among, in the file's order; empty: nothing.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// By its id.
    pub fn choice(&self, id: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.id == id)
    }

    /// By name.
    pub fn get(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// All, in the file's order, the operator's own last.
    pub fn all(&self) -> impl Iterator<Item = &Model> {
        self.models.iter()
    }

    /// That every configured name exists; the error names those that do not.
    pub fn check(&self, configured: &[String]) -> anyhow::Result<()> {
        let unknown: Vec<_> =
            configured.iter().filter(|name| self.get(name).is_none()).map(String::as_str).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let known: Vec<_> = self.all().map(|model| model.name.as_str()).collect();
        bail!("no such model: {}; known are {}", unknown.join(", "), known.join(", "))
    }

    /// The first configured model that serves: not ended, not paused, not asked in this round
    /// (`refused`), and it takes a prompt of so many characters. With 0 characters, a prompt that
    /// is not yet written: any length will do.
    pub fn serving(
        &self,
        configured: &[String],
        paused: &HashSet<String>,
        refused: &[String],
        prompt_chars: usize,
    ) -> Option<&Model> {
        configured.iter().filter_map(|name| self.get(name)).find(|model| {
            let off = model.ended.is_some() || paused.contains(&model.name);
            !off && !refused.contains(&model.name)
                && (prompt_chars == 0 || model.takes(prompt_chars))
        })
    }
}

#[cfg(test)]
mod tests;
