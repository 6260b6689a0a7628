//! What customers choose among, where the operator has more than one kind of video to sell, and what
//! an order's choice means: its price, its models, their length.

use super::Shop;
use crate::clock::Millis;
use crate::models::{self, Choice};
use anyhow::Result;
use rusqlite::Connection;
use std::collections::HashSet;

/// A choice as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// As in the catalogue.
    pub id: String,
    /// Credits per video.
    pub credits: i64,
    /// One of its models serves and takes the prompt.
    pub serves: bool,
}

/// What there is to choose for a prompt of so many characters (0: it is not written yet); empty
/// where the operator offers no choice.
pub fn offered(
    conn: &Connection,
    shop: &Shop,
    prompt_chars: usize,
    now: Millis,
) -> Result<Vec<Offered>> {
    let choices = shop.catalogue.choices();
    if choices.is_empty() {
        return Ok(Vec::new());
    }
    let off = models::paused(conn, now)?;
    let offer = |choice: &Choice| Offered {
        id: choice.id.clone(),
        credits: choice.credits,
        serves: shop.catalogue.serving(&choice.models, &off, &[], prompt_chars).is_some(),
    };
    Ok(choices.iter().map(offer).collect())
}

impl Shop {
    /// What an order's choice says; `None`: there was none, or it left the catalogue.
    pub fn choice(&self, id: Option<&str>) -> Option<&Choice> {
        self.catalogue.choice(id?)
    }

    /// The customer's credits per video.
    pub fn price(&self, choice: Option<&str>) -> i64 {
        self.choice(choice).map_or(self.options.per_video, |choice| choice.credits)
    }

    /// The models that may serve it, in order of preference. A choice that left the catalogue does
    /// not hold up those who made it.
    pub fn models_of(&self, choice: Option<&str>) -> &[String] {
        self.choice(choice).map_or(&self.options.models, |choice| &choice.models)
    }

    /// The length to ask for; `None`: the model's own.
    pub fn seconds_of(&self, choice: Option<&str>) -> Option<u32> {
        self.choice(choice).and_then(|choice| choice.seconds)
    }

    /// The lists of models of which each serves something that is sold.
    pub(super) fn lists(&self) -> Vec<&[String]> {
        match self.catalogue.choices() {
            [] => vec![&self.options.models],
            choices => choices.iter().map(|choice| choice.models.as_slice()).collect(),
        }
    }

    /// Whether a model serves something that is sold.
    pub(super) fn sells(&self, off: &HashSet<String>) -> bool {
        let serves = |list: &&[String]| self.catalogue.serving(list, off, &[], 0).is_some();
        self.lists().iter().any(serves)
    }

    /// All models that may be asked, without a choice or for one.
    pub fn models(&self) -> Vec<String> {
        let mut all = self.options.models.clone();
        for name in self.catalogue.choices().iter().flat_map(|choice| &choice.models) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// What the cheapest video that is sold costs, in the provider's credits.
    pub fn least_price(&self) -> f64 {
        let least = |id| self.least_of(id);
        let choices = self.catalogue.choices().iter();
        let prices = choices.filter_map(|choice| least(Some(choice.id.as_str())));
        prices.min_by(f64::total_cmp).or_else(|| least(None)).unwrap_or(0.0)
    }

    /// What its cheapest model's video costs there.
    fn least_of(&self, choice: Option<&str>) -> Option<f64> {
        let models = self.models_of(choice).iter().filter_map(|name| self.catalogue.get(name));
        let open = models.filter(|model| model.ended.is_none());
        open.map(|model| model.about(self.seconds_of(choice))).min_by(f64::total_cmp)
    }

    /// What a video of this choice will cost there, roughly; with an unknown model, at least.
    pub(super) fn about(&self, model: &str, choice: Option<&str>) -> f64 {
        let known = self.catalogue.get(model).map(|it| it.about(self.seconds_of(choice)));
        known.or_else(|| self.least_of(choice)).unwrap_or(0.0)
    }
}
