//! One job's whole story: what it is, what happened, and what happens next.

mod next;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::Serialize;
use serde_json::Value;

pub use next::{Next, Pause};

use crate::clock::Millis;
use crate::db::{JobId, OrderId, UserId};
use crate::orders::Shop;
use crate::text::shorten;

/// No story is longer; a job that was polled for a day has some hundred lines.
const MOST_LINES: i64 = 10_000;
/// Characters of a text that are kept.
const TEXT_KEPT: usize = 4_000;
/// Runs of one job that are named.
const MOST_RERUNS: i64 = 100;

/// A job's story. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    /// The job.
    pub job: Job,
    /// Whose it is.
    pub customer: Customer,
    /// How long the video is to be, in seconds: by its choice, else by its model; none: neither says.
    pub seconds: Option<u32>,
    /// What happens next, and when.
    pub next: Next,
    /// Jobs that run it again, oldest first.
    pub reruns: Vec<JobId>,
    /// What happened, oldest first.
    pub timeline: Vec<Line>,
}

/// Whose job it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Customer {
    /// Without the `@`.
    pub username: Option<String>,
    /// As they call themselves.
    pub first_name: Option<String>,
    /// What they have now.
    pub credits: i64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// When it was written down; of a submit and a message, when it began.
    pub at: Millis,
    /// `event`, `submit`, `ledger` or `message`: the table that it comes from.
    pub of: String,
    /// The step of an event and what came of it, the outcome of a submit, the kind of a ledger
    /// line, the state of a message.
    pub what: String,
    /// In its own words; may be empty.
    pub detail: String,
    /// How long it took; none: it has no length, or has not ended.
    pub duration_ms: Option<Millis>,
}

/// The row of `jobs`: `schema.sql` explains the columns. Texts are cut to 4,000 characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    pub id: JobId,
    pub user_id: UserId,
    pub tg_user_id: i64,
    pub idempotency_key: String,
    pub kind: String,
    pub template_id: String,
    pub input_photo_path: String,
    pub product_info: String,
    pub extra_wishes: Option<String>,
    pub choice: Option<String>,
    pub status: String,
    pub step: String,
    pub priority: i64,
    pub order_id: Option<OrderId>,
    pub ordinal: i64,
    pub rerun_of: Option<JobId>,
    pub due_at: Millis,
    pub lease: i64,
    pub leased_at: Option<Millis>,
    pub strikes: i64,
    pub step_since: Option<Millis>,
    pub tries: i64,
    pub attempts: i64,
    pub refused: String,
    pub model: Option<String>,
    pub api_key: Option<String>,
    pub prompt: Option<String>,
    pub input_url: Option<String>,
    pub kie_task_id: Option<String>,
    pub submitted_at: Option<Millis>,
    pub unreached_since: Option<Millis>,
    pub output_url: Option<String>,
    pub video_path: Option<String>,
    pub tg_file_id: Option<String>,
    pub provider_credits: Option<f64>,
    pub error_class: Option<String>,
    pub error: Option<String>,
    pub created_at: Millis,
    pub started_at: Option<Millis>,
    pub finished_at: Option<Millis>,
}

/// Reads it; `None`: there is no such job.
pub fn read(conn: &Connection, shop: &Shop, id: JobId, now: Millis) -> Result<Option<Story>> {
    let found =
        conn.prepare_cached("SELECT * FROM jobs WHERE id = ?1")?.query_row([id], job).optional()?;
    let Some(job) = found else { return Ok(None) };
    let customer = customer(conn, job.user_id)?;
    let model = job.model.as_deref().and_then(|name| shop.catalogue.get(name));
    let seconds = shop.seconds_of(job.choice.as_deref()).or(model.map(|model| model.seconds));
    let next = next::read(conn, shop, &job, now)?;
    let reruns = reruns(conn, id)?;
    let timeline = timeline(conn, &job)?;
    Ok(Some(Story { job, customer, seconds, next, reruns, timeline }))
}

fn customer(conn: &Connection, id: UserId) -> Result<Customer> {
    let sql = "SELECT username, first_name, credits FROM users WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| {
        Ok(Customer {
            username: row.get("username")?,
            first_name: row.get("first_name")?,
            credits: row.get("credits")?,
        })
    })?)
}

fn reruns(conn: &Connection, id: JobId) -> Result<Vec<JobId>> {
    let mut found = conn.prepare_cached(
        "SELECT id
         FROM jobs
         WHERE rerun_of = :id
         ORDER BY id
         LIMIT :most",
    )?;
    let rows =
        found.query_map(named_params! { ":id": id, ":most": MOST_RERUNS }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The ledger is looked up by its hold, which it has an index for; messages of an order that name
/// none of its videos (its status, its notices) are told with each of them.
fn timeline(conn: &Connection, job: &Job) -> Result<Vec<Line>> {
    let mut found = conn.prepare_cached(
        "WITH holds AS (SELECT id
                        FROM ledger
                        WHERE job_id = :id
                          AND kind = 'hold'),
              said AS (SELECT id FROM outbox WHERE job_id = :id
                       UNION
                       SELECT id FROM outbox WHERE key = 'gift:' || :id
                       UNION
                       SELECT id FROM outbox WHERE key = 'status:' || :order
                       UNION
                       SELECT id FROM outbox
                       WHERE key > 'fail:' || :order || ':' AND key < 'fail:' || :order || ';')
         SELECT at, 'event' AS of, step || ' ' || what AS what, COALESCE(detail, '') AS detail,
                duration_ms, id
         FROM events
         WHERE job_id = :id
         UNION ALL
         SELECT at, 'submit', outcome,
                CONCAT_WS(', ', model, 'key ' || api_key, 'task ' || task_id), ended_at - at, id
         FROM submits
         WHERE job_id = :id
         UNION ALL
         SELECT created_at, 'ledger', kind, CONCAT_WS(', ', PRINTF('%+d', delta), actor, note),
                NULL, id
         FROM ledger
         WHERE id IN (SELECT id FROM holds)
            OR hold_id IN (SELECT id FROM holds)
            OR id IN (SELECT id FROM ledger WHERE job_id = :id AND kind = 'repay')
         UNION ALL
         SELECT COALESCE(sent_at, created_at), 'message', state,
                CONCAT_WS(', ', content ->> '$.kind', key, 'message ' || message_id, error), NULL, id
         FROM outbox
         WHERE id IN (SELECT id FROM said)
         ORDER BY 1, 6
         LIMIT :most",
    )?;
    let params = named_params! { ":id": job.id, ":order": job.order_id, ":most": MOST_LINES };
    let lines = found.query_map(params, |row| {
        Ok(Line {
            at: row.get("at")?,
            of: row.get("of")?,
            what: row.get("what")?,
            detail: row.get("detail")?,
            duration_ms: row.get("duration_ms")?,
        })
    })?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        tg_user_id: row.get("tg_user_id")?,
        idempotency_key: row.get("idempotency_key")?,
        kind: row.get("kind")?,
        template_id: row.get("template_id")?,
        input_photo_path: row.get("input_photo_path")?,
        product_info: short_json(row.get("product_info")?),
        extra_wishes: short(row.get("extra_wishes")?),
        choice: row.get("choice")?,
        status: row.get("status")?,
        step: row.get("step")?,
        priority: row.get("priority")?,
        order_id: row.get("order_id")?,
        ordinal: row.get("ordinal")?,
        rerun_of: row.get("rerun_of")?,
        due_at: row.get("due_at")?,
        lease: row.get("lease")?,
        leased_at: row.get("leased_at")?,
        strikes: row.get("strikes")?,
        step_since: row.get("step_since")?,
        tries: row.get("tries")?,
        attempts: row.get("attempts")?,
        refused: row.get("refused")?,
        model: row.get("model")?,
        api_key: row.get("api_key")?,
        prompt: short(row.get("prompt")?),
        input_url: row.get("input_url")?,
        kie_task_id: row.get("kie_task_id")?,
        submitted_at: row.get("submitted_at")?,
        unreached_since: row.get("unreached_since")?,
        output_url: row.get("output_url")?,
        video_path: row.get("video_path")?,
        tg_file_id: row.get("tg_file_id")?,
        provider_credits: row.get("provider_credits")?,
        error_class: row.get("error_class")?,
        error: short(row.get("error")?),
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
    })
}

fn short(text: Option<String>) -> Option<String> {
    text.map(|text| shorten(&text, TEXT_KEPT))
}

/// Each text of an object cut, so that it stays one; of anything else that is long, its beginning.
fn short_json(json: String) -> String {
    if json.len() <= TEXT_KEPT {
        return json;
    }
    let mut value: Value = serde_json::from_str(&json).unwrap_or_default();
    for text in value.as_object_mut().into_iter().flat_map(|object| object.values_mut()) {
        if let Value::String(text) = text {
            *text = shorten(text, TEXT_KEPT);
        }
    }
    let cut = value.to_string();
    let fits = value.is_object() && cut.chars().count() <= 4 * TEXT_KEPT;
    if fits { cut } else { Value::from(shorten(&json, TEXT_KEPT)).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::{sample, shop};
    use crate::orders::tests::World;

    #[test]
    fn a_job_tells_its_story_in_the_order_of_time() {
        let (conn, now) = sample();
        let story = read(&conn, &shop(), JobId(1), now).unwrap().unwrap();
        let told: Vec<String> =
            story.timeline.iter().map(|line| format!("{} {}", line.of, line.what)).collect();
        assert_eq!(
            told,
            [
                "ledger hold",
                "event script written",
                "submit accepted",
                "event render rendered",
                "event fetch fetched",
                "ledger charge",
                "event deliver done",
                "message sent",
            ]
        );
        assert_eq!(story.timeline[2].duration_ms, Some(200));
        assert_eq!(story.customer.username.as_deref(), Some("anna"));
        assert!(read(&conn, &shop(), JobId(99), now).unwrap().is_none());
    }

    #[test]
    fn a_story_knows_how_long_its_video_is_to_be() {
        let (conn, now) = sample();
        let world = World::choosing();
        let seconds = |id| read(&conn, &world.shop, JobId(id), now).unwrap().unwrap().seconds;
        let own = world.shop.catalogue.get("bytedance/seedance-2-mini").map(|it| it.seconds);
        assert_eq!((seconds(1), seconds(3)), (own, None), "its model's; no model yet");
        conn.execute_batch("UPDATE jobs SET choice = IIF(id = 3, 'fast', 'gone')").unwrap();
        assert_eq!((seconds(1), seconds(3)), (own, Some(5)), "a choice that is gone; its choice's");
    }

    #[test]
    fn a_text_without_end_is_cut_and_the_product_stays_readable() {
        let (conn, now) = sample();
        let long = "я".repeat(50_000);
        let tell = |info: &str| {
            conn.execute(
                "UPDATE jobs SET error = ?1, prompt = ?1, product_info = ?2 WHERE id = 1",
                [&long, info],
            )
            .unwrap();
            read(&conn, &shop(), JobId(1), now).unwrap().unwrap().job
        };
        let job = tell(&format!(r#"{{"text": "{long}", "user_prompt": "{long}"}}"#));
        let cut = format!("{}…", "я".repeat(TEXT_KEPT));
        assert_eq!((job.error.as_ref(), job.prompt.as_ref()), (Some(&cut), Some(&cut)));
        let product: Value = serde_json::from_str(&job.product_info).unwrap();
        assert_eq!(
            (product["text"].as_str(), product["user_prompt"].as_str()),
            (Some(&*cut), Some(&*cut))
        );
        for odd in [format!(r#""{long}""#), format!(r#"{{"a": ["{long}"]}}"#)] {
            assert!(tell(&odd).product_info.chars().count() < 2 * TEXT_KEPT);
        }
    }

    #[test]
    fn a_story_has_every_column_of_its_job_and_the_messages_of_its_order() {
        let (conn, now) = sample();
        let story = read(&conn, &shop(), JobId(3), now).unwrap().unwrap();
        let json = serde_json::to_value(&story.job).unwrap();
        let row = conn.prepare("SELECT * FROM jobs").unwrap();
        assert!(row.column_names().iter().all(|name| json.get(*name).is_some()));
        conn.execute_batch(
            "INSERT INTO outbox (seq, chat_id, key, content, created_at)
             VALUES (50, 7, 'status:1', '{}', 5), (51, 7, 'fail:1:timeout', '{}', 6),
                    (52, 7, 'status:12', '{}', 7), (53, 7, 'fail:12:timeout', '{}', 8);
             INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id, rerun_of,
                               input_photo_path, product_info)
             VALUES (9, 1, 7, 'k9', 'ugc', 3, 'p.jpg', '{}')",
        )
        .unwrap();
        let story = read(&conn, &shop(), JobId(3), now).unwrap().unwrap();
        let messages = story.timeline.iter().filter(|line| line.of == "message");
        assert_eq!(messages.map(|line| line.at).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(story.reruns, [JobId(9)]);
        let again = read(&conn, &shop(), JobId(9), now).unwrap().unwrap();
        assert_eq!((again.job.rerun_of, again.timeline.len()), (Some(JobId(3)), 0));
    }
}
