//! What only the services can tell: are they reached, is the clock right, what are the token and
//! the keys worth. Where a service is not reached, nothing else is asked of it.

use anyhow::Result;

use super::report::{Check, Report};
use crate::bot::telegram::{Me, Webhook};
use crate::cli::screen;
use crate::cli::services::{self, Access, Trouble};
use crate::clock::{Clock, MINUTE, Millis};
use crate::config::{Config, Proxy, Tokens};
use crate::db::{Db, FILE_NAME};
use crate::keys;
use crate::serve;

/// A clock that is off by more may cost the encrypted lines.
const CLOCK_OFF: Millis = 2 * MINUTE;

/// A service by the name of its line.
struct Service {
    name: &'static str,
    /// The variable that names its proxy.
    variable: &'static str,
    access: Access,
}

/// All of it. `running`: an appliance polls beside us.
pub(super) fn check(config: &Config, running: bool, report: &mut Report) -> Result<()> {
    let tokens = config.require_tokens().ok();
    let with_openai = tokens.as_ref().is_some_and(|tokens| tokens.openai.is_some());
    let services = services(config, with_openai);
    let mut reached = Vec::new();
    let mut dates = Vec::new();
    for service in &services {
        let there = reach(config, service, report)?;
        reached.extend(there.answers.then_some(service.name));
        dates.extend(there.date);
    }
    report.add(clock(Clock::real().now(), dates.first().copied()))?;
    let Some(tokens) = tokens else { return Ok(()) };
    let access = |name: &str| {
        let is_reached = reached.contains(&name);
        let service = services.iter().find(|service| service.name == name && is_reached);
        service.map(|service| &service.access)
    };
    match access("telegram") {
        None => report.add(not_asked("token", "Telegram"))?,
        Some(access) => telegram(access, &tokens, running, report)?,
    }
    match access("kie") {
        None => report.add(not_asked("keys", "KIE"))?,
        Some(access) => kie_keys(access, config, &tokens, report)?,
    }
    gpt(access("openai"), config, &tokens, report)
}

fn services(config: &Config, with_openai: bool) -> Vec<Service> {
    let at = &config.endpoints;
    let service = |name, variable, url: &str, proxy: &Option<Proxy>| Service {
        name,
        variable,
        access: Access { url: url.to_owned(), proxy: proxy.clone() },
    };
    let mut services = vec![
        service("telegram", "TELEGRAM_PROXY", &at.telegram, &config.proxies.telegram),
        service("kie", "KIE_PROXY", &at.kie, &config.proxies.kie),
    ];
    if at.kie_upload != at.kie {
        services.push(service("kie upload", "KIE_PROXY", &at.kie_upload, &config.proxies.kie));
    }
    if with_openai {
        services.push(service("openai", "OPENAI_PROXY", &at.openai, &config.proxies.openai));
    }
    services
}

fn not_asked(name: &str, service: &str) -> Check {
    let what = format!("reach {service} first, then ask again");
    Check::warn(name, format!("not checked: {service} is not reached"), what)
}

/// What came of calling a service.
#[derive(Clone, Copy, Default)]
struct There {
    answers: bool,
    /// Its time, which may be told even where nothing else is.
    date: Option<Millis>,
}

/// A line for its proxy, where it has one, and a line for itself.
fn reach(config: &Config, service: &Service, report: &mut Report) -> Result<There> {
    let Service { name, variable, access } = service;
    if let Some(proxy) = &access.proxy {
        let (line, shown) = (format!("proxy {name}"), proxy.masked());
        report.doing(&line);
        if let Err(why) = services::dial(proxy) {
            let source = config.entries().iter().find(|entry| entry.key == *variable);
            let source = source.map_or(*variable, |entry| entry.source.as_str());
            let what = format!("start it, or correct it ({source}); {name} was not asked");
            let detail = format!("{shown} is not reached, which is the proxy itself: {why}");
            report.add(Check::fail(line, detail, what))?;
            return Ok(There::default());
        }
        report.add(Check::ok(line, format!("{shown} takes connections")))?;
    }
    report.doing(name);
    let url = &access.url;
    match services::greeting(access) {
        Ok(greeting) => {
            let by = if access.proxy.is_some() { " through its proxy" } else { "" };
            report.add(Check::ok(*name, format!("{url} answers{by}")))?;
            Ok(There { answers: true, date: greeting.date })
        }
        Err(why) => {
            let what = way_out(service, &why);
            report.add(Check::fail(*name, format!("{url} is not reached: {why}"), what))?;
            // The time can be told without the encryption that a wrong clock breaks.
            let plain = Access { url: url.replacen("https://", "http://", 1), ..access.clone() };
            let told = why.contains("certificate").then(|| services::greeting(&plain).ok());
            let date = told.flatten().and_then(|greeting| greeting.date);
            Ok(There { answers: false, date })
        }
    }
}

fn way_out(service: &Service, why: &str) -> String {
    let Service { name, variable, access } = service;
    if why.contains("certificate") {
        return "look at this machine's clock (`timedatectl`), and at who opens its encrypted lines"
            .to_owned();
    }
    match &access.proxy {
        None => format!(
            "look at the network and its names; where {name} is blocked, set \
             {variable}=socks5h://HOST:PORT"
        ),
        Some(proxy) if proxy.is_socks() => format!(
            "the proxy takes connections and does not lead to {name}: look at its user, its \
             password and what it allows; names are resolved by it (socks5h)"
        ),
        Some(_) => format!(
            "the proxy takes connections and does not lead to {name}: look at its user, its \
             password and what it allows; if it is a SOCKS proxy, write socks5h://HOST:PORT"
        ),
    }
}

fn clock(ours: Millis, theirs: Option<Millis>) -> Check {
    let Some(theirs) = theirs else {
        let what = "reach a service first, then ask again";
        return Check::warn("clock", "not compared: no service told the time", what);
    };
    let off = ours - theirs;
    let way = if off > 0 { "ahead" } else { "behind" };
    if off.abs() > CLOCK_OFF {
        let detail = format!("{} {way} of the services' time", screen::span(off.abs()));
        let what = "set it (`timedatectl set-ntp true`): encrypted lines need the right time";
        return Check::fail("clock", detail, what);
    }
    Check::ok("clock", "agrees with the services' time")
}

fn telegram(access: &Access, tokens: &Tokens, running: bool, report: &mut Report) -> Result<()> {
    report.doing("token");
    match services::bot(access, &tokens.bot) {
        Ok((me, webhook)) => {
            let Me { id, username } = me;
            report.add(Check::ok("token", format!("@{username}, bot {id}")))?;
            report.add(left_over(&webhook, running))
        }
        Err(Trouble::Refused(why)) => {
            let what = "copy BOT_TOKEN again from @BotFather (/mybots, API Token), or a new one";
            report.add(Check::fail("token", why, what))
        }
        Err(Trouble::Elsewhere(why)) => {
            report.add(Check::fail("token", why, "try again in a minute; is Telegram well?"))
        }
    }
}

/// A start takes a webhook away by itself; one that stands beside a running appliance is set by
/// somebody who goes on setting it.
fn left_over(webhook: &Webhook, running: bool) -> Check {
    let Some(host) = &webhook.host else {
        return Check::ok("webhook", format!("none, {} updates wait", webhook.pending));
    };
    if running {
        let what = format!(
            "stop the program at {host} that sets it: until then every poll gets 409; neurocards \
             removes it again and again, by hand it is the call deleteWebhook"
        );
        return Check::fail("webhook", format!("set to {host} while the appliance runs"), what);
    }
    let what = format!(
        "nothing, if the program at {host} is gone: `neurocards run` removes it at its start; else \
         stop that program first"
    );
    Check::warn("webhook", format!("left over, set to {host}: polls would get 409"), what)
}

fn kie_keys(access: &Access, config: &Config, tokens: &Tokens, report: &mut Report) -> Result<()> {
    let price = serve::shop(config).map_or(0.0, |shop| shop.least_price());
    let blocked = blocked(config);
    for (at, key) in tokens.kie.iter().enumerate() {
        let (name, fingerprint) = (format!("key {}", at + 1), serve::fingerprint(key));
        report.doing(&name);
        let said = services::balance(access, key);
        let unreached = matches!(said, Err(Trouble::Elsewhere(_)));
        let check = match said {
            Ok(balance) => account(&name, balance, price, config.kie.low_balance as f64),
            Err(Trouble::Refused(why)) => {
                let what =
                    "copy it again from https://kie.ai/api-key, or take it out of KIE_API_KEY";
                Check::fail(&name, why, what)
            }
            Err(Trouble::Elsewhere(why)) => {
                Check::fail(&name, why, "try again in a minute; is KIE well?")
            }
        };
        let mut check = Check { detail: format!("{fingerprint}: {}", check.detail), ..check };
        if let Some((_, why)) = blocked.iter().find(|(one, _)| *one == fingerprint)
            && check.remedy.is_none()
        {
            let what = format!("`neurocards keys unblock {}` uses it at once", at + 1);
            check = Check::warn(name, format!("{}; {why}", check.detail), what);
        }
        report.add(check)?;
        if unreached && at + 1 < tokens.kie.len() {
            return report.add(not_asked("other keys", "KIE"));
        }
    }
    Ok(())
}

fn account(name: &str, balance: f64, price: f64, low: f64) -> Check {
    let buys = if price > 0.0 { (balance / price).floor().max(0.0) } else { 0.0 };
    let detail = format!("{balance} credits buy {buys} videos at {price} each");
    let what = "add credits at https://kie.ai/pricing";
    if balance <= 0.0 || balance < price {
        return Check::fail(name, detail, what);
    }
    if balance < low {
        return Check::warn(name, format!("{detail}, below low_balance ({low})"), what);
    }
    Check::ok(name, detail)
}

/// Why keys do not serve now, by fingerprint, as the database has it.
fn blocked(config: &Config) -> Vec<(String, String)> {
    if !config.data_dir.join(FILE_NAME).exists() {
        return Vec::new();
    }
    let now = config.process_clock().now();
    let keys = Db::open_existing(&config.data_dir).and_then(|db| db.read(keys::all));
    let health = keys.unwrap_or_default().into_iter().filter_map(|key| {
        let (why, until) = key.blocked.filter(|(_, until)| *until > now)?;
        let text = format!("blocked ({}), free {}", why.word(), screen::age(until, now));
        Some((key.fingerprint, text))
    });
    health.collect()
}

fn gpt(
    access: Option<&Access>,
    config: &Config,
    tokens: &Tokens,
    report: &mut Report,
) -> Result<()> {
    let Some(key) = &tokens.openai else {
        let detail = "KIE's own, with the KIE keys; not called, since an answer costs credits";
        return report.add(Check::ok("gpt", detail));
    };
    let Some(access) = access else { return report.add(not_asked("gpt", "OpenAI")) };
    report.doing("gpt");
    let model = &config.prompt.model;
    report.add(match services::gpt_models(access, key) {
        Ok(models) if models.contains(model) => {
            let detail = format!("OpenAI takes the key and has {model}; its money only use tells");
            Check::ok("gpt", detail)
        }
        Ok(models) => {
            let some = models.iter().filter(|name| name.starts_with("gpt-")).take(5);
            let some = some.map(|name| screen::cut(name, 40)).collect::<Vec<_>>().join(", ");
            let what = format!("choose another as [prompt] model, as {some}");
            Check::fail("gpt", format!("OpenAI takes the key and has no model {model}"), what)
        }
        Err(Trouble::Refused(why)) => {
            let what = "copy OPENAI_API_KEY again from https://platform.openai.com/api-keys, or \
                        take it out: then KIE's own GPT writes the prompts";
            Check::fail("gpt", why, what)
        }
        Err(Trouble::Elsewhere(why)) => {
            Check::fail("gpt", why, "try again in a minute; templates write prompts meanwhile")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;

    #[test]
    fn a_clock_that_is_off_by_minutes_fails_with_the_way_to_set_it() {
        let now = 1_000 * MINUTE;
        for (theirs, fine) in [
            (now, true),
            (now - 119 * SECOND, true),
            (now + 119 * SECOND, true),
            (now - 3 * MINUTE, false),
            (now + 3 * MINUTE, false),
        ] {
            let check = clock(now, Some(theirs));
            assert_eq!((check.ok, check.remedy.is_none()), (fine, fine), "{check:?}");
        }
        assert!(clock(now, Some(now - 3 * MINUTE)).detail.starts_with("3m ahead"));
        assert!(clock(now, None).ok);
    }

    #[test]
    fn an_account_that_pays_for_no_video_fails() {
        let states = |balance| {
            let check = account("key 1", balance, 82.0, 1_000.0);
            (check.ok, check.remedy.is_some())
        };
        assert_eq!(states(0.0), (false, true));
        assert_eq!(states(81.9), (false, true));
        assert_eq!(states(82.0), (true, true));
        assert_eq!(states(5_000.0), (true, false));
        assert!(account("key 1", 1_000.5, 82.0, 0.0).detail.contains("buy 12 videos"));
    }

    #[test]
    fn a_webhook_fails_only_where_somebody_keeps_setting_it() {
        let set = |host: Option<&str>| Webhook { host: host.map(str::to_owned), pending: 3 };
        assert!(left_over(&set(None), true).remedy.is_none());
        assert!(left_over(&set(Some("old.example")), false).ok);
        let beside = left_over(&set(Some("old.example")), true);
        assert!(!beside.ok && beside.remedy.unwrap().contains("old.example"));
    }
}
