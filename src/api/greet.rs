//! A call without a secret: does anybody answer there, and what time is it for them?

use std::time::Duration;

use secrecy::SecretString;
use ureq::unversioned::resolver::DefaultResolver;

use super::http;
use crate::clock::Millis;

/// What came back, whatever its status: somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The server's clock by its `Date`, unix milliseconds in whole seconds; none: it told nothing
    /// that can be read.
    pub date: Option<Millis>,
}

/// Asks for `url` and reads the head of the answer.
///
/// # Errors
/// Nobody answered: why, in words without the proxy's address.
pub fn greet(
    url: &str,
    proxy: Option<&SecretString>,
    deadline: Duration,
) -> Result<Greeting, String> {
    let proxy = http::parse_proxy(proxy).map_err(|error| error.to_string())?;
    let agent = http::agent(proxy, 0, DefaultResolver::default());
    let call = agent.get(url).config().timeout_global(Some(deadline)).build();
    let answer = call.call().map_err(|error| http::cut(&error.to_string()))?;
    let date = answer.headers().get("date").and_then(|value| value.to_str().ok());
    Ok(Greeting { date: date.and_then(parse_date) })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn parse_date(text: &str) -> Option<Millis> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(date.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::loopback::{SOON, http as answer, nobody, serve};

    #[test]
    fn any_answer_is_somebody_and_tells_the_time() {
        let (url, requests) =
            serve(vec![answer(404, "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "no such page")]);
        assert_eq!(greet(&url, None, SOON), Ok(Greeting { date: Some(784_111_777_000) }));
        assert!(!requests.recv().unwrap().to_lowercase().contains("authorization"));
        assert_eq!(parse_date("yesterday"), None);
        assert!(greet(&nobody(), None, SOON).is_err());
    }
}
