//! What always holds, checked at the end of every scenario on a quiet and stopped appliance.
//! Each check returns what is wrong, so that a test of the checks can show that they see it.

mod stars;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use neurocards::sandbox::Sandbox;
use neurocards::sandbox::kie::TaskState;
use neurocards::sandbox::telegram::{Kind, Message};
use rusqlite::Connection;

use crate::appliance::Expected;
use crate::deaths::{
    Death, Said, cut_calls, cut_submits, excused_messages, excused_tasks, not_as_written,
};

/// Queries that find nobody: what it would mean, and who.
const NOBODY: [(&str, &str); 23] = [
    (
        "credits are not the sum of the ledger",
        "SELECT 'user ' || tg_user_id || ' has ' || credits FROM users
         WHERE credits <> (SELECT COALESCE(SUM(delta), 0) FROM ledger WHERE user_id = users.id)",
    ),
    ("credits are negative", "SELECT 'user ' || tg_user_id FROM users WHERE credits < 0"),
    (
        "an ended job holds credits",
        "SELECT 'job ' || jobs.id FROM jobs
         JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
         WHERE status IN ('done', 'failed', 'canceled')
           AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = hold.id)",
    ),
    (
        "a hold was settled more than once",
        "SELECT 'hold ' || hold_id FROM ledger WHERE hold_id IS NOT NULL
         GROUP BY hold_id HAVING COUNT(*) > 1",
    ),
    (
        "a hold was settled while its job runs",
        "SELECT 'job ' || jobs.id FROM jobs JOIN ledger ON job_id = jobs.id AND hold_id IS NOT NULL
         WHERE status IN ('queued', 'processing')",
    ),
    (
        "an order's job has no hold",
        "SELECT 'job ' || jobs.id FROM jobs JOIN orders ON orders.id = order_id
         WHERE price > 0
           AND NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = jobs.id AND kind = 'hold')",
    ),
    (
        "a job without an order holds credits",
        "SELECT 'job ' || jobs.id FROM jobs JOIN ledger ON job_id = jobs.id
         WHERE order_id IS NULL",
    ),
    (
        "a settlement does not fit how its job ended",
        "SELECT 'job ' || jobs.id || ' ' || status || ': ' || ledger.kind FROM jobs
         JOIN ledger ON job_id = jobs.id AND hold_id IS NOT NULL
         WHERE (status = 'done') <> (ledger.kind = 'charge')",
    ),
    (
        "an order has another number of jobs than videos",
        "SELECT 'order ' || id FROM orders
         WHERE videos <> (SELECT COUNT(*) FROM jobs WHERE order_id = orders.id)",
    ),
    (
        "an order has ended before its jobs, or not with them",
        "SELECT 'order ' || id FROM orders
         WHERE (finished_at IS NULL) <>
               EXISTS (SELECT 1 FROM jobs WHERE order_id = orders.id
                       AND status IN ('queued', 'processing'))",
    ),
    ("an update failed", "SELECT update_id || ': ' || error FROM inbox WHERE error IS NOT NULL"),
    (
        "more than three createTasks of one job",
        "SELECT 'job ' || job_id FROM submits WHERE outcome IN ('accepted', 'lost')
         GROUP BY job_id HAVING COUNT(*) > 3",
    ),
    (
        "a job is done without its video's message",
        "SELECT 'job ' || jobs.id FROM jobs
         WHERE status = 'done' AND kie_task_id IS NOT NULL
           AND idempotency_key NOT LIKE 'import:%'
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE job_id = jobs.id
                           AND (state = 'sent' OR error LIKE '%blocked%'))",
    ),
    (
        "a failed job sent a video",
        "SELECT 'job ' || jobs.id FROM jobs JOIN outbox ON job_id = jobs.id
         WHERE status = 'failed' AND state = 'sent'",
    ),
    (
        "a gift for something else than a render over its time limit",
        "SELECT key FROM outbox
         WHERE key LIKE 'gift:%'
           AND key NOT IN (SELECT 'gift:' || id FROM jobs JOIN gifts ON job_id = jobs.id
                           WHERE status = 'failed' AND error_class = 'timeout'
                             AND kie_task_id IS NOT NULL AND outcome = 'given')",
    ),
    (
        "a refunded render is not watched",
        "SELECT 'job ' || id FROM jobs
         WHERE status = 'failed' AND error_class = 'timeout' AND kie_task_id IS NOT NULL
           AND started_at IS NOT NULL AND id NOT IN (SELECT job_id FROM gifts)",
    ),
    (
        "a gift has no message",
        "SELECT 'job ' || job_id FROM gifts
         WHERE outcome = 'given'
           AND 'gift:' || job_id NOT IN (SELECT key FROM outbox WHERE key IS NOT NULL)",
    ),
    (
        "a payment and its credits do not go together",
        "SELECT 'charge ' || COALESCE(telegram_payment_charge_id, key) FROM payments
         FULL JOIN (SELECT * FROM ledger WHERE kind = 'purchase') AS bought
           ON bought.key = 'purchase:' || telegram_payment_charge_id
          AND bought.user_id = payments.user_id AND bought.delta = payments.credits
         WHERE bought.id IS NULL OR payments.id IS NULL",
    ),
    (
        "a refund took other credits than it says",
        "SELECT 'charge ' || telegram_payment_charge_id FROM payments
         WHERE COALESCE(taken_back, 0) <>
               (SELECT COALESCE(-SUM(delta), 0) FROM ledger
                WHERE key = 'refund:' || telegram_payment_charge_id
                   OR kind = 'repay' AND key LIKE 'refund:' || telegram_payment_charge_id || ':%')",
    ),
    (
        "a refund owes other credits than are kept in mind",
        "SELECT 'charge ' || telegram_payment_charge_id FROM payments
         WHERE COALESCE(owed, 0) <>
               (SELECT COALESCE(SUM(owed), 0) FROM debts
                WHERE key = 'refund:' || telegram_payment_charge_id)",
    ),
    (
        "what was held at a refund came back as credits",
        "SELECT debts.key || ', job ' || back.job_id FROM debts
         JOIN ledger AS back ON back.user_id = debts.user_id AND back.kind = 'release'
         WHERE owed > 0 AND back.hold_id <= line AND back.id > line
           AND delta <> (SELECT COALESCE(-SUM(delta), 0) FROM ledger
                         WHERE job_id = back.job_id AND kind = 'repay')",
    ),
    (
        "somebody who left is still known",
        "SELECT 'user ' || tg_user_id FROM users
         WHERE deleted_at IS NOT NULL
           AND (username IS NOT NULL OR first_name IS NOT NULL OR credits <> 0
                OR EXISTS (SELECT 1 FROM orders WHERE user_id = users.id AND product <> '')
                OR EXISTS (SELECT 1 FROM jobs WHERE user_id = users.id AND prompt IS NOT NULL)
                OR EXISTS (SELECT 1 FROM tickets WHERE user_id = users.id)
                OR EXISTS (SELECT 1 FROM dialogs WHERE user_id = users.id))",
    ),
    (
        "the database is damaged",
        "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    ),
];

/// Of an appliance that has nothing left to do.
const QUIET: [(&str, &str); 4] = [
    (
        "a job has not ended",
        "SELECT 'job ' || id || ' ' || status || ' ' || step FROM jobs
         WHERE status IN ('queued', 'processing')",
    ),
    ("an update was not handled", "SELECT update_id FROM inbox WHERE handled_at IS NULL"),
    (
        "a message waits",
        "SELECT 'message ' || id || ' for ' || chat_id FROM outbox WHERE state = 'pending'",
    ),
    ("a submit has no outcome", "SELECT 'submit ' || id FROM submits WHERE outcome = 'sending'"),
];

/// What the tables say.
pub(crate) fn of_the_database(conn: &Connection, expected: &Expected) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let quiet = QUIET.iter().filter(|_| !expected.unfinished);
    for (what, sql) in NOBODY.iter().chain(quiet) {
        for who in texts(conn, sql)? {
            broken.push(format!("{what}: {who}"));
        }
    }
    let sql = "SELECT COUNT(*) FROM jobs
               WHERE order_id IS NULL AND started_at IS NOT NULL
                 AND idempotency_key NOT LIKE 'import:%'";
    let by_hand: i64 = conn.query_row(sql, [], |row| row.get(0))?;
    if by_hand != expected.by_hand {
        broken.push(format!("{by_hand} jobs without an order, not {}", expected.by_hand));
    }
    Ok(broken)
}

fn texts(conn: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map([], |row| {
        let cell = row.get::<_, rusqlite::types::Value>(0)?;
        Ok(match cell {
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the three services saw, held against the tables; `deaths` are those of its processes.
pub(crate) fn of_the_services(
    conn: &Connection,
    sandbox: &Sandbox,
    expected: &Expected,
    deaths: &[Death],
) -> Result<Vec<String>> {
    let mut broken: Vec<String> = sandbox.violations();
    broken.extend(deaths.iter().flat_map(|death| death.broken.iter().cloned()));
    for press in sandbox.telegram().unanswered_callbacks() {
        broken.push(format!("no answer to {} of {}", press.data, press.user));
    }
    broken.extend(tasks(conn, sandbox, deaths)?);
    broken.extend(chats(conn, sandbox, expected, deaths)?);
    broken.extend(stars::of_the_stars(conn, sandbox, expected, deaths)?);
    Ok(broken)
}

/// Every task at KIE belongs to a job, but for those whose answer was lost; and a job gets a new
/// task only after its last one has failed there.
fn tasks(conn: &Connection, sandbox: &Sandbox, deaths: &[Death]) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let mut query =
        conn.prepare("SELECT job_id, task_id FROM submits WHERE task_id IS NOT NULL ORDER BY id")?;
    let rows = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut jobs: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in rows {
        let (job, task) = row?;
        jobs.entry(job).or_default().push(task);
    }
    let known: BTreeSet<&String> = jobs.values().flatten().collect();
    let tasks = sandbox.kie().tasks();
    let sql = "SELECT COUNT(*) FROM submits WHERE outcome = 'lost'";
    let lost: i64 = conn.query_row(sql, [], |row| row.get(0))?;
    // Each death's open submits are counted as lost, and each of its unknown tasks is one of them.
    let lost = lost - cut_submits(deaths);
    if lost < 0 {
        broken.push(format!("{} submits that were under way are not counted", -lost));
    }
    let excused = excused_tasks(deaths);
    let orphans = tasks.iter().filter(|it| !known.contains(&it.id) && !excused.contains(&it.id));
    let orphans = orphans.count() as i64;
    if orphans > lost.max(0) {
        broken.push(format!("{orphans} tasks without a job, {lost} submits lost"));
    }
    let states: HashMap<&str, TaskState> =
        tasks.iter().map(|task| (task.id.as_str(), task.state)).collect();
    for (job, mine) in &jobs {
        let earlier = &mine[..mine.len() - 1];
        for task in earlier.iter().filter(|task| states[task.as_str()] != TaskState::Fail) {
            broken.push(format!("job {job} was submitted again after task {task}"));
        }
    }
    Ok(broken)
}

/// A row of the outbox that was sent.
struct Sent {
    id: i64,
    message: i64,
    key: Option<String>,
    kind: String,
    lost: i64,
}

/// The chats hold what the outbox says, each once, in its order; every video is there.
fn chats(
    conn: &Connection,
    sandbox: &Sandbox,
    expected: &Expected,
    deaths: &[Death],
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let (mut sent, said) = (sent_rows(conn)?, Said::read(conn)?);
    let cut = Cut { messages: excused_messages(deaths), calls: cut_calls(deaths) };
    for user in sandbox.telegram().users() {
        let mine = sent.remove(&user).unwrap_or_default();
        let messages = sandbox.telegram().messages(user);
        broken.extend(chat(conn, expected, &cut, user, &mine, &messages)?);
        let said = said.get(&user);
        broken.extend(said.into_iter().flat_map(|said| not_as_written(said, &messages, user)));
    }
    Ok(broken)
}

/// By chat.
fn sent_rows(conn: &Connection) -> Result<BTreeMap<i64, Vec<Sent>>> {
    let mut query = conn.prepare(
        "SELECT id, message_id, key, content ->> '$.kind', lost, chat_id
         FROM outbox
         WHERE message_id IS NOT NULL
         ORDER BY id",
    )?;
    let rows = query.query_map([], |row| {
        let sent = Sent {
            id: row.get(0)?,
            message: row.get(1)?,
            key: row.get(2)?,
            kind: row.get(3)?,
            lost: row.get(4)?,
        };
        Ok((row.get(5)?, sent))
    })?;
    let mut chats: BTreeMap<i64, Vec<Sent>> = BTreeMap::new();
    for row in rows {
        let (chat, sent) = row?;
        chats.entry(chat).or_default().push(sent);
    }
    Ok(chats)
}

/// What deaths left half done.
struct Cut {
    messages: BTreeSet<(i64, i64)>,
    calls: HashMap<i64, i64>,
}

fn chat(
    conn: &Connection,
    expected: &Expected,
    cut: &Cut,
    user: i64,
    mine: &[Sent],
    messages: &[Message],
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    // A video under way at a death is counted as lost, too; its message is known by itself.
    let at_a_death = |row: &Sent| cut.calls.get(&row.id).copied().unwrap_or(0);
    let lost = mine.iter().map(|row| row.lost - at_a_death(row)).sum::<i64>();
    if lost < 0 {
        broken.push(format!("{} videos that were under way are not counted", -lost));
    }
    let lost = lost.max(0) + expected.maybe_twice;
    let known: BTreeSet<i64> = mine.iter().map(|row| row.message).collect();
    if known.len() != mine.len() {
        broken.push(format!("two rows of the outbox are one message to {user}"));
    }
    let is_fresh = |it: &&Message| !cut.messages.contains(&(user, it.id));
    let fresh: Vec<_> = messages.iter().filter(is_fresh).collect();
    let unknown: Vec<_> = fresh.iter().filter(|it| !known.contains(&it.id)).collect();
    if unknown.len() as i64 > lost {
        broken.push(format!("{user} has messages that nobody sent: {:?}", unknown[0].text));
    }
    // A broadcast is in no chat's order: it goes when nothing else does.
    let is_own = |row: &&Sent| !row.key.as_ref().is_some_and(|key| key.starts_with("broadcast:"));
    let order: Vec<i64> = mine.iter().filter(is_own).map(|row| row.message).collect();
    if lost == 0 && !order.is_sorted() {
        broken.push(format!("the messages to {user} went out of order: {order:?}"));
    }
    let shown: HashMap<i64, &Message> = messages.iter().map(|it| (it.id, it)).collect();
    for row in mine.iter().filter(|row| row.kind == "video") {
        let message = shown.get(&row.message);
        if message.is_none_or(|it| it.kind != Kind::Video || it.buttons.is_empty()) {
            broken.push(format!("{:?} did not come as a video with its buttons", row.key));
        }
    }
    let started = |text: &str| ["✅ Принял!", "✅ Got it!"].iter().any(|it| text.contains(it));
    let begun = fresh.iter().filter(|it| started(&it.history[0])).count() as i64;
    let sql = "SELECT COUNT(*) FROM orders JOIN users ON users.id = user_id
               WHERE tg_user_id = ?1";
    let orders: i64 = conn.query_row(sql, [user], |row| row.get(0))?;
    if begun > orders + lost {
        broken.push(format!("{user} was told of {begun} starts of {orders} orders"));
    }
    Ok(broken)
}

/// Nobody else on the machine reads it.
pub(crate) fn of_the_folder(folder: &Path) -> Vec<String> {
    let mut broken = Vec::new();
    let mut look = vec![folder.to_owned()];
    while let Some(path) = look.pop() {
        let meta = std::fs::metadata(&path).unwrap();
        let mode = meta.permissions().mode() & 0o777;
        let right = if meta.is_dir() { 0o700 } else { 0o600 };
        if mode != right {
            broken.push(format!("{} has the mode {mode:o}, not {right:o}", path.display()));
        }
        if meta.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            look.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    broken
}
