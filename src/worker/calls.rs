//! Each call to a service is counted, with what became of it.

use crate::api::{files, kie, openai};
use crate::meter::{self, Call};
use std::time::Instant;

/// A failure by its kind, in one word of ours.
pub(super) trait Kind {
    fn word(&self) -> &'static str;
}

impl Kind for kie::Trouble {
    fn word(&self) -> &'static str {
        match self {
            Self::Unreached(_) => "unreached",
            Self::Lost(_) => "lost",
            Self::Refused(refusal) => refusal.class.name(),
        }
    }
}

impl Kind for openai::Trouble {
    fn word(&self) -> &'static str {
        match self {
            Self::Unreached(_) => "unreached",
            Self::Lost(_) => "lost",
            Self::Quota(_) => "billing",
            Self::BadKey(_) => "bad_key",
            Self::RateLimited(_) => "rate_limit",
            Self::Refused(_) => "refused",
        }
    }
}

impl Kind for files::Trouble {
    fn word(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden",
            Self::Status(_) => "refused",
            Self::Network(_) => "lost",
            Self::TooBig(_) => "too_large",
            Self::NotVideo(_) => "no_video",
            Self::Disk(_) => "disk",
        }
    }
}

/// Makes it. The service and its method are named as in the documents.
pub(super) fn counted<T, E: Kind>(
    service: &'static str,
    method: &'static str,
    call: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let began = Instant::now();
    let answer = call();
    let outcome = answer.as_ref().map_or_else(Kind::word, |_| "ok");
    meter::count(Call { service, method }, outcome, Some(began.elapsed()));
    answer
}
