//! What an error of KIE means for the job, its key and its model.

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

/// Reads an error. `code` and `text` as the service gave them; they may be swapped.
pub fn classify(_http_status: u16, _code: &str, _text: &str) -> Class {
    Class::Unknown
}
