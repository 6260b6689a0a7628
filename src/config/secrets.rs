//! What must never be shown, and who may ask for it.

use secrecy::{ExposeSecret, SecretString};

use super::env::Found;
use super::{ConfigError, Entry, Env};

/// More keys than anybody has; a guard against a file given by mistake.
const MOST_KEYS: usize = 100;

/// The secrets that an appliance runs with.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// `BOT_TOKEN`, of a checked form.
    pub bot: SecretString,
    /// The public part of the token: the bot's own id.
    pub bot_id: i64,
    /// `KIE_API_KEY…`, each once, in the order of the configuration; at least one.
    pub kie: Vec<SecretString>,
    /// `OPENAI_API_KEY`; none: KIE's own GPT writes the prompts.
    pub openai: Option<SecretString>,
}

/// The secrets that are set, whatever they are worth: for `setup`, which asks for the others.
#[derive(Clone, Debug)]
pub struct Present {
    pub bot: Option<SecretString>,
    pub kie: Vec<SecretString>,
    pub openai: Option<SecretString>,
}

/// As found; judged when somebody needs them.
#[derive(Clone, Debug)]
pub(super) struct Secrets {
    bot: Option<Sourced>,
    kie: Vec<Sourced>,
    openai: Option<Sourced>,
}

#[derive(Clone, Debug)]
struct Sourced {
    value: SecretString,
    source: String,
}

impl Secrets {
    pub(super) fn read(env: &Env, entries: &mut Vec<Entry>) -> Result<Self, ConfigError> {
        let bot = env.secret("BOT_TOKEN")?.map(Sourced::new);
        let kie = kie_keys(env)?;
        let openai = env.secret("OPENAI_API_KEY")?.map(Sourced::new);
        let bot_shown = bot.as_ref().map(|bot| match bot_id(bot.value.expose_secret()) {
            Some(id) => format!("{id}:…"),
            None => "set, malformed".to_owned(),
        });
        let one_openai = openai.as_ref().map(|_| "set".to_owned());
        entries.push(masked("BOT_TOKEN", bot_shown, bot.iter()));
        let keys = match kie.len() {
            0 => None,
            1 => Some("set, 1 key".to_owned()),
            many => Some(format!("set, {many} keys")),
        };
        entries.push(masked("KIE_API_KEY", keys, kie.iter()));
        entries.push(masked("OPENAI_API_KEY", one_openai, openai.iter()));
        Ok(Self { bot, kie, openai })
    }

    pub(super) fn present(&self) -> Present {
        Present {
            bot: self.bot.as_ref().map(|token| token.value.clone()),
            kie: self.kie.iter().map(|key| key.value.clone()).collect(),
            openai: self.openai.as_ref().map(|key| key.value.clone()),
        }
    }

    pub(super) fn require(&self) -> Result<Tokens, ConfigError> {
        let bot = self.bot.as_ref().ok_or_else(|| {
            ConfigError::new(
                "BOT_TOKEN is not set: run `neurocards setup`, or get a token from @BotFather and \
                 put BOT_TOKEN=… into the environment or .env",
            )
        })?;
        let bot_id = bot_id(bot.value.expose_secret()).ok_or_else(|| {
            bot.error("this is not a bot token: copy it whole from @BotFather, as 123456789:AbC…")
        })?;
        if self.kie.is_empty() {
            return Err(ConfigError::new(
                "KIE_API_KEY is not set: run `neurocards setup`, or get a key at \
                 https://kie.ai/api-key and put KIE_API_KEY=… into the environment or .env",
            ));
        }
        for key in self.kie.iter().chain(&self.openai) {
            if !is_key(key.value.expose_secret()) {
                return Err(key.error("this is not an API key: copy it whole, without spaces"));
            }
        }
        Ok(Tokens {
            bot: bot.value.clone(),
            bot_id,
            kie: self.kie.iter().map(|key| key.value.clone()).collect(),
            openai: self.openai.as_ref().map(|key| key.value.clone()),
        })
    }
}

impl Sourced {
    fn new(found: Found) -> Self {
        Self { source: found.source(), value: SecretString::from(found.value) }
    }

    fn error(&self, why: &str) -> ConfigError {
        ConfigError::new(format!("{}: {why}", self.source))
    }
}

/// `ADMIN_TG_ID`, each once, in order.
pub(super) fn admins(env: &Env, entries: &mut Vec<Entry>) -> Result<Vec<i64>, ConfigError> {
    let Some(found) = env.get("ADMIN_TG_ID") else {
        let (key, value) = ("ADMIN_TG_ID".to_owned(), "not set".to_owned());
        entries.push(Entry { key, value, source: "default".to_owned() });
        return Ok(Vec::new());
    };
    let want = || found.error("write numeric Telegram ids with commas; @userinfobot tells yours");
    let ids = admin_ids(&found.value).ok_or_else(want)?;
    let shown = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    entries.push(found.entry("ADMIN_TG_ID", &shown));
    Ok(ids)
}

/// Telegram ids with commas, each once, in order; none where one of them cannot be an id.
pub fn admin_ids(text: &str) -> Option<Vec<i64>> {
    let mut ids = Vec::new();
    for part in parts(text) {
        let id = part.parse::<i64>().ok().filter(|id| *id > 0)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Some(ids)
}

fn kie_keys(env: &Env) -> Result<Vec<Sourced>, ConfigError> {
    let numbered = env.numbers("KIE_API_KEY_");
    let names = numbered.iter().map(|number| format!("KIE_API_KEY_{number}"));
    let mut keys: Vec<Sourced> = Vec::new();
    for name in std::iter::once("KIE_API_KEY".to_owned()).chain(names) {
        let Some(found) = env.secret(&name)? else { continue };
        for key in parts(&found.value) {
            if keys.iter().all(|one| one.value.expose_secret() != key) {
                let value = SecretString::from(key.to_owned());
                keys.push(Sourced { value, source: found.source() });
            }
        }
        if keys.len() > MOST_KEYS {
            return Err(found.error(format!("more than {MOST_KEYS} keys")));
        }
    }
    Ok(keys)
}

/// Separated by commas, in a file also by line ends.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

/// The id of a token of Telegram's form, `123456789:AbC…`.
pub fn bot_id(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let digits = (1..=16).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let secret = (30..=128).contains(&secret.len()) && secret.bytes().all(good);
    if digits && secret { id.parse().ok() } else { None }
}

/// A key goes into a header: printable, without spaces.
pub fn is_key(key: &str) -> bool {
    (8..=512).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn masked<'a>(name: &str, shown: Option<String>, from: impl Iterator<Item = &'a Sourced>) -> Entry {
    let mut sources: Vec<&str> = from.map(|one| one.source.as_str()).collect();
    sources.dedup();
    let source = if sources.is_empty() { "default".to_owned() } else { sources.join(", ") };
    Entry { key: name.to_owned(), value: shown.unwrap_or_else(|| "not set".to_owned()), source }
}
