//! Telegram's limits on sending, in process-clock time.

use crate::clock::Millis;

/// Messages that one chat takes at once before it must be one a second.
const CHAT_BURST: f64 = 20.0;
/// Messages a second over all chats, and how many more a moment may bring.
const OVERALL_RATE: f64 = 30.0;
const OVERALL_BURST: f64 = 40.0;

/// A token bucket.
pub(super) struct Bucket {
    per_second: f64,
    size: f64,
    left: f64,
    at: Millis,
}

impl Bucket {
    pub(super) fn per_chat(now: Millis) -> Self {
        Self { per_second: 1.0, size: CHAT_BURST, left: CHAT_BURST, at: now }
    }

    pub(super) fn overall(now: Millis) -> Self {
        Self { per_second: OVERALL_RATE, size: OVERALL_BURST, left: OVERALL_BURST, at: now }
    }

    /// The seconds to wait where there is nothing left; takes nothing.
    pub(super) fn missing(&mut self, now: Millis) -> Option<u64> {
        let passed = (now - self.at).max(0) as f64 / 1_000.0;
        self.left = (self.left + passed * self.per_second).min(self.size);
        self.at = now;
        let missing = 1.0 - self.left;
        (missing > 0.0).then(|| (missing / self.per_second).ceil().max(1.0) as u64)
    }

    pub(super) fn take(&mut self) {
        self.left -= 1.0;
    }
}
