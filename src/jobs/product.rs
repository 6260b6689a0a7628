//! What is to be filmed, as kept in `jobs.product_info`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `jobs.product_info`, read leniently: a row inserted by hand may hold any JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Product {
    /// The product, in the customer's words.
    pub text: String,
    /// Template `self`: goes to the model exactly as it is. Never blank.
    pub user_prompt: Option<String>,
    /// Another video's script, and what is to be changed in it.
    pub refines: Option<Refines>,
}

/// A script that is changed by one sentence, the rest of it staying.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refines {
    /// What the earlier video was made of.
    pub script: String,
    /// In the customer's words.
    pub change: String,
}

impl Product {
    pub(super) fn read(json: &str) -> Self {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let word = |name: &str| value[name].as_str().filter(|text| !text.trim().is_empty());
        Self {
            text: word("text").unwrap_or_default().to_owned(),
            user_prompt: word("user_prompt").map(str::to_owned),
            refines: Refines::deserialize(&value["refines"]).ok(),
        }
    }
}
