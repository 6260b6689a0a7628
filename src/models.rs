//! The catalogue: which image-to-video models there are and what they want. Data, never code.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::clock::Millis;
use crate::db::Tx;

/// Which pair of calls serves a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// `jobs/createTask`.
    Jobs,
    /// `veo/generate`.
    Veo,
}

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// As the provider calls it.
    pub name: String,
    /// See [`Route`].
    pub route: Route,
    /// The shortest prompt, in characters.
    pub prompt_min: usize,
    /// The longest prompt, in characters.
    pub prompt_max: usize,
    /// The video's length.
    pub seconds: u32,
    /// The video takes the photo's shape: the photo has to be padded to 9:16 first.
    pub follows_photo: bool,
    /// Languages (`en`, `ru`, …) that it speaks well.
    pub speech: Vec<String>,
    /// Whether the video has sound.
    pub sound: bool,
    /// What a video costs, in the provider's credits, roughly.
    pub about_credits: f64,
    /// It refuses photos of people.
    pub no_people: bool,
    /// The day (ISO) from which it is off for good.
    pub ended: Option<String>,
}

impl Model {
    /// The exact input: for [`Route::Jobs`] the field `input`, for [`Route::Veo`] the whole body.
    pub fn input(&self, _prompt: &str, _image_url: &str) -> Value {
        Value::Null
    }
}

/// All models, ours and the operator's.
#[derive(Clone, Debug)]
pub struct Catalogue {}

impl Catalogue {
    /// Ours, with the operator's file on top where there is one.
    pub fn load(_operator_file: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    /// By name.
    pub fn get(&self, _name: &str) -> Option<&Model> {
        None
    }

    /// All, in the file's order.
    pub fn all(&self) -> impl Iterator<Item = &Model> {
        [].iter()
    }

    /// That every configured name exists; the error names those that do not.
    pub fn check(&self, _configured: &[String]) -> anyhow::Result<()> {
        Ok(())
    }

    /// The first configured model that serves.
    pub fn serving(
        &self,
        _configured: &[String],
        _paused: &HashSet<String>,
        _refused: &[String],
        _prompt_chars: usize,
    ) -> Option<&Model> {
        None
    }
}

/// Pauses a model that the provider says is off: 10 minutes, doubling up to 6 hours.
/// Returns until when.
pub fn pause(_tx: &Tx, _name: &str, _reason: &str, _now: Millis) -> anyhow::Result<Millis> {
    Ok(0)
}

/// The models that are paused now.
pub fn paused(_conn: &Connection, _now: Millis) -> anyhow::Result<HashSet<String>> {
    Ok(HashSet::new())
}

/// A model served: its pauses are forgotten. Writes only where there was one.
pub fn resume(_tx: &Tx, _name: &str) -> anyhow::Result<()> {
    Ok(())
}
