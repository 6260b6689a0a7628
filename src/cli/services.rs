//! What `doctor` and `setup` ask the services: calls that change and cost nothing, each with a
//! deadline, and whose answers tell what was given wrong from what is wrong elsewhere.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context as _, Result};
use secrecy::{ExposeSecret as _, SecretString};

use crate::api::classify::Class;
use crate::api::greet::{Greeting, greet};
use crate::api::kie::{self, Kie};
use crate::api::openai::{self, OpenAi};
use crate::bot::telegram::{self, Failure, Me, Telegram, Webhook};
use crate::clock::Clock;
use crate::config::{Config, Proxy};

/// For one call, its connecting included.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where a service is and through what.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) url: String,
    pub(super) proxy: Option<Proxy>,
}

impl Access {
    fn secret(&self) -> Option<SecretString> {
        self.proxy.as_ref().map(|proxy| proxy.url().clone())
    }
}

/// Why an answer was not what was hoped for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The service was reached and refuses what it was given.
    Refused(String),
    /// It was not reached, or makes no sense now.
    Elsewhere(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Refused(why) | Self::Elsewhere(why)) = self;
        f.write_str(why)
    }
}

/// Whether anybody answers there.
pub(super) fn greeting(access: &Access) -> Result<Greeting, String> {
    greet(&access.url, access.proxy.as_ref().map(Proxy::url), DEADLINE)
}

/// Whose token it is, and the webhook on it.
pub(super) fn bot(access: &Access, token: &SecretString) -> Result<(Me, Webhook), Trouble> {
    let elsewhere = |error: anyhow::Error| Trouble::Elsewhere(format!("{error:#}"));
    let options = telegram::Options {
        token: token.clone(),
        api_url: access.url.clone(),
        proxy: access.secret(),
        clock: Clock::real(),
    };
    let telegram = Telegram::new(options).map_err(elsewhere)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime for the call")
        .map_err(elsewhere)?;
    let ask = async { Ok::<_, Failure>((telegram.me().await?, telegram.webhook().await?)) };
    let answer = runtime.block_on(async { tokio::time::timeout(DEADLINE, ask).await });
    // A name that is being looked up cannot be stopped, and need not be waited for.
    runtime.shutdown_background();
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Failure::Unauthorized)) => {
            Err(Trouble::Refused("Telegram does not know this token, or it was revoked".to_owned()))
        }
        Ok(Err(failure)) => Err(Trouble::Elsewhere(failure.to_string())),
        Err(_) => Err(Trouble::Elsewhere(format!("no answer within {} s", DEADLINE.as_secs()))),
    }
}

/// A KIE account's credits.
pub(super) fn balance(access: &Access, key: &SecretString) -> Result<f64, Trouble> {
    let options = kie::Options {
        api_url: access.url.clone(),
        upload_url: access.url.clone(),
        proxy: access.secret(),
    };
    let kie = Kie::new(&options).map_err(|error| Trouble::Elsewhere(format!("{error:#}")))?;
    kie.credit(key, DEADLINE).map_err(|trouble| match trouble {
        kie::Trouble::Refused(why) if why.class == Class::BadKey => {
            Trouble::Refused(format!("KIE refuses the key: {why}"))
        }
        other => Trouble::Elsewhere(other.to_string()),
    })
}

/// The models that an OpenAI key may use.
pub(super) fn gpt_models(access: &Access, key: &SecretString) -> Result<Vec<String>, Trouble> {
    let options = openai::Options { base_url: access.url.clone(), proxy: access.secret() };
    let openai = OpenAi::new(&options).map_err(|error| Trouble::Elsewhere(format!("{error:#}")))?;
    openai.models(key, DEADLINE).map_err(|trouble| match trouble {
        openai::Trouble::BadKey(why) => Trouble::Refused(format!("OpenAI refuses the key: {why}")),
        openai::Trouble::Quota(why) => Trouble::Refused(format!("no money at OpenAI: {why}")),
        other => Trouble::Elsewhere(other.to_string()),
    })
}

/// Whether a proxy takes connections at all.
pub(super) fn dial(proxy: &Proxy) -> Result<(), String> {
    let Some((host, port)) = proxy.dialled() else { return Err("no host in it".to_owned()) };
    let host = host.trim_matches(['[', ']']).to_owned();
    let (tell, told) = channel();
    // Looking up a name has no deadline of its own: the thread may outlive the wait.
    std::thread::spawn(move || {
        let dialled = (host.as_str(), port).to_socket_addrs().and_then(|mut places| {
            let place = places.next().ok_or(std::io::ErrorKind::NotFound)?;
            TcpStream::connect_timeout(&place, DEADLINE)
        });
        // Nobody listens any more where the deadline has passed.
        let _ = tell.send(dialled.map(drop).map_err(|error| error.to_string()));
    });
    let late = |_| Err(format!("no answer within {} s", DEADLINE.as_secs()));
    told.recv_timeout(DEADLINE).unwrap_or_else(late)
}

/// Hides secrets in what a service or a library says.
#[derive(Default)]
pub(super) struct Veil(Vec<SecretString>);

impl Veil {
    /// Over all secrets of a configuration.
    pub(super) fn over(config: &Config) -> Self {
        let mut veil = Self::default();
        let present = config.present();
        let secrets = present.bot.iter().chain(&present.kie).chain(&present.openai);
        secrets.for_each(|secret| veil.add(secret));
        let proxies = &config.proxies;
        for proxy in [&proxies.telegram, &proxies.kie, &proxies.openai].into_iter().flatten() {
            veil.add_proxy(proxy);
        }
        veil
    }

    /// A token's secret is what stands behind its colon.
    pub(super) fn add(&mut self, secret: &SecretString) {
        let text = secret.expose_secret();
        self.0.push(text.split_once(':').map_or_else(|| secret.clone(), |(_, rest)| rest.into()));
    }

    fn add_proxy(&mut self, proxy: &Proxy) {
        let Ok(url) = url::Url::parse(proxy.url().expose_secret()) else { return };
        // A name alone is the secret itself; beside a password it is a word like any other.
        self.0.push(url.password().unwrap_or(url.username()).into());
    }

    pub(super) fn hide(&self, text: &str) -> String {
        let secrets = self.0.iter().map(SecretString::expose_secret);
        // What is shorter says nothing, and would tear words apart.
        secrets
            .filter(|secret| secret.len() >= 4)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }
}
