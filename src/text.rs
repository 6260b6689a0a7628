//! What customers read: Fluent messages in Russian and English, as HTML.
//!
//! The built-in ones are `assets/texts/*.ftl`; an operator's file of the same name may replace any
//! of them, message by message, without a build.

mod check;
pub mod columns;
mod echo;

use anyhow::{Context as _, Result, bail};
use check::Fault;
pub use echo::without_echo;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Message};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use unic_langid::langid;

const BUILT_IN: [(Lang, &str); 2] = [
    (Lang::Ru, include_str!("../assets/texts/ru.ftl")),
    (Lang::En, include_str!("../assets/texts/en.ftl")),
];

/// An operator's file larger than this is not a file of texts.
const OVERRIDE_LIMIT: u64 = 1 << 20;

/// A language that the bot speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Russian, the default.
    Ru,
    /// English.
    En,
}

impl Lang {
    /// The nearest of ours to a Telegram `language_code`. Who gives none gets Russian; who speaks
    /// something else gets English, but for the languages whose speakers mostly read Russian.
    pub fn of(code: Option<&str>) -> Self {
        let Some(code) = code else { return Self::Ru };
        match code.split(['-', '_']).next().unwrap_or("") {
            "" | "ru" | "be" | "uk" | "kk" | "ky" | "uz" | "tg" | "hy" | "az" => Self::Ru,
            _ => Self::En,
        }
    }

    /// As in the database and in file names.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// Of a database column; anything else is Russian.
    pub fn from_code(code: &str) -> Self {
        if code == "en" { Self::En } else { Self::Ru }
    }
}

/// A value inside a message.
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    /// A number, which chooses the plural.
    Num(i64),
    /// Words of a user or a service: escaped.
    Str(&'a str),
    /// HTML of our own.
    Html(String),
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Num(number)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(text)
    }
}

/// All messages in all languages.
pub struct Texts {
    ru: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl Texts {
    /// The built-in texts, with an operator's `ru.ftl` and `en.ftl` from `folder` over them.
    ///
    /// # Errors
    /// A file that is not Fluent, and a text that replaces none of ours or could not be sent: each
    /// with its file and its line.
    pub fn load(folder: Option<&Path>) -> Result<Self> {
        let mut ru = bundle(Lang::Ru, built_in_source(Lang::Ru))?;
        let mut en = bundle(Lang::En, built_in_source(Lang::En))?;
        if let Some(folder) = folder {
            only_ours(folder)?;
            replace(&mut ru, Lang::Ru, &folder.join("ru.ftl"))?;
            replace(&mut en, Lang::En, &folder.join("en.ftl"))?;
        }
        Ok(Self { ru, en })
    }

    /// Other texts than the customers': the console's.
    ///
    /// # Errors
    /// A source that is not Fluent, with its line.
    pub fn of(ru: &str, en: &str) -> Result<Self> {
        Ok(Self { ru: bundle(Lang::Ru, ru)?, en: bundle(Lang::En, en)? })
    }

    /// The message `id` as HTML. A message that is missing is a defect which a test looks for; the
    /// customer then reads its id rather than nothing.
    pub fn say(&self, lang: Lang, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.format(lang, id, args, escape)
    }

    /// The message `id` for a terminal: nothing is escaped.
    pub fn unescaped(&self, lang: Lang, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.format(lang, id, args, str::to_owned)
    }

    fn format(
        &self,
        lang: Lang,
        id: &str,
        args: &[(&str, Arg<'_>)],
        quote: fn(&str) -> String,
    ) -> String {
        let bundle = match lang {
            Lang::Ru => &self.ru,
            Lang::En => &self.en,
        };
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            tracing::error!(id, "a text is missing");
            return id.to_owned();
        };
        let mut values = FluentArgs::new();
        for (name, arg) in args {
            let value: FluentValue<'_> = match arg {
                Arg::Num(number) => (*number).into(),
                Arg::Str(text) => quote(text).into(),
                Arg::Html(html) => html.clone().into(),
            };
            values.set(*name, value);
        }
        let mut errors = Vec::new();
        let said = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(id, ?errors, "a text is broken");
        }
        said
    }
}

/// Whether Telegram takes the tags of an HTML text that somebody wrote by hand.
///
/// # Errors
/// What is wrong with it.
pub fn check_html(html: &str) -> Result<()> {
    check::markup(html).map_err(|fault| anyhow::anyhow!(fault.why))
}

/// Makes somebody else's words safe inside our HTML, and inside an attribute of it.
pub fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

/// The first `chars` characters, with an ellipsis where something was cut.
pub fn shorten(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
    }
}

fn built_in_source(lang: Lang) -> &'static str {
    BUILT_IN.iter().find(|(of, _)| *of == lang).map_or("", |(_, text)| text)
}

fn bundle(lang: Lang, source: &str) -> Result<FluentBundle<FluentResource>> {
    let language = match lang {
        Lang::Ru => langid!("ru"),
        Lang::En => langid!("en"),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Fluent would wrap every value in invisible marks, which end up in copied ids and links.
    bundle.set_use_isolating(false);
    bundle
        .add_resource(parse(source, lang.code())?)
        .map_err(|errors| anyhow::anyhow!("the built-in texts: {errors:?}"))?;
    Ok(bundle)
}

/// A file of another language would be passed over in silence.
fn only_ours(folder: &Path) -> Result<()> {
    let Ok(files) = std::fs::read_dir(folder) else { return Ok(()) };
    for file in files {
        let name = file.with_context(|| format!("cannot list {}", folder.display()))?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".ftl") && name != "ru.ftl" && name != "en.ftl" {
            bail!("{}/{name}: the bot speaks ru.ftl and en.ftl only", folder.display());
        }
    }
    Ok(())
}

fn replace(bundle: &mut FluentBundle<FluentResource>, lang: Lang, path: &Path) -> Result<()> {
    let Ok(facts) = std::fs::metadata(path) else { return Ok(()) };
    let shown = path.display().to_string();
    if facts.len() > OVERRIDE_LIMIT {
        bail!("{shown} is over 1 MB: that is no file of texts");
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let line = line(error.as_bytes(), error.utf8_error().valid_up_to());
        anyhow::anyhow!("{shown}, line {line}: this is not UTF-8: save the file as UTF-8")
    })?;
    let resource = parse(&source, &shown)?;
    let ours = parse(built_in_source(lang), lang.code())?;
    let ours: HashMap<&str, &Message<&str>> = messages(&ours).collect();
    let whole = resource.source();
    let place = |at| format!("{shown}, line {}", line(whole.as_bytes(), check::offset(whole, at)));
    for (id, text) in messages(&resource) {
        let Some(our) = ours.get(id) else {
            bail!("{}: there is no text `{id}` to replace; `assets/texts` lists them", place(id));
        };
        if let Err(Fault { at, why }) = check::check(text, our) {
            bail!("{}: the text `{id}` {why}", place(at));
        }
    }
    bundle.add_resource_overriding(resource);
    Ok(())
}

fn parse(source: &str, shown: &str) -> Result<FluentResource> {
    FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| {
        let Some(error) = errors.first() else { return anyhow::anyhow!("{shown}: not Fluent") };
        anyhow::anyhow!("{shown}, line {}: {error}", line(source.as_bytes(), error.pos.start))
    })
}

/// The line in which a byte stands, from 1.
fn line(source: &[u8], at: usize) -> usize {
    source.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// Every message by its id.
fn messages(resource: &FluentResource) -> impl Iterator<Item = (&str, &Message<&str>)> {
    resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some((message.id.name, message)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
