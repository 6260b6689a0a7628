//! What a call that did not succeed means for its caller.

use serde_json::Value;

/// A call's failure, named by what the caller does next. None of them holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Too fast: wait so many seconds; 0 where Telegram did not say how many.
    RetryAfter(u32),
    /// The chat cannot be reached, now or later: blocked, deactivated, never began.
    Blocked(String),
    /// The message already is as it should be.
    NotModified,
    /// The callback query can no longer be answered.
    TooOld,
    /// The message that should be edited is no longer there.
    NoMessage,
    /// Telegram does not know the `file_id` (it belongs to another bot).
    WrongFile,
    /// Refused; the text is Telegram's.
    BadRequest(String),
    /// Somebody else polls, or a webhook is set; the text is Telegram's.
    Conflict(String),
    /// The token is wrong or was revoked.
    Unauthorized,
    /// Telegram's own trouble, said in its envelope: nothing was done.
    ServerError(u16),
    /// No byte went out: no name, no line, no proxy.
    Unreached(String),
    /// Something went out and no envelope came back: it may have been done.
    Lost(String),
    /// The file is larger than Telegram takes.
    TooLarge,
    /// Our own file cannot be read, so nothing was sent.
    NoFile(String),
}

/// The longest piece of a description that is kept, in characters.
const TEXT: usize = 300;

impl Failure {
    /// Its kind, in one word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::RetryAfter(_) => "rate_limit",
            Self::Blocked(_) => "blocked",
            Self::NotModified => "not_modified",
            Self::TooOld => "too_old",
            Self::NoMessage => "no_message",
            Self::WrongFile => "wrong_file",
            Self::BadRequest(_) => "refused",
            Self::Conflict(_) => "conflict",
            Self::Unauthorized => "bad_key",
            Self::ServerError(_) => "temporary",
            Self::Unreached(_) => "unreached",
            Self::Lost(_) => "lost",
            Self::TooLarge => "too_large",
            Self::NoFile(_) => "no_file",
        }
    }

    /// While sending, or waiting for the first byte of the reply.
    pub(in crate::bot) fn of_request(error: reqwest::Error) -> Self {
        let unsent = error.is_connect() || error.is_builder();
        let said = said(error);
        if unsent { Self::Unreached(said) } else { Self::Lost(said) }
    }

    /// While reading the reply's body.
    pub(in crate::bot) fn of_reply(error: reqwest::Error) -> Self {
        Self::Lost(said(error))
    }
}

/// An error with its causes. The address holds the token, so it goes first.
fn said(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text.chars().take(TEXT).collect()
}

/// Telegram's envelope: the result, or what went wrong.
pub(super) fn read_reply(status: u16, body: &[u8]) -> Result<Value, Failure> {
    let envelope = serde_json::from_slice::<Value>(body).ok();
    let Some(mut envelope) = envelope.filter(|it| it.get("ok").is_some_and(Value::is_boolean))
    else {
        // A proxy's own page: nginx refuses a large body like this before Telegram sees it.
        if status == 413 {
            return Err(Failure::TooLarge);
        }
        // The same with 429, which is a refusal whoever says it: nothing was done.
        if status == 429 {
            return Err(Failure::RetryAfter(0));
        }
        return Err(Failure::Lost(format!("HTTP {status} without Telegram's envelope")));
    };
    if envelope["ok"] == true {
        return Ok(envelope["result"].take());
    }
    let code = envelope["error_code"].as_u64().unwrap_or_else(|| u64::from(status));
    let text = envelope["description"].as_str().unwrap_or_default();
    let wait = seconds(&envelope["parameters"]["retry_after"]).or_else(|| retry_after(text));
    Err(classify(code, text, wait.unwrap_or(0)))
}

/// A number of seconds, however it is written; `None` for what is none.
fn seconds(value: &Value) -> Option<u32> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    // A cast from a float saturates; what is negative or no number is nothing.
    (number > 0.0).then_some(number.ceil() as u32)
}

/// The same in words: `Too Many Requests: retry after 7`.
fn retry_after(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("retry after ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u64>().ok().map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX))
}

fn classify(code: u64, text: &str, wait: u32) -> Failure {
    let short = || text.chars().take(TEXT).collect::<String>();
    match code {
        429 => Failure::RetryAfter(wait),
        // Telegram says "Not Found" to a token that it never gave out.
        401 | 404 => Failure::Unauthorized,
        403 => Failure::Blocked(short()),
        409 => Failure::Conflict(short()),
        413 => Failure::TooLarge,
        500.. => Failure::ServerError(u16::try_from(code).unwrap_or(500)),
        _ => refused(&text.to_lowercase()).unwrap_or_else(|| Failure::BadRequest(short())),
    }
}

/// The refusals that mean something to us, by what their lower-cased text contains.
fn refused(text: &str) -> Option<Failure> {
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if has(&["message is not modified"]) {
        return Some(Failure::NotModified);
    }
    if has(&["query is too old", "query id is invalid", "query_id_invalid"]) {
        return Some(Failure::TooOld);
    }
    if has(&["message to edit not found", "message can't be edited", "message_id_invalid"]) {
        return Some(Failure::NoMessage);
    }
    if has(&["wrong file identifier", "wrong remote file", "file_reference", "wrong file_id"]) {
        return Some(Failure::WrongFile);
    }
    if has(&["too large", "file is too big", "file_too_big"]) {
        return Some(Failure::TooLarge);
    }
    // A group that became a supergroup has another id: under this one nobody hears us any more.
    let gone = ["chat not found", "peer_id_invalid", "user is deactivated", "user_is_blocked"];
    if has(&gone) || has(&["chat was upgraded", "chat_id_invalid", "user_deactivated"]) {
        return Some(Failure::Blocked(text.chars().take(TEXT).collect()));
    }
    None
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RetryAfter(0) => f.write_str("too fast: Telegram asks for a pause"),
            Self::RetryAfter(seconds) => write!(f, "too fast: Telegram asks for {seconds} s"),
            Self::Blocked(text) => write!(f, "the chat cannot be reached: {text}"),
            Self::NotModified => f.write_str("the message is not modified"),
            Self::TooOld => f.write_str("the query is too old"),
            Self::NoMessage => f.write_str("the message is no longer there"),
            Self::WrongFile => f.write_str("Telegram does not know this file"),
            Self::BadRequest(text) => write!(f, "refused: {text}"),
            Self::Conflict(text) => write!(f, "conflict: {text}"),
            Self::Unauthorized => f.write_str("the bot's token is wrong or was revoked"),
            Self::ServerError(code) => write!(f, "Telegram's own trouble ({code})"),
            Self::Unreached(text) => write!(f, "cannot reach Telegram: {text}"),
            Self::Lost(text) => write!(f, "the answer is lost: {text}"),
            Self::NoFile(text) => write!(f, "our file cannot be read: {text}"),
            Self::TooLarge => f.write_str("the file is too large for Telegram"),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: Failure) {
        assert_eq!(read_reply(status, body.as_bytes()), Err(expected), "{body}");
    }

    fn envelope(code: u16, text: &str) -> String {
        serde_json::json!({ "ok": false, "error_code": code, "description": text }).to_string()
    }

    #[test]
    fn an_answer_means_what_the_caller_does_next() {
        let lost = |s: u16| Failure::Lost(format!("HTTP {s} without Telegram's envelope"));
        check(502, "<html>Bad Gateway</html>", lost(502));
        check(200, "{\"ok\":tr", lost(200));
        check(200, "[]", lost(200));
        check(200, "{\"ok\":1}", lost(200));
        check(413, "<html>Request Entity Too Large</html>", Failure::TooLarge);
        check(500, &envelope(500, "Internal Server Error"), Failure::ServerError(500));
        check(401, &envelope(401, "Unauthorized"), Failure::Unauthorized);
        check(404, &envelope(404, "Not Found"), Failure::Unauthorized);
        let wait = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":7}}"#;
        check(429, wait, Failure::RetryAfter(7));
        check(429, "<html>429 Too Many Requests</html>", Failure::RetryAfter(0));
        check(429, &envelope(429, "Too Many Requests"), Failure::RetryAfter(0));
        check(429, &envelope(429, "Too Many Requests: retry after 9"), Failure::RetryAfter(9));
        for (asked, expected) in [
            ("86400", 86_400),
            ("0", 0),
            ("-5", 0),
            ("\"12\"", 12),
            ("2.5", 3),
            ("1e300", u32::MAX),
            ("[]", 0),
        ] {
            let body = format!(
                r#"{{"ok":false,"error_code":429,"parameters":{{"retry_after":{asked}}}}}"#
            );
            check(429, &body, Failure::RetryAfter(expected));
        }
        for text in [
            "Forbidden: bot was blocked by the user",
            "Forbidden: user is deactivated",
            "Forbidden: bot can't initiate conversation with a user",
        ] {
            check(403, &envelope(403, text), Failure::Blocked(text.to_owned()));
        }
        let text = "Conflict: terminated by other getUpdates request";
        check(409, &envelope(409, text), Failure::Conflict(text.to_owned()));
    }

    #[test]
    fn a_refusal_is_read_by_its_text() {
        for (text, expected) in [
            ("Bad Request: message is not modified: specified new", Failure::NotModified),
            (
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
                Failure::TooOld,
            ),
            ("Bad Request: message to edit not found", Failure::NoMessage),
            ("Bad Request: wrong file identifier/HTTP URL specified", Failure::WrongFile),
            ("Bad Request: chat not found", Failure::Blocked("bad request: chat not found".into())),
            (
                "Bad Request: group chat was upgraded to a supergroup chat",
                Failure::Blocked(
                    "bad request: group chat was upgraded to a supergroup chat".into(),
                ),
            ),
            ("Bad Request: can't parse entities", {
                Failure::BadRequest("Bad Request: can't parse entities".into())
            }),
        ] {
            check(400, &envelope(400, text), expected);
        }
        check(413, &envelope(413, "Request Entity Too Large"), Failure::TooLarge);
    }
}
