//! What is asked, in order. A value that is there already is kept by Enter, and checked again.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use secrecy::{ExposeSecret as _, SecretString};

use super::ask::{Asker, TRIES, Typed};
use crate::cli::services::{self, Access, Trouble, Veil};
use crate::config::{self, Config, Present, Proxy};
use crate::db::FILE_NAME;
use crate::serve;

/// What came of it.
pub(super) struct Answers {
    /// Variables of secrets.env that change; a value of none takes one out.
    pub(super) changes: Vec<(&'static str, Option<SecretString>)>,
    /// For a new neurocards.toml.
    pub(super) support: Option<String>,
    /// Of the bot, where Telegram told it.
    pub(super) username: Option<String>,
}

/// Asks everything.
///
/// # Errors
/// The answers ended, or one question had too many wrong ones. Nothing is written here.
pub(super) fn ask(config: &Config, offline: bool, asker: &Asker) -> Result<Answers> {
    let mut desk = Desk { config, asker, offline, changes: Vec::new(), username: None };
    let (at, by) = (&config.endpoints, &config.proxies);
    let present = config.present();
    desk.bot(Door::new("Telegram", "TELEGRAM_PROXY", &at.telegram, &by.telegram), &present)?;
    desk.kie(Door::new("KIE", "KIE_PROXY", &at.kie, &by.kie), &present)?;
    desk.openai(Door::new("OpenAI", "OPENAI_PROXY", &at.openai, &by.openai), &present)?;
    desk.admins()?;
    let support = if config.file.is_none() { desk.support()? } else { None };
    desk.data_dir()?;
    Ok(Answers { changes: desk.changes, support, username: desk.username })
}

/// A service, and a proxy for it if one turns out to be needed.
struct Door {
    name: &'static str,
    variable: &'static str,
    access: RefCell<Access>,
}

impl Door {
    fn new(name: &'static str, variable: &'static str, url: &str, by: &Option<Proxy>) -> Self {
        let access = RefCell::new(Access { url: url.to_owned(), proxy: by.clone() });
        Self { name, variable, access }
    }
}

struct Desk<'a> {
    config: &'a Config,
    asker: &'a Asker,
    offline: bool,
    changes: Vec<(&'static str, Option<SecretString>)>,
    username: Option<String>,
}

impl Desk<'_> {
    /// What is set now, masked, and where; none: nothing.
    fn present(&self, name: &str) -> Option<(&str, &str)> {
        let entry = self.config.entries().iter().find(|entry| entry.key == name)?;
        (entry.source != "default").then_some((entry.value.as_str(), entry.source.as_str()))
    }

    fn question(&self, name: &str, what: &str, otherwise: &str) -> String {
        match self.present(name) {
            Some((value, source)) => format!("{what} [{value}, {source}]"),
            None => format!("{what}{otherwise}"),
        }
    }

    /// Notes a new value, and says where a stronger one stands in its way.
    fn change(&mut self, name: &'static str, value: Option<SecretString>) -> Result<()> {
        if let Some((_, source)) = self.present(name)
            && (source.starts_with("environment") || source.starts_with(".env"))
        {
            let stronger = "is stronger than this answer: take it out there";
            self.asker.tell(&format!("  Note: {source} {stronger}.\n"))?;
        }
        self.changes.retain(|(one, _)| *one != name);
        self.changes.push((name, value));
        Ok(())
    }

    /// Asks a service; where it is not reached, asks for a proxy and tries again. The inner error
    /// is its refusal.
    fn asks<T>(
        &mut self,
        door: &Door,
        secret: &SecretString,
        call: impl Fn(&Access) -> Result<T, Trouble>,
    ) -> Result<Result<T, String>> {
        let mut veil = Veil::over(self.config);
        veil.add(secret);
        for _ in 0..TRIES {
            self.asker.tell(&format!("  Asking {} …\n", door.name))?;
            let access = door.access.borrow().clone();
            let why = match call(&access) {
                Ok(answer) => return Ok(Ok(answer)),
                Err(Trouble::Refused(why)) => return Ok(Err(veil.hide(&why))),
                Err(Trouble::Elsewhere(why)) => veil.hide(&why),
            };
            let by = access.proxy.as_ref().map(|proxy| format!(" through {}", proxy.masked()));
            let by = by.unwrap_or_default();
            self.asker.tell(&format!("  {} is not reached{by}: {why}\n", door.name))?;
            self.proxy(door)?;
        }
        bail!(
            "{} is not reached: nothing was written; `neurocards setup --offline` asks nobody",
            door.name
        );
    }

    fn proxy(&mut self, door: &Door) -> Result<()> {
        let question =
            "  A proxy for it, as socks5h://HOST:PORT (Enter tries again without change)";
        let proxy = self.asker.until(question, Typed::Unseen, |answer| {
            Ok(match answer {
                "" => Ok(None),
                text => Proxy::parse(text).map(Some).map_err(str::to_owned),
            })
        })?;
        let Some(proxy) = proxy else { return Ok(()) };
        self.asker.tell(&format!("  Through {}\n", proxy.masked()))?;
        self.change(door.variable, Some(proxy.url().clone()))?;
        door.access.borrow_mut().proxy = Some(proxy);
        Ok(())
    }

    fn bot(&mut self, door: Door, present: &Present) -> Result<()> {
        self.asker.tell(
            "\nThe bot's token. In Telegram write /newbot to @BotFather and copy what it gives.\n",
        )?;
        let question = self.question("BOT_TOKEN", "Token (not shown)", "");
        let asker = self.asker;
        asker.until(&question, Typed::Unseen, |answer| {
            let kept = present.bot.clone().filter(|_| answer.is_empty());
            let token = kept.clone().unwrap_or_else(|| answer.into());
            if config::bot_id(token.expose_secret()).is_none() {
                return Ok(Err("a token looks like 123456789:AbC…, copy it whole".to_owned()));
            }
            if !self.offline {
                match self.asks(&door, &token, |access| services::bot(access, &token))? {
                    Err(why) => return Ok(Err(why)),
                    Ok((me, webhook)) => {
                        asker.tell(&format!("  It is @{}.\n", me.username))?;
                        if let Some(host) = webhook.host {
                            asker.tell(&format!(
                                "  A program at {host} gets its messages (webhook): stop it. The \
                                 first start of neurocards takes the webhook away.\n"
                            ))?;
                        }
                        self.username = Some(me.username);
                    }
                }
            }
            if kept.is_none() {
                self.change("BOT_TOKEN", Some(token))?;
            }
            Ok(Ok(()))
        })
    }

    fn kie(&mut self, door: Door, present: &Present) -> Result<()> {
        self.asker.tell("\nThe KIE key. Make one at https://kie.ai/api-key.\n")?;
        let question = self.question("KIE_API_KEY", "KIE key (not shown)", "");
        let asker = self.asker;
        let mut keys: Vec<SecretString> = Vec::new();
        let kept = asker.until(&question, Typed::Unseen, |answer| {
            if answer.is_empty() && !present.kie.is_empty() {
                for key in &present.kie {
                    if let Err(why) = self.account(&door, key)? {
                        return Ok(Err(why));
                    }
                }
                return Ok(Ok(true));
            }
            Ok(self.typed(&door, answer, &mut keys)?.map(|()| false))
        })?;
        if kept {
            return Ok(());
        }
        loop {
            let another = "Another KIE key, of another account (Enter: no more)";
            let more = asker.until(another, Typed::Unseen, |answer| match answer {
                "" => Ok(Ok(false)),
                _ => Ok(self.typed(&door, answer, &mut keys)?.map(|()| true)),
            })?;
            if !more {
                break;
            }
        }
        let joined: Vec<_> = keys.iter().map(|key| key.expose_secret()).collect();
        self.change("KIE_API_KEY", Some(joined.join(",").into()))
    }

    /// One key, or several with commas.
    fn typed(
        &mut self,
        door: &Door,
        answer: &str,
        keys: &mut Vec<SecretString>,
    ) -> Result<Result<(), String>> {
        let before = keys.len();
        for key in answer.split(',').map(str::trim).filter(|key| !key.is_empty()) {
            if !config::is_key(key) {
                keys.truncate(before);
                return Ok(Err("this is no key: copy it whole, without spaces".to_owned()));
            }
            if keys.iter().any(|one| one.expose_secret() == key) {
                keys.truncate(before);
                return Ok(Err("this key was given already".to_owned()));
            }
            let key = SecretString::from(key);
            if let Err(why) = self.account(door, &key)? {
                keys.truncate(before);
                return Ok(Err(why));
            }
            keys.push(key);
        }
        if keys.len() == before { Ok(Err("a key is needed".to_owned())) } else { Ok(Ok(())) }
    }

    /// Whether KIE takes a key; an empty account is no wrong answer.
    fn account(&mut self, door: &Door, key: &SecretString) -> Result<Result<(), String>> {
        if self.offline {
            return Ok(Ok(()));
        }
        let balance = match self.asks(door, key, |access| services::balance(access, key))? {
            Ok(balance) => balance,
            Err(why) => return Ok(Err(why)),
        };
        let price = serve::shop(self.config).map_or(0.0, |shop| shop.least_price());
        let buys = if price > 0.0 { (balance / price).floor().max(0.0) } else { 0.0 };
        let advice = if buys < 1.0 { ": add some at https://kie.ai/pricing" } else { "" };
        let line = format!("  {balance} credits, for {buys} videos at {price}{advice}.\n");
        self.asker.tell(&line)?;
        Ok(Ok(()))
    }

    fn openai(&mut self, door: Door, present: &Present) -> Result<()> {
        self.asker.tell(
            "\nAn OpenAI key, if you have one: https://platform.openai.com/api-keys. Without one \
             KIE's own GPT writes the prompts, with the KIE key.\n",
        )?;
        let question = match self.present("OPENAI_API_KEY") {
            Some(_) => {
                self.question("OPENAI_API_KEY", "OpenAI key (not shown; - takes it out)", "")
            }
            None => "OpenAI key (not shown; Enter: none)".to_owned(),
        };
        let asker = self.asker;
        asker.until(&question, Typed::Unseen, |answer| {
            let key = match (answer, &present.openai) {
                ("", None) => return Ok(Ok(())),
                ("-", _) => return self.change("OPENAI_API_KEY", None).map(Ok),
                ("", Some(key)) => key.clone(),
                (typed, _) => typed.into(),
            };
            if !config::is_key(key.expose_secret()) {
                return Ok(Err("this is no key: copy it whole, without spaces".to_owned()));
            }
            if !self.offline {
                match self.asks(&door, &key, |access| services::gpt_models(access, &key))? {
                    Err(why) => return Ok(Err(why)),
                    Ok(models) if models.contains(&self.config.prompt.model) => {
                        asker.tell(&format!("  It may use {}.\n", self.config.prompt.model))?;
                    }
                    Ok(_) => {
                        let model = &self.config.prompt.model;
                        return Ok(Err(format!(
                            "it may not use {model}: allow it, or set another [prompt] model"
                        )));
                    }
                }
            }
            if !answer.is_empty() {
                self.change("OPENAI_API_KEY", Some(key))?;
            }
            Ok(Ok(()))
        })
    }

    fn admins(&mut self) -> Result<()> {
        self.asker.tell(
            "\nYour numeric Telegram id, which @userinfobot tells: you get the alerts, and are the \
             support contact where no other is set. Several with commas.\n",
        )?;
        let question = self.question("ADMIN_TG_ID", "Id", " (Enter: nobody)");
        let asker = self.asker;
        asker.until(&question, Typed::Seen, |answer| {
            if answer.is_empty() {
                return Ok(Ok(()));
            }
            let Some(ids) = config::admin_ids(answer).filter(|ids| !ids.is_empty()) else {
                return Ok(Err("an id is a number, as 123456789".to_owned()));
            };
            let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
            self.change("ADMIN_TG_ID", Some(ids.join(",").into())).map(Ok)
        })
    }

    fn support(&mut self) -> Result<Option<String>> {
        self.asker.tell("\nWhom customers ask for help: @name, or an address with https://.\n")?;
        self.asker.until("Support (Enter: the first id above)", Typed::Seen, |answer| {
            Ok(match answer {
                "" => Ok(None),
                text => config::support_contact(text).map(|_| Some(text.to_owned())),
            })
        })
    }

    fn data_dir(&mut self) -> Result<()> {
        self.asker.tell("\nThe data folder: database, photos, logs. On a local disk.\n")?;
        let present = self.config.data_dir.clone();
        let question = format!("Folder [{}]", present.display());
        let chosen = self.asker.until(&question, Typed::Seen, |answer| {
            let folder = if answer.is_empty() { present.clone() } else { home(answer) };
            Ok(usable(&folder))
        })?;
        if chosen.join(FILE_NAME).exists() {
            self.asker.tell("  It holds a database, which is used on.\n")?;
        }
        let by_flag = self.present("NEUROCARDS_DATA_DIR").is_some_and(|(_, by)| by == "--data-dir");
        if chosen == present && !by_flag {
            return Ok(());
        }
        self.change("NEUROCARDS_DATA_DIR", Some(chosen.display().to_string().into()))
    }
}

/// `~/x` as a shell would have read it.
fn home(answer: &str) -> PathBuf {
    match (answer.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(answer),
    }
}

/// The folder as a path from the root, if it can be used or made.
fn usable(folder: &Path) -> Result<PathBuf, String> {
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    let plain = folder.to_str().is_some_and(|text| !text.contains(char::is_control));
    if !plain {
        return Err("its name has characters that a setting cannot hold".to_owned());
    }
    let Some(there) = folder.ancestors().find(|path| path.exists()) else {
        return Err("no part of it is there".to_owned());
    };
    let shown = there.display();
    if !there.is_dir() {
        return Err(format!("{shown} is no folder"));
    }
    let wanted = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    if rustix::fs::access(there, wanted).is_err() {
        return Err(format!("{shown} may not be written by this user"));
    }
    Ok(folder)
}
