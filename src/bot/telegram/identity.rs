//! Whose token it is, and whether another program has a webhook on it. Neither call takes updates
//! away: `doctor` and `setup` make them beside a running appliance.

use teloxide::payloads::{GetMe, GetWebhookInfo};

use super::{Failure, Telegram};

/// The bot behind a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    pub id: i64,
    /// Without the @; empty where Telegram named none.
    pub username: String,
}

/// Where Telegram brings the bot's updates; while one is set every poll is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The host alone: paths of webhooks often hold the token. None: no webhook.
    pub host: Option<String>,
    /// Updates that wait.
    pub pending: i64,
}

impl Telegram {
    /// `getMe`.
    pub async fn me(&self) -> Result<Me, Failure> {
        let me = self.call(&GetMe::new()).await?;
        let Some(id) = me["id"].as_i64() else {
            return Err(Failure::Lost("an answer to getMe without an id".to_owned()));
        };
        Ok(Me { id, username: me["username"].as_str().unwrap_or_default().to_owned() })
    }

    /// `getWebhookInfo`.
    pub async fn webhook(&self) -> Result<Webhook, Failure> {
        let info = self.call(&GetWebhookInfo::new()).await?;
        let url = info["url"].as_str().filter(|url| !url.is_empty());
        let host = url.map(|url| {
            let parsed = url::Url::parse(url).ok();
            let host = parsed.as_ref().and_then(url::Url::host_str);
            host.unwrap_or("an address that cannot be read").to_owned()
        });
        Ok(Webhook { host, pending: info["pending_update_count"].as_i64().unwrap_or(0) })
    }
}
