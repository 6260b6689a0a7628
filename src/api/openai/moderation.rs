//! OpenAI's moderation: free, and asked before the provider's money is spent.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::{OpenAi, Trouble, refusal};
use crate::api::http::Answer;

/// Reads texts in all languages.
const MODEL: &str = "omni-moderation-latest";
/// The longest answer, in bytes.
const ANSWER_MAX: u64 = 64 * 1024;
/// Categories of an answer that are looked at.
const CATEGORIES_MAX: usize = 100;

impl OpenAi {
    /// What is wrong with a text, as the service names it (`sexual/minors`, `violence`); empty:
    /// nothing.
    pub fn moderate(
        &self,
        key: &SecretString,
        text: &str,
        deadline: Duration,
    ) -> Result<Vec<String>, Trouble> {
        let body = json!({ "model": MODEL, "input": text });
        let address = format!("{}/moderations", self.base_url);
        let answer = self.client.post_json(&address, key, &body, deadline, ANSWER_MAX)?;
        read_moderation(&answer, key)
    }
}

/// The categories in the answer. Pure, so that `api::replies` can be fuzzed.
pub(in crate::api) fn read_moderation(
    answer: &Answer,
    key: &SecretString,
) -> Result<Vec<String>, Trouble> {
    let status = answer.status;
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(Trouble::Lost(format!("HTTP {status} without JSON")));
    };
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        return Err(refusal(status, error, key));
    }
    let result = &body["results"][0];
    let Some(flagged) = result["flagged"].as_bool().filter(|_| status == 200) else {
        return Err(Trouble::Lost(format!("HTTP {status} without a verdict")));
    };
    let named = result["categories"].as_object().into_iter().flatten();
    let named = named.filter(|(name, is)| **is == json!(true) && is_plain(name));
    let mut categories: Vec<String> =
        named.map(|(name, _)| name.clone()).take(CATEGORIES_MAX).collect();
    if !flagged {
        return Ok(Vec::new());
    }
    if categories.is_empty() {
        categories.push("other".to_owned());
    }
    Ok(categories)
}

/// As the service's names are: nothing else of a reply is kept.
fn is_plain(name: &str) -> bool {
    name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-/_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &Value) -> Result<Vec<String>, Trouble> {
        let answer = Answer { status, body: body.to_string().into_bytes() };
        read_moderation(&answer, &SecretString::from("sk-test"))
    }

    fn verdict(flagged: &Value, categories: &Value) -> Value {
        json!({ "id": "modr-1", "results": [{ "flagged": flagged, "categories": categories }] })
    }

    #[test]
    fn a_verdict_names_what_is_wrong_or_nothing() {
        let two = json!({ "sexual": true, "violence": false, "illicit/violent": true });
        let named = read(200, &verdict(&json!(true), &two)).unwrap();
        assert_eq!(named, ["illicit/violent", "sexual"]);
        assert_eq!(read(200, &verdict(&json!(false), &two)).unwrap(), [""; 0]);
        for odd in [json!({}), json!({ "Наш ключ": true }), json!(null), json!([true])] {
            assert_eq!(read(200, &verdict(&json!(true), &odd)).unwrap(), ["other"], "{odd}");
        }
    }

    #[test]
    fn what_is_no_verdict_is_none() {
        for (status, body) in [
            (200, json!({})),
            (200, json!({ "results": [] })),
            (200, verdict(&json!("true"), &json!({}))),
            (500, verdict(&json!(true), &json!({}))),
            (429, json!({ "error": { "message": "slow down", "code": "rate_limit_exceeded" } })),
        ] {
            assert!(read(status, &body).is_err(), "{body}");
        }
    }
}
