//! The bot: the edge towards Telegram. The poller fills the inbox, the handler works it off, the
//! sender empties the outbox; whoever is about to pay has a lane of their own (`checkout`), and
//! what was paid is compared with Telegram's list (`stars`). They meet the rest of the program only
//! in the tables.

mod broadcaster;
pub mod checkout;
pub mod delivery;
pub mod download;
pub mod handler;
pub mod limiter;
pub mod poller;
pub mod sender;
pub mod stars;
pub mod telegram;
pub mod updates;

use crate::db::Db;
use crate::instance;
use crate::orders::Shop;
use crate::text::Lang;
use anyhow::Result;
use checkout::Checkout;
use delivery::Delivery;
use handler::Handler;
use jiff::tz::TimeZone;
use limiter::Limits;
use std::path::PathBuf;
use std::sync::Arc;
use telegram::Telegram;
use teloxide::payloads::{SetMyCommands, SetMyCommandsSetters as _};
use teloxide::types::BotCommand;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// Photos that are fetched at the same time, of up to 20 MB each.
const DOWNLOADS: usize = 16;
/// Photos that are decoded at the same time.
const DECODERS: usize = 2;

/// Set by the configuration.
pub struct Options {
    /// How Telegram is reached.
    pub telegram: telegram::Options,
    /// Customers' photos.
    pub photos: PathBuf,
    /// Videos until they are delivered.
    pub videos: PathBuf,
    /// Bytes; a larger video goes as a link.
    pub upload_limit: u64,
    /// In which the operator's days begin.
    pub zone: TimeZone,
}

/// Runs until `stop`, and a few seconds longer for what is under way.
pub async fn run(db: Db, shop: Arc<Shop>, options: Options, stop: CancellationToken) -> Result<()> {
    let telegram = Arc::new(Telegram::new(options.telegram)?);
    let sender = sender::Options {
        db: db.clone(),
        telegram: Arc::clone(&telegram),
        delivered: Arc::new(Delivery(Arc::clone(&shop))),
        videos: options.videos.clone(),
        pictures: picture,
        upload_limit: options.upload_limit,
        limits: Limits::default(),
    };
    let (photos, clock) = (options.photos, telegram.clock().clone());
    let handler = Handler {
        db: db.clone(),
        telegram: Arc::clone(&telegram),
        shop: Arc::clone(&shop),
        photos,
        videos: options.videos,
        zone: options.zone,
        downloads: Semaphore::new(DOWNLOADS),
        decoders: Semaphore::new(DECODERS),
        stop: stop.clone(),
    };
    let till = Arc::new(Notify::new());
    let checkout = Checkout {
        db: db.clone(),
        telegram: Arc::clone(&telegram),
        shop: Arc::clone(&shop),
        bell: Arc::clone(&till),
    };
    tokio::join!(
        introduce(&telegram, &db, &stop),
        poller::run(Arc::clone(&telegram), db.clone(), Arc::clone(&shop), till, stop.clone()),
        handler::run(handler),
        broadcaster::run(db.clone(), Arc::clone(&shop), clock, stop.clone()),
        checkout::run(checkout, stop.clone()),
        stars::run(Arc::clone(&telegram), db.clone(), Arc::clone(&shop), stop.clone()),
        sender::run(sender, stop.clone()),
    );
    Ok(())
}

/// Our own pictures, by asset.
fn picture(asset: &str) -> Option<&'static [u8]> {
    match asset {
        "menu" => Some(include_bytes!("../assets/images/menu.jpg")),
        _ => None,
    }
}

/// The list behind Telegram's menu button, and the bot's own name for whoever looks at the console.
/// Without them everything works, so a failure is only noted.
async fn introduce(telegram: &Telegram, db: &Db, stop: &CancellationToken) {
    for (lang, code) in [(Lang::En, None), (Lang::Ru, Some("ru"))] {
        let commands = commands(lang).map(|(name, what)| BotCommand::new(name, what));
        let mut payload = SetMyCommands::new(commands);
        if let Some(code) = code {
            payload = payload.language_code(code);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            named = telegram.call(&payload) => if let Err(error) = named {
                tracing::info!(%error, "the list of commands could not be set");
            }
        }
    }
    tokio::select! {
        () = stop.cancelled() => {}
        me = telegram.me() => match me {
            Ok(me) => remember_name(db.clone(), me.username).await,
            Err(error) => tracing::info!(%error, "the bot's name is not known"),
        }
    }
}

async fn remember_name(db: Db, name: String) {
    let write = move || db.write(move |tx| instance::named(tx, &name));
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = format!("{error:#}"), "the bot's name was not kept")
        }
        Err(error) => tracing::warn!(%error, "the bot's name was not kept"),
    }
}

/// As the help has them: what one needs daily first, what one needs once last.
fn commands(lang: Lang) -> [(&'static str, &'static str); 10] {
    match lang {
        Lang::Ru => [
            ("start", "Меню"),
            ("help", "Как это работает"),
            ("cancel", "Выйти из заказа"),
            ("invite", "Пригласить друга"),
            ("promo", "Ввести промокод"),
            ("language", "Язык"),
            ("paysupport", "Вопрос по оплате"),
            ("terms", "Условия"),
            ("privacy", "Ваши данные"),
            ("delete_me", "Удалить мои данные"),
        ],
        Lang::En => [
            ("start", "Menu"),
            ("help", "How it works"),
            ("cancel", "Leave the order"),
            ("invite", "Invite a friend"),
            ("promo", "Enter a promo code"),
            ("language", "Language"),
            ("paysupport", "A question about a payment"),
            ("terms", "Terms"),
            ("privacy", "Your data"),
            ("delete_me", "Delete my data"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Texts;
    use std::collections::BTreeSet;

    #[test]
    fn the_menu_of_commands_has_each_that_the_help_names_and_no_other() {
        let texts = Texts::load(None).unwrap();
        for lang in [Lang::Ru, Lang::En] {
            let help = texts.say(lang, "help", &[]);
            let named = help.lines().filter_map(|line| line.strip_prefix('/')?.split(' ').next());
            let named: BTreeSet<&str> = named.collect();
            let menu = commands(lang).map(|(name, _)| name);
            assert_eq!(BTreeSet::from(menu), named, "{help}");
            assert_eq!((menu[0], menu[menu.len() - 1]), ("start", "delete_me"));
            assert!(commands(lang).iter().all(|(_, what)| (3..=256).contains(&what.len())));
        }
    }
}
