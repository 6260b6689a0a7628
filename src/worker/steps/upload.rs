//! Step upload: a key is chosen and kept, and the photo goes to the provider once per picture and
//! key.

use super::{commit, fail, is_url, photo, reading, trouble};
use crate::clock::{HOUR, MINUTE, Millis};
use crate::db::PACE;
use crate::jobs::{self, Found, Job, Retry, Step, Trouble, Why};
use crate::keys::{self, Pick};
use crate::models::{self, Model};
use crate::photo as picture;
use crate::worker::calls::counted;
use crate::worker::{CALL, Desk};
use anyhow::{Context as _, Result};
use std::sync::PoisonError;

/// The provider keeps an upload for 24 h at least; a render may begin late in that time.
const UPLOAD_LIVES: Millis = 20 * HOUR;
/// A video that waits for its order's one upload looks again after this; its end rings earlier.
const SIBLING: Millis = MINUTE / 30;

pub(super) fn run(desk: &Desk, job: &Job) -> Result<()> {
    let Some(model) = model(desk, job)? else { return no_model(desk, job) };
    let now = desk.now();
    let desperate = job.attempts + 1 >= desk.shop.options.policy.max_attempts;
    let refused = job.refused.clone();
    let pick = desk.db.write_paced(desk.clock.real_span(PACE), move |tx| {
        let pick = keys::pick(&keys::all(tx)?, &refused, desperate, now);
        if let Pick::Key(key) = &pick {
            keys::used(tx, key, now)?;
        }
        Ok(pick)
    })?;
    // Nobody was asked, so nobody is to be blocked for it.
    let unasked = Job { key: None, ..job.clone() };
    match pick {
        Pick::AllLimited(_) => {
            trouble(desk, &unasked, Trouble::RateLimit, "every KIE key is limited")
        }
        Pick::None => trouble(desk, &unasked, Trouble::Billing, "no KIE key is in service"),
        Pick::Key(key) => with_key(desk, job, model, &key),
    }
}

/// The model chosen with the script, or the next one where that is off by now.
fn model<'a>(desk: &'a Desk, job: &Job) -> Result<Option<&'a Model>> {
    let now = desk.now();
    let off = desk.db.read(|conn| models::paused(conn, now))?;
    let chars = job.prompt.as_ref().map_or(0, |prompt| prompt.chars().count());
    let models = desk.shop.models_of(job.choice.as_deref());
    Ok(desk.shop.catalogue.serving(models, &off, &job.refused, chars))
}

/// A script that fits no serving model is written anew for the one that serves; an own prompt
/// cannot be.
fn no_model(desk: &Desk, job: &Job) -> Result<()> {
    let now = desk.now();
    let off = desk.db.read(|conn| models::paused(conn, now))?;
    let models = desk.shop.models_of(job.choice.as_deref());
    let any = desk.shop.catalogue.serving(models, &off, &job.refused, 0);
    match (any, &job.product.user_prompt) {
        (Some(_), Some(_)) => fail(desk, job, Why::NoPrompt, "the prompt is too long"),
        (Some(_), None) => commit(desk, job, |tx, _, job, now| {
            jobs::advance(tx, job, Step::Script, &Found::default(), now, now).map(drop)
        }),
        (None, _) => {
            let unasked = Job { model: None, ..job.clone() };
            trouble(desk, &unasked, Trouble::ModelOff, "no model serves")
        }
    }
}

fn with_key(desk: &Desk, job: &Job, model: &Model, key: &str) -> Result<()> {
    if is_url(&job.photo) {
        return ready(desk, job, model, key, &job.photo, None);
    }
    let stored = jobs::upload_name(&job.photo, model.follows_photo);
    let since = desk.now() - UPLOAD_LIVES;
    if let Some(url) = desk.db.read(|conn| jobs::uploaded(conn, &stored, key, since))? {
        return ready(desk, job, model, key, &url, None);
    }
    let Some(_mine) = Uploading::begin(desk, &stored, key) else { return sibling(desk, job) };
    // The order's first upload may have ended between the two looks.
    if let Some(url) = desk.db.read(|conn| jobs::uploaded(conn, &stored, key, since))? {
        return ready(desk, job, model, key, &url, None);
    }
    let Some(bytes) = photo(desk, &job.photo)? else {
        return fail(desk, job, Why::NoPhoto, &format!("photos/{} is missing", job.photo));
    };
    let bytes = if model.follows_photo { picture::pad_to_9x16(&bytes)? } else { bytes };
    let secret = desk.key(key).context("the chosen key left the configuration")?;
    // A name that was used before may serve the older picture.
    let name = format!("{}-{:08x}.jpg", job.id, fastrand::u32(..));
    let deadline = desk.clock.deadline(CALL);
    let upload = || desk.kie.upload(secret, &bytes, &name, "neurocards", deadline);
    match counted("kie", "upload", upload) {
        Ok(url) => ready(desk, job, model, key, &url, Some(stored)),
        Err(error) => {
            let (what, error) = reading(&error);
            let asked = Job { key: Some(key.to_owned()), ..job.clone() };
            trouble(desk, &asked, what, &error)
        }
    }
}

/// On to the submit; `uploaded` names the picture that was just uploaded.
fn ready(
    desk: &Desk,
    job: &Job,
    model: &Model,
    key: &str,
    url: &str,
    uploaded: Option<String>,
) -> Result<()> {
    let (model, key, url) = (model.name.clone(), key.to_owned(), url.to_owned());
    commit(desk, job, move |tx, _, job, now| {
        if let Some(picture) = &uploaded {
            jobs::keep_upload(tx, job.id, picture, &key, &url, now)?;
            jobs::wake_order(tx, job, now)?;
        }
        let found = Found {
            model: Some(&model),
            key: Some(&key),
            input_url: Some(&url),
            ..Found::default()
        };
        if jobs::advance(tx, job, Step::Submit, &found, now, now)? && uploaded.is_some() {
            jobs::note(tx, job, "uploaded", &key, Some(now - job.step_since), now)?;
        }
        Ok(())
    })
}

fn sibling(desk: &Desk, job: &Job) -> Result<()> {
    commit(desk, job, |tx, _, job, now| {
        let retry = Retry {
            step: Step::Upload,
            at: now + SIBLING,
            attempt: false,
            tried: false,
            unreached: false,
            refused: &job.refused,
            error: "",
        };
        jobs::again(tx, job, &retry, now).map(drop)
    })
}

/// One upload of a picture per key at a time.
struct Uploading<'a> {
    desk: &'a Desk,
    what: (String, String),
}

impl<'a> Uploading<'a> {
    fn begin(desk: &'a Desk, picture: &str, key: &str) -> Option<Self> {
        let what = (picture.to_owned(), key.to_owned());
        let mut under_way = desk.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        let first = under_way.insert(what.clone());
        drop(under_way);
        // Made only by who won: dropping one takes the mark away.
        first.then(|| Self { desk, what })
    }
}

impl Drop for Uploading<'_> {
    fn drop(&mut self) {
        self.desk.uploading.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.what);
    }
}
