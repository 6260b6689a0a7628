//! What an error of KIE means for the job, its key and its model.
//!
//! The codes say little (500 came for a paused model, a missing field, no money and real faults),
//! so the text is read first, from the top of [`TEXTS`] to its bottom, and then the code.

/// Named by what the caller does next; the table is in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The account has no money: another key.
    Billing,
    /// The key itself is refused: another key, and the operator has to look.
    BadKey,
    /// Too many calls on this account: another key, later this one.
    RateLimit,
    /// The model does not serve now: the next model.
    ModelOff,
    /// The photo or the prompt breaks a rule: the customer has to change it.
    UserViolation,
    /// The provider could not fetch the photo: upload it again, then as [`Class::Temporary`].
    DownloadFailed,
    /// Try again later.
    Temporary,
    /// We sent something wrong: no retry, the operator has to look.
    OurMistake,
    /// Nothing that we know.
    Unknown,
}

/// In lower case; a leading space means that a word begins there ("generate limit" is no rate
/// limit, "laptop upload" no request for money).
const TEXTS: &[(Class, &[&str])] = &[
    (
        Class::Billing,
        &[
            "credits insufficient",
            "insufficient account balance",
            "balance isn't enough",
            " top up",
        ],
    ),
    (
        Class::BadKey,
        &["unauthorized", "authentication failed", "access permissions", "invalid api key"],
    ),
    (Class::RateLimit, &["call frequency is too high", " rate limit", "too many requests"]),
    (Class::ModelOff, &["temporarily paused", "model name you specified is not supported"]),
    (
        Class::UserViolation,
        &[
            "photorealistic people",
            "guardrails",
            "inappropriate",
            "prohibited",
            "third-party content",
            "prominent_people",
            "safety_filter",
            "person_generation",
            "audio_filtered",
            "may contain real person",
            "inputimagesensitive",
            "inputtextsensitive",
            "sensitivecontent",
            "nsfw",
            "content policy",
            "violat",
            "real-person",
            "ip conflict",
            "protected content",
            "not eligible",
        ],
    ),
    (Class::DownloadFailed, &["resource download failed"]),
    (
        Class::Temporary,
        &[
            "internal error",
            "server is busy",
            "upstream",
            "timed out",
            "server exception",
            "maintained",
            "maintenance",
        ],
    ),
    (
        Class::OurMistake,
        &[
            "is required",
            "not within the range of allowed options",
            "file type not supported",
            "invalid request",
        ],
    ),
];

/// Reads an error. `code` and `text` as the service gave them: they may be swapped, `code` may be
/// a number, a word or empty. For a task that failed, `http_status` is 200.
pub fn classify(http_status: u16, code: &str, text: &str) -> Class {
    let said = format!("{text}\n{code}").to_lowercase().replace('\u{2019}', "'");
    let read = TEXTS.iter().find(|(_, phrases)| phrases.iter().any(|phrase| says(&said, phrase)));
    if let Some((class, _)) = read {
        return *class;
    }
    let number = |text: &str| text.trim().parse::<u16>().ok().filter(|code| *code != 200);
    match number(code).or_else(|| number(text)) {
        Some(code) => by_code(code),
        None if http_status != 200 => by_code(http_status),
        None if code.to_lowercase().starts_with("internal") => Class::Temporary,
        None if text.trim().eq_ignore_ascii_case("internal") => Class::Temporary,
        None => Class::Unknown,
    }
}

fn says(said: &str, phrase: &str) -> bool {
    let Some(word) = phrase.strip_prefix(' ') else { return said.contains(phrase) };
    said.match_indices(word)
        .any(|(at, _)| !said[..at].ends_with(|before: char| before.is_alphanumeric()))
}

fn by_code(code: u16) -> Class {
    match code {
        402 | 433 => Class::Billing,
        401 => Class::BadKey,
        429 | 430 => Class::RateLimit,
        505 => Class::ModelOff,
        431 | 400 => Class::UserViolation,
        408 | 455 | 500..=599 => Class::Temporary,
        422 => Class::OurMistake,
        _ => Class::Unknown,
    }
}

impl Class {
    /// As in the database's `error_class` and on the operator's screens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::BadKey => "bad_key",
            Self::RateLimit => "rate_limit",
            Self::ModelOff => "model_off",
            Self::UserViolation => "user_violation",
            Self::DownloadFailed => "download_failed",
            Self::Temporary => "temporary",
            Self::OurMistake => "our_mistake",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Class::{self, *};
    use super::classify;

    #[track_caller]
    fn check(http_status: u16, code: &str, text: &str, class: Class) {
        assert_eq!(classify(http_status, code, text), class, "{http_status} {code:?} {text:?}");
    }

    #[test]
    fn the_exact_texts_seen_are_read_whatever_their_code() {
        let no_money = "Credits insufficient : Your current balance isn't enough to run this \
                        request. Please top up to continue.";
        let slow = "Upstream is currently experiencing service issues. No result has been \
                    returned for over 10 minutes.";
        for (text, class) in [
            (no_money, Billing),
            ("Your call frequency is too high. Please try again later.", RateLimit),
            (
                "We currently do not support uploads of images containing photorealistic people.",
                UserViolation,
            ),
            (
                "This content may violate our guardrails concerning similarity to third-party \
                 content.",
                UserViolation,
            ),
            ("Internal Error, Please try again later.", Temporary),
            ("This interface is temporarily paused.", ModelOff),
            ("The model name you specified is not supported", ModelOff),
            (slow, Temporary),
            ("resource download failed", DownloadFailed),
            ("aspect_ratio is not within the range of allowed options", OurMistake),
            ("image_urls is required", OurMistake),
            ("File type not supported", OurMistake),
            ("You do not have access permissions", BadKey),
            ("contains real-person reference", UserViolation),
            ("potential IP conflict", UserViolation),
            ("OutputVideoSensitiveContentDetected", UserViolation),
            ("The server is being maintained", Temporary),
        ] {
            for code in ["500", "402", "422", "408", "INTERNAL", "", "200"] {
                check(200, code, text, class);
                check(200, text, code, class);
            }
        }
    }

    #[test]
    fn where_the_text_says_nothing_the_code_decides() {
        for (codes, class) in [
            (&[402, 433][..], Billing),
            (&[401], BadKey),
            (&[429, 430], RateLimit),
            (&[505], ModelOff),
            (&[431, 400], UserViolation),
            (&[408, 455, 500, 501, 502, 503, 504, 520], Temporary),
            (&[422], OurMistake),
            (&[404, 999], Unknown),
        ] {
            for code in codes {
                check(200, &code.to_string(), "", class);
                check(200, &code.to_string(), "Something new", class);
                check(200, "Something new", &code.to_string(), class);
            }
        }
        check(200, "500", "The Google model was unable to generate audio", Temporary);
        check(200, "INTERNAL", "", Temporary);
        check(200, "INTERNAL", "Something new", Temporary);
        check(200, "", "INTERNAL", Temporary);
        check(200, "", "", Unknown);
        check(429, "", "", RateLimit);
        check(503, "200", "", Temporary);
        check(402, "500", "x", Temporary);
    }

    #[test]
    fn half_words_do_not_mislead() {
        check(200, "500", "cannot generate limits", Temporary);
        check(200, "", "the laptop upload stopped", Unknown);
        check(200, "", "Rate limit reached", RateLimit);
        check(200, "", "Your current balance isn\u{2019}t enough", Billing);
    }

    #[test]
    fn every_class_has_a_name_of_its_own() {
        for (class, name) in [
            (Billing, "billing"),
            (BadKey, "bad_key"),
            (RateLimit, "rate_limit"),
            (ModelOff, "model_off"),
            (UserViolation, "user_violation"),
            (DownloadFailed, "download_failed"),
            (Temporary, "temporary"),
            (OurMistake, "our_mistake"),
            (Unknown, "unknown"),
        ] {
            assert_eq!(class.name(), name);
        }
    }
}
