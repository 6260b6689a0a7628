//! What each model takes (`assets/sandbox/kie_models.toml`), and inputs held against it.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value};

/// KIE's own words for what is wrong, and their code.
pub(super) type Wrong = (i64, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model: Vec<Model>,
}

/// A model as KIE sees it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) name: String,
    /// The field of the picture.
    image: String,
    /// `None`: one text. Else a list of so many.
    images: Option<[usize; 2]>,
    /// The video has the photo's shape; else 9:16 as asked.
    #[serde(default)]
    pub(super) follows_photo: bool,
    #[serde(default)]
    pub(super) paused: bool,
    /// Made by the Veo calls.
    #[serde(default)]
    pub(super) veo: bool,
    #[serde(default)]
    credits: f64,
    #[serde(default)]
    credits_per_second: f64,
    loud_per_second: Option<f64>,
    /// The field that asks for sound.
    sound: Option<String>,
    fields: BTreeMap<String, Field>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Field {
    kind: Kind,
    required: bool,
    range: Option<(i64, i64)>,
    choices: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Integer,
    Boolean,
    Array,
}

/// The built-in table.
pub(super) fn built_in() -> anyhow::Result<Vec<Model>> {
    let written: Written = toml::from_str(include_str!("../../../assets/sandbox/kie_models.toml"))
        .context("assets/sandbox/kie_models.toml")?;
    Ok(written.model)
}

impl Model {
    /// The picture's URL and the prompt, if all is as the model wants it.
    pub(super) fn check(&self, input: &Map<String, Value>) -> Result<(String, String), Wrong> {
        let image = self.image(input)?;
        for (name, value) in input.iter().filter(|(name, _)| **name != self.image) {
            let Some(field) = self.fields.get(name) else {
                return Err((422, format!("Invalid request: {name} is not a field of this model")));
            };
            field.check(name, value)?;
        }
        let missing = |(name, field): &(&String, &Field)| {
            field.required && input.get(*name).is_none_or(|value| value.as_str() == Some(""))
        };
        if let Some((name, _)) = self.fields.iter().find(missing) {
            return Err((500, format!("This field is required: {name} is required")));
        }
        let prompt = input.get("prompt").and_then(Value::as_str).unwrap_or("");
        Ok((image, prompt.to_owned()))
    }

    fn image(&self, input: &Map<String, Value>) -> Result<String, Wrong> {
        let name = &self.image;
        let missing = || (500, format!("This field is required: {name} is required"));
        let value = input.get(name);
        let Some([least, most]) = self.images else {
            let value = value.ok_or_else(missing)?;
            let url = value.as_str().ok_or_else(|| (422, format!("{name} must be a string")))?;
            return if url.is_empty() { Err(missing()) } else { Ok(url.to_owned()) };
        };
        let Some(value) = value else {
            return if least == 0 { Ok(String::new()) } else { Err(missing()) };
        };
        let list = value.as_array().ok_or_else(|| (422, format!("{name} must be an array")))?;
        if !(least..=most).contains(&list.len()) {
            return Err((422, format!("{name} length is not within the range of allowed options")));
        }
        let urls: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        let urls = urls.ok_or_else(|| (422, format!("{name} must be an array of strings")))?;
        Ok(urls.first().copied().unwrap_or("").to_owned())
    }

    /// KIE credits of one video.
    pub(super) fn price(&self, input: &Map<String, Value>) -> f64 {
        let length = input.get("duration").or_else(|| input.get("n_frames"));
        let seconds = match length {
            Some(Value::Number(n)) => n.as_f64().unwrap_or(5.0),
            Some(Value::String(text)) => text.parse().unwrap_or(5.0),
            _ => 5.0,
        };
        let sound = self.sound.as_ref().and_then(|name| input.get(name));
        let loud = sound.and_then(Value::as_bool).unwrap_or(false);
        let rate = self.loud_per_second.filter(|_| loud).unwrap_or(self.credits_per_second);
        self.credits + rate * seconds
    }
}

impl Field {
    fn check(&self, name: &str, value: &Value) -> Result<(), Wrong> {
        let (fits, kind) = match self.kind {
            Kind::String => (value.is_string(), "string"),
            Kind::Integer => (value.is_i64(), "integer"),
            Kind::Boolean => (value.is_boolean(), "boolean"),
            Kind::Array => (value.is_array(), "array"),
        };
        let outside = || (500, format!("{name} is not within the range of allowed options"));
        if !fits {
            // The service says the same of a wrong type as of a wrong value.
            let text = format!("{name} must be of type {kind}");
            return Err(if self.choices.is_empty() { (422, text) } else { outside() });
        }
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !self.choices.is_empty() && !self.choices.contains(&shown) {
            return Err(outside());
        }
        let Some((least, most)) = self.range else { return Ok(()) };
        let n = value.as_i64().unwrap_or_else(|| shown.chars().count() as i64);
        if (least..=most).contains(&n) {
            return Ok(());
        }
        match self.kind {
            Kind::String if n == 0 => {
                Err((500, format!("This field is required: {name} is required")))
            }
            Kind::String => Err((422, format!("{name} length must be between {least} and {most}"))),
            _ => Err(outside()),
        }
    }
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split(", ");
        let kind = match parts.next().unwrap_or("") {
            "string" => Kind::String,
            "integer" => Kind::Integer,
            "boolean" => Kind::Boolean,
            "array" => Kind::Array,
            other => return Err(format!("`{other}` is not a type")),
        };
        let mut field = Self { kind, required: false, range: None, choices: Vec::new() };
        for part in parts {
            let range = part
                .split_once('-')
                .and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
            match range {
                _ if part == "required" => field.required = true,
                Some(range) => field.range = Some(range),
                None => field.choices = part.split(" | ").map(str::to_owned).collect(),
            }
        }
        Ok(field)
    }
}
