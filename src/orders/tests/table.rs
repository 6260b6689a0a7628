//! The design's table "Errors and retries", whole: each class at each step where it can come, with
//! what the other keys and models could do, at each attempt; for a video that was paid and for one
//! that was inserted by hand.

use super::*;
use crate::jobs::OtherKey;
use rusqlite::{OptionalExtension as _, params};

const STEPS: [Step; 3] = [Step::Upload, Step::Submit, Step::Render];
const OTHERS: [OtherKey; 3] = [OtherKey::Free, OtherKey::Limited, OtherKey::None];

/// Where the trouble finds the job; its key is `aaaa`, its model the first.
#[derive(Clone, Copy, Debug)]
struct Case {
    class: Trouble,
    step: Step,
    other_key: OtherKey,
    other_model: bool,
    /// createTasks before this one: at `render` it was counted when it was accepted.
    before: i64,
    by_hand: bool,
}

/// What the table says.
#[derive(Debug, PartialEq)]
struct Outcome {
    end: End,
    attempts: i64,
    /// Of `aaaa`, and for how long.
    key: Option<(String, Millis)>,
    /// The model is paused.
    paused: bool,
    alerts: Vec<String>,
    /// Messages beside the order's status.
    notices: Vec<Notice>,
    credits: i64,
}

#[derive(Debug, PartialEq)]
enum End {
    /// From this step on, after this time and up to a fifth of jitter, where there is any.
    Again(&'static str, Millis),
    Failed(&'static str),
}

#[derive(Debug, PartialEq)]
struct Notice {
    text: &'static str,
    credit_back: bool,
    support: bool,
}

fn expected(case: &Case) -> Outcome {
    let (key, paused) = match case.class {
        Trouble::Billing => (Some(("billing".to_owned(), DAY)), false),
        Trouble::RateLimit => (Some(("rate_limit".to_owned(), HOUR)), false),
        Trouble::ModelOff => (None, true),
        _ => (None, false),
    };
    let counted = case.step == Step::Render;
    let tasks = case.before + 1;
    let now_counted = if counted { 0 } else { 1 };
    let so_far = if counted { tasks } else { case.before };
    let attempt = |waits: [i64; 2], why| match waits.get(tasks as usize - 1) {
        Some(seconds) => (End::Again("upload", seconds * SECOND), so_far + now_counted),
        None => (End::Failed(why), so_far),
    };
    let at_once = (End::Again("upload", 0), so_far);
    let temporary = match case.step {
        // An upload is no attempt: it has five tries of its own, and this is the first.
        Step::Upload => (End::Again("upload", 10 * SECOND), so_far),
        _ => attempt([10, 20], "temporary"),
    };
    let (end, attempts) = match case.class {
        Trouble::UserViolation => (End::Failed("user_violation"), so_far),
        Trouble::OurMistake => (End::Failed("our_mistake"), so_far),
        Trouble::Unknown => (End::Failed("unknown"), so_far),
        Trouble::Billing if case.other_key == OtherKey::None => (End::Failed("billing"), so_far),
        Trouble::Billing | Trouble::RateLimit if case.other_key == OtherKey::Free => at_once,
        Trouble::Billing | Trouble::RateLimit => attempt([60, 120], "rate_limit"),
        Trouble::ModelOff if case.other_model => at_once,
        Trouble::ModelOff => (End::Failed("model_off"), so_far),
        Trouble::DownloadFailed if so_far < 3 => at_once,
        Trouble::DownloadFailed | Trouble::Temporary | Trouble::Lost => temporary,
        Trouble::Unreached => (End::Again(case.step.word(), SECOND), so_far),
    };
    let failed = match end {
        End::Failed(why) => Some(why),
        End::Again(..) => None,
    };
    let own_alert = failed.filter(|why| matches!(*why, "temporary" | "our_mistake" | "unknown"));
    Outcome {
        attempts,
        key,
        paused,
        alerts: alerts(case, own_alert),
        notices: failed.map(|why| notice(why, !case.by_hand)).into_iter().collect(),
        credits: i64::from(failed.is_some() || case.by_hand),
        end,
    }
}

/// What the operator hears of; the last key and the last model are told together with their own.
fn alerts(case: &Case, failed: Option<&str>) -> Vec<String> {
    let model = format!("model:{}", MODELS[0]);
    let about = match case.class {
        Trouble::Billing if case.other_key == OtherKey::None => vec!["billing:aaaa", "keys"],
        Trouble::Billing => vec!["billing:aaaa"],
        Trouble::ModelOff if case.other_model => vec![model.as_str()],
        Trouble::ModelOff => vec![model.as_str(), "models"],
        Trouble::Lost if case.step == Step::Submit => vec!["lost"],
        _ => vec![],
    };
    let failed = failed.map(|why| format!("failed:{why}"));
    let mut alerts: Vec<String> = about.into_iter().map(str::to_owned).chain(failed).collect();
    alerts.sort();
    alerts
}

/// What the customer reads, once.
fn notice(why: &str, credit_back: bool) -> Notice {
    let (text, support) = match why {
        "user_violation" => ("fail-violation", false),
        "rate_limit" => ("fail-overload", false),
        "model_off" => ("fail-model-off", true),
        "temporary" => ("fail-temporary", true),
        "timeout" => ("fail-once", true),
        _ => ("fail-technical", true),
    };
    Notice { text, credit_back, support }
}

/// A job where the case says, in a world that is as it says; all in one commit.
fn bring_about(tx: &Tx<'_>, shop: &Shop, n: i64, case: &Case) -> Result<JobId> {
    tx.execute_batch(
        "DELETE FROM alerts;
         DELETE FROM models;
         UPDATE api_keys SET blocked_class = NULL, blocked_until = NULL, blocked_why = NULL",
    )?;
    let other = match case.other_key {
        OtherKey::Free => None,
        OtherKey::Limited => Some(keys::Block::RateLimit),
        OtherKey::None => Some(keys::Block::Billing),
    };
    if let Some(why) = other {
        keys::block(tx, "bbbb", why, "", NOW + 2 * HOUR, NOW)?;
    }
    if !case.other_model {
        crate::models::pause(tx, MODELS[1], "", NOW)?;
    }
    let profile = Profile { tg_user_id: 1_000 + n, ..Profile::default() };
    let (user, _) = users::meet(tx, &profile, NOW)?;
    let grant = Grant { user: user.id, credits: 1, key: None, actor: "operator", note: None };
    ledger::grant(tx, &grant, NOW)?;
    if case.by_hand {
        tx.execute(
            "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info)
             VALUES (?1, ?2, ?3, 'ugc', 'a.jpg', '{}')",
            params![user.id, user.tg_user_id, format!("by hand {n}")],
        )?;
    } else {
        let draft = format!("draft {n}");
        let Placed::Started(_) = place(tx, shop, &user, &new_order(&draft, 1), NOW)? else {
            panic!("not sold: {case:?}")
        };
    }
    let id: JobId = tx.query_row("SELECT MAX(id) FROM jobs", [], |row| row.get(0))?;
    let accepted = case.step == Step::Render;
    tx.execute(
        "UPDATE jobs
         SET step = ?2, step_since = ?3, status = 'processing', lease = 1, leased_at = ?3,
             attempts = ?4, prompt = 'p', model = ?5, api_key = 'aaaa', input_url = 'https://a',
             kie_task_id = CASE WHEN ?6 THEN 't' END, submitted_at = CASE WHEN ?6 THEN ?3 END
         WHERE id = ?1",
        params![id, case.step.word(), NOW, case.before + i64::from(accepted), MODELS[0], accepted],
    )?;
    Ok(id)
}

/// What became of it, read from the rows.
fn read(tx: &Tx<'_>, shop: &Shop, id: JobId) -> Result<Outcome> {
    let row = |sql: &str| Ok::<String, anyhow::Error>(tx.query_row(sql, [id], |row| row.get(0))?);
    let job = jobs::get(tx, id)?.unwrap();
    let end =
        match row("SELECT status || ' ' || COALESCE(error_class, '') FROM jobs WHERE id = ?1")?
            .as_str()
        {
            "queued " => {
                let due: Millis =
                    tx.query_row("SELECT due_at FROM jobs WHERE id = ?1", [id], |row| row.get(0))?;
                End::Again(job.step.word(), without_jitter(due - NOW))
            }
            other => End::Failed(Box::leak(other.replace("failed ", "").into_boxed_str())),
        };
    let key = tx
        .query_row(
            "SELECT blocked_class, blocked_until - ?1 FROM api_keys
             WHERE fingerprint = 'aaaa' AND blocked_class IS NOT NULL",
            [NOW],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let mut causes = tx.prepare("SELECT cause FROM alerts ORDER BY cause")?;
    let alerts = causes.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut said = tx.prepare(
        "SELECT key FROM outbox
         WHERE chat_id = ?1 AND (key IS NULL OR key NOT LIKE 'status:%')",
    )?;
    let keys = said.query_map([job.tg_user_id], |row| row.get::<_, String>(0))?;
    let mut notices = Vec::new();
    for key in keys {
        let message = outbox::by_key(tx, &key?)?.unwrap();
        notices.push(told(shop, &message.content));
    }
    Ok(Outcome {
        end,
        attempts: job.attempts,
        key,
        paused: crate::models::paused(tx, NOW)?.contains(MODELS[0]),
        alerts,
        notices,
        credits: ledger::balance(tx, job.user)?,
    })
}

/// Which of the waits that there are this is, with its fifth of jitter; any other is itself.
fn without_jitter(wait: Millis) -> Millis {
    let waits = [10 * SECOND, 20 * SECOND];
    let of = waits.into_iter().find(|least| (*least..=least * 6 / 5).contains(&wait));
    of.unwrap_or(wait)
}

fn told(shop: &Shop, content: &Content) -> Notice {
    let Content::Text { html, buttons } = content else { panic!("{content:?}") };
    let texts = [
        "fail-violation",
        "fail-overload",
        "fail-model-off",
        "fail-temporary",
        "fail-once",
        "fail-technical",
    ];
    let says = |id: &&str| html.starts_with(&shop.texts.say(Lang::Ru, id, &[("n", Arg::Num(1))]));
    let support = |one: &outbox::Button| matches!(one.does, outbox::Does::Url(_));
    Notice {
        text: texts.into_iter().find(says).expect(html),
        credit_back: html.contains("1 кредит вернули на баланс"),
        support: buttons.iter().flatten().any(support),
    }
}

#[test]
fn every_trouble_at_every_step_does_what_the_table_says() {
    let world = World::new();
    let mut n = 0;
    for (class, step, other_key) in Trouble::ALL
        .into_iter()
        .flat_map(|class| STEPS.map(|step| (class, step)))
        .flat_map(|(class, step)| OTHERS.map(|other| (class, step, other)))
    {
        // A poll's own trouble fails no task, so a render brings only what the provider says of it.
        if step == Step::Render && matches!(class, Trouble::Lost | Trouble::Unreached) {
            continue;
        }
        for (other_model, before, by_hand) in [true, false]
            .into_iter()
            .flat_map(|model| [0, 1, 2].map(|before| (model, before)))
            .flat_map(|(model, before)| [false, true].map(|by_hand| (model, before, by_hand)))
        {
            n += 1;
            let case = Case { class, step, other_key, other_model, before, by_hand };
            let outcome = world.write(move |tx, shop| {
                let id = bring_about(tx, shop, n, &case)?;
                let alerts = "SELECT COUNT(*) FROM outbox WHERE chat_id = 1";
                let before: i64 = tx.query_row(alerts, [], |row| row.get(0))?;
                let job = jobs::get(tx, id)?.unwrap();
                trouble(tx, shop, &job, case.class, "its words", NOW)?;
                let outcome = read(tx, shop, id)?;
                let told: i64 = tx.query_row(alerts, [], |row| row.get(0))?;
                let own = |cause: &&String| !["keys", "models"].contains(&cause.as_str());
                let alerts = outcome.alerts.iter().filter(own).count() as i64;
                assert_eq!(told - before, alerts, "told once: {case:?}");
                // Nobody's, from here on.
                cancel(tx, shop, id, NOW)?;
                Ok(outcome)
            });
            assert_eq!(outcome, expected(&case), "{case:?}");
        }
    }
    assert_eq!(n, (10 * 3 - 2) * 3 * 2 * 3 * 2);
}

#[test]
fn a_render_over_its_time_limit_is_refunded_and_told_to_both() {
    for by_hand in [false, true] {
        let world = World::new();
        let case = Case {
            class: Trouble::Temporary,
            step: Step::Render,
            other_key: OtherKey::Free,
            other_model: true,
            before: 0,
            by_hand,
        };
        let outcome = world.write(move |tx, shop| {
            let id = bring_about(tx, shop, 1, &case)?;
            let job = jobs::get(tx, id)?.unwrap();
            fail(tx, shop, &job, Why::Timeout, "no video within 30 minutes", NOW)?;
            read(tx, shop, id)
        });
        let expected = Outcome {
            end: End::Failed("timeout"),
            attempts: 1,
            key: None,
            paused: false,
            alerts: vec!["failed:timeout".to_owned()],
            notices: vec![notice("timeout", !by_hand)],
            credits: 1,
        };
        assert_eq!(outcome, expected);
    }
}

/// However keys and models alternate in saying no, each is asked once, and it costs no attempt.
#[test]
fn asking_another_key_or_model_goes_once_round_at_most() {
    for troubles in [
        vec![Trouble::Billing],
        vec![Trouble::ModelOff],
        vec![Trouble::Billing, Trouble::ModelOff],
        vec![Trouble::ModelOff, Trouble::Billing],
        vec![Trouble::RateLimit, Trouble::ModelOff],
        vec![Trouble::RateLimit, Trouble::Billing],
    ] {
        let world = World::new();
        let user = world.customer(7, 1);
        world.order(&user, "d1", 1);
        let mut asked = Vec::new();
        let mut job = world.at_submit(NOW);
        loop {
            let who = (job.key.clone(), job.model.clone());
            assert!(!asked.contains(&who), "{who:?} was asked twice: {troubles:?}");
            world.trouble(&job, troubles[asked.len() % troubles.len()], NOW);
            asked.push(who);
            let now = world.job(job.id);
            if now.attempts > 0 || world.state(job.id).starts_with("failed") {
                break;
            }
            assert!(asked.len() < 4, "{asked:?}");
            job = choose(&world, now.id);
        }
        assert!((2..=3).contains(&asked.len()), "{troubles:?}: {asked:?}");
    }
}

/// What the step upload does: a key and a model of those that were not asked in this round.
#[track_caller]
fn choose(world: &World, id: JobId) -> Job {
    let job = world.lease(id, NOW);
    let (key, model) = {
        let job = job.clone();
        world.write(move |tx, shop| {
            let keys::Pick::Key(key) = keys::pick(&keys::all(tx)?, &job.refused, false, NOW) else {
                panic!("no key: {:?}", job.refused)
            };
            let off = crate::models::paused(tx, NOW)?;
            let model = shop.catalogue.serving(&shop.options.models, &off, &job.refused, 0);
            Ok((key, model.unwrap().name.clone()))
        })
    };
    let leaked = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let found = Found { key: Some(leaked(key)), model: Some(leaked(model)), ..Found::default() };
    world.advance(&job, Step::Submit, found, NOW);
    world.lease(id, NOW)
}
