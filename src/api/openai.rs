//! OpenAI's chat call, with a photo. KIE's own GPT takes the same request.

use std::time::Duration;

use secrecy::SecretString;

/// One question to a language model that sees.
#[derive(Clone, Debug)]
pub struct Chat {
    /// As `gpt-4o-mini`; KIE's GPT has it in its address and ignores this.
    pub model: String,
    /// The rules.
    pub system: String,
    /// The question.
    pub user: String,
    /// JPEG or PNG, at most 10 MB; sent as a data URI.
    pub photo: Option<Vec<u8>>,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No byte of the request went out.
    Unreached(String),
    /// No valid answer came back.
    Lost(String),
    /// The account has no money.
    Quota(String),
    /// The key is refused.
    BadKey(String),
    /// Too many calls.
    RateLimited(String),
    /// Anything else that the service says instead of an answer.
    Refused(String),
}

/// Where to call.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ends in `/v1`.
    pub base_url: String,
    /// `http`, `https` or `socks5h`.
    pub proxy: Option<SecretString>,
}

/// The client.
pub struct OpenAi {}

impl OpenAi {
    /// Fails for a proxy or an address that cannot be one.
    pub fn new(_options: &Options) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    /// The answer's text, trimmed, never empty.
    pub fn chat(
        &self,
        _key: &SecretString,
        _chat: &Chat,
        _deadline: Duration,
    ) -> Result<String, Trouble> {
        Err(Trouble::Unreached("not yet written".into()))
    }

    /// Ends running calls at once and refuses new ones.
    pub fn stop(&self) {}
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreached(why) => write!(f, "not reached: {why}"),
            Self::Lost(why) => write!(f, "no valid answer: {why}"),
            Self::Quota(why) => write!(f, "no quota: {why}"),
            Self::BadKey(why) => write!(f, "the key is refused: {why}"),
            Self::RateLimited(why) => write!(f, "too many calls: {why}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}
