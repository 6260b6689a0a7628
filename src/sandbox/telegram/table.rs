//! The table of methods (`assets/sandbox/telegram.toml`), and calls held against it.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Parameters or fields by name.
pub type Rules = BTreeMap<String, Rule>;

/// Methods, types and what counts against the limits on sending.
#[derive(Debug)]
pub struct Table {
    /// Methods by name.
    pub methods: BTreeMap<String, Rules>,
    /// Object types by name.
    pub types: BTreeMap<String, Rules>,
    /// Methods that count against the limits.
    pub limited: Vec<String>,
}

/// One parameter or field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// As the Bot API names them.
    pub types: Vec<String>,
    /// Whether it must be there.
    pub required: bool,
    /// Its length, where there is a limit.
    pub length: Option<Length>,
}

/// Shortest and longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// At least.
    pub min: usize,
    /// At most.
    pub max: usize,
    /// Of what.
    pub unit: Unit,
}

/// What a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// UTF-16 units after the markup is parsed.
    Parsed,
    /// UTF-16 units.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

/// One argument as it came.
pub(super) enum Arg {
    /// From a JSON body.
    Json(Value),
    /// From a form or the query.
    Text(String),
    /// A part with a file name.
    File,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    limited: Vec<String>,
    methods: BTreeMap<String, BTreeMap<String, String>>,
    types: BTreeMap<String, BTreeMap<String, String>>,
}

impl Table {
    /// The built-in one.
    pub fn built_in() -> anyhow::Result<Self> {
        let written: Written =
            toml::from_str(include_str!("../../../assets/sandbox/telegram.toml"))
                .context("assets/sandbox/telegram.toml")?;
        let (methods, types) = (rules(written.methods)?, rules(written.types)?);
        Ok(Self { methods, types, limited: written.limited })
    }

    /// The method's own spelling; methods are called in any case.
    pub(super) fn method(&self, name: &str) -> Option<(&str, &Rules)> {
        let found = self.methods.iter().find(|(method, _)| method.eq_ignore_ascii_case(name));
        found.map(|(method, rules)| (method.as_str(), rules))
    }

    /// The arguments with their real types, or what is wrong with them.
    pub(super) fn check(
        &self,
        rules: &Rules,
        args: BTreeMap<String, Arg>,
    ) -> Result<Map<String, Value>, String> {
        let mut checked = Map::new();
        for (name, arg) in args {
            let Some(rule) = rules.get(&name) else {
                return Err(format!("unknown parameter \"{name}\""));
            };
            let value = match arg {
                Arg::Json(Value::Null) => continue,
                Arg::Json(value) => value,
                Arg::Text(text) => rule.read(text),
                Arg::File if rule.is("InputFile") => Value::String(format!("attach://{name}")),
                Arg::File => return Err(format!("parameter \"{name}\" can't be a file")),
            };
            let value = self.fits(rule, &name, value)?;
            checked.insert(name, value);
        }
        let missing = rules.iter().find(|(name, it)| it.required && !checked.contains_key(*name));
        match missing {
            Some((name, _)) if name == "text" => Err("message text is empty".into()),
            Some((name, _)) => Err(format!("parameter \"{name}\" is required")),
            None => Ok(checked),
        }
    }

    /// The value (an object that came as JSON text is read), if it fits one of the types.
    fn fits(&self, rule: &Rule, name: &str, value: Value) -> Result<Value, String> {
        let value = match value {
            Value::String(text) if rule.is_structured() => serde_json::from_str(&text)
                .map_err(|_| format!("can't parse {}: not JSON", spoken(name)))?,
            value => value,
        };
        // The first type that knows what is wrong has the word: the inline keyboard.
        let mut told = None;
        let wrong = format!("field \"{name}\" must be of type {}", rule.types.join(" or "));
        let mut fits = false;
        for kind in &rule.types {
            match self.is(kind, &value) {
                Ok(()) => fits = true,
                Err(detail) => told = told.or(detail),
            }
        }
        if !fits {
            return Err(told.unwrap_or(wrong));
        }
        rule.check_length(name, &value)?;
        Ok(value)
    }

    /// `Err(None)`: not of this type at all; with a text: of this type, but wrong inside.
    fn is(&self, kind: &str, value: &Value) -> Result<(), Option<String>> {
        if let Some(inner) = kind.strip_prefix("Array of ") {
            let items = value.as_array().ok_or(None)?;
            return items.iter().try_for_each(|item| self.is(inner, item));
        }
        let plain = match kind {
            "Integer" => Some(value.is_i64()),
            "Boolean" => Some(value.is_boolean()),
            "String" | "InputFile" => Some(value.is_string()),
            _ => None,
        };
        if let Some(fits) = plain {
            return if fits { Ok(()) } else { Err(None) };
        }
        let object = value.as_object().ok_or(None)?;
        if kind == "BotCommandScope" {
            let scope = match value["type"].as_str() {
                Some("default") => "BotCommandScopeDefault",
                Some("all_private_chats") => "BotCommandScopeAllPrivateChats",
                Some("chat") => "BotCommandScopeChat",
                _ => return Err(Some("can't parse BotCommandScope".into())),
            };
            return self.is(scope, value);
        }
        let Some(rules) = self.types.get(kind) else { return Err(None) };
        if let Some((name, _)) =
            rules.iter().find(|(name, it)| it.required && !object.contains_key(*name))
        {
            // Perhaps it is another type of the same parameter.
            return Err(Some(format!("can't parse {kind}: field \"{name}\" is missing")));
        }
        for (name, value) in object {
            let Some(rule) = rules.get(name) else {
                return Err(Some(format!("can't parse {kind}: unknown field \"{name}\"")));
            };
            self.fits(rule, name, value.clone()).map_err(Some)?;
        }
        match kind {
            "InlineKeyboardButton" => check_button(object).map_err(Some),
            _ => Ok(()),
        }
    }
}

impl Rule {
    fn is(&self, kind: &str) -> bool {
        self.types.iter().any(|it| it == kind)
    }

    fn is_structured(&self) -> bool {
        !["String", "Integer", "Boolean", "InputFile"].iter().any(|kind| self.is(kind))
    }

    /// A value that came as text: what it means depends on the parameter.
    fn read(&self, text: String) -> Value {
        if self.is("Integer")
            && let Ok(number) = text.parse::<i64>()
        {
            return number.into();
        }
        if self.is("Boolean") {
            match text.to_lowercase().as_str() {
                "true" | "1" => return true.into(),
                "false" | "0" => return false.into(),
                _ => {}
            }
        }
        Value::String(text)
    }

    /// `Unit::Parsed` is left to the one who parses.
    fn check_length(&self, name: &str, value: &Value) -> Result<(), String> {
        let (Some(length), Some(text)) = (self.length, value.as_str()) else { return Ok(()) };
        let n = match length.unit {
            Unit::Parsed => return Ok(()),
            Unit::Characters => text.encode_utf16().count(),
            Unit::Bytes => text.len(),
        };
        if (length.min..=length.max).contains(&n) {
            return Ok(());
        }
        Err(match name {
            "callback_data" => "BUTTON_DATA_INVALID".into(),
            "text" if length.max == 200 => "MESSAGE_TOO_LONG".into(),
            _ => format!("{} has the wrong length: {n} of {}-{}", name, length.min, length.max),
        })
    }
}

impl std::str::FromStr for Rule {
    type Err = anyhow::Error;

    /// `Integer or String, required, 1-64 bytes`.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut parts = text.split(", ");
        let types = parts.next().unwrap_or("").split(" or ").map(str::to_owned).collect();
        let mut rule = Self { types, required: false, length: None };
        for part in parts {
            if part == "required" {
                rule.required = true;
                continue;
            }
            let (range, unit) = part.split_once(' ').with_context(|| format!("`{part}`"))?;
            let (min, max) = range.split_once('-').with_context(|| format!("`{part}`"))?;
            let unit = match unit {
                "parsed" => Unit::Parsed,
                "characters" => Unit::Characters,
                "bytes" => Unit::Bytes,
                _ => bail!("`{unit}` is not a unit"),
            };
            rule.length = Some(Length { min: min.parse()?, max: max.parse()?, unit });
        }
        Ok(rule)
    }
}

fn rules(
    all: BTreeMap<String, BTreeMap<String, String>>,
) -> anyhow::Result<BTreeMap<String, Rules>> {
    let mut read = BTreeMap::new();
    for (owner, written) in all {
        let mut rules = Rules::new();
        for (name, rule) in written {
            rules.insert(name, rule.parse()?);
        }
        read.insert(owner, rules);
    }
    Ok(read)
}

fn check_button(button: &Map<String, Value>) -> Result<(), String> {
    let text = button.get("text").and_then(Value::as_str).unwrap_or("");
    if text.trim().is_empty() {
        return Err("can't parse inline keyboard button: Text is empty".into());
    }
    let actions = button.keys().filter(|name| !["text", "style"].contains(&name.as_str())).count();
    if actions == 0 {
        return Err(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
                .into(),
        );
    }
    if actions > 1 {
        return Err("can't parse inline keyboard button: exactly one action is allowed".into());
    }
    if let Some(url) = button.get("url").and_then(Value::as_str) {
        check_url(url)?;
    }
    Ok(())
}

fn check_url(text: &str) -> Result<(), String> {
    let wrong = |why: &str| format!("inline keyboard button URL '{text}' is invalid: {why}");
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = url::Url::parse(&full).map_err(|_| wrong("Wrong HTTP URL"))?;
    match url.scheme() {
        "http" | "https" => {
            let host = url.host_str().unwrap_or("");
            let dotted = host.contains('.') && !host.ends_with('.');
            if dotted { Ok(()) } else { Err(wrong("Wrong HTTP URL")) }
        }
        "tg" | "ton" => Ok(()),
        _ => Err(wrong("Unsupported URL protocol")),
    }
}

fn spoken(name: &str) -> String {
    name.replace('_', " ")
}
