//! Reads a catalogue's file. Every complaint names the file and the line.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::{ImageIs, Model, Route, choice};

const FILE_MAX: u64 = 1 << 20;
const MODELS_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    model: Vec<Spanned<Fields>>,
    #[serde(default)]
    choice: Vec<Spanned<choice::Fields>>,
}

/// Everything but the name may be left out where the entry only changes another.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: String,
    route: Option<Route>,
    image: Option<String>,
    image_is: Option<ImageIs>,
    prompt_min: Option<usize>,
    prompt_max: Option<usize>,
    seconds: Option<u32>,
    lengths: Option<BTreeMap<String, Vec<u32>>>,
    follows_photo: Option<bool>,
    speech: Option<Vec<String>>,
    sound: Option<bool>,
    about_credits: Option<f64>,
    no_people: Option<bool>,
    ended: Option<String>,
    input: Option<toml::Table>,
}

/// One entry and where it stands: `models.toml:12`.
pub(super) struct Entry {
    at: String,
    fields: Fields,
}

/// A file's models and choices.
type Whole = (Vec<Entry>, Vec<choice::Entry>);

pub(super) fn read(path: &Path) -> anyhow::Result<Whole> {
    let shown = path.display().to_string();
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_MAX + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read {shown}"))?;
    ensure!(text.len() as u64 <= FILE_MAX, "{shown} is larger than 1 MB");
    parse(&shown, &text)
}

pub(super) fn parse(shown: &str, text: &str) -> anyhow::Result<Whole> {
    let line = |span: Option<Range<usize>>| {
        let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or_default();
        before.matches('\n').count()
    };
    let at = |span| format!("{shown}:{}", line(span) + 1);
    let file: File = toml::from_str(text).map_err(|error| {
        let words = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        let key = text.lines().nth(line(error.span())).and_then(|line| line.split_once('='));
        let key = key.map(|(key, _)| format!("`{}`: ", key.trim())).unwrap_or_default();
        anyhow::anyhow!("{}: {key}{words}", at(error.span()))
    })?;
    ensure!(file.model.len() <= MODELS_MAX, "{shown} has more than {MODELS_MAX} models");
    let entry =
        |model: Spanned<Fields>| Entry { at: at(Some(model.span())), fields: model.into_inner() };
    let entries: Vec<_> = file.model.into_iter().map(entry).collect();
    for (nth, entry) in entries.iter().enumerate() {
        let name = &entry.fields.name;
        let twice = entries[..nth].iter().any(|earlier| earlier.fields.name == *name);
        ensure!(!twice, "{}: the model `{name}` is there twice", entry.at);
    }
    let choices = file.choice.into_iter();
    let choices =
        choices.map(|it| choice::Entry { at: at(Some(it.span())), fields: it.into_inner() });
    Ok((entries, choices.collect()))
}

pub(super) fn merge(mut ours: Vec<Entry>, theirs: Vec<Entry>) -> Vec<Entry> {
    for Entry { at, fields: new } in theirs {
        let Some(old) = ours.iter_mut().find(|entry| entry.fields.name == new.name) else {
            ours.push(Entry { at, fields: new });
            continue;
        };
        let was = old.fields.clone();
        let fields = Fields {
            name: was.name,
            route: new.route.or(was.route),
            image: new.image.or(was.image),
            image_is: new.image_is.or(was.image_is),
            prompt_min: new.prompt_min.or(was.prompt_min),
            prompt_max: new.prompt_max.or(was.prompt_max),
            seconds: new.seconds.or(was.seconds),
            lengths: new.lengths.or(was.lengths),
            follows_photo: new.follows_photo.or(was.follows_photo),
            speech: new.speech.or(was.speech),
            sound: new.sound.or(was.sound),
            about_credits: new.about_credits.or(was.about_credits),
            no_people: new.no_people.or(was.no_people),
            ended: new.ended.or(was.ended),
            input: new.input.or(was.input),
        };
        *old = Entry { at, fields };
    }
    ours
}

impl Entry {
    pub(super) fn finish(self) -> anyhow::Result<Model> {
        let at = self.at;
        let name = self.fields.name.clone();
        self.fields.finish().with_context(|| format!("{at}: the model `{name}`"))
    }
}

impl Fields {
    fn finish(self) -> anyhow::Result<Model> {
        let prompt_min = self.prompt_min.unwrap_or(1);
        let prompt_max = self.prompt_max.context("needs `prompt_max`")?;
        let seconds = self.seconds.context("needs `seconds`")?;
        let image = self.image.context("needs `image`")?;
        let about_credits = self.about_credits.context("needs `about_credits`")?;
        let ended = self.ended.filter(|day| !day.is_empty());
        let name_fits = (1..=100).contains(&self.name.len()) && self.name.is_ascii();
        ensure!(name_fits, "a name has 1 to 100 ASCII characters");
        ensure!((100..=100_000).contains(&prompt_max), "`prompt_max` is 100 to 100000");
        ensure!(prompt_min <= prompt_max, "`prompt_min` is above `prompt_max`");
        ensure!((1..=60).contains(&seconds), "`seconds` is 1 to 60");
        ensure!(!image.is_empty(), "`image` is empty");
        let cost_fits = about_credits.is_finite() && about_credits >= 0.0;
        ensure!(cost_fits, "`about_credits` is a number from 0");
        if let Some(day) = &ended {
            let parsed = day.parse::<jiff::civil::Date>();
            parsed.map_err(|_| anyhow::anyhow!("`ended` is a day as \"2026-09-24\""))?;
        }
        let input = json_table(self.input.unwrap_or_default())?;
        for ours in ["prompt", "model", &image] {
            ensure!(!input.contains_key(ours), "`input.{ours}` is filled in by the program");
        }
        let lengths = self.lengths.map(lengths).transpose()?;
        Ok(Model {
            name: self.name,
            route: self.route.unwrap_or_default(),
            image,
            image_is: self.image_is.context("needs `image_is`")?,
            prompt_min,
            prompt_max,
            seconds,
            follows_photo: self.follows_photo.unwrap_or(false),
            speech: self.speech.unwrap_or_default(),
            sound: self.sound.context("needs `sound`")?,
            about_credits,
            no_people: self.no_people.unwrap_or(false),
            ended,
            // An `input` without the field, as an operator may write it, asks for no length.
            lengths: lengths.filter(|(field, _)| input.contains_key(field)),
            input,
        })
    }
}

fn lengths(fields: BTreeMap<String, Vec<u32>>) -> anyhow::Result<(String, Vec<u32>)> {
    let mut fields = fields.into_iter();
    let (Some(lengths), None) = (fields.next(), fields.next()) else {
        bail!("`lengths` has one field of `input`: {{ duration = [5, 10] }}");
    };
    let fit = !lengths.1.is_empty() && lengths.1.iter().all(|one| (1..=60).contains(one));
    ensure!(fit, "`lengths` are 1 to 60 seconds");
    Ok(lengths)
}

fn json_table(table: toml::Table) -> anyhow::Result<Map<String, Value>> {
    table.into_iter().map(|(field, value)| Ok((field, json(value)?))).collect()
}

fn json(value: toml::Value) -> anyhow::Result<Value> {
    Ok(match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) if number.is_finite() => Value::from(number),
        toml::Value::Boolean(flag) => Value::from(flag),
        toml::Value::Array(list) => {
            Value::Array(list.into_iter().map(json).collect::<anyhow::Result<_>>()?)
        }
        toml::Value::Table(table) => Value::Object(json_table(table)?),
        other => bail!("`{other}` in `input` cannot be sent as JSON"),
    })
}
