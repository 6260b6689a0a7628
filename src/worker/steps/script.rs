//! Step script: the prompt, written by GPT with the photo before it.

use super::{commit, fail, is_url, photo, trouble, words};
use crate::alerts;
use crate::api::{kie, openai};
use crate::clock::{Millis, SECOND};
use crate::db::Tx;
use crate::jobs::{self, Found, Job, Retry, Step, Trouble, Why};
use crate::keys::{self, Pick};
use crate::models::{self, Model};
use crate::orders::{self, Shop};
use crate::templates::{self, Brief, Template};
use crate::text::{self, Arg};
use crate::users;
use crate::worker::Desk;
use crate::worker::calls::counted;
use anyhow::Result;

/// One more try, then the template's own prompt: a customer does not wait for GPT.
const TRIES: i64 = 2;
/// The alert's cause.
const GPT: &str = "gpt";
/// KIE serves one GPT at a fixed address.
const KIE_GPT: &str = "gpt-5-2";

pub(super) fn run(desk: &Desk, job: &Job) -> Result<()> {
    if words::judge(desk, job)? {
        return Ok(());
    }
    let chars = job.product.user_prompt.as_ref().map_or(0, |prompt| prompt.chars().count());
    let now = desk.now();
    let off = desk.db.read(|conn| models::paused(conn, now))?;
    let shop = &desk.shop;
    let models = models_of(shop, job);
    let Some(model) = shop.catalogue.serving(models, &off, &job.refused, chars) else {
        let any = shop.catalogue.serving(models, &off, &job.refused, 0);
        return match any {
            Some(_) => fail(desk, job, Why::NoPrompt, "the prompt is too long for every model"),
            None => trouble(desk, job, Trouble::ModelOff, "no model serves"),
        };
    };
    // An own prompt goes to the model exactly as it is, and so does one inserted by hand.
    if let Some(own) = &job.product.user_prompt {
        return written(desk, job, model, own, Gpt::NotAsked);
    }
    let Some(template) = shop.templates.get(&job.template) else {
        let error = format!("there is no template `{}`", job.template);
        return fail(desk, job, Why::Mistake, &error);
    };
    let picture = if is_url(&job.photo) { None } else { photo(desk, &job.photo)? };
    if picture.is_none() && !is_url(&job.photo) {
        return fail(desk, job, Why::NoPhoto, &format!("photos/{} is missing", job.photo));
    }
    let earlier = earlier(desk, job)?;
    let brief = brief(desk, job, model, &earlier)?;
    match ask(desk, template, &brief.of(), picture) {
        Ok(prompt) => written(desk, job, model, &prompt, Gpt::Answered),
        Err(_) if desk.stopping() => Ok(()),
        Err(error) if job.tries + 1 < TRIES => once_more(desk, job, &error),
        Err(error) => {
            let plain = templates::fallback(template, &brief.of());
            written(desk, job, model, &plain, Gpt::Failed(text::shorten(&error, 300)))
        }
    }
}

/// What was sold is made, though the operator took the choice out of the catalogue meanwhile.
fn models_of<'a>(shop: &'a Shop, job: &Job) -> &'a [String] {
    if let Some(choice) = &job.choice
        && shop.choice(Some(choice)).is_none()
    {
        let (id, order) = (job.id.0, job.order_no());
        let is_gone = "its choice is gone: [kie] models serve it";
        tracing::warn!(job.id = id, order.id = order, choice, "{is_gone}");
    }
    shop.models_of(job.choice.as_deref())
}

/// What the brief borrows from.
struct Known<'a> {
    job: &'a Job,
    model: &'a Model,
    seconds: u32,
    language: &'static str,
    count: u32,
    earlier: &'a [String],
}

impl Known<'_> {
    fn of(&self) -> Brief<'_> {
        let refines = self.job.product.refines.as_ref();
        Brief {
            product: &self.job.product.text,
            wishes: self.job.wishes.as_deref(),
            language: self.language,
            prompt_max: self.model.prompt_max,
            seconds: self.seconds,
            speech: &self.model.speech,
            sound: self.model.sound,
            ordinal: self.job.ordinal as u32,
            count: self.count,
            earlier: self.earlier,
            refines: refines.map(|it| (it.script.as_str(), it.change.as_str())),
        }
    }
}

fn brief<'a>(
    desk: &Desk,
    job: &'a Job,
    model: &'a Model,
    earlier: &'a [String],
) -> Result<Known<'a>> {
    let (language, count) = desk.db.read(|conn| {
        let language = users::by_id(conn, job.user)?.lang.code();
        let count = match job.order {
            Some(order) => orders::videos(conn, order)?,
            None => 1,
        };
        Ok((language, count))
    })?;
    let seconds = desk.shop.seconds_of(job.choice.as_deref()).unwrap_or(model.seconds);
    Ok(Known { job, model, seconds, language, count: count as u32, earlier })
}

fn earlier(desk: &Desk, job: &Job) -> Result<Vec<String>> {
    match job.order {
        Some(order) => desk.db.read(|conn| jobs::prompts_of(conn, order)),
        None => Ok(Vec::new()),
    }
}

/// One call. The error is for the operator.
fn ask(
    desk: &Desk,
    template: &Template,
    brief: &Brief<'_>,
    picture: Option<Vec<u8>>,
) -> Result<String, String> {
    let script = templates::compose(template, brief);
    let deadline = desk.clock.deadline(desk.options.gpt_timeout);
    let chat = |model: &str| openai::Chat {
        model: model.to_owned(),
        system: script.system.clone(),
        user: script.user.clone(),
        photo: picture.clone(),
    };
    let answer = match (&desk.openai, &desk.options.openai) {
        (Some(openai), Some((_, key))) => {
            let ask = || openai.chat(key, &chat(&desk.options.gpt_model), deadline);
            counted("openai", "chat", ask).map_err(|trouble| trouble.to_string())?
        }
        _ => {
            let key = kie_key(desk)?;
            let key = desk.key(&key).ok_or("the KIE key left the configuration")?;
            let ask = || desk.kie.chat(key, &chat(KIE_GPT), deadline);
            counted("kie", "chat", ask).map_err(|trouble: kie::Trouble| trouble.to_string())?
        }
    };
    templates::check(&answer, brief.prompt_max)
        .map_err(|fault| format!("GPT's answer cannot be used: {fault:?}"))
}

fn kie_key(desk: &Desk) -> Result<String, String> {
    let now = desk.now();
    let keys = desk.db.read(keys::all).map_err(|error| format!("{error:#}"))?;
    match keys::pick(&keys, &[], true, now) {
        Pick::Key(key) => Ok(key),
        Pick::AllLimited(_) | Pick::None => Err("no KIE key serves".to_owned()),
    }
}

/// What came of asking for a prompt.
enum Gpt {
    NotAsked,
    Answered,
    /// Why; for the operator.
    Failed(String),
}

fn written(desk: &Desk, job: &Job, model: &Model, prompt: &str, gpt: Gpt) -> Result<()> {
    let (prompt, model) = (prompt.to_owned(), model.name.clone());
    commit(desk, job, move |tx, shop, job, now| {
        let found = Found { prompt: Some(&prompt), model: Some(&model), ..Found::default() };
        if jobs::advance(tx, job, Step::Upload, &found, now, now)? {
            jobs::note(tx, job, "written", &model, Some(now - job.step_since), now)?;
            orders::refresh(tx, shop, job.order, now)?;
            tell(tx, shop, job, &gpt, now)?;
        }
        Ok(())
    })
}

/// The operator hears that GPT fails, and that it works again.
fn tell(tx: &Tx<'_>, shop: &Shop, job: &Job, gpt: &Gpt, now: Millis) -> Result<()> {
    let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
    match gpt {
        Gpt::Failed(error) => {
            let error = orders::without_words(job, error);
            let html = shop.texts.say(lang, "alert-gpt", &[("error", Arg::Str(&error))]);
            alerts::raise(tx, admins, GPT, &html, now)
        }
        Gpt::Answered if alerts::is_open(tx, GPT)? => {
            alerts::end(tx, admins, GPT, &shop.texts.say(lang, "alert-gpt-over", &[]), now)
        }
        Gpt::Answered | Gpt::NotAsked => Ok(()),
    }
}

fn once_more(desk: &Desk, job: &Job, error: &str) -> Result<()> {
    let error = error.to_owned();
    commit(desk, job, move |tx, _, job, now| {
        let retry = Retry {
            step: Step::Script,
            at: now + 2 * SECOND,
            attempt: false,
            tried: true,
            unreached: false,
            refused: &job.refused,
            error: &error,
        };
        // Whoever took it back, and left, has no such lines any more.
        if jobs::again(tx, job, &retry, now)? {
            jobs::note(tx, job, "trouble", &error, Some(now - job.step_since), now)?;
        }
        Ok(())
    })
}
