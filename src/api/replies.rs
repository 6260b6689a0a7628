//! The readers of the services' replies without the calls around them, for `tests/fuzz`: anybody's
//! bytes in, what the worker would get out.

use secrecy::SecretString;

use super::http::Answer;
use super::kie::{self, Record, Route};
use super::openai;

/// A reply, whatever it means.
#[derive(Clone, Debug)]
pub struct Reply<'a> {
    /// Of HTTP.
    pub status: u16,
    /// Anything.
    pub body: &'a [u8],
}

impl Reply<'_> {
    fn answer(&self) -> Answer {
        Answer { status: self.status, body: self.body.to_vec() }
    }
}

/// As [`kie::Kie::create_task`].
pub fn task(reply: &Reply<'_>, key: &SecretString) -> Result<String, kie::Trouble> {
    kie::read_task(&reply.answer(), key)
}

/// As [`kie::Kie::record`].
pub fn record(route: Route, reply: &Reply<'_>, key: &SecretString) -> Result<Record, kie::Trouble> {
    kie::read_record(route, &reply.answer(), key)
}

/// As [`kie::Kie::credit`].
pub fn credit(reply: &Reply<'_>, key: &SecretString) -> Result<f64, kie::Trouble> {
    kie::read_credit(&reply.answer(), key)
}

/// As [`kie::Kie::upload`].
pub fn upload(reply: &Reply<'_>, key: &SecretString) -> Result<String, kie::Trouble> {
    kie::read_upload(&reply.answer(), key)
}

/// As [`kie::Kie::chat`].
pub fn kie_chat(reply: &Reply<'_>, key: &SecretString) -> Result<String, kie::Trouble> {
    kie::read_chat(&reply.answer(), key)
}

/// As [`openai::OpenAi::chat`].
pub fn chat(reply: &Reply<'_>, key: &SecretString) -> Result<String, openai::Trouble> {
    openai::read_chat(&reply.answer(), key)
}

/// As [`openai::OpenAi::moderate`].
pub fn moderation(reply: &Reply<'_>, key: &SecretString) -> Result<Vec<String>, openai::Trouble> {
    openai::read_moderation(&reply.answer(), key)
}

/// As [`openai::OpenAi::models`].
pub fn models(reply: &Reply<'_>, key: &SecretString) -> Result<Vec<String>, openai::Trouble> {
    openai::read_models(&reply.answer(), key)
}
