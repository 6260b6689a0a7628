//! Reads how a task stands. The two kinds of tasks tell it in different words.

use secrecy::SecretString;
use serde_json::Value;

use super::{Envelope, Record, Refusal, Route, Trouble, number_of, text_of};
use crate::api::classify::Class;

const URLS_MAX: usize = 8;
/// The longest address that is read, in bytes.
const URL_MAX: usize = 4_096;

enum State {
    Running,
    Success,
    Fail,
}

pub(super) fn read(
    route: Route,
    envelope: Envelope,
    key: &SecretString,
) -> Result<Record, Trouble> {
    let said = envelope.text.to_lowercase();
    if said.contains("recordinfo is null") || said.contains("record is null") {
        return Ok(Record::NotFound);
    }
    let data = &envelope.data;
    let state = state(route, data);
    if !envelope.is_success() {
        // A failed task may come with an error's code; nothing else in there is to be trusted.
        return match state {
            State::Fail => Ok(failed(data, &envelope, key)),
            State::Running | State::Success => Err(Trouble::Refused(envelope.refusal(key))),
        };
    }
    if data.is_null() {
        // Not the provider's word on the task: to make it anew could pay for it twice.
        return Err(Trouble::Lost("a success without a record".to_owned()));
    }
    Ok(match state {
        State::Running => Record::Running,
        State::Fail => failed(data, &envelope, key),
        State::Success => done(data),
    })
}

fn state(route: Route, data: &Value) -> State {
    match route {
        Route::Jobs => match data["state"].as_str().unwrap_or_default() {
            "success" => State::Success,
            "fail" => State::Fail,
            _ => State::Running,
        },
        Route::Veo => match number_of(&data["successFlag"]) {
            Some(1.0) => State::Success,
            Some(2.0 | 3.0) => State::Fail,
            _ => State::Running,
        },
    }
}

fn done(data: &Value) -> Record {
    let sources = [&data["resultJson"], &data["response"], data];
    let urls = sources.into_iter().map(urls).find(|urls| !urls.is_empty()).unwrap_or_default();
    let credits = credits(data);
    if urls.is_empty() {
        let text = "the task succeeded without a video".to_owned();
        return Record::Failed { class: Class::Unknown, code: String::new(), text, credits };
    }
    Record::Done { urls, credits }
}

fn failed(data: &Value, envelope: &Envelope, key: &SecretString) -> Record {
    let first = |names: [&str; 2]| names.iter().find_map(|name| text(&data[*name]));
    let code = first(["failCode", "errorCode"]);
    let said = first(["failMsg", "errorMessage"]);
    let (code, said) = match (code, said) {
        (None, None) if !envelope.is_success() => (envelope.code.clone(), envelope.text.clone()),
        (code, said) => (code.unwrap_or_default(), said.unwrap_or_default()),
    };
    let Refusal { class, code, text, .. } = Refusal::new(200, &code, &said, key);
    Record::Failed { class, code, text, credits: credits(data) }
}

fn text(value: &Value) -> Option<String> {
    text_of(value).filter(|text| !text.trim().is_empty())
}

fn credits(data: &Value) -> Option<f64> {
    number_of(&data["creditsConsumed"]).filter(|credits| *credits >= 0.0)
}

/// The addresses in a result, which is an object, JSON in a string, empty or null.
fn urls(result: &Value) -> Vec<String> {
    let parsed;
    let result = match result {
        Value::String(text) => {
            parsed = serde_json::from_str(text).unwrap_or(Value::Null);
            &parsed
        }
        other => other,
    };
    let inner;
    let list = match &result["resultUrls"] {
        // Veo's older answers have a list in a string.
        Value::String(text) => {
            inner = serde_json::from_str(text).unwrap_or_else(|_| Value::from(vec![text.clone()]));
            &inner
        }
        other => other,
    };
    let all = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    all.filter_map(address).take(URLS_MAX).collect()
}

/// A text that can be the address of a file, with its spaces encoded. Whether we fetch from there
/// is decided elsewhere.
pub(super) fn address(text: &str) -> Option<String> {
    // The parser forgives what whoever fetches reads otherwise: "https:host//file".
    let begins = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    let http = begins("https://") || begins("http://");
    if !http || text.len() > URL_MAX || text.chars().any(char::is_control) {
        return None;
    }
    let url = url::Url::parse(text).ok()?;
    let spaced = text.chars().any(char::is_whitespace);
    let address = if spaced { String::from(url) } else { text.to_owned() };
    (address.len() <= URL_MAX).then_some(address)
}
