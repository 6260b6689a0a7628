//! What a service's failure does to the job, its key, its model and its people; and its success.

use super::{Shop, fail, refresh};
use crate::alerts;
use crate::clock::Millis;
use crate::db::Tx;
use crate::jobs::{self, Job, Next, OtherKey, Retry, Standing, Step, Trouble};
use crate::keys::{self, Block, Pick};
use crate::models;
use crate::outbox;
use crate::text::{self, Arg};
use anyhow::Result;

/// Alerts' causes: nobody can be asked any more. They end with the first that can.
const NO_KEY: &str = "keys";
const NO_MODEL: &str = "models";

/// Marks in `jobs.refused` that the photo was uploaded anew in this round.
const UPLOADED_ANEW: &str = "upload";

/// Handles a failed call: blocks the key, pauses the model, tells the operator, and retries the
/// job or fails it with its refund, all in one commit. `error` is the service's own words.
pub fn trouble(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    trouble: Trouble,
    error: &str,
    now: Millis,
) -> Result<()> {
    if trouble == Trouble::Lost && job.step == Step::Submit && jobs::is_held(tx, job)? {
        lost(tx, shop, job, error, now)?;
    }
    go_on(tx, shop, job, trouble, error, now)
}

/// The same without a word of a lost submit: the start tells of all of them at once.
fn go_on(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    trouble: Trouble,
    error: &str,
    now: Millis,
) -> Result<()> {
    if !jobs::is_held(tx, job)? {
        return Ok(());
    }
    jobs::note(tx, job, "trouble", &format!("{trouble:?}: {error}"), None, now)?;
    consequences(tx, shop, job, trouble, &without_words(job, error), now)?;
    let mut refused = job.refused.clone();
    refused.extend(asked(job, trouble));
    let standing = standing(tx, shop, job, &refused, now)?;
    match jobs::next(trouble, &standing, &shop.options.policy, now, fastrand::f64()) {
        Next::Fail(why) => fail(tx, shop, job, why, error, now),
        Next::Again { step, at, attempt, new_round } => {
            if new_round {
                refused.clear();
            }
            let retry = Retry {
                step,
                at,
                attempt,
                tried: matches!(
                    trouble,
                    Trouble::Temporary | Trouble::Lost | Trouble::DownloadFailed
                ),
                unreached: trouble == Trouble::Unreached,
                refused: &refused,
                error,
            };
            jobs::again(tx, job, &retry, now)?;
            refresh(tx, shop, job.order, now)
        }
    }
}

/// What a service said, in short, as it may be told and kept beside the job: its own lines go when its
/// customer leaves, and nobody knows whose words the others have.
pub fn without_words(job: &Job, error: &str) -> String {
    let product = &job.product;
    let change = product.refines.as_ref().map(|refines| refines.change.as_str());
    let script = product.refines.as_ref().map(|refines| refines.script.as_str());
    let words = [
        Some(product.text.as_str()),
        product.user_prompt.as_deref(),
        job.wishes.as_deref(),
        job.prompt.as_deref(),
        change,
        script,
    ];
    let words: Vec<&str> = words.into_iter().flatten().collect();
    text::without_echo(&text::shorten(error, 300), &words)
}

/// Who said no in this round, so that nobody is asked twice.
fn asked(job: &Job, trouble: Trouble) -> Option<String> {
    match trouble {
        Trouble::Billing | Trouble::RateLimit => job.key.clone(),
        Trouble::ModelOff => job.model.clone(),
        Trouble::DownloadFailed => Some(UPLOADED_ANEW.to_owned()),
        _ => None,
    }
}

fn standing(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    refused: &[String],
    now: Millis,
) -> Result<Standing> {
    let other_key = match keys::pick(&keys::all(tx)?, refused, false, now) {
        Pick::Key(_) => OtherKey::Free,
        Pick::AllLimited(_) => OtherKey::Limited,
        Pick::None => OtherKey::None,
    };
    let off = models::paused(tx, now)?;
    let chars = job.product.user_prompt.as_ref().map_or(0, |prompt| prompt.chars().count());
    let models = shop.models_of(job.choice.as_deref());
    let other = shop.catalogue.serving(models, &off, refused, chars);
    Ok(Standing {
        step: job.step,
        attempts: job.attempts,
        tries: job.tries,
        unreached_since: job.unreached_since.unwrap_or(now),
        other_key,
        other_model: other.is_some(),
        other_upload: !job.refused.iter().any(|who| who == UPLOADED_ANEW),
    })
}

/// What the failure means beyond this job: for its key, its model, its photo's copy.
fn consequences(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    trouble: Trouble,
    error: &str,
    now: Millis,
) -> Result<()> {
    match (trouble, &job.key, &job.model, &job.input_url) {
        (Trouble::Billing, Some(key), ..) => no_money(tx, shop, key, error, now),
        (Trouble::RateLimit, Some(key), ..) => {
            let until = now + shop.options.rate_limit_cooldown;
            keys::block(tx, key, Block::RateLimit, error, until, now)?;
            Ok(())
        }
        (Trouble::ModelOff, _, Some(model), _) => model_off(tx, shop, model, error, now),
        (Trouble::DownloadFailed, _, _, Some(url)) => jobs::forget_upload(tx, url),
        _ => Ok(()),
    }
}

fn no_money(tx: &Tx<'_>, shop: &Shop, key: &str, error: &str, now: Millis) -> Result<()> {
    let until = now + shop.options.billing_cooldown;
    keys::block(tx, key, Block::Billing, error, until, now)?;
    let args = [("key", Arg::Str(key)), ("error", Arg::Str(error))];
    let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
    let cause = no_money_cause(tx, key, now)?;
    if keys::any_sells(tx, now)? {
        let html = shop.texts.say(lang, "alert-billing", &args);
        return alerts::raise(tx, admins, &cause, &html, now);
    }
    // Selling closes with this refusal and none before.
    let html = shop.texts.say(lang, "alert-billing-last", &args);
    alerts::raise_both(tx, admins, (NO_KEY, &cause), &html, now)
}

/// One message for a key without money, whoever finds out first: it says all that a low balance
/// said before.
fn no_money_cause(tx: &Tx<'_>, key: &str, now: Millis) -> Result<String> {
    alerts::forget(tx, &format!("balance:{key}"), now)?;
    Ok(format!("billing:{key}"))
}

fn key_works(tx: &Tx<'_>, shop: &Shop, key: &str, now: Millis) -> Result<()> {
    let html = shop.texts.say(shop.admin_lang(tx), "alert-billing-over", &[("key", Arg::Str(key))]);
    alerts::end(tx, &shop.options.admins, &format!("billing:{key}"), &html, now)?;
    if keys::any_sells(tx, now)? {
        alerts::forget(tx, NO_KEY, now)?;
    }
    Ok(())
}

/// What the provider says that an account has: it may end a block, and the operator hears of little.
pub fn balance(tx: &Tx<'_>, shop: &Shop, key: &str, balance: f64, now: Millis) -> Result<()> {
    let enough = shop.least_price();
    keys::balance(tx, key, balance, enough, now)?;
    let args = [("key", Arg::Str(key)), ("balance", Arg::Num(balance as i64))];
    let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
    let low = format!("balance:{key}");
    let refused = keys::has_no_money(tx, key)?;
    if balance < enough && !refused {
        let others_pay = keys::any_pays(tx, enough, now)?;
        let id = if others_pay { "alert-no-money" } else { "alert-no-money-last" };
        let (cause, html) = (no_money_cause(tx, key, now)?, shop.texts.say(lang, id, &args));
        // The last key that sells: what its refusal will mean is said already.
        return match keys::others_sell(tx, key, now)? {
            true => alerts::raise(tx, admins, &cause, &html, now),
            false => alerts::raise_both(tx, admins, (NO_KEY, &cause), &html, now),
        };
    }
    // A block that a good balance did not end is about something else.
    if refused {
        return Ok(());
    }
    key_works(tx, shop, key, now)?;
    if balance < shop.options.low_balance {
        let html = shop.texts.say(lang, "alert-low-balance", &args);
        return alerts::raise(tx, admins, &low, &html, now);
    }
    alerts::end(tx, admins, &low, &shop.texts.say(lang, "alert-low-balance-over", &args), now)
}

fn model_off(tx: &Tx<'_>, shop: &Shop, model: &str, error: &str, now: Millis) -> Result<()> {
    models::pause(tx, model, error, now)?;
    let args = [("model", Arg::Str(model)), ("error", Arg::Str(error))];
    let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
    let cause = format!("model:{model}");
    let off = models::paused(tx, now)?;
    if shop.sells(&off) {
        let html = shop.texts.say(lang, "alert-model-off", &args);
        return alerts::raise(tx, admins, &cause, &html, now);
    }
    let html = shop.texts.say(lang, "alert-model-off-last", &args);
    alerts::raise_both(tx, admins, (NO_MODEL, &cause), &html, now)
}

/// A createTask that was sent at `asked_at` was accepted: its key and its model serve.
pub fn served(tx: &Tx<'_>, shop: &Shop, job: &Job, asked_at: Millis, now: Millis) -> Result<()> {
    if let Some(key) = &job.key
        && keys::served(tx, key, asked_at, now)?
    {
        key_works(tx, shop, key, now)?;
    }
    if let Some(model) = &job.model
        && models::served(tx, model, now)?
    {
        let args = [("model", Arg::Str(model))];
        let html = shop.texts.say(shop.admin_lang(tx), "alert-model-over", &args);
        alerts::end(tx, &shop.options.admins, &format!("model:{model}"), &html, now)?;
        alerts::forget(tx, NO_MODEL, now)?;
    }
    Ok(())
}

fn lost(tx: &Tx<'_>, shop: &Shop, job: &Job, error: &str, now: Millis) -> Result<()> {
    let error = without_words(job, error);
    let args = [("job", Arg::Num(job.id.0)), ("error", Arg::Str(&error))];
    let html = shop.texts.say(shop.admin_lang(tx), "alert-lost", &args);
    alerts::raise(tx, &shop.options.admins, "lost", &html, now)
}

/// A thread failed over the job, or panicked: it is tried again at `at`, with a strike unless that
/// was nobody's fault. A createTask that it left open may have been billed: it is lost, and that is
/// an attempt, not a strike.
pub fn given_back(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    blameless: bool,
    at: Millis,
    now: Millis,
) -> Result<()> {
    if jobs::lose_open(tx, job, now)? {
        return trouble(tx, shop, job, Trouble::Lost, "its thread failed during the submit", now);
    }
    match blameless {
        true => jobs::let_go(tx, job, at),
        false => jobs::panicked(tx, job, at),
    }
}

/// What a start found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Jobs that a dead process held.
    pub leases: usize,
    /// Submits whose answer it never heard.
    pub lost: usize,
}

/// After a start: whoever held a lease is dead, and a submit that was under way is lost.
pub fn recover(tx: &Tx<'_>, shop: &Shop, now: Millis) -> Result<Recovered> {
    let open = jobs::open_submits(tx)?;
    let mut leases = 0;
    for (submit, job) in &open {
        jobs::settle_submit(tx, *submit, "lost", None, now)?;
        if let Some(job) = jobs::get(tx, *job)?
            && job.step == Step::Submit
            && jobs::is_held(tx, &job)?
        {
            go_on(tx, shop, &job, Trouble::Lost, "the process ended during the submit", now)?;
            leases += 1;
        }
    }
    outbox::recover(tx)?;
    leases += jobs::release_all(tx, now)?;
    Ok(Recovered { leases, lost: open.len() })
}
