//! apalis-sqlite, by the queries that it gives to the public, each in a transaction as its own worker
//! does it. Its `setup` switches `synchronous` off on one connection: here it runs on a pool of its
//! own, and the callers' pool is FULL, read back.

#[path = "../../driven.rs"]
mod driven;

use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::status::Status;
use apalis_core::worker::context::WorkerContext;
use apalis_sqlite::queries::{AckPayload, ack_tasks, fetch_next, push_tasks, register_worker};
use apalis_sqlite::{Config, SqliteStorage};
use driven::Asked;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::sync::Arc;
use std::time::Duration;

struct Queue {
    pool: SqlitePool,
    config: Config,
    worker: WorkerContext,
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let asked = Asked::read();
    let options = SqliteConnectOptions::new()
        .filename(asked.folder.join("apalis.db"))
        .create_if_missing(true)
        .busy_timeout(Duration::from_secs(10))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let setup = SqlitePool::connect_with(options.clone()).await.unwrap();
    SqliteStorage::setup(&setup).await.unwrap();
    setup.close().await;
    let connections = asked.callers.min(8) as u32;
    let pool =
        SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.unwrap();
    let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await.unwrap();
    assert_eq!(full, 2, "FULL");
    let config = Config { batch_size: 1, ..Config::default() };
    let worker = WorkerContext::new("bench");
    let mut tx = pool.begin().await.unwrap();
    register_worker(&mut *tx, &config, &worker, "SqliteStorage").await.unwrap();
    tx.commit().await.unwrap();
    let queue = Arc::new(Queue { pool: pool.clone(), config, worker });
    let driven = asked
        .drive(move || {
            let queue = Arc::clone(&queue);
            async move {
                // Where the file was busy for too long, the next turn finds the job.
                let _ = cycle(&queue).await;
            }
        })
        .await;
    let ended = "SELECT COUNT(*) FROM Jobs WHERE status = 'Done'";
    driven::say(sqlx::query_scalar(ended).fetch_one(&pool).await.unwrap(), driven);
}

async fn cycle(queue: &Queue) -> Result<(), Box<dyn std::error::Error>> {
    let Queue { pool, config, worker } = queue;
    let video = serde_json::json!({
        "photo": "7/photo.jpg",
        "product": "Термокружка, 450 мл, не проливается",
    });
    let task = TaskBuilder::new(serde_json::to_vec(&video)?).build();
    let mut tx = pool.begin().await?;
    push_tasks(&mut *tx, config.queue.as_ref(), &[task]).await?;
    tx.commit().await?;
    let mut tx = pool.begin().await?;
    let claimed = fetch_next(&mut *tx, config, worker).await?;
    tx.commit().await?;
    for task in claimed {
        let done = AckPayload {
            task_id: task.task_id().ok_or("a task without an id")?.clone(),
            attempt: 1,
            status: Status::Done,
            result: Ok(serde_json::Value::Null),
        };
        let mut tx = pool.begin().await?;
        ack_tasks(&mut *tx, &[&done], worker.name()).await?;
        tx.commit().await?;
    }
    Ok(())
}
