//! What keeps updates from coming: said once in the log, and to the operator where only they can
//! mend it.

use std::sync::Arc;

use anyhow::Result;

use crate::alerts;
use crate::bot::limiter::LONGEST_WAIT;
use crate::bot::telegram::Failure;
use crate::clock::{HOUR, MINUTE, Millis, SECOND};
use crate::db::{Db, Tx};
use crate::orders::Shop;

/// Between tries, doubling up to the longest.
const FIRST_PAUSE: Millis = SECOND;
const LONGEST_PAUSE: Millis = 30 * SECOND;
/// Two pollers take turns at being refused: only after so long without trouble is it over.
const CALM: Millis = 2 * MINUTE;
/// An alert that lasts is counted again after so long.
const AGAIN: Millis = HOUR;

/// What only the operator can mend, and the alert about it. Nobody hears of a refused token by
/// Telegram: that one stands in the console and in `alerts`.
const CAUSES: [(Kind, &str, &str); 3] = [
    (Kind::Poller, "telegram:poller", "alert-conflict-poller"),
    (Kind::Webhook, "telegram:webhook", "alert-conflict-webhook"),
    (Kind::Token, "telegram:token", "alert-token"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Another program polls with the same token.
    Poller,
    /// Another program set a webhook.
    Webhook,
    Token,
    Slowed,
    Unreached,
    Elsewhere,
    Refused,
    /// Our own disk.
    Unstored,
}

/// The trouble there is, and what was said about it.
pub(super) struct Trouble {
    db: Db,
    shop: Arc<Shop>,
    /// Logged when it changes, not at each try.
    kind: Option<Kind>,
    /// The last time that something went wrong; at first the start.
    last_at: Millis,
    alerted_at: Millis,
    /// An alert may be open: of this process, or one that an earlier one left.
    open: bool,
    pause: Millis,
}

impl Trouble {
    pub(super) fn new(db: Db, shop: Arc<Shop>, now: Millis) -> Self {
        let (kind, pause) = (None, FIRST_PAUSE);
        Self { db, shop, kind, last_at: now, alerted_at: 0, open: true, pause }
    }

    /// A call failed. Returns how long to wait.
    pub(super) async fn failed(&mut self, failure: &Failure, now: Millis) -> Millis {
        let kind = kind(failure);
        let news = self.kind.replace(kind) != Some(kind);
        self.last_at = now;
        if news {
            explain(kind, failure);
        }
        if news || now - self.alerted_at >= AGAIN {
            self.alert(kind, now).await;
        }
        let asked = match failure {
            Failure::RetryAfter(seconds) => (Millis::from(*seconds) * SECOND).min(LONGEST_WAIT),
            _ => 0,
        };
        self.pause().max(asked)
    }

    /// What came cannot be kept. Returns how long to wait.
    pub(super) fn unstored(&mut self, error: &anyhow::Error, now: Millis) -> Millis {
        self.last_at = now;
        if self.kind.replace(Kind::Unstored) != Some(Kind::Unstored) {
            let error = format!("{error:#}");
            tracing::error!(error, "updates cannot be stored: Telegram keeps them for us");
        }
        self.pause()
    }

    /// A poll went well.
    pub(super) async fn fine(&mut self, now: Millis) {
        let calm = now - self.last_at >= CALM;
        if calm || !matches!(self.kind, Some(Kind::Poller | Kind::Webhook)) {
            self.pause = FIRST_PAUSE;
        }
        if !calm {
            return;
        }
        if let Some(was) = self.kind.take() {
            tracing::info!(?was, "updates come again");
        }
        if self.open && self.write(move |tx, shop| over(tx, shop, now)).await {
            self.open = false;
        }
    }

    /// The next pause, doubling, with jitter so that many bots behind one line do not come back at
    /// once.
    pub(super) fn pause(&mut self) -> Millis {
        let wait = self.pause + fastrand::i64(0..=self.pause / 4);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        wait
    }

    async fn alert(&mut self, kind: Kind, now: Millis) {
        let Some((_, cause, text)) = CAUSES.iter().find(|(one, _, _)| *one == kind) else { return };
        let raise = move |tx: &Tx<'_>, shop: &Shop| {
            let html = shop.texts.say(shop.admin_lang(tx), text, &[]);
            alerts::raise(tx, hears(shop, kind), cause, &html, now)
        };
        if self.write(raise).await {
            (self.open, self.alerted_at) = (true, now);
        }
    }

    /// `false`: it could not be written, which is logged.
    async fn write(
        &self,
        work: impl FnOnce(&Tx<'_>, &Shop) -> Result<()> + Send + 'static,
    ) -> bool {
        let (db, shop) = (self.db.clone(), Arc::clone(&self.shop));
        let write = move || db.write(move |tx| work(tx, &shop));
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(error = format!("{error:#}"), "an alert was not kept");
                false
            }
            Err(error) => {
                tracing::warn!(%error, "an alert was not kept");
                false
            }
        }
    }
}

fn over(tx: &Tx<'_>, shop: &Shop, now: Millis) -> Result<()> {
    let html = shop.texts.say(shop.admin_lang(tx), "alert-updates-over", &[]);
    for (kind, cause, _) in CAUSES {
        alerts::end(tx, hears(shop, kind), cause, &html, now)?;
    }
    Ok(())
}

fn hears(shop: &Shop, kind: Kind) -> &[i64] {
    if kind == Kind::Token { &[] } else { &shop.options.admins }
}

fn kind(failure: &Failure) -> Kind {
    match failure {
        Failure::Conflict(text) if text.to_lowercase().contains("webhook") => Kind::Webhook,
        Failure::Conflict(_) => Kind::Poller,
        Failure::Unauthorized => Kind::Token,
        Failure::RetryAfter(_) => Kind::Slowed,
        Failure::Unreached(_) => Kind::Unreached,
        Failure::Lost(_) | Failure::ServerError(_) => Kind::Elsewhere,
        _ => Kind::Refused,
    }
}

/// In words that say what to do.
fn explain(kind: Kind, failure: &Failure) {
    match kind {
        Kind::Webhook => tracing::error!(
            %failure,
            "another program set a webhook for this bot: stop it; neurocards removes the webhook \
             and tries again"
        ),
        Kind::Poller => tracing::error!(
            %failure,
            "another program polls with this bot's token: stop it, or give it a bot of its own; \
             until then each of them gets only some of the messages"
        ),
        Kind::Token => tracing::error!(
            "Telegram does not accept BOT_TOKEN: copy it again from @BotFather, or a new one if \
             it was revoked, and restart neurocards"
        ),
        _ => tracing::warn!(%failure, "no updates for now, trying again"),
    }
}
