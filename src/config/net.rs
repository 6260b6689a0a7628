//! Where the services are and through what they are reached.

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::env::Found;
use super::{ConfigError, Entry, Env};

/// Base addresses without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub telegram: String,
    pub kie: String,
    pub kie_upload: String,
    /// Ends in `/v1`, as OpenAI's own does.
    pub openai: String,
}

/// How each service is reached; none: directly.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    pub telegram: Option<Proxy>,
    /// The file upload of KIE included.
    pub kie: Option<Proxy>,
    pub openai: Option<Proxy>,
}

/// `http://`, `https://` or `socks5h://`, with a user and a password where it needs them: a secret.
#[derive(Clone, Debug)]
pub struct Proxy(SecretString);

impl Proxy {
    /// `host:port`, `http://…`, `https://…` or `socks5h://…`.
    ///
    /// # Errors
    /// What to write instead, without what was written: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WANT: &str = "write a proxy as http://host:port, https://… or socks5h://…";
        let text = text.trim();
        // As with other programs, a bare host:port is an HTTP proxy.
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&text).map_err(|_| WANT)?;
        if url.host_str().is_none_or(str::is_empty) || !matches!(url.path(), "" | "/") {
            return Err(WANT);
        }
        let text = match url.scheme() {
            "http" | "https" | "socks5h" => text,
            // With plain socks5 names are resolved here, which fails where names are blocked.
            "socks5" | "socks" => match text.split_once("://") {
                Some((_, rest)) => format!("socks5h://{rest}"),
                None => return Err(WANT),
            },
            _ => return Err(WANT),
        };
        Ok(Self(SecretString::from(text.trim_end_matches('/').to_owned())))
    }

    /// The host and the port that are dialled.
    pub fn dialled(&self) -> Option<(String, u16)> {
        let url = Url::parse(self.0.expose_secret()).ok()?;
        let usual = if url.scheme() == "socks5h" { 1080 } else { 80 };
        Some((url.host_str()?.to_owned(), url.port_or_known_default().unwrap_or(usual)))
    }

    /// Whether names are resolved by it.
    pub fn is_socks(&self) -> bool {
        self.0.expose_secret().starts_with("socks")
    }

    /// The whole address, for the client that dials it.
    pub fn url(&self) -> &SecretString {
        &self.0
    }

    /// The address without user and password, for people.
    pub fn masked(&self) -> String {
        let Ok(mut url) = Url::parse(self.0.expose_secret()) else { return String::new() };
        let user = !url.username().is_empty() || url.password().is_some();
        // Both fail only for addresses without a host, which a proxy has.
        let _ = url.set_password(None);
        let _ = url.set_username(if user { "…" } else { "" });
        let text = url.to_string();
        text.trim_end_matches('/').replace("%E2%80%A6", "…")
    }
}

impl Endpoints {
    pub(super) fn read(env: &Env, entries: &mut Vec<Entry>) -> Result<Self, ConfigError> {
        let mut endpoint = |name, default: &str| -> Result<String, ConfigError> {
            let Some(found) = env.get(name) else {
                let (key, value) = (name.to_owned(), default.to_owned());
                entries.push(Entry { key, value, source: "default".to_owned() });
                return Ok(default.to_owned());
            };
            let url = base_url(&found)?;
            entries.push(found.entry(name, &url));
            Ok(url)
        };
        Ok(Self {
            telegram: endpoint("TELEGRAM_API_URL", "https://api.telegram.org")?,
            kie: endpoint("KIE_API_URL", "https://api.kie.ai")?,
            kie_upload: endpoint("KIE_UPLOAD_URL", "https://kieai.redpandaai.co")?,
            openai: endpoint("OPENAI_BASE_URL", "https://api.openai.com/v1")?,
        })
    }
}

impl Proxies {
    pub(super) fn read(
        env: &Env,
        endpoints: &Endpoints,
        entries: &mut Vec<Entry>,
    ) -> Result<Self, ConfigError> {
        let mut proxy = |name: &str, endpoint: &str| -> Result<Option<Proxy>, ConfigError> {
            let Some(found) = proxy_of(env, name, endpoint) else { return Ok(None) };
            let proxy = Proxy::parse(&found.value).map_err(|want| found.error(want))?;
            entries.push(found.entry(name, &proxy.masked()));
            Ok(Some(proxy))
        };
        Ok(Self {
            telegram: proxy("TELEGRAM_PROXY", &endpoints.telegram)?,
            kie: proxy("KIE_PROXY", &endpoints.kie)?,
            openai: proxy("OPENAI_PROXY", &endpoints.openai)?,
        })
    }
}

/// The service's own proxy, else the machine's, which is not meant for this machine itself.
fn proxy_of(env: &Env, own: &str, endpoint: &str) -> Option<Found> {
    const GENERAL: [&str; 4] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"];
    env.get(own).or_else(|| if is_loopback(endpoint) { None } else { env.first(&GENERAL) })
}

fn is_loopback(endpoint: &str) -> bool {
    match Url::parse(endpoint).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn base_url(found: &Found) -> Result<String, ConfigError> {
    let want = || found.error("write an address as https://host or http://host:port");
    let text = found.value.trim().trim_end_matches('/');
    let url = Url::parse(text).map_err(|_| want())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let good = plain && url.has_host() && matches!(url.scheme(), "http" | "https");
    if good { Ok(text.to_owned()) } else { Err(want()) }
}
