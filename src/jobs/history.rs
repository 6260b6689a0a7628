//! Videos of the old system: ended, and with nothing held.

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use anyhow::Result;
use rusqlite::{Connection, named_params};

/// A job that ended before it came here.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// What may exist only once.
    pub key: String,
    /// Whose, by Telegram's id.
    pub tg_user_id: i64,
    /// As in `jobs.kind`.
    pub kind: String,
    /// The template's id.
    pub template: String,
    /// An `http(s)` address, where the job may be run again.
    pub photo: Option<String>,
    /// As in `jobs.product_info`; never the `{}` of one that was emptied.
    pub product: String,
    /// The customer's wishes.
    pub wishes: Option<String>,
    /// `done`, `failed` or `canceled`.
    pub status: &'static str,
    /// The higher went first.
    pub priority: i64,
    /// createTasks.
    pub attempts: i64,
    /// The provider's id.
    pub task: Option<String>,
    /// Where the video lies.
    pub output_url: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Ordered.
    pub created_at: Millis,
    /// First worked on.
    pub started_at: Option<Millis>,
    /// Ended.
    pub finished_at: Millis,
}

/// Where the photo would be of a job whose photo stayed behind: nothing is ever there, and it is not
/// the empty name of a job that was forgotten.
const NO_PHOTO: &str = "import/none";

/// Whether a job with this key is here.
pub fn is_known(conn: &Connection, key: &str) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM jobs WHERE idempotency_key = ?1")?.exists([key])?)
}

/// Writes it down as history: nobody works on it, and no credit moves.
///
/// # Errors
/// Its key is here already: see [`is_known`].
pub fn keep_past(tx: &Tx<'_>, user: UserId, past: &Past) -> Result<()> {
    let step = match (past.status, &past.task) {
        ("done", _) => "deliver",
        (_, Some(_)) => "render",
        (_, None) => "script",
    };
    tx.prepare_cached(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id,
                           input_photo_path, product_info, extra_wishes, status, step, priority,
                           attempts, kie_task_id, output_url, error, created_at, started_at,
                           finished_at)
         VALUES (:user, :tg_user_id, :key, :kind, :template, :photo, :product, :wishes, :status,
                 :step, :priority, :attempts, :task, :output_url, :error, :created_at, :started_at,
                 :finished_at)",
    )?
    .execute(named_params! {
        ":user": user,
        ":tg_user_id": past.tg_user_id,
        ":key": past.key,
        ":kind": past.kind,
        ":template": past.template,
        ":photo": past.photo.as_deref().unwrap_or(NO_PHOTO),
        ":product": past.product,
        ":wishes": past.wishes,
        ":status": past.status,
        ":step": step,
        ":priority": past.priority,
        ":attempts": past.attempts,
        ":task": past.task,
        ":output_url": past.output_url,
        ":error": past.error,
        ":created_at": past.created_at,
        ":started_at": past.started_at,
        ":finished_at": past.finished_at,
    })?;
    Ok(())
}
