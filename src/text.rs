//! What customers read: Fluent messages in Russian and English, as HTML.
//!
//! The built-in ones are `assets/texts/*.ftl`; an operator's file of the same name may replace any
//! of them, message by message, without a build.

use anyhow::{Context as _, Result, bail};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Resource};
use fluent_syntax::serializer::serialize;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use unic_langid::langid;

const BUILT_IN: [(Lang, &str); 2] = [
    (Lang::Ru, include_str!("../assets/texts/ru.ftl")),
    (Lang::En, include_str!("../assets/texts/en.ftl")),
];

/// An operator's file larger than this is not a file of texts.
const OVERRIDE_LIMIT: u64 = 1 << 20;
/// Telegram's captions end at 1,024 characters, and some texts stand in one.
const LONGEST: usize = 1_000;

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
    /// A file that is not Fluent, with its line; a message that replaces none of ours.
    pub fn load(folder: Option<&Path>) -> Result<Self> {
        let mut ru = built_in(Lang::Ru)?;
        let mut en = built_in(Lang::En)?;
        if let Some(folder) = folder {
            only_ours(folder)?;
            replace(&mut ru, Lang::Ru, &folder.join("ru.ftl"))?;
            replace(&mut en, Lang::En, &folder.join("en.ftl"))?;
        }
        Ok(Self { ru, en })
    }

    /// The message `id` as HTML. A message that is missing is a defect which a test looks for; the
    /// customer then reads its id rather than nothing.
    pub fn say(&self, lang: Lang, id: &str, args: &[(&str, Arg<'_>)]) -> String {
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
                Arg::Str(text) => escape(text).into(),
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

fn built_in(lang: Lang) -> Result<FluentBundle<FluentResource>> {
    let language = match lang {
        Lang::Ru => langid!("ru"),
        Lang::En => langid!("en"),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Fluent would wrap every value in invisible marks, which end up in copied ids and links.
    bundle.set_use_isolating(false);
    bundle
        .add_resource(parse(built_in_source(lang), lang.code())?)
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
    let source = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let resource = parse(&source, &shown)?;
    let ours = parse(built_in_source(lang), lang.code())?;
    let ours: HashMap<String, String> = messages(&ours).into_iter().collect();
    for (id, text) in messages(&resource) {
        let Some(our) = ours.get(&id) else {
            bail!("{shown}: there is no text `{id}` to replace; `assets/texts` lists them");
        };
        check(&text, our).with_context(|| format!("{shown}: the text `{id}`"))?;
    }
    bundle.add_resource_overriding(resource);
    Ok(())
}

/// Whether a text may stand where ours stood: no value that we do not give, no markup that
/// Telegram does not take, nothing that cannot be sent.
fn check(text: &str, our: &str) -> Result<()> {
    let names = |text: &str| -> HashSet<String> {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let names = text.split('$').skip(1).map(|rest| rest.split(ends).next().unwrap_or(""));
        names.map(str::to_owned).collect()
    };
    if let Some(name) = names(text).difference(&names(our)).next() {
        bail!("has the value ${name}, which it is not given");
    }
    if text.chars().count() > LONGEST {
        bail!("is longer than {LONGEST} characters");
    }
    let mut open: Vec<&str> = Vec::new();
    for tag in text.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { bail!("has a `<` without a `>`") };
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(name) => bail!("closes <{name}>, which is not open"),
            None => open.push(tag.split_whitespace().next().unwrap_or("")),
        }
        let known = ["b", "i", "u", "s", "code", "pre", "a", "blockquote"];
        if let Some(name) = open.last().filter(|name| !known.contains(*name)) {
            bail!("has the tag <{name}>, which Telegram does not take");
        }
    }
    match open.last() {
        Some(name) => bail!("does not close <{name}>"),
        None => Ok(()),
    }
}

fn parse(source: &str, shown: &str) -> Result<FluentResource> {
    FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| {
        let Some(error) = errors.first() else { return anyhow::anyhow!("{shown}: not Fluent") };
        let before = source.bytes().take(error.pos.start);
        let line = before.filter(|byte| *byte == b'\n').count() + 1;
        anyhow::anyhow!("{shown}, line {line}: {error}")
    })
}

/// Every message with its source.
fn messages(resource: &FluentResource) -> Vec<(String, String)> {
    let messages = resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some((message.id.name.to_owned(), entry.clone())),
        _ => None,
    });
    messages.map(|(id, entry)| (id, serialize(&Resource { body: vec![entry] }))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn texts() -> Texts {
        Texts::load(None).unwrap()
    }

    #[test]
    fn plurals_are_right_in_both_languages() {
        let say = |lang, n| texts().say(lang, "credits", &[("n", Arg::Num(n))]);
        for (n, words) in [
            (1, "1 кредит"),
            (2, "2 кредита"),
            (5, "5 кредитов"),
            (11, "11 кредитов"),
            (21, "21 кредит"),
            (22, "22 кредита"),
            (100, "100 кредитов"),
            (0, "0 кредитов"),
        ] {
            assert_eq!(say(Lang::Ru, n), words);
        }
        assert_eq!(say(Lang::En, 1), "1 credit");
        assert_eq!(say(Lang::En, 3), "3 credits");
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_values() {
        let of = |lang: Lang| {
            let source = BUILT_IN.iter().find(|(of, _)| *of == lang).unwrap().1;
            let resource = parse(source, lang.code()).unwrap();
            let ids: BTreeSet<_> = messages(&resource).into_iter().map(|(id, _)| id).collect();
            ids
        };
        assert_eq!(of(Lang::Ru), of(Lang::En));
        let variables = |source: &str| {
            let mut all: Vec<_> = source.split("{ $").skip(1).collect();
            all.iter_mut().for_each(|v| *v = v.split([' ', '}']).next().unwrap());
            all.into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
        };
        assert_eq!(variables(BUILT_IN[0].1), variables(BUILT_IN[1].1));
    }

    #[test]
    fn strangers_words_stay_words() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
        assert_eq!(shorten("привет", 3), "при…");
        assert_eq!(shorten("при", 3), "при");
    }

    #[test]
    fn an_operator_replaces_single_texts_and_a_broken_file_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ru.ftl");
        std::fs::write(&file, "menu-make = Снять ролик\n").unwrap();
        let texts = Texts::load(Some(folder.path())).unwrap();
        assert_eq!(texts.say(Lang::Ru, "menu-make", &[]), "Снять ролик");
        assert_ne!(texts.say(Lang::Ru, "menu-cabinet", &[]), "menu-cabinet");

        std::fs::write(&file, "menu-make = a\n\n= b\n").unwrap();
        let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
        assert!(refused.contains("line 3"), "{refused}");
        std::fs::write(&file, "menu-mkae = a\n").unwrap();
        let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
        assert!(refused.contains("menu-mkae"), "{refused}");
    }

    /// The program's own sources, without their tests and without the sandbox, whose customers say
    /// what they like.
    fn sources(folder: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "tests" | "sandbox") {
                sources(&path, into);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let source = std::fs::read_to_string(&path).unwrap();
                into.push(source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned());
            }
        }
    }

    /// The string literals in a piece of source.
    fn literals(source: &str) -> impl Iterator<Item = &str> {
        source.split('"').skip(1).step_by(2)
    }

    #[test]
    fn every_text_that_the_program_says_exists_and_every_text_is_said() {
        let mut all = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let ids: BTreeSet<String> =
            messages(&parse(BUILT_IN[0].1, "ru").unwrap()).into_iter().map(|(id, _)| id).collect();
        let said = [".say(", "say(", ".button(", ".choice(", ".plain(", ".contact("];
        let mut checked = 0;
        // Who says a text has values for it: others have a `say` of their own.
        for source in all.iter().filter(|source| source.contains("Arg")) {
            for (at, call) in said.iter().flat_map(|call| source.match_indices(call)) {
                let rest = &source[at + call.len()..];
                // The id stands first, or after the language and before the values.
                let end = rest.find([';', '[', '{']).unwrap_or(rest.len());
                if let Some(id) = literals(&rest[..end]).next() {
                    assert!(ids.contains(id), "there is no text `{id}`");
                    checked += 1;
                }
            }
        }
        assert!(checked > 100, "the calls are not found any more: {checked}");
        let quoted = |id: &String| all.iter().any(|source| source.contains(&format!("\"{id}\"")));
        let silent: Vec<_> = ids.iter().filter(|id| !quoted(id)).collect();
        assert!(silent.is_empty(), "nobody says {silent:?}");
    }

    #[test]
    fn the_line_of_an_error_is_counted_in_bytes_and_letters_of_any_language() {
        for (source, line) in [
            ("= b", "line 1"),
            ("menu = a\n= b", "line 2"),
            ("# Кириллица\n\nmenu = Привет 👋\n\n= ы\n", "line 5"),
            ("menu = { $n", "line 1"),
            ("menu = Привет { 👋 }\n", "line 1"),
            ("menu = a\nы", "line 2"),
        ] {
            let refused = parse(source, "x.ftl").err().unwrap().to_string();
            assert!(refused.starts_with(&format!("x.ftl, {line}: ")), "{source:?}: {refused}");
        }
    }

    #[test]
    fn a_strangers_words_are_escaped_and_never_read_as_a_text() {
        let texts = texts();
        let worst = "<b>{ $id } & \"{menu}\"";
        let said = texts.say(
            Lang::En,
            "confirm",
            &[
                ("template", Arg::Html("<i>x</i>".to_owned())),
                ("product", Arg::Str(worst)),
                ("n", Arg::Num(1)),
                ("cost", "c".into()),
                ("have", "h".into()),
                ("wait", "w".into()),
            ],
        );
        assert!(said.contains("&lt;b&gt;{ $id } &amp; &quot;{menu}&quot;"), "{said}");
        assert!(said.contains("<i>x</i>"), "our own markup stays");
        assert_eq!(texts.say(Lang::Ru, "no-such-text", &[]), "no-such-text");
    }

    #[test]
    fn who_speaks_what() {
        for (code, lang) in [
            (None, Lang::Ru),
            (Some("ru-RU"), Lang::Ru),
            (Some("uk"), Lang::Ru),
            (Some("en"), Lang::En),
            (Some("pt-br"), Lang::En),
            (Some(""), Lang::Ru),
        ] {
            assert_eq!(Lang::of(code), lang, "{code:?}");
        }
    }

    #[test]
    fn an_operators_text_that_could_not_be_sent_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("en.ftl");
        for (text, word) in [
            ("credits = { $x }", "$x"),
            ("menu = <b>oops", "does not close <b>"),
            ("menu = oops</b>", "closes <b>"),
            ("menu = <h1>oops</h1>", "<h1>"),
            ("menu = a < b", "without a `>`"),
            (&format!("menu = {}", "a".repeat(5_000)), "longer than"),
        ] {
            std::fs::write(&file, format!("{text}\n")).unwrap();
            let refused = format!("{:#}", Texts::load(Some(folder.path())).err().unwrap());
            assert!(refused.contains(word) && refused.contains("en.ftl"), "{refused}");
        }
        std::fs::write(&file, "menu = <b>Hi</b> <a href=\"https://e.x\">you</a>\n").unwrap();
        Texts::load(Some(folder.path())).unwrap();
        std::fs::write(folder.path().join("de.ftl"), "menu = Hallo\n").unwrap();
        let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
        assert!(refused.contains("de.ftl"), "{refused}");
    }

    #[test]
    fn our_own_texts_pass_what_an_operators_have_to() {
        for (lang, source) in BUILT_IN {
            for (id, text) in messages(&parse(source, lang.code()).unwrap()) {
                check(&text, &text).unwrap_or_else(|error| panic!("{id}: {error:#}"));
            }
        }
    }
}
