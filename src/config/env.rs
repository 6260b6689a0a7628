//! The environment as layers of plain maps: the process's variables above `.env` of the working
//! folder above `secrets.env`. Injectable, so that no test touches the process.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ConfigError, Entry, file};

/// How the names of our variables begin.
const NAMES: [&str; 11] = [
    "BOT_TOKEN",
    "KIE_",
    "OPENAI_",
    "ADMIN_TG_ID",
    "NEUROCARDS_",
    "TELEGRAM_",
    "ALL_PROXY",
    "HTTPS_PROXY",
    "all_proxy",
    "https_proxy",
    "RUST_LOG",
];

/// Variables by name, with where they came from.
#[derive(Clone, Default)]
pub struct Env {
    /// The stronger first.
    layers: Vec<Layer>,
}

#[derive(Clone)]
struct Layer {
    name: &'static str,
    vars: BTreeMap<String, String>,
}

/// A variable that is set and not empty.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) value: String,
    layer: &'static str,
}

impl Env {
    /// The process's variables and `.env` of the working folder, where there is one. The process's
    /// own environment stays as it is.
    pub fn of_process(working_folder: &Path) -> Result<Self, ConfigError> {
        let vars = std::env::vars_os()
            .map(|(name, value)| (lossy(&name), lossy(&value)))
            .collect::<BTreeMap<_, _>>();
        let mut env = Self::from_pairs(vars);
        let path = working_folder.join(".env");
        // Somebody else's folder, as with `sudo -u`: that .env is not meant for this user.
        let denied = std::fs::File::open(&path)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
        if denied {
            return Ok(env);
        }
        if let Some(text) = file::read_limited(&path)? {
            env.add_dotenv(&text)?;
        }
        Ok(env)
    }

    /// Variables from anywhere, as the environment.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let vars = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { layers: vec![Layer { name: "environment", vars }] }
    }

    /// Adds the text of a `.env` below what is there. Its errors never quote a line: it may hold
    /// a secret.
    pub fn add_dotenv(&mut self, text: &str) -> Result<(), ConfigError> {
        self.add_layer(".env", text)
    }

    /// The same for another file of that form.
    pub(super) fn add_layer(&mut self, name: &'static str, text: &str) -> Result<(), ConfigError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut vars = BTreeMap::new();
        for item in dotenvy::Iter::new(text.as_bytes()) {
            match item {
                // The first wins, as with every other reader of .env files.
                Ok((key, value)) => _ = vars.entry(key).or_insert(value),
                Err(dotenvy::Error::LineParse(part, _)) => refuse_ours(name, text, &part)?,
                Err(_) => {
                    let why = "cannot be read as NAME=value lines in UTF-8";
                    return Err(ConfigError::new(format!("{name}: {why}")));
                }
            }
        }
        self.layers.push(Layer { name, vars });
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<Found> {
        self.first(&[name])
    }

    /// The first of the names that is set, a stronger layer before a weaker one. Empty is not set:
    /// that is how compose files and units write "none".
    pub(super) fn first(&self, names: &[&str]) -> Option<Found> {
        self.layers.iter().find_map(|layer| names.iter().find_map(|name| layer.get(name)))
    }

    /// `NAME`, or what the file that `NAME_FILE` names holds, trimmed. Both in one layer: error.
    pub(super) fn secret(&self, name: &str) -> Result<Option<Found>, ConfigError> {
        let by_file = format!("{name}_FILE");
        for layer in &self.layers {
            match (layer.get(name), layer.get(&by_file)) {
                (Some(_), Some(_)) => {
                    return Err(ConfigError::new(format!(
                        "{name} and {by_file} are both set in the {}: keep one of them",
                        layer.name
                    )));
                }
                (Some(found), None) => return Ok(Some(found.trimmed())),
                (None, Some(found)) => return found.read().map(Some),
                (None, None) => {}
            }
        }
        Ok(None)
    }

    /// The numbers N for which `PREFIXN` or `PREFIXN_FILE` is set, ascending.
    pub(super) fn numbers(&self, prefix: &str) -> Vec<u32> {
        let names = self.layers.iter().flat_map(|layer| layer.vars.keys());
        let mut numbers: Vec<u32> = names
            .filter_map(|name| name.strip_prefix(prefix))
            .filter_map(|rest| rest.strip_suffix("_FILE").unwrap_or(rest).parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

impl Layer {
    fn get(&self, name: &str) -> Option<Found> {
        let value = self.vars.get(name).filter(|value| !value.trim().is_empty())?;
        Some(Found { name: name.to_owned(), value: value.clone(), layer: self.name })
    }
}

impl Found {
    /// `why` must not quote a secret.
    pub(super) fn error(&self, why: impl std::fmt::Display) -> ConfigError {
        ConfigError::new(format!("{} ({}): {why}", self.name, self.layer))
    }

    pub(super) fn entry(&self, key: &str, value: &str) -> Entry {
        Entry { key: key.to_owned(), value: value.to_owned(), source: self.source() }
    }

    pub(super) fn source(&self) -> String {
        format!("{} {}", self.layer, self.name)
    }

    fn trimmed(mut self) -> Self {
        self.value = self.value.trim().to_owned();
        self
    }

    fn read(mut self) -> Result<Self, ConfigError> {
        let path = self.value.clone();
        match file::read_limited(Path::new(&path)) {
            Ok(Some(text)) if !text.trim().is_empty() => {
                self.value = text.trim().to_owned();
                Ok(self)
            }
            Ok(Some(_)) => Err(self.error(format!("{path} is empty: put the secret into it"))),
            Ok(None) => Err(self.error(format!("there is no file {path}"))),
            Err(error) => Err(self.error(error)),
        }
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.layers.iter().map(|layer| (layer.name, layer.vars.keys()));
        f.debug_map().entries(names.map(|(name, keys)| (name, keys.collect::<Vec<_>>()))).finish()
    }
}

/// A line that is not understood is a mistake only where it sets one of our variables: an old
/// `.env` may hold other programs' lines, which read them more generously.
fn refuse_ours(file: &str, text: &str, part: &str) -> Result<(), ConfigError> {
    let bad = text.lines().enumerate().filter(|(_, line)| line.contains(part.trim()));
    for (at, line) in bad {
        let name = line.split('=').next().unwrap_or_default().trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        if NAMES.iter().any(|ours| name.starts_with(ours)) {
            let why = "cannot be read: put the value into single quotes";
            return Err(ConfigError::new(format!("{file} line {}: {name} {why}", at + 1)));
        }
    }
    Ok(())
}

fn lossy(text: &std::ffi::OsStr) -> String {
    text.to_string_lossy().into_owned()
}
