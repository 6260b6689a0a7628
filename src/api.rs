//! The services that we call, over blocking HTTP: KIE, OpenAI, and where result videos lie.
//!
//! A leaf: it knows neither the core nor the database. Every call takes its deadline, never
//! retries, and answers with what the caller has to decide about: did a byte of the request go
//! out, did the service answer, and what does its answer mean.

pub mod classify;
pub mod files;
pub mod greet;
pub mod http;
pub mod kie;
pub mod mp4;
pub mod openai;
#[doc(hidden)]
pub mod replies;

#[cfg(test)]
mod loopback;
