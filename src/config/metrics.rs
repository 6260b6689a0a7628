//! Section `[metrics]`: where figures are served, if anywhere.

use std::net::SocketAddr;

use toml::de::DeValue;

use super::env::{Env, Found};
use super::sections::Section;
use super::values::Read;
use super::{ConfigError, Entry};

/// The environment's names of the two keys.
const LISTEN: &str = "NEUROCARDS_METRICS";
const ALLOW_REMOTE: &str = "NEUROCARDS_METRICS_ALLOW_REMOTE";

/// Figures for Prometheus and the health address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// None: they are not served. Any address but this machine's own was allowed expressly.
    pub listen: Option<SocketAddr>,
    pub allow_remote: bool,
}

impl Metrics {
    /// Others than this machine may read them.
    pub fn is_remote(&self) -> bool {
        self.listen.is_some_and(|address| !is_own(address))
    }
}

pub(super) fn read(section: &mut Section<'_, '_>, env: &Env) -> Result<Metrics, ConfigError> {
    let mut listen = section.take("listen", "\"\"", address)?;
    if let Some(found) = env.get(LISTEN) {
        listen = parse(&found.value).map_err(|why| found.error(why))?;
        replace(section.entries, &found, "metrics.listen", format!("\"{}\"", found.value));
    }
    let mut allow_remote = section.take("allow_remote", "false", yes_or_no)?;
    if let Some(found) = env.get(ALLOW_REMOTE) {
        let why = "write true or false";
        allow_remote = found.value.parse().map_err(|_| found.error(why))?;
        replace(section.entries, &found, "metrics.allow_remote", found.value.clone());
    }
    let metrics = Metrics { listen, allow_remote };
    if metrics.is_remote() && !allow_remote {
        let source = section.entries.iter().find(|entry| entry.key == "metrics.listen");
        let place = source.map_or("metrics", |entry| entry.source.as_str());
        return Err(ConfigError::new(format!(
            "{place}: metrics.listen: others than this machine could read your figures there: \
             write 127.0.0.1, or say allow_remote = true in [metrics] (docs/watching.md)"
        )));
    }
    Ok(metrics)
}

/// The environment beats the file.
fn replace(entries: &mut Vec<Entry>, found: &Found, key: &str, value: String) {
    entries.pop();
    entries.push(found.entry(key, &value));
}

fn address(value: &DeValue<'_>) -> Read<Option<SocketAddr>> {
    value.as_str().map_or_else(|| Err(WANT.to_owned()), parse)
}

const WANT: &str = "write an address as \"127.0.0.1:9464\", or \"\" for none";

fn parse(text: &str) -> Read<Option<SocketAddr>> {
    match text.trim() {
        "" | "off" => Ok(None),
        text => text.parse().map(Some).map_err(|_| WANT.to_owned()),
    }
}

fn yes_or_no(value: &DeValue<'_>) -> Read<bool> {
    value.as_bool().ok_or_else(|| "write true or false".to_owned())
}

fn is_own(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};

    fn load(toml: &str, vars: &[(&str, &str)]) -> Result<Metrics, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, toml).unwrap();
        let flags = Overrides { config: Some(path), data_dir: Some("/x".into()) };
        let env = Env::from_pairs(vars.iter().copied());
        Config::load(&flags, &env).map(|config| config.metrics)
    }

    #[test]
    fn nothing_is_served_unless_an_address_is_set() {
        assert_eq!(load("", &[]).unwrap().listen, None);
        assert_eq!(load("[metrics]\nlisten = \"\"", &[]).unwrap().listen, None);
        let own = load("[metrics]\nlisten = \"127.0.0.1:9464\"", &[]).unwrap();
        assert_eq!(own.listen, Some("127.0.0.1:9464".parse().unwrap()));
        assert!(!own.is_remote());
        let vars = [(LISTEN, "[::1]:1")];
        let beaten = load("[metrics]\nlisten = \"127.0.0.1:9464\"", &vars).unwrap();
        assert_eq!(beaten.listen, Some("[::1]:1".parse().unwrap()));
        let off = load("[metrics]\nlisten = \"127.0.0.1:9464\"", &[(LISTEN, "off")]).unwrap();
        assert_eq!(off.listen, None);
    }

    #[test]
    fn other_machines_are_let_in_only_where_somebody_said_so() {
        for open in ["0.0.0.0:9464", "192.0.2.7:9464", "[::]:9464", "[::ffff:192.0.2.7]:1"] {
            let toml = format!("[metrics]\nlisten = \"{open}\"");
            let error = load(&toml, &[]).unwrap_err().to_string();
            assert!(error.contains("x.toml:2: metrics.listen") && error.contains("allow_remote"));
            let error = load("", &[(LISTEN, open)]).unwrap_err().to_string();
            assert!(error.starts_with("environment NEUROCARDS_METRICS"), "{error}");
            let allowed = load(&format!("{toml}\nallow_remote = true"), &[]).unwrap();
            assert!(allowed.is_remote());
            assert!(load(&toml, &[(ALLOW_REMOTE, "true")]).unwrap().is_remote());
        }
        assert!(!load("[metrics]\nlisten = \"[::ffff:127.0.0.1]:1\"", &[]).unwrap().is_remote());
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_line() {
        for wrong in ["\"localhost:9464\"", "\"9464\"", "9464", "true", "\"127.0.0.1\""] {
            let error = load(&format!("[metrics]\nlisten = {wrong}"), &[]).unwrap_err().to_string();
            assert!(error.contains("x.toml:2: metrics.listen: write an address"), "{error}");
        }
        let error = load("", &[(ALLOW_REMOTE, "maybe")]).unwrap_err().to_string();
        assert!(error.starts_with(ALLOW_REMOTE), "{error}");
    }
}
