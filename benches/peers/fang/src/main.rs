//! fang: callers share its pool; a task is claimed by reading it and then writing to it, so that two
//! of them may claim the same. Its connections are its own; they have SQLite's built-in
//! `synchronous`, which is FULL, as this one reads it back. The file is in WAL mode, which is faster
//! than its own default and as durable.

#[path = "../../driven.rs"]
mod driven;

use driven::Asked;
use fang::asynk::async_queue::{AsyncQueue, AsyncQueueable};
use fang::asynk::async_runnable::AsyncRunnable;
use fang::{FangError, FangTaskState};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};

/// As in its own migration.
const SCHEMA: &str = "
    CREATE TABLE fang_tasks (
        id BLOB NOT NULL PRIMARY KEY,
        metadata TEXT NOT NULL,
        error_message TEXT,
        state TEXT CHECK (state IN ('new', 'in_progress', 'failed', 'finished', 'retried'))
            NOT NULL DEFAULT 'new',
        task_type TEXT NOT NULL DEFAULT 'common',
        uniq_hash CHAR(64),
        retries INTEGER NOT NULL DEFAULT 0,
        scheduled_at INTEGER NOT NULL DEFAULT (unixepoch('now')),
        created_at INTEGER NOT NULL DEFAULT (unixepoch('now')),
        updated_at INTEGER NOT NULL DEFAULT (unixepoch('now'))
    );
    CREATE INDEX fang_tasks_state_index ON fang_tasks(state);
    CREATE INDEX fang_tasks_type_index ON fang_tasks(task_type);
    CREATE INDEX fang_tasks_scheduled_at_index ON fang_tasks(scheduled_at);
    CREATE INDEX fang_tasks_uniq_hash ON fang_tasks(uniq_hash);";

#[derive(Serialize, Deserialize)]
#[serde(crate = "fang::serde")]
struct Video {
    photo: String,
    product: String,
}

#[fang::typetag::serde]
#[async_trait::async_trait]
impl AsyncRunnable for Video {
    async fn run(&self, _: &dyn AsyncQueueable) -> Result<(), FangError> {
        Ok(())
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let asked = Asked::read();
    let file = asked.folder.join("fang.db");
    let made = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePool::connect_with(made).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
    let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await.unwrap();
    assert_eq!(full, 2, "FULL");
    let uri = format!("sqlite://{}", file.display());
    let connections = asked.callers.min(8) as u32;
    let mut queue = AsyncQueue::builder().uri(uri).max_pool_size(connections).build();
    queue.connect().await.unwrap();
    let driven = asked
        .drive(move || {
            let queue = queue.clone();
            async move { cycle(&queue).await }
        })
        .await;
    let ended = "SELECT COUNT(*) FROM fang_tasks WHERE state = 'finished'";
    driven::say(sqlx::query_scalar(ended).fetch_one(&pool).await.unwrap(), driven);
}

async fn cycle(queue: &AsyncQueue) {
    let video = Video {
        photo: "7/photo.jpg".into(),
        product: "Термокружка, 450 мл, не проливается".into(),
    };
    if queue.insert_task(&video).await.is_err() {
        return;
    }
    // Where the file was busy for too long, the next turn finds it.
    let Ok(Some(task)) = queue.fetch_and_touch_task(None).await else { return };
    let _ = queue.update_task_state(&task, FangTaskState::Finished).await;
}
